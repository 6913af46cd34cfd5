package azurevnet_test

import (
	"context"
	"fmt"
	"log"

	azureprovider "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/graph"
)

// A data plane behind the customer's firewall, for 256 nodes. The firewall is in
// a peered VNet, and forwards the control plane's connections from 203.0.113.10.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azureprovider.NewProvider(ctx, "azure", &azureprovider.ProviderArgs{
			SubscriptionId: pulumi.String("00000000-0000-0000-0000-000000000001"),
		})
		if err != nil {
			return err
		}
		const hub = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"
		vnet, err := azurevnet.NewAzureSecureVnet(ctx, "data", &azurevnet.AzureSecureVnetArgs{
			ResourceGroupName: pulumi.String("data-plane"),
			Spec: azurevnet.Spec{
				Location:     "westeurope",
				AddressSpace: []string{"10.40.0.0/20"},
				Subnets:      map[addressing.AzureRole]azurevnet.Subnet{addressing.AzureNodes: {Addresses: 256}},
				Egress:       azurevnet.EgressCustomerFirewall,
				Firewall:     &azurevnet.Firewall{PrivateIP: "10.10.1.4", ControlPlaneIP: "203.0.113.10"},
				Peerings: map[string]azurevnet.Peering{
					"hub": {RemoteVnetID: hub, AddressSpace: []string{"10.10.0.0/16"}},
				},
			},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		for _, s := range vnet.Plan().Subnets {
			fmt.Println(s.Name, s.Cidr, s.Usable)
		}
		first := vnet.Plan().RequiredEgress[0]
		fmt.Println(first.Sources, first.Protocol, first.Ports, first.FQDNs)
		return nil
	}
	if _, err := graph.Record(context.Background(), "underlay", "example", nil, program); err != nil {
		log.Fatal(err)
	}
	// Output:
	// nodes 10.40.0.0/23 507
	// pods 10.40.8.0/21 2043
	// database 10.40.7.64/28 11
	// privateEndpoints 10.40.6.0/26 59
	// [10.40.0.0/23 10.40.8.0/21] https [443] [mcr.microsoft.com *.data.mcr.microsoft.com mcr-0001.mcr-msedge.net]
}
