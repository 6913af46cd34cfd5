package topology

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

const (
	zoneKind         = "aws:route53/zone:Zone"
	resolverRuleKind = "aws:route53/resolverRule:ResolverRule"
	nameFilterKind   = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
	domainListKind   = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
	dnsProfileKind   = "aws:route53/profilesProfile:ProfilesProfile"
	anyName          = "."
	resolverKind     = "aws:route53/resolverEndpoint:ResolverEndpoint"
	filterJoinKind   = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
	profileLinkKind  = "aws:route53/profilesAssociation:ProfilesAssociation"
)

// readDNS reads private and public zones, resolver rules, DNS firewalls and the
// profiles that hand them to VPCs.
func (a *aws) readDNS() {
	a.readZones()
	a.readRecords()
	forwarders := a.readForwarders()
	filters := a.readNameFilters()
	a.readProfiles(forwarders)
	for _, f := range filters {
		a.m.NameFilters = append(a.m.NameFilters, f.filter)
	}
}

func (a *aws) readZones() {
	a.each(func(n *node) {
		zone := &Zone{Ref: n.ref(""), Name: dnsName(n.get("name").text().Or(""))}
		vpcs, complete := n.get("vpcs").members("vpcId", vpcKinds...)
		for i, vpc := range vpcs {
			a.link(zone, a.networks.resolve(vpc), n.ref(at("vpcs", i)))
		}
		if !complete {
			zone.Networks = append(zone.Networks, ZoneLink{Ref: n.ref("vpcs"), Network: Unknown[*Network](n.ref("vpcs"))})
		}
		if n.External && a.ix.recorded {
			// It may be a private one of other VPCs.
			zone.Networks = append(zone.Networks, ZoneLink{Ref: n.ref("vpcs"), Network: Unknown[*Network](n.ref("vpcs"))})
		}
		zone.Private = len(zone.Networks) > 0
		a.m.Zones = append(a.m.Zones, zone)
		a.zones.put(target{node: n}, zone)
	}, zoneKind)
	a.each(func(n *node) {
		options, complete := a.zones.resolve(n.get("zoneId").target(zoneKind)).Options()
		for _, zone := range options {
			if zone == nil {
				continue // another program's, whose names nobody here knows
			}
			zone.Private = true
			if len(options) > 1 || !complete {
				zone.Networks = append(zone.Networks, ZoneLink{Ref: n.ref("zoneId"), Network: Unknown[*Network](n.ref("zoneId"))})
				continue
			}
			a.link(zone, a.networks.resolve(n.get("vpcId").target(vpcKinds...)), n.ref(""))
		}
		if t, ok := n.get("zoneId").target(zoneKind).Get(); !ok || t.node == nil {
			a.markNetworks(n.get("vpcId").target(vpcKinds...), n.ref("zoneId"))
		}
	}, "aws:route53/zoneAssociation:ZoneAssociation")
}

// link makes a zone visible in a VPC, once.
func (a *aws) link(zone *Zone, network Val[*Network], ref Ref) {
	for _, link := range zone.Networks {
		known, ok := link.Network.Get()
		if same, sameOK := network.Get(); ok && sameOK && known == same {
			return
		}
	}
	zone.Networks = append(zone.Networks, ZoneLink{Ref: ref, Network: network})
}

func dnsName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// recordTypes are the types that lead to an address.
var recordTypes = []string{"A", "AAAA", "CNAME"}

// readRecords reads the records of zones. A name may be written with or without
// the zone's.
func (a *aws) readRecords() {
	a.each(func(n *node) {
		kind, known := n.get("type").text().Get()
		if known && !slices.Contains(recordTypes, kind) {
			return
		}
		name := dnsName(n.get("name").text().Or(""))
		v := n.get("zoneId").target(zoneKind)
		zone, ok := a.zones.resolve(v).Get()
		if !ok || zone == nil {
			// Whether the zone is private and who sees it is not told.
			zone = &Zone{
				Ref: n.ref("zoneId"), Name: name, Private: true,
				Networks: []ZoneLink{{Ref: n.ref("zoneId"), Network: Unknown[*Network](n.ref("zoneId"))}},
			}
			a.m.Zones = append(a.m.Zones, zone)
		} else if zone.Name != "" && name != zone.Name && !strings.HasSuffix(name, "."+zone.Name) {
			name = strings.TrimPrefix(name+"."+zone.Name, ".")
		}
		if !known || n.get("name").state == unknown {
			// It may answer any name of the zone, with anything.
			zone.Records = append(zone.Records, Record{
				Ref: n.ref(""), Name: "*." + zone.Name, Type: "A", Addresses: Unknown[[]netip.Addr](n.ref("")), Alias: Unknown[string](n.ref("")),
			})
			return
		}
		record := Record{Ref: n.ref(""), Name: name, Type: kind}
		alias := n.get("aliases").block()
		switch {
		case alias.state != absent:
			record.Addresses = Unknown[[]netip.Addr](alias.get("name").cause())
			record.Alias = mapVal(alias.get("name").text(), dnsName)
			record.Interfaces = a.answers(alias.get("name"))
		case kind == "CNAME":
			values, complete := n.get("records").list()
			record.Alias = Unknown[string](n.get("records").cause())
			if complete && len(values) == 1 {
				record.Alias = mapVal(values[0].text(), dnsName)
				record.Interfaces = a.answers(values[0])
			}
		default:
			record.Addresses = all(n.get("records"), property.address)
		}
		zone.Records = append(zone.Records, record)
	}, "aws:route53/record:Record")
}

// answers returns the interfaces behind a name of a load balancer or endpoint.
func (a *aws) answers(name property) []*Interface {
	if text, ok := name.text().Get(); ok {
		name.value = newText(strings.TrimPrefix(text, "dualstack."))
	}
	t, ok := name.target(balancerKind, endpointKind+"#dnsEntries").Get()
	if !ok || t.node == nil {
		return nil
	}
	return a.interfaces[t.node]
}

// readForwarders reads resolver endpoints, rules and their associations.
func (a *aws) readForwarders() map[*node]*Forwarder {
	a.each(func(n *node) {
		kind := ResolverInterface
		if n.get("direction").text().Or("") != "INBOUND" {
			kind = Host // it asks, and answers nobody
		}
		addresses, complete := n.get("ipAddresses").list()
		subnets, _ := n.get("ipAddresses").members("subnetId", subnetKinds...)
		for j, address := range addresses {
			given, subnet := firstPresent(address.get("ip"), address.get("ipv6")), a.subnets.resolve(subnets[j])
			if given.state != absent {
				subnet = a.subnet(address.get("subnetId")) // which of them matters
			}
			i := newInterface(n, kind, subnet)
			i.Addresses = []Val[netip.Addr]{given.address()}
			a.putInGroups(i, n.get("securityGroupIds"))
			a.markExisting(n, &i.Incomplete)
			a.addInterface(n, i)
		}
		if !complete {
			i := newInterface(n, kind, Unknown[*Subnet](n.ref("ipAddresses")))
			i.Incomplete = []Ref{n.ref("ipAddresses")}
			a.addInterface(n, i)
		}
	}, resolverKind)

	forwarders := map[*node]*Forwarder{}
	a.each(func(n *node) {
		forwarder := &Forwarder{
			Ref: n.ref(""), Suffix: cmp.Or(dnsName(n.get("domainName").text().Or("")), anyName),
			Servers: Unknown[[]netip.Addr](n.ref("targetIps")),
			System:  n.get("ruleType").text().Or("") == "SYSTEM",
		}
		if n.get("domainName").text().IsKnown() && n.get("ruleType").text().Or("") == "FORWARD" {
			forwarder.Servers = targetAddresses(n.get("targetIps"))
		}
		if forwarder.System {
			forwarder.Servers = Known([]netip.Addr(nil), n.ref("ruleType"))
		}
		a.m.Forwarders = append(a.m.Forwarders, forwarder)
		forwarders[n] = forwarder
	}, resolverRuleKind)
	a.each(func(n *node) {
		network := a.networks.resolve(n.get("vpcId").target(vpcKinds...))
		options, _ := n.get("resolverRuleId").target(resolverRuleKind).Options()
		if len(options) == 1 && options[0].node != nil {
			forwarder := forwarders[options[0].node]
			forwarder.Networks = append(forwarder.Networks, network)
			return
		}
		// One that another account shares may forward every name.
		a.m.Forwarders = append(a.m.Forwarders, &Forwarder{
			Ref: n.ref("resolverRuleId"), Suffix: anyName, Servers: Unknown[[]netip.Addr](n.ref("resolverRuleId")),
			Networks: []Val[*Network]{network},
		})
		a.markNetworks(n.get("vpcId").target(vpcKinds...), n.ref("resolverRuleId"))
	}, "aws:route53/resolverRuleAssociation:ResolverRuleAssociation")
	return forwarders
}

// targetAddresses reads the servers of a rule.
func targetAddresses(p property) Val[[]netip.Addr] {
	targets, complete := p.list()
	if !complete || len(targets) == 0 {
		return Unknown[[]netip.Addr](p.cause())
	}
	var servers []netip.Addr
	for _, t := range targets {
		server, ok := firstPresent(t.get("ip"), t.get("ipv6")).address().Get()
		if !ok {
			return Unknown[[]netip.Addr](t.get("ip").cause())
		}
		servers = append(servers, server)
	}
	return Known(servers, p.ref())
}

// placedFilter is a DNS firewall that has its place in the order of its networks.
type placedFilter struct {
	filter   *NameFilter
	priority Val[int]
}

// readNameFilters reads the DNS firewall: one filter for each association of a
// rule group with a VPC, in order of priority.
func (a *aws) readNameFilters() []placedFilter {
	var filters []placedFilter
	a.each(func(n *node) {
		network := a.networks.resolve(n.get("vpcId").target(vpcKinds...))
		filters = append(filters, a.nameFilter(n, n.get("firewallRuleGroupId"), n.get("priority").number(), network))
	}, filterJoinKind)
	sortFilters(filters)
	return filters
}

// sortFilters sorts by priority. A filter of unknown priority stands first:
// nobody knows whether it comes to bear before what the others say.
func sortFilters(filters []placedFilter) {
	slices.SortStableFunc(filters, func(x, y placedFilter) int {
		return cmp.Compare(x.priority.Or(-1), y.priority.Or(-1))
	})
}

func (a *aws) nameFilter(n *node, group property, priority Val[int], network Val[*Network]) placedFilter {
	f := placedFilter{filter: &NameFilter{Ref: n.ref(""), Networks: []Val[*Network]{network}}, priority: priority}
	t, ok := group.target(nameFilterKind).Get()
	if !ok || t.node == nil {
		f.filter.Rules = []NameRule{{Ref: group.ref(), Allow: Unknown[bool](group.ref()), Names: Unknown[[]string](group.ref())}}
		return f
	}
	f.filter.Ref = t.node.ref("")
	f.filter.Rules = a.nameRules(t.node)
	if !priority.IsKnown() {
		for i := range f.filter.Rules {
			f.filter.Rules[i].Allow = Unknown[bool](priority.Ref())
		}
	}
	return f
}

// nameRules returns the rules of a group of a DNS firewall by priority. An ALERT
// lets the question pass.
func (a *aws) nameRules(group *node) []NameRule {
	type placed struct {
		rule     NameRule
		priority int
	}
	var rules []placed
	for _, n := range a.ix.byKind["aws:route53/resolverFirewallRule:ResolverFirewallRule"] {
		options, complete := n.get("firewallRuleGroupId").target(nameFilterKind).Options()
		if complete && !slices.ContainsFunc(options, func(t target) bool { return t.node == group }) {
			continue
		}
		rule := NameRule{
			Ref: n.ref(""), Names: a.domains(n.get("firewallDomainListId")),
			Allow: mapVal(n.get("action").text(), func(action string) bool { return action != "BLOCK" }),
		}
		priority, known := n.get("priority").number().Get()
		// A rule for a type of question lets others through.
		if !complete || len(options) > 1 || !known || n.get("qType").state != absent {
			rule.Allow = Unknown[bool](n.ref(""))
		}
		rules = append(rules, placed{rule, priority})
	}
	slices.SortStableFunc(rules, func(x, y placed) int { return cmp.Compare(x.priority, y.priority) })
	var sorted []NameRule
	for _, r := range rules {
		sorted = append(sorted, r.rule)
	}
	return sorted
}

// domains reads a list of domain names; AWS's own lists are not known.
func (a *aws) domains(p property) Val[[]string] {
	t, ok := p.target(domainListKind).Get()
	if !ok || t.node == nil || t.node.External && a.ix.recorded {
		return Unknown[[]string](p.ref())
	}
	v := all(t.node.get("domains"), property.text)
	names, ok := v.Get()
	if !ok {
		return v
	}
	domains := make([]string, len(names))
	for i, name := range names {
		domains[i] = dnsName(name)
	}
	return Known(domains, v.Ref())
}

// readProfiles hands what Route 53 profiles hold to the VPCs that they are
// associated with: zones, the private names of endpoints, resolver rules and
// DNS firewalls.
func (a *aws) readProfiles(forwarders map[*node]*Forwarder) {
	for _, join := range a.ix.byKind[profileLinkKind] {
		profile, ok := join.get("profileId").target(dnsProfileKind).Get()
		vpc := join.get("resourceId")
		if !ok || profile.node == nil || profile.node.External {
			a.markNetworks(vpc.target(vpcKinds...), join.ref("profileId"))
			if profile.node == nil {
				continue
			}
		}
		network := a.networks.resolve(vpc.target(vpcKinds...))
		for _, n := range a.ix.byKind["aws:route53/profilesResourceAssociation:ProfilesResourceAssociation"] {
			options, complete := n.get("profileId").target(dnsProfileKind).Options()
			if complete && !slices.ContainsFunc(options, func(t target) bool { return t.node == profile.node }) {
				continue
			}
			held, known := n.get("resourceArn").target(zoneKind, endpointKind, resolverRuleKind, nameFilterKind).Get()
			if !known || held.node == nil || !complete || len(options) > 1 {
				a.markNetworks(vpc.target(vpcKinds...), n.ref("resourceArn"))
				continue
			}
			a.hold(held.node, n, network, forwarders)
		}
	}
}

// hold hands one resource of a profile to a VPC.
func (a *aws) hold(held, association *node, network Val[*Network], forwarders map[*node]*Forwarder) {
	switch held.kind {
	case zoneKind:
		if zone := a.zones.of(held); zone != nil {
			zone.Private = true
			a.link(zone, network, association.ref(""))
		}
	case endpointKind:
		endpoint := a.endpoints.of(held)
		for _, zone := range a.endpointZones[endpoint] {
			if len(zone.Networks) == 0 {
				a.m.Zones = append(a.m.Zones, zone)
			}
			a.link(zone, network, association.ref(""))
		}
	case resolverRuleKind:
		forwarders[held].Networks = append(forwarders[held].Networks, network)
	case nameFilterKind:
		a.m.NameFilters = append(a.m.NameFilters, a.nameFilter(association, association.get("resourceArn"),
			Unknown[int](association.ref("resourceProperties")), network).filter)
	}
}
