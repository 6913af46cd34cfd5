package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// findBalancers adds the load balancers and application gateways with their
// frontends; the rules follow once the machines behind them are there.
func (a *azure) findBalancers() {
	a.each(func(n *node) {
		b := &Balancer{Ref: n.ref(""), Name: a.title(n), Kind: "azure", SKU: n.get("sku").get("name").text().Or("")}
		if n.kind == azureNetwork+"ApplicationGateway" {
			b.Kind, b.SKU = "application", ""
		}
		list := n.get("frontendIPConfigurations")
		elements, complete := list.list()
		b.InternetFacing = Known(false, list.ref())
		if !complete {
			b.InternetFacing = Unknown[bool](list.cause())
			elements = []property{list}
		}
		for _, element := range elements {
			i := a.frontend(n, element)
			if public, known := i.Public.Get(); !known || public {
				b.InternetFacing = i.Public
			}
			b.Interfaces = append(b.Interfaces, i)
			a.element(n, i.Ref, &i.Incomplete)
		}
		a.balancers[n] = b
		a.Balancers = append(a.Balancers, b)
	}, "LoadBalancer", "ApplicationGateway")
}

// frontend adds a frontend of a load balancer, or of an application gateway,
// which stands in its own subnet even where its address is public.
func (a *azure) frontend(n *node, p property) *Interface {
	name, _ := p.get("name").text().Get()
	i := &Interface{Ref: p.ref(), Kind: BalancerInterface, Name: name, Public: Known(false, p.ref()), SourceDestCheck: Known(true, p.ref())}
	i.Addresses = []Val[netip.Addr]{a.address(p.get("privateIPAddress"))}
	for _, key := range []string{"publicIPAddress", "publicIPPrefix"} {
		if public := p.get(key); public.state != absent {
			i.Public = Known(true, public.ref())
			i.PublicAddresses = append(i.PublicAddresses, a.publicAddresses(public.get("id"))...)
		}
	}
	if p.state == unknown {
		i.Public, i.Incomplete = Unknown[bool](p.cause()), []Ref{p.cause()}
	}
	switch {
	case p.get("subnet").state != absent:
		i.Subnet = a.subnetAt(p.get("subnet").get("id"))
	case n.kind == azureNetwork+"ApplicationGateway":
		i.Subnet = a.subnetAt(n.get("gatewayIPConfigurations").block().get("subnet").get("id"))
	case i.Public.Or(false):
		i.Subnet, i.Addresses = Known[*Subnet](nil, p.ref()), nil
	default:
		i.Subnet = Unknown[*Subnet](p.ref())
	}
	a.addInterface(i)
	return i
}

// frontendsOf returns the frontends that a listener names; known is false when it
// may be any of them.
func (a *azure) frontendsOf(n *node, id property) (frontends []*Interface, known bool) {
	all := a.balancers[n].Interfaces
	elements, complete := n.get("frontendIPConfigurations").list()
	if text, named := id.text().Get(); named {
		for k, element := range elements {
			if same, known := sameText(element.get("name"), lastPart(text)); known && same {
				return all[k : k+1], true
			}
		}
	}
	if complete && len(all) == 1 {
		return all, true
	}
	return nil, false
}

// balancerRules adds the listeners of a load balancer or application gateway.
func (a *azure) balancerRules(n *node) {
	b := a.balancers[n]
	if n.kind == azureNetwork+"ApplicationGateway" {
		a.gatewayRules(n, b)
		return
	}
	a.addressPools(n)
	for _, key := range []string{"loadBalancingRules", inboundNatRules, "inboundNatPools"} {
		rules, complete := n.get(key).list()
		if !complete {
			b.Listeners = append(b.Listeners, unknownListener(n.get(key).cause()))
		}
		for _, rule := range rules {
			name, known := rule.get("name").text().Get()
			l := a.listener(n, rule.ref(), rule.get, pool{n, key, strings.ToLower(name)})
			if !known && key != "loadBalancingRules" {
				note(&l.Incomplete, rule.get("name").cause()) // which machines name
			}
			b.Listeners = append(b.Listeners, l)
		}
	}
	for _, rule := range a.ix.byKind[azureNetwork+"InboundNatRule"] {
		owner := a.owner(rule, "loadBalancerName", "LoadBalancer")
		if of, known := owner.Get(); known && of == n {
			l := a.listener(n, rule.ref(""), rule.get, pool{n, inboundNatRules, a.partName(rule)})
			if a.name(rule) == "" {
				note(&l.Incomplete, rule.ref("inboundNatRuleName"))
			}
			b.Listeners = append(b.Listeners, l)
		} else if options, complete := owner.Options(); !known && (!complete || slices.Contains(options, n)) {
			b.Listeners = append(b.Listeners, unknownListener(owner.Ref()))
		}
	}
	a.outbound(n, b)
}

// maxListed is the largest range of ports that is taken apart.
const maxListed = 256

// listener reads a rule of a load balancer. Azure's load balancers pass the
// client's address on. The ports of a range lead to one machine each, and Azure
// chooses which. named are the machines that name the rule itself.
// https://learn.microsoft.com/azure/load-balancer/inbound-nat-rules
func (a *azure) listener(n *node, ref Ref, get func(string) property, named pool) Listener {
	l := Listener{
		Ref: ref, Protocol: convert(get("protocol").text(), strings.ToUpper), PreserveClientIP: Known(true, ref), CrossZone: Known(true, ref),
		Port: get("frontendPort").port(), TargetPort: get("backendPort").port(),
	}
	if start, end := get("frontendPortRangeStart"), get("frontendPortRangeEnd"); start.state != absent {
		l.Port = Unknown[uint16](start.cause())
		from, known := start.port().Get()
		if to, isKnown := end.port().Get(); known && isKnown && from <= to && to-from < maxListed {
			var ports []uint16
			for port := int(from); port <= int(to); port++ {
				ports = append(ports, uint16(port))
			}
			l.Port = OneOf(start.ref(), ports...)
		}
	}
	if get("backendPort").state == absent {
		l.TargetPort = l.Port
	}
	if port, known := l.Port.Get(); known && port == 0 {
		// Every port, which the model cannot say.
		l.Port, l.TargetPort = Unknown[uint16](get("frontendPort").ref()), Unknown[uint16](get("frontendPort").ref())
	}
	frontend := get("frontendIPConfiguration").get("id")
	var certain bool
	if l.Interfaces, certain = a.frontendsOf(n, frontend); !certain {
		l.Port = Unknown[uint16](frontend.cause()) // on each it may listen
	}
	ids, complete := poolsOf(get)
	if !complete {
		l.Incomplete = append(l.Incomplete, get(backendPools).cause())
	}
	members := []pool{named}
	for _, id := range ids {
		if p, known := a.ownPool(n, id); known {
			members = append(members, p)
		} else {
			l.Incomplete = append(l.Incomplete, id.cause())
		}
	}
	for _, p := range members {
		for _, i := range a.pools[p] {
			if !slices.Contains(l.Targets, i) {
				l.Targets = append(l.Targets, i)
			}
		}
		if open := a.openPools[p]; open != nil {
			l.Incomplete = append(l.Incomplete, *open...)
		}
	}
	l.Incomplete = append(l.Incomplete, a.mayJoin(n)...)
	return l
}

// poolsOf are the ids of the pools that a rule leads to, which are several in front
// of network appliances.
// https://learn.microsoft.com/azure/load-balancer/gateway-overview
func poolsOf(get func(string) property) (ids []property, complete bool) {
	if id := get("backendAddressPool").get("id"); id.state != absent {
		ids = append(ids, id)
	}
	more, complete := get(backendPools).list()
	for _, p := range more {
		ids = append(ids, p.get("id"))
	}
	return ids, complete
}

// mayJoin are the outputs that put an interface into some pool, which may be
// one of this balancer.
func (a *azure) mayJoin(n *node) []Ref {
	var open []Ref
	for _, v := range a.loose {
		options, complete := v.Options()
		if !complete || slices.ContainsFunc(options, func(p pool) bool { return p.balancer == n }) {
			note(&open, v.Ref())
		}
	}
	return open
}

// ownPool reads a reference of a load balancer to one of its pools, whose id it
// may spell out: it has none yet.
func (a *azure) ownPool(n *node, id property) (p pool, known bool) {
	if p, known := a.poolAt(id, backendPools, "LoadBalancer").Get(); known && p.balancer != nil {
		return p, true
	}
	text, known := id.text().Get()
	return pool{n, backendPools, strings.ToLower(lastPart(text))}, known
}

// findLoosePools finds the pools with members by address that may be of several
// load balancers.
func (a *azure) findLoosePools() {
	a.each(func(n *node) {
		owner := a.owner(n, "loadBalancerName", "LoadBalancer")
		if !owner.IsKnown() && !none(n.get("loadBalancerBackendAddresses")) {
			a.loose = append(a.loose, convert(owner, func(balancer *node) pool { return pool{balancer: balancer} }))
		}
	}, "LoadBalancerBackendAddressPool")
}

// addressPools adds the members of pools that are named by address. Interfaces
// name their pools themselves.
func (a *azure) addressPools(n *node) {
	home := homeOf(a.balancers[n])
	add := func(p pool, list property) {
		elements, complete := list.list()
		if !complete {
			note(a.openPool(p), list.cause())
		}
		for _, element := range elements {
			if element.get("ipAddress").state == absent {
				continue
			}
			found, open := a.interfacesAt(element.get("ipAddress"), home)
			a.pools[p] = append(a.pools[p], found...)
			for _, ref := range open {
				note(a.openPool(p), ref)
			}
		}
	}
	// Members of a pool without a name may be those of each rule.
	loose := func(ref Ref) { a.loose = append(a.loose, Val[pool]{options: []pool{{balancer: n}}, ref: ref}) }
	list, complete := n.get(backendPools).list()
	if !complete {
		loose(n.get(backendPools).cause())
	}
	for _, p := range list {
		name, known := p.get("name").text().Get()
		if !known {
			loose(p.get("name").cause())
		}
		add(pool{n, backendPools, strings.ToLower(name)}, p.get("loadBalancerBackendAddresses"))
	}
	for _, m := range a.ix.byKind[azureNetwork+"LoadBalancerBackendAddressPool"] {
		if owner, known := a.owner(m, "loadBalancerName", "LoadBalancer").Get(); known && owner == n {
			if a.name(m) == "" {
				loose(m.ref("backendAddressPoolName"))
			}
			add(pool{n, backendPools, a.partName(m)}, m.get("loadBalancerBackendAddresses"))
		}
	}
}

func (a *azure) openPool(p pool) *[]Ref {
	refs := a.openPools[p]
	if refs == nil {
		refs = new([]Ref)
		a.openPools[p] = refs
	}
	return refs
}

// interfacesAt returns the interfaces with the address that a property names, or
// a host that stands for what has it in its subnet. open are the outputs that
// decide whether there are others.
func (a *azure) interfacesAt(p property, home *Network) (found []*Interface, open []Ref) {
	v := a.address(p)
	address, known := v.Get()
	if !known {
		return nil, []Ref{v.Ref()}
	}
	found, subnet, more := a.withAddress(Azure, address, home)
	if more {
		open = []Ref{p.ref()}
	}
	if len(found) > 0 || subnet == nil {
		return found, open
	}
	host := a.host(p.ref(), address.String(), Known(subnet, p.ref()), p)
	a.standIns = append(a.standIns, host)
	return []*Interface{host}, open
}

// homeOf is the network that a balancer stands in, as far as its frontends tell.
func homeOf(b *Balancer) *Network {
	for _, i := range b.Interfaces {
		if s, known := i.Subnet.Get(); known && s != nil {
			return s.Network
		}
	}
	return nil
}

// outbound says which machines reach the internet by the public frontends of a
// load balancer: those of an outbound rule, and those of a rule that does not
// say disableOutboundSnat.
// https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections
func (a *azure) outbound(n *node, b *Balancer) {
	facing, known := b.InternetFacing.Get()
	if known && !facing {
		return
	}
	leadsOut := func(id property, open Ref) {
		p, _ := a.ownPool(n, id)
		for _, i := range a.pools[p] {
			switch {
			case open != (Ref{}):
				note(&i.OutboundOpen, open)
			case !slices.Contains(i.Outbound, b):
				i.Outbound = append(i.Outbound, b)
			}
		}
	}
	var open Ref
	if !known {
		open = b.InternetFacing.Ref()
	}
	for _, key := range []string{"outboundRules", "loadBalancingRules"} {
		if _, complete := n.get(key).list(); !complete {
			for p, members := range a.pools {
				for _, i := range members {
					if p.balancer == n {
						note(&i.OutboundOpen, n.get(key).cause())
					}
				}
			}
		}
	}
	rules, _ := n.get("outboundRules").list()
	for _, rule := range rules {
		leadsOut(rule.get("backendAddressPool").get("id"), open)
	}
	rules, _ = n.get("loadBalancingRules").list()
	for _, rule := range rules {
		disabled := orDefault(rule.get("disableOutboundSnat"), property.boolean, false)
		if disabled.Or(false) {
			continue
		}
		undecided := open
		if !disabled.IsKnown() {
			undecided = disabled.Ref()
		}
		ids, _ := poolsOf(rule.get)
		for _, id := range ids {
			leadsOut(id, undecided)
		}
	}
}

// gatewayLists are where an application gateway has its listeners, the rules for
// them and the settings of the pools, for HTTP and for TCP and TLS.
var gatewayLists = []struct{ listeners, rules, settings, listener, setting string }{
	{"httpListeners", "requestRoutingRules", "backendHttpSettingsCollection", "httpListener", "backendHttpSettings"},
	{"listeners", "routingRules", "backendSettingsCollection", "listener", "backendSettings"},
}

// gatewayRules adds the listeners of an application gateway: one for each pool
// that a rule leads to, by path or without, with the port of its settings.
func (a *azure) gatewayRules(n *node, b *Balancer) {
	for _, lists := range gatewayLists {
		listeners, complete := n.get(lists.listeners).list()
		if !complete {
			b.Listeners = append(b.Listeners, unknownListener(n.get(lists.listeners).cause()))
		}
		rules, complete := n.get(lists.rules).list()
		for _, p := range listeners {
			l := Listener{
				Ref: p.ref(), Protocol: convert(p.get("protocol").text(), strings.ToUpper),
				Port: Unknown[uint16](p.get("frontendPort").get("id").cause()), TargetPort: Unknown[uint16](p.ref()),
				PreserveClientIP: Known(false, p.ref()), CrossZone: Known(true, p.ref()),
			}
			if port, known := partNamed(n, "frontendPorts", p.get("frontendPort")); known {
				l.Port = port.get("port").port()
			}
			frontend := p.get("frontendIPConfiguration").get("id")
			var certain bool
			if l.Interfaces, certain = a.frontendsOf(n, frontend); !certain {
				l.Port = Unknown[uint16](frontend.cause())
			}
			open := a.mayJoin(n)
			if !complete {
				open = append(open, n.get(lists.rules).cause())
			}
			before := len(b.Listeners)
			for _, rule := range rules {
				of, known := partNamed(n, lists.listeners, rule.get(lists.listener))
				switch {
				case !known:
					open = append(open, rule.get(lists.listener).get("id").cause())
				case of.path == p.path:
					forwarding, more := a.gatewayRule(n, l, rule, lists.settings, lists.setting)
					b.Listeners, open = append(b.Listeners, forwarding...), append(open, more...)
				}
			}
			if len(open) > 0 || len(b.Listeners) == before {
				l.Incomplete = open
				b.Listeners = append(b.Listeners, l)
			}
		}
	}
}

// gatewayRule returns what a listener is by one rule: for each pool that it leads
// to, which is none for a redirect. open are the outputs that decide on others.
func (a *azure) gatewayRule(n *node, l Listener, rule property, settings, setting string) (forwarding []Listener, open []Ref) {
	forward := func(target, with property) {
		if target.state == absent {
			return
		}
		p, known := partNamed(n, backendPools, target)
		if !known {
			open = append(open, target.get("id").cause())
			return
		}
		one := l
		one.TargetPort = Unknown[uint16](with.get("id").cause())
		if s, known := partNamed(n, settings, with); known {
			one.TargetPort = s.get("port").port()
		}
		name, _ := p.get("name").text().Get()
		one.Targets = slices.Clone(a.pools[pool{n, backendPools, strings.ToLower(name)}])
		addresses, complete := p.get("backendAddresses").list()
		if !complete {
			one.Incomplete = append(one.Incomplete, p.get("backendAddresses").cause())
		}
		for _, element := range addresses {
			// What a name stands for is not in the graph.
			if fqdn := element.get("fqdn"); fqdn.state != absent {
				one.Incomplete = append(one.Incomplete, fqdn.cause())
			}
			if address := element.get("ipAddress"); address.state != absent {
				found, more := a.interfacesAt(address, homeOf(a.balancers[n]))
				one.Targets, one.Incomplete = append(one.Targets, found...), append(one.Incomplete, more...)
			}
		}
		forwarding = append(forwarding, one)
	}
	if paths := rule.get("urlPathMap"); paths.state != absent {
		m, known := partNamed(n, "urlPathMaps", paths)
		if !known {
			return nil, []Ref{paths.get("id").cause()}
		}
		forward(m.get("defaultBackendAddressPool"), m.get("defaultBackendHttpSettings"))
		list, complete := m.get("pathRules").list()
		if !complete {
			open = append(open, m.get("pathRules").cause())
		}
		for _, path := range list {
			forward(path.get("backendAddressPool"), path.get("backendHttpSettings"))
		}
		return forwarding, open
	}
	forward(rule.get("backendAddressPool"), rule.get(setting))
	return forwarding, open
}

// partNamed returns the part of a resource that another part of it refers to. A
// reference that is not there yet means the only one.
func partNamed(n *node, list string, reference property) (part property, known bool) {
	elements, complete := n.get(list).list()
	text, named := reference.get("id").text().Get()
	if !named {
		if complete && len(elements) == 1 {
			return elements[0], true
		}
		return property{}, false
	}
	for _, element := range elements {
		if same, known := sameText(element.get("name"), lastPart(text)); known && same {
			return element, true
		}
	}
	return property{}, false
}
