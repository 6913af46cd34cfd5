// Package egress gives a data plane without internet its one way out: to the
// Amazon Cognito domains that sign its users in.
//
// A data plane validates tokens that Cognito issued, and no VPC endpoint leads
// to the domain of a user pool: "a user pool with an assigned domain is
// incompatible with PrivateLink"
// (https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html).
// So the names below must be resolvable and reachable. CognitoEgress always
// outputs them, for the customer's own firewall:
//
//	<identifier>.auth.<region>.amazoncognito.com    of each user pool
//	cognito-idp.<region>.amazonaws.com              with a dedicated control plane
//	cognito-identity.<region>.amazonaws.com         with a dedicated control plane
//
// Source: Conveyor's "Deployment models", sections "Cognito domain" and
// "Cognito domains".
//
// On request it enforces them, in one of two ways.
//
// # Enforcement networkFirewall
//
// An egress path of its own, in every zone alike, on which AWS Network Firewall
// lets TLS connections to these names pass and drops everything else:
//
//	┌ VPC 10.20.0.0/16 ────────────────────────────────┐
//	│ nodes    10.20.0.0/18      0/0 → firewall        │
//	│    │ ▲                                           │
//	│    ▼ │  TCP 443 only, then the server's name     │
//	│ firewall 10.20.248.0/28    0/0 → NAT gateway     │
//	│    │ ▲                                           │
//	│    ▼ │                                           │
//	│ public   10.20.216.0/28    0/0 → internet gateway│
//	│  NAT       10.20.0.0/18 (nodes) → firewall       │
//	└────│─▲───────────────────────────────────────────┘
//	     ▼ │ internet
//
// The firewall is before the NAT gateway and so sees the real sources, which
// are its HOME_NET. Answers come back through the endpoint of the same zone: a
// stateful firewall that sees one direction only drops the connection. For
// that, the public subnets hold the NAT gateways and nothing else: what else
// were there would talk to the nodes through the firewall in one direction and
// past it in the other.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-igw-ngw.html
//
// It is meant for a data plane with egress "external" and connectivity
// "privatelink", which has no internet gateway and no public subnets of its own.
// Where there is an internet gateway already, give its id.
//
// Pods leave under the address of their node, as the VPC CNI does by default;
// the pods' own subnets get no route. A node reaches DNS through the VPC's
// resolver, not through the firewall.
//
// # Enforcement dnsFirewall
//
// For a VPC whose egress is the customer's: Route 53 Resolver DNS Firewall
// answers queries for these names and for declared further ones, and answers
// all others with NODATA. It judges every query that the VPC's resolver gets,
// private zones and VPC endpoints included: name the VPC's endpoints in
// DNSFirewall.Services and what else must resolve (the cluster's API server,
// "*.<region>.compute.internal") in ExtraNames, or it does not.
//
// It fails closed: unless somebody sets the VPC's DNS Firewall configuration to
// fail open, a query that DNS Firewall cannot judge is not answered.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-vpc-configuration.html
//
// # What this does not prove
//
// Neither is a proof against the loss of data. Network Firewall trusts the
// server name that a client writes into its TLS greeting: a program that names
// a Cognito domain and connects to an address of its own choice gets through.
// DNS Firewall sees only queries to the VPC's resolver: a program that knows an
// address, or asks another resolver, never meets it. And a user pool in
// somebody else's account is as good a name as one's own to either, once it is
// listed. Both keep honest software from talking to the wrong places.
package egress
