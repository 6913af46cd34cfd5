package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/problem"
)

// bench is a backend of its own, a toy cloud and the real command line. On a
// machine without a suitable pulumi the first test builds the engine, which
// takes minutes once.
type bench struct {
	t       testing.TB
	cloud   *toy
	options Options
	counter *counter
	events  []Event
}

// counter counts the launches of the command line.
type counter struct {
	auto.PulumiCommand
	mu       sync.Mutex
	launches []string
	args     []string
}

func (c *counter) Run(ctx context.Context, workdir string, stdin io.Reader, out, errOut []io.Writer, env []string,
	args ...string,
) (string, string, int, error) {
	c.mu.Lock()
	launch := args[0]
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		launch += " " + args[1]
	}
	c.launches = append(c.launches, launch)
	c.args = append(c.args, args...)
	c.mu.Unlock()
	return c.PulumiCommand.Run(ctx, workdir, stdin, out, errOut, env, args...)
}

// take returns the launches since the last call.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.launches
	c.launches = nil
	return taken
}

func newBench(t testing.TB) *bench {
	t.Helper()
	cli, err := engine.Find(t.Context(), engine.Options{
		Tools: filepath.Join("..", "tools"), Progress: func(line string) { t.Log(line) },
	})
	require.NoError(t, err)
	cloud, port := serveToy(t)
	b := &bench{t: t, cloud: cloud, counter: &counter{PulumiCommand: cli}}
	b.options = Options{
		Pulumi: b.counter, Backend: "file://" + filepath.ToSlash(t.TempDir()),
		Env:       map[string]string{"PULUMI_CONFIG_PASSPHRASE": "correct horse", "PULUMI_HOME": t.TempDir()},
		Providers: map[string]int{"toy": port},
		OnEvent:   func(e Event) { b.events = append(b.events, e) },
	}
	return b
}

// things is a program of things with the given values, named t0, t1 and so on,
// all of the same kind. It exports the serial numbers that the cloud gives.
func things(kind string, values ...string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		serials := pulumi.Array{}
		for i, value := range values {
			thing, err := newThing(ctx, fmt.Sprintf("t%d", i), pulumi.String(value), kind)
			if err != nil {
				return err
			}
			serials = append(serials, thing.Serial)
		}
		ctx.Export("serials", serials)
		return nil
	}
}

func dev(program pulumi.RunFunc) Stack {
	return Stack{Project: "toys", Name: "dev", Program: program}
}

// steps returns the events of the toy's own resources: "t0 create done".
func (b *bench) steps() []string {
	var steps []string
	for _, e := range b.events {
		if e.Type == "toy:index:Thing" && e.Status != StatusDiagnostic {
			steps = append(steps, fmt.Sprintf("%s %s %s", e.Name, e.Op, e.Status))
		}
	}
	b.events = nil
	return steps
}

// A stack's whole life. The counts include the stack itself.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()

	result, err := Preview(ctx, dev(things("a", "x", "y")), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Create: 3}, result.Changes)
	assert.Equal(t, map[string]any{"serials": []any{nil, nil}}, result.Outputs, "unknown before up")
	assert.Empty(t, b.cloud.values())
	assert.Equal(t, []string{"preview", "stack init", "preview"}, b.counter.take())
	assert.ElementsMatch(t, []string{
		"t0 create started", "t0 create done", "t1 create started", "t1 create done",
	}, b.steps())

	result, err = Up(ctx, dev(things("a", "x")), b.options)
	require.NoError(t, err)
	assert.Equal(t, OpUp, result.Operation)
	assert.Equal(t, "dev", result.Stack)
	assert.Equal(t, Changes{Create: 2}, result.Changes)
	assert.True(t, result.Changes.Any())
	assert.Equal(t, map[string]any{"serials": []any{1.0}}, result.Outputs)
	assert.Equal(t, []string{"x"}, b.cloud.values())
	assert.Equal(t, []string{"up"}, b.counter.take(), "the stack exists: one launch")
	for _, e := range b.events {
		if e.Type == "toy:index:Thing" {
			assert.Equal(t, "urn:pulumi:dev::toys::toy:index:Thing::t0", e.URN)
			assert.Equal(t, "urn:pulumi:dev::toys::pulumi:pulumi:Stack::toys-dev", e.Parent)
			assert.WithinDuration(t, time.Now(), e.Time, time.Minute)
			assert.Equal(t, e.Status == StatusDone, e.Elapsed > 0)
		}
	}
	assert.Equal(t, []string{"t0 create started", "t0 create done"}, b.steps())

	outputs, err := Outputs(ctx, dev(nil), b.options)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"serials": []any{1.0}}, outputs)
	assert.Equal(t, []string{"stack output"}, b.counter.take())

	// Nothing to do.
	result, err = Up(ctx, dev(things("a", "x")), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Same: 2}, result.Changes)
	assert.False(t, result.Changes.Any())
	assert.Equal(t, map[string]any{"serials": []any{1.0}}, result.Outputs)
	assert.Equal(t, []string{"up"}, b.counter.take())
	assert.Equal(t, []string{"t0 same started", "t0 same done"}, b.steps())

	// An update and an addition, then a replacement and a removal.
	result, err = Up(ctx, dev(things("a", "X", "y")), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Create: 1, Update: 1, Same: 1}, result.Changes)
	assert.Equal(t, []string{"X", "y"}, b.cloud.values())
	b.steps()
	result, err = Up(ctx, dev(things("b", "X")), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Replace: 1, Delete: 1, Same: 1}, result.Changes)
	assert.Equal(t, map[string]any{"serials": []any{3.0}}, result.Outputs)
	assert.Equal(t, []string{"X"}, b.cloud.values())
	assert.Subset(t, b.steps(), []string{
		"t0 create-replacement done", "t0 replace done", "t0 delete-replaced done", "t1 delete done",
	})

	// A thing vanishes behind Pulumi's back: refresh sees it, up makes it anew.
	b.cloud.with(func() { clear(b.cloud.things) })
	b.counter.take()
	result, err = Refresh(ctx, dev(nil), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Delete: 1, Same: 1}, result.Changes)
	assert.Equal(t, map[string]any{"serials": []any{3.0}}, result.Outputs)
	assert.Equal(t, []string{"refresh"}, b.counter.take())
	result, err = Up(ctx, dev(things("b", "X")), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Create: 1, Same: 1}, result.Changes)
	b.counter.take()

	result, err = Destroy(ctx, dev(nil), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Delete: 2}, result.Changes)
	assert.Equal(t, map[string]any{}, result.Outputs)
	assert.Empty(t, b.cloud.values())
	assert.Equal(t, []string{"destroy"}, b.counter.take())

	// The empty stack is still there, until it is removed as well.
	outputs, err = Outputs(ctx, dev(nil), b.options)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{}, outputs)
	b.options.Remove = true
	result, err = Destroy(ctx, dev(nil), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{}, result.Changes)
	_, err = Destroy(ctx, dev(nil), b.options)
	require.ErrorIs(t, err, ErrStackNotFound)
	_, err = Refresh(ctx, dev(nil), b.options)
	require.ErrorIs(t, err, ErrStackNotFound)
	require.EqualError(t, err, "refresh dev: the stack does not exist (no stack named 'dev' found)")
	_, absent := Outputs(ctx, dev(nil), b.options)
	require.ErrorIs(t, absent, ErrStackNotFound)
	require.EqualError(t, absent, "outputs dev: the stack does not exist (no stack named 'dev' found)")
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, OpRefresh, e.Operation)
	assert.Equal(t, "dev", e.Stack)
}

// The cloud refuses a thing: the error names it with the cloud's words, what
// was made is kept, and the next up makes the rest.
func TestFailureThenConverge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cloud.refuse["y"] = "InvalidThing.Conflict: y is taken"
	b.cloud.refuse["z"] = "ThingLimitExceeded: no more than 1 z"
	program := things("a", "x", "y", "z")
	result, err := Up(t.Context(), dev(program), b.options)
	var e *Error
	require.ErrorAs(t, err, &e)
	slices.SortFunc(e.Failures, func(a, b Failure) int { return strings.Compare(a.Name, b.Name) })
	assert.Equal(t, []Failure{
		{"urn:pulumi:dev::toys::toy:index:Thing::t1", "toy:index:Thing", "t1", "InvalidThing.Conflict: y is taken"},
		{"urn:pulumi:dev::toys::toy:index:Thing::t2", "toy:index:Thing", "t2", "ThingLimitExceeded: no more than 1 z"},
	}, e.Failures)
	assert.EqualError(t, err, `up dev: 2 resources failed
  toy:index:Thing t1: InvalidThing.Conflict: y is taken
  toy:index:Thing t2: ThingLimitExceeded: no more than 1 z`)
	assert.Equal(t, Changes{Create: 2}, result.Changes, "the stack and t0")
	assert.Equal(t, []string{"x"}, b.cloud.values())
	var failed, said []string
	for _, event := range b.events {
		switch {
		case event.Status == StatusFailed:
			failed = append(failed, event.Name+" "+event.Op+" "+event.Message)
		case event.Severity == SeverityError && event.URN != "":
			said = append(said, event.Name+" "+event.Message)
		}
	}
	assert.ElementsMatch(t, []string{
		"t1 create InvalidThing.Conflict: y is taken", "t2 create ThingLimitExceeded: no more than 1 z",
	}, failed)
	assert.ElementsMatch(t, []string{
		"t1 InvalidThing.Conflict: y is taken", "t2 ThingLimitExceeded: no more than 1 z",
	}, said)

	b.cloud.with(func() { clear(b.cloud.refuse) })
	result, err = Up(t.Context(), dev(program), b.options)
	require.NoError(t, err)
	assert.Equal(t, Changes{Create: 2, Same: 2}, result.Changes)
	assert.Equal(t, []string{"x", "y", "z"}, b.cloud.values())
}

// What fails of the program or its input, in preview as in up.
func TestProgramFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list := problem.List{{Path: "vpcCidr", Value: "10.0.0.1/16", Rule: "has host bits set"}}
	for name, test := range map[string]struct {
		program pulumi.RunFunc
		want    string
	}{
		"bad configuration": {
			program: func(*pulumi.Context) error { return fmt.Errorf("spec: %w", list.Err()) },
			want:    "spec: vpcCidr: 10.0.0.1/16: has host bits set",
		},
		"panic": {
			program: func(*pulumi.Context) error { return []error{}[len(t.Name())] },
			want:    "the program panicked: runtime error: index out of range [16] with length 0",
		},
		"refused property": {
			program: things("a", "x", ""),
			want: `1 resource failed
  toy:index:Thing t1: toy:index:Thing resource 't1': property value value {} has a problem: must not be empty`,
		},
		"error of an output": {
			program: func(ctx *pulumi.Context) error {
				ctx.Export("o", pulumi.String("x").ToStringOutput().ApplyT(func(string) (string, error) {
					return "", errors.New("the output is bad")
				}))
				return nil
			},
			want: "the output is bad",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, operation := range []func(context.Context, Stack, Options) (Result, error){Preview, Up} {
				_, err := operation(t.Context(), dev(test.program), b.options)
				require.Error(t, err)
				assert.Contains(t, err.Error(), test.want)
				assert.NotContains(t, err.Error(), "goroutine")
				var got problem.List
				if errors.As(err, &got) {
					assert.Equal(t, list, got)
				}
				assert.Equal(t, name == "bad configuration", got != nil)
			}
		})
	}
}

// Canceling lets what is under way end and keeps it; the next up goes on. The
// error is the context's.
func TestCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.Parallel = 1
	b.cloud.hold = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-b.cloud.making
		cancel()
		// The engine gets its interrupt while the thing is still being made.
		time.Sleep(time.Second)
		close(b.cloud.hold)
	}()
	_, err := Up(ctx, dev(things("a", "x", "y", "z")), b.options)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "up dev: interrupted: context canceled")
	values := b.cloud.values()
	require.Len(t, values, 1, "what was under way was waited for, and nothing else begun")

	result, err := Up(t.Context(), dev(things("a", "x", "y", "z")), b.options)
	require.NoError(t, err, "the stack is not locked")
	assert.Equal(t, []string{"x", "y", "z"}, b.cloud.values(), "the thing made while canceling is not made twice")
	assert.Equal(t, 3, result.Changes.Create+result.Changes.Same-1)

	b.counter.take()
	_, err = Up(ctx, dev(things("a")), b.options)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, b.counter.take())
}

// Stacks of one project folder run at the same time, and nothing in it changes.
func TestConcurrentStacksInOneFolder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.OnEvent = nil
	b.options.WorkDir = t.TempDir()
	writeFile(t, filepath.Join(b.options.WorkDir, "Pulumi.yaml"), "name: toys\nruntime: go\n")
	const stacks = 4
	for i := range stacks {
		writeFile(t, filepath.Join(b.options.WorkDir, fmt.Sprintf("Pulumi.s%d.yaml", i)),
			fmt.Sprintf("# A comment.\nconfig:\n  toys:value: v%d\n", i))
	}
	before := snapshot(t, b.options.WorkDir)
	program := func(ctx *pulumi.Context) error {
		_, err := newThing(ctx, "t0", pulumi.String(config.Require(ctx, "value")), "a")
		return err
	}
	var wait sync.WaitGroup
	for i := range stacks {
		wait.Go(func() {
			stack := Stack{Name: fmt.Sprintf("s%d", i), Program: program}
			result, err := Up(t.Context(), stack, b.options)
			if assert.NoError(t, err) {
				assert.Equal(t, Changes{Create: 2}, result.Changes)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, []string{"v0", "v1", "v2", "v3"}, b.cloud.values())

	b.options.Remove = true
	for i := range stacks {
		wait.Go(func() {
			_, err := Destroy(t.Context(), Stack{Name: fmt.Sprintf("s%d", i)}, b.options)
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	assert.Empty(t, b.cloud.values())
	assert.Equal(t, before, snapshot(t, b.options.WorkDir))
	selected, err := filepath.Glob(filepath.Join(b.options.Env["PULUMI_HOME"], "workspaces", "*"))
	require.NoError(t, err)
	for _, path := range selected {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotRegexp(t, `"stack": *"[^"]`, string(content), "no stack was selected")
	}
}

// Two operations on one stack: the backend's lock refuses the second.
func TestLocked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := Up(t.Context(), dev(things("a")), b.options)
	require.NoError(t, err)
	b.cloud.hold = make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := Up(t.Context(), dev(things("a", "x")), b.options)
		done <- err
	}()
	<-b.cloud.making
	options := b.options
	options.OnEvent = nil
	_, err = Destroy(t.Context(), dev(nil), options)
	require.ErrorIs(t, err, ErrLocked)
	assert.ErrorContains(t, err, "created by ")
	close(b.cloud.hold)
	require.NoError(t, <-done)
	assert.Equal(t, []string{"x"}, b.cloud.values())
}

// The caller's folder: its project and configuration files are honoured, a
// value given beside them wins, an object is an object, and a secret is one
// from the configuration to the state.
func TestWorkDir(t *testing.T) {
	b := newBench(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	b.options.WorkDir = t.TempDir()
	b.options.Backend = ""
	writeFile(t, filepath.Join(b.options.WorkDir, "Pulumi.yaml"), `name: toys
runtime: go
backend:
  url: file://./state
config:
  spec:
    type: object
  size:
    type: integer
    default: 3
`)
	require.NoError(t, os.Mkdir(filepath.Join(b.options.WorkDir, "state"), 0o755))
	writeFile(t, filepath.Join(b.options.WorkDir, "Pulumi.dev.yaml"), `# Kept.
config:
  toys:region: north
  toys:spec:
    name: from the file
`)
	other := filepath.Join(t.TempDir(), "other.yaml")
	writeFile(t, other, "config: {\"toys:region\": south, \"toys:spec\": {name: from another file}}\n")
	before := snapshot(t, b.options.WorkDir)

	var got string
	stack := Stack{Name: "dev", Program: func(ctx *pulumi.Context) error {
		var spec struct{ Name string }
		config.RequireObject(ctx, "spec", &spec)
		got = fmt.Sprintf("%s, %s, %d", spec.Name, config.Require(ctx, "region"), config.RequireInt(ctx, "size"))
		ctx.Export("password", pulumi.ToSecret(pulumi.Map{"is": config.GetSecret(ctx, "password")}))
		ctx.Export("nested", pulumi.Map{"hidden": config.GetSecret(ctx, "password"), "open": pulumi.Int(1)})
		return nil
	}}
	_, err := Up(t.Context(), stack, b.options)
	require.NoError(t, err)
	assert.Equal(t, "from the file, north, 3", got)

	b.options.ConfigFile = other
	_, err = Preview(t.Context(), stack, b.options)
	require.NoError(t, err)
	assert.Equal(t, "from another file, south, 3", got)

	b.options.ConfigFile = ""
	b.counter.take()
	stack.Project = "toys"
	stack.Config = auto.ConfigMap{
		"spec":          {Value: `{"name": "given"}`},
		"toys:size":     {Value: "7"},
		"toys:password": {Value: "hush \"hush\" $HOME", Secret: true},
	}
	result, err := Up(t.Context(), stack, b.options)
	require.NoError(t, err)
	assert.Equal(t, "given, north, 7", got)
	assert.Equal(t, map[string]any{
		"password": "[secret]", "nested": map[string]any{"hidden": "[secret]", "open": 1.0},
	}, result.Outputs)
	assert.Equal(t, []string{"config set", "up"}, b.counter.take())
	assert.NotContains(t, strings.Join(b.counter.args, " "), "hush")
	for name, content := range snapshot(t, filepath.Join(b.options.WorkDir, "state")) {
		assert.NotContains(t, content, "hush", name)
	}
	for _, e := range b.events {
		assert.NotContains(t, e.Message, "hush")
	}

	// The state's own salt decrypts what the files do not know of.
	b.options.Remove = true
	_, err = Destroy(t.Context(), Stack{Name: "dev"}, b.options)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(b.options.WorkDir, "state")))
	require.NoError(t, os.Mkdir(filepath.Join(b.options.WorkDir, "state"), 0o755))
	assert.Equal(t, before, snapshot(t, b.options.WorkDir))
	assert.Empty(t, snapshot(t, temp), "no configuration is left in the temporary folder")
}

// What is refused before or by the engine, each with an error to act on.
func TestRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := Up(t.Context(), dev(things("a")), b.options)
	require.NoError(t, err)
	_, err = Up(t.Context(), Stack{Project: "toys", Name: "secretive", Program: func(ctx *pulumi.Context) error {
		ctx.Export("password", pulumi.ToSecret(pulumi.String("hush")))
		return nil
	}}, b.options)
	require.NoError(t, err)
	outputs, err := Outputs(t.Context(), Stack{Project: "toys", Name: "secretive"}, b.options)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"password": "[secret]"}, outputs)
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "Pulumi.yaml"), "name: others\nruntime: go\n")
	for name, test := range map[string]struct {
		stack   func(*Stack)
		options func(*Options)
		is      error
		want    string
	}{
		"no name":    {stack: func(s *Stack) { s.Name = "" }, want: "up: the stack has no name"},
		"no project": {stack: func(s *Stack) { s.Project = "" }, want: "up dev: the stack has no project"},
		"no program": {stack: func(s *Stack) { s.Program = nil }, want: "up dev: the stack has no program"},
		"bad project": {
			stack: func(s *Stack) { s.Project = "a/b" },
			want:  "up dev: project names may only contain alphanumerics, hyphens, underscores, and periods",
		},
		"bad stack name": {
			stack: func(s *Stack) { s.Name = "a b" },
			want:  "up a b: a stack name may only contain alphanumeric, hyphens, underscores, or periods",
		},
		"other project": {
			options: func(o *Options) { o.WorkDir = folder },
			want:    "up dev: the stack's project is toys, but " + filepath.Join(folder, "Pulumi.yaml") + " is of project others",
		},
		"no project file": {
			options: func(o *Options) { o.WorkDir = t.TempDir() },
			want:    "no Pulumi.yaml project file found",
		},
		"no configuration file": {
			options: func(o *Options) { o.ConfigFile = filepath.Join(folder, "absent.yaml") },
			want:    "up dev: reading the configuration: open " + filepath.Join(folder, "absent.yaml"),
		},
		"bad key": {
			stack: func(s *Stack) { s.Config = auto.ConfigMap{"a:b:c:d": {Value: "x"}} },
			want:  `up dev: configuration key "a:b:c:d": `,
		},
		"bad port": {
			options: func(o *Options) { o.Providers = map[string]int{"toy": 0} },
			want:    "up dev: provider toy has port 0, which is none",
		},
		"no passphrase": {
			options: func(o *Options) { o.Env = map[string]string{"PULUMI_HOME": o.Env["PULUMI_HOME"]} },
			is:      ErrPassphrase,
			want:    "up dev: the passphrase of the stack's secrets is missing or wrong; set PULUMI_CONFIG_PASSPHRASE",
		},
		"wrong passphrase": {
			stack: func(s *Stack) { s.Name = "secretive" },
			options: func(o *Options) {
				o.Env = map[string]string{"PULUMI_HOME": o.Env["PULUMI_HOME"], "PULUMI_CONFIG_PASSPHRASE": "battery staple"}
			},
			is:   ErrPassphrase,
			want: "incorrect passphrase",
		},
		"no login": {
			options: func(o *Options) {
				o.Backend = "https://api.pulumi.com"
				o.Env = map[string]string{"PULUMI_HOME": t.TempDir(), "PULUMI_ACCESS_TOKEN": ""}
			},
			is:   ErrLogin,
			want: "PULUMI_ACCESS_TOKEN must be set for login",
		},
		"no backend folder": {
			options: func(o *Options) { o.Backend = "file://" + filepath.ToSlash(filepath.Join(folder, "absent")) },
			want:    "no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			stack, options := dev(things("a")), b.options
			options.OnEvent = nil
			if test.stack != nil {
				test.stack(&stack)
			}
			if test.options != nil {
				test.options(&options)
			}
			_, err := Up(t.Context(), stack, options)
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.want)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			var e *Error
			assert.ErrorAs(t, err, &e)
		})
	}
}

// A provider that is not there is a failed resource like another.
func TestAttachedProviderAbsent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.Providers = map[string]int{"toy": 1}
	_, err := Up(t.Context(), dev(things("a", "x")), b.options)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Failures, 1)
	assert.Equal(t, "pulumi:providers:toy", e.Failures[0].Type)
	assert.Contains(t, e.Failures[0].Message, "did not begin responding")
}

func TestResultJSON(t *testing.T) {
	text, err := json.Marshal(Result{
		Operation: OpUp, Stack: "dev", Changes: Changes{Create: 1, Update: 2, Replace: 3, Delete: 4, Same: 5},
		Outputs: map[string]any{"vpcId": "vpc-1"}, Duration: 1234567 * time.Microsecond,
	})
	require.NoError(t, err)
	assert.Equal(t, `{"operation":"up","stack":"dev","changes":{"create":1,"update":2,"replace":3,"delete":4,"same":5},`+
		`"outputs":{"vpcId":"vpc-1"},"seconds":1.235}`, string(text))
	text, err = json.Marshal(Result{})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"outputs":{}`)
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// snapshot returns the files under dir with their content.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	}))
	return files
}
