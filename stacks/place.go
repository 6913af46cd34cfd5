package stacks

import (
	"errors"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// place puts a component's problems where the user wrote their values: under
// prefix, except for the fields in moved, which were filled in from elsewhere in
// the configuration. A field moved to "" is reported there already.
func place(err error, prefix string, moved map[string]string) problem.List {
	var all, placed problem.List
	if err != nil && !errors.As(err, &all) {
		all = problem.List{{Rule: err.Error()}}
	}
	for _, p := range all {
		field := p.Path
		if end := strings.IndexAny(field, ".["); end >= 0 {
			field = field[:end]
		}
		to, isMoved := moved[field]
		switch {
		case !isMoved:
			placed = append(placed, problem.List{p}.Under(prefix)...)
		case to != "":
			q := *p
			q.Path = to + strings.TrimPrefix(p.Path, field)
			placed = append(placed, &q)
		}
	}
	return placed
}
