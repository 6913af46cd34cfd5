package azurevnet

import (
	"cmp"
	"slices"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
)

// Egress says how the VNet reaches the internet.
type Egress string

const (
	// EgressCustomerFirewall routes 0.0.0.0/0 to the customer's firewall.
	// Nothing of the VNet is public.
	EgressCustomerFirewall Egress = "customerFirewall"
	// EgressLoadBalancer makes public addresses for the cluster's load balancer.
	EgressLoadBalancer Egress = "loadBalancer"
	// EgressNatGateway makes a NAT gateway with public addresses.
	EgressNatGateway Egress = "natGateway"
	// EgressNone has no way out.
	EgressNone Egress = "none"
)

// Inbound says which public address the control plane connects to.
type Inbound string

const (
	// InboundShared is the load balancer's address for traffic out. The default
	// with egress loadBalancer.
	InboundShared Inbound = "shared"
	// InboundSeparate is an address made for it. The default with egress
	// natGateway, which admits no connections.
	InboundSeparate Inbound = "separate"
	// InboundNone has no such address: nobody connects from the internet.
	InboundNone Inbound = "none"
)

// DNSPhase says when the VNet uses DNS servers of its own.
type DNSPhase string

const (
	// DNSAuto uses the servers at once, unless they could not find the API server of a
	// cluster that is yet to be made. The default.
	DNSAuto DNSPhase = "auto"
	// DNSDeferred does not use the servers yet.
	DNSDeferred DNSPhase = "deferred"
	// DNSActive uses the servers at once.
	DNSActive DNSPhase = "active"
)

// NextHop is where a route leads.
type NextHop string

const (
	// VirtualAppliance is a machine that forwards, by its address.
	VirtualAppliance NextHop = "VirtualAppliance"
	// VirtualNetworkGateway is the VNet's gateway, or its peer's.
	VirtualNetworkGateway NextHop = "VirtualNetworkGateway"
	// VnetLocal is the VNet itself.
	VnetLocal NextHop = "VnetLocal"
	// Internet is Azure's own edge; the firewall does not see the traffic.
	Internet NextHop = "Internet"
	// Drop has the packet dropped.
	Drop NextHop = "None"
)

// Spec is the plain part of the VNet: everything that decides which resources
// exist and which addresses they have. It holds no Pulumi values.
type Spec struct {
	// Location is the Azure region in its short form, "westeurope". Required.
	Location string `json:"-"`
	// AddressSpace are the VNet's blocks. Subnets are cut from the first, a /20
	// or larger unless each is placed by hand. Required. Append blocks; never
	// change the first.
	AddressSpace []string `json:"addressSpace,omitzero"`
	// Roles are the subnets that there are; nodes are always among them. Default
	// nodes, pods, database, privateEndpoints, and apiServer where the cluster
	// needs it.
	Roles []addressing.AzureRole `json:"roles,omitzero"`
	// Subnets are sizes, places and further rules of the roles' subnets, by role.
	// Default none.
	Subnets map[addressing.AzureRole]Subnet `json:"subnets,omitzero"`
	// ExtraSubnets are further subnets by name.
	ExtraSubnets map[string]ExtraSubnet `json:"extraSubnets,omitzero"`
	// Egress says how the VNet reaches the internet. Required.
	Egress Egress `json:"egress,omitzero"`
	// Firewall is the customer's firewall. Required with egress customerFirewall,
	// and only allowed then.
	Firewall *Firewall `json:"firewall,omitzero"`
	// PublicAddresses are the public addresses that are made; only with egress
	// loadBalancer and natGateway. Default one.
	PublicAddresses *PublicAddresses `json:"publicAddresses,omitzero"`
	// ControlPlaneCidrs are the public blocks that the platform's control plane
	// connects from: the only ones that are admitted from the internet.
	// Required with a public inbound address; behind a firewall only for one
	// that keeps the sender's address.
	ControlPlaneCidrs []string `json:"controlPlaneCidrs,omitzero"`
	// DNS are the DNS servers of the VNet. Default Azure's.
	DNS DNS `json:"dns,omitzero"`
	// Peerings with other VNets by name, "hub" for example.
	Peerings map[string]Peering `json:"peerings,omitzero"`
	// OnPremises are the blocks that are reached through a gateway. They may not
	// overlap the VNet, and may connect as peers may: on TCP 443.
	OnPremises []string `json:"onPremises,omitzero"`
	// DdosProtectionPlan is the id of a DDoS protection plan. Default none,
	// since a plan costs thousands a month.
	DdosProtectionPlan string `json:"ddosProtectionPlan,omitzero"`
	// FlowLogs are records of the VNet's traffic. Default none.
	FlowLogs *FlowLogs `json:"flowLogs,omitzero"`
	// Existing is a VNet made elsewhere to build into. Default none: one is
	// created.
	Existing *ExistingVnet `json:"existing,omitzero"`
	// Cluster is what the VNet has to know of the cluster in it.
	Cluster Cluster `json:"-"`
}

// Subnet sizes, places and opens the subnet of a role.
type Subnet struct {
	// Addresses is how many usable addresses the subnet needs at least; Azure
	// keeps 5 more. Default the role's usual size: nodes and applicationGateway
	// a /24, pods a /21, privateEndpoints a /26, internalLoadBalancer a /27,
	// apiServer and database a /28.
	Addresses int `json:"addresses,omitzero"`
	// Cidr places the subnet by hand. Default the first part of its slot.
	Cidr string `json:"cidr,omitzero"`
	// Allow admits more than the role needs.
	Allow []Allow `json:"allow,omitzero"`
}

// ExtraSubnet is a subnet without a role. AzureFirewallSubnet, GatewaySubnet
// and the like, which Azure finds by name, get no network security group.
type ExtraSubnet struct {
	// Cidr is the subnet's block. Required.
	Cidr string `json:"cidr,omitzero"`
	// Delegation is the service the subnet is delegated to. Default none.
	Delegation string `json:"delegation,omitzero"`
	// RouteToFirewall gives the subnet the route table of the nodes. Default
	// false. Only with egress customerFirewall.
	RouteToFirewall bool `json:"routeToFirewall,omitzero"`
	// Allow admits more than connections from the VNet.
	Allow []Allow `json:"allow,omitzero"`
}

// Allow admits connections to a subnet.
type Allow struct {
	// Name of the rule, unique in its subnet; it does not begin with Allow or
	// Deny, as those of the subnet's own rules do. Required.
	Name string `json:"name,omitzero"`
	// From is whom the rule admits: blocks, or one of Azure's service tags. "Internet" only to
	// nodes and applicationGateway. Required.
	From []string `json:"from,omitzero"`
	// Ports are numbers or ranges, "443" or "8000-8100". Required.
	Ports []string `json:"ports,omitzero"`
	// Protocol is "Tcp" or "Udp". Default "Tcp".
	Protocol string `json:"protocol,omitzero"`
}

// Firewall is the customer's.
type Firewall struct {
	// PrivateIP is the address that traffic is routed to, in a peered VNet or in
	// an extra subnet. Required.
	PrivateIP string `json:"privateIp,omitzero"`
	// ControlPlaneIP is the public address of the firewall that the platform's
	// control plane connects to, and that the firewall forwards to the cluster's
	// internal load balancer. Default none.
	//
	// In Go Args.ControlPlaneIP may give it instead.
	ControlPlaneIP string `json:"controlPlaneIp,omitzero"`
	// EgressIPs are the public addresses that the firewall's traffic leaves
	// from: those that others see the data plane come from.
	EgressIPs []string `json:"egressIps,omitzero"`
	// PropagateBgpRoutes adds the routes that a gateway learns to the route
	// tables. Default false: traffic to on premises goes to the firewall too.
	PropagateBgpRoutes bool `json:"propagateBgpRoutes,omitzero"`
	// ExtraRoutes are further routes of the subnets that are routed to the
	// firewall, by name. Default none.
	ExtraRoutes map[string]ExtraRoute `json:"extraRoutes,omitzero"`
}

// ExtraRoute is a route beside the default one.
type ExtraRoute struct {
	// Prefix is the destination, a block. Required.
	Prefix string `json:"prefix,omitzero"`
	// NextHop is where the route leads. "Internet" is refused: it would lead
	// around the firewall. Required.
	NextHop NextHop `json:"nextHop,omitzero"`
	// NextHopIP is the address of a VirtualAppliance.
	NextHopIP string `json:"nextHopIp,omitzero"`
}

// PublicAddresses are those that the VNet makes. They are static, of the SKU
// Standard.
type PublicAddresses struct {
	// Count of the addresses for traffic out, 1 to 16; each has 64,000 ports for
	// the connections of all nodes. Default 1.
	Count int `json:"count,omitzero"`
	// Zones of the addresses and of the NAT gateway, "1" to "3"; a NAT gateway
	// is in one zone. Default none: Azure spreads addresses over all zones, and
	// places a NAT gateway in one of its choice.
	Zones []string `json:"zones,omitzero"`
	// Inbound says which address the control plane connects to. Default "shared" with egress
	// loadBalancer, else "separate".
	Inbound Inbound `json:"inbound,omitzero"`
}

// DNS servers of the VNet.
type DNS struct {
	// Servers are their addresses, at most 20. Default Azure's own server.
	Servers []string `json:"servers,omitzero"`
	// Phase says when the VNet uses servers of its own. Default "auto".
	Phase DNSPhase `json:"phase,omitzero"`
}

// Peering is this side of a peering with another VNet; the other side is made
// where that VNet is.
type Peering struct {
	// RemoteVnetID is the other VNet's id. Required.
	//
	// In Go Args.RemoteVnetIDs may have it instead.
	RemoteVnetID string `json:"remoteVnetId,omitzero"`
	// AddressSpace are the other VNet's blocks. They may not overlap this VNet's,
	// and may connect to it on TCP 443. Required.
	AddressSpace []string `json:"addressSpace,omitzero"`
	// UseRemoteGateways reaches on premises by the other VNet's gateway. Default
	// false. Of one peering at most, and RemoteGatewayTransit with it.
	UseRemoteGateways bool `json:"useRemoteGateways,omitzero"`
	// RemoteGatewayTransit says that the other VNet has a gateway and its side
	// of the peering allows gateway transit. Default false.
	RemoteGatewayTransit bool `json:"remoteGatewayTransit,omitzero"`
}

// FlowLogs records the VNet's traffic in a storage account.
type FlowLogs struct {
	// StorageAccountID is the account's id, in the VNet's region. Required.
	//
	// In Go Args.StorageAccountID may give it instead.
	StorageAccountID string `json:"storageAccountId,omitzero"`
	// RetentionDays is how long records are kept, 1 to 365 days. Default 90.
	RetentionDays int `json:"retentionDays,omitzero"`
	// NetworkWatcher is the region's network watcher. Default "NetworkWatcher_<location>", which
	// Azure makes with a subscription's first VNet.
	NetworkWatcher string `json:"networkWatcher,omitzero"`
	// NetworkWatcherResourceGroup is the watcher's resource group. Default
	// "NetworkWatcherRG".
	NetworkWatcherResourceGroup string `json:"networkWatcherResourceGroup,omitzero"`
	// WorkspaceID is the id of a Log Analytics workspace for traffic analytics.
	// Default none.
	WorkspaceID string `json:"workspaceId,omitzero"`
}

// ExistingVnet is a VNet made elsewhere, with the spec's AddressSpace.
type ExistingVnet struct {
	// VnetID is its id. Required.
	VnetID string `json:"vnetId,omitzero"`
}

// Cluster is what the VNet has to know of the AKS cluster in it.
type Cluster struct {
	// Features with traffic of their own, for RequiredEgress. Default none.
	Features []catalog.AKSFeature
	// PublicAPI says that nodes reach the API server by a public address.
	// Default false: a private cluster, or VNet integration.
	PublicAPI bool
	// SystemZone says that the API server's name is in a private zone that AKS
	// makes, which DNS servers elsewhere do not know. Default false.
	SystemZone bool
	// Created says that the cluster is there already. Default false.
	Created bool
	// PodCidr is the pods' block outside the VNet, with the overlay model.
	PodCidr string
	// ServiceCidr is the services' block.
	ServiceCidr string
}

// DefaultRoles returns the subnets of a spec that names none.
func DefaultRoles() []addressing.AzureRole {
	return []addressing.AzureRole{
		addressing.AzureNodes, addressing.AzurePods, addressing.AzureDatabase, addressing.AzurePrivateEndpoints,
	}
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	if s.Roles == nil {
		s.Roles = DefaultRoles()
	}
	if s.Egress == EgressLoadBalancer || s.Egress == EgressNatGateway {
		public := PublicAddresses{}
		if s.PublicAddresses != nil {
			public = *s.PublicAddresses
		}
		public.Count = cmp.Or(public.Count, 1)
		inbound := InboundShared
		if s.Egress == EgressNatGateway {
			inbound = InboundSeparate
		}
		public.Inbound = cmp.Or(public.Inbound, inbound)
		s.PublicAddresses = &public
	}
	s.DNS.Phase = cmp.Or(s.DNS.Phase, DNSAuto)
	if s.FlowLogs != nil {
		logs := *s.FlowLogs
		logs.RetentionDays = cmp.Or(logs.RetentionDays, 90)
		logs.NetworkWatcher = cmp.Or(logs.NetworkWatcher, "NetworkWatcher_"+s.Location)
		logs.NetworkWatcherResourceGroup = cmp.Or(logs.NetworkWatcherResourceGroup, "NetworkWatcherRG")
		s.FlowLogs = &logs
	}
	return s
}

// has reports whether there is a subnet of the role.
func (s Spec) has(role addressing.AzureRole) bool { return slices.Contains(s.Roles, role) }

// public reports whether the VNet makes public addresses.
func (s Spec) public() bool { return s.Egress == EgressLoadBalancer || s.Egress == EgressNatGateway }
