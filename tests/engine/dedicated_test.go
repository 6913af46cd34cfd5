package engine

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/stacks"
)

// central adds a hub of interface endpoints, in the control plane's account.
func central(_ *stacks.Environment, s *stacks.DedicatedAws) {
	s.CentralEndpoints = &stacks.DedicatedCentral{
		DataPlaneAccountID: customer, VpcCidr: "10.40.0.0/16", Zones: []string{"eu-west-1a", "eu-west-1b"},
	}
}

// dedicated returns the program of the repository's environment of both planes
// with two of its zones, and with edits made to its configuration.
func dedicated(t framework.TB, edits ...func(*stacks.Environment, *stacks.DedicatedAws)) program {
	t.Helper()
	env, err := stacks.Load("../../Pulumi.dedicated-dev.yaml")
	require.NoError(t, err)
	spec, ok := env.Spec.(*stacks.DedicatedAws)
	require.True(t, ok)
	spec.ControlPlane.Zones, spec.ControlPlane.ZoneIDs = spec.ControlPlane.Zones[:2], spec.ControlPlane.ZoneIDs[:2]
	spec.DataPlane.Zones, spec.DataPlane.ZoneIDs = spec.DataPlane.Zones[:2], spec.DataPlane.ZoneIDs[:2]
	for _, edit := range edits {
		edit(env, spec)
	}
	return programOf(t, "dedicated-dev", env)
}

// thirdZone appends a zone to both planes.
func thirdZone(_ *stacks.Environment, s *stacks.DedicatedAws) {
	s.ControlPlane.Zones = append(s.ControlPlane.Zones, "eu-west-1c")
	s.ControlPlane.ZoneIDs = append(s.ControlPlane.ZoneIDs, "euw1-az3")
	s.DataPlane.Zones = append(s.DataPlane.Zones, "eu-west-1c")
	s.DataPlane.ZoneIDs = append(s.DataPlane.ZoneIDs, "euw1-az3")
}

// planes is a stack of somebody else's: the role of each plane that the
// environment's queues are for, in the plane's own account.
var planes = program{project: "planes", stack: "planes", run: func(ctx *pulumi.Context) error {
	for account, name := range map[string]string{customer: "data-plane", vendor: "control-plane"} {
		provider, err := inAccount(ctx, "in-"+account, account)
		if err != nil {
			return err
		}
		_, err = iam.NewRole(ctx, name, &iam.RoleArgs{
			Name: pulumi.String(name),
			AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
				"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}`),
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
	}
	return nil
}}

// requirePlanes asserts that every resource of the environment is in its
// plane's account, by that account's explicit provider. It returns how many
// each account has.
func (w *world) requirePlanes(t framework.TB) map[string]int {
	t.Helper()
	accounts := map[string]string{}
	for _, object := range w.aws.Objects() {
		accounts[object.Type+" "+object.ID] = object.Account
	}
	counts := map[string]int{}
	for _, state := range w.State("dedicated-dev").Resources {
		if !state.Custom || state.URN.Type().Package() != "aws" {
			continue
		}
		name := state.URN.Name()
		want, provider := customer, "pulumi:providers:aws::aws::"
		if name == "control" || strings.HasPrefix(name, "control-") {
			want, provider = vendor, "pulumi:providers:aws::aws-control-plane::"
		}
		require.Contains(t, state.Provider, provider, state.URN)
		require.Equal(t, want, accounts[string(state.Type)+" "+string(state.ID)], state.URN)
		counts[want]++
	}
	return counts
}

// TestDedicated takes both planes through all there is: deployed twice, a zone
// added to both, deployed from nothing with that zone, and destroyed.
func TestDedicated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, planes))
	before := w.aws.Objects()

	small := dedicated(t)
	preview := w.Preview(t, small)
	requireClean(t, preview)
	up := w.Up(t, small)
	requireClean(t, up)
	require.Equal(t, preview.counts(), up.counts())
	w.requireInStep(t)
	counts := w.requirePlanes(t)
	require.Equal(t, len(inAws(up.urns("create"))), counts[customer]+counts[vendor])
	requireSame(t, w.Up(t, small))
	requireSame(t, w.Refresh(t, small))
	blocks := w.cidrs("dedicated-dev")

	grown := dedicated(t, thirdZone)
	up = w.Up(t, grown)
	requireClean(t, up)
	require.Empty(t, up.urns("replace"))
	require.Empty(t, up.urns("delete"))
	now := w.cidrs("dedicated-dev")
	// A zone more is three subnets of the data plane, nodes, endpoints and
	// pods, and two of the control plane.
	require.Len(t, now, len(blocks)+3+2)
	for name, block := range blocks {
		require.Equal(t, block, now[name], name)
	}
	requireSame(t, w.Up(t, grown))
	w.requireInStep(t)
	w.requirePlanes(t)

	alone := newWorld(t)
	requireClean(t, alone.Up(t, planes))
	requireClean(t, alone.Up(t, grown))
	require.Len(t, alone.aws.Objects(), len(w.aws.Objects()))

	requireClean(t, w.Destroy(t, grown))
	require.Equal(t, before, w.aws.Objects())
	requireClean(t, w.Destroy(t, planes))
	require.Empty(t, w.aws.Objects())
}

// TestDedicatedMoves refuses what would move a block of either plane, also where
// the two planes have a tier of the same name.
func TestDedicatedMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, planes))
	requireClean(t, w.Up(t, dedicated(t, thirdZone)))
	before := w.contents(t)
	for _, test := range []struct {
		name string
		edit func(*stacks.Environment, *stacks.DedicatedAws)
		says []string
	}{
		{"another block of the control plane", func(_ *stacks.Environment, s *stacks.DedicatedAws) {
			thirdZone(nil, s)
			s.ControlPlane.VpcCidr = "10.40.0.0/16"
		}, []string{"underlay:spec.controlPlane.vpcCidr: 10.40.0.0/16: would move control-vpc, deployed at 10.30.0.0/16"}},
		{"another block of the data plane", func(_ *stacks.Environment, s *stacks.DedicatedAws) {
			thirdZone(nil, s)
			s.DataPlane.VpcCidr = "10.40.0.0/16"
		}, []string{"underlay:spec.dataPlane.vpcCidr: 10.40.0.0/16: would move net-vpc, deployed at 10.20.0.0/16"}},
		// P[21,30] of each VPC is the third slot of its tier endpoints.
		{"a zone removed", func(*stacks.Environment, *stacks.DedicatedAws) {}, []string{
			"underlay:spec.controlPlane.zones: would remove control-endpoints-eu-west-1c, deployed at 10.30.240.0/21, while the tier endpoints stays",
			"underlay:spec.dataPlane.zones: would remove net-endpoints-eu-west-1c, deployed at 10.20.240.0/21, while the tier endpoints stays",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused := w.Up(t, dedicated(t, test.edit))
			require.Error(t, refused.err)
			for _, said := range test.says {
				require.Contains(t, refused.text(), said)
			}
			requireOnly(t, refused)
			requireContents(t, before, w.contents(t))
		})
	}
}

// TestDedicatedCentral moves the interface endpoints of both planes to a hub, in the control plane's account or in one of its own, with names and
// packets going either way. Each resource is in its account.
func TestDedicatedCentral(t *testing.T) {
	t.Parallel()
	const hub = "777788889999"
	nothing := func(*stacks.Environment, *stacks.DedicatedAws) {}
	inHub := &stacks.DedicatedAccount{
		AllowedAccountIDs: []string{hub}, AssumeRole: &stacks.AssumeRole{RoleArn: "arn:aws:iam::" + hub + ":role/network"},
	}
	for _, c := range []struct {
		name    string
		account string
		edit    func(*stacks.Environment, *stacks.DedicatedAws)
		before  func(*stacks.Environment, *stacks.DedicatedAws)
	}{
		{"in the control plane's account", vendor, nothing, nothing},
		{"in an account of its own", hub, func(_ *stacks.Environment, s *stacks.DedicatedAws) {
			s.CentralEndpoints.Account = inHub
		}, nothing},
		// AWS refuses a zone of a name that an endpoint's private DNS has in the
		// same VPC: that is turned off first.
		{"zones and peering", hub, func(_ *stacks.Environment, s *stacks.DedicatedAws) {
			s.CentralEndpoints.Account = inHub
			s.CentralEndpoints.DNS, s.CentralEndpoints.Routing = "zones", "peering"
		}, func(_ *stacks.Environment, s *stacks.DedicatedAws) {
			s.ControlPlaneEndpoints = &endpoints.Spec{PrivateDNS: new(bool)}
			s.DataPlaneEndpoints = &endpoints.Spec{PrivateDNS: new(bool)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireClean(t, w.Up(t, planes))
			requireClean(t, w.Up(t, dedicated(t)))
			requireClean(t, w.Up(t, dedicated(t, c.before)))

			p := dedicated(t, central, c.edit)
			up := w.Up(t, p)
			requireClean(t, up)
			require.Empty(t, up.urns("replace"))
			requireSame(t, w.Up(t, p))
			w.requireInStep(t)
			// 16 services of the data plane's list, and ecs and ssmmessages,
			// which only the control plane's has; and the service's endpoint.
			interfaces := map[string]int{}
			accounts := map[string]bool{}
			for _, object := range w.aws.Objects() {
				if object.Type == "aws:ec2/vpcEndpoint:VpcEndpoint" && object.Properties["vpcEndpointType"] == "Interface" {
					interfaces[object.Account]++
				}
				accounts[object.Account] = true
			}
			want := map[string]int{vendor: 1}
			want[c.account] += 18
			require.Equal(t, want, interfaces)
			require.Equal(t, map[string]bool{customer: true, vendor: true, c.account: true}, accounts)

			grown := dedicated(t, central, c.edit, thirdZone)
			up = w.Up(t, grown)
			requireClean(t, up)
			require.Empty(t, up.urns("replace"))
			require.Empty(t, up.urns("delete"))
			requireSame(t, w.Up(t, grown))

			moved := w.Up(t, dedicated(t, central, c.edit, thirdZone, func(_ *stacks.Environment, s *stacks.DedicatedAws) {
				s.CentralEndpoints.VpcCidr = "10.50.0.0/16"
			}))
			require.Contains(t, moved.text(), "underlay:spec.centralEndpoints.vpcCidr: 10.50.0.0/16: would move central-vpc, deployed at 10.40.0.0/16")

			requireClean(t, w.Destroy(t, grown))
			requireClean(t, w.Destroy(t, planes))
			require.Empty(t, w.aws.Objects())
		})
	}
}
