package topology

import (
	"slices"
	"strings"
)

// azureUnderstood are the types of the network module that the front end reads.
var azureUnderstood = []string{
	"ApplicationGateway", "ApplicationSecurityGroup", "AzureFirewall", "BastionHost", "DnsForwardingRuleset", "DnsResolver",
	"FirewallPolicy", "FirewallPolicyRuleCollectionGroup", "ForwardingRule", "InboundEndpoint", "InboundNatRule", "IpGroup", "LoadBalancer",
	"LoadBalancerBackendAddressPool", "LocalNetworkGateway", "NatGateway", "NetworkInterface", "NetworkSecurityGroup",
	"OutboundEndpoint", "PrivateDnsZoneGroup", "PrivateEndpoint", "PrivateLinkService", "PrivateRecordSet",
	"PrivateResolverVirtualNetworkLink", "PrivateZone", "PublicIPAddress", "PublicIPPrefix", "RecordSet", "Route", "RouteTable",
	"SecurityRule", "Subnet", "VirtualNetwork", "VirtualNetworkGateway", "VirtualNetworkGatewayConnection",
	"VirtualNetworkLink", "VirtualNetworkPeering", "Zone",
}

// azureHarmless are the types of the network module that change no packet: what
// watches, plans, names or bills, and filters of HTTP alone. Service endpoint
// policies count where a subnet names them, circuits where a connection does.
var azureHarmless = []string{
	"ConnectionMonitor", "CustomIPPrefix", "DdosCustomPolicy", "DdosProtectionPlan", "DnssecConfig", "DscpConfiguration", "Endpoint",
	"Experiment", "ExpressRouteCircuit", "ExpressRouteCircuitAuthorization", "ExpressRouteCircuitPeering",
	"ExpressRouteCrossConnectionPeering", "ExpressRoutePort", "ExpressRoutePortAuthorization", "FirewallPolicyDraft",
	"FirewallPolicyRuleCollectionGroupDraft", "FlowLog", "FrontDoor", "IpAllocation", "IpamPool",
	"ManagementGroupNetworkManagerConnection", "NetworkExperimentProfile", "NetworkManager", "NetworkGroup", "NetworkProfile",
	"NetworkWatcher", "PacketCapture", "Policy", "Profile", "ReachabilityAnalysisIntent", "ReachabilityAnalysisRun", "RouteFilter",
	"RouteFilterRule", "RulesEngine", "ScopeConnection", "ServiceEndpointPolicy", "ServiceEndpointPolicyDefinition",
	"StaticCidr", "StaticMember", "SubscriptionNetworkManagerConnection", "TrafficManagerProfile",
	"TrafficManagerUserMetricsKey", "VerifierWorkspace", "VirtualNetworkTap", "NetworkInterfaceTapConfiguration",
	"WebApplicationFirewallPolicy",
}

// managerTypes are the types that Azure Virtual Network Manager applies to the
// networks of groups, whose members a policy may choose.
// https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
var managerTypes = []string{
	"AdminRule", "AdminRuleCollection", "ConnectivityConfiguration", "DefaultAdminRule", "DefaultUserRule",
	"NetworkManagerRoutingConfiguration", "RoutingRule", "RoutingRuleCollection", "SecurityAdminConfiguration",
	"SecurityUserConfiguration", "SecurityUserRule", "SecurityUserRuleCollection",
}

// classicModules are the modules of the provider "azure" with network types,
// none of which is understood.
var classicModules = []string{"lb", "network", "privatedns", "privatelink"}

// unsupported lists what may change packets and is not understood, and marks
// what it touches.
func (a *azure) unsupported() {
	var everywhere []Ref
	for _, n := range a.ix.nodes {
		if !n.Custom || !a.matters(n) && !slices.Contains(a.strange, n) {
			continue
		}
		u := Unsupported{Ref: n.ref(""), Type: n.Type}
		if slices.Contains(managerTypes, strings.TrimPrefix(n.kind, azureNetwork)) {
			if everywhere == nil {
				a.each(func(network *node) { everywhere = append(everywhere, a.networks[network].Ref) }, "VirtualNetwork")
			}
			u.Touches = everywhere
			a.each(func(network *node) { note(&a.networks[network].Incomplete, u.Ref) }, "VirtualNetwork")
		}
		for _, e := range a.touched(n) {
			u.Touches = append(slices.Clip(u.Touches), e.ref)
			note(e.incomplete, u.Ref)
		}
		a.Unsupported = append(a.Unsupported, u)
	}
}

// touched returns the elements that the resource's references lead to.
func (a *azure) touched(n *node) []element {
	var found []element
	for _, other := range n.references() {
		for _, e := range a.elements[other] {
			if !slices.Contains(found, e) {
				found = append(found, e)
			}
		}
	}
	return found
}

// matters reports whether the resource is one that may change packets and is
// not understood. A deployment of a template may make anything.
func (a *azure) matters(n *node) bool {
	pkg, rest, _ := strings.Cut(n.Type, ":")
	module, _, _ := strings.Cut(rest, ":")
	module, _, _ = strings.Cut(module, "/")
	name := strings.TrimPrefix(n.kind, azureNetwork)
	switch {
	case pkg == "azure":
		return slices.Contains(classicModules, module)
	case n.kind == azureNative+"resources:Deployment":
		return true
	case name == n.kind:
		return false
	}
	return !slices.Contains(azureUnderstood, name) && !slices.Contains(azureHarmless, name)
}
