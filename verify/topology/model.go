package topology

import (
	"net/netip"
)

// Cloud is whose rules an element follows.
type Cloud string

const (
	AWS   Cloud = "aws"
	Azure Cloud = "azure"
)

// Model is the network of one resource graph. Lists are in the graph's order.
type Model struct {
	Networks    []*Network
	Subnets     []*Subnet
	Tables      []*RouteTable
	Filters     []*Filter
	Gateways    []*Gateway
	Interfaces  []*Interface
	Balancers   []*Balancer
	Endpoints   []*Endpoint
	Services    []*EndpointService
	Zones       []*Zone
	Forwarders  []*Forwarder
	NameFilters []*NameFilter

	// Unsupported are the resources that matter for the network and are not
	// understood.
	Unsupported []Unsupported

	atoms atoms
}

// Unsupported is a resource that is not understood.
type Unsupported struct {
	Ref  Ref
	Type string
	// Touches are the elements whose behaviour it may change.
	Touches []Ref
}

// Network is a VPC or a virtual network.
type Network struct {
	Ref   Ref
	Cloud Cloud
	Name  string
	// Region and Account are empty when the graph does not tell them.
	Region, Account string
	// Prefixes are its address ranges, IPv4 and IPv6, the primary one first.
	Prefixes []Val[netip.Prefix]
	// DNSSupport and DNSHostnames are AWS's two attributes; both true in Azure.
	DNSSupport, DNSHostnames Val[bool]
	// DNSServers are the servers that its hosts ask; an empty list is the
	// cloud's own.
	DNSServers Val[[]netip.Addr]
	// Incomplete are the resources that may change it and are not understood.
	Incomplete []Ref
}

// Subnet is a subnet of a network.
type Subnet struct {
	Ref     Ref
	Network *Network
	Name    string
	// Zone is the availability zone; "" in Azure, whose subnets span zones.
	Zone Val[string]
	// Prefixes are its address ranges, IPv4 and IPv6.
	Prefixes []Val[netip.Prefix]
	// Table is the route table that its hosts use: its own, the main one, or
	// the cloud's system routes with the user's over them.
	Table Val[*RouteTable]
	// Filter is the network ACL, or the network security group. Known and nil
	// is none.
	Filter Val[*Filter]
	// PublicOnLaunch says that an instance gets a public address (AWS).
	PublicOnLaunch Val[bool]
	// DefaultOutbound says that hosts without a public address reach the
	// internet all the same (Azure's default outbound access; false in AWS).
	DefaultOutbound Val[bool]
	// NAT is the gateway that Azure puts behind the subnet; known and nil is
	// none, and always in AWS.
	NAT Val[*Gateway]
	// VirtualNetworkTag are the prefixes that the service tag VirtualNetwork
	// stands for in a rule on this subnet: the network's, its peers', those
	// that routes name. Empty in AWS. When it is not known, its one option is
	// what the tag holds at the least.
	VirtualNetworkTag Val[[]netip.Prefix]
	// PrivateEndpointRoutes and PrivateEndpointFilter say whether route tables
	// and security groups apply to private endpoints in the subnet (Azure).
	PrivateEndpointRoutes, PrivateEndpointFilter Val[bool]
	// Delegation is the service that an Azure subnet is delegated to.
	Delegation Val[string]
	// Tags of the resource.
	Tags map[string]string
	// Incomplete are the resources that may change it and are not understood.
	Incomplete []Ref
}

// RouteTable decides where a packet that leaves a subnet goes: the longest
// prefix wins, then the lower Origin.
type RouteTable struct {
	Ref     Ref
	Network *Network
	Routes  []Route
	// Incomplete are the resources that may add or take away routes and are
	// not understood.
	Incomplete []Ref
}

// Origin is where a route comes from; of equal prefixes the lower wins.
type Origin int

const (
	// OriginStatic is a route that somebody wrote.
	OriginStatic Origin = iota
	// OriginPropagated is one that a gateway announces.
	OriginPropagated
	// OriginSystem is one that the cloud has by itself. AWS's local routes,
	// which nothing of the same prefix can replace, are OriginStatic.
	OriginSystem
)

// Route sends what goes to one of its destinations to a gateway.
type Route struct {
	Ref Ref
	// To are the destinations: one prefix, or those of a prefix list or
	// service tag.
	To     Val[[]netip.Prefix]
	Via    Val[*Gateway]
	Origin Origin
}

// GatewayKind is what a route can lead to.
type GatewayKind string

const (
	// Local delivers inside the network that the route table belongs to.
	Local GatewayKind = "local"
	// Internet is an internet gateway, or Azure's next hop Internet.
	Internet GatewayKind = "internet"
	// EgressOnly is an egress-only internet gateway: IPv6, out only.
	EgressOnly GatewayKind = "egress-only"
	// NAT is a NAT gateway.
	NAT GatewayKind = "nat"
	// Peering leads to the peered network's own addresses, and no further in AWS.
	Peering GatewayKind = "peering"
	// Transit is a transit gateway.
	Transit GatewayKind = "transit"
	// VPN is a virtual private gateway, an ExpressRoute or VPN gateway: it
	// leads out of the graph, to the company's own networks. In AWS it carries
	// only what hosts of its own network send, as the internet's gateways do.
	VPN GatewayKind = "vpn"
	// Firewall is a managed firewall that a route leads through: an endpoint
	// of AWS Network Firewall, an Azure Firewall.
	Firewall GatewayKind = "firewall"
	// Appliance is a network virtual appliance: an interface that forwards.
	Appliance GatewayKind = "appliance"
	// ServiceGateway is a gateway endpoint: it leads hosts of its own network to
	// one service.
	ServiceGateway GatewayKind = "service"
	// Drop is a black hole, or Azure's next hop None.
	Drop GatewayKind = "drop"
	// Outside is something that the graph does not hold or nobody understands:
	// it may lead anywhere.
	Outside GatewayKind = "outside"
)

// Gateway is what a route leads to. The fields after Network belong to the
// kinds that their comments name.
type Gateway struct {
	Ref  Ref
	Kind GatewayKind
	Name string
	// Network is where it is attached. Of an internet gateway it is the VPC,
	// of a peering the network whose table has the route.
	Network *Network
	// Attached is whether it is attached to Network at all (internet gateways,
	// egress-only and VPN ones); true for the others.
	Attached Val[bool]
	// Table routes what enters the network through an internet gateway (AWS's
	// edge association); known and nil is none: it is delivered directly.
	Table Val[*RouteTable]

	// Subnet holds it (NAT, firewall). Of an Azure NAT gateway, which stands
	// in no subnet, it is known and nil.
	Subnet Val[*Subnet]
	// Zone of an endpoint of AWS Network Firewall.
	Zone Val[string]
	// Public says that a NAT gateway leads to the internet.
	Public Val[bool]
	// Addresses are those that a NAT gateway or firewall sends from: public
	// ones on the internet. An unknown address is some address.
	Addresses []Val[netip.Addr]
	// PrivateAddress is a NAT gateway's, a firewall's or an appliance's in its
	// subnet.
	PrivateAddress Val[netip.Addr]

	// Peer is the network at the other side of a peering; known and nil is one
	// that is not in the graph.
	Peer Val[*Network]
	// PeerPrefixes are the ranges beyond a peering to a network that is not in
	// the graph, as far as they are known.
	PeerPrefixes []Val[netip.Prefix]
	// Forwarded says that a peering takes packets that do not come from the
	// near network itself (Azure's allowForwardedTraffic, at the far side). It is
	// about who opens a connection: replies pass.
	Forwarded Val[bool]
	// Established says that both sides of the peering are there.
	Established Val[bool]

	// Transit holds the attachments and tables of a transit gateway.
	Transit *TransitGateway

	// Policy is what a firewall lets through.
	Policy Val[*Filter]
	// Interface is the appliance's, when the graph holds it; known and nil is
	// one outside.
	Interface Val[*Interface]
	// SNAT says that a firewall puts its own address on what goes to the
	// internet.
	SNAT Val[bool]

	// Service is the one that a gateway endpoint leads to: "s3".
	Service string
	// Incomplete are the resources that may change it and are not understood.
	Incomplete []Ref
}

// Title is what people call a gateway of its kind. Azure has no internet
// gateway: its routes have a next hop of that name, and others to services.
func (g *Gateway) Title() string {
	if g.Network != nil && g.Network.Cloud == Azure {
		switch g.Kind {
		case Internet:
			return "next hop Internet"
		case ServiceGateway:
			return "service endpoint"
		}
	}
	switch g.Kind {
	case NAT:
		return "NAT gateway"
	case Internet:
		return "internet gateway"
	case EgressOnly:
		return "egress-only gateway"
	case Firewall:
		return "firewall"
	case Appliance:
		return "appliance"
	case Transit:
		return "transit gateway"
	case VPN:
		return "VPN gateway"
	case Peering:
		return "peering"
	case ServiceGateway:
		return "gateway endpoint"
	}
	return string(g.Kind)
}

// TransitGateway is the inside of a transit gateway.
type TransitGateway struct {
	Attachments []*Attachment
	// GroupReferences says that rules about the members of security groups in
	// other attached networks hold for what comes through it; they do not unless
	// it and both attachments are told so.
	GroupReferences Val[bool]
}

// Attachment joins a network to a transit gateway. A packet enters the gateway
// by the attachment of the network it comes from, in the attachment's subnet in
// the same zone, and is routed by the attachment's Table. It comes out in a subnet
// of the attachment that the route names, which the transit gateway chooses, and
// goes on by that subnet's own route table.
type Attachment struct {
	Ref Ref
	// Network is known and nil for one that is not in the graph (a VPN, a
	// peering with another transit gateway).
	Network Val[*Network]
	// Subnets that the attachment stands in: hosts in other zones do not reach
	// the gateway.
	Subnets []Val[*Subnet]
	// Table is the transit gateway's table that the attachment is associated
	// with; known and nil is none, which drops everything.
	Table Val[*TransitTable]
}

// TransitTable is a route table of a transit gateway. A known nil attachment is
// a black hole. Of equal prefixes a static route wins over a propagated one.
type TransitTable struct {
	Ref    Ref
	Routes []TransitRoute
	// Incomplete are the resources that may change it and are not understood.
	Incomplete []Ref
}

// TransitRoute is a static or propagated route of a transit gateway.
type TransitRoute struct {
	Ref    Ref
	To     Val[[]netip.Prefix]
	Via    Val[*Attachment]
	Origin Origin
}

// FilterKind is what a filter is.
type FilterKind string

const (
	SecurityGroup        FilterKind = "security group"
	NetworkACL           FilterKind = "network ACL"
	NetworkSecurityGroup FilterKind = "network security group"
	// ApplicationSecurityGroup has no rules: others' rules name its members.
	ApplicationSecurityGroup FilterKind = "application security group"
	FirewallPolicy           FilterKind = "firewall policy"
)

// Filter is a list of rules. In each direction the first rule that matches
// decides, and what none matches is denied. The rules are in the order of
// evaluation, the cloud's default rules included. (The order within a security
// group, all of whose rules allow, does not matter.)
type Filter struct {
	Ref  Ref
	Kind FilterKind
	Name string
	// Network it belongs to; nil when that does not matter.
	Network *Network
	// Stateful filters let the reply of what they let through pass. Network
	// ACLs are not stateful.
	Stateful bool
	// In and Out are the rules for packets that come to what the filter
	// protects and that leave it. Of a firewall policy In is empty and Out
	// holds for what goes through, in both directions of opening.
	In, Out []Rule
	// Incomplete are the resources that may add or take away rules and are not
	// understood, and lists of rules that are not known as a whole.
	Incomplete []Ref
}

// Rule is one rule of a filter. All parts must match.
type Rule struct {
	Ref   Ref
	Allow Val[bool]
	// Protocols are IP protocol numbers; an empty list is every protocol.
	Protocols Val[[]uint8]
	// Source and Destination addresses. A security group's or network ACL's
	// rule limits the other end only; its own end is Anyone.
	Source, Destination Val[Match]
	// SourcePorts and DestinationPorts hold for TCP, UDP and SCTP; an empty
	// list is every port. They do not limit other protocols.
	SourcePorts, DestinationPorts Val[[]Ports]
	// Names are the domain names of a firewall's rule, "*.example.com" with
	// everything below; empty is a rule by address alone. A rule with names
	// matches a packet only when the question names one of them. AtLeast is some
	// names, of which not all are known.
	Names Val[[]string]
	// Number is the rule's place or priority, for people; 0 where the cloud
	// has none.
	Number int
}

// MatchesAll reports whether the rule certainly matches every packet: of a list
// where the first match decides, nothing after it counts.
func (r *Rule) MatchesAll() bool {
	empty := func(ports Val[[]Ports]) bool { list, known := ports.Get(); return known && len(list) == 0 }
	protocols, anyProtocol := r.Protocols.Get()
	names, anyName := r.Names.Get()
	return r.Source.Or(Match{}).Anyone && r.Destination.Or(Match{}).Anyone && anyProtocol && len(protocols) == 0 &&
		empty(r.SourcePorts) && empty(r.DestinationPorts) && anyName && len(names) == 0
}

// Ports are from First to Last, both included.
type Ports struct{ First, Last uint16 }

// Match is a set of addresses.
type Match struct {
	// Anyone is every address, IPv4 and IPv6.
	Anyone bool
	// Prefixes match their addresses.
	Prefixes []netip.Prefix
	// Members matches the interfaces that are in one of the groups: security
	// groups or application security groups.
	Members []*Filter
	// VirtualNetwork is Azure's tag: the prefixes of Subnet.VirtualNetworkTag
	// where the rule applies.
	VirtualNetwork bool
	// Internet is Azure's tag: every address that VirtualNetwork does not hold.
	Internet bool
}

// InterfaceKind is what an interface belongs to.
type InterfaceKind string

const (
	// Host is an instance's or virtual machine's interface, a database's, a
	// cluster's: something that answers on its own.
	Host InterfaceKind = "host"
	// BalancerInterface is a load balancer's in one subnet.
	BalancerInterface InterfaceKind = "load balancer"
	// EndpointInterface is an interface endpoint's or private endpoint's.
	EndpointInterface InterfaceKind = "endpoint"
	// ForwardingInterface is an appliance's that may forward.
	ForwardingInterface InterfaceKind = "appliance"
	// ResolverInterface is a DNS resolver's inbound endpoint.
	ResolverInterface InterfaceKind = "resolver"
)

// Interface is a network interface that the graph tells of, by itself or as a
// part of another resource.
type Interface struct {
	// Ref is the resource that it belongs to: an instance, an interface, a
	// load balancer, an endpoint, a mount target.
	Ref  Ref
	Kind InterfaceKind
	Name string
	// Machine is the virtual machine that a network interface is attached to;
	// empty when Ref is all there is (Azure).
	Machine Ref
	// Subnet holds it; known and nil is an interface with public addresses
	// only, which stands in no subnet (an Azure public frontend or API server).
	Subnet Val[*Subnet]
	// Addresses are the private ones. An interface always has one: with an
	// unknown address it has some address of its subnet.
	Addresses []Val[netip.Addr]
	// Public says whether it has a public IPv4 address of its own.
	Public Val[bool]
	// PublicAddresses are known ones, or outputs that will be.
	PublicAddresses []Val[netip.Addr]
	// Outbound are the load balancers by whose public addresses it reaches the
	// internet where the route is the internet's and it has no address of its
	// own (Azure).
	Outbound []*Balancer
	// OutboundOpen are the outputs that decide whether there are others.
	OutboundOpen []Ref
	// Groups are the security groups or application security groups that it is
	// in, as far as rules about members go. A nil entry is a group that is not
	// known: Incomplete of the interface names it.
	Groups []*Filter
	// Filters let a packet pass when one filter of every set lets it pass:
	// AWS's security groups are one set of several, Azure's network security
	// group of the interface is one set of one. None lets everything pass.
	Filters [][]*Filter
	// SourceDestCheck is AWS's check, IPForwarding's opposite in Azure.
	SourceDestCheck Val[bool]
	// Incomplete are the outputs and resources that may change what it lets
	// pass and are not known or understood.
	Incomplete []Ref
}

// Balancer is a load balancer.
type Balancer struct {
	Ref  Ref
	Name string
	// Kind is "network", "application", "gateway" or "azure".
	Kind string
	// InternetFacing says that it has public addresses.
	InternetFacing Val[bool]
	Interfaces     []*Interface
	Listeners      []Listener
	// FiltersPrivateLink says that the security groups hold also for what comes
	// through an endpoint service (AWS; false without groups).
	FiltersPrivateLink Val[bool]
	// SKU of an Azure load balancer, "Standard"; empty in AWS.
	SKU string
}

// Listener is a port of a load balancer and the targets behind it. A listener
// that forwards to several groups, or to targets by different ports, is one for
// each.
type Listener struct {
	Ref      Ref
	Protocol Val[string] // "TCP", "UDP", "TCP_UDP", "TLS", "HTTP", "HTTPS", "QUIC", "TCP_QUIC", "ALL"
	// Interfaces are the balancer's that it listens on; empty is all of them.
	Interfaces []*Interface
	Port       Val[uint16]
	// TargetPort of the targets.
	TargetPort Val[uint16]
	// Targets are the interfaces that the graph registers; clusters register
	// others later.
	Targets []*Interface
	// Perhaps are interfaces that may be targets: what decides is their address,
	// which is not known yet.
	Perhaps []*Interface
	// PreserveClientIP says that targets see the client's address where both have
	// the same version of IP.
	PreserveClientIP Val[bool]
	// CrossZone says that a balancer's interface sends to targets in every zone
	// and not only in its own; true in Azure.
	CrossZone Val[bool]
	// Incomplete are the outputs that decide on further targets.
	Incomplete []Ref
}

// Endpoint is an interface endpoint, a gateway endpoint or a private endpoint.
type Endpoint struct {
	Ref  Ref
	Name string
	// Kind is "interface", "gateway", "gateway-load-balancer" or "private".
	Kind    string
	Network *Network
	// Service is the short name, "ecr.api", of one of the cloud's own services,
	// or the full name of somebody's endpoint service.
	Service Val[string]
	// Interfaces of an interface or private endpoint, one for each subnet.
	Interfaces []*Interface
	// PrivateDNS says that the service's own names resolve to it in its
	// network.
	PrivateDNS Val[bool]
	// Target is the resource behind a private endpoint.
	Target Val[string]
	// Of is the endpoint service in the same graph that it leads to; nil when
	// that is not there.
	Of *EndpointService
	// Accepted says that the service's owner has let the endpoint in, where that
	// is asked for; true where it is not.
	Accepted Val[bool]
	// Zones are the private DNS zones of its zone group (Azure).
	Zones []Val[*Zone]
}

// EndpointService offers load balancers to other networks.
type EndpointService struct {
	Ref                Ref
	Name               string
	Balancers          []Val[*Balancer]
	AcceptanceRequired Val[bool]
	AllowedPrincipals  Val[[]string]
	// NATSubnets hold the addresses that targets see as the source of what comes
	// through the service (Azure; in AWS it is the balancer's own address).
	NATSubnets []Val[*Subnet]
}

// Zone is a DNS zone.
type Zone struct {
	Ref     Ref
	Name    string // without the final dot
	Private bool
	// Networks that see a private zone.
	Networks []ZoneLink
	Records  []Record
}

// ZoneLink makes a zone visible in a network.
type ZoneLink struct {
	Ref     Ref
	Network Val[*Network]
	// Fallback says that names without a record get the internet's answer and
	// not none (Azure's resolution policy NxDomainRedirect).
	Fallback bool
}

// Record answers a name.
type Record struct {
	Ref  Ref
	Name string // whole, without the final dot; "*.example.com" for a wildcard
	Type string // "A", "AAAA", "CNAME"
	// Addresses are those that the graph tells.
	Addresses Val[[]netip.Addr]
	// Interfaces are what the record leads to where it is an alias.
	Interfaces []*Interface
	// Alias is the name of a CNAME.
	Alias Val[string]
}

// Forwarder sends the questions below a suffix to other servers.
type Forwarder struct {
	Ref      Ref
	Suffix   string // "." is every name
	Servers  Val[[]netip.Addr]
	Networks []Val[*Network]
	// System says that the rule keeps the names with the cloud's resolver.
	System bool
}

// NameFilter is what a DNS firewall lets a network resolve, in order.
type NameFilter struct {
	Ref      Ref
	Networks []Val[*Network]
	Rules    []NameRule
}

// NameRule allows or blocks names.
type NameRule struct {
	Ref   Ref
	Allow Val[bool]
	Names Val[[]string]
}
