package catalog

import "slices"

// PrivateService is an Azure service that a VNet reaches through a private
// endpoint.
type PrivateService struct {
	Name         string `yaml:"name"`         // the key of a configuration: "blob"
	ResourceType string `yaml:"resourceType"` // "Microsoft.Storage/storageAccounts"
	// GroupID is the subresource that the endpoint connects to, "blob".
	GroupID string `yaml:"groupId"`
	// Member is the name of the endpoint's address, which a static one is
	// asked for by. It is empty where the endpoint takes several addresses, or
	// the name is not known.
	Member string `yaml:"member"`
	// Zones are the private DNS zones that answer for it, with {region} in
	// them; ZoneNames fills it in. Services may share a zone.
	Zones []string `yaml:"zones"`
	// Suffixes are the public domains of the service, with {region} in them:
	// what a DNS server outside Azure forwards. PublicSuffixes fills it in.
	Suffixes []string `yaml:"suffixes"`
	Purpose  string   `yaml:"purpose"`
	Note     string   `yaml:"note"` // what a reader must know beyond that; often empty
	Source   string   `yaml:"source"`
	AsOf     string   `yaml:"asOf"` // "2006-01-02"
}

// ZoneNames returns the private zones in a region of the public cloud:
// "privatelink.blob.core.windows.net".
func (s PrivateService) ZoneNames(region string) []string { return inRegion(s.Zones, region) }

// PublicSuffixes returns the public domains in a region of the public cloud:
// "blob.core.windows.net".
func (s PrivateService) PublicSuffixes(region string) []string { return inRegion(s.Suffixes, region) }

// PrivateDNSLimits are Azure's limits on private endpoints' DNS and on the DNS
// private resolver.
type PrivateDNSLimits struct {
	ZonesPerGroup     int `yaml:"zonesPerGroup"`     // zones in a private endpoint's zone group
	GroupsPerEndpoint int `yaml:"groupsPerEndpoint"` // zone groups of an endpoint
	RulesPerRuleset   int `yaml:"rulesPerRuleset"`   // rules of a forwarding ruleset
	LinksPerRuleset   int `yaml:"linksPerRuleset"`   // VNets of a forwarding ruleset
	ServersPerRule    int `yaml:"serversPerRule"`    // DNS servers of a forwarding rule
}

// PostgresInjection is how the zone of a PostgreSQL flexible server in a
// delegated subnet is named.
type PostgresInjection struct {
	// Suffix is what the zone's name ends in after a dot:
	// "postgres.database.azure.com".
	Suffix string `yaml:"suffix"`
	Source string `yaml:"source"`
	AsOf   string `yaml:"asOf"` // "2006-01-02"
}

func (c *Catalog) readPrivateZones() error {
	var file struct {
		provenance        `yaml:",inline"`
		Limits            PrivateDNSLimits  `yaml:"limits"`
		PostgresInjection PostgresInjection `yaml:"postgresInjection"`
		Services          []PrivateService  `yaml:"services"`
	}
	if err := decode("azure-private-dns-zones.yaml", &file); err != nil {
		return err
	}
	c.privateDNSLimits = file.Limits
	c.postgresInjection = file.PostgresInjection
	file.fill(&c.postgresInjection.Source, &c.postgresInjection.AsOf)
	for _, s := range file.Services {
		file.fill(&s.Source, &s.AsOf)
		c.privateServices = append(c.privateServices, s)
	}
	return sortByName(c.privateServices, func(s PrivateService) string { return s.Name })
}

func (s PrivateService) clone() PrivateService {
	s.Zones = slices.Clone(s.Zones)
	s.Suffixes = slices.Clone(s.Suffixes)
	return s
}

// PrivateService returns the Azure service of that name: "blob", "registry".
func (c *Catalog) PrivateService(name string) (PrivateService, bool) {
	s, ok := find(c.privateServices, name, func(s PrivateService) string { return s.Name })
	return s.clone(), ok
}

// PrivateServices returns every Azure service, sorted by name.
func (c *Catalog) PrivateServices() []PrivateService {
	return each(c.privateServices, PrivateService.clone)
}

// PrivateDNSLimits returns Azure's limits on private DNS.
func (c *Catalog) PrivateDNSLimits() PrivateDNSLimits { return c.privateDNSLimits }

// PostgresInjection returns how the zone of a PostgreSQL flexible server in a
// delegated subnet is named.
func (c *Catalog) PostgresInjection() PostgresInjection { return c.postgresInjection }
