package azure

import (
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	networkInterfaceType = "azure-native:network/v20240501:NetworkInterface"
	loadBalancerType     = "azure-native:network/v20240501:LoadBalancer"
	flowLogType          = "azure-native:network/v20240501:FlowLog"
	ddosPlanType         = "azure-native:network/v20240501:DdosProtectionPlan"
	bastionType          = "azure-native:network/v20240501:BastionHost"
)

// Services that a subnet can be delegated to, and that then may enter it.
const (
	clusterService  = "Microsoft.ContainerService/managedClusters"
	resolverService = "Microsoft.Network/dnsResolvers"
	gatewayService  = "Microsoft.Network/applicationGateways"
)

// enter refuses to put an object into a subnet that is not for it: one that is
// delegated to another service, one whose name is reserved, or one that an
// application gateway has for itself.
func (t *tx) enter(o *Object, subnetID, service string) error {
	subnet := t.find(subnetID)
	if d := delegations(subnet); len(d) > 0 && !slices.Contains(d, service) {
		if o.Type == privateEndpointType {
			return refuse("PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
				"Private endpoint %s cannot be created as subnet %s is delegated.", o.ID, subnet.ID)
		}
		return refuse("SubnetIsDelegated", "Subnet %s cannot be used as it is delegated to %s service/services.", subnet.ID, strings.Join(d, ","))
	}
	owners := map[string][]string{
		firewallSubnet: {firewallType}, firewallManagementSubnet: {firewallType}, bastionSubnet: {bastionType}, gatewaySubnet: {},
	}
	if allowed, reserved := owners[nameOf(subnet.ID)]; reserved && !slices.Contains(allowed, o.Type) {
		return refuse("SubnetReservedForService", "Resource %s cannot be in subnet %s, whose name is reserved.", o.ID, subnet.ID)
	}
	for user := range t.users(subnet.ID) {
		if within(user.ID, o.ID) || key(user.With) == key(o.ID) || user.Type == o.Type {
			continue
		}
		// https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
		if o.Type == applicationGatewayType || user.Type == applicationGatewayType {
			return refuse("ApplicationGatewaySubnetCannotBeUsedByOtherResources",
				"Subnet %s of an application gateway can have nothing else: %s and %s.", subnet.ID, o.ID, user.ID)
		}
	}
	return nil
}

// leaseAll gives addresses to the configurations that are in a subnet.
func (t *tx) leaseAll(old, o *Object, configurations []wire.Props, service, property string) error {
	for _, c := range configurations {
		subnet := c.Object("subnet").Str("id")
		if subnet == "" {
			continue
		}
		if err := t.enter(o, subnet, service); err != nil {
			return err
		}
		if m := c.Str("privateIPAllocationMethod"); strings.EqualFold(m, "Static") && c.Str(property) == "" {
			return refuse("PrivateIPAddressRequired", "Private static IP address of %s is not given.", o.ID)
		}
		ip, err := t.lease(old, o, subnet, c.Str(property))
		if err != nil {
			return err
		}
		c[property] = ip
	}
	return nil
}

// checkParts refuses references into the object itself that lead to no part of
// it: a rule of a load balancer to a frontend that it does not have.
func checkParts(o *Object, collections ...string) error {
	p := o.props()
	parts := map[string]bool{}
	for _, c := range collections {
		seen := map[string]bool{}
		for _, part := range objects(p[c]) {
			name := strings.ToLower(part.Str("name"))
			if seen[name] {
				return refuse("DuplicateResourceName", "Resource %s has two child resources with the same name (%s).", o.ID, part.Str("name"))
			}
			seen[name] = true
			id := o.ID + "/" + c + "/" + part.Str("name")
			parts[key(id)] = true
			part["id"] = id
		}
	}
	var missing error
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case string:
			if strings.HasPrefix(key(v), key(o.ID)+"/") && !parts[key(v)] {
				missing = refuse("InvalidResourceReference", "Resource %s referenced by resource %s was not found. "+
					"Please make sure that the referenced resource exists, and that both resources are in the same region.", v, o.ID)
			}
		}
	}
	walk(map[string]any(p))
	return missing
}

func networkInterfaceKind() *kind {
	return &kind{
		token: networkInterfaceType, args: network.NetworkInterfaceArgs{}, outputs: network.NetworkInterface{},
		arm: "Microsoft.Network/networkInterfaces", path: []string{"networkInterfaceName"},
		refs: []ref{
			{path: "ipConfigurations[].subnet.id", arm: armSubnet},
			{path: "ipConfigurations[].publicIPAddress.id", arm: armPublicAddress, alone: taken},
			{path: "networkSecurityGroup.id", arm: armSecurityGroup},
		},
		inUse: refusal{"NicInUse", "Network Interface %s is used by existing resource %s. In order to delete the network interface, " +
			"it must be dissociated from the resource."},
		Resource: wire.Resource{
			Unmodelled: []string{"auxiliaryMode", "auxiliarySku", "migrationPhase", "nicType", "privateLinkService", "workloadType"},
			Name:       random("networkInterfaceName"),
		},
		put: func(t *tx, old, o *Object) error {
			all := objects(o.Properties["ipConfigurations"])
			if len(all) == 0 {
				return refuse("InvalidRequestFormat", "Cannot parse the request: network interface %s has no IP configuration.", o.ID)
			}
			for _, c := range all {
				if c.Object("subnet").Str("id") == "" {
					return refuse("SubnetNotSpecified", "Subnet is not specified for ipConfiguration %s of %s.", c.Str("name"), o.ID)
				}
			}
			if err := t.leaseAll(old, o, all, "", "privateIPAddress"); err != nil {
				return err
			}
			h := strings.ToUpper(hash(6, o.ID))
			o.Properties["macAddress"] = "00-0D-3A-" + h[:2] + "-" + h[2:4] + "-" + h[4:]
			return nil
		},
	}
}

func loadBalancerKind() *kind {
	return &kind{
		token: loadBalancerType, args: network.LoadBalancerArgs{}, outputs: network.LoadBalancer{},
		arm: "Microsoft.Network/loadBalancers", path: []string{"loadBalancerName"},
		refs: []ref{
			{path: "frontendIPConfigurations[].subnet.id", arm: armSubnet},
			{path: "frontendIPConfigurations[].publicIPAddress.id", arm: armPublicAddress, alone: taken},
			{path: "frontendIPConfigurations[].publicIPPrefix.id", arm: armPublicPrefix},
		},
		inUse: refusal{"InUseLoadBalancerCannotBeDeleted", "Load balancer %s cannot be deleted because it is in use by %s."},
		Resource: wire.Resource{
			Unmodelled: []string{"inboundNatPools", "inboundNatRules"},
			Name:       random("loadBalancerName"),
		},
		put: func(t *tx, old, o *Object) error {
			p := o.props()
			if !strings.EqualFold(p.Object("sku").Str("name"), "Standard") {
				return refuse("BasicSkuLoadBalancerRetired", "Load balancer %s must have the SKU Standard: Basic is retired.", o.ID)
			}
			err := checkParts(o, "backendAddressPools", "frontendIPConfigurations", "loadBalancingRules", "outboundRules", "probes")
			if err != nil {
				return err
			}
			return t.leaseAll(old, o, objects(p["frontendIPConfigurations"]), "", "privateIPAddress")
		},
	}
}

func flowLogKind() *kind {
	return &kind{
		token: flowLogType, args: network.FlowLogArgs{}, outputs: network.FlowLog{},
		arm: "Microsoft.Network/networkWatchers/flowLogs", path: []string{"networkWatcherName", "flowLogName"},
		id: func(s session, in wire.Props) string {
			return groupID(s.subscription, in.Str("resourceGroupName")) + "/providers/Microsoft.Network/networkWatchers/" +
				in.Str("networkWatcherName") + "/flowLogs/" + in.Str("flowLogName")
		},
		refs: []ref{{path: "targetResourceId", weak: true}, {path: "storageId"}},
		Resource: wire.Resource{
			Unmodelled: []string{"enabledFilteringCriteria", "identity"},
			Name:       copied("flowLogName"),
		},
		put: putFlowLog,
	}
}

// putFlowLog knows the one network watcher that Azure makes in each region
// where there is a virtual network.
// Source: https://learn.microsoft.com/azure/network-watcher/network-watcher-create
func putFlowLog(t *tx, _, o *Object) error {
	p := o.props()
	at := location(p.Str("location"))
	here := func(other *Object) bool {
		return other.Type == virtualNetworkType && strings.EqualFold(other.Subscription, o.Subscription) && sameLocation(other.props().Str("location"), at)
	}
	if !strings.EqualFold(p.Str("resourceGroupName"), "NetworkWatcherRG") ||
		!strings.EqualFold(p.Str("networkWatcherName"), "NetworkWatcher_"+at) || first(t.sorted(here)) == nil {
		return refuse("ParentResourceNotFound", "Failed to perform 'write' on resource(s) of type '%s', because the parent resource "+
			"'Microsoft.Network/networkWatchers/%s' could not be found.", "networkWatchers/flowLogs", p.Str("networkWatcherName"))
	}
	target := p.Str("targetResourceId")
	if strings.EqualFold(typeOf(target), armSecurityGroup) {
		// Since 2025-06-30: https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview
		return refuse("NsgFlowLogsRetired", "Flow logs of network security groups can no longer be created: %s.", target)
	}
	for other := range t.all(flowLogType) {
		if key(other.ID) != key(o.ID) && strings.EqualFold(other.props().Str("targetResourceId"), target) {
			return refuse("FlowLogTargetInUse", "Resource %s has the flow log %s already.", target, other.ID)
		}
	}
	p["targetResourceGuid"] = uuid(target, "guid")
	return nil
}

func ddosPlanKind() *kind {
	return &kind{
		token: ddosPlanType, args: network.DdosProtectionPlanArgs{}, outputs: network.DdosProtectionPlan{},
		arm: armDdosPlan, path: []string{"ddosProtectionPlanName"},
		inUse:    refusal{"InUseDdosProtectionPlanCannotBeDeleted", "DDoS protection plan %s cannot be deleted because it is in use by %s."},
		Resource: wire.Resource{Name: random("ddosProtectionPlanName")},
	}
}

func bastionKind() *kind {
	return &kind{
		token: bastionType, args: network.BastionHostArgs{}, outputs: network.BastionHost{},
		arm: "Microsoft.Network/bastionHosts", path: []string{"bastionHostName"},
		refs: []ref{
			{path: "ipConfigurations[].subnet.id", arm: armSubnet},
			{path: "ipConfigurations[].publicIPAddress.id", arm: armPublicAddress, alone: taken},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"dnsName", "networkAcls", "virtualNetwork"},
			Name:       random("bastionHostName"),
		},
		// Source: https://learn.microsoft.com/azure/bastion/configuration-settings
		put: func(t *tx, old, o *Object) error {
			p := o.props()
			all := objects(p["ipConfigurations"])
			if len(all) != 1 {
				return refuse("BastionHostIpConfigurationCountInvalid", "Bastion host %s must have one IP configuration, not %d.", o.ID, len(all))
			}
			subnet := all[0].Object("subnet").Str("id")
			if nameOf(subnet) != bastionSubnet {
				return refuse("SubnetNameMustBeAzureBastionSubnet", "Subnet name %s is invalid for Azure Bastion. "+
					"Azure Bastion can only be created in subnet with name 'AzureBastionSubnet'.", subnet)
			}
			if err := t.largeEnough(subnet, 26); err != nil {
				return err
			}
			if n, given := p.Int("scaleUnits"); given && (n < 2 || n > 50) {
				return refuse("InvalidScaleUnits", "Bastion host %s must have from 2 to 50 scale units, not %d.", o.ID, n)
			}
			if old == nil {
				p["dnsName"] = "bst-" + uuid(o.ID, "bastion") + ".bastion.azure.com"
			} else {
				p["dnsName"] = old.props().Str("dnsName")
			}
			return t.leaseAll(old, o, all, "", "privateIPAddress")
		},
	}
}

// largeEnough refuses a subnet that is too small for what it is named after.
func (t *tx) largeEnough(subnet string, bits int) error {
	for _, block := range prefixes(t.find(subnet)) {
		if block.Bits() > bits {
			return refuse("SubnetTooSmall", "Subnet %s must be /%d or larger, not %s.", subnet, bits, block)
		}
	}
	return nil
}
