package azurevnet

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// The services that subnets are delegated to.
const (
	delegatedToAKS      = "Microsoft.ContainerService/managedClusters"
	delegatedToPostgres = "Microsoft.DBforPostgreSQL/flexibleServers"
)

func (p *planner) planAddressSpace() {
	spec := p.plan.Spec
	if len(spec.AddressSpace) == 0 {
		p.problems.Addf("addressSpace", "", "give the VNet's blocks, for example [10.40.0.0/16]", "is missing")
	}
	for i, cidr := range spec.AddressSpace {
		path := fmt.Sprintf("addressSpace[%d]", i)
		block := p.parse(path, cidr)
		if block.IsValid() && !p.facts.AzurePrivate(block) {
			p.warn("%s: %s is not for private use: its public addresses cannot be reached from the VNet", path, block)
		}
		p.plan.AddressSpace = append(p.plan.AddressSpace, block)
	}
}

// parse reads a block of the VNet; the zero Prefix stands for one with a
// problem.
func (p *planner) parse(path, cidr string) netip.Prefix {
	block, err := addressing.Parse(cidr)
	if err == nil {
		err = p.facts.CheckAzureBlock(block)
	}
	if err != nil {
		p.problems.Add(path, err)
		return netip.Prefix{}
	}
	for _, reserved := range p.facts.AKSLimits().Reserved {
		if block.Overlaps(reserved) {
			p.problems.Addf(path, cidr, "use another block", "overlaps %s, which AKS keeps for itself", reserved)
			return netip.Prefix{}
		}
	}
	return block
}

func (p *planner) planSubnets() {
	spec := p.plan.Spec
	for role := range sorted(spec.Subnets) {
		path := fmt.Sprintf("subnets.%s", role)
		switch {
		case !slices.Contains(addressing.AzureRoles(), role):
			p.problems.Addf(path, "", problem.DidYouMean(string(role), roleNames()), "is not a role")
		case !spec.has(role):
			p.problems.Addf(path, "", fmt.Sprintf("add %s to roles, or remove it", role), "is set, but there is no such subnet")
		}
	}
	var blocks []addressing.Named
	for _, role := range addressing.AzureRoles() {
		if !spec.has(role) {
			continue
		}
		path := fmt.Sprintf("subnets.%s", role)
		block := p.roleBlock(path, role)
		p.checkAllow(path, role, spec.Subnets[role].Allow)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: block})
		p.plan.Subnets = append(p.plan.Subnets, PlannedSubnet{Name: string(role), Role: role, Cidr: block})
	}
	for name, extra := range sorted(spec.ExtraSubnets) {
		path := "extraSubnets." + name
		block := p.extraBlock(path, name, extra)
		p.checkAllow(path, "", extra.Allow)
		blocks = append(blocks, addressing.Named{Path: path + ".cidr", Prefix: block})
		p.plan.Subnets = append(p.plan.Subnets, PlannedSubnet{Name: name, Cidr: block})
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
	for i := range p.plan.Subnets {
		p.plan.Subnets[i].Usable = addressing.Usable(p.plan.Subnets[i].Cidr)
	}
}

// roleBlock returns the block of a role's subnet, or the zero Prefix with its
// problem.
func (p *planner) roleBlock(path string, role addressing.AzureRole) netip.Prefix {
	subnet := p.plan.Spec.Subnets[role]
	if subnet.Addresses < 0 {
		p.problems.Addf(path+".addresses", strconv.Itoa(subnet.Addresses), "give how many the subnet needs", "is below zero")
		return netip.Prefix{}
	}
	if subnet.Cidr != "" {
		block := p.inside(path+".cidr", subnet.Cidr)
		if usable := addressing.Usable(block); block.IsValid() && usable < subnet.Addresses {
			p.problems.Addf(path+".cidr", subnet.Cidr, fmt.Sprintf("use a /%d", addressing.AzureBits(subnet.Addresses)),
				"has %d usable addresses of the %d that are needed", usable, subnet.Addresses)
		}
		p.checkSmallest(path+".cidr", block, delegation(role))
		return block
	}
	if len(p.plan.AddressSpace) == 0 || !p.plan.AddressSpace[0].IsValid() {
		return netip.Prefix{} // has its own problem
	}
	plan := addressing.AzureVnet{Base: p.plan.AddressSpace[0]}
	if err := plan.Check(); err != nil {
		if !slices.ContainsFunc(p.problems, func(q *problem.Problem) bool { return q.Path == "addressSpace[0]" }) {
			p.problems.Add("addressSpace[0]", err)
		}
		return netip.Prefix{}
	}
	block, err := plan.Subnet(role, subnet.Addresses)
	if err != nil {
		p.problems.Add(path+".addresses", err)
		return netip.Prefix{}
	}
	p.checkSmallest(path+".addresses", block, delegation(role))
	return block
}

// extraBlock returns the block of an extra subnet, or the zero Prefix with its
// problem.
func (p *planner) extraBlock(path, name string, extra ExtraSubnet) netip.Prefix {
	if !childName.MatchString(name) {
		p.problems.Addf(path, name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a subnet's name")
	}
	if slices.ContainsFunc(roleNames(), func(role string) bool { return strings.EqualFold(role, name) }) {
		p.problems.Addf(path, name, "add it to roles, or use another name", "is the name of a role")
	}
	block := p.inside(path+".cidr", extra.Cidr)
	if extra.Delegation != "" {
		p.checkSmallest(path+".cidr", block, extra.Delegation)
	}
	if extra.RouteToFirewall && p.plan.Spec.Egress != EgressCustomerFirewall {
		p.problems.Addf(path+".routeToFirewall", "true", "remove it, or set egress: customerFirewall", "is set, but there is no firewall")
	}
	for _, rule := range p.facts.AzureVnetRules().ReservedSubnets {
		if name != rule.Name && strings.EqualFold(name, rule.Name) {
			p.problems.Addf(path, name, "write "+rule.Name, "is found by Azure only in its exact form")
		}
	}
	rule, reserved := p.facts.AzureReservedSubnet(name)
	if !reserved {
		return block
	}
	if block.IsValid() && block.Bits() > rule.Bits {
		p.problems.Addf(path+".cidr", extra.Cidr, fmt.Sprintf("use a /%d or larger", rule.Bits), "is too small for %s", rule.Purpose)
	}
	if len(extra.Allow) > 0 {
		p.problems.Addf(path+".allow", "", "remove it", "is set, but %s has no network security group", name)
	}
	if extra.Delegation != "" {
		p.problems.Addf(path+".delegation", extra.Delegation, "remove it", "is set, but the subnet is for %s", rule.Purpose)
	}
	if extra.RouteToFirewall {
		p.problems.Addf(path+".routeToFirewall", "true", "remove it", "is set, but %s needs its own routes", name)
	}
	return block
}

// inside reads a block placed by hand, which must lie in the address space.
func (p *planner) inside(path, cidr string) netip.Prefix {
	if cidr == "" {
		p.problems.Addf(path, "", "give the subnet's block", "is missing")
		return netip.Prefix{}
	}
	block := p.parse(path, cidr)
	valid := slices.DeleteFunc(slices.Clone(p.plan.AddressSpace), func(b netip.Prefix) bool { return !b.IsValid() })
	if block.IsValid() && len(valid) > 0 && !slices.ContainsFunc(valid, func(b netip.Prefix) bool { return contains(b, block) }) {
		p.problems.Addf(path, cidr, "use a part of "+strings.Join(texts(valid), " or "), "is outside the address space")
	}
	return block
}

// checkSmallest checks that a subnet is large enough for what it is delegated
// to.
func (p *planner) checkSmallest(path string, block netip.Prefix, service string) {
	if service == "" || !block.IsValid() {
		return
	}
	rule, known := p.facts.AzureDelegation(service)
	switch {
	case !known:
		var names []string
		for _, r := range p.facts.AzureVnetRules().Delegations {
			names = append(names, r.Name)
		}
		p.problems.Addf(strings.TrimSuffix(path, ".cidr")+".delegation", service, problem.DidYouMean(service, names), "is not a service that the catalogue knows")
	case block.Bits() > rule.Bits:
		p.problems.Addf(path, block.String(), fmt.Sprintf("use a /%d or larger, %d addresses", rule.Bits, addressing.Usable(netip.PrefixFrom(block.Addr(), rule.Bits))),
			"is too small for %s", service)
	}
}

// delegation returns what a role's subnet is delegated to. Nodes' never is: AKS
// refuses a delegated one.
func delegation(role addressing.AzureRole) string {
	switch role {
	case addressing.AzurePods, addressing.AzureAPIServer:
		return delegatedToAKS
	case addressing.AzureDatabase:
		return delegatedToPostgres
	}
	return ""
}

// checkOverlaps checks that no block of the VNet is in use elsewhere too, and
// that the cluster's own lie outside.
func (p *planner) checkOverlaps() {
	spec := p.plan.Spec
	var blocks []addressing.Named
	for i, block := range p.plan.AddressSpace {
		blocks = append(blocks, addressing.Named{Path: fmt.Sprintf("addressSpace[%d]", i), Prefix: block})
	}
	add := func(path, cidr string) {
		block, err := addressing.Parse(cidr)
		p.problems.Add(path, err)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: block})
	}
	for name, peering := range sorted(spec.Peerings) {
		for i, cidr := range peering.AddressSpace {
			add(fmt.Sprintf("peerings.%s.addressSpace[%d]", name, i), cidr)
		}
	}
	// Networks on premises may well lie behind a peer that routes them.
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
	blocks = blocks[:len(p.plan.AddressSpace)]
	for i, cidr := range spec.OnPremises {
		add(fmt.Sprintf("onPremises[%d]", i), cidr)
	}
	if spec.Cluster.PodCidr != "" {
		add("cluster.podCidr", spec.Cluster.PodCidr)
	}
	if spec.Cluster.ServiceCidr != "" {
		add("cluster.serviceCidr", spec.Cluster.ServiceCidr)
	}
	for _, found := range addressing.Overlaps(blocks) {
		if !strings.HasPrefix(found.Path, "addressSpace") {
			p.problems = append(p.problems, found)
		}
	}
}
