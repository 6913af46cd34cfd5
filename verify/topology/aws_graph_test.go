package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
)

// The shapes that a graph comes in.
const (
	recorded  = "recorded"
	exported  = "exported"
	previewed = "previewed"
)

var shapes = []string{recorded, exported, previewed}

// res is a resource of a graph made by hand: "ec2/vpc:Vpc" of pulumi-aws.
type res struct {
	kind, name string
	in         props
	// out are outputs that a provider reads back: real ones in an export, made
	// up in a recorded graph.
	out      props
	external bool
}

type props map[string]any

// ref is a reference to a resource: its id, or an output of it.
type ref struct{ name, output string }

func id(name string) ref          { return ref{name: name} }
func out(name, output string) ref { return ref{name, output} }

func urnOf(r res) string { return "urn:pulumi:test::underlay::aws:" + r.kind + "::" + r.name }

// shaped makes the graph in one shape.
func shaped(shape string, resources ...res) *graph.Graph {
	byName := map[string]res{}
	for _, r := range resources {
		byName[r.name] = r
	}
	g := &graph.Graph{Project: "underlay", Stack: "test"}
	for _, r := range resources {
		n := graph.Resource{
			URN: urnOf(r), Type: "aws:" + r.kind, Name: r.name, Custom: true, External: r.external,
			Inputs: resource.PropertyMap{}, Outputs: resource.PropertyMap{}, PropertyDependencies: map[string][]string{},
		}
		s := shaper{shape: shape, byName: byName}
		for key, value := range r.in {
			s.urns = nil
			n.Inputs[resource.PropertyKey(key)] = s.value(value)
			n.PropertyDependencies[key] = s.urns
			n.Dependencies = append(n.Dependencies, s.urns...)
		}
		slices.Sort(n.Dependencies)
		switch shape {
		case recorded:
			n.ID = n.URN
		case exported:
			n.ID = "id-" + r.name
		}
		if shape != previewed {
			n.Outputs = n.Inputs.Copy()
			for key, value := range r.out {
				n.Outputs[resource.PropertyKey(key)] = s.value(value)
			}
			for _, other := range resources {
				named(other.in, r.name, n.Outputs)
			}
		}
		g.Resources = append(g.Resources, n)
	}
	return g
}

// named adds to the outputs those that a property refers to.
func named(value any, name string, outputs resource.PropertyMap) {
	switch v := value.(type) {
	case ref:
		if v.name == name && v.output != "" && !strings.Contains(v.output, ".") {
			outputs[resource.PropertyKey(v.output)] = resource.NewProperty(outputOf(v))
		}
	case props:
		for _, element := range v {
			named(element, name, outputs)
		}
	case []any:
		for _, element := range v {
			named(element, name, outputs)
		}
	}
}

func outputOf(r ref) string { return "output-" + r.name + "-" + r.output }

type shaper struct {
	shape  string
	byName map[string]res
	urns   []string
}

func (s *shaper) value(value any) resource.PropertyValue {
	switch v := value.(type) {
	case ref:
		to, ok := s.byName[v.name]
		if !ok {
			panic("no resource " + v.name)
		}
		if urn := urnOf(to); !slices.Contains(s.urns, urn) {
			s.urns = append(s.urns, urn)
			slices.Sort(s.urns)
		}
		switch {
		case s.shape == previewed:
			return resource.MakeComputed(resource.NewProperty(""))
		case v.output != "":
			return resource.NewProperty(outputOf(v))
		case s.shape == exported:
			return resource.NewProperty("id-" + v.name)
		}
		return resource.NewProperty(urnOf(to))
	case props:
		m := resource.PropertyMap{}
		for key, element := range v {
			m[resource.PropertyKey(key)] = s.value(element)
		}
		return resource.NewProperty(m)
	case []any:
		var list []resource.PropertyValue
		for _, element := range v {
			list = append(list, s.value(element))
		}
		return resource.NewProperty(list)
	case secret:
		return resource.MakeSecret(s.value(v.value))
	case resource.PropertyValue:
		return v
	}
	return resource.NewPropertyValue(value)
}

type secret struct{ value any }

func list(elements ...any) []any { return elements }

// eachShape builds the model of the resources in every shape.
func eachShape(t *testing.T, resources []res, check func(t *testing.T, m *Model)) {
	t.Helper()
	for _, shape := range shapes {
		t.Run(shape, func(t *testing.T) { check(t, built(t, shape, resources...)) })
	}
}

func built(t testing.TB, shape string, resources ...res) *Model {
	t.Helper()
	m, err := Build(shaped(shape, resources...))
	require.NoError(t, err)
	return m
}

// known returns the value of a fact that must be known.
func known[T any](t testing.TB, v Val[T]) T {
	t.Helper()
	value, ok := v.Get()
	require.True(t, ok, "unknown, because of %v", v.Ref())
	return value
}

// subnetOf, tableOf and so on find the one element of a resource.
func (m *Model) subnetOf(t testing.TB, name string) *Subnet {
	t.Helper()
	return one(t, m.Subnets, name, func(e *Subnet) Ref { return e.Ref })
}

func (m *Model) tableOf(t testing.TB, name string) *RouteTable {
	t.Helper()
	return one(t, m.Tables, name, func(e *RouteTable) Ref { return e.Ref })
}

func (m *Model) filterOf(t testing.TB, name string) *Filter {
	t.Helper()
	return one(t, m.Filters, name, func(e *Filter) Ref { return e.Ref })
}

func (m *Model) gatewayOf(t testing.TB, name string) *Gateway {
	t.Helper()
	return one(t, m.Gateways, name, func(e *Gateway) Ref { return e.Ref })
}

func (m *Model) networkOf(t testing.TB, name string) *Network {
	t.Helper()
	return one(t, m.Networks, name, func(e *Network) Ref { return e.Ref })
}

func one[T any](t testing.TB, elements []*T, name string, ref func(*T) Ref) *T {
	t.Helper()
	var found []*T
	for _, e := range elements {
		urn, property := ref(e).URN, ref(e).Property
		if label := urn[strings.LastIndex(urn, "::")+2:]; label == name || property != "" && label+"#"+property == name {
			found = append(found, e)
		}
	}
	require.Len(t, found, 1, "elements of %s", name)
	return found[0]
}

// routesOf writes routes as "10.0.0.0/16 → local (vpc cidrBlock)".
func routesOf(m *Model, table *RouteTable) []string {
	var lines []string
	for _, r := range table.Routes {
		lines = append(lines, fmt.Sprintf("%s → %s (%s)", prefixesText(m, r.To), viaText(r.Via), refText(r.Ref)))
	}
	return lines
}

func viaText(v Val[*Gateway]) string {
	options, complete := v.Options()
	var names []string
	for _, g := range options {
		names = append(names, strings.TrimSpace(string(g.Kind)+" "+g.Name))
	}
	if !complete {
		names = append(names, "?")
	}
	return strings.Join(names, " or ")
}

func prefixesText(m *Model, v Val[[]netip.Prefix]) string {
	prefixes, ok := v.Get()
	if !ok {
		return "?"
	}
	var names []string
	for _, p := range prefixes {
		if name, ok := m.AtomName(p.Addr()); ok {
			names = append(names, name)
			continue
		}
		names = append(names, p.String())
	}
	return strings.Join(names, "+")
}

func refText(r Ref) string {
	return strings.TrimSpace(r.URN[strings.LastIndex(r.URN, "::")+2:] + " " + r.Property)
}

// rulesOf writes the rules of one direction as "100 allow 6 10.0.0.0/8 443-443 (acl ingress[0])".
func rulesOf(m *Model, filter *Filter, in bool) []string {
	rules := filter.Out
	if in {
		rules = filter.In
	}
	var lines []string
	for _, r := range rules {
		end := r.Destination
		if in {
			end = r.Source
		}
		allow := map[bool]string{true: "allow", false: "deny"}[r.Allow.Or(false)]
		if !r.Allow.IsKnown() {
			allow = "perhaps"
		}
		line := fmt.Sprintf("%d %s %s %s %s (%s)", r.Number, allow, protocolsText(r.Protocols), matchText(m, end), portsText(r.DestinationPorts), refText(r.Ref))
		lines = append(lines, line)
	}
	return lines
}

func protocolsText(v Val[[]uint8]) string {
	protocols, ok := v.Get()
	switch {
	case !ok:
		return "?"
	case len(protocols) == 0:
		return "all"
	}
	return strings.Trim(fmt.Sprint(protocols), "[]")
}

func portsText(v Val[[]Ports]) string {
	ports, ok := v.Get()
	switch {
	case !ok:
		return "?"
	case len(ports) == 0:
		return "all"
	}
	var texts []string
	for _, p := range ports {
		texts = append(texts, fmt.Sprintf("%d-%d", p.First, p.Last))
	}
	return strings.Join(texts, ",")
}

func matchText(m *Model, v Val[Match]) string {
	match, ok := v.Get()
	if !ok {
		return "?"
	}
	var parts []string
	if match.Anyone {
		parts = append(parts, "anyone")
	}
	if len(match.Prefixes) > 0 {
		parts = append(parts, prefixesText(m, Known(match.Prefixes, Ref{})))
	}
	for _, member := range match.Members {
		parts = append(parts, "members of "+member.Name)
	}
	return strings.Join(parts, "+")
}
