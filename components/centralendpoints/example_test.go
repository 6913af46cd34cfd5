package centralendpoints_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/centralendpoints"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
)

// A hub in one account, a data plane's VPC as its spoke in another: two
// providers, one spec.
func Example() {
	spec := centralendpoints.HubSpec{
		Region:    "eu-west-1",
		AccountID: "111122223333",
		Zones:     []endpoints.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
		VpcCidrs:  []string{"10.40.0.0/22"},
		Preset:    "none",
		Add:       []string{"sts", "ecr.api", "ecr.dkr"},
		Spokes: []centralendpoints.Spoke{
			{Name: "data", AccountID: "444455556666", Cidrs: []string{"10.20.0.0/16"}},
		},
	}
	program := func(ctx *pulumi.Context) error {
		hubAccount, err := aws.NewProvider(ctx, "hub", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		spokeAccount, err := aws.NewProvider(ctx, "spoke", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		hub, err := centralendpoints.NewCentralEndpointsHub(ctx, "central", &centralendpoints.CentralEndpointsHubArgs{
			HubSpec: spec,
			VpcID:   pulumi.String("vpc-0a1b2c3d4e5f60718"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1a": pulumi.String("subnet-0a1b2c3d4e5f60718"),
				"eu-west-1b": pulumi.String("subnet-0b1b2c3d4e5f60718"),
			},
			RouteTableIDs: pulumi.StringMap{"endpoints": pulumi.String("rtb-0a1b2c3d4e5f60718")},
		}, pulumi.Provider(hubAccount))
		if err != nil {
			return err
		}
		_, err = centralendpoints.NewCentralEndpointsSpoke(ctx, "data", &centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec:     centralendpoints.SpokeSpec{Hub: spec, Name: "data", Zones: []string{"eu-west-1a"}},
			HubProvider:   hubAccount,
			Reference:     hub.Reference(),
			VpcID:         pulumi.String("vpc-0c1b2c3d4e5f60718"),
			SubnetIDs:     pulumi.StringMap{"eu-west-1a": pulumi.String("subnet-0c1b2c3d4e5f60718")},
			RouteTableIDs: pulumi.StringMap{"nodes": pulumi.String("rtb-0c1b2c3d4e5f60718")},
		}, pulumi.Provider(spokeAccount))
		return err
	}
	g, err := graph.Record(context.Background(), "underlay", "example", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, record := range g.ByType("aws:route53/record:Record") {
		fmt.Println(record.Inputs["name"].StringValue())
	}
	for _, route := range g.ByType("aws:ec2/route:Route") {
		fmt.Println(route.Name)
	}
	// Output:
	// api.ecr.eu-west-1.amazonaws.com
	// dkr.ecr.eu-west-1.amazonaws.com
	// *.dkr.ecr.eu-west-1.amazonaws.com
	// sts.eu-west-1.amazonaws.com
	// data-from-endpoints-10.20.0.0-16
	// data-to-nodes-10.40.0.0-22
}
