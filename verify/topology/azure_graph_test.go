package topology_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/topology"
)

// azureShape is where a graph comes from.
type azureShape string

const (
	recorded azureShape = "recorded"
	exported azureShape = "exported"
	preview  azureShape = "preview"
)

var azureShapes = []azureShape{recorded, exported, preview}

// azureThing is a resource of a program.
type azureThing struct {
	token, name string
	inputs      props
	// computed are outputs of an export that no input gives.
	computed props
}

type props map[string]any

// idOf refers to a resource, outOf to an output of it, pathOf to a part of it by
// an id that starts with the resource's.
type (
	idOf   string
	outOf  struct{ of, output string }
	pathOf struct{ of, path string }
)

const azureGroup = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"

func azureURN(token, name string) string {
	return "urn:pulumi:dev::underlay::" + token + "::" + name
}

// azureGraph is the graph of the program in that shape.
func azureGraph(t *testing.T, shape azureShape, things ...azureThing) *graph.Graph {
	t.Helper()
	byName := map[string]azureThing{}
	for _, thing := range things {
		require.Empty(t, byName[thing.name].token, "%q is there twice", thing.name)
		byName[thing.name] = thing
	}
	id := func(name string) string {
		thing, ok := byName[name]
		require.True(t, ok, "no resource %q", name)
		if shape == recorded {
			return azureURN(thing.token, name)
		}
		_, kind, _ := strings.Cut(strings.TrimPrefix(thing.token, "azure-native:"), ":")
		return fmt.Sprintf("%s/providers/Microsoft.Network/%ss/%s", azureGroup, kind, name)
	}
	g := &graph.Graph{Project: "underlay", Stack: "dev"}
	for _, thing := range things {
		r := graph.Resource{
			URN: azureURN(thing.token, thing.name), Type: thing.token, Name: thing.name, Custom: true,
			Inputs: resource.PropertyMap{}, Outputs: resource.PropertyMap{}, PropertyDependencies: map[string][]string{},
		}
		for _, key := range slices.Sorted(maps.Keys(thing.inputs)) {
			var urns []string
			var convert func(any) resource.PropertyValue
			refer := func(of string, value string) resource.PropertyValue {
				urns = append(urns, azureURN(byName[of].token, of))
				if shape == preview {
					return resource.MakeComputed(resource.NewProperty(""))
				}
				return resource.NewProperty(value)
			}
			convert = func(value any) resource.PropertyValue {
				switch v := value.(type) {
				case idOf:
					return refer(string(v), id(string(v)))
				case pathOf:
					return refer(v.of, id(v.of)+"/"+v.path)
				case outOf:
					switch made, ok := byName[v.of].computed[v.output]; {
					case v.output == "name":
						return refer(v.of, v.of)
					case ok:
						return refer(v.of, fmt.Sprint(made))
					}
					// The address of the first configuration.
					list := byName[v.of].computed["ipConfigurations"].([]any)
					return refer(v.of, fmt.Sprint(list[0].(props)[v.output]))
				case props:
					m := resource.PropertyMap{}
					for k, e := range v {
						m[resource.PropertyKey(k)] = convert(e)
					}
					return resource.NewProperty(m)
				case []any:
					list := make([]resource.PropertyValue, len(v))
					for i, e := range v {
						list[i] = convert(e)
					}
					return resource.NewProperty(list)
				}
				return resource.NewPropertyValue(value)
			}
			r.Inputs[resource.PropertyKey(key)] = convert(thing.inputs[key])
			if len(urns) > 0 {
				slices.Sort(urns)
				r.PropertyDependencies[key] = slices.Compact(urns)
				r.Dependencies = append(r.Dependencies, r.PropertyDependencies[key]...)
			}
		}
		slices.Sort(r.Dependencies)
		r.Dependencies = slices.Compact(r.Dependencies)
		if shape != preview {
			r.ID = id(thing.name)
			r.Outputs = maps.Clone(r.Inputs)
			r.Outputs["name"] = resource.NewProperty(thing.name)
			for key, value := range thing.computed {
				r.Outputs[resource.PropertyKey(key)] = merged(r.Inputs[resource.PropertyKey(key)], value)
			}
		}
		if key := azureNameInput(thing.token); key != "" && shape == preview {
			r.Inputs[resource.PropertyKey(key)] = resource.NewProperty(thing.name) // the provider's Check names it
		}
		g.Resources = append(g.Resources, r)
	}
	return g
}

// azureNameInput is the input that names a resource that others name.
func azureNameInput(token string) string {
	_, kind, _ := strings.Cut(strings.TrimPrefix(token, "azure-native:"), ":")
	return map[string]string{
		"VirtualNetwork": "virtualNetworkName", "RouteTable": "routeTableName",
		"NetworkSecurityGroup": "networkSecurityGroupName", "Subnet": "subnetName", "PrivateZone": "privateZoneName",
	}[kind]
}

// merged adds to an input what the cloud computes.
func merged(input resource.PropertyValue, computed any) resource.PropertyValue {
	switch c := computed.(type) {
	case props:
		m := resource.PropertyMap{}
		if input.IsObject() {
			m = maps.Clone(input.ObjectValue())
		}
		for key, value := range c {
			m[resource.PropertyKey(key)] = merged(m[resource.PropertyKey(key)], value)
		}
		return resource.NewProperty(m)
	case []any:
		list := make([]resource.PropertyValue, len(c))
		for i, value := range c {
			var old resource.PropertyValue
			if input.IsArray() && i < len(input.ArrayValue()) {
				old = input.ArrayValue()[i]
			}
			list[i] = merged(old, value)
		}
		return resource.NewProperty(list)
	}
	return resource.NewPropertyValue(computed)
}

func azureModel(t *testing.T, shape azureShape, things ...azureThing) *topology.Model {
	t.Helper()
	m, err := topology.Build(azureGraph(t, shape, things...))
	require.NoError(t, err)
	return m
}

// eachShape runs a test on the program in every shape.
func eachShape(t *testing.T, things []azureThing, test func(t *testing.T, shape azureShape, m *topology.Model)) {
	for _, shape := range azureShapes {
		t.Run(string(shape), func(t *testing.T) { test(t, shape, azureModel(t, shape, things...)) })
	}
}

func azureNet(kind, name string, inputs props) azureThing {
	return azureThing{token: "azure-native:network/v20240501:" + kind, name: name, inputs: inputs}
}

func azureVnet(name string, prefixes ...string) azureThing {
	return azureNet("VirtualNetwork", name, props{"addressSpace": props{"addressPrefixes": prefixes}, "location": "westeurope"})
}

// azureSubnet is a standalone subnet; more are properties of it.
func azureSubnet(vnet, name, prefix string, more props) azureThing {
	inputs := props{"virtualNetworkName": outOf{vnet, "name"}, "addressPrefix": prefix}
	maps.Copy(inputs, more)
	return azureNet("Subnet", name, inputs)
}

func subnetNamed(t *testing.T, m *topology.Model, name string) *topology.Subnet {
	t.Helper()
	i := slices.IndexFunc(m.Subnets, func(s *topology.Subnet) bool { return s.Name == name })
	require.GreaterOrEqual(t, i, 0, "no subnet %q", name)
	return m.Subnets[i]
}

// routesOf writes the effective routes as "10.0.0.0/16 user appliance", those
// that another route of the same prefix hides left out, sorted.
func routesOf(t *testing.T, table *topology.RouteTable) []string {
	t.Helper()
	best := map[string]topology.Route{}
	for _, r := range table.Routes {
		to, known := r.To.Get()
		prefix := "unknown"
		if known {
			require.Len(t, to, 1)
			prefix = to[0].String()
		}
		if old, ok := best[prefix]; !ok || r.Origin < old.Origin {
			best[prefix] = r
		}
	}
	var lines []string
	for prefix, r := range best {
		via := "unknown"
		if g, known := r.Via.Get(); known {
			via = string(g.Kind)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", prefix, [...]string{"user", "gateway", "system"}[r.Origin], via))
	}
	slices.Sort(lines)
	return lines
}

func knownTable(t *testing.T, s *topology.Subnet) *topology.RouteTable {
	t.Helper()
	table, known := s.Table.Get()
	require.True(t, known, "%s: its table is not known", s.Name)
	return table
}

func prefixList(prefixes ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(prefixes))
	for i, p := range prefixes {
		list[i] = netip.MustParsePrefix(p)
	}
	return list
}
