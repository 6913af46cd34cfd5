package reach

import (
	"net/netip"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// world builds small models by hand.
type world struct{ m *topology.Model }

func newWorld() *world { return &world{m: &topology.Model{}} }

func ref(name string) topology.Ref { return topology.Ref{URN: name} }

func known[T any](v T) topology.Val[T] { return topology.Known(v, topology.Ref{URN: "known"}) }

func hidden[T any](name string) topology.Val[T] { return topology.Unknown[T](ref(name)) }

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func (w *world) vpc(name string, cidrs ...string) *topology.Network {
	n := &topology.Network{Ref: ref(name), Cloud: topology.AWS, Name: name,
		DNSSupport: known(true), DNSHostnames: known(true), DNSServers: known([]netip.Addr(nil))}
	for _, cidr := range cidrs {
		n.Prefixes = append(n.Prefixes, known(prefix(cidr)))
	}
	w.m.Networks = append(w.m.Networks, n)
	return n
}

func (w *world) gateway(kind topology.GatewayKind, name string, n *topology.Network) *topology.Gateway {
	gw := &topology.Gateway{Ref: ref(name), Kind: kind, Name: name, Network: n, Attached: known(true),
		Table: known[*topology.RouteTable](nil), Forwarded: known(true), Established: known(true)}
	w.m.Gateways = append(w.m.Gateways, gw)
	return gw
}

// table has the local routes of the network first.
func (w *world) table(name string, n *topology.Network, routes ...topology.Route) *topology.RouteTable {
	local := &topology.Gateway{Ref: n.Ref, Kind: topology.Local, Network: n}
	t := &topology.RouteTable{Ref: ref(name), Network: n}
	for _, p := range n.Prefixes {
		t.Routes = append(t.Routes, topology.Route{Ref: n.Ref, To: known([]netip.Prefix{p.Or(netip.Prefix{})}), Via: known(local)})
	}
	t.Routes = append(t.Routes, routes...)
	w.m.Tables = append(w.m.Tables, t)
	return t
}

func route(name, to string, via *topology.Gateway) topology.Route {
	return topology.Route{Ref: ref(name), To: known([]netip.Prefix{prefix(to)}), Via: known(via)}
}

func (w *world) subnet(name, cidr, zone string, t *topology.RouteTable) *topology.Subnet {
	s := &topology.Subnet{Ref: ref(name), Network: t.Network, Name: name, Zone: known(zone),
		Prefixes: []topology.Val[netip.Prefix]{known(prefix(cidr))}, Table: known(t),
		Filter: known[*topology.Filter](nil), PublicOnLaunch: known(false), DefaultOutbound: known(false),
		NAT: known[*topology.Gateway](nil), VirtualNetworkTag: known([]netip.Prefix(nil)),
		PrivateEndpointFilter: known(false), PrivateEndpointRoutes: known(false)}
	w.m.Subnets = append(w.m.Subnets, s)
	return s
}

func (w *world) nat(name string, s *topology.Subnet) *topology.Gateway {
	gw := w.gateway(topology.NAT, name, s.Network)
	gw.Subnet, gw.Public, gw.PrivateAddress = known(s), known(true), hidden[netip.Addr](name+".privateIp")
	return gw
}

func rule(name string, allow bool, protocol uint8, first, last uint16, source, destination topology.Match) topology.Rule {
	r := topology.Rule{Ref: ref(name), Allow: known(allow), Protocols: known([]uint8{protocol}),
		Source: known(source), Destination: known(destination), SourcePorts: known([]topology.Ports(nil)),
		DestinationPorts: known([]topology.Ports{{First: first, Last: last}}), Names: known([]string(nil))}
	if protocol == 0 {
		r.Protocols, r.DestinationPorts = known([]uint8(nil)), known([]topology.Ports(nil))
	}
	return r
}

var anyone = topology.Match{Anyone: true}

func from(cidrs ...string) topology.Match {
	var m topology.Match
	for _, cidr := range cidrs {
		m.Prefixes = append(m.Prefixes, prefix(cidr))
	}
	return m
}

func members(groups ...*topology.Filter) topology.Match { return topology.Match{Members: groups} }

// group is a security group that lets everything out.
func (w *world) group(name string, in ...topology.Rule) *topology.Filter {
	f := &topology.Filter{Ref: ref(name), Kind: topology.SecurityGroup, Name: name, Stateful: true, In: in,
		Out: []topology.Rule{rule(name+".egress", true, 0, 0, 0, anyone, anyone)}}
	w.m.Filters = append(w.m.Filters, f)
	return f
}

func (w *world) host(name string, s *topology.Subnet, groups ...*topology.Filter) *topology.Interface {
	i := &topology.Interface{Ref: ref(name), Kind: topology.Host, Name: name, Subnet: known(s),
		Addresses: []topology.Val[netip.Addr]{hidden[netip.Addr](name + ".privateIp")}, Public: known(false),
		Groups: groups, Filters: [][]*topology.Filter{groups}}
	if len(groups) == 0 {
		i.Filters = nil
	}
	w.m.Interfaces = append(w.m.Interfaces, i)
	return i
}

// acl is a network ACL.
func (w *world) acl(name string, in, out []topology.Rule) *topology.Filter {
	f := &topology.Filter{Ref: ref(name), Kind: topology.NetworkACL, Name: name, In: in, Out: out}
	w.m.Filters = append(w.m.Filters, f)
	return f
}

const tcp = packet.TCP
