// Package cost estimates what the network of a resource graph costs a month, by
// dated list prices.
//
//	graph ─► Of ─┬─ lines: what stands there, for each hour or month of it
//	             ├─ usage: what is charged by what passes alone
//	             └─ comparisons: the same by another layout
//
// Only what stands is added up, over 730 hours. What passes is charged by rates,
// which are stated and never multiplied by a volume that somebody made up. A
// price that the catalogue does not have is said to be unknown, and the total is
// then the least that it can be.
//
// It counts networks: NAT gateways, endpoints, gateways, firewalls, load
// balancers, public addresses, names. Clusters' machines, databases, storage and
// keys are not its business, and neither is what another program owns: resources
// that the graph's only reads are left out. The list is aws.go and azure.go.
package cost
