package azurehub

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

// RuleGroup is a rule collection group of the policy.
type RuleGroup struct {
	Name string
	// Priority is 100 to 65000; the lower one is held first.
	Priority int
	// DNAT is what comes in, Network and Application what goes out. Azure
	// holds them in that order.
	DNAT                 *ControlPlane
	Network, Application []PlannedRule
}

// PlannedRule is a rule that lets traffic out.
type PlannedRule struct {
	Rule
	// FQDNTags are Azure's names of sets of names.
	FQDNTags []string
	// Description says what it is for.
	Description string
}

// aksTag is Azure Firewall's name for what every AKS cluster needs.
// https://learn.microsoft.com/azure/firewall/fqdn-tags
const aksTag = "AzureKubernetesService"

// planRules plans the groups, in the order in which they are created.
func (p *planner) planRules() {
	for _, group := range []RuleGroup{p.controlPlaneGroup(), p.aksGroup(), p.extraGroup()} {
		if group.DNAT != nil || len(group.Network) > 0 || len(group.Application) > 0 {
			p.plan.Groups = append(p.plan.Groups, group)
		}
	}
}

func (p *planner) controlPlaneGroup() RuleGroup {
	entry := p.plan.Spec.ControlPlane
	group := RuleGroup{Name: "control-plane", Priority: 100, DNAT: entry}
	if entry == nil {
		return group
	}
	p.checkBlocks("controlPlane.sources", entry.Sources, "list the control plane's blocks")
	p.checkPorts("controlPlane.port", []int{entry.Port})
	p.checkPorts("controlPlane.targetPort", []int{entry.TargetPort})
	addr, err := netip.ParseAddr(entry.TargetAddress)
	switch {
	case entry.TargetAddress == "":
		p.problems.Addf("controlPlane.targetAddress", "", "give the internal load balancer's address", "is missing")
	case err != nil || !addr.Is4() || !p.facts.AzurePrivate(netip.PrefixFrom(addr, 32)):
		p.problems.Addf("controlPlane.targetAddress", entry.TargetAddress, "give one in a spoke, such as 10.50.0.10", "is not a private IPv4 address")
	default:
		p.warnOutside("controlPlane.targetAddress", netip.PrefixFrom(addr, 32))
	}
	return group
}

// aksGroup lets out what the catalogue says a cluster needs: by Azure's tag,
// which Microsoft keeps up to date, and by name, which anybody can read.
func (p *planner) aksGroup() RuleGroup {
	group := RuleGroup{Name: "aks", Priority: 200}
	aks := p.plan.Spec.AKS
	if aks == nil {
		return group
	}
	p.checkBlocks("aks.nodeCidrs", aks.NodeCidrs, "list the blocks of the node subnets")
	if len(aks.PodCidrs) > 0 {
		p.checkBlocks("aks.podCidrs", aks.PodCidrs, "")
	}
	p.warnEachOutside("aks.nodeCidrs", aks.NodeCidrs)
	p.warnEachOutside("aks.podCidrs", aks.PodCidrs)
	facts, err := p.facts.AKSEgressRules(catalog.AKSEgress{
		Region: p.plan.Spec.Location, Features: aks.Features, PrivateAPI: !aks.PublicAPI, Konnectivity: aks.Konnectivity,
		DNSServers: aks.DNSServers, APIServer: aks.APIServer,
	})
	if err != nil {
		p.addAKSProblems(err)
		return group
	}
	sources := slices.Concat(aks.NodeCidrs, aks.PodCidrs)
	group.Application = []PlannedRule{{
		Rule: Rule{Name: "fqdn-tag", Sources: sources}, FQDNTags: []string{aksTag}, Description: "What every AKS cluster needs, as Microsoft keeps it",
	}}
	for _, fact := range facts {
		if fact.AlternativeTo != "" {
			continue // this firewall filters by name
		}
		rule := PlannedRule{Description: fact.Purpose, Rule: Rule{
			Name: fact.Name, Protocol: fact.Protocol, Ports: fact.Ports, Sources: sources,
			FQDNs: fact.FQDNs, ServiceTags: fact.ServiceTags, Addresses: fact.Addresses,
		}}
		if fact.ByName() {
			group.Application = append(group.Application, rule)
			continue
		}
		if len(fact.FQDNs) > 0 && !*p.plan.Spec.Firewall.DNSProxy {
			p.problems.Addf("aks.features", string(fact.Feature), "set firewall.dnsProxy, or leave the feature out",
				"has the name %s in a network rule, which needs the DNS proxy", fact.FQDNs[0])
		}
		group.Network = append(group.Network, rule)
	}
	return group
}

// addAKSProblems places what the catalogue refuses; the region is the hub's and
// has been checked.
func (p *planner) addAKSProblems(err error) {
	var all, own problem.List
	all.Add("", err)
	for _, one := range all {
		if one.Path != "region" {
			own = append(own, one)
		}
	}
	p.problems.Add("aks", own.Err())
}

func (p *planner) extraGroup() RuleGroup {
	group := RuleGroup{Name: "extra", Priority: 300}
	names := make([]string, len(p.plan.Spec.Rules))
	for i, rule := range p.plan.Spec.Rules {
		names[i] = rule.Name
		p.checkRule(fmt.Sprintf("rules[%d]", i), rule)
		planned := PlannedRule{Rule: rule}
		if rule.Protocol == catalog.HTTPS || rule.Protocol == catalog.HTTP {
			group.Application = append(group.Application, planned)
		} else {
			group.Network = append(group.Network, planned)
		}
	}
	for i, name := range names {
		if first := slices.Index(names, name); first < i && name != "" {
			p.problems.Addf(fmt.Sprintf("rules[%d].name", i), name, "give another", "is the name of rules[%d] already", first)
		}
	}
	return group
}

func (p *planner) checkRule(path string, rule Rule) {
	if !namePattern.MatchString(rule.Name) {
		p.problems.Addf(path+".name", rule.Name, "use lower-case letters, digits and inner hyphens", "is not a name")
	}
	problem.OneOf(&p.problems, path+".protocol", rule.Protocol, catalog.HTTPS, catalog.HTTP, catalog.TCP, catalog.UDP)
	p.checkPorts(path+".ports", rule.Ports)
	p.checkBlocks(path+".sources", rule.Sources, "list the blocks it is for")
	byName := rule.Protocol == catalog.HTTPS || rule.Protocol == catalog.HTTP
	kinds := 0
	for _, to := range [][]string{rule.FQDNs, rule.ServiceTags, rule.Addresses} {
		if len(to) > 0 {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		p.problems.Addf(path, rule.Name, "give one of fqdns, serviceTags and addresses", "has destinations of %d kinds", kinds)
	case byName && len(rule.FQDNs) == 0:
		p.problems.Addf(path, rule.Name, "give fqdns, or the protocol tcp", "has no names, which %s is filtered by", rule.Protocol)
	case !byName && len(rule.FQDNs) > 0 && !*p.plan.Spec.Firewall.DNSProxy:
		p.problems.Addf(path+".fqdns", strings.Join(rule.FQDNs, ", "), "set firewall.dnsProxy, or use https", "are names in a network rule, which need the DNS proxy")
	}
	for i, name := range rule.FQDNs {
		at := fmt.Sprintf("%s.fqdns[%d]", path, i)
		switch wild := strings.HasPrefix(name, "*."); {
		case !fqdnPattern.MatchString(strings.TrimPrefix(name, "*.")):
			p.problems.Addf(at, name, "write api.example.com or *.example.com, in lower case", "is not a name")
		case wild && !byName:
			p.problems.Addf(at, name, "name each, or use https", "has a wildcard, which a network rule cannot have")
		}
	}
	for i, tag := range rule.ServiceTags {
		if !tagPattern.MatchString(tag) {
			p.problems.Addf(fmt.Sprintf("%s.serviceTags[%d]", path, i), tag, "write one such as Storage.westeurope", "is not a service tag")
		}
	}
	for i, address := range rule.Addresses {
		at := fmt.Sprintf("%s.addresses[%d]", path, i)
		block, err := parseBlock(address)
		p.problems.Add(at, err)
		if err == nil && block.Bits() == 0 {
			p.plan.Warnings = append(p.plan.Warnings, at+" lets out traffic to every address")
		}
	}
}

// warnOutside warns of a block that is in none of the spokes: most likely it is
// mistyped, or its VNet is peered elsewhere.
func (p *planner) warnOutside(path string, block netip.Prefix) {
	if len(p.plan.Spec.Spokes) == 0 {
		return
	}
	for _, spoke := range p.plan.Spec.Spokes {
		for _, written := range spoke.Cidrs {
			if cidr, err := addressing.Parse(written); err == nil && cidr.Bits() <= block.Bits() && cidr.Contains(block.Addr()) {
				return
			}
		}
	}
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf("%s %s is in no spoke of this hub", path, block))
}

func (p *planner) warnEachOutside(path string, blocks []string) {
	for i, written := range blocks {
		if block, err := addressing.Parse(written); err == nil {
			p.warnOutside(fmt.Sprintf("%s[%d]", path, i), block)
		}
	}
}

// checkBlocks checks blocks that traffic comes from. Everybody is never one of
// them.
func (p *planner) checkBlocks(path string, blocks []string, fix string) {
	if len(blocks) == 0 {
		p.problems.Addf(path, "", fix, "is missing")
	}
	for i, written := range blocks {
		at := fmt.Sprintf("%s[%d]", path, i)
		block, err := parseBlock(written)
		p.problems.Add(at, err)
		if err == nil && block.Bits() == 0 {
			p.problems.Addf(at, written, "list the blocks that need it", "is everybody")
		}
	}
	problem.Unique(&p.problems, path, blocks)
}

// parseBlock reads a block that a rule is for. One address is a /32 there.
func parseBlock(written string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(written); err == nil && addr.Is4() {
		return netip.Prefix{}, problem.New(written, "has no prefix length", "write "+netip.PrefixFrom(addr, 32).String())
	}
	return addressing.Parse(written)
}

func (p *planner) checkPorts(path string, ports []int) {
	if len(ports) == 0 {
		p.problems.Addf(path, "", "list the ports, for example [443]", "is missing")
	}
	for _, port := range ports {
		if port < 1 || port > 65535 {
			p.problems.Addf(path, strconv.Itoa(port), "use 1 to 65535", "is not a port")
		}
	}
	problem.Unique(&p.problems, path, ports)
}
