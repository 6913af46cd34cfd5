package azurehub

import (
	"cmp"
	"slices"

	"github.com/underlay-iac/underlay/catalog"
)

// Tier is the tier of the firewall and its policy.
type Tier string

// The tiers, https://learn.microsoft.com/azure/firewall/features-by-sku.
const (
	// Standard filters by name and address and is the DNS proxy. The default.
	Standard Tier = "Standard"
	// Premium can also inspect TLS and detect intrusions.
	Premium Tier = "Premium"
	// Basic has no DNS proxy, no names in network rules and alerts only on
	// threats; it needs a management subnet.
	Basic Tier = "Basic"
)

// ThreatIntel says what the firewall does with traffic to and from addresses
// and names that Microsoft knows as malicious.
type ThreatIntel string

const (
	// ThreatIntelAlert logs it. The default.
	ThreatIntelAlert ThreatIntel = "Alert"
	// ThreatIntelDeny logs and drops it.
	ThreatIntelDeny ThreatIntel = "Deny"
)

// Ddos says what protects the public addresses beyond what Azure does for all.
type Ddos string

const (
	// DdosNone leaves it at Azure's own protection. The default.
	DdosNone Ddos = "none"
	// DdosPlan protects every address of the VNet by a plan, at a high fixed
	// price a month. One plan is enough for a tenant: give its id.
	DdosPlan Ddos = "plan"
	// DdosPerIP protects each public address at a price for each.
	DdosPerIP Ddos = "perIp"
)

// Spec is the plain part of the hub: everything that decides which resources
// exist and which addresses they have. It holds no Pulumi values.
type Spec struct {
	// Location is the Azure region, for example "westeurope". Required.
	Location string `json:"-"`
	// VnetCidr is the hub's block: /24 or larger, unless Subnets places every
	// subnet. Required.
	VnetCidr string `json:"vnetCidr,omitzero"`
	// Subnets places single subnets by hand, by slot: firewall,
	// firewallManagement, bastion, gateway, resolverInbound, resolverOutbound.
	// What is not listed keeps its slot.
	Subnets map[Slot]string `json:"subnets,omitzero"`
	// Firewall is the firewall. Default one of the tier "Standard".
	Firewall Firewall `json:"firewall,omitzero"`
	// AKS is a cluster whose required traffic is let out. Default none.
	AKS *AKS `json:"aks,omitzero"`
	// Rules are what else is let out. Default none.
	Rules []Rule `json:"rules,omitzero"`
	// ControlPlane is the way in for a platform's control plane, through the
	// firewall's first public address. Default none.
	ControlPlane *ControlPlane `json:"controlPlane,omitzero"`
	// Resolver is the DNS private resolver. Default none.
	Resolver *Resolver `json:"resolver,omitzero"`
	// Bastion is the way to machines without public addresses. Default none.
	Bastion *Bastion `json:"bastion,omitzero"`
	// Gateway adds GatewaySubnet for a VPN or ExpressRoute gateway, which is
	// made elsewhere, and offers that gateway to the spokes. Default false.
	Gateway bool `json:"gateway,omitzero"`
	// Ddos says what protects the public addresses beyond what Azure does for
	// all. Default "none".
	Ddos Ddos `json:"ddos,omitzero"`
	// Spokes are the VNets that the hub is peered with, by name. Default none.
	Spokes map[string]Spoke `json:"spokes,omitzero"`
}

// Firewall is the firewall and its policy.
type Firewall struct {
	// Tier of the firewall. It cannot change from or to Basic without a new
	// firewall. Default "Standard".
	Tier Tier `json:"tier,omitzero"`
	// PublicIPs is how many public addresses it has, 1 to 250. Each gives 2496
	// source ports to each of its machines; Microsoft advises 20 or more for a
	// large AKS cluster. Default 1.
	// https://learn.microsoft.com/azure/aks/limit-egress-traffic
	PublicIPs int `json:"publicIps,omitzero"`
	// Zones are the availability zones of the firewall and of every public
	// address of the hub: "1", "2", "3". Changing them makes new addresses.
	// Default: Azure's choice.
	Zones []string `json:"zones,omitzero"`
	// ThreatIntel says what the firewall does with traffic to and from what
	// Microsoft knows as malicious. Default "Alert".
	ThreatIntel ThreatIntel `json:"threatIntel,omitzero"`
	// DNSProxy lets the firewall answer DNS, so that it resolves a name as its
	// clients do; the spokes' DNS server is then the firewall's address. Default
	// true; false in the tier Basic, which has none.
	DNSProxy *bool `json:"dnsProxy,omitzero"`
}

// AKS is a cluster whose traffic passes the firewall.
type AKS struct {
	// NodeCidrs are the blocks of the node subnets. Required.
	NodeCidrs []string `json:"nodeCidrs,omitzero"`
	// PodCidrs are the blocks of the pod subnets. Required where pods have
	// addresses of the VNet: the firewall sees those. Empty with an overlay,
	// whose pods leave with their node's address.
	PodCidrs []string `json:"podCidrs,omitzero"`
	// Features are what the cluster uses beyond the base: monitor, policy,
	// defender, gitops, os-updates, ntp. Default none.
	Features []catalog.AKSFeature `json:"features,omitzero"`
	// PublicAPI says that nodes reach the API server by a public address.
	// Default false: a private cluster, or API server VNet integration.
	PublicAPI bool `json:"publicApi,omitzero"`
	// Konnectivity says that a cluster with PublicAPI has the konnectivity
	// agent, so that the tunnel's ports stay closed. Default false.
	Konnectivity bool `json:"konnectivity,omitzero"`
	// APIServer are the public addresses of the API server, for pods that call
	// it by address. With PublicAPI only. Default none.
	APIServer []string `json:"apiServer,omitzero"`
	// DNSServers are DNS servers behind the firewall that nodes ask. Default
	// none: the firewall's proxy or Azure's own.
	DNSServers []string `json:"dnsServers,omitzero"`
}

// Rule lets traffic out. It has destinations of one kind.
type Rule struct {
	// Name is the rule's name, for example "git". Required.
	Name string `json:"name,omitzero"`
	// Protocol is "https" or "http", filtered by name, or "tcp" or "udp". Required.
	Protocol string `json:"protocol,omitzero"`
	// Ports are the ports. Default 443 for "https" and 80 for "http"; the others
	// must name them.
	Ports []int `json:"ports,omitzero"`
	// Sources are the blocks that it is for. Required.
	Sources []string `json:"sources,omitzero"`
	// FQDNs are names; "*.example.com" is every name below, with https and
	// http only. With tcp and udp the firewall must be the DNS proxy.
	FQDNs []string `json:"fqdns,omitzero"`
	// ServiceTags are Azure's names of address ranges, with tcp and udp only:
	// "Storage.westeurope".
	ServiceTags []string `json:"serviceTags,omitzero"`
	// Addresses are blocks, with tcp and udp only.
	Addresses []string `json:"addresses,omitzero"`
}

// ControlPlane is the way in for a platform's control plane: one port of the
// firewall's first public address, translated to an address in a spoke.
type ControlPlane struct {
	// Sources are the control plane's blocks. Required.
	Sources []string `json:"sources,omitzero"`
	// Port is the public port. Default 443.
	Port int `json:"port,omitzero"`
	// TargetAddress is the internal load balancer's address. Required.
	TargetAddress string `json:"targetAddress,omitzero"`
	// TargetPort is the port there. Default Port.
	TargetPort int `json:"targetPort,omitzero"`
}

// Resolver is a DNS private resolver. It has an inbound endpoint, which answers
// whoever reaches the hub, on-premises too.
type Resolver struct {
	// InboundIP is the inbound endpoint's address. Default: Azure's choice.
	InboundIP string `json:"inboundIp,omitzero"`
	// Rules forward domains to other DNS servers, for the hub and every spoke,
	// through an outbound endpoint. Default none: there is no outbound
	// endpoint.
	Rules []ForwardingRule `json:"rules,omitzero"`
}

// ForwardingRule forwards a domain and all below it.
type ForwardingRule struct {
	// Domain is the domain, "corp.example.com"; "." is all of them. Required.
	Domain string `json:"domain,omitzero"`
	// Servers are the addresses of its DNS servers, asked at port 53: one to
	// six. Required.
	Servers []string `json:"servers,omitzero"`
}

// Bastion is Azure Bastion.
type Bastion struct {
	// SKU is "Basic", "Standard" or "Premium". Default "Basic".
	SKU string `json:"sku,omitzero"`
}

// Spoke is a VNet that the hub is peered with.
type Spoke struct {
	// VnetID is the VNet's Azure id. Required.
	//
	// In Go the argument SpokeVnetIDs may have it instead.
	VnetID string `json:"vnetId,omitzero"`
	// Cidrs are the VNet's blocks, which no other may overlap. Required.
	Cidrs []string `json:"cidrs,omitzero"`
}

func (s Spec) withDefaults() Spec {
	s.Firewall.Tier = cmp.Or(s.Firewall.Tier, Standard)
	s.Firewall.ThreatIntel = cmp.Or(s.Firewall.ThreatIntel, ThreatIntelAlert)
	s.Firewall.PublicIPs = cmp.Or(s.Firewall.PublicIPs, 1)
	if s.Firewall.DNSProxy == nil {
		proxy := s.Firewall.Tier != Basic
		s.Firewall.DNSProxy = &proxy
	}
	s.Ddos = cmp.Or(s.Ddos, DdosNone)
	s.Rules = slices.Clone(s.Rules)
	for i, rule := range s.Rules {
		switch {
		case len(rule.Ports) > 0:
		case rule.Protocol == catalog.HTTPS:
			s.Rules[i].Ports = []int{443}
		case rule.Protocol == catalog.HTTP:
			s.Rules[i].Ports = []int{80}
		}
	}
	if s.ControlPlane != nil {
		entry := *s.ControlPlane
		entry.Port = cmp.Or(entry.Port, 443)
		entry.TargetPort = cmp.Or(entry.TargetPort, entry.Port)
		s.ControlPlane = &entry
	}
	if s.Bastion != nil {
		s.Bastion = &Bastion{SKU: cmp.Or(s.Bastion.SKU, "Basic")}
	}
	return s
}
