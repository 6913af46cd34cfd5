package topology

import "net/netip"

const (
	balancerKind    = "aws:lb/loadBalancer:LoadBalancer"
	listenerKind    = "aws:lb/listener:Listener"
	targetGroupKind = "aws:lb/targetGroup:TargetGroup"
)

// readBalancers reads load balancers, then their listeners with the targets
// that the program registers.
func (a *aws) readBalancers() {
	a.each(a.readBalancer, balancerKind)
	groups := a.readTargets()
	rules := a.ix.byKind["aws:lb/listenerRule:ListenerRule"]
	a.each(func(n *node) {
		v := n.get("loadBalancerArn").target(balancerKind)
		of, known := v.Get()
		if !known {
			// It listens on one of them, or on none of the graph.
			a.eachBalancer(v, func(b *Balancer) { b.Listeners = append(b.Listeners, unknownListener(v.Ref())) })
			return
		}
		balancer := a.balancers[of.node]
		if balancer == nil {
			return // of a load balancer that the graph does not hold
		}
		a.readListener(of.node, n, n, "defaultActions", groups)
		for _, rule := range rules {
			if listener, known := rule.get("listenerArn").target(listenerKind).Get(); known && listener.node == n {
				a.readListener(of.node, n, rule, "actions", groups)
			}
		}
	}, listenerKind)
	for _, rule := range rules {
		if v := rule.get("listenerArn").target(listenerKind); !v.IsKnown() {
			a.eachBalancer(Unknown[target](v.Ref()), func(b *Balancer) {
				if b.Kind != "network" && b.Kind != "gateway" {
					b.Listeners = append(b.Listeners, unknownListener(v.Ref()))
				}
			})
		}
	}
}

// eachBalancer calls f for each load balancer that a reference may mean.
func (a *aws) eachBalancer(v Val[target], f func(*Balancer)) {
	options, complete := v.Options()
	if !complete {
		options = nil
		for _, n := range a.ix.byKind[balancerKind] {
			options = append(options, target{node: n})
		}
	}
	for _, option := range options {
		if b := a.balancers[option.node]; b != nil {
			f(b)
		}
	}
}

func (a *aws) readBalancer(n *node) {
	kind := orDefault(n.get("loadBalancerType"), property.text, "application")
	internal := orDefault(n.get("internal"), property.boolean, false)
	b := &Balancer{
		Ref: n.ref(""), Name: n.Name, Kind: kind.Or(""), InternetFacing: mapVal(internal, func(yes bool) bool { return !yes }),
	}
	if b.Kind == "gateway" {
		b.InternetFacing = Known(false, n.ref("loadBalancerType"))
	}
	// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
	enforced := orDefault(n.get("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"), property.text, "on")
	b.FiltersPrivateLink = mapVal(enforced, func(text string) bool { return text == "on" && !isEmptyList(n.get("securityGroups")) })
	add := func(subnet Val[*Subnet], address property) {
		i := newInterface(n, BalancerInterface, subnet)
		i.Public = b.InternetFacing
		if address.state != absent {
			i.Addresses = []Val[netip.Addr]{address.address()}
		}
		// Only an application load balancer always has a group.
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
		if groups := n.get("securityGroups"); b.Kind == "application" || groups.state != absent && !isEmptyList(groups) {
			a.putInGroups(i, groups)
		} else if b.Kind == "" {
			i.Incomplete = append(i.Incomplete, n.ref("loadBalancerType"))
		}
		a.markExisting(n, &i.Incomplete)
		a.addInterface(n, i)
		b.Interfaces = append(b.Interfaces, i)
	}
	mappings, complete := n.get("subnetMappings").list()
	if len(mappings) > 0 {
		subnets, _ := n.get("subnetMappings").members("subnetId", subnetKinds...)
		for i, mapping := range mappings {
			subnet := a.subnets.resolve(subnets[i])
			if mapping.get("privateIpv4Address").state != absent {
				subnet = a.subnet(mapping.get("subnetId")) // which of them matters
			}
			add(subnet, mapping.get("privateIpv4Address"))
			if allocation := mapping.get("allocationId"); allocation.state != absent {
				last := b.Interfaces[len(b.Interfaces)-1]
				last.PublicAddresses = append(last.PublicAddresses, a.publicAddress(allocation, allocation))
			}
		}
	} else {
		var subnets []Val[target]
		subnets, complete = n.get("subnets").targets(subnetKinds...)
		for _, subnet := range subnets {
			add(a.subnets.resolve(subnet), property{})
		}
	}
	if !complete && len(b.Interfaces) == 0 {
		add(Unknown[*Subnet](n.ref("subnets")), property{})
	}
	a.m.Balancers = append(a.m.Balancers, b)
	a.balancers[n] = b
}

func isEmptyList(p property) bool {
	elements, complete := p.list()
	return complete && len(elements) == 0
}
