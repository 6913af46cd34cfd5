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

// The tag AzureKubernetesService alone lets out what every cluster needs; what
// another tag lets out nobody knows.
func TestFirewallTags(t *testing.T) {
	collection := func(name, action string, priority float64, rules ...any) any {
		return map[string]any{
			"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": name, "priority": priority,
			"action": map[string]any{"type": action}, "rules": rules,
		}
	}
	tagged := func(tags ...any) map[string]any {
		rule := applicationRule("tags")
		rule["fqdnTags"] = tags
		return rule
	}
	half := tagged("AzureKubernetesService")
	half["sourceAddresses"] = []any{"10.61.0.0/24"} // the nodes alone
	for _, row := range []struct {
		name        string
		collections []any
		want        requirements.Verdict
	}{
		{"the tag", []any{collection("aks", "Allow", 100, tagged("AzureKubernetesService"))}, requirements.Proven},
		{"the tag among others", []any{collection("aks", "Allow", 100, tagged("WindowsUpdate", "AzureKubernetesService"))}, requirements.Proven},
		{"the tag for the nodes alone", []any{collection("aks", "Allow", 100, half)}, requirements.Refuted},
		{"the tag, and names", []any{collection("aks", "Allow", 100, tagged("AzureKubernetesService"), applicationRule("more", "example.com"))}, requirements.Proven},
		{"another tag", []any{collection("aks", "Allow", 100, tagged("WindowsUpdate"))}, requirements.Unknown},
		{"another tag before it is refused", []any{
			collection("no", "Deny", 100, tagged("WindowsUpdate")), collection("aks", "Allow", 200, tagged("AzureKubernetesService")),
		}, requirements.Unknown},
		{"one of its names before it is refused", []any{
			collection("no", "Deny", 100, applicationRule("images", "*.microsoft.com")), collection("aks", "Allow", 200, tagged("AzureKubernetesService")),
		}, requirements.Refuted},
		{"the tag is refused", []any{
			collection("no", "Deny", 100, tagged("AzureKubernetesService")), collection("all", "Allow", 200, applicationRule("all", "*")),
		}, requirements.Refuted},
	} {
		t.Run(row.name, func(t *testing.T) {
			g, model := azureGraph(t, "azure-hub")
			set("FirewallPolicyRuleCollectionGroup aks", "ruleCollections", row.collections)(t, g)
			result := verdict(t, g, model, "EGR-004")
			assert.Equal(t, row.want, result.Verdict, "%s %+v", result.Reason, result.BlockedBy)
		})
	}
}

// api changes the API server's profile of the cluster.
func api(profile map[string]any) edit {
	return set("ManagedCluster aks", "apiServerAccessProfile", profile)
}

func network(profile map[string]any) edit {
	return set("ManagedCluster aks", "networkProfile", profile)
}

// spokeServers lets the spoke ask servers of its own.
func spokeServers(addresses ...any) edit {
	return set("VirtualNetwork spoke", "dhcpOptions", map[string]any{"dnsServers": addresses})
}

func azureMutations() []mutation {
	const (
		managed = "azure-managed"
		hub     = "azure-hub"
		aks     = "ManagedCluster aks"
		zone    = "PrivateZone privatelink.blob.core.windows.net"
		own     = "PrivateZone privatelink.westeurope.azmk8s.io"
	)
	listener := func(protocol string) edit {
		return set("ApplicationGateway gateway", "httpListeners", []any{map[string]any{"name": "web", "protocol": protocol}})
	}
	systemZone := map[string]any{"enablePrivateCluster": true, "privateDNSZone": "system"}
	return []mutation{
		{"ADDR-005", managed, "outside", set("Subnet nodes", "addressPrefix", "10.99.0.0/24"), "Subnet nodes"},
		{"ADDR-006", hub, "the hub's block", set("VirtualNetwork spoke", "addressSpace", map[string]any{"addressPrefixes": []any{"10.50.0.0/16"}}), ""},

		{"ADDR-010", managed, "a /29", set("Subnet database", "addressPrefix", "10.60.1.0/29"), "Subnet database"},
		{"ADDR-010", managed, "a /30", set("Subnet database", "addressPrefix", "10.60.1.0/30"), "Subnet database"},
		{"ADDR-010", managed, "a /31", set("Subnet database", "addressPrefix", "10.60.1.0/31"), "Subnet database"},

		{"ADDR-011", managed, "a /22", set("Subnet pods", "addressPrefix", "10.60.8.0/22"), "Subnet pods"},
		{"ADDR-011", managed, "a small overlay", all(drop("Subnet pods"), network(map[string]any{
			"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.244.0.0/22",
		}), set(aks, "agentPoolProfiles", []any{map[string]any{"vnetSubnetID": "@Subnet nodes"}})), aks},
		{"ADDR-011", managed, "none", all(drop("Subnet pods"), set(aks, "agentPoolProfiles", []any{map[string]any{"vnetSubnetID": "@Subnet nodes"}})), "VirtualNetwork spoke"},

		{"ADDR-012", managed, "a /25", set("Subnet nodes", "addressPrefix", "10.60.0.0/25"), "Subnet nodes"},
		{"ADDR-012", managed, "a /26", set("Subnet nodes", "addressPrefix", "10.60.0.0/26"), "Subnet nodes"},
		{"ADDR-012", managed, "a /28", set("Subnet nodes", "addressPrefix", "10.60.0.0/28"), "Subnet nodes"},

		{"ADDR-013", managed, "kubenet of 400", all(network(map[string]any{"networkPlugin": "kubenet"}), set(aks, "agentPoolProfiles", pool(400))), aks},
		{"ADDR-013", hub, "an overlay of 1,001", all(
			network(map[string]any{"networkPlugin": "azure", "networkPluginMode": "overlay", "outboundType": "userDefinedRouting"}),
			set(aks, "agentPoolProfiles", pool(1001)),
		), aks},
		{"ADDR-013", managed, "two pools of kubenet", all(
			network(map[string]any{"networkPlugin": "kubenet"}),
			set(aks, "agentPoolProfiles", append(pool(250), pool(250)...)),
		), aks},

		{"EGR-004", hub, "a rule is missing", set("FirewallPolicyRuleCollectionGroup aks", "ruleCollections", []any{map[string]any{
			"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "aks", "priority": 100.0, "action": map[string]any{"type": "Allow"},
			"rules": []any{applicationRule("aks", "mcr.microsoft.com", "*.data.mcr.microsoft.com")},
		}}), ""},
		{"EGR-004", hub, "past the firewall", all(
			set("Route default", "nextHopType", "Internet"), unset("Route default", "nextHopIpAddress"), set("Subnet nodes", "defaultOutboundAccess", true),
		), "Route default"},
		{"EGR-004", hub, "half of the internet past it", all(
			azureNet("Route", "half", map[string]any{"routeTableName": "@RouteTable egress#name", "addressPrefix": "128.0.0.0/1", "nextHopType": "Internet"}),
			set("Subnet pods", "defaultOutboundAccess", true),
		), "Route half"},

		{"EGR-005", managed, "no address", network(map[string]any{
			"networkPlugin": "azure", "outboundType": "loadBalancer", "loadBalancerProfile": map[string]any{"outboundIPs": map[string]any{"publicIPs": []any{}}},
		}), aks},
		{"EGR-005", managed, "a Basic one", set("PublicIPAddress ip", "sku", map[string]any{"name": "Basic"}), "PublicIPAddress ip"},
		{"EGR-005", managed, "no NAT gateway", network(map[string]any{"networkPlugin": "azure", "outboundType": "userAssignedNATGateway"}), "Subnet nodes"},

		{"EGR-006", hub, "no default route", drop("Route default"), ""},
		{"EGR-006", hub, "to the internet", all(set("Route default", "nextHopType", "Internet"), unset("Route default", "nextHopIpAddress")), "Route default"},
		{"EGR-006", hub, "no table", unset("Subnet nodes", "routeTable"), ""},
		{"EGR-006", hub, "a virtual WAN", azureNet("VirtualHub", "wan", map[string]any{"addressPrefix": "10.90.0.0/23"}), "VirtualHub wan"},

		{"ISO-008", managed, "no ranges", api(map[string]any{}), aks},
		{"ISO-008", managed, "everyone", api(map[string]any{"authorizedIPRanges": []any{"203.0.113.0/24", "0.0.0.0/0"}}), aks},
		{"ISO-008", hub, "public", api(map[string]any{"enablePrivateCluster": false}), aks},

		{"ISO-009", managed, "open", set("StorageAccount account", "publicNetworkAccess", "Enabled"), "StorageAccount account"},
		{"ISO-009", hub, "not set, which is open", unset("StorageAccount account", "publicNetworkAccess"), "StorageAccount account"},
		{"ISO-009", managed, "no endpoint", drop("PrivateEndpoint blob", "PrivateDnsZoneGroup blob"), "StorageAccount account"},

		{"ISO-010", hub, "in past the firewall", all(
			azureSubnet("hub", "jump", "10.50.2.0/27", nil),
			azureNet("Route", "to-hub", map[string]any{
				"routeTableName": "@RouteTable egress#name", "addressPrefix": "10.50.2.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.50.0.4",
			}),
		), ""},
		{"ISO-010", hub, "the company's packets come in past it", azureNet("Route", "to-company", map[string]any{
			"routeTableName": "@RouteTable egress#name", "addressPrefix": "192.168.0.0/16", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.50.0.4",
		}), ""},
		{"ISO-010", hub, "the gateway's replies", all(
			azureNet("Route", "to-gateway", map[string]any{
				"routeTableName": "@RouteTable egress#name", "addressPrefix": "10.61.3.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.50.0.4",
			}),
		), ""},

		{"ISO-011", hub, "plain HTTP", listener("Http"), "ApplicationGateway gateway"},
		{"ISO-011", hub, "no web application firewall", set("ApplicationGateway gateway", "sku", map[string]any{"name": "Standard_v2", "tier": "Standard_v2"}), "ApplicationGateway gateway"},
		{"ISO-011", hub, "it only detects", set("WebApplicationFirewallPolicy waf", "policySettings", map[string]any{"mode": "Detection", "state": "Enabled"}), "WebApplicationFirewallPolicy waf"},

		{"REA-008", hub, "no transit", set("VirtualNetworkPeering to-hub", "useRemoteGateways", false), ""},
		{"REA-008", hub, "no way back", set("RouteTable egress", "disableBgpRoutePropagation", true), ""},
		{"REA-008", hub, "denied", all(
			azureNet("NetworkSecurityGroup", "deny", map[string]any{"securityRules": []any{nsgRule("all", 100, "Deny", "*", "*")}}),
			set("Subnet nodes", "networkSecurityGroup", id("NetworkSecurityGroup deny")), set("Subnet nodes", "privateEndpointNetworkPolicies", "Enabled"),
		), "NetworkSecurityGroup deny"},

		{"REA-009", managed, "no public address", drop("PublicIPAddress ip"), "VirtualNetwork spoke"},
		{"REA-009", managed, "not admitted", set("NetworkSecurityGroup nodes", "securityRules", []any{}), "NetworkSecurityGroup nodes"},
		{"REA-009", managed, "denied first", set("NetworkSecurityGroup nodes", "securityRules", []any{
			nsgRule("deny", 100, "Deny", "Internet", "*"), nsgRule("allow", 200, "Allow", "203.0.113.0/24", "443"),
		}), "NetworkSecurityGroup nodes"},

		{"DNS-002", managed, "no zone", drop("PrivateDnsZoneGroup blob"), "PrivateEndpoint blob"},
		{"DNS-002", managed, "not linked", drop("VirtualNetworkLink blob-spoke"), zone},
		{"DNS-002", hub, "linked elsewhere", set("VirtualNetworkLink blob-spoke", "virtualNetwork", id("VirtualNetwork hub")), zone},

		{"DNS-003", hub, "a resolver that does not know the zone", resolverInHub(), "VirtualNetwork spoke"},
		{"DNS-003", hub, "a link that is missing", all(resolverInHub(), drop("VirtualNetworkLink aks-hub")), "VirtualNetwork spoke"},
		{"DNS-003", managed, "a resolver elsewhere", all(
			azureVnet("dns", "10.70.0.0/24", nil), azureSubnet("dns", "inbound", "10.70.0.0/28", nil),
			resolverAt("dns", "inbound", "10.70.0.4"), spokeServers("10.70.0.4"),
		), "VirtualNetwork spoke"},

		{"DNS-004", hub, "the system zone", all(spokeServers("10.50.0.4"), api(systemZone)), aks},
		{"DNS-004", hub, "not linked to the hub", all(spokeServers("10.50.0.4"), drop("VirtualNetworkLink aks-hub")), own},
		{"DNS-004", hub, "linked to the spoke twice", all(spokeServers("10.50.0.4"), set("VirtualNetworkLink aks-hub", "virtualNetwork", id("VirtualNetwork spoke"))), own},

		{"DNS-005", managed, "no group", drop("PrivateDnsZoneGroup blob"), "PrivateEndpoint blob"},
		{"DNS-005", managed, "a record by hand", record5("account"), "PrivateRecordSet account"},
		{"DNS-005", hub, "a record by hand", record5("other"), "PrivateRecordSet other"},

		{"DNS-006", hub, "the system zone", api(systemZone), aks},
		{"DNS-006", hub, "none", api(map[string]any{"enablePrivateCluster": true, "privateDNSZone": "none"}), aks},
		{"DNS-006", hub, "not set, which is the system's", api(map[string]any{"enablePrivateCluster": true}), aks},

		{"SKU-001", managed, "a Basic load balancer", network(map[string]any{"networkPlugin": "azure", "outboundType": "loadBalancer", "loadBalancerSku": "basic"}), aks},
		{"SKU-001", hub, "nothing central and no DDoS plan", all(
			drop("AzureFirewall firewall", "ApplicationGateway gateway", "Route default"),
			network(map[string]any{"networkPlugin": "azure", "outboundType": "loadBalancer", "loadBalancerSku": "standard"}),
		), "VirtualNetwork spoke"},
		{"SKU-001", managed, "another Basic load balancer", azureNet("LoadBalancer", "lb", map[string]any{"sku": map[string]any{"name": "Basic"}}), "LoadBalancer lb"},
	}
}

// record5 is an A record that somebody wrote.
func record5(name string) edit {
	return add("azure-native:network/v20240601:PrivateRecordSet", name, map[string]any{
		"privateZoneName": "privatelink.blob.core.windows.net", "relativeRecordSetName": name, "recordType": "A",
		"aRecords": []any{map[string]any{"ipv4Address": "10.60.2.9"}},
	})
}

// resolverAt is a DNS resolver with an inbound endpoint.
func resolverAt(vnet, subnet, address string) edit {
	return all(
		named(azureNet("DnsResolver", "resolver", map[string]any{"virtualNetwork": id("VirtualNetwork " + vnet)}), "DnsResolver resolver"),
		azureNet("InboundEndpoint", "in", map[string]any{
			"dnsResolverName":  "@DnsResolver resolver#name",
			"ipConfigurations": []any{map[string]any{"subnet": id("Subnet " + subnet), "privateIpAddress": address, "privateIpAllocationMethod": "Static"}},
		}),
	)
}

// resolverInHub lets the spoke ask a resolver of the hub, which storage's zone is
// not linked to.
func resolverInHub() edit {
	return all(azureSubnet("hub", "inbound", "10.50.2.0/28", nil), resolverAt("hub", "inbound", "10.50.2.4"), spokeServers("10.50.2.4"))
}
