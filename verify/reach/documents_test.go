package reach_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// What the clouds' documents say about load balancers, told to the simulator
// alone: what the engine is compared with has to be right by itself.

// stage is a VPC with a balancer's subnet that the internet gets to, and a
// target's that has a NAT gateway's route only, in zone a and in zone b.
type stage struct {
	*builder
	vpc                    *topology.Network
	public, private, other *topology.Subnet
	target                 *topology.Interface
	balancer               *topology.Balancer
	node                   *topology.Interface
	client                 netip.Addr
}

func newStage(kind string) *stage {
	s := &stage{builder: newBuilder(nil, 0), client: netip.MustParseAddr("203.0.113.9")}
	s.vpc = s.network(topology.AWS, "vpc", cidr("10.0.0.0/16"))
	s.vpc.Account = "1"
	local, igw := s.gateway(topology.Local, "local", s.vpc), s.gateway(topology.Internet, "igw", s.vpc)
	s.public = s.subnet(s.vpc, "public", "a", cidr("10.0.0.0/24"))
	s.private, s.other = s.subnet(s.vpc, "private", "a", cidr("10.0.1.0/24")), s.subnet(s.vpc, "other", "b", cidr("10.0.2.0/24"))
	nat := s.gateway(topology.NAT, "nat", s.vpc)
	nat.Subnet, nat.Public, nat.PrivateAddress = known(s.public), known(true), known(netip.MustParseAddr("10.0.0.4"))
	open, closed := s.table(s.vpc, local), s.table(s.vpc, local)
	s.add(open, cidr("0.0.0.0/0"), topology.OriginStatic, igw)
	s.add(closed, cidr("0.0.0.0/0"), topology.OriginStatic, nat)
	s.public.Table, s.private.Table, s.other.Table = known(open), known(closed), known(closed)

	s.balancer = &topology.Balancer{Ref: s.ref("balancer"), Kind: kind, FiltersPrivateLink: known(false)}
	s.node = s.front(s.public, topology.BalancerInterface, "balancer", known(true), netip.MustParseAddr("10.0.0.14"))
	s.balancer.Interfaces = []*topology.Interface{s.node}
	s.m.Balancers = append(s.m.Balancers, s.balancer)
	s.target = s.machine(s.private, "10.0.1.10")
	s.listen("TCP", kind == "network", true)
	return s
}

// machine is a host without a public address.
func (b *builder) machine(subnet *topology.Subnet, address string) *topology.Interface {
	i := b.host(subnet, topology.Host, netip.MustParseAddr(address))
	i.Public = known(false)
	return i
}

// listen forwards port 443 to port 8443 of the target.
func (s *stage) listen(protocol string, preserves, crossZone bool) {
	s.balancer.Listeners = []topology.Listener{{Ref: s.ref("listener"), Protocol: known(protocol), Port: known(uint16(443)), TargetPort: known(uint16(8443)),
		Targets: []*topology.Interface{s.target}, PreserveClientIP: known(preserves), CrossZone: known(crossZone)}}
}

// allow is a rule for a port and everything beyond it.
func (b *builder) allow(from topology.Match, port uint16) topology.Rule {
	r := everything(b, true)
	r.Source, r.DestinationPorts = known(from), known([]topology.Ports{{First: port, Last: 65535}})
	return r
}

// inGroup puts an interface in a security group of its own that lets all out.
func (b *builder) inGroup(i *topology.Interface, in ...topology.Rule) *topology.Filter {
	f := b.filter(topology.SecurityGroup, "group", nil)
	f.In, f.Out = in, []topology.Rule{everything(b, true)}
	i.Groups, i.Filters = []*topology.Filter{f}, [][]*topology.Filter{{f}}
	return f
}

func prefixes(list ...string) topology.Match {
	var m topology.Match
	for _, p := range list {
		m.Prefixes = append(m.Prefixes, netip.MustParsePrefix(p))
	}
	return m
}

// opens reports whether a client opens a TCP connection to port 443 of the
// address that ends at the receiver, and why not.
func (b *builder) opens(from, to reach.End, client, address netip.Addr) (bool, string) {
	r := newSimulator(b, reach.Question{From: from, To: to}).deliver(packet.Packet{Source: client, Destination: address,
		Protocol: packet.TCP, SourcePort: 40000, DestinationPort: 443})
	return r.ok, r.why
}

func (s *stage) fromInternet() (bool, string) {
	return s.opens(reach.TheInternet(), reach.At(s.target), s.client, must(s.node.Addresses[0]))
}

func delivered(t *testing.T) func(ok bool, why string) {
	return func(ok bool, why string) {
		t.Helper()
		assert.True(t, ok, why)
	}
}

func lost(t *testing.T, reason string) func(ok bool, why string) {
	return func(ok bool, why string) {
		t.Helper()
		assert.False(t, ok)
		assert.Equal(t, reason, why)
	}
}

// "When client IP preservation is enabled": the client's address. Otherwise the
// balancer's. Answers come back by the balancer though the target's default route
// is a NAT gateway.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func TestWhomTheTargetOfANetworkLoadBalancerSees(t *testing.T) {
	for _, preserves := range []bool{true, false} {
		s := newStage("network")
		s.listen("TLS", preserves, false)
		group := s.inGroup(s.target, s.allow(prefixes("203.0.113.0/24"), 8443))
		clients, why := s.fromInternet()
		group.In = []topology.Rule{s.allow(prefixes("10.0.0.14/32"), 8443)}
		nodes, other := s.fromInternet()
		assert.Equal(t, preserves, clients, why)
		assert.Equal(t, !preserves, nodes, other)
		group.In = []topology.Rule{s.allow(anyone, 8443)}
		delivered(t)(s.fromInternet())
		s.node.Public = known(false)
		lost(t, "the host has no public address")(s.fromInternet())
	}
}

// "Referencing the security group associated with your Network Load Balancer in the
// security groups associated with your targets ensures that your targets accept
// traffic from your Network Load Balancer even if you enable client IP preservation."
// Clients' own groups do not count.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func TestTargetsTakeWhatTheBalancersGroupSends(t *testing.T) {
	s := newStage("network")
	own := s.inGroup(s.node, s.allow(anyone, 443))
	client := s.machine(s.private, "10.0.1.20")
	theirs := s.inGroup(client)
	for _, preserves := range []bool{true, false} {
		s.listen("TCP", preserves, false)
		ask := func(address netip.Addr) (bool, string) {
			return s.opens(reach.At(client), reach.At(s.target), must(client.Addresses[0]), address)
		}
		s.inGroup(s.target, s.allow(topology.Match{Members: []*topology.Filter{own}}, 443))
		delivered(t)(ask(must(s.node.Addresses[0])))
		lost(t, "the filters of the host")(ask(must(s.target.Addresses[0]))) // past the balancer
		s.inGroup(s.target, s.allow(topology.Match{Members: []*topology.Filter{theirs}}, 443))
		lost(t, "the filters of the host")(ask(must(s.node.Addresses[0])))
	}
	own.Out = nil
	lost(t, "the balancer's security groups")(s.fromInternet())
}

// The network ACLs of the targets' subnets have to let answers out: to the clients
// with their addresses preserved, to the balancer's subnet otherwise; and the
// balancer's has to let them in.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html#network-acls
func TestNetworkACLsOnBothSidesOfABalancer(t *testing.T) {
	s := newStage("network")
	acl := s.filter(topology.NetworkACL, "acl", s.vpc)
	toVPC := everything(s.builder, true)
	toVPC.Destination = known(prefixes("10.0.0.0/16"))
	acl.In, acl.Out = []topology.Rule{everything(s.builder, true)}, []topology.Rule{toVPC}
	s.private.Filter = known(acl)
	lost(t, "a network ACL between the target and its balancer")(s.fromInternet())
	s.listen("TCP", false, false)
	delivered(t)(s.fromInternet())

	// The balancer sends from every port from 1024 on.
	toVPC.DestinationPorts = known([]topology.Ports{{First: 32768, Last: 65535}})
	acl.Out = []topology.Rule{toVPC}
	lost(t, "the network ACL of private")(s.fromInternet())

	s = newStage("network")
	acl = s.filter(topology.NetworkACL, "acl", s.vpc)
	acl.In, acl.Out = []topology.Rule{s.allow(anyone, 443)}, []topology.Rule{everything(s.builder, true)}
	acl.In[0].DestinationPorts = known([]topology.Ports{{First: 443, Last: 443}})
	s.public.Filter = known(acl)
	lost(t, "a network ACL between the target and its balancer")(s.fromInternet())
}

// "NAT loopback, also known as hairpinning, is not supported when client IP
// preservation is enabled."
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
func TestATargetIsNoClientOfItself(t *testing.T) {
	s := newStage("network")
	ask := func() (bool, string) {
		return s.opens(reach.At(s.target), reach.At(s.target), must(s.target.Addresses[0]), must(s.node.Addresses[0]))
	}
	lost(t, "a hairpin")(ask())
	s.listen("TCP", false, true)
	delivered(t)(ask())
}

// "By default, each load balancer node routes requests only to the healthy targets
// in its Availability Zone."
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
func TestABalancersNodeStaysInItsZone(t *testing.T) {
	s := newStage("network")
	s.target = s.machine(s.other, "10.0.2.10")
	s.listen("TCP", true, false)
	lost(t, "the target is in another zone")(s.fromInternet())
	node := s.front(s.other, topology.BalancerInterface, "balancer", known(false), netip.MustParseAddr("10.0.2.14"))
	s.balancer.Interfaces = append(s.balancer.Interfaces, node)
	s.listen("TCP", true, true)
	delivered(t)(s.fromInternet())
}

// An application load balancer scales: its targets see any address of its subnet,
// so that a rule for one is not enough.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html
func TestWhomTheTargetOfAnApplicationLoadBalancerSees(t *testing.T) {
	s := newStage("application")
	s.listen("HTTPS", false, true)
	group := s.inGroup(s.target, s.allow(prefixes("10.0.0.14/32"), 8443))
	lost(t, "the filters of the host")(s.fromInternet())
	group.In = []topology.Rule{s.allow(prefixes("10.0.0.0/24"), 8443)}
	delivered(t)(s.fromInternet())
}

// "The source IP addresses provided to the application are the private IP addresses
// of the load balancer nodes", and the balancer's groups see the client's.
// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func TestWhomAServiceBehindPrivateLinkSees(t *testing.T) {
	s := newStage("network")
	own := s.inGroup(s.node, s.allow(prefixes("10.0.0.0/8"), 443))
	s.inGroup(s.target, s.allow(prefixes("10.0.0.14/32"), 8443))
	service := &topology.EndpointService{Ref: s.ref("service"), Balancers: []topology.Val[*topology.Balancer]{known(s.balancer)}}
	consumer := s.network(topology.AWS, "consumer", cidr("172.16.0.0/16"))
	consumer.Account = "1"
	subnet := s.subnet(consumer, "consumers", "a", cidr("172.16.0.0/24"))
	subnet.Table = known(s.table(consumer, s.gateway(topology.Local, "local", consumer)))
	entry := s.front(subnet, topology.EndpointInterface, "endpoint", known(false), netip.MustParseAddr("172.16.0.14"))
	e := &topology.Endpoint{Ref: s.ref("endpoint"), Kind: "interface", Of: service, Interfaces: []*topology.Interface{entry}, Accepted: known(true)}
	s.m.Endpoints = append(s.m.Endpoints, e)
	client := s.machine(subnet, "172.16.0.20")
	ask := func() (bool, string) {
		return s.opens(reach.At(client), reach.At(s.target), must(client.Addresses[0]), must(entry.Addresses[0]))
	}
	delivered(t)(ask())

	s.balancer.FiltersPrivateLink = known(true)
	lost(t, "the balancer's security groups")(ask())
	own.In = []topology.Rule{s.allow(prefixes("172.16.0.20/32"), 443)}
	delivered(t)(ask())

	// Zones of one account have the same names, those of two have not.
	subnet.Zone = known("b")
	lost(t, "no balancer of the service in the zone")(ask())
	consumer.Account = "2"
	delivered(t)(ask())
	e.Accepted = known(false)
	lost(t, "the endpoint is not accepted")(ask())
}

// hub is a virtual network with a firewall, and a subnet of machines.
type hub struct {
	*builder
	vnet                *topology.Network
	machines, firewalls *topology.Subnet
	table               *topology.RouteTable // of the machines
	firewall            *topology.Gateway
	target              *topology.Interface
}

func newHub() *hub {
	h := &hub{builder: newBuilder(nil, 0)}
	h.vnet = h.network(topology.Azure, "vnet", cidr("10.0.0.0/16"))
	h.machines, h.firewalls = h.subnet(h.vnet, "machines", "", cidr("10.0.1.0/24")), h.subnet(h.vnet, "AzureFirewallSubnet", "", cidr("10.0.200.0/26"))
	local, internet := h.gateway(topology.Local, "local", h.vnet), h.gateway(topology.Internet, "internet", h.vnet)
	for _, subnet := range []*topology.Subnet{h.machines, h.firewalls} {
		h.table = h.builder.table(h.vnet, local)
		h.add(h.table, cidr("0.0.0.0/0"), topology.OriginSystem, internet)
		subnet.Table = known(h.table)
	}
	h.table = must(h.machines.Table)
	h.firewall = h.gateway(topology.Firewall, "firewall", h.vnet)
	h.firewall.Subnet, h.firewall.PrivateAddress = known(h.firewalls), known(netip.MustParseAddr("10.0.200.4"))
	h.firewall.Public, h.firewall.SNAT = known(true), known(true)
	h.firewall.Policy = known(&topology.Filter{Kind: topology.FirewallPolicy, Stateful: true, Out: []topology.Rule{everything(h.builder, true)}})
	h.target = h.machine(h.machines, "10.0.1.10")
	return h
}

// behind puts the target behind an interface of a balancer.
func (h *hub) behind(kind, protocol string, preserves bool, front *topology.Interface) *topology.Balancer {
	b := &topology.Balancer{Ref: h.ref("balancer"), Kind: kind, SKU: "Standard", Interfaces: []*topology.Interface{front}, FiltersPrivateLink: known(false)}
	b.Listeners = []topology.Listener{{Ref: h.ref("listener"), Protocol: known(protocol), Port: known(uint16(443)), TargetPort: known(uint16(8443)),
		Targets: []*topology.Interface{h.target}, PreserveClientIP: known(preserves), CrossZone: known(true)}}
	h.m.Balancers = append(h.m.Balancers, b)
	return b
}

// opened gives the target a security group that lets a port in.
func (h *hub) opened(from topology.Match, port uint16) {
	f := h.filter(topology.NetworkSecurityGroup, "nsg", nil)
	f.In, f.Out = []topology.Rule{h.allow(from, port)}, []topology.Rule{everything(h.builder, true)}
	h.target.Filters = [][]*topology.Filter{{f}}
}

// "Asymmetric routing … occurs when a subnet has a default route going to the
// firewall's private IP address and you're using a public load balancer."
// https://learn.microsoft.com/azure/firewall/integrate-lb
// "Closed to inbound flows unless allowed by a network security group."
// https://learn.microsoft.com/azure/load-balancer/skus
func TestAzurePublicLoadBalancer(t *testing.T) {
	h := newHub()
	address, client := netip.MustParseAddr("198.51.100.20"), netip.MustParseAddr("203.0.113.9")
	front := &topology.Interface{Ref: h.ref("balancer"), Kind: topology.BalancerInterface, Subnet: known[*topology.Subnet](nil), Public: known(true),
		PublicAddresses: []topology.Val[netip.Addr]{known(address)}}
	h.m.Interfaces = append(h.m.Interfaces, front)
	b := h.behind("azure", "TCP", true, front)
	ask := func() (bool, string) { return h.opens(reach.TheInternet(), reach.At(h.target), client, address) }
	lost(t, "no security group opens the target")(ask())
	b.SKU = "Basic"
	delivered(t)(ask())
	b.SKU = "Standard"
	h.opened(prefixes("203.0.113.9/32"), 8443) // the client's own address, the backend's port
	delivered(t)(ask())
	h.add(h.table, cidr("0.0.0.0/0"), topology.OriginStatic, h.firewall)
	lost(t, "the firewall did not see the request")(ask())
}

// "When the flow maps back to itself … the flow will fail." "Internal traffic from
// the virtual network to the internal load balancer is allowed."
// https://learn.microsoft.com/azure/load-balancer/concepts
// https://learn.microsoft.com/azure/load-balancer/skus
func TestAzureInternalLoadBalancer(t *testing.T) {
	h := newHub()
	front := h.front(h.firewalls, topology.BalancerInterface, "balancer", known(false), netip.MustParseAddr("10.0.200.20"))
	deny := h.filter(topology.NetworkSecurityGroup, "nsg", nil) // of the frontend's subnet: nobody asks it
	h.firewalls.Filter = known(deny)
	h.behind("azure", "TCP", true, front)
	client := h.machine(h.machines, "10.0.1.20")
	ask := func(from *topology.Interface) (bool, string) {
		return h.opens(reach.At(from), reach.At(h.target), must(from.Addresses[0]), must(front.Addresses[0]))
	}
	delivered(t)(ask(client))
	lost(t, "a hairpin")(ask(h.target))
	h.opened(prefixes("10.0.200.0/26"), 8443)
	lost(t, "the filters of the host")(ask(client))
}

// "The source IP address will translate to one of the IP addresses in the
// AzureFirewallSubnet."
// https://techcommunity.microsoft.com/blog/azurenetworksecurityblog/azure-firewall-nat-behaviors/3825834
// "DNAT rules implicitly add a corresponding network rule to allow the translated
// traffic."
// https://learn.microsoft.com/azure/firewall/rule-processing
func TestAzureFirewallTranslatesBothAddresses(t *testing.T) {
	h := newHub()
	h.firewall.Policy = known(&topology.Filter{Kind: topology.FirewallPolicy, Stateful: true})
	h.add(h.table, cidr("0.0.0.0/0"), topology.OriginStatic, h.firewall)
	front := h.front(h.firewalls, topology.BalancerInterface, "balancer", known(true), netip.MustParseAddr("10.0.200.20"))
	rule := h.filter(topology.FirewallPolicy, "dnat", nil)
	rule.In = []topology.Rule{h.allow(prefixes("203.0.113.0/24"), 443)}
	front.Filters = [][]*topology.Filter{{rule}}
	h.behind("azure", "TCP", false, front)
	ask := func(client string) (bool, string) {
		return h.opens(reach.TheInternet(), reach.At(h.target), netip.MustParseAddr(client), must(front.Addresses[0]))
	}
	h.opened(prefixes("10.0.200.0/26"), 8443)
	delivered(t)(ask("203.0.113.9"))
	lost(t, "the filters of the host")(ask("198.51.100.9"))
	h.opened(prefixes("203.0.113.0/24", "10.0.200.20/32"), 8443)
	lost(t, "the filters of the host")(ask("203.0.113.9"))
}

// "All consumer traffic will appear to originate from this pool of private IP
// addresses to the service provider."
// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func TestWhomAServiceBehindAPrivateLinkServiceSees(t *testing.T) {
	h := newHub()
	b := h.behind("azure", "TCP", true, h.front(h.machines, topology.BalancerInterface, "balancer", known(false), netip.MustParseAddr("10.0.1.14")))
	service := &topology.EndpointService{Ref: h.ref("service"), Balancers: []topology.Val[*topology.Balancer]{known(b)},
		NATSubnets: []topology.Val[*topology.Subnet]{known(h.firewalls)}}
	consumer := h.network(topology.Azure, "consumer", cidr("172.16.0.0/16"))
	subnet := h.subnet(consumer, "consumers", "", cidr("172.16.0.0/24"))
	subnet.Table = known(h.builder.table(consumer, h.gateway(topology.Local, "local", consumer)))
	entry := h.front(subnet, topology.EndpointInterface, "endpoint", known(false), netip.MustParseAddr("172.16.0.12"))
	e := &topology.Endpoint{Ref: h.ref("endpoint"), Kind: "private", Of: service, Interfaces: []*topology.Interface{entry}, Accepted: known(true)}
	h.m.Endpoints = append(h.m.Endpoints, e)
	client := h.machine(subnet, "172.16.0.20")
	ask := func() (bool, string) {
		return h.opens(reach.At(client), reach.At(h.target), must(client.Addresses[0]), must(entry.Addresses[0]))
	}
	h.opened(prefixes("10.0.200.0/26"), 8443)
	delivered(t)(ask())
	h.opened(prefixes("172.16.0.0/16"), 8443)
	lost(t, "the filters of the host")(ask())
}
