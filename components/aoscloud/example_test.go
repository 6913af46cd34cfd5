package aoscloud_test

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/aoscloud"
	"github.com/underlay-iac/underlay/graph"
)

// A staging VPC whose public load balancers answer everyone at 443 and the
// company's own networks at the management port.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		network, err := aoscloud.NewAosCloudVpc(ctx, "aos", &aoscloud.AosCloudVpcArgs{
			Spec: aoscloud.Spec{
				Region:        "eu-west-1",
				Zones:         []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"},
				EndpointZones: []string{"eu-west-1a", "eu-west-1b"},
				Staging:       true,
				PublicLbIngress: []aoscloud.IngressRule{
					{From: 443, Cidr: "0.0.0.0/0"}, {From: 10000, Cidr: "10.0.0.0/8"},
				},
			},
			Tags: pulumi.StringMap{"environment": pulumi.String("staging")},
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		for _, subnet := range network.Plan().Subnets[3:6] {
			fmt.Println(subnet.Key(), subnet.Cidr)
		}
		ctx.Export("vpcId", network.VpcID)
		return nil
	}
	g, err := graph.Record(context.Background(), "aos", "staging", nil, program)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(g.ByType("aws:ec2/vpcEndpoint:VpcEndpoint")), "endpoints, the S3 gateway among them")
	// Output:
	// eks-private-eu-west-1a 10.232.0.0/20
	// eks-private-eu-west-1b 10.232.16.0/20
	// eks-private-eu-west-1c 10.232.32.0/20
	// 13 endpoints, the S3 gateway among them
}
