package topology_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/topology"
)

const vault = "/subscriptions/2/resourceGroups/kv/providers/Microsoft.KeyVault/vaults/keys"

// endpointNetwork has a private endpoint in a hub, a spoke whose default route
// and whose route to the hub's own range lead to an appliance outside, and the
// endpoint's zone.
func endpointNetwork(policies, address string) []azureThing {
	endpoint := props{
		"subnet": props{"id": idOf("endpoints")},
		"privateLinkServiceConnections": []any{props{
			"name": "c", "privateLinkServiceId": vault, "groupIds": []string{"vault"},
		}},
	}
	if address != "" {
		endpoint["ipConfigurations"] = []any{props{"name": "ip", "privateIPAddress": address, "groupId": "vault"}}
	}
	route := func(name, prefix string) azureThing {
		return azureNet("Route", name, props{
			"routeTableName": outOf{"table", "name"}, "addressPrefix": prefix,
			"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.9.0.4",
		})
	}
	peer := func(name, near, far string) azureThing {
		return azureNet("VirtualNetworkPeering", name, props{
			"virtualNetworkName": outOf{near, "name"}, "remoteVirtualNetwork": props{"id": idOf(far)}, "allowVirtualNetworkAccess": true,
		})
	}
	return []azureThing{
		azureVnet("hub", "10.0.0.0/16"), azureVnet("spoke", "10.1.0.0/16"),
		azureSubnet("hub", "endpoints", "10.0.5.0/26", props{"privateEndpointNetworkPolicies": policies}),
		azureNet("PrivateEndpoint", "pe", endpoint),
		{token: "azure-native:privatedns:PrivateZone", name: "privatelink.vaultcore.azure.net", inputs: props{"location": "Global"}},
		{token: "azure-native:privatedns:VirtualNetworkLink", name: "link", inputs: props{
			"privateZoneName": outOf{"privatelink.vaultcore.azure.net", "name"}, "virtualNetwork": props{"id": idOf("spoke")},
			"resolutionPolicy": "NxDomainRedirect",
		}},
		azureNet("PrivateDnsZoneGroup", "group", props{
			"privateEndpointName":   outOf{"pe", "name"},
			"privateDnsZoneConfigs": []any{props{"name": "vault", "privateDnsZoneId": idOf("privatelink.vaultcore.azure.net")}},
		}),
		peer("there", "spoke", "hub"), peer("back", "hub", "spoke"),
		azureNet("RouteTable", "table", props{}),
		route("default", "0.0.0.0/0"), route("hub-range", "10.0.0.0/16"),
		azureSubnet("spoke", "nodes", "10.1.0.0/24", props{"routeTable": props{"id": idOf("table")}}),
		azureSubnet("hub", "jump", "10.0.6.0/26", nil),
	}
}

// An endpoint's /32 is in its network and the peers. A user's route takes it
// only by network policies, and with a prefix as long as the network's.
// https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall
func TestAzurePrivateEndpointRoutes(t *testing.T) {
	user := []string{"0.0.0.0/0 user appliance", "10.0.0.0/16 user appliance", "10.1.0.0/16 system local"}
	for _, test := range []struct {
		policies, address string
		extra             []string
	}{
		{"Disabled", "10.0.5.9", []string{"10.0.5.9/32 system peering"}},
		{"NetworkSecurityGroupEnabled", "10.0.5.9", []string{"10.0.5.9/32 system peering"}},
		{"Enabled", "10.0.5.9", nil},
		{"RouteTableEnabled", "10.0.5.9", nil},
		// Azure chooses the address: each half of the subnet may hold it.
		{"Disabled", "", []string{"10.0.5.0/27 user unknown", "10.0.5.32/27 user unknown"}},
		{"Enabled", "", nil},
	} {
		t.Run(test.policies+test.address, func(t *testing.T) {
			eachShape(t, endpointNetwork(test.policies, test.address), func(t *testing.T, _ azureShape, m *topology.Model) {
				table := knownTable(t, subnetNamed(t, m, "nodes"))
				var single []topology.Route
				for _, r := range table.Routes {
					for _, prefix := range r.To.Or(nil) {
						one := r
						one.To = topology.Known(prefixList(prefix.String()), r.Ref)
						single = append(single, one)
					}
				}
				got := routesOf(t, &topology.RouteTable{Routes: single})
				assert.ElementsMatch(t, append(slices.Clone(user), test.extra...), got)
			})
		})
	}
}

func TestAzurePrivateEndpoint(t *testing.T) {
	eachShape(t, endpointNetwork("Disabled", "10.0.5.9"), func(t *testing.T, _ azureShape, m *topology.Model) {
		require.Len(t, m.Endpoints, 1)
		e := m.Endpoints[0]
		assert.Equal(t, "hub", e.Network.Name)
		assert.Equal(t, "vault", e.Service.Or(""))
		assert.Equal(t, vault, e.Target.Or(""))
		require.Len(t, e.Interfaces, 1)
		assert.Equal(t, topology.EndpointInterface, e.Interfaces[0].Kind)
		require.Len(t, e.Interfaces[0].Addresses, 1)
		assert.Equal(t, "10.0.5.9", e.Interfaces[0].Addresses[0].Or(m.Service(topology.Azure, "none", "").Addr()).String())

		require.Len(t, m.Zones, 1)
		zone := m.Zones[0]
		assert.True(t, zone.Private)
		require.Len(t, e.Zones, 1)
		assert.Same(t, zone, e.Zones[0].Or(nil))
		require.Len(t, zone.Networks, 1)
		assert.Equal(t, "spoke", zone.Networks[0].Network.Or(&topology.Network{}).Name)
		assert.True(t, zone.Networks[0].Fallback)
		require.Len(t, zone.Records, 1)
		assert.Equal(t, "keys.privatelink.vaultcore.azure.net", zone.Records[0].Name)
		assert.Equal(t, e.Interfaces, zone.Records[0].Interfaces)
		for _, s := range m.Subnets {
			if s.Name == "endpoints" {
				on, known := s.PrivateEndpointRoutes.Get()
				assert.True(t, known && !on)
				on, known = s.PrivateEndpointFilter.Get()
				assert.True(t, known && !on)
			}
		}
		appliance := slices.IndexFunc(m.Gateways, func(g *topology.Gateway) bool { return g.Kind == topology.Appliance })
		require.GreaterOrEqual(t, appliance, 0)
		assert.NotEmpty(t, m.Gateways[appliance].Incomplete, "nothing in the graph has 10.9.0.4")
		assert.Equal(t, "10.9.0.4", m.Gateways[appliance].PrivateAddress.Or(m.Service(topology.Azure, "none", "").Addr()).String())
	})
}

// cluster is a managed cluster in a network of the program.
func cluster(access props, outbound string) []azureThing {
	return []azureThing{
		azureVnet("vnet", "10.0.0.0/16"),
		azureSubnet("vnet", "nodes", "10.0.0.0/24", nil),
		azureSubnet("vnet", "pods", "10.0.8.0/21", nil),
		azureSubnet("vnet", "api", "10.0.1.0/28", props{"delegations": []any{props{"serviceName": "Microsoft.ContainerService/managedClusters"}}}),
		azureNet("PublicIPAddress", "ip", props{}),
		{token: "azure-native:privatedns:PrivateZone", name: "privatelink.westeurope.azmk8s.io", inputs: props{
			"privateZoneName": "privatelink.westeurope.azmk8s.io",
		}},
		{token: "azure-native:containerservice/v20250901:ManagedCluster", name: "aks", inputs: props{
			"fqdnSubdomain": "sub", "apiServerAccessProfile": access,
			"agentPoolProfiles": []any{
				props{"name": "a", "vnetSubnetID": idOf("nodes"), "podSubnetID": idOf("pods")},
			},
			"networkProfile": props{
				"outboundType":        outbound,
				"loadBalancerProfile": props{"outboundIPs": props{"publicIPs": []any{props{"id": idOf("ip")}}}},
			},
		}},
	}
}

func TestAzureCluster(t *testing.T) {
	host := func(m *topology.Model, kind topology.InterfaceKind) []*topology.Interface {
		return slices.DeleteFunc(slices.Clone(m.Interfaces), func(i *topology.Interface) bool { return i.Kind != kind })
	}
	named := func(i *topology.Interface) string {
		s, known := i.Subnet.Get()
		switch {
		case !known:
			return "?"
		case s == nil:
			return "none"
		}
		return s.Name
	}
	for _, shape := range azureShapes {
		t.Run(string(shape), func(t *testing.T) {
			m := azureModel(t, shape, cluster(props{"authorizedIPRanges": []string{"203.0.113.0/24"}}, "loadBalancer")...)
			hosts := host(m, topology.Host)
			require.Len(t, hosts, 3)
			assert.Equal(t, []string{"nodes", "pods", "none"}, []string{named(hosts[0]), named(hosts[1]), named(hosts[2])})
			require.Len(t, hosts[0].Outbound, 1)
			assert.True(t, hosts[0].Outbound[0].InternetFacing.Or(false))
			assert.False(t, hosts[0].Public.Or(true))
			api := hosts[2]
			assert.True(t, api.Public.Or(false))
			require.Len(t, api.Filters, 1)
			assert.Equal(t, []string{"0 allow  from 203.0.113.0/24 to any:"}, ruleLines(api.Filters[0][0].In))

			m = azureModel(t, shape, cluster(props{
				"enablePrivateCluster": true, "privateDNSZone": idOf("privatelink.westeurope.azmk8s.io"),
			}, "userDefinedRouting")...)
			hosts = host(m, topology.Host)
			require.Len(t, hosts, 2, "no public API server")
			assert.Empty(t, hosts[0].Outbound)
			require.Len(t, m.Endpoints, 1)
			// A preview does not know which pool is in which subnet.
			assert.Equal(t, map[azureShape]string{recorded: "nodes", exported: "nodes", preview: "?"}[shape], named(m.Endpoints[0].Interfaces[0]))
			require.Len(t, m.Zones[0].Records, 1)
			assert.Equal(t, "sub.privatelink.westeurope.azmk8s.io", m.Zones[0].Records[0].Name)

			m = azureModel(t, shape, cluster(props{
				"enablePrivateCluster": true, "enableVnetIntegration": true, "subnetId": idOf("api"), "privateDNSZone": "none",
			}, "none")...)
			inside := host(m, topology.BalancerInterface)
			require.Len(t, inside, 1)
			assert.Equal(t, "api", named(inside[0]))
			assert.Empty(t, m.Endpoints)
			assert.Equal(t, "Microsoft.ContainerService/managedClusters", subnetNamed(t, m, "api").Delegation.Or(""))
		})
	}
}

// Names: a ruleset of the resolver for a spoke that asks the firewall's address.
func TestAzureResolver(t *testing.T) {
	resolver := func(kind, name string, inputs, computed props) azureThing {
		return azureThing{token: "azure-native:dnsresolver:" + kind, name: name, inputs: inputs, computed: computed}
	}
	spoke := azureVnet("spoke", "10.1.0.0/16")
	spoke.inputs["dhcpOptions"] = props{"dnsServers": []any{outOf{"in", "privateIpAddress"}}}
	eachShape(t, []azureThing{
		azureVnet("hub", "10.0.0.0/16"),
		azureSubnet("hub", "inbound", "10.0.2.0/28", nil),
		resolver("DnsResolver", "resolver", props{"virtualNetwork": props{"id": idOf("hub")}}, nil),
		resolver("InboundEndpoint", "in", props{
			"dnsResolverName":  outOf{"resolver", "name"},
			"ipConfigurations": []any{props{"subnet": props{"id": idOf("inbound")}}},
		}, props{"ipConfigurations": []any{props{"privateIpAddress": "10.0.2.4"}}}),
		resolver("DnsForwardingRuleset", "rules", props{}, nil),
		resolver("ForwardingRule", "corp", props{
			"dnsForwardingRulesetName": outOf{"rules", "name"}, "domainName": "Corp.Example.", "forwardingRuleState": "Enabled",
			"targetDnsServers": []any{props{"ipAddress": "192.168.1.53", "port": 53}},
		}, nil),
		resolver("ForwardingRule", "off", props{
			"dnsForwardingRulesetName": outOf{"rules", "name"}, "domainName": "off.example.", "forwardingRuleState": "Disabled",
		}, nil),
		resolver("PrivateResolverVirtualNetworkLink", "link", props{
			"dnsForwardingRulesetName": outOf{"rules", "name"}, "virtualNetwork": props{"id": idOf("hub")},
		}, nil),
		spoke,
		{token: "azure-native:network:PrivateZone", name: "zone.example", inputs: props{"privateZoneName": "zone.example"}},
		{token: "azure-native:network:PrivateRecordSet", name: "www", inputs: props{
			"privateZoneName": outOf{"zone.example", "name"}, "recordType": "A", "relativeRecordSetName": "www",
			"aRecords": []any{props{"ipv4Address": "10.0.0.9"}},
		}},
		{token: "azure-native:network:PrivateRecordSet", name: "apex", inputs: props{
			"privateZoneName": "zone.example", "recordType": "CNAME", "relativeRecordSetName": "@", "cnameRecord": props{"cname": "WWW.zone.example."},
		}},
		{token: "azure-native:network:VirtualNetworkLink", name: "central", inputs: props{
			"privateZoneName": "privatelink.azurecr.io", "virtualNetwork": props{"id": idOf("hub")},
		}},
		resolver("PrivateResolverVirtualNetworkLink", "central-rules", props{
			"dnsForwardingRulesetName": "central", "virtualNetwork": props{"id": idOf("spoke")},
		}, nil),
	}, func(t *testing.T, shape azureShape, m *topology.Model) {
		i := slices.IndexFunc(m.Interfaces, func(i *topology.Interface) bool { return i.Kind == topology.ResolverInterface })
		require.GreaterOrEqual(t, i, 0)
		in := m.Interfaces[i]
		assert.Equal(t, "inbound", in.Subnet.Or(&topology.Subnet{}).Name)
		servers := m.Networks[1].DNSServers
		assert.Equal(t, shape == exported, servers.IsKnown())
		if shape == exported {
			assert.Equal(t, "10.0.2.4", servers.Or(nil)[0].String())
			assert.Equal(t, servers.Or(nil)[0], in.Addresses[0].Or(m.Service(topology.Azure, "none", "").Addr()))
		} else {
			assert.Equal(t, in.Ref.URN, servers.Ref().URN, "the endpoint decides")
		}
		own, known := m.Networks[0].DNSServers.Get()
		assert.True(t, known)
		assert.Empty(t, own)

		// What lies outside the graph may answer anything.
		require.Len(t, m.Forwarders, 2)
		outside := m.Forwarders[0]
		assert.Equal(t, ".", outside.Suffix)
		assert.False(t, outside.Servers.IsKnown())
		assert.Same(t, m.Networks[1], outside.Networks[0].Or(nil))
		m.Forwarders = m.Forwarders[1:]
		require.Len(t, m.Zones, 2)
		assert.Equal(t, "privatelink.azurecr.io", m.Zones[1].Name)
		assert.Same(t, m.Networks[0], m.Zones[1].Networks[0].Network.Or(nil))
		assert.False(t, m.Zones[1].Records[1].Addresses.IsKnown())

		assert.Equal(t, "corp.example", m.Forwarders[0].Suffix)
		assert.Equal(t, "192.168.1.53", m.Forwarders[0].Servers.Or(nil)[0].String())
		require.Len(t, m.Forwarders[0].Networks, 1)
		assert.Same(t, m.Networks[0], m.Forwarders[0].Networks[0].Or(nil))

		require.Len(t, m.Zones[0].Records, 2)
		assert.Equal(t, "www.zone.example", m.Zones[0].Records[0].Name)
		assert.Equal(t, "10.0.0.9", m.Zones[0].Records[0].Addresses.Or(nil)[0].String())
		assert.Equal(t, "zone.example", m.Zones[0].Records[1].Name)
		assert.Equal(t, "www.zone.example", m.Zones[0].Records[1].Alias.Or(""))
		assert.Empty(t, m.Unsupported)
	})
}
