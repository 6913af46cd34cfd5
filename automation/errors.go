package automation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What an operation can fail of, beside the cloud and the program; errors.Is
// finds it in an [*Error].
var (
	// ErrStackNotFound says that the backend has no such stack.
	ErrStackNotFound = errors.New("the stack does not exist")
	// ErrLocked says that another operation on the stack is running, or died
	// without unlocking it ("pulumi cancel" unlocks it then).
	ErrLocked = errors.New("another operation on the stack is running")
	// ErrPassphrase says that the stack's secrets need a passphrase that is
	// missing or wrong; PULUMI_CONFIG_PASSPHRASE gives it.
	ErrPassphrase = errors.New("the passphrase of the stack's secrets is missing or wrong; set PULUMI_CONFIG_PASSPHRASE")
	// ErrLogin says that the backend wants a login: Options.Backend,
	// "pulumi login" or PULUMI_ACCESS_TOKEN gives it.
	ErrLogin = errors.New("there is no login to a Pulumi backend")
)

// Failure is a resource that could not be made what the program says.
type Failure struct {
	// URN, Type and Name are the resource's.
	URN, Type, Name string
	// Message is what the provider said, whole.
	Message string
}

// String returns "TYPE NAME: MESSAGE".
func (f Failure) String() string {
	return fmt.Sprintf("%s %s: %s", f.Type, f.Name, strings.ReplaceAll(f.Message, "\n", "\n    "))
}

// Error is why an operation failed. Every error of [Preview], [Up], [Refresh],
// [Destroy] and [Outputs] is one.
type Error struct {
	// Operation and Stack are what failed.
	Operation Operation
	Stack     string
	// Failures are the resources that failed, in the order they did.
	Failures []Failure
	// Err is the cause other than the cloud: the error that the program
	// returned, the context's error, one of this package's errors with details,
	// or what else the engine said. Nil when Failures say it all.
	Err error
}

// Error returns "OPERATION STACK: CAUSE" and a line for each failed resource.
func (e *Error) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%s %s", e.Operation, e.Stack)) + ": "
	if e.Err != nil {
		text += e.Err.Error()
	}
	if len(e.Failures) > 0 {
		if e.Err != nil {
			text += "\n"
		}
		text += count(len(e.Failures), "resource") + " failed"
	}
	for _, failure := range e.Failures {
		text += "\n  " + failure.String()
	}
	return text
}

// Unwrap returns the cause, so that errors.As finds what the program returned
// and errors.Is the context's error.
func (e *Error) Unwrap() error { return e.Err }

// count returns "1 resource" or "2 resources".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// explain finds out why the operation failed with err.
func (w *work) explain(ctx context.Context, err error, watch *watcher) error {
	e := &Error{Failures: watch.failures}
	switch {
	case ctx.Err() != nil:
		e.Err = fmt.Errorf("interrupted: %w", ctx.Err())
	case w.program.failure() != nil:
		e.Err = w.program.failure()
	case len(watch.general) > 0:
		e.Err = recognise(strings.Join(watch.general, "\n"))
	case len(watch.failures) > 0:
	default:
		e.Err = w.command.failure(err)
	}
	return e
}

// recognised has the engine's words for what the caller can act on.
var recognised = []struct {
	words *regexp.Regexp
	err   error
}{
	{regexp.MustCompile(`no stack named '.*' found`), ErrStackNotFound},
	{regexp.MustCompile(`the stack is currently locked by|Another update is currently in progress`), ErrLocked},
	{regexp.MustCompile(`passphrase must be set with|incorrect passphrase`), ErrPassphrase},
	{regexp.MustCompile(`must be set for login|not logged in|[Ii]nvalid access token`), ErrLogin},
}

// recognise returns what the engine said as an error, with the one of this
// package that it means, if any, before it.
func recognise(message string) error {
	for _, r := range recognised {
		if r.words.MatchString(message) {
			return fmt.Errorf("%w (%s)", r.err, message)
		}
	}
	return errors.New(message)
}
