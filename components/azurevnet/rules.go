package azurevnet

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// Rule is a rule for connections to a subnet.
type Rule struct {
	Name string
	// Priority decides among rules: the lowest number first. What a role needs has
	// the same one whichever rules there are; those of a spec count up from 1000.
	Priority int
	// Allow is false for the last rule, which denies the rest.
	Allow bool
	// Protocol is "Tcp", "Udp" or "*".
	Protocol string
	// Sources are blocks, or one of Azure's service tags.
	Sources []string
	// Ports are numbers or ranges, or "*".
	Ports []string
	// Description says why.
	Description string
}

// The priorities of the rules that roles need, and of those that a spec adds.
const (
	priorityVnet         = 100
	priorityProbes       = 110
	priorityFirewall     = 120
	priorityPeers        = 130
	priorityControlPlane = 140
	priorityManager      = 150
	priorityAllow        = 1000
	priorityDeny         = 4096 // the last that Azure has for rules of one's own
)

// PostgreSQL's ports: the server's, and that of the PgBouncer built in.
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-pgbouncer
var postgresPorts = []string{"5432", "6432"}

// rules returns what a subnet admits. Blocks stand where others write the tag
// VirtualNetwork: with a route for 0.0.0.0/0 that tag is every address.
// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
func (p *planner) rules(s PlannedSubnet, allow []Allow) []Rule {
	vnet := texts(p.plan.AddressSpace)
	cluster := p.clusterCidrs()
	peers := p.peerCidrs()
	tls := []string{"443"}
	every := []string{"*"}

	fromVnet := Rule{Name: "AllowVnet", Protocol: "*", Sources: vnet, Ports: every, Description: "The VNet itself"}
	probes := Rule{Name: "AllowProbes", Priority: priorityProbes, Protocol: "*", Sources: []string{"AzureLoadBalancer"}, Ports: every,
		Description: "Health probes of load balancers"}
	fromPeers := Rule{Name: "AllowPeers", Priority: priorityPeers, Protocol: "Tcp", Sources: peers, Ports: tls,
		Description: "Peered VNets and networks on premises"}

	var rules []Rule
	switch s.Role {
	case addressing.AzureNodes, addressing.AzurePods:
		// Pods of an overlay reach pods on other nodes with their own addresses.
		fromVnet.Sources = slices.Concat(vnet, p.overlayCidrs())
		fromVnet.Description = "Nodes and pods among each other, the API server and gateways"
		rules = []Rule{fromVnet, probes}
		if s.Role == addressing.AzureNodes {
			rules = append(rules, p.fromFirewall(), fromPeers, p.fromControlPlane())
		}
	case addressing.AzureDatabase:
		fromVnet.Name, fromVnet.Protocol, fromVnet.Ports = "AllowPostgres", "Tcp", postgresPorts
		fromVnet.Sources = append(slices.Clone(cluster), s.Cidr.String())
		fromVnet.Description = "PostgreSQL from nodes and pods, and among a server's replicas"
		rules = []Rule{fromVnet}
	case addressing.AzurePrivateEndpoints:
		fromVnet.Protocol = "Tcp"
		rules = []Rule{fromVnet, fromPeers}
	case addressing.AzureAPIServer:
		// https://learn.microsoft.com/azure/aks/api-server-vnet-integration
		fromVnet.Name, fromVnet.Protocol, fromVnet.Ports = "AllowCluster", "Tcp", []string{"443", "4443"}
		fromVnet.Sources = cluster
		fromVnet.Description = "Nodes and pods to the API server"
		probes.Protocol, probes.Ports = "Tcp", []string{"9988"}
		fromPeers.Name, fromPeers.Sources = "AllowClients", slices.Concat(vnet, peers)
		fromPeers.Description = "Clients of the API server, in the VNet and in peered networks"
		rules = []Rule{fromVnet, probes, fromPeers}
	case addressing.AzureInternalLB:
		fromVnet.Protocol = "Tcp"
		rules = []Rule{fromVnet, probes, p.fromFirewall(), fromPeers}
		if p.plan.Spec.Egress == EgressCustomerFirewall {
			rules = append(rules, p.fromControlPlane())
		}
	case addressing.AzureAppGateway:
		// https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
		fromVnet.Protocol, fromVnet.Ports = "Tcp", tls
		rules = []Rule{fromVnet, probes, fromPeers, {
			Name: "AllowGatewayManager", Priority: priorityManager, Protocol: "Tcp", Sources: []string{"GatewayManager"},
			Ports: []string{"65200-65535"}, Description: "Azure's management of the application gateway",
		}}
	default:
		rules = []Rule{fromVnet, probes}
	}
	rules[0].Priority = priorityVnet
	rules = slices.DeleteFunc(rules, func(r Rule) bool { return len(r.Sources) == 0 })
	for i, a := range allow {
		rules = append(rules, Rule{
			Name: a.Name, Priority: priorityAllow + i, Protocol: cmp.Or(a.Protocol, "Tcp"), Sources: a.From, Ports: a.Ports,
			Description: "Stated in the configuration",
		})
	}
	for i := range rules {
		rules[i].Allow = true
	}
	return append(rules, Rule{
		Name: "DenyRest", Priority: priorityDeny, Protocol: "*", Sources: every, Ports: every,
		Description: "Azure's own rules would admit the tag VirtualNetwork, which a default route makes every address",
	})
}

// fromFirewall admits what the firewall forwards with its own address.
func (p *planner) fromFirewall() Rule {
	r := Rule{Name: "AllowFirewall", Priority: priorityFirewall, Protocol: "Tcp", Ports: []string{"443"},
		Description: "The control plane, forwarded by the firewall"}
	if p.firewall.IsValid() {
		r.Sources = []string{p.firewall.String() + "/32"}
	}
	return r
}

// fromControlPlane admits the control plane by its own addresses.
func (p *planner) fromControlPlane() Rule {
	return Rule{Name: "AllowControlPlane", Priority: priorityControlPlane, Protocol: "Tcp", Sources: p.plan.Spec.ControlPlaneCidrs,
		Ports: []string{"443"}, Description: "The platform's control plane"}
}

// clusterCidrs are the blocks that nodes and pods connect from inside the VNet.
func (p *planner) clusterCidrs() []string {
	var blocks []string
	for _, s := range p.plan.Subnets {
		if s.Role == addressing.AzureNodes || s.Role == addressing.AzurePods {
			blocks = append(blocks, s.Cidr.String())
		}
	}
	return blocks
}

// peerCidrs are the blocks of peered VNets, by name of the peering, and those
// on premises that are in none of them: Azure refuses a rule with blocks that
// overlap.
func (p *planner) peerCidrs() []string {
	var cidrs []string
	for _, peering := range sorted(p.plan.Spec.Peerings) {
		cidrs = append(cidrs, peering.AddressSpace...)
	}
	cidrs = append(cidrs, p.plan.Spec.OnPremises...)
	blocks := make([]netip.Prefix, len(cidrs))
	for i, cidr := range cidrs {
		blocks[i] = netip.MustParsePrefix(cidr) // the spec has been checked
	}
	var kept []netip.Prefix
	for i, block := range blocks {
		inAnother := slices.IndexFunc(blocks, func(other netip.Prefix) bool { return contains(other, block) && other != block }) >= 0
		if !inAnother && slices.Index(blocks, block) == i {
			kept = append(kept, block)
		}
	}
	return texts(kept)
}

func (p *planner) overlayCidrs() []string {
	if cidr := p.plan.Spec.Cluster.PodCidr; cidr != "" {
		return []string{cidr}
	}
	return nil
}

func texts(prefixes []netip.Prefix) []string {
	texts := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		texts[i] = prefix.String()
	}
	return texts
}

var (
	// childName is Azure's rule for the names of subnets, rules, routes and
	// peerings.
	// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
	childName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$`)
	serviceTag = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)
	portRange  = regexp.MustCompile(`^\d{1,5}(-\d{1,5})?$`)
)

// checkAllow checks the rules that a spec adds to a subnet.
func (p *planner) checkAllow(path string, role addressing.AzureRole, allow []Allow) {
	var names []string
	for i, a := range allow {
		at := fmt.Sprintf("%s.allow[%d]", path, i)
		names = append(names, strings.ToLower(a.Name))
		if !childName.MatchString(a.Name) {
			p.problems.Addf(at+".name", a.Name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a rule's name")
		} else if name := strings.ToLower(a.Name); strings.HasPrefix(name, "allow") || strings.HasPrefix(name, "deny") {
			p.problems.Addf(at+".name", a.Name, "use a name that begins otherwise", "begins as the names of the subnet's own rules do")
		}
		if len(a.From) == 0 {
			p.problems.Addf(at+".from", "", "list blocks, or a service tag", "is missing")
		}
		var blocks []addressing.Named
		for j, from := range a.From {
			path := fmt.Sprintf("%s.from[%d]", at, j)
			blocks = append(blocks, addressing.Named{Path: path, Prefix: p.checkSource(path, from, role, len(a.From))})
		}
		p.problems = append(p.problems, addressing.Overlaps(blocks)...)
		if len(a.Ports) == 0 {
			p.problems.Addf(at+".ports", "", "list ports, for example \"443\"", "is missing")
		}
		for j, port := range a.Ports {
			if first, last, ok := ports(port); !ok || first < 1 || last > 65535 || first > last {
				p.problems.Addf(fmt.Sprintf("%s.ports[%d]", at, j), port, "write a port or a range, \"443\" or \"8000-8100\"", "is no port")
			}
		}
		if a.Protocol != "" {
			problem.OneOf(&p.problems, at+".protocol", a.Protocol, "Tcp", "Udp")
		}
	}
	problem.Unique(&p.problems, path+".allow", names)
}

// checkSource checks where a rule admits connections from. It returns the block,
// or the zero Prefix for a service tag and what has a problem.
func (p *planner) checkSource(path, from string, role addressing.AzureRole, count int) netip.Prefix {
	const narrower = "list the blocks that may connect"
	switch {
	case from == "*" || from == "VirtualNetwork":
		p.problems.Addf(path, from, narrower, "may be every address")
	case from == "Internet":
		if role != addressing.AzureNodes && role != addressing.AzureAppGateway {
			p.problems.Addf(path, from, narrower, "is not admitted to this subnet")
		} else if p.plan.Spec.Egress == EgressCustomerFirewall && role == addressing.AzureNodes {
			p.problems.Addf(path, from, narrower, "does not reach nodes behind the customer's firewall")
		}
	case serviceTag.MatchString(from):
		if count > 1 {
			p.problems.Addf(path, from, "give it a rule of its own", "is a service tag, which Azure takes alone")
		}
	default:
		block, err := addressing.Parse(from)
		if err == nil && block.Bits() < 8 {
			err = problem.New(from, "is a large part of the internet", narrower)
		}
		p.problems.Add(path, err)
		return block
	}
	return netip.Prefix{}
}

// ports reads "443" or "8000-8100".
func ports(text string) (first, last int, ok bool) {
	if !portRange.MatchString(text) {
		return 0, 0, false
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, _ = strconv.Atoi(from) // digits only, at most five
	last, _ = strconv.Atoi(to)
	return first, last, true
}
