package azure

import (
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	securityGroupType = "azure-native:network/v20240501:NetworkSecurityGroup"
	securityRuleType  = "azure-native:network/v20240501:SecurityRule"
)

func securityGroupKind() *kind {
	return &kind{
		token: securityGroupType, args: network.NetworkSecurityGroupArgs{}, outputs: network.NetworkSecurityGroup{},
		arm: armSecurityGroup, path: []string{"networkSecurityGroupName"},
		inUse: refusal{"InUseNetworkSecurityGroupCannotBeDeleted", "Network security group %s cannot be deleted because it is in use by " +
			"the following resources: %s. In order to delete the Network security group, remove the association with the resource(s). " +
			"To learn how to do this, see aka.ms/deletensg."},
		Resource: wire.Resource{
			Unmodelled: []string{"flushConnection"},
			Name:       random("networkSecurityGroupName"),
		},
		put: func(t *tx, _, o *Object) error {
			given, ok := o.Properties["securityRules"]
			if !ok {
				return nil
			}
			// The list is all the rules there are from now on.
			for rule := range t.under(o.ID, securityRuleType) {
				t.remove(rule)
			}
			var before []wire.Props
			for _, rule := range objects(given) {
				if err := checkRule(o, rule, before); err != nil {
					return err
				}
				before = append(before, rule)
			}
			for user := range t.users(o.ID) {
				if user.Type == subnetType && nameOf(user.ID) == bastionSubnet && !admitsBastion(o) {
					return refuse("NetworkSecurityGroupNotCompliantForAzureBastionSubnet",
						"Network security group %s does not have necessary rules for Azure Bastion Subnet %s.", nameOf(o.ID), bastionSubnet)
				}
			}
			return nil
		},
	}
}

func securityRuleKind() *kind {
	return &kind{
		token: securityRuleType, args: network.SecurityRuleArgs{}, outputs: network.SecurityRule{},
		arm: "Microsoft.Network/networkSecurityGroups/securityRules", path: []string{"networkSecurityGroupName", "securityRuleName"},
		Resource: wire.Resource{
			Unmodelled: []string{"destinationApplicationSecurityGroups", "sourceApplicationSecurityGroups"},
			Name:       copied("securityRuleName"),
		},
		put: func(t *tx, _, o *Object) error {
			before := objects(t.find(parentOf(o.ID)).Properties["securityRules"])
			for rule := range t.under(parentOf(o.ID), securityRuleType) {
				if key(rule.ID) != key(o.ID) {
					before = append(before, rule.props())
				}
			}
			return checkRule(o, o.props(), before)
		},
	}
}

// checkRule refuses a rule that is not one, or that conflicts with the others
// of its group.
// Source: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
func checkRule(o *Object, rule wire.Props, others []wire.Props) error {
	name := rule.Str("name")
	if err := oneOf(o, "access", rule.Str("access"), "Allow", "Deny"); err != nil {
		return err
	}
	if err := oneOf(o, "direction", rule.Str("direction"), "Inbound", "Outbound"); err != nil {
		return err
	}
	if err := oneOf(o, "protocol", rule.Str("protocol"), "Tcp", "Udp", "Icmp", "Esp", "Ah", "*"); err != nil {
		return err
	}
	if n, ok := rule.Int("priority"); !ok || n < 100 || n > 4096 {
		return refuse("SecurityRuleInvalidPriority", "Security rule %s has invalid Priority. Value provided: %d. Allowed range 100-4096.",
			name, n)
	}
	for _, end := range []string{"sourceAddressPrefix", "destinationAddressPrefix", "sourcePortRange", "destinationPortRange"} {
		one, many := rule.Str(end), rule.Strs(end+"es")
		if strings.HasSuffix(end, "Range") {
			many = rule.Strs(end + "s")
		}
		if (one == "") == (len(many) == 0) {
			return refuse("SecurityRuleParameterContainsUnsupportedValue", "Security rule %s must have either %s or a list of them.", name, end)
		}
	}
	for _, other := range others {
		if strings.EqualFold(other.Str("name"), name) {
			return refuse("DuplicateResourceName", "Resource %s has two child resources with the same name (%s).", o.ID, name)
		}
		n, _ := rule.Int("priority")
		if m, _ := other.Int("priority"); n == m && strings.EqualFold(rule.Str("direction"), other.Str("direction")) {
			return refuse("SecurityRuleConflict", "Security rule %s conflicts with rule %s. Rules cannot have the same Priority and "+
				"Direction. To learn more, see aka.ms/nsgrules.", other.Str("name"), name)
		}
	}
	return nil
}

// admitsBastion reports whether a security group has the rules that Bastion
// needs, of those that its default rules do not cover.
// Source: https://learn.microsoft.com/azure/bastion/bastion-nsg
func admitsBastion(group *Object) bool {
	has := func(direction, property, value, port string) bool {
		return slices.ContainsFunc(objects(group.Properties["securityRules"]), func(r wire.Props) bool {
			ports := append(r.Strs("destinationPortRanges"), r.Str("destinationPortRange"))
			return strings.EqualFold(r.Str("access"), "Allow") && strings.EqualFold(r.Str("direction"), direction) &&
				strings.EqualFold(r.Str(property), value) && (slices.Contains(ports, port) || slices.Contains(ports, "*"))
		})
	}
	return has("Inbound", "sourceAddressPrefix", "Internet", "443") &&
		has("Inbound", "sourceAddressPrefix", "GatewayManager", "443") &&
		has("Outbound", "destinationAddressPrefix", "VirtualNetwork", "22") &&
		has("Outbound", "destinationAddressPrefix", "AzureCloud", "443")
}
