package engine

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/egress"
)

// egressZones are the zones of the egress path that these tests build, in the
// order in which they are added.
var egressZones = []struct {
	name, nodes string
	subnets     egress.ZoneSubnets
}{
	{"eu-west-1a", "10.20.0.0/18", egress.ZoneSubnets{Firewall: "10.20.248.0/28", Public: "10.20.216.0/28"}},
	{"eu-west-1b", "10.20.64.0/18", egress.ZoneSubnets{Firewall: "10.20.248.16/28", Public: "10.20.216.16/28"}},
	{"eu-west-1c", "10.20.128.0/18", egress.ZoneSubnets{Firewall: "10.20.248.32/28", Public: "10.20.216.32/28"}},
}

// egressProgram is a data plane in some zones and its way to Cognito.
func egressProgram(zones int, enforcement egress.Enforcement, change func(*egress.Spec)) program {
	return program{project: "egress", stack: "egress", run: func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		data := dataplane.Spec{
			Region: "eu-west-1", VpcCidr: "10.20.0.0/16",
			Egress: dataplane.EgressExternal, Connectivity: dataplane.ConnectivityPrivateLink,
		}
		firewall := &egress.NetworkFirewall{
			Subnets: map[string]egress.ZoneSubnets{}, Workloads: map[string]string{},
			VpcCidrs: []string{"10.20.0.0/16", "100.64.0.0/16"}, SourceCidrs: []string{"10.20.0.0/16", "100.64.0.0/16"},
		}
		for _, zone := range egressZones[:zones] {
			data.Zones = append(data.Zones, zone.name)
			firewall.Subnets[zone.name], firewall.Workloads[zone.name] = zone.subnets, zone.nodes
		}
		network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "data", &dataplane.AwsDataPlaneNetworkArgs{Spec: data}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		args := &egress.CognitoEgressArgs{Spec: egress.Spec{
			Region: "eu-west-1", Identifiers: []string{"acme-conveyor"}, Enforcement: enforcement,
		}}
		switch enforcement {
		case egress.EnforceNetworkFirewall:
			args.NetworkFirewall = firewall
			args.SubnetIDs, args.RouteTableIDs = network.Subnets(addressing.Nodes), network.RouteTables(addressing.Nodes)
			args.VpcID = network.VpcID
		case egress.EnforceDNSFirewall:
			args.VpcID = network.VpcID
		}
		if change != nil {
			change(&args.Spec)
		}
		_, err = egress.NewCognitoEgress(ctx, "cognito", args, pulumi.Provider(provider))
		return err
	}}
}

// TestEgressLifecycle takes each enforcement through all there is. The egress
// has beside its component, of the firewall: the internet gateway; in each of
// 2 zones 2 subnets with a table and an association each, an address, a NAT
// gateway and 4 routes; 2 rule groups, the policy and the firewall; which is
// 1 + 2*(6+2+4) + 4 = 29. Of DNS: the group, 2 lists, 2 rules, the association.
func TestEgressLifecycle(t *testing.T) {
	t.Parallel()
	base := newWorld(t)
	up := base.Up(t, egressProgram(2, egress.EnforceNothing, nil))
	requireClean(t, up)
	without := len(up.urns("create")) // the network and the component
	for _, test := range []struct {
		enforcement egress.Enforcement
		own         int
	}{
		{egress.EnforceNetworkFirewall, 29},
		{egress.EnforceDNSFirewall, 6},
	} {
		t.Run(string(test.enforcement), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := egressProgram(2, test.enforcement, nil)
			preview := w.Preview(t, p)
			requireClean(t, preview)
			up := w.Up(t, p)
			requireClean(t, up)
			require.Len(t, up.urns("create"), without+test.own)
			require.Equal(t, preview.counts(), up.counts())
			w.requireInStep(t)
			w.requireExplicitProviders(t, p.stack)

			requireSame(t, w.Preview(t, p))
			requireSame(t, w.Up(t, p))
			requireSame(t, w.Refresh(t, p))
			requireSame(t, w.Up(t, p))

			// One more name changes the list and nothing else.
			named := w.Up(t, egressProgram(2, test.enforcement, func(s *egress.Spec) { s.ExtraNames = []string{"idp.example.com"} }))
			requireClean(t, named)
			requireOnly(t, named, "update")
			require.Len(t, named.urns("update"), 1)

			requireClean(t, w.Destroy(t, p))
			require.Empty(t, w.aws.Objects())
		})
	}
}

// TestEgressGrows adds a zone and takes it away again: the firewall gains an
// endpoint and keeps those it has, and no subnet, gateway or route is replaced.
func TestEgressGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	two, three := egressProgram(2, egress.EnforceNetworkFirewall, nil), egressProgram(3, egress.EnforceNetworkFirewall, nil)
	requireClean(t, w.Up(t, two))
	before := w.contents(t)
	ids := w.ids(two.stack)

	preview := w.Preview(t, three)
	requireClean(t, preview)
	grown := w.Up(t, three)
	requireClean(t, grown)
	requireOnly(t, grown, "create", "update")
	w.requireInStep(t)
	now := w.ids(two.stack)
	for urn, id := range ids {
		require.Equal(t, id, now[urn], urn)
	}
	requireSame(t, w.Up(t, three))
	requireContents(t, fresh(t, three), w.contents(t))

	shrunk := w.Up(t, two)
	requireClean(t, shrunk)
	requireOnly(t, shrunk, "delete", "update")
	requireContents(t, before, w.contents(t))
	requireClean(t, w.Destroy(t, two))
	require.Empty(t, w.aws.Objects())
}

// TestEgressChangesItsMind goes from nothing to a firewall, to DNS Firewall and
// back: each enforcement leaves nothing behind.
func TestEgressChangesItsMind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, enforcement := range []egress.Enforcement{
		egress.EnforceNothing, egress.EnforceNetworkFirewall, egress.EnforceDNSFirewall, egress.EnforceNetworkFirewall, egress.EnforceNothing,
	} {
		p := egressProgram(2, enforcement, nil)
		up := w.Up(t, p)
		requireClean(t, up)
		require.Zero(t, up.counts()[display.StepOp("replace")])
		requireContents(t, fresh(t, p), w.contents(t))
	}
}

// TestEgressCapacity replaces the list of names under a firewall that stays.
func TestEgressCapacity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, egressProgram(2, egress.EnforceNetworkFirewall, nil)))
	roomier := egressProgram(2, egress.EnforceNetworkFirewall, func(s *egress.Spec) { s.NetworkFirewall.Capacity = 200 })
	up := w.Up(t, roomier)
	requireClean(t, up)
	require.Equal(t, 1, up.counts()["replace"])
	requireContents(t, fresh(t, roomier), w.contents(t))
}
