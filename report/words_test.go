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
	s := &Subject{model: &topology.Model{}}
	storage := s.model.Service(topology.Azure, "Storage", "westeurope")
	group := &topology.Filter{Name: "nodes"}
	noNames := known([]string(nil))
	for _, c := range []struct {
		want string
		rule topology.Rule
		out  bool
	}{
		{"allows TCP 443 from 10.0.0.0/8", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 443, Last: 443}}), Source: prefixMatch("10.0.0.0/8"), Names: noNames}, false},
		{"denies everything to any IPv4 address", topology.Rule{Allow: known(false), Protocols: known([]uint8{}),
			DestinationPorts: known([]topology.Ports{}), Destination: prefixMatch("0.0.0.0/0"), Names: noNames}, true},
		{"allows UDP 8000–8100, 9000 from members of nodes", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.UDP}),
			DestinationPorts: known([]topology.Ports{{First: 8000, Last: 8100}, {First: 9000, Last: 9000}}),
			Source:           known(topology.Match{Members: []*topology.Filter{group}}), Names: noNames}, false},
		{"may allow a protocol that is not known yet at ports that are not known yet from addresses that are not known yet for names that are not known yet", topology.Rule{}, false},
		{"allows TCP from nobody", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 0, Last: 65535}}), Source: known(topology.Match{}), Names: noNames}, false},
		{"allows TCP 443 to anyone for example.com", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 443, Last: 443}}), Destination: known(topology.Match{Anyone: true}),
			Names: known([]string{"example.com"})}, true},
		{"allows TCP 443 to anyone for the names that a tag stands for, among them mcr.microsoft.com", topology.Rule{Allow: known(true), Protocols: known([]uint8{packet.TCP}),
			DestinationPorts: known([]topology.Ports{{First: 443, Last: 443}}), Destination: known(topology.Match{Anyone: true}),
			Names: topology.AtLeast(topology.Ref{}, []string{"mcr.microsoft.com"})}, true},
		{"allows everything from Storage.westeurope, Azure itself (168.63.129.16)", topology.Rule{Allow: known(true), Protocols: known([]uint8{}),
			DestinationPorts: known([]topology.Ports{}), Source: prefixMatch(storage.String(), "168.63.129.16/32"), Names: noNames}, false},
	} {
		assert.Equal(t, c.want, s.ruleText(&c.rule, c.out))
	}
}

// What stands after a rule that denies everything is never reached.
func TestRulesEndWithWhatDeniesEverything(t *testing.T) {
	s := &Subject{model: &topology.Model{}}
	everyone := known(topology.Match{Anyone: true})
	rule := func(allow bool, protocols ...uint8) topology.Rule {
		return topology.Rule{Allow: known(allow), Protocols: known(protocols), SourcePorts: known([]topology.Ports{}), DestinationPorts: known([]topology.Ports{}),
			Source: everyone, Destination: everyone, Names: known([]string(nil))}
	}
	somePorts, somePlace := rule(false), rule(false)
	somePorts.DestinationPorts = known([]topology.Ports{{First: 3389, Last: 3389}})
	somePlace.Destination = prefixMatch("10.0.1.0/24")
	const some = "denies everything 3389 from anyone"
	assert.Equal(t, []string{"denies UDP from anyone", some, "denies everything from anyone", "denies everything from anyone"},
		s.ruleTexts([]topology.Rule{rule(false, packet.UDP), somePorts, somePlace, rule(false), rule(true)}, false))
}

// The load balancer to come lets in who may connect to the nodes: one address of
// somebody's too, and not what Azure itself sends from.
func TestWhoComesInLater(t *testing.T) {
	s := &Subject{model: &topology.Model{}}
	for source, want := range map[string]State{
		"203.0.113.0/24": Offered, "203.0.113.7/32": Offered, "168.63.129.16/32": Absent, "10.0.0.0/8": Absent,
	} {
		filter := &topology.Filter{In: []topology.Rule{{Allow: known(true), Source: prefixMatch(source), Names: known([]string(nil))}}}
		line := Line{State: Absent}
		s.laterIn(tier{Subnets: []*topology.Subnet{{Filter: known(filter)}}}, &line)
		assert.Equal(t, want, line.State, source)
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
