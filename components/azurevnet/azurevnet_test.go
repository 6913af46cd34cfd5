package azurevnet_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	azureprovider "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	subscription = "/subscriptions/11111111-1111-1111-1111-111111111111"
	hubID        = subscription + "/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"
	sharedID     = subscription + "/resourceGroups/shared/providers/Microsoft.Network/virtualNetworks/shared"
	storageID    = subscription + "/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/logs"
	workspaceID  = subscription + "/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/logs"
	ddosID       = subscription + "/resourceGroups/hub/providers/Microsoft.Network/ddosProtectionPlans/plan"
)

// firewalled is a VNet behind the customer's firewall at 10.10.1.4, in the hub.
func firewalled(change func(*azurevnet.Spec)) azurevnet.Spec {
	s := azurevnet.Spec{
		Location:     "westeurope",
		AddressSpace: []string{"10.40.0.0/20"},
		Egress:       azurevnet.EgressCustomerFirewall,
		Firewall: &azurevnet.Firewall{
			PrivateIP: "10.10.1.4", ControlPlaneIP: "203.0.113.10", EgressIPs: []string{"203.0.113.11"},
		},
		Peerings: map[string]azurevnet.Peering{"hub": {RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// managed is a VNet with a public address for the cluster's load balancer.
func managed(change func(*azurevnet.Spec)) azurevnet.Spec {
	s := azurevnet.Spec{
		Location:          "westeurope",
		AddressSpace:      []string{"10.40.0.0/20"},
		Egress:            azurevnet.EgressLoadBalancer,
		ControlPlaneCidrs: []string{"198.51.100.0/24"},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// record returns the graph of a program with one VNet "net".
func record(t *testing.T, spec azurevnet.Spec, change func(*azurevnet.AzureSecureVnetArgs)) *graph.Graph {
	t.Helper()
	args := &azurevnet.AzureSecureVnetArgs{Spec: spec, ResourceGroupName: pulumi.String("data")}
	if change != nil {
		change(args)
	}
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := azureprovider.NewProvider(ctx, "azure", nil)
		if err != nil {
			return err
		}
		_, err = azurevnet.NewAzureSecureVnet(ctx, "net", args, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

const network = "azure-native:network/v20240501:"

// names returns the names of the resources of a type, sorted.
func names(g *graph.Graph, kind string) []string {
	found := []string{}
	for _, r := range g.ByType(network + kind) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

// inputs returns the inputs of the resource of that type and name.
func inputs(t *testing.T, g *graph.Graph, kind, name string) map[string]any {
	t.Helper()
	r, ok := g.Find(urn(kind, name))
	require.True(t, ok, "no %s %s", kind, name)
	return r.Inputs.Mappable()
}

// urn returns the URN, and so the id, of a child of the VNet.
func urn(kind, name string) string {
	return "urn:pulumi:test::underlay::" + azurevnet.Type + "$" + network + kind + "::" + name
}

func ref(kind, name string) map[string]any { return map[string]any{"id": urn(kind, name)} }

func outputs(t *testing.T, g *graph.Graph) map[string]any {
	t.Helper()
	r, ok := g.Find("urn:pulumi:test::underlay::" + azurevnet.Type + "::net")
	require.True(t, ok)
	return r.Outputs.Mappable()
}

// routes returns the routes of a table as "prefix hop address", by name.
func routes(g *graph.Graph, table string) map[string]string {
	found := map[string]string{}
	for _, r := range g.ByType(network + "Route") {
		if name, ok := strings.CutPrefix(r.Name, "net-"+table+"-"); ok {
			in := r.Inputs.Mappable()
			address, _ := in["nextHopIpAddress"].(string)
			found[name] = strings.TrimSpace(in["addressPrefix"].(string) + " " + in["nextHopType"].(string) + " " + address)
		}
	}
	return found
}

// The seed "Network configuration", section Azure Vnets: a small subnet for the
// database, the biggest for pods with at least 2000 addresses, one for nodes. The
// blocks are those of the address plan's drawing, by hand; Azure keeps 5 of each.
func TestSubnets(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.Roles = addressing.AzureRoles()
		s.Subnets = map[addressing.AzureRole]azurevnet.Subnet{
			addressing.AzureNodes:    {Addresses: 256},
			addressing.AzurePods:     {Addresses: 2000},
			addressing.AzureDatabase: {Addresses: 10},
		}
	}), nil)
	want := map[string]string{
		"nodes": "10.40.0.0/23", "pods": "10.40.8.0/21", "database": "10.40.7.64/28", "privateEndpoints": "10.40.6.0/26",
		"apiServer": "10.40.7.0/28", "internalLoadBalancer": "10.40.6.64/27", "applicationGateway": "10.40.4.0/24",
	}
	got := map[string]string{}
	vnet := inputs(t, g, "VirtualNetwork", "net-vnet")
	assert.Equal(t, map[string]any{"addressPrefixes": []any{"10.40.0.0/20"}}, vnet["addressSpace"])
	assert.NotContains(t, vnet, "subnets", "a list, even an empty one, would delete the subnets")
	assert.NotContains(t, vnet, "dhcpOptions")
	assert.Equal(t, "westeurope", vnet["location"])
	vnetResource, _ := g.Find(urn("VirtualNetwork", "net-vnet"))
	for _, r := range g.ByType(network + "Subnet") {
		in := r.Inputs.Mappable()
		name := in["subnetName"].(string)
		got[name] = in["addressPrefix"].(string)
		assert.Equal(t, "net-"+name, r.Name)
		assert.Equal(t, false, in["defaultOutboundAccess"], "%s: Azure's own way out is off, in so many words", name)
		assert.Equal(t, vnetResource.Outputs["name"].StringValue(), in["virtualNetworkName"])
		assert.Equal(t, "data", in["resourceGroupName"])
		assert.Equal(t, ref("NetworkSecurityGroup", "net-"+name), in["networkSecurityGroup"])
	}
	assert.Equal(t, want, got)
}

// Nodes are in no delegated subnet; pods and the API server are AKS's, the
// database PostgreSQL's. Backups of the database go to storage by Azure's own
// network.
func TestDelegations(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) { s.Roles = addressing.AzureRoles() }), nil)
	want := map[string]string{
		"pods": "Microsoft.ContainerService/managedClusters", "apiServer": "Microsoft.ContainerService/managedClusters",
		"database": "Microsoft.DBforPostgreSQL/flexibleServers",
	}
	for _, role := range addressing.AzureRoles() {
		in := inputs(t, g, "Subnet", "net-"+string(role))
		if service, delegated := want[string(role)]; delegated {
			assert.Equal(t, []any{map[string]any{"name": "delegation", "serviceName": service}}, in["delegations"], role)
		} else {
			assert.NotContains(t, in, "delegations", role)
		}
		if role == addressing.AzureDatabase {
			assert.Equal(t, []any{map[string]any{"service": "Microsoft.Storage"}}, in["serviceEndpoints"])
		} else {
			assert.NotContains(t, in, "serviceEndpoints", role)
		}
		policies := "Disabled"
		if role == addressing.AzurePrivateEndpoints {
			policies = "NetworkSecurityGroupEnabled"
		}
		assert.Equal(t, policies, in["privateEndpointNetworkPolicies"], role)
	}
}

// The seed's secure setup: all connectivity goes through the customer firewall,
// by route tables, without a public load balancer or address. The database's two
// exceptions are those of PostgreSQL's page about private networking.
func TestCustomerFirewall(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) { s.Roles = addressing.AzureRoles() }), nil)
	assert.Equal(t, []string{"net-database", "net-egress"}, names(g, "RouteTable"))
	assert.Equal(t, map[string]string{"default": "0.0.0.0/0 VirtualAppliance 10.10.1.4"}, routes(g, "egress"))
	assert.Equal(t, map[string]string{
		"default": "0.0.0.0/0 VirtualAppliance 10.10.1.4",
		"entra":   "AzureActiveDirectory Internet",
		"subnet":  "10.40.7.64/28 VnetLocal",
	}, routes(g, "database"))
	tables := map[addressing.AzureRole]string{
		addressing.AzureNodes: "net-egress", addressing.AzurePods: "net-egress", addressing.AzureDatabase: "net-database",
	}
	for _, role := range addressing.AzureRoles() {
		in := inputs(t, g, "Subnet", "net-"+string(role))
		if table := tables[role]; table != "" {
			assert.Equal(t, ref("RouteTable", table), in["routeTable"], role)
		} else {
			assert.NotContains(t, in, "routeTable", "%s: the application gateway above all must not have the default route", role)
		}
		assert.NotContains(t, in, "natGateway", role)
	}
	for _, table := range names(g, "RouteTable") {
		in := inputs(t, g, "RouteTable", table)
		assert.Equal(t, true, in["disableBgpRoutePropagation"], table)
		assert.NotContains(t, in, "routes", "a list would wipe the routes that AKS writes")
	}
	assert.Empty(t, names(g, "PublicIPAddress"))
	assert.Empty(t, names(g, "NatGateway"))
	out := outputs(t, g)
	assert.Equal(t, "203.0.113.10", out["controlPlaneIp"])
	assert.Equal(t, []any{"203.0.113.11"}, out["egressIps"])
	assert.Empty(t, out["publicIpIds"])
	assert.Empty(t, out["loadBalancerIpIds"])
	assert.Equal(t, map[string]any{"egress": urn("RouteTable", "net-egress"), "database": urn("RouteTable", "net-database")}, out["routeTableIds"])
}

func TestFirewallOptions(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.Roles = []addressing.AzureRole{addressing.AzureNodes}
		s.Firewall.PropagateBgpRoutes = true
		s.Firewall.ExtraRoutes = map[string]azurevnet.ExtraRoute{
			"campus":  {Prefix: "10.200.0.0/16", NextHop: azurevnet.VirtualNetworkGateway},
			"partner": {Prefix: "10.201.0.0/16", NextHop: azurevnet.VirtualAppliance, NextHopIP: "10.10.2.4"},
			"blocked": {Prefix: "10.202.0.0/16", NextHop: azurevnet.Drop},
		}
		s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{
			"jump":  {Cidr: "10.40.5.0/28", RouteToFirewall: true},
			"plain": {Cidr: "10.40.5.16/28"},
		}
	}), nil)
	assert.Equal(t, map[string]string{
		"default": "0.0.0.0/0 VirtualAppliance 10.10.1.4",
		"campus":  "10.200.0.0/16 VirtualNetworkGateway",
		"partner": "10.201.0.0/16 VirtualAppliance 10.10.2.4",
		"blocked": "10.202.0.0/16 None",
	}, routes(g, "egress"))
	assert.Equal(t, []string{"net-egress"}, names(g, "RouteTable"), "no database, no table for it")
	assert.Equal(t, false, inputs(t, g, "RouteTable", "net-egress")["disableBgpRoutePropagation"])
	assert.Equal(t, ref("RouteTable", "net-egress"), inputs(t, g, "Subnet", "net-jump")["routeTable"])
	assert.NotContains(t, inputs(t, g, "Subnet", "net-plain"), "routeTable")
}

// The seed's lightweight setup: a public address for AKS's load balancer for
// both inbound and outbound connectivity.
func TestLoadBalancer(t *testing.T) {
	g := record(t, managed(nil), nil)
	assert.Equal(t, []string{"net-outbound-1"}, names(g, "PublicIPAddress"))
	assert.Empty(t, names(g, "RouteTable"))
	assert.Empty(t, names(g, "Route"))
	ip := inputs(t, g, "PublicIPAddress", "net-outbound-1")
	assert.Equal(t, map[string]any{"name": "Standard", "tier": "Regional"}, ip["sku"])
	assert.Equal(t, "Static", ip["publicIPAllocationMethod"])
	assert.NotContains(t, ip, "zones")
	out := outputs(t, g)
	assert.Equal(t, []any{urn("PublicIPAddress", "net-outbound-1")}, out["loadBalancerIpIds"])
	assert.Regexp(t, `^(203\.0\.113|198\.51\.100)\.\d+$`, out["controlPlaneIp"])
	assert.Equal(t, []any{out["controlPlaneIp"]}, out["egressIps"], "one address both ways")
}

func TestPublicAddressOptions(t *testing.T) {
	g := record(t, managed(func(s *azurevnet.Spec) {
		s.PublicAddresses = &azurevnet.PublicAddresses{Count: 2, Zones: []string{"1", "2"}, Inbound: azurevnet.InboundSeparate}
	}), nil)
	assert.Equal(t, []string{"net-inbound", "net-outbound-1", "net-outbound-2"}, names(g, "PublicIPAddress"))
	assert.Equal(t, []any{"1", "2"}, inputs(t, g, "PublicIPAddress", "net-inbound")["zones"])
	out := outputs(t, g)
	assert.Equal(t, []any{urn("PublicIPAddress", "net-outbound-1"), urn("PublicIPAddress", "net-outbound-2")}, out["loadBalancerIpIds"])
	assert.Equal(t, out["publicIpAddresses"].(map[string]any)["inbound"], out["controlPlaneIp"])
	assert.Len(t, out["egressIps"], 2)

	g = record(t, managed(func(s *azurevnet.Spec) {
		s.PublicAddresses = &azurevnet.PublicAddresses{Inbound: azurevnet.InboundNone}
		s.ControlPlaneCidrs = nil
	}), nil)
	assert.Equal(t, "", outputs(t, g)["controlPlaneIp"])
	for _, group := range names(g, "NetworkSecurityGroup") {
		assert.NotContains(t, admitted(t, g, strings.TrimPrefix(group, "net-")), "AllowControlPlane", group)
	}
}

func TestNatGateway(t *testing.T) {
	g := record(t, managed(func(s *azurevnet.Spec) {
		s.Egress = azurevnet.EgressNatGateway
		s.PublicAddresses = &azurevnet.PublicAddresses{Count: 2, Zones: []string{"1"}}
	}), nil)
	nat := inputs(t, g, "NatGateway", "net-nat")
	assert.Equal(t, []any{ref("PublicIPAddress", "net-outbound-1"), ref("PublicIPAddress", "net-outbound-2")}, nat["publicIpAddresses"])
	assert.Equal(t, map[string]any{"name": "Standard"}, nat["sku"])
	assert.Equal(t, []any{"1"}, nat["zones"])
	for subnet, has := range map[string]bool{"nodes": true, "pods": true, "database": false, "privateEndpoints": false} {
		in := inputs(t, g, "Subnet", "net-"+subnet)
		if has {
			assert.Equal(t, ref("NatGateway", "net-nat"), in["natGateway"], subnet)
		} else {
			assert.NotContains(t, in, "natGateway", subnet)
		}
	}
	out := outputs(t, g)
	assert.Empty(t, out["loadBalancerIpIds"], "the addresses are the NAT gateway's")
	assert.Len(t, out["egressIps"], 2)
	assert.Equal(t, out["publicIpAddresses"].(map[string]any)["inbound"], out["controlPlaneIp"])
}

func TestNoEgress(t *testing.T) {
	g := record(t, managed(func(s *azurevnet.Spec) { s.Egress, s.ControlPlaneCidrs = azurevnet.EgressNone, nil }), nil)
	for _, kind := range []string{"PublicIPAddress", "NatGateway", "RouteTable", "Route"} {
		assert.Empty(t, names(g, kind))
	}
	assert.Equal(t, "[]", outputs(t, g)["requiredEgress"])
}

// admitted returns what a subnet's group admits: "protocol ports from sources" by
// rule name.
func admitted(t *testing.T, g *graph.Graph, subnet string) map[string]string {
	t.Helper()
	text := func(rule map[string]any, one, many string) string {
		if v, ok := rule[one].(string); ok {
			return v
		}
		var all []string
		for _, v := range rule[many].([]any) {
			all = append(all, v.(string))
		}
		return strings.Join(all, ",")
	}
	found := map[string]string{}
	priorities := map[any]bool{}
	for _, element := range inputs(t, g, "NetworkSecurityGroup", "net-"+subnet)["securityRules"].([]any) {
		rule := element.(map[string]any)
		assert.Equal(t, "Inbound", rule["direction"])
		assert.Equal(t, "*", rule["sourcePortRange"])
		assert.Equal(t, "*", rule["destinationAddressPrefix"])
		assert.False(t, priorities[rule["priority"]], "%s: priority %v twice", subnet, rule["priority"])
		priorities[rule["priority"]] = true
		if rule["access"] == "Deny" {
			assert.Equal(t, 4096.0, rule["priority"], "after every other")
			assert.Equal(t, "*", rule["sourceAddressPrefix"])
			assert.Equal(t, "*", rule["destinationPortRange"])
			assert.Equal(t, "*", rule["protocol"])
			found["denied"] = "rest"
			continue
		}
		found[rule["name"].(string)] = rule["protocol"].(string) + " " + text(rule, "destinationPortRange", "destinationPortRanges") +
			" from " + text(rule, "sourceAddressPrefix", "sourceAddressPrefixes")
	}
	assert.Equal(t, "rest", found["denied"], "%s: Azure's own rules admit the tag VirtualNetwork", subnet)
	delete(found, "denied")
	return found
}

// The API server's ports are those of AKS's page about API server VNet
// integration, the application gateway's those of its page about infrastructure
// configuration. No rule has the tag VirtualNetwork, which a default route makes
// every address.
func TestSecurityGroupsBehindAFirewall(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.Roles = addressing.AzureRoles()
		// The second is in the hub, which reaches it: a rule names each address once.
		s.OnPremises = []string{"192.168.0.0/16", "10.10.99.0/24"}
		s.ControlPlaneCidrs = []string{"198.51.100.0/24"}
		s.Cluster.PodCidr = "10.244.0.0/16"
	}), nil)
	const vnet, peers, cluster = "10.40.0.0/20", "10.10.0.0/16,192.168.0.0/16", "10.40.0.0/24,10.40.8.0/21"
	for subnet, want := range map[string]map[string]string{
		"nodes": {
			"AllowVnet": "* * from " + vnet + ",10.244.0.0/16", "AllowProbes": "* * from AzureLoadBalancer",
			"AllowFirewall": "Tcp 443 from 10.10.1.4/32", "AllowPeers": "Tcp 443 from " + peers,
			"AllowControlPlane": "Tcp 443 from 198.51.100.0/24",
		},
		"pods":     {"AllowVnet": "* * from " + vnet + ",10.244.0.0/16", "AllowProbes": "* * from AzureLoadBalancer"},
		"database": {"AllowPostgres": "Tcp 5432,6432 from " + cluster + ",10.40.7.64/28"},
		"privateEndpoints": {
			"AllowVnet": "Tcp * from " + vnet, "AllowPeers": "Tcp 443 from " + peers,
		},
		"apiServer": {
			"AllowCluster": "Tcp 443,4443 from " + cluster, "AllowProbes": "Tcp 9988 from AzureLoadBalancer",
			"AllowClients": "Tcp 443 from " + vnet + "," + peers,
		},
		"internalLoadBalancer": {
			"AllowVnet": "Tcp * from " + vnet, "AllowProbes": "* * from AzureLoadBalancer", "AllowFirewall": "Tcp 443 from 10.10.1.4/32",
			"AllowPeers": "Tcp 443 from " + peers, "AllowControlPlane": "Tcp 443 from 198.51.100.0/24",
		},
		"applicationGateway": {
			"AllowVnet": "Tcp 443 from " + vnet, "AllowPeers": "Tcp 443 from " + peers,
			"AllowProbes": "* * from AzureLoadBalancer", "AllowGatewayManager": "Tcp 65200-65535 from GatewayManager",
		},
	} {
		assert.Equal(t, want, admitted(t, g, subnet), subnet)
	}
}

func TestSecurityGroupsWithAddressesOfTheirOwn(t *testing.T) {
	g := record(t, managed(func(s *azurevnet.Spec) {
		s.Roles = addressing.AzureRoles()
		s.Subnets = map[addressing.AzureRole]azurevnet.Subnet{
			addressing.AzureDatabase: {Allow: []azurevnet.Allow{
				{Name: "dba", From: []string{"10.90.0.0/24", "10.91.0.0/24"}, Ports: []string{"5432"}},
				{Name: "ping", From: []string{"10.90.0.0/24"}, Ports: []string{"7-8"}, Protocol: "Udp"},
			}},
			addressing.AzureAppGateway: {Allow: []azurevnet.Allow{{Name: "web", From: []string{"Internet"}, Ports: []string{"443"}}}},
		}
		s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"jump": {
			Cidr:  "10.40.5.0/28",
			Allow: []azurevnet.Allow{{Name: "monitor", From: []string{"AzureMonitor.WestEurope"}, Ports: []string{"443"}}},
		}}
	}), nil)
	assert.Equal(t, map[string]string{
		"AllowVnet": "* * from 10.40.0.0/20", "AllowProbes": "* * from AzureLoadBalancer", "AllowControlPlane": "Tcp 443 from 198.51.100.0/24",
	}, admitted(t, g, "nodes"))
	assert.Equal(t, map[string]string{
		"AllowPostgres": "Tcp 5432,6432 from 10.40.0.0/24,10.40.8.0/21,10.40.7.64/28",
		"dba":           "Tcp 5432 from 10.90.0.0/24,10.91.0.0/24", "ping": "Udp 7-8 from 10.90.0.0/24",
	}, admitted(t, g, "database"))
	assert.Equal(t, "Tcp 443 from Internet", admitted(t, g, "applicationGateway")["web"])
	assert.Equal(t, map[string]string{"AllowVnet": "Tcp * from 10.40.0.0/20", "AllowProbes": "* * from AzureLoadBalancer"},
		admitted(t, g, "internalLoadBalancer"))
	assert.Equal(t, map[string]string{
		"AllowVnet": "* * from 10.40.0.0/20", "AllowProbes": "* * from AzureLoadBalancer",
		"monitor": "Tcp 443 from AzureMonitor.WestEurope",
	}, admitted(t, g, "jump"))
}

// Azure refuses a group on some subnets that it finds by name.
func TestReservedSubnetsHaveNoSecurityGroup(t *testing.T) {
	g := record(t, managed(func(s *azurevnet.Spec) {
		s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{
			"GatewaySubnet":       {Cidr: "10.40.5.0/27"},
			"AzureFirewallSubnet": {Cidr: "10.40.5.64/26"},
			"resolver-in":         {Cidr: "10.40.5.32/28", Delegation: "Microsoft.Network/dnsResolvers"},
		}
	}), nil)
	assert.NotContains(t, inputs(t, g, "Subnet", "net-GatewaySubnet"), "networkSecurityGroup")
	assert.NotContains(t, inputs(t, g, "Subnet", "net-AzureFirewallSubnet"), "networkSecurityGroup")
	resolver := inputs(t, g, "Subnet", "net-resolver-in")
	assert.Contains(t, resolver, "networkSecurityGroup")
	assert.Equal(t, []any{map[string]any{"name": "delegation", "serviceName": "Microsoft.Network/dnsResolvers"}}, resolver["delegations"])
}

// Azure takes one change of a VNet at a time: each subnet waits for the one
// before it, the peerings for the subnets and for each other. The same holds for
// the routes of a table.
func TestChangesOfAVnetAreOneAfterTheOther(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"jump": {Cidr: "10.40.5.0/28"}}
		s.Peerings["shared"] = azurevnet.Peering{RemoteVnetID: sharedID, AddressSpace: []string{"10.11.0.0/16"}}
		s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID}
	}), nil)
	chain := []string{
		urn("Subnet", "net-nodes"), urn("Subnet", "net-pods"), urn("Subnet", "net-database"), urn("Subnet", "net-privateEndpoints"),
		urn("Subnet", "net-jump"), urn("VirtualNetworkPeering", "net-peering-hub"), urn("VirtualNetworkPeering", "net-peering-shared"),
		urn("FlowLog", "net-flowlog"),
	}
	for i, link := range chain[1:] {
		r, ok := g.Find(link)
		require.True(t, ok, link)
		assert.Contains(t, r.Dependencies, chain[i], "%s waits for %s", link, chain[i])
	}
	assert.Len(t, g.ByType(network+"Subnet"), 5)
	routes := []string{urn("Route", "net-database-default"), urn("Route", "net-database-entra"), urn("Route", "net-database-subnet")}
	for i, link := range routes[1:] {
		r, ok := g.Find(link)
		require.True(t, ok, link)
		assert.Contains(t, r.Dependencies, routes[i])
	}
}

func TestPeerings(t *testing.T) {
	peering := func(spec azurevnet.Spec) map[string]any {
		return inputs(t, record(t, spec, nil), "VirtualNetworkPeering", "net-peering-hub")
	}
	in := peering(firewalled(func(s *azurevnet.Spec) {
		s.Peerings["hub"] = azurevnet.Peering{
			RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}, UseRemoteGateways: true, RemoteGatewayTransit: true,
		}
	}))
	assert.Equal(t, map[string]any{"id": hubID}, in["remoteVirtualNetwork"])
	assert.Equal(t, "hub", in["virtualNetworkPeeringName"])
	assert.Equal(t, true, in["allowForwardedTraffic"], "what the firewall forwards has addresses of neither VNet")
	assert.Equal(t, true, in["useRemoteGateways"])
	assert.Equal(t, true, in["allowVirtualNetworkAccess"])
	assert.Equal(t, false, in["allowGatewayTransit"])

	in = peering(managed(func(s *azurevnet.Spec) {
		s.Peerings = map[string]azurevnet.Peering{"hub": {RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}}}
	}))
	assert.Equal(t, false, in["allowForwardedTraffic"])
	assert.Equal(t, false, in["useRemoteGateways"])
}

// The seed "Network topology and connectivity for AKS": the VNet uses the central
// DNS servers only after the cluster is there, when its name is in a zone that
// AKS makes. Otherwise there is nothing to wait for.
func TestDNSOrder(t *testing.T) {
	servers := []string{"10.10.2.4", "10.10.2.5"}
	for name, c := range map[string]struct {
		phase               azurevnet.DNSPhase
		systemZone, created bool
		deferred            bool
	}{
		"no zone of AKS's":         {phase: ""},
		"before the cluster":       {phase: "", systemZone: true, deferred: true},
		"once the cluster is up":   {phase: "", systemZone: true, created: true},
		"deferred by hand":         {phase: azurevnet.DNSDeferred, deferred: true},
		"still deferred":           {phase: azurevnet.DNSDeferred, systemZone: true, created: true, deferred: true},
		"active by hand":           {phase: azurevnet.DNSActive},
		"active, with its cluster": {phase: azurevnet.DNSActive, systemZone: true, created: true},
	} {
		t.Run(name, func(t *testing.T) {
			spec := firewalled(func(s *azurevnet.Spec) {
				s.DNS = azurevnet.DNS{Servers: servers, Phase: c.phase}
				s.Cluster.SystemZone, s.Cluster.Created = c.systemZone, c.created
			})
			vnet := inputs(t, record(t, spec, nil), "VirtualNetwork", "net-vnet")
			plan, err := azurevnet.NewPlan(spec)
			require.NoError(t, err)
			assert.Equal(t, c.deferred, plan.DNSDeferred)
			if c.deferred {
				assert.NotContains(t, vnet, "dhcpOptions", "Azure's own server finds the zone")
				return
			}
			assert.Equal(t, map[string]any{"dnsServers": []any{"10.10.2.4", "10.10.2.5"}}, vnet["dhcpOptions"])
		})
	}
}

func TestDdosProtectionAndFlowLogs(t *testing.T) {
	g := record(t, managed(nil), nil)
	vnet := inputs(t, g, "VirtualNetwork", "net-vnet")
	assert.Equal(t, false, vnet["enableDdosProtection"], "a plan is dear")
	assert.NotContains(t, vnet, "ddosProtectionPlan")
	assert.Empty(t, names(g, "FlowLog"))

	g = record(t, managed(func(s *azurevnet.Spec) {
		s.DdosProtectionPlan = ddosID
		s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID, WorkspaceID: workspaceID, RetentionDays: 30}
	}), nil)
	vnet = inputs(t, g, "VirtualNetwork", "net-vnet")
	assert.Equal(t, true, vnet["enableDdosProtection"])
	assert.Equal(t, map[string]any{"id": ddosID}, vnet["ddosProtectionPlan"])
	logs := inputs(t, g, "FlowLog", "net-flowlog")
	assert.Equal(t, urn("VirtualNetwork", "net-vnet"), logs["targetResourceId"], "of the VNet; those of security groups are ending")
	assert.Equal(t, storageID, logs["storageId"])
	assert.Equal(t, "NetworkWatcherRG", logs["resourceGroupName"])
	assert.Equal(t, "NetworkWatcher_westeurope", logs["networkWatcherName"])
	assert.Equal(t, map[string]any{"enabled": true, "days": 30.0}, logs["retentionPolicy"])
	resource, _ := g.Find(urn("VirtualNetwork", "net-vnet"))
	assert.Equal(t, resource.Outputs["name"].StringValue()+"-flowlog", logs["flowLogName"])
	analytics := logs["flowAnalyticsConfiguration"].(map[string]any)["networkWatcherFlowAnalyticsConfiguration"].(map[string]any)
	assert.Equal(t, workspaceID, analytics["workspaceResourceId"])

	g = record(t, managed(func(s *azurevnet.Spec) {
		s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID, NetworkWatcher: "watcher", NetworkWatcherResourceGroup: "watchers"}
	}), nil)
	logs = inputs(t, g, "FlowLog", "net-flowlog")
	assert.Equal(t, "watcher", logs["networkWatcherName"])
	assert.Equal(t, "watchers", logs["resourceGroupName"])
	assert.Equal(t, map[string]any{"enabled": true, "days": 90.0}, logs["retentionPolicy"])
	assert.NotContains(t, logs, "flowAnalyticsConfiguration")
}

func TestExistingVnet(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.Existing = &azurevnet.ExistingVnet{VnetID: sharedID}
		s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID}
	}), nil)
	assert.Empty(t, names(g, "VirtualNetwork"))
	subnet := inputs(t, g, "Subnet", "net-nodes")
	assert.Equal(t, "shared", subnet["virtualNetworkName"])
	assert.Equal(t, "shared", subnet["resourceGroupName"])
	peering := inputs(t, g, "VirtualNetworkPeering", "net-peering-hub")
	assert.Equal(t, "shared", peering["virtualNetworkName"])
	assert.Equal(t, "shared", peering["resourceGroupName"])
	assert.Equal(t, "data", inputs(t, g, "NetworkSecurityGroup", "net-nodes")["resourceGroupName"])
	assert.Equal(t, sharedID, inputs(t, g, "FlowLog", "net-flowlog")["targetResourceId"])
	assert.Equal(t, sharedID, outputs(t, g)["vnetId"])
	assert.Equal(t, "shared", outputs(t, g)["vnetName"])
}

// Values that other resources give are in the graph as references to them.
func TestValuesOfOtherResources(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) {
		s.Peerings["hub"] = azurevnet.Peering{AddressSpace: []string{"10.10.0.0/16"}}
		s.Firewall.ControlPlaneIP = ""
		s.FlowLogs = &azurevnet.FlowLogs{}
	}), func(a *azurevnet.AzureSecureVnetArgs) {
		a.FirewallPrivateIP = pulumi.String("10.10.1.5")
		a.ControlPlaneIP = pulumi.String("203.0.113.20")
		a.RemoteVnetIDs = map[string]pulumi.StringInput{"hub": pulumi.String(hubID)}
		a.DdosProtectionPlanID = pulumi.String(ddosID)
		a.StorageAccountID = pulumi.String(storageID)
		a.Tags = pulumi.StringMap{"owner": pulumi.String("platform")}
	})
	assert.Equal(t, "0.0.0.0/0 VirtualAppliance 10.10.1.5", routes(g, "egress")["default"])
	assert.Equal(t, "0.0.0.0/0 VirtualAppliance 10.10.1.5", routes(g, "database")["default"])
	assert.Equal(t, "203.0.113.20", outputs(t, g)["controlPlaneIp"])
	assert.Equal(t, map[string]any{"id": hubID}, inputs(t, g, "VirtualNetworkPeering", "net-peering-hub")["remoteVirtualNetwork"])
	assert.Equal(t, map[string]any{"id": ddosID}, inputs(t, g, "VirtualNetwork", "net-vnet")["ddosProtectionPlan"])
	assert.Equal(t, storageID, inputs(t, g, "FlowLog", "net-flowlog")["storageId"])
	for _, kind := range []string{"VirtualNetwork", "NetworkSecurityGroup", "RouteTable", "FlowLog"} {
		for _, name := range names(g, kind) {
			assert.Equal(t, map[string]any{"owner": "platform"}, inputs(t, g, kind, name)["tags"], "%s %s", kind, name)
		}
	}
}

// The rules themselves are the catalogue's; here they have to be for nodes and
// pods alike, and for the DNS servers beyond the firewall.
func TestRequiredEgress(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) { s.DNS.Servers = []string{"10.10.2.4", "168.63.129.16"} }), nil)
	var rules []struct {
		Sources   []string `json:"sources"`
		Name      string   `json:"name"`
		Protocol  string   `json:"protocol"`
		Ports     []int    `json:"ports"`
		FQDNs     []string `json:"fqdns"`
		Addresses []string `json:"addresses"`
	}
	require.NoError(t, json.Unmarshal([]byte(outputs(t, g)["requiredEgress"].(string)), &rules))
	var fqdns, servers []string
	for _, r := range rules {
		assert.Equal(t, []string{"10.40.0.0/24", "10.40.8.0/21"}, r.Sources, r.Name)
		fqdns = append(fqdns, r.FQDNs...)
		servers = append(servers, r.Addresses...)
	}
	// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
	for _, fqdn := range []string{"mcr.microsoft.com", "management.azure.com", "login.microsoftonline.com", "packages.aks.azure.com"} {
		assert.Contains(t, fqdns, fqdn)
	}
	assert.NotContains(t, fqdns, "*.hcp.westeurope.azmk8s.io", "a private API server is not reached through the firewall")
	assert.Equal(t, []string{"10.10.2.4/32"}, servers)

	plan, err := azurevnet.NewPlan(firewalled(func(s *azurevnet.Spec) { s.Cluster.PublicAPI = true }))
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(plan.RequiredEgress, func(r azurevnet.EgressRule) bool {
		return slices.Contains(r.FQDNs, "*.hcp.westeurope.azmk8s.io")
	}))
}

// The plan is what a preview shows of addresses.
func TestPlan(t *testing.T) {
	plan, err := azurevnet.NewPlan(firewalled(func(s *azurevnet.Spec) {
		s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"jump": {Cidr: "10.40.5.0/28"}}
	}))
	require.NoError(t, err)
	type row struct {
		name   string
		cidr   string
		usable int
		table  string
	}
	var rows []row
	for _, s := range plan.Subnets {
		rows = append(rows, row{s.Name, s.Cidr.String(), s.Usable, s.RouteTable})
	}
	assert.Equal(t, []row{
		{"nodes", "10.40.0.0/24", 251, "egress"},
		{"pods", "10.40.8.0/21", 2043, "egress"},
		{"database", "10.40.7.64/28", 11, "database"},
		{"privateEndpoints", "10.40.6.0/26", 59, ""},
		{"jump", "10.40.5.0/28", 11, ""},
	}, rows)
	assert.Empty(t, plan.Warnings)
	pods, ok := plan.Subnet("pods")
	assert.True(t, ok)
	assert.Equal(t, netip.MustParsePrefix("10.40.8.0/21"), pods.Cidr)
	_, ok = plan.Subnet("apiServer")
	assert.False(t, ok)
}

// A role that is added, or that grows in its slot, moves no other subnet.
func TestAddingARoleMovesNothing(t *testing.T) {
	before, err := azurevnet.NewPlan(managed(nil))
	require.NoError(t, err)
	after, err := azurevnet.NewPlan(managed(func(s *azurevnet.Spec) {
		s.Roles = addressing.AzureRoles()
		s.Subnets = map[addressing.AzureRole]azurevnet.Subnet{addressing.AzureNodes: {Addresses: 500}}
		s.AddressSpace = append(s.AddressSpace, "10.41.0.0/16")
	}))
	require.NoError(t, err)
	for _, old := range before.Subnets {
		s, ok := after.Subnet(old.Name)
		require.True(t, ok)
		assert.Equal(t, old.Cidr.Addr(), s.Cidr.Addr(), old.Name)
		if old.Role != addressing.AzureNodes {
			assert.Equal(t, old.Cidr, s.Cidr, old.Name)
		}
	}
}

// Explicit blocks win, in any block of the address space, and then the first may
// be of any size.
func TestSubnetsPlacedByHand(t *testing.T) {
	plan, err := azurevnet.NewPlan(managed(func(s *azurevnet.Spec) {
		s.AddressSpace = []string{"10.40.0.0/24", "10.60.0.0/21"}
		s.Roles = []addressing.AzureRole{addressing.AzureNodes, addressing.AzurePods}
		s.Subnets = map[addressing.AzureRole]azurevnet.Subnet{
			addressing.AzureNodes: {Cidr: "10.40.0.128/25", Addresses: 100}, addressing.AzurePods: {Cidr: "10.60.0.0/21"},
		}
	}))
	require.NoError(t, err)
	nodes, _ := plan.Subnet("nodes")
	pods, _ := plan.Subnet("pods")
	assert.Equal(t, "10.40.0.128/25", nodes.Cidr.String())
	assert.Equal(t, "10.60.0.0/21", pods.Cidr.String())
}

func TestWarnings(t *testing.T) {
	plan, err := azurevnet.NewPlan(firewalled(func(s *azurevnet.Spec) {
		s.AddressSpace = []string{"52.0.0.0/20"}
		s.Peerings = nil
	}))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"addressSpace[0]: 52.0.0.0/20 is not for private use: its public addresses cannot be reached from the VNet",
		"firewall.privateIp: 10.10.1.4 is in no peering's address space: Azure drops what is routed to an address outside the VNet and its peers",
	}, plan.Warnings)
}

func TestEveryResourceIsAChildWithTheGivenProvider(t *testing.T) {
	g := record(t, firewalled(func(s *azurevnet.Spec) { s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID} }), nil)
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "azure-native:") {
			assert.Equal(t, "urn:pulumi:test::underlay::"+azurevnet.Type+"::net", r.Parent, r.URN)
			assert.Contains(t, r.Provider, "pulumi:providers:azure-native::azure", r.URN)
		}
	}
}

func TestABadSpecRegistersNothing(t *testing.T) {
	var problems problem.List
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := azurevnet.NewAzureSecureVnet(ctx, "net", nil)
		require.ErrorAs(t, err, &problems)
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, g.Resources, 1, "the stack alone")
	assert.Equal(t, []string{
		"location: is missing; give an Azure region in its short form, for example westeurope",
		"egress: is missing; there is no safe default; say customerFirewall, loadBalancer, natGateway or none",
		"addressSpace: is missing; give the VNet's blocks, for example [10.40.0.0/16]",
		"resourceGroupName: is missing; give the resource group's name",
	}, strings.Split(problems.Error(), "\n"))
}
