package topology

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/graph"
)

// index finds the resources of a graph by type and by what others call them.
type index struct {
	nodes  []*node // in the graph's order
	byKind map[string][]*node
	byURN  map[string]*node
	names  map[string][]target // by canonicalID
	// recorded says that no provider has seen the resources: outputs that are
	// not inputs are made up.
	recorded bool
}

// node is a resource of the graph.
type node struct {
	*graph.Resource
	// kind is the type token in its one canonical form: see canonicalType.
	kind  string
	index *index
}

// target is what a reference leads to.
type target struct {
	// node is nil for something that the graph does not hold.
	node *node
	// part is the path of the output that names a part of the resource
	// ("defaultSecurityGroupId" of a VPC); empty for the resource itself.
	part string
	// id is the reference as it is written; empty when it is not known yet.
	id string
}

// selfOutputs are the outputs, beside the id, that others name a resource by.
var selfOutputs = []string{
	"arn", "name", "allocationId", "zoneId", "serviceName", "dnsName", "transitGatewayAttachmentId",
}

// partOutputs are the outputs that name parts: things that the cloud makes
// together with the resource. Of a list or an object every string below it.
var partOutputs = []string{
	"mainRouteTableId", "defaultRouteTableId", "defaultSecurityGroupId", "defaultNetworkAclId",
	"associationDefaultRouteTableId", "propagationDefaultRouteTableId",
	"networkInterfaceId", "networkInterfaceIds", "primaryNetworkInterfaceId", "prefixListId",
	"firewallStatuses", "vpcConfig", "dnsEntries",
	"subnets", "ipConfigurations", "frontendIPConfigurations", "backendAddressPools",
}

// newIndex reads the graph once.
func newIndex(g *graph.Graph) *index {
	ix := &index{
		byKind: map[string][]*node{}, byURN: map[string]*node{}, names: map[string][]target{},
	}
	for i := range g.Resources {
		r := &g.Resources[i]
		n := &node{Resource: r, kind: canonicalType(r.Type), index: ix}
		ix.nodes = append(ix.nodes, n)
		ix.byKind[n.kind] = append(ix.byKind[n.kind], n)
		ix.byURN[n.URN] = n
		ix.recorded = ix.recorded || r.Custom && !r.External && r.ID == r.URN
	}
	for _, n := range ix.nodes {
		if !n.Custom {
			continue
		}
		ix.name(n.ID, target{node: n})
		for _, key := range selfOutputs {
			eachText(n.Outputs[resource.PropertyKey(key)], key, func(_, text string) {
				ix.name(text, target{node: n})
			})
		}
		for _, key := range partOutputs {
			eachText(n.Outputs[resource.PropertyKey(key)], key, func(path, text string) {
				ix.name(text, target{node: n, part: path})
			})
		}
	}
	return ix
}

func (ix *index) name(id string, t target) {
	if id == "" {
		return
	}
	t.id = id
	id = canonicalID(id)
	named := ix.names[id]
	for i := len(named) - 1; i >= 0 && named[i].node == t.node; i-- {
		if named[i] == t {
			return
		}
	}
	ix.names[id] = append(named, t)
}

// find returns what an id, an ARN or another name leads to, of the kinds. A kind
// is a canonical type token, and "token#output" for a part that this output
// names. None is something that the graph does not hold. What has the name
// itself wins over a part: a program may manage the part by a resource too.
func (ix *index) find(id string, kinds ...string) []target {
	var whole, parts []target
	for _, t := range ix.names[canonicalID(id)] {
		switch {
		case !t.isOf(kinds):
		case t.part == "":
			whole = append(whole, t)
		default:
			parts = append(parts, t)
		}
	}
	if len(whole) > 0 {
		return whole
	}
	return parts
}

func (t target) isOf(kinds []string) bool {
	want := t.node.kind
	if t.part != "" {
		output, _, _ := strings.Cut(t.part, "[")
		output, _, _ = strings.Cut(output, ".")
		want += "#" + output
	}
	return slices.Contains(kinds, want)
}

// ref is where the whole resource stands, or one of its properties.
func (n *node) ref(property string) Ref { return Ref{URN: n.URN, Property: property} }

// references returns every resource that the resource names or depends on, its
// parent and provider excepted, in the order of its properties' names.
func (n *node) references() []*node {
	var found []*node
	add := func(other *node) {
		if other != nil && other != n && other.Custom && !slices.Contains(found, other) {
			found = append(found, other)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(n.Inputs)) {
		eachText(n.Inputs[key], "", func(_, text string) {
			for _, t := range n.index.names[canonicalID(text)] {
				add(t.node)
			}
		})
	}
	for _, urn := range n.Dependencies {
		add(n.index.byURN[urn])
	}
	for _, key := range slices.Sorted(maps.Keys(n.PropertyDependencies)) {
		for _, urn := range n.PropertyDependencies[key] {
			add(n.index.byURN[urn])
		}
	}
	return found
}

// eachText calls f for every known string in a value, with its path.
func eachText(v resource.PropertyValue, path string, f func(path, text string)) {
	v, known := opened(v)
	switch {
	case !known:
	case v.IsString():
		f(path, v.StringValue())
	case v.IsArray():
		for i, element := range v.ArrayValue() {
			eachText(element, at(path, i), f)
		}
	case v.IsObject():
		for _, key := range slices.Sorted(maps.Keys(v.ObjectValue())) {
			eachText(v.ObjectValue()[key], under(path, string(key)), f)
		}
	}
}

// canonicalID makes equal the spellings of an id. Azure does not look at the
// case of its own.
func canonicalID(id string) string {
	if lower := strings.ToLower(id); strings.HasPrefix(lower, "/subscriptions/") {
		return strings.TrimSuffix(lower, "/")
	}
	return strings.TrimSuffix(id, ".") // of a domain name
}

// canonicalType makes equal the tokens of a type: the modules that pulumi-aws
// has for load balancers, and the API versions of azure-native
// ("azure-native:network/v20240501:Subnet").
func canonicalType(token string) string {
	pkg, rest, _ := strings.Cut(token, ":")
	module, name, ok := strings.Cut(rest, ":")
	if !ok {
		return token
	}
	module, kind, _ := strings.Cut(module, "/")
	switch {
	case pkg == "aws" && slices.Contains(balancerModules, module):
		return "aws:lb/" + kind + ":" + name
	case pkg == "azure-native" && slices.Contains(azureDNSModules, module):
		return "azure-native:network:" + name
	case pkg == "azure-native":
		return "azure-native:" + module + ":" + name
	}
	return token
}

// balancerModules are the modules of pulumi-aws with the resources of aws:lb.
var balancerModules = []string{"alb", "applicationloadbalancing", "elasticloadbalancingv2"}

// azureDNSModules are the modules that version 3 of azure-native has for
// resources of version 2's network.
var azureDNSModules = []string{"dns", "dnsresolver", "privatedns"}
