// Package packet has sets of packets: every combination of source, destination,
// protocol and ports that lies in one of several cubes. A cube is an interval
// in each of the five dimensions, so intersection and subtraction are exact and
// need no solver.
package packet

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The protocols whose packets have ports.
const (
	ICMP   uint8 = 1
	TCP    uint8 = 6
	UDP    uint8 = 17
	ICMPv6 uint8 = 58
	SCTP   uint8 = 132
)

// HasPorts reports whether packets of the protocol have ports.
func HasPorts(protocol uint8) bool { return protocol == TCP || protocol == UDP || protocol == SCTP }

// Packet is one packet. The ports of a protocol without ports are 0.
type Packet struct {
	Source, Destination         netip.Addr
	Protocol                    uint8
	SourcePort, DestinationPort uint16
}

// ProtocolName returns "tcp", "udp", "icmp", "icmpv6", "sctp" or "protocol 47".
func ProtocolName(protocol uint8) string {
	switch protocol {
	case ICMP:
		return "icmp"
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case ICMPv6:
		return "icmpv6"
	case SCTP:
		return "sctp"
	}
	return fmt.Sprintf("protocol %d", protocol)
}

// ParseProtocol reads what ProtocolName writes, or a number.
func ParseProtocol(text string) (protocol uint8, ok bool) {
	for _, known := range []uint8{ICMP, TCP, UDP, ICMPv6, SCTP} {
		if ProtocolName(known) == text {
			return known, true
		}
	}
	number, err := strconv.ParseUint(text, 10, 8)
	return uint8(number), err == nil
}

// ParsePorts reads "443" or "8000-8100".
func ParsePorts(text string) (Ports, bool) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	return Ports{uint16(a), uint16(b)}, errA == nil && errB == nil && a <= b
}

// MarshalJSON writes an object with "protocol", "source", "sourcePort",
// "destination" and "destinationPort"; the ports only where there are any.
func (p Packet) MarshalJSON() ([]byte, error) {
	object := struct {
		Protocol        string     `json:"protocol"`
		Source          netip.Addr `json:"source"`
		SourcePort      *uint16    `json:"sourcePort,omitempty"`
		Destination     netip.Addr `json:"destination"`
		DestinationPort *uint16    `json:"destinationPort,omitempty"`
	}{Protocol: ProtocolName(p.Protocol), Source: p.Source, Destination: p.Destination}
	if HasPorts(p.Protocol) {
		object.SourcePort, object.DestinationPort = &p.SourcePort, &p.DestinationPort
	}
	return json.Marshal(object)
}

// String returns "tcp 10.0.0.4:1024 → 10.0.1.4:443".
func (p Packet) String() string {
	name := ProtocolName(p.Protocol)
	if !HasPorts(p.Protocol) {
		return fmt.Sprintf("%s %s → %s", name, p.Source, p.Destination)
	}
	return fmt.Sprintf("%s %s → %s", name, netip.AddrPortFrom(p.Source, p.SourcePort),
		netip.AddrPortFrom(p.Destination, p.DestinationPort))
}

// Reply returns the packet that answers it.
func (p Packet) Reply() Packet {
	p.Source, p.Destination = p.Destination, p.Source
	p.SourcePort, p.DestinationPort = p.DestinationPort, p.SourcePort
	return p
}

// Address is an address as a number; IPv4 addresses lie in ::ffff:0:0/96.
type Address struct{ hi, lo uint64 }

// NewAddress returns the number of an address.
func NewAddress(addr netip.Addr) Address {
	b := addr.As16()
	return Address{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// Addr returns the address, IPv4 ones as such.
func (a Address) Addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).Unmap()
}

func (a Address) less(b Address) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a Address) next() Address {
	a.lo++
	if a.lo == 0 {
		a.hi++
	}
	return a
}

func (a Address) previous() Address {
	if a.lo == 0 {
		a.hi--
	}
	a.lo--
	return a
}

// Addresses is an interval of addresses, both ends included.
type Addresses struct{ First, Last Address }

// Every is every address, IPv4 and IPv6.
func Every() Addresses { return Addresses{Last: Address{^uint64(0), ^uint64(0)}} }

// EveryIPv4 is every IPv4 address.
func EveryIPv4() Addresses { return InPrefix(netip.PrefixFrom(netip.IPv4Unspecified(), 0)) }

// EveryIPv6 is every IPv6 address that can be sent from or to.
func EveryIPv6() Addresses { return InPrefix(netip.MustParsePrefix("2000::/3")) }

// InPrefix returns the addresses of a prefix; of one that is not valid, an
// interval that shares none with any other. Those of ::/0, or another
// IPv6 prefix around ::ffff:0:0/96, begin past the IPv4 addresses there.
func InPrefix(prefix netip.Prefix) Addresses {
	if !prefix.IsValid() {
		return Addresses{Address{0, 1}, Address{}}
	}
	first := NewAddress(prefix.Masked().Addr())
	bits := prefix.Bits()
	if prefix.Addr().Is4() {
		bits += 96
	}
	last := first
	switch {
	case bits == 0:
		last = Address{^uint64(0), ^uint64(0)}
	case bits <= 64:
		last.hi |= ^uint64(0) >> bits
		if bits == 64 {
			last.hi = first.hi
		}
		last.lo = ^uint64(0)
	case bits < 128:
		last.lo |= ^uint64(0) >> (bits - 64)
	}
	if past := (Address{0, 1 << 48}); !prefix.Addr().Is4() && first == (Address{}) && !last.less(past) {
		first = past
	}
	return Addresses{first, last}
}

// Only is one address.
func Only(addr netip.Addr) Addresses {
	a := NewAddress(addr)
	return Addresses{a, a}
}

// Contains reports whether b lies in a.
func (a Addresses) Contains(b Addresses) bool { return !b.First.less(a.First) && !a.Last.less(b.Last) }

// Intersect returns what a and b share; ok is false when that is nothing.
func (a Addresses) Intersect(b Addresses) (both Addresses, ok bool) {
	both = a
	if both.First.less(b.First) {
		both.First = b.First
	}
	if b.Last.less(both.Last) {
		both.Last = b.Last
	}
	return both, !both.Last.less(both.First)
}

// Ports is an interval of ports, both ends included.
type Ports struct{ First, Last uint16 }

// EveryPort is every port.
func EveryPort() Ports { return Ports{0, 65535} }

// Ephemeral are the ports that clients and NAT gateways send from.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
func Ephemeral() Ports { return Ports{1024, 65535} }

// Protocols is an interval of protocol numbers, both ends included.
type Protocols struct{ First, Last uint8 }

// EveryProtocol is every protocol.
func EveryProtocol() Protocols { return Protocols{0, 255} }

// Cube is the packets that lie in all five intervals. The ports of protocols
// without ports are taken for every port.
type Cube struct {
	Source, Destination           Addresses
	Protocols                     Protocols
	SourcePorts, DestinationPorts Ports
}

// Everything is every packet.
func Everything() Cube {
	return Cube{Every(), Every(), EveryProtocol(), EveryPort(), EveryPort()}
}

type integer interface{ ~uint8 | ~uint16 }

func overlap[T integer](aFirst, aLast, bFirst, bLast T) (first, last T, ok bool) {
	first, last = max(aFirst, bFirst), min(aLast, bLast)
	return first, last, first <= last
}

// Intersect returns the packets in both cubes; ok is false when there are none.
func (c *Cube) Intersect(d *Cube) (both Cube, ok bool) {
	if both.Protocols.First, both.Protocols.Last, ok = overlap(c.Protocols.First, c.Protocols.Last, d.Protocols.First, d.Protocols.Last); !ok {
		return Cube{}, false
	}
	if both.DestinationPorts.First, both.DestinationPorts.Last, ok = overlap(c.DestinationPorts.First, c.DestinationPorts.Last, d.DestinationPorts.First, d.DestinationPorts.Last); !ok {
		return Cube{}, false
	}
	if both.SourcePorts.First, both.SourcePorts.Last, ok = overlap(c.SourcePorts.First, c.SourcePorts.Last, d.SourcePorts.First, d.SourcePorts.Last); !ok {
		return Cube{}, false
	}
	if both.Source, ok = c.Source.Intersect(d.Source); !ok {
		return Cube{}, false
	}
	if both.Destination, ok = c.Destination.Intersect(d.Destination); !ok {
		return Cube{}, false
	}
	return both, true
}

// Contains reports whether every packet of d is in c.
func (c *Cube) Contains(d *Cube) bool {
	return c.Protocols.First <= d.Protocols.First && d.Protocols.Last <= c.Protocols.Last &&
		c.DestinationPorts.First <= d.DestinationPorts.First && d.DestinationPorts.Last <= c.DestinationPorts.Last &&
		c.SourcePorts.First <= d.SourcePorts.First && d.SourcePorts.Last <= c.SourcePorts.Last &&
		c.Source.Contains(d.Source) && c.Destination.Contains(d.Destination)
}

// Subtract appends to rest the packets of c that are not in d, as cubes that
// share none.
func (c *Cube) Subtract(d *Cube, rest Set) Set {
	both, ok := c.Intersect(d)
	if !ok {
		return append(rest, *c)
	}
	left := *c
	if left.Source.First.less(both.Source.First) {
		part := left
		part.Source.Last = both.Source.First.previous()
		rest = append(rest, part)
	}
	if both.Source.Last.less(left.Source.Last) {
		part := left
		part.Source.First = both.Source.Last.next()
		rest = append(rest, part)
	}
	left.Source = both.Source
	if left.Destination.First.less(both.Destination.First) {
		part := left
		part.Destination.Last = both.Destination.First.previous()
		rest = append(rest, part)
	}
	if both.Destination.Last.less(left.Destination.Last) {
		part := left
		part.Destination.First = both.Destination.Last.next()
		rest = append(rest, part)
	}
	left.Destination = both.Destination
	if left.Protocols.First < both.Protocols.First {
		part := left
		part.Protocols.Last = both.Protocols.First - 1
		rest = append(rest, part)
	}
	if both.Protocols.Last < left.Protocols.Last {
		part := left
		part.Protocols.First = both.Protocols.Last + 1
		rest = append(rest, part)
	}
	left.Protocols = both.Protocols
	if left.SourcePorts.First < both.SourcePorts.First {
		part := left
		part.SourcePorts.Last = both.SourcePorts.First - 1
		rest = append(rest, part)
	}
	if both.SourcePorts.Last < left.SourcePorts.Last {
		part := left
		part.SourcePorts.First = both.SourcePorts.Last + 1
		rest = append(rest, part)
	}
	left.SourcePorts = both.SourcePorts
	if left.DestinationPorts.First < both.DestinationPorts.First {
		part := left
		part.DestinationPorts.Last = both.DestinationPorts.First - 1
		rest = append(rest, part)
	}
	if both.DestinationPorts.Last < left.DestinationPorts.Last {
		part := left
		part.DestinationPorts.First = both.DestinationPorts.Last + 1
		rest = append(rest, part)
	}
	return rest
}

// Reply returns the packets that answer those of c.
func (c Cube) Reply() Cube {
	c.Source, c.Destination = c.Destination, c.Source
	c.SourcePorts, c.DestinationPorts = c.DestinationPorts, c.SourcePorts
	return c
}

// First returns the packet of the cube with the lowest addresses and ports.
func (c *Cube) First() Packet {
	p := Packet{
		Source: c.Source.First.Addr(), Destination: c.Destination.First.Addr(), Protocol: c.Protocols.First,
		SourcePort: c.SourcePorts.First, DestinationPort: c.DestinationPorts.First,
	}
	if !HasPorts(p.Protocol) {
		p.SourcePort, p.DestinationPort = 0, 0
	}
	return p
}

// Exactly returns the cube of one packet.
func Exactly(p Packet) Cube {
	c := Cube{
		Source: Only(p.Source), Destination: Only(p.Destination), Protocols: Protocols{p.Protocol, p.Protocol},
		SourcePorts: Ports{p.SourcePort, p.SourcePort}, DestinationPorts: Ports{p.DestinationPort, p.DestinationPort},
	}
	if !HasPorts(p.Protocol) {
		c.SourcePorts, c.DestinationPorts = EveryPort(), EveryPort()
	}
	return c
}

// Set is the packets in any of the cubes. The cubes may share packets; nil is
// the empty set.
type Set []Cube

// Has reports whether the packet is in the set.
func (s Set) Has(p Packet) bool {
	one := Exactly(p)
	return slices.ContainsFunc(s, func(c Cube) bool { return c.Contains(&one) })
}

// Overlaps reports whether some packet of the cube is in the set.
func (s Set) Overlaps(c *Cube) bool {
	for i := range s {
		if _, ok := s[i].Intersect(c); ok {
			return true
		}
	}
	return false
}

// Intersect returns the packets in both sets.
func (s Set) Intersect(t Set) Set {
	var both Set
	for i := range s {
		for j := range t {
			if cube, ok := s[i].Intersect(&t[j]); ok {
				both = append(both, cube)
			}
		}
	}
	return both
}

// Subtract returns the packets of s that are not in t.
func (s Set) Subtract(t Set) Set {
	rest := slices.Clone(s)
	for i := range t {
		if len(rest) == 0 {
			return nil
		}
		var next Set
		for j := range rest {
			next = rest[j].Subtract(&t[i], next)
		}
		rest = next
	}
	return rest
}

// Contains reports whether every packet of t is in s.
func (s Set) Contains(t Set) bool { return len(t.Subtract(s)) == 0 }

// Reply returns the packets that answer those of s.
func (s Set) Reply() Set {
	replies := make(Set, len(s))
	for i := range s {
		replies[i] = s[i].Reply()
	}
	return replies
}

// Compact returns the set without the cubes that lie within another one.
func (s Set) Compact() Set {
	var kept Set
	for i := range s {
		within := func(j int) bool {
			return i != j && s[j].Contains(&s[i]) && (s[i] != s[j] || j < i)
		}
		covered := false
		for j := range s {
			covered = covered || within(j)
		}
		if !covered {
			kept = append(kept, s[i])
		}
	}
	return kept
}
