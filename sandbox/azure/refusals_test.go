package azure_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// rule is an NSG rule.
func rule(name, direction string, priority int) in {
	return in{
		"name": name, "access": "Allow", "direction": direction, "priority": priority, "protocol": "Tcp", "sourceAddressPrefix": "*",
		"sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "443",
	}
}

func nsgIn(name string, rules ...any) in {
	return named("networkSecurityGroupName", name, in{"securityRules": rules})
}

func nicIn(name string, subnet res) in {
	return named("networkInterfaceName", name, in{"ipConfigurations": []any{in{"name": "it", "subnet": id(subnet)}}})
}

func peIn(name string, subnet res) in {
	return named("privateEndpointName", name, in{
		"subnet": id(subnet), "privateLinkServiceConnections": []any{in{"name": "it", "privateLinkServiceId": vaultID}},
	})
}

func peeringIn(from, to res) in {
	return named("virtualNetworkPeeringName", to.name(), in{"virtualNetworkName": from.name(), "remoteVirtualNetwork": id(to)})
}

func zoneIn(name string) in { return named("privateZoneName", name, in{"location": "global"}) }

func linkIn(zone, name string, vnet res) in {
	return named("virtualNetworkLinkName", name, in{"privateZoneName": zone, "virtualNetwork": id(vnet), "location": "global"})
}

func routeIn(name, prefix, hop, address string) in {
	out := named("routeName", name, in{"routeTableName": "rt", "addressPrefix": prefix, "nextHopType": hop})
	if address != "" {
		out["nextHopIpAddress"] = address
	}
	return out
}

func firewallIn(subnet, pip res, more in) in {
	out := named("azureFirewallName", "fw", in{
		"sku": in{"name": "AZFW_VNet", "tier": "Standard"}, "ipConfigurations": []any{in{"name": "it", "subnet": id(subnet), "publicIPAddress": id(pip)}},
	})
	for k, v := range more {
		out[k] = v
	}
	return out
}

// aks makes what a private cluster behind a firewall needs, all but what skip
// names, and returns the inputs of the cluster.
func (i *instance) aks(skip string) in {
	i.t.Helper()
	i.group()
	vnet := i.vnet("vnet", "10.0.0.0/16")
	table := i.create(tableType, named("routeTableName", "rt", nil))
	if skip != "route" {
		i.create(routeType, routeIn("default", "0.0.0.0/0", "VirtualAppliance", "10.1.0.4"))
	}
	more := in{"routeTable": id(table)}
	if skip == "table" {
		more = nil
	}
	nodes := i.subnet(vnet, "nodes", "10.0.0.0/24", more)
	service := "Microsoft.ContainerService/managedClusters"
	if skip == "delegation" {
		service = "Microsoft.Web/serverFarms"
	}
	api := i.subnet(vnet, "api", "10.0.2.0/28", delegated(service))
	who := i.identity("aks")
	zone := i.create(zoneType, zoneIn("privatelink.westeurope.azmk8s.io"))
	if skip != "subnet role" {
		_, err := i.assign(who, networkContributor, vnet.id)
		require.NoError(i.t, err)
	}
	if skip != "zone role" {
		_, err := i.assign(who, zoneContributor, zone.id)
		require.NoError(i.t, err)
	}
	return clusterIn(nodes, api, who, zone)
}

// nested returns inputs whose object has one more property, or one less when
// the value is nil.
func nested(inputs in, object, property string, value any) in {
	return with(inputs, object, with(inputs[object].(in), property, value))
}

// pool returns the inputs of a cluster whose pool has one more property.
func pool(inputs in, property string, value any) in {
	return with(inputs, "agentPoolProfiles", []any{with(inputs["agentPoolProfiles"].([]any)[0].(in), property, value)})
}

// Each case leads up to one call that Azure refuses. The codes and the words
// are Azure's where they are published: in
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors,
// https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes and
// in what users of its providers have reported. {0} and so on in want are the
// ids of the resources that the case returns.
var refusals = []struct {
	name string
	call func(i *instance) ([]res, error)
	want string
}{
	// Parents, names and places.
	{
		name: "no resource group",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(vnetType, with(vnetIn("vnet", "10.0.0.0/16"), "location", "westeurope"))
			return nil, err
		},
		want: `Status=404 Code="ResourceGroupNotFound" Message="Resource group 'rg' could not be found."`,
	},
	{
		name: "no virtual network",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(subnetType, named("subnetName", "a", in{"virtualNetworkName": "vnet", "addressPrefix": "10.0.0.0/24"}))
			return nil, err
		},
		want: `Status=404 Code="ParentResourceNotFound" Message="Failed to perform 'write' on resource(s) of type ` +
			`'Microsoft.Network/virtualNetworks/subnets', because the parent resource 'Microsoft.Network/virtualNetworks/vnet' could not be found."`,
	},
	{
		name: "a name twice",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(vnetType, vnetIn("VNET", "10.0.0.0/16"))
			return []res{vnet}, err
		},
		want: "cannot create already existing resource '" + subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/VNET'",
	},
	{
		name: "a name with a space",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(vnetType, vnetIn("a network", "10.0.0.0/16"))
			return nil, err
		},
		want: `Code="InvalidResourceName" Message="Resource name a network is invalid.`,
	},
	{
		name: "another location",
		call: func(i *instance) ([]res, error) {
			i.group()
			nsg := i.create(nsgType, named("networkSecurityGroupName", "nsg", nil))
			_, err := i.update(nsg, named("networkSecurityGroupName", "nsg", in{"location": "northeurope"}))
			return nil, err
		},
		want: `Status=409 Code="InvalidResourceLocation" Message="The resource 'nsg' already exists in location 'westeurope' in resource group 'rg'.`,
	},
	{
		name: "a reference across regions",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nsg := i.create(nsgType, named("networkSecurityGroupName", "nsg", in{"location": "northeurope"}))
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/24", in{"networkSecurityGroup": id(nsg)}))
			return []res{nsg, vnet}, err
		},
		want: `Code="InvalidResourceReference" Message="Resource {0} referenced by resource {1}/subnets/a was not found. ` +
			`Please make sure that the referenced resource exists, and that both resources are in the same region."`,
	},
	{
		name: "a reference to nothing",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/24", in{"routeTable": in{"id": subscription + "/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt"}}))
			return nil, err
		},
		want: `Code="InvalidResourceReference"`,
	},
	{
		name: "a reference to another type",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/24", in{"routeTable": id(vnet)}))
			return nil, err
		},
		want: `Code="InvalidResourceReference"`,
	},
	{
		name: "a reference that is a name",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/24", in{"routeTable": in{"id": "rt"}}))
			return nil, err
		},
		want: `Code="LinkedInvalidPropertyId" Message="Property id 'rt' at path 'properties.routeTable.id' is invalid.`,
	},

	// Virtual networks and subnets.
	{
		name: "a network with host bits",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(vnetType, vnetIn("vnet", "10.0.0.1/16"))
			return nil, err
		},
		want: `Code="InvalidCIDRNotation" Message="The address prefix 10.0.0.1/16 in resource ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet has an invalid CIDR notation. ` +
			`For the given prefix length, the address prefix should be 10.0.0.0/16."`,
	},
	{
		name: "a network of no addresses",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(vnetType, named("virtualNetworkName", "vnet", nil))
			return nil, err
		},
		want: `Code="VnetAddressSpaceNotSpecified"`,
	},
	{
		name: "a link-local network",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(vnetType, vnetIn("vnet", "169.254.0.0/16"))
			return nil, err
		},
		want: `Code="VnetAddressPrefixNotAllowed"`,
	},
	{
		name: "a subnet outside",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.1.0.0/24", nil))
			return nil, err
		},
		want: `Code="NetcfgSubnetRangeOutsideVnet" Message="Subnet 'a' is not valid because its IP address range is outside the IP address ` +
			`range of virtual network 'vnet'."`,
	},
	{
		name: "a subnet over another",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.0.128/25", nil))
			return nil, err
		},
		want: `Code="NetcfgSubnetRangesOverlap" Message="Subnet 'a' is not valid because its IP address range overlaps with that of an ` +
			`existing subnet in virtual network 'vnet'."`,
	},
	{
		name: "a subnet of four addresses",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/30", nil))
			return nil, err
		},
		want: `Code="NetcfgInvalidSubnet" Message="Subnet 'a' is not valid in virtual network 'vnet'."`,
	},
	{
		name: "an address space that leaves a subnet out",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.update(vnet, vnetIn("vnet", "10.1.0.0/16"))
			return nil, err
		},
		want: `Code="InUsePrefixCannotBeDeleted" Message="IpPrefix 10.0.0.0/24 on Subnet nodes has active allocations and cannot be deleted."`,
	},
	{
		name: "a subnet that moves away from what is in it",
		call: func(i *instance) ([]res, error) {
			vnet, subnet := i.network()
			i.create(nicType, nicIn("nic", subnet))
			_, err := i.update(subnet, subnetIn(vnet, "nodes", "10.0.9.0/24", nil))
			return nil, err
		},
		want: `Code="InUsePrefixCannotBeDeleted"`,
	},
	{
		name: "a used network",
		call: func(i *instance) ([]res, error) {
			vnet, subnet := i.network()
			nic := i.create(nicType, nicIn("nic", subnet))
			return []res{nic}, i.remove(vnet)
		},
		want: `Code="InUseSubnetCannotBeDeleted" Message="Subnet nodes is in use by {0} and cannot be deleted. ` +
			`In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."`,
	},
	{
		name: "a delegation while something is there",
		call: func(i *instance) ([]res, error) {
			vnet, subnet := i.network()
			nic := i.create(nicType, nicIn("nic", subnet))
			_, err := i.update(subnet, subnetIn(vnet, "nodes", "10.0.0.0/24", delegated("Microsoft.Web/serverFarms")))
			return []res{subnet, nic}, err
		},
		want: `Code="SubnetDelegationsCannotChangeWhenSubnetUsedByResource" Message="Delegations of subnet {0} cannot be changed from [] to ` +
			`[Microsoft.Web/serverFarms] because it is being used by the resource {1}."`,
	},
	{
		name: "a delegation to no service",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(subnetType, subnetIn(vnet, "a", "10.0.1.0/24", delegated("Microsoft.Network/managedResolvers")))
			return nil, err
		},
		want: `Code="InvalidServiceNameOnDelegation" Message="The service name Microsoft.Network/managedResolvers specified on delegation`,
	},
	{
		name: "an NSG at the firewall",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nsg := i.create(nsgType, nsgIn("nsg"))
			_, err := i.try(subnetType, subnetIn(vnet, "AzureFirewallSubnet", "10.0.1.0/26", in{"networkSecurityGroup": id(nsg)}))
			return nil, err
		},
		want: `Code="NetworkSecurityGroupNotSupportedOnSubnet"`,
	},
	{
		name: "an NSG at the gateway",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nsg := i.create(nsgType, nsgIn("nsg"))
			_, err := i.try(subnetType, subnetIn(vnet, "GatewaySubnet", "10.0.1.0/27", in{"networkSecurityGroup": id(nsg)}))
			return nil, err
		},
		want: `Code="NetworkSecurityGroupNotSupportedOnSubnet"`,
	},
	{
		name: "an NSG that shuts Bastion out",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nsg := i.create(nsgType, nsgIn("nsg", rule("https", "Inbound", 100)))
			_, err := i.try(subnetType, subnetIn(vnet, "AzureBastionSubnet", "10.0.1.0/26", in{"networkSecurityGroup": id(nsg)}))
			return nil, err
		},
		want: `Code="NetworkSecurityGroupNotCompliantForAzureBastionSubnet" Message="Network security group nsg does not have necessary rules ` +
			`for Azure Bastion Subnet AzureBastionSubnet."`,
	},
	{
		name: "a route table at Bastion",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			table := i.create(tableType, named("routeTableName", "rt", nil))
			_, err := i.try(subnetType, subnetIn(vnet, "AzureBastionSubnet", "10.0.1.0/26", in{"routeTable": id(table)}))
			return nil, err
		},
		want: `Code="RouteTableCannotBeAttachedForAzureBastionSubnet"`,
	},
	{
		name: "a subnet without addresses left",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			small := i.subnet(vnet, "small", "10.0.1.0/29", nil)
			for n := range 3 {
				i.create(nicType, nicIn(fmt.Sprint("nic", n), small))
			}
			_, err := i.try(nicType, nicIn("nic3", small))
			return nil, err
		},
		want: `Code="SubnetIsFull" Message="Subnet small with address prefix 10.0.1.0/29 does not have enough capacity for 1 IP addresses."`,
	},
	{
		name: "an address of someone else",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			nic := i.create(nicType, nicIn("nic", subnet))
			_, err := i.try(peType, with(peIn("pe", subnet), "ipConfigurations", []any{in{"name": "it", "privateIPAddress": "10.0.0.4"}}))
			return []res{nic}, err
		},
		want: `Code="PrivateIPAddressIsAllocated" Message="IP configuration of ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe is using the private IP address 10.0.0.4 which is already ` +
			`allocated to resource {0}."`,
	},
	{
		name: "an address that Azure keeps",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			_, err := i.try(peType, with(peIn("pe", subnet), "ipConfigurations", []any{in{"name": "it", "privateIPAddress": "10.0.0.3"}}))
			return nil, err
		},
		want: `Code="PrivateIPAddressInReservedRange"`,
	},
	{
		name: "an address of another subnet",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			_, err := i.try(peType, with(peIn("pe", subnet), "ipConfigurations", []any{in{"name": "it", "privateIPAddress": "10.0.1.4"}}))
			return nil, err
		},
		want: `Code="PrivateIPAddressNotInSubnet"`,
	},

	// Peerings.
	{
		name: "peers that overlap",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(peeringType, peeringIn(vnet, i.vnet("hub", "10.0.128.0/17")))
			return []res{vnet}, err
		},
		want: `Code="VnetAddressSpacesOverlap" Message="Cannot create or update peering {0}/virtualNetworkPeerings/hub. Virtual networks {0} and`,
	},
	{
		name: "a network that grows into its peer",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(peeringType, peeringIn(vnet, i.vnet("hub", "10.1.0.0/16")))
			_, err := i.update(vnet, named("virtualNetworkName", "vnet", in{"addressSpace": in{"addressPrefixes": []any{"10.0.0.0/15"}}}))
			return nil, err
		},
		want: `Code="VnetAddressSpacesOverlap"`,
	},
	{
		name: "two peers that overlap",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(peeringType, peeringIn(vnet, i.vnet("a", "10.1.0.0/16")))
			_, err := i.try(peeringType, peeringIn(vnet, i.vnet("b", "10.1.0.0/16")))
			return nil, err
		},
		want: `Code="VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"`,
	},
	{
		name: "the same peer twice",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			hub := i.vnet("hub", "10.1.0.0/16")
			i.create(peeringType, peeringIn(vnet, hub))
			_, err := i.try(peeringType, with(peeringIn(vnet, hub), "virtualNetworkPeeringName", "again"))
			return nil, err
		},
		want: `Code="AnotherPeeringAlreadyReferencesRemoteVnet"`,
	},
	{
		name: "a gateway that is not there",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(peeringType, with(peeringIn(vnet, i.vnet("hub", "10.1.0.0/16")), "useRemoteGateways", true))
			return nil, err
		},
		want: `Code="RemoteVnetHasNoGateways"`,
	},

	// Security rules and routes.
	{
		name: "a priority twice",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(nsgType, nsgIn("nsg", rule("a", "Inbound", 100), rule("b", "Inbound", 100)))
			return nil, err
		},
		want: `Code="SecurityRuleConflict" Message="Security rule a conflicts with rule b. Rules cannot have the same Priority and Direction. ` +
			`To learn more, see aka.ms/nsgrules."`,
	},
	{
		name: "a priority of the rules inside",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(nsgType, nsgIn("nsg", rule("a", "Inbound", 100)))
			_, err := i.try(ruleType, named("securityRuleName", "b", with(with(rule("b", "Inbound", 100), "name", nil), "networkSecurityGroupName", "nsg")))
			return nil, err
		},
		want: `Code="SecurityRuleConflict"`,
	},
	{
		name: "a priority too low",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(nsgType, nsgIn("nsg", rule("a", "Inbound", 99)))
			return nil, err
		},
		want: `Code="SecurityRuleInvalidPriority" Message="Security rule a has invalid Priority. Value provided: 99. Allowed range 100-4096."`,
	},
	{
		name: "a priority too high",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(nsgType, nsgIn("nsg", rule("a", "Inbound", 4097)))
			return nil, err
		},
		want: `Code="SecurityRuleInvalidPriority"`,
	},
	{
		name: "a rule without a source",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(nsgType, nsgIn("nsg", with(rule("a", "Inbound", 100), "sourceAddressPrefix", nil)))
			return nil, err
		},
		want: `Code="SecurityRuleParameterContainsUnsupportedValue"`,
	},
	{
		name: "a rule of no protocol",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(nsgType, nsgIn("nsg", with(rule("a", "Inbound", 100), "protocol", "Http")))
			return nil, err
		},
		want: `Code="InvalidRequestFormat"`,
	},
	{
		name: "an appliance without an address",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(tableType, named("routeTableName", "rt", nil))
			_, err := i.try(routeType, routeIn("a", "0.0.0.0/0", "VirtualAppliance", ""))
			return nil, err
		},
		want: `Code="RouteNextHopIpAddressRequired"`,
	},
	{
		name: "an address without an appliance",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(tableType, named("routeTableName", "rt", nil))
			_, err := i.try(routeType, routeIn("a", "0.0.0.0/0", "Internet", "10.0.0.4"))
			return nil, err
		},
		want: `Code="RouteNextHopIpAddressNotAllowed"`,
	},
	{
		name: "a destination twice",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(tableType, named("routeTableName", "rt", nil))
			i.create(routeType, routeIn("a", "0.0.0.0/0", "Internet", ""))
			_, err := i.try(routeType, routeIn("b", "0.0.0.0/0", "None", ""))
			return nil, err
		},
		want: `Code="RouteConflict" Message="Route b conflicts with route a. Routes cannot have the same AddressPrefix."`,
	},

	// Public addresses and NAT.
	{
		name: "a Basic address",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(pipType, named("publicIpAddressName", "pip", nil))
			return nil, err
		},
		want: `Code="IPv4BasicSkuPublicIpCountLimitReached" Message="Cannot create more than 0 IPv4 Basic SKU public IP addresses for this ` +
			`subscription in this region."`,
	},
	{
		name: "a Standard address that is dynamic",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(pipType, with(pipIn("pip"), "publicIPAllocationMethod", "Dynamic"))
			return nil, err
		},
		want: `must have AllocationMethod set to Static.`,
	},
	{
		name: "a DNS label twice",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(pipType, with(pipIn("a"), "dnsSettings", in{"domainNameLabel": "apps"}))
			_, err := i.try(pipType, with(pipIn("b"), "dnsSettings", in{"domainNameLabel": "apps"}))
			return nil, err
		},
		want: `Code="DnsRecordInUse" Message="DNS record apps.westeurope.cloudapp.azure.com is already used by another public IP."`,
	},
	{
		name: "an address for two",
		call: func(i *instance) ([]res, error) {
			i.group()
			pip := i.pip("pip")
			gateway := named("natGatewayName", "a", in{"sku": in{"name": "Standard"}, "publicIpAddresses": []any{id(pip)}})
			a := i.create(natType, gateway)
			_, err := i.try(natType, with(gateway, "natGatewayName", "b"))
			return []res{a, pip}, err
		},
		want: `Code="PublicIPAddressInUse" Message="Resource ` + subscription + `/resourceGroups/rg/providers/Microsoft.Network/natGateways/b ` +
			`is referencing public IP address {1} that is already allocated to resource {0}."`,
	},
	{
		name: "an address that is in use",
		call: func(i *instance) ([]res, error) {
			i.group()
			pip := i.pip("pip")
			a := i.create(natType, named("natGatewayName", "a", in{"sku": in{"name": "Standard"}, "publicIpAddresses": []any{id(pip)}}))
			return []res{a}, i.remove(pip)
		},
		want: `Code="PublicIPAddressCannotBeDeleted" Message="Public IP address pip can not be deleted since it is still allocated to resource {0}.`,
	},
	{
		name: "a NAT gateway in two zones",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(natType, named("natGatewayName", "a", in{"sku": in{"name": "Standard"}, "zones": []any{"1", "2"}}))
			return nil, err
		},
		want: `Code="NatGatewayMultipleZonesNotSupported"`,
	},
	{
		name: "a NAT gateway in two networks",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nat := i.create(natType, named("natGatewayName", "a", in{"sku": in{"name": "Standard"}}))
			i.subnet(vnet, "a", "10.0.1.0/24", in{"natGateway": id(nat)})
			i.subnet(vnet, "b", "10.0.2.0/24", in{"natGateway": id(nat)})
			_, err := i.try(subnetType, subnetIn(i.vnet("other", "10.1.0.0/16"), "a", "10.1.0.0/24", in{"natGateway": id(nat)}))
			return nil, err
		},
		want: `Code="NatGatewayCannotSpanVirtualNetworks"`,
	},
	{
		name: "a prefix that is too long",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(prefixType, named("publicIpPrefixName", "p", in{"prefixLength": 27}))
			return nil, err
		},
		want: `Code="InvalidPublicIpPrefixLength"`,
	},
	{
		name: "a prefix that has no more",
		call: func(i *instance) ([]res, error) {
			i.group()
			prefix := i.create(prefixType, named("publicIpPrefixName", "p", in{"prefixLength": 31}))
			for _, n := range []string{"a", "b"} {
				i.create(pipType, with(pipIn(n), "publicIPPrefix", id(prefix)))
			}
			_, err := i.try(pipType, with(pipIn("c"), "publicIPPrefix", id(prefix)))
			return nil, err
		},
		want: `Code="PublicIPPrefixOutOfIpAddresses"`,
	},

	// What is in subnets.
	{
		name: "an interface in a delegated subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "db", "10.0.1.0/28", delegated("Microsoft.DBforPostgreSQL/flexibleServers"))
			_, err := i.try(nicType, nicIn("nic", subnet))
			return []res{subnet}, err
		},
		want: `Code="SubnetIsDelegated" Message="Subnet {0} cannot be used as it is delegated to Microsoft.DBforPostgreSQL/flexibleServers service/services."`,
	},
	{
		name: "an endpoint in a delegated subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "db", "10.0.1.0/28", delegated("Microsoft.DBforPostgreSQL/flexibleServers"))
			_, err := i.try(peType, peIn("pe", subnet))
			return []res{subnet}, err
		},
		want: `Code="PrivateEndpointCreationNotAllowedAsSubnetIsDelegated" Message="Private endpoint ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe cannot be created as subnet {0} is delegated."`,
	},
	{
		name: "an interface in the gateway's subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(nicType, nicIn("nic", i.subnet(vnet, "GatewaySubnet", "10.0.1.0/27", nil)))
			return nil, err
		},
		want: `Code="SubnetReservedForService"`,
	},
	{
		name: "an endpoint of two services",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			connection := in{"name": "it", "privateLinkServiceId": vaultID}
			_, err := i.try(peType, with(peIn("pe", subnet), "privateLinkServiceConnections", []any{connection, connection}))
			return nil, err
		},
		want: `Code="PrivateEndpointConnectionCountInvalid"`,
	},
	{
		name: "two zone groups at an endpoint",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			pe := i.create(peType, peIn("pe", subnet))
			i.create(pegType, named("privateDnsZoneGroupName", "a", in{"privateEndpointName": "pe"}))
			_, err := i.try(pegType, named("privateDnsZoneGroupName", "b", in{"privateEndpointName": "pe"}))
			return []res{pe}, err
		},
		want: `Code="MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed"`,
	},
	{
		name: "six zones in a group",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			i.create(peType, peIn("pe", subnet))
			var zones []any
			for n := range 6 {
				zone := i.create(zoneType, zoneIn(fmt.Sprintf("z%d.example.com", n)))
				zones = append(zones, in{"name": zone.name(), "privateDnsZoneId": zone.id})
			}
			i.create(pegType, named("privateDnsZoneGroupName", "five", in{"privateEndpointName": "pe", "privateDnsZoneConfigs": zones[:5]}))
			i.create(peType, peIn("pe2", subnet))
			_, err := i.try(pegType, named("privateDnsZoneGroupName", "six", in{"privateEndpointName": "pe2", "privateDnsZoneConfigs": zones}))
			return nil, err
		},
		want: `Code="PrivateDnsZoneGroupTooManyConfigs"`,
	},
	{
		name: "flow logs without a watcher",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(flowLogType, named("flowLogName", "a", in{
				"networkWatcherName": "watcher", "targetResourceId": vnet.id, "storageId": storageID,
			}))
			return nil, err
		},
		want: `Code="ParentResourceNotFound"`,
	},

	// Private DNS.
	{
		name: "a zone in a region",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(zoneType, named("privateZoneName", "a.example.com", nil))
			return nil, err
		},
		want: `Code="LocationNotAvailableForResourceType" Message="The provided location 'westeurope' is not available for resource type ` +
			`'Microsoft.Network/privateDnsZones'. List of available regions for the resource type is 'global'."`,
	},
	{
		name: "a zone of one label",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(zoneType, zoneIn("internal"))
			return nil, err
		},
		want: `Code="BadRequest"`,
	},
	{
		name: "a zone with links",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			zone := i.create(zoneType, zoneIn("a.example.com"))
			link := i.create(linkType, linkIn("a.example.com", "link", vnet))
			return []res{link}, i.remove(zone)
		},
		want: `Status=409 Code="CannotDeleteResource" Message="Cannot delete resource while nested resources exist. Some existing nested ` +
			`resource IDs include: '{0}'. Please delete all nested resources before deleting this resource."`,
	},
	{
		name: "a link twice",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(zoneType, zoneIn("a.example.com"))
			i.create(linkType, linkIn("a.example.com", "one", vnet))
			_, err := i.try(linkType, linkIn("a.example.com", "two", vnet))
			return nil, err
		},
		want: `Code="BadRequest" Message="A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link ` +
			`virtual network with 'a.example.com' and 'a.example.com' zones."`,
	},
	{
		name: "two zones that register",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			for _, z := range []string{"a.example.com", "b.example.com"} {
				i.create(zoneType, zoneIn(z))
			}
			i.create(linkType, with(linkIn("a.example.com", "it", vnet), "registrationEnabled", true))
			_, err := i.try(linkType, with(linkIn("b.example.com", "it", vnet), "registrationEnabled", true))
			return nil, err
		},
		want: `Code="BadRequest" Message="A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration`,
	},
	{
		name: "a record of another type",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(zoneType, zoneIn("a.example.com"))
			_, err := i.try(recordType, named("relativeRecordSetName", "x", in{
				"privateZoneName": "a.example.com", "recordType": "A", "ttl": 60, "cnameRecord": in{"cname": "b.example.com"},
			}))
			return nil, err
		},
		want: `Code="BadRequest"`,
	},

	// The hub.
	{
		name: "a firewall in another subnet",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			_, err := i.try(firewallType, firewallIn(subnet, i.pip("pip"), nil))
			return nil, err
		},
		want: `Code="AzureFirewallSubnetNameInvalid"`,
	},
	{
		name: "a firewall in a small subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			_, err := i.try(firewallType, firewallIn(i.subnet(vnet, "AzureFirewallSubnet", "10.0.1.0/27", nil), i.pip("pip"), nil))
			return nil, err
		},
		want: `Code="SubnetTooSmall" Message="Subnet ` + subscription + `/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/` +
			`subnets/AzureFirewallSubnet must be /26 or larger, not 10.0.1.0/27."`,
	},
	{
		name: "a Basic firewall without management",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "AzureFirewallSubnet", "10.0.1.0/26", nil)
			_, err := i.try(firewallType, firewallIn(subnet, i.pip("pip"), in{"sku": in{"name": "AZFW_VNet", "tier": "Basic"}}))
			return nil, err
		},
		want: `Code="AzureFirewallManagementIpRequired"`,
	},
	{
		name: "a Premium policy at a Standard firewall",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "AzureFirewallSubnet", "10.0.1.0/26", nil)
			policy := i.create(policyType, named("firewallPolicyName", "p", in{"sku": in{"tier": "Premium"}}))
			_, err := i.try(firewallType, firewallIn(subnet, i.pip("pip"), in{"firewallPolicy": id(policy)}))
			return nil, err
		},
		want: `Code="AzureFirewallPolicyTierMismatch"`,
	},
	{
		name: "a Basic policy at a Standard firewall",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "AzureFirewallSubnet", "10.0.1.0/26", nil)
			policy := i.create(policyType, named("firewallPolicyName", "p", in{"sku": in{"tier": "Basic"}}))
			_, err := i.try(firewallType, firewallIn(subnet, i.pip("pip"), in{"firewallPolicy": id(policy)}))
			return nil, err
		},
		want: `Code="AzureFirewallPolicyTierMismatch"`,
	},
	{
		name: "a Standard policy with intrusion detection",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(policyType, named("firewallPolicyName", "p", in{"intrusionDetection": in{"mode": "Alert"}}))
			return nil, err
		},
		want: `Code="FirewallPolicyHigherTierOnlyProperties" Message="Firewall Policy ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/firewallPolicies/p contains higher tier only properties - Intrusion Detection"`,
	},
	{
		name: "a Basic policy with DNS proxy",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(policyType, named("firewallPolicyName", "p", in{"sku": in{"tier": "Basic"}, "dnsSettings": in{"enableProxy": true}}))
			return nil, err
		},
		want: `Code="FirewallPolicyHigherTierOnlyProperties"`,
	},
	{
		name: "a Basic policy with DNS servers",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(policyType, named("firewallPolicyName", "p", in{"sku": in{"tier": "Basic"}, "dnsSettings": in{"servers": []any{"10.0.0.4"}}}))
			return nil, err
		},
		want: `Code="FirewallPolicyHigherTierOnlyProperties"`,
	},
	{
		name: "a Basic policy that denies by threat intelligence",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.try(policyType, named("firewallPolicyName", "p", in{"sku": in{"tier": "Basic"}, "threatIntelMode": "Deny"}))
			return nil, err
		},
		want: `Code="FirewallPolicyHigherTierOnlyProperties"`,
	},
	{
		name: "names of hosts without DNS proxy",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(policyType, named("firewallPolicyName", "p", nil))
			_, err := i.try(rcgType, named("ruleCollectionGroupName", "g", in{"firewallPolicyName": "p", "priority": 200, "ruleCollections": []any{
				with(filter, "rules", []any{in{"name": "ntp", "ruleType": "NetworkRule", "destinationFqdns": []any{"ntp.ubuntu.com"}}}),
			}}))
			return nil, err
		},
		want: `Code="FirewallPolicyDnsProxyRequired"`,
	},
	{
		name: "a group of no priority",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.create(policyType, named("firewallPolicyName", "p", nil))
			_, err := i.try(rcgType, named("ruleCollectionGroupName", "g", in{"firewallPolicyName": "p", "priority": 99}))
			return nil, err
		},
		want: `Code="FirewallPolicyRuleCollectionGroupInvalidPriority"`,
	},
	{
		name: "Bastion in another subnet",
		call: func(i *instance) ([]res, error) {
			_, subnet := i.network()
			_, err := i.try(bastionType, named("bastionHostName", "b", in{
				"ipConfigurations": []any{in{"name": "it", "subnet": id(subnet), "publicIPAddress": id(i.pip("pip"))}},
			}))
			return []res{subnet}, err
		},
		want: `Code="SubnetNameMustBeAzureBastionSubnet" Message="Subnet name {0} is invalid for Azure Bastion. Azure Bastion can only be ` +
			`created in subnet with name 'AzureBastionSubnet'."`,
	},
	{
		name: "Bastion in a small subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "AzureBastionSubnet", "10.0.1.0/27", nil)
			_, err := i.try(bastionType, named("bastionHostName", "b", in{
				"ipConfigurations": []any{in{"name": "it", "subnet": id(subnet), "publicIPAddress": id(i.pip("pip"))}},
			}))
			return nil, err
		},
		want: `Code="SubnetTooSmall"`,
	},
	{
		name: "two resolvers in a network",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(resolverType, named("dnsResolverName", "a", in{"virtualNetwork": id(vnet)}))
			_, err := i.try(resolverType, named("dnsResolverName", "b", in{"virtualNetwork": id(vnet)}))
			return nil, err
		},
		want: `Code="VirtualNetworkHasDnsResolver"`,
	},
	{
		name: "a resolver in a subnet that is not delegated",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(resolverType, named("dnsResolverName", "r", in{"virtualNetwork": id(vnet)}))
			subnet := i.subnet(vnet, "in", "10.0.1.0/28", nil)
			_, err := i.try(inboundType, named("inboundEndpointName", "in", in{"dnsResolverName": "r", "ipConfigurations": []any{in{"subnet": id(subnet)}}}))
			return nil, err
		},
		want: `Code="SubnetMissingRequiredDelegation"`,
	},
	{
		name: "a resolver in a large subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(resolverType, named("dnsResolverName", "r", in{"virtualNetwork": id(vnet)}))
			subnet := i.subnet(vnet, "in", "10.0.2.0/23", delegated("Microsoft.Network/dnsResolvers"))
			_, err := i.try(inboundType, named("inboundEndpointName", "in", in{"dnsResolverName": "r", "ipConfigurations": []any{in{"subnet": id(subnet)}}}))
			return nil, err
		},
		want: `Code="SubnetSizeNotSupported"`,
	},
	{
		name: "in and out in one subnet",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			i.create(resolverType, named("dnsResolverName", "r", in{"virtualNetwork": id(vnet)}))
			subnet := i.subnet(vnet, "in", "10.0.1.0/28", delegated("Microsoft.Network/dnsResolvers"))
			i.create(inboundType, named("inboundEndpointName", "in", in{"dnsResolverName": "r", "ipConfigurations": []any{in{"subnet": id(subnet)}}}))
			_, err := i.try(outboundType, named("outboundEndpointName", "out", in{"dnsResolverName": "r", "subnet": id(subnet)}))
			return nil, err
		},
		want: `Code="SubnetInUse"`,
	},

	// Ingress.
	{
		name: "an application gateway beside something else",
		call: func(i *instance) ([]res, error) {
			vnet, subnet := i.network()
			i.create(nicType, nicIn("nic", subnet))
			return []res{vnet}, i.gateway(subnet, nil)
		},
		want: `Code="ApplicationGatewaySubnetCannotBeUsedByOtherResources"`,
	},
	{
		name: "something else beside an application gateway",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			subnet := i.subnet(vnet, "agw", "10.0.4.0/24", nil)
			require.NoError(i.t, i.gateway(subnet, nil))
			_, err := i.try(peType, peIn("pe", subnet))
			return nil, err
		},
		want: `Code="ApplicationGatewaySubnetCannotBeUsedByOtherResources"`,
	},
	{
		name: "a WAF gateway without a policy",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			return nil, i.gateway(i.subnet(vnet, "agw", "10.0.4.0/24", nil), func(inputs in) { delete(inputs, "firewallPolicy") })
		},
		want: `Code="ApplicationGatewayFirewallNotConfiguredForSelectedSku" Message="Application Gateway ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/agw with the selected SKU tier WAF_v2 must have a valid WAF policy or configuration."`,
	},
	{
		name: "a routing rule without a priority",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			return nil, i.gateway(i.subnet(vnet, "agw", "10.0.4.0/24", nil), func(inputs in) {
				delete(inputs["requestRoutingRules"].([]any)[0].(in), "priority")
			})
		},
		want: `Code="ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty"`,
	},
	{
		name: "a routing rule to no listener",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			return nil, i.gateway(i.subnet(vnet, "agw", "10.0.4.0/24", nil), func(inputs in) {
				inputs["httpListeners"].([]any)[0].(in)["name"] = "other"
			})
		},
		want: `Code="InvalidResourceReference" Message="Resource ` + subscription + `/resourceGroups/rg/providers/Microsoft.Network/` +
			`applicationGateways/agw/httpListeners/http referenced by`,
	},
	{
		name: "an NSG that shuts the gateway's managers out",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			nsg := i.create(nsgType, nsgIn("nsg", rule("https", "Inbound", 100)))
			return nil, i.gateway(i.subnet(vnet, "agw", "10.0.4.0/24", in{"networkSecurityGroup": id(nsg)}), nil)
		},
		want: `Code="ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup"`,
	},
	{
		name: "a gateway behind a firewall",
		call: func(i *instance) ([]res, error) {
			vnet, _ := i.network()
			table := i.create(tableType, named("routeTableName", "rt", nil))
			i.create(routeType, routeIn("default", "0.0.0.0/0", "VirtualAppliance", "10.1.0.4"))
			return nil, i.gateway(i.subnet(vnet, "agw", "10.0.4.0/24", in{"routeTable": id(table)}), nil)
		},
		want: `Code="ApplicationGatewaySubnetRouteNotSupported"`,
	},

	// Identities and roles.
	{
		name: "a role twice",
		call: func(i *instance) ([]res, error) {
			rg := i.group()
			who := i.identity("a")
			_, err := i.assign(who, networkContributor, rg.id)
			require.NoError(i.t, err)
			_, err = i.try(roleType, in{
				"roleAssignmentName": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "principalId": who.str("principalId"),
				"principalType": "ServicePrincipal", "roleDefinitionId": networkContributor, "scope": rg.id,
			})
			return nil, err
		},
		want: `Status=409 Code="RoleAssignmentExists" Message="The role assignment already exists."`,
	},
	{
		name: "an assignment whose name is no GUID",
		call: func(i *instance) ([]res, error) {
			rg := i.group()
			_, err := i.try(roleType, in{
				"roleAssignmentName": "network", "principalId": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "roleDefinitionId": networkContributor,
				"scope": rg.id,
			})
			return nil, err
		},
		want: `Code="InvalidRoleAssignmentId"`,
	},
	{
		name: "an identity as a user",
		call: func(i *instance) ([]res, error) {
			rg := i.group()
			_, err := i.try(roleType, in{
				"principalId": i.identity("a").str("principalId"), "principalType": "User", "roleDefinitionId": networkContributor, "scope": rg.id,
			})
			return nil, err
		},
		want: `Code="UnmatchedPrincipalType"`,
	},
	{
		name: "another role in place",
		call: func(i *instance) ([]res, error) {
			rg := i.group()
			who := i.identity("a")
			r, err := i.assign(who, networkContributor, rg.id)
			require.NoError(i.t, err)
			_, err = i.update(r, in{
				"principalId": who.str("principalId"), "principalType": "ServicePrincipal", "roleDefinitionId": zoneContributor, "scope": rg.id,
			})
			return nil, err
		},
		want: `Code="RoleAssignmentUpdateNotPermitted"`,
	},
	{
		name: "a role on nothing",
		call: func(i *instance) ([]res, error) {
			i.group()
			_, err := i.assign(i.identity("a"), networkContributor, subscription+"/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet")
			return nil, err
		},
		want: `Code="InvalidResourceReference"`,
	},
	{
		name: "a federated subject twice",
		call: func(i *instance) ([]res, error) {
			i.group()
			i.identity("a")
			credential := named("federatedIdentityCredentialResourceName", "one", in{
				"resourceName": "a", "issuer": "https://example.com", "subject": "s", "audiences": []any{"api://AzureADTokenExchange"},
			})
			i.create(ficType, credential)
			_, err := i.try(ficType, with(credential, "federatedIdentityCredentialResourceName", "two"))
			return nil, err
		},
		want: `Code="FederatedIdentityCredentialConflict"`,
	},

	// Clusters.
	{
		name: "a cluster behind no route table",
		call: func(i *instance) ([]res, error) { _, err := i.try(clusterType, i.aks("table")); return nil, err },
		want: `Code="ExistingRouteTableNotAssociatedWithSubnet" Message="An existing route table has not been associated with subnet ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes. Please update the route table association"`,
	},
	{
		name: "a cluster without a default route",
		call: func(i *instance) ([]res, error) { _, err := i.try(clusterType, i.aks("route")); return nil, err },
		want: `Code="RouteTableMissingDefaultRoute"`,
	},
	{
		name: "a cluster whose default route is Internet",
		call: func(i *instance) ([]res, error) {
			inputs := i.aks("route")
			i.create(routeType, routeIn("default", "0.0.0.0/0", "Internet", ""))
			_, err := i.try(clusterType, inputs)
			return nil, err
		},
		want: `Code="RouteTableInvalidNextHop"`,
	},
	{
		name: "a zone with the cluster's own identity",
		call: func(i *instance) ([]res, error) {
			inputs := with(i.aks(""), "identity", in{"type": "SystemAssigned"})
			_, err := i.try(clusterType, inputs)
			return nil, err
		},
		want: `Code="OnlySupportedOnUserAssignedMSICluster" Message="System-assigned managed identity not supported for custom resource ` + subscription +
			`/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io. Please use user-assigned managed identity."`,
	},
	{
		name: "a cluster that may not join its subnet",
		call: func(i *instance) ([]res, error) { _, err := i.try(clusterType, i.aks("subnet role")); return nil, err },
		want: `Status=403 Code="LinkedAuthorizationFailed"`,
	},
	{
		name: "a cluster that may not write to its zone",
		call: func(i *instance) ([]res, error) { _, err := i.try(clusterType, i.aks("zone role")); return nil, err },
		want: `Code="CustomPrivateDNSZoneMissingPermissionError" Message="Service principal or user identity must be given permission to read and ` +
			`write to custom private dns zone`,
	},
	{
		name: "an API server in a subnet of another service",
		call: func(i *instance) ([]res, error) { _, err := i.try(clusterType, i.aks("delegation")); return nil, err },
		want: `Code="SubnetMissingRequiredDelegation"`,
	},
	{
		name: "nodes in a delegated subnet",
		call: func(i *instance) ([]res, error) {
			inputs := i.aks("")
			api := inputs["apiServerAccessProfile"].(in)["subnetId"]
			_, err := i.try(clusterType, with(pool(inputs, "vnetSubnetID", api), "networkProfile", in{"networkPlugin": "azure", "outboundType": "loadBalancer", "serviceCidr": "172.16.0.0/16", "dnsServiceIP": "172.16.0.10"}))
			return nil, err
		},
		want: `Code="SubnetIsDelegated"`,
	},
	{
		name: "authorized ranges at a private cluster",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "apiServerAccessProfile", "authorizedIPRanges", []any{"192.0.2.0/24"}))
			return nil, err
		},
		want: `Code="AuthorizedIPRangesNotSupportedForPrivateCluster"`,
	},
	{
		name: "services over a subnet",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(nested(i.aks(""), "networkProfile", "serviceCidr", "10.0.0.0/20"), "networkProfile", "dnsServiceIP", "10.0.0.10"))
			return nil, err
		},
		want: `Code="ServiceCidrOverlapExistingSubnetsCidr" Message="The specified service CIDR 10.0.0.0/20 is conflicted with an existing subnet CIDR 10.0.`,
	},
	{
		name: "pods over services",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "podCidr", "172.16.0.0/14"))
			return nil, err
		},
		want: `Code="ServiceCidrOverlapPodCidr"`,
	},
	{
		name: "pods in a reserved range",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "podCidr", "172.31.0.0/16"))
			return nil, err
		},
		want: `Code="ReservedCidr"`,
	},
	{
		name: "a DNS service outside the services",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "dnsServiceIP", "172.17.0.10"))
			return nil, err
		},
		want: `Code="InvalidDnsServiceIP"`,
	},
	{
		name: "a NAT gateway that is not there",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "outboundType", "userAssignedNATGateway"))
			return nil, err
		},
		want: `Code="NatGatewayNotFoundOnSubnet"`,
	},
	{
		name: "a managed NAT gateway in a subnet of one's own",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "outboundType", "managedNATGateway"))
			return nil, err
		},
		want: `Code="ManagedNATGatewayWithCustomVnet"`,
	},
	{
		name: "no way out and no cache",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, nested(i.aks(""), "networkProfile", "outboundType", "none"))
			return nil, err
		},
		want: `Code="OutboundTypeNoneNotSupported"`,
	},
	{
		name: "a cluster without a system pool",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(clusterType, pool(i.aks(""), "mode", "User"))
			return nil, err
		},
		want: `Code="InvalidParameter"`,
	},
}

// gateway makes an application gateway whose inputs change has changed.
func (i *instance) gateway(subnet res, change func(in)) error {
	i.t.Helper()
	waf := i.create(wafType, named("policyName", "waf", in{"managedRules": managedRules}))
	inputs := gatewayIn(subnet, i.pip("agw"), waf)
	if strings.HasSuffix(subnet.id, "/nodes") {
		inputs["frontendIPConfigurations"] = inputs["frontendIPConfigurations"].([]any)[:1]
	}
	if change != nil {
		change(inputs)
	}
	_, err := i.try(gatewayType, inputs)
	return err
}

// TestRefusals leads up to one refusal each.
func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, azure.Options{})
			ids, err := c.call(i)
			want := c.want
			for n, r := range ids {
				want = strings.ReplaceAll(want, fmt.Sprintf("{%d}", n), r.id)
			}
			require.Error(t, err)
			assert.Contains(t, err.Error(), want)
		})
	}
	// What the cases about clusters take away is all that stands in the way.
	_, i := newCloud(t, azure.Options{})
	i.create(clusterType, i.aks(""))
}
