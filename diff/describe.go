package diff

import (
	"fmt"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// part is packets with the same traffic.
type part struct {
	set     packet.Set
	traffic string // "every port", "tcp 443"
	address string // of the end outside; empty when it is all of it
}

// describe says what a set of packets is, a part for each combination of
// addresses and traffic.
func describe(set packet.Set, c *cell, names []Known) []part {
	if len(set) == 0 {
		return nil
	}
	far := func(cube packet.Cube) packet.Addresses {
		if c.from.kind == outside {
			return cube.Source
		}
		return cube.Destination
	}
	// Cubes of the same addresses, then addresses of the same traffic.
	var ranges []packet.Addresses
	byRange := map[packet.Addresses]packet.Set{}
	for _, cube := range set {
		at := far(cube)
		if byRange[at] == nil {
			ranges = append(ranges, at)
		}
		byRange[at] = append(byRange[at], cube)
	}
	var parts []part
	addresses := map[string][]packet.Addresses{}
	for _, at := range ranges {
		text := traffic(byRange[at])
		if addresses[text] == nil {
			parts = append(parts, part{traffic: text})
		}
		i := slices.IndexFunc(parts, func(p part) bool { return p.traffic == text })
		parts[i].set = append(parts[i].set, byRange[at]...)
		addresses[text] = append(addresses[text], at)
	}
	for i := range parts {
		if c.from.kind == outside {
			parts[i].address = place(addresses[parts[i].traffic], c.from, names)
		} else if c.to.kind == outside {
			parts[i].address = place(addresses[parts[i].traffic], c.to, names)
		}
	}
	return parts
}

// everyPort is traffic of every kind.
const everyPort = "every port"

// traffic says the protocols and ports of packets.
func traffic(set packet.Set) string {
	var texts []string
	whole := true
	for _, protocol := range []uint8{packet.TCP, packet.UDP, packet.SCTP, packet.ICMP, packet.ICMPv6, 255} {
		var ports []packet.Ports
		for _, cube := range set {
			if cube.Protocols.First <= protocol && protocol <= cube.Protocols.Last {
				ports = append(ports, cube.DestinationPorts)
			}
		}
		ports = merged(ports)
		name := packet.ProtocolName(protocol)
		if protocol == 255 {
			name = "other protocols"
		}
		switch {
		case len(ports) == 0:
			whole = false
		case slices.Equal(ports, []packet.Ports{packet.EveryPort()}) || !packet.HasPorts(protocol):
			if packet.HasPorts(protocol) {
				name = "every " + name + " port"
			}
			texts = append(texts, name)
		default:
			whole = false
			for _, p := range ports {
				if p.First == p.Last {
					texts = append(texts, fmt.Sprintf("%s %d", name, p.First))
				} else {
					texts = append(texts, fmt.Sprintf("%s %d–%d", name, p.First, p.Last))
				}
			}
		}
	}
	if whole {
		return everyPort
	}
	text := strings.Join(texts, ", ")
	return strings.Replace(text, "every tcp port, every udp port", "every tcp and udp port", 1)
}

// merged joins intervals that touch.
func merged(ports []packet.Ports) []packet.Ports {
	slices.SortFunc(ports, func(a, b packet.Ports) int { return int(a.First) - int(b.First) })
	var joined []packet.Ports
	for _, p := range ports {
		if n := len(joined); n > 0 && int(p.First) <= int(joined[n-1].Last)+1 {
			joined[n-1].Last = max(joined[n-1].Last, p.Last)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

// place says which addresses of a site outside they are; empty when it is all of
// its IPv4 or IPv6 addresses.
func place(addresses []packet.Addresses, at *site, names []Known) string {
	var whole netipx.IPSetBuilder
	for _, a := range addresses {
		whole.AddRange(netipx.IPRangeFrom(a.First.Addr(), a.Last.Addr()))
	}
	set, err := whole.IPSet()
	if err != nil {
		return ""
	}
	var site netipx.IPSetBuilder
	for _, a := range at.end.Addresses {
		if a.First.Addr().Is4() {
			site.AddRange(netipx.IPRangeFrom(a.First.Addr(), a.Last.Addr()))
		}
	}
	site.RemoveSet(set)
	if rest, err := site.IPSet(); err == nil && len(rest.Ranges()) == 0 {
		return ""
	}
	prefixes := set.Prefixes()
	var texts []string
	for i, p := range prefixes {
		if i == 4 {
			texts = append(texts, fmt.Sprintf("%d more blocks", len(prefixes)-i))
			break
		}
		text := p.String()
		if p.Addr().Is6() && p.Bits() == 3 {
			text = "the internet over IPv6"
		}
		for _, known := range names {
			if known.Prefix == p {
				text = fmt.Sprintf("%s (%s)", known.Name, p)
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// offer is a principal that may connect to an endpoint service.
type offer struct{ principal, service, ports string }

// offers are those of a side, in the graph's order.
func (s *survey) offers() []offer {
	var all []offer
	for _, service := range s.model.Services {
		principals, known := service.AllowedPrincipals.Get()
		if !known {
			principals = []string{"a principal that is not known yet"}
		}
		var set packet.Set
		for _, v := range service.Balancers {
			if b, ok := v.Get(); ok && b != nil {
				set = append(set, listening(b)...)
			}
		}
		name := "the endpoint service " + resourceName(service.Ref.URN, service.Name)
		for _, principal := range principals {
			all = append(all, offer{principal, name, traffic(set)})
		}
	}
	return all
}

// compareOffers says who may connect to endpoint services, which are entered
// from other accounts.
func compareOffers(a, b *survey) []PathChange {
	var changes []PathChange
	before, after := a.offers(), b.offers()
	add := func(change string, offers, other []offer) {
		for _, o := range offers {
			if !slices.Contains(other, o) {
				changes = append(changes, PathChange{
					Change: change, Certain: true, From: []string{o.principal}, To: []string{o.service}, Traffic: o.ports, Unknowns: []topology.Ref{},
				})
			}
		}
	}
	add(Gained, after, before)
	add(Lost, before, after)
	return changes
}
