package azurehub_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/azurehub"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

type Args = azurehub.AzureHubArgs

const (
	spokeVnet  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers/Microsoft.Network/virtualNetworks/spoke"
	secondVnet = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers/Microsoft.Network/virtualNetworks/second"
	ddosPlan   = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shared/providers/Microsoft.Network/ddosProtectionPlans/all"
)

// args are those of a hub with a firewall and one spoke.
func args(change func(*Args)) *Args {
	a := &Args{
		Spec: azurehub.Spec{
			Location: "westeurope",
			VnetCidr: "10.40.0.0/22",
			Spokes:   map[string]azurehub.Spoke{"data": {VnetID: spokeVnet, Cidrs: []string{"10.50.0.0/16"}}},
		},
		ResourceGroupName: pulumi.String("hub"),
	}
	if change != nil {
		change(a)
	}
	return a
}

// everything are those of a hub with all that it can have.
func everything(a *Args) {
	a.Firewall = azurehub.Firewall{PublicIPs: 2, Zones: []string{"1", "2", "3"}}
	a.AKS = &azurehub.AKS{NodeCidrs: []string{"10.50.0.0/24"}, PodCidrs: []string{"10.50.8.0/21"}, PublicAPI: true}
	a.Rules = []azurehub.Rule{{Name: "git", Protocol: "https", Sources: []string{"10.50.0.0/16"}, FQDNs: []string{"github.com"}}}
	a.ControlPlane = &azurehub.ControlPlane{Sources: []string{"198.51.100.0/24"}, TargetAddress: "10.50.1.10"}
	a.Resolver = &azurehub.Resolver{Rules: []azurehub.ForwardingRule{{Domain: "corp.example.com", Servers: []string{"10.0.0.4"}}}}
	a.Bastion = &azurehub.Bastion{}
	a.Gateway = true
}

func program(a *Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := azurehub.NewAzureHub(ctx, "hub", a)
		return err
	}
}

func record(t testing.TB, a *Args) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, program(a))
	require.NoError(t, err)
	return g
}

// of returns the resources of a kind, in any API version.
func of(g *graph.Graph, kind string) []*graph.Resource {
	var found []*graph.Resource
	for i := range g.Resources {
		if strings.HasPrefix(g.Resources[i].Type, "azure-native:") && strings.HasSuffix(g.Resources[i].Type, ":"+kind) {
			found = append(found, &g.Resources[i])
		}
	}
	return found
}

func names(resources []*graph.Resource) []string {
	var all []string
	for _, r := range resources {
		all = append(all, r.Name)
	}
	slices.Sort(all)
	return all
}

func named(t testing.TB, g *graph.Graph, kind, name string) *graph.Resource {
	t.Helper()
	for _, r := range of(g, kind) {
		if r.Name == name {
			return r
		}
	}
	require.Failf(t, "no such resource", "%s of %v", name, names(of(g, kind)))
	return nil
}

// at returns the value at a path such as "virtualNetwork.id" or
// "ipConfigurations.0.name"; nil when it is not there.
func at(value any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func input(r *graph.Resource, path string) any { return at(r.Inputs.Mappable(), path) }

func outputs(g *graph.Graph) map[string]any {
	return g.ByType("underlay:azurehub:AzureHub")[0].Outputs.Mappable()
}

// rules returns the rules of a group as "protocol port destination from
// sources", or for a tag "tag name from sources".
func rules(t testing.TB, g *graph.Graph, group string) []string {
	t.Helper()
	var lines []string
	for _, collection := range input(named(t, g, "FirewallPolicyRuleCollectionGroup", "hub-"+group), "ruleCollections").([]any) {
		if kind := at(collection, "ruleCollectionType"); kind != "FirewallPolicyFilterRuleCollection" {
			continue
		}
		assert.Equal(t, "Allow", at(collection, "action.type"))
		for _, rule := range at(collection, "rules").([]any) {
			from := join(at(rule, "sourceAddresses"))
			for _, tag := range list(at(rule, "fqdnTags")) {
				lines = append(lines, fmt.Sprintf("tag %s from %s", tag, from))
			}
			for _, protocol := range list(at(rule, "protocols")) {
				for _, name := range list(at(rule, "targetFqdns")) {
					lines = append(lines, fmt.Sprintf("%s %v %s from %s", at(protocol, "protocolType"), at(protocol, "port"), name, from))
				}
			}
			for _, port := range list(at(rule, "destinationPorts")) {
				for _, to := range append(list(at(rule, "destinationFqdns")), list(at(rule, "destinationAddresses"))...) {
					lines = append(lines, fmt.Sprintf("%s %s %s from %s", join(at(rule, "ipProtocols")), port, to, from))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}

func join(value any) string {
	var texts []string
	for _, v := range list(value) {
		texts = append(texts, fmt.Sprint(v))
	}
	return strings.Join(texts, " ")
}

func TestHub(t *testing.T) {
	g := record(t, args(nil))
	vnet := named(t, g, "VirtualNetwork", "hub")
	assert.Equal(t, []any{"10.40.0.0/22"}, input(vnet, "addressSpace.addressPrefixes"))
	assert.NotContains(t, vnet.Inputs.Mappable(), "subnets", "Azure deletes the subnets that such a list leaves out")
	assert.NotEqual(t, true, input(vnet, "enableDdosProtection"), "a plan is costly, so there is none unless asked")
	assert.Nil(t, input(vnet, "ddosProtectionPlan"))
	assert.Equal(t, []string{"hub-firewall"}, names(of(g, "Subnet")))
	assert.Equal(t, []string{"hub-firewall-1"}, names(of(g, "PublicIPAddress")))
	for _, kind := range []string{"NetworkSecurityGroup", "RouteTable", "DnsResolver", "BastionHost", "DdosProtectionPlan", "FirewallPolicyRuleCollectionGroup"} {
		assert.Empty(t, of(g, kind), kind)
	}

	firewall := named(t, g, "AzureFirewall", "hub-firewall")
	assert.Equal(t, map[string]any{"name": "AZFW_VNet", "tier": "Standard"}, input(firewall, "sku"))
	assert.Equal(t, named(t, g, "Subnet", "hub-firewall").ID, input(firewall, "ipConfigurations.0.subnet.id"))
	assert.Nil(t, input(firewall, "managementIpConfiguration"))
	policy := named(t, g, "FirewallPolicy", "hub-firewall")
	assert.Equal(t, policy.ID, input(firewall, "firewallPolicy.id"))
	assert.Equal(t, "Standard", input(policy, "sku.tier"))
	assert.Equal(t, "Alert", input(policy, "threatIntelMode"))
	assert.Equal(t, true, input(policy, "dnsSettings.enableProxy"))
	address := named(t, g, "PublicIPAddress", "hub-firewall-1")
	assert.Equal(t, "Standard", input(address, "sku.name"))
	assert.Equal(t, "Static", input(address, "publicIPAllocationMethod"))
	assert.Nil(t, input(address, "ddosSettings"))

	out := outputs(g)
	assert.Equal(t, vnet.ID, out["vnetId"])
	assert.Equal(t, policy.ID, out["firewallPolicyId"])
	assert.Equal(t, firewall.Outputs["ipConfigurations"].ArrayValue()[0].ObjectValue()["privateIPAddress"].StringValue(), out["firewallPrivateIp"])
	assert.Equal(t, []any{address.Outputs["ipAddress"].StringValue()}, out["publicIps"])
	assert.Equal(t, "", out["resolverInboundIp"])
}

// The names and sizes are Azure's, the places those of the package's picture.
func TestSubnets(t *testing.T) {
	g := record(t, args(func(a *Args) {
		everything(a)
		a.Firewall = azurehub.Firewall{Tier: azurehub.Basic}
	}))
	want := []struct{ slot, name, cidr, delegation string }{
		{"firewall", "AzureFirewallSubnet", "10.40.0.0/26", ""},
		{"firewallManagement", "AzureFirewallManagementSubnet", "10.40.0.64/26", ""},
		{"bastion", "AzureBastionSubnet", "10.40.0.128/26", ""},
		{"gateway", "GatewaySubnet", "10.40.0.192/27", ""},
		{"resolverInbound", "resolver-inbound", "10.40.0.224/28", "Microsoft.Network/dnsResolvers"},
		{"resolverOutbound", "resolver-outbound", "10.40.0.240/28", "Microsoft.Network/dnsResolvers"},
	}
	require.Len(t, of(g, "Subnet"), len(want))
	ids := map[string]any{}
	var before string
	for _, w := range want {
		subnet := named(t, g, "Subnet", "hub-"+w.slot)
		ids[w.slot] = subnet.ID
		assert.Equal(t, w.name, input(subnet, "subnetName"))
		assert.Equal(t, w.cidr, input(subnet, "addressPrefix"))
		assert.Equal(t, false, input(subnet, "defaultOutboundAccess"))
		assert.NotContains(t, subnet.Inputs.Mappable(), "networkSecurityGroup", "Azure refuses one on some of them")
		assert.NotContains(t, subnet.Inputs.Mappable(), "routeTable")
		if w.delegation == "" {
			assert.Nil(t, input(subnet, "delegations"))
		} else {
			assert.Equal(t, w.delegation, input(subnet, "delegations.0.serviceName"))
		}
		if before != "" {
			assert.Contains(t, subnet.Dependencies, before, "one after the other: AnotherOperationInProgress otherwise")
		}
		before = subnet.URN
	}
	assert.Equal(t, ids, outputs(g)["subnetIds"])
}

func TestSubnetsByHand(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.VnetCidr = "10.40.0.0/25"
		a.Gateway = true
		a.Subnets = map[azurehub.Slot]string{azurehub.SlotFirewall: "10.40.0.64/26", azurehub.SlotGateway: "10.40.0.0/27"}
	}))
	assert.Equal(t, "10.40.0.64/26", input(named(t, g, "Subnet", "hub-firewall"), "addressPrefix"))
	assert.Equal(t, "10.40.0.0/27", input(named(t, g, "Subnet", "hub-gateway"), "addressPrefix"))
}

// What is added later moves nothing.
func TestSlotsNeverMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := azurehub.Spec{Location: "westeurope", VnetCidr: rapid.SampledFrom([]string{"10.40.0.0/24", "10.40.0.0/22", "10.40.0.0/16"}).Draw(t, "block")}
		if rapid.Bool().Draw(t, "basic") {
			spec.Firewall.Tier = azurehub.Basic
		}
		if rapid.Bool().Draw(t, "bastion") {
			spec.Bastion = &azurehub.Bastion{}
		}
		if rapid.Bool().Draw(t, "resolver") {
			spec.Resolver = &azurehub.Resolver{}
		}
		spec.Gateway = rapid.Bool().Draw(t, "gateway")
		plan, err := azurehub.NewPlan(spec)
		require.NoError(t, err)
		want := map[azurehub.Slot]string{
			"firewall": "10.40.0.0/26", "firewallManagement": "10.40.0.64/26", "bastion": "10.40.0.128/26",
			"gateway": "10.40.0.192/27", "resolverInbound": "10.40.0.224/28", "resolverOutbound": "10.40.0.240/28",
		}
		for _, subnet := range plan.Subnets {
			assert.Equal(t, want[subnet.Slot], subnet.Prefix.String())
		}
	})
}

func TestTiers(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Firewall = azurehub.Firewall{Tier: azurehub.Premium, ThreatIntel: azurehub.ThreatIntelDeny, PublicIPs: 3, Zones: []string{"1", "2"}}
	}))
	firewall := named(t, g, "AzureFirewall", "hub-firewall")
	assert.Equal(t, "Premium", input(firewall, "sku.tier"))
	assert.Equal(t, []any{"1", "2"}, input(firewall, "zones"))
	require.Len(t, input(firewall, "ipConfigurations"), 3)
	for i := range 3 {
		address := named(t, g, "PublicIPAddress", fmt.Sprintf("hub-firewall-%d", i+1))
		assert.Equal(t, []any{"1", "2"}, input(address, "zones"))
		assert.Equal(t, address.ID, input(firewall, fmt.Sprintf("ipConfigurations.%d.publicIPAddress.id", i)))
		assert.Equal(t, i == 0, input(firewall, fmt.Sprintf("ipConfigurations.%d.subnet", i)) != nil, "one of them carries the subnet")
	}
	policy := named(t, g, "FirewallPolicy", "hub-firewall")
	assert.Equal(t, "Premium", input(policy, "sku.tier"))
	assert.Equal(t, "Deny", input(policy, "threatIntelMode"))
	assert.Len(t, outputs(g)["publicIps"], 3)

	g = record(t, args(func(a *Args) { a.Firewall = azurehub.Firewall{Tier: azurehub.Basic} }))
	firewall = named(t, g, "AzureFirewall", "hub-firewall")
	assert.Equal(t, "Basic", input(firewall, "sku.tier"))
	assert.Equal(t, named(t, g, "Subnet", "hub-firewallManagement").ID, input(firewall, "managementIpConfiguration.subnet.id"))
	assert.Equal(t, named(t, g, "PublicIPAddress", "hub-firewall-management").ID, input(firewall, "managementIpConfiguration.publicIPAddress.id"))
	assert.Nil(t, input(named(t, g, "FirewallPolicy", "hub-firewall"), "dnsSettings"), "Basic has no DNS proxy")
	assert.Len(t, outputs(g)["publicIps"], 1, "traffic of the spokes never leaves by the management address")

	off := false
	g = record(t, args(func(a *Args) { a.Firewall.DNSProxy = &off }))
	assert.Nil(t, input(named(t, g, "FirewallPolicy", "hub-firewall"), "dnsSettings"))
}

// "Configure the firewall to support Aks as described here": the destinations
// are those of https://learn.microsoft.com/azure/aks/outbound-rules-control-egress,
// and the sources are nodes and pods.
func TestAKSRules(t *testing.T) {
	const from = " from 10.50.0.0/24 10.50.8.0/21"
	base := []string{
		"Https 443 *.data.mcr.microsoft.com", "Https 443 *.hcp.westeurope.azmk8s.io", "Https 443 acs-mirror.azureedge.net",
		"Https 443 login.microsoftonline.com", "Https 443 management.azure.com", "Https 443 mcr-0001.mcr-msedge.net",
		"Https 443 mcr.microsoft.com", "Https 443 packages.aks.azure.com", "Https 443 packages.microsoft.com",
		"TCP 9000 AzureCloud.westeurope", "UDP 1194 AzureCloud.westeurope", "tag AzureKubernetesService",
	}
	cases := map[string]struct {
		change func(*azurehub.AKS)
		want   []string
	}{
		"public API server": {nil, base},
		"private API server": {func(a *azurehub.AKS) { a.PublicAPI = false }, slices.DeleteFunc(slices.Clone(base), func(line string) bool {
			return strings.Contains(line, "westeurope")
		})},
		"konnectivity, and pods that call by address": {func(a *azurehub.AKS) { a.Konnectivity, a.APIServer = true, []string{"20.50.1.2"} },
			append(slices.DeleteFunc(slices.Clone(base), func(line string) bool { return strings.Contains(line, "AzureCloud") }), "TCP 443 20.50.1.2/32")},
		"features": {func(a *azurehub.AKS) {
			a.Features, a.DNSServers = []catalog.AKSFeature{"gitops", "ntp", "policy", "os-updates", "monitor"}, []string{"10.60.0.4"}
		}, append(slices.Clone(base),
			"Https 443 westeurope.dp.kubernetesconfiguration.azure.com", "UDP 123 ntp.ubuntu.com", "UDP 53 10.60.0.4/32",
			"Https 443 data.policy.core.windows.net", "Https 443 store.policy.core.windows.net", "Https 443 dc.services.visualstudio.com",
			"Http 80 security.ubuntu.com", "Http 80 azure.archive.ubuntu.com", "Http 80 changelogs.ubuntu.com", "Https 443 snapshot.ubuntu.com",
			"Https 443 *.ods.opinsights.azure.com", "Https 443 *.oms.opinsights.azure.com", "Https 443 *.in.applicationinsights.azure.com",
			"Https 443 *.monitoring.azure.com", "Https 443 *.ingest.monitor.azure.com", "Https 443 *.metrics.ingest.monitor.azure.com",
			"Https 443 global.handler.control.monitor.azure.com", "Https 443 westeurope.handler.control.monitor.azure.com",
			"Https 443 dc.services.visualstudio.com",
		)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := record(t, args(func(a *Args) {
				everything(a)
				if c.change != nil {
					c.change(a.AKS)
				}
			}))
			var want []string
			for _, line := range c.want {
				want = append(want, line+from)
			}
			slices.Sort(want)
			assert.Equal(t, want, rules(t, g, "aks"))
		})
	}
}

// An overlay's pods leave with their node's address.
func TestOverlayHasNodesAsTheOnlySource(t *testing.T) {
	g := record(t, args(func(a *Args) { a.AKS = &azurehub.AKS{NodeCidrs: []string{"10.50.0.0/24"}} }))
	for _, line := range rules(t, g, "aks") {
		assert.True(t, strings.HasSuffix(line, " from 10.50.0.0/24"), line)
	}
}

func TestRulesOfOnesOwn(t *testing.T) {
	g := record(t, args(func(a *Args) {
		from := []string{"10.50.0.0/24"}
		a.Rules = []azurehub.Rule{
			{Name: "git", Protocol: "https", Sources: from, FQDNs: []string{"github.com", "*.github.com"}},
			{Name: "crl", Protocol: "http", Sources: from, FQDNs: []string{"crl.example.com"}},
			{Name: "tls", Protocol: "https", Ports: []int{8443}, Sources: from, FQDNs: []string{"api.example.com"}},
			{Name: "storage", Protocol: "tcp", Ports: []int{443}, Sources: from, ServiceTags: []string{"Storage.westeurope"}},
			{Name: "syslog", Protocol: "udp", Ports: []int{514}, Sources: from, Addresses: []string{"10.60.0.0/24"}},
			{Name: "kafka", Protocol: "tcp", Ports: []int{9092, 9093}, Sources: from, FQDNs: []string{"kafka.example.com"}},
		}
	}))
	assert.Equal(t, []string{
		"Http 80 crl.example.com from 10.50.0.0/24",
		"Https 443 *.github.com from 10.50.0.0/24",
		"Https 443 github.com from 10.50.0.0/24",
		"Https 8443 api.example.com from 10.50.0.0/24",
		"TCP 443 Storage.westeurope from 10.50.0.0/24",
		"TCP 9092 kafka.example.com from 10.50.0.0/24",
		"TCP 9093 kafka.example.com from 10.50.0.0/24",
		"UDP 514 10.60.0.0/24 from 10.50.0.0/24",
	}, rules(t, g, "extra"))
}

// "a public ip which we can use to communicate from the control plane"
// (Network configuration for Conveyor, Vnet setup).
func TestControlPlane(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.ControlPlane = &azurehub.ControlPlane{Sources: []string{"198.51.100.0/24"}, TargetAddress: "10.50.1.10", TargetPort: 8443}
	}))
	group := named(t, g, "FirewallPolicyRuleCollectionGroup", "hub-control-plane")
	collection := input(group, "ruleCollections.0")
	assert.Equal(t, "FirewallPolicyNatRuleCollection", at(collection, "ruleCollectionType"))
	assert.Equal(t, "DNAT", at(collection, "action.type"))
	address := named(t, g, "PublicIPAddress", "hub-firewall-1").Outputs["ipAddress"].StringValue()
	assert.Equal(t, map[string]any{
		"ruleType": "NatRule", "name": "control-plane", "ipProtocols": []any{"TCP"}, "sourceAddresses": []any{"198.51.100.0/24"},
		"destinationAddresses": []any{address}, "destinationPorts": []any{"443"}, "translatedAddress": "10.50.1.10", "translatedPort": "8443",
	}, at(collection, "rules.0"))
	assert.Nil(t, at(collection, "rules.1"))
}

// Azure refuses two changes of a policy at a time:
// https://github.com/hashicorp/terraform-provider-azurerm/issues/15440
func TestGroupsAreCreatedInTurn(t *testing.T) {
	g := record(t, args(everything))
	before := named(t, g, "FirewallPolicy", "hub-firewall").URN
	priority := 0.0
	for _, name := range []string{"control-plane", "aks", "extra"} {
		group := named(t, g, "FirewallPolicyRuleCollectionGroup", "hub-"+name)
		assert.Contains(t, group.Dependencies, before)
		assert.Equal(t, name, input(group, "ruleCollectionGroupName"))
		assert.Greater(t, input(group, "priority"), priority)
		priority = input(group, "priority").(float64)
		before = group.URN
	}
	assert.Contains(t, named(t, g, "AzureFirewall", "hub-firewall").Dependencies, before, "it never runs with half of its rules")
}

func TestResolver(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Resolver = &azurehub.Resolver{InboundIP: "10.40.0.228", Rules: []azurehub.ForwardingRule{
			{Domain: "corp.example.com", Servers: []string{"10.60.0.4", "10.60.0.5"}},
			{Domain: "my-corp.internal.", Servers: []string{"10.60.0.4"}},
		}}
		a.Spokes["second"] = azurehub.Spoke{Cidrs: []string{"10.51.0.0/16"}}
		a.SpokeVnetIDs = pulumi.StringMap{"second": pulumi.String(secondVnet)}
	}))
	vnet := named(t, g, "VirtualNetwork", "hub")
	assert.Equal(t, vnet.ID, input(named(t, g, "DnsResolver", "hub-resolver"), "virtualNetwork.id"))
	inbound := named(t, g, "InboundEndpoint", "hub-inbound")
	assert.Equal(t, named(t, g, "Subnet", "hub-resolverInbound").ID, input(inbound, "ipConfigurations.0.subnet.id"))
	assert.Equal(t, "Static", input(inbound, "ipConfigurations.0.privateIpAllocationMethod"))
	assert.Equal(t, "10.40.0.228", input(inbound, "ipConfigurations.0.privateIpAddress"))
	outbound := named(t, g, "OutboundEndpoint", "hub-outbound")
	assert.Equal(t, named(t, g, "Subnet", "hub-resolverOutbound").ID, input(outbound, "subnet.id"))
	ruleset := named(t, g, "DnsForwardingRuleset", "hub-forwarding")
	assert.Equal(t, outbound.ID, input(ruleset, "dnsResolverOutboundEndpoints.0.id"))
	require.Len(t, of(g, "ForwardingRule"), 2)
	rule := named(t, g, "ForwardingRule", "hub-forward-corp-example-com")
	assert.Equal(t, "corp.example.com.", input(rule, "domainName"), "Azure asks for the dot at the end")
	assert.Equal(t, []any{map[string]any{"ipAddress": "10.60.0.4", "port": 53.0}, map[string]any{"ipAddress": "10.60.0.5", "port": 53.0}},
		input(rule, "targetDnsServers"))
	assert.Equal(t, "my--corp-internal", input(named(t, g, "ForwardingRule", "hub-forward-my--corp-internal"), "forwardingRuleName"))
	require.Len(t, of(g, "PrivateResolverVirtualNetworkLink"), 3)
	for name, id := range map[string]string{"hub": vnet.ID, "data": spokeVnet, "second": secondVnet} {
		assert.Equal(t, id, input(named(t, g, "PrivateResolverVirtualNetworkLink", "hub-forwarding-"+name), "virtualNetwork.id"))
	}

	g = record(t, args(func(a *Args) { a.Resolver = &azurehub.Resolver{} }))
	assert.Equal(t, []string{"hub-firewall", "hub-resolverInbound"}, names(of(g, "Subnet")))
	inbound = named(t, g, "InboundEndpoint", "hub-inbound")
	assert.Equal(t, "Dynamic", input(inbound, "ipConfigurations.0.privateIpAllocationMethod"))
	assert.Empty(t, of(g, "OutboundEndpoint"), "nothing is forwarded")
	assert.Empty(t, of(g, "DnsForwardingRuleset"))
	assert.Equal(t, inbound.Outputs["ipConfigurations"].ArrayValue()[0].ObjectValue()["privateIpAddress"].StringValue(), outputs(g)["resolverInboundIp"])
}

func TestPeerings(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Spokes["second"] = azurehub.Spoke{Cidrs: []string{"10.51.0.0/16"}}
		a.SpokeVnetIDs = pulumi.StringMap{"second": pulumi.String(secondVnet)}
		a.Gateway = true
	}))
	require.Len(t, of(g, "VirtualNetworkPeering"), 2)
	before := named(t, g, "Subnet", "hub-gateway").URN
	for _, c := range []struct{ name, id string }{{"data", spokeVnet}, {"second", secondVnet}} {
		peering := named(t, g, "VirtualNetworkPeering", "hub-to-"+c.name)
		assert.Equal(t, c.id, input(peering, "remoteVirtualNetwork.id"))
		assert.Equal(t, true, input(peering, "allowVirtualNetworkAccess"))
		assert.Equal(t, false, input(peering, "allowForwardedTraffic"))
		assert.Equal(t, true, input(peering, "allowGatewayTransit"))
		assert.Equal(t, false, input(peering, "useRemoteGateways"))
		assert.Contains(t, peering.Dependencies, before, "after the subnets, one after the other")
		before = peering.URN
	}
	assert.Equal(t, false, input(named(t, record(t, args(nil)), "VirtualNetworkPeering", "hub-to-data"), "allowGatewayTransit"))
}

func TestDdos(t *testing.T) {
	g := record(t, args(func(a *Args) { a.Ddos = azurehub.DdosPlan }))
	vnet := named(t, g, "VirtualNetwork", "hub")
	assert.Equal(t, true, input(vnet, "enableDdosProtection"))
	assert.Equal(t, named(t, g, "DdosProtectionPlan", "hub").ID, input(vnet, "ddosProtectionPlan.id"))

	g = record(t, args(func(a *Args) { a.Ddos, a.DdosPlanID = azurehub.DdosPlan, pulumi.String(ddosPlan) }))
	assert.Empty(t, of(g, "DdosProtectionPlan"))
	assert.Equal(t, ddosPlan, input(named(t, g, "VirtualNetwork", "hub"), "ddosProtectionPlan.id"))

	g = record(t, args(func(a *Args) { a.Ddos, a.Bastion = azurehub.DdosPerIP, &azurehub.Bastion{} }))
	assert.Empty(t, of(g, "DdosProtectionPlan"))
	require.Len(t, of(g, "PublicIPAddress"), 2)
	for _, address := range of(g, "PublicIPAddress") {
		assert.Equal(t, "Enabled", input(address, "ddosSettings.protectionMode"))
	}
}

func TestBastion(t *testing.T) {
	for _, sku := range []string{"", "Standard", "Premium"} {
		g := record(t, args(func(a *Args) { a.Bastion = &azurehub.Bastion{SKU: sku} }))
		bastion := named(t, g, "BastionHost", "hub-bastion")
		want := sku
		if sku == "" {
			want = "Basic"
		}
		assert.Equal(t, want, input(bastion, "sku.name"))
		assert.Equal(t, named(t, g, "Subnet", "hub-bastion").ID, input(bastion, "ipConfigurations.0.subnet.id"))
		assert.Equal(t, named(t, g, "PublicIPAddress", "hub-bastion").ID, input(bastion, "ipConfigurations.0.publicIPAddress.id"))
	}
}

func TestTagsAndParents(t *testing.T) {
	g := record(t, args(func(a *Args) {
		everything(a)
		a.Ddos = azurehub.DdosPlan
		a.Tags = pulumi.StringMap{"team": pulumi.String("network")}
	}))
	hub := g.ByType("underlay:azurehub:AzureHub")[0]
	untagged := map[string]bool{"Subnet": true, "VirtualNetworkPeering": true, "FirewallPolicyRuleCollectionGroup": true,
		"ForwardingRule": true, "PrivateResolverVirtualNetworkLink": true}
	count := 0
	for _, r := range g.Resources {
		if !r.Custom {
			continue
		}
		count++
		assert.Equal(t, hub.URN, r.Parent)
		assert.Equal(t, "hub", r.Inputs["resourceGroupName"].StringValue())
		if kind := r.Type[strings.LastIndex(r.Type, ":")+1:]; !untagged[kind] {
			assert.Equal(t, map[string]any{"team": "network"}, r.Inputs["tags"].Mappable(), r.Type)
		}
	}
	// VNet, plan, 5 subnets, peering, 2+1 addresses, policy, 3 groups, firewall,
	// resolver, 2 endpoints, ruleset, rule, 2 links, bastion.
	assert.Equal(t, 1+1+5+1+3+1+3+1+1+2+1+1+2+1, count)
}

// silent answers with a resource's inputs only, as a cloud that has not given
// out addresses yet.
type silent struct{}

func (silent) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return "", args.Inputs, nil
}

func (silent) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) { return args.Args, nil }

func TestAddressesThatAreNotThere(t *testing.T) {
	preview := func(info *pulumi.RunInfo) { info.DryRun = true }
	require.NoError(t, pulumi.RunErr(program(args(everything)), pulumi.WithMocks("underlay", "test", silent{}), preview))
	err := pulumi.RunErr(program(args(everything)), pulumi.WithMocks("underlay", "test", silent{}))
	assert.ErrorContains(t, err, "azure reports no address; refresh, and deploy again")
}

func TestWarnings(t *testing.T) {
	plan := func(change func(*azurehub.Spec)) []string {
		spec := args(nil).Spec
		change(&spec)
		plan, err := azurehub.NewPlan(spec)
		require.NoError(t, err)
		return plan.Warnings
	}
	assert.Empty(t, plan(func(s *azurehub.Spec) { s.Resolver = &azurehub.Resolver{} }))
	assert.Equal(t, []string{"vnetCidr 20.40.0.0/22 is public address space: hosts that own it cannot be reached"},
		plan(func(s *azurehub.Spec) { s.VnetCidr = "20.40.0.0/22" }))
	assert.Equal(t, []string{
		"subnets.resolverInbound 10.0.1.224/28 is in 10.0.1.0 to 10.0.16.255, which Azure has refused for a resolver; use another block if it still does",
	}, plan(func(s *azurehub.Spec) { s.VnetCidr, s.Resolver = "10.0.1.0/24", &azurehub.Resolver{} }))
	assert.Equal(t, []string{
		"controlPlane.targetAddress 10.60.1.10/32 is in no spoke of this hub",
		"aks.nodeCidrs[1] 10.60.0.0/24 is in no spoke of this hub",
		"aks.podCidrs[0] 10.60.8.0/21 is in no spoke of this hub",
	}, plan(func(s *azurehub.Spec) {
		s.AKS = &azurehub.AKS{NodeCidrs: []string{"10.50.0.0/24", "10.60.0.0/24"}, PodCidrs: []string{"10.60.8.0/21"}}
		s.ControlPlane = &azurehub.ControlPlane{Sources: []string{"198.51.100.0/24"}, TargetAddress: "10.60.1.10"}
	}))
	assert.Empty(t, plan(func(s *azurehub.Spec) {
		s.Spokes, s.AKS = nil, &azurehub.AKS{NodeCidrs: []string{"10.60.0.0/24"}}
	}), "spokes may be peered by another stack")
	assert.Equal(t, []string{"rules[0].addresses[0] lets out traffic to every address"}, plan(func(s *azurehub.Spec) {
		s.Rules = []azurehub.Rule{{Name: "all", Protocol: "tcp", Ports: []int{443}, Sources: []string{"10.50.0.0/24"}, Addresses: []string{"0.0.0.0/0"}}}
	}))
}

func TestBadArguments(t *testing.T) {
	const notIP = "is not an IPv4 address; give one such as 10.0.0.4"
	rule := func(change func(*azurehub.Rule)) func(*Args) {
		return func(a *Args) {
			r := azurehub.Rule{Name: "git", Protocol: "https", Sources: []string{"10.50.0.0/24"}, FQDNs: []string{"github.com"}}
			change(&r)
			a.Rules = []azurehub.Rule{r}
		}
	}
	forward := func(rules ...azurehub.ForwardingRule) func(*Args) {
		return func(a *Args) { a.Resolver = &azurehub.Resolver{Rules: rules} }
	}
	cases := []struct {
		name   string
		change func(*Args)
		want   []string
	}{
		{"nothing given", func(a *Args) { *a = Args{} }, []string{
			"location: is missing; give an Azure region in its short form, for example westeurope",
			"vnetCidr: is missing; write a network such as 10.40.0.0/22",
			"resourceGroupName: is missing; give the resource group's name",
		}},
		{"host bits", func(a *Args) { a.VnetCidr = "10.40.0.1/22" }, []string{
			"vnetCidr: 10.40.0.1/22: has host bits set; the network is 10.40.0.0/22",
		}},
		{"a range that Azure refuses", func(a *Args) { a.VnetCidr = "169.254.0.0/22" }, []string{
			"vnetCidr: 169.254.0.0/22: Azure refuses 169.254.0.0/16, which is for link-local addresses; use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
		}},
		{"too small for the slots", func(a *Args) { a.VnetCidr, a.Gateway = "10.40.0.0/25", true }, []string{
			"vnetCidr: 10.40.0.0/25: is smaller than /24, which the slots take; use a /24 or larger, or place every subnet in subnets",
		}},
		{"subnets by hand", func(a *Args) {
			a.Gateway, a.Resolver = true, &azurehub.Resolver{}
			a.Subnets = map[azurehub.Slot]string{
				"firewall": "10.40.1.0/27", "gateway": "10.41.0.0/27", "resolverInbound": "10.40.0.0/23", "bastion": "10.40.2.0/26", "firewal": "10.40.3.0/26",
			}
		}, []string{
			"subnets.bastion: 10.40.2.0/26: places a subnet that is not built; remove it",
			`subnets.firewal: firewal: is not a slot; did you mean "firewall"?`,
			"subnets.firewall: 10.40.1.0/27: is smaller than the /26 that Azure asks for; the nearest is 10.40.1.0/26",
			"subnets.gateway: 10.41.0.0/27: is outside the hub's block; use a block of 10.40.0.0/22",
			"subnets.resolverInbound: 10.40.0.0/23: is larger than the /24 that Azure allows; the nearest is 10.40.0.0/24",
		}},
		{"subnet by hand over a slot", func(a *Args) {
			a.Gateway = true
			a.Subnets = map[azurehub.Slot]string{"gateway": "10.40.0.32/27"}
		}, []string{
			"subnets.gateway: 10.40.0.32/27: overlaps 10.40.0.0/26 (subnets.firewall); use a block outside 10.40.0.0/26",
		}},
		{"spokes that overlap", func(a *Args) {
			a.Spokes = map[string]azurehub.Spoke{
				"one": {VnetID: spokeVnet, Cidrs: []string{"10.40.0.0/16"}}, "two": {VnetID: secondVnet, Cidrs: []string{"10.50.0.0/16", "10.40.128.0/24"}},
			}
		}, []string{
			"spokes.one.cidrs[0]: 10.40.0.0/16: overlaps 10.40.0.0/22 (vnetCidr); use a block outside 10.40.0.0/22",
			"spokes.two.cidrs[1]: 10.40.128.0/24: overlaps 10.40.0.0/16 (spokes.one.cidrs[0]); use a block outside 10.40.0.0/16",
		}},
		{"spokes without what they need", func(a *Args) {
			a.Spokes = map[string]azurehub.Spoke{"hub": {VnetID: "spoke", Cidrs: []string{"10.50.0.0/16"}}, "two": {}}
			a.SpokeVnetIDs = pulumi.StringMap{"three": pulumi.String(spokeVnet)}
		}, []string{
			"spokes.hub: hub: is not a spoke's name; use lower-case letters, digits and inner hyphens, and not hub",
			"spokes.hub.vnetId: spoke: is not the id of a Microsoft.Network/virtualNetworks; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/virtualNetworks/<name>",
			"spokes.two.cidrs: is missing; list the VNet's blocks",
			"spokes.two.vnetId: is missing; give the VNet's id",
			"spokeVnetIds.three: is the id of no spoke; add the spoke, or remove the id",
		}},
		{"spoke's id twice", func(a *Args) { a.SpokeVnetIDs = pulumi.StringMap{"data": pulumi.String(spokeVnet)} }, []string{
			"spokes.data.vnetId: " + spokeVnet + ": is given twice: in the spec and as an input; give one of them",
		}},
		{"firewall", func(a *Args) {
			a.Firewall = azurehub.Firewall{Tier: "Enterprise", ThreatIntel: "Block", PublicIPs: 251, Zones: []string{"1", "4", "1"}}
		}, []string{
			"firewall.tier: Enterprise: is not a choice; use Standard, Premium or Basic",
			"firewall.threatIntel: Block: is not a choice; use Alert or Deny",
			"firewall.publicIps: 251: is not a number of addresses that a firewall can have; use 1 to 250",
			`firewall.zones[1]: 4: is not an availability zone; use "1", "2" or "3"`,
			"firewall.zones[2]: 1: is named already at firewall.zones[0]; remove one",
		}},
		{"zones where there are none", func(a *Args) { a.Location, a.Firewall.Zones = "westus", []string{"1", "2"} }, []string{
			"firewall.zones: 1, 2: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus",
		}},
		{"what Basic has not", func(a *Args) {
			on := true
			a.Firewall = azurehub.Firewall{Tier: azurehub.Basic, ThreatIntel: azurehub.ThreatIntelDeny, DNSProxy: &on}
		}, []string{
			"firewall.dnsProxy: true: is not to be had in the tier Basic; remove it, or use the tier Standard",
			"firewall.threatIntel: Deny: is not to be had in the tier Basic; use Alert, or the tier Standard",
		}},
		{"names in network rules without the proxy", func(a *Args) {
			a.Firewall.Tier = azurehub.Basic
			a.AKS = &azurehub.AKS{NodeCidrs: []string{"10.50.0.0/24"}, Features: []catalog.AKSFeature{"ntp"}}
			a.Rules = []azurehub.Rule{{Name: "kafka", Protocol: "tcp", Ports: []int{9092}, Sources: []string{"10.50.0.0/24"}, FQDNs: []string{"kafka.example.com"}}}
		}, []string{
			"aks.features: ntp: has the name ntp.ubuntu.com in a network rule, which needs the DNS proxy; set firewall.dnsProxy, or leave the feature out",
			"rules[0].fqdns: kafka.example.com: are names in a network rule, which need the DNS proxy; set firewall.dnsProxy, or use https",
		}},
		{"AKS", func(a *Args) {
			a.AKS = &azurehub.AKS{PodCidrs: []string{"0.0.0.0/0", "10.50.8.1/21"}, Features: []catalog.AKSFeature{"montor"}, APIServer: []string{"20.50.1.2"}}
		}, []string{
			"aks.nodeCidrs: is missing; list the blocks of the node subnets",
			"aks.podCidrs[0]: 0.0.0.0/0: is everybody; list the blocks that need it",
			"aks.podCidrs[1]: 10.50.8.1/21: has host bits set; the network is 10.50.8.0/21",
			"aks.features[0]: montor: is not a choice; use monitor, policy, defender, gitops, os-updates or ntp",
			"aks.apiServer: 20.50.1.2: is a public address, but the API server is private; remove it",
		}},
		{"region is reported once", func(a *Args) { a.Location, a.AKS = "eu-west-1", &azurehub.AKS{NodeCidrs: []string{"10.50.0.0/24"}} }, []string{
			"location: eu-west-1: is not an Azure region that the catalogue knows; give an Azure region in its short form, for example westeurope",
		}},
		{"rule without anything", func(a *Args) { a.Rules = []azurehub.Rule{{}} }, []string{
			"rules[0].name: is not a name; use lower-case letters, digits and inner hyphens",
			"rules[0].protocol: is not a choice; use https, http, tcp or udp",
			"rules[0].ports: is missing; list the ports, for example [443]",
			"rules[0].sources: is missing; list the blocks it is for",
			"rules[0]: has destinations of 0 kinds; give one of fqdns, serviceTags and addresses",
		}},
		{"rule from everybody", rule(func(r *azurehub.Rule) { r.Sources = []string{"0.0.0.0/0"} }), []string{
			"rules[0].sources[0]: 0.0.0.0/0: is everybody; list the blocks that need it",
		}},
		{"rule with destinations of two kinds", rule(func(r *azurehub.Rule) { r.ServiceTags = []string{"Storage"} }), []string{
			"rules[0]: git: has destinations of 2 kinds; give one of fqdns, serviceTags and addresses",
		}},
		{"https to addresses", rule(func(r *azurehub.Rule) { r.FQDNs, r.Addresses = nil, []string{"10.60.0.0/24"} }), []string{
			"rules[0]: git: has no names, which https is filtered by; give fqdns, or the protocol tcp",
		}},
		{"bad destinations", func(a *Args) {
			a.Rules = []azurehub.Rule{
				{Name: "a", Protocol: "https", Ports: []int{0, 443, 443}, Sources: []string{"10.50.0.0/24"}, FQDNs: []string{"*", "GitHub.com", "https://github.com"}},
				{Name: "a", Protocol: "tcp", Ports: []int{443}, Sources: []string{"10.50.0.0/24"}, FQDNs: []string{"*.example.com"}},
				{Name: "b", Protocol: "tcp", Ports: []int{443}, Sources: []string{"10.50.0.0/24"}, ServiceTags: []string{"storage account"}},
				{Name: "c", Protocol: "udp", Ports: []int{53}, Sources: []string{"10.50.0.0/24"}, Addresses: []string{"10.60.0.4"}},
			}
		}, []string{
			"rules[0].ports: 0: is not a port; use 1 to 65535",
			"rules[0].ports[2]: 443: is named already at rules[0].ports[1]; remove one",
			"rules[0].fqdns[0]: *: is not a name; write api.example.com or *.example.com, in lower case",
			"rules[0].fqdns[1]: GitHub.com: is not a name; write api.example.com or *.example.com, in lower case",
			"rules[0].fqdns[2]: https://github.com: is not a name; write api.example.com or *.example.com, in lower case",
			"rules[1].fqdns[0]: *.example.com: has a wildcard, which a network rule cannot have; name each, or use https",
			"rules[2].serviceTags[0]: storage account: is not a service tag; write one such as Storage.westeurope",
			"rules[3].addresses[0]: 10.60.0.4: has no prefix length; write 10.60.0.4/32",
			"rules[1].name: a: is the name of rules[0] already; give another",
		}},
		{"control plane open to everybody", func(a *Args) {
			a.ControlPlane = &azurehub.ControlPlane{Sources: []string{"0.0.0.0/0"}, TargetAddress: "8.8.8.8", Port: 70000}
		}, []string{
			"controlPlane.sources[0]: 0.0.0.0/0: is everybody; list the blocks that need it",
			"controlPlane.port: 70000: is not a port; use 1 to 65535",
			"controlPlane.targetPort: 70000: is not a port; use 1 to 65535",
			"controlPlane.targetAddress: 8.8.8.8: is not a private IPv4 address; give one in a spoke, such as 10.50.0.10",
		}},
		{"control plane without anything", func(a *Args) { a.ControlPlane = &azurehub.ControlPlane{} }, []string{
			"controlPlane.sources: is missing; list the control plane's blocks",
			"controlPlane.targetAddress: is missing; give the internal load balancer's address",
		}},
		{"resolver's address", func(a *Args) { a.Resolver = &azurehub.Resolver{InboundIP: "10.40.0.227"} }, []string{
			"resolver.inboundIp: 10.40.0.227: is kept by Azure in the subnet 10.40.0.224/28; leave the first four and the last",
		}},
		{"resolver's address elsewhere", func(a *Args) { a.Resolver = &azurehub.Resolver{InboundIP: "10.40.0.4"} }, []string{
			"resolver.inboundIp: 10.40.0.4: is outside the inbound subnet; give one of 10.40.0.224/28",
		}},
		{"resolver's last address", func(a *Args) { a.Resolver = &azurehub.Resolver{InboundIP: "10.40.0.239"} }, []string{
			"resolver.inboundIp: 10.40.0.239: is kept by Azure in the subnet 10.40.0.224/28; leave the first four and the last",
		}},
		{"forwarding", forward(
			azurehub.ForwardingRule{Domain: "Corp", Servers: []string{"ns1"}},
			azurehub.ForwardingRule{Domain: "corp.example.com"},
			azurehub.ForwardingRule{Domain: "corp.example.com.", Servers: []string{"10.60.0.4", "10.60.0.4"}},
			azurehub.ForwardingRule{Domain: "a.example.com", Servers: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"}},
			azurehub.ForwardingRule{Domain: "b.example.com", Servers: []string{"10.40.0.228"}},
		), []string{
			"resolver.rules[0].domain: Corp: is not a domain; write one such as corp.example.com, in lower case",
			"resolver.rules[0].servers[0]: ns1: " + notIP,
			"resolver.rules[1].servers: is missing; list the domain's DNS servers",
			"resolver.rules[2].domain: corp.example.com.: is forwarded by resolver.rules[1] already; put all servers into one rule",
			"resolver.rules[2].servers[1]: 10.60.0.4: is named already at resolver.rules[2].servers[0]; remove one",
			"resolver.rules[3].servers: 7: is more than the 6 servers of a rule; keep the nearest",
			"resolver.rules[4].servers[0]: 10.40.0.228: is this resolver, which would forward to itself; give the domain's own DNS server",
		}},
		{"more rules than a ruleset takes", func(a *Args) {
			a.Resolver = &azurehub.Resolver{}
			for i := range 1001 {
				a.Resolver.Rules = append(a.Resolver.Rules, azurehub.ForwardingRule{Domain: fmt.Sprintf("d%d.example.com", i), Servers: []string{"10.60.0.4"}})
			}
		}, []string{
			"resolver.rules: 1001: is more than the 1000 rules of a ruleset; forward a domain above several of them",
		}},
		{"bastion and DDoS", func(a *Args) {
			a.Bastion, a.Ddos, a.DdosPlanID = &azurehub.Bastion{SKU: "Developer"}, "always", pulumi.String(ddosPlan)
		}, []string{
			"bastion.sku: Developer: is not a choice; use Basic, Standard or Premium",
			"ddos: always: is not a choice; use none, plan or perIp",
			"ddosPlanId: is set, but ddos is not plan; set ddos: plan, or remove it",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := azurehub.NewAzureHub(ctx, "hub", args(c.change))
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				var got []string
				for _, p := range problems {
					got = append(got, p.Error())
				}
				assert.Equal(t, c.want, got)
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, g.Resources, 1, "nothing but the stack is registered")
		})
	}
}
