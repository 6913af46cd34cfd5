package aws_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	someVpc      = "vpc-0123456789abcdef0"
	someSubnet   = "subnet-0123456789abcdef0"
	someTable    = "rtb-0123456789abcdef0"
	someGroup    = "sg-0123456789abcdef0"
	someEndpoint = "vpce-0123456789abcdef0"
	someGateway  = "igw-0123456789abcdef0"
)

// minimal are the fewest inputs each type can do with.
var minimal = map[string]in{
	vpcType:      {"cidrBlock": "10.0.0.0/16"},
	cidrType:     {"vpcId": someVpc, "cidrBlock": "100.64.0.0/16"},
	igwType:      {},
	subnetType:   {"vpcId": someVpc, "cidrBlock": "10.0.0.0/24"},
	tableType:    {"vpcId": someVpc},
	routeType:    {"routeTableId": someTable, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": someGateway},
	assocType:    {"routeTableId": someTable, "subnetId": someSubnet},
	eipType:      {},
	natType:      {"subnetId": someSubnet},
	endpointType: {"vpcId": someVpc, "serviceName": "com.amazonaws.eu-west-1.s3"},
	epTableType:  {"vpcEndpointId": someEndpoint, "routeTableId": someTable},
	groupType:    {},
	ingressType:  {"securityGroupId": someGroup, "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
	egressType:   {"securityGroupId": someGroup, "ipProtocol": "-1", "cidrIpv6": "::/0"},
	flowLogType:  {"vpcId": someVpc},
	logGroupType: {},
	roleType:     {"assumeRolePolicy": trust},
	policyType:   {"role": "r", "policy": allow},

	managedPolicyType: {"policy": allow},
	attachmentType:    {"role": "r", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
	oidcType:          {"url": "https://sts.windows.net/t/", "clientIdLists": []any{"sts.amazonaws.com"}},
	queueType:         {},
	queuePolicyType:   {"queueUrl": someQueue, "policy": allow},
	redriveType:       {"queueUrl": someQueue, "redrivePolicy": "{}"},
	redriveAllowType:  {"queueUrl": someQueue, "redriveAllowPolicy": "{}"},

	balancerType:        {"loadBalancerType": "network"},
	targetGroupType:     {},
	listenerType:        {"loadBalancerArn": someBalancer, "defaultActions": []any{in{"type": "forward", "targetGroupArn": someTargetGroup}}},
	endpointServiceType: {"acceptanceRequired": true, "networkLoadBalancerArns": []any{someBalancer}},
	principalType:       {"vpcEndpointServiceId": someService, "principalArn": "*"},
	verificationType:    {"serviceId": someService},
	accepterType:        {"vpcEndpointServiceId": someService, "vpcEndpointId": someEndpoint},
	zoneType:            {},
	ruleGroupType:       {"type": "STATEFUL", "capacity": 1},
	fwPolicyType:        {"firewallPolicy": in{"statelessDefaultActions": []any{"aws:drop"}, "statelessFragmentDefaultActions": []any{"aws:drop"}}},
	firewallType:        {"vpcId": someVpc, "firewallPolicyArn": someFirewallPolicy, "subnetMappings": []any{in{"subnetId": someSubnet}}},
	domainListType:      {},
	dnsGroupType:        {},
	dnsRuleType:         {"action": "ALLOW", "priority": 1, "firewallRuleGroupId": "rslvr-frg-1", "firewallDomainListId": "rslvr-fdl-1"},
	dnsAssociationType:  {"priority": 101, "firewallRuleGroupId": "rslvr-frg-1", "vpcId": someVpc},
	recordType:          {"zoneId": "Z0123456789", "name": "a", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}},

	zoneAssocType:     {"zoneId": "Z0123456789", "vpcId": someVpc},
	zoneAuthType:      {"zoneId": "Z0123456789", "vpcId": someVpc},
	profileType:       {},
	profileAssocType:  {"profileId": centralIDs[profileType], "resourceId": someVpc},
	profileResType:    {"profileId": centralIDs[profileType], "resourceArn": "arn:aws:route53:::hostedzone/Z0123456789"},
	peeringType:       {"vpcId": someVpc, "peerVpcId": someVpc},
	peeringAcceptType: {"vpcPeeringConnectionId": centralIDs[peeringType]},
	tgwType:           {"defaultRouteTableAssociation": "disable", "defaultRouteTablePropagation": "disable"},
	tgwTableType:      {"transitGatewayId": centralIDs[tgwType]},
	tgwAttachType:     {"transitGatewayId": centralIDs[tgwType], "vpcId": someVpc, "subnetIds": []any{someSubnet}},
	tgwAcceptType:     {"transitGatewayAttachmentId": centralIDs[tgwAttachType]},
	tgwAssocType:      {"transitGatewayAttachmentId": centralIDs[tgwAttachType], "transitGatewayRouteTableId": centralIDs[tgwTableType]},
	tgwRouteType:      {"destinationCidrBlock": "10.0.0.0/8", "transitGatewayRouteTableId": centralIDs[tgwTableType]},
	ramShareType:      {},
	ramResourceType:   {"resourceShareArn": centralIDs[ramShareType], "resourceArn": "arn:aws:ec2:eu-west-1:123456789012:transit-gateway/tgw-1"},
	ramPrincipalType:  {"resourceShareArn": centralIDs[ramShareType], "principal": "222222222222"},
	ramAcceptType:     {"shareArn": centralIDs[ramShareType]},

	rdsGroupType:    {"subnetIds": []any{someSubnet}},
	docdbGroupType:  {"subnetIds": []any{someSubnet}},
	cacheGroupType:  {"subnetIds": []any{someSubnet}},
	fileSystemType:  {},
	mountTargetType: {"fileSystemId": someFileSystem, "subnetId": someSubnet},
}

// TestEveryType walks all types: the fewest inputs pass, one less of the
// required ones does not, a property of no type does not, and unknown values
// pass in the place of known ones.
func TestEveryType(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	// The inputs without which the SDK's constructors fail.
	required := map[string][]string{
		cidrType: {"vpcId"}, subnetType: {"vpcId"}, tableType: {"vpcId"}, routeType: {"routeTableId"}, assocType: {"routeTableId"},
		natType: {"subnetId"}, endpointType: {"vpcId"}, epTableType: {"routeTableId", "vpcEndpointId"},
		ingressType: {"ipProtocol", "securityGroupId"}, egressType: {"ipProtocol", "securityGroupId"},
		roleType: {"assumeRolePolicy"}, policyType: {"policy", "role"},
		rdsGroupType: {"subnetIds"}, docdbGroupType: {"subnetIds"}, cacheGroupType: {"subnetIds"}, mountTargetType: {"fileSystemId", "subnetId"},
		managedPolicyType: {"policy"}, attachmentType: {"policyArn", "role"}, oidcType: {"clientIdLists", "url"},
		listenerType: {"defaultActions", "loadBalancerArn"}, endpointServiceType: {"acceptanceRequired"},
		principalType: {"principalArn", "vpcEndpointServiceId"}, verificationType: {"serviceId"},
		ruleGroupType: {"capacity", "type"}, fwPolicyType: {"firewallPolicy"}, firewallType: {"firewallPolicyArn", "subnetMappings", "vpcId"},
		dnsRuleType:        {"action", "firewallDomainListId", "firewallRuleGroupId", "priority"},
		dnsAssociationType: {"firewallRuleGroupId", "priority", "vpcId"},
		accepterType:       {"vpcEndpointId", "vpcEndpointServiceId"}, recordType: {"name", "type", "zoneId"},
		zoneAssocType: {"vpcId", "zoneId"}, zoneAuthType: {"vpcId", "zoneId"}, profileAssocType: {"profileId", "resourceId"},
		profileResType: {"profileId", "resourceArn"}, peeringType: {"peerVpcId", "vpcId"}, peeringAcceptType: {"vpcPeeringConnectionId"},
		tgwTableType: {"transitGatewayId"}, tgwAttachType: {"subnetIds", "transitGatewayId", "vpcId"},
		tgwAcceptType: {"transitGatewayAttachmentId"}, tgwAssocType: {"transitGatewayAttachmentId", "transitGatewayRouteTableId"},
		tgwRouteType: {"destinationCidrBlock", "transitGatewayRouteTableId"}, ramResourceType: {"resourceArn", "resourceShareArn"},
		ramPrincipalType: {"principal", "resourceShareArn"}, ramAcceptType: {"shareArn"},
		queuePolicyType: {"policy", "queueUrl"}, redriveType: {"queueUrl", "redrivePolicy"}, redriveAllowType: {"queueUrl", "redriveAllowPolicy"},
	}
	tokens := cloud.Tokens()
	require.Len(t, tokens, len(minimal))
	for _, typ := range tokens {
		t.Run(typ, func(t *testing.T) {
			inputs := minimal[typ]
			require.NotNil(t, inputs)
			_, failures := i.check(typ, inputs, nil)
			assert.Empty(t, failures)

			_, failures = i.check(typ, with(inputs, "tagz", in{"a": "b"}), nil)
			require.Len(t, failures, 1)
			assert.Equal(t, "tagz", failures[0].GetProperty())
			assert.Contains(t, failures[0].GetReason(), "is not a property of this type")

			for name := range inputs {
				less := with(inputs, name, nil)
				_, failures = i.check(typ, less, nil)
				assert.Equal(t, slices.Contains(required[typ], name), slices.ContainsFunc(failures, func(f *pulumirpc.CheckFailure) bool {
					return f.GetProperty() == name && f.GetReason() == "is required"
				}), "%s is required", name)

				wrong := any(true)
				if _, isBool := inputs[name].(bool); isBool {
					wrong = "true"
				}
				_, failures = i.check(typ, with(inputs, name, wrong), nil)
				assert.NotEmpty(t, failures, "%s: %v", name, wrong)

				checked, failures := i.check(typ, with(inputs, name, resource.MakeComputed(resource.NewStringProperty(""))), nil)
				assert.Empty(t, failures, "%s unknown", name)
				assert.True(t, checked[resource.PropertyKey(name)].IsComputed(), "%s stays unknown", name)
			}
		})
	}
}

func with(inputs in, name string, value any) in {
	out := in{}
	for k, v := range inputs {
		out[k] = v
	}
	out[name] = value
	if value == nil {
		delete(out, name)
	}
	return out
}

// TestCheckRefuses gives inputs that the provider refuses before it asks the
// cloud.
func TestCheckRefuses(t *testing.T) {
	rule := minimal[ingressType]
	cases := []struct {
		name     string
		typ      string
		inputs   in
		property string
		reason   string
	}{
		{"a property of another name", vpcType, in{"cidrblock": "10.0.0.0/16"}, "cidrblock", "is not a property of this type; did you mean cidrBlock?"},
		{"a nested property of another name", endpointType, with(minimal[endpointType], "dnsOptions", in{"dnsRecordType": "ipv4"}), "dnsOptions.dnsRecordType", "is not a property of this type; did you mean dnsRecordIpType?"},
		{"an output as an input", vpcType, with(minimal[vpcType], "arn", "arn:aws:ec2:eu-west-1:123456789012:vpc/x"), "arn", "is not a property of this type"},
		{"a number for a string", vpcType, in{"cidrBlock": 10}, "cidrBlock", "must be a string, not the number 10"},
		{"a string for a boolean", vpcType, with(minimal[vpcType], "enableDnsSupport", "true"), "enableDnsSupport", `must be a boolean, not the string "true"`},
		{"a string for a number", ingressType, with(rule, "fromPort", "443"), "fromPort", `must be a whole number, not the string "443"`},
		{"half a port", ingressType, with(rule, "fromPort", 443.5), "fromPort", "must be a whole number, not the number 443.5"},
		{"a string for a list", endpointType, with(minimal[endpointType], "routeTableIds", someTable), "routeTableIds", `must be a list, not the string "` + someTable + `"`},
		{"a number in a list", endpointType, with(minimal[endpointType], "routeTableIds", []any{someTable, 7}), "routeTableIds[1]", "must be a string, not the number 7"},
		{"a number for a tag", vpcType, with(minimal[vpcType], "tags", in{"size": 7}), "tags.size", "must be a string, not the number 7"},

		{"host bits", vpcType, in{"cidrBlock": "10.0.0.1/16"}, "cidrBlock", `"10.0.0.1/16" is not a valid IPv4 CIDR block: the network is "10.0.0.0/16"`},
		{"no CIDR", subnetType, with(minimal[subnetType], "cidrBlock", "10.0.0.0"), "cidrBlock", `"10.0.0.0" is not a valid IPv4 CIDR block`},
		{"a large VPC", vpcType, in{"cidrBlock": "10.0.0.0/8"}, "cidrBlock", `"10.0.0.0/8" must have a prefix length from 16 to 28`},
		{"a small subnet", subnetType, with(minimal[subnetType], "cidrBlock", "10.0.0.0/29"), "cidrBlock", `"10.0.0.0/29" must have a prefix length from 16 to 28`},
		{"an IPv4 block as IPv6", ingressType, with(with(rule, "cidrIpv4", nil), "cidrIpv6", "10.0.0.0/8"), "cidrIpv6", `"10.0.0.0/8" is not a valid IPv6 CIDR block`},
		{"an IPv6 block with host bits", ingressType, with(with(rule, "cidrIpv4", nil), "cidrIpv6", "2001:db8::1/32"), "cidrIpv6", `"2001:db8::1/32" is not a valid IPv6 CIDR block: the network is "2001:db8::/32"`},
		{"the id of another type", subnetType, with(minimal[subnetType], "vpcId", someSubnet), "vpcId", `"` + someSubnet + `" is not an id like vpc-0123456789abcdef0`},
		{"an id in a list", endpointType, with(minimal[endpointType], "routeTableIds", []any{"rtb-XYZ"}), "routeTableIds", `"rtb-XYZ" is not an id like rtb-0123456789abcdef0`},
		{"a zone of another region", subnetType, with(minimal[subnetType], "availabilityZone", "eu-central-1a"), "availabilityZone", `"eu-central-1a" is not an Availability Zone of eu-west-1; those are eu-west-1a, eu-west-1b, eu-west-1c`},
		{"a zone twice", subnetType, with(with(minimal[subnetType], "availabilityZone", "eu-west-1a"), "availabilityZoneId", "euw1-az1"), "availabilityZone", "conflicts with availabilityZoneId"},
		{"no tenancy", vpcType, with(minimal[vpcType], "instanceTenancy", "host"), "instanceTenancy", `must be one of default, dedicated, not "host"`},
		{"no type of endpoint", endpointType, with(minimal[endpointType], "vpcEndpointType", "interface"), "vpcEndpointType", `must be one of Gateway, Interface, not "interface"`},
		{"no domain of address", eipType, in{"domain": "standard"}, "domain", `must be one of vpc, not "standard"`},
		{"no interval", flowLogType, with(minimal[flowLogType], "maxAggregationInterval", 300), "maxAggregationInterval", "must be one of 60, 600, not 300"},
		{"no retention", logGroupType, in{"retentionInDays": 42}, "retentionInDays", "must be one of 0, 1, 3, 5, 7, 14, "},
		{"a port", ingressType, with(with(rule, "fromPort", 0), "toPort", 65536), "toPort", "must be from -1 to 65535, not 65536"},
		{"no protocol", ingressType, with(rule, "ipProtocol", "TCP"), "ipProtocol", `"TCP" is not tcp, udp, icmp, icmpv6, a protocol number, or -1 for all`},
		{"a protocol number", ingressType, with(rule, "ipProtocol", "256"), "ipProtocol", `"256" is not tcp, `},
		{"two sources", ingressType, with(rule, "referencedSecurityGroupId", someGroup), "cidrIpv4", "exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId must be given, not 2"},
		{"no source", ingressType, with(rule, "cidrIpv4", nil), "cidrIpv4", "exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId must be given, not 0"},
		{"two targets", routeType, with(minimal[routeType], "natGatewayId", "nat-0123456789abcdef0"), "carrierGatewayId", "must be given, not 2"},
		{"no destination", routeType, with(minimal[routeType], "destinationCidrBlock", nil), "destinationCidrBlock", "must be given, not 0"},
		{"a flow log of two things", flowLogType, with(minimal[flowLogType], "subnetId", someSubnet), "vpcId", "must be given, not 2"},
		{"an ARN that is none", flowLogType, with(minimal[flowLogType], "iamRoleArn", "role/x"), "iamRoleArn", `"role/x" is not a valid ARN`},
		{"the ARN of another service", flowLogType, with(minimal[flowLogType], "logDestination", "arn:aws:s3:::bucket"), "logDestination", `"arn:aws:s3:::bucket" is not an ARN of logs`},
		{"a policy that is no JSON", roleType, in{"assumeRolePolicy": "{"}, "assumeRolePolicy", "contains an invalid JSON policy: "},
		{"a policy that is an object", policyType, with(minimal[policyType], "policy", in{"Version": "2012-10-17"}), "policy", "must be a JSON document in a string"},
		{"a private NAT gateway with an address", natType, with(with(minimal[natType], "connectivityType", "private"), "allocationId", "eipalloc-0123456789abcdef0"), "allocationId", `is not supported with connectivityType "private"`},
		{"a group's name", groupType, in{"name": "sg-mine"}, "name", "cannot begin with sg-"},
		{"a role's name", roleType, in{"assumeRolePolicy": trust, "name": "a role"}, "name", `"a role" must match `},
		{"a role's long name", roleType, in{"assumeRolePolicy": trust, "name": strings.Repeat("r", 65)}, "name", "must have at most 64 characters, not 65"},

		{"IPv6", vpcType, with(minimal[vpcType], "assignGeneratedIpv6CidrBlock", true), "assignGeneratedIpv6CidrBlock", "is not modelled by the sandbox; it would be ignored"},
		{"inline routes", tableType, with(minimal[tableType], "routes", []any{in{"cidrBlock": "0.0.0.0/0", "gatewayId": someGateway}}), "routes", "is not modelled by the sandbox; it would be ignored"},
		{"inline rules", groupType, in{"egress": []any{in{"fromPort": 0, "toPort": 0, "protocol": "-1"}}}, "egress", "is not modelled by the sandbox; it would be ignored"},
		{"an inline rule without a protocol", groupType, in{"egress": []any{in{"fromPort": 0, "toPort": 0}}}, "egress[0].protocol", "is required"},
	}
	_, i := newCloud(t, aws.Options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, failures := i.check(c.typ, c.inputs, nil)
			require.NotEmpty(t, failures)
			assert.True(t, slices.ContainsFunc(failures, func(f *pulumirpc.CheckFailure) bool {
				return f.GetProperty() == c.property && strings.Contains(f.GetReason(), c.reason)
			}), "%v", failures)
		})
	}
}

// TestCheckSaysAll reports every problem at once.
func TestCheckSaysAll(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	_, failures := i.check(subnetType, in{"cidr": "10.0.0.0/24", "mapPublicIpOnLaunch": "yes"}, nil)
	var properties []string
	for _, f := range failures {
		properties = append(properties, f.GetProperty())
	}
	assert.ElementsMatch(t, []string{"cidr", "mapPublicIpOnLaunch", "vpcId"}, properties)
}

// TestCheckFills looks at what the provider adds to inputs: its defaults, a
// name, and the tags of the resource with the provider's.
func TestCheckFills(t *testing.T) {
	_, plain := newCloud(t, aws.Options{})
	i := plain.connect(in{"region": "eu-west-1", "defaultTags": in{"tags": in{"env": "dev", "Name": "default"}}})

	checked, failures := i.check(subnetType, in{"vpcId": someVpc, "cidrBlock": "10.0.0.0/24", "tags": in{"Name": "nodes-a"}}, nil)
	require.Empty(t, failures)
	assert.Equal(t, resource.NewPropertyMapFromMap(in{
		"vpcId": someVpc, "cidrBlock": "10.0.0.0/24", "tags": in{"Name": "nodes-a"},
		"tagsAll":                     in{"Name": "nodes-a", "env": "dev"},
		"assignIpv6AddressOnCreation": false, "enableDns64": false, "enableResourceNameDnsARecordOnLaunch": false,
		"enableResourceNameDnsAaaaRecordOnLaunch": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
		"__defaults": []any{
			"assignIpv6AddressOnCreation", "enableDns64", "enableResourceNameDnsARecordOnLaunch",
			"enableResourceNameDnsAaaaRecordOnLaunch", "ipv6Native", "mapPublicIpOnLaunch",
		},
	}), checked)

	// The provider's name for a resource stays until the resource is replaced;
	// then the engine asks without the old inputs and another seed.
	ask := func(news in, olds resource.PropertyMap, seed string) resource.PropertyMap {
		r, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{
			Urn: urn(logGroupType, "flow"), News: marshal(t, news), Olds: marshalMap(t, olds), RandomSeed: []byte(seed),
		})
		require.NoError(t, err)
		require.Empty(t, r.GetFailures())
		return unmarshal(t, r.GetInputs())
	}
	first := ask(in{}, nil, "one")
	assert.Regexp(t, `^flow-[0-9a-f]{7}$`, first["name"].StringValue())
	assert.Equal(t, first["name"], ask(in{"retentionInDays": 7}, first, "two")["name"])
	assert.NotEqual(t, first["name"], ask(in{}, nil, "two")["name"])
	chosen := ask(in{"name": "/mine"}, first, "three")
	assert.Equal(t, "/mine", chosen["name"].StringValue())
	assert.Regexp(t, `^flow-[0-9a-f]{7}$`, ask(in{}, chosen, "four")["name"].StringValue(), "a name the program gave is not kept")

	// What the stack's configuration says of names goes before.
	named, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{
		Urn: urn(logGroupType, "flow"), News: marshal(t, in{}), Olds: marshal(t, in{}),
		Autonaming: &pulumirpc.CheckRequest_AutonamingOptions{
			ProposedName: "dev-flow", Mode: pulumirpc.CheckRequest_AutonamingOptions_ENFORCE,
		},
	})
	require.NoError(t, err)
	assert.Equal(t, "dev-flow", unmarshal(t, named.GetInputs())["name"].StringValue())
	named, err = i.server.Check(i.ctx, &pulumirpc.CheckRequest{
		Urn: urn(logGroupType, "flow"), News: marshal(t, in{}), Olds: marshal(t, in{}),
		Autonaming: &pulumirpc.CheckRequest_AutonamingOptions{Mode: pulumirpc.CheckRequest_AutonamingOptions_DISABLE},
	})
	require.NoError(t, err)
	require.Len(t, named.GetFailures(), 1)
	assert.Equal(t, "name", named.GetFailures()[0].GetProperty())
}

// TestDefaultTags changes the provider's default tags: every resource with
// tags differs, and so do its tagsAll alone.
func TestDefaultTags(t *testing.T) {
	_, plain := newCloud(t, aws.Options{})
	i := plain.connect(in{"region": "eu-west-1", "defaultTags": in{"tags": in{"env": "dev"}}})
	v := i.create(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "a"}})
	assert.Equal(t, resource.NewPropertyMapFromMap(in{"Name": "a", "env": "dev"}), v.out["tagsAll"].ObjectValue())
	assert.Equal(t, resource.NewPropertyMapFromMap(in{"Name": "a"}), v.out["tags"].ObjectValue())

	i = plain.connect(in{"region": "eu-west-1", "defaultTags": in{"tags": in{"env": "prod"}}})
	d := i.diff(v, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "a"}})
	assert.Equal(t, []string{"tagsAll"}, d.GetDiffs())
	assert.Empty(t, d.GetReplaces())

	i = plain.connect(in{"region": "eu-west-1", "ignoreTags": in{"keys": []any{"owner"}, "keyPrefixes": []any{"kubernetes.io/"}}})
	checked, _ := i.check(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"owner": "x", "kubernetes.io/role/elb": "1", "Name": "a"}}, nil)
	assert.Equal(t, resource.NewPropertyMapFromMap(in{"Name": "a"}), checked["tagsAll"].ObjectValue())
}

// TestUnknownTokens never accepts a type or a function silently.
func TestUnknownTokens(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	id := urn("aws:ec2/vpcs:Vpc", "it")
	for name, call := range map[string]func() error{
		"check": func() error {
			_, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{Urn: id})
			return err
		},
		"diff": func() error {
			_, err := i.server.Diff(i.ctx, &pulumirpc.DiffRequest{Urn: id})
			return err
		},
		"create": func() error {
			_, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: id})
			return err
		},
		"preview": func() error {
			_, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: id, Preview: true})
			return err
		},
		"read": func() error {
			_, err := i.server.Read(i.ctx, &pulumirpc.ReadRequest{Urn: id, Id: "x"})
			return err
		},
		"update": func() error {
			_, err := i.server.Update(i.ctx, &pulumirpc.UpdateRequest{Urn: id, Id: "x"})
			return err
		},
		"delete": func() error {
			_, err := i.server.Delete(i.ctx, &pulumirpc.DeleteRequest{Urn: id, Id: "x"})
			return err
		},
	} {
		require.ErrorContains(t, call(), "the sandbox does not know the resource type aws:ec2/vpcs:Vpc; did you mean aws:ec2/vpc:Vpc?", name)
	}
	_, err := i.server.Invoke(i.ctx, &pulumirpc.InvokeRequest{Tok: "aws:index/getRegions:getRegions"})
	require.ErrorContains(t, err, "the sandbox does not know the function aws:index/getRegions:getRegions; did you mean aws:index/getRegion:getRegion?")
	_, err = i.server.Check(i.ctx, &pulumirpc.CheckRequest{Urn: "nonsense"})
	require.ErrorContains(t, err, "is not a URN")
}
