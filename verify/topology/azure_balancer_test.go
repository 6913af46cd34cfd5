package topology_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/topology"
)

// hidden is a value that is not there yet and comes from nowhere in the graph.
var hidden = resource.MakeComputed(resource.NewProperty(""))

// listenerLines writes the listeners of the one balancer of a kind that has that
// name as "TCP 443 on in → 8443: nic; open pool id", and checks what is the same
// for all of Azure's.
func listenerLines(t *testing.T, m *topology.Model, name string) []string {
	t.Helper()
	i := slices.IndexFunc(m.Balancers, func(b *topology.Balancer) bool { return b.Name == name })
	require.GreaterOrEqual(t, i, 0, "no balancer %q", name)
	var lines []string
	for _, l := range m.Balancers[i].Listeners {
		var on, targets []string
		for _, i := range l.Interfaces {
			on = append(on, i.Name)
		}
		for _, i := range l.Targets {
			targets = append(targets, i.Name)
		}
		line := fmt.Sprintf("%s %s on %s → %s: %s", factText(l.Protocol), factText(l.Port), strings.Join(on, " "), factText(l.TargetPort), strings.Join(targets, " "))
		for _, i := range l.Perhaps {
			line += "; perhaps " + i.Name
		}
		for _, r := range l.Incomplete {
			line += strings.TrimSuffix("; open "+r.URN[strings.LastIndex(r.URN, "::")+2:]+" "+r.Property, " ")
		}
		lines = append(lines, line)
		assert.True(t, l.CrossZone.Or(false) || !l.Protocol.IsKnown(), "zones mean nothing here")
	}
	return lines
}

func factText[T any](v topology.Val[T]) string {
	if value, known := v.Get(); known {
		return fmt.Sprint(value)
	}
	if options, complete := v.Options(); complete {
		return fmt.Sprintf("%v-%v", options[0], options[len(options)-1])
	}
	return "?"
}

func lbPart(path string) props {
	return props{"id": azureGroup + "/providers/Microsoft.Network/loadBalancers/lb/" + path}
}

// balancedBy is a network with a load balancer of two frontends.
func balancedBy(lb props, more ...azureThing) []azureThing {
	inputs := props{
		"sku": props{"name": "Standard"},
		"frontendIPConfigurations": []any{
			props{"name": "in", "subnet": props{"id": idOf("s")}, "privateIPAddress": "10.0.0.10"},
			props{"name": "out", "publicIPAddress": props{"id": idOf("ip")}},
		},
		"backendAddressPools": []any{props{"name": "pool"}},
	}
	maps.Copy(inputs, lb)
	return append([]azureThing{
		azureVnet("vnet", "10.0.0.0/16"), azureSubnet("vnet", "s", "10.0.0.0/24", nil), azureSubnet("vnet", "t", "10.0.1.0/24", nil),
		azureNet("PublicIPAddress", "ip", props{}), azureNet("LoadBalancer", "lb", inputs),
	}, more...)
}

func balancingRule(more props) []any {
	rule := props{
		"name": "r", "protocol": "Tcp", "frontendPort": 443, "backendPort": 8443,
		"frontendIPConfiguration": lbPart("frontendIPConfigurations/in"), "backendAddressPool": lbPart("backendAddressPools/pool"),
	}
	maps.Copy(rule, more)
	return []any{rule}
}

func card(name string, configuration props) azureThing {
	c := props{"subnet": props{"id": idOf("t")}}
	maps.Copy(c, configuration)
	return azureNet("NetworkInterface", name, props{"ipConfigurations": []any{c}})
}

// Machines of each pool of a rule reach the internet by a public frontend, unless
// the rule says disableOutboundSnat.
func TestAzureOutboundByRules(t *testing.T) {
	const pools = "backendAddressPools"
	pooled := card("nic", props{"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", pools + "/pool"}}}})
	for _, row := range []struct {
		name string
		rule props
		want int
	}{
		{"hidden", props{"disableOutboundSnat": hidden}, 0},
		{"its pool", props{}, 1},
		{"one of its pools", props{"backendAddressPool": nil, pools: []any{lbPart(pools + "/pool")}}, 1},
		{"disabled", props{"disableOutboundSnat": true}, 0},
		{"without one", props{"backendAddressPool": nil}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := azureModel(t, preview, balancedBy(props{"loadBalancingRules": balancingRule(row.rule)}, pooled)...)
			i := slices.IndexFunc(m.Interfaces, func(i *topology.Interface) bool { return i.Name == "nic" })
			assert.Len(t, m.Interfaces[i].Outbound, row.want)
			assert.Equal(t, row.name == "hidden", len(m.Interfaces[i].OutboundOpen) > 0)
		})
	}
}

func TestAzureListeners(t *testing.T) {
	pooled := card("nic", props{"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}}})
	addressed := func(elements any) []any {
		return []any{props{"name": "pool", "loadBalancerBackendAddresses": elements}}
	}
	for name, c := range map[string]struct {
		lb   props
		more []azureThing
		want []string
	}{
		"a rule on one frontend": {props{"loadBalancingRules": balancingRule(nil)}, []azureThing{pooled}, []string{"TCP 443 on in → 8443: nic"}},
		"on the public one": {props{"loadBalancingRules": balancingRule(props{"frontendIPConfiguration": lbPart("frontendIPConfigurations/OUT")})}, []azureThing{pooled},
			[]string{"TCP 443 on out → 8443: nic"}},
		"on one that is not known": {props{"loadBalancingRules": balancingRule(props{"frontendIPConfiguration": props{"id": hidden}})}, []azureThing{pooled},
			[]string{"TCP ? on  → 8443: nic"}},
		"every port": {props{"loadBalancingRules": balancingRule(props{"protocol": "All", "frontendPort": 0, "backendPort": 0})}, []azureThing{pooled},
			[]string{"ALL ? on in → ?: nic"}},
		"hidden ports": {props{"loadBalancingRules": balancingRule(props{"protocol": hidden, "frontendPort": hidden, "backendPort": hidden})}, nil, []string{"? ? on in → ?: "}},
		"a hidden pool": {props{"loadBalancingRules": balancingRule(props{"backendAddressPool": props{"id": hidden}})}, []azureThing{pooled},
			[]string{"TCP 443 on in → 8443: ; open lb loadBalancingRules[0].backendAddressPool.id"}},
		"hidden rules": {props{"loadBalancingRules": hidden}, nil, []string{"? ? on  → ?: ; open lb loadBalancingRules"}},
		// The only resource that the configurations depend on is their subnet.
		"a member of a hidden pool": {props{"loadBalancingRules": balancingRule(nil)},
			[]azureThing{card("nic", props{"loadBalancerBackendAddressPools": []any{props{"id": hidden}}})},
			[]string{"TCP 443 on in → 8443: ; open t"}},
		"a member of hidden pools": {props{"loadBalancingRules": balancingRule(nil)}, []azureThing{card("nic", props{"loadBalancerBackendAddressPools": hidden})},
			[]string{"TCP 443 on in → 8443: ; open t"}},
		"a member of another's pool": {props{"loadBalancingRules": balancingRule(nil)},
			[]azureThing{card("nic", props{"loadBalancerBackendAddressPools": []any{props{"id": azureGroup + "/providers/Microsoft.Network/loadBalancers/other/backendAddressPools/pool"}}})},
			[]string{"TCP 443 on in → 8443: "}},
		"members by address": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": addressed([]any{props{"name": "x", "ipAddress": "10.0.1.9"}})},
			[]azureThing{card("nic", props{"privateIPAddress": "10.0.1.9"})}, []string{"TCP 443 on in → 8443: nic"}},
		"an address of nothing in the graph": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": addressed([]any{props{"ipAddress": "10.0.1.9"}})}, nil,
			[]string{"TCP 443 on in → 8443: 10.0.1.9"}},
		"an address that may be an interface's": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": addressed([]any{props{"ipAddress": "10.0.1.9"}})},
			[]azureThing{card("nic", nil)}, []string{"TCP 443 on in → 8443: 10.0.1.9; perhaps nic"}},
		"a hidden address": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": addressed([]any{props{"ipAddress": hidden}})}, nil,
			[]string{"TCP 443 on in → 8443: ; open lb backendAddressPools[0].loadBalancerBackendAddresses[0].ipAddress"}},
		"hidden addresses": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": addressed(hidden)}, nil,
			[]string{"TCP 443 on in → 8443: ; open lb backendAddressPools[0].loadBalancerBackendAddresses"}},
		"a pool of its own": {props{"loadBalancingRules": balancingRule(nil), "backendAddressPools": []any{}}, []azureThing{
			azureNet("LoadBalancerBackendAddressPool", "pool", props{
				"loadBalancerName": outOf{"lb", "name"}, "backendAddressPoolName": "pool", "loadBalancerBackendAddresses": []any{props{"ipAddress": "10.0.1.9"}},
			}), card("nic", props{"privateIPAddress": "10.0.1.9"}), card("second", props{"loadBalancerBackendAddressPools": []any{props{"id": idOf("pool")}}}),
		}, []string{"TCP 443 on in → 8443: second nic"}},
		"a pool of a hidden balancer": {props{"loadBalancingRules": balancingRule(nil)}, []azureThing{
			azureNet("LoadBalancerBackendAddressPool", "loose", props{"loadBalancerName": hidden, "loadBalancerBackendAddresses": []any{props{"ipAddress": "10.0.1.9"}}}),
		}, []string{"TCP 443 on in → 8443: ; open loose loadBalancerName"}},
		"a scale set": {props{"loadBalancingRules": balancingRule(nil)}, []azureThing{{token: "azure-native:compute:VirtualMachineScaleSet", name: "vmss", inputs: props{
			"virtualMachineProfile": props{"networkProfile": props{"networkInterfaceConfigurations": []any{props{"name": "nic", "ipConfigurations": []any{props{
				"subnet": props{"id": idOf("t")}, "loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}},
			}}}}}},
		}}}, []string{"TCP 443 on in → 8443: vmss"}},
		"a hidden scale set": {props{"loadBalancingRules": balancingRule(nil)}, []azureThing{{token: "azure-native:compute:VirtualMachineScaleSet", name: "vmss", inputs: props{
			"virtualMachineProfile": props{"networkProfile": props{"networkInterfaceConfigurations": hidden}},
		}}}, []string{"TCP 443 on in → 8443: ; open vmss virtualMachineProfile.networkProfile.networkInterfaceConfigurations"}},
		"an inbound NAT rule": {props{"inboundNatRules": []any{props{
			"name": "ssh", "protocol": "Tcp", "frontendPort": 2222, "backendPort": 22, "frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}}}, []azureThing{card("nic", props{"loadBalancerInboundNatRules": []any{props{"id": pathOf{"lb", "inboundNatRules/ssh"}}}})},
			[]string{"TCP 2222 on out → 22: nic"}},
		"one of its own": {nil, []azureThing{
			azureNet("InboundNatRule", "ssh", props{
				"loadBalancerName": outOf{"lb", "name"}, "inboundNatRuleName": "ssh", "protocol": "Tcp", "frontendPort": 2222, "backendPort": 22,
				"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
			}), card("nic", props{"loadBalancerInboundNatRules": []any{props{"id": idOf("ssh")}}}),
		}, []string{"TCP 2222 on out → 22: nic"}},
		"one for a pool": {props{"inboundNatRules": []any{props{
			"name": "ssh", "protocol": "Tcp", "frontendPortRangeStart": 2200, "frontendPortRangeEnd": 2209, "backendPort": 22,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"), "backendAddressPool": lbPart("backendAddressPools/pool"),
		}}}, []azureThing{pooled}, []string{"TCP 2200-2209 on out → 22: nic"}},
		"behind a hidden one": {props{"inboundNatRules": []any{props{
			"name": "ssh", "protocol": "Tcp", "frontendPort": 2222, "backendPort": 22, "frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}}}, []azureThing{card("nic", props{"loadBalancerInboundNatRules": hidden})},
			[]string{"TCP 2222 on out → 22: ; open t"}},
		"an inbound NAT pool": {props{"inboundNatPools": []any{props{
			"name": "ssh", "protocol": "Tcp", "frontendPortRangeStart": 2200, "frontendPortRangeEnd": 2209, "backendPort": 22,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}}}, []azureThing{card("nic", props{"loadBalancerInboundNatPools": []any{props{"id": pathOf{"lb", "inboundNatPools/ssh"}}}})},
			[]string{"TCP 2200-2209 on out → 22: nic"}},
		"hidden frontends": {props{"frontendIPConfigurations": hidden, "loadBalancingRules": balancingRule(nil)}, []azureThing{pooled}, []string{"TCP ? on  → 8443: nic"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, balancedBy(c.lb, c.more...), func(t *testing.T, _ azureShape, m *topology.Model) {
				assert.Equal(t, c.want, listenerLines(t, m, "lb"))
				for _, l := range m.Balancers[0].Listeners {
					assert.True(t, l.PreserveClientIP.Or(false) || !l.Protocol.IsKnown(), "Azure's load balancers pass the client's address on")
				}
			})
		})
	}
}

// A preview does not tell which of two pools a machine is in.
func TestAzurePreviewedPools(t *testing.T) {
	things := balancedBy(props{
		"backendAddressPools": []any{props{"name": "pool"}, props{"name": "other"}}, "loadBalancingRules": balancingRule(nil),
	}, card("nic", props{"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}}}), azureNet("LoadBalancer", "second", props{
		"frontendIPConfigurations": []any{props{"name": "in", "subnet": props{"id": idOf("s")}}},
		"loadBalancingRules":       balancingRule(props{"backendAddressPool": props{"id": azureGroup + "/providers/Microsoft.Network/loadBalancers/second/backendAddressPools/pool"}}),
	}))
	eachShape(t, things, func(t *testing.T, shape azureShape, m *topology.Model) {
		want := "TCP 443 on in → 8443: nic"
		if shape == preview {
			want = "TCP 443 on in → 8443: ; open nic ipConfigurations[0].loadBalancerBackendAddressPools[0].id"
		}
		assert.Equal(t, []string{want}, listenerLines(t, m, "lb"))
		assert.Equal(t, []string{"TCP 443 on in → 8443: "}, listenerLines(t, m, "second"), "it is none of its own")
	})
}

// A rule that two load balancers may have is a pool of both.
func TestAzureHiddenOwner(t *testing.T) {
	things := balancedBy(props{"loadBalancingRules": balancingRule(nil)}, azureNet("LoadBalancer", "second", props{}))
	things = append(things, azureNet("InboundNatRule", "ssh", props{"loadBalancerName": hidden, "protocol": "Tcp", "frontendPort": 22}))
	eachShape(t, things, func(t *testing.T, _ azureShape, m *topology.Model) {
		assert.Equal(t, []string{"TCP 443 on in → 8443: ", "? ? on  → ?: ; open ssh loadBalancerName"}, listenerLines(t, m, "lb"))
		assert.Equal(t, []string{"? ? on  → ?: ; open ssh loadBalancerName"}, listenerLines(t, m, "second"))
	})
}

func TestAzureGatewayListeners(t *testing.T) {
	own := func(path string) props {
		return props{"id": azureGroup + "/providers/Microsoft.Network/applicationGateways/gw/" + path}
	}
	rule := func(more props) []any {
		r := props{
			"name": "r", "httpListener": own("httpListeners/l"), "backendAddressPool": own("backendAddressPools/pool"),
			"backendHttpSettings": own("backendHttpSettingsCollection/http"),
		}
		maps.Copy(r, more)
		return []any{r}
	}
	backends := func(elements any) []any {
		return []any{props{"name": "pool", "backendAddresses": elements}, props{"name": "api", "backendAddresses": []any{props{"ipAddress": "10.0.1.7"}}}}
	}
	byPath := rule(props{"backendAddressPool": nil, "backendHttpSettings": nil, "urlPathMap": own("urlPathMaps/paths")})
	for name, c := range map[string]struct {
		gw   props
		want []string
	}{
		"a rule":        {nil, []string{"HTTPS 443 on public → 8080: nic"}},
		"by name":       {props{"backendAddressPools": backends([]any{props{"fqdn": "app.example.com"}})}, []string{"HTTPS 443 on public → 8080: ; open gw backendAddressPools[0].backendAddresses[0].fqdn"}},
		"hidden":        {props{"backendAddressPools": backends([]any{props{"ipAddress": hidden}})}, []string{"HTTPS 443 on public → 8080: ; open gw backendAddressPools[0].backendAddresses[0].ipAddress"}},
		"hidden list":   {props{"backendAddressPools": backends(hidden)}, []string{"HTTPS 443 on public → 8080: ; open gw backendAddressPools[0].backendAddresses"}},
		"a redirect":    {props{"requestRoutingRules": rule(props{"backendAddressPool": nil, "backendHttpSettings": nil, "redirectConfiguration": own("redirectConfigurations/r")})}, []string{"HTTPS 443 on public → ?: "}},
		"a hidden pool": {props{"requestRoutingRules": rule(props{"backendAddressPool": props{"id": hidden}})}, []string{"HTTPS 443 on public → ?: ; open gw requestRoutingRules[0].backendAddressPool.id"}},
		"hidden rules":  {props{"requestRoutingRules": hidden}, []string{"HTTPS 443 on public → ?: ; open gw requestRoutingRules"}},
		"its only listener, port, frontend and settings": {props{
			"httpListeners":       []any{props{"name": "l", "protocol": "Https", "frontendPort": props{"id": hidden}, "frontendIPConfiguration": props{"id": hidden}}},
			"requestRoutingRules": rule(props{"httpListener": props{"id": hidden}, "backendHttpSettings": props{"id": hidden}}),
		}, []string{"HTTPS 443 on public → 8080: nic"}},
		"one of two listeners": {props{
			"httpListeners": []any{
				props{"name": "l", "protocol": "Https", "frontendPort": own("frontendPorts/https"), "frontendIPConfiguration": own("frontendIPConfigurations/public")},
				props{"name": "second", "protocol": "Http", "frontendPort": own("frontendPorts/https"), "frontendIPConfiguration": own("frontendIPConfigurations/public")},
			},
			"requestRoutingRules": rule(props{"httpListener": props{"id": hidden}}),
		}, []string{"HTTPS 443 on public → ?: ; open gw requestRoutingRules[0].httpListener.id", "HTTP 443 on public → ?: ; open gw requestRoutingRules[0].httpListener.id"}},
		"hidden listeners": {props{"httpListeners": hidden}, []string{"? ? on  → ?: ; open gw httpListeners"}},
		"by path": {props{"requestRoutingRules": byPath, "urlPathMaps": []any{props{
			"name": "paths", "defaultBackendAddressPool": own("backendAddressPools/pool"), "defaultBackendHttpSettings": own("backendHttpSettingsCollection/http"),
			"pathRules": []any{
				props{"name": "api", "paths": []string{"/api/*"}, "backendAddressPool": own("backendAddressPools/api"), "backendHttpSettings": own("backendHttpSettingsCollection/http")},
				props{"name": "old", "paths": []string{"/old/*"}, "redirectConfiguration": own("redirectConfigurations/r")},
			},
		}}}, []string{"HTTPS 443 on public → 8080: nic", "HTTPS 443 on public → 8080: api"}},
		"by a hidden map": {props{"requestRoutingRules": byPath, "urlPathMaps": hidden}, []string{"HTTPS 443 on public → ?: ; open gw requestRoutingRules[0].urlPathMap.id"}},
		"TCP": {props{
			"httpListeners": []any{}, "requestRoutingRules": []any{},
			"listeners":                 []any{props{"name": "t", "protocol": "Tcp", "frontendPort": own("frontendPorts/https"), "frontendIPConfiguration": own("frontendIPConfigurations/public")}},
			"routingRules":              []any{props{"name": "r", "listener": own("listeners/t"), "backendAddressPool": own("backendAddressPools/pool"), "backendSettings": own("backendSettingsCollection/tcp")}},
			"backendSettingsCollection": []any{props{"name": "tcp", "port": 5432, "protocol": "Tcp"}},
		}, []string{"TCP 443 on public → 5432: nic"}},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := props{
				"gatewayIPConfigurations":       []any{props{"subnet": props{"id": idOf("gateway")}}},
				"frontendIPConfigurations":      []any{props{"name": "public", "publicIPAddress": props{"id": idOf("ip")}}},
				"frontendPorts":                 []any{props{"name": "https", "port": 443}},
				"backendAddressPools":           backends([]any{props{"ipAddress": "10.0.1.9"}}),
				"backendHttpSettingsCollection": []any{props{"name": "http", "port": 8080}},
				"httpListeners": []any{props{
					"name": "l", "protocol": "Https", "frontendPort": own("frontendPorts/https"), "frontendIPConfiguration": own("frontendIPConfigurations/public"),
				}},
				"requestRoutingRules": rule(nil),
			}
			maps.Copy(inputs, c.gw)
			eachShape(t, []azureThing{
				azureVnet("vnet", "10.0.0.0/16"), azureSubnet("vnet", "gateway", "10.0.0.0/24", nil), azureSubnet("vnet", "t", "10.0.1.0/24", nil),
				azureNet("PublicIPAddress", "ip", props{}), card("nic", props{"privateIPAddress": "10.0.1.9"}), card("api", props{"privateIPAddress": "10.0.1.7"}),
				azureNet("ApplicationGateway", "gw", inputs),
			}, func(t *testing.T, _ azureShape, m *topology.Model) {
				assert.Equal(t, c.want, listenerLines(t, m, "gw"))
				assert.False(t, m.Balancers[0].Listeners[0].PreserveClientIP.Or(false))
			})
		})
	}
}

// https://learn.microsoft.com/azure/firewall/tutorial-firewall-dnat
func TestAzureFirewallTranslation(t *testing.T) {
	for name, c := range map[string]struct {
		rule any
		want []string
	}{
		"a rule":       {nil, []string{"TCP 443 on  → 8443: nic"}},
		"two ports":    {props{"destinationPorts": []string{"443", "500-501"}}, []string{"TCP 443 on  → 8443: nic", "TCP 500 on  → 8443: nic", "TCP 501 on  → 8443: nic"}},
		"every port":   {props{"destinationPorts": []string{"*"}}, []string{"TCP ? on  → 8443: nic"}},
		"many ports":   {props{"destinationPorts": []string{"1-65535"}}, []string{"TCP ? on  → 8443: nic"}},
		"hidden ports": {props{"destinationPorts": hidden, "translatedPort": hidden}, []string{"TCP ? on  → ?: nic"}},
		"any protocol": {props{"ipProtocols": []string{"Any"}}, []string{"ALL 443 on  → 8443: nic"}},
		"both":         {props{"ipProtocols": []string{"TCP", "UDP"}}, []string{"TCP 443 on  → 8443: nic", "UDP 443 on  → 8443: nic"}},
		"hidden":       {props{"ipProtocols": hidden}, []string{"? 443 on  → 8443: nic"}},
		"to a name":    {props{"translatedAddress": nil, "translatedFqdn": "app.example.com"}, []string{"TCP 443 on  → 8443: ; open group ruleCollections[0].rules[0].translatedFqdn"}},
		"to nobody knows what": {props{"translatedAddress": hidden},
			[]string{"TCP 443 on  → 8443: ; open group ruleCollections[0].rules[0].translatedAddress"}},
		"to nothing in the graph":  {props{"translatedAddress": "10.0.1.8"}, []string{"TCP 443 on  → 8443: 10.0.1.8"}},
		"to what may be a machine": {props{"translatedAddress": "10.0.2.8"}, []string{"TCP 443 on  → 8443: 10.0.2.8; perhaps dynamic"}},
	} {
		t.Run(name, func(t *testing.T) {
			rule := props{
				"ruleType": "NatRule", "name": "in", "sourceAddresses": []string{"*"}, "destinationAddresses": []any{"203.0.113.9"},
				"destinationPorts": []string{"443"}, "ipProtocols": []string{"TCP"}, "translatedAddress": "10.0.1.9", "translatedPort": "8443",
			}
			if more, ok := c.rule.(props); ok {
				maps.Copy(rule, more)
			}
			eachShape(t, translating([]any{props{
				"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "priority": 50, "action": props{"type": "DNAT"}, "rules": []any{rule},
			}}), func(t *testing.T, _ azureShape, m *topology.Model) {
				require.Len(t, m.Balancers, 1)
				assert.Equal(t, c.want, listenerLines(t, m, "in"))
				assert.False(t, m.Balancers[0].Listeners[0].PreserveClientIP.Or(true))
			})
		})
	}
	// What is not known may translate anything to anywhere.
	for name, collections := range map[string]any{
		"hidden collections": hidden,
		"a hidden kind":      []any{props{"ruleCollectionType": hidden, "name": "x"}},
		"hidden rules":       []any{props{"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "x", "rules": hidden}},
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, translating(collections), func(t *testing.T, _ azureShape, m *topology.Model) {
				lines := listenerLines(t, m, "fw")
				require.Len(t, lines, 1)
				assert.Contains(t, lines[0], "? ? on  → ?: ; open group ruleCollections")
			})
		})
	}
}

// translating is a firewall with a policy's rule collections.
func translating(collections any) []azureThing {
	return []azureThing{
		azureVnet("vnet", "10.0.0.0/16"), azureSubnet("vnet", "AzureFirewallSubnet", "10.0.0.0/26", nil),
		azureSubnet("vnet", "t", "10.0.1.0/24", nil), azureSubnet("vnet", "u", "10.0.2.0/24", nil),
		azureNet("PublicIPAddress", "ip", props{}), azureNet("FirewallPolicy", "policy", props{}),
		card("nic", props{"privateIPAddress": "10.0.1.9"}), card("dynamic", props{"subnet": props{"id": idOf("u")}}),
		azureNet("FirewallPolicyRuleCollectionGroup", "group", props{"firewallPolicyName": outOf{"policy", "name"}, "priority": 200, "ruleCollections": collections}),
		azureNet("AzureFirewall", "fw", props{
			"firewallPolicy":   props{"id": idOf("policy")},
			"ipConfigurations": []any{props{"name": "ip", "subnet": props{"id": idOf("AzureFirewallSubnet")}, "publicIPAddress": props{"id": idOf("ip")}}},
		}),
	}
}

// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func TestAzureApproval(t *testing.T) {
	subscription := strings.Split(azureGroup, "/")[2]
	service := idOf("pls")
	const vault = azureGroup + "/providers/Microsoft.KeyVault/vaults/keys"
	for name, c := range map[string]struct {
		approval   any
		connection string
		to         props
		want       map[azureShape]string
	}{
		"by anybody":            {props{"subscriptions": []string{"*"}}, "privateLinkServiceConnections", props{"privateLinkServiceId": service}, always("true")},
		"asked for, by anybody": {props{"subscriptions": []string{"*"}}, "manualPrivateLinkServiceConnections", props{"privateLinkServiceId": service}, always("true")},
		"by nobody":             {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": service}, always("?")},
		"by another":            {props{"subscriptions": []string{"22222222-2222-2222-2222-222222222222"}}, "privateLinkServiceConnections", props{"privateLinkServiceId": service}, always("?")},
		"by the subscription": {props{"subscriptions": []string{subscription}}, "privateLinkServiceConnections", props{"privateLinkServiceId": service},
			map[azureShape]string{recorded: "?", exported: "true", preview: "?"}}, // only a real id tells it
		"hidden":    {hidden, "privateLinkServiceConnections", props{"privateLinkServiceId": service}, always("?")},
		"a vault":   {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": vault, "groupIds": []string{"vault"}}, always("true")},
		"asked for": {nil, "manualPrivateLinkServiceConnections", props{"privateLinkServiceId": vault, "groupIds": []string{"vault"}}, always("?")},
		"approved": {nil, "manualPrivateLinkServiceConnections", props{"privateLinkServiceId": vault, "groupIds": []string{"vault"}, "privateLinkServiceConnectionState": props{"status": "Approved"}},
			map[azureShape]string{recorded: "?", exported: "true", preview: "?"}},
		"rejected": {nil, "manualPrivateLinkServiceConnections", props{"privateLinkServiceId": vault, "privateLinkServiceConnectionState": props{"status": "Rejected"}},
			map[azureShape]string{recorded: "?", exported: "false", preview: "?"}},
		"a hidden part of Azure": {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": hidden, "groupIds": []string{"vault"}}, always("true")},
		"hidden target":          {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": hidden}, always("?")},
		"somebody's": {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": azureGroup + "/providers/Microsoft.Network/privateLinkServices/other"},
			always("?")},
		"by alias": {nil, "privateLinkServiceConnections", props{"privateLinkServiceId": "x.33333333-3333-3333-3333-333333333333.westeurope.azure.privatelinkservice"}, always("?")},
	} {
		t.Run(name, func(t *testing.T) {
			things := balancedBy(nil,
				azureNet("PrivateLinkService", "pls", props{
					"loadBalancerFrontendIpConfigurations": []any{props{"id": pathOf{"lb", "frontendIPConfigurations/in"}}},
					"ipConfigurations":                     []any{props{"name": "a", "subnet": props{"id": idOf("t")}}},
					"autoApproval":                         c.approval,
				}),
				azureNet("PrivateEndpoint", "pe", props{"subnet": props{"id": idOf("s")}, c.connection: []any{c.to}}))
			eachShape(t, things, func(t *testing.T, shape azureShape, m *topology.Model) {
				require.Len(t, m.Endpoints, 1)
				assert.Equal(t, c.want[shape], factText(m.Endpoints[0].Accepted))
				require.Len(t, m.Services[0].NATSubnets, 1)
				assert.Same(t, subnetNamed(t, m, "t"), m.Services[0].NATSubnets[0].Or(nil))
			})
		})
	}
	t.Run("hidden subnets", func(t *testing.T) {
		eachShape(t, balancedBy(nil, azureNet("PrivateLinkService", "pls", props{"ipConfigurations": hidden})), func(t *testing.T, _ azureShape, m *topology.Model) {
			require.Len(t, m.Services[0].NATSubnets, 1)
			assert.False(t, m.Services[0].NATSubnets[0].IsKnown())
		})
	})
}

func always(want string) map[azureShape]string {
	return map[azureShape]string{recorded: want, exported: want, preview: want}
}

// behindBalancers is a program with every kind of balancer and of target.
func behindBalancers() []azureThing {
	gw := func(path string) props {
		return props{"id": azureGroup + "/providers/Microsoft.Network/applicationGateways/gw/" + path}
	}
	things := balancedBy(props{
		"loadBalancingRules": balancingRule(nil),
		"backendAddressPools": []any{
			props{"name": "pool", "loadBalancerBackendAddresses": []any{props{"ipAddress": "10.0.1.9"}}}, props{"name": "other"},
		},
		"inboundNatRules": []any{props{
			"name": "ssh", "protocol": "Tcp", "frontendPort": 2222, "backendPort": 22, "frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}},
		"inboundNatPools": []any{props{
			"name": "many", "protocol": "Tcp", "frontendPortRangeStart": 2200, "frontendPortRangeEnd": 2209, "backendPort": 22,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}},
	}, card("nic", props{
		"privateIPAddress":                "10.0.1.9",
		"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/other"}}},
		"loadBalancerInboundNatRules":     []any{props{"id": pathOf{"lb", "inboundNatRules/ssh"}}},
	}), card("second", props{"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}}}),
		azureThing{token: "azure-native:compute:VirtualMachineScaleSet", name: "vmss", inputs: props{
			"virtualMachineProfile": props{"networkProfile": props{"networkInterfaceConfigurations": []any{props{"name": "nic", "ipConfigurations": []any{props{
				"subnet": props{"id": idOf("t")}, "loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}},
				"loadBalancerInboundNatPools": []any{props{"id": pathOf{"lb", "inboundNatPools/many"}}},
			}}}}}},
		}},
		azureNet("LoadBalancerBackendAddressPool", "separate", props{
			"loadBalancerName": outOf{"lb", "name"}, "backendAddressPoolName": "separate", "loadBalancerBackendAddresses": []any{props{"ipAddress": "10.0.1.9"}},
		}),
		azureNet("InboundNatRule", "rdp", props{
			"loadBalancerName": outOf{"lb", "name"}, "inboundNatRuleName": "rdp", "protocol": "Tcp", "frontendPort": 3389, "backendPort": 3389,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"), "backendAddressPool": lbPart("backendAddressPools/separate"),
		}),
		azureNet("PrivateLinkService", "pls", props{
			"loadBalancerFrontendIpConfigurations": []any{props{"id": pathOf{"lb", "frontendIPConfigurations/in"}}},
			"ipConfigurations":                     []any{props{"name": "a", "subnet": props{"id": idOf("t")}}},
			"autoApproval":                         props{"subscriptions": []any{"*", strings.Split(azureGroup, "/")[2]}},
		}),
		azureNet("PrivateEndpoint", "pe", props{
			"subnet": props{"id": idOf("s")}, "privateLinkServiceConnections": []any{props{"privateLinkServiceId": idOf("pls")}},
		}),
		azureNet("PrivateEndpoint", "manual", props{
			"subnet": props{"id": idOf("s")}, "manualPrivateLinkServiceConnections": []any{props{"privateLinkServiceId": azureGroup + "/providers/Microsoft.KeyVault/vaults/keys", "groupIds": []any{"vault"}}},
		}),
		azureNet("ApplicationGateway", "gw", props{
			"gatewayIPConfigurations":       []any{props{"subnet": props{"id": idOf("s")}}},
			"frontendIPConfigurations":      []any{props{"name": "public", "publicIPAddress": props{"id": idOf("ip")}}, props{"name": "in", "subnet": props{"id": idOf("s")}}},
			"frontendPorts":                 []any{props{"name": "https", "port": 443}, props{"name": "http", "port": 80}},
			"backendAddressPools":           []any{props{"name": "pool", "backendAddresses": []any{props{"ipAddress": "10.0.1.9"}}}, props{"name": "none"}},
			"backendHttpSettingsCollection": []any{props{"name": "http", "port": 8080}, props{"name": "other", "port": 8081}},
			"httpListeners": []any{
				props{"name": "l", "protocol": "Https", "frontendPort": gw("frontendPorts/https"), "frontendIPConfiguration": gw("frontendIPConfigurations/public")},
				props{"name": "m", "protocol": "Http", "frontendPort": gw("frontendPorts/http"), "frontendIPConfiguration": gw("frontendIPConfigurations/in")},
			},
			"requestRoutingRules": []any{
				props{"name": "r", "httpListener": gw("httpListeners/l"), "backendAddressPool": gw("backendAddressPools/pool"), "backendHttpSettings": gw("backendHttpSettingsCollection/http")},
				props{"name": "s", "httpListener": gw("httpListeners/m"), "urlPathMap": gw("urlPathMaps/paths")},
			},
			"urlPathMaps": []any{
				props{"name": "paths", "pathRules": []any{
					props{"name": "x", "backendAddressPool": gw("backendAddressPools/pool"), "backendHttpSettings": gw("backendHttpSettingsCollection/other")},
				}},
				props{"name": "unused"},
			},
		}))
	for _, thing := range translating([]any{props{
		"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "priority": 50, "action": props{"type": "DNAT"}, "rules": []any{
			props{
				"ruleType": "NatRule", "name": "in", "sourceAddresses": []string{"*"}, "destinationAddresses": []any{"203.0.113.9"},
				"destinationPorts": []any{"443", "500-501"}, "ipProtocols": []any{"TCP"}, "translatedAddress": "10.0.1.9", "translatedPort": "8443",
			},
		},
	}}) {
		if slices.ContainsFunc(things, func(other azureThing) bool { return other.name == thing.name }) {
			continue
		}
		things = append(things, thing)
	}
	return things
}

func TestAzureHiddenOutputsOfBalancers(t *testing.T) {
	things := behindBalancers()
	// Few enough that a preview tells which pool a machine is in.
	plain := balancedBy(props{"loadBalancingRules": balancingRule(nil)},
		card("nic", props{"privateIPAddress": "10.0.1.9", "loadBalancerInboundNatRules": []any{props{"id": idOf("ssh")}}}),
		card("second", props{"loadBalancerBackendAddressPools": []any{props{"id": pathOf{"lb", "backendAddressPools/pool"}}}}),
		azureNet("InboundNatRule", "ssh", props{
			"loadBalancerName": outOf{"lb", "name"}, "inboundNatRuleName": "ssh", "protocol": "Tcp", "frontendPort": 22, "backendPort": 22,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"),
		}),
		azureNet("LoadBalancerBackendAddressPool", "separate", props{
			"loadBalancerName": outOf{"lb", "name"}, "backendAddressPoolName": "separate", "loadBalancerBackendAddresses": []any{props{"ipAddress": "10.0.1.9"}},
		}),
		azureNet("InboundNatRule", "rdp", props{
			"loadBalancerName": outOf{"lb", "name"}, "inboundNatRuleName": "rdp", "protocol": "Tcp", "frontendPort": 3389, "backendPort": 3389,
			"frontendIPConfiguration": lbPart("frontendIPConfigurations/out"), "backendAddressPool": lbPart("backendAddressPools/separate"),
		}))
	for _, shape := range azureShapes {
		t.Run(string(shape), func(t *testing.T) {
			topology.CheckHidden(t, azureGraph(t, shape, things...), ":VirtualNetwork")
			topology.CheckHidden(t, azureGraph(t, shape, plain...), ":VirtualNetwork")
		})
	}
}
