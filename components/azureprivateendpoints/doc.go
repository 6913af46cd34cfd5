// Package azureprivateendpoints lets a VNet reach Azure's services by private
// addresses: private endpoints, the private DNS zones that lead to them, and
// what a DNS server of the customer's own must forward.
//
//	         spoke VNet                                hub VNet, on-premises
//	┌─────────────────────────────┐              ┌──────────────────────────────┐
//	│ pods ──► private endpoints  │              │ DNS server of one's own      │
//	│          one for each       │              │   forwards the public        │
//	│          resource and       │              │   suffix: blob.core.windows. │
//	│          service            │              │   net ──► 168.63.129.16, or  │
//	│             │ zone group    │              │   a resolver's inbound       │
//	└─────┬───────┼───────────────┘              │   address                    │
//	      │ link  ▼                              └──────┬───────────────────────┘
//	      └─► private DNS zones ◄────────── link ───────┘
//	          privatelink.blob.core.windows.net, …
//	          created here, or central ones by id
//
// A zone group writes an endpoint's records and takes them away again; no
// record is made by hand. A zone that several services share is created once. A
// central zone is used and not linked: it belongs to whoever runs the central
// DNS.
//
// A PostgreSQL flexible server is reached in one of two ways: as the service
// postgres, through an endpoint, or injected into a delegated subnet, which
// needs a zone of its own, PostgresInjection.
//
// https://learn.microsoft.com/azure/private-link/private-endpoint-dns
package azureprivateendpoints
