package graph

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// step is one of a preview (display.PreviewStep of the engine).
type step struct {
	Op       string `json:"op"`
	URN      string `json:"urn"`
	OldState *struct {
		ID      string         `json:"id"`
		Outputs map[string]any `json:"outputs"`
	} `json:"oldState"`
	NewState *state `json:"newState"`
}

// planned is what the steps of one URN come to.
type planned struct {
	urn, op  string
	resource *Resource // nil when the step does not say
}

// weight says which of the steps of one URN tells what the resource will be:
// the heaviest. A refresh is what it is now, a deletion takes away what was
// only refreshed, and everything else is what the program wants. Operations
// that a later Pulumi has count as the lightest of those.
func weight(op string) int {
	switch op {
	case "refresh":
		return 1
	case "delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace":
		return deletion
	case "create", "update", "read", "import":
		return 4
	case "replace", "create-replacement", "import-replacement", "read-replacement":
		return replacement
	}
	return 3 // "same"
}

const (
	deletion    = 2
	replacement = 5
)

// step reads one step of a preview and merges it with the others of its URN.
func (l *loader) step() error {
	var s step
	if err := l.json.Decode(&s); err != nil {
		return err
	}
	i, seen := l.byURN[s.URN]
	if seen && weight(s.Op) < weight(l.steps[i].op) {
		return nil
	}
	p := planned{urn: s.URN, op: s.Op}
	if s.NewState != nil && weight(s.Op) != deletion {
		s.NewState.URN = s.URN
		r, err := s.resource()
		if err != nil {
			return err
		}
		p.resource = &r
	}
	if seen {
		l.steps[i] = p
		return nil
	}
	l.byURN[s.URN] = len(l.steps)
	l.steps = append(l.steps, p)
	return nil
}

// resource returns the resource as it will be after the step. Pulumi writes
// the new state before the step has run: without the ID, and without what the
// provider computes.
func (s *step) resource() (Resource, error) {
	d := decoder{blinds: true}
	r, err := s.NewState.resource(d)
	if err != nil || s.OldState == nil {
		return r, err
	}
	if r.ID == "" && weight(s.Op) != replacement {
		r.ID = s.OldState.ID
	}
	if s.NewState.Outputs != nil {
		return r, nil
	}
	if s.Op == "same" && r.Custom {
		r.Outputs, err = d.properties(s.OldState.Outputs)
		if err != nil {
			return r, fmt.Errorf("%w: %s: outputs: %w", ErrMalformed, s.URN, err)
		}
		return r, nil
	}
	// What the provider, or the component's own code, will say now is not in
	// the preview; that there will be such an output is.
	for key, old := range s.OldState.Outputs {
		if _, given := r.Inputs[resource.PropertyKey(key)]; given {
			continue
		}
		value := unknown()
		if old == blinded {
			value = resource.MakeSecret(value)
		}
		r.Outputs[resource.PropertyKey(key)] = value
	}
	return r, nil
}

// plan returns the resources that the preview leaves, or why they are not the
// whole stack.
func (l *loader) plan() ([]Resource, error) {
	if len(l.failures) > 0 {
		messages := strings.Fields(strings.Join(l.failures, " ")) // on one line
		return nil, fmt.Errorf("%w: %s", ErrPreviewFailed, strings.Join(messages, " "))
	}
	unchanged := 0
	for _, p := range l.steps {
		if p.op == "same" || p.op == "refresh" {
			unchanged++
		}
	}
	if same := l.summary["same"]; same > unchanged {
		return nil, &OmittedError{Same: same, Shown: unchanged}
	}
	var resources []Resource
	for _, p := range l.steps {
		switch {
		case weight(p.op) == deletion:
		case p.resource == nil:
			return nil, &StepError{URN: p.urn, Op: p.op}
		default:
			resources = append(resources, *p.resource)
		}
	}
	return resources, nil
}
