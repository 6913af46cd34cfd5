package nlb

import (
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// balancerKey ends the name of the load balancer and of its security group.
const balancerKey = "nlb"

// Args are what a load balancer is built with, beside its plan.
type Args struct {
	// Internal load balancers have no public addresses.
	Internal bool
	// VpcID and SubnetIDs by zone are where it is built.
	VpcID     pulumi.StringInput
	SubnetIDs pulumi.StringMap
	// CertificateArns are certificates of TLS listeners by port.
	CertificateArns pulumi.StringMap
	// Description of the security group.
	Description string
	// EnforceInboundRules is "on" or "off": whether the security group's
	// ingress rules hold for connections through PrivateLink. Empty for a load
	// balancer without an endpoint service.
	EnforceInboundRules string
	CrossZone           bool
	ProxyProtocolV2     bool
	DeletionProtection  bool
	Tags                pulumi.StringMapInput
	// DependsOn is what must exist before the load balancer.
	DependsOn []pulumi.Resource
}

// CheckInputs adds a problem for each input that is missing.
func CheckInputs(vpcID pulumi.StringInput, subnets pulumi.StringMap, zones []Zone, problems *problem.List) {
	if vpcID == nil {
		problems.Addf("vpcId", "", "give the VPC's id", "is missing")
	}
	for _, zone := range zones {
		if subnets[zone.Name] == nil {
			problems.Addf("subnetIds."+zone.Name, "", "give the zone's subnet", "is missing")
		}
	}
}

// LoadBalancer is what was built.
type LoadBalancer struct {
	Balancer      *lb.LoadBalancer
	SecurityGroup *ec2.SecurityGroup
	// TargetGroupArns by listener port.
	TargetGroupArns pulumi.StringMap
}

// New registers a planned load balancer as children of parent.
func New(ctx *pulumi.Context, name string, parent pulumi.Resource, plan Plan, args Args) (*LoadBalancer, error) {
	b := &builder{ctx: ctx, name: name, parent: parent, plan: plan, args: args, built: &LoadBalancer{}}
	for _, build := range []func() error{b.securityGroup, b.balancer, b.listeners} {
		if err := build(); err != nil {
			return nil, err
		}
	}
	return b.built, nil
}

type builder struct {
	ctx    *pulumi.Context
	name   string
	parent pulumi.Resource
	plan   Plan
	args   Args
	built  *LoadBalancer
	rules  []pulumi.Resource
}

func (b *builder) child(opts ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(opts, pulumi.Parent(b.parent))
}

// securityGroup creates the group and its rules. A load balancer created
// without a group can never get one, so it always has this one.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func (b *builder) securityGroup() error {
	key := b.name + "-" + balancerKey
	group, err := ec2.NewSecurityGroup(b.ctx, key, &ec2.SecurityGroupArgs{
		VpcId:       b.args.VpcID.ToStringOutput().ToStringPtrOutput(),
		Description: pulumi.String(b.args.Description),
		Tags:        tags.Merge(b.args.Tags, key, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	b.built.SecurityGroup = group
	b.rules, err = IngressRules(b.ctx, b.name, b.parent, group, b.plan.Ingress, " to the load balancer", b.args.Tags)
	if err != nil {
		return err
	}
	for _, rule := range b.plan.Egress {
		key := b.name + "-to-" + rule.Key()
		resource, err := vpc.NewSecurityGroupEgressRule(b.ctx, key, &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId: group.ID(),
			CidrIpv4:        pulumi.String(rule.Cidr.String()),
			IpProtocol:      pulumi.String("tcp"),
			FromPort:        pulumi.Int(rule.Port),
			ToPort:          pulumi.Int(rule.Port),
			Description:     pulumi.String("load balancer to targets in " + rule.Cidr.String()),
			Tags:            tags.Merge(b.args.Tags, key, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.rules = append(b.rules, resource)
	}
	return nil
}

// IngressRules registers a group's ingress rules as children of parent. The
// description of each is its block and what follows.
func IngressRules(
	ctx *pulumi.Context, name string, parent pulumi.Resource, group *ec2.SecurityGroup,
	rules []Rule, follows string, callersTags pulumi.StringMapInput,
) ([]pulumi.Resource, error) {
	var built []pulumi.Resource
	for _, rule := range rules {
		key := name + "-from-" + rule.Key()
		resource, err := vpc.NewSecurityGroupIngressRule(ctx, key, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(),
			CidrIpv4:        pulumi.String(rule.Cidr.String()),
			IpProtocol:      pulumi.String("tcp"),
			FromPort:        pulumi.Int(rule.Port),
			ToPort:          pulumi.Int(rule.Port),
			Description:     pulumi.String(rule.Cidr.String() + follows),
			Tags:            tags.Merge(callersTags, key, nil),
		}, pulumi.Parent(parent))
		if err != nil {
			return nil, err
		}
		built = append(built, resource)
	}
	return built, nil
}

// balancer creates the load balancer once its group's rules are there, so that
// it works from its first moment. No name is given: the provider chooses one,
// and a replacement can exist beside what it replaces.
func (b *builder) balancer() error {
	key := b.name + "-" + balancerKey
	subnets := pulumi.StringArray{}
	for _, zone := range b.plan.Zones {
		subnets = append(subnets, b.args.SubnetIDs[zone.Name])
	}
	args := &lb.LoadBalancerArgs{
		LoadBalancerType:             pulumi.String("network"),
		Internal:                     pulumi.Bool(b.args.Internal),
		IpAddressType:                pulumi.String("ipv4"),
		Subnets:                      subnets,
		SecurityGroups:               pulumi.StringArray{b.built.SecurityGroup.ID()},
		EnableCrossZoneLoadBalancing: pulumi.Bool(b.args.CrossZone),
		EnableDeletionProtection:     pulumi.Bool(b.args.DeletionProtection),
		Tags:                         tags.Merge(b.args.Tags, key, nil),
	}
	if b.args.EnforceInboundRules != "" {
		args.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic = pulumi.String(b.args.EnforceInboundRules)
	}
	before := append(slices.Clone(b.rules), b.args.DependsOn...)
	balancer, err := lb.NewLoadBalancer(b.ctx, key, args, b.child(pulumi.DependsOn(before))...)
	if err != nil {
		return err
	}
	b.built.Balancer = balancer
	return nil
}

// listeners creates a target group and a listener for each port.
func (b *builder) listeners() error {
	b.built.TargetGroupArns = pulumi.StringMap{}
	for _, l := range b.plan.Listeners {
		port := strconv.Itoa(l.Port)
		key := b.name + "-" + port
		check := &lb.TargetGroupHealthCheckArgs{
			Enabled:            pulumi.Bool(true),
			Protocol:           pulumi.String(l.HealthCheck.Protocol),
			Port:               pulumi.String(strconv.Itoa(l.HealthCheck.Port)),
			Interval:           pulumi.Int(l.HealthCheck.IntervalSeconds),
			Timeout:            pulumi.Int(l.HealthCheck.timeout()),
			HealthyThreshold:   pulumi.Int(l.HealthCheck.HealthyThreshold),
			UnhealthyThreshold: pulumi.Int(l.HealthCheck.UnhealthyThreshold),
		}
		if l.HealthCheck.Path != "" {
			check.Path = pulumi.String(l.HealthCheck.Path)
		}
		group, err := lb.NewTargetGroup(b.ctx, key, &lb.TargetGroupArgs{
			VpcId:      b.args.VpcID.ToStringOutput().ToStringPtrOutput(),
			Port:       pulumi.Int(l.TargetPort),
			Protocol:   pulumi.String("TCP"),
			TargetType: pulumi.String(string(l.TargetType)),
			// Explicit, because AWS's default differs between target types.
			// Through PrivateLink no client address arrives in any case.
			PreserveClientIp: pulumi.String("false"),
			ProxyProtocolV2:  pulumi.Bool(b.args.ProxyProtocolV2),
			HealthCheck:      check,
			Tags:             tags.Merge(b.args.Tags, key, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		args := &lb.ListenerArgs{
			LoadBalancerArn: b.built.Balancer.Arn,
			Port:            pulumi.Int(l.Port),
			Protocol:        pulumi.String(string(l.Protocol)),
			DefaultActions: lb.ListenerDefaultActionArray{
				&lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: group.Arn},
			},
			Tags: tags.Merge(b.args.Tags, key, nil),
		}
		if l.Protocol == TLS {
			args.SslPolicy = pulumi.String(l.TLSPolicy)
			args.CertificateArn = pulumi.String(l.CertificateArn)
			if arn := b.args.CertificateArns[port]; arn != nil {
				args.CertificateArn = arn.ToStringOutput().ToStringPtrOutput()
			}
		}
		// A target group serves one load balancer: when that is replaced, the
		// old listener has to let go of the group first.
		_, err = lb.NewListener(b.ctx, key, args, b.child(pulumi.DeleteBeforeReplace(true))...)
		if err != nil {
			return err
		}
		b.built.TargetGroupArns[port] = group.Arn
	}
	return nil
}
