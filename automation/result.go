package automation

import (
	"encoding/json"
	"math"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Operation is what is done to a stack.
type Operation string

// The operations.
const (
	OpPreview Operation = "preview"
	OpUp      Operation = "up"
	OpRefresh Operation = "refresh"
	OpDestroy Operation = "destroy"
	OpOutputs Operation = "outputs"
)

// Changes counts the resources of a stack by what happened to them, or would.
// The stack itself is one of them, as in Pulumi's own summaries; providers are
// not.
type Changes struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Same    int `json:"same"`
}

// Any reports whether anything changed.
func (c Changes) Any() bool {
	return c.Create+c.Update+c.Replace+c.Delete > 0
}

// changes sums up the engine's own counts. Resources that are only read, and
// the single steps of a replacement, are no changes.
func changes(counts map[apitype.OpType]int) Changes {
	return Changes{
		Create:  counts[apitype.OpCreate] + counts[apitype.OpImport],
		Update:  counts[apitype.OpUpdate],
		Replace: counts[apitype.OpReplace] + counts[apitype.OpImportReplacement],
		Delete:  counts[apitype.OpDelete],
		Same:    counts[apitype.OpSame] + counts[apitype.OpRefresh],
	}
}

// Result is what an operation did. After an error it holds what was done until
// then, as far as the engine could say.
type Result struct {
	Operation Operation
	// Stack is the stack's name as the caller gave it.
	Stack   string
	Changes Changes
	// Outputs are the stack's outputs after the operation; never nil. A secret
	// is "[secret]", also inside other values, and an output that is not known
	// before Up is nil.
	Outputs map[string]any
	// Duration is the time the whole operation took.
	Duration time.Duration
}

// MarshalJSON writes {"operation", "stack", "changes", "outputs", "seconds"}.
func (r Result) MarshalJSON() ([]byte, error) {
	outputs := r.Outputs
	if outputs == nil {
		outputs = map[string]any{}
	}
	return json.Marshal(struct {
		Operation Operation      `json:"operation"`
		Stack     string         `json:"stack"`
		Changes   Changes        `json:"changes"`
		Outputs   map[string]any `json:"outputs"`
		Seconds   float64        `json:"seconds"`
	}{r.Operation, r.Stack, r.Changes, outputs, math.Round(r.Duration.Seconds()*1000) / 1000})
}
