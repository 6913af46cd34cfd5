package addressing_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// The blocks of "AosCloud Networking Prerequisites" v1.1, section "Subnet
// Allocation Table": the EKS subnets in 10.231.0.0/18, the endpoints at
// 10.231.100.0/24, and a /26 at .253.192, .255.128 and .255.64 for Aurora,
// DocumentDB and ElastiCache, each cut into three /28. A /20 is 16 third
// octets, a /22 4: the public subnets fill .48 to .59. The usable counts are
// 2^(32-bits) less AWS's 5.
func TestAosCloudSubnet(t *testing.T) {
	cases := []struct {
		tier   addressing.AosTier
		want   []netip.Prefix
		usable int
	}{
		{addressing.AosPrivate, prefixes("10.231.0.0/20", "10.231.16.0/20", "10.231.32.0/20"), 4091},
		{addressing.AosPublic, prefixes("10.231.48.0/22", "10.231.52.0/22", "10.231.56.0/22"), 1019},
		{addressing.AosEndpoints, prefixes("10.231.100.0/24", "10.231.101.0/24", "10.231.102.0/24"), 251},
		{addressing.AosAurora, prefixes("10.231.253.192/28", "10.231.253.208/28", "10.231.253.224/28"), 11},
		{addressing.AosElastiCache, prefixes("10.231.255.64/28", "10.231.255.80/28", "10.231.255.96/28"), 11},
		{addressing.AosDocumentDB, prefixes("10.231.255.128/28", "10.231.255.144/28", "10.231.255.160/28"), 11},
	}
	require.Len(t, cases, len(addressing.AosTiers()))
	plan := addressing.AosCloud{Base: prefix("10.231.0.0/16")}
	for _, c := range cases {
		for slot, want := range c.want {
			got, err := plan.Subnet(c.tier, slot)
			require.NoError(t, err)
			assert.Equal(t, want, got, c.tier)
			assert.Equal(t, c.usable, addressing.Usable(got), c.tier)
		}
	}
}

func TestAosCloudCheck(t *testing.T) {
	const notSixteen = "is not a /16: AosCloud's subnets are calculated for a whole /16"
	cases := []struct {
		base netip.Prefix
		want *problem.Problem
	}{
		{prefix("10.231.0.0/16"), nil},
		{prefix("172.16.0.0/16"), nil},
		{prefix("192.168.0.0/16"), nil},
		{netip.Prefix{}, problem.New("", "is missing", "write a /16 such as 10.231.0.0/16")},
		{prefix("10.231.0.0/17"), problem.New("10.231.0.0/17", notSixteen, "the nearest is 10.231.0.0/16")},
		{prefix("10.231.128.0/17"), problem.New("10.231.128.0/17", notSixteen, "the nearest is 10.231.0.0/16")},
		{prefix("10.0.0.0/8"), problem.New("10.0.0.0/8", notSixteen, "the nearest is 10.0.0.0/16")},
		{prefix("10.231.1.0/16"), problem.New("10.231.1.0/16", "has host bits set", "the network is 10.231.0.0/16")},
		{prefix("100.64.0.0/16"), problem.New("100.64.0.0/16", "is outside the private ranges of RFC 1918",
			"use a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")},
		{prefix("172.32.0.0/16"), problem.New("172.32.0.0/16", "is outside the private ranges of RFC 1918",
			"use a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")},
	}
	for _, c := range cases {
		t.Run(c.base.String(), func(t *testing.T) {
			err := addressing.AosCloud{Base: c.base}.Check()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			var got *problem.Problem
			require.ErrorAs(t, err, &got)
			assert.Equal(t, c.want, got)
			_, err = addressing.AosCloud{Base: c.base}.Subnet(addressing.AosAurora, 0)
			assert.Error(t, err)
		})
	}
}

func TestAosCloudSubnetRefuses(t *testing.T) {
	plan := addressing.AosCloud{Base: prefix("10.231.0.0/16")}
	cases := []struct {
		tier addressing.AosTier
		slot int
		want *problem.Problem
	}{
		{addressing.AosPrivate, 3, problem.New("3", "is not a zone slot", "the slots are 0 to 2")},
		{addressing.AosPrivate, -1, problem.New("-1", "is not a zone slot", "the slots are 0 to 2")},
		{"pods", 0, problem.New("pods", "is not a tier",
			"the tiers are eks-public, eks-private, endpoints, aurora, documentdb, elasticache")},
	}
	for _, c := range cases {
		_, err := plan.Subnet(c.tier, c.slot)
		var got *problem.Problem
		require.ErrorAs(t, err, &got)
		assert.Equal(t, c.want, got)
	}
}

// Section "CIDR Planning Guidance": 10.232.0.0/16 where the base is
// 10.231.0.0/16.
func TestAosCloudStaging(t *testing.T) {
	for base, want := range map[string]string{
		"10.231.0.0/16": "10.232.0.0/16", "10.0.0.0/16": "10.1.0.0/16", "10.254.0.0/16": "10.255.0.0/16", "172.30.0.0/16": "172.31.0.0/16",
	} {
		staging, err := addressing.AosCloud{Base: prefix(base)}.Staging()
		require.NoError(t, err)
		assert.Equal(t, prefix(want), staging.Base)
	}
	for base, rule := range map[string]string{
		"10.255.0.0/16":  "has no staging block: 11.0.0.0/16 is outside 10.0.0.0/8",
		"172.31.0.0/16":  "has no staging block: 172.32.0.0/16 is outside 172.16.0.0/12",
		"192.168.0.0/16": "has no staging block: 192.169.0.0/16 is outside 192.168.0.0/16",
		"10.0.0.0/8":     "is not a /16: AosCloud's subnets are calculated for a whole /16",
	} {
		_, err := addressing.AosCloud{Base: prefix(base)}.Staging()
		var got *problem.Problem
		require.ErrorAs(t, err, &got)
		assert.Equal(t, rule, got.Rule)
	}
}

// Whatever the base: every subnet lies in it and clear of every other, is large
// enough for AWS, and keeps its place within the /16.
func TestAosCloudSubnetsAreDisjoint(t *testing.T) {
	check := func(t require.TestingT, base netip.Prefix) {
		plan, origin := addressing.AosCloud{Base: base}, addressing.AosCloud{Base: prefix("10.0.0.0/16")}
		var taken []netip.Prefix
		for _, tier := range addressing.AosTiers() {
			for slot := range addressing.AosSlots {
				p, err := plan.Subnet(tier, slot)
				require.NoError(t, err)
				require.True(t, within(base, p), "%s %s is outside %s", tier, p, base)
				require.LessOrEqual(t, p.Bits(), 28, "AWS has no smaller subnet")
				for _, other := range taken {
					require.False(t, p.Overlaps(other), "%s overlaps %s", p, other)
				}
				taken = append(taken, p)

				at, err := origin.Subnet(tier, slot)
				require.NoError(t, err)
				a, b := p.Addr().As4(), at.Addr().As4()
				require.Equal(t, b[2:], a[2:], "%s %d", tier, slot)
				require.Equal(t, at.Bits(), p.Bits())
			}
		}
		var rest uint64
		for _, p := range append(addressing.Free(base, taken), taken...) {
			rest += size(p)
		}
		require.Equal(t, uint64(65536), rest, "Free and the subnets are the whole /16")
	}
	for second := range 256 {
		check(t, prefix(fmt.Sprintf("10.%d.0.0/16", second)))
	}
	rapid.Check(t, func(t *rapid.T) {
		home := rapid.SampledFrom(prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")).Draw(t, "range")
		base, err := addressing.Block(home, 16, rapid.IntRange(0, 1<<(16-home.Bits())-1).Draw(t, "index"))
		require.NoError(t, err)
		check(t, base)
	})
}

func ExampleAosCloud() {
	dev := addressing.AosCloud{Base: netip.MustParsePrefix("10.231.0.0/16")}
	staging, err := dev.Staging()
	if err != nil {
		fmt.Println(err)
		return
	}
	aurora, err := staging.Subnet(addressing.AosAurora, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(staging.Base, aurora, addressing.Usable(aurora))
	// Output: 10.232.0.0/16 10.232.253.224/28 11
}
