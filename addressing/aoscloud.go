package addressing

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// AosTier is a kind of subnet of an AosCloud VPC.
type AosTier string

const (
	AosPublic      AosTier = "eks-public"  // NAT gateway and internet-facing load balancers
	AosPrivate     AosTier = "eks-private" // the cluster's nodes, pods and internal load balancers
	AosEndpoints   AosTier = "endpoints"   // interface endpoints
	AosAurora      AosTier = "aurora"      // Aurora PostgreSQL
	AosDocumentDB  AosTier = "documentdb"  // DocumentDB
	AosElastiCache AosTier = "elasticache" // ElastiCache Redis
)

// AosTiers returns every tier in the order they are drawn and listed.
func AosTiers() []AosTier {
	return []AosTier{AosPublic, AosPrivate, AosEndpoints, AosAurora, AosDocumentDB, AosElastiCache}
}

// AosSlots is how many zone slots an AosCloud VPC has.
const AosSlots = 3

// AosCloud is the address plan of an AosCloud VPC, drawn in the package
// comment. Source: "AosCloud Networking Prerequisites" v1.1, sections "Subnet
// Layout" and "CIDR Planning Guidance".
type AosCloud struct {
	// Base is the VPC's block: exactly a /16, in one of the RFC 1918 ranges.
	Base netip.Prefix
}

// aosBlocks are the blocks that hold a tier's subnets: P[container,index], cut
// into /subnet blocks from number first on.
var aosBlocks = map[AosTier]struct{ container, index, subnet, first int }{
	// The document gives the first /18 for both EKS tiers. How it is divided
	// is this plan's own choice: three /20, and a /22 each in the last /20.
	AosPrivate: {container: 18, index: 0, subnet: 20, first: 0},
	AosPublic:  {container: 18, index: 0, subnet: 22, first: 12},
	// The document has one endpoints subnet, .100.0/24; further zones follow it.
	AosEndpoints:   {container: 16, index: 0, subnet: 24, first: 100},
	AosAurora:      {container: 26, index: 1015, subnet: 28, first: 0},
	AosDocumentDB:  {container: 26, index: 1022, subnet: 28, first: 0},
	AosElastiCache: {container: 26, index: 1021, subnet: 28, first: 0},
}

// Check says why Base cannot be the block of an AosCloud VPC; the error is a
// *problem.Problem.
func (a AosCloud) Check() error {
	if !a.Base.IsValid() {
		return problem.New("", "is missing", "write a /16 such as 10.231.0.0/16")
	}
	if bad := checkCanonical(a.Base); bad != nil {
		return bad
	}
	if a.Base.Bits() != 16 {
		return problem.New(a.Base.String(), "is not a /16: AosCloud's subnets are calculated for a whole /16",
			"the nearest is "+netip.PrefixFrom(a.Base.Addr(), 16).Masked().String())
	}
	if !private(a.Base).IsValid() {
		return problem.New(a.Base.String(), "is outside the private ranges of RFC 1918",
			"use a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
	}
	return nil
}

// Staging returns the plan of the staging environment beside this one: the
// second octet is one higher. It fails where Check does, and where that block
// lies outside the private range: for 10.255, 172.31 and 192.168.
func (a AosCloud) Staging() (AosCloud, error) {
	if err := a.Check(); err != nil {
		return AosCloud{}, err
	}
	var octets [4]byte
	binary.BigEndian.PutUint32(octets[:], number(a.Base.Addr())+1<<16)
	next := AosCloud{Base: netip.PrefixFrom(netip.AddrFrom4(octets), 16)}
	if home := private(a.Base); !home.Contains(next.Base.Addr()) {
		return AosCloud{}, problem.New(a.Base.String(),
			fmt.Sprintf("has no staging block: %s is outside %s", next.Base, home),
			"use 10.0.0.0/16 to 10.254.0.0/16, or 172.16.0.0/16 to 172.30.0.0/16")
	}
	return next, nil
}

// Subnet returns the block of tier t in the zone of the given slot, 0 to 2. For
// the endpoints tier a slot is a position among the zones that have an endpoint
// subnet, not among all zones: the first of them, whichever it is, has the block
// that the document names. It fails when there is no such slot or tier, or
// where Check does.
func (a AosCloud) Subnet(t AosTier, slot int) (netip.Prefix, error) {
	if err := a.Check(); err != nil {
		return netip.Prefix{}, err
	}
	if slot < 0 || slot >= AosSlots {
		return netip.Prefix{}, problem.New(strconv.Itoa(slot), "is not a zone slot", fmt.Sprintf("the slots are 0 to %d", AosSlots-1))
	}
	block, ok := aosBlocks[t]
	if !ok {
		var names []string
		for _, tier := range AosTiers() {
			names = append(names, string(tier))
		}
		return netip.Prefix{}, problem.New(string(t), "is not a tier", "the tiers are "+strings.Join(names, ", "))
	}
	container, err := Block(a.Base, block.container, block.index)
	if err != nil {
		return netip.Prefix{}, err
	}
	return Block(container, block.subnet, block.first+slot)
}
