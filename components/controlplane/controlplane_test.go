package controlplane_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/controlplane"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	subnet   = "aws:ec2/subnet:Subnet"
	table    = "aws:ec2/routeTable:RouteTable"
	vpc      = "aws:ec2/vpc:Vpc"
	endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
	onTable  = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
)

// spec is a control plane with two zones and the defaults.
func spec(change func(*controlplane.Spec)) controlplane.Spec {
	s := controlplane.Spec{
		Region:  "eu-west-1",
		VpcCidr: "10.30.0.0/16",
		Zones:   []string{"eu-west-1a", "eu-west-1b"},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// record returns the graph of a control plane "cp" with the endpoints that its
// plan asks for, as a stack composes them.
func record(t *testing.T, s controlplane.Spec) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(s.Region)})
		if err != nil {
			return err
		}
		network, err := controlplane.NewAwsControlPlaneNetwork(ctx, "cp",
			&controlplane.AwsControlPlaneNetworkArgs{Spec: s}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		_, err = endpoints.NewInterfaceEndpoints(ctx, "endpoints", &endpoints.InterfaceEndpointsArgs{
			Spec:      network.Plan().Endpoints(),
			VpcID:     network.VpcID,
			SubnetIDs: network.Subnets(addressing.Endpoints),
		}, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

func names(g *graph.Graph, token string) []string {
	var found []string
	for _, r := range g.ByType(token) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

// services returns the services of the endpoints of a type, sorted.
func services(g *graph.Graph, kind string) []string {
	var found []string
	for _, r := range g.ByType(endpoint) {
		if r.Inputs["vpcEndpointType"].StringValue() == kind {
			found = append(found, r.Inputs["serviceName"].StringValue()[len("com.amazonaws.eu-west-1."):])
		}
	}
	slices.Sort(found)
	return found
}

// A /18 is 64 third octets; /21 number 28 of a /16 begins at 28×8 = 224.
func TestSubnets(t *testing.T) {
	g := record(t, spec(nil))
	got := map[string]string{}
	for _, r := range g.ByType(subnet) {
		got[r.Name] = r.Inputs["cidrBlock"].StringValue()
		assert.False(t, r.Inputs["mapPublicIpOnLaunch"].BoolValue())
		assert.Contains(t, r.Name, r.Inputs["availabilityZone"].StringValue())
	}
	assert.Equal(t, map[string]string{
		"cp-private-eu-west-1a":   "10.30.0.0/18",
		"cp-private-eu-west-1b":   "10.30.64.0/18",
		"cp-endpoints-eu-west-1a": "10.30.224.0/21",
		"cp-endpoints-eu-west-1b": "10.30.232.0/21",
	}, got)
	require.Len(t, g.ByType(vpc), 1)
	in := g.ByType(vpc)[0].Inputs.Mappable()
	assert.Equal(t, "10.30.0.0/16", in["cidrBlock"])
	assert.Equal(t, true, in["enableDnsSupport"])
	assert.Equal(t, true, in["enableDnsHostnames"])
}

// "Deployment models of Conveyor": both planes "installed privately in their
// AWS account without internet access".
func TestNoWayToTheInternet(t *testing.T) {
	g := record(t, spec(nil))
	for _, token := range []string{"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip", "aws:ec2/route:Route"} {
		assert.Empty(t, g.ByType(token))
	}
	assert.Equal(t, []string{"Gateway"}, kinds(g, "cp-s3", "cp-dynamodb"))
	assert.Equal(t, []string{"dynamodb", "s3"}, services(g, "Gateway"))
	assert.Equal(t, []string{"cp-endpoints", "cp-private-eu-west-1a", "cp-private-eu-west-1b"}, names(g, table))
	assert.Equal(t, []string{
		"cp-dynamodb-endpoints", "cp-dynamodb-private-eu-west-1a", "cp-dynamodb-private-eu-west-1b",
		"cp-s3-endpoints", "cp-s3-private-eu-west-1a", "cp-s3-private-eu-west-1b",
	}, names(g, onTable), "the gateway endpoints are on every table")
}

func kinds(g *graph.Graph, names ...string) []string {
	var found []string
	for _, r := range g.ByType(endpoint) {
		if slices.Contains(names, r.Name) {
			found = append(found, r.Inputs["vpcEndpointType"].StringValue())
		}
	}
	return slices.Compact(found)
}

// The list is retyped from "Deployment models of Conveyor", section "Private
// control plane requirements"; the two of the EC2 launch type are from
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html.
func TestEndpointsOfEachRuntime(t *testing.T) {
	want := []string{"aps", "aps-workspaces", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "kms", "logs", "sqs", "ssm",
		"ssmmessages", "sts", "xray"}
	assert.Equal(t, want, services(record(t, spec(nil)), "Interface"))
	onEC2 := append(slices.Clone(want), "ecs-agent", "ecs-telemetry")
	slices.Sort(onEC2)
	assert.Equal(t, onEC2, services(record(t, spec(func(s *controlplane.Spec) { s.Runtime = controlplane.RuntimeEC2 })), "Interface"))
}

func TestEndpointsAdmitTheVpcAndKnowTheRoom(t *testing.T) {
	// /27 endpoint subnets: 32 addresses without AWS's 5.
	plan, err := controlplane.NewPlan(spec(func(s *controlplane.Spec) {
		s.VpcCidr, s.ZoneIDs = "10.30.0.0/22", []string{"euw1-az1", "euw1-az2"}
	}))
	require.NoError(t, err)
	got := plan.Endpoints()
	assert.Equal(t, []string{"10.30.0.0/22"}, got.SourceCidrs)
	assert.Equal(t, 27, got.UsableAddresses)
	assert.Equal(t, []endpoints.Zone{{Name: "eu-west-1a", ID: "euw1-az1"}, {Name: "eu-west-1b", ID: "euw1-az2"}}, got.Zones)
}

func TestAZoneAddedMovesNothing(t *testing.T) {
	before, err := controlplane.NewPlan(spec(nil))
	require.NoError(t, err)
	after, err := controlplane.NewPlan(spec(func(s *controlplane.Spec) { s.Zones = append(s.Zones, "eu-west-1c") }))
	require.NoError(t, err)
	assert.Len(t, after.Subnets, 6)
	for _, s := range before.Subnets {
		same, ok := after.Subnet(s.Tier, s.Zone.Name)
		require.True(t, ok)
		assert.Equal(t, s, same)
	}
}

func TestFlowLogs(t *testing.T) {
	g := record(t, spec(func(s *controlplane.Spec) { s.FlowLogs = &controlplane.FlowLogs{} }))
	assert.Equal(t, []string{"cp-flow-logs"}, names(g, "aws:ec2/flowLog:FlowLog"))
	assert.Equal(t, []string{"cp-flow-logs"}, names(g, "aws:cloudwatch/logGroup:LogGroup"))
	assert.Empty(t, record(t, spec(nil)).ByType("aws:ec2/flowLog:FlowLog"))
}

func TestBadInput(t *testing.T) {
	cases := []struct {
		name   string
		change func(*controlplane.Spec)
		want   []string
	}{
		{"nothing given", func(s *controlplane.Spec) { *s = controlplane.Spec{Region: "eu-west-1"} }, []string{
			"zones: is missing; name two or three availability zones",
			"vpcCidr: is missing; give the VPC's block, for example 10.30.0.0/16"}},
		{"one zone", func(s *controlplane.Spec) { s.Zones = s.Zones[:1] }, []string{
			"zones: eu-west-1a: is one zone; a control plane's load balancers need subnets in at least two; name a second zone"}},
		{"zone of another region", func(s *controlplane.Spec) { s.Zones[1] = "eu-central-1a" }, []string{
			"zones[1]: eu-central-1a: is not an availability zone of eu-west-1; its zones are eu-west-1a, eu-west-1b, eu-west-1c"}},
		{"a zone twice", func(s *controlplane.Spec) { s.Zones[1] = "eu-west-1a" }, []string{
			"zones[1]: eu-west-1a: is named already at zones[0]; remove one"}},
		{"more zones than slots", func(s *controlplane.Spec) {
			s.Region, s.Zones = "us-east-1", []string{"us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"}
		}, []string{
			"zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d: is 4 zones; the address plan has 3 slots; " +
				"name at most 3, or set zoneSlots: 4 in an environment not yet deployed"}},
		{"ids of some zones", func(s *controlplane.Spec) { s.ZoneIDs = []string{"euw1-az1"} }, []string{
			"zoneIds: euw1-az1: is 1 ids for 2 zones; give one id for each zone, in the order of zones"}},
		{"id of another region", func(s *controlplane.Spec) { s.ZoneIDs = []string{"euw1-az1", "euc1-az1"} }, []string{
			"zoneIds[1]: euc1-az1: is not a zone id of eu-west-1; its zone ids are euw1-az3, euw1-az1, euw1-az2"}},
		{"host bits", func(s *controlplane.Spec) { s.VpcCidr = "10.30.1.0/16" }, []string{
			"vpcCidr: 10.30.1.0/16: has host bits set; the network is 10.30.0.0/16"}},
		{"block too small", func(s *controlplane.Spec) { s.VpcCidr = "10.30.2.0/23" }, []string{
			"vpcCidr: 10.30.2.0/23: is smaller than /22: 3 zone slots would leave a private subnet less than a /24; the nearest is 10.30.0.0/22"}},
		{"everything at once", func(s *controlplane.Spec) {
			s.Region, s.Runtime, s.ZoneSlots = "eu-west-9", "lambda", 5
			s.FlowLogs = &controlplane.FlowLogs{RetentionDays: 100}
			s.Quotas = map[string]int{"subnets": 3}
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := controlplane.NewAwsControlPlaneNetwork(ctx, "cp",
					&controlplane.AwsControlPlaneNetworkArgs{Spec: spec(c.change)})
				return err
			})
			var list problem.List
			require.ErrorAs(t, err, &list)
			assert.Nil(t, g, "nothing is registered")
			if c.want == nil {
				var paths []string
				for _, p := range list {
					paths = append(paths, p.Path)
				}
				assert.Equal(t, []string{"quotas.subnets", "runtime", "region", "zoneSlots", "flowLogs.retentionDays"}, paths)
				return
			}
			var got []string
			for _, p := range list {
				got = append(got, p.Error())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// The component's outputs hold the block, which is known before anything is
// registered.
func TestOutputsHaveTheBlock(t *testing.T) {
	components := record(t, spec(nil)).ByType(controlplane.Type)
	require.Len(t, components, 1)
	assert.Equal(t, "10.30.0.0/16", components[0].Outputs["vpcCidr"].StringValue())
}

func TestWarnings(t *testing.T) {
	plan, err := controlplane.NewPlan(spec(nil))
	require.NoError(t, err)
	assert.Empty(t, plan.Warnings)
	plan, err = controlplane.NewPlan(spec(func(s *controlplane.Spec) { s.VpcCidr = "172.17.0.0/16" }))
	require.NoError(t, err)
	assert.Len(t, plan.Warnings, 1)
}
