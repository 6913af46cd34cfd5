package addressing_test

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go4.org/netipx"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// prefix is short for a network that the test itself wrote.
func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = prefix(s)
	}
	return out
}

// drawPrefix draws any canonical IPv4 network with a length from shortest to
// longest.
func drawPrefix(t *rapid.T, shortest, longest int) netip.Prefix {
	n := rapid.Uint32().Draw(t, "address")
	bits := rapid.IntRange(shortest, longest).Draw(t, "length")
	addr := netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	return netip.PrefixFrom(addr, bits).Masked()
}

func size(p netip.Prefix) uint64 { return 1 << (32 - p.Bits()) }

func within(parent, p netip.Prefix) bool {
	return p.Bits() >= parent.Bits() && parent.Contains(p.Addr())
}

func TestBlock(t *testing.T) {
	cases := []struct {
		parent      string
		bits, index int
		want        string
	}{
		{"10.20.0.0/22", 24, 0, "10.20.0.0/24"},
		{"10.20.0.0/22", 24, 3, "10.20.3.0/24"},
		{"10.20.0.0/22", 27, 24, "10.20.3.0/27"}, // 24×32 = 768 = 3×256
		{"10.20.0.0/22", 22, 0, "10.20.0.0/22"},
		{"10.231.0.0/16", 26, 1015, "10.231.253.192/26"}, // 1015×64 = 64960 = 253×256+192
		{"0.0.0.0/0", 0, 0, "0.0.0.0/0"},
		{"0.0.0.0/0", 1, 1, "128.0.0.0/1"},
		{"0.0.0.0/0", 32, math.MaxInt32, "127.255.255.255/32"},
		{"203.0.113.7/32", 32, 0, "203.0.113.7/32"},
	}
	for _, c := range cases {
		got, err := addressing.Block(prefix(c.parent), c.bits, c.index)
		require.NoError(t, err)
		assert.Equal(t, prefix(c.want), got)
	}
}

func TestBlockRefuses(t *testing.T) {
	cases := []struct {
		parent      netip.Prefix
		bits, index int
		want        problem.Problem
	}{
		{prefix("10.20.0.0/22"), 24, 4, problem.Problem{Value: "10.20.0.0/22", Rule: "has no /24 block number 4", Fix: "its blocks are numbered 0 to 3"}},
		{prefix("10.20.0.0/22"), 24, -1, problem.Problem{Value: "10.20.0.0/22", Rule: "has no /24 block number -1", Fix: "its blocks are numbered 0 to 3"}},
		{prefix("10.20.0.0/22"), 21, 0, problem.Problem{Value: "10.20.0.0/22", Rule: "has no /21 blocks", Fix: "use a length from 22 to 32"}},
		{prefix("10.20.0.0/22"), 33, 0, problem.Problem{Value: "10.20.0.0/22", Rule: "has no /33 blocks", Fix: "use a length from 22 to 32"}},
		{prefix("10.20.1.0/22"), 24, 0, problem.Problem{Value: "10.20.1.0/22", Rule: "has host bits set", Fix: "the network is 10.20.0.0/22"}},
		{prefix("fd00::/8"), 16, 0, problem.Problem{Value: "fd00::/8", Rule: "is an IPv6 network", Fix: "write an IPv4 network such as 10.21.0.0/16"}},
		{netip.Prefix{}, 24, 0, problem.Problem{Value: "invalid Prefix", Rule: "is not an IPv4 network", Fix: "write a network such as 10.21.0.0/16"}},
	}
	for _, c := range cases {
		_, err := addressing.Block(c.parent, c.bits, c.index)
		var got *problem.Problem
		require.ErrorAs(t, err, &got)
		assert.Equal(t, c.want, *got)
	}
}

// The blocks of a network follow one another without a gap, from its first
// address to its last.
func TestBlocksTile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent := drawPrefix(t, 0, 32)
		bits := rapid.IntRange(parent.Bits(), 32).Draw(t, "bits")
		last := 1<<(bits-parent.Bits()) - 1
		i := rapid.IntRange(0, last).Draw(t, "index")

		block, err := addressing.Block(parent, bits, i)
		require.NoError(t, err)
		require.Equal(t, bits, block.Bits())
		require.True(t, within(parent, block))
		if i == 0 {
			require.Equal(t, parent.Addr(), block.Addr())
		} else {
			before, err := addressing.Block(parent, bits, i-1)
			require.NoError(t, err)
			require.Equal(t, netipx.PrefixLastIP(before).Next(), block.Addr())
		}
		if i == last {
			require.Equal(t, netipx.PrefixLastIP(parent), netipx.PrefixLastIP(block))
		}
	})
}

// The counts are AWS's: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func TestUsable(t *testing.T) {
	for cidr, want := range map[string]int{
		"10.21.0.0/16": 65531,
		"10.21.0.0/18": 16379,
		"10.20.3.0/24": 251,
		"10.20.3.0/27": 27,
		"10.20.3.0/28": 11,
		"10.20.3.0/29": 3,
		"10.20.3.0/30": 0, // 4 addresses, 5 reserved
		"10.20.3.0/32": 0,
		"fd00::/64":    0,
	} {
		assert.Equal(t, want, addressing.Usable(prefix(cidr)), cidr)
	}
	assert.Zero(t, addressing.Usable(netip.Prefix{}))
	if strconv.IntSize == 64 {
		assert.Equal(t, 1<<32-5, addressing.Usable(prefix("0.0.0.0/0")))
	}
}

func TestOverlaps(t *testing.T) {
	blocks := []addressing.Named{
		{Path: "vpcCidr", Prefix: prefix("10.20.0.0/16")},
		{Path: "podCidr", Prefix: prefix("100.64.0.0/16")},
		{Path: "missing"},
		{Path: "extra[0]", Prefix: prefix("10.20.128.0/17")},
		{Path: "extra[1]", Prefix: prefix("10.21.0.0/16")},
		{Path: "extra[2]", Prefix: prefix("10.0.0.0/8")},
	}
	assert.Equal(t, problem.List{
		{Path: "extra[0]", Value: "10.20.128.0/17", Rule: "overlaps 10.20.0.0/16 (vpcCidr)", Fix: "use a block outside 10.20.0.0/16"},
		{Path: "extra[2]", Value: "10.0.0.0/8", Rule: "overlaps 10.20.0.0/16 (vpcCidr)", Fix: "use a block outside 10.20.0.0/16"},
		{Path: "extra[2]", Value: "10.0.0.0/8", Rule: "overlaps 10.20.128.0/17 (extra[0])", Fix: "use a block outside 10.20.128.0/17"},
		{Path: "extra[2]", Value: "10.0.0.0/8", Rule: "overlaps 10.21.0.0/16 (extra[1])", Fix: "use a block outside 10.21.0.0/16"},
	}, addressing.Overlaps(blocks))
	assert.Empty(t, addressing.Overlaps(blocks[:3]))
	assert.Empty(t, addressing.Overlaps(nil))
}

func TestFree(t *testing.T) {
	cases := []struct {
		name, parent string
		used, want   []netip.Prefix
	}{
		{"nothing used", "10.20.0.0/22", nil, prefixes("10.20.0.0/22")},
		{"all used", "10.20.0.0/22", prefixes("10.20.0.0/22"), prefixes()},
		{"all used by halves", "10.20.0.0/22", prefixes("10.20.2.0/23", "10.20.0.0/23"), prefixes()},
		{"used by a larger block", "10.20.0.0/22", prefixes("10.0.0.0/8"), prefixes()},
		{"first quarter", "10.20.0.0/22", prefixes("10.20.0.0/24"), prefixes("10.20.1.0/24", "10.20.2.0/23")},
		{"middle", "10.20.0.0/22", prefixes("10.20.1.0/24", "10.20.2.0/24"), prefixes("10.20.0.0/24", "10.20.3.0/24")},
		{"outside", "10.20.0.0/22", prefixes("10.21.0.0/16"), prefixes("10.20.0.0/22")},
		{"used twice, and a zero prefix", "10.20.0.0/23", []netip.Prefix{prefix("10.20.0.0/24"), {}, prefix("10.20.0.0/25")}, prefixes("10.20.1.0/24")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, addressing.Free(prefix(c.parent), c.used))
		})
	}
	assert.Nil(t, addressing.Free(netip.Prefix{}, nil))
}

// What is free and what is used make up the parent exactly, and no two free
// neighbours could be written as one block.
func TestFreeIsExactAndMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent := drawPrefix(t, 8, 24)
		used := make([]netip.Prefix, rapid.IntRange(0, 8).Draw(t, "count"))
		for i := range used {
			bits := rapid.IntRange(parent.Bits(), parent.Bits()+8).Draw(t, "bits")
			index := rapid.IntRange(0, 1<<(bits-parent.Bits())-1).Draw(t, "index")
			var err error
			used[i], err = addressing.Block(parent, bits, index)
			require.NoError(t, err)
		}
		free := addressing.Free(parent, used)

		var total uint64
		for _, p := range free {
			require.True(t, within(parent, p))
			total += size(p)
			for _, u := range used {
				require.False(t, p.Overlaps(u), "%s is free and used (%s)", p, u)
			}
		}
		for i := 1; i < len(free); i++ {
			require.True(t, netipx.PrefixLastIP(free[i-1]).Less(free[i].Addr()), "not in order")
			wider := netip.PrefixFrom(free[i-1].Addr(), free[i-1].Bits()-1).Masked()
			require.False(t, free[i-1].Bits() == free[i].Bits() && wider.Contains(free[i].Addr()), "%s and %s are one block", free[i-1], free[i])
		}
		// Of two CIDR blocks that overlap one contains the other, so the
		// outermost of the used ones are disjoint and can be added up.
		for i, u := range used {
			inner := slices.ContainsFunc(used[:i], func(o netip.Prefix) bool { return within(o, u) }) ||
				slices.ContainsFunc(used[i+1:], func(o netip.Prefix) bool { return o != u && within(o, u) })
			if !inner {
				total += size(u)
			}
		}
		require.Equal(t, size(parent), total)
	})
}
