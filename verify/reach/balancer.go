package reach

import (
	"fmt"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// front is a listener of a load balancer, in front of its targets.
type front struct {
	balancer *topology.Balancer
	listener *topology.Listener
	// perhaps says that only the target's address decides whether it is one.
	perhaps bool
}

// doors are the interfaces that the listener listens on.
func (f front) doors() []*topology.Interface {
	if len(f.listener.Interfaces) > 0 {
		return present(f.listener.Interfaces)
	}
	return present(f.balancer.Interfaces)
}

// present are the interfaces that are there.
func present(all []*topology.Interface) []*topology.Interface {
	if !slices.Contains(all, nil) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(i *topology.Interface) bool { return i == nil })
}

// registered is a target at a place where it may stand, anywhere if that is none;
// refs decide whether it does.
type registered struct {
	iface *topology.Interface
	at    place
	refs  []topology.Ref
}

// findFronts gathers what stands before the interfaces of the model.
func (e *Engine) findFronts() {
	for _, balancer := range e.model.Balancers {
		if balancer.Kind == "gateway" {
			continue // it is a route's next hop
		}
		for _, iface := range present(balancer.Interfaces) {
			e.balancers[iface] = balancer
		}
		for i := range balancer.Listeners {
			f := front{balancer: balancer, listener: &balancer.Listeners[i]}
			add := func(target *topology.Interface, f front) {
				if e.fronts[target] == nil {
					e.balanced = append(e.balanced, target)
				}
				e.fronts[target] = append(e.fronts[target], f)
			}
			for _, target := range present(f.listener.Targets) {
				add(target, f)
			}
			for _, target := range present(f.listener.Perhaps) {
				add(target, front{balancer: balancer, listener: f.listener, perhaps: true})
			}
			if len(f.listener.Incomplete) > 0 {
				e.openFronts = append(e.openFronts, f)
			}
		}
	}
}

// targets are the registered targets that an end at the places means: the
// interface itself, or those that stand in the subnet.
func (e *Engine) targets(end End, places []place) []registered {
	var all []registered
	if end.Interface != nil {
		for _, at := range places {
			all = append(all, registered{iface: end.Interface, at: at})
		}
		if _, complete := end.Interface.Subnet.Options(); !complete {
			all = append(all, registered{iface: end.Interface, refs: []topology.Ref{end.Interface.Subnet.Ref()}})
		}
		return all
	}
	for _, iface := range e.balanced {
		if end.Groups != nil && !sameGroups(end.Groups, iface.Groups) {
			continue
		}
		subnets, complete := iface.Subnet.Options()
		if !complete || slices.Contains(subnets, end.Subnet) {
			t := registered{iface: iface, at: place{subnet: end.Subnet, iface: iface}}
			if !iface.Subnet.IsKnown() {
				t.refs = []topology.Ref{iface.Subnet.Ref()}
			}
			all = append(all, t)
		}
	}
	return all
}

func sameGroups(a, b []*topology.Filter) bool {
	in := func(all []*topology.Filter) func(*topology.Filter) bool {
		return func(f *topology.Filter) bool { return !slices.Contains(all, f) }
	}
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// byBalancers sends the question's packets to the load balancers in front of its
// end, and to the endpoints in front of a load balancer, and lets these forward
// them.
//
// A balancer spreads connections over its targets, which are taken to be healthy:
// each counts as reached.
func (e *Engine) byBalancers(w *walk, q Question, places []place, d *doors) {
	e.byTargets(w, q, places, d)
	if q.To.Interface == nil || q.To.Interface.Kind != topology.BalancerInterface {
		return
	}
	_, complete := q.To.Interface.Subnet.Options()
	for _, link := range e.links(q.To.Interface) {
		for _, iface := range present(link.endpoint.Interfaces) {
			for _, f := range d.at(w, iface) {
				if !complete {
					w.anything(f, append(link.refs, q.To.Interface.Subnet.Ref())...)
				}
				for _, place := range places {
					w.target = place
					w.link(f, link, iface)
				}
			}
		}
	}
}

// byTargets forwards what comes to the listeners in front of the question's end.
func (e *Engine) byTargets(w *walk, q Question, places []place, d *doors) {
	for _, target := range e.targets(q.To, places) {
		for _, by := range e.fronts[target.iface] {
			for _, door := range by.doors() {
				for _, f := range d.at(w, door) {
					if !w.step(f) {
						return
					}
					if len(target.refs) > 0 {
						f = f.doubt(target.refs...)
					}
					if by.perhaps {
						f = f.doubt(target.iface.Ref)
					}
					if target.at.subnet == nil || f.lost() {
						for _, f := range w.listened(f, by) {
							w.anything(f.atTargetPort(by.listener))
						}
						continue
					}
					w.target = target.at
					w.forwardTo(f, by, door, q)
				}
			}
		}
	}
}

// byOpenFronts lets what comes to a listener whose targets are not all known
// perhaps arrive.
func (e *Engine) byOpenFronts(w *walk, d *doors) {
	for _, by := range e.openFronts {
		for _, door := range by.doors() {
			for _, f := range d.at(w, door) {
				for _, f := range w.listened(f, by) {
					w.anything(f, by.listener.Incomplete...)
				}
			}
		}
	}
}

// doors are the interfaces of balancers and endpoints that a question's packets
// come to, each asked for once.
type doors struct {
	question Question
	arrived  map[*topology.Interface][]flow
}

func newDoors(q Question) *doors {
	return &doors{question: q, arrived: map[*topology.Interface][]flow{}}
}

// at returns what of the question's packets gets to a door.
func (d *doors) at(w *walk, door *topology.Interface) []flow {
	if flows, asked := d.arrived[door]; asked {
		return flows
	}
	q := d.question
	q.To = At(door)
	sub := &walk{engine: w.engine, avoid: q.Avoid, evidence: w.evidence, steps: w.steps}
	// Balancers that forward in a circle, which the clouds do not know, may do
	// anything: that is what a door holds until its flows are known.
	w.engine.perhaps(sub, q, door.Ref)
	d.arrived[door] = nil
	for _, f := range sub.arrivals {
		d.arrived[door] = append(d.arrived[door], f.atTargetPort(&topology.Listener{}))
	}
	sub.arrivals = nil
	unsure := w.engine.toward(sub, q, d)
	w.engine.anywhere(sub, q)
	w.blocks, w.steps = append(w.blocks, sub.blocks...), sub.steps
	// Of those that nobody knows the way of, the same packets are needed once.
	lost := map[[2]packet.Cube]bool{}
	d.arrived[door] = nil
	for _, f := range sub.arrivals {
		if packets := [2]packet.Cube{f.sent, f.now}; f.lost() {
			if lost[packets] {
				continue
			}
			lost[packets] = true
		}
		if len(unsure) > 0 {
			f = f.doubt(unsure...)
		}
		d.arrived[door] = append(d.arrived[door], f)
	}
	return d.arrived[door]
}

// listened returns what the listener takes of the flow.
func (w *walk) listened(f flow, by front) []flow {
	var taken packet.Set
	protocol, known := by.listener.Protocol.Get()
	var numbers []uint8
	switch protocol {
	case "TCP", "TLS", "HTTP", "HTTPS":
		numbers = []uint8{packet.TCP}
	case "UDP", "QUIC":
		numbers = []uint8{packet.UDP}
	default: // TCP_UDP, TCP_QUIC, ALL, and what may become known
		numbers = []uint8{packet.TCP, packet.UDP}
	}
	ports, complete := by.listener.Port.Options()
	for _, number := range numbers {
		cube := packet.Everything()
		cube.Protocols = packet.Protocols{First: number, Last: number}
		if !complete {
			taken = append(taken, cube)
			continue
		}
		for _, port := range ports {
			cube.DestinationPorts = packet.Ports{First: port, Last: port}
			taken = append(taken, cube)
		}
	}
	must, refs := taken, []topology.Ref(nil)
	if !known || !by.listener.Port.IsKnown() {
		must, refs = nil, []topology.Ref{by.listener.Protocol.Ref(), by.listener.Port.Ref()}
	}
	parts := f.split(must, taken, refs)
	if len(parts) == 0 {
		w.block(f, by.listener.Ref, "the listener of load balancer %s does not take %s", by.balancer.Name, w.text(Witness(packet.Set{f.now})))
	}
	return parts
}

// forwardTo passes the flow, which has come to the door, on to the walk's target.
func (w *walk) forwardTo(f flow, by front, door *topology.Interface, q Question) {
	target := w.target
	for _, f := range w.listened(f, by) {
		f, ok := w.zoned(f, by, door)
		if !ok {
			continue
		}
		f.peers.destination, f.peers.destinationUnknown = target.iface.Groups, len(target.iface.Incomplete) > 0
		for _, destination := range w.engine.registeredAt(target, q.To.Addresses) {
			g := f
			g.now.Destination = destination.addresses
			g.rewrites.destination = origins(&g, destination)
			g = g.atTargetPort(by.listener)
			g = g.hop(by.listener.Ref, fmt.Sprintf("load balancer %s forwards it to %s %s", by.balancer.Name, target.iface.Kind, target.iface.Name))
			w.send(g, by, door, q)
		}
	}
}

// atTargetPort returns the flow as it goes to the port of the listener's targets.
func (f flow) atTargetPort(l *topology.Listener) flow {
	if port, known := l.TargetPort.Get(); known {
		f.now.DestinationPorts, f.rewrites.destinationPort = packet.Ports{First: port, Last: port}, fixed
		return f
	}
	f.now.DestinationPorts, f.rewrites.destinationPort = packet.Ports{First: 0, Last: 65535}, undecided
	f.rewrites.refs = append(slices.Clip(f.rewrites.refs), l.TargetPort.Ref())
	return f
}

// registeredAt are the addresses that a target is registered by: its first one, or
// whatever it will be. narrowed are those that the question asks about.
func (e *Engine) registeredAt(target place, narrowed []packet.Addresses) []spread {
	iface := *target.iface
	iface.Addresses = iface.Addresses[:min(len(iface.Addresses), 1)]
	return e.spread(End{Interface: &iface, Addresses: narrowed}, target)
}

// origins returns how addresses come about that a device puts on a flow, and adds
// what decides them.
func origins(f *flow, s spread) origin {
	f.rewrites.refs = append(slices.Clip(f.rewrites.refs), s.refs...)
	if s.unsure {
		*f = f.doubt(s.refs...)
	}
	if s.origin == same {
		return fixed
	}
	return s.origin
}

// zoned returns the flow if the door sends to the target's zone. It finds the zone
// of a target in its own network; that of another one is what it was told. Whether
// targets get anything in a zone without the balancer, the documents tell either
// way.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
func (w *walk) zoned(f flow, by front, door *topology.Interface) (flow, bool) {
	to := w.target.subnet
	if to.Network.Cloud != topology.AWS {
		return f, true
	}
	from := door.Subnet.Or(nil)
	if from == nil {
		return f.doubt(door.Subnet.Ref()), true
	}
	zone, known := from.Zone.Get()
	other, otherKnown := to.Zone.Get()
	cross, crossKnown := by.listener.CrossZone.Get()
	switch {
	case from == to, known && otherKnown && zone == other:
		return f, true
	case !crossKnown:
		return f.doubt(by.listener.CrossZone.Ref()), true
	case !known:
		return f.doubt(from.Zone.Ref()), true
	case !otherKnown:
		return f.doubt(to.Zone.Ref()), true
	case from.Network != to.Network:
		if !cross {
			f = f.doubt(by.listener.Ref)
		}
		return f, true
	case cross:
		if !slices.ContainsFunc(by.balancer.Interfaces, func(i *topology.Interface) bool {
			subnet := i.Subnet.Or(nil)
			return subnet != nil && subnet.Zone.Or("") == other
		}) {
			f = f.doubt(by.balancer.Ref)
		}
		return f, true
	}
	w.block(f, by.listener.Ref, "load balancer %s sends from %s only to targets of the same zone", by.balancer.Name, zone)
	return f, false
}

// send puts the source on what a balancer forwards, and sends it.
func (w *walk) send(f flow, by front, door *topology.Interface, q Question) {
	preserves, known := by.listener.PreserveClientIP.Get()
	if !known {
		f = f.doubt(by.listener.PreserveClientIP.Ref())
	}
	if w.target.subnet.Network.Cloud == topology.Azure && (preserves || !known) {
		w.sendInPlace(f, by, door, q)
		if preserves {
			return
		}
	}
	subnet := door.Subnet.Or(nil)
	if subnet == nil {
		w.anything(f, door.Subnet.Ref())
		return
	}
	f.from, f.visited, f.direct = place{subnet: subnet, iface: door}, nil, false
	f.public, f.foreign = topology.Known(false, door.Ref), false
	f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = door.Groups, len(door.Incomplete) > 0, nil
	if f.link != nil || f.now.Source.First.Addr().Is4() != f.now.Destination.First.Addr().Is4() {
		preserves, known = false, true
	}
	if w.target.subnet.Network.Cloud == topology.AWS && (preserves || !known) {
		w.sendPreserving(f, by, door, q)
	}
	if preserves {
		return
	}
	for _, source := range w.engine.spread(At(door), place{subnet: subnet}) {
		g := f
		if by.balancer.Kind != "network" { // it has several hosts, of the whole subnet
			for _, all := range w.engine.subnetSpread(subnet) {
				if source.addresses.First.Addr().Is4() == all.addresses.First.Addr().Is4() {
					source = pickedBy(all)
					break
				}
			}
		}
		if source.addresses.First.Addr().Is4() != g.now.Destination.First.Addr().Is4() {
			continue
		}
		g.now.Source = source.addresses
		g.rewrites.source = origins(&g, source)
		g.now.SourcePorts, g.rewrites.sourcePort = packet.Ephemeral(), chosen
		if subnet.Network.Cloud == topology.Azure { // a rule of the firewall's is about who comes in
			w.leaveSubnet(g, subnet)
			continue
		}
		w.leave(g, door, subnet)
	}
}

// pickedBy are addresses of a subnet that a device picks from: any of them, or one
// that will be known with the subnet's.
func pickedBy(subnet spread) spread {
	if !subnet.unsure {
		subnet.origin = chosen
	}
	return subnet
}

// sendPreserving sends on what keeps its client's address: straight to the target,
// in the balancer's network or a peered one. It does not work through a device, to
// an endpoint, or to another network load balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func (w *walk) sendPreserving(f flow, by front, door *topology.Interface, q Question) {
	t := w.target
	other := w.engine.balancers[t.iface]
	if t.iface.Kind == topology.EndpointInterface || other != nil && other.Kind == "network" {
		w.block(f, by.listener.Ref, "clients' addresses are not preserved to %s", t.iface.Name)
		return
	}
	f.direct = true
	for _, f := range w.notItself(f, q) {
		for _, f := range w.interfaceFilters(f, door, f.from.subnet, true) {
			for _, f := range w.directly(f, by) {
				if t.subnet == f.from.subnet {
					w.reached(f, t.subnet)
					continue
				}
				for _, f := range w.subnetFilter(f, f.from.subnet, true) {
					w.enter(f, t.subnet)
				}
			}
		}
	}
}

// notItself returns what does not come from the target itself, which would see its
// own address as the client's and not answer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
// https://learn.microsoft.com/azure/load-balancer/load-balancer-troubleshoot-backend-traffic
func (w *walk) notItself(f flow, q Question) []flow {
	const reason = "a target that sees its own address as the client's does not answer"
	if q.From.Interface == w.target.iface {
		w.block(f, w.target.iface.Ref, reason)
		return nil
	}
	if f.rewrites.destination != fixed {
		return []flow{f} // some other host sends it
	}
	own := packet.Everything()
	own.Source = f.now.Destination
	rest := packet.Set{f.now}.Subtract(packet.Set{own})
	if len(rest) == 0 {
		w.block(f, w.target.iface.Ref, reason)
	}
	return f.split(rest, rest, nil)
}

// directly returns what nothing stands between the balancer and the target of but a
// peering. Where the balancer's subnet has another route, no document says what
// becomes of it.
func (w *walk) directly(f flow, by front) []flow {
	near, far := f.from.subnet, w.target.subnet
	var peering *topology.Gateway
	if near.Network != far.Network {
		var refs []topology.Ref
		if peering, refs = w.engine.peering(near.Network, far.Network); peering == nil {
			w.block(f, by.listener.Ref, "no peering leads to the target, to which the client's address is preserved")
			return nil
		}
		if len(refs) > 0 {
			f = f.doubt(refs...)
		}
		var ok bool
		if f, ok = w.established(f, peering); !ok {
			return nil
		}
	}
	if near == far {
		return []flow{f}
	}
	table, known := near.Table.Get()
	if !known || table == nil || len(table.Incomplete) > 0 {
		return []flow{f.doubt(near.Table.Ref(), by.listener.Ref)}
	}
	entries, open := w.engine.entries(table)
	if len(open) > 0 {
		return []flow{f.doubt(open[0].To.Ref())}
	}
	var sure, blocked packet.Set
	claim(entries, packet.Set{f.now}, func(e entry, hit packet.Set) {
		switch gw, known := e.route.Via.Get(); {
		case !known || gw == nil:
		case gw == peering, peering == nil && gw.Kind == topology.Local:
			sure = append(sure, hit...)
		case gw.Kind == topology.Firewall, gw.Kind == topology.Transit:
			blocked = append(blocked, hit...)
			w.block(f, e.route.Ref, "%s stands between the balancer and the target, to which the client's address is preserved", name(gw))
		}
	})
	return f.split(sure, packet.Set{f.now}.Subtract(blocked), []topology.Ref{by.listener.Ref})
}

// sendInPlace sends on what Azure's load balancer has rewritten, which is no device
// on the way: to the target it comes from the client.
// https://learn.microsoft.com/azure/load-balancer/components
func (w *walk) sendInPlace(f flow, by front, door *topology.Interface, q Question) {
	network := w.target.subnet.Network
	subnet, known := door.Subnet.Get()
	if known && (subnet != nil && subnet.Network != network || subnet == nil && f.from.gateway != nil && f.from.gateway.Network != network) {
		w.block(f, door.Ref, "the target does not stand in the load balancer's network")
		return
	}
	if f.link != nil {
		w.sendByService(f, by, door)
		return
	}
	if n := len(f.legs); n > 0 && f.legs[n-1].to.iface == door {
		f.legs = f.legs[:n-1] // the balancer remembers nothing
	}
	for _, f := range w.notItself(f, q) {
		for _, f := range w.opened(f, by, door) {
			w.enter(f, w.target.subnet)
		}
	}
}

// sendByService sends on what comes through a private link service, with one of
// the addresses that it has.
// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func (w *walk) sendByService(f flow, by front, door *topology.Interface) {
	f.public, f.foreign = topology.Known(false, door.Ref), false
	f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = nil, false, nil
	f.now.SourcePorts, f.rewrites.sourcePort = packet.Ephemeral(), chosen
	if len(f.link.NATSubnets) == 0 {
		w.anything(f, f.link.Ref)
		return
	}
	for i, v := range f.link.NATSubnets {
		g := f
		if n := len(f.link.NATSubnets); n > 1 {
			g.choices = append(slices.Clip(g.choices), choice{f.link, f.link.Ref, i, n})
		}
		g, subnets := options(w, g, v)
		for _, subnet := range subnets {
			for _, source := range w.engine.subnetSpread(subnet) {
				if !source.addresses.First.Addr().Is4() {
					continue
				}
				h := g
				source = pickedBy(source)
				h.now.Source, h.from = source.addresses, place{subnet: subnet}
				h.rewrites.source = origins(&h, source)
				for _, h := range w.opened(h, by, door) {
					w.enter(h, w.target.subnet)
				}
			}
		}
	}
}

// opened returns what gets to a target that no security group protects: from a
// Standard load balancer only what comes from its own network. Whether other
// networks' is as internal, no document says.
// https://learn.microsoft.com/azure/load-balancer/skus
func (w *walk) opened(f flow, by front, door *topology.Interface) []flow {
	t := w.target
	filter, known := t.subnet.Filter.Get()
	switch {
	case by.balancer.SKU != "Standard" && by.balancer.SKU != "", filter != nil, len(t.iface.Filters) > 0:
		return []flow{f}
	case by.balancer.SKU == "":
		return []flow{f.doubt(by.balancer.Ref)} // of a kind that is not told
	case !known:
		return []flow{f.doubt(t.subnet.Filter.Ref())}
	case len(t.iface.Incomplete) > 0:
		return []flow{f.doubt(t.iface.Incomplete...)}
	}
	if subnet, known := door.Subnet.Get(); known && subnet == nil {
		w.block(f, t.iface.Ref, "a Standard load balancer reaches only what a security group opens")
		return nil
	}
	var own packet.Set
	for _, prefix := range t.subnet.Network.Prefixes {
		if p, ok := prefix.Get(); ok {
			cube := packet.Everything()
			cube.Source = packet.InPrefix(p)
			own = append(own, cube)
		}
	}
	return f.split(packet.Set{f.now}.Intersect(own), packet.Set{f.now}, []topology.Ref{by.balancer.Ref})
}

// link is an endpoint that leads to a load balancer's interface.
type link struct {
	endpoint *topology.Endpoint
	service  *topology.EndpointService
	balancer *topology.Balancer
	// refs decide whether it does.
	refs []topology.Ref
}

// links are the endpoints that lead to a load balancer's interface.
func (e *Engine) links(to *topology.Interface) []link {
	balancer := e.balancers[to]
	if balancer == nil {
		return nil
	}
	var all []link
	for _, endpoint := range e.model.Endpoints {
		switch {
		case endpoint.Kind != "interface" && endpoint.Kind != "private":
		case endpoint.Of != nil:
			if refs, leads := leadsTo(endpoint.Of, balancer); leads {
				all = append(all, link{endpoint, endpoint.Of, balancer, refs})
			}
		case !endpoint.Service.IsKnown():
			for _, service := range e.model.Services {
				all = append(all, link{endpoint, service, balancer, []topology.Ref{endpoint.Service.Ref()}})
			}
		}
	}
	return all
}

// leadsTo reports whether a service leads to a load balancer, or may: refs decide.
func leadsTo(service *topology.EndpointService, balancer *topology.Balancer) (refs []topology.Ref, leads bool) {
	for _, v := range service.Balancers {
		balancers, complete := v.Options()
		switch {
		case v.IsKnown() && balancers[0] == balancer:
			return nil, true
		case !v.IsKnown() && (!complete || slices.Contains(balancers, balancer)):
			refs = append(refs, v.Ref())
		}
	}
	return refs, len(refs) > 0
}

// link passes what has come to an interface of the endpoint on to the walk's
// target, a load balancer's interface behind the endpoint's service.
func (w *walk) link(f flow, l link, from *topology.Interface) {
	if len(l.refs) > 0 {
		f = f.doubt(l.refs...)
	}
	if f.lost() {
		w.anything(f)
		return
	}
	switch accepted, known := l.endpoint.Accepted.Get(); {
	case !known:
		f = f.doubt(l.endpoint.Accepted.Ref())
	case !accepted:
		w.block(f, l.endpoint.Ref, "the service %s has not accepted endpoint %s", l.service.Name, l.endpoint.Name)
		return
	}
	f, ok := w.linkedWay(f, l, from)
	if !ok {
		return
	}
	f = f.hop(l.service.Ref, fmt.Sprintf("endpoint %s leads through service %s to load balancer %s", l.endpoint.Name, l.service.Name, l.balancer.Name))
	f.link = l.service
	// Whether rules about the client's groups hold, no document says.
	f.peers.sourceRefs = append(slices.Clip(f.peers.sourceRefs), l.service.Ref)
	target := w.target
	if target.subnet == nil || target.subnet.Network.Cloud != topology.AWS {
		w.arrivals = append(w.arrivals, f)
		return
	}
	flows := []flow{f}
	switch filters, known := l.balancer.FiltersPrivateLink.Get(); {
	case !known:
		flows = []flow{f.doubt(l.balancer.FiltersPrivateLink.Ref())}
	case filters:
		f.peers.destination = target.iface.Groups
		flows = w.interfaceFilters(f, target.iface, target.subnet, false)
	}
	for _, f := range flows {
		w.arrivals = append(w.arrivals, w.perhapsFiltered(f, target.subnet)...)
	}
}

// perhapsFiltered puts in doubt what the subnet's network ACL would deny, in or
// back: no document says whether it sees what comes through an endpoint service.
func (w *walk) perhapsFiltered(f flow, subnet *topology.Subnet) []flow {
	filter, known := subnet.Filter.Get()
	switch {
	case !known:
		return []flow{f.doubt(subnet.Filter.Ref())}
	case filter == nil:
		return []flow{f}
	}
	passed := func(rules []topology.Rule, cube packet.Cube) (set packet.Set) {
		for _, m := range evaluate(filter, rules, cube, peers{}) {
			if m.allow && m.certain {
				set = append(set, m.set...)
			}
		}
		return set
	}
	sure := passed(filter.In, f.now).Intersect(passed(filter.Out, f.now.Reply()).Reply())
	return f.split(sure, packet.Set{f.now}, []topology.Ref{filter.Ref})
}

// linkedWay returns the flow if the endpoint's interface leads to the target. It
// leads to a load balancer's in the same zone, to any of several; the names of zones
// say nothing between accounts. An Azure service leads to any frontend.
// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
func (w *walk) linkedWay(f flow, l link, from *topology.Interface) (flow, bool) {
	near := from.Subnet.Or(nil)
	if near == nil {
		return f.doubt(from.Subnet.Ref()), true
	}
	var ways []*topology.Interface
	for _, v := range l.service.Balancers {
		b, known := v.Get()
		if !known {
			f = f.doubt(v.Ref())
			continue
		}
		if b == nil || b.Kind == "gateway" {
			continue
		}
		for _, i := range present(b.Interfaces) {
			other := i.Subnet.Or(nil)
			if other == nil || near.Network.Cloud != topology.AWS || near.Network.Account == "" || near.Network.Account != other.Network.Account {
				ways = append(ways, i)
				continue
			}
			zone, known := near.Zone.Get()
			same, sameKnown := other.Zone.Get()
			switch {
			case !known:
				f = f.doubt(near.Zone.Ref())
			case !sameKnown:
				f = f.doubt(other.Zone.Ref())
			case zone != same:
				continue
			}
			ways = append(ways, i)
		}
	}
	way := slices.Index(ways, w.target.iface)
	if way < 0 && f.certain {
		w.block(f, w.target.iface.Ref, "endpoint %s leads to the load balancer in the zone of %s", l.endpoint.Name, near.Name)
		return f, false
	}
	if way >= 0 && len(ways) > 1 {
		f.choices = append(slices.Clip(f.choices), choice{from, from.Ref, way, len(ways)})
	}
	return f, true
}

// startAtFrontend sends packets of the internet to a public frontend of Azure's,
// which stands in no subnet.
func (e *Engine) startAtFrontend(w *walk, base flow, q Question, target place) {
	if !q.From.outside() {
		return // what leaves for the internet is not followed back
	}
	var destinations []spread
	for _, address := range target.iface.PublicAddresses {
		s := spread{addresses: packet.EveryIPv4(), origin: undecided, refs: []topology.Ref{address.Ref()}}
		if known, ok := address.Get(); ok {
			s = spread{addresses: packet.Only(known)}
		}
		destinations = append(destinations, s)
	}
	for _, gw := range e.model.Gateways {
		if gw.Kind != topology.Internet || gw.Network == nil || gw.Network.Cloud != topology.Azure {
			continue
		}
		for _, f := range cubes(base, q.Traffic, e.spread(q.From, place{outside: true}), destinations) {
			for _, f := range f.fromPublic() {
				f.from = place{gateway: gw, outside: true}
				f = f.hop(target.iface.Ref, "comes in at "+target.iface.Name+" of the load balancer")
				w.arrive(f, target)
			}
		}
	}
}

// sendBackDirectly takes the reply to a client whose address was preserved back to
// the balancer: whatever the routes say, but through the network ACLs.
func (w *walk) sendBackDirectly(f flow, l leg) {
	flows := []flow{f}
	if l.to.subnet != l.from.subnet {
		flows = nil
		for _, f := range w.subnetFilter(f, l.to.subnet, true) {
			flows = append(flows, w.subnetFilter(f, l.from.subnet, false)...)
		}
	}
	for _, f := range flows {
		w.arrive(f.hop(l.from.iface.Ref, "back at load balancer "+l.from.iface.Name), l.from)
	}
}

// frontend reports whether the interface is the frontend of an Azure load
// balancer, which no filter of its subnet protects.
func (e *Engine) frontend(iface *topology.Interface) bool {
	b := e.balancers[iface]
	return b != nil && b.Kind == "azure" && len(iface.Filters) == 0
}
