package reach

import (
	"cmp"
	"slices"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Hop is one thing that packets pass, and what it does with them.
type Hop struct {
	URN      string `json:"urn"`
	Property string `json:"property,omitempty"`
	Effect   string `json:"effect"`
}

// Block is where packets end.
type Block struct {
	URN      string `json:"urn"`
	Property string `json:"property,omitempty"`
	Reason   string `json:"reason"`

	// Hops lead to it.
	Hops []Hop `json:"-"`
	// Packets are those that end here, as they were sent.
	Packets packet.Set `json:"-"`

	trail *trail // Hops, until the answer is there
}

// Path is a way through, with the packets that take it.
type Path struct {
	// Packets as they were sent.
	Packets packet.Set
	Hops    []Hop
	// Certain says that they take it whatever is still unknown; Unknowns are
	// what decides if not.
	Certain  bool
	Unknowns []topology.Ref
}

// Answer is what becomes of the packets from one place to another.
type Answer struct {
	// Must are the packets, as they were sent, that certainly arrive and whose
	// reply certainly returns; May are those of which that is possible. Must
	// lies in May.
	Must, May packet.Set
	// Paths are the ways that they take, the certain ones first.
	Paths []Path
	// Blocks are where the others end, the one that lets them come furthest
	// first.
	Blocks []Block
	// Unknowns are the outputs that decide between Must and May, sorted.
	Unknowns []topology.Ref
}

// Join returns the answer for the packets of both.
func (a Answer) Join(b Answer) Answer {
	a.Must = append(slices.Clip(a.Must), b.Must...)
	a.May = append(slices.Clip(a.May), b.May...)
	a.Paths = append(slices.Clip(a.Paths), b.Paths...)
	a.Blocks = append(slices.Clip(a.Blocks), b.Blocks...)
	a.Unknowns = sortedRefs(append(slices.Clip(a.Unknowns), b.Unknowns...))
	a.order()
	return a
}

func (a *Answer) order() {
	slices.SortStableFunc(a.Paths, func(p, q Path) int {
		return cmp.Compare(boolean(!p.Certain), boolean(!q.Certain))
	})
	slices.SortStableFunc(a.Blocks, func(p, q Block) int {
		return cmp.Or(cmp.Compare(len(q.Hops), len(p.Hops)),
			cmp.Compare(boolean(!slices.ContainsFunc(p.Packets, documented)), boolean(!slices.ContainsFunc(q.Packets, documented))))
	})
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sortedRefs returns the refs sorted, each once, without the empty one.
func sortedRefs(refs []topology.Ref) []topology.Ref {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b topology.Ref) int {
		return cmp.Or(cmp.Compare(a.URN, b.URN), cmp.Compare(a.Property, b.Property))
	})
	return slices.DeleteFunc(slices.Compact(refs), func(r topology.Ref) bool { return r == topology.Ref{} })
}
