package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// tableKey is what the effective routes of a subnet follow from. Subnets with
// the same share a table.
type tableKey struct {
	network *Network
	user    *node // nil without a route table
	// outside is where a route table is named that the graph does not hold.
	outside Ref
	// services are the service endpoints of the subnet.
	services string
}

// userTable is a route table of the program, before Azure adds its own routes.
type userTable struct {
	routes     []routeSource
	incomplete []Ref
}

type routeSource struct {
	ref Ref
	get func(string) property
}

// sharedGateway is one of the places that every network has.
type sharedGateway struct {
	kind    GatewayKind
	network *Network
	service string
}

// outsideAppliance is an address that a route names and nothing in the graph has.
type outsideAppliance struct {
	network *Network
	addr    netip.Addr
}

// announcement is ranges that a VPN or ExpressRoute gateway makes known in its
// network.
type announcement struct {
	ref Ref
	to  Val[[]netip.Prefix]
}

// routes gives every subnet its route table and what the service tag
// VirtualNetwork stands for in it.
func (a *azure) routes() {
	a.readUserTables()
	for _, s := range a.Subnets {
		source, ok := a.subnetSources[s]
		if !ok {
			continue
		}
		endpoints := source.get("serviceEndpoints")
		p := source.get("routeTable")
		user := Known[*node](nil, p.ref())
		if p.state != absent {
			user = a.node(p.get("id"), "RouteTable")
		}
		key := tableKey{network: s.Network}
		if p.state != absent && user.IsKnown() && user.Or(nil) == nil {
			key.outside = p.get("id").ref()
		}
		s.Table = convert(user, func(n *node) *RouteTable {
			key.user = n
			return a.effective(s, key, endpoints)
		})
		if !user.IsKnown() {
			key.user, key.outside = nil, user.Ref()
		}
		s.VirtualNetworkTag = a.virtualNetworkTag(s.Network, key)
	}
}

// readUserTables collects the routes of each route table, those in its list and
// those that are resources.
func (a *azure) readUserTables() {
	type key struct {
		table *node
		name  string
	}
	alone := map[key]bool{}
	a.each(func(n *node) { a.userRoutes[n] = &userTable{} }, "RouteTable")
	a.each(func(n *node) {
		owner := a.owner(n, "routeTableName", "RouteTable")
		if table, known := owner.Get(); known && table != nil {
			alone[key{table, strings.ToLower(a.name(n))}] = true
			a.userRoutes[table].routes = append(a.userRoutes[table].routes, routeSource{n.ref(""), n.get})
			return
		}
		tables, _ := owner.Options()
		for _, table := range tables {
			if u := a.userRoutes[table]; u != nil {
				note(&u.incomplete, owner.Ref())
			}
		}
	}, "Route")
	a.each(func(n *node) {
		u, list := a.userRoutes[n], n.get("routes")
		elements, complete := list.list()
		if !complete {
			u.incomplete = append(u.incomplete, list.cause())
		}
		for _, element := range elements {
			if name, known := element.get("name").text().Get(); !known || !alone[key{n, strings.ToLower(name)}] {
				u.routes = append(u.routes, routeSource{element.ref(), element.get})
			}
		}
	}, "RouteTable")
}

// maxRoutes bounds the tables of all subnets together. No network of this world
// has as many; beyond it nobody knows where packets go.
const maxRoutes = 1_000_000

// effective returns the routes of a subnet: the user's, those that a gateway
// announces, and Azure's own.
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
func (a *azure) effective(s *Subnet, key tableKey, endpoints property) *RouteTable {
	network, user := key.network, key.user
	services, complete := endpoints.list()
	policies := a.subnetSources[s].get("serviceEndpointPolicies")
	for _, e := range services {
		key.services += e.get("service").text().Or("") + "\x00"
	}
	if !complete || !none(policies) {
		key.services += endpoints.node.URN + "\x00" + endpoints.path
	}
	if found := a.tables[key]; found != nil {
		return found
	}
	t := &RouteTable{Ref: network.Ref, Network: network}
	if a.routeCount > maxRoutes {
		t.Incomplete = []Ref{network.Ref}
		return t
	}
	propagates := Known(true, network.Ref)
	switch {
	case user != nil:
		t.Ref = user.ref("")
		u := a.userRoutes[user]
		t.Incomplete = slices.Clone(u.incomplete)
		for _, source := range u.routes {
			t.Routes = append(t.Routes, a.userRoute(network, source))
		}
		disabled := orDefault(user.get("disableBgpRoutePropagation"), property.boolean, false)
		propagates = convert(disabled, func(off bool) bool { return !off })
	case key.outside != (Ref{}):
		t.Ref, t.Incomplete = key.outside, []Ref{key.outside}
	}
	own := slices.Clone(t.Routes)
	t.Routes = append(t.Routes, a.announced(network, own, propagates)...)
	forced, perhaps := overridesDefault(t.Routes)
	t.Routes = append(t.Routes, a.peeringRoutes(network, slices.Clip(t.Routes))...)
	t.Routes = append(t.Routes, a.endpointRoutes(network, own)...)
	for _, e := range services {
		t.Routes = append(t.Routes, a.serviceRoute(network, e, policies))
	}
	if !complete {
		t.Incomplete = append(t.Incomplete, endpoints.cause())
	}
	for _, prefix := range network.Prefixes {
		t.Routes = append(t.Routes, Route{Ref: prefix.Ref(), To: toPrefixes(prefix), Via: Known(a.place(Local, network), prefix.Ref()), Origin: OriginSystem})
	}
	system := func(prefix string, kind GatewayKind) Route {
		return Route{
			Ref: network.Ref, To: Known([]netip.Prefix{netip.MustParsePrefix(prefix)}, network.Ref),
			Via: Known(a.place(kind, network), network.Ref), Origin: OriginSystem,
		}
	}
	t.Routes = append(t.Routes, system("0.0.0.0/0", Internet))
	if hasIPv6(network) {
		t.Routes = append(t.Routes, system("::/0", Internet))
	}
	// The drops of private ranges are gone where the network holds them, and
	// where something else than the internet takes the default route.
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"} {
		route := system(private, Drop)
		held := slices.ContainsFunc(network.Prefixes, func(v Val[netip.Prefix]) bool {
			prefix, known := v.Get()
			return known && contains(prefix, netip.MustParsePrefix(private))
		})
		if on, known := forced.Get(); held || known && on {
			continue
		} else if !known {
			route.Via = either(forced.Ref(), a.place(Drop, network), perhaps)
		}
		t.Routes = append(t.Routes, route)
	}
	a.routeCount += len(t.Routes)
	a.tables[key] = t
	a.Tables = append(a.Tables, t)
	if user != nil {
		a.element(user, t.Ref, &t.Incomplete)
	}
	return t
}

// peeringRoutes returns the routes to the peers. A peering that is not
// established has none, which matters where another route takes its place.
func (a *azure) peeringRoutes(network *Network, others []Route) []Route {
	var routes []Route
	for _, p := range a.peerings[network] {
		up, known := p.gateway.Established.Get()
		for _, v := range p.farPrefixes() {
			r := Route{Ref: p.ref, To: toPrefixes(v), Via: Known(p.gateway, p.ref), Origin: OriginSystem}
			if !up {
				prefix, _ := v.Get()
				instead := keep(others, func(o Route) bool {
					return slices.ContainsFunc(o.To.Or(nil), prefix.Overlaps)
				})
				switch {
				case len(instead) > 0 && known:
					continue
				case len(instead) > 0:
					r.Via = either(p.gateway.Established.Ref(), p.gateway, instead)
				}
			}
			routes = append(routes, r)
		}
	}
	return routes
}

// contains reports whether a prefix holds all of another one.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func hasIPv6(network *Network) bool {
	return slices.ContainsFunc(network.Prefixes, func(v Val[netip.Prefix]) bool {
		prefix, known := v.Get()
		return !known || prefix.Addr().Is6()
	})
}

// overridesDefault says whether one of the routes sends 0.0.0.0/0 to something
// that is neither the internet nor nowhere. When nobody knows, it returns the
// routes that may.
func overridesDefault(routes []Route) (overrides Val[bool], perhaps []Route) {
	every := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	for _, r := range routes {
		to, toKnown := r.To.Get()
		via, viaKnown := r.Via.Get()
		elsewhere := viaKnown && via.Kind != Internet && via.Kind != Drop && via.Kind != Local
		switch {
		case toKnown && !slices.Contains(to, every) || viaKnown && !elsewhere:
		case toKnown && viaKnown:
			return Known(true, r.Ref), nil
		case toKnown:
			overrides, perhaps = Unknown[bool](r.Via.Ref()), append(perhaps, r)
		default:
			overrides, perhaps = Unknown[bool](r.To.Ref()), append(perhaps, r)
		}
	}
	if len(perhaps) == 0 {
		return Known(false, Ref{}), nil
	}
	return overrides, perhaps
}

// place returns the local network, the internet or the drop of a network.
func (a *azure) place(kind GatewayKind, network *Network) *Gateway {
	key := sharedGateway{kind: kind, network: network}
	if found := a.shared[key]; found != nil {
		return found
	}
	g := newGateway(kind, network.Ref, network)
	a.shared[key] = g
	a.Gateways = append(a.Gateways, g)
	return g
}

// userRoute reads a route of a route table.
func (a *azure) userRoute(network *Network, source routeSource) Route {
	r := Route{Ref: source.ref, To: a.routeTo(source.get("addressPrefix"))}
	hop := source.get("nextHopType")
	kind, known := hop.text().Get()
	switch {
	case !known:
		r.Via = Unknown[*Gateway](hop.cause())
	case strings.EqualFold(kind, "VirtualAppliance"):
		r.Via = a.appliance(network, source.get("nextHopIpAddress"))
	case strings.EqualFold(kind, "Internet"):
		r.Via = Known(a.place(Internet, network), hop.ref())
	case strings.EqualFold(kind, "VnetLocal"):
		r.Via = Known(a.place(Local, network), hop.ref())
	case strings.EqualFold(kind, "None"):
		r.Via = Known(a.place(Drop, network), hop.ref())
	case strings.EqualFold(kind, "VirtualNetworkGateway"):
		r.Via = a.vpnHop(network, hop)
	default:
		r.Via = Unknown[*Gateway](hop.ref())
	}
	return r
}

// routeTo reads a prefix or a service tag.
func (a *azure) routeTo(p property) Val[[]netip.Prefix] {
	text, known := p.text().Get()
	if m, ok := a.match(text); known && ok && len(m.Prefixes) > 0 {
		return Known(m.Prefixes, p.ref())
	}
	return Unknown[[]netip.Prefix](p.cause())
}

// appliance finds what has the address that a route leads to, in the network or
// one of its peers.
func (a *azure) appliance(network *Network, p property) Val[*Gateway] {
	kinds := azureKinds("AzureFirewall", "NetworkInterface", "LoadBalancer")
	if from, output, made := p.madeUp(); made {
		if g := a.gatewayOf(from); g != nil {
			return Known(g, p.ref())
		}
		return Unknown[*Gateway](output)
	}
	addr, known := p.address().Get()
	if !known {
		var options []*Gateway
		for _, t := range p.candidates(kinds) {
			if g := a.gatewayOf(t.node); g != nil {
				options = append(options, g)
			}
		}
		return OneOf(p.cause(), options...)
	}
	scope := []*Network{network}
	for _, side := range a.peerings[network] {
		if far, known := side.far.Get(); known && far != nil {
			scope = append(scope, far)
		}
	}
	inScope := func(v Val[*Subnet]) bool {
		s, known := v.Get()
		return known && s != nil && slices.Contains(scope, s.Network)
	}
	var likely []*Gateway
	for _, n := range a.ix.byKind[azureNetwork+"AzureFirewall"] {
		g := a.firewalls[n]
		if g == nil || !inScope(g.Subnet) {
			continue
		}
		if own, known := g.PrivateAddress.Get(); known {
			if own == addr {
				return Known(g, p.ref())
			}
			continue
		}
		// Its subnet holds nothing else: what else is sent there is lost.
		for _, v := range g.Subnet.Or(nil).Prefixes {
			if prefix, known := v.Get(); known && prefix.Contains(addr) {
				return OneOf(g.PrivateAddress.Ref(), g, a.place(Drop, network))
			}
		}
	}
	for _, i := range a.byAddress[addr] {
		if inScope(i.Subnet) && i.Kind != EndpointInterface && i.Kind != ResolverInterface {
			return Known(a.applianceOf(i), p.ref())
		}
	}
	var subnets []*Subnet
	for _, n := range scope {
		subnets = append(subnets, a.subnetsOf[n]...)
	}
	s := a.subnetWith(addr, subnets)
	for _, i := range a.forwarding[s] {
		likely = append(likely, a.applianceOf(i))
	}
	if len(likely) > 0 {
		return Val[*Gateway]{options: likely, unknown: true, ref: p.ref()}
	}
	key := outsideAppliance{network, addr}
	if found := a.outside[key]; found != nil {
		return Known(found, p.ref())
	}
	g := newGateway(Appliance, p.ref(), network)
	g.Name, g.PrivateAddress, g.Incomplete = addr.String(), Known(addr, p.ref()), []Ref{p.ref()}
	g.Policy, g.SNAT, g.Public = Unknown[*Filter](p.ref()), Unknown[bool](p.ref()), Unknown[bool](p.ref())
	if s != nil {
		g.Subnet = Known(s, p.ref())
	}
	a.outside[key] = g
	a.Gateways = append(a.Gateways, g)
	return Known(g, p.ref())
}

// gatewayOf returns what a route by an output of a resource leads to.
func (a *azure) gatewayOf(n *node) *Gateway {
	if g := a.firewalls[n]; g != nil {
		return g
	}
	if i := a.cards[n]; i != nil {
		return a.applianceOf(i)
	}
	if b := a.balancers[n]; b != nil {
		for _, i := range b.Interfaces {
			if !i.Public.Or(true) {
				return a.applianceOf(i)
			}
		}
	}
	return nil
}

// applianceOf returns the appliance behind an interface of the graph. What it
// does with packets is inside the machine.
func (a *azure) applianceOf(i *Interface) *Gateway {
	if found := a.appliances[i]; found != nil {
		return found
	}
	g := newGateway(Appliance, i.Ref, nil)
	g.Name, g.Subnet, g.Interface = i.Name, i.Subnet, Known(i, i.Ref)
	g.Public, g.Addresses = i.Public, i.PublicAddresses
	g.Policy, g.SNAT = Unknown[*Filter](i.Ref), Unknown[bool](i.Ref)
	if len(i.Addresses) > 0 {
		g.PrivateAddress = i.Addresses[0]
	}
	if s, known := i.Subnet.Get(); known && s != nil {
		g.Network = s.Network
	}
	a.appliances[i] = g
	a.Gateways = append(a.Gateways, g)
	return g
}

// gateways returns the VPN and ExpressRoute gateways that a network uses: its
// own, or those of a peer that lets it.
func (a *azure) gateways(network *Network) []*Gateway {
	var found []*Gateway
	own := func(of *Network) {
		for _, n := range a.ix.byKind[azureNetwork+"VirtualNetworkGateway"] {
			if g := a.vpns[n]; g != nil && g.Network == of {
				found = append(found, g)
			}
		}
	}
	own(network)
	for _, p := range a.peerings[network] {
		use := orDefault(p.get("useRemoteGateways"), property.boolean, false)
		far, farKnown := p.far.Get()
		switch wanted, known := use.Get(); {
		case known && !wanted:
		case known && farKnown && far != nil && p.other != nil:
			if allowed, known := orDefault(p.other.get("allowGatewayTransit"), property.boolean, false).Get(); known && allowed {
				own(far)
			} else if !known {
				found = append(found, a.remoteGateway(p, p.other.get("allowGatewayTransit").ref()))
			}
		default:
			found = append(found, a.remoteGateway(p, use.Ref()))
		}
	}
	return found
}

// remoteGateway stands for a gateway of a peer that the graph does not hold.
func (a *azure) remoteGateway(p *peering, ref Ref) *Gateway {
	key := sharedGateway{kind: VPN, network: p.near, service: p.ref.URN + p.ref.Property}
	if found := a.shared[key]; found != nil {
		return found
	}
	g := newGateway(VPN, ref, p.near)
	g.Attached, g.Subnet = Unknown[bool](ref), Unknown[*Subnet](ref)
	g.Incomplete = []Ref{ref}
	a.shared[key] = g
	a.Gateways = append(a.Gateways, g)
	return g
}

// vpnHop is the next hop VirtualNetworkGateway. Without a gateway in the graph
// there may be one outside.
func (a *azure) vpnHop(network *Network, hop property) Val[*Gateway] {
	if found := a.gateways(network); len(found) > 0 {
		return OneOf(hop.ref(), found...)
	}
	key := sharedGateway{kind: VPN, network: network}
	g := a.shared[key]
	if g == nil {
		g = newGateway(VPN, hop.ref(), network)
		g.Attached, g.Subnet, g.Incomplete = Unknown[bool](hop.ref()), Unknown[*Subnet](hop.ref()), []Ref{hop.ref()}
		a.shared[key] = g
		a.Gateways = append(a.Gateways, g)
	}
	return Known(g, hop.ref())
}

// connections collects what the gateways announce: the ranges of local network
// gateways and of the networks at the other end, those of VPN clients, and what
// nobody knows before BGP tells.
func (a *azure) connections() {
	a.each(func(n *node) {
		if clients := n.get("vpnClientConfiguration").get("vpnClientAddressPool").get("addressPrefixes"); clients.state != absent {
			a.announce(a.vpns[n], clients.ref(), prefixes(clients))
		}
	}, "VirtualNetworkGateway")
	a.each(func(n *node) {
		near := a.node(n.get("virtualNetworkGateway1").get("id"), "VirtualNetworkGateway")
		gateways, _ := near.Options()
		for _, gateway := range gateways {
			g := a.vpns[gateway]
			if g == nil {
				continue
			}
			if !near.IsKnown() {
				g.Incomplete = append(g.Incomplete, near.Ref())
			}
			bgp := orDefault(n.get("enableBgp"), property.boolean, false).Or(true)
			if site := n.get("localNetworkGateway2"); site.state != absent {
				space := n.get("localNetworkGateway2")
				if l, known := a.node(site.get("id"), "LocalNetworkGateway").Get(); known && l != nil {
					space = l.get("localNetworkAddressSpace").get("addressPrefixes")
				}
				if space.state != absent {
					a.announce(g, space.ref(), prefixes(space))
				}
			}
			if far := n.get("virtualNetworkGateway2"); far.state != absent {
				ranges := []Val[netip.Prefix]{Unknown[netip.Prefix](far.ref())}
				if other, known := a.node(far.get("id"), "VirtualNetworkGateway").Get(); known && a.vpns[other] != nil && a.vpns[other].Network != nil {
					ranges = a.vpns[other].Network.Prefixes
				}
				a.announce(g, far.ref(), ranges)
			}
			if kind := n.get("connectionType").text().Or(""); bgp || strings.EqualFold(kind, "ExpressRoute") || kind == "" {
				a.announce(g, n.ref("enableBgp"), []Val[netip.Prefix]{Unknown[netip.Prefix](n.ref("enableBgp"))})
			}
		}
	}, "VirtualNetworkGatewayConnection")
}

func (a *azure) announce(g *Gateway, ref Ref, ranges []Val[netip.Prefix]) {
	if g == nil {
		return
	}
	for _, v := range ranges {
		a.announcements[g] = append(a.announcements[g], announcement{ref, toPrefixes(v)})
	}
}

// announced returns the routes of the gateways. Azure keeps its own routes to
// the network and its peers even where a gateway announces longer prefixes,
// unless the user overrides them.
func (a *azure) announced(network *Network, own []Route, propagates Val[bool]) []Route {
	on, known := propagates.Get()
	if known && !on {
		return nil
	}
	var system []netip.Prefix
	for _, v := range a.reachable(network) {
		if prefix, known := v.Get(); known && !slices.ContainsFunc(own, func(r Route) bool {
			to, known := r.To.Get()
			return !known || slices.Contains(to, prefix)
		}) {
			system = append(system, prefix)
		}
	}
	var routes []Route
	for _, g := range a.gateways(network) {
		announced := a.announcements[g]
		if len(g.Incomplete) > 0 {
			announced = append(slices.Clip(announced), announcement{g.Ref, Unknown[[]netip.Prefix](g.Incomplete[0])})
		}
		for _, n := range announced {
			to, toKnown := n.to.Get()
			if toKnown && slices.ContainsFunc(system, func(p netip.Prefix) bool { return contains(p, to[0]) }) {
				continue
			}
			r := Route{Ref: n.ref, To: n.to, Via: Known(g, n.ref), Origin: OriginPropagated}
			if !known {
				r.Via = Unknown[*Gateway](propagates.Ref())
			}
			routes = append(routes, r)
		}
	}
	return routes
}

// reachable are the ranges of a network and its peers.
func (a *azure) reachable(network *Network) []Val[netip.Prefix] {
	ranges := slices.Clone(network.Prefixes)
	for _, p := range a.peerings[network] {
		ranges = append(ranges, p.farPrefixes()...)
	}
	return ranges
}

// endpointRoutes returns the /32 routes to the private endpoints in the network
// and its peers. A user's route takes them only where the endpoint's subnet has
// network policies for routes, and then only with a prefix at least as long as
// the network's. Without such a route they lead where the network's own does,
// and are left out.
// https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall
func (a *azure) endpointRoutes(network *Network, own []Route) []Route {
	var routes []Route
	for _, near := range append([]*peering{nil}, a.peerings[network]...) {
		in, via := network, (*Gateway)(nil)
		if near == nil {
			via = a.place(Local, network)
		} else if far, known := near.far.Get(); known && far != nil {
			in, via = far, near.gateway
		} else {
			continue
		}
		for _, i := range a.privateEndpoints[in] {
			s := i.Subnet.Or(nil)
			policies, policiesKnown := s.PrivateEndpointRoutes.Get()
			for _, v := range i.Addresses {
				addr, known := v.Get()
				over := a.overriding(in, s, own, addr)
				if len(over) == 0 || policiesKnown && policies {
					continue
				}
				r := Route{Ref: i.Ref, Via: Known(via, i.Ref), Origin: OriginSystem}
				if !policiesKnown {
					r.Via, r.Origin = either(s.PrivateEndpointRoutes.Ref(), via, over), OriginStatic
				}
				if known {
					r.To = Known([]netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, v.Ref())
					routes = append(routes, r)
					continue
				}
				// Somewhere in its subnet Azure's route is there, and not the user's.
				r.Via, r.Origin = either(v.Ref(), via, over), OriginStatic
				for _, prefix := range s.Prefixes {
					r.To = convert(prefix, func(whole netip.Prefix) []netip.Prefix { return within(whole, over) })
					routes = append(routes, r)
				}
			}
		}
	}
	return routes
}

// either is the gateway or one that the routes lead to; ref decides.
func either(ref Ref, via *Gateway, routes []Route) Val[*Gateway] {
	v := Val[*Gateway]{options: []*Gateway{via}, ref: ref}
	for _, r := range routes {
		options, complete := r.Via.Options()
		v.options = append(v.options, options...)
		v.unknown = v.unknown || !complete
	}
	return v
}

// within returns prefixes that together hold the whole one, and that are longer
// than those of the routes in it.
func within(whole netip.Prefix, routes []Route) []netip.Prefix {
	found := halves(whole)
	for _, r := range routes {
		for _, prefix := range r.To.Or(nil) {
			if contains(whole, prefix) {
				found = append(found, halves(prefix)...)
			}
		}
	}
	return found
}

// halves splits a prefix, so that its routes come before one for the whole.
func halves(prefix netip.Prefix) []netip.Prefix {
	if prefix.Bits() >= prefix.Addr().BitLen() {
		return []netip.Prefix{prefix}
	}
	low := netip.PrefixFrom(prefix.Masked().Addr(), prefix.Bits()+1)
	return []netip.Prefix{low, netip.PrefixFrom(lastAddress(low).Next(), prefix.Bits()+1)}
}

// overriding returns the user's routes that would take an endpoint's address,
// or with an address that is not known some address of its subnet: those as
// long as the network's own range.
func (a *azure) overriding(network *Network, s *Subnet, own []Route, addr netip.Addr) []Route {
	return keep(own, func(r Route) bool {
		to, known := r.To.Get()
		if !known {
			return true
		}
		return slices.ContainsFunc(to, func(prefix netip.Prefix) bool {
			long := slices.ContainsFunc(network.Prefixes, func(v Val[netip.Prefix]) bool {
				whole, known := v.Get()
				return !known || prefix.Overlaps(whole) && prefix.Bits() >= whole.Bits()
			})
			touches := slices.ContainsFunc(s.Prefixes, func(v Val[netip.Prefix]) bool {
				subnet, known := v.Get()
				return !known || prefix.Overlaps(subnet)
			})
			return long && (addr.IsValid() && prefix.Contains(addr) || !addr.IsValid() && touches)
		})
	})
}

// serviceRoute returns the route of a service endpoint. Storage and SQL have
// one for their own region, the other services for every region.
// https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview
func (a *azure) serviceRoute(network *Network, p, policies property) Route {
	name := p.get("service").text()
	service, known := name.Get()
	tags := map[string]string{
		"microsoft.storage": "Storage", "microsoft.storage.global": "Storage", "microsoft.sql": "Sql",
		"microsoft.azurecosmosdb": "AzureCosmosDB", "microsoft.keyvault": "AzureKeyVault",
		"microsoft.servicebus": "ServiceBus", "microsoft.eventhub": "EventHub", "microsoft.web": "AppService",
		"microsoft.containerregistry": "AzureContainerRegistry", "microsoft.cognitiveservices": "CognitiveServicesManagement",
		"microsoft.azureactivedirectory": "AzureActiveDirectory",
	}
	tag := tags[strings.ToLower(service)]
	if !known || tag == "" {
		return Route{Ref: p.ref(), To: Unknown[[]netip.Prefix](name.Ref()), Via: Unknown[*Gateway](name.Ref()), Origin: OriginSystem}
	}
	to := a.serviceTag(tag)
	if regional := strings.EqualFold(service, "Microsoft.Storage") || tag == "Sql"; regional && network.Region != "" {
		to = a.serviceTag(tag + "." + network.Region)
	}
	key := sharedGateway{kind: ServiceGateway, network: network, service: tag}
	if !none(policies) {
		key.service = p.node.URN + p.path
	}
	g := a.shared[key]
	if g == nil {
		g = newGateway(ServiceGateway, p.ref(), network)
		g.Service = tag
		if !none(policies) {
			// They narrow the service to some accounts: not understood.
			g.Incomplete = append(g.Incomplete, policies.ref())
		}
		a.shared[key] = g
		a.Gateways = append(a.Gateways, g)
	}
	return Route{Ref: p.ref(), To: Known(to, p.ref()), Via: Known(g, p.ref()), Origin: OriginSystem}
}

// virtualNetworkTag sets what the tag stands for in rules on a subnet: the
// network, the peers that it has access to, what its gateways announce, the
// prefixes of the user's routes, and Azure's resolver.
// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
func (a *azure) virtualNetworkTag(network *Network, key tableKey) Val[[]netip.Prefix] {
	key.services = ""
	if found, ok := a.networkTags[key]; ok {
		return found
	}
	if a.routeCount > maxRoutes {
		return Unknown[[]netip.Prefix](network.Ref)
	}
	var open Ref
	seen := map[netip.Prefix]bool{}
	held := []netip.Prefix{}
	add := func(v Val[[]netip.Prefix]) {
		list, known := v.Get()
		if !known {
			open = v.Ref()
		}
		for _, prefix := range list {
			if !seen[prefix] {
				seen[prefix] = true
				held = append(held, prefix)
			}
		}
	}
	for _, v := range network.Prefixes {
		add(toPrefixes(v))
	}
	for _, p := range a.peerings[network] {
		access := p.get("allowVirtualNetworkAccess").boolean()
		allowed, accessKnown := access.Get()
		up, upKnown := p.gateway.Established.Get()
		switch {
		case accessKnown && !allowed, upKnown && !up:
		case !accessKnown:
			open = access.Ref()
		case !upKnown:
			open = p.gateway.Established.Ref()
		default:
			for _, v := range p.farPrefixes() {
				add(toPrefixes(v))
			}
		}
	}
	for _, g := range a.gateways(network) {
		for _, n := range a.announcements[g] {
			add(n.to)
		}
		if len(g.Incomplete) > 0 {
			open = g.Ref
		}
	}
	if u := a.userRoutes[key.user]; u != nil {
		for _, ref := range u.incomplete {
			open = ref
		}
		for _, source := range u.routes {
			add(a.routeTo(source.get("addressPrefix")))
		}
	}
	if key.outside != (Ref{}) {
		open = key.outside
	}
	add(Known([]netip.Prefix{netip.MustParsePrefix(azureResolver)}, network.Ref))
	tag := Known(held, network.Ref)
	// With a default route it is every address, whatever else there may be.
	every := seen[netip.PrefixFrom(netip.IPv4Unspecified(), 0)] && !hasIPv6(network)
	if open != (Ref{}) && !every {
		tag = AtLeast(open, held)
	}
	a.routeCount += len(held)
	a.networkTags[key] = tag
	return tag
}
