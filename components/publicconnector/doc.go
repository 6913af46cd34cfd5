// Package publicconnector lets a control plane reach a data plane over the
// internet, from the control plane's own addresses and no others.
//
//	control plane (controlPlaneCidrs)
//	     │ listener ports, TCP or TLS
//	     ▼
//	security group
//	     │
//	┌ public subnets ── network load balancer, internet-facing ──┐
//	│   zone a             zone b             zone c             │
//	└──────┬─────────────────────────────────────────────────────┘
//	       │ target and health check ports, to targetCidrs only
//	       ▼
//	targets: pods or instances, registered in the target groups
//
// The data plane's network has the public subnets with connectivity "internet".
package publicconnector
