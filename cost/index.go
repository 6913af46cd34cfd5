package cost

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/graph"
)

// index finds the resources that a program owns.
type index struct {
	resources []*node
	byURN     map[string]*node
	byID      map[string][]*node // of several types, perhaps
	groups    map[string]string  // location of Azure's resource groups by name, in lower case
	// gatewayIPs are the public addresses of Azure's application gateways.
	gatewayIPs map[*node]bool
}

// node is a resource with what is known of its place.
type node struct {
	*graph.Resource
	// kind is the type token without the API version and other names of a
	// module: "azure-native:network:NatGateway".
	kind   string
	region string // empty where it is not known
}

func newIndex(g *graph.Graph) *index {
	ix := &index{byURN: map[string]*node{}, byID: map[string][]*node{}, groups: map[string]string{}, gatewayIPs: map[*node]bool{}}
	var owned []*node
	for i := range g.Resources {
		n := &node{Resource: &g.Resources[i], kind: kindOf(g.Resources[i].Type)}
		ix.byURN[n.URN] = n
		if n.ID != "" {
			ix.byID[n.ID] = append(ix.byID[n.ID], n)
		}
		if n.kind == "azure-native:resources:ResourceGroup" {
			name := n.text("resourceGroupName")
			if name == "" {
				name = n.text("name")
			}
			ix.groups[strings.ToLower(name)] = location(n.text("location"))
		}
		if n.Custom && !n.External {
			owned = append(owned, n)
		}
	}
	for _, n := range owned {
		switch {
		case strings.HasPrefix(n.kind, "aws:"):
			n.region = ix.awsRegion(n)
		case strings.HasPrefix(n.kind, azureNative):
			n.region = ix.azureRegion(n)
		}
	}
	for _, n := range owned {
		if n.kind == appGatewayKind {
			ix.findGatewayIPs(n)
		}
	}
	ix.resources = owned
	return ix
}

const appGatewayKind = azureNative + "network:ApplicationGateway"

// findGatewayIPs finds the public addresses of an application gateway.
func (ix *index) findGatewayIPs(gateway *node) {
	found := []*node{}
	for _, urn := range gateway.PropertyDependencies["frontendIPConfigurations"] {
		found = append(found, ix.byURN[urn])
	}
	frontends, _ := gateway.list("frontendIPConfigurations")
	for _, frontend := range frontends {
		if id, known := member(frontend, []string{"publicIPAddress", "id"}); known && id.IsString() {
			found = append(found, ix.byID[id.StringValue()]...)
		}
	}
	for _, n := range found {
		if n != nil && n.kind == azureNative+"network:PublicIPAddress" {
			ix.gatewayIPs[n] = true
		}
	}
}

// balancerModules are further names of the provider's module of load balancers.
var balancerModules = []string{"alb", "applicationloadbalancing", "elasticloadbalancingv2"}

// kindOf returns a type token without API version and with the first of a
// module's names.
func kindOf(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return token
	}
	module, name, _ := strings.Cut(parts[1], "/")
	switch {
	case parts[0] == "azure-native":
		if module == "dnsresolver" || module == "privatedns" {
			module = "network" // where they were before
		}
		return parts[0] + ":" + module + ":" + parts[2]
	case parts[0] == "aws" && slices.Contains(balancerModules, module):
		return "aws:lb/" + name + ":" + parts[2]
	}
	return token
}

// awsRegion is the region of the resource's provider, or the one in its ARN.
func (ix *index) awsRegion(n *node) string {
	if provider := ix.byURN[n.ProviderURN()]; provider != nil {
		if region := provider.text("region"); region != "" {
			return region
		}
	}
	if arn := strings.Split(n.text("arn"), ":"); len(arn) > 3 {
		return arn[3]
	}
	return ""
}

// azureRegion is the resource's location, or that of its group.
func (ix *index) azureRegion(n *node) string {
	if own := location(n.text("location")); own != "" && own != "global" {
		return own
	}
	if group := ix.groups[strings.ToLower(n.text("resourceGroupName"))]; group != "" {
		return group
	}
	if group := ix.target(n, "resourceGroupName", "azure-native:resources:ResourceGroup"); group != nil {
		return location(group.text("location"))
	}
	return ""
}

// location is an Azure region in its short form: "West Europe" is "westeurope".
func location(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, " ", ""))
}

// target is the resource of a kind that a property refers to, by its id or
// where the value comes from; nil when it is not in the graph.
func (ix *index) target(n *node, key, kind string) *node {
	is := func(t *node) bool { return t != nil && t.kind == kind }
	if id := n.text(key); id != "" {
		if i := slices.IndexFunc(ix.byID[id], is); i >= 0 {
			return ix.byID[id][i]
		}
	}
	for _, urn := range n.PropertyDependencies[key] {
		if t := ix.byURN[urn]; is(t) {
			return t
		}
	}
	return nil
}

// get returns a property, or a member of one: what the program gave, or else
// what the provider read back. An unknown value is not known; one that is not
// there is a known null.
func (n *node) get(path ...string) (value resource.PropertyValue, known bool) {
	value = resource.NewNullProperty()
	for _, props := range []resource.PropertyMap{n.Inputs, n.Outputs} {
		value, known = member(resource.NewProperty(props), path)
		if !known || !value.IsNull() {
			break
		}
	}
	return value, known
}

// member opens a value and goes down into objects.
func member(v resource.PropertyValue, path []string) (resource.PropertyValue, bool) {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput():
			if !v.OutputValue().Known {
				return v, false
			}
			v = v.OutputValue().Element
		case v.IsComputed():
			return v, false
		case len(path) == 0:
			return v, true
		case !v.IsObject():
			return resource.NewNullProperty(), true
		default:
			v, path = v.ObjectValue()[resource.PropertyKey(path[0])], path[1:]
		}
	}
}

// text is a property that is text; empty when it is not there, unknown or
// something else.
func (n *node) text(path ...string) string {
	if v, known := n.get(path...); known && v.IsString() {
		return v.StringValue()
	}
	return ""
}

// flag is a property that is true or false; false when it is not there.
func (n *node) flag(path ...string) (value, known bool) {
	v, known := n.get(path...)
	return known && v.IsBool() && v.BoolValue(), known
}

// number is a property that is a number; 0 when it is not there or unknown.
func (n *node) number(path ...string) int {
	if v, known := n.get(path...); known && v.IsNumber() {
		return int(v.NumberValue())
	}
	return 0
}

// list is the elements of a property that is a list. Not known is a list that
// nobody knows the length of.
func (n *node) list(path ...string) (elements []resource.PropertyValue, known bool) {
	v, known := n.get(path...)
	if known && v.IsArray() {
		elements = v.ArrayValue()
	}
	return elements, known
}

// length counts the elements of lists together.
func (n *node) length(keys ...string) count {
	total := 0
	for _, key := range keys {
		elements, known := n.list(strings.Split(key, ".")...)
		if !known {
			return count{unknown: "how many there are is decided by " + key + ", which is not known yet"}
		}
		total += len(elements)
	}
	return count{n: total}
}
