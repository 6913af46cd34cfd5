package catalog

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed data/*.yaml
var files embed.FS

// Catalog is every fact of the package. What it returns is the caller's own
// copy. The zero Catalog is empty; Load returns the real one.
type Catalog struct {
	services []EndpointService
	presets  []EndpointPreset
	quotas   []Quota
	regions  []Region
	eks      ZoneDenylist

	egress            []egressFact
	privateServices   []PrivateService
	privateDNSLimits  PrivateDNSLimits
	postgresInjection PostgresInjection
	aksLimits         AKSLimits
	azureRegions      []AzureRegion
	azureVnet         AzureVnetRules
	prices            map[priceKey]Price
}

// EndpointService is an AWS service that a VPC reaches through a VPC endpoint.
type EndpointService struct {
	// Name is the key of the catalog and of a configuration: the last part of
	// the service name, "ecr.api". A gateway endpoint ends in "-gateway",
	// because S3 and DynamoDB have an interface endpoint of the same service
	// name as well.
	Name string `yaml:"name"`
	// Type is Interface or Gateway.
	Type string `yaml:"type"`
	// Ports are the TCP ports the endpoint answers at, ascending.
	Ports []int `yaml:"ports"`
	// PrivateDNS says whether private DNS is on unless the configuration says
	// otherwise. A gateway endpoint has none.
	PrivateDNS bool `yaml:"-"`
	// DNSNames are the names that callers use the service by, with {region} in
	// them; PublicNames fills it in. "*.dkr.ecr.{region}.amazonaws.com" stands
	// for every name below.
	DNSNames []string `yaml:"dnsNames"`
	// UnsupportedZoneIDs are the ids of the zones that have no endpoint of
	// this service: "use1-az3". A zone that is not listed may lack it too when
	// Note says that the list is old.
	UnsupportedZoneIDs []string `yaml:"unsupportedZoneIds"`
	// Purpose says in a sentence what a cluster uses the service for.
	Purpose string `yaml:"purpose"`
	// Note is what a reader must know beyond that; often empty.
	Note string `yaml:"note"`
	// Source is the https address of the document, AsOf the day ("2006-01-02")
	// the entry was compared with it.
	Source string `yaml:"source"`
	AsOf   string `yaml:"asOf"`

	// pattern is the service name with {region} in it; empty for the usual
	// com.amazonaws.{region}.{name}.
	pattern string
}

// The types of an endpoint.
const (
	Interface = "Interface"
	Gateway   = "Gateway"
)

// ServiceName returns the name AWS knows the service by in a region of the aws
// partition: "com.amazonaws.eu-west-1.ecr.api".
func (s EndpointService) ServiceName(region string) string {
	if s.pattern != "" {
		return strings.ReplaceAll(s.pattern, "{region}", region)
	}
	return "com.amazonaws." + region + "." + s.Name
}

// PublicNames returns the names that callers in a region use the service by,
// and that private DNS answers: "api.ecr.eu-west-1.amazonaws.com". A name that
// begins with "*." stands for every name below the rest of it.
func (s EndpointService) PublicNames(region string) []string {
	names := make([]string, len(s.DNSNames))
	for i, name := range s.DNSNames {
		names[i] = strings.ReplaceAll(name, "{region}", region)
	}
	return names
}

// EndpointPreset is a set of endpoint services that a platform's document asks
// for.
type EndpointPreset struct {
	Name    string `yaml:"name"`    // "aws-data-plane"
	Purpose string `yaml:"purpose"` // whose VPC it is for
	Note    string `yaml:"note"`    // what the document leaves out or has wrong; often empty
	Source  string `yaml:"source"`  // the document's title and section
	AsOf    string `yaml:"asOf"`    // "2006-01-02"
	// Services are names of EndpointServices, in the document's order.
	Services []string `yaml:"services"`
}

// Quota is a limit of AWS. The default is what a new account has; an account
// may have been granted more where Adjustable says so.
type Quota struct {
	Name       string `yaml:"name"`       // the key: one of the Quota constants
	Title      string `yaml:"title"`      // AWS's name of it
	Code       string `yaml:"code"`       // its code in Service Quotas, "L-F678F1CE"; empty when it has none
	Default    int    `yaml:"default"`    // in units of the thing counted
	Adjustable bool   `yaml:"adjustable"` // AWS raises it on request
	Note       string `yaml:"note"`
	Source     string `yaml:"source"`
	AsOf       string `yaml:"asOf"` // "2006-01-02"
}

// The names of the quotas in the catalog.
const (
	QuotaVpcsPerRegion                     = "vpcs-per-region"
	QuotaCidrsPerVpc                       = "ipv4-cidrs-per-vpc"
	QuotaSubnetsPerVpc                     = "subnets-per-vpc"
	QuotaRouteTablesPerVpc                 = "route-tables-per-vpc"
	QuotaRoutesPerRouteTable               = "routes-per-route-table"
	QuotaInternetGatewaysPerRegion         = "internet-gateways-per-region"
	QuotaNatGatewaysPerZone                = "nat-gateways-per-zone"
	QuotaElasticIPsPerRegion               = "elastic-ips-per-region"
	QuotaSecurityGroupsPerRegion           = "security-groups-per-region"
	QuotaRulesPerSecurityGroup             = "rules-per-security-group"
	QuotaSecurityGroupsPerNetworkInterface = "security-groups-per-network-interface"
	QuotaNetworkInterfacesPerRegion        = "network-interfaces-per-region"
	QuotaInterfaceEndpointsPerVpc          = "interface-endpoints-per-vpc"
	QuotaGatewayEndpointsPerRegion         = "gateway-endpoints-per-region"
	QuotaEndpointPolicyCharacters          = "endpoint-policy-characters"
	QuotaTagsPerResource                   = "tags-per-resource"
	QuotaTagKeyCharacters                  = "tag-key-characters"
	QuotaTagValueCharacters                = "tag-value-characters"
	QuotaSecurityGroupNameCharacters       = "security-group-name-characters"
	QuotaRoleNameCharacters                = "role-name-characters"
	QuotaVpcsPerProfile                    = "vpcs-per-route53-profile"
	QuotaNetworkLoadBalancersPerRegion     = "network-load-balancers-per-region"
	QuotaListenersPerNetworkLoadBalancer   = "listeners-per-network-load-balancer"
	QuotaLoadBalancerNameCharacters        = "load-balancer-name-characters"
	QuotaTrustPolicyCharacters             = "role-trust-policy-characters"
	QuotaRolePoliciesCharacters            = "role-inline-policies-characters"
	QuotaManagedPoliciesPerRole            = "managed-policies-per-role"
	QuotaQueueNameCharacters               = "queue-name-characters"
	QuotaQueuePolicyBytes                  = "queue-policy-bytes"
)

// Region is a region of the aws partition.
type Region struct {
	Name  string `yaml:"name"`  // "eu-west-1"
	Title string `yaml:"title"` // "Europe (Ireland)"
	Zones []Zone `yaml:"zones"` // Availability Zones, by name; no local or wavelength zones
	// ZonesPerAccount says that AWS gives the zone names to other zones in
	// other accounts; elsewhere a name is the same zone for everyone.
	ZonesPerAccount bool   `yaml:"zonesPerAccount"`
	Note            string `yaml:"note"` // what could not be confirmed; often empty
	Source          string `yaml:"source"`
	AsOf            string `yaml:"asOf"` // "2006-01-02"
}

// Zone is an Availability Zone. Where the region's ZonesPerAccount is set, the
// pair of name and id is only the default used where no account is asked.
type Zone struct {
	Name string `yaml:"name"` // "eu-west-1a"
	// ID is "euw1-az3", the same zone in every account. It is empty where it
	// cannot be told without asking: us-west-1 has three names and an account
	// sees two of them.
	ID string `yaml:"id"`
}

// ZoneDenylist is the zones that a service refuses, by id.
type ZoneDenylist struct {
	ZoneIDs []string `yaml:"zoneIds"`
	Purpose string   `yaml:"purpose"` // what they are refused for
	Source  string   `yaml:"source"`
	AsOf    string   `yaml:"asOf"` // "2006-01-02"
}

// Load returns the catalog. It is read once a process; the error says which
// file of the program is broken and is the same for every caller.
func Load() (*Catalog, error) { return load() }

var load = sync.OnceValues(read)

// provenance is what every file states once for the entries that do not state
// it themselves.
type provenance struct {
	Source string `yaml:"source"`
	AsOf   string `yaml:"asOf"`
}

func (p provenance) fill(source, asOf *string) {
	*source = cmp.Or(*source, p.Source)
	*asOf = cmp.Or(*asOf, p.AsOf)
}

func read() (*Catalog, error) {
	c := &Catalog{}
	for _, step := range []func() error{c.readServices, c.readPresets, c.readQuotas, c.readRegions, c.readEKS, c.readEgress, c.readPrivateZones, c.readAKSLimits, c.readAzureRegions, c.readAzureVnet, c.readPrices} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
	}
	return c, nil
}

func (c *Catalog) readServices() error {
	var file struct {
		provenance `yaml:",inline"`
		Defaults   struct {
			Type       string `yaml:"type"`
			Ports      []int  `yaml:"ports"`
			PrivateDNS bool   `yaml:"privateDns"`
		} `yaml:"defaults"`
		Services []struct {
			EndpointService `yaml:",inline"`
			PrivateDNS      *bool  `yaml:"privateDns"` // nil: the file's default
			ServiceName     string `yaml:"serviceName"`
		} `yaml:"services"`
	}
	if err := decode("endpoint-services.yaml", &file); err != nil {
		return err
	}
	for _, e := range file.Services {
		s := e.EndpointService
		s.Type = cmp.Or(s.Type, file.Defaults.Type)
		if s.Ports == nil {
			s.Ports = slices.Clone(file.Defaults.Ports)
		}
		s.PrivateDNS = file.Defaults.PrivateDNS
		if e.PrivateDNS != nil {
			s.PrivateDNS = *e.PrivateDNS
		}
		s.pattern = e.ServiceName
		if s.DNSNames == nil {
			labels := strings.Split(s.Name, ".")
			slices.Reverse(labels)
			s.DNSNames = []string{strings.Join(labels, ".") + ".{region}.amazonaws.com"}
		}
		file.fill(&s.Source, &s.AsOf)
		c.services = append(c.services, s)
	}
	return sortByName(c.services, func(s EndpointService) string { return s.Name })
}

func (c *Catalog) readPresets() error {
	var file struct {
		provenance `yaml:",inline"`
		Presets    []EndpointPreset `yaml:"presets"`
	}
	if err := decode("endpoint-presets.yaml", &file); err != nil {
		return err
	}
	for _, p := range file.Presets {
		file.fill(&p.Source, &p.AsOf)
		c.presets = append(c.presets, p)
	}
	return sortByName(c.presets, func(p EndpointPreset) string { return p.Name })
}

func (c *Catalog) readQuotas() error {
	var file struct {
		provenance `yaml:",inline"`
		Quotas     []Quota `yaml:"quotas"`
	}
	if err := decode("quotas.yaml", &file); err != nil {
		return err
	}
	for _, q := range file.Quotas {
		file.fill(&q.Source, &q.AsOf)
		c.quotas = append(c.quotas, q)
	}
	return sortByName(c.quotas, func(q Quota) string { return q.Name })
}

func (c *Catalog) readRegions() error {
	var file struct {
		provenance `yaml:",inline"`
		Regions    []Region `yaml:"regions"`
	}
	if err := decode("regions.yaml", &file); err != nil {
		return err
	}
	for _, r := range file.Regions {
		file.fill(&r.Source, &r.AsOf)
		c.regions = append(c.regions, r)
	}
	return sortByName(c.regions, func(r Region) string { return r.Name })
}

func (c *Catalog) readEKS() error {
	return decode("eks-zones.yaml", &c.eks)
}

// decode reads one of the embedded files.
func decode(name string, into any) error {
	data, err := files.ReadFile("data/" + name)
	if err != nil {
		return err
	}
	if err := strict(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// strict decodes YAML in which an unknown key is an error, and so is a second
// document.
func strict(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return err
	}
	if err := d.Decode(new(any)); err != io.EOF {
		return errors.New("more than one document")
	}
	return nil
}

// sortByName sorts list by name; a name that is there twice is an error.
func sortByName[T any](list []T, name func(T) string) error {
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	for i := 1; i < len(list); i++ {
		if name(list[i]) == name(list[i-1]) {
			return fmt.Errorf("%q is there twice", name(list[i]))
		}
	}
	return nil
}

// find returns the entry of that name from a list that is sorted by name.
func find[T any](list []T, want string, name func(T) string) (T, bool) {
	i, ok := slices.BinarySearchFunc(list, want, func(e T, want string) int { return strings.Compare(name(e), want) })
	if !ok {
		var none T
		return none, false
	}
	return list[i], true
}

func (s EndpointService) clone() EndpointService {
	s.Ports = slices.Clone(s.Ports)
	s.UnsupportedZoneIDs = slices.Clone(s.UnsupportedZoneIDs)
	s.DNSNames = slices.Clone(s.DNSNames)
	return s
}

func (p EndpointPreset) clone() EndpointPreset {
	p.Services = slices.Clone(p.Services)
	return p
}

func (r Region) clone() Region {
	r.Zones = slices.Clone(r.Zones)
	return r
}

// each returns the list with f applied to every entry.
func each[T any](list []T, f func(T) T) []T {
	out := make([]T, len(list))
	for i, e := range list {
		out[i] = f(e)
	}
	return out
}

// EndpointService returns the service of that name: "ecr.api", "s3",
// "s3-gateway".
func (c *Catalog) EndpointService(name string) (EndpointService, bool) {
	s, ok := find(c.services, name, func(s EndpointService) string { return s.Name })
	return s.clone(), ok
}

// EndpointServices returns every service, sorted by name.
func (c *Catalog) EndpointServices() []EndpointService {
	return each(c.services, EndpointService.clone)
}

// EndpointPreset returns the preset of that name: "aws-data-plane",
// "aws-control-plane", "aoscloud".
func (c *Catalog) EndpointPreset(name string) (EndpointPreset, bool) {
	p, ok := find(c.presets, name, func(p EndpointPreset) string { return p.Name })
	return p.clone(), ok
}

// EndpointPresets returns every preset, sorted by name.
func (c *Catalog) EndpointPresets() []EndpointPreset {
	return each(c.presets, EndpointPreset.clone)
}

// Quota returns the quota of that name, one of the Quota constants.
func (c *Catalog) Quota(name string) (Quota, bool) {
	return find(c.quotas, name, func(q Quota) string { return q.Name })
}

// Quotas returns every quota, sorted by name.
func (c *Catalog) Quotas() []Quota {
	return slices.Clone(c.quotas)
}

// Region returns the region of that name: "eu-west-1".
func (c *Catalog) Region(name string) (Region, bool) {
	r, ok := find(c.regions, name, func(r Region) string { return r.Name })
	return r.clone(), ok
}

// Regions returns every region, sorted by name.
func (c *Catalog) Regions() []Region {
	return each(c.regions, Region.clone)
}

// EKSUnsupportedZones returns the zones that EKS refuses for the subnets a
// cluster is created with.
func (c *Catalog) EKSUnsupportedZones() ZoneDenylist {
	d := c.eks
	d.ZoneIDs = slices.Clone(d.ZoneIDs)
	return d
}
