package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/blang/semver"
	"github.com/gofrs/flock"
)

// target is an executable that the tools module pins.
type target struct {
	// name is the executable, without the ".exe" of Windows.
	name string
	// dir is the folder of the module that pins it, inside the tools folder.
	dir string
	// pkg is its main package, module the module in go.mod that has its version.
	pkg, module string
}

var (
	cliTarget = target{
		name:   "pulumi",
		pkg:    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		module: "github.com/pulumi/pulumi/pkg/v3",
	}
	hostTarget = target{
		name:   "pulumi-language-go",
		dir:    "language-go",
		pkg:    "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
		module: "github.com/pulumi/pulumi/sdk/v3",
	}
)

const (
	// versionVar is what Pulumi's release build sets at link time. Without it
	// the command line reports no version, and the Automation API refuses it.
	versionVar = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
	// halfMade begins the names of folders that a build is made in.
	halfMade = ".building-"
	// beat is the time between two lines of progress.
	beat = 10 * time.Second
)

// BuildError is a build of the engine that failed.
type BuildError struct {
	// Target is what was built: "pulumi v3.200.0".
	Target string
	// Output is the end of what the go command said.
	Output string
	// Err is what stopped it: the go command's exit status, or the context's
	// error.
	Err error
}

// Error returns "building TARGET: ERR" and the go command's last lines.
func (e *BuildError) Error() string {
	text := fmt.Sprintf("building %s: %v", e.Target, e.Err)
	if e.Output != "" {
		text += "\n" + e.Output
	}
	return text
}

// Unwrap returns what stopped the build.
func (e *BuildError) Unwrap() error { return e.Err }

// pinned returns the pinned command line once every target stands beside it,
// from the cache or built now. why is what the user is told of the reason.
func pinned(ctx context.Context, o Options, why string, targets ...target) (*CLI, error) {
	if o.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no cache folder: %w", err)
		}
		o.Cache = filepath.Join(dir, "underlay", "engine")
	}
	if o.Tools == "" {
		return newest(o.Cache, targets)
	}
	dir, version, err := place(o)
	if err != nil {
		return nil, err
	}
	if len(missing(dir, targets)) > 0 {
		if err := build(ctx, o, dir, why, targets); err != nil {
			return nil, err
		}
	}
	return &CLI{path: filepath.Join(dir, executable(cliTarget.name)), version: version}, nil
}

// newest returns the newest suitable build in the cache that has the targets.
func newest(cache string, targets []target) (*CLI, error) {
	suffix := "-" + runtime.GOOS + "-" + runtime.GOARCH + "-"
	dirs, err := filepath.Glob(filepath.Join(cache, "*"+suffix+"*"))
	if err != nil {
		return nil, fmt.Errorf("looking into %s: %w", cache, err)
	}
	var found *CLI
	for _, dir := range dirs {
		text, _, _ := strings.Cut(filepath.Base(dir), suffix)
		version, err := suitable(text)
		if err != nil || len(missing(dir, targets)) > 0 {
			continue
		}
		if found == nil || version.GT(found.version) {
			found = &CLI{path: filepath.Join(dir, executable(cliTarget.name)), version: version}
		}
	}
	if found == nil {
		return nil, ErrNoTools
	}
	return found, nil
}

// place returns the folder that the builds of the tools module go to, and the
// version of the command line it pins.
func place(o Options) (string, semver.Version, error) {
	digest := sha256.New()
	for _, t := range []target{cliTarget, hostTarget} {
		for _, name := range []string{"go.mod", "go.sum"} {
			content, err := os.ReadFile(filepath.Join(o.Tools, t.dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				return "", semver.Version{}, fmt.Errorf("%w: %w", ErrNoTools, err)
			}
			if err != nil {
				return "", semver.Version{}, fmt.Errorf("reading the tools module: %w", err)
			}
			digest.Write(content)
		}
	}
	text, err := pin(o.Tools, cliTarget)
	if err != nil {
		return "", semver.Version{}, err
	}
	version, err := suitable(text)
	if err != nil {
		return "", semver.Version{}, fmt.Errorf("the tools module in %s pins an unsuitable pulumi: %w", o.Tools, err)
	}
	name := fmt.Sprintf("%s-%s-%s-%s", version, runtime.GOOS, runtime.GOARCH, hex.EncodeToString(digest.Sum(nil))[:12])
	return filepath.Join(o.Cache, name), version, nil
}

// pin returns the version that go.mod requires of the target's module: "v3.200.0".
func pin(tools string, t target) (string, error) {
	path := filepath.Join(tools, t.dir, "go.mod")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the tools module: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == t.module && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("%s requires no %s", path, t.module)
}

// missing returns the targets that dir does not hold.
func missing(dir string, targets []target) []target {
	var absent []target
	for _, t := range targets {
		if !exists(filepath.Join(dir, executable(t.name))) {
			absent = append(absent, t)
		}
	}
	return absent
}

// build makes the missing targets in dir, one process at a time.
func build(ctx context.Context, o Options, dir, why string, targets []target) (err error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return ErrNoGo
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	unlock, err := lock(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	// What an earlier build left when it was killed. The lock is ours, so
	// nobody works in it.
	leftovers, err := filepath.Glob(filepath.Join(dir, halfMade+"*"))
	if err != nil {
		return fmt.Errorf("looking into %s: %w", dir, err)
	}
	for _, leftover := range leftovers {
		if err := os.RemoveAll(leftover); err != nil {
			return fmt.Errorf("removing a half-made build: %w", err)
		}
	}
	// Another process may have built them while this one waited for the lock.
	for _, t := range missing(dir, targets) {
		if err := buildOne(ctx, o, goCommand, dir, why, t); err != nil {
			return err
		}
	}
	return nil
}

// lock waits until no other process builds in dir, and returns what ends that.
// The lock goes with the process, so one that dies leaves no lock behind.
func lock(ctx context.Context, o Options, dir string) (unlock func() error, err error) {
	file := flock.New(dir + ".lock")
	begin, next := time.Now(), beat
	for {
		held, err := file.TryLock()
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", file.Path(), err)
		}
		if held {
			return file.Unlock, nil
		}
		if waited := time.Since(begin); next == beat || waited > next {
			o.say("waiting for another process that builds the engine in %s: %s", dir, seconds(waited))
			next = waited + beat
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process that builds the engine in %s: %w", dir, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// buildOne builds t into a folder beside its place and moves it there whole.
func buildOne(ctx context.Context, o Options, goCommand, dir, why string, t target) (err error) {
	version, err := pin(o.Tools, t)
	if err != nil {
		return err
	}
	title := t.name + " " + version
	work, err := os.MkdirTemp(dir, halfMade)
	if err != nil {
		return fmt.Errorf("building %s: %w", title, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	made := filepath.Join(work, executable(t.name))

	cmd := exec.CommandContext(ctx, goCommand, "build", "-v", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X "+versionVar+"="+version, "-o", made, t.pkg)
	cmd.Dir = filepath.Join(o.Tools, t.dir)
	// The last value of a name holds. What the user set for his own builds must
	// not change this one: a workspace, flags, another platform.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GO111MODULE=on",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	ownGroup(cmd)
	// The compilers that go started must end with it.
	cmd.Cancel = func() error { return interruptGroup(cmd) }
	cmd.WaitDelay = 10 * time.Second
	output := &buildOutput{}
	cmd.Stdout, cmd.Stderr = output, output

	o.say("building %s, because %s. Once; it can take some minutes. It stays in %s", title, why, dir)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return &BuildError{Target: title, Err: err}
	}
	stopped, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-ticker.C:
				o.say("building %s: %s, %s", title, seconds(time.Since(begin)), output.state())
			}
		}
	}()
	err = cmd.Wait()
	close(stopped)
	<-reported
	if ctx.Err() != nil {
		return &BuildError{Target: title, Err: ctx.Err()}
	}
	if err != nil {
		return &BuildError{Target: title, Output: output.tail(), Err: err}
	}
	if err := os.Rename(made, filepath.Join(dir, executable(t.name))); err != nil {
		return fmt.Errorf("keeping %s: %w", title, err)
	}
	o.say("built %s in %s", title, seconds(time.Since(begin)))
	return nil
}

// buildOutput reads what "go build -v" says as it says it.
type buildOutput struct {
	mu                   sync.Mutex
	rest                 []byte
	downloaded, compiled int
	last                 string
	said                 []string
}

// Write takes the next bytes of output.
func (b *buildOutput) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest = append(b.rest, p...)
	for {
		line, rest, whole := bytes.Cut(b.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		b.line(strings.TrimRight(string(line), "\r"))
		b.rest = rest
	}
}

// line takes one line: a module being downloaded, the import path of a package
// that is compiled, or something to tell the user if the build fails.
func (b *buildOutput) line(line string) {
	if module, ok := strings.CutPrefix(line, "go: downloading "); ok {
		b.downloaded++
		b.last = module
		return
	}
	if line != "" && !strings.ContainsAny(line, " \t") {
		b.compiled++
		b.last = line
		return
	}
	b.said = append(b.said, line)
}

// state says how far the build is.
func (b *buildOutput) state() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var parts []string
	if b.downloaded > 0 {
		parts = append(parts, fmt.Sprintf("%d modules downloaded", b.downloaded))
	}
	parts = append(parts, fmt.Sprintf("%d packages compiled", b.compiled))
	if b.last != "" {
		parts = append(parts, "last "+b.last)
	}
	return strings.Join(parts, ", ")
}

// tail returns the last lines that are not progress.
func (b *buildOutput) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.said
	if len(b.rest) > 0 {
		said = append(said, string(b.rest))
	}
	return strings.Join(said[max(0, len(said)-20):], "\n")
}

// executable returns the file name of a program on this platform.
func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// seconds returns d to the second, as "2m41s".
func seconds(d time.Duration) string { return d.Round(time.Second).String() }
