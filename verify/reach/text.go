package reach

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// text describes a packet for people.
func (w *walk) text(p packet.Packet) string {
	protocol := packet.ProtocolName(p.Protocol)
	if !packet.HasPorts(p.Protocol) {
		return fmt.Sprintf("%s %s → %s", protocol, w.address(p.Source), w.address(p.Destination))
	}
	return fmt.Sprintf("%s %s:%d → %s:%d", protocol, w.address(p.Source), p.SourcePort, w.address(p.Destination), p.DestinationPort)
}

// address describes an address: by name where it stands for a service or name.
func (w *walk) address(a netip.Addr) string { return w.engine.Address(a) }

// Address describes an address for people: by name where it stands for a
// service's or a public name's.
func (e *Engine) Address(a netip.Addr) string {
	if name, ok := e.model.AtomName(a); ok {
		return name
	}
	return a.String()
}

// allowed says that a rule lets packets pass.
func (e *Engine) allowed(rule *topology.Rule, out bool) string {
	key := struct {
		rule *topology.Rule
		out  bool
	}{rule, out}
	if text, ok := e.texts.Load(key); ok {
		return text.(string)
	}
	text := "allowed " + direction(out) + ": " + e.describeRule(rule, out)
	e.texts.Store(key, text)
	return text
}

// describeRule describes what a rule matches, for people.
func (e *Engine) describeRule(rule *topology.Rule, out bool) string {
	protocols := []string{"any protocol"}
	if numbers, known := rule.Protocols.Get(); !known {
		protocols = []string{"a protocol that is not known yet"}
	} else if len(numbers) > 0 {
		protocols = nil
		for _, n := range numbers {
			protocols = append(protocols, packet.ProtocolName(n))
		}
	}
	text := strings.Join(protocols, "/")
	if ports, known := rule.DestinationPorts.Get(); !known {
		text += " ports that are not known yet"
	} else if len(ports) > 0 {
		var list []string
		for _, p := range ports {
			if p.First == p.Last {
				list = append(list, fmt.Sprint(p.First))
			} else {
				list = append(list, fmt.Sprintf("%d–%d", p.First, p.Last))
			}
		}
		text += " " + strings.Join(list, ", ")
	}
	if out {
		return text + " to " + e.describeMatch(rule.Destination)
	}
	return text + " from " + e.describeMatch(rule.Source)
}

func (e *Engine) describeMatch(value topology.Val[topology.Match]) string {
	m, known := value.Get()
	if !known {
		return "addresses that are not known yet"
	}
	var parts []string
	if m.Anyone {
		parts = append(parts, "anywhere")
	}
	for i, prefix := range m.Prefixes {
		if i == 4 {
			parts = append(parts, fmt.Sprintf("%d more", len(m.Prefixes)-i))
			break
		}
		text := prefix.String()
		if name, ok := e.model.AtomName(prefix.Addr()); ok && prefix.Bits() >= 24 {
			text = name
		}
		parts = append(parts, text)
	}
	for _, group := range m.Members {
		if group != nil {
			parts = append(parts, "members of "+group.Name)
		}
	}
	if m.VirtualNetwork {
		parts = append(parts, "VirtualNetwork")
	}
	if m.Internet {
		parts = append(parts, "Internet")
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, ", ")
}
