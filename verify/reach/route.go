package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// entry is one destination of a route table.
type entry struct {
	prefix netip.Prefix
	route  *topology.Route
}

// entries returns the table's destinations in the order of evaluation, and the
// routes whose destinations are not known.
func entries(table *topology.RouteTable) (known []entry, open []*topology.Route) {
	for i := range table.Routes {
		route := &table.Routes[i]
		prefixes, ok := route.To.Get()
		if !ok {
			open = append(open, route)
			continue
		}
		for _, prefix := range prefixes {
			known = append(known, entry{prefix, route})
		}
	}
	slices.SortStableFunc(known, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(a.route.Origin, b.route.Origin))
	})
	return known, open
}

// route sends the flow from the subnet where its table says.
func (w *walk) route(f flow, subnet *topology.Subnet) {
	if table, known := subnet.Table.Get(); known {
		w.lookUp(f, table, subnet)
		return
	}
	tables, complete := subnet.Table.Options()
	f = f.doubt(subnet.Table.Ref())
	for _, table := range tables {
		w.lookUp(f, table, subnet)
	}
	if !complete {
		w.anything(f)
	}
}

// lookUp sends the flow where the table says; subnet is nil at the edge of a
// network.
func (w *walk) lookUp(f flow, table *topology.RouteTable, subnet *topology.Subnet) {
	if table == nil || !w.step(f) {
		return
	}
	f, again := f.visit([2]any{table, subnet})
	if again {
		w.block(f, table.Ref, "it comes back to the same route table: a loop")
		return
	}
	if len(table.Incomplete) > 0 {
		w.anything(f, table.Incomplete...)
		f = f.doubt(table.Incomplete...)
	}
	if subnet != nil && w.privateEndpoint(&f, table, subnet) {
		return
	}
	known, open := w.engine.entries(table)
	sure := f
	for _, route := range open {
		if subnet != nil && elsewhere(route, subnet.Network, f.now.Destination) {
			continue
		}
		w.follow(f.doubt(route.To.Ref()), netip.Prefix{}, route, subnet)
		f = f.doubt(route.To.Ref())
		if route.Origin != topology.OriginPropagated {
			sure = f
		}
	}
	rest := claim(known, packet.Set{f.now}, func(e entry, hit packet.Set) {
		way := f
		if clouds(e.route) {
			way = sure
		}
		for _, part := range way.split(hit, hit, nil) {
			w.follow(part, e.prefix, e.route, subnet)
		}
	})
	if len(rest) > 0 {
		f.sent = f.rewrites.carry(f.sent, example(rest))
		w.block(f, table.Ref, "the route table has no route to %s", w.address(Witness(rest).Destination))
	}
}

// claim calls do with each destination of a table, in the order of evaluation, and
// what of the packets it takes; it returns what none does.
func claim(known []entry, packets packet.Set, do func(e entry, hit packet.Set)) (rest packet.Set) {
	rest = packets
	own := ownRoutes(known)
	for _, e := range known {
		taken := packet.Set{to(packet.InPrefix(e.prefix))}
		if e.route.Origin == topology.OriginPropagated {
			taken = taken.Subtract(own)
		}
		hit := rest.Intersect(taken)
		if len(hit) == 0 {
			continue
		}
		rest = rest.Subtract(taken)
		do(e, hit)
		if len(rest) == 0 {
			break
		}
	}
	return rest
}

// clouds reports whether a route is the cloud's own to the network's or a
// peered network's addresses, or to a service: what a gateway announces never
// takes packets from it, however long the prefix.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
// https://learn.microsoft.com/en-us/azure/virtual-network/virtual-networks-udr-overview
func clouds(route *topology.Route) bool {
	gw, ok := route.Via.Get()
	if !ok || gw == nil {
		return false
	}
	switch gw.Kind {
	case topology.Local:
		return route.Origin == topology.OriginSystem || gw.Network == nil || gw.Network.Cloud == topology.AWS
	case topology.Peering, topology.ServiceGateway:
		return route.Origin == topology.OriginSystem
	}
	return false
}

// elsewhere reports whether a route certainly leads to other addresses than these
// of the network: Azure's own to a peered network, which shares no address with
// it, whatever its addresses are.
// https://learn.microsoft.com/en-us/azure/virtual-network/virtual-network-manage-peering
func elsewhere(route *topology.Route, network *topology.Network, addresses packet.Addresses) bool {
	gw, known := route.Via.Get()
	if !known || gw == nil || gw.Kind != topology.Peering || route.Origin != topology.OriginSystem {
		return false
	}
	return slices.ContainsFunc(network.Prefixes, func(v topology.Val[netip.Prefix]) bool {
		p, known := v.Get()
		return known && packet.InPrefix(p).Contains(addresses)
	})
}

// ownRoutes are packets that the cloud's own routes take.
func ownRoutes(entries []entry) packet.Set {
	var own packet.Set
	for _, e := range entries {
		if clouds(e.route) {
			own = append(own, to(packet.InPrefix(e.prefix)))
		}
	}
	return own
}

// privateEndpoint takes packets for an Azure private endpoint past the route
// tables: each has a host route of its own in its network and in peered ones,
// which a user's route overrides only where the endpoint's subnet says so and
// only with a prefix as long as the network's own.
// https://learn.microsoft.com/en-us/azure/private-link/disable-private-endpoint-network-policy
func (w *walk) privateEndpoint(f *flow, table *topology.RouteTable, subnet *topology.Subnet) bool {
	t := w.target
	if t.iface == nil || t.iface.Kind != topology.EndpointInterface || t.subnet == nil || t.subnet.Network.Cloud != topology.Azure {
		return false
	}
	applies, known := t.subnet.PrivateEndpointRoutes.Get()
	if !known {
		*f = f.doubt(t.subnet.PrivateEndpointRoutes.Ref())
	}
	if applies {
		longest := 0
		for _, prefix := range t.subnet.Network.Prefixes {
			longest = max(longest, prefix.Or(netip.Prefix{}).Bits())
		}
		entries, _ := w.engine.entries(table)
		for _, e := range entries {
			if e.route.Origin == topology.OriginStatic && e.prefix.Bits() >= longest {
				if _, hit := f.now.Destination.Intersect(packet.InPrefix(e.prefix)); hit {
					return false // the user's route takes it
				}
			}
		}
	}
	if t.subnet.Network == subnet.Network {
		w.deliver(f.hop(t.iface.Ref, "the private endpoint's own route leads to it"), subnet.Network, subnet)
		return true
	}
	if peering, refs := w.engine.peering(subnet.Network, t.subnet.Network); peering != nil {
		next := f.hop(t.iface.Ref, "the private endpoint's own route leads to it")
		if len(refs) > 0 {
			next = next.doubt(refs...)
		}
		w.peer(next, peering)
		return true
	}
	return false
}

// follow takes one route.
func (w *walk) follow(f flow, prefix netip.Prefix, route *topology.Route, subnet *topology.Subnet) {
	gw, known := route.Via.Get()
	if known {
		w.through(f.hop(route.Ref, w.routeText(prefix, gw)), gw, route.Ref, subnet)
		return
	}
	gateways, complete := route.Via.Options()
	f = f.doubt(route.Via.Ref())
	for _, gw := range gateways {
		w.through(f.hop(route.Ref, w.routeText(prefix, gw)), gw, route.Ref, subnet)
	}
	if !complete {
		w.anything(f.hop(route.Ref, "leads to something that is not known yet"))
	}
}

func (w *walk) routeText(prefix netip.Prefix, gw *topology.Gateway) string {
	to := "an unknown destination"
	if prefix.IsValid() {
		to = prefix.String()
		if name, ok := w.engine.model.AtomName(prefix.Addr()); ok {
			to = name
		}
	}
	if gw == nil {
		return to + " → nothing"
	}
	return fmt.Sprintf("%s → %s", to, name(gw))
}

// through passes the flow through a gateway. ref is the route that led there.
func (w *walk) through(f flow, gw *topology.Gateway, ref topology.Ref, subnet *topology.Subnet) {
	if gw == nil || !w.step(f) {
		return
	}
	if slices.Contains(w.avoid, gw) {
		w.block(f, gw.Ref, "%s is left out of the question", name(gw))
		return
	}
	if w.replying && w.target.gateway == gw && !w.target.outside && gw.Kind != topology.NAT {
		w.backAtFirewall(f, gw, subnet)
		return
	}
	if len(gw.Incomplete) > 0 {
		w.anything(f, gw.Incomplete...)
		f = f.doubt(gw.Incomplete...)
	}
	if w.replying && w.atFirewall(gw) {
		// Another instance of the firewall may not know the connection.
		w.arrive(f.doubt(w.target.iface.Ref).hop(gw.Ref, "back at "+name(gw)), w.target)
		return
	}
	if w.replying && (gw.Kind == topology.NAT || gw.Kind == topology.Firewall || gw.Kind == topology.Appliance) {
		w.block(f, ref, "it goes through %s, which did not see the request", name(gw))
		return
	}
	switch gw.Kind {
	case topology.Local:
		network := gw.Network
		if subnet != nil {
			network = subnet.Network
		}
		w.deliver(f, network, subnet)
	case topology.Internet, topology.EgressOnly:
		w.exit(f, gw, ref, subnet)
	case topology.NAT:
		w.translate(f, gw, subnet)
	case topology.Peering:
		w.peer(f, gw)
	case topology.Transit:
		w.transit(f, gw, subnet)
	case topology.VPN:
		if f, ok := w.attached(f, gw); ok && !w.transitive(f, gw) {
			w.leaveGraph(f, gw, nil)
		}
	case topology.Firewall:
		w.inspect(f, gw, subnet)
	case topology.Appliance:
		w.forward(f, gw, subnet)
	case topology.ServiceGateway:
		if !w.transitive(f, gw) {
			w.leaveGraph(f, gw, nil)
		}
	case topology.Drop:
		w.block(f, ref, "the route leads to %s", name(gw))
	default:
		w.anything(f, gw.Ref)
	}
}

// attached returns the flow if the gateway is attached to a network, or may be.
func (w *walk) attached(f flow, gw *topology.Gateway) (flow, bool) {
	switch attached, known := gw.Attached.Get(); {
	case !known:
		return f.doubt(gw.Attached.Ref()), true
	case !attached:
		w.block(f, gw.Ref, "%s is attached to no network", name(gw))
		return f, false
	}
	return f, true
}

// transitive blocks what AWS does not take from one edge of a network to
// another: its gateways carry only what its own hosts send.
// https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func (w *walk) transitive(f flow, gw *topology.Gateway) bool {
	if !f.foreign || gw.Network != nil && gw.Network.Cloud != topology.AWS {
		return false
	}
	w.block(f, gw.Ref, "%s carries only what hosts of its own network send", name(gw))
	return true
}

// exit leaves for the internet.
func (w *walk) exit(f flow, gw *topology.Gateway, ref topology.Ref, subnet *topology.Subnet) {
	f, ok := w.attached(f, gw)
	if !ok {
		return
	}
	is4 := f.now.Destination.First.Addr().Is4()
	if gw.Kind == topology.EgressOnly && is4 {
		w.block(f, gw.Ref, "%s carries IPv6 only", name(gw))
		return
	}
	if w.replying {
		w.leaveGraph(f, gw, nil)
		return
	}
	if is4 && subnet != nil && subnet.Network.Cloud == topology.Azure {
		w.azureExit(f, gw, ref, subnet)
		return
	}
	if w.transitive(f, gw) {
		return
	}
	if is4 {
		switch public, known := f.public.Get(); {
		case !known:
			f = f.doubt(f.public.Ref())
		case !public:
			w.block(f, gw.Ref, "the sender has no public address, and %s gives none", name(gw))
			return
		}
	}
	w.onInternet(f, gw)
}

// onInternet lets what the internet carries leave the graph.
func (w *walk) onInternet(f flow, gw *topology.Gateway) {
	for _, part := range w.carried(f, gw) {
		w.leaveGraph(part, gw, nil)
	}
}

// carried returns what the internet carries. What it does not is no part of a
// question about the internet.
func (w *walk) carried(f flow, gw *topology.Gateway) []flow {
	rest := packet.Set{f.now}.Subtract(privateAddresses())
	if len(rest) == 0 && !w.internet {
		w.block(f, gw.Ref, "the internet does not carry packets to %s", w.address(Witness(packet.Set{f.now}).Destination))
	}
	return f.split(rest, rest, nil)
}

// azureExit leaves for the internet in Azure: by the subnet's NAT gateway, the
// sender's public address, or default outbound access.
func (w *walk) azureExit(f flow, gw *topology.Gateway, ref topology.Ref, subnet *topology.Subnet) {
	for _, f := range w.carried(f, gw) {
		w.azureSource(f, gw, ref, subnet)
	}
}

// azureSource puts a public source address on what leaves, if there is one.
func (w *walk) azureSource(f flow, gw *topology.Gateway, ref topology.Ref, subnet *topology.Subnet) {
	if sender := f.from.gateway; sender != nil { // a firewall or appliance sends it
		public, known := f.public.Get()
		switch {
		case sender.Kind != topology.Firewall: // what it does is doubted already
		case !f.from.address:
			w.block(f, ref, "%s does not put its own address on it", name(sender))
			return
		case !known:
			f = f.doubt(f.public.Ref())
		case !public:
			w.block(f, sender.Ref, "%s has no public address", name(sender))
			return
		}
		w.leaveGraph(f, gw, nil)
		return
	}
	nat, known := subnet.NAT.Get()
	switch {
	case !known:
		f = f.doubt(subnet.NAT.Ref())
	case nat != nil:
		carried := carry(packet.TCP, packet.UDP)
		if rest := (packet.Set{f.now}).Subtract(carried); len(rest) > 0 {
			w.block(f, nat.Ref, "%s carries TCP and UDP over IPv4", name(nat))
		}
		for _, f := range f.split(carried, carried, nil) {
			f = f.hop(nat.Ref, "translated by "+name(nat))
			f = f.remembered(place{gateway: nat, subnet: subnet})
			f = w.translated(f, nat, nil)
			f.from.subnet = subnet
			w.leaveGraph(f, gw, nil)
		}
		return
	}
	if f.foreign {
		w.block(f, gw.Ref, "Azure sends only what hosts of the subnet send to the internet")
		return
	}
	public, publicKnown := f.public.Get()
	outbound, outboundKnown := subnet.DefaultOutbound.Get()
	switch {
	case publicKnown && public, outboundKnown && outbound:
	case !publicKnown:
		f = f.doubt(f.public.Ref())
	case !outboundKnown:
		f = f.doubt(subnet.DefaultOutbound.Ref())
	case known:
		w.block(f, ref, "subnet %s has no NAT gateway and no default outbound access, and the sender no public address", subnet.Name)
		return
	}
	w.leaveGraph(f, gw, nil)
}

// translated returns the flow as a NAT gateway or firewall sends it on.
func (w *walk) translated(f flow, gw *topology.Gateway, subnet *topology.Subnet) flow {
	f.rewrites.refs = slices.Clip(f.rewrites.refs)
	if addr, ok := gw.PrivateAddress.Get(); ok {
		f.now.Source, f.rewrites.source = packet.Only(addr), fixed
	} else {
		f.rewrites.source = undecided
		f.rewrites.refs = append(f.rewrites.refs, gw.PrivateAddress.Ref())
		f.now.Source = packet.EveryIPv4()
		if subnet != nil && len(subnet.Prefixes) > 0 {
			if prefix, ok := subnet.Prefixes[0].Get(); ok {
				f.now.Source = packet.InPrefix(prefix)
			}
		}
	}
	f.now.SourcePorts, f.rewrites.sourcePort = packet.Ephemeral(), chosen
	f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = nil, false, nil
	f.public = gw.Public
	f.foreign = false
	f.from = place{gateway: gw, subnet: subnet, address: true}
	return f
}

// carry is what a NAT gateway of these protocols carries: IPv4 only.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
// https://learn.microsoft.com/en-us/azure/nat-gateway/nat-overview
func carry(protocols ...uint8) packet.Set {
	var carried packet.Set
	for _, protocol := range protocols {
		cube := packet.Everything()
		cube.Protocols = packet.Protocols{First: protocol, Last: protocol}
		cube.Destination = packet.EveryIPv4()
		carried = append(carried, cube)
	}
	return carried
}

// translate passes a NAT gateway of AWS.
func (w *walk) translate(f flow, gw *topology.Gateway, from *topology.Subnet) {
	carried := carry(packet.TCP, packet.UDP, packet.ICMP)
	parts := f.split(carried, carried, nil)
	if len(parts) == 0 {
		w.block(f, gw.Ref, "%s carries TCP, UDP and ICMP over IPv4", name(gw))
	}
	for _, f := range parts {
		f, subnets := options(w, f, gw.Subnet)
		for _, subnet := range subnets {
			if subnet == nil {
				continue
			}
			w.translateIn(f, gw, subnet, from)
		}
	}
}

func (w *walk) translateIn(f flow, gw *topology.Gateway, subnet, from *topology.Subnet) {
	flows := []flow{f}
	if subnet != from {
		flows = w.subnetFilter(f, subnet, false)
	}
	for _, f := range flows {
		f = f.hop(gw.Ref, "translated by "+name(gw))
		f = f.remembered(place{gateway: gw, subnet: subnet})
		w.leaveSubnet(w.translated(f, gw, subnet), subnet)
	}
}

// established returns the flow if both sides of a peering are there, or may be.
func (w *walk) established(f flow, gw *topology.Gateway) (flow, bool) {
	switch established, known := gw.Established.Get(); {
	case !known:
		return f.doubt(gw.Established.Ref()), true
	case !established:
		w.block(f, gw.Ref, "%s is not established from both sides", name(gw))
		return f, false
	}
	return f, true
}

// peer passes a peering.
func (w *walk) peer(f flow, gw *topology.Gateway) {
	f, ok := w.established(f, gw)
	if !ok {
		return
	}
	aws := gw.Network == nil || gw.Network.Cloud == topology.AWS
	if f.foreign {
		if aws {
			w.block(f, gw.Ref, "%s carries only what hosts of its own network send", name(gw))
			return
		}
		switch forwarded, known := gw.Forwarded.Get(); {
		case !known:
			f = f.doubt(gw.Forwarded.Ref())
		case !forwarded:
			w.block(f, gw.Ref, "%s does not take forwarded packets", name(gw))
			return
		}
	}
	f, peers := options(w, f, gw.Peer)
	for _, peer := range peers {
		if peer == nil {
			w.leaveGraph(f, gw, nil)
			continue
		}
		next := f.hop(gw.Ref, fmt.Sprintf("crosses %s to %s", name(gw), peer.Name))
		next.foreign = true
		w.deliver(next, peer, nil)
	}
}

// inspect passes a firewall.
func (w *walk) inspect(f flow, gw *topology.Gateway, from *topology.Subnet) {
	f, again := f.visit(gw)
	if again {
		w.block(f, gw.Ref, "it comes back to %s: a loop", name(gw))
		return
	}
	f, subnets := options(w, f, gw.Subnet)
	for _, subnet := range subnets {
		if subnet != nil {
			w.inspectIn(f, gw, subnet, from)
		}
	}
}

func (w *walk) inspectIn(f flow, gw *topology.Gateway, subnet, from *topology.Subnet) {
	f, ok := w.adjacent(f, gw, subnet, from)
	if !ok {
		return
	}
	flows := []flow{f}
	if subnet != from {
		flows = w.subnetFilter(f, subnet, false)
	}
	for _, f := range flows {
		for _, f := range w.policy(f, gw) {
			f = f.hop(gw.Ref, "let through by "+name(gw))
			f = f.remembered(place{gateway: gw, subnet: subnet})
			f.from = place{gateway: gw, subnet: subnet}
			if subnet.Network.Cloud == topology.AWS {
				// Rules about a group's members do not hold for what comes through
				// a middlebox.
				// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
				f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = nil, false, nil
				w.leaveSubnet(f, subnet)
				continue
			}
			w.azureFirewall(f, gw, subnet)
		}
	}
}

// policy returns what a firewall's policy lets through.
func (w *walk) policy(f flow, gw *topology.Gateway) []flow {
	policy, known := gw.Policy.Get()
	if known && policy != nil {
		return w.filter(f, []*topology.Filter{policy}, true, nil)
	}
	return []flow{f.doubt(gw.Policy.Ref(), gw.Ref)}
}

// azureFirewall sends on what an Azure Firewall lets through, with the
// firewall's own address on what goes to the internet.
func (w *walk) azureFirewall(f flow, gw *topology.Gateway, subnet *topology.Subnet) {
	f.foreign = !owns(subnet.Network, f.now.Source)
	inside := packet.Set{f.now}.Intersect(privateAddresses())
	for _, part := range f.split(inside, inside, nil) {
		w.leaveSubnet(part, subnet)
	}
	outside := packet.Set{f.now}.Subtract(privateAddresses())
	for _, part := range f.split(outside, outside, nil) {
		switch snat, known := gw.SNAT.Get(); {
		case !known:
			part = part.doubt(gw.SNAT.Ref())
		case !snat:
			w.leaveSubnet(part, subnet)
			continue
		}
		w.leaveSubnet(w.translated(part, gw, subnet), subnet)
	}
}

// adjacent returns the flow if a device in the subnet can be its next hop from
// the other one: in the same network or, in Azure, in a peered one.
func (w *walk) adjacent(f flow, gw *topology.Gateway, subnet, from *topology.Subnet) (flow, bool) {
	if from == nil || from.Network == subnet.Network || from.Network.Cloud != topology.Azure {
		return f, true
	}
	peering, refs := w.engine.peering(from.Network, subnet.Network)
	if peering == nil {
		w.block(f, gw.Ref, "%s stands in %s, which is not peered with %s", name(gw), subnet.Network.Name, from.Network.Name)
		return f, false
	}
	if len(refs) > 0 {
		f = f.doubt(refs...)
	}
	f, ok := w.established(f, peering)
	f.foreign = true
	return f, ok
}

// owns reports whether the addresses are the network's, as far as it is known.
func owns(network *topology.Network, addresses packet.Addresses) bool {
	return slices.ContainsFunc(network.Prefixes, func(v topology.Val[netip.Prefix]) bool {
		prefix, known := v.Get()
		return known && packet.InPrefix(prefix).Contains(addresses)
	})
}

// forward passes a network virtual appliance. What it does with packets is in
// no graph.
func (w *walk) forward(f flow, gw *topology.Gateway, from *topology.Subnet) {
	f, again := f.visit(gw)
	if again {
		w.block(f, gw.Ref, "it comes back to %s: a loop", name(gw))
		return
	}
	iface, known := gw.Interface.Get()
	if !known || iface == nil {
		w.anything(f, gw.PrivateAddress.Ref(), gw.Ref)
		return
	}
	subnet, known := iface.Subnet.Get()
	if !known || subnet == nil {
		w.anything(f, iface.Subnet.Ref())
		return
	}
	f, ok := w.adjacent(f, gw, subnet, from)
	if !ok {
		return
	}
	flows := []flow{f}
	if subnet != from || subnet.Network.Cloud == topology.Azure {
		flows = w.subnetFilter(f, subnet, false)
	}
	for _, f := range flows {
		for _, f := range w.interfaceFilters(f, iface, subnet, false) {
			switch check, known := iface.SourceDestCheck.Get(); {
			case known && check:
				w.block(f, iface.Ref, "%s does not forward: its source/destination check is on", iface.Name)
				continue
			case !known:
				f = f.doubt(iface.SourceDestCheck.Ref())
			}
			f = f.doubt(gw.Ref).hop(gw.Ref, "forwarded by "+name(gw)+", if its own rules let it")
			f.foreign = true
			f = f.remembered(place{gateway: gw, subnet: subnet, iface: iface})
			f.from = place{gateway: gw, subnet: subnet, iface: iface}
			w.leave(f, iface, subnet)
		}
	}
}

// atFirewall reports whether the walk's target is a rule of an Azure firewall that
// translates destinations: the firewall knows its connections.
func (w *walk) atFirewall(gw *topology.Gateway) bool {
	t := w.target
	subnet, _ := gw.Subnet.Get()
	return gw.Kind == topology.Firewall && t.iface != nil && t.iface.Kind == topology.BalancerInterface &&
		t.subnet != nil && t.subnet == subnet && subnet.Network.Cloud == topology.Azure
}

// backAtFirewall ends a reply at the firewall that saw the request.
func (w *walk) backAtFirewall(f flow, gw *topology.Gateway, from *topology.Subnet) {
	flows := []flow{f}
	if subnet := w.target.subnet; subnet != nil && subnet != from {
		flows = w.subnetFilter(f, subnet, false)
	}
	for _, f := range flows {
		w.arrive(f.hop(gw.Ref, "back at "+name(gw)), w.target)
	}
}
