package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/privatelink"
	"github.com/underlay-iac/underlay/components/publicconnector"
	"github.com/underlay-iac/underlay/problem"
)

// ConnectorKind is how the control plane reaches the data plane's services.
type ConnectorKind string

const (
	// ConnectorInternet is an internet-facing load balancer that admits the
	// control plane's addresses.
	ConnectorInternet ConnectorKind = "internet"
	// ConnectorPrivateLink is an endpoint service that the control plane's
	// account connects to through AWS PrivateLink.
	ConnectorPrivateLink ConnectorKind = "privatelink"
)

// Connector is the synchronous connection from the control plane to the data
// plane. The components publicconnector and privatelink say more of each field.
type Connector struct {
	// Kind is how the control plane reaches the data plane. Required.
	Kind ConnectorKind `json:"kind,omitzero"`

	// Listeners are the ports of the data plane's services. Default one: TCP
	// on 443, passed through to port 443 of the targets.
	Listeners []publicconnector.Listener `json:"listeners,omitzero"`
	// CrossZone lets each zone serve the targets of every zone; AWS charges for
	// traffic between zones. Default true.
	CrossZone *bool `json:"crossZone,omitzero"`
	// ProxyProtocolV2 puts the client's address before each connection, for
	// targets that understand it. Default false.
	ProxyProtocolV2 bool `json:"proxyProtocolV2,omitzero"`
	// DeletionProtection keeps the load balancer from being deleted. Default
	// true: set it to false and deploy before a destroy.
	DeletionProtection *bool `json:"deletionProtection,omitzero"`

	// ControlPlaneCidrs are the blocks that the control plane connects from, the
	// only ones admitted. Required for kind internet.
	ControlPlaneCidrs []string `json:"controlPlaneCidrs,omitzero"`
	// AllowAnywhere lets controlPlaneCidrs have 0.0.0.0/0. Default false. Kind
	// internet.
	AllowAnywhere bool `json:"allowAnywhere,omitzero"`

	// AllowedPrincipals are the ARNs that may ask to connect, the control
	// plane's account or role. Required for kind privatelink.
	AllowedPrincipals []string `json:"allowedPrincipals,omitzero"`
	// AllowPublic lets allowedPrincipals have "*", everybody on AWS, with
	// acceptance. Default false. Kind privatelink.
	AllowPublic bool `json:"allowPublic,omitzero"`
	// AcceptanceRequired lets each connection wait for your consent. Default
	// true. Kind privatelink.
	AcceptanceRequired *bool `json:"acceptanceRequired,omitzero"`
	// PrivateDNSName is the service's name once its domain is verified. Kind
	// privatelink.
	PrivateDNSName string `json:"privateDnsName,omitzero"`
	// VerificationZoneID is the public Route 53 zone of that domain, which gets
	// the record that proves it. Default none: DNS is kept elsewhere. Kind
	// privatelink.
	VerificationZoneID string `json:"verificationZoneId,omitzero"`
	// VerifyPrivateDNS says, with DNS kept elsewhere, that the record of the
	// output connector.txtRecord is published. Kind privatelink.
	VerifyPrivateDNS bool `json:"verifyPrivateDns,omitzero"`
	// SupportedRegions are further regions of consumers. Kind privatelink.
	SupportedRegions []string `json:"supportedRegions,omitzero"`
	// EnforceInboundRules says whether the load balancer's rules are held against
	// the clients' own addresses. Default "off". Kind privatelink.
	EnforceInboundRules privatelink.InboundRules `json:"enforceInboundRules,omitzero"`
	// ClientCidrs are the clients' blocks in the consumer's VPC. Required with
	// enforceInboundRules "on". Kind privatelink.
	ClientCidrs []string `json:"clientCidrs,omitzero"`
}

// connectorName is the name of the connector's component.
const connectorName = "connector"

// check returns everything that is wrong with the connector, at paths within
// it. Without a network, what can be checked is checked.
func (c *Connector) check(s *SharedAws, region string, network *dataplane.Plan) problem.List {
	var problems problem.List
	moved := map[string]string{
		"region": "", "quotas": "", "zones": "", "targetCidrs": "", "vpcId": "", "subnetIds": "",
	}
	switch c.Kind {
	case ConnectorInternet:
		_, err := publicconnector.NewPlan(c.public(s, region, network))
		problems = append(problems, place(err, "", moved)...)
		problems = append(problems, c.foreign("privatelink", map[string]bool{
			"allowedPrincipals": len(c.AllowedPrincipals) > 0, "allowPublic": c.AllowPublic,
			"acceptanceRequired": c.AcceptanceRequired != nil, "privateDnsName": c.PrivateDNSName != "",
			"verificationZoneId": c.VerificationZoneID != "", "verifyPrivateDns": c.VerifyPrivateDNS,
			"supportedRegions": len(c.SupportedRegions) > 0, "enforceInboundRules": c.EnforceInboundRules != "",
			"clientCidrs": len(c.ClientCidrs) > 0,
		})...)
		if network != nil && network.Spec.Connectivity != dataplane.ConnectivityInternet {
			problems.Addf("kind", string(c.Kind), "use privatelink, or set dataPlane.connectivity: internet and an egress that allows it",
				"needs public subnets for load balancers, which this network does not have")
		}
	case ConnectorPrivateLink:
		_, err := privatelink.NewProviderPlan(c.private(s, region, network))
		problems = append(problems, place(err, "", moved)...)
		problems = append(problems, c.foreign("internet", map[string]bool{
			"controlPlaneCidrs": len(c.ControlPlaneCidrs) > 0, "allowAnywhere": c.AllowAnywhere,
		})...)
	default:
		problem.OneOf(&problems, "kind", c.Kind, ConnectorInternet, ConnectorPrivateLink)
	}
	return problems
}

// foreign reports the fields that are set although only the other kind has them.
func (c *Connector) foreign(other string, set map[string]bool) problem.List {
	var problems problem.List
	for field, isSet := range set {
		if isSet {
			problems.Addf(field, "", "remove it, or set kind: "+other, "is set, but only a connector of kind %s has it", other)
		}
	}
	return problems
}

// listeners returns the listeners with their default.
func (c *Connector) listeners() []publicconnector.Listener {
	if len(c.Listeners) > 0 {
		return c.Listeners
	}
	return []publicconnector.Listener{{Port: 443}}
}

func (c *Connector) public(s *SharedAws, region string, network *dataplane.Plan) publicconnector.Spec {
	return publicconnector.Spec{
		Region: region, Zones: connectorZones(s), TargetCidrs: targetCidrs(network), Quotas: s.Quotas,
		ControlPlaneCidrs: c.ControlPlaneCidrs, AllowAnywhere: c.AllowAnywhere, Listeners: c.listeners(),
		CrossZone: c.CrossZone, ProxyProtocolV2: c.ProxyProtocolV2, DeletionProtection: c.DeletionProtection,
	}
}

func (c *Connector) private(s *SharedAws, region string, network *dataplane.Plan) privatelink.ProviderSpec {
	return privatelink.ProviderSpec{
		Region: region, Zones: connectorZones(s), TargetCidrs: targetCidrs(network), Quotas: s.Quotas,
		Listeners: c.listeners(), AllowedPrincipals: c.AllowedPrincipals, AllowPublic: c.AllowPublic,
		AcceptanceRequired: c.AcceptanceRequired, PrivateDNSName: c.PrivateDNSName,
		VerificationZoneID: c.VerificationZoneID, VerifyPrivateDNS: c.VerifyPrivateDNS,
		SupportedRegions: c.SupportedRegions, CrossZone: c.CrossZone, ProxyProtocolV2: c.ProxyProtocolV2,
		EnforceInboundRules: c.EnforceInboundRules, ClientCidrs: c.ClientCidrs, DeletionProtection: c.DeletionProtection,
	}
}

// connectorZones are the data plane's zones as the connectors have them.
func connectorZones(s *SharedAws) []publicconnector.Zone {
	var zones []publicconnector.Zone
	for i, name := range s.DataPlane.Zones {
		zone := publicconnector.Zone{Name: name}
		if i < len(s.DataPlane.ZoneIDs) {
			zone.ID = s.DataPlane.ZoneIDs[i]
		}
		zones = append(zones, zone)
	}
	return zones
}

// targetCidrs are the blocks of nodes and pods, where the data plane's services
// run.
func targetCidrs(network *dataplane.Plan) []string {
	if network == nil {
		return nil
	}
	var cidrs []string
	for _, subnet := range network.Subnets {
		if subnet.Tier == addressing.Nodes || subnet.Tier == addressing.Pods {
			cidrs = append(cidrs, subnet.Cidr.String())
		}
	}
	return cidrs
}

// deploy registers the connector, and returns it for the handover.
func (c *Connector) deploy(
	ctx *pulumi.Context, s *SharedAws, region string, network *dataplane.AwsDataPlaneNetwork, provider pulumi.ProviderResource,
) (pulumi.Map, error) {
	tags := pulumi.ToStringMap(s.Tags)
	ports := handoverPorts(c.listeners())
	if c.Kind == ConnectorPrivateLink {
		service, err := privatelink.NewPrivateLinkProvider(ctx, connectorName, &privatelink.PrivateLinkProviderArgs{
			ProviderSpec: c.private(s, region, network.Plan()),
			VpcID:        network.VpcID,
			SubnetIDs:    network.Subnets(addressing.Nodes),
			Tags:         tags,
		}, pulumi.Provider(provider))
		if err != nil {
			return nil, err
		}
		ctx.Export("connector", pulumi.Map{
			"kind":            pulumi.String(c.Kind),
			"serviceName":     service.ServiceName,
			"zoneIds":         service.ZoneIDs,
			"txtRecord":       service.TxtRecord,
			"targetGroupArns": service.TargetGroupArns,
		})
		return pulumi.Map{"kind": pulumi.String(c.Kind), "serviceName": service.ServiceName, "ports": ports}, nil
	}
	balancer, err := publicconnector.NewPublicConnector(ctx, connectorName, &publicconnector.PublicConnectorArgs{
		Spec:      c.public(s, region, network.Plan()),
		VpcID:     network.VpcID,
		SubnetIDs: network.Subnets(addressing.Public),
		DependsOn: network.Internet(),
		Tags:      tags,
	}, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	ctx.Export("connector", pulumi.Map{
		"kind":            pulumi.String(c.Kind),
		"dnsName":         balancer.DNSName,
		"targetGroupArns": balancer.TargetGroupArns,
	})
	return pulumi.Map{"kind": pulumi.String(c.Kind), "dnsName": balancer.DNSName, "ports": ports}, nil
}
