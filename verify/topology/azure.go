package topology

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/catalog"
)

// buildAzure adds the network of the Azure resources to the model. The order
// of the steps follows what refers to what.
//
// It understands the provider azure-native, in every API version. It leaves out
// what no address or name decides: threat intelligence and intrusion detection
// of a firewall, and the names of Azure's own that every firewall lets through
// (https://learn.microsoft.com/azure/firewall/infrastructure-fqdns).
func buildAzure(m *Model, ix *index) error {
	facts, err := catalog.Load()
	if err != nil {
		return err
	}
	a := &azure{
		Model: m, ix: ix, facts: facts,
		named: map[string][]*node{}, elements: map[*node][]element{},
		networks: map[*node]*Network{}, networkStubs: map[string]*Network{},
		subnets: map[*node]*Subnet{}, subnetStubs: map[string]*Subnet{}, subnetsOf: map[*Network][]*Subnet{},
		subnetSources: map[*Subnet]subnetSource{},
		filters:       map[*node]*Filter{}, policies: map[*node]*Filter{}, ruleGroups: map[*node][]*node{},
		nats: map[*node]*Gateway{}, firewalls: map[*node]*Gateway{}, vpns: map[*node]*Gateway{},
		shared: map[sharedGateway]*Gateway{}, appliances: map[*Interface]*Gateway{},
		outside: map[outsideAppliance]*Gateway{},
		cards:   map[*node]*Interface{}, byAddress: map[netip.Addr][]*Interface{}, forwarding: map[*Subnet][]*Interface{},
		pools: map[pool][]*Interface{}, openPools: map[pool]*[]Ref{}, balancers: map[*node]*Balancer{},
		services: map[*node]*EndpointService{}, endpoints: map[*node]*Endpoint{}, zones: map[*node]*Zone{},
		peerings: map[*Network][]*peering{},
		tables:   map[tableKey]*RouteTable{}, userRoutes: map[*node]*userTable{},
		announcements: map[*Gateway][]announcement{}, privateEndpoints: map[*Network][]*Interface{},
		networkTags: map[tableKey]Val[[]netip.Prefix]{},
		tags:        map[string][]netip.Prefix{},
	}
	for _, n := range ix.nodes {
		if name := a.name(n); n.Custom && name != "" && strings.HasPrefix(n.kind, azureNative) {
			key := nameKey(n.kind, name)
			a.named[key] = append(a.named[key], n)
		}
	}
	filters, gateways, interfaces, balancers, endpoints := len(m.Filters), len(m.Gateways), len(m.Interfaces), len(m.Balancers), len(m.Endpoints)
	a.findRegions()
	a.each(a.network, "VirtualNetwork")
	a.each(a.filter, "ApplicationSecurityGroup", "NetworkSecurityGroup")
	a.each(a.natGateway, "NatGateway")
	a.findSubnets()
	a.securityRules()
	a.findBalancers()
	a.findInterfaces()
	a.findLoosePools()
	a.each(a.balancerRules, "LoadBalancer", "ApplicationGateway")
	a.findFirewalls()
	a.findPeerings()
	a.each(a.vpnGateway, "VirtualNetworkGateway")
	a.connections()
	a.findEndpoints()
	a.findClusters()
	a.each(a.databaseServer, azureNative+"dbforpostgresql:Server", azureNative+"dbformysql:Server")
	a.routes()
	a.names()
	a.unsupported()
	doubtStandIns(m, a.standIns)
	position := make(map[string]int, len(ix.nodes))
	for i, n := range ix.nodes {
		position[n.URN] = i
	}
	inOrder(m.Filters[filters:], position, func(f *Filter) Ref { return f.Ref })
	inOrder(m.Gateways[gateways:], position, func(g *Gateway) Ref { return g.Ref })
	inOrder(m.Interfaces[interfaces:], position, func(i *Interface) Ref { return i.Ref })
	inOrder(m.Balancers[balancers:], position, func(b *Balancer) Ref { return b.Ref })
	inOrder(m.Endpoints[endpoints:], position, func(e *Endpoint) Ref { return e.Ref })
	return nil
}

// inOrder sorts elements as their resources stand in the graph.
func inOrder[T any](elements []T, position map[string]int, ref func(T) Ref) {
	slices.SortStableFunc(elements, func(x, y T) int { return cmp.Compare(position[ref(x).URN], position[ref(y).URN]) })
}

const (
	azureNative  = "azure-native:"
	azureNetwork = azureNative + "network:"
	// azureResolver is where Azure's DNS and the probes of its load balancers
	// are, the service tag AzureLoadBalancer.
	// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
	azureResolver = "168.63.129.16/32"
)

// azure builds the Azure half of a model.
type azure struct {
	*Model
	ix    *index
	facts *catalog.Catalog
	named map[string][]*node // by nameKey

	// elements are what stands in the model for a resource.
	elements map[*node][]element

	networks      map[*node]*Network
	networkStubs  map[string]*Network // of networks outside the graph, by id
	subnets       map[*node]*Subnet   // the standalone ones
	subnetStubs   map[string]*Subnet
	subnetsOf     map[*Network][]*Subnet
	subnetSources map[*Subnet]subnetSource

	filters    map[*node]*Filter // security groups of both kinds
	policies   map[*node]*Filter // of firewalls
	ruleGroups map[*node][]*node // by policy
	nats       map[*node]*Gateway
	firewalls  map[*node]*Gateway
	vpns       map[*node]*Gateway
	shared     map[sharedGateway]*Gateway
	appliances map[*Interface]*Gateway
	outside    map[outsideAppliance]*Gateway

	cards     map[*node]*Interface
	byAddress map[netip.Addr][]*Interface // those with a known private address
	// forwarding are those without, that a route may lead to.
	forwarding map[*Subnet][]*Interface
	pools      map[pool][]*Interface
	openPools  map[pool]*[]Ref // what decides on further members
	loose      []Val[pool]     // pools with a member, that may be several
	standIns   []*Interface    // hosts for what has a known address, and is not in the graph
	balancers  map[*node]*Balancer
	services   map[*node]*EndpointService
	endpoints  map[*node]*Endpoint
	zones      map[*node]*Zone

	peerings   map[*Network][]*peering // by the network whose side it is
	tables     map[tableKey]*RouteTable
	userRoutes map[*node]*userTable
	// announcements are what the gateways make known, privateEndpoints the
	// interfaces of private endpoints by network.
	announcements    map[*Gateway][]announcement
	privateEndpoints map[*Network][]*Interface
	networkTags      map[tableKey]Val[[]netip.Prefix]

	looseGroups []Ref // rule collection groups that may be of any policy
	routeCount  int   // in all tables

	strange []*node  // of types that are understood, but not used that way
	regions []string // that the graph names, sorted
	tags    map[string][]netip.Prefix
}

// element is a part of the model that a resource which is not understood may
// change.
type element struct {
	ref        Ref
	incomplete *[]Ref
}

// note adds a reason why an element is incomplete. A few of them say enough.
func note(incomplete *[]Ref, ref Ref) {
	const enough = 16
	if len(*incomplete) < enough {
		*incomplete = append(*incomplete, ref)
	}
}

func (a *azure) element(n *node, ref Ref, incomplete *[]Ref) {
	a.elements[n] = append(a.elements[n], element{ref, incomplete})
}

// each calls f for the resources of the types, in the graph's order. A type
// without a module is one of the network module's.
func (a *azure) each(f func(*node), types ...string) {
	kinds := azureKinds(types...)
	for _, n := range a.ix.nodes {
		if n.Custom && slices.Contains(kinds, n.kind) {
			f(n)
		}
	}
}

func azureKinds(types ...string) []string {
	kinds := make([]string, len(types))
	for i, t := range types {
		kinds[i] = t
		if !strings.Contains(t, ":") {
			kinds[i] = azureNetwork + t
		}
	}
	return kinds
}

// apiVersion returns the version of Azure's API that a resource speaks,
// "20240501": that of its token or, as version 3 of the provider reads it back,
// of its output. What has neither speaks an older version than any that is
// asked about: 2023-02-01 in version 2.
func apiVersion(n *node) string {
	if v, known := n.get("azureApiVersion").text().Get(); known {
		return strings.ReplaceAll(v, "-", "")
	}
	_, version, _ := strings.Cut(n.Type, "/v")
	if len(version) < len("20240501") || strings.Trim(version[:8], "0123456789") != "" {
		return ""
	}
	return version[:8]
}

// nameProperties are the inputs that name a resource of each type.
var nameProperties = map[string]string{
	"VirtualNetwork": "virtualNetworkName", "Subnet": "subnetName", "NetworkSecurityGroup": "networkSecurityGroupName",
	"ApplicationSecurityGroup": "applicationSecurityGroupName", "RouteTable": "routeTableName",
	"NatGateway": "natGatewayName", "PublicIPAddress": "publicIpAddressName", "PublicIPPrefix": "publicIpPrefixName",
	"NetworkInterface": "networkInterfaceName", "LoadBalancer": "loadBalancerName",
	"LoadBalancerBackendAddressPool": "backendAddressPoolName", "InboundNatRule": "inboundNatRuleName", "ApplicationGateway": "applicationGatewayName",
	"AzureFirewall": "azureFirewallName", "FirewallPolicy": "firewallPolicyName", "IpGroup": "ipGroupsName",
	"PrivateEndpoint": "privateEndpointName", "PrivateLinkService": "serviceName", "PrivateZone": "privateZoneName",
	"Zone": "zoneName", "DnsResolver": "dnsResolverName", "InboundEndpoint": "inboundEndpointName",
	"OutboundEndpoint": "outboundEndpointName", "DnsForwardingRuleset": "dnsForwardingRulesetName",
	"VirtualNetworkGateway": "virtualNetworkGatewayName", "LocalNetworkGateway": "localNetworkGatewayName",
	"Route": "routeName", "SecurityRule": "securityRuleName", "VirtualNetworkPeering": "virtualNetworkPeeringName",
	"BastionHost": "bastionHostName", azureNative + "containerservice:ManagedCluster": "resourceName",
	azureNative + "compute:VirtualMachine": "vmName", azureNative + "dbforpostgresql:Server": "serverName",
	azureNative + "dbformysql:Server": "serverName", azureNative + "storage:StorageAccount": "accountName",
	azureNative + "keyvault:Vault": "vaultName", azureNative + "containerregistry:Registry": "registryName",
}

// name returns Azure's name of a resource, "" when it is not known.
func (a *azure) name(n *node) string {
	// The recorder makes names up, but as Azure does, and others use them.
	if v, known := opened(n.Outputs["name"]); known && v.IsString() {
		return v.StringValue()
	}
	key, ok := nameProperties[strings.TrimPrefix(n.kind, azureNetwork)]
	if !ok {
		return ""
	}
	v, known := opened(n.Inputs[resource.PropertyKey(key)])
	if !known || !v.IsString() {
		return ""
	}
	return v.StringValue()
}

// madeUpEnd is what is put behind names that Pulumi makes.
var madeUpEnd = regexp.MustCompile("^[0-9a-f]{7,8}$")

// title is the name for people. One that is made up for a plan is not the one that
// the resource will get.
func (a *azure) title(n *node) string {
	name := a.name(n)
	rest, own := strings.CutPrefix(name, n.Name)
	if name == "" || own && a.ix.recorded && madeUpEnd.MatchString(rest) {
		return n.Name
	}
	return name
}

func nameKey(kind, name string) string { return kind + "\x00" + strings.ToLower(name) }

// sameText compares a text that may not be known, as Azure does.
func sameText(p property, text string) (same, known bool) {
	v, known := p.text().Get()
	return strings.EqualFold(v, text), known
}

// owner returns the resource of the types that a property names, as
// "virtualNetworkName" does beside "resourceGroupName". A known nil is one that
// is not in the graph; a name that may be anything may be that of each resource.
func (a *azure) owner(n *node, key string, types ...string) Val[*node] {
	p, kinds := n.get(key), azureKinds(types...)
	name, known := p.text().Get()
	var found []*node
	if !known {
		candidates := p.candidates(kinds)
		if len(candidates) > 0 {
			return nodesOf(OneOf(p.cause(), candidates...))
		}
		for _, kind := range kinds {
			found = append(found, a.ix.byKind[kind]...)
		}
		return Val[*node]{options: found, unknown: true, ref: p.cause()}
	}
	for _, kind := range kinds {
		found = append(found, a.named[nameKey(kind, name)]...)
	}
	// Names are unique in a resource group only. What the value comes from
	// decides, then the groups, then the providers.
	origin := func(c *node) bool { return slices.Contains(p.dependencies(), c.URN) }
	group, grouped := n.get("resourceGroupName").text().Get()
	found = keep(found, func(c *node) bool {
		same, known := sameText(c.get("resourceGroupName"), group)
		return origin(c) || !grouped || !known || same
	})
	for _, narrow := range []func(*node) bool{origin, func(c *node) bool { return c.Provider == n.Provider }} {
		if some := keep(found, narrow); len(found) > 1 && len(some) > 0 {
			found = some
		}
	}
	if len(found) == 0 {
		// A name that a recorded graph has no output for.
		if candidates := p.candidates(kinds); len(candidates) > 0 {
			return nodesOf(OneOf(p.ref(), candidates...))
		}
		return Known[*node](nil, p.ref())
	}
	return OneOf(p.ref(), found...)
}

func keep[T any](values []T, wanted func(T) bool) []T {
	var kept []T
	for _, v := range values {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func nodesOf(v Val[target]) Val[*node] {
	return convert(v, func(t target) *node { return t.node })
}

// node reads a reference by id to a resource of the types. A known nil is one
// that is not in the graph.
func (a *azure) node(p property, types ...string) Val[*node] {
	kinds := azureKinds(types...)
	v := p.target(kinds...)
	t, known := v.Get()
	if !known || t.node != nil {
		return nodesOf(v)
	}
	if n, certain := a.literal(t.id, kinds); n != nil {
		if certain {
			return Known(n, p.ref())
		}
		return Val[*node]{options: []*node{n}, unknown: true, ref: p.ref()}
	}
	return Known[*node](nil, p.ref())
}

// literal finds what an id names that is written in full, of a resource that
// has no id of Azure's yet: by group and name. It is not certain unless the
// subscriptions are known to be the same.
func (a *azure) literal(id string, kinds []string) (found *node, certain bool) {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	if len(parts) < 8 || !strings.EqualFold(parts[0], "subscriptions") {
		return nil, false
	}
	for _, kind := range kinds {
		for _, n := range a.named[nameKey(kind, parts[len(parts)-1])] {
			if n.ID != "" && n.ID != n.URN {
				continue
			}
			if same, known := sameText(n.get("resourceGroupName"), parts[3]); known && !same {
				continue
			}
			if kind == azureNetwork+"Subnet" {
				if same, known := sameText(n.get("virtualNetworkName"), parts[len(parts)-3]); known && !same {
					continue
				}
			}
			subscription := a.subscription(n)
			if found != nil || subscription != "" && !strings.EqualFold(subscription, parts[1]) {
				return nil, false
			}
			found, certain = n, subscription != ""
		}
	}
	return found, certain
}

// partOf reads a reference to a part of a resource of the types, as the id of a
// load balancer's frontend is: the resource, and the part's kind and name.
func (a *azure) partOf(p property, types ...string) (whole Val[*node], kind, name string) {
	id, known := p.text().Get()
	if !known {
		return a.node(p, types...), "", ""
	}
	parts := strings.Split(strings.TrimSuffix(id, "/"), "/")
	if len(parts) < 3 {
		return a.node(p, types...), "", ""
	}
	kind, name = parts[len(parts)-2], strings.ToLower(parts[len(parts)-1])
	rest := strings.Join(parts[:len(parts)-2], "/")
	kinds := azureKinds(types...)
	if found := a.ix.find(rest, kinds...); len(found) > 0 {
		return nodesOf(OneOf(p.ref(), found...)), kind, name
	}
	if n, certain := a.literal(rest, kinds); n != nil && certain {
		return Known(n, p.ref()), kind, name
	}
	// The id may be made of the resource's name by hand.
	if candidates := p.candidates(kinds); len(candidates) > 0 {
		return nodesOf(OneOf(p.ref(), candidates...)), kind, name
	}
	return Known[*node](nil, p.ref()), kind, name
}

// subscription returns the one that the resource's id or provider names.
func (a *azure) subscription(n *node) string {
	if parts := strings.Split(n.ID, "/"); len(parts) > 2 && strings.EqualFold(parts[1], "subscriptions") {
		return parts[2]
	}
	if provider := a.ix.byURN[n.ProviderURN()]; provider != nil {
		if v, known := opened(provider.Inputs["subscriptionId"]); known && v.IsString() {
			return v.StringValue()
		}
	}
	return ""
}

// address reads an address. One that a recorded graph made up for a resource
// is unknown; the output decides it.
func (a *azure) address(p property) Val[netip.Addr] {
	if _, output, made := p.madeUp(); made {
		return Unknown[netip.Addr](output)
	}
	return p.address()
}

// newGateway returns a gateway that is what most are: attached, private, and
// with nothing beside it.
func newGateway(kind GatewayKind, ref Ref, network *Network) *Gateway {
	return &Gateway{
		Ref: ref, Kind: kind, Network: network,
		Attached: Known(true, ref), Table: Known[*RouteTable](nil, ref), Subnet: Known[*Subnet](nil, ref),
		Zone: Known("", ref), Public: Known(false, ref), PrivateAddress: Unknown[netip.Addr](ref),
		Peer: Known[*Network](nil, ref), Forwarded: Known(true, ref), Established: Known(true, ref),
		Policy: Known[*Filter](nil, ref), Interface: Known[*Interface](nil, ref), SNAT: Known(false, ref),
	}
}

// addInterface adds an interface with its addresses to the model.
func (a *azure) addInterface(i *Interface) {
	a.Interfaces = append(a.Interfaces, i)
	for _, v := range i.Addresses {
		s, _ := i.Subnet.Get()
		if addr, known := v.Get(); known {
			a.byAddress[addr] = append(a.byAddress[addr], i)
		} else if s != nil && (i.Kind == ForwardingInterface || i.Kind == BalancerInterface) {
			a.forwarding[s] = append(a.forwarding[s], i)
		}
	}
}

// publicAddresses reads a reference to a public address or to a prefix of them.
func (a *azure) publicAddresses(p property) []Val[netip.Addr] {
	if p.state == absent {
		return nil
	}
	n, known := a.node(p, "PublicIPAddress", "PublicIPPrefix").Get()
	switch {
	case !known || n == nil:
		return []Val[netip.Addr]{Unknown[netip.Addr](p.cause())}
	case n.kind == azureNetwork+"PublicIPAddress":
		return []Val[netip.Addr]{n.get("ipAddress").address()}
	}
	prefix, known := n.get("ipPrefix").prefix().Get()
	if !known || prefix.Addr().BitLen()-prefix.Bits() > 4 { // Azure's largest is /28
		return []Val[netip.Addr]{Unknown[netip.Addr](n.ref("ipPrefix"))}
	}
	var addresses []Val[netip.Addr]
	for addr := prefix.Addr(); prefix.Contains(addr); addr = addr.Next() {
		addresses = append(addresses, Known(addr, n.ref("ipPrefix")))
	}
	return addresses
}
