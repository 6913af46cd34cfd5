package aks_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	containerservice "github.com/pulumi/pulumi-azure-native-sdk/containerservice/v3"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/graph"
)

const (
	managedCluster = "azure-native:containerservice:ManagedCluster"
	agentPool      = "azure-native:containerservice:AgentPool"
	identity       = "azure-native:managedidentity/v20230131:UserAssignedIdentity"
	assignment     = "azure-native:authorization/v20220401:RoleAssignment"

	group    = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/data/providers/"
	vnetID   = group + "Microsoft.Network/virtualNetworks/spoke"
	nodesID  = vnetID + "/subnets/nodes"
	podsID   = vnetID + "/subnets/pods"
	apiID    = vnetID + "/subnets/api"
	tableID  = group + "Microsoft.Network/routeTables/to-firewall"
	zoneID   = group + "Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io"
	ipID     = group + "Microsoft.Network/publicIPAddresses/out"
	acrID    = group + "Microsoft.ContainerRegistry/registries/cache"
	roleBase = "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.Authorization/roleDefinitions/"
)

// ids are those of everything that a cluster may be built into.
func ids() aks.IDs {
	return aks.IDs{
		VnetID: pulumi.String(vnetID), NodeSubnetID: pulumi.String(nodesID), PodSubnetID: pulumi.String(podsID),
		APIServerSubnetID: pulumi.String(apiID), RouteTableID: pulumi.String(tableID), PrivateZoneID: pulumi.String(zoneID),
		PublicIPIDs: pulumi.StringArray{pulumi.String(ipID)}, RegistryID: pulumi.String(acrID),
	}
}

// recorded returns the graph of a program that gets a provider of each major
// version.
func recorded(t *testing.T, program func(ctx *pulumi.Context, v2, v3 pulumi.ProviderResource) error) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		v2, err := azure.NewProvider(ctx, "azure-v2", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		v3, err := aks.NewClusterProvider(ctx, "azure-v3", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		return program(ctx, v2, v3)
	})
	require.NoError(t, err)
	return g
}

// built returns the graph of a cluster.
func built(t *testing.T, s aks.Spec, changes ...func(*aks.AksClusterArgs)) *graph.Graph {
	t.Helper()
	return recorded(t, func(ctx *pulumi.Context, v2, v3 pulumi.ProviderResource) error {
		args := &aks.AksClusterArgs{Spec: s, IDs: ids(), ClusterProvider: v3, ResourceGroupName: pulumi.String("data")}
		for _, change := range changes {
			change(args)
		}
		_, err := aks.NewAksCluster(ctx, "dp1", args, pulumi.Provider(v2))
		return err
	})
}

// only returns the one resource of a type.
func only(t *testing.T, g *graph.Graph, token string) *graph.Resource {
	t.Helper()
	found := g.ByType(token)
	require.Len(t, found, 1, token)
	return found[0]
}

func at(t *testing.T, in map[string]any, key string) map[string]any {
	t.Helper()
	m, ok := in[key].(map[string]any)
	require.True(t, ok, "%s is %v", key, in[key])
	return m
}

// roles returns the assignments as "role scope principal".
func roles(t *testing.T, g *graph.Graph) []string {
	t.Helper()
	identities := map[string]string{}
	for _, r := range g.ByType(identity) {
		identities[r.Outputs["principalId"].StringValue()] = r.Name
	}
	var found []string
	for _, r := range g.ByType(assignment) {
		in := r.Inputs.Mappable()
		assert.Equal(t, "ServicePrincipal", in["principalType"], r.URN)
		assert.Regexp(t, `^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`, in["roleAssignmentName"])
		assert.NotEmpty(t, in["description"])
		who, ok := identities[in["principalId"].(string)]
		require.True(t, ok, r.URN)
		scope := strings.TrimPrefix(in["scope"].(string), group)
		if scope == in["scope"] {
			scope = scope[strings.LastIndex(scope, ":")+1:] // an id made up by the recorder
		}
		found = append(found, strings.TrimPrefix(in["roleDefinitionId"].(string), roleBase)+" "+scope+" "+who)
	}
	slices.Sort(found)
	return found
}

// "Network configuration for Conveyor", section "Vnet setup", and "Network
// topology and connectivity considerations for AKS": everything leaves by the
// customer's firewall, and the API server has no public path.
func TestClusterBehindAFirewall(t *testing.T) {
	g := built(t, spec())
	c := only(t, g, managedCluster)
	in := c.Inputs.Mappable()

	assert.Equal(t, map[string]any{
		"networkPlugin": "azure", "networkPluginMode": "overlay", "networkDataplane": "cilium", "networkPolicy": "cilium",
		"loadBalancerSku": "standard", "outboundType": "userDefinedRouting",
		"podCidr": "10.244.0.0/16", "serviceCidr": "172.16.0.0/16", "dnsServiceIP": "172.16.0.10",
	}, in["networkProfile"])
	assert.Equal(t, map[string]any{
		"enablePrivateCluster": true, "privateDNSZone": "none", "enablePrivateClusterPublicFQDN": true,
		"enableVnetIntegration": true, "subnetId": apiID, "disableRunCommand": true,
	}, in["apiServerAccessProfile"])
	assert.Equal(t, []any{map[string]any{
		"name": "system", "mode": "System", "type": "VirtualMachineScaleSets", "osType": "Linux", "vmSize": "Standard_D4ds_v5",
		"enableAutoScaling": true, "count": 1.0, "minCount": 1.0, "maxCount": 3.0, "maxPods": 250.0,
		"enableNodePublicIP": false, "vnetSubnetID": nodesID, "upgradeSettings": map[string]any{"maxSurge": "10%"},
	}}, in["agentPoolProfiles"])

	assert.Equal(t, true, in["disableLocalAccounts"])
	assert.Equal(t, true, in["enableRBAC"])
	assert.Equal(t, map[string]any{"managed": true, "enableAzureRBAC": true, "adminGroupObjectIDs": []any{}}, in["aadProfile"])
	assert.Equal(t, map[string]any{"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"}, in["autoUpgradeProfile"])
	assert.Equal(t, map[string]any{"enabled": true}, in["oidcIssuerProfile"])
	assert.Equal(t, map[string]any{"workloadIdentity": map[string]any{"enabled": true}}, in["securityProfile"])
	assert.Equal(t, map[string]any{"name": "Base", "tier": "Standard"}, in["sku"])
	assert.Equal(t, "dp1", in["dnsPrefix"])
	assert.Equal(t, "westeurope", in["location"])
	assert.Equal(t, "data", in["resourceGroupName"])
	for _, absent := range []string{"bootstrapProfile", "identityProfile", "fqdnSubdomain", "kubernetesVersion", "publicNetworkAccess", "servicePrincipalProfile"} {
		assert.NotContains(t, in, absent)
	}

	i := only(t, g, identity)
	assert.Equal(t, map[string]any{"type": "UserAssigned", "userAssignedIdentities": []any{i.URN}}, in["identity"])
	assert.Equal(t, []string{
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke/subnets/api dp1-identity",
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke/subnets/nodes dp1-identity",
	}, roles(t, g))
	for _, r := range g.ByType(assignment) {
		assert.Contains(t, c.Dependencies, r.URN, "the identity has its roles before the cluster uses them")
	}

	component := only(t, g, aks.Type)
	out := component.Outputs.Mappable()
	assert.Equal(t, c.URN, out["clusterId"])
	assert.Equal(t, i.URN, out["identityId"])
	assert.Equal(t, i.Outputs["principalId"].StringValue(), out["principalId"])
	assert.Regexp(t, "^https://", out["oidcIssuerUrl"], "what else trusts the cluster's service accounts looks here")
	assert.Equal(t, 251.0-1, out["maxNodes"], "of a /24, one address is an internal load balancer's")
	assert.Equal(t, "nodeSubnet", out["limitedBy"])
	assert.Equal(t, []string{
		"clusterId", "clusterName", "fqdn", "identityId", "limitedBy", "maxNodes", "nodeResourceGroup", "oidcIssuerUrl", "principalId", "privateFqdn",
	}, keys(out), "and no credentials")
}

func keys(m map[string]any) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

// Each resource uses the provider of its SDK.
func TestProviders(t *testing.T) {
	g := built(t, spec())
	for _, r := range append(g.ByType(identity), g.ByType(assignment)...) {
		assert.Contains(t, r.ProviderURN(), "azure-v2", r.URN)
	}
	assert.Contains(t, only(t, g, managedCluster).ProviderURN(), "azure-v3")
}

// "Network configuration for Conveyor", section "Vnet setup": a public IP for
// the load balancer of AKS, and subnets for nodes and pods.
func TestClusterWithALoadBalancer(t *testing.T) {
	s := cell(aks.VnetIntegrationPublic, aks.PodSubnet, aks.EgressLoadBalancer)
	g := built(t, s, func(a *aks.AksClusterArgs) {
		a.PublicIPIDs = append(a.PublicIPIDs, pulumi.String(ipID+"2"))
		a.EgressAddresses = pulumi.StringArray{pulumi.String("198.51.100.7")}
		a.Tags = pulumi.StringMap{"team": pulumi.String("network")}
	})
	in := only(t, g, managedCluster).Inputs.Mappable()
	profile := at(t, in, "networkProfile")
	assert.Equal(t, "loadBalancer", profile["outboundType"])
	assert.Equal(t, map[string]any{"publicIPs": []any{map[string]any{"id": ipID}, map[string]any{"id": ipID + "2"}}},
		at(t, profile, "loadBalancerProfile")["outboundIPs"])
	assert.NotContains(t, profile, "podCidr", "pods have addresses of the VNet; the SDK would send one")
	assert.Equal(t, map[string]any{
		"enablePrivateCluster": false, "disableRunCommand": true, "enableVnetIntegration": true, "subnetId": apiID,
		"authorizedIPRanges": []any{"198.51.100.7/32", "203.0.113.0/24"},
	}, in["apiServerAccessProfile"])
	pool := in["agentPoolProfiles"].([]any)[0].(map[string]any)
	assert.Equal(t, podsID, pool["podSubnetID"])
	assert.Equal(t, "DynamicIndividual", pool["podIPAllocationMode"])
	assert.Equal(t, []string{
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/publicIPAddresses/out dp1-identity",
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/publicIPAddresses/out2 dp1-identity",
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke/subnets/api dp1-identity",
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke/subnets/nodes dp1-identity",
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke/subnets/pods dp1-identity",
	}, roles(t, g))
	assert.Equal(t, map[string]any{"team": "network"}, in["tags"])
}

// "If you customized your outbound IP, make sure your cluster identity has
// permissions to both the outbound public IP and the inbound public IP."
// https://learn.microsoft.com/azure/aks/static-ip
func TestClusterWithAnAddressForConnections(t *testing.T) {
	const in = group + "Microsoft.Network/publicIPAddresses/in"
	s := cell(aks.VnetIntegrationPrivate, aks.Overlay, aks.EgressNatGateway)
	s.Vnet.InboundIP = true
	g := built(t, s, func(a *aks.AksClusterArgs) { a.InboundIPID = pulumi.String(in) })
	assert.Contains(t, roles(t, g), "4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/publicIPAddresses/in dp1-identity")
	profile := at(t, only(t, g, managedCluster).Inputs.Mappable(), "networkProfile")
	assert.NotContains(t, profile, "loadBalancerProfile", "traffic out does not leave from it")
}

// "Network topology and connectivity considerations for AKS": use custom
// private DNS zones when creating a private cluster.
func TestClusterWithItsOwnZone(t *testing.T) {
	s := cell(aks.PrivateOwnZone, aks.AzureCNI, aks.EgressNatGateway)
	s.API.FQDNSubdomain = "dp1-api"
	g := built(t, s)
	in := only(t, g, managedCluster).Inputs.Mappable()
	assert.Equal(t, map[string]any{
		"enablePrivateCluster": true, "privateDNSZone": zoneID, "enablePrivateClusterPublicFQDN": false, "disableRunCommand": true,
	}, in["apiServerAccessProfile"])
	assert.Equal(t, "dp1-api", in["fqdnSubdomain"])
	assert.NotContains(t, in, "dnsPrefix", "AKS takes one of them")
	assert.Equal(t, "userAssignedNATGateway", at(t, in, "networkProfile")["outboundType"])
	assert.Equal(t, []string{
		"4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/virtualNetworks/spoke dp1-identity",
		"b12aa53e-6015-4669-85d0-8515ebb3ae7f Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io dp1-identity",
	}, roles(t, g))
}

// Without egress AKS's own images come from a registry, which the nodes'
// identity may read before there are nodes.
func TestClusterWithoutEgress(t *testing.T) {
	g := built(t, cell(aks.VnetIntegrationPrivate, aks.Overlay, aks.EgressNone))
	c := only(t, g, managedCluster)
	in := c.Inputs.Mappable()
	assert.Equal(t, map[string]any{"artifactSource": "Cache", "containerRegistryId": acrID}, in["bootstrapProfile"])
	var kubelet *graph.Resource
	for _, r := range g.ByType(identity) {
		if r.Name == "dp1-kubelet" {
			kubelet = r
		}
	}
	require.NotNil(t, kubelet)
	assert.Equal(t, map[string]any{"kubeletidentity": map[string]any{
		"resourceId": kubelet.URN, "clientId": kubelet.Outputs["clientId"].StringValue(), "objectId": kubelet.Outputs["principalId"].StringValue(),
	}}, in["identityProfile"])
	granted := roles(t, g)
	assert.Contains(t, granted, "7f951dda-4ed3-4680-a7ca-43fe172d538d Microsoft.ContainerRegistry/registries/cache dp1-kubelet")
	assert.Len(t, granted, 4)
	// The recorder's id of an identity is no path, so the role is the tenant's own form.
	assert.Contains(t, granted, "/providers/Microsoft.Authorization/roleDefinitions/f1a07417-d97a-45cb-824c-7a7467783830 dp1-kubelet dp1-identity")
	for _, r := range g.ByType(assignment) {
		assert.Contains(t, c.Dependencies, r.URN)
	}
}

func TestClusterWithKubenet(t *testing.T) {
	g := built(t, cell(aks.VnetIntegrationPrivate, aks.Kubenet, aks.EgressCustomerFirewall))
	profile := at(t, only(t, g, managedCluster).Inputs.Mappable(), "networkProfile")
	assert.Equal(t, "kubenet", profile["networkPlugin"])
	assert.NotContains(t, profile, "networkPluginMode")
	assert.Contains(t, roles(t, g), "4d97b98b-1d4f-4787-a291-c67834d212e7 Microsoft.Network/routeTables/to-firewall dp1-identity")
}

func TestClusterChoices(t *testing.T) {
	g := built(t, spec(func(s *aks.Spec) {
		s.KubernetesVersion, s.Tier = "1.34", aks.TierFree
		s.AdminGroups = []string{"33333333-3333-3333-3333-333333333333"}
		s.Pools = append(s.Pools, aks.Pool{Name: "spark", VMSize: "Standard_E8ds_v5", MaxCount: 20, MaxPods: 50, Surge: "33%", Zones: []string{"1", "3"}},
			aks.Pool{Name: "second", Mode: aks.SystemPool, VMSize: "Standard_D4ds_v5", MaxCount: 3})
	}))
	c := only(t, g, managedCluster)
	in := c.Inputs.Mappable()
	assert.Equal(t, "1.34", in["kubernetesVersion"])
	assert.Equal(t, "Free", at(t, in, "sku")["tier"])
	assert.Equal(t, []any{"33333333-3333-3333-3333-333333333333"}, at(t, in, "aadProfile")["adminGroupObjectIDs"])
	assert.Len(t, in["agentPoolProfiles"], 1)

	pools := g.ByType(agentPool)
	require.Len(t, pools, 2)
	slices.SortFunc(pools, func(a, b *graph.Resource) int { return strings.Compare(b.Name, a.Name) })
	assert.Equal(t, map[string]any{
		"agentPoolName": "spark", "resourceName": c.Outputs["name"].StringValue(), "resourceGroupName": "data",
		"mode": "User", "osType": "Linux", "vmSize": "Standard_E8ds_v5",
		"enableAutoScaling": true, "count": 0.0, "minCount": 0.0, "maxCount": 20.0, "maxPods": 50.0,
		"enableNodePublicIP": false, "vnetSubnetID": nodesID, "upgradeSettings": map[string]any{"maxSurge": "33%"},
		"availabilityZones": []any{"1", "3"},
	}, pools[0].Inputs.Mappable(), "nothing is paid for until something runs")
	assert.Equal(t, "dp1-second", pools[1].Name)
	assert.Contains(t, pools[1].Dependencies, pools[0].URN, "AKS makes one at a time")
	for _, pool := range pools {
		assert.Contains(t, pool.Dependencies, c.URN)
		assert.Contains(t, pool.ProviderURN(), "azure-v3")
	}
}

// requests are what a program asks of the engine, by type and name.
type requests struct {
	sync.Mutex
	seen map[string]*pulumirpc.RegisterResourceRequest
}

func (r *requests) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.Lock()
	defer r.Unlock()
	r.seen[args.TypeToken] = args.RegisterRPC
	return args.Name, args.Inputs, nil
}

func (r *requests) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

// A change of the network replaces the cluster, so the cluster is protected
// unless that is turned off; the autoscaler's count is left alone.
func TestClusterOptions(t *testing.T) {
	no := false
	for _, protection := range []*bool{nil, &no} {
		r := &requests{seen: map[string]*pulumirpc.RegisterResourceRequest{}}
		err := pulumi.RunErr(func(ctx *pulumi.Context) error {
			v3, err := aks.NewClusterProvider(ctx, "azure-v3", &azure.ProviderArgs{})
			if err != nil {
				return err
			}
			s := spec(func(s *aks.Spec) {
				s.DeletionProtection = protection
				s.Pools = append(s.Pools, aks.Pool{Name: "spark", VMSize: "Standard_E8ds_v5", MaxCount: 20})
			})
			_, err = aks.NewAksCluster(ctx, "dp1", &aks.AksClusterArgs{
				Spec: s, IDs: ids(), ClusterProvider: v3, ResourceGroupName: pulumi.String("data"),
			})
			return err
		}, pulumi.WithMocks("underlay", "test", r))
		require.NoError(t, err)
		assert.Equal(t, "3.16.0", r.seen["pulumi:providers:azure-native"].GetVersion(), "the plugin of the cluster's SDK")
		request := r.seen[managedCluster]
		require.NotNil(t, request)
		assert.Equal(t, protection == nil, request.GetProtect())
		assert.Equal(t, []string{"agentPoolProfiles[0].count"}, request.GetIgnoreChanges())
		pool := r.seen[agentPool]
		require.NotNil(t, pool)
		assert.Equal(t, []string{"count"}, pool.GetIgnoreChanges())
		assert.True(t, pool.GetDeleteBeforeReplace(), "its name is its own")
		assert.False(t, r.seen[identity].GetProtect())
	}
}

// The same cluster has the same names in every run.
func TestAssignmentsAreDeterministic(t *testing.T) {
	names := func() []string {
		var all []string
		for _, r := range built(t, spec()).ByType(assignment) {
			all = append(all, r.Name+" "+r.Inputs["roleAssignmentName"].StringValue())
		}
		return all
	}
	assert.Equal(t, names(), names())
}

// Whoever owns the cluster puts the posture into its arguments.
func TestApply(t *testing.T) {
	plan, err := aks.NewPlan(cell(aks.PrivateOwnZone, aks.PodSubnetStatic, aks.EgressCustomerFirewall))
	require.NoError(t, err)
	g := recorded(t, func(ctx *pulumi.Context, _, v3 pulumi.ProviderResource) error {
		args := &containerservice.ManagedClusterArgs{
			ResourceGroupName: pulumi.String("data"),
			DnsPrefix:         pulumi.String("own"),
			AgentPoolProfiles: containerservice.ManagedClusterAgentPoolProfileArray{
				&containerservice.ManagedClusterAgentPoolProfileArgs{Name: pulumi.String("system"), VmSize: pulumi.String("Standard_B4ms")},
			},
		}
		if err := plan.Posture.Apply(args, ids()); err != nil {
			return err
		}
		_, err := containerservice.NewManagedCluster(ctx, "own", args, append(plan.Posture.Options(), pulumi.Provider(v3))...)
		return err
	})
	in := only(t, g, managedCluster).Inputs.Mappable()
	assert.Equal(t, "own", in["dnsPrefix"])
	assert.Equal(t, map[string]any{
		"networkPlugin": "azure", "networkDataplane": "cilium", "networkPolicy": "cilium", "loadBalancerSku": "standard",
		"outboundType": "userDefinedRouting", "serviceCidr": "172.16.0.0/16", "dnsServiceIP": "172.16.0.10",
	}, in["networkProfile"])
	assert.Equal(t, zoneID, at(t, in, "apiServerAccessProfile")["privateDNSZone"])
	pool := in["agentPoolProfiles"].([]any)[0].(map[string]any)
	assert.Equal(t, "Standard_B4ms", pool["vmSize"], "what is not the network's stays")
	assert.Equal(t, "StaticBlock", pool["podIPAllocationMode"])
	assert.Equal(t, podsID, pool["podSubnetID"])
	assert.Equal(t, nodesID, pool["vnetSubnetID"])
}

func TestApplyRefuses(t *testing.T) {
	plan, err := aks.NewPlan(cell(aks.VnetIntegrationPrivate, aks.PodSubnet, aks.EgressLoadBalancer))
	require.NoError(t, err)
	cases := []struct {
		name  string
		pools containerservice.ManagedClusterAgentPoolProfileArrayInput
		ids   aks.IDs
		want  []string
	}{
		{"no pools", nil, ids(), []string{"agentPoolProfiles: are not plain; give a ManagedClusterAgentPoolProfileArray"}},
		{"an empty list", containerservice.ManagedClusterAgentPoolProfileArray{}, ids(), []string{
			"agentPoolProfiles: are empty; give the cluster its first pool",
		}},
		{"other pools, no ids", containerservice.ManagedClusterAgentPoolProfileArray{
			containerservice.ManagedClusterAgentPoolProfileArgs{Name: pulumi.String("other")},
			containerservice.ManagedClusterAgentPoolProfileArgs{Name: pulumi.String("computed").ToStringOutput()},
			containerservice.ManagedClusterAgentPoolProfileOutput{},
		}, aks.IDs{}, []string{
			"nodeSubnetId: is missing; nodes are put into it; give it",
			"podSubnetId: is missing; pods are put into it; give it",
			"apiServerSubnetId: is missing; the API server is put into it; give it",
			"publicIpIds: are 0; the load balancer's traffic leaves from them; give 1 to 16",
			"agentPoolProfiles[0].name: other: is a pool that was not planned; name it in the spec's pools",
			"agentPoolProfiles[1].name: is not plain; give a pulumi.String",
			"agentPoolProfiles[2]: is not plain; give ManagedClusterAgentPoolProfileArgs",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			args := &containerservice.ManagedClusterArgs{AgentPoolProfiles: c.pools}
			assert.Equal(t, c.want, messages(t, plan.Posture.Apply(args, c.ids)))
			assert.Equal(t, &containerservice.ManagedClusterArgs{AgentPoolProfiles: c.pools}, args, "the arguments are as they were")
		})
	}
}

func TestApplyPool(t *testing.T) {
	s := cell(aks.VnetIntegrationPrivate, aks.PodSubnet, aks.EgressCustomerFirewall)
	s.Pools = append(s.Pools, aks.Pool{Name: "spark", MaxCount: 2, MaxPods: 30})
	plan, err := aks.NewPlan(s)
	require.NoError(t, err)
	g := recorded(t, func(ctx *pulumi.Context, _, v3 pulumi.ProviderResource) error {
		args := &containerservice.AgentPoolArgs{ResourceGroupName: pulumi.String("data"), ResourceName: pulumi.String("own")}
		if err := plan.Posture.ApplyPool(args, "spark", ids()); err != nil {
			return err
		}
		_, err := containerservice.NewAgentPool(ctx, "spark", args, pulumi.Provider(v3))
		return err
	})
	assert.Equal(t, map[string]any{
		"resourceGroupName": "data", "resourceName": "own", "enableAutoScaling": true, "minCount": 0.0, "maxCount": 2.0, "maxPods": 30.0,
		"enableNodePublicIP": false, "upgradeSettings": map[string]any{"maxSurge": "10%"},
		"vnetSubnetID": nodesID, "podSubnetID": podsID, "podIPAllocationMode": "DynamicIndividual",
	}, only(t, g, agentPool).Inputs.Mappable())

	args := &containerservice.AgentPoolArgs{}
	assert.Equal(t, []string{
		"nodeSubnetId: is missing; nodes are put into it; give it",
		"podSubnetId: is missing; pods are put into it; give it",
		"agentPoolName: other: is a pool that was not planned; name it in the spec's pools",
	}, messages(t, plan.Posture.ApplyPool(args, "other", aks.IDs{})))
	assert.Equal(t, &containerservice.AgentPoolArgs{}, args)
}

// Nothing is registered for arguments with problems, and all are reported: of
// the spec and of what is beside it.
func TestClusterRefuses(t *testing.T) {
	cases := []struct {
		name string
		s    aks.Spec
		want []string
	}{
		{"of kubenet with its own zone", cell(aks.PrivateOwnZone, aks.Kubenet, aks.EgressCustomerFirewall), []string{
			"vnetId: is missing; the cluster's identity needs a role for it; give it",
			"privateZoneId: is missing; the API server's name is written into it; give it",
			"routeTableId: is missing; the cluster's identity needs a role for it; give it",
		}},
		{"without egress", cell(aks.VnetIntegrationPrivate, aks.PodSubnet, aks.EgressNone), []string{
			"podSubnetId: is missing; pods are put into it; give it",
			"apiServerSubnetId: is missing; the API server is put into it; give it",
			"registryId: is missing; without egress, AKS's own images come from it; give it",
		}},
		{"with a spec that is wrong", spec(func(s *aks.Spec) { s.Location, s.Pools[0].VMSize = "", "" }), []string{
			"location: is missing; give an Azure region in its short form, for example westeurope",
			"pools[0].vmSize: is missing; give one, for example Standard_D4ds_v5",
			"apiServerSubnetId: is missing; the API server is put into it; give it",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := aks.NewAksCluster(ctx, "-dp1", &aks.AksClusterArgs{Spec: c.s})
				return err
			})
			assert.ElementsMatch(t, append(c.want,
				"name: -dp1: is not the name of a cluster; use 1 to 54 letters, digits and hyphens, the first and last no hyphen",
				"clusterProvider: is missing; give that of NewClusterProvider",
				"resourceGroupName: is missing; give it",
				"nodeSubnetId: is missing; nodes are put into it; give it",
			), messages(t, err))
		})
	}
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := aks.NewAksCluster(ctx, "dp1", nil)
		return err
	})
	assert.ErrorContains(t, err, `AKS cluster "dp1"`)
}
