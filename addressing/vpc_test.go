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

// all returns every problem in err, nil for none.
func all(err error) problem.List {
	var list problem.List
	list.Add("", err)
	return list
}

func TestCheckVpc(t *testing.T) {
	for _, ok := range []string{
		"10.0.0.0/16", "10.20.0.0/22", "172.31.0.0/16", "192.168.0.0/28", "100.64.0.0/16", "198.19.0.0/16", "203.0.113.0/24",
	} {
		assert.NoError(t, addressing.CheckVpc(prefix(ok)), ok)
	}

	const private = "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
	cases := []struct{ cidr, rule, fix string }{
		{"10.0.0.0/15", "is larger than /16, the largest block AWS allows a VPC", "the nearest is 10.0.0.0/16"},
		{"10.0.0.0/8", "is larger than /16, the largest block AWS allows a VPC", "the nearest is 10.0.0.0/16"},
		// 40 = 32 + 8: the /28 around it starts at 32.
		{"10.0.0.40/29", "is smaller than /28, the smallest block AWS allows a VPC", "the nearest is 10.0.0.32/28"},
		{"10.0.0.7/32", "is smaller than /28, the smallest block AWS allows a VPC", "the nearest is 10.0.0.0/28"},
		{"0.0.0.0/16", "AWS refuses 0.0.0.0/8 for a VPC", private},
		{"127.0.0.0/16", "AWS refuses 127.0.0.0/8, the loopback range, for a VPC", private},
		{"169.254.0.0/16", "AWS refuses 169.254.0.0/16, the link-local range, for a VPC", private},
		{"169.254.64.0/20", "AWS refuses 169.254.0.0/16, the link-local range, for a VPC", private},
		{"239.1.0.0/16", "AWS refuses 224.0.0.0/4, the multicast range, for a VPC", private},
		{"10.0.0.1/16", "has host bits set", "the network is 10.0.0.0/16"},
		{"fd00::/64", "is an IPv6 network", "write an IPv4 network such as 10.21.0.0/16"},
	}
	for _, c := range cases {
		assert.Equal(t, problem.List{{Value: c.cidr, Rule: c.rule, Fix: c.fix}}, all(addressing.CheckVpc(prefix(c.cidr))), c.cidr)
	}
	assert.Error(t, addressing.CheckVpc(netip.Prefix{}))
}

// The rows are those of AWS's table of CIDR block association restrictions,
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
func TestCheckAssociation(t *testing.T) {
	const (
		shared   = "use a block of 100.64.0.0/10, /16 or smaller"
		never198 = "AWS never lets 198.19.0.0/16 join an RFC 1918 VPC"
		first    = "AWS lets no block of 10.0.0.0/16 join a VPC that has one in 10.0.0.0/15"
		firstFix = "use a block of 10.1.0.0/16 to 10.255.0.0/16, or of 100.64.0.0/10"
		last     = "AWS lets no block of 172.31.0.0/16 join a VPC created in 172.16.0.0/12"
		lastFix  = "use a block of 172.16.0.0/16 to 172.30.0.0/16, or of 100.64.0.0/10"
	)
	mixed := func(range1918, home string) string {
		return "AWS lets no block of " + range1918 + " join a VPC created in " + home
	}
	keep := func(home string) string { return "use a block of " + home + ", or of 100.64.0.0/10" }

	cases := []struct {
		name, vpc string
		more      []string
		add       string
		rule, fix string
	}{
		{name: "10/8 takes another of 10/8", vpc: "10.20.0.0/16", add: "10.21.0.0/16"},
		{name: "10/8 takes 100.64/10", vpc: "10.20.0.0/16", add: "100.64.0.0/16"},
		{name: "10/8 takes a public block", vpc: "10.20.0.0/16", add: "203.0.113.0/24"},
		{name: "10/8 refuses 172.16/12", vpc: "10.20.0.0/16", add: "172.20.0.0/16", rule: mixed("172.16.0.0/12", "10.0.0.0/8"), fix: keep("10.0.0.0/8")},
		{name: "10/8 refuses 192.168/16", vpc: "10.20.0.0/16", add: "192.168.4.0/24", rule: mixed("192.168.0.0/16", "10.0.0.0/8"), fix: keep("10.0.0.0/8")},
		{name: "10/8 refuses 198.19/16", vpc: "10.20.0.0/16", add: "198.19.0.0/16", rule: never198, fix: shared},
		{name: "10/8 takes 198.18/16, a public block to AWS", vpc: "10.20.0.0/16", add: "198.18.0.0/16"},
		{name: "10/8 with nothing in 10.0/15 takes 10.0/16", vpc: "10.2.0.0/16", add: "10.0.0.0/16"},
		{name: "10.0/16 refuses the rest of 10.0/16", vpc: "10.0.0.0/24", add: "10.0.1.0/24", rule: first, fix: firstFix},
		{name: "10.1/16 refuses 10.0/16", vpc: "10.1.0.0/16", add: "10.0.0.0/16", rule: first, fix: firstFix},
		{name: "a secondary block in 10.0/15 counts", vpc: "10.2.0.0/16", more: []string{"10.1.128.0/24"}, add: "10.0.7.0/24", rule: first, fix: firstFix},
		{name: "10.0/16 takes 10.1/16", vpc: "10.0.0.0/16", add: "10.1.0.0/16"},

		{name: "172.16/12 takes another of it", vpc: "172.20.0.0/16", add: "172.21.0.0/16"},
		{name: "172.16/12 takes 100.64/10", vpc: "172.20.0.0/16", add: "100.127.0.0/16"},
		{name: "172.16/12 refuses 10/8", vpc: "172.20.0.0/16", add: "10.0.0.0/16", rule: mixed("10.0.0.0/8", "172.16.0.0/12"), fix: keep("172.16.0.0/12")},
		{name: "172.16/12 refuses 192.168/16", vpc: "172.20.0.0/16", add: "192.168.0.0/16", rule: mixed("192.168.0.0/16", "172.16.0.0/12"), fix: keep("172.16.0.0/12")},
		{name: "172.16/12 refuses 172.31/16", vpc: "172.20.0.0/16", add: "172.31.0.0/20", rule: last, fix: lastFix},
		{name: "172.31/16 refuses the rest of itself", vpc: "172.31.0.0/20", add: "172.31.16.0/20", rule: last, fix: lastFix},
		{name: "172.16/12 refuses 198.19/16", vpc: "172.20.0.0/16", add: "198.19.8.0/24", rule: never198, fix: shared},
		{name: "172.32/16 is public", vpc: "172.20.0.0/16", add: "172.32.0.0/16"},

		{name: "192.168/16 takes another of it", vpc: "192.168.0.0/20", add: "192.168.16.0/20"},
		{name: "192.168/16 takes 100.64/10", vpc: "192.168.0.0/20", add: "100.64.0.0/16"},
		{name: "192.168/16 refuses 10/8", vpc: "192.168.0.0/20", add: "10.9.0.0/16", rule: mixed("10.0.0.0/8", "192.168.0.0/16"), fix: keep("192.168.0.0/16")},
		{name: "192.168/16 refuses 172.16/12", vpc: "192.168.0.0/20", add: "172.16.0.0/16", rule: mixed("172.16.0.0/12", "192.168.0.0/16"), fix: keep("192.168.0.0/16")},
		{name: "192.168/16 refuses 198.19/16", vpc: "192.168.0.0/20", add: "198.19.0.0/16", rule: never198, fix: shared},

		{name: "198.19/16 takes 100.64/10", vpc: "198.19.0.0/20", add: "100.64.0.0/16"},
		{name: "198.19/16 takes a public block", vpc: "198.19.0.0/20", add: "203.0.113.0/24"},
		{name: "198.19/16 takes another of it", vpc: "198.19.0.0/20", add: "198.19.16.0/20"},
		{
			name: "198.19/16 refuses RFC 1918", vpc: "198.19.0.0/20", add: "10.9.0.0/16",
			rule: "AWS lets no RFC 1918 block join a VPC created with 198.19.0.0/20",
			fix:  "create the VPC with the RFC 1918 block, or use a block of 100.64.0.0/10, /16 or smaller",
		},

		{name: "100.64/10 takes another of it", vpc: "100.64.0.0/16", add: "100.65.0.0/16"},
		{name: "100.64/10 takes a public block", vpc: "100.64.0.0/16", add: "203.0.113.0/24"},
		{
			name: "100.64/10 refuses RFC 1918", vpc: "100.64.0.0/16", add: "192.168.0.0/16",
			rule: "AWS lets no RFC 1918 block join a VPC created with 100.64.0.0/16",
			fix:  "create the VPC with the RFC 1918 block, or use a block of 100.64.0.0/10, /16 or smaller",
		},
		{
			name: "100.64/10 refuses 198.19/16", vpc: "100.64.0.0/16", add: "198.19.0.0/16",
			rule: "AWS never lets 198.19.0.0/16 join a VPC created outside it", fix: shared,
		},
		{
			name: "a public block refuses RFC 1918", vpc: "203.0.113.0/24", add: "172.16.0.0/16",
			rule: "AWS lets no RFC 1918 block join a VPC created with 203.0.113.0/24",
			fix:  "create the VPC with the RFC 1918 block, or use a block of 100.64.0.0/10, /16 or smaller",
		},
		// The note under the table: created with RFC 1918 first, a VPC may have both.
		{name: "RFC 1918 after 100.64/10, in an RFC 1918 VPC", vpc: "10.20.0.0/16", more: []string{"100.64.0.0/16"}, add: "10.21.0.0/16"},

		{name: "link-local", vpc: "10.20.0.0/16", add: "169.254.0.0/20", rule: "AWS refuses 169.254.0.0/16, the link-local range, for a VPC", fix: shared},
		{name: "too large", vpc: "10.20.0.0/16", add: "100.64.0.0/10", rule: "is larger than /16, the largest block AWS allows a VPC", fix: "the nearest is 100.64.0.0/16"},
		{name: "too small", vpc: "10.20.0.0/16", add: "100.64.0.16/29", rule: "is smaller than /28, the smallest block AWS allows a VPC", fix: "the nearest is 100.64.0.16/28"},
		{name: "inside", vpc: "10.20.0.0/16", add: "10.20.4.0/24", rule: "overlaps the VPC's block 10.20.0.0/16", fix: "use a block outside 10.20.0.0/16"},
		{name: "around a secondary block", vpc: "10.20.0.0/16", more: []string{"100.64.8.0/24"}, add: "100.64.0.0/16", rule: "overlaps the VPC's block 100.64.8.0/24", fix: "use a block outside 100.64.8.0/24"},
		{name: "host bits", vpc: "10.20.0.0/16", add: "100.64.0.1/16", rule: "has host bits set", fix: "the network is 100.64.0.0/16"},
		{name: "IPv6", vpc: "10.20.0.0/16", add: "fd00::/64", rule: "is an IPv6 network", fix: "write an IPv4 network such as 10.21.0.0/16"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vpc := append(prefixes(c.vpc), prefixes(c.more...)...)
			var want problem.List
			if c.rule != "" {
				want = problem.List{{Value: c.add, Rule: c.rule, Fix: c.fix}}
			}
			assert.Equal(t, want, all(addressing.CheckAssociation(vpc, prefix(c.add), 5)))
		})
	}
}

func TestCheckAssociationCounts(t *testing.T) {
	vpc := prefixes("10.20.0.0/16", "10.21.0.0/16", "10.22.0.0/16", "10.23.0.0/16")
	add := prefix("100.64.0.0/16")
	assert.NoError(t, addressing.CheckAssociation(vpc, add, 5), "4 + 1 = 5")
	assert.Equal(t, problem.List{{
		Value: "100.64.0.0/16", Rule: "would be block 5 of the VPC; the quota is 4", Fix: "have the quota raised, or use fewer blocks",
	}}, all(addressing.CheckAssociation(vpc, add, 4)))
	assert.NoError(t, addressing.CheckAssociation(vpc, add, 0), "0 counts nothing")
	assert.NoError(t, addressing.CheckAssociation(nil, add, 1))
}

func TestCheckAssociationReportsEverything(t *testing.T) {
	err := addressing.CheckAssociation(prefixes("10.20.0.0/16"), prefix("172.16.0.0/14"), 1)
	assert.Equal(t, problem.List{
		{Value: "172.16.0.0/14", Rule: "is larger than /16, the largest block AWS allows a VPC", Fix: "the nearest is 172.16.0.0/16"},
		{Value: "172.16.0.0/14", Rule: "AWS lets no block of 172.16.0.0/12 join a VPC created in 10.0.0.0/8", Fix: "use a block of 10.0.0.0/8, or of 100.64.0.0/10"},
		{Value: "172.16.0.0/14", Rule: "would be block 2 of the VPC; the quota is 1", Fix: "have the quota raised, or use fewer blocks"},
	}, all(err))
}

// Any block of 100.64/10 that fits may join any VPC, and no VPC ever gets blocks
// of two RFC 1918 ranges.
func TestAssociationInvariants(t *testing.T) {
	ranges := prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.19.0.0/16", "203.0.0.0/8")
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) netip.Prefix {
			r := rapid.SampledFrom(ranges).Draw(t, label)
			bits := rapid.IntRange(max(16, r.Bits()), 28).Draw(t, label+" length")
			index := rapid.IntRange(0, 1<<(bits-r.Bits())-1).Draw(t, label+" index")
			p, err := addressing.Block(r.Masked(), bits, index)
			require.NoError(t, err)
			return p
		}
		vpc := []netip.Prefix{draw("first")}
		for range rapid.IntRange(1, 6).Draw(t, "tries") {
			add := draw("add")
			if addressing.CheckAssociation(vpc, add, 0) == nil {
				vpc = append(vpc, add)
			} else if ranges[3].Overlaps(add) {
				overlaps := false
				for _, p := range vpc {
					overlaps = overlaps || p.Overlaps(add)
				}
				require.True(t, overlaps, "%s was kept out of %v", add, vpc)
			}
		}
		seen := map[netip.Prefix]bool{}
		for i, p := range vpc {
			for _, r := range ranges[:3] {
				if r.Overlaps(p) {
					seen[r] = true
				}
			}
			for _, q := range vpc[:i] {
				require.False(t, p.Overlaps(q))
			}
		}
		require.LessOrEqual(t, len(seen), 1, "%v", vpc)
	})
}

func TestWarn(t *testing.T) {
	for block, warns := range map[string]bool{
		"172.17.0.0/16": true, "172.16.0.0/15": true, "172.17.255.240/28": true,
		"172.16.0.0/16": false, "172.18.0.0/16": false, "10.17.0.0/16": false,
	} {
		assert.Equal(t, warns, addressing.Warn(netip.MustParsePrefix(block)) != "", block)
	}
	assert.Equal(t, "172.17.8.0/21 overlaps 172.17.0.0/16, which Docker and the AWS services built on it use inside: "+
		"they may not reach the VPC's addresses there; use another block", addressing.Warn(netip.MustParsePrefix("172.17.8.0/21")))
}
