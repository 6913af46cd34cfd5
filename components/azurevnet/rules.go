package azurevnet

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/addressing"
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
