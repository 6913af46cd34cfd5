package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// match is the packets of one cube that a rule, or the filter's end, decides on.
type match struct {
	set packet.Set
	// allow says that they pass; certain, that they certainly do.
	allow, certain bool
	// rule decides; nil is the end of the list, which denies.
	rule *topology.Rule
	// refs decide what is not certain.
	refs []topology.Ref
}

// peers is what the filters ask of the two ends of a packet beside its
// addresses.
type peers struct {
	// source and destination are the groups that the ends are in. Of an end
	// that is not known they are nil and the flag is set.
	source, destination               []*topology.Filter
	sourceUnknown, destinationUnknown bool
	// sourceRefs decide whether the source's groups still count where it is.
	sourceRefs []topology.Ref
	// subnet is where the filter applies.
	subnet *topology.Subnet
	// name is the domain name that the connection is for; "" is none.
	name string
}

// evaluate returns what the rules make of the packets of the cube, first match
// first. Nothing is expanded that the cube does not ask for.
func evaluate(f *topology.Filter, rules []topology.Rule, cube packet.Cube, p peers) []match {
	if len(f.Incomplete) > 0 {
		return []match{{set: packet.Set{cube}, allow: true, refs: f.Incomplete}}
	}
	var found []match
	open := []pending{{set: packet.Set{cube}}}
	for i := range rules {
		rule := &rules[i]
		if misses(rule, &cube) {
			continue
		}
		exact, wide, refs := matching(rule, cube, p)
		if len(exact) == 0 && len(wide) == 0 {
			continue
		}
		allow, known := rule.Allow.Get()
		mayAllow, mayDeny := allow || !known, !allow
		if !known {
			refs = append(refs, rule.Allow.Ref())
		}
		var next []pending
		for _, left := range open {
			if hit := left.set.Intersect(exact); len(hit) > 0 {
				found = append(found, left.decide(hit, rule, mayAllow, mayDeny, refs))
				left.set = left.set.Subtract(exact)
			}
			if hit := left.set.Intersect(wide); len(hit) > 0 {
				next = append(next, left.perhaps(hit, rule, mayAllow, mayDeny, refs))
				left.set = left.set.Subtract(wide)
			}
			if len(left.set) > 0 {
				next = append(next, left)
			}
		}
		if open = next; len(open) == 0 {
			return found
		}
	}
	for _, left := range open {
		if left.mayAllow {
			found = append(found, match{set: left.set, allow: true, rule: left.rule, refs: left.refs})
		} else {
			found = append(found, match{set: left.set, certain: true})
		}
	}
	return found
}

// misses reports, without building a set, that the rule matches nothing of the
// cube: most rules of a long list do not.
func misses(rule *topology.Rule, cube *packet.Cube) bool {
	numbers, ok := rule.Protocols.Get()
	if ok && len(numbers) > 0 && !slices.ContainsFunc(numbers, func(n uint8) bool {
		return cube.Protocols.First <= n && n <= cube.Protocols.Last
	}) {
		return true
	}
	if cube.Protocols.First == cube.Protocols.Last && packet.HasPorts(cube.Protocols.First) {
		away := func(value topology.Val[[]topology.Ports], asked packet.Ports) bool {
			ports, ok := value.Get()
			return ok && len(ports) > 0 && !slices.ContainsFunc(ports, func(p topology.Ports) bool {
				return p.First <= asked.Last && asked.First <= p.Last
			})
		}
		if away(rule.DestinationPorts, cube.DestinationPorts) || away(rule.SourcePorts, cube.SourcePorts) {
			return true
		}
	}
	away := func(value topology.Val[topology.Match], asked packet.Addresses) bool {
		m, ok := value.Get()
		return ok && !m.Anyone && !m.VirtualNetwork && !m.Internet && len(m.Members) == 0 &&
			!slices.ContainsFunc(m.Prefixes, func(p netip.Prefix) bool {
				_, both := packet.InPrefix(p).Intersect(asked)
				return both
			})
	}
	return away(rule.Source, cube.Source) || away(rule.Destination, cube.Destination)
}

// pending are packets that no rule has certainly decided on so far, and what
// those that may have decided would do.
type pending struct {
	set               packet.Set
	mayAllow, mayDeny bool
	rule              *topology.Rule // the last one that may allow
	refs              []topology.Ref
}

// decide returns what becomes of packets that this rule certainly matches, if no
// earlier one has.
func (p pending) decide(hit packet.Set, rule *topology.Rule, mayAllow, mayDeny bool, refs []topology.Ref) match {
	m := match{set: hit, allow: p.mayAllow || mayAllow, rule: rule}
	m.certain = m.allow != (p.mayDeny || mayDeny)
	if !m.certain {
		m.refs = append(slices.Clip(p.refs), refs...)
	}
	if m.allow && !mayAllow {
		m.rule = p.rule
	}
	return m
}

// perhaps returns the packets that this rule may match besides.
func (p pending) perhaps(hit packet.Set, rule *topology.Rule, mayAllow, mayDeny bool, refs []topology.Ref) pending {
	p.set = hit
	p.mayAllow, p.mayDeny = p.mayAllow || mayAllow, p.mayDeny || mayDeny
	p.refs = append(slices.Clip(p.refs), refs...)
	if mayAllow {
		p.rule = rule
	}
	return p
}

// matching returns the packets of the cube that the rule certainly matches
// (exact) and those that it may match besides (wide), with what decides that.
func matching(rule *topology.Rule, cube packet.Cube, p peers) (exact, wide packet.Set, refs []topology.Ref) {
	if set, plain := plainly(rule, &cube); plain {
		return set, nil, nil
	}
	certain := packet.Set{cube}
	possible := packet.Set{cube}
	narrow := func(must, may packet.Set, ref ...topology.Ref) bool {
		certain = certain.Intersect(must)
		possible = possible.Intersect(may)
		refs = append(refs, ref...)
		return len(possible) > 0
	}
	if !narrow(protocols(rule)) || !narrow(ports(rule)) {
		return nil, nil, nil
	}
	if must, may, ref := addresses(rule.Source, p.source, p.sourceUnknown, p.sourceRefs, p.subnet, true); !narrow(must, may, ref...) {
		return nil, nil, nil
	}
	if must, may, ref := addresses(rule.Destination, p.destination, p.destinationUnknown, nil, p.subnet, false); !narrow(must, may, ref...) {
		return nil, nil, nil
	}
	switch names, known := rule.Names.Get(); {
	case !known:
		switch least, _ := rule.Names.Options(); {
		case len(least) > 0 && p.name == "":
			return nil, nil, nil // some names, whatever they are
		case len(least) == 0 || !covered(least[0], p.name):
			certain, refs = nil, append(refs, rule.Names.Ref())
		}
	case len(names) > 0 && (p.name == "" || !covered(names, p.name)):
		return nil, nil, nil
	}
	if len(certain) == 0 {
		return nil, possible, refs
	}
	return certain, possible.Subtract(certain), refs
}

// plainly returns the packets of the cube that the rule matches, where it is
// known whole and names nothing but addresses, protocols and ports, as most do;
// plain is false for the others.
func plainly(rule *topology.Rule, cube *packet.Cube) (set packet.Set, plain bool) {
	numbers, ok1 := rule.Protocols.Get()
	source, ok2 := rule.Source.Get()
	destination, ok3 := rule.Destination.Get()
	sourcePorts, ok4 := rule.SourcePorts.Get()
	destinationPorts, ok5 := rule.DestinationPorts.Get()
	names, ok6 := rule.Names.Get()
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || len(names) > 0 || special(source) || special(destination) {
		return nil, false
	}
	if len(sourcePorts)+len(destinationPorts) > 0 {
		one := cube.Protocols.First == cube.Protocols.Last && packet.HasPorts(cube.Protocols.First)
		some := len(numbers) > 0 && !slices.ContainsFunc(numbers, func(n uint8) bool { return !packet.HasPorts(n) })
		if !one && !some {
			return nil, false // it matches protocols without ports too
		}
	}
	match := *cube
	for i := range max(1, len(numbers)) {
		if match.Protocols = cube.Protocols; len(numbers) > 0 {
			match.Protocols = packet.Protocols{First: numbers[i], Last: numbers[i]}
		}
		for _, s := range everyPort(sourcePorts) {
			match.SourcePorts = packet.Ports(s)
			for _, d := range everyPort(destinationPorts) {
				match.DestinationPorts = packet.Ports(d)
				for j := range max(1, len(source.Prefixes)) {
					if match.Source = cube.Source; !source.Anyone {
						if len(source.Prefixes) == 0 {
							return nil, true
						}
						match.Source = packet.InPrefix(source.Prefixes[j])
					}
					for k := range max(1, len(destination.Prefixes)) {
						if match.Destination = cube.Destination; !destination.Anyone {
							if len(destination.Prefixes) == 0 {
								return nil, true
							}
							match.Destination = packet.InPrefix(destination.Prefixes[k])
						}
						if both, ok := cube.Intersect(&match); ok {
							set = append(set, both)
						}
					}
				}
			}
		}
	}
	return set, true
}

// special reports whether a match needs more than the packet's addresses.
func special(m topology.Match) bool { return m.VirtualNetwork || m.Internet || len(m.Members) > 0 }

// Covers reports whether a name of a rule, "*.example.com" or ".example.com"
// with everything below, holds for the domain name.
func Covers(pattern, name string) bool {
	pattern, name = strings.ToLower(strings.TrimSuffix(pattern, ".")), strings.ToLower(strings.TrimSuffix(name, "."))
	switch {
	case pattern == "*":
		return true
	case strings.HasPrefix(pattern, "*."):
		return strings.HasSuffix(name, pattern[1:])
	case strings.HasPrefix(pattern, "."):
		return strings.HasSuffix(name, pattern) || name == pattern[1:]
	}
	return pattern == name
}

// covered reports whether one of a rule's names holds for the domain name.
func covered(names []string, name string) bool {
	return slices.ContainsFunc(names, func(pattern string) bool { return Covers(pattern, name) })
}

// SomeName returns one of the names that a name of a rule holds for.
func SomeName(pattern string) string {
	if below, ok := strings.CutPrefix(pattern, "*."); ok {
		return "any." + below
	}
	return strings.TrimPrefix(pattern, ".")
}

func protocols(rule *topology.Rule) (must, may packet.Set, ref topology.Ref) {
	numbers, known := rule.Protocols.Get()
	if !known {
		return nil, packet.Set{packet.Everything()}, rule.Protocols.Ref()
	}
	if len(numbers) == 0 {
		all := packet.Set{packet.Everything()}
		return all, all, topology.Ref{}
	}
	for _, n := range numbers {
		cube := packet.Everything()
		cube.Protocols = packet.Protocols{First: n, Last: n}
		must = append(must, cube)
	}
	return must, must, topology.Ref{}
}

// portProtocols are the intervals of protocols that have ports, and those that
// have none.
var (
	withPorts    = []packet.Protocols{{First: packet.TCP, Last: packet.TCP}, {First: packet.UDP, Last: packet.UDP}, {First: packet.SCTP, Last: packet.SCTP}}
	withoutPorts = []packet.Protocols{{First: 0, Last: 5}, {First: 7, Last: 16}, {First: 18, Last: 131}, {First: 133, Last: 255}}
)

func ports(rule *topology.Rule) (must, may packet.Set, ref topology.Ref) {
	sources, sourcesKnown := rule.SourcePorts.Get()
	destinations, destinationsKnown := rule.DestinationPorts.Get()
	if sourcesKnown && destinationsKnown && len(sources) == 0 && len(destinations) == 0 {
		all := packet.Set{packet.Everything()}
		return all, all, topology.Ref{}
	}
	if !sourcesKnown {
		sources, ref = nil, rule.SourcePorts.Ref()
	}
	if !destinationsKnown {
		destinations, ref = nil, rule.DestinationPorts.Ref()
	}
	for _, source := range everyPort(sources) {
		for _, destination := range everyPort(destinations) {
			for _, protocol := range withPorts {
				cube := packet.Everything()
				cube.Protocols = protocol
				cube.SourcePorts, cube.DestinationPorts = packet.Ports(source), packet.Ports(destination)
				may = append(may, cube)
			}
		}
	}
	for _, protocol := range withoutPorts {
		cube := packet.Everything()
		cube.Protocols = protocol
		may = append(may, cube)
	}
	if sourcesKnown && destinationsKnown {
		must = may
	}
	return must, may, ref
}

func everyPort(ports []topology.Ports) []topology.Ports {
	if len(ports) == 0 {
		return []topology.Ports{{First: 0, Last: 65535}}
	}
	return ports
}

// addresses returns the packets whose source or destination the match holds.
func addresses(
	value topology.Val[topology.Match], groups []*topology.Filter, groupsUnknown bool, groupRefs []topology.Ref, subnet *topology.Subnet, source bool,
) (must, may packet.Set, refs []topology.Ref) {
	m, known := value.Get()
	if !known {
		return nil, packet.Set{packet.Everything()}, []topology.Ref{value.Ref()}
	}
	add := func(set *packet.Set, a packet.Addresses) {
		cube := packet.Everything()
		if source {
			cube.Source = a
		} else {
			cube.Destination = a
		}
		*set = append(*set, cube)
	}
	if m.Anyone {
		add(&must, packet.Every())
		return must, must, nil
	}
	for _, prefix := range m.Prefixes {
		add(&must, packet.InPrefix(prefix))
	}
	if m.VirtualNetwork || m.Internet {
		// The tag's prefixes; while they are not known, at the least some.
		var inside packet.Set
		complete := false
		if subnet != nil {
			list, known := subnet.VirtualNetworkTag.Get()
			if complete = known; !known {
				options, _ := subnet.VirtualNetworkTag.Options()
				if len(options) == 1 {
					list = options[0]
				}
				refs = append(refs, subnet.VirtualNetworkTag.Ref())
			}
			for _, prefix := range list {
				add(&inside, packet.InPrefix(prefix))
			}
		}
		outside := packet.Set{packet.Everything()}.Subtract(inside)
		if m.VirtualNetwork {
			must = append(must, inside...)
			if !complete {
				may = append(may, outside...)
			}
		}
		if m.Internet && complete {
			must = append(must, outside...)
		} else if m.Internet {
			may = append(may, outside...)
		}
	}
	if len(m.Members) > 0 {
		isMember := slices.ContainsFunc(groups, func(g *topology.Filter) bool { return g != nil && slices.Contains(m.Members, g) })
		switch {
		case isMember && len(groupRefs) == 0:
			add(&must, packet.Every())
		case isMember:
			add(&may, packet.Every())
			refs = append(refs, groupRefs...)
		case groupsUnknown || slices.Contains(groups, nil):
			add(&may, packet.Every())
			refs = append(refs, value.Ref())
		}
	}
	return must, append(may, must...), refs
}
