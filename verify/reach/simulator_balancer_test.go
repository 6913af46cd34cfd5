package reach_test

import (
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// The part of the simulator that load balancers, AWS PrivateLink, Azure's private
// link services, application gateways and the firewall's destination NAT have in
// a packet's way.

// half is one half of a connection through a balancer: how it began, and what
// the other half had seen.
type half struct {
	kind   halfKind
	subnet *topology.Subnet // of the balancer, or the endpoint
	// firewalls and returned are those of the half on the client's side.
	firewalls, returned []*topology.Gateway
}

type halfKind int

const (
	// proxied is a connection of the balancer's own: its reply comes to its address.
	proxied halfKind = iota
	// preserved has the client's address, and its reply comes back all the same.
	preserved
	// through is no connection of its own: the target answers the client.
	through
	// linked leads from an endpoint to the service behind it, on no network.
	linked
)

// front returns the balancer's interface, or the service's endpoint, that has the
// address in the subnet; without a subnet, the one that has the public address.
func (s *simulator) front(subnet *topology.Subnet, a netip.Addr) *topology.Interface {
	for _, i := range s.model.Interfaces {
		if !s.forwards(i) || must(i.Subnet) != subnet {
			continue
		}
		addresses := i.Addresses
		if subnet == nil {
			addresses = i.PublicAddresses
		}
		if has(addresses, a) {
			return i
		}
	}
	return nil
}

func has(addresses []topology.Val[netip.Addr], a netip.Addr) bool {
	return slices.ContainsFunc(addresses, func(v topology.Val[netip.Addr]) bool { return must(v) == a })
}

// forwards reports whether an interface hands what it gets on to others.
func (s *simulator) forwards(i *topology.Interface) bool {
	if b := s.balancers[i]; b != nil {
		return b.Kind != "gateway"
	}
	e := s.endpoints[i]
	return e != nil && e.Of != nil
}

// receiver is the end that packets to the address are for, as rules about members
// see it.
func (s *simulator) receiver(a netip.Addr) *reach.End {
	if s.to.Subnet == nil && s.to.Interface == nil {
		return nil
	}
	if own, _ := s.stand(s.to); !s.own(own, a) {
		for _, i := range s.model.Interfaces {
			if s.forwards(i) && has(i.Addresses, a) {
				return &reach.End{Interface: i}
			}
		}
	}
	return &s.to
}

// reach brings a packet to the target that a balancer has picked: the question's
// receiver, or another balancer.
func (s *simulator) reach(f *flight, session *session) result {
	target := f.target
	subnet := must(target.Subnet)
	meant := s.meant(target, f.Destination)
	if s.forwards(target) && (!meant || s.pick(2) == 1) {
		f.trail = append(f.trail, "chain")
		return s.forward(f, target, subnet.Network, session)
	}
	if !meant {
		return dropped(f, "it ends at another target")
	}
	if why := s.admit(f, target, subnet, target.Filters); why != "" {
		return dropped(f, why)
	}
	session.end = target
	return result{ok: true, trail: f.trail}
}

// meant reports whether a target is the question's receiver. Any host of a subnet
// is each target that stands there, in exactly the groups that the question tells.
func (s *simulator) meant(target *topology.Interface, a netip.Addr) bool {
	switch {
	case s.to.Interface != nil:
		return s.to.Interface == target && holds(s.to, a)
	case s.to.Subnet == nil:
		return false
	}
	return must(target.Subnet) == s.to.Subnet && holds(s.to, a) && (s.to.Groups == nil || same(s.to.Groups, target.Groups))
}

// same reports whether two lists hold the same groups.
func same(a, b []*topology.Filter) bool {
	in := func(list []*topology.Filter) func(*topology.Filter) bool {
		return func(g *topology.Filter) bool { return !slices.Contains(list, g) }
	}
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// forward hands what has arrived at a balancer's interface or an endpoint on.
// network is the one that it came to.
func (s *simulator) forward(f *flight, front *topology.Interface, network *topology.Network, session *session) result {
	if f.hops++; f.hops > 40 {
		return dropped(f, "a loop")
	}
	f.target = nil
	if front.Kind == topology.EndpointInterface {
		return s.link(f, front, session)
	}
	b := s.balancers[front]
	l, target := s.route(b, front, f)
	switch {
	case l == nil:
		return dropped(f, "no listener with a target")
	case network.Cloud == topology.AWS:
		if !s.pass(front.Filters, f, must(front.Subnet), true) {
			return dropped(f, "the balancer's security groups")
		}
		return s.balance(f, b, front, l, target, false, session)
	case must(l.PreserveClientIP):
		return s.pool(f, b, front, l, target, network, session)
	}
	return s.proxy(f, b, front, l, target, session)
}

// route picks one of the targets that a balancer may send the packet to.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html
func (s *simulator) route(b *topology.Balancer, front *topology.Interface, f *flight) (*topology.Listener, *topology.Interface) {
	type route struct {
		listener *topology.Listener
		target   *topology.Interface
	}
	var routes []route
	for i := range b.Listeners {
		l := &b.Listeners[i]
		if len(l.Interfaces) > 0 && !slices.Contains(l.Interfaces, front) || must(l.Port) != f.DestinationPort ||
			!slices.Contains(protocols(must(l.Protocol)), f.Protocol) {
			continue
		}
		for _, target := range l.Targets {
			routes = append(routes, route{l, target})
		}
	}
	if len(routes) == 0 {
		return nil, nil
	}
	r := routes[s.pick(len(routes))]
	return r.listener, r.target
}

// protocols are what a listener's protocol is on the network.
func protocols(name string) []uint8 {
	switch name {
	case "TCP", "TLS", "HTTP", "HTTPS":
		return []uint8{packet.TCP}
	case "UDP", "QUIC":
		return []uint8{packet.UDP}
	case "TCP_UDP", "TCP_QUIC":
		return []uint8{packet.TCP, packet.UDP}
	}
	panic("a listener's protocol: " + name)
}

// to is the packet as a target gets it but for its source. A target is reached at
// its first address.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html
func to(f *flight, l *topology.Listener, target *topology.Interface) packet.Packet {
	p := f.Packet
	p.Destination, p.DestinationPort = must(target.Addresses[0]), must(l.TargetPort)
	return p
}

// begins lets the target's half of a connection begin.
func (s *simulator) begins(f *flight, p packet.Packet, kind halfKind, at *topology.Subnet, session *session) {
	session.translations = append(session.translations, translation{inside: f.Packet, outside: p,
		half: half{kind: kind, subnet: at, firewalls: session.firewalls, returned: session.returned}})
	f.Packet = p
	if kind != through {
		session.firewalls, session.returned = nil, nil
		f.forwarded, f.translated, f.entered = false, nil, nil
	}
}

// balance passes a packet through AWS's load balancers. private says that it has
// come by PrivateLink.
func (s *simulator) balance(f *flight, b *topology.Balancer, front *topology.Interface, l *topology.Listener, target *topology.Interface,
	private bool, session *session,
) result {
	subnet, far := must(front.Subnet), must(target.Subnet)
	if why := s.crossesZones(b, subnet, far, must(l.CrossZone)); why != "" {
		return dropped(f, why)
	}
	p := to(f, l, target)
	kind := proxied
	switch {
	case b.Kind == "application":
		// A node for each zone, or more: which addresses they have is AWS's choice.
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
		f.trail = append(f.trail, "ALB "+b.Ref.URN)
		p.Source, p.SourcePort = s.someAddress(subnet), s.somePort()
	case private || !must(l.PreserveClientIP):
		// "The source IP address of the AWS PrivateLink traffic is always the private
		// IP address of the Network Load Balancer."
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
		f.trail = append(f.trail, "NLB "+b.Ref.URN)
		p.Source, p.SourcePort = must(front.Addresses[0]), s.somePort()
	default:
		f.trail = append(f.trail, "NLB-preserving "+b.Ref.URN)
		kind = preserved
		// The same page: it does not work to endpoints and to other network load
		// balancers, nor from a target to itself.
		if other := s.balancers[target]; target.Kind == topology.EndpointInterface || other != nil && other.Kind == "network" {
			return dropped(f, "a client's address is not preserved to endpoints and network load balancers")
		}
		if s.itself(f, target) {
			return dropped(f, "a hairpin")
		}
	}
	// What it sends is its groups', with the client's address too.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
	s.begins(f, p, kind, subnet, session)
	f.sender, f.receiver, f.target = &reach.End{Interface: front}, &reach.End{Interface: target}, target
	if !s.pass(front.Filters, f, subnet, false) {
		return dropped(f, "the balancer's security groups")
	}
	if kind == proxied {
		return s.send(f, subnet, session)
	}
	if why := s.directly(f, subnet, far); why != "" {
		return dropped(f, why)
	}
	if subnet != far && !(s.networkACL(subnet, f, false) && s.networkACL(far, f, true)) {
		return dropped(f, "a network ACL between the balancer and its target")
	}
	return s.reach(f, session)
}

// crossesZones says why a balancer does not send to a target in the subnet. It
// finds out the zone of a target in its VPC; that of another, or every zone, is
// what it was told. Whether targets get anything in a zone without the balancer,
// the documents tell either way.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
func (s *simulator) crossesZones(b *topology.Balancer, near, far *topology.Subnet, cross bool) string {
	zone := must(far.Zone)
	switch {
	case zone == must(near.Zone):
		return ""
	case near.Network != far.Network:
		if !cross && s.doubtful() {
			return "the target is perhaps registered in another zone"
		}
	case !cross:
		return "the target is in another zone"
	case !slices.ContainsFunc(b.Interfaces, func(i *topology.Interface) bool { return must(must(i.Subnet).Zone) == zone }):
		if s.doubtful() {
			return "the target is in a zone without the balancer"
		}
	}
	return ""
}

// directly says why a packet with the client's address does not get to a target:
// nothing may be between the two but a peering.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func (s *simulator) directly(f *flight, near, far *topology.Subnet) string {
	var peering *topology.Gateway
	if near.Network != far.Network {
		for _, g := range s.model.Gateways {
			if g.Kind == topology.Peering && g.Network == near.Network && must(g.Peer) == far.Network && must(g.Established) {
				peering = g
			}
		}
		if peering == nil {
			return "no peering to the target"
		}
	}
	if near == far {
		return ""
	}
	var via *topology.Gateway
	if table := must(near.Table); table != nil {
		via = lookup(table, f.Destination)
	}
	switch {
	case via != nil && (via == peering || peering == nil && via.Kind == topology.Local):
		return ""
	case via != nil && (via.Kind == topology.Firewall || via.Kind == topology.Transit):
		return "a device is between the balancer and its target"
	case s.doubtful():
		return "the balancer's subnet has another route"
	}
	return ""
}

// itself reports whether a balancer hands a client's packet back to it.
func (s *simulator) itself(f *flight, target *topology.Interface) bool {
	return s.from.Interface == target || has(target.Addresses, f.Source)
}

// link passes a packet through an endpoint, to the service behind it.
func (s *simulator) link(f *flight, front *topology.Interface, session *session) result {
	subnet := must(front.Subnet)
	if why := s.admit(f, front, subnet, front.Filters); why != "" {
		return dropped(f, why)
	}
	e := s.endpoints[front]
	if !must(e.Accepted) {
		return dropped(f, "the endpoint is not accepted")
	}
	if subnet.Network.Cloud == topology.Azure {
		return s.linkService(f, e, subnet, session)
	}
	// An endpoint's interface is joined to one of the balancers in its zone, at
	// random. Zones of different accounts share no names.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
	var nodes []*topology.Interface
	for _, b := range values(e.Of.Balancers) {
		for _, i := range b.Interfaces {
			other := must(i.Subnet)
			account := other.Network.Account
			comparable := account != "" && account == subnet.Network.Account
			if b.Kind == "network" && (!comparable || must(other.Zone) == must(subnet.Zone)) {
				nodes = append(nodes, i)
			}
		}
	}
	if len(nodes) == 0 {
		return dropped(f, "no balancer of the service in the zone")
	}
	node := nodes[s.choose(len(nodes))]
	b, at := s.balancers[node], must(node.Subnet)
	f.trail = append(f.trail, "PrivateLink "+e.Ref.URN)
	p := f.Packet
	p.Destination = must(node.Addresses[0])
	client := f.sender
	s.begins(f, p, linked, subnet, session)
	f.sender, f.receiver = nil, &reach.End{Interface: node}
	// No document says whether network ACLs see it on its way in and back.
	back := &flight{Packet: p.Reply(), reply: true}
	if !(s.networkACL(at, f, true) && s.networkACL(at, back, false)) && s.doubtful() {
		return dropped(f, "the network ACL of "+at.Name)
	}
	// "The source of the traffic is the private IP address of the client." Whether
	// rules about its groups hold as well is open.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
	if must(b.FiltersPrivateLink) && !s.pass(node.Filters, f, at, true) {
		f.sender = client
		if !s.pass(node.Filters, f, at, true) || s.doubtful() {
			return dropped(f, "the balancer's security groups")
		}
	}
	if node == s.to.Interface && s.pick(2) == 0 {
		session.end = node
		return result{ok: true, trail: f.trail}
	}
	l, target := s.route(b, node, f)
	if l == nil {
		return dropped(f, "no listener with a target")
	}
	return s.balance(f, b, node, l, target, true, session)
}

// pool passes a packet through an Azure Load Balancer: it stands in nobody's way,
// the target sees the client's address and answers it by its own routes.
// https://learn.microsoft.com/azure/load-balancer/concepts
func (s *simulator) pool(f *flight, b *topology.Balancer, front *topology.Interface, l *topology.Listener, target *topology.Interface,
	network *topology.Network, session *session,
) result {
	far := must(target.Subnet)
	internal := must(front.Subnet) != nil
	switch {
	case far.Network != network:
		return dropped(f, "a load balancer's rule does not span virtual networks")
	case s.itself(f, target):
		return dropped(f, "a hairpin")
	}
	if why := s.openedTo(b, internal, f.Source, target); why != "" {
		return dropped(f, why)
	}
	if internal {
		f.trail = append(f.trail, "LB-internal "+b.Ref.URN)
	} else {
		f.trail = append(f.trail, "LB-public "+b.Ref.URN)
	}
	s.begins(f, to(f, l, target), through, nil, session)
	f.receiver, f.target = &reach.End{Interface: target}, target
	return s.reach(f, session)
}

// openedTo says why a target without any network security group gets nothing from
// a Standard load balancer. "Internal traffic from the virtual network to the
// internal load balancer is allowed": whether peered networks and others are that,
// it does not say.
// https://learn.microsoft.com/azure/load-balancer/skus
func (s *simulator) openedTo(b *topology.Balancer, internal bool, client netip.Addr, target *topology.Interface) string {
	subnet := must(target.Subnet)
	switch {
	case b.SKU != "Standard" || must(subnet.Filter) != nil || len(target.Filters) > 0:
		return ""
	case !internal:
		return "no security group opens the target"
	case !s.owns(subnet.Network, client) && s.doubtful():
		return "no security group opens the target to other networks"
	}
	return ""
}

// proxy passes a packet through an application gateway, or the destination NAT of
// a firewall: they open a connection of their own.
// https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works
// https://techcommunity.microsoft.com/blog/azurenetworksecurityblog/azure-firewall-nat-behaviors/3825834
func (s *simulator) proxy(f *flight, b *topology.Balancer, front *topology.Interface, l *topology.Listener, target *topology.Interface, session *session) result {
	subnet := must(front.Subnet)
	if why := s.admit(f, front, subnet, front.Filters); why != "" {
		return dropped(f, why)
	}
	if b.Kind == "application" {
		f.trail = append(f.trail, "application-gateway "+b.Ref.URN)
	} else {
		f.trail = append(f.trail, "DNAT "+b.Ref.URN)
	}
	p := to(f, l, target)
	p.Source, p.SourcePort = s.someAddress(subnet), s.somePort()
	s.begins(f, p, proxied, subnet, session)
	f.sender, f.receiver, f.target = &reach.End{Interface: front}, &reach.End{Interface: target}, target
	if !s.securityGroup(subnet, f, false) {
		return dropped(f, "the security group of the proxy's subnet")
	}
	return s.send(f, subnet, session)
}

// linkService passes a packet through a private link service, which puts an
// address of its own on it and hands it to a target of its load balancer.
// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func (s *simulator) linkService(f *flight, e *topology.Endpoint, subnet *topology.Subnet, session *session) result {
	var fronts []*topology.Interface
	for _, b := range values(e.Of.Balancers) {
		fronts = append(fronts, b.Interfaces...)
	}
	nat := values(e.Of.NATSubnets)
	if len(fronts) == 0 || len(nat) == 0 {
		return dropped(f, "nothing behind the private link service")
	}
	front := fronts[s.choose(len(fronts))]
	b := s.balancers[front]
	if front == s.to.Interface && s.pick(2) == 0 {
		s.begins(f, f.Packet, linked, subnet, session)
		session.end = front
		return result{ok: true, trail: f.trail}
	}
	l, target := s.route(b, front, f)
	if l == nil {
		return dropped(f, "no listener with a target")
	}
	at := nat[s.choose(len(nat))]
	if must(target.Subnet).Network != at.Network {
		return dropped(f, "a load balancer's rule does not span virtual networks")
	}
	f.trail = append(f.trail, "private-link-service "+e.Of.Ref.URN)
	s.begins(f, f.Packet, linked, subnet, session)
	p := to(f, l, target)
	p.Source, p.SourcePort = s.someAddress(at), s.somePort()
	s.begins(f, p, proxied, at, session)
	f.sender, f.receiver, f.target = nil, &reach.End{Interface: target}, target
	if why := s.openedTo(b, must(front.Subnet) != nil, f.Source, target); why != "" {
		return dropped(f, why)
	}
	return s.reach(f, session)
}

// back sends a reply on from the subnet of a target, or of a balancer that it has
// come back to.
func (s *simulator) back(f *flight, at *topology.Subnet, session *session) result {
	for n := len(session.translations); n > 0; n = len(session.translations) {
		last := session.translations[n-1]
		if last.device != nil || last.half.kind == proxied || f.Packet != last.outside.Reply() {
			break
		}
		// It comes back to the balancer whatever the target's routes say.
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html
		if own := last.half.subnet; last.half.kind == preserved && own != at && !(s.networkACL(at, f, false) && s.networkACL(own, f, true)) {
			return dropped(f, "a network ACL between the target and its balancer")
		}
		if last.half.kind != through {
			at = last.half.subnet
		}
		if why := s.undo(f, session); why != "" {
			return dropped(f, why)
		}
	}
	return s.send(f, at, session)
}

// undo makes a reply that is back at a balancer the one to its client.
func (s *simulator) undo(f *flight, session *session) string {
	n := len(session.translations) - 1
	last := session.translations[n]
	if last.half.kind != through {
		if len(session.returned) != len(session.firewalls) {
			return "a firewall did not see the reply"
		}
		session.firewalls, session.returned = last.half.firewalls, last.half.returned
		f.entered = nil
	}
	session.translations = session.translations[:n]
	f.Packet = last.inside.Reply()
	f.trail = append(f.trail, "back at the balancer")
	return ""
}

// opened reports whether a device in the subnet has opened the connection that a
// reply belongs to. A firewall's other instances may know of it or not.
func (s *simulator) opened(session *session, subnet *topology.Subnet) bool {
	n := len(session.translations)
	return n > 0 && session.translations[n-1].half.kind == proxied && session.translations[n-1].half.subnet == subnet
}

// somePort is a port that a device sends from.
func (s *simulator) somePort() uint16 { return s.ports[s.choose(len(s.ports))] }

// someAddress is an IPv4 address that a device may have in the subnet: between two
// boundaries of rules and routes all fare alike.
func (s *simulator) someAddress(subnet *topology.Subnet) netip.Addr {
	var list []netip.Addr
	taken := s.taken()
	for _, prefix := range values(subnet.Prefixes) {
		if !prefix.Addr().Is4() {
			continue
		}
		cuts := []netip.Addr{prefix.Addr()}
		for _, cut := range s.cuts() {
			if prefix.Contains(cut) && cut != prefix.Addr() {
				cuts = append(cuts, cut)
			}
		}
		for i, a := range cuts {
			for taken[a] {
				a = a.Next()
			}
			if prefix.Contains(a) && (i+1 == len(cuts) || a.Less(cuts[i+1])) {
				list = append(list, a)
			}
		}
	}
	return list[s.choose(len(list))]
}
