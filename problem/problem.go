// Package problem holds what is wrong with an input, so that every problem of
// one configuration is reported at once, each with its path, the value, the
// rule it breaks and the way out.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one thing wrong with an input.
type Problem struct {
	// Path names the input: "zones[1]", or "underlay:spec.dataPlane.zones[1]"
	// once a caller has placed it with Under.
	Path string `json:"path"`
	// Value is the input as written; empty when it is absent.
	Value string `json:"value"`
	// Rule says what is wrong with the value: "has host bits set".
	Rule string `json:"rule"`
	// Fix is the way out: "the network is 10.21.0.0/16". Empty when the rule
	// itself says it.
	Fix string `json:"fix,omitempty"`
}

// New returns a problem that has no path yet; List.Add gives it one.
func New(value, rule, fix string) *Problem {
	return &Problem{Value: value, Rule: rule, Fix: fix}
}

// Error returns "path: value: rule; fix", without the parts that are empty.
func (p *Problem) Error() string {
	var parts []string
	for _, part := range []string{p.Path, p.Value, p.Sentence()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Sentence returns "rule; fix", or the rule alone when there is no fix.
func (p *Problem) Sentence() string {
	if p.Fix == "" {
		return p.Rule
	}
	return p.Rule + "; " + p.Fix
}

// List is every problem of one input. Its zero value is an empty list.
type List []*Problem

// Add appends err at path; a nil err adds nothing. A *Problem or List inside
// err keeps its value, rule and fix and has path put before its own; any other
// error becomes the rule.
func (l *List) Add(path string, err error) {
	if err == nil {
		return
	}
	var list List
	var one *Problem
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = List{one}
	default:
		list = List{{Rule: err.Error()}}
	}
	*l = append(*l, list.Under(path)...)
}

// Addf appends a problem of value at path; format and args make its rule.
func (l *List) Addf(path, value, fix, format string, args ...any) {
	*l = append(*l, &Problem{Path: path, Value: value, Rule: fmt.Sprintf(format, args...), Fix: fix})
}

// Under returns the list with prefix put before every path: "a" and "b" give
// "a.b", "a" and "[1]" give "a[1]".
func (l List) Under(prefix string) List {
	placed := make(List, len(l))
	for i, p := range l {
		q := *p
		switch {
		case q.Path == "":
			q.Path = prefix
		case prefix == "" || strings.HasPrefix(q.Path, "["):
			q.Path = prefix + q.Path
		default:
			q.Path = prefix + "." + q.Path
		}
		placed[i] = &q
	}
	return placed
}

// Err returns the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error returns one line a problem.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each problem reachable by errors.As.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, p := range l {
		errs[i] = p
	}
	return errs
}
