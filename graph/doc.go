// Package graph holds the resource graph of a Pulumi program: every resource
// with its inputs, its outputs and its edges, in one type wherever it comes
// from.
//
//	Record            runs a Go program in-process; no engine, no network
//	Load              reads `pulumi stack export` and `pulumi preview --json`
//	(*Graph).Export   writes Pulumi's own deployment format
//
// A recorded graph has no cloud behind it. Every resource that a provider
// manages has its URN as its id, so that a reference from one resource to
// another names the resource it means, and what a cloud would have computed is
// made up: always the same, well formed, in ranges and accounts that
// documentation is free to use.
//
// A value that is not known (in a preview), or not to be seen (a secret that
// is encrypted or blinded), is in the graph as resource.Computed, and inside
// resource.Secret where it is a secret. It is never guessed. Only what a
// provider will compute for a resource that does not exist yet is absent: a
// preview does not say what that will be.
package graph
