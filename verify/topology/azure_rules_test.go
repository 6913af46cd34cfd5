package topology_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/topology"
)

// securityRule is a rule as a group's list has it.
func securityRule(name, direction, access string, priority int, more props) props {
	rule := props{
		"name": name, "direction": direction, "access": access, "priority": priority, "protocol": "Tcp",
		"sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*",
	}
	for key, value := range more {
		if rule[key] = value; value == nil {
			delete(rule, key)
		}
	}
	return rule
}

// ruleLine writes a rule as "100 allow 6 from 10.0.0.0/8 to any:443".
func ruleLine(r topology.Rule) string {
	side := func(v topology.Val[topology.Match]) string {
		m, known := v.Get()
		if !known {
			return "?"
		}
		var parts []string
		for flag, on := range map[string]bool{"any": m.Anyone, "vnet": m.VirtualNetwork, "internet": m.Internet} {
			if on {
				parts = append(parts, flag)
			}
		}
		for _, p := range m.Prefixes {
			parts = append(parts, p.String())
		}
		for _, f := range m.Members {
			parts = append(parts, f.Name)
		}
		return strings.Join(parts, ",")
	}
	list := func(v any, known bool) string {
		if !known {
			return "?"
		}
		return strings.Trim(fmt.Sprint(v), "[]")
	}
	allow, known := r.Allow.Get()
	effect := map[bool]string{true: "allow", false: "deny"}[allow]
	if !known {
		effect = "?"
	}
	protocols, protocolsKnown := r.Protocols.Get()
	ports, portsKnown := r.DestinationPorts.Get()
	line := fmt.Sprintf("%d %s %s from %s to %s:%s", r.Number, effect, list(protocols, protocolsKnown), side(r.Source), side(r.Destination), list(ports, portsKnown))
	if names, known := r.Names.Get(); !known {
		line += " names ?"
		if least, _ := r.Names.Options(); len(least) > 0 {
			line += strings.TrimSuffix(", some, at the least "+strings.Join(least[0], ","), ", at the least ")
		}
	} else if len(names) > 0 {
		line += " names " + strings.Join(names, ",")
	}
	return line
}

func ruleLines(rules []topology.Rule) []string {
	var lines []string
	for _, r := range rules {
		lines = append(lines, ruleLine(r))
	}
	return lines
}

// The default rules are those of Azure's page.
// https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
var (
	defaultIn  = []string{"65000 allow  from vnet to vnet:", "65001 allow  from 168.63.129.16/32 to any:", "65500 deny  from any to any:"}
	defaultOut = []string{"65000 allow  from vnet to vnet:", "65001 allow  from any to internet:", "65500 deny  from any to any:"}
)

func TestAzureSecurityGroup(t *testing.T) {
	things := []azureThing{
		azureVnet("vnet", "10.0.0.0/16"),
		azureNet("ApplicationSecurityGroup", "web", props{}),
		azureNet("NetworkSecurityGroup", "nsg", props{"securityRules": []any{
			securityRule("late", "Inbound", "Deny", 400, props{"protocol": "*", "sourceAddressPrefix": "Internet"}),
			securityRule("https", "Inbound", "Allow", 100, props{
				"sourceAddressPrefix": nil, "sourceAddressPrefixes": []string{"203.0.113.0/24", "198.51.100.7"},
				"destinationPortRange": nil, "destinationPortRanges": []string{"443", "8000-8999"},
			}),
			securityRule("members", "Inbound", "Allow", 200, props{
				"destinationAddressPrefix": nil, "destinationApplicationSecurityGroups": []any{props{"id": idOf("web")}},
				"destinationPortRange": "80",
			}),
		}}),
		azureNet("SecurityRule", "storage", func() props {
			rule := securityRule("storage", "Outbound", "Allow", 110, props{"destinationAddressPrefix": "Storage.WestEurope", "destinationPortRange": "443"})
			rule["networkSecurityGroupName"] = outOf{"nsg", "name"}
			rule["securityRuleName"] = "storage"
			return rule
		}()),
		azureNet("SecurityRule", "cloud", func() props {
			rule := securityRule("cloud", "Outbound", "Deny", 105, props{"destinationAddressPrefix": "AzureCloud", "protocol": "Udp"})
			rule["networkSecurityGroupName"] = outOf{"nsg", "name"}
			return rule
		}()),
		azureSubnet("vnet", "s", "10.0.0.0/24", props{"networkSecurityGroup": props{"id": idOf("nsg")}}),
		azureNet("NetworkInterface", "nic", props{
			"networkSecurityGroup": props{"id": idOf("nsg")},
			"ipConfigurations": []any{props{
				"subnet": props{"id": idOf("s")}, "applicationSecurityGroups": []any{props{"id": idOf("web")}},
			}},
		}),
		azureSubnet("vnet", "open", "10.0.1.0/24", nil),
	}
	eachShape(t, things, func(t *testing.T, _ azureShape, m *topology.Model) {
		f, known := subnetNamed(t, m, "s").Filter.Get()
		require.True(t, known)
		require.NotNil(t, f)
		assert.Empty(t, f.Incomplete)
		assert.True(t, f.Stateful)
		assert.Equal(t, append([]string{
			"100 allow 6 from 203.0.113.0/24,198.51.100.7/32 to any:{443 443} {8000 8999}",
			"200 allow 6 from any to web:{80 80}",
			"400 deny  from internet to any:",
		}, defaultIn...), ruleLines(f.In))
		assert.Equal(t, append([]string{
			"105 deny 17 from any to 241.0.0.0/8:",
			"110 allow 6 from any to " + m.Service(topology.Azure, "Storage", "westeurope").String() + ":{443 443}",
		}, defaultOut...), ruleLines(f.Out))
		assert.Equal(t, "securityRules[1]", f.In[0].Ref.Property)
		assert.Contains(t, f.Out[0].Ref.URN, "SecurityRule::cloud")

		require.Len(t, m.Interfaces, 1)
		nic := m.Interfaces[0]
		assert.Equal(t, [][]*topology.Filter{{f}}, nic.Filters)
		require.Len(t, nic.Groups, 1)
		assert.Equal(t, "web", nic.Groups[0].Name)
		assert.Equal(t, f.In[1].Destination.Or(topology.Match{}).Members, nic.Groups)
		assert.True(t, nic.SourceDestCheck.Or(false))
		require.Len(t, nic.Addresses, 1)
		assert.False(t, nic.Addresses[0].IsKnown(), "a dynamic address")

		none, known := subnetNamed(t, m, "open").Filter.Get()
		assert.True(t, known)
		assert.Nil(t, none)
	})
}

// What is not known is never left out: a rule without priority spoils its
// group, and an unknown source is unknown.
func TestAzureUnknownRule(t *testing.T) {
	m := azureModel(t, preview,
		azureNet("PublicIPAddress", "ip", props{}),
		azureNet("NetworkSecurityGroup", "nsg", props{"securityRules": []any{
			securityRule("a", "Inbound", "Allow", 100, props{"sourceAddressPrefix": outOf{"ip", "name"}}),
			securityRule("b", "Inbound", "Allow", 110, props{"sourceAddressPrefix": "10.0.0.0/33"}),
			securityRule("c", "Inbound", "Allow", 120, props{"destinationPortRange": "70000"}),
			securityRule("d", "Inbound", "Perhaps", 130, nil),
		}}),
		azureNet("NetworkSecurityGroup", "broken", props{"securityRules": []any{
			securityRule("a", "Inbound", "Allow", 100, props{"priority": outOf{"ip", "name"}}),
		}}),
		azureNet("NetworkSecurityGroup", "unread", props{"securityRules": outOf{"ip", "name"}}),
	)
	require.Len(t, m.Filters, 3)
	assert.Equal(t, []string{
		"100 allow 6 from ? to any:", "110 allow 6 from ? to any:", "120 allow 6 from any to any:?", "130 ? 6 from any to any:",
	}, ruleLines(m.Filters[0].In)[:4])
	source := m.Filters[0].In[0].Source
	assert.Equal(t, azureURN("azure-native:network/v20240501:PublicIPAddress", "ip"), source.Ref().URN)
	assert.NotEmpty(t, m.Filters[1].Incomplete)
	assert.NotEmpty(t, m.Filters[2].Incomplete)
}

// A rule or route of a parent that nobody knows may be in each.
func TestAzureUnknownParent(t *testing.T) {
	m := azureModel(t, preview,
		azureNet("PublicIPAddress", "ip", props{}),
		azureVnet("vnet", "10.0.0.0/16"),
		azureNet("NetworkSecurityGroup", "nsg", props{}),
		azureNet("RouteTable", "table", props{}),
		azureSubnet("vnet", "s", "10.0.0.0/24", props{"routeTable": props{"id": idOf("table")}}),
		azureNet("SecurityRule", "rule", props{"networkSecurityGroupName": outOf{"ip", "name"}, "priority": 100, "direction": "Inbound", "access": "Allow"}),
		azureNet("Route", "route", props{"routeTableName": outOf{"ip", "name"}, "addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}),
	)
	assert.NotEmpty(t, m.Filters[0].Incomplete)
	assert.NotEmpty(t, knownTable(t, subnetNamed(t, m, "s")).Incomplete)
}

// A tag of a service holds those of its regions, and AzureCloud all of them.
func TestAzureServiceTags(t *testing.T) {
	rule := func(name, tag string, priority int) props {
		return securityRule(name, "Outbound", "Allow", priority, props{"destinationAddressPrefix": tag})
	}
	m := azureModel(t, recorded, azureVnet("vnet", "10.0.0.0/16"),
		azureNet("NetworkSecurityGroup", "nsg", props{"securityRules": []any{
			rule("all", "Storage", 100), rule("other", "storage.NorthEurope", 110), rule("cloud", "AzureCloud.westeurope", 120),
			rule("everything", "AzureCloud", 130),
		}}))
	to := func(i int) []netip.Prefix { return m.Filters[0].Out[i].Destination.Or(topology.Match{}).Prefixes }
	west, north := m.Service(topology.Azure, "Storage", "westeurope"), m.Service(topology.Azure, "Storage", "northeurope")
	assert.ElementsMatch(t, []netip.Prefix{m.Service(topology.Azure, "Storage", ""), west, north}, to(0))
	assert.Equal(t, []netip.Prefix{north}, to(1))
	assert.Contains(t, to(2), west)
	assert.NotContains(t, to(2), north)
	assert.Contains(t, to(2), m.Service(topology.Azure, "AzureCloud", "westeurope"))
	assert.Equal(t, prefixList("241.0.0.0/8"), to(3))
}

// hub is a firewall in a network, with a policy that has a base.
func firewallHub() []azureThing {
	rule := func(kind, name string, more props) props {
		r := props{"ruleType": kind, "name": name, "sourceAddresses": []string{"10.1.0.0/16"}}
		for key, value := range more {
			r[key] = value
		}
		return r
	}
	filter := func(name, action string, priority int, rules ...any) props {
		return props{
			"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": name, "priority": priority,
			"action": props{"type": action}, "rules": rules,
		}
	}
	return []azureThing{
		azureVnet("hub", "10.0.0.0/16"),
		azureSubnet("hub", "AzureFirewallSubnet", "10.0.1.0/26", nil),
		{token: "azure-native:network/v20240501:PublicIPAddress", name: "ip", inputs: props{}, computed: props{"ipAddress": "203.0.113.9"}},
		azureNet("IpGroup", "offices", props{"ipAddresses": []string{"10.9.0.4-10.9.0.7", "10.8.0.0/16"}}),
		azureNet("FirewallPolicy", "base", props{}),
		azureNet("FirewallPolicy", "policy", props{"basePolicy": props{"id": idOf("base")}, "dnsSettings": props{"enableProxy": true}}),
		azureNet("FirewallPolicyRuleCollectionGroup", "second", props{
			"firewallPolicyName": outOf{"policy", "name"}, "priority": 300,
			"ruleCollections": []any{filter("time", "Allow", 200, rule("NetworkRule", "ntp", props{
				"ipProtocols": []string{"UDP"}, "destinationFqdns": []string{"ntp.ubuntu.com"}, "destinationPorts": []string{"123"},
			}))},
		}),
		azureNet("FirewallPolicyRuleCollectionGroup", "first", props{
			"firewallPolicyName": outOf{"policy", "name"}, "priority": 200,
			"ruleCollections": []any{
				filter("web", "Allow", 100,
					rule("ApplicationRule", "images", props{
						"targetFqdns": []string{"mcr.microsoft.com", "*.data.mcr.microsoft.com"},
						"protocols":   []any{props{"protocolType": "Https", "port": 443}},
					}),
					rule("ApplicationRule", "aks", props{
						"fqdnTags":  []string{"WindowsUpdate", "AzureKubernetesService"},
						"protocols": []any{props{"protocolType": "Http", "port": 80}, props{"protocolType": "Https", "port": 443}},
					}),
				),
				filter("offices", "Deny", 500, rule("NetworkRule", "offices", props{
					"ipProtocols": []string{"Any"}, "destinationIpGroups": []any{idOf("offices")}, "destinationPorts": []string{"*"},
				})),
				props{
					"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "priority": 50, "action": props{"type": "DNAT"},
					"rules": []any{props{
						"ruleType": "NatRule", "name": "control-plane", "sourceAddresses": []string{"198.51.100.0/24"},
						"destinationAddresses": []any{outOf{"ip", "ipAddress"}}, "destinationPorts": []string{"443"}, "ipProtocols": []string{"TCP"},
						"translatedAddress": "10.1.0.7", "translatedPort": "8443",
					}},
				},
			},
		}),
		azureNet("FirewallPolicyRuleCollectionGroup", "inherited", props{
			"firewallPolicyName": outOf{"base", "name"}, "priority": 60000,
			"ruleCollections": []any{filter("dns", "Allow", 60000, rule("NetworkRule", "dns", props{
				"ipProtocols": []string{"TCP", "UDP"}, "destinationAddresses": []string{"10.0.2.4"}, "destinationPorts": []string{"53"},
			}))},
		}),
		{
			token: "azure-native:network/v20240501:AzureFirewall", name: "fw",
			inputs: props{
				"firewallPolicy": props{"id": idOf("policy")},
				"ipConfigurations": []any{props{
					"name": "ip", "subnet": props{"id": idOf("AzureFirewallSubnet")}, "publicIPAddress": props{"id": idOf("ip")},
				}},
			},
			computed: props{"ipConfigurations": []any{props{"privateIPAddress": "10.0.1.4"}}},
		},
		azureVnet("spoke", "10.1.0.0/16"),
		azureNet("VirtualNetworkPeering", "there", props{
			"virtualNetworkName": outOf{"spoke", "name"}, "remoteVirtualNetwork": props{"id": idOf("hub")}, "allowVirtualNetworkAccess": true,
		}),
		azureNet("VirtualNetworkPeering", "back", props{
			"virtualNetworkName": outOf{"hub", "name"}, "remoteVirtualNetwork": props{"id": idOf("spoke")},
			"allowVirtualNetworkAccess": true, "allowForwardedTraffic": true,
		}),
		azureNet("RouteTable", "table", props{"disableBgpRoutePropagation": true}),
		azureNet("Route", "default", props{
			"routeTableName": outOf{"table", "name"}, "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance",
			"nextHopIpAddress": outOf{"fw", "privateIPAddress"},
		}),
		azureSubnet("spoke", "nodes", "10.1.0.0/24", props{"routeTable": props{"id": idOf("table")}, "defaultOutboundAccess": false}),
	}
}

// A firewall takes a base policy's rules first, network rules before
// application rules, and each kind by priority.
// https://learn.microsoft.com/azure/firewall/rule-processing
func TestAzureFirewall(t *testing.T) {
	eachShape(t, firewallHub(), func(t *testing.T, shape azureShape, m *topology.Model) {
		i := slices.IndexFunc(m.Gateways, func(g *topology.Gateway) bool { return g.Kind == topology.Firewall })
		require.GreaterOrEqual(t, i, 0)
		fw := m.Gateways[i]
		assert.Equal(t, "hub", fw.Network.Name)
		assert.Equal(t, subnetNamed(t, m, "AzureFirewallSubnet"), fw.Subnet.Or(nil))
		assert.True(t, fw.SNAT.Or(false))
		require.Len(t, fw.Addresses, 1)

		// Only a real output is a fact.
		private, known := fw.PrivateAddress.Get()
		assert.Equal(t, shape == exported, known)
		public, _ := fw.Addresses[0].Get()
		if shape == exported {
			assert.Equal(t, "10.0.1.4", private.String())
			assert.Equal(t, "203.0.113.9", public.String())
		} else {
			assert.Equal(t, "ipConfigurations[0].privateIPAddress", fw.PrivateAddress.Ref().Property)
			assert.False(t, public.IsValid())
		}

		policy, known := fw.Policy.Get()
		require.True(t, known)
		assert.Empty(t, policy.Incomplete)
		assert.Empty(t, policy.In)
		assert.Equal(t, []string{
			"60000 allow 6 17 from 10.1.0.0/16 to 10.0.2.4/32:{53 53}",
			"500 deny  from 10.1.0.0/16 to 10.9.0.4/30,10.8.0.0/16:",
			"200 allow 17 from 10.1.0.0/16 to any:{123 123} names ntp.ubuntu.com",
			"100 allow 6 from 10.1.0.0/16 to any:{443 443} names mcr.microsoft.com,*.data.mcr.microsoft.com",
			"100 allow 6 from 10.1.0.0/16 to any:{443 443} names " + aksNames,
			"100 allow 6 from 10.1.0.0/16 to any:{80 80} {443 443} names ?, some",
		}, ruleLines(policy.Out))
		assert.Equal(t, "ruleCollections[0].rules[0]", policy.Out[2].Ref.Property)

		// The route finds the firewall by its address, made up or not.
		nodes := subnetNamed(t, m, "nodes")
		assert.Equal(t, []string{"0.0.0.0/0 user firewall", "10.0.0.0/16 system peering", "10.1.0.0/16 system local"}, routesOf(t, knownTable(t, nodes)))
		via, _ := knownTable(t, nodes).Routes[0].Via.Get()
		assert.Same(t, fw, via)

		// A DNAT rule is a listener on the public address.
		require.Len(t, m.Balancers, 1)
		nat := m.Balancers[0]
		require.Len(t, nat.Listeners, 1)
		assert.EqualValues(t, 443, nat.Listeners[0].Port.Or(0))
		assert.EqualValues(t, 8443, nat.Listeners[0].TargetPort.Or(0))
		assert.False(t, nat.Listeners[0].PreserveClientIP.Or(true))
		require.Len(t, nat.Listeners[0].Targets, 1)
		assert.Equal(t, nodes, nat.Listeners[0].Targets[0].Subnet.Or(nil))
		assert.Equal(t, "0 allow  from 198.51.100.0/24 to any:", ruleLine(nat.Interfaces[0].Filters[0][0].In[0]))

		resolver := slices.IndexFunc(m.Interfaces, func(i *topology.Interface) bool { return i.Kind == topology.ResolverInterface })
		assert.GreaterOrEqual(t, resolver, 0, "the DNS proxy")
		assert.Empty(t, m.Unsupported)
	})
}

// aksNames are those of "Azure Global required FQDN / application rules", but
// for the API server's of a public cluster.
// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
const aksNames = "mcr.microsoft.com,*.data.mcr.microsoft.com,mcr-0001.mcr-msedge.net,management.azure.com," +
	"login.microsoftonline.com,packages.microsoft.com,packages.aks.azure.com,acs-mirror.azureedge.net"

// Only the tag AzureKubernetesService has names that are known, and only in a
// rule for HTTPS; it may stand for more in any case.
func TestAzureFirewallTags(t *testing.T) {
	const certain, rest = "100 allow 6 from any to any:{443 443} names " + aksNames, "100 allow 6 from any to any:{80 80} {443 443} names ?, some"
	https := []any{props{"protocolType": "Https", "port": 443}}
	for _, row := range []struct {
		name            string
		tags, protocols any
		want            []string
	}{
		{"the tag", []any{"AzureKubernetesService"}, https, []string{certain, rest}},
		{"HTTPS by its standard port", []any{"AzureKubernetesService"}, []any{props{"protocolType": "Https"}}, []string{certain, rest}},
		{"in another letter case", []any{"azurekubernetesservice"}, https, []string{certain, rest}},
		{"beside one that is not known yet", []any{outOf{"ip", "name"}, "AzureKubernetesService"}, https, []string{certain, rest}},
		{"one that is not known yet", []any{outOf{"ip", "name"}}, https, []string{rest}},
		{"tags that are not known yet", outOf{"ip", "name"}, https, []string{rest}},
		{"another tag", []any{"WindowsUpdate"}, https, []string{rest}},
		{"for HTTP", []any{"AzureKubernetesService"}, []any{props{"protocolType": "Http", "port": 80}}, []string{rest}},
		{"on another port", []any{"AzureKubernetesService"}, []any{props{"protocolType": "Https", "port": 8443}}, []string{rest}},
		{"without a protocol", []any{"AzureKubernetesService"}, []any{}, []string{rest}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := azureModel(t, preview, azureVnet("hub", "10.0.0.0/16"), azureSubnet("hub", "AzureFirewallSubnet", "10.0.1.0/26", nil),
				azureNet("PublicIPAddress", "ip", props{}),
				azureNet("AzureFirewall", "fw", props{
					"ipConfigurations": []any{props{"subnet": props{"id": idOf("AzureFirewallSubnet")}}},
					"applicationRuleCollections": []any{props{"name": "aks", "priority": 100, "action": props{"type": "Allow"}, "rules": []any{props{
						"name": "aks", "sourceAddresses": []string{"*"}, "fqdnTags": row.tags, "protocols": row.protocols,
					}}}},
				}))
			i := slices.IndexFunc(m.Gateways, func(g *topology.Gateway) bool { return g.Kind == topology.Firewall })
			require.GreaterOrEqual(t, i, 0)
			policy, known := m.Gateways[i].Policy.Get()
			require.True(t, known)
			assert.Equal(t, row.want, ruleLines(policy.Out))
		})
	}
}

// An address of a firewall's subnet that is written before Azure has chosen one
// is the firewall's or nobody's.
func TestAzureFirewallByGuess(t *testing.T) {
	var things []azureThing
	for _, thing := range firewallHub() {
		if thing.name == "default" {
			thing.inputs["nextHopIpAddress"] = "10.0.1.4"
		}
		things = append(things, thing)
	}
	eachShape(t, things, func(t *testing.T, shape azureShape, m *topology.Model) {
		via := knownTable(t, subnetNamed(t, m, "nodes")).Routes[0].Via
		options, complete := via.Options()
		assert.True(t, complete)
		assert.Equal(t, topology.Firewall, options[0].Kind)
		assert.Equal(t, shape == exported, via.IsKnown())
		if shape != exported {
			require.Len(t, options, 2)
			assert.Equal(t, topology.Drop, options[1].Kind)
			assert.Equal(t, options[0].Ref.URN, via.Ref().URN, "the firewall's output decides")
		}
	})
}

// The rules of a firewall without a policy stand in itself.
func TestAzureClassicFirewall(t *testing.T) {
	m := azureModel(t, recorded, azureVnet("hub", "10.0.0.0/16"), azureSubnet("hub", "AzureFirewallSubnet", "10.0.1.0/26", nil),
		azureNet("AzureFirewall", "fw", props{
			"ipConfigurations":     []any{props{"subnet": props{"id": idOf("AzureFirewallSubnet")}}},
			"additionalProperties": props{"Network.SNAT.PrivateRanges": "IANAPrivateRanges, 0.0.0.0/0"},
			"networkRuleCollections": []any{
				props{"name": "b", "priority": 200, "action": props{"type": "Allow"}, "rules": []any{props{
					"name": "all", "protocols": []string{"Any"}, "sourceAddresses": []string{"*"}, "destinationAddresses": []string{"*"}, "destinationPorts": []string{"*"},
				}}},
				props{"name": "a", "priority": 100, "action": props{"type": "Deny"}, "rules": []any{props{
					"name": "ssh", "protocols": []string{"TCP"}, "sourceAddresses": []string{"*"}, "destinationAddresses": []string{"*"}, "destinationPorts": []string{"22"},
				}}},
			},
		}))
	i := slices.IndexFunc(m.Gateways, func(g *topology.Gateway) bool { return g.Kind == topology.Firewall })
	require.GreaterOrEqual(t, i, 0)
	policy, known := m.Gateways[i].Policy.Get()
	require.True(t, known)
	assert.Equal(t, []string{"100 deny 6 from any to any:{22 22}", "200 allow  from any to any:"}, ruleLines(policy.Out))
	snat, known := m.Gateways[i].SNAT.Get()
	assert.True(t, known && !snat)
}
