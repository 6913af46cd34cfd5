package reach_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// worlds are the two clouds' kinds of networks.
var worlds = []struct {
	name  string
	build func(*builder)
	// kinds are the gateways, and what balancers do, that packets must have come
	// through for a run to say something about them.
	kinds []string
}{
	{"AWS", awsWorld, []string{"local", "internet", "egress-only", "nat", "peering", "transit", "vpn", "firewall", "service",
		"NLB-preserving", "NLB", "ALB", "PrivateLink", "chain"}},
	{"Azure", azureWorld, []string{"local", "internet", "peering", "vpn", "firewall",
		"LB-internal", "LB-public", "application-gateway", "DNAT", "private-link-service"}},
}

const (
	networks  = 8  // of each tape
	questions = 8  // of each network
	packets   = 40 // of each question
)

func drawTape(t *rapid.T) []uint32 {
	return rapid.SliceOfN(rapid.Uint32(), 700, 900).Draw(t, "tape")
}

// tally counts packets, and those that got through.
type tally struct {
	sent, delivered int
	through         map[string]int // delivered, by the kind of a hop
}

func (c *tally) count(r result) {
	c.sent++
	if !r.ok {
		return
	}
	c.delivered++
	seen := map[string]bool{}
	for _, hop := range r.trail {
		if kind, _, _ := strings.Cut(hop, " "); !seen[kind] {
			seen[kind] = true
			c.through[kind]++
		}
	}
}

// The engine and the simulator agree about every packet of networks in which
// everything is known.
func TestEngineAgreesWithSimulator(t *testing.T) {
	var total tally
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			count := tally{through: map[string]int{}}
			rapid.Check(t, func(t *rapid.T) {
				tape := drawTape(t)
				for salt := range networks {
					b := newBuilder(tape, salt)
					world.build(b)
					engine := reach.New(b.m)
					for range questions {
						q := b.question()
						compare(t, b, q, engine.Ask(q), &count)
					}
				}
			})
			t.Logf("%d packets, %d of them delivered: %v", count.sent, count.delivered, count.through)
			assert.Greater(t, count.delivered, count.sent/20, "the networks are too closed to say much")
			for _, kind := range world.kinds {
				assert.Positive(t, count.through[kind], "nothing came through %s", kind)
			}
			total.sent += count.sent
		})
	}
	assert.GreaterOrEqual(t, total.sent, 100_000)
}

// Whatever becomes of what is not known, what the engine calls certain gets
// through and what gets through it calls possible. What becomes known only
// decides what was open.
func TestUnknownsAreSound(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			var sent, certain, open int
			rapid.Check(t, func(t *rapid.T) {
				tape, seed := drawTape(t), rapid.Uint64().Draw(t, "seed")
				build := func(complete func(int) int) asked {
					b := newBuilder(tape, int(seed%networks))
					b.hides, b.rarity, b.complete = true, oneOf(b, 400, 100, 30), complete
					world.build(b)
					of := asked{builder: b}
					for range questions {
						of.questions = append(of.questions, b.question())
					}
					engine := reach.New(b.m)
					for _, q := range of.questions {
						of.answers = append(of.answers, engine.Ask(q))
					}
					return of
				}
				masked := build(nil)
				for completion := range uint64(3) {
					value := func(nth int) int { return int(mix(seed+completion<<32+uint64(nth)) % 60) }
					whole := build(value)
					half := build(func(nth int) int {
						if mix(seed+uint64(nth))%2 == 0 {
							return -1
						}
						return value(nth)
					})
					for i, q := range whole.questions {
						s := newSimulator(whole.builder, q)
						for k, f := range whole.m.Filters {
							if mix(seed+uint64(k))%3 == 0 {
								s.told = append(s.told, f)
							}
						}
						before, between := masked.answers[i], half.answers[i]
						for _, p := range somePackets(whole.builder, q, before, false) {
							if masked.ambiguous(i, whole.m, p.Destination) {
								continue
							}
							sent++
							switch {
							case before.Must.Has(p):
								certain++
							case before.May.Has(p):
								open++
							}
							if before.Must.Has(p) && !between.Must.Has(p) || between.May.Has(p) && !before.May.Has(p) {
								t.Fatalf("%v\nmust %v, may %v; when more is known must %v, may %v\n%s%s%s\nmore known:\n%s", p, before.Must.Has(p), before.May.Has(p),
									between.Must.Has(p), between.May.Has(p), engineSays(before, p), engineSays(between, p), masked.describe(i), half.describe(i))
							}
							if r := s.deliver(p); before.Must.Has(p) && !r.ok || r.ok && !before.May.Has(p) {
								t.Fatalf("%v\nmust %v, may %v\nsimulator: %v %s\n  %s\n%s%s\ncompleted:\n%s", p, before.Must.Has(p), before.May.Has(p), r.ok, r.why,
									strings.Join(r.trail, "\n  "), engineSays(before, p), masked.describe(i), whole.describe(i))
							}
						}
					}
				}
			})
			t.Logf("%d packets, %d certain and %d open", sent, certain, open)
			assert.Greater(t, certain, sent/20, "too little is known to say much")
			assert.Greater(t, open, sent/100, "too much is known to say much")
		})
	}
}

// asked is a network, questions about it, and the engine's answers.
type asked struct {
	*builder
	questions []reach.Question
	answers   []reach.Answer
}

// ambiguous reports whether an address of the model in which everything is known
// may be somebody else's: the question's receiver, or a balancer, whose own is not
// known. What is certain of it is then certain of that one.
func (a asked) ambiguous(question int, whole *topology.Model, address netip.Addr) bool {
	for i, iface := range a.m.Interfaces {
		if iface != a.questions[question].To.Interface && iface.Kind != topology.BalancerInterface && iface.Kind != topology.EndpointInterface {
			continue
		}
		elsewhere := false
		if subnet, known := iface.Subnet.Get(); known && subnet != nil {
			elsewhere = !slices.ContainsFunc(subnet.Prefixes, func(v topology.Val[netip.Prefix]) bool {
				p, known := v.Get()
				return !known || p.Contains(address)
			})
		}
		for k, v := range iface.Addresses {
			if !v.IsKnown() && !elsewhere && must(whole.Interfaces[i].Addresses[k]) != address {
				return true
			}
		}
	}
	return false
}

func (a asked) describe(i int) string { return describe(a.builder, a.questions[i]) }

// compare sends packets of the question's space through both.
func compare(t *rapid.T, b *builder, q reach.Question, a reach.Answer, count *tally) {
	s := newSimulator(b, q)
	// In which of an attachment's subnets a transit gateway comes out, and what a
	// balancer does where no document decides, are no facts of the graph: they
	// alone may be open.
	decided := !slices.ContainsFunc(a.Unknowns, func(r topology.Ref) bool {
		kind, _, _ := strings.Cut(r.URN, "#")
		return slices.Contains([]string{"attachment", "balancer", "listener", "endpoint", "service", "acl"}, kind)
	})
	if !a.May.Contains(a.Must) || decided && !a.Must.Contains(a.May) || decided && len(a.Unknowns) > 0 {
		t.Fatalf("everything is known, but\n%s\nmust %v\nmay  %v\nunknown %v", describe(b, q), a.Must.Subtract(a.May), a.May.Subtract(a.Must), a.Unknowns)
	}
	for _, p := range somePackets(b, q, a, true) {
		r := s.deliver(p)
		count.count(r)
		if a.Must.Has(p) != r.ok || a.May.Has(p) && !a.Must.Has(p) && !s.possible(p) {
			t.Fatalf("%v\nengine: %v\nsimulator: %v %s\n  %s\n%s\n%s", p, a.Must.Has(p), r.ok, r.why, strings.Join(r.trail, "\n  "), engineSays(a, p), describe(b, q))
		}
	}
}

// engineSays finds the engine's way or block of a packet.
func engineSays(a reach.Answer, p packet.Packet) string {
	var text strings.Builder
	for _, path := range a.Paths {
		if path.Packets.Has(p) {
			fmt.Fprintf(&text, "path (certain %v, unknown %v):\n", path.Certain, path.Unknowns)
			for _, hop := range path.Hops {
				fmt.Fprintf(&text, "  %s %s\n", hop.URN, hop.Effect)
			}
		}
	}
	for _, block := range a.Blocks {
		if block.Packets.Has(p) {
			fmt.Fprintf(&text, "block %s %s\n", block.URN, block.Reason)
			for _, hop := range block.Hops {
				fmt.Fprintf(&text, "  %s %s\n", hop.URN, hop.Effect)
			}
		}
	}
	return text.String()
}

func newSimulator(b *builder, q reach.Question) *simulator {
	s := &simulator{model: b.m, from: q.From, to: q.To, name: q.Name,
		balancers: map[*topology.Interface]*topology.Balancer{}, endpoints: map[*topology.Interface]*topology.Endpoint{}}
	for _, balancer := range b.m.Balancers {
		for _, i := range balancer.Interfaces {
			s.balancers[i] = balancer
		}
	}
	for _, e := range b.m.Endpoints {
		for _, i := range e.Interfaces {
			s.endpoints[i] = e
		}
	}
	// Between two boundaries of rules all source ports fare alike.
	s.ports = []uint16{packet.Ephemeral().First}
	for _, p := range boundaries(b, true) {
		if p > packet.Ephemeral().First && !slices.Contains(s.ports, p) {
			s.ports = append(s.ports, p)
		}
	}
	s.cuts = sync.OnceValue(func() []netip.Addr { return cuts(b) })
	s.taken = sync.OnceValue(func() map[netip.Addr]bool {
		taken := maps.Clone(b.addresses)
		for _, i := range b.m.Interfaces {
			for _, a := range values(i.Addresses) {
				taken[a] = true
			}
		}
		return taken
	})
	return s
}

// cuts are the IPv4 addresses at which some rule or route begins to match a
// sender's address, or stops.
func cuts(b *builder) []netip.Addr {
	var prefixes []netip.Prefix
	for _, f := range b.m.Filters {
		for _, r := range slices.Concat(f.In, f.Out) {
			prefixes = append(prefixes, must(r.Source).Prefixes...)
			if !f.Stateful {
				prefixes = append(prefixes, must(r.Destination).Prefixes...)
			}
		}
	}
	for _, t := range b.m.Tables {
		for _, r := range t.Routes {
			prefixes = append(prefixes, must(r.To)...)
		}
	}
	for _, g := range b.m.Gateways {
		if g.Transit != nil {
			for _, at := range g.Transit.Attachments {
				if t := must(at.Table); t != nil {
					for _, r := range t.Routes {
						prefixes = append(prefixes, must(r.To)...)
					}
				}
			}
		}
	}
	for _, subnet := range b.m.Subnets {
		prefixes = append(prefixes, must(subnet.VirtualNetworkTag)...)
	}
	var list []netip.Addr
	for _, p := range prefixes {
		if p.Addr().Is4() {
			range4 := packet.InPrefix(p)
			list = append(list, p.Addr(), range4.Last.Addr().Next())
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// boundaries are the ports at which some rule begins to match, or stops; of a
// sender's port only those that matter for it: stateful filters do not see replies.
func boundaries(b *builder, senders bool) []uint16 {
	var ports []uint16
	for _, f := range b.m.Filters {
		for _, r := range append(slices.Clone(f.In), f.Out...) {
			matched := slices.Clone(r.SourcePorts.Or(nil))
			if !senders || !f.Stateful {
				matched = append(matched, r.DestinationPorts.Or(nil)...)
			}
			for _, p := range matched {
				ports = append(ports, p.First)
				if p.Last < 65535 {
					ports = append(ports, p.Last+1)
				}
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// somePackets are packets of the question's space, many at the borders of rules
// and prefixes and of the engine's own answer, and to the balancers and endpoints
// before its receiver. anywhere keeps what the engine answers about addresses that
// nobody has.
func somePackets(b *builder, q reach.Question, a reach.Answer, anywhere bool) []packet.Packet {
	random := rand.New(rand.NewPCG(uint64(b.next), uint64(b.intn(1<<30))))
	borders := boundaries(b, false)
	port := func() uint16 {
		switch random.IntN(4) {
		case 0:
			return uint16(random.IntN(1 << 16))
		case 1:
			return interestingPorts[random.IntN(len(interestingPorts))]
		}
		if len(borders) == 0 {
			return 443
		}
		return borders[random.IntN(len(borders))] - uint16(random.IntN(2))
	}
	places := b.places()
	sources, destinations := rangesOf(q.From), rangesOf(q.To)
	doors, fronts := doorsTo(b.m, q.To), frontAddresses(b.m)
	var visible []door
	for _, d := range doors {
		if d.public {
			visible = append(visible, d)
		}
	}
	var list []packet.Packet
	for try := 0; len(list) < packets && try < 20*packets; try++ {
		var p packet.Packet
		answered := false
		if answer := slices.Concat(a.Must, a.May); len(answer) > 0 && random.IntN(3) == 0 {
			p = inside(random, answer[random.IntN(len(answer))])
			answered = anywhere
		} else {
			p = packet.Packet{Source: addressIn(random, sources, places), Destination: addressIn(random, destinations, places),
				Protocol:   []uint8{packet.TCP, packet.TCP, packet.TCP, packet.UDP, packet.ICMP, packet.SCTP, packet.ICMPv6, 47}[random.IntN(8)],
				SourcePort: port(), DestinationPort: port()}
			if len(q.Traffic) == 1 && random.IntN(2) == 0 { // within the question
				c := q.Traffic[0]
				p.Protocol = max(c.Protocols.First, min(p.Protocol, c.Protocols.Last))
				p.SourcePort = max(c.SourcePorts.First, min(p.SourcePort, c.SourcePorts.Last))
				p.DestinationPort = max(c.DestinationPorts.First, min(p.DestinationPort, c.DestinationPorts.Last))
			}
			if len(doors) > 0 && random.IntN(2) == 0 {
				suited := doors
				if q.From.Subnet == nil && q.From.Interface == nil && len(visible) > 0 && random.IntN(4) > 0 {
					suited = visible
				}
				door := suited[random.IntN(len(suited))]
				p.Destination = door.address
				if random.IntN(8) > 0 {
					p.Protocol, p.DestinationPort = door.protocol, door.port
				}
				p.SourcePort = max(p.SourcePort, packet.Ephemeral().First)
			}
		}
		if !packet.HasPorts(p.Protocol) {
			p.SourcePort, p.DestinationPort = 0, 0
		}
		// No host talks to itself, and devices are no hosts.
		if p.Source == p.Destination || p.Source.Is4() != p.Destination.Is4() || b.addresses[p.Source] || b.addresses[p.Destination] ||
			q.From.Subnet != nil && fronts[p.Source] || q.To.Subnet != nil && fronts[p.Destination] && lies(p.Destination, destinations) ||
			!q.Traffic.Has(p) || !lies(p.Source, sources) || !answered && !fronts[p.Destination] && !lies(p.Destination, destinations) {
			continue
		}
		list = append(list, p)
	}
	return list
}

// door is a listener's port at an address.
type door struct {
	address  netip.Addr
	public   bool
	protocol uint8
	port     uint16
}

// doorsTo are those that may lead to a question's receiver.
func doorsTo(m *topology.Model, to reach.End) []door {
	leads := map[*topology.Interface][]*topology.Listener{}
	opens := func(l *topology.Listener) bool {
		return slices.ContainsFunc(l.Targets, func(i *topology.Interface) bool {
			return i == to.Interface || to.Subnet != nil && must(i.Subnet) == to.Subnet || len(leads[i]) > 0
		})
	}
	for before := -1; before != len(leads); {
		before = len(leads)
		for _, b := range m.Balancers {
			for _, i := range b.Interfaces {
				leads[i] = nil
				for k := range b.Listeners {
					if l := &b.Listeners[k]; (len(l.Interfaces) == 0 || slices.Contains(l.Interfaces, i)) && opens(l) {
						leads[i] = append(leads[i], l)
					}
				}
				if len(leads[i]) == 0 {
					delete(leads, i)
				}
			}
		}
	}
	for _, e := range m.Endpoints {
		if e.Of == nil {
			continue
		}
		for _, b := range values(e.Of.Balancers) {
			for _, node := range b.Interfaces {
				for _, i := range e.Interfaces {
					leads[i] = append(leads[i], leads[node]...)
				}
			}
		}
	}
	var doors []door
	for _, i := range m.Interfaces {
		for _, l := range leads[i] {
			for _, a := range values(slices.Concat(i.Addresses, i.PublicAddresses)) {
				for _, protocol := range protocols(must(l.Protocol)) {
					doors = append(doors, door{a, must(i.Public), protocol, must(l.Port)})
				}
			}
		}
	}
	return doors
}

// frontAddresses are those of balancers and of endpoints before services.
func frontAddresses(m *topology.Model) map[netip.Addr]bool {
	addresses := map[netip.Addr]bool{}
	add := func(interfaces []*topology.Interface) {
		for _, i := range interfaces {
			for _, a := range values(slices.Concat(i.Addresses, i.PublicAddresses)) {
				addresses[a] = true
			}
		}
	}
	for _, b := range m.Balancers {
		add(b.Interfaces)
	}
	for _, e := range m.Endpoints {
		if e.Of != nil {
			add(e.Interfaces)
		}
	}
	return addresses
}

func lies(a netip.Addr, ranges []packet.Addresses) bool {
	return slices.ContainsFunc(ranges, func(r packet.Addresses) bool { return r.Contains(packet.Only(a)) })
}

// rangesOf are the addresses of an end.
func rangesOf(end reach.End) []packet.Addresses {
	var list []packet.Addresses
	switch {
	case len(end.Addresses) > 0:
		return end.Addresses
	case end.Interface != nil:
		for _, a := range values(end.Interface.Addresses) {
			list = append(list, packet.Only(a))
		}
	case end.Subnet != nil:
		for _, p := range values(end.Subnet.Prefixes) {
			list = append(list, packet.InPrefix(p))
		}
	default:
		return reach.Internet()
	}
	return list
}

// inside returns a packet of the cube, often one of its corners.
func inside(random *rand.Rand, c packet.Cube) packet.Packet {
	pick := func(first, last uint16) uint16 {
		switch random.IntN(3) {
		case 0:
			return first
		case 1:
			return last
		}
		return first + uint16(random.IntN(int(last-first)+1))
	}
	return packet.Packet{Source: addressIn(random, []packet.Addresses{c.Source}, nil), Destination: addressIn(random, []packet.Addresses{c.Destination}, nil),
		Protocol:   uint8(pick(uint16(c.Protocols.First), uint16(c.Protocols.Last))),
		SourcePort: pick(c.SourcePorts.First, c.SourcePorts.Last), DestinationPort: pick(c.DestinationPorts.First, c.DestinationPorts.Last)}
}

// addressIn returns an address of the ranges: an end of one, one beside the
// border of a place, or any.
func addressIn(random *rand.Rand, ranges []packet.Addresses, places []netip.Prefix) netip.Addr {
	r := ranges[random.IntN(len(ranges))]
	first, last := r.First.Addr(), r.Last.Addr()
	switch kind := random.IntN(4); {
	case kind == 0:
		return first
	case kind == 1:
		return last
	case kind == 2 && len(places) > 0:
		for range 5 {
			border := places[random.IntN(len(places))].Addr()
			if random.IntN(2) == 0 && border.Prev().IsValid() {
				border = border.Prev()
			}
			if r.Contains(packet.Only(border)) {
				return border
			}
		}
	}
	// Set random bits below the first that differ.
	x, y := first.As16(), last.As16()
	var z [16]byte
	for range 20 {
		random := random.Uint64()
		copy(z[:], x[:])
		for i := range z {
			if x[i] != y[i] {
				for j := i; j < 16; j++ {
					z[j] = byte(random >> (8 * (j % 8)))
				}
				if z[i] < x[i] || z[i] > y[i] {
					z[i] = x[i] + z[i]%(y[i]-x[i]+1)
				}
				break
			}
		}
		if a := netip.AddrFrom16(z).Unmap(); r.Contains(packet.Only(a)) {
			return a
		}
	}
	return first
}

// describe writes the model and the question for people.
func describe(b *builder, q reach.Question) string {
	var text strings.Builder
	end := func(e reach.End) string {
		switch {
		case e.Interface != nil:
			return e.Interface.Ref.URN
		case e.Subnet != nil:
			return fmt.Sprintf("any host of %s groups %s", e.Subnet.Name, filterNames(e.Groups))
		case len(e.Addresses) > 0:
			return fmt.Sprint(e.Addresses[0].First.Addr(), "…", e.Addresses[0].Last.Addr())
		}
		return "the internet"
	}
	fmt.Fprintf(&text, "question: %s to %s, %v %q\n", end(q.From), end(q.To), q.Traffic, q.Name)
	for _, s := range b.m.Subnets {
		fmt.Fprintf(&text, "subnet %s %v zone %v table %s filter %s nat %v default outbound %v tag %v\n", s.Name, show(s.Prefixes...), show(s.Zone),
			name(s.Table, func(t *topology.RouteTable) string { return t.Ref.URN }), name(s.Filter, func(f *topology.Filter) string { return f.Ref.URN }),
			name(s.NAT, func(g *topology.Gateway) string { return g.Name }), show(s.DefaultOutbound), show(s.VirtualNetworkTag))
	}
	tables := slices.Clone(b.m.Tables)
	for _, t := range tables {
		fmt.Fprintf(&text, "table %s incomplete %v\n", t.Ref.URN, t.Incomplete)
		for _, r := range t.Routes {
			fmt.Fprintf(&text, "  %v → %s (%d) %s\n", show(r.To), name(r.Via, func(g *topology.Gateway) string { return g.Name }), r.Origin, r.Ref.URN)
		}
	}
	for _, g := range b.m.Gateways {
		fmt.Fprintf(&text, "gateway %s %s attached %v subnet %v public %v address %v established %v forwarded %v snat %v table %v policy %v\n", g.Kind, g.Name, show(g.Attached),
			name(g.Subnet, func(s *topology.Subnet) string { return s.Name }), show(g.Public), show(g.PrivateAddress), show(g.Established), show(g.Forwarded), show(g.SNAT),
			name(g.Table, func(t *topology.RouteTable) string { return t.Ref.URN }), name(g.Policy, func(f *topology.Filter) string { return f.Ref.URN }))
		if g.Transit != nil {
			var seen []*topology.TransitTable
			for _, at := range g.Transit.Attachments {
				fmt.Fprintf(&text, "  attachment %s of %v table %v in", at.Ref.URN, name(at.Network, func(n *topology.Network) string { return n.Name }), name(at.Table, func(t *topology.TransitTable) string { return t.Ref.URN }))
				for _, s := range at.Subnets {
					fmt.Fprint(&text, " ", name(s, func(s *topology.Subnet) string { return s.Name }))
				}
				fmt.Fprintln(&text)
				if table := at.Table.Or(nil); table != nil && !slices.Contains(seen, table) {
					seen = append(seen, table)
				}
			}
			for _, table := range seen {
				fmt.Fprintf(&text, "  table %s\n", table.Ref.URN)
				for _, r := range table.Routes {
					fmt.Fprintf(&text, "    %v → %s (%d)\n", show(r.To), name(r.Via, func(a *topology.Attachment) string { return a.Ref.URN }), r.Origin)
				}
			}
		}
	}
	for _, f := range b.m.Filters {
		fmt.Fprintf(&text, "filter %s incomplete %v\n", f.Ref.URN, f.Incomplete)
		for _, r := range f.In {
			fmt.Fprintf(&text, "  in  %s\n", showRule(r))
		}
		for _, r := range f.Out {
			fmt.Fprintf(&text, "  out %s\n", showRule(r))
		}
	}
	for _, i := range b.m.Interfaces {
		var sets []string
		for _, set := range i.Filters {
			sets = append(sets, filterNames(set))
		}
		fmt.Fprintf(&text, "%s %s %v public %v in %s groups %s filters %v incomplete %v\n", i.Kind, i.Ref.URN, show(slices.Concat(i.Addresses, i.PublicAddresses)...), show(i.Public),
			name(i.Subnet, func(s *topology.Subnet) string { return s.Name }), filterNames(i.Groups), sets, i.Incomplete)
	}
	for _, b := range b.m.Balancers {
		fmt.Fprintf(&text, "%s balancer %s %s at %s filters PrivateLink %v\n", b.Kind, b.Ref.URN, b.SKU, interfaceNames(b.Interfaces), show(b.FiltersPrivateLink))
		for _, l := range b.Listeners {
			fmt.Fprintf(&text, "  %s %v %v at %s → %v %s preserves %v cross zone %v incomplete %v\n", l.Ref.URN, show(l.Protocol), show(l.Port), interfaceNames(l.Interfaces), show(l.TargetPort),
				interfaceNames(l.Targets), show(l.PreserveClientIP), show(l.CrossZone), l.Incomplete)
		}
	}
	for _, e := range b.m.Endpoints {
		if e.Of == nil {
			continue
		}
		fmt.Fprintf(&text, "endpoint %s at %s accepted %v of %s:", e.Ref.URN, interfaceNames(e.Interfaces), show(e.Accepted), e.Of.Ref.URN)
		for _, v := range e.Of.Balancers {
			fmt.Fprintf(&text, " %s", name(v, func(b *topology.Balancer) string { return b.Ref.URN }))
		}
		for _, v := range e.Of.NATSubnets {
			fmt.Fprintf(&text, " from %s", name(v, func(s *topology.Subnet) string { return s.Name }))
		}
		fmt.Fprintln(&text)
	}
	for _, n := range b.m.Networks {
		fmt.Fprintf(&text, "network %s account %q\n", n.Name, n.Account)
	}
	return text.String()
}

func interfaceNames(interfaces []*topology.Interface) string {
	var names []string
	for _, i := range interfaces {
		names = append(names, i.Ref.URN)
	}
	return fmt.Sprint(names)
}

func showRule(r topology.Rule) string {
	match := func(v topology.Val[topology.Match]) string {
		m, ok := v.Get()
		if !ok {
			return "unknown " + v.Ref().URN
		}
		return fmt.Sprintf("{any %v %v %s vnet %v internet %v}", m.Anyone, m.Prefixes, filterNames(m.Members), m.VirtualNetwork, m.Internet)
	}
	return fmt.Sprintf("allow %v protocols %v from %s %v to %s %v names %v", show(r.Allow), show(r.Protocols), match(r.Source), show(r.SourcePorts), match(r.Destination), show(r.DestinationPorts), show(r.Names))
}

func filterNames(filters []*topology.Filter) string {
	var names []string
	for _, f := range filters {
		names = append(names, f.Ref.URN)
	}
	return fmt.Sprint(names)
}

func show[T any](list ...topology.Val[T]) string {
	var text []string
	for _, v := range list {
		if value, ok := v.Get(); ok {
			text = append(text, fmt.Sprint(value))
		} else {
			options, _ := v.Options()
			text = append(text, fmt.Sprint("unknown ", v.Ref().URN, options))
		}
	}
	return strings.Join(text, ", ")
}

func name[T any](v topology.Val[*T], of func(*T) string) string {
	switch value, ok := v.Get(); {
	case !ok:
		options, _ := v.Options()
		return fmt.Sprint("unknown ", v.Ref().URN, " of ", len(options))
	case value == nil:
		return "none"
	default:
		return of(value)
	}
}
