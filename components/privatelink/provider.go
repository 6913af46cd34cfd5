package privatelink

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/nlb"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/internal/outputs"
	"github.com/underlay-iac/underlay/problem"
)

// ProviderType is the type token of PrivateLinkProvider.
const ProviderType = "underlay:privatelink:PrivateLinkProvider"

// verificationTTL of the TXT record, in seconds; AWS's own example.
const verificationTTL = 1800

// PrivateLinkProviderArgs are the arguments of PrivateLinkProvider: the plain
// ProviderSpec that decides its structure, and the ids of what it is built into.
type PrivateLinkProviderArgs struct {
	ProviderSpec
	// VpcID is the data plane's VPC. Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the load balancer's private subnets by zone name, one for
	// each of Zones. Required.
	SubnetIDs pulumi.StringMap
	// CertificateArns are certificates of TLS listeners by port ("443"), where
	// another resource gives them.
	CertificateArns pulumi.StringMap
	// VerificationZone is the id of the zone that VerificationZoneID would
	// name, where another resource gives it.
	VerificationZone pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// PrivateLinkProvider is a service that other accounts reach through
// PrivateLink: an internal network load balancer and its endpoint service.
type PrivateLinkProvider struct {
	pulumi.ResourceState

	// ServiceName is what a consumer needs:
	// "com.amazonaws.vpce.<region>.vpce-svc-<id>". Who uses it in the same
	// program waits for the principals and the verification.
	ServiceName pulumi.StringOutput `pulumi:"serviceName"`
	// ServiceID is the endpoint service's id, "vpce-svc-…".
	ServiceID pulumi.StringOutput `pulumi:"serviceId"`
	// ZoneIDs are the ids of the service's zones, for the consumer to compare
	// with its own; empty when the spec gives none.
	ZoneIDs pulumi.StringArrayOutput `pulumi:"zoneIds"`
	// TargetGroupArns are the target groups by listener port.
	TargetGroupArns pulumi.StringMapOutput `pulumi:"targetGroupArns"`
	// SecurityGroupID is the load balancer's group: the targets' own group
	// admits it on the target and health check ports.
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`
	// LoadBalancerArn is the load balancer.
	LoadBalancerArn pulumi.StringOutput `pulumi:"loadBalancerArn"`
	// TxtRecord proves the domain of PrivateDNSName: "type", "name" and
	// "value". The name is a label to put before the domain, or a parent of
	// it. Empty without a private DNS name.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
	TxtRecord pulumi.StringMapOutput `pulumi:"txtRecord"`

	plan *ProviderPlan
	name string
}

// Plan returns the plan that the service was built from.
func (p *PrivateLinkProvider) Plan() *ProviderPlan { return p.plan }

// NewPrivateLinkProvider builds the service that args describe. Every problem
// of args is reported at once, before anything is registered: the error then
// holds a problem.List.
func NewPrivateLinkProvider(
	ctx *pulumi.Context, name string, args *PrivateLinkProviderArgs, opts ...pulumi.ResourceOption,
) (*PrivateLinkProvider, error) {
	if args == nil {
		args = &PrivateLinkProviderArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("PrivateLink provider %q: %w", name, err)
	}
	provider := &PrivateLinkProvider{plan: plan, name: name}
	if err := ctx.RegisterComponentResource(ProviderType, name, provider, opts...); err != nil {
		return nil, fmt.Errorf("PrivateLink provider %q: %w", name, err)
	}
	b := &providerBuilder{ctx: ctx, name: name, args: args, plan: plan, provider: provider}
	for _, build := range []func() error{b.balancer, b.service, b.principals, b.verification, b.ready} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("PrivateLink provider %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(provider, pulumi.Map{
		"serviceName":     provider.ServiceName,
		"serviceId":       provider.ServiceID,
		"zoneIds":         provider.ZoneIDs,
		"targetGroupArns": provider.TargetGroupArns,
		"securityGroupId": provider.SecurityGroupID,
		"loadBalancerArn": provider.LoadBalancerArn,
		"txtRecord":       provider.TxtRecord,
	})
	if err != nil {
		return nil, fmt.Errorf("PrivateLink provider %q: %w", name, err)
	}
	return provider, nil
}

// plan plans the spec and checks the values given beside it.
func (a *PrivateLinkProviderArgs) plan(name string) (*ProviderPlan, error) {
	var problems problem.List
	plan, err := newProviderPlan(a.ProviderSpec, slices.Sorted(maps.Keys(a.CertificateArns)))
	problems.Add("", err)
	nlb.CheckName(name, a.Listeners, &problems)
	nlb.CheckInputs(a.VpcID, a.SubnetIDs, a.Zones, &problems)
	switch {
	case a.VerificationZone != nil && a.VerificationZoneID != "":
		problems.Addf("verificationZoneId", a.VerificationZoneID, "give one of them", "is given twice: here and as verificationZone")
	case a.VerificationZone != nil && a.PrivateDNSName == "":
		problems.Addf("verificationZone", "", "set privateDnsName, or remove it", "verifies no name")
	}
	return plan, problems.Err()
}

type providerBuilder struct {
	ctx      *pulumi.Context
	name     string
	args     *PrivateLinkProviderArgs
	plan     *ProviderPlan
	provider *PrivateLinkProvider
	built    *ec2.VpcEndpointService
	// before is what a consumer waits for.
	before []pulumi.Resource
}

func (b *providerBuilder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.provider)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

func (b *providerBuilder) balancer() error {
	spec := b.plan.Spec
	balancer, err := nlb.New(b.ctx, b.name, b.provider, b.plan.Balancer, nlb.Args{
		Internal:            true,
		VpcID:               b.args.VpcID,
		SubnetIDs:           b.args.SubnetIDs,
		CertificateArns:     b.args.CertificateArns,
		Description:         "Load balancer behind an endpoint service of PrivateLink",
		EnforceInboundRules: string(spec.EnforceInboundRules),
		CrossZone:           *spec.CrossZone,
		ProxyProtocolV2:     spec.ProxyProtocolV2,
		DeletionProtection:  *spec.DeletionProtection,
		Tags:                b.args.Tags,
	})
	if err != nil {
		return err
	}
	b.provider.LoadBalancerArn = balancer.Balancer.Arn
	b.provider.SecurityGroupID = balancer.SecurityGroup.ID().ToStringOutput()
	b.provider.TargetGroupArns = balancer.TargetGroupArns.ToStringMapOutput()
	return nil
}

// service creates the endpoint service. Who may connect is not among its
// inputs: each principal is a resource of its own.
func (b *providerBuilder) service() error {
	spec := b.plan.Spec
	args := &ec2.VpcEndpointServiceArgs{
		AcceptanceRequired:      pulumi.Bool(*spec.AcceptanceRequired),
		NetworkLoadBalancerArns: pulumi.StringArray{b.provider.LoadBalancerArn},
		SupportedIpAddressTypes: pulumi.StringArray{pulumi.String("ipv4")},
		Tags:                    tags.Merge(b.args.Tags, b.name, nil),
	}
	if spec.PrivateDNSName != "" {
		args.PrivateDnsName = pulumi.String(spec.PrivateDNSName)
	}
	if len(b.plan.SupportedRegions) > 0 {
		args.SupportedRegions = pulumi.ToStringArray(b.plan.SupportedRegions)
	}
	service, err := ec2.NewVpcEndpointService(b.ctx, b.name, args, b.child()...)
	if err != nil {
		return err
	}
	b.built = service
	b.provider.ServiceID = service.ID().ToStringOutput()
	zones := pulumi.StringArray{}
	for _, zone := range b.plan.Balancer.Zones {
		if zone.ID != "" {
			zones = append(zones, pulumi.String(zone.ID))
		}
	}
	b.provider.ZoneIDs = zones.ToStringArrayOutput()
	return nil
}

func (b *providerBuilder) principals() error {
	for _, principal := range b.plan.Spec.AllowedPrincipals {
		key := b.name + "-allow-everybody"
		if principal != everybody {
			key = b.name + "-allow-" + strings.ReplaceAll(strings.TrimPrefix(principal, "arn:aws:iam::"), ":", "-")
		}
		allowed, err := ec2.NewVpcEndpointServiceAllowedPrinciple(b.ctx, key, &ec2.VpcEndpointServiceAllowedPrincipleArgs{
			VpcEndpointServiceId: b.provider.ServiceID,
			PrincipalArn:         pulumi.String(principal),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.before = append(b.before, allowed)
	}
	return nil
}

// errNoVerification cannot happen with a private DNS name, says AWS.
var errNoVerification = errors.New("the endpoint service has no TXT record to verify its private DNS name by; refresh to read it again")

// verification publishes the TXT record where it can, and has AWS look for it.
func (b *providerBuilder) verification() error {
	b.provider.TxtRecord = pulumi.StringMap{}.ToStringMapOutput()
	spec := b.plan.Spec
	if spec.PrivateDNSName == "" {
		return nil
	}
	record := b.built.PrivateDnsNameConfigurations.ApplyT(
		func(all []ec2.VpcEndpointServicePrivateDnsNameConfiguration) (map[string]string, error) {
			if len(all) == 0 || all[0].Name == nil || all[0].Value == nil {
				return nil, errNoVerification
			}
			return map[string]string{"type": "TXT", "name": *all[0].Name, "value": *all[0].Value}, nil
		}).(pulumi.StringMapOutput)
	b.provider.TxtRecord = record

	zone := b.args.VerificationZone
	if spec.VerificationZoneID != "" {
		zone = pulumi.String(spec.VerificationZoneID)
	}
	if zone == nil && !spec.VerifyPrivateDNS {
		return nil
	}
	var published []pulumi.Resource
	if zone != nil {
		txt, err := route53.NewRecord(b.ctx, b.name+"-verification", &route53.RecordArgs{
			ZoneId:  zone,
			Name:    record.MapIndex(pulumi.String("name")),
			Type:    pulumi.String("TXT"),
			Ttl:     pulumi.Int(verificationTTL),
			Records: pulumi.StringArray{record.MapIndex(pulumi.String("value"))},
		}, b.child()...)
		if err != nil {
			return err
		}
		published = []pulumi.Resource{txt}
	}
	verified, err := vpc.NewEndpointServicePrivateDnsVerification(b.ctx, b.name, &vpc.EndpointServicePrivateDnsVerificationArgs{
		ServiceId:           b.provider.ServiceID,
		WaitForVerification: pulumi.Bool(true),
	}, b.child(published...)...)
	if err != nil {
		return err
	}
	b.before = append(b.before, verified)
	return nil
}

// ready gives the service's name to consumers. To an account that is not
// allowed yet AWS says that there is no such service.
func (b *providerBuilder) ready() error {
	b.provider.ServiceName = outputs.After(b.built.ServiceName, b.before...)
	return nil
}

// Accept consents to one connection: that of the endpoint with the given id, an
// output of the consumer. The key names the resource within the component and
// must stay the same. Deleting it rejects the connection.
//
// It is the provider's account that consents, so the resource uses the
// component's own provider. A service without acceptance needs no Accept, and
// AWS refuses one.
func (p *PrivateLinkProvider) Accept(ctx *pulumi.Context, key string, endpointID pulumi.StringInput) error {
	if key == "" || endpointID == nil {
		return fmt.Errorf("PrivateLink provider %q: accept: a key and the endpoint's id are needed", p.name)
	}
	if !*p.plan.Spec.AcceptanceRequired {
		return fmt.Errorf("PrivateLink provider %q: accept %s: the service accepts every connection by itself", p.name, key)
	}
	_, err := ec2.NewVpcEndpointConnectionAccepter(ctx, p.name+"-accept-"+key, &ec2.VpcEndpointConnectionAccepterArgs{
		VpcEndpointServiceId: p.ServiceID,
		VpcEndpointId:        endpointID,
	}, pulumi.Parent(p))
	if err != nil {
		return fmt.Errorf("PrivateLink provider %q: accept %s: %w", p.name, key, err)
	}
	return nil
}
