package publicconnector

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/nlb"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:publicconnector:PublicConnector"

// PublicConnectorArgs are the arguments of PublicConnector: the plain Spec that
// decides its structure, and the ids of what it is built into.
type PublicConnectorArgs struct {
	Spec
	// VpcID is the data plane's VPC, which has an internet gateway. Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the public subnets by zone name, one for each of Zones.
	// Required.
	SubnetIDs pulumi.StringMap
	// CertificateArns are certificates of TLS listeners by port ("443"), where
	// another resource gives them.
	CertificateArns pulumi.StringMap
	// DependsOn is what must exist before the load balancer and outlive it,
	// beside its subnets: the internet gateway and the public tier's default
	// route, or the network component that holds them. AWS refuses an
	// internet-facing load balancer in a VPC without a gateway.
	DependsOn []pulumi.Resource
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// PublicConnector is an internet-facing network load balancer that admits the
// control plane.
type PublicConnector struct {
	pulumi.ResourceState

	// DNSName is the load balancer's public name.
	DNSName pulumi.StringOutput `pulumi:"dnsName"`
	// HostedZoneID is the Route 53 zone of that name, for alias records.
	HostedZoneID pulumi.StringOutput `pulumi:"hostedZoneId"`
	// LoadBalancerArn is the load balancer.
	LoadBalancerArn pulumi.StringOutput `pulumi:"loadBalancerArn"`
	// SecurityGroupID is the load balancer's group: the targets' own group
	// admits it on the target and health check ports.
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`
	// TargetGroupArns are the target groups by listener port.
	TargetGroupArns pulumi.StringMapOutput `pulumi:"targetGroupArns"`

	plan *Plan
}

// Plan returns the plan that the connector was built from.
func (c *PublicConnector) Plan() *Plan { return c.plan }

// NewPublicConnector builds the connector that args describe. Every problem of
// args is reported at once, before anything is registered: the error then holds
// a problem.List.
func NewPublicConnector(
	ctx *pulumi.Context, name string, args *PublicConnectorArgs, opts ...pulumi.ResourceOption,
) (*PublicConnector, error) {
	if args == nil {
		args = &PublicConnectorArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("public connector %q: %w", name, err)
	}
	connector := &PublicConnector{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, connector, opts...); err != nil {
		return nil, fmt.Errorf("public connector %q: %w", name, err)
	}
	balancer, err := nlb.New(ctx, name, connector, plan.Balancer, nlb.Args{
		VpcID:              args.VpcID,
		SubnetIDs:          args.SubnetIDs,
		CertificateArns:    args.CertificateArns,
		Description:        "Admits the control plane to the data plane",
		CrossZone:          *plan.Spec.CrossZone,
		ProxyProtocolV2:    plan.Spec.ProxyProtocolV2,
		DeletionProtection: *plan.Spec.DeletionProtection,
		Tags:               args.Tags,
		DependsOn:          args.DependsOn,
	})
	if err != nil {
		return nil, fmt.Errorf("public connector %q: %w", name, err)
	}
	connector.DNSName = balancer.Balancer.DnsName
	connector.HostedZoneID = balancer.Balancer.ZoneId
	connector.LoadBalancerArn = balancer.Balancer.Arn
	connector.SecurityGroupID = balancer.SecurityGroup.ID().ToStringOutput()
	connector.TargetGroupArns = balancer.TargetGroupArns.ToStringMapOutput()
	err = ctx.RegisterResourceOutputs(connector, pulumi.Map{
		"dnsName":         connector.DNSName,
		"hostedZoneId":    connector.HostedZoneID,
		"loadBalancerArn": connector.LoadBalancerArn,
		"securityGroupId": connector.SecurityGroupID,
		"targetGroupArns": connector.TargetGroupArns,
	})
	if err != nil {
		return nil, fmt.Errorf("public connector %q: %w", name, err)
	}
	return connector, nil
}

// plan plans the spec and checks the values given beside it.
func (a *PublicConnectorArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := newPlan(a.Spec, slices.Sorted(maps.Keys(a.CertificateArns)))
	problems.Add("", err)
	nlb.CheckName(name, a.Listeners, &problems)
	nlb.CheckInputs(a.VpcID, a.SubnetIDs, a.Zones, &problems)
	return plan, problems.Err()
}
