package privatelink_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/privatelink"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	balancer     = "aws:lb/loadBalancer:LoadBalancer"
	targetGroup  = "aws:lb/targetGroup:TargetGroup"
	listener     = "aws:lb/listener:Listener"
	service      = "aws:ec2/vpcEndpointService:VpcEndpointService"
	principal    = "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple"
	verification = "aws:vpc/endpointServicePrivateDnsVerification:EndpointServicePrivateDnsVerification"
	accepter     = "aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter"
	endpoint     = "aws:ec2/vpcEndpoint:VpcEndpoint"
	group        = "aws:ec2/securityGroup:SecurityGroup"
	ingress      = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egress       = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	zone         = "aws:route53/zone:Zone"
	record       = "aws:route53/record:Record"
)

// providerArgs are those of a service in a VPC built elsewhere: plain ids.
func providerArgs(changes ...func(*privatelink.PrivateLinkProviderArgs)) *privatelink.PrivateLinkProviderArgs {
	a := &privatelink.PrivateLinkProviderArgs{
		ProviderSpec: privatelink.ProviderSpec{
			Region:            "eu-west-1",
			Zones:             []privatelink.Zone{{Name: "eu-west-1a", ID: "euw1-az3"}, {Name: "eu-west-1b", ID: "euw1-az1"}},
			TargetCidrs:       []string{"10.20.0.0/16", "100.64.0.0/16"},
			Listeners:         []privatelink.Listener{{Port: 443, TargetPort: 8443}},
			AllowedPrincipals: []string{"arn:aws:iam::222222222222:root"},
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

// consumerArgs are those of an endpoint in the control plane's VPC.
func consumerArgs(changes ...func(*privatelink.PrivateLinkConsumerArgs)) *privatelink.PrivateLinkConsumerArgs {
	a := &privatelink.PrivateLinkConsumerArgs{
		ConsumerSpec: privatelink.ConsumerSpec{
			Region:      "eu-west-1",
			Zones:       []privatelink.Zone{{Name: "eu-west-1a", ID: "euw1-az1"}, {Name: "eu-west-1b", ID: "euw1-az2"}},
			SourceCidrs: []string{"10.30.0.0/16"},
			ServiceName: "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
			Ports:       []int{443},
		},
		VpcID: pulumi.String("vpc-0fedcba9876543210"),
		SubnetIDs: pulumi.StringMap{
			"eu-west-1a": pulumi.String("subnet-0cccccccccccccccc"), "eu-west-1b": pulumi.String("subnet-0dddddddddddddddd"),
		},
	}
	for _, change := range changes {
		change(a)
	}
	return a
}

// recorded returns the graph of a program that gets a provider for eu-west-1.
func recorded(t *testing.T, program func(*pulumi.Context, pulumi.ResourceOption) error) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		return program(ctx, pulumi.Provider(provider))
	})
	require.NoError(t, err)
	return g
}

func provided(t *testing.T, changes ...func(*privatelink.PrivateLinkProviderArgs)) *graph.Graph {
	t.Helper()
	return recorded(t, func(ctx *pulumi.Context, opt pulumi.ResourceOption) error {
		_, err := privatelink.NewPrivateLinkProvider(ctx, "link", providerArgs(changes...), opt)
		return err
	})
}

func consumed(t *testing.T, changes ...func(*privatelink.PrivateLinkConsumerArgs)) *graph.Graph {
	t.Helper()
	return recorded(t, func(ctx *pulumi.Context, opt pulumi.ResourceOption) error {
		_, err := privatelink.NewPrivateLinkConsumer(ctx, "dp1", consumerArgs(changes...), opt)
		return err
	})
}

// only returns the one resource of a type.
func only(t *testing.T, g *graph.Graph, token string) *graph.Resource {
	t.Helper()
	found := g.ByType(token)
	require.Len(t, found, 1, token)
	return found[0]
}

// rules returns a direction's rules as "cidr protocol from-to".
func rules(g *graph.Graph, token string) []string {
	var found []string
	for _, r := range g.ByType(token) {
		in := r.Inputs
		port := strings.Trim(in["fromPort"].String(), "{}")
		if to := strings.Trim(in["toPort"].String(), "{}"); to != port {
			port += "-" + to
		}
		found = append(found, in["cidrIpv4"].StringValue()+" "+in["ipProtocol"].StringValue()+" "+port)
	}
	slices.Sort(found)
	return found
}

func names(g *graph.Graph, token string) []string {
	var found []string
	for _, r := range g.ByType(token) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

func outputs(t *testing.T, g *graph.Graph, urn string) map[string]any {
	t.Helper()
	component, ok := g.Find("urn:pulumi:test::underlay::" + urn)
	require.True(t, ok)
	return component.Outputs.Mappable()
}

// "Network configuration for Conveyor", section "Data plane Connection": a VPC
// endpoint service in the data plane connected to a private network load
// balancer.
func TestProvider(t *testing.T) {
	g := provided(t)

	b := only(t, g, balancer)
	in := b.Inputs.Mappable()
	sg := only(t, g, group)
	assert.Equal(t, "network", in["loadBalancerType"])
	assert.Equal(t, true, in["internal"], "it has no public address")
	assert.Equal(t, []any{"subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"}, in["subnets"])
	assert.Equal(t, []any{sg.URN}, in["securityGroups"], "a load balancer created without a group can never get one")
	assert.Equal(t, "off", in["enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"])
	assert.Equal(t, true, in["enableCrossZoneLoadBalancing"])
	assert.Equal(t, true, in["enableDeletionProtection"])
	assert.NotContains(t, in, "name", "the provider chooses it, so that a replacement can exist beside the old one")

	assert.Empty(t, rules(g, ingress), "connections through PrivateLink need none, and no others are to come")
	assert.Equal(t, []string{"10.20.0.0/16 tcp 8443", "100.64.0.0/16 tcp 8443"}, rules(g, egress), "targets, nobody else")
	for _, rule := range g.ByType(egress) {
		assert.Contains(t, b.Dependencies, rule.URN, "it reaches its targets from its first moment")
	}

	tg := only(t, g, targetGroup)
	in = tg.Inputs.Mappable()
	assert.EqualValues(t, 8443, in["port"])
	assert.Equal(t, "TCP", in["protocol"])
	assert.Equal(t, "ip", in["targetType"])
	assert.Equal(t, "vpc-0123456789abcdef0", in["vpcId"])
	assert.Equal(t, "false", in["preserveClientIp"])
	assert.Equal(t, false, in["proxyProtocolV2"])
	assert.Equal(t, map[string]any{
		"enabled": true, "protocol": "TCP", "port": "8443", "interval": 10.0, "timeout": 10.0, "healthyThreshold": 3.0, "unhealthyThreshold": 3.0,
	}, in["healthCheck"])

	in = only(t, g, listener).Inputs.Mappable()
	assert.EqualValues(t, 443, in["port"])
	assert.Equal(t, "TCP", in["protocol"])
	assert.Equal(t, b.Outputs["arn"].StringValue(), in["loadBalancerArn"])
	assert.Equal(t, []any{map[string]any{"type": "forward", "targetGroupArn": tg.Outputs["arn"].StringValue()}}, in["defaultActions"])

	s := only(t, g, service)
	in = s.Inputs.Mappable()
	assert.Equal(t, true, in["acceptanceRequired"])
	assert.Equal(t, []any{b.Outputs["arn"].StringValue()}, in["networkLoadBalancerArns"])
	for _, absent := range []string{"allowedPrincipals", "privateDnsName", "supportedRegions"} {
		assert.NotContains(t, in, absent)
	}
	p := only(t, g, principal)
	assert.Equal(t, "link-allow-222222222222-root", p.Name)
	assert.Equal(t, map[string]any{
		"vpcEndpointServiceId": s.URN, "principalArn": "arn:aws:iam::222222222222:root",
	}, p.Inputs.Mappable())
	assert.Empty(t, g.ByType(verification))
	assert.Empty(t, g.ByType(record))

	out := outputs(t, g, privatelink.ProviderType+"::link")
	assert.Regexp(t, `^com\.amazonaws\.vpce\.eu-west-1\.vpce-svc-0[0-9a-f]{16}$`, out["serviceName"])
	assert.Equal(t, s.URN, out["serviceId"])
	assert.Equal(t, []any{"euw1-az3", "euw1-az1"}, out["zoneIds"])
	assert.Equal(t, map[string]any{"443": tg.Outputs["arn"].StringValue()}, out["targetGroupArns"])
	assert.Equal(t, sg.URN, out["securityGroupId"])
	assert.Equal(t, b.Outputs["arn"].StringValue(), out["loadBalancerArn"])
	assert.Empty(t, out["txtRecord"])
}

func TestProviderChoices(t *testing.T) {
	no := false
	g := provided(t, func(a *privatelink.PrivateLinkProviderArgs) {
		a.AcceptanceRequired, a.CrossZone, a.DeletionProtection = &no, &no, &no
		a.ProxyProtocolV2 = true
		a.EnforceInboundRules, a.ClientCidrs = privatelink.InboundRulesOn, []string{"10.30.0.0/16"}
		a.SupportedRegions = []string{"us-east-1", "eu-central-1"}
		a.AllowedPrincipals = []string{"arn:aws:iam::222222222222:role/control/plane", "arn:aws:iam::333333333333:user/ann"}
		a.Listeners = []privatelink.Listener{
			{Port: 80, TargetType: privatelink.InstanceTargets, HealthCheck: privatelink.HealthCheck{IntervalSeconds: 5}},
			{
				Port: 443, TargetPort: 8080, Protocol: privatelink.TLS,
				CertificateArn: "arn:aws:acm:eu-west-1:111111111111:certificate/12345678-1234-1234-1234-123456789012",
				HealthCheck: privatelink.HealthCheck{
					Protocol: "HTTP", Port: 9000, IntervalSeconds: 30, HealthyThreshold: 2, UnhealthyThreshold: 5,
				},
			},
		}
		a.TargetCidrs = []string{"10.20.0.0/16"}
	})
	in := only(t, g, balancer).Inputs.Mappable()
	assert.Equal(t, "on", in["enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"])
	assert.Equal(t, false, in["enableCrossZoneLoadBalancing"])
	assert.Equal(t, false, in["enableDeletionProtection"])
	assert.Equal(t, []string{"10.30.0.0/16 tcp 443", "10.30.0.0/16 tcp 80"}, rules(g, ingress))
	assert.Equal(t, []string{"10.20.0.0/16 tcp 80", "10.20.0.0/16 tcp 8080", "10.20.0.0/16 tcp 9000"}, rules(g, egress),
		"targets are reached on their ports and on the health check's")

	in = only(t, g, service).Inputs.Mappable()
	assert.Equal(t, false, in["acceptanceRequired"])
	assert.Equal(t, []any{"eu-central-1", "eu-west-1", "us-east-1"}, in["supportedRegions"], "the service's own region is one of them")
	assert.Equal(t, []string{"link-allow-222222222222-role/control/plane", "link-allow-333333333333-user/ann"}, names(g, principal))

	assert.Equal(t, []string{"link-443", "link-80"}, names(g, listener))
	for _, r := range g.ByType(listener) {
		in := r.Inputs.Mappable()
		if r.Name == "link-80" {
			assert.NotContains(t, in, "sslPolicy")
			continue
		}
		assert.Equal(t, "TLS", in["protocol"])
		assert.Equal(t, "ELBSecurityPolicy-TLS13-1-2-2021-06", in["sslPolicy"])
		assert.Equal(t, "arn:aws:acm:eu-west-1:111111111111:certificate/12345678-1234-1234-1234-123456789012", in["certificateArn"])
	}
	for _, r := range g.ByType(targetGroup) {
		in := r.Inputs.Mappable()
		assert.Equal(t, "TCP", in["protocol"], "TLS ends at the load balancer")
		assert.Equal(t, true, in["proxyProtocolV2"])
		if r.Name == "link-80" {
			assert.Equal(t, "instance", in["targetType"])
			assert.Equal(t, 5.0, in["healthCheck"].(map[string]any)["timeout"], "not longer than the interval")
			continue
		}
		assert.Equal(t, map[string]any{
			"enabled": true, "protocol": "HTTP", "port": "9000", "path": "/",
			"interval": 30.0, "timeout": 6.0, "healthyThreshold": 2.0, "unhealthyThreshold": 5.0,
		}, in["healthCheck"])
	}
}

func TestEverybodyNeedsTwoConsents(t *testing.T) {
	g := provided(t, func(a *privatelink.PrivateLinkProviderArgs) {
		a.AllowedPrincipals, a.AllowPublic = []string{"*"}, true
	})
	p := only(t, g, principal)
	assert.Equal(t, "link-allow-everybody", p.Name)
	assert.Equal(t, "*", p.Inputs["principalArn"].StringValue())
	assert.Equal(t, true, only(t, g, service).Inputs.Mappable()["acceptanceRequired"])
}

func TestPrivateDNS(t *testing.T) {
	name := func(a *privatelink.PrivateLinkProviderArgs) { a.PrivateDNSName = "api.example.com" }
	t.Run("with DNS elsewhere", func(t *testing.T) {
		g := provided(t, name)
		assert.Equal(t, "api.example.com", only(t, g, service).Inputs["privateDnsName"].StringValue())
		assert.Empty(t, g.ByType(record))
		assert.Empty(t, g.ByType(verification), "AWS would look for a record that is not there")
		txt := outputs(t, g, privatelink.ProviderType+"::link")["txtRecord"].(map[string]any)
		assert.Equal(t, "TXT", txt["type"])
		assert.Regexp(t, `^_[0-9a-f]{20}$`, txt["name"])
		assert.Regexp(t, `^vpce:[0-9a-f]{20}$`, txt["value"])
	})
	t.Run("with DNS elsewhere, published", func(t *testing.T) {
		g := provided(t, name, func(a *privatelink.PrivateLinkProviderArgs) { a.VerifyPrivateDNS = true })
		assert.Empty(t, g.ByType(record))
		assert.Equal(t, map[string]any{"serviceId": only(t, g, service).URN, "waitForVerification": true},
			only(t, g, verification).Inputs.Mappable())
	})
	for by, change := range map[string]func(*privatelink.PrivateLinkProviderArgs){
		"value": func(a *privatelink.PrivateLinkProviderArgs) { a.VerificationZoneID = "Z0123456789ABCDEFGHIJ" },
		"input": func(a *privatelink.PrivateLinkProviderArgs) {
			a.VerificationZone = pulumi.String("Z0123456789ABCDEFGHIJ")
		},
	} {
		t.Run("in a zone by "+by, func(t *testing.T) {
			g := provided(t, name, change)
			txt := outputs(t, g, privatelink.ProviderType+"::link")["txtRecord"].(map[string]any)
			r := only(t, g, record)
			assert.Equal(t, map[string]any{
				"zoneId": "Z0123456789ABCDEFGHIJ", "type": "TXT", "name": txt["name"], "records": []any{txt["value"]}, "ttl": 1800.0,
			}, r.Inputs.Mappable())
			assert.Contains(t, only(t, g, verification).Dependencies, r.URN, "AWS looks once the record is there")
		})
	}
}

func TestInputsFromOtherResources(t *testing.T) {
	g := provided(t, func(a *privatelink.PrivateLinkProviderArgs) {
		a.Listeners = []privatelink.Listener{{Port: 443, Protocol: privatelink.TLS, TLSPolicy: "ELBSecurityPolicy-TLS13-1-3-2021-06"}}
		a.CertificateArns = pulumi.StringMap{"443": pulumi.String("arn:aws:iam::111111111111:server-certificate/api")}
		a.Tags = pulumi.StringMap{"team": pulumi.String("network")}
	})
	in := only(t, g, listener).Inputs.Mappable()
	assert.Equal(t, "arn:aws:iam::111111111111:server-certificate/api", in["certificateArn"])
	assert.Equal(t, "ELBSecurityPolicy-TLS13-1-3-2021-06", in["sslPolicy"])
	for _, token := range []string{balancer, targetGroup, listener, service, group, egress} {
		for _, r := range g.ByType(token) {
			assert.Equal(t, map[string]any{"team": "network", "Name": r.Name}, r.Inputs.Mappable()["tags"], r.URN)
		}
	}
}

func TestAccept(t *testing.T) {
	g := recorded(t, func(ctx *pulumi.Context, opt pulumi.ResourceOption) error {
		p, err := privatelink.NewPrivateLinkProvider(ctx, "link", providerArgs(), opt)
		if err != nil {
			return err
		}
		require.ErrorContains(t, p.Accept(ctx, "", pulumi.String("vpce-0123456789abcdef0")), "a key and the endpoint's id are needed")
		return p.Accept(ctx, "control-plane", pulumi.String("vpce-0123456789abcdef0"))
	})
	r := only(t, g, accepter)
	assert.Equal(t, "link-accept-control-plane", r.Name)
	assert.Equal(t, map[string]any{
		"vpcEndpointServiceId": only(t, g, service).URN, "vpcEndpointId": "vpce-0123456789abcdef0",
	}, r.Inputs.Mappable())

	recorded(t, func(ctx *pulumi.Context, opt pulumi.ResourceOption) error {
		no := false
		p, err := privatelink.NewPrivateLinkProvider(ctx, "link", providerArgs(func(a *privatelink.PrivateLinkProviderArgs) {
			a.AcceptanceRequired = &no
		}), opt)
		require.NoError(t, err)
		require.ErrorContains(t, p.Accept(ctx, "control-plane", pulumi.String("vpce-0123456789abcdef0")),
			"the service accepts every connection by itself")
		return nil
	})
}

func TestConsumer(t *testing.T) {
	g := consumed(t)
	sg := only(t, g, group)
	e := only(t, g, endpoint)
	assert.Equal(t, map[string]any{
		"vpcId": "vpc-0fedcba9876543210", "vpcEndpointType": "Interface",
		"serviceName":      "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
		"subnetIds":        []any{"subnet-0cccccccccccccccc", "subnet-0dddddddddddddddd"},
		"securityGroupIds": []any{sg.URN}, "privateDnsEnabled": false, "tags": map[string]any{"Name": "dp1"},
	}, e.Inputs.Mappable())
	assert.Equal(t, []string{"10.30.0.0/16 tcp 443"}, rules(g, ingress))
	assert.Empty(t, g.ByType(egress), "an endpoint opens no connections")
	assert.Empty(t, g.ByType(record))

	out := outputs(t, g, privatelink.ConsumerType+"::dp1")
	assert.Equal(t, e.URN, out["endpointId"])
	assert.Equal(t, sg.URN, out["securityGroupId"])
	assert.Regexp(t, `^vpce-0[0-9a-f]{16}-[0-9a-f]{8}\.vpce-svc-0123456789abcdef0\.eu-west-1\.vpce\.amazonaws\.com$`, out["dnsName"])
	assert.Empty(t, out["names"])
}

func TestConsumerByInput(t *testing.T) {
	g := consumed(t, func(a *privatelink.PrivateLinkConsumerArgs) {
		a.ConsumerSpec.ServiceName, a.PrivateDNS = "", true
		a.ServiceName = pulumi.String("com.amazonaws.vpce.eu-west-1.vpce-svc-0fedcba9876543210")
	})
	in := only(t, g, endpoint).Inputs.Mappable()
	assert.Equal(t, "com.amazonaws.vpce.eu-west-1.vpce-svc-0fedcba9876543210", in["serviceName"])
	assert.Equal(t, true, in["privateDnsEnabled"])
}

func TestConsumerInAnotherRegion(t *testing.T) {
	g := consumed(t, func(a *privatelink.PrivateLinkConsumerArgs) {
		a.ServiceRegion, a.ConsumerSpec.ServiceName = "us-east-1", "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
	})
	assert.Equal(t, "us-east-1", only(t, g, endpoint).Inputs["serviceRegion"].StringValue())
}

func TestAlias(t *testing.T) {
	alias := func(a *privatelink.PrivateLinkConsumerArgs) {
		a.Alias = &privatelink.Alias{Zone: "dp1.internal"}
	}
	t.Run("in a new zone", func(t *testing.T) {
		g := consumed(t, alias)
		z := only(t, g, zone)
		assert.Equal(t, "dp1.internal", z.Inputs["name"].StringValue())
		assert.Equal(t, []any{map[string]any{"vpcId": "vpc-0fedcba9876543210", "vpcRegion": "eu-west-1"}}, z.Inputs.Mappable()["vpcs"],
			"a private zone, of the control plane's VPC alone")
		entry := only(t, g, endpoint).Outputs.Mappable()["dnsEntries"].([]any)[0].(map[string]any)
		r := only(t, g, record)
		assert.Equal(t, map[string]any{
			"zoneId": z.Outputs["zoneId"].StringValue(), "name": "dp1.internal", "type": "A",
			"aliases": []any{map[string]any{"name": entry["dnsName"], "zoneId": entry["hostedZoneId"], "evaluateTargetHealth": true}},
		}, r.Inputs.Mappable())
		assert.Equal(t, []any{"dp1.internal"}, outputs(t, g, privatelink.ConsumerType+"::dp1")["names"])
	})
	for by, change := range map[string]func(*privatelink.PrivateLinkConsumerArgs){
		"value": func(a *privatelink.PrivateLinkConsumerArgs) { a.Alias.ZoneID = "Z0123456789ABCDEFGHIJ" },
		"input": func(a *privatelink.PrivateLinkConsumerArgs) { a.AliasZoneID = pulumi.String("Z0123456789ABCDEFGHIJ") },
	} {
		t.Run("in an existing zone by "+by, func(t *testing.T) {
			g := consumed(t, alias, change, func(a *privatelink.PrivateLinkConsumerArgs) {
				a.Alias.Names = []string{"*.dp1.internal", "api.dp1.internal"}
			})
			assert.Empty(t, g.ByType(zone))
			assert.Equal(t, []string{"dp1-api.dp1.internal", "dp1-wildcard.dp1.internal"}, names(g, record))
			for _, r := range g.ByType(record) {
				assert.Equal(t, "Z0123456789ABCDEFGHIJ", r.Inputs["zoneId"].StringValue())
			}
		})
	}
}

// Zone names differ between accounts: eu-west-1a here is eu-west-1b there. Only
// the ids tell which zones are the same.
func TestZonesInCommon(t *testing.T) {
	cases := []struct {
		name     string
		service  []string
		subnets  []any
		warnings []string
	}{
		{name: "unknown", subnets: []any{"subnet-0cccccccccccccccc", "subnet-0dddddddddddddddd"}},
		{
			name: "all", service: []string{"euw1-az1", "euw1-az2", "euw1-az3"},
			subnets: []any{"subnet-0cccccccccccccccc", "subnet-0dddddddddddddddd"},
		},
		{
			name: "one", service: []string{"euw1-az3", "euw1-az1"}, subnets: []any{"subnet-0cccccccccccccccc"},
			warnings: []string{"the service is in euw1-az3, euw1-az1 only: the endpoint has no address in eu-west-1b (euw1-az2)"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			change := func(a *privatelink.PrivateLinkConsumerArgs) { a.ServiceZoneIDs = c.service }
			assert.Equal(t, c.subnets, only(t, consumed(t, change), endpoint).Inputs.Mappable()["subnetIds"])
			plan, err := privatelink.NewConsumerPlan(consumerArgs(change).ConsumerSpec)
			require.NoError(t, err)
			assert.Equal(t, c.warnings, plan.Warnings)
		})
	}
}

// Both sides, each with the provider of its own account: nothing is built in
// the other's.
func TestTwoAccounts(t *testing.T) {
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		account := func(name, id string) (pulumi.ResourceOption, error) {
			p, err := aws.NewProvider(ctx, name, &aws.ProviderArgs{
				Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String(id)},
			})
			return pulumi.Provider(p), err
		}
		data, err := account("data", "111111111111")
		if err != nil {
			return err
		}
		control, err := account("control", "222222222222")
		if err != nil {
			return err
		}
		p, err := privatelink.NewPrivateLinkProvider(ctx, "link", providerArgs(), data)
		if err != nil {
			return err
		}
		c, err := privatelink.NewPrivateLinkConsumer(ctx, "dp1", consumerArgs(func(a *privatelink.PrivateLinkConsumerArgs) {
			a.ConsumerSpec.ServiceName, a.ServiceName = "", p.ServiceName
			a.Alias = &privatelink.Alias{Zone: "dp1.internal"}
		}), control)
		if err != nil {
			return err
		}
		return p.Accept(ctx, "control-plane", c.EndpointID)
	})
	require.NoError(t, err)
	owner := map[string]string{
		"urn:pulumi:test::underlay::" + privatelink.ProviderType + "::link": "urn:pulumi:test::underlay::pulumi:providers:aws::data",
		"urn:pulumi:test::underlay::" + privatelink.ConsumerType + "::dp1":  "urn:pulumi:test::underlay::pulumi:providers:aws::control",
	}
	sides := map[string]int{}
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			require.Contains(t, owner, r.Parent, r.URN)
			assert.Equal(t, owner[r.Parent], r.ProviderURN(), r.URN)
			sides[r.Parent]++
		}
	}
	assert.Equal(t, map[string]int{
		// A group, 2 rules, a load balancer, a target group, a listener, a
		// service, a principal, an accepter.
		"urn:pulumi:test::underlay::" + privatelink.ProviderType + "::link": 9,
		// A group, a rule, an endpoint, a zone, a record.
		"urn:pulumi:test::underlay::" + privatelink.ConsumerType + "::dp1": 5,
	}, sides)
	e := only(t, g, endpoint)
	assert.Equal(t, only(t, g, service).Outputs["serviceName"], e.Inputs["serviceName"], "the name travels")
	assert.Contains(t, e.Dependencies, only(t, g, service).URN)
	assert.Contains(t, e.Dependencies, only(t, g, principal).URN, "before it is allowed, the service does not exist for it")
	assert.Equal(t, e.URN, only(t, g, accepter).Inputs["vpcEndpointId"].StringValue())
}

// refused returns the problems of a component's arguments and asserts that
// nothing was registered.
func refused(t *testing.T, program func(*pulumi.Context) error) []string {
	t.Helper()
	var lines []string
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		var problems problem.List
		require.ErrorAs(t, program(ctx), &problems)
		for _, p := range problems {
			lines = append(lines, p.Error())
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, g.Resources, 1, "the stack alone")
	return lines
}

func TestBadProviders(t *testing.T) {
	type change = func(*privatelink.PrivateLinkProviderArgs)
	no := false
	certificate := "arn:aws:acm:eu-west-1:111111111111:certificate/1"
	cases := []struct {
		name   string
		change change
		want   []string
	}{
		{"nothing", func(a *privatelink.PrivateLinkProviderArgs) { *a = privatelink.PrivateLinkProviderArgs{} }, []string{
			"region: is missing; give an AWS region, for example eu-west-1",
			"zones: is missing; give the zones that have a subnet",
			"listeners: is missing; give a port to listen on, for example {port: 443}",
			"targetCidrs: is missing; without it the load balancer reaches no target; list the blocks that the targets are in, pods included",
			"allowedPrincipals: is missing; without it nobody can connect; name the control plane's account, arn:aws:iam::<account>:root",
			"vpcId: is missing; give the VPC's id",
		}},
		{"one zone", func(a *privatelink.PrivateLinkProviderArgs) { a.Zones = a.Zones[:1] }, []string{
			"zones: eu-west-1a: is one zone; the connection would not survive its loss; name a second zone",
		}},
		{"zones of another region", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Zones[1] = privatelink.Zone{Name: "eu-west-1a", ID: "use1-az1"}
		}, []string{
			"zones[1]: use1-az1: is not the id of an availability zone of eu-west-1; the ids of its zones are euw1-az1, euw1-az2, euw1-az3",
			"zones[1]: eu-west-1a: is named already at zones[0]; remove one",
		}},
		{"a zone without a subnet", func(a *privatelink.PrivateLinkProviderArgs) { delete(a.SubnetIDs, "eu-west-1b") }, []string{
			"subnetIds.eu-west-1b: is missing; give the zone's subnet",
		}},
		{"no port", func(a *privatelink.PrivateLinkProviderArgs) { a.Listeners[0] = privatelink.Listener{} }, []string{
			"listeners[0].port: 0: is out of range; use 1 to 65535",
		}},
		{"a port twice", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Listeners = []privatelink.Listener{{Port: 443}, {Port: 443, TargetPort: 70000}}
		}, []string{
			"listeners[1].port: 443: is the port of listeners[0] already; use another port",
			"listeners[1].targetPort: 70000: is out of range; use 1 to 65535",
		}},
		{"TLS without a certificate", func(a *privatelink.PrivateLinkProviderArgs) { a.Listeners[0].Protocol = privatelink.TLS }, []string{
			"listeners[0].certificateArn: is missing; TLS ends at the load balancer; give the ARN of a certificate",
		}},
		{"certificates that do not fit", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Listeners = []privatelink.Listener{
				{Port: 1, CertificateArn: certificate, TLSPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06"},
				{Port: 2, Protocol: privatelink.TLS, CertificateArn: "api.example.com"},
				{Port: 3, Protocol: privatelink.TLS, CertificateArn: "arn:aws:acm:us-east-1:111111111111:certificate/1"},
				{Port: 4, Protocol: privatelink.TLS, CertificateArn: certificate, TLSPolicy: "modern"},
				{Port: 5, Protocol: "UDP"},
			}
			a.CertificateArns = pulumi.StringMap{"4": pulumi.String(certificate), "443": pulumi.String(certificate)}
		}, []string{
			"listeners[0].certificateArn: " + certificate + ": is for a TLS listener; this one is TCP; set protocol: TLS, or remove it",
			"listeners[0].tlsPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06: is for a TLS listener; this one is TCP; set protocol: TLS, or remove it",
			"listeners[1].certificateArn: api.example.com: is not the ARN of a certificate; give arn:aws:acm:<region>:<account>:certificate/<id>",
			"listeners[2].certificateArn: arn:aws:acm:us-east-1:111111111111:certificate/1: is a certificate of us-east-1; " +
				"a load balancer takes those of its own region; give one of eu-west-1",
			"listeners[3].certificateArn: " + certificate + ": is given twice: here and as certificateArns.4; give one of them",
			"listeners[3].tlsPolicy: modern: is not a security policy of Elastic Load Balancing; use ELBSecurityPolicy-TLS13-1-2-2021-06",
			"listeners[4].protocol: UDP: is not a choice; use TCP or TLS",
			"certificateArns.443: is not the port of a TLS listener; remove it, or add the listener",
		}},
		{"health checks", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Listeners = []privatelink.Listener{
				{Port: 1, TargetType: "lambda", HealthCheck: privatelink.HealthCheck{Protocol: "UDP", Port: -1}},
				{Port: 2, HealthCheck: privatelink.HealthCheck{Path: "/health", IntervalSeconds: 1}},
				{Port: 3, HealthCheck: privatelink.HealthCheck{Protocol: "HTTP", Path: "health", HealthyThreshold: 1, UnhealthyThreshold: 11}},
			}
		}, []string{
			"listeners[0].targetType: lambda: is not a choice; use ip or instance",
			"listeners[0].healthCheck.protocol: UDP: is not a choice; use TCP, HTTP or HTTPS",
			"listeners[0].healthCheck.port: -1: is out of range; use 1 to 65535",
			"listeners[1].healthCheck.path: /health: is for an HTTP check; this one is TCP; set protocol: HTTP or HTTPS, or remove it",
			"listeners[1].healthCheck.intervalSeconds: 1: is out of range; use 5 to 300",
			"listeners[2].healthCheck.path: health: is not a path of at most 1024 characters; begin it with /",
			"listeners[2].healthCheck.healthyThreshold: 1: is out of range; use 2 to 10",
			"listeners[2].healthCheck.unhealthyThreshold: 11: is out of range; use 2 to 10",
		}},
		{"51 listeners", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Listeners = nil
			for port := range 51 {
				a.Listeners = append(a.Listeners, privatelink.Listener{Port: 1000 + port, TargetPort: 443})
			}
		}, []string{"listeners: 51: is more than a network load balancer takes, 50; use fewer"}},
		{"targets", func(a *privatelink.PrivateLinkProviderArgs) { a.TargetCidrs = []string{"0.0.0.0/0", "10.20.0.1/16"} }, []string{
			"targetCidrs[0]: 0.0.0.0/0: is more than any network of targets; list the blocks that the targets are in",
			"targetCidrs[1]: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16",
		}},
		{"more rules than a group takes", func(a *privatelink.PrivateLinkProviderArgs) {
			a.Quotas = map[string]int{"rules-per-security-group": 1}
		}, []string{
			"targetCidrs: 2 blocks: needs 2 security group rules; the quota is 1; " +
				"use fewer, larger blocks, or have the quota raised and set quotas.rules-per-security-group",
		}},
		{"everybody", func(a *privatelink.PrivateLinkProviderArgs) { a.AllowedPrincipals = []string{"*"} }, []string{
			"allowedPrincipals[0]: *: is everybody on AWS; name exact ARNs, or set allowPublic: true",
		}},
		{"everybody, unasked", func(a *privatelink.PrivateLinkProviderArgs) {
			a.AllowedPrincipals, a.AllowPublic, a.AcceptanceRequired = []string{"*"}, true, &no
		}, []string{
			"allowedPrincipals[0]: *: is everybody on AWS, and nobody would be asked; remove acceptanceRequired: false",
		}},
		{"principals", func(a *privatelink.PrivateLinkProviderArgs) {
			a.AllowPublic = true
			a.AllowedPrincipals = []string{
				"222222222222", "arn:aws:iam::222222222222:role/*", "arn:aws:iam::222222222222:root", "arn:aws:iam::222222222222:root",
			}
		}, []string{
			"allowedPrincipals[0]: 222222222222: is not the ARN of a principal; give arn:aws:iam::222222222222:root",
			"allowedPrincipals[1]: arn:aws:iam::222222222222:role/*: is not the ARN of an exact principal; " +
				"give arn:aws:iam::<account>:root, :role/<name> or :user/<name>, without wildcards",
			"allowedPrincipals[3]: arn:aws:iam::222222222222:root: is named already at allowedPrincipals[2]; remove one",
			`allowPublic: true: changes nothing; remove it, or allow the principal "*"`,
		}},
		{"rules on without clients", func(a *privatelink.PrivateLinkProviderArgs) {
			a.EnforceInboundRules = privatelink.InboundRulesOn
		}, []string{
			"clientCidrs: is missing; nobody would be admitted; list the clients' blocks in the consumer's VPC, " +
				"or remove enforceInboundRules: on",
		}},
		{"clients without rules", func(a *privatelink.PrivateLinkProviderArgs) { a.ClientCidrs = []string{"10.30.0.0/16"} }, []string{
			"clientCidrs: 10.30.0.0/16: would have no effect on connections through PrivateLink; set enforceInboundRules: on, or remove them",
		}},
		{"rules on and off", func(a *privatelink.PrivateLinkProviderArgs) { a.EnforceInboundRules = "yes" }, []string{
			"enforceInboundRules: yes: is not a choice; use off or on",
		}},
		{"private DNS", func(a *privatelink.PrivateLinkProviderArgs) {
			a.PrivateDNSName, a.VerificationZoneID, a.VerificationZone = "API.example.com", "example.com", pulumi.String("Z1")
		}, []string{
			"privateDnsName: API.example.com: is not a domain name; give a domain that you own, in lower case",
			"verificationZoneId: example.com: is not the id of a Route 53 zone; give its id, for example Z0123456789ABCDEFGHIJ",
			"verificationZoneId: example.com: is given twice: here and as verificationZone; give one of them",
		}},
		{"verification of nothing", func(a *privatelink.PrivateLinkProviderArgs) { a.VerifyPrivateDNS = true }, []string{
			"verifyPrivateDns: true: verifies no name; set privateDnsName, or remove it",
		}},
		{"a zone for nothing", func(a *privatelink.PrivateLinkProviderArgs) { a.VerificationZoneID = "Z1" }, []string{
			"verificationZoneId: Z1: verifies no name; set privateDnsName, or remove it",
		}},
		{"a zone of another resource for nothing", func(a *privatelink.PrivateLinkProviderArgs) { a.VerificationZone = pulumi.String("Z1") }, []string{
			"verificationZone: verifies no name; set privateDnsName, or remove it",
		}},
		{"regions", func(a *privatelink.PrivateLinkProviderArgs) {
			a.SupportedRegions = []string{"eu-west-1", "us-east-11", "us-east-2", "us-east-2"}
		}, []string{
			"supportedRegions[0]: eu-west-1: is the service's own region; remove it",
			`supportedRegions[1]: us-east-11: is not an AWS region that the catalogue knows; did you mean "us-east-1"?`,
			"supportedRegions[3]: us-east-2: is named already at supportedRegions[2]; remove one",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, func(ctx *pulumi.Context) error {
				_, err := privatelink.NewPrivateLinkProvider(ctx, "link", providerArgs(c.change))
				return err
			})
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

// A load balancer's name has at most 32 characters. Pulumi ends it with a
// hyphen and 7 more, the component with "-nlb" or a port of up to 5 digits.
func TestNames(t *testing.T) {
	for name, want := range map[string][]string{
		"twenty-characters-ab": nil, // 20 + 4 + 8
		"twentyone-characters1": {"name: twentyone-characters1: is too long; a load balancer's name has at most 32 characters, " +
			"and the component adds 12; use at most 20 characters"},
		"internal-link": {"name: internal-link: cannot begin the name of a load balancer; " +
			"use letters, digits and hyphens, and neither begin with internal- nor with a hyphen"},
		"my_link": {"name: my_link: cannot begin the name of a load balancer; " +
			"use letters, digits and hyphens, and neither begin with internal- nor with a hyphen"},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(ctx *pulumi.Context) error {
				_, err := privatelink.NewPrivateLinkProvider(ctx, name, providerArgs())
				return err
			}
			if want == nil {
				recorded(t, func(ctx *pulumi.Context, _ pulumi.ResourceOption) error { return build(ctx) })
				return
			}
			assert.Equal(t, want, refused(t, build))
		})
	}
}

func TestBadConsumers(t *testing.T) {
	type change = func(*privatelink.PrivateLinkConsumerArgs)
	cases := []struct {
		name   string
		change change
		want   []string
	}{
		{"nothing", func(a *privatelink.PrivateLinkConsumerArgs) { *a = privatelink.PrivateLinkConsumerArgs{} }, []string{
			"region: is missing; give an AWS region, for example eu-west-1",
			"zones: is missing; give the zones that have a subnet",
			"ports: is missing; list the service's ports, for example [443]",
			"sourceCidrs: is missing; nobody would be admitted; list the clients' blocks",
			"serviceName: is missing; give the provider's output serviceName",
			"vpcId: is missing; give the VPC's id",
		}},
		{"no zone in common", func(a *privatelink.PrivateLinkConsumerArgs) { a.ServiceZoneIDs = []string{"euw1-az3"} }, []string{
			"zones: eu-west-1a (euw1-az1), eu-west-1b (euw1-az2): have none of the service's zones euw1-az3; " +
				"add a subnet in one of them, or have the service put into one of yours",
		}},
		{"zones without ids", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.ServiceZoneIDs, a.Zones = []string{"euw1-az1"}, []privatelink.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}}
		}, []string{
			"zoneIds: is missing for eu-west-1a; only ids can be compared between accounts; " +
				"give each zone's id in this account, or remove serviceZoneIds",
		}},
		{"zones of another region's service", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.ServiceRegion, a.ServiceZoneIDs = "us-east-1", []string{"use1-az1"}
			a.ConsumerSpec.ServiceName = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
		}, []string{
			"serviceZoneIds: use1-az1: are zones of us-east-1; an endpoint of another region may be in any zone; remove them",
		}},
		{"a service of another region", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.ConsumerSpec.ServiceName = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
		}, []string{
			"serviceName: com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0: is a service of us-east-1, not of eu-west-1; " +
				"set serviceRegion: us-east-1",
		}},
		{"a service of AWS", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.ConsumerSpec.ServiceName = "com.amazonaws.eu-west-1.sqs"
		}, []string{
			"serviceName: com.amazonaws.eu-west-1.sqs: is not the name of an endpoint service; " +
				"give com.amazonaws.vpce.<region>.vpce-svc-<id>, the provider's output",
		}},
		{"two names of the service", func(a *privatelink.PrivateLinkConsumerArgs) { a.ServiceName = pulumi.String("x") }, []string{
			"serviceName: com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0: is given twice: in the spec and as an input; give one of them",
		}},
		{"ports", func(a *privatelink.PrivateLinkConsumerArgs) { a.Ports = []int{443, 0, 443} }, []string{
			"ports[1]: 0: is not a TCP port; use 1 to 65535",
			"ports[2]: 443: is named already at ports[0]; remove one",
		}},
		{"sources", func(a *privatelink.PrivateLinkConsumerArgs) { a.SourceCidrs = []string{"10.30.0.1/16"} }, []string{
			"sourceCidrs[0]: 10.30.0.1/16: has host bits set; the network is 10.30.0.0/16",
		}},
		{"two ways to names", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.PrivateDNS, a.Alias = true, &privatelink.Alias{Zone: "dp1.internal"}
		}, []string{"alias: is a second way to the same names; remove it, or privateDns: true"}},
		{"an alias of nothing", func(a *privatelink.PrivateLinkConsumerArgs) { a.Alias = &privatelink.Alias{} }, []string{
			"alias.zone: is missing; give the private zone's domain, in lower case",
		}},
		{"aliases outside the zone", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.Alias = &privatelink.Alias{
				Zone: "dp1.internal", ZoneID: "dp1", Names: []string{"api", "xdp1.internal", ".dp1.internal", "*.dp1.internal", "a.*.dp1.internal"},
			}
			a.AliasZoneID = pulumi.String("Z1")
		}, []string{
			"alias.zoneId: dp1: is not the id of a Route 53 zone; give its id, for example Z0123456789ABCDEFGHIJ",
			"alias.names[0]: api: is not a name in the zone dp1.internal; end it in .dp1.internal",
			"alias.names[1]: xdp1.internal: is not a name in the zone dp1.internal; end it in .dp1.internal",
			"alias.names[2]: .dp1.internal: is not a name in the zone dp1.internal; end it in .dp1.internal",
			"alias.names[4]: a.*.dp1.internal: is not a name in the zone dp1.internal; end it in .dp1.internal",
			"alias.zoneId: dp1: is given twice: here and as aliasZoneId; give one of them",
		}},
		{"no names", func(a *privatelink.PrivateLinkConsumerArgs) {
			a.Alias = &privatelink.Alias{Zone: "dp1.internal", Names: []string{}}
		}, []string{"alias.names: is empty; name a record, or remove names for the zone itself"}},
		{"a zone for no alias", func(a *privatelink.PrivateLinkConsumerArgs) { a.AliasZoneID = pulumi.String("Z1") }, []string{
			"aliasZoneId: is set, but alias is not; set alias, or remove it",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, func(ctx *pulumi.Context) error {
				_, err := privatelink.NewPrivateLinkConsumer(ctx, "dp1", consumerArgs(c.change))
				return err
			})
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	refused(t, func(ctx *pulumi.Context) error {
		_, err := privatelink.NewPrivateLinkProvider(ctx, "link", nil)
		assert.ErrorContains(t, err, `PrivateLink provider "link"`)
		return err
	})
	refused(t, func(ctx *pulumi.Context) error {
		_, err := privatelink.NewPrivateLinkConsumer(ctx, "dp1", nil)
		assert.ErrorContains(t, err, `PrivateLink consumer "dp1"`)
		return err
	})
}
