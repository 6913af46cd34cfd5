package topology_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Lists in a parent and resources of their own say the same, and what a
// provider reads back of both is counted once.
func TestAzureInline(t *testing.T) {
	subnet := func(name, prefix string, more props) props {
		s := props{"name": name, "addressPrefix": prefix}
		maps.Copy(s, more)
		return s
	}
	inline := subnet("inline", "10.0.0.0/24", props{
		"networkSecurityGroup": props{"id": idOf("nsg")}, "routeTable": props{"id": idOf("table")}, "natGateway": props{"id": idOf("nat")},
	})
	vnet := azureVnet("vnet", "10.0.0.0/16")
	vnet.inputs["subnets"] = []any{inline}
	things := []azureThing{
		azureNet("NetworkSecurityGroup", "nsg", props{}),
		azureNet("RouteTable", "table", props{"routes": []any{
			props{"name": "drop", "addressPrefix": "10.7.0.0/16", "nextHopType": "None"},
		}}),
		azureNet("Route", "drop8", props{"routeTableName": outOf{"table", "name"}, "addressPrefix": "10.8.0.0/16", "nextHopType": "none"}),
		azureNet("PublicIPAddress", "ip", props{}),
		azureNet("NatGateway", "nat", props{"publicIpAddresses": []any{props{"id": idOf("ip")}}}),
		vnet,
		azureSubnet("vnet", "alone", "10.0.1.0/24", nil),
		azureNet("NetworkInterface", "nic", props{"ipConfigurations": []any{props{"subnet": props{"id": pathOf{"vnet", "subnets/inline"}}}}}),
	}
	eachShape(t, things, func(t *testing.T, shape azureShape, m *topology.Model) {
		require.Len(t, m.Subnets, 2)
		s := m.Subnets[0]
		assert.Equal(t, "inline", s.Name)
		assert.Equal(t, "subnets[0]", s.Ref.Property)
		assert.Same(t, m.Subnets[0], m.Interfaces[0].Subnet.Or(nil))
		if shape != preview { // where a list's references may be any of its resource's
			nat, known := s.NAT.Get()
			require.True(t, known)
			assert.Len(t, nat.Addresses, 1)
		}
		f, known := s.Filter.Get()
		assert.True(t, known)
		assert.NotNil(t, f)
		table := knownTable(t, s)
		assert.Contains(t, routesOf(t, table), "10.7.0.0/16 user drop")
		assert.Contains(t, routesOf(t, table), "10.8.0.0/16 user drop")
		none, known := m.Subnets[1].NAT.Get()
		assert.True(t, known)
		assert.Nil(t, none)
	})

	// A refreshed stack lists the children with the parent.
	things[5].computed = props{"subnets": []any{inline, subnet("alone", "10.0.1.0/24", nil), subnet("foreign", "10.0.2.0/24", nil)}}
	things[1].computed = props{"routes": []any{
		props{"name": "drop"}, props{"name": "drop8", "addressPrefix": "10.8.0.0/16", "nextHopType": "None"},
		props{"name": "kube", "addressPrefix": "10.244.0.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4"},
	}}
	m := azureModel(t, exported, things...)
	var names []string
	for _, s := range m.Subnets {
		names = append(names, s.Name)
	}
	assert.Equal(t, []string{"inline", "foreign", "alone"}, names)
	count := 0
	for _, r := range knownTable(t, m.Subnets[0]).Routes {
		if r.Origin == topology.OriginStatic {
			count++
		}
	}
	assert.Equal(t, 3, count)
}

// What is named and not in the graph is outside: it may do anything.
func TestAzureOutside(t *testing.T) {
	const elsewhere = "/subscriptions/2/resourceGroups/x/providers/Microsoft.Network/"
	eachShape(t, []azureThing{
		azureNet("Subnet", "s", props{
			"virtualNetworkName": "existing", "addressPrefix": "10.5.0.0/24",
			"networkSecurityGroup": props{"id": elsewhere + "networkSecurityGroups/nsg"},
			"routeTable":           props{"id": elsewhere + "routeTables/table"},
			"natGateway":           props{"id": elsewhere + "natGateways/nat"},
		}),
		azureNet("NetworkInterface", "nic", props{"ipConfigurations": []any{props{
			"subnet": props{"id": elsewhere + "virtualNetworks/existing/subnets/other"},
		}}}),
		azureNet("NetworkInterface", "twin", props{"ipConfigurations": []any{props{
			"subnet": props{"id": strings.ToUpper(elsewhere+"virtualNetworks/existing/") + "subnets/OTHER"},
		}}}),
	}, func(t *testing.T, _ azureShape, m *topology.Model) {
		s := subnetNamed(t, m, "s")
		assert.NotEmpty(t, s.Network.Incomplete)
		f, known := s.Filter.Get()
		require.True(t, known)
		assert.NotEmpty(t, f.Incomplete)
		assert.Equal(t, "networkSecurityGroup.id", f.Ref.Property)
		assert.NotEmpty(t, knownTable(t, s).Incomplete)
		nat, known := s.NAT.Get()
		require.True(t, known)
		assert.NotEmpty(t, nat.Incomplete)
		_, known = s.VirtualNetworkTag.Get()
		assert.False(t, known)
		other, known := m.Interfaces[0].Subnet.Get()
		require.True(t, known)
		assert.NotEmpty(t, other.Incomplete)
		assert.Same(t, other, m.Interfaces[1].Subnet.Or(nil))
	})
}

// An id that is spelled out finds the resource of the program.
func TestAzureLiteralID(t *testing.T) {
	vnet, subnet := azureVnet("vnet", "10.0.0.0/16"), azureSubnet("vnet", "s", "10.0.0.0/24", nil)
	vnet.inputs["resourceGroupName"], subnet.inputs["resourceGroupName"] = "rg", "rg"
	nic := azureNet("NetworkInterface", "nic", props{"ipConfigurations": []any{props{
		"subnet": props{"id": azureGroup + "/providers/Microsoft.Network/virtualNetworks/VNET/subnets/S"},
	}}})
	for _, shape := range []azureShape{recorded, preview} {
		m := azureModel(t, shape, vnet, subnet, nic)
		require.Len(t, m.Subnets, 1)
		got, complete := m.Interfaces[0].Subnet.Options()
		assert.Equal(t, m.Subnets, got)
		assert.False(t, complete, "the subscription is not known")
	}
}

// A name counts in its resource group.
func TestAzureNamesInGroups(t *testing.T) {
	mine, theirs := azureVnet("vnet", "10.0.0.0/16"), azureNet("Subnet", "s", props{"addressPrefix": "10.1.0.0/24", "virtualNetworkName": "vnet"})
	mine.inputs["resourceGroupName"], theirs.inputs["resourceGroupName"] = "rg", "another"
	for _, shape := range azureShapes {
		m := azureModel(t, shape, mine, theirs)
		require.Len(t, m.Networks, 2)
		assert.NotEmpty(t, subnetNamed(t, m, "s").Network.Incomplete, "a network outside the graph")
		theirs.inputs["resourceGroupName"] = "RG"
		assert.Len(t, azureModel(t, shape, mine, theirs).Networks, 1)
		theirs.inputs["resourceGroupName"] = "another"
	}
}

func TestAzureLoadBalancer(t *testing.T) {
	eachShape(t, []azureThing{
		azureVnet("vnet", "10.0.0.0/16"),
		azureSubnet("vnet", "s", "10.0.0.0/24", nil),
		azureNet("PublicIPAddress", "ip", props{}),
		azureNet("LoadBalancer", "lb", props{
			"sku": props{"name": "Standard"},
			"frontendIPConfigurations": []any{
				props{"name": "out", "publicIPAddress": props{"id": idOf("ip")}},
				props{"name": "in", "subnet": props{"id": idOf("s")}, "privateIPAddress": "10.0.0.10"},
			},
			"backendAddressPools": []any{props{"name": "Pool"}},
			"loadBalancingRules": []any{props{
				"name": "https", "protocol": "Tcp", "frontendPort": 443, "backendPort": 8443, "disableOutboundSnat": true,
				"backendAddressPool": props{"id": azureGroup + "/providers/Microsoft.Network/loadBalancers/lb/backendAddressPools/pool"},
			}},
			"outboundRules": []any{props{
				"name": "out", "protocol": "All",
				"backendAddressPool": props{"id": azureGroup + "/providers/Microsoft.Network/loadBalancers/lb/backendAddressPools/pool"},
			}},
		}),
		azureNet("NetworkInterface", "nic", props{"ipConfigurations": []any{props{
			"subnet": props{"id": idOf("s")}, "loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}},
		}}}),
		{token: "azure-native:compute/v20240701:VirtualMachine", name: "vm", inputs: props{
			"networkProfile": props{"networkInterfaces": []any{props{"id": idOf("nic")}}},
		}},
		{token: "azure-native:compute:VirtualMachineScaleSet", name: "vmss", inputs: props{
			"virtualMachineProfile": props{"networkProfile": props{"networkInterfaceConfigurations": []any{props{
				"name": "nic", "enableIPForwarding": true, "ipConfigurations": []any{props{
					"subnet": props{"id": idOf("s")}, "publicIPAddressConfiguration": props{"name": "p"},
				}},
			}}}},
		}},
		azureNet("PrivateLinkService", "pls", props{
			"loadBalancerFrontendIpConfigurations": []any{props{"id": pathOf{"lb", "frontendIPConfigurations/in"}}},
			"visibility":                           props{"subscriptions": []string{"*"}},
			"autoApproval":                         props{"subscriptions": []string{"sub"}},
		}),
		azureNet("PrivateEndpoint", "pe", props{
			"subnet":                        props{"id": idOf("s")},
			"privateLinkServiceConnections": []any{props{"privateLinkServiceId": idOf("pls")}},
		}),
	}, func(t *testing.T, _ azureShape, m *topology.Model) {
		require.Len(t, m.Balancers, 1)
		lb := m.Balancers[0]
		assert.True(t, lb.InternetFacing.Or(false))
		require.Len(t, lb.Interfaces, 2)
		none, known := lb.Interfaces[0].Subnet.Get()
		assert.True(t, known)
		assert.Nil(t, none)
		assert.True(t, lb.Interfaces[0].Public.Or(false))
		assert.False(t, lb.Interfaces[1].Public.Or(true))
		nic := m.Interfaces[slices.IndexFunc(m.Interfaces, func(i *topology.Interface) bool { return i.Name == "nic" })]
		require.Len(t, lb.Listeners, 1)
		assert.Equal(t, []*topology.Interface{nic}, lb.Listeners[0].Targets)
		assert.Equal(t, "TCP", lb.Listeners[0].Protocol.Or(""))
		assert.EqualValues(t, 8443, lb.Listeners[0].TargetPort.Or(0))
		assert.Equal(t, []*topology.Balancer{lb}, nic.Outbound)
		assert.Contains(t, nic.Machine.URN, "VirtualMachine::vm")

		vmss := m.Interfaces[slices.IndexFunc(m.Interfaces, func(i *topology.Interface) bool { return i.Name == "vmss" })]
		assert.True(t, vmss.Public.Or(false))
		assert.Equal(t, topology.ForwardingInterface, vmss.Kind)

		require.Len(t, m.Services, 1)
		assert.True(t, m.Services[0].AcceptanceRequired.Or(false))
		assert.Same(t, lb, m.Services[0].Balancers[0].Or(nil))
		assert.Same(t, m.Services[0], m.Endpoints[0].Of)
	})
}

func TestAzureApplicationGateway(t *testing.T) {
	own := func(path string) props {
		return props{"id": azureGroup + "/providers/Microsoft.Network/applicationGateways/gw/" + path}
	}
	m := azureModel(t, recorded,
		azureVnet("vnet", "10.0.0.0/16"), azureSubnet("vnet", "gateway", "10.0.0.0/24", nil), azureSubnet("vnet", "s", "10.0.1.0/24", nil),
		azureNet("PublicIPAddress", "ip", props{}),
		azureNet("NetworkInterface", "nic", props{"ipConfigurations": []any{props{"subnet": props{"id": idOf("s")}, "privateIPAddress": "10.0.1.9"}}}),
		azureNet("ApplicationGateway", "gw", props{
			"gatewayIPConfigurations":       []any{props{"subnet": props{"id": idOf("gateway")}}},
			"frontendIPConfigurations":      []any{props{"name": "public", "publicIPAddress": props{"id": idOf("ip")}}},
			"frontendPorts":                 []any{props{"name": "https", "port": 443}},
			"backendAddressPools":           []any{props{"name": "pool", "backendAddresses": []any{props{"ipAddress": "10.0.1.9"}}}},
			"backendHttpSettingsCollection": []any{props{"name": "http", "port": 8080}},
			"httpListeners": []any{props{
				"name": "l", "protocol": "Https", "frontendPort": own("frontendPorts/https"), "frontendIPConfiguration": own("frontendIPConfigurations/public"),
			}},
			"requestRoutingRules": []any{props{
				"name": "r", "httpListener": own("httpListeners/l"), "backendAddressPool": own("backendAddressPools/pool"),
				"backendHttpSettings": own("backendHttpSettingsCollection/http"),
			}},
		}))
	require.Len(t, m.Balancers, 1)
	gw := m.Balancers[0]
	assert.Equal(t, "application", gw.Kind)
	assert.Equal(t, "gateway", gw.Interfaces[0].Subnet.Or(&topology.Subnet{}).Name)
	require.Len(t, gw.Listeners, 1)
	l := gw.Listeners[0]
	assert.EqualValues(t, 443, l.Port.Or(0))
	assert.EqualValues(t, 8080, l.TargetPort.Or(0))
	require.Len(t, l.Targets, 1)
	assert.Equal(t, "nic", l.Targets[0].Name)
}

// Bastions, databases, gateways with whole prefixes of addresses, and IPv6.
func TestAzureOthers(t *testing.T) {
	eachShape(t, []azureThing{
		azureVnet("vnet", "10.0.0.0/16", "fd00::/48"),
		azureSubnet("vnet", "AzureBastionSubnet", "10.0.0.0/26", nil),
		azureSubnet("vnet", "database", "10.0.1.0/28", props{"addressPrefix": nil, "addressPrefixes": []string{"10.0.1.0/28", "fd00::/64"}}),
		azureNet("PublicIPAddress", "ip", props{}),
		{token: "azure-native:network:PublicIPPrefix", name: "range", inputs: props{"prefixLength": 31}, computed: props{"ipPrefix": "203.0.113.8/31"}},
		azureNet("NatGateway", "nat", props{"publicIpPrefixes": []any{props{"id": idOf("range")}}}),
		azureNet("BastionHost", "bastion", props{"ipConfigurations": []any{props{
			"subnet": props{"id": idOf("AzureBastionSubnet")},
		}}}),
		{token: "azure-native:network:PrivateZone", name: "x.postgres.database.azure.com", inputs: props{}},
		{token: "azure-native:dbforpostgresql/v20221201:Server", name: "pg", inputs: props{
			"serverName": "pg",
			"network":    props{"delegatedSubnetResourceId": idOf("database"), "privateDnsZoneArmResourceId": idOf("x.postgres.database.azure.com")},
		}},
	}, func(t *testing.T, shape azureShape, m *topology.Model) {
		require.Len(t, m.Interfaces, 2)
		assert.Equal(t, "AzureBastionSubnet", m.Interfaces[0].Subnet.Or(&topology.Subnet{}).Name)
		assert.Equal(t, "database", m.Interfaces[1].Subnet.Or(&topology.Subnet{}).Name)
		require.Len(t, m.Zones, 1)
		require.Len(t, m.Zones[0].Records, 1)
		assert.Equal(t, "pg.x.postgres.database.azure.com", m.Zones[0].Records[0].Name)
		assert.Len(t, subnetNamed(t, m, "database").Prefixes, 2)
		assert.Contains(t, routesOf(t, knownTable(t, subnetNamed(t, m, "database"))), "::/0 system internet")
		nat := m.Gateways[slices.IndexFunc(m.Gateways, func(g *topology.Gateway) bool { return g.Kind == topology.NAT })]
		if shape == exported {
			require.Len(t, nat.Addresses, 2)
			assert.Equal(t, "203.0.113.9", nat.Addresses[1].Or(m.Service(topology.Azure, "none", "").Addr()).String())
		} else {
			require.Len(t, nat.Addresses, 1)
			assert.False(t, nat.Addresses[0].IsKnown())
		}
	})
}

// What changes packets and is not understood is listed, with what it touches.
func TestAzureUnsupported(t *testing.T) {
	eachShape(t, []azureThing{
		azureVnet("vnet", "10.0.0.0/16"), azureVnet("other", "10.1.0.0/16"),
		azureSubnet("vnet", "s", "10.0.0.0/24", nil),
		azureNet("DdosProtectionPlan", "ddos", props{}),
		azureNet("VirtualHub", "hub", props{}),
		azureNet("HubVirtualNetworkConnection", "connection", props{"virtualHubName": "hub", "remoteVirtualNetwork": props{"id": idOf("vnet")}}),
		azureNet("VirtualHubIpConfiguration", "route-server", props{"subnet": props{"id": idOf("s")}}),
		azureNet("AdminRule", "admin", props{}),
		{token: "azure:network/virtualNetwork:VirtualNetwork", name: "classic", inputs: props{}},
		{token: "azure-native:storage:StorageAccount", name: "storage", inputs: props{}},
		{token: "azure-native:network:SomethingNew", name: "new", inputs: props{}},
	}, func(t *testing.T, _ azureShape, m *topology.Model) {
		touches := map[string][]string{}
		for _, u := range m.Unsupported {
			name := u.Ref.URN[strings.LastIndex(u.Ref.URN, "::")+2:]
			touches[name] = []string{}
			for _, r := range u.Touches {
				touches[name] = append(touches[name], r.URN[strings.LastIndex(r.URN, "::")+2:])
			}
		}
		assert.Equal(t, map[string][]string{
			"hub": {}, "connection": {"vnet"}, "route-server": {"s"}, "admin": {"vnet", "other"}, "classic": {}, "new": {},
		}, touches)
		assert.NotEmpty(t, subnetNamed(t, m, "s").Incomplete)
		assert.NotEmpty(t, m.Networks[0].Incomplete)
	})
}

// everyAzureProgram is a program with every kind of resource.
func everyAzureProgram() []azureThing {
	things := routingExample()
	taken := map[string]bool{}
	for _, thing := range things {
		taken[thing.name] = true
	}
	for _, more := range [][]azureThing{firewallHub(), endpointNetwork("Enabled", ""), cluster(props{"enablePrivateCluster": true}, "loadBalancer"), behindBalancers()} {
		clash := slices.ContainsFunc(more, func(thing azureThing) bool { return taken[thing.name] })
		for _, thing := range more {
			if !clash || !taken[thing.name] {
				taken[thing.name] = true
				things = append(things, thing)
			}
		}
	}
	return things
}

func TestAzureDeterministic(t *testing.T) {
	for _, shape := range azureShapes {
		first := azureModel(t, shape, everyAzureProgram()...)
		for range 5 {
			require.True(t, reflect.DeepEqual(first, azureModel(t, shape, everyAzureProgram()...)))
		}
	}
}

// Whatever stands in the place of a value, there is a model and no panic.
func TestAzureHostile(t *testing.T) {
	base := everyAzureProgram()
	rapid.Check(t, func(rt *rapid.T) {
		g := azureGraph(t, rapid.SampledFrom(azureShapes).Draw(rt, "shape"), base...)
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			r := &g.Resources[rapid.IntRange(0, len(g.Resources)-1).Draw(rt, "resource")]
			other := g.Resources[rapid.IntRange(0, len(g.Resources)-1).Draw(rt, "other")]
			values := rapid.SampledFrom([]resource.PropertyValue{
				resource.NewProperty(""), resource.NewProperty("x"), resource.NewProperty(-1.5), resource.NewProperty(true),
				resource.NewProperty("0.0.0.0/0"), resource.NewProperty("::/0"), resource.NewProperty("1.2.3.4-1.2.3.0"), resource.NewProperty(other.ID),
				resource.NewNullProperty(), resource.MakeComputed(resource.NewProperty("")), resource.MakeSecret(resource.NewProperty("10.0.0.4")),
				resource.NewProperty([]resource.PropertyValue{resource.NewProperty(3.0), resource.NewNullProperty()}),
				resource.NewProperty(resource.PropertyMap{"id": resource.NewProperty(r.ID), "name": resource.NewProperty(1.0)}),
			})
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				r.Inputs = broken(rt, resource.NewProperty(r.Inputs), values).ObjectValue()
			case 1:
				r.Outputs = broken(rt, resource.NewProperty(r.Outputs), values).ObjectValue()
			case 2:
				r.Type = other.Type
			case 3:
				for _, key := range slices.Sorted(maps.Keys(r.PropertyDependencies)) {
					r.PropertyDependencies[key] = []string{other.URN, r.URN, "urn:nobody"}
				}
			}
		}
		m, err := topology.Build(g)
		require.NoError(rt, err)
		for _, s := range m.Subnets {
			require.NotNil(rt, s)
			require.NotNil(rt, s.Network)
		}
		for _, i := range m.Interfaces {
			require.NotNil(rt, i)
		}
	})
}

// broken is the object with one value, at any depth, in the place of another.
func broken(rt *rapid.T, v resource.PropertyValue, values *rapid.Generator[resource.PropertyValue]) resource.PropertyValue {
	switch {
	case v.IsObject() && len(v.ObjectValue()) > 0:
		object := maps.Clone(v.ObjectValue())
		key := rapid.SampledFrom(slices.Sorted(maps.Keys(object))).Draw(rt, "key")
		object[key] = replaced(rt, object[key], values)
		return resource.NewProperty(object)
	case v.IsArray() && len(v.ArrayValue()) > 0:
		list := slices.Clone(v.ArrayValue())
		i := rapid.IntRange(0, len(list)-1).Draw(rt, "index")
		list[i] = replaced(rt, list[i], values)
		return resource.NewProperty(list)
	}
	return v
}

func replaced(rt *rapid.T, v resource.PropertyValue, values *rapid.Generator[resource.PropertyValue]) resource.PropertyValue {
	if (v.IsObject() || v.IsArray()) && rapid.Bool().Draw(rt, "deeper") {
		return broken(rt, v, values)
	}
	return values.Draw(rt, "value")
}

// A circle of policies ends, and says that nobody knows the rest.
func TestAzurePolicyCircle(t *testing.T) {
	m := azureModel(t, recorded,
		azureNet("FirewallPolicy", "a", props{"basePolicy": props{"id": idOf("b")}}),
		azureNet("FirewallPolicy", "b", props{"basePolicy": props{"id": idOf("a")}}),
		azureNet("AzureFirewall", "fw", props{"firewallPolicy": props{"id": idOf("a")}}),
	)
	i := slices.IndexFunc(m.Filters, func(f *topology.Filter) bool { return f.Kind == topology.FirewallPolicy })
	require.GreaterOrEqual(t, i, 0)
	assert.NotEmpty(t, m.Filters[i].Incomplete)
}

// A peering of a network with itself, and one without a network, end as well.
func TestAzurePeeringCircle(t *testing.T) {
	_, err := topology.Build(&graph.Graph{Resources: azureGraph(t, recorded,
		azureVnet("a", "10.0.0.0/16"), azureSubnet("a", "s", "10.0.0.0/24", nil),
		azureNet("VirtualNetworkPeering", "self", props{
			"virtualNetworkName": outOf{"a", "name"}, "remoteVirtualNetwork": props{"id": idOf("a")}, "useRemoteGateways": true,
		}),
		azureNet("VirtualNetworkPeering", "none", props{}),
	).Resources})
	require.NoError(t, err)
}
