package diff_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/diff"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// side records one of the repository's environments after an edit.
func side(t *testing.T, stack string, edit func(*stacks.Environment)) diff.Side {
	t.Helper()
	env, err := stacks.Load("../Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	if edit != nil {
		edit(env)
	}
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.WithStandIns().Program())
	require.NoError(t, err)
	return diff.Side{Name: stack, Graph: g, Model: env.Spec.Model()}
}

func property(key string) resource.PropertyKey { return resource.PropertyKey(key) }

func text(value string) resource.PropertyValue { return resource.NewProperty(value) }

// find returns the resource "Type name", the end of its type token.
func find(t *testing.T, g *graph.Graph, what string) *graph.Resource {
	t.Helper()
	kind, name, _ := strings.Cut(what, " ")
	i := slices.IndexFunc(g.Resources, func(r graph.Resource) bool {
		return r.Name == name && strings.HasSuffix(r.Type, ":"+kind)
	})
	require.GreaterOrEqual(t, i, 0, "no resource %s", what)
	return &g.Resources[i]
}

// set gives a resource an input.
func set(t *testing.T, g *graph.Graph, what, key, value string) {
	r := find(t, g, what)
	r.Inputs[property(key)], r.Outputs[property(key)] = text(value), text(value)
}

func drop(t *testing.T, g *graph.Graph, what string) {
	urn := find(t, g, what).URN
	g.Resources = slices.DeleteFunc(g.Resources, func(r graph.Resource) bool { return r.URN == urn })
}

// addRoute adds a route to everywhere, from the table to the NAT gateway or
// internet gateway.
func addRoute(t *testing.T, g *graph.Graph, name, table, kind, gateway string) {
	like := *find(t, g, "Route net-nodes-eu-west-1a-default")
	old := like.Name
	like.Name = name
	like.URN = strings.TrimSuffix(like.URN, old) + name
	like.ID = like.URN
	like.Inputs, like.Outputs = like.Inputs.Copy(), like.Outputs.Copy()
	for _, values := range []map[string]string{{"routeTableId": find(t, g, "RouteTable "+table).ID, kind: find(t, g, gateway).ID}} {
		for key, id := range values {
			like.Inputs[property(key)], like.Outputs[property(key)] = text(id), text(id)
		}
	}
	g.Resources = append(g.Resources, like)
}

func compare(t *testing.T, a, b diff.Side) *diff.Report {
	t.Helper()
	r, err := diff.Compare(t.Context(), a, b)
	require.NoError(t, err)
	return r
}

func sentences(r *diff.Report) []string {
	all := []string{}
	for _, p := range r.Paths {
		all = append(all, p.Sentence)
	}
	return all
}

func TestEnvironmentsAreLikeThemselves(t *testing.T) {
	for _, stack := range []string{"dev", "staging", "dedicated-dev", "aoscloud-dev", "azure-dev", "azure-staging", "aks-dev"} {
		r := compare(t, side(t, stack, nil), side(t, stack, nil))
		assert.False(t, r.Changed(), "%s: %+v", stack, r)
	}
}

// What an edit of a graph means to a reviewer; the other way round it means the
// opposite.
func TestMeaning(t *testing.T) {
	for _, test := range []struct {
		name, stack string
		edit        func(*testing.T, *graph.Graph)
		want        []string
		back        []string
		before      string // the first change's hops
		after       string
		verdicts    map[string]requirements.Verdict
	}{
		{
			name: "a default route for pods", stack: "dev",
			edit: func(t *testing.T, g *graph.Graph) {
				addRoute(t, g, "pods-out", "net-pods", "natGatewayId", "NatGateway net-nat-eu-west-1a")
			},
			// A NAT gateway translates TCP, UDP and ICMP alone.
			// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
			want:     []string{"pods can now reach the internet on every tcp and udp port, icmp"},
			back:     []string{"pods can no longer reach the internet on every tcp and udp port, icmp"},
			before:   "net-pods",
			after:    "pods-out",
			verdicts: map[string]requirements.Verdict{"ISO-001": requirements.Refuted},
		},
		{
			name: "a default route for the pods of one zone", stack: "dev",
			edit: func(t *testing.T, g *graph.Graph) {
				addRoute(t, g, "pods-out", "net-nodes-eu-west-1b", "natGatewayId", "NatGateway net-nat-eu-west-1a")
				drop(t, g, "Route net-nodes-eu-west-1b-default")
				set(t, g, "RouteTableAssociation net-pods-eu-west-1b", "routeTableId", find(t, g, "RouteTable net-nodes-eu-west-1b").ID)
			},
			want:     []string{"pods in eu-west-1b can now reach the internet on every tcp and udp port, icmp"},
			back:     []string{"pods in eu-west-1b can no longer reach the internet on every tcp and udp port, icmp"},
			before:   "net-pods",
			after:    "pods-out",
			verdicts: map[string]requirements.Verdict{"ISO-001": requirements.Refuted},
		},
		{
			name: "the load balancer's group without the control plane", stack: "dev",
			edit: func(t *testing.T, g *graph.Graph) {
				for i, r := range g.Resources {
					if strings.HasSuffix(r.Type, ":SecurityGroupIngressRule") && r.Inputs["cidrIpv4"] == text("203.0.113.0/24") {
						set(t, g, "SecurityGroupIngressRule "+g.Resources[i].Name, "cidrIpv4", "198.51.100.0/24")
					}
				}
			},
			want: []string{
				"198.51.100.0/24 can now reach the public load balancer on tcp 443",
				"the control plane (203.0.113.0/24) can no longer reach the public load balancer on tcp 443",
			},
			back: []string{
				"the control plane (203.0.113.0/24) can now reach the public load balancer on tcp 443",
				"198.51.100.0/24 can no longer reach the public load balancer on tcp 443",
			},
			before: "SecurityGroup", after: "SecurityGroupIngressRule",
		},
		{
			name: "an interface endpoint less", stack: "staging",
			edit:     func(t *testing.T, g *graph.Graph) { drop(t, g, "VpcEndpoint endpoints-sqs") },
			want:     []string{"nodes and pods can no longer reach AWS sqs on tcp 443"},
			back:     []string{"nodes and pods can now reach AWS sqs on tcp 443"},
			before:   "endpoints-sqs",
			after:    "net-nodes-eu-west-1a",
			verdicts: map[string]requirements.Verdict{"EP-001": requirements.Refuted},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := side(t, test.stack, nil), side(t, test.stack, nil)
			known := []diff.Known{{Name: "the control plane", Prefix: netip.MustParsePrefix("203.0.113.0/24")}}
			a.Known = known
			test.edit(t, b.Graph)
			r := compare(t, a, b)
			assert.Equal(t, test.want, sentences(r))
			assert.True(t, r.Changed())
			require.NotNil(t, r.Paths[0].Before)
			require.NotNil(t, r.Paths[0].After)
			assert.Contains(t, r.Paths[0].Before.URN, test.before)
			assert.Contains(t, r.Paths[0].After.URN, test.after)
			assert.Empty(t, r.Addresses)
			got := map[string]requirements.Verdict{}
			for _, c := range r.Requirements {
				got[c.ID] = c.After
			}
			for id, verdict := range test.verdicts {
				assert.Equal(t, verdict, got[id], id)
			}

			assert.Equal(t, test.back, sentences(compare(t, b, a)))
		})
	}
}

// A zone more adds blocks and costs, and changes no path of the others.
func TestAZoneMore(t *testing.T) {
	two := func(env *stacks.Environment) {
		s := env.Spec.(*stacks.SharedAws)
		s.DataPlane.Zones = s.DataPlane.Zones[:2]
		s.DataPlane.Nat = &dataplane.Nat{Strategy: dataplane.NatPerZone}
	}
	three := func(env *stacks.Environment) {
		env.Spec.(*stacks.SharedAws).DataPlane.Nat = &dataplane.Nat{Strategy: dataplane.NatPerZone}
	}
	r := compare(t, side(t, "dev", two), side(t, "dev", three))
	assert.Empty(t, r.Paths)
	// The slots of the third zone, by the layout of docs/shared-aws.md.
	assert.Equal(t, []diff.AddressChange{
		{Change: "added", Of: "endpoints", Zone: "eu-west-1c", Before: []string{}, After: []string{"10.20.240.0/21"}},
		{Change: "added", Of: "nodes", Zone: "eu-west-1c", Before: []string{}, After: []string{"10.20.128.0/18"}},
		{Change: "added", Of: "public", Zone: "eu-west-1c", Before: []string{}, After: []string{"10.20.208.0/21"}},
		{Change: "added", Of: "pods", Zone: "eu-west-1c", Before: []string{}, After: []string{"100.64.128.0/18"}},
	}, r.Addresses)
	var lines []string
	for _, l := range r.Cost.Lines {
		lines = append(lines, l.What)
		assert.Equal(t, 1, l.After-l.Before-map[string]int{"public IPv4 address": 1}[l.What], l.What)
	}
	// A NAT gateway, its address, and the load balancer's in the new zone.
	assert.ElementsMatch(t, []string{"NAT gateway", "public IPv4 address"}, lines)

	r = compare(t, side(t, "dev", three), side(t, "dev", two))
	assert.Empty(t, r.Paths)
	assert.Equal(t, "removed", r.Addresses[0].Change)
}

func TestAMovedBlock(t *testing.T) {
	moved := func(env *stacks.Environment) {
		env.Spec.(*stacks.SharedAws).DataPlane.VpcCidr = "10.99.0.0/16"
	}
	r := compare(t, side(t, "dev", nil), side(t, "dev", moved))
	assert.Empty(t, r.Paths)
	assert.Empty(t, r.Cost.Lines)
	require.Len(t, r.Addresses, 10)
	assert.Equal(t, diff.AddressChange{
		Change: "moved", Of: "data plane",
		Before: []string{"10.20.0.0/16", "100.64.0.0/16"}, After: []string{"10.99.0.0/16", "100.64.0.0/16"},
	}, r.Addresses[0])
}

// An Azure network without a way out, and back. (The load balancer of egress
// loadBalancer is made by AKS, and in no graph.) A NAT gateway of Azure translates
// TCP and UDP alone.
// https://learn.microsoft.com/en-us/azure/nat-gateway/nat-gateway-resource
func TestAzureEgress(t *testing.T) {
	gateway := func(env *stacks.Environment) {
		env.Spec.(*stacks.SharedAzure).DataPlane.Egress = azurevnet.EgressNatGateway
	}
	none := func(env *stacks.Environment) {
		s := env.Spec.(*stacks.SharedAzure)
		s.DataPlane.Egress, s.DataPlane.ControlPlaneCidrs = azurevnet.EgressNone, nil
	}
	r := compare(t, side(t, "azure-dev", gateway), side(t, "azure-dev", none))
	assert.Contains(t, sentences(r), "nodes and pods can no longer reach the internet on every tcp and udp port")
	r = compare(t, side(t, "azure-dev", none), side(t, "azure-dev", gateway))
	assert.Contains(t, sentences(r), "nodes and pods can now reach the internet on every tcp and udp port")
}

// What an output decides is said to be possible, with the output; when it is
// known, that it is.
func TestUnknown(t *testing.T) {
	known, open := side(t, "dev", nil), side(t, "dev", nil)
	addRoute(t, known.Graph, "pods-out", "net-pods", "natGatewayId", "NatGateway net-nat-eu-west-1a")
	addRoute(t, open.Graph, "pods-out", "net-pods", "natGatewayId", "NatGateway net-nat-eu-west-1a")
	route := find(t, open.Graph, "Route pods-out")
	for _, values := range []resource.PropertyMap{route.Inputs, route.Outputs} {
		values["destinationCidrBlock"] = resource.MakeComputed(resource.NewProperty(""))
	}
	r := compare(t, side(t, "dev", nil), open)
	require.NotEmpty(t, r.Paths)
	var about []diff.PathChange
	for _, p := range r.Paths {
		assert.False(t, p.Certain, p.Sentence)
		if slices.Contains(p.From, "pods") && slices.Contains(p.To, "the internet") {
			about = append(about, p)
		}
	}
	require.Len(t, about, 1)
	assert.Equal(t, diff.Gained, about[0].Change)
	assert.Contains(t, about[0].Sentence, "may now reach the internet")
	require.NotEmpty(t, about[0].Unknowns)
	assert.Contains(t, about[0].Unknowns[0].URN, "pods-out")

	decided := strings.Join(sentences(compare(t, open, known)), "\n")
	assert.Contains(t, decided, "it is certain now that pods can reach the internet")
	assert.NotContains(t, decided, "can now")
}

// A graph with nothing in it, and one of another cloud, are compared as well.
func TestOtherGraphs(t *testing.T) {
	empty := diff.Side{Name: "nothing", Graph: &graph.Graph{Project: "p", Stack: "s"}}
	r := compare(t, empty, empty)
	assert.False(t, r.Changed())
	r = compare(t, empty, side(t, "dev", nil))
	assert.Contains(t, sentences(r), "nodes can now reach the internet on every tcp and udp port, icmp")
	r = compare(t, side(t, "dev", nil), side(t, "azure-dev", nil))
	assert.True(t, r.Changed())
}

// Between internet and isolation everything that a reviewer asks about shows.
func TestDevToStaging(t *testing.T) {
	r := compare(t, side(t, "dev", nil), side(t, "staging", nil))
	all := strings.Join(sentences(r), "\n")
	for _, want := range []string{
		"nodes can no longer reach the internet on every tcp and udp port, icmp",
		"the internet can no longer reach public on every port",
		"203.0.113.0/24 can no longer reach the public load balancer on tcp 443",
		"arn:aws:iam::444455556666:root can now reach the endpoint service connector on tcp 443",
		"through the interface endpoint instead of the NAT gateway and the internet gateway",
	} {
		assert.Contains(t, all, want)
	}
}

func TestWithoutAModelNoRequirements(t *testing.T) {
	a, b := side(t, "dev", nil), side(t, "dev", nil)
	a.Model, b.Model = "", ""
	r := compare(t, a, b)
	assert.Empty(t, r.Requirements)
	assert.Equal(t, []string{"requirements are not compared: the deployment model is not known"}, r.Notes)
}

func TestDeterministic(t *testing.T) {
	var first []byte
	for range 3 {
		r := compare(t, side(t, "dev", nil), side(t, "staging", nil))
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var printed bytes.Buffer
		require.NoError(t, r.Text(&printed, terminal.Style{}))
		data = append(data, printed.Bytes()...)
		if first == nil {
			first = data
		}
		assert.Equal(t, string(first), string(data))
	}
}

// A graph says the same after export and load.
func TestAnExportIsLikeItsEnvironment(t *testing.T) {
	a := side(t, "staging", nil)
	var file bytes.Buffer
	require.NoError(t, a.Graph.Export(&file))
	loaded, err := graph.Load(&file)
	require.NoError(t, err)
	r := compare(t, diff.Side{Name: "export", Graph: loaded, Model: a.Model}, a)
	assert.False(t, r.Changed(), "%+v", r)
}
