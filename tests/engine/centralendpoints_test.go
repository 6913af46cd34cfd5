package engine

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/centralendpoints"
	"github.com/underlay-iac/underlay/components/controlplane"
	"github.com/underlay-iac/underlay/components/endpoints"
)

// controlPlane is a control plane's network with the endpoints it asks for.
func controlPlane(change func(*controlplane.Spec)) program {
	spec := controlplane.Spec{Region: "eu-west-1", VpcCidr: "10.30.0.0/16", Zones: []string{"eu-west-1a", "eu-west-1b"}}
	if change != nil {
		change(&spec)
	}
	return program{project: "underlay", stack: "control", run: func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		network, err := controlplane.NewAwsControlPlaneNetwork(ctx, "control",
			&controlplane.AwsControlPlaneNetworkArgs{Spec: spec}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		_, err = endpoints.NewInterfaceEndpoints(ctx, "endpoints", &endpoints.InterfaceEndpointsArgs{
			Spec: network.Plan().Endpoints(), VpcID: network.VpcID, SubnetIDs: network.Subnets(addressing.Endpoints),
		}, pulumi.Provider(provider))
		return err
	}}
}

// TestControlPlane deploys a control plane, then adds a zone and container
// instances: the rest stays as it is.
func TestControlPlane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := controlPlane(nil)
	requireClean(t, w.Up(t, p))
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	blocks := w.cidrs("control")

	grown := controlPlane(func(s *controlplane.Spec) {
		s.Zones, s.Runtime = append(s.Zones, "eu-west-1c"), controlplane.RuntimeEC2
	})
	up := w.Up(t, grown)
	requireClean(t, up)
	counts := up.counts()
	delete(counts, "same")
	// New: two subnets with their associations, a private table with both
	// gateway endpoints on it, and two endpoints. The 13 that exist get an
	// address in the new zone.
	require.Equal(t, map[display.StepOp]int{"create": 2 + 2 + 1 + 2 + 2, "update": 13}, counts)
	for name, block := range blocks {
		require.Equal(t, block, w.cidrs("control")[name], name)
	}
	requireSame(t, w.Up(t, grown))
	w.requireInStep(t)
	requireClean(t, w.Destroy(t, grown))
	require.Empty(t, w.aws.Objects())
}

// account returns a provider of another account of the simulated cloud.
func account(ctx *pulumi.Context, name, id string) (*aws.Provider, error) {
	return aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region:            pulumi.String("eu-west-1"),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(id)},
		AssumeRole:        &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::" + id + ":role/deploy")},
	})
}

// hubAndSpoke is a hub and a spoke, each in an account and VPC of its own.
func hubAndSpoke(change func(*centralendpoints.HubSpec)) program {
	const hubAccount, spokeAccount = "222222222222", "333333333333"
	zones := []string{"eu-west-1a", "eu-west-1b"}
	spec := centralendpoints.HubSpec{
		Region: "eu-west-1", AccountID: hubAccount, VpcCidrs: []string{"10.40.0.0/22"},
		Zones:  []endpoints.Zone{{Name: zones[0]}, {Name: zones[1]}},
		Preset: "none", Add: []string{"sts", "ecr.dkr"},
		Spokes: []centralendpoints.Spoke{{Name: "control", AccountID: spokeAccount, Cidrs: []string{"10.30.0.0/16"}}},
	}
	if change != nil {
		change(&spec)
	}
	// Any VPC with subnets will do: control planes' are the smallest here.
	network := func(ctx *pulumi.Context, name, cidr string, provider *aws.Provider) (*controlplane.AwsControlPlaneNetwork, error) {
		return controlplane.NewAwsControlPlaneNetwork(ctx, name, &controlplane.AwsControlPlaneNetworkArgs{
			Spec: controlplane.Spec{Region: "eu-west-1", VpcCidr: cidr, Zones: zones},
		}, pulumi.Provider(provider))
	}
	return program{project: "underlay", stack: "central", run: func(ctx *pulumi.Context) error {
		hubProvider, err := account(ctx, "hub", hubAccount)
		if err != nil {
			return err
		}
		spokeProvider, err := account(ctx, "spoke", spokeAccount)
		if err != nil {
			return err
		}
		central, err := network(ctx, "central", "10.40.0.0/22", hubProvider)
		if err != nil {
			return err
		}
		control, err := network(ctx, "control", "10.30.0.0/16", spokeProvider)
		if err != nil {
			return err
		}
		hub, err := centralendpoints.NewCentralEndpointsHub(ctx, "hub", &centralendpoints.CentralEndpointsHubArgs{
			HubSpec: spec, VpcID: central.VpcID, SubnetIDs: central.Subnets(addressing.Endpoints),
			RouteTableIDs: pulumi.StringMap{"endpoints": central.RouteTables(addressing.Endpoints)[zones[0]]},
		}, pulumi.Provider(hubProvider))
		if err != nil {
			return err
		}
		_, err = centralendpoints.NewCentralEndpointsSpoke(ctx, "spoke", &centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec:   centralendpoints.SpokeSpec{Hub: spec, Name: "control", Zones: zones},
			HubProvider: hubProvider, Reference: hub.Reference(), VpcID: control.VpcID,
			SubnetIDs:     control.Subnets(addressing.Private),
			RouteTableIDs: control.RouteTables(addressing.Private),
		}, pulumi.Provider(spokeProvider))
		return err
	}}
}

// TestCentralEndpoints deploys a hub and a spoke in two accounts, each way that
// names and packets can go, adds a service, and takes everything away.
func TestCentralEndpoints(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*centralendpoints.HubSpec)
		// added is what one more service takes beside its endpoint, zone and record.
		added int
	}{
		{"profile and transit gateway", func(*centralendpoints.HubSpec) {}, 1},
		{"outside the organization", func(s *centralendpoints.HubSpec) { s.ShareOutsideOrganization = true }, 1},
		{"zones and peering", func(s *centralendpoints.HubSpec) { s.DNS, s.Routing = "zones", "peering" }, 2},
		{"zones and transit gateway", func(s *centralendpoints.HubSpec) { s.DNS = "zones" }, 2},
		{"profile and peering", func(s *centralendpoints.HubSpec) { s.Routing = "peering" }, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := hubAndSpoke(c.change)
			preview := w.Preview(t, p)
			requireClean(t, preview)
			first := w.Up(t, p)
			requireClean(t, first)
			require.Equal(t, preview.counts(), first.counts())
			requireSame(t, w.Up(t, p))
			requireClean(t, w.Refresh(t, p))
			requireSame(t, w.Up(t, p))

			more := hubAndSpoke(func(s *centralendpoints.HubSpec) { c.change(s); s.Add = append(s.Add, "sqs") })
			up := w.Up(t, more)
			requireClean(t, up)
			counts := up.counts()
			delete(counts, "same")
			require.Equal(t, map[display.StepOp]int{"create": 1 + 1 + 1 + c.added}, counts)
			requireClean(t, w.Destroy(t, more))
			require.Empty(t, w.aws.Objects())
		})
	}
}
