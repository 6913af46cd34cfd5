package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// network adds a virtual network. Its subnets follow once their filters and
// gateways are there.
func (a *azure) network(n *node) {
	network := &Network{
		Ref: n.ref(""), Cloud: Azure, Name: a.title(n),
		Region: a.region(n), Account: a.subscription(n),
		DNSSupport: Known(true, n.ref("")), DNSHostnames: Known(true, n.ref("")),
		DNSServers: all(n.get("dhcpOptions").get("dnsServers"), a.address),
		Prefixes:   prefixes(n.get("addressSpace").get("addressPrefixes")),
	}
	a.networks[n] = network
	a.Networks = append(a.Networks, network)
	a.element(n, network.Ref, &network.Incomplete)
}

// prefixes reads a list of address ranges. One range that is not known stands
// for a list that is not, and for ranges that a pool of Azure's will choose.
func prefixes(p property) []Val[netip.Prefix] {
	elements, complete := p.list()
	if !complete || len(elements) == 0 {
		return []Val[netip.Prefix]{Unknown[netip.Prefix](p.cause())}
	}
	ranges := make([]Val[netip.Prefix], len(elements))
	for i, element := range elements {
		ranges[i] = element.prefix()
	}
	return ranges
}

// region returns the location as service tags spell it, "westeurope".
func (a *azure) region(n *node) string {
	location, _ := n.get("location").text().Get()
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

// filter adds a security group; its rules follow once all groups are there.
func (a *azure) filter(n *node) {
	f := &Filter{Ref: n.ref(""), Kind: NetworkSecurityGroup, Name: a.title(n), Stateful: true}
	if n.kind == azureNetwork+"ApplicationSecurityGroup" {
		f.Kind = ApplicationSecurityGroup
	}
	a.filters[n] = f
	a.Filters = append(a.Filters, f)
	a.element(n, f.Ref, &f.Incomplete)
}

// securityGroup reads a reference to a network security group; without one
// there is no filter. A group outside the graph may do anything.
func (a *azure) securityGroup(p property) Val[*Filter] {
	if p.state == absent {
		return Known[*Filter](nil, p.ref())
	}
	id := p.get("id")
	return convert(a.node(id, "NetworkSecurityGroup"), func(n *node) *Filter {
		if f := a.filters[n]; f != nil {
			return f
		}
		return &Filter{Ref: id.ref(), Kind: NetworkSecurityGroup, Stateful: true, Incomplete: []Ref{id.ref()}}
	})
}

// natGateway adds a NAT gateway, which stands in no subnet.
func (a *azure) natGateway(n *node) {
	g := newGateway(NAT, n.ref(""), nil)
	g.Name, g.Public, g.SNAT = a.title(n), Known(true, n.ref("")), Known(true, n.ref(""))
	for _, key := range []string{"publicIpAddresses", "publicIpPrefixes"} {
		list := n.get(key)
		elements, complete := list.list()
		for _, element := range elements {
			g.Addresses = append(g.Addresses, a.publicAddresses(element.get("id"))...)
		}
		if !complete {
			g.Addresses = append(g.Addresses, Unknown[netip.Addr](list.cause()))
		}
	}
	if len(g.Addresses) == 0 {
		// Without an address nothing leaves by it.
		g.Incomplete = append(g.Incomplete, n.ref("publicIpAddresses"))
	}
	a.nats[n] = g
	a.Gateways = append(a.Gateways, g)
	a.element(n, g.Ref, &g.Incomplete)
}

// subnetSource is where a subnet is written: a resource, or an element of a
// network's list.
type subnetSource struct {
	node *node
	get  func(string) property
}

// findSubnets adds the subnets, those in a network's list and those that are
// resources. What a provider has read back lists both.
func (a *azure) findSubnets() {
	type key struct {
		network *node
		name    string
	}
	owners := map[*node]Val[*node]{}
	alone := map[key]bool{}
	a.each(func(n *node) {
		owners[n] = a.owner(n, "virtualNetworkName", "VirtualNetwork")
		if network, known := owners[n].Get(); known {
			alone[key{network, strings.ToLower(a.name(n))}] = true
		}
	}, "Subnet")
	a.each(func(n *node) {
		if n.kind == azureNetwork+"Subnet" {
			a.subnets[n] = a.subnet(a.title(n), n.ref(""), a.networkOf(owners[n], n.get("virtualNetworkName")), subnetSource{n, n.get})
			a.element(n, a.subnets[n].Ref, &a.subnets[n].Incomplete)
			return
		}
		network, list := a.networks[n], n.get("subnets")
		elements, complete := list.list()
		if !complete {
			network.Incomplete = append(network.Incomplete, list.cause())
		}
		for _, element := range elements {
			name, _ := element.get("name").text().Get()
			if name != "" && alone[key{n, strings.ToLower(name)}] {
				continue
			}
			a.subnet(name, element.ref(), network, subnetSource{n, element.get})
		}
	}, "VirtualNetwork", "Subnet")
}

// networkOf returns the network of a reference, or one that stands for it.
func (a *azure) networkOf(v Val[*node], p property) *Network {
	if n, known := v.Get(); known && n != nil {
		return a.networks[n]
	}
	id, _ := p.text().Get()
	if id == "" {
		id = p.node.URN + "\x00" + p.path
	}
	return a.networkStub(id, p.ref())
}

// networkStub returns the network outside the graph that an id or name stands
// for.
func (a *azure) networkStub(id string, ref Ref) *Network {
	id = strings.ToLower(id)
	if found := a.networkStubs[id]; found != nil {
		return found
	}
	network := &Network{
		Ref: ref, Cloud: Azure, Name: lastPart(id),
		Prefixes:   []Val[netip.Prefix]{Unknown[netip.Prefix](ref)},
		DNSSupport: Known(true, ref), DNSHostnames: Known(true, ref), DNSServers: Unknown[[]netip.Addr](ref),
		Incomplete: []Ref{ref},
	}
	a.networkStubs[id] = network
	a.Networks = append(a.Networks, network)
	return network
}

func lastPart(id string) string {
	id = id[strings.LastIndexByte(id, '\x00')+1:]
	return id[strings.LastIndexByte(id, '/')+1:]
}

// defaultOutboundEnds is the first API version whose subnets have no way to the
// internet of their own unless they ask for it.
// https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
const defaultOutboundEnds = "20250701"

// subnet adds a subnet, whose route table follows. Azure's defaults: no
// security group, no NAT gateway, default outbound access before API version
// 2025-07-01, no network policies for private endpoints.
func (a *azure) subnet(name string, ref Ref, network *Network, source subnetSource) *Subnet {
	get := source.get
	s := &Subnet{
		Ref: ref, Network: network, Name: name, Zone: Known("", ref),
		Filter:          a.securityGroup(get("networkSecurityGroup")),
		PublicOnLaunch:  Known(false, ref),
		DefaultOutbound: orDefault(get("defaultOutboundAccess"), property.boolean, apiVersion(source.node) < defaultOutboundEnds),
		NAT:             a.nat(get("natGateway")),
		Delegation:      Known("", ref),
	}
	switch one, many := get("addressPrefix"), get("addressPrefixes"); {
	case !none(many):
		s.Prefixes = prefixes(many)
	default:
		s.Prefixes = []Val[netip.Prefix]{one.prefix()}
	}
	if delegations, complete := get("delegations").list(); !complete {
		s.Delegation = Unknown[string](get("delegations").cause())
	} else if len(delegations) > 0 {
		s.Delegation = delegations[0].get("serviceName").text()
	}
	policies := orDefault(get("privateEndpointNetworkPolicies"), property.text, "Disabled")
	s.PrivateEndpointRoutes = convert(policies, func(p string) bool {
		return strings.EqualFold(p, "Enabled") || strings.EqualFold(p, "RouteTableEnabled")
	})
	s.PrivateEndpointFilter = convert(policies, func(p string) bool {
		return strings.EqualFold(p, "Enabled") || strings.EqualFold(p, "NetworkSecurityGroupEnabled")
	})
	a.subnetSources[s] = source
	a.subnetsOf[network] = append(a.subnetsOf[network], s)
	a.Subnets = append(a.Subnets, s)
	return s
}

func (a *azure) nat(p property) Val[*Gateway] {
	if p.state == absent {
		return Known[*Gateway](nil, p.ref())
	}
	id := p.get("id")
	return convert(a.node(id, "NatGateway"), func(n *node) *Gateway {
		if g := a.nats[n]; g != nil {
			return g
		}
		g := newGateway(NAT, id.ref(), nil)
		g.Public, g.Addresses, g.Incomplete = Known(true, id.ref()), []Val[netip.Addr]{Unknown[netip.Addr](id.ref())}, []Ref{id.ref()}
		return g
	})
}

// subnetAt reads the id of a subnet, of one in a network's list too.
func (a *azure) subnetAt(p property) Val[*Subnet] {
	kinds := azureKinds("Subnet", "VirtualNetwork")
	v := p.target(append(kinds, azureNetwork+"VirtualNetwork#subnets")...)
	t, known := v.Get()
	if known && t.node == nil {
		return a.subnetByID(p, t.id)
	}
	var options []*Subnet
	targets, complete := v.Options()
	for _, t := range targets {
		switch {
		case t.node.kind == azureNetwork+"Subnet":
			if s := a.subnets[t.node]; s != nil {
				options = append(options, s)
			}
		case t.part != "":
			if s := a.subnetNamed(a.networks[t.node], lastPart(t.id)); s != nil {
				options = append(options, s)
			}
		case !slices.ContainsFunc(targets, func(t target) bool { return t.node.kind == azureNetwork+"Subnet" }):
			// An output of the network: one of the subnets in its list.
			options = append(options, keep(a.subnetsOf[a.networks[t.node]], func(s *Subnet) bool { return s.Ref.URN == t.node.URN })...)
		}
	}
	if !complete {
		return Val[*Subnet]{options: options, unknown: true, ref: v.Ref()}
	}
	return OneOf(v.Ref(), options...)
}

// subnetByID finds a subnet by an id that no resource has.
func (a *azure) subnetByID(p property, id string) Val[*Subnet] {
	if n, certain := a.literal(id, azureKinds("Subnet")); n != nil {
		if certain {
			return Known(a.subnets[n], p.ref())
		}
		return Val[*Subnet]{options: []*Subnet{a.subnets[n]}, unknown: true, ref: p.ref()}
	}
	var network *Network
	if owner, kind, name := a.partOf(p, "VirtualNetwork"); strings.EqualFold(kind, "subnets") {
		if n, known := owner.Get(); known && n != nil {
			network = a.networks[n]
			if s := a.subnetNamed(network, name); s != nil {
				return Known(s, p.ref())
			}
		}
	}
	return Known(a.subnetStub(id, network, p.ref()), p.ref())
}

func (a *azure) subnetNamed(network *Network, name string) *Subnet {
	for _, s := range a.subnetsOf[network] {
		if strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}

// subnetStub returns the subnet outside the graph that an id stands for, in a
// network of the graph or in one that is outside as well.
func (a *azure) subnetStub(id string, network *Network, ref Ref) *Subnet {
	id = strings.ToLower(id)
	if found := a.subnetStubs[id]; found != nil {
		return found
	}
	if network == nil {
		owner, _, _ := strings.Cut(id, "/subnets/")
		network = a.networkStub(owner, ref)
	}
	s := &Subnet{
		Ref: ref, Network: network, Name: lastPart(id), Zone: Known("", ref),
		Prefixes: []Val[netip.Prefix]{Unknown[netip.Prefix](ref)},
		Table:    Unknown[*RouteTable](ref), Filter: Unknown[*Filter](ref), NAT: Unknown[*Gateway](ref),
		PublicOnLaunch: Known(false, ref), DefaultOutbound: Unknown[bool](ref), VirtualNetworkTag: Unknown[[]netip.Prefix](ref),
		PrivateEndpointRoutes: Unknown[bool](ref), PrivateEndpointFilter: Unknown[bool](ref), Delegation: Unknown[string](ref),
		Incomplete: []Ref{ref},
	}
	a.subnetStubs[id] = s
	a.subnetsOf[network] = append(a.subnetsOf[network], s)
	a.Subnets = append(a.Subnets, s)
	return s
}

// peering is one side of a peering: what it lets the near network do.
type peering struct {
	near *Network
	// far is known and nil when it is not in the graph.
	far     Val[*Network]
	ref     Ref
	get     func(string) property
	gateway *Gateway
	other   *peering // the far side, if the graph has it
}

// findPeerings adds every side of a peering as a gateway of its network.
// https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering
func (a *azure) findPeerings() {
	type key struct {
		network *node
		name    string
	}
	alone := map[key]bool{}
	var sides []*peering
	a.each(func(n *node) {
		owner := a.owner(n, "virtualNetworkName", "VirtualNetwork")
		if near, known := owner.Get(); known && near != nil {
			alone[key{near, strings.ToLower(a.name(n))}] = true
		}
		p := a.peering(a.networkOf(owner, n.get("virtualNetworkName")), n.ref(""), n.get)
		p.gateway.Name = a.title(n)
		sides = append(sides, p)
		a.element(n, p.ref, &p.gateway.Incomplete)
	}, "VirtualNetworkPeering")
	a.each(func(n *node) {
		list := n.get("virtualNetworkPeerings")
		elements, complete := list.list()
		if !complete {
			a.networks[n].Incomplete = append(a.networks[n].Incomplete, list.cause())
		}
		for _, element := range elements {
			if name, known := element.get("name").text().Get(); !known || !alone[key{n, strings.ToLower(name)}] {
				sides = append(sides, a.peering(a.networks[n], element.ref(), element.get))
			}
		}
	}, "VirtualNetwork")
	for _, p := range sides {
		far, _ := p.far.Get()
		for _, q := range a.peerings[far] {
			if back, _ := q.far.Get(); far != nil && back == p.near {
				p.other = q
			}
		}
	}
	for _, p := range sides {
		a.establish(p)
	}
}

func (a *azure) peering(near *Network, ref Ref, get func(string) property) *peering {
	remote := get("remoteVirtualNetwork").get("id")
	p := &peering{
		near: near, ref: ref, get: get, gateway: newGateway(Peering, ref, near),
		far: convert(a.node(remote, "VirtualNetwork"), func(n *node) *Network { return a.networks[n] }),
	}
	p.gateway.Peer = p.far
	if far, known := p.far.Get(); !known || far == nil {
		// The ranges are inputs, or read back once the peering is there.
		for _, space := range []string{"remoteVirtualNetworkAddressSpace", "remoteAddressSpace"} {
			if list := get(space).get("addressPrefixes"); list.state == present {
				p.gateway.PeerPrefixes = prefixes(list)
				break
			}
		}
		if p.gateway.PeerPrefixes == nil {
			p.gateway.PeerPrefixes = []Val[netip.Prefix]{Unknown[netip.Prefix](remote.ref())}
		}
	}
	if whole := get("peerCompleteVnets"); whole.state != absent && !whole.boolean().Or(false) {
		// Some subnets only: not understood.
		p.gateway.Incomplete = append(p.gateway.Incomplete, whole.ref())
	}
	a.Gateways = append(a.Gateways, p.gateway)
	a.peerings[near] = append(a.peerings[near], p)
	return p
}

// stray reports whether a side of a network that nobody knows may lead to this
// one.
func (a *azure) stray(to *Network) bool {
	for near, sides := range a.peerings {
		if near == nil || near == to || len(near.Incomplete) == 0 {
			continue
		}
		for _, q := range sides {
			if options, complete := q.far.Options(); !complete || slices.Contains(options, to) {
				return true
			}
		}
	}
	return false
}

// establish says what a side of a peering does, once all sides are known. It
// works when the other side is there too. Without allowVirtualNetworkAccess the
// hosts have no access by default, and Azure does not say what is left of it, nor
// what an absent allowVirtualNetworkAccess means.
func (a *azure) establish(p *peering) {
	established := p.get("peeringState").text()
	state, read := established.Get()
	far, farKnown := p.far.Get()
	switch {
	case p.other != nil:
		p.gateway.Established = Known(true, p.ref)
		p.gateway.Forwarded = orDefault(p.other.get("allowForwardedTraffic"), property.boolean, false)
	case read:
		p.gateway.Established = Known(strings.EqualFold(state, "Connected"), established.Ref())
		p.gateway.Forwarded = Unknown[bool](p.ref)
	case farKnown && far != nil && len(far.Incomplete) == 0 && !slices.ContainsFunc(a.peerings[far], func(q *peering) bool { return !q.far.IsKnown() }) && !a.stray(p.near):
		p.gateway.Established = Known(false, p.ref)
		p.gateway.Forwarded = Known(false, p.ref)
	default:
		p.gateway.Established = Unknown[bool](p.get("remoteVirtualNetwork").ref())
		p.gateway.Forwarded = Unknown[bool](p.get("remoteVirtualNetwork").ref())
	}
	if up, known := p.gateway.Established.Get(); !known || !up {
		return
	}
	for _, side := range []*peering{p, p.other} {
		if side == nil {
			continue
		}
		access := side.get("allowVirtualNetworkAccess").boolean()
		if allowed, known := access.Get(); !known || !allowed {
			p.gateway.Established = Unknown[bool](access.Ref())
		}
	}
}

// farPrefixes are the ranges at the other side.
func (p *peering) farPrefixes() []Val[netip.Prefix] {
	if far, known := p.far.Get(); known && far != nil {
		return far.Prefixes
	}
	return p.gateway.PeerPrefixes
}

// vpnGateway adds a VPN or ExpressRoute gateway.
func (a *azure) vpnGateway(n *node) {
	g := newGateway(VPN, n.ref(""), nil)
	g.Name = a.title(n)
	configurations, _ := n.get("ipConfigurations").list()
	g.Subnet = Unknown[*Subnet](n.get("ipConfigurations").cause())
	for i, c := range configurations {
		if i == 0 {
			g.Subnet = a.subnetAt(c.get("subnet").get("id"))
			if s, known := g.Subnet.Get(); known {
				g.Network = s.Network
			}
		}
		g.Addresses = append(g.Addresses, a.publicAddresses(c.get("publicIPAddress").get("id"))...)
	}
	a.vpns[n] = g
	a.Gateways = append(a.Gateways, g)
	a.element(n, g.Ref, &g.Incomplete)
}
