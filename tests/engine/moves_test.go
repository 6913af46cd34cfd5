package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/stacks"
)

func vpcCidr(cidr string) edit {
	return func(_ *stacks.Environment, s *stacks.SharedAws) { s.DataPlane.VpcCidr = cidr }
}

func podCidr(cidr string) edit {
	return func(_ *stacks.Environment, s *stacks.SharedAws) { s.DataPlane.PodCidr = cidr }
}

// TestMoveIsRefused changes what decides the blocks of a deployed stack. The
// program refuses, says what would move from where, and nothing is touched.
// The blocks are those of the address plan: node subnets are the quarters of
// the VPC's /16, pod subnets those of the pods' /16.
func TestMoveIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		environment string
		edit        edit
		says        []string
	}{
		{
			"last zone removed", "dev", zones("eu-west-1a", "eu-west-1b"),
			[]string{
				"underlay:spec.dataPlane.zones", "would remove net-nodes-eu-west-1c, deployed at 10.20.128.0/18",
				"net-pods-eu-west-1c, deployed at 100.64.128.0/18", "net-public-eu-west-1c", "net-endpoints-eu-west-1c",
			},
		},
		{
			"first zone removed", "dev", zones("eu-west-1b", "eu-west-1c"),
			[]string{
				"underlay:spec.dataPlane.zones", "would remove net-nodes-eu-west-1a, deployed at 10.20.0.0/18",
				"10.20.0.0/18: would move net-nodes-eu-west-1b, deployed at 10.20.64.0/18",
				"10.20.64.0/18: would move net-nodes-eu-west-1c, deployed at 10.20.128.0/18",
			},
		},
		{
			"zones reordered", "dev", zones("eu-west-1a", "eu-west-1c", "eu-west-1b"),
			[]string{
				"underlay:spec.dataPlane.zones", "10.20.128.0/18: would move net-nodes-eu-west-1b, deployed at 10.20.64.0/18",
				"10.20.64.0/18: would move net-nodes-eu-west-1c, deployed at 10.20.128.0/18",
			},
		},
		{
			"another VPC block", "dev", vpcCidr("10.30.0.0/16"),
			[]string{"underlay:spec.dataPlane.vpcCidr: 10.30.0.0/16: would move net-vpc, deployed at 10.20.0.0/16"},
		},
		{
			"a smaller VPC block", "staging", vpcCidr("10.21.0.0/17"),
			[]string{"underlay:spec.dataPlane.vpcCidr: 10.21.0.0/17: would move net-vpc, deployed at 10.21.0.0/16"},
		},
		{
			"another pod block", "dev", podCidr("100.65.0.0/16"),
			[]string{
				"underlay:spec.dataPlane.podCidr: 100.65.0.0/16: would move net-pods, deployed at 100.64.0.0/16",
				"would move net-pods-eu-west-1a, deployed at 100.64.0.0/18",
			},
		},
		{
			"room for a fourth zone", "staging", func(_ *stacks.Environment, s *stacks.SharedAws) { s.DataPlane.ZoneSlots = 4 },
			[]string{"would move net-nodes-eu-west-1b, deployed at 10.21.64.0/18"},
		},
		{
			"into a VPC made elsewhere", "staging", func(_ *stacks.Environment, s *stacks.SharedAws) {
				s.DataPlane.Existing = &dataplane.ExistingVpc{VpcID: "vpc-0123456789abcdef0", Cidrs: []string{"10.21.0.0/16"}}
			},
			[]string{"would remove net-vpc (10.21.0.0/16)"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			deployed := environment(t, test.environment)
			requireClean(t, w.Up(t, deployed))
			before := w.contents(t)

			moved := environment(t, test.environment, test.edit)
			preview := w.Preview(t, moved)
			up := w.Up(t, moved)
			for _, refused := range []result{preview, up} {
				require.Error(t, refused.err)
				for _, said := range test.says {
					require.Contains(t, refused.text(), said)
				}
				require.Contains(t, refused.text(), "underlay:allowReplacement")
				requireOnly(t, refused)
			}
			requireContents(t, before, w.contents(t))
			w.requireInStep(t)
			requireSame(t, w.Up(t, deployed))
		})
	}
}

// TestMoveIsAllowed lets a move through where the cloud allows it: where the
// old and the new block can exist at the same time.
func TestMoveIsAllowed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		environment string
		edit        edit
	}{
		{"last zone removed", "dev", zones("eu-west-1a", "eu-west-1b")},
		{"another VPC block", "staging", vpcCidr("10.30.0.0/16")},
		{"another VPC block behind NAT", "dev", vpcCidr("10.30.0.0/16")},
		{"another pod block", "dev", podCidr("100.65.0.0/16")},
		{"another pod block, isolated", "staging", podCidr("100.65.0.0/16")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireClean(t, w.Up(t, environment(t, test.environment)))
			moved := environment(t, test.environment, test.edit, allowReplacement)
			requireClean(t, w.Up(t, moved))
			requireSame(t, w.Up(t, moved))
			// Once it is done, the update needs no permission.
			requireSame(t, w.Up(t, environment(t, test.environment, test.edit)))
			w.requireInStep(t)
			requireContents(t, fresh(t, moved), w.contents(t, test.environment))
		})
	}
}

// TestCloudRefusesMove swaps the blocks of two zones: AWS lets no two subnets
// overlap, and Pulumi creates the new one first. The stack is none the worse.
func TestCloudRefusesMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deployed := environment(t, "dev")
	requireClean(t, w.Up(t, deployed))
	before := w.contents(t)

	refused := w.Up(t, environment(t, "dev", zones("eu-west-1a", "eu-west-1c", "eu-west-1b"), allowReplacement))
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "InvalidSubnet.Conflict")
	w.requireInStep(t)

	requireClean(t, w.Up(t, deployed))
	requireContents(t, before, w.contents(t))
}
