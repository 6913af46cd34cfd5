package report

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

func known[T any](value T) topology.Val[T] { return topology.Known(value, topology.Ref{}) }

func prefixMatch(texts ...string) topology.Val[topology.Match] {
	var m topology.Match
	for _, text := range texts {
		m.Prefixes = append(m.Prefixes, netip.MustParsePrefix(text))
	}
	return known(m)
}

func TestRuleText(t *testing.T) {
	group := &topology.Filter{Name: "nodes"}
	for _, c := range []struct {
		want string
		rule topology.Rule
		out  bool
	}{
		{"allows TCP 443 from 10.0.0.0/8", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 443, Last: 443}}), Source: prefixMatch("10.0.0.0/8")}, false},
		{"denies everything to any IPv4 address", topology.Rule{Allow: known(false), Protocols: known([]uint8{}),
			DestinationPorts: known([]topology.Ports{}), Destination: prefixMatch("0.0.0.0/0")}, true},
		{"allows UDP 8000–8100, 9000 from members of nodes", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.UDP}),
			DestinationPorts: known([]topology.Ports{{First: 8000, Last: 8100}, {First: 9000, Last: 9000}}),
			Source:           known(topology.Match{Members: []*topology.Filter{group}})}, false},
		{"may allow a protocol that is not known yet at ports that are not known yet from addresses that are not known yet", topology.Rule{}, false},
		{"allows TCP from nobody", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 0, Last: 65535}}), Source: known(topology.Match{})}, false},
		{"allows TCP 443 to anyone for example.com", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 443, Last: 443}}), Destination: known(topology.Match{Anyone: true}),
			Names: known([]string{"example.com"})}, true},
	} {
		assert.Equal(t, c.want, ruleText(&c.rule, c.out))
	}
}

func TestThousands(t *testing.T) {
	assert.Equal(t, []string{"0", "999", "1,000", "16,379", "1,048,576"},
		[]string{thousands(0), thousands(999), thousands(1000), thousands(16379), thousands(1 << 20)})
}

// Texts of any length and kind keep to their room.
func TestFit(t *testing.T) {
	assert.Equal(t, "nodes", fit("nodes", 100, 11))
	assert.Equal(t, "a-very-lon…", fit("a-very-long-name-of-a-subnet", 73, 11))
	assert.Equal(t, "…", fit("anything", 0, 11)[len("a"):])
}
