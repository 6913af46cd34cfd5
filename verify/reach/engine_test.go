package reach

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// plane is the data plane of the documents: public subnets with NAT gateways,
// node subnets behind them, pod subnets without a default route.
type plane struct {
	*world
	vpc                 *topology.Network
	igw, nat            *topology.Gateway
	public, nodes, pods *topology.Subnet
}

func newPlane() *plane {
	p := &plane{world: newWorld()}
	p.vpc = p.world.vpc("vpc", "10.20.0.0/16", "100.64.0.0/16")
	p.igw = p.gateway(topology.Internet, "igw", p.vpc)
	p.public = p.subnet("public-a", "10.20.192.0/21", "a", p.table("public", p.vpc, route("public-default", "0.0.0.0/0", p.igw)))
	p.nat = p.world.nat("nat", p.public)
	p.nodes = p.subnet("nodes-a", "10.20.0.0/18", "a", p.table("nodes", p.vpc, route("nodes-default", "0.0.0.0/0", p.nat)))
	p.pods = p.subnet("pods-a", "100.64.0.0/18", "a", p.table("pods", p.vpc))
	return p
}

func (p *plane) ask(q Question) Answer { return New(p.m).Ask(q) }

// reachable asserts that some packets certainly get there and back.
func reachable(t *testing.T, a Answer) {
	t.Helper()
	require.NotEmpty(t, a.Must, "blocks: %v", a.Blocks)
	assert.True(t, a.May.Contains(a.Must))
}

// blocked asserts that nothing gets there and back, and what stands in the way.
func blocked(t *testing.T, a Answer, urn, reason string) {
	t.Helper()
	require.Empty(t, a.May, "paths: %v", a.Paths)
	require.NotEmpty(t, a.Blocks)
	assert.Equal(t, urn, a.Blocks[0].URN)
	assert.Contains(t, a.Blocks[0].Reason, reason)
}

// undecidedBy asserts that the answer hangs on the outputs.
func undecidedBy(t *testing.T, a Answer, urns ...string) {
	t.Helper()
	assert.Empty(t, a.Must)
	require.NotEmpty(t, a.May)
	for _, urn := range urns {
		assert.Contains(t, a.Unknowns, ref(urn))
	}
}

func urns(hops []Hop) []string {
	var list []string
	for _, hop := range hops {
		list = append(list, hop.URN)
	}
	return list
}

func TestNodesReachTheInternetThroughNAT(t *testing.T) {
	p := newPlane()
	a := p.ask(Question{From: AnyHost(p.nodes), To: TheInternet(), Traffic: TCP(443)})
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"nodes-a", "nodes-default", "nat", "public-default", "igw"})

	a = p.ask(Question{From: AnyHost(p.nodes), To: TheInternet(), Traffic: TCP(443), Avoid: []*topology.Gateway{p.nat}})
	blocked(t, a, "nat", "left out")
}

func TestPodsHaveNoRouteToTheInternet(t *testing.T) {
	p := newPlane()
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: TheInternet(), Traffic: All()}), "pods", "no route to")
}

func TestTheInternetDoesNotReachPrivateSubnets(t *testing.T) {
	p := newPlane()
	blocked(t, p.ask(Question{From: TheInternet(), To: AnyHost(p.nodes), Traffic: TCP(443)}), "nodes-default",
		"the reply is lost: it goes through the NAT gateway nat, which did not see the request")
	blocked(t, p.ask(Question{From: TheInternet(), To: AnyHost(p.pods), Traffic: TCP(443)}), "pods", "the reply is lost")
	reachable(t, p.ask(Question{From: TheInternet(), To: AnyHost(p.public), Traffic: TCP(443)}))
}

// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html
func TestNetworkACLWithoutEphemeralPortsLosesTheReply(t *testing.T) {
	p := newPlane()
	all := []topology.Rule{rule("all", true, 0, 0, 0, anyone, anyone)}
	// The ACL of the NAT gateway's subnet lets only HTTPS in: not the reply.
	p.public.Filter = known(p.acl("acl", []topology.Rule{rule("https", true, tcp, 443, 443, anyone, anyone)}, all))
	blocked(t, p.ask(Question{From: AnyHost(p.nodes), To: TheInternet(), Traffic: TCP(443)}), "acl", "the reply is lost: no rule of the network ACL acl")

	// A NAT gateway sends from 1024 on: half of the ports are not enough.
	p.public.Filter = known(p.acl("acl", []topology.Rule{
		rule("https", true, tcp, 443, 443, anyone, anyone), rule("linux", true, tcp, 32768, 65535, anyone, anyone)}, all))
	blocked(t, p.ask(Question{From: AnyHost(p.nodes), To: TheInternet(), Traffic: TCP(443)}), "acl", "the reply is lost")

	// In two rules, they are all of them.
	p.public.Filter = known(p.acl("acl", []topology.Rule{rule("https", true, tcp, 443, 443, anyone, anyone),
		rule("low", true, tcp, 1024, 32767, anyone, anyone), rule("high", true, tcp, 32768, 65535, anyone, anyone)}, all))
	reachable(t, p.ask(Question{From: AnyHost(p.nodes), To: TheInternet(), Traffic: TCP(443)}))
}

func TestNetworkACLDoesNotFilterInsideTheSubnet(t *testing.T) {
	p := newPlane()
	p.nodes.Filter = known(p.acl("acl", nil, nil))
	a := p.host("a", p.nodes, p.group("open", rule("in", true, tcp, 443, 443, anyone, anyone)))
	reachable(t, p.ask(Question{From: AnyHost(p.nodes), To: At(a), Traffic: TCP(443)}))
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: At(a), Traffic: TCP(443)}), "acl", "no rule of the network ACL")
}

func TestSecurityGroupsOfMembers(t *testing.T) {
	p := newPlane()
	cluster, other := p.group("cluster"), p.group("other")
	db := p.host("db", p.nodes, p.group("db-group", rule("from-cluster", true, tcp, 5432, 5432, members(cluster), anyone)))

	q := Question{From: End{Subnet: p.pods, Groups: []*topology.Filter{cluster}}, To: At(db), Traffic: TCP(5432)}
	a := p.ask(q)
	reachable(t, a)
	assert.Contains(t, urns(a.Paths[0].Hops), "from-cluster")

	q.From.Groups = []*topology.Filter{other}
	blocked(t, p.ask(q), "db-group", "no rule of the security group db-group lets tcp 100.64.0.4:49152")
	q.From.Groups = nil // some host, nobody knows in which groups
	undecidedBy(t, p.ask(q), "known")
	q.Traffic = TCP(5433)
	blocked(t, p.ask(q), "db-group", "no rule")
}

// One of two groups that lets a packet through is enough.
func TestSecurityGroupsAreAUnion(t *testing.T) {
	p := newPlane()
	h := p.host("h", p.nodes, p.group("none"), p.group("https", rule("in", true, tcp, 443, 443, from("100.64.0.0/10"), anyone)))
	reachable(t, p.ask(Question{From: AnyHost(p.pods), To: At(h), Traffic: TCP(443)}))
	blocked(t, p.ask(Question{From: AnyHost(p.public), To: At(h), Traffic: TCP(443)}), "none", "no rule")
}

func TestLongestPrefixWins(t *testing.T) {
	p := newPlane()
	drop := p.gateway(topology.Drop, "drop", nil)
	p.nodes.Table = known(p.table("nodes2", p.vpc, route("default", "0.0.0.0/0", p.nat), route("hole", "198.51.100.0/24", drop)))
	inside := Question{From: AnyHost(p.nodes), To: Addresses(prefix("198.51.100.0/25")), Traffic: TCP(443)}
	blocked(t, p.ask(inside), "hole", "a black hole")
	reachable(t, p.ask(Question{From: AnyHost(p.nodes), To: Addresses(prefix("198.51.101.0/24")), Traffic: TCP(443)}))

	// Of both, the part outside the hole.
	both := p.ask(Question{From: AnyHost(p.nodes), To: Addresses(prefix("198.51.100.0/23")), Traffic: TCP(443)})
	reachable(t, both)
	assert.True(t, both.Must.Has(packet.Packet{Source: netip.MustParseAddr("10.20.0.4"), Destination: netip.MustParseAddr("198.51.101.9"), Protocol: tcp, SourcePort: 2000, DestinationPort: 443}))
	assert.False(t, both.May.Has(packet.Packet{Source: netip.MustParseAddr("10.20.0.4"), Destination: netip.MustParseAddr("198.51.100.9"), Protocol: tcp, SourcePort: 2000, DestinationPort: 443}))
}

func TestWhatIsNotKnownDecides(t *testing.T) {
	p := newPlane()
	q := Question{From: AnyHost(p.pods), To: TheInternet(), Traffic: TCP(443)}

	// A route whose target is not known.
	p.pods.Table = known(p.table("pods2", p.vpc, topology.Route{Ref: ref("r"), To: known([]netip.Prefix{prefix("0.0.0.0/0")}), Via: hidden[*topology.Gateway]("target")}))
	undecidedBy(t, p.ask(q), "target")
	// One whose destination is not known may take the packets of others too.
	p.pods.Table = known(p.table("pods3", p.vpc, topology.Route{Ref: ref("r"), To: hidden[[]netip.Prefix]("destination"), Via: known(p.nat)}))
	undecidedBy(t, p.ask(q), "destination")
	undecidedBy(t, p.ask(Question{From: AnyHost(p.pods), To: AnyHost(p.nodes), Traffic: TCP(443)}), "destination")

	// A rule of a group that is not known: it may deny nothing, and allow.
	r := rule("r", true, tcp, 443, 443, anyone, anyone)
	r.Source = hidden[topology.Match]("cidr")
	h := p.host("h", p.nodes, p.group("g", r))
	undecidedBy(t, p.ask(Question{From: AnyHost(p.public), To: At(h), Traffic: TCP(443)}), "cidr")
	blocked(t, p.ask(Question{From: AnyHost(p.public), To: At(h), Traffic: TCP(80)}), "g", "no rule")
	// Beside a known one that lets it in, it does not matter.
	h = p.host("h2", p.nodes, p.group("g2", r, rule("known", true, tcp, 443, 443, anyone, anyone)))
	reachable(t, p.ask(Question{From: AnyHost(p.public), To: At(h), Traffic: TCP(443)}))

	// A network ACL's deny that is not known, before an allow.
	deny := rule("deny", false, tcp, 443, 443, anyone, anyone)
	deny.Source = hidden[topology.Match]("who")
	all := rule("all", true, 0, 0, 0, anyone, anyone)
	p.nodes.Filter = known(p.acl("acl", []topology.Rule{deny, all}, []topology.Rule{all}))
	undecidedBy(t, p.ask(Question{From: AnyHost(p.public), To: At(h), Traffic: TCP(443)}), "who")
	reachable(t, p.ask(Question{From: AnyHost(p.public), To: AnyHost(p.nodes), Traffic: TCP(80)}))
}

func TestIncompleteMayDoAnything(t *testing.T) {
	p := newPlane()
	g := p.group("g")
	g.Incomplete = []topology.Ref{ref("strange")}
	undecidedBy(t, p.ask(Question{From: AnyHost(p.public), To: At(p.host("h", p.nodes, g)), Traffic: TCP(443)}), "strange")
	table := p.table("odd", p.vpc)
	table.Incomplete = []topology.Ref{ref("stranger")}
	p.pods.Table = known(table)
	undecidedBy(t, p.ask(Question{From: AnyHost(p.pods), To: TheInternet(), Traffic: TCP(443)}), "stranger")
}

func TestGatewayEndpointLeadsToItsService(t *testing.T) {
	p := newPlane()
	s3 := p.m.Service(topology.AWS, "s3", "eu-west-1")
	gw := p.gateway(topology.ServiceGateway, "s3-endpoint", nil)
	gw.Service = "s3"
	p.pods.Table = known(p.table("pods2", p.vpc, topology.Route{Ref: ref("s3-route"), To: known([]netip.Prefix{s3}), Via: known(gw)}))
	a := p.ask(Question{From: AnyHost(p.pods), To: Addresses(s3), Traffic: TCP(443)})
	reachable(t, a)
	assert.Contains(t, urns(a.Paths[0].Hops), "s3-route")
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: Addresses(p.m.Service(topology.AWS, "dynamodb", "eu-west-1")), Traffic: TCP(443)}), "pods2", "no route to dynamodb.eu-west-1")
	// The whole internet is not behind it.
	blocked(t, p.ask(Question{From: AnyHost(p.pods), To: Addresses(prefix("203.0.113.0/24")), Traffic: TCP(443)}), "pods2", "no route")
	// Nodes reach the service by NAT.
	reachable(t, p.ask(Question{From: AnyHost(p.nodes), To: Addresses(s3), Traffic: TCP(443)}))
}

func TestPeeringIsNotTransitive(t *testing.T) {
	w := newWorld()
	a, b, c := w.vpc("a", "10.1.0.0/16"), w.vpc("b", "10.2.0.0/16"), w.vpc("c", "10.3.0.0/16")
	peer := func(name string, from, to *topology.Network) *topology.Gateway {
		gw := w.gateway(topology.Peering, name, from)
		gw.Peer = known(to)
		return gw
	}
	sa := w.subnet("sa", "10.1.0.0/24", "a", w.table("ta", a, route("a-b", "10.2.0.0/16", peer("ab", a, b)), route("a-c", "10.3.0.0/16", peer("ab2", a, b))))
	tb := w.table("tb", b, route("b-a", "10.1.0.0/16", peer("ba", b, a)), route("b-c", "10.3.0.0/16", peer("bc", b, c)))
	sb := w.subnet("sb", "10.2.0.0/24", "a", tb)
	sc := w.subnet("sc", "10.3.0.0/24", "a", w.table("tc", c))
	e := New(w.m)
	reachable(t, e.Ask(Question{From: AnyHost(sa), To: AnyHost(sb), Traffic: TCP(443)}))
	blocked(t, e.Ask(Question{From: AnyHost(sa), To: AnyHost(sc), Traffic: TCP(443)}), "b", "no subnet of b holds 10.3.0.4")
	// c has no route back.
	blocked(t, e.Ask(Question{From: AnyHost(sb), To: AnyHost(sc), Traffic: TCP(443)}), "tc", "the reply is lost: the route table has no route to 10.2.0.4")
}

// inspection is two spokes and an inspection network around a transit gateway.
func inspection(w *world) (a, b *topology.Subnet, fw *topology.Gateway, routes *topology.TransitTable) {
	va, vb, vi := w.vpc("a", "10.1.0.0/16"), w.vpc("b", "10.2.0.0/16"), w.vpc("i", "10.9.0.0/16")
	tgw := w.gateway(topology.Transit, "tgw", nil)
	tgw.Transit = &topology.TransitGateway{}
	fw = w.gateway(topology.Firewall, "fw", vi)
	a = w.subnet("sa", "10.1.0.0/24", "a", w.table("ta", va, route("a-tgw", "10.0.0.0/8", tgw)))
	b = w.subnet("sb", "10.2.0.0/24", "a", w.table("tb", vb, route("b-tgw", "10.0.0.0/8", tgw)))
	in := w.subnet("in", "10.9.0.0/28", "a", w.table("ti", vi, route("i-fw", "0.0.0.0/0", fw)))
	fs := w.subnet("fs", "10.9.0.16/28", "a", w.table("tf", vi, route("f-tgw", "10.0.0.0/8", tgw)))
	fw.Subnet = known(fs)
	fw.Policy = known(&topology.Filter{Ref: ref("policy"), Kind: topology.FirewallPolicy, Name: "policy", Stateful: true,
		Out: []topology.Rule{rule("pass-https", true, tcp, 443, 443, anyone, anyone)}})
	attach := func(name string, n *topology.Network, s *topology.Subnet, t *topology.TransitTable) *topology.Attachment {
		at := &topology.Attachment{Ref: ref(name), Network: known(n), Subnets: []topology.Val[*topology.Subnet]{known(s)}, Table: known(t)}
		tgw.Transit.Attachments = append(tgw.Transit.Attachments, at)
		return at
	}
	spokes, inspected := &topology.TransitTable{Ref: ref("spokes")}, &topology.TransitTable{Ref: ref("inspected")}
	aa, ab, ai := attach("at-a", va, a, spokes), attach("at-b", vb, b, spokes), attach("at-i", vi, in, inspected)
	tr := func(name, to string, via *topology.Attachment) topology.TransitRoute {
		return topology.TransitRoute{Ref: ref(name), To: known([]netip.Prefix{prefix(to)}), Via: known(via)}
	}
	spokes.Routes = []topology.TransitRoute{tr("to-fw", "0.0.0.0/0", ai)}
	inspected.Routes = []topology.TransitRoute{tr("to-a", "10.1.0.0/16", aa), tr("to-b", "10.2.0.0/16", ab)}
	return a, b, fw, spokes
}

func TestTransitGatewayWithInspection(t *testing.T) {
	w := newWorld()
	a, b, fw, spokes := inspection(w)
	ask := func(port uint16, avoid ...*topology.Gateway) Answer {
		return New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(port), Avoid: avoid})
	}
	got := ask(443)
	reachable(t, got)
	assert.Subset(t, urns(got.Paths[0].Hops), []string{"a-tgw", "to-fw", "at-i", "i-fw", "pass-https", "fw", "f-tgw", "to-b", "at-b"})
	blocked(t, ask(22), "policy", "no rule of the firewall policy policy lets")
	blocked(t, ask(443, fw), "fw", "left out")

	// The request is inspected and the reply is not: the firewall drops it.
	tr := spokes.Routes[0]
	spokes.Routes = append(spokes.Routes, topology.TransitRoute{Ref: ref("shortcut"), To: known([]netip.Prefix{prefix("10.1.0.0/16")}),
		Via: known(w.m.Gateways[0].Transit.Attachments[0])})
	_ = tr
	require.Empty(t, ask(443).May)
}

func TestZoneWithoutAttachment(t *testing.T) {
	w := newWorld()
	a, b, _, _ := inspection(w)
	a.Zone = known("b")
	w.m.Gateways[0].Transit.Attachments[0].Subnets = []topology.Val[*topology.Subnet]{known(w.subnet("other", "10.1.1.0/24", "a", a.Table.Or(nil)))}
	blocked(t, New(w.m).Ask(Question{From: AnyHost(a), To: AnyHost(b), Traffic: TCP(443)}), "at-a", "no subnet in b")
}

func TestNamesResolve(t *testing.T) {
	p := newPlane()
	eni := p.host("sqs-eni", p.nodes)
	zone := &topology.Zone{Ref: ref("zone"), Name: "sqs.eu-west-1.amazonaws.com", Private: true,
		Networks: []topology.ZoneLink{{Ref: ref("link"), Network: known(p.vpc)}},
		Records:  []topology.Record{{Ref: ref("record"), Name: "sqs.eu-west-1.amazonaws.com", Type: "A", Interfaces: []*topology.Interface{eni}}}}
	p.m.Zones = append(p.m.Zones, zone)
	r := New(p.m).Resolve(p.vpc, "sqs.eu-west-1.amazonaws.com.")
	assert.Equal(t, []*topology.Interface{eni}, r.Interfaces)
	assert.True(t, r.Certain)

	// Not linked, it is the internet's answer.
	zone.Networks = nil
	r = New(p.m).Resolve(p.vpc, "sqs.eu-west-1.amazonaws.com")
	assert.True(t, r.Public.IsValid())
	// A private zone hides the names it does not have.
	zone.Networks = []topology.ZoneLink{{Ref: ref("link"), Network: known(p.vpc)}}
	r = New(p.m).Resolve(p.vpc, "x.sqs.eu-west-1.amazonaws.com")
	require.NotNil(t, r.Blocked)
	assert.Equal(t, "zone", r.Blocked.URN)
	// An endpoint that may answer for any service leaves every answer open.
	p.m.Endpoints = []*topology.Endpoint{{Ref: ref("endpoint"), Kind: "interface", Network: p.vpc, PrivateDNS: known(true), Service: hidden[string]("endpoint.serviceName")}}
	r = New(p.m).Resolve(p.vpc, "kms.eu-west-1.amazonaws.com")
	assert.Equal(t, []topology.Ref{ref("endpoint.serviceName")}, r.Unknowns)
	p.m.Endpoints = nil
	// Without DNS support there is no resolver at all.
	p.vpc.DNSSupport = known(false)
	r = New(p.m).Resolve(p.vpc, "sqs.eu-west-1.amazonaws.com")
	require.NotNil(t, r.Blocked)
	p.vpc.DNSSupport = hidden[bool]("support")
	r = New(p.m).Resolve(p.vpc, "sqs.eu-west-1.amazonaws.com")
	assert.Equal(t, []topology.Ref{ref("support")}, r.Unknowns)
}

// A subnet whose block is not known yet may hold any address of its network, of
// both families, and its hosts may be next to each other.
func TestSubnetWhoseBlockIsNotKnown(t *testing.T) {
	p := newPlane()
	p.vpc.Prefixes = append(p.vpc.Prefixes, known(prefix("2600:1f00::/56")))
	hostOfPods := p.host("pod", p.pods)
	hostOfPods.Addresses = []topology.Val[netip.Addr]{known(netip.MustParseAddr("100.64.0.8"))}
	all := []topology.Rule{rule("all", true, 0, 0, 0, anyone, anyone)}
	p.pods.Filter = known(p.acl("deny", nil, all))
	p.pods.Prefixes = []topology.Val[netip.Prefix]{hidden[netip.Prefix]("cidr")}
	undecidedBy(t, p.ask(Question{From: AnyHost(p.pods), To: At(hostOfPods), Traffic: TCP(443)}), "cidr")

	p.nodes.Prefixes = append(p.nodes.Prefixes, hidden[netip.Prefix]("ipv6"))
	a := p.ask(Question{From: AnyHost(p.nodes), To: AnyHost(p.nodes), Traffic: TCP(443)})
	v6 := packet.Packet{Source: netip.MustParseAddr("2600:1f00::5"), Destination: netip.MustParseAddr("2600:1f00::6"), Protocol: tcp, SourcePort: 2000, DestinationPort: 443}
	assert.True(t, a.May.Has(v6))
	assert.False(t, a.Must.Has(v6))
}

// What comes back through a transit gateway is the network's own.
func TestOwnPacketsReturnThroughATransitGateway(t *testing.T) {
	w := newWorld()
	a, b := w.vpc("a", "10.1.0.0/16"), w.vpc("b", "10.2.0.0/16")
	peer := func(name string, from, to *topology.Network) *topology.Gateway {
		gw := w.gateway(topology.Peering, name, from)
		gw.Peer = known(to)
		return gw
	}
	tgw := w.gateway(topology.Transit, "tgw", nil)
	tgw.Transit = &topology.TransitGateway{GroupReferences: known(false)}
	sa := w.subnet("sa", "10.1.0.0/24", "a", w.table("ta", a, route("a-b", "10.2.0.0/16", peer("ab", a, b))))
	hairpin := w.subnet("hairpin", "10.2.1.0/28", "a", w.table("th", b, route("b-a", "10.1.0.0/16", peer("ba", b, a))))
	sb := w.subnet("sb", "10.2.0.0/24", "a", w.table("tb", b, route("b-tgw", "10.1.0.0/16", tgw)))
	table := &topology.TransitTable{Ref: ref("tgw-table")}
	at := &topology.Attachment{Ref: ref("at"), Network: known(b), Subnets: []topology.Val[*topology.Subnet]{known(hairpin)}, Table: known(table)}
	table.Routes = []topology.TransitRoute{{Ref: ref("back"), To: known([]netip.Prefix{prefix("10.1.0.0/16")}), Via: known(at)}}
	tgw.Transit.Attachments = []*topology.Attachment{at}
	reachable(t, New(w.m).Ask(Question{From: AnyHost(sa), To: AnyHost(sb), Traffic: TCP(443)}))
}
