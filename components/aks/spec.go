package aks

import (
	"cmp"
	"slices"
)

// NetworkModel says where pods' addresses come from.
type NetworkModel string

const (
	// Overlay gives pods addresses of a block outside the VNet; they leave the
	// cluster with their node's address. The default.
	Overlay NetworkModel = "overlay"
	// PodSubnet gives pods addresses of a subnet of their own, in batches.
	PodSubnet NetworkModel = "podSubnet"
	// PodSubnetStatic gives each node whole blocks of the pod subnet at its
	// start.
	PodSubnetStatic NetworkModel = "podSubnetStatic"
	// AzureCNI keeps pods' addresses in the node subnet, reserved with each node.
	AzureCNI NetworkModel = "azureCni"
	// Kubenet gives pods addresses of a block outside the VNet, with a route
	// for each node. AKS ends it; a plan with it has a warning.
	Kubenet NetworkModel = "kubenet"
)

// Dataplane is what carries pods' packets.
type Dataplane string

const (
	// DataplaneCilium carries packets by eBPF. The default, except with kubenet.
	DataplaneCilium Dataplane = "cilium"
	// DataplaneAzure carries packets by iptables.
	DataplaneAzure Dataplane = "azure"
)

// Policy is what enforces Kubernetes' network policies.
type Policy string

const (
	// PolicyCilium is the dataplane's own, and the only one with the dataplane
	// "cilium". The default with it.
	PolicyCilium Policy = "cilium"
	// PolicyCalico is Calico, which AKS installs. The default with the dataplane
	// "azure".
	PolicyCalico Policy = "calico"
	// PolicyAzure is Azure's network policy manager, which ends for Linux
	// nodes; a plan with it has a warning.
	PolicyAzure Policy = "azure"
	// PolicyNone enforces none.
	PolicyNone Policy = "none"
)

// EgressMode says how the cluster reaches the internet. AKS's outbound type
// follows from it.
type EgressMode string

const (
	// EgressCustomerFirewall routes 0.0.0.0/0 of the node subnet to a firewall:
	// outbound type userDefinedRouting.
	EgressCustomerFirewall EgressMode = "customerFirewall"
	// EgressLoadBalancer leaves by the cluster's load balancer, with public
	// addresses made outside the cluster: outbound type loadBalancer.
	EgressLoadBalancer EgressMode = "loadBalancer"
	// EgressNatGateway leaves by the node subnet's NAT gateway: outbound type
	// userAssignedNATGateway.
	EgressNatGateway EgressMode = "natGateway"
	// EgressNone has no way out: outbound type none. It needs an API server
	// with a private path, and a registry that holds AKS's own images.
	EgressNone EgressMode = "none"
)

// managedNatGateway is the outbound type that only a VNet of AKS's own can have.
const managedNatGateway EgressMode = "managedNATGateway"

// APIAccess says how the API server is reached.
type APIAccess string

const (
	// Public has a public address, open to AuthorizedRanges.
	Public APIAccess = "public"
	// PrivateSystemZone has a private endpoint, and a DNS zone that AKS makes
	// and links to the cluster's VNet alone.
	PrivateSystemZone APIAccess = "privateSystemZone"
	// PrivateOwnZone has a private endpoint whose name is in a zone of yours.
	PrivateOwnZone APIAccess = "privateOwnZone"
	// PrivateNoZone has a private endpoint, whose address public DNS gives.
	PrivateNoZone APIAccess = "privateNoZone"
	// VnetIntegrationPublic has an address in a delegated subnet that nodes
	// use, and a public one open to AuthorizedRanges.
	VnetIntegrationPublic APIAccess = "vnetIntegrationPublic"
	// VnetIntegrationPrivate has the address in the delegated subnet only. Nodes
	// need no DNS to find it. The default. It cannot be undone.
	VnetIntegrationPrivate APIAccess = "vnetIntegrationPrivate"
)

// integrated reports whether the API server has an address in a subnet.
func (a APIAccess) integrated() bool {
	return a == VnetIntegrationPublic || a == VnetIntegrationPrivate
}

// public reports whether the API server has a public address.
func (a APIAccess) public() bool { return a == Public || a == VnetIntegrationPublic }

// Tier is what AKS's control plane costs and promises.
type Tier string

const (
	// TierFree has no agreed availability.
	TierFree Tier = "Free"
	// TierStandard promises an availability, at a price by the hour.
	TierStandard Tier = "Standard"
)

// Spec is the plain part of a cluster: everything that decides its structure.
// It holds no Pulumi values.
type Spec struct {
	// Location is the Azure region, for example "westeurope". Required.
	Location string `json:"-"`
	// Vnet is the network the cluster is built into. Required.
	Vnet Vnet `json:"-"`
	// Model of the network: where pods' addresses come from. Default "overlay". It cannot be changed later
	// without replacing the cluster.
	Model NetworkModel `json:"model,omitzero"`
	// Dataplane is what carries pods' packets. Default "cilium", or "azure" with kubenet.
	Dataplane Dataplane `json:"dataplane,omitzero"`
	// Policy is what enforces Kubernetes' network policies. Default "cilium" with that dataplane, "calico" with "azure".
	Policy Policy `json:"policy,omitzero"`
	// PodCidr is the pods' block outside the VNet, only with the models
	// overlay and kubenet. Default "10.244.0.0/16", which is 256 nodes.
	PodCidr string `json:"podCidr,omitzero"`
	// ServiceCidr is the services' block. Default "172.16.0.0/16".
	ServiceCidr string `json:"serviceCidr,omitzero"`
	// DNSServiceIP is the address of the cluster's DNS in ServiceCidr, not its
	// first. Default its tenth.
	DNSServiceIP string `json:"dnsServiceIp,omitzero"`
	// Egress of nodes and pods. Required.
	Egress EgressMode `json:"egress,omitzero"`
	// EgressIPs are public addresses that the cluster's traffic leaves from,
	// the firewall's for example. They are added to the API server's
	// AuthorizedRanges: nodes reach a public API server from there.
	EgressIPs []string `json:"egressIps,omitzero"`
	// API is the access to the API server.
	API API `json:"api,omitzero"`
	// Pools of nodes. The first is a system pool and part of the cluster: it
	// stays. The others may come and go. Required.
	Pools []Pool `json:"pools,omitzero"`
	// InternalLoadBalancers is how many addresses of the node subnet internal
	// load balancers of the cluster's services take. Default 1.
	InternalLoadBalancers *int `json:"internalLoadBalancers,omitzero"`
	// ReachableCidrs are networks that the VNet reaches: peered ones, those on
	// premises. Pods' and services' blocks must not overlap them.
	ReachableCidrs []string `json:"reachableCidrs,omitzero"`
	// KubernetesVersion is the version of a cluster that is made, "1.34" for
	// example. Default AKS's own.
	KubernetesVersion string `json:"kubernetesVersion,omitzero"`
	// AdminGroups are the object ids of the Entra groups that administer a
	// cluster that is made. Default none: Azure's roles for Kubernetes decide alone.
	AdminGroups []string `json:"adminGroups,omitzero"`
	// Tier of a cluster that is made. Default "Standard".
	Tier Tier `json:"tier,omitzero"`
	// DeletionProtection keeps a cluster that is made from being deleted or
	// replaced, which any change of its network would do. Default true: set it to false and
	// deploy before a destroy.
	DeletionProtection *bool `json:"deletionProtection,omitzero"`
	// Created says that the cluster is there already. Only with the access
	// privateSystemZone in a VNet with DNS servers of its own: these cannot
	// find a new cluster's API server before its zone is linked to theirs, so
	// the VNet gets them once the cluster is there. Default false.
	Created bool `json:"created,omitzero"`
}

// Vnet is what is known of the network when the cluster is planned.
type Vnet struct {
	// Name of the VNet. Optional; overlay limits its length.
	Name string
	// ResourceGroup of the VNet. Optional; overlay limits its length.
	ResourceGroup string
	// Cidrs are the VNet's blocks. Required.
	Cidrs []string
	// Nodes is the subnet of all pools. Required.
	Nodes Subnet
	// Pods is the pods' subnet, only with the models podSubnet and
	// podSubnetStatic.
	Pods *Subnet
	// APIServer is the API server's subnet, only with VNet integration.
	APIServer *Subnet
	// RouteTableShared says that another cluster's subnets use Nodes' route
	// table too. Default false.
	RouteTableShared bool
	// DNSServers are the servers that the VNet uses now. Default Azure's own.
	DNSServers []string
	// InboundIP says that a public address is kept for connections to the
	// cluster's services, beside those that traffic leaves from. Default false.
	InboundIP bool
	// Encrypted says that VNet encryption is on. Default false.
	Encrypted bool
}

// Subnet is what is known of a subnet.
type Subnet struct {
	// Name of the subnet. Optional; overlay limits its length.
	Name string
	// Cidr of the subnet. Required.
	Cidr string
	// Delegation is the service that the subnet is delegated to; empty for none.
	Delegation string
	// RouteTable is the name of its route table; empty for none.
	RouteTable string
}

// Delegation is what a subnet of pods or of an API server is delegated to.
const Delegation = "Microsoft.ContainerService/managedClusters"

// API is the API server's access.
type API struct {
	// Access to the API server. Default "vnetIntegrationPrivate".
	Access APIAccess `json:"access,omitzero"`
	// AuthorizedRanges are the public blocks and addresses that may reach a
	// public address of the API server. Required with one.
	AuthorizedRanges []string `json:"authorizedRanges,omitzero"`
	// PrivateZone is the name of your private DNS zone for the API server's
	// name: "privatelink.<region>.azmk8s.io", with VNet integration
	// "private.<region>.azmk8s.io", either with a label before it. Required
	// with privateOwnZone, optional with vnetIntegrationPrivate.
	PrivateZone string `json:"privateZone,omitzero"`
	// FQDNSubdomain is the label of the API server in PrivateZone. Default one
	// that AKS makes up.
	FQDNSubdomain string `json:"fqdnSubdomain,omitzero"`
	// PublicFQDN has public DNS give the API server's private address as well.
	// Default true without a private zone, where there is no other name, else
	// false.
	PublicFQDN *bool `json:"publicFqdn,omitzero"`
}

// PoolMode is what a pool's nodes run.
type PoolMode string

const (
	// SystemPool runs the cluster's own pods. The first pool's default.
	SystemPool PoolMode = "System"
	// UserPool runs everything else. The other pools' default.
	UserPool PoolMode = "User"
)

// Pool is a set of equal nodes.
type Pool struct {
	// Name of the pool, 1 to 12 lower-case letters and digits, the first a
	// letter. Required.
	Name string `json:"name,omitzero"`
	// Mode is what its nodes run. Default "System" for the first pool, "User"
	// for the others.
	Mode PoolMode `json:"mode,omitzero"`
	// VMSize is the machine of its nodes, for example "Standard_D4ds_v5".
	// Required for a cluster that is made.
	VMSize string `json:"vmSize,omitzero"`
	// MinCount is how few nodes the autoscaler keeps. Default 1 in a system
	// pool, 0 in others.
	MinCount int `json:"minCount,omitzero"`
	// MaxCount is how many nodes the autoscaler makes at most. Required.
	MaxCount int `json:"maxCount,omitzero"`
	// MaxPods is the most pods of a node, 10 to 250. Default the model's: overlay 250,
	// podSubnetStatic 111, podSubnet and kubenet 110, azureCni 30.
	MaxPods int `json:"maxPods,omitzero"`
	// Surge is how many nodes an upgrade adds for its time: a number, or a
	// percentage of the nodes, rounded up. Default "10%".
	Surge string `json:"surge,omitzero"`
	// Zones are the availability zones of its nodes, "1" to "3". Default none.
	Zones []string `json:"zones,omitzero"`
}

const (
	defaultPodCidr     = "10.244.0.0/16" // AKS's own
	defaultServiceCidr = "172.16.0.0/16" // AKS's own, 10.0.0.0/16, is what many VNets use
	defaultSurge       = "10%"           // AKS's own for new pools
)

// withDefaults returns the spec with every default filled in, but for those
// that follow from a model: a spec may name none.
func (s Spec) withDefaults() Spec {
	s.Model = cmp.Or(s.Model, Overlay)
	dataplane, policy := DataplaneCilium, PolicyCalico
	if s.Model == Kubenet {
		dataplane = DataplaneAzure
	}
	s.Dataplane = cmp.Or(s.Dataplane, dataplane)
	if s.Dataplane == DataplaneCilium {
		policy = PolicyCilium
	}
	s.Policy = cmp.Or(s.Policy, policy)
	if s.Model.podBlock() {
		s.PodCidr = cmp.Or(s.PodCidr, defaultPodCidr)
	}
	s.ServiceCidr = cmp.Or(s.ServiceCidr, defaultServiceCidr)
	s.API.Access = cmp.Or(s.API.Access, VnetIntegrationPrivate)
	s.Tier = cmp.Or(s.Tier, TierStandard)
	yes := true
	s.DeletionProtection = cmp.Or(s.DeletionProtection, &yes)
	if s.InternalLoadBalancers == nil {
		one := 1
		s.InternalLoadBalancers = &one
	}
	s.Pools = slices.Clone(s.Pools)
	for i := range s.Pools {
		pool := &s.Pools[i]
		mode := UserPool
		if i == 0 {
			mode = SystemPool
		}
		pool.Mode = cmp.Or(pool.Mode, mode)
		if pool.Mode == SystemPool {
			pool.MinCount = cmp.Or(pool.MinCount, 1)
		}
		pool.Surge = cmp.Or(pool.Surge, defaultSurge)
	}
	return s
}

// podBlock reports whether pods have a block outside the VNet.
func (m NetworkModel) podBlock() bool { return m == Overlay || m == Kubenet }

// podSubnet reports whether pods have a subnet of their own.
func (m NetworkModel) podSubnet() bool { return m == PodSubnet || m == PodSubnetStatic }
