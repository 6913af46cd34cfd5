package azurevnet

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/azure"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to. It is a plain value; the constructor only walks
// it.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// AddressSpace are the VNet's blocks.
	AddressSpace []netip.Prefix
	// Subnets in the order they are made: roles, then extra ones by name.
	Subnets []PlannedSubnet
	// RouteTables by key; none without a firewall.
	RouteTables []RouteTable
	// DNSServers are those that the VNet uses now; empty for Azure's.
	DNSServers []string
	// DNSDeferred says that DNSServers is empty only until the cluster is there.
	DNSDeferred bool
	// RequiredEgress is what a firewall must let the cluster send. Empty with
	// egress none.
	RequiredEgress []EgressRule
	// Warnings say what works, but not as it might.
	Warnings []string

	existing azure.ID // zero unless Spec.Existing
}

// PlannedSubnet is one subnet.
type PlannedSubnet struct {
	// Name of the subnet: the role, or the extra subnet's name.
	Name string
	// Role of the subnet; empty for an extra one.
	Role addressing.AzureRole
	Cidr netip.Prefix
	// Usable is how many addresses are for use: all but Azure's 5.
	Usable int
	// Delegation is the service that the subnet is delegated to; empty for none.
	Delegation string
	// RouteTable is the key of its table; empty for none.
	RouteTable string
	// NatGateway says that connections leave by the NAT gateway.
	NatGateway bool
	// ServiceEndpoints are services reached without leaving Azure's network.
	ServiceEndpoints []string
	// Rules of its network security group; nil for no group.
	Rules []Rule
}

// RouteTable is a table that subnets share.
type RouteTable struct {
	// Key is "egress", of nodes, pods and extra subnets, or "database".
	Key    string
	Routes []Route
}

// Route is one route of a table.
type Route struct {
	// Name of the route, unique in its table.
	Name string
	// Prefix is the destination: a block or a service tag.
	Prefix  string
	NextHop NextHop
	// NextHopIP is the address of a VirtualAppliance.
	NextHopIP string
	// Firewall says that the next hop is the customer's firewall.
	Firewall bool
}

// EgressRule is traffic that a firewall must let nodes and pods send.
type EgressRule struct {
	// Sources are the blocks of nodes and pods: where pods have addresses of
	// the VNet, a rule with the nodes alone would block them.
	Sources []string `json:"sources"`
	catalog.EgressRule
}

// The keys of the route tables.
const (
	tableEgress   = "egress"
	tableDatabase = "database"
)

// Subnet returns the subnet of that name, a role's or an extra one; ok is false
// when the plan has none.
func (p *Plan) Subnet(name string) (subnet PlannedSubnet, ok bool) {
	i := slices.IndexFunc(p.Subnets, func(s PlannedSubnet) bool { return s.Name == name })
	if i < 0 {
		return PlannedSubnet{}, false
	}
	return p.Subnets[i], true
}

// NewPlan validates a spec and plans its VNet. The error is a problem.List with
// every problem of the spec, each at its field's path ("firewall.privateIp").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults(), RequiredEgress: []EgressRule{}}}
	p.checkChoices()
	p.planAddressSpace()
	p.planSubnets()
	p.checkOverlaps()
	p.planFirewall()
	p.checkPublicAddresses()
	p.checkControlPlane()
	p.planDNS()
	p.checkPeerings()
	p.checkFlowLogs()
	p.planExisting()
	p.planEgress()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	for i, s := range p.plan.Subnets {
		p.plan.Subnets[i] = p.connect(s)
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts    *catalog.Catalog
	plan     Plan
	problems problem.List
	// firewall is the address that traffic is routed to; zero without one.
	firewall netip.Addr
}

func (p *planner) warn(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

// checkChoices checks each choice by itself, and what belongs to another.
func (p *planner) checkChoices() {
	spec := p.plan.Spec
	p.problems.Add("location", p.facts.CheckAzureRegion(spec.Location))
	if spec.Egress == "" {
		p.problems.Addf("egress", "", "say customerFirewall, loadBalancer, natGateway or none", "is missing; there is no safe default")
	} else {
		problem.OneOf(&p.problems, "egress", spec.Egress, EgressCustomerFirewall, EgressLoadBalancer, EgressNatGateway, EgressNone)
	}
	if spec.PublicAddresses != nil && !spec.public() {
		p.problems.Addf("publicAddresses", "", "remove it, or set egress: loadBalancer",
			"is set, but with egress %s the VNet has no public address", spec.Egress)
	}
	if spec.Firewall != nil && spec.Egress != EgressCustomerFirewall {
		p.problems.Addf("firewall", spec.Firewall.PrivateIP, "remove it, or set egress: customerFirewall",
			"is set, but with egress %s nothing is routed to it", spec.Egress)
	}
	for i, role := range spec.Roles {
		if !slices.Contains(addressing.AzureRoles(), role) {
			p.problems.Addf(fmt.Sprintf("roles[%d]", i), string(role), problem.DidYouMean(string(role), roleNames()), "is not a role")
		}
	}
	problem.Unique(&p.problems, "roles", spec.Roles)
	if !spec.has(addressing.AzureNodes) {
		p.problems.Addf("roles", join(spec.Roles), "add nodes", "has no subnet for the cluster's nodes")
	}
	azure.Check(&p.problems, "ddosProtectionPlan", spec.DdosProtectionPlan, "Microsoft.Network/ddosProtectionPlans")
}

// planDNS decides which servers the VNet uses now. Servers elsewhere do not know
// the zone that AKS makes for an API server's name: with them, nodes could not
// find it and the cluster would fail to come up.
// https://learn.microsoft.com/azure/aks/private-clusters
func (p *planner) planDNS() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "dns.phase", spec.DNS.Phase, DNSAuto, DNSDeferred, DNSActive)
	for i, server := range spec.DNS.Servers {
		p.address(fmt.Sprintf("dns.servers[%d]", i), server)
	}
	problem.Unique(&p.problems, "dns.servers", spec.DNS.Servers)
	if len(spec.DNS.Servers) > 20 {
		p.problems.Addf("dns.servers", "", "use at most 20", "is %d servers", len(spec.DNS.Servers))
	}
	early := spec.Cluster.SystemZone && !spec.Cluster.Created
	switch {
	case len(spec.DNS.Servers) == 0:
		if spec.DNS.Phase != DNSAuto {
			p.problems.Addf("dns.phase", string(spec.DNS.Phase), "remove it, or list servers", "is set, but there are no DNS servers")
		}
	case spec.DNS.Phase == DNSActive && early:
		p.problems.Addf("dns.phase", string(DNSActive),
			"deploy with phase deferred, link the cluster's zone to the servers' VNet, say that the cluster is there, deploy, then restart the nodes",
			"would keep the new cluster's nodes from finding its API server: its name is in a zone that the servers do not know")
	case spec.DNS.Phase == DNSDeferred || early:
		p.plan.DNSDeferred = true
	default:
		p.plan.DNSServers = spec.DNS.Servers
	}
}

func (p *planner) checkPeerings() {
	gateways := ""
	for name, peering := range sorted(p.plan.Spec.Peerings) {
		path := "peerings." + name
		if !childName.MatchString(name) {
			p.problems.Addf(path, name, "use 1 to 80 letters, digits, hyphens, dots and underscores", "is not a peering's name")
		}
		azure.Check(&p.problems, path+".remoteVnetId", peering.RemoteVnetID, vnetType)
		if len(peering.AddressSpace) == 0 {
			p.problems.Addf(path+".addressSpace", "", "list the other VNet's blocks", "is missing; an overlap could not be seen")
		}
		if !peering.UseRemoteGateways {
			continue
		}
		if !peering.RemoteGatewayTransit {
			p.problems.Addf(path+".useRemoteGateways", "true", "have its side of the peering allow gateway transit, and set remoteGatewayTransit: true",
				"needs a gateway in the other VNet, and its consent")
		}
		if gateways != "" {
			p.problems.Addf(path+".useRemoteGateways", "true", "use the gateway of one peering", "is set for peerings.%s too", gateways)
		}
		gateways = cmp.Or(gateways, name)
		if _, own := p.plan.Spec.ExtraSubnets["GatewaySubnet"]; own {
			p.problems.Addf(path+".useRemoteGateways", "true", "remove it, or the subnet GatewaySubnet",
				"is set, but the VNet has a place for a gateway of its own")
		}
	}
}

const vnetType = "Microsoft.Network/virtualNetworks"

func (p *planner) checkFlowLogs() {
	logs := p.plan.Spec.FlowLogs
	if logs == nil {
		return
	}
	azure.Check(&p.problems, "flowLogs.storageAccountId", logs.StorageAccountID, "Microsoft.Storage/storageAccounts")
	azure.Check(&p.problems, "flowLogs.workspaceId", logs.WorkspaceID, "Microsoft.OperationalInsights/workspaces")
	if logs.RetentionDays < 1 || logs.RetentionDays > 365 {
		p.problems.Addf("flowLogs.retentionDays", strconv.Itoa(logs.RetentionDays), "use 1 to 365", "is not a retention that flow logs offer")
	}
}

// planExisting checks what a VNet made elsewhere leaves to its owner.
func (p *planner) planExisting() {
	spec := p.plan.Spec
	if spec.Existing == nil {
		return
	}
	id, err := azure.ParseID(spec.Existing.VnetID, vnetType)
	p.problems.Add("existing.vnetId", err)
	p.plan.existing = id
	const owner = "set it where the VNet is made, and remove it here"
	if len(spec.DNS.Servers) > 0 {
		p.problems.Addf("dns.servers", strings.Join(spec.DNS.Servers, ", "), owner, "is a property of the existing VNet")
	}
	if spec.DdosProtectionPlan != "" {
		p.problems.Addf("ddosProtectionPlan", spec.DdosProtectionPlan, owner, "is a property of the existing VNet")
	}
}

// connect fills in how a subnet is delegated, routed and guarded.
func (p *planner) connect(s PlannedSubnet) PlannedSubnet {
	spec := p.plan.Spec
	extra := spec.ExtraSubnets[s.Name]
	s.Delegation = delegation(s.Role)
	allow := spec.Subnets[s.Role].Allow
	if s.Role == "" {
		s.Delegation, allow = extra.Delegation, extra.Allow
	}
	cluster := s.Role == addressing.AzureNodes || s.Role == addressing.AzurePods
	switch {
	case spec.Egress == EgressCustomerFirewall && s.Role == addressing.AzureDatabase:
		s.RouteTable = tableDatabase
	case spec.Egress == EgressCustomerFirewall && (cluster || extra.RouteToFirewall):
		s.RouteTable = tableEgress
	case spec.Egress == EgressNatGateway:
		s.NatGateway = cluster
	}
	if s.Role == addressing.AzureDatabase {
		// Backups and write-ahead logs go to storage accounts of Azure's.
		s.ServiceEndpoints = []string{"Microsoft.Storage"}
	}
	if _, reserved := p.facts.AzureReservedSubnet(s.Name); !reserved || s.Role != "" {
		s.Rules = p.rules(s, allow)
	}
	return s
}

// contains reports whether outer holds all of inner.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func roleNames() []string {
	var names []string
	for _, role := range addressing.AzureRoles() {
		names = append(names, string(role))
	}
	return names
}

func join(roles []addressing.AzureRole) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// sorted ranges over a map in the order of its keys.
func sorted[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
