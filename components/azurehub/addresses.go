package azurehub

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/azure"
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

// largestResolverSubnet is the prefix length of the largest subnet that a
// resolver's endpoint may have.
// https://learn.microsoft.com/azure/dns/dns-private-resolver-overview
const largestResolverSubnet = 24

// slots is the layout of the first /24 of the hub's block: each slot is the
// block of that index among its /bits blocks.
var slots = []struct {
	slot             Slot
	name, delegation string
	bits, index      int
}{
	{SlotFirewall, "AzureFirewallSubnet", "", 26, 0},
	{SlotFirewallManagement, "AzureFirewallManagementSubnet", "", 26, 1},
	{SlotBastion, "AzureBastionSubnet", "", 26, 2},
	{SlotGateway, "GatewaySubnet", "", 27, 6},
	{SlotResolverInbound, "resolver-inbound", resolverService, 28, 14},
	{SlotResolverOutbound, "resolver-outbound", resolverService, 28, 15},
}

// slotNames returns the names of the slots.
func slotNames() []string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = string(s.slot)
	}
	return names
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
			subnet.Prefix = p.checkSubnet(path, prefix, subnet)
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
	if err := p.facts.CheckAzureBlock(block); err != nil {
		p.problems.Add(path, err)
		return netip.Prefix{}
	}
	if !p.facts.AzurePrivate(block) {
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

// checkSubnet returns the prefix that was written for the subnet, or a zero one
// that it has refused.
func (p *planner) checkSubnet(path string, prefix netip.Prefix, subnet Subnet) netip.Prefix {
	rule, _ := p.facts.AzureReservedSubnet(subnet.Name)
	if subnet.Delegation != "" {
		rule, _ = p.facts.AzureDelegation(subnet.Delegation)
	}
	vnet := p.plan.Vnet
	switch {
	case !prefix.IsValid():
		return netip.Prefix{}
	case vnet.IsValid() && (prefix.Bits() < vnet.Bits() || !vnet.Contains(prefix.Addr())):
		p.problems.Addf(path, prefix.String(), "use a block of "+vnet.String(), "is outside the hub's block")
	case prefix.Bits() > rule.Bits:
		p.problems.Addf(path, prefix.String(), "the nearest is "+netip.PrefixFrom(prefix.Addr(), rule.Bits).Masked().String(),
			"is smaller than the /%d that Azure asks for", rule.Bits)
	case subnet.Delegation == resolverService && prefix.Bits() < largestResolverSubnet:
		p.problems.Addf(path, prefix.String(), "the nearest is "+netip.PrefixFrom(prefix.Addr(), largestResolverSubnet).String(),
			"is larger than the /%d that Azure allows", largestResolverSubnet)
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
		azure.Check(&p.problems, path+".vnetId", spoke.VnetID, "Microsoft.Network/virtualNetworks")
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
