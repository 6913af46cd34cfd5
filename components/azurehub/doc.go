// Package azurehub builds the hub of a hub-and-spoke network in Azure: one
// firewall that every spoke's traffic passes, the DNS that every spoke asks,
// and the peerings to the spokes.
//
//	           internet
//	              │ public addresses
//	┌ hub VNet ───▼──────────────────────────────────────────┐
//	│ AzureFirewallSubnet            firewall ◄── policy     │
//	│ AzureFirewallManagementSubnet  Basic tier only         │
//	│ AzureBastionSubnet             bastion, optional       │
//	│ GatewaySubnet                  optional, for a gateway │
//	│ resolver-inbound               answers, optional       │
//	│ resolver-outbound              forwards ──► corporate  │
//	└─────┬──────────────────────────┬────────────── DNS ────┘
//	      │ peering                  │ peering
//	 spoke VNet                 spoke VNet    0.0.0.0/0 ──► firewall
//
// Every subnet has its slot in the first /24 of the hub's block, whether it is
// built or not, so that adding one moves none. For 10.40.0.0/22:
//
//	10.40.0.0   .64          .128     .192     .224      .240       10.40.1.0
//	+-----------+------------+--------+--------+---------+----------+-------
//	| firewall  | management | bastion| gateway| inbound | outbound | free …
//	| /26       | /26        | /26    | /27    | /28     | /28      |
//	+-----------+------------+--------+--------+---------+----------+-------
//
// The firewall lets out what the rules name and nothing else. The rules of an
// AKS cluster come from the catalogue and hold for its nodes and for pods with
// addresses of the VNet; Rules are the caller's own. Each set is a rule
// collection group, and groups are created one after the other, before the
// firewall: Azure refuses two changes of a policy at a time.
//
// The spoke's side is the caller's, with this component's outputs: the default
// route to FirewallPrivateIP, the peering to VnetID, the DNS servers.
//
// https://learn.microsoft.com/azure/architecture/networking/architecture/hub-spoke
package azurehub
