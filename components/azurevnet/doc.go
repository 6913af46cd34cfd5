// Package azurevnet builds the VNet that a platform's data plane runs in on
// Azure, in one of two ways.
//
// Behind the customer's firewall (egress "customerFirewall") nothing of the VNet
// is public: whatever leaves nodes, pods and databases goes to the firewall, and
// the control plane comes in by an address of the firewall's own.
//
//	control plane ──► firewall, in a peered VNet ──► internet: RequiredEgress
//	                   ▲  │ peering, forwarded traffic allowed
//	┌ VNet 10.40.0.0/20│──│──────────────────────────────────────────────────┐
//	│ route table      │  ▼                                                  │
//	│ "egress"  0/0 ───┤ nodes             10.40.0.0/24                      │
//	│                  │ pods              10.40.8.0/21   delegated to AKS   │
//	│ "database" 0/0 ──┘ database          10.40.7.64/28  delegated          │
//	│                    privateEndpoints  10.40.6.0/26                      │
//	│                    apiServer         10.40.7.0/28   delegated to AKS   │
//	└────────────────────────────────────────────────────────────────────────┘
//
// With addresses of its own (egress "loadBalancer" or "natGateway") the VNet has
// no route table: public addresses are made for the cluster's load balancer, or
// for a NAT gateway on the subnets of nodes and pods.
//
// A subnet's block follows from its role alone, so that another role moves none.
// Every subnet has a network security group that admits what its role needs, by
// blocks and not by the tag VirtualNetwork: with a default route that tag means
// every address. Azure's own way out is off everywhere.
//
// Subnets are made one after the other, since Azure refuses two changes of a
// VNet at a time, and each whole, since a subnet without its table or group for
// a moment is an outage.
package azurevnet
