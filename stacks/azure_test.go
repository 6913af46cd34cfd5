package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// The types of Azure's resources that the tests look for.
const (
	vnetType    = "azure-native:network/v20240501:VirtualNetwork"
	subnetType  = "azure-native:network/v20240501:Subnet"
	routeType   = "azure-native:network/v20240501:Route"
	addressType = "azure-native:network/v20240501:PublicIPAddress"
	peeringType = "azure-native:network/v20240501:VirtualNetworkPeering"
	linkType    = "azure-native:network/v20240601:VirtualNetworkLink"
	roleType    = "azure-native:authorization/v20220401:RoleAssignment"
	clusterType = "azure-native:containerservice:ManagedCluster"
)

// named returns the inputs of the one resource of a type and name.
func named(t *testing.T, g *graph.Graph, token, name string) (graph.Resource, map[string]any) {
	t.Helper()
	for _, r := range g.ByType(token) {
		if r.Name == name {
			return *r, r.Inputs.Mappable()
		}
	}
	t.Fatalf("no %s %s", token, name)
	return graph.Resource{}, nil
}

// waitsFor returns the names of all that a resource depends on, directly or not.
func waitsFor(g *graph.Graph, r graph.Resource) []string {
	byURN := map[string]graph.Resource{}
	for _, other := range g.Resources {
		byURN[other.URN] = other
	}
	seen := map[string]bool{}
	var names []string
	var visit func(graph.Resource)
	visit = func(r graph.Resource) {
		direct := slices.Clone(r.Dependencies)
		for _, of := range r.PropertyDependencies {
			direct = append(direct, of...)
		}
		for _, urn := range direct {
			if !seen[urn] {
				seen[urn] = true
				names = append(names, byURN[urn].Name)
				visit(byURN[urn])
			}
		}
	}
	visit(r)
	return names
}

// Two clouds in one stack: each resource is made by its cloud's own explicit
// provider, the cluster by that of clusters, and what is in AWS belongs to the
// bridge alone.
func TestEachResourceOnTheProviderOfItsCloud(t *testing.T) {
	for _, stack := range []string{"azure-dev", "azure-staging", "aks-dev"} {
		t.Run(stack, func(t *testing.T) {
			_, g := recorded(t, stack)
			names := map[string]string{}
			for _, r := range g.Resources {
				names[r.URN] = r.Type + " " + r.Name
			}
			counts := map[string]int{}
			for _, r := range g.Resources {
				cloud, _, _ := strings.Cut(r.Type, ":")
				if !r.Custom || cloud == "pulumi" {
					continue
				}
				want := map[string]string{"aws": "pulumi:providers:aws aws", "azure-native": "pulumi:providers:azure-native azure"}[cloud]
				if strings.HasPrefix(r.Type, "azure-native:containerservice:") {
					want = "pulumi:providers:azure-native azure-clusters"
				}
				assert.Equal(t, want, names[r.ProviderURN()], r.URN)
				if cloud == "aws" {
					assert.Equal(t, "underlay:sqsbridge:SqsBridge bridge", names[r.Parent], r.URN)
				}
				counts[cloud]++
			}
			assert.NotZero(t, counts["azure-native"])
			assert.Equal(t, stack != "aks-dev", counts["aws"] > 0)
			assert.Len(t, g.ByType("pulumi:providers:azure-native"), map[bool]int{false: 1, true: 2}[stack == "aks-dev"],
				"the provider of clusters only where there is one")
		})
	}
}

// "Network configuration for Conveyor", section Azure Vnets: a subnet of 10
// addresses for the database, one of at least 2000 for pods, and one of 256 for
// nodes. A /28 has 11 for use, a /21 2043, a /24 is 256 of which Azure keeps 5.
func TestAzureSubnets(t *testing.T) {
	for stack, octets := range map[string]string{"azure-dev": "10.40.", "azure-staging": "10.41."} {
		_, g := recorded(t, stack)
		for role, block := range map[string]string{"nodes": "0.0/24", "pods": "8.0/21", "database": "7.64/28"} {
			_, in := named(t, g, subnetType, "net-"+role)
			assert.Equal(t, octets+block, in["addressPrefix"], role)
			assert.Equal(t, false, in["defaultOutboundAccess"], role)
		}
	}
}

// The same page, "Vnet setup", behind the customer's firewall: all connectivity
// is routed through it, nothing of the VNet is public, and the control plane
// comes in by the customer's public address; the firewall is told what AKS needs.
func TestAzureBehindTheCustomersFirewall(t *testing.T) {
	page, g := recorded(t, "azure-staging")
	assert.Empty(t, g.ByType(addressType))
	assert.Empty(t, g.ByType("azure-native:network/v20240501:NatGateway"))
	for subnet, table := range map[string]string{"nodes": "net-egress", "pods": "net-egress", "database": "net-database"} {
		_, in := named(t, g, subnetType, "net-"+subnet)
		route, to := named(t, g, routeType, table+"-default")
		assert.Equal(t, "0.0.0.0/0", to["addressPrefix"])
		assert.Equal(t, "VirtualAppliance", to["nextHopType"])
		assert.Equal(t, "10.10.0.4", to["nextHopIpAddress"])
		assert.Contains(t, in["routeTable"].(map[string]any)["id"], "RouteTable::"+table, subnet)
		assert.Contains(t, waitsFor(g, route), table)
	}
	_, peering := named(t, g, peeringType, "net-peering-hub")
	assert.Equal(t, true, peering["allowForwardedTraffic"], "what the firewall forwards comes from elsewhere")

	assert.Equal(t, &stacks.HandoverConnector{Kind: "internet", Address: "198.51.100.10", Ports: []int{443}}, page.Connector)
	// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress, for a
	// cluster without a public API server.
	var names []string
	for _, rule := range page.RequiredEgress {
		assert.Equal(t, []string{"10.41.0.0/24", "10.41.8.0/21"}, rule.Sources, "nodes and pods: both have addresses of the VNet")
		names = append(names, rule.FQDNs...)
	}
	for _, name := range []string{
		"mcr.microsoft.com", "*.data.mcr.microsoft.com", "management.azure.com", "login.microsoftonline.com",
		"packages.microsoft.com", "acs-mirror.azureedge.net", "packages.aks.azure.com",
	} {
		assert.Contains(t, names, name)
	}
	assert.NotContains(t, strings.Join(names, " "), ".hcp.westeurope.azmk8s.io")
	assert.Equal(t, []string{"sqs.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"}, page.RequiredNames)
}

// The lighter setup of the same page: the VNet is ours, and one public address
// is for connections in and out.
func TestAzureWithItsOwnAddress(t *testing.T) {
	page, g := recorded(t, "azure-dev")
	require.Len(t, g.ByType(addressType), 1)
	assert.Empty(t, g.ByType("azure-native:network/v20240501:RouteTable"))
	_, ip := named(t, g, addressType, "net-outbound-1")
	assert.Equal(t, "Static", ip["publicIPAllocationMethod"])
	address := output(t, g, addressType, "net-outbound-1", "ipAddress")
	assert.Equal(t, address, page.Connector.Address)
	assert.Equal(t, []string{address}, page.Networks["dataPlane"].EgressIPs)
	assert.Empty(t, page.RequiredEgress, "nothing filters")
}

// "By default we always use private endpoints": their zones are there, linked to
// the VNet, and to the VNet of the DNS servers where the customer has his own.
func TestAzurePrivateZones(t *testing.T) {
	for stack, vnets := range map[string][]string{"azure-dev": {"spoke"}, "azure-staging": {"spoke", "hub"}} {
		page, g := recorded(t, stack)
		for _, zone := range []string{
			"privatelink.blob.core.windows.net", "privatelink.dfs.core.windows.net", "privatelink.azurecr.io", "privatelink.vaultcore.azure.net",
		} {
			assert.NotEmpty(t, page.PrivateZoneIDs[zone], zone)
			for _, vnet := range vnets {
				named(t, g, linkType, "endpoints-"+zone+"-"+vnet)
			}
		}
		assert.Len(t, g.ByType(linkType), 5*len(vnets))
	}
	env, err := stacks.Parse([]byte(strings.Replace(azureBase, "    privateEndpoints: {services: [blob]}\n", "", 1)))
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, "default", nil, env.Program())
	require.NoError(t, err)
	assert.Len(t, g.ByType(linkType), 4, "by default too")
}

// "Deployment models of Conveyor", shared AWS control plane and Azure data
// plane: the vendor's team gets what an installation needs, in the data plane's
// group. It is owner, of the subscription, only in so many words. The ids are
// those of https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
func TestAzureVendorAccess(t *testing.T) {
	const (
		owner        = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
		contributor  = "b24988ac-6180-42a0-ab88-20f7382dd24c"
		subscription = "/subscriptions/11111111-2222-4333-8444-555555555555"
	)
	_, g := recorded(t, "azure-dev")
	require.Len(t, g.ByType(roleType), 2)
	r, in := named(t, g, roleType, "vendor-contributor")
	assert.True(t, strings.HasSuffix(in["roleDefinitionId"].(string), contributor))
	assert.Equal(t, subscription+"/resourceGroups/data-plane-dev", in["scope"])
	assert.Contains(t, waitsFor(g, r), "group", "the group is there first")
	for _, r := range g.ByType(roleType) {
		assert.NotContains(t, r.Inputs["roleDefinitionId"].StringValue(), owner)
	}
	_, g = parsed(t, strings.Replace(azureBase, "vendorAccess: {", "vendorAccess: {access: owner, scope: subscription, ", 1))
	require.Len(t, g.ByType(roleType), 1)
	_, in = named(t, g, roleType, "vendor-owner")
	assert.Equal(t, subscription, in["scope"])
}

// parsed records the environment of a configuration.
func parsed(t *testing.T, text string) (*stacks.Environment, *graph.Graph) {
	t.Helper()
	env, err := stacks.Parse([]byte(text))
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, "test", nil, env.Program())
	require.NoError(t, err)
	return env, g
}

// "Data plane Connection": queues with trust in both directions. The data plane
// comes with tokens of its own, of exactly one workload.
func TestAzureBridge(t *testing.T) {
	_, g := recorded(t, "azure-dev")
	const issuer = "sts.windows.net/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/"
	_, provider := named(t, g, "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "bridge-data-plane-azure-dev")
	assert.Equal(t, "https://"+issuer, provider["url"])
	_, role := named(t, g, "aws:iam/role:Role", "bridge-data-plane-azure-dev")
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"],
		"Principal": {"Federated": ["arn:aws:iam::111122223333:oidc-provider/`+issuer+`"]},
		"Condition": {"StringEquals": {"`+issuer+`:aud": ["api://underlay-bridge"], "`+issuer+`:sub": ["77777777-6666-4555-8444-333333333333"]}}}]}`,
		role["assumeRolePolicy"].(string))
}

// "Network topology and connectivity for AKS", design recommendations. The
// cluster is private with a zone of the environment's own, which is linked to
// the VNet of the DNS servers before the cluster is made; it uses Azure CNI;
// its traffic is routed to the hub's firewall, which is there first with its
// rules; the VNet asks the hub for names.
func TestAksLandingZone(t *testing.T) {
	_, g := recorded(t, "aks-dev")
	cluster, in := named(t, g, clusterType, "aks")
	access := in["apiServerAccessProfile"].(map[string]any)
	assert.Equal(t, true, access["enablePrivateCluster"])
	assert.Equal(t, false, access["enablePrivateClusterPublicFQDN"])
	assert.Contains(t, access["privateDNSZone"], "PrivateZone::endpoints-privatelink.westeurope.azmk8s.io")
	profile := in["networkProfile"].(map[string]any)
	assert.Equal(t, "azure", profile["networkPlugin"])
	assert.Equal(t, "userDefinedRouting", profile["outboundType"])
	assert.Equal(t, "standard", profile["loadBalancerSku"])
	assert.Equal(t, "cilium", profile["networkPolicy"])

	before := waitsFor(g, cluster)
	for _, name := range []string{
		"endpoints-privatelink.westeurope.azmk8s.io-hub", "endpoints-privatelink.westeurope.azmk8s.io-spoke",
		"hub-firewall", "hub-aks", "hub-to-spoke", "spoke-peering-hub", "spoke-egress-default", "aks-vnet", "aks-private-zone",
	} {
		assert.Contains(t, before, name)
	}
	// The first address of AzureFirewallSubnet, 10.50.0.0/26, that Azure does
	// not keep.
	_, vnet := named(t, g, vnetType, "spoke-vnet")
	assert.Equal(t, map[string]any{"dnsServers": []any{"10.50.0.4"}}, vnet["dhcpOptions"])
	_, route := named(t, g, routeType, "spoke-egress-default")
	assert.Equal(t, "10.50.0.4", route["nextHopIpAddress"])
	for _, subnet := range []string{"nodes", "pods"} {
		_, in := named(t, g, subnetType, "spoke-"+subnet)
		assert.Contains(t, in["routeTable"].(map[string]any)["id"], "RouteTable::spoke-egress")
	}
	_, gateway := named(t, g, subnetType, "spoke-applicationGateway")
	assert.NotContains(t, gateway, "routeTable", "a default route would cut the gateway from Azure's management")

	// "For internet-facing … web applications, use a web application firewall",
	// with TLS.
	_, waf := named(t, g, "azure-native:network/v20240501:WebApplicationFirewallPolicy", "ingress-waf")
	assert.Equal(t, "Prevention", waf["policySettings"].(map[string]any)["mode"])
	assert.Len(t, g.ByType(addressType), 2, "the firewall's and the gateway's; none of the cluster")
}

// What an Azure environment hands over; the blocks are those of the
// configuration files.
func TestAzureHandover(t *testing.T) {
	for _, stack := range []string{"azure-dev", "azure-staging"} {
		page, g := recorded(t, stack)
		assert.Equal(t, "shared-azure", page.Model)
		assert.Equal(t, "westeurope", page.Region)
		assert.Equal(t, "11111111-2222-4333-8444-555555555555", page.SubscriptionID)
		assert.Equal(t, strings.Replace(stack, "azure", "data-plane", 1), page.ResourceGroup)
		network := page.Networks["dataPlane"]
		assert.Equal(t, output(t, g, vnetType, "net-vnet", "id"), network.VnetID)
		assert.Len(t, network.SubnetIDs, 5)
		assert.Len(t, page.QueueURLs, 2)
		// 50 pods a node take 16 times 4 of the pod subnet's 2043 addresses.
		assert.Equal(t, 31, page.Cluster.Capacity.MaxNodes)
	}
	page, g := recorded(t, "aks-dev")
	assert.Equal(t, "aks-landing-zone", page.Model)
	assert.Equal(t, []string{"10.50.0.0/22"}, page.Networks["hub"].Cidrs)
	assert.Equal(t, []string{"10.50.16.0/20"}, page.Networks["spoke"].Cidrs)
	assert.Equal(t, []string{output(t, g, addressType, "hub-firewall-1", "ipAddress")}, page.Networks["spoke"].EgressIPs)
	assert.Nil(t, page.Connector)
}

// What is valid and yet may not be meant.
func TestAzureWarnings(t *testing.T) {
	for _, stack := range []string{"azure-dev", "azure-staging", "aks-dev"} {
		env, err := stacks.Load("../Pulumi." + stack + ".yaml")
		require.NoError(t, err)
		warnings, err := env.Warnings()
		require.NoError(t, err)
		assert.Empty(t, warnings, stack)
	}
	env, _ := parsed(t, strings.NewReplacer("vendorAccess: {", "vendorAccess: {access: owner, ", "privateIp: 10.10.0.4", "privateIp: 10.11.0.4").Replace(azureBase))
	warnings, err := env.Warnings()
	require.NoError(t, err)
	assert.Len(t, warnings, 3)
	text := strings.Join(warnings, "\n")
	assert.Contains(t, text, "10.11.0.4 is in no peering's address space")
	assert.Contains(t, text, "dataPlane.firewall.controlPlaneIp is not given: the control plane has no address to connect to")
	assert.Contains(t, text, "access owner lets the vendor's group give anybody any role")

	env, err = stacks.Load("../Pulumi.aks-dev.yaml")
	require.NoError(t, err)
	env.Spec.(*stacks.AksLandingZone).Spoke.Subnets = nil
	warnings, err = env.Warnings()
	require.NoError(t, err)
	assert.Equal(t, []string{"spoke.subnets.applicationGateway.allow is empty: nobody on the internet reaches the public frontend"}, warnings)
}

// `pulumi config set` writes what is more than text as JSON text.
func TestAzureSettingsWrittenByPulumiConfigSet(t *testing.T) {
	env, err := stacks.Parse([]byte(strings.Replace(azureBase, "config:\n",
		"config:\n  azure-native:useOidc: \"true\"\n  azure-native:clientId: \"33333333-2222-4333-8444-555555555555\"\n", 1)))
	require.NoError(t, err)
	assert.Equal(t, stacks.Azure{
		Location: "westeurope", SubscriptionID: "11111111-2222-4333-8444-555555555555",
		ClientID: "33333333-2222-4333-8444-555555555555", UseOIDC: true,
	}, env.Azure)
}
