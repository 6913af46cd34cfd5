package endpoints

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to: one entry for each endpoint, and the rules of
// the shared security group.
type Plan struct {
	// Endpoints in the order of the preset, added ones last.
	Endpoints []Endpoint
	// Rules of the shared security group: each source block with each port.
	Rules []Rule
}

// Endpoint is one planned interface endpoint.
type Endpoint struct {
	// Service is the last part of the service name, "ecr.api".
	Service string
	// ServiceName is the whole name, "com.amazonaws.eu-west-1.ecr.api".
	ServiceName string
	// PrivateDNS lets the service's public name resolve to the endpoint.
	PrivateDNS bool
	// Zones that the endpoint has an address in.
	Zones []string
	// Ports are the TCP ports that the service is used on.
	Ports []int
	// Policy is the endpoint policy, empty for AWS's default.
	Policy string
}

// Rule admits one block to one TCP port of the endpoints.
type Rule struct {
	Cidr netip.Prefix
	Port int
}

// NewPlan validates a spec and plans its endpoints. The error is a problem.List
// with every problem of the spec, each at its field's path ("add[0]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{spec: spec, facts: facts}
	p.limits = quota.New(facts, spec.Quotas, &p.problems)
	p.problems.Add("region", facts.CheckRegion(spec.Region))
	p.checkZones()
	for _, service := range p.services() {
		p.plan.Endpoints = append(p.plan.Endpoints, p.endpoint(service))
	}
	p.checkOverrides()
	p.planRules()
	p.checkCounts()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	spec     Spec
	facts    *catalog.Catalog
	limits   quota.Limits
	plan     Plan
	problems problem.List
}

func (p *planner) checkZones() {
	if len(p.spec.Zones) == 0 {
		p.problems.Addf("zones", "", "give the zones that have an endpoint subnet", "is missing")
	}
	problem.Unique(&p.problems, "zones", p.zoneNames())
}

func (p *planner) zoneNames() []string {
	var names []string
	for _, zone := range p.spec.Zones {
		names = append(names, zone.Name)
	}
	return names
}

// services returns preset + add − remove − central.
func (p *planner) services() []string {
	spec := p.spec
	services := p.preset()
	for i, service := range spec.Add {
		path := fmt.Sprintf("add[%d]", i)
		switch {
		case p.checkKnown(path, service) && slices.Contains(services, service) && slices.Index(spec.Add, service) == i:
			p.problems.Addf(path, service, "remove it from add", "is in the preset %s already", spec.Preset)
		case slices.Contains(spec.Remove, service):
			p.problems.Addf(path, service, "take it out of one of them", "is both added and removed")
		}
	}
	problem.Unique(&p.problems, "add", spec.Add)
	for _, service := range spec.Add {
		if _, known := p.interfaceService(service); known && !slices.Contains(services, service) {
			services = append(services, service)
		}
	}
	services = p.without(services, "remove", spec.Remove)
	services = p.without(services, "central", spec.Central)
	if i := slices.Index(spec.Add, cognito); slices.Contains(services, cognito) && !spec.PoolsWithoutDomain {
		p.problems.Addf(fmt.Sprintf("add[%d]", i), cognito, "remove it, and let the pool's domain out instead; or set poolsWithoutDomain: true",
			"breaks sign-in: the platform's user pool has a domain, which AWS PrivateLink does not serve")
	}
	return services
}

// cognito is the service of user pools. No preset has it.
const cognito = "cognito-idp"

func (p *planner) preset() []string {
	var names []string
	for _, preset := range p.facts.EndpointPresets() {
		if preset.Name == p.spec.Preset {
			return slices.Clone(preset.Services)
		}
		names = append(names, preset.Name)
	}
	if p.spec.Preset != "none" {
		problem.OneOf(&p.problems, "preset", p.spec.Preset, append(names, "none")...)
	}
	return nil
}

// without takes the services of a field out of the list; those that are not in
// it are problems.
func (p *planner) without(services []string, field string, out []string) []string {
	for i, service := range out {
		path := fmt.Sprintf("%s[%d]", field, i)
		if p.checkKnown(path, service) && !slices.Contains(services, service) && slices.Index(out, service) == i &&
			!slices.Contains(p.spec.Add, service) {
			p.problems.Addf(path, service, "remove it from "+field, "is not among the endpoints")
		}
	}
	problem.Unique(&p.problems, field, out)
	return slices.DeleteFunc(services, func(service string) bool { return slices.Contains(out, service) })
}

// checkKnown reports whether a service has interface endpoints; if not, it adds
// a problem.
func (p *planner) checkKnown(path, service string) bool {
	if _, known := p.interfaceService(service); known {
		return true
	}
	if _, gateway := p.facts.EndpointService(service); gateway {
		p.problems.Addf(path, service, "the network's gatewayEndpoints has it", "has a gateway endpoint only")
		return false
	}
	var names []string
	for _, s := range p.facts.EndpointServices() {
		if s.Type == catalog.Interface {
			names = append(names, s.Name)
		}
	}
	fix := "see the catalogue's endpoint services"
	if nearest := problem.Nearest(service, names); nearest != "" {
		fix = fmt.Sprintf("did you mean %q?", nearest)
	}
	p.problems.Addf(path, service, fix, "is not an endpoint service")
	return false
}

func (p *planner) interfaceService(name string) (catalog.EndpointService, bool) {
	service, ok := p.facts.EndpointService(name)
	return service, ok && service.Type == catalog.Interface
}

// endpoint plans one endpoint: the catalogue's facts, changed by its override.
func (p *planner) endpoint(name string) Endpoint {
	service, _ := p.interfaceService(name)
	override := p.spec.Overrides[name]
	e := Endpoint{
		Service:     name,
		ServiceName: cmp.Or(override.ServiceName, service.ServiceName(p.spec.Region)),
		PrivateDNS:  service.PrivateDNS,
		Ports:       service.Ports,
		Policy:      override.Policy,
	}
	if p.spec.PrivateDNS != nil {
		e.PrivateDNS = e.PrivateDNS && *p.spec.PrivateDNS
	}
	if override.PrivateDNS != nil {
		e.PrivateDNS = *override.PrivateDNS
	}
	if len(override.Ports) > 0 {
		e.Ports = override.Ports
	}
	e.Zones = p.endpointZones(service, override)
	return e
}

// endpointZones returns the zones that the service is offered in. Where the
// service lacks zones of this region, their ids must be known: zone names
// differ between accounts.
func (p *planner) endpointZones(service catalog.EndpointService, override Override) []string {
	region, _ := p.facts.Region(p.spec.Region)
	lacks := func(id string) bool { return slices.Contains(service.UnsupportedZoneIDs, id) }
	partial := slices.ContainsFunc(region.Zones, func(z catalog.Zone) bool { return lacks(z.ID) })
	path := "overrides." + service.Name + ".zones"

	var zones []string
	for _, zone := range p.spec.Zones {
		listed := slices.Contains(override.Zones, zone.Name)
		switch {
		case len(override.Zones) > 0 && !listed:
			continue
		case partial && zone.ID == "" && !listed:
			p.problems.Addf("zoneIds", "", "give the zones' ids in this account, or list the endpoint's zones in "+path,
				"is missing; %s is not offered in every zone of %s", service.Name, p.spec.Region)
			return nil
		case lacks(zone.ID) && listed:
			p.problems.Addf(path, zone.Name, "take it out", "has the id %s, where AWS does not offer %s", zone.ID, service.Name)
		case !lacks(zone.ID):
			zones = append(zones, zone.Name)
		}
	}
	if len(zones) == 0 && len(p.spec.Zones) > 0 && len(override.Zones) == 0 {
		p.problems.Addf(path, strings.Join(p.zoneNames(), ", "), "add a zone, or remove the endpoint",
			"are all zones where AWS does not offer %s", service.Name)
	}
	return zones
}

func (p *planner) checkOverrides() {
	planned := map[string]bool{}
	var names []string
	for _, e := range p.plan.Endpoints {
		planned[e.Service] = true
		names = append(names, e.Service)
	}
	for _, name := range slices.Sorted(maps.Keys(p.spec.Overrides)) {
		path := "overrides." + name
		override := p.spec.Overrides[name]
		if !planned[name] {
			fix := "remove it, or add the service"
			if nearest := problem.Nearest(name, names); nearest != "" {
				fix = fmt.Sprintf("did you mean %q?", nearest)
			}
			p.problems.Addf(path, "", fix, "is not among the endpoints")
			continue
		}
		if want := "com.amazonaws."; override.ServiceName != "" && !strings.HasPrefix(override.ServiceName, want) {
			p.problems.Addf(path+".serviceName", override.ServiceName, "give the whole name, com.amazonaws.<region>.<service>",
				"is not the name of an AWS service")
		}
		for i, zone := range override.Zones {
			if !slices.Contains(p.zoneNames(), zone) {
				p.problems.Addf(fmt.Sprintf("%s.zones[%d]", path, i), zone, "use "+strings.Join(p.zoneNames(), ", "),
					"is not one of the zones")
			}
		}
		problem.Unique(&p.problems, path+".zones", override.Zones)
		for i, port := range override.Ports {
			if port < 1 || port > 65535 {
				p.problems.Addf(fmt.Sprintf("%s.ports[%d]", path, i), strconv.Itoa(port), "use 1 to 65535", "is not a TCP port")
			}
		}
		problem.Unique(&p.problems, path+".ports", override.Ports)
		if override.Policy != "" && !json.Valid([]byte(override.Policy)) {
			p.problems.Addf(path+".policy", shorten(override.Policy), "give a JSON policy document", "is not JSON")
		}
		if limit := p.limits.Of(catalog.QuotaEndpointPolicyCharacters); len(override.Policy) > limit {
			p.problems.Addf(path+".policy", shorten(override.Policy), fmt.Sprintf("AWS takes at most %d", limit),
				"is %d characters long", len(override.Policy))
		}
	}
}

// planRules crosses the source blocks with the ports of all endpoints.
func (p *planner) planRules() {
	ports := map[int]bool{}
	for _, e := range p.plan.Endpoints {
		for _, port := range e.Ports {
			ports[port] = true
		}
	}
	for i, cidr := range p.spec.SourceCidrs {
		block, err := addressing.Parse(cidr)
		if err != nil {
			p.problems.Add(fmt.Sprintf("sourceCidrs[%d]", i), err)
			continue
		}
		for _, port := range slices.Sorted(maps.Keys(ports)) {
			p.plan.Rules = append(p.plan.Rules, Rule{Cidr: block, Port: port})
		}
	}
	problem.Unique(&p.problems, "sourceCidrs", p.spec.SourceCidrs)
}

func (p *planner) checkCounts() {
	count := len(p.plan.Endpoints)
	if limit := p.limits.Of(catalog.QuotaInterfaceEndpointsPerVpc); count > limit {
		p.problems.Addf("preset", p.spec.Preset,
			"remove some, or have the quota raised and set quotas."+catalog.QuotaInterfaceEndpointsPerVpc,
			"makes %d endpoints; the quota of a VPC is %d", count, limit)
	}
	if room := p.spec.UsableAddresses; room > 0 && count > room {
		p.problems.Addf("preset", p.spec.Preset, "use larger endpoint subnets",
			"makes %d endpoints; the smallest endpoint subnet has %d addresses", count, room)
	}
	if limit := p.limits.Of(catalog.QuotaRulesPerSecurityGroup); len(p.plan.Rules) > limit {
		p.problems.Addf("sourceCidrs", strings.Join(p.spec.SourceCidrs, ", "),
			"use fewer, larger blocks, or have the quota raised and set quotas."+catalog.QuotaRulesPerSecurityGroup,
			"needs %d security group rules; the quota is %d", len(p.plan.Rules), limit)
	}
}

// shorten keeps a value readable in a message.
func shorten(text string) string {
	if len(text) <= 40 {
		return text
	}
	return text[:40] + "…"
}
