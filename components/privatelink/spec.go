package privatelink

import (
	"github.com/underlay-iac/underlay/components/internal/nlb"
)

// The words that both sides, and the public connector, share.
type (
	// Zone is an availability zone with a subnet: its Name in this account and
	// its ID, which means the same zone in every account.
	Zone = nlb.Zone
	// Listener is a port of the load balancer and the targets behind it: Port,
	// TargetPort, Protocol, CertificateArn, TLSPolicy, TargetType, HealthCheck.
	Listener = nlb.Listener
	// HealthCheck is how a listener's targets are checked: Protocol, Port,
	// Path, IntervalSeconds, HealthyThreshold, UnhealthyThreshold.
	HealthCheck = nlb.HealthCheck
)

// The choices of a listener.
const (
	TCP             = nlb.TCP
	TLS             = nlb.TLS
	IPTargets       = nlb.IPTargets
	InstanceTargets = nlb.InstanceTargets
)

// InboundRules says whether the load balancer's security group filters what
// arrives through PrivateLink.
type InboundRules string

const (
	// InboundRulesOff admits every accepted connection. The default, though
	// AWS's is "on": a rule is held against the client's address in the
	// consumer's VPC, which the provider seldom knows, which may overlap its
	// own network, and which the consumer may change; with no rule for it the
	// connection fails without a trace. Who may connect is decided by the
	// allowed principals, by acceptance, and by the consumer's own group.
	InboundRulesOff InboundRules = "off"
	// InboundRulesOn admits the clients' own blocks only.
	InboundRulesOn InboundRules = "on"
)

// ProviderSpec is the plain part of the provider side: everything that decides
// which resources exist. It holds no Pulumi values.
type ProviderSpec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// Zones are the zones with a private subnet for the load balancer, at
	// least two. Append zones, never remove them: AWS replaces a load balancer
	// that loses one, and refuses that while consumers are connected. Their
	// ids are an output for the consumer to compare with. Required.
	Zones []Zone `json:"-"`
	// TargetCidrs are the blocks that targets are in, pods included: the only
	// ones that the load balancer may open connections to, on the target and
	// health check ports. Required.
	TargetCidrs []string `json:"-"`
	// Listeners are the ports of the service. Required.
	Listeners []Listener `json:"listeners,omitzero"`
	// AllowedPrincipals are the ARNs that may ask to connect: accounts
	// ("arn:aws:iam::111122223333:root"), roles or users. "*" is everybody on
	// AWS, and needs AllowPublic and acceptance. Required.
	//
	// Taking one away does not end the connections that it has.
	AllowedPrincipals []string `json:"allowedPrincipals,omitzero"`
	// AllowPublic admits the principal "*". Default false.
	AllowPublic bool `json:"allowPublic,omitzero"`
	// AcceptanceRequired lets each connection wait for the provider's consent.
	// Default true.
	AcceptanceRequired *bool `json:"acceptanceRequired,omitzero"`
	// PrivateDNSName is the name that consumers may use for the service once
	// its domain is verified, for example "api.example.com". Default none.
	PrivateDNSName string `json:"privateDnsName,omitzero"`
	// VerificationZoneID is the public Route 53 zone ("Z…") that gets the TXT
	// record which proves the domain: the zone of PrivateDNSName or of a parent
	// domain. Then the verification is made too. Default none: the record is
	// an output, for DNS kept elsewhere.
	VerificationZoneID string `json:"verificationZoneId,omitzero"`
	// VerifyPrivateDNS makes the verification with DNS kept elsewhere: set it
	// once the TXT record of the output is published. Default false.
	VerifyPrivateDNS bool `json:"verifyPrivateDns,omitzero"`
	// SupportedRegions are further regions whose consumers may connect. AWS
	// asks for the permission vpce:AllowMultiRegion. Default none: this one.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
	SupportedRegions []string `json:"supportedRegions,omitzero"`
	// CrossZone lets each zone's address serve the targets of every zone; AWS
	// charges traffic between zones by the GB. Default true. It does not save
	// the clients of a zone that is lost.
	CrossZone *bool `json:"crossZone,omitzero"`
	// ProxyProtocolV2 puts the client's address and endpoint id before each
	// connection: targets see the load balancer's address otherwise, and must
	// understand the protocol. Default false.
	ProxyProtocolV2 bool `json:"proxyProtocolV2,omitzero"`
	// EnforceInboundRules is "off" (default) or "on", with ClientCidrs.
	EnforceInboundRules InboundRules `json:"enforceInboundRules,omitzero"`
	// ClientCidrs are the clients' blocks in the consumer's VPC, only with
	// EnforceInboundRules "on".
	ClientCidrs []string `json:"clientCidrs,omitzero"`
	// DeletionProtection keeps the load balancer from being deleted. Default
	// true: set it to false and deploy before a destroy.
	DeletionProtection *bool `json:"deletionProtection,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"-"`
}

// ConsumerSpec is the plain part of the consumer side. It holds no Pulumi
// values.
type ConsumerSpec struct {
	// Region is the AWS region of the VPC, for example "eu-west-1". Required.
	Region string `json:"-"`
	// Zones are the zones with a subnet for the endpoint. With ServiceZoneIDs
	// each needs its id. Required.
	Zones []Zone `json:"-"`
	// SourceCidrs are the clients' blocks, admitted to Ports. Required.
	SourceCidrs []string `json:"-"`
	// ServiceName is the provider's output,
	// "com.amazonaws.vpce.<region>.vpce-svc-<id>". Required unless the
	// argument of that name gives it.
	ServiceName string `json:"serviceName,omitzero"`
	// ServiceRegion is the service's region where it is not Region; the
	// service must support Region. Default Region.
	ServiceRegion string `json:"serviceRegion,omitzero"`
	// ServiceZoneIDs are the ids of the zones that the service is in, the
	// provider's output zoneIds. The endpoint is put in the zones that both
	// have: AWS refuses another. None in common is an error, some a warning.
	// Optional, and not with another ServiceRegion, where any zone will do.
	ServiceZoneIDs []string `json:"serviceZoneIds,omitzero"`
	// Ports are the service's TCP ports. Required.
	Ports []int `json:"ports,omitzero"`
	// PrivateDNS lets the service's own private DNS name resolve to the
	// endpoint. AWS refuses that before the provider has verified the name and
	// accepted the connection: deploy once without. Default false.
	PrivateDNS bool `json:"privateDns,omitzero"`
	// Alias gives the endpoint names of the consumer's own. Not with
	// PrivateDNS. Default none: clients use the output dnsName.
	Alias *Alias `json:"alias,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"-"`
}

// Alias is names in a private Route 53 zone that lead to the endpoint.
type Alias struct {
	// Zone is the private zone's domain, "dp1.example.internal". Required.
	Zone string `json:"zone,omitzero"`
	// ZoneID is the zone's id where it exists already, for the VPC. Default
	// none: the zone is created.
	ZoneID string `json:"zoneId,omitzero"`
	// Names are the records: Zone itself, or names that end in it, of which
	// the first label may be "*". Default Zone alone.
	Names []string `json:"names,omitzero"`
}
