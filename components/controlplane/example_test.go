package controlplane_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/controlplane"
	"github.com/underlay-iac/underlay/graph"
)

func ExampleNewAwsControlPlaneNetwork() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		_, err = controlplane.NewAwsControlPlaneNetwork(ctx, "control", &controlplane.AwsControlPlaneNetworkArgs{
			Spec: controlplane.Spec{
				Region:  "eu-west-1",
				VpcCidr: "10.30.0.0/16",
				Zones:   []string{"eu-west-1a", "eu-west-1b"},
			},
		}, pulumi.Provider(provider))
		return err
	}
	g, err := graph.Record(context.Background(), "underlay", "example", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, subnet := range g.ByType("aws:ec2/subnet:Subnet") {
		fmt.Println(subnet.Name, subnet.Inputs["cidrBlock"].StringValue())
	}
	// Output:
	// control-endpoints-eu-west-1a 10.30.224.0/21
	// control-endpoints-eu-west-1b 10.30.232.0/21
	// control-private-eu-west-1a 10.30.0.0/18
	// control-private-eu-west-1b 10.30.64.0/18
}
