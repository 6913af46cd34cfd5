package addressing_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

func TestTiers(t *testing.T) {
	want := []addressing.Tier{"public", "nodes", "endpoints", "pods"}
	assert.Equal(t, want, addressing.Tiers())
	addressing.Tiers()[0] = "mine"
	assert.Equal(t, want, addressing.Tiers())
}

func TestSubnet(t *testing.T) {
	cases := []struct {
		name   string
		plane  addressing.DataPlane
		tier   addressing.Tier
		want   []netip.Prefix
		usable int
	}{
		// n = 22. A /24 is 256 addresses, a /27 32: 24×32 = 768 = 3×256, 28×32 = 896 = 3×256+128.
		{"smallest, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/22"), Slots: 3}, addressing.Nodes, prefixes("10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24"), 251},
		{"smallest, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/22"), Slots: 3}, addressing.Public, prefixes("10.20.3.0/27", "10.20.3.32/27", "10.20.3.64/27"), 27},
		{"smallest, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/22"), Slots: 3}, addressing.Endpoints, prefixes("10.20.3.128/27", "10.20.3.160/27", "10.20.3.192/27"), 27},
		// n = 16. A /18 is 64 third octets, a /21 8: 24×8 = 192, 28×8 = 224.
		{"largest, 3 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 3}, addressing.Nodes, prefixes("10.21.0.0/18", "10.21.64.0/18", "10.21.128.0/18"), 16379},
		{"largest, 3 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 3}, addressing.Public, prefixes("10.21.192.0/21", "10.21.200.0/21", "10.21.208.0/21"), 2043},
		{"largest, 3 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 3}, addressing.Endpoints, prefixes("10.21.224.0/21", "10.21.232.0/21", "10.21.240.0/21"), 2043},
		// n = 20 at 10.20.16.0. A /22 is 4 third octets, a /25 a half: 24/2 = 12, 28/2 = 14.
		{"in between, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.16.0/20"), Slots: 3}, addressing.Nodes, prefixes("10.20.16.0/22", "10.20.20.0/22", "10.20.24.0/22"), 1019},
		{"in between, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.16.0/20"), Slots: 3}, addressing.Public, prefixes("10.20.28.0/25", "10.20.28.128/25", "10.20.29.0/25"), 123},
		{"in between, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.16.0/20"), Slots: 3}, addressing.Endpoints, prefixes("10.20.30.0/25", "10.20.30.128/25", "10.20.31.0/25"), 123},
		// n = 16. A /19 is 32 third octets, a /21 8: 16×8 = 128, 20×8 = 160.
		{"largest, 4 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 4}, addressing.Nodes, prefixes("10.21.0.0/19", "10.21.32.0/19", "10.21.64.0/19", "10.21.96.0/19"), 8187},
		{"largest, 4 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 4}, addressing.Public, prefixes("10.21.128.0/21", "10.21.136.0/21", "10.21.144.0/21", "10.21.152.0/21"), 2043},
		{"largest, 4 slots", addressing.DataPlane{Vpc: prefix("10.21.0.0/16"), Slots: 4}, addressing.Endpoints, prefixes("10.21.160.0/21", "10.21.168.0/21", "10.21.176.0/21", "10.21.184.0/21"), 2043},
		// n = 21. A /24 a slot, a /26 a quarter: 16/4 = 4, 20/4 = 5.
		{"smallest, 4 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/21"), Slots: 4}, addressing.Nodes, prefixes("10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24", "10.20.3.0/24"), 251},
		{"smallest, 4 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/21"), Slots: 4}, addressing.Public, prefixes("10.20.4.0/26", "10.20.4.64/26", "10.20.4.128/26", "10.20.4.192/26"), 59},
		{"smallest, 4 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/21"), Slots: 4}, addressing.Endpoints, prefixes("10.20.5.0/26", "10.20.5.64/26", "10.20.5.128/26", "10.20.5.192/26"), 59},
		{"pods, 3 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/22"), Pods: prefix("100.64.0.0/16"), Slots: 3}, addressing.Pods, prefixes("100.64.0.0/18", "100.64.64.0/18", "100.64.128.0/18"), 16379},
		{"pods, 4 slots", addressing.DataPlane{Vpc: prefix("10.20.0.0/21"), Pods: prefix("100.99.0.0/16"), Slots: 4}, addressing.Pods, prefixes("100.99.0.0/18", "100.99.64.0/18", "100.99.128.0/18", "100.99.192.0/18"), 16379},
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

func TestSubnetRefuses(t *testing.T) {
	good := addressing.DataPlane{Vpc: prefix("10.20.0.0/16"), Slots: 3}
	withPods := addressing.DataPlane{Vpc: prefix("10.20.0.0/16"), Pods: prefix("100.64.0.0/17"), Slots: 3}
	cases := []struct {
		name  string
		plane addressing.DataPlane
		tier  addressing.Tier
		slot  int
		want  problem.Problem
	}{
		{"slot above", good, addressing.Nodes, 3, problem.Problem{Value: "3", Rule: "is not a zone slot", Fix: "the slots are 0 to 2"}},
		{"slot below", good, addressing.Nodes, -1, problem.Problem{Value: "-1", Rule: "is not a zone slot", Fix: "the slots are 0 to 2"}},
		{"no pod tier", good, addressing.Pods, 0, problem.Problem{Value: "pods", Rule: "the data plane has no pod tier", Fix: "give it a pod CIDR such as 100.64.0.0/16"}},
		{"tier", good, "database", 0, problem.Problem{Value: "database", Rule: "is not a tier", Fix: "the tiers are public, nodes, endpoints and pods"}},
		{"slots", addressing.DataPlane{Vpc: good.Vpc, Slots: 2}, addressing.Nodes, 0, problem.Problem{Value: "2", Rule: "a data plane has 3 or 4 zone slots", Fix: "the nearest is 3"}},
		{"VPC too small", addressing.DataPlane{Vpc: prefix("10.20.0.0/23"), Slots: 3}, addressing.Public, 0, problem.Problem{Value: "10.20.0.0/23", Rule: "is smaller than /22: 3 zone slots would leave a node subnet less than a /24", Fix: "the nearest is 10.20.0.0/22"}},
		{"pods too small", withPods, addressing.Pods, 0, problem.Problem{Value: "100.64.0.0/17", Rule: "is not a /16: AWS allows no larger block, and a smaller one has no /18 for each zone slot", Fix: "the nearest is 100.64.0.0/16"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.plane.Subnet(c.tier, c.slot)
			var got *problem.Problem
			require.ErrorAs(t, err, &got)
			assert.Equal(t, c.want, *got)
		})
	}
	_, err := withPods.Subnet(addressing.Nodes, 0)
	assert.NoError(t, err, "a bad pod CIDR is no matter to the nodes")
}

func TestDataPlaneCheck(t *testing.T) {
	vpc := prefix("10.20.0.0/16")
	const nodes3 = "is smaller than /22: 3 zone slots would leave a node subnet less than a /24"
	const nodes4 = "is smaller than /21: 4 zone slots would leave a node subnet less than a /24"
	const notSixteen = "is not a /16: AWS allows no larger block, and a smaller one has no /18 for each zone slot"
	cases := []struct {
		name  string
		plane addressing.DataPlane
		want  problem.List
	}{
		{"no pods", addressing.DataPlane{Vpc: vpc, Slots: 3}, nil},
		{"pods", addressing.DataPlane{Vpc: vpc, Pods: prefix("100.64.0.0/16"), Slots: 4}, nil},
		{"pods beside it in RFC 1918", addressing.DataPlane{Vpc: vpc, Pods: prefix("10.21.0.0/16"), Slots: 3}, nil},
		{"empty", addressing.DataPlane{}, problem.List{
			{Path: "vpcCidr", Rule: "is missing", Fix: "write a network such as 10.21.0.0/16"},
			{Path: "zoneSlots", Value: "0", Rule: "a data plane has 3 or 4 zone slots", Fix: "the nearest is 3"},
		}},
		{"/22 is too small for 4 slots", addressing.DataPlane{Vpc: prefix("10.20.4.0/22"), Slots: 4}, problem.List{
			{Path: "vpcCidr", Value: "10.20.4.0/22", Rule: nodes4, Fix: "the nearest is 10.20.0.0/21"},
		}},
		{"/23 is too small for 3 slots", addressing.DataPlane{Vpc: prefix("10.20.6.0/23"), Slots: 3}, problem.List{
			{Path: "vpcCidr", Value: "10.20.6.0/23", Rule: nodes3, Fix: "the nearest is 10.20.4.0/22"},
		}},
		{"everything at once", addressing.DataPlane{Vpc: prefix("10.0.0.0/15"), Pods: prefix("100.64.0.0/10"), Slots: 7}, problem.List{
			{Path: "vpcCidr", Value: "10.0.0.0/15", Rule: "is larger than /16, the largest block AWS allows a VPC", Fix: "the nearest is 10.0.0.0/16"},
			{Path: "podCidr", Value: "100.64.0.0/10", Rule: notSixteen, Fix: "the nearest is 100.64.0.0/16"},
			{Path: "zoneSlots", Value: "7", Rule: "a data plane has 3 or 4 zone slots", Fix: "the nearest is 4"},
		}},
		{"pods too small", addressing.DataPlane{Vpc: vpc, Pods: prefix("100.64.128.0/17"), Slots: 3}, problem.List{
			{Path: "podCidr", Value: "100.64.128.0/17", Rule: notSixteen, Fix: "the nearest is 100.64.0.0/16"},
		}},
		{"pods in the VPC's block", addressing.DataPlane{Vpc: vpc, Pods: vpc, Slots: 3}, problem.List{
			{Path: "podCidr", Value: "10.20.0.0/16", Rule: "overlaps the VPC's block 10.20.0.0/16", Fix: "use a block such as 100.64.0.0/16"},
		}},
		{"pods around the VPC's block", addressing.DataPlane{Vpc: prefix("10.20.8.0/22"), Pods: vpc, Slots: 3}, problem.List{
			{Path: "podCidr", Value: "10.20.0.0/16", Rule: "overlaps the VPC's block 10.20.8.0/22", Fix: "use a block such as 100.64.0.0/16"},
		}},
		{"pods link-local", addressing.DataPlane{Vpc: vpc, Pods: prefix("169.254.0.0/16"), Slots: 3}, problem.List{
			{Path: "podCidr", Value: "169.254.0.0/16", Rule: "AWS refuses 169.254.0.0/16, the link-local range, for a VPC", Fix: "use a block of 100.64.0.0/10, /16 or smaller"},
		}},
		{"host bits", addressing.DataPlane{Vpc: prefix("10.20.0.1/16"), Pods: prefix("100.64.0.1/16"), Slots: 3}, problem.List{
			{Path: "vpcCidr", Value: "10.20.0.1/16", Rule: "has host bits set", Fix: "the network is 10.20.0.0/16"},
			{Path: "podCidr", Value: "100.64.0.1/16", Rule: "has host bits set", Fix: "the network is 100.64.0.0/16"},
		}},
		{"public VPC", addressing.DataPlane{Vpc: prefix("203.0.0.0/16"), Slots: 3}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, c.plane.Check())
		})
	}
}

// blocks returns every subnet of a data plane that uses its first zones.
func blocks(t require.TestingT, d addressing.DataPlane, zones int) map[string]netip.Prefix {
	out := map[string]netip.Prefix{}
	for _, tier := range addressing.Tiers() {
		for slot := range zones {
			p, err := d.Subnet(tier, slot)
			require.NoError(t, err)
			out[string(tier)+"/"+string(rune('a'+slot))] = p
		}
	}
	return out
}

// drawDataPlane draws a legal data plane with a pod tier.
func drawDataPlane(t *rapid.T) addressing.DataPlane {
	slots := rapid.IntRange(3, 4).Draw(t, "slots")
	home := rapid.SampledFrom(prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "203.0.0.0/8")).Draw(t, "range")
	bits := rapid.IntRange(16, 25-slots).Draw(t, "length") // to /22 with 3 slots, /21 with 4
	index := rapid.IntRange(0, 1<<(bits-home.Bits())-1).Draw(t, "index")
	vpc, err := addressing.Block(home, bits, index)
	require.NoError(t, err)
	pods, err := addressing.Block(prefix("100.64.0.0/10"), 16, rapid.IntRange(0, 63).Draw(t, "pods"))
	require.NoError(t, err)
	return addressing.DataPlane{Vpc: vpc, Pods: pods, Slots: slots}
}

// For every legal size, slot count and growth of the zones: blocks that exist
// never move, all are disjoint and inside their parent, they hold at least what
// the platform asks for, and with what Free returns they are the parent exactly.
func TestGrowthMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDataPlane(t)
		require.Empty(t, d.Check())
		before := map[string]netip.Prefix{}
		for zones := 1; zones <= d.Slots; zones++ {
			after := blocks(t, d, zones)
			require.Len(t, after, 4*zones)
			for name, p := range before {
				require.Equal(t, p, after[name], "%s moved", name)
			}
			before = after

			var inVpc, inPods []netip.Prefix
			for name, p := range after {
				parent, list := d.Vpc, &inVpc
				if name[:4] == "pods" {
					parent, list = d.Pods, &inPods
					require.Equal(t, 18, p.Bits())
				}
				require.True(t, within(parent, p), "%s %s is outside %s", name, p, parent)
				require.LessOrEqual(t, p.Bits(), 28, "AWS has no smaller subnet")
				*list = append(*list, p)
			}
			for _, half := range []struct {
				parent netip.Prefix
				used   []netip.Prefix
			}{{d.Vpc, inVpc}, {d.Pods, inPods}} {
				var total uint64
				for i, p := range half.used {
					total += size(p)
					for _, q := range half.used[:i] {
						require.False(t, p.Overlaps(q), "%s and %s", p, q)
					}
				}
				for _, p := range addressing.Free(half.parent, half.used) {
					total += size(p)
					require.False(t, slices.ContainsFunc(half.used, p.Overlaps))
				}
				require.Equal(t, size(half.parent), total)
			}
			for slot := range zones {
				zone := string(rune('a' + slot))
				require.LessOrEqual(t, after["nodes/"+zone].Bits(), 24)
				require.GreaterOrEqual(t, addressing.Usable(after["endpoints/"+zone]), 16, "the platform's 16 endpoints")
			}
		}
	})
}

// The same by counting, for every legal VPC size at both ends of 10.0.0.0/8.
func TestEveryVpcSize(t *testing.T) {
	for slots := 3; slots <= 4; slots++ {
		for bits := 16; bits <= 25-slots; bits++ {
			for _, index := range []int{0, 1<<(bits-8) - 1} {
				vpc, err := addressing.Block(prefix("10.0.0.0/8"), bits, index)
				require.NoError(t, err)
				d := addressing.DataPlane{Vpc: vpc, Pods: prefix("100.64.0.0/16"), Slots: slots}
				require.Empty(t, d.Check())
				seen := map[netip.Prefix]string{}
				for name, p := range blocks(t, d, slots) {
					require.Empty(t, seen[p], "%s", name)
					seen[p] = name
				}
				require.Len(t, seen, 4*slots)
			}
		}
		tooSmall := addressing.DataPlane{Vpc: netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), 26-slots), Slots: slots}
		require.Len(t, tooSmall.Check(), 1)
	}
}

func BenchmarkDataPlane(b *testing.B) {
	d := addressing.DataPlane{Vpc: prefix("10.20.0.0/16"), Pods: prefix("100.64.0.0/16"), Slots: 3}
	b.ReportAllocs()
	for b.Loop() {
		if d.Check() != nil {
			b.Fatal("refused")
		}
		for _, tier := range addressing.Tiers() {
			for slot := range d.Slots {
				if _, err := d.Subnet(tier, slot); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

func BenchmarkFree(b *testing.B) {
	d := addressing.DataPlane{Vpc: prefix("10.20.0.0/16"), Pods: prefix("100.64.0.0/16"), Slots: 3}
	var used []netip.Prefix
	for _, p := range blocks(b, d, 3) {
		used = append(used, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		addressing.Free(d.Vpc, used)
	}
}
