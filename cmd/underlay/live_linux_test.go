package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/terminal/terminaltest"
)

// session is what a person saw of one command.
type session struct {
	*terminaltest.Emulator
	raw string
	// screens are what could be seen after each write, one after another.
	screens []string
	code    int
}

// onTerminal runs underlay on a terminal of a size. After each write react may type.
func onTerminal(t *testing.T, dir string, width, height int, env []string, react func(screen string) (typed string), args ...string) *session {
	t.Helper()
	control, tty := terminaltest.OpenPty(t, width, height)
	cmd := exec.CommandContext(t.Context(), "underlay", args...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); name != "CI" && name != "NO_COLOR" && name != "TERM" {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(append(cmd.Env, "TERM=xterm-256color"), env...)
	require.NoError(t, cmd.Start())
	require.NoError(t, tty.Close())

	s := &session{Emulator: terminaltest.New(width, height)}
	buffer := make([]byte, 16<<10)
	for {
		n, err := control.Read(buffer)
		if err != nil {
			break // the last program that had the terminal has ended
		}
		s.raw += string(buffer[:n])
		_, _ = s.Write(buffer[:n])
		if screen := s.Screen(); len(s.screens) == 0 || s.screens[len(s.screens)-1] != screen {
			s.screens = append(s.screens, screen)
		}
		if react != nil {
			_, err := control.WriteString(react(s.Screen()))
			require.NoError(t, err)
		}
	}
	_ = cmd.Wait()
	s.code = cmd.ProcessState.ExitCode()
	require.NoError(t, s.Err())
	assert.False(t, s.CursorHidden(), "the cursor is given back")
	return s
}

// sees asserts that some screen matched a pattern.
func (s *session) sees(t *testing.T, pattern string) {
	t.Helper()
	of := regexp.MustCompile(pattern)
	for _, screen := range s.screens {
		if of.MatchString(screen) {
			return
		}
	}
	t.Errorf("none of %d screens has %s; the last is\n%s", len(s.screens), pattern, s.screens[len(s.screens)-1])
}

// An environment comes and goes on a terminal: components run in place, and leave a
// line each.
func TestLiveTree(t *testing.T) {
	buildEngine(t)
	dir := t.TempDir()
	require.NoError(t, copyProject(dir))

	up := onTerminal(t, dir, 100, 24, nil, nil, "up", "dev", "--sandbox")
	assert.Equal(t, exitDone, up.code)
	up.sees(t, `^up dev   0 of 64   [0-9.]+ s   starting the engine
  · net        AwsDataPlaneNetwork             waiting
  · connector  PublicConnector                 waiting
$`)
	up.sees(t, `^up dev   [0-9]+ of 64   [0-9.]+ s
  [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] net        AwsDataPlaneNetwork +[0-9.]+ s   [0-9]+ of 53
`)
	assert.Regexp(t, `^  ✓ net        AwsDataPlaneNetwork +[0-9.]+ s   53 created
  ✓ connector  PublicConnector     +[0-9.]+ s   11 created

shared-aws · dev · eu-west-1   up: 68 created, [0-9.]+ s

Addresses   10.20.0.0/16  VPC, 3 zone slots \(0 free\)
`, up.Text(), "nothing is left of the frames")
	for text, want := range map[string]string{"✓": "32", "AwsDataPlaneNetwork": "2", "53 created": "32", "shared-aws": "1", "Addresses": "1"} {
		assert.Equal(t, want, up.Attributes(text), text)
	}

	// The same in six lines, without colours.
	down := onTerminal(t, dir, 60, 6, []string{"NO_COLOR=1"}, nil, "destroy", "dev", "--sandbox")
	assert.Equal(t, exitDone, down.code)
	down.sees(t, `^destroy dev   [0-9]+ of 64`)
	assert.Regexp(t, `^  ✓ net        AwsDataPlaneNetwork +[0-9.]+ s   53 deleted
  ✓ connector  PublicConnector     +[0-9.]+ s   11 deleted

shared-aws · dev · eu-west-1   destroy: 68 deleted, [0-9.]+ s
$`, down.Text())
	assert.NotRegexp(t, `\x1b\[[0-9;]*m`, down.raw)
}

// What the cloud refuses stays under its component and is not told twice.
func TestLiveTreeOfAFailure(t *testing.T) {
	buildEngine(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/Pulumi.lost.yaml", []byte(`config:
  aws:region: eu-west-1
  underlay:model: shared-aws
  underlay:spec:
    dataPlane:
      vpcCidr: 10.20.0.0/16
      zones: [eu-west-1a, eu-west-1b]
      existing: {vpcId: vpc-0123456789abcdef0, cidrs: [10.20.0.0/16]}
`), 0o644))
	s := onTerminal(t, dir, 80, 12, nil, nil, "up", "lost", "--sandbox")
	assert.Equal(t, exitFailed, s.code)
	assert.Regexp(t, `(?m)^  ✗ net  AwsDataPlaneNetwork +[0-9.]+ s   [0-9]+ failed`, s.Text())
	assert.Regexp(t, `(?m)^      ✗ [A-Za-z0-9]+ net-[a-z0-9-]+
        creating `, s.Text())
	assert.Regexp(t, `(?m)^error: up lost: [0-9]+ resources? failed
what was done is kept; .underlay up lost --sandbox. goes on from here
$`, s.Text())
	assert.Equal(t, "1;31", s.Attributes("error:"))
	// The plan and the engine's program warn of the same: it is told once.
	assert.Equal(t, 1, strings.Count(s.Text(), "warning: the one NAT gateway is in eu-west-1a"))
}

// Ctrl-C ends the operation in order: what has begun is waited for, what is done is
// kept, and the terminal is as it was.
func TestLiveTreeInterrupted(t *testing.T) {
	buildEngine(t)
	dir := t.TempDir()
	require.NoError(t, copyProject(dir))
	pressed := false
	s := onTerminal(t, dir, 100, 24, nil, func(screen string) string {
		if pressed || !regexp.MustCompile(` [1-9][0-9]* of 53`).MatchString(screen) {
			return ""
		}
		pressed = true
		return "\x03"
	}, "up", "dev", "--sandbox")
	assert.True(t, pressed)
	assert.Equal(t, exitFailed, s.code)
	assert.Contains(t, s.Text(), "error: up dev: interrupted: context canceled\nwhat was done is kept; `underlay up dev --sandbox` goes on from here\n")
}

// What takes over a second is told while it lasts, and leaves nothing; what is told
// of the engine's build stays once and then changes in place.
func TestProgressBeforeTheEngine(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("CI", "")
	control, tty := terminaltest.OpenPty(t, 80, 24)
	screen := terminaltest.New(80, 24)
	var screens []string
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := control.Read(buffer)
			if err != nil {
				return
			}
			_, _ = screen.Write(buffer[:n])
			screens = append(screens, screen.Screen())
		}
	}()

	cmd := newDoctor()
	cmd.SetContext(t.Context())
	cmd.SetErr(tty)
	require.NoError(t, during(cmd, "verifying 7 resources", func() error { return nil }))
	require.NoError(t, during(cmd, "verifying 9 resources", func() error {
		time.Sleep(patience + 3*redraw)
		return nil
	}))
	p := newProgress(t.Context(), tty, false)
	p.now("looking for the engine")
	p.note("building Pulumi, because there is none")
	p.note("building Pulumi: 10 s, 200 packages compiled")
	time.Sleep(3 * redraw)
	p.note("building Pulumi: 20 s, 400 packages compiled")
	time.Sleep(3 * redraw)
	p.finish(nil)
	require.NoError(t, tty.Close())
	<-read

	require.NoError(t, screen.Err())
	seen := strings.Join(screens, "---\n")
	assert.NotContains(t, seen, "7 resources", "it did not take long")
	assert.Regexp(t, `(?m)^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] verifying 9 resources  1\.[0-9] s$`, seen)
	assert.Regexp(t, `building Pulumi, because there is none
[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] building Pulumi: 10 s, 200 packages compiled
`, seen)
	assert.Contains(t, seen, "20 s, 400 packages")
	assert.Equal(t, "building Pulumi, because there is none\n", screen.Text())
	assert.False(t, screen.CursorHidden())
}
