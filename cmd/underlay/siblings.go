package main

import (
	"path/filepath"
	"slices"

	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
)

// environmentsBeside are the environments of a project. One whose configuration
// is wrong is left out: it has errors of its own.
func environmentsBeside(root string) []stacks.Sibling {
	var found []stacks.Sibling
	for _, name := range stackNames(root) {
		if env, err := stacks.Load(filepath.Join(root, "Pulumi."+name+".yaml")); err == nil {
			found = append(found, stacks.Sibling{Name: name, Environment: env})
		}
	}
	return found
}

// without leaves out the environments of those names.
func without(all []stacks.Sibling, names ...string) []stacks.Sibling {
	return slices.DeleteFunc(slices.Clone(all), func(s stacks.Sibling) bool { return slices.Contains(names, s.Name) })
}

// overlapping puts the blocks that siblings have too on a page: a warning each,
// and in the address maps.
func overlapping(page *report.Page, env *stacks.Environment, siblings []stacks.Sibling) error {
	overlaps, err := env.Overlaps(siblings)
	for _, o := range overlaps {
		page.Warnings = append(page.Warnings, o.String())
		page.Others = append(page.Others, report.Other{Prefix: o.With, Of: o.Of})
	}
	return err
}
