package egress_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/graph"
)

func ExampleNewCognitoEgress() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		cognito, err := egress.NewCognitoEgress(ctx, "cognito", &egress.CognitoEgressArgs{
			Spec: egress.Spec{
				Region:      "eu-west-1",
				Identifiers: []string{"acme-conveyor"},
				Enforcement: egress.EnforceDNSFirewall,
				DNSFirewall: &egress.DNSFirewall{Services: []string{"sqs"}},
			},
			VpcID: pulumi.String("vpc-0123456789abcdef0"),
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		fmt.Println("must be reachable:", cognito.Plan().Names)
		return nil
	}
	g, err := graph.Record(context.Background(), "underlay", "example", nil, program)
	if err != nil {
		log.Fatal(err)
	}
	for _, list := range g.ByType("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList") {
		for _, domain := range list.Inputs["domains"].ArrayValue() {
			fmt.Println(list.Name, domain.StringValue())
		}
	}
	// Output:
	// must be reachable: [acme-conveyor.auth.eu-west-1.amazoncognito.com]
	// cognito-allowed acme-conveyor.auth.eu-west-1.amazoncognito.com
	// cognito-allowed sqs.eu-west-1.amazonaws.com
	// cognito-others *
}
