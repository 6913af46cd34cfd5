// Package privatelink connects a control plane to a data plane without the
// internet: AWS PrivateLink, both sides.
//
//	data plane's account                           control plane's account
//	┌ VPC ─────────────────────────────┐           ┌ VPC ──────────────────────────┐
//	│ targets: pods or instances       │           │ clients                       │
//	│      ▲ target port               │           │    │ ports                    │
//	│ security group ─► NLB, internal  │           │    ▼                          │
//	│                   one address    │           │ security group                │
//	│                   in each zone   │           │    │                          │
//	│                    ▲             │           │ interface endpoint, an address│
//	│           endpoint service ◄─────┼─ request ─┼─ in each zone both sides have │
//	│  who may connect, and acceptance │           │    ▲                          │
//	└──────────────────────────────────┘           │ names: alias records in a     │
//	                                               │ private zone, or private DNS  │
//	                                               └───────────────────────────────┘
//
// PrivateLinkProvider is the left side, PrivateLinkConsumer the right one. They
// are usually in two accounts: each takes its own explicit provider. Either
// works without the other; the service's name travels as an output, through a
// stack reference or as a plain value.
//
// A connection is made in steps, because each account consents to its part:
//
//  1. The provider is deployed. Its principals say who may ask to connect.
//  2. The consumer is deployed with the service's name; its connection waits.
//  3. The provider's account accepts: PrivateLinkProvider.Accept, or by hand.
//  4. Optionally, once the service's private DNS name is verified, the consumer
//     sets privateDns.
//
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-share-your-services.html
package privatelink
