package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Drawing is what a picture of a network shows, whatever it is drawn with.
type Drawing struct {
	Title  string
	Frames []*Frame
	// Places lie outside the graph, to the left.
	Places []Place
	// Links join frames and places.
	Links []Link
}

// Frame is a VPC or a virtual network.
type Frame struct {
	Name     string
	Kind     string // "VPC"
	Plane    string
	Prefixes []string
	Where    string // region and account
	// Zones are the columns.
	Zones []string
	Rows  []*Row
	// Gateways stand at the border to the internet.
	Gateways []Chip
	// Services are reached by endpoints, without the internet.
	Services []Chip
}

// Row is a tier.
type Row struct {
	Tier string
	// Cells are the subnets in each zone.
	Cells [][]Box
	// Internet are the lines to and from the internet, from the top.
	Internet []Line
	// Services is the line to the frame's services; nil when it has none.
	Services *Line
}

// Box is a subnet.
type Box struct {
	Name, Prefix string
	Chips        []Chip
	Evidence     []string
}

// Chip is something that stands in a subnet or at a border.
type Chip struct {
	Name     string
	Detail   string
	Evidence []string
}

// Line is a connection, or the proof that there is none.
type Line struct {
	State State
	// Inward says that it comes from the other end.
	Inward   bool
	Label    string
	Evidence []string
}

// Place is something outside the graph.
type Place struct {
	Name, Detail string
}

// Link joins two ends; From or To counts frames or, when it is negative, places:
// -1 is the first.
type Link struct {
	From, To int
	State    State
	// FromChip and ToChip stand at the borders of the frames.
	FromChip, ToChip Chip
	Evidence         []string
}

// Draw returns the drawing of the network.
func (s *Subject) Draw() (*Drawing, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	d := &Drawing{Title: s.title}
	index := map[*topology.Network]int{}
	for _, network := range s.networks() {
		index[network] = len(d.Frames)
		d.Frames = append(d.Frames, s.frame(network, facts))
	}
	s.privateLinks(d, index)
	s.gatewayLinks(d, index)
	return d, nil
}

func (s *Subject) frame(network *topology.Network, facts *catalog.Catalog) *Frame {
	f := &Frame{Name: network.Name, Kind: "VPC", Plane: s.roles.Plane(network), Where: network.Region}
	account := "account"
	if network.Cloud == topology.Azure {
		f.Kind, account = "VNet", "subscription"
	}
	if network.Account != "" {
		f.Where = strings.TrimPrefix(f.Where+", "+account+" "+network.Account, ", ")
	}
	for _, prefix := range network.Prefixes {
		f.Prefixes = append(f.Prefixes, prefixText(prefix))
	}
	for _, gw := range s.model.Gateways {
		if gw.Network == network && network.Cloud == topology.AWS && (gw.Kind == topology.Internet || gw.Kind == topology.EgressOnly) {
			chip := Chip{Name: gw.Name, Detail: gw.Title(), Evidence: []string{Name(gw.Ref.URN, "")}}
			if !slices.ContainsFunc(f.Gateways, func(c Chip) bool { return c.Name == chip.Name }) {
				f.Gateways = append(f.Gateways, chip)
			}
		}
	}
	endpoints := s.serviceEndpoints(network)
	for _, e := range endpoints {
		f.Services = append(f.Services, Chip{
			Name: serviceName(e), Detail: e.Kind,
			Evidence: []string{e.Kind + " endpoint " + e.Name, Name(e.Ref.URN, "")},
		})
	}
	tiers := s.tiers(network)
	for _, t := range tiers {
		for _, subnet := range t.Subnets {
			if zone := zoneText(subnet); !slices.Contains(f.Zones, zone) {
				f.Zones = append(f.Zones, zone)
			}
		}
	}
	slices.Sort(f.Zones)
	for _, t := range tiers {
		f.Rows = append(f.Rows, s.row(t, f.Zones, endpoints, facts))
	}
	return f
}

// serviceName is the service that an endpoint leads to, as people call it.
func serviceName(e *topology.Endpoint) string {
	name := e.Service.Or(e.Target.Or(e.Name))
	if name == "management" && e.Network != nil && e.Network.Cloud == topology.Azure {
		return "API server of " + e.Name
	}
	return name
}

// allZones is the zone of Azure's subnets.
const allZones = "all zones"

// zoneText is the zone of a subnet.
func zoneText(subnet *topology.Subnet) string {
	zone, known := subnet.Zone.Get()
	switch {
	case !known:
		return "zone not known yet"
	case zone == "":
		return allZones
	}
	return zone
}

func prefixText(v topology.Val[netip.Prefix]) string {
	if p, ok := v.Get(); ok {
		return p.String()
	}
	return "block not known yet"
}

func (s *Subject) row(t tier, zones []string, endpoints []*topology.Endpoint, facts *catalog.Catalog) *Row {
	r := &Row{Tier: t.Name, Cells: make([][]Box, len(zones))}
	for _, subnet := range t.Subnets {
		i := slices.Index(zones, zoneText(subnet))
		r.Cells[i] = append(r.Cells[i], s.box(subnet))
	}
	if t.hosts() {
		out, _ := s.outLine(t)
		in, _ := s.inLine(t)
		r.Internet = append(r.Internet, out, in)
	}
	for _, b := range s.model.Balancers {
		if line, ok := s.balancerLine(b, t); ok {
			r.Internet = append(r.Internet, line)
		}
	}
	if len(endpoints) > 0 {
		line := s.serviceLine(t, endpoints, facts)
		r.Services = &line
	}
	return r
}

// hosts reports whether hosts stand in a tier; of Azure's firewalls and gateways
// there are none beside.
func (t tier) hosts() bool { return t.Name != "firewall" && t.Name != "gateway" }

// outLine is the line of a tier to the internet, and what it rests on.
func (s *Subject) outLine(t tier) (Line, finding) {
	out := s.ask(fromSubnets(t.Subnets, internet(), reach.All()))
	line := Line{State: out.State, Evidence: evidence(t.Name+" to the internet", out), Label: outLabel(out, s.way(out))}
	if out.State == Absent {
		s.partlyOut(t, &line)
	}
	return line, out
}

// inLine is the line from the internet to hosts of a tier, and what it rests on.
func (s *Subject) inLine(t tier) (Line, finding) {
	var inward []reach.Question
	for _, subnet := range t.Subnets {
		inward = append(inward, reach.Question{From: internet(), To: reach.AnyHost(subnet), Traffic: reach.All()})
	}
	in := s.ask(inward)
	line := Line{State: in.State, Inward: true, Label: "no way", Evidence: evidence("the internet to hosts of "+t.Name, in)}
	if name := s.balancerOn(in.Hops); in.State == Path && name != "" {
		line.Label = "by load balancer " + name
	} else if in.State == Path {
		line.Label = "to public addresses"
	} else if text := in.some(); text != "" {
		line.Label = text
	}
	if in.State == Absent && t.Name == "nodes" && s.balancerToCome(t.Network) {
		s.laterIn(t, &line)
	}
	return line, in
}

// partlyOut completes the line of a tier that reaches no address of the internet
// freely: by a firewall it may reach names, and in Azure the load balancer that AKS
// makes with the cluster is in no graph before.
func (s *Subject) partlyOut(t tier, line *Line) {
	var reached []string
	var way finding
	for _, name := range s.ruledNames() {
		if f := s.askName(t, name); f.State == Path {
			reached, way = append(reached, name), f
		}
	}
	switch {
	case len(reached) > 0:
		line.State, line.Label = Path, fmt.Sprintf("%s by %s", count(len(reached), "name"), s.way(way))
		line.Evidence = append([]string{t.Name + " to the internet: only to " + strings.Join(reached, ", ")}, way.Evidence...)
	case (t.Name == "nodes" || t.Name == "pods") && s.balancerToCome(t.Network):
		line.State, line.Label = Offered, "by AKS's balancer later"
		line.Evidence = append([]string{"AKS makes a load balancer with the cluster; its public address is in this graph, and nothing is proven of it"}, line.Evidence...)
	}
}

// askName asks for HTTPS to the public addresses of a name, by those who look into
// it.
func (s *Subject) askName(t tier, name string) finding {
	questions := fromSubnets(t.Subnets, reach.Addresses(s.model.PublicName(name)), reach.TCP(443))
	for i := range questions {
		questions[i].Name = reach.SomeName(name)
	}
	return s.ask(questions)
}

// laterIn completes the line to nodes which AKS's load balancer will lead to from
// those that their security group lets in.
func (s *Subject) laterIn(t tier, line *Line) {
	filter, known := t.Subnets[0].Filter.Get()
	if !known || filter == nil {
		return
	}
	for i := range filter.In {
		rule := &filter.In[i]
		source := rule.Source.Or(topology.Match{})
		public := slices.ContainsFunc(source.Prefixes, func(p netip.Prefix) bool { return !p.Addr().IsPrivate() && p.String() != azureHost })
		if rule.Allow.Or(false) && (public || source.Internet || source.Anyone) {
			line.State, line.Label = Offered, "by AKS's balancer later"
			line.Evidence = append([]string{"AKS makes a load balancer with the cluster, and the security group " + s.ruleText(rule, false)}, line.Evidence...)
			return
		}
	}
}

// ruledNames are the host names that rules of firewalls let pass, in order.
func (s *Subject) ruledNames() []string {
	var names []string
	for _, filter := range s.model.Filters {
		if filter.Kind != topology.FirewallPolicy {
			continue
		}
		for i := range filter.Out {
			options, _ := filter.Out[i].Names.Options()
			if len(options) > 0 {
				names = append(names, options[0]...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// balancerToCome reports whether a network of Azure's has a public address and
// nothing yet that uses one.
func (s *Subject) balancerToCome(network *topology.Network) bool {
	if network.Cloud != topology.Azure {
		return false
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(s.graph.Resources, func(r graph.Resource) bool { return strings.HasSuffix(r.Type, ":"+kind) })
	}
	used := slices.ContainsFunc([]string{"NatGateway", "LoadBalancer", "ApplicationGateway", "AzureFirewall", "ManagedCluster"}, has)
	return has("PublicIPAddress") && !used
}

// count is "1 name", "2 names".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func outLabel(f finding, way string) string {
	switch {
	case f.State == Absent:
		return "no way"
	case f.State == Path && way != "":
		return "by " + way
	case f.State == Path:
		return "all the way"
	}
	return f.some()
}

// evidence puts a heading over what a finding rests on.
func evidence(heading string, f finding) []string {
	verdict := map[State]string{
		Path: "proven path", Absent: "proven: there is none", Unknown: f.some(), Offered: "leads out of the graph",
	}[f.State]
	return append([]string{heading + ": " + verdict}, f.Evidence...)
}

func (s *Subject) box(subnet *topology.Subnet) Box {
	b := Box{Name: subnet.Name, Evidence: []string{"subnet " + subnet.Name}}
	var texts []string
	for _, prefix := range subnet.Prefixes {
		texts = append(texts, prefixText(prefix))
		if p, ok := prefix.Get(); ok && p.Addr().Is4() && subnet.Network.Cloud == topology.AWS {
			b.Evidence = append(b.Evidence, fmt.Sprintf("%s, %s addresses for use", p, thousands(addressing.Usable(p))))
		}
	}
	if len(texts) > 0 {
		b.Prefix = texts[0]
	}
	if table, ok := subnet.Table.Get(); ok && table != nil {
		b.Evidence = append(b.Evidence, "route table "+Name(table.Ref.URN, table.Ref.Property))
	}
	for _, gw := range s.model.Gateways {
		if in, ok := gw.Subnet.Get(); ok && in == subnet && in != nil {
			b.Chips = append(b.Chips, Chip{Name: gw.Title(), Evidence: []string{gw.Title() + " " + gw.Name}})
		}
	}
	if nat, ok := subnet.NAT.Get(); ok && nat != nil {
		b.Chips = append(b.Chips, Chip{Name: "NAT gateway", Evidence: []string{"NAT gateway " + nat.Name}})
	}
	b.Chips = append(b.Chips, s.interfaceChips(subnet)...)
	return b
}

// interfaceChips are what stands in a subnet, load balancers by name, the rest
// by count.
func (s *Subject) interfaceChips(subnet *topology.Subnet) []Chip {
	var chips []Chip
	counts := map[topology.InterfaceKind][]string{}
	for _, iface := range s.model.Interfaces {
		if in, ok := iface.Subnet.Get(); !ok || in != subnet {
			continue
		}
		if iface.Kind == topology.BalancerInterface {
			chips = append(chips, Chip{Name: "LB " + iface.Name, Evidence: []string{"load balancer " + iface.Name}})
			continue
		}
		counts[iface.Kind] = append(counts[iface.Kind], string(iface.Kind)+" "+iface.Name)
	}
	for _, kind := range []topology.InterfaceKind{topology.EndpointInterface, topology.Host, topology.ForwardingInterface, topology.ResolverInterface} {
		switch names := counts[kind]; len(names) {
		case 0:
		case 1:
			chips = append(chips, Chip{Name: names[0], Evidence: names})
		default:
			chips = append(chips, Chip{Name: fmt.Sprintf("%d %ss", len(names), kind), Evidence: names})
		}
	}
	return chips
}

// balancerLine is the line from the internet to a load balancer that faces it,
// in the row that it stands in.
func (s *Subject) balancerLine(b *topology.Balancer, t tier) (Line, bool) {
	if facing, known := b.InternetFacing.Get(); known && !facing {
		return Line{}, false
	}
	var questions []reach.Question
	for _, iface := range b.Interfaces {
		if subnet, ok := iface.Subnet.Get(); ok && slices.Contains(t.Subnets, subnet) {
			questions = append(questions, reach.Question{From: internet(), To: reach.At(iface), Traffic: reach.All()})
		}
	}
	if len(questions) == 0 {
		return Line{}, false
	}
	f := s.ask(questions)
	label := "no way to LB " + b.Name
	switch f.State {
	case Path:
		label = "LB, from " + sources(f.Sent)
	case Unknown:
		label = "LB, " + f.some()
	}
	heading := "the internet to load balancer " + b.Name
	if f.State == Path {
		heading += ", " + ports(f.Sent) + " from " + sources(f.Sent)
	}
	return Line{State: f.State, Inward: true, Label: label, Evidence: evidence(heading, f)}, true
}

// sources are the addresses that packets come from, in few words.
func sources(set packet.Set) string {
	var b netipx.IPSetBuilder
	for _, cube := range set {
		b.AddRange(netipx.IPRangeFrom(cube.Source.First.Addr(), cube.Source.Last.Addr()))
	}
	all, err := b.IPSet()
	if err != nil {
		return "some addresses"
	}
	prefixes := all.Prefixes()
	switch {
	case slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() && p.Bits() < 8 }):
		return "anyone"
	case len(prefixes) == 1:
		return prefixes[0].String()
	}
	return fmt.Sprintf("%d blocks", len(prefixes))
}

// ports are the protocols and ports of packets, in few words.
func ports(set packet.Set) string {
	var texts []string
	for _, cube := range set {
		text := "any protocol"
		if cube.Protocols.First == cube.Protocols.Last {
			text = strings.ToUpper(packet.ProtocolName(cube.Protocols.First))
			if packet.HasPorts(cube.Protocols.First) && cube.DestinationPorts != packet.EveryPort() {
				text += " " + portsText(topology.Ports(cube.DestinationPorts))
			}
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if len(texts) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:3], ", "), len(texts)-3)
	}
	return strings.Join(texts, ", ")
}

// serviceEndpoints are the endpoints of a network that lead to services, not to
// other networks of the graph.
func (s *Subject) serviceEndpoints(network *topology.Network) []*topology.Endpoint {
	var found []*topology.Endpoint
	for _, e := range s.model.Endpoints {
		if e.Network == network && e.Of == nil {
			found = append(found, e)
		}
	}
	return found
}

// endpointFinding asks whether hosts of a tier reach a service by its endpoint.
func (s *Subject) endpointFinding(t tier, e *topology.Endpoint, facts *catalog.Catalog) finding {
	name := e.Service.Or("")
	traffic := reach.TCP(servicePort(facts, name))
	if len(e.Interfaces) == 0 {
		block := s.model.Service(t.Network.Cloud, name, t.Network.Region)
		var past []*topology.Gateway
		for _, gw := range s.model.Gateways {
			if gw.Kind != topology.ServiceGateway && gw.Kind != topology.Local {
				past = append(past, gw)
			}
		}
		questions := fromSubnets(t.Subnets, reach.Addresses(block), traffic)
		for i := range questions {
			questions[i].Avoid = past
		}
		return s.ask(questions)
	}
	f := finding{State: Unknown}
	for i, iface := range e.Interfaces {
		g := s.ask(fromSubnets(t.Subnets, reach.At(iface), traffic))
		if g.State == Path {
			return g
		}
		if i == 0 {
			f = g
		}
	}
	return f
}

// servicePort is the port that clients of a service use.
func servicePort(facts *catalog.Catalog, name string) uint16 {
	service, ok := facts.EndpointService(name)
	if !ok || len(service.Ports) == 0 || slices.Contains(service.Ports, 443) {
		return 443
	}
	return uint16(service.Ports[0])
}

func (s *Subject) serviceLine(t tier, endpoints []*topology.Endpoint, facts *catalog.Catalog) Line {
	counts := map[State]int{}
	var reached, missed, open, why []string
	for _, e := range endpoints {
		f := s.endpointFinding(t, e, facts)
		counts[f.State]++
		name := serviceName(e)
		switch f.State {
		case Path:
			reached = append(reached, name)
		case Absent:
			missed = append(missed, name)
		default:
			open = append(open, name)
		}
		if why == nil {
			why = f.Evidence
		}
	}
	line := Line{Label: fmt.Sprintf("%d of %d", counts[Path], len(endpoints))}
	switch len(endpoints) {
	case counts[Path]:
		line.State = Path
	case counts[Absent]:
		line.State = Absent
		line.Label = "none"
	default:
		line.State = Unknown
		if open != nil {
			line.Label += fmt.Sprintf(", %d not known", len(open))
		}
	}
	for _, group := range []struct {
		text  string
		names []string
	}{{"reaches by endpoint", reached}, {"does not reach by endpoint", missed}, {"not known yet", open}} {
		if len(group.names) > 0 {
			line.Evidence = append(line.Evidence, t.Name+" "+group.text+": "+strings.Join(group.names, ", "))
		}
	}
	line.Evidence = append(line.Evidence, why...)
	return line
}

// place returns the index of a place, a new one if need be, as links count it.
func (d *Drawing) place(p Place) int {
	if i := slices.Index(d.Places, p); i >= 0 {
		return -i - 1
	}
	d.Places = append(d.Places, p)
	return -len(d.Places)
}

// privateLinks are the links by endpoint services.
func (s *Subject) privateLinks(d *Drawing, index map[*topology.Network]int) {
	for _, service := range s.model.Services {
		home, balancer := s.homeOf(service)
		if home == nil {
			continue
		}
		chip := Chip{Name: "PrivateLink " + service.Name, Detail: "to LB " + balancer.Name, Evidence: []string{"endpoint service " + Name(service.Ref.URN, "")}}
		consumers := 0
		for _, e := range s.model.Endpoints {
			from, ok := index[e.Network]
			if e.Of != service || !ok {
				continue
			}
			consumers++
			f := s.consumerFinding(e, balancer)
			d.Links = append(d.Links, Link{
				From: from, To: index[home], State: f.State, ToChip: chip,
				FromChip: Chip{Name: "Endpoint " + e.Name, Detail: listenerText(balancer), Evidence: []string{Name(e.Ref.URN, "")}},
				Evidence: evidence(e.Network.Name+" to "+home.Name+" by PrivateLink", f),
			})
		}
		if consumers > 0 {
			continue
		}
		detail := "accounts not known yet"
		if principals, known := service.AllowedPrincipals.Get(); known {
			detail = accounts(principals)
		}
		d.Links = append(d.Links, Link{
			From: d.place(Place{Name: "Control plane", Detail: detail}), To: index[home], State: Offered, ToChip: chip,
			Evidence: []string{"offered by PrivateLink to " + detail, "the other end is not in this graph, so no way through is proven"},
		})
	}
}

// accounts are the principals of an endpoint service in few words.
func accounts(principals []string) string {
	var texts []string
	for _, p := range principals {
		if parts := strings.Split(p, ":"); len(parts) > 4 && parts[4] != "" {
			p = parts[4]
		}
		if !slices.Contains(texts, p) {
			texts = append(texts, p)
		}
	}
	switch len(texts) {
	case 0:
		return "no account yet"
	case 1:
		return "account " + texts[0]
	}
	return fmt.Sprintf("account %s and %d more", texts[0], len(texts)-1)
}

// homeOf is the network of the first known load balancer of an endpoint service.
func (s *Subject) homeOf(service *topology.EndpointService) (*topology.Network, *topology.Balancer) {
	for _, v := range service.Balancers {
		b, ok := v.Get()
		if !ok || b == nil {
			continue
		}
		for _, iface := range b.Interfaces {
			if subnet, ok := iface.Subnet.Get(); ok && subnet != nil {
				return subnet.Network, b
			}
		}
	}
	return nil, nil
}

func listenerText(b *topology.Balancer) string {
	var texts []string
	for _, l := range b.Listeners {
		if port, ok := l.Port.Get(); ok {
			texts = append(texts, fmt.Sprintf("%s %d", l.Protocol.Or("port"), port))
		}
	}
	if len(texts) == 0 {
		return "no listener"
	}
	return strings.Join(texts, ", ")
}

// consumerFinding asks whether the hosts of a consumer's network reach the
// listeners of the service behind its endpoint.
func (s *Subject) consumerFinding(e *topology.Endpoint, b *topology.Balancer) finding {
	var from []*topology.Subnet
	for _, t := range s.tiers(e.Network) {
		if t.Name != "endpoints" {
			from = append(from, t.Subnets...)
		}
	}
	best := finding{State: Unknown}
	for _, l := range b.Listeners {
		port, ok := l.Port.Get()
		if !ok {
			continue
		}
		for _, iface := range e.Interfaces {
			f := s.ask(fromSubnets(from, reach.At(iface), reach.TCP(port)))
			if best.Of == 0 || f.State == Path {
				best = f
			}
		}
	}
	return best
}

// gatewayLinks are peerings, transit gateways and VPN gateways.
func (s *Subject) gatewayLinks(d *Drawing, index map[*topology.Network]int) {
	paired := map[[2]int]bool{}
	for _, gw := range s.model.Gateways {
		from, ok := index[gw.Network]
		if !ok && gw.Kind != topology.Transit {
			continue
		}
		name := gw.Title()
		chip := Chip{Name: strings.ToUpper(name[:1]) + name[1:], Detail: cmp.Or(gw.Name, Name(gw.Ref.URN, "")), Evidence: []string{Name(gw.Ref.URN, "")}}
		switch gw.Kind {
		case topology.Peering:
			peer, known := gw.Peer.Get()
			to, inside := index[peer]
			if !known || peer == nil || !inside {
				detail := "not known yet"
				if peer != nil {
					detail = peer.Name
				}
				d.Links = append(d.Links, Link{
					From: d.place(Place{Name: "Peered network", Detail: detail}), To: from, State: Offered, ToChip: chip,
					Evidence: []string{"the peered network is not in this graph"},
				})
				continue
			}
			key := [2]int{min(from, to), max(from, to)}
			if paired[key] {
				continue
			}
			paired[key] = true
			f := s.betweenNetworks(gw.Network, peer)
			back := chip
			chip.Detail, back.Detail = "to "+peer.Name, "to "+gw.Network.Name
			d.Links = append(d.Links, Link{From: from, To: to, State: f.State, FromChip: chip, ToChip: back,
				Evidence: evidence(gw.Network.Name+" to "+peer.Name, f)})
		case topology.VPN, topology.Appliance:
			if gw.Kind == topology.Appliance && gw.Interface.Or(nil) != nil {
				continue
			}
			d.Links = append(d.Links, Link{
				From: d.place(Place{Name: "Beyond the graph", Detail: gw.Name}), To: from, State: Offered, ToChip: chip,
				Evidence: []string{"leads out of this graph"},
			})
		case topology.Transit:
			s.transitLinks(d, index, gw, chip)
		}
	}
}

func (s *Subject) transitLinks(d *Drawing, index map[*topology.Network]int, gw *topology.Gateway, chip Chip) {
	if gw.Transit == nil {
		return
	}
	for _, attachment := range gw.Transit.Attachments {
		network, ok := attachment.Network.Get()
		to, inside := index[network]
		if !ok || network == nil || !inside {
			continue
		}
		link := Link{From: d.place(Place{Name: "Transit gateway", Detail: gw.Name}), To: to, State: Offered, ToChip: chip,
			Evidence: []string{"attached by " + Name(attachment.Ref.URN, "")}}
		if !slices.ContainsFunc(d.Links, func(l Link) bool { return l.From == link.From && l.To == link.To }) {
			d.Links = append(d.Links, link)
		}
	}
}

// betweenNetworks asks whether anything of one network gets to the other.
func (s *Subject) betweenNetworks(from, to *topology.Network) finding {
	var questions []reach.Question
	for _, a := range s.model.Subnets {
		for _, b := range s.model.Subnets {
			if a.Network == from && b.Network == to {
				questions = append(questions, reach.Question{From: reach.AnyHost(a), To: reach.AnyHost(b), Traffic: reach.All()})
			}
		}
	}
	f := s.ask(questions)
	if f.Some > 0 { // what a rule or route leaves out is told by the tables
		f.State = Path
	}
	return f
}

// thousands returns 16379 as "16,379".
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
