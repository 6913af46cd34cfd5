package topology

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// securityRules adds the rules of the network security groups: those in a
// group's list, those that are resources, and Azure's own.
// https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
func (a *azure) securityRules() {
	type key struct {
		group *node
		name  string
	}
	alone := map[key]bool{}
	a.each(func(n *node) {
		groups := a.owner(n, "networkSecurityGroupName", "NetworkSecurityGroup")
		if group, known := groups.Get(); known && group != nil {
			alone[key{group, strings.ToLower(a.name(n))}] = true
			a.securityRule(a.filters[group], n.ref(""), n.get)
			return
		}
		options, _ := groups.Options()
		for _, group := range options {
			if f := a.filters[group]; f != nil {
				note(&f.Incomplete, groups.Ref())
			}
		}
	}, "SecurityRule")
	a.each(func(n *node) {
		f, list := a.filters[n], n.get("securityRules")
		elements, complete := list.list()
		if !complete {
			f.Incomplete = append(f.Incomplete, list.cause())
		}
		for _, element := range elements {
			if name, known := element.get("name").text().Get(); !known || !alone[key{n, strings.ToLower(name)}] {
				a.securityRule(f, element.ref(), element.get)
			}
		}
		f.In = append(byNumber(f.In), defaultRules(f.Ref, true)...)
		f.Out = append(byNumber(f.Out), defaultRules(f.Ref, false)...)
	}, "NetworkSecurityGroup")
}

func byNumber(rules []Rule) []Rule {
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Number, b.Number) })
	return rules
}

// defaultRules are those that every network security group has.
func defaultRules(group Ref, in bool) []Rule {
	ref := group.At("defaultSecurityRules")
	rule := func(number int, allow bool, source, destination Match) Rule {
		return Rule{
			Ref: ref, Number: number, Allow: Known(allow, ref), Protocols: Known[[]uint8](nil, ref),
			Source: Known(source, ref), Destination: Known(destination, ref),
			SourcePorts: Known[[]Ports](nil, ref), DestinationPorts: Known[[]Ports](nil, ref), Names: Known[[]string](nil, ref),
		}
	}
	anyone, inside := Match{Anyone: true}, Match{VirtualNetwork: true}
	if in {
		balancer := Match{Prefixes: []netip.Prefix{netip.MustParsePrefix(azureResolver)}}
		return []Rule{rule(65000, true, inside, inside), rule(65001, true, balancer, anyone), rule(65500, false, anyone, anyone)}
	}
	return []Rule{rule(65000, true, inside, inside), rule(65001, true, anyone, Match{Internet: true}), rule(65500, false, anyone, anyone)}
}

// securityRule adds a rule to a group. Without its direction or its priority
// nobody knows what the group does.
func (a *azure) securityRule(f *Filter, ref Ref, get func(string) property) {
	rule := Rule{
		Ref:              ref,
		Allow:            oneOfTwo(get("access"), "Allow", "Deny"),
		Protocols:        protocolNumbers(get("protocol")),
		Source:           a.securityMatch(get, "source"),
		Destination:      a.securityMatch(get, "destination"),
		SourcePorts:      portRanges(get("sourcePortRange"), get("sourcePortRanges")),
		DestinationPorts: portRanges(get("destinationPortRange"), get("destinationPortRanges")),
		Names:            Known[[]string](nil, ref),
	}
	priority, numbered := get("priority").number().Get()
	inbound := oneOfTwo(get("direction"), "Inbound", "Outbound")
	in, directed := inbound.Get()
	if !numbered || !directed {
		ref := inbound.Ref()
		if !numbered {
			ref = get("priority").cause()
		}
		f.Incomplete = append(f.Incomplete, ref)
		return
	}
	rule.Number = priority
	if in {
		f.In = append(f.In, rule)
	} else {
		f.Out = append(f.Out, rule)
	}
}

// oneOfTwo reads a text that is either yes or no.
func oneOfTwo(p property, yes, no string) Val[bool] {
	text, known := p.text().Get()
	switch {
	case known && strings.EqualFold(text, yes):
		return Known(true, p.ref())
	case known && strings.EqualFold(text, no):
		return Known(false, p.ref())
	}
	return Unknown[bool](p.cause())
}

// protocolNumbers reads the name of a protocol, or "*".
func protocolNumbers(p property) Val[[]uint8] {
	text, _ := p.text().Get()
	if numbers, ok := namedProtocol(text); ok {
		return Known(numbers, p.ref())
	}
	return Unknown[[]uint8](p.cause())
}

func namedProtocol(name string) (numbers []uint8, ok bool) {
	switch strings.ToLower(name) {
	case "*", "any", "all":
		return nil, true
	case "tcp":
		return []uint8{6}, true
	case "udp":
		return []uint8{17}, true
	case "icmp":
		return []uint8{1}, true
	case "icmpv6":
		return []uint8{58}, true
	case "esp":
		return []uint8{50}, true
	case "ah":
		return []uint8{51}, true
	}
	return nil, false
}

// portRanges reads one range and a list of them: "443", "8000-8999", "*". An
// empty list is every port.
func portRanges(properties ...property) Val[[]Ports] {
	var ranges []Ports
	given := false
	for _, p := range properties {
		if p.state == absent {
			continue
		}
		elements, complete := p.list()
		if !complete {
			elements = []property{p}
		}
		for _, element := range elements {
			given = true
			text, _ := element.text().Get()
			if n, known := element.number().Get(); known {
				text = strconv.Itoa(n) // a number where a text belongs
			}
			first, last, isRange := strings.Cut(text, "-")
			if !isRange {
				last = first
			}
			from, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
			to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
			switch {
			case text == "*":
				return Known[[]Ports](nil, element.ref())
			case err != nil || err2 != nil || from > to:
				return Unknown[[]Ports](element.cause())
			}
			ranges = append(ranges, Ports{uint16(from), uint16(to)})
		}
	}
	if !given {
		return Unknown[[]Ports](properties[0].ref())
	}
	return Known(ranges, properties[0].ref())
}

// securityMatch reads the addresses at one side of a rule: a prefix or a list
// of them, service tags among them, or application security groups.
func (a *azure) securityMatch(get func(string) property, side string) Val[Match] {
	one, many := get(side+"AddressPrefix"), get(side+"AddressPrefixes")
	var match Match
	given := false
	for _, p := range []property{one, many} {
		if p.state == absent {
			continue
		}
		part := a.addresses(p)
		m, known := part.Get()
		if !known {
			return part
		}
		given = given || m.Anyone || m.VirtualNetwork || m.Internet || len(m.Prefixes) > 0
		match = match.union(m)
	}
	groups := get(side + "ApplicationSecurityGroups")
	elements, complete := groups.list()
	if !complete {
		return Unknown[Match](groups.cause())
	}
	for _, element := range elements {
		n, known := a.node(element.get("id"), "ApplicationSecurityGroup").Get()
		if !known || n == nil {
			return Unknown[Match](element.get("id").cause())
		}
		given = true
		match.Members = append(match.Members, a.filters[n])
	}
	if !given {
		return Unknown[Match](one.cause())
	}
	return Known(match, one.ref())
}

func (m Match) union(other Match) Match {
	return Match{
		Anyone:         m.Anyone || other.Anyone,
		Prefixes:       append(m.Prefixes, other.Prefixes...),
		Members:        append(m.Members, other.Members...),
		VirtualNetwork: m.VirtualNetwork || other.VirtualNetwork,
		Internet:       m.Internet || other.Internet,
	}
}

// addresses reads an address, a prefix, a range "10.0.0.4-10.0.0.9", a service
// tag or "*", or a list of them.
func (a *azure) addresses(p property) Val[Match] {
	elements, complete := p.list()
	if !complete {
		elements = []property{p}
	}
	var match Match
	for _, element := range elements {
		text, known := element.text().Get()
		if _, output, made := element.madeUp(); made {
			return Unknown[Match](output)
		}
		m, ok := a.match(text)
		if !known || !ok {
			return Unknown[Match](element.cause())
		}
		match = match.union(m)
	}
	return Known(match, p.ref())
}

// match returns what Azure's spelling of addresses stands for. A name that is
// no address is a service tag.
// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
func (a *azure) match(text string) (m Match, ok bool) {
	switch strings.ToLower(text) {
	case "":
		return Match{}, false
	case "*", "any":
		return Match{Anyone: true}, true
	case "virtualnetwork", "virtual_network":
		return Match{VirtualNetwork: true}, true
	case "internet":
		return Match{Internet: true}, true
	case "azureloadbalancer", "azure_loadbalancer":
		return Match{Prefixes: []netip.Prefix{netip.MustParsePrefix(azureResolver)}}, true
	}
	if first, last, isRange := strings.Cut(text, "-"); isRange {
		from, err := netip.ParseAddr(strings.TrimSpace(first))
		to, err2 := netip.ParseAddr(strings.TrimSpace(last))
		if err == nil && err2 == nil {
			prefixes, ok := rangePrefixes(from, to)
			return Match{Prefixes: prefixes}, ok
		}
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return Match{Prefixes: []netip.Prefix{prefix.Masked()}}, true
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return Match{Prefixes: []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}}, true
	}
	if strings.ContainsAny(text, "/: ") || text[0] >= '0' && text[0] <= '9' {
		return Match{}, false
	}
	return Match{Prefixes: a.serviceTag(text)}, true
}

// rangePrefixes returns the fewest prefixes that hold the addresses from first
// to last.
func rangePrefixes(first, last netip.Addr) (prefixes []netip.Prefix, ok bool) {
	if first.BitLen() != last.BitLen() || first.Zone() != "" || last.Zone() != "" || last.Less(first) {
		return nil, false
	}
	for first.IsValid() && !last.Less(first) {
		prefix := netip.PrefixFrom(first, first.BitLen())
		for bits := first.BitLen() - 1; bits >= 0; bits-- {
			wider := netip.PrefixFrom(first, bits)
			if wider.Masked().Addr() != first || last.Less(lastAddress(wider)) {
				break
			}
			prefix = wider
		}
		prefixes = append(prefixes, prefix)
		first = lastAddress(prefix).Next()
	}
	return prefixes, true
}

// lastAddress returns the last address of a prefix.
func lastAddress(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for i := prefix.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// serviceTags are the tags of services with addresses in the regions, spelled
// as Azure does: what AzureCloud.<region> holds in that region.
var serviceTags = []string{
	"ApiManagement", "AppService", "AzureActiveDirectory", "AzureArcInfrastructure", "AzureContainerRegistry",
	"AzureCosmosDB", "AzureEventGrid", "AzureFrontDoor", "AzureKeyVault", "AzureKubernetesService", "AzureMachineLearning",
	"AzureMonitor", "AzureResourceManager", "CognitiveServicesManagement", "DataFactory", "EventHub", "GatewayManager",
	"MicrosoftContainerRegistry", "PowerBI", "ServiceBus", "ServiceFabric", "Sql", "Storage",
}

// findRegions collects the regions of the graph: of networks, and those that
// service tags name.
func (a *azure) findRegions() {
	seen := map[string]bool{}
	a.each(func(n *node) { seen[a.region(n)] = true }, "VirtualNetwork")
	tag := func(_, text string) {
		if _, region, ok := splitTag(text); ok && region != "" {
			seen[region] = true
		}
	}
	a.each(func(n *node) {
		for _, key := range []string{"securityRules", "routes", "addressPrefix", "sourceAddressPrefix", "sourceAddressPrefixes",
			"destinationAddressPrefix", "destinationAddressPrefixes", "ruleCollections", "networkRuleCollections"} {
			eachText(n.get(key).value, key, tag)
		}
	}, "NetworkSecurityGroup", "SecurityRule", "RouteTable", "Route", "FirewallPolicyRuleCollectionGroup", "AzureFirewall")
	delete(seen, "")
	for region := range seen {
		a.regions = append(a.regions, region)
	}
	slices.Sort(a.regions)
}

// splitTag takes a tag with a region apart: "Storage.WestEurope". Only tags of
// services with regions count, so that a domain name is no tag.
func splitTag(text string) (service, region string, ok bool) {
	service, region, _ = strings.Cut(text, ".")
	if strings.EqualFold(service, "AzureCloud") {
		return "AzureCloud", strings.ToLower(region), true
	}
	for _, tag := range serviceTags {
		if strings.EqualFold(tag, service) {
			return tag, strings.ToLower(region), true
		}
	}
	return service, strings.ToLower(region), false
}

// serviceTag returns the addresses that a service tag stands for: of a service
// everywhere also those in each region, of AzureCloud those of every service.
func (a *azure) serviceTag(tag string) []netip.Prefix {
	service, region, _ := splitTag(tag)
	key := service + "." + region
	if found, ok := a.tags[key]; ok {
		return found
	}
	var found []netip.Prefix
	switch {
	case service == "AzureCloud" && region == "":
		found = []netip.Prefix{a.AllServices(Azure)}
	case service == "AzureCloud":
		found = []netip.Prefix{a.Service(Azure, service, region)}
		for _, other := range serviceTags {
			found = append(found, a.Service(Azure, other, region))
		}
	case region == "":
		found = []netip.Prefix{a.Service(Azure, service, "")}
		for _, r := range a.regions {
			found = append(found, a.Service(Azure, service, r))
		}
	default:
		found = []netip.Prefix{a.Service(Azure, service, region)}
	}
	a.tags[key] = found
	return found
}
