package endpoints

// Spec is the plain part of a set of interface endpoints: everything that
// decides which resources exist. It holds no Pulumi values.
type Spec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// Zones are the zones with an endpoint subnet. Required.
	Zones []Zone `json:"-"`
	// SourceCidrs are the blocks admitted to the endpoints: every block of the
	// VPC, the pods' one included. Required unless the caller brings its own
	// security groups.
	SourceCidrs []string `json:"-"`
	// UsableAddresses is how many addresses the smallest endpoint subnet has
	// left for endpoints; 0 means unknown. AWS keeps 5 of each subnet.
	UsableAddresses int `json:"-"`
	// Preset is the list to start from: "aws-data-plane", "aws-control-plane",
	// "aoscloud" or "none". Required.
	Preset string `json:"preset,omitzero"`
	// Add are services beyond the preset, by the last part of their name:
	// "ssmmessages" for com.amazonaws.<region>.ssmmessages.
	Add []string `json:"add,omitzero"`
	// Remove are services of the preset that are not wanted.
	Remove []string `json:"remove,omitzero"`
	// Central are services that a central VPC provides already, with their
	// names resolving there: they get no endpoint here.
	Central []string `json:"central,omitzero"`
	// PrivateDNS lets the services' public names resolve to the endpoints.
	// Default true, except for services whose catalogue entry says otherwise
	// (s3).
	PrivateDNS *bool `json:"privateDns,omitzero"`
	// Overrides are changes to single endpoints, by service. Default none.
	Overrides map[string]Override `json:"overrides,omitzero"`
	// PoolsWithoutDomain says that no user pool which is reached through
	// cognito-idp has a domain. Default false: the platform's has one, AWS
	// PrivateLink does not serve such a pool, and cognito-idp is refused.
	// https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
	PoolsWithoutDomain bool `json:"poolsWithoutDomain,omitzero"`
	// GroupDescription of the shared security group. Default says that it
	// admits the whole VPC. AWS cannot change it: another one replaces the group.
	GroupDescription string `json:"-"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("interface-endpoints-per-vpc").
	Quotas map[string]int `json:"-"`
}

// Zone is a zone with an endpoint subnet.
type Zone struct {
	// Name is the zone's name in this account, "eu-west-1a".
	Name string
	// ID is the zone's id, "euw1-az1"; empty when unknown.
	ID string
}

// Override changes one endpoint.
type Override struct {
	// ServiceName is the whole service name, where it is not
	// com.amazonaws.<region>.<service>.
	ServiceName string `json:"serviceName,omitzero"`
	// PrivateDNS is the choice for this endpoint. Default the set's.
	PrivateDNS *bool `json:"privateDns,omitzero"`
	// Zones are the zones of this endpoint. Default every zone that AWS offers
	// the service in.
	Zones []string `json:"zones,omitzero"`
	// Ports are the TCP ports that the service is used on. Default the
	// catalogue's: 443 for most, the SMTP ports for email-smtp.
	Ports []int `json:"ports,omitzero"`
	// Policy is the endpoint policy as a JSON document. Default AWS's, which
	// allows every request that the caller's own policies allow. Put another
	// policy in its place to be rid of one that is deployed: the provider
	// keeps a policy that is merely taken out.
	Policy string `json:"policy,omitzero"`
}
