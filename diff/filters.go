package diff

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// admission is what a filter lets in from outside, or out to there.
type admission struct {
	filter, other, traffic string
	out                    bool
}

// opening is the rule that lets it pass.
type opening struct {
	rule *topology.Rule
	// certain is false when a rule before may refuse some of it, or the rule's
	// traffic is not known yet.
	certain bool
}

// admissions are those of the filters that no path shows: of security groups whose
// members are in no graph yet, and of subnets' groups, behind which a cluster puts
// load balancers of its own. filters are those that are asked about.
func (s *survey) admissions(own []netip.Prefix, names []Known) (order []admission, openings map[admission]opening, filters map[string]bool) {
	openings, filters = map[admission]opening{}, map[string]bool{}
	for _, f := range s.model.Filters {
		for _, name := range s.filterNames(f) {
			filters[name] = true
			for _, out := range []bool{false, true} {
				for a, by := range s.passing(f, out, own, names) {
					a.filter = name
					if _, seen := openings[a]; !seen {
						order, openings[a] = append(order, a), by
					}
				}
			}
		}
	}
	return order, openings, filters
}

// filterNames are the names of a filter: of a security group without members its
// own, of a network security group those of the tiers behind it.
func (s *survey) filterNames(f *topology.Filter) []string {
	var names []string
	switch f.Kind {
	case topology.SecurityGroup:
		for _, i := range s.model.Interfaces {
			for _, set := range i.Filters {
				if slices.Contains(set, f) {
					return nil
				}
			}
		}
		names = append(names, groupPrefix+resourceName(f.Ref.URN, f.Name))
	case topology.NetworkSecurityGroup:
		for _, at := range s.sites {
			if at.kind == hosts && at.subnet.Filter.Or(nil) == f && !slices.Contains(names, nsgPrefix+at.group) {
				names = append(names, nsgPrefix+at.group)
			}
		}
	}
	return names
}

// passing are what a filter lets pass in one direction, in the order of its rules.
func (s *survey) passing(f *topology.Filter, out bool, own []netip.Prefix, names []Known) iter.Seq2[admission, opening] {
	list := f.In
	if out {
		list = f.Out
	}
	return func(yield func(admission, opening) bool) {
		refused := false
		for i := range list {
			rule := &list[i]
			allow, known := rule.Allow.Get()
			if known && !allow && rule.MatchesAll() {
				return // nothing gets past it
			}
			if !known || !allow {
				refused = true
				continue
			}
			certain := !refused && rule.Protocols.IsKnown() && rule.DestinationPorts.IsKnown()
			for _, other := range s.others(rule, out, own, names) {
				if !yield(admission{other: other, traffic: traffic(ruleSet(rule)), out: out}, opening{rule, certain}) {
					return
				}
			}
		}
	}
}

const anyone = "anyone"

// others are the ends outside of a rule: blocks that are no network's of either
// side, service tags, everyone.
func (s *survey) others(rule *topology.Rule, out bool, own []netip.Prefix, names []Known) []string {
	match := rule.Source.Or(topology.Match{})
	if out {
		match = rule.Destination.Or(topology.Match{})
	}
	var found []string
	if match.Anyone {
		found = append(found, anyone)
	}
	if match.Internet {
		found = append(found, theInternet)
	}
	for _, p := range match.Prefixes {
		name, atom := s.model.AtomName(p.Addr())
		known := slices.IndexFunc(names, func(k Known) bool { return k.Prefix == p })
		switch {
		case p.Bits() == 0:
			name = anyone
		case atom:
			name = tagPrefix + name
		case known >= 0:
			name = names[known].Name + " (" + p.String() + ")"
		default:
			name = p.String()
		}
		inside := p.String() == azureHost+"/32" || slices.ContainsFunc(own, func(o netip.Prefix) bool { return o.Bits() <= p.Bits() && o.Contains(p.Addr()) })
		if !inside && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// ruleSet is the traffic of a rule; what is not known of it is all there is.
func ruleSet(rule *topology.Rule) packet.Set {
	protocols := rule.Protocols.Or(nil)
	ports := rule.DestinationPorts.Or(nil)
	if len(ports) == 0 {
		ports = []topology.Ports{topology.Ports(packet.EveryPort())}
	}
	var set packet.Set
	for _, cube := range every() {
		for _, p := range ports {
			if packet.HasPorts(cube.Protocols.First) {
				cube.DestinationPorts = packet.Ports(p)
			}
			if len(protocols) == 0 {
				set = append(set, cube)
			}
			for _, n := range protocols {
				if one := cube; cube.Protocols.First <= n && n <= cube.Protocols.Last {
					one.Protocols = packet.Protocols{First: n, Last: n}
					set = append(set, one)
				}
			}
		}
	}
	return set
}

// compareAdmissions says what filters let pass that did not before, and no longer
// do, where no path of those given says so. Of a filter that is new it says what
// comes in, of one that is gone nothing.
func compareAdmissions(a, b *survey, paths []PathChange) []PathChange {
	names := slices.Concat(a.side.Known, b.side.Known)
	var own []netip.Prefix
	for _, n := range slices.Concat(a.model.Networks, b.model.Networks) {
		for _, v := range n.Prefixes {
			if p, known := v.Get(); known {
				own = append(own, p)
			}
		}
	}
	before, old, oldFilters := a.admissions(own, names)
	after, now, newFilters := b.admissions(own, names)
	told := func(x admission) bool {
		tier := strings.TrimPrefix(x.filter, nsgPrefix)
		return slices.ContainsFunc(paths, func(p PathChange) bool {
			from, to := p.From, p.To
			if x.out {
				from, to = to, from
			}
			return p.Traffic == x.traffic && slices.Contains(from, x.other) && slices.Contains(to, tier)
		})
	}
	var changes []PathChange
	add := func(change string, x admission, by opening) {
		p := PathChange{Change: change, Certain: by.certain, From: []string{x.other}, To: []string{x.filter}, Traffic: x.traffic, Unknowns: []topology.Ref{}}
		if x.out {
			p.From, p.To = p.To, p.From
		}
		hop := &reach.Hop{URN: by.rule.Ref.URN, Property: by.rule.Ref.Property, Effect: "allows " + x.traffic}
		if p.After = hop; change == Refused {
			p.Before, p.After = hop, nil
		}
		changes = append(changes, p)
	}
	for _, x := range after {
		if old[x].rule == nil && (oldFilters[x.filter] || !x.out) && !told(x) {
			add(Admitted, x, now[x])
		}
	}
	for _, x := range before {
		if now[x].rule == nil && newFilters[x.filter] && !told(x) {
			add(Refused, x, old[x])
		}
	}
	return changes
}
