package aks

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/azurerole"
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

// Grant is a role that an identity of the cluster needs.
type Grant struct {
	// Key names the grant among the others of the cluster.
	Key       string
	Role      azurerole.Role
	Principal Principal
	Target    Target
	// Reason says what AKS does with it.
	Reason string
}

// Principal is an identity of the cluster.
type Principal string

const (
	ControlPlane Principal = "controlPlane" // of AKS's control plane
	Kubelet      Principal = "kubelet"      // of the nodes
)

// Target is what a grant is for.
type Target string

const (
	TargetVnet            Target = "vnet"
	TargetNodeSubnet      Target = "nodeSubnet"
	TargetPodSubnet       Target = "podSubnet"
	TargetAPIServerSubnet Target = "apiServerSubnet"
	TargetRouteTable      Target = "routeTable"
	TargetPublicIPs       Target = "publicIps"
	TargetPrivateZone     Target = "privateZone"
	TargetKubeletIdentity Target = "kubeletIdentity"
	TargetRegistry        Target = "registry"
)

// NewPlan validates a spec and plans its cluster. The error is a problem.List
// with every problem of the spec, each at its field's path ("api.access").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{limits: facts.AKSLimits(), plan: Plan{Spec: spec.withDefaults()}}
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
	// locationPattern is the short form of a region's name.
	locationPattern = regexp.MustCompile(`^[a-z]+[a-z0-9]*$`)
	versionPattern  = regexp.MustCompile(`^1\.\d{2}(\.\d{1,2})?$`)
	guidPattern     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// checkCluster checks what has nothing to do with the network.
func (p *planner) checkCluster() {
	spec := p.plan.Spec
	switch {
	case spec.Location == "":
		p.problems.Addf("location", "", "give an Azure region, for example westeurope", "is missing")
	case !locationPattern.MatchString(spec.Location):
		p.problems.Addf("location", spec.Location, "write its short form, for example westeurope", "is not the name of an Azure region")
	}
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

func (p *planner) checkAccess() {
	spec := &p.plan.Spec
	access := spec.API.Access
	problem.OneOf(&p.problems, "api.access", access, Public, PrivateSystemZone, PrivateOwnZone, PrivateNoZone,
		VnetIntegrationPublic, VnetIntegrationPrivate)
	if access.integrated() && spec.Vnet.Encrypted {
		p.problems.Addf("api.access", string(access), "use privateOwnZone, or turn the encryption off",
			"does not work in a VNet with encryption")
	}
	customDNS := len(spec.Vnet.DNSServers) > 0
	if access == PrivateSystemZone {
		p.warn("the zone of privateSystemZone is linked to the cluster's VNet alone: DNS servers elsewhere do not find the API server")
		if customDNS && !spec.Created {
			p.problems.Addf("api.access", string(access),
				"deploy the VNet with Azure's DNS first, then link the zone, set created: true and the servers; or use privateOwnZone or VNet integration",
				"makes its zone with the cluster, and the VNet's DNS servers %s would not find the API server", strings.Join(spec.Vnet.DNSServers, ", "))
		}
	}
	if spec.Created && !(access == PrivateSystemZone && customDNS) {
		p.problems.Addf("created", "true", "remove it", "matters only to privateSystemZone in a VNet with DNS servers of its own")
	}
	private := access == PrivateSystemZone || access == PrivateOwnZone || access == PrivateNoZone
	if spec.Model == Kubenet && private && customDNS {
		p.problems.Addf("model", string(Kubenet), "use the model overlay, or Azure's DNS", // always with a table of one's own
			"does not work with a private API server in a VNet with its own DNS servers and route table")
	}
	nameless := !access.public() && privateZone(spec.API) == NoZone
	switch fqdn := spec.API.PublicFQDN; {
	case access.public() && fqdn != nil:
		p.problems.Addf("api.publicFqdn", strconv.FormatBool(*fqdn), "remove it", "is of private API servers; this one is public")
	case nameless && fqdn != nil && !*fqdn:
		p.problems.Addf("api.publicFqdn", "false", "remove it, or give a private zone", "leaves the API server without a name: %s has no private zone", access)
	case fqdn == nil && !access.public():
		spec.API.PublicFQDN = &nameless
	}
}

// zonePattern splits the name of a private zone for API servers.
var (
	zonePattern  = regexp.MustCompile(`^(?:([a-z0-9-]+)\.)?(privatelink|private)\.([a-z0-9]+)\.azmk8s\.io$`)
	labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

func (p *planner) checkZone() {
	spec, api := p.plan.Spec, p.plan.Spec.API
	zone := api.PrivateZone
	forms := "privatelink." + spec.Location + ".azmk8s.io"
	if api.Access.integrated() {
		forms = "private." + spec.Location + ".azmk8s.io"
	}
	takesZone := api.Access == PrivateOwnZone || api.Access == VnetIntegrationPrivate
	switch {
	case zone == "" && api.Access == PrivateOwnZone:
		p.problems.Addf("api.privateZone", "", "give its name, "+forms+" with or without a label before it", "is missing")
	case zone != "" && !takesZone:
		p.problems.Addf("api.privateZone", zone, "remove it, or use privateOwnZone or vnetIntegrationPrivate", "is of no use to the access %s", api.Access)
	case zone != "":
		p.checkZoneName(zone, forms)
	}
	switch label := api.FQDNSubdomain; {
	case label != "" && zone == "":
		p.problems.Addf("api.fqdnSubdomain", label, "give privateZone, or remove it", "needs a private zone of yours")
	case label != "" && !labelPattern.MatchString(label):
		p.problems.Addf("api.fqdnSubdomain", label, "use lower-case letters, digits and hyphens", "is not a DNS label")
	}
}

func (p *planner) checkZoneName(zone, forms string) {
	parts := zonePattern.FindStringSubmatch(zone)
	longest := p.limits.APIServer.SubdomainCharacters
	switch {
	case parts == nil:
		p.problems.Addf("api.privateZone", zone, "name it "+forms+", with or without a label before it", "is not a zone for API servers")
	case parts[3] != p.plan.Spec.Location:
		p.problems.Addf("api.privateZone", zone, "use "+forms, "is the zone of %s, not of %s", parts[3], p.plan.Spec.Location)
	case parts[2] == "private" && !p.plan.Spec.API.Access.integrated():
		p.problems.Addf("api.privateZone", zone, "use "+forms, "is a zone for VNet-integrated API servers")
	case len(parts[1]) > longest:
		p.problems.Addf("api.privateZone", zone, fmt.Sprintf("use at most %d", longest), "has %d characters before %s", len(parts[1]), forms)
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

// planRanges returns the blocks that may reach a public API server.
func (p *planner) planRanges() []string {
	spec := p.plan.Spec
	var ranges []string
	for i, text := range spec.API.AuthorizedRanges {
		ranges = append(ranges, p.publicRange(fmt.Sprintf("api.authorizedRanges[%d]", i), text))
	}
	problem.Unique(&p.problems, "api.authorizedRanges", spec.API.AuthorizedRanges)
	for i, ip := range spec.EgressIPs {
		path := fmt.Sprintf("egressIps[%d]", i)
		if _, err := netip.ParseAddr(ip); err != nil {
			p.problems.Addf(path, ip, "give an address such as 203.0.113.7", "is not an IP address")
			continue
		}
		ranges = append(ranges, p.publicRange(path, ip))
	}
	access := spec.API.Access
	if !access.public() {
		if len(spec.API.AuthorizedRanges) > 0 {
			p.problems.Addf("api.authorizedRanges", strings.Join(spec.API.AuthorizedRanges, ", "), "remove them, or use the access public or vnetIntegrationPublic",
				"are of public API servers; %s has no public address", access)
		}
		return nil
	}
	if len(spec.API.AuthorizedRanges) == 0 {
		p.problems.Addf("api.authorizedRanges", "", "list who may reach it, or make it private", "are missing; everybody could reach the API server")
	}
	slices.Sort(ranges)
	ranges = slices.Compact(ranges)
	most := p.limits.APIServer.AuthorizedRanges
	if access.integrated() {
		most = p.limits.APIServer.AuthorizedRangesIntegrated
	}
	if len(ranges) > most {
		p.problems.Addf("api.authorizedRanges", "", "merge neighbouring blocks, or make it private",
			"are %d with egressIps; an API server takes at most %d", len(ranges), most)
	}
	return ranges
}

// publicRange returns a public block in canonical form, or text with a problem.
func (p *planner) publicRange(path, text string) string {
	canonical := text
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
		canonical = text + "/32"
	}
	prefix, err := addressing.Parse(canonical)
	switch {
	case err != nil:
		p.problems.Add(path, err)
		return text
	case prefix.Bits() == 0:
		p.problems.Addf(path, text, "list who may reach it, or make it private", "is everybody")
		return text
	}
	for _, private := range notPublic() {
		if prefix.Overlaps(private) {
			p.problems.Addf(path, text, "give public addresses", "is not public: it overlaps %s", private)
			return text
		}
	}
	return prefix.String()
}

// notPublic returns the blocks that no packet of the internet comes from.
// https://www.iana.org/assignments/iana-ipv4-special-registry
func notPublic() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
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
	for i, zone := range pool.Zones {
		if zone != "1" && zone != "2" && zone != "3" {
			p.problems.Addf(fmt.Sprintf("%s.zones[%d]", path, i), zone, `use "1", "2" or "3"`, "is not an availability zone")
		}
	}
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

// grants returns the roles that a cluster's identities need.
// https://learn.microsoft.com/azure/aks/use-managed-identity
func grants(spec Spec) []Grant {
	network := func(key string, target Target, reason string) Grant {
		return Grant{Key: key, Role: azurerole.NetworkContributor, Principal: ControlPlane, Target: target, Reason: reason}
	}
	var all []Grant
	if spec.API.PrivateZone != "" {
		// Linking the zone to the VNet needs more than its subnets.
		all = append(all,
			network("vnet", TargetVnet, "AKS joins nodes to the VNet and links the private zone to it"),
			Grant{"private-zone", azurerole.PrivateDNSZoneContributor, ControlPlane, TargetPrivateZone, "AKS writes the API server's name into the private zone"})
	} else {
		all = append(all, network("nodes", TargetNodeSubnet, "AKS joins nodes and load balancers to their subnet"))
		if spec.Model.podSubnet() {
			all = append(all, network("pods", TargetPodSubnet, "AKS joins pods to their subnet"))
		}
		if spec.API.Access.integrated() {
			all = append(all, network("api-server", TargetAPIServerSubnet, "AKS joins the API server to its subnet"))
		}
	}
	if spec.Model == Kubenet {
		all = append(all, network("routes", TargetRouteTable, "AKS writes a route for each node"))
	}
	if spec.Egress == EgressLoadBalancer {
		all = append(all, network("public-ip", TargetPublicIPs, "AKS puts the public address on its load balancer"))
	}
	if spec.Egress == EgressNone {
		all = append(all,
			Grant{"kubelet", azurerole.ManagedIdentityOperator, ControlPlane, TargetKubeletIdentity, "AKS gives the nodes their identity"},
			Grant{"registry", azurerole.AcrPull, Kubelet, TargetRegistry, "Nodes pull AKS's own images from the registry"})
	}
	return all
}
