package tests

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/topology"
)

// outsideElements are the properties that name what lies in no graph of the
// repository: the security group of an EKS cluster that eksctl makes, the
// customer's hub and the firewall in it.
var outsideElements = map[string][]string{
	"azure-staging":    {"endpoints-privatelink.azurecr.io-hub virtualNetwork.id", "net-egress-default nextHopIpAddress"},
	"aoscloud-cluster": {"aos-endpoints-autoscaling securityGroupIds[1]"},
}

// The network model understands every environment of the repository: nothing
// is unsupported, and nothing is incomplete but what lies in no graph.
func TestTopologyOfEveryEnvironment(t *testing.T) {
	for stack, file := range environments(t) {
		t.Run(stack, func(t *testing.T) {
			g := record(t, stack, file)
			m := build(t, g)
			assert.Empty(t, m.Unsupported)
			assert.NotEmpty(t, m.Networks)
			assert.Len(t, m.Subnets, len(g.ByType("aws:ec2/subnet:Subnet"))+len(g.ByType("azure-native:network/v20240501:Subnet")))
			assert.Equal(t, outsideElements[stack], incompleteOf(m))
			assert.True(t, reflect.DeepEqual(m, build(t, g)), "the same graph gives the same model")
		})
	}
}

// An export, and a preview in which no id is known yet, describe the same
// network as the recorded graph.
func TestTopologyOfEveryShape(t *testing.T) {
	for stack, file := range environments(t) {
		t.Run(stack, func(t *testing.T) {
			g := record(t, stack, file)
			want := facts(build(t, g))
			require.NotEmpty(t, want)

			var export bytes.Buffer
			require.NoError(t, g.Export(&export))
			loaded, err := graph.Load(&export)
			require.NoError(t, err)
			assert.ElementsMatch(t, want, facts(build(t, loaded)))
			if len(g.ByType("azure-native:containerservice:ManagedCluster")) > 0 {
				return // a preview ties the subnets of all pools of a cluster to one property
			}
			// In another order, where order means nothing. A preview does not
			// tell which endpoint of a firewall a route leads to.
			var open []string
			for _, fact := range facts(build(t, previewOf(g))) {
				if !slices.Contains(want, fact) {
					open = append(open, fact)
				}
			}
			assert.Len(t, facts(build(t, previewOf(g))), len(want))
			assert.Equal(t, routesToFirewalls(build(t, g)), open)
		})
	}
}

// routesToFirewalls are the facts of a preview about routes to one of several
// endpoints of a firewall.
func routesToFirewalls(m *topology.Model) []string {
	var lines []string
	for _, table := range m.Tables {
		for _, r := range table.Routes {
			if via, ok := r.Via.Get(); ok && via.Kind == topology.Firewall {
				lines = append(lines, fmt.Sprintf("route %s in %s: one of %d", short(r.Ref), short(table.Ref), endpointsOf(m, via)))
			}
		}
	}
	return lines
}

func endpointsOf(m *topology.Model, firewall *topology.Gateway) int {
	n := 0
	for _, gateway := range m.Gateways {
		if gateway.Ref.URN == firewall.Ref.URN {
			n++
		}
	}
	return n
}

func build(t *testing.T, g *graph.Graph) *topology.Model {
	t.Helper()
	m, err := topology.Build(g)
	require.NoError(t, err)
	return m
}

// previewOf returns the graph as a preview of a first deployment shows it: with
// neither ids nor outputs, and nothing where an input comes from one.
func previewOf(g *graph.Graph) *graph.Graph {
	computed := map[string]bool{}
	for _, r := range g.Resources {
		if !r.Custom {
			continue
		}
		computed[r.ID] = true
		for key, value := range r.Outputs {
			if _, given := r.Inputs[key]; given {
				continue
			}
			for _, text := range texts(value) {
				computed[text] = true
			}
		}
	}
	preview := &graph.Graph{Project: g.Project, Stack: g.Stack}
	for _, r := range g.Resources {
		inputs := resource.PropertyMap{}
		for key, value := range r.Inputs {
			if len(r.PropertyDependencies[string(key)]) > 0 {
				value = hide(value, computed)
			}
			inputs[key] = value
		}
		r.ID, r.Inputs, r.Outputs = "", inputs, resource.PropertyMap{}
		preview.Resources = append(preview.Resources, r)
	}
	return preview
}

func texts(v resource.PropertyValue) []string {
	var found []string
	switch {
	case v.IsString():
		found = append(found, v.StringValue())
	case v.IsArray():
		for _, element := range v.ArrayValue() {
			found = append(found, texts(element)...)
		}
	case v.IsObject():
		for _, element := range v.ObjectValue() {
			found = append(found, texts(element)...)
		}
	}
	return found
}

// hide replaces the strings that are not known before a deployment.
func hide(v resource.PropertyValue, computed map[string]bool) resource.PropertyValue {
	switch {
	case v.IsString() && computed[v.StringValue()]:
		return resource.MakeComputed(resource.NewProperty(""))
	case v.IsArray():
		list := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, element := range v.ArrayValue() {
			list[i] = hide(element, computed)
		}
		return resource.NewProperty(list)
	case v.IsObject():
		object := resource.PropertyMap{}
		for key, element := range v.ObjectValue() {
			object[key] = hide(element, computed)
		}
		return resource.NewProperty(object)
	}
	return v
}

// facts writes how the elements of a model hang together.
func facts(m *topology.Model) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, e := range m.Networks {
		add("network %s %s", short(e.Ref), prefixes(e.Prefixes))
	}
	for _, e := range m.Subnets {
		table, _ := e.Table.Get()
		filter, _ := e.Filter.Get()
		if table == nil || filter == nil {
			add("subnet %s without a table or filter that is known", short(e.Ref))
			continue
		}
		add("subnet %s in %s %s: %s, %s", short(e.Ref), short(e.Network.Ref), prefixes(e.Prefixes), short(table.Ref), short(filter.Ref))
	}
	for _, e := range m.Tables {
		for _, r := range e.Routes {
			to, _ := r.To.Get()
			via, ok := r.Via.Get()
			if !ok {
				options, _ := r.Via.Options()
				add("route %s in %s: one of %d", short(r.Ref), short(e.Ref), len(options))
				continue
			}
			add("route %s in %s: %v to %s %s", short(r.Ref), short(e.Ref), to, via.Kind, short(via.Ref))
		}
	}
	for _, e := range m.Filters {
		for direction, rules := range [][]topology.Rule{e.In, e.Out} {
			for _, r := range rules {
				source, sourceKnown := r.Source.Get()
				destination, destinationKnown := r.Destination.Get()
				ports, _ := r.DestinationPorts.Get()
				add("rule %s of %s %d: %s %t %s %t %v", short(r.Ref), short(e.Ref), direction,
					match(source), sourceKnown, match(destination), destinationKnown, ports)
			}
		}
	}
	for _, e := range m.Interfaces {
		subnet, ok := e.Subnet.Get()
		line := fmt.Sprintf("%s %s", e.Kind, short(e.Ref))
		if ok && subnet != nil {
			line += " in " + short(subnet.Ref)
		}
		for _, group := range e.Groups {
			if group == nil {
				line += " a group outside"
				continue
			}
			line += " " + short(group.Ref)
		}
		lines = append(lines, line)
	}
	for _, e := range m.Endpoints {
		line := "endpoint " + short(e.Ref)
		if e.Network != nil {
			line += " of " + short(e.Network.Ref)
		}
		if e.Of != nil {
			line += " to " + short(e.Of.Ref)
		}
		lines = append(lines, line)
	}
	for _, e := range m.Zones {
		for _, r := range e.Records {
			add("record %s: %d interfaces", r.Name, len(r.Interfaces))
		}
	}
	return lines
}

// short is a ref as "name property".
func short(ref topology.Ref) string {
	return strings.TrimSpace(ref.URN[strings.LastIndex(ref.URN, "::")+2:] + " " + ref.Property)
}

func prefixes(values []topology.Val[netip.Prefix]) string {
	var known []string
	for _, v := range values {
		prefix, _ := v.Get()
		known = append(known, prefix.String())
	}
	return strings.Join(known, "+")
}

func match(m topology.Match) string {
	line := fmt.Sprint(m.Anyone, m.Prefixes)
	for _, member := range m.Members {
		line += " " + short(member.Ref)
	}
	return line
}

// incompleteOf returns what makes elements incomplete, each once.
func incompleteOf(m *topology.Model) []string {
	var found []string
	add := func(refs []topology.Ref) {
		for _, ref := range refs {
			found = append(found, short(ref))
		}
	}
	for _, e := range m.Networks {
		add(e.Incomplete)
	}
	for _, e := range m.Subnets {
		add(e.Incomplete)
	}
	for _, e := range m.Tables {
		add(e.Incomplete)
	}
	for _, e := range m.Filters {
		add(e.Incomplete)
	}
	for _, e := range m.Gateways {
		add(e.Incomplete)
	}
	for _, e := range m.Interfaces {
		add(e.Incomplete)
	}
	return found
}
