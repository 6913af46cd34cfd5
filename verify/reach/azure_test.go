package reach

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/verify/topology"
)

// spokes is a hub with a firewall and two spokes whose default route leads to
// it, as Azure's landing zones have them.
type spokes struct {
	*world
	hub, spoke, other    *topology.Network
	fw                   *topology.Gateway
	nodes, pods, fwNet   *topology.Subnet
	otherNodes           *topology.Subnet
	policy               *topology.Filter
	toHub, fromHub       *topology.Gateway
	spokeTable, hubTable *topology.RouteTable
}

func (w *world) vnet(name, cidr string) *topology.Network {
	n := w.vpc(name, cidr)
	n.Cloud = topology.Azure
	return n
}

// system are Azure's own routes of a network, besides those that are given.
func (w *world) system(name string, n *topology.Network, internet *topology.Gateway, peers []*topology.Gateway, routes ...topology.Route) *topology.RouteTable {
	t := w.table(name, n)
	for i := range t.Routes {
		t.Routes[i].Origin = topology.OriginSystem
	}
	t.Routes = append(t.Routes, topology.Route{Ref: ref("system"), To: known([]netip.Prefix{prefix("0.0.0.0/0")}), Via: known(internet), Origin: topology.OriginSystem})
	for _, gw := range peers {
		t.Routes = append(t.Routes, topology.Route{Ref: gw.Ref, To: known([]netip.Prefix{gw.Peer.Or(nil).Prefixes[0].Or(netip.Prefix{})}), Via: known(gw), Origin: topology.OriginSystem})
	}
	t.Routes = append(t.Routes, routes...)
	return t
}

func newSpokes() *spokes {
	s := &spokes{world: newWorld()}
	s.hub, s.spoke, s.other = s.vnet("hub", "10.0.0.0/16"), s.vnet("spoke", "10.1.0.0/16"), s.vnet("other", "10.2.0.0/16")
	internetOf := func(n *topology.Network) *topology.Gateway {
		return s.gateway(topology.Internet, "internet of "+n.Name, n)
	}
	peer := func(name string, from, to *topology.Network) *topology.Gateway {
		gw := s.gateway(topology.Peering, name, from)
		gw.Peer = known(to)
		return gw
	}
	s.toHub, s.fromHub = peer("spoke-hub", s.spoke, s.hub), peer("hub-spoke", s.hub, s.spoke)
	toHub2, fromHub2 := peer("other-hub", s.other, s.hub), peer("hub-other", s.hub, s.other)
	s.fw = s.gateway(topology.Firewall, "firewall", s.hub)
	s.hubTable = s.system("hub-table", s.hub, internetOf(s.hub), []*topology.Gateway{s.fromHub, fromHub2})
	s.fwNet = s.subnet("AzureFirewallSubnet", "10.0.1.0/26", "", s.hubTable)
	s.policy = &topology.Filter{Ref: ref("policy"), Kind: topology.FirewallPolicy, Name: "policy", Stateful: true,
		Out: []topology.Rule{rule("allow-https", true, tcp, 443, 443, anyone, anyone)}}
	s.fw.Subnet, s.fw.Policy, s.fw.SNAT, s.fw.Public = known(s.fwNet), known(s.policy), known(true), known(true)
	s.fw.PrivateAddress = known(netip.MustParseAddr("10.0.1.4"))
	s.spokeTable = s.system("spoke-table", s.spoke, internetOf(s.spoke), []*topology.Gateway{s.toHub}, route("to-firewall", "0.0.0.0/0", s.fw), route("other-by-firewall", "10.2.0.0/16", s.fw))
	s.nodes = s.subnet("nodes", "10.1.0.0/24", "", s.spokeTable)
	s.pods = s.subnet("pods", "10.1.8.0/21", "", s.spokeTable)
	s.otherNodes = s.subnet("other-nodes", "10.2.0.0/24", "", s.system("other-table", s.other, internetOf(s.other), []*topology.Gateway{toHub2}, route("back-by-firewall", "10.1.0.0/16", s.fw)))
	return s
}

func TestAzureFirewallIsTheOnlyWayOut(t *testing.T) {
	s := newSpokes()
	ask := func(port uint16, avoid ...*topology.Gateway) Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(port), Avoid: avoid})
	}
	a := ask(443)
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"to-firewall", "allow-https", "firewall"})
	blocked(t, ask(22), "policy", "no rule of the firewall policy")
	blocked(t, ask(443, s.fw), "firewall", "left out")

	// The peering at the hub's side is missing.
	s.toHub.Established = known(false)
	blocked(t, ask(443), "spoke-hub", "not established from both sides")
}

func TestAzureSpokesMeetAtTheFirewall(t *testing.T) {
	s := newSpokes()
	ask := func() Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.otherNodes), Traffic: TCP(443)})
	}
	reachable(t, ask())
	// Without the route back through the firewall, spokes do not see each other.
	table := s.otherNodes.Table.Or(nil)
	table.Routes = table.Routes[:len(table.Routes)-1]
	blocked(t, ask(), "system", "the reply is lost: it leaves through Azure's way to the internet internet of other")
}

// https://learn.microsoft.com/en-us/azure/virtual-network/ip-services/default-outbound-access
func TestAzurePrivateSubnetNeedsANATGateway(t *testing.T) {
	s := newSpokes()
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	ask := func() Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443)})
	}
	blocked(t, ask(), "system", "no NAT gateway and no default outbound access")
	s.nodes.DefaultOutbound = known(true)
	reachable(t, ask())
	s.nodes.DefaultOutbound = hidden[bool]("api")
	undecidedBy(t, ask(), "api")
	s.nodes.DefaultOutbound = known(false)
	nat := s.gateway(topology.NAT, "natgw", s.spoke)
	nat.Subnet, nat.Public, nat.PrivateAddress = known[*topology.Subnet](nil), known(true), hidden[netip.Addr]("natgw.ip")
	s.nodes.NAT = known(nat)
	a := ask()
	reachable(t, a)
	assert.Contains(t, urns(a.Paths[0].Hops), "natgw")
	// A NAT gateway lets nobody in.
	blocked(t, New(s.m).Ask(Question{From: TheInternet(), To: AnyHost(s.nodes), Traffic: TCP(443)}), "nodes", "no public address")
}

func TestAzureSecurityGroupFiltersInsideTheSubnet(t *testing.T) {
	s := newSpokes()
	nsg := &topology.Filter{Ref: ref("nsg"), Kind: topology.NetworkSecurityGroup, Name: "nsg", Stateful: true,
		In:  []topology.Rule{rule("deny-5432", false, tcp, 5432, 5432, anyone, anyone), rule("vnet", true, 0, 0, 0, topology.Match{VirtualNetwork: true}, topology.Match{VirtualNetwork: true})},
		Out: []topology.Rule{rule("out", true, 0, 0, 0, anyone, anyone)}}
	s.nodes.Filter = known(nsg)
	s.nodes.VirtualNetworkTag = known([]netip.Prefix{prefix("10.1.0.0/16"), prefix("10.0.0.0/16")})
	ask := func(from *topology.Subnet, port uint16) Answer {
		return New(s.m).Ask(Question{From: AnyHost(from), To: AnyHost(s.nodes), Traffic: TCP(port)})
	}
	reachable(t, ask(s.nodes, 443))
	blocked(t, ask(s.nodes, 5432), "deny-5432", "denied in")
	reachable(t, ask(s.pods, 443))
	// The other spoke is no part of the tag here.
	blocked(t, ask(s.otherNodes, 443), "nsg", "no rule of the network security group")
	s.nodes.VirtualNetworkTag = hidden[[]netip.Prefix]("peers")
	undecidedBy(t, ask(s.pods, 443), "peers")
}

// https://learn.microsoft.com/en-us/azure/private-link/disable-private-endpoint-network-policy
func TestAzurePrivateEndpointIsPastRouteTablesAndSecurityGroups(t *testing.T) {
	s := newSpokes()
	endpoints := s.subnet("endpoints", "10.1.4.0/26", "", s.spokeTable)
	endpoints.Filter = known(&topology.Filter{Ref: ref("deny"), Kind: topology.NetworkSecurityGroup, Name: "deny", Stateful: true})
	pe := s.host("pe", endpoints)
	pe.Kind = topology.EndpointInterface
	ask := func(from *topology.Subnet) Answer {
		return New(s.m).Ask(Question{From: AnyHost(from), To: At(pe), Traffic: TCP(443)})
	}
	reachable(t, ask(s.nodes))
	endpoints.PrivateEndpointFilter = known(true)
	blocked(t, ask(s.nodes), "deny", "no rule")
	endpoints.PrivateEndpointFilter = hidden[bool]("policies")
	undecidedBy(t, ask(s.nodes), "policies")
}

func TestPeeringTakesForwardedPacketsOnlyWhenTold(t *testing.T) {
	s := newSpokes()
	ask := func() Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.otherNodes), Traffic: TCP(443)})
	}
	for _, gw := range s.m.Gateways {
		if gw.Name == "hub-other" {
			gw.Forwarded = known(false)
		}
	}
	blocked(t, ask(), "hub-other", "does not take forwarded packets")
}

func TestAzureHostsBehindALoadBalancerGetOut(t *testing.T) {
	s := newSpokes()
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	node := s.host("node", s.nodes)
	ask := func(from End) Answer {
		return New(s.m).Ask(Question{From: from, To: TheInternet(), Traffic: TCP(443)})
	}
	blocked(t, ask(At(node)), "system", "no NAT gateway")
	node.OutboundOpen = []topology.Ref{ref("disableOutboundSnat")}
	undecidedBy(t, ask(At(node)), "disableOutboundSnat")
	undecidedBy(t, ask(AnyHost(s.nodes)), "disableOutboundSnat")
	node.Outbound = []*topology.Balancer{{Ref: ref("kubernetes")}}
	reachable(t, ask(At(node)))
	reachable(t, ask(AnyHost(s.nodes)))
	// It lets nobody in.
	blocked(t, New(s.m).Ask(Question{From: TheInternet(), To: At(node), Traffic: TCP(443)}), "node", "no public address")
}

func TestAzureTagsOfAnInterfacesSecurityGroup(t *testing.T) {
	s := newSpokes()
	s.nodes.VirtualNetworkTag = known([]netip.Prefix{prefix("10.1.0.0/16")})
	vm := s.host("vm", s.nodes, &topology.Filter{Ref: ref("nic-nsg"), Kind: topology.NetworkSecurityGroup, Name: "nic-nsg", Stateful: true,
		In: []topology.Rule{rule("vnet-in", true, 0, 0, 0, topology.Match{VirtualNetwork: true}, anyone)}})
	reachable(t, New(s.m).Ask(Question{From: AnyHost(s.pods), To: At(vm), Traffic: TCP(443)}))
	blocked(t, New(s.m).Ask(Question{From: AnyHost(s.otherNodes), To: At(vm), Traffic: TCP(443)}), "nic-nsg", "no rule")
	// What the tag holds at the least is certain.
	s.nodes.VirtualNetworkTag = topology.AtLeast(ref("peers"), []netip.Prefix{prefix("10.1.0.0/16")})
	reachable(t, New(s.m).Ask(Question{From: AnyHost(s.pods), To: At(vm), Traffic: TCP(443)}))
	undecidedBy(t, New(s.m).Ask(Question{From: AnyHost(s.otherNodes), To: At(vm), Traffic: TCP(443)}), "peers")
}

// https://learn.microsoft.com/en-us/azure/virtual-network/virtual-networks-udr-overview
func TestWhatAGatewayAnnouncesTakesNothingFromTheNetwork(t *testing.T) {
	s := newSpokes()
	vpn := s.gateway(topology.VPN, "expressroute", s.spoke)
	announced := topology.Route{Ref: ref("bgp"), To: hidden[[]netip.Prefix]("announced"), Via: known(vpn), Origin: topology.OriginPropagated}
	s.spokeTable.Routes = append(s.spokeTable.Routes[:len(s.spokeTable.Routes)-2], announced)
	ask := func(q Question) Answer { return New(s.m).Ask(q) }
	reachable(t, ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.pods), Traffic: TCP(443)}))
	s.nodes.DefaultOutbound = known(true)
	undecidedBy(t, ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443)}), "announced")
	s.spokeTable.Routes[len(s.spokeTable.Routes)-1].To = known([]netip.Prefix{prefix("10.1.8.0/24")})
	reachable(t, ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.pods), Traffic: TCP(443)}))
}

// Azure peers no networks that share an address, so a peer whose addresses are
// not known yet takes nothing from the network itself.
// https://learn.microsoft.com/en-us/azure/virtual-network/virtual-network-manage-peering
func TestAnUnknownPeerTakesNothingFromTheNetwork(t *testing.T) {
	s := newSpokes()
	i := slices.IndexFunc(s.spokeTable.Routes, func(r topology.Route) bool { return r.Via.Or(nil) == s.toHub })
	s.spokeTable.Routes[i].To = hidden[[]netip.Prefix]("remote")
	reachable(t, New(s.m).Ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.pods), Traffic: TCP(443)}))
	undecidedBy(t, New(s.m).Ask(Question{From: AnyHost(s.nodes), To: AnyHost(s.otherNodes), Traffic: TCP(443)}), "remote")
}

// A rule for an FQDN tag is one for names, though nobody knows which.
func TestAnUnknownNameIsNoAddress(t *testing.T) {
	s := newSpokes()
	s.policy.Out[0].Names = topology.AtLeast(ref("tag"), []string{"*.data.mcr.microsoft.com"})
	ask := func(name string) Answer {
		return New(s.m).Ask(Question{From: AnyHost(s.nodes), To: TheInternet(), Traffic: TCP(443), Name: name})
	}
	blocked(t, ask(""), "policy", "no rule of the firewall policy")
	undecidedBy(t, ask("mcr.microsoft.com"), "tag")
	reachable(t, ask("eu.data.mcr.microsoft.com"))
}

func TestNamesInAzure(t *testing.T) {
	s := newSpokes()
	inbound := s.host("inbound", s.fwNet)
	inbound.Kind = topology.ResolverInterface
	pe := s.host("pe", s.nodes)
	zone := &topology.Zone{Ref: ref("zone"), Name: "privatelink.blob.core.windows.net", Private: true,
		Networks: []topology.ZoneLink{{Ref: ref("hub-link"), Network: known(s.hub)}},
		Records:  []topology.Record{{Ref: ref("a"), Name: "acc.privatelink.blob.core.windows.net", Type: "A", Interfaces: []*topology.Interface{pe}}}}
	s.m.Zones = append(s.m.Zones, zone)
	// The spoke asks the hub's resolver, whose address is an output.
	s.spoke.DNSServers = hidden[[]netip.Addr]("inbound.privateIp")
	r := New(s.m).Resolve(s.spoke, "acc.privatelink.blob.core.windows.net")
	assert.True(t, r.Certain)
	assert.Equal(t, []*topology.Interface{pe}, r.Interfaces)
	// Servers that nobody knows may answer anything.
	s.spoke.DNSServers = hidden[[]netip.Addr]("corporate")
	assert.False(t, New(s.m).Resolve(s.spoke, "acc.privatelink.blob.core.windows.net").Certain)
	// NxDomainRedirect.
	r = New(s.m).Resolve(s.hub, "other.privatelink.blob.core.windows.net")
	assert.NotNil(t, r.Blocked)
	zone.Networks[0].Fallback = true
	r = New(s.m).Resolve(s.hub, "other.privatelink.blob.core.windows.net")
	assert.Nil(t, r.Blocked)
	assert.True(t, r.Public.IsValid())
}
