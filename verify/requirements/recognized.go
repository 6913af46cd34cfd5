package requirements

import (
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Roles are what the subnets and networks of a graph are for, as the
// requirements take them.
type Roles struct{ subject *subject }

// NewRoles recognizes the roles in a graph and its topology. model is the
// deployment model; it may be empty.
func NewRoles(g *graph.Graph, model string, t *topology.Model) Roles {
	s := &subject{deployment: model, graph: g, model: t, resources: map[string]*graph.Resource{}}
	for i := range g.Resources {
		s.resources[g.Resources[i].URN] = &g.Resources[i]
	}
	s.recognize()
	return Roles{s}
}

// Tier is what a subnet is for: "nodes", "pods", "public", "endpoints"; empty
// when that cannot be told.
func (r Roles) Tier(subnet *topology.Subnet) string { return string(r.subject.tiers[subnet]) }

// Plane is whose network it is: "data plane", "control plane" or "hub"; empty
// when that cannot be told.
func (r Roles) Plane(network *topology.Network) string {
	return string(r.subject.planes[network])
}
