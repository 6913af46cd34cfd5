package diff

import (
	"cmp"
	"slices"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/verify/requirements"
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

// compareRequirements says which verdicts differ, the worst first.
func compareRequirements(a, b Side) ([]RequirementChange, error) {
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
		return nil, err
	}
	after, is, err := verdicts(b)
	if err != nil {
		return nil, err
	}
	changes := []RequirementChange{}
	for _, r := range is {
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
	return changes, nil
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
