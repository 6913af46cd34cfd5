package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// helperTools names the tools folder for the helper process of TestMain.
const helperTools = "ENGINE_TEST_HELPER_TOOLS"

// TestMain lets the test binary stand for another process that needs the
// engine: it finds or builds it and prints where it is.
func TestMain(m *testing.M) {
	if tools := os.Getenv(helperTools); tools != "" {
		cli, err := Find(context.Background(), Options{Tools: tools})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(cli.Path())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// world is a machine with a PATH, a cache and a tools module of its own.
type world struct {
	t *testing.T
	// bin is the only folder on PATH, tools the tools module.
	bin, tools string
	// builds is a file that gets a line for each run of the go command.
	builds string
	lines  []string
}

// newWorld returns a machine with the go command and a tools module whose
// pulumi is a few lines long, so that its build takes a second.
func newWorld(t *testing.T) *world {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands on PATH are shell scripts")
	}
	goCommand, err := exec.LookPath("go")
	require.NoError(t, err)
	cache, err := exec.Command(goCommand, "env", "GOCACHE").Output()
	require.NoError(t, err)
	root := t.TempDir()
	w := &world{
		t: t, bin: filepath.Join(root, "bin"), tools: filepath.Join(root, "tools"),
		builds: filepath.Join(root, "builds"),
	}
	w.write(filepath.Join(w.tools, "go.mod"), `module example.org/tools

go 1.26

require github.com/pulumi/pulumi/pkg/v3 v3.200.0

require github.com/pulumi/pulumi/sdk/v3 v3.200.0 // indirect

replace (
	github.com/pulumi/pulumi/pkg/v3 => ./pkg
	github.com/pulumi/pulumi/sdk/v3 => ./sdk
)
`)
	w.write(filepath.Join(w.tools, "go.sum"), "")
	w.write(filepath.Join(w.tools, "pkg", "go.mod"), `module github.com/pulumi/pulumi/pkg/v3

go 1.26

require github.com/pulumi/pulumi/sdk/v3 v3.200.0
`)
	w.write(filepath.Join(w.tools, "pkg", "cmd", "pulumi", "main.go"), `package main

import "github.com/pulumi/pulumi/sdk/v3/go/common/version"

func main() { println(version.Version) }
`)
	w.write(filepath.Join(w.tools, "sdk", "go.mod"), "module github.com/pulumi/pulumi/sdk/v3\n\ngo 1.26\n")
	w.write(filepath.Join(w.tools, "sdk", "go", "common", "version", "version.go"),
		"package version\n\nvar Version string\n")
	w.write(filepath.Join(w.tools, "sdk", "go", "pulumi-language-go", "main.go"), `package main

func main() { println("host") }
`)
	w.write(filepath.Join(w.tools, "language-go", "go.mod"), `module example.org/tools/language-go

go 1.26

require github.com/pulumi/pulumi/sdk/v3 v3.40.0

replace github.com/pulumi/pulumi/sdk/v3 => ../sdk
`)
	w.write(filepath.Join(w.tools, "language-go", "go.sum"), "")
	w.script("go", fmt.Sprintf("echo build >> '%s'\nexec '%s' \"$@\"", w.builds, goCommand))
	t.Setenv("PATH", w.bin)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	t.Setenv("HOME", root)
	t.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
	return w
}

// write makes a file and its folder.
func (w *world) write(path, content string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(w.t, os.WriteFile(path, []byte(content), 0o644))
}

// script puts a shell script on PATH.
func (w *world) script(name, body string) string {
	w.t.Helper()
	path := filepath.Join(w.bin, name)
	w.write(path, "#!/bin/sh\n"+body+"\n")
	require.NoError(w.t, os.Chmod(path, 0o755))
	return path
}

// options returns options that collect the lines of progress.
func (w *world) options() Options {
	return Options{Tools: w.tools, Progress: func(line string) { w.lines = append(w.lines, line) }}
}

// built returns how often the go command ran.
func (w *world) built() int {
	w.t.Helper()
	content, err := os.ReadFile(w.builds)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(w.t, err)
	return strings.Count(string(content), "build\n")
}

// inCache returns the files and folders of the cache that match pattern.
func (w *world) inCache(pattern string) []string {
	w.t.Helper()
	dir, err := os.UserCacheDir()
	require.NoError(w.t, err)
	found, err := filepath.Glob(filepath.Join(dir, "underlay", "engine", pattern))
	require.NoError(w.t, err)
	return found
}

// says runs a program that prints one line to stderr.
func says(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command(path).CombinedOutput()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func TestSuitable(t *testing.T) {
	for printed, want := range map[string]struct{ version, err string }{
		"v3.200.0\n":               {version: "3.200.0"},
		"3.259.0":                  {version: "3.259.0"},
		"v3.260.0-dev.0+ab12cd\n":  {version: "3.260.0-dev.0+ab12cd"},
		"v3.199.9\n":               {err: "3.199.9 is older than 3.200.0"},
		"v3.200.0-alpha.1\n":       {err: "3.200.0-alpha.1 is older than 3.200.0"},
		"v4.0.0\n":                 {err: "4.0.0 is not of major version 3"},
		"":                         {err: `it reports no version, but ""`},
		"command not understood\n": {err: `it reports no version, but "command not understood"`},
	} {
		t.Run(printed, func(t *testing.T) {
			version, err := suitable(printed)
			if want.err != "" {
				require.EqualError(t, err, want.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want.version, version.String())
		})
	}
}

// A suitable pulumi on PATH wins, and nothing is built.
func TestFindTakesPulumiOnPath(t *testing.T) {
	w := newWorld(t)
	path := w.script("pulumi", "echo v3.210.1")
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, path, cli.Path())
	assert.Equal(t, "3.210.1", cli.Version().String())
	assert.Zero(t, w.built())
	assert.Empty(t, w.lines)
}

// Where no engine can be had, the error says why of each place.
func TestFindNothing(t *testing.T) {
	for name, test := range map[string]struct {
		pulumi string
		noGo   bool
		tools  func(w *world) string
		want   string
		is     error
	}{
		"no checkout": {
			tools: func(*world) string { return "" },
			want:  "no Pulumi engine: pulumi is not on PATH; there is no tools module to build Pulumi from",
			is:    ErrNoTools,
		},
		"no tools folder": {
			tools: func(w *world) string { return filepath.Join(w.tools, "nowhere") },
			want: "no Pulumi engine: pulumi is not on PATH; there is no tools module to build Pulumi from: " +
				"open TOOLS/nowhere/go.mod: no such file or directory",
			is: ErrNoTools,
		},
		"no go": {
			noGo: true,
			want: "no Pulumi engine: pulumi is not on PATH; the go command is not on PATH",
			is:   ErrNoGo,
		},
		"old pulumi, no go": {
			pulumi: "echo v3.90.0", noGo: true,
			want: "no Pulumi engine: pulumi at BIN/pulumi is unsuitable: 3.90.0 is older than 3.200.0; " +
				"the go command is not on PATH",
			is: ErrNoGo,
		},
		"broken pulumi, no go": {
			pulumi: "exit 3", noGo: true,
			want: `no Pulumi engine: pulumi at BIN/pulumi is unsuitable: "pulumi version" fails: exit status 3; ` +
				"the go command is not on PATH",
			is: ErrNoGo,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.pulumi != "" {
				w.script("pulumi", test.pulumi)
			}
			if test.noGo {
				require.NoError(t, os.Remove(filepath.Join(w.bin, "go")))
			}
			o := w.options()
			if test.tools != nil {
				o.Tools = test.tools(w)
			}
			_, err := Find(t.Context(), o)
			require.EqualError(t, err, strings.NewReplacer("BIN", w.bin, "TOOLS", w.tools).Replace(test.want))
			require.ErrorIs(t, err, test.is)
			if test.pulumi == "" {
				require.ErrorIs(t, err, ErrNotOnPath)
				return
			}
			var unsuitable *UnsuitableError
			require.ErrorAs(t, err, &unsuitable)
			assert.Equal(t, filepath.Join(w.bin, "pulumi"), unsuitable.Path)
		})
	}
}

// The engine is built once and then taken from the cache, even without go. It
// has the version that the module pins, and the user is told what happens.
func TestFindBuildsOnce(t *testing.T) {
	w := newWorld(t)
	w.script("pulumi", "echo v3.90.0")
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, "3.200.0", cli.Version().String())
	assert.Equal(t, "v3.200.0", says(t, cli.Path()), "the version is set at link time")
	assert.Equal(t, 1, w.built())
	assert.Equal(t, []string{cli.Path()}, w.inCache("3.200.0-"+runtime.GOOS+"-"+runtime.GOARCH+"-*/*"))
	require.Len(t, w.lines, 2)
	assert.Equal(t, "building pulumi v3.200.0, because pulumi at "+w.bin+"/pulumi is unsuitable: 3.90.0 is older than "+
		"3.200.0. Once; it can take some minutes. It stays in "+cli.Dir(), w.lines[0])
	assert.Regexp(t, `^built pulumi v3.200.0 in \d+s$`, w.lines[1])

	require.NoError(t, os.Remove(filepath.Join(w.bin, "go")))
	again, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, cli.Path(), again.Path())
	elsewhere, err := Find(t.Context(), Options{})
	require.NoError(t, err, "without a checkout any suitable build will do")
	assert.Equal(t, cli.Path(), elsewhere.Path())
	assert.Len(t, w.lines, 2)
}

// A changed tools module is built anew, in a folder of its own.
func TestFindBuildsChangedPin(t *testing.T) {
	w := newWorld(t)
	before, err := Find(t.Context(), w.options())
	require.NoError(t, err)

	path := filepath.Join(w.tools, "go.mod")
	mod, err := os.ReadFile(path)
	require.NoError(t, err)
	w.write(path, strings.Replace(string(mod), "pkg/v3 v3.200.0", "pkg/v3 v3.201.5", 1))
	after, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, "v3.201.5", says(t, after.Path()))
	assert.Equal(t, "v3.200.0", says(t, before.Path()))
	newest, err := Find(t.Context(), Options{})
	require.NoError(t, err)
	assert.Equal(t, after.Path(), newest.Path())

	// The same version of other modules is another build.
	w.write(filepath.Join(w.tools, "go.sum"), "example.org/x v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	other, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.NotEqual(t, after.Dir(), other.Dir())
	assert.Equal(t, 3, w.built())

	w.write(path, strings.Replace(string(mod), "pkg/v3 v3.200.0", "pkg/v3 v3.199.0", 1))
	_, err = Find(t.Context(), w.options())
	require.ErrorContains(t, err, "pins an unsuitable pulumi: 3.199.0 is older than 3.200.0")
}

// What the user set for his own builds does not reach the engine's.
func TestFindBuildsDespiteUsersSettings(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GOFLAGS", "-mod=vendor -tags=nothing")
	t.Setenv("GOWORK", filepath.Join(w.bin, "absent.work"))
	t.Setenv("GOOS", "plan9")
	t.Setenv("GOARCH", "386")
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, "v3.200.0", says(t, cli.Path()))
}

func TestFindReportsFailedBuild(t *testing.T) {
	w := newWorld(t)
	w.write(filepath.Join(w.tools, "pkg", "cmd", "pulumi", "main.go"), "package main\n\nfunc main() { nonsense() }\n")
	_, err := Find(t.Context(), w.options())
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "pulumi v3.200.0", failed.Target)
	assert.Contains(t, failed.Output, "undefined: nonsense")
	assert.NotContains(t, failed.Output, "github.com/pulumi/pulumi/sdk/v3/go/common/version\n", "progress is no error")
	assert.Empty(t, w.inCache("3.*/*"), "nothing half-made stays")
}

// The pair for plain "pulumi up" is the user's own when it is complete, and
// else the pinned one, in one folder.
func TestLanguageHost(t *testing.T) {
	w := newWorld(t)
	w.script("pulumi", "echo v3.210.1")
	dir, err := LanguageHost(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, "v3.200.0", says(t, filepath.Join(dir, "pulumi")))
	assert.Equal(t, "host", says(t, filepath.Join(dir, "pulumi-language-go")))
	assert.Equal(t, 2, w.built())
	require.Len(t, w.lines, 4)
	assert.Contains(t, w.lines[0], "building pulumi v3.200.0, because pulumi-language-go is not beside "+w.bin+"/pulumi.")
	assert.Contains(t, w.lines[2], "building pulumi-language-go v3.40.0, because ")

	again, err := LanguageHost(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, dir, again)
	assert.Equal(t, 2, w.built())

	// A link on PATH to a folder that holds both.
	real := filepath.Join(w.tools, "real")
	require.NoError(t, os.Mkdir(real, 0o755))
	require.NoError(t, os.Rename(filepath.Join(w.bin, "pulumi"), filepath.Join(real, "pulumi")))
	require.NoError(t, os.Symlink(filepath.Join(real, "pulumi"), filepath.Join(w.bin, "pulumi")))
	w.write(filepath.Join(real, "pulumi-language-go"), "")
	own, err := LanguageHost(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, real, own)

	_, err = LanguageHost(t.Context(), Options{})
	require.NoError(t, err)
}

// Processes and goroutines that need the engine at once build it once.
func TestFindInParallel(t *testing.T) {
	w := newWorld(t)
	var wait sync.WaitGroup
	paths := make([]string, 6)
	for i := range paths {
		wait.Go(func() {
			if i%2 == 0 {
				cli, err := Find(t.Context(), Options{Tools: w.tools})
				if assert.NoError(t, err) {
					paths[i] = cli.Path()
				}
				return
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), helperTools+"="+w.tools)
			out, err := cmd.Output()
			assert.NoError(t, err, string(out))
			paths[i] = strings.TrimSpace(string(out))
		})
	}
	wait.Wait()
	for _, path := range paths {
		assert.Equal(t, paths[0], path)
	}
	assert.Equal(t, "v3.200.0", says(t, paths[0]))
	assert.Equal(t, 1, w.built())
}

// stall makes the go command write half an executable and then hang.
func (w *world) stall() {
	w.script("go", fmt.Sprintf(`echo build >> '%s'
while [ "$1" != "-o" ]; do shift; done
echo half > "$2"
exec /bin/sleep 60`, w.builds))
}

// A build that is killed leaves nothing that passes for an engine, and no lock.
func TestFindAfterKilledBuild(t *testing.T) {
	w := newWorld(t)
	working, err := os.ReadFile(filepath.Join(w.bin, "go"))
	require.NoError(t, err)
	w.stall()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperTools+"="+w.tools)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return len(w.inCache("3.*/"+halfMade+"*/pulumi")) == 1 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	assert.Empty(t, w.inCache("3.*/pulumi"))

	w.script("go", strings.TrimPrefix(string(working), "#!/bin/sh\n"))
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	assert.Equal(t, "v3.200.0", says(t, cli.Path()))
	assert.Empty(t, w.inCache("3.*/"+halfMade+"*"), "the half-made build is gone")
}

// Canceling stops the build and the compilers it started, soon and cleanly.
func TestFindCanceled(t *testing.T) {
	w := newWorld(t)
	w.stall()
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan error, 1)
	go func() {
		_, err := Find(ctx, w.options())
		found <- err
	}()
	require.Eventually(t, func() bool { return len(w.inCache("3.*/"+halfMade+"*/pulumi")) == 1 }, 20*time.Second, 10*time.Millisecond)

	// Somebody else waits for it, and may stop waiting.
	impatient, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	var waiting []string
	_, err := Find(impatient, Options{Tools: w.tools, Progress: func(line string) { waiting = append(waiting, line) }})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, waiting, 1)
	assert.Contains(t, waiting[0], "waiting for another process that builds the engine in ")

	cancel()
	select {
	case err = <-found:
	case <-time.After(5 * time.Second):
		require.Fail(t, "the build goes on")
	}
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "building pulumi v3.200.0: context canceled")
	assert.Empty(t, w.inCache("3.*/*"))
	assert.Equal(t, 1, w.built())
}

// The command runs without a terminal, with its own folder first on PATH and
// the caller's variables over the process's.
func TestRun(t *testing.T) {
	w := newWorld(t)
	t.Setenv("UNDERLAY_TEST", "from the process")
	path := w.script("pulumi", `[ "$1" = version ] && echo v3.210.1 && exit
read line
echo "$@ $PULUMI_AUTOMATION_API $UNDERLAY_TEST $line $PATH"
echo trouble >&2
exit 7`)
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	t.Setenv("PATH", "/usr/bin")
	var out, errOut bytes.Buffer
	stdout, stderr, code, err := cli.Run(t.Context(), w.tools, strings.NewReader("input\n"),
		[]io.Writer{&out}, []io.Writer{&errOut}, []string{"UNDERLAY_TEST=from the caller"}, "up", "--yes")
	require.Error(t, err)
	assert.Equal(t, "--non-interactive up --yes true from the caller input "+filepath.Dir(path)+":/usr/bin\n", stdout)
	assert.Equal(t, "trouble\n", stderr)
	assert.Equal(t, 7, code)
	assert.Equal(t, stdout, out.String())
	assert.Equal(t, stderr, errOut.String())
}

// A canceled command is interrupted once and may finish what it has to.
func TestRunCanceled(t *testing.T) {
	w := newWorld(t)
	began := filepath.Join(w.bin, "began")
	w.script("pulumi", `[ "$1" = version ] && echo v3.210.1 && exit
trap 'echo interrupted; n=$((n+1))' INT
: > '`+began+`'
while [ -z "$n" ]; do /bin/sleep 0.05; done
/bin/sleep 0.5
echo "saved after $n"
exit 255`)
	cli, err := Find(t.Context(), w.options())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for !exists(began) {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	stdout, _, code, err := cli.Run(ctx, w.bin, nil, nil, nil, nil, "up")
	require.Error(t, err)
	assert.Equal(t, "interrupted\nsaved after 1\n", stdout)
	assert.Equal(t, 255, code)
}

func TestBuildOutput(t *testing.T) {
	var output buildOutput
	for _, chunk := range []string{
		"go: downloading example.org/a v1.0.0\ngo: down", "loading example.org/b v1.2.0\n",
		"internal/abi\nexample.org/a\n", "# example.org/b\n./b.go:3:1: undefined: c",
	} {
		n, err := output.Write([]byte(chunk))
		require.NoError(t, err)
		assert.Equal(t, len(chunk), n)
	}
	assert.Equal(t, "2 modules downloaded, 2 packages compiled, last example.org/a", output.state())
	assert.Equal(t, "# example.org/b\n./b.go:3:1: undefined: c", output.tail())
}
