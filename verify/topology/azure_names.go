package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// zone adds a DNS zone; its links and records follow.
func (a *azure) zone(n *node) {
	name := a.name(n)
	if name == "" {
		a.strange = append(a.strange, n) // it may answer for any name
		return
	}
	z := &Zone{Ref: n.ref(""), Name: strings.TrimSuffix(strings.ToLower(name), "."), Private: n.kind == azureNetwork+"PrivateZone"}
	if kind, known := n.get("zoneType").text().Get(); known && strings.EqualFold(kind, "Private") {
		z.Private = true // of the first version of private zones
		for _, key := range []string{"resolutionVirtualNetworks", "registrationVirtualNetworks"} {
			networks, _ := n.get(key).list()
			for _, p := range networks {
				z.Networks = append(z.Networks, ZoneLink{Ref: p.ref(), Network: a.networkAt(p.get("id"))})
			}
		}
	}
	a.zones[n] = z
	a.Zones = append(a.Zones, z)
}

// networkAt reads the id of a virtual network.
func (a *azure) networkAt(p property) Val[*Network] {
	return convert(a.node(p, "VirtualNetwork"), func(n *node) *Network {
		if network := a.networks[n]; network != nil {
			return network
		}
		return a.networkOf(Known[*node](nil, p.ref()), p)
	})
}

// names adds what answers questions for names: links and records of zones, the
// resolver's endpoints and its rules.
func (a *azure) names() {
	a.each(func(n *node) {
		zones := a.owner(n, "privateZoneName", "PrivateZone")
		network := a.networkAt(n.get("virtualNetwork").get("id"))
		options, complete := zones.Options()
		if !complete {
			a.strange = append(a.strange, n)
			return
		}
		if !zones.IsKnown() {
			network = Unknown[*Network](zones.Ref()) // a link of one of them
		}
		policy := orDefault(n.get("resolutionPolicy"), property.text, "Default")
		if !policy.IsKnown() {
			network = Unknown[*Network](policy.Ref())
		}
		if zones.IsKnown() && options[0] == nil {
			a.outsideZone(n, network)
			return
		}
		for _, z := range options {
			if zone := a.zones[z]; zone != nil {
				zone.Networks = append(zone.Networks, ZoneLink{
					Ref: n.ref(""), Network: network, Fallback: strings.EqualFold(policy.Or(""), "NxDomainRedirect"),
				})
			}
		}
	}, "VirtualNetworkLink")
	a.each(func(n *node) {
		owner := a.owner(n, "privateZoneName", "PrivateZone")
		if n.kind == azureNetwork+"RecordSet" {
			owner = a.owner(n, "zoneName", "Zone")
		}
		zones, complete := owner.Options()
		if !complete {
			a.strange = append(a.strange, n)
			return
		}
		for _, z := range zones {
			if zone := a.zones[z]; zone != nil {
				a.record(n, zone)
			}
		}
	}, "PrivateRecordSet", "RecordSet")
	a.each(a.resolverEndpoint, "InboundEndpoint")
	a.rulesets()
}

// outsideZone adds a zone that the graph does not hold, for a link to it. It may
// answer anything.
func (a *azure) outsideZone(link *node, network Val[*Network]) {
	ref := link.ref("privateZoneName")
	name := strings.ToLower(link.get("privateZoneName").text().Or(""))
	z := &Zone{Ref: ref, Name: name, Private: true, Networks: []ZoneLink{{Ref: link.ref(""), Network: network}}}
	for _, of := range []string{name, "*." + name} {
		z.Records = append(z.Records, Record{Ref: ref, Name: of, Type: "A", Addresses: Unknown[[]netip.Addr](ref), Alias: Known("", ref)})
	}
	a.Zones = append(a.Zones, z)
}

// record adds a record set to a zone. A type other than A, AAAA and CNAME
// answers nothing that packets go to.
func (a *azure) record(n *node, zone *Zone) {
	kind := n.get("recordType").text()
	text, known := kind.Get()
	if i := strings.LastIndexByte(text, '/'); i >= 0 { // "Microsoft.Network/privateDnsZones/A"
		text = text[i+1:]
	}
	r := Record{
		Ref: n.ref(""), Type: strings.ToUpper(text), Addresses: Known[[]netip.Addr](nil, n.ref("")), Alias: Known("", n.ref("")),
		Name: zone.Name,
	}
	if name := orDefault(n.get("relativeRecordSetName"), property.text, n.Name).Or(n.Name); name != "@" {
		r.Name = strings.ToLower(strings.TrimSuffix(name, ".")) + "." + zone.Name
	}
	answers := func(list, key string) Val[[]netip.Addr] {
		return all(n.get(list), func(p property) Val[netip.Addr] { return a.address(p.get(key)) })
	}
	switch {
	case r.Type == "A":
		r.Addresses = answers("aRecords", "ipv4Address")
	case r.Type == "AAAA":
		r.Addresses = answers("aaaaRecords", "ipv6Address")
	case r.Type == "CNAME":
		r.Alias = convert(n.get("cnameRecord").get("cname").text(), func(name string) string {
			return strings.TrimSuffix(strings.ToLower(name), ".")
		})
	case !known:
		r.Type, r.Addresses = "A", Unknown[[]netip.Addr](kind.Ref())
	default:
		return
	}
	if target := n.get("targetResource"); target.state != absent {
		r.Addresses = Unknown[[]netip.Addr](target.ref()) // an alias of another resource
	}
	zone.Records = append(zone.Records, r)
}

// resolverEndpoint adds the interface of a resolver that others ask.
func (a *azure) resolverEndpoint(n *node) {
	configurations, complete := n.get("ipConfigurations").list()
	if !complete {
		configurations = []property{n.get("ipConfigurations")}
	}
	for _, c := range configurations {
		i := a.host(n.ref(""), a.title(n), a.subnetAt(c.get("subnet").get("id")), c.get("privateIpAddress"))
		i.Kind = ResolverInterface
		a.element(n, i.Ref, &i.Incomplete)
	}
}

// rulesets adds each forwarding rule with the networks that its ruleset is
// linked to.
func (a *azure) rulesets() {
	links := map[*node][]Val[*Network]{}
	a.each(func(n *node) {
		owner := a.owner(n, "dnsForwardingRulesetName", "DnsForwardingRuleset")
		network := a.networkAt(n.get("virtualNetwork").get("id"))
		rulesets, complete := owner.Options()
		if !complete {
			a.strange = append(a.strange, n)
			return
		}
		if !owner.IsKnown() {
			network = Unknown[*Network](owner.Ref())
		}
		for _, r := range rulesets {
			if r != nil {
				links[r] = append(links[r], network)
				continue
			}
			// The rules of a ruleset outside the graph: some names, sent somewhere.
			a.Forwarders = append(a.Forwarders, &Forwarder{
				Ref: n.ref(""), Suffix: ".", Servers: Unknown[[]netip.Addr](n.ref("dnsForwardingRulesetName")), Networks: []Val[*Network]{network},
			})
		}
	}, "PrivateResolverVirtualNetworkLink")
	a.each(func(n *node) {
		state := orDefault(n.get("forwardingRuleState"), property.text, "Enabled")
		if text, known := state.Get(); known && strings.EqualFold(text, "Disabled") {
			return
		}
		suffix, known := n.get("domainName").text().Get()
		if suffix = strings.ToLower(suffix); suffix != "." {
			suffix = strings.TrimSuffix(suffix, ".")
		}
		f := &Forwarder{
			Ref: n.ref(""), Suffix: suffix,
			Servers: all(n.get("targetDnsServers"), func(p property) Val[netip.Addr] { return a.address(p.get("ipAddress")) }),
		}
		servers, _ := f.Servers.Get()
		f.System = len(servers) > 0 && !slices.ContainsFunc(servers, func(s netip.Addr) bool { return netip.PrefixFrom(s, 32).String() != azureResolver })
		if !known || !state.IsKnown() {
			// Some names, sent somewhere.
			f.Servers = Unknown[[]netip.Addr](n.get("domainName").cause())
			if !known {
				f.Suffix = "."
			}
		}
		owner := a.owner(n, "dnsForwardingRulesetName", "DnsForwardingRuleset")
		rulesets, complete := owner.Options()
		switch {
		case !complete:
			a.strange = append(a.strange, n)
			return
		case owner.IsKnown():
			f.Networks = links[rulesets[0]]
		default:
			for _, r := range rulesets {
				if len(links[r]) > 0 {
					f.Networks = append(f.Networks, Unknown[*Network](owner.Ref()))
				}
			}
		}
		a.Forwarders = append(a.Forwarders, f)
	}, "ForwardingRule")
}
