// Package endpoints builds the interface endpoints through which a network
// without internet reaches AWS services.
//
//	nodes, pods (every CIDR of the VPC)
//	     │ 443, and each service's own ports
//	     ▼
//	one security group, shared
//	     │
//	┌ endpoint subnets, one a zone ───────────────┐
//	│ ecr.api   ecr.dkr   sts   logs   …          │ ──► AWS services
//	└─────────────────────────────────────────────┘
//
// A service is left out of the zones that AWS does not offer it in. The VPC may
// be built elsewhere: the component needs plain ids only.
package endpoints
