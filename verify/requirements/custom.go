package requirements

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Custom is a requirement of a user's own.
type Custom struct {
	// ID names it in results; it may not be one of the built-in ones.
	ID string
	// From and To are a URN, a resource's name, a tier ("pods", "nodes"), a
	// CIDR or address, "internet"; To may also be "fqdn:NAME".
	From, To string
	// Packet is "tcp/443", "udp/53", "tcp/8000-8100", "icmp", or "all".
	Packet string
	// Expect is "reachable", "blocked" or "only-via".
	Expect string
	// Via is, with "only-via", the URN or name of a gateway, or a kind of
	// gateway: "nat", "firewall".
	Via string
}

// The values of Custom.Expect.
const (
	reachable = "reachable"
	blocked   = "blocked"
	onlyVia   = "only-via"
)

// ParseCustom reads a file of requirements:
//
//	requirements:
//	  - {id: ACME-1, from: pods, to: internet, packet: tcp/443, expect: blocked}
//
// The error is a problem.List with everything that is wrong, each with its path.
func ParseCustom(data []byte) ([]Custom, error) {
	var document any
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, problem.List{{Rule: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	var problems problem.List
	if err := decoder.Decode(new(any)); err == nil {
		problems.Addf("", "", "put every requirement in one list", "holds more than one document")
	}
	root, ok := document.(map[string]any)
	if !ok {
		return nil, problem.List{{Rule: "is no mapping", Fix: "begin with `requirements:` and a list"}}
	}
	for _, key := range slices.Sorted(maps.Keys(root)) {
		if key != "requirements" {
			problems.Addf(key, "", problem.DidYouMean(key, []string{"requirements"}), "unknown key")
		}
	}
	list, ok := root["requirements"].([]any)
	if !ok || len(list) == 0 {
		problems.Addf("requirements", "", "give at least one requirement", "is no list, or empty")
	}
	var all []Custom
	seen := map[string]bool{}
	for i, entry := range list {
		custom := parseOne(&problems, fmt.Sprintf("requirements[%d]", i), entry)
		path := fmt.Sprintf("requirements[%d].id", i)
		switch _, builtIn := Find(custom.ID); {
		case custom.ID == "":
		case builtIn:
			problems.Addf(path, custom.ID, "choose another", "is the id of a built-in requirement")
		case seen[custom.ID]:
			problems.Addf(path, custom.ID, "choose another", "is there twice")
		}
		seen[custom.ID] = true
		all = append(all, custom)
	}
	return all, problems.Err()
}

func parseOne(problems *problem.List, path string, entry any) Custom {
	var c Custom
	object, ok := entry.(map[string]any)
	if !ok {
		problems.Addf(path, "", "write {id: …, from: …, to: …, packet: …, expect: …}", "is no mapping")
		return c
	}
	fields := map[string]*string{"id": &c.ID, "from": &c.From, "to": &c.To, "packet": &c.Packet, "expect": &c.Expect, "via": &c.Via}
	known := slices.Sorted(maps.Keys(fields))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		field, ok := fields[key]
		if !ok {
			problems.Addf(path+"."+key, "", problem.DidYouMean(key, known), "unknown key")
			continue
		}
		text, ok := object[key].(string)
		if !ok {
			problems.Addf(path+"."+key, fmt.Sprint(object[key]), fmt.Sprintf("put it in quotes: %q", fmt.Sprint(object[key])), "is not text")
			continue
		}
		*field = text
	}
	for _, key := range []string{"id", "from", "to", "packet", "expect"} {
		if _, given := object[key]; !given || object[key] == "" {
			problems.Addf(path+"."+key, "", "", "is missing")
		}
	}
	if c.Packet != "" {
		if _, err := parseTraffic(c.Packet); err != nil {
			problems.Add(path+".packet", err)
		}
	}
	expectations := []string{blocked, onlyVia, reachable}
	switch {
	case c.Expect != "" && !slices.Contains(expectations, c.Expect):
		problems.Addf(path+".expect", c.Expect, "use reachable, blocked or only-via", "is no expectation")
	case c.Expect == onlyVia && c.Via == "":
		problems.Addf(path+".via", "", "name a gateway, or a kind: nat, firewall", "is missing")
	case c.Expect != onlyVia && c.Via != "":
		problems.Addf(path+".via", c.Via, "use it with expect: only-via", "has no meaning here")
	}
	return c
}

// parseTraffic reads "tcp/443".
func parseTraffic(text string) (reach.Traffic, error) {
	name, ports, hasPorts := strings.Cut(strings.ToLower(text), "/")
	cube := packet.Everything()
	if name == "all" && !hasPorts {
		return reach.All(), nil
	}
	protocol, ok := packet.ParseProtocol(name)
	if !ok {
		return nil, problem.New(text, "is no packet", "write tcp/443, udp/53, tcp/8000-8100, icmp or all")
	}
	cube.Protocols = packet.Protocols{First: protocol, Last: protocol}
	if packet.HasPorts(protocol) {
		cube.SourcePorts = packet.Ephemeral()
	}
	if hasPorts {
		parsed, ok := packet.ParsePorts(ports)
		if !ok || !packet.HasPorts(protocol) {
			return nil, problem.New(text, "has no such port", "write tcp/443, udp/53, tcp/8000-8100, icmp or all")
		}
		cube.DestinationPorts = parsed
	}
	return reach.Traffic{cube}, nil
}

// verifyCustom checks a user's requirement. The error is a problem.List of what
// the graph does not have.
func (s *subject) verifyCustom(custom Custom) (Result, error) {
	var problems problem.List
	traffic, err := parseTraffic(custom.Packet)
	problems.Add("packet", err)
	from := s.places(&problems, "from", custom.From)
	var to []place
	name, isName := strings.CutPrefix(custom.To, "fqdn:")
	if !isName {
		to = s.places(&problems, "to", custom.To)
	}
	via := s.via(&problems, custom)
	if err := problems.Err(); err != nil {
		return Result{}, err
	}
	title := fmt.Sprintf("%s → %s %s: %s", custom.From, custom.To, custom.Packet, custom.Expect)
	if custom.Via != "" {
		title += " " + custom.Via
	}
	return s.verify(Requirement{
		ID: custom.ID, Title: title, Sources: []Source{{"your own requirements", custom.ID}},
		Mend: "Change the routes and rules that the evidence names, or the requirement.",
		check: func(c *check) {
			for _, source := range from {
				targets := to
				if isName {
					targets = c.named(source, name)
				}
				for _, target := range targets {
					if source.name == target.name {
						continue
					}
					switch custom.Expect {
					case reachable:
						c.reaches(source, target, traffic, name)
					case blocked:
						c.separate(source, target, traffic)
					default:
						c.reaches(source, target, traffic, name)
						c.separate(source, target, traffic, via...)
					}
				}
			}
		},
	}), nil
}

// named are the places that a name stands for where the source asks.
func (c *check) named(source place, name string) []place {
	subnet := source.end.Subnet
	if source.end.Interface != nil {
		subnet, _ = source.end.Interface.Subnet.Get()
	}
	if subnet == nil {
		c.doubt([]topology.Ref{source.ref}, "who answers %s for %s is not known", name, source.name)
		return nil
	}
	r := c.engine.Resolve(subnet.Network, name)
	var targets []place
	switch {
	case !r.Certain:
		c.doubt(r.Unknowns, "what %s is in %s is not known yet", name, subnet.Network.Name)
		return nil
	case r.Blocked != nil:
		c.broken = append(c.broken, violation{block: *r.Blocked})
		return nil
	}
	for _, i := range r.Interfaces {
		targets = append(targets, at(i))
	}
	for _, address := range r.Addresses {
		targets = append(targets, outside(netip.PrefixFrom(address, address.BitLen())))
	}
	if r.Public.IsValid() {
		targets = append(targets, outside(r.Public))
	}
	for i := range targets {
		targets[i].name = "fqdn:" + name
	}
	return targets
}

// via are the gateways that a requirement names.
func (s *subject) via(problems *problem.List, custom Custom) []*topology.Gateway {
	if custom.Expect != onlyVia {
		return nil
	}
	var found []*topology.Gateway
	for _, gw := range s.model.Gateways {
		r := s.resources[gw.Ref.URN]
		if gw.Kind != topology.Local && (gw.Ref.URN == custom.Via || string(gw.Kind) == custom.Via || r != nil && r.Name == custom.Via) {
			found = append(found, gw)
		}
	}
	if len(found) == 0 {
		problems.Addf("via", custom.Via, "give the URN or name of a gateway, or a kind: nat, firewall", "is no gateway of the graph")
	}
	return found
}

// places are what a text stands for.
func (s *subject) places(problems *problem.List, path, text string) []place {
	if strings.EqualFold(text, "internet") {
		return []place{internet()}
	}
	if prefix, ok := parsePrefix(text); ok {
		if prefix.Masked() != prefix {
			problems.Addf(path, text, "the network is "+prefix.Masked().String(), "has host bits set")
			return nil
		}
		return s.addressed(prefix)
	}
	var found []place
	for _, subnet := range s.model.Subnets {
		if string(s.tiers[subnet]) == text || s.called(subnet.Ref, text) || s.called(subnet.Network.Ref, text) {
			found = append(found, anyHost(subnet))
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, i := range s.model.Interfaces {
		if s.called(i.Ref, text) {
			found = append(found, at(i))
		}
	}
	if len(found) > 0 {
		return found
	}
	problems.Addf(path, text, s.didYouMean(text), "is nothing in the graph that packets come from or go to")
	return nil
}

func parsePrefix(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix, true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

// called reports whether a resource has the URN or name.
func (s *subject) called(ref topology.Ref, text string) bool {
	r, ok := s.resources[ref.URN]
	return ref.URN == text || ok && r.Name == text
}

// addressed are the hosts of subnets in the range, and what of it lies outside.
func (s *subject) addressed(prefix netip.Prefix) []place {
	everything := packet.Everything()
	everything.Destination = packet.InPrefix(prefix)
	rest := packet.Set{everything}
	var found []place
	for _, subnet := range s.model.Subnets {
		for _, p := range prefixes(subnet.Prefixes) {
			shared, ok := packet.InPrefix(p).Intersect(packet.InPrefix(prefix))
			if !ok {
				continue
			}
			host := anyHost(subnet)
			host.end.Addresses = []packet.Addresses{shared}
			found = append(found, host)
			cube := packet.Everything()
			cube.Destination = shared
			rest = rest.Subtract(packet.Set{cube})
		}
	}
	if len(rest) > 0 {
		beyond := place{name: prefix.String(), end: reach.End{Addresses: []packet.Addresses{}}}
		for _, cube := range rest {
			beyond.end.Addresses = append(beyond.end.Addresses, cube.Destination)
		}
		found = append(found, beyond)
	}
	return found
}

// didYouMean offers what can be named.
func (s *subject) didYouMean(text string) string {
	var known []string
	for _, subnet := range s.model.Subnets {
		known = append(known, subnet.Name, string(s.tiers[subnet]))
	}
	for _, i := range s.model.Interfaces {
		known = append(known, i.Name)
	}
	slices.Sort(known)
	known = slices.DeleteFunc(slices.Compact(known), func(name string) bool { return name == "" })
	if nearest := problem.Nearest(text, known); nearest != "" {
		return fmt.Sprintf("did you mean %q?", nearest)
	}
	return `give a URN, the name of a subnet, endpoint or load balancer, a tier such as "pods", a CIDR or "internet"`
}
