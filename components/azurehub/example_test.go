package azurehub_test

import (
	"context"
	"fmt"
	"log"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/azurehub"
	"github.com/underlay-iac/underlay/graph"
)

// The hub of one data plane: its cluster's traffic leaves through the firewall,
// and names of the company's own domain are answered on-premises.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{
			SubscriptionId: pulumi.String("00000000-0000-0000-0000-000000000002"),
		})
		if err != nil {
			return err
		}
		hub, err := azurehub.NewAzureHub(ctx, "hub", &azurehub.AzureHubArgs{
			Spec: azurehub.Spec{
				Location: "westeurope",
				VnetCidr: "10.40.0.0/22",
				AKS: &azurehub.AKS{
					NodeCidrs: []string{"10.50.0.0/24"},
					PodCidrs:  []string{"10.50.8.0/21"},
				},
				Rules: []azurehub.Rule{
					{Name: "git", Protocol: "https", Sources: []string{"10.50.8.0/21"}, FQDNs: []string{"git.example.com"}},
				},
				Resolver: &azurehub.Resolver{Rules: []azurehub.ForwardingRule{
					{Domain: "corp.example.com", Servers: []string{"10.60.0.4"}},
				}},
				Spokes: map[string]azurehub.Spoke{"data": {Cidrs: []string{"10.50.0.0/16"}}},
			},
			ResourceGroupName: pulumi.String("hub"),
			SpokeVnetIDs: pulumi.StringMap{
				"data": pulumi.String("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers/Microsoft.Network/virtualNetworks/data"),
			},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("nextHop", hub.FirewallPrivateIP)
		return nil
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range g.ByType("azure-native:network/v20240501:Subnet") {
		fmt.Println(r.Inputs["subnetName"].StringValue(), r.Inputs["addressPrefix"].StringValue())
	}
	for _, r := range g.ByType("azure-native:network/v20240501:FirewallPolicyRuleCollectionGroup") {
		fmt.Println(r.Name)
	}
	// Output:
	// AzureFirewallSubnet 10.40.0.0/26
	// resolver-inbound 10.40.0.224/28
	// resolver-outbound 10.40.0.240/28
	// hub-aks
	// hub-extra
}
