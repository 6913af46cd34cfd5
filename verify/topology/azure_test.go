package topology_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/topology"
)

// routingExample is the example of Azure's page on routing, "Routing example":
// two networks that are peered, a VPN to 10.10.0.0/16, and an appliance at
// 10.0.100.4 that Subnet1 sends everything through.
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
func routingExample() []azureThing {
	peer := func(name, near, far string) azureThing {
		return azureNet("VirtualNetworkPeering", name, props{
			"virtualNetworkName": outOf{near, "name"}, "remoteVirtualNetwork": props{"id": idOf(far)},
			"allowVirtualNetworkAccess": true, "allowForwardedTraffic": name == "back",
		})
	}
	route := func(name, prefix, hop, address string) azureThing {
		inputs := props{"routeTableName": outOf{"table", "name"}, "routeName": name, "addressPrefix": prefix, "nextHopType": hop}
		if address != "" {
			inputs["nextHopIpAddress"] = address
		}
		return azureNet("Route", name, inputs)
	}
	return []azureThing{
		azureVnet("Virtual-network-1", "10.0.0.0/16"),
		azureVnet("Virtual-network-2", "10.1.0.0/16", "10.2.0.0/16"),
		azureNet("RouteTable", "table", props{}),
		azureSubnet("Virtual-network-1", "Subnet1", "10.0.0.0/24", props{
			"routeTable": props{"id": idOf("table")}, "serviceEndpoints": []any{props{"service": "Microsoft.Storage"}},
		}),
		azureSubnet("Virtual-network-1", "Subnet2", "10.0.1.0/24", nil),
		azureSubnet("Virtual-network-1", "Subnet3", "10.0.100.0/24", nil),
		azureSubnet("Virtual-network-1", "GatewaySubnet", "10.0.255.0/27", nil),
		azureNet("NetworkInterface", "nva", props{
			"enableIPForwarding": true,
			"ipConfigurations": []any{props{
				"subnet": props{"id": idOf("Subnet3")}, "privateIPAddress": "10.0.100.4", "privateIPAllocationMethod": "Static",
			}},
		}),
		azureNet("VirtualNetworkGateway", "vpn", props{
			"gatewayType": "Vpn", "ipConfigurations": []any{props{"subnet": props{"id": idOf("GatewaySubnet")}}},
		}),
		azureNet("LocalNetworkGateway", "company", props{"localNetworkAddressSpace": props{"addressPrefixes": []string{"10.10.0.0/16"}}}),
		azureNet("VirtualNetworkGatewayConnection", "tunnel", props{
			"connectionType": "IPsec", "virtualNetworkGateway1": props{"id": idOf("vpn")}, "localNetworkGateway2": props{"id": idOf("company")},
		}),
		peer("there", "Virtual-network-1", "Virtual-network-2"),
		peer("back", "Virtual-network-2", "Virtual-network-1"),
		route("Within-VNet1", "10.0.0.0/16", "VirtualAppliance", "10.0.100.4"),
		route("Within-Subnet1", "10.0.0.0/24", "VnetLocal", ""),
		route("ToVNet2-1-Drop", "10.1.0.0/16", "None", ""),
		route("ToVNet2-2-Drop", "10.2.0.0/16", "None", ""),
		route("To-On-Prem", "10.10.0.0/16", "VirtualAppliance", "10.0.100.4"),
		route("Default-NVA", "0.0.0.0/0", "VirtualAppliance", "10.0.100.4"),
	}
}

func TestAzureRoutingExample(t *testing.T) {
	eachShape(t, routingExample(), func(t *testing.T, _ azureShape, m *topology.Model) {
		one, two := subnetNamed(t, m, "Subnet1"), subnetNamed(t, m, "Subnet2")
		storage := m.Service(topology.Azure, "Storage", "westeurope").String()
		assert.ElementsMatch(t, []string{
			"0.0.0.0/0 user appliance", "10.0.0.0/16 user appliance", "10.0.0.0/24 user local",
			"10.1.0.0/16 user drop", "10.2.0.0/16 user drop", "10.10.0.0/16 user appliance", storage + " system service",
		}, routesOf(t, knownTable(t, one)))
		// The page leaves out 172.16.0.0/12 in the second table, and has it in
		// the list of the default routes.
		assert.ElementsMatch(t, []string{
			"10.0.0.0/16 system local", "10.1.0.0/16 system peering", "10.2.0.0/16 system peering", "10.10.0.0/16 gateway vpn",
			"0.0.0.0/0 system internet", "10.0.0.0/8 system drop", "172.16.0.0/12 system drop", "192.168.0.0/16 system drop",
			"100.64.0.0/10 system drop",
		}, routesOf(t, knownTable(t, two)))

		// The tag holds the user's prefixes too: with a default route, everything.
		tag, known := one.VirtualNetworkTag.Get()
		require.True(t, known)
		assert.Contains(t, tag, netip.MustParsePrefix("0.0.0.0/0"))
		tag, known = two.VirtualNetworkTag.Get()
		require.True(t, known)
		assert.ElementsMatch(t, prefixList("10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.10.0.0/16", "168.63.129.16/32"), tag)

		for _, r := range knownTable(t, one).Routes {
			if g, _ := r.Via.Get(); g != nil && g.Kind == topology.Appliance {
				nic, known := g.Interface.Get()
				require.True(t, known)
				require.NotNil(t, nic)
				assert.Equal(t, topology.ForwardingInterface, nic.Kind)
				assert.Equal(t, azureURN("azure-native:network/v20240501:NetworkInterface", "nva"), nic.Ref.URN)
				assert.Contains(t, r.Ref.URN, "network/v20240501:Route::")
			}
		}
		assert.Empty(t, m.Unsupported)
		assert.Len(t, m.Networks, 2)
	})
}

// Both sides make a peering; what is forwarded enters where the far side lets it.
func TestAzurePeering(t *testing.T) {
	things := routingExample()
	eachShape(t, things, func(t *testing.T, _ azureShape, m *topology.Model) {
		for _, g := range m.Gateways {
			if g.Kind != topology.Peering {
				continue
			}
			established, known := g.Established.Get()
			assert.True(t, known && established)
			forwarded, known := g.Forwarded.Get()
			assert.True(t, known)
			assert.Equal(t, g.Network.Name == "Virtual-network-1", forwarded)
			far, known := g.Peer.Get()
			assert.True(t, known)
			assert.NotEqual(t, g.Network, far)
		}
	})
	var oneSided []azureThing
	for _, thing := range things {
		if thing.name != "back" {
			oneSided = append(oneSided, thing)
		}
	}
	eachShape(t, oneSided, func(t *testing.T, _ azureShape, m *topology.Model) {
		tag, known := subnetNamed(t, m, "Subnet2").VirtualNetworkTag.Get()
		assert.True(t, known)
		assert.NotContains(t, tag, netip.MustParsePrefix("10.1.0.0/16"))
		// Its route counts only where no other takes its place.
		assert.Contains(t, routesOf(t, knownTable(t, subnetNamed(t, m, "Subnet2"))), "10.1.0.0/16 system peering")
		for _, r := range knownTable(t, subnetNamed(t, m, "Subnet1")).Routes {
			via, _ := r.Via.Get()
			assert.NotEqual(t, topology.Peering, via.Kind)
		}
		for _, g := range m.Gateways {
			if g.Kind == topology.Peering {
				established, known := g.Established.Get()
				assert.True(t, known && !established)
			}
		}
	})
}

func TestAzurePeeringOutside(t *testing.T) {
	hub := "/subscriptions/2/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"
	eachShape(t, []azureThing{
		azureVnet("spoke", "10.1.0.0/16"),
		azureSubnet("spoke", "nodes", "10.1.0.0/24", nil),
		azureNet("VirtualNetworkPeering", "to-hub", props{
			"virtualNetworkName": outOf{"spoke", "name"}, "remoteVirtualNetwork": props{"id": hub},
			"allowVirtualNetworkAccess": true, "useRemoteGateways": true,
			"remoteAddressSpace": props{"addressPrefixes": []string{"10.0.0.0/16"}},
		}),
	}, func(t *testing.T, _ azureShape, m *topology.Model) {
		s := subnetNamed(t, m, "nodes")
		routes := routesOf(t, knownTable(t, s))
		assert.Contains(t, routes, "10.0.0.0/16 system peering")
		assert.Contains(t, routes, "unknown gateway vpn", "what the hub's gateway announces nobody knows")
		_, known := s.VirtualNetworkTag.Get()
		assert.False(t, known)
		least, complete := s.VirtualNetworkTag.Options()
		require.Len(t, least, 1)
		assert.False(t, complete)
		assert.ElementsMatch(t, prefixList("10.1.0.0/16", "168.63.129.16/32"), least[0])
		for _, g := range m.Gateways {
			if g.Kind == topology.Peering {
				assert.False(t, g.Established.IsKnown())
				far, known := g.Peer.Get()
				assert.True(t, known)
				assert.Nil(t, far)
			}
		}
	})
}

// The default of defaultOutboundAccess follows the API version.
// https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
func TestAzureDefaultOutbound(t *testing.T) {
	for token, want := range map[string]bool{
		"azure-native:network:Subnet":                  true,
		"azure-native:network/v20230201:Subnet":        true,
		"azure-native:network/v20240501:Subnet":        true,
		"azure-native:network/v20250101preview:Subnet": true,
		"azure-native:network/v20250701:Subnet":        false,
	} {
		for _, shape := range azureShapes {
			subnet := azureSubnet("vnet", "s", "10.0.0.0/24", nil)
			subnet.token = token
			s := subnetNamed(t, azureModel(t, shape, azureVnet("vnet", "10.0.0.0/16"), subnet), "s")
			got, known := s.DefaultOutbound.Get()
			assert.True(t, known, token)
			assert.Equal(t, want, got, "%s, %s", token, shape)
			subnet.inputs["defaultOutboundAccess"] = !want
			s = subnetNamed(t, azureModel(t, shape, azureVnet("vnet", "10.0.0.0/16"), subnet), "s")
			assert.Equal(t, !want, s.DefaultOutbound.Or(want), token)
		}
	}
	// Version 3 of the provider reads the API version back.
	subnet := azureSubnet("vnet", "s", "10.0.0.0/24", nil)
	subnet.token, subnet.computed = "azure-native:network:Subnet", props{"azureApiVersion": "2025-07-01"}
	s := subnetNamed(t, azureModel(t, exported, azureVnet("vnet", "10.0.0.0/16"), subnet), "s")
	assert.False(t, s.DefaultOutbound.Or(true))
}

// The next hop VirtualNetworkGateway is the network's own gateway, that of a
// peer that lends it, or one outside the graph.
func TestAzureGatewayHop(t *testing.T) {
	table := []azureThing{
		azureNet("RouteTable", "table", props{"disableBgpRoutePropagation": true}),
		azureNet("Route", "company", props{
			"routeTableName": outOf{"table", "name"}, "addressPrefix": "10.99.0.0/16", "nextHopType": "VirtualNetworkGateway",
		}),
		azureVnet("spoke", "10.1.0.0/16"),
		azureSubnet("spoke", "s", "10.1.0.0/24", props{"routeTable": props{"id": idOf("table")}}),
	}
	hub := []azureThing{
		azureVnet("hub", "10.0.0.0/16"),
		azureSubnet("hub", "GatewaySubnet", "10.0.0.0/27", nil),
		azureNet("VirtualNetworkGateway", "vpn", props{
			"gatewayType": "Vpn", "ipConfigurations": []any{props{"subnet": props{"id": idOf("GatewaySubnet")}}},
			"vpnClientConfiguration": props{"vpnClientAddressPool": props{"addressPrefixes": []string{"172.20.0.0/24"}}},
		}),
		azureNet("VirtualNetworkGatewayConnection", "circuit", props{
			"connectionType": "ExpressRoute", "virtualNetworkGateway1": props{"id": idOf("vpn")},
		}),
		azureNet("VirtualNetworkPeering", "there", props{
			"virtualNetworkName": outOf{"spoke", "name"}, "remoteVirtualNetwork": props{"id": idOf("hub")},
			"allowVirtualNetworkAccess": true, "useRemoteGateways": true,
		}),
		azureNet("VirtualNetworkPeering", "back", props{
			"virtualNetworkName": outOf{"hub", "name"}, "remoteVirtualNetwork": props{"id": idOf("spoke")},
			"allowVirtualNetworkAccess": true, "allowGatewayTransit": true,
		}),
		azureSubnet("spoke", "plain", "10.1.1.0/24", nil),
	}
	hop := func(m *topology.Model) *topology.Gateway {
		via, known := knownTable(t, subnetNamed(t, m, "s")).Routes[0].Via.Get()
		require.True(t, known)
		require.Equal(t, topology.VPN, via.Kind)
		return via
	}
	eachShape(t, table, func(t *testing.T, _ azureShape, m *topology.Model) {
		assert.False(t, hop(m).Attached.IsKnown())
		assert.NotEmpty(t, hop(m).Incomplete)
	})
	eachShape(t, append(table, hub...), func(t *testing.T, _ azureShape, m *topology.Model) {
		assert.Contains(t, hop(m).Ref.URN, "VirtualNetworkGateway::vpn")
		assert.Empty(t, hop(m).Incomplete)
		// Propagation is off in the table, and on beside it.
		assert.NotContains(t, routesOf(t, knownTable(t, subnetNamed(t, m, "s"))), "172.20.0.0/24 gateway vpn")
		plain := routesOf(t, knownTable(t, subnetNamed(t, m, "plain")))
		assert.Contains(t, plain, "172.20.0.0/24 gateway vpn")
		assert.Contains(t, plain, "unknown gateway vpn", "what the circuit's BGP tells")
	})
}
