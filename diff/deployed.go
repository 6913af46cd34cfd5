package diff

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// forget takes away what is open in a plan alone because a deployment knows its
// outputs and a plan does not yet: where what decides is configured alike, nothing
// changes.
func (r *Report) forget(a, b Side, reasons map[string][]topology.Ref) {
	if planned(a.Graph) || !planned(b.Graph) {
		return
	}
	paths, verdicts := len(r.Paths), len(r.Requirements)
	r.Paths = slices.DeleteFunc(r.Paths, func(p PathChange) bool {
		return !p.Certain && p.Change != Decided && alike(a.Graph, b.Graph, p.Unknowns)
	})
	r.Requirements = slices.DeleteFunc(r.Requirements, func(c RequirementChange) bool {
		return c.After == requirements.Unknown && alike(a.Graph, b.Graph, reasons[c.ID])
	})
	if n := paths - len(r.Paths) + verdicts - len(r.Requirements); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("changes are left out that outputs decide which %s has and %s will have: what they come from is configured alike (%d)", a.Name, b.Name, n))
	}
}

// planned reports whether a graph was recorded or previewed: a deployed resource
// has an id of the cloud's.
func planned(g *graph.Graph) bool {
	return slices.ContainsFunc(g.Resources, func(r graph.Resource) bool { return r.Custom && (r.ID == "" || r.ID == r.URN) })
}

// alike reports whether the configuration at each of the places is known and the
// same in both graphs. What is no input is the cloud's to say in both.
func alike(a, b *graph.Graph, places []topology.Ref) bool {
	value := func(g *graph.Graph, ref topology.Ref) (v resource.PropertyValue, given, ok bool) {
		i := slices.IndexFunc(g.Resources, func(r graph.Resource) bool { return local(r.URN) == local(ref.URN) })
		path, err := resource.ParsePropertyPath(ref.Property)
		if i < 0 || err != nil {
			return v, false, false
		}
		v, given = path.Get(resource.NewProperty(g.Resources[i].Inputs))
		return v, given, true
	}
	return len(places) > 0 && !slices.ContainsFunc(places, func(ref topology.Ref) bool {
		x, givenX, okX := value(a, ref)
		y, givenY, okY := value(b, ref)
		return !okX || !okY || givenX != givenY || givenX && !x.DeepEquals(y)
	})
}
