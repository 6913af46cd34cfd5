// Package centralendpoints puts interface endpoints once into a central VPC,
// the hub, and lets other VPCs, the spokes, use them. Each endpoint then costs
// once and not once a VPC.
//
//	spoke 10.20.0.0/16          hub 10.40.0.0/22                  spoke 10.30.0.0/16
//	┌──────────────┐            ┌──────────────────────────┐      ┌──────────────┐
//	│ nodes        │ ─ route ─► │ sts  sqs  ecr.api  …     │ ◄─── │ private      │
//	│ (pods leave  │ ◄─ route ─ │ one security group:      │ ───► │              │
//	│  as nodes)   │            │ the spokes' blocks, 443  │      │              │
//	└──────┬───────┘            └────────────┬─────────────┘      └──────┬───────┘
//	       └── transit gateway or peering ───┴───────────────────────────┘
//	       └── names: one Route 53 Profile, or each private zone associated
//
// The endpoints have private DNS off: it would answer in the hub only. Instead
// each service name has a private hosted zone with alias records to its
// endpoint. The spokes see the zones through a Route 53 Profile (default), or
// by an association for each zone and VPC.
//
// Through a transit gateway a spoke reaches the hub and no other spoke: the
// spokes' route table has the hub's blocks, the hub's has the spokes'.
//
// A gateway endpoint for S3 stays in each spoke: it costs nothing, and is the
// way of ECR's image layers.
//
// Source: "Deployment models of Conveyor", section "Private control plane
// requirements": "it is also possible to manage the interface endpoints in a
// central account, and make sure that requests to these services are routed
// correctly in other accounts".
package centralendpoints
