package aks

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Posture is what AKS is asked for.
	Posture Posture
	// Capacity is how many nodes there is room for.
	Capacity Capacity
	// Grants are the roles that the cluster's identities need, and no others.
	Grants []Grant
	// Warnings say what works, but not as it might.
	Warnings []string
}

// NewPlan validates a spec and plans its cluster. The error is a problem.List
// with every problem of the spec, each at its field's path ("api.access").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, limits: facts.AKSLimits(), plan: Plan{Spec: spec.withDefaults()}}
	p.model, p.modelKnown = facts.AKSModel(string(p.plan.Spec.Model))
	p.checkCluster()
	p.checkChoices()
	p.checkKubenet()
	p.checkNetwork()
	p.checkSubnets()
	p.checkServices()
	p.checkEgress()
	p.checkAccess()
	p.checkZone()
	p.checkNames()
	ranges := p.planRanges()
	p.planPools()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	p.plan.Posture = newPosture(p.plan.Spec, ranges)
	p.plan.Grants = grants(p.plan.Spec)
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts      *catalog.Catalog
	limits     catalog.AKSLimits
	model      catalog.AKSModel
	modelKnown bool
	plan       Plan
	problems   problem.List

	// The blocks that are valid; zero those that are not.
	nodes, pods, apiServer, podBlock, services netip.Prefix
}

func (p *planner) warn(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

var (
	versionPattern = regexp.MustCompile(`^1\.\d{2}(\.\d{1,2})?$`)
	guidPattern    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// checkCluster checks what has nothing to do with the network.
func (p *planner) checkCluster() {
	spec := p.plan.Spec
	p.problems.Add("location", p.facts.CheckAzureRegion(spec.Location))
	problem.OneOf(&p.problems, "tier", spec.Tier, TierFree, TierStandard)
	if spec.KubernetesVersion != "" && !versionPattern.MatchString(spec.KubernetesVersion) {
		p.problems.Addf("kubernetesVersion", spec.KubernetesVersion, "write for example \"1.34\", in quotes", "is not a version of Kubernetes")
	}
	for i, group := range spec.AdminGroups {
		if !guidPattern.MatchString(group) {
			p.problems.Addf(fmt.Sprintf("adminGroups[%d]", i), group, "give the group's object id, a GUID", "is not an object id")
		}
	}
	problem.Unique(&p.problems, "adminGroups", spec.AdminGroups)
}

// checkChoices checks each choice by itself, and those that exclude another.
func (p *planner) checkChoices() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "model", spec.Model, Overlay, PodSubnet, PodSubnetStatic, AzureCNI, Kubenet)
	problem.OneOf(&p.problems, "dataplane", spec.Dataplane, DataplaneCilium, DataplaneAzure)
	problem.OneOf(&p.problems, "policy", spec.Policy, PolicyCilium, PolicyCalico, PolicyAzure, PolicyNone)
	if spec.Model == Kubenet && spec.Dataplane == DataplaneCilium {
		p.problems.Addf("dataplane", "cilium", "use dataplane azure, or another model", "needs Azure CNI, and kubenet is not it")
	}
	switch {
	case spec.Policy == PolicyCilium && spec.Dataplane == DataplaneAzure:
		p.problems.Addf("policy", "cilium", "use dataplane cilium, or policy calico", "needs the dataplane cilium")
	case spec.Policy != PolicyCilium && spec.Dataplane == DataplaneCilium:
		p.problems.Addf("policy", string(spec.Policy), "use policy cilium, or dataplane azure", "is not that of the dataplane cilium, which has its own")
	case spec.Policy == PolicyAzure && spec.Model == Kubenet:
		p.problems.Addf("policy", "azure", "use policy calico", "does not work with kubenet")
	case spec.Policy == PolicyAzure:
		p.warn("network policy azure ends for Linux nodes on %s: use the dataplane cilium", p.limits.AzureNetworkPolicyRetirement)
	}
}

// checkKubenet checks the route table, which AKS writes kubenet's routes into.
func (p *planner) checkKubenet() {
	if p.model.Retirement != "" {
		p.warn("%s ends on %s: use overlay", p.model.Name, p.model.Retirement)
	}
	if p.plan.Spec.Model != Kubenet {
		return
	}
	vnet := p.plan.Spec.Vnet
	if vnet.Nodes.RouteTable == "" {
		p.problems.Addf("vnet.nodes.routeTable", "", "give the subnet a table of this cluster's own",
			"is missing; AKS would attach one of its own, and the next update of the subnet would take it away")
	}
	if vnet.RouteTableShared {
		p.problems.Addf("vnet.nodes.routeTable", vnet.Nodes.RouteTable, "give each cluster its own",
			"is another cluster's too; with kubenet both would write their nodes' routes into it")
	}
}

// checkNetwork checks the blocks that must not meet.
func (p *planner) checkNetwork() {
	spec := p.plan.Spec
	var blocks []addressing.Named
	if len(spec.Vnet.Cidrs) == 0 {
		p.problems.Addf("vnet.cidrs", "", "give the VNet's blocks", "are missing")
	}
	for i, cidr := range spec.Vnet.Cidrs {
		path := fmt.Sprintf("vnet.cidrs[%d]", i)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: p.parse(path, cidr)})
	}
	for i, cidr := range spec.ReachableCidrs {
		path := fmt.Sprintf("reachableCidrs[%d]", i)
		// AKS's reserved blocks may well be in use elsewhere.
		prefix, err := addressing.Parse(cidr)
		p.problems.Add(path, err)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: prefix})
	}
	switch {
	case spec.Model.podBlock():
		p.podBlock = p.parse("podCidr", spec.PodCidr)
		blocks = append(blocks, addressing.Named{Path: "podCidr", Prefix: p.podBlock})
	case spec.PodCidr != "":
		p.problems.Addf("podCidr", spec.PodCidr, "remove it, or use the model overlay", "has no use: with %s pods' addresses are the VNet's", spec.Model)
	}
	p.services = p.parse("serviceCidr", spec.ServiceCidr)
	blocks = append(blocks, addressing.Named{Path: "serviceCidr", Prefix: p.services})
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}

// parse returns the block, or a zero one with its problem.
func (p *planner) parse(path, cidr string) netip.Prefix {
	prefix, err := addressing.Parse(cidr)
	if err != nil {
		p.problems.Add(path, err)
		return netip.Prefix{}
	}
	for _, reserved := range p.limits.Reserved {
		if prefix.Overlaps(reserved) {
			p.problems.Addf(path, cidr, "use a block outside it", "overlaps %s, which AKS keeps for itself", reserved)
			return netip.Prefix{}
		}
	}
	return prefix
}

func (p *planner) checkSubnets() {
	spec := p.plan.Spec
	p.nodes = p.subnet("vnet.nodes", spec.Vnet.Nodes)
	if d := spec.Vnet.Nodes.Delegation; d != "" {
		p.problems.Addf("vnet.nodes.delegation", d, "use a subnet without delegation", "is on the node subnet; nodes cannot be put into a delegated one")
	}
	p.pods = p.delegated("vnet.pods", spec.Vnet.Pods, spec.Model.podSubnet(), "the model "+string(spec.Model))
	p.apiServer = p.delegated("vnet.apiServer", spec.Vnet.APIServer, spec.API.Access.integrated(), "the access "+string(spec.API.Access))
	if smallest := p.limits.APIServer.SubnetBits; p.apiServer.IsValid() && p.apiServer.Bits() > smallest {
		p.problems.Addf("vnet.apiServer.cidr", p.apiServer.String(), fmt.Sprintf("use a /%d or larger", smallest),
			"is too small; an API server takes %d addresses, and Azure %d", p.limits.APIServer.Addresses, azureReserved)
	}
	p.problems = append(p.problems, addressing.Overlaps([]addressing.Named{
		{Path: "vnet.nodes.cidr", Prefix: p.nodes},
		{Path: "vnet.pods.cidr", Prefix: p.pods},
		{Path: "vnet.apiServer.cidr", Prefix: p.apiServer},
	})...)
}

// azureReserved is how many addresses of each subnet are Azure's own.
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
const azureReserved = 5

// subnet returns the subnet's block, which is one of the VNet.
func (p *planner) subnet(path string, s Subnet) netip.Prefix {
	prefix, err := addressing.Parse(s.Cidr)
	if err != nil {
		p.problems.Add(path+".cidr", err)
		return netip.Prefix{}
	}
	known := false
	for _, cidr := range p.plan.Spec.Vnet.Cidrs {
		vnet, err := addressing.Parse(cidr)
		known = known || err == nil
		if err == nil && vnet.Bits() <= prefix.Bits() && vnet.Contains(prefix.Addr()) {
			return prefix
		}
	}
	if known {
		p.problems.Addf(path+".cidr", s.Cidr, "use a subnet of "+strings.Join(p.plan.Spec.Vnet.Cidrs, ", "), "is not in the VNet")
	}
	return netip.Prefix{}
}

// delegated returns the block of a subnet that by needs, or that nothing does.
func (p *planner) delegated(path string, s *Subnet, needed bool, by string) netip.Prefix {
	switch {
	case s == nil && needed:
		p.problems.Addf(path, "", "give a subnet delegated to "+Delegation, "is missing; %s needs it", by)
	case s != nil && !needed:
		p.problems.Addf(path, s.Cidr, "remove it", "is of no use to %s", by)
	case s != nil:
		if s.Delegation != Delegation {
			p.problems.Addf(path+".delegation", s.Delegation, "delegate it to "+Delegation, "is not what AKS needs")
		}
		return p.subnet(path, *s)
	}
	return netip.Prefix{}
}

func (p *planner) checkServices() {
	if !p.services.IsValid() {
		return
	}
	if most := p.limits.LargestServiceBits; p.services.Bits() <= most {
		p.problems.Addf("serviceCidr", p.services.String(), fmt.Sprintf("use a /%d or smaller", most+1), "is too large; it must be smaller than a /%d", most)
	}
	spec := &p.plan.Spec
	if spec.DNSServiceIP == "" {
		ip := p.services.Addr()
		for range 10 {
			ip = ip.Next()
		}
		spec.DNSServiceIP = ip.String()
		if !p.services.Contains(ip) {
			p.problems.Addf("serviceCidr", p.services.String(), "use a larger block, or give dnsServiceIp", "has no tenth address for the cluster's DNS")
		}
		return
	}
	ip, err := netip.ParseAddr(spec.DNSServiceIP)
	switch {
	case err != nil:
		p.problems.Addf("dnsServiceIp", spec.DNSServiceIP, "give an address of "+p.services.String(), "is not an IP address")
	case !p.services.Contains(ip):
		p.problems.Addf("dnsServiceIp", spec.DNSServiceIP, "give an address of it", "is not in serviceCidr %s", p.services)
	case ip == p.services.Addr() || ip == p.services.Addr().Next():
		p.problems.Addf("dnsServiceIp", spec.DNSServiceIP, "give another of "+p.services.String(), "is the first address, that of the Kubernetes API")
	}
}

func (p *planner) checkEgress() {
	spec := p.plan.Spec
	nodes, access := spec.Vnet.Nodes, spec.API.Access
	switch spec.Egress {
	case "":
		p.problems.Addf("egress", "", "use customerFirewall, loadBalancer, natGateway or none", "is missing")
	case managedNatGateway:
		p.problems.Addf("egress", string(managedNatGateway), "use natGateway, with a gateway of yours on the node subnet",
			"needs a VNet that AKS makes itself, and this one is yours")
	default:
		problem.OneOf(&p.problems, "egress", spec.Egress, EgressCustomerFirewall, EgressLoadBalancer, EgressNatGateway, EgressNone)
	}
	if spec.Egress == EgressCustomerFirewall {
		if nodes.RouteTable == "" && spec.Model != Kubenet { // kubenet's has its problem already
			p.problems.Addf("vnet.nodes.routeTable", "", "attach one that routes 0.0.0.0/0 to the firewall",
				"is missing; AKS refuses the outbound type userDefinedRouting without it")
		}
		if pods := spec.Vnet.Pods; pods != nil && nodes.RouteTable != "" && pods.RouteTable != nodes.RouteTable {
			p.problems.Addf("vnet.pods.routeTable", pods.RouteTable, "attach "+nodes.RouteTable+", the node subnet's",
				"is not the node subnet's; pods would not pass the firewall as nodes do")
		}
	}
	if spec.Egress == EgressNone {
		if access == Public {
			p.problems.Addf("egress", "none", "use a private or VNet-integrated API server", "leaves nodes no path to a public API server")
		}
		if spec.Model == Kubenet {
			p.problems.Addf("egress", "none", "use the model overlay", "does not work with kubenet")
		}
	}
	if n := *spec.InternalLoadBalancers; n < 0 {
		p.problems.Addf("internalLoadBalancers", strconv.Itoa(n), "use 0 or more", "is not a number of addresses")
	}
}

// checkNames checks names that overlay puts into labels of its own.
func (p *planner) checkNames() {
	if p.plan.Spec.Model != Overlay {
		return
	}
	vnet := p.plan.Spec.Vnet
	longest := p.limits.OverlayNameCharacters
	for _, named := range []struct{ path, name string }{
		{"vnet.name", vnet.Name}, {"vnet.resourceGroup", vnet.ResourceGroup}, {"vnet.nodes.name", vnet.Nodes.Name},
	} {
		if len(named.name) > longest {
			p.problems.Addf(named.path, named.name, fmt.Sprintf("use at most %d, or another model", longest),
				"has %d characters, too many for overlay", len(named.name))
		}
	}
}

// poolPattern is the name of a pool of Linux nodes.
// https://learn.microsoft.com/azure/aks/create-node-pools
var poolPattern = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// planPools checks the pools and measures whether they fit.
func (p *planner) planPools() {
	spec := &p.plan.Spec
	if len(spec.Pools) == 0 {
		p.problems.Addf("pools", "", "give a pool, for example {name: system, maxCount: 3}", "are missing")
		return
	}
	before := len(p.problems)
	names := make([]string, len(spec.Pools))
	for i := range spec.Pools {
		pool := &spec.Pools[i]
		if pool.MaxPods == 0 {
			pool.MaxPods = p.model.DefaultPods
		}
		names[i] = pool.Name
		p.checkPool(fmt.Sprintf("pools[%d]", i), *pool)
	}
	problem.Unique(&p.problems, "pools", names)
	if spec.Pools[0].Mode == UserPool {
		p.problems.Addf("pools[0].mode", string(UserPool), "put a system pool first", "is the cluster's own pool, which runs what the cluster needs itself")
	}
	if len(p.problems) > before || !p.modelKnown || *spec.InternalLoadBalancers < 0 {
		return // sizes that are wrong measure nothing
	}
	fixed := *spec.InternalLoadBalancers
	if !spec.API.Access.public() && !spec.API.Access.integrated() {
		fixed++ // the API server's private endpoint
	}
	pods := p.pods
	if spec.Model.podBlock() {
		pods = p.podBlock
	}
	p.plan.Capacity = measure(p.model, spec.Pools, spaces(p.model, p.nodes, pods, fixed), &p.problems)
}

func (p *planner) checkPool(path string, pool Pool) {
	if !poolPattern.MatchString(pool.Name) {
		p.problems.Addf(path+".name", pool.Name, "use 1 to 12 lower-case letters and digits, the first a letter", "is not the name of a pool")
	}
	problem.OneOf(&p.problems, path+".mode", pool.Mode, SystemPool, UserPool)
	most := p.limits.MaxPoolNodes
	switch {
	case pool.MaxCount == 0:
		p.problems.Addf(path+".maxCount", "", "give how many nodes the pool may grow to", "is missing")
	case pool.MaxCount < 0 || pool.MaxCount > most:
		p.problems.Addf(path+".maxCount", strconv.Itoa(pool.MaxCount), fmt.Sprintf("use 1 to %d", most), "is not a number of nodes of a pool")
	case pool.MinCount < 0 || pool.MinCount > pool.MaxCount:
		p.problems.Addf(path+".minCount", strconv.Itoa(pool.MinCount), fmt.Sprintf("use 0 to %d", pool.MaxCount), "is not a number of nodes of the pool")
	}
	if p.modelKnown {
		p.checkPods(path+".maxPods", pool)
	}
	if _, err := surge(pool.Surge, 1); err != nil {
		p.problems.Add(path+".surge", err)
	}
	p.problems.Add(path+".zones", p.facts.CheckAzureZones(p.plan.Spec.Location, pool.Zones))
	problem.Unique(&p.problems, path+".zones", pool.Zones)
}

func (p *planner) checkPods(path string, pool Pool) {
	least, most := p.limits.MinPods, p.model.MaxPods
	if pool.MaxPods < least || pool.MaxPods > most {
		p.problems.Addf(path, strconv.Itoa(pool.MaxPods), fmt.Sprintf("use %d to %d", least, most), "is not a number of pods of a node")
		return
	}
	// A system pool needs room for the cluster's own pods from the first.
	nodes := pool.MaxCount
	if pool.Mode == SystemPool {
		nodes = pool.MinCount
	}
	if total := nodes * pool.MaxPods; total > 0 && total < p.limits.MinPoolPods {
		p.problems.Addf(path, strconv.Itoa(pool.MaxPods), fmt.Sprintf("let %d nodes have %d or more", nodes, (p.limits.MinPoolPods+nodes-1)/nodes),
			"is too few: all nodes of a pool have at least %d together", p.limits.MinPoolPods)
	}
	if p.plan.Spec.Model == PodSubnetStatic {
		if waste := podAddresses(p.model, pool.MaxPods) - pool.MaxPods - 1; waste > 0 {
			p.warn("pool %s: %d of each node's pod addresses are never used; %d pods use all", pool.Name, waste, pool.MaxPods+waste)
		}
	}
}
