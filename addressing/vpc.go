package addressing

import (
	"fmt"
	"net/netip"

	"github.com/underlay-iac/underlay/problem"
)

// The sizes that AWS allows a block of a VPC.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
const (
	largestVpcBlock  = 16
	smallestVpcBlock = 28
)

// The ranges that AWS's rules speak of.
var (
	net10      = netip.MustParsePrefix("10.0.0.0/8")
	net10Low   = netip.MustParsePrefix("10.0.0.0/15")
	net10First = netip.MustParsePrefix("10.0.0.0/16")
	net172     = netip.MustParsePrefix("172.16.0.0/12")
	netDocker  = netip.MustParsePrefix("172.17.0.0/16")
	net172Last = netip.MustParsePrefix("172.31.0.0/16")
	net192     = netip.MustParsePrefix("192.168.0.0/16")
	net198     = netip.MustParsePrefix("198.19.0.0/16")

	unusable = []struct {
		prefix netip.Prefix
		why    string
	}{
		{netip.MustParsePrefix("0.0.0.0/8"), "AWS refuses 0.0.0.0/8 for a VPC"},
		{netip.MustParsePrefix("127.0.0.0/8"), "AWS refuses 127.0.0.0/8, the loopback range, for a VPC"},
		{netip.MustParsePrefix("169.254.0.0/16"), "AWS refuses 169.254.0.0/16, the link-local range, for a VPC"},
		{netip.MustParsePrefix("224.0.0.0/4"), "AWS refuses 224.0.0.0/4, the multicast range, for a VPC"},
	}
)

const (
	usePrivate = "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
	useShared  = "use a block of 100.64.0.0/10, /16 or smaller"
)

// CheckVpc says why p cannot be the block that a VPC is created with: it must
// be a canonical IPv4 network of /16 to /28, outside 0.0.0.0/8, 127.0.0.0/8,
// 169.254.0.0/16 and 224.0.0.0/4. Blocks outside RFC 1918 are allowed, as in
// AWS.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
func CheckVpc(p netip.Prefix) error {
	if bad := checkCanonical(p); bad != nil {
		return bad
	}
	if err := checkRange(p, usePrivate); err != nil {
		return err
	}
	return checkSize(p)
}

// checkRange says that p lies in a range no block of a VPC may lie in; fix is
// the way out.
func checkRange(p netip.Prefix, fix string) error {
	for _, u := range unusable {
		if p.Overlaps(u.prefix) {
			return problem.New(p.String(), u.why, fix)
		}
	}
	return nil
}

// checkSize says that p is no size for a block of a VPC, and offers the nearest block
// that is.
func checkSize(p netip.Prefix) error {
	switch {
	case p.Bits() < largestVpcBlock:
		return problem.New(p.String(), fmt.Sprintf("is larger than /%d, the largest block AWS allows a VPC", largestVpcBlock),
			"the nearest is "+netip.PrefixFrom(p.Addr(), largestVpcBlock).String())
	case p.Bits() > smallestVpcBlock:
		return problem.New(p.String(), fmt.Sprintf("is smaller than /%d, the smallest block AWS allows a VPC", smallestVpcBlock),
			"the nearest is "+netip.PrefixFrom(p.Addr(), smallestVpcBlock).Masked().String())
	}
	return nil
}

// Warn returns what may be wrong with a VPC's block that AWS takes, a sentence;
// empty when nothing is. Docker, and AWS services built on it such as AWS Cloud9
// and Amazon SageMaker AI, have networks of their own in 172.17.0.0/16.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
func Warn(block netip.Prefix) string {
	if !block.Overlaps(netDocker) {
		return ""
	}
	return fmt.Sprintf("%s overlaps %s, which Docker and the AWS services built on it use inside: they may not reach the VPC's addresses there; "+
		"use another block", block, netDocker)
}

// CheckAssociation says why the block add cannot join the VPC that has the
// blocks vpc, the one it was created with first. It is AWS's table of CIDR
// block association restrictions:
//
//	the VPC was created in      add may not be in
//	10.0.0.0/8                  172.16.0.0/12, 192.168.0.0/16, 198.19.0.0/16,
//	                            and 10.0.0.0/16 once any block is in 10.0.0.0/15
//	172.16.0.0/12               10.0.0.0/8, 192.168.0.0/16, 172.31.0.0/16, 198.19.0.0/16
//	192.168.0.0/16              10.0.0.0/8, 172.16.0.0/12, 198.19.0.0/16
//	198.19.0.0/16               10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16
//	100.64.0.0/10 or public     10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 198.19.0.0/16
//
// The size is /16 to /28, the ranges CheckVpc refuses are refused, add may not
// overlap a block of the VPC, and with add the VPC may not have more than
// maxCidrs blocks, AWS's quota "IPv4 CIDR blocks per VPC". A maxCidrs of 0 or
// less counts nothing. Whether a route of the VPC forbids the block is not
// known here.
//
// With no vpc blocks only add itself is checked. The error is a problem.List
// with everything that is wrong.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
func CheckAssociation(vpc []netip.Prefix, add netip.Prefix, maxCidrs int) error {
	if bad := checkCanonical(add); bad != nil {
		return bad
	}
	var list problem.List
	list.Add("", checkRange(add, useShared))
	list.Add("", checkSize(add))
	list.Add("", checkJoin(vpc, add))
	if count := len(vpc) + 1; maxCidrs > 0 && count > maxCidrs {
		list.Addf("", add.String(), "have the quota raised, or use fewer blocks",
			"would be block %d of the VPC; the quota is %d", count, maxCidrs)
	}
	return list.Err()
}

// checkJoin applies the table of CheckAssociation and the rule that blocks
// must not overlap. A block that overlaps is not held against the table too.
func checkJoin(vpc []netip.Prefix, add netip.Prefix) error {
	for _, block := range vpc {
		if add.Overlaps(block) {
			return problem.New(add.String(), fmt.Sprintf("overlaps the VPC's block %s", block), "use a block outside "+block.String())
		}
	}
	if len(vpc) == 0 {
		return nil
	}
	if rule, fix := restriction(vpc, add); rule != "" {
		return problem.New(add.String(), rule, fix)
	}
	return nil
}

// restriction returns the rule of AWS's table that keeps add out of the VPC,
// and the way out; empty when nothing does.
func restriction(vpc []netip.Prefix, add netip.Prefix) (rule, fix string) {
	home := private(vpc[0])
	joins := private(add)
	switch {
	case add.Overlaps(net198) && home.IsValid():
		return "AWS never lets 198.19.0.0/16 join an RFC 1918 VPC", useShared
	case add.Overlaps(net198) && !vpc[0].Overlaps(net198):
		return "AWS never lets 198.19.0.0/16 join a VPC created outside it", useShared
	case joins.IsValid() && !home.IsValid():
		return fmt.Sprintf("AWS lets no RFC 1918 block join a VPC created with %s", vpc[0]),
			"create the VPC with the RFC 1918 block, or " + useShared
	case joins.IsValid() && joins != home:
		return fmt.Sprintf("AWS lets no block of %s join a VPC created in %s", joins, home),
			fmt.Sprintf("use a block of %s, or of 100.64.0.0/10", home)
	case home == net10 && add.Overlaps(net10First) && anyOverlaps(vpc, net10Low):
		return "AWS lets no block of 10.0.0.0/16 join a VPC that has one in 10.0.0.0/15",
			"use a block of 10.1.0.0/16 to 10.255.0.0/16, or of 100.64.0.0/10"
	case home == net172 && add.Overlaps(net172Last):
		return "AWS lets no block of 172.31.0.0/16 join a VPC created in 172.16.0.0/12",
			"use a block of 172.16.0.0/16 to 172.30.0.0/16, or of 100.64.0.0/10"
	}
	return "", ""
}

// private returns the RFC 1918 range that p lies in, or the zero Prefix.
func private(p netip.Prefix) netip.Prefix {
	for _, r := range []netip.Prefix{net10, net172, net192} {
		if p.Overlaps(r) {
			return r
		}
	}
	return netip.Prefix{}
}

func anyOverlaps(blocks []netip.Prefix, r netip.Prefix) bool {
	for _, b := range blocks {
		if b.Overlaps(r) {
			return true
		}
	}
	return false
}
