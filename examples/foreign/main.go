// Command foreign is a Pulumi program that knows nothing of underlay: a VPC as
// somebody has written it before. Its export, network.json, is what the chapter on
// verifying a network asks about. It has a mistake: the pods' subnets share the
// nodes' route table, which leads to the internet.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	rules "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
	if err != nil {
		return err
	}
	in := pulumi.Provider(provider)
	vpc, err := ec2.NewVpc(ctx, "main", &ec2.VpcArgs{
		CidrBlock: pulumi.String("10.60.0.0/16"), EnableDnsHostnames: pulumi.Bool(true), EnableDnsSupport: pulumi.Bool(true),
	}, in)
	if err != nil {
		return err
	}
	pods, err := ec2.NewVpcIpv4CidrBlockAssociation(ctx, "pods", &ec2.VpcIpv4CidrBlockAssociationArgs{
		VpcId: vpc.ID(), CidrBlock: pulumi.String("100.64.0.0/16"),
	}, in)
	if err != nil {
		return err
	}
	internet, err := ec2.NewInternetGateway(ctx, "internet", &ec2.InternetGatewayArgs{VpcId: vpc.ID()}, in)
	if err != nil {
		return err
	}
	open, err := ec2.NewRouteTable(ctx, "public", &ec2.RouteTableArgs{VpcId: vpc.ID()}, in)
	if err != nil {
		return err
	}
	if _, err := ec2.NewRoute(ctx, "public", &ec2.RouteArgs{
		RouteTableId: open.ID(), DestinationCidrBlock: pulumi.String("0.0.0.0/0"), GatewayId: internet.ID(),
	}, in); err != nil {
		return err
	}
	public, err := tier(ctx, vpc, open, "public", "10.60.%d.0/24", 0, pulumi.StringMap{"kubernetes.io/role/elb": pulumi.String("1")}, in)
	if err != nil {
		return err
	}
	address, err := ec2.NewEip(ctx, "nat", &ec2.EipArgs{Domain: pulumi.String("vpc")}, in)
	if err != nil {
		return err
	}
	nat, err := ec2.NewNatGateway(ctx, "nat", &ec2.NatGatewayArgs{
		SubnetId: public[0].ToStringOutput(), AllocationId: address.ID(),
	}, in)
	if err != nil {
		return err
	}
	private, err := ec2.NewRouteTable(ctx, "private", &ec2.RouteTableArgs{VpcId: vpc.ID()}, in)
	if err != nil {
		return err
	}
	if _, err := ec2.NewRoute(ctx, "private", &ec2.RouteArgs{
		RouteTableId: private.ID(), DestinationCidrBlock: pulumi.String("0.0.0.0/0"), NatGatewayId: nat.ID(),
	}, in); err != nil {
		return err
	}
	internal := pulumi.StringMap{"kubernetes.io/role/internal-elb": pulumi.String("1")}
	if _, err := tier(ctx, vpc, private, "nodes", "10.60.%d.0/24", 16, internal, in); err != nil {
		return err
	}
	if _, err := tier(ctx, vpc, private, "pods", "100.64.%d.0/18", 0, pulumi.StringMap{"kubernetes.io/role/cni": pulumi.String("1")},
		in, pulumi.DependsOn([]pulumi.Resource{pods})); err != nil {
		return err
	}
	return entrance(ctx, vpc, public, in)
}

// tier makes a subnet in each zone, and has them use a route table.
func tier(
	ctx *pulumi.Context, vpc *ec2.Vpc, table *ec2.RouteTable, name, cidr string, first int, tags pulumi.StringMap, opts ...pulumi.ResourceOption,
) ([]pulumi.IDOutput, error) {
	var ids []pulumi.IDOutput
	for i, zone := range []string{"a", "b", "c"} {
		third := first + i
		if name == "pods" {
			third = 64 * i
		}
		subnet, err := ec2.NewSubnet(ctx, name+"-"+zone, &ec2.SubnetArgs{
			VpcId: vpc.ID(), CidrBlock: pulumi.String(fmt.Sprintf(cidr, third)), AvailabilityZone: pulumi.String("eu-west-1" + zone), Tags: tags,
		}, opts...)
		if err != nil {
			return nil, err
		}
		if _, err := ec2.NewRouteTableAssociation(ctx, name+"-"+zone, &ec2.RouteTableAssociationArgs{
			SubnetId: subnet.ID(), RouteTableId: table.ID(),
		}, opts...); err != nil {
			return nil, err
		}
		ids = append(ids, subnet.ID())
	}
	return ids, nil
}

// entrance makes a load balancer that the control plane connects to.
func entrance(ctx *pulumi.Context, vpc *ec2.Vpc, subnets []pulumi.IDOutput, in pulumi.ResourceOption) error {
	group, err := ec2.NewSecurityGroup(ctx, "entrance", &ec2.SecurityGroupArgs{VpcId: vpc.ID()}, in)
	if err != nil {
		return err
	}
	if _, err := rules.NewSecurityGroupIngressRule(ctx, "entrance", &rules.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID(), CidrIpv4: pulumi.String("203.0.113.0/24"),
		IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
	}, in); err != nil {
		return err
	}
	for _, to := range []struct{ name, cidr string }{{"nodes", "10.60.0.0/16"}, {"pods", "100.64.0.0/16"}} {
		if _, err := rules.NewSecurityGroupEgressRule(ctx, "entrance-"+to.name, &rules.SecurityGroupEgressRuleArgs{
			SecurityGroupId: group.ID(), CidrIpv4: pulumi.String(to.cidr),
			IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
		}, in); err != nil {
			return err
		}
	}
	ids := pulumi.StringArray{}
	for _, id := range subnets {
		ids = append(ids, id.ToStringOutput())
	}
	balancer, err := lb.NewLoadBalancer(ctx, "entrance", &lb.LoadBalancerArgs{
		LoadBalancerType: pulumi.String("network"), Subnets: ids, SecurityGroups: pulumi.StringArray{group.ID()},
	}, in)
	if err != nil {
		return err
	}
	targets, err := lb.NewTargetGroup(ctx, "entrance", &lb.TargetGroupArgs{
		VpcId: vpc.ID(), Port: pulumi.Int(443), Protocol: pulumi.String("TCP"), TargetType: pulumi.String("ip"),
	}, in)
	if err != nil {
		return err
	}
	_, err = lb.NewListener(ctx, "entrance", &lb.ListenerArgs{
		LoadBalancerArn: balancer.Arn, Port: pulumi.Int(443), Protocol: pulumi.String("TCP"),
		DefaultActions: lb.ListenerDefaultActionArray{
			&lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: targets.Arn},
		},
	}, in)
	return err
}
