package egress_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	routeType     = "aws:ec2/route:Route"
	ruleGroupType = "aws:networkfirewall/ruleGroup:RuleGroup"
)

// plain is a spec that only tells the names.
func plain() egress.Spec {
	return egress.Spec{Region: "eu-west-1", Identifiers: []string{"acme-conveyor"}}
}

// firewalled is a spec for two zones of a data plane in 10.20.0.0/16.
func firewalled() egress.Spec {
	s := plain()
	s.Enforcement = egress.EnforceNetworkFirewall
	s.NetworkFirewall = &egress.NetworkFirewall{
		Subnets: map[string]egress.ZoneSubnets{
			"eu-west-1a": {Firewall: "10.20.248.0/28", Public: "10.20.216.0/28"},
			"eu-west-1b": {Firewall: "10.20.248.16/28", Public: "10.20.216.16/28"},
		},
		VpcCidrs:    []string{"10.20.0.0/16", "100.64.0.0/16"},
		Workloads:   map[string]string{"eu-west-1a": "10.20.0.0/18", "eu-west-1b": "10.20.64.0/18"},
		SourceCidrs: []string{"100.64.0.0/17", "10.20.0.0/17"},
		Taken:       map[string]string{"endpoints-eu-west-1a": "10.20.224.0/21"},
	}
	return s
}

func queried() egress.Spec {
	s := plain()
	s.Enforcement = egress.EnforceDNSFirewall
	return s
}

// build runs a data plane whose egress is external, and the egress for it.
func build(spec egress.Spec, change ...func(*egress.CognitoEgressArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "data", &dataplane.AwsDataPlaneNetworkArgs{Spec: dataplane.Spec{
			Region: "eu-west-1", VpcCidr: "10.20.0.0/16", Zones: []string{"eu-west-1a", "eu-west-1b"},
			Egress: dataplane.EgressExternal, Connectivity: dataplane.ConnectivityPrivateLink,
		}}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		args := &egress.CognitoEgressArgs{Spec: spec, Tags: pulumi.ToStringMap(map[string]string{"team": "data"})}
		if spec.Enforcement != "" && spec.Enforcement != egress.EnforceNothing {
			args.VpcID = network.VpcID
		}
		if spec.NetworkFirewall != nil {
			args.SubnetIDs, args.RouteTableIDs = network.Subnets(addressing.Nodes), network.RouteTables(addressing.Nodes)
		}
		for _, change := range change {
			change(args)
		}
		_, err = egress.NewCognitoEgress(ctx, "cognito", args, pulumi.Provider(provider))
		return err
	}
}

func record(t *testing.T, program pulumi.RunFunc) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, program)
	require.NoError(t, err)
	return g
}

// find returns the resource of a type with a name.
func find(t *testing.T, g *graph.Graph, typ, name string) graph.Resource {
	t.Helper()
	for _, r := range g.ByType(typ) {
		if r.Name == name {
			return *r
		}
	}
	require.Failf(t, "not found", "%s %s", typ, name)
	return graph.Resource{}
}

func texts(v resource.PropertyValue) []string {
	var all []string
	for _, e := range v.ArrayValue() {
		all = append(all, e.StringValue())
	}
	return all
}

// The names are those of Conveyor's "Deployment models": section "Cognito
// domain" of the data plane, section "Cognito domains" of a private control
// plane, which lists cognito-idp and cognito-identity.
func TestNames(t *testing.T) {
	s := plain()
	s.Identifiers = []string{"acme-conveyor", "acme-2"}
	g := record(t, build(s))
	component := find(t, g, egress.Type, "cognito")
	assert.Equal(t, []string{
		"acme-conveyor.auth.eu-west-1.amazoncognito.com", "acme-2.auth.eu-west-1.amazoncognito.com",
	}, texts(component.Outputs["names"]))
	assert.Empty(t, component.Outputs["allowedNames"].ArrayValue())
	for _, r := range g.Resources {
		assert.NotEqual(t, component.URN, r.Parent, "nothing is built unless it is asked for: %s", r.URN)
	}

	s.DedicatedControlPlane = true
	plan, err := egress.NewPlan(s)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"acme-conveyor.auth.eu-west-1.amazoncognito.com", "acme-2.auth.eu-west-1.amazoncognito.com",
		"cognito-idp.eu-west-1.amazonaws.com", "cognito-identity.eu-west-1.amazonaws.com",
	}, plan.Names)
}

// The routes of each zone, both ways, as AWS draws them for a firewall before a
// NAT gateway:
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-igw-ngw.html
func TestRoutesAreSymmetric(t *testing.T) {
	g := record(t, build(firewalled()))
	endpoints := find(t, g, egress.Type, "cognito").Outputs["firewallEndpointIds"].ObjectValue()
	require.Len(t, endpoints, 2)
	assert.NotEqual(t, endpoints["eu-west-1a"], endpoints["eu-west-1b"])
	blocks := map[string]string{"eu-west-1a": "10.20.0.0/18", "eu-west-1b": "10.20.64.0/18"}
	routes := 0
	for _, zone := range []string{"eu-west-1a", "eu-west-1b"} {
		endpoint := endpoints[resource.PropertyKey(zone)].StringValue()
		for _, want := range []struct{ name, table, to, by, target string }{
			{"cognito-workload-" + zone + "-default", "data-nodes-" + zone, "0.0.0.0/0", "vpcEndpointId", endpoint},
			{"cognito-firewall-" + zone + "-default", "cognito-firewall-" + zone, "0.0.0.0/0", "natGatewayId",
				find(t, g, "aws:ec2/natGateway:NatGateway", "cognito-nat-"+zone).ID},
			{"cognito-public-" + zone + "-default", "cognito-public-" + zone, "0.0.0.0/0", "gatewayId",
				find(t, g, "aws:ec2/internetGateway:InternetGateway", "cognito-igw").ID},
			{"cognito-public-" + zone + "-workload", "cognito-public-" + zone, blocks[zone], "vpcEndpointId", endpoint},
		} {
			route := find(t, g, routeType, want.name)
			routes++
			assert.Equal(t, find(t, g, "aws:ec2/routeTable:RouteTable", want.table).ID, route.Inputs["routeTableId"].StringValue(), want.name)
			assert.Equal(t, want.to, route.Inputs["destinationCidrBlock"].StringValue(), want.name)
			assert.Equal(t, want.target, route.Inputs[resource.PropertyKey(want.by)].StringValue(), want.name)
		}
		for _, tier := range []string{"firewall", "public"} {
			subnet := find(t, g, "aws:ec2/subnet:Subnet", "cognito-"+tier+"-"+zone)
			assert.Equal(t, zone, subnet.Inputs["availabilityZone"].StringValue())
			assert.False(t, subnet.Inputs["mapPublicIpOnLaunch"].BoolValue())
			association := find(t, g, "aws:ec2/routeTableAssociation:RouteTableAssociation", "cognito-"+tier+"-"+zone)
			assert.Equal(t, subnet.ID, association.Inputs["subnetId"].StringValue())
			assert.Equal(t, find(t, g, "aws:ec2/routeTable:RouteTable", "cognito-"+tier+"-"+zone).ID, association.Inputs["routeTableId"].StringValue())
		}
		nat := find(t, g, "aws:ec2/natGateway:NatGateway", "cognito-nat-"+zone)
		assert.Equal(t, find(t, g, "aws:ec2/subnet:Subnet", "cognito-public-"+zone).ID, nat.Inputs["subnetId"].StringValue())
	}
	assert.Len(t, g.ByType(routeType), routes, "and no other route")

	back := find(t, g, routeType, "cognito-public-eu-west-1a-workload")
	nodes := find(t, g, "aws:ec2/subnet:Subnet", "data-nodes-eu-west-1a")
	assert.Contains(t, back.PropertyDependencies["destinationCidrBlock"], nodes.URN, "AWS refuses the route before the subnet exists")
}

func TestFirewallRules(t *testing.T) {
	s := firewalled()
	s.ExtraNames = []string{"idp.example.com"}
	g := record(t, build(s))
	firewall := find(t, g, "aws:networkfirewall/firewall:Firewall", "cognito")
	assert.Len(t, firewall.Inputs["subnetMappings"].ArrayValue(), 2, "an endpoint in each zone")
	names := find(t, g, ruleGroupType, "cognito-names")
	ports := find(t, g, ruleGroupType, "cognito-ports")
	policy := find(t, g, "aws:networkfirewall/firewallPolicy:FirewallPolicy", "cognito")
	assert.Equal(t, policy.Outputs["arn"], firewall.Inputs["firewallPolicyArn"])

	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"ruleVariables": map[string]any{"ipSets": []any{map[string]any{
			"key": "HOME_NET", "ipSet": map[string]any{"definitions": []any{"10.20.0.0/17", "100.64.0.0/17"}},
		}}},
		"rulesSource": map[string]any{"rulesSourceList": map[string]any{
			"generatedRulesType": "ALLOWLIST", "targetTypes": []any{"TLS_SNI"},
			"targets": []any{"acme-conveyor.auth.eu-west-1.amazoncognito.com", "idp.example.com"},
		}},
		"statefulRuleOptions": map[string]any{"ruleOrder": "STRICT_ORDER"},
	}), names.Inputs["ruleGroup"].ObjectValue())
	assert.Equal(t, "STATEFUL", names.Inputs["type"].StringValue())
	assert.InDelta(t, 100, names.Inputs["capacity"].NumberValue(), 0)

	home := []any{map[string]any{"addressDefinition": "10.20.0.0/17"}, map[string]any{"addressDefinition": "100.64.0.0/17"}}
	anywhere := []any{map[string]any{"addressDefinition": "0.0.0.0/0"}}
	port := []any{map[string]any{"fromPort": 443, "toPort": 443}}
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"rulesSource": map[string]any{"statelessRulesAndCustomActions": map[string]any{"statelessRules": []any{
			map[string]any{"priority": 1, "ruleDefinition": map[string]any{
				"actions":         []any{"aws:forward_to_sfe"},
				"matchAttributes": map[string]any{"protocols": []any{6}, "sources": home, "destinations": anywhere, "destinationPorts": port},
			}},
			map[string]any{"priority": 2, "ruleDefinition": map[string]any{
				"actions":         []any{"aws:forward_to_sfe"},
				"matchAttributes": map[string]any{"protocols": []any{6}, "sources": anywhere, "sourcePorts": port, "destinations": home},
			}},
		}}},
	}), ports.Inputs["ruleGroup"].ObjectValue())

	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"statelessDefaultActions":         []any{"aws:drop"},
		"statelessFragmentDefaultActions": []any{"aws:drop"},
		"statelessRuleGroupReferences":    []any{map[string]any{"priority": 1, "resourceArn": ports.Outputs["arn"].StringValue()}},
		"statefulEngineOptions":           map[string]any{"ruleOrder": "STRICT_ORDER", "streamExceptionPolicy": "REJECT"},
		"statefulDefaultActions": []any{
			"aws:drop_established_app_layer_to_server", "aws:alert_established_app_layer_to_server",
		},
		"statefulRuleGroupReferences": []any{map[string]any{"priority": 1, "resourceArn": names.Outputs["arn"].StringValue()}},
	}), policy.Inputs["firewallPolicy"].ObjectValue())
}

// What the account has already is used and not made again.
func TestGivenGatewayAndAddresses(t *testing.T) {
	s := firewalled()
	for zone, id := range map[string]string{"eu-west-1a": "eipalloc-0123456789abcdef0", "eu-west-1b": "eipalloc-0123456789abcdef1"} {
		subnets := s.NetworkFirewall.Subnets[zone]
		subnets.ElasticIPAllocationID = id
		s.NetworkFirewall.Subnets[zone] = subnets
	}
	g := record(t, build(s, func(a *egress.CognitoEgressArgs) { a.InternetGatewayID = pulumi.String("igw-0123456789abcdef0") }))
	assert.Empty(t, g.ByType("aws:ec2/internetGateway:InternetGateway"))
	assert.Empty(t, g.ByType("aws:ec2/eip:Eip"))
	assert.Equal(t, "igw-0123456789abcdef0", find(t, g, routeType, "cognito-public-eu-west-1a-default").Inputs["gatewayId"].StringValue())
	assert.Equal(t, "eipalloc-0123456789abcdef1", find(t, g, "aws:ec2/natGateway:NatGateway", "cognito-nat-eu-west-1b").Inputs["allocationId"].StringValue())
}

func TestDNSFirewall(t *testing.T) {
	s := queried()
	s.DedicatedControlPlane = true
	s.ExtraNames = []string{"*.eu-west-1.compute.internal"}
	s.DNSFirewall = &egress.DNSFirewall{Services: []string{"s3-gateway"}, Priority: 500, MutationProtection: true}
	g := record(t, build(s))
	const rule, list = "aws:route53/resolverFirewallRule:ResolverFirewallRule", "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
	assert.Equal(t, []string{
		"*.eu-west-1.compute.internal", "*.s3.eu-west-1.amazonaws.com", "acme-conveyor.auth.eu-west-1.amazoncognito.com",
		"cognito-identity.eu-west-1.amazonaws.com", "cognito-idp.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com",
	}, texts(find(t, g, list, "cognito-allowed").Inputs["domains"]))
	assert.Equal(t, []string{"*"}, texts(find(t, g, list, "cognito-others").Inputs["domains"]))

	group := find(t, g, "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", "cognito")
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"action": "ALLOW", "priority": 100, "firewallRuleGroupId": group.ID, "firewallDomainRedirectionAction": "TRUST_REDIRECTION_DOMAIN",
		"firewallDomainListId": find(t, g, list, "cognito-allowed").ID,
	}), find(t, g, rule, "cognito-allowed").Inputs)
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"action": "BLOCK", "blockResponse": "NODATA", "priority": 200, "firewallRuleGroupId": group.ID,
		"firewallDomainListId": find(t, g, list, "cognito-others").ID, "firewallDomainRedirectionAction": "INSPECT_REDIRECTION_DOMAIN",
	}), find(t, g, rule, "cognito-others").Inputs)

	association := find(t, g, "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", "cognito")
	assert.Equal(t, group.ID, association.Inputs["firewallRuleGroupId"].StringValue())
	assert.Equal(t, find(t, g, "aws:ec2/vpc:Vpc", "data-vpc").ID, association.Inputs["vpcId"].StringValue())
	assert.InDelta(t, 500, association.Inputs["priority"].NumberValue(), 0)
	assert.Equal(t, "ENABLED", association.Inputs["mutationProtection"].StringValue())
	for _, name := range []string{"cognito-allowed", "cognito-others"} {
		assert.Contains(t, association.Dependencies, find(t, g, rule, name).URN, "the VPC gets a group that is complete")
	}
	assert.Contains(t, find(t, g, rule, "cognito-others").Dependencies, find(t, g, rule, "cognito-allowed").URN)
}

// Every resource is the component's child and, where it can, has its tags.
func TestChildren(t *testing.T) {
	for _, spec := range []egress.Spec{firewalled(), queried()} {
		g := record(t, build(spec))
		component := find(t, g, egress.Type, "cognito")
		children := 0
		for _, r := range g.Resources {
			if r.Parent != component.URN {
				continue
			}
			children++
			assert.True(t, r.Name == "cognito" || strings.HasPrefix(r.Name, "cognito-"), r.Name)
			if all, taggable := r.Outputs["tagsAll"]; taggable {
				assert.Equal(t, "data", all.ObjectValue()["team"].StringValue(), r.URN)
				assert.Equal(t, r.Name, all.ObjectValue()["Name"].StringValue(), r.URN)
			}
		}
		assert.Positive(t, children)
	}
}

// unknowns are mocks that know nothing of what they make.
type unknowns struct {
	mu         sync.Mutex
	registered map[string]bool // type and name
}

func (u *unknowns) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.registered[args.TypeToken+" "+args.Name] = true
	return "", resource.PropertyMap{}, nil
}

func (*unknowns) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("%s is not called", args.Token)
}

// A preview that knows no id, no address and no endpoint registers what a
// deployment does.
func TestPreviewRegistersTheSame(t *testing.T) {
	for _, spec := range []egress.Spec{plain(), firewalled(), queried()} {
		mocks := &unknowns{registered: map[string]bool{}}
		err := pulumi.RunErr(build(spec), pulumi.WithMocks("underlay", "test", mocks), func(info *pulumi.RunInfo) { info.DryRun = true })
		require.NoError(t, err)
		want := map[string]bool{}
		for _, r := range record(t, build(spec)).Resources {
			want[r.Type+" "+r.Name] = true
		}
		for name := range mocks.registered {
			assert.True(t, want[name], name)
		}
		for name := range want {
			if strings.HasPrefix(name, "aws:") {
				assert.True(t, mocks.registered[name], name)
			}
		}
	}
}

// Each spec is wrong in what its change says, and gives exactly these messages.
func TestBadSpecs(t *testing.T) {
	zone := func(change func(*egress.ZoneSubnets)) func(*egress.Spec) {
		return func(s *egress.Spec) {
			subnets := s.NetworkFirewall.Subnets["eu-west-1a"]
			change(&subnets)
			s.NetworkFirewall.Subnets["eu-west-1a"] = subnets
		}
	}
	const prefixRule = "is not a prefix that Cognito takes; use 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end"
	cases := []struct {
		name   string
		base   func() egress.Spec
		change func(*egress.Spec)
		want   []string
	}{
		{"nothing", plain, func(s *egress.Spec) { *s = egress.Spec{} }, []string{
			"region: is missing; give an AWS region, for example eu-west-1",
			"identifiers: is missing; ask the vendor for the domain prefix of the user pool"}},
		{"upper case", plain, func(s *egress.Spec) { s.Identifiers[0] = "Acme" }, []string{"identifiers[0]: Acme: " + prefixRule}},
		{"a hyphen at the end", plain, func(s *egress.Spec) { s.Identifiers[0] = "acme-" }, []string{"identifiers[0]: acme-: " + prefixRule}},
		{"empty", plain, func(s *egress.Spec) { s.Identifiers[0] = "" }, []string{"identifiers[0]: " + prefixRule}},
		{"64 characters", plain, func(s *egress.Spec) { s.Identifiers[0] = strings.Repeat("a", 64) }, []string{
			"identifiers[0]: " + strings.Repeat("a", 64) + ": " + prefixRule}},
		{"reserved words", plain, func(s *egress.Spec) { s.Identifiers = []string{"my-aws-pool", "amazonia", "cognito1"} }, []string{
			`identifiers[0]: my-aws-pool: contains "aws", which Cognito refuses; ask the vendor for the prefix`,
			`identifiers[1]: amazonia: contains "amazon", which Cognito refuses; ask the vendor for the prefix`,
			`identifiers[2]: cognito1: contains "cognito", which Cognito refuses; ask the vendor for the prefix`}},
		{"the whole domain", plain, func(s *egress.Spec) { s.Identifiers[0] = "acme.auth.eu-west-1.amazoncognito.com" }, []string{
			"identifiers[0]: acme.auth.eu-west-1.amazoncognito.com: is the whole domain; its prefix is asked for; write acme"}},
		{"twice", plain, func(s *egress.Spec) { s.Identifiers = []string{"acme", "acme"} }, []string{
			"identifiers[1]: acme: is named already at identifiers[0]; remove one"}},
		{"enforcement", plain, func(s *egress.Spec) { s.Enforcement = "proxy" }, []string{
			"enforcement: proxy: is not a choice; use none, networkFirewall or dnsFirewall"}},
		{"parts of other enforcements", plain, func(s *egress.Spec) {
			s.NetworkFirewall, s.DNSFirewall, s.ExtraNames = firewalled().NetworkFirewall, &egress.DNSFirewall{}, []string{"a.example.com"}
		}, []string{
			"networkFirewall: is set, but the enforcement is none; remove it, or set enforcement: networkFirewall",
			"dnsFirewall: is set, but the enforcement is none; remove it, or set enforcement: dnsFirewall",
			"extraNames: a.example.com: is set, but nothing is enforced; remove them, or set enforcement"}},
		{"no network firewall", plain, func(s *egress.Spec) { s.Enforcement = egress.EnforceNetworkFirewall }, []string{
			"networkFirewall: is missing; give the subnets of its zones"}},
		{"an empty network firewall", firewalled, func(s *egress.Spec) { s.NetworkFirewall = &egress.NetworkFirewall{} }, []string{
			"networkFirewall.vpcCidrs: is missing; list every block of the VPC",
			"networkFirewall.sourceCidrs: is missing; list the blocks of nodes and pods",
			"networkFirewall.workloads: is missing; give the node subnet of each zone"}},
		{"names", firewalled, func(s *egress.Spec) {
			s.ExtraNames = []string{"https://a.example.com", "A.example.com", "*.example.com", "localhost", "*", "b.example.com", "b.example.com"}
		}, []string{
			"extraNames[0]: https://a.example.com: is not a host name; write a name in lower case, such as idp.example.com",
			"extraNames[1]: A.example.com: is not a host name; write a name in lower case, such as idp.example.com",
			"extraNames[2]: *.example.com: is a wildcard; the firewall's list has whole names only; name each host",
			"extraNames[3]: localhost: is not a host name; write a name in lower case, such as idp.example.com",
			"extraNames[4]: *: is not a host name; write a name in lower case, such as idp.example.com",
			"extraNames[6]: b.example.com: is named already at extraNames[5]; remove one"}},
		{"capacity", firewalled, func(s *egress.Spec) { s.NetworkFirewall.Capacity = 30001 }, []string{
			"networkFirewall.capacity: 30001: is not a capacity; use 1 to 30000"}},
		{"too little capacity", firewalled, func(s *egress.Spec) { s.NetworkFirewall.Capacity = 1; s.ExtraNames = []string{"a.example.com"} }, []string{
			"networkFirewall.capacity: 1: is less than the 2 names; use 2 or more"}},
		{"everywhere is no source", firewalled, func(s *egress.Spec) { s.NetworkFirewall.SourceCidrs = []string{"0.0.0.0/0"} }, []string{
			"networkFirewall.sourceCidrs: 0.0.0.0/0: is in no block of the VPC (10.20.0.0/16, 100.64.0.0/16); list blocks of the VPC only"}},
		{"a workload that is no source", firewalled, func(s *egress.Spec) { s.NetworkFirewall.SourceCidrs = []string{"10.20.0.0/18"} }, []string{
			"networkFirewall.workloads.eu-west-1b: 10.20.64.0/18: is in none of the sources, so the firewall would drop what it sends; list its block in sourceCidrs"}},
		{"no blocks", firewalled, zone(func(z *egress.ZoneSubnets) { z.Firewall, z.Public = "", "10.20.216.1/28" }), []string{
			"networkFirewall.subnets.eu-west-1a.firewall: is missing; give a block inside the VPC, a /28 is enough",
			"networkFirewall.subnets.eu-west-1a.public: 10.20.216.1/28: has host bits set; the network is 10.20.216.0/28"}},
		{"blocks outside the VPC and too small", firewalled, zone(func(z *egress.ZoneSubnets) { z.Firewall, z.Public = "10.21.0.0/28", "10.20.216.0/29" }), []string{
			"networkFirewall.subnets.eu-west-1a.firewall: 10.21.0.0/28: is in no block of the VPC (10.20.0.0/16, 100.64.0.0/16); use a block inside one of them",
			"networkFirewall.subnets.eu-west-1a.public: 10.20.216.0/29: is not /16 to /28, the sizes of a subnet; a /28 is enough"}},
		{"overlaps", firewalled, zone(func(z *egress.ZoneSubnets) { z.Firewall, z.Public = "10.20.224.0/28", "10.20.0.0/28" }), []string{
			"networkFirewall.subnets.eu-west-1a.firewall: 10.20.224.0/28: overlaps 10.20.224.0/21 (networkFirewall.taken.endpoints-eu-west-1a); use a block outside 10.20.224.0/21",
			"networkFirewall.subnets.eu-west-1a.public: 10.20.0.0/28: overlaps 10.20.0.0/18 (networkFirewall.workloads.eu-west-1a); use a block outside 10.20.0.0/18"}},
		{"zones that do not match", firewalled, func(s *egress.Spec) {
			s.NetworkFirewall.Subnets["eu-west-1c"] = s.NetworkFirewall.Subnets["eu-west-1b"]
			delete(s.NetworkFirewall.Subnets, "eu-west-1b")
		}, []string{
			"networkFirewall.subnets.eu-west-1b: is missing; the zone has a workload; give a firewall and a public subnet",
			`networkFirewall.subnets.eu-west-1c: is set, but no workload is in that zone; did you mean "eu-west-1a"?`}},
		{"no such zone", firewalled, func(s *egress.Spec) {
			s.NetworkFirewall.Workloads["eu-west-1z"] = "10.20.128.0/18"
			s.NetworkFirewall.SourceCidrs = []string{"10.20.0.0/16"}
			s.NetworkFirewall.Subnets["eu-west-1z"] = egress.ZoneSubnets{Firewall: "10.20.249.0/28", Public: "10.20.217.0/28"}
		}, []string{"networkFirewall.workloads.eu-west-1z: eu-west-1z: is not an availability zone of eu-west-1"}},
		{"addresses", firewalled, func(s *egress.Spec) {
			for zone, subnets := range s.NetworkFirewall.Subnets {
				subnets.ElasticIPAllocationID = "eip-1"
				s.NetworkFirewall.Subnets[zone] = subnets
			}
		}, []string{
			"networkFirewall.subnets.eu-west-1a.elasticIpAllocationId: eip-1: is not an id like eipalloc-0123456789abcdef0",
			"networkFirewall.subnets.eu-west-1b.elasticIpAllocationId: eip-1: is not an id like eipalloc-0123456789abcdef0",
			"networkFirewall.subnets.eu-west-1b.elasticIpAllocationId: eip-1: is another zone's address already; give each NAT gateway its own"}},
		{"too few addresses", firewalled, func(s *egress.Spec) { s.Quotas = map[string]int{"elastic-ips-per-region": 1} }, []string{
			"networkFirewall.subnets: needs 2 Elastic IPs; the account's quota is 1; give addresses that you have, or have the quota raised and set quotas.elastic-ips-per-region"}},
		{"dns firewall", queried, func(s *egress.Spec) {
			s.DNSFirewall = &egress.DNSFirewall{Priority: 9900, Services: []string{"sqss", "sts", "sts"}}
			s.ExtraNames = []string{"*.*.example.com"}
		}, []string{
			"dnsFirewall.priority: 9900: is not a priority of a rule group; use 101 to 9899",
			`dnsFirewall.services[0]: sqss: is not an endpoint service of the catalogue; did you mean "sqs"?`,
			"dnsFirewall.services[2]: sts: is named already at dnsFirewall.services[1]; remove one",
			"extraNames[0]: *.*.example.com: is not a host name; write a name in lower case, such as idp.example.com"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spec := c.base()
			c.change(&spec)
			_, err := egress.NewPlan(spec)
			var problems problem.List
			require.ErrorAs(t, err, &problems)
			assert.Equal(t, strings.Join(c.want, "\n"), problems.Error())
		})
	}
}

// What is wrong with the arguments beside the spec is said with the spec's
// problems, and nothing of the component is registered.
func TestBadArguments(t *testing.T) {
	spec := firewalled()
	spec.Identifiers = nil
	mocks := &unknowns{registered: map[string]bool{}}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := egress.NewCognitoEgress(ctx, "cognito_1", &egress.CognitoEgressArgs{
			Spec:      spec,
			SubnetIDs: pulumi.StringMap{"eu-west-1a": pulumi.String("subnet-1"), "eu-west-1c": pulumi.String("subnet-2")},
		})
		return err
	}, pulumi.WithMocks("underlay", "test", mocks))
	var problems problem.List
	require.ErrorAs(t, err, &problems)
	assert.Equal(t, strings.Join([]string{
		"identifiers: is missing; ask the vendor for the domain prefix of the user pool",
		"name: cognito_1: is not 1 to 48 letters, digits and hyphens that begin with a letter, as the firewall's name must be",
		"vpcId: is missing; give the VPC's id",
		"subnetIds.eu-west-1b: is missing; give the id for the workload in eu-west-1b",
		"subnetIds.eu-west-1c: is set, but no workload is in that zone; remove it",
		"routeTableIds.eu-west-1a: is missing; give the id for the workload in eu-west-1a",
		"routeTableIds.eu-west-1b: is missing; give the id for the workload in eu-west-1b",
	}, "\n"), problems.Error())
	assert.ErrorContains(t, err, `cognito egress "cognito_1": `)
	for name := range mocks.registered {
		assert.NotContains(t, name, "aws:")
		assert.NotContains(t, name, egress.Type)
	}
}
