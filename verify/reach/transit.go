package reach

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// transit passes a transit gateway: in by the attachment of the flow's network,
// out by the one that its table names.
func (w *walk) transit(f flow, gw *topology.Gateway, from *topology.Subnet) {
	if gw.Transit == nil {
		w.anything(f, gw.Ref)
		return
	}
	var found bool
	for _, attachment := range gw.Transit.Attachments {
		network, known := attachment.Network.Get()
		if !known {
			if options, complete := attachment.Network.Options(); !complete || from != nil && slices.Contains(options, from.Network) {
				found = true
				w.attachedBy(f.doubt(attachment.Network.Ref()), gw, attachment, from)
			}
			continue
		}
		if from == nil || network != from.Network {
			continue
		}
		found = true
		w.attachedBy(f, gw, attachment, from)
	}
	if !found {
		w.block(f, gw.Ref, "the network has no attachment to %s", name(gw))
	}
}

// attachedBy enters the transit gateway by an attachment, which stands in some
// zones only.
func (w *walk) attachedBy(f flow, gw *topology.Gateway, attachment *topology.Attachment, from *topology.Subnet) {
	if zone, known := from.Zone.Get(); known {
		here, open := false, false
		for _, subnet := range attachment.Subnets {
			s, ok := subnet.Get()
			if !ok || s == nil {
				open = true
				f = f.doubt(subnet.Ref())
				continue
			}
			other, ok := s.Zone.Get()
			here = here || ok && other == zone
			open = open || !ok
		}
		if !here && !open {
			w.block(f, attachment.Ref, "the attachment to %s has no subnet in %s", name(gw), zone)
			return
		}
	}
	w.fromAttachment(f, gw, attachment)
}

// fromAttachment routes what came in by an attachment.
func (w *walk) fromAttachment(f flow, gw *topology.Gateway, attachment *topology.Attachment) {
	f, again := f.visit(attachment)
	if again {
		w.block(f, attachment.Ref, "it comes back to %s: a loop", name(gw))
		return
	}
	table, known := attachment.Table.Get()
	switch {
	case !known:
		tables, complete := attachment.Table.Options()
		f = f.doubt(attachment.Table.Ref())
		for _, table := range tables {
			w.transitTable(f, gw, table)
		}
		if !complete {
			w.anything(f)
		}
	case table == nil:
		w.block(f, attachment.Ref, "the attachment to %s is associated with no route table", name(gw))
	default:
		w.transitTable(f, gw, table)
	}
}

func (w *walk) transitTable(f flow, gw *topology.Gateway, table *topology.TransitTable) {
	if table == nil || !w.step(f) {
		return
	}
	if len(table.Incomplete) > 0 {
		w.anything(f, table.Incomplete...)
		f = f.doubt(table.Incomplete...)
	}
	type entry struct {
		prefix netip.Prefix
		route  *topology.TransitRoute
	}
	var known []entry
	for i := range table.Routes {
		route := &table.Routes[i]
		prefixes, ok := route.To.Get()
		if !ok {
			f = f.doubt(route.To.Ref())
			w.transitRoute(f, gw, route, netip.Prefix{})
			continue
		}
		for _, prefix := range prefixes {
			known = append(known, entry{prefix, route})
		}
	}
	slices.SortStableFunc(known, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(a.route.Origin, b.route.Origin))
	})
	rest := packet.Set{f.now}
	for _, e := range known {
		dst := packet.Set{to(packet.InPrefix(e.prefix))}
		hit := rest.Intersect(dst)
		if len(hit) == 0 {
			continue
		}
		rest = rest.Subtract(dst)
		for _, part := range f.split(hit, hit, nil) {
			w.transitRoute(part, gw, e.route, e.prefix)
		}
	}
	if len(rest) > 0 {
		f.sent = f.rewrites.carry(f.sent, example(rest))
		w.block(f, table.Ref, "the transit gateway's route table has no route to %s", w.address(Witness(rest).Destination))
	}
}

func (w *walk) transitRoute(f flow, gw *topology.Gateway, route *topology.TransitRoute, prefix netip.Prefix) {
	attachments, complete := route.Via.Options()
	if !route.Via.IsKnown() {
		f = f.doubt(route.Via.Ref())
	}
	if !complete {
		w.anything(f)
	}
	for _, attachment := range attachments {
		if attachment == nil {
			w.block(f, route.Ref, "the transit gateway's route leads to a black hole")
			continue
		}
		w.outOf(f.hop(route.Ref, w.routeText(prefix, gw)), gw, attachment)
	}
}

// outOf leaves the transit gateway by an attachment: into the subnet that it
// stands in, whose route table decides what comes next.
func (w *walk) outOf(f flow, gw *topology.Gateway, attachment *topology.Attachment) {
	networks, complete := attachment.Network.Options()
	if !attachment.Network.IsKnown() {
		f = f.doubt(attachment.Network.Ref())
	}
	if !complete {
		w.anything(f)
	}
	for _, network := range networks {
		if network == nil {
			w.leaveGraph(f, gw, attachment)
			continue
		}
		next := f.hop(attachment.Ref, "leaves "+name(gw)+" into "+network.Name)
		next.foreign = true
		w.into(next, attachment)
	}
}

// into enters the network by the subnets of the attachment. Which one depends on
// the sender's zone; where they differ, either may be.
func (w *walk) into(f flow, attachment *topology.Attachment) {
	type behaviour struct {
		table  *topology.RouteTable
		filter *topology.Filter
	}
	seen := map[behaviour]bool{}
	var ways []*topology.Subnet
	for _, subnet := range attachment.Subnets {
		s, known := subnet.Get()
		if !known || s == nil {
			w.anything(f, subnet.Ref())
			continue
		}
		b := behaviour{s.Table.Or(nil), s.Filter.Or(nil)}
		if !seen[b] {
			seen[b] = true
			ways = append(ways, s)
		}
	}
	if len(attachment.Subnets) == 0 {
		w.anything(f, attachment.Ref)
	}
	if len(ways) > 1 {
		f = f.doubt(attachment.Ref)
	}
	for _, subnet := range ways {
		for _, part := range w.subnetFilter(f.hop(subnet.Ref, "enters subnet "+subnet.Name), subnet, false) {
			w.leaveSubnet(part, subnet)
		}
	}
}
