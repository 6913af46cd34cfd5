package aws

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	dnsDomainListType  = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
	dnsRuleGroupType   = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
	dnsRuleType        = "aws:route53/resolverFirewallRule:ResolverFirewallRule"
	dnsAssociationType = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
)

// resolver is the service as its errors name it.
const resolver = "Route53Resolver"

// Limits of DNS Firewall.
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-entities-resolver
const (
	mostDomains         = 100000 // in all lists of an account and region
	mostDNSRules        = 100    // of a group
	mostDNSAssociations = 5      // of a VPC
)

var (
	// resolverName is the provider's and the service's rule for names.
	resolverName = regexp.MustCompile(`^[a-zA-Z0-9\-_' ]*[a-zA-Z\-_' ][a-zA-Z0-9\-_' ]*$`)
	// listedDomain is a star, or a name whose first label may be one.
	// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_UpdateFirewallDomains.html
	listedDomain = regexp.MustCompile(`^(?:\*|(?:\*\.)?(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_-]{1,63}\.?)$`)
)

func dnsName() *wire.AutoName {
	return &wire.AutoName{Property: "name", Max: 64, Separator: "-"}
}

func byName(in wire.Props) string { return in.Str("name") }

func dnsDomainListKind() *kind {
	return &kind{
		token: dnsDomainListType, args: route53.ResolverFirewallDomainListArgs{}, outputs: route53.ResolverFirewallDomainList{},
		noun: "Route53 Resolver Firewall Domain List", label: byName,
		api:    api{resolver, "CreateFirewallDomainList", "UpdateFirewallDomains", "DeleteFirewallDomainList"},
		prefix: "rslvr-fdl",
		Resource: wire.Resource{
			Name:    dnsName(),
			Replace: []string{"name"},
			Sets:    []string{"domains"},
		},
		check: func(c *checks) { c.match("name", resolverName, 64) },
		create: func(t *tx, o *Object) error {
			o.Properties["arn"] = t.arn("route53resolver", "firewall-domain-list/"+o.ID)
			return t.checkDomains(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkDomains(o) },
		remove: func(t *tx, o *Object) error {
			if first(t.where(dnsRuleType, "firewallDomainListId", o.ID)) != nil {
				return t.refuse("ConflictException", "The firewall domain list '%s' is in use by a firewall rule and can't be deleted", o.ID)
			}
			return nil
		},
	}
}

// checkDomains refuses what is no domain, and more domains than there may be.
func (t *tx) checkDomains(o *Object) error {
	n := 0
	for list := range t.all(dnsDomainListType) {
		if list.ID != o.ID {
			n += len(list.props().Strs("domains"))
		}
	}
	domains := o.props().Strs("domains")
	if n+len(domains) > mostDomains {
		return t.refuseAs("UpdateFirewallDomains", "LimitExceededException", "The firewall domain lists of an account have at most %d domains", mostDomains)
	}
	for _, domain := range domains {
		if !listedDomain.MatchString(domain) || len(domain) > 255 {
			return t.refuseAs("UpdateFirewallDomains", "ValidationException", "The domain '%s' isn't valid", domain)
		}
	}
	return nil
}

func dnsRuleGroupKind() *kind {
	return &kind{
		token: dnsRuleGroupType, args: route53.ResolverFirewallRuleGroupArgs{}, outputs: route53.ResolverFirewallRuleGroup{},
		noun: "Route53 Resolver Firewall Rule Group", label: byName,
		api:    api{resolver, "CreateFirewallRuleGroup", "TagResource", "DeleteFirewallRuleGroup"},
		prefix: "rslvr-frg",
		Resource: wire.Resource{
			Name:    dnsName(),
			Replace: []string{"name"},
		},
		check: func(c *checks) { c.match("name", resolverName, 64) },
		create: func(t *tx, o *Object) error {
			o.Properties["arn"] = t.arn("route53resolver", "firewall-rule-group/"+o.ID)
			o.Properties["shareStatus"] = "NOT_SHARED"
			return nil
		},
		remove: func(t *tx, o *Object) error {
			for _, token := range []string{dnsAssociationType, dnsRuleType} {
				if first(t.where(token, "firewallRuleGroupId", o.ID)) != nil {
					return t.refuse("ConflictException", "The firewall rule group '%s' is in use and can't be deleted", o.ID)
				}
			}
			return nil
		},
	}
}

func dnsRuleKind() *kind {
	return &kind{
		token: dnsRuleType, args: route53.ResolverFirewallRuleArgs{}, outputs: route53.ResolverFirewallRule{},
		noun: "Route53 Resolver Firewall Rule", label: byName,
		api: api{resolver, "CreateFirewallRule", "UpdateFirewallRule", "DeleteFirewallRule"},
		id: func(in wire.Props) string {
			return in.Str("firewallRuleGroupId") + ":" + in.Str("firewallDomainListId")
		},
		refs: []ref{
			{property: "firewallRuleGroupId", token: dnsRuleGroupType},
			{property: "firewallDomainListId", token: dnsDomainListType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"blockOverrideDnsType", "blockOverrideDomain", "blockOverrideTtl", "qType"},
			Defaults:   wire.Props{"firewallDomainRedirectionAction": "INSPECT_REDIRECTION_DOMAIN"},
			Name:       dnsName(),
			Replace:    []string{"firewallDomainListId", "firewallRuleGroupId"},
		},
		check: func(c *checks) {
			c.match("name", resolverName, 64)
			c.oneOf("action", "ALLOW", "BLOCK", "ALERT")
			c.oneOf("blockResponse", "NODATA", "NXDOMAIN")
			c.oneOf("firewallDomainRedirectionAction", "INSPECT_REDIRECTION_DOMAIN", "TRUST_REDIRECTION_DOMAIN")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			if t.find(dnsRuleType, o.ID) != nil {
				return t.refuse("ConflictException", "The firewall rule group '%s' has a rule for the domain list '%s' already",
					p.Str("firewallRuleGroupId"), p.Str("firewallDomainListId"))
			}
			if count(t.where(dnsRuleType, "firewallRuleGroupId", p.Str("firewallRuleGroupId"))) >= mostDNSRules {
				return t.refuse("LimitExceededException", "A firewall rule group has at most %d rules", mostDNSRules)
			}
			return t.checkDNSRule(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkDNSRule(o) },
	}
}

// checkDNSRule refuses a rule whose priority another one of the group has, and
// a response that does not go with the action.
func (t *tx) checkDNSRule(o *Object) error {
	p := o.props()
	if blocks := p.Str("action") == "BLOCK"; blocks != (p.Str("blockResponse") != "") {
		return t.refuse("ValidationException", "BlockResponse is required with the action BLOCK, and only allowed with that")
	}
	priority, _ := p.Int("priority")
	for other := range t.where(dnsRuleType, "firewallRuleGroupId", p.Str("firewallRuleGroupId")) {
		if n, _ := other.props().Int("priority"); other.ID != o.ID && n == priority {
			return t.refuse("ValidationException", "The priority %d is used by another rule of the firewall rule group '%s'",
				priority, p.Str("firewallRuleGroupId"))
		}
	}
	return nil
}

func dnsAssociationKind() *kind {
	return &kind{
		token: dnsAssociationType,
		args:  route53.ResolverFirewallRuleGroupAssociationArgs{}, outputs: route53.ResolverFirewallRuleGroupAssociation{},
		noun: "Route53 Resolver Firewall Rule Group Association", label: byName,
		api: api{
			resolver, "AssociateFirewallRuleGroup", "UpdateFirewallRuleGroupAssociation", "DisassociateFirewallRuleGroup",
		},
		prefix: "rslvr-frgassoc",
		refs: []ref{
			{property: "firewallRuleGroupId", token: dnsRuleGroupType},
			{property: "vpcId", token: vpcType, code: "ResourceNotFoundException"},
		},
		Resource: wire.Resource{
			Name:     dnsName(),
			Replace:  []string{"firewallRuleGroupId", "vpcId"},
			Computed: []string{"mutationProtection"},
		},
		check: func(c *checks) {
			c.match("name", resolverName, 64)
			c.oneOf("mutationProtection", "ENABLED", "DISABLED")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			p["arn"] = t.arn("route53resolver", "firewall-rule-group-association/"+o.ID)
			if p.Str("mutationProtection") == "" {
				p["mutationProtection"] = "DISABLED"
			}
			if count(t.where(dnsAssociationType, "vpcId", p.Str("vpcId"))) >= mostDNSAssociations {
				return t.refuse("LimitExceededException", "A VPC has at most %d firewall rule groups", mostDNSAssociations)
			}
			return t.checkDNSAssociation(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkDNSAssociation(o) },
		remove: func(t *tx, o *Object) error {
			if o.props().Str("mutationProtection") == "ENABLED" {
				return t.refuse("ConflictException", "The firewall rule group association '%s' is protected against changes", o.ID)
			}
			return nil
		},
	}
}

// checkDNSAssociation refuses a second association of the same group, and a
// priority that another group of the VPC has.
func (t *tx) checkDNSAssociation(o *Object) error {
	p := o.props()
	priority, _ := p.Int("priority")
	if priority <= 100 || priority >= 9900 {
		return t.refuse("ValidationException", "The priority %d isn't between 100 and 9900", priority)
	}
	for other := range t.where(dnsAssociationType, "vpcId", p.Str("vpcId")) {
		if other.ID == o.ID {
			continue
		}
		if other.props().Str("firewallRuleGroupId") == p.Str("firewallRuleGroupId") {
			return t.refuse("ConflictException", "The firewall rule group '%s' is associated with the VPC '%s' already",
				p.Str("firewallRuleGroupId"), p.Str("vpcId"))
		}
		if n, _ := other.props().Int("priority"); n == priority {
			return t.refuse("ConflictException", "The priority %d is used by another firewall rule group of the VPC '%s'", priority, p.Str("vpcId"))
		}
	}
	return nil
}
