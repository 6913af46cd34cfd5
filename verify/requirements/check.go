package requirements

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// The evidence of one requirement is some of what was found, enough to look at.
const (
	maxPaths = 24
	maxFacts = 24
)

// check gathers what is found about one requirement.
type check struct {
	*subject

	proofs int
	paths  []Path
	facts  []reach.Hop
	// broken is what refutes it, the first first.
	broken []violation
	// doubts are why it is not known.
	doubts   []string
	unknowns []topology.Ref
	moot     string
	notes    []string
}

// violation refutes a requirement.
type violation struct {
	block reach.Block
	path  *Path
}

// verify checks one requirement.
func (s *subject) verify(r Requirement) Result {
	c := &check{subject: s}
	r.check(c)
	return c.result(r)
}

func (c *check) result(r Requirement) Result {
	result := Result{
		ID: r.ID, Title: r.Title, Source: r.Source(), Fix: r.Mend,
		Paths: []Path{}, Unknowns: []topology.Ref{}, Facts: []reach.Hop{},
	}
	switch {
	case len(c.broken) > 0:
		result.Verdict = Refuted
		first := c.broken[0]
		result.BlockedBy = &first.block
		result.Reason = first.block.Reason
		if more := len(c.broken) - 1; more > 0 {
			result.Reason += fmt.Sprintf(" (and %d more)", more)
		}
		for _, v := range c.broken {
			if v.path != nil && len(result.Paths) < maxPaths {
				result.Paths = append(result.Paths, *v.path)
			}
			if len(result.Facts) < maxFacts {
				result.Facts = append(result.Facts, reach.Hop{URN: v.block.URN, Property: v.block.Property, Effect: v.block.Reason})
			}
		}
	case len(c.doubts) > 0:
		result.Verdict, result.Reason = Unknown, c.doubts[0]
		result.Unknowns = sortedRefs(c.unknowns)
	case c.moot != "":
		result.Verdict, result.Reason = NotApplicable, c.moot
	case c.proofs == 0:
		result.Verdict, result.Reason = Unknown, "the graph holds nothing that it could be checked on"
	default:
		result.Verdict = Proven
		result.Paths = append(result.Paths, c.paths...)
		result.Facts = append(result.Facts, c.facts...)
		if len(c.notes) > 0 {
			result.Reason = c.notes[0]
		}
	}
	return result
}

// sortedRefs returns the refs sorted, each once, without the empty one.
func sortedRefs(refs []topology.Ref) []topology.Ref {
	refs = append([]topology.Ref{}, refs...)
	slices.SortFunc(refs, func(a, b topology.Ref) int {
		return cmp.Or(cmp.Compare(a.URN, b.URN), cmp.Compare(a.Property, b.Property))
	})
	return slices.DeleteFunc(slices.Compact(refs), func(r topology.Ref) bool { return r == topology.Ref{} })
}

// holds notes a fact that the graph tells for the requirement.
func (c *check) holds(ref topology.Ref, format string, args ...any) {
	c.proofs++
	if len(c.facts) < maxFacts {
		c.facts = append(c.facts, reach.Hop{URN: ref.URN, Property: ref.Property, Effect: fmt.Sprintf(format, args...)})
	}
}

// refute notes a fact that breaks it.
func (c *check) refute(ref topology.Ref, format string, args ...any) {
	c.broken = append(c.broken, violation{block: reach.Block{URN: ref.URN, Property: ref.Property, Reason: fmt.Sprintf(format, args...)}})
}

// doubt notes that it cannot be decided, and what decides.
func (c *check) doubt(refs []topology.Ref, format string, args ...any) {
	c.doubts = append(c.doubts, fmt.Sprintf(format, args...))
	c.unknowns = append(c.unknowns, refs...)
}

// notApplicable says that the environment's mode makes it moot.
func (c *check) notApplicable(format string, args ...any) { c.moot = fmt.Sprintf(format, args...) }

// note adds a remark to a proof.
func (c *check) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// is decides on a fact that may be unknown; text says what it should be.
func (c *check) is(v topology.Val[bool], want bool, at topology.Ref, good, bad string) {
	switch got, known := v.Get(); {
	case !known:
		c.doubt([]topology.Ref{v.Ref()}, "%s is not known yet", good)
	case got != want:
		c.refute(refOr(v.Ref(), at), "%s", bad)
	default:
		c.holds(refOr(v.Ref(), at), "%s", good)
	}
}

func refOr(ref, otherwise topology.Ref) topology.Ref {
	if ref.URN == "" {
		return otherwise
	}
	return ref
}

// place is an end of a question with its name.
type place struct {
	name string
	end  reach.End
	ref  topology.Ref
}

func anyHost(s *topology.Subnet) place {
	return place{name: s.Ref.URN, end: reach.AnyHost(s), ref: s.Ref}
}

// member is any host of the subnet that is in the groups, with their rules.
func member(s *topology.Subnet, groups ...*topology.Filter) place {
	p := anyHost(s)
	p.end.Groups = groups
	return p
}

func at(i *topology.Interface) place { return place{name: i.Ref.URN, end: reach.At(i), ref: i.Ref} }

// internet is every address that the internet carries.
func internet() place {
	return place{name: "internet", end: reach.End{Addresses: publicAddresses()}}
}

// outside are addresses beyond the graph.
func outside(prefixes ...netip.Prefix) place {
	p := place{end: reach.Addresses(prefixes...)}
	if len(prefixes) > 0 {
		p.name = prefixes[0].String()
	}
	return p
}

// publicAddresses are those of the internet: neither private nor the blocks that
// stand for services and names, which are no place of their own.
func publicAddresses() []packet.Addresses {
	everything := packet.Everything()
	everything.Destination = packet.EveryIPv4()
	rest := packet.Set{everything}
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
	} {
		cube := packet.Everything()
		cube.Destination = packet.InPrefix(netip.MustParsePrefix(text))
		rest = rest.Subtract(packet.Set{cube})
	}
	var all []packet.Addresses
	for _, cube := range rest {
		all = append(all, cube.Destination)
	}
	return append(all, packet.EveryIPv6())
}

// privateRanges are those of RFC 1918 and RFC 6598.
func privateRanges() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	}
}

// reaches checks that every packet of the traffic gets from one place to the
// other and its reply back.
func (c *check) reaches(from, to place, traffic reach.Traffic, name string, avoid ...*topology.Gateway) {
	c.reachesBy(from, to, to, reach.Question{Traffic: traffic, Name: name, Avoid: avoid})
}

// reachesBy checks that all packets of the question from one place to the addresses
// of another, a load balancer's, get to a third.
func (c *check) reachesBy(from, by, to place, q reach.Question) {
	q.From, q.To = from.end, to.end
	a := c.engine.Ask(q)
	demand := demanded(from.end, by.end, q.Traffic)
	switch missing := c.missing(demand, a.May, from.end, by.end); {
	case len(missing) > 0:
		block := blockOf(a, missing, to)
		path := Path{From: from.name, To: to.name, Packet: witness(missing), Hops: ended(block)}
		c.broken = append(c.broken, violation{block: block, path: &path})
	case len(demand) > 0 && a.Must.Contains(demand):
		c.proofs++
		for _, p := range a.Paths {
			if p.Certain {
				c.path(Path{From: from.name, To: to.name, Packet: witness(p.Packets), Hops: p.Hops})
				break
			}
		}
	default:
		refs := a.Unknowns
		if len(refs) == 0 {
			refs = unknownAddresses(from.end, by.end)
		}
		c.doubt(refs, "whether %s reaches %s is not known yet", c.short(from), c.short(to))
	}
}

// separate checks that no packet of the traffic gets from one place to the
// other. It returns whether that is proven.
func (c *check) separate(from, to place, traffic reach.Traffic, avoid ...*topology.Gateway) {
	a := c.engine.Ask(reach.Question{From: from.end, To: to.end, Traffic: traffic, Avoid: avoid})
	switch {
	case len(a.Must) > 0:
		for _, p := range a.Paths {
			if !p.Certain {
				continue
			}
			path := Path{From: from.name, To: to.name, Packet: witness(p.Packets), Hops: p.Hops}
			hop := culprit(p.Hops)
			c.broken = append(c.broken, violation{
				block: reach.Block{URN: hop.URN, Property: hop.Property, Reason: fmt.Sprintf("%s reaches %s: %s", c.short(from), c.short(to), hop.Effect)},
				path:  &path,
			})
			return
		}
	case len(a.May) > 0:
		c.doubt(a.Unknowns, "whether %s reaches %s is not known yet", c.short(from), c.short(to))
	default:
		c.proofs++
		if len(a.Blocks) > 0 && len(a.Blocks[0].Packets) > 0 {
			c.path(Path{From: from.name, To: to.name, Packet: witness(a.Blocks[0].Packets), Hops: ended(a.Blocks[0])})
		}
	}
}

func (c *check) path(p Path) {
	if len(c.paths) < maxPaths {
		c.paths = append(c.paths, p)
	}
}

// culprit is the hop of a path that should not be there: the load balancer that
// forwards it, or the route that first leads away.
func culprit(hops []reach.Hop) reach.Hop {
	for _, hop := range hops {
		if strings.HasPrefix(hop.Effect, "load balancer ") && strings.Contains(hop.Effect, " forwards it to ") {
			return hop
		}
	}
	for _, hop := range hops {
		if isRoute(hop) {
			return hop
		}
	}
	if len(hops) > 0 {
		return hops[0]
	}
	return reach.Hop{}
}

// ended are the hops to where packets end, and the end.
func ended(b reach.Block) []reach.Hop {
	return append(slices.Clone(b.Hops), reach.Hop{URN: b.URN, Property: b.Property, Effect: "stopped: " + b.Reason})
}

// demanded are the packets of a question as they are sent.
func demanded(from, to reach.End, traffic reach.Traffic) packet.Set {
	var demand packet.Set
	for _, cube := range traffic {
		for _, source := range spread(from) {
			for _, destination := range spread(to) {
				both := cube
				var ok, ok2 bool
				both.Source, ok = cube.Source.Intersect(source)
				both.Destination, ok2 = cube.Destination.Intersect(destination)
				if ok && ok2 && source.First.Addr().Is4() == destination.First.Addr().Is4() {
					demand = append(demand, both)
				}
			}
		}
	}
	return demand
}

// spread are the addresses of an end, all that it may have.
func spread(end reach.End) []packet.Addresses {
	var all []packet.Addresses
	subnet := end.Subnet
	switch {
	case end.Interface != nil:
		unknown := len(end.Interface.Addresses) == 0
		for _, address := range end.Interface.Addresses {
			if a, ok := address.Get(); ok {
				all = append(all, packet.Only(a))
			} else {
				unknown = true
			}
		}
		if !unknown {
			break
		}
		subnet, _ = end.Interface.Subnet.Get()
		fallthrough
	case subnet != nil:
		if subnet == nil {
			break
		}
		for _, prefix := range subnet.Prefixes {
			if p, ok := prefix.Get(); ok && (end.Interface == nil || p.Addr().Is4()) {
				all = append(all, packet.InPrefix(p))
			}
		}
	case end.Addresses != nil:
		return end.Addresses
	default:
		return []packet.Addresses{packet.EveryIPv4(), packet.EveryIPv6()}
	}
	if len(end.Addresses) == 0 {
		return all
	}
	var narrowed []packet.Addresses
	for _, a := range all {
		for _, b := range end.Addresses {
			if both, ok := a.Intersect(b); ok {
				narrowed = append(narrowed, both)
			}
		}
	}
	return narrowed
}

// missing are demanded packets that certainly do not arrive. Of an interface
// whose address is not known yet one that does arrive is enough.
func (c *check) missing(demand, may packet.Set, from, to reach.End) packet.Set {
	anySource, anyDestination := undecided(from), undecided(to)
	if anySource || anyDestination {
		may = slices.Clone(may)
		for i := range may {
			if anySource {
				may[i].Source = packet.Every()
			}
			if anyDestination {
				may[i].Destination = packet.Every()
			}
		}
	}
	return demand.Subtract(may)
}

// undecided reports whether the end is an interface with an address that is
// not known, or a subnet with such a range.
func undecided(end reach.End) bool { return len(unknownAddresses(end)) > 0 }

func unknownAddresses(ends ...reach.End) []topology.Ref {
	var refs []topology.Ref
	for _, end := range ends {
		if end.Interface != nil {
			if len(end.Interface.Addresses) == 0 {
				refs = append(refs, end.Interface.Ref)
			}
			for _, address := range end.Interface.Addresses {
				if !address.IsKnown() {
					refs = append(refs, address.Ref())
				}
			}
		}
		if end.Subnet != nil {
			for _, prefix := range end.Subnet.Prefixes {
				if !prefix.IsKnown() {
					refs = append(refs, prefix.Ref())
				}
			}
		}
	}
	return refs
}

// blockOf is where the missing packets end.
func blockOf(a reach.Answer, missing packet.Set, to place) reach.Block {
	for _, b := range a.Blocks {
		if len(b.Packets.Intersect(missing)) > 0 {
			return b
		}
	}
	if len(a.Blocks) > 0 {
		return a.Blocks[0]
	}
	return reach.Block{URN: to.ref.URN, Property: to.ref.Property, Reason: "nothing leads there"}
}

// witness returns one packet of a set, a web client's where there is one.
func witness(set packet.Set) packet.Packet {
	for _, traffic := range []reach.Traffic{reach.TCP(443), tcp()} {
		if some := set.Intersect(traffic); len(some) > 0 {
			return reach.Witness(some)
		}
	}
	return reach.Witness(set)
}

// tcp is every TCP packet.
func tcp() reach.Traffic {
	cube := packet.Everything()
	cube.Protocols = packet.Protocols{First: packet.TCP, Last: packet.TCP}
	return reach.Traffic{cube}
}

// short names a place for people.
func (c *check) short(p place) string {
	if r, ok := c.resources[p.name]; ok {
		return r.Name
	}
	return p.name
}
