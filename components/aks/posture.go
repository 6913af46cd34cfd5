package aks

// Posture is a cluster's network posture as AKS's API names it. It is plain
// data; Apply puts it into the arguments of a cluster.
type Posture struct {
	NetworkPlugin     string `json:"networkPlugin"`
	NetworkPluginMode string `json:"networkPluginMode,omitzero"`
	NetworkDataplane  string `json:"networkDataplane"`
	NetworkPolicy     string `json:"networkPolicy"`
	LoadBalancerSku   string `json:"loadBalancerSku"`
	OutboundType      string `json:"outboundType"`
	// PodCidr is empty where pods have addresses of the VNet.
	PodCidr      string `json:"podCidr,omitzero"`
	ServiceCidr  string `json:"serviceCidr"`
	DNSServiceIP string `json:"dnsServiceIp"`

	EnablePrivateCluster bool `json:"enablePrivateCluster"`
	// PrivateDNSZone is "system", "none", empty with a public API server, or
	// OwnZone for the zone whose id Apply is given.
	PrivateDNSZone string `json:"privateDnsZone,omitzero"`
	// FqdnSubdomain is the API server's label in the zone; empty for AKS's own.
	FqdnSubdomain string `json:"fqdnSubdomain,omitzero"`
	// EnablePrivateClusterPublicFQDN is nil with a public API server.
	EnablePrivateClusterPublicFQDN *bool `json:"enablePrivateClusterPublicFqdn,omitzero"`
	EnableVnetIntegration          bool  `json:"enableVnetIntegration"`
	DisableRunCommand              bool  `json:"disableRunCommand"`
	// AuthorizedIPRanges are empty with a private API server.
	AuthorizedIPRanges []string `json:"authorizedIpRanges,omitzero"`

	// BootstrapArtifactSource is "Cache" where AKS's own images come from a
	// registry of yours, empty otherwise.
	BootstrapArtifactSource string `json:"bootstrapArtifactSource,omitzero"`
	// Pools are the network settings of each pool, in the spec's order.
	Pools []PoolPosture `json:"pools"`
}

// PoolPosture is the part of a pool that its network depends on.
type PoolPosture struct {
	Name     string `json:"name"`
	MinCount int    `json:"minCount"`
	MaxCount int    `json:"maxCount"`
	MaxPods  int    `json:"maxPods"`
	MaxSurge string `json:"maxSurge"`
	// PodIPAllocationMode is "DynamicIndividual" or "StaticBlock" with a pod
	// subnet, empty without.
	PodIPAllocationMode string `json:"podIpAllocationMode,omitzero"`
}

// The values of PrivateDNSZone.
const (
	SystemZone = "system"
	NoZone     = "none"
	OwnZone    = "own"
)

// newPosture returns the posture of a checked spec with its defaults.
func newPosture(spec Spec, ranges []string) Posture {
	p := Posture{
		NetworkPlugin:    "azure",
		NetworkDataplane: string(spec.Dataplane),
		NetworkPolicy:    string(spec.Policy),
		LoadBalancerSku:  "standard",
		OutboundType:     outboundType(spec.Egress),
		PodCidr:          spec.PodCidr,
		ServiceCidr:      spec.ServiceCidr,
		DNSServiceIP:     spec.DNSServiceIP,

		FqdnSubdomain:         spec.API.FQDNSubdomain,
		EnablePrivateCluster:  !spec.API.Access.public(),
		EnableVnetIntegration: spec.API.Access.integrated(),
		DisableRunCommand:     true,
		AuthorizedIPRanges:    ranges,
	}
	switch spec.Model {
	case Overlay:
		p.NetworkPluginMode = "overlay"
	case Kubenet:
		p.NetworkPlugin = "kubenet"
	}
	if p.EnablePrivateCluster {
		p.PrivateDNSZone = privateZone(spec.API)
		p.EnablePrivateClusterPublicFQDN = spec.API.PublicFQDN
	}
	if spec.Egress == EgressNone {
		p.BootstrapArtifactSource = "Cache"
	}
	for _, pool := range spec.Pools {
		posture := PoolPosture{
			Name: pool.Name, MinCount: pool.MinCount, MaxCount: pool.MaxCount, MaxPods: pool.MaxPods, MaxSurge: pool.Surge,
		}
		switch spec.Model {
		case PodSubnet:
			posture.PodIPAllocationMode = "DynamicIndividual"
		case PodSubnetStatic:
			posture.PodIPAllocationMode = "StaticBlock"
		}
		p.Pools = append(p.Pools, posture)
	}
	return p
}

func outboundType(egress EgressMode) string {
	switch egress {
	case EgressCustomerFirewall:
		return "userDefinedRouting"
	case EgressNatGateway:
		return "userAssignedNATGateway"
	case EgressNone:
		return "none"
	default:
		return "loadBalancer"
	}
}

// privateZone returns where a private API server's name is.
func privateZone(api API) string {
	switch {
	case api.PrivateZone != "":
		return OwnZone
	case api.Access == PrivateSystemZone:
		return SystemZone
	default:
		return NoZone
	}
}
