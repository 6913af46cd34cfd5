package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Engine answers questions about one model. It may be asked by several
// goroutines at once.
type Engine struct {
	model   *topology.Model
	subnets map[*topology.Network][]*topology.Subnet
	sorted  map[*topology.RouteTable][]entry
	open    map[*topology.RouteTable][]*topology.Route
	inside  map[*topology.Subnet][]*topology.Interface
	stray   []*topology.Interface // their subnet is not known
	// balancers are those of the interfaces that they stand with.
	balancers map[*topology.Interface]*topology.Balancer
	// fronts are the listeners before each target, and balanced the targets in the
	// model's order; openFronts may have others.
	fronts     map[*topology.Interface][]front
	balanced   []*topology.Interface
	openFronts []front
	// texts are what hops say of rules: made once, many packets pass a rule.
	texts sync.Map
}

// New returns an engine for the model, which must not change afterwards.
func New(model *topology.Model) *Engine {
	e := &Engine{
		model:   model,
		subnets: map[*topology.Network][]*topology.Subnet{},
		sorted:  map[*topology.RouteTable][]entry{},
		open:    map[*topology.RouteTable][]*topology.Route{},
		inside:  map[*topology.Subnet][]*topology.Interface{},
		fronts:  map[*topology.Interface][]front{},

		balancers: map[*topology.Interface]*topology.Balancer{},
	}
	for _, subnet := range model.Subnets {
		e.subnets[subnet.Network] = append(e.subnets[subnet.Network], subnet)
	}
	for _, table := range model.Tables {
		e.sorted[table], e.open[table] = entries(table)
	}
	for _, iface := range model.Interfaces {
		if subnet, ok := iface.Subnet.Get(); ok && subnet != nil {
			e.inside[subnet] = append(e.inside[subnet], iface)
		} else if !ok {
			e.stray = append(e.stray, iface)
		}
	}
	e.findFronts()
	return e
}

// Model returns the model that the engine asks.
func (e *Engine) Model() *topology.Model { return e.model }

func (e *Engine) entries(table *topology.RouteTable) ([]entry, []*topology.Route) {
	if sorted, ok := e.sorted[table]; ok {
		return sorted, e.open[table]
	}
	return entries(table)
}

// peering returns the gateway from one network to a peered one. Without one it
// is one that may lead there; refs decide whether it does.
func (e *Engine) peering(from, to *topology.Network) (found *topology.Gateway, refs []topology.Ref) {
	for _, gw := range e.model.Gateways {
		if gw.Kind != topology.Peering || gw.Network != from {
			continue
		}
		peers, complete := gw.Peer.Options()
		if gw.Peer.IsKnown() && peers[0] == to {
			return gw, nil
		}
		if !gw.Peer.IsKnown() && (!complete || slices.Contains(peers, to)) {
			found, refs = gw, append(refs, gw.Peer.Ref())
		}
	}
	return found, refs
}

// End is one end of a question: any host of a subnet, one interface, or what
// lies outside the graph.
type End struct {
	// Subnet asks for any host of it; Interface for that one. With neither, the
	// end lies outside.
	Subnet    *topology.Subnet
	Interface *topology.Interface
	// Groups are the security groups of a subnet's host; an empty list is a host
	// without. Nil is some host whose groups nobody has told: they let everything
	// pass, and rules about members may hold for it.
	Groups []*topology.Filter
	// Addresses narrow the end to these; outside they say which. Empty is every
	// address of the subnet or interface and, outside, all that Internet holds:
	// the internet comes in by internet gateways only, other addresses outside by
	// every way.
	Addresses []packet.Addresses
}

// AnyHost is a host of the subnet.
func AnyHost(subnet *topology.Subnet) End { return End{Subnet: subnet} }

// At is the interface.
func At(iface *topology.Interface) End { return End{Interface: iface} }

// TheInternet is the internet.
func TheInternet() End { return End{} }

// Internet is every address that the internet carries, IPv4 and IPv6, without
// those that stand for services and names.
func Internet() []packet.Addresses {
	cube := packet.Everything()
	cube.Destination = packet.EveryIPv4()
	var all []packet.Addresses
	reserved := append(privateAddresses(), to(packet.InPrefix(netip.MustParsePrefix("240.0.0.0/4"))))
	cube6 := packet.Everything()
	cube6.Destination = packet.EveryIPv6()
	for _, public := range (packet.Set{cube, cube6}).Subtract(reserved) {
		all = append(all, public.Destination)
	}
	return all
}

// Addresses are addresses outside.
func Addresses(prefixes ...netip.Prefix) End {
	end := End{Addresses: []packet.Addresses{}}
	for _, prefix := range prefixes {
		end.Addresses = append(end.Addresses, packet.InPrefix(prefix))
	}
	return end
}

func (end End) outside() bool { return end.Subnet == nil && end.Interface == nil }

// Traffic is what is asked about: packets by protocol and ports. The addresses
// of the cubes narrow the question's ends.
type Traffic = packet.Set

// TCP is connections to a TCP port, from any port that clients use.
func TCP(port uint16) Traffic {
	cube := packet.Everything()
	cube.Protocols = packet.Protocols{First: packet.TCP, Last: packet.TCP}
	cube.SourcePorts = packet.Ephemeral()
	cube.DestinationPorts = packet.Ports{First: port, Last: port}
	return Traffic{cube}
}

// All is every packet.
func All() Traffic { return Traffic{packet.Everything()} }

// Question asks what of the traffic gets from one end to the other, and back.
type Question struct {
	From, To End
	Traffic  Traffic
	// Name is the domain name that the connection is for, as a firewall sees
	// it; "" is none.
	Name string
	// Avoid are gateways that the packets must not pass, so that a path that
	// is left shows a way around them.
	Avoid []*topology.Gateway
}

// spread is addresses that an end may have.
type spread struct {
	addresses packet.Addresses
	origin    origin
	refs      []topology.Ref
	// unsure says that the addresses are only a guess.
	unsure bool
}

// Ask answers the question.
func (e *Engine) Ask(q Question) Answer {
	w := &walk{engine: e, avoid: q.Avoid}
	d := newDoors(q)
	unsure := e.toward(w, q, d)
	if !q.To.outside() {
		e.byOpenFronts(w, d)
	}
	e.anywhere(w, q)
	return w.answer(w.confirm(), unsure)
}

// toward sends the question's packets to its end: to its own addresses, and to
// the load balancers and endpoints that forward to it. unsure decides where the end
// stands.
func (e *Engine) toward(w *walk, q Question, d *doors) (unsure []topology.Ref) {
	targets := []place{{outside: true}}
	switch {
	case q.To.Interface != nil:
		targets, unsure = e.places(q.To.Interface)
	case q.To.Subnet != nil:
		targets = []place{{subnet: q.To.Subnet, iface: host(q.To)}}
	default:
		w.internet = q.To.Addresses == nil
	}
	for _, target := range targets {
		w.target = target
		e.start(w, q, target)
	}
	if !q.To.outside() {
		e.byBalancers(w, q, targets, d)
	}
	return unsure
}

// anywhere lets everything perhaps arrive when an end may stand in a subnet that
// nobody knows.
func (e *Engine) anywhere(w *walk, q Question) {
	var refs []topology.Ref
	for _, end := range []End{q.From, q.To} {
		if end.Interface != nil {
			if _, complete := end.Interface.Subnet.Options(); !complete {
				refs = append(refs, end.Interface.Subnet.Ref())
			}
		}
	}
	if len(refs) > 0 {
		e.perhaps(w, q, refs...)
	}
}

// perhaps lets everything that the question asks about perhaps arrive.
func (e *Engine) perhaps(w *walk, q Question, refs ...topology.Ref) {
	spread := func(end End) []spread { return e.spread(end, place{subnet: end.Subnet, outside: end.outside()}) }
	for _, f := range cubes(flow{}, q.Traffic, spread(q.From), spread(q.To)) {
		w.anything(f, refs...)
	}
}

// places are where an interface may stand; unsure decides which.
func (e *Engine) places(iface *topology.Interface) (places []place, unsure []topology.Ref) {
	subnets, complete := iface.Subnet.Options()
	if subnet, known := iface.Subnet.Get(); known && subnet == nil && iface.Kind == topology.BalancerInterface {
		return []place{{iface: iface}}, nil
	}
	for _, subnet := range subnets {
		if subnet != nil {
			places = append(places, place{subnet: subnet, iface: iface})
		}
	}
	if !complete || len(places) != 1 {
		unsure = []topology.Ref{iface.Subnet.Ref()}
	}
	return places, unsure
}

// start sends the question's packets on their way to the target.
func (e *Engine) start(w *walk, q Question, target place) {
	base := flow{certain: true, public: topology.Known(false, topology.Ref{})}
	base.peers.name = q.Name
	base.peers.destination, base.peers.destinationUnknown = e.groups(q.To, target)
	if target.subnet == nil && target.iface != nil {
		e.startAtFrontend(w, base, q, target)
		return
	}
	destinations := e.spread(q.To, target)

	if q.From.outside() {
		e.startOutside(w, q, base, destinations, target)
		return
	}
	sources := []place{{subnet: q.From.Subnet}}
	var unsure []topology.Ref
	if q.From.Interface != nil {
		sources, unsure = e.places(q.From.Interface)
	}
	for _, source := range sources {
		if source.subnet == nil {
			continue // a public frontend of Azure's sends nothing by itself
		}
		f := base
		if len(unsure) > 0 {
			f = f.doubt(unsure...)
		}
		f.from = source
		f.peers.source, f.peers.sourceUnknown = e.groups(q.From, source)
		f.public = e.outbound(q.From, source)
		iface := q.From.Interface
		if iface == nil {
			iface = host(q.From)
		}
		where := source.subnet.Ref
		text := "sent from subnet " + source.subnet.Name
		if q.From.Interface != nil {
			where, text = q.From.Interface.Ref, "sent by "+string(q.From.Interface.Kind)+" "+q.From.Interface.Name
		}
		for _, f := range cubes(f, q.Traffic, e.spread(q.From, source), destinations) {
			w.leave(f.hop(where, text), iface, source.subnet)
		}
	}
}

// host is an interface that stands for any host in the groups of an end; nil
// without groups.
func host(end End) *topology.Interface {
	if len(end.Groups) == 0 {
		return nil
	}
	return &topology.Interface{Ref: end.Subnet.Ref, Kind: topology.Host, Name: "the host", Filters: [][]*topology.Filter{end.Groups}}
}

// cubes returns the flow once for each cube of the traffic between the ends.
func cubes(f flow, traffic Traffic, sources, destinations []spread) []flow {
	var flows []flow
	for _, cube := range traffic {
		for _, source := range sources {
			for _, destination := range destinations {
				if source.addresses.First.Addr().Is4() != destination.addresses.First.Addr().Is4() {
					continue
				}
				var okSource, okDestination bool
				g, c := f, cube
				c.Source, okSource = cube.Source.Intersect(source.addresses)
				c.Destination, okDestination = cube.Destination.Intersect(destination.addresses)
				if !okSource || !okDestination {
					continue
				}
				g.sent, g.now = c, c
				g.rewrites = rewrites{source: source.origin, destination: destination.origin,
					refs: append(slices.Clip(source.refs), destination.refs...)}
				if source.unsure || destination.unsure {
					g = g.doubt(g.rewrites.refs...)
				}
				flows = append(flows, g)
			}
		}
	}
	return flows
}

// spread returns the addresses of an end at a place.
func (e *Engine) spread(end End, at place) []spread {
	var all []spread
	switch {
	case at.outside && end.Addresses != nil:
		for _, a := range end.Addresses {
			all = append(all, spread{addresses: a})
		}
		return all
	case at.outside:
		// What lies above stands for services and names, which are asked for by
		// their own blocks.
		return []spread{{addresses: packet.Addresses{First: packet.EveryIPv4().First, Last: packet.NewAddress(netip.MustParseAddr("239.255.255.255"))}},
			{addresses: packet.EveryIPv6()}}
	case end.Interface != nil:
		for _, address := range end.Interface.Addresses {
			if a, ok := address.Get(); ok {
				all = append(all, spread{addresses: packet.Only(a)})
				continue
			}
			for _, s := range e.subnetSpread(at.subnet) {
				if s.addresses.First.Addr().Is4() {
					s.origin, s.refs = undecided, append(s.refs, address.Ref())
					all = append(all, s)
				}
			}
		}
		if len(end.Interface.Addresses) == 0 {
			for _, s := range e.subnetSpread(at.subnet) {
				s.origin, s.refs = undecided, append(s.refs, end.Interface.Ref)
				all = append(all, s)
			}
		}
	default:
		all = e.subnetSpread(at.subnet)
	}
	if len(end.Addresses) == 0 {
		return all
	}
	var narrowed []spread
	for _, s := range all {
		for _, a := range end.Addresses {
			if both, ok := s.addresses.Intersect(a); ok {
				s.addresses = both
				narrowed = append(narrowed, s)
			}
		}
	}
	return narrowed
}

// subnetSpread are the addresses of a subnet: those of its network while its
// own are not known, and all while nobody knows the subnet.
func (e *Engine) subnetSpread(subnet *topology.Subnet) []spread {
	if subnet == nil {
		return []spread{{addresses: packet.EveryIPv4(), unsure: true}, {addresses: packet.EveryIPv6(), unsure: true}}
	}
	var all []spread
	for _, prefix := range subnet.Prefixes {
		if p, ok := prefix.Get(); ok {
			all = append(all, spread{addresses: packet.InPrefix(p)})
			continue
		}
		all = append(all, guesses(subnet.Network, prefix.Ref())...)
	}
	if len(subnet.Prefixes) == 0 {
		all = guesses(nil, subnet.Ref)
	}
	return all
}

// guesses are the addresses that a subnet of the network may have while the
// output at ref is not known: its network's, or any.
func guesses(network *topology.Network, ref topology.Ref) []spread {
	guess := spread{origin: undecided, refs: []topology.Ref{ref}, unsure: true}
	var all []spread
	complete := network != nil && len(network.Prefixes) > 0
	if complete {
		for _, of := range network.Prefixes {
			p, ok := of.Get()
			if complete = complete && ok; ok {
				guess.addresses = packet.InPrefix(p)
				all = append(all, guess)
			}
		}
	}
	if complete {
		return all
	}
	all = nil
	for _, any := range []packet.Addresses{packet.EveryIPv4(), packet.EveryIPv6()} {
		guess.addresses = any
		all = append(all, guess)
	}
	return all
}

// groups returns the groups of an end; unknown when nobody has told them.
func (e *Engine) groups(end End, at place) (groups []*topology.Filter, unknown bool) {
	switch {
	case at.outside:
		return nil, false
	case end.Interface != nil:
		return end.Interface.Groups, len(end.Interface.Incomplete) > 0
	}
	return end.Groups, end.Groups == nil
}

// public says whether an end has a public IPv4 address. Any host of an AWS
// subnet may have one; in Azure one that the graph shows, or none.
func (e *Engine) public(end End, at place) topology.Val[bool] {
	if end.Interface != nil {
		return end.Interface.Public
	}
	if at.subnet.Network.Cloud == topology.AWS {
		return topology.Known(true, at.subnet.Ref)
	}
	public := topology.Known(false, at.subnet.Ref)
	for _, iface := range e.inside[at.subnet] {
		if iface.Kind != topology.Host {
			continue
		}
		switch has, known := iface.Public.Get(); {
		case known && has:
			return topology.Known(true, iface.Ref)
		case !known:
			public = iface.Public
		}
	}
	for _, iface := range e.perhapsIn(at.subnet) {
		if has, known := iface.Public.Get(); has || !known {
			public = topology.Unknown[bool](iface.Subnet.Ref())
		}
	}
	return public
}

// perhapsIn returns the hosts that may stand in the subnet.
func (e *Engine) perhapsIn(subnet *topology.Subnet) []*topology.Interface {
	var hosts []*topology.Interface
	for _, iface := range e.stray {
		subnets, complete := iface.Subnet.Options()
		if iface.Kind == topology.Host && (!complete || slices.Contains(subnets, subnet)) {
			hosts = append(hosts, iface)
		}
	}
	return hosts
}

// outbound says whether an end reaches the internet by a public address of its
// own or, in Azure, of a load balancer that it stands behind.
func (e *Engine) outbound(end End, at place) topology.Val[bool] {
	behind := []*topology.Interface{end.Interface}
	if end.Interface == nil {
		behind = e.inside[at.subnet]
	}
	for _, iface := range behind {
		if iface.Kind == topology.Host && len(iface.Outbound) > 0 {
			return topology.Known(true, iface.Ref)
		}
	}
	public := e.public(end, at)
	for _, iface := range behind {
		if iface.Kind == topology.Host && len(iface.OutboundOpen) > 0 && !public.Or(false) {
			return topology.Unknown[bool](iface.OutboundOpen[0])
		}
	}
	if end.Interface == nil && !public.Or(false) {
		for _, iface := range e.perhapsIn(at.subnet) {
			if len(iface.Outbound) > 0 {
				return topology.Unknown[bool](iface.Subnet.Ref())
			}
		}
	}
	return public
}

// startOutside sends packets into the graph by every gateway that leads in.
func (e *Engine) startOutside(w *walk, q Question, base flow, destinations []spread, target place) {
	if target.subnet == nil {
		return
	}
	sources := e.spread(q.From, place{outside: true})
	for _, gw := range e.model.Gateways {
		switch gw.Kind {
		case topology.Internet, topology.EgressOnly:
			if gw.Network != nil && gw.Network != target.subnet.Network && gw.Network.Cloud == topology.Azure {
				continue // the internet reaches a public address where it stands
			}
			for _, f := range cubes(base, q.Traffic, sources, destinations) {
				for _, f := range f.fromPublic() {
					w.fromInternet(f, gw, q.To, target)
				}
			}
		case topology.VPN:
			if q.From.Addresses == nil {
				continue
			}
			for _, f := range cubes(base, q.Traffic, sources, destinations) {
				if f, ok := w.attached(f, gw); ok {
					f.from = place{gateway: gw, outside: true}
					w.fromEdge(f.hop(gw.Ref, "comes in through "+name(gw)), gw)
				}
			}
		case topology.Peering:
			if peer, known := gw.Peer.Get(); q.From.Addresses != nil && known && peer == nil {
				for _, f := range cubes(base, q.Traffic, sources, destinations) {
					if f, ok := w.established(f, gw); ok {
						f.from = place{gateway: gw, outside: true}
						w.fromEdge(f.hop(gw.Ref, "comes in through "+name(gw)), gw)
					}
				}
			}
		case topology.Transit:
			if q.From.Addresses == nil || gw.Transit == nil {
				continue
			}
			for _, attachment := range gw.Transit.Attachments {
				if network, known := attachment.Network.Get(); known && network == nil {
					for _, f := range cubes(base, q.Traffic, sources, destinations) {
						f.from = place{gateway: gw, attachment: attachment, outside: true}
						w.fromAttachment(f.hop(attachment.Ref, "comes in through "+name(gw)), gw, attachment)
					}
				}
			}
		case topology.Outside:
			for _, f := range cubes(base, q.Traffic, sources, destinations) {
				w.anything(f, gw.Ref)
			}
		}
	}
	if len(w.arrivals) == 0 && len(w.blocks) == 0 {
		for _, f := range cubes(base, q.Traffic, sources, destinations) {
			w.block(f, target.subnet.Network.Ref, "nothing leads from outside into %s", target.subnet.Network.Name)
		}
	}
}

// fromPublic returns what has a source that the internet carries.
func (f flow) fromPublic() []flow {
	rest := packet.Set{f.now.Reply()}.Subtract(privateAddresses()).Reply()
	return f.split(rest, rest, nil)
}

// fromInternet lets packets of the internet in by a gateway.
func (w *walk) fromInternet(f flow, gw *topology.Gateway, to End, target place) {
	f.from = place{gateway: gw, outside: true}
	f = f.hop(gw.Ref, "comes in through "+name(gw))
	f, ok := w.attached(f, gw)
	if !ok {
		return
	}
	if gw.Kind == topology.EgressOnly {
		w.block(f, gw.Ref, "%s lets nothing in that was not asked for", name(gw))
		return
	}
	if f.now.Destination.First.Addr().Is4() && gw.Network == target.subnet.Network {
		switch public, known := w.engine.public(to, target).Get(); {
		case !known:
			f = f.doubt(w.engine.public(to, target).Ref())
		case !public:
			ref := target.subnet.Ref
			if target.iface != nil {
				ref = target.iface.Ref
			}
			w.block(f, ref, "it has no public address")
			return
		}
	} else if gw.Network != target.subnet.Network {
		return
	}
	w.fromEdge(f, gw)
}

// fromEdge delivers what comes into a network by a gateway at its edge.
func (w *walk) fromEdge(f flow, gw *topology.Gateway) {
	f.foreign = true
	table, known := gw.Table.Get()
	if known && table != nil {
		w.lookUp(f, table, nil)
		return
	}
	if subnet, ok := gw.Subnet.Get(); ok && subnet != nil {
		w.route(f, subnet)
		return
	}
	if gw.Network != nil {
		w.deliver(f, gw.Network, nil)
	}
}

// confirm returns what arrived with the parts whose reply does not return taken
// out.
func (w *walk) confirm() []flow {
	var confirmed []flow
	for _, arrived := range w.arrivals {
		flows := []flow{arrived}
		for i := len(arrived.legs) - 1; i >= 0; i-- {
			var next []flow
			for _, f := range flows {
				next = append(next, w.reply(f, f.legs[i])...)
			}
			flows = next
		}
		confirmed = append(confirmed, flows...)
	}
	return confirmed
}

// reply walks the reply back over one leg and returns what it confirms.
func (w *walk) reply(f flow, l leg) []flow {
	request := l.rewrites.carry(l.now, f.sent)
	back := &walk{engine: w.engine, target: l.from, replying: true, steps: w.steps}
	r := flow{certain: true, sent: request.Reply(), now: request.Reply(), from: l.to, public: topology.Known(true, topology.Ref{})}
	r.peers.source, r.peers.sourceUnknown = l.peers.destination, l.peers.destinationUnknown
	r.peers.destination, r.peers.destinationUnknown = l.peers.source, l.peers.sourceUnknown
	back.sendBack(r, l)

	must := everyWay(back.arrivals).Reply()
	var may packet.Set
	var refs []topology.Ref
	var hops []Hop
	if len(back.arrivals) > 0 {
		hops = back.arrivals[0].hops.list()
	}
	for _, a := range back.arrivals {
		cube := a.sent.Reply()
		refs = append(refs, a.undecided()...)
		may = append(may, cube)
	}
	lost := packet.Set{request}.Subtract(may)
	if len(lost) > 0 || len(must) == 0 {
		// Of several ends of the reply, the one that it comes furthest to.
		if deepest := furthest(back.blocks); deepest >= 0 {
			b := back.blocks[deepest]
			trail := f.hops
			for _, hop := range b.trail.list() {
				trail = trail.then(hop)
			}
			b.trail = trail
			b.Packets = packet.Set{f.sent}
			w.blocks = append(w.blocks, b)
		}
	}
	part := f
	part.now, part.rewrites = request, l.rewrites
	parts := part.split(must, may, refs)
	if len(parts) == 0 {
		return nil
	}
	trail := f.hops
	for _, hop := range hops {
		hop.Effect = "reply: " + hop.Effect
		trail = trail.then(hop)
	}
	for i := range parts {
		parts[i].now, parts[i].rewrites, parts[i].hops = f.now, f.rewrites, trail
	}
	return parts
}

// furthest returns the index of the block with the most hops, the first of
// equals; -1 when there is none.
func furthest(blocks []Block) int {
	best := -1
	for i := range blocks {
		if best < 0 || blocks[i].trail.length() > blocks[best].trail.length() {
			best = i
		}
	}
	return best
}

// sendBack starts the reply at the end of a leg.
func (w *walk) sendBack(f flow, l leg) {
	gw := l.to.gateway
	switch {
	case l.direct && gw == nil && l.from.gateway == nil:
		w.sendBackDirectly(f, l)
	case l.to.iface != nil && l.to.subnet == nil: // a public frontend of Azure's
		w.arrive(f, l.from)
	case l.to.outside && gw == nil, azureEdge(l.to), azureEdge(l.from) && (l.to.outside || azureEdge(l.to)):
		// Azure's own translation knows its way back.
		w.arrive(f, l.from)
	case l.to.outside && gw.Kind == topology.Transit:
		if l.to.attachment == nil {
			w.anything(f)
			return
		}
		w.fromAttachment(f, gw, l.to.attachment)
	case l.to.outside:
		if gw.Kind == topology.Internet && l.from.gateway != nil && l.from.gateway.Kind == topology.Firewall && !l.from.outside && l.from.subnet.Network.Cloud == topology.Azure {
			w.arrive(f, l.from)
			return
		}
		if gw.Kind == topology.ServiceGateway && gw.Network == nil && l.from.subnet != nil {
			w.deliver(f, l.from.subnet.Network, nil)
			return
		}
		w.fromEdge(f, gw)
	case gw != nil:
		network := l.to.subnet.Network
		f.foreign = network.Cloud == topology.AWS && !owns(network, f.now.Source)
		w.leaveSubnet(f, l.to.subnet)
	default:
		w.leave(f, l.to.iface, l.to.subnet)
	}
}

// azureEdge reports whether a place is a NAT gateway of Azure, which stands in
// no subnet and translates both ways at once.
func azureEdge(p place) bool {
	return p.gateway != nil && !p.outside && p.gateway.Kind == topology.NAT && p.subnet != nil && p.subnet.Network.Cloud == topology.Azure
}

// answer gathers what a walk found.
func (w *walk) answer(flows []flow, unsure []topology.Ref) Answer {
	var a Answer
	sure := len(unsure) == 0
	if sure {
		a.Must = everyWay(flows)
	}
	if w.evidence > 0 { // the certain ones are the better evidence
		slices.SortStableFunc(flows, func(f, g flow) int { return cmp.Compare(boolean(!f.certain), boolean(!g.certain)) })
	}
	for _, f := range flows {
		certain := f.certain && len(unsure) == 0 && (len(f.choices) == 0 || a.Must.Contains(packet.Set{f.sent}))
		sure = sure && certain && len(f.choices) == 0
		var unknowns []topology.Ref
		if !certain {
			unknowns = sortedRefs(append(f.undecided(), unsure...))
			a.Unknowns = append(a.Unknowns, unknowns...)
		}
		a.May = append(a.May, f.sent)
		if w.evidence == 0 || len(a.Paths) < w.evidence {
			a.Paths = append(a.Paths, Path{Packets: packet.Set{f.sent}, Hops: f.hops.list(), Certain: certain, Unknowns: unknowns})
		}
	}
	slices.SortStableFunc(w.blocks, func(b, c Block) int { return cmp.Compare(c.trail.length(), b.trail.length()) })
	if w.evidence > 0 {
		w.blocks = slices.Clone(w.blocks[:min(len(w.blocks), w.evidence)])
	}
	for i := range w.blocks {
		w.blocks[i].Hops, w.blocks[i].trail = w.blocks[i].trail.list(), nil
	}
	if sure {
		a.May = a.Must // the same packets, kept once
	}
	a.Blocks = w.blocks
	a.Unknowns = sortedRefs(a.Unknowns)
	a.order()
	return a
}
