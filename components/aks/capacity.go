package aks

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Limit is what keeps a cluster from having more nodes.
type Limit string

const (
	LimitNodeSubnet Limit = "nodeSubnet" // addresses of the node subnet
	LimitPodSubnet  Limit = "podSubnet"  // addresses of the pod subnet
	LimitPodCidr    Limit = "podCidr"    // blocks of the pods' block
	LimitModel      Limit = "model"      // how far AKS scales the network model
)

// Capacity is how many nodes a cluster's network has room for.
type Capacity struct {
	// Nodes are those of all pools at their largest, surges included.
	Nodes int `json:"nodes"`
	// MaxNodes fit: Nodes, and as many more of the pool whose nodes take most.
	MaxNodes int `json:"maxNodes"`
	// LimitedBy is what there is too little of for another.
	LimitedBy Limit `json:"limitedBy"`
	// StartingNodes fit the pod subnet while each has the addresses that it
	// starts with and no more; 0 unless addresses are given in batches.
	StartingNodes int `json:"startingNodes,omitzero"`
	// NodeSubnet and Pods are the addresses that Nodes take of the node subnet
	// and of the pods' subnet or block. Pods is zero with azureCni.
	NodeSubnet Use `json:"nodeSubnet"`
	Pods       Use `json:"pods,omitzero"`
}

// Use is how many addresses are needed of those there are.
type Use struct {
	Need int `json:"need"`
	Have int `json:"have"`
}

// space is one set of addresses that nodes take of.
type space struct {
	limit Limit
	noun  string // "node subnet"
	block netip.Prefix
	// fixed addresses are taken whatever the number of nodes.
	fixed int
	// have is how many there are; need how many nodes of a pool take, each.
	have int
	need func(Pool) int
	// reserved addresses are Azure's own in every subnet.
	reserved int
}

// podAddresses returns how many addresses of the pods' subnet or block a node
// takes for so many pods; 0 where pods' addresses are the node subnet's.
func podAddresses(model catalog.AKSModel, pods int) int {
	switch {
	case model.BlockBits > 0:
		return 1 << (32 - model.BlockBits)
	case model.Batch == 0:
		return 0
	}
	// With headroom a node takes a batch before it is full; without, its blocks
	// hold an address of the node's own.
	more := cmp.Or(model.Headroom, 1)
	batches := (pods + more + model.Batch - 1) / model.Batch
	return batches * model.Batch
}

// nodeAddresses returns how many addresses of the node subnet a node takes.
func nodeAddresses(model catalog.AKSModel, pods int) int {
	if podAddresses(model, pods) > 0 {
		return 1
	}
	return pods + 1
}

// surge returns how many nodes an upgrade adds to so many.
func surge(text string, nodes int) (int, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || strings.HasPrefix(number, "+") || isPercent && n > 100 {
		return 0, problem.New(text, "is not a surge", `use a number of nodes or a percentage, "1" or "10%"`)
	}
	if isPercent {
		return (nodes*n + 99) / 100, nil
	}
	return n, nil
}

// nodes returns how many nodes a checked pool has at its largest.
func (p Pool) nodes() int {
	extra, err := surge(p.Surge, p.MaxCount)
	if err != nil {
		return p.MaxCount // the surge has its own problem
	}
	return p.MaxCount + extra
}

// measure returns the capacity of a network for pools, and a problem for each
// space that is too small.
func measure(model catalog.AKSModel, pools []Pool, spaces []space, problems *problem.List) Capacity {
	c := Capacity{MaxNodes: model.MaxNodes, LimitedBy: LimitModel}
	for _, pool := range pools {
		c.Nodes += pool.nodes()
	}
	if c.Nodes > model.MaxNodes {
		problems.Addf("pools", "", "use fewer nodes, or split them over clusters",
			"are %d nodes with surge; a cluster has at most %d with %s", c.Nodes, model.MaxNodes, model.Name)
	}
	for _, s := range spaces {
		use := s.fit(pools, problems)
		most := 0
		for _, pool := range pools {
			most = max(most, s.need(pool))
		}
		if most == 0 {
			continue
		}
		if fits := c.Nodes + (use.Have-use.Need)/most; fits < c.MaxNodes {
			c.MaxNodes, c.LimitedBy = fits, s.limit
		}
		if s.limit == LimitNodeSubnet {
			c.NodeSubnet = use
			continue
		}
		c.Pods = use
		if model.Headroom > 0 {
			c.StartingNodes = s.have / model.Batch
		}
	}
	return c
}

// fit returns what pools take of the space. The first pool that does not fit is
// a problem that names the smallest block all of them would fit.
func (s space) fit(pools []Pool, problems *problem.List) Use {
	use := Use{Need: s.fixed, Have: s.have}
	misfit, left := -1, 0
	for i, pool := range pools {
		free := use.Have - use.Need
		use.Need += pool.nodes() * s.need(pool)
		if use.Need > use.Have && misfit < 0 {
			misfit, left = i, max(0, free)
		}
	}
	if misfit < 0 {
		return use
	}
	pool := pools[misfit]
	has := fmt.Sprintf("has %d", left)
	if left < s.have {
		has = fmt.Sprintf("has %d of %d left", left, s.have)
	}
	fix := "use fewer nodes or fewer pods a node"
	if bits, ok := smallest(use.Need + s.reserved); ok && bits < s.block.Bits() {
		fix = fmt.Sprintf("the smallest that holds all pools is a /%d; or %s", bits, fix)
	}
	problems.Addf(fmt.Sprintf("pools[%d]", misfit), pool.Name, fix,
		"is %d nodes with surge and needs %d addresses of the %s %s, which %s",
		pool.nodes(), pool.nodes()*s.need(pool), s.noun, s.block, has)
	return use
}

// smallest returns the longest prefix length whose block has so many addresses.
func smallest(addresses int) (bits int, ok bool) {
	for bits := 32; bits >= 0; bits-- {
		if int64(1)<<(32-bits) >= int64(addresses) {
			return bits, true
		}
	}
	return 0, false
}

// subnetSpace returns the addresses of a subnet, at most so many.
func subnetSpace(limit Limit, noun string, block netip.Prefix, most int) space {
	return space{
		limit: limit, noun: noun, block: block, have: min(addressing.Usable(block), most),
		reserved: 1<<(32-block.Bits()) - addressing.Usable(block),
	}
}

// spaces returns what nodes of a model take addresses of. A block that is
// missing or refused has none and is left out.
func spaces(model catalog.AKSModel, nodes, pods netip.Prefix, fixed int) []space {
	var all []space
	if nodes.IsValid() {
		s := subnetSpace(LimitNodeSubnet, "node subnet", nodes, math.MaxInt)
		s.fixed = fixed
		s.need = func(p Pool) int { return nodeAddresses(model, p.MaxPods) }
		all = append(all, s)
	}
	if !pods.IsValid() {
		return all
	}
	s := subnetSpace(LimitPodSubnet, "pod subnet", pods, model.MaxPodAddresses)
	if model.BlockBits > 0 {
		s = space{limit: LimitPodCidr, noun: "pods' block", block: pods, have: 1 << (32 - pods.Bits())}
	}
	s.need = func(p Pool) int { return podAddresses(model, p.MaxPods) }
	return slices.Concat(all, []space{s})
}
