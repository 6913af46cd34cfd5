// Package azureaccess lets the vendor's team into a subscription or a resource
// group, to install and run the data plane there.
//
//	vendor's team ─ access package ─► group ─┬─ Contributor ──────────────────┐
//	 (another tenant)  requested,            │   makes and changes everything │
//	                   approved, expires     │   but who may do what          ▼
//	                                         └─ Role Based Access Control   scope
//	                                             Administrator, with a condition:
//	                                             only the data plane's roles, and
//	                                             only to service principals
//
// The vendor's document advises a subscription of the data plane's own with the
// vendor's team as its owner. An owner may give anybody any role, himself
// included. An installer does not need that: he makes networks, a cluster and
// databases, which Contributor covers, and gives the identities of these their
// few roles, which the second role covers and its condition limits to them. So
// these two are the default, and Owner is for who asks for it in so many words.
//
// The group is in the customer's tenant, and membership is where it is decided
// who comes in: guests from the vendor's tenant get it by requesting an access
// package, with approval and an end. That is set up in Microsoft Entra, not here.
//
// https://learn.microsoft.com/entra/id-governance/entitlement-management-external-users
// https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview
package azureaccess
