// Package azure simulates Azure for the real Pulumi engine: the provider
// azure-native on the wire interface, which deploys to a cloud in memory or in
// a file, with no account and no network.
//
// It is strict where a network can go wrong. Inputs are checked against the
// schema of the pulumi-azure-native SDKs, read by reflection, so that a
// property the real provider does not have is refused whoever sends it. What
// replaces and what updates is what the real provider says. Changes are refused
// with the codes and words of Azure's Resource Manager. A type that the sandbox
// does not know is an error, and so is an input that it would have to ignore.
//
//	azure.go, backend.go  the cloud, and the frame around every change
//	kinds.go              the list of types: the place to add one
//	vnet.go … aks.go      the rules, one file for each area of Azure
//	state.go, tx.go       what exists, and how it changes all at once or not
//	ids.go                the ids of the Resource Manager
//
// An update is a PUT of the whole object, as it is in Azure: what the program
// leaves out is gone, so a subnet put without its security group loses it. The
// exception is what the provider keeps when a program does not speak of it: the
// subnets of a virtual network, the routes of a route table, the rules of a
// security group. A list of those, even an empty one, is all there is from then
// on.
//
// Calls that change one virtual network, one firewall policy, the pools of one
// cluster or the federated credentials of one identity exclude each other: the
// second is refused while the first lasts, 20 ms or what [Options] says. A
// program that does not chain its subnets fails here as it does in Azure.
//
// Objects live in a subscription, which the provider instance names; ids reach
// across. What is in a resource group that the cloud does not have is someone
// else's, a customer's hub for one: it is taken to exist where Azure lets a
// resource refer to another region, in peerings, links, zone groups, policies,
// identities and scopes of roles. One server stands in for both majors of azure-native, 2.90.0 and
// 3.16.0, because the engine attaches to a provider by its name alone.
//
// # What it does not model
//
// IPv6, virtual network gateways and ExpressRoute, Virtual WAN, IP groups,
// application security groups, service endpoint policies, scale sets and
// machines, inline peerings, the services behind private endpoints (any id of
// one will do) and the records that zone groups write, TLS inspection, retired
// SKUs, functions, quotas other than those named in the rules, and who may do
// what: every call is allowed, except that the identity of a cluster needs its
// roles. Traffic does not flow. A resource is ready when its call returns.
//
// Where Microsoft's documents state a rule and not its error code, the code is
// the sandbox's, made as theirs are. The words then say what is wrong.
//
// It differs from Azure on purpose where that hides a mistake in a program: a
// resource group that still has resources cannot be deleted, though Azure would
// delete all of it.
package azure
