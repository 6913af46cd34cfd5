package topology

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
)

var (
	aclKinds   = append(vpcParts("defaultNetworkAclId"), "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
	groupKinds = append(vpcParts("defaultSecurityGroupId"), "aws:ec2/securityGroup:SecurityGroup",
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", clusterKind+"#vpcConfig")
	listKinds = []string{"aws:ec2/managedPrefixList:ManagedPrefixList", "aws:ec2/vpcEndpoint:VpcEndpoint#prefixListId"}
)

func (a *aws) stubFilter(kind FilterKind, id string, ref Ref) *Filter {
	filter := &Filter{Ref: ref, Kind: kind, Name: id, Stateful: kind == SecurityGroup, Incomplete: []Ref{ref}}
	a.m.Filters = append(a.m.Filters, filter)
	return filter
}

// readGroups makes the security groups: each VPC's default one, and those that
// the program manages. The rules come later, when everything that they can name
// is there.
func (a *aws) readGroups() {
	add := func(n *node, part string, network *Network) *Filter {
		group := &Filter{Ref: n.ref(part), Kind: SecurityGroup, Name: n.Name, Network: network, Stateful: true}
		a.m.Filters = append(a.m.Filters, group)
		a.groups.put(target{node: n, part: part}, group)
		a.touches(n, &group.Incomplete)
		return group
	}
	managed := map[*Network]*node{}
	a.each(func(n *node) {
		network := a.network(n.get("vpcId"))
		managed[network] = n
	}, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
	a.each(func(n *node) {
		network := a.networks.of(n)
		manager := managed[network]
		if manager == nil {
			group := add(n, "defaultSecurityGroupId", network)
			group.Name = "default"
			if n.External || n.kind == "aws:ec2/defaultVpc:DefaultVpc" {
				group.Incomplete = append(group.Incomplete, group.Ref)
				return
			}
			// https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
			allow(group, true, Match{Members: []*Filter{group}})
			allow(group, false, Match{Anyone: true})
			return
		}
		a.groups.put(target{node: n, part: "defaultSecurityGroupId"}, add(manager, "", network))
	}, vpcKinds...)
	a.each(func(n *node) {
		if a.groups.of(n) == nil {
			add(n, "", a.network(n.get("vpcId")))
		}
	}, "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
	a.each(func(n *node) {
		// EKS gives the cluster a group whose members reach each other and
		// everything: https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
		subnets, _ := nested(n, "vpcConfig.subnetIds").targets(subnetKinds...)
		var network *Network
		if len(subnets) > 0 {
			network = networkOf(a.subnets.resolve(subnets[0]))
		}
		group := add(n, "vpcConfig.clusterSecurityGroupId", network)
		// A preview tells only that the id comes from vpcConfig, and providers
		// write it as a list of one as well.
		a.groups.put(target{node: n, part: "vpcConfig"}, group)
		a.groups.put(target{node: n, part: "vpcConfig[0].clusterSecurityGroupId"}, group)
		allow(group, true, Match{Members: []*Filter{group}})
		allow(group, false, Match{Anyone: true})
	}, clusterKind)
}

// allow adds a rule for every protocol that AWS makes by itself.
func allow(filter *Filter, in bool, other Match) {
	rule := Rule{
		Ref: filter.Ref, Allow: Known(true, filter.Ref), Protocols: Known([]uint8(nil), filter.Ref),
		SourcePorts: Known([]Ports(nil), filter.Ref), DestinationPorts: Known([]Ports(nil), filter.Ref),
		Names: Known([]string(nil), filter.Ref),
	}
	addRule(filter, in, rule, Known(other, filter.Ref))
}

// addRule adds a rule about the other end.
func addRule(filter *Filter, in bool, rule Rule, other Val[Match]) {
	anyone := Known(Match{Anyone: true}, rule.Ref)
	if in {
		rule.Source, rule.Destination = other, anyone
		filter.In = append(filter.In, rule)
		return
	}
	rule.Source, rule.Destination = anyone, other
	filter.Out = append(filter.Out, rule)
}

// group returns the security group that a property names. The id of a group in
// another account is written behind the account's.
func (a *aws) group(p property) Val[*Filter] {
	if text, ok := p.text().Get(); ok {
		if _, id, ok := strings.Cut(text, "/"); ok && strings.HasPrefix(id, "sg-") {
			p.value = newText(id)
		}
	}
	return a.groups.resolve(p.target(groupKinds...))
}

// eachGroup calls f for the group that a property names. When that may be one
// of several, none of them is complete.
func (a *aws) eachGroup(p property, f func(*Filter)) {
	v := a.group(p)
	if group, ok := v.Get(); ok {
		f(group)
		return
	}
	options, complete := v.Options()
	for _, filter := range a.m.Filters {
		if filter.Kind == SecurityGroup && (!complete || slices.Contains(options, filter)) {
			filter.Incomplete = append(filter.Incomplete, p.ref())
		}
	}
}

// readGroupRules reads the rules of security groups, inline and standalone.
// pulumi-aws removes the rule for all outgoing traffic that AWS gives to a new
// group, so that a group without egress rules lets nothing out.
func (a *aws) readGroupRules() {
	a.each(func(n *node) {
		group := a.groups.of(n)
		a.markExisting(n, &group.Incomplete)
		for _, direction := range []string{"ingress", "egress"} {
			rules, complete := n.get(direction).list()
			if !complete {
				group.Incomplete = append(group.Incomplete, n.ref(direction))
			}
			for _, rule := range rules {
				a.readGroupRule(group, direction == "ingress", rule.ref(), rule.get, inlineRule)
			}
		}
	}, "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")

	a.each(func(n *node) {
		a.eachGroup(n.get("securityGroupId"), func(group *Filter) {
			direction, known := n.get("type").text().Get()
			if !known || direction != "ingress" && direction != "egress" {
				group.Incomplete = append(group.Incomplete, n.ref("type"))
				return
			}
			a.readGroupRule(group, direction == "ingress", n.ref(""), n.get, groupRule)
		})
	}, "aws:ec2/securityGroupRule:SecurityGroupRule")

	a.each(func(n *node) {
		a.eachGroup(n.get("securityGroupId"), func(group *Filter) {
			in := n.kind == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
			a.readGroupRule(group, in, n.ref(""), n.get, vpcRule)
		})
	}, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
}

// ruleFields are the properties of a security group's rule. A field of an end is
// one value or a list.
type ruleFields struct{ protocol, ipv4, ipv6, prefixLists, groups string }

var (
	inlineRule = ruleFields{"protocol", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"}
	groupRule  = ruleFields{"protocol", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "sourceSecurityGroupId"}
	vpcRule    = ruleFields{"ipProtocol", "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}
)

// readGroupRule adds one rule: what is known about the other end together, and
// each thing that is not known by itself.
func (a *aws) readGroupRule(group *Filter, in bool, ref Ref, get func(string) property, fields ruleFields) {
	rule := Rule{
		Ref: ref, Allow: Known(true, ref), Names: Known([]string(nil), ref), SourcePorts: Known([]Ports(nil), ref),
		Protocols: protocols(get(fields.protocol)),
	}
	from := get("fromPort")
	readPorts(&rule, from, get("toPort"), from) // a group's rule has the ICMP type there

	var known Match
	var others []Val[Match]
	add := func(v Val[Match]) {
		if match, ok := v.Get(); ok {
			known.Prefixes = append(known.Prefixes, match.Prefixes...)
			known.Members = append(known.Members, match.Members...)
			return
		}
		others = append(others, v)
	}
	elements := func(key string) []property {
		return a.elements(get(key), func(p property) { add(Unknown[Match](p.cause())) })
	}
	for _, element := range append(elements(fields.ipv4), elements(fields.ipv6)...) {
		add(convert(element.prefix(), func(p netip.Prefix) Match { return Match{Prefixes: []netip.Prefix{p}} }))
	}
	for _, element := range elements(fields.prefixLists) {
		add(convert(a.prefixList(element), func(p []netip.Prefix) Match { return Match{Prefixes: p} }))
	}
	references, complete := a.groupReferences(get(fields.groups))
	if !complete {
		add(Unknown[Match](get(fields.groups).cause()))
	}
	for _, reference := range references {
		add(convert(reference, func(f *Filter) Match { return Match{Members: []*Filter{f}} }))
	}
	self := orDefault(get("self"), property.boolean, false)
	switch yes, ok := self.Get(); {
	case !ok:
		add(Unknown[Match](self.Ref()))
	case yes:
		known.Members = append(known.Members, group)
	}

	if len(known.Prefixes)+len(known.Members) > 0 {
		addRule(group, in, rule, Known(known, ref))
	}
	for _, other := range others {
		addRule(group, in, rule, other)
	}
	if len(known.Prefixes)+len(known.Members)+len(others) == 0 {
		addRule(group, in, rule, Unknown[Match](ref))
	}
}

// elements returns the elements of a list, or a single value as a list of one.
// otherwise is called when it is not known what there is.
func (a *aws) elements(p property, otherwise func(property)) []property {
	if p.state == present && p.value.IsString() {
		return []property{p}
	}
	elements, complete := p.list()
	if !complete {
		otherwise(p)
	}
	return elements
}

// groupReferences reads one reference to a group, or a list.
func (a *aws) groupReferences(p property) (groups []Val[*Filter], complete bool) {
	if p.state != absent && !(p.state == present && p.value.IsArray()) && !strings.HasSuffix(p.path, "s") {
		return []Val[*Filter]{a.group(p)}, true
	}
	elements, _ := p.list()
	references, complete := p.targets(groupKinds...)
	for i, reference := range references {
		if i < len(elements) && elements[i].state == present {
			groups = append(groups, a.group(elements[i]))
			continue
		}
		groups = append(groups, a.groups.resolve(reference))
	}
	return groups, complete
}

// awsProtocols are the names that AWS takes.
var awsProtocols = map[string]uint8{
	"icmp": packet.ICMP, "tcp": packet.TCP, "udp": packet.UDP, "icmpv6": packet.ICMPv6, "icmp6": packet.ICMPv6,
	"sctp": packet.SCTP, "ah": 51, "esp": 50, "gre": 47,
}

// protocols reads a protocol by name or number; "-1" and "all" are every one.
func protocols(p property) Val[[]uint8] {
	text, ok := p.text().Get()
	if number, isNumber := p.number().Get(); isNumber {
		text, ok = strconv.Itoa(number), true
	}
	if !ok {
		return Unknown[[]uint8](p.cause())
	}
	text = strings.ToLower(text)
	if text == "-1" || text == "all" {
		return Known([]uint8(nil), p.ref())
	}
	if number, named := awsProtocols[text]; named {
		return Known([]uint8{number}, p.ref())
	}
	if number, err := strconv.ParseUint(text, 10, 8); err == nil {
		return Known([]uint8{uint8(number)}, p.ref())
	}
	return Unknown[[]uint8](p.ref())
}

// readPorts fills in the destination ports. A rule for ICMP limits the types
// instead, which the model does not have: unless it is for every type, it may
// match and need not.
func readPorts(rule *Rule, from, to, icmpType property) {
	rule.DestinationPorts = Known([]Ports(nil), from.ref())
	numbers, known := rule.Protocols.Get()
	if !known {
		rule.DestinationPorts = Unknown[[]Ports](from.ref())
		return
	}
	if slices.Contains(numbers, packet.ICMP) || slices.Contains(numbers, packet.ICMPv6) {
		if kind, ok := icmpType.number().Get(); !ok || kind != -1 {
			rule.Allow = Unknown[bool](icmpType.ref())
		}
		return
	}
	if len(numbers) != 1 || numbers[0] != packet.TCP && numbers[0] != packet.UDP {
		return // AWS looks at the ports of TCP and UDP only
	}
	first, firstKnown := from.port().Get()
	last, lastKnown := to.port().Get()
	switch {
	case !firstKnown:
		rule.DestinationPorts = Unknown[[]Ports](from.cause())
	case !lastKnown || last < first:
		rule.DestinationPorts = Unknown[[]Ports](to.cause())
	case first == 0 && last == math.MaxUint16:
	default:
		rule.DestinationPorts = Known([]Ports{{first, last}}, from.ref())
	}
}

// readACLs reads network ACLs and puts them before the subnets.
func (a *aws) readACLs() {
	numbered := map[*Filter][]numberedRule{}
	defaults := map[*Network]*Filter{}
	add := func(n *node, part string, network *Network) *Filter {
		acl := &Filter{Ref: n.ref(part), Kind: NetworkACL, Name: n.Name, Network: network}
		a.m.Filters = append(a.m.Filters, acl)
		a.acls.put(target{node: n, part: part}, acl)
		a.touches(n, &acl.Incomplete)
		return acl
	}
	a.each(func(n *node) { // the VPC's own
		network := a.networks.of(n)
		acl := add(n, "defaultNetworkAclId", network)
		acl.Name = "default"
		defaults[network] = acl
		if n.External || n.kind == "aws:ec2/defaultVpc:DefaultVpc" {
			acl.Incomplete = append(acl.Incomplete, acl.Ref)
			return
		}
		// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
		for i, all := range []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)} {
			for _, in := range []bool{true, false} {
				rule := Rule{
					Ref: acl.Ref, Allow: Known(true, acl.Ref), Protocols: Known([]uint8(nil), acl.Ref), Number: 100 + i,
					SourcePorts: Known([]Ports(nil), acl.Ref), DestinationPorts: Known([]Ports(nil), acl.Ref), Names: Known([]string(nil), acl.Ref),
				}
				numbered[acl] = append(numbered[acl], numberedRule{in, rule, Known(Match{Prefixes: []netip.Prefix{all}}, acl.Ref)})
			}
		}
	}, vpcKinds...)

	a.each(func(n *node) {
		var acl *Filter
		if n.kind == "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl" {
			// The resource takes over the VPC's own and throws its rules away.
			v := n.get("defaultNetworkAclId").target(vpcParts("defaultNetworkAclId")...)
			if t, ok := v.Get(); ok && t.node != nil {
				acl = a.acls.at(t, n.ref(""))
				acl.Ref, acl.Name, acl.Incomplete = n.ref(""), n.Name, nil
				delete(numbered, acl)
				a.acls.put(target{node: n}, acl)
				a.touches(n, &acl.Incomplete)
			}
		}
		if acl == nil {
			acl = add(n, "", a.network(n.get("vpcId")))
		}
		a.markExisting(n, &acl.Incomplete)
		for _, direction := range []string{"ingress", "egress"} {
			rules, complete := n.get(direction).list()
			if !complete {
				acl.Incomplete = append(acl.Incomplete, n.ref(direction))
			}
			for _, rule := range rules {
				a.readACLRule(acl, numbered, direction == "ingress", rule.ref(), rule.get, "ruleNo", "action")
			}
		}
	}, "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")

	a.each(func(n *node) {
		v := a.acls.resolve(n.get("networkAclId").target(aclKinds...))
		acl, ok := v.Get()
		egress, known := orDefault(n.get("egress"), property.boolean, false).Get()
		switch {
		case !ok:
			options, complete := v.Options()
			for _, filter := range a.m.Filters {
				if filter.Kind == NetworkACL && (!complete || slices.Contains(options, filter)) {
					filter.Incomplete = append(filter.Incomplete, n.ref(""))
				}
			}
		case !known:
			acl.Incomplete = append(acl.Incomplete, n.ref("egress"))
		default:
			a.readACLRule(acl, numbered, !egress, n.ref(""), n.get, "ruleNumber", "ruleAction")
		}
	}, "aws:ec2/networkAclRule:NetworkAclRule")

	for _, filter := range a.m.Filters {
		rules := numbered[filter]
		slices.SortStableFunc(rules, func(x, y numberedRule) int { return cmp.Compare(x.rule.Number, y.rule.Number) })
		for _, r := range rules {
			addRule(filter, r.in, r.rule, r.other)
		}
	}
	a.placeACLs(defaults)
}

// numberedRule is a rule of a network ACL that has no place yet.
type numberedRule struct {
	in    bool
	rule  Rule
	other Val[Match]
}

// readACLRule adds one rule. A provider reads standalone rules back as inline
// ones too: the number is a rule's identity.
func (a *aws) readACLRule(acl *Filter, numbered map[*Filter][]numberedRule, in bool, ref Ref, get func(string) property, number, action string) {
	place, ok := get(number).number().Get()
	if !ok {
		acl.Incomplete = append(acl.Incomplete, ref)
		return
	}
	rule := Rule{
		Ref: ref, Number: place, Protocols: protocols(get("protocol")), Names: Known([]string(nil), ref), SourcePorts: Known([]Ports(nil), ref),
		Allow: mapVal(get(action).text(), func(text string) bool { return strings.EqualFold(text, "allow") }),
	}
	readPorts(&rule, get("fromPort"), get("toPort"), get("icmpType"))
	prefix := firstPresent(get("cidrBlock"), get("ipv6CidrBlock")).prefix()
	other := convert(prefix, func(p netip.Prefix) Match { return Match{Prefixes: []netip.Prefix{p}} })
	entry := numberedRule{in, rule, other}
	for i, earlier := range numbered[acl] {
		if earlier.in == in && earlier.rule.Number == place {
			numbered[acl][i] = entry
			return
		}
	}
	numbered[acl] = append(numbered[acl], entry)
}

// placeACLs puts the ACLs before the subnets: the VPC's own where no other is
// associated.
func (a *aws) placeACLs(defaults map[*Network]*Filter) {
	for _, subnet := range a.m.Subnets {
		acl := defaults[subnet.Network]
		if acl == nil || len(subnet.Incomplete) > 0 {
			subnet.Filter = Unknown[*Filter](subnet.Ref)
			continue
		}
		subnet.Filter = Known(acl, subnet.Ref)
	}
	associate := func(subnets []Val[target], complete bool, acl Val[*Filter], ref Ref) {
		for _, reference := range subnets {
			options, all := a.subnets.resolve(reference).Options()
			complete = complete && all
			for _, subnet := range options {
				if len(options) > 1 {
					subnet.Filter = Unknown[*Filter](ref)
					continue
				}
				subnet.Filter = acl
			}
		}
		if !complete {
			a.unsettle(func(s *Subnet) { s.Filter = Unknown[*Filter](ref) }, acl)
		}
	}
	a.each(func(n *node) {
		subnets, complete := n.get("subnetIds").targets(subnetKinds...)
		associate(subnets, complete, Known(a.acls.of(n), n.ref("subnetIds")), n.ref("subnetIds"))
	}, "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
	a.each(func(n *node) {
		acl := a.acls.resolve(n.get("networkAclId").target(aclKinds...))
		acl.ref = n.ref("networkAclId")
		associate([]Val[target]{n.get("subnetId").target(subnetKinds...)}, true, acl, n.ref("subnetId"))
	}, "aws:ec2/networkAclAssociation:NetworkAclAssociation")
}

// unsettle applies f to every subnet that an ACL may be associated with.
func (a *aws) unsettle(f func(*Subnet), acl Val[*Filter]) {
	filter, _ := acl.Get()
	for _, subnet := range a.m.Subnets {
		if filter == nil || filter.Network == nil || subnet.Network == filter.Network {
			f(subnet)
		}
	}
}
