package aoscloud

import (
	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/endpoints"
)

// Spec is the plain part of an AosCloud VPC: everything that decides which
// resources exist and which addresses they have. It holds no Pulumi values, so
// it can be validated and planned before anything is registered.
type Spec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// BaseCidr is the VPC's block: exactly a /16, in 10.0.0.0/8, 172.16.0.0/12 or
	// 192.168.0.0/16. Default "10.231.0.0/16".
	BaseCidr string `json:"baseCidr,omitzero"`
	// Staging moves the block up by one in the second octet, as the document
	// asks of staging environments: 10.231.0.0/16 becomes 10.232.0.0/16. It is
	// refused where that leaves the private range. Default false.
	Staging bool `json:"staging,omitzero"`
	// Zones are the three availability zones, for example "eu-west-1a". A
	// zone's position is its slot: never reorder them. Required.
	Zones []string `json:"zones,omitzero"`
	// ZoneIDs are the zones' ids in this account ("euw1-az1"), in the order of
	// Zones. They let zones that EKS or a service does not support be recognised
	// before deployment. Default none.
	ZoneIDs []string `json:"zoneIds,omitzero"`
	// Subnets places single subnets by hand: tier, then zone, then CIDR. What
	// is not listed keeps the block of its slot.
	Subnets map[addressing.AosTier]map[string]string `json:"subnets,omitzero"`
	// EndpointZones are the zones with an endpoint subnet, one to three of
	// Zones; a zone's position is its slot: append, never reorder. Default the
	// first zone alone, as in the document; losing that zone cuts every node off
	// from AWS's services, and a warning says so.
	EndpointZones []string `json:"endpointZones,omitzero"`
	// Endpoints are changes to the interface endpoints. Default the twelve of the
	// document.
	Endpoints *endpoints.Spec `json:"endpoints,omitzero"`
	// S3Gateway puts a gateway endpoint for S3, which is free, on both EKS route
	// tables. The document has none. Default true.
	S3Gateway *bool `json:"s3Gateway,omitzero"`
	// EksClusterSecurityGroupID is the security group that EKS made for the
	// cluster ("sg-…"). It is attached to the endpoints and connected with the
	// VPC's default group in both directions. Default none: the cluster is made
	// in this VPC, after its first deployment.
	EksClusterSecurityGroupID string `json:"eksClusterSecurityGroupId,omitzero"`
	// PublicLbIngress are the ingress rules of a security group for
	// internet-facing load balancers, which lets everything out. Default none,
	// and then no such group.
	PublicLbIngress []IngressRule `json:"publicLbIngress,omitzero"`
	// SubnetGroups creates the subnet groups of Aurora, DocumentDB and
	// ElastiCache. Their subnets exist in any case. Default true.
	SubnetGroups *bool `json:"subnetGroups,omitzero"`
	// EfsFileSystemID is an EFS file system ("fs-…") that gets a mount target
	// in each EKS private subnet, behind the VPC's default group. Default none.
	EfsFileSystemID string `json:"efsFileSystemId,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"-"`
}

// IngressRule admits one block to the public load balancers.
type IngressRule struct {
	// Protocol is "tcp", "udp" or "-1" for all. Default "tcp".
	Protocol string `json:"protocol,omitzero"`
	// From is the lowest port, 0 to 65535; with protocol "-1" there are no
	// ports. Default 0.
	From int `json:"from,omitzero"`
	// To is the highest port. Default From.
	To int `json:"to,omitzero"`
	// Cidr is the block that is admitted, IPv4 or IPv6. Everyone is
	// "0.0.0.0/0" and "::/0", each a rule of its own. Required.
	Cidr string `json:"cidr,omitzero"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	if s.BaseCidr == "" {
		s.BaseCidr = "10.231.0.0/16"
	}
	if len(s.EndpointZones) == 0 && len(s.Zones) > 0 {
		s.EndpointZones = s.Zones[:1]
	}
	set := endpoints.Spec{}
	if s.Endpoints != nil {
		set = *s.Endpoints
	}
	if set.Preset == "" {
		set.Preset = "aoscloud"
	}
	s.Endpoints = &set
	yes := true
	if s.S3Gateway == nil {
		s.S3Gateway = &yes
	}
	if s.SubnetGroups == nil {
		s.SubnetGroups = &yes
	}
	rules := make([]IngressRule, len(s.PublicLbIngress))
	for i, rule := range s.PublicLbIngress {
		if rule.Protocol == "" {
			rule.Protocol = "tcp"
		}
		if rule.To == 0 {
			rule.To = rule.From
		}
		rules[i] = rule
	}
	s.PublicLbIngress = rules
	return s
}
