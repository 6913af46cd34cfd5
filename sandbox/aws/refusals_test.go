package aws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// Each case leads up to one call that AWS refuses. The codes and the words are
// AWS's: those of
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html and
// their like, and those that users of the provider have reported. {0} and so
// on in want are the ids of the resources that the case returns.
var refusals = []struct {
	name    string
	options aws.Options
	call    func(i *instance) ([]res, error)
	want    string
}{
	// VPCs and their blocks.
	{
		name: "a VPC larger than /16",
		call: func(i *instance) ([]res, error) {
			_, err := i.force(vpcType, in{"cidrBlock": "10.0.0.0/8"})
			return nil, err
		},
		want: "creating EC2 VPC: operation error EC2: CreateVpc, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid.",
	},
	{
		name: "a link-local VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(vpcType, in{"cidrBlock": "169.254.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '169.254.0.0/16' is invalid.",
	},
	{
		name:    "a VPC over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaVpcsPerRegion: 1}},
		call: func(i *instance) ([]res, error) {
			i.vpc("10.0.0.0/16")
			_, err := i.try(vpcType, in{"cidrBlock": "10.1.0.0/16"})
			return nil, err
		},
		want: "api error VpcLimitExceeded: The maximum number of VPCs has been reached.",
	},
	{
		name: "another private range joins a VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			_, err := i.try(cidrType, in{"vpcId": v.id, "cidrBlock": "192.168.0.0/16"})
			return []res{v}, err
		},
		want: "creating EC2 VPC IPv4 CIDR Block Association ({0}, 192.168.0.0/16): operation error EC2: AssociateVpcCidrBlock, " +
			"https response error StatusCode: 400, RequestID: *, api error InvalidVpc.Range: The CIDR '192.168.0.0/16' is restricted. " +
			"Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR. " +
			"For additional restrictions, see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
	},
	{
		name: "198.19.0.0/16 joins a private VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(cidrType, in{"vpcId": i.vpc("10.20.0.0/16").id, "cidrBlock": "198.19.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '198.19.0.0/16' is restricted.",
	},
	{
		name: "10.0.0.0/16 joins a VPC in 10.0.0.0/15",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(cidrType, in{"vpcId": i.vpc("10.1.0.0/16").id, "cidrBlock": "10.0.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '10.0.0.0/16' is restricted.",
	},
	{
		name: "172.31.0.0/16 joins a VPC in 172.16.0.0/12",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(cidrType, in{"vpcId": i.vpc("172.20.0.0/16").id, "cidrBlock": "172.31.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '172.31.0.0/16' is restricted.",
	},
	{
		name: "a private range joins a VPC in 100.64.0.0/10",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(cidrType, in{"vpcId": i.vpc("100.64.0.0/16").id, "cidrBlock": "10.0.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '10.0.0.0/16' is restricted.",
	},
	{
		name: "a block joins that overlaps the VPC's own",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(cidrType, in{"vpcId": i.vpc("10.20.0.0/16").id, "cidrBlock": "10.20.128.0/17"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '10.20.128.0/17' conflicts",
	},
	{
		name: "a block joins that covers the destination of a route",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			igw := i.create(igwType, in{"vpcId": v.id})
			i.create(routeType, in{"routeTableId": i.table(v).id, "destinationCidrBlock": "10.30.0.0/24", "gatewayId": igw.id})
			_, err := i.try(cidrType, in{"vpcId": v.id, "cidrBlock": "10.30.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '10.30.0.0/16' is the same as or larger than the destination '10.30.0.0/24'",
	},
	{
		name: "a block joins that is the destination of a route",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			igw := i.create(igwType, in{"vpcId": v.id})
			i.create(routeType, in{"routeTableId": i.table(v).id, "destinationCidrBlock": "10.30.0.0/16", "gatewayId": igw.id})
			_, err := i.try(cidrType, in{"vpcId": v.id, "cidrBlock": "10.30.0.0/16"})
			return nil, err
		},
		want: "api error InvalidVpc.Range: The CIDR '10.30.0.0/16' is the same as or larger than the destination '10.30.0.0/16'",
	},
	{
		name:    "one block too many",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaCidrsPerVpc: 2}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			i.create(cidrType, in{"vpcId": v.id, "cidrBlock": "100.64.0.0/16"})
			_, err := i.try(cidrType, in{"vpcId": v.id, "cidrBlock": "100.65.0.0/16"})
			return []res{v}, err
		},
		want: "api error CidrLimitExceeded: This network '{0}' has met its maximum number of allowed CIDRs: 2",
	},
	{
		name: "a block with subnets leaves",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			pods := i.create(cidrType, in{"vpcId": v.id, "cidrBlock": "100.64.0.0/16"})
			i.subnet(v, "100.64.0.0/18", "eu-west-1a")
			return []res{v, pods}, i.remove(pods)
		},
		want: "deleting EC2 VPC IPv4 CIDR Block Association ({1}): operation error EC2: DisassociateVpcCidrBlock, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidCidrBlock.InUse: The vpc {0} currently has a subnet within CIDR block 100.64.0.0/16",
	},

	// What is not there.
	{
		name: "a subnet of no VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(subnetType, in{"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"})
			return nil, err
		},
		want: "api error InvalidVpcID.NotFound: The vpc ID 'vpc-0123456789abcdef0' does not exist",
	},
	{
		name: "a NAT gateway in no subnet",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(natType, in{"subnetId": "subnet-0123456789abcdef0", "connectivityType": "private"})
			return nil, err
		},
		want: "api error InvalidSubnetID.NotFound: The subnet ID 'subnet-0123456789abcdef0' does not exist",
	},
	{
		name: "a NAT gateway with no address",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			_, err := i.try(natType, in{"subnetId": s.id, "allocationId": "eipalloc-0123456789abcdef0"})
			return nil, err
		},
		want: "api error InvalidAllocationID.NotFound: The allocation ID 'eipalloc-0123456789abcdef0' does not exist",
	},
	{
		name: "a route in no table",
		call: func(i *instance) ([]res, error) {
			igw := i.create(igwType, in{"vpcId": i.vpc("10.0.0.0/16").id})
			_, err := i.try(routeType, in{"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw.id})
			return nil, err
		},
		want: "creating Route in Route Table (rtb-0123456789abcdef0, destination 0.0.0.0/0): operation error EC2: CreateRoute, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidRouteTableID.NotFound: The routeTable ID 'rtb-0123456789abcdef0' does not exist",
	},
	{
		name: "a route to no internet gateway",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(routeType, in{
				"routeTableId": i.table(i.vpc("10.0.0.0/16")).id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-0123456789abcdef0",
			})
			return nil, err
		},
		want: "api error InvalidGatewayID.NotFound: The gateway ID 'igw-0123456789abcdef0' does not exist",
	},
	{
		name: "a route to no NAT gateway",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(routeType, in{
				"routeTableId": i.table(i.vpc("10.0.0.0/16")).id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-0123456789abcdef0",
			})
			return nil, err
		},
		want: "api error InvalidNatGatewayID.NotFound: The natGateway ID 'nat-0123456789abcdef0' does not exist",
	},
	{
		name: "a rule of no group",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(ingressType, in{"securityGroupId": "sg-0123456789abcdef0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"})
			return nil, err
		},
		want: "creating VPC Security Group Ingress Rule: operation error EC2: AuthorizeSecurityGroupIngress, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidGroup.NotFound: The security group 'sg-0123456789abcdef0' does not exist",
	},
	{
		name: "an association with no endpoint",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(epTableType, in{"vpcEndpointId": "vpce-0123456789abcdef0", "routeTableId": i.table(i.vpc("10.0.0.0/16")).id})
			return nil, err
		},
		want: "api error InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id 'vpce-0123456789abcdef0' does not exist",
	},

	// Subnets.
	{
		name: "a subnet outside the VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(subnetType, in{"vpcId": i.vpc("10.10.0.0/16").id, "cidrBlock": "10.11.1.0/24"})
			return nil, err
		},
		want: "creating EC2 Subnet: operation error EC2: CreateSubnet, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidSubnet.Range: The CIDR '10.11.1.0/24' is invalid.",
	},
	{
		name: "a subnet larger than its VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(subnetType, in{"vpcId": i.vpc("10.10.0.0/20").id, "cidrBlock": "10.10.0.0/19"})
			return nil, err
		},
		want: "api error InvalidSubnet.Range: The CIDR '10.10.0.0/19' is invalid.",
	},
	{
		name: "a subnet in a block that has not joined",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(subnetType, in{"vpcId": i.vpc("10.10.0.0/16").id, "cidrBlock": "100.64.0.0/18"})
			return nil, err
		},
		want: "api error InvalidSubnet.Range: The CIDR '100.64.0.0/18' is invalid.",
	},
	{
		name: "a subnet over another",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.10.0.0/16")
			i.subnet(v, "10.10.0.0/20", "eu-west-1a")
			_, err := i.try(subnetType, in{"vpcId": v.id, "cidrBlock": "10.10.15.0/24", "availabilityZone": "eu-west-1b"})
			return nil, err
		},
		want: "api error InvalidSubnet.Conflict: The CIDR '10.10.15.0/24' conflicts with another subnet",
	},
	{
		name: "a subnet in a zone of another region",
		call: func(i *instance) ([]res, error) {
			_, err := i.force(subnetType, in{"vpcId": i.vpc("10.10.0.0/16").id, "cidrBlock": "10.10.0.0/24", "availabilityZone": "us-west-2c"})
			return nil, err
		},
		want: "api error InvalidParameterValue: Value (us-west-2c) for parameter availabilityZone is invalid. " +
			"Subnets can currently only be created in the following availability zones: eu-west-1a, eu-west-1b, eu-west-1c.",
	},
	{
		name:    "a subnet over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaSubnetsPerVpc: 1}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.10.0.0/16")
			i.subnet(v, "10.10.0.0/24", "eu-west-1a")
			_, err := i.try(subnetType, in{"vpcId": v.id, "cidrBlock": "10.10.1.0/24"})
			return nil, err
		},
		want: "api error SubnetLimitExceeded: The maximum number of subnets has been reached.",
	},

	// Gateways.
	{
		name: "a second internet gateway for a VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(igwType, in{"vpcId": v.id})
			_, err := i.try(igwType, in{"vpcId": v.id})
			return []res{v}, err
		},
		want: "creating EC2 Internet Gateway: operation error EC2: AttachInternetGateway, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidParameterValue: Network {0} already has an internet gateway attached",
	},
	{
		name:    "an internet gateway over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaInternetGatewaysPerRegion: 0}},
		call: func(i *instance) ([]res, error) {
			_, err := i.try(igwType, in{})
			return nil, err
		},
		want: "api error InternetGatewayLimitExceeded: The maximum number of internet gateways has been reached.",
	},
	{
		name: "an internet gateway leaves a VPC with public addresses",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			igw := i.create(igwType, in{"vpcId": v.id})
			i.nat(i.subnet(v, "10.0.0.0/24", "eu-west-1a"))
			return []res{v, igw}, i.remove(igw)
		},
		want: "deleting EC2 Internet Gateway ({1}): operation error EC2: DetachInternetGateway, https response error StatusCode: 400, RequestID: *, " +
			"api error DependencyViolation: Network {0} has some mapped public address(es). " +
			"Please unmap those public address(es) before detaching the gateway.",
	},
	{
		name:    "an address over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaElasticIPsPerRegion: 2}},
		call: func(i *instance) ([]res, error) {
			i.create(eipType, in{"domain": "vpc"})
			i.create(eipType, in{"domain": "vpc"})
			_, err := i.try(eipType, in{"domain": "vpc"})
			return nil, err
		},
		want: "creating EC2 EIP: operation error EC2: AllocateAddress, https response error StatusCode: 400, RequestID: *, " +
			"api error AddressLimitExceeded: The maximum number of addresses has been reached.",
	},
	{
		name: "a NAT gateway in a VPC without an internet gateway",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s := i.subnet(v, "10.0.0.0/24", "eu-west-1a")
			eip := i.create(eipType, in{"domain": "vpc"})
			_, err := i.try(natType, in{"subnetId": s.id, "allocationId": eip.id})
			return []res{v}, err
		},
		want: "creating EC2 NAT Gateway: waiting for EC2 NAT Gateway (nat-*) create: unexpected state 'failed', wanted target 'available'. " +
			"last error: Gateway.NotAttached: Network {0} has no Internet gateway attached",
	},
	{
		name: "a public NAT gateway without an address",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(natType, in{"subnetId": i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a").id})
			return nil, err
		},
		want: "api error MissingParameter: The request must include the AllocationId parameter. Add the required parameter and retry the request.",
	},
	{
		name: "a NAT gateway with another's address",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(igwType, in{"vpcId": v.id})
			s := i.subnet(v, "10.0.0.0/24", "eu-west-1a")
			_, eip := i.nat(s)
			_, err := i.try(natType, in{"subnetId": s.id, "allocationId": eip.id})
			return []res{eip}, err
		},
		want: "api error Resource.AlreadyAssociated: Elastic IP address [{0}] is already associated",
	},
	{
		name:    "a NAT gateway over the quota of its zone",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaNatGatewaysPerZone: 1}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(igwType, in{"vpcId": v.id})
			i.nat(i.subnet(v, "10.0.0.0/24", "eu-west-1a"))
			i.nat(i.subnet(v, "10.0.1.0/24", "eu-west-1b"))
			s := i.subnet(v, "10.0.2.0/24", "eu-west-1a")
			_, err := i.try(natType, in{"subnetId": s.id, "connectivityType": "private"})
			return nil, err
		},
		want: "api error NatGatewayLimitExceeded: Performing this operation would exceed the limit of 1 NAT gateways",
	},
	{
		name: "a NAT gateway at an address that another has",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			i.create(natType, in{"subnetId": s.id, "connectivityType": "private", "privateIp": "10.0.0.10"})
			_, err := i.try(natType, in{"subnetId": s.id, "connectivityType": "private", "privateIp": "10.0.0.10"})
			return nil, err
		},
		want: "api error Resource.AlreadyAssigned: Address 10.0.0.10 is in use.",
	},
	{
		name: "a NAT gateway at an address that AWS keeps",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			_, err := i.try(natType, in{"subnetId": s.id, "connectivityType": "private", "privateIp": "10.0.0.3"})
			return nil, err
		},
		want: "api error InvalidParameterValue: Address 10.0.0.3 does not fall within the subnet's address range",
	},
	{
		name: "an address leaves that is in use",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(igwType, in{"vpcId": v.id})
			_, eip := i.nat(i.subnet(v, "10.0.0.0/24", "eu-west-1a"))
			return []res{eip}, i.remove(eip)
		},
		want: "deleting EC2 EIP ({0}): operation error EC2: ReleaseAddress, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidIPAddress.InUse: Address 203.0.113.1 is in use.",
	},

	// Routing.
	{
		name: "a second table for a subnet",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s := i.subnet(v, "10.0.0.0/24", "eu-west-1a")
			i.create(assocType, in{"routeTableId": i.table(v).id, "subnetId": s.id})
			other := i.table(v)
			_, err := i.try(assocType, in{"routeTableId": other.id, "subnetId": s.id})
			return []res{other}, err
		},
		want: "creating Route Table Association ({0}): operation error EC2: AssociateRouteTable, https response error StatusCode: 400, RequestID: *, " +
			"api error Resource.AlreadyAssociated: the specified association for route table {0} conflicts with an existing association",
	},
	{
		name: "the table of another VPC for a subnet",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			table := i.table(i.vpc("10.1.0.0/16"))
			_, err := i.try(assocType, in{"routeTableId": table.id, "subnetId": s.id})
			return []res{table, s}, err
		},
		want: "api error InvalidParameterValue: Route table {0} and subnet {1} belong to different networks",
	},
	{
		name: "a second default route",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			igw, table := i.create(igwType, in{"vpcId": v.id}), i.table(v)
			route := in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw.id}
			i.create(routeType, route)
			_, err := i.try(routeType, route)
			return nil, err
		},
		want: "api error RouteAlreadyExists: The route identified by 0.0.0.0/0 already exists.",
	},
	{
		name: "a route to the gateway of another VPC",
		call: func(i *instance) ([]res, error) {
			igw, table := i.create(igwType, in{"vpcId": i.vpc("10.0.0.0/16").id}), i.table(i.vpc("10.1.0.0/16"))
			_, err := i.try(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw.id})
			return []res{table, igw}, err
		},
		want: "api error InvalidParameterValue: route table {0} and network gateway {1} belong to different networks",
	},
	{
		name: "a route to the NAT gateway of another VPC",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			nat, table := i.create(natType, in{"subnetId": s.id, "connectivityType": "private"}), i.table(i.vpc("10.1.0.0/16"))
			_, err := i.try(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": nat.id})
			return []res{table, nat}, err
		},
		want: "api error InvalidParameterValue: route table {0} and natgateway {1} belong to different networks",
	},
	{
		name: "a route inside the VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			igw := i.create(igwType, in{"vpcId": v.id})
			_, err := i.try(routeType, in{"routeTableId": i.table(v).id, "destinationCidrBlock": "10.0.4.0/24", "gatewayId": igw.id})
			return nil, err
		},
		want: "api error InvalidParameterValue: The destination CIDR block 10.0.4.0/24 is equal to or more specific than one of this VPC's CIDR blocks.",
	},
	{
		name: "a route to the VPC's own block",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			igw := i.create(igwType, in{"vpcId": v.id})
			_, err := i.try(routeType, in{"routeTableId": i.table(v).id, "destinationCidrBlock": "10.0.0.0/16", "gatewayId": igw.id})
			return nil, err
		},
		want: "api error InvalidParameterValue: The destination CIDR block 10.0.0.0/16 is equal to or more specific than one of this VPC's CIDR blocks.",
	},
	{
		name:    "a route over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaRoutesPerRouteTable: 1}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			igw, table := i.create(igwType, in{"vpcId": v.id}), i.table(v)
			i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{table.id}})
			_, err := i.try(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw.id})
			return nil, err
		},
		want: "api error RouteLimitExceeded: The maximum number of routes has been reached.",
	},
	{
		name:    "a table over the quota, the main one counting",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaRouteTablesPerVpc: 1}},
		call: func(i *instance) ([]res, error) {
			_, err := i.try(tableType, in{"vpcId": i.vpc("10.0.0.0/16").id})
			return nil, err
		},
		want: "api error RouteTableLimitExceeded: The maximum number of route tables has been reached.",
	},
	{
		name: "a table leaves that a subnet has",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			table := i.table(v)
			i.create(assocType, in{"routeTableId": table.id, "subnetId": i.subnet(v, "10.0.0.0/24", "eu-west-1a").id})
			return []res{table}, i.remove(table)
		},
		want: "deleting Route Table ({0}): operation error EC2: DeleteRouteTable, https response error StatusCode: 400, RequestID: *, " +
			"api error DependencyViolation: The routeTable '{0}' has dependencies and cannot be deleted.",
	},

	// Endpoints.
	{
		name: "an endpoint of no service",
		call: func(i *instance) ([]res, error) {
			_, err := i.endpoint(i.vpc("10.0.0.0/16"), "nonesuch", nil)
			return nil, err
		},
		want: "creating EC2 VPC Endpoint (com.amazonaws.eu-west-1.nonesuch): operation error EC2: CreateVpcEndpoint, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.eu-west-1.nonesuch' does not exist",
	},
	{
		name: "an endpoint of another region's service",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(endpointType, in{
				"vpcId": i.vpc("10.0.0.0/16").id, "serviceName": "com.amazonaws.us-east-1.sts", "vpcEndpointType": "Interface",
			})
			return nil, err
		},
		want: "api error InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.us-east-1.sts' does not exist",
	},
	{
		name: "a gateway endpoint of a service that has none",
		call: func(i *instance) ([]res, error) {
			_, err := i.endpoint(i.vpc("10.0.0.0/16"), "sts", in{"vpcEndpointType": "Gateway"})
			return nil, err
		},
		want: "api error InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface]).",
	},
	{
		name: "an endpoint in a zone its service lacks",
		call: func(i *instance) ([]res, error) {
			// AWS lists cac1-az4 among the zones without SES endpoints:
			// https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html
			i = i.connect(in{"region": "ca-central-1"})
			v := i.vpc("10.0.0.0/16")
			s := i.create(subnetType, in{"vpcId": v.id, "cidrBlock": "10.0.0.0/24", "availabilityZoneId": "cac1-az4"})
			_, err := i.try(endpointType, in{
				"vpcId": v.id, "serviceName": "com.amazonaws.ca-central-1.email-smtp", "vpcEndpointType": "Interface", "subnetIds": []any{s.id},
			})
			return []res{s}, err
		},
		want: "api error InvalidParameter: The VPC endpoint service com.amazonaws.ca-central-1.email-smtp " +
			"does not support the availability zone of the subnet: {0}.",
	},
	{
		name: "an endpoint in two subnets of a zone",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			a, b := i.subnet(v, "10.0.0.0/24", "eu-west-1a"), i.subnet(v, "10.0.1.0/24", "eu-west-1a")
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{a.id, b.id}})
			return []res{a}, err
		},
		want: "api error DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {0}. " +
			"VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.",
	},
	{
		name: "private DNS in a VPC without DNS hostnames",
		call: func(i *instance) ([]res, error) {
			v := i.create(vpcType, in{"cidrBlock": "10.0.0.0/16"})
			_, err := i.endpoint(v, "sts", in{"privateDnsEnabled": true})
			return []res{v}, err
		},
		want: "api error InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {0}",
	},
	{
		name: "private DNS in a VPC without DNS support",
		call: func(i *instance) ([]res, error) {
			v := i.create(vpcType, in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true, "enableDnsSupport": false})
			_, err := i.endpoint(v, "sts", in{"privateDnsEnabled": true})
			return nil, err
		},
		want: "api error InvalidParameter: Enabling private DNS requires both",
	},
	{
		name: "private DNS twice for a service",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			_, err := i.endpoint(v, "elasticloadbalancing", in{"privateDnsEnabled": true})
			require.NoError(i.t, err)
			_, err = i.endpoint(v, "elasticloadbalancing", in{"privateDnsEnabled": true})
			return []res{v}, err
		},
		want: "api error InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain " +
			"for elasticloadbalancing.eu-west-1.amazonaws.com in the VPC {0}",
	},
	{
		name: "private DNS for S3 without a gateway endpoint",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			_, err := i.endpoint(v, "s3", in{"privateDnsEnabled": true})
			return []res{v}, err
		},
		want: "api error InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {0} must have a Gateway endpoint for the service.",
	},
	{
		name: "an endpoint with the group of another VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s, g := i.subnet(v, "10.0.0.0/24", "eu-west-1a"), i.group(i.vpc("10.1.0.0/16"), "other")
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}, "securityGroupIds": []any{g.id}})
			return []res{g, s}, err
		},
		want: "api error InvalidParameter: Security group {0} and subnet {1} belong to different networks.",
	},
	{
		name: "an endpoint in the subnet of another VPC",
		call: func(i *instance) ([]res, error) {
			v, s := i.vpc("10.0.0.0/16"), i.subnet(i.vpc("10.1.0.0/16"), "10.1.0.0/24", "eu-west-1a")
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}})
			return []res{s, v}, err
		},
		want: "api error InvalidParameter: Subnet {0} does not belong to VPC {1}",
	},
	{
		name:    "an endpoint with too many groups",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaSecurityGroupsPerNetworkInterface: 1}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			_, err := i.endpoint(v, "sts", in{"securityGroupIds": []any{i.group(v, "a").id, i.group(v, "b").id}})
			return nil, err
		},
		want: "api error SecurityGroupsPerInterfaceLimitExceeded: The maximum number of security groups per interface has been reached.",
	},
	{
		name:    "an endpoint over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaInterfaceEndpointsPerVpc: 1}},
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			_, err := i.endpoint(v, "sts", nil)
			require.NoError(i.t, err)
			_, err = i.endpoint(v, "ec2", nil)
			return nil, err
		},
		want: "api error VpcEndpointLimitExceeded: The maximum number of VPC endpoints has been reached.",
	},
	{
		name: "a policy that is none",
		call: func(i *instance) ([]res, error) {
			_, err := i.endpoint(i.vpc("10.0.0.0/16"), "sts", in{"policy": "{}"})
			return nil, err
		},
		want: "api error InvalidPolicyDocument: ",
	},
	{
		name: "a twelfth endpoint in a /28, which has 11 addresses",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s := i.subnet(v, "10.0.0.0/28", "eu-west-1a")
			for n := range 11 {
				_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}})
				require.NoError(i.t, err, "endpoint %d", n)
			}
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}})
			return nil, err
		},
		want: "api error InsufficientFreeAddressesInSubnet: ",
	},
	{
		name: "two gateway endpoints of a service in a table",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			table := i.table(v)
			s3 := in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{table.id}}
			i.create(endpointType, s3)
			_, err := i.try(endpointType, s3)
			return []res{table}, err
		},
		want: "api error RouteAlreadyExists: route table {0} already has a route with destination-prefix-list-id pl-",
	},
	{
		name: "a table associated twice with a gateway endpoint",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			table := i.table(v)
			s3 := i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3"})
			i.create(epTableType, in{"vpcEndpointId": s3.id, "routeTableId": table.id})
			_, err := i.try(epTableType, in{"vpcEndpointId": s3.id, "routeTableId": table.id})
			return []res{table, s3}, err
		},
		want: "creating VPC Endpoint Route Table Association ({1}/{0}): operation error EC2: ModifyVpcEndpoint, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error RouteAlreadyExists: route table {0} already has a route with destination-prefix-list-id pl-",
	},
	{
		name: "a table associated with an interface endpoint",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			e, err := i.endpoint(v, "sts", nil)
			require.NoError(i.t, err)
			_, err = i.try(epTableType, in{"vpcEndpointId": e.id, "routeTableId": i.table(v).id})
			return nil, err
		},
		want: "api error InvalidParameter: ",
	},
	{
		name: "the table of another VPC for a gateway endpoint",
		call: func(i *instance) ([]res, error) {
			v, table := i.vpc("10.0.0.0/16"), i.table(i.vpc("10.1.0.0/16"))
			_, err := i.try(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{table.id}})
			return []res{table, v}, err
		},
		want: "api error InvalidParameter: Route table {0} does not belong to VPC {1}",
	},

	// Security groups.
	{
		name: "two groups of a name in a VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.group(v, "endpoints")
			_, err := i.try(groupType, in{"vpcId": v.id, "name": "endpoints"})
			return []res{v}, err
		},
		want: "creating Security Group (endpoints): operation error EC2: CreateSecurityGroup, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidGroup.Duplicate: The security group 'endpoints' already exists for VPC '{0}'",
	},
	{
		name: "a group of the reserved name",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(groupType, in{"vpcId": i.vpc("10.0.0.0/16").id, "name": "default"})
			return nil, err
		},
		want: "api error InvalidGroup.Reserved: ",
	},
	{
		name:    "a group over the quota, the default one counting",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaSecurityGroupsPerRegion: 1}},
		call: func(i *instance) ([]res, error) {
			_, err := i.try(groupType, in{"vpcId": i.vpc("10.0.0.0/16").id})
			return nil, err
		},
		want: "api error SecurityGroupLimitExceeded: The maximum number of security groups has been reached.",
	},
	{
		name: "a rule twice",
		call: func(i *instance) ([]res, error) {
			g := i.group(i.vpc("10.0.0.0/16"), "a")
			rule := in{"securityGroupId": g.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"}
			i.create(ingressType, rule)
			_, err := i.try(ingressType, in{
				"securityGroupId": g.id, "ipProtocol": "6", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16", "description": "again",
			})
			return nil, err
		},
		want: `api error InvalidPermission.Duplicate: the specified rule "peer: 10.0.0.0/16, TCP, from port: 443, to port: 443, ALLOW" already exists`,
	},
	{
		name: "the egress rule that a default group has",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			_, err := i.try(egressType, in{"securityGroupId": v.str("defaultSecurityGroupId"), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"})
			return nil, err
		},
		want: `api error InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists`,
	},
	{
		name: "all protocols with ports",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(ingressType, in{
				"securityGroupId": i.group(i.vpc("10.0.0.0/16"), "a").id, "ipProtocol": "-1", "fromPort": 0, "toPort": 65535, "cidrIpv4": "10.0.0.0/16",
			})
			return nil, err
		},
		want: "api error InvalidParameterValue: You may not specify all protocols and specific ports. " +
			"Please specify each protocol and port range combination individually, or all protocols and no port range.",
	},
	{
		name: "TCP without ports",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(egressType, in{"securityGroupId": i.group(i.vpc("10.0.0.0/16"), "a").id, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/16"})
			return nil, err
		},
		want: "api error InvalidParameterValue: Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
	},
	{
		name: "ports the wrong way round",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(egressType, in{
				"securityGroupId": i.group(i.vpc("10.0.0.0/16"), "a").id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 80, "cidrIpv4": "10.0.0.0/16",
			})
			return nil, err
		},
		want: "api error InvalidParameterValue: Invalid TCP/UDP port range (443:80)",
	},
	{
		name: "a rule for a group of another VPC",
		call: func(i *instance) ([]res, error) {
			g, other := i.group(i.vpc("10.0.0.0/16"), "a"), i.group(i.vpc("10.1.0.0/16"), "b")
			_, err := i.try(ingressType, in{"securityGroupId": g.id, "ipProtocol": "-1", "referencedSecurityGroupId": other.id})
			return []res{other}, err
		},
		want: "api error InvalidGroup.NotFound: The security group '{0}' does not exist",
	},
	{
		name:    "a rule over the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaRulesPerSecurityGroup: 2}},
		call: func(i *instance) ([]res, error) {
			g := i.group(i.vpc("10.0.0.0/16"), "a")
			rule := func(cidr string) in {
				return in{"securityGroupId": g.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": cidr}
			}
			i.create(ingressType, rule("10.0.0.0/16"))
			i.create(ingressType, rule("10.1.0.0/16"))
			i.create(egressType, rule("10.2.0.0/16"))
			i.create(ingressType, in{"securityGroupId": g.id, "ipProtocol": "-1", "cidrIpv6": "2001:db8::/32"})
			_, err := i.try(ingressType, rule("10.2.0.0/16"))
			return nil, err
		},
		want: "api error RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached.",
	},
	{
		name: "a rule more than 60, the quota of every account",
		call: func(i *instance) ([]res, error) {
			g := i.group(i.vpc("10.0.0.0/16"), "a")
			rule := func(n int) in {
				return in{"securityGroupId": g.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": fmt.Sprintf("10.%d.0.0/16", n)}
			}
			for n := range 60 {
				i.create(ingressType, rule(n))
			}
			_, err := i.try(ingressType, rule(60))
			return nil, err
		},
		want: "api error RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached.",
	},
	{
		name: "a second rule for S3's prefix list, which counts for 55 of 60",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			g := i.group(v, "a")
			s3 := i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3"})
			rule := func(port int) in {
				return in{"securityGroupId": g.id, "ipProtocol": "tcp", "fromPort": port, "toPort": port, "prefixListId": s3.str("prefixListId")}
			}
			i.create(egressType, rule(443))
			_, err := i.try(egressType, rule(80))
			return nil, err
		},
		want: "api error RulesPerSecurityGroupLimitExceeded: ",
	},
	{
		name: "a rule for no prefix list",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(egressType, in{"securityGroupId": i.group(i.vpc("10.0.0.0/16"), "a").id, "ipProtocol": "-1", "prefixListId": "pl-0123abcd"})
			return nil, err
		},
		want: "api error InvalidPrefixListID.NotFound: The prefix list ID 'pl-0123abcd' does not exist",
	},

	// What is still in use.
	{
		name: "a VPC with a subnet",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.subnet(v, "10.0.0.0/24", "eu-west-1a")
			return []res{v}, i.remove(v)
		},
		want: "deleting EC2 VPC ({0}): operation error EC2: DeleteVpc, https response error StatusCode: 400, RequestID: *, " +
			"api error DependencyViolation: The vpc '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a VPC with an internet gateway",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(igwType, in{"vpcId": v.id})
			return []res{v}, i.remove(v)
		},
		want: "api error DependencyViolation: The vpc '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a VPC with an endpoint",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.dynamodb"})
			return []res{v}, i.remove(v)
		},
		want: "api error DependencyViolation: The vpc '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a VPC with a group",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.group(v, "a")
			return []res{v}, i.remove(v)
		},
		want: "api error DependencyViolation: The vpc '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a VPC with a route table",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			i.table(v)
			return []res{v}, i.remove(v)
		},
		want: "api error DependencyViolation: The vpc '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a subnet with a NAT gateway",
		call: func(i *instance) ([]res, error) {
			s := i.subnet(i.vpc("10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			i.create(natType, in{"subnetId": s.id, "connectivityType": "private"})
			return []res{s}, i.remove(s)
		},
		want: "deleting EC2 Subnet ({0}): operation error EC2: DeleteSubnet, https response error StatusCode: 400, RequestID: *, " +
			"api error DependencyViolation: The subnet '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a subnet with an endpoint",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s := i.subnet(v, "10.0.0.0/24", "eu-west-1a")
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}})
			require.NoError(i.t, err)
			return []res{s}, i.remove(s)
		},
		want: "api error DependencyViolation: The subnet '{0}' has dependencies and cannot be deleted.",
	},
	{
		name: "a group that a rule names",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			a, b := i.group(v, "a"), i.group(v, "b")
			i.create(ingressType, in{"securityGroupId": a.id, "ipProtocol": "-1", "referencedSecurityGroupId": b.id})
			return []res{b}, i.remove(b)
		},
		want: "deleting Security Group ({0}): operation error EC2: DeleteSecurityGroup, https response error StatusCode: 400, RequestID: *, " +
			"api error DependencyViolation: resource {0} has a dependent object",
	},
	{
		name: "a group that an endpoint has",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			s, g := i.subnet(v, "10.0.0.0/24", "eu-west-1a"), i.group(v, "a")
			_, err := i.endpoint(v, "sts", in{"subnetIds": []any{s.id}, "securityGroupIds": []any{g.id}})
			require.NoError(i.t, err)
			return []res{g}, i.remove(g)
		},
		want: "api error DependencyViolation: resource {0} has a dependent object",
	},
	{
		name: "a role with a policy",
		call: func(i *instance) ([]res, error) {
			r := i.create(roleType, in{"name": "flow-logs", "assumeRolePolicy": trust})
			i.create(policyType, in{"role": r.id, "policy": allow})
			return nil, i.remove(r)
		},
		want: "deleting IAM Role (flow-logs): operation error IAM: DeleteRole, https response error StatusCode: 409, RequestID: *, " +
			"DeleteConflict: Cannot delete entity, must delete policies first.",
	},

	// Logs and roles.
	{
		name: "a flow log twice",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			log := in{"vpcId": v.id, "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::logs"}
			i.create(flowLogType, log)
			_, err := i.try(flowLogType, log)
			return []res{v}, err
		},
		want: "creating Flow Log ({0}): operation error EC2: CreateFlowLogs, https response error StatusCode: 400, RequestID: *, " +
			"api error FlowLogAlreadyExists: Error. There is an existing Flow Log with the same configuration and log destination.",
	},
	{
		name: "a flow log with a role that trusts another service",
		call: func(i *instance) ([]res, error) {
			r := i.create(roleType, in{"assumeRolePolicy": strings.ReplaceAll(trust, "vpc-flow-logs", "ec2")})
			g := i.create(logGroupType, in{"name": "/flow"})
			_, err := i.try(flowLogType, in{
				"vpcId": i.vpc("10.0.0.0/16").id, "trafficType": "ALL", "logDestination": g.str("arn"), "iamRoleArn": r.str("arn"),
			})
			return nil, err
		},
		want: "api error InvalidParameter: Unable to assume given IAM role",
	},
	{
		name: "a flow log without a role",
		call: func(i *instance) ([]res, error) {
			g := i.create(logGroupType, in{"name": "/flow"})
			_, err := i.try(flowLogType, in{"vpcId": i.vpc("10.0.0.0/16").id, "trafficType": "ALL", "logDestination": g.str("arn")})
			return nil, err
		},
		want: "api error InvalidParameter: DeliverLogsPermissionArn",
	},
	{
		name: "two log groups of a name",
		call: func(i *instance) ([]res, error) {
			i.create(logGroupType, in{"name": "/flow"})
			_, err := i.try(logGroupType, in{"name": "/flow"})
			return nil, err
		},
		want: "creating CloudWatch Logs Log Group (/flow): operation error CloudWatch Logs: CreateLogGroup, " +
			"https response error StatusCode: 400, RequestID: *, ResourceAlreadyExistsException: The specified log group already exists",
	},
	{
		name: "two roles of a name",
		call: func(i *instance) ([]res, error) {
			i.create(roleType, in{"name": "flow-logs", "assumeRolePolicy": trust})
			_, err := i.try(roleType, in{"name": "Flow-Logs", "assumeRolePolicy": trust})
			return nil, err
		},
		want: "creating IAM Role (Flow-Logs): operation error IAM: CreateRole, https response error StatusCode: 409, RequestID: *, " +
			"EntityAlreadyExists: Role with name Flow-Logs already exists.",
	},
	{
		name: "a trust policy with a resource",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(roleType, in{"assumeRolePolicy": strings.Replace(trust, `"Effect"`, `"Resource":"*","Effect"`, 1)})
			return nil, err
		},
		want: "MalformedPolicyDocument: Has prohibited field Resource",
	},
	{
		name: "a trust policy for a role that is not there",
		call: func(i *instance) ([]res, error) {
			principal := `"AWS":"arn:aws:iam::123456789012:role/nobody"`
			_, err := i.try(roleType, in{"assumeRolePolicy": strings.Replace(trust, `"Service":"vpc-flow-logs.amazonaws.com"`, principal, 1)})
			return nil, err
		},
		want: `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/nobody"`,
	},
	{
		name: "a policy of no role",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(policyType, in{"name": "p", "role": "nobody", "policy": allow})
			return nil, err
		},
		want: "creating IAM Role Policy (nobody:p): operation error IAM: PutRolePolicy, https response error StatusCode: 404, RequestID: *, " +
			"NoSuchEntity: The role with name nobody cannot be found.",
	},
	{
		name: "a role's policy with a principal",
		call: func(i *instance) ([]res, error) {
			r := i.create(roleType, in{"assumeRolePolicy": trust})
			_, err := i.try(policyType, in{"role": r.id, "policy": trust})
			return nil, err
		},
		want: "MalformedPolicyDocument: Policy document should not specify a principal.",
	},
	{
		name: "a role's policy without a resource",
		call: func(i *instance) ([]res, error) {
			r := i.create(roleType, in{"assumeRolePolicy": trust})
			_, err := i.try(policyType, in{"role": r.id, "policy": `{"Statement":{"Effect":"Allow","Action":"*"}}`})
			return nil, err
		},
		want: "MalformedPolicyDocument: Policy statement must contain resources.",
	},
	{
		name: "a role's policies over the quota",
		call: func(i *instance) ([]res, error) {
			r := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
			_, err := i.try(policyType, in{"role": r.id, "policy": strings.Replace(allow, `"*"`, `"`+strings.Repeat("x", 10240)+`"`, 1)})
			return nil, err
		},
		want: "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role r",
	},

	// Tags.
	{
		name: "a tag key of AWS's",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"aws:owner": "me"}})
			return nil, err
		},
		want: "api error InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
	},
	{
		name: "51 tags",
		call: func(i *instance) ([]res, error) {
			tags := in{}
			for n := range 51 {
				tags[fmt.Sprint("k", n)] = "v"
			}
			_, err := i.try(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": tags})
			return nil, err
		},
		want: "api error TagLimitExceeded: More than 50 tags specified",
	},
	{
		name: "a tag value of 257 characters",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"k": strings.Repeat("é", 257)}})
			return nil, err
		},
		want: "api error InvalidParameterValue: Tag value exceeds the maximum length of 256 characters",
	},
}

// TestRefusals hears every refusal. That a refused call leaves nothing behind
// is what instance checks whenever one fails.
func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, c.options)
			known, err := c.call(i)
			require.Error(t, err)
			want := c.want
			for n, r := range known {
				want = strings.ReplaceAll(want, fmt.Sprintf("{%d}", n), r.id)
			}
			assertLike(t, want, err.Error())
		})
	}
}

// assertLike checks that the parts of want between its stars come one after
// another in got.
func assertLike(t *testing.T, want, got string) {
	t.Helper()
	rest := got
	for _, part := range strings.Split(want, "*") {
		at := strings.Index(rest, part)
		if !assert.GreaterOrEqual(t, at, 0, "want %q\n in %q", part, got) {
			return
		}
		rest = rest[at+len(part):]
	}
}
