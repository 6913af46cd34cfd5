package engine

import (
	"slices"
	"strings"
	"testing"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	resources "github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/components/azurehub"
	"github.com/underlay-iac/underlay/components/azureprivateendpoints"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/stacks"
)

const azureSubscription = "11111111-2222-4333-8444-555555555555"

// customersHub is a stack of the customer's: the hub that azure-staging is
// peered with, and another VNet.
var customersHub = program{project: "hub", stack: "hub", run: func(ctx *pulumi.Context) error {
	provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{
		SubscriptionId: pulumi.String(azureSubscription), Location: pulumi.String("westeurope"),
	})
	if err != nil {
		return err
	}
	in := pulumi.Provider(provider)
	group, err := resources.NewResourceGroup(ctx, "group", &resources.ResourceGroupArgs{
		ResourceGroupName: pulumi.String("hub"), Location: pulumi.String("westeurope"),
	}, in)
	if err != nil {
		return err
	}
	for name, block := range map[string]string{"hub": "10.10.0.0/22", "shared": "10.12.0.0/22"} {
		_, err := network.NewVirtualNetwork(ctx, name, &network.VirtualNetworkArgs{
			ResourceGroupName: group.Name, VirtualNetworkName: pulumi.String(name), Location: pulumi.String("westeurope"),
			AddressSpace: network.AddressSpaceArgs{AddressPrefixes: pulumi.StringArray{pulumi.String(block)}},
		}, in)
		if err != nil {
			return err
		}
	}
	return nil
}}

// vnetID is the id of a VNet of customersHub.
func vnetID(name string) string {
	return "/subscriptions/" + azureSubscription + "/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/" + name
}

// inAzure returns the program of one of the Azure environments, with edits made
// to its model's configuration.
func inAzure[T stacks.Spec](t framework.TB, name string, edits ...func(T)) program {
	t.Helper()
	env, err := stacks.Load("../../Pulumi." + name + ".yaml")
	require.NoError(t, err)
	spec, ok := env.Spec.(T)
	require.True(t, ok)
	for _, edit := range edits {
		edit(spec)
	}
	return programOf(t, name, env)
}

// blocks returns the blocks of a stack's VNets and subnets by name.
func (w *world) blocks(stack string) map[string]string {
	blocks := map[string]string{}
	for _, state := range w.State(stack).Resources {
		switch {
		case strings.HasSuffix(string(state.Type), ":Subnet"):
			blocks[state.URN.Name()] = state.Outputs["addressPrefix"].StringValue()
		case strings.HasSuffix(string(state.Type), ":VirtualNetwork"):
			blocks[state.URN.Name()] = state.Outputs["addressSpace"].ObjectValue()["addressPrefixes"].ArrayValue()[0].StringValue()
		}
	}
	return blocks
}

// requireProviders asserts that every resource is made by the explicit provider
// of its cloud, and a cluster by that of clusters.
func (w *world) requireProviders(t framework.TB, stack string) {
	t.Helper()
	for _, state := range w.State(stack).Resources {
		pkg := string(state.URN.Type().Package())
		if !state.Custom || !slices.Contains([]string{"aws", "azure-native"}, pkg) {
			continue
		}
		want := map[string]string{"aws": "aws::aws::", "azure-native": "azure-native::azure::"}[pkg]
		if strings.Contains(string(state.Type), ":containerservice:") {
			want = "azure-native::azure-clusters::"
		}
		require.Contains(t, state.Provider, "pulumi:providers:"+want, state.URN)
	}
}

// requireKept asserts that an operation replaced and deleted none of the types.
func requireKept(t framework.TB, r result, types ...string) {
	t.Helper()
	for _, op := range []string{"replace", "delete"} {
		for urn, ops := range r.steps {
			if slices.Contains(types, string(urn.Type().Name())) {
				for _, done := range ops {
					require.NotEqual(t, op, string(done), urn)
				}
			}
		}
	}
}

// kept are the types that no growth and no change of mode may replace.
var kept = []string{"VirtualNetwork", "Subnet", "ManagedCluster", "PrivateZone", "ResourceGroup", "AzureFirewall"}

func growData(s *stacks.SharedAzure) {
	s.DataPlane.Roles = append(azurevnet.DefaultRoles(), addressing.AzureAPIServer, addressing.AzureInternalLB)
	s.DataPlane.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"tools": {Cidr: free(s)}}
	s.PrivateEndpoints.Services = append(s.PrivateEndpoints.Services, "queue")
	s.Cluster.Pools = append(s.Cluster.Pools, aks.Pool{Name: "large", MaxCount: 2, MaxPods: 50})
}

// free is a block that is no role's: 10.40.5.0/27 of 10.40.0.0/20.
func free(s *stacks.SharedAzure) string {
	return strings.Replace(s.DataPlane.AddressSpace[0], ".0.0/20", ".5.0/27", 1)
}

func growZone(s *stacks.AksLandingZone) {
	s.Spoke.Roles = append(s.Spoke.Roles, addressing.AzureInternalLB, addressing.AzureDatabase)
	s.PrivateEndpoints = &stacks.AzureEndpoints{Spec: azureprivateendpoints.Spec{Services: []string{"aks", "blob", "queue", "registry", "vault"}}}
	s.Cluster.Pools = append(s.Cluster.Pools, aks.Pool{Name: "large", VMSize: "Standard_E8ds_v5", MaxCount: 2, MaxPods: 50})
	s.Hub.Spokes = map[string]azurehub.Spoke{"shared": {VnetID: vnetID("shared"), Cidrs: []string{"10.12.0.0/22"}}}
	s.Hub.Bastion = &azurehub.Bastion{}
	s.Hub.Rules = []azurehub.Rule{{Name: "git", Protocol: "https", Sources: []string{"10.50.16.0/20"}, FQDNs: []string{"github.com"}}}
}

// TestAzureLifecycle takes the Azure environments through all there is. The
// counts are of the resources in the clouds. azure-dev: a resource group, a
// VNet, 5 subnets with as many security groups, an address, 5 zones with a link
// each, 2 role assignments: 25; and in AWS 4 queues with as many policies, 2
// redrive policies with as many permissions, a role with its policy and a
// provider of identities: 15. azure-staging has no address, but 2 route tables
// with 1 and 3 routes, a peering and a second link of each zone: 24+2+4+1+5.
// aks-dev: 2 groups; of the hub a VNet, 2 subnets, a peering, an address, a
// policy with a group of rules, a firewall, a resolver with its endpoint: 10; of
// the spoke a VNet, 4 subnets with as many security groups, a route table with
// its route, a peering: 12; 4 zones with 2 links each: 12; of the cluster an
// identity with 2 roles, the cluster and a pool: 5; of the ingress an identity
// with its role, an address, a policy, a gateway: 5.
func TestAzureLifecycle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment    string
		deployed       func(t framework.TB) program
		grown          func(t framework.TB) program
		inAzure, inAws int
		more           []string // what growth adds to the blocks
	}{
		{
			"azure-dev",
			func(t framework.TB) program { return inAzure[*stacks.SharedAzure](t, "azure-dev") },
			func(t framework.TB) program { return inAzure(t, "azure-dev", growData) },
			25, 15, []string{"net-internalLoadBalancer", "net-tools"},
		},
		{
			"azure-staging",
			func(t framework.TB) program { return inAzure[*stacks.SharedAzure](t, "azure-staging") },
			func(t framework.TB) program { return inAzure(t, "azure-staging", growData) },
			36, 15, []string{"net-internalLoadBalancer", "net-tools"},
		},
		{
			"aks-dev",
			func(t framework.TB) program { return inAzure[*stacks.AksLandingZone](t, "aks-dev") },
			func(t framework.TB) program { return inAzure(t, "aks-dev", growZone) },
			46, 0, []string{"spoke-internalLoadBalancer", "spoke-database", "hub-bastion"},
		},
	} {
		t.Run(test.environment, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireClean(t, w.Up(t, customersHub))
			before := w.azure.Objects()

			p := test.deployed(t)
			preview := w.Preview(t, p)
			requireClean(t, preview)
			require.Equal(t, before, w.azure.Objects())
			up := w.Up(t, p)
			requireClean(t, up)
			require.Equal(t, preview.counts(), up.counts())
			require.Len(t, ofPackage(up.urns("create"), "azure-native"), test.inAzure)
			require.Len(t, ofPackage(up.urns("create"), "aws"), test.inAws)
			w.requireInStep(t)
			w.requireProviders(t, p.stack)

			deployed := w.azure.Objects()
			requireSame(t, w.Preview(t, p))
			requireSame(t, w.Up(t, p))
			requireSame(t, w.Refresh(t, p))
			requireSame(t, w.Up(t, p))
			require.Equal(t, deployed, w.azure.Objects())

			blocks := w.blocks(p.stack)
			grown := test.grown(t)
			up = w.Up(t, grown)
			requireClean(t, up)
			require.Empty(t, up.urns("replace"))
			require.Empty(t, up.urns("delete"))
			now := w.blocks(p.stack)
			for name, block := range blocks {
				require.Equal(t, block, now[name], name)
			}
			for _, name := range test.more {
				require.NotEmpty(t, now[name], name)
			}
			require.Len(t, now, len(blocks)+len(test.more))
			requireSame(t, w.Up(t, grown))
			w.requireInStep(t)
			w.requireProviders(t, p.stack)

			// From nothing, the same comes to be.
			alone := newWorld(t)
			requireClean(t, alone.Up(t, customersHub))
			requireClean(t, alone.Up(t, grown))
			require.Len(t, alone.azure.Objects(), len(w.azure.Objects()))
			require.Equal(t, now, alone.blocks(p.stack))

			// And back again: what was added goes, nothing else.
			up = w.Up(t, p)
			requireClean(t, up)
			require.Equal(t, blocks, w.blocks(p.stack))
			requireSame(t, w.Up(t, p))

			requireClean(t, w.Destroy(t, p))
			require.Equal(t, before, w.azure.Objects())
			require.Empty(t, w.aws.Objects())
		})
	}
}

// cluster is the data plane of tests/testdata/azure-cluster, whose cluster is
// made here.
func cluster(t framework.TB, edits ...func(*stacks.SharedAzure)) program {
	t.Helper()
	env, err := stacks.Load("../testdata/azure-cluster/config.yaml")
	require.NoError(t, err)
	spec := env.Spec.(*stacks.SharedAzure)
	spec.VendorAccess.Access = "" // an owner is warned of
	for _, edit := range edits {
		edit(spec)
	}
	return programOf(t, "azure-cluster", env)
}

// TestAzureCluster makes the cluster with its VNet, gives it pools, takes them
// away again, and changes who may reach what, without making it anew. The owner
// of deletion protection has to say so before it goes.
func TestAzureCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, cluster(t)))
	w.requireInStep(t)
	w.requireProviders(t, "azure-cluster")
	pools := func(names ...string) func(*stacks.SharedAzure) {
		return func(s *stacks.SharedAzure) {
			for _, name := range names {
				s.Cluster.Pools = append(s.Cluster.Pools, aks.Pool{Name: name, VMSize: "Standard_D8ds_v5", MaxCount: 4})
			}
		}
	}
	for _, p := range []program{
		cluster(t),
		cluster(t, pools("a", "b", "c")),
		cluster(t, pools("b")), // two that are no neighbours go at once
		cluster(t, func(s *stacks.SharedAzure) { s.Cluster.Pools[0].MaxCount = 5 }),
		cluster(t, func(s *stacks.SharedAzure) { s.DataPlane.ControlPlaneCidrs = []string{"192.0.2.0/24"} }),
		cluster(t, func(s *stacks.SharedAzure) { s.Tags = map[string]string{"team": "data"} }),
		cluster(t),
	} {
		up := w.Up(t, p)
		requireClean(t, up)
		requireKept(t, up, kept...)
		requireSame(t, w.Up(t, p))
		w.requireInStep(t)
	}
	yes := true
	requireClean(t, w.Up(t, cluster(t, func(s *stacks.SharedAzure) { s.Cluster.DeletionProtection = &yes })))
	refused := w.Destroy(t, cluster(t))
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "protect")
	w.requireInStep(t)
	requireClean(t, w.Up(t, cluster(t)))
	requireClean(t, w.Destroy(t, cluster(t)))
	require.Empty(t, w.azure.Objects())
}

// TestAzureDNSAfterTheCluster follows "Network topology and connectivity for
// AKS", section Private clusters: where AKS makes the zone of the API server's
// name, the VNet uses the central DNS servers only once the cluster is there.
func TestAzureDNSAfterTheCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, customersHub))
	systemZone := func(created bool) program {
		return inAzure(t, "azure-staging", func(s *stacks.SharedAzure) {
			s.Cluster.Create, s.Cluster.Created = true, created
			s.Cluster.API.Access = aks.PrivateSystemZone
			for i := range s.Cluster.Pools {
				s.Cluster.Pools[i].VMSize = "Standard_D4ds_v5"
			}
		})
	}
	servers := func() any {
		for _, state := range w.State("azure-staging").Resources {
			if state.URN.Name() == "net-vnet" {
				return state.Inputs["dhcpOptions"].Mappable()
			}
		}
		return "no VNet"
	}
	up := w.Up(t, systemZone(false))
	require.NoError(t, up.err, up.text())
	require.Nil(t, servers())

	up = w.Up(t, systemZone(true))
	require.NoError(t, up.err, up.text())
	require.Equal(t, map[string]any{"dnsServers": []any{"10.10.0.4"}}, servers())
	requireKept(t, up, kept...)
	w.requireInStep(t)
}

// TestAksHub takes the hub of aks-dev through what it may have: each is added
// to what is deployed, and taken away, while the spoke and the cluster stay.
func TestAksHub(t *testing.T) {
	t.Parallel()
	bare := func(s *stacks.AksLandingZone) { s.Hub.Resolver = nil }
	full := func(s *stacks.AksLandingZone) {
		s.Hub.Firewall = azurehub.Firewall{PublicIPs: 2, ThreatIntel: azurehub.ThreatIntelDeny}
		s.Hub.Rules = []azurehub.Rule{{Name: "git", Protocol: "https", Sources: []string{"10.50.16.0/20"}, FQDNs: []string{"github.com"}}}
		s.Hub.ControlPlane = &azurehub.ControlPlane{Sources: []string{"203.0.113.0/24"}, TargetAddress: "10.50.16.250"}
		s.Hub.Resolver = &azurehub.Resolver{InboundIP: "10.50.0.230", Rules: []azurehub.ForwardingRule{
			{Domain: "corp.example.com", Servers: []string{"192.168.0.4"}},
		}}
		s.Hub.Bastion = &azurehub.Bastion{}
		s.Hub.Gateway = true
		s.Hub.Ddos = azurehub.DdosPlan
		s.Hub.Spokes = map[string]azurehub.Spoke{"shared": {VnetID: vnetID("shared"), Cidrs: []string{"10.12.0.0/22"}}}
	}
	premium := func(s *stacks.AksLandingZone) {
		bare(s)
		s.Hub.Firewall = azurehub.Firewall{Tier: azurehub.Premium, PublicIPs: 3}
	}
	w := newWorld(t)
	requireClean(t, w.Up(t, customersHub))
	before := w.azure.Objects()
	requireClean(t, w.Up(t, inAzure(t, "aks-dev", full)))
	blocks := w.blocks("aks-dev")
	for _, edit := range []func(*stacks.AksLandingZone){bare, full, premium, full} {
		p := inAzure(t, "aks-dev", edit)
		up := w.Up(t, p)
		requireClean(t, up)
		require.Empty(t, up.urns("replace"))
		now := w.blocks("aks-dev")
		for name, block := range now {
			require.Equal(t, block, blocks[name], name)
		}
		requireSame(t, w.Up(t, p))
		requireSame(t, w.Refresh(t, p))
		w.requireInStep(t)
	}
	require.Equal(t, blocks, w.blocks("aks-dev"))
	requireClean(t, w.Destroy(t, inAzure(t, "aks-dev", full)))
	require.Equal(t, before, w.azure.Objects())
}

// ofPackage returns the URNs of a provider's resources.
func ofPackage(urns []resource.URN, name string) []resource.URN {
	return slices.DeleteFunc(slices.Clone(urns), func(urn resource.URN) bool { return string(urn.Type().Package()) != name })
}

// behindFirewall puts azure-dev behind the customer's firewall.
func behindFirewall(s *stacks.SharedAzure) {
	s.DataPlane.Egress, s.DataPlane.ControlPlaneCidrs = azurevnet.EgressCustomerFirewall, nil
	s.DataPlane.Firewall = &azurevnet.Firewall{PrivateIP: "10.10.0.4", ControlPlaneIP: "198.51.100.10"}
	s.DataPlane.Peerings = map[string]azurevnet.Peering{"hub": {RemoteVnetID: vnetID("hub"), AddressSpace: []string{"10.10.0.0/22"}}}
}

func behindNat(s *stacks.SharedAzure) { s.DataPlane.Egress = azurevnet.EgressNatGateway }

// TestAzureModes takes azure-dev from each way out to each other one and back.
// No subnet is made anew, and what is there is what a first deployment makes.
func TestAzureModes(t *testing.T) {
	t.Parallel()
	managed := func(*stacks.SharedAzure) {}
	w := newWorld(t)
	requireClean(t, w.Up(t, customersHub))
	requireClean(t, w.Up(t, inAzure(t, "azure-dev", managed)))
	blocks := w.blocks("azure-dev")
	for _, mode := range []func(*stacks.SharedAzure){behindFirewall, managed, behindNat, behindFirewall, behindNat, managed} {
		p := inAzure(t, "azure-dev", mode)
		up := w.Up(t, p)
		requireClean(t, up)
		requireKept(t, up, kept...)
		require.Equal(t, blocks, w.blocks("azure-dev"))
		requireSame(t, w.Up(t, p))
		w.requireInStep(t)

		alone := newWorld(t)
		requireClean(t, alone.Up(t, customersHub))
		requireClean(t, alone.Up(t, p))
		require.Len(t, alone.azure.Objects(), len(w.azure.Objects()))
	}
}

// TestAzureVanished makes objects vanish behind Pulumi's back. A refresh sees
// it, and the next up makes them again, with the addresses that they had.
func TestAzureVanished(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"net-tools", "net-egress-default", "net-database", "net-peering-hub", "endpoints-privatelink.azurecr.io-hub", "vendor-contributor",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireClean(t, w.Up(t, customersHub))
			p := inAzure(t, "azure-staging", growData)
			requireClean(t, w.Up(t, p))
			blocks, objects := w.blocks(p.stack), len(w.azure.Objects())
			forgotten := false
			for _, state := range w.State(p.stack).Resources {
				if state.Custom && state.URN.Name() == name && !forgotten {
					require.NoError(t, w.azure.Forget(string(state.ID)))
					forgotten = true
				}
			}
			require.True(t, forgotten)
			requireClean(t, w.Refresh(t, p))
			requireClean(t, w.Up(t, p))
			requireSame(t, w.Up(t, p))
			w.requireInStep(t)
			require.Equal(t, blocks, w.blocks(p.stack))
			require.Len(t, w.azure.Objects(), objects)
		})
	}
}

// TestAzureMoves refuses what would move a deployed block. The blocks are those
// of the address plan, drawn in the package comment of azurevnet.
func TestAzureMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, customersHub))
	requireClean(t, w.Up(t, inAzure[*stacks.SharedAzure](t, "azure-dev")))
	requireClean(t, w.Up(t, inAzure[*stacks.AksLandingZone](t, "aks-dev")))
	before := w.azure.Objects()
	for _, test := range []struct {
		name string
		to   program
		says []string
	}{
		{"another VNet", inAzure(t, "azure-dev", func(s *stacks.SharedAzure) { s.DataPlane.AddressSpace = []string{"10.60.0.0/20"} }), []string{
			"underlay:spec.dataPlane.addressSpace: 10.60.0.0/20: would move net-vnet, deployed at 10.40.0.0/20",
			"underlay:spec.dataPlane.subnets.pods: 10.60.8.0/21: would move net-pods, deployed at 10.40.8.0/21",
		}},
		{"a larger VNet", inAzure(t, "azure-dev", func(s *stacks.SharedAzure) { s.DataPlane.AddressSpace = []string{"10.40.0.0/16"} }), []string{
			"underlay:spec.dataPlane.subnets.pods: 10.40.128.0/21: would move net-pods, deployed at 10.40.8.0/21",
		}},
		{"a subnet placed by hand", inAzure(t, "azure-dev", func(s *stacks.SharedAzure) {
			s.DataPlane.Subnets = map[addressing.AzureRole]azurevnet.Subnet{addressing.AzureDatabase: {Cidr: "10.40.7.128/28"}}
		}), []string{
			"underlay:spec.dataPlane.subnets.database: 10.40.7.128/28: would move net-database, deployed at 10.40.7.64/28; " +
				"keep what is deployed; or set underlay:allowReplacement for one update",
		}},
		{"into a VNet made elsewhere", inAzure(t, "azure-dev", func(s *stacks.SharedAzure) {
			s.DataPlane.Existing = &azurevnet.ExistingVnet{VnetID: vnetID("shared")}
		}), []string{"would remove net-vnet (10.40.0.0/20) and everything in it"}},
		{"another hub", inAzure(t, "aks-dev", func(s *stacks.AksLandingZone) { s.Hub.VnetCidr = "10.70.0.0/22" }), []string{
			"underlay:spec.hub.vnetCidr: 10.70.0.0/22: would move hub, deployed at 10.50.0.0/22",
			"underlay:spec.hub.subnets.firewall: 10.70.0.0/26: would move hub-firewall, deployed at 10.50.0.0/26",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused := w.Up(t, test.to)
			require.Error(t, refused.err)
			for _, said := range test.says {
				require.Contains(t, refused.text(), said)
			}
			requireOnly(t, refused)
			require.Equal(t, before, w.azure.Objects())
		})
	}
}

// TestAzureOneCloudLeft takes the queues away: what was in AWS goes, by the
// provider that the state remembers.
func TestAzureOneCloudLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, inAzure[*stacks.SharedAzure](t, "azure-dev")))
	require.NotEmpty(t, w.aws.Objects())
	env, err := stacks.Load("../../Pulumi.azure-dev.yaml")
	require.NoError(t, err)
	env.Aws = stacks.Aws{}
	env.Spec.(*stacks.SharedAzure).Bridge = nil
	up := w.Up(t, programOf(t, "azure-dev", env))
	requireClean(t, up)
	require.Empty(t, w.aws.Objects())
	require.Empty(t, ofPackage(up.urns("delete"), "azure-native"))
	w.requireInStep(t)
}
