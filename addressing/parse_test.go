package addressing_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

func TestParseAccepts(t *testing.T) {
	for _, s := range []string{"0.0.0.0/0", "10.21.0.0/16", "100.64.0.0/10", "192.168.1.128/25", "203.0.113.7/32"} {
		p, err := addressing.Parse(s)
		require.NoError(t, err, s)
		assert.Equal(t, netip.MustParsePrefix(s), p)
	}
}

func TestParseRefuses(t *testing.T) {
	const such = "write a network such as 10.21.0.0/16"
	const such4 = "write an IPv4 network such as 10.21.0.0/16"
	cases := []struct{ value, rule, fix string }{
		{"", "is empty", such4},
		{"   ", "has spaces around it", such4},
		{" 10.21.0.0/16", "has spaces around it", "write 10.21.0.0/16"},
		{"10.21.0.0/16\n", "has spaces around it", "write 10.21.0.0/16"},
		{" 10.21.0.0 ", "has spaces around it", "write 10.21.0.0/16"},
		{" fd00::/8", "has spaces around it", such4},
		{"office", "is not an IPv4 network", such},
		{"10.21.0.x/16", "is not an IPv4 network", such},
		{"10.21.0.0.0/16", "is not an IPv4 network", such},
		{"10.21..0/16", "is not an IPv4 network", such},
		{"-10.21.0.0/16", "is not an IPv4 network", such},
		{"/16", "is not an IPv4 network", such},

		// Host bits: 1 = 0b1 is below /16; 10.20.9.0/22 lies in the block 8..11.
		{"10.21.0.1/16", "has host bits set", "the network is 10.21.0.0/16"},
		{"10.20.9.0/22", "has host bits set", "the network is 10.20.8.0/22"},
		{"100.68.0.18/18", "has host bits set", "the network is 100.68.0.0/18"},

		// No length: the largest VPC block that starts at the address.
		{"10.0.0.0", "has no prefix length", "write 10.0.0.0/16"},
		{"10.21.0.0", "has no prefix length", "write 10.21.0.0/16"},
		{"10.21.64.0", "has no prefix length", "write 10.21.64.0/18"},
		{"10.21.3.0", "has no prefix length", "write 10.21.3.0/24"},
		{"10.21.3.7", "has no prefix length", "write 10.21.3.7/32"},
		{"10.21.0.0/", "has no number after the slash", "write 10.21.0.0/16"},
		{"10.21.0.0/big", "has no number after the slash", "write 10.21.0.0/16"},
		{"10.21.0.0/-1", "has no number after the slash", "write 10.21.0.0/16"},
		{"10.21.0.0/16/24", "has no number after the slash", "write 10.21.0.0/16"},
		{"10.21.0.0/33", "has a prefix length above 32", "write 10.21.0.0/16"},
		{"10.21.0.0/99999999999999999999", "has a prefix length above 32", "write 10.21.0.0/16"},
		{"10.21.0.0/016", "has a leading zero in its prefix length", "write 10.21.0.0/16"},
		{"10.21.0.1/08", "has a leading zero in its prefix length", "write 10.0.0.0/8"},
		{"10.21.0.0/255.255.0.0", "has a netmask in place of a prefix length", "write 10.21.0.0/16"},
		{"10.21.3.0/255.255.252.0", "has a netmask in place of a prefix length", "write 10.21.0.0/22"},
		{"10.21.0.0/0.0.0.0", "has a netmask in place of a prefix length", "write 0.0.0.0/0"},
		{"10.21.0.0/255.0.255.0", "has no number after the slash", "write 10.21.0.0/16"},

		{"10.021.0.0/16", "has leading zeros in its address", "write 10.21.0.0/16"},
		{"010.021.000.000/16", "has leading zeros in its address", "write 10.21.0.0/16"},
		{"10.021.0.9/16", "has leading zeros in its address", "write 10.21.0.0/16"},
		{"10.021.0.0", "has leading zeros in its address", "write 10.21.0.0/16"},
		{"10.021.0.0/016", "has leading zeros in its address", "write 10.21.0.0/16"},
		{"10.256.0.0/16", "has a number above 255 in its address", such},
		{"10.99999999999999999999.0.0/16", "has a number above 255 in its address", such},
		{"10.21/16", "has 2 of the 4 numbers of an address", "write 10.21.0.0/16"},
		{"10.21.3/24", "has 3 of the 4 numbers of an address", "write 10.21.3.0/24"},
		{"10", "has 1 of the 4 numbers of an address", "write 10.0.0.0/16"},

		{"fd00::/8", "is an IPv6 network", such4},
		{"fd00::1/64", "is an IPv6 network", such4},
		{"fe80::1%eth0/64", "is an IPv6 network", such4},
		{"fd00::/200", "is an IPv6 network", such4},
		{"fd00::1", "is an IPv6 address", such4},
		{"::ffff:10.21.0.0", "is an IPv6 address", such4},
		// 112 − 96 = 16.
		{"::ffff:10.21.0.0/112", "is an IPv4 network in IPv6 notation", "write 10.21.0.0/16"},
		{"::ffff:10.21.0.9/112", "is an IPv4 network in IPv6 notation", "write 10.21.0.0/16"},
		{"::ffff:10.21.0.0/64", "is an IPv6 network", such4},
	}
	for _, c := range cases {
		t.Run(c.value, func(t *testing.T) {
			p, err := addressing.Parse(c.value)
			assert.Zero(t, p)
			var got *problem.Problem
			require.ErrorAs(t, err, &got)
			assert.Equal(t, &problem.Problem{Value: c.value, Rule: c.rule, Fix: c.fix}, got)
		})
	}
}

// What Parse accepts is written back byte for byte; what it refuses carries the
// value, a rule, and a way out that ends in a network Parse accepts.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"10.21.0.0/16", "10.21.0.1/16", "10.0.0.0", "10.021.0.0/16", "10.21/16", "::ffff:10.21.0.0/112",
		"fd00::/8", "10.21.0.0/255.255.0.0", " 10.21.0.0/016 ", "10.21.0.0/33", "", "/", "\xff/16",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := addressing.Parse(s)
		if err == nil {
			require.Equal(t, s, p.String())
			require.Equal(t, p.Masked(), p)
			require.True(t, p.Addr().Is4())
			return
		}
		var got *problem.Problem
		require.ErrorAs(t, err, &got)
		require.Equal(t, s, got.Value)
		require.Empty(t, got.Path)
		require.NotEmpty(t, got.Rule)
		offered := got.Fix[strings.LastIndexByte(got.Fix, ' ')+1:]
		_, err = addressing.Parse(offered)
		require.NoError(t, err, "the fix %q offers no network", got.Fix)
	})
}
