package azureprivateendpoints_test

import (
	"context"
	"fmt"
	"log"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/azureprivateendpoints"
	"github.com/underlay-iac/underlay/graph"
)

// A spoke that reaches its storage account and its vault by private addresses,
// with DNS servers in the hub.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{
			SubscriptionId: pulumi.String("00000000-0000-0000-0000-000000000001"),
		})
		if err != nil {
			return err
		}
		vnet, err := network.NewVirtualNetwork(ctx, "spoke", &network.VirtualNetworkArgs{
			ResourceGroupName: pulumi.String("network"),
			Location:          pulumi.String("westeurope"),
			AddressSpace:      &network.AddressSpaceArgs{AddressPrefixes: pulumi.StringArray{pulumi.String("10.50.0.0/16")}},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		subnet, err := network.NewSubnet(ctx, "endpoints", &network.SubnetArgs{
			ResourceGroupName:  pulumi.String("network"),
			VirtualNetworkName: vnet.Name,
			AddressPrefix:      pulumi.String("10.50.8.0/26"),
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		const data = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers/"
		built, err := azureprivateendpoints.NewAzurePrivateEndpoints(ctx, "private", &azureprivateendpoints.AzurePrivateEndpointsArgs{
			Spec: azureprivateendpoints.Spec{
				Location:   "westeurope",
				SubnetCidr: "10.50.8.0/26",
				DNSServers: []string{"10.40.0.4"},
				Endpoints: map[string]azureprivateendpoints.Endpoint{
					"lake":      {Service: "blob", ResourceID: data + "Microsoft.Storage/storageAccounts/lake"},
					"passwords": {Service: "vault", ResourceID: data + "Microsoft.KeyVault/vaults/passwords", StaticIP: "10.50.8.10"},
				},
			},
			ResourceGroupName: pulumi.String("network"),
			VnetID:            vnet.ID().ToStringOutput(),
			SubnetID:          subnet.ID().ToStringOutput(),
			HubVnetIDs: pulumi.StringMap{
				"hub": pulumi.String("/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"),
			},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("forward", built.ConditionalForwarders)
		return nil
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range g.Resources {
		if r.Type == "pulumi:pulumi:Stack" {
			fmt.Println(r.Outputs["forward"].Mappable())
		}
	}
	// Output:
	// map[blob.core.windows.net:168.63.129.16 vault.azure.net:168.63.129.16 vaultcore.azure.net:168.63.129.16]
}
