package topology

import (
	"net/netip"
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

// balancerRules adds the listeners of a load balancer or application gateway.
func (a *azure) balancerRules(n *node) {
	b := a.balancers[n]
	if n.kind == azureNetwork+"ApplicationGateway" {
		a.gatewayRules(n, b)
		return
	}
	a.addressPools(n)
	for _, key := range []string{"loadBalancingRules", "inboundNatRules"} {
		rules, _ := n.get(key).list()
		for _, rule := range rules {
			b.Listeners = append(b.Listeners, a.listener(n, rule.ref(), rule.get))
		}
	}
	a.outbound(n, b)
}

// listener reads a rule of a load balancer. Azure's load balancers pass the
// client's address on.
func (a *azure) listener(n *node, ref Ref, get func(string) property) Listener {
	l := Listener{
		Ref: ref, Protocol: convert(get("protocol").text(), strings.ToUpper),
		Port: get("frontendPort").port(), TargetPort: get("backendPort").port(), PreserveClientIP: Known(true, ref),
	}
	if get("backendPort").state == absent {
		l.TargetPort = l.Port
	}
	if port, known := l.Port.Get(); known && port == 0 {
		// Every port, which the model cannot say.
		l.Port, l.TargetPort = Unknown[uint16](get("frontendPort").ref()), Unknown[uint16](get("frontendPort").ref())
	}
	ids := []property{get("backendAddressPool").get("id")}
	more, complete := get("backendAddressPools").list()
	for _, p := range more {
		ids = append(ids, p.get("id"))
	}
	if ids[0].state == absent && len(ids) == 1 {
		// An inbound NAT rule, which machines name.
		l.TargetPort = Unknown[uint16](ref)
	}
	for _, id := range ids {
		if id.state == absent {
			continue
		}
		p, ok := a.poolAt(id, "LoadBalancer", "LoadBalancerBackendAddressPool")
		if !ok {
			p, ok = ownPool(n, id)
		}
		if !ok || !complete {
			l.TargetPort = Unknown[uint16](id.cause())
			continue
		}
		l.Targets = append(l.Targets, a.pools[p]...)
	}
	return l
}

// ownPool reads a reference of a resource to a pool of itself, whose id it
// spells out: it has none yet.
func ownPool(n *node, id property) (p pool, ok bool) {
	text, known := id.text().Get()
	return pool{n, strings.ToLower(lastPart(text))}, known
}

// addressPools adds the members of pools that are named by address.
func (a *azure) addressPools(n *node) {
	add := func(p pool, list property) {
		elements, _ := list.list()
		for _, element := range elements {
			if addr, known := a.address(element.get("ipAddress")).Get(); known {
				a.pools[p] = append(a.pools[p], a.byAddress[addr]...)
			}
		}
	}
	pools, _ := n.get("backendAddressPools").list()
	for _, p := range pools {
		name, _ := p.get("name").text().Get()
		add(pool{n, strings.ToLower(name)}, p.get("loadBalancerBackendAddresses"))
	}
	for _, m := range a.ix.byKind[azureNetwork+"LoadBalancerBackendAddressPool"] {
		if owner, known := a.owner(m, "loadBalancerName", "LoadBalancer").Get(); known && owner == n {
			add(pool{n, strings.ToLower(a.name(m))}, m.get("loadBalancerBackendAddresses"))
		}
	}
}

// outbound says which machines reach the internet by the public frontends of a
// load balancer: those of an outbound rule, and those of a rule that does not
// say disableOutboundSnat.
// https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections
func (a *azure) outbound(n *node, b *Balancer) {
	if !b.InternetFacing.Or(false) {
		return
	}
	members := func(id property) []*Interface {
		p, ok := a.poolAt(id, "LoadBalancer", "LoadBalancerBackendAddressPool")
		if !ok {
			p, _ = ownPool(n, id)
		}
		return a.pools[p]
	}
	var out []*Interface
	rules, _ := n.get("outboundRules").list()
	for _, rule := range rules {
		out = append(out, members(rule.get("backendAddressPool").get("id"))...)
	}
	rules, _ = n.get("loadBalancingRules").list()
	for _, rule := range rules {
		if disabled, known := orDefault(rule.get("disableOutboundSnat"), property.boolean, false).Get(); known && !disabled {
			out = append(out, members(rule.get("backendAddressPool").get("id"))...)
		}
	}
	seen := map[*Interface]bool{}
	for _, i := range out {
		if !seen[i] {
			seen[i] = true
			i.Outbound = append(i.Outbound, b)
		}
	}
}

// gatewayRules adds the listeners of an application gateway: a listener's port,
// and the pool and port of the rule for it.
func (a *azure) gatewayRules(n *node, b *Balancer) {
	named := func(list string) map[string]property {
		found := map[string]property{}
		elements, _ := n.get(list).list()
		for _, element := range elements {
			if name, known := element.get("name").text().Get(); known {
				found[strings.ToLower(name)] = element
			}
		}
		return found
	}
	refers := func(p property) string {
		id, _ := p.get("id").text().Get()
		return strings.ToLower(lastPart(id))
	}
	ports, pools, settings := named("frontendPorts"), named("backendAddressPools"), named("backendHttpSettingsCollection")
	rules, _ := n.get("requestRoutingRules").list()
	listeners, complete := n.get("httpListeners").list()
	if !complete {
		b.Listeners = append(b.Listeners, Listener{Ref: n.get("httpListeners").cause()})
	}
	for _, p := range listeners {
		l := Listener{
			Ref: p.ref(), Protocol: convert(p.get("protocol").text(), strings.ToUpper),
			Port:       Unknown[uint16](p.get("frontendPort").ref()),
			TargetPort: Unknown[uint16](p.ref()), PreserveClientIP: Known(false, p.ref()),
		}
		if port, ok := ports[refers(p.get("frontendPort"))]; ok {
			l.Port = port.get("port").port()
		}
		name, _ := p.get("name").text().Get()
		for _, rule := range rules {
			if refers(rule.get("httpListener")) != strings.ToLower(name) || name == "" {
				continue
			}
			if s, ok := settings[refers(rule.get("backendHttpSettings"))]; ok {
				l.TargetPort = s.get("port").port()
			}
			target := refers(rule.get("backendAddressPool"))
			l.Targets = append(l.Targets, a.pools[pool{n, target}]...)
			addresses, _ := pools[target].get("backendAddresses").list()
			for _, element := range addresses {
				if addr, known := a.address(element.get("ipAddress")).Get(); known {
					l.Targets = append(l.Targets, a.byAddress[addr]...)
				}
			}
		}
		b.Listeners = append(b.Listeners, l)
	}
}
