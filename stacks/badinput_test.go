package stacks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
)

// base is a valid environment; each case changes one part of it.
const base = `config:
  aws:region: eu-west-1
  underlay:model: shared-aws
  underlay:spec:
    dataPlane:
      vpcCidr: 10.20.0.0/16
      podCidr: 100.64.0.0/16
      zones: [eu-west-1a, eu-west-1b, eu-west-1c]
      egress: nat
    endpoints:
      preset: aws-data-plane
    tags: {environment: dev}
`

// isolated is a valid environment without internet.
var isolated = strings.Replace(base, "egress: nat", "egress: isolated", 1)

const dp = "underlay:spec.dataPlane."

func TestTheBasesOfTheBadConfigurationsAreValid(t *testing.T) {
	for _, text := range []string{base, isolated} {
		require.NoError(t, check(text))
	}
}

// `pulumi config set` writes what is more than text as JSON text.
func TestSettingsWrittenByPulumiConfigSet(t *testing.T) {
	env, err := stacks.Parse([]byte(`config:
  aws:region: eu-west-1
  aws:profile: "123456"
  aws:allowedAccountIds: '["111122223333"]'
  underlay:allowReplacement: "true"
  underlay:spec: '{"dataPlane": {"vpcCidr": "10.20.0.0/16", "zones": ["eu-west-1a", "eu-west-1b"]}}'
`))
	require.NoError(t, err)
	assert.True(t, env.AllowReplacement)
	assert.Equal(t, stacks.Aws{Region: "eu-west-1", Profile: "123456", AllowedAccountIDs: []string{"111122223333"}}, env.Aws)
	assert.Equal(t, "10.20.0.0/16", env.Spec.(*stacks.SharedAws).DataPlane.VpcCidr)
}

// Each configuration is wrong in what new says, and gives exactly the messages
// in want.
func TestBadConfigurations(t *testing.T) {
	cases := []struct {
		name     string
		from     string
		old, new string
		want     []string
	}{
		// The file and its keys.
		{"not YAML", base, "config:", "config: [", []string{
			`is not YAML: line 2: did not find expected ',' or ']'`}},
		{"unknown key of the project", base, "underlay:model:", "underlay:modell:", []string{
			`underlay:modell: unknown key; did you mean "underlay:model"?`}},
		{"unknown model", base, "shared-aws", "shared-aw", []string{
			`underlay:model: shared-aw: is not a deployment model; did you mean "shared-aws"?`}},
		{"no spec", "config:\n  aws:region: eu-west-1\n", "", "", []string{
			`underlay:spec.dataPlane.vpcCidr: is missing; give the VPC's block, for example 10.20.0.0/16`,
			`underlay:spec.dataPlane.zones: is missing; name two or three availability zones`}},
		{"unknown key of the spec", base, "dataPlane:", "dataPlan:", []string{
			`underlay:spec.dataPlan: unknown key; did you mean "dataPlane"?`}},
		{"unknown key of the data plane", base, "egress: nat", "egres: nat", []string{
			dp + `egres: unknown key; did you mean "egress"?`}},
		{"unknown key of the NAT gateways", base, "egress: nat", "nat: {strategi: single}", []string{
			dp + `nat.strategi: unknown key; did you mean "strategy"?`}},
		{"unknown key with nothing near", base, "egress: nat", "nat: {gateways: 3}", []string{
			dp + `nat.gateways: unknown key; use elasticIpAllocationIds, strategy or zone`}},
		{"key of another letter case", base, "vpcCidr:", "VpcCidr:", []string{
			dp + `VpcCidr: unknown key; did you mean "vpcCidr"?`}},
		{"setting of the default provider", base, "aws:region: eu-west-1", "aws:region: eu-west-1\n  aws:regionn: x", []string{
			`aws:regionn: is not a setting that underlay gives its AWS provider; did you mean "aws:region"?`}},
		{"encrypted setting", base, "vpcCidr: 10.20.0.0/16", "vpcCidr: {secure: v1:abc}", []string{
			dp + `vpcCidr: is a mapping; it must be text`}},
		{"encrypted spec", base, "underlay:model: shared-aws", "underlay:model: {secure: v1:abc}", []string{
			"underlay:model: is encrypted; of underlay's settings only underlay:bridgeExternalId and underlay:supportExternalId are secrets; " +
				"set it with `pulumi config set` without --secret"}},
		{"secret in plain text", base, "underlay:model: shared-aws", "underlay:supportExternalId: 3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42", []string{
			"underlay:supportExternalId: is a secret in plain text; set it with `pulumi config set --secret underlay:supportExternalId`"}},
		{"secret that nothing needs", base, "underlay:model: shared-aws", "underlay:bridgeExternalId: {secure: v1:abc}", []string{
			"underlay:bridgeExternalId: is set, but no role of the environment needs it; remove it with `pulumi config rm underlay:bridgeExternalId`"}},
		{"unknown secret", base, "underlay:model: shared-aws", "underlay:externalId: {secure: v1:abc}", []string{
			"underlay:externalId: is encrypted; of underlay's settings only underlay:bridgeExternalId and underlay:supportExternalId are secrets; " +
				"set it with `pulumi config set` without --secret"}},

		// Types.
		{"text for a list", base, "[eu-west-1a, eu-west-1b, eu-west-1c]", "eu-west-1a", []string{
			dp + `zones: eu-west-1a: is text; it must be a list`}},
		{"number for text", base, "10.20.0.0/16", "10", []string{
			dp + `vpcCidr: 10: is a number; it must be text; put it in quotes: "10"`}},
		{"number in a list of text", base, "eu-west-1b", "2", []string{
			dp + `zones[1]: 2: is a number; it must be text; put it in quotes: "2"`}},
		{"text for a number", base, "egress: nat", "zoneSlots: three", []string{
			dp + `zoneSlots: three: is text; it must be a whole number`}},
		{"half a number", base, "egress: nat", "zoneSlots: 3.5", []string{
			dp + `zoneSlots: 3.5: is a number; it must be a whole number`}},
		{"text for a mapping", base, "egress: nat", "nat: single", []string{
			dp + `nat: single: is text; it must be a mapping`}},
		{"text for true or false", base, "preset: aws-data-plane", "privateDns: maybe\n      preset: aws-data-plane", []string{
			`underlay:spec.endpoints.privateDns: maybe: is text; it must be true or false`}},
		{"date for text", base, "{environment: dev}", "{since: 2026-01-02}", []string{
			`underlay:spec.tags.since: 2026-01-02: is a date; it must be text; put it in quotes: "2026-01-02"`}},

		// The region and its zones.
		{"no region", base, "  aws:region: eu-west-1\n", "", []string{
			`aws:region: is missing; give an AWS region, for example eu-west-1`}},
		{"unknown region", base, "aws:region: eu-west-1", "aws:region: eu-west-11", []string{
			`aws:region: eu-west-11: is not an AWS region that the catalogue knows; did you mean "eu-west-1"?`}},
		{"zone of another region", base, "eu-west-1b", "eu-central-1b", []string{
			dp + `zones[1]: eu-central-1b: is not an availability zone of eu-west-1; its zones are eu-west-1a, eu-west-1b, eu-west-1c`}},
		{"zone id for a zone", base, "eu-west-1b", "euw1-az2", []string{
			dp + `zones[1]: euw1-az2: is not an availability zone of eu-west-1; its zones are eu-west-1a, eu-west-1b, eu-west-1c`}},
		{"zone named twice", base, "eu-west-1b", "eu-west-1a", []string{
			dp + `zones[1]: eu-west-1a: is named already at zones[0]; remove one`}},
		{"one zone", base, "[eu-west-1a, eu-west-1b, eu-west-1c]", "[eu-west-1a]", []string{
			dp + `zones: eu-west-1a: is one zone; EKS needs subnets in at least two; name a second zone`}},
		{"no zones", base, "[eu-west-1a, eu-west-1b, eu-west-1c]", "[]", []string{
			dp + `zones: is missing; name two or three availability zones`}},
		{"more zones than slots", strings.NewReplacer("eu-west-1", "us-east-1").Replace(base), "us-east-1c]", "us-east-1c, us-east-1d]", []string{
			dp + `zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d: is 4 zones; the address plan has 3 slots; ` +
				`name at most 3, or set zoneSlots: 4 in an environment not yet deployed`}},
		{"five zones", strings.NewReplacer("eu-west-1", "us-east-1").Replace(base), "us-east-1c]", "us-east-1c, us-east-1d, us-east-1f]", []string{
			dp + `zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f: is 5 zones; the address plan has room for 4; name at most 4`}},
		{"two slots", base, "egress: nat", "zoneSlots: 2", []string{
			dp + `zoneSlots: 2: a data plane has 3 or 4 zone slots; the nearest is 3`}},
		{"zone ids missing some", base, "egress: nat", "zoneIds: [euw1-az1]", []string{
			dp + `zoneIds: euw1-az1: is 1 ids for 3 zones; give one id for each zone, in the order of zones`}},
		{"zone where EKS has no control plane", strings.NewReplacer("eu-west-1", "us-east-1").Replace(base), "egress: nat",
			"zoneIds: [use1-az1, use1-az2, use1-az3]", []string{
				dp + `zoneIds[2]: use1-az3: is a zone where EKS places no control plane; use another zone than us-east-1c`}},

		// Addresses.
		{"host bits", base, "10.20.0.0/16", "10.20.0.1/16", []string{
			dp + `vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16`}},
		{"no prefix length", base, "10.20.0.0/16", "10.20.0.0", []string{
			dp + `vpcCidr: 10.20.0.0: has no prefix length; write 10.20.0.0/16`}},
		{"IPv6", base, "10.20.0.0/16", "fd00::/48", []string{
			dp + `vpcCidr: fd00::/48: is an IPv6 network; write an IPv4 network such as 10.21.0.0/16`}},
		{"VPC too small", base, "10.20.0.0/16", "10.20.0.0/24", []string{
			dp + `vpcCidr: 10.20.0.0/24: is smaller than /22: 3 zone slots would leave a node subnet less than a /24; the nearest is 10.20.0.0/22`}},
		{"VPC too small for four slots", base, "10.20.0.0/16", "10.20.0.0/22\n      zoneSlots: 4", []string{
			dp + `vpcCidr: 10.20.0.0/22: is smaller than /21: 4 zone slots would leave a node subnet less than a /24; the nearest is 10.20.0.0/21`}},
		{"VPC too large", base, "10.20.0.0/16", "10.0.0.0/8", []string{
			dp + `vpcCidr: 10.0.0.0/8: is larger than /16, the largest block AWS allows a VPC; the nearest is 10.0.0.0/16`}},
		{"link-local VPC", base, "10.20.0.0/16", "169.254.0.0/16", []string{
			dp + `vpcCidr: 169.254.0.0/16: AWS refuses 169.254.0.0/16, the link-local range, for a VPC; ` +
				`use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16`}},
		{"pods in the VPC's own block", base, "100.64.0.0/16", "10.20.0.0/16", []string{
			dp + `podCidr: 10.20.0.0/16: overlaps the VPC's block 10.20.0.0/16; use a block such as 100.64.0.0/16`}},
		{"pods of another RFC 1918 range", base, "100.64.0.0/16", "172.20.0.0/16", []string{
			dp + `podCidr: 172.20.0.0/16: AWS lets no block of 172.16.0.0/12 join a VPC created in 10.0.0.0/8; use a block of 10.0.0.0/8, or of 100.64.0.0/10`}},
		{"pods in 198.19/16", base, "100.64.0.0/16", "198.19.0.0/16", []string{
			dp + `podCidr: 198.19.0.0/16: AWS never lets 198.19.0.0/16 join an RFC 1918 VPC; use a block of 100.64.0.0/10, /16 or smaller`}},
		{"pods too small for a /18 a zone", base, "100.64.0.0/16", "100.64.0.0/18", []string{
			dp + `podCidr: 100.64.0.0/18: is not a /16: AWS allows no larger block, and a smaller one has no /18 for each zone slot; the nearest is 100.64.0.0/16`}},
		{"pods in 10.0/16 of a VPC in 10.1/16", strings.Replace(base, "10.20.0.0/16", "10.1.0.0/16", 1), "100.64.0.0/16", "10.0.0.0/16", []string{
			dp + `podCidr: 10.0.0.0/16: AWS lets no block of 10.0.0.0/16 join a VPC that has one in 10.0.0.0/15; use a block of 10.1.0.0/16 to 10.255.0.0/16, or of 100.64.0.0/10`}},
		{"subnet of an unknown tier", base, "egress: nat", "subnets: {node: {eu-west-1a: 10.20.0.0/20}}", []string{
			dp + `subnets.node: is not a tier; did you mean "nodes"?`}},
		{"subnet in an unknown zone", base, "egress: nat", "subnets: {nodes: {eu-west-1d: 10.20.0.0/20}}", []string{
			dp + `subnets.nodes.eu-west-1d: 10.20.0.0/20: is not one of the zones; use one of eu-west-1a, eu-west-1b, eu-west-1c`}},
		{"node subnet too small", base, "egress: nat", "subnets: {nodes: {eu-west-1a: 10.20.0.0/25}}", []string{
			dp + `subnets.nodes.eu-west-1a: 10.20.0.0/25: is too small for the nodes tier; use a /24 or larger`}},
		{"subnet outside the VPC", base, "egress: nat", "subnets: {nodes: {eu-west-1a: 10.30.0.0/20}}", []string{
			dp + `subnets.nodes.eu-west-1a: 10.30.0.0/20: is outside the block of the nodes tier; use a part of 10.20.0.0/16`}},
		{"overlapping subnets", base, "egress: nat", "subnets: {nodes: {eu-west-1a: 10.20.64.0/20}}", []string{
			dp + `subnets.nodes.eu-west-1b: 10.20.64.0/18: overlaps 10.20.64.0/20 (subnets.nodes.eu-west-1a); use a block outside 10.20.64.0/20`}},
		{"subnet of a tier that the network lacks", isolated, "egress: isolated", "egress: isolated\n      subnets: {public: {eu-west-1a: 10.20.200.0/24}}", []string{
			dp + `subnets.public: is set, but this network has no public tier; remove it, or change egress or connectivity`}},
		{"existing VPC without its id", base, "egress: nat", "existing: {cidrs: [10.20.0.0/16]}", []string{
			dp + `existing.vpcId: is missing; give the VPC's id`}},
		{"existing VPC without its blocks", base, "egress: nat", "existing: {vpcId: vpc-0123456789abcdef0}", []string{
			dp + `existing.cidrs: is missing; list every block of the VPC, the primary one first`}},
		{"layout outside the existing VPC", base, "egress: nat", "existing: {vpcId: vpc-0123456789abcdef0, cidrs: [10.30.0.0/16]}", []string{
			dp + `vpcCidr: 10.20.0.0/16: is in no block of the existing VPC (10.30.0.0/16); use one of them or a part of one`}},
		{"malformed VPC id", base, "egress: nat", "existing: {vpcId: my-vpc, cidrs: [10.20.0.0/16]}", []string{
			dp + `existing.vpcId: my-vpc: is not an id of the form vpc-…; give an id such as vpc-0123456789abcdef0`}},
		{"sixth block of a VPC", base, "egress: nat",
			"existing: {vpcId: vpc-0123456789abcdef0, cidrs: [10.20.0.0/16, 10.21.0.0/16, 10.22.0.0/16, 10.23.0.0/16, 10.24.0.0/16]}", []string{
				dp + `podCidr: 100.64.0.0/16: would be block 6 of the VPC; the quota is 5; have the quota raised, or use fewer blocks`}},

		// Gateways.
		{"unknown egress", base, "egress: nat", "egress: internet", []string{
			dp + `egress: internet: is not a choice; use nat, isolated or external`}},
		{"isolated with NAT", isolated, "egress: isolated", "egress: isolated\n      nat: {strategy: single}", []string{
			dp + `nat: single: is set, but an isolated network has no NAT gateway; remove nat, or set egress: nat`}},
		{"isolated with internet connectivity", isolated, "egress: isolated", "egress: isolated\n      connectivity: internet", []string{
			dp + `connectivity: internet: needs an internet gateway, which an isolated network does not have; use privatelink, or set egress: nat`}},
		{"external with NAT", base, "egress: nat", "egress: external\n      nat: {strategy: perZone}", []string{
			dp + `nat: perZone: is set, but with egress external the caller routes; remove nat, or set egress: nat`}},
		{"unknown NAT strategy", base, "egress: nat", "nat: {strategy: per-zone}", []string{
			dp + `nat.strategy: per-zone: is not a choice; use single or perZone`}},
		{"NAT in another zone", base, "egress: nat", "nat: {zone: eu-west-1d}", []string{
			dp + `nat.zone: eu-west-1d: is not one of the zones; use one of eu-west-1a, eu-west-1b, eu-west-1c`}},
		{"a NAT zone with one in every zone", base, "egress: nat", "nat: {strategy: perZone, zone: eu-west-1a}", []string{
			dp + `nat.zone: eu-west-1a: is set, but with strategy perZone every zone has a NAT gateway; remove it, or set strategy: single`}},
		{"NAT per zone over the address quota", base, "egress: nat", "nat: {strategy: perZone}\n    quotas: {elastic-ips-per-region: 2}", []string{
			dp + `nat.strategy: perZone: needs 3 Elastic IPs; the account's quota is 2; ` +
				`use strategy: single, or have the quota raised and set quotas.elastic-ips-per-region`}},
		{"too few addresses", base, "egress: nat", "nat: {strategy: perZone, elasticIpAllocationIds: [eipalloc-0123456789abcdef0]}", []string{
			dp + `nat.elasticIpAllocationIds: eipalloc-0123456789abcdef0: is 1 addresses for 3 NAT gateways; ` +
				`give one for each NAT gateway, in the order of the zones, or none`}},
		{"malformed address", base, "egress: nat", "nat: {elasticIpAllocationIds: [203.0.113.7]}", []string{
			dp + `nat.elasticIpAllocationIds[0]: 203.0.113.7: is not an id of the form eipalloc-…; give an id such as eipalloc-0123456789abcdef0`}},
		{"unknown quota", base, "tags:", "quotas: {elastic-ips: 9}\n    tags:", []string{
			`underlay:spec.quotas.elastic-ips: 9: is not a quota of the catalogue; did you mean "elastic-ips-per-region"?`}},
		{"quota of nothing", base, "tags:", "quotas: {elastic-ips-per-region: 0}\n    tags:", []string{
			`underlay:spec.quotas.elastic-ips-per-region: 0: is not a limit; give the account's limit, 1 or more`}},
		{"unknown gateway endpoint", base, "egress: nat", "gatewayEndpoints: [s3, sqs]", []string{
			dp + `gatewayEndpoints[1]: sqs: is not a choice; use s3 or dynamodb`}},
		{"pods found by what is no way", base, "egress: nat", "podNetworking: cni", []string{
			dp + `podNetworking: cni: is not a choice; use eniConfig or subnetDiscovery`}},
		{"cluster name", base, "egress: nat", "clusterNames: [-prod]", []string{
			dp + `clusterNames[0]: -prod: is not an EKS cluster name; use 1 to 100 letters, digits, hyphens and underscores, the first a letter or digit`}},

		// Flow logs.
		{"flow logs to nowhere", base, "egress: nat", "flowLogs: {destination: s3}", []string{
			dp + `flowLogs.bucketArn: is not the ARN of an S3 bucket; give arn:aws:s3:::<bucket>`}},
		{"retention that CloudWatch lacks", base, "egress: nat", "flowLogs: {retentionDays: 100}", []string{
			dp + `flowLogs.retentionDays: 100: is not a retention that CloudWatch Logs offers; the nearest is 90`}},
		{"aggregation interval", base, "egress: nat", "flowLogs: {aggregationSeconds: 300}", []string{
			dp + `flowLogs.aggregationSeconds: 300: is not an aggregation interval of VPC flow logs; use 60 or 600`}},

		// Interface endpoints.
		{"unknown preset", base, "aws-data-plane", "aws-dataplane", []string{
			`underlay:spec.endpoints.preset: aws-dataplane: is not a choice; use aoscloud, aws-control-plane, aws-data-plane or none`}},
		{"unknown endpoint", base, "preset: aws-data-plane", "preset: aws-data-plane\n      add: [ecr.dkrr]", []string{
			`underlay:spec.endpoints.add[0]: ecr.dkrr: is not an endpoint service; did you mean "ecr.dkr"?`}},
		{"endpoint of the preset added again", base, "preset: aws-data-plane", "preset: aws-data-plane\n      add: [sqs]", []string{
			`underlay:spec.endpoints.add[0]: sqs: is in the preset aws-data-plane already; remove it from add`}},
		{"endpoint removed that is not there", base, "preset: aws-data-plane", "preset: aws-data-plane\n      remove: [ssmmessages]", []string{
			`underlay:spec.endpoints.remove[0]: ssmmessages: is not among the endpoints; remove it from remove`}},
		{"endpoint added and removed", base, "preset: aws-data-plane", "preset: aws-data-plane\n      add: [ssmmessages]\n      remove: [ssmmessages]", []string{
			`underlay:spec.endpoints.add[0]: ssmmessages: is both added and removed; take it out of one of them`}},
		{"endpoint for Cognito", base, "preset: aws-data-plane", "preset: aws-data-plane\n      add: [cognito-idp]", []string{
			`underlay:spec.endpoints.add[0]: cognito-idp: breaks sign-in: the platform's user pool has a domain, which AWS PrivateLink does not serve; ` +
				`remove it, and let the pool's domain out instead; or set poolsWithoutDomain: true`}},
		{"endpoint for Cognito and a pool with a domain", base, "preset: aws-data-plane", "preset: aws-data-plane\n      add: [cognito-idp]\n" +
			"      poolsWithoutDomain: true\n    cognito: {identifiers: [acme]}", []string{
			`underlay:spec.cognito.identifiers: acme: is the domain of a user pool, and endpoints.poolsWithoutDomain says that there is none; remove one of them`}},
		{"names of Cognito", base, "tags:", "cognito: {identifiers: [ACME, acme.auth.eu-west-1.amazoncognito.com], extraNames: [idp.example.com]}\n    tags:", []string{
			`underlay:spec.cognito.identifiers[0]: ACME: is not a prefix that Cognito takes; use 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end`,
			`underlay:spec.cognito.identifiers[1]: acme.auth.eu-west-1.amazoncognito.com: is the whole domain; its prefix is asked for; write acme`,
			`underlay:spec.cognito.extraNames: idp.example.com: is set, but nothing is enforced; remove them, or set enforcement`}},
		{"names of Cognito without a network", base, "dataPlane:\n      vpcCidr: 10.20.0.0/16",
			"cognito: {enforcement: networkFirewall, networkFirewall: {}}\n    dataPlane:\n      vpcCidr: 10.20.0.1/16", []string{
				`underlay:spec.cognito.identifiers: is missing; ask the vendor for the domain prefix of the user pool`,
				dp + `vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16`}},
		{"Network Firewall beside NAT", base, "tags:", "cognito: {identifiers: [acme], enforcement: networkFirewall, networkFirewall: {subnets: {\n" +
			"      eu-west-1a: {firewall: 10.20.224.0/28, public: 10.20.216.0/28}, eu-west-1b: {firewall: 10.20.192.16/28, public: 10.30.0.0/28},\n" +
			"      eu-west-1d: {firewall: 10.20.192.32/28, public: 10.20.192.48/28}}}}\n    tags:", []string{
			// The plan's own blocks are P[21,24] for public and P[21,28] for endpoints, in the first zone.
			`underlay:spec.cognito.enforcement: networkFirewall: is a way out with an internet gateway, and this network has its own or none; ` +
				`set dataPlane.egress: external and dataPlane.connectivity: privatelink`,
			`underlay:spec.cognito.networkFirewall.subnets.eu-west-1a.firewall: 10.20.224.0/28: overlaps 10.20.224.0/21 ` +
				`(networkFirewall.taken.endpoints-eu-west-1a); use a block outside 10.20.224.0/21`,
			`underlay:spec.cognito.networkFirewall.subnets.eu-west-1b.firewall: 10.20.192.16/28: overlaps 10.20.192.0/21 ` +
				`(networkFirewall.taken.public-eu-west-1a); use a block outside 10.20.192.0/21`,
			`underlay:spec.cognito.networkFirewall.subnets.eu-west-1b.public: 10.30.0.0/28: is in no block of the VPC (10.20.0.0/16, 100.64.0.0/16); ` +
				`use a block inside one of them`,
			`underlay:spec.cognito.networkFirewall.subnets.eu-west-1c: is missing; the zone has a workload; give a firewall and a public subnet`,
			`underlay:spec.cognito.networkFirewall.subnets.eu-west-1d: is set, but no workload is in that zone; did you mean "eu-west-1a"?`}},
		{"DNS Firewall", base, "tags:", "cognito: {identifiers: [acme], enforcement: dnsFirewall, dnsFirewall: {services: [sqss], priority: 7}}\n    tags:", []string{
			`underlay:spec.cognito.dnsFirewall.services[0]: sqss: is not an endpoint service of the catalogue; did you mean "sqs"?`,
			`underlay:spec.cognito.dnsFirewall.priority: 7: is not a priority of a rule group; use 101 to 9899`}},
		{"ECR without a path to S3", isolated, "egress: isolated", "egress: isolated\n      gatewayEndpoints: []", []string{
			dp + `gatewayEndpoints: lacks s3: ECR keeps image layers in S3, so no image could be pulled; add s3`}},
		{"override of an endpoint that is not there", base, "preset: aws-data-plane", "preset: aws-data-plane\n      overrides: {ecr.ap: {}}", []string{
			`underlay:spec.endpoints.overrides.ecr.ap: is not among the endpoints; did you mean "ecr.api"?`}},
		{"override in another zone", base, "preset: aws-data-plane", "preset: aws-data-plane\n      overrides: {sqs: {zones: [eu-west-1d]}}", []string{
			`underlay:spec.endpoints.overrides.sqs.zones[0]: eu-west-1d: is not one of the zones; use eu-west-1a, eu-west-1b, eu-west-1c`}},
		{"port out of range", base, "preset: aws-data-plane", "preset: aws-data-plane\n      overrides: {sqs: {ports: [70000]}}", []string{
			`underlay:spec.endpoints.overrides.sqs.ports[0]: 70000: is not a TCP port; use 1 to 65535`}},
		{"policy that is not JSON", base, "preset: aws-data-plane", "preset: aws-data-plane\n      overrides: {sqs: {policy: allow}}", []string{
			`underlay:spec.endpoints.overrides.sqs.policy: allow: is not JSON; give a JSON policy document`}},
		{"service not offered in every zone, ids unknown", strings.NewReplacer("eu-west-1", "us-east-1").Replace(base),
			"preset: aws-data-plane", "preset: aws-data-plane\n      add: [email-smtp]", []string{
				dp + `zoneIds: is missing; email-smtp is not offered in every zone of us-east-1; ` +
					`give the zones' ids in this account, or list the endpoint's zones in overrides.email-smtp.zones`}},
		{"more endpoints than addresses", strings.Replace(base, "vpcCidr: 10.20.0.0/16", "vpcCidr: 10.20.0.0/22", 1),
			"egress: nat", "subnets: {endpoints: {eu-west-1a: 10.20.3.224/28}}", []string{
				`underlay:spec.endpoints.preset: aws-data-plane: makes 16 endpoints; the smallest endpoint subnet has 11 addresses; use larger endpoint subnets`}},
		{"more endpoints than the quota", base, "tags:", "quotas: {interface-endpoints-per-vpc: 10}\n    tags:", []string{
			`underlay:spec.endpoints.preset: aws-data-plane: makes 16 endpoints; the quota of a VPC is 10; ` +
				`remove some, or have the quota raised and set quotas.interface-endpoints-per-vpc`}},

		// The connector and the bridge.
		{"connector without a kind", base, "tags:", "connector: {controlPlaneCidrs: [203.0.113.0/24]}\n    tags:", []string{
			`underlay:spec.connector.kind: is not a choice; use internet or privatelink`}},
		{"connector that admits nobody", base, "tags:", "connector: {kind: internet}\n    tags:", []string{
			`underlay:spec.connector.controlPlaneCidrs: is missing; nobody would be admitted; list the blocks that the control plane connects from`}},
		{"connector that admits the world", base, "tags:", "connector: {kind: internet, controlPlaneCidrs: [0.0.0.0/0]}\n    tags:", []string{
			`underlay:spec.connector.controlPlaneCidrs[0]: 0.0.0.0/0: is the whole internet; list the control plane's own blocks, or set allowAnywhere: true`}},
		{"connector with the other kind's settings", base, "tags:",
			"connector: {kind: internet, controlPlaneCidrs: [203.0.113.0/24], allowedPrincipals: [x]}\n    tags:", []string{
				`underlay:spec.connector.allowedPrincipals: is set, but only a connector of kind privatelink has it; remove it, or set kind: privatelink`}},
		{"public connector of an isolated network", isolated, "tags:", "connector: {kind: internet, controlPlaneCidrs: [203.0.113.0/24]}\n    tags:", []string{
			`underlay:spec.connector.kind: internet: needs public subnets for load balancers, which this network does not have; ` +
				`use privatelink, or set dataPlane.connectivity: internet and an egress that allows it`}},
		{"support role without its secret", base, "tags:",
			"supportRole: {name: conveyor-support, trustedPrincipalArns: [\"arn:aws:iam::444455556666:role/support\"]}\n    tags:", []string{
				"underlay:supportExternalId: is missing; without it anyone whom the other party serves can be let in; " +
					"set it with `pulumi config set --secret underlay:supportExternalId`"}},
		{"support role", base, "tags:", "supportRole: {name: a/b, trustedPrincipalArns: [\"*\"], externalId: x}\n    tags:", []string{
			`underlay:spec.supportRole.externalId: unknown key; use accountId, allowAdministratorAccess, inlinePolicies, maxSessionHours, name, ` +
				`permissionsBoundaryArn, policyArns, readOnly or trustedPrincipalArns`,
			`underlay:spec.supportRole.name: a/b: is not a role's name; use letters, digits and +=,.@_-`,
			`underlay:spec.supportRole.trustedPrincipalArns[0]: *: is not exact; name each one; a wildcard would admit others`,
			"underlay:supportExternalId: is missing; without it anyone whom the other party serves can be let in; " +
				"set it with `pulumi config set --secret underlay:supportExternalId`"}},
		{"accounts that the provider must not touch", base, "  underlay:spec:\n    dataPlane:", "  aws:allowedAccountIds: [\"777788889999\"]\n" +
			"  underlay:supportExternalId: {secure: v1:abc}\n  underlay:spec:\n" +
			"    supportRole: {accountId: \"123456789012\", name: support, trustedPrincipalArns: [\"arn:aws:iam::444455556666:role/support\"]}\n" +
			"    bridge: {localAccountId: \"123456789012\", localRoleArns: [\"arn:aws:iam::123456789012:role/nodes\"], " +
			"peerAccountId: \"111122223333\", peerRoleArns: [\"arn:aws:iam::111122223333:role/control\"]}\n    dataPlane:", []string{
			`underlay:spec.bridge.localAccountId: 123456789012: is not among aws:allowedAccountIds, 777788889999; change one of them`,
			`underlay:spec.supportRole.accountId: 123456789012: is not among aws:allowedAccountIds, 777788889999; change one of them`}},
		{"bridge that needs a secret", base, "tags:", "bridge: {localAccountId: \"123456789012\", peerAccountId: \"111122223333\", " +
			"localRoleArns: [\"arn:aws:iam::123456789012:role/nodes\"], peerRole: {name: peer, trustedArns: [\"arn:aws:iam::111122223333:role/control\"]}}\n    tags:", []string{
			"underlay:bridgeExternalId: is missing; without it anyone whom the other party serves can be let in; " +
				"set it with `pulumi config set --secret underlay:bridgeExternalId`"}},

		// Names and tags.
		{"reserved tag", base, "{environment: dev}", `{"aws:created": me}`, []string{
			`underlay:spec.tags.aws:created: me: begins with aws:, which AWS reserves; use another name`}},
		{"tag that underlay sets", base, "{environment: dev}", "{Name: net}", []string{
			`underlay:spec.tags.Name: net: is a tag that underlay sets itself; use another name`}},
		{"tag with a sign", base, "{environment: dev}", "{owner: a&b}", []string{
			`underlay:spec.tags.owner: a&b: has a sign that AWS does not take; use letters, digits, spaces and _ . : / = + - @`}},
		{"tag too long", base, "{environment: dev}", "{owner: " + strings.Repeat("x", 257) + "}", []string{
			`underlay:spec.tags.owner: xxxxxxxxxxxxxxxxxxxx…: has a value of 257 characters; use at most 256`}},

		// The provider.
		{"account id", base, "aws:region: eu-west-1", "aws:region: eu-west-1\n  aws:allowedAccountIds: [\"123\"]", []string{
			`aws:allowedAccountIds[0]: 123: is not an AWS account id; give its 12 digits`}},
		{"role", base, "aws:region: eu-west-1", "aws:region: eu-west-1\n  aws:assumeRole: {roleArn: deployer}", []string{
			`aws:assumeRole.roleArn: deployer: is not the ARN of a role; give arn:aws:iam::<account>:role/<name>`}},

		// Several at once.
		{"three problems", base, "vpcCidr: 10.20.0.0/16\n      podCidr: 100.64.0.0/16",
			"vpcCidr: 10.20.0.1/16\n      podCidr: 100.64.0.0\n      endpointz: {}", []string{
				dp + `endpointz: unknown key; use clusterNames, connectivity, egress, existing, flowLogs, gatewayEndpoints, nat, podCidr, ` +
					`podNetworking, subnets, vpcCidr, zoneIds, zoneSlots or zones`,
				dp + `podCidr: 100.64.0.0: has no prefix length; write 100.64.0.0/16`,
				dp + `vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(c.from, c.old, c.new, 1)
			if c.old != "" {
				require.NotEqual(t, c.from, text, "the case changes nothing")
			}
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

// check reads and validates a configuration as every front door does.
func check(text string) error {
	_, err := stacks.Parse([]byte(text))
	return err
}
