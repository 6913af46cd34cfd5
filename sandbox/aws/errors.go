package aws

import "fmt"

// apiError is the refusal of an AWS API, with AWS's code and words. It reads
// as the AWS SDK for Go v2 writes it, which is what the provider passes on.
type apiError struct {
	service   string // "EC2"
	operation string // "CreateVpc"
	status    int    // HTTP
	code      string // "VpcLimitExceeded"
	message   string
}

// modelled lists the services whose SDK has a Go type for each error. Their
// errors lack the words "api error".
var modelled = map[string]bool{"IAM": true, "CloudWatch Logs": true, "RDS": true, "DocDB": true, "ElastiCache": true, "EFS": true, "SQS": true, balancing: true, "Route 53": true, networkFirewall: true, resolver: true}

// untyped is the code for which a service's SDK has no type, though it has for
// the others.
var untyped = map[string]string{"SQS": "InvalidParameterValue"}

func (e *apiError) Error() string {
	kind := "api error "
	if modelled[e.service] && e.code != untyped[e.service] {
		kind = ""
	}
	id := hash(32, e.service, e.operation, e.code, e.message)
	return fmt.Sprintf("operation error %s: %s, https response error StatusCode: %d, RequestID: %s-%s-%s-%s-%s, %s%s: %s",
		e.service, e.operation, e.status, id[:8], id[8:12], id[12:16], id[16:20], id[20:], kind, e.code, e.message)
}

// refuse returns the refusal of the API operation that the change amounts to.
func (t *tx) refuse(code, format string, args ...any) error {
	return t.refuseAs(t.kind.api.name(t.op), code, format, args...)
}

// refuseAs is refuse for a change that takes several API operations.
func (t *tx) refuseAs(operation, code, format string, args ...any) error {
	status := 400
	switch t.kind.api.service {
	case "EFS":
		// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html#API_CreateMountTarget_Errors
		switch code {
		case "FileSystemNotFound":
			status = 404
		case "FileSystemAlreadyExists", "FileSystemInUse", "IpAddressInUse", "MountTargetConflict", "NoFreeAddressesInSubnet":
			status = 409
		}
	case "IAM":
		// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
		switch code {
		case "NoSuchEntity":
			status = 404
		case "EntityAlreadyExists", "DeleteConflict", "LimitExceeded":
			status = 409
		}
	}
	return &apiError{t.kind.api.service, operation, status, code, fmt.Sprintf(format, args...)}
}

// missing are the codes and words for an id that nothing has, by type.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
var missing = map[string]struct{ code, format string }{
	vpcType:             {"InvalidVpcID.NotFound", "The vpc ID '%s' does not exist"},
	internetGatewayType: {"InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist"},
	subnetType:          {"InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist"},
	routeTableType:      {"InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist"},
	eipType:             {"InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist"},
	natGatewayType:      {"InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist"},
	vpcEndpointType:     {"InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist"},
	securityGroupType:   {"InvalidGroup.NotFound", "The security group '%s' does not exist"},
	fileSystemType:      {"FileSystemNotFound", "File system '%s' does not exist."},
	roleType:            {"NoSuchEntity", "The role with name %s cannot be found."},
	queueType:           {"QueueDoesNotExist", "The specified queue does not exist.%.0s"},
	loadBalancerType:    {"LoadBalancerNotFound", "Load balancers '[%s]' not found"},
	endpointServiceType: {"InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '%s' does not exist"},
	profileType:         {"ResourceNotFoundException", "Profile %s does not exist."},
	shareType:           {"UnknownResourceException", "ResourceShare %s could not be found."},
	transitGatewayType:  {"InvalidTransitGatewayID.NotFound", "Transit Gateway %s was deleted or does not exist."},
	transitTableType:    {"InvalidRouteTableID.NotFound", "Transit Gateway Route Table %s was deleted or does not exist."},
	zoneType:            {"NoSuchHostedZone", "No hosted zone found with ID: %s"},
	firewallPolicyType:  {"InvalidRequestException", "The firewall policy %s doesn't exist"},
	dnsRuleGroupType:    {"ResourceNotFoundException", "Can't find the resource with ID '%s'"},
	dnsDomainListType:   {"ResourceNotFoundException", "Can't find the resource with ID '%s'"},
}

// overQuota returns the refusal when n objects are as many as the quota
// allows.
func (t *tx) overQuota(n int, quota, code, what string) error {
	if n < t.quota(quota) {
		return nil
	}
	return t.refuse(code, "The maximum number of %s has been reached.", what)
}
