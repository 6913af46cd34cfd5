package diff

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// cell is what gets from one site to another. Its packets are compared without
// the addresses of ends inside, which may move.
type cell struct {
	from, to  *site
	must, may packet.Set
	answer    reach.Answer
	// ways are what certain packets pass: "NAT gateway".
	ways []string
}

type pair struct{ from, to string }

func (c *cell) groups() pair { return pair{c.from.group, c.to.group} }

// every is all traffic, as clients send it.
func every() reach.Traffic {
	var traffic reach.Traffic
	for _, p := range []packet.Protocols{
		{First: 0, Last: 5}, {First: packet.TCP, Last: packet.TCP}, {First: 7, Last: 16}, {First: packet.UDP, Last: packet.UDP},
		{First: 18, Last: 131}, {First: packet.SCTP, Last: packet.SCTP}, {First: 133, Last: 255},
	} {
		cube := packet.Everything()
		cube.Protocols = p
		if packet.HasPorts(p.First) {
			cube.SourcePorts = packet.Ephemeral()
		}
		traffic = append(traffic, cube)
	}
	return traffic
}

// cells asks for every two sites of which one is inside.
func (s *survey) cells(ctx context.Context) ([]cell, error) {
	var cells []cell
	for i := range s.sites {
		from := &s.sites[i]
		if from.kind != hosts && from.kind != outside {
			continue
		}
		for j := range s.sites {
			to := &s.sites[j]
			if i == j || from.kind == outside && (to.kind == outside || to.kind == service) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !s.sends(from, to) {
				continue
			}
			cells = append(cells, s.ask(from, to))
		}
	}
	return cells, nil
}

// sends reports whether a site is one that calls another: endpoints call none,
// and what the cloud runs in a subnet of its own calls no service.
func (s *survey) sends(from, to *site) bool {
	if from.kind != hosts {
		return true
	}
	tier := s.roles.Tier(from.subnet)
	if to.kind == service {
		return from.subnet.Network.Cloud == to.cloud && !slices.Contains([]string{"endpoints", "firewall", "gateway", "resolver"}, tier)
	}
	return to.kind == outside || tier != "endpoints"
}

func (s *survey) ask(from, to *site) cell {
	c := cell{from: from, to: to}
	if to.kind == service {
		c.answer = to.ask(from, to)
	} else {
		traffic := to.traffic
		if traffic == nil {
			traffic = every()
		}
		c.answer = s.engine.Ask(reach.Question{From: from.end, To: to.end, Traffic: traffic})
	}
	c.must, c.may = c.without(c.answer.Must), c.without(c.answer.May)
	for _, path := range c.answer.Paths {
		if path.Certain {
			c.ways = append(c.ways, s.way(path.Hops)...)
		}
	}
	slices.Sort(c.ways)
	c.ways = slices.Compact(c.ways)
	return c
}

// without forgets the addresses of ends inside.
func (c *cell) without(set packet.Set) packet.Set {
	kept := make(packet.Set, len(set))
	for i, cube := range set {
		if c.from.kind != outside {
			cube.Source = packet.Every()
		}
		if c.to.kind != outside {
			cube.Destination = packet.Every()
		}
		kept[i] = cube
	}
	return kept.Compact()
}

// way names what packets pass on their way out, or the endpoint they go to.
func (s *survey) way(hops []reach.Hop) []string {
	var ways []string
	for _, hop := range hops {
		if reply(hop) {
			break
		}
		for _, e := range s.model.Endpoints {
			if e.Ref.URN == hop.URN && e.Kind != "gateway" {
				ways = append(ways, e.Kind+" endpoint")
			}
		}
		for _, gw := range s.model.Gateways {
			own := gw.Network == nil || gw.Ref.URN != gw.Network.Ref.URN // Azure's network is its own way to the internet
			elsewhere := !slices.Contains([]topology.GatewayKind{topology.Local, topology.Drop, topology.Outside}, gw.Kind)
			if gw.Ref.URN == hop.URN && own && elsewhere {
				ways = append(ways, gw.Title())
			}
		}
	}
	return ways
}

// found is a change in one cell.
type found struct {
	change        string
	certain       bool
	from, to      *site
	traffic       string
	address       string // of the end outside, when it is not all of it
	way           string
	before, after *reach.Hop
	unknowns      []topology.Ref
}

func comparePaths(ctx context.Context, a, b *survey) ([]PathChange, error) {
	before, err := a.cells(ctx)
	if err != nil {
		return nil, err
	}
	after, err := b.cells(ctx)
	if err != nil {
		return nil, err
	}
	old, now := index(before), index(after)
	names := slices.Concat(a.side.Known, b.side.Known)
	var changes []found
	for i := range after {
		c := &after[i]
		was, compared := old.counterpart(c)
		if compared {
			changes = append(changes, compareCells(was, c, names)...)
		}
	}
	// What only the first side has.
	for i := range before {
		c := &before[i]
		if _, both := now.exact[c.key()]; both {
			continue
		}
		// A zone that goes takes its paths along; what is left is compared.
		if !now.known(c.groups()) && !c.inner() {
			gone := compareCells(c, &cell{from: c.from, to: c.to}, names)
			changes = append(changes, slices.DeleteFunc(gone, func(f found) bool { return f.change == Decided })...)
		}
	}
	paths := append(gather(changes, old, now), compareOffers(a, b)...)
	return join(append(paths, compareAdmissions(a, b, paths)...)), nil
}

// inner reports whether both ends are inside.
func (c *cell) inner() bool {
	return c.from.kind != outside && c.to.kind != outside
}

type cellKey struct {
	pair
	fromZone, toZone string
}

func (c *cell) key() cellKey { return cellKey{c.groups(), c.from.zone, c.to.zone} }

// cellIndex finds cells by their sites and by their groups.
type cellIndex struct {
	exact  map[cellKey]*cell
	groups map[pair][]*cell
	sites  map[string]bool
}

func index(cells []cell) cellIndex {
	ix := cellIndex{exact: map[cellKey]*cell{}, groups: map[pair][]*cell{}, sites: map[string]bool{}}
	for i := range cells {
		c := &cells[i]
		ix.exact[c.key()] = c
		ix.groups[c.groups()] = append(ix.groups[c.groups()], c)
		ix.sites[c.from.group], ix.sites[c.to.group] = true, true
	}
	return ix
}

func (ix cellIndex) known(p pair) bool { return ix.sites[p.from] && ix.sites[p.to] }

// counterpart is what a cell is compared with: the same sites of the other
// side, or, for a zone that is new there, any site of their groups. A group
// that is new is compared with nothing, but only its paths beyond the network.
func (ix cellIndex) counterpart(c *cell) (other *cell, compared bool) {
	if exact, ok := ix.exact[c.key()]; ok {
		return exact, true
	}
	alike := ix.groups[c.groups()]
	if len(alike) == 0 {
		return &cell{from: c.from, to: c.to}, !c.inner() || ix.known(c.groups())
	}
	joined := *alike[0]
	for _, other := range alike[1:] {
		joined.must = append(slices.Clip(joined.must), other.must...)
		joined.may = append(slices.Clip(joined.may), other.may...)
		joined.ways = append(slices.Clip(joined.ways), other.ways...)
		joined.answer = joined.answer.Join(other.answer)
	}
	slices.Sort(joined.ways)
	joined.ways = slices.Compact(joined.ways)
	return &joined, true
}

// compareCells says what changes between two cells.
func compareCells(a, b *cell, names []Known) []found {
	var all []found
	add := func(change string, certain bool, set packet.Set) {
		for _, part := range describe(set, b, names) {
			f := found{change: change, certain: certain, from: b.from, to: b.to, traffic: part.traffic, address: part.address}
			f.before, f.after = firstDifference(a, b, part.set)
			if !certain {
				f.unknowns = b.unknowns(part.set)
				if f.before != nil && f.after != nil && local(f.before.URN) == local(f.after.URN) {
					f.before, f.after = nil, nil // they differ in addresses alone
				}
			}
			all = append(all, f)
		}
	}
	add(Gained, true, b.must.Subtract(a.may))
	add(Gained, false, b.may.Subtract(b.must).Subtract(a.may))
	add(Lost, true, a.must.Subtract(b.may))
	add(Lost, false, a.must.Intersect(b.may.Subtract(b.must)))
	maybe := a.may.Subtract(a.must)
	add(Decided, true, maybe.Intersect(b.must))
	add(Decided, false, maybe.Subtract(b.may))
	if len(all) == 0 && len(a.ways) > 0 && len(b.ways) > 0 && !slices.Equal(a.ways, b.ways) {
		f := found{change: Rerouted, certain: true, from: b.from, to: b.to, way: fmt.Sprintf("through the %s instead of the %s",
			strings.Join(b.ways, " and the "), strings.Join(a.ways, " and the "))}
		f.before, f.after = firstDifference(a, b, b.must)
		all = append(all, f)
	}
	return all
}

// madeUp is what Pulumi adds to names that it makes, other in each stack.
var madeUp = regexp.MustCompile(`[0-9a-f]{7,8}\b`)

// stops begins the effect of a hop where packets end.
const stops = "stops: "

func reply(hop reach.Hop) bool { return strings.HasPrefix(hop.Effect, "reply: ") }

// firstDifference returns the first hops by which the ways of some packets
// differ, the end of packets included.
func firstDifference(a, b *cell, set packet.Set) (before, after *reach.Hop) {
	was, is := a.hops(set), b.hops(set)
	switch {
	case len(was) == 0:
		return nil, telling(is)
	case len(is) == 0:
		return telling(was), nil
	}
	begin := func(x, y reach.Hop, text string) bool {
		return strings.HasPrefix(x.Effect, text) && strings.HasPrefix(y.Effect, text)
	}
	place := func(x, y reach.Hop) bool { return local(x.URN) == local(y.URN) && x.Property == y.Property }
	// What rules let pass on both ways is the difference only when nothing else is.
	for _, same := range []func(x, y reach.Hop) bool{
		func(x, y reach.Hop) bool { return place(x, y) || begin(x, y, "allowed ") },
		func(x, y reach.Hop) bool {
			return madeUp.ReplaceAllString(x.Effect, "") == madeUp.ReplaceAllString(y.Effect, "") || begin(x, y, "allowed ")
		},
		place,
	} {
		for i := range max(len(was), len(is)) {
			if i < len(was) && i < len(is) && (same(was[i], is[i]) || begin(was[i], is[i], "sent ")) {
				continue
			}
			return at(was, i), at(is, i)
		}
	}
	return nil, nil
}

// at is a hop of a way, or where packets end if they do.
func at(hops []reach.Hop, i int) *reach.Hop {
	last := len(hops) - 1
	switch {
	case strings.HasPrefix(hops[last].Effect, stops):
		return &hops[last]
	case i <= last:
		return &hops[i]
	}
	return nil
}

// telling is the hop of a way that has no other to be compared with which says
// most: the first that leads on.
func telling(hops []reach.Hop) *reach.Hop {
	for i := range hops {
		if reply(hops[i]) {
			break
		}
		if strings.Contains(hops[i].Effect, " → ") || strings.Contains(hops[i].Effect, "gateway") {
			return &hops[i]
		}
	}
	if len(hops) > 0 {
		return &hops[0]
	}
	return nil
}

// local is a URN without the stack.
func local(urn string) string {
	if rest, ok := strings.CutPrefix(urn, "urn:pulumi:"); ok {
		_, urn, _ = strings.Cut(rest, "::")
	}
	return urn
}

// hops are the way of some of the packets, or to where they end.
func (c *cell) hops(set packet.Set) []reach.Hop {
	for _, path := range c.answer.Paths {
		if len(c.without(path.Packets).Intersect(set)) > 0 {
			return path.Hops
		}
	}
	for _, block := range c.answer.Blocks {
		if len(c.without(block.Packets).Intersect(set)) > 0 {
			return append(slices.Clip(block.Hops), reach.Hop{URN: block.URN, Property: block.Property, Effect: stops + block.Reason})
		}
	}
	return nil
}

// unknowns are what decides about some of the packets.
func (c *cell) unknowns(set packet.Set) []topology.Ref {
	for _, path := range c.answer.Paths {
		if !path.Certain && len(c.without(path.Packets).Intersect(set)) > 0 {
			return path.Unknowns
		}
	}
	return nil
}

// gather joins what changes alike in several zones.
func gather(changes []found, old, now cellIndex) []PathChange {
	type key struct {
		change                      string
		certain                     bool
		from, to, traffic, addr, by string
	}
	var order []key
	cells := map[key][]found{}
	for _, f := range changes {
		k := key{f.change, f.certain, f.from.group, f.to.group, f.traffic, f.address, f.way}
		if cells[k] == nil {
			order = append(order, k)
		}
		cells[k] = append(cells[k], f)
	}
	result := []PathChange{}
	for _, k := range order {
		first := cells[k][0]
		all := now.groups[pair{k.from, k.to}]
		if k.change == Lost || len(all) == 0 {
			all = old.groups[pair{k.from, k.to}]
		}
		from := withZones(k.from, cells[k], all, func(f found) string { return f.from.zone }, func(c *cell) string { return c.from.zone })
		to := withZones(k.to, cells[k], all, func(f found) string { return f.to.zone }, func(c *cell) string { return c.to.zone })
		switch {
		case k.addr == "":
		case first.from.kind == outside:
			from = k.addr
		default:
			to = k.addr
		}
		result = append(result, PathChange{
			Change: k.change, Certain: k.certain, From: []string{from}, To: []string{to}, Traffic: k.traffic, Way: k.by,
			Before: first.before, After: first.after, Unknowns: append([]topology.Ref{}, first.unknowns...),
		})
	}
	return result
}

// join makes one change of those that are alike but for one end, and says each.
func join(changes []PathChange) []PathChange {
	changes = joinBy(changes, func(p PathChange) []string { return p.From }, func(p *PathChange, q PathChange) { p.To = append(slices.Clip(p.To), q.To...) })
	for i, p := range changes {
		if slices.Contains(p.To, theInternet) { // which holds the addresses of tags
			changes[i].To = slices.DeleteFunc(slices.Clone(p.To), func(name string) bool { return strings.HasPrefix(name, tagPrefix) })
		}
	}
	changes = joinBy(changes, func(p PathChange) []string { return p.To }, func(p *PathChange, q PathChange) { p.From = append(slices.Clip(p.From), q.From...) })
	for i := range changes {
		changes[i].Sentence = changes[i].sentence()
	}
	rank := map[string]int{Gained: 0, Admitted: 1, Lost: 2, Refused: 3, Rerouted: 4, Decided: 5}
	open := func(p PathChange) int {
		if p.Certain {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(changes, func(a, b PathChange) int {
		return cmp.Or(cmp.Compare(rank[a.Change], rank[b.Change]), cmp.Compare(open(a), open(b)))
	})
	return changes
}

func joinBy(changes []PathChange, same func(PathChange) []string, add func(*PathChange, PathChange)) []PathChange {
	joined := []PathChange{}
	for _, p := range changes {
		i := slices.IndexFunc(joined, func(q PathChange) bool {
			return p.Change == q.Change && p.Certain == q.Certain && p.Traffic == q.Traffic && p.Way == q.Way && slices.Equal(same(p), same(q))
		})
		if i < 0 {
			joined = append(joined, p)
		} else {
			add(&joined[i], p)
		}
	}
	return joined
}

// withZones names a group, with the zones where not all of them change.
func withZones(group string, changed []found, all []*cell, zone func(found) string, zoneOf func(*cell) string) string {
	var some, every []string
	for _, f := range changed {
		some = append(some, zone(f))
	}
	for _, c := range all {
		every = append(every, zoneOf(c))
	}
	slices.Sort(some)
	slices.Sort(every)
	some, every = slices.Compact(some), slices.Compact(every)
	if len(some) >= len(every) || slices.Equal(some, []string{""}) {
		return group
	}
	return group + " in " + strings.Join(some, ", ")
}

// sentence says a change for people.
func (p PathChange) sentence() string {
	from, to, on := list(p.From), list(p.To), ""
	if p.Traffic != "" {
		on = " on " + p.Traffic
	}
	switch {
	case (p.Change == Admitted || p.Change == Refused) && isFilter(p.From[0]):
		return fmt.Sprintf("%s %s out to %s%s", from, p.lets(), to, on)
	case p.Change == Admitted || p.Change == Refused:
		return fmt.Sprintf("%s %s in %s%s", to, p.lets(), from, on)
	case p.Change == Rerouted:
		return fmt.Sprintf("%s now %s %s %s", from, p.reach(), to, p.Way)
	case p.Change == Gained && p.Certain:
		return fmt.Sprintf("%s can now reach %s%s", from, to, on)
	case p.Change == Gained:
		return fmt.Sprintf("%s may now reach %s%s", from, to, on)
	case p.Change == Lost && p.Certain:
		return fmt.Sprintf("%s can no longer reach %s%s", from, to, on)
	case p.Change == Lost:
		return fmt.Sprintf("%s may no longer reach %s%s", from, to, on)
	case p.Certain:
		return fmt.Sprintf("it is certain now that %s can reach %s%s", from, to, on)
	}
	return fmt.Sprintf("it is certain now that %s cannot reach %s%s", from, to, on)
}

// list joins names: "nodes, pods and database", "the internet and the AWS
// services sqs and sts".
func list(names []string) string {
	// A tag of a service holds its addresses in each region.
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		tag, region, regional := strings.Cut(name, ".")
		return regional && region != "" && strings.HasPrefix(name, tagPrefix) && slices.Contains(names, tag)
	})
	names = plural(plural(names, awsPrefix, "the AWS services "), tagPrefix, "the service tags ")
	return and(plural(plural(names, groupPrefix, "the security groups "), nsgPrefix, "the network security groups of "))
}

func and(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// isFilter reports whether a name is that of a filter, not of what it lets pass.
func isFilter(name string) bool {
	return strings.HasPrefix(name, groupPrefix) || strings.HasPrefix(name, nsgPrefix)
}

// lets is the verb of a filter's change.
func (p PathChange) lets() string {
	filters := p.To
	if isFilter(p.From[0]) {
		filters = p.From
	}
	when := "now "
	if p.Change == Refused {
		when = "no longer "
	}
	switch {
	case !p.Certain:
		return "may " + when + "let"
	case len(filters) > 1:
		return when + "let"
	}
	return when + "lets"
}

// plural puts those names that begin with the prefix into one.
func plural(names []string, prefix, as string) []string {
	var own, others []string
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			own = append(own, rest)
		} else {
			others = append(others, name)
		}
	}
	if len(own) < 2 {
		return names
	}
	return append(others, as+and(own))
}

// reach is the verb's form: "pods reach", "the internet reaches".
func (p PathChange) reach() string {
	name, _, _ := strings.Cut(p.From[0], " in ")
	if len(p.From) > 1 || strings.HasSuffix(name, "s") {
		return "reach"
	}
	return "reaches"
}
