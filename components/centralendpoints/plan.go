package centralendpoints

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
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// HubPlan is what a HubSpec comes to.
type HubPlan struct {
	// Spec is the spec with its defaults filled in.
	Spec HubSpec
	// Endpoints is the spec of the hub's endpoints, without private DNS.
	Endpoints endpoints.Spec
	// Services are the endpoints' services.
	Services []string
	// Zones are the private hosted zones of the services' names.
	Zones []Zone
	// Cidrs are the hub's blocks.
	Cidrs []netip.Prefix
	// Accounts are the spokes' accounts other than the hub's, sorted.
	Accounts []string

	spokes map[string]spokePlan
}

// Zone is a private hosted zone.
type Zone struct {
	// Name is the zone's name, "dkr.ecr.eu-west-1.amazonaws.com".
	Name string
	// Service is whose endpoint its records lead to.
	Service string
	// Records are the names that lead there: the zone's own, "*." before it, or both.
	Records []string
}

// Key names the zone's resources: "dkr-ecr-eu-west-1".
func (z Zone) Key() string {
	return strings.ReplaceAll(strings.TrimSuffix(z.Name, ".amazonaws.com"), ".", "-")
}

type spokePlan struct {
	spoke Spoke
	cidrs []netip.Prefix
	// foreign is true when the spoke is in another account than the hub.
	foreign bool
	// accepts is true when the spoke accepts the hub's invitation: once for
	// each account.
	accepts bool
}

// Shared reports whether the hub shares its Profile or transit gateway with
// other accounts.
func (p *HubPlan) Shared() bool {
	return len(p.Accounts) > 0 && (p.Spec.DNS == DNSProfile || p.Spec.Routing == RoutingTransitGateway)
}

// hubPlanner collects problems while it fills in a plan.
type hubPlanner struct {
	plan     HubPlan
	facts    *catalog.Catalog
	limits   quota.Limits
	problems problem.List
}

// NewHubPlan validates a spec and plans its hub. The error is a problem.List
// with every problem of the spec, each at its field's path ("spokes[1].cidrs").
func NewHubPlan(spec HubSpec) (*HubPlan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &hubPlanner{facts: facts, plan: HubPlan{Spec: spec.withDefaults(), spokes: map[string]spokePlan{}}}
	p.limits = quota.New(facts, spec.Quotas, &p.problems)
	problem.OneOf(&p.problems, "dns", p.plan.Spec.DNS, DNSProfile, DNSZones)
	problem.OneOf(&p.problems, "routing", p.plan.Spec.Routing, RoutingTransitGateway, RoutingPeering)
	p.planBlocks()
	p.planSpokes()
	p.planEndpoints()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planBlocks reads the blocks of hub and spokes. Routes lead by block, so no
// two may overlap.
func (p *hubPlanner) planBlocks() {
	if len(p.plan.Spec.VpcCidrs) == 0 {
		p.problems.Addf("vpcCidrs", "", "list every block of the hub's VPC", "is missing")
	}
	var all []addressing.Named
	read := func(path string, texts []string) (blocks []netip.Prefix) {
		for i, text := range texts {
			path := fmt.Sprintf("%s[%d]", path, i)
			block, err := addressing.Parse(text)
			if err != nil {
				p.problems.Add(path, err)
				continue
			}
			blocks = append(blocks, block)
			all = append(all, addressing.Named{Path: path, Prefix: block})
		}
		return blocks
	}
	p.plan.Cidrs = read("vpcCidrs", p.plan.Spec.VpcCidrs)
	routes := 0
	for i, spoke := range p.plan.Spec.Spokes {
		path := fmt.Sprintf("spokes[%d].cidrs", i)
		if len(spoke.Cidrs) == 0 {
			p.problems.Addf(path, "", "list the blocks of the spoke's nodes", "is missing")
		}
		blocks := read(path, spoke.Cidrs)
		for j, block := range blocks {
			switch {
			case block.Overlaps(sharedRange):
				p.problems.Addf(fmt.Sprintf("%s[%d]", path, j), block.String(), "take it out",
					"is a pod block; pods reach the hub with their node's address")
			case block.Bits() < 16:
				p.problems.Addf(fmt.Sprintf("%s[%d]", path, j), block.String(), "list the spoke's own blocks",
					"is larger than a VPC's block can be")
			}
		}
		routes += len(blocks)
		p.plan.spokes[spoke.Name] = spokePlan{spoke: spoke, cidrs: blocks}
	}
	p.problems = append(p.problems, addressing.Overlaps(all)...)
	if limit := p.limits.Of(catalog.QuotaRoutesPerRouteTable); routes > limit {
		p.problems.Addf("spokes", strconv.Itoa(len(p.plan.Spec.Spokes))+" spokes",
			"use fewer, larger blocks, or have the quota raised and set quotas."+catalog.QuotaRoutesPerRouteTable,
			"need %d routes in the hub's route tables; the quota is %d", routes, limit)
	}
}

// sharedRange is where pod blocks are: https://datatracker.ietf.org/doc/html/rfc6598.
var sharedRange = netip.MustParsePrefix("100.64.0.0/10")

var (
	spokeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)
	accountID = regexp.MustCompile(`^\d{12}$`)
)

func (p *hubPlanner) planSpokes() {
	spec := p.plan.Spec
	if len(spec.Spokes) == 0 {
		p.problems.Addf("spokes", "", "list the VPCs that use the endpoints", "is missing")
	}
	checkAccount := func(path, id string) {
		if id != "" && !accountID.MatchString(id) {
			p.problems.Addf(path, id, "give its 12 digits", "is not an AWS account id")
		}
	}
	checkAccount("accountId", spec.AccountID)
	first := map[string]int{}
	accounts := map[string]bool{}
	for i, spoke := range spec.Spokes {
		path := fmt.Sprintf("spokes[%d]", i)
		switch j, taken := first[spoke.Name]; {
		case !spokeName.MatchString(spoke.Name):
			p.problems.Addf(path+".name", spoke.Name, "use 1 to 32 lower-case letters, digits and hyphens, no hyphen at either end",
				"is not a name of a spoke")
		case taken:
			p.problems.Addf(path+".name", spoke.Name, "use another name", "is the name of spokes[%d] already", j)
		default:
			first[spoke.Name] = i
		}
		checkAccount(path+".accountId", spoke.AccountID)
		if spoke.AccountID != "" && spec.AccountID == "" {
			p.problems.Addf("accountId", "", "give the hub's account", "is missing; %s.accountId is compared with it", path)
		}
		if planned := p.plan.spokes[spoke.Name]; spoke.AccountID != "" && spoke.AccountID != spec.AccountID {
			planned.foreign = true
			planned.accepts = spec.ShareOutsideOrganization && !accounts[spoke.AccountID]
			accounts[spoke.AccountID] = true
			p.plan.spokes[spoke.Name] = planned
		}
	}
	p.plan.Accounts = slices.Sorted(maps.Keys(accounts))
}

// planEndpoints plans the endpoints and the zones of their names.
func (p *hubPlanner) planEndpoints() {
	spec := p.plan.Spec
	off := false
	p.plan.Endpoints = endpoints.Spec{
		Region: spec.Region, Zones: spec.Zones, UsableAddresses: spec.UsableAddresses, Quotas: spec.Quotas,
		Preset: spec.Preset, Add: spec.Add, Remove: spec.Remove, Overrides: spec.Overrides,
		// Private DNS would answer in the hub's VPC only, and stand in the way
		// of the zones.
		PrivateDNS:       &off,
		GroupDescription: "Admits the spokes to the central interface endpoints",
	}
	for _, spoke := range spec.Spokes {
		p.plan.Endpoints.SourceCidrs = append(p.plan.Endpoints.SourceCidrs, spoke.Cidrs...)
	}
	for _, service := range slices.Sorted(maps.Keys(spec.Overrides)) {
		if private := spec.Overrides[service].PrivateDNS; private != nil && *private {
			p.problems.Addf("overrides."+service+".privateDns", "true", "remove it",
				"is on, but a central endpoint's names are in private hosted zones")
		}
	}
	planned, err := endpoints.NewPlan(p.plan.Endpoints)
	var found problem.List
	found.Add("", err)
	for _, one := range found {
		// Blocks and quotas are checked above, at the fields of this spec.
		if !strings.HasPrefix(one.Path, "sourceCidrs[") && !strings.HasPrefix(one.Path, "quotas.") {
			one.Path = strings.Replace(one.Path, "sourceCidrs", "spokes", 1)
			p.problems = append(p.problems, one)
		}
	}
	if planned == nil {
		return
	}
	for _, e := range planned.Endpoints {
		p.plan.Services = append(p.plan.Services, e.Service)
		service, _ := p.facts.EndpointService(e.Service)
		p.plan.Zones = append(p.plan.Zones, zones(service, spec.Region)...)
	}
}

// zones groups the names of a service by zone: a name and those below it are
// in one.
func zones(service catalog.EndpointService, region string) []Zone {
	var list []Zone
	for _, name := range service.PublicNames(region) {
		zone := strings.TrimPrefix(name, "*.")
		i := slices.IndexFunc(list, func(z Zone) bool { return z.Name == zone })
		if i < 0 {
			list = append(list, Zone{Name: zone, Service: service.Name})
			i = len(list) - 1
		}
		list[i].Records = append(list[i].Records, name)
	}
	return list
}

// SpokePlan is what a SpokeSpec comes to.
type SpokePlan struct {
	// Hub is the hub's plan.
	Hub *HubPlan
	// Spec is the spec as given.
	Spec SpokeSpec

	spokePlan
}

// Cidrs returns the spoke's blocks that the hub routes to.
func (p *SpokePlan) Cidrs() []netip.Prefix { return slices.Clone(p.cidrs) }

// CrossAccount reports whether the spoke is in another account than the hub.
func (p *SpokePlan) CrossAccount() bool { return p.foreign }

// NewSpokePlan validates a spec and plans its spoke. The error is a
// problem.List with every problem of the spec; those of the hub are at "hub.…".
func NewSpokePlan(spec SpokeSpec) (*SpokePlan, error) {
	var problems problem.List
	hub, err := NewHubPlan(spec.Hub)
	problems.Add("hub", err)
	plan := &SpokePlan{Hub: hub, Spec: spec}
	var names []string
	for _, spoke := range spec.Hub.Spokes {
		names = append(names, spoke.Name)
	}
	if !slices.Contains(names, spec.Name) && len(names) > 0 {
		problems.Addf("name", spec.Name, problem.DidYouMean(spec.Name, names), "is not a spoke of the hub")
	}
	if hub != nil {
		plan.spokePlan = hub.spokes[spec.Name]
		problems = append(problems, plan.conflicts()...)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return plan, nil
}

// conflicts are what keeps this VPC from being a spoke of a hub that is fine.
func (p *SpokePlan) conflicts() problem.List {
	var problems problem.List
	facts, err := catalog.Load()
	problems.Add("", err)
	spec := p.Spec
	for i, service := range spec.LocalServices {
		path := fmt.Sprintf("localServices[%d]", i)
		if _, known := facts.EndpointService(service); !known {
			var names []string
			for _, s := range facts.EndpointServices() {
				names = append(names, s.Name)
			}
			fix := "see the catalogue's endpoint services"
			if nearest := problem.Nearest(service, names); nearest != "" {
				fix = fmt.Sprintf("did you mean %q?", nearest)
			}
			problems.Addf(path, service, fix, "is not an endpoint service")
		} else if slices.Contains(p.Hub.Services, service) {
			problems.Addf(path, service, "list it as central in the VPC's endpoints, or remove it from the hub",
				"is central, and the VPC has an endpoint with private DNS for it")
		}
	}
	problem.Unique(&problems, "localServices", spec.LocalServices)
	if spec.ExistingProfileID != "" && p.Hub.Spec.DNS == DNSProfile {
		problems.Addf("existingProfileId", spec.ExistingProfileID, "use dns: zones, or put the hub's zones into that Profile",
			"is the VPC's Route 53 Profile; a VPC can have one")
	}
	if len(spec.Zones) == 0 && p.Hub.Spec.Routing == RoutingTransitGateway {
		problems.Addf("zones", "", "name the zones with a subnet for the attachment", "is missing")
	}
	problem.Unique(&problems, "zones", spec.Zones)
	return problems
}
