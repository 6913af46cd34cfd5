package azurevnet

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/azure"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to. It is a plain value; the constructor only walks
// it.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// AddressSpace are the VNet's blocks.
	AddressSpace []netip.Prefix
	// Subnets in the order they are made: roles, then extra ones by name.
	Subnets []PlannedSubnet
	// RouteTables by key; none without a firewall.
	RouteTables []RouteTable
	// DNSServers are those that the VNet uses now; empty for Azure's.
	DNSServers []string
	// DNSDeferred says that DNSServers is empty only until the cluster is there.
	DNSDeferred bool
	// RequiredEgress is what a firewall must let the cluster send. Empty with
	// egress none.
	RequiredEgress []EgressRule
	// Warnings say what works, but not as it might.
	Warnings []string

	existing azure.ID // zero unless Spec.Existing
}

// PlannedSubnet is one subnet.
type PlannedSubnet struct {
	// Name of the subnet: the role, or the extra subnet's name.
	Name string
	// Role of the subnet; empty for an extra one.
	Role addressing.AzureRole
	Cidr netip.Prefix
	// Usable is how many addresses are for use: all but Azure's 5.
	Usable int
	// Delegation is the service that the subnet is delegated to; empty for none.
	Delegation string
	// RouteTable is the key of its table; empty for none.
	RouteTable string
	// NatGateway says that connections leave by the NAT gateway.
	NatGateway bool
	// ServiceEndpoints are services reached without leaving Azure's network.
	ServiceEndpoints []string
	// Rules of its network security group; nil for no group.
	Rules []Rule
}

// RouteTable is a table that subnets share.
type RouteTable struct {
	// Key is "egress", of nodes, pods and extra subnets, or "database".
	Key    string
	Routes []Route
}

// Route is one route of a table.
type Route struct {
	// Name of the route, unique in its table.
	Name string
	// Prefix is the destination: a block or a service tag.
	Prefix  string
	NextHop NextHop
	// NextHopIP is the address of a VirtualAppliance.
	NextHopIP string
	// Firewall says that the next hop is the customer's firewall.
	Firewall bool
}

// EgressRule is traffic that a firewall must let nodes and pods send.
type EgressRule struct {
	// Sources are the blocks of nodes and pods: where pods have addresses of
	// the VNet, a rule with the nodes alone would block them.
	Sources []string `json:"sources"`
	catalog.EgressRule
}

// The keys of the route tables.
const (
	tableEgress   = "egress"
	tableDatabase = "database"
)

// The services that subnets are delegated to.
const (
	delegatedToAKS      = "Microsoft.ContainerService/managedClusters"
	delegatedToPostgres = "Microsoft.DBforPostgreSQL/flexibleServers"
)

const defaultRoute = "0.0.0.0/0"

// Subnet returns the subnet of that name, a role's or an extra one; ok is false
// when the plan has none.
func (p *Plan) Subnet(name string) (subnet PlannedSubnet, ok bool) {
	i := slices.IndexFunc(p.Subnets, func(s PlannedSubnet) bool { return s.Name == name })
	if i < 0 {
		return PlannedSubnet{}, false
	}
	return p.Subnets[i], true
}

// NewPlan validates a spec and plans its VNet. The error is a problem.List with
// every problem of the spec, each at its field's path ("firewall.privateIp").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults(), RequiredEgress: []EgressRule{}}}
	p.checkChoices()
	p.planAddressSpace()
	p.planSubnets()
	p.checkOverlaps()
	p.planFirewall()
	p.checkPublicAddresses()
	p.checkControlPlane()
	p.planDNS()
	p.checkPeerings()
	p.checkFlowLogs()
	p.planExisting()
	p.planEgress()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	for i, s := range p.plan.Subnets {
		p.plan.Subnets[i] = p.connect(s)
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	plan     Plan
	problems problem.List
	// firewall is the address that traffic is routed to; zero without one.
	firewall netip.Addr
}

func (p *planner) warn(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

// checkChoices checks each choice by itself, and what belongs to another.
func (p *planner) checkChoices() {
	spec := p.plan.Spec
	p.problems.Add("location", catalog.CheckAzureRegion(spec.Location))
	if spec.Egress == "" {
		p.problems.Addf("egress", "", "say customerFirewall, loadBalancer, natGateway or none", "is missing; there is no safe default")
	} else {
		problem.OneOf(&p.problems, "egress", spec.Egress, EgressCustomerFirewall, EgressLoadBalancer, EgressNatGateway, EgressNone)
	}
	if spec.PublicAddresses != nil && !spec.public() {
		p.problems.Addf("publicAddresses", "", "remove it, or set egress: loadBalancer",
			"is set, but with egress %s the VNet has no public address", spec.Egress)
	}
	if spec.Firewall != nil && spec.Egress != EgressCustomerFirewall {
		p.problems.Addf("firewall", spec.Firewall.PrivateIP, "remove it, or set egress: customerFirewall",
			"is set, but with egress %s nothing is routed to it", spec.Egress)
	}
	for i, role := range spec.Roles {
		if !slices.Contains(addressing.AzureRoles(), role) {
			p.problems.Addf(fmt.Sprintf("roles[%d]", i), string(role), problem.DidYouMean(string(role), roleNames()), "is not a role")
		}
	}
	problem.Unique(&p.problems, "roles", spec.Roles)
	if !spec.has(addressing.AzureNodes) {
		p.problems.Addf("roles", join(spec.Roles), "add nodes", "has no subnet for the cluster's nodes")
	}
	azure.Check(&p.problems, "ddosProtectionPlan", spec.DdosProtectionPlan, "Microsoft.Network/ddosProtectionPlans")
}

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

// subnetName is Azure's rule for the names of subnets.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var subnetName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$`)

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
	if !subnetName.MatchString(name) {
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

var (
	ruleName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$`)
	serviceTag = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)
	portRange  = regexp.MustCompile(`^\d{1,5}(-\d{1,5})?$`)
)

// checkAllow checks the rules that a spec adds to a subnet.
func (p *planner) checkAllow(path string, role addressing.AzureRole, allow []Allow) {
	var names []string
	for i, a := range allow {
		at := fmt.Sprintf("%s.allow[%d]", path, i)
		names = append(names, strings.ToLower(a.Name))
		if !ruleName.MatchString(a.Name) {
			p.problems.Addf(at+".name", a.Name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a rule's name")
		} else if name := strings.ToLower(a.Name); strings.HasPrefix(name, "allow") || strings.HasPrefix(name, "deny") {
			p.problems.Addf(at+".name", a.Name, "use a name that begins otherwise", "begins as the names of the subnet's own rules do")
		}
		if len(a.From) == 0 {
			p.problems.Addf(at+".from", "", "list blocks, or a service tag", "is missing")
		}
		var blocks []addressing.Named
		for j, from := range a.From {
			path := fmt.Sprintf("%s.from[%d]", at, j)
			blocks = append(blocks, addressing.Named{Path: path, Prefix: p.checkSource(path, from, role, len(a.From))})
		}
		p.problems = append(p.problems, addressing.Overlaps(blocks)...)
		if len(a.Ports) == 0 {
			p.problems.Addf(at+".ports", "", "list ports, for example \"443\"", "is missing")
		}
		for j, port := range a.Ports {
			if first, last, ok := ports(port); !ok || first < 1 || last > 65535 || first > last {
				p.problems.Addf(fmt.Sprintf("%s.ports[%d]", at, j), port, "write a port or a range, \"443\" or \"8000-8100\"", "is no port")
			}
		}
		if a.Protocol != "" {
			problem.OneOf(&p.problems, at+".protocol", a.Protocol, "Tcp", "Udp")
		}
	}
	problem.Unique(&p.problems, path+".allow", names)
}

// checkSource checks where a rule admits connections from. It returns the block,
// or the zero Prefix for a service tag and what has a problem.
func (p *planner) checkSource(path, from string, role addressing.AzureRole, count int) netip.Prefix {
	const narrower = "list the blocks that may connect"
	switch {
	case from == "*" || from == "VirtualNetwork":
		p.problems.Addf(path, from, narrower, "may be every address")
	case from == "Internet":
		if role != addressing.AzureNodes && role != addressing.AzureAppGateway {
			p.problems.Addf(path, from, narrower, "is not admitted to this subnet")
		} else if p.plan.Spec.Egress == EgressCustomerFirewall && role == addressing.AzureNodes {
			p.problems.Addf(path, from, narrower, "does not reach nodes behind the customer's firewall")
		}
	case serviceTag.MatchString(from):
		if count > 1 {
			p.problems.Addf(path, from, "give it a rule of its own", "is a service tag, which Azure takes alone")
		}
	default:
		block, err := addressing.Parse(from)
		if err == nil && block.Bits() < 8 {
			err = problem.New(from, "is a large part of the internet", narrower)
		}
		p.problems.Add(path, err)
		return block
	}
	return netip.Prefix{}
}

// ports reads "443" or "8000-8100".
func ports(text string) (first, last int, ok bool) {
	if !portRange.MatchString(text) {
		return 0, 0, false
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, _ = strconv.Atoi(from) // digits only, at most five
	last, _ = strconv.Atoi(to)
	return first, last, true
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

// planFirewall plans the routes to the customer's firewall.
func (p *planner) planFirewall() {
	spec := p.plan.Spec
	if spec.Egress != EgressCustomerFirewall {
		return
	}
	if spec.Firewall == nil || spec.Firewall.PrivateIP == "" {
		p.problems.Addf("firewall.privateIp", "", "give the firewall's address, for example 10.10.1.4", "is missing")
		return
	}
	firewall := spec.Firewall
	p.firewall = p.address("firewall.privateIp", firewall.PrivateIP)
	if !p.firewall.IsValid() {
		return
	}
	for _, s := range p.plan.Subnets {
		if s.Cidr.IsValid() && s.Cidr.Contains(p.firewall) && (s.Role != "" || spec.ExtraSubnets[s.Name].RouteToFirewall) {
			p.problems.Addf("firewall.privateIp", firewall.PrivateIP, "place the firewall in a peered VNet, or in an extra subnet of its own",
				"is in the subnet %s, whose own traffic it would be sent", s.Name)
		}
	}
	if spec.Existing == nil && !p.reaches(p.firewall) {
		p.warn("firewall.privateIp: %s is in no peering's address space: Azure drops what is routed to an address outside the VNet and its peers",
			firewall.PrivateIP)
	}
	if firewall.ControlPlaneIP != "" {
		p.publicAddress("firewall.controlPlaneIp", firewall.ControlPlaneIP)
	}
	for i, ip := range firewall.EgressIPs {
		p.publicAddress(fmt.Sprintf("firewall.egressIps[%d]", i), ip)
	}
	problem.Unique(&p.problems, "firewall.egressIps", firewall.EgressIPs)

	toFirewall := Route{Name: "default", Prefix: defaultRoute, NextHop: VirtualAppliance, NextHopIP: firewall.PrivateIP, Firewall: true}
	p.plan.RouteTables = []RouteTable{{Key: tableEgress, Routes: append([]Route{toFirewall}, p.extraRoutes()...)}}
	if !spec.has(addressing.AzureDatabase) {
		return
	}
	// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
	database, _ := p.plan.Subnet(string(addressing.AzureDatabase))
	p.plan.RouteTables = append(p.plan.RouteTables, RouteTable{Key: tableDatabase, Routes: []Route{
		toFirewall,
		{Name: "entra", Prefix: "AzureActiveDirectory", NextHop: Internet},
		{Name: "subnet", Prefix: database.Cidr.String(), NextHop: VnetLocal},
	}})
}

// reaches reports whether an address is in the VNet or in a peered one.
func (p *planner) reaches(address netip.Addr) bool {
	reachable := slices.Clone(p.plan.AddressSpace)
	for _, peering := range p.plan.Spec.Peerings {
		for _, cidr := range peering.AddressSpace {
			if block, err := addressing.Parse(cidr); err == nil {
				reachable = append(reachable, block)
			}
		}
	}
	return slices.ContainsFunc(reachable, func(block netip.Prefix) bool { return block.Contains(address) })
}

// extraRoutes returns the routes beside the default one, by name.
func (p *planner) extraRoutes() []Route {
	var routes []Route
	byPrefix := map[netip.Prefix]string{}
	for name, extra := range sorted(p.plan.Spec.Firewall.ExtraRoutes) {
		path := "firewall.extraRoutes." + name
		if !ruleName.MatchString(name) {
			p.problems.Addf(path, name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a route's name")
		}
		if strings.EqualFold(name, "default") {
			p.problems.Addf(path, name, "use another name", "is the name of the route to the firewall")
		}
		block, err := addressing.Parse(extra.Prefix)
		p.problems.Add(path+".prefix", err)
		if err == nil && block.Bits() == 0 {
			p.problems.Addf(path+".prefix", extra.Prefix, "remove it", "is the route to the firewall; a table has one")
		}
		if first, twice := byPrefix[block]; twice && err == nil {
			p.problems.Addf(path+".prefix", extra.Prefix, "remove one", "is routed already by firewall.extraRoutes.%s", first)
		}
		byPrefix[block] = name
		if extra.NextHop == Internet {
			p.problems.Addf(path+".nextHop", string(Internet), "remove the route, and allow the traffic in the firewall", "leads around the firewall")
		} else {
			problem.OneOf(&p.problems, path+".nextHop", extra.NextHop, VirtualAppliance, VirtualNetworkGateway, VnetLocal, Drop)
		}
		switch {
		case extra.NextHop == VirtualAppliance:
			p.address(path+".nextHopIp", extra.NextHopIP)
		case extra.NextHopIP != "":
			p.problems.Addf(path+".nextHopIp", extra.NextHopIP, "remove it", "is set, but %s has no address", extra.NextHop)
		}
		routes = append(routes, Route{Name: name, Prefix: extra.Prefix, NextHop: extra.NextHop, NextHopIP: extra.NextHopIP})
	}
	return routes
}

// address reads an IPv4 address, or returns the zero Addr with its problem.
func (p *planner) address(path, text string) netip.Addr {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		p.problems.Addf(path, text, "give one such as 10.10.1.4", "is not an IPv4 address")
		return netip.Addr{}
	}
	return addr
}

// publicAddress checks an address that is reached over the internet.
func (p *planner) publicAddress(path, text string) {
	if addr := p.address(path, text); addr.IsValid() && p.facts.AzurePrivate(netip.PrefixFrom(addr, 32)) {
		p.problems.Addf(path, text, "give the public address", "is a private address")
	}
}

func (p *planner) checkPublicAddresses() {
	spec := p.plan.Spec
	public := spec.PublicAddresses
	if public == nil || !spec.public() {
		return
	}
	// https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
	if public.Count < 1 || public.Count > 16 {
		p.problems.Addf("publicAddresses.count", strconv.Itoa(public.Count), "use 1 to 16", "is not a number of addresses that Azure takes")
	}
	for i, zone := range public.Zones {
		problem.OneOf(&p.problems, fmt.Sprintf("publicAddresses.zones[%d]", i), zone, "1", "2", "3")
	}
	problem.Unique(&p.problems, "publicAddresses.zones", public.Zones)
	problem.OneOf(&p.problems, "publicAddresses.inbound", public.Inbound, InboundShared, InboundSeparate, InboundNone)
	if spec.Egress != EgressNatGateway {
		return
	}
	if len(public.Zones) > 1 {
		p.problems.Addf("publicAddresses.zones", strings.Join(public.Zones, ", "), "name one, or none", "is more than one; a NAT gateway is in one zone")
	}
	if public.Inbound == InboundShared {
		p.problems.Addf("publicAddresses.inbound", string(InboundShared), "use separate or none", "cannot be: a NAT gateway admits no connections")
	}
}

// checkControlPlane checks who is admitted from the internet.
func (p *planner) checkControlPlane() {
	spec := p.plan.Spec
	inbound := spec.public() && spec.PublicAddresses.Inbound != InboundNone
	switch {
	case inbound && len(spec.ControlPlaneCidrs) == 0:
		p.problems.Addf("controlPlaneCidrs", "", "list the blocks that the control plane connects from, or set publicAddresses.inbound: none",
			"is missing; nobody would be admitted")
	case !inbound && spec.Egress != EgressCustomerFirewall && len(spec.ControlPlaneCidrs) > 0:
		p.problems.Addf("controlPlaneCidrs", strings.Join(spec.ControlPlaneCidrs, ", "), "remove it", "is set, but nothing connects from the internet")
	}
	var blocks []addressing.Named
	for i, cidr := range spec.ControlPlaneCidrs {
		path := fmt.Sprintf("controlPlaneCidrs[%d]", i)
		block, err := addressing.Parse(cidr)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: block})
		switch {
		case err != nil:
			p.problems.Add(path, err)
		case block.Bits() < 8:
			p.problems.Addf(path, cidr, "list the control plane's own blocks", "is a large part of the internet")
		case p.facts.AzurePrivate(block):
			p.problems.Addf(path, cidr, "give the public addresses that the control plane connects from",
				"is a private block; nothing comes from it over the internet")
		}
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}

// planDNS decides which servers the VNet uses now. Servers elsewhere do not know
// the zone that AKS makes for an API server's name: with them, nodes could not
// find it and the cluster would fail to come up.
// https://learn.microsoft.com/azure/aks/private-clusters
func (p *planner) planDNS() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "dns.phase", spec.DNS.Phase, DNSAuto, DNSDeferred, DNSActive)
	for i, server := range spec.DNS.Servers {
		p.address(fmt.Sprintf("dns.servers[%d]", i), server)
	}
	problem.Unique(&p.problems, "dns.servers", spec.DNS.Servers)
	if len(spec.DNS.Servers) > 20 {
		p.problems.Addf("dns.servers", "", "use at most 20", "is %d servers", len(spec.DNS.Servers))
	}
	early := spec.Cluster.SystemZone && !spec.Cluster.Created
	switch {
	case len(spec.DNS.Servers) == 0:
		if spec.DNS.Phase != DNSAuto {
			p.problems.Addf("dns.phase", string(spec.DNS.Phase), "remove it, or list servers", "is set, but there are no DNS servers")
		}
	case spec.DNS.Phase == DNSActive && early:
		p.problems.Addf("dns.phase", string(DNSActive),
			"deploy with phase deferred, link the cluster's zone to the servers' VNet, say that the cluster is there, deploy, then restart the nodes",
			"would keep the new cluster's nodes from finding its API server: its name is in a zone that the servers do not know")
	case spec.DNS.Phase == DNSDeferred || early:
		p.plan.DNSDeferred = true
	default:
		p.plan.DNSServers = spec.DNS.Servers
	}
}

func (p *planner) checkPeerings() {
	gateways := ""
	for name, peering := range sorted(p.plan.Spec.Peerings) {
		path := "peerings." + name
		if !ruleName.MatchString(name) {
			p.problems.Addf(path, name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a peering's name")
		}
		azure.Check(&p.problems, path+".remoteVnetId", peering.RemoteVnetID, vnetType)
		if len(peering.AddressSpace) == 0 {
			p.problems.Addf(path+".addressSpace", "", "list the other VNet's blocks", "is missing; an overlap could not be seen")
		}
		if !peering.UseRemoteGateways {
			continue
		}
		if !peering.RemoteGatewayTransit {
			p.problems.Addf(path+".useRemoteGateways", "true", "have its side of the peering allow gateway transit, and set remoteGatewayTransit: true",
				"needs a gateway in the other VNet, and its consent")
		}
		if gateways != "" {
			p.problems.Addf(path+".useRemoteGateways", "true", "use the gateway of one peering", "is set for peerings.%s too", gateways)
		}
		gateways = cmp.Or(gateways, name)
		if _, own := p.plan.Spec.ExtraSubnets["GatewaySubnet"]; own {
			p.problems.Addf(path+".useRemoteGateways", "true", "remove it, or the subnet GatewaySubnet",
				"is set, but the VNet has a place for a gateway of its own")
		}
	}
}

const vnetType = "Microsoft.Network/virtualNetworks"

func (p *planner) checkFlowLogs() {
	logs := p.plan.Spec.FlowLogs
	if logs == nil {
		return
	}
	azure.Check(&p.problems, "flowLogs.storageAccountId", logs.StorageAccountID, "Microsoft.Storage/storageAccounts")
	azure.Check(&p.problems, "flowLogs.workspaceId", logs.WorkspaceID, "Microsoft.OperationalInsights/workspaces")
	if logs.RetentionDays < 1 || logs.RetentionDays > 365 {
		p.problems.Addf("flowLogs.retentionDays", strconv.Itoa(logs.RetentionDays), "use 1 to 365", "is not a retention that flow logs offer")
	}
}

// planExisting checks what a VNet made elsewhere leaves to its owner.
func (p *planner) planExisting() {
	spec := p.plan.Spec
	if spec.Existing == nil {
		return
	}
	id, err := azure.ParseID(spec.Existing.VnetID, vnetType)
	p.problems.Add("existing.vnetId", err)
	p.plan.existing = id
	const owner = "set it where the VNet is made, and remove it here"
	if len(spec.DNS.Servers) > 0 {
		p.problems.Addf("dns.servers", strings.Join(spec.DNS.Servers, ", "), owner, "is a property of the existing VNet")
	}
	if spec.DdosProtectionPlan != "" {
		p.problems.Addf("ddosProtectionPlan", spec.DdosProtectionPlan, owner, "is a property of the existing VNet")
	}
}

// planEgress lists what a firewall must let the cluster send.
func (p *planner) planEgress() {
	spec := p.plan.Spec
	if spec.Egress == EgressNone {
		return
	}
	// Azure's own server is reached without any firewall.
	const azureDNS = "168.63.129.16"
	servers := slices.DeleteFunc(slices.Clone(spec.DNS.Servers), func(s string) bool { return s == azureDNS })
	rules, err := p.facts.AKSEgressRules(catalog.AKSEgress{
		Region: spec.Location, Features: spec.Cluster.Features, PrivateAPI: !spec.Cluster.PublicAPI, DNSServers: servers,
	})
	var found problem.List
	found.Add("", err)
	for _, f := range found {
		// The region and the servers have their problems already.
		if strings.HasPrefix(f.Path, "features") {
			p.problems = append(p.problems, problem.List{f}.Under("cluster")...)
		}
	}
	for _, rule := range rules {
		p.plan.RequiredEgress = append(p.plan.RequiredEgress, EgressRule{Sources: p.clusterCidrs(), EgressRule: rule})
	}
}

// connect fills in how a subnet is delegated, routed and guarded.
func (p *planner) connect(s PlannedSubnet) PlannedSubnet {
	spec := p.plan.Spec
	extra := spec.ExtraSubnets[s.Name]
	s.Delegation = delegation(s.Role)
	allow := spec.Subnets[s.Role].Allow
	if s.Role == "" {
		s.Delegation, allow = extra.Delegation, extra.Allow
	}
	cluster := s.Role == addressing.AzureNodes || s.Role == addressing.AzurePods
	switch {
	case spec.Egress == EgressCustomerFirewall && s.Role == addressing.AzureDatabase:
		s.RouteTable = tableDatabase
	case spec.Egress == EgressCustomerFirewall && (cluster || extra.RouteToFirewall):
		s.RouteTable = tableEgress
	case spec.Egress == EgressNatGateway:
		s.NatGateway = cluster
	}
	if s.Role == addressing.AzureDatabase {
		// Backups and write-ahead logs go to storage accounts of Azure's.
		s.ServiceEndpoints = []string{"Microsoft.Storage"}
	}
	if _, reserved := p.facts.AzureReservedSubnet(s.Name); !reserved || s.Role != "" {
		s.Rules = p.rules(s, allow)
	}
	return s
}

// contains reports whether outer holds all of inner.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func roleNames() []string {
	var names []string
	for _, role := range addressing.AzureRoles() {
		names = append(names, string(role))
	}
	return names
}

func join(roles []addressing.AzureRole) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// sorted ranges over a map in the order of its keys.
func sorted[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
