package graph

import (
	"errors"
	"fmt"
)

// What Load cannot read. Each is one sentence that says what to do; test for
// them with errors.Is. VersionError, OmittedError and StepError carry more.
var (
	// ErrEmpty is an input with nothing in it but space.
	ErrEmpty = errors.New("the input is empty: write it with `pulumi stack export` or `pulumi preview --json --show-sames`")
	// ErrNotPulumi is an input that is neither of the two formats.
	ErrNotPulumi = errors.New("the input is not what `pulumi stack export` or `pulumi preview --json` writes")
	// ErrTruncated is JSON that ends too early.
	ErrTruncated = errors.New("the input ends in the middle: the command that wrote it was interrupted, run it again")
	// ErrTooLarge is an input of more than MaxSize bytes.
	ErrTooLarge = fmt.Errorf("the input is larger than %d MiB, the most that is read", MaxSize>>20)
	// ErrMalformed is the right format with something wrong in it; the error
	// around it says what and where.
	ErrMalformed = errors.New("the input is damaged")
	// ErrNoResources is a stack that has never been deployed, or was
	// destroyed, and a preview in which nothing is left.
	ErrNoResources = errors.New("the input holds no resources: deploy the stack first, or read a preview of it")
	// ErrPreviewFailed is a preview that ended with an error: what it lists is
	// not the whole stack. The error around it quotes Pulumi's message.
	ErrPreviewFailed = errors.New("the preview failed, so it lists only a part of the stack: mend the program and run it again")
)

// VersionError is a deployment in a version of the format that Load does not
// know. It reads 3 and 4.
type VersionError struct {
	// Version is the one in the input; 0 when it has none.
	Version int
	// Features are those of a version 4 deployment that Load does not know;
	// empty when the version itself is the trouble.
	Features []string
}

func (e *VersionError) Error() string {
	if len(e.Features) > 0 {
		return fmt.Sprintf("the deployment uses features that this program does not know: %q", e.Features)
	}
	return fmt.Sprintf("the deployment is version %d of Pulumi's format; versions 3 and 4 can be read", e.Version)
}

// OmittedError is a preview that leaves out resources because nothing changes
// about them. Nothing can be proven from a part of a stack.
type OmittedError struct {
	// Same is how many resources stay as they are, Shown how many of them the
	// preview lists.
	Same, Shown int
}

func (e *OmittedError) Error() string {
	return fmt.Sprintf("the preview leaves out %d of %d unchanged resources: run `pulumi preview --json --show-sames`",
		e.Same-e.Shown, e.Same)
}

// StepError is a step of a preview that does not say what the resource will be.
// Pulumi drops the state of a resource that it cannot write as JSON.
type StepError struct {
	URN string
	Op  string // "create", "update", …
}

func (e *StepError) Error() string {
	return fmt.Sprintf("the preview's %q step for %s has no newState, so the resource is not known", e.Op, e.URN)
}
