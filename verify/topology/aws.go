package topology

import (
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
)

// buildAWS adds the network of the resources of pulumi-aws to the model. The
// properties and defaults are those of
// https://www.pulumi.com/registry/packages/aws/api-docs/ (v6), what they do to
// packets is in https://docs.aws.amazon.com/vpc/latest/userguide/.
func buildAWS(m *Model, ix *index) error {
	facts, err := catalog.Load()
	if err != nil {
		return err
	}
	a := &aws{
		m: m, ix: ix, facts: facts,
		touched: map[*node][]*[]Ref{}, interfaces: map[*node][]*Interface{}, balancers: map[*node]*Balancer{},
		locals: map[*Network]*Gateway{}, appliances: map[target]*Gateway{}, peerings: map[peeringKey]*Gateway{},
		endpointZones: map[*Endpoint][]*Zone{},
	}
	a.networks.stub = a.stubNetwork
	a.subnets.stub = a.stubSubnet
	a.tables.stub = a.stubTable
	a.acls.stub = func(id string, ref Ref) *Filter { return a.stubFilter(NetworkACL, id, ref) }
	a.groups.stub = func(id string, ref Ref) *Filter { return a.stubFilter(SecurityGroup, id, ref) }
	a.gateways.stub = a.stubGateway
	a.transitTables.stub = func(_ string, ref Ref) *TransitTable { return &TransitTable{Ref: ref, Incomplete: []Ref{ref}} }

	// Each step needs the elements of those before it.
	for _, step := range []func(){
		a.readNetworks, a.readSubnets, a.readTables, a.readGroups, a.readACLs,
		a.readInterfaces, a.readHosts, a.readGateways, a.readBalancers, a.readEndpoints, a.readFirewalls,
		a.readTransit, a.readAssociations, a.readRoutes, a.readAddresses, a.readGroupRules, a.readDNS,
		a.readUnsupported,
	} {
		step()
	}
	doubtStandIns(m, a.standIns)
	return nil
}

// aws builds the model of one graph.
type aws struct {
	m     *Model
	ix    *index
	facts *catalog.Catalog

	networks      registry[Network]
	subnets       registry[Subnet]
	tables        registry[RouteTable]
	acls          registry[Filter]
	groups        registry[Filter]
	gateways      registry[Gateway]
	transitTables registry[TransitTable]
	attachments   registry[Attachment]
	zones         registry[Zone]
	endpoints     registry[Endpoint]
	services      registry[EndpointService]

	interfaces map[*node][]*Interface
	balancers  map[*node]*Balancer
	locals     map[*Network]*Gateway
	appliances map[target]*Gateway
	standIns   []*Interface // hosts for what has a known address, and is not in the graph
	peerings   map[peeringKey]*Gateway
	// endpointZones answer the private DNS names of an endpoint.
	endpointZones map[*Endpoint][]*Zone
	// touched are the lists of incomplete things of the elements that a
	// resource makes.
	touched map[*node][]*[]Ref
	// strange are uses of an understood type that are not understood.
	strange []property
}

// registry finds the elements of one sort by what stands for them in the graph.
type registry[T any] struct {
	elements map[target]*T
	// stub makes an element for what the graph does not hold; nil is none.
	stub func(id string, ref Ref) *T
}

// key leaves out how a target of the graph was written.
func (t target) key() target {
	if t.node != nil {
		t.id = ""
	}
	return t
}

func (r *registry[T]) put(t target, element *T) {
	if r.elements == nil {
		r.elements = map[target]*T{}
	}
	r.elements[t.key()] = element
}

// of returns the element of a resource, or nil.
func (r *registry[T]) of(n *node) *T { return r.elements[target{node: n}] }

// at returns the element that a target stands for, a stub when there is none.
// Without stubs it may be nil.
func (r *registry[T]) at(t target, ref Ref) *T {
	if element, ok := r.elements[t.key()]; ok {
		return element
	}
	if r.stub == nil {
		return nil
	}
	name := t.id
	if name == "" && t.node != nil {
		name = t.node.Name
	}
	element := r.stub(name, ref)
	r.put(t, element)
	return element
}

// unnamed returns a stub for what ref does not tell by name, the same each time.
func (r *registry[T]) unnamed(ref Ref) *T {
	key := target{part: ref.Property, id: "\x00" + ref.URN}
	if _, ok := r.elements[key]; !ok {
		r.put(key, r.stub("", ref))
	}
	return r.elements[key]
}

// resolve turns a reference into the elements.
func (r *registry[T]) resolve(v Val[target]) Val[*T] {
	return mapVal(v, func(t target) *T { return r.at(t, v.Ref()) })
}

// each calls f for the resources of the kinds, in the graph's order.
func (a *aws) each(f func(*node), kinds ...string) {
	if len(kinds) == 1 {
		for _, n := range a.ix.byKind[kinds[0]] {
			f(n)
		}
		return
	}
	for _, n := range a.ix.nodes {
		if slices.Contains(kinds, n.kind) {
			f(n)
		}
	}
}

// touches notes that the element with this list comes from the resource.
func (a *aws) touches(n *node, incomplete *[]Ref) { a.touched[n] = append(a.touched[n], incomplete) }

// markExisting makes an element incomplete when the program only reads it and
// the provider has not told what is in it.
func (a *aws) markExisting(n *node, incomplete *[]Ref) {
	if n.External && (a.ix.recorded || len(n.Outputs) == 0) {
		*incomplete = append(*incomplete, n.ref(""))
	}
}

// readUnsupported lists the resources of the network's modules that nothing
// above reads, and marks what they may change.
func (a *aws) readUnsupported() {
	for _, n := range a.ix.nodes {
		if n.Custom && unsupported(n.kind) {
			a.strange = append(a.strange, property{node: n})
		}
	}
	for _, p := range a.strange {
		n := p.node
		found := Unsupported{Ref: p.ref(), Type: n.Type}
		for _, other := range n.references() {
			lists := a.touched[other]
			if len(lists) == 0 {
				continue
			}
			found.Touches = append(found.Touches, other.ref(""))
			for _, incomplete := range lists {
				*incomplete = append(*incomplete, found.Ref)
			}
		}
		a.m.Unsupported = append(a.m.Unsupported, found)
	}
}

// unsupported says that a type can matter to a packet or a name and is not
// read. The native provider has all of AWS's types under other names.
func unsupported(kind string) bool {
	if module, ok := strings.CutPrefix(kind, "aws-native:"); ok {
		module, _, _ = strings.Cut(module, ":")
		return slices.Contains(networkModules, module)
	}
	module, ok := strings.CutPrefix(kind, "aws:")
	if !ok || slices.Contains(networkTypes, kind) {
		return ok
	}
	module, name, _ := strings.Cut(module, "/")
	name, _, _ = strings.Cut(name, ":")
	return slices.Contains(networkModules, module) && !slices.Contains(harmless[module], name) && !slices.Contains(understood[module], name)
}

// networkModules are the modules whose resources can matter to a packet.
var networkModules = []string{
	"directconnect", "ec2", "ec2clientvpn", "ec2transitgateway", "elasticloadbalancing", "elasticloadbalancingv2", "elb",
	"globalaccelerator", "lb", "networkfirewall", "networkmanager", "route53", "route53profiles", "route53resolver",
	"servicediscovery", "verifiedaccess", "vpc", "vpclattice",
}

// networkTypes are types of other modules that lead the public into a VPC.
var networkTypes = []string{
	"aws:apigateway/vpcLink:VpcLink", "aws:apigatewayv2/vpcLink:VpcLink", "aws:cloudfront/vpcOrigin:VpcOrigin",
}

// understood are the types that the steps above read.
var understood = map[string][]string{
	"ec2": {
		"defaultNetworkAcl", "defaultRouteTable", "defaultSecurityGroup", "defaultSubnet", "defaultVpc", "defaultVpcDhcpOptions",
		"egressOnlyInternetGateway", "eip", "eipAssociation", "instance", "internetGateway", "internetGatewayAttachment",
		"launchTemplate", "mainRouteTableAssociation", "managedPrefixList", "managedPrefixListEntry", "natGateway",
		"natGatewayEipAssociation", "networkAcl", "networkAclAssociation", "networkAclRule", "networkInterface",
		"networkInterfaceAttachment", "networkInterfaceSecurityGroupAttachment", "peeringConnectionOptions", "route", "routeTable",
		"routeTableAssociation", "securityGroup", "securityGroupAssociation", "securityGroupRule", "spotInstanceRequest", "subnet", "transitGatewayPeeringAttachmentAccepter", "vpc", "vpcDhcpOptions",
		"vpcDhcpOptionsAssociation", "vpcEndpoint", "vpcEndpointConnectionAccepter", "vpcEndpointRouteTableAssociation",
		"vpcEndpointService", "vpcEndpointServiceAllowedPrinciple", "vpcEndpointSubnetAssociation", "vpcIpv4CidrBlockAssociation",
		"vpcIpv6CidrBlockAssociation", "vpcPeeringConnection", "vpcPeeringConnectionAccepter", "vpnConnection", "vpnConnectionRoute",
		"vpnGateway", "vpnGatewayAttachment", "vpnGatewayRoutePropagation",
	},
	"ec2transitgateway": {
		"instanceConnectEndpoint", "peeringAttachment", "peeringAttachmentAccepter", "prefixListReference", "route", "routeTable", "routeTableAssociation",
		"routeTablePropagation", "transitGateway", "vpcAttachment", "vpcAttachmentAccepter",
	},
	"lb":              {"listener", "listenerRule", "loadBalancer", "targetGroup", "targetGroupAttachment"},
	"networkfirewall": {"firewall", "firewallPolicy", "ruleGroup"},
	"route53": {
		"profilesAssociation", "profilesProfile", "profilesResourceAssociation", "record", "resolverEndpoint",
		"resolverFirewallDomainList", "resolverFirewallRule", "resolverFirewallRuleGroup", "resolverFirewallRuleGroupAssociation",
		"resolverRule", "resolverRuleAssociation", "zone", "zoneAssociation",
	},
	"vpc": {"endpointPrivateDns", "endpointServicePrivateDnsVerification", "securityGroupEgressRule", "securityGroupIngressRule"},
}

// harmless are types of those modules that change neither packets nor names.
var harmless = map[string][]string{
	"directconnect": {
		"connection", "connectionAssociation", "connectionConfirmation", "gateway", "gatewayAssociationProposal", "hostedConnection",
		"linkAggregationGroup", "macsecKeyAssociation",
	},
	"ec2": {
		"ami", "amiCopy", "amiFromInstance", "amiLaunchPermission", "availabilityZoneGroup", "capacityBlockReservation",
		"capacityReservation", "customerGateway", "dedicatedHost", "defaultCreditSpecification", "eipDomainName", "flowLog",
		"imageBlockPublicAccess", "instanceMetadataDefaults", "keyPair", "launchConfiguration", "networkInsightsAnalysis",
		"networkInsightsPath", "networkInterfacePermission", "placementGroup", "proxyProtocolPolicy", "serialConsoleAccess",
		"snapshotCreateVolumePermission", "spotDatafeedSubscription", "subnetCidrReservation", "tag", "trafficMirrorFilter",
		"trafficMirrorFilterRule", "trafficMirrorSession", "trafficMirrorTarget", "volumeAttachment",
		"vpcEndpointConnectionNotification", "vpcEndpointPolicy", "vpcIpam", "vpcIpamOrganizationAdminAccount", "vpcIpamPool",
		"vpcIpamPoolCidr", "vpcIpamPoolCidrAllocation", "vpcIpamPreviewNextCidr", "vpcIpamResourceDiscovery",
		"vpcIpamResourceDiscoveryAssociation", "vpcIpamScope", "vpcNetworkPerformanceMetricSubscription",
	},
	// Multicast changes nothing for the packets of this model.
	"ec2transitgateway": {
		"instanceState", "multicastDomain", "multicastDomainAssociation", "multicastGroupMember", "multicastGroupSource",
	},
	"elb": {
		"appCookieStickinessPolicy", "listenerPolicy", "loadBalancerBackendServerPolicy", "loadBalancerCookieStickinessPolicy",
		"loadBalancerPolicy", "sslNegotiationPolicy",
	},
	"globalaccelerator": {"crossAccountAttachment"},
	"lb":                {"listenerCertificate", "trustStore", "trustStoreRevocation"},
	// A policy that names a TLS inspection is not understood; the configuration
	// alone does nothing.
	"networkfirewall": {"loggingConfiguration", "resourcePolicy", "tlsInspectionConfiguration"},
	"networkmanager":  {"customerGatewayAssociation", "device", "globalNetwork", "link", "linkAssociation", "site", "transitGatewayRegistration"},
	"route53": {
		"cidrCollection", "cidrLocation", "delegationSet", "healthCheck", "hostedZoneDnsSec", "keySigningKey", "queryLog",
		"resolverConfig", "resolverDnsSecConfig", "resolverFirewallConfig", "resolverQueryLogConfig",
		"resolverQueryLogConfigAssociation", "trafficPolicy", "vpcAssociationAuthorization",
	},
	"servicediscovery": {"httpNamespace"},
	"verifiedaccess":   {"group", "instance", "instanceLoggingConfiguration", "instanceTrustProviderAttachment", "trustProvider"},
	"vpc":              {"securityGroupVpcAssociation"},
	"vpclattice":       {"accessLogSubscription", "authPolicy", "resourcePolicy"},
}
