package azurehub

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Vnet is the hub's block.
	Vnet netip.Prefix
	// Subnets are the subnets, in the order in which they are created.
	Subnets []Subnet
	// Groups are the policy's rule collection groups, in the order in which
	// they are created.
	Groups []RuleGroup
	// Warnings are what works, but not as well as it could.
	Warnings []string
}

// Subnet returns the subnet of that slot, if it is built.
func (p *Plan) Subnet(slot Slot) (Subnet, bool) {
	i := slices.IndexFunc(p.Subnets, func(s Subnet) bool { return s.Slot == slot })
	if i < 0 {
		return Subnet{}, false
	}
	return p.Subnets[i], true
}

// NewPlan validates a spec and plans the hub. The error is a problem.List with
// every problem, each at its field's path.
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults()}}
	p.problems.Add("location", p.facts.CheckAzureRegion(spec.Location))
	p.planSubnets()
	p.planSpokes()
	p.checkFirewall()
	p.planRules()
	p.checkResolver()
	if spec.Bastion != nil {
		problem.OneOf(&p.problems, "bastion.sku", p.plan.Spec.Bastion.SKU, "Basic", "Standard", "Premium")
	}
	problem.OneOf(&p.problems, "ddos", p.plan.Spec.Ddos, DdosNone, DdosPlan, DdosPerIP)
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

type planner struct {
	facts    *catalog.Catalog
	plan     Plan
	problems problem.List
	tooSmall bool // the hub's block has been refused for its size
}

var (
	namePattern = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	fqdnPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)
	tagPattern  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?$`)
)

// maxPublicIPs is how many public addresses Azure lets a firewall have.
// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-firewall-limits
const maxPublicIPs = 250

func (p *planner) checkFirewall() {
	firewall := p.plan.Spec.Firewall
	problem.OneOf(&p.problems, "firewall.tier", firewall.Tier, Standard, Premium, Basic)
	problem.OneOf(&p.problems, "firewall.threatIntel", firewall.ThreatIntel, ThreatIntelAlert, ThreatIntelDeny)
	if firewall.PublicIPs < 1 || firewall.PublicIPs > maxPublicIPs {
		p.problems.Addf("firewall.publicIps", strconv.Itoa(firewall.PublicIPs), fmt.Sprintf("use 1 to %d", maxPublicIPs),
			"is not a number of addresses that a firewall can have")
	}
	p.problems.Add("firewall.zones", p.facts.CheckAzureZones(p.plan.Spec.Location, firewall.Zones))
	problem.Unique(&p.problems, "firewall.zones", firewall.Zones)
	if firewall.Tier != Basic {
		return
	}
	if *firewall.DNSProxy {
		p.problems.Addf("firewall.dnsProxy", "true", "remove it, or use the tier Standard", "is not to be had in the tier Basic")
	}
	if firewall.ThreatIntel == ThreatIntelDeny {
		p.problems.Addf("firewall.threatIntel", string(ThreatIntelDeny), "use Alert, or the tier Standard", "is not to be had in the tier Basic")
	}
}

// reservedAddresses is how many addresses at the start of a subnet Azure keeps;
// the last one is kept too.
// https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
const reservedAddresses = 4

func (p *planner) checkResolver() {
	resolver := p.plan.Spec.Resolver
	if resolver == nil {
		return
	}
	p.checkInboundIP(resolver.InboundIP)
	limits := p.facts.PrivateDNSLimits()
	if len(resolver.Rules) > limits.RulesPerRuleset {
		p.problems.Addf("resolver.rules", strconv.Itoa(len(resolver.Rules)), "forward a domain above several of them",
			"is more than the %d rules of a ruleset", limits.RulesPerRuleset)
	}
	if linked := len(p.plan.Spec.Spokes) + 1; len(resolver.Rules) > 0 && linked > limits.LinksPerRuleset {
		p.problems.Addf("spokes", strconv.Itoa(len(p.plan.Spec.Spokes)), "build another hub",
			"is more than a ruleset can be linked to: %d VNets with the hub", limits.LinksPerRuleset)
	}
	inbound, _ := p.plan.Subnet(SlotResolverInbound)
	first := map[string]int{}
	for i, rule := range resolver.Rules {
		path := fmt.Sprintf("resolver.rules[%d]", i)
		domain := rule.FQDN()
		if rule.Domain != "." && !domainPattern.MatchString(domain) {
			p.problems.Addf(path+".domain", rule.Domain, "write one such as corp.example.com, in lower case", "is not a domain")
		} else if earlier, twice := first[domain]; twice {
			p.problems.Addf(path+".domain", rule.Domain, "put all servers into one rule", "is forwarded by resolver.rules[%d] already", earlier)
		}
		first[domain] = i
		switch {
		case len(rule.Servers) == 0:
			p.problems.Addf(path+".servers", "", "list the domain's DNS servers", "is missing")
		case len(rule.Servers) > limits.ServersPerRule:
			p.problems.Addf(path+".servers", strconv.Itoa(len(rule.Servers)), "keep the nearest",
				"is more than the %d servers of a rule", limits.ServersPerRule)
		}
		for j, server := range rule.Servers {
			at := fmt.Sprintf("%s.servers[%d]", path, j)
			addr, err := netip.ParseAddr(server)
			switch {
			case err != nil || !addr.Is4():
				p.problems.Addf(at, server, "give one such as 10.0.0.4", "is not an IPv4 address")
			case inbound.Prefix.IsValid() && inbound.Prefix.Contains(addr):
				p.problems.Addf(at, server, "give the domain's own DNS server", "is this resolver, which would forward to itself")
			}
		}
		problem.Unique(&p.problems, path+".servers", rule.Servers)
	}
}

var domainPattern = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+$`)

// FQDN returns the domain with the dot at its end that Azure asks for.
func (r ForwardingRule) FQDN() string { return strings.TrimSuffix(r.Domain, ".") + "." }

// Key names the rule's resources: "corp-example-com". Azure allows no dots in a
// name; a hyphen is doubled, so that no two domains have one key.
func (r ForwardingRule) Key() string {
	if r.Domain == "." {
		return "all-domains"
	}
	return strings.NewReplacer("-", "--", ".", "-").Replace(strings.TrimSuffix(r.Domain, "."))
}

func (p *planner) checkInboundIP(written string) {
	subnet, _ := p.plan.Subnet(SlotResolverInbound)
	if written == "" || !subnet.Prefix.IsValid() {
		return
	}
	addr, err := netip.ParseAddr(written)
	switch {
	case err != nil || !addr.Is4():
		p.problems.Addf("resolver.inboundIp", written, "give one such as "+usable(subnet.Prefix).String(), "is not an IPv4 address")
	case !subnet.Prefix.Contains(addr):
		p.problems.Addf("resolver.inboundIp", written, "give one of "+subnet.Prefix.String(), "is outside the inbound subnet")
	case addr.Compare(usable(subnet.Prefix)) < 0 || !subnet.Prefix.Contains(addr.Next()):
		p.problems.Addf("resolver.inboundIp", written, "leave the first four and the last", "is kept by Azure in the subnet %s", subnet.Prefix)
	}
}

// usable returns the first address of a subnet that Azure does not keep.
func usable(subnet netip.Prefix) netip.Addr {
	addr := subnet.Addr()
	for range reservedAddresses {
		addr = addr.Next()
	}
	return addr
}
