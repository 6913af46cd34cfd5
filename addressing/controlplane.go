package addressing

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/underlay-iac/underlay/problem"
)

// Private is the tier of a control plane's tasks, instances and internal load
// balancers.
const Private Tier = "private"

// ControlPlaneTiers returns every tier of a control plane in the order they are
// drawn and listed: private, endpoints.
func ControlPlaneTiers() []Tier {
	return []Tier{Private, Endpoints}
}

// ControlPlane is the address plan of a control plane without internet, drawn
// for 10.30.0.0/16 (n = 16). With 3 zone slots the private subnets take three
// quarters; with 4 they take one half:
//
//	3 slots   P[n+2,i] private   P[n+5,28+i] endpoints
//	4 slots   P[n+3,i] private   P[n+5,20+i] endpoints
//
//	10.30.0.0      10.30.64.0     10.30.128.0    10.30.192.0     10.30.224.0
//	+--------------+--------------+--------------+---------------+-------------+
//	| private 0    | private 1    | private 2    | --            | ep0 ep1 ep2 |
//	+--------------+--------------+--------------+---------------+-------------+
//
// The blocks are those that nodes and endpoints have in a data plane, so that
// one picture serves both; where a data plane has its public tier, a control
// plane keeps the room free.
type ControlPlane struct {
	// Vpc is the block the VPC is created with: /16 to /22 with 3 slots, /16
	// to /21 with 4, so that a private subnet has at least a /24.
	Vpc netip.Prefix
	// Slots is how many zones the plan has room for: 3 or 4. It says nothing
	// of how many are in use, and must never change once deployed.
	Slots int
}

// Check returns everything that is wrong with the plan, at the paths "vpcCidr"
// and "zoneSlots".
func (c ControlPlane) Check() problem.List {
	var list problem.List
	list.Add("vpcCidr", c.checkVpc())
	list.Add("zoneSlots", c.checkSlots())
	return list
}

func (c ControlPlane) checkSlots() error {
	if c.Slots == 3 || c.Slots == 4 {
		return nil
	}
	nearest := min(max(c.Slots, 3), 4)
	return problem.New(strconv.Itoa(c.Slots), "a control plane has 3 or 4 zone slots", fmt.Sprintf("the nearest is %d", nearest))
}

func (c ControlPlane) checkVpc() error {
	if !c.Vpc.IsValid() {
		return problem.New("", "is missing", "write a network such as "+example)
	}
	if err := CheckVpc(c.Vpc); err != nil {
		return err
	}
	slots, smallest := 3, 22
	if c.Slots == 4 {
		slots, smallest = 4, 21
	}
	if c.Vpc.Bits() > smallest {
		return problem.New(c.Vpc.String(),
			fmt.Sprintf("is smaller than /%d: %d zone slots would leave a private subnet less than a /24", smallest, slots),
			"the nearest is "+netip.PrefixFrom(c.Vpc.Addr(), smallest).Masked().String())
	}
	return nil
}

// Subnet returns the block of tier t in the zone of the given slot, counted
// from 0. The answer for a slot is the same however many zones are in use. It
// fails when the slot is none of the plan's, the tier is none of
// ControlPlaneTiers, or Check refuses the plan.
func (c ControlPlane) Subnet(t Tier, slot int) (netip.Prefix, error) {
	if err := c.checkSlots(); err != nil {
		return netip.Prefix{}, err
	}
	if slot < 0 || slot >= c.Slots {
		return netip.Prefix{}, problem.New(strconv.Itoa(slot), "is not a zone slot", fmt.Sprintf("the slots are 0 to %d", c.Slots-1))
	}
	if err := c.checkVpc(); err != nil {
		return netip.Prefix{}, err
	}
	n, private, endpoints := c.Vpc.Bits(), 2, 28
	if c.Slots == 4 {
		private, endpoints = 3, 20
	}
	switch t {
	case Private:
		return Block(c.Vpc, n+private, slot)
	case Endpoints:
		return Block(c.Vpc, n+5, endpoints+slot)
	}
	return netip.Prefix{}, problem.New(string(t), "is not a tier of a control plane", "the tiers are private and endpoints")
}
