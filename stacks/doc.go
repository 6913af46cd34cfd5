// Package stacks reads an environment's configuration and deploys its model.
//
// An environment is one file, Pulumi.<stack>.yaml: underlay:model names the
// deployment model and underlay:spec is that model's typed object, decoded
// strictly. Each model is one file of this package.
//
//	Pulumi.<stack>.yaml ─ Load ─┐
//	the stack's config ── Run ──┼─► Environment ─ Validate ─ Program ─► Pulumi
//	a service's own values ─────┘
package stacks
