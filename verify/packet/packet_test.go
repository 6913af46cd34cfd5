package packet

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Prefixes whose first and last addresses are worked out by hand.
func TestInPrefix(t *testing.T) {
	for _, c := range []struct{ prefix, first, last string }{
		{"10.0.0.0/8", "10.0.0.0", "10.255.255.255"},
		{"10.20.30.40/32", "10.20.30.40", "10.20.30.40"},
		{"0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
		{"192.168.1.77/25", "192.168.1.0", "192.168.1.127"},
		{"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"2001:db8:1:2::/64", "2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff"},
		{"2001:db8:1:2:3::/80", "2001:db8:1:2:3::", "2001:db8:1:2:3:ffff:ffff:ffff"},
		// Past the IPv4 addresses, which lie in ::ffff:0:0/96.
		{"::/0", "::1:0:0:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"::1/128", "::1", "::1"},
	} {
		got := InPrefix(netip.MustParsePrefix(c.prefix))
		assert.Equal(t, c.first, got.First.Addr().String(), c.prefix)
		assert.Equal(t, c.last, got.Last.Addr().String(), c.prefix)
	}
}

// IPv4 packets are in no IPv6 prefix.
func TestIPv6PrefixHoldsNoIPv4(t *testing.T) {
	_, both := InPrefix(netip.MustParsePrefix("::/0")).Intersect(EveryIPv4())
	assert.False(t, both)
	assert.True(t, InPrefix(netip.MustParsePrefix("::/0")).Contains(EveryIPv6()))
	_, both = InPrefix(netip.Prefix{}).Intersect(Every())
	assert.False(t, both, "not a prefix")
}

func TestPacketAsText(t *testing.T) {
	p := Packet{Source: netip.MustParseAddr("10.0.0.4"), Destination: netip.MustParseAddr("2001:db8::1"), Protocol: TCP, SourcePort: 1024, DestinationPort: 443}
	assert.Equal(t, "tcp 10.0.0.4:1024 → [2001:db8::1]:443", p.String())
	data, err := json.Marshal(p)
	require.NoError(t, err)
	assert.JSONEq(t, `{"protocol":"tcp","source":"10.0.0.4","sourcePort":1024,"destination":"2001:db8::1","destinationPort":443}`, string(data))
	p.Protocol = 47
	assert.Equal(t, "protocol 47 10.0.0.4 → 2001:db8::1", p.String())
	assert.Equal(t, "2001:db8::1", p.Reply().Source.String())
}

func TestParse(t *testing.T) {
	for text, want := range map[string]uint8{"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "sctp": 132, "47": 47, "0": 0, "255": 255} {
		got, ok := ParseProtocol(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "256", "-1", "TCP ", "gre"} {
		_, ok := ParseProtocol(text)
		assert.False(t, ok, text)
	}
	for _, text := range []string{"", "65536", "9-8", "-", "1-", "a", "1-2-3"} {
		_, ok := ParsePorts(text)
		assert.False(t, ok, text)
	}
	got, ok := ParsePorts("8000-8100")
	assert.True(t, ok)
	assert.Equal(t, Ports{8000, 8100}, got)
}

// bits of each dimension that the drawn sets use.
const bits = 4

var drawSet = rapid.Custom(func(t *rapid.T) Set {
	draw := func(name string) (uint, uint) {
		a, b := rapid.UintRange(0, 1<<bits-1).Draw(t, name), rapid.UintRange(0, 1<<bits-1).Draw(t, name)
		return min(a, b), max(a, b)
	}
	addresses := func(name string) Addresses {
		a, b := draw(name)
		base := NewAddress(netip.MustParseAddr("10.0.0.0"))
		return Addresses{Address{base.hi, base.lo + uint64(a)}, Address{base.hi, base.lo + uint64(b)}}
	}
	var s Set
	for range rapid.IntRange(0, 4).Draw(t, "cubes") {
		p0, p1 := draw("protocol")
		s0, s1 := draw("source port")
		d0, d1 := draw("destination port")
		s = append(s, Cube{addresses("source"), addresses("destination"), Protocols{uint8(p0), uint8(p1)},
			Ports{uint16(s0), uint16(s1)}, Ports{uint16(d0), uint16(d1)}})
	}
	return s
})

// What is left of a cube is disjoint.
func TestSubtractLeavesDisjointCubes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSet.Draw(t, "a"), drawSet.Draw(t, "b")
		if len(a) == 0 || len(b) == 0 {
			return
		}
		rest := a[0].Subtract(&b[0], nil)
		for i := range rest {
			for j := range i {
				_, shared := rest[i].Intersect(&rest[j])
				require.False(t, shared)
			}
		}
	})
}
