package aws

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	flowLogType  = "aws:ec2/flowLog:FlowLog"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
)

// flowLogFormat is the format of a flow log that asks for none.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
const flowLogFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} " +
	"${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

// flowLogTargets are the inputs of a flow log that say what it watches.
var flowLogTargets = []string{"vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId"}

func flowLogKind() *kind {
	return &kind{
		token: flowLogType, args: ec2.FlowLogArgs{}, outputs: ec2.FlowLog{},
		noun:   "Flow Log",
		label:  func(in wire.Props) string { return in.Str("vpcId") + in.Str("subnetId") },
		api:    api{"EC2", "CreateFlowLogs", "CreateTags", "DeleteFlowLogs"},
		prefix: "fl", path: "vpc-flow-log/",
		refs: []ref{
			{property: "vpcId", token: vpcType},
			{property: "subnetId", token: subnetType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"deliverCrossAccountRole", "eniId", "logGroupName", "transitGatewayId", "transitGatewayAttachmentId"},
			Defaults:   wire.Props{"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": float64(600)},
			Replace: []string{
				"deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "logFormat",
				"logGroupName", "maxAggregationInterval", "subnetId", "trafficType", "transitGatewayAttachmentId", "transitGatewayId", "vpcId",
			},
			Computed: []string{"logDestination", "logFormat", "logGroupName"},
		},
		check: func(c *checks) {
			c.exactlyOne(flowLogTargets...)
			c.oneOf("logDestinationType", "cloud-watch-logs", "s3")
			c.oneOf("trafficType", "ACCEPT", "REJECT", "ALL")
			c.intOf("maxAggregationInterval", 60, 600)
			c.arn("iamRoleArn", "iam")
			switch c.in.Str("logDestinationType") {
			case "s3":
				c.arn("logDestination", "s3")
			case "cloud-watch-logs":
				c.arn("logDestination", "logs")
			}
		},
		create: createFlowLog,
	}
}

func createFlowLog(t *tx, o *Object) error {
	p := o.props()
	if p.Str("trafficType") == "" {
		return t.refuse("MissingParameter", "The request must contain the parameter TrafficType")
	}
	destination := strings.TrimSuffix(p.Str("logDestination"), ":*")
	if destination == "" {
		return t.refuse("InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided.")
	}
	if p.Str("logDestinationType") == "cloud-watch-logs" {
		if err := t.checkDelivery(p.Str("iamRoleArn")); err != nil {
			return err
		}
		p["logGroupName"] = destination[strings.LastIndex(destination, "log-group:")+len("log-group:"):]
	} else if p.Str("iamRoleArn") != "" {
		return t.refuse("InvalidParameter", "DeliverLogsPermissionArn is not applicable for s3 delivery.")
	}
	for other := range t.all(flowLogType) {
		q := other.props()
		if q.Str("vpcId") == p.Str("vpcId") && q.Str("subnetId") == p.Str("subnetId") &&
			q.Str("trafficType") == p.Str("trafficType") && q.Str("logDestination") == destination {
			return t.refuse("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.")
		}
	}
	p["logDestination"] = destination
	if p.Str("logFormat") == "" {
		p["logFormat"] = flowLogFormat
	}
	return nil
}

// flowLogService is who writes the flow logs.
const flowLogService = "vpc-flow-logs.amazonaws.com"

// checkDelivery refuses a role that the flow log service cannot assume. Roles
// of other accounts are not known.
func (t *tx) checkDelivery(arn string) error {
	if arn == "" {
		return t.refuse("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	}
	m := rolePattern.FindStringSubmatch(arn)
	if m == nil {
		return t.refuse("InvalidParameter", "Invalid DeliverLogsPermissionArn: %s", arn)
	}
	if m[1] != t.session.account {
		return nil
	}
	role := t.find(roleType, m[2])
	if role == nil || !trusts(role.props().Str("assumeRolePolicy"), flowLogService) {
		return t.refuse("InvalidParameter", "Unable to assume given IAM role")
	}
	return nil
}

// trusts reports whether a trust policy lets a service assume the role.
func trusts(policy, service string) bool {
	document, err := parsePolicy(policy)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(document.Statement, func(s statement) bool {
		var principal struct{ Service oneOrMany }
		return s.Effect == "Allow" && slices.Contains(s.Action, "sts:AssumeRole") &&
			json.Unmarshal(s.Principal, &principal) == nil && slices.Contains(principal.Service, service)
	})
}

var logGroupPattern = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`)

func logGroupKind() *kind {
	return &kind{
		token: logGroupType, args: cloudwatch.LogGroupArgs{}, outputs: cloudwatch.LogGroup{},
		noun:  "CloudWatch Logs Log Group",
		label: func(in wire.Props) string { return in.Str("name") },
		api:   api{"CloudWatch Logs", "CreateLogGroup", "PutRetentionPolicy", "DeleteLogGroup"},
		id:    func(in wire.Props) string { return in.Str("name") },
		Resource: wire.Resource{
			Unmodelled: []string{"namePrefix"},
			Defaults:   wire.Props{"retentionInDays": float64(0), "skipDestroy": false},
			Name:       &wire.AutoName{Property: "name", Max: 512, Separator: "-"},
			Replace:    []string{"logGroupClass", "name", "namePrefix"},
			Computed:   []string{"logGroupClass", "namePrefix"},
		},
		check: func(c *checks) {
			c.match("name", logGroupPattern, 512)
			c.oneOf("logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
			c.arn("kmsKeyId", "kms")
			// Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
			// 0 is the provider's word for never.
			c.intOf("retentionInDays", 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
		},
		create: func(t *tx, o *Object) error {
			if t.find(logGroupType, o.ID) != nil {
				return t.refuse("ResourceAlreadyExistsException", "The specified log group already exists")
			}
			o.Properties["arn"] = t.arn("logs", "log-group:"+o.ID)
			if o.props().Str("logGroupClass") == "" {
				o.Properties["logGroupClass"] = "STANDARD"
			}
			return nil
		},
	}
}
