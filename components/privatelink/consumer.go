package privatelink

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/nlb"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// ConsumerType is the type token of PrivateLinkConsumer.
const ConsumerType = "underlay:privatelink:PrivateLinkConsumer"

// PrivateLinkConsumerArgs are the arguments of PrivateLinkConsumer: the plain
// ConsumerSpec that decides its structure, and the ids of what it is built into.
type PrivateLinkConsumerArgs struct {
	ConsumerSpec
	// ServiceName is the provider's output where it is not a plain value: of
	// the provider in the same program, or of a stack reference. Required
	// unless the spec gives it.
	ServiceName pulumi.StringInput
	// VpcID is the control plane's VPC. Its DNS support and DNS hostnames must
	// be on for names in a private zone and for private DNS. Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the endpoint's subnets by zone name, one for each of
	// Zones. Required.
	SubnetIDs pulumi.StringMap
	// AliasZoneID is the id of the private zone that Alias.ZoneID would name,
	// where another resource gives it.
	AliasZoneID pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// PrivateLinkConsumer is the way of one VPC to a service of another account: an
// interface endpoint, and names for it.
type PrivateLinkConsumer struct {
	pulumi.ResourceState

	// EndpointID is the endpoint's id: what the provider accepts.
	EndpointID pulumi.StringOutput `pulumi:"endpointId"`
	// DNSName is the endpoint's own regional name, which works in the VPC
	// without any zone.
	DNSName pulumi.StringOutput `pulumi:"dnsName"`
	// Names are the names in the private zone that lead to the endpoint; empty
	// without Alias.
	Names pulumi.StringArrayOutput `pulumi:"names"`
	// SecurityGroupID is the endpoint's group.
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`

	plan *ConsumerPlan
}

// Plan returns the plan that the consumer was built from.
func (c *PrivateLinkConsumer) Plan() *ConsumerPlan { return c.plan }

// NewPrivateLinkConsumer builds the endpoint that args describe. Every problem
// of args is reported at once, before anything is registered: the error then
// holds a problem.List. What works in part only is a warning of the deployment.
func NewPrivateLinkConsumer(
	ctx *pulumi.Context, name string, args *PrivateLinkConsumerArgs, opts ...pulumi.ResourceOption,
) (*PrivateLinkConsumer, error) {
	if args == nil {
		args = &PrivateLinkConsumerArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("PrivateLink consumer %q: %w", name, err)
	}
	consumer := &PrivateLinkConsumer{plan: plan}
	if err := ctx.RegisterComponentResource(ConsumerType, name, consumer, opts...); err != nil {
		return nil, fmt.Errorf("PrivateLink consumer %q: %w", name, err)
	}
	b := &consumerBuilder{ctx: ctx, name: name, args: args, plan: plan, consumer: consumer}
	for _, build := range []func() error{b.warnings, b.securityGroup, b.endpoint, b.names} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("PrivateLink consumer %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(consumer, pulumi.Map{
		"endpointId":      consumer.EndpointID,
		"dnsName":         consumer.DNSName,
		"names":           consumer.Names,
		"securityGroupId": consumer.SecurityGroupID,
	})
	if err != nil {
		return nil, fmt.Errorf("PrivateLink consumer %q: %w", name, err)
	}
	return consumer, nil
}

// plan plans the spec and checks the values given beside it.
func (a *PrivateLinkConsumerArgs) plan() (*ConsumerPlan, error) {
	var problems problem.List
	plan, err := NewConsumerPlan(a.ConsumerSpec)
	problems.Add("", err)
	switch {
	case a.ServiceName == nil && a.ConsumerSpec.ServiceName == "":
		problems.Addf("serviceName", "", "give the provider's output serviceName", "is missing")
	case a.ServiceName != nil && a.ConsumerSpec.ServiceName != "":
		problems.Addf("serviceName", a.ConsumerSpec.ServiceName, "give one of them", "is given twice: in the spec and as an input")
	}
	nlb.CheckInputs(a.VpcID, a.SubnetIDs, a.Zones, &problems)
	switch {
	case a.AliasZoneID == nil:
	case a.Alias == nil:
		problems.Addf("aliasZoneId", "", "set alias, or remove it", "is set, but alias is not")
	case a.Alias.ZoneID != "":
		problems.Addf("alias.zoneId", a.Alias.ZoneID, "give one of them", "is given twice: here and as aliasZoneId")
	}
	return plan, problems.Err()
}

type consumerBuilder struct {
	ctx      *pulumi.Context
	name     string
	args     *PrivateLinkConsumerArgs
	plan     *ConsumerPlan
	consumer *PrivateLinkConsumer
	group    *ec2.SecurityGroup
	rules    []pulumi.Resource
	built    *ec2.VpcEndpoint
}

func (b *consumerBuilder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.consumer)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

func (b *consumerBuilder) warnings() error { return warn.Log(b.ctx, b.consumer, b.plan.Warnings) }

// securityGroup creates the endpoint's group. It has no egress rules: an
// endpoint opens no connections.
func (b *consumerBuilder) securityGroup() error {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		VpcId:       b.args.VpcID.ToStringOutput().ToStringPtrOutput(),
		Description: pulumi.String("Admits clients to a service through PrivateLink"),
		Tags:        tags.Merge(b.args.Tags, b.name, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	b.group = group
	b.consumer.SecurityGroupID = group.ID().ToStringOutput()
	b.rules, err = nlb.IngressRules(b.ctx, b.name, b.consumer, group, b.plan.Rules, " to the service", b.args.Tags)
	return err
}

// endpoint creates the endpoint. It has no policy: that would filter requests
// to AWS's own APIs, which connections to this service are not.
func (b *consumerBuilder) endpoint() error {
	spec := b.plan.Spec
	name := b.args.ServiceName
	if name == nil {
		name = pulumi.String(spec.ServiceName)
	}
	subnets := pulumi.StringArray{}
	for _, zone := range b.plan.Zones {
		subnets = append(subnets, b.args.SubnetIDs[zone.Name])
	}
	args := &ec2.VpcEndpointArgs{
		VpcId:             b.args.VpcID,
		ServiceName:       name.ToStringOutput().ToStringPtrOutput(),
		VpcEndpointType:   pulumi.String("Interface"),
		SubnetIds:         subnets,
		SecurityGroupIds:  pulumi.StringArray{b.group.ID()},
		PrivateDnsEnabled: pulumi.Bool(spec.PrivateDNS),
		Tags:              tags.Merge(b.args.Tags, b.name, nil),
	}
	if spec.ServiceRegion != spec.Region {
		args.ServiceRegion = pulumi.String(spec.ServiceRegion)
	}
	endpoint, err := ec2.NewVpcEndpoint(b.ctx, b.name, args, b.child(slices.Clone(b.rules)...)...)
	if err != nil {
		return err
	}
	b.built = endpoint
	b.consumer.EndpointID = endpoint.ID().ToStringOutput()
	b.consumer.DNSName = dnsEntry(endpoint, func(e ec2.VpcEndpointDnsEntry) *string { return e.DnsName })
	return nil
}

// errNoDNSName says what an endpoint without names waits for.
var errNoDNSName = errors.New("the endpoint has no DNS names yet; have the provider accept the connection, refresh, and deploy again")

// dnsEntry returns a property of the endpoint's first name, the regional one.
func dnsEntry(endpoint *ec2.VpcEndpoint, property func(ec2.VpcEndpointDnsEntry) *string) pulumi.StringOutput {
	return endpoint.DnsEntries.ApplyT(func(entries []ec2.VpcEndpointDnsEntry) (string, error) {
		if len(entries) == 0 || property(entries[0]) == nil {
			return "", errNoDNSName
		}
		return *property(entries[0]), nil
	}).(pulumi.StringOutput)
}

// names creates the private zone, unless it exists, and an alias in it for each
// name.
func (b *consumerBuilder) names() error {
	b.consumer.Names = pulumi.StringArray{}.ToStringArrayOutput()
	alias := b.plan.Spec.Alias
	if alias == nil {
		return nil
	}
	zone := b.args.AliasZoneID
	switch {
	case zone != nil:
	case alias.ZoneID != "":
		zone = pulumi.String(alias.ZoneID)
	default:
		created, err := route53.NewZone(b.ctx, b.name, &route53.ZoneArgs{
			Name:    pulumi.String(alias.Zone),
			Comment: pulumi.String("Names of a service reached through PrivateLink"),
			Vpcs:    route53.ZoneVpcArray{&route53.ZoneVpcArgs{VpcId: b.args.VpcID, VpcRegion: pulumi.String(b.plan.Spec.Region)}},
			Tags:    tags.Merge(b.args.Tags, b.name, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		zone = created.ZoneId
	}
	for _, name := range alias.Names {
		_, err := route53.NewRecord(b.ctx, b.name+"-"+strings.ReplaceAll(name, "*", "wildcard"), &route53.RecordArgs{
			ZoneId: zone,
			Name:   pulumi.String(name),
			Type:   pulumi.String("A"),
			Aliases: route53.RecordAliasArray{&route53.RecordAliasArgs{
				Name:   b.consumer.DNSName,
				ZoneId: dnsEntry(b.built, func(e ec2.VpcEndpointDnsEntry) *string { return e.HostedZoneId }),
				// Route 53 leaves out a zone's address that is not healthy.
				EvaluateTargetHealth: pulumi.Bool(true),
			}},
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	b.consumer.Names = pulumi.ToStringArray(alias.Names).ToStringArrayOutput()
	return nil
}
