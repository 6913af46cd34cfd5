package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/topology"
)

// Resolution is what a domain name stands for in a network.
type Resolution struct {
	// Interfaces and Addresses are the private answers.
	Interfaces []*topology.Interface
	Addresses  []netip.Addr
	// Public stands for the public addresses of the name when the answer comes
	// from the internet's servers; invalid otherwise.
	Public netip.Prefix
	// Certain says that this is the answer whatever is still unknown; Unknowns
	// are what decides if not.
	Certain  bool
	Unknowns []topology.Ref
	// Hops are the zones and servers that lead to the answer.
	Hops []Hop
	// Blocked is why there is no answer; nil when there is one.
	Blocked *Block
}

// maxForwards bounds the chain of servers and aliases that a question follows.
const maxForwards = 8

// Resolve answers a domain name as a host of the network gets it: by the
// network's servers, forwarding rules, private zones (the longest match), and
// in the end the internet's.
func (e *Engine) Resolve(network *topology.Network, name string) Resolution {
	r := Resolution{Certain: true}
	e.resolve(&r, network, strings.ToLower(strings.TrimSuffix(name, ".")), 0)
	r.Unknowns = sortedRefs(r.Unknowns)
	r.Certain = len(r.Unknowns) == 0
	return r
}

func (r *Resolution) doubt(ref topology.Ref) { r.Unknowns = append(r.Unknowns, ref) }

func (r *Resolution) hop(ref topology.Ref, effect string) {
	r.Hops = append(r.Hops, Hop{URN: ref.URN, Property: ref.Property, Effect: effect})
}

func (r *Resolution) block(ref topology.Ref, reason string) {
	r.Blocked = &Block{URN: ref.URN, Property: ref.Property, Reason: reason, Hops: r.Hops}
}

func (e *Engine) resolve(r *Resolution, network *topology.Network, name string, depth int) {
	if depth > maxForwards {
		r.block(network.Ref, name+" is forwarded in a circle")
		return
	}
	if len(network.Incomplete) > 0 {
		r.Unknowns = append(r.Unknowns, network.Incomplete...)
	}
	if e.filteredName(r, network, name) {
		return
	}
	servers, known := network.DNSServers.Get()
	switch {
	case !known:
		if !e.asksResolver(r, network.DNSServers.Ref(), name, depth) {
			r.doubt(network.DNSServers.Ref())
		}
		return
	case len(servers) > 0:
		r.hop(network.DNSServers.Ref(), network.Name+" asks "+addressList(servers))
		e.ask(r, network, servers, network.DNSServers.Ref(), name, depth)
		return
	}
	switch support, known := network.DNSSupport.Get(); {
	case !known:
		r.doubt(network.DNSSupport.Ref())
	case !support:
		r.block(network.DNSSupport.Ref(), "DNS support is off in "+network.Name+": its hosts have no resolver")
		return
	}
	e.cloudResolver(r, network, name, depth)
}

// cloudResolver answers as the cloud's own server in the network does. Of a
// forwarding rule and a private zone the more specific one decides; of equal
// ones the rule.
func (e *Engine) cloudResolver(r *Resolution, network *topology.Network, name string, depth int) {
	zone, link := e.zone(r, network, name)
	forwarder := e.forwarder(r, network, name)
	if forwarder != nil && (zone == nil || len(suffix(forwarder.Suffix)) >= len(zone.Name)) {
		servers, known := forwarder.Servers.Get()
		if !known {
			if !e.asksResolver(r, forwarder.Servers.Ref(), name, depth) {
				r.doubt(forwarder.Servers.Ref())
			}
			return
		}
		r.hop(forwarder.Ref, "questions below "+forwarder.Suffix+" go to "+addressList(servers))
		e.ask(r, network, servers, forwarder.Ref, name, depth)
		return
	}
	e.openPrivateNames(r, network, zone)
	if zone == nil {
		r.Public = e.publicAnswer(name)
		r.hop(network.Ref, "no private zone of "+network.Name+" holds "+name+": the internet's answer")
		return
	}
	if network.Cloud == topology.AWS {
		switch hostnames, known := network.DNSHostnames.Get(); {
		case !known:
			r.doubt(network.DNSHostnames.Ref())
		case !hostnames:
			r.block(network.DNSHostnames.Ref(), "DNS hostnames are off in "+network.Name+": private zones are not used")
			return
		}
	}
	r.hop(link.Ref, network.Name+" sees the private zone "+zone.Name)
	record := findRecord(zone, name)
	if record == nil && link.Fallback {
		r.hop(link.Ref, "the zone has no record for "+name+": the link falls back to the internet's answer")
		r.Public = e.publicAnswer(name)
		return
	}
	if record == nil {
		r.block(zone.Ref, "the private zone "+zone.Name+" has no record for "+name+", and hides the internet's")
		return
	}
	r.hop(record.Ref, name+" is "+record.Type)
	if alias, ok := record.Alias.Get(); ok && alias != "" && len(record.Interfaces) == 0 {
		e.resolve(r, network, strings.ToLower(strings.TrimSuffix(alias, ".")), depth+1)
		return
	}
	r.Interfaces = append(r.Interfaces, record.Interfaces...)
	addresses, known := record.Addresses.Get()
	if !known && len(record.Interfaces) == 0 {
		r.doubt(record.Addresses.Ref())
	}
	r.Addresses = append(r.Addresses, addresses...)
}

// zone returns the private zone of the network that holds the name, the longest
// match.
func (e *Engine) zone(r *Resolution, network *topology.Network, name string) (best *topology.Zone, by topology.ZoneLink) {
	for _, zone := range e.model.Zones {
		if !zone.Private || !below(name, zone.Name) || best != nil && len(zone.Name) <= len(best.Name) {
			continue
		}
		for _, link := range zone.Networks {
			linked, known := link.Network.Get()
			switch {
			case known && linked == network && zone.Name == "":
				r.doubt(zone.Ref) // its name is not known yet: it may hold any
			case known && linked == network:
				best, by = zone, link
			case !known:
				if options, complete := link.Network.Options(); !complete || slices.Contains(options, network) {
					r.doubt(link.Network.Ref())
				}
			}
		}
	}
	return best, by
}

// forwarder returns the forwarding rule of the network for the name, the
// longest match; one that keeps names with the cloud is none.
func (e *Engine) forwarder(r *Resolution, network *topology.Network, name string) *topology.Forwarder {
	var best *topology.Forwarder
	for _, f := range e.model.Forwarders {
		if !below(name, suffix(f.Suffix)) || best != nil && len(suffix(f.Suffix)) <= len(suffix(best.Suffix)) {
			continue
		}
		for _, of := range f.Networks {
			switch linked, known := of.Get(); {
			case known && linked == network:
				best = f
			case !known:
				if options, complete := of.Options(); !complete || slices.Contains(options, network) {
					r.doubt(of.Ref())
				}
			}
		}
	}
	if best != nil && best.System {
		return nil
	}
	return best
}

// ask sends the question to servers: to a resolver endpoint of the graph, which
// answers as its own network does, or to the company's own, which nobody knows.
func (e *Engine) ask(r *Resolution, network *topology.Network, servers []netip.Addr, ref topology.Ref, name string, depth int) {
	for _, server := range servers {
		if server == netip.MustParseAddr("168.63.129.16") {
			e.cloudResolver(r, network, name, depth+1)
			return
		}
		for _, iface := range e.model.Interfaces {
			if iface.Kind != topology.ResolverInterface {
				continue
			}
			for _, address := range iface.Addresses {
				if a, ok := address.Get(); !ok || a != server {
					continue
				}
				if subnet, ok := iface.Subnet.Get(); ok && subnet != nil {
					r.hop(iface.Ref, "answered by the resolver "+iface.Name+" in "+subnet.Network.Name)
					e.cloudResolver(r, subnet.Network, name, depth+1)
					return
				}
			}
		}
	}
	r.doubt(ref)
}

// asksResolver sends the question to the resolver endpoint whose address is the
// same output; false when there is none.
func (e *Engine) asksResolver(r *Resolution, server topology.Ref, name string, depth int) bool {
	for _, iface := range e.model.Interfaces {
		if iface.Kind != topology.ResolverInterface {
			continue
		}
		subnet, ok := iface.Subnet.Get()
		for _, address := range iface.Addresses {
			if ok && subnet != nil && !address.IsKnown() && address.Ref() == server {
				r.hop(iface.Ref, "answered by the resolver "+iface.Name+" in "+subnet.Network.Name)
				e.cloudResolver(r, subnet.Network, name, depth+1)
				return true
			}
		}
	}
	return false
}

// filteredName ends the question when a DNS firewall of the network blocks it.
func (e *Engine) filteredName(r *Resolution, network *topology.Network, name string) bool {
	for _, filter := range e.model.NameFilters {
		applies := false
		for _, of := range filter.Networks {
			switch n, known := of.Get(); {
			case known:
				applies = applies || n == network
			default:
				r.doubt(of.Ref())
			}
		}
		if !applies {
			continue
		}
		for _, rule := range filter.Rules {
			names, known := rule.Names.Get()
			if !known {
				r.doubt(rule.Names.Ref())
				continue
			}
			if !slices.ContainsFunc(names, func(pattern string) bool { return Covers(pattern, name) }) {
				continue
			}
			allow, known := rule.Allow.Get()
			if !known {
				r.doubt(rule.Allow.Ref())
				continue
			}
			if !allow {
				r.block(rule.Ref, "the DNS firewall blocks "+name)
				return true
			}
			break
		}
	}
	return false
}

// openPrivateNames doubts the answer while an interface endpoint of the network
// may give another one: the internet's while nobody knows whether it answers for
// its service, and any while nobody knows the service.
func (e *Engine) openPrivateNames(r *Resolution, network *topology.Network, zone *topology.Zone) {
	for _, endpoint := range e.model.Endpoints {
		if endpoint.Network != network || endpoint.Kind != "interface" {
			continue
		}
		answers, known := endpoint.PrivateDNS.Get()
		switch {
		case !endpoint.Service.IsKnown() && (answers || !known):
			r.doubt(endpoint.Service.Ref())
		case !known && zone == nil:
			r.doubt(endpoint.PrivateDNS.Ref())
		}
	}
}

// publicAnswer returns what stands for the public addresses of a name: those of the
// service for the services that prefix lists name.
func (e *Engine) publicAnswer(name string) netip.Prefix {
	if of, ok := strings.CutSuffix(name, ".amazonaws.com"); ok {
		labels := strings.Split(of, ".")
		if n := len(labels); n >= 2 && (labels[n-2] == "s3" || labels[n-2] == "dynamodb") {
			return e.model.Service(topology.AWS, labels[n-2], labels[n-1])
		}
	}
	return e.model.PublicName(name)
}

// findRecord returns the record of a zone that answers the name: its own, or
// the nearest wildcard.
func findRecord(zone *topology.Zone, name string) *topology.Record {
	var wildcard *topology.Record
	for i := range zone.Records {
		record := &zone.Records[i]
		own := strings.ToLower(record.Name)
		// A record that nothing is known of may also be the zone's own name.
		nothing := !record.Addresses.IsKnown() && !record.Alias.IsKnown() && len(record.Interfaces) == 0
		if own == name || nothing && own == "*."+strings.ToLower(name) {
			return record
		}
		if strings.HasPrefix(own, "*.") && strings.HasSuffix(name, own[1:]) && (wildcard == nil || len(own) > len(wildcard.Name)) {
			wildcard = record
		}
	}
	return wildcard
}

// below reports whether the name is the suffix or lies below it.
func below(name, suffix string) bool {
	suffix = strings.ToLower(suffix)
	return suffix == "" || name == suffix || strings.HasSuffix(name, "."+suffix)
}

// suffix is a forwarder's suffix without dots at its ends; "" is every name.
func suffix(s string) string { return strings.Trim(strings.ToLower(s), ".") }

func addressList(addresses []netip.Addr) string {
	list := make([]string, len(addresses))
	for i, a := range addresses {
		list[i] = a.String()
	}
	return strings.Join(list, ", ")
}
