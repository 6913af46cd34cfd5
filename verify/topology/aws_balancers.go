package topology

import (
	"net/netip"
	"slices"
	"strings"
)

const (
	balancerKind    = "aws:lb/loadBalancer:LoadBalancer"
	listenerKind    = "aws:lb/listener:Listener"
	targetGroupKind = "aws:lb/targetGroup:TargetGroup"
)

// readBalancers reads load balancers, then their listeners with the targets
// that the program registers.
func (a *aws) readBalancers() {
	a.each(a.readBalancer, balancerKind)
	targets := a.readTargets()
	a.each(func(n *node) {
		t, ok := n.get("loadBalancerArn").target(balancerKind).Get()
		balancer := a.balancers[t.node]
		if !ok || balancer == nil {
			return // of a load balancer that the graph does not hold
		}
		a.readListener(balancer, n, n.get("defaultActions"), targets)
		for _, rule := range a.ix.byKind["aws:lb/listenerRule:ListenerRule"] {
			if of, ok := rule.get("listenerArn").target(listenerKind).Get(); ok && of.node == n {
				a.readListener(balancer, n, rule.get("actions"), targets)
			}
		}
	}, listenerKind)
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

// readTargets returns the interfaces that are registered with target groups.
func (a *aws) readTargets() map[*node][]*Interface {
	targets := map[*node][]*Interface{}
	a.each(func(n *node) {
		group, ok := n.get("targetGroupArn").target(targetGroupKind).Get()
		if !ok || group.node == nil {
			return
		}
		id := n.get("targetId")
		var found []*Interface
		if address, ok := id.address().Get(); ok {
			for _, i := range a.m.Interfaces {
				if slices.ContainsFunc(i.Addresses, func(v Val[netip.Addr]) bool { known, ok := v.Get(); return ok && known == address }) {
					found = append(found, i)
				}
			}
		} else {
			found = a.interfaces[owner(id, balancerKind, "aws:lambda/function:Function").Or(nil)]
		}
		for _, i := range found {
			if !slices.Contains(targets[group.node], i) {
				targets[group.node] = append(targets[group.node], i)
			}
		}
	}, "aws:lb/targetGroupAttachment:TargetGroupAttachment")
	return targets
}

// readListener adds a listener for each target group that its actions forward
// to, and one without targets when they forward to none.
func (a *aws) readListener(balancer *Balancer, n *node, actions property, targets map[*node][]*Interface) {
	listener := Listener{
		Ref: n.ref(""), Protocol: n.get("protocol").text(), Port: n.get("port").port(),
		TargetPort: Unknown[uint16](actions.ref()), PreserveClientIP: Unknown[bool](actions.ref()),
	}
	var groups []property
	list, _ := actions.list()
	for _, action := range list {
		if arn := action.get("targetGroupArn"); arn.state != absent {
			groups = append(groups, arn)
			continue
		}
		forward, _ := action.get("forward").block().get("targetGroups").list()
		for _, group := range forward {
			groups = append(groups, group.get("arn"))
		}
	}
	for _, arn := range groups {
		l := listener
		if t, ok := arn.target(targetGroupKind).Get(); ok && t.node != nil {
			l.TargetPort = t.node.get("port").port()
			l.Targets = targets[t.node]
			l.PreserveClientIP = preservesClientIP(balancer, t.node)
		}
		balancer.Listeners = append(balancer.Listeners, l)
	}
	if len(groups) == 0 && actions.path == "defaultActions" {
		balancer.Listeners = append(balancer.Listeners, listener)
	}
}

// preservesClientIP says whether targets see the client. The defaults are those of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func preservesClientIP(balancer *Balancer, group *node) Val[bool] {
	if balancer.Kind == "application" {
		return Known(false, group.ref(""))
	}
	if given := group.get("preserveClientIp"); given.state != absent {
		return given.boolean()
	}
	kind := orDefault(group.get("targetType"), property.text, "instance")
	protocol := group.get("protocol").text()
	switch {
	case !kind.IsKnown():
		return Unknown[bool](kind.Ref())
	case kind.Or("") != "ip":
		return Known(true, kind.Ref())
	case !protocol.IsKnown():
		return Unknown[bool](protocol.Ref())
	}
	return Known(strings.Contains(protocol.Or(""), "UDP"), protocol.Ref())
}
