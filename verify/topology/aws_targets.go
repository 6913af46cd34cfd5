package topology

import (
	"net/netip"
	"slices"
	"strings"
)

const (
	scalingGroupKind = "aws:autoscaling/group:Group"
	ecsServiceKind   = "aws:ecs/service:Service"
)

// targetGroup is what is registered with a target group.
type targetGroup struct {
	node *node
	// registered are the targets, one entry for each port and zone that they
	// are registered with.
	registered []registration
	// incomplete are the outputs that decide on further targets.
	incomplete []Ref
}

type registration struct {
	targets []*Interface
	port    Val[uint16]
	// zone is the property that registers a target for a zone, or for all.
	zone property
}

// register adds targets. A port or zone that they do not say is the group's.
func (g *targetGroup) register(targets []*Interface, port, zone property) {
	r := registration{port: port.port(), zone: zone}
	if port.state == absent {
		r.port = g.node.get("port").port()
	}
	i := slices.IndexFunc(g.registered, func(other registration) bool {
		one, known := other.port.Get()
		two, isKnown := r.port.Get()
		return known && isKnown && one == two && other.zone.state != unknown && zone.state != unknown && other.zone.text().Or("") == zone.text().Or("")
	})
	if i < 0 {
		i, g.registered = len(g.registered), append(g.registered, r)
	}
	for _, t := range targets {
		if !slices.Contains(g.registered[i].targets, t) {
			g.registered[i].targets = append(g.registered[i].targets, t)
		}
	}
}

// readTargets returns the target groups with what the program registers: by an
// attachment, by an autoscaling group, by a service of ECS.
func (a *aws) readTargets() map[*node]*targetGroup {
	groups := map[*node]*targetGroup{}
	a.each(func(n *node) {
		groups[n] = &targetGroup{node: n}
		a.markExisting(n, &groups[n].incomplete)
	}, targetGroupKind)
	// with calls f with the group that a reference means. What may mean several
	// decides on the targets of each.
	with := func(v Val[target], f func(*targetGroup)) {
		if t, known := v.Get(); known {
			if g := groups[t.node]; g != nil {
				f(g)
			}
			return
		}
		options, complete := v.Options()
		for _, n := range a.ix.byKind[targetGroupKind] {
			if !complete || slices.ContainsFunc(options, func(t target) bool { return t.node == n }) {
				note(&groups[n].incomplete, v.Ref())
			}
		}
	}
	// withEach does the same for a list of references, or of objects that have one.
	withEach := func(list property, key string, f func(*targetGroup, property)) {
		elements, complete := list.list()
		if !complete {
			with(Unknown[target](list.cause()), nil)
			return
		}
		references, _ := list.targets(targetGroupKind)
		if key != "" {
			references, _ = list.members(key, targetGroupKind)
		}
		for i, v := range references {
			if key != "" && elements[i].get(key).state == absent {
				continue // of a classic load balancer
			}
			with(v, func(g *targetGroup) { f(g, elements[i]) })
		}
	}

	a.each(func(n *node) {
		with(n.get("targetGroupArn").target(targetGroupKind), func(g *targetGroup) {
			targets, open := a.targetsOf(g.node, n.get("targetId"))
			for _, ref := range open {
				note(&g.incomplete, ref)
			}
			if len(targets) > 0 {
				g.register(targets, n.get("port"), n.get("availabilityZone"))
			}
		})
	}, "aws:lb/targetGroupAttachment:TargetGroupAttachment")

	// The instances of an autoscaling group are those that stand for it in its
	// subnets.
	scaled := func(g *targetGroup, group *node, ref Ref) {
		if targets := a.interfaces[group]; len(targets) > 0 {
			g.register(targets, property{node: g.node, path: "port"}, property{node: g.node})
			return
		}
		note(&g.incomplete, ref)
	}
	a.each(func(n *node) {
		join := func(g *targetGroup, reference property) { scaled(g, n, reference.ref()) }
		withEach(n.get("targetGroupArns"), "", join)
		withEach(n.get("trafficSources"), "identifier", join)
	}, scalingGroupKind)
	a.each(func(n *node) {
		arn := firstPresent(n.get("lbTargetGroupArn"), n.get("albTargetGroupArn"), n.get("trafficSource").block().get("identifier"))
		if arn.state == absent {
			return // of a classic load balancer
		}
		with(arn.target(targetGroupKind), func(g *targetGroup) {
			group, _ := n.get("autoscalingGroupName").target(scalingGroupKind).Get()
			scaled(g, group.node, n.ref("autoscalingGroupName"))
		})
	}, "aws:autoscaling/attachment:Attachment", "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment")

	a.each(func(n *node) {
		withEach(n.get("loadBalancers"), "targetGroupArn", func(g *targetGroup, block property) {
			// Without interfaces of its own a task has a port of its instance.
			if targets := a.interfaces[n]; len(targets) > 0 {
				g.register(targets, block.get("containerPort"), property{node: n})
				return
			}
			note(&g.incomplete, block.ref())
		})
	}, ecsServiceKind)
	return groups
}

// targetsOf returns the interfaces that an attachment registers. open are the
// outputs that decide whether there are others.
func (a *aws) targetsOf(group *node, id property) (found []*Interface, open []Ref) {
	if kind, known := group.get("targetType").text().Get(); known && kind == "lambda" {
		return nil, nil // invoked, and not by a packet
	}
	v := owner(id, balancerKind)
	if from, output, made := id.madeUp(); made {
		v = Known(from, output)
	} else if address, known := id.address().Get(); known {
		return a.interfacesAt(group, id, address)
	}
	n, known := v.Get()
	if !known || n == nil {
		return nil, []Ref{v.Ref()}
	}
	found = a.interfaces[n]
	switch {
	case len(found) == 0:
		return nil, []Ref{v.Ref()}
	case len(found) == 1 || n.kind == balancerKind:
		return found, nil
	case n.kind == instanceKind && n.get("networkInterfaces").state == absent:
		return found[:1], nil // the primary one
	}
	return nil, []Ref{v.Ref()} // one of them
}

// interfacesAt returns the interfaces with an address, or a host that stands
// for what has it in a subnet of the graph. An address of the target group's
// own VPC is there.
func (a *aws) interfacesAt(group *node, p property, address netip.Addr) (found []*Interface, open []Ref) {
	var home *Network
	if vpc := group.get("vpcId"); vpc.state != absent {
		home = a.network(vpc)
	}
	found, subnet, more := a.m.withAddress(AWS, address, home)
	if more {
		open = []Ref{p.ref()}
	}
	if len(found) > 0 || subnet == nil {
		return found, open
	}
	// Its security groups are those of nobody knows what.
	host := newInterface(p.node, Host, Known(subnet, p.ref()))
	host.Ref, host.Name, host.Addresses = p.ref(), address.String(), []Val[netip.Addr]{Known(address, p.ref())}
	host.Filters, host.Groups, host.Incomplete = [][]*Filter{{}}, []*Filter{nil}, []Ref{p.ref()}
	a.addInterface(p.node, host)
	a.standIns = append(a.standIns, host)
	return []*Interface{host}, open
}

// readListener adds the listeners of a load balancer that the actions of one of
// its own, or of a rule of it, are: one for each target group that they forward
// to and each port of the targets, and one without targets when the default ones
// forward to none.
func (a *aws) readListener(of, n, source *node, key string, groups map[*node]*targetGroup) {
	balancer, actions := a.balancers[of], source.get(key)
	listener := Listener{
		Ref: n.ref(""), Protocol: mapVal(n.get("protocol").text(), strings.ToUpper), Port: n.get("port").port(),
		TargetPort: Unknown[uint16](actions.ref()), PreserveClientIP: Unknown[bool](actions.ref()), CrossZone: Unknown[bool](actions.ref()),
	}
	switch {
	case balancer.Kind == "application" && n.get("protocol").state == absent:
		listener.Protocol = Known("HTTP", n.ref("protocol"))
	case balancer.Kind == "gateway":
		listener.Protocol = Known("ALL", n.ref("protocol"))
	}
	add := func(l Listener) { balancer.Listeners = append(balancer.Listeners, l) }

	arns, open := forwards(actions)
	// A rule for some clients does not forward what others send.
	conditions, complete := source.get("conditions").list()
	narrow := slices.ContainsFunc(conditions, func(c property) bool { return c.get("sourceIp").state != absent })
	for _, v := range actions.settle(arns, []string{targetGroupKind}) {
		t, known := v.Get()
		switch g := groups[t.node]; {
		case !known || g == nil:
			open = append(open, v.Ref())
		case narrow || !complete:
			open = append(open, source.ref("conditions"))
		case len(g.registered) == 0:
			l := listener
			l.TargetPort, l.PreserveClientIP, l.CrossZone = g.node.get("port").port(), preservesClientIP(balancer, g.node), a.crossesZones(of, g.node, property{node: g.node})
			l.Incomplete = slices.Clone(g.incomplete)
			add(l)
		default:
			for k, r := range g.registered {
				l := listener
				l.TargetPort, l.PreserveClientIP, l.CrossZone = r.port, preservesClientIP(balancer, g.node), a.crossesZones(of, g.node, r.zone)
				l.Targets = r.targets
				if k == 0 {
					l.Incomplete = slices.Clone(g.incomplete)
				}
				add(l)
			}
		}
	}
	if len(open) > 0 || len(arns) == 0 && source == n {
		listener.Incomplete = open
		add(listener)
	}
}

// forwards returns the target groups that actions forward to. open are the
// outputs that decide on others: a redirect, a fixed response and a login forward
// nowhere.
func forwards(actions property) (arns []property, open []Ref) {
	list, complete := actions.list()
	if !complete {
		open = append(open, actions.cause())
	}
	for _, action := range list {
		kind := action.get("type")
		if text, known := kind.text().Get(); known && text != "forward" {
			continue
		} else if !known {
			open = append(open, kind.cause())
			continue
		}
		if arn := action.get("targetGroupArn"); arn.state != absent {
			arns = append(arns, arn)
			continue
		}
		groups := action.get("forward").block().get("targetGroups")
		members, complete := groups.list()
		if !complete {
			open = append(open, groups.cause())
		}
		for _, group := range members {
			switch weight, known := orDefault(group.get("weight"), property.number, 1).Get(); {
			case !known:
				open = append(open, group.get("weight").cause())
			case weight > 0:
				arns = append(arns, group.get("arn"))
			}
		}
	}
	return arns, open
}

// preservesClientIP says whether targets see the client, of their own version of
// IP. The defaults are those of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
// and for an application load balancer as the target
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
func preservesClientIP(balancer *Balancer, group *node) Val[bool] {
	given := group.get("preserveClientIp")
	kind := orDefault(group.get("targetType"), property.text, "instance")
	protocol := group.get("protocol").text()
	text, known := protocol.Get()
	switch text = strings.ToUpper(text); {
	case balancer.Kind == "":
		return Unknown[bool](balancer.Ref.At("loadBalancerType"))
	case balancer.Kind == "application":
		return Known(false, group.ref(""))
	case given.boolean().Or(false):
		return given.boolean()
	case strings.Contains(text, "UDP") || strings.Contains(text, "QUIC"):
		return Known(true, protocol.Ref()) // and cannot be disabled
	case given.state != absent && known:
		return given.boolean()
	case given.state != absent:
		return Unknown[bool](protocol.Ref())
	case !kind.IsKnown():
		return Unknown[bool](kind.Ref())
	case kind.Or("") != "ip":
		return Known(true, kind.Ref())
	case !known:
		return Unknown[bool](protocol.Ref())
	}
	return Known(false, protocol.Ref())
}

// crossesZones says whether a load balancer sends to targets of a group in
// every zone. Those that are registered for all are in every zone.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-cross-zone.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/disable-cross-zone.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
func (a *aws) crossesZones(of, group *node, zone property) Val[bool] {
	crosses := orDefault(of.get("enableCrossZoneLoadBalancing"), property.boolean, false)
	switch a.balancers[of].Kind {
	case "application":
		crosses = Known(true, of.ref("loadBalancerType"))
	case "":
		crosses = Unknown[bool](of.ref("loadBalancerType"))
	}
	if given := group.get("loadBalancingCrossZoneEnabled"); given.state != absent {
		text, known := given.text().Get()
		if own := given.boolean(); own.IsKnown() || !known || text != "use_load_balancer_configuration" {
			crosses = own
		}
	}
	switch text, known := zone.text().Get(); {
	case zone.state == absent || crosses.Or(false):
		return crosses
	case known && text == "all":
		return Known(true, zone.ref())
	}
	return Unknown[bool](zone.cause()) // in the given zone, wherever it stands
}
