package aks_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

// A cluster behind the customer's firewall; its API server is in the VNet. The
// two providers are the two major versions of the plugin.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		clusters, err := aks.NewClusterProvider(ctx, "azure-clusters", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		const vnet = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke"
		cluster, err := aks.NewAksCluster(ctx, "dp1", &aks.AksClusterArgs{
			Spec: aks.Spec{
				Location: "westeurope",
				Vnet: aks.Vnet{
					Cidrs:     []string{"10.0.0.0/16"},
					Nodes:     aks.Subnet{Cidr: "10.0.0.0/24", RouteTable: "to-firewall"},
					APIServer: &aks.Subnet{Cidr: "10.0.1.0/28", Delegation: aks.Delegation},
				},
				Egress: aks.EgressCustomerFirewall,
				Pools: []aks.Pool{
					{Name: "system", VMSize: "Standard_D4ds_v5", MinCount: 2, MaxCount: 3},
					{Name: "spark", VMSize: "Standard_E8ds_v5", MaxCount: 60, MaxPods: 50},
				},
			},
			IDs: aks.IDs{
				NodeSubnetID:      pulumi.String(vnet + "/subnets/nodes"),
				APIServerSubnetID: pulumi.String(vnet + "/subnets/api"),
			},
			ClusterProvider:   clusters,
			ResourceGroupName: pulumi.String("data"),
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		capacity := cluster.Plan().Capacity
		fmt.Printf("%d nodes of at most %d, limited by %s\n", capacity.Nodes, capacity.MaxNodes, capacity.LimitedBy)
		return nil
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{
		"azure-native:containerservice:ManagedCluster",
		"azure-native:managedidentity/v20230131:UserAssignedIdentity",
		"azure-native:authorization/v20220401:RoleAssignment",
	} {
		for _, r := range g.ByType(token) {
			fmt.Println(r.Name)
		}
	}
	// Output:
	// 70 nodes of at most 250, limited by nodeSubnet
	// dp1
	// dp1-identity
	// dp1-api-server
	// dp1-nodes
}

// The subnets of the document "Network configuration for Conveyor" have room
// for 256 nodes but for 2000 pods, and a node of 110 pods takes 128 addresses.
func ExampleNewPlan() {
	_, err := aks.NewPlan(aks.Spec{
		Location: "westeurope",
		Model:    aks.PodSubnet,
		Vnet: aks.Vnet{
			Cidrs:     []string{"10.0.0.0/16"},
			Nodes:     aks.Subnet{Cidr: "10.0.0.0/24"},
			Pods:      &aks.Subnet{Cidr: "10.0.8.0/21", Delegation: aks.Delegation},
			APIServer: &aks.Subnet{Cidr: "10.0.1.0/28", Delegation: aks.Delegation},
		},
		Egress: aks.EgressLoadBalancer,
		Pools:  []aks.Pool{{Name: "system", MaxCount: 20}},
	})
	var problems problem.List
	if errors.As(err, &problems) {
		fmt.Println(problems[0].Rule)
		fmt.Println(problems[0].Fix)
	}
	// Output:
	// is 22 nodes with surge and needs 2816 addresses of the pod subnet 10.0.8.0/21, which has 2043
	// the smallest that holds all pools is a /20; or use fewer nodes or fewer pods a node
}
