package topology

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/underlay-iac/underlay/verify/packet"
)

const (
	firewallKind       = "aws:networkfirewall/firewall:Firewall"
	firewallPolicyKind = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
	firewallGroupKind  = "aws:networkfirewall/ruleGroup:RuleGroup"
)

// readFirewalls reads AWS Network Firewalls: an endpoint in each subnet, and the
// policy as a list of rules.
func (a *aws) readFirewalls() {
	a.each(func(n *node) {
		network := a.network(n.get("vpcId"))
		policy := a.firewallPolicy(n, network)
		mappings, complete := n.get("subnetMappings").list()
		if !complete {
			mappings = []property{{node: n, path: "subnetMappings", state: unknown}}
		}
		subnets, _ := n.get("subnetMappings").members("subnetId", subnetKinds...)
		for i, mapping := range mappings {
			subnet := Unknown[*Subnet](mapping.ref())
			if i < len(subnets) {
				subnet = a.subnets.resolve(subnets[i])
			}
			gateway := &Gateway{
				Ref: mapping.ref(), Kind: Firewall, Name: n.Name, Network: network, Attached: Known(true, n.ref("")),
				Subnet: subnet, Policy: Known(policy, n.ref("firewallPolicyArn")), SNAT: Known(false, n.ref("")),
				Zone: Unknown[string](mapping.ref()),
			}
			if known, ok := subnet.Get(); ok {
				gateway.Zone = known.Zone
			}
			a.markExisting(n, &gateway.Incomplete)
			a.m.Gateways = append(a.m.Gateways, gateway)
			a.gateways.put(firewallEndpoint(n, i), gateway)
			a.touches(n, &gateway.Incomplete)
		}
		if p := n.get("transitGatewayId"); p.state != absent {
			a.strange = append(a.strange, p)
		}
	}, firewallKind)
}

// firewallEndpoint stands for the endpoint of a firewall in one of its subnets.
func firewallEndpoint(n *node, mapping int) target {
	return target{node: n, part: at("subnetMappings", mapping)}
}

// firewallEndpoints turns references to what a firewall's status names into its
// endpoints: the one whose attachment the id is in or, when that is not known
// yet, each of them.
func (a *aws) firewallEndpoints(v Val[target]) Val[target] {
	result := Val[target]{unknown: v.unknown, ref: v.ref}
	for _, t := range v.options {
		if t.node == nil || t.node.kind != firewallKind {
			result.options = append(result.options, t)
			continue
		}
		mappings, _ := t.node.get("subnetMappings").list()
		attached := attachedSubnet(t)
		for i, mapping := range mappings {
			subnet, _ := mapping.get("subnetId").target(subnetKinds...).Get()
			if attached == "" || canonicalID(attached) == canonicalID(subnet.id) {
				result.options = append(result.options, firewallEndpoint(t.node, i))
			}
		}
	}
	result.known = len(result.options) == 1 && !v.unknown
	result.unknown = result.unknown || len(result.options) == 0
	return result
}

// attachedSubnet returns the id of the subnet beside an endpoint's id in the
// firewall's status.
func attachedSubnet(t target) string {
	prefix, found := strings.CutSuffix(t.part, ".endpointId")
	if !found {
		return ""
	}
	var subnet string
	eachText(t.node.Outputs["firewallStatuses"], "firewallStatuses", func(path, text string) {
		if path == prefix+".subnetId" {
			subnet = text
		}
	})
	return subnet
}

// firewallPolicy makes the rules of a firewall's policy for the network that the
// firewall stands in.
func (a *aws) firewallPolicy(firewall *node, network *Network) *Filter {
	arn := firewall.get("firewallPolicyArn")
	policy := &Filter{Ref: arn.ref(), Kind: FirewallPolicy, Network: network, Stateful: true}
	a.m.Filters = append(a.m.Filters, policy)
	t, ok := arn.target(firewallPolicyKind).Get()
	if !ok || t.node == nil {
		policy.Incomplete = []Ref{arn.ref()}
		return policy
	}
	n := t.node
	policy.Ref, policy.Name = n.ref(""), n.Name
	a.touches(n, &policy.Incomplete)
	a.markExisting(n, &policy.Incomplete)
	body := n.get("firewallPolicy").block()
	if body.state != present {
		policy.Incomplete = append(policy.Incomplete, n.ref("firewallPolicy"))
		return policy
	}

	if inspection := body.get("tlsInspectionConfigurationArn"); inspection.state != absent {
		policy.Incomplete = append(policy.Incomplete, inspection.ref())
	}
	stateful := a.statefulRules(policy, body, network)
	for _, r := range a.statelessRules(policy, body) {
		switch r.action {
		case "aws:pass", "aws:drop":
			r.region.Allow = Known(r.action == "aws:pass", r.region.Ref)
			policy.Out = append(policy.Out, r.region)
		case "aws:forward_to_sfe":
			for _, rule := range stateful {
				if both, ok := narrowed(rule, r.region); ok {
					policy.Out = append(policy.Out, both)
				}
			}
		default:
			policy.Incomplete = append(policy.Incomplete, r.region.Ref)
		}
	}
	return policy
}

// ruleGroup returns the only rule group of the type that a reference may lead
// to. In a preview a policy's groups of both types are its candidates.
func ruleGroup(reference property, kind string) target {
	options, complete := reference.get("resourceArn").target(firewallGroupKind).Options()
	options = slices.DeleteFunc(slices.Clone(options), func(t target) bool {
		return t.node == nil || t.node.get("type").text().Or("") != kind
	})
	if !complete || len(options) != 1 {
		return target{}
	}
	return options[0]
}

// stateless is a rule of the stateless side, which sees every packet first and
// passes it, drops it or hands it to the stateful rules.
type stateless struct {
	region   Rule
	action   string
	priority int
}

// statelessRules returns the stateless rules in order, the default last. Replies
// are taken to pass as the packets do that they answer: whoever hands one
// direction to the stateful side must hand it the other.
func (a *aws) statelessRules(policy *Filter, body property) []stateless {
	references, complete := body.get("statelessRuleGroupReferences").list()
	if !complete {
		policy.Incomplete = append(policy.Incomplete, body.get("statelessRuleGroupReferences").ref())
	}
	slices.SortStableFunc(references, func(x, y property) int {
		return cmp.Compare(x.get("priority").number().Or(0), y.get("priority").number().Or(0))
	})
	var rules []stateless
	for _, reference := range references {
		t := ruleGroup(reference, "STATELESS")
		if t.node == nil || !reference.get("priority").number().IsKnown() {
			policy.Incomplete = append(policy.Incomplete, reference.ref())
			continue
		}
		a.touches(t.node, &policy.Incomplete)
		statements := t.node.get("ruleGroup").block().get("rulesSource").block().get("statelessRulesAndCustomActions").block().get("statelessRules")
		list, complete := statements.list()
		if !complete || len(list) == 0 {
			policy.Incomplete = append(policy.Incomplete, statements.ref())
		}
		var group []stateless
		for _, statement := range list {
			definition := statement.get("ruleDefinition").block()
			match := definition.get("matchAttributes").block()
			priority, known := statement.get("priority").number().Get()
			r := stateless{region: firewallRule(statement.ref(), Known(true, statement.ref())), action: onlyAction(definition.get("actions")), priority: priority}
			r.region.Source, r.region.Destination = statelessEnd(match.get("sources")), statelessEnd(match.get("destinations"))
			r.region.SourcePorts, r.region.DestinationPorts = statelessPorts(match.get("sourcePorts")), statelessPorts(match.get("destinationPorts"))
			r.region.Protocols = all(match.get("protocols"), protocolNumber)
			exact := r.region.Source.IsKnown() && r.region.Destination.IsKnown() && r.region.SourcePorts.IsKnown() &&
				r.region.DestinationPorts.IsKnown() && r.region.Protocols.IsKnown()
			if !known || !exact || match.state != present || !isEmptyList(match.get("tcpFlags")) {
				policy.Incomplete = append(policy.Incomplete, statement.ref())
				continue
			}
			group = append(group, r)
		}
		slices.SortStableFunc(group, func(x, y stateless) int { return cmp.Compare(x.priority, y.priority) })
		rules = append(rules, group...)
	}
	actions := body.get("statelessDefaultActions")
	return append(rules, stateless{region: firewallRule(actions.ref(), Known(true, actions.ref())), action: onlyAction(actions)})
}

// onlyAction returns AWS's action among those of a rule; the others are the
// program's own and only count.
func onlyAction(p property) string {
	names, _ := all(p, property.text).Get()
	for _, name := range names {
		if strings.HasPrefix(name, "aws:") {
			return name
		}
	}
	return ""
}

func protocolNumber(p property) Val[uint8] {
	if n, ok := p.number().Get(); ok && n >= 0 && n <= math.MaxUint8 {
		return Known(uint8(n), p.ref())
	}
	return Unknown[uint8](p.cause())
}

// statelessEnd reads the addresses of one end; none is every one.
func statelessEnd(p property) Val[Match] {
	if isEmptyList(p) {
		return Known(Match{Anyone: true}, p.ref())
	}
	return convert(all(p, func(e property) Val[netip.Prefix] { return e.get("addressDefinition").prefix() }), inPrefixes)
}

// statelessPorts reads ranges of ports; none is every one.
func statelessPorts(p property) Val[[]Ports] {
	return all(p, func(e property) Val[Ports] {
		first, known := e.get("fromPort").port().Get()
		last := first
		if to := e.get("toPort"); to.state != absent {
			end, endKnown := to.port().Get()
			last, known = end, known && endKnown && end >= first
		}
		if !known {
			return Unknown[Ports](e.ref())
		}
		return Known(Ports{first, last}, e.ref())
	})
}

// narrowed returns what a rule says about the packets of a region, of which
// everything is known; ok is false when it says nothing. What is not known of
// the rule stays so.
func narrowed(rule, region Rule) (both Rule, ok bool) {
	some := true
	rule.Source = narrow(rule.Source, region.Source, &some, bothMatch)
	rule.Destination = narrow(rule.Destination, region.Destination, &some, bothMatch)
	rule.SourcePorts = narrow(rule.SourcePorts, region.SourcePorts, &some, bothPorts)
	rule.DestinationPorts = narrow(rule.DestinationPorts, region.DestinationPorts, &some, bothPorts)
	rule.Protocols = narrow(rule.Protocols, region.Protocols, &some, func(x, y []uint8) ([]uint8, bool) {
		if len(x) == 0 || len(y) == 0 {
			return append(slices.Clone(x), y...), true
		}
		shared := slices.DeleteFunc(slices.Clone(x), func(n uint8) bool { return !slices.Contains(y, n) })
		return shared, len(shared) > 0
	})
	return rule, some
}

func narrow[T any](v, region Val[T], some *bool, both func(x, y T) (T, bool)) Val[T] {
	x, known := v.Get()
	y, _ := region.Get()
	if !known {
		return v
	}
	shared, ok := both(x, y)
	*some = *some && ok
	return Known(shared, v.Ref())
}

func bothMatch(x, y Match) (Match, bool) {
	switch {
	case x.Anyone:
		return y, true
	case y.Anyone:
		return x, true
	}
	var shared []netip.Prefix
	for _, p := range x.Prefixes {
		for _, q := range y.Prefixes {
			if p.Overlaps(q) {
				if q.Bits() > p.Bits() {
					shared = append(shared, q)
				} else {
					shared = append(shared, p)
				}
			}
		}
	}
	return Match{Prefixes: shared}, len(shared) > 0
}

func bothPorts(x, y []Ports) ([]Ports, bool) {
	if len(x) == 0 || len(y) == 0 {
		return append(slices.Clone(x), y...), true
	}
	var shared []Ports
	for _, p := range x {
		for _, q := range y {
			if first, last := max(p.First, q.First), min(p.Last, q.Last); first <= last {
				shared = append(shared, Ports{first, last})
			}
		}
	}
	return shared, len(shared) > 0
}

// firewallRule returns a rule for everything.
func firewallRule(ref Ref, allow Val[bool]) Rule {
	anyone := Known(Match{Anyone: true}, ref)
	return Rule{
		Ref: ref, Allow: allow, Protocols: Known([]uint8(nil), ref), Source: anyone, Destination: anyone,
		SourcePorts: Known([]Ports(nil), ref), DestinationPorts: Known([]Ports(nil), ref), Names: Known([]string(nil), ref),
	}
}

// statefulRules reads the rule groups and what happens to the rest. In strict
// order the groups stand by priority and the policy says what happens to what
// none of them matches; in the default order everything that some rule passes
// is passed before any rule drops, and the rest passes.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
func (a *aws) statefulRules(policy *Filter, body property, network *Network) []Rule {
	order := orDefault(body.get("statefulEngineOptions").block().get("ruleOrder"), property.text, "DEFAULT_ACTION_ORDER")
	strict := order.Or("") == "STRICT_ORDER"
	if !order.IsKnown() {
		policy.Incomplete = append(policy.Incomplete, order.Ref())
	}
	references, complete := body.get("statefulRuleGroupReferences").list()
	if !complete {
		policy.Incomplete = append(policy.Incomplete, body.get("statefulRuleGroupReferences").ref())
	}
	if strict {
		for _, reference := range references {
			if priority := reference.get("priority"); !priority.number().IsKnown() {
				policy.Incomplete = append(policy.Incomplete, priority.ref())
			}
		}
		slices.SortStableFunc(references, func(x, y property) int {
			return cmp.Compare(x.get("priority").number().Or(0), y.get("priority").number().Or(0))
		})
	}
	rest := Known(true, body.ref())
	if actions := body.get("statefulDefaultActions"); strict && actions.state != absent {
		names, ok := all(actions, property.text).Get()
		// Those that wait for a connection to be established let its first
		// packets pass, which carry nothing.
		drops := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "aws:drop_") })
		rest = Known(!drops, actions.ref())
		if !ok {
			rest = Unknown[bool](actions.ref())
		}
	}
	var rules []Rule
	for i, reference := range references {
		t := ruleGroup(reference, "STATEFUL")
		if t.node == nil || reference.get("override").state != absent {
			policy.Incomplete = append(policy.Incomplete, reference.ref())
			continue
		}
		a.touches(t.node, &policy.Incomplete)
		closed := strict && !rest.Or(true) && i == len(references)-1
		rules = append(rules, a.firewallGroup(policy, t.node, body, network, closed)...)
	}
	if !strict {
		slices.SortStableFunc(rules, func(x, y Rule) int { return cmp.Compare(rank(x), rank(y)) })
	}
	return append(rules, firewallRule(rest.Ref(), rest))
}

// rank is the place of a rule in the default order: what passes, then what is
// not certain to, then what drops.
func rank(r Rule) int {
	switch allow, known := r.Allow.Get(); {
	case known && allow:
		return 0
	case !known:
		return 1
	}
	return 2
}

// firewallGroup reads one stateful rule group; closed says that nothing after it
// lets anything pass.
func (a *aws) firewallGroup(policy *Filter, n *node, body property, network *Network, closed bool) []Rule {
	a.markExisting(n, &policy.Incomplete)
	group := n.get("ruleGroup").block()
	source := group.get("rulesSource").block()
	list, tuples := source.get("rulesSourceList").block(), source.get("statefulRules")
	text := firstPresent(n.get("rules"), source.get("rulesString"))
	if text.state != absent || list.state != present && tuples.state != present {
		ref := n.ref("ruleGroup")
		if text.state != absent {
			ref = text.ref() // Suricata's language is not understood
		}
		policy.Incomplete = append(policy.Incomplete, ref)
		return nil
	}
	vars := variables{a: a, network: network, sets: []property{
		group.get("ruleVariables").block(), body.get("policyVariables").block(),
	}}
	var rules []Rule
	if list.state == present {
		rules = append(rules, vars.domainList(policy, list, closed)...)
	}
	statements, complete := tuples.list()
	if !complete {
		policy.Incomplete = append(policy.Incomplete, tuples.ref())
	}
	for _, statement := range statements {
		rules = append(rules, vars.tuple(statement)...)
	}
	return rules
}

// variables reads addresses of rules, with the variables of a rule group and
// of the policy.
type variables struct {
	a       *aws
	network *Network
	sets    []property
}

// domainList reads a list of domain names. They are compared with the name that
// HTTP and TLS carry: at their own ports the rule holds, and at others it may,
// because nobody knows what is spoken there. An allow list also drops HTTP and
// TLS to other names.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html
func (v variables) domainList(policy *Filter, list property, closed bool) []Rule {
	ref := list.ref()
	kind, known := list.get("generatedRulesType").text().Get()
	types, typesKnown := all(list.get("targetTypes"), property.text).Get()
	if !known || !typesKnown {
		policy.Incomplete = append(policy.Incomplete, ref)
		return nil
	}
	targets := list.get("targets")
	names := all(targets, property.text)
	if texts, ok := names.Get(); ok {
		var all []string
		for _, text := range texts {
			text = strings.ToLower(text)
			if below, ok := strings.CutPrefix(text, "."); ok {
				all = append(all, below, "*."+below)
				continue
			}
			all = append(all, text)
		}
		names = Known(all, names.Ref())
	}
	var ports []Ports
	if slices.Contains(types, "HTTP_HOST") {
		ports = append(ports, Ports{80, 80})
	}
	if slices.Contains(types, "TLS_SNI") {
		ports = append(ports, Ports{443, 443})
	}
	home, homes := v.home()
	rule := firewallRule(ref, Known(kind == "ALLOWLIST", ref))
	rule.Protocols = Known([]uint8{packet.TCP}, ref)
	rule.Source, rule.Destination = convert(home, inPrefixes), convert(external(home), inPrefixes)
	rule.Names, rule.DestinationPorts = names, Known(ports, list.get("targetTypes").ref())
	if texts, ok := names.Get(); ok && len(texts) == 0 || len(ports) == 0 {
		policy.Incomplete = append(policy.Incomplete, ref)
		return nil
	}

	elsewhere := rule
	elsewhere.Allow, elsewhere.DestinationPorts = Unknown[bool](ref), Known([]Ports(nil), ref)
	elsewhere.Source, elsewhere.Destination = convert(homes, inPrefixes), Known(Match{Anyone: true}, ref)
	rules := []Rule{rule, elsewhere}
	if kind == "ALLOWLIST" && !closed {
		others := elsewhere
		others.Names = Known([]string(nil), ref)
		rules = append(rules, others)
	}
	return rules
}

// home returns HOME_NET: what is certainly in it, and what may be. It is the
// range of the firewall's VPC unless the rule group or policy says otherwise.
func (v variables) home() (certain, possible Val[[]netip.Prefix]) {
	if given, ok := v.set("HOME_NET"); ok {
		return given, given
	}
	if len(v.network.Prefixes) == 0 {
		unknown := Unknown[[]netip.Prefix](v.network.Ref)
		return unknown, unknown
	}
	var all []netip.Prefix
	for _, prefix := range v.network.Prefixes {
		known, ok := prefix.Get()
		if !ok {
			return toPrefixes(v.network.Prefixes[0]), Unknown[[]netip.Prefix](prefix.Ref())
		}
		all = append(all, known)
	}
	return toPrefixes(v.network.Prefixes[0]), Known(all, v.network.Ref)
}

// set returns a variable that a rule group or policy defines.
func (v variables) set(name string) (Val[[]netip.Prefix], bool) {
	for _, set := range v.sets {
		for _, key := range []string{"ipSets", "ruleVariables"} {
			entries, complete := set.get(key).list()
			if !complete {
				return Unknown[[]netip.Prefix](set.get(key).cause()), true
			}
			for _, entry := range entries {
				text, known := entry.get("key").text().Get()
				if !known {
					return Unknown[[]netip.Prefix](entry.ref()), true
				}
				if text == name {
					return all(entry.get("ipSet").block().get("definitions"), property.prefix), true
				}
			}
		}
	}
	return Val[[]netip.Prefix]{}, false
}

func inPrefixes(prefixes []netip.Prefix) Match { return Match{Prefixes: prefixes} }

// external returns every address outside the prefixes.
func external(home Val[[]netip.Prefix]) Val[[]netip.Prefix] {
	prefixes, ok := home.Get()
	if !ok {
		return Unknown[[]netip.Prefix](home.Ref())
	}
	return Known(outside(prefixes), home.Ref())
}

func outside(prefixes []netip.Prefix) []netip.Prefix {
	var b netipx.IPSetBuilder
	b.AddPrefix(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	b.AddPrefix(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	for _, prefix := range prefixes {
		b.RemovePrefix(prefix)
	}
	set, err := b.IPSet()
	if err != nil {
		return nil // of prefixes that are not valid, which property.prefix does not give
	}
	return set.Prefixes()
}

// harmlessOptions of a stateful rule say nothing about what it matches.
var harmlessOptions = []string{"sid", "msg", "rev", "gid", "classtype", "priority", "metadata", "reference"}

// tuple reads a rule of the five values of a flow. One that looks at more, or
// at the protocol inside, may match and need not.
func (v variables) tuple(statement property) []Rule {
	ref, header := statement.ref(), statement.get("header").block()
	rule := firewallRule(ref, Unknown[bool](ref))
	switch action, _ := statement.get("action").text().Get(); action {
	case "PASS":
		rule.Allow = Known(true, ref)
	case "DROP", "REJECT":
		rule.Allow = Known(false, ref)
	case "ALERT":
		return nil // it looks on
	}
	protocol := header.get("protocol").text()
	switch name := strings.ToLower(protocol.Or("?")); name {
	case "ip":
	case "tcp", "udp", "icmp":
		rule.Protocols = Known([]uint8{awsProtocols[name]}, protocol.Ref())
	case "?":
		rule.Protocols = Unknown[[]uint8](protocol.Ref())
	default: // "HTTP", "TLS": what is spoken inside
		rule.Allow = Unknown[bool](protocol.Ref())
	}
	options, complete := statement.get("ruleOptions").list()
	if !complete || slices.ContainsFunc(options, func(o property) bool {
		return !slices.Contains(harmlessOptions, o.get("keyword").text().Or(""))
	}) {
		rule.Allow = Unknown[bool](statement.get("ruleOptions").ref())
	}
	rule.Source, rule.Destination = v.end(header.get("source")), v.end(header.get("destination"))
	rule.SourcePorts, rule.DestinationPorts = firewallPorts(header.get("sourcePort")), firewallPorts(header.get("destinationPort"))
	switch direction := header.get("direction").text(); direction.Or("") {
	case "FORWARD":
		return []Rule{rule}
	case "ANY":
		back := rule
		back.Source, back.Destination = rule.Destination, rule.Source
		back.SourcePorts, back.DestinationPorts = rule.DestinationPorts, rule.SourcePorts
		return []Rule{rule, back}
	default:
		rule.Allow = Unknown[bool](direction.Ref())
		return []Rule{rule}
	}
}

// end reads the addresses of one end of a rule: "ANY", a variable, one range, a
// list of them in brackets, or "!" before any of these.
func (v variables) end(p property) Val[Match] {
	text, ok := p.text().Get()
	if !ok {
		return Unknown[Match](p.cause())
	}
	if strings.EqualFold(text, "any") {
		return Known(Match{Anyone: true}, p.ref())
	}
	text, not := strings.CutPrefix(text, "!")
	var prefixes []netip.Prefix
	for _, part := range strings.Split(strings.Trim(text, "[] "), ",") {
		part = strings.TrimSpace(part)
		if name, ok := strings.CutPrefix(part, "$"); ok {
			set, found := v.set(name)
			if !found && (name == "HOME_NET" || name == "EXTERNAL_NET") {
				set, _ = v.home()
				if len(v.network.Prefixes) > 1 {
					return Unknown[Match](p.ref()) // whether it has the secondary ranges is not told
				}
				if name == "EXTERNAL_NET" {
					set = external(set)
				}
			}
			known, ok := set.Get()
			if !ok {
				return Unknown[Match](p.ref())
			}
			prefixes = append(prefixes, known...)
			continue
		}
		prefix, ok := property{node: p.node, path: p.path, state: present, value: newText(part)}.prefix().Get()
		if !ok {
			return Unknown[Match](p.ref())
		}
		prefixes = append(prefixes, prefix)
	}
	if not {
		prefixes = outside(prefixes)
	}
	return Known(Match{Prefixes: prefixes}, p.ref())
}

// firewallPorts reads "ANY", "443", "1024:", "[80,8080:8090]".
func firewallPorts(p property) Val[[]Ports] {
	text, ok := p.text().Get()
	if !ok {
		return Unknown[[]Ports](p.cause())
	}
	if strings.EqualFold(text, "any") {
		return Known([]Ports(nil), p.ref())
	}
	var ports []Ports
	for _, part := range strings.Split(strings.Trim(text, "[] "), ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), ":")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(cmp.Or(first, "0"), 10, 16)
		if err != nil || part == "" {
			return Unknown[[]Ports](p.ref())
		}
		to, err := strconv.ParseUint(cmp.Or(last, strconv.Itoa(math.MaxUint16)), 10, 16)
		if err != nil || to < from {
			return Unknown[[]Ports](p.ref())
		}
		ports = append(ports, Ports{uint16(from), uint16(to)})
	}
	return Known(ports, p.ref())
}
