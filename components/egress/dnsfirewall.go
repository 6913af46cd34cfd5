package egress

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The priorities of the rules in the group, with room between them.
const (
	allowPriority = 100
	blockPriority = 200
)

// dnsFirewall builds the rule group: allow the names, block the rest.
func (b *builder) dnsFirewall() error {
	group, err := route53.NewResolverFirewallRuleGroup(b.ctx, b.name, &route53.ResolverFirewallRuleGroupArgs{
		Tags: b.tags(b.name),
	}, b.child()...)
	if err != nil {
		return err
	}
	allowed, err := b.domains("allowed", b.plan.AllowedNames)
	if err != nil {
		return err
	}
	allow, err := route53.NewResolverFirewallRule(b.ctx, b.key("allowed"), &route53.ResolverFirewallRuleArgs{
		FirewallRuleGroupId:  group.ID(),
		FirewallDomainListId: allowed.ID(),
		Action:               pulumi.String("ALLOW"),
		Priority:             pulumi.Int(allowPriority),
		// What an allowed name is an alias of need not be listed: Cognito's
		// domains lead to names that AWS changes.
		FirewallDomainRedirectionAction: pulumi.String("TRUST_REDIRECTION_DOMAIN"),
	}, b.child()...)
	if err != nil {
		return err
	}
	others, err := b.domains("others", []string{"*"})
	if err != nil {
		return err
	}
	block, err := route53.NewResolverFirewallRule(b.ctx, b.key("others"), &route53.ResolverFirewallRuleArgs{
		FirewallRuleGroupId:             group.ID(),
		FirewallDomainListId:            others.ID(),
		Action:                          pulumi.String("BLOCK"),
		BlockResponse:                   pulumi.String("NODATA"),
		Priority:                        pulumi.Int(blockPriority),
		FirewallDomainRedirectionAction: pulumi.String("INSPECT_REDIRECTION_DOMAIN"),
		// The VPC is never without the rule that allows.
	}, b.child(allow)...)
	if err != nil {
		return err
	}
	protection := "DISABLED"
	if b.plan.Spec.DNSFirewall.MutationProtection {
		protection = "ENABLED"
	}
	_, err = route53.NewResolverFirewallRuleGroupAssociation(b.ctx, b.name, &route53.ResolverFirewallRuleGroupAssociationArgs{
		FirewallRuleGroupId: group.ID(),
		VpcId:               b.args.VpcID,
		Priority:            pulumi.Int(b.plan.Spec.DNSFirewall.Priority),
		MutationProtection:  pulumi.String(protection),
		Tags:                b.tags(b.name),
	}, b.child(allow, block)...)
	b.egress.DNSRuleGroupID = group.ID().ToStringOutput()
	return err
}

func (b *builder) domains(key string, names []string) (*route53.ResolverFirewallDomainList, error) {
	key = b.key(key)
	return route53.NewResolverFirewallDomainList(b.ctx, key, &route53.ResolverFirewallDomainListArgs{
		Domains: pulumi.ToStringArray(names),
		Tags:    b.tags(key),
	}, b.child()...)
}
