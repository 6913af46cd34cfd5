package requirements_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// net is a resource of Azure's network.
func azureNet(kind, name string, inputs map[string]any) edit {
	return add("azure-native:network/v20240501:"+kind, name, inputs)
}

func id(what string) map[string]any { return map[string]any{"id": "@" + what} }

func azureSubnet(vnet, name, prefix string, more map[string]any) edit {
	inputs := map[string]any{"virtualNetworkName": "@VirtualNetwork " + vnet + "#name", "subnetName": name, "addressPrefix": prefix, "defaultOutboundAccess": false}
	for key, v := range more {
		inputs[key] = v
	}
	return azureNet("Subnet", name, inputs)
}

func azureVnet(name, prefix string, more map[string]any) edit {
	inputs := map[string]any{"virtualNetworkName": name, "addressSpace": map[string]any{"addressPrefixes": []any{prefix}}}
	for key, v := range more {
		inputs[key] = v
	}
	return named(azureNet("VirtualNetwork", name, inputs), "VirtualNetwork "+name)
}

// named gives a resource the output name, by which its children name it.
func named(e edit, what string) edit {
	return func(t *testing.T, g *graph.Graph) {
		e(t, g)
		r := find(t, g, what)
		r.Outputs["name"] = resource.NewProperty(r.Name)
	}
}

func output(what, key string, v any) edit {
	return func(t *testing.T, g *graph.Graph) {
		find(t, g, what).Outputs[resource.PropertyKey(key)] = value(t, g, v)
	}
}

func nsgRule(name string, priority float64, access, source, port string) map[string]any {
	return map[string]any{
		"name": name, "priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp",
		"sourceAddressPrefix": source, "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": port,
	}
}

// privateStorage is an account with a private endpoint and its zone, linked to
// the networks.
func privateStorage(networks ...string) edit {
	edits := []edit{
		add("azure-native:storage:StorageAccount", "account", map[string]any{"publicNetworkAccess": "Disabled"}),
		azureNet("PrivateEndpoint", "blob", map[string]any{
			"subnet":                        id("Subnet privateEndpoints"),
			"privateLinkServiceConnections": []any{map[string]any{"name": "blob", "privateLinkServiceId": "@StorageAccount account", "groupIds": []any{"blob"}}},
		}),
		named(add("azure-native:network/v20240601:PrivateZone", "privatelink.blob.core.windows.net", map[string]any{"privateZoneName": "privatelink.blob.core.windows.net"}),
			"PrivateZone privatelink.blob.core.windows.net"),
		azureNet("PrivateDnsZoneGroup", "blob", map[string]any{
			"privateEndpointName": "@PrivateEndpoint blob#name", "privateDnsZoneGroupName": "default",
			"privateDnsZoneConfigs": []any{map[string]any{"name": "blob", "privateDnsZoneId": "@PrivateZone privatelink.blob.core.windows.net"}},
		}),
	}
	edits[1] = named(edits[1], "PrivateEndpoint blob")
	for _, network := range networks {
		edits = append(edits, add("azure-native:network/v20240601:VirtualNetworkLink", "blob-"+network, map[string]any{
			"privateZoneName": "@PrivateZone privatelink.blob.core.windows.net#name", "virtualNetwork": id("VirtualNetwork " + network),
		}))
	}
	return all(edits...)
}

func pool(maxCount float64) []any {
	return []any{map[string]any{"name": "system", "maxCount": maxCount, "count": 3.0, "maxPods": 110.0, "vnetSubnetID": "@Subnet nodes", "podSubnetID": "@Subnet pods"}}
}

// azureManaged is shared-azure with a managed address: a public cluster that
// leaves by its load balancer.
func azureManaged() edit {
	return all(
		azureVnet("spoke", "10.60.0.0/16", nil),
		azureNet("NetworkSecurityGroup", "nodes", map[string]any{"securityRules": []any{nsgRule("control-plane", 100, "Allow", "203.0.113.0/24", "443")}}),
		azureSubnet("spoke", "nodes", "10.60.0.0/24", map[string]any{"networkSecurityGroup": id("NetworkSecurityGroup nodes")}),
		azureSubnet("spoke", "pods", "10.60.8.0/21", map[string]any{"networkSecurityGroup": id("NetworkSecurityGroup nodes")}),
		azureSubnet("spoke", "database", "10.60.1.0/28", map[string]any{
			"delegations": []any{map[string]any{"name": "db", "serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}},
		}),
		azureSubnet("spoke", "privateEndpoints", "10.60.2.0/26", nil),
		azureNet("PublicIPAddress", "ip", map[string]any{"sku": map[string]any{"name": "Standard"}, "publicIPAllocationMethod": "Static"}),
		privateStorage("spoke"),
		set("VirtualNetwork spoke", "enableDdosProtection", true),
		add("azure-native:containerservice/v20250901:ManagedCluster", "aks", map[string]any{
			"agentPoolProfiles":      pool(20),
			"apiServerAccessProfile": map[string]any{"authorizedIPRanges": []any{"203.0.113.0/24"}},
			"networkProfile": map[string]any{
				"networkPlugin": "azure", "outboundType": "loadBalancer", "loadBalancerSku": "standard",
				"loadBalancerProfile": map[string]any{"outboundIPs": map[string]any{"publicIPs": []any{id("PublicIPAddress ip")}}},
			},
		}),
	)
}

func applicationRule(name string, fqdns ...any) map[string]any {
	return map[string]any{
		"ruleType": "ApplicationRule", "name": name, "sourceAddresses": []any{"10.61.0.0/16"},
		"protocols": []any{map[string]any{"protocolType": "Https", "port": 443.0}}, "targetFqdns": fqdns,
	}
}

// azureHub is aks-landing-zone: a hub with a firewall and a VPN, and a spoke with
// a private cluster and an application gateway.
func azureHub() edit {
	peering := func(name, near, far string, more map[string]any) edit {
		inputs := map[string]any{
			"virtualNetworkName": "@VirtualNetwork " + near + "#name", "remoteVirtualNetwork": id("VirtualNetwork " + far),
			"allowVirtualNetworkAccess": true, "allowForwardedTraffic": true,
		}
		for key, v := range more {
			inputs[key] = v
		}
		return azureNet("VirtualNetworkPeering", name, inputs)
	}
	return all(
		azureVnet("hub", "10.50.0.0/22", nil),
		azureSubnet("hub", "AzureFirewallSubnet", "10.50.0.0/26", nil),
		azureSubnet("hub", "GatewaySubnet", "10.50.1.0/27", nil),
		azureVnet("spoke", "10.61.0.0/16", nil),
		named(azureNet("RouteTable", "egress", map[string]any{"disableBgpRoutePropagation": false}), "RouteTable egress"),
		azureNet("Route", "default", map[string]any{
			"routeTableName": "@RouteTable egress#name", "routeName": "default", "addressPrefix": "0.0.0.0/0",
			"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.50.0.4",
		}),
		azureSubnet("spoke", "nodes", "10.61.0.0/24", map[string]any{"routeTable": id("RouteTable egress")}),
		azureSubnet("spoke", "pods", "10.61.8.0/21", map[string]any{"routeTable": id("RouteTable egress")}),
		azureSubnet("spoke", "privateEndpoints", "10.61.2.0/26", nil),
		azureSubnet("spoke", "applicationGateway", "10.61.3.0/24", nil),
		peering("to-hub", "spoke", "hub", map[string]any{"useRemoteGateways": true}),
		peering("to-spoke", "hub", "spoke", map[string]any{"allowGatewayTransit": true}),
		azureNet("PublicIPAddress", "ip", map[string]any{"sku": map[string]any{"name": "Standard"}, "publicIPAllocationMethod": "Static"}),
		named(azureNet("FirewallPolicy", "policy", map[string]any{"sku": map[string]any{"tier": "Standard"}}), "FirewallPolicy policy"),
		azureNet("FirewallPolicyRuleCollectionGroup", "aks", map[string]any{
			"firewallPolicyName": "@FirewallPolicy policy#name", "priority": 200.0,
			"ruleCollections": []any{map[string]any{
				"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "aks", "priority": 100.0, "action": map[string]any{"type": "Allow"},
				"rules": []any{applicationRule("aks", "mcr.microsoft.com", "*.data.mcr.microsoft.com", "mcr-0001.mcr-msedge.net", "management.azure.com",
					"login.microsoftonline.com", "packages.microsoft.com", "acs-mirror.azureedge.net", "packages.aks.azure.com")},
			}},
		}),
		azureNet("AzureFirewall", "firewall", map[string]any{
			"firewallPolicy": id("FirewallPolicy policy"), "sku": map[string]any{"name": "AZFW_VNet", "tier": "Standard"},
			"ipConfigurations": []any{map[string]any{
				"name": "ip", "subnet": id("Subnet AzureFirewallSubnet"), "publicIPAddress": id("PublicIPAddress ip"), "privateIPAddress": "10.50.0.4",
			}},
		}),
		azureNet("VirtualNetworkGateway", "vpn", map[string]any{
			"gatewayType": "Vpn", "ipConfigurations": []any{map[string]any{"subnet": id("Subnet GatewaySubnet")}},
		}),
		azureNet("LocalNetworkGateway", "company", map[string]any{"localNetworkAddressSpace": map[string]any{"addressPrefixes": []any{"192.168.0.0/16"}}}),
		azureNet("VirtualNetworkGatewayConnection", "tunnel", map[string]any{
			"connectionType": "IPsec", "virtualNetworkGateway1": id("VirtualNetworkGateway vpn"), "localNetworkGateway2": id("LocalNetworkGateway company"),
		}),
		privateStorage("spoke"),
		named(add("azure-native:network/v20240601:PrivateZone", "privatelink.westeurope.azmk8s.io", map[string]any{"privateZoneName": "privatelink.westeurope.azmk8s.io"}),
			"PrivateZone privatelink.westeurope.azmk8s.io"),
		add("azure-native:network/v20240601:VirtualNetworkLink", "aks-hub", map[string]any{
			"privateZoneName": "@PrivateZone privatelink.westeurope.azmk8s.io#name", "virtualNetwork": id("VirtualNetwork hub"),
		}),
		add("azure-native:network/v20240601:VirtualNetworkLink", "aks-spoke", map[string]any{
			"privateZoneName": "@PrivateZone privatelink.westeurope.azmk8s.io#name", "virtualNetwork": id("VirtualNetwork spoke"),
		}),
		add("azure-native:containerservice/v20250901:ManagedCluster", "aks", map[string]any{
			"agentPoolProfiles": pool(20), "fqdnSubdomain": "aks",
			"apiServerAccessProfile": map[string]any{"enablePrivateCluster": true, "privateDNSZone": "@PrivateZone privatelink.westeurope.azmk8s.io"},
			"networkProfile":         map[string]any{"networkPlugin": "azure", "outboundType": "userDefinedRouting", "loadBalancerSku": "standard"},
		}),
		azureNet("WebApplicationFirewallPolicy", "waf", map[string]any{"policySettings": map[string]any{"mode": "Prevention", "state": "Enabled"}}),
		azureNet("PublicIPAddress", "web", map[string]any{"sku": map[string]any{"name": "Standard"}, "publicIPAllocationMethod": "Static"}),
		azureNet("ApplicationGateway", "gateway", map[string]any{
			"sku": map[string]any{"name": "WAF_v2", "tier": "WAF_v2"}, "firewallPolicy": id("WebApplicationFirewallPolicy waf"),
			"gatewayIPConfigurations":  []any{map[string]any{"name": "ip", "subnet": id("Subnet applicationGateway")}},
			"frontendIPConfigurations": []any{map[string]any{"name": "public", "publicIPAddress": id("PublicIPAddress web")}},
			"httpListeners":            []any{map[string]any{"name": "https", "protocol": "Https"}},
		}),
	)
}

// azureGraph is one of the hand-made graphs.
func azureGraph(t *testing.T, stack string) (g *graph.Graph, model string) {
	t.Helper()
	g = &graph.Graph{Project: "hand", Stack: stack}
	if stack == "azure-hub" {
		azureHub()(t, g)
		return g, requirements.AKSLandingZone
	}
	azureManaged()(t, g)
	return g, requirements.SharedAzure
}

// The hand-made graphs are sound.
func TestAzureGraphs(t *testing.T) {
	for stack, moot := range map[string][]string{
		"azure-managed": {"EGR-004", "EGR-006", "ISO-010", "DNS-003"},
		"azure-hub":     {"DNS-003"},
	} {
		g, model := azureGraph(t, stack)
		results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
		require.NoError(t, err)
		for _, r := range results {
			want := requirements.Proven
			for _, id := range moot {
				if r.ID == id {
					want = requirements.NotApplicable
				}
			}
			assert.Equal(t, want, r.Verdict, "%s %s: %s %v %+v", stack, r.ID, r.Reason, r.Unknowns, r.BlockedBy)
		}
	}
}
