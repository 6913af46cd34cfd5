package aoscloud

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/components/internal/zones"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to: which subnets exist at which addresses, which
// endpoints and which rules. It is a plain value; the constructor only walks it.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Zones in slot order.
	Zones []Zone
	// Vpc is the VPC's block, moved for staging.
	Vpc netip.Prefix
	// Subnets by tier, then by slot.
	Subnets []Subnet
	// Endpoints are the interface endpoints.
	Endpoints *endpoints.Plan
	// Ingress are the rules of the public load balancers' group; empty means
	// there is no such group.
	Ingress []Rule
	// S3Service is the service name of the S3 gateway endpoint; empty without one.
	S3Service string
	// Warnings say what is allowed but may not be meant, a sentence each.
	Warnings []string

	// endpoints is the spec behind Endpoints.
	endpoints endpoints.Spec
}

// Zone is an availability zone in its slot.
type Zone = zones.Zone

// Subnet is one planned subnet.
type Subnet struct {
	Tier addressing.AosTier
	Zone Zone
	Cidr netip.Prefix
}

// Key names the subnet within the VPC: "eks-private-eu-west-1a".
func (s Subnet) Key() string { return string(s.Tier) + "-" + s.Zone.Name }

// Rule is one ingress rule of the public load balancers' group.
type Rule struct {
	// Protocol is "tcp", "udp" or "-1", which has no ports.
	Protocol string
	From, To int
	Cidr     netip.Prefix
}

// Key names the rule within its group: "tcp-443-0.0.0.0-0".
func (r Rule) Key() string {
	parts := []string{r.Protocol}
	switch {
	case r.Protocol == allProtocols:
		parts = []string{"all"}
	case r.From == r.To:
		parts = append(parts, strconv.Itoa(r.From))
	default:
		parts = append(parts, strconv.Itoa(r.From), strconv.Itoa(r.To))
	}
	cidr := strings.NewReplacer("/", "-", ":", "-").Replace(r.Cidr.String())
	return strings.Join(append(parts, cidr), "-")
}

// allProtocols is AWS's word for every protocol; a rule with it takes no ports.
const allProtocols = "-1"

// NewPlan validates a spec and plans its VPC. The error is a problem.List with
// every problem of the spec, each at its field's path ("zones[1]").
func NewPlan(spec Spec) (*Plan, error) {
	return newPlan(spec, spec.EksClusterSecurityGroupID != "")
}

// newPlan is NewPlan for a caller that knows whether there is a cluster's group.
func newPlan(spec Spec, eksGroup bool) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults()}}
	p.limits = quota.New(facts, spec.Quotas, &p.problems)
	p.region, _ = facts.Region(spec.Region)
	p.problems.Add("region", facts.CheckRegion(spec.Region))
	p.planBase()
	p.planZones()
	p.planSubnets()
	p.planEndpoints()
	p.planIngress()
	identity.Resource(&p.problems, "eksClusterSecurityGroupId", spec.EksClusterSecurityGroupID, "sg-")
	identity.Resource(&p.problems, "efsFileSystemId", spec.EfsFileSystemID, "fs-")
	if *p.plan.Spec.S3Gateway {
		service, _ := facts.EndpointService("s3-gateway")
		p.plan.S3Service = service.ServiceName(spec.Region)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	p.warn(eksGroup)
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	limits   quota.Limits
	region   catalog.Region
	plan     Plan
	problems problem.List
	layout   addressing.AosCloud
	// layoutOK is false when the block is unusable, so that no subnet is
	// derived from it and no problem follows from another.
	layoutOK bool
}

// planBase reads the VPC's block and moves it for staging.
func (p *planner) planBase() {
	before := len(p.problems)
	base, err := addressing.Parse(p.plan.Spec.BaseCidr)
	p.problems.Add("baseCidr", err)
	if err == nil {
		p.layout = addressing.AosCloud{Base: base}
		err = p.layout.Check()
		p.problems.Add("baseCidr", err)
	}
	if err == nil && p.plan.Spec.Staging {
		p.layout, err = p.layout.Staging()
		p.problems.Add("baseCidr", err)
	}
	p.plan.Vpc = p.layout.Base
	p.layoutOK = len(p.problems) == before
}

func (p *planner) planZones() {
	spec := p.plan.Spec
	p.plan.Zones = zones.Plan(p.facts, zones.Spec{Region: spec.Region, Names: spec.Zones, IDs: spec.ZoneIDs, EKS: true}, &p.problems)
	switch count := len(spec.Zones); {
	case count == 0:
		p.problems.Addf("zones", "", "name three availability zones", "is missing")
	case count != addressing.AosSlots:
		p.problems.Addf("zones", strings.Join(spec.Zones, ", "), "name three", "is %d of the three zones of an AosCloud VPC", count)
	}
	for i, zone := range spec.EndpointZones {
		if !slices.Contains(spec.Zones, zone) {
			p.problems.Addf(fmt.Sprintf("endpointZones[%d]", i), zone, "use some of "+strings.Join(spec.Zones, ", "),
				"is not one of the zones")
		}
	}
	problem.Unique(&p.problems, "endpointZones", spec.EndpointZones)
}

// zonesOf returns the zones of a tier; a zone's place in the list is its slot
// in that tier.
func (p *planner) zonesOf(tier addressing.AosTier) []Zone {
	if tier != addressing.AosEndpoints {
		return p.plan.Zones
	}
	var zones []Zone
	for _, name := range p.plan.Spec.EndpointZones {
		if i := slices.IndexFunc(p.plan.Zones, func(z Zone) bool { return z.Name == name }); i >= 0 {
			zones = append(zones, p.plan.Zones[i])
		}
	}
	return zones
}

func (p *planner) planSubnets() {
	placed := p.checkPlaced()
	if !p.layoutOK {
		return
	}
	var blocks []addressing.Named
	for _, tier := range addressing.AosTiers() {
		for slot, zone := range p.zonesOf(tier) {
			if slot >= addressing.AosSlots {
				continue // too many zones are a problem already
			}
			path := fmt.Sprintf("subnets.%s.%s", tier, zone.Name)
			cidr, byHand := placed[path]
			if !byHand {
				var err error
				if cidr, err = p.layout.Subnet(tier, slot); err != nil {
					p.problems.Add(path, err)
					continue
				}
			}
			p.plan.Subnets = append(p.plan.Subnets, Subnet{Tier: tier, Zone: zone, Cidr: cidr})
			blocks = append(blocks, addressing.Named{Path: path, Prefix: cidr})
		}
	}
	if len(placed) > 0 {
		p.problems = append(p.problems, addressing.Overlaps(blocks)...)
	}
}

// smallestSubnet is the smallest subnet that AWS allows.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const smallestSubnet = 28

// checkPlaced returns the subnets placed by hand, by their path.
func (p *planner) checkPlaced() map[string]netip.Prefix {
	placed := map[string]netip.Prefix{}
	subnets := p.plan.Spec.Subnets
	for _, tier := range slices.Sorted(maps.Keys(subnets)) {
		path := "subnets." + string(tier)
		if !slices.Contains(addressing.AosTiers(), tier) {
			p.problems.Addf(path, "", problem.DidYouMean(string(tier), tierNames()), "is not a tier")
			continue
		}
		var zones []string
		for _, zone := range p.zonesOf(tier) {
			zones = append(zones, zone.Name)
		}
		for _, zone := range slices.Sorted(maps.Keys(subnets[tier])) {
			path, cidr := path+"."+zone, subnets[tier][zone]
			block, err := addressing.Parse(cidr)
			p.problems.Add(path, err)
			switch {
			case err != nil:
			case !slices.Contains(zones, zone):
				p.problems.Addf(path, cidr, "use one of "+strings.Join(zones, ", "), "is not one of the tier's zones")
			case p.layoutOK && (block.Bits() < p.plan.Vpc.Bits() || !p.plan.Vpc.Contains(block.Addr())):
				p.problems.Addf(path, cidr, "use a part of "+p.plan.Vpc.String(), "is outside the VPC")
			case block.Bits() > smallestSubnet:
				p.problems.Addf(path, cidr, fmt.Sprintf("use a /%d or larger", smallestSubnet), "is smaller than AWS's smallest subnet")
			}
			if err == nil {
				placed[path] = block
			}
		}
	}
	return placed
}

func tierNames() []string {
	var names []string
	for _, tier := range addressing.AosTiers() {
		names = append(names, string(tier))
	}
	return names
}

// mail is the service that some zones lack.
const mail = "email-smtp"

// planEndpoints plans the interface endpoints in the endpoint zones.
func (p *planner) planEndpoints() {
	spec := *p.plan.Spec.Endpoints
	spec.Region, spec.Quotas = p.plan.Spec.Region, p.plan.Spec.Quotas
	for _, zone := range p.zonesOf(addressing.AosEndpoints) {
		spec.Zones = append(spec.Zones, endpoints.Zone{Name: zone.Name, ID: zone.ID})
	}
	for _, subnet := range p.plan.Subnets {
		usable := addressing.Usable(subnet.Cidr)
		if subnet.Tier == addressing.AosEndpoints && (spec.UsableAddresses == 0 || usable < spec.UsableAddresses) {
			spec.UsableAddresses = usable
		}
	}
	if p.mailUncertain(spec) {
		// The document wants the endpoint in the zones it names; AWS decides
		// at deployment, and a warning says so.
		override := spec.Overrides[mail]
		for _, zone := range spec.Zones {
			override.Zones = append(override.Zones, zone.Name)
		}
		spec.Overrides = maps.Clone(spec.Overrides)
		if spec.Overrides == nil {
			spec.Overrides = map[string]endpoints.Override{}
		}
		spec.Overrides[mail] = override
	}
	p.plan.endpoints = spec
	var err error
	p.plan.Endpoints, err = endpoints.NewPlan(spec)
	p.placeEndpointProblems(err)
}

// mailUncertain reports whether email-smtp is wanted in zones that may lack it:
// some zone of the region does, and which ones these are is not known.
func (p *planner) mailUncertain(spec endpoints.Spec) bool {
	preset, _ := p.facts.EndpointPreset(spec.Preset)
	wanted := slices.Contains(slices.Concat(preset.Services, spec.Add), mail) &&
		!slices.Contains(slices.Concat(spec.Remove, spec.Central), mail)
	return wanted && len(spec.Overrides[mail].Zones) == 0 && len(p.plan.Spec.ZoneIDs) == 0 && len(p.mailGaps()) > 0
}

// mailGaps returns the ids of the region's zones that lack email-smtp.
func (p *planner) mailGaps() []string {
	service, _ := p.facts.EndpointService(mail)
	var gaps []string
	for _, zone := range p.region.Zones {
		if slices.Contains(service.UnsupportedZoneIDs, zone.ID) {
			gaps = append(gaps, zone.ID)
		}
	}
	return gaps
}

// placeEndpointProblems puts the endpoints' problems where the user wrote their
// values. What the endpoints take from this spec is reported there already.
func (p *planner) placeEndpointProblems(err error) {
	var found problem.List
	if err != nil && !errors.As(err, &found) {
		found = problem.List{{Rule: err.Error()}}
	}
	for _, f := range found {
		field, _, _ := strings.Cut(f.Path, ".")
		field, _, _ = strings.Cut(field, "[")
		switch field {
		case "region", "zones", "quotas":
		case "zoneIds":
			if len(p.plan.Spec.ZoneIDs) == 0 {
				p.problems.Add("", f)
			}
		default:
			p.problems.Add("endpoints", f)
		}
	}
}

// planIngress checks the rules of the public load balancers' group.
func (p *planner) planIngress() {
	seen := map[Rule]int{}
	four, six := 0, 0
	for i, in := range p.plan.Spec.PublicLbIngress {
		path := fmt.Sprintf("publicLbIngress[%d]", i)
		before := len(p.problems)
		problem.OneOf(&p.problems, path+".protocol", in.Protocol, "tcp", "udp", allProtocols)
		switch ports := fmt.Sprintf("%d-%d", in.From, in.To); {
		case in.Protocol == allProtocols && (in.From != 0 || in.To != 0):
			p.problems.Addf(path+".from", ports, "remove from and to, or set protocol: tcp", "is set, but protocol -1 has no ports")
		case in.Protocol != allProtocols && in.From == 0 && in.To == 0:
			p.problems.Addf(path+".from", "", "give the lowest port, and in to the highest", "is missing")
		case in.From < 0 || in.To > 65535:
			p.problems.Addf(path+".from", ports, "use 0 to 65535", "is no range of ports")
		case in.From > in.To:
			p.problems.Addf(path+".to", strconv.Itoa(in.To), "give the highest port", "is lower than from, %d", in.From)
		}
		block, err := parseAny(in.Cidr)
		p.problems.Add(path+".cidr", err)
		if len(p.problems) > before {
			continue
		}
		rule := Rule{Protocol: in.Protocol, From: in.From, To: in.To, Cidr: block}
		if first, twice := seen[rule]; twice {
			p.problems.Addf(path, in.Cidr, "remove one", "is the rule publicLbIngress[%d] again", first)
			continue
		}
		seen[rule] = i
		if block.Addr().Is4() {
			four++
		} else {
			six++
		}
		p.plan.Ingress = append(p.plan.Ingress, rule)
	}
	if limit := p.limits.Of(catalog.QuotaRulesPerSecurityGroup); max(four, six) > limit {
		p.problems.Addf("publicLbIngress", strconv.Itoa(max(four, six)),
			"use fewer, larger blocks, or have the quota raised and set quotas."+catalog.QuotaRulesPerSecurityGroup,
			"are too many rules of one IP family; the quota is %d", limit)
	}
}

// parseAny reads an IPv4 or IPv6 network in canonical form.
func parseAny(text string) (netip.Prefix, error) {
	if !strings.Contains(text, ":") {
		return addressing.Parse(text)
	}
	block, err := netip.ParsePrefix(text)
	switch {
	case err != nil || block.Addr().Is4In6():
		return netip.Prefix{}, problem.New(text, "is not an IPv6 network", "write a network such as 2001:db8::/32")
	case block != block.Masked():
		return netip.Prefix{}, problem.New(text, "has host bits set", "the network is "+block.Masked().String())
	}
	return block, nil
}

// warn says what the document asks for, or what was left out, that may hurt.
func (p *planner) warn(eksGroup bool) {
	if warning := addressing.Warn(p.plan.Vpc); warning != "" {
		p.plan.Warnings = append(p.plan.Warnings, warning)
	}
	if zones := p.plan.Spec.EndpointZones; len(zones) == 1 {
		p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(
			"all interface endpoints are in %s alone: without that zone no node of any zone reaches AWS through them; "+
				"list more zones in endpointZones", zones[0]))
	}
	if p.mailUncertain(*p.plan.Spec.Endpoints) {
		p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(
			"%s may not be offered in %s: AWS does not offer it in %s, and which zones of your account these are is not known; "+
				"give zoneIds", mail, strings.Join(p.plan.Spec.EndpointZones, ", "), strings.Join(p.mailGaps(), ", ")))
	}
	if !eksGroup {
		p.plan.Warnings = append(p.plan.Warnings,
			"the EKS cluster's security group is not given: nodes and pods reach neither endpoints nor databases until it is; "+
				"give eksClusterSecurityGroupId once the cluster exists, before its nodes")
	}
}
