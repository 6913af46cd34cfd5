package dataplane

import (
	"cmp"
	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/flowlogs"
)

// Egress says how the node tier reaches the internet.
type Egress string

const (
	// EgressNat routes 0.0.0.0/0 of the node tier to NAT gateways. The default.
	EgressNat Egress = "nat"
	// EgressIsolated builds no internet gateway, no NAT gateway and no default route.
	EgressIsolated Egress = "isolated"
	// EgressExternal leaves the default route to others, who add it to the node
	// tables (a transit gateway, a firewall endpoint).
	EgressExternal Egress = "external"
)

// Connectivity says how the control plane reaches the data plane.
type Connectivity string

const (
	// ConnectivityInternet has a public tier tagged for internet-facing load
	// balancers. The default, except when isolated.
	ConnectivityInternet Connectivity = "internet"
	// ConnectivityPrivateLink has no public load balancers: the public tier
	// exists only to hold NAT gateways, and not at all without them.
	ConnectivityPrivateLink Connectivity = "privatelink"
)

// NatStrategy says how many NAT gateways there are.
type NatStrategy string

const (
	// NatSingle has one NAT gateway for all zones. The default.
	NatSingle NatStrategy = "single"
	// NatPerZone has a NAT gateway in every zone; nodes use their own zone's.
	NatPerZone NatStrategy = "perZone"
)

// PodNetworking says how the VPC CNI finds the pod subnets.
type PodNetworking string

const (
	// PodsByENIConfig leaves pod subnets untagged: the cluster's ENIConfig
	// objects name them. The default.
	//
	// They are the output eniConfigSubnetIds.
	PodsByENIConfig PodNetworking = "eniConfig"
	// PodsBySubnetDiscovery tags pod subnets kubernetes.io/role/cni=1, which
	// the VPC CNI looks for from version 1.18 on.
	PodsBySubnetDiscovery PodNetworking = "subnetDiscovery"
)

// Spec is the plain part of the data plane network: everything that decides
// which resources exist and which addresses they have. It holds no Pulumi
// values, so it can be validated and planned before anything is registered.
type Spec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// VpcCidr is the VPC's primary block, /16 to /22 (/21 with four zone
	// slots). Nodes, public and endpoint subnets are cut from it. Required.
	VpcCidr string `json:"vpcCidr,omitzero"`
	// PodCidr is the secondary block of the pod tier, a /16: each zone gets a
	// /18. Default "100.64.0.0/16".
	PodCidr string `json:"podCidr,omitzero"`
	// Zones are the availability zones, for example "eu-west-1a". A zone's
	// position is its slot: append zones, never reorder or remove them. At
	// least two, at most ZoneSlots. Required.
	Zones []string `json:"zones,omitzero"`
	// ZoneIDs are the zones' ids in this account ("euw1-az1"), in the order of
	// Zones. They let zones that a service does not support be recognised before
	// deployment. Default none.
	ZoneIDs []string `json:"zoneIds,omitzero"`
	// ZoneSlots is how many zones the address plan has room for: 3 or 4.
	// Default 3. It cannot change later without moving every subnet.
	ZoneSlots int `json:"zoneSlots,omitzero"`
	// Subnets places single subnets by hand: tier, then zone, then CIDR. What
	// is not listed keeps the block of its slot.
	Subnets map[addressing.Tier]map[string]string `json:"subnets,omitzero"`
	// Existing is a VPC made elsewhere to build into. Default none: one is
	// created.
	Existing *ExistingVpc `json:"existing,omitzero"`
	// Egress says how the node tier reaches the internet. Default "nat".
	Egress Egress `json:"egress,omitzero"`
	// Nat are the NAT gateways; only with egress "nat".
	Nat *Nat `json:"nat,omitzero"`
	// Connectivity says how the control plane reaches the data plane. Default
	// "internet", or "privatelink" when isolated.
	Connectivity Connectivity `json:"connectivity,omitzero"`
	// PodNetworking says how the VPC CNI finds the pod subnets. Default
	// "eniConfig".
	PodNetworking PodNetworking `json:"podNetworking,omitzero"`
	// ClusterNames are EKS clusters whose load balancers may use the public
	// and node subnets; each adds the tag "kubernetes.io/cluster/<name>=shared".
	ClusterNames []string `json:"clusterNames,omitzero"`
	// GatewayEndpoints are the gateway endpoints put on every tier's route
	// table: "s3", "dynamodb". Default both; an empty list means none.
	GatewayEndpoints []string `json:"gatewayEndpoints,omitzero"`
	// FlowLogs are records of the VPC's traffic. Default none.
	FlowLogs *FlowLogs `json:"flowLogs,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("elastic-ips-per-region").
	Quotas map[string]int `json:"-"`
}

// ExistingVpc is a VPC made elsewhere.
type ExistingVpc struct {
	// VpcID is its id. Required.
	//
	// In Go it may be left empty where Args.VpcID gives it.
	VpcID string `json:"vpcId,omitzero"`
	// InternetGatewayID is its internet gateway's id, where it has one. Default
	// none: with a public tier one is created.
	InternetGatewayID string `json:"internetGatewayId,omitzero"`
	// Cidrs are all blocks that the VPC has, the primary one first. VpcCidr
	// must lie in one of them; PodCidr is associated unless it does too.
	// Required.
	Cidrs []string `json:"cidrs,omitzero"`
}

// Nat configures the NAT gateways.
type Nat struct {
	// Strategy says how many NAT gateways there are; "single" gives a warning
	// unless it is said. Default "single".
	Strategy NatStrategy `json:"strategy,omitzero"`
	// Zone of the single NAT gateway. Default the first zone.
	Zone string `json:"zone,omitzero"`
	// ElasticIPAllocationIDs are addresses you own already ("eipalloc-…"), one
	// for each NAT gateway in the order of the zones. Default: new ones.
	ElasticIPAllocationIDs []string `json:"elasticIpAllocationIds,omitzero"`
}

// FlowLogs records the VPC's traffic.
type FlowLogs = flowlogs.Spec

// FlowLogDestination is where flow logs go.
type FlowLogDestination = flowlogs.Destination

const (
	// FlowLogsToCloudWatch writes to a CloudWatch log group.
	FlowLogsToCloudWatch = flowlogs.CloudWatch
	// FlowLogsToS3 writes to an S3 bucket.
	FlowLogsToS3 = flowlogs.S3
)

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	s.PodCidr = cmp.Or(s.PodCidr, "100.64.0.0/16")
	s.ZoneSlots = cmp.Or(s.ZoneSlots, 3)
	s.Egress = cmp.Or(s.Egress, EgressNat)
	s.PodNetworking = cmp.Or(s.PodNetworking, PodsByENIConfig)
	connectivity := ConnectivityInternet
	if s.Egress == EgressIsolated {
		connectivity = ConnectivityPrivateLink
	}
	s.Connectivity = cmp.Or(s.Connectivity, connectivity)
	if s.GatewayEndpoints == nil {
		s.GatewayEndpoints = []string{"s3", "dynamodb"}
	}
	if s.FlowLogs != nil {
		logs := s.FlowLogs.WithDefaults()
		s.FlowLogs = &logs
	}
	return s
}
