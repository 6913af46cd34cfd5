package endpoints

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:endpoints:InterfaceEndpoints"

// InterfaceEndpointsArgs are the arguments of InterfaceEndpoints: the plain Spec
// that decides its structure, and the ids of what the endpoints are built into.
type InterfaceEndpointsArgs struct {
	Spec
	// VpcID is the VPC. Its DNS support and DNS hostnames must be on for
	// private DNS. Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the endpoint subnets by zone name, one for each of Zones.
	// Required.
	SubnetIDs pulumi.StringMap
	// SecurityGroupIDs take the place of the shared security group: the caller
	// then answers for what they admit.
	SecurityGroupIDs pulumi.StringArray
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// InterfaceEndpoints is a set of interface endpoints behind one security group.
type InterfaceEndpoints struct {
	pulumi.ResourceState

	// EndpointIDs are the endpoints' ids by service.
	EndpointIDs pulumi.StringMapOutput `pulumi:"endpointIds"`
	// SecurityGroupID is the shared security group's id; empty when the caller
	// brings its own groups.
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`

	plan      *Plan
	endpoints map[string]*ec2.VpcEndpoint
}

// Endpoint returns the endpoint of a service, for what is built on its DNS
// entries; nil when the set has none.
func (e *InterfaceEndpoints) Endpoint(service string) *ec2.VpcEndpoint { return e.endpoints[service] }

// Plan returns the plan that the endpoints were built from.
func (e *InterfaceEndpoints) Plan() *Plan { return e.plan }

// NewInterfaceEndpoints builds the endpoints that args describe. Every problem
// of args is reported at once, before anything is registered: the error then
// holds a problem.List.
func NewInterfaceEndpoints(
	ctx *pulumi.Context, name string, args *InterfaceEndpointsArgs, opts ...pulumi.ResourceOption,
) (*InterfaceEndpoints, error) {
	if args == nil {
		args = &InterfaceEndpointsArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("interface endpoints %q: %w", name, err)
	}
	set := &InterfaceEndpoints{plan: plan, endpoints: map[string]*ec2.VpcEndpoint{}}
	if err := ctx.RegisterComponentResource(Type, name, set, opts...); err != nil {
		return nil, fmt.Errorf("interface endpoints %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, set: set}
	for _, build := range []func() error{b.securityGroup, b.endpoints} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("interface endpoints %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(set, pulumi.Map{
		"endpointIds":     set.EndpointIDs,
		"securityGroupId": set.SecurityGroupID,
	})
	if err != nil {
		return nil, fmt.Errorf("interface endpoints %q: %w", name, err)
	}
	return set, nil
}

// plan plans the spec and checks the values given beside it.
func (a *InterfaceEndpointsArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if a.VpcID == nil {
		problems.Addf("vpcId", "", "give the VPC's id", "is missing")
	}
	for _, zone := range a.Zones {
		if a.SubnetIDs[zone.Name] == nil {
			problems.Addf("subnetIds."+zone.Name, "", "give the zone's endpoint subnet", "is missing")
		}
	}
	if len(a.SecurityGroupIDs) == 0 && len(a.SourceCidrs) == 0 {
		problems.Addf("sourceCidrs", "", "list every block of the VPC, or give securityGroupIds", "is missing")
	}
	return plan, problems.Err()
}

// builder registers the resources of one set.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   *InterfaceEndpointsArgs
	plan   *Plan
	set    *InterfaceEndpoints
	groups pulumi.StringArrayInput
	rules  []pulumi.Resource
}

// child returns the options of a child resource.
func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.set)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

// securityGroup creates the group that admits every source block to every port
// that a service of the set is used on. It has no egress rules: endpoints open
// no connections.
func (b *builder) securityGroup() error {
	b.set.SecurityGroupID = pulumi.String("").ToStringOutput()
	if len(b.args.SecurityGroupIDs) > 0 {
		b.groups = b.args.SecurityGroupIDs
		return nil
	}
	group, err := ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		VpcId:       b.args.VpcID.ToStringOutput().ToStringPtrOutput(),
		Description: pulumi.String(cmp.Or(b.args.GroupDescription, "Admits the whole VPC, pods included, to its interface endpoints")),
		Tags:        tags.Merge(b.args.Tags, b.name, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	for _, rule := range b.plan.Rules {
		key := fmt.Sprintf("%s-%s-%d", b.name, strings.ReplaceAll(rule.Cidr.String(), "/", "-"), rule.Port)
		resource, err := vpc.NewSecurityGroupIngressRule(b.ctx, key, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(),
			CidrIpv4:        pulumi.String(rule.Cidr.String()),
			IpProtocol:      pulumi.String("tcp"),
			FromPort:        pulumi.Int(rule.Port),
			ToPort:          pulumi.Int(rule.Port),
			Description:     pulumi.String(rule.Cidr.String() + " to interface endpoints"),
			Tags:            tags.Merge(b.args.Tags, key, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.rules = append(b.rules, resource)
	}
	b.set.SecurityGroupID = group.ID().ToStringOutput()
	b.groups = pulumi.StringArray{b.set.SecurityGroupID}
	return nil
}

// endpoints creates the endpoints. They wait for the group's rules: with
// private DNS, traffic moves to an endpoint the moment it exists.
func (b *builder) endpoints() error {
	ids := pulumi.StringMap{}
	for _, e := range b.plan.Endpoints {
		key := b.name + "-" + strings.ReplaceAll(e.Service, ".", "-")
		subnets := pulumi.StringArray{}
		for _, zone := range e.Zones {
			subnets = append(subnets, b.args.SubnetIDs[zone])
		}
		args := &ec2.VpcEndpointArgs{
			VpcId:             b.args.VpcID,
			ServiceName:       pulumi.String(e.ServiceName),
			VpcEndpointType:   pulumi.String("Interface"),
			SubnetIds:         subnets,
			SecurityGroupIds:  b.groups,
			PrivateDnsEnabled: pulumi.Bool(e.PrivateDNS),
			Tags:              tags.Merge(b.args.Tags, key, nil),
		}
		if e.Policy != "" {
			args.Policy = pulumi.String(e.Policy)
		}
		if e.Service == "s3" && e.PrivateDNS {
			// AWS's default resolves S3 names to the endpoint for on-premises
			// resolvers only, not for the VPC itself.
			args.DnsOptions = &ec2.VpcEndpointDnsOptionsArgs{
				PrivateDnsOnlyForInboundResolverEndpoint: pulumi.Bool(false),
			}
		}
		endpoint, err := ec2.NewVpcEndpoint(b.ctx, key, args, b.child(slices.Clone(b.rules)...)...)
		if err != nil {
			return err
		}
		b.set.endpoints[e.Service] = endpoint
		ids[e.Service] = endpoint.ID().ToStringOutput()
	}
	b.set.EndpointIDs = ids.ToStringMapOutput()
	return nil
}
