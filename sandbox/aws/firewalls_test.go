package aws_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	ruleGroupType      = "aws:networkfirewall/ruleGroup:RuleGroup"
	fwPolicyType       = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
	firewallType       = "aws:networkfirewall/firewall:Firewall"
	domainListType     = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
	dnsGroupType       = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
	dnsRuleType        = "aws:route53/resolverFirewallRule:ResolverFirewallRule"
	dnsAssociationType = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
)

// someFirewallPolicy is the ARN of a policy that nobody has.
const someFirewallPolicy = "arn:aws:network-firewall:eu-west-1:123456789012:firewall-policy/nobody"

// listed is a rule group that allows names in strict order.
func listed(name string, capacity int, names ...any) in {
	return in{
		"name": name, "type": "STATEFUL", "capacity": capacity, "ruleGroup": in{
			"rulesSource": in{"rulesSourceList": in{
				"generatedRulesType": "ALLOWLIST", "targetTypes": []any{"TLS_SNI"}, "targets": names,
			}},
			"statefulRuleOptions": in{"ruleOrder": "STRICT_ORDER"},
		},
	}
}

// ports is a stateless rule group with one rule for each priority.
func ports(name string, capacity int, priorities ...int) in {
	var rules []any
	for _, priority := range priorities {
		rules = append(rules, in{"priority": priority, "ruleDefinition": in{
			"actions": []any{"aws:forward_to_sfe"},
			"matchAttributes": in{
				"protocols":        []any{6},
				"sources":          []any{in{"addressDefinition": "10.20.0.0/16"}, in{"addressDefinition": "100.64.0.0/16"}},
				"destinations":     []any{in{"addressDefinition": "0.0.0.0/0"}},
				"destinationPorts": []any{in{"fromPort": 443, "toPort": 443}},
			},
		}})
	}
	return in{"name": name, "type": "STATELESS", "capacity": capacity, "ruleGroup": in{
		"rulesSource": in{"statelessRulesAndCustomActions": in{"statelessRules": rules}},
	}}
}

// strict is a policy in strict order with the given default actions.
func strict(name string, actions []any, references ...any) in {
	return in{"name": name, "firewallPolicy": in{
		"statelessDefaultActions": []any{"aws:drop"}, "statelessFragmentDefaultActions": []any{"aws:drop"},
		"statefulEngineOptions":       in{"ruleOrder": "STRICT_ORDER"},
		"statefulDefaultActions":      actions,
		"statefulRuleGroupReferences": references,
	}}
}

func reference(priority int, group res) in { return in{"priority": priority, "resourceArn": group.id} }

// guarded is a VPC with a firewall in one zone.
type guarded struct {
	vpc, subnet, rules, policy, firewall res
}

func (i *instance) guarded(more in) guarded {
	i.t.Helper()
	g := guarded{vpc: i.vpc("10.20.0.0/16")}
	g.subnet = i.subnet(g.vpc, "10.20.248.0/28", "eu-west-1a")
	g.rules = i.create(ruleGroupType, listed("names", 10, "idp.example.com"))
	g.policy = i.create(fwPolicyType, strict("policy", []any{"aws:drop_established_app_layer_to_server"}, reference(1, g.rules)))
	inputs := g.inputs(g.subnet)
	maps.Copy(inputs, more)
	g.firewall = i.create(firewallType, inputs)
	return g
}

func (g guarded) inputs(subnets ...res) in {
	var mappings []any
	for _, subnet := range subnets {
		mappings = append(mappings, in{"subnetId": subnet.id})
	}
	return in{"name": "fw", "vpcId": g.vpc.id, "firewallPolicyArn": g.policy.id, "subnetMappings": mappings}
}

// endpoints returns a firewall's endpoints by zone.
func endpoints(firewall res) map[string]string {
	found := map[string]string{}
	for _, state := range firewall.out["firewallStatuses"].ArrayValue()[0].ObjectValue()["syncStates"].ArrayValue() {
		attachment := state.ObjectValue()["attachments"].ArrayValue()[0].ObjectValue()
		found[state.ObjectValue()["availabilityZone"].StringValue()] = attachment["endpointId"].StringValue()
	}
	return found
}

// A firewall has an endpoint of its own in each of its subnets, which comes and
// goes with the subnet, and routes may lead to it.
func TestFirewallEndpoints(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	g := i.guarded(nil)
	assert.Equal(t, "arn:aws:network-firewall:eu-west-1:123456789012:firewall/fw", g.firewall.id)
	assert.Equal(t, "arn:aws:network-firewall:eu-west-1:123456789012:stateful-rulegroup/names", g.rules.str("arn"))
	first := endpoints(g.firewall)
	require.Equal(t, []string{"eu-west-1a"}, slices.Collect(maps.Keys(first)))
	assert.Regexp(t, `^vpce-0[0-9a-f]{16}$`, first["eu-west-1a"])

	nodes := i.subnet(g.vpc, "10.20.0.0/24", "eu-west-1a")
	table := i.table(g.vpc)
	out := i.create(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": first["eu-west-1a"]})
	back := i.create(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "10.20.0.0/24", "vpcEndpointId": first["eu-west-1a"]})
	assert.Equal(t, "active", back.str("state"))
	require.ErrorContains(t, i.remove(g.subnet), "DependencyViolation")

	b := i.subnet(g.vpc, "10.20.248.16/28", "eu-west-1b")
	assert.Equal(t, []string{"subnetMappings"}, i.diff(g.firewall, g.inputs(b, g.subnet)).GetDiffs())
	assert.Empty(t, i.diff(g.firewall, g.inputs(b, g.subnet)).GetReplaces())
	wider, err := i.update(g.firewall, g.inputs(b, g.subnet))
	require.NoError(t, err)
	both := endpoints(wider)
	require.Len(t, both, 2)
	assert.Equal(t, first["eu-west-1a"], both["eu-west-1a"], "the endpoint that was there stays")

	only, err := i.update(wider, g.inputs(b))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"eu-west-1b": both["eu-west-1b"]}, endpoints(only))
	now, _ := i.read(out, nil)
	assert.Equal(t, "blackhole", now.str("state"))
	require.NoError(t, i.remove(g.subnet))
	assert.Empty(t, cloud.Dangling())

	for _, r := range []res{out, back, only, g.policy, g.rules, b, nodes, table, g.vpc} {
		require.NoError(t, i.remove(r), r.typ)
	}
	assert.Empty(t, cloud.Objects())
}

// The endpoints are unknown in the preview of a change of the subnets, so that
// a program can route to one that does not exist yet.
func TestFirewallPreview(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	g := i.guarded(nil)
	b := i.subnet(g.vpc, "10.20.248.16/28", "eu-west-1b")
	planned := i.planned(g.firewall, g.inputs(g.subnet, b))
	assert.True(t, planned["firewallStatuses"].IsComputed())
	planned = i.planned(g.firewall, with(g.inputs(g.subnet), "description", "new"))
	assert.False(t, planned["firewallStatuses"].IsComputed())
}

func TestFirewallRefusals(t *testing.T) {
	drop := []any{"aws:drop_established"}
	cases := []struct {
		name string
		call func(i *instance) error
		want string
	}{
		{"a rule group in use", func(i *instance) error { return i.remove(i.guarded(nil).rules) },
			"deleting NetworkFirewall Rule Group (arn:aws:network-firewall:eu-west-1:123456789012:stateful-rulegroup/names): operation error Network Firewall: DeleteRuleGroup, https response error StatusCode: 400, RequestID: *, InvalidOperationException: Unable to delete the object because it is still in use"},
		{"a policy in use", func(i *instance) error { return i.remove(i.guarded(nil).policy) },
			"DeleteFirewallPolicy, *, InvalidOperationException: Unable to delete the object because it is still in use"},
		{"a firewall protected against deletion", func(i *instance) error { return i.remove(i.guarded(in{"deleteProtection": true}).firewall) },
			"DeleteFirewall, *, InvalidOperationException: Unable to delete the firewall because delete protection is enabled"},
		{"a firewall protected against other subnets", func(i *instance) error {
			g := i.guarded(in{"subnetChangeProtection": true})
			b := i.subnet(g.vpc, "10.20.248.16/28", "eu-west-1b")
			_, err := i.update(g.firewall, with(g.inputs(g.subnet, b), "subnetChangeProtection", true))
			return err
		}, "AssociateSubnets, *, InvalidOperationException"},
		{"two subnets of a zone", func(i *instance) error {
			g := i.guarded(nil)
			b := i.subnet(g.vpc, "10.20.248.16/28", "eu-west-1a")
			_, err := i.update(g.firewall, g.inputs(g.subnet, b))
			return err
		}, "InvalidRequestException: The subnet mappings have more than one subnet in the Availability Zone eu-west-1a"},
		{"a subnet of another VPC", func(i *instance) error {
			g := i.guarded(nil)
			_, err := i.update(g.firewall, g.inputs(i.subnet(i.vpc("10.30.0.0/16"), "10.30.0.0/28", "eu-west-1a")))
			return err
		}, "InvalidRequestException: The subnet subnet-* isn't in the VPC vpc-*"},
		{"no subnet", func(i *instance) error {
			_, err := i.update(i.guarded(nil).firewall, in{"name": "fw", "vpcId": someVpc, "firewallPolicyArn": someFirewallPolicy, "subnetMappings": []any{}})
			return err
		}, "InvalidRequestException"},
		{"a name that is taken", func(i *instance) error {
			i.guarded(nil)
			_, err := i.try(ruleGroupType, listed("names", 10, "a.example.com"))
			return err
		}, "InvalidRequestException: A resource with the specified name already exists"},
		{"more names than the capacity", func(i *instance) error {
			_, err := i.try(ruleGroupType, listed("names", 1, "a.example.com", "b.example.com"))
			return err
		}, "InvalidRequestException: The rules need a capacity of 2, the rule group has 1; the most is 30000"},
		{"stateless rules: two of 1 protocol, 2 sources, 1 destination and 1 port", func(i *instance) error {
			_, err := i.try(ruleGroupType, ports("ports", 3, 1, 2))
			return err
		}, "InvalidRequestException: The rules need a capacity of 4, the rule group has 3; the most is 30000"},
		{"stateless rules of one priority", func(i *instance) error {
			_, err := i.try(ruleGroupType, ports("ports", 4, 1, 1))
			return err
		}, "InvalidRequestException: The priority 1 is used by more than one rule"},
		{"no name", func(i *instance) error {
			_, err := i.try(ruleGroupType, listed("names", 1, "https://a.example.com"))
			return err
		},
			"InvalidRequestException: The domain name https://a.example.com isn't valid"},
		{"a star", func(i *instance) error {
			_, err := i.try(ruleGroupType, listed("names", 1, "*.example.com"))
			return err
		},
			"InvalidRequestException: The domain name *.example.com isn't valid"},
		{"two groups of one priority", func(i *instance) error {
			a, b := i.create(ruleGroupType, listed("a", 1, "a.example.com")), i.create(ruleGroupType, listed("b", 1, "b.example.com"))
			_, err := i.try(fwPolicyType, strict("policy", drop, reference(1, a), reference(1, b)))
			return err
		}, "InvalidRequestException: The priority 1 is used by more than one rule group"},
		{"strict order without a priority", func(i *instance) error {
			a := i.create(ruleGroupType, listed("a", 1, "a.example.com"))
			_, err := i.try(fwPolicyType, strict("policy", drop, in{"resourceArn": a.id}))
			return err
		}, "InvalidRequestException: A priority is needed with the rule order STRICT_ORDER, and only with that"},
		{"a group of another order", func(i *instance) error {
			inputs := listed("a", 1, "a.example.com")
			delete(inputs["ruleGroup"].(in), "statefulRuleOptions")
			_, err := i.try(fwPolicyType, strict("policy", drop, reference(1, i.create(ruleGroupType, inputs))))
			return err
		}, "InvalidRequestException: The rule order DEFAULT_ACTION_ORDER of rule group *"},
		{"a stateless group among the stateful ones", func(i *instance) error {
			_, err := i.try(fwPolicyType, strict("policy", drop, reference(1, i.create(ruleGroupType, ports("ports", 4, 1)))))
			return err
		}, "InvalidRequestException: statefulRuleGroupReferences: there is no stateful rule group arn:*"},
		{"default actions without strict order", func(i *instance) error {
			inputs := strict("policy", drop)
			delete(inputs["firewallPolicy"].(in), "statefulEngineOptions")
			_, err := i.try(fwPolicyType, inputs)
			return err
		}, "InvalidRequestException: StatefulDefaultActions are only valid with the rule order STRICT_ORDER"},
		{"two ways to drop", func(i *instance) error {
			_, err := i.try(fwPolicyType, strict("policy", []any{"aws:drop_established", "aws:drop_strict"}))
			return err
		}, "InvalidRequestException: StatefulDefaultActions can have only one drop action"},
		{"an unknown default action", func(i *instance) error {
			_, err := i.try(fwPolicyType, strict("policy", []any{"aws:drop_all"}))
			return err
		}, "InvalidRequestException: StatefulDefaultAction aws:drop_all isn't valid"},
		{"a policy that nobody has", func(i *instance) error {
			g := guarded{vpc: i.vpc("10.20.0.0/16"), policy: res{id: someFirewallPolicy}}
			_, err := i.try(firewallType, g.inputs(i.subnet(g.vpc, "10.20.248.0/28", "eu-west-1a")))
			return err
		}, "InvalidRequestException: The firewall policy arn:*"},
		{"a sixth firewall", func(i *instance) error {
			g := i.guarded(nil)
			for n := range 4 {
				i.create(firewallType, with(g.inputs(g.subnet), "name", fmt.Sprintf("fw%d", n)))
			}
			_, err := i.try(firewallType, with(g.inputs(g.subnet), "name", "sixth"))
			return err
		}, "LimitExceededException"},

		{"a route to part of a subnet", func(i *instance) error {
			g := i.guarded(nil)
			_, err := i.try(routeType, in{"routeTableId": i.table(g.vpc).id, "destinationCidrBlock": "10.20.0.0/25", "vpcEndpointId": endpoints(g.firewall)["eu-west-1a"]})
			return err
		}, "api error InvalidParameterValue: The destination CIDR block 10.20.0.0/25 is more specific than one of this VPC's CIDR blocks and doesn't match the CIDR block of any of its subnets."},
		{"a route inside the VPC to an internet gateway", func(i *instance) error {
			g := i.guarded(nil)
			igw := i.create(igwType, in{"vpcId": g.vpc.id})
			_, err := i.try(routeType, in{"routeTableId": i.table(g.vpc).id, "destinationCidrBlock": "10.20.248.0/28", "gatewayId": igw.id})
			return err
		}, "api error InvalidParameterValue: The destination CIDR block 10.20.248.0/28 is equal to or more specific than one of this VPC's CIDR blocks."},
		{"a route to an interface endpoint", func(i *instance) error {
			vpc := i.vpc("10.20.0.0/16")
			sts, err := i.endpoint(vpc, "sts", in{"subnetIds": []any{i.subnet(vpc, "10.20.0.0/24", "eu-west-1a").id}})
			require.NoError(i.t, err)
			_, err = i.try(routeType, in{"routeTableId": i.table(vpc).id, "destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": sts.id})
			return err
		}, "api error InvalidParameterValue: The VPC endpoint vpce-* isn't a Gateway Load Balancer endpoint"},
		{"a route to a firewall of another VPC", func(i *instance) error {
			g := i.guarded(nil)
			_, err := i.try(routeType, in{"routeTableId": i.table(i.vpc("10.30.0.0/16")).id, "destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": endpoints(g.firewall)["eu-west-1a"]})
			return err
		}, "api error InvalidParameterValue: route table rtb-* and vpc endpoint vpce-* belong to different networks"},

		{"two DNS rules of one priority", func(i *instance) error {
			group := i.create(dnsGroupType, in{"name": "g"})
			i.create(dnsRuleType, dnsRule(group, i.create(domainListType, in{"name": "a", "domains": []any{"a.example.com"}}), 1))
			_, err := i.try(dnsRuleType, dnsRule(group, i.create(domainListType, in{"name": "b", "domains": []any{"*"}}), 1))
			return err
		}, "ValidationException: The priority 1 is used by another rule of the firewall rule group 'rslvr-frg-*'"},
		{"a DNS rule that blocks without an answer", func(i *instance) error {
			group := i.create(dnsGroupType, in{"name": "g"})
			_, err := i.try(dnsRuleType, with(dnsRule(group, i.create(domainListType, in{"name": "a", "domains": []any{"*"}}), 1), "action", "BLOCK"))
			return err
		}, "ValidationException: BlockResponse is required with the action BLOCK, and only allowed with that"},
		{"a domain that is none", func(i *instance) error {
			_, err := i.try(domainListType, in{"name": "a", "domains": []any{"a.*.example.com"}})
			return err
		}, "operation error Route53Resolver: UpdateFirewallDomains, *, ValidationException: The domain 'a.*.example.com' isn't valid"},
		{"a domain list in use", func(i *instance) error {
			list := i.create(domainListType, in{"name": "a", "domains": []any{"*"}})
			i.create(dnsRuleType, dnsRule(i.create(dnsGroupType, in{"name": "g"}), list, 1))
			return i.remove(list)
		}, "DeleteFirewallDomainList, *, ConflictException"},
		{"a DNS rule group in use", func(i *instance) error {
			group := i.create(dnsGroupType, in{"name": "g"})
			i.create(dnsAssociationType, in{"name": "a", "vpcId": i.vpc("10.20.0.0/16").id, "firewallRuleGroupId": group.id, "priority": 101})
			return i.remove(group)
		}, "DeleteFirewallRuleGroup, *, ConflictException"},
		{"two DNS rule groups of one priority", func(i *instance) error {
			vpc := i.vpc("10.20.0.0/16")
			i.create(dnsAssociationType, in{"name": "a", "vpcId": vpc.id, "firewallRuleGroupId": i.create(dnsGroupType, in{"name": "g"}).id, "priority": 101})
			_, err := i.try(dnsAssociationType, in{"name": "b", "vpcId": vpc.id, "firewallRuleGroupId": i.create(dnsGroupType, in{"name": "h"}).id, "priority": 101})
			return err
		}, "AssociateFirewallRuleGroup, *, ConflictException: The priority 101 is used by another firewall rule group of the VPC 'vpc-*'"},
		{"a priority of Firewall Manager", func(i *instance) error {
			_, err := i.try(dnsAssociationType, in{"name": "a", "vpcId": i.vpc("10.20.0.0/16").id, "firewallRuleGroupId": i.create(dnsGroupType, in{"name": "g"}).id, "priority": 99})
			return err
		}, "ValidationException: The priority 99 isn't between 100 and 9900"},
		{"a protected association", func(i *instance) error {
			return i.remove(i.create(dnsAssociationType, in{
				"name": "a", "vpcId": i.vpc("10.20.0.0/16").id, "firewallRuleGroupId": i.create(dnsGroupType, in{"name": "g"}).id,
				"priority": 101, "mutationProtection": "ENABLED",
			}))
		}, "DisassociateFirewallRuleGroup, *, ConflictException"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, aws.Options{})
			err := c.call(i)
			require.Error(t, err)
			assertLike(t, c.want, err.Error())
		})
	}
}

func dnsRule(group, list res, priority int) in {
	return in{"name": "r", "action": "ALLOW", "priority": priority, "firewallRuleGroupId": group.id, "firewallDomainListId": list.id}
}

func TestDNSFirewallLifecycle(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	vpc := i.vpc("10.20.0.0/16")
	list := i.create(domainListType, in{"name": "a", "domains": []any{"a.example.com", "*.b.example.com"}})
	assert.Empty(t, i.diff(list, in{"name": "a", "domains": []any{"*.b.example.com", "a.example.com"}}).GetDiffs(), "the order does not count")
	group := i.create(dnsGroupType, in{"name": "g"})
	rule := i.create(dnsRuleType, dnsRule(group, list, 1))
	assert.Equal(t, group.id+":"+list.id, rule.id)
	assert.Equal(t, "INSPECT_REDIRECTION_DOMAIN", rule.str("firewallDomainRedirectionAction"))
	association := i.create(dnsAssociationType, in{"name": "a", "vpcId": vpc.id, "firewallRuleGroupId": group.id, "priority": 101})
	assert.Equal(t, "DISABLED", association.str("mutationProtection"))
	_, err := i.update(rule, dnsRule(group, list, 2))
	require.NoError(t, err)
	for _, r := range []res{association, rule, group, list, vpc} {
		require.NoError(t, i.remove(r), r.typ)
	}
	assert.Empty(t, cloud.Objects())
}

// planned returns what the preview of an update knows of a resource.
func (i *instance) planned(r res, inputs in) resource.PropertyMap {
	i.t.Helper()
	checked, failures := i.check(r.typ, inputs, r.out)
	require.Empty(i.t, failures)
	u, err := i.server.Update(i.ctx, &pulumirpc.UpdateRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(i.t, r.out), News: marshalMap(i.t, checked), Preview: true,
	})
	require.NoError(i.t, err)
	return unmarshal(i.t, u.GetProperties())
}
