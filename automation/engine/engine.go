// Package engine finds the Pulumi command line that runs deployments, or builds
// the pinned one where there is none.
//
// [Find] takes the first of:
//
//  1. a pulumi on PATH of version 3.200.0 or newer (major version 3);
//  2. the pinned build that an earlier call left in the user's cache folder;
//  3. a build of the tools module, made now with the go command and kept.
//
// A build takes minutes on a cold machine and no network once the module cache
// is warm. Processes that need the same build at once wait for one of them to
// make it, and a build that is stopped half-way leaves nothing behind that
// could be taken for a whole one. The folder's name holds a digest of the tools
// module, so a changed pin is built anew; builds of earlier pins, some 100 MB
// each, stay until somebody deletes them.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/blang/semver"
)

// MinVersion is the oldest Pulumi that deployments run with.
const MinVersion = "3.200.0"

var (
	// ErrNotOnPath says that PATH holds no pulumi.
	ErrNotOnPath = errors.New("pulumi is not on PATH")
	// ErrNoTools says that Options.Tools names no tools module, so that no
	// engine can be built.
	ErrNoTools = errors.New("there is no tools module to build Pulumi from")
	// ErrNoGo says that the go command, which builds the engine, is not on PATH.
	ErrNoGo = errors.New("the go command is not on PATH")
)

// UnsuitableError is a pulumi on PATH that deployments cannot run with.
type UnsuitableError struct {
	// Path is the executable.
	Path string
	// Reason says what is wrong with it: "3.90.0 is older than 3.200.0".
	Reason string
}

// Error returns "pulumi at PATH is unsuitable: REASON".
func (e *UnsuitableError) Error() string {
	return fmt.Sprintf("pulumi at %s is unsuitable: %s", e.Path, e.Reason)
}

// Options says where to look for an engine. Its zero value looks on PATH and
// among the builds in the cache, and builds nothing.
type Options struct {
	// Tools is the folder of the tools module: "tools" at the root of a
	// checkout. Empty when there is no checkout at hand; then any suitable
	// build in the cache will do.
	Tools string
	// Cache is the folder that holds the builds. Empty is underlay/engine in
	// os.UserCacheDir.
	Cache string
	// Progress receives a line at a time of what takes long: what is built,
	// why, and how far it is. It is called from one goroutine at a time. Nil
	// drops them.
	Progress func(line string)
}

// say reports one line of progress.
func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Find returns the Pulumi command line to deploy with, building it if need be;
// the package comment has the order. Canceling ctx stops a build.
//
// When there is none, the error says why of each place: errors.Is finds
// [ErrNotOnPath], [ErrNoTools], [ErrNoGo] or the context's error in it, and
// errors.As an [*UnsuitableError] or a [*BuildError].
func Find(ctx context.Context, o Options) (*CLI, error) {
	cli, whyNot := onPath(ctx)
	if whyNot == nil {
		return cli, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cli, err := pinned(ctx, o, whyNot.Error(), cliTarget)
	if err != nil {
		return nil, fmt.Errorf("no Pulumi engine: %w; %w", whyNot, err)
	}
	return cli, nil
}

// LanguageHost returns a folder that holds a pulumi and beside it the language
// host for Go programs, pulumi-language-go. With that folder first on PATH,
// plain "pulumi up" runs in a Go program's folder. A suitable pulumi on PATH
// that has its host beside it is taken as it is; otherwise the pinned pair is
// found or built as in [Find], with the same errors.
//
// Deployments through package automation need no language host: their program
// runs in the calling process.
func LanguageHost(ctx context.Context, o Options) (string, error) {
	cli, whyNot := onPath(ctx)
	if whyNot == nil {
		if dir, ok := pairBeside(cli.Path()); ok {
			return dir, nil
		}
		whyNot = fmt.Errorf("%s is not beside %s", hostTarget.name, cli.Path())
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	cli, err := pinned(ctx, o, whyNot.Error(), cliTarget, hostTarget)
	if err != nil {
		return "", fmt.Errorf("no Pulumi language host for Go: %w; %w", whyNot, err)
	}
	return cli.Dir(), nil
}

// pairBeside returns the folder at path, or at what path is a link to, that
// holds the command line and the language host.
func pairBeside(path string) (string, bool) {
	paths := []string{path}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		paths = append(paths, real)
	}
	for _, path := range paths {
		if dir := filepath.Dir(path); len(missing(dir, []target{cliTarget, hostTarget})) == 0 {
			return dir, true
		}
	}
	return "", false
}

// onPath returns the pulumi on PATH, or why it cannot be used.
func onPath(ctx context.Context) (*CLI, error) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return nil, ErrNotOnPath
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, &UnsuitableError{Path: path, Reason: fmt.Sprintf("%q fails: %v", "pulumi version", err)}
	}
	version, err := suitable(string(out))
	if err != nil {
		return nil, &UnsuitableError{Path: path, Reason: err.Error()}
	}
	return &CLI{path: path, version: version}, nil
}

// suitable parses what "pulumi version" prints and checks that deployments run
// with it. The Automation API of major version 3 drives no other major version.
func suitable(printed string) (semver.Version, error) {
	text := strings.TrimSpace(printed)
	version, err := semver.ParseTolerant(text)
	if err != nil {
		return semver.Version{}, fmt.Errorf("it reports no version, but %q", text)
	}
	least := semver.MustParse(MinVersion)
	switch {
	case version.LT(least):
		return semver.Version{}, fmt.Errorf("%s is older than %s", version, least)
	case version.Major > least.Major:
		return semver.Version{}, fmt.Errorf("%s is not of major version %d", version, least.Major)
	}
	return version, nil
}

// exists reports whether path is a file.
func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
