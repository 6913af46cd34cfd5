package stacks_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
)

// dedicatedBase is a valid environment of both planes; each case changes one
// part of it.
const dedicatedBase = `config:
  aws:region: eu-west-1
  underlay:model: dedicated-aws
  underlay:spec:
    controlPlane:
      account: {allowedAccountIds: ["444455556666"]}
      vpcCidr: 10.30.0.0/16
      zones: [eu-west-1a, eu-west-1b]
    dataPlane:
      vpcCidr: 10.20.0.0/16
      zones: [eu-west-1a, eu-west-1b]
    service: {alias: {zone: dp1.internal}}
    bridge:
      localAccountId: "111122223333"
      localRoleArns: ["arn:aws:iam::111122223333:role/data-plane"]
      peerRoleArns: ["arn:aws:iam::444455556666:role/control-plane"]
    tags: {environment: dev}
`

// central is a configuration of central endpoints in the control plane's account.
func central(rest string) string {
	return "centralEndpoints: {dataPlaneAccountId: \"111122223333\", zones: [eu-west-1a, eu-west-1b], " + rest + "}\n    "
}

// The components' own tests have a case for each rule; these show where the
// problems are put, and the rules between the planes.
func TestBadDedicatedAwsConfigurations(t *testing.T) {
	require.NoError(t, check(dedicatedBase))
	cases := []struct {
		name     string
		old, new string
		want     []string
	}{
		{"unknown key of the control plane", "account:", "acount:", []string{
			`underlay:spec.controlPlane.acount: unknown key; did you mean "account"?`}},
		{"unknown key of the account", "allowedAccountIds:", "region: eu-west-2, allowedAccountIds:", []string{
			`underlay:spec.controlPlane.account.region: unknown key; use allowedAccountIds, assumeRole or profile`}},
		{"embedded key of another type", "vpcCidr: 10.30.0.0/16", "vpcCidr: 10.30.0.0/16\n      zoneSlots: many", []string{
			`underlay:spec.controlPlane.zoneSlots: many: is text; it must be a whole number`}},
		{"account", `allowedAccountIds: ["444455556666"]`, `allowedAccountIds: ["444455556666", "44"], assumeRole: {roleArn: network}`, []string{
			`underlay:spec.controlPlane.account.allowedAccountIds[1]: 44: is not an AWS account id; give its 12 digits`,
			`underlay:spec.controlPlane.account.assumeRole.roleArn: network: is not the ARN of a role; give arn:aws:iam::<account>:role/<name>`,
			`underlay:spec.service.allowedPrincipals: is missing; without it nobody can connect; name the control plane's account, arn:aws:iam::<account>:root`,
			`underlay:spec.bridge.peerAccountId: is missing; name the account of the control plane`}},
		{"internet", "vpcCidr: 10.20.0.0/16", "vpcCidr: 10.20.0.0/16\n      egress: nat", []string{
			`underlay:spec.dataPlane.egress: nat: is not isolated, and this model has no internet access; ` +
				`remove it, or use the model shared-aws`}},
		{"one zone", "zones: [eu-west-1a, eu-west-1b]\n    dataPlane", "zones: [eu-west-1a]\n    dataPlane", []string{
			`underlay:spec.controlPlane.zones: eu-west-1a: is one zone; a control plane's load balancers need subnets in at least two; name a second zone`}},
		{"region, once", "eu-west-1\n", "eu-west-11\n", []string{
			`aws:region: eu-west-11: is not an AWS region that the catalogue knows; did you mean "eu-west-1"?`}},
		{"quota, once", "tags:", "quotas: {rules-per-security-groups: 9}\n    tags:", []string{
			`underlay:spec.quotas.rules-per-security-groups: 9: is not a quota of the catalogue; did you mean "rules-per-security-group"?`}},
		{"endpoints of both", "tags:", "controlPlaneEndpoints: {add: [kmss]}\n    dataPlaneEndpoints: {remove: [xrai]}\n    tags:", []string{
			`underlay:spec.controlPlaneEndpoints.add[0]: kmss: is not an endpoint service; did you mean "kms"?`,
			`underlay:spec.dataPlaneEndpoints.remove[0]: xrai: is not an endpoint service; did you mean "xray"?`}},
		{"no zone in common", "[eu-west-1a, eu-west-1b]\n    dataPlane:", "[eu-west-1a, eu-west-1b]\n      zoneIds: [euw1-az1, euw1-az2]\n" +
			"    dataPlane:\n      zoneIds: [euw1-az3, euw1-az3]", []string{
			`underlay:spec.dataPlane.zoneIds[1]: euw1-az3: is named already at zoneIds[0]; remove one`,
			`underlay:spec.controlPlane.zones: eu-west-1a (euw1-az1), eu-west-1b (euw1-az2): have none of the service's zones euw1-az3, euw1-az3; ` +
				`add a subnet in one of them, or have the service put into one of yours`}},
		{"zone ids of one plane", "    dataPlane:", "    dataPlane:\n      zoneIds: [euw1-az1, euw1-az2]", []string{
			`underlay:spec.controlPlane.zoneIds: is missing, while dataPlane.zoneIds is given; ` +
				`give the zones' ids of both planes: names mean other zones in another account`}},
		{"service", "{alias: {zone: dp1.internal}}", "{alias: {zone: dp1.internal}, privateDns: true, listeners: [{port: 0}]}", []string{
			`underlay:spec.service.alias: is a second way to the same names; remove it, or privateDns: true`,
			`underlay:spec.service.listeners[0].port: 0: is out of range; use 1 to 65535`,
			`underlay:spec.service.privateDns: true: lets no name resolve; set privateDnsName, or remove it`}},
		{"queues elsewhere", "bridge:", "bridge:\n      localPlane: controlPlane", []string{
			`underlay:spec.bridge.localPlane: controlPlane: is not dataPlane, whose account has the queues in this model; remove it`}},
		{"role for the peer", "bridge:", "bridge:\n      peerRole: {name: peer, trustedArns: [\"arn:aws:iam::444455556666:role/x\"]}", []string{
			`underlay:spec.bridge.peerRole: would be a role of the data plane's account, which the control plane does not need; ` +
				`name the control plane's own roles in peerRoleArns`}},
		{"another peer", "arn:aws:iam::444455556666:role/control-plane\"]", "arn:aws:iam::777788889999:role/control-plane\"]\n      peerAccountId: \"777788889999\"", []string{
			`underlay:spec.bridge.peerAccountId: 777788889999: is not among controlPlane.account.allowedAccountIds; remove one of them`}},
		{"queues in an account that the provider must not touch", "aws:region: eu-west-1", "aws:region: eu-west-1\n  aws:allowedAccountIds: [\"777788889999\"]", []string{
			`underlay:spec.bridge.localAccountId: 111122223333: is not among aws:allowedAccountIds, 777788889999; change one of them`}},
		{"support secret", "aws:region: eu-west-1", "aws:region: eu-west-1\n  underlay:supportExternalId: {secure: v1:abc}", []string{
			"underlay:supportExternalId: is set, but no role of the environment needs it; remove it with `pulumi config rm underlay:supportExternalId`"}},
		{"central endpoints without accounts", "tags:", "centralEndpoints: {account: {}, vpcCidr: 10.40.0.0/16, zones: [eu-west-1a]}\n    tags:", []string{
			`underlay:spec.centralEndpoints.account.allowedAccountIds: is not one account; the hub is shared by account; name the one account`,
			`underlay:spec.centralEndpoints.dataPlaneAccountId: is missing; name the data plane's account`,
			`underlay:spec.centralEndpoints.zones: eu-west-1a: is one zone; a control plane's load balancers need subnets in at least two; name a second zone`}},
		{"central endpoints at the planes' addresses", "tags:", central("vpcCidr: 10.20.128.0/18, routing: direct") + "tags:", []string{
			`underlay:spec.centralEndpoints.routing: direct: is not a choice; use transitGateway or peering`,
			`underlay:spec.dataPlane.vpcCidr: 10.20.0.0/16: overlaps 10.20.128.0/18 (centralEndpoints.vpcCidr); use a block outside 10.20.128.0/18`}},
		{"central endpoints in the wrong accounts", "tags:", central("vpcCidr: 10.40.0.0/16, preset: aws-dataplane, add: [kmss]") + "tags:", []string{
			`underlay:spec.centralEndpoints.preset: aws-dataplane: is not a choice; use aoscloud, aws-control-plane, aws-data-plane or none`,
			`underlay:spec.centralEndpoints.add[0]: kmss: is not an endpoint service; did you mean "kms"?`}},
		{"endpoints both central and local", "tags:", central("vpcCidr: 10.40.0.0/16, preset: none, add: [sqs, sts]") +
			"controlPlaneEndpoints: {preset: none, add: [sts]}\n    dataPlaneEndpoints: {preset: none, add: [kms, sqs], central: []}\n    tags:", []string{
			`underlay:spec.controlPlaneEndpoints: sts: is central, and the VPC has an endpoint with private DNS for it; ` +
				`list it as central in the VPC's endpoints, or remove it from the hub`,
			`underlay:spec.dataPlaneEndpoints: sqs: is central, and the VPC has an endpoint with private DNS for it; ` +
				`list it as central in the VPC's endpoints, or remove it from the hub`}},
		{"central ECR without a path to S3", "    service:", "      gatewayEndpoints: [dynamodb]\n    " +
			central("vpcCidr: 10.40.0.0/16") + "service:", []string{
			`underlay:spec.dataPlane.gatewayEndpoints: dynamodb: lacks s3: ECR keeps image layers in S3, so no image could be pulled; add s3`}},
		{"central endpoints for another account", "aws:region: eu-west-1\n  underlay:model: dedicated-aws\n  underlay:spec:\n    ",
			"aws:region: eu-west-1\n  aws:allowedAccountIds: [\"777788889999\", \"111122223333\"]\n  underlay:model: dedicated-aws\n  underlay:spec:\n    " +
				strings.Replace(central("vpcCidr: 10.40.0.0/16"), "111122223333", "222233334444", 1), []string{
				`underlay:spec.centralEndpoints.dataPlaneAccountId: 222233334444: is not among aws:allowedAccountIds, 777788889999, 111122223333; change one of them`}},
		{"way out to Cognito", "tags:", "cognito: {identifiers: [acme, acme], enforcement: networkFirewall, extraNames: [x]}\n    tags:", []string{
			`underlay:spec.cognito.enforcement: networkFirewall: is a way out with an internet gateway, and this model has no internet access; ` +
				`use none or dnsFirewall, or the model shared-aws`,
			`underlay:spec.cognito.identifiers[1]: acme: is named already at identifiers[0]; remove one`}},
		{"tag", "{environment: dev}", "{Name: planes}", []string{
			`underlay:spec.tags.Name: planes: is a tag that underlay sets itself; use another name`}},
		{"both planes at once", "vpcCidr: 10.30.0.0/16\n      zones: [eu-west-1a, eu-west-1b]\n    dataPlane:\n      vpcCidr: 10.20.0.0/16",
			"vpcCidr: 10.30.0.1/16\n      zones: [eu-west-1a, eu-west-1b]\n    dataPlane:\n      vpcCidr: 10.20.0.1/16", []string{
				`underlay:spec.controlPlane.vpcCidr: 10.30.0.1/16: has host bits set; the network is 10.30.0.0/16`,
				`underlay:spec.dataPlane.vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(dedicatedBase, c.old, c.new, 1)
			require.NotEqual(t, dedicatedBase, text, "the case changes nothing")
			var problems problem.List
			require.True(t, errors.As(check(text), &problems), "%v", check(text))
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

// The control plane's blocks are P[n+2,i] and P[n+5,28+i] of its VPC; those of
// the data plane are as in shared-aws.
func TestDedicatedAwsAddresses(t *testing.T) {
	env, err := stacks.Parse([]byte(dedicatedBase))
	require.NoError(t, err)
	ranges, err := env.Addresses()
	require.NoError(t, err)
	var names, blocks []string
	for _, r := range ranges {
		names, blocks = append(names, r.Name), append(blocks, r.Prefix.String())
	}
	assert.Equal(t, []string{"control plane VPC", "data plane VPC", "data plane pods"}, names)
	assert.Equal(t, []string{"10.30.0.0/16", "10.20.0.0/16", "100.64.0.0/16"}, blocks)
	assert.Equal(t, []stacks.AddressSubnet{
		{Tier: "private", Zone: "eu-west-1a", Prefix: netip.MustParsePrefix("10.30.0.0/18"), Usable: 16379},
		{Tier: "private", Zone: "eu-west-1b", Prefix: netip.MustParsePrefix("10.30.64.0/18"), Usable: 16379},
		{Tier: "endpoints", Zone: "eu-west-1a", Prefix: netip.MustParsePrefix("10.30.224.0/21"), Usable: 2043},
		{Tier: "endpoints", Zone: "eu-west-1b", Prefix: netip.MustParsePrefix("10.30.232.0/21"), Usable: 2043},
	}, ranges[0].Subnets)
	assert.Contains(t, ranges[0].Free, netip.MustParsePrefix("10.30.128.0/18"), "the third slot")
}

// The preset aws-control-plane has 13 services; container instances need two
// more. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
func TestDedicatedAwsGraph(t *testing.T) {
	controlEndpoints := func(g *graph.Graph) (services []string) {
		for _, r := range g.ByType("aws:ec2/vpcEndpoint:VpcEndpoint") {
			if service, ok := strings.CutPrefix(r.Name, "control-endpoints-"); ok {
				services = append(services, service)
			}
		}
		return services
	}
	const accepter = "aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter"
	const ec2 = "      runtime: ec2\n    dataPlane:"
	for _, c := range []struct {
		name     string
		old, new string
		check    func(*testing.T, *graph.Graph)
	}{
		{"fargate", "", "", func(t *testing.T, g *graph.Graph) {
			assert.Len(t, controlEndpoints(g), 13)
			assert.Len(t, g.ByType(accepter), 1)
		}},
		{"ec2", "    dataPlane:", ec2, func(t *testing.T, g *graph.Graph) {
			assert.Len(t, controlEndpoints(g), 13+2)
			assert.Subset(t, controlEndpoints(g), []string{"ecs-agent", "ecs-telemetry"})
		}},
		{"ec2, edited", "    dataPlane:", "      runtime: ec2\n    controlPlaneEndpoints: {add: [ecs-agent], remove: [xray]}\n    dataPlane:",
			func(t *testing.T, g *graph.Graph) {
				assert.Len(t, controlEndpoints(g), 13+2-1)
				assert.NotContains(t, controlEndpoints(g), "xray")
			}},
		{"another preset", "    dataPlane:", "      runtime: ec2\n    controlPlaneEndpoints: {preset: none, add: [sqs]}\n    dataPlane:",
			func(t *testing.T, g *graph.Graph) { assert.Equal(t, []string{"sqs"}, controlEndpoints(g)) }},
		{"without consent", "service: {", "service: {acceptanceRequired: false, ", func(t *testing.T, g *graph.Graph) {
			assert.Empty(t, g.ByType(accepter))
		}},
		{"rules enforced", "service: {", "service: {enforceInboundRules: \"on\", ", func(t *testing.T, g *graph.Graph) {
			var sources []string
			for _, r := range g.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
				if strings.HasPrefix(r.Name, "connector-") {
					sources = append(sources, r.Inputs["cidrIpv4"].StringValue())
				}
			}
			assert.Equal(t, []string{"10.30.0.0/16"}, sources)
		}},
		{"no service, no bridge", dedicatedBase[strings.Index(dedicatedBase, "    service:"):strings.Index(dedicatedBase, "    tags:")], "",
			func(t *testing.T, g *graph.Graph) {
				assert.Empty(t, g.ByType("aws:lb/loadBalancer:LoadBalancer"))
				assert.Empty(t, g.ByType("aws:sqs/queue:Queue"))
			}},
		{"the same blocks twice", "10.30.0.0/16", "10.20.0.0/16", func(t *testing.T, g *graph.Graph) {
			assert.Len(t, g.ByType("aws:ec2/vpc:Vpc"), 2)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, err := stacks.Parse([]byte(strings.Replace(dedicatedBase, c.old, c.new, 1)))
			require.NoError(t, err)
			g, err := graph.Record(t.Context(), stacks.Project, "dedicated", nil, env.Program())
			require.NoError(t, err)
			c.check(t, g)
			// No way to the internet in either VPC.
			for _, token := range []string{"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway", "aws:ec2/route:Route"} {
				assert.Empty(t, g.ByType(token))
			}
		})
	}
}

// The planes' zones are compared by id: one in common is enough, and the other
// is said.
func TestDedicatedAwsWarnings(t *testing.T) {
	text := strings.Replace(dedicatedBase, "[eu-west-1a, eu-west-1b]\n    dataPlane:", "[eu-west-1a, eu-west-1b]\n      zoneIds: [euw1-az1, euw1-az2]\n"+
		"    dataPlane:\n      zoneIds: [euw1-az1, euw1-az3]", 1)
	env, err := stacks.Parse([]byte(strings.Replace(text, "10.30.0.0/16", "172.17.0.0/20", 1)))
	require.NoError(t, err)
	warnings, err := env.Warnings()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"172.17.0.0/20 overlaps 172.17.0.0/16, which Docker and the AWS services built on it use inside: " +
			"they may not reach the VPC's addresses there; use another block",
		"the service is in euw1-az1, euw1-az3 only: the endpoint has no address in eu-west-1b (euw1-az2)",
	}, warnings)
}

// The queues' roles that somebody else makes; the data plane of azure-staging has
// one that is made.
func TestExistingRoles(t *testing.T) {
	for stack, want := range map[string][]string{
		"dedicated-dev": {"arn:aws:iam::111122223333:role/data-plane", "arn:aws:iam::444455556666:role/control-plane"},
		"azure-staging": nil,
		"aoscloud-dev":  nil,
	} {
		env, err := stacks.Load("../Pulumi." + stack + ".yaml")
		require.NoError(t, err)
		assert.Equal(t, want, env.ExistingRoles(), stack)
	}
	trusting := sqsbridge.Spec{
		LocalRole: &sqsbridge.Role{TrustedArns: []string{"arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:user/b"}},
		PeerRole:  &sqsbridge.Role{TrustedArns: []string{"arn:aws:iam::444455556666:role/c"}},
	}
	env := stacks.Environment{Spec: &stacks.SharedAws{Bridge: &trusting}}
	assert.Equal(t, []string{"arn:aws:iam::111122223333:role/a", "arn:aws:iam::444455556666:role/c"}, env.ExistingRoles())
}
