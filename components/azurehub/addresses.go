package azurehub

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// Slot is the place of a subnet in the hub's address plan.
type Slot string

// The slots, in the order in which their subnets are created.
const (
	SlotFirewall           Slot = "firewall"
	SlotFirewallManagement Slot = "firewallManagement"
	SlotBastion            Slot = "bastion"
	SlotGateway            Slot = "gateway"
	SlotResolverInbound    Slot = "resolverInbound"
	SlotResolverOutbound   Slot = "resolverOutbound"
)

// Subnet is a subnet of the hub.
type Subnet struct {
	Slot Slot
	// Name is the subnet's name in Azure, which for the first four decides
	// what it may hold.
	Name   string
	Prefix netip.Prefix
	// Delegation is the service that the subnet is given over to, often none.
	Delegation string
}

// resolverService is what the resolver's subnets are delegated to.
const resolverService = "Microsoft.Network/dnsResolvers"

// slots is the layout of the first /24 of the hub's block, and what Azure asks
// of each subnet: the longest and the shortest prefix.
// https://learn.microsoft.com/azure/firewall/firewall-faq,
// https://learn.microsoft.com/azure/bastion/configuration-settings,
// https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings,
// https://learn.microsoft.com/azure/dns/dns-private-resolver-overview
var slots = []struct {
	slot              Slot
	name, delegation  string
	bits, index       int // the block of the /24
	longest, shortest int
}{
	{SlotFirewall, "AzureFirewallSubnet", "", 26, 0, 26, 0},
	{SlotFirewallManagement, "AzureFirewallManagementSubnet", "", 26, 1, 26, 0},
	{SlotBastion, "AzureBastionSubnet", "", 26, 2, 26, 0},
	{SlotGateway, "GatewaySubnet", "", 27, 6, 27, 0},
	{SlotResolverInbound, "resolver-inbound", resolverService, 28, 14, 28, 24},
	{SlotResolverOutbound, "resolver-outbound", resolverService, 28, 15, 28, 24},
}

// slotNames returns the names of the slots.
func slotNames() []string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = string(s.slot)
	}
	return names
}

// The ranges that Azure refuses for a VNet.
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
var refused = []netip.Prefix{
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("168.63.129.16/32"),
}

// private are the ranges of private networks: RFC 1918 and RFC 6598.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
}

// isPrivate says whether the whole block is in a private range.
func isPrivate(block netip.Prefix) bool {
	return slices.ContainsFunc(private, func(r netip.Prefix) bool { return r.Bits() <= block.Bits() && r.Contains(block.Addr()) })
}

// resolverUnsafe is the range that a resolver's page of 2022 forbids to its
// subnets; today's does not say.
var resolverUnsafe = struct{ first, last netip.Addr }{netip.MustParseAddr("10.0.1.0"), netip.MustParseAddr("10.0.16.255")}

// planSubnets places the subnets that the spec asks for and checks the hub's
// block against the spokes'.
func (p *planner) planSubnets() {
	spec := p.plan.Spec
	p.plan.Vnet = p.block("vnetCidr", spec.VnetCidr)
	built := map[Slot]bool{
		SlotFirewall:           true,
		SlotFirewallManagement: spec.Firewall.Tier == Basic,
		SlotBastion:            spec.Bastion != nil,
		SlotGateway:            spec.Gateway,
		SlotResolverInbound:    spec.Resolver != nil,
		SlotResolverOutbound:   spec.Resolver != nil && len(spec.Resolver.Rules) > 0,
	}
	for _, slot := range slices.Sorted(maps.Keys(spec.Subnets)) {
		path := "subnets." + string(slot)
		if known, ok := built[slot]; !ok {
			p.problems.Addf(path, string(slot), problem.DidYouMean(string(slot), slotNames()), "is not a slot")
		} else if !known {
			p.problems.Addf(path, spec.Subnets[slot], "remove it", "places a subnet that is not built")
		}
	}
	var blocks []addressing.Named
	for _, s := range slots {
		if !built[s.slot] {
			continue
		}
		subnet := Subnet{Slot: s.slot, Name: s.name, Delegation: s.delegation}
		path := "subnets." + string(s.slot)
		if written, byHand := spec.Subnets[s.slot]; byHand {
			prefix, err := addressing.Parse(written)
			p.problems.Add(path, err)
			subnet.Prefix = p.checkSubnet(path, prefix, s.longest, s.shortest)
		} else {
			subnet.Prefix = p.slotBlock(s.bits, s.index)
		}
		blocks = append(blocks, addressing.Named{Path: path, Prefix: subnet.Prefix})
		p.plan.Subnets = append(p.plan.Subnets, subnet)
		if s.delegation == resolverService && subnet.Prefix.IsValid() && overlapsUnsafe(subnet.Prefix) {
			p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(
				"%s %s is in 10.0.1.0 to 10.0.16.255, which Azure has refused for a resolver; use another block if it still does", path, subnet.Prefix))
		}
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}

func overlapsUnsafe(p netip.Prefix) bool {
	return p.Contains(resolverUnsafe.first) || p.Addr().Compare(resolverUnsafe.first) >= 0 && p.Addr().Compare(resolverUnsafe.last) <= 0
}

// block reads a VNet's block; a zero prefix is one that was refused.
func (p *planner) block(path, written string) netip.Prefix {
	if written == "" {
		p.problems.Addf(path, "", "write a network such as 10.40.0.0/22", "is missing")
		return netip.Prefix{}
	}
	block, err := addressing.Parse(written)
	if err != nil {
		p.problems.Add(path, err)
		return netip.Prefix{}
	}
	for _, r := range refused {
		if block.Overlaps(r) {
			p.problems.Addf(path, written, "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", "overlaps %s, which Azure refuses for a VNet", r)
			return netip.Prefix{}
		}
	}
	if !isPrivate(block) {
		p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf("%s %s is public address space: hosts that own it cannot be reached", path, block))
	}
	return block
}

// slotBlock returns a block of the first /24 of the hub's block.
func (p *planner) slotBlock(bits, index int) netip.Prefix {
	vnet := p.plan.Vnet
	if !vnet.IsValid() {
		return netip.Prefix{}
	}
	if vnet.Bits() > 24 {
		if !p.tooSmall {
			p.problems.Addf("vnetCidr", vnet.String(), "use a /24 or larger, or place every subnet in subnets", "is smaller than /24, which the slots take")
		}
		p.tooSmall = true
		return netip.Prefix{}
	}
	first, err := addressing.Block(vnet, 24, 0)
	p.problems.Add("vnetCidr", err)
	block, err := addressing.Block(first, bits, index)
	p.problems.Add("vnetCidr", err)
	return block
}

// checkSubnet returns the prefix, or a zero one that it has refused.
func (p *planner) checkSubnet(path string, prefix netip.Prefix, longest, shortest int) netip.Prefix {
	switch {
	case !prefix.IsValid():
		return netip.Prefix{}
	case p.plan.Vnet.IsValid() && (prefix.Bits() < p.plan.Vnet.Bits() || !p.plan.Vnet.Contains(prefix.Addr())):
		p.problems.Addf(path, prefix.String(), "use a block of "+p.plan.Vnet.String(), "is outside the hub's block")
	case prefix.Bits() > longest:
		p.problems.Addf(path, prefix.String(), "the nearest is "+netip.PrefixFrom(prefix.Addr(), longest).Masked().String(),
			"is smaller than the /%d that Azure asks for", longest)
	case prefix.Bits() < shortest:
		p.problems.Addf(path, prefix.String(), "the nearest is "+netip.PrefixFrom(prefix.Addr(), shortest).String(),
			"is larger than the /%d that Azure allows", shortest)
	default:
		return prefix
	}
	return netip.Prefix{}
}

// planSpokes checks the spokes' blocks: a VNet may be peered only with VNets
// whose blocks overlap neither its own nor each other's.
func (p *planner) planSpokes() {
	spec := p.plan.Spec
	blocks := []addressing.Named{{Path: "vnetCidr", Prefix: p.plan.Vnet}}
	for _, name := range slices.Sorted(maps.Keys(spec.Spokes)) {
		spoke := spec.Spokes[name]
		path := "spokes." + name
		if name == hub || !namePattern.MatchString(name) {
			p.problems.Addf(path, name, "use lower-case letters, digits and inner hyphens, and not "+hub, "is not a spoke's name")
		}
		if spoke.VnetID != "" && !vnetID.MatchString(spoke.VnetID) {
			p.problems.Addf(path+".vnetId", spoke.VnetID, "give /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…",
				"is not the id of a VNet")
		}
		if len(spoke.Cidrs) == 0 {
			p.problems.Addf(path+".cidrs", "", "list the VNet's blocks", "is missing")
		}
		for i, written := range spoke.Cidrs {
			at := fmt.Sprintf("%s.cidrs[%d]", path, i)
			blocks = append(blocks, addressing.Named{Path: at, Prefix: p.block(at, written)})
		}
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}
