package azureaccess_test

import (
	"context"
	"fmt"
	"log"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/azureaccess"
	"github.com/underlay-iac/underlay/graph"
)

// The vendor's installers in one resource group.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{
			SubscriptionId: pulumi.String("11111111-1111-1111-1111-111111111111"),
		})
		if err != nil {
			return err
		}
		_, err = azureaccess.NewVendorAccess(ctx, "vendor", &azureaccess.VendorAccessArgs{Spec: azureaccess.Spec{
			SubscriptionID: "11111111-1111-1111-1111-111111111111",
			ResourceGroup:  "data-plane",
			GroupObjectID:  "22222222-2222-2222-2222-222222222222",
		}}, pulumi.Provider(provider))
		return err
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range g.ByType("azure-native:authorization/v20220401:RoleAssignment") {
		fmt.Println(r.Name, r.Inputs["scope"].StringValue())
	}
	// Output:
	// vendor-contributor /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/data-plane
	// vendor-role-assignments /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/data-plane
}
