package azureprivateendpoints

import "cmp"

// AzureDNS is the address at which every VNet finds Azure's own DNS server. It
// answers inside Azure only.
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const AzureDNS = "168.63.129.16"

// ResolutionPolicy says what Azure answers for a name that a zone does not have.
type ResolutionPolicy string

const (
	// ResolveDefault answers that there is no such name. The default.
	ResolveDefault ResolutionPolicy = "Default"
	// ResolveNxDomainRedirect asks public DNS: for a resource of another
	// company, or one whose endpoint is in another zone of the same name.
	// https://learn.microsoft.com/azure/dns/private-dns-fallback
	ResolveNxDomainRedirect ResolutionPolicy = "NxDomainRedirect"
)

// Spec is the plain part of the private endpoints: everything that decides
// which resources exist. It holds no Pulumi values.
type Spec struct {
	// Location is the VNet's Azure region, for example "westeurope". Required.
	Location string `json:"-"`
	// SubnetCidr is the block of the endpoints' subnet. Required with a static
	// address; without it the number of addresses is not checked either.
	SubnetCidr string `json:"-"`
	// Services are services whose zones are made, by the catalogue's names: aks,
	// blob, dfs, eventhubs, file, monitor, postgres, prometheus, queue, registry,
	// servicebus, table, vault. Those of Endpoints are made anyhow. Default none.
	Services []string `json:"services,omitzero"`
	// Endpoints are the private endpoints by name, for example "lake".
	Endpoints map[string]Endpoint `json:"endpoints,omitzero"`
	// ExistingZones are the ids of central zones by zone name: nothing is
	// created for those, nor linked to them. Default none.
	ExistingZones map[string]string `json:"existingZones,omitzero"`
	// Postgres is the zone of PostgreSQL flexible servers in a delegated
	// subnet. Default none.
	Postgres *PostgresInjection `json:"postgres,omitzero"`
	// ResolutionPolicy says what Azure answers for a name that a zone does not
	// have. Default "Default".
	ResolutionPolicy ResolutionPolicy `json:"resolutionPolicy,omitzero"`
	// DNSServers are the VNet's own DNS servers; they must forward what the
	// output conditionalForwarders says. Default none: Azure's.
	DNSServers []string `json:"-"`
	// ForwardTo is the address that own DNS servers forward to. Default
	// "168.63.129.16", for servers in a linked VNet; servers elsewhere, as
	// on-premises, need the inbound address of a DNS private resolver.
	ForwardTo string `json:"forwardTo,omitzero"`
}

// Endpoint is a private endpoint of one resource.
type Endpoint struct {
	// Service is what of the resource is reached, by the catalogue's name: a
	// storage account has blob, dfs, file, queue and table. Required.
	Service string `json:"service,omitzero"`
	// ResourceID is the resource's Azure id. Required.
	//
	// In Go the argument ResourceIDs may have it instead.
	ResourceID string `json:"resourceId,omitzero"`
	// StaticIP is the endpoint's address in the subnet. Default: Azure's choice.
	StaticIP string `json:"staticIp,omitzero"`
}

// PostgresInjection is the private zone of flexible servers in a delegated
// subnet.
type PostgresInjection struct {
	// Zone is the zone's name, for example
	// "orders.private.postgres.database.azure.com". Required.
	Zone string `json:"zone,omitzero"`
	// Servers are the names of the servers that use it. Azure refuses a zone
	// that begins with a server's name.
	Servers []string `json:"servers,omitzero"`
}

func (s Spec) withDefaults() Spec {
	s.ResolutionPolicy = cmp.Or(s.ResolutionPolicy, ResolveDefault)
	s.ForwardTo = cmp.Or(s.ForwardTo, AzureDNS)
	return s
}
