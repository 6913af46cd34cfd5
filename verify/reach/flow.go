package reach

import (
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// origin says how a dimension of a flow's packets follows from what was sent.
type origin int

const (
	// same: it is as it was sent.
	same origin = iota
	// chosen: the network picks it, a NAT gateway its source port. A flow
	// counts only if it gets through whatever is picked.
	chosen
	// undecided: it is one value that an output will decide.
	undecided
	// fixed: a device has put one known value there.
	fixed
)

// rewrites are the dimensions of a flow that are not as they were sent.
type rewrites struct {
	source, sourcePort, destination, destinationPort origin
	// refs decide the undecided ones.
	refs []topology.Ref
}

func (r rewrites) any(o origin) bool {
	return r.source == o || r.sourcePort == o || r.destination == o || r.destinationPort == o
}

// widen returns the cube with the dimensions of that origin as wide as in full.
func (r rewrites) widen(cube, full packet.Cube, o origin) packet.Cube {
	if r.source == o {
		cube.Source = full.Source
	}
	if r.sourcePort == o {
		cube.SourcePorts = full.SourcePorts
	}
	if r.destination == o {
		cube.Destination = full.Destination
	}
	if r.destinationPort == o {
		cube.DestinationPorts = full.DestinationPorts
	}
	return cube
}

// carry returns outer with the dimensions that are the same narrowed to inner's.
func (r rewrites) carry(outer, inner packet.Cube) packet.Cube {
	if r.source == same {
		outer.Source = inner.Source
	}
	if r.sourcePort == same {
		outer.SourcePorts = inner.SourcePorts
	}
	if r.destination == same {
		outer.Destination = inner.Destination
	}
	if r.destinationPort == same {
		outer.DestinationPorts = inner.DestinationPorts
	}
	outer.Protocols = inner.Protocols
	return outer
}

// flow is packets on their way: one cube that has gone the same way so far.
type flow struct {
	// sent are the packets as they left the source, now as they are here.
	sent, now packet.Cube
	rewrites  rewrites
	// certain says that they certainly come this way; refs decide it if not.
	certain bool
	refs    []topology.Ref
	// peers are what the filters ask of the ends.
	peers peers
	hops  *trail
	// from is where the packets were last sent from: the source, or a device.
	from place
	// public says whether what sent them has a public address.
	public topology.Val[bool]
	// legs end where a device remembers the connection; the reply has to come
	// back through each of them.
	legs []leg
	// foreign says that the packets came into the network by a gateway, so
	// that AWS forwards them no further by another one.
	foreign bool
	// direct says that a load balancer sends them with its client's address, and
	// link is the endpoint service that they came to one through.
	direct  bool
	link    *topology.EndpointService
	visited []any // what the flow has passed, so that loops end
	// choices are those of several ways that the network has chosen for the
	// flow.
	choices []choice
}

// choice is one way out of several.
type choice struct {
	// of is what chooses, at ref.
	of        any
	ref       topology.Ref
	way, ways int
}

// undecided are the refs that decide whether the flow comes its way.
func (f flow) undecided() []topology.Ref {
	refs := slices.Clone(f.refs)
	for _, c := range f.choices {
		refs = append(refs, c.ref)
	}
	return refs
}

// everyWay returns what certainly was sent and arrived, whatever way the network
// chose for it.
func everyWay(flows []flow) packet.Set {
	sure := make(packet.Set, 0, len(flows))
	var choosing []flow
	for _, f := range flows {
		switch {
		case !f.certain:
		case len(f.choices) == 0:
			sure = append(sure, f.sent)
		default:
			choosing = append(choosing, f)
		}
	}
	if len(choosing) == 0 {
		return sure
	}
	first := choosing[0].choices[0]
	var all packet.Set
	for way := range first.ways {
		var taking []flow
		for _, f := range choosing {
			i := slices.IndexFunc(f.choices, func(c choice) bool { return c.of == first.of })
			if i >= 0 && f.choices[i].way != way {
				continue
			}
			if i >= 0 {
				f.choices = slices.Delete(slices.Clone(f.choices), i, i+1)
			}
			taking = append(taking, f)
		}
		through := everyWay(taking)
		if way == 0 {
			all = through
		} else {
			all = all.Intersect(through)
		}
		if len(all) == 0 {
			return sure
		}
	}
	return append(sure, all.Compact()...)
}

// hop returns the flow after one more hop.
func (f flow) hop(ref topology.Ref, effect string) flow {
	f.hops = f.hops.then(Hop{URN: ref.URN, Property: ref.Property, Effect: effect})
	return f
}

// lost reports whether nobody knows which way the flow has come.
func (f flow) lost() bool { return len(f.legs) == 0 }

// remembered returns the flow after a leg that ends at a place which knows the
// connection.
func (f flow) remembered(at place) flow {
	f.legs = append(slices.Clip(f.legs), leg{from: f.from, to: at, now: f.now, rewrites: f.rewrites, peers: f.peers, direct: f.direct})
	return f
}

// visit returns the flow after place; again is true when it was there before.
func (f flow) visit(place any) (next flow, again bool) {
	if slices.Contains(f.visited, place) {
		return f, true
	}
	f.visited = append(slices.Clip(f.visited), place)
	return f, false
}

// doubt returns the flow as one that may come this way.
func (f flow) doubt(refs ...topology.Ref) flow {
	f.certain = false
	f.refs = append(slices.Clip(f.refs), refs...)
	return f
}

// split returns the parts of the flow that certainly get through something that
// certainly lets must through and perhaps the rest of may, and those that may.
// refs decide between them.
func (f flow) split(must, may packet.Set, refs []topology.Ref) []flow {
	all := packet.Set{f.now}
	if len(must) > 0 && len(must) == len(may) && &must[0] == &may[0] && !f.rewrites.any(undecided) {
		must, may = f.every(all, must, true), nil // nothing is in doubt
	} else {
		must = f.every(all, must, true)
		may = f.every(all, may, false).Subtract(must)
	}
	parts := make([]flow, 0, len(must)+len(may))
	for _, cube := range must {
		part := f
		part.now, part.sent = cube, f.rewrites.carry(f.sent, cube)
		parts = append(parts, part)
	}
	for _, cube := range may {
		part := f.doubt(refs...)
		if f.rewrites.any(undecided) {
			part = part.doubt(f.rewrites.refs...)
		}
		part.now, part.sent = cube, f.rewrites.carry(f.sent, cube)
		parts = append(parts, part)
	}
	return parts
}

// every returns the packets of all that get through for every choice of the
// network and, when certain is set, for every value of what is undecided.
func (f flow) every(all, through packet.Set, certain bool) packet.Set {
	if !f.rewrites.any(chosen) && !f.rewrites.any(undecided) {
		return all.Intersect(through).Compact()
	}
	lost := all.Subtract(through)
	var wide packet.Set
	for _, cube := range lost {
		switch {
		case certain:
			cube = f.rewrites.widen(cube, f.now, undecided)
		case f.rewrites.widen(cube, f.now, undecided) != cube:
			// For some value of what is undecided these packets get through.
			continue
		}
		wide = append(wide, f.rewrites.widen(cube, f.now, chosen))
	}
	return all.Subtract(wide)
}

// trail is the hops of a flow, the last one first: flows that part share the way
// that they came.
type trail struct {
	hop    Hop
	before *trail
	n      int
}

// length returns how many hops there are.
func (t *trail) length() int {
	if t == nil {
		return 0
	}
	return t.n
}

// then returns the trail with one more hop.
func (t *trail) then(hop Hop) *trail {
	return &trail{hop: hop, before: t, n: t.length() + 1}
}

// list returns the hops in their order.
func (t *trail) list() []Hop {
	if t == nil {
		return nil
	}
	hops := make([]Hop, t.n)
	for i := t.n - 1; t != nil; i, t = i-1, t.before {
		hops[i] = t.hop
	}
	return hops
}
