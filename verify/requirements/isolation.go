package requirements

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

func isolation() []Requirement {
	azure := []string{SharedAzure, AKSLandingZone}
	return []Requirement{
		{
			ID: "ISO-001", Title: "Pod subnets have no path to the internet",
			Sources: []Source{{conveyor, "Private subnets"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "Pods are to be routed inside the VPC alone; what they send to the internet leaves by their node.",
			Mend: "Remove the default route from the pod tier's table, or put these workloads in the node tier.", check: podsInside,
		},
		{
			ID: "ISO-002", Title: "The pods' block is not routed beyond the VPC",
			Sources: []Source{{conveyor, "VPC Setup"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "The block is used behind NAT in every data plane, so it means something else in each network.",
			Mend: "Remove the routes that lead from pod subnets, or to their block, over a peering, transit or VPN gateway.", check: podsUnrouted,
		},
		{
			ID: "ISO-003", Title: "In private mode the control plane enters by the endpoint service alone",
			Sources: []Source{{conveyor, "Data plane Connection"}, {deployment, "Dedicated control plane and data plane"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "PrivateLink shows one service; any other way in shows the network.",
			Mend: "Remove the public address, peering or transit route by which the data plane can be entered.", check: onlyEndpointService,
		},
		{
			ID: "ISO-004", Title: "In private mode nothing faces the internet: no load balancer, no public address",
			Sources: []Source{{conveyor, "Data plane Connection"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "The mode is chosen where nothing may be reachable from the internet.",
			Mend: "Make the load balancer internal, and release Elastic IPs that belong to no NAT gateway.", check: nothingPublic,
		},
		{
			ID: "ISO-005", Title: "A data plane without internet has no internet gateway, NAT gateway or default route",
			Sources: []Source{{deployment, "Setup data plane without internet access"}, {deployment, "Private data plane requirements"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "Without these nothing can leave, whatever a security group lets through.",
			Mend: "Remove the gateway and the default routes; services are reached by interface endpoints.", check: noInternet,
		},
		{
			ID: "ISO-006", Title: "Managed-service subnets have the local route only",
			Sources: []Source{{aosDocument, "Route Tables"}}, Models: []string{AosCloud},
			Why:  "Databases and caches answer inside the VPC and have no reason to be routed elsewhere.",
			Mend: "Leave the subnets on the VPC's main route table, without routes beyond the VPC.", check: localOnly,
		},
		{
			ID: "ISO-007", Title: "The public load balancer's group admits the declared sources and ports alone",
			Sources: []Source{{aosDocument, "Public Load Balancer (Optional)"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "What it admits is open to whoever it names, on the internet's side of the network.",
			Mend: "Admit only the declared blocks and ports: the web to everyone if need be, management to your own networks.", check: publicBalancerGroup,
		},
		{
			ID: "ISO-008", Title: "The Kubernetes API is private, or open to authorised ranges alone",
			Sources: []Source{{aksDocument, "Private clusters"}, {aksDocument, "Design recommendations"}}, Models: azure,
			Why:  "Whoever reaches the API server can try to sign in to it.",
			Mend: "Make the cluster private, or list the authorised IP ranges.", check: privateAPI,
		},
		{
			ID: "ISO-009", Title: "Platform services are reached by private endpoints, their public access is off",
			Sources: []Source{{conveyor, "Private endpoints"}, {aksDocument, "Design recommendations"}}, Models: azure,
			Why:  "A private endpoint beside an open public one protects nothing.",
			Mend: "Set publicNetworkAccess to Disabled and give the service a private endpoint.", check: privateServices,
		},
		{
			ID: "ISO-010", Title: "Firewalls see both directions of every connection",
			Sources: []Source{{aksDocument, "Traffic from application users to the cluster"}}, Models: azure,
			Why:  "A stateful device drops replies to what it did not see.",
			Mend: "Route both directions through the same firewall, or neither.", check: symmetric,
		},
		{
			ID: "ISO-011", Title: "No plain HTTP comes in, and web applications on the internet pass a web application firewall",
			Sources: []Source{{aksDocument, "Design recommendations"}}, Models: []string{AKSLandingZone},
			Why:  "Unencrypted requests can be read and changed on their way; an open web application is attacked.",
			Mend: "Redirect HTTP listeners to HTTPS, and use the tier WAF_v2 with a policy in prevention mode.", check: webIngress,
		},
	}
}

func podsInside(c *check) {
	for _, network := range c.dataPlanes() {
		for _, subnet := range c.tier(network, pods) {
			c.separate(anyHost(subnet), internet(), reach.All())
		}
	}
}

func podsUnrouted(c *check) {
	for _, network := range c.dataPlanes() {
		subnets := c.tier(network, pods)
		var ranges []netip.Prefix
		for _, subnet := range subnets {
			if p, ok := ipv4(subnet).Get(); ok {
				ranges = append(ranges, p)
			}
		}
		for _, subnet := range subnets {
			c.separate(anyHost(subnet), c.beyond(network), reach.All())
			c.separate(c.beyond(network), anyHost(subnet), reach.All())
			for _, other := range c.model.Networks {
				if other == network {
					continue
				}
				for _, target := range c.subnets(other) {
					c.separate(anyHost(subnet), anyHost(target), reach.All())
					c.separate(anyHost(target), anyHost(subnet), reach.All())
				}
			}
		}
		c.routesTo(network, ranges)
	}
}

// beyond are the private addresses that no network of the graph has.
func (c *check) beyond(*topology.Network) place {
	p := outside(privateRanges()...)
	p.name = "private networks beyond the graph"
	return p
}

// routesTo refutes routes of other networks, and of transit gateways, to the
// ranges.
func (c *check) routesTo(network *topology.Network, ranges []netip.Prefix) {
	leads := func(to topology.Val[[]netip.Prefix]) (netip.Prefix, bool) {
		list, _ := to.Get()
		for _, p := range list {
			for _, r := range ranges {
				// A default route is for everything and names no block.
				if p.Bits() > 0 && p.Overlaps(r) {
					return p, true
				}
			}
		}
		return netip.Prefix{}, false
	}
	for _, table := range c.model.Tables {
		for _, route := range table.Routes {
			gw, ok := route.Via.Get()
			if !ok || gw == nil || gw.Kind == topology.Local || gw.Kind == topology.Drop || gw.Kind == topology.ServiceGateway {
				continue
			}
			if p, found := leads(route.To); found && within(p, privateRanges()) {
				c.refute(route.Ref, "a route sends %s, which holds pods of %s, to the %s %s", p, network.Name, gw.Kind, gw.Name)
			}
		}
	}
	for _, gw := range c.model.Gateways {
		if gw.Transit == nil {
			continue
		}
		for _, attachment := range gw.Transit.Attachments {
			table, ok := attachment.Table.Get()
			if !ok || table == nil {
				continue
			}
			for _, route := range table.Routes {
				if p, found := leads(route.To); found {
					c.refute(route.Ref, "the transit gateway %s routes %s, which holds pods of %s", gw.Name, p, network.Name)
				}
			}
		}
	}
}

// privateMode runs f for each data plane that the control plane reaches
// privately.
func (c *check) privateMode(f func(*topology.Network)) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.connectivityMode(network); m {
		case private:
			f(network)
		case connected:
			c.notApplicable("the control plane reaches %s over the internet", network.Name)
		default:
			c.doubt(signs, "the signs disagree whether the control plane reaches %s over the internet", network.Name)
		}
	}
}

func onlyEndpointService(c *check) {
	c.privateMode(func(network *topology.Network) {
		for _, subnet := range c.subnets(network) {
			// A host of a public subnet has a public address only if it is given one.
			if c.tiers[subnet] == public {
				continue
			}
			c.separate(internet(), anyHost(subnet), reach.All())
		}
		for _, other := range c.in(controlPlane) {
			for _, from := range c.subnets(other) {
				for _, to := range c.subnets(network) {
					c.separate(anyHost(from), anyHost(to), reach.All())
				}
			}
		}
		for _, service := range c.model.Services {
			c.admits(service)
		}
	})
}

// admits checks whom an endpoint service lets in.
func (c *check) admits(service *topology.EndpointService) {
	principals, known := service.AllowedPrincipals.Get()
	acceptance, acceptanceKnown := service.AcceptanceRequired.Get()
	switch {
	case !known:
		c.doubt([]topology.Ref{service.AllowedPrincipals.Ref()}, "whom %s admits is not known yet", service.Name)
	case slices.Contains(principals, "*") && (!acceptanceKnown || !acceptance):
		c.refute(refOr(service.AllowedPrincipals.Ref(), service.Ref), "the endpoint service %s admits everyone, without acceptance", service.Name)
	default:
		c.holds(service.Ref, "the endpoint service %s admits %s", service.Name, strings.Join(principals, ", "))
	}
}

func nothingPublic(c *check) {
	c.privateMode(func(network *topology.Network) {
		for _, b := range c.model.Balancers {
			if b.Kind == "azure" || !c.standsIn(b, network) {
				continue
			}
			c.is(b.InternetFacing, false, b.Ref, "load balancer "+b.Name+" is internal", "load balancer "+b.Name+" faces the internet")
		}
		for _, i := range c.model.Interfaces {
			subnet, ok := i.Subnet.Get()
			if !ok || subnet == nil || subnet.Network != network || i.Kind == topology.BalancerInterface {
				continue
			}
			if has, known := i.Public.Get(); known && has {
				c.refute(refOr(i.Public.Ref(), i.Ref), "%s %s has a public address", i.Kind, i.Name)
			}
		}
		c.looseAddresses()
		for _, subnet := range c.subnets(network) {
			c.is(subnet.PublicOnLaunch, false, subnet.Ref,
				"instances in "+subnet.Name+" get no public address", "instances in "+subnet.Name+" get a public address")
		}
	})
}

// standsIn reports whether the balancer may stand in the network.
func (c *check) standsIn(b *topology.Balancer, network *topology.Network) bool {
	for _, i := range b.Interfaces {
		if subnet, ok := i.Subnet.Get(); !ok || subnet == nil || subnet.Network == network {
			return true
		}
	}
	return len(b.Interfaces) == 0
}

// looseAddresses refutes Elastic IPs that belong to no NAT gateway.
func (c *check) looseAddresses() {
	claimed := map[string]bool{}
	for _, nat := range c.ofType("aws:ec2/natGateway:NatGateway") {
		for _, key := range []string{"allocationId", "secondaryAllocationIds"} {
			if v, known := property(nat, key); known {
				eachText(v, func(id string) { claimed[id] = true })
			}
			for _, urn := range nat.PropertyDependencies[key] {
				claimed[urn] = true
			}
		}
	}
	for _, eip := range c.ofType("aws:ec2/eip:Eip") {
		ref := topology.Ref{URN: eip.URN}
		switch {
		case claimed[eip.ID] && eip.ID != "" || claimed[eip.URN] || claimed[text(eip, "allocationId")] && text(eip, "allocationId") != "":
			c.holds(ref, "the Elastic IP %s is a NAT gateway's", eip.Name)
		default:
			c.refute(ref, "the Elastic IP %s belongs to no NAT gateway", eip.Name)
		}
	}
}

func noInternet(c *check) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.egressMode(network); m {
		case isolated:
		case connected:
			c.notApplicable("%s is connected to the internet", network.Name)
			continue
		case external:
			c.notApplicable("the way out of %s is built beside it", network.Name)
			continue
		default:
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
			continue
		}
		for _, gw := range c.gateways(network, topology.Internet, topology.EgressOnly, topology.NAT) {
			c.refute(gw.Ref, "%s has the %s gateway %s", network.Name, gw.Kind, gw.Name)
		}
		for _, subnet := range c.subnets(network) {
			if table, ok := subnet.Table.Get(); ok && table != nil {
				for _, route := range table.Routes {
					if to, known := route.To.Get(); known && slices.ContainsFunc(to, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
						c.refute(route.Ref, "subnet %s has a default route", subnet.Name)
					}
				}
			}
			c.separate(anyHost(subnet), internet(), reach.All())
		}
	}
}

func localOnly(c *check) {
	for _, network := range c.dataPlanes() {
		for _, t := range []tier{aurora, documentDB, elastiCache} {
			for _, subnet := range c.tier(network, t) {
				c.localTable(subnet)
				c.separate(anyHost(subnet), internet(), reach.All())
			}
		}
	}
}

// localTable checks that the subnet's table has local routes alone.
func (c *check) localTable(subnet *topology.Subnet) {
	table, ok := subnet.Table.Get()
	if !ok || table == nil {
		c.doubt([]topology.Ref{subnet.Table.Ref()}, "the route table of %s is not known yet", subnet.Name)
		return
	}
	if len(table.Incomplete) > 0 {
		c.doubt(table.Incomplete, "the routes of %s are not all known", subnet.Name)
	}
	for _, route := range table.Routes {
		gw, known := route.Via.Get()
		switch {
		case !known:
			c.doubt([]topology.Ref{route.Via.Ref()}, "where a route of %s leads is not known yet", subnet.Name)
		case gw != nil && gw.Kind != topology.Local:
			c.refute(route.Ref, "subnet %s has a route to the %s gateway %s", subnet.Name, gw.Kind, gw.Name)
		}
	}
	c.holds(refOr(subnet.Table.Ref(), table.Ref), "subnet %s has a table with local routes", subnet.Name)
}

// publicBalancerGroup checks the security groups of internet-facing load
// balancers, those that the graph has and those that are named for them.
func publicBalancerGroup(c *check) {
	var groups []*topology.Filter
	add := func(f *topology.Filter) {
		if f != nil && !slices.Contains(groups, f) {
			groups = append(groups, f)
		}
	}
	for _, b := range c.model.Balancers {
		facing, known := b.InternetFacing.Get()
		if b.Kind == "azure" || known && !facing {
			continue
		}
		if !known {
			c.doubt([]topology.Ref{b.InternetFacing.Ref()}, "whether load balancer %s faces the internet is not known yet", b.Name)
			continue
		}
		for _, i := range b.Interfaces {
			for _, f := range i.Groups {
				add(f)
			}
			if len(i.Incomplete) > 0 {
				c.doubt(i.Incomplete, "the groups of load balancer %s are not all known", b.Name)
			}
			if len(i.Groups) == 0 && len(i.Incomplete) == 0 {
				c.refute(b.Ref, "load balancer %s faces the internet without a security group", b.Name)
			}
		}
	}
	for _, f := range c.model.Filters {
		w := words(f.Name)
		if f.Kind == topology.SecurityGroup && slices.Contains(w, "public") && (slices.Contains(w, "lb") || slices.Contains(w, "nlb") || slices.Contains(w, "alb")) {
			add(f)
		}
	}
	if len(groups) == 0 && len(c.broken) == 0 && len(c.doubts) == 0 {
		c.notApplicable("the graph has no internet-facing load balancer and no group for one")
	}
	for _, f := range groups {
		if len(f.Incomplete) > 0 {
			c.doubt(f.Incomplete, "the rules of %s are not all known", f.Name)
		}
		for i := range f.In {
			c.declaredRule(f, &f.In[i])
		}
		if len(f.In) == 0 {
			c.holds(f.Ref, "%s admits nobody", f.Name)
		}
	}
}

// webPorts may be open to everyone.
func webPorts() []uint16 { return []uint16{80, 443} }

// declaredRule checks one rule: what its own name and description declare is
// what it does, and nothing but the web is open to everyone.
func (c *check) declaredRule(f *topology.Filter, rule *topology.Rule) {
	source, known := rule.Source.Get()
	ports, portsKnown := rule.DestinationPorts.Get()
	protocols, protocolsKnown := rule.Protocols.Get()
	if !known || !portsKnown || !protocolsKnown {
		c.doubt([]topology.Ref{rule.Source.Ref(), rule.DestinationPorts.Ref(), rule.Protocols.Ref()}, "a rule of %s is not known yet", f.Name)
		return
	}
	if !rule.Allow.Or(true) {
		return
	}
	what := "every port"
	if len(ports) > 0 {
		what = fmt.Sprintf("ports %d–%d", ports[0].First, ports[0].Last)
	}
	everyone := source.Anyone
	for _, p := range source.Prefixes {
		everyone = everyone || p.Bits() == 0
	}
	web := len(protocols) == 1 && len(ports) > 0
	for _, p := range ports {
		web = web && p.First == p.Last && slices.Contains(webPorts(), p.First)
	}
	if everyone && !web {
		c.refute(rule.Ref, "%s admits everyone to %s", f.Name, what)
		return
	}
	r, ok := c.resources[rule.Ref.URN]
	if !ok || !strings.Contains(strings.ToLower(r.Type), "rule") || c.component(r.URN) == nil {
		c.holds(rule.Ref, "%s admits %s", f.Name, what)
		return
	}
	// Rules of our components say in their name and description what was asked for.
	for _, p := range source.Prefixes {
		declared := text(r, "description")
		if !strings.HasPrefix(declared, p.String()+" ") && strings.Contains(declared, "/") {
			c.refute(rule.Ref.At(cidrProperty(p)), "%s admits %s, but %q is declared", f.Name, p, declared)
			return
		}
	}
	for _, p := range ports {
		if !slices.Contains(words(r.Name), fmt.Sprint(p.First)) || !slices.Contains(words(r.Name), fmt.Sprint(p.Last)) {
			c.refute(rule.Ref, "%s admits ports %d–%d, but the rule %s declares others", f.Name, p.First, p.Last, r.Name)
			return
		}
	}
	if len(ports) == 0 && len(protocols) == 0 && strings.Contains(r.Name, "-tcp-") {
		c.refute(rule.Ref, "%s admits every protocol, but the rule %s declares TCP", f.Name, r.Name)
		return
	}
	c.holds(rule.Ref, "%s admits %s as declared", f.Name, what)
}

func cidrProperty(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "cidrIpv4"
	}
	return "cidrIpv6"
}
