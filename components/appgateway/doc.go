// Package appgateway builds the way in for web traffic: an application gateway
// that ends TLS behind a web application firewall.
//
//	internet             on premises, peers
//	   │                    │
//	public address       address of the subnet
//	   └───────┬────────────┘
//	┌ subnet of the gateway alone ──────────────────────────┐
//	│ 443 HTTPS, TLS 1.2 or newer      80 redirects to 443  │
//	│   certificate ◄─── Key Vault, by the gateway's identity
//	│ WAF policy, Prevention, OWASP rules                   │
//	│ 2 to 10 instances over the zones                      │
//	└───────┬───────────────────────────────────────────────┘
//	        ▼ probe, HTTPS
//	backends: addresses or names, the cluster's ingress for example
//
// A gateway with no public address, or with a default route to a firewall, needs
// network isolation: the feature EnableApplicationGatewayNetworkIsolation,
// registered in the subscription before the gateway is made.
//
// The subnet's network security group admits TCP 65200 to 65535 from
// GatewayManager unless the gateway is isolated, AzureLoadBalancer, and clients
// on 443 and 80.
//
// https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
package appgateway
