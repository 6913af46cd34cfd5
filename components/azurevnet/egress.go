package azurevnet

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

const defaultRoute = "0.0.0.0/0"

// planFirewall plans the routes to the customer's firewall.
func (p *planner) planFirewall() {
	spec := p.plan.Spec
	if spec.Egress != EgressCustomerFirewall {
		return
	}
	firewall := Firewall{}
	if spec.Firewall != nil {
		firewall = *spec.Firewall
	}
	if firewall.PrivateIP == "" {
		p.problems.Addf("firewall.privateIp", "", "give the firewall's address, for example 10.10.1.4", "is missing")
	} else {
		p.firewall = p.address("firewall.privateIp", firewall.PrivateIP)
	}
	for _, s := range p.plan.Subnets {
		routed := s.Role != "" || spec.ExtraSubnets[s.Name].RouteToFirewall
		if routed && s.Cidr.IsValid() && s.Cidr.Contains(p.firewall) {
			p.problems.Addf("firewall.privateIp", firewall.PrivateIP, "place the firewall in a peered VNet, or in an extra subnet of its own",
				"is in the subnet %s, whose own traffic it would be sent", s.Name)
		}
	}
	if spec.Existing == nil && !p.reaches(p.firewall) {
		p.warn("firewall.privateIp: %s is in no peering's address space: Azure drops what is routed to an address outside the VNet and its peers",
			firewall.PrivateIP)
	}
	if firewall.ControlPlaneIP != "" {
		p.publicAddress("firewall.controlPlaneIp", firewall.ControlPlaneIP)
	}
	for i, ip := range firewall.EgressIPs {
		p.publicAddress(fmt.Sprintf("firewall.egressIps[%d]", i), ip)
	}
	problem.Unique(&p.problems, "firewall.egressIps", firewall.EgressIPs)

	toFirewall := Route{Name: "default", Prefix: defaultRoute, NextHop: VirtualAppliance, NextHopIP: firewall.PrivateIP, Firewall: true}
	p.plan.RouteTables = []RouteTable{{Key: tableEgress, Routes: append([]Route{toFirewall}, p.extraRoutes(firewall.ExtraRoutes)...)}}
	if !spec.has(addressing.AzureDatabase) {
		return
	}
	// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
	database, _ := p.plan.Subnet(string(addressing.AzureDatabase))
	p.plan.RouteTables = append(p.plan.RouteTables, RouteTable{Key: tableDatabase, Routes: []Route{
		toFirewall,
		{Name: "entra", Prefix: "AzureActiveDirectory", NextHop: Internet},
		{Name: "subnet", Prefix: database.Cidr.String(), NextHop: VnetLocal},
	}})
}

// reaches reports whether an address is in the VNet or in a peered one.
func (p *planner) reaches(address netip.Addr) bool {
	reachable := slices.Clone(p.plan.AddressSpace)
	for _, peering := range p.plan.Spec.Peerings {
		for _, cidr := range peering.AddressSpace {
			if block, err := addressing.Parse(cidr); err == nil {
				reachable = append(reachable, block)
			}
		}
	}
	return slices.ContainsFunc(reachable, func(block netip.Prefix) bool { return block.Contains(address) })
}

// extraRoutes returns the routes beside the default one, by name.
func (p *planner) extraRoutes(extras map[string]ExtraRoute) []Route {
	var routes []Route
	byPrefix := map[netip.Prefix]string{}
	for name, extra := range sorted(extras) {
		path := "firewall.extraRoutes." + name
		if !childName.MatchString(name) {
			p.problems.Addf(path, name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a route's name")
		}
		if strings.EqualFold(name, "default") {
			p.problems.Addf(path, name, "use another name", "is the name of the route to the firewall")
		}
		block, err := addressing.Parse(extra.Prefix)
		p.problems.Add(path+".prefix", err)
		if err == nil && block.Bits() == 0 {
			p.problems.Addf(path+".prefix", extra.Prefix, "remove it", "is the route to the firewall; a table has one")
		}
		if first, twice := byPrefix[block]; twice && err == nil {
			p.problems.Addf(path+".prefix", extra.Prefix, "remove one", "is routed already by firewall.extraRoutes.%s", first)
		}
		byPrefix[block] = name
		if extra.NextHop == Internet {
			p.problems.Addf(path+".nextHop", string(Internet), "remove the route, and allow the traffic in the firewall", "leads around the firewall")
		} else {
			problem.OneOf(&p.problems, path+".nextHop", extra.NextHop, VirtualAppliance, VirtualNetworkGateway, VnetLocal, Drop)
		}
		switch {
		case extra.NextHop == VirtualAppliance:
			p.address(path+".nextHopIp", extra.NextHopIP)
		case extra.NextHopIP != "":
			p.problems.Addf(path+".nextHopIp", extra.NextHopIP, "remove it", "is set, but %s has no address", extra.NextHop)
		}
		routes = append(routes, Route{Name: name, Prefix: extra.Prefix, NextHop: extra.NextHop, NextHopIP: extra.NextHopIP})
	}
	return routes
}

// address reads an IPv4 address, or returns the zero Addr with its problem.
func (p *planner) address(path, text string) netip.Addr {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		p.problems.Addf(path, text, "give one such as 10.10.1.4", "is not an IPv4 address")
		return netip.Addr{}
	}
	return addr
}

// publicAddress checks an address that is reached over the internet.
func (p *planner) publicAddress(path, text string) {
	if addr := p.address(path, text); addr.IsValid() && p.facts.AzurePrivate(netip.PrefixFrom(addr, 32)) {
		p.problems.Addf(path, text, "give the public address", "is a private address")
	}
}

func (p *planner) checkPublicAddresses() {
	spec := p.plan.Spec
	public := spec.PublicAddresses
	if public == nil || !spec.public() {
		return
	}
	// https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
	if public.Count < 1 || public.Count > 16 {
		p.problems.Addf("publicAddresses.count", strconv.Itoa(public.Count), "use 1 to 16", "is not a number of addresses that Azure takes")
	}
	p.problems.Add("publicAddresses.zones", p.facts.CheckAzureZones(spec.Location, public.Zones))
	problem.Unique(&p.problems, "publicAddresses.zones", public.Zones)
	problem.OneOf(&p.problems, "publicAddresses.inbound", public.Inbound, InboundShared, InboundSeparate, InboundNone)
	if spec.Egress != EgressNatGateway {
		return
	}
	if len(public.Zones) > 1 {
		p.problems.Addf("publicAddresses.zones", strings.Join(public.Zones, ", "), "name one, or none", "is more than one; a NAT gateway is in one zone")
	}
	if public.Inbound == InboundShared {
		p.problems.Addf("publicAddresses.inbound", string(InboundShared), "use separate or none", "cannot be: a NAT gateway admits no connections")
	}
}

// checkControlPlane checks who is admitted from the internet.
func (p *planner) checkControlPlane() {
	spec := p.plan.Spec
	inbound := spec.public() && spec.PublicAddresses.Inbound != InboundNone
	switch {
	case inbound && len(spec.ControlPlaneCidrs) == 0:
		p.problems.Addf("controlPlaneCidrs", "", "list the blocks that the control plane connects from, or set publicAddresses.inbound: none",
			"is missing; nobody would be admitted")
	case !inbound && spec.Egress != EgressCustomerFirewall && len(spec.ControlPlaneCidrs) > 0:
		p.problems.Addf("controlPlaneCidrs", strings.Join(spec.ControlPlaneCidrs, ", "), "remove it", "is set, but nothing connects from the internet")
	}
	var blocks []addressing.Named
	for i, cidr := range spec.ControlPlaneCidrs {
		path := fmt.Sprintf("controlPlaneCidrs[%d]", i)
		block, err := addressing.Parse(cidr)
		blocks = append(blocks, addressing.Named{Path: path, Prefix: block})
		switch {
		case err != nil:
			p.problems.Add(path, err)
		case block.Bits() < 8:
			p.problems.Addf(path, cidr, "list the control plane's own blocks", "is a large part of the internet")
		case p.facts.AzurePrivate(block):
			p.problems.Addf(path, cidr, "give the public addresses that the control plane connects from",
				"is a private block; nothing comes from it over the internet")
		}
	}
	p.problems = append(p.problems, addressing.Overlaps(blocks)...)
}

// planEgress lists what a firewall must let the cluster send.
func (p *planner) planEgress() {
	spec := p.plan.Spec
	if spec.Egress == EgressNone {
		return
	}
	// Azure's own server is reached without any firewall.
	const azureDNS = "168.63.129.16"
	servers := slices.DeleteFunc(slices.Clone(spec.DNS.Servers), func(s string) bool { return s == azureDNS })
	rules, err := p.facts.AKSEgressRules(catalog.AKSEgress{
		Region: spec.Location, Features: spec.Cluster.Features, PrivateAPI: !spec.Cluster.PublicAPI, DNSServers: servers,
	})
	var found problem.List
	found.Add("", err)
	for _, f := range found {
		// The region and the servers have their problems already.
		if strings.HasPrefix(f.Path, "features") {
			p.problems = append(p.problems, problem.List{f}.Under("cluster")...)
		}
	}
	for _, rule := range rules {
		p.plan.RequiredEgress = append(p.plan.RequiredEgress, EgressRule{Sources: p.clusterCidrs(), EgressRule: rule})
	}
}
