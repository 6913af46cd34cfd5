package endpoints_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
)

// The control plane's list without xray, and Session Manager's endpoint in one
// zone only, in a network made elsewhere.
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		_, err = endpoints.NewInterfaceEndpoints(ctx, "endpoints", &endpoints.InterfaceEndpointsArgs{
			Spec: endpoints.Spec{
				Region:      "eu-west-1",
				Zones:       []endpoints.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
				SourceCidrs: []string{"10.20.0.0/16", "100.64.0.0/16"},
				Preset:      "aws-control-plane",
				Remove:      []string{"xray"},
				Overrides:   map[string]endpoints.Override{"ssmmessages": {Zones: []string{"eu-west-1a"}}},
			},
			VpcID: pulumi.String("vpc-0a1b2c3d4e5f60718"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1a": pulumi.String("subnet-0a1b2c3d4e5f60718"),
				"eu-west-1b": pulumi.String("subnet-0b1b2c3d4e5f60718"),
			},
		}, pulumi.Provider(provider))
		return err
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	all := g.ByType("aws:ec2/vpcEndpoint:VpcEndpoint")
	fmt.Println(len(all), "endpoints")
	for _, endpoint := range all {
		if subnets := endpoint.Inputs["subnetIds"].ArrayValue(); len(subnets) == 1 {
			fmt.Println(endpoint.Inputs["serviceName"].StringValue(), subnets[0].StringValue())
		}
	}
	for _, rule := range g.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		fmt.Println("admits", rule.Inputs["cidrIpv4"].StringValue())
	}
	// Output:
	// 12 endpoints
	// com.amazonaws.eu-west-1.ssmmessages subnet-0a1b2c3d4e5f60718
	// admits 10.20.0.0/16
	// admits 100.64.0.0/16
}
