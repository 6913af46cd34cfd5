package supportaccess

// Spec is the plain part of a support role. It holds no Pulumi values.
type Spec struct {
	// AccountID is the customer's account, 12 digits. It lets policies and
	// principals of the wrong account be recognised. Default none.
	AccountID string `json:"accountId,omitzero"`
	// Name of the role, at most 64 characters, which the vendor is told.
	// Required.
	Name string `json:"name,omitzero"`
	// TrustedPrincipalArns are the vendor's roles and users that may assume the
	// role, exactly these: no account as a whole, no wildcard. They must exist:
	// IAM refuses a trust policy that names others. Required.
	TrustedPrincipalArns []string `json:"trustedPrincipalArns,omitzero"`
	// MaxSessionHours is how long a session may last, in hours, 1 to 12.
	// Default 1. AWS limits a role that is assumed from another role to 1.
	MaxSessionHours int `json:"maxSessionHours,omitzero"`
	// ReadOnly grants looking at what a data plane is made of, and at no data.
	// Default true.
	//
	// In Go, ReadOnlyActions are the actions.
	ReadOnly *bool `json:"readOnly,omitzero"`
	// PolicyArns are managed policies to attach beside that, AWS's or the
	// account's own. Default none.
	PolicyArns []string `json:"policyArns,omitzero"`
	// InlinePolicies are policies to grant beside that: a name, and the
	// policy as a JSON document. Default none.
	InlinePolicies map[string]string `json:"inlinePolicies,omitzero"`
	// PermissionsBoundaryArn is a managed policy that the role's permissions
	// never exceed. Default none.
	PermissionsBoundaryArn string `json:"permissionsBoundaryArn,omitzero"`
	// AllowAdministratorAccess lets PolicyArns and InlinePolicies make the
	// role an administrator, which is an error otherwise. Default false.
	AllowAdministratorAccess bool `json:"allowAdministratorAccess,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("managed-policies-per-role").
	Quotas map[string]int `json:"-"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	if s.MaxSessionHours == 0 {
		s.MaxSessionHours = 1
	}
	if s.ReadOnly == nil {
		readOnly := true
		s.ReadOnly = &readOnly
	}
	return s
}

// ReadOnlyActions returns the actions of the default policy: what describes a
// data plane's network, cluster, load balancers, queues, key metadata, metrics
// and alarms. None returns what is stored in a service (objects, messages,
// secrets, log lines), and none is a pattern that AWS could add such an action
// to; ec2:DescribeInstanceAttribute is left out since it shows user data.
// https://docs.aws.amazon.com/service-authorization/latest/reference/
func ReadOnlyActions() []string {
	return []string{
		"autoscaling:DescribeAutoScalingGroups",
		"autoscaling:DescribeScalingActivities",
		"cloudwatch:DescribeAlarms",
		"cloudwatch:GetMetricData",
		"cloudwatch:ListMetrics",
		"ec2:DescribeAddresses",
		"ec2:DescribeAvailabilityZones",
		"ec2:DescribeFlowLogs",
		"ec2:DescribeInstanceStatus",
		"ec2:DescribeInstances",
		"ec2:DescribeInternetGateways",
		"ec2:DescribeNatGateways",
		"ec2:DescribeNetworkAcls",
		"ec2:DescribeNetworkInterfaces",
		"ec2:DescribeRouteTables",
		"ec2:DescribeSecurityGroupRules",
		"ec2:DescribeSecurityGroups",
		"ec2:DescribeSubnets",
		"ec2:DescribeVpcAttribute",
		"ec2:DescribeVpcEndpointConnections",
		"ec2:DescribeVpcEndpointServiceConfigurations",
		"ec2:DescribeVpcEndpoints",
		"ec2:DescribeVpcs",
		"eks:DescribeAddon",
		"eks:DescribeCluster",
		"eks:DescribeNodegroup",
		"eks:ListAddons",
		"eks:ListClusters",
		"eks:ListNodegroups",
		"elasticloadbalancing:DescribeListeners",
		"elasticloadbalancing:DescribeLoadBalancerAttributes",
		"elasticloadbalancing:DescribeLoadBalancers",
		"elasticloadbalancing:DescribeTargetGroups",
		"elasticloadbalancing:DescribeTargetHealth",
		"kms:DescribeKey",
		"logs:DescribeLogGroups",
		"sqs:GetQueueAttributes",
		"sqs:ListQueues",
	}
}
