package cost

import (
	"strings"

	"github.com/underlay-iac/underlay/catalog"
)

const (
	natKind      = "aws:ec2/natGateway:NatGateway"
	endpointKind = "aws:ec2/vpcEndpoint:VpcEndpoint"
	subnetKind   = "aws:ec2/subnet:Subnet"
)

// aws adds what AWS charges for a resource.
func (e *estimator) aws(r *node) {
	switch r.kind {
	case natKind:
		e.awsNat(r)
	case endpointKind:
		e.awsEndpoint(r)
	case "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation":
		e.charge(r, catalog.PriceAwsInterfaceEndpoint, interfaceEndpoint, one, catalog.PriceAwsInterfaceEndpointGB)
	case "aws:ec2/eip:Eip":
		e.charge(r, catalog.PriceAwsPublicIPv4, publicIPv4, one)
	case "aws:lb/loadBalancer:LoadBalancer":
		e.awsBalancer(r)
	case "aws:elb/loadBalancer:LoadBalancer":
		e.charge(r, catalog.PriceAwsClassicBalancer, "classic load balancer", one)
	case "aws:networkfirewall/firewall:Firewall":
		e.charge(r, catalog.PriceAwsFirewallEndpoint, "Network Firewall endpoint in a zone",
			r.length("subnetMappings", "availabilityZoneMappings"), catalog.PriceAwsFirewallEndpointGB)
	case "aws:ec2transitgateway/vpcAttachment:VpcAttachment", "aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
		"aws:ec2transitgateway/connect:Connect":
		e.awsAttachment(r)
	case "aws:ec2/vpnConnection:VpnConnection":
		e.charge(r, catalog.PriceAwsVpn, "Site-to-Site VPN connection", one)
		e.charge(r, catalog.PriceAwsPublicIPv4, publicIPv4, count{n: 2}) // one for each tunnel
		if id, known := r.get("transitGatewayId"); !known || !id.IsNull() {
			e.awsAttachment(r)
		}
	case "aws:route53/zone:Zone":
		e.charge(r, catalog.PriceAwsHostedZone, "hosted zone", one)
	case "aws:route53/resolverEndpoint:ResolverEndpoint":
		e.charge(r, catalog.PriceAwsResolverInterface, "Resolver endpoint address", r.length("ipAddresses"), catalog.PriceAwsResolverQueries)
	case "aws:route53/profilesProfile:ProfilesProfile":
		e.awsProfile(r)
	case "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation":
		e.use(r, "DNS Firewall", "queries of the VPC, and domains in its lists", catalog.PriceAwsDNSFirewallQueries)
	case "aws:ec2/internetGateway:InternetGateway":
		e.use(r, "internet gateway", "GB out to the internet")
	case "aws:ec2/vpcPeeringConnection:VpcPeeringConnection":
		e.use(r, "VPC peering", "GB between zones and regions")
	case "aws:sqs/queue:Queue":
		e.use(r, "SQS queue", "requests")
	case "aws:ec2/flowLog:FlowLog":
		destination := "CloudWatch Logs"
		if kind := r.text("logDestinationType"); kind == "s3" {
			destination = "S3"
		} else if kind == "kinesis-data-firehose" {
			destination = "Firehose"
		}
		e.use(r, "flow log to "+destination, "GB delivered and stored")
	}
}

const (
	interfaceEndpoint = "interface endpoint in a zone"
	publicIPv4        = "public IPv4 address"
)

func (e *estimator) awsNat(r *node) {
	if r.text("availabilityMode") == "regional" {
		e.charge(r, catalog.PriceAwsRegionalNatGateway, "regional NAT gateway in a zone",
			count{unknown: "AWS decides in how many zones it is active"})
		return
	}
	e.charge(r, catalog.PriceAwsNatGateway, "NAT gateway", one, catalog.PriceAwsNatGatewayGB)
}

// awsEndpoint: an interface endpoint is charged for each zone that it is in, a
// gateway endpoint not at all.
func (e *estimator) awsEndpoint(r *node) {
	switch r.text("vpcEndpointType") {
	case "Interface":
		e.charge(r, catalog.PriceAwsInterfaceEndpoint, interfaceEndpoint, r.length("subnetIds"), catalog.PriceAwsInterfaceEndpointGB)
	case "GatewayLoadBalancer":
		e.charge(r, catalog.PriceAwsGatewayEndpoint, "gateway load balancer endpoint", one)
	}
}

// awsProfile: the price is an account's, however many Profiles it has. The
// resources of a provider are one account's.
func (e *estimator) awsProfile(r *node) {
	if account := r.ProviderURN(); !e.profiled[account] {
		e.profiled[account] = true
		e.charge(r, catalog.PriceAwsDNSProfile, "Route 53 Profiles of an account", one)
	}
}

func (e *estimator) awsAttachment(r *node) {
	e.charge(r, catalog.PriceAwsTransitAttachment, "transit gateway attachment", one, catalog.PriceAwsTransitAttachmentGB)
}

// awsBalancer: one that faces the internet has a public address in each zone,
// which is an Elastic IP of its own or comes with it.
func (e *estimator) awsBalancer(r *node) {
	switch r.text("loadBalancerType") {
	case "network":
		e.charge(r, catalog.PriceAwsNlb, "network load balancer", one, catalog.PriceAwsNlbCapacity)
	case "gateway":
		e.charge(r, catalog.PriceAwsGatewayBalancer, "gateway load balancer", one)
		return
	default:
		e.charge(r, catalog.PriceAwsAlb, "application load balancer", one, catalog.PriceAwsAlbCapacity)
	}
	if internal, known := r.flag("internal"); internal || !known {
		return
	}
	addresses := r.length("subnets", "subnetMappings")
	mappings, _ := r.list("subnetMappings")
	for _, m := range mappings {
		if id, known := member(m, []string{"allocationId"}); !known || !id.IsNull() {
			addresses.n--
		}
	}
	e.charge(r, catalog.PriceAwsPublicIPv4, publicIPv4, addresses)
}

// awsService reports whether an endpoint is to one of AWS's own services.
func awsService(r *node) bool {
	name := r.text("serviceName")
	return strings.HasPrefix(name, "com.amazonaws.") && !strings.HasPrefix(name, "com.amazonaws.vpce.") || strings.HasPrefix(name, "aws.")
}
