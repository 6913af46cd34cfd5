package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/underlay-iac/underlay/graph"
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

// siblings are the other environments of an environment's project.
func (e *environment) siblings() []stacks.Sibling {
	return without(environmentsBeside(e.root), e.stack)
}

// graphsLike are the graphs of the siblings that have a model. One that cannot be
// recorded is left out: it has errors of its own.
func graphsLike(ctx context.Context, model string, siblings []stacks.Sibling) []*graph.Graph {
	var found []*graph.Graph
	for _, s := range siblings {
		if s.Spec.Model() != model {
			continue
		}
		if g, err := graph.Record(ctx, stacks.Project, s.Name, nil, s.WithStandIns().Program()); err == nil {
			found = append(found, g)
		}
	}
	return found
}

// warnings are what an environment has that may not be meant, a sentence each, and
// the blocks among it that siblings have too.
func warnings(env *stacks.Environment, siblings []stacks.Sibling) ([]string, []stacks.Overlap, error) {
	texts, err := env.Warnings()
	if err != nil {
		return nil, nil, err
	}
	overlaps, err := env.Overlaps(siblings)
	for _, o := range overlaps {
		texts = append(texts, o.String())
	}
	return texts, overlaps, err
}
