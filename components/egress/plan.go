package egress

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

const (
	// mostCapacity is what the stateful rule groups of one policy may have
	// together.
	// https://docs.aws.amazon.com/network-firewall/latest/developerguide/quotas.html
	mostCapacity = 30000
	// statelessCapacity is that of the rules for ports: two rules, each of which
	// takes as much as it has sources. It cannot change later, so it is enough
	// for the 50 blocks that a VPC can have.
	// https://docs.aws.amazon.com/network-firewall/latest/developerguide/nwfw-rule-group-capacity.html
	statelessCapacity = 2 * mostSources
	mostSources       = 50
	// lowestPriority and highestPriority bound a rule group's among those of a
	// VPC; AWS says "between 100 and 9900".
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_AssociateFirewallRuleGroup.html
	lowestPriority, highestPriority = 101, 9899
	// longestName leaves room for what is put behind the component's name,
	// "-allowed" and Pulumi's 8 characters, in DNS Firewall's 64.
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_CreateFirewallDomainList.html
	longestName = 48
	// largestSubnet and smallestSubnet bound a subnet's prefix length.
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
	largestSubnet, smallestSubnet = 16, 28
)

var (
	// identifierPattern is that of a user pool domain's prefix, and reserved
	// are the words that it may not contain.
	// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html
	// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
	identifierPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	reserved          = []string{"aws", "amazon", "cognito"}

	hostPattern       = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	namePattern       = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*$`)
	allocationPattern = regexp.MustCompile(`^eipalloc-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
)

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Names are the names that the data plane must reach, those of the user
	// pools first, in the order of the spec.
	Names []string
	// AllowedNames are Names and all that is allowed beside them, sorted; those
	// that begin with "*." stand for every name below. Empty when nothing is
	// enforced.
	AllowedNames []string
	// Zones of the egress path, by name; none without Network Firewall.
	Zones []Zone
	// HomeNet are the sources that the firewall serves, in address order.
	HomeNet []netip.Prefix
}

// Zone is the egress path in one availability zone.
type Zone struct {
	// Name is the zone's name in this account, "eu-west-1a".
	Name string
	// Workload is the subnet whose traffic goes out here, Firewall that of the
	// firewall's endpoint, Public that of the NAT gateway.
	Workload, Firewall, Public netip.Prefix
	// ElasticIPAllocationID of the NAT gateway; empty for a new address.
	ElasticIPAllocationID string
}

// NewPlan validates a spec and plans the egress. The error is a problem.List
// with every problem of the spec, each at its field's path ("identifiers[1]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults()}}
	p.limits = quota.New(facts, spec.Quotas, &p.problems)
	p.problems.Add("region", facts.CheckRegion(spec.Region))
	p.planNames()
	p.planEnforcement()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	limits   quota.Limits
	plan     Plan
	problems problem.List
}

func (p *planner) planNames() {
	spec := p.plan.Spec
	if len(spec.Identifiers) == 0 {
		p.problems.Addf("identifiers", "", "ask the vendor for the domain prefix of the user pool", "is missing")
	}
	for i, identifier := range spec.Identifiers {
		path := fmt.Sprintf("identifiers[%d]", i)
		p.checkIdentifier(path, identifier)
		p.plan.Names = append(p.plan.Names, fmt.Sprintf("%s.auth.%s.amazoncognito.com", identifier, spec.Region))
	}
	problem.Unique(&p.problems, "identifiers", spec.Identifiers)
	if spec.DedicatedControlPlane {
		for _, service := range []string{"cognito-idp", "cognito-identity"} {
			p.plan.Names = append(p.plan.Names, fmt.Sprintf("%s.%s.amazonaws.com", service, spec.Region))
		}
	}
}

func (p *planner) checkIdentifier(path, identifier string) {
	domain := ".auth." + p.plan.Spec.Region + ".amazoncognito.com"
	if prefix, whole := strings.CutSuffix(identifier, domain); whole {
		p.problems.Addf(path, identifier, "write "+prefix, "is the whole domain; its prefix is asked for")
		return
	}
	if !identifierPattern.MatchString(identifier) {
		p.problems.Addf(path, identifier, "use 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end",
			"is not a prefix that Cognito takes")
		return
	}
	for _, word := range reserved {
		if strings.Contains(identifier, word) {
			p.problems.Addf(path, identifier, "ask the vendor for the prefix", "contains %q, which Cognito refuses", word)
		}
	}
}

func (p *planner) planEnforcement() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "enforcement", spec.Enforcement, EnforceNothing, EnforceNetworkFirewall, EnforceDNSFirewall)
	if spec.NetworkFirewall != nil && spec.Enforcement != EnforceNetworkFirewall {
		p.problems.Addf("networkFirewall", "", "remove it, or set enforcement: networkFirewall", "is set, but the enforcement is %s", spec.Enforcement)
	}
	if spec.DNSFirewall != nil && spec.Enforcement != EnforceDNSFirewall {
		p.problems.Addf("dnsFirewall", "", "remove it, or set enforcement: dnsFirewall", "is set, but the enforcement is %s", spec.Enforcement)
	}
	switch spec.Enforcement {
	case EnforceNetworkFirewall:
		p.planNetworkFirewall()
	case EnforceDNSFirewall:
		p.planDNSFirewall()
	default:
		if len(spec.ExtraNames) > 0 {
			p.problems.Addf("extraNames", strings.Join(spec.ExtraNames, ", "), "remove them, or set enforcement", "is set, but nothing is enforced")
		}
		return
	}
	for i, name := range spec.ExtraNames {
		p.checkName(fmt.Sprintf("extraNames[%d]", i), name)
	}
	problem.Unique(&p.problems, "extraNames", spec.ExtraNames)
	allowed := slices.Concat(p.plan.AllowedNames, p.plan.Names, spec.ExtraNames)
	slices.Sort(allowed)
	p.plan.AllowedNames = slices.Compact(allowed)
	if firewall := spec.NetworkFirewall; firewall != nil && spec.Enforcement == EnforceNetworkFirewall {
		if n := len(p.plan.AllowedNames); n > firewall.Capacity && firewall.Capacity >= 1 {
			p.problems.Addf("networkFirewall.capacity", strconv.Itoa(firewall.Capacity), fmt.Sprintf("use %d or more", n), "is less than the %d names", n)
		}
	}
}

// checkName checks a name that is to be allowed.
func (p *planner) checkName(path, name string) {
	host, wild := strings.CutPrefix(name, "*.")
	switch {
	case !hostPattern.MatchString(host) || len(name) > 253:
		p.problems.Addf(path, name, "write a name in lower case, such as idp.example.com", "is not a host name")
	case wild && p.plan.Spec.Enforcement == EnforceNetworkFirewall:
		// Its ".example.com" would admit example.com itself as well.
		p.problems.Addf(path, name, "name each host", "is a wildcard; the firewall's list has whole names only")
	}
}

func (p *planner) planNetworkFirewall() {
	firewall := p.plan.Spec.NetworkFirewall
	if firewall == nil {
		p.problems.Addf("networkFirewall", "", "give the subnets of its zones", "is missing")
		return
	}
	if firewall.Capacity < 1 || firewall.Capacity > mostCapacity {
		p.problems.Addf("networkFirewall.capacity", strconv.Itoa(firewall.Capacity),
			fmt.Sprintf("use 1 to %d", mostCapacity), "is not a capacity")
	}
	vpc := p.blocks("networkFirewall.vpcCidrs", firewall.VpcCidrs, "list every block of the VPC")
	p.plan.HomeNet = p.blocks("networkFirewall.sourceCidrs", firewall.SourceCidrs, "list the blocks of nodes and pods")
	for _, source := range p.plan.HomeNet {
		if len(vpc) > 0 && !within(vpc, source) {
			p.problems.Addf("networkFirewall.sourceCidrs", source.String(), "list blocks of the VPC only",
				"is in no block of the VPC (%s)", list(vpc))
		}
	}
	if n := len(p.plan.HomeNet); n > mostSources {
		p.problems.Addf("networkFirewall.sourceCidrs", "", "join blocks that are neighbours", "is %d blocks; there is room for %d", n, mostSources)
	}
	p.planZones(firewall, vpc)
	var ids []string
	fresh := 0
	for _, zone := range p.plan.Zones {
		if zone.ElasticIPAllocationID == "" {
			fresh++
			continue
		}
		path := "networkFirewall.subnets." + zone.Name + ".elasticIpAllocationId"
		if !allocationPattern.MatchString(zone.ElasticIPAllocationID) {
			p.problems.Addf(path, zone.ElasticIPAllocationID, "", "is not an id like eipalloc-0123456789abcdef0")
		}
		if slices.Contains(ids, zone.ElasticIPAllocationID) {
			p.problems.Addf(path, zone.ElasticIPAllocationID, "give each NAT gateway its own", "is another zone's address already")
		}
		ids = append(ids, zone.ElasticIPAllocationID)
	}
	if most := p.limits.Of(catalog.QuotaElasticIPsPerRegion); fresh > most {
		p.problems.Addf("networkFirewall.subnets", "", "give addresses that you have, or have the quota raised and set quotas."+catalog.QuotaElasticIPsPerRegion,
			"needs %d Elastic IPs; the account's quota is %d", fresh, most)
	}
}

// planZones matches the path's subnets with the workloads, zone by zone.
func (p *planner) planZones(firewall *NetworkFirewall, vpc []netip.Prefix) {
	region, _ := p.facts.Region(p.plan.Spec.Region)
	known := func(zone string) bool {
		return len(region.Zones) == 0 || slices.ContainsFunc(region.Zones, func(z catalog.Zone) bool { return z.Name == zone })
	}
	if len(firewall.Workloads) == 0 {
		p.problems.Addf("networkFirewall.workloads", "", "give the node subnet of each zone", "is missing")
	}
	var blocks []addressing.Named
	for _, name := range slices.Sorted(maps.Keys(firewall.Taken)) {
		path := "networkFirewall.taken." + name
		blocks = append(blocks, addressing.Named{Path: path, Prefix: p.parse(path, firewall.Taken[name])})
	}
	zones := slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(firewall.Workloads)), maps.Keys(firewall.Subnets)))))
	workloads := map[string]netip.Prefix{}
	for _, zone := range zones {
		cidr, has := firewall.Workloads[zone]
		if !has {
			continue
		}
		path := "networkFirewall.workloads." + zone
		if !known(zone) {
			p.problems.Addf(path, zone, "", "is not an availability zone of %s", p.plan.Spec.Region)
		}
		workloads[zone] = p.inVpc(path, cidr, vpc)
		if w := workloads[zone]; w.IsValid() && len(p.plan.HomeNet) > 0 && !within(p.plan.HomeNet, w) {
			p.problems.Addf(path, cidr, "list its block in sourceCidrs", "is in none of the sources, so the firewall would drop what it sends")
		}
		blocks = append(blocks, addressing.Named{Path: path, Prefix: workloads[zone]})
	}
	for _, zone := range zones {
		path := "networkFirewall.subnets." + zone
		subnets, has := firewall.Subnets[zone]
		_, needed := workloads[zone]
		switch {
		case !has:
			p.problems.Addf(path, "", "give a firewall and a public subnet", "is missing; the zone has a workload")
			continue
		case !needed:
			p.problems.Addf(path, "", problem.DidYouMean(zone, slices.Sorted(maps.Keys(firewall.Workloads))), "is set, but no workload is in that zone")
			continue
		}
		planned := Zone{
			Name: zone, Workload: workloads[zone], ElasticIPAllocationID: subnets.ElasticIPAllocationID,
			Firewall: p.subnet(path+".firewall", subnets.Firewall, vpc),
			Public:   p.subnet(path+".public", subnets.Public, vpc),
		}
		blocks = append(blocks,
			addressing.Named{Path: path + ".firewall", Prefix: planned.Firewall},
			addressing.Named{Path: path + ".public", Prefix: planned.Public})
		p.plan.Zones = append(p.plan.Zones, planned)
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}

// subnet reads the block of a subnet that is to be made.
func (p *planner) subnet(path, text string, vpc []netip.Prefix) netip.Prefix {
	if text == "" {
		p.problems.Addf(path, "", "give a block inside the VPC, a /28 is enough", "is missing")
		return netip.Prefix{}
	}
	block := p.inVpc(path, text, vpc)
	if block.IsValid() && (block.Bits() < largestSubnet || block.Bits() > smallestSubnet) {
		p.problems.Addf(path, text, "a /28 is enough", "is not /16 to /28, the sizes of a subnet")
	}
	return block
}

// inVpc reads a block that must lie in the VPC.
func (p *planner) inVpc(path, text string, vpc []netip.Prefix) netip.Prefix {
	block := p.parse(path, text)
	if block.IsValid() && len(vpc) > 0 && !within(vpc, block) {
		p.problems.Addf(path, text, "use a block inside one of them", "is in no block of the VPC (%s)", list(vpc))
	}
	return block
}

// blocks reads a list of blocks and returns those that are some, in address
// order.
func (p *planner) blocks(path string, texts []string, missing string) []netip.Prefix {
	if len(texts) == 0 {
		p.problems.Addf(path, "", missing, "is missing")
	}
	var blocks []netip.Prefix
	var named []addressing.Named
	for i, text := range texts {
		path := fmt.Sprintf("%s[%d]", path, i)
		if block := p.parse(path, text); block.IsValid() {
			blocks = append(blocks, block)
			named = append(named, addressing.Named{Path: path, Prefix: block})
		}
	}
	p.problems = append(p.problems, addressing.Overlaps(named)...)
	slices.SortFunc(blocks, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	return blocks
}

// parse reads a block, or adds what is wrong with it and returns the zero Prefix.
func (p *planner) parse(path, text string) netip.Prefix {
	block, err := addressing.Parse(text)
	p.problems.Add(path, err)
	return block
}

func (p *planner) planDNSFirewall() {
	firewall := p.plan.Spec.DNSFirewall
	if firewall.Priority < lowestPriority || firewall.Priority > highestPriority {
		p.problems.Addf("dnsFirewall.priority", strconv.Itoa(firewall.Priority),
			fmt.Sprintf("use %d to %d", lowestPriority, highestPriority), "is not a priority of a rule group")
	}
	for i, name := range firewall.Services {
		service, known := p.facts.EndpointService(name)
		if !known {
			var names []string
			for _, s := range p.facts.EndpointServices() {
				names = append(names, s.Name)
			}
			fix := "use a name of the catalogue"
			if nearest := problem.Nearest(name, names); nearest != "" {
				fix = fmt.Sprintf("did you mean %q?", nearest)
			}
			p.problems.Addf(fmt.Sprintf("dnsFirewall.services[%d]", i), name, fix, "is not an endpoint service of the catalogue")
			continue
		}
		names := service.PublicNames(p.plan.Spec.Region)
		if len(names) == 0 {
			p.problems.Addf(fmt.Sprintf("dnsFirewall.services[%d]", i), name, "list the name that its callers use in extraNames",
				"has no name in the catalogue")
		}
		p.plan.AllowedNames = append(p.plan.AllowedNames, names...)
	}
	problem.Unique(&p.problems, "dnsFirewall.services", firewall.Services)
}

// within reports whether one of the blocks holds all of p.
func within(blocks []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(blocks, func(block netip.Prefix) bool {
		return block.Bits() <= p.Bits() && block.Contains(p.Addr())
	})
}

func list(blocks []netip.Prefix) string {
	var texts []string
	for _, block := range blocks {
		texts = append(texts, block.String())
	}
	return strings.Join(texts, ", ")
}
