package endpoints_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

// args are those of endpoints in a VPC built elsewhere: plain ids.
func args(change func(*endpoints.InterfaceEndpointsArgs)) endpoints.InterfaceEndpointsArgs {
	a := endpoints.InterfaceEndpointsArgs{
		Spec: endpoints.Spec{
			Region:      "eu-west-1",
			Zones:       []endpoints.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
			SourceCidrs: []string{"10.21.0.0/16", "100.64.0.0/16"},
			Preset:      "aws-data-plane",
		},
		VpcID: pulumi.String("vpc-0123456789abcdef0"),
		SubnetIDs: pulumi.StringMap{
			"eu-west-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa"),
			"eu-west-1b": pulumi.String("subnet-0bbbbbbbbbbbbbbbb"),
		},
	}
	if change != nil {
		change(&a)
	}
	return a
}

func record(t *testing.T, a endpoints.InterfaceEndpointsArgs) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(a.Region)})
		if err != nil {
			return err
		}
		_, err = endpoints.NewInterfaceEndpoints(ctx, "endpoints", &a, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

const (
	endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
	group    = "aws:ec2/securityGroup:SecurityGroup"
	ingress  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egress   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// services returns the endpoints' service names, sorted.
func services(g *graph.Graph) []string {
	var found []string
	for _, r := range g.ByType(endpoint) {
		found = append(found, r.Inputs["serviceName"].StringValue())
	}
	slices.Sort(found)
	return found
}

// inputs returns the inputs of one endpoint.
func inputs(t *testing.T, g *graph.Graph, service string) map[string]any {
	t.Helper()
	for _, r := range g.ByType(endpoint) {
		if r.Inputs["serviceName"].StringValue() == "com.amazonaws."+service {
			return r.Inputs.Mappable()
		}
	}
	require.Failf(t, "no such endpoint", "%s", service)
	return nil
}

// The lists are retyped from "Deployment models of Conveyor", sections "Private
// data plane requirements" and "Private control plane requirements", and from
// "AosCloud Networking Prerequisites" v1.1, section "Required Endpoints".
func TestPresets(t *testing.T) {
	cases := map[string][]string{
		"aws-data-plane": {"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ec2", "ec2messages", "eks", "elasticloadbalancing",
			"kms", "logs", "monitoring", "secretsmanager", "ssm", "sts", "sqs", "xray"},
		"aws-control-plane": {"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ecs", "ec2messages", "kms", "logs", "ssm",
			"ssmmessages", "sts", "sqs", "xray"},
		"aoscloud": {"ec2", "ecr.api", "ecr.dkr", "logs", "sts", "elasticloadbalancing", "autoscaling", "secretsmanager", "rds",
			"s3", "elasticache", "email-smtp"},
		"none": nil,
	}
	for preset, want := range cases {
		t.Run(preset, func(t *testing.T) {
			var names []string
			for _, service := range want {
				names = append(names, "com.amazonaws.eu-west-1."+service)
			}
			slices.Sort(names)
			g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) { a.Preset = preset }))
			assert.Equal(t, names, services(g))
			for _, r := range g.ByType(endpoint) {
				in := r.Inputs.Mappable()
				assert.Equal(t, "Interface", in["vpcEndpointType"])
				assert.Contains(t, in, "privateDnsEnabled", "private DNS is explicit on each")
				assert.Equal(t, !strings.HasSuffix(in["serviceName"].(string), ".s3"), in["privateDnsEnabled"],
					"private DNS is on, S3 excepted")
				assert.Equal(t, []any{"subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"}, in["subnetIds"])
			}
		})
	}
}

// rules returns the ingress rules as "cidr port".
func rules(g *graph.Graph) []string {
	var found []string
	for _, r := range g.ByType(ingress) {
		in := r.Inputs
		port := in["fromPort"].String()
		if in["fromPort"].NumberValue() != in["toPort"].NumberValue() || in["ipProtocol"].StringValue() != "tcp" {
			port = "not one TCP port"
		}
		found = append(found, in["cidrIpv4"].StringValue()+" "+strings.Trim(port, "{}"))
	}
	slices.Sort(found)
	return found
}

func TestOneGroupAdmitsEveryBlockOfTheVpc(t *testing.T) {
	g := record(t, args(nil))
	require.Len(t, g.ByType(group), 1)
	assert.Equal(t, []string{"10.21.0.0/16 443", "100.64.0.0/16 443"}, rules(g), "nodes and pods, on HTTPS")
	assert.Empty(t, g.ByType(egress), "endpoints open no connections")
	assert.Equal(t, "10.21.0.0/16 to interface endpoints", g.ByType(ingress)[0].Inputs["description"].StringValue())
	id := g.ByType(group)[0].URN
	var waitsFor []string
	for _, r := range g.ByType(ingress) {
		waitsFor = append(waitsFor, r.URN)
	}
	for _, r := range g.ByType(endpoint) {
		assert.Equal(t, []any{id}, r.Inputs.Mappable()["securityGroupIds"])
		assert.Subset(t, r.Dependencies, waitsFor, "an endpoint takes over traffic only once its group admits it")
	}
}

// SES's SMTP endpoint does not serve 443.
// https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html
func TestEmailHasItsOwnPorts(t *testing.T) {
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) { a.Preset, a.Add = "none", []string{"email-smtp"} }))
	assert.ElementsMatch(t, []string{
		"10.21.0.0/16 25", "10.21.0.0/16 2465", "10.21.0.0/16 2587", "10.21.0.0/16 465", "10.21.0.0/16 587",
		"100.64.0.0/16 25", "100.64.0.0/16 2465", "100.64.0.0/16 2587", "100.64.0.0/16 465", "100.64.0.0/16 587",
	}, rules(g))
}

func TestAddRemoveAndCentral(t *testing.T) {
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) {
		a.Preset = "aws-control-plane"
		a.Add = []string{"ecs-agent", "ecs-telemetry"}
		a.Remove = []string{"xray"}
		a.Central = []string{"kms", "sts"}
	}))
	var want []string
	for _, service := range []string{"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry",
		"ec2messages", "logs", "ssm", "ssmmessages", "sqs"} {
		want = append(want, "com.amazonaws.eu-west-1."+service)
	}
	slices.Sort(want)
	assert.Equal(t, want, services(g))
}

func TestOverrides(t *testing.T) {
	yes, no := true, false
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) {
		a.Preset, a.Add, a.PrivateDNS = "none", []string{"sqs", "sts", "s3", "kms"}, &no
		a.Overrides = map[string]endpoints.Override{
			"sqs": {Zones: []string{"eu-west-1b"}, Policy: `{"Statement":[]}`, Ports: []int{8443}},
			"sts": {PrivateDNS: &yes, ServiceName: "com.amazonaws.vpce.eu-west-1.sts-beta"},
			"s3":  {PrivateDNS: &yes},
		}
	}))
	assert.Equal(t, []string{"10.21.0.0/16 443", "10.21.0.0/16 8443", "100.64.0.0/16 443", "100.64.0.0/16 8443"}, rules(g))
	sqs := inputs(t, g, "eu-west-1.sqs")
	assert.Equal(t, []any{"subnet-0bbbbbbbbbbbbbbbb"}, sqs["subnetIds"])
	assert.Equal(t, `{"Statement":[]}`, sqs["policy"])
	assert.Equal(t, false, sqs["privateDnsEnabled"])
	assert.Equal(t, true, inputs(t, g, "vpce.eu-west-1.sts-beta")["privateDnsEnabled"])
	assert.Equal(t, false, inputs(t, g, "eu-west-1.kms")["privateDnsEnabled"])
	s3 := inputs(t, g, "eu-west-1.s3")
	assert.Equal(t, true, s3["privateDnsEnabled"])
	assert.Equal(t, map[string]any{"privateDnsOnlyForInboundResolverEndpoint": false}, s3["dnsOptions"],
		"AWS's default would resolve for on-premises resolvers only")
}

func TestUserPoolsWithoutADomain(t *testing.T) {
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) {
		a.Preset, a.Add, a.PoolsWithoutDomain = "none", []string{"cognito-idp"}, true
	}))
	assert.Equal(t, []string{"com.amazonaws.eu-west-1.cognito-idp"}, services(g))
}

// AWS does not offer email-smtp in use1-az2, use1-az3 and use1-az5.
// https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html
func TestZonesThatAServiceLacksAreLeftOut(t *testing.T) {
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) {
		a.Region = "us-east-1"
		a.Zones = []endpoints.Zone{{Name: "us-east-1a", ID: "use1-az2"}, {Name: "us-east-1b", ID: "use1-az4"}}
		a.SubnetIDs = pulumi.StringMap{"us-east-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa"), "us-east-1b": pulumi.String("subnet-0bbbbbbbbbbbbbbbb")}
		a.Preset, a.Add = "none", []string{"email-smtp", "sqs"}
	}))
	assert.Equal(t, []any{"subnet-0bbbbbbbbbbbbbbbb"}, inputs(t, g, "us-east-1.email-smtp")["subnetIds"])
	assert.Equal(t, []any{"subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"}, inputs(t, g, "us-east-1.sqs")["subnetIds"])
}

func TestTheCallersOwnGroups(t *testing.T) {
	g := record(t, args(func(a *endpoints.InterfaceEndpointsArgs) {
		a.SourceCidrs = nil
		a.SecurityGroupIDs = pulumi.StringArray{pulumi.String("sg-0aaaaaaaaaaaaaaaa"), pulumi.String("sg-0bbbbbbbbbbbbbbbb")}
	}))
	assert.Empty(t, g.ByType(group))
	assert.Empty(t, g.ByType(ingress))
	assert.Equal(t, []any{"sg-0aaaaaaaaaaaaaaaa", "sg-0bbbbbbbbbbbbbbbb"}, inputs(t, g, "eu-west-1.sqs")["securityGroupIds"])
}

func TestBadArguments(t *testing.T) {
	cases := []struct {
		name   string
		change func(*endpoints.InterfaceEndpointsArgs)
		want   []string
	}{
		{"nothing given", func(a *endpoints.InterfaceEndpointsArgs) { *a = endpoints.InterfaceEndpointsArgs{} }, []string{
			"region: is missing; give an AWS region, for example eu-west-1",
			"zones: is missing; give the zones that have an endpoint subnet",
			"preset: is not a choice; use aoscloud, aws-control-plane, aws-data-plane or none",
			"vpcId: is missing; give the VPC's id",
			"sourceCidrs: is missing; list every block of the VPC, or give securityGroupIds",
		}},
		{"zone without a subnet", func(a *endpoints.InterfaceEndpointsArgs) { delete(a.SubnetIDs, "eu-west-1b") }, []string{
			"subnetIds.eu-west-1b: is missing; give the zone's endpoint subnet",
		}},
		{"block with host bits", func(a *endpoints.InterfaceEndpointsArgs) { a.SourceCidrs[1] = "100.64.0.1/16" }, []string{
			"sourceCidrs[1]: 100.64.0.1/16: has host bits set; the network is 100.64.0.0/16",
		}},
		{"more rules than a group takes", func(a *endpoints.InterfaceEndpointsArgs) {
			a.SourceCidrs = a.SourceCidrs[:1]
			a.Add, a.Quotas = []string{"email-smtp"}, map[string]int{"rules-per-security-group": 5}
		}, []string{
			"sourceCidrs: 10.21.0.0/16: needs 6 security group rules; the quota is 5; " +
				"use fewer, larger blocks, or have the quota raised and set quotas.rules-per-security-group",
		}},
		{"user pools with a domain", func(a *endpoints.InterfaceEndpointsArgs) { a.Add = []string{"ssmmessages", "cognito-idp"} }, []string{
			"add[1]: cognito-idp: breaks sign-in: the platform's user pool has a domain, which AWS PrivateLink does not serve; " +
				"remove it, and let the pool's domain out instead; or set poolsWithoutDomain: true",
		}},
		{"service in none of the zones", func(a *endpoints.InterfaceEndpointsArgs) {
			a.Region, a.Preset, a.Add = "us-east-1", "none", []string{"email-smtp"}
			a.Zones = []endpoints.Zone{{Name: "us-east-1a", ID: "use1-az2"}}
			a.SubnetIDs = pulumi.StringMap{"us-east-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa")}
		}, []string{
			"overrides.email-smtp.zones: us-east-1a: are all zones where AWS does not offer email-smtp; add a zone, or remove the endpoint",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				a := args(c.change)
				_, err := endpoints.NewInterfaceEndpoints(ctx, "endpoints", &a)
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				var lines []string
				for _, p := range problems {
					lines = append(lines, p.Error())
				}
				assert.ElementsMatch(t, c.want, lines)
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, g.Resources, 1, "nothing is registered but the stack")
		})
	}
}
