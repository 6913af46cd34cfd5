package cost

import (
	"strings"

	"github.com/underlay-iac/underlay/catalog"
)

const azureNative = "azure-native:"

// azure adds what Azure charges for a resource.
func (e *estimator) azure(r *node) {
	kind, ok := strings.CutPrefix(r.kind, azureNative)
	if !ok {
		return
	}
	switch kind {
	case "network:NatGateway":
		e.charge(r, catalog.PriceAzureNatGateway, "NAT gateway", one, catalog.PriceAzureNatGatewayGB)
	case "network:PublicIPAddress":
		// One of a prefix is counted there; an application gateway's is in its price.
		if prefix, known := r.get("publicIPPrefix"); known && prefix.IsNull() && !e.index.gatewayIPs[r] {
			e.charge(r, catalog.PriceAzurePublicIP, publicIPv4, azureAddresses(r, 1))
		}
	case "network:PublicIPPrefix":
		e.charge(r, catalog.PriceAzurePublicIPPrefix, "public IPv4 address of a prefix", azureAddresses(r, 1<<max(0, min(16, 32-r.number("prefixLength")))))
	case "network:AzureFirewall":
		e.azureFirewall(r)
	case "network:BastionHost":
		e.azureBastion(r)
	case "network:ApplicationGateway":
		e.azureAppGateway(r)
	case "network:VirtualNetworkGateway":
		if r.text("gatewayType") == "ExpressRoute" {
			e.charge(r, catalog.PriceAzureExpressGateway, "ExpressRoute gateway", one)
		} else {
			sku := r.text("sku", "name")
			e.charge(r, catalog.PriceAzureVpnGateway+strings.ToLower(sku), strings.TrimSpace("VPN gateway "+sku), one)
		}
	case "network:LoadBalancer":
		e.azureBalancer(r)
	case "network:PrivateEndpoint":
		e.charge(r, catalog.PriceAzurePrivateEndpoint, "private endpoint", one, catalog.PriceAzurePrivateEndpointGB)
	case "network:PrivateZone":
		e.charge(r, catalog.PriceAzurePrivateZone, "private DNS zone", one)
	case "network:InboundEndpoint", "network:OutboundEndpoint":
		e.charge(r, catalog.PriceAzureResolverEndpoint, "DNS resolver endpoint", one)
	case "network:DnsForwardingRuleset":
		e.charge(r, catalog.PriceAzureResolverRuleset, "DNS forwarding ruleset", one)
	case "network:DdosProtectionPlan":
		e.charge(r, catalog.PriceAzureDdosPlan, "DDoS protection plan", one)
	case "containerservice:ManagedCluster":
		e.azureCluster(r)
	case "network:VirtualNetworkPeering":
		e.use(r, "VNet peering", "GB in each direction", catalog.PriceAzurePeeringGB)
	case "network:FlowLog":
		e.use(r, "flow log to a storage account", "GB collected and stored")
	}
}

// azureAddresses are public addresses that the price list has a price for.
func azureAddresses(r *node, n int) count {
	switch {
	case r.text("publicIPAddressVersion") == "IPv6":
		return count{unknown: "the catalogue has no price of IPv6 addresses"}
	case r.text("sku", "name") == "Basic":
		return count{unknown: "the catalogue has no price of the Basic SKU, which Azure has retired"}
	}
	return count{n: n}
}

func (e *estimator) azureFirewall(r *node) {
	item, rate, tier := catalog.PriceAzureFirewallStandard, catalog.PriceAzureFirewallGB, r.text("sku", "tier")
	switch tier {
	case "Premium":
		item = catalog.PriceAzureFirewallPremium
	case "Basic":
		item, rate = catalog.PriceAzureFirewallBasic, catalog.PriceAzureFirewallBasicGB
	case "":
		tier = "Standard"
	}
	e.charge(r, item, "Azure Firewall "+tier, one, rate)
}

func (e *estimator) azureBastion(r *node) {
	item, sku := catalog.PriceAzureBastionBasic, r.text("sku", "name")
	switch sku {
	case "Developer": // is free
		return
	case "Standard":
		item = catalog.PriceAzureBastionStandard
	case "Premium":
		item = catalog.PriceAzureBastionPremium
	case "":
		sku = "Basic"
	}
	e.charge(r, item, "Azure Bastion "+sku, one)
}

// unitsPerInstance are the capacity units of an instance of an application
// gateway, which are charged for as long as it is kept running.
// https://learn.microsoft.com/azure/application-gateway/understanding-pricing
const unitsPerInstance = 10

func (e *estimator) azureAppGateway(r *node) {
	item, unit, tier := catalog.PriceAzureAppGateway, catalog.PriceAzureAppGatewayUnit, r.text("sku", "tier")
	if tier == "WAF_v2" {
		item, unit = catalog.PriceAzureAppGatewayWAF, catalog.PriceAzureAppGatewayWAFUnit
	}
	instances := r.number("sku", "capacity")
	if scaling, known := r.get("autoscaleConfiguration"); !known || scaling.IsObject() {
		instances = r.number("autoscaleConfiguration", "minCapacity")
	}
	e.charge(r, item, "application gateway "+tier, one)
	e.charge(r, unit, "capacity unit of an application gateway", count{n: instances * unitsPerInstance})
}

// includedRules are the rules that a load balancer's price covers.
const includedRules = 5

// azureBalancer: a Standard load balancer is charged by its rules, and not at
// all without one.
func (e *estimator) azureBalancer(r *node) {
	rules := r.length("loadBalancingRules", "outboundRules")
	if r.text("sku", "name") != "Standard" || rules.n == 0 && rules.unknown == "" {
		return
	}
	e.charge(r, catalog.PriceAzureLoadBalancer, "Standard load balancer", one, catalog.PriceAzureLoadBalancerGB)
	e.charge(r, catalog.PriceAzureLoadBalancerRule, "load balancer rule beyond five",
		count{n: max(0, rules.n-includedRules), unknown: rules.unknown})
}

// azureCluster: the tier of the control plane, and what AKS makes by itself.
func (e *estimator) azureCluster(r *node) {
	switch r.text("sku", "tier") {
	case "Standard":
		e.charge(r, catalog.PriceAzureAksStandard, "AKS uptime SLA, Standard tier", one)
	case "Premium":
		e.charge(r, catalog.PriceAzureAksPremium, "AKS Premium tier", one)
	}
	switch r.text("networkProfile", "outboundType") {
	case "", "loadBalancer":
		e.use(r, "load balancer that AKS makes by itself", "its rules and GB; it is not counted here", catalog.PriceAzureLoadBalancerGB)
	case "managedNATGateway":
		e.use(r, "NAT gateway that AKS makes by itself", "its hours and GB; it is not counted here", catalog.PriceAzureNatGatewayGB)
	}
}
