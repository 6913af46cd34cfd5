// Package controlplane builds the VPC of a control plane that runs in the
// customer's own AWS account, without internet access.
//
//	┌ VPC 10.30.0.0/16 ── no internet gateway, no NAT gateway, no default route ┐
//	│  zone            a                 b                 c                    │
//	│  private    10.30.0.0/18      10.30.64.0/18     10.30.128.0/18            │  a table a zone
//	│               services, internal load balancers                          │
//	│  endpoints  10.30.224.0/21    10.30.232.0/21    10.30.240.0/21            │  one table
//	│               interface endpoints (components/endpoints)                  │
//	└───────────────────────────────────────────────────────────────────────────┘
//	  every route table: gateway endpoints for S3 and DynamoDB
//
// The interface endpoints are a component of their own: Plan.Endpoints says
// which. A subnet's block follows from its tier and its zone's position in
// Zones, never from the number of zones: a zone appended later moves none.
//
// Source: "Deployment models of Conveyor", section "Dedicated control plane and
// data plane in the client's AWS account", part "Private control plane
// requirements". The document leaves out the S3 gateway endpoint, through which
// image layers come from ECR.
package controlplane
