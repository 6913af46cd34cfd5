package appgateway_test

import (
	"context"
	"fmt"
	"log"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/appgateway"
	"github.com/underlay-iac/underlay/graph"
)

// A gateway that only the company's own network reaches, before the ingress of
// a cluster.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		const group = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/data/providers/"
		_, err = appgateway.NewAppGatewayIngress(ctx, "web", &appgateway.AppGatewayIngressArgs{
			Spec: appgateway.Spec{
				Location:         "westeurope",
				SubnetCidr:       "10.0.4.0/24",
				Frontends:        []appgateway.Frontend{appgateway.Private},
				PrivateIP:        "10.0.4.10",
				NetworkIsolation: true,
				Sites: []appgateway.Site{{
					Name:                "app",
					HostNames:           []string{"app.example.com"},
					CertificateSecretID: "https://certs.vault.azure.net/secrets/app",
					Backends:            []string{"10.0.2.10"},
					BackendHostName:     "app.example.com",
				}},
			},
			ResourceGroupName: pulumi.String("data"),
			SubnetID:          pulumi.String(group + "Microsoft.Network/virtualNetworks/spoke/subnets/gateway"),
			KeyVaultID:        pulumi.String(group + "Microsoft.KeyVault/vaults/certs"),
		}, pulumi.Provider(provider))
		return err
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{
		"azure-native:network/v20240501:ApplicationGateway",
		"azure-native:network/v20240501:WebApplicationFirewallPolicy",
		"azure-native:network/v20240501:PublicIPAddress",
		"azure-native:authorization/v20220401:RoleAssignment",
	} {
		for _, r := range g.ByType(token) {
			fmt.Println(r.Name)
		}
	}
	// Output:
	// web
	// web-waf
	// web-certificates
}
