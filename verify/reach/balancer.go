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
}

// doors are the interfaces that the listener listens on.
func (f front) doors() []*topology.Interface {
	if len(f.listener.Interfaces) > 0 {
		return f.listener.Interfaces
	}
	return f.balancer.Interfaces
}

// inPlace reports whether the balancer is no device on the way: Azure rewrites
// what goes to it where it is sent from, and the reply where the target is.
// https://learn.microsoft.com/azure/load-balancer/components
func (f front) inPlace(target *topology.Subnet) bool {
	preserves, known := f.listener.PreserveClientIP.Get()
	return target.Network.Cloud == topology.Azure && known && preserves
}

// registered is a target at a place where it may stand; refs decide whether it
// does.
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
		for i := range balancer.Listeners {
			f := front{balancer, &balancer.Listeners[i]}
			for _, target := range f.listener.Targets {
				if e.fronts[target] == nil {
					e.balanced = append(e.balanced, target)
				}
				e.fronts[target] = append(e.fronts[target], f)
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
// them. passed are the interfaces that the packets are on their way to already.
//
// A balancer spreads connections over its targets, which are taken to be healthy:
// each counts as reached.
func (e *Engine) byBalancers(w *walk, q Question, places []place, passed []*topology.Interface) {
	d := doors{question: q, passed: passed, arrived: map[*topology.Interface][]flow{}}
	e.byTargets(w, q, places, d)
	e.byOpenFronts(w, d)
	if q.To.Interface == nil || q.To.Interface.Kind != topology.BalancerInterface {
		return
	}
	for _, link := range e.links(q.To.Interface) {
		for _, iface := range link.endpoint.Interfaces {
			for _, f := range d.at(w, iface) {
				for _, place := range places {
					w.target = place
					w.link(f, link, iface)
				}
			}
		}
	}
}

// byTargets forwards what comes to the listeners in front of the question's end.
func (e *Engine) byTargets(w *walk, q Question, places []place, d doors) {
	for _, target := range e.targets(q.To, places) {
		for _, by := range e.fronts[target.iface] {
			for _, door := range by.doors() {
				for _, f := range d.at(w, door) {
					if len(target.refs) > 0 {
						f = f.doubt(target.refs...)
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
func (e *Engine) byOpenFronts(w *walk, d doors) {
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
	passed   []*topology.Interface
	arrived  map[*topology.Interface][]flow
}

// at returns what of the question's packets gets to a door.
func (d doors) at(w *walk, door *topology.Interface) []flow {
	if slices.Contains(d.passed, door) {
		return nil
	}
	if flows, asked := d.arrived[door]; asked {
		return flows
	}
	q := d.question
	q.To = At(door)
	sub := &walk{engine: w.engine, avoid: q.Avoid, evidence: w.evidence, steps: w.steps}
	unsure := w.engine.toward(sub, q, append(slices.Clip(d.passed), door))
	w.engine.anywhere(sub, q)
	w.blocks, w.steps = append(w.blocks, sub.blocks...), sub.steps
	if len(unsure) > 0 {
		for i, f := range sub.arrivals {
			sub.arrivals[i] = f.doubt(unsure...)
		}
	}
	d.arrived[door] = sub.arrivals
	return sub.arrivals
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
	default: // TCP_UDP, ALL, and what may become known
		numbers = []uint8{packet.TCP, packet.UDP}
	}
	port, portKnown := by.listener.Port.Get()
	for _, number := range numbers {
		cube := packet.Everything()
		cube.Protocols = packet.Protocols{First: number, Last: number}
		if portKnown {
			cube.DestinationPorts = packet.Ports{First: port, Last: port}
		}
		taken = append(taken, cube)
	}
	must, refs := taken, []topology.Ref(nil)
	if !known || !portKnown {
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
		end := At(target.iface)
		end.Addresses = q.To.Addresses
		for _, destination := range w.engine.spread(end, target) {
			g := f
			g.now.Destination = destination.addresses
			g.rewrites.destination = origins(&g, destination)
			g.now.DestinationPorts, g.rewrites.destinationPort = packet.Ports{First: 0, Last: 65535}, undecided
			if port, known := by.listener.TargetPort.Get(); known {
				g.now.DestinationPorts, g.rewrites.destinationPort = packet.Ports{First: port, Last: port}, fixed
			} else {
				g.rewrites.refs = append(slices.Clip(g.rewrites.refs), by.listener.TargetPort.Ref())
			}
			g = g.hop(by.listener.Ref, fmt.Sprintf("load balancer %s forwards it to %s %s", by.balancer.Name, target.iface.Kind, target.iface.Name))
			w.send(g, by, door, q)
		}
	}
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

// zoned returns the flow if the door sends to the target's zone.
func (w *walk) zoned(f flow, by front, door *topology.Interface) (flow, bool) {
	cross, crossKnown := by.listener.CrossZone.Get()
	if cross {
		return f, true
	}
	from, to := door.Subnet.Or(nil), w.target.subnet
	if from == nil {
		return f.doubt(door.Subnet.Ref()), true
	}
	zone, known := from.Zone.Get()
	other, otherKnown := to.Zone.Get()
	switch {
	case from == to, known && otherKnown && zone == other:
		return f, true
	case !crossKnown:
		return f.doubt(by.listener.CrossZone.Ref()), true
	case !known:
		return f.doubt(from.Zone.Ref()), true
	case !otherKnown:
		return f.doubt(to.Zone.Ref()), true
	}
	w.block(f, by.listener.Ref, "load balancer %s sends from %s only to targets of the same zone", by.balancer.Name, zone)
	return f, false
}

// send puts the source on what a balancer forwards, and sends it.
func (w *walk) send(f flow, by front, door *topology.Interface, q Question) {
	if by.inPlace(w.target.subnet) {
		w.sendInPlace(f, door)
		return
	}
	subnet := door.Subnet.Or(nil)
	if subnet == nil {
		w.anything(f, door.Subnet.Ref())
		return
	}
	f.from = place{subnet: subnet, iface: door}
	f.public, f.foreign = topology.Known(false, door.Ref), false
	f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = door.Groups, len(door.Incomplete) > 0, nil
	preserves, known := by.listener.PreserveClientIP.Get()
	if f.link != nil || f.now.Source.First.Addr().Is4() != f.now.Destination.First.Addr().Is4() {
		preserves, known = false, true
	}
	if !known {
		f = f.doubt(by.listener.PreserveClientIP.Ref())
	}
	if preserves || !known {
		w.sendPreserving(f, door, q)
	}
	if preserves {
		return
	}
	for _, source := range w.engine.spread(At(door), place{subnet: subnet}) {
		g := f
		if by.balancer.Kind != "network" { // it has several hosts, of the whole subnet
			source = spread{addresses: source.addresses, origin: chosen, refs: source.refs, unsure: source.unsure}
			for _, all := range w.engine.subnetSpread(subnet) {
				if source.addresses.First.Addr().Is4() == all.addresses.First.Addr().Is4() {
					source.addresses = all.addresses
				}
			}
		}
		if source.addresses.First.Addr().Is4() != g.now.Destination.First.Addr().Is4() {
			continue
		}
		g.now.Source = source.addresses
		g.rewrites.source = origins(&g, source)
		g.now.SourcePorts, g.rewrites.sourcePort = packet.Ephemeral(), chosen
		w.leave(g, door, subnet)
	}
}

// sendPreserving sends on what keeps its client's address: straight to the target.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func (w *walk) sendPreserving(f flow, door *topology.Interface, q Question) {
	if q.From.Interface == w.target.iface {
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
		w.block(f, w.target.iface.Ref, "a target that sees its own address as the client's does not answer")
		return
	}
	f.direct = true
	w.leave(f, door, f.from.subnet)
}

// sendInPlace sends on what Azure's load balancer has rewritten. To the target it
// comes from the client or, through a private link service, from the addresses
// that the service puts on it.
// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func (w *walk) sendInPlace(f flow, door *topology.Interface) {
	if subnet, known := door.Subnet.Get(); known && subnet != nil && subnet.Network != w.target.subnet.Network {
		w.block(f, door.Ref, "the target does not stand in the load balancer's network")
		return
	}
	if f.link == nil {
		if n := len(f.legs); n > 0 && f.legs[n-1].to.iface == door {
			f.legs = f.legs[:n-1] // the balancer remembers nothing
		}
		w.enter(f, w.target.subnet)
		return
	}
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
				if source.addresses.First.Addr().Is4() {
					h := g
					source.origin = chosen
					h.now.Source = source.addresses
					h.rewrites.source = origins(&h, source)
					h.from = place{subnet: subnet}
					w.enter(h, w.target.subnet)
				}
			}
		}
	}
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
	var all []link
	for _, balancer := range e.model.Balancers {
		if balancer.Kind == "gateway" || !slices.Contains(balancer.Interfaces, to) {
			continue
		}
		for _, endpoint := range e.model.Endpoints {
			if endpoint.Kind != "interface" && endpoint.Kind != "private" {
				continue
			}
			l := link{endpoint: endpoint, service: endpoint.Of, balancer: balancer}
			if l.service == nil {
				if !endpoint.Service.IsKnown() && len(e.model.Services) > 0 {
					l.service, l.refs = e.model.Services[0], []topology.Ref{endpoint.Service.Ref()}
					all = append(all, l)
				}
				continue
			}
			var perhaps []topology.Ref
			found := false
			for _, v := range l.service.Balancers {
				balancers, complete := v.Options()
				if v.IsKnown() && balancers[0] == balancer {
					found = true
				} else if !v.IsKnown() && (!complete || slices.Contains(balancers, balancer)) {
					perhaps = append(perhaps, v.Ref())
				}
			}
			if !found {
				l.refs = perhaps
			}
			if found || len(perhaps) > 0 {
				all = append(all, l)
			}
		}
	}
	return all
}

// link passes what has come to an interface of the endpoint on to the walk's
// target, a load balancer's interface behind the endpoint's service.
func (w *walk) link(f flow, l link, from *topology.Interface) {
	if len(l.refs) > 0 {
		f = f.doubt(l.refs...)
	}
	switch accepted, known := l.endpoint.Accepted.Get(); {
	case !known:
		f = f.doubt(l.endpoint.Accepted.Ref())
	case !accepted:
		w.block(f, l.endpoint.Ref, "the service %s has not accepted endpoint %s", l.service.Name, l.endpoint.Name)
		return
	}
	f, ok := w.linkedZone(f, l, from)
	if !ok {
		return
	}
	f = f.hop(l.service.Ref, fmt.Sprintf("endpoint %s leads through service %s to load balancer %s", l.endpoint.Name, l.service.Name, l.balancer.Name))
	f.link = l.service
	f.peers.source, f.peers.sourceUnknown, f.peers.sourceRefs = nil, false, nil
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

// perhapsFiltered puts in doubt what the subnet's network ACL would deny: no
// document says whether it sees what comes through an endpoint service.
func (w *walk) perhapsFiltered(f flow, subnet *topology.Subnet) []flow {
	aside := &walk{engine: w.engine, target: w.target}
	var passed, sure packet.Set
	for _, part := range aside.subnetFilter(f, subnet, false) {
		passed = append(passed, part.now)
		if part.certain == f.certain {
			sure = append(sure, part.now)
		}
	}
	if len(packet.Set{f.now}.Subtract(sure)) == 0 {
		return []flow{f}
	}
	return f.split(sure, packet.Set{f.now}, []topology.Ref{subnet.Filter.Ref()})
}

// linkedZone returns the flow if the endpoint's interface leads to the target, the
// interface of a load balancer in the same zone. The names of zones say nothing
// between accounts: then any of them may be the one.
// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
func (w *walk) linkedZone(f flow, l link, from *topology.Interface) (flow, bool) {
	subnet, target := from.Subnet.Or(nil), w.target.subnet
	if target == nil || target.Network.Cloud != topology.AWS {
		return f, true
	}
	if subnet == nil {
		return f.doubt(from.Subnet.Ref()), true
	}
	zone, known := subnet.Zone.Get()
	other, otherKnown := target.Zone.Get()
	account := subnet.Network.Account
	switch {
	case len(l.balancer.Interfaces) == 1:
		return f, true
	case account != "" && account == target.Network.Account && known && otherKnown:
		if zone == other {
			return f, true
		}
		w.block(f, w.target.iface.Ref, "endpoint %s leads from %s to the load balancer in the same zone", l.endpoint.Name, zone)
		return f, false
	}
	way := slices.Index(l.balancer.Interfaces, w.target.iface)
	f.choices = append(slices.Clip(f.choices), choice{from, from.Ref, way, len(l.balancer.Interfaces)})
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
			rest := packet.Set{f.now.Reply()}.Subtract(privateAddresses()).Reply()
			for _, f := range f.split(rest, rest, nil) {
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
	if iface == nil || iface.Kind != topology.BalancerInterface {
		return false
	}
	return slices.ContainsFunc(e.model.Balancers, func(b *topology.Balancer) bool {
		return b.Kind == "azure" && len(iface.Filters) == 0 && slices.Contains(b.Interfaces, iface)
	})
}
