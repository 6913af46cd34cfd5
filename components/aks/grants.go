package aks

import "github.com/underlay-iac/underlay/components/internal/azurerole"

// Grant is a role that an identity of the cluster needs.
type Grant struct {
	// Key names the grant among the others of the cluster.
	Key       string
	Role      azurerole.Role
	Principal Principal
	Target    Target
	// Reason says what AKS does with it.
	Reason string
}

// Principal is an identity of the cluster.
type Principal string

const (
	ControlPlane Principal = "controlPlane" // of AKS's control plane
	Kubelet      Principal = "kubelet"      // of the nodes
)

// Target is what a grant is for.
type Target string

const (
	TargetVnet            Target = "vnet"
	TargetNodeSubnet      Target = "nodeSubnet"
	TargetPodSubnet       Target = "podSubnet"
	TargetAPIServerSubnet Target = "apiServerSubnet"
	TargetRouteTable      Target = "routeTable"
	TargetPublicIPs       Target = "publicIps"
	TargetInboundIP       Target = "inboundIp"
	TargetPrivateZone     Target = "privateZone"
	TargetKubeletIdentity Target = "kubeletIdentity"
	TargetRegistry        Target = "registry"
)

// grants returns the roles that a cluster's identities need.
// https://learn.microsoft.com/azure/aks/use-managed-identity,
// https://learn.microsoft.com/azure/aks/static-ip
func grants(spec Spec) []Grant {
	network := func(key string, target Target, reason string) Grant {
		return Grant{Key: key, Role: azurerole.NetworkContributor, Principal: ControlPlane, Target: target, Reason: reason}
	}
	var all []Grant
	if spec.API.PrivateZone != "" {
		// Linking the zone to the VNet needs more than its subnets.
		all = append(all,
			network("vnet", TargetVnet, "AKS joins nodes to the VNet and links the private zone to it"),
			Grant{"private-zone", azurerole.PrivateDNSZoneContributor, ControlPlane, TargetPrivateZone, "AKS writes the API server's name into the private zone"})
	} else {
		all = append(all, network("nodes", TargetNodeSubnet, "AKS joins nodes and load balancers to their subnet"))
		if spec.Model.podSubnet() {
			all = append(all, network("pods", TargetPodSubnet, "AKS joins pods to their subnet"))
		}
		if spec.API.Access.integrated() {
			all = append(all, network("api-server", TargetAPIServerSubnet, "AKS joins the API server to its subnet"))
		}
	}
	if spec.Model == Kubenet {
		all = append(all, network("routes", TargetRouteTable, "AKS writes a route for each node"))
	}
	if spec.Egress == EgressLoadBalancer {
		all = append(all, network("public-ip", TargetPublicIPs, "AKS puts the public address on its load balancer"))
	}
	if spec.Vnet.InboundIP {
		all = append(all, network("inbound-ip", TargetInboundIP, "AKS puts the address for connections from the internet on its load balancer"))
	}
	if spec.Egress == EgressNone {
		all = append(all,
			Grant{"kubelet", azurerole.ManagedIdentityOperator, ControlPlane, TargetKubeletIdentity, "AKS gives the nodes their identity"},
			Grant{"registry", azurerole.AcrPull, Kubelet, TargetRegistry, "Nodes pull AKS's own images from the registry"})
	}
	return all
}
