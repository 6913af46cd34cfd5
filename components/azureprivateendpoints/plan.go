package azureprivateendpoints

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/azure"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Zones are the private DNS zones, sorted by name.
	Zones []Zone
	// Endpoints are the private endpoints, sorted by name.
	Endpoints []PlannedEndpoint
	// ForwardedSuffixes are the public domains that own DNS servers forward,
	// sorted: "blob.core.windows.net".
	ForwardedSuffixes []string
	// Warnings are what works only if somebody else does their part.
	Warnings []string
}

// Zone is a private DNS zone.
type Zone struct {
	// Name is the zone's name, "privatelink.blob.core.windows.net".
	Name string
	// Existing is true when it is a central zone, given by id.
	Existing bool
	// Injection is true for the zone of injected PostgreSQL servers, which
	// has no resolution policy.
	Injection bool
}

// PlannedEndpoint is a private endpoint.
type PlannedEndpoint struct {
	// Name is its key in the spec.
	Name string
	Endpoint
	// GroupID is the subresource it connects to, Member the name that a
	// static address is asked for by.
	GroupID, Member string
	// Zones are the names of the zones in its zone group: at most five, which
	// is what Azure allows.
	Zones []string
	// After is the endpoint that is created before it, because Azure refuses
	// two changes of one storage account at a time; empty for none.
	After string
}

// zone returns the zone of that name, or nil.
func (p *Plan) zone(name string) *Zone {
	for i := range p.Zones {
		if p.Zones[i].Name == name {
			return &p.Zones[i]
		}
	}
	return nil
}

// NewPlan validates a spec and plans the endpoints and zones. The error is a
// problem.List with every problem, each at its field's path.
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults()}}
	p.problems.Add("location", facts.CheckAzureRegion(spec.Location))
	p.checkChoices()
	p.planServices()
	p.planEndpoints()
	p.planPostgres()
	p.checkExistingZones()
	p.checkDNSServers()
	if len(spec.Services) == 0 && len(spec.Endpoints) == 0 && spec.Postgres == nil {
		p.problems.Addf("services", "", "name a service, an endpoint or postgres", "is missing; there is nothing to build")
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(p.plan.Zones, func(a, b Zone) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(p.plan.ForwardedSuffixes)
	p.plan.ForwardedSuffixes = slices.Compact(p.plan.ForwardedSuffixes)
	return &p.plan, nil
}

type planner struct {
	facts    *catalog.Catalog
	plan     Plan
	problems problem.List
}

func (p *planner) checkChoices() {
	problem.OneOf(&p.problems, "resolutionPolicy", p.plan.Spec.ResolutionPolicy, ResolveDefault, ResolveNxDomainRedirect)
}

// service returns the service of that name and adds its zones; its absence is a
// problem at path.
func (p *planner) service(path, name string) (catalog.PrivateService, bool) {
	service, known := p.facts.PrivateService(name)
	switch {
	case name == "":
		p.problems.Addf(path, "", "name a service, for example blob", "is missing")
	case !known:
		var names []string
		for _, s := range p.facts.PrivateServices() {
			names = append(names, s.Name)
		}
		p.problems.Addf(path, name, problem.DidYouMean(name, names), "is not a service that the catalogue knows")
	default:
		for _, zone := range service.ZoneNames(p.plan.Spec.Location) {
			if p.plan.zone(zone) == nil {
				p.plan.Zones = append(p.plan.Zones, Zone{Name: zone})
			}
		}
		p.plan.ForwardedSuffixes = append(p.plan.ForwardedSuffixes, service.PublicSuffixes(p.plan.Spec.Location)...)
	}
	return service, known
}

func (p *planner) planServices() {
	for i, name := range p.plan.Spec.Services {
		p.service(fmt.Sprintf("services[%d]", i), name)
	}
	problem.Unique(&p.problems, "services", p.plan.Spec.Services)
}

var endpointName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

func (p *planner) planEndpoints() {
	spec := p.plan.Spec
	subnet := p.subnet()
	addresses := map[netip.Addr]string{}
	last := map[string]string{} // the latest endpoint, by resource type
	for _, name := range slices.Sorted(maps.Keys(spec.Endpoints)) {
		endpoint := spec.Endpoints[name]
		path := "endpoints." + name
		if !endpointName.MatchString(name) {
			p.problems.Addf(path, name, "use lower-case letters, digits and inner hyphens", "is not a name")
		}
		service, known := p.service(path+".service", endpoint.Service)
		if !known {
			continue
		}
		azure.Check(&p.problems, path+".resourceId", endpoint.ResourceID, service.ResourceType)
		p.checkStaticIP(path+".staticIp", endpoint, service, subnet, addresses)
		p.plan.Endpoints = append(p.plan.Endpoints, PlannedEndpoint{
			Name: name, Endpoint: endpoint, GroupID: service.GroupID, Member: service.Member,
			Zones: service.ZoneNames(spec.Location), After: last[service.ResourceType],
		})
		last[service.ResourceType] = name
	}
	if usable := addressing.Usable(subnet); subnet.IsValid() && len(spec.Endpoints) > usable {
		p.problems.Addf("subnetCidr", spec.SubnetCidr, "use a larger subnet",
			"has %d addresses, and each of the %d endpoints takes one or more", usable, len(spec.Endpoints))
	}
}

// subnet returns the endpoints' block, or a zero prefix.
func (p *planner) subnet() netip.Prefix {
	if p.plan.Spec.SubnetCidr == "" {
		return netip.Prefix{}
	}
	subnet, err := addressing.Parse(p.plan.Spec.SubnetCidr)
	p.problems.Add("subnetCidr", err)
	return subnet
}

// reservedAddresses is how many addresses at the start of a subnet Azure keeps;
// the last one is kept too.
// https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
const reservedAddresses = 4

func (p *planner) checkStaticIP(
	path string, endpoint Endpoint, service catalog.PrivateService, subnet netip.Prefix, taken map[netip.Addr]string,
) {
	if endpoint.StaticIP == "" {
		return
	}
	addr, err := netip.ParseAddr(endpoint.StaticIP)
	switch {
	case service.Member == "":
		p.problems.Addf(path, endpoint.StaticIP, "remove it", "cannot be had: an endpoint of %s may take several addresses", service.Name)
	case err != nil || !addr.Is4():
		p.problems.Addf(path, endpoint.StaticIP, "give one such as 10.0.0.4", "is not an IPv4 address")
	case p.plan.Spec.SubnetCidr == "":
		p.problems.Addf("subnetCidr", "", "give the block of the endpoints' subnet", "is missing; %s asks for an address in it", path)
	case !subnet.IsValid():
	case !subnet.Contains(addr):
		p.problems.Addf(path, endpoint.StaticIP, "give one of that block", "is outside the subnet %s", subnet)
	case isReserved(subnet, addr):
		p.problems.Addf(path, endpoint.StaticIP, "leave the first four and the last", "is kept by Azure in the subnet %s", subnet)
	case taken[addr] != "":
		p.problems.Addf(path, endpoint.StaticIP, "give another", "is taken already by %s", taken[addr])
	default:
		taken[addr] = path
	}
}

func isReserved(subnet netip.Prefix, addr netip.Addr) bool {
	first := subnet.Addr()
	for range reservedAddresses {
		if addr == first {
			return true
		}
		first = first.Next()
	}
	return !subnet.Contains(addr.Next())
}

var (
	label      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	serverName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// planPostgres adds the zone of injected servers: one or two labels before the
// suffix, and not a server's name, which Azure refuses with
// PrivateDnsZoneNameNotValid.
func (p *planner) planPostgres() {
	postgres := p.plan.Spec.Postgres
	if postgres == nil {
		return
	}
	suffix := p.facts.PostgresInjection().Suffix
	fix := "give a name such as orders.private." + suffix
	own, ends := strings.CutSuffix(postgres.Zone, "."+suffix)
	labels := strings.Split(own, ".")
	switch {
	case postgres.Zone == "":
		p.problems.Addf("postgres.zone", "", fix, "is missing")
		return
	case !ends:
		p.problems.Addf("postgres.zone", postgres.Zone, fix, "does not end in .%s", suffix)
		return
	case own == "privatelink":
		p.problems.Addf("postgres.zone", postgres.Zone, fix, "is the zone of private endpoints, which an injected server cannot use")
		return
	case len(labels) > 2 || slices.ContainsFunc(labels, func(l string) bool { return !label.MatchString(l) }):
		p.problems.Addf("postgres.zone", postgres.Zone, fix, "is not one or two labels in lower case before .%s", suffix)
		return
	}
	for i, server := range postgres.Servers {
		path := fmt.Sprintf("postgres.servers[%d]", i)
		switch {
		case !serverName.MatchString(server):
			p.problems.Addf(path, server, "use 3 to 63 lower-case letters, digits and inner hyphens", "is not the name of a server")
		case server == labels[0]:
			p.problems.Addf("postgres.zone", postgres.Zone, "give the zone another first label",
				"begins with the name of the server %s, which Azure refuses", server)
		}
	}
	problem.Unique(&p.problems, "postgres.servers", postgres.Servers)
	p.plan.Zones = append(p.plan.Zones, Zone{Name: postgres.Zone, Injection: true})
	p.plan.ForwardedSuffixes = append(p.plan.ForwardedSuffixes, suffix)
}

func (p *planner) checkExistingZones() {
	for _, name := range slices.Sorted(maps.Keys(p.plan.Spec.ExistingZones)) {
		id := p.plan.Spec.ExistingZones[name]
		path := "existingZones." + name
		zone := p.plan.zone(name)
		if zone == nil {
			p.problems.Addf(path, id, problem.DidYouMean(name, p.plan.zoneNames()), "is a zone that no service here uses")
			continue
		}
		zone.Existing = true
		parsed, err := azure.ParseID(id, "Microsoft.Network/privateDnsZones")
		p.problems.Add(path, err)
		if err == nil && !strings.EqualFold(parsed.Name, name) {
			p.problems.Addf(path, id, "give the id of "+name, "is the zone %s", parsed.Name)
		}
	}
}

func (p *Plan) zoneNames() []string {
	names := make([]string, len(p.Zones))
	for i, zone := range p.Zones {
		names[i] = zone.Name
	}
	slices.Sort(names)
	return names
}

func (p *planner) checkDNSServers() {
	spec := p.plan.Spec
	for i, server := range spec.DNSServers {
		p.checkAddress(fmt.Sprintf("dnsServers[%d]", i), server)
	}
	problem.Unique(&p.problems, "dnsServers", spec.DNSServers)
	p.checkAddress("forwardTo", spec.ForwardTo)
	if slices.Contains(spec.DNSServers, spec.ForwardTo) && spec.ForwardTo != AzureDNS {
		p.problems.Addf("forwardTo", spec.ForwardTo, "give "+AzureDNS+" or a resolver's inbound address",
			"is one of the DNS servers, which would forward to itself")
	}
}

func (p *planner) checkAddress(path, value string) {
	addr, err := netip.ParseAddr(value)
	switch {
	case err != nil || !addr.Is4():
		p.problems.Addf(path, value, "give one such as 10.0.0.4", "is not an IPv4 address")
	case value != AzureDNS && !p.facts.AzurePrivate(netip.PrefixFrom(addr, addr.BitLen())):
		p.problems.Addf(path, value, "give a private address, or "+AzureDNS, "is a public address, which knows no private zone")
	}
}
