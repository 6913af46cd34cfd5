package dataplane_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

// spec is a data plane with two zones and the defaults.
func spec(change func(*dataplane.Spec)) dataplane.Spec {
	s := dataplane.Spec{
		Region:  "eu-west-1",
		VpcCidr: "10.20.0.0/16",
		Zones:   []string{"eu-west-1a", "eu-west-1b"},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// record returns the graph of a program with one network "net".
func record(t *testing.T, args dataplane.AwsDataPlaneNetworkArgs) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(args.Region)})
		if err != nil {
			return err
		}
		_, err = dataplane.NewAwsDataPlaneNetwork(ctx, "net", &args, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

// names returns the names of the resources of a type, sorted.
func names(g *graph.Graph, token string) []string {
	var found []string
	for _, r := range g.ByType(token) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

// input returns one input of the resource of that type and name.
func input(t *testing.T, g *graph.Graph, token, name, property string) any {
	t.Helper()
	for _, r := range g.ByType(token) {
		if r.Name == name {
			return r.Inputs.Mappable()[property]
		}
	}
	require.Failf(t, "no such resource", "%s %s", token, name)
	return nil
}

const (
	subnet      = "aws:ec2/subnet:Subnet"
	route       = "aws:ec2/route:Route"
	table       = "aws:ec2/routeTable:RouteTable"
	association = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	gateway     = "aws:ec2/internetGateway:InternetGateway"
	nat         = "aws:ec2/natGateway:NatGateway"
	eip         = "aws:ec2/eip:Eip"
	vpc         = "aws:ec2/vpc:Vpc"
	block       = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	endpoint    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	onTable     = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
	flowLog     = "aws:ec2/flowLog:FlowLog"
	logGroup    = "aws:cloudwatch/logGroup:LogGroup"
	role        = "aws:iam/role:Role"
	rolePolicy  = "aws:iam/rolePolicy:RolePolicy"
)

// urn returns the URN of a child of the network.
func urn(token, name string) string {
	return "urn:pulumi:test::underlay::" + dataplane.Type + "$" + token + "::" + name
}

// The seed "Network configuration", section VPC setup: public subnets, private
// subnets of at least /24 for the nodes, /18 subnets of a secondary CIDR for the
// pods. The blocks are computed by hand: nodes are the quarters of the /16,
// public and endpoints its /21 number 24 and 28 on.
func TestSubnetsOfATwoZoneNetwork(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(nil)})
	want := map[string]string{
		"net-public-eu-west-1a":    "10.20.192.0/21",
		"net-public-eu-west-1b":    "10.20.200.0/21",
		"net-nodes-eu-west-1a":     "10.20.0.0/18",
		"net-nodes-eu-west-1b":     "10.20.64.0/18",
		"net-endpoints-eu-west-1a": "10.20.224.0/21",
		"net-endpoints-eu-west-1b": "10.20.232.0/21",
		"net-pods-eu-west-1a":      "100.64.0.0/18",
		"net-pods-eu-west-1b":      "100.64.64.0/18",
	}
	got := map[string]string{}
	for _, r := range g.ByType(subnet) {
		got[r.Name] = r.Inputs["cidrBlock"].StringValue()
		assert.False(t, r.Inputs["mapPublicIpOnLaunch"].BoolValue(), "%s gives no public addresses by itself", r.Name)
		assert.Equal(t, urn(vpc, "net-vpc"), r.Inputs["vpcId"].StringValue())
		assert.Contains(t, r.Name, r.Inputs["availabilityZone"].StringValue())
	}
	assert.Equal(t, want, got)
	assert.Equal(t, "10.20.0.0/16", input(t, g, vpc, "net-vpc", "cidrBlock"))
	assert.Equal(t, true, input(t, g, vpc, "net-vpc", "enableDnsSupport"))
	assert.Equal(t, true, input(t, g, vpc, "net-vpc", "enableDnsHostnames"))
	assert.Equal(t, "100.64.0.0/16", input(t, g, block, "net-pods", "cidrBlock"))
}

func TestPodSubnetsWaitForTheirBlock(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(nil)})
	for _, zone := range []string{"eu-west-1a", "eu-west-1b"} {
		r, ok := g.Find(urn(subnet, "net-pods-"+zone))
		require.True(t, ok)
		assert.Contains(t, r.Dependencies, urn(block, "net-pods"))
	}
}

// routes returns the default routes by route table and the target of each.
func routes(g *graph.Graph) map[string]string {
	found := map[string]string{}
	for _, r := range g.ByType(route) {
		in := r.Inputs.Mappable()
		for _, target := range []string{"gatewayId", "natGatewayId"} {
			if id, ok := in[target].(string); ok {
				table := in["routeTableId"].(string)
				found[table[strings.LastIndex(table, ":")+1:]+" "+in["destinationCidrBlock"].(string)] = target + " " + id[strings.LastIndex(id, ":")+1:]
			}
		}
	}
	return found
}

func TestRoutesOfEachEgressMode(t *testing.T) {
	cases := []struct {
		name   string
		change func(*dataplane.Spec)
		routes map[string]string
		nats   []string
		igw    []string
		public bool
	}{
		{
			name: "nat, single",
			routes: map[string]string{
				"net-public 0.0.0.0/0":           "gatewayId net-igw",
				"net-nodes-eu-west-1a 0.0.0.0/0": "natGatewayId net-nat-eu-west-1a",
				"net-nodes-eu-west-1b 0.0.0.0/0": "natGatewayId net-nat-eu-west-1a",
			},
			nats: []string{"net-nat-eu-west-1a"}, igw: []string{"net-igw"}, public: true,
		},
		{
			name:   "nat, single in the second zone",
			change: func(s *dataplane.Spec) { s.Nat = &dataplane.Nat{Zone: "eu-west-1b"} },
			routes: map[string]string{
				"net-public 0.0.0.0/0":           "gatewayId net-igw",
				"net-nodes-eu-west-1a 0.0.0.0/0": "natGatewayId net-nat-eu-west-1b",
				"net-nodes-eu-west-1b 0.0.0.0/0": "natGatewayId net-nat-eu-west-1b",
			},
			nats: []string{"net-nat-eu-west-1b"}, igw: []string{"net-igw"}, public: true,
		},
		{
			name:   "nat, one in each zone",
			change: func(s *dataplane.Spec) { s.Nat = &dataplane.Nat{Strategy: dataplane.NatPerZone} },
			routes: map[string]string{
				"net-public 0.0.0.0/0":           "gatewayId net-igw",
				"net-nodes-eu-west-1a 0.0.0.0/0": "natGatewayId net-nat-eu-west-1a",
				"net-nodes-eu-west-1b 0.0.0.0/0": "natGatewayId net-nat-eu-west-1b",
			},
			nats: []string{"net-nat-eu-west-1a", "net-nat-eu-west-1b"}, igw: []string{"net-igw"}, public: true,
		},
		{
			name:   "isolated",
			change: func(s *dataplane.Spec) { s.Egress = dataplane.EgressIsolated },
			routes: map[string]string{},
		},
		{
			name:   "external, reached over the internet",
			change: func(s *dataplane.Spec) { s.Egress = dataplane.EgressExternal },
			routes: map[string]string{"net-public 0.0.0.0/0": "gatewayId net-igw"},
			igw:    []string{"net-igw"}, public: true,
		},
		{
			name: "external, reached by PrivateLink",
			change: func(s *dataplane.Spec) {
				s.Egress, s.Connectivity = dataplane.EgressExternal, dataplane.ConnectivityPrivateLink
			},
			routes: map[string]string{},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(c.change)})
			assert.Equal(t, c.routes, routes(g))
			assert.Equal(t, c.nats, names(g, nat))
			assert.Equal(t, c.nats, names(g, eip), "an address for each NAT gateway")
			assert.Equal(t, c.igw, names(g, gateway))
			assert.Equal(t, c.public, slices.Contains(names(g, subnet), "net-public-eu-west-1a"))
		})
	}
}

func TestEverySubnetHasItsTable(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(nil)})
	got := map[string]string{}
	for _, r := range g.ByType(association) {
		in := r.Inputs.Mappable()
		got[strings.TrimPrefix(in["subnetId"].(string), urn(subnet, ""))] = strings.TrimPrefix(in["routeTableId"].(string), urn(table, ""))
	}
	assert.Equal(t, map[string]string{
		"net-public-eu-west-1a":    "net-public",
		"net-public-eu-west-1b":    "net-public",
		"net-nodes-eu-west-1a":     "net-nodes-eu-west-1a",
		"net-nodes-eu-west-1b":     "net-nodes-eu-west-1b",
		"net-endpoints-eu-west-1a": "net-endpoints",
		"net-endpoints-eu-west-1b": "net-endpoints",
		"net-pods-eu-west-1a":      "net-pods",
		"net-pods-eu-west-1b":      "net-pods",
	}, got)
}

func TestGatewayEndpointsAreOnEveryTable(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(nil)})
	tables := names(g, table)
	require.Equal(t, []string{"net-endpoints", "net-nodes-eu-west-1a", "net-nodes-eu-west-1b", "net-pods", "net-public"}, tables)
	got := map[string][]string{}
	for _, r := range g.ByType(onTable) {
		in := r.Inputs.Mappable()
		service := strings.TrimPrefix(in["vpcEndpointId"].(string), urn(endpoint, "net-"))
		got[service] = append(got[service], strings.TrimPrefix(in["routeTableId"].(string), urn(table, "")))
	}
	for _, service := range []string{"s3", "dynamodb"} {
		assert.ElementsMatch(t, tables, got[service], service)
		assert.Equal(t, "com.amazonaws.eu-west-1."+service, input(t, g, endpoint, "net-"+service, "serviceName"))
		assert.Equal(t, "Gateway", input(t, g, endpoint, "net-"+service, "vpcEndpointType"))
	}

	none := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(func(s *dataplane.Spec) { s.GatewayEndpoints = []string{} })})
	assert.Empty(t, none.ByType(endpoint))
}

func TestRoleTags(t *testing.T) {
	tags := func(t *testing.T, change func(*dataplane.Spec), name string) map[string]any {
		g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(change)})
		return input(t, g, subnet, name, "tags").(map[string]any)
	}
	clusters := func(s *dataplane.Spec) { s.ClusterNames = []string{"prod"} }
	assert.Equal(t, map[string]any{
		"Name": "net-public-eu-west-1a", "kubernetes.io/role/elb": "1", "kubernetes.io/cluster/prod": "shared",
	}, tags(t, clusters, "net-public-eu-west-1a"))
	assert.Equal(t, map[string]any{
		"Name": "net-nodes-eu-west-1a", "kubernetes.io/role/internal-elb": "1", "kubernetes.io/cluster/prod": "shared",
	}, tags(t, clusters, "net-nodes-eu-west-1a"))
	assert.Equal(t, map[string]any{"Name": "net-pods-eu-west-1a"}, tags(t, clusters, "net-pods-eu-west-1a"),
		"pod subnets never carry load balancer tags")
	assert.Equal(t, map[string]any{"Name": "net-pods-eu-west-1a", "kubernetes.io/role/cni": "1"},
		tags(t, func(s *dataplane.Spec) { s.PodNetworking = dataplane.PodsBySubnetDiscovery }, "net-pods-eu-west-1a"))
	assert.Equal(t, map[string]any{"Name": "net-public-eu-west-1a"},
		tags(t, func(s *dataplane.Spec) { s.Connectivity = dataplane.ConnectivityPrivateLink }, "net-public-eu-west-1a"),
		"without internet-facing load balancers the public tier only holds NAT gateways")
	assert.Equal(t, map[string]any{"Name": "net-endpoints-eu-west-1a"}, tags(t, nil, "net-endpoints-eu-west-1a"))
}

func TestTheCallersTagsAreOnEveryTaggedResource(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{
		Spec: spec(func(s *dataplane.Spec) { s.FlowLogs = &dataplane.FlowLogs{} }),
		Tags: pulumi.StringMap{"team": pulumi.String("network"), "Name": pulumi.String("mine")},
	})
	untagged := []string{route, association, block, onTable, rolePolicy}
	for _, r := range g.Resources {
		if !r.Custom || strings.HasPrefix(r.Type, "pulumi:") || slices.Contains(untagged, r.Type) {
			continue
		}
		tags, _ := r.Inputs.Mappable()["tags"].(map[string]any)
		assert.Equal(t, "network", tags["team"], r.URN)
		assert.Equal(t, r.Name, tags["Name"], "%s: the resource's own name wins", r.URN)
	}
}

func TestSuppliedElasticIPs(t *testing.T) {
	perZone := func(ids ...string) func(*dataplane.Spec) {
		return func(s *dataplane.Spec) {
			s.Nat = &dataplane.Nat{Strategy: dataplane.NatPerZone, ElasticIPAllocationIDs: ids}
		}
	}
	a, b := "eipalloc-0aaaaaaaaaaaaaaaa", "eipalloc-0bbbbbbbbbbbbbbbb"
	bySpec := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(perZone(a, b))})
	byInput := record(t, dataplane.AwsDataPlaneNetworkArgs{
		Spec:                   spec(perZone()),
		ElasticIPAllocationIDs: []pulumi.StringInput{pulumi.String(a), pulumi.String(b)},
	})
	for _, g := range []*graph.Graph{bySpec, byInput} {
		assert.Empty(t, g.ByType(eip), "no address is allocated")
		assert.Equal(t, a, input(t, g, nat, "net-nat-eu-west-1a", "allocationId"))
		assert.Equal(t, b, input(t, g, nat, "net-nat-eu-west-1b", "allocationId"))
	}
}

func TestExistingVpc(t *testing.T) {
	existing := func(change func(*dataplane.ExistingVpc)) func(*dataplane.Spec) {
		return func(s *dataplane.Spec) {
			s.Existing = &dataplane.ExistingVpc{VpcID: "vpc-0123456789abcdef0", Cidrs: []string{"10.20.0.0/16"}}
			change(s.Existing)
		}
	}
	t.Run("with its own gateway", func(t *testing.T) {
		g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(existing(func(e *dataplane.ExistingVpc) {
			e.InternetGatewayID = "igw-0123456789abcdef0"
		}))})
		assert.Empty(t, g.ByType(vpc))
		assert.Empty(t, g.ByType(gateway))
		assert.Equal(t, "vpc-0123456789abcdef0", input(t, g, subnet, "net-nodes-eu-west-1a", "vpcId"))
		assert.Equal(t, "igw-0123456789abcdef0", input(t, g, route, "net-public-default", "gatewayId"))
		assert.Equal(t, "vpc-0123456789abcdef0", input(t, g, block, "net-pods", "vpcId"))
	})
	t.Run("without a gateway", func(t *testing.T) {
		g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(existing(func(*dataplane.ExistingVpc) {}))})
		assert.Equal(t, []string{"net-igw"}, names(g, gateway))
	})
	t.Run("that has the pod block already", func(t *testing.T) {
		g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(existing(func(e *dataplane.ExistingVpc) {
			e.Cidrs = append(e.Cidrs, "100.64.0.0/16")
		}))})
		assert.Empty(t, g.ByType(block))
		assert.Equal(t, "100.64.0.0/18", input(t, g, subnet, "net-pods-eu-west-1a", "cidrBlock"))
	})
	t.Run("whose id another resource gives", func(t *testing.T) {
		args := dataplane.AwsDataPlaneNetworkArgs{
			Spec:  spec(existing(func(e *dataplane.ExistingVpc) { e.VpcID = "" })),
			VpcID: pulumi.String("vpc-0fedcba9876543210"),
		}
		g := record(t, args)
		assert.Equal(t, "vpc-0fedcba9876543210", input(t, g, subnet, "net-nodes-eu-west-1a", "vpcId"))
	})
}

func TestSubnetsPlacedByHand(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(func(s *dataplane.Spec) {
		s.Subnets = map[addressing.Tier]map[string]string{addressing.Nodes: {"eu-west-1a": "10.20.32.0/19"}}
	})})
	assert.Equal(t, "10.20.32.0/19", input(t, g, subnet, "net-nodes-eu-west-1a", "cidrBlock"))
	assert.Equal(t, "10.20.64.0/18", input(t, g, subnet, "net-nodes-eu-west-1b", "cidrBlock"), "the others keep their slot")
}

func TestFlowLogsToCloudWatch(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(func(s *dataplane.Spec) { s.FlowLogs = &dataplane.FlowLogs{} })})
	assert.Equal(t, urn(vpc, "net-vpc"), input(t, g, flowLog, "net-flow-logs", "vpcId"))
	assert.Equal(t, "ALL", input(t, g, flowLog, "net-flow-logs", "trafficType"))
	assert.EqualValues(t, 600, input(t, g, flowLog, "net-flow-logs", "maxAggregationInterval"))
	assert.Equal(t, "cloud-watch-logs", input(t, g, flowLog, "net-flow-logs", "logDestinationType"))
	assert.EqualValues(t, 90, input(t, g, logGroup, "net-flow-logs", "retentionInDays"))

	log, ok := g.Find(urn(flowLog, "net-flow-logs"))
	require.True(t, ok)
	assert.Contains(t, log.Dependencies, urn(rolePolicy, "net-flow-logs"), "the role can write before logs come")

	trust := document(t, input(t, g, role, "net-flow-logs", "assumeRolePolicy"))
	require.Len(t, trust.Statement, 1)
	assert.Equal(t, map[string][]string{"Service": {"vpc-flow-logs.amazonaws.com"}}, trust.Statement[0].Principal)
	assert.Equal(t, map[string]map[string][]string{
		"StringEquals": {"aws:SourceAccount": {"111122223333"}},
		"ArnLike":      {"aws:SourceArn": {"arn:aws:ec2:eu-west-1:111122223333:vpc-flow-log/*"}},
	}, trust.Statement[0].Condition, "no other account's flow logs may use the role")

	arn := g.ByType(logGroup)[0].Outputs["arn"].StringValue()
	for _, statement := range document(t, input(t, g, rolePolicy, "net-flow-logs", "policy")).Statement {
		for _, resource := range statement.Resource {
			if !slices.Contains(statement.Action, "logs:DescribeLogGroups") {
				assert.True(t, resource == arn || resource == arn+":*", "%s is the role's own log group", resource)
			}
			assert.NotEqual(t, "*", resource)
		}
		for _, action := range statement.Action {
			assert.NotContains(t, action, "*")
		}
	}
}

func TestFlowLogsToS3(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(func(s *dataplane.Spec) {
		s.FlowLogs = &dataplane.FlowLogs{Destination: dataplane.FlowLogsToS3, BucketArn: "arn:aws:s3:::logs", AggregationSeconds: 60}
	})})
	assert.Equal(t, "s3", input(t, g, flowLog, "net-flow-logs", "logDestinationType"))
	assert.Equal(t, "arn:aws:s3:::logs", input(t, g, flowLog, "net-flow-logs", "logDestination"))
	assert.EqualValues(t, 60, input(t, g, flowLog, "net-flow-logs", "maxAggregationInterval"))
	assert.Empty(t, g.ByType(logGroup))
	assert.Empty(t, g.ByType(role))
}

type policy struct {
	Statement []struct {
		Effect    string
		Principal map[string][]string
		Action    []string
		Resource  []string
		Condition map[string]map[string][]string
	}
}

func document(t *testing.T, text any) policy {
	t.Helper()
	var p policy
	require.NoError(t, json.Unmarshal([]byte(text.(string)), &p))
	return p
}

func TestOutputsByTierAndZone(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(nil)})
	component, ok := g.Find("urn:pulumi:test::underlay::" + dataplane.Type + "::net")
	require.True(t, ok)
	outputs := component.Outputs.Mappable()
	assert.Equal(t, urn(vpc, "net-vpc"), outputs["vpcId"])
	assert.Equal(t, []any{"10.20.0.0/16", "100.64.0.0/16"}, outputs["vpcCidrs"])
	byTier := outputs["subnetIds"].(map[string]any)
	for _, tier := range []string{"public", "nodes", "endpoints", "pods"} {
		for _, zone := range []string{"eu-west-1a", "eu-west-1b"} {
			assert.Equal(t, urn(subnet, fmt.Sprintf("net-%s-%s", tier, zone)), byTier[tier].(map[string]any)[zone])
		}
	}
	assert.Len(t, outputs["natPublicIps"], 1)
	assert.Equal(t, urn(table, "net-nodes-eu-west-1b"), outputs["routeTableIds"].(map[string]any)["nodes"].(map[string]any)["eu-west-1b"])
}

func TestEveryResourceIsAChildWithTheGivenProvider(t *testing.T) {
	g := record(t, dataplane.AwsDataPlaneNetworkArgs{Spec: spec(func(s *dataplane.Spec) { s.FlowLogs = &dataplane.FlowLogs{} })})
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			assert.Equal(t, "urn:pulumi:test::underlay::"+dataplane.Type+"::net", r.Parent, r.URN)
			assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::aws", r.ProviderURN(), r.URN)
		}
	}
}

func TestABadSpecRegistersNothing(t *testing.T) {
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{
			Spec:  spec(func(s *dataplane.Spec) { s.VpcCidr, s.Zones = "10.20.0.1/16", nil }),
			VpcID: pulumi.String("vpc-1"),
		})
		var problems problem.List
		require.ErrorAs(t, err, &problems)
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.Error())
		}
		assert.ElementsMatch(t, []string{
			"vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16",
			"zones: is missing; name two or three availability zones",
			"vpcId: is set, but existing is not; list its blocks in existing.cidrs",
		}, lines)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, g.Resources, 1, "the stack alone")
	assert.Equal(t, "pulumi:pulumi:Stack", g.Resources[0].Type)
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", nil)
		return err
	})
	var problems problem.List
	require.ErrorAs(t, err, &problems)
	assert.Contains(t, err.Error(), `data plane network "net"`)
}

// A warning is for what was not asked for in so many words.
func TestWarnings(t *testing.T) {
	const oneGateway = "the one NAT gateway is in eu-west-1a: without that zone no node of any zone reaches the internet, " +
		"and traffic between zones is charged; set nat.strategy: perZone, or single if that is meant"
	for _, c := range []struct {
		name   string
		change func(*dataplane.Spec)
		want   []string
	}{
		{"one NAT gateway by default", nil, []string{oneGateway}},
		{"by default, with an address", func(s *dataplane.Spec) {
			s.Nat = &dataplane.Nat{ElasticIPAllocationIDs: []string{"eipalloc-0123456789abcdef0"}}
		}, []string{oneGateway}},
		{"one as told", func(s *dataplane.Spec) { s.Nat = &dataplane.Nat{Strategy: dataplane.NatSingle} }, nil},
		{"one in a zone as told", func(s *dataplane.Spec) { s.Nat = &dataplane.Nat{Zone: "eu-west-1b"} }, nil},
		{"one in each", func(s *dataplane.Spec) { s.Nat = &dataplane.Nat{Strategy: dataplane.NatPerZone} }, nil},
		{"none", func(s *dataplane.Spec) { s.Egress = dataplane.EgressIsolated }, nil},
		{"Docker's range", func(s *dataplane.Spec) { s.Egress, s.VpcCidr = dataplane.EgressIsolated, "172.17.0.0/16" }, []string{
			"172.17.0.0/16 overlaps 172.17.0.0/16, which Docker and the AWS services built on it use inside: " +
				"they may not reach the VPC's addresses there; use another block"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, err := dataplane.NewPlan(spec(c.change))
			require.NoError(t, err)
			assert.Equal(t, c.want, plan.Warnings)
		})
	}
}
