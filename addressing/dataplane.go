package addressing

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/underlay-iac/underlay/problem"
)

// Tier is a kind of subnet of a data plane; each has one subnet a zone.
type Tier string

const (
	Public    Tier = "public"    // NAT gateways and internet-facing load balancers
	Nodes     Tier = "nodes"     // the cluster's instances and internal load balancers
	Endpoints Tier = "endpoints" // interface endpoints
	Pods      Tier = "pods"      // pod addresses, from the pod CIDR
)

// Tiers returns every tier in the order they are drawn and listed: public,
// nodes, endpoints, pods.
func Tiers() []Tier {
	return []Tier{Public, Nodes, Endpoints, Pods}
}

const (
	// podBlock and podSubnet are prefix lengths. AWS allows no block above a
	// /16, and 3 slots of a /18 need one.
	podBlock  = 16
	podSubnet = 18
)

// DataPlane is the address plan of a data plane, drawn in the package comment.
type DataPlane struct {
	// Vpc is the block the VPC is created with: /16 to /22 with 3 slots, /16
	// to /21 with 4, so that a node subnet has at least a /24.
	Vpc netip.Prefix
	// Pods is the second block of the VPC, exactly a /16. The zero Prefix
	// means that there is no pod tier.
	Pods netip.Prefix
	// Slots is how many zones the plan has room for: 3 or 4. It says nothing
	// of how many are in use, and must never change once deployed.
	Slots int
}

// Check returns everything that is wrong with the plan, at the paths
// "vpcCidr", "podCidr" and "zoneSlots". Whether AWS lets Pods join the VPC is
// for CheckAssociation to say: it depends on every block the VPC has.
func (d DataPlane) Check() problem.List {
	var list problem.List
	list.Add("vpcCidr", d.checkVpc())
	list.Add("podCidr", d.checkPods())
	list.Add("zoneSlots", d.checkSlots())
	return list
}

func (d DataPlane) checkSlots() error {
	if d.Slots == 3 || d.Slots == 4 {
		return nil
	}
	nearest := min(max(d.Slots, 3), 4)
	return problem.New(strconv.Itoa(d.Slots), "a data plane has 3 or 4 zone slots", fmt.Sprintf("the nearest is %d", nearest))
}

func (d DataPlane) checkVpc() error {
	if !d.Vpc.IsValid() {
		return problem.New("", "is missing", "write a network such as "+example)
	}
	if err := CheckVpc(d.Vpc); err != nil {
		return err
	}
	slots, smallest := 3, 22
	if d.Slots == 4 {
		slots, smallest = 4, 21
	}
	if d.Vpc.Bits() > smallest {
		return problem.New(d.Vpc.String(),
			fmt.Sprintf("is smaller than /%d: %d zone slots would leave a node subnet less than a /24", smallest, slots),
			"the nearest is "+netip.PrefixFrom(d.Vpc.Addr(), smallest).Masked().String())
	}
	return nil
}

func (d DataPlane) checkPods() error {
	if !d.Pods.IsValid() {
		return nil
	}
	if bad := checkCanonical(d.Pods); bad != nil {
		return bad
	}
	if err := checkRange(d.Pods, useShared); err != nil {
		return err
	}
	if d.Pods.Bits() != podBlock {
		return problem.New(d.Pods.String(),
			"is not a /16: AWS allows no larger block, and a smaller one has no /18 for each zone slot",
			"the nearest is "+netip.PrefixFrom(d.Pods.Addr(), podBlock).Masked().String())
	}
	if d.Pods.Overlaps(d.Vpc) {
		return problem.New(d.Pods.String(), fmt.Sprintf("overlaps the VPC's block %s", d.Vpc), "use a block such as 100.64.0.0/16")
	}
	return nil
}

// Subnet returns the block of tier t in the zone of the given slot, counted
// from 0. The answer for a slot is the same however many zones are in use. It
// fails when the slot is none of the plan's, the tier is none of Tiers, the
// plan has no pod tier, or Check refuses what the answer depends on.
func (d DataPlane) Subnet(t Tier, slot int) (netip.Prefix, error) {
	if err := d.checkSlots(); err != nil {
		return netip.Prefix{}, err
	}
	if slot < 0 || slot >= d.Slots {
		return netip.Prefix{}, problem.New(strconv.Itoa(slot), "is not a zone slot", fmt.Sprintf("the slots are 0 to %d", d.Slots-1))
	}
	if t == Pods {
		if !d.Pods.IsValid() {
			return netip.Prefix{}, problem.New(string(t), "the data plane has no pod tier", "give it a pod CIDR such as 100.64.0.0/16")
		}
		if err := d.checkPods(); err != nil {
			return netip.Prefix{}, err
		}
		return Block(d.Pods, podSubnet, slot)
	}
	if err := d.checkVpc(); err != nil {
		return netip.Prefix{}, err
	}
	n := d.Vpc.Bits()
	four := d.Slots == 4
	switch {
	case t == Nodes && !four:
		return Block(d.Vpc, n+2, slot)
	case t == Nodes:
		return Block(d.Vpc, n+3, slot)
	case t == Public && !four:
		return Block(d.Vpc, n+5, 24+slot)
	case t == Public:
		return Block(d.Vpc, n+5, 16+slot)
	case t == Endpoints && !four:
		return Block(d.Vpc, n+5, 28+slot)
	case t == Endpoints:
		return Block(d.Vpc, n+5, 20+slot)
	}
	return netip.Prefix{}, problem.New(string(t), "is not a tier", "the tiers are public, nodes, endpoints and pods")
}
