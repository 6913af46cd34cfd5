package requirements

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

func egress() []Requirement {
	azure := []string{SharedAzure, AKSLandingZone}
	return []Requirement{
		{
			ID: "EGR-001", Title: "Nodes reach the internet, and only through a NAT gateway",
			Sources: []Source{{conveyor, "Private subnets"}, {aosDocument, "Outbound Internet Access"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "Nodes pull images and call APIs on the internet, but must not be reachable from it.",
			Mend: "Route 0.0.0.0/0 of every node table to a public NAT gateway, and to nothing else.", check: nodesThroughNAT,
		},
		{
			ID: "EGR-002", Title: "A NAT gateway stands in a public subnet; where each zone has one, nodes use their own zone's",
			Sources: []Source{{conveyor, "Public subnets"}, {aosDocument, "EKS Subnets (Detail)"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "A NAT gateway without a way to the internet carries nothing, and one of another zone fails with that zone and costs traffic.",
			Mend: "Place public NAT gateways in public subnets, and route each zone's nodes to their own.", check: natPlacement,
		},
		{
			ID: "EGR-003", Title: "Public subnets, the NAT gateway's own included, route to the internet gateway",
			Sources: []Source{{aosDocument, "Route Tables"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "Only a route to the internet gateway makes a subnet public.",
			Mend: "Associate the subnet with a route table that has 0.0.0.0/0 to the VPC's internet gateway.", check: publicRoutes,
		},
		{
			ID: "EGR-004", Title: "With a customer firewall all traffic of nodes and pods to the internet goes through it, and it allows what AKS needs",
			Sources: []Source{{conveyor, "Vnet setup"}, {aksDocument, "Design recommendations"}}, Models: azure,
			Why:  "A way around the firewall defeats its policy; a rule that is missing keeps nodes from starting.",
			Mend: "Route 0.0.0.0/0 of node and pod subnets to the firewall, and allow AKS's required outbound rules.", check: throughFirewall,
		},
		{
			ID: "EGR-005", Title: "With managed egress the cluster's load balancer has a public address for both directions",
			Sources: []Source{{conveyor, "Vnet setup"}}, Models: []string{SharedAzure},
			Why:  "The control plane reaches the data plane at that address, and nodes leave by it.",
			Mend: "Give the cluster's load balancer a Standard public IP, or subnets a NAT gateway with one.", check: managedEgress,
		},
		{
			ID: "EGR-006", Title: "With outbound type userDefinedRouting the node subnet has a route table with a default route",
			Sources: []Source{{aksDocument, "Design recommendations"}}, Models: azure,
			Why:  "AKS refuses the cluster without it, and routes that Virtual WAN or Route Server inject do not count.",
			Mend: "Associate a route table with 0.0.0.0/0 to the firewall with the node and pod subnets.", check: outboundUDR,
		},
		{
			ID: "EGR-007", Title: "The Cognito names resolve and can be reached",
			Sources: []Source{{deployment, "Cognito domain"}, {deployment, "Cognito domains"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "Both planes validate tokens that Cognito issued; AWS has no endpoint for a user pool's domain.",
			Mend: "Let <identifier>.auth.<region>.amazoncognito.com out, by a NAT gateway, a firewall's allow-list or a proxy.", check: cognito,
		},
	}
}

// internetMode runs f for each data plane that is connected to the internet.
func (c *check) internetMode(f func(*topology.Network)) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.egressMode(network); m {
		case connected:
			f(network)
		case isolated:
			c.notApplicable("%s has no internet", network.Name)
		case external:
			c.notApplicable("the way out of %s is built beside it", network.Name)
		default:
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
		}
	}
}

func nodesThroughNAT(c *check) {
	c.internetMode(func(network *topology.Network) {
		nats := c.gateways(network, topology.NAT)
		for _, subnet := range c.tier(network, nodes) {
			c.reaches(anyHost(subnet), internetIPv4(), reach.TCP(443), "")
			c.separate(anyHost(subnet), internet(), reach.All(), nats...)
		}
	})
}

// internetIPv4 are the IPv4 addresses of the internet for requirements that ask
// for a way, not for the absence of one.
func internetIPv4() place {
	p := internet()
	p.end.Addresses = slices.DeleteFunc(p.end.Addresses, func(a packet.Addresses) bool { return !a.First.Addr().Is4() })
	return p
}

func natPlacement(c *check) {
	c.internetMode(func(network *topology.Network) {
		nats := c.gateways(network, topology.NAT)
		if len(nats) == 0 {
			c.absent(network, "%s has no NAT gateway", network.Name)
			return
		}
		zones := map[string]bool{}
		for _, nat := range nats {
			subnet, known := nat.Subnet.Get()
			if !known || subnet == nil {
				c.doubt([]topology.Ref{nat.Subnet.Ref()}, "the subnet of the NAT gateway %s is not known yet", nat.Name)
				continue
			}
			c.is(nat.Public, true, nat.Ref, "NAT gateway "+nat.Name+" is public", "NAT gateway "+nat.Name+" is private: it leads to no internet")
			switch t := c.tiers[subnet]; t {
			case public:
				c.holds(nat.Subnet.Ref(), "NAT gateway %s stands in public subnet %s", nat.Name, subnet.Name)
			case unrecognized:
				c.doubt([]topology.Ref{subnet.Ref}, "it cannot be told what subnet %s of the NAT gateway is for", subnet.Name)
			default:
				c.refute(nat.Subnet.Ref(), "NAT gateway %s stands in %s, a subnet for %s", nat.Name, subnet.Name, t)
			}
			if zone, ok := subnet.Zone.Get(); ok {
				zones[zone] = true
			}
		}
		if len(nats) < 2 {
			return
		}
		for _, subnet := range c.subnets(network, nodes) {
			c.zonalNAT(subnet, zones)
		}
	})
}

// zonalNAT checks that nodes use the NAT gateway of their own zone where there
// is one.
func (c *check) zonalNAT(subnet *topology.Subnet, zones map[string]bool) {
	zone, known := subnet.Zone.Get()
	route := defaultRoute(subnet)
	if !known || route == nil || !zones[zone] {
		return
	}
	gw, ok := route.Via.Get()
	if !ok || gw == nil || gw.Kind != topology.NAT {
		return
	}
	if of, ok := gw.Subnet.Get(); ok && of != nil && of.Zone.Or(zone) != zone {
		c.refute(route.Ref, "nodes of %s in %s leave by the NAT gateway of %s, though %s has its own", subnet.Name, zone, of.Zone.Or(""), zone)
		return
	}
	c.holds(route.Ref, "nodes of %s leave by the NAT gateway of their own zone", subnet.Name)
}

// absent notes that the graph lacks something in a network.
func (c *check) absent(network *topology.Network, format string, args ...any) {
	if len(network.Incomplete) > 0 {
		c.doubt(network.Incomplete, format, args...)
		return
	}
	var open []topology.Ref
	for _, other := range c.model.Networks {
		if other != network && len(other.Incomplete) > 0 {
			open = append(open, other.Ref)
		}
	}
	for _, gw := range c.model.Gateways {
		if gw.Kind == topology.NAT && !gw.Subnet.IsKnown() {
			open = append(open, gw.Subnet.Ref())
		}
	}
	if len(open) > 0 {
		c.doubt(open, format, args...)
		return
	}
	c.refute(network.Ref, format, args...)
}

func publicRoutes(c *check) {
	c.internetMode(func(network *topology.Network) {
		nats := c.gateways(network, topology.NAT)
		subnets := c.tier(network, public)
		for _, nat := range nats {
			if subnet, ok := nat.Subnet.Get(); ok && subnet != nil && !slices.Contains(subnets, subnet) {
				subnets = append(subnets, subnet)
			}
		}
		for _, subnet := range subnets {
			c.reaches(anyHost(subnet), internetIPv4(), reach.TCP(443), "", nats...)
		}
	})
}

// cognito asks for the names of the documents from where tokens are validated.
func cognito(c *check) {
	for _, network := range c.dataPlanes() {
		region := network.Region
		if region == "" {
			c.doubt([]topology.Ref{network.Ref}, "the region of %s is not known", network.Name)
			continue
		}
		names := c.cognitoDomains(region)
		if len(names) == 0 {
			names = []string{"identifier.auth." + region + ".amazoncognito.com"}
		}
		c.cognitoFrom(network, c.tier(network, nodes), names)
	}
	if c.deployment != DedicatedAWS {
		return
	}
	for _, network := range c.controlPlanes() {
		c.cognitoFrom(network, c.tier(network, nodes), []string{
			"cognito-idp." + network.Region + ".amazonaws.com", "cognito-identity." + network.Region + ".amazonaws.com",
		})
	}
}

// cognitoDomains are the user pools' domains that the graph names.
func (c *check) cognitoDomains(region string) []string {
	var found []string
	suffix := ".auth." + region + ".amazoncognito.com"
	for i := range c.graph.Resources {
		r := &c.graph.Resources[i]
		for _, key := range r.Inputs.StableKeys() {
			eachText(r.Inputs[key], func(text string) {
				if strings.HasSuffix(text, suffix) && !strings.ContainsAny(text, "*/ ") && !strings.HasPrefix(text, ".") && !slices.Contains(found, text) {
					found = append(found, text)
				}
			})
		}
	}
	slices.Sort(found)
	return found
}

func (c *check) cognitoFrom(network *topology.Network, from []*topology.Subnet, names []string) {
	m, _ := c.egressMode(network)
	for _, subnet := range from {
		if m != connected && !leaves(subnet) {
			// A packet cannot get out at all: the platform has to use a proxy that
			// clients are told of, and that is not the network's to show.
			c.doubt([]topology.Ref{network.Ref},
				"no route leads out of %s: how its clients reach %s, by a proxy for example, is decided outside the graph", network.Name, names[0])
			continue
		}
		for _, name := range names {
			c.connects(subnet, name, 443)
		}
	}
}

// leaves reports whether a route leads packets for the internet out of a subnet's
// network.
func leaves(subnet *topology.Subnet) bool {
	table, ok := subnet.Table.Get()
	if !ok || table == nil {
		return false
	}
	for _, route := range table.Routes {
		to, known := route.To.Get()
		gw, ok := route.Via.Get()
		local := ok && gw != nil && slices.Contains([]topology.GatewayKind{topology.Local, topology.ServiceGateway, topology.Drop}, gw.Kind)
		if known && !local && slices.ContainsFunc(to, func(p netip.Prefix) bool { return !within(p, privateRanges()) }) {
			return true
		}
	}
	return false
}

// connects checks that hosts of the subnet resolve the name and reach it.
func (c *check) connects(subnet *topology.Subnet, name string, port uint16) {
	c.connect(subnet, name, port, nil, nil)
}

// connect does the same, with outward as the subnets whose addresses packets to
// outside the network carry, the nodes' for pods, and the group that the hosts
// are in, nil when nobody has told.
func (c *check) connect(subnet *topology.Subnet, name string, port uint16, outward []*topology.Subnet, group *topology.Filter) {
	from := func(s *topology.Subnet) place {
		if group == nil {
			return anyHost(s)
		}
		return c.client(s, group)
	}
	r := c.engine.Resolve(subnet.Network, name)
	switch {
	case r.Blocked != nil && r.Certain:
		block := *r.Blocked
		path := Path{From: subnet.Ref.URN, To: "fqdn:" + name, Hops: ended(block)}
		if p, ok := ipv4(subnet).Get(); ok {
			path.Packet = packet.Packet{Source: p.Addr(), Destination: p.Masked().Addr().Next().Next(), Protocol: packet.UDP, SourcePort: 49152, DestinationPort: 53}
		}
		c.broken = append(c.broken, violation{block: block, path: &path})
		return
	case !r.Certain:
		c.doubt(r.Unknowns, "what %s is in %s is not known yet", name, subnet.Network.Name)
		return
	}
	if outward == nil {
		outward = []*topology.Subnet{subnet}
	}
	to := func(p place) {
		p.name = "fqdn:" + name
		sources := outward
		if in, ok := p.end.Interface.Subnet.Get(); !ok || in == nil || in.Network == subnet.Network {
			sources = []*topology.Subnet{subnet}
		}
		for _, s := range sources {
			c.reaches(from(s), p, reach.TCP(port), name)
		}
	}
	for _, iface := range r.Interfaces {
		to(at(iface))
	}
	for _, address := range r.Addresses {
		found := false
		for _, iface := range c.model.Interfaces {
			if slices.ContainsFunc(iface.Addresses, func(v topology.Val[netip.Addr]) bool { a, ok := v.Get(); return ok && a == address }) {
				to(at(iface))
				found = true
			}
		}
		if !found {
			c.doubt([]topology.Ref{subnet.Network.Ref}, "the graph holds nothing with %s, which is %s", address, name)
		}
	}
	if !r.Public.IsValid() {
		return
	}
	for _, s := range outward {
		p := outside(r.Public)
		p.name = "fqdn:" + name
		c.reaches(from(s), p, reach.TCP(port), name)
	}
}

// port returns the port that clients of a service use.
func (c *check) port(service string) uint16 {
	s, ok := c.catalog.EndpointService(service)
	switch {
	case !ok || len(s.Ports) == 0 || slices.Contains(s.Ports, 443):
		return 443
	case slices.Contains(s.Ports, 587): // submission of mail
		return 587
	}
	return uint16(s.Ports[0])
}

// publicName returns a name that clients of a service use in the region.
func (c *check) publicName(service, region string) string {
	s, ok := c.catalog.EndpointService(service)
	if names := s.PublicNames(region); ok && len(names) > 0 {
		for _, name := range names {
			if !strings.HasPrefix(name, "*.") {
				return name
			}
		}
		return "any" + strings.TrimPrefix(names[0], "*")
	}
	return fmt.Sprintf("%s.%s.amazonaws.com", service, region)
}
