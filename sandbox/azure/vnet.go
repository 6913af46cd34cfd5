package azure

import (
	"net/netip"
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	resourceGroupType  = "azure-native:resources:ResourceGroup"
	virtualNetworkType = "azure-native:network/v20240501:VirtualNetwork"
	subnetType         = "azure-native:network/v20240501:Subnet"
	peeringType        = "azure-native:network/v20240501:VirtualNetworkPeering"
)

// The types in the Resource Manager that others refer to.
const (
	armNetwork       = "Microsoft.Network/virtualNetworks"
	armSubnet        = "Microsoft.Network/virtualNetworks/subnets"
	armSecurityGroup = "Microsoft.Network/networkSecurityGroups"
	armRouteTable    = "Microsoft.Network/routeTables"
	armNatGateway    = "Microsoft.Network/natGateways"
	armPublicAddress = "Microsoft.Network/publicIPAddresses"
	armPublicPrefix  = "Microsoft.Network/publicIPPrefixes"
	armDdosPlan      = "Microsoft.Network/ddosProtectionPlans"
)

func resourceGroupKind() *kind {
	return &kind{
		token: resourceGroupType, args: resources.ResourceGroupArgs{}, outputs: resources.ResourceGroup{},
		arm: groupType, path: []string{"resourceGroupName"},
		id: func(s session, in wire.Props) string { return groupID(s.subscription, in.Str("resourceGroupName")) },
		Resource: wire.Resource{
			Unmodelled: []string{"managedBy"},
			Replace:    []string{"location"},
			Name:       random("resourceGroupName"),
		},
		put: func(_ *tx, _, o *Object) error {
			if name := nameOf(o.ID); len(name) > 90 || strings.HasSuffix(name, ".") {
				return refuse("InvalidResourceGroup", "The provided resource group name '%s' is not valid.", name)
			}
			o.Properties["properties"] = map[string]any{"provisioningState": "Succeeded"}
			return nil
		},
		remove: func(t *tx, o *Object) error {
			// Azure would delete all of it without a word.
			left := first(t.sorted(func(other *Object) bool { return strings.HasPrefix(key(other.ID), key(o.ID)+"/") }))
			if left != nil {
				return refuse("ResourceGroupNotEmpty", "The sandbox deletes no resource group that still has resources: %s.", left.ID)
			}
			return nil
		},
	}
}

// oneAtATime is the refusal of a second call that changes a virtual network.
// https://github.com/pulumi/pulumi-azure-native/issues/903
var oneAtATime = refusal{
	"AnotherOperationInProgress", "Another operation on this or dependent resource is in progress: %s. " +
		"To retrieve status of the operation use uri in the response headers.",
}

func virtualNetworkKind() *kind {
	return &kind{
		token: virtualNetworkType, args: network.VirtualNetworkArgs{}, outputs: network.VirtualNetwork{},
		arm: armNetwork, path: []string{"virtualNetworkName"},
		refs: []ref{{path: "ddosProtectionPlan.id", arm: armDdosPlan, anywhere: true}},
		inUse: refusal{"InUseVirtualNetworkCannotBeDeleted",
			"Virtual network %s is in use by %s and cannot be deleted."},
		holds: func(id string) []string { return []string{id} },
		busy:  oneAtATime,
		Resource: wire.Resource{
			Unmodelled: []string{"bgpCommunities", "ipAllocations", "virtualNetworkPeerings"},
			Replace:    []string{"location"},
			Name:       random("virtualNetworkName"),
		},
		put: putVirtualNetwork,
	}
}

// reserved are the ranges that no virtual network can have.
// Source: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
var reserved = []netip.Prefix{
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("168.63.129.16/32"),
}

func putVirtualNetwork(t *tx, old, o *Object) error {
	p := o.props()
	texts := p.Object("addressSpace").Strs("addressPrefixes")
	if len(texts) == 0 {
		return refuse("VnetAddressSpaceNotSpecified", "Address space not specified for virtual network %s.", o.ID)
	}
	var space []netip.Prefix
	for _, text := range texts {
		block, err := prefixOf(o.ID, text)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(reserved, block.Overlaps) || block.Bits() > 29 || block.Bits() < 2 {
			return refuse("VnetAddressPrefixNotAllowed", "Address prefix %s of virtual network %s is not allowed.", block, o.ID)
		}
		if slices.ContainsFunc(space, block.Overlaps) {
			return refuse("VnetAddressPrefixesOverlap", "Address prefix %s of virtual network %s overlaps with another.", block, o.ID)
		}
		space = append(space, block)
	}
	for _, server := range p.Object("dhcpOptions").Strs("dnsServers") {
		if _, err := netip.ParseAddr(server); err != nil {
			return refuse("InvalidIPAddress", "DNS server %s of virtual network %s is not a valid IP address.", server, o.ID)
		}
	}
	if p.Bool("enableDdosProtection") && p.Object("ddosProtectionPlan").Str("id") == "" {
		return refuse("DdosProtectionPlanRequired", "DDoS protection of virtual network %s needs a DDoS protection plan.", o.ID)
	}
	for subnet := range t.under(o.ID, subnetType) {
		for _, block := range prefixes(subnet) {
			if !covers(space, block) {
				return refuse("InUsePrefixCannotBeDeleted", "IpPrefix %s on Subnet %s has active allocations and cannot be deleted.",
					block, nameOf(subnet.ID))
			}
		}
	}
	for peering := range t.under(o.ID, peeringType) {
		if remote := t.find(remoteOf(peering)); remote != nil && !disjoint(space, prefixes(remote)) {
			return overlapping(peering, o, remote)
		}
	}
	if given, ok := p["subnets"]; ok {
		// The rules of the subnets look at the network that they will be in.
		t.add(o)
		return t.putSubnets(old, o, objects(given))
	}
	return nil
}

// putSubnets makes the subnets that a virtual network lists, and deletes those
// it does not list.
func (t *tx) putSubnets(old, o *Object, listed []wire.Props) error {
	k := t.cloud.kinds[subnetType]
	if old != nil {
		for subnet := range t.under(o.ID, subnetType) {
			if slices.ContainsFunc(listed, func(s wire.Props) bool { return strings.EqualFold(s.Str("name"), nameOf(subnet.ID)) }) {
				continue
			}
			if err := t.mayGo(subnet); err != nil {
				return err
			}
			t.remove(subnet)
		}
	}
	for _, s := range listed {
		in := s.Clone()
		in["resourceGroupName"], in["virtualNetworkName"], in["subnetName"] =
			o.props().Str("resourceGroupName"), nameOf(o.ID), s.Str("name")
		id := o.ID + "/subnets/" + s.Str("name")
		if _, err := t.put(k, t.find(id), id, in); err != nil {
			return err
		}
	}
	return nil
}

// prefixes returns the prefixes of a virtual network or of a subnet.
func prefixes(o *Object) []netip.Prefix {
	p := o.props()
	texts := slices.Concat(p.Strs("addressPrefixes"), p.Object("addressSpace").Strs("addressPrefixes"))
	if one := p.Str("addressPrefix"); one != "" {
		texts = append(texts, one)
	}
	var out []netip.Prefix
	for _, text := range texts {
		if block, err := netip.ParsePrefix(text); err == nil {
			out = append(out, block)
		}
	}
	return out
}

// covers reports whether a prefix lies in one of the others.
func covers(space []netip.Prefix, block netip.Prefix) bool {
	return slices.ContainsFunc(space, func(b netip.Prefix) bool { return b.Bits() <= block.Bits() && b.Contains(block.Addr()) })
}

func disjoint(a, b []netip.Prefix) bool {
	return !slices.ContainsFunc(a, func(p netip.Prefix) bool { return slices.ContainsFunc(b, p.Overlaps) })
}

func subnetKind() *kind {
	return &kind{
		token: subnetType, args: network.SubnetArgs{}, outputs: network.Subnet{},
		arm: armSubnet, path: []string{"virtualNetworkName", "subnetName"},
		refs: []ref{
			{path: "networkSecurityGroup.id", arm: armSecurityGroup},
			{path: "routeTable.id", arm: armRouteTable},
			{path: "natGateway.id", arm: armNatGateway},
		},
		inUse: refusal{"InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s and cannot be deleted. " +
			"In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."},
		holds: func(id string) []string { return []string{parentOf(id)} },
		busy:  oneAtATime,
		Resource: wire.Resource{
			Unmodelled: []string{
				"applicationGatewayIPConfigurations", "ipAllocations", "ipamPoolPrefixAllocations", "serviceEndpointPolicies", "sharingScope",
			},
			Name: copied("subnetName"),
		},
		put: putSubnet,
	}
}

// delegable are services that a subnet can be delegated to.
// Source: https://learn.microsoft.com/azure/virtual-network/subnet-delegation-overview
var delegable = []string{
	"Microsoft.ContainerService/managedClusters", "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.DBforMySQL/flexibleServers",
	"Microsoft.Network/dnsResolvers", "Microsoft.Network/applicationGateways", "Microsoft.ServiceNetworking/trafficControllers",
	"Microsoft.Web/serverFarms", "Microsoft.Web/hostingEnvironments", "Microsoft.App/environments",
	"Microsoft.ContainerInstance/containerGroups", "Microsoft.Databricks/workspaces", "Microsoft.Sql/managedInstances",
	"Microsoft.NetApp/volumes", "Microsoft.Batch/batchAccounts", "Microsoft.Kusto/clusters", "Microsoft.Synapse/workspaces",
}

func putSubnet(t *tx, old, o *Object) error {
	p := o.props()
	vnet := t.find(parentOf(o.ID))
	texts := p.Strs("addressPrefixes")
	if one := p.Str("addressPrefix"); one != "" {
		texts = append(texts, one)
	}
	if len(texts) != 1 {
		return refuse("SubnetAddressPrefixInvalid", "Subnet %s must have one address prefix, not %d.", o.ID, len(texts))
	}
	block, err := prefixOf(o.ID, texts[0])
	if err != nil {
		return err
	}
	if block.Bits() > 29 {
		return refuse("NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", nameOf(o.ID), nameOf(vnet.ID))
	}
	if !covers(prefixes(vnet), block) {
		return refuse("NetcfgSubnetRangeOutsideVnet",
			"Subnet '%s' is not valid because its IP address range is outside the IP address range of virtual network '%s'.",
			nameOf(o.ID), nameOf(vnet.ID))
	}
	for other := range t.under(vnet.ID, subnetType) {
		if key(other.ID) != key(o.ID) && slices.ContainsFunc(prefixes(other), block.Overlaps) {
			return refuse("NetcfgSubnetRangesOverlap",
				"Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '%s'.",
				nameOf(o.ID), nameOf(vnet.ID))
		}
	}
	if err := t.checkSubnetChange(old, o, block); err != nil {
		return err
	}
	if err := t.checkReservedSubnet(o); err != nil {
		return err
	}
	if gateway := p.Object("natGateway").Str("id"); gateway != "" {
		for user := range t.users(gateway) {
			if key(parentOf(user.ID)) != key(vnet.ID) {
				// The code is the sandbox's: the documents give the rule only.
				// https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
				return refuse("NatGatewayCannotSpanVirtualNetworks",
					"Nat gateway %s of subnet %s is in another virtual network already, with subnet %s.", gateway, o.ID, user.ID)
			}
		}
	}
	for _, d := range objects(p["delegations"]) {
		service := d.Str("serviceName")
		if !slices.ContainsFunc(delegable, func(s string) bool { return strings.EqualFold(s, service) }) {
			return refuse("InvalidServiceNameOnDelegation",
				"The service name %s specified on delegation %s/delegations/%s is not valid. Valid value(s) are: %s.",
				service, o.ID, d.Str("name"), strings.Join(delegable, ","))
		}
	}
	if err := oneOf(o, "privateEndpointNetworkPolicies", p.Str("privateEndpointNetworkPolicies"),
		"Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"); err != nil {
		return err
	}
	// Source: https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
	for name, value := range map[string]string{
		"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled",
	} {
		if p.Str(name) == "" {
			p[name] = value
		}
	}
	return nil
}

// checkSubnetChange refuses what cannot change while a subnet is used.
func (t *tx) checkSubnetChange(old, o *Object, block netip.Prefix) error {
	if old == nil {
		return nil
	}
	user := first(t.users(o.ID))
	if user == nil {
		return nil
	}
	if before := prefixes(old); !slices.Equal(before, []netip.Prefix{block}) {
		for other := range t.users(o.ID) {
			for _, a := range other.Addresses {
				if ip, err := netip.ParseAddr(a.IP); err == nil && key(a.Subnet) == key(o.ID) && block.Contains(ip) {
					continue
				}
				return refuse("InUsePrefixCannotBeDeleted", "IpPrefix %s on Subnet %s has active allocations and cannot be deleted.",
					words(before), nameOf(o.ID))
			}
		}
	}
	if was, is := delegations(old), delegations(o); !slices.Equal(was, is) {
		return refuse("SubnetDelegationsCannotChangeWhenSubnetUsedByResource",
			"Delegations of subnet %s cannot be changed from [%s] to [%s] because it is being used by the resource %s.",
			o.ID, strings.Join(was, ","), strings.Join(is, ","), user.ID)
	}
	return nil
}

// delegations returns the services that a subnet is delegated to.
func delegations(subnet *Object) []string {
	var out []string
	for _, d := range objects(subnet.Properties["delegations"]) {
		out = append(out, d.Str("serviceName"))
	}
	return out
}

// The subnets that Azure knows by their names.
const (
	firewallSubnet           = "AzureFirewallSubnet"
	firewallManagementSubnet = "AzureFirewallManagementSubnet"
	bastionSubnet            = "AzureBastionSubnet"
	gatewaySubnet            = "GatewaySubnet"
)

// checkReservedSubnet refuses what subnets of certain names cannot have. The
// codes are the sandbox's where the documents give none.
// Sources: https://learn.microsoft.com/azure/firewall/firewall-faq,
// https://learn.microsoft.com/azure/bastion/bastion-nsg,
// https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings#gwsub
func (t *tx) checkReservedSubnet(o *Object) error {
	p := o.props()
	group := p.Object("networkSecurityGroup").Str("id")
	switch name := nameOf(o.ID); name {
	case firewallSubnet, firewallManagementSubnet, gatewaySubnet:
		if group != "" {
			return refuse("NetworkSecurityGroupNotSupportedOnSubnet", "Network security group %s cannot be associated with subnet %s.",
				group, name)
		}
	case bastionSubnet:
		if table := p.Object("routeTable").Str("id"); table != "" {
			return refuse("RouteTableCannotBeAttachedForAzureBastionSubnet",
				"Route table cannot be attached to subnet %s: %s.", name, table)
		}
		if group != "" && !admitsBastion(t.find(group)) {
			return refuse("NetworkSecurityGroupNotCompliantForAzureBastionSubnet",
				"Network security group %s does not have necessary rules for Azure Bastion Subnet %s.", nameOf(group), name)
		}
	}
	return nil
}

func peeringKind() *kind {
	return &kind{
		token: peeringType, args: network.VirtualNetworkPeeringArgs{}, outputs: network.VirtualNetworkPeering{},
		arm: "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", path: []string{"virtualNetworkName", "virtualNetworkPeeringName"},
		refs:  []ref{{path: "remoteVirtualNetwork.id", arm: armNetwork, weak: true, anywhere: true}},
		holds: func(id string) []string { return []string{parentOf(id)} },
		busy:  oneAtATime,
		Resource: wire.Resource{
			Unmodelled: []string{
				"enableOnlyIPv6Peering", "localAddressSpace", "localSubnetNames", "localVirtualNetworkAddressSpace", "peerCompleteVnets",
				"peeringState", "peeringSyncLevel", "remoteAddressSpace", "remoteBgpCommunities", "remoteSubnetNames",
				"remoteVirtualNetworkAddressSpace", "syncRemoteAddressSpace",
			},
			Name: copied("virtualNetworkPeeringName"),
		},
		put: putPeering,
		remove: func(t *tx, o *Object) error {
			if back := t.peeringBack(o); back != nil {
				t.edit(back).Properties["peeringState"] = "Disconnected"
			}
			return nil
		},
	}
}

// remoteOf returns the id of the virtual network at the other end of a peering.
func remoteOf(peering *Object) string {
	return peering.props().Object("remoteVirtualNetwork").Str("id")
}

// peeringBack returns the peering of the other side, or nil.
func (t *tx) peeringBack(peering *Object) *Object {
	for other := range t.under(remoteOf(peering), peeringType) {
		if key(remoteOf(other)) == key(parentOf(peering.ID)) {
			return other
		}
	}
	return nil
}

// disconnect tells the other sides of its peerings that a network is gone, and
// takes away its links to private zones.
// Source: https://learn.microsoft.com/azure/dns/private-dns-autoregistration
func (t *tx) disconnect(id string) {
	for link := range t.all(zoneLinkType) {
		if key(link.props().Object("virtualNetwork").Str("id")) == key(id) {
			t.remove(link)
		}
	}
	for peering := range t.under(id, peeringType) {
		if back := t.peeringBack(peering); back != nil {
			t.edit(back).Properties["peeringState"] = "Disconnected"
		}
	}
}

func overlapping(peering, local, remote *Object) error {
	return refuse("VnetAddressSpacesOverlap", "Cannot create or update peering %s. Virtual networks %s and %s cannot be peered "+
		"because their address spaces overlap. Overlapping address prefixes: %s, %s.",
		peering.ID, local.ID, remote.ID, words(prefixes(local)), words(prefixes(remote)))
}

func putPeering(t *tx, _, o *Object) error {
	p := o.props()
	local, remote := t.find(parentOf(o.ID)), t.find(remoteOf(o))
	if remoteOf(o) == "" {
		return refuse("InvalidRequestFormat", "Cannot parse the request: peering %s has no remote virtual network.", o.ID)
	}
	if key(local.ID) == key(remoteOf(o)) {
		return refuse("CannotPeerVnetWithItself", "Cannot peer virtual network %s with itself.", local.ID)
	}
	for other := range t.under(local.ID, peeringType) {
		if key(other.ID) == key(o.ID) {
			continue
		}
		if key(remoteOf(other)) == key(remoteOf(o)) {
			return refuse("AnotherPeeringAlreadyReferencesRemoteVnet",
				"Peering %s cannot be created or updated because peering %s already references remote virtual network %s.",
				o.ID, other.ID, remoteOf(o))
		}
		if there := t.find(remoteOf(other)); there != nil && remote != nil && !disjoint(prefixes(there), prefixes(remote)) {
			return refuse("VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", "Cannot create or update peering %s. The address space of "+
				"virtual network %s overlaps with that of virtual network %s, which is peered already.", o.ID, remote.ID, there.ID)
		}
	}
	p["peeringState"], p["peeringSyncLevel"] = "Initiated", "RemoteNotInSync"
	if remote == nil {
		// Someone else's: what is known of it ends here.
		return nil
	}
	if !disjoint(prefixes(local), prefixes(remote)) {
		return overlapping(o, local, remote)
	}
	if p.Bool("useRemoteGateways") {
		// No gateway is modelled, so no virtual network has one.
		return refuse("RemoteVnetHasNoGateways", "Peering %s cannot have UseRemoteGateways flag set to true because remote virtual network "+
			"%s referenced by the peering does not have any gateways.", o.ID, remote.ID)
	}
	if back := t.peeringBack(o); back != nil {
		p["peeringState"], p["peeringSyncLevel"] = "Connected", "FullyInSync"
		b := t.edit(back)
		b.Properties["peeringState"], b.Properties["peeringSyncLevel"] = "Connected", "FullyInSync"
	}
	return nil
}
