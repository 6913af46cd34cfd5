package supportaccess_test

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/underlay-iac/underlay/components/supportaccess"
	"github.com/underlay-iac/underlay/graph"
)

// The support role of a customer's account, with the external id from the
// stack's secret configuration:
//
//	pulumi config set --secret externalId 3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42
func Example() {
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "customer", &aws.ProviderArgs{
			Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String("111122223333")},
		})
		if err != nil {
			return err
		}
		support, err := supportaccess.NewSupportRole(ctx, "support", &supportaccess.SupportRoleArgs{
			Spec: supportaccess.Spec{
				AccountID:            "111122223333",
				Name:                 "conveyor-support",
				TrustedPrincipalArns: []string{"arn:aws:iam::444455556666:role/support-engineers"},
			},
			ExternalID: config.RequireSecret(ctx, "externalId"),
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("tellTheVendor", support.RoleArn)
		return nil
	}
	g, err := graph.Record(context.Background(), "acme", "prod", map[string]string{"acme:externalId": "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"}, program)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, role := range g.ByType("aws:iam/role:Role") {
		fmt.Println(role.Outputs["arn"].StringValue())
		fmt.Println("trust policy secret:", role.Inputs["assumeRolePolicy"].IsSecret())
	}
	for _, policy := range g.ByType("aws:iam/rolePolicy:RolePolicy") {
		fmt.Println("may:", policy.Inputs["name"].StringValue())
	}
	// Output:
	// arn:aws:iam::111122223333:role/conveyor-support
	// trust policy secret: true
	// may: read-only
}
