package dataplane

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/components/internal/zones"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to: which subnets exist at which addresses, and
// which gateways. It is a plain value; the constructor only walks it.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Zones in slot order.
	Zones []Zone
	// Tiers that exist, in drawing order.
	Tiers []addressing.Tier
	// Subnets by tier, then by slot.
	Subnets []Subnet
	// Vpc is the block that nodes, public and endpoint subnets are cut from.
	Vpc netip.Prefix
	// Pods is the block of the pod tier.
	Pods netip.Prefix
	// AssociatePods is false when an existing VPC has the pod block already.
	AssociatePods bool
	// InternetGateway is true when the VPC has one, created or existing.
	InternetGateway bool
	// NatZones are the zones with a NAT gateway.
	NatZones []string
	// Warnings say what is allowed but may not be meant, a sentence each.
	Warnings []string

	// blocks are those that the VPC has before the pod block is associated.
	blocks []netip.Prefix
	// gatewayServices are the service names of the gateway endpoints.
	gatewayServices map[string]string
}

// Zone is an availability zone in its slot.
type Zone = zones.Zone

// Subnet is one planned subnet.
type Subnet struct {
	Tier addressing.Tier
	Zone Zone
	Cidr netip.Prefix
}

// Key names the subnet within the network: "nodes-eu-west-1a".
func (s Subnet) Key() string { return string(s.Tier) + "-" + s.Zone.Name }

// Subnet returns the subnet of a tier in a zone; ok is false when the plan has none.
func (p *Plan) Subnet(tier addressing.Tier, zone string) (subnet Subnet, ok bool) {
	for _, s := range p.Subnets {
		if s.Tier == tier && s.Zone.Name == zone {
			return s, true
		}
	}
	return Subnet{}, false
}

// Cidrs returns every block of the VPC, the pod block included: what a security
// group must admit to serve the whole network.
func (p *Plan) Cidrs() []netip.Prefix {
	cidrs := slices.Clone(p.blocks)
	if p.AssociatePods {
		cidrs = append(cidrs, p.Pods)
	}
	return cidrs
}

// NatZone returns the zone whose NAT gateway serves the given zone.
func (p *Plan) NatZone(zone string) string {
	if slices.Contains(p.NatZones, zone) {
		return zone
	}
	return p.NatZones[0]
}

// NewPlan validates a spec and plans its network. The error is a problem.List
// with every problem of the spec, each at its field's path ("zones[1]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults(), gatewayServices: map[string]string{}}}
	p.limits = quota.New(facts, spec.Quotas, &p.problems)
	p.checkEnums()
	p.planZones()
	p.planBlocks()
	p.planGateways()
	p.planSubnets()
	p.checkClusterNames()
	if logs := p.plan.Spec.FlowLogs; logs != nil {
		logs.Check("flowLogs", &p.problems)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	p.warn(spec)
	return &p.plan, nil
}

// warn says what may hurt and was not asked for in so many words.
func (p *planner) warn(given Spec) {
	for _, block := range p.plan.blocks {
		if warning := addressing.Warn(block); warning != "" {
			p.plan.Warnings = append(p.plan.Warnings, warning)
		}
	}
	if nat := given.Nat; len(p.plan.NatZones) == 1 && (nat == nil || nat.Strategy == "" && nat.Zone == "") {
		p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(
			"the one NAT gateway is in %s: without that zone no node of any zone reaches the internet, and traffic between zones is charged; "+
				"set nat.strategy: perZone, or single if that is meant", p.plan.NatZones[0]))
	}
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	limits   quota.Limits
	plan     Plan
	problems problem.List
	layout   addressing.DataPlane
	// layoutOK is false when the blocks are unusable, so that no subnet is
	// derived from them and no problem follows from another.
	layoutOK bool
}

func (p *planner) checkEnums() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "egress", spec.Egress, EgressNat, EgressIsolated, EgressExternal)
	problem.OneOf(&p.problems, "connectivity", spec.Connectivity, ConnectivityInternet, ConnectivityPrivateLink)
	problem.OneOf(&p.problems, "podNetworking", spec.PodNetworking, PodsByENIConfig, PodsBySubnetDiscovery)
	for i, name := range spec.GatewayEndpoints {
		problem.OneOf(&p.problems, fmt.Sprintf("gatewayEndpoints[%d]", i), name, "s3", "dynamodb")
		service, _ := p.facts.EndpointService(name + "-gateway")
		p.plan.gatewayServices[name] = service.ServiceName(spec.Region)
	}
	problem.Unique(&p.problems, "gatewayEndpoints", spec.GatewayEndpoints)
}

func (p *planner) planZones() {
	spec := p.plan.Spec
	p.problems.Add("region", p.facts.CheckRegion(spec.Region))
	p.plan.Zones = zones.Plan(p.facts, zones.Spec{Region: spec.Region, Names: spec.Zones, IDs: spec.ZoneIDs, EKS: true}, &p.problems)
	zones.CheckCount(spec.Zones, spec.ZoneSlots, "EKS needs subnets", &p.problems)
}

// planBlocks reads the VPC's and the pods' blocks and checks that AWS lets them
// be in one VPC.
func (p *planner) planBlocks() {
	spec := p.plan.Spec
	before := len(p.problems)
	vpc := p.parse("vpcCidr", spec.VpcCidr, problem.New("", "is missing", "give the VPC's block, for example 10.20.0.0/16"))
	pods := p.parse("podCidr", spec.PodCidr, nil)
	blocks := p.existingBlocks(vpc)

	p.plan.Vpc, p.plan.Pods, p.plan.blocks = vpc, pods, blocks
	p.layout = addressing.DataPlane{Vpc: vpc, Pods: pods, Slots: spec.ZoneSlots}
	for _, found := range p.layout.Check() {
		if found.Path != "vpcCidr" || vpc.IsValid() {
			p.problems = append(p.problems, found)
		}
	}
	p.plan.AssociatePods = pods.IsValid() &&
		!slices.ContainsFunc(blocks, func(block netip.Prefix) bool { return contains(block, pods) })
	if p.plan.AssociatePods {
		var refused problem.List
		refused.Add("podCidr", addressing.CheckAssociation(blocks, pods, p.limits.Of(catalog.QuotaCidrsPerVpc)))
		for _, r := range refused {
			// The layout has some of the association's rules.
			if !slices.ContainsFunc(p.problems, func(q *problem.Problem) bool { return q.Path == r.Path && q.Rule == r.Rule }) {
				p.problems = append(p.problems, r)
			}
		}
	}
	p.layoutOK = len(p.problems) == before
}

// parse reads a block. A block with host bits is a problem, but is returned as
// the network that was meant, so that what else is wrong is found as well; what
// is no block at all is returned as the zero Prefix.
func (p *planner) parse(path, text string, missing *problem.Problem) netip.Prefix {
	if text == "" && missing != nil {
		p.problems.Add(path, missing)
		return netip.Prefix{}
	}
	block, err := addressing.Parse(text)
	if err == nil {
		return block
	}
	p.problems.Add(path, err)
	if meant, err := netip.ParsePrefix(text); err == nil && meant.Addr().Is4() {
		return meant.Masked()
	}
	return netip.Prefix{}
}

// existingBlocks returns the blocks that the VPC has before the pod block is
// associated.
func (p *planner) existingBlocks(vpc netip.Prefix) []netip.Prefix {
	existing := p.plan.Spec.Existing
	switch {
	case existing == nil && vpc.IsValid():
		return []netip.Prefix{vpc}
	case existing == nil:
		return nil
	}
	var blocks []netip.Prefix
	for i, cidr := range existing.Cidrs {
		block, err := addressing.Parse(cidr)
		p.problems.Add(fmt.Sprintf("existing.cidrs[%d]", i), err)
		if err == nil {
			blocks = append(blocks, block)
		}
	}
	switch {
	case len(existing.Cidrs) == 0:
		p.problems.Addf("existing.cidrs", "", "list every block of the VPC, the primary one first", "is missing")
	case len(blocks) == len(existing.Cidrs) && vpc.IsValid() &&
		!slices.ContainsFunc(blocks, func(block netip.Prefix) bool { return contains(block, vpc) }):
		p.problems.Addf("vpcCidr", vpc.String(), "use one of them or a part of one",
			"is in no block of the existing VPC (%s)", strings.Join(existing.Cidrs, ", "))
	}
	identity.Resource(&p.problems, "existing.vpcId", existing.VpcID, "vpc-")
	identity.Resource(&p.problems, "existing.internetGatewayId", existing.InternetGatewayID, "igw-")
	return blocks
}

func (p *planner) planGateways() {
	spec := p.plan.Spec
	if spec.Egress == EgressIsolated {
		if spec.Nat != nil {
			p.problems.Addf("nat", string(spec.Nat.Strategy), "remove nat, or set egress: nat",
				"is set, but an isolated network has no NAT gateway")
		}
		if spec.Connectivity == ConnectivityInternet {
			p.problems.Addf("connectivity", "internet", "use privatelink, or set egress: nat",
				"needs an internet gateway, which an isolated network does not have")
		}
	}
	if spec.Egress == EgressExternal && spec.Nat != nil {
		p.problems.Addf("nat", string(spec.Nat.Strategy), "remove nat, or set egress: nat",
			"is set, but with egress external the caller routes")
	}
	p.plan.InternetGateway = spec.Egress == EgressNat ||
		spec.Egress == EgressExternal && spec.Connectivity == ConnectivityInternet
	if spec.Egress == EgressNat {
		p.planNat()
	}
	p.plan.Tiers = addressing.Tiers()
	if !p.plan.InternetGateway {
		p.plan.Tiers = slices.DeleteFunc(p.plan.Tiers, func(t addressing.Tier) bool { return t == addressing.Public })
	}
}

func (p *planner) planNat() {
	nat := Nat{}
	if p.plan.Spec.Nat != nil {
		nat = *p.plan.Spec.Nat
	}
	nat.Strategy = cmp.Or(nat.Strategy, NatSingle)
	p.plan.Spec.Nat = &nat
	problem.OneOf(&p.problems, "nat.strategy", nat.Strategy, NatSingle, NatPerZone)
	names := p.plan.Spec.Zones
	if nat.Zone != "" && !slices.Contains(names, nat.Zone) {
		p.problems.Addf("nat.zone", nat.Zone, "use one of "+strings.Join(names, ", "), "is not one of the zones")
	}
	if nat.Strategy == NatPerZone {
		p.plan.NatZones = names
		if nat.Zone != "" {
			p.problems.Addf("nat.zone", nat.Zone, "remove it, or set strategy: single",
				"is set, but with strategy perZone every zone has a NAT gateway")
		}
	} else if len(names) > 0 {
		p.plan.NatZones = []string{cmp.Or(nat.Zone, names[0])}
	}

	need, given := len(p.plan.NatZones), len(nat.ElasticIPAllocationIDs)
	for i, id := range nat.ElasticIPAllocationIDs {
		identity.Resource(&p.problems, fmt.Sprintf("nat.elasticIpAllocationIds[%d]", i), id, "eipalloc-")
	}
	problem.Unique(&p.problems, "nat.elasticIpAllocationIds", nat.ElasticIPAllocationIDs)
	switch limit := p.limits.Of(catalog.QuotaElasticIPsPerRegion); {
	case given > 0 && given != need:
		p.problems.Addf("nat.elasticIpAllocationIds", strings.Join(nat.ElasticIPAllocationIDs, ", "),
			"give one for each NAT gateway, in the order of the zones, or none", "is %d addresses for %d NAT gateways", given, need)
	case given == 0 && need > limit && limit > 0:
		p.problems.Addf("nat.strategy", string(nat.Strategy),
			"use strategy: single, or have the quota raised and set quotas."+catalog.QuotaElasticIPsPerRegion,
			"needs %d Elastic IPs; the account's quota is %d", need, limit)
	}
}

func (p *planner) planSubnets() {
	overrides := p.checkOverrides()
	if !p.layoutOK {
		return
	}
	var blocks []addressing.Named
	for _, tier := range p.plan.Tiers {
		for _, zone := range p.plan.Zones {
			if zone.Slot >= p.layout.Slots {
				continue
			}
			path := fmt.Sprintf("subnets.%s.%s", tier, zone.Name)
			cidr, placed := overrides[path]
			if !placed {
				var err error
				if cidr, err = p.layout.Subnet(tier, zone.Slot); err != nil {
					p.problems.Add(path, err)
					continue
				}
			}
			p.plan.Subnets = append(p.plan.Subnets, Subnet{Tier: tier, Zone: zone, Cidr: cidr})
			blocks = append(blocks, addressing.Named{Path: path, Prefix: cidr})
		}
	}
	if len(overrides) > 0 {
		p.problems = append(p.problems, addressing.Overlaps(blocks)...)
	}
}

// largestBits is the longest prefix that a tier's subnets may have: the
// platform asks for /24 nodes and /18 pods; AWS's smallest subnet is a /28.
var largestBits = map[addressing.Tier]int{
	addressing.Nodes: 24, addressing.Pods: 18, addressing.Public: 28, addressing.Endpoints: 28,
}

// checkOverrides returns the subnets placed by hand, by their path.
func (p *planner) checkOverrides() map[string]netip.Prefix {
	placed := map[string]netip.Prefix{}
	for tier, zones := range sorted(p.plan.Spec.Subnets) {
		path := fmt.Sprintf("subnets.%s", tier)
		if !slices.Contains(addressing.Tiers(), tier) {
			p.problems.Addf(path, "", problem.DidYouMean(string(tier), tierNames()), "is not a tier")
			continue
		}
		if !slices.Contains(p.plan.Tiers, tier) {
			p.problems.Addf(path, "", "remove it, or change egress or connectivity", "is set, but this network has no %s tier", tier)
			continue
		}
		for zone, cidr := range sorted(zones) {
			path := path + "." + zone
			if !slices.Contains(p.plan.Spec.Zones, zone) {
				p.problems.Addf(path, cidr, "use one of "+strings.Join(p.plan.Spec.Zones, ", "), "is not one of the zones")
				continue
			}
			block, err := addressing.Parse(cidr)
			if err != nil {
				p.problems.Add(path, err)
				continue
			}
			if bits := largestBits[tier]; block.Bits() > bits {
				p.problems.Addf(path, cidr, fmt.Sprintf("use a /%d or larger", bits), "is too small for the %s tier", tier)
			}
			if p.layoutOK && !slices.ContainsFunc(p.allowedBlocks(tier), func(b netip.Prefix) bool { return contains(b, block) }) {
				p.problems.Addf(path, cidr, fmt.Sprintf("use a part of %s", joinPrefixes(p.allowedBlocks(tier))),
					"is outside the block of the %s tier", tier)
			}
			placed[path] = block
		}
	}
	return placed
}

// allowedBlocks are the blocks that a tier's subnets may lie in. Pods keep to
// their own block, since its range is not routed beyond the VPC.
func (p *planner) allowedBlocks(tier addressing.Tier) []netip.Prefix {
	if tier == addressing.Pods {
		return []netip.Prefix{p.plan.Pods}
	}
	return slices.DeleteFunc(p.plan.Cidrs(), func(b netip.Prefix) bool { return b == p.plan.Pods })
}

// clusterName is EKS's rule for cluster names.
// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
var clusterName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`)

func (p *planner) checkClusterNames() {
	names := p.plan.Spec.ClusterNames
	for i, name := range names {
		path := fmt.Sprintf("clusterNames[%d]", i)
		if !clusterName.MatchString(name) {
			p.problems.Addf(path, name, "use 1 to 100 letters, digits, hyphens and underscores, the first a letter or digit",
				"is not an EKS cluster name")
		}
	}
	problem.Unique(&p.problems, "clusterNames", names)
}

// contains reports whether outer holds all of inner.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func joinPrefixes(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		texts[i] = prefix.String()
	}
	return strings.Join(texts, " or ")
}

func tierNames() []string {
	var names []string
	for _, tier := range addressing.Tiers() {
		names = append(names, string(tier))
	}
	return names
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
