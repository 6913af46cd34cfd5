// Package aks plans the network posture of an AKS cluster, says how many nodes
// its subnets have room for, and builds the cluster.
//
//	VNet ───────────────────────────────────────────────────────────────┐
//	│ nodes  no delegation                     API server               │
//	│   every pool, internal load balancers    delegated, /28 or larger │
//	│   private endpoint of the API server       VNet integration only  │
//	│   │                                                               │
//	│   │ pods  delegated                                               │
//	│   │   only podSubnet, podSubnetStatic; overlay's and kubenet's    │
//	│   │   pods have a block outside the VNet                          │
//	└───┼───────────────────────────────────────────────────────────────┘
//	    │ egress         outbound type           what it needs
//	    ├ customerFirewall  userDefinedRouting      the same route table on nodes and pods
//	    ├ loadBalancer      loadBalancer            public addresses
//	    ├ natGateway        userAssignedNATGateway  a NAT gateway on the node subnet
//	    └ none              none                    a private path to the API, a registry
//
// The API server is reached in one of six ways:
//
//	access                  address                     name in
//	public                  public, authorised ranges   public DNS
//	privateSystemZone       private endpoint            a zone that AKS makes
//	privateOwnZone          private endpoint            a zone of yours
//	privateNoZone           private endpoint            public DNS
//	vnetIntegrationPublic   public and delegated subnet public DNS
//	vnetIntegrationPrivate  delegated subnet            public DNS, or a zone of yours
//
// With VNet integration, the default, nodes find the API server without DNS, so
// that no DNS server has to be ready before the cluster is. privateOwnZone, with
// the zone linked to the DNS servers' VNet first, suits a cluster whose name
// must resolve on premises.
//
// NewPlan is arithmetic and rules alone: it registers nothing. Who keeps a
// cluster of one's own puts Plan.Posture into its arguments with Posture.Apply;
// AksCluster makes the cluster, its identities and the roles they need, each for
// the smallest scope that does.
//
// This package is the only one that uses pulumi-azure-native-sdk/v3: the API
// versions of /v2 have neither VNet integration nor the outbound type none. So a
// program has two explicit providers, one for each.
//
// https://learn.microsoft.com/azure/aks/concepts-network
package aks
