package reach_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// builder makes a network out of a tape of numbers: the same tape makes the
// same network every time, with other values for what is not known. Zeros make
// the simplest network, so that rapid shrinks to it.
type builder struct {
	tape []uint32
	salt uint64 // makes several networks of one tape
	next int
	m    *topology.Model

	// hides is whether facts may be unknown. complete chooses the value of the
	// nth unknown fact out of several; -1 leaves it unknown, as nil does for all.
	hides    bool
	rarity   int // one in so many
	hidden   int
	complete func(nth int) int

	named     int
	ends      []*topology.Interface    // that a question may be about
	addresses map[netip.Addr]bool      // of gateways, which are no hosts
	fronts    map[*topology.Subnet]int // balancers' and endpoints' interfaces
	block     netip.Prefix             // of the service behind gateway endpoints
}

func newBuilder(tape []uint32, salt int) *builder {
	b := &builder{tape: tape, salt: uint64(salt), m: &topology.Model{}, addresses: map[netip.Addr]bool{}, fronts: map[*topology.Subnet]int{}}
	b.block = b.m.Service(topology.AWS, "s3", "eu-west-1")
	return b
}

// mix spreads a number over 64 bits.
// https://prng.di.unimi.it/splitmix64.c
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// intn returns a number below n.
func (b *builder) intn(n int) int {
	at := b.next
	b.next++
	if at >= len(b.tape) || b.tape[at] == 0 {
		return 0
	}
	return int(mix(b.salt<<48^uint64(b.tape[at])<<16^uint64(at)) % uint64(n))
}

// once is true one time in n.
func (b *builder) once(n int) bool { return b.intn(n) == n-1 }

func oneOf[T any](b *builder, values ...T) T { return values[b.intn(len(values))] }

func (b *builder) ref(name string) topology.Ref {
	b.named++
	return topology.Ref{URN: fmt.Sprintf("%s#%d", name, b.named)}
}

// fact is the first of the values. Sometimes nobody knows it, and then it may be
// any of them.
func fact[T any](b *builder, name string, values ...T) topology.Val[T] {
	ref := b.ref(name)
	if !b.hides || !b.once(b.rarity) {
		return topology.Known(values[0], ref)
	}
	listed := b.once(2)
	nth := b.hidden
	b.hidden++
	if b.complete != nil {
		if n := b.complete(nth); n >= 0 {
			return topology.Known(values[n%len(values)], ref)
		}
	}
	if listed {
		return topology.OneOf(ref, values...)
	}
	return topology.Unknown[T](ref)
}

// unfinished returns what an element that is not understood may be: as it is,
// or changed. The ref marks it while nobody knows.
func (b *builder) unfinished(name string, incomplete *[]topology.Ref, changes ...func()) {
	ref := b.ref(name)
	if !b.hides || !b.once(b.rarity/2) {
		return
	}
	nth := b.hidden
	b.hidden++
	if b.complete != nil {
		if n := b.complete(nth); n >= 0 {
			if n %= len(changes) + 1; n > 0 {
				b.aside(changes[n-1])
			}
			return
		}
	}
	*incomplete = append(*incomplete, ref)
}

// aside does something that leaves no trace on the tape.
func (b *builder) aside(do func()) {
	next, named, hides := b.next, b.named, b.hides
	b.hides = false
	do()
	b.next, b.named, b.hides = next, named, hides
}

func known[T any](v T) topology.Val[T] { return topology.Known(v, topology.Ref{URN: "known"}) }

func (b *builder) network(cloud topology.Cloud, name string, prefixes ...netip.Prefix) *topology.Network {
	n := &topology.Network{Ref: b.ref(name), Cloud: cloud, Name: name, DNSSupport: known(true), DNSHostnames: known(true),
		DNSServers: known([]netip.Addr(nil))}
	for _, p := range prefixes {
		n.Prefixes = append(n.Prefixes, known(p))
	}
	b.m.Networks = append(b.m.Networks, n)
	return n
}

func (b *builder) gateway(kind topology.GatewayKind, name string, n *topology.Network) *topology.Gateway {
	g := &topology.Gateway{Ref: b.ref(name), Kind: kind, Name: name, Network: n, Attached: known(true), Table: known[*topology.RouteTable](nil)}
	b.m.Gateways = append(b.m.Gateways, g)
	return g
}

func (b *builder) subnet(n *topology.Network, name, zone string, prefixes ...netip.Prefix) *topology.Subnet {
	s := &topology.Subnet{Ref: b.ref(name), Network: n, Name: name, Zone: known(zone), Filter: known[*topology.Filter](nil),
		PublicOnLaunch: known(false), DefaultOutbound: known(false), NAT: known[*topology.Gateway](nil),
		VirtualNetworkTag: known([]netip.Prefix(nil)), PrivateEndpointRoutes: known(false), PrivateEndpointFilter: known(false),
		Delegation: known("")}
	for _, p := range prefixes {
		s.Prefixes = append(s.Prefixes, known(p))
	}
	b.m.Subnets = append(b.m.Subnets, s)
	return s
}

func (b *builder) host(s *topology.Subnet, kind topology.InterfaceKind, address netip.Addr) *topology.Interface {
	others := []netip.Addr{address, address.Next(), address.Next().Next()}
	i := &topology.Interface{Ref: b.ref("host"), Kind: kind, Name: "host " + address.String(), Subnet: known(s),
		Addresses: []topology.Val[netip.Addr]{fact(b, "address", others...)}, SourceDestCheck: known(true)}
	b.m.Interfaces, b.ends = append(b.m.Interfaces, i), append(b.ends, i)
	return i
}

// front is a balancer's or endpoint's interface at one of the addresses.
func (b *builder) front(s *topology.Subnet, kind topology.InterfaceKind, name string, public topology.Val[bool], addresses ...netip.Addr) *topology.Interface {
	i := &topology.Interface{Ref: b.ref(name), Kind: kind, Name: name, Subnet: known(s), Public: public, SourceDestCheck: known(true),
		Addresses: []topology.Val[netip.Addr]{fact(b, "address", addresses...)}}
	b.m.Interfaces, b.ends = append(b.m.Interfaces, i), append(b.ends, i)
	return i
}

// zonal are interfaces in subnets of a network, one for each zone, as far as
// there is room.
func (b *builder) zonal(n *topology.Network, kind topology.InterfaceKind, name string, public topology.Val[bool], groups []*topology.Filter) []*topology.Interface {
	var list []*topology.Interface
	zones := map[string]bool{}
	subnets := b.subnetsOf(n)
	for k := range subnets {
		s := subnets[(k+b.intn(len(subnets)))%len(subnets)]
		zone, at := must(s.Zone), b.fronts[s]
		if zones[zone] || at > 1 || len(list) > 0 && b.once(3) {
			continue
		}
		zones[zone], b.fronts[s] = true, at+1
		address := nth(values(s.Prefixes)[0], []int{14, 2}[at])
		i := b.front(s, kind, name, public, address, address.Next())
		if len(groups) > 0 {
			i.Groups, i.Filters = groups, [][]*topology.Filter{groups}
		}
		list = append(list, i)
	}
	return list
}

// hostsOf are the hosts of a network, or of all.
func (b *builder) hostsOf(n *topology.Network) []*topology.Interface {
	var list []*topology.Interface
	for _, i := range b.m.Interfaces {
		if i.Kind == topology.Host && (n == nil || must(i.Subnet).Network == n) {
			list = append(list, i)
		}
	}
	return list
}

var listenerPorts = []uint16{443, 443, 80, 22, 5000}

// listener forwards to some of the hosts.
func (b *builder) listener(protocol string, preserves, crossZone topology.Val[bool], hosts []*topology.Interface) topology.Listener {
	protocols := []string{protocol, "TCP", "UDP"}
	if strings.HasPrefix(protocol, "HTTP") {
		protocols = []string{protocol}
	}
	l := topology.Listener{Ref: b.ref("listener"), Protocol: fact(b, "protocol", protocols...), PreserveClientIP: preserves, CrossZone: crossZone,
		Port: fact(b, "listener port", oneOf(b, listenerPorts...), 443, 80), TargetPort: fact(b, "target port", oneOf(b, listenerPorts...), 443, 32768)}
	if len(hosts) > 0 {
		for range 1 + b.intn(3) {
			if i := oneOf(b, hosts...); !slices.Contains(l.Targets, i) {
				l.Targets = append(l.Targets, i)
			}
		}
	}
	return l
}

// changesTargets says that a balancer's listeners may have further targets.
func (b *builder) changesTargets(balancer *topology.Balancer, others []*topology.Interface) {
	for i := range balancer.Listeners {
		l := &balancer.Listeners[i]
		b.unfinished("targets", &l.Incomplete,
			func() { l.Targets = append(slices.Clone(l.Targets), others...) },
			func() {
				if len(others) > 0 {
					l.Targets = append(slices.Clone(l.Targets), others[len(others)-1])
				}
			})
	}
}

// balancers adds AWS's load balancers, and endpoints of services behind them.
func (b *builder) balancers(networks []*topology.Network, groups map[*topology.Network][]*topology.Filter) {
	everyone := b.hostsOf(nil)
	some := func(n *topology.Network) []*topology.Filter {
		own := groups[n]
		return own[b.intn(len(own)):]
	}
	add := func(n *topology.Network, kind string, own []*topology.Filter) *topology.Balancer {
		balancer := &topology.Balancer{Ref: b.ref("balancer"), Name: kind, Kind: kind, InternetFacing: fact(b, "internet-facing", b.once(2), true, false)}
		balancer.FiltersPrivateLink = fact(b, "filters PrivateLink", len(own) > 0 && b.once(2), len(own) > 0, false)
		balancer.Interfaces = b.zonal(n, topology.BalancerInterface, "balancer", balancer.InternetFacing, own)
		b.m.Balancers = append(b.m.Balancers, balancer)
		return balancer
	}
	targets := func(n *topology.Network) []*topology.Interface {
		if own := b.hostsOf(n); len(own) > 0 && !b.once(4) {
			return own
		}
		return everyone
	}
	var services []*topology.EndpointService
	for _, n := range networks {
		var front *topology.Balancer
		if !b.once(3) {
			front = add(n, "application", some(n))
			for range 1 + b.intn(2) {
				front.Listeners = append(front.Listeners, b.listener(oneOf(b, "HTTP", "HTTPS"), known(false), fact(b, "cross zone", !b.once(4), true, false), targets(n)))
			}
			b.changesTargets(front, everyone)
		}
		if b.once(5) {
			continue
		}
		var own []*topology.Filter
		if b.intn(3) != 0 {
			own = some(n)
		}
		balancer := add(n, "network", own)
		for range 1 + b.intn(2) {
			balancer.Listeners = append(balancer.Listeners, b.listener(oneOf(b, "TCP", "TCP", "TCP_UDP", "UDP", "TLS", "QUIC"),
				fact(b, "preserves", !b.once(3), true, false), fact(b, "cross zone", b.intn(3) != 0, true, false), targets(n)))
		}
		if front != nil && len(front.Interfaces) > 0 && !b.once(4) {
			l := b.listener("TCP", fact(b, "preserves", b.once(2), true, false), fact(b, "cross zone", !b.once(3), true, false), nil)
			l.Targets, l.TargetPort = front.Interfaces, front.Listeners[0].Port
			balancer.Listeners = append(balancer.Listeners, l)
		}
		if len(balancer.Interfaces) > 1 && b.once(4) {
			balancer.Listeners[0].Interfaces = balancer.Interfaces[:1]
		}
		b.changesTargets(balancer, everyone)
		if len(balancer.Interfaces) > 0 {
			services = append(services, &topology.EndpointService{Ref: b.ref("service"), Name: "service", AcceptanceRequired: known(true),
				AllowedPrincipals: known([]string(nil)), Balancers: []topology.Val[*topology.Balancer]{fact(b, "balancer", balancer)}})
		}
	}
	if len(services) > 1 && b.once(3) { // one with two balancers
		services[0].Balancers = append(services[0].Balancers, services[1].Balancers...)
		services = services[:1]
	}
	b.m.Services = services
	for _, service := range services {
		for range 1 + b.intn(2) {
			n := oneOf(b, networks...)
			e := &topology.Endpoint{Ref: b.ref("endpoint"), Name: "endpoint", Kind: "interface", Network: n, Service: known("service"), PrivateDNS: known(false),
				Target: known(""), Of: service, Accepted: fact(b, "accepted", !b.once(8), true, false)}
			e.Interfaces = b.zonal(n, topology.EndpointInterface, "endpoint", known(false), some(n))
			b.m.Endpoints = append(b.m.Endpoints, e)
		}
	}
}

func (b *builder) subnetsOf(n *topology.Network) []*topology.Subnet {
	var own []*topology.Subnet
	for _, s := range b.m.Subnets {
		if s.Network == n {
			own = append(own, s)
		}
	}
	return own
}

// nth returns the nth address of a prefix.
func nth(p netip.Prefix, n int) netip.Addr {
	a := p.Addr()
	for range n {
		a = a.Next()
	}
	return a
}

func cidr(format string, values ...any) netip.Prefix {
	return netip.MustParsePrefix(fmt.Sprintf(format, values...))
}

// places are ranges that rules and routes name.
func (b *builder) places() []netip.Prefix {
	list := []netip.Prefix{cidr("0.0.0.0/0"), cidr("10.0.0.0/8"), cidr("203.0.113.0/24"), cidr("192.168.0.0/16"), cidr("::/0"), b.block}
	for _, n := range b.m.Networks {
		list = append(list, values(n.Prefixes)...)
	}
	for _, s := range b.m.Subnets {
		list = append(list, values(s.Prefixes)...)
		p := values(s.Prefixes)[0]
		list = append(list, netip.PrefixFrom(nth(p, 8), p.Bits()+1).Masked(), netip.PrefixFrom(nth(p, 10), 32))
	}
	return list
}

var interestingPorts = []uint16{0, 22, 80, 443, 1023, 1024, 5000, 32767, 32768, 65535}

func (b *builder) portRanges() []topology.Ports {
	switch b.intn(6) {
	case 0, 1:
		return nil
	case 2:
		p := oneOf(b, interestingPorts...)
		return []topology.Ports{{First: p, Last: p}}
	case 3:
		return []topology.Ports{{First: 1024, Last: 65535}}
	case 4:
		return []topology.Ports{{First: 443, Last: 443}, {First: 32768, Last: 65535}}
	}
	x, y := oneOf(b, interestingPorts...), oneOf(b, interestingPorts...)
	return []topology.Ports{{First: min(x, y), Last: max(x, y)}}
}

func (b *builder) protocols() []uint8 {
	return oneOf(b, nil, nil, []uint8{packet.TCP}, []uint8{packet.TCP}, []uint8{packet.TCP, packet.UDP}, []uint8{packet.ICMP}, []uint8{47})
}

var anyone = topology.Match{Anyone: true}

func (b *builder) match() topology.Match {
	if b.intn(3) == 0 {
		return anyone
	}
	list := b.places()
	m := topology.Match{Prefixes: []netip.Prefix{oneOf(b, list...)}}
	if b.once(4) {
		m.Prefixes = append(m.Prefixes, oneOf(b, list...))
	}
	return m
}

// rule is about one or both ends.
func (b *builder) rule(allow bool, source, destination topology.Match, sourcePorts, ports []topology.Ports, protocols []uint8) topology.Rule {
	other := b.match()
	sources, destinations := []topology.Match{source, other}, []topology.Match{destination, other}
	return topology.Rule{Ref: b.ref("rule"), Allow: fact(b, "allow", allow, !allow), Protocols: fact(b, "protocols", protocols, nil, []uint8{packet.UDP}),
		Source: fact(b, "source", sources...), Destination: fact(b, "destination", destinations...),
		SourcePorts:      fact(b, "source ports", sourcePorts),
		DestinationPorts: fact(b, "ports", ports, nil, []topology.Ports{{First: 80, Last: 443}}), Names: known([]string(nil))}
}

func everything(b *builder, allow bool) topology.Rule {
	return topology.Rule{Ref: b.ref("everything"), Allow: known(allow), Protocols: known([]uint8(nil)), Source: known(anyone), Destination: known(anyone),
		SourcePorts: known([]topology.Ports(nil)), DestinationPorts: known([]topology.Ports(nil)), Names: known([]string(nil))}
}

// ordered are rules of which the first that matches decides.
func (b *builder) ordered(in bool) []topology.Rule {
	var rules []topology.Rule
	for range b.intn(4) {
		source, destination := b.match(), anyone
		if !in {
			source, destination = destination, source
		}
		rules = append(rules, b.rule(!b.once(3), source, destination, nil, b.portRanges(), b.protocols()))
	}
	if !b.once(6) {
		rules = append(rules, everything(b, true))
	}
	return rules
}

func (b *builder) filter(kind topology.FilterKind, name string, n *topology.Network) *topology.Filter {
	f := &topology.Filter{Ref: b.ref(name), Kind: kind, Name: name, Network: n, Stateful: kind != topology.NetworkACL}
	b.m.Filters = append(b.m.Filters, f)
	return f
}

func (b *builder) changesRules(f *topology.Filter) {
	b.unfinished("rules of "+f.Name, &f.Incomplete,
		func() { f.In = append([]topology.Rule{everything(b, true)}, f.In...) },
		func() { f.Out = append([]topology.Rule{everything(b, true)}, f.Out...) },
		func() { f.In, f.Out = f.In[:len(f.In)/2], f.Out[:len(f.Out)/2] },
		func() {
			if f.Kind != topology.SecurityGroup {
				f.Out = append([]topology.Rule{everything(b, false)}, f.Out...)
			}
		})
}

func (b *builder) acl(n *topology.Network) *topology.Filter {
	f := b.filter(topology.NetworkACL, "acl", n)
	f.In, f.Out = b.ordered(true), b.ordered(false)
	b.changesRules(f)
	return f
}

// policy is a firewall's; it sees both ends and their ports.
func (b *builder) policy(n *topology.Network) *topology.Filter {
	f := b.filter(topology.FirewallPolicy, "policy", n)
	for range b.intn(4) {
		r := b.rule(!b.once(3), b.match(), b.match(), nil, b.portRanges(), b.protocols())
		if b.once(8) {
			r.SourcePorts = known(b.portRanges())
		}
		if b.once(5) {
			r.Names = known([]string{oneOf(b, "*.example.com", "api.example.com", ".example.net")})
		}
		f.Out = append(f.Out, r)
	}
	if !b.once(4) {
		f.Out = append(f.Out, everything(b, true))
	}
	b.changesRules(f)
	return f
}

// group is a security group: every rule allows.
func (b *builder) group(n *topology.Network, others []*topology.Filter) *topology.Filter {
	f := b.filter(topology.SecurityGroup, "group", n)
	peer := func(in bool) topology.Match {
		if b.once(3) {
			if !in { // AWS has no outgoing rule about what lies beyond a transit gateway
				return topology.Match{Members: []*topology.Filter{f}}
			}
			return topology.Match{Members: []*topology.Filter{oneOf(b, append([]*topology.Filter{f}, others...)...)}}
		}
		return b.match()
	}
	side := func(in bool) []topology.Rule {
		if b.intn(3) == 0 {
			return []topology.Rule{everything(b, true)}
		}
		var rules []topology.Rule
		for range b.intn(4) {
			source, destination := peer(in), anyone
			if !in {
				source, destination = destination, source
			}
			r := b.rule(true, source, destination, nil, b.portRanges(), b.protocols())
			if !r.Allow.IsKnown() || !r.Allow.Or(true) {
				r.Allow = known(true)
			}
			rules = append(rules, r)
		}
		return rules
	}
	f.In, f.Out = side(true), side(false)
	b.changesRules(f)
	return f
}

func (b *builder) route(to netip.Prefix, origin topology.Origin, vias ...*topology.Gateway) topology.Route {
	tos := [][]netip.Prefix{{to}, {cidr("203.0.113.128/25")}, {cidr("10.0.0.0/9")}}
	return topology.Route{Ref: b.ref("route"), To: fact(b, "destination", tos...), Via: fact(b, "via", vias...), Origin: origin}
}

// table has the network's own routes; AWS's are static, Azure's are its system's.
func (b *builder) table(n *topology.Network, local *topology.Gateway) *topology.RouteTable {
	t := &topology.RouteTable{Ref: b.ref("table"), Network: n}
	origin := topology.OriginStatic
	if n.Cloud == topology.Azure {
		origin = topology.OriginSystem
	}
	for _, p := range values(n.Prefixes) {
		t.Routes = append(t.Routes, topology.Route{Ref: n.Ref, To: known([]netip.Prefix{p}), Via: known(local), Origin: origin})
	}
	b.m.Tables = append(b.m.Tables, t)
	return t
}

// add adds a route unless there is one of the same prefix and origin.
func (b *builder) add(t *topology.RouteTable, to netip.Prefix, origin topology.Origin, vias ...*topology.Gateway) {
	r := b.route(to, origin, vias...)
	if !slices.ContainsFunc(t.Routes, func(other topology.Route) bool {
		return other.Origin == origin && slices.Contains(other.To.Or(nil), to)
	}) {
		t.Routes = append(t.Routes, r)
	}
}

func (b *builder) changesFirewall(g *topology.Gateway) {
	b.unfinished(g.Name, &g.Incomplete,
		func() { g.Kind = topology.Drop },
		func() {
			g.Policy = known(&topology.Filter{Kind: topology.FirewallPolicy, Stateful: true, Out: []topology.Rule{everything(b, true)}})
		})
}

func (b *builder) changesFilters(i *topology.Interface) {
	b.unfinished(i.Name, &i.Incomplete,
		func() { i.Filters = nil },
		func() { i.Filters = append(slices.Clone(i.Filters), []*topology.Filter{}) })
}

func (b *builder) changesRoutes(t *topology.RouteTable, via *topology.Gateway) {
	b.unfinished("routes", &t.Incomplete,
		func() { t.Routes = append(t.Routes, b.route(cidr("203.0.113.64/26"), topology.OriginStatic, via)) },
		func() { t.Routes = append(t.Routes, b.route(cidr("10.0.0.0/7"), topology.OriginStatic, via)) },
		func() { t.Routes = t.Routes[:len(t.Routes)-1] })
}

// forget makes facts unknown that the network was built from.
func (b *builder) forget() {
	for _, n := range b.m.Networks {
		for i, p := range n.Prefixes {
			n.Prefixes[i] = fact(b, "prefix of "+n.Name, must(p))
		}
	}
	for _, s := range b.m.Subnets {
		for i, p := range s.Prefixes {
			s.Prefixes[i] = fact(b, "prefix of "+s.Name, must(p))
		}
		s.VirtualNetworkTag = fact(b, "tag of "+s.Name, must(s.VirtualNetworkTag))
	}
	for _, i := range b.m.Interfaces {
		i.Subnet = fact(b, "subnet of "+i.Name, must(i.Subnet))
	}
	for _, g := range b.m.Gateways {
		switch g.Kind {
		case topology.Firewall, topology.Drop: // a firewall may have become one
			if subnet, ok := g.Subnet.Get(); ok {
				g.Subnet = fact(b, "subnet of "+g.Name, subnet)
			}
		case topology.Peering:
			g.Peer = fact(b, "peer of "+g.Name, must(g.Peer))
		case topology.Transit:
			for _, at := range g.Transit.Attachments {
				at.Network = fact(b, "network of the attachment", must(at.Network))
				for i, s := range at.Subnets {
					at.Subnets[i] = fact(b, "subnet of the attachment", must(s))
				}
			}
		}
	}
}

// awsWorld is VPCs with everything between them.
func awsWorld(b *builder) {
	defer b.forget()
	type parts struct {
		n                *topology.Network
		local            *topology.Gateway
		internet, egress *topology.Gateway
		targets          []*topology.Gateway // of routes
		firewalls        []*topology.Gateway
		nats             []*topology.Gateway
		groups           []*topology.Filter
	}
	var all []*parts
	for k := range 1 + b.intn(3) {
		prefixes := []netip.Prefix{cidr("10.%d.0.0/16", k)}
		if b.once(4) {
			prefixes = append(prefixes, cidr("100.64.%d.0/20", k*16))
		}
		v6 := b.once(3)
		if v6 {
			prefixes = append(prefixes, cidr("2600:1f00:0:%x00::/56", k+1))
		}
		p := &parts{n: b.network(topology.AWS, fmt.Sprintf("vpc%d", k), prefixes...)}
		p.n.Account = oneOf(b, "1", "1", "1", "2", "")
		all = append(all, p)
		for i := range 2 + b.intn(3) {
			bits := oneOf(b, 24, 20, 28)
			own := []netip.Prefix{cidr("10.%d.%d.0/%d", k, 16*i, bits)}
			if i == 2 && len(prefixes) > 1 && prefixes[1].Addr().Is4() {
				own[0] = cidr("100.64.%d.0/24", k*16+1)
			}
			if v6 && !b.once(4) {
				own = append(own, cidr("2600:1f00:0:%x%02x::/64", k+1, i))
			}
			b.subnet(p.n, fmt.Sprintf("s%d-%d", k, i), oneOf(b, "a", "b"), own...)
		}
	}
	var transit *topology.Gateway
	if b.intn(3) != 0 {
		transit = b.gateway(topology.Transit, "tgw", nil)
		transit.Transit = &topology.TransitGateway{GroupReferences: fact(b, "group references", b.once(2), true, false)}
	}
	drop := b.gateway(topology.Drop, "black hole", nil)
	for _, p := range all {
		subnets := b.subnetsOf(p.n)
		p.local = b.gateway(topology.Local, "local of "+p.n.Name, p.n)
		p.internet = b.gateway(topology.Internet, "igw of "+p.n.Name, p.n)
		p.internet.Attached = fact(b, "attached", !b.once(8), false)
		p.egress = b.gateway(topology.EgressOnly, "eigw of "+p.n.Name, p.n)
		p.targets = []*topology.Gateway{p.internet, p.egress, drop}
		for range b.intn(3) {
			s := oneOf(b, subnets[0], subnets[0], oneOf(b, subnets...))
			g := b.gateway(topology.NAT, "nat in "+s.Name, p.n)
			address := nth(values(s.Prefixes)[0], 4)
			if b.addresses[address] {
				address = address.Next().Next()
			}
			g.Subnet, g.Public, g.SNAT = fact(b, "subnet", s), fact(b, "public", !b.once(4), false), known(true)
			g.PrivateAddress = fact(b, "address", address, address.Next())
			b.addresses[address], b.addresses[address.Next()] = true, true
			p.targets, p.nats = append(p.targets, g), append(p.nats, g)
		}
		for range b.intn(2) + b.intn(2) {
			s := oneOf(b, subnets...)
			g := b.gateway(topology.Firewall, "firewall in "+s.Name, p.n)
			g.Subnet, g.Zone, g.SNAT = known(s), s.Zone, known(false)
			g.Policy = fact(b, "policy", b.policy(p.n), b.policy(p.n))
			b.changesFirewall(g)
			p.targets, p.firewalls = append(p.targets, g), append(p.firewalls, g)
		}
		if b.once(3) {
			g := b.gateway(topology.VPN, "vgw of "+p.n.Name, p.n)
			g.Attached = fact(b, "attached", !b.once(6), true)
			p.targets = append(p.targets, g)
		}
		if transit != nil {
			p.targets = append(p.targets, transit)
		}
		if b.once(6) {
			g := b.gateway(topology.Peering, "foreign peering of "+p.n.Name, p.n)
			g.Peer, g.PeerPrefixes = known[*topology.Network](nil), []topology.Val[netip.Prefix]{known(cidr("10.99.0.0/16"))}
			g.Established, g.Forwarded = fact(b, "established", !b.once(5), true), known(false)
			p.targets = append(p.targets, g)
		}
	}
	for i, p := range all {
		for _, q := range all[i+1:] {
			if b.intn(3) == 0 {
				continue
			}
			established := !b.once(6)
			for _, side := range [][2]*parts{{p, q}, {q, p}} {
				g := b.gateway(topology.Peering, "peering "+side[0].n.Name+" "+side[1].n.Name, side[0].n)
				g.Peer, g.Established, g.Forwarded = known(side[1].n), known(established), known(false)
				side[0].targets = append(side[0].targets, g)
			}
		}
	}
	var groups []*topology.Filter
	for _, p := range all {
		for range 2 {
			p.groups = append(p.groups, b.group(p.n, groups))
			groups = append(groups, p.groups[len(p.groups)-1])
		}
	}
	list := b.places()
	for _, p := range all {
		var service *topology.Gateway
		if b.once(2) {
			service = b.gateway(topology.ServiceGateway, "s3 of "+p.n.Name, p.n)
			service.Service = "s3"
		}
		var tables []*topology.RouteTable
		for i := range 1 + b.intn(3) {
			t := b.table(p.n, p.local)
			tables = append(tables, t)
			if i == 0 && !b.once(3) { // a public one
				b.add(t, cidr("0.0.0.0/0"), topology.OriginStatic, p.internet, drop)
			} else if b.intn(5) != 4 {
				b.add(t, cidr("0.0.0.0/0"), topology.OriginStatic, oneOf(b, slices.Concat(p.targets, p.nats, p.nats)...), p.internet, drop)
			}
			if b.intn(3) != 0 {
				b.add(t, cidr("::/0"), topology.OriginStatic, oneOf(b, p.internet, p.egress))
			}
			if service != nil && b.once(2) {
				b.add(t, b.block, topology.OriginStatic, service)
			}
			for _, g := range p.targets {
				peer := g.Peer.Or(nil)
				if g.Kind != topology.Peering || b.once(4) {
					continue
				}
				if peer == nil {
					b.add(t, cidr("10.99.0.0/16"), topology.OriginStatic, g, drop)
					continue
				}
				for _, to := range values(peer.Prefixes) {
					b.add(t, to, topology.OriginStatic, g, drop)
				}
			}
			for _, g := range p.targets {
				if g.Kind == topology.VPN && b.once(2) {
					b.add(t, cidr("192.168.0.0/16"), topology.OriginPropagated, g)
				}
			}
			if transit != nil && b.intn(3) != 0 {
				b.add(t, cidr("10.0.0.0/8"), topology.OriginStatic, transit)
			}
			for range b.intn(4) {
				to := oneOf(b, list...)
				if to == b.block || slices.Contains(values(p.n.Prefixes), to) {
					continue
				}
				inside := slices.ContainsFunc(values(p.n.Prefixes), func(own netip.Prefix) bool { return own.Overlaps(to) && own.Bits() < to.Bits() })
				switch {
				case inside && len(p.firewalls) > 0 && slices.ContainsFunc(b.subnetsOf(p.n), func(s *topology.Subnet) bool { return slices.Contains(values(s.Prefixes), to) }):
					b.add(t, to, topology.OriginStatic, oneOf(b, p.firewalls...), p.local)
				case !inside:
					b.add(t, to, oneOf(b, topology.OriginStatic, topology.OriginPropagated), oneOf(b, p.targets...), p.internet, drop)
				}
			}
			b.changesRoutes(t, p.internet)
		}
		if len(p.firewalls) > 0 && b.once(3) {
			edge := b.table(p.n, p.local)
			for _, s := range b.subnetsOf(p.n) {
				if b.once(2) {
					b.add(edge, values(s.Prefixes)[0], topology.OriginStatic, oneOf(b, p.firewalls...), p.local)
				}
			}
			p.internet.Table = known(edge)
		}
		subnets := b.subnetsOf(p.n)
		var inspected []*topology.RouteTable // by subnet
		if len(p.firewalls) > 0 && len(subnets) > 2 && b.once(2) {
			// A firewall in the first subnet sees what goes in and out of the others,
			// and between them.
			fw := p.firewalls[0]
			fw.Subnet, fw.Zone = known(subnets[0]), subnets[0].Zone
			first, edge := b.table(p.n, p.local), b.table(p.n, p.local)
			b.add(first, cidr("0.0.0.0/0"), topology.OriginStatic, p.internet, drop)
			if transit != nil {
				b.add(first, cidr("10.0.0.0/8"), topology.OriginStatic, transit)
			}
			inspected = []*topology.RouteTable{first}
			for _, s := range subnets[1:] {
				t := b.table(p.n, p.local)
				b.add(t, cidr("0.0.0.0/0"), topology.OriginStatic, fw, p.internet)
				for _, other := range subnets[1:] {
					if other != s {
						b.add(t, values(other.Prefixes)[0], topology.OriginStatic, fw, p.local)
					}
				}
				inspected = append(inspected, t)
				b.add(edge, values(s.Prefixes)[0], topology.OriginStatic, fw)
			}
			p.internet.Table = known(edge)
		}
		for i, s := range subnets {
			own := oneOf(b, tables...)
			if i == 0 && !b.once(4) {
				own = tables[0]
			}
			if inspected != nil {
				own = inspected[i]
			}
			s.Table = fact(b, "table of "+s.Name, append([]*topology.RouteTable{own}, tables...)...)
			if b.intn(3) == 0 {
				acl := b.acl(p.n)
				s.Filter = fact(b, "acl of "+s.Name, acl, nil, b.acl(p.n))
			}
			for i := range b.intn(3) {
				h := b.host(s, topology.Host, nth(values(s.Prefixes)[0], 8+3*i))
				if len(s.Prefixes) > 1 && b.once(2) {
					h.Addresses = append(h.Addresses, known(nth(values(s.Prefixes)[1], 8+i)))
				}
				h.Public = fact(b, "public", b.once(2), true, false)
				own := []*topology.Filter{oneOf(b, p.groups...)}
				if b.once(4) {
					own = p.groups
				}
				h.Groups, h.Filters = own, [][]*topology.Filter{own}
				b.changesFilters(h)
			}
		}
	}
	var networks []*topology.Network
	own := map[*topology.Network][]*topology.Filter{}
	for _, p := range all {
		networks, own[p.n] = append(networks, p.n), p.groups
	}
	b.balancers(networks, own)
	if transit == nil {
		for _, s := range b.m.Subnets {
			s.Zone = fact(b, "zone", must(s.Zone), "a", "b")
		}
		return
	}
	var tables []*topology.TransitTable
	for range 1 + b.intn(2) {
		tables = append(tables, &topology.TransitTable{Ref: b.ref("transit table")})
	}
	// The first network inspects what goes between the others.
	inspects := len(tables) > 1 && len(all) > 1 && b.once(2)
	var attachments []*topology.Attachment
	attach := func(n *topology.Network) *topology.Attachment {
		at := &topology.Attachment{Ref: b.ref("attachment"), Network: known(n)}
		table := oneOf(b, tables...)
		if inspects {
			if table = tables[1]; n == all[0].n {
				table = tables[0]
			}
		}
		if b.once(12) {
			at.Table = known[*topology.TransitTable](nil)
		} else {
			at.Table = fact(b, "table of the attachment", append([]*topology.TransitTable{table, nil}, tables...)...)
		}
		transit.Transit.Attachments = append(transit.Transit.Attachments, at)
		attachments = append(attachments, at)
		return at
	}
	for _, p := range all {
		if b.once(6) && p != all[0] {
			continue
		}
		at := attach(p.n)
		zones := map[string]bool{}
		for _, s := range b.subnetsOf(p.n) {
			if zone := must(s.Zone); !zones[zone] && (len(zones) == 0 || !b.once(4)) {
				zones[zone] = true
				at.Subnets = append(at.Subnets, known(s))
			}
		}
	}
	for _, s := range b.m.Subnets {
		if !slices.ContainsFunc(attachments, func(at *topology.Attachment) bool {
			return slices.Contains(values(at.Subnets), s)
		}) {
			s.Zone = fact(b, "zone", must(s.Zone), "a", "b")
		}
	}
	outside := attach(nil)
	for _, t := range tables {
		addTransit := func(to netip.Prefix, origin topology.Origin, vias ...*topology.Attachment) {
			r := topology.TransitRoute{Ref: b.ref("transit route"), To: fact(b, "destination", []netip.Prefix{to}, []netip.Prefix{cidr("10.0.0.0/9")}), Via: fact(b, "via", vias...), Origin: origin}
			if !slices.ContainsFunc(t.Routes, func(o topology.TransitRoute) bool { return o.Origin == origin && slices.Contains(o.To.Or(nil), to) }) {
				t.Routes = append(t.Routes, r)
			}
		}
		for _, at := range attachments {
			if inspects && t == tables[1] && at != attachments[0] {
				continue
			}
			if inspects && t == tables[1] {
				addTransit(cidr("0.0.0.0/0"), topology.OriginStatic, at, nil)
			}
			if n := must(at.Network); n != nil && !b.once(5) {
				for _, to := range values(n.Prefixes) {
					addTransit(to, topology.OriginPropagated, at)
				}
			}
		}
		if b.intn(3) != 2 {
			addTransit(cidr("192.168.0.0/16"), topology.OriginPropagated, outside)
		}
		for range b.intn(3) {
			via := oneOf(b, append(attachments, nil)...)
			addTransit(oneOf(b, list...), topology.OriginStatic, via, nil)
		}
	}
}

// azureWorld is a hub with a firewall and spokes around it.
func azureWorld(b *builder) {
	defer b.forget()
	type parts struct {
		n                     *topology.Network
		local, internet, drop *topology.Gateway
		peerings              []*topology.Gateway
	}
	var all []*parts
	for k := range 1 + b.intn(3) {
		p := &parts{n: b.network(topology.Azure, fmt.Sprintf("vnet%d", k), cidr("10.%d.0.0/16", k))}
		p.local = b.gateway(topology.Local, "local of "+p.n.Name, p.n)
		p.internet = b.gateway(topology.Internet, "internet of "+p.n.Name, p.n)
		p.drop = b.gateway(topology.Drop, "none of "+p.n.Name, p.n)
		for i := range 1 + b.intn(3) {
			b.subnet(p.n, fmt.Sprintf("s%d-%d", k, i), "", cidr("10.%d.%d.0/%d", k, 16*i, oneOf(b, 24, 20, 28)))
		}
		all = append(all, p)
	}
	hub := all[0]
	fwSubnet := b.subnet(hub.n, "AzureFirewallSubnet", "", cidr("10.0.200.0/26"))
	firewall := b.gateway(topology.Firewall, "firewall", hub.n)
	private := nth(cidr("10.0.200.0/26"), 4)
	firewall.Subnet, firewall.PrivateAddress = known(fwSubnet), fact(b, "address", private, private.Next())
	firewall.Public, firewall.SNAT = fact(b, "public", !b.once(6), true), fact(b, "snat", !b.once(5), true, false)
	firewall.Policy = fact(b, "policy", b.policy(nil), b.policy(nil))
	b.changesFirewall(firewall)
	b.addresses[private], b.addresses[private.Next()] = true, true
	gateway := oneOf(b, all...)
	gwSubnet := b.subnet(gateway.n, "gateway", "", netip.PrefixFrom(nth(values(gateway.n.Prefixes)[0], 220*256), 26))
	vpn := b.gateway(topology.VPN, "vpn", hub.n)
	vpn.Subnet = known[*topology.Subnet](nil)
	nat := b.gateway(topology.NAT, "nat", nil)
	nat.Public, nat.SNAT, nat.Subnet = known(true), known(true), known[*topology.Subnet](nil)
	nat.Addresses = []topology.Val[netip.Addr]{known(netip.MustParseAddr("198.51.100.7"))}
	balancer := &topology.Balancer{Ref: b.ref("balancer"), Kind: "azure", SKU: oneOf(b, "Standard", "Standard", "Basic"), InternetFacing: known(true), FiltersPrivateLink: known(false)}
	reserved := func(s *topology.Subnet) bool { return s == fwSubnet || s == gwSubnet }
	peer := func(p, q *parts) {
		established := fact(b, "established", !b.once(8), true)
		for _, side := range [][2]*parts{{p, q}, {q, p}} {
			g := b.gateway(topology.Peering, "peering "+side[0].n.Name+" "+side[1].n.Name, side[0].n)
			g.Peer = known(side[1].n)
			g.Established, g.Forwarded = established, fact(b, "forwarded", !b.once(3), true, false)
			side[0].peerings = append(side[0].peerings, g)
		}
	}
	for _, p := range all[1:] {
		if !b.once(8) {
			peer(hub, p)
		}
	}
	if len(all) > 2 && b.once(3) {
		peer(all[1], all[2])
	}
	list := b.places()
	var endpoints []*topology.Interface
	for _, p := range all {
		for _, s := range b.subnetsOf(p.n) {
			if !reserved(s) && b.once(4) {
				endpoints = append(endpoints, b.front(s, topology.EndpointInterface, "endpoint", known(false), nth(values(s.Prefixes)[0], 12)))
			}
		}
	}
	for _, p := range all {
		tag := slices.Clone(values(p.n.Prefixes))
		for _, g := range p.peerings {
			tag = append(tag, values(must(g.Peer).Prefixes)...)
		}
		table := func(user bool, s *topology.Subnet) (*topology.RouteTable, []netip.Prefix) {
			t, held := b.table(p.n, p.local), slices.Clone(tag)
			if user {
				add := func(to netip.Prefix, vias ...*topology.Gateway) {
					b.add(t, to, topology.OriginStatic, vias...)
					held = append(held, to)
				}
				if !b.once(4) {
					add(cidr("0.0.0.0/0"), firewall, p.internet, p.drop)
				}
				for _, q := range all {
					if q != p && b.once(2) {
						add(values(q.n.Prefixes)[0], firewall, p.drop)
					}
				}
				if b.once(3) {
					add(values(p.n.Prefixes)[0], firewall, p.local)
					if b.once(2) {
						add(values(s.Prefixes)[0], p.local)
					}
				}
				for range b.intn(3) {
					if to := oneOf(b, list...); to.Addr().Is4() {
						vias := []*topology.Gateway{p.drop, p.internet, firewall, p.local}
						if p == hub {
							vias = append(vias, vpn)
						}
						add(to, oneOf(b, vias...), p.drop)
					}
				}
				b.changesRoutes(t, p.internet)
			}
			system := func(to netip.Prefix, via *topology.Gateway) {
				t.Routes = append(t.Routes, topology.Route{Ref: p.n.Ref, To: known([]netip.Prefix{to}), Via: known(via), Origin: topology.OriginSystem})
			}
			system(cidr("0.0.0.0/0"), p.internet)
			system(cidr("10.0.0.0/8"), p.drop)
			system(cidr("192.168.0.0/16"), p.drop)
			if p == hub && b.once(3) {
				t.Routes = append(t.Routes, topology.Route{Ref: vpn.Ref, To: known([]netip.Prefix{cidr("192.168.0.0/16")}), Via: known(vpn), Origin: topology.OriginPropagated})
			}
			for _, g := range p.peerings {
				system(values(must(g.Peer).Prefixes)[0], g)
			}
			for _, i := range endpoints {
				to := netip.PrefixFrom(nth(values(must(i.Subnet).Prefixes)[0], 12), 32)
				if own := must(i.Subnet).Network; own == p.n {
					system(to, p.local)
				} else {
					for _, g := range p.peerings {
						if must(g.Peer) == own {
							system(to, g)
						}
					}
				}
			}
			return t, held
		}
		for _, s := range b.subnetsOf(p.n) {
			t, held := table(b.intn(3) != 0 && (s != fwSubnet || b.once(3)), s)
			s.Table, s.VirtualNetworkTag = known(t), known(held)
			if s == fwSubnet {
				continue
			}
			s.DefaultOutbound = fact(b, "default outbound", b.once(2), true, false)
			if b.once(3) {
				s.NAT = fact(b, "nat", nat, nil)
			}
			s.PrivateEndpointFilter = fact(b, "endpoint filter", b.once(2), true, false)
			nsg := func() *topology.Filter {
				f := b.filter(topology.NetworkSecurityGroup, "nsg", nil)
				virtual, internet := topology.Match{VirtualNetwork: true}, topology.Match{Internet: true}
				side := func(in bool) []topology.Rule {
					var rules []topology.Rule
					for range b.intn(3) {
						source, destination := b.match(), b.match()
						if b.once(3) {
							source = oneOf(b, virtual, internet)
						}
						if b.once(3) {
							destination = oneOf(b, virtual, internet)
						}
						rules = append(rules, b.rule(!b.once(2), source, destination, nil, b.portRanges(), b.protocols()))
					}
					defaults := [][2]topology.Match{{virtual, virtual}}
					if !in {
						defaults = append(defaults, [2]topology.Match{anyone, internet})
					}
					for _, d := range defaults {
						r := everything(b, true)
						r.Source, r.Destination = known(d[0]), known(d[1])
						rules = append(rules, r)
					}
					return append(rules, everything(b, false))
				}
				f.In, f.Out = side(true), side(false)
				b.changesRules(f)
				return f
			}
			if b.once(2) {
				s.Filter = fact(b, "nsg of "+s.Name, nsg(), nil, nsg())
			}
			if s == gwSubnet {
				continue
			}
			for i := range b.intn(3) {
				h := b.host(s, topology.Host, nth(values(s.Prefixes)[0], 5+3*i))
				h.Public = fact(b, "public", b.once(2), true, false)
				if b.once(3) {
					h.Filters = [][]*topology.Filter{{nsg()}}
				}
				if b.once(4) {
					h.Outbound = []*topology.Balancer{balancer}
				}
				b.changesFilters(h)
			}
		}
	}
	// A load balancer's targets are in one network.
	pool := func(balancer *topology.Balancer, n *topology.Network) {
		for range 1 + b.intn(2) {
			balancer.Listeners = append(balancer.Listeners, b.listener(oneOf(b, "TCP", "TCP", "UDP"), known(true), known(true), b.hostsOf(n)))
		}
		b.changesTargets(balancer, b.hostsOf(n))
		b.m.Balancers = append(b.m.Balancers, balancer)
	}
	visible := &topology.Interface{Ref: b.ref("balancer"), Kind: topology.BalancerInterface, Name: "public", Subnet: known[*topology.Subnet](nil),
		Public: known(true), PublicAddresses: []topology.Val[netip.Addr]{known(netip.MustParseAddr("198.51.100.20"))}, SourceDestCheck: known(true)}
	b.m.Interfaces = append(b.m.Interfaces, visible)
	balancer.Interfaces = []*topology.Interface{visible}
	pool(balancer, oneOf(b, all...).n)
	var services []*topology.EndpointService
	for _, p := range all {
		var subnets []*topology.Subnet
		for _, s := range b.subnetsOf(p.n) {
			if !reserved(s) {
				subnets = append(subnets, s)
			}
		}
		if b.once(4) {
			continue
		}
		s := oneOf(b, subnets...)
		internal := &topology.Balancer{Ref: b.ref("balancer"), Kind: "azure", SKU: oneOf(b, "Standard", "Standard", "Basic"), InternetFacing: known(false), FiltersPrivateLink: known(false)}
		internal.Interfaces = []*topology.Interface{b.front(s, topology.BalancerInterface, "balancer", known(false), nth(values(s.Prefixes)[0], 14), nth(values(s.Prefixes)[0], 13))}
		pool(internal, p.n)
		services = append(services, &topology.EndpointService{Ref: b.ref("service"), Name: "service", AcceptanceRequired: known(true), AllowedPrincipals: known([]string(nil)),
			Balancers:  []topology.Val[*topology.Balancer]{fact(b, "balancer", internal)},
			NATSubnets: []topology.Val[*topology.Subnet]{fact(b, "NAT subnet", append([]*topology.Subnet{oneOf(b, subnets...)}, subnets...)...)}})
	}
	b.m.Services = services
	for _, i := range endpoints {
		e := &topology.Endpoint{Ref: b.ref("endpoint"), Name: i.Name, Kind: "private", Network: must(i.Subnet).Network, Service: known("service"), PrivateDNS: known(false),
			Target: known(""), Interfaces: []*topology.Interface{i}, Accepted: fact(b, "accepted", !b.once(8), true, false)}
		if len(services) > 0 && !b.once(4) {
			e.Of = oneOf(b, services...)
		}
		b.m.Endpoints = append(b.m.Endpoints, e)
	}
	proxy := func(kind, protocol string, front *topology.Interface) {
		balancer := &topology.Balancer{Ref: b.ref("balancer"), Name: kind, Kind: kind, InternetFacing: front.Public, FiltersPrivateLink: known(false), Interfaces: []*topology.Interface{front}}
		for range 1 + b.intn(2) {
			balancer.Listeners = append(balancer.Listeners, b.listener(protocol, known(false), known(true), b.hostsOf(nil)))
		}
		b.changesTargets(balancer, b.hostsOf(nil))
		b.m.Balancers = append(b.m.Balancers, balancer)
	}
	own, at := nth(values(gwSubnet.Prefixes)[0], 20), nth(values(fwSubnet.Prefixes)[0], 20)
	proxy("application", oneOf(b, "HTTP", "HTTPS"), b.front(gwSubnet, topology.BalancerInterface, "balancer", fact(b, "public", b.once(2), true, false), own, own.Next()))
	if !b.once(4) {
		front := b.front(fwSubnet, topology.BalancerInterface, "balancer", fact(b, "public", !b.once(3), true, false), at, at.Next())
		rule := b.filter(topology.FirewallPolicy, "dnat", nil)
		rule.In = []topology.Rule{b.rule(true, b.match(), anyone, nil, nil, nil)}
		front.Filters = [][]*topology.Filter{{rule}}
		proxy("azure", oneOf(b, "TCP", "UDP"), front)
	}
	for range b.intn(2) {
		asg := b.filter(topology.ApplicationSecurityGroup, "asg", nil)
		for _, i := range b.m.Interfaces {
			if i.Kind != topology.BalancerInterface && b.once(2) {
				i.Groups = append(i.Groups, asg)
			}
		}
		for _, f := range b.m.Filters {
			if f.Kind == topology.NetworkSecurityGroup && b.once(2) && len(f.In) > 2 {
				f.In[0].Source = known(topology.Match{Members: []*topology.Filter{asg}})
			}
		}
	}
}

// question draws one; it is of the model that the builder has made.
func (b *builder) question() reach.Question {
	inside := func() reach.End {
		if len(b.ends) > 0 && b.intn(2) == 0 {
			return reach.At(oneOf(b, b.ends...))
		}
		end := reach.AnyHost(oneOf(b, b.m.Subnets...))
		end.Groups = []*topology.Filter{}
		var own []*topology.Filter
		for _, f := range b.m.Filters {
			if f.Kind == topology.SecurityGroup && f.Network == end.Subnet.Network {
				own = append(own, f)
			}
		}
		if len(own) > 0 && b.once(2) {
			end.Groups = own[:1+b.intn(len(own))]
		}
		if b.hides && b.once(4) {
			end.Groups = nil
		}
		return end
	}
	outside := func() reach.End {
		switch b.intn(4) {
		case 0, 1:
			return reach.TheInternet()
		case 2:
			return reach.Addresses(oneOf(b, cidr("192.168.0.0/16"), cidr("10.99.0.0/16"), cidr("203.0.113.0/24")))
		}
		return reach.Addresses(b.block)
	}
	q := reach.Question{}
	switch b.intn(5) {
	case 0, 1, 2:
		q.From, q.To = inside(), inside()
	case 3:
		q.From, q.To = inside(), outside()
	case 4:
		q.From, q.To = outside(), inside()
	}
	switch b.intn(3) {
	case 0:
		q.Traffic = reach.All()
	case 1:
		q.Traffic = reach.TCP(oneOf(b, uint16(22), uint16(443), uint16(80)))
	default:
		c := packet.Everything()
		c.Protocols = oneOf(b, packet.Protocols{First: 6, Last: 6}, packet.Protocols{First: 6, Last: 17}, packet.Protocols{First: 1, Last: 1})
		x, y := oneOf(b, interestingPorts...), oneOf(b, interestingPorts...)
		c.DestinationPorts = packet.Ports{First: min(x, y), Last: max(x, y)}
		q.Traffic = reach.Traffic{c}
	}
	q.Name = oneOf(b, "", "", "api.example.com", "www.example.net")
	return q
}
