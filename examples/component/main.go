// Command component is a Pulumi program of its own that uses one component of
// underlay: a data plane's network, in a stack with whatever else it has.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
	if err != nil {
		return err
	}
	network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{
		Spec: dataplane.Spec{
			Region:  "eu-west-1",
			VpcCidr: "10.20.0.0/16",
			Zones:   []string{"eu-west-1a", "eu-west-1b"},
		},
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	ctx.Export("nodeSubnets", network.Subnets(addressing.Nodes))
	return nil
}
