package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// block is the address ranges of a network or subnet.
type block struct {
	of, zone string
	prefixes []string
}

// blocks are those of the networks, then of the subnets, in the graph's order.
func (s *survey) blocks() []block {
	var all []block
	for _, n := range s.used() {
		b := block{of: cmp.Or(s.networks[n], "the network")}
		for _, v := range n.Prefixes {
			if p, known := v.Get(); known {
				b.prefixes = append(b.prefixes, p.String())
			}
		}
		all = append(all, b)
	}
	for _, at := range s.sites {
		if at.kind != hosts {
			continue
		}
		b := block{of: at.group, zone: at.zone}
		for _, v := range at.subnet.Prefixes {
			if p, known := v.Get(); known {
				b.prefixes = append(b.prefixes, p.String())
			}
		}
		all = append(all, b)
	}
	return all
}

// compareAddresses says which blocks come, go and move. What the cloud chooses
// is not compared.
func compareAddresses(a, b *survey) []AddressChange {
	changes := []AddressChange{}
	before, after := a.blocks(), b.blocks()
	same := func(x block) func(block) bool {
		return func(y block) bool { return x.of == y.of && x.zone == y.zone }
	}
	list := func(prefixes []string) []string { return append([]string{}, prefixes...) }
	for _, now := range after {
		i := slices.IndexFunc(before, same(now))
		switch {
		case i < 0:
			changes = append(changes, AddressChange{Change: "added", Of: now.of, Zone: now.zone, Before: []string{}, After: list(now.prefixes)})
		case !slices.Equal(before[i].prefixes, now.prefixes) && len(before[i].prefixes) > 0 && len(now.prefixes) > 0:
			changes = append(changes, AddressChange{Change: "moved", Of: now.of, Zone: now.zone, Before: list(before[i].prefixes), After: list(now.prefixes)})
		}
	}
	for _, was := range before {
		if !slices.ContainsFunc(after, same(was)) {
			changes = append(changes, AddressChange{Change: "removed", Of: was.of, Zone: was.zone, Before: list(was.prefixes), After: []string{}})
		}
	}
	return changes
}

// compareOverlaps says which come and go.
func compareOverlaps(before, after []string) []OverlapChange {
	changes := []OverlapChange{}
	add := func(change string, sentences, other []string) {
		for _, s := range sentences {
			if !slices.Contains(other, s) {
				changes = append(changes, OverlapChange{Change: change, Sentence: s})
			}
		}
	}
	add(Gained, after, before)
	add(Lost, before, after)
	return changes
}

// cloudsDiffer says what of networks in different clouds is compared.
func cloudsDiffer(a, b *survey) []string {
	clouds := func(s *survey) string {
		var names []string
		for _, n := range s.used() {
			names = append(names, map[topology.Cloud]string{topology.AWS: "AWS", topology.Azure: "Azure"}[n.Cloud])
		}
		slices.Sort(names)
		return strings.Join(slices.Compact(names), " and ")
	}
	before, after := clouds(a), clouds(b)
	if before == after || before == "" || after == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s is in %s, %s in %s. Tiers are compared by what they are for, with each other, the internet and private networks; "+
		"names and services that only one cloud has are not. What a resource costs stands beside what the other cloud's costs.", a.side.Name, before, b.side.Name, after)}
}

// leaveOut takes away the requirements that only one of two models has, unless
// they need somebody.
func (r *Report) leaveOut(before, after string) {
	gone, came := 0, 0
	r.Requirements = slices.DeleteFunc(r.Requirements, func(c RequirementChange) bool {
		switch {
		case c.After == "":
			gone++
		case c.Before == "" && (c.After == requirements.Proven || c.After == requirements.NotApplicable):
			came++
		default:
			return false
		}
		return true
	})
	r.Notes = append(r.Notes, fmt.Sprintf("the models differ: requirements that one of them alone has are listed only where they are not met; %d of %s and %d of %s are left out",
		gone, before, came, after))
}

// compareRequirements says which verdicts differ, the worst first, and what decides
// those of the second side that are not known.
func compareRequirements(a, b Side) (changes []RequirementChange, reasons map[string][]topology.Ref, err error) {
	verdicts := func(s Side) (map[string]requirements.Result, []requirements.Result, error) {
		results, err := requirements.Verify(requirements.Input{Graph: s.Graph, Model: s.Model})
		byID := map[string]requirements.Result{}
		for _, r := range results {
			byID[r.ID] = r
		}
		return byID, results, err
	}
	before, was, err := verdicts(a)
	if err != nil {
		return nil, nil, err
	}
	after, is, err := verdicts(b)
	if err != nil {
		return nil, nil, err
	}
	changes, reasons = []RequirementChange{}, map[string][]topology.Ref{}
	for _, r := range is {
		reasons[r.ID] = r.Unknowns
		if r.Verdict != before[r.ID].Verdict {
			changes = append(changes, RequirementChange{ID: r.ID, Title: r.Title, Before: before[r.ID].Verdict, After: r.Verdict, Reason: r.Reason})
		}
	}
	for _, r := range was {
		if _, asked := after[r.ID]; !asked {
			changes = append(changes, RequirementChange{ID: r.ID, Title: r.Title, Before: r.Verdict})
		}
	}
	rank := map[requirements.Verdict]int{requirements.Refuted: 0, requirements.Unknown: 1, requirements.Proven: 2, requirements.NotApplicable: 3, "": 4}
	slices.SortStableFunc(changes, func(x, y RequirementChange) int { return cmp.Compare(rank[x.After], rank[y.After]) })
	return changes, reasons, nil
}

// compareCost says of what there is more or less.
func compareCost(a, b cost.Estimate) CostChange {
	change := CostChange{Before: a.Total, After: b.Total, AtLeast: a.AtLeast || b.AtLeast, Lines: []CostLine{}}
	type item struct{ what, region string }
	var order []item
	lines := map[item]*CostLine{}
	known := map[item]catalog.USD{}
	unknown := map[item]bool{}
	add := func(list []cost.Line, sign int, count func(*CostLine, int)) {
		for _, line := range list {
			at := item{line.What, line.Region}
			if lines[at] == nil {
				order = append(order, at)
				lines[at] = &CostLine{What: line.What, Region: line.Region}
			}
			count(lines[at], line.Quantity)
			if line.Monthly == nil {
				unknown[at] = true
			} else {
				known[at] += catalog.USD(sign) * *line.Monthly
			}
		}
	}
	add(a.Lines, -1, func(l *CostLine, n int) { l.Before += n })
	add(b.Lines, 1, func(l *CostLine, n int) { l.After += n })
	for _, at := range order {
		line := lines[at]
		if line.Before == line.After && known[at] == 0 {
			continue
		}
		if sum := known[at]; !unknown[at] {
			line.Monthly = &sum
		}
		change.Lines = append(change.Lines, *line)
	}
	return change
}
