package addressing_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

func TestControlPlaneSubnet(t *testing.T) {
	cases := []struct {
		name   string
		plane  addressing.ControlPlane
		tier   addressing.Tier
		want   []netip.Prefix
		usable int
	}{
		// n = 16. A /18 is 64 third octets, a /21 8: 28×8 = 224.
		{"largest, 3 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/16"), Slots: 3}, addressing.Private, prefixes("10.30.0.0/18", "10.30.64.0/18", "10.30.128.0/18"), 16379},
		{"largest, 3 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/16"), Slots: 3}, addressing.Endpoints, prefixes("10.30.224.0/21", "10.30.232.0/21", "10.30.240.0/21"), 2043},
		// n = 22. A /24 is 256 addresses, a /27 32: 28×32 = 896 = 3×256+128.
		{"smallest, 3 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/22"), Slots: 3}, addressing.Private, prefixes("10.30.0.0/24", "10.30.1.0/24", "10.30.2.0/24"), 251},
		{"smallest, 3 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/22"), Slots: 3}, addressing.Endpoints, prefixes("10.30.3.128/27", "10.30.3.160/27", "10.30.3.192/27"), 27},
		// n = 16. A /19 is 32 third octets; 20×8 = 160.
		{"largest, 4 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/16"), Slots: 4}, addressing.Private, prefixes("10.30.0.0/19", "10.30.32.0/19", "10.30.64.0/19", "10.30.96.0/19"), 8187},
		{"largest, 4 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/16"), Slots: 4}, addressing.Endpoints, prefixes("10.30.160.0/21", "10.30.168.0/21", "10.30.176.0/21", "10.30.184.0/21"), 2043},
		// n = 21. A /26 is a quarter of a third octet: 20/4 = 5.
		{"smallest, 4 slots", addressing.ControlPlane{Vpc: prefix("10.30.0.0/21"), Slots: 4}, addressing.Endpoints, prefixes("10.30.5.0/26", "10.30.5.64/26", "10.30.5.128/26", "10.30.5.192/26"), 59},
	}
	for _, c := range cases {
		t.Run(c.name+" "+string(c.tier), func(t *testing.T) {
			require.Empty(t, c.plane.Check())
			for slot, want := range c.want {
				got, err := c.plane.Subnet(c.tier, slot)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				assert.Equal(t, c.usable, addressing.Usable(got))
			}
		})
	}
}

func TestControlPlaneRefuses(t *testing.T) {
	good := addressing.ControlPlane{Vpc: prefix("10.30.0.0/16"), Slots: 3}
	cases := []struct {
		name  string
		plane addressing.ControlPlane
		tier  addressing.Tier
		slot  int
		want  problem.Problem
	}{
		{"slot above", good, addressing.Private, 3, problem.Problem{Value: "3", Rule: "is not a zone slot", Fix: "the slots are 0 to 2"}},
		{"slot below", good, addressing.Private, -1, problem.Problem{Value: "-1", Rule: "is not a zone slot", Fix: "the slots are 0 to 2"}},
		{"tier", good, addressing.Public, 0, problem.Problem{Value: "public", Rule: "is not a tier of a control plane", Fix: "the tiers are private and endpoints"}},
		{"slots", addressing.ControlPlane{Vpc: good.Vpc, Slots: 5}, addressing.Private, 0, problem.Problem{Value: "5", Rule: "a control plane has 3 or 4 zone slots", Fix: "the nearest is 4"}},
		{"too small", addressing.ControlPlane{Vpc: prefix("10.30.2.0/23"), Slots: 3}, addressing.Private, 0, problem.Problem{Value: "10.30.2.0/23", Rule: "is smaller than /22: 3 zone slots would leave a private subnet less than a /24", Fix: "the nearest is 10.30.0.0/22"}},
		{"too small for four", addressing.ControlPlane{Vpc: prefix("10.30.4.0/22"), Slots: 4}, addressing.Private, 0, problem.Problem{Value: "10.30.4.0/22", Rule: "is smaller than /21: 4 zone slots would leave a private subnet less than a /24", Fix: "the nearest is 10.30.0.0/21"}},
		{"no block", addressing.ControlPlane{Slots: 3}, addressing.Private, 0, problem.Problem{Rule: "is missing", Fix: "write a network such as 10.21.0.0/16"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.plane.Subnet(c.tier, c.slot)
			var got *problem.Problem
			require.ErrorAs(t, err, &got)
			assert.Equal(t, c.want, *got)
		})
	}
	list := addressing.ControlPlane{}.Check()
	require.Len(t, list, 2)
	assert.Equal(t, "vpcCidr", list[0].Path)
	assert.Equal(t, "zoneSlots", list[1].Path)
}

// Whatever the block, subnets are inside it and disjoint.
func TestControlPlaneSubnetsAreDisjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.SampledFrom([]int{3, 4}).Draw(t, "slots")
		bits := rapid.IntRange(16, 25-slots).Draw(t, "bits")
		vpc := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 255).Draw(t, "second")), 0, 0}), bits)
		plane := addressing.ControlPlane{Vpc: vpc, Slots: slots}
		var all []netip.Prefix
		for _, tier := range addressing.ControlPlaneTiers() {
			for slot := range slots {
				got, err := plane.Subnet(tier, slot)
				require.NoError(t, err)
				assert.True(t, vpc.Contains(got.Addr()) && got.Bits() > bits)
				for _, other := range all {
					assert.False(t, other.Overlaps(got), "%s and %s", other, got)
				}
				all = append(all, got)
			}
		}
	})
}
