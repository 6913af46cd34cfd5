package reach

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// maxSteps bounds one walk. No network of this world comes near it; a graph
// that was made to does, and its answer is then that anything may happen.
const maxSteps = 20_000

// place is where packets start, end, or are remembered.
type place struct {
	subnet *topology.Subnet
	// iface is one interface; nil is any host of the subnet.
	iface *topology.Interface
	// gateway is a device that sends for others, or the edge of the graph.
	gateway *topology.Gateway
	// address says that what the gateway sends has its own address.
	address bool
	// attachment is where a transit gateway leads out of the graph.
	attachment *topology.Attachment
	// outside says that the place lies beyond gateway, or anywhere outside.
	outside bool
	// group makes it any host of these subnets, of which subnet is one.
	group map[*topology.Subnet]bool
}

// in reports whether the subnet is the place's, or one of them.
func (p place) in(subnet *topology.Subnet) bool { return p.subnet == subnet || p.group[subnet] }

// leg is a part of a flow's way between two places that know the connection.
type leg struct {
	from, to place
	now      packet.Cube
	rewrites rewrites
	peers    peers
	// direct says that a load balancer sent it with its client's address: the
	// reply finds back past the routes.
	direct bool
}

// walk is one search: of a question's packets, or of a reply.
type walk struct {
	engine *Engine
	target place
	// replying says that stateful filters and devices know the connection.
	replying bool
	avoid    []*topology.Gateway
	// internet says that the packets are for the internet and not for whatever
	// lies outside.
	internet bool

	// evidence is how many paths and blocks an answer keeps; 0 is all.
	evidence int

	steps    int
	arrivals []flow
	blocks   []Block
}

// block ends the flow.
func (w *walk) block(f flow, ref topology.Ref, format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if w.replying {
		reason = "the reply is lost: " + reason
	}
	w.blocks = append(w.blocks, Block{
		URN: ref.URN, Property: ref.Property, Reason: reason, trail: f.hops, Packets: packet.Set{f.sent},
	})
}

// arrive ends the flow at the target.
func (w *walk) arrive(f flow, at place) {
	w.arrivals = append(w.arrivals, f.remembered(at))
}

// anything lets the flow perhaps arrive: what it meets is not understood.
func (w *walk) anything(f flow, refs ...topology.Ref) {
	f = f.doubt(refs...)
	f.legs = nil
	w.arrivals = append(w.arrivals, f)
}

// options returns what a fact may be, with the flow as it goes on to each: in
// doubt unless the fact is known, and perhaps anywhere when the options are not
// all there is.
func options[T any](w *walk, f flow, fact topology.Val[T]) (flow, []T) {
	values, complete := fact.Options()
	if !fact.IsKnown() {
		f = f.doubt(fact.Ref())
	}
	if !complete {
		w.anything(f)
	}
	return f, values
}

// step counts, and ends what does not end.
func (w *walk) step(f flow) bool {
	w.steps++
	if w.steps > maxSteps {
		if w.steps == maxSteps+1 {
			w.anything(f)
		}
		return false
	}
	return true
}

// leave sends the flow out of an interface, or any host, of the subnet.
func (w *walk) leave(f flow, iface *topology.Interface, subnet *topology.Subnet) {
	for _, f := range w.interfaceFilters(f, iface, subnet, true) {
		w.leaveSubnet(f, subnet)
	}
}

// leaveSubnet sends the flow on from the subnet.
func (w *walk) leaveSubnet(f flow, subnet *topology.Subnet) {
	if !w.step(f) {
		return
	}
	if subnet.Network.Cloud == topology.AWS && f.from.group == nil {
		// What stays in the subnet meets neither its network ACL nor its table.
		var own packet.Set
		for _, prefix := range subnet.Prefixes {
			p, ok := prefix.Get()
			switch {
			case ok:
				own = append(own, to(packet.InPrefix(p)))
			case w.target.in(subnet):
				f = f.doubt(prefix.Ref())
				w.reached(f, subnet)
			}
		}
		inside := packet.Set{f.now}.Intersect(own)
		if len(inside) > 0 {
			for _, part := range f.split(inside, inside, nil) {
				w.reached(part, subnet)
			}
		}
		outside := packet.Set{f.now}.Subtract(own)
		for _, part := range f.split(outside, outside, nil) {
			for _, part := range w.subnetFilter(part, subnet, true) {
				w.route(part, subnet)
			}
		}
		return
	}
	for _, f := range w.subnetFilter(f, subnet, true) {
		w.route(f, subnet)
	}
}

// to is every packet to the addresses.
func to(a packet.Addresses) packet.Cube {
	cube := packet.Everything()
	cube.Destination = a
	return cube
}

// interfaceFilters returns what gets through the filters of an interface in the
// subnet.
func (w *walk) interfaceFilters(f flow, iface *topology.Interface, subnet *topology.Subnet, out bool) []flow {
	if iface == nil {
		return []flow{f}
	}
	if len(iface.Incomplete) > 0 && !w.replying {
		// What is not known of it may let pass what the rest denies.
		return []flow{f.doubt(iface.Incomplete...)}
	}
	flows := []flow{f}
	for _, set := range iface.Filters {
		var next []flow
		for _, f := range flows {
			next = append(next, w.filter(f, set, out, subnet)...)
		}
		flows = next
	}
	return flows
}

// subnetFilter returns what gets through the subnet's filter.
func (w *walk) subnetFilter(f flow, subnet *topology.Subnet, out bool) []flow {
	filter, known := subnet.Filter.Get()
	switch {
	case known && filter == nil:
		return []flow{f}
	case known:
		return w.filter(f, []*topology.Filter{filter}, out, subnet)
	}
	options, _ := subnet.Filter.Options()
	f = f.doubt(subnet.Filter.Ref())
	if len(options) == 0 || slices.Contains(options, nil) {
		return []flow{f}
	}
	var flows []flow
	for _, option := range options {
		flows = append(flows, w.filter(f, []*topology.Filter{option}, out, subnet)...)
	}
	return flows
}

// filter returns what at least one of the filters lets through.
func (w *walk) filter(f flow, filters []*topology.Filter, out bool, subnet *topology.Subnet) []flow {
	if w.replying && len(filters) > 0 && filters[0] != nil && filters[0].Stateful {
		return []flow{f}
	}
	var must, may, denied packet.Set
	var refs []topology.Ref
	var found []match
	p := f.peers
	p.subnet = subnet
	for _, filter := range filters {
		if filter == nil {
			may = append(may, f.now)
			continue
		}
		rules := filter.In
		if out {
			rules = filter.Out
		}
		for _, m := range evaluate(filter, rules, f.now, p) {
			switch {
			case m.allow && m.certain:
				must = append(must, m.set...)
			case m.allow:
				may = append(may, m.set...)
				refs = append(refs, m.refs...)
			}
			found = append(found, m)
		}
	}
	if len(may) == 0 {
		may = must
	} else {
		may = append(may, must...)
	}
	if denied = (packet.Set{f.now}).Subtract(may); len(denied) > 0 && len(filters) > 0 {
		w.deny(f, filters, found, denied, out)
	}
	parts := f.split(must, may, refs)
	if len(parts) == 0 && len(denied) == 0 && len(filters) > 0 {
		w.deny(f, filters, found, packet.Set{f.now}, out)
	}
	for i, part := range parts {
		for _, m := range found {
			if m.allow && m.rule != nil && m.set.Overlaps(&part.now) {
				parts[i] = part.hop(m.rule.Ref, w.engine.allowed(m.rule, out))
				break
			}
		}
	}
	return parts
}

func direction(out bool) string {
	if out {
		return "out"
	}
	return "in"
}

// deny records where denied packets end: at the rule that denies them, or at
// the filter that has none for them.
func (w *walk) deny(f flow, filters []*topology.Filter, found []match, denied packet.Set, out bool) {
	f.sent = f.rewrites.carry(f.sent, example(denied))
	lost := Witness(denied)
	for _, m := range found {
		if !m.allow && m.rule != nil && len(m.set.Intersect(denied)) > 0 {
			w.block(f, m.rule.Ref, "%s is denied %s: %s", w.text(lost), direction(out), w.engine.describeRule(m.rule, out))
			return
		}
	}
	filter := filters[0]
	for _, g := range filters {
		if g != nil {
			filter = g
			break
		}
	}
	if filter != nil {
		w.block(f, filter.Ref, "no rule of the %s %s lets %s %s", filter.Kind, filter.Name, w.text(lost), direction(out))
	}
}

// enter delivers the flow to a subnet of another one.
func (w *walk) enter(f flow, subnet *topology.Subnet) {
	if !w.step(f) {
		return
	}
	f = f.hop(subnet.Ref, "enters subnet "+subnet.Name)
	if w.target.subnet == subnet && w.engine.frontend(w.target.iface) {
		w.reached(f, subnet)
		return
	}
	if t := w.target.iface; t != nil && t.Kind == topology.EndpointInterface && subnet.Network.Cloud == topology.Azure && w.target.subnet == subnet {
		// Azure leaves private endpoints out unless the subnet says otherwise.
		switch applies, known := subnet.PrivateEndpointFilter.Get(); {
		case !known:
			w.reached(f.doubt(subnet.PrivateEndpointFilter.Ref()), subnet)
			return
		case !applies:
			w.reached(f, subnet)
			return
		}
	}
	for _, f := range w.subnetFilter(f, subnet, false) {
		w.reached(f, subnet)
	}
}

// reached hands the flow to what stands in the subnet.
func (w *walk) reached(f flow, subnet *topology.Subnet) {
	if len(subnet.Incomplete) > 0 {
		f = f.doubt(subnet.Incomplete...)
	}
	t := w.target
	switch {
	case t.outside || !t.in(subnet):
		return
	case t.gateway != nil:
		if t.address {
			w.arrive(f.hop(t.gateway.Ref, "back at "+name(t.gateway)), t)
		}
	case t.iface == nil:
		w.arrive(f.hop(subnet.Ref, "arrives in subnet "+subnet.Name), t)
	default:
		for _, f := range w.interfaceFilters(f, t.iface, subnet, false) {
			w.arrive(f.hop(t.iface.Ref, fmt.Sprintf("arrives at %s %s", t.iface.Kind, t.iface.Name)), t)
		}
	}
}

// deliver hands the flow to the subnet of the network that holds its
// destination.
func (w *walk) deliver(f flow, network *topology.Network, from *topology.Subnet) {
	if network == nil || !w.step(f) {
		return
	}
	if len(network.Incomplete) > 0 {
		f = f.doubt(network.Incomplete...)
	}
	if t := w.target; t.group != nil {
		if t.subnet.Network == network {
			w.pass(f, t.subnet, from)
		}
		return
	}
	rest := packet.Set{f.now}
	unknown := false
	for _, subnet := range w.engine.subnets[network] {
		for _, prefix := range subnet.Prefixes {
			p, known := prefix.Get()
			if !known {
				if w.target.in(subnet) {
					w.pass(f.doubt(prefix.Ref()), subnet, from)
				}
				unknown = true
				continue
			}
			a := packet.InPrefix(p)
			hit, ok := f.now.Destination.Intersect(a)
			if !ok {
				continue
			}
			cube := f.now
			cube.Destination = hit
			for _, part := range f.split(packet.Set{cube}, packet.Set{cube}, nil) {
				w.pass(part, subnet, from)
			}
			rest = rest.Subtract(packet.Set{to(a)})
		}
	}
	if len(rest) > 0 && !unknown && !w.target.outside {
		f.sent = f.rewrites.carry(f.sent, example(rest))
		w.block(f, network.Ref, "no subnet of %s holds %s", network.Name, w.address(Witness(rest).Destination))
	}
	if len(network.Incomplete) > 0 && w.target.subnet != nil {
		w.anything(f, network.Incomplete...)
	}
}

// pass enters the subnet, or is there already.
func (w *walk) pass(f flow, subnet, from *topology.Subnet) {
	if subnet == from && subnet.Network.Cloud == topology.AWS && f.from.group == nil {
		w.reached(f, subnet)
		return
	}
	w.enter(f, subnet)
}

// leaveGraph lets the flow arrive beyond the edge, if the target lies there.
func (w *walk) leaveGraph(f flow, gw *topology.Gateway, attachment *topology.Attachment) {
	t := w.target
	switch {
	case w.replying && !(t.outside && sameEdge(t.gateway, gw) && t.attachment == attachment):
		ref := gw.Ref
		if f.hops != nil { // the route that leads there
			ref = topology.Ref{URN: f.hops.hop.URN, Property: f.hops.hop.Property}
		}
		w.block(f, ref, "it leaves through %s, which did not see the request", name(gw))
	case t.outside && w.internet:
		for _, part := range w.carried(f, gw) {
			w.arrive(part.hop(gw.Ref, "leaves through "+name(gw)), place{gateway: gw, attachment: attachment, outside: true})
		}
	case t.outside:
		w.arrive(f.hop(gw.Ref, "leaves through "+name(gw)), place{gateway: gw, attachment: attachment, outside: true})
	default:
		w.block(f, gw.Ref, "it leaves the network through %s", name(gw))
	}
}

// sameEdge reports whether two gateways are the same way out: Azure has no
// object for a network's way to the internet.
func sameEdge(a, b *topology.Gateway) bool {
	return a == b || a != nil && b != nil && a.Kind == topology.Internet && b.Kind == topology.Internet && a.Network == b.Network
}

// name names a gateway for people.
func name(gw *topology.Gateway) string {
	kind := kindName(gw.Kind)
	if gw.Network != nil && gw.Network.Cloud == topology.Azure {
		switch gw.Kind {
		case topology.Internet:
			kind = "Azure's way to the internet"
		case topology.ServiceGateway:
			kind = "the service endpoint"
		}
	}
	if gw.Name == "" || gw.Kind == topology.Local || gw.Kind == topology.Drop {
		return kind
	}
	return kind + " " + gw.Name
}

func kindName(kind topology.GatewayKind) string {
	switch kind {
	case topology.Local:
		return "the network itself"
	case topology.Internet:
		return "the internet gateway"
	case topology.EgressOnly:
		return "the egress-only internet gateway"
	case topology.NAT:
		return "the NAT gateway"
	case topology.Peering:
		return "the peering"
	case topology.Transit:
		return "the transit gateway"
	case topology.VPN:
		return "the VPN gateway"
	case topology.Firewall:
		return "the firewall"
	case topology.Appliance:
		return "the appliance"
	case topology.ServiceGateway:
		return "the gateway endpoint"
	case topology.Drop:
		return "a black hole"
	}
	return "something that is not understood"
}

// private are the ranges that the internet does not carry.
func private() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("fc00::/7"),
		netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
	}
}

// privateAddresses are the same as packets to them.
func privateAddresses() packet.Set {
	var set packet.Set
	for _, prefix := range private() {
		set = append(set, to(packet.InPrefix(prefix)))
	}
	return set
}
