package addressing

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/underlay-iac/underlay/problem"
)

// reservedPerSubnet is how many addresses AWS keeps in every subnet, and Azure
// too: the first four and the last.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html,
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
const reservedPerSubnet = 5

// example is the network shown where the value written gives no better one.
const example = "10.21.0.0/16"

// Parse reads s as an IPv4 network in canonical CIDR form: four decimal
// numbers without leading zeros, a slash, a prefix length, and no host bits.
// AWS would silently mask host bits, and the deployed network would not be the
// one that was written. The error is a *problem.Problem with s as its value.
func Parse(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, explain(s)
	}
	if bad := checkCanonical(p); bad != nil {
		bad.Value = s
		return netip.Prefix{}, bad
	}
	return p, nil
}

// checkCanonical says why p is no canonical IPv4 network; nil when it is one.
func checkCanonical(p netip.Prefix) *problem.Problem {
	switch addr := p.Addr(); {
	case !p.IsValid():
		return problem.New(p.String(), "is not an IPv4 network", "write a network such as "+example)
	case addr.Is4In6() && p.Bits() >= 96:
		plain := netip.PrefixFrom(addr.Unmap(), p.Bits()-96).Masked()
		return problem.New(p.String(), "is an IPv4 network in IPv6 notation", "write "+plain.String())
	case !addr.Is4():
		return problem.New(p.String(), "is an IPv6 network", "write an IPv4 network such as "+example)
	case p != p.Masked():
		return problem.New(p.String(), "has host bits set", "the network is "+p.Masked().String())
	}
	return nil
}

// explain says why s, which is no CIDR, is none.
func explain(s string) *problem.Problem {
	if s == "" {
		return problem.New(s, "is empty", "write an IPv4 network such as "+example)
	}
	if trimmed := strings.TrimSpace(s); trimmed != s {
		return problem.New(s, "has spaces around it", suggest(trimmed))
	}
	host, length, hasLength := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return explainAddress(s, host, length)
	}
	if !hasLength {
		if !addr.Is4() {
			return problem.New(s, "is an IPv6 address", "write an IPv4 network such as "+example)
		}
		return problem.New(s, "has no prefix length", "write "+natural(addr).String())
	}
	if !addr.Is4() {
		return problem.New(s, "is an IPv6 network", "write an IPv4 network such as "+example)
	}
	if mask, err := netip.ParseAddr(length); err == nil && mask.Is4() {
		if bits, ok := maskBits(mask); ok {
			return problem.New(s, "has a netmask in place of a prefix length", "write "+netip.PrefixFrom(addr, bits).Masked().String())
		}
	}
	if !isDigits(length) {
		return problem.New(s, "has no number after the slash", "write "+natural(addr).String())
	}
	bits, err := strconv.Atoi(length)
	if err != nil || bits > 32 {
		return problem.New(s, "has a prefix length above 32", "write "+natural(addr).String())
	}
	return problem.New(s, "has a leading zero in its prefix length", "write "+netip.PrefixFrom(addr, bits).Masked().String())
}

// explainAddress says why host, the part of s before the slash, is no address.
func explainAddress(s, host, length string) *problem.Problem {
	notCidr := problem.New(s, "is not an IPv4 network", "write a network such as "+example)
	parts := strings.Split(host, ".")
	for i, part := range parts {
		if !isDigits(part) {
			return notCidr
		}
		n, err := strconv.Atoi(part)
		if err != nil || n > 255 {
			return problem.New(s, "has a number above 255 in its address", "write a network such as "+example)
		}
		parts[i] = strconv.Itoa(n)
	}
	if len(parts) > 4 {
		return notCidr
	}
	rule := "has leading zeros in its address"
	if len(parts) < 4 {
		rule = fmt.Sprintf("has %d of the 4 numbers of an address", len(parts))
	}
	for len(parts) < 4 {
		parts = append(parts, "0")
	}
	// Some programs read leading zeros as octal, so the value is refused
	// although the decimal reading is offered.
	decimal := strings.Join(parts, ".")
	if length != "" {
		decimal += "/" + length
	}
	return problem.New(s, rule, suggest(decimal))
}

// suggest returns the way out for a value whose nearest reading is s: s itself
// when it is canonical, what Parse would say of it otherwise.
func suggest(s string) string {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return explain(s).Fix
	}
	if !p.Addr().Is4() {
		return "write an IPv4 network such as " + example
	}
	return "write " + p.Masked().String()
}

// natural returns the largest block that starts at addr and that a VPC may
// have, which is what someone who left the length out most likely means.
func natural(addr netip.Addr) netip.Prefix {
	for bits := largestVpcBlock; bits < 32; bits++ {
		if p := netip.PrefixFrom(addr, bits); p == p.Masked() {
			return p
		}
	}
	return netip.PrefixFrom(addr, 32)
}

// maskBits returns the prefix length of a netmask such as 255.255.0.0.
func maskBits(mask netip.Addr) (int, bool) {
	m := number(mask)
	ones := bits.LeadingZeros32(^m)
	return ones, m<<ones == 0
}

// number returns an IPv4 address as a number.
func number(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Block returns p[bits,index]: the block number index, counted from 0, of the
// /bits blocks that p is cut into. It fails when p is no canonical IPv4
// network or has no such block.
func Block(p netip.Prefix, bits, index int) (netip.Prefix, error) {
	if bad := checkCanonical(p); bad != nil {
		return netip.Prefix{}, bad
	}
	if bits < p.Bits() || bits > 32 {
		return netip.Prefix{}, problem.New(p.String(), fmt.Sprintf("has no /%d blocks", bits),
			fmt.Sprintf("use a length from %d to 32", p.Bits()))
	}
	last := int64(1)<<(bits-p.Bits()) - 1
	if index < 0 || int64(index) > last {
		return netip.Prefix{}, problem.New(p.String(), fmt.Sprintf("has no /%d block number %d", bits, index),
			fmt.Sprintf("its blocks are numbered 0 to %d", last))
	}
	start := number(p.Addr()) + uint32(index)<<(32-bits)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], start)
	return netip.PrefixFrom(netip.AddrFrom4(b), bits), nil
}

// Usable returns how many addresses of a subnet p can be given to something:
// all but the 5 that AWS or Azure keeps, and never below 0. It is 0 when p is
// no IPv4 network.
func Usable(p netip.Prefix) int {
	if !p.IsValid() || !p.Addr().Is4() {
		return 0
	}
	all := int64(1) << (32 - p.Bits())
	return int(min(max(0, all-reservedPerSubnet), math.MaxInt))
}

// Named is a block and the configuration path it was written at.
type Named struct {
	Path   string
	Prefix netip.Prefix
}

// Overlaps returns one problem for every two blocks that share an address,
// placed at the path of the one that comes later. Zero prefixes are passed
// over: they are blocks that were not given, or that were refused before.
func Overlaps(blocks []Named) problem.List {
	var list problem.List
	for i, later := range blocks {
		for _, earlier := range blocks[:i] {
			if later.Prefix.Overlaps(earlier.Prefix) {
				list.Addf(later.Path, later.Prefix.String(), "use a block outside "+earlier.Prefix.String(),
					"overlaps %s (%s)", earlier.Prefix, earlier.Path)
			}
		}
	}
	return list
}

// Free returns what used leaves of parent, in the fewest prefixes possible and
// in address order. Parts of used outside parent do not matter; zero prefixes
// are passed over.
func Free(parent netip.Prefix, used []netip.Prefix) []netip.Prefix {
	if !parent.IsValid() {
		return nil
	}
	var b netipx.IPSetBuilder
	b.AddPrefix(parent.Masked())
	for _, p := range used {
		if p.IsValid() {
			b.RemovePrefix(p.Masked())
		}
	}
	set, err := b.IPSet()
	if err != nil { // only an invalid prefix is an error, and none was added
		return nil
	}
	return set.Prefixes()
}
