package dataplane_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/graph"
)

// A data plane's network in two zones without internet.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{
			Spec: dataplane.Spec{
				Region:  "eu-west-1",
				VpcCidr: "10.20.0.0/16",
				Zones:   []string{"eu-west-1a", "eu-west-1b"},
				Egress:  dataplane.EgressIsolated,
			},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("nodes", network.Subnets(addressing.Nodes))
		return nil
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, subnet := range g.ByType("aws:ec2/subnet:Subnet") {
		fmt.Println(subnet.Name, subnet.Inputs["cidrBlock"].StringValue())
	}
	// Output:
	// net-endpoints-eu-west-1a 10.20.224.0/21
	// net-endpoints-eu-west-1b 10.20.232.0/21
	// net-nodes-eu-west-1a 10.20.0.0/18
	// net-nodes-eu-west-1b 10.20.64.0/18
	// net-pods-eu-west-1a 100.64.0.0/18
	// net-pods-eu-west-1b 100.64.64.0/18
}
