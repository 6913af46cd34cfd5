// Package aoscloud builds the single VPC that an AosCloud deployment runs in on
// AWS, as the vendor's "AosCloud Networking Prerequisites" v1.1 describe it.
//
// With the document's own block and one endpoint zone:
//
//	                          internet
//	                             │
//	┌ VPC 10.231.0.0/16 ── internet gateway ──────────────────────────────────────┐
//	│  zone              a                   b                   c                │
//	│  eks-public    10.231.48.0/22      10.231.52.0/22      10.231.56.0/22       │  0/0 → internet gateway
//	│                  NAT gateway       and internet-facing load balancers       │
//	│  eks-private   10.231.0.0/20       10.231.16.0/20      10.231.32.0/20       │  0/0 → NAT gateway
//	│                  nodes, pods, internal load balancers, EFS mount targets    │
//	│  endpoints     10.231.100.0/24                                              │  the same table
//	│                  12 interface endpoints                                     │
//	│  aurora        10.231.253.192/28   10.231.253.208/28   10.231.253.224/28    │  the VPC's own main
//	│  elasticache   10.231.255.64/28    10.231.255.80/28    10.231.255.96/28     │  table: local only
//	│  documentdb    10.231.255.128/28   10.231.255.144/28   10.231.255.160/28    │
//	└─────────────────────────────────────────────────────────────────────────────┘
//	  EKS cluster group ◄── everything ──► the VPC's default group
//	  on nodes and pods                    on databases, caches, EFS
//	  each endpoint carries both
//
// The VPC's default security group and main route table are used as AWS makes
// them and never adopted: adopting either would wipe what others put there.
package aoscloud
