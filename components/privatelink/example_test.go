package privatelink_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/privatelink"
	"github.com/underlay-iac/underlay/graph"
)

// Both sides in one program, each in its own account; the service's name and
// the endpoint's id travel between them. In two programs they travel by stack
// references.
func Example() {
	program := func(ctx *pulumi.Context) error {
		data, err := aws.NewProvider(ctx, "data-plane", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::111111111111:role/network")},
		})
		if err != nil {
			return err
		}
		control, err := aws.NewProvider(ctx, "control-plane", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::222222222222:role/network")},
		})
		if err != nil {
			return err
		}
		provider, err := privatelink.NewPrivateLinkProvider(ctx, "link", &privatelink.PrivateLinkProviderArgs{
			ProviderSpec: privatelink.ProviderSpec{
				Region:            "eu-west-1",
				Zones:             []privatelink.Zone{{Name: "eu-west-1a", ID: "euw1-az1"}, {Name: "eu-west-1b", ID: "euw1-az2"}},
				TargetCidrs:       []string{"10.20.0.0/16", "100.64.0.0/16"},
				Listeners:         []privatelink.Listener{{Port: 443, TargetPort: 8443}},
				AllowedPrincipals: []string{"arn:aws:iam::222222222222:root"},
			},
			VpcID: pulumi.String("vpc-0123456789abcdef0"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa"),
				"eu-west-1b": pulumi.String("subnet-0bbbbbbbbbbbbbbbb"),
			},
		}, pulumi.Provider(data))
		if err != nil {
			return err
		}
		consumer, err := privatelink.NewPrivateLinkConsumer(ctx, "dp1", &privatelink.PrivateLinkConsumerArgs{
			ConsumerSpec: privatelink.ConsumerSpec{
				Region: "eu-west-1",
				// In this account, the same zones have other names.
				Zones:          []privatelink.Zone{{Name: "eu-west-1b", ID: "euw1-az1"}, {Name: "eu-west-1c", ID: "euw1-az2"}},
				ServiceZoneIDs: []string{"euw1-az1", "euw1-az2"},
				SourceCidrs:    []string{"10.30.0.0/16"},
				Ports:          []int{443},
				Alias:          &privatelink.Alias{Zone: "dp1.internal"},
			},
			ServiceName: provider.ServiceName,
			VpcID:       pulumi.String("vpc-0fedcba9876543210"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1b": pulumi.String("subnet-0cccccccccccccccc"),
				"eu-west-1c": pulumi.String("subnet-0dddddddddddddddd"),
			},
		}, pulumi.Provider(control))
		if err != nil {
			return err
		}
		return provider.Accept(ctx, "control-plane", consumer.EndpointID)
	}
	g, err := graph.Record(context.Background(), "example", "dev", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{
		"aws:ec2/vpcEndpointService:VpcEndpointService", "aws:ec2/vpcEndpoint:VpcEndpoint",
		"aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter", "aws:route53/record:Record",
	} {
		for _, r := range g.ByType(token) {
			fmt.Println(r.Name)
		}
	}
	// Output:
	// link
	// dp1
	// link-accept-control-plane
	// dp1-dp1.internal
}
