package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// patience is how long an interrupted command line may take to finish what is
// under way before it is killed. The SDK's own command allows ten seconds, less
// than a cloud takes to make a NAT gateway: killed then, the engine would lose
// track of the gateway and leave the stack locked.
const patience = 10 * time.Minute

// CLI is a Pulumi command line. It is an auto.PulumiCommand that, unlike the
// SDK's, interrupts the engine exactly once and gives it time to finish.
type CLI struct {
	path    string
	version semver.Version
}

var _ auto.PulumiCommand = (*CLI)(nil)

// Path returns the executable.
func (c *CLI) Path() string { return c.path }

// Dir returns the folder of the executable.
func (c *CLI) Dir() string { return filepath.Dir(c.path) }

// Version returns the command line's version.
func (c *CLI) Version() semver.Version { return c.version }

// Run runs the command line without a terminal and returns what it wrote, its
// exit code (-2 when it did not exit by itself) and its error. The process gets
// this process's environment and additionalEnv over it, and its own folder
// first on PATH so that it finds the language hosts beside it.
//
// When ctx ends, the engine is interrupted once: it starts nothing more, waits
// for what is under way, saves its state and unlocks the stack. Run returns
// when it has; after ten minutes it is killed. A Ctrl-C at the terminal does
// not reach the engine by itself, since a second interrupt would make it stop
// at once: the calling program has to cancel ctx.
func (c *CLI) Run(
	ctx context.Context,
	workdir string,
	stdin io.Reader,
	additionalOutput, additionalErrorOutput []io.Writer,
	additionalEnv []string,
	args ...string,
) (string, string, int, error) {
	cmd := exec.CommandContext(ctx, c.path, append([]string{"--non-interactive"}, args...)...)
	cmd.Dir = workdir
	cmd.Env = withPath(slices.Concat(os.Environ(), additionalEnv, []string{"PULUMI_AUTOMATION_API=true"}), c.Dir())
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout = io.MultiWriter(append([]io.Writer{&stdout}, additionalOutput...)...)
	cmd.Stderr = io.MultiWriter(append([]io.Writer{&stderr}, additionalErrorOutput...)...)
	ownGroup(cmd)
	cmd.Cancel = func() error { return interrupt(cmd) }
	cmd.WaitDelay = patience

	err := cmd.Run()
	code := -2
	var exit *exec.ExitError
	switch {
	case err == nil:
		code = 0
	case errors.As(err, &exit):
		code = exit.ExitCode()
	}
	return stdout.String(), stderr.String(), code, err
}

// withPath returns env with dir first on PATH. Windows calls it "Path".
func withPath(env []string, dir string) []string {
	for i, entry := range slices.Backward(env) {
		name, value, _ := strings.Cut(entry, "=")
		if strings.EqualFold(name, "PATH") {
			env[i] = name + "=" + dir + string(os.PathListSeparator) + value
			return env
		}
	}
	return append(env, "PATH="+dir)
}
