package requirements_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/centralendpoints"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// central records an isolated data plane whose endpoints stand in a hub, by
// peering.
func central(t testing.TB) *graph.Graph {
	t.Helper()
	spec := centralendpoints.HubSpec{
		Region: "eu-west-1", AccountID: "111122223333", VpcCidrs: []string{"10.40.0.0/22"},
		Zones:  []endpoints.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}, {Name: "eu-west-1c"}},
		Preset: "aws-data-plane", DNS: centralendpoints.DNSZones, Routing: centralendpoints.RoutingPeering,
		Spokes: []centralendpoints.Spoke{{Name: "data", AccountID: "111122223333", Cidrs: []string{"10.20.0.0/16"}}},
	}
	zones := []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}
	g, err := graph.Record(t.Context(), stacks.Project, "central", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		in := pulumi.Provider(provider)
		network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{Spec: dataplane.Spec{
			Region: "eu-west-1", VpcCidr: "10.20.0.0/16", Zones: zones, Egress: dataplane.EgressIsolated,
		}}, in)
		if err != nil {
			return err
		}
		vpc, err := ec2.NewVpc(ctx, "hub-vpc", &ec2.VpcArgs{
			CidrBlock: pulumi.String("10.40.0.0/22"), EnableDnsHostnames: pulumi.Bool(true),
		}, in)
		if err != nil {
			return err
		}
		table, err := ec2.NewRouteTable(ctx, "hub-endpoints", &ec2.RouteTableArgs{VpcId: vpc.ID()}, in)
		if err != nil {
			return err
		}
		subnets := pulumi.StringMap{}
		for i, zone := range zones {
			subnet, err := ec2.NewSubnet(ctx, "hub-endpoints-"+zone, &ec2.SubnetArgs{
				VpcId: vpc.ID(), AvailabilityZone: pulumi.String(zone), CidrBlock: pulumi.String([]string{"10.40.0.0/24", "10.40.1.0/24", "10.40.2.0/24"}[i]),
			}, in)
			if err != nil {
				return err
			}
			subnets[zone] = subnet.ID().ToStringOutput()
			if _, err := ec2.NewRouteTableAssociation(ctx, "hub-endpoints-"+zone, &ec2.RouteTableAssociationArgs{
				SubnetId: subnet.ID(), RouteTableId: table.ID(),
			}, in); err != nil {
				return err
			}
		}
		hub, err := centralendpoints.NewCentralEndpointsHub(ctx, "central", &centralendpoints.CentralEndpointsHubArgs{
			HubSpec: spec, VpcID: vpc.ID().ToStringOutput(), SubnetIDs: subnets,
			RouteTableIDs: pulumi.StringMap{"endpoints": table.ID().ToStringOutput()},
		}, in)
		if err != nil {
			return err
		}
		tables := pulumi.StringMap{}
		for _, zone := range zones {
			tables[zone] = network.RouteTableIDs.MapIndex(pulumi.String("nodes")).MapIndex(pulumi.String(zone))
		}
		_, err = centralendpoints.NewCentralEndpointsSpoke(ctx, "data", &centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec: centralendpoints.SpokeSpec{Hub: spec, Name: "data", Zones: zones},
			Reference: hub.Reference(), VpcID: network.VpcID, SubnetIDs: network.Subnets(addressing.Nodes),
			RouteTableIDs: tables,
		}, in)
		return err
	})
	require.NoError(t, err)
	return g
}
