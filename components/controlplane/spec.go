package controlplane

import (
	"cmp"

	"github.com/underlay-iac/underlay/components/internal/flowlogs"
)

// Runtime is what the control plane's ECS services run on.
type Runtime string

const (
	// RuntimeFargate needs no endpoints beyond the preset. The default.
	RuntimeFargate Runtime = "fargate"
	// RuntimeEC2 runs on container instances, whose agent needs the services
	// ecs-agent and ecs-telemetry.
	RuntimeEC2 Runtime = "ec2"
)

// FlowLogs records the VPC's traffic.
type FlowLogs = flowlogs.Spec

// Spec is the plain part of the control plane network: everything that decides
// which resources exist and which addresses they have.
type Spec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// VpcCidr is the VPC's block, /16 to /22 (/21 with four zone slots). It may
	// not overlap what it is routed to, such as a hub of central endpoints.
	// Required.
	VpcCidr string `json:"vpcCidr,omitzero"`
	// Zones are the availability zones, for example "eu-west-1a". A zone's
	// position is its slot: append zones, never reorder or remove them. At
	// least two, at most ZoneSlots. Required.
	Zones []string `json:"zones,omitzero"`
	// ZoneIDs are the zones' ids in this account ("euw1-az1"), in the order of
	// Zones. The zones of a service and of PrivateLink are compared by them.
	// Default none.
	ZoneIDs []string `json:"zoneIds,omitzero"`
	// ZoneSlots is how many zones the address plan has room for: 3 or 4.
	// Default 3. It cannot change later without moving every subnet.
	ZoneSlots int `json:"zoneSlots,omitzero"`
	// Runtime is what the ECS services run on. Default "fargate".
	Runtime Runtime `json:"runtime,omitzero"`
	// FlowLogs are records of the VPC's traffic. Default none.
	FlowLogs *FlowLogs `json:"flowLogs,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("interface-endpoints-per-vpc").
	Quotas map[string]int `json:"-"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	s.ZoneSlots = cmp.Or(s.ZoneSlots, 3)
	s.Runtime = cmp.Or(s.Runtime, RuntimeFargate)
	if s.FlowLogs != nil {
		logs := s.FlowLogs.WithDefaults()
		s.FlowLogs = &logs
	}
	return s
}
