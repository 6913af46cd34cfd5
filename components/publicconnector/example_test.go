package publicconnector_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/publicconnector"
	"github.com/underlay-iac/underlay/graph"
)

// A data plane's network, and the connector in its public subnets.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{
			Spec: dataplane.Spec{
				Region: "eu-west-1", VpcCidr: "10.20.0.0/16", Zones: []string{"eu-west-1a", "eu-west-1b"},
			},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		connector, err := publicconnector.NewPublicConnector(ctx, "connector", &publicconnector.PublicConnectorArgs{
			Spec: publicconnector.Spec{
				Region:            "eu-west-1",
				Zones:             []publicconnector.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
				TargetCidrs:       []string{"10.20.0.0/16", "100.64.0.0/16"},
				ControlPlaneCidrs: []string{"203.0.113.0/24"},
				Listeners:         []publicconnector.Listener{{Port: 443}},
			},
			VpcID:     network.VpcID,
			SubnetIDs: network.Subnets(addressing.Public),
			DependsOn: []pulumi.Resource{network},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("connector", connector.DNSName)
		return nil
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range g.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		fmt.Println(r.Name)
	}
	// Output:
	// connector-from-203-0-113-0-24-443
}
