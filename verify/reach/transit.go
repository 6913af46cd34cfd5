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

// attachedBy enters the transit gateway by an attachment, in the subnet that it
// has in the flow's zone.
func (w *walk) attachedBy(f flow, gw *topology.Gateway, attachment *topology.Attachment, from *topology.Subnet) {
	zone, zoneKnown := from.Zone.Get()
	var perhaps []topology.Ref
	for _, v := range attachment.Subnets {
		subnet, known := v.Get()
		if !known || subnet == nil {
			perhaps = append(perhaps, v.Ref())
			continue
		}
		other, known := subnet.Zone.Get()
		switch {
		case subnet == from, known && zoneKnown && other == zone:
			// Its network ACL sees what comes in, even from the same subnet, and
			// not what goes on to the gateway.
			// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
			for _, f := range w.subnetFilter(f, subnet, false) {
				w.fromAttachment(f, gw, attachment)
			}
			return
		case !zoneKnown:
			perhaps = append(perhaps, from.Zone.Ref())
		case !known:
			perhaps = append(perhaps, subnet.Zone.Ref())
		}
	}
	if len(perhaps) == 0 {
		w.block(f, attachment.Ref, "the attachment to %s has no subnet in %s", name(gw), zone)
		return
	}
	w.fromAttachment(f.doubt(perhaps...), gw, attachment)
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
	f, attachments := options(w, f, route.Via)
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
	f, networks := options(w, f, attachment.Network)
	for _, network := range networks {
		if network == nil {
			w.leaveGraph(f, gw, attachment)
			continue
		}
		next := f.hop(attachment.Ref, "leaves "+name(gw)+" into "+network.Name)
		next.foreign = !owns(network, f.now.Source)
		switch hold, known := gw.Transit.GroupReferences.Get(); {
		case !known:
			next.peers.sourceRefs = []topology.Ref{gw.Transit.GroupReferences.Ref(), gw.Ref}
		case !hold:
			next.peers.source, next.peers.sourceUnknown = nil, false
		}
		w.into(next, attachment)
	}
}

// into enters the network by the subnets of the attachment. Which one depends on
// the sender's zone and on the attachment's appliance mode: the network chooses.
// The subnet's network ACL sees only what goes on to other subnets.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
func (w *walk) into(f flow, attachment *topology.Attachment) {
	type behaviour struct {
		table  *topology.RouteTable
		filter *topology.Filter
		// at is the subnet where the packets go, which meets neither.
		at *topology.Subnet
	}
	seen := map[behaviour]bool{}
	var ways []*topology.Subnet
	for _, subnet := range attachment.Subnets {
		s, known := subnet.Get()
		if !known || s == nil {
			w.anything(f, subnet.Ref())
			continue
		}
		b := behaviour{table: s.Table.Or(nil), filter: s.Filter.Or(nil)}
		if slices.ContainsFunc(s.Prefixes, func(v topology.Val[netip.Prefix]) bool {
			prefix, known := v.Get()
			_, hit := f.now.Destination.Intersect(packet.InPrefix(prefix))
			return known && hit
		}) || !s.Table.IsKnown() || !s.Filter.IsKnown() {
			b.at = s
		}
		if !seen[b] {
			seen[b] = true
			ways = append(ways, s)
		}
	}
	if len(attachment.Subnets) == 0 {
		w.anything(f, attachment.Ref)
	}
	for i, subnet := range ways {
		next := f.hop(subnet.Ref, "enters subnet "+subnet.Name)
		if len(ways) > 1 {
			next.choices = append(slices.Clip(f.choices), choice{attachment, attachment.Ref, i, len(ways)})
		}
		w.leaveSubnet(next, subnet)
	}
}
