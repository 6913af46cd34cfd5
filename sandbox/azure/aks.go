package azure

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-azure-native-sdk/containerservice/v3"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const managedClusterType = "azure-native:containerservice:ManagedCluster"

func managedClusterKind() *kind {
	return &kind{
		token: managedClusterType, args: containerservice.ManagedClusterArgs{}, outputs: containerservice.ManagedCluster{},
		arm: clusterService, path: []string{"resourceName"},
		refs: []ref{
			{path: "agentPoolProfiles[].vnetSubnetID", arm: armSubnet},
			{path: "agentPoolProfiles[].podSubnetID", arm: armSubnet},
			{path: "apiServerAccessProfile.subnetId", arm: armSubnet},
			{path: "networkProfile.loadBalancerProfile.outboundIPs.publicIPs[].id", arm: armPublicAddress, alone: taken},
			{path: "networkProfile.loadBalancerProfile.outboundIPPrefixes.publicIPPrefixes[].id", arm: armPublicPrefix},
			{path: "identity.userAssignedIdentities[]", arm: armIdentity, weak: true, anywhere: true},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"servicePrincipalProfile", "podIdentityProfile", "privateLinkResources"},
			Replace: []string{
				"diskEncryptionSetID", "dnsPrefix", "fqdnSubdomain", "linuxProfile", "location", "networkProfile", "nodeResourceGroup",
				"windowsProfile",
			},
			Name: random("resourceName"),
		},
		put: putManagedCluster,
	}
}

// cluster is what the rules of a cluster look at.
type cluster struct {
	*Object
	network, api wire.Props
	pools        []wire.Props
	// identities are those that the cluster is given; none is its own.
	identities []string
}

// privateZone returns the id of the private zone of the API server's name, or
// "" when the cluster has one of its own or none.
func (c cluster) privateZone() string {
	zone := c.api.Str("privateDNSZone")
	if strings.EqualFold(zone, "system") || strings.EqualFold(zone, "none") {
		return ""
	}
	return zone
}

func putManagedCluster(t *tx, old, o *Object) error {
	p := o.props()
	c := cluster{
		Object: o, network: p.Object("networkProfile"), api: p.Object("apiServerAccessProfile"),
		pools: objects(p["agentPoolProfiles"]), identities: p.Object("identity").Strs("userAssignedIdentities"),
	}
	if p.Object("identity").Str("type") == "" {
		return refuse("ServicePrincipalProfileNotSet", "Cluster %s has neither an identity nor a service principal.", o.ID)
	}
	if len(c.pools) == 0 {
		return refuse("InvalidParameter", "The value of parameter agentPoolProfiles of %s has to contain at least one system pool.", o.ID)
	}
	for _, check := range []func(cluster) error{
		t.checkIdentity, t.checkAPIServer, t.checkPools, t.checkRanges, t.checkOutbound, t.checkPermissions,
	} {
		if err := check(c); err != nil {
			return err
		}
	}
	if old != nil && old.props().Object("apiServerAccessProfile").Bool("enableVnetIntegration") && !c.api.Bool("enableVnetIntegration") {
		return refuse("DisablingVnetIntegrationNotAllowed", "API server VNet integration of %s cannot be disabled.", o.ID)
	}
	t.describeCluster(old, c)
	return nil
}

// checkIdentity refuses what the identity of a cluster itself cannot do.
// Source: https://learn.microsoft.com/azure/aks/use-managed-identity
func (t *tx) checkIdentity(c cluster) error {
	if len(c.identities) > 0 {
		return nil
	}
	custom := c.privateZone()
	if custom == "" && strings.EqualFold(c.network.Str("networkPlugin"), "kubenet") {
		for _, pool := range c.pools {
			if subnet := t.find(pool.Str("vnetSubnetID")); subnet != nil {
				custom = subnet.props().Object("routeTable").Str("id")
			}
		}
	}
	if custom == "" {
		return nil
	}
	return refuse("OnlySupportedOnUserAssignedMSICluster", "System-assigned managed identity not supported for custom resource %s. "+
		"Please use user-assigned managed identity.", custom)
}

// checkAPIServer refuses ways to the API server that exclude each other. The
// codes are the sandbox's where the documents give none.
// Sources: https://learn.microsoft.com/azure/aks/private-clusters,
// https://learn.microsoft.com/azure/aks/api-server-vnet-integration
func (t *tx) checkAPIServer(c cluster) error {
	private := c.api.Bool("enablePrivateCluster")
	zone := c.api.Str("privateDNSZone")
	switch {
	case private && len(c.api.Strs("authorizedIPRanges")) > 0:
		return refuse("AuthorizedIPRangesNotSupportedForPrivateCluster", "Authorized IP ranges are not supported for private cluster %s.", c.ID)
	case !private && zone != "":
		return refuse("PrivateDNSZoneNotSupportedForPublicCluster", "Private DNS zone is not supported for public cluster %s.", c.ID)
	case private && strings.EqualFold(zone, "none") && c.api["enablePrivateClusterPublicFQDN"] == false:
		return refuse("PrivateClusterWithoutFQDN", "Private cluster %s without a private DNS zone must have a public FQDN.", c.ID)
	case c.props().Str("fqdnSubdomain") != "" && c.privateZone() == "":
		return refuse("FqdnSubdomainRequiresPrivateDNSZone", "FQDN subdomain of %s needs a custom private DNS zone.", c.ID)
	}
	if id := c.privateZone(); id != "" {
		o := t.find(id)
		if o == nil && !t.foreign(id) || o != nil && o.Type != privateZoneType {
			return refuse("CustomPrivateDNSZoneNotFound", "Private DNS zone %s of %s was not found.", id, c.ID)
		}
		at := location(c.props().Str("location"))
		if !strings.HasSuffix(nameOf(id), "privatelink."+at+".azmk8s.io") && !strings.HasSuffix(nameOf(id), "private."+at+".azmk8s.io") {
			return refuse("InvalidPrivateDNSZoneName", "Private DNS zone %s of %s must be named [subzone.]privatelink.%s.azmk8s.io.", nameOf(id), c.ID, at)
		}
	}
	integrated, subnet := c.api.Bool("enableVnetIntegration"), t.find(c.api.Str("subnetId"))
	if subnet == nil {
		return nil
	}
	if !integrated {
		return refuse("ApiServerSubnetWithoutVnetIntegration", "Subnet %s of the API server of %s needs VNet integration.", subnet.ID, c.ID)
	}
	if !slices.Contains(delegations(subnet), clusterService) {
		return refuse("SubnetMissingRequiredDelegation", "Subnet %s requires any of the following delegation(s) [%s] to reference %s.",
			subnet.ID, clusterService, c.ID)
	}
	return t.largeEnough(subnet.ID, 28)
}

// checkPools refuses pools in subnets that are not for them.
// Source: https://learn.microsoft.com/azure/aks/configure-azure-cni-dynamic-ip-allocation
func (t *tx) checkPools(c cluster) error {
	vnet, names := "", map[string]bool{}
	system := false
	for _, pool := range c.pools {
		if names[pool.Str("name")] {
			return refuse("InvalidParameter", "Cluster %s has two agent pools %s.", c.ID, pool.Str("name"))
		}
		names[pool.Str("name")] = true
		system = system || strings.EqualFold(pool.Str("mode"), "System")
		if n, given := pool.Int("maxPods"); given && (n < 10 || n > 250) {
			return refuse("InvalidParameter", "The value of parameter maxPods of agent pool %s must be from 10 to 250, not %d.", pool.Str("name"), n)
		}
		nodes, pods := t.find(pool.Str("vnetSubnetID")), t.find(pool.Str("podSubnetID"))
		if nodes == nil {
			if pods != nil {
				return refuse("PodSubnetWithoutNodeSubnet", "Agent pool %s has a pod subnet and no node subnet.", pool.Str("name"))
			}
			continue
		}
		if vnet != "" && key(parentOf(nodes.ID)) != key(vnet) {
			return refuse("AgentPoolsInDifferentVnets", "All agent pools of %s must be in virtual network %s, and %s is not.", c.ID, vnet, nodes.ID)
		}
		vnet = parentOf(nodes.ID)
		if err := t.enter(c.Object, nodes.ID, ""); err != nil {
			return err
		}
		if pods == nil {
			continue
		}
		if key(pods.ID) == key(nodes.ID) || key(parentOf(pods.ID)) != key(vnet) {
			return refuse("InvalidPodSubnet", "Pod subnet %s must be another subnet of virtual network %s.", pods.ID, vnet)
		}
		if err := t.enter(c.Object, pods.ID, clusterService); err != nil {
			return err
		}
	}
	if !system {
		return refuse("InvalidParameter", "Cluster %s must have at least one agent pool of mode System.", c.ID)
	}
	return nil
}

// reservedByCluster are ranges that neither pods nor services can have.
// Source: https://learn.microsoft.com/azure/aks/azure-cni-overview
var reservedByCluster = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.30.0.0/16"), netip.MustParsePrefix("172.31.0.0/16"),
	netip.MustParsePrefix("192.0.2.0/24"),
}

// checkRanges refuses ranges of pods and services that overlap with each other
// or with the virtual network.
func (t *tx) checkRanges(c cluster) error {
	service, err := prefixOr(c, "serviceCidr", "10.0.0.0/16")
	if err != nil {
		return err
	}
	if service.Bits() < 12 {
		return refuse("InvalidServiceCidr", "Service CIDR %s of %s must be smaller than /12.", service, c.ID)
	}
	ranges := map[string]netip.Prefix{"service": service}
	overlay := strings.EqualFold(c.network.Str("networkPluginMode"), "overlay") || strings.EqualFold(c.network.Str("networkPlugin"), "kubenet")
	if overlay {
		if ranges["pod"], err = prefixOr(c, "podCidr", "10.244.0.0/16"); err != nil {
			return err
		}
		if service.Overlaps(ranges["pod"]) {
			return refuse("ServiceCidrOverlapPodCidr", "Service CIDR %s of %s overlaps with pod CIDR %s.", service, c.ID, ranges["pod"])
		}
	}
	for _, what := range []string{"service", "pod"} {
		block, given := ranges[what]
		if !given {
			continue
		}
		if slices.ContainsFunc(reservedByCluster, block.Overlaps) {
			return refuse("ReservedCidr", "The specified %s CIDR %s of %s is in a reserved range.", what, block, c.ID)
		}
		for _, pool := range c.pools {
			nodes := t.find(pool.Str("vnetSubnetID"))
			if nodes == nil {
				continue
			}
			for other := range t.under(parentOf(nodes.ID), subnetType) {
				for _, taken := range prefixes(other) {
					if taken.Overlaps(block) {
						code := map[string]string{
							"service": "ServiceCidrOverlapExistingSubnetsCidr", "pod": "PodCidrOverlapExistingSubnetsCidr",
						}[what]
						return refuse(code, "The specified %s CIDR %s is conflicted with an existing subnet CIDR %s", what, block, taken)
					}
				}
			}
		}
	}
	dns := c.network.Str("dnsServiceIP")
	if dns == "" {
		dns = "10.0.0.10"
	}
	if a, err := netip.ParseAddr(dns); err != nil || !service.Contains(a) || a == service.Addr() || a == service.Addr().Next() {
		return refuse("InvalidDnsServiceIP", "DNS service IP %s of %s must be in service CIDR %s, and not its first address.", dns, c.ID, service)
	}
	return nil
}

func prefixOr(c cluster, property, otherwise string) (netip.Prefix, error) {
	text := c.network.Str(property)
	if text == "" {
		text = otherwise
	}
	return prefixOf(c.ID, text)
}

// checkOutbound refuses a way out that the subnets of the pools do not have.
// Source: https://learn.microsoft.com/azure/aks/egress-outboundtype
func (t *tx) checkOutbound(c cluster) error {
	out := c.network.Str("outboundType")
	if err := oneOf(c.Object, "networkProfile.outboundType", out,
		"loadBalancer", "userDefinedRouting", "managedNATGateway", "userAssignedNATGateway", "none"); err != nil {
		return err
	}
	for _, pool := range c.pools {
		subnet := t.find(pool.Str("vnetSubnetID"))
		switch out {
		case "userDefinedRouting":
			if subnet == nil {
				return refuse("UserDefinedRoutingWithoutSubnet", "Outbound type userDefinedRouting of %s needs a subnet of your own.", c.ID)
			}
			if err := t.checkDefaultRoute(subnet); err != nil {
				return err
			}
		case "userAssignedNATGateway":
			if subnet == nil || subnet.props().Object("natGateway").Str("id") == "" {
				return refuse("NatGatewayNotFoundOnSubnet", "Outbound type userAssignedNATGateway of %s needs a NAT gateway on the subnet of pool %s.",
					c.ID, pool.Str("name"))
			}
		case "managedNATGateway":
			if subnet != nil {
				return refuse("ManagedNATGatewayWithCustomVnet", "Outbound type managedNATGateway of %s is for managed virtual networks, not %s.",
					c.ID, subnet.ID)
			}
		case "none":
			if !c.api.Bool("enablePrivateCluster") && !c.api.Bool("enableVnetIntegration") ||
				c.props().Object("bootstrapProfile").Str("artifactSource") != "Cache" {
				return refuse("OutboundTypeNoneNotSupported",
					"Outbound type none of %s needs a private or integrated API server and artifacts from a cache.", c.ID)
			}
		}
	}
	return nil
}

// checkDefaultRoute refuses a subnet without a way out by its route table.
// https://github.com/hashicorp/terraform-provider-azurerm/issues/8609
func (t *tx) checkDefaultRoute(subnet *Object) error {
	table := subnet.props().Object("routeTable").Str("id")
	if table == "" {
		return refuse("ExistingRouteTableNotAssociatedWithSubnet",
			"An existing route table has not been associated with subnet %s. Please update the route table association", subnet.ID)
	}
	for _, route := range t.routes(table) {
		if route.Str("addressPrefix") != "0.0.0.0/0" {
			continue
		}
		if hop := route.Str("nextHopType"); !slices.Contains([]string{"VirtualAppliance", "VirtualNetworkGateway"}, hop) {
			return refuse("RouteTableInvalidNextHop",
				"Invalid next hop %s of the route 0.0.0.0/0 in route table %s. It must be VirtualAppliance or VirtualNetworkGateway.", hop, table)
		}
		return nil
	}
	return refuse("RouteTableMissingDefaultRoute", "Route table %s of subnet %s has no route 0.0.0.0/0.", table, subnet.ID)
}

// checkPermissions refuses identities that may not touch what they are to
// change. Only a cluster is asked, because no one else can wait for its roles.
// Source: https://learn.microsoft.com/azure/aks/configure-kubenet#prerequisites
func (t *tx) checkPermissions(c cluster) error {
	if len(c.identities) == 0 {
		return nil
	}
	who := t.find(c.identities[0])
	if who == nil {
		// Someone else's: its roles are not known here.
		return nil
	}
	principal := who.props().Str("principalId")
	subnets := []string{c.api.Str("subnetId")}
	for _, pool := range c.pools {
		subnets = append(subnets, pool.Str("vnetSubnetID"), pool.Str("podSubnetID"))
	}
	for _, id := range subnets {
		if id == "" {
			continue
		}
		if !t.hasRole(principal, id, roleOwner, roleContributor, roleNetworkContributor) {
			return refuse("LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action "+
				"'Microsoft.ContainerService/managedClusters/write' on scope '%s'; however, it does not have permission to perform action(s) "+
				"'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '%s' (respectively) or the linked scope(s) "+
				"are invalid.", principal, principal, c.ID, id)
		}
	}
	if zone := c.privateZone(); zone != "" && !t.hasRole(principal, zone, roleOwner, roleContributor, rolePrivateZone) {
		return refuse("CustomPrivateDNSZoneMissingPermissionError", "Service principal or user identity must be given permission to read and "+
			"write to custom private dns zone %s. Check access result not allowed for action Microsoft.Network/privateDnsZones/read.", zone)
	}
	return nil
}

// describeCluster adds what Azure chooses.
func (t *tx) describeCluster(old *Object, c cluster) {
	p := c.props()
	at, mark := location(p.Str("location")), hash(8, c.ID)
	prefix := p.Str("dnsPrefix")
	if prefix == "" {
		prefix = nameOf(c.ID) + "-dns"
	}
	if c.api.Bool("enablePrivateCluster") {
		zone := "privatelink." + at + ".azmk8s.io"
		if id := c.privateZone(); id != "" {
			zone = nameOf(id)
		}
		if sub := p.Str("fqdnSubdomain"); sub != "" {
			p["privateFQDN"] = sub + "." + zone
		} else if !strings.EqualFold(c.api.Str("privateDNSZone"), "none") {
			p["privateFQDN"] = prefix + "-" + mark + "." + zone
		}
	}
	p["fqdn"] = prefix + "-" + mark + ".hcp." + at + ".azmk8s.io"
	p["azurePortalFQDN"] = prefix + "-" + mark + ".portal.hcp." + at + ".azmk8s.io"
	p["azureApiVersion"] = "2025-09-01"
	p["maxAgentPools"] = 100.0
	p["powerState"] = map[string]any{"code": "Running"}
	p["currentKubernetesVersion"] = p.Str("kubernetesVersion")
	p["resourceUID"] = strings.ReplaceAll(uuid(c.ID, "uid"), "-", "")
	if p.Str("nodeResourceGroup") == "" {
		name := "MC_" + p.Str("resourceGroupName") + "_" + nameOf(c.ID) + "_" + at
		p["nodeResourceGroup"] = name[:min(len(name), 80)]
	}
	if issuer := p.Object("oidcIssuerProfile"); issuer.Bool("enabled") {
		issuer["issuerURL"] = "https://" + at + ".oic.prod-aks.azure.com/" + t.session.tenant + "/" + uuid(c.ID, "issuer") + "/"
	}
	identity := p.Object("identity")
	if len(c.identities) == 0 {
		identity["principalId"], identity["tenantId"] = uuid(c.ID, "principal", t.next()), t.session.tenant
		if old != nil && old.props().Object("identity").Str("principalId") != "" {
			identity["principalId"] = old.props().Object("identity").Str("principalId")
		}
	}
	t.expandIdentities(identity)
	p["identityProfile"] = map[string]any{"kubeletidentity": map[string]any{
		"objectId": uuid(c.ID, "kubelet"), "clientId": uuid(c.ID, "kubelet client"),
		"resourceId": groupID(c.Subscription, p.Str("nodeResourceGroup")) + "/providers/" + armIdentity + "/" + nameOf(c.ID) + "-agentpool",
	}}
}

// expandIdentities gives the identities of an object the form that they have
// in its outputs: by id, with their principals.
func (t *tx) expandIdentities(identity wire.Props) {
	ids := identity.Strs("userAssignedIdentities")
	if len(ids) == 0 {
		return
	}
	all := map[string]any{}
	for _, id := range ids {
		all[id] = map[string]any{}
		if o := t.find(id); o != nil {
			all[id] = map[string]any{"principalId": o.Properties["principalId"], "clientId": o.Properties["clientId"]}
		}
	}
	identity["userAssignedIdentities"] = all
}
