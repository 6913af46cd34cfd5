package requirements_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// masked returns the graph with one property of one resource not known, and of a
// computed output what others have taken from it.
func masked(g *graph.Graph, i int, key resource.PropertyKey) *graph.Graph {
	clone := *g
	clone.Resources = slices.Clone(g.Resources)
	hide := func(properties resource.PropertyMap) resource.PropertyMap {
		if _, ok := properties[key]; !ok {
			return properties
		}
		properties = maps.Clone(properties)
		properties[key] = resource.MakeComputed(resource.NewProperty(""))
		return properties
	}
	r := &clone.Resources[i]
	_, given := r.Inputs[key]
	value := r.Outputs[key]
	r.Inputs, r.Outputs = hide(r.Inputs), hide(r.Outputs)
	if given {
		return &clone
	}
	taken := map[string]bool{}
	texts(value, taken)
	for j := range clone.Resources {
		other := &clone.Resources[j]
		if j != i {
			other.Inputs = without(resource.NewProperty(other.Inputs), taken).ObjectValue()
			other.Outputs = without(resource.NewProperty(other.Outputs), taken).ObjectValue()
		}
	}
	return &clone
}

// texts collects the strings of a value.
func texts(v resource.PropertyValue, found map[string]bool) {
	switch {
	case v.IsString() && len(v.StringValue()) > len("Interface"): // words of few letters name nothing
		found[v.StringValue()] = true
	case v.IsArray():
		for _, element := range v.ArrayValue() {
			texts(element, found)
		}
	case v.IsObject():
		for _, element := range v.ObjectValue() {
			texts(element, found)
		}
	}
}

// without returns a copy of the value with those strings not known.
func without(v resource.PropertyValue, taken map[string]bool) resource.PropertyValue {
	switch {
	case v.IsString() && taken[v.StringValue()]:
		return resource.MakeComputed(resource.NewProperty(""))
	case v.IsArray():
		list := []resource.PropertyValue{}
		for _, element := range v.ArrayValue() {
			list = append(list, without(element, taken))
		}
		return resource.NewProperty(list)
	case v.IsObject():
		object := resource.PropertyMap{}
		for key, element := range v.ObjectValue() {
			object[key] = without(element, taken)
		}
		return resource.NewProperty(object)
	}
	return v
}

// Whatever one property is hidden, of a sound environment or a broken one, a
// verdict stays or becomes unknown: it never turns into another one.
func TestMaskingOnlyEverMakesUnknown(t *testing.T) {
	type subject struct {
		name    string
		graph   *graph.Graph
		model   string
		results []requirements.Result
	}
	var subjects []subject
	addSubject := func(name string, g *graph.Graph, model string) {
		results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
		require.NoError(t, err)
		subjects = append(subjects, subject{name, g, model, results})
	}
	for _, stack := range []string{"dev", "staging", "dedicated-dev", "aoscloud-cluster", "aoscloud-staging", "central", "azure-managed", "azure-hub"} {
		g, model := load(t, stack)
		addSubject(stack, g, model)
	}
	for i, m := range awsMutations() {
		if i%9 == 0 {
			g, model := load(t, m.stack)
			m.edit(t, g)
			addSubject(m.stack+" "+m.name, g, model)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := subjects[rapid.IntRange(0, len(subjects)-1).Draw(t, "environment")]
		i := rapid.IntRange(0, len(s.graph.Resources)-1).Draw(t, "resource")
		r := s.graph.Resources[i]
		keys := slices.Concat(r.Inputs.StableKeys(), r.Outputs.StableKeys())
		if len(keys) == 0 {
			t.Skip("it has no property")
		}
		key := rapid.SampledFrom(keys).Draw(t, "property")
		results, err := requirements.Verify(requirements.Input{Graph: masked(s.graph, i, key), Model: s.model})
		require.NoError(t, err)
		for j, after := range results {
			if before := s.results[j]; after.Verdict != before.Verdict && after.Verdict != requirements.Unknown {
				t.Fatalf("%s without %s of %s %s: %s was %s (%s) and is %s (%s)", s.name, key, r.Type, r.Name,
					after.ID, before.Verdict, before.Reason, after.Verdict, after.Reason)
			}
		}
	})
}
