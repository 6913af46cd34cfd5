// Package flowlogs records the traffic of a VPC. The networks share it, and the
// words for it.
package flowlogs

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/policy"
	"github.com/underlay-iac/underlay/components/internal/tags"
)

// Args are what flow logs are built with, beside their Spec.
type Args struct {
	// Component begins the names of the resources, and is their parent.
	Component string
	Parent    pulumi.Resource
	VpcID     pulumi.StringInput
	Tags      pulumi.StringMapInput
}

// Build registers the flow log "<component>-flow-logs" and, when it goes to
// CloudWatch, its log group and the role that writes to it. The spec is one
// that WithDefaults returned and Check found nothing wrong with.
func Build(ctx *pulumi.Context, logs Spec, args Args) error {
	key := args.Component + "-flow-logs"
	tagged := tags.Merge(args.Tags, key, nil)
	child := pulumi.Parent(args.Parent)
	// Nothing of a flow log can change, and AWS takes no second one for the
	// same traffic and destination, so the old one goes first.
	replaced := pulumi.DeleteBeforeReplace(true)
	flowLog := &ec2.FlowLogArgs{
		VpcId:                  args.VpcID.ToStringOutput().ToStringPtrOutput(),
		TrafficType:            pulumi.String(logs.TrafficType),
		MaxAggregationInterval: pulumi.Int(logs.AggregationSeconds),
		Tags:                   tagged,
	}
	if logs.Destination == S3 {
		flowLog.LogDestinationType = pulumi.String("s3")
		flowLog.LogDestination = pulumi.String(logs.BucketArn)
		_, err := ec2.NewFlowLog(ctx, key, flowLog, child, replaced)
		return err
	}

	group, err := cloudwatch.NewLogGroup(ctx, key, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(logs.RetentionDays),
		Tags:            tagged,
	}, child)
	if err != nil {
		return err
	}
	role, err := iam.NewRole(ctx, key, &iam.RoleArgs{
		Description:      pulumi.Sprintf("Lets VPC flow logs of %s write to its log group", args.Component),
		AssumeRolePolicy: group.Arn.ApplyT(trust).(pulumi.StringOutput),
		Tags:             tagged,
	}, child)
	if err != nil {
		return err
	}
	granted, err := iam.NewRolePolicy(ctx, key, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: group.Arn.ApplyT(permissions).(pulumi.StringOutput),
	}, child)
	if err != nil {
		return err
	}
	flowLog.LogDestinationType = pulumi.String("cloud-watch-logs")
	flowLog.LogDestination = group.Arn
	flowLog.IamRoleArn = role.Arn
	// Without its policy the role cannot write, and the flow log's first
	// deliveries fail.
	_, err = ec2.NewFlowLog(ctx, key, flowLog, child, replaced, pulumi.DependsOn([]pulumi.Resource{granted}))
	return err
}

// logGroupOwner returns the region and account of a log group.
func logGroupOwner(arn string) (region, account string, err error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 {
		return "", "", fmt.Errorf("log group ARN %q is not of the form arn:aws:logs:region:account:log-group:name", arn)
	}
	return parts[3], parts[4], nil
}

// trust lets the flow logs service of this account, and no other
// account's, assume the role.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
func trust(logGroupArn string) (string, error) {
	region, account, err := logGroupOwner(logGroupArn)
	if err != nil {
		return "", err
	}
	return policy.Document(policy.Statement{
		Effect:    policy.Allow,
		Principal: map[string][]string{"Service": {"vpc-flow-logs.amazonaws.com"}},
		Action:    []string{"sts:AssumeRole"},
		Condition: map[string]map[string][]string{
			"StringEquals": {"aws:SourceAccount": {account}},
			"ArnLike":      {"aws:SourceArn": {fmt.Sprintf("arn:aws:ec2:%s:%s:vpc-flow-log/*", region, account)}},
		},
	})
}

// permissions lets the role write to its own log group. Listing log
// groups cannot be narrowed to one.
func permissions(logGroupArn string) (string, error) {
	region, account, err := logGroupOwner(logGroupArn)
	if err != nil {
		return "", err
	}
	group := strings.TrimSuffix(logGroupArn, ":*")
	return policy.Document(policy.Statement{
		Effect:   policy.Allow,
		Action:   []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"},
		Resource: []string{group, group + ":*"},
	}, policy.Statement{
		Effect:   policy.Allow,
		Action:   []string{"logs:DescribeLogGroups"},
		Resource: []string{fmt.Sprintf("arn:aws:logs:%s:%s:log-group:*", region, account)},
	})
}
