// Package dataplane builds the VPC that a platform's data plane runs in on AWS.
//
// With three zones and one NAT gateway (egress "nat", connectivity "internet"):
//
//	                         internet
//	                            │
//	┌ VPC 10.20.0.0/16 ─── internet gateway ─────────────────────────────┐
//	│  zone            a                 b                 c             │
//	│  public     10.20.192.0/21    10.20.200.0/21    10.20.208.0/21     │  0/0 → internet gateway
//	│               NAT gateway                                          │
//	│  nodes      10.20.0.0/18      10.20.64.0/18     10.20.128.0/18     │  0/0 → NAT gateway
//	│  endpoints  10.20.224.0/21    10.20.232.0/21    10.20.240.0/21     │  no default route
//	├ 100.64.0.0/16, associated ─────────────────────────────────────────┤
//	│  pods       100.64.0.0/18     100.64.64.0/18    100.64.128.0/18    │  no default route
//	└────────────────────────────────────────────────────────────────────┘
//	  every tier's route table: gateway endpoints for S3 and DynamoDB
//
// Isolated (egress "isolated") there is no internet gateway, no public tier, no
// NAT gateway and no default route anywhere.
//
// A subnet's block follows from its tier and its zone's position in Zones, never
// from the number of zones: a zone appended later adds blocks and moves none.
package dataplane
