package privatelink

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/nlb"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// ProviderPlan is what a ProviderSpec comes to.
type ProviderPlan struct {
	// Spec is the spec with its defaults filled in.
	Spec ProviderSpec
	// Balancer is the load balancer: zones, listeners and rules.
	Balancer nlb.Plan
	// SupportedRegions are all regions of the service, its own included; empty
	// for that one alone.
	SupportedRegions []string
}

// ConsumerPlan is what a ConsumerSpec comes to.
type ConsumerPlan struct {
	// Spec is the spec with its defaults filled in.
	Spec ConsumerSpec
	// Zones that the endpoint gets an address in.
	Zones []Zone
	// Rules of the endpoint's security group: each source block with each port.
	Rules []nlb.Rule
	// Warnings say what works, but not as it might.
	Warnings []string
}

// NewProviderPlan validates a spec and plans the provider side. The error is a
// problem.List with every problem, each at its field's path.
func NewProviderPlan(spec ProviderSpec) (*ProviderPlan, error) {
	return newProviderPlan(spec, nil)
}

func newProviderPlan(spec ProviderSpec, certified []string) (*ProviderPlan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	var problems problem.List
	spec = spec.withDefaults()
	p := &ProviderPlan{Spec: spec}
	p.Balancer, err = nlb.NewPlan(nlb.Spec{
		Region: spec.Region, Zones: spec.Zones, Listeners: spec.Listeners, Certified: certified,
		TargetCidrs: spec.TargetCidrs, ClientCidrs: spec.ClientCidrs, ClientPath: "clientCidrs", Quotas: spec.Quotas,
	}, &problems)
	if err != nil {
		return nil, err
	}
	checkPrincipals(spec, &problems)
	checkInboundRules(spec, &problems)
	checkPrivateDNS(spec, &problems)
	p.SupportedRegions = planRegions(facts, spec, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (s ProviderSpec) withDefaults() ProviderSpec {
	yes := true
	s.AcceptanceRequired = cmp.Or(s.AcceptanceRequired, &yes)
	s.CrossZone = cmp.Or(s.CrossZone, &yes)
	s.DeletionProtection = cmp.Or(s.DeletionProtection, &yes)
	s.EnforceInboundRules = cmp.Or(s.EnforceInboundRules, InboundRulesOff)
	return s
}

// principalPattern is one account, role or user, without wildcards.
// https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html#add-remove-permissions
var (
	principalPattern = regexp.MustCompile(`^arn:aws:iam::\d{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)$`)
	accountPattern   = regexp.MustCompile(`^\d{12}$`)
)

// everybody is the principal of a public service.
const everybody = "*"

func checkPrincipals(spec ProviderSpec, problems *problem.List) {
	if len(spec.AllowedPrincipals) == 0 {
		problems.Addf("allowedPrincipals", "", "name the control plane's account, arn:aws:iam::<account>:root",
			"is missing; without it nobody can connect")
	}
	for i, principal := range spec.AllowedPrincipals {
		path := fmt.Sprintf("allowedPrincipals[%d]", i)
		switch {
		case principal == everybody && !spec.AllowPublic:
			problems.Addf(path, principal, "name exact ARNs, or set allowPublic: true", "is everybody on AWS")
		case principal == everybody && !*spec.AcceptanceRequired:
			problems.Addf(path, principal, "remove acceptanceRequired: false", "is everybody on AWS, and nobody would be asked")
		case principal == everybody || principalPattern.MatchString(principal):
		case accountPattern.MatchString(principal):
			problems.Addf(path, principal, "give arn:aws:iam::"+principal+":root", "is not the ARN of a principal")
		default:
			problems.Addf(path, principal, "give arn:aws:iam::<account>:root, :role/<name> or :user/<name>, without wildcards",
				"is not the ARN of an exact principal")
		}
	}
	problem.Unique(problems, "allowedPrincipals", spec.AllowedPrincipals)
	if spec.AllowPublic && !slices.Contains(spec.AllowedPrincipals, everybody) {
		problems.Addf("allowPublic", "true", `remove it, or allow the principal "*"`, "changes nothing")
	}
}

func checkInboundRules(spec ProviderSpec, problems *problem.List) {
	problem.OneOf(problems, "enforceInboundRules", spec.EnforceInboundRules, InboundRulesOff, InboundRulesOn)
	switch {
	case spec.EnforceInboundRules == InboundRulesOn && len(spec.ClientCidrs) == 0:
		problems.Addf("clientCidrs", "", "list the clients' blocks in the consumer's VPC, or remove enforceInboundRules: on",
			"is missing; nobody would be admitted")
	case spec.EnforceInboundRules == InboundRulesOff && len(spec.ClientCidrs) > 0:
		problems.Addf("clientCidrs", strings.Join(spec.ClientCidrs, ", "), "set enforceInboundRules: on, or remove them",
			"would have no effect on connections through PrivateLink")
	}
}

// domainPattern is a name of two labels or more.
var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func checkPrivateDNS(spec ProviderSpec, problems *problem.List) {
	name := spec.PrivateDNSName
	switch {
	case name == "" && spec.VerificationZoneID != "":
		problems.Addf("verificationZoneId", spec.VerificationZoneID, "set privateDnsName, or remove it", "verifies no name")
	case name == "" && spec.VerifyPrivateDNS:
		problems.Addf("verifyPrivateDns", "true", "set privateDnsName, or remove it", "verifies no name")
	case name != "" && (!domainPattern.MatchString(name) || len(name) > 253):
		problems.Addf("privateDnsName", name, "give a domain that you own, in lower case", "is not a domain name")
	}
	checkZoneID("verificationZoneId", spec.VerificationZoneID, problems)
}

// zoneIDPattern is the id of a Route 53 zone.
var zoneIDPattern = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)

func checkZoneID(path, id string, problems *problem.List) {
	if id != "" && !zoneIDPattern.MatchString(id) {
		problems.Addf(path, id, "give its id, for example Z0123456789ABCDEFGHIJ", "is not the id of a Route 53 zone")
	}
}

// planRegions returns the regions of a service with its own among them: a
// service is always in its own region.
func planRegions(facts *catalog.Catalog, spec ProviderSpec, problems *problem.List) []string {
	regions := []string{spec.Region}
	for i, region := range spec.SupportedRegions {
		path := fmt.Sprintf("supportedRegions[%d]", i)
		problems.Add(path, facts.CheckRegion(region))
		if region == spec.Region {
			problems.Addf(path, region, "remove it", "is the service's own region")
		}
		regions = append(regions, region)
	}
	problem.Unique(problems, "supportedRegions", spec.SupportedRegions)
	if len(regions) == 1 {
		return nil
	}
	slices.Sort(regions)
	return regions
}

// NewConsumerPlan validates a spec and plans the consumer side. The error is a
// problem.List with every problem, each at its field's path.
func NewConsumerPlan(spec ConsumerSpec) (*ConsumerPlan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &consumerPlanner{facts: facts, plan: ConsumerPlan{Spec: spec.withDefaults()}}
	limits := quota.New(facts, spec.Quotas, &p.problems)
	p.problems.Add("region", facts.CheckRegion(spec.Region))
	nlb.CheckZones(facts, spec.Region, spec.Zones, &p.problems)
	p.checkService()
	p.planZones()
	p.checkPorts()
	if len(spec.SourceCidrs) == 0 {
		p.problems.Addf("sourceCidrs", "", "list the clients' blocks", "is missing; nobody would be admitted")
	}
	p.plan.Rules = nlb.Rules("sourceCidrs", spec.SourceCidrs, spec.Ports, limits, &p.problems)
	p.checkAlias()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

func (s ConsumerSpec) withDefaults() ConsumerSpec {
	s.ServiceRegion = cmp.Or(s.ServiceRegion, s.Region)
	if s.Alias != nil {
		alias := *s.Alias
		if alias.Names == nil {
			alias.Names = []string{alias.Zone}
		}
		s.Alias = &alias
	}
	return s
}

type consumerPlanner struct {
	facts    *catalog.Catalog
	plan     ConsumerPlan
	problems problem.List
}

var servicePattern = regexp.MustCompile(`^com\.amazonaws\.vpce\.([a-z0-9-]+)\.vpce-svc-[0-9a-f]+$`)

func (p *consumerPlanner) checkService() {
	spec := p.plan.Spec
	if spec.ServiceRegion != spec.Region {
		p.problems.Add("serviceRegion", p.facts.CheckRegion(spec.ServiceRegion))
	}
	name := servicePattern.FindStringSubmatch(spec.ServiceName)
	switch {
	case spec.ServiceName == "":
	case name == nil:
		p.problems.Addf("serviceName", spec.ServiceName, "give com.amazonaws.vpce.<region>.vpce-svc-<id>, the provider's output",
			"is not the name of an endpoint service")
	case name[1] != spec.ServiceRegion:
		p.problems.Addf("serviceName", spec.ServiceName, "set serviceRegion: "+name[1], "is a service of %s, not of %s",
			name[1], spec.ServiceRegion)
	}
}

// planZones puts the endpoint in the zones that both sides have, by id: a name
// means one zone here and another there.
func (p *consumerPlanner) planZones() {
	spec := p.plan.Spec
	p.plan.Zones = spec.Zones
	theirs := spec.ServiceZoneIDs
	problem.Unique(&p.problems, "serviceZoneIds", theirs)
	if len(theirs) == 0 {
		return
	}
	if spec.ServiceRegion != spec.Region {
		p.problems.Addf("serviceZoneIds", strings.Join(theirs, ", "), "remove them",
			"are zones of %s; an endpoint of another region may be in any zone", spec.ServiceRegion)
		return
	}
	if i := slices.IndexFunc(spec.Zones, func(z Zone) bool { return z.ID == "" }); i >= 0 {
		p.problems.Addf("zoneIds", "", "give each zone's id in this account, or remove serviceZoneIds",
			"is missing for %s; only ids can be compared between accounts", spec.Zones[i].Name)
		return
	}
	p.plan.Zones = nil
	var left []string
	for _, zone := range spec.Zones {
		if slices.Contains(theirs, zone.ID) {
			p.plan.Zones = append(p.plan.Zones, zone)
		} else {
			left = append(left, fmt.Sprintf("%s (%s)", zone.Name, zone.ID))
		}
	}
	there := strings.Join(theirs, ", ")
	switch {
	case len(spec.Zones) == 0:
	case len(p.plan.Zones) == 0:
		p.problems.Addf("zones", strings.Join(left, ", "), "add a subnet in one of them, or have the service put into one of yours",
			"have none of the service's zones %s", there)
	case len(left) > 0:
		p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf("the service is in %s only: the endpoint has no address in %s",
			there, strings.Join(left, ", ")))
	}
}

func (p *consumerPlanner) checkPorts() {
	spec := p.plan.Spec
	if len(spec.Ports) == 0 {
		p.problems.Addf("ports", "", "list the service's ports, for example [443]", "is missing")
	}
	for i, port := range spec.Ports {
		if port < 1 || port > 65535 {
			p.problems.Addf(fmt.Sprintf("ports[%d]", i), strconv.Itoa(port), "use 1 to 65535", "is not a TCP port")
		}
	}
	problem.Unique(&p.problems, "ports", spec.Ports)
}

func (p *consumerPlanner) checkAlias() {
	alias := p.plan.Spec.Alias
	if alias == nil {
		return
	}
	if p.plan.Spec.PrivateDNS {
		p.problems.Addf("alias", "", "remove it, or privateDns: true", "is a second way to the same names")
	}
	if !domainPattern.MatchString(alias.Zone) {
		rule := "is not a domain name"
		if alias.Zone == "" {
			rule = "is missing"
		}
		p.problems.Addf("alias.zone", alias.Zone, "give the private zone's domain, in lower case", "%s", rule)
		return
	}
	checkZoneID("alias.zoneId", alias.ZoneID, &p.problems)
	if len(alias.Names) == 0 {
		p.problems.Addf("alias.names", "", "name a record, or remove names for the zone itself", "is empty")
	}
	for i, name := range alias.Names {
		under, isUnder := strings.CutSuffix(name, "."+alias.Zone)
		valid := domainPattern.MatchString(strings.TrimPrefix(name, "*."))
		if name != alias.Zone && (!isUnder || under == "" || !valid) {
			p.problems.Addf(fmt.Sprintf("alias.names[%d]", i), name, "end it in ."+alias.Zone, "is not a name in the zone %s", alias.Zone)
		}
	}
	problem.Unique(&p.problems, "alias.names", alias.Names)
}
