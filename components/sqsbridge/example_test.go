package sqsbridge_test

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/graph"
)

// Both sides of a bridge, each in its own account. A vendor and a customer who
// do not share a program build one side each, and exchange the queues' ARNs.
func Example() {
	spec := sqsbridge.Spec{
		Region:         "eu-west-1",
		LocalAccountID: "111122223333", // the customer's, with the data plane
		PeerAccountID:  "444455556666", // the vendor's, with the control plane
		LocalRoleArns:  []string{"arn:aws:iam::111122223333:role/data-plane-worker"},
		PeerRoleArns:   []string{"arn:aws:iam::444455556666:role/control-plane"},
		QueueName:      "acme",
	}
	program := func(ctx *pulumi.Context) error {
		customer, err := aws.NewProvider(ctx, "customer", &aws.ProviderArgs{
			Region: pulumi.String(spec.Region), AllowedAccountIds: pulumi.StringArray{pulumi.String(spec.LocalAccountID)},
		})
		if err != nil {
			return err
		}
		vendor, err := aws.NewProvider(ctx, "vendor", &aws.ProviderArgs{
			Region: pulumi.String(spec.Region), AllowedAccountIds: pulumi.StringArray{pulumi.String(spec.PeerAccountID)},
		})
		if err != nil {
			return err
		}
		bridge, err := sqsbridge.NewSqsBridge(ctx, "bridge", &sqsbridge.SqsBridgeArgs{Spec: spec}, pulumi.Provider(customer))
		if err != nil {
			return err
		}
		_, err = sqsbridge.NewSqsBridgePeer(ctx, "bridge", &sqsbridge.SqsBridgePeerArgs{
			Spec:             spec,
			ToDataPlaneArn:   bridge.QueueArns.MapIndex(pulumi.String("toDataPlane")),
			FromDataPlaneArn: bridge.QueueArns.MapIndex(pulumi.String("fromDataPlane")),
		}, pulumi.Provider(vendor))
		return err
	}
	g, err := graph.Record(context.Background(), "acme", "prod", nil, program)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, queue := range g.ByType("aws:sqs/queue:Queue") {
		fmt.Println(queue.Outputs["arn"].StringValue())
	}
	for _, policy := range g.ByType("aws:iam/rolePolicy:RolePolicy") {
		fmt.Println(policy.Name, "in", policy.ProviderURN()[len("urn:pulumi:prod::acme::pulumi:providers:aws::"):])
	}
	// Unordered output:
	// arn:aws:sqs:eu-west-1:111122223333:acme-from-data-plane
	// arn:aws:sqs:eu-west-1:111122223333:acme-from-data-plane-dead-letter
	// arn:aws:sqs:eu-west-1:111122223333:acme-to-data-plane
	// arn:aws:sqs:eu-west-1:111122223333:acme-to-data-plane-dead-letter
	// bridge-data-plane-worker in customer
	// bridge-control-plane in vendor
}
