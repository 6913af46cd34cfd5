package aks

import (
	"fmt"
	"slices"

	containerservice "github.com/pulumi/pulumi-azure-native-sdk/containerservice/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/problem"
)

// IDs are the ids of what a cluster is built into. Which are required follows
// from the spec; one that nothing needs is passed over.
type IDs struct {
	// VnetID is the VNet, for the role that a private zone of yours needs.
	VnetID pulumi.StringInput
	// NodeSubnetID is the subnet of all pools. Who gives it as an output has it
	// wait for the subnet's routes: AKS looks for them. Required.
	NodeSubnetID pulumi.StringInput
	// PodSubnetID is the pods' subnet, with the models podSubnet and
	// podSubnetStatic.
	PodSubnetID pulumi.StringInput
	// APIServerSubnetID is the API server's subnet, with VNet integration.
	APIServerSubnetID pulumi.StringInput
	// RouteTableID is the node subnet's route table, with kubenet.
	RouteTableID pulumi.StringInput
	// PrivateZoneID is the zone that the spec's PrivateZone names.
	PrivateZoneID pulumi.StringInput
	// PublicIPIDs are the public addresses of the load balancer, 1 to 16, with
	// the egress loadBalancer.
	PublicIPIDs pulumi.StringArray
	// InboundIPID is the public address for connections to the cluster's
	// services, with the spec's Vnet.InboundIP.
	InboundIPID pulumi.StringInput
	// RegistryID is the container registry that caches AKS's own images, with
	// the egress none: Premium, with a private endpoint in the VNet.
	RegistryID pulumi.StringInput
	// EgressAddresses are added to a public API server's authorised ranges as
	// the spec's EgressIPs are, where another resource gives them.
	EgressAddresses pulumi.StringArrayInput
}

// most of the load balancer's public addresses that AKS is given here.
const mostPublicIPs = 16

// of returns the ids of a target.
func (ids IDs) of(target Target) []pulumi.StringInput {
	one := map[Target]pulumi.StringInput{
		TargetVnet: ids.VnetID, TargetNodeSubnet: ids.NodeSubnetID, TargetPodSubnet: ids.PodSubnetID,
		TargetAPIServerSubnet: ids.APIServerSubnetID, TargetRouteTable: ids.RouteTableID,
		TargetPrivateZone: ids.PrivateZoneID, TargetRegistry: ids.RegistryID, TargetInboundIP: ids.InboundIPID,
	}
	if target == TargetPublicIPs {
		return ids.PublicIPIDs
	}
	return []pulumi.StringInput{one[target]}
}

// check adds a problem for each id that a posture needs and that is missing.
func (ids IDs) check(p Posture, problems *problem.List) {
	ids.checkPools(p, problems)
	if p.EnableVnetIntegration {
		missing(problems, "apiServerSubnetId", ids.APIServerSubnetID, "the API server is put into it")
	}
	if p.PrivateDNSZone == OwnZone {
		missing(problems, "privateZoneId", ids.PrivateZoneID, "the API server's name is written into it")
	}
	if p.BootstrapArtifactSource != "" {
		missing(problems, "registryId", ids.RegistryID, "without egress, AKS's own images come from it")
	}
	if n := len(ids.PublicIPIDs); p.OutboundType == "loadBalancer" && (n < 1 || n > mostPublicIPs) {
		problems.Addf("publicIpIds", "", fmt.Sprintf("give 1 to %d", mostPublicIPs), "are %d; the load balancer's traffic leaves from them", n)
	}
}

// checkPools checks the ids that pools need.
func (ids IDs) checkPools(p Posture, problems *problem.List) {
	missing(problems, "nodeSubnetId", ids.NodeSubnetID, "nodes are put into it")
	if slices.ContainsFunc(p.Pools, func(pool PoolPosture) bool { return pool.PodIPAllocationMode != "" }) {
		missing(problems, "podSubnetId", ids.PodSubnetID, "pods are put into it")
	}
}

func missing(problems *problem.List, path string, id pulumi.StringInput, why string) {
	if id == nil {
		problems.Addf(path, "", "give it", "is missing; %s", why)
	}
}

// Apply puts the posture into the arguments of a cluster that the caller
// registers, with ids filled in: it replaces NetworkProfile,
// ApiServerAccessProfile and BootstrapProfile, sets FqdnSubdomain in place of
// DnsPrefix where there is one, and sets the network settings of each pool that
// is part of the cluster, found by name; ApplyPool is for the others.
// AgentPoolProfiles must hold plain ManagedClusterAgentPoolProfileArgs with
// plain names. The error is a problem.List, and args is as it was.
//
// The caller's cluster has an identity with the plan's Grants before it is
// made, and the resource options of Options.
func (p Posture) Apply(args *containerservice.ManagedClusterArgs, ids IDs) error {
	var problems problem.List
	ids.check(p, &problems)
	pools := p.pools(args.AgentPoolProfiles, ids, &problems)
	if err := problems.Err(); err != nil {
		return fmt.Errorf("AKS posture: %w", err)
	}
	args.AgentPoolProfiles = pools
	args.NetworkProfile = p.networkProfile(ids)
	args.ApiServerAccessProfile = p.accessProfile(ids)
	args.BootstrapProfile = nil
	if p.BootstrapArtifactSource != "" {
		args.BootstrapProfile = &containerservice.ManagedClusterBootstrapProfileArgs{
			ArtifactSource:      pulumi.String(p.BootstrapArtifactSource),
			ContainerRegistryId: ids.RegistryID.ToStringOutput().ToStringPtrOutput(),
		}
	}
	if p.FqdnSubdomain != "" {
		args.FqdnSubdomain, args.DnsPrefix = pulumi.String(p.FqdnSubdomain), nil
	}
	return nil
}

// Options returns the options that a cluster with this posture is registered
// with. The SDK gives every cluster without a pods' block AKS's default one;
// where pods have addresses of the VNet there is none, and it is taken out again.
func (p Posture) Options() []pulumi.ResourceOption {
	if p.PodCidr != "" {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Transformations([]pulumi.ResourceTransformation{withoutPodCidr})}
}

func withoutPodCidr(r *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	args, ok := r.Props.(*containerservice.ManagedClusterArgs)
	if !ok || args.NetworkProfile == nil {
		return nil
	}
	changed := *args
	changed.NetworkProfile = args.NetworkProfile.ToContainerServiceNetworkProfilePtrOutput().ApplyT(
		func(profile *containerservice.ContainerServiceNetworkProfile) *containerservice.ContainerServiceNetworkProfile {
			without := *profile
			without.PodCidr = nil
			return &without
		}).(containerservice.ContainerServiceNetworkProfilePtrOutput)
	return &pulumi.ResourceTransformationResult{Props: &changed, Opts: r.Opts}
}

func (p Posture) networkProfile(ids IDs) *containerservice.ContainerServiceNetworkProfileArgs {
	profile := &containerservice.ContainerServiceNetworkProfileArgs{
		NetworkPlugin:     pulumi.String(p.NetworkPlugin),
		NetworkPluginMode: optional(p.NetworkPluginMode),
		NetworkDataplane:  pulumi.String(p.NetworkDataplane),
		NetworkPolicy:     pulumi.String(p.NetworkPolicy),
		LoadBalancerSku:   pulumi.String(p.LoadBalancerSku),
		OutboundType:      pulumi.String(p.OutboundType),
		PodCidr:           optional(p.PodCidr),
		ServiceCidr:       pulumi.String(p.ServiceCidr),
		DnsServiceIP:      pulumi.String(p.DNSServiceIP),
	}
	if p.OutboundType == "loadBalancer" {
		var addresses containerservice.ResourceReferenceArray
		for _, id := range ids.PublicIPIDs {
			addresses = append(addresses, containerservice.ResourceReferenceArgs{Id: id.ToStringOutput().ToStringPtrOutput()})
		}
		profile.LoadBalancerProfile = &containerservice.ManagedClusterLoadBalancerProfileArgs{
			OutboundIPs: &containerservice.ManagedClusterLoadBalancerProfileOutboundIPsArgs{PublicIPs: addresses},
		}
	}
	return profile
}

func (p Posture) accessProfile(ids IDs) *containerservice.ManagedClusterAPIServerAccessProfileArgs {
	profile := &containerservice.ManagedClusterAPIServerAccessProfileArgs{
		EnablePrivateCluster: pulumi.Bool(p.EnablePrivateCluster),
		DisableRunCommand:    pulumi.Bool(p.DisableRunCommand),
		PrivateDNSZone:       optional(p.PrivateDNSZone),
	}
	if p.PrivateDNSZone == OwnZone {
		profile.PrivateDNSZone = ids.PrivateZoneID.ToStringOutput().ToStringPtrOutput()
	}
	if p.EnablePrivateClusterPublicFQDN != nil {
		profile.EnablePrivateClusterPublicFQDN = pulumi.Bool(*p.EnablePrivateClusterPublicFQDN)
	}
	if p.EnableVnetIntegration {
		profile.EnableVnetIntegration = pulumi.Bool(true)
		profile.SubnetId = ids.APIServerSubnetID.ToStringOutput().ToStringPtrOutput()
	}
	if len(p.AuthorizedIPRanges) > 0 {
		profile.AuthorizedIPRanges = authorized(p.AuthorizedIPRanges, ids.EgressAddresses)
	}
	return profile
}

// authorized returns the ranges with addresses among them, sorted.
func authorized(ranges []string, addresses pulumi.StringArrayInput) pulumi.StringArrayInput {
	if addresses == nil {
		return pulumi.ToStringArray(ranges)
	}
	return addresses.ToStringArrayOutput().ApplyT(func(addresses []string) []string {
		all := slices.Clone(ranges)
		for _, address := range addresses {
			all = append(all, address+"/32")
		}
		slices.Sort(all)
		return slices.Compact(all)
	}).(pulumi.StringArrayOutput)
}

// pools returns the caller's pools with the posture of each; nil with problems.
func (p Posture) pools(
	input containerservice.ManagedClusterAgentPoolProfileArrayInput, ids IDs, problems *problem.List,
) containerservice.ManagedClusterAgentPoolProfileArray {
	given, ok := input.(containerservice.ManagedClusterAgentPoolProfileArray)
	if !ok {
		problems.Addf("agentPoolProfiles", "", "give a ManagedClusterAgentPoolProfileArray", "are not plain")
		return nil
	}
	pools := make([]containerservice.ManagedClusterAgentPoolProfileArgs, len(given))
	planned := make([]PoolPosture, len(given))
	for i, element := range given {
		path := fmt.Sprintf("agentPoolProfiles[%d]", i)
		switch element := element.(type) {
		case containerservice.ManagedClusterAgentPoolProfileArgs:
			pools[i] = element
		case *containerservice.ManagedClusterAgentPoolProfileArgs:
			pools[i] = *element
		default:
			problems.Addf(path, "", "give ManagedClusterAgentPoolProfileArgs", "is not plain")
			continue
		}
		name, ok := pools[i].Name.(pulumi.String)
		if !ok {
			problems.Addf(path+".name", "", "give a pulumi.String", "is not plain")
			continue
		}
		pool, err := p.pool(string(name))
		problems.Add(path+".name", err)
		planned[i] = pool
	}
	if len(given) == 0 {
		problems.Addf("agentPoolProfiles", "", "give the cluster its first pool", "are empty")
	}
	if len(*problems) > 0 {
		return nil
	}
	var applied containerservice.ManagedClusterAgentPoolProfileArray
	for i, pool := range pools {
		applied = append(applied, planned[i].apply(pool, ids))
	}
	return applied
}

// pool returns the planned pool of that name.
func (p Posture) pool(name string) (PoolPosture, error) {
	for _, pool := range p.Pools {
		if pool.Name == name {
			return pool, nil
		}
	}
	return PoolPosture{}, problem.New(name, "is a pool that was not planned", "name it in the spec's pools")
}

// ApplyPool puts the network settings of the planned pool of that name into the
// arguments of a pool that is a resource of its own. The error is a
// problem.List, and args is as it was.
func (p Posture) ApplyPool(args *containerservice.AgentPoolArgs, name string, ids IDs) error {
	var problems problem.List
	ids.checkPools(p, &problems)
	pool, err := p.pool(name)
	problems.Add("agentPoolName", err)
	if err := problems.Err(); err != nil {
		return fmt.Errorf("AKS posture: %w", err)
	}
	of := pool.apply(containerservice.ManagedClusterAgentPoolProfileArgs{}, ids)
	args.EnableAutoScaling, args.MinCount, args.MaxCount = of.EnableAutoScaling, of.MinCount, of.MaxCount
	args.MaxPods, args.UpgradeSettings, args.EnableNodePublicIP = of.MaxPods, of.UpgradeSettings, of.EnableNodePublicIP
	args.VnetSubnetID, args.PodSubnetID, args.PodIPAllocationMode = of.VnetSubnetID, of.PodSubnetID, of.PodIPAllocationMode
	return nil
}

func (p PoolPosture) apply(pool containerservice.ManagedClusterAgentPoolProfileArgs, ids IDs) containerservice.ManagedClusterAgentPoolProfileArgs {
	pool.EnableAutoScaling = pulumi.Bool(true)
	pool.MinCount, pool.MaxCount = pulumi.Int(p.MinCount), pulumi.Int(p.MaxCount)
	pool.MaxPods = pulumi.Int(p.MaxPods)
	pool.UpgradeSettings = &containerservice.AgentPoolUpgradeSettingsArgs{MaxSurge: pulumi.String(p.MaxSurge)}
	pool.EnableNodePublicIP = pulumi.Bool(false)
	pool.VnetSubnetID = ids.NodeSubnetID.ToStringOutput().ToStringPtrOutput()
	if p.PodIPAllocationMode != "" {
		pool.PodIPAllocationMode = pulumi.String(p.PodIPAllocationMode)
		pool.PodSubnetID = ids.PodSubnetID.ToStringOutput().ToStringPtrOutput()
	}
	return pool
}

// optional leaves out what is empty.
func optional(value string) pulumi.StringPtrInput {
	if value == "" {
		return nil
	}
	return pulumi.String(value)
}
