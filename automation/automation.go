// Package automation deploys a Pulumi program with the real engine from inside
// a Go process: a service, a command line, a test.
//
// [Preview], [Up], [Refresh] and [Destroy] each run one operation on one stack;
// [Outputs] reads what it has.
// The program runs in the calling process, the engine and the providers in
// processes of their own. Progress comes as typed events while the operation
// runs; what it did comes back as a [Result], and what went wrong as an
// [*Error] that names each resource the cloud refused, with the cloud's words.
//
// # Files
//
// Without Options.WorkDir an operation needs no folder: its project and
// configuration come from the [Stack]. With it, the operation runs in the
// caller's own project folder, exactly as "pulumi up" does there, but writes
// nothing into it: the stack's configuration is read from its file and copied,
// and the selected stack of the folder stays what it was. So operations on
// different stacks may run at the same time, in one process and in one folder.
//
// # Where state lies
//
// Options.Backend names the backend. Empty means the caller's own: what
// PULUMI_BACKEND_URL, the project file or "pulumi login" say. A file:// backend
// needs its folder to exist. Every backend locks a stack while an operation on
// it runs; a second one fails with [ErrLocked].
//
// # Cost
//
// Each launch of the Pulumi command line takes some tenths of a second before
// it does anything. An operation on an existing stack is one launch; the first
// one on a new stack is three, each secret of Stack.Config adds one, and
// removing the stack after Destroy one.
package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// agent is what the history of a stack names as the program that changed it.
const agent = "underlay"

// never is the engine's flag for output without terminal colours.
const never = "never"

// Stack is one instance of a program: its name, its configuration and the
// program that says what it consists of.
type Stack struct {
	// Project is the name of the Pulumi project. With Options.WorkDir it may be
	// empty, and else has to be the name in the project file.
	Project string
	// Name is the stack: "dev", or "organization/project/dev" on Pulumi Cloud.
	Name string
	// Config is laid over the stack's configuration file, if there is one. A key
	// without a namespace is the project's. Secrets are encrypted before they
	// are written anywhere, and reach the engine by no command line.
	Config auto.ConfigMap
	// Program registers the stack's resources. It runs in this process, in
	// several operations at once if the caller does so. Refresh and Destroy
	// work from the state alone and do not run it.
	Program pulumi.RunFunc
}

// Options says how an operation runs. Its zero value uses the pulumi on PATH,
// the caller's own backend and login, and no files.
type Options struct {
	// Pulumi is the command line to run, usually from engine.Find, called once.
	// Nil looks for one at each operation, on PATH and among the builds in the
	// cache, which takes a launch more.
	Pulumi auto.PulumiCommand
	// WorkDir is the caller's project folder, which holds or is below a
	// Pulumi.yaml. Empty runs the operation without one.
	WorkDir string
	// ConfigFile is the stack's configuration file. Empty is the
	// Pulumi.<stack>.yaml of WorkDir, which need not exist. It is not written.
	ConfigFile string
	// Backend is the URL of the state's backend: file://, s3://, azblob://,
	// gs:// or https://. Empty is the caller's own.
	Backend string
	// SecretsProvider encrypts the secrets of a stack that is created:
	// "passphrase", "awskms://…", "azurekeyvault://…", "gcpkms://…",
	// "hashivault://…". Empty is what the configuration file says, else the
	// backend's default. A stack keeps the one it was created with.
	SecretsProvider string
	// Env is laid over this process's environment for the engine and the
	// providers: credentials, PULUMI_CONFIG_PASSPHRASE, PULUMI_HOME. The
	// program, which runs in this process, does not see it.
	Env map[string]string
	// Parallel is how many resources are worked on at once; 0 is the engine's
	// own default.
	Parallel int
	// Providers attaches to providers that already run: from the package
	// ("aws") to the port on this host that the provider serves. No other
	// provider is downloaded then.
	Providers map[string]int
	// OnEvent receives the operation's progress, one event at a time, and none
	// after the operation has returned. The engine waits for it, so it must
	// return soon. Nil drops the events.
	OnEvent func(Event)
	// Remove removes the stack from the backend once Destroy has destroyed its
	// resources. Its configuration file stays.
	Remove bool
}

// Preview reports what Up would do, and changes nothing in the cloud. A stack
// that does not exist is created, empty, because the engine has nothing to
// compare with else. Outputs that only Up can know are nil.
func Preview(ctx context.Context, s Stack, o Options) (Result, error) {
	return run(ctx, OpPreview, s, o, func(stack *auto.Stack, file string, ch chan<- events.EngineEvent) error {
		_, err := stack.Preview(ctx, optpreview.EventStreams(ch), optpreview.ConfigFile(file), optpreview.Parallel(o.Parallel),
			optpreview.Color(never), optpreview.UserAgent(agent), optpreview.SuppressProgress(), optpreview.SuppressOutputs())
		return err
	})
}

// Up creates, updates, replaces and deletes resources until the stack is what
// its program says; it creates the stack if there is none. If it fails or is
// interrupted, what was done is kept in the state, and the next Up goes on from
// there.
func Up(ctx context.Context, s Stack, o Options) (Result, error) {
	return run(ctx, OpUp, s, o, func(stack *auto.Stack, file string, ch chan<- events.EngineEvent) error {
		_, err := stack.Up(ctx, optup.EventStreams(ch), optup.ConfigFile(file), optup.Parallel(o.Parallel),
			optup.Color(never), optup.UserAgent(agent), optup.SuppressProgress(), optup.SuppressOutputs())
		return err
	})
}

// Refresh reads every resource of the stack from the cloud into the state: what
// changed there is an update, what vanished a delete. It does not run the
// program and changes nothing in the cloud. A stack that does not exist is
// [ErrStackNotFound].
func Refresh(ctx context.Context, s Stack, o Options) (Result, error) {
	return run(ctx, OpRefresh, s, o, func(stack *auto.Stack, file string, ch chan<- events.EngineEvent) error {
		_, err := stack.Refresh(ctx, optrefresh.EventStreams(ch), optrefresh.ConfigFile(file), optrefresh.Parallel(o.Parallel),
			optrefresh.Color(never), optrefresh.UserAgent(agent), optrefresh.SuppressProgress(), optrefresh.SuppressOutputs())
		return err
	})
}

// Destroy deletes every resource of the stack, and with Options.Remove the
// stack itself. It does not run the program. A stack that does not exist is
// [ErrStackNotFound].
func Destroy(ctx context.Context, s Stack, o Options) (Result, error) {
	return run(ctx, OpDestroy, s, o, func(stack *auto.Stack, file string, ch chan<- events.EngineEvent) error {
		_, err := stack.Destroy(ctx, optdestroy.EventStreams(ch), optdestroy.ConfigFile(file), optdestroy.Parallel(o.Parallel),
			optdestroy.Color(never), optdestroy.UserAgent(agent), optdestroy.SuppressProgress(), optdestroy.SuppressOutputs())
		return err
	})
}

// Outputs returns the outputs of a stack as it was deployed last, as in
// [Result]; empty once it is destroyed. It asks the backend alone: no program
// runs, and no cloud. A stack that does not exist is [ErrStackNotFound].
func Outputs(ctx context.Context, s Stack, o Options) (map[string]any, error) {
	outputs, err := readOutputs(ctx, s, o)
	if err != nil {
		return nil, &Error{Operation: OpOutputs, Stack: s.Name, Err: err}
	}
	return outputs, nil
}

func readOutputs(ctx context.Context, s Stack, o Options) (map[string]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := open(ctx, OpOutputs, s, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	text, err := w.run(ctx, w.cwd, nil, "stack", "output", "--json", "--stack", w.stack.Name(), "--color", never)
	if err != nil {
		return nil, err
	}
	outputs := map[string]any{}
	if err := json.Unmarshal([]byte(text), &outputs); err != nil {
		return nil, fmt.Errorf("reading the outputs: %w", err)
	}
	return outputs, nil
}

// operate runs one operation on a stack with the configuration in file, and has
// its events sent to ch.
type operate func(stack *auto.Stack, file string, ch chan<- events.EngineEvent) error

// run does what the four operations have in common.
func run(ctx context.Context, op Operation, s Stack, o Options, do operate) (Result, error) {
	begin := time.Now()
	result := Result{Operation: op, Stack: s.Name, Outputs: map[string]any{}}
	fail := func(err error) (Result, error) {
		result.Duration = time.Since(begin)
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Err: err}
		}
		e.Operation, e.Stack = op, s.Name
		return result, e
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	w, err := open(ctx, op, s, o)
	if err != nil {
		return fail(err)
	}
	defer w.close()

	err = w.configure(ctx)
	if err == nil {
		result, err = w.operate(ctx, result, o.OnEvent, do)
	}
	if errors.Is(err, ErrStackNotFound) && (op == OpPreview || op == OpUp) {
		if err = w.create(ctx); err == nil {
			err = w.configure(ctx)
		}
		if err == nil {
			result, err = w.operate(ctx, result, o.OnEvent, do)
		}
	}
	if err == nil && op == OpDestroy && o.Remove {
		err = w.remove(ctx)
	}
	if err != nil {
		return fail(err)
	}
	result.Duration = time.Since(begin)
	return result, nil
}

// operate runs the operation once, with its events, and reads its result from
// them: the state of the stack is not asked again.
func (w *work) operate(ctx context.Context, result Result, onEvent func(Event), do operate) (Result, error) {
	w.program.reset()
	watch := newWatcher(onEvent)
	ch, finished, joined := make(chan events.EngineEvent), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(joined)
		for {
			select {
			case event, open := <-ch:
				if !open {
					return
				}
				watch.take(event)
			case <-finished:
				// An engine that failed before its first event closes nothing.
				// Whoever sends events has ended by now.
				return
			}
		}
	}()
	err := do(&w.stack, w.file, ch)
	close(finished)
	<-joined

	result.Changes, result.Outputs = watch.changes, watch.outputs
	if err == nil {
		return result, nil
	}
	return result, w.explain(ctx, err, watch)
}

// check refuses what cannot be run at all.
func check(op Operation, s Stack, o Options) error {
	switch {
	case s.Name == "":
		return errors.New("the stack has no name")
	case s.Project == "" && o.WorkDir == "":
		return errors.New("the stack has no project")
	case s.Program == nil && (op == OpPreview || op == OpUp):
		return errors.New("the stack has no program")
	}
	for name, port := range o.Providers {
		if port < 1 || port > 65535 {
			return fmt.Errorf("provider %s has port %d, which is none", name, port)
		}
	}
	return nil
}
