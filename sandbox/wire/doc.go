// Package wire puts a simulated cloud behind Pulumi's provider protocol
// (pulumirpc.ResourceProviderServer), so that the real engine deploys to it as
// it would to the cloud itself.
//
// The package knows the protocol and nothing of any cloud: it turns properties
// into plain values and back with their secrets and unknowns, checks inputs
// against a Schema, fills in defaults and names, computes differences, answers
// previews without asking the cloud, and keeps the configuration of each
// provider instance apart. A cloud is a Backend and describes its types by a
// Package; what a Backend sees is always known values of the right type.
//
//	engine ──gRPC──► Provider ──► Backend
//	                 Schema, Check,     rules, state,
//	                 Diff, preview      error codes
//
// All instances of a provider share one server, and a request does not say
// which instance it comes from. The engine opens a connection for each, so the
// address of the peer tells them apart: see Provider.
package wire
