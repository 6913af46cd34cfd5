package reach

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// What the simulator of single packets found, each by itself.

func TestTheInternetIsWhatTheInternetCarries(t *testing.T) {
	p := newPlane()
	vpn := p.gateway(topology.VPN, "vgw", p.vpc)
	p.pods.Table = known(p.table("pods2", p.vpc, route("office", "10.0.0.0/8", vpn)))
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: TheInternet(), Traffic: TCP(443)}), "pods2", "no route to")
	reachable(t, p.ask(Question{From: AnyHost(p.pods), To: Addresses(prefix("10.99.0.0/16")), Traffic: TCP(443)}))
}

func TestIPv6RoutesAndRulesTakeNoIPv4(t *testing.T) {
	p := newPlane()
	p.pods.Table = known(p.table("pods2", p.vpc, route("v6", "::/0", p.igw)))
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: TheInternet(), Traffic: TCP(443)}), "pods2", "no route to")
	a := p.host("a", p.nodes, p.group("six", rule("in", true, tcp, 443, 443, from("::/0"), anyone)))
	blocked(t, p.ask(Question{From: AnyHost(p.nodes), To: At(a), Traffic: TCP(443)}), "six", "no rule of the security group six")
}

// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
func TestNetworkACLsAtTransitGateways(t *testing.T) {
	all := []topology.Rule{rule("all", true, 0, 0, 0, anyone, anyone)}
	ask := func(own bool, in, out []topology.Rule) Answer {
		w := newWorld()
		a, b, _, _ := inspection(w)
		if !own {
			a = w.subnet("hosts", "10.1.1.0/24", "a", a.Table.Or(nil))
			w.m.Subnets[0].Filter = known(w.acl("acl", in, out))
		} else {
			a.Filter = known(w.acl("acl", in, out))
		}
		return New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(443)})
	}
	// In the attachment's subnet, what hosts of another subnet send comes in and
	// what comes back for them goes out; nothing else is looked at.
	reachable(t, ask(false, []topology.Rule{rule("requests", true, tcp, 443, 443, from("10.1.1.0/24"), anyone)},
		[]topology.Rule{rule("replies", true, tcp, 1024, 65535, anyone, from("10.1.1.0/24"))}))
	blocked(t, ask(false, nil, all), "acl", "no rule of the network ACL acl lets")
	blocked(t, ask(false, all, nil), "acl", "the reply is lost: no rule of the network ACL acl lets")
	// Where the hosts are in the attachment's subnet, requests meet both lists and
	// replies none.
	requests := []topology.Rule{rule("requests", true, tcp, 443, 443, anyone, anyone)}
	reachable(t, ask(true, requests, requests))
	blocked(t, ask(true, nil, all), "acl", "no rule of the network ACL acl lets")
	blocked(t, ask(true, all, nil), "acl", "no rule of the network ACL acl lets")
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func TestNothingGoesFromEdgeToEdgeOfAVPC(t *testing.T) {
	w := newWorld()
	a, _, _, spokes := inspection(w)
	tgw, i := w.m.Gateways[0], w.m.Networks[2]
	in := w.m.Subnets[2]
	spokes.Routes[0].Via = known(tgw.Transit.Attachments[2])
	s3 := w.m.Service(topology.AWS, "s3", "eu-west-1")
	endpoint, vgw, igw := w.gateway(topology.ServiceGateway, "s3", i), w.gateway(topology.VPN, "vgw", i), w.gateway(topology.Internet, "igw", i)
	in.Table = known(w.table("edges", i, route("s3-route", s3.String(), endpoint), route("office", "192.168.0.0/16", vgw),
		route("six", "::/0", igw), route("back", "10.0.0.0/8", tgw)))
	a.Table.Or(nil).Routes = append(a.Table.Or(nil).Routes, route("everything", "0.0.0.0/0", tgw), route("six", "::/0", tgw))
	spokes.Routes = append(spokes.Routes, topology.TransitRoute{Ref: ref("six"), To: known([]netip.Prefix{prefix("::/0")}), Via: known(tgw.Transit.Attachments[2])})
	a.Prefixes = append(a.Prefixes, known(prefix("2600:1f00:0:100::/64")))
	for urn, to := range map[string]string{"s3": s3.String(), "vgw": "192.168.0.0/16", "igw": "2a00::/16"} {
		blocked(t, New(w.m).Ask(Question{From: AnyHost(a), To: Addresses(prefix(to)), Traffic: TCP(443)}), urn, "carries only what hosts of its own network send")
	}
	reachable(t, New(w.m).Ask(Question{From: AnyHost(in), To: Addresses(s3), Traffic: TCP(443)}))
}

// A reply that a firewall sends on is not of the firewall's network either.
func TestRepliesDoNotGoFromEdgeToEdge(t *testing.T) {
	w := newWorld()
	a, b, _, _ := inspection(w)
	va, vi := a.Network, w.m.Networks[2]
	peering := w.gateway(topology.Peering, "i-a", vi)
	peering.Peer = known(va)
	fs := w.m.Subnets[3].Table.Or(nil)
	fs.Routes = append(fs.Routes, route("back", "10.1.0.0/16", peering))
	blocked(t, New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(443)}), "i-a", "the reply is lost")
}

// Which subnet of an attachment a packet comes out in is the network's choice.
func TestEverySubnetOfAnAttachmentHasToLeadThere(t *testing.T) {
	w := newWorld()
	a, b, fw, _ := inspection(w)
	attachment := w.m.Gateways[0].Transit.Attachments[2]
	same := w.table("other-in", w.m.Networks[2], route("i-fw2", "0.0.0.0/0", fw))
	other := w.subnet("in-b", "10.9.0.32/28", "b", same)
	attachment.Subnets = append(attachment.Subnets, known(other))
	ask := func() Answer { return New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(443)}) }
	got := ask()
	reachable(t, got)
	assert.Empty(t, got.Unknowns)
	assert.True(t, got.Must.Contains(got.May))

	// A firewall for each zone does not see both directions for certain.
	second := w.gateway(topology.Firewall, "fw-b", w.m.Networks[2])
	second.Subnet, second.Policy = fw.Subnet, fw.Policy
	same.Routes[len(same.Routes)-1].Via = known(second)
	undecidedBy(t, ask(), "at-i")
}

func TestAPeeringThatIsNotEstablishedLetsNothingIn(t *testing.T) {
	p := newPlane()
	peering := p.gateway(topology.Peering, "foreign", p.vpc)
	peering.Peer, peering.Established = known[*topology.Network](nil), known(false)
	p.pods.Table = known(p.table("pods2", p.vpc, route("back", "10.99.0.0/16", peering)))
	ask := func() Answer {
		return p.ask(Question{From: Addresses(prefix("10.99.0.0/16")), To: AnyHost(p.pods), Traffic: TCP(443)})
	}
	blocked(t, ask(), "foreign", "not established")
	peering.Established = known(true)
	reachable(t, ask())
}

// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func TestMembersAreNotKnownBehindAFirewall(t *testing.T) {
	w := newWorld()
	a, b, _, spokes := inspection(w)
	tgw := w.m.Gateways[0]
	nodes := w.group("nodes")
	host := w.host("host", b, w.group("db", rule("members", true, tcp, 443, 443, members(nodes), anyone)))
	ask := func() Answer {
		return New(w.m).Ask(Question{From: End{Subnet: a, Groups: []*topology.Filter{nodes}}, To: At(host), Traffic: TCP(443)})
	}
	tgw.Transit.GroupReferences = known(true)
	blocked(t, ask(), "db", "no rule of the security group db")
	// Without a firewall between them it is the transit gateway's setting.
	spokes.Routes = []topology.TransitRoute{
		{Ref: ref("to-b"), To: known([]netip.Prefix{prefix("10.2.0.0/16")}), Via: known(tgw.Transit.Attachments[1])},
		{Ref: ref("to-a"), To: known([]netip.Prefix{prefix("10.1.0.0/16")}), Via: known(tgw.Transit.Attachments[0])},
	}
	reachable(t, ask())
	tgw.Transit.GroupReferences = known(false)
	blocked(t, ask(), "db", "no rule of the security group db")
	tgw.Transit.GroupReferences = hidden[bool]("referencing")
	undecidedBy(t, ask(), "referencing")
}

func TestGroupsOfTheReceiverFilter(t *testing.T) {
	p := newPlane()
	web := p.group("web", rule("in", true, tcp, 443, 443, anyone, anyone))
	ask := func(port uint16) Answer {
		return p.ask(Question{From: AnyHost(p.nodes), To: End{Subnet: p.pods, Groups: []*topology.Filter{web}}, Traffic: TCP(port)})
	}
	reachable(t, ask(443))
	blocked(t, ask(22), "web", "no rule of the security group web")
}

// An interface that is not understood may be in any group.
func TestAnIncompleteInterfaceMayLetEverythingIn(t *testing.T) {
	p := newPlane()
	a := p.host("a", p.nodes, p.group("web", rule("in", true, tcp, 443, 443, anyone, anyone)))
	a.Incomplete = []topology.Ref{ref("attachment")}
	undecidedBy(t, p.ask(Question{From: AnyHost(p.nodes), To: At(a), Traffic: TCP(22)}), "attachment")
}

func TestAZoneThatIsNotKnownMayHaveNoAttachment(t *testing.T) {
	w := newWorld()
	a, b, _, _ := inspection(w)
	host := w.subnet("hosts", "10.1.1.0/24", "a", a.Table.Or(nil))
	host.Zone = hidden[string]("zone")
	undecidedBy(t, New(w.m).Ask(Question{From: AnyHost(host), To: AnyHost(b), Traffic: TCP(443)}), "zone")
	// The attachment's own subnet is in its zone, whichever that is.
	a.Zone = hidden[string]("zone")
	reachable(t, New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(443)}))
}

// https://learn.microsoft.com/en-us/azure/nat-gateway/nat-overview
func TestAzureNATGatewayCarriesTCPAndUDP(t *testing.T) {
	s := newSpokes()
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	nat := s.gateway(topology.NAT, "natgw", s.spoke)
	nat.Subnet, nat.Public, nat.PrivateAddress = known[*topology.Subnet](nil), known(true), hidden[netip.Addr]("natgw.ip")
	s.nodes.NAT = known(nat)
	ping := packet.Everything()
	ping.Protocols = packet.Protocols{First: packet.ICMP, Last: packet.ICMP}
	blocked(t, New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: Traffic{ping}}), "natgw", "TCP and UDP")
}

// https://learn.microsoft.com/en-us/azure/firewall/snat-private-range
func TestAzureFirewallNeedsItsOwnPublicAddress(t *testing.T) {
	s := newSpokes()
	ask := func() Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443)})
	}
	s.fw.Public = known(false)
	blocked(t, ask(), "firewall", "no public address")
	s.fw.Public = hidden[bool]("address")
	undecidedBy(t, ask(), "address")
	s.fw.Public, s.fw.SNAT = known(true), known(false)
	blocked(t, ask(), "system", "does not put its own address on it")
}

// What the firewall passes on for hosts of its own network is of that network.
func TestHubsOwnPacketsAreNotForwarded(t *testing.T) {
	s := newSpokes()
	for _, gw := range s.m.Gateways {
		if gw.Name == "hub-spoke" {
			gw.Forwarded = known(false)
		}
	}
	hub := s.subnet("jump", "10.0.2.0/24", "", s.system("jump-table", s.hub, s.gateway(topology.Internet, "i", s.hub), nil, route("by-firewall", "10.1.0.0/16", s.fw)))
	s.spokeTable.Routes = append(s.spokeTable.Routes, route("back", "10.0.2.0/24", s.fw))
	reachable(t, New(s.m).Ask(Question{From: AnyHost(hub), To: AnyHost(s.nodes), Traffic: TCP(443)}))
}

// The gateway's own routes lead past the firewall: the reply misses it.
func TestReplyFromTheOfficeMissesTheFirewall(t *testing.T) {
	s := newSpokes()
	vpn := s.gateway(topology.VPN, "vpn", s.hub)
	s.hubTable.Routes = append(s.hubTable.Routes, route("office", "192.168.0.0/16", vpn))
	jump := s.subnet("jump", "10.0.2.0/24", "", s.system("jump-table", s.hub, s.gateway(topology.Internet, "i", s.hub), nil, route("by-firewall", "192.168.0.0/16", s.fw)))
	require.Empty(t, New(s.m).Ask(Question{From: AnyHost(jump), To: Addresses(prefix("192.168.0.0/16")), Traffic: TCP(443)}).May)
}

// What nobody knows the place of may be anywhere.
func TestPlacesThatAreNotKnown(t *testing.T) {
	p := newPlane()
	a := p.host("a", p.nodes)
	a.Subnet = hidden[*topology.Subnet]("subnet")
	undecidedBy(t, p.ask(Question{From: AnyHost(p.pods), To: At(a), Traffic: TCP(443)}), "subnet")
	undecidedBy(t, p.ask(Question{From: At(a), To: TheInternet(), Traffic: TCP(443)}), "subnet")

	s := newSpokes()
	s.toHub.Peer = hidden[*topology.Network]("peer")
	undecidedBy(t, New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443)}), "peer")

	s = newSpokes()
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	host := s.host("host", s.nodes)
	host.Subnet, host.Public = hidden[*topology.Subnet]("subnet"), known(true)
	undecidedBy(t, New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443)}), "subnet")
}
