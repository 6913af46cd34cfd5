package stacks

import (
	"fmt"
	"net/netip"
)

// Sibling is another environment of the project.
type Sibling struct {
	// Name is its stack's: "staging".
	Name string
	*Environment
}

// Overlap is a block of an environment that shares addresses with a sibling's.
type Overlap struct {
	// Range says whose block Prefix is: "VPC".
	Range  string
	Prefix netip.Prefix
	// With is the block of the environment Of.
	With netip.Prefix
	Of   string
}

// String says it in a sentence.
func (o Overlap) String() string {
	return fmt.Sprintf("%s of the %s overlaps %s of the environment %s: networks that share addresses can never be peered", o.Prefix, o.Range, o.With, o.Of)
}

// Overlaps compares the blocks of the environment with those of its siblings of
// the same model, which may one day be peered with it. Blocks that are not routed
// beyond their network are not compared. The error is a problem.List, as Validate
// returns it.
func (e *Environment) Overlaps(siblings []Sibling) ([]Overlap, error) {
	ranges, err := e.Addresses()
	if err != nil {
		return nil, err
	}
	var found []Overlap
	for _, sibling := range siblings {
		if sibling.Spec.Model() != e.Spec.Model() {
			continue
		}
		others, err := sibling.Addresses()
		if err != nil {
			return nil, fmt.Errorf("the environment %s: %w", sibling.Name, err)
		}
		for _, own := range ranges {
			for _, other := range others {
				if !own.Internal && !other.Internal && own.Prefix.Overlaps(other.Prefix) {
					found = append(found, Overlap{Range: own.Name, Prefix: own.Prefix, With: other.Prefix, Of: sibling.Name})
				}
			}
		}
	}
	return found, nil
}
