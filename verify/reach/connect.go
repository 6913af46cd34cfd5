package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Verdict answers whether a connection can be made.
type Verdict string

const (
	// Reachable: some packet of those asked about certainly arrives, and its
	// reply returns.
	Reachable Verdict = "REACHABLE"
	// Blocked: none does.
	Blocked Verdict = "BLOCKED"
	// Unknown: it depends on what is not known yet.
	Unknown Verdict = "UNKNOWN"
)

// Connection is a question in a person's words.
type Connection struct {
	// From and To are a URN, "internet", a CIDR or address; To may also be
	// "fqdn:NAME". A URN is a subnet, a network (any host of it), an instance or
	// other interface, a load balancer, an endpoint or a gateway (the way
	// through it).
	From, To string
	// Groups are the URNs of the security groups that a host of From is in.
	Groups []string
	// Protocol is "tcp", "udp", "icmp", "icmpv6", "sctp", "all" or a number.
	// Default "tcp".
	Protocol string
	// Port is "443", "8000-8100", or empty for every port.
	Port string
}

// Result is the answer to a Connection.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Packet is one that gets through or, when none does, one that does not.
	Packet *packet.Packet `json:"packet"`
	Hops   []Hop          `json:"hops"`
	// BlockedBy is where packets end; nil when they arrive.
	BlockedBy *Block `json:"blocked_by"`
	// Unknowns are the outputs that decide an unknown verdict.
	Unknowns []topology.Ref `json:"deciding_unknowns"`
}

// ends are what one side of a question stands for.
type ends struct {
	ends []End
	// every says that each of them has to be reached: the network picks one.
	// Otherwise one is enough.
	every bool
	// through is a gateway that the way has to pass.
	through *topology.Gateway
}

// Connect answers the question. The error is a problem.List with everything
// that is wrong with it.
func (e *Engine) Connect(c Connection) (Result, error) {
	var problems problem.List
	traffic := parseTraffic(&problems, c)
	from := e.parseEnd(&problems, "from", c.From)
	var groups []*topology.Filter
	for i, urn := range c.Groups {
		group := e.group(urn)
		if group == nil {
			problems.Addf(fmt.Sprintf("src-sg[%d]", i), urn, "give the URN of one", "is not a security group of the graph")
		}
		groups = append(groups, group)
	}
	name, isName := strings.CutPrefix(c.To, "fqdn:")
	var to ends
	switch {
	case !isName:
		to = e.parseEnd(&problems, "to", c.To)
	case !domainName(name):
		problems.Addf("to", c.To, "write fqdn:example.com", "is not a domain name")
	case slices.ContainsFunc(from.ends, End.outside):
		problems.Addf("to", c.To, "ask from a subnet or an interface", "is a name, which only hosts of the graph resolve here")
	}
	if err := problems.Err(); err != nil {
		return Result{}, err
	}
	best := combine(!from.every)
	for _, source := range from.ends {
		var asked []Hop
		if source.Subnet != nil && len(c.Groups) > 0 {
			source.Groups = groups
		}
		targets := to
		inner := combine(!targets.every)
		if isName {
			var done *Result
			targets, asked, done = e.named(source, name)
			if done != nil {
				best.add(*done)
				continue
			}
			inner = combine(false)
		}
		for _, target := range targets.ends {
			q := Question{From: source, To: target, Traffic: traffic, Name: name}
			r := e.result(e.Ask(q), through(from.through, to.through))
			r.Hops = append(slices.Clip(asked), r.Hops...)
			inner.add(r)
		}
		best.add(inner.result())
	}
	return best.result(), nil
}

// through are the gateways that are not nil.
func through(gateways ...*topology.Gateway) []*topology.Gateway {
	return slices.DeleteFunc(gateways, func(gw *topology.Gateway) bool { return gw == nil })
}

// combination joins results: of alternatives the best counts, of what the
// network picks from the worst.
type combination struct {
	any  bool
	best *Result
}

func combine(any bool) *combination { return &combination{any: any} }

func (c *combination) add(r Result) {
	rank := map[Verdict]int{Blocked: 0, Unknown: 1, Reachable: 2}
	if c.best == nil || c.any && rank[r.Verdict] > rank[c.best.Verdict] || !c.any && rank[r.Verdict] < rank[c.best.Verdict] {
		c.best = &r
	}
}

func (c *combination) result() Result {
	if c.best == nil {
		return Result{Verdict: Blocked, Hops: []Hop{}, Unknowns: []topology.Ref{}}
	}
	return *c.best
}

// result turns an answer into a verdict with its evidence.
func (e *Engine) result(a Answer, passing []*topology.Gateway) Result {
	if len(passing) > 0 {
		a.Paths = slices.DeleteFunc(slices.Clone(a.Paths), func(p Path) bool {
			return slices.ContainsFunc(passing, func(gw *topology.Gateway) bool {
				return !slices.ContainsFunc(p.Hops, func(h Hop) bool { return h.URN == gw.Ref.URN })
			})
		})
	}
	r := Result{Verdict: Blocked, Hops: []Hop{}, Unknowns: []topology.Ref{}}
	// Of paths that are as good, one with an address for documentation.
	slices.SortStableFunc(a.Paths, func(p, q Path) int {
		return cmp.Or(cmp.Compare(boolean(!p.Certain), boolean(!q.Certain)), cmp.Compare(boolean(!documented(p.Packets[0])), boolean(!documented(q.Packets[0]))))
	})
	if len(a.Paths) > 0 {
		path := a.Paths[0]
		p := Witness(path.Packets)
		r.Verdict, r.Packet, r.Hops = Reachable, &p, path.Hops
		if !path.Certain {
			r.Verdict, r.Unknowns = Unknown, append(r.Unknowns, a.Unknowns...)
			if len(a.Blocks) > 0 {
				r.BlockedBy = &a.Blocks[0]
			}
		}
		return r
	}
	if len(a.Blocks) > 0 {
		r.BlockedBy, r.Hops = &a.Blocks[0], append(r.Hops, a.Blocks[0].Hops...)
		p := Witness(a.Blocks[0].Packets)
		r.Packet = &p
	}
	return r
}

// named resolves a name for a source, with the hops of the question for it; done
// is the result when nothing is left to ask.
func (e *Engine) named(source End, name string) (answers ends, hops []Hop, done *Result) {
	at := source.Subnet
	if source.Interface != nil {
		at, _ = source.Interface.Subnet.Get()
	}
	if at == nil {
		return ends{}, nil, &Result{Verdict: Unknown, Hops: []Hop{}, Unknowns: []topology.Ref{source.Interface.Subnet.Ref()}}
	}
	r := e.Resolve(at.Network, name)
	hops = append([]Hop{}, r.Hops...)
	switch {
	case !r.Certain:
		return ends{}, nil, &Result{Verdict: Unknown, Hops: hops, Unknowns: r.Unknowns}
	case r.Blocked != nil:
		return ends{}, nil, &Result{Verdict: Blocked, Hops: hops, BlockedBy: r.Blocked, Unknowns: []topology.Ref{}}
	}
	all := ends{every: true}
	for _, iface := range r.Interfaces {
		all.ends = append(all.ends, At(iface))
	}
	for _, address := range r.Addresses {
		all.ends = append(all.ends, e.addressed(netip.PrefixFrom(address, address.BitLen()))...)
	}
	if r.Public.IsValid() {
		all.ends = append(all.ends, Addresses(r.Public))
	}
	return all, hops, nil
}

// documentation are addresses for examples, RFC 5737 and RFC 3849.
func documentation() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("2001:db8::10")}
}

// documented reports whether there are packets to or from an address for
// examples.
func documented(c packet.Cube) bool {
	return slices.ContainsFunc(documentation(), func(a netip.Addr) bool {
		one := packet.Only(a)
		return c.Destination.Contains(one) || c.Source.Contains(one)
	})
}

// example returns one cube of a set that is not empty: one with addresses for
// examples, if there is one.
func example(set packet.Set) packet.Cube {
	if i := slices.IndexFunc(set, documented); i >= 0 {
		return set[i]
	}
	return set[0]
}

// Witness returns one packet of a set that is not empty, as a person would
// choose it.
func Witness(set packet.Set) packet.Packet {
	cube := example(set)
	p := cube.First()
	pick := func(a packet.Addresses) netip.Addr {
		for _, addr := range documentation() {
			if a.Contains(packet.Only(addr)) {
				return addr
			}
		}
		// The clouds keep the first addresses of a subnet for themselves.
		addr := a.First.Addr()
		for range 4 {
			addr = addr.Next()
		}
		if addr.IsValid() && a.Contains(packet.Only(addr)) {
			return addr
		}
		return a.First.Addr()
	}
	p.Source, p.Destination = pick(cube.Source), pick(cube.Destination)
	if packet.HasPorts(p.Protocol) && cube.SourcePorts.First <= 49152 && 49152 <= cube.SourcePorts.Last {
		p.SourcePort = 49152
	}
	return p
}

// parseTraffic reads protocol and port.
func parseTraffic(problems *problem.List, c Connection) Traffic {
	cube := packet.Everything()
	protocol, known := packet.ParseProtocol(strings.ToLower(c.Protocol))
	switch {
	case c.Protocol == "":
		protocol, known = packet.TCP, true
	case strings.EqualFold(c.Protocol, "all"):
		if c.Port != "" {
			problems.Addf("port", c.Port, "name the protocol, or leave the port out", "needs a protocol that has ports")
		}
		return Traffic{cube}
	}
	if !known {
		problems.Addf("proto", c.Protocol, "use tcp, udp, icmp, icmpv6, sctp, all or a number from 0 to 255", "is not a protocol")
		return nil
	}
	cube.Protocols = packet.Protocols{First: protocol, Last: protocol}
	if packet.HasPorts(protocol) {
		cube.SourcePorts = packet.Ephemeral()
	}
	if c.Port == "" {
		return Traffic{cube}
	}
	ports, ok := packet.ParsePorts(c.Port)
	switch {
	case !ok:
		problems.Addf("port", c.Port, "use 443 or 8000-8100", "is not a port")
	case !packet.HasPorts(protocol):
		problems.Addf("port", c.Port, "leave it out", "is given, but %s has no ports", packet.ProtocolName(protocol))
	default:
		cube.DestinationPorts = ports
	}
	return Traffic{cube}
}

// parseEnd reads one side of a question.
func (e *Engine) parseEnd(problems *problem.List, path, text string) ends {
	switch {
	case text == "":
		problems.Addf(path, "", `give a URN, "internet" or a CIDR`, "is missing")
		return ends{}
	case strings.EqualFold(text, "internet"):
		return ends{ends: []End{TheInternet()}}
	case strings.HasPrefix(text, "urn:"):
		return e.resource(problems, path, text)
	}
	prefix, err := netip.ParsePrefix(text)
	if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
		prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case err != nil:
		problems.Addf(path, text, `use a URN, "internet", a CIDR such as 10.0.0.0/8, or, as the destination, fqdn:NAME`, "is none of the ends that can be asked about")
		return ends{}
	case prefix.Masked() != prefix:
		problems.Addf(path, text, "the network is "+prefix.Masked().String(), "has host bits set")
		return ends{}
	}
	return ends{ends: e.addressed(prefix)}
}

// addressed returns what has addresses of the prefix: an interface with that
// very address, hosts of subnets, and what lies outside.
func (e *Engine) addressed(prefix netip.Prefix) []End {
	var all []End
	if prefix.IsSingleIP() {
		for _, iface := range e.model.Interfaces {
			for _, address := range iface.Addresses {
				if a, ok := address.Get(); ok && a == prefix.Addr() {
					all = append(all, At(iface))
				}
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	rest := packet.Set{to(packet.InPrefix(prefix))}
	for _, subnet := range e.model.Subnets {
		for _, of := range subnet.Prefixes {
			p, ok := of.Get()
			if !ok || !p.Overlaps(prefix) {
				continue
			}
			shared, _ := packet.InPrefix(p).Intersect(packet.InPrefix(prefix))
			all = append(all, End{Subnet: subnet, Addresses: []packet.Addresses{shared}})
			rest = rest.Subtract(packet.Set{to(shared)})
		}
	}
	if len(rest) > 0 {
		outside := End{Addresses: []packet.Addresses{}}
		for _, cube := range rest {
			outside.Addresses = append(outside.Addresses, cube.Destination)
		}
		all = append(all, outside)
	}
	return all
}

// resource finds what a URN names.
func (e *Engine) resource(problems *problem.List, path, urn string) ends {
	for _, subnet := range e.model.Subnets {
		if subnet.Ref.URN == urn {
			return ends{ends: []End{AnyHost(subnet)}}
		}
	}
	for _, network := range e.model.Networks {
		if network.Ref.URN == urn {
			var all []End
			for _, subnet := range e.subnets[network] {
				all = append(all, AnyHost(subnet))
			}
			if len(all) > 0 {
				return ends{ends: all}
			}
		}
	}
	at := func(interfaces []*topology.Interface) ends {
		all := ends{every: true}
		for _, iface := range interfaces {
			all.ends = append(all.ends, At(iface))
		}
		return all
	}
	for _, balancer := range e.model.Balancers {
		if balancer.Ref.URN == urn && len(balancer.Interfaces) > 0 {
			return at(balancer.Interfaces)
		}
	}
	for _, endpoint := range e.model.Endpoints {
		if endpoint.Ref.URN == urn && len(endpoint.Interfaces) > 0 {
			return at(endpoint.Interfaces)
		}
	}
	var own []*topology.Interface
	for _, iface := range e.model.Interfaces {
		if iface.Ref.URN == urn {
			own = append(own, iface)
		}
	}
	if len(own) > 0 {
		return at(own)
	}
	for _, gw := range e.model.Gateways {
		if gw.Ref.URN != urn || gw.Kind == topology.Local {
			continue
		}
		if gw.Kind == topology.ServiceGateway {
			return e.behind(gw)
		}
		return ends{ends: []End{TheInternet()}, through: gw}
	}
	fix := `give the URN of a subnet, network, interface, instance, load balancer, endpoint or gateway`
	if nearest := problem.Nearest(urn, e.urns()); nearest != "" {
		fix = fmt.Sprintf("did you mean %q?", nearest)
	}
	problems.Addf(path, urn, fix, "is nothing in the graph that packets come from or go to")
	return ends{}
}

// behind is the service that a gateway endpoint leads to.
func (e *Engine) behind(gw *topology.Gateway) ends {
	for _, table := range e.model.Tables {
		for _, route := range table.Routes {
			via, ok := route.Via.Get()
			prefixes, known := route.To.Get()
			if ok && known && via == gw {
				return ends{ends: []End{Addresses(prefixes...)}, through: gw}
			}
		}
	}
	return ends{ends: []End{TheInternet()}, through: gw}
}

// urns are those of everything that can be asked about.
func (e *Engine) urns() []string {
	var all []string
	for _, subnet := range e.model.Subnets {
		all = append(all, subnet.Ref.URN)
	}
	for _, iface := range e.model.Interfaces {
		all = append(all, iface.Ref.URN)
	}
	for _, gw := range e.model.Gateways {
		all = append(all, gw.Ref.URN)
	}
	return all
}

func (e *Engine) group(urn string) *topology.Filter {
	for _, f := range e.model.Filters {
		if f.Ref.URN == urn && (f.Kind == topology.SecurityGroup || f.Kind == topology.ApplicationSecurityGroup) {
			return f
		}
	}
	return nil
}

// domainName reports whether the text can be a domain name.
func domainName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
