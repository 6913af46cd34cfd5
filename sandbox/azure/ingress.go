package azure

import (
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	wafPolicyType          = "azure-native:network/v20240501:WebApplicationFirewallPolicy"
	applicationGatewayType = "azure-native:network/v20240501:ApplicationGateway"

	armWafPolicy = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
)

func wafPolicyKind() *kind {
	return &kind{
		token: wafPolicyType, args: network.WebApplicationFirewallPolicyArgs{}, outputs: network.WebApplicationFirewallPolicy{},
		arm: armWafPolicy, path: []string{"policyName"},
		inUse: refusal{"InUseWebApplicationFirewallPolicyCannotBeDeleted",
			"Web application firewall policy %s cannot be deleted because it is in use by %s."},
		Resource: wire.Resource{
			Name: random("policyName"),
		},
		// Source: https://learn.microsoft.com/azure/web-application-firewall/ag/policy-overview
		put: func(_ *tx, _, o *Object) error {
			p := o.props()
			if len(objects(p.Object("managedRules")["managedRuleSets"])) == 0 {
				return refuse("ApplicationGatewayFirewallPolicyManagedRuleSetsRequired", "Policy %s has no managed rule set.", o.ID)
			}
			for _, set := range objects(p.Object("managedRules")["managedRuleSets"]) {
				if err := oneOf(o, "ruleSetType", set.Str("ruleSetType"), "OWASP", "Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"); err != nil {
					return err
				}
			}
			return oneOf(o, "policySettings.mode", p.Object("policySettings").Str("mode"), "Prevention", "Detection")
		},
	}
}

// gatewayParts are the parts of an application gateway that refer to others.
var gatewayParts = []string{
	"backendAddressPools", "backendHttpSettingsCollection", "frontendIPConfigurations", "frontendPorts", "gatewayIPConfigurations",
	"httpListeners", "probes", "redirectConfigurations", "requestRoutingRules", "rewriteRuleSets", "sslCertificates", "sslProfiles",
	"trustedClientCertificates", "trustedRootCertificates", "urlPathMaps",
}

func applicationGatewayKind() *kind {
	return &kind{
		token: applicationGatewayType, args: network.ApplicationGatewayArgs{}, outputs: network.ApplicationGateway{},
		arm: gatewayService, path: []string{"applicationGatewayName"},
		refs: []ref{
			{path: "gatewayIPConfigurations[].subnet.id", arm: armSubnet},
			{path: "frontendIPConfigurations[].subnet.id", arm: armSubnet},
			{path: "frontendIPConfigurations[].publicIPAddress.id", arm: armPublicAddress, alone: taken},
			{path: "firewallPolicy.id", arm: armWafPolicy},
			{path: "httpListeners[].firewallPolicy.id", arm: armWafPolicy},
			{path: "identity.userAssignedIdentities[]", arm: armIdentity, weak: true, anywhere: true},
		},
		Resource: wire.Resource{
			Unmodelled: []string{
				"authenticationCertificates", "backendSettingsCollection", "listeners", "loadDistributionPolicies",
				"privateLinkConfigurations", "routingRules",
			},
			Name: random("applicationGatewayName"),
		},
		put: putApplicationGateway,
	}
}

// putApplicationGateway knows the SKUs of version 2.
// Sources: https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure,
// https://learn.microsoft.com/azure/application-gateway/overview-v2
func putApplicationGateway(t *tx, old, o *Object) error {
	p := o.props()
	tier := p.Object("sku").Str("tier")
	if !slices.Contains([]string{"Standard_v2", "WAF_v2"}, tier) {
		return refuse("ApplicationGatewaySkuRetired", "Application Gateway %s must have the tier Standard_v2 or WAF_v2, not '%s'.", o.ID, tier)
	}
	if tier == "WAF_v2" && p.Object("firewallPolicy").Str("id") == "" && p["webApplicationFirewallConfiguration"] == nil {
		return refuse("ApplicationGatewayFirewallNotConfiguredForSelectedSku",
			"Application Gateway %s with the selected SKU tier WAF_v2 must have a valid WAF policy or configuration.", o.ID)
	}
	if _, fixed := p.Object("sku").Int("capacity"); fixed == (p["autoscaleConfiguration"] != nil) {
		return refuse("ApplicationGatewayCapacityInvalid", "Application Gateway %s must have either a capacity or autoscaling.", o.ID)
	}
	if scale := p.Object("autoscaleConfiguration"); scale != nil {
		least, _ := scale.Int("minCapacity")
		if most, given := scale.Int("maxCapacity"); given && (most < 2 || most > 125 || least > most) {
			return refuse("ApplicationGatewayCapacityInvalid", "Application Gateway %s cannot scale from %d to %d.", o.ID, least, most)
		}
	}
	for _, needed := range []string{"gatewayIPConfigurations", "frontendIPConfigurations", "frontendPorts", "httpListeners", "requestRoutingRules"} {
		if len(objects(p[needed])) == 0 {
			return refuse("ApplicationGatewayPartRequired", "Application Gateway %s must have at least one of %s.", o.ID, needed)
		}
	}
	priorities := map[int]string{}
	for _, rule := range objects(p["requestRoutingRules"]) {
		n, given := rule.Int("priority")
		if !given || n < 1 || n > 20000 {
			return refuse("ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
				"The priority of request routing rule %s of %s cannot be empty. All request routing rules should have a priority from 1 to 20000.",
				rule.Str("name"), o.ID)
		}
		if other, twice := priorities[n]; twice {
			return refuse("ApplicationGatewayRequestRoutingRulePriorityNotUnique",
				"Request routing rules %s and %s of %s have the same priority %d.", other, rule.Str("name"), o.ID, n)
		}
		priorities[n] = rule.Str("name")
	}
	if err := checkParts(o, gatewayParts...); err != nil {
		return err
	}
	if err := checkZones(o); err != nil {
		return err
	}
	subnet := objects(p["gatewayIPConfigurations"])[0].Object("subnet").Str("id")
	if subnet == "" {
		return refuse("SubnetIsRequired", "Subnet reference is required for ipconfiguration %s/gatewayIPConfigurations/%s.",
			o.ID, objects(p["gatewayIPConfigurations"])[0].Str("name"))
	}
	if err := t.enter(o, subnet, gatewayService); err != nil {
		return err
	}
	if err := t.checkGatewaySubnet(o, t.find(subnet)); err != nil {
		return err
	}
	public := false
	for _, f := range objects(p["frontendIPConfigurations"]) {
		public = public || f.Object("publicIPAddress").Str("id") != ""
	}
	if !public && len(delegations(t.find(subnet))) == 0 {
		return refuse("ApplicationGatewayV2MustHavePublicFrontend",
			"Application Gateway %s without network isolation must have a public IP address.", o.ID)
	}
	p["operationalState"] = "Running"
	if identity := p.Object("identity"); identity != nil {
		t.expandIdentities(identity)
	}
	return t.leaseAll(old, o, objects(p["frontendIPConfigurations"]), gatewayService, "privateIPAddress")
}

// checkGatewaySubnet refuses a subnet whose rules or routes cut off those who
// manage the gateway.
func (t *tx) checkGatewaySubnet(o, subnet *Object) error {
	p := subnet.props()
	if group := t.find(p.Object("networkSecurityGroup").Str("id")); group != nil && !t.admitsManagement(group) {
		return refuse("ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup",
			"Network security group %s blocks incoming internet traffic on ports 65200 - 65535 to subnet %s, associated with "+
				"Application Gateway %s. This is not permitted for Application Gateways that have V2 Sku.", group.ID, subnet.ID, o.ID)
	}
	if len(delegations(subnet)) > 0 {
		// With network isolation any route will do.
		return nil
	}
	for _, route := range t.routes(p.Object("routeTable").Str("id")) {
		if route.Str("addressPrefix") == "0.0.0.0/0" && !strings.EqualFold(route.Str("nextHopType"), "Internet") {
			return refuse("ApplicationGatewaySubnetRouteNotSupported",
				"Route table %s sends 0.0.0.0/0 of subnet %s to %s, which Application Gateway %s does not support.",
				p.Object("routeTable").Str("id"), subnet.ID, route.Str("nextHopType"), o.ID)
		}
	}
	return nil
}

// admitsManagement reports whether a security group lets in those who manage
// an application gateway: without a rule, its default rules do not.
func (t *tx) admitsManagement(group *Object) bool {
	rules := objects(group.Properties["securityRules"])
	for rule := range t.under(group.ID, securityRuleType) {
		rules = append(rules, rule.props())
	}
	slices.SortFunc(rules, func(a, b wire.Props) int {
		m, _ := a.Int("priority")
		n, _ := b.Int("priority")
		return m - n
	})
	for _, r := range rules {
		ports := append(r.Strs("destinationPortRanges"), r.Str("destinationPortRange"))
		sources := append(r.Strs("sourceAddressPrefixes"), r.Str("sourceAddressPrefix"))
		fits := strings.EqualFold(r.Str("direction"), "Inbound") && (slices.Contains(ports, "*") || slices.Contains(ports, "65200-65535")) &&
			slices.ContainsFunc(sources, func(s string) bool {
				return slices.Contains([]string{"GatewayManager", "Internet", "*", "0.0.0.0/0"}, s)
			})
		if fits {
			return strings.EqualFold(r.Str("access"), "Allow")
		}
	}
	return false
}
