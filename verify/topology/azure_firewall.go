package topology

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// findFirewalls adds the Azure Firewalls that stand in a network, with their
// policies. One in a virtual WAN's hub is not understood.
func (a *azure) findFirewalls() {
	a.each(func(n *node) {
		owner := a.owner(n, "firewallPolicyName", "FirewallPolicy")
		policies, complete := owner.Options()
		if !complete {
			note(&a.looseGroups, owner.Ref())
			return
		}
		for _, policy := range policies {
			a.ruleGroups[policy] = append(a.ruleGroups[policy], n)
		}
	}, "FirewallPolicyRuleCollectionGroup")
	a.each(func(n *node) {
		if n.get("virtualHub").state != absent {
			a.strange = append(a.strange, n)
			return
		}
		g := newGateway(Firewall, n.ref(""), nil)
		g.Name, g.Subnet = a.title(n), Unknown[*Subnet](n.get("ipConfigurations").cause())
		configurations, complete := n.get("ipConfigurations").list()
		for i, c := range configurations {
			if subnet := c.get("subnet"); i == 0 || subnet.state != absent {
				g.Subnet = a.subnetAt(subnet.get("id"))
				g.PrivateAddress = a.address(c.get("privateIPAddress"))
			}
			g.Addresses = append(g.Addresses, a.publicAddresses(c.get("publicIPAddress").get("id"))...)
		}
		g.Public = Known(len(g.Addresses) > 0, n.ref("ipConfigurations"))
		if !complete {
			g.Incomplete = append(g.Incomplete, n.get("ipConfigurations").cause())
		}
		if s, known := g.Subnet.Get(); known && s != nil {
			g.Network = s.Network
		}
		a.firewalls[n] = g
		a.Gateways = append(a.Gateways, g)
		a.element(n, g.Ref, &g.Incomplete)
		a.policyOf(n, g)
	}, "AzureFirewall")
}

// policyOf gives a firewall its rules: those of its policy, or the classic ones
// in the firewall itself.
func (a *azure) policyOf(n *node, g *Gateway) {
	if p := n.get("firewallPolicy"); p.state != absent {
		policy := a.node(p.get("id"), "FirewallPolicy")
		g.Policy = convert(policy, func(n *node) *Filter { return a.policy(n, p) })
		g.SNAT = Unknown[bool](policy.Ref())
		if source, known := policy.Get(); known && source != nil {
			g.SNAT = translates(source.get("snat").get("privateRanges"))
			a.proxy(source, g)
			a.natCollections(g, a.collections(source, 0))
		} else {
			a.natCollections(g, []collection{{incomplete: p.get("id").cause()}})
		}
		return
	}
	f := a.newPolicy(n, a.title(n))
	var collections, hidden []collection
	keys := [...]string{natRule: "natRuleCollections", networkRule: "networkRuleCollections", applicationRule: "applicationRuleCollections"}
	for kind, key := range keys {
		elements, complete := n.get(key).list()
		if !complete {
			f.Incomplete = append(f.Incomplete, n.get(key).cause())
			if ruleKind(kind) == natRule {
				hidden = append(hidden, collection{incomplete: n.get(key).cause()})
			}
		}
		for _, element := range elements {
			collections = append(collections, collection{kind: ruleKind(kind), property: element, priority: element.get("priority").number()})
		}
	}
	a.fill(f, collections)
	a.natCollections(g, append(hidden, collections...))
	g.Policy = Known(f, n.ref(""))
	g.SNAT = translates(n.get("additionalProperties").get("Network.SNAT.PrivateRanges"))
}

// translates reads the ranges that a firewall does not put its address on: for
// 0.0.0.0/0 it never does, otherwise at least for the internet. The classic
// property is one text.
// https://learn.microsoft.com/azure/firewall/snat-private-range
func translates(ranges property) Val[bool] {
	elements, complete := ranges.list()
	if !complete {
		elements = []property{ranges}
	}
	for _, element := range elements {
		text, known := element.text().Get()
		if !known {
			return Unknown[bool](element.cause())
		}
		if slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), "0.0.0.0/0") {
			return Known(false, element.ref())
		}
	}
	return Known(true, ranges.ref())
}

// proxy adds the DNS server that a firewall is when its policy has the DNS
// proxy on. What servers of its own answer, nobody knows.
func (a *azure) proxy(policy *node, g *Gateway) {
	settings := policy.get("dnsSettings")
	if !orDefault(settings.get("enableProxy"), property.boolean, false).Or(true) {
		return
	}
	i := &Interface{
		Ref: g.Ref, Kind: ResolverInterface, Name: g.Name, Subnet: g.Subnet, Public: Known(false, g.Ref),
		Addresses: []Val[netip.Addr]{g.PrivateAddress}, SourceDestCheck: Known(true, g.Ref),
	}
	for _, p := range []property{settings.get("enableProxy"), settings.get("servers")} {
		if servers, complete := p.list(); p.state == unknown || complete && len(servers) > 0 {
			i.Incomplete = append(i.Incomplete, p.ref())
		}
	}
	a.addInterface(i)
}

func (a *azure) newPolicy(n *node, name string) *Filter {
	f := &Filter{Ref: n.ref(""), Kind: FirewallPolicy, Name: name, Stateful: true}
	a.policies[n] = f
	a.Filters = append(a.Filters, f)
	a.element(n, f.Ref, &f.Incomplete)
	return f
}

// policy returns the rules of a firewall policy; p refers to it.
func (a *azure) policy(n *node, p property) *Filter {
	if n == nil {
		return &Filter{Ref: p.ref(), Kind: FirewallPolicy, Stateful: true, Incomplete: []Ref{p.ref()}}
	}
	if f := a.policies[n]; f != nil {
		return f
	}
	f := a.newPolicy(n, a.title(n))
	a.fill(f, a.collections(n, 0))
	return f
}

type ruleKind int

// The kinds of rules in the order in which a firewall takes them.
// https://learn.microsoft.com/azure/firewall/rule-processing
const (
	natRule ruleKind = iota
	networkRule
	applicationRule
)

// collection is a collection of rules of one firewall or policy.
type collection struct {
	kind     ruleKind
	property property
	// depth counts the policies that inherit it: a base policy's come first.
	depth int
	group Val[int] // the priority of its group; known and 0 in a classic firewall
	// priority within its group.
	priority Val[int]
	// incomplete is set instead of all others: there may be more.
	incomplete Ref
}

// maxInheritance is more than any chain of policies has; a circle ends there.
const maxInheritance = 16

// collections returns the rule collections of a policy and of the policies
// that it is based on.
func (a *azure) collections(policy *node, inherited int) []collection {
	var all []collection
	if base := policy.get("basePolicy"); base.state != absent {
		n, known := a.node(base.get("id"), "FirewallPolicy").Get()
		switch {
		case !known || n == nil || inherited > maxInheritance || n == policy:
			all = append(all, collection{incomplete: base.get("id").cause()})
		default:
			all = a.collections(n, inherited+1)
		}
	}
	for _, ref := range a.looseGroups {
		all = append(all, collection{incomplete: ref})
	}
	for _, n := range a.ruleGroups[policy] {
		owner := a.owner(n, "firewallPolicyName", "FirewallPolicy")
		list := n.get("ruleCollections")
		elements, complete := list.list()
		if !complete {
			all = append(all, collection{incomplete: list.cause()})
		}
		if !owner.IsKnown() {
			all = append(all, collection{incomplete: owner.Ref()})
			continue
		}
		for _, element := range elements {
			c := collection{
				property: element, depth: -inherited,
				group: n.get("priority").number(), priority: element.get("priority").number(),
			}
			rules, _ := element.get("rules").list()
			switch kind, _ := element.get("ruleCollectionType").text().Get(); {
			case strings.EqualFold(kind, "FirewallPolicyNatRuleCollection"):
				c.kind = natRule
			case strings.EqualFold(kind, "FirewallPolicyFilterRuleCollection"):
				c.kind = networkRule
				if len(rules) > 0 && strings.EqualFold(rules[0].get("ruleType").text().Or(""), "ApplicationRule") {
					c.kind = applicationRule
				}
			default:
				c = collection{incomplete: element.get("ruleCollectionType").cause()}
			}
			all = append(all, c)
		}
	}
	return all
}

// fill gives a policy the rules of its collections, in the order in which the
// firewall takes them.
func (a *azure) fill(f *Filter, all []collection) {
	for _, c := range all {
		switch {
		case c.incomplete != Ref{}:
			f.Incomplete = append(f.Incomplete, c.incomplete)
		case !c.priority.IsKnown():
			f.Incomplete = append(f.Incomplete, c.priority.Ref())
		case c.group.Ref() != Ref{} && !c.group.IsKnown():
			f.Incomplete = append(f.Incomplete, c.group.Ref())
		}
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y collection) int {
		return cmp.Or(
			cmp.Compare(x.kind, y.kind), cmp.Compare(x.depth, y.depth),
			cmp.Compare(x.group.Or(0), y.group.Or(0)), cmp.Compare(x.priority.Or(0), y.priority.Or(0)),
		)
	})
	for _, c := range all {
		if c.kind == natRule || c.incomplete != (Ref{}) {
			continue
		}
		list := c.property.get("rules")
		rules, complete := list.list()
		if !complete {
			f.Incomplete = append(f.Incomplete, list.cause())
		}
		var byTag []Rule
		allow := oneOfTwo(c.property.get("action").get("type"), "Allow", "Deny")
		for _, rule := range rules {
			if kind, known := rule.get("ruleType").text().Get(); known && strings.EqualFold(kind, "ApplicationRule") != (c.kind == applicationRule) {
				f.Incomplete = append(f.Incomplete, rule.ref()) // Azure wants one kind
			}
			base := Rule{
				Ref: rule.ref(), Allow: allow, Number: c.priority.Or(0),
				Source:      a.ends(rule, "source"),
				SourcePorts: Known[[]Ports](nil, rule.ref()), Names: Known[[]string](nil, rule.ref()),
			}
			read := a.applicationRules
			if c.kind == networkRule {
				read = a.networkRules
			}
			for _, r := range read(base, rule) {
				if r.Names.IsKnown() {
					f.Out = append(f.Out, r)
				} else {
					byTag = append(byTag, r)
				}
			}
		}
		// All rules of a collection do the same, so their order is free: what
		// is not known comes after what is.
		f.Out = append(f.Out, byTag...)
	}
}

// ends reads the addresses and IP groups at one side of a firewall's rule.
// Without either it is unknown.
func (a *azure) ends(rule property, side string) Val[Match] {
	addresses, groups := rule.get(side+"Addresses"), rule.get(side+"IpGroups")
	var match Match
	if !none(addresses) {
		v := a.addresses(addresses)
		m, known := v.Get()
		if !known {
			return v
		}
		match = m
	} else if none(groups) {
		return Unknown[Match](addresses.cause())
	}
	elements, complete := groups.list()
	if !complete {
		return Unknown[Match](groups.cause())
	}
	for _, element := range elements {
		n, known := a.node(element, "IpGroup").Get()
		if !known || n == nil {
			return Unknown[Match](element.cause())
		}
		v := a.addresses(n.get("ipAddresses"))
		m, known := v.Get()
		if !known {
			return v
		}
		match = match.union(m)
	}
	return Known(match, addresses.ref())
}

// none says that a list is certainly empty.
func none(p property) bool {
	elements, complete := p.list()
	return complete && len(elements) == 0
}

// networkRules reads a network rule: by address, by name, or both, of which
// either matches.
func (a *azure) networkRules(base Rule, rule property) []Rule {
	protocols := rule.get("ipProtocols")
	if protocols.state == absent {
		protocols = rule.get("protocols") // of a classic firewall
	}
	base.Protocols = protocolList(protocols)
	base.DestinationPorts = portRanges(rule.get("destinationPorts"))
	names := rule.get("destinationFqdns")
	var rules []Rule
	if !none(rule.get("destinationAddresses")) || !none(rule.get("destinationIpGroups")) || none(names) {
		byAddress := base
		byAddress.Destination = a.ends(rule, "destination")
		rules = append(rules, byAddress)
	}
	if !none(names) {
		byName := base
		byName.Destination, byName.Names = Known(Match{Anyone: true}, rule.ref()), all(names, property.text)
		rules = append(rules, byName)
	}
	return rules
}

// protocolList reads a list of protocols, "Any" among them.
func protocolList(p property) Val[[]uint8] {
	elements, complete := p.list()
	if !complete || len(elements) == 0 {
		return Unknown[[]uint8](p.cause())
	}
	var numbers []uint8
	for _, element := range elements {
		v := protocolNumbers(element)
		some, known := v.Get()
		switch {
		case !known:
			return v
		case len(some) == 0:
			return Known[[]uint8](nil, element.ref())
		}
		numbers = append(numbers, some...)
	}
	return Known(numbers, p.ref())
}

// applicationRules reads an application rule, which matches the names in TLS
// and HTTP. What web categories and URLs stand for is not known, and neither is
// all that an FQDN tag does: Microsoft keeps the lists.
func (a *azure) applicationRules(base Rule, rule property) []Rule {
	base.Protocols = Known([]uint8{6}, rule.ref())
	base.DestinationPorts = applicationPorts(rule.get("protocols"))
	base.Destination = Known(Match{Anyone: true}, rule.ref())
	if addresses := rule.get("destinationAddresses"); !none(addresses) {
		base.Destination = a.addresses(addresses)
	}
	var rules []Rule
	if names := rule.get("targetFqdns"); !none(names) {
		byName := base
		byName.Names = all(names, property.text)
		rules = append(rules, byName)
	}
	for _, key := range []string{"fqdnTags", "webCategories", "targetUrls"} {
		if p := rule.get(key); !none(p) {
			byTag := base
			byTag.Names = AtLeast[string](p.ref(), nil) // names all the same
			if key == "fqdnTags" {
				rules = append(rules, a.aksTag(base, p)...)
				// A tag stands for names on the ports of HTTP and HTTPS.
				byTag.DestinationPorts = Known([]Ports{{80, 80}, {443, 443}}, p.ref())
			}
			rules = append(rules, byTag)
		}
	}
	return rules
}

// aksTag returns the rule for the names that the tag AzureKubernetesService
// stands for at the least, where it is among the tags of a rule for HTTPS.
// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
// https://learn.microsoft.com/azure/firewall/fqdn-tags
func (a *azure) aksTag(base Rule, tags property) []Rule {
	https := Ports{443, 443}
	if ports, known := base.DestinationPorts.Get(); !known || !slices.Contains(ports, https) {
		return nil
	}
	elements, _ := tags.list()
	for _, element := range elements {
		if tag, _ := element.text().Get(); strings.EqualFold(tag, "AzureKubernetesService") {
			base.DestinationPorts = Known([]Ports{https}, base.DestinationPorts.Ref())
			base.Names = Known(a.facts.AKSNames(), element.ref())
			return []Rule{base}
		}
	}
	return nil
}

func applicationPorts(protocols property) Val[[]Ports] {
	elements, complete := protocols.list()
	if !complete {
		return Unknown[[]Ports](protocols.cause())
	}
	var ports []Ports
	for _, element := range elements {
		p := element.get("port")
		kind, _ := element.get("protocolType").text().Get()
		standard := map[string]uint16{"http": 80, "https": 443, "mssql": 1433}[strings.ToLower(kind)]
		port, known := p.port().Get()
		switch {
		case known:
		case p.state == absent && standard != 0:
			port = standard
		default:
			return Unknown[[]Ports](p.cause())
		}
		ports = append(ports, Ports{port, port})
	}
	if len(ports) == 0 {
		return Unknown[[]Ports](protocols.ref())
	}
	return Known(ports, protocols.ref())
}

// natCollections adds the NAT rules of a firewall, and for those that nobody
// knows one that may lead anywhere.
func (a *azure) natCollections(g *Gateway, collections []collection) {
	var open []Ref
	for _, c := range collections {
		switch {
		case c.incomplete != (Ref{}):
			note(&open, c.incomplete)
		case c.kind == natRule:
			a.natCollection(g, c, &open)
		}
	}
	if len(open) == 0 {
		return
	}
	i := &Interface{
		Ref: g.Ref, Kind: BalancerInterface, Name: g.Name, Subnet: g.Subnet, Public: g.Public, PublicAddresses: g.Addresses,
		Addresses: []Val[netip.Addr]{g.PrivateAddress}, Filters: [][]*Filter{{}}, Incomplete: open, SourceDestCheck: Known(true, g.Ref),
	}
	b := &Balancer{Ref: g.Ref, Name: g.Name, Kind: "azure", InternetFacing: g.Public, Interfaces: []*Interface{i}}
	l := unknownListener(open[0])
	l.PreserveClientIP, l.CrossZone, l.Incomplete = Known(false, g.Ref), Known(true, g.Ref), open
	b.Listeners = []Listener{l}
	a.addInterface(i)
	a.Balancers = append(a.Balancers, b)
}

// natCollection adds each rule of a NAT collection as a listener on the
// firewall's public addresses. The firewall puts its own address on what it
// translates.
// https://learn.microsoft.com/azure/firewall/tutorial-firewall-dnat
func (a *azure) natCollection(g *Gateway, c collection, open *[]Ref) {
	rules, complete := c.property.get("rules").list()
	if !complete {
		g.Incomplete = append(g.Incomplete, c.property.get("rules").cause())
		note(open, c.property.get("rules").cause())
	}
	for _, rule := range rules {
		name, _ := rule.get("name").text().Get()
		own := &Filter{Ref: rule.ref(), Kind: FirewallPolicy, Name: name, Stateful: true}
		through := Rule{
			Ref: rule.ref(), Allow: Known(true, rule.ref()), Protocols: Known[[]uint8](nil, rule.ref()),
			Source: a.ends(rule, "source"), Destination: Known(Match{Anyone: true}, rule.ref()),
			SourcePorts: Known[[]Ports](nil, rule.ref()), DestinationPorts: Known[[]Ports](nil, rule.ref()), Names: Known[[]string](nil, rule.ref()),
		}
		own.In = []Rule{through}
		through.Source = Known(Match{Anyone: true}, rule.ref())
		own.Out = []Rule{through}
		i := &Interface{
			Ref: rule.ref(), Kind: BalancerInterface, Name: name, Subnet: g.Subnet, Public: Known(true, rule.ref()),
			Addresses: []Val[netip.Addr]{g.PrivateAddress}, Filters: [][]*Filter{{own}}, SourceDestCheck: Known(true, rule.ref()),
		}
		destinations, complete := rule.get("destinationAddresses").list()
		for _, d := range destinations {
			i.PublicAddresses = append(i.PublicAddresses, a.address(d))
		}
		if !complete {
			i.PublicAddresses = []Val[netip.Addr]{Unknown[netip.Addr](rule.get("destinationAddresses").cause())}
		}
		b := &Balancer{Ref: rule.ref(), Name: name, Kind: "azure", InternetFacing: Known(true, rule.ref()), Interfaces: []*Interface{i}}
		l := Listener{
			Ref: rule.ref(), TargetPort: rule.get("translatedPort").port(),
			PreserveClientIP: Known(false, rule.ref()), CrossZone: Known(true, rule.ref()),
		}
		l.Targets, l.Incomplete = a.translated(g, rule)
		for _, protocol := range natProtocols(rule) {
			for _, port := range natPorts(rule.get("destinationPorts")) {
				l.Protocol, l.Port = protocol, port
				b.Listeners = append(b.Listeners, l)
			}
		}
		a.addInterface(i)
		a.Filters, a.Balancers = append(a.Filters, own), append(a.Balancers, b)
	}
}

// natProtocols reads the protocols of a NAT rule.
func natProtocols(rule property) []Val[string] {
	list := firstPresent(rule.get("ipProtocols"), rule.get("protocols")) // of a classic firewall
	elements, complete := list.list()
	if !complete || len(elements) == 0 {
		return []Val[string]{Unknown[string](list.cause())}
	}
	var protocols []Val[string]
	for _, element := range elements {
		protocols = append(protocols, convert(element.text(), func(text string) string {
			if text = strings.ToUpper(text); text == "ANY" {
				return "ALL"
			}
			return text
		}))
	}
	return protocols
}

// natPorts reads the ports of a NAT rule, one by one. All of them, or a range of
// many, is a port that is not known.
func natPorts(p property) []Val[uint16] {
	v := portRanges(p)
	ranges, known := v.Get()
	var ports []Val[uint16]
	for _, r := range ranges {
		for port := int(r.First); port <= int(r.Last) && len(ports) <= maxListed; port++ {
			ports = append(ports, Known(uint16(port), p.ref()))
		}
	}
	if !known || len(ports) == 0 || len(ports) > maxListed {
		return []Val[uint16]{Unknown[uint16](v.Ref())}
	}
	return ports
}

// translated returns what a NAT rule leads to, and the outputs that decide on
// it. What a name stands for is not in the graph.
func (a *azure) translated(g *Gateway, rule property) (found []*Interface, open []Ref) {
	if name := rule.get("translatedFqdn"); name.state != absent {
		return nil, []Ref{name.cause()}
	}
	return a.interfacesAt(rule.get("translatedAddress"), g.Network)
}

// subnetWith returns the Azure subnet that holds an address.
func (a *azure) subnetWith(addr netip.Addr, subnets []*Subnet) *Subnet {
	for _, s := range subnets {
		if s.Network.Cloud != Azure {
			continue
		}
		for _, v := range s.Prefixes {
			if prefix, known := v.Get(); known && prefix.Contains(addr) {
				return s
			}
		}
	}
	return nil
}
