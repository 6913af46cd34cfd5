package centralendpoints

import (
	"cmp"

	"github.com/underlay-iac/underlay/components/endpoints"
)

// DNS says how the services' names reach the spokes.
type DNS string

const (
	// DNSProfile puts the zones into a Route 53 Profile, which each spoke's VPC
	// is associated with. A VPC can have one Profile. The default.
	DNSProfile DNS = "profile"
	// DNSZones associates each zone with each spoke's VPC.
	DNSZones DNS = "zones"
)

// Routing says how packets pass between a spoke and the hub.
type Routing string

const (
	// RoutingTransitGateway attaches hub and spokes to a transit gateway. The
	// default.
	RoutingTransitGateway Routing = "transitGateway"
	// RoutingPeering peers each spoke's VPC with the hub's.
	RoutingPeering Routing = "peering"
)

// HubSpec is the plain part of a hub: which endpoints, for which spokes, and
// how these reach them. Each of its spokes needs the same value.
type HubSpec struct {
	// Region is the AWS region of hub and spokes, for example "eu-west-1".
	// Required.
	Region string `json:"-"`
	// AccountID is the hub's account. Required when a spoke names an account.
	AccountID string `json:"accountId,omitzero"`
	// Zones are the hub's zones with an endpoint subnet. Required.
	Zones []endpoints.Zone `json:"-"`
	// VpcCidrs are every block of the hub's VPC. Required.
	VpcCidrs []string `json:"-"`
	// UsableAddresses is how many addresses the smallest endpoint subnet has
	// for endpoints; 0 means unknown.
	UsableAddresses int `json:"-"`
	// Spokes are the VPCs that use the endpoints. At least one.
	Spokes []Spoke `json:"spokes,omitzero"`
	// Preset, Add, Remove and Overrides choose the endpoints as in
	// endpoints.Spec. Preset is required.
	Preset    string                        `json:"preset,omitzero"`
	Add       []string                      `json:"add,omitzero"`
	Remove    []string                      `json:"remove,omitzero"`
	Overrides map[string]endpoints.Override `json:"overrides,omitzero"`
	// DNS is "profile" (default) or "zones".
	DNS DNS `json:"dns,omitzero"`
	// Routing is "transitGateway" (default) or "peering".
	Routing Routing `json:"routing,omitzero"`
	// ShareOutsideOrganization lets accounts outside the hub's AWS Organization
	// be invited to the Profile and the transit gateway; their spokes accept
	// the invitation. Default false: sharing with AWS Organizations is on and
	// AWS refuses other accounts.
	ShareOutsideOrganization bool `json:"shareOutsideOrganization,omitzero"`
	// Quotas are the hub account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"-"`
}

// Spoke is a VPC that uses the hub's endpoints.
type Spoke struct {
	// Name of the spoke, unique, lower-case letters, digits and hyphens, at
	// most 32. It names the spoke's resources, so it must not change. Required.
	Name string `json:"name,omitzero"`
	// AccountID is the spoke's account. Default the hub's.
	AccountID string `json:"accountId,omitzero"`
	// Cidrs are the spoke's blocks that the hub sees and routes to: those of
	// the nodes. A pod block (100.64.0.0/10) is none of them: the VPC CNI gives
	// what leaves the VPC the node's address. Required.
	Cidrs []string `json:"cidrs,omitzero"`
}

// SpokeSpec is the plain part of a spoke's side.
type SpokeSpec struct {
	// Hub is the hub's spec. Required.
	Hub HubSpec `json:"-"`
	// Name is which of Hub.Spokes this is. Required.
	Name string `json:"name,omitzero"`
	// Zones are the spoke's zones with a subnet for the transit gateway's
	// attachment; it serves its zones only. Required with a transit gateway.
	Zones []string `json:"-"`
	// LocalServices are the services that the spoke's VPC has endpoints for
	// with private DNS. None may be central: the local endpoint's hidden zone
	// has the same name as the hub's, and AWS refuses one of them.
	LocalServices []string `json:"localServices,omitzero"`
	// ExistingProfileID is the Route 53 Profile that the VPC is associated with
	// already, "rp-…"; it leaves no room for the hub's.
	ExistingProfileID string `json:"existingProfileId,omitzero"`
}

func (s HubSpec) withDefaults() HubSpec {
	s.DNS = cmp.Or(s.DNS, DNSProfile)
	s.Routing = cmp.Or(s.Routing, RoutingTransitGateway)
	return s
}
