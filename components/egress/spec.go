package egress

// Enforcement says what keeps the data plane from reaching other names.
type Enforcement string

const (
	// EnforceNothing only tells the names, for a firewall of your own. The default.
	EnforceNothing Enforcement = "none"
	// EnforceNetworkFirewall builds a way out of its own through AWS Network
	// Firewall, which lets these names pass.
	EnforceNetworkFirewall Enforcement = "networkFirewall"
	// EnforceDNSFirewall puts Route 53 Resolver DNS Firewall on the VPC, which
	// answers for these names alone.
	EnforceDNSFirewall Enforcement = "dnsFirewall"
)

// Spec is the plain part of the egress: everything that decides which resources
// exist.
type Spec struct {
	// Region is the AWS region of the user pools and of the VPC, "eu-west-1".
	// Required.
	Region string `json:"-"`
	// Identifiers are the domain prefixes of the user pools, which the vendor
	// tells: 1 to 63 lower-case letters, digits and inner hyphens. Required.
	Identifiers []string `json:"identifiers,omitzero"`
	// DedicatedControlPlane adds the two names of Cognito's own API, which a
	// control plane in the customer's accounts calls. Default false.
	DedicatedControlPlane bool `json:"dedicatedControlPlane,omitzero"`
	// Enforcement says what keeps the data plane from reaching other names.
	// Default "none".
	Enforcement Enforcement `json:"enforcement,omitzero"`
	// ExtraNames are further names to allow; only with an enforcement. Host
	// names in lower case; with dnsFirewall also "*.example.com", which stands
	// for every name below example.com. Default none.
	ExtraNames []string `json:"extraNames,omitzero"`
	// NetworkFirewall is that way out. Required with enforcement
	// "networkFirewall", and only allowed then.
	NetworkFirewall *NetworkFirewall `json:"networkFirewall,omitzero"`
	// DNSFirewall is that firewall; only with enforcement "dnsFirewall". Default
	// its own defaults.
	DNSFirewall *DNSFirewall `json:"dnsFirewall,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("elastic-ips-per-region").
	Quotas map[string]int `json:"-"`
}

// NetworkFirewall describes the egress path.
type NetworkFirewall struct {
	// Subnets are the path's own subnets by zone, one entry for each. Required.
	//
	// In Go the zones are those of Workloads.
	Subnets map[string]ZoneSubnets `json:"subnets,omitzero"`
	// Capacity is how many names the firewall's list has room for, 1 to
	// 30,000. A change replaces the list, so leave room. Default 100.
	Capacity int `json:"capacity,omitzero"`
	// DeletionProtection makes AWS refuse to delete the firewall. Default false.
	DeletionProtection bool `json:"deletionProtection,omitzero"`

	// VpcCidrs are all blocks of the VPC. Required.
	VpcCidrs []string `json:"-"`
	// Workloads are the subnets whose default route leads through the firewall,
	// zone to CIDR: the node tier. Required.
	Workloads map[string]string `json:"-"`
	// SourceCidrs are where connections come from, nodes and pods: the
	// firewall's HOME_NET. A connection from elsewhere is dropped. Each lies in
	// one of VpcCidrs, and together they cover Workloads. Required.
	SourceCidrs []string `json:"-"`
	// Taken are the VPC's other subnets, by what they are called in messages
	// ("endpoints-eu-west-1a"), for the check that nothing overlaps. Optional.
	Taken map[string]string `json:"-"`
}

// ZoneSubnets are the two subnets of the egress path in one zone, each /28 or
// larger, inside the VPC.
type ZoneSubnets struct {
	// Firewall is the block that holds the firewall's endpoint and nothing else.
	// Required.
	Firewall string `json:"firewall,omitzero"`
	// Public is the block that holds the NAT gateway and nothing else. Required.
	Public string `json:"public,omitzero"`
	// ElasticIPAllocationID is an address you own ("eipalloc-…") for the NAT
	// gateway. Default a new one.
	ElasticIPAllocationID string `json:"elasticIpAllocationId,omitzero"`
}

// DNSFirewall describes the DNS Firewall of the VPC.
type DNSFirewall struct {
	// Services are services of AWS whose names are allowed, by the catalogue's
	// names ("sqs", "s3-gateway"): those that the VPC has endpoints for. Default
	// none.
	Services []string `json:"services,omitzero"`
	// Priority of the rule group among those of the VPC, 101 to 9899; each
	// group of a VPC has another. Lower ones are asked first. Default 101.
	Priority int `json:"priority,omitzero"`
	// MutationProtection makes AWS refuse to take the rule group off the VPC,
	// and Pulumi too until it is set to false. Default false.
	MutationProtection bool `json:"mutationProtection,omitzero"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	if s.Enforcement == "" {
		s.Enforcement = EnforceNothing
	}
	if s.NetworkFirewall != nil {
		firewall := *s.NetworkFirewall
		if firewall.Capacity == 0 {
			firewall.Capacity = 100
		}
		s.NetworkFirewall = &firewall
	}
	if s.Enforcement == EnforceDNSFirewall && s.DNSFirewall == nil {
		s.DNSFirewall = &DNSFirewall{}
	}
	if s.DNSFirewall != nil {
		firewall := *s.DNSFirewall
		if firewall.Priority == 0 {
			firewall.Priority = 101
		}
		s.DNSFirewall = &firewall
	}
	return s
}
