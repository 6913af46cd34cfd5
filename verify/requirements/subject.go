package requirements

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// subject is an environment that requirements are checked on.
type subject struct {
	deployment string
	graph      *graph.Graph
	siblings   []*graph.Graph
	model      *topology.Model
	engine     *reach.Engine
	catalog    *catalog.Catalog
	resources  map[string]*graph.Resource
	tiers      map[*topology.Subnet]tier
	planes     map[*topology.Network]plane
}

func newSubject(in Input) (*subject, error) {
	if in.Graph == nil {
		return nil, errors.New("verify: there is no graph")
	}
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	model, err := topology.Build(in.Graph)
	if err != nil {
		return nil, err
	}
	s := &subject{
		deployment: in.Model, graph: in.Graph, siblings: in.Siblings,
		catalog: facts,
		model:   model, engine: reach.New(model), resources: map[string]*graph.Resource{},
	}
	for i := range in.Graph.Resources {
		r := &in.Graph.Resources[i]
		s.resources[r.URN] = r
	}
	s.recognize()
	return s, nil
}

// property returns an input or, where there is none, an output of a resource,
// opened. known is false when the value is not there yet.
func property(r *graph.Resource, key string) (value resource.PropertyValue, known bool) {
	v, ok := r.Inputs[resource.PropertyKey(key)]
	if !ok {
		v = r.Outputs[resource.PropertyKey(key)]
	}
	return opened(v)
}

// opened takes a value out of secrets and outputs.
func opened(v resource.PropertyValue) (value resource.PropertyValue, known bool) {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsComputed():
			return resource.NewNullProperty(), false
		case v.IsOutput():
			if !v.OutputValue().Known {
				return resource.NewNullProperty(), false
			}
			v = v.OutputValue().Element
		default:
			return v, true
		}
	}
}

// text returns a string property; "" when it is none.
func text(r *graph.Resource, key string) string {
	if v, known := property(r, key); known && v.IsString() {
		return v.StringValue()
	}
	return ""
}

// object returns the members of an object property.
func object(r *graph.Resource, key string) resource.PropertyMap {
	if v, known := property(r, key); known && v.IsObject() {
		return v.ObjectValue()
	}
	return nil
}

// ofType returns the resources of a type, whatever version of a provider's API
// its token names: "azure-native:network:VirtualNetwork" finds
// "azure-native:network/v20240501:VirtualNetwork".
func (s *subject) ofType(token string) []*graph.Resource {
	var found []*graph.Resource
	for i := range s.graph.Resources {
		r := &s.graph.Resources[i]
		if r.Type == token || unversioned(r.Type) == token {
			found = append(found, r)
		}
	}
	return found
}

func unversioned(token string) string {
	module, version, ok := strings.Cut(token, "/v")
	if !ok || !strings.HasPrefix(token, "azure-native:") {
		return token
	}
	_, name, _ := strings.Cut(version, ":")
	return module + ":" + name
}

// component returns the nearest component of ours that the resource belongs to,
// "underlay:dataplane:AwsDataPlaneNetwork"; nil when there is none.
func (s *subject) component(urn string) *graph.Resource {
	for range 32 {
		r, ok := s.resources[urn]
		if !ok {
			return nil
		}
		if !r.Custom && strings.HasPrefix(r.Type, "underlay:") {
			return r
		}
		urn = r.Parent
	}
	return nil
}

// within reports whether the resource belongs to a component of a type, by its
// name alone, however deep.
func (s *subject) within(urn, name string) bool {
	for range 32 {
		r, ok := s.resources[urn]
		if !ok {
			return false
		}
		if !r.Custom && strings.HasPrefix(r.Type, "underlay:") && strings.HasSuffix(r.Type, ":"+name) {
			return true
		}
		urn = r.Parent
	}
	return false
}

// components returns those of a type, by its name alone.
func (s *subject) components(name string) []*graph.Resource {
	var found []*graph.Resource
	for i := range s.graph.Resources {
		r := &s.graph.Resources[i]
		if !r.Custom && strings.HasPrefix(r.Type, "underlay:") && strings.HasSuffix(r.Type, ":"+name) {
			found = append(found, r)
		}
	}
	return found
}

// prefixes are the known address ranges of a list.
func prefixes(values []topology.Val[netip.Prefix]) []netip.Prefix {
	var all []netip.Prefix
	for _, v := range values {
		if p, ok := v.Get(); ok {
			all = append(all, p)
		}
	}
	return all
}

// ipv4 returns the subnet's IPv4 range.
func ipv4(subnet *topology.Subnet) topology.Val[netip.Prefix] {
	for _, v := range subnet.Prefixes {
		if p, ok := v.Get(); !ok || p.Addr().Is4() {
			return v
		}
	}
	return topology.Unknown[netip.Prefix](subnet.Ref)
}

// in returns the networks of a plane.
func (s *subject) in(p plane) []*topology.Network {
	var found []*topology.Network
	for _, network := range s.model.Networks {
		if s.planes[network] == p {
			found = append(found, network)
		}
	}
	return found
}

// subnets returns those of a network that belong to one of the tiers.
func (s *subject) subnets(network *topology.Network, tiers ...tier) []*topology.Subnet {
	var found []*topology.Subnet
	for _, subnet := range s.model.Subnets {
		if subnet.Network == network && (len(tiers) == 0 || slices.Contains(tiers, s.tiers[subnet])) {
			found = append(found, subnet)
		}
	}
	return found
}

// gateways returns those of a kind that are attached to the network or stand in
// it.
func (s *subject) gateways(network *topology.Network, kinds ...topology.GatewayKind) []*topology.Gateway {
	var found []*topology.Gateway
	for _, gw := range s.model.Gateways {
		if !slices.Contains(kinds, gw.Kind) {
			continue
		}
		in := gw.Network
		if subnet, ok := gw.Subnet.Get(); ok && subnet != nil {
			in = subnet.Network
		}
		if in == network {
			found = append(found, gw)
		}
	}
	return found
}

// refs are the resources of a list of elements.
func subnetRefs(subnets []*topology.Subnet) []topology.Ref {
	refs := make([]topology.Ref, len(subnets))
	for i, subnet := range subnets {
		refs[i] = subnet.Ref
	}
	return refs
}
