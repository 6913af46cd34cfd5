package publicconnector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/publicconnector"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	balancer    = "aws:lb/loadBalancer:LoadBalancer"
	targetGroup = "aws:lb/targetGroup:TargetGroup"
	listener    = "aws:lb/listener:Listener"
	group       = "aws:ec2/securityGroup:SecurityGroup"
	gateway     = "aws:ec2/internetGateway:InternetGateway"
	ingress     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egress      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// args are those of a connector in a VPC built elsewhere: plain ids.
func args(changes ...func(*publicconnector.PublicConnectorArgs)) *publicconnector.PublicConnectorArgs {
	a := &publicconnector.PublicConnectorArgs{
		Spec: publicconnector.Spec{
			Region:            "eu-west-1",
			Zones:             []publicconnector.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
			TargetCidrs:       []string{"10.20.0.0/16", "100.64.0.0/16"},
			ControlPlaneCidrs: []string{"203.0.113.0/24", "198.51.100.7/32"},
			Listeners:         []publicconnector.Listener{{Port: 443, TargetPort: 8443}},
		},
		VpcID: pulumi.String("vpc-0123456789abcdef0"),
		SubnetIDs: pulumi.StringMap{
			"eu-west-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa"), "eu-west-1b": pulumi.String("subnet-0bbbbbbbbbbbbbbbb"),
		},
	}
	for _, change := range changes {
		change(a)
	}
	return a
}

func record(t *testing.T, changes ...func(*publicconnector.PublicConnectorArgs)) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		igw, err := ec2.NewInternetGateway(ctx, "igw", &ec2.InternetGatewayArgs{VpcId: pulumi.String("vpc-0123456789abcdef0")},
			pulumi.Provider(provider))
		if err != nil {
			return err
		}
		a := args(changes...)
		a.DependsOn = []pulumi.Resource{igw}
		_, err = publicconnector.NewPublicConnector(ctx, "connector", a, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

func only(t *testing.T, g *graph.Graph, token string) *graph.Resource {
	t.Helper()
	found := g.ByType(token)
	require.Len(t, found, 1, token)
	return found[0]
}

// rules returns a direction's rules as "cidr protocol port".
func rules(t *testing.T, g *graph.Graph, token string) []string {
	t.Helper()
	var found []string
	for _, r := range g.ByType(token) {
		in := r.Inputs
		assert.Equal(t, in["fromPort"], in["toPort"], "one port")
		found = append(found, in["cidrIpv4"].StringValue()+" "+in["ipProtocol"].StringValue()+" "+strings.Trim(in["fromPort"].String(), "{}"))
	}
	slices.Sort(found)
	return found
}

// "Network configuration for Conveyor", section "Data plane Connection": by
// default a network load balancer in the public subnets, which all traffic from
// the control plane uses.
func TestPublicConnector(t *testing.T) {
	g := record(t)
	b := only(t, g, balancer)
	sg := only(t, g, group)
	in := b.Inputs.Mappable()
	assert.Equal(t, "network", in["loadBalancerType"])
	assert.Equal(t, false, in["internal"])
	assert.Equal(t, []any{"subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"}, in["subnets"])
	assert.Equal(t, []any{sg.URN}, in["securityGroups"])
	assert.Equal(t, true, in["enableDeletionProtection"])
	assert.Equal(t, true, in["enableCrossZoneLoadBalancing"])
	assert.NotContains(t, in, "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
	assert.Contains(t, b.Dependencies, only(t, g, gateway).URN, "AWS refuses it in a VPC without a gateway")

	assert.Equal(t, []string{"198.51.100.7/32 tcp 443", "203.0.113.0/24 tcp 443"}, rules(t, g, ingress), "the control plane, nobody else")
	assert.Equal(t, []string{"10.20.0.0/16 tcp 8443", "100.64.0.0/16 tcp 8443"}, rules(t, g, egress), "the targets, nobody else")
	for _, token := range []string{ingress, egress} {
		for _, r := range g.ByType(token) {
			assert.Equal(t, sg.URN, r.Inputs["securityGroupId"].StringValue())
			assert.Contains(t, b.Dependencies, r.URN)
		}
	}
	tg := only(t, g, targetGroup)
	assert.EqualValues(t, 8443, tg.Inputs["port"].NumberValue())
	l := only(t, g, listener).Inputs.Mappable()
	assert.EqualValues(t, 443, l["port"])
	assert.Equal(t, "TCP", l["protocol"])

	component, ok := g.Find("urn:pulumi:test::underlay::" + publicconnector.Type + "::connector")
	require.True(t, ok)
	arn := b.Outputs["arn"].StringValue()
	assert.Regexp(t, `^arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/connector-nlb-[0-9a-f]{7}/[0-9a-f]{16}$`, arn)
	assert.Equal(t, map[string]any{
		"dnsName": b.Outputs["dnsName"].StringValue(), "hostedZoneId": b.Outputs["zoneId"].StringValue(),
		"loadBalancerArn": arn, "securityGroupId": sg.URN, "targetGroupArns": map[string]any{"443": tg.Outputs["arn"].StringValue()},
	}, component.Outputs.Mappable())
}

func TestTLS(t *testing.T) {
	certificate := "arn:aws:acm:eu-west-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"
	for by, change := range map[string]func(*publicconnector.PublicConnectorArgs){
		"value": func(a *publicconnector.PublicConnectorArgs) { a.Listeners[0].CertificateArn = certificate },
		"input": func(a *publicconnector.PublicConnectorArgs) {
			a.CertificateArns = pulumi.StringMap{"443": pulumi.String(certificate)}
		},
	} {
		t.Run(by, func(t *testing.T) {
			g := record(t, func(a *publicconnector.PublicConnectorArgs) { a.Listeners[0].Protocol = publicconnector.TLS }, change)
			in := only(t, g, listener).Inputs.Mappable()
			assert.Equal(t, "TLS", in["protocol"])
			assert.Equal(t, certificate, in["certificateArn"])
			assert.Equal(t, "ELBSecurityPolicy-TLS13-1-2-2021-06", in["sslPolicy"])
		})
	}
}

func TestAnywhereInSoManyWords(t *testing.T) {
	g := record(t, func(a *publicconnector.PublicConnectorArgs) {
		a.ControlPlaneCidrs, a.AllowAnywhere = []string{"0.0.0.0/0"}, true
	})
	assert.Equal(t, []string{"0.0.0.0/0 tcp 443"}, rules(t, g, ingress))
}

func TestEveryResourceIsAChildWithTheGivenProvider(t *testing.T) {
	for _, r := range record(t).Resources {
		if strings.HasPrefix(r.Type, "aws:") && r.Type != gateway {
			assert.Equal(t, "urn:pulumi:test::underlay::"+publicconnector.Type+"::connector", r.Parent, r.URN)
			assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::aws", r.ProviderURN(), r.URN)
		}
	}
}

func TestBadConnectors(t *testing.T) {
	cases := []struct {
		name   string
		change func(*publicconnector.PublicConnectorArgs)
		want   []string
	}{
		{"nothing", func(a *publicconnector.PublicConnectorArgs) { *a = publicconnector.PublicConnectorArgs{} }, []string{
			"region: is missing; give an AWS region, for example eu-west-1",
			"zones: is missing; give the zones that have a subnet",
			"listeners: is missing; give a port to listen on, for example {port: 443}",
			"targetCidrs: is missing; without it the load balancer reaches no target; list the blocks that the targets are in, pods included",
			"controlPlaneCidrs: is missing; nobody would be admitted; list the blocks that the control plane connects from",
			"vpcId: is missing; give the VPC's id",
		}},
		{"the world", func(a *publicconnector.PublicConnectorArgs) { a.ControlPlaneCidrs = []string{"0.0.0.0/0"} }, []string{
			"controlPlaneCidrs[0]: 0.0.0.0/0: is the whole internet; list the control plane's own blocks, or set allowAnywhere: true",
		}},
		{"the world in halves", func(a *publicconnector.PublicConnectorArgs) {
			a.ControlPlaneCidrs = []string{"0.0.0.0/1", "128.0.0.0/1"}
		}, []string{
			"controlPlaneCidrs[0]: 0.0.0.0/1: is a large part of the internet; no control plane has more than a /8; " +
				"list the control plane's own blocks, or set allowAnywhere: true",
			"controlPlaneCidrs[1]: 128.0.0.0/1: is a large part of the internet; no control plane has more than a /8; " +
				"list the control plane's own blocks, or set allowAnywhere: true",
		}},
		{"blocks that no client comes from", func(a *publicconnector.PublicConnectorArgs) {
			a.ControlPlaneCidrs = []string{"10.30.0.0/16", "100.64.0.0/16", "203.0.113.1/24", "203.0.113.0/24", "203.0.113.0/24"}
		}, []string{
			"controlPlaneCidrs[0]: 10.30.0.0/16: is a private block; nothing comes from it over the internet; " +
				"give the public addresses that the control plane connects from",
			"controlPlaneCidrs[1]: 100.64.0.0/16: is a private block; nothing comes from it over the internet; " +
				"give the public addresses that the control plane connects from",
			"controlPlaneCidrs[2]: 203.0.113.1/24: has host bits set; the network is 203.0.113.0/24",
			"controlPlaneCidrs[4]: 203.0.113.0/24: is named already at controlPlaneCidrs[3]; remove one",
		}},
		{"a consent to nothing", func(a *publicconnector.PublicConnectorArgs) { a.AllowAnywhere = true }, []string{
			"allowAnywhere: true: changes nothing; remove it, or list 0.0.0.0/0",
		}},
		{"one zone", func(a *publicconnector.PublicConnectorArgs) { a.Zones = a.Zones[:1] }, []string{
			"zones: eu-west-1a: is one zone; the connection would not survive its loss; name a second zone",
		}},
		{"more rules than a group takes", func(a *publicconnector.PublicConnectorArgs) {
			a.Quotas = map[string]int{"rules-per-security-group": 2, "rules": 1}
			a.Listeners = append(a.Listeners, publicconnector.Listener{Port: 8443})
		}, []string{
			"quotas.rules: 1: is not a quota of the catalogue; did you mean \"rules-per-security-group\"?",
			"controlPlaneCidrs: 2 blocks: needs 4 security group rules; the quota is 2; " +
				"use fewer, larger blocks, or have the quota raised and set quotas.rules-per-security-group",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := publicconnector.NewPublicConnector(ctx, "connector", args(c.change))
				require.ErrorContains(t, err, `public connector "connector": `)
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				for _, p := range problems {
					got = append(got, p.Error())
				}
				return nil
			})
			require.NoError(t, err)
			require.Len(t, g.Resources, 1, "the stack alone")
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := publicconnector.NewPublicConnector(ctx, "connector", nil)
		return err
	})
	var problems problem.List
	require.ErrorAs(t, err, &problems)
}
