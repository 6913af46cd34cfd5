package main

import (
	"context"
	"io"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A block that is chosen is of the length, in the parent, and overlaps none that
// is used; only when there is none left is none chosen.
func TestFreeBlock(t *testing.T) {
	parent := netip.MustParsePrefix("10.0.0.0/8")
	rapid.Check(t, func(t *rapid.T) {
		var used []netip.Prefix
		for range rapid.IntRange(0, 40).Draw(t, "used") {
			second := rapid.IntRange(0, 255).Draw(t, "second")
			bits := rapid.IntRange(9, 24).Draw(t, "bits")
			used = append(used, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second), 0, 0}), bits).Masked())
		}
		bits := rapid.IntRange(12, 20).Draw(t, "length")
		p, ok := freeBlock(parent, bits, used)
		if ok && (p.Bits() != bits || !parent.Contains(p.Addr()) || slices.ContainsFunc(used, p.Overlaps) || p != p.Masked()) {
			t.Fatalf("%s is chosen although %v are used", p, used)
		}
		again, _ := freeBlock(parent, bits, used)
		if p != again {
			t.Fatalf("%s, then %s", p, again)
		}
	})

	block := func(used ...string) string {
		var prefixes []netip.Prefix
		for _, u := range used {
			prefixes = append(prefixes, netip.MustParsePrefix(u))
		}
		p, ok := freeBlock(parent, 16, prefixes)
		if !ok {
			return "none"
		}
		return p.String()
	}
	assert.Equal(t, "10.20.0.0/16", block())
	assert.Equal(t, "10.21.0.0/16", block("10.20.128.0/24"))
	assert.Equal(t, "10.0.0.0/16", block("10.128.0.0/9", "10.64.0.0/10", "10.32.0.0/11", "10.16.0.0/12"))
	assert.Equal(t, "none", block("10.0.0.0/8"))

	docker, ok := freeBlock(netip.MustParsePrefix("172.16.0.0/12"), 16, []netip.Prefix{netip.MustParsePrefix("172.16.0.0/16")})
	require.True(t, ok)
	assert.Equal(t, "172.18.0.0/16", docker.String(), "172.17.0.0/16 is Docker's")
}

// A signal ends the wait for an answer.
func TestLinesEndWithTheirContext(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	ctx, cancel := context.WithCancel(t.Context())
	read := lines(ctx, in)
	go func() { _, _ = io.WriteString(out, "first\n") }()
	line, err := read()
	require.NoError(t, err)
	assert.Equal(t, "first\n", line)
	cancel()
	_, err = read()
	assert.EqualError(t, err, "interrupted")
}
