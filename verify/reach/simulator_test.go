package reach_test

import (
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// simulator sends one packet through a model in which everything is known, and
// its reply back, hop by hop as the clouds' documents describe it. It shares no
// code with the engine and knows no sets: it is what the engine is tested
// against.
//
// Where the network chooses, the simulator asks choose, and where a balancer
// picks a target, pick; deliver tries every choice, and of the targets as many as
// it takes.
type simulator struct {
	model *topology.Model
	from  reach.End
	to    reach.End
	name  string
	ports []uint16 // representative source ports of a translation
	// cuts are the IPv4 addresses at which some rule or route begins to match, or
	// stops, and taken those that somebody has.
	cuts  func() []netip.Addr
	taken func() map[netip.Addr]bool
	// balancers and endpoints are those of interfaces.
	balancers map[*topology.Interface]*topology.Balancer
	endpoints map[*topology.Interface]*topology.Endpoint

	// told are the groups of a host whose groups the question does not tell.
	told []*topology.Filter

	decisions []decision
	next      int
}

type decision struct {
	taken, of int
	// target says that one outcome that gets through is enough.
	target bool
}

// flight is a packet on its way.
type flight struct {
	packet.Packet
	reply bool
	// sender is the end that the packet comes from as rules about members see
	// it; nil once somebody has put another address on the packet or passed it
	// through a middlebox.
	sender *reach.End
	// receiver is the end that it goes to as rules about members see it.
	receiver *reach.End
	// target is what a balancer sends it to; nil for a packet as it was sent.
	target *topology.Interface
	// forwarded says that a firewall has passed it on as it was.
	forwarded bool
	// translated is the device whose address the packet carries.
	translated *topology.Gateway
	hops       int
	entered    []*topology.Attachment
	// trail names the hops, for people.
	trail []string
}

// session is what the devices on the way remember of the request.
type session struct {
	sent         packet.Packet
	firewalls    []*topology.Gateway
	returned     []*topology.Gateway
	translations []translation
	// entry and exit are where the request came into the graph and left it.
	entry, exit edge
	// end is the target that answers, where a balancer has picked one.
	end *topology.Interface
}

// edge is a way between the graph and the outside.
type edge struct {
	gateway    *topology.Gateway
	attachment *topology.Attachment
}

type translation struct {
	device          *topology.Gateway // nil for a balancer
	inside, outside packet.Packet
	// half is the balancer's part of it.
	half half
}

// result is how a packet ended.
type result struct {
	ok    bool
	why   string
	trail []string
}

func dropped(f *flight, why string) result { return result{why: why, trail: f.trail} }

// deliver reports whether the packet arrives and its reply returns, whatever
// the network chooses.
func (s *simulator) deliver(p packet.Packet) result { return s.play(p, false) }

// possible reports whether it does for some choice.
func (s *simulator) possible(p packet.Packet) bool { return s.play(p, true).ok }

// play goes through the choices in the order in which they come up. One of the
// network is lost with the first outcome that does not get through, unless the
// player is hopeful; one of a target is won with the first that does.
func (s *simulator) play(p packet.Packet, hopeful bool) result {
	s.decisions = nil
	for {
		s.next = 0
		r := s.roundTrip(p)
		for len(s.decisions) > 0 {
			last := &s.decisions[len(s.decisions)-1]
			if settled := r.ok == (hopeful || last.target); !settled && last.taken < last.of-1 {
				last.taken++
				break
			}
			s.decisions = s.decisions[:len(s.decisions)-1]
		}
		if len(s.decisions) == 0 {
			return r
		}
	}
}

// choose is the network's choice of one of n.
func (s *simulator) choose(n int) int { return s.decide(n, false) }

// pick is a balancer's choice of one of n.
func (s *simulator) pick(n int) int { return s.decide(n, true) }

// doubtful is true and false: the documents do not say.
func (s *simulator) doubtful() bool { return s.choose(2) == 0 }

func (s *simulator) decide(n int, target bool) int {
	if s.next == len(s.decisions) {
		s.decisions = append(s.decisions, decision{of: n, target: target})
	}
	s.next++
	return s.decisions[s.next-1].taken
}

func (s *simulator) roundTrip(p packet.Packet) result {
	if s.from.Subnet == nil && s.from.Interface == nil {
		return s.fromOutside(p)
	}
	subnet, filters := s.stand(s.from)
	session := &session{sent: p}
	f := &flight{Packet: p, sender: &s.from, receiver: s.receiver(p.Destination), trail: []string{"leaves " + subnet.Name}}
	if !s.pass(filters, f, subnet, false) {
		return dropped(f, "the filters of the sender")
	}
	if subnet.Network.Cloud == topology.Azure && !s.securityGroup(subnet, f, false) {
		return dropped(f, "the sender's subnet's security group")
	}
	r := s.send(f, subnet, session)
	if !r.ok {
		return r
	}
	back := s.answer(session, r)
	back.trail = append(r.trail, back.trail...)
	return back
}

// fromOutside lets the packet come in by each way that leads out of the graph.
func (s *simulator) fromOutside(p packet.Packet) result {
	last := result{why: "no way in"}
	try := func(e edge, f *flight, enter func(*session, *flight) result) bool {
		session := &session{sent: p, entry: e}
		f.trail, f.receiver = []string{"comes in by " + e.gateway.Name}, s.receiver(p.Destination)
		r := enter(session, f)
		if r.ok {
			trail := r.trail
			r = s.answer(session, r)
			r.trail = append(trail, r.trail...)
		}
		last = r
		return r.ok
	}
	for _, gateway := range s.model.Gateways {
		switch gateway.Kind {
		case topology.Internet, topology.VPN:
			// The internet comes in where it is, a company's network by the others.
			if gateway.Kind == topology.Internet && !public(p.Source) || gateway.Kind == topology.VPN && s.from.Addresses == nil {
				continue
			}
			if try(edge{gateway: gateway}, &flight{Packet: p}, func(session *session, f *flight) result {
				return s.enter(f, gateway, session)
			}) {
				return last
			}
		case topology.Peering:
			if s.from.Addresses == nil || must(gateway.Peer) != nil {
				continue
			}
			if try(edge{gateway: gateway}, &flight{Packet: p}, func(session *session, f *flight) result {
				return s.enter(f, gateway, session)
			}) {
				return last
			}
		case topology.Transit:
			for _, attachment := range gateway.Transit.Attachments {
				if s.from.Addresses == nil || must(attachment.Network) != nil {
					continue
				}
				if try(edge{gateway, attachment}, &flight{Packet: p}, func(session *session, f *flight) result {
					return s.transit(f, gateway, attachment, session)
				}) {
					return last
				}
			}
		}
	}
	return last
}

// answer sends the reply from where the request arrived.
func (s *simulator) answer(session *session, arrived result) result {
	// The packet as it arrived carries the last translation's address.
	p := session.sent
	for _, t := range session.translations {
		p = t.outside
	}
	f := &flight{Packet: p.Reply(), reply: true, trail: []string{"reply"}}
	var r result
	switch exit := session.exit; {
	case exit.attachment != nil:
		r = s.transit(f, exit.gateway, exit.attachment, session)
	case exit.gateway != nil:
		r = s.enter(f, exit.gateway, session)
	case session.end != nil:
		r = s.back(f, must(session.end.Subnet), session)
	default:
		subnet, _ := s.stand(s.to)
		r = s.send(f, subnet, session)
	}
	if r.ok && len(session.returned) != len(session.firewalls) {
		return dropped(f, "a firewall did not see the reply")
	}
	return r
}

// send routes a packet that a host or device in the subnet has put there.
func (s *simulator) send(f *flight, subnet *topology.Subnet, session *session) result {
	if f.hops++; f.hops > 40 {
		return dropped(f, "a loop")
	}
	// Route tables and network ACLs are for what leaves a subnet.
	// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
	// Azure looks up every packet in the effective routes of the interface.
	// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
	if subnet.Network.Cloud == topology.AWS && within(f.Destination, values(subnet.Prefixes)) {
		return s.arrive(f, subnet, subnet, session)
	}
	table := must(subnet.Table)
	if table == nil {
		return dropped(f, "no table")
	}
	gateway := lookup(table, f.Destination)
	if gateway == nil {
		return dropped(f, "no route from "+subnet.Name)
	}
	return s.via(f, subnet, gateway, session)
}

// lookup is longest prefix match; of equal ones the lower origin. What a gateway
// announces takes nothing from the cloud's own routes, however long its prefix.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
func lookup(table *topology.RouteTable, destination netip.Addr) *topology.Gateway {
	announced := true
	for _, route := range table.Routes {
		if kind := must(route.Via).Kind; within(destination, must(route.To)) && (kind == topology.Local && table.Network.Cloud == topology.AWS ||
			route.Origin == topology.OriginSystem && (kind == topology.Local || kind == topology.Peering || kind == topology.ServiceGateway)) {
			announced = false
		}
	}
	var best *topology.Gateway
	bits, origin := -1, topology.Origin(0)
	for _, route := range table.Routes {
		for _, prefix := range must(route.To) {
			if !prefix.Contains(destination) || route.Origin == topology.OriginPropagated && !announced {
				continue
			}
			if prefix.Bits() > bits || prefix.Bits() == bits && route.Origin < origin {
				best, bits, origin = must(route.Via), prefix.Bits(), route.Origin
			}
		}
	}
	return best
}

// via gives the packet to what its route leads to. from is the subnet that it
// leaves; nil is a packet that has just come in by an internet gateway.
func (s *simulator) via(f *flight, from *topology.Subnet, gateway *topology.Gateway, session *session) result {
	f.trail = append(f.trail, string(gateway.Kind)+" "+gateway.Name)
	crosses := func(into *topology.Subnet) bool {
		if from == into {
			return true
		}
		return s.networkACL(from, f, false) && s.networkACL(into, f, true)
	}
	switch gateway.Kind {
	case topology.Local:
		subnet := s.subnetOf(gateway.Network, f.Destination)
		if subnet == nil {
			return dropped(f, "nobody has the address")
		}
		return s.arrive(f, subnet, from, session)

	case topology.Internet:
		if !s.networkACL(from, f, false) {
			return dropped(f, "the network ACL of "+from.Name)
		}
		if !must(gateway.Attached) {
			return dropped(f, "not attached")
		}
		if !public(f.Destination) {
			return dropped(f, "the internet does not carry the address")
		}
		if why := s.publicly(f, from, gateway, session); why != "" {
			return dropped(f, why)
		}
		return s.leave(f, edge{gateway: gateway}, session)

	case topology.EgressOnly:
		// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
		switch {
		case !s.networkACL(from, f, false):
			return dropped(f, "the network ACL of "+from.Name)
		case !must(gateway.Attached):
			return dropped(f, "not attached")
		case f.reply:
			return dropped(f, "egress only: it did not see the request")
		case !f.Destination.Is6() || !s.owns(gateway.Network, f.Source) || !public(f.Destination):
			return dropped(f, "not for this address")
		}
		return s.leave(f, edge{gateway: gateway}, session)

	case topology.NAT:
		return s.translateAtNAT(f, from, gateway, session)

	case topology.Peering:
		if !s.networkACL(from, f, false) {
			return dropped(f, "the network ACL of "+from.Name)
		}
		return s.peer(f, gateway, session)

	case topology.Transit:
		return s.enterTransit(f, from, gateway, session)

	case topology.VPN:
		switch {
		case !s.networkACL(from, f, false):
			return dropped(f, "the network ACL of "+from.Name)
		case !must(gateway.Attached):
			return dropped(f, "not attached")
		case !s.owns(gateway.Network, f.Source):
			// Nothing passes through a VPC from one edge to another.
			// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
			return dropped(f, "edge to edge")
		}
		return s.leave(f, edge{gateway: gateway}, session)

	case topology.Firewall:
		subnet := must(gateway.Subnet)
		if from != nil && from.Network != subnet.Network {
			// Azure: a next hop in a peered network.
			if why := s.overPeering(f, from.Network, subnet.Network); why != "" {
				return dropped(f, why)
			}
		} else if !crosses(subnet) {
			return dropped(f, "the network ACL before the firewall")
		}
		return s.inspect(f, gateway, subnet, session)

	case topology.ServiceGateway:
		// A gateway endpoint serves its own VPC and nobody beyond a peering, a
		// transit gateway or a VPN connection.
		// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
		switch {
		case !s.networkACL(from, f, false):
			return dropped(f, "the network ACL of "+from.Name)
		case !s.owns(gateway.Network, f.Source):
			return dropped(f, "not of its network")
		case f.reply:
			return dropped(f, "services do not open connections")
		}
		return s.leave(f, edge{gateway: gateway}, session)
	}
	return dropped(f, "black hole")
}

// publicly says why a packet does not get to the internet with a public source
// address; "" is that it does.
func (s *simulator) publicly(f *flight, from *topology.Subnet, gateway *topology.Gateway, session *session) string {
	if f.reply {
		if session.entry.gateway != gateway {
			return "the gateway did not see the request"
		}
		return ""
	}
	if f.Source.Is6() {
		if !s.owns(gateway.Network, f.Source) {
			return "an address of another network"
		}
		return ""
	}
	if f.translated != nil {
		if !s.owns(gateway.Network, f.Source) || !must(f.translated.Public) {
			return "the translating device has no public address"
		}
		return ""
	}
	if !s.owns(gateway.Network, f.Source) {
		return "an address of another network"
	}
	if gateway.Network.Cloud == topology.Azure {
		if f.forwarded {
			return "a private address that a firewall has not translated"
		}
		// A NAT gateway takes precedence and carries TCP and UDP only.
		// https://learn.microsoft.com/azure/nat-gateway/nat-overview
		own, _ := s.stand(s.from)
		if nat := must(own.NAT); nat != nil {
			if f.Protocol != packet.TCP && f.Protocol != packet.UDP {
				return "Azure's NAT gateway carries TCP and UDP only"
			}
			return ""
		}
		if must(own.DefaultOutbound) {
			return ""
		}
		if s.balanced(s.from) {
			return ""
		}
	}
	if !s.hasPublic(s.from) {
		return "the host has no public address"
	}
	return ""
}

// hasPublic reports whether an end has a public IPv4 address. Any host of an
// AWS subnet may have one; in Azure one that the graph shows.
func (s *simulator) hasPublic(end reach.End) bool {
	switch {
	case end.Interface != nil:
		return must(end.Interface.Public)
	case end.Subnet.Network.Cloud == topology.AWS:
		return true
	}
	return slices.ContainsFunc(s.model.Interfaces, func(i *topology.Interface) bool {
		return i.Kind == topology.Host && must(i.Subnet) == end.Subnet && must(i.Public)
	})
}

// balanced reports whether an end stands behind a load balancer that sends for
// it; any host of a subnet does as one that the graph shows.
// https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections
func (s *simulator) balanced(end reach.End) bool {
	if end.Interface != nil {
		return len(end.Interface.Outbound) > 0
	}
	return slices.ContainsFunc(s.model.Interfaces, func(i *topology.Interface) bool {
		return i.Kind == topology.Host && must(i.Subnet) == end.Subnet && len(i.Outbound) > 0
	})
}

// leave ends a packet outside of the graph, where it arrives if that is what
// the question asks for.
func (s *simulator) leave(f *flight, e edge, session *session) result {
	if f.reply {
		if session.entry != e {
			return dropped(f, "the reply leaves elsewhere")
		}
		if f.Destination != session.sent.Source || f.Source != session.sent.Destination {
			return dropped(f, "the reply has other addresses")
		}
		return result{ok: true, trail: f.trail}
	}
	if s.to.Subnet != nil || s.to.Interface != nil || !holds(s.to, f.Destination) {
		return dropped(f, "it leaves the graph")
	}
	session.exit = e
	return result{ok: true, trail: f.trail}
}

// enter brings a packet in by an internet, egress-only, VPN, service gateway or
// a peering with a network that the graph does not hold.
func (s *simulator) enter(f *flight, gateway *topology.Gateway, session *session) result {
	if !must(gateway.Attached) {
		return dropped(f, "not attached")
	}
	if gateway.Kind == topology.Peering && !must(gateway.Established) {
		return dropped(f, "not established")
	}
	if gateway.Kind == topology.Internet && !f.reply {
		if front := s.front(nil, f.Destination); front != nil {
			return s.forward(f, front, gateway.Network, session)
		}
	}
	subnet := s.subnetOf(gateway.Network, f.Destination)
	if subnet == nil {
		return dropped(f, "nobody has the address")
	}
	if gateway.Kind == topology.Internet && !f.reply && f.Destination.Is4() {
		// The packet was sent to a public address of the host's, or a balancer's.
		front := s.front(subnet, f.Destination)
		switch {
		case s.to.Subnet == nil && s.to.Interface == nil:
			return dropped(f, "it ends inside")
		case s.own(subnet, f.Destination) && !s.hasPublic(s.to), !s.own(subnet, f.Destination) && (front == nil || !must(front.Public)):
			return dropped(f, "the host has no public address")
		}
	}
	if table := must(gateway.Table); table != nil {
		via := lookup(table, f.Destination)
		if via == nil {
			return dropped(f, "no route at the gateway")
		}
		return s.via(f, nil, via, session)
	}
	return s.arrive(f, subnet, nil, session)
}

// translateAtNAT passes a packet through AWS's NAT gateway in its subnet.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (s *simulator) translateAtNAT(f *flight, from *topology.Subnet, gateway *topology.Gateway, session *session) result {
	subnet := must(gateway.Subnet)
	if from != subnet && !(s.networkACL(from, f, false) && s.networkACL(subnet, f, true)) {
		return dropped(f, "the network ACL before the NAT gateway")
	}
	switch {
	case f.reply:
		return dropped(f, "the NAT gateway did not see the request")
	case !f.Source.Is4():
		return dropped(f, "a NAT gateway is for IPv4")
	case f.Protocol != packet.TCP && f.Protocol != packet.UDP && f.Protocol != packet.ICMP:
		return dropped(f, "a NAT gateway carries TCP, UDP and ICMP")
	}
	for _, t := range slices.Backward(session.translations) {
		if t.device == gateway {
			return dropped(f, "a loop") // its route leads back to it
		}
		if t.device == nil {
			break // the connection of a balancer's own
		}
	}
	s.translate(f, gateway, session)
	return s.send(f, subnet, session)
}

func (s *simulator) translate(f *flight, device *topology.Gateway, session *session) {
	inside := f.Packet
	f.Source = must(device.PrivateAddress)
	if packet.HasPorts(f.Protocol) {
		f.SourcePort = s.somePort()
	}
	f.sender, f.translated = nil, device
	session.translations = append(session.translations, translation{device: device, inside: inside, outside: f.Packet})
}

// peer takes a packet to the peered network's own addresses.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (s *simulator) peer(f *flight, gateway *topology.Gateway, session *session) result {
	peer := must(gateway.Peer)
	switch {
	case !must(gateway.Established):
		return dropped(f, "not established")
	case !s.takes(gateway, f):
		return dropped(f, "the peering does not take forwarded packets")
	case peer == nil:
		return s.leave(f, edge{gateway: gateway}, session)
	}
	subnet := s.subnetOf(peer, f.Destination)
	if subnet == nil {
		return dropped(f, "nobody has the address")
	}
	return s.arrive(f, subnet, nil, session)
}

// takes reports whether a peering takes a packet: in AWS only what its own
// network sends, in Azure others' as well when it is told to. (Azure's setting is
// about connections: their replies pass.)
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
// https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering
func (s *simulator) takes(gateway *topology.Gateway, f *flight) bool {
	if s.owns(gateway.Network, f.Source) {
		return true
	}
	return gateway.Network.Cloud == topology.Azure && (f.reply || must(gateway.Forwarded))
}

// overPeering says why a packet does not get to a device in a peered network.
func (s *simulator) overPeering(f *flight, near, far *topology.Network) string {
	for _, gateway := range s.model.Gateways {
		if gateway.Kind != topology.Peering || gateway.Network != near || must(gateway.Peer) != far {
			continue
		}
		switch {
		case !must(gateway.Established):
			return "not established"
		case !s.takes(gateway, f):
			return "the peering does not take forwarded packets"
		}
		return ""
	}
	return "no peering to the device"
}

// enterTransit takes a packet into a transit gateway by the attachment's
// subnet in the zone that it comes from.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (s *simulator) enterTransit(f *flight, from *topology.Subnet, gateway *topology.Gateway, session *session) result {
	if from == nil {
		return dropped(f, "no transit at the edge")
	}
	for _, attachment := range gateway.Transit.Attachments {
		if must(attachment.Network) != from.Network {
			continue
		}
		for _, v := range attachment.Subnets {
			subnet := must(v)
			if must(subnet.Zone) != must(from.Zone) {
				continue
			}
			// From a host to the gateway both are evaluated, even in one subnet.
			// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
			if !s.networkACL(from, f, false) || !s.networkACL(subnet, f, true) {
				return dropped(f, "a network ACL before the transit gateway")
			}
			return s.transit(f, gateway, attachment, session)
		}
	}
	return dropped(f, "no attachment in the zone")
}

// transit routes a packet inside of a transit gateway and out of it.
func (s *simulator) transit(f *flight, gateway *topology.Gateway, in *topology.Attachment, session *session) result {
	if slices.Contains(f.entered, in) {
		return dropped(f, "a loop")
	}
	f.entered = append(f.entered, in)
	table := must(in.Table)
	if table == nil {
		return dropped(f, "the attachment has no table")
	}
	var out *topology.Attachment
	bits, origin := -1, topology.Origin(0)
	for _, route := range table.Routes {
		for _, prefix := range must(route.To) {
			if prefix.Contains(f.Destination) &&
				(prefix.Bits() > bits || prefix.Bits() == bits && route.Origin < origin) {
				out, bits, origin = must(route.Via), prefix.Bits(), route.Origin
			}
		}
	}
	if out == nil {
		return dropped(f, "no route in the transit gateway")
	}
	f.trail = append(f.trail, "attachment "+out.Ref.URN)
	// Rules about members in other networks hold only where that is switched on.
	// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html
	if !must(gateway.Transit.GroupReferences) {
		f.sender = nil
	}
	if must(out.Network) == nil {
		return s.leave(f, edge{gateway, out}, session)
	}
	if len(out.Subnets) == 0 {
		return dropped(f, "an attachment without subnets")
	}
	subnet := must(out.Subnets[s.choose(len(out.Subnets))])
	if f.hops++; f.hops > 40 {
		return dropped(f, "a loop")
	}
	f.trail = append(f.trail, "in "+subnet.Name)
	if within(f.Destination, values(subnet.Prefixes)) {
		return s.arrive(f, subnet, subnet, session)
	}
	next := lookup(must(subnet.Table), f.Destination)
	if next == nil {
		return dropped(f, "no route from "+subnet.Name)
	}
	return s.via(f, subnet, next, session)
}

// inspect passes a packet through a firewall, which stands in its subnet.
func (s *simulator) inspect(f *flight, gateway *topology.Gateway, subnet *topology.Subnet, session *session) result {
	if f.reply {
		if !slices.Contains(session.firewalls, gateway) {
			if !s.opened(session, subnet) || s.doubtful() {
				return dropped(f, "the firewall did not see the request")
			}
			// It is the device that has opened the connection.
			if f.Packet != session.translations[len(session.translations)-1].outside.Reply() {
				return dropped(f, "the reply misses the translating device")
			}
			if why := s.undo(f, session); why != "" {
				return dropped(f, why)
			}
			return s.back(f, subnet, session)
		}
		if !slices.Contains(session.returned, gateway) {
			session.returned = append(session.returned, gateway)
		}
	} else {
		if !s.allowed(must(gateway.Policy).Out, f, subnet) {
			return dropped(f, "the firewall's policy")
		}
		if !slices.Contains(session.firewalls, gateway) {
			session.firewalls = append(session.firewalls, gateway)
		}
		// Rules about a security group's members hold for packets that come
		// straight from them.
		// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
		if subnet.Network.Cloud == topology.AWS {
			f.sender = nil
		}
		f.forwarded = true
		// https://learn.microsoft.com/azure/firewall/snat-private-range
		if must(gateway.SNAT) && public(f.Destination) {
			if slices.ContainsFunc(session.translations, func(t translation) bool { return t.device == gateway }) {
				return dropped(f, "a loop")
			}
			s.translate(f, gateway, session)
		}
	}
	return s.send(f, subnet, session)
}

// arrive delivers a packet in a subnet, to a host, a balancer or a device that
// has the address. from is the subnet that it comes from.
func (s *simulator) arrive(f *flight, subnet, from *topology.Subnet, session *session) result {
	if from != subnet {
		if !s.networkACL(from, f, false) {
			return dropped(f, "the network ACL of "+from.Name)
		}
		if !s.networkACL(subnet, f, true) {
			return dropped(f, "the network ACL of "+subnet.Name)
		}
	}
	f.trail = append(f.trail, "into "+subnet.Name)
	if f.reply {
		if n := len(session.translations); n > 0 {
			last := session.translations[n-1]
			if f.Packet != last.outside.Reply() {
				return dropped(f, "the reply misses the translating device")
			}
			if last.device == nil {
				if why := s.undo(f, session); why != "" {
					return dropped(f, why)
				}
				return s.back(f, subnet, session)
			}
			session.translations = session.translations[:n-1]
			f.Packet = last.inside.Reply()
			f.trail = append(f.trail, "back at "+last.device.Name)
			if last.device.Kind == topology.Firewall && !slices.Contains(session.returned, last.device) {
				session.returned = append(session.returned, last.device)
			}
			return s.send(f, subnet, session)
		}
		if s.from.Subnet == nil && s.from.Interface == nil {
			return dropped(f, "the reply ends inside")
		}
		if own, _ := s.stand(s.from); own != subnet || f.Packet != session.sent.Reply() {
			return dropped(f, "the reply ends elsewhere")
		}
		return result{ok: true, trail: f.trail}
	}
	if s.to.Subnet == nil && s.to.Interface == nil {
		return dropped(f, "it ends inside")
	}
	if f.target != nil {
		if must(f.target.Subnet) != subnet {
			return dropped(f, "it ends at another host")
		}
		return s.reach(f, session)
	}
	if !s.own(subnet, f.Destination) {
		if front := s.front(subnet, f.Destination); front != nil {
			return s.forward(f, front, subnet.Network, session)
		}
		return dropped(f, "it ends at another host")
	}
	_, filters := s.stand(s.to)
	if why := s.admit(f, s.to.Interface, subnet, filters); why != "" {
		return dropped(f, why)
	}
	return result{ok: true, trail: f.trail}
}

// own reports whether the address in the subnet is the receiver's.
func (s *simulator) own(subnet *topology.Subnet, a netip.Addr) bool {
	if s.to.Subnet == nil && s.to.Interface == nil {
		return false
	}
	own, _ := s.stand(s.to)
	return own == subnet && holds(s.to, a)
}

// admit says why an interface in the subnet, or some host if it is nil, does not
// take a packet; "" is that it does.
func (s *simulator) admit(f *flight, iface *topology.Interface, subnet *topology.Subnet, filters [][]*topology.Filter) string {
	// https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
	if b := s.balancers[iface]; b != nil && b.Kind == "azure" && len(iface.Filters) == 0 {
		return "" // no security group is asked at a load balancer's frontend
	}
	endpoint := iface != nil && iface.Kind == topology.EndpointInterface
	if subnet.Network.Cloud == topology.Azure && !(endpoint && !must(subnet.PrivateEndpointFilter)) && !s.securityGroup(subnet, f, true) {
		return "the subnet's security group"
	}
	if !s.pass(filters, f, subnet, true) {
		return "the filters of the host"
	}
	return ""
}

// stand returns where an end of the question stands, and its filters.
func (s *simulator) stand(end reach.End) (*topology.Subnet, [][]*topology.Filter) {
	if end.Interface != nil {
		return must(end.Interface.Subnet), end.Interface.Filters
	}
	if len(end.Groups) == 0 {
		return end.Subnet, nil
	}
	return end.Subnet, [][]*topology.Filter{end.Groups}
}

// groups are those that an end is in as far as rules about members go.
func (s *simulator) groups(end *reach.End) []*topology.Filter {
	switch {
	case end == nil:
		return nil
	case end.Interface != nil:
		return end.Interface.Groups
	case end.Groups == nil:
		return s.told
	}
	return end.Groups
}

// networkACL reports whether a subnet's network ACL lets a packet in or out. It
// sees requests and replies alike.
func (s *simulator) networkACL(subnet *topology.Subnet, f *flight, in bool) bool {
	if subnet == nil || subnet.Network.Cloud != topology.AWS {
		return true
	}
	acl := must(subnet.Filter)
	if acl == nil {
		return true
	}
	if in {
		return s.allowed(acl.In, f, subnet)
	}
	return s.allowed(acl.Out, f, subnet)
}

// securityGroup is Azure's network security group of a subnet, which filters
// inside of the subnet as well.
// https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
func (s *simulator) securityGroup(subnet *topology.Subnet, f *flight, in bool) bool {
	group := must(subnet.Filter)
	if group == nil || f.reply {
		return true
	}
	if in {
		return s.allowed(group.In, f, subnet)
	}
	return s.allowed(group.Out, f, subnet)
}

// pass reports whether one filter of every set lets the packet pass.
func (s *simulator) pass(sets [][]*topology.Filter, f *flight, subnet *topology.Subnet, in bool) bool {
	for _, set := range sets {
		if !slices.ContainsFunc(set, func(filter *topology.Filter) bool {
			if in {
				return s.allowed(filter.In, f, subnet)
			}
			return s.allowed(filter.Out, f, subnet)
		}) {
			return false
		}
	}
	return true
}

// allowed is what the first rule that matches says.
func (s *simulator) allowed(rules []topology.Rule, f *flight, subnet *topology.Subnet) bool {
	for _, rule := range rules {
		if s.matches(rule, f, subnet) {
			return must(rule.Allow)
		}
	}
	return false
}

func (s *simulator) matches(rule topology.Rule, f *flight, subnet *topology.Subnet) bool {
	if protocols := must(rule.Protocols); len(protocols) > 0 && !slices.Contains(protocols, f.Protocol) {
		return false
	}
	if packet.HasPorts(f.Protocol) && (!onPort(must(rule.SourcePorts), f.SourcePort) || !onPort(must(rule.DestinationPorts), f.DestinationPort)) {
		return false
	}
	if names := must(rule.Names); len(names) > 0 && (s.name == "" || !slices.ContainsFunc(names, func(n string) bool { return reach.Covers(n, s.name) })) {
		return false
	}
	return s.matchesAddress(must(rule.Source), f.Source, f.sender, subnet) &&
		s.matchesAddress(must(rule.Destination), f.Destination, f.receiver, subnet)
}

func (s *simulator) matchesAddress(m topology.Match, a netip.Addr, end *reach.End, subnet *topology.Subnet) bool {
	tagged := within(a, must(subnet.VirtualNetworkTag))
	return m.Anyone || within(a, m.Prefixes) || m.VirtualNetwork && tagged || m.Internet && !tagged ||
		slices.ContainsFunc(s.groups(end), func(g *topology.Filter) bool { return slices.Contains(m.Members, g) })
}

func onPort(ports []topology.Ports, port uint16) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p topology.Ports) bool { return p.First <= port && port <= p.Last })
}

func (s *simulator) subnetOf(network *topology.Network, a netip.Addr) *topology.Subnet {
	for _, subnet := range s.model.Subnets {
		if subnet.Network == network && within(a, values(subnet.Prefixes)) {
			return subnet
		}
	}
	return nil
}

func (s *simulator) owns(network *topology.Network, a netip.Addr) bool {
	return within(a, values(network.Prefixes))
}

// holds reports whether an end of the question has the address.
func holds(end reach.End, a netip.Addr) bool {
	if len(end.Addresses) > 0 {
		number := packet.Only(a)
		return slices.ContainsFunc(end.Addresses, func(r packet.Addresses) bool { return r.Contains(number) })
	}
	switch {
	case end.Interface != nil:
		return slices.Contains(values(end.Interface.Addresses), a)
	case end.Subnet != nil:
		return within(a, values(end.Subnet.Prefixes))
	}
	return carried(a)
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// reserved addresses are on no route of the internet.
// https://www.iana.org/assignments/iana-ipv4-special-registry
var reserved = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// public addresses are the internet's, and those that stand for a service's.
func public(a netip.Addr) bool { return !within(a, reserved) }

// carried addresses are the internet's without those of services and names.
func carried(a netip.Addr) bool {
	return public(a) && !within(a, []netip.Prefix{netip.MustParsePrefix("240.0.0.0/4")})
}

// must returns a value that is known.
func must[T any](v topology.Val[T]) T {
	value, ok := v.Get()
	if !ok {
		panic("the simulator is for models in which everything is known: " + v.Ref().URN + " " + v.Ref().Property)
	}
	return value
}

func values[T any](list []topology.Val[T]) []T {
	var known []T
	for _, v := range list {
		known = append(known, must(v))
	}
	return known
}
