package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/networkfirewall"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	ruleGroupType      = "aws:networkfirewall/ruleGroup:RuleGroup"
	firewallPolicyType = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
	firewallType       = "aws:networkfirewall/firewall:Firewall"
)

// networkFirewall is the service as its errors name it.
const networkFirewall = "Network Firewall"

// Limits of Network Firewall.
// Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/quotas.html
const (
	mostFirewalls        = 5
	mostFirewallPolicies = 20
	mostRuleGroups       = 50 // of each type
	mostFirewallCapacity = 30000
)

// The orders in which stateful rules are evaluated.
const (
	strictOrder = "STRICT_ORDER"
	actionOrder = "DEFAULT_ACTION_ORDER"
)

// gatewayLoadBalancer is the type of the endpoints that firewalls have.
const gatewayLoadBalancer = "GatewayLoadBalancer"

var (
	firewallName = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	// listedName is a target of a domain list: a name, or with a leading dot
	// the name and all below it.
	listedName = regexp.MustCompile(`^\.?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
)

// firewallResource fills in what the three types have in common.
func firewallResource(k *kind) *kind {
	k.label = func(in wire.Props) string { return in.Str("name") }
	k.id = func(in wire.Props) string { return in.Str("name") } // until create knows the ARN
	k.Name = &wire.AutoName{Property: "name", Max: 128, Separator: "-"}
	check := k.check
	k.check = func(c *checks) {
		c.match("name", firewallName, 128)
		check(c)
	}
	return k
}

// named gives an object its ARN and refuses a second of its name, and one more
// than there may be.
func (t *tx) named(o *Object, path string, among, most int) error {
	o.ID = t.arn("network-firewall", path+"/"+o.props().Str("name"))
	if t.find(o.Type, o.ID) != nil {
		return t.refuse("InvalidRequestException", "A resource with the specified name already exists")
	}
	if among >= most {
		return t.refuse("LimitExceededException", "You've reached the limit of %d resources of this type", most)
	}
	p := o.props()
	p["arn"] = o.ID
	// An opaque word; no two callers change an object at a time here.
	p["updateToken"] = hash(32, o.Type)
	return nil
}

func ruleGroupKind() *kind {
	return firewallResource(&kind{
		token: ruleGroupType, args: networkfirewall.RuleGroupArgs{}, outputs: networkfirewall.RuleGroup{},
		noun: "NetworkFirewall Rule Group",
		api:  api{networkFirewall, "CreateRuleGroup", "UpdateRuleGroup", "DeleteRuleGroup"},
		Resource: wire.Resource{
			Unmodelled: []string{"encryptionConfiguration", "rules"},
			Replace:    []string{"capacity", "name"},
			ReplaceIf: func(old, new wire.Props, _ []string) []string {
				if ruleOrder(old) != ruleOrder(new) {
					return []string{"ruleGroup"}
				}
				return nil
			},
			Computed: []string{"ruleGroup"},
		},
		check: func(c *checks) {
			c.oneOf("type", "STATEFUL", "STATELESS")
			if c.in.IsUnknown("ruleGroup") {
				return
			}
			group := c.in.Object("ruleGroup")
			source := group.Object("rulesSource")
			for _, name := range []string{"rulesString", "statefulRules"} {
				if _, given := source[name]; given {
					c.fail("ruleGroup.rulesSource."+name, "is not modelled by the sandbox")
				}
			}
			if _, given := group["referenceSets"]; given {
				c.fail("ruleGroup.referenceSets", "is not modelled by the sandbox")
			}
			for _, target := range source.Object("rulesSourceList").Strs("targetTypes") {
				if target != "TLS_SNI" && target != "HTTP_HOST" {
					c.fail("ruleGroup.rulesSource.rulesSourceList.targetTypes", "must be one of TLS_SNI, HTTP_HOST, not %q", target)
				}
			}
		},
		create: func(t *tx, o *Object) error {
			path, among := "stateful-rulegroup", count(t.where(ruleGroupType, "type", o.props().Str("type")))
			if o.props().Str("type") == "STATELESS" {
				path = "stateless-rulegroup"
			}
			if err := t.named(o, path, among, mostRuleGroups); err != nil {
				return err
			}
			return t.checkRules(o)
		},
		update: func(t *tx, old, o *Object) error {
			if old.props().Str("type") != o.props().Str("type") {
				return t.refuse("InvalidRequestException", "The type of a rule group can't be changed")
			}
			return t.checkRules(o)
		},
		remove: func(t *tx, o *Object) error {
			for policy := range t.all(firewallPolicyType) {
				if slices.Contains(referenced(policy), o.ID) {
					return t.refuse("InvalidOperationException", "Unable to delete the object because it is still in use")
				}
			}
			return nil
		},
	})
}

// ruleOrder returns the order that a rule group's rules are for.
func ruleOrder(group wire.Props) string {
	if order := group.Object("ruleGroup").Object("statefulRuleOptions").Str("ruleOrder"); order != "" {
		return order
	}
	return actionOrder
}

// checkRules refuses rules that the type of the group does not have, that are
// no rules, or for which it has no room.
func (t *tx) checkRules(o *Object) error {
	p := o.props()
	invalid := func(format string, args ...any) error {
		return t.refuse("InvalidRequestException", "%s", fmt.Sprintf(format, args...))
	}
	group := p.Object("ruleGroup")
	source := group.Object("rulesSource")
	names := source.Object("rulesSourceList")
	stateless := objects(source.Object("statelessRulesAndCustomActions")["statelessRules"])
	needs := 0
	switch stateful := p.Str("type") == "STATEFUL"; {
	case stateful && len(stateless) > 0, !stateful && len(names) > 0:
		return invalid("The rules source doesn't match the rule group type %s", p.Str("type"))
	case !stateful && group.Object("statefulRuleOptions").Str("ruleOrder") != "":
		return invalid("StatefulRuleOptions isn't valid for a stateless rule group")
	case stateful:
		targets := names.Strs("targets")
		if len(targets) == 0 || len(names.Strs("targetTypes")) == 0 {
			return invalid("A rule group needs rules: the domain list has no targets or no target types")
		}
		for _, target := range targets {
			if !listedName.MatchString(target) || len(target) > 255 {
				return invalid("The domain name %s isn't valid", target)
			}
		}
		if kind := names.Str("generatedRulesType"); !slices.Contains([]string{"ALLOWLIST", "DENYLIST"}, kind) {
			return invalid("GeneratedRulesType %s isn't valid", kind)
		}
		for _, set := range objects(group.Object("ruleVariables")["ipSets"]) {
			for _, block := range set.Object("ipSet").Strs("definitions") {
				if !isBlock(block) {
					return invalid("The IP set %s has %s, which isn't a CIDR block", set.Str("key"), block)
				}
			}
		}
		needs = len(targets)
	default:
		priorities := map[int]bool{}
		for _, rule := range stateless {
			n, _ := rule.Int("priority")
			if n < 1 || n > 65535 {
				return invalid("The priority %d isn't from 1 to 65535", n)
			}
			if priorities[n] {
				return invalid("The priority %d is used by more than one rule", n)
			}
			priorities[n] = true
			cost, err := t.statelessRule(rule.Object("ruleDefinition"))
			if err != nil {
				return err
			}
			needs += cost
		}
		if needs == 0 {
			return invalid("A rule group needs rules")
		}
	}
	if room, _ := p.Int("capacity"); needs > room || room > mostFirewallCapacity {
		return invalid("The rules need a capacity of %d, the rule group has %d; the most is %d", needs, room, mostFirewallCapacity)
	}
	return nil
}

// statelessRule returns what a rule takes of the group's capacity: the product
// of what it matches.
// Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/nwfw-rule-group-capacity.html
func (t *tx) statelessRule(definition wire.Props) (int, error) {
	actions := definition.Strs("actions")
	standard := slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return !strings.HasPrefix(a, "aws:") })
	if len(standard) != 1 || !slices.Contains([]string{"aws:pass", "aws:drop", "aws:forward_to_sfe"}, standard[0]) {
		return 0, t.refuse("InvalidRequestException", "A stateless rule needs exactly one of aws:pass, aws:drop, aws:forward_to_sfe")
	}
	match := definition.Object("matchAttributes")
	protocols, _ := match["protocols"].([]any)
	cost := max(1, len(protocols))
	for _, name := range []string{"sources", "destinations", "sourcePorts", "destinationPorts"} {
		entries := objects(match[name])
		cost *= max(1, len(entries))
		for _, entry := range entries {
			if block, given := entry["addressDefinition"].(string); given && !isBlock(block) {
				return 0, t.refuse("InvalidRequestException", "The address %s isn't a CIDR block", block)
			}
		}
		if ported := strings.HasSuffix(name, "Ports") && len(entries) > 0; ported && !portProtocols(protocols) {
			return 0, t.refuse("InvalidRequestException", "Ports need the protocols TCP (6) or UDP (17)")
		}
	}
	return cost, nil
}

// portProtocols reports whether protocols are given and all of them have ports.
func portProtocols(protocols []any) bool {
	return len(protocols) > 0 && !slices.ContainsFunc(protocols, func(p any) bool { return p != float64(6) && p != float64(17) })
}

func isBlock(text string) bool {
	c := &checks{in: wire.Props{"block": text}}
	c.cidr4("block", 0, 32)
	return len(c.failures) == 0
}

func firewallPolicyKind() *kind {
	return firewallResource(&kind{
		token: firewallPolicyType, args: networkfirewall.FirewallPolicyArgs{}, outputs: networkfirewall.FirewallPolicy{},
		noun: "NetworkFirewall Firewall Policy",
		api:  api{networkFirewall, "CreateFirewallPolicy", "UpdateFirewallPolicy", "DeleteFirewallPolicy"},
		Resource: wire.Resource{
			Unmodelled: []string{"encryptionConfiguration"},
			Replace:    []string{"name"},
		},
		check: func(c *checks) {
			if c.in.IsUnknown("firewallPolicy") {
				return
			}
			for _, name := range []string{"policyVariables", "statelessCustomActions", "tlsInspectionConfigurationArn"} {
				if _, given := c.in.Object("firewallPolicy")[name]; given {
					c.fail("firewallPolicy."+name, "is not modelled by the sandbox")
				}
			}
		},
		create: func(t *tx, o *Object) error {
			if err := t.named(o, "firewall-policy", count(t.all(firewallPolicyType)), mostFirewallPolicies); err != nil {
				return err
			}
			return t.checkFirewallPolicy(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkFirewallPolicy(o) },
		remove: func(t *tx, o *Object) error {
			if first(t.where(firewallType, "firewallPolicyArn", o.ID)) != nil {
				return t.refuse("InvalidOperationException", "Unable to delete the object because it is still in use")
			}
			return nil
		},
	})
}

// referenced returns the ARNs of a policy's rule groups.
func referenced(policy *Object) []string {
	var arns []string
	inner := policy.props().Object("firewallPolicy")
	for _, name := range []string{"statefulRuleGroupReferences", "statelessRuleGroupReferences"} {
		for _, r := range objects(inner[name]) {
			arns = append(arns, r.Str("resourceArn"))
		}
	}
	return arns
}

// The default actions of a policy.
// Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
var (
	statelessActions = []string{"aws:pass", "aws:drop", "aws:forward_to_sfe"}
	statefulActions  = []string{"strict", "established", "established_app_layer", "established_app_layer_to_server"}
)

// checkFirewallPolicy refuses a policy that contradicts itself or its rule
// groups.
func (t *tx) checkFirewallPolicy(o *Object) error {
	p := o.props().Object("firewallPolicy")
	invalid := func(format string, args ...any) error {
		return t.refuse("InvalidRequestException", "%s", fmt.Sprintf(format, args...))
	}
	for _, name := range []string{"statelessDefaultActions", "statelessFragmentDefaultActions"} {
		if actions := p.Strs(name); len(actions) != 1 || !slices.Contains(statelessActions, actions[0]) {
			return invalid("%s needs exactly one of %s", name, strings.Join(statelessActions, ", "))
		}
	}
	options := p.Object("statefulEngineOptions")
	order := options.Str("ruleOrder")
	if order == "" {
		order = actionOrder
	}
	if policy := options.Str("streamExceptionPolicy"); policy != "" && !slices.Contains([]string{"DROP", "CONTINUE", "REJECT"}, policy) {
		return invalid("StreamExceptionPolicy %s isn't valid", policy)
	}
	drops := 0
	for _, action := range p.Strs("statefulDefaultActions") {
		verb, rest, _ := strings.Cut(strings.TrimPrefix(action, "aws:"), "_")
		if !strings.HasPrefix(action, "aws:") || verb != "drop" && verb != "alert" || !slices.Contains(statefulActions, rest) {
			return invalid("StatefulDefaultAction %s isn't valid", action)
		}
		if order != strictOrder {
			return invalid("StatefulDefaultActions are only valid with the rule order %s", strictOrder)
		}
		if verb == "drop" {
			drops++
		}
	}
	if drops > 1 {
		return invalid("StatefulDefaultActions can have only one drop action")
	}
	for _, list := range []struct{ name, kind string }{
		{"statefulRuleGroupReferences", "STATEFUL"}, {"statelessRuleGroupReferences", "STATELESS"},
	} {
		priorities := map[int]bool{}
		for _, r := range objects(p[list.name]) {
			group := t.find(ruleGroupType, r.Str("resourceArn"))
			if group == nil || group.props().Str("type") != list.kind {
				return invalid("%s: there is no %s rule group %s", list.name, strings.ToLower(list.kind), r.Str("resourceArn"))
			}
			n, prioritized := r.Int("priority")
			switch {
			case list.kind == "STATEFUL" && ruleOrder(group.props()) != order:
				return invalid("The rule order %s of rule group %s doesn't match the policy's, %s", ruleOrder(group.props()), group.ID, order)
			case list.kind == "STATEFUL" && prioritized != (order == strictOrder):
				return invalid("A priority is needed with the rule order %s, and only with that", strictOrder)
			case prioritized && (n < 1 || n > 65535):
				return invalid("The priority %d isn't from 1 to 65535", n)
			case prioritized && priorities[n]:
				return invalid("The priority %d is used by more than one rule group", n)
			}
			priorities[n] = true
		}
	}
	return nil
}

func firewallKind() *kind {
	return firewallResource(&kind{
		token: firewallType, args: networkfirewall.FirewallArgs{}, outputs: networkfirewall.Firewall{},
		noun: "NetworkFirewall Firewall",
		api:  api{networkFirewall, "CreateFirewall", "UpdateFirewall", "DeleteFirewall"},
		refs: []ref{
			{property: "vpcId", token: vpcType, code: "InvalidRequestException"},
			{property: "firewallPolicyArn", token: firewallPolicyType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"enabledAnalysisTypes", "encryptionConfiguration"},
			Required:   []string{"subnetMappings"},
			Defaults:   wire.Props{"deleteProtection": false},
			Replace:    []string{"name", "vpcId"},
			Sets:       []string{"subnetMappings"},
			Unstable:   map[string][]string{"subnetMappings": {"firewallStatuses"}},
		},
		check: func(c *checks) { c.arn("firewallPolicyArn", "network-firewall") },
		create: func(t *tx, o *Object) error {
			if err := t.named(o, "firewall", count(t.all(firewallType)), mostFirewalls); err != nil {
				return err
			}
			return t.attach(o)
		},
		update: func(t *tx, old, o *Object) error {
			p, was := o.props(), old.props()
			if p.Bool("firewallPolicyChangeProtection") && was.Bool("firewallPolicyChangeProtection") &&
				p.Str("firewallPolicyArn") != was.Str("firewallPolicyArn") {
				return t.refuseAs("AssociateFirewallPolicy", "InvalidOperationException", "The firewall is protected against changes of its policy")
			}
			added, gone := mappingsDiff(was, p)
			if len(added)+len(gone) > 0 && p.Bool("subnetChangeProtection") && was.Bool("subnetChangeProtection") {
				return t.refuseAs("AssociateSubnets", "InvalidOperationException", "The firewall is protected against changes of its subnets")
			}
			return t.attach(o)
		},
		remove: func(t *tx, o *Object) error {
			if o.props().Bool("deleteProtection") {
				return t.refuse("InvalidOperationException", "Unable to delete the firewall because delete protection is enabled")
			}
			return nil
		},
	})
}

// mapped returns the subnets of a firewall.
func mapped(firewall wire.Props) []string {
	var ids []string
	for _, m := range objects(firewall["subnetMappings"]) {
		ids = append(ids, m.Str("subnetId"))
	}
	return ids
}

// mappingsDiff returns the subnets that a firewall gets and loses.
func mappingsDiff(was, is wire.Props) (added, gone []string) {
	before, after := mapped(was), mapped(is)
	for _, id := range after {
		if !slices.Contains(before, id) {
			added = append(added, id)
		}
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			gone = append(gone, id)
		}
	}
	return added, gone
}

// attach gives a firewall an endpoint in each of its subnets, and takes away
// those in other subnets.
func (t *tx) attach(o *Object) error {
	subnets := mapped(o.props())
	if len(subnets) == 0 {
		return t.refuse("InvalidRequestException", "A firewall needs at least one subnet mapping")
	}
	zones := map[string]bool{}
	for _, id := range subnets {
		subnet := t.find(subnetType, id)
		if subnet == nil || subnet.props().Str("vpcId") != o.props().Str("vpcId") {
			return t.refuse("InvalidRequestException", "The subnet %s isn't in the VPC %s", id, o.props().Str("vpcId"))
		}
		zone := subnet.props().Str("availabilityZone")
		if zones[zone] {
			return t.refuse("InvalidRequestException", "The subnet mappings have more than one subnet in the Availability Zone %s", zone)
		}
		zones[zone] = true
	}
	has := map[string]*Object{}
	for endpoint := range t.where(vpcEndpointType, "vpcEndpointType", gatewayLoadBalancer) {
		if endpoint.With != o.ID {
			continue
		}
		in := endpoint.props().Strs("subnetIds")[0]
		if !slices.Contains(subnets, in) {
			t.forget(endpoint)
			continue
		}
		has[in] = endpoint
	}
	var states []any
	zoneOf := func(id string) string { return t.find(subnetType, id).props().Str("availabilityZone") }
	slices.SortFunc(subnets, func(a, b string) int { return strings.Compare(zoneOf(a), zoneOf(b)) })
	for _, id := range subnets {
		subnet := t.find(subnetType, id)
		endpoint := has[id]
		if endpoint == nil {
			endpoint = t.newObject(vpcEndpointType, t.newID("vpce"), wire.Props{
				"vpcEndpointType": gatewayLoadBalancer, "vpcId": o.props().Str("vpcId"), "subnetIds": wire.Strings(id),
				"state": "available", "requesterManaged": true, "serviceRegion": t.session.region,
			})
			endpoint.With = o.ID
			t.add(endpoint)
			eni, err := t.addInterface(endpoint, subnet, "", nil)
			if err != nil {
				return err
			}
			endpoint.Properties["networkInterfaceIds"] = wire.Strings(eni.ID)
		}
		states = append(states, map[string]any{
			"availabilityZone": subnet.props().Str("availabilityZone"),
			"attachments":      []any{map[string]any{"endpointId": endpoint.ID, "subnetId": id}},
		})
	}
	o.props()["firewallStatuses"] = []any{map[string]any{"syncStates": states}}
	return nil
}
