package dataplane

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/policy"
)

// flowLogs records the VPC's traffic to a log group or a bucket.
func (b *builder) flowLogs() error {
	logs := b.plan.Spec.FlowLogs
	if logs == nil {
		return nil
	}
	key := b.key("flow-logs")
	args := &ec2.FlowLogArgs{
		VpcId:                  b.vpcID.ToStringOutput().ToStringPtrOutput(),
		TrafficType:            pulumi.String(logs.TrafficType),
		MaxAggregationInterval: pulumi.Int(logs.AggregationSeconds),
		Tags:                   b.tags(key, nil),
	}
	if logs.Destination == FlowLogsToS3 {
		args.LogDestinationType = pulumi.String("s3")
		args.LogDestination = pulumi.String(logs.BucketArn)
		_, err := ec2.NewFlowLog(b.ctx, key, args, b.child()...)
		return err
	}

	group, err := cloudwatch.NewLogGroup(b.ctx, key, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(logs.RetentionDays),
		Tags:            b.tags(key, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	role, err := iam.NewRole(b.ctx, key, &iam.RoleArgs{
		Description:      pulumi.Sprintf("Lets VPC flow logs of %s write to its log group", b.name),
		AssumeRolePolicy: group.Arn.ApplyT(flowLogTrust).(pulumi.StringOutput),
		Tags:             b.tags(key, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	permissions, err := iam.NewRolePolicy(b.ctx, key, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: group.Arn.ApplyT(flowLogPermissions).(pulumi.StringOutput),
	}, b.child()...)
	if err != nil {
		return err
	}
	args.LogDestinationType = pulumi.String("cloud-watch-logs")
	args.LogDestination = group.Arn
	args.IamRoleArn = role.Arn
	// Without its policy the role cannot write, and the flow log's first
	// deliveries fail.
	_, err = ec2.NewFlowLog(b.ctx, key, args, b.child(permissions)...)
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

// flowLogTrust lets the flow logs service of this account, and no other
// account's, assume the role.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
func flowLogTrust(logGroupArn string) (string, error) {
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

// flowLogPermissions lets the role write to its own log group. Listing log
// groups cannot be narrowed to one.
func flowLogPermissions(logGroupArn string) (string, error) {
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
