package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// portsText is "443" or "8000–8100".
func portsText(p topology.Ports) string {
	if p.First == p.Last {
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d–%d", p.First, p.Last)
}

// ruleText says a rule in a sentence: "allows TCP 443 from 10.0.0.0/8".
func (s *Subject) ruleText(rule *topology.Rule, out bool) string {
	verb := "may allow"
	if allow, known := rule.Allow.Get(); known {
		verb = map[bool]string{true: "allows", false: "denies"}[allow]
	}
	text := verb + " " + trafficText(rule)
	if out {
		text += " to " + s.matchText(rule.Destination)
	} else {
		text += " from " + s.matchText(rule.Source)
	}
	options, complete := rule.Names.Options()
	switch {
	case len(options) == 0:
		text += " for names that are not known yet"
	case !complete && len(options[0]) == 0:
		text += " for names that a tag or category stands for"
	case !complete:
		text += " for the names that a tag stands for, among them " + list(options[0], 12)
	case len(options[0]) > 0:
		text += " for " + list(options[0], 12)
	}
	return text
}

// ruleTexts says the rules of one direction. What stands after one that denies
// everything is never reached, and left out.
func (s *Subject) ruleTexts(rules []topology.Rule, out bool) []string {
	var texts []string
	for i := range rules {
		rule := &rules[i]
		texts = append(texts, s.ruleText(rule, out))
		if allow, decided := rule.Allow.Get(); decided && !allow && rule.MatchesAll() {
			break
		}
	}
	return texts
}

func trafficText(rule *topology.Rule) string {
	numbers, known := rule.Protocols.Get()
	var protocols []string
	for _, n := range numbers {
		protocols = append(protocols, strings.ToUpper(packet.ProtocolName(n)))
	}
	text := strings.Join(protocols, "/")
	switch {
	case !known:
		text = "a protocol that is not known yet"
	case len(numbers) == 0:
		text = "everything"
	}
	all, known := rule.DestinationPorts.Get()
	var texts []string
	for _, p := range all {
		texts = append(texts, portsText(p))
	}
	switch {
	case !known:
		text += " at ports that are not known yet"
	case len(all) > 0 && all[0] != topology.Ports(packet.EveryPort()):
		text += " " + list(texts, 6)
	}
	return text
}

func (s *Subject) matchText(v topology.Val[topology.Match]) string {
	m, known := v.Get()
	if !known {
		return "addresses that are not known yet"
	}
	var parts []string
	if m.Anyone {
		parts = append(parts, "anyone")
	}
	for _, prefix := range m.Prefixes {
		text := prefixWords(prefix)
		if name, ok := s.model.AtomName(prefix.Addr()); ok && prefix.Bits() >= 24 {
			if of, _, _ := strings.Cut(name, "."); of != name && slices.Contains(parts, of) {
				continue // a tag of a service holds its addresses in each region
			}
			text = name
		}
		if text == azureHost {
			text = "Azure itself (168.63.129.16)"
		}
		parts = append(parts, text)
	}
	for _, group := range m.Members {
		if group != nil {
			parts = append(parts, "members of "+group.Name)
		}
	}
	if m.VirtualNetwork {
		parts = append(parts, "the virtual network (tag VirtualNetwork)")
	}
	if m.Internet {
		parts = append(parts, "the internet (tag Internet)")
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return list(parts, 4)
}

// azureHost is the address of Azure's own services in every network.
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const azureHost = "168.63.129.16/32"

// prefixWords is a prefix, every address in words.
func prefixWords(p netip.Prefix) string {
	if p.Bits() == 0 && p.Addr().Is4() {
		return "any IPv4 address"
	}
	if p.Bits() == 0 {
		return "any IPv6 address"
	}
	return p.String()
}

// list joins texts, at most so many of them.
func list(texts []string, most int) string {
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

func (s *Subject) destinationText(route *topology.Route) string {
	to, known := route.To.Get()
	if !known {
		return "addresses that are not known yet"
	}
	var parts []string
	for _, p := range to {
		if name, ok := s.model.AtomName(p.Addr()); ok && p.Addr().Is4() && p.Bits() >= 24 {
			parts = append(parts, name)
			continue
		}
		parts = append(parts, prefixWords(p))
	}
	return list(parts, 3)
}

func (s *Subject) viaText(route *topology.Route) string {
	gw, known := route.Via.Get()
	switch {
	case !known:
		return "where to is not known yet"
	case gw == nil:
		return "nowhere"
	}
	switch gw.Kind {
	case topology.Local:
		return "stays in the network"
	case topology.Drop:
		return "dropped"
	case topology.ServiceGateway:
		return strings.TrimSpace(gw.Title() + " " + gw.Name)
	case topology.Outside:
		return "something that this graph does not hold"
	}
	return strings.TrimSpace(gw.Title() + " " + gw.Name)
}
