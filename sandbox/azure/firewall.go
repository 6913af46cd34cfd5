package azure

import (
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	firewallType            = "azure-native:network/v20240501:AzureFirewall"
	firewallPolicyType      = "azure-native:network/v20240501:FirewallPolicy"
	ruleCollectionGroupType = "azure-native:network/v20240501:FirewallPolicyRuleCollectionGroup"

	armFirewallPolicy = "Microsoft.Network/firewallPolicies"
)

func firewallKind() *kind {
	return &kind{
		token: firewallType, args: network.AzureFirewallArgs{}, outputs: network.AzureFirewall{},
		arm: "Microsoft.Network/azureFirewalls", path: []string{"azureFirewallName"},
		refs: []ref{
			{path: "firewallPolicy.id", arm: armFirewallPolicy, anywhere: true},
			{path: "ipConfigurations[].subnet.id", arm: armSubnet},
			{path: "ipConfigurations[].publicIPAddress.id", arm: armPublicAddress, alone: taken},
			{path: "managementIpConfiguration.subnet.id", arm: armSubnet},
			{path: "managementIpConfiguration.publicIPAddress.id", arm: armPublicAddress, alone: taken},
		},
		Resource: wire.Resource{
			Unmodelled: []string{
				"applicationRuleCollections", "autoscaleConfiguration", "hubIPAddresses", "natRuleCollections", "networkRuleCollections", "virtualHub",
			},
			Name: random("azureFirewallName"),
		},
		put: putFirewall,
	}
}

// tiers order the tiers of firewalls and their policies.
var tiers = []string{"Basic", "Standard", "Premium"}

// putFirewall knows firewalls in virtual networks. The codes are the
// sandbox's: the documents give the rules only.
// Source: https://learn.microsoft.com/azure/firewall/firewall-faq (resource
// group, subnet's name), https://learn.microsoft.com/azure/firewall/management-nic
// (the tier Basic's second address),
// https://learn.microsoft.com/azure/firewall-manager/policy-overview (tiers)
func putFirewall(t *tx, old, o *Object) error {
	p := o.props()
	tier := p.Object("sku").Str("tier")
	if err := oneOf(o, "sku.tier", tier, tiers...); err != nil {
		return err
	}
	if err := oneOf(o, "threatIntelMode", p.Str("threatIntelMode"), "Alert", "Deny", "Off"); err != nil {
		return err
	}
	if err := checkZones(o); err != nil {
		return err
	}
	if policy := t.find(p.Object("firewallPolicy").Str("id")); policy != nil && !takes(tier, policyTier(policy)) {
		return refuse("AzureFirewallPolicyTierMismatch", "Azure Firewall %s of tier %s cannot have the policy %s of tier %s.",
			o.ID, tier, policy.ID, policyTier(policy))
	}
	all := objects(p["ipConfigurations"])
	inSubnet := 0
	for _, c := range all {
		if c.Object("publicIPAddress").Str("id") == "" && p.Object("managementIpConfiguration").Str("name") == "" {
			return refuse("AzureFirewallPublicIPRequired", "IP configuration %s of %s has no public IP address.", c.Str("name"), o.ID)
		}
		if subnet := c.Object("subnet").Str("id"); subnet != "" {
			inSubnet++
			if err := t.checkFirewallSubnet(o, subnet, firewallSubnet); err != nil {
				return err
			}
		}
	}
	if inSubnet != 1 {
		return refuse("AzureFirewallSubnetCountInvalid", "Azure Firewall %s must have one IP configuration with a subnet, not %d.", o.ID, inSubnet)
	}
	management := p.Object("managementIpConfiguration")
	if management == nil && strings.EqualFold(tier, "Basic") {
		return refuse("AzureFirewallManagementIpRequired", "Azure Firewall %s of tier Basic needs a management IP configuration.", o.ID)
	}
	if management != nil {
		if err := t.checkFirewallSubnet(o, management.Object("subnet").Str("id"), firewallManagementSubnet); err != nil {
			return err
		}
		all = append(all, management)
	}
	return t.leaseAll(old, o, all, "", "privateIPAddress")
}

func (t *tx) checkFirewallSubnet(o *Object, subnet, name string) error {
	if nameOf(subnet) != name {
		return refuse("AzureFirewallSubnetNameInvalid", "Subnet %s is invalid for Azure Firewall %s: its name must be '%s'.", subnet, o.ID, name)
	}
	network := t.find(parentOf(subnet))
	if !strings.EqualFold(network.props().Str("resourceGroupName"), o.props().Str("resourceGroupName")) {
		return refuse("AzureFirewallResourceGroupMismatch", "Azure Firewall %s must be in the resource group of its virtual network %s.",
			o.ID, network.ID)
	}
	return t.largeEnough(subnet, 26)
}

// takes reports whether a firewall of a tier can have a policy of a tier: one of
// Standard is for Premium too, one of Basic for Basic alone.
func takes(firewall, policy string) bool {
	return rank(policy) <= rank(firewall) && (rank(policy) == 0) == (rank(firewall) == 0)
}

// rank orders tiers; none is Standard, as Azure has it.
func rank(tier string) int {
	for i, name := range tiers {
		if strings.EqualFold(name, tier) {
			return i
		}
	}
	return 1
}

func policyTier(policy *Object) string { return policy.props().Object("sku").Str("tier") }

// policyBusy is the refusal of a second change of a firewall policy.
// https://github.com/hashicorp/terraform-provider-azurerm/issues/15440
var policyBusy = refusal{
	"FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting",
	"Put or delete on Firewall Policy %s cannot be performed while it is in Updating or Deleting state.",
}

func firewallPolicyKind() *kind {
	return &kind{
		token: firewallPolicyType, args: network.FirewallPolicyArgs{}, outputs: network.FirewallPolicy{},
		arm: armFirewallPolicy, path: []string{"firewallPolicyName"},
		refs:  []ref{{path: "basePolicy.id", arm: armFirewallPolicy, anywhere: true}},
		inUse: refusal{"InUseFirewallPolicyCannotBeDeleted", "Firewall policy %s cannot be deleted because it is in use by %s."},
		holds: func(id string) []string { return []string{id} },
		busy:  policyBusy,
		Resource: wire.Resource{
			Unmodelled: []string{"explicitProxy", "identity", "insights", "transportSecurity"},
			Name:       random("firewallPolicyName"),
		},
		// Source: https://learn.microsoft.com/azure/firewall-manager/policy-overview
		// and, for the code, https://github.com/Azure/missionlz/issues/736
		put: func(t *tx, _, o *Object) error {
			p := o.props()
			tier := policyTier(o)
			if err := oneOf(o, "sku.tier", tier, tiers...); err != nil {
				return err
			}
			if err := oneOf(o, "threatIntelMode", p.Str("threatIntelMode"), "Alert", "Deny", "Off"); err != nil {
				return err
			}
			dns := p.Object("dnsSettings")
			for _, of := range []struct {
				tier, property string
				set            bool
			}{
				{"Premium", "Intrusion Detection", p["intrusionDetection"] != nil},
				{"Standard", "DNS Settings", dns.Bool("enableProxy") || len(dns.Strs("servers")) > 0},
				{"Standard", "Threat Intelligence Mode Deny", strings.EqualFold(p.Str("threatIntelMode"), "Deny")},
			} {
				if of.set && rank(tier) < rank(of.tier) {
					return refuse("FirewallPolicyHigherTierOnlyProperties", "Firewall Policy %s contains higher tier only properties - %s", o.ID, of.property)
				}
			}
			if !p.Object("dnsSettings").Bool("enableProxy") {
				for group := range t.under(o.ID, ruleCollectionGroupType) {
					if err := checkNames(o, group); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// checkNames refuses network rules with names of hosts, for which a policy
// needs DNS proxy.
// Source: https://learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules
func checkNames(policy, group *Object) error {
	if policy.props().Object("dnsSettings").Bool("enableProxy") {
		return nil
	}
	for _, collection := range objects(group.Properties["ruleCollections"]) {
		for _, rule := range objects(collection["rules"]) {
			if rule.Str("ruleType") == "NetworkRule" && len(rule.Strs("destinationFqdns")) > 0 {
				return refuse("FirewallPolicyDnsProxyRequired", "Network rule %s of %s has FQDNs, for which Firewall Policy %s needs DNS proxy.",
					rule.Str("name"), group.ID, policy.ID)
			}
		}
	}
	return nil
}

func ruleCollectionGroupKind() *kind {
	return &kind{
		token: ruleCollectionGroupType, args: network.FirewallPolicyRuleCollectionGroupArgs{}, outputs: network.FirewallPolicyRuleCollectionGroup{},
		arm: "Microsoft.Network/firewallPolicies/ruleCollectionGroups", path: []string{"firewallPolicyName", "ruleCollectionGroupName"},
		holds: func(id string) []string { return []string{parentOf(id)} },
		busy:  policyBusy,
		Resource: wire.Resource{
			Name: copied("ruleCollectionGroupName"),
		},
		// Source: https://learn.microsoft.com/azure/firewall/policy-rule-sets
		put: func(t *tx, _, o *Object) error {
			p := o.props()
			inRange := func(what wire.Props, name string) error {
				if n, ok := what.Int("priority"); !ok || n < 100 || n > 65000 {
					return refuse("FirewallPolicyRuleCollectionGroupInvalidPriority",
						"%s of %s has the priority %d. Allowed range 100-65000.", name, o.ID, n)
				}
				return nil
			}
			if err := inRange(p, "The group"); err != nil {
				return err
			}
			rules := map[string]bool{}
			for _, collection := range objects(p["ruleCollections"]) {
				name := collection.Str("name")
				if err := inRange(collection, "Rule collection "+name); err != nil {
					return err
				}
				filter := collection.Str("ruleCollectionType") == "FirewallPolicyFilterRuleCollection"
				if !filter && collection.Str("ruleCollectionType") != "FirewallPolicyNatRuleCollection" {
					return refuse("InvalidRequestFormat", "Cannot parse the request: rule collection %s of %s has the type '%s'.",
						name, o.ID, collection.Str("ruleCollectionType"))
				}
				kind := ""
				for _, rule := range objects(collection["rules"]) {
					this := rule.Str("ruleType")
					if filter == (this == "NatRule") || kind != "" && kind != this {
						return refuse("FirewallPolicyRuleCollectionMixedRules", "Rule collection %s of %s has rules of several types.", name, o.ID)
					}
					kind = this
					id := key(name + "/" + rule.Str("name"))
					if rules[id] {
						return refuse("DuplicateResourceName", "Resource %s has two child resources with the same name (%s).", o.ID, rule.Str("name"))
					}
					rules[id] = true
				}
			}
			return checkNames(t.find(parentOf(o.ID)), o)
		},
	}
}
