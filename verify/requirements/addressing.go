package requirements

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	plan "github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/topology"
)

func addressing() []Requirement {
	awsDataPlanes := []string{SharedAWS, DedicatedAWS}
	azure := []string{SharedAzure, AKSLandingZone}
	return []Requirement{
		{
			ID: "ADDR-001", Title: "The pods' secondary block belongs to the VPC, may join it, and is used nowhere else",
			Sources: []Source{{conveyor, "VPC Setup"}}, Models: awsDataPlanes,
			Why:  "Pods take their addresses from the secondary block; one that AWS refuses or that others use too cannot be routed.",
			Mend: "Associate a block of 100.64.0.0/10, /16 or smaller, that no peer, gateway or other network routes.", check: secondaryBlock,
		},
		{
			ID: "ADDR-002", Title: "Three node subnets of at least /24 in the primary block",
			Sources: []Source{{conveyor, "Private subnets"}}, Models: awsDataPlanes,
			Why:  "Nodes and internal load balancers of three zones need addresses that the rest of the network can route.",
			Mend: "Add a node subnet of /24 or larger in each of three zones, in the VPC's primary block.", check: nodeSubnets,
		},
		{
			ID: "ADDR-003", Title: "Three pod subnets of at least /18 in the secondary block",
			Sources: []Source{{conveyor, "Private subnets"}}, Models: awsDataPlanes,
			Why:  "Every pod takes an address of its own; a small subnet stops workloads from being scheduled.",
			Mend: "Add a pod subnet of /18 in each of three zones, in the VPC's secondary block.", check: podSubnets,
		},
		{
			ID: "ADDR-004", Title: "Three public subnets in three zones",
			Sources: []Source{{conveyor, "Public subnets"}, {aosDocument, "EKS Subnets (Detail)"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "NAT gateways and internet-facing load balancers stand in them, in every zone that they serve.",
			Mend: "Add a public subnet in each of three zones.", check: publicSubnets,
		},
		{
			ID: "ADDR-005", Title: "Subnets lie inside their network and share no address; an AosCloud VPC is a /16",
			Sources: []Source{{aosDocument, "CIDR Planning Guidance"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud, SharedAzure, AKSLandingZone},
			Why:  "The cloud refuses a subnet outside its network or over another one, and AosCloud's plan assumes a whole /16.",
			Mend: "Move the subnet to a free block of the network.", check: disjointSubnets,
		},
		{
			ID: "ADDR-006", Title: "No block overlaps a connected network's",
			Sources: []Source{{aosDocument, "CIDR Planning Guidance"}, {conveyor, "VPC Setup"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud, SharedAzure, AKSLandingZone},
			Why:  "Of two networks with the same addresses only one can be reached; peering or a transit gateway then fails for good.",
			Mend: "Choose a block that no corporate, VPN, peered or other network uses.", check: noOverlap,
		},
		{
			ID: "ADDR-007", Title: "Environments share no address: staging's second octet is one higher",
			Sources: []Source{{aosDocument, "CIDR Planning Guidance"}}, Models: []string{AosCloud},
			Why:  "Environments with the same addresses can never be peered or reached over one VPN.",
			Mend: "Set `staging: true` in the staging environment, so that its block is the next one.", check: environments,
		},
		{
			ID: "ADDR-008", Title: "Aurora, DocumentDB and ElastiCache each have three subnets in three zones, of at least /28",
			Sources: []Source{{aosDocument, "Managed Service Subnet Groups"}}, Models: []string{AosCloud},
			Why:  "Their subnet groups need several zones to fail over to.",
			Mend: "Add a subnet of at least /28 (11 usable addresses) in each of three zones for each service.", check: serviceSubnets,
		},
		{
			ID: "ADDR-009", Title: "Room for growth remains: a /18 in the VPC, and the rest of the private range beside it",
			Sources: []Source{{aosDocument, "CIDR Planning Guidance"}}, Models: []string{AosCloud},
			Why:  "Subnets never move, so what grows needs free space beside what is there.",
			Mend: "Keep a block as large as EKS's own /18 free in the VPC, and the VPC no larger than a /16.", check: headroom,
		},
		{
			ID: "ADDR-010", Title: "The database subnet has at least 10 usable addresses",
			Sources: []Source{{conveyor, "Azure Vnets"}}, Models: []string{SharedAzure},
			Why:  "A PostgreSQL flexible server takes several addresses, more with high availability.",
			Mend: "Give the database subnet a /28 (11 usable addresses) or larger.", check: usable(database, 10),
		},
		{
			ID: "ADDR-011", Title: "The pod subnet has at least 2,000 usable addresses",
			Sources: []Source{{conveyor, "Azure Vnets"}}, Models: []string{SharedAzure},
			Why:  "Every pod takes an address of it; too few stop workloads from being scheduled.",
			Mend: "Give the pod subnet a /21 (2,043 usable addresses) or larger.", check: podSpace,
		},
		{
			ID: "ADDR-012", Title: "The node subnet has 256 addresses: a /24, of which Azure leaves 251",
			Sources: []Source{{conveyor, "Azure Vnets"}}, Models: []string{SharedAzure},
			Why:  "The subnet bounds how many nodes the cluster can ever have.",
			Mend: "Give the node subnet a /24 or larger.", check: usable(nodes, 251),
		},
		{
			ID: "ADDR-013", Title: "The cluster stays below the limits of its network model",
			Sources: []Source{{aksDocument, "Kubenet"}, {aksDocument, "Azure CNI Overlay"}}, Models: azure,
			Why:  "Kubenet ends at 400 nodes, Azure CNI Overlay at 1,000 nodes of 250 pods.",
			Mend: "Lower the node pools' maximum, or choose a network model that carries them.", check: networkModel,
		},
	}
}

func secondaryBlock(c *check) {
	for _, network := range c.dataPlanes() {
		blocks := prefixes(network.Prefixes)
		if len(blocks) < len(network.Prefixes) {
			var refs []topology.Ref
			for _, v := range network.Prefixes {
				if !v.IsKnown() {
					refs = append(refs, v.Ref())
				}
			}
			c.doubt(refs, "a block of %s is not known yet", network.Name)
			continue
		}
		blocks = slices.DeleteFunc(blocks, func(p netip.Prefix) bool { return !p.Addr().Is4() })
		if len(blocks) < 2 {
			c.fewer(network, network.Ref, "%s has no secondary block", network.Name)
			continue
		}
		for i, block := range blocks[1:] {
			ref := prefixRef(network, block)
			if err := plan.CheckAssociation(blocks[:i+1], block, 0); err != nil {
				c.refute(ref, "%v", err)
				continue
			}
			c.usedOnce(network, block, ref)
		}
	}
}

// prefixRef is where a block of a network stands.
func prefixRef(network *topology.Network, block netip.Prefix) topology.Ref {
	for _, v := range network.Prefixes {
		if p, ok := v.Get(); ok && p == block {
			return v.Ref()
		}
	}
	return network.Ref
}

// usedOnce checks that nobody else has, or routes elsewhere, the block.
func (c *check) usedOnce(network *topology.Network, block netip.Prefix, ref topology.Ref) {
	before := len(c.broken)
	for _, other := range c.model.Networks {
		for _, p := range prefixes(other.Prefixes) {
			if other != network && p.Overlaps(block) {
				c.refute(prefixRef(other, p), "%s of %s overlaps %s of %s", p, other.Name, block, network.Name)
			}
		}
	}
	for _, table := range c.model.Tables {
		if table.Network != network {
			continue
		}
		for _, route := range table.Routes {
			to, _ := route.To.Get()
			for _, p := range to {
				if gw, ok := route.Via.Get(); ok && gw != nil && gw.Kind != topology.Local && p.Bits() > 0 && within(p, privateRanges()) && p.Overlaps(block) {
					c.refute(route.Ref, "a route sends %s, which overlaps %s, to the %s %s", p, block, gw.Kind, gw.Name)
				}
			}
		}
	}
	if len(c.broken) == before {
		c.holds(ref, "%s is a secondary block of %s and used nowhere else", block, network.Name)
	}
}

func within(p netip.Prefix, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Overlaps(p) && r.Bits() <= p.Bits() })
}

func nodeSubnets(c *check) {
	for _, network := range c.dataPlanes() {
		c.sized(network, nodes, 3, 24, false)
	}
}

func podSubnets(c *check) {
	for _, network := range c.dataPlanes() {
		c.sized(network, pods, 3, 18, true)
	}
}

// sized checks that the tier has that many subnets, each at least that large,
// in the primary or a secondary block.
func (c *check) sized(network *topology.Network, t tier, want, bits int, secondary bool) {
	good := 0
	for _, subnet := range c.subnets(network, t) {
		block, ok := ipv4(subnet).Get()
		if !ok {
			c.doubt([]topology.Ref{ipv4(subnet).Ref()}, "the block of %s is not known yet", subnet.Name)
			good++
			continue
		}
		primary, ok := network.Prefixes[0].Get()
		switch inPrimary := ok && primary.Overlaps(block); {
		case block.Bits() > bits:
			c.refute(ipv4(subnet).Ref(), "%s is %s, smaller than /%d", subnet.Name, block, bits)
			continue
		case !ok:
			c.doubt([]topology.Ref{network.Prefixes[0].Ref()}, "the primary block of %s is not known yet", network.Name)
		case inPrimary == secondary:
			c.refute(ipv4(subnet).Ref(), "%s is %s, in the %s block of the VPC", subnet.Name, block, map[bool]string{true: "primary", false: "secondary"}[inPrimary])
			continue
		default:
			c.holds(ipv4(subnet).Ref(), "%s is %s", subnet.Name, block)
		}
		good++
	}
	if good < want && len(c.broken) == 0 {
		c.fewer(network, network.Ref, "%s has %d %s subnets that fit, of %d", network.Name, good, t, want)
	}
}

func publicSubnets(c *check) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.egressMode(network); m {
		case isolated:
			c.notApplicable("%s has no internet, and so no public tier", network.Name)
			continue
		case "":
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
			continue
		}
		c.zoned(network, public, 3)
	}
}

// zoned checks that the tier has a subnet in that many zones.
func (c *check) zoned(network *topology.Network, t tier, want int) {
	zones := map[string]bool{}
	found := c.subnets(network, t)
	var open []topology.Ref
	for _, subnet := range found {
		zone, ok := subnet.Zone.Get()
		switch {
		case !ok:
			open = append(open, subnet.Zone.Ref())
		default:
			zones[zone] = true
		}
	}
	switch {
	case len(zones) >= want:
		for _, subnet := range found {
			c.holds(subnet.Ref, "%s is in %s", subnet.Name, subnet.Zone.Or("a zone that is not known yet"))
		}
	case len(zones)+len(open) >= want:
		c.doubt(open, "the zones of the %s subnets of %s are not known yet", t, network.Name)
	case len(found) >= want:
		c.refute(found[len(found)-1].Zone.Ref(), "the %d %s subnets of %s are in %d zones, of %d", len(found), t, network.Name, len(zones), want)
	default:
		c.fewer(network, network.Ref, "%s has %s subnets in %d zones, of %d", network.Name, t, len(zones), want)
	}
}

func disjointSubnets(c *check) {
	if c.deployment == AosCloud {
		for _, network := range c.dataPlanes() {
			switch block, ok := network.Prefixes[0].Get(); {
			case !ok:
				c.doubt([]topology.Ref{network.Prefixes[0].Ref()}, "the block of %s is not known yet", network.Name)
			case block.Bits() != 16:
				c.refute(network.Prefixes[0].Ref(), "%s is %s, and not a /16", network.Name, block)
			default:
				c.holds(network.Prefixes[0].Ref(), "%s is %s, a /16", network.Name, block)
			}
		}
	}
	type owned struct {
		prefix netip.Prefix
		subnet *topology.Subnet
		ref    topology.Ref
	}
	var seen []owned
	for _, subnet := range c.model.Subnets {
		blocks := prefixes(subnet.Network.Prefixes)
		for _, v := range subnet.Prefixes {
			p, ok := v.Get()
			if !ok {
				c.doubt([]topology.Ref{v.Ref()}, "the block of %s is not known yet", subnet.Name)
				continue
			}
			inside := slices.ContainsFunc(blocks, func(b netip.Prefix) bool { return b.Overlaps(p) && b.Bits() <= p.Bits() })
			good := true
			switch {
			case inside:
			case len(blocks) < len(subnet.Network.Prefixes) || len(subnet.Network.Incomplete) > 0:
				c.doubt([]topology.Ref{subnet.Network.Ref}, "the blocks of %s are not all known", subnet.Network.Name)
				good = false
			default:
				c.refute(v.Ref(), "%s is %s, outside every block of %s", subnet.Name, p, subnet.Network.Name)
				good = false
			}
			for _, o := range seen {
				if o.subnet.Network == subnet.Network && o.subnet != subnet && o.prefix.Overlaps(p) {
					c.refute(v.Ref(), "%s is %s, which overlaps %s of %s", subnet.Name, p, o.prefix, o.subnet.Name)
					good = false
				}
			}
			seen = append(seen, owned{p, subnet, v.Ref()})
			if good {
				c.holds(v.Ref(), "%s is %s", subnet.Name, p)
			}
		}
	}
}

func noOverlap(c *check) {
	for i, network := range c.model.Networks {
		for _, v := range network.Prefixes {
			if !v.IsKnown() {
				c.doubt([]topology.Ref{v.Ref()}, "a block of %s is not known", network.Name)
			}
		}
		for _, block := range prefixes(network.Prefixes) {
			clear := true
			for _, other := range c.model.Networks[:i] {
				for _, p := range prefixes(other.Prefixes) {
					if p.Overlaps(block) {
						c.refute(prefixRef(network, block), "%s of %s overlaps %s of %s", block, network.Name, p, other.Name)
						clear = false
					}
				}
			}
			if clear {
				c.holds(prefixRef(network, block), "%s of %s overlaps no network of the graph", block, network.Name)
			}
		}
		for _, gw := range c.model.Gateways {
			if gw.Network != network || gw.Kind != topology.Peering {
				continue
			}
			for _, v := range gw.PeerPrefixes {
				p, ok := v.Get()
				if !ok {
					c.doubt([]topology.Ref{v.Ref()}, "the blocks beyond the peering %s are not known", gw.Name)
				}
				for _, block := range prefixes(network.Prefixes) {
					if ok && p.Overlaps(block) {
						c.refute(v.Ref(), "%s beyond the peering %s overlaps %s of %s", p, gw.Name, block, network.Name)
					}
				}
			}
		}
	}
	for _, table := range c.model.Tables {
		if table.Network == nil {
			continue
		}
		for _, route := range table.Routes {
			gw, ok := route.Via.Get()
			to, _ := route.To.Get()
			if !ok || gw == nil || !slices.Contains([]topology.GatewayKind{topology.VPN, topology.Transit, topology.Peering}, gw.Kind) {
				continue
			}
			for _, p := range to {
				for _, block := range prefixes(table.Network.Prefixes) {
					if p.Bits() > 8 && p.Overlaps(block) {
						c.refute(route.Ref, "%s, which %s %s leads to, overlaps %s of %s", p, gw.Kind, gw.Name, block, table.Network.Name)
					}
				}
			}
		}
	}
}

// environments compares the VPC with the project's other environments and with
// the document's rule for them.
func environments(c *check) {
	base := netip.MustParsePrefix("10.231.0.0/16")
	for _, network := range c.dataPlanes() {
		block, ok := network.Prefixes[0].Get()
		if !ok {
			c.doubt([]topology.Ref{network.Prefixes[0].Ref()}, "the block of %s is not known yet", network.Name)
			continue
		}
		ref := network.Prefixes[0].Ref()
		for _, sibling := range c.siblings {
			for _, other := range vpcBlocks(sibling) {
				if other.Overlaps(block) {
					c.refute(ref, "%s of %s overlaps %s of the environment %s", block, c.graph.Stack, other, sibling.Stack)
				} else {
					c.holds(ref, "%s shares no address with %s of the environment %s", block, other, sibling.Stack)
				}
			}
		}
		for _, other := range c.in(dataPlane) {
			if p, known := other.Prefixes[0].Get(); other != network && known && p.Overlaps(block) {
				c.refute(ref, "%s of %s overlaps %s of %s", block, network.Name, p, other.Name)
			}
		}
		staging := slices.Contains(append(stackWords(c.graph), words(network.Name)...), "staging")
		switch {
		case staging && block.Overlaps(base):
			c.refute(ref, "staging has %s, which is development's; its own second octet is one higher: 10.232.0.0/16", block)
		case !staging && block.Addr() == netip.MustParseAddr("10.232.0.0"):
			c.refute(ref, "%s has %s, which is staging's", c.graph.Stack, block)
		case staging && block.String() == "10.232.0.0/16", block == base:
			c.holds(ref, "%s has %s, as the document gives it out", c.graph.Stack, block)
		case len(c.siblings) == 0:
			c.notApplicable("the graph holds one environment, with a block of its own; `underlay verify --stack` compares those of the project")
		}
	}
}

// vpcBlocks are the primary blocks of the VPCs in a graph.
func vpcBlocks(g *graph.Graph) []netip.Prefix {
	var blocks []netip.Prefix
	for _, vpc := range g.ByType("aws:ec2/vpc:Vpc") {
		if p, err := netip.ParsePrefix(text(vpc, "cidrBlock")); err == nil {
			blocks = append(blocks, p)
		}
	}
	return blocks
}

func serviceSubnets(c *check) {
	for _, network := range c.dataPlanes() {
		for _, t := range []tier{aurora, documentDB, elastiCache} {
			for _, subnet := range c.subnets(network, t) {
				if block, ok := ipv4(subnet).Get(); ok && block.Bits() > 28 {
					c.refute(ipv4(subnet).Ref(), "%s is %s, smaller than /28", subnet.Name, block)
				} else if !ok {
					c.doubt([]topology.Ref{ipv4(subnet).Ref()}, "the block of %s is not known yet", subnet.Name)
				}
			}
			c.zoned(network, t, 3)
		}
	}
}

func headroom(c *check) {
	const room = 18
	for _, network := range c.dataPlanes() {
		block, ok := network.Prefixes[0].Get()
		if !ok {
			c.doubt([]topology.Ref{network.Prefixes[0].Ref()}, "the block of %s is not known yet", network.Name)
			continue
		}
		if block.Bits() < 16 {
			c.refute(network.Prefixes[0].Ref(), "%s is %s: larger than a /16, it leaves too little of the private range", network.Name, block)
			continue
		}
		var used []netip.Prefix
		var last topology.Ref
		for _, subnet := range c.subnets(network) {
			p, known := ipv4(subnet).Get()
			if !known {
				c.doubt([]topology.Ref{ipv4(subnet).Ref()}, "the block of %s is not known yet", subnet.Name)
				continue
			}
			if block.Overlaps(p) && p.Bits() >= block.Bits() {
				used = append(used, p)
				if last.URN == "" || p.Bits() < 20 {
					last = ipv4(subnet).Ref()
				}
			}
		}
		free := plan.Free(block, disjoint(used))
		switch {
		case slices.ContainsFunc(free, func(p netip.Prefix) bool { return p.Bits() <= room }):
			c.holds(network.Prefixes[0].Ref(), "%s has a free /%d", network.Name, room)
		case last.URN == "":
			c.refute(network.Prefixes[0].Ref(), "%s is %s and has no free /%d", network.Name, block, room)
		default:
			c.refute(last, "with it no /%d is left of %s of %s", room, block, network.Name)
		}
	}
}

// disjoint leaves out what lies within another one.
func disjoint(blocks []netip.Prefix) []netip.Prefix {
	var kept []netip.Prefix
	for i, p := range blocks {
		covered := false
		for j, q := range blocks {
			if i != j && q.Overlaps(p) && (q.Bits() < p.Bits() || q == p && j < i) {
				covered = true
			}
		}
		if !covered {
			kept = append(kept, p)
		}
	}
	return kept
}

// usable checks how many addresses Azure leaves of the tier's subnets.
func usable(t tier, want int) func(*check) {
	return func(c *check) {
		for _, network := range c.dataPlanes() {
			for _, subnet := range c.tier(network, t) {
				c.holdsUsable(subnet, want)
			}
		}
	}
}

func (c *check) holdsUsable(subnet *topology.Subnet, want int) {
	v := ipv4(subnet)
	block, ok := v.Get()
	if !ok {
		c.doubt([]topology.Ref{v.Ref()}, "the block of %s is not known yet", subnet.Name)
		return
	}
	if have := azureUsable(block); have < want {
		c.refute(v.Ref(), "%s is %s: %d usable addresses, of %d", subnet.Name, block, have, want)
	} else {
		c.holds(v.Ref(), "%s is %s: %d usable addresses", subnet.Name, block, have)
	}
}

// azureUsable is how many addresses Azure leaves of a subnet: it keeps five.
// https://learn.microsoft.com/en-us/azure/virtual-network/virtual-networks-faq
func azureUsable(p netip.Prefix) int {
	if p.Bits() < 8 {
		return 1 << 24
	}
	return 1<<(32-p.Bits()) - 5
}

// podSpace: pods take addresses of their own subnet, or of an overlay.
func podSpace(c *check) {
	for _, network := range c.dataPlanes() {
		found := c.subnets(network, pods)
		for _, subnet := range found {
			c.holdsUsable(subnet, 2000)
		}
		if len(found) > 0 {
			continue
		}
		overlay := false
		for _, cluster := range c.clusters() {
			profile := object(cluster, "networkProfile")
			if mode, known := opened(profile["networkPluginMode"]); known && mode.IsString() && mode.StringValue() == "overlay" {
				overlay = true
				c.overlaySpace(cluster, profile["podCidr"])
			}
		}
		if !overlay {
			c.fewer(network, network.Ref, "%s has no pod subnet, and no cluster that the graph holds an overlay", network.Name)
		}
	}
}

func (c *check) overlaySpace(cluster *graph.Resource, cidr resource.PropertyValue) {
	ref := topology.Ref{URN: cluster.URN, Property: "networkProfile.podCidr"}
	v, known := opened(cidr)
	if known && v.IsNull() {
		c.holds(ref, "an overlay with Azure's own 10.244.0.0/16")
		return
	}
	block, err := netip.ParsePrefix(fmt.Sprint(v.V))
	switch {
	case !known || err != nil:
		c.doubt([]topology.Ref{ref}, "the pods' block is not known yet")
	case 1<<(32-block.Bits()) < 2000:
		c.refute(ref, "the overlay's %s has %d addresses, of 2000", block, 1<<(32-block.Bits()))
	default:
		c.holds(ref, "an overlay with %s", block)
	}
}
