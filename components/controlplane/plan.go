package controlplane

import (
	"net/netip"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/components/internal/zones"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to. It is a plain value; the constructor only walks
// it.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Zones in slot order.
	Zones []Zone
	// Subnets by tier, then by slot.
	Subnets []Subnet
	// Vpc is the block of the VPC.
	Vpc netip.Prefix
	// Warnings say what is allowed but may not be meant, a sentence each.
	Warnings []string
}

// Zone is an availability zone in its slot.
type Zone = zones.Zone

// Subnet is one planned subnet.
type Subnet struct {
	Tier addressing.Tier
	Zone Zone
	Cidr netip.Prefix
}

// Key names the subnet within the network: "private-eu-west-1a".
func (s Subnet) Key() string { return string(s.Tier) + "-" + s.Zone.Name }

// tableKey names the subnet's route table. Private subnets have a table each,
// so that a zone can be routed to a firewall or attachment of its own.
func (s Subnet) tableKey() string {
	if s.Tier == addressing.Private {
		return s.Key()
	}
	return string(s.Tier)
}

// Subnet returns the subnet of a tier in a zone; ok is false when the plan has none.
func (p *Plan) Subnet(tier addressing.Tier, zone string) (subnet Subnet, ok bool) {
	for _, s := range p.Subnets {
		if s.Tier == tier && s.Zone.Name == zone {
			return s, true
		}
	}
	return Subnet{}, false
}

// preset is the catalogue's list of a control plane's interface endpoints.
const preset = "aws-control-plane"

// ExtraEndpoints returns the services that a runtime needs beyond the preset
// aws-control-plane.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
func ExtraEndpoints(runtime Runtime) []string {
	if runtime == RuntimeEC2 {
		return []string{"ecs-agent", "ecs-telemetry"}
	}
	return nil
}

// Endpoints returns the interface endpoints that the network needs, as the spec
// of components/endpoints. A caller may remove services from it, or name those
// that a central VPC provides.
func (p *Plan) Endpoints() endpoints.Spec {
	spec := endpoints.Spec{
		Region:      p.Spec.Region,
		SourceCidrs: []string{p.Vpc.String()},
		Preset:      preset,
		Add:         ExtraEndpoints(p.Spec.Runtime),
		Quotas:      p.Spec.Quotas,
	}
	for _, zone := range p.Zones {
		spec.Zones = append(spec.Zones, endpoints.Zone{Name: zone.Name, ID: zone.ID})
	}
	for _, s := range p.Subnets {
		if s.Tier == addressing.Endpoints {
			// Slots are alike: each subnet of the tier has the same size.
			spec.UsableAddresses = addressing.Usable(s.Cidr)
		}
	}
	return spec
}

// NewPlan validates a spec and plans its network. The error is a problem.List
// with every problem of the spec, each at its field's path ("zones[1]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults()}}
	quota.New(facts, spec.Quotas, &p.problems)
	problem.OneOf(&p.problems, "runtime", p.plan.Spec.Runtime, RuntimeFargate, RuntimeEC2)
	p.planZones()
	p.planSubnets()
	if logs := p.plan.Spec.FlowLogs; logs != nil {
		logs.Check("flowLogs", &p.problems)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	if warning := addressing.Warn(p.plan.Vpc); warning != "" {
		p.plan.Warnings = append(p.plan.Warnings, warning)
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	plan     Plan
	problems problem.List
}

func (p *planner) planZones() {
	spec := p.plan.Spec
	p.problems.Add("region", p.facts.CheckRegion(spec.Region))
	p.plan.Zones = zones.Plan(p.facts, zones.Spec{Region: spec.Region, Names: spec.Zones, IDs: spec.ZoneIDs}, &p.problems)
	zones.CheckCount(spec.Zones, spec.ZoneSlots, "a control plane's load balancers need subnets", &p.problems)
}

// planSubnets cuts the VPC's block. A block that is unusable is reported once,
// not again for each subnet.
func (p *planner) planSubnets() {
	spec := p.plan.Spec
	vpc, err := addressing.Parse(spec.VpcCidr)
	switch {
	case spec.VpcCidr == "":
		p.problems.Addf("vpcCidr", "", "give the VPC's block, for example 10.30.0.0/16", "is missing")
	case err != nil:
		p.problems.Add("vpcCidr", err)
	}
	layout := addressing.ControlPlane{Vpc: vpc, Slots: spec.ZoneSlots}
	usable := vpc.IsValid()
	for _, found := range layout.Check() {
		usable = false
		if found.Path != "vpcCidr" || vpc.IsValid() {
			p.problems = append(p.problems, found)
		}
	}
	p.plan.Vpc = vpc
	if !usable {
		return
	}
	for _, tier := range addressing.ControlPlaneTiers() {
		for _, zone := range p.plan.Zones {
			if zone.Slot >= layout.Slots {
				continue // too many zones, which has been said
			}
			cidr, err := layout.Subnet(tier, zone.Slot)
			p.problems.Add("vpcCidr", err)
			p.plan.Subnets = append(p.plan.Subnets, Subnet{Tier: tier, Zone: zone, Cidr: cidr})
		}
	}
}
