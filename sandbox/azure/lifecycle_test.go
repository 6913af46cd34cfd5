package azure_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// Parts of inputs that several tests have.
var (
	sslPolicy    = in{"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"}
	managedRules = in{"managedRuleSets": []any{in{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}}}
	allowManager = in{
		"name": "manager", "access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp", "sourceAddressPrefix": "GatewayManager",
		"sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "65200-65535",
	}
	filter = in{
		"name": "aks", "priority": 100, "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "action": in{"type": "Allow"},
		"rules": []any{in{
			"name": "aks", "ruleType": "ApplicationRule", "fqdnTags": []any{"AzureKubernetesService"}, "sourceAddresses": []any{"10.1.0.0/16"},
			"protocols": []any{in{"protocolType": "Https", "port": 443}},
		}},
	}
)

// gatewayIn are the inputs of an application gateway.
func gatewayIn(subnet, pip, policy res) in {
	self := subscription + "/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/agw/"
	part := func(name string) in { return in{"id": self + name} }
	return named("applicationGatewayName", "agw", in{
		"sku": in{"name": "WAF_v2", "tier": "WAF_v2"}, "autoscaleConfiguration": in{"minCapacity": 2, "maxCapacity": 10},
		"firewallPolicy": id(policy), "sslPolicy": sslPolicy, "zones": []any{"1", "2", "3"},
		"gatewayIPConfigurations":       []any{in{"name": "gateway", "subnet": id(subnet)}},
		"frontendIPConfigurations":      []any{in{"name": "public", "publicIPAddress": id(pip)}, in{"name": "private", "subnet": id(subnet), "privateIPAddress": "10.0.4.10", "privateIPAllocationMethod": "Static"}},
		"frontendPorts":                 []any{in{"name": "http", "port": 80}},
		"backendAddressPools":           []any{in{"name": "nodes"}},
		"backendHttpSettingsCollection": []any{in{"name": "http", "port": 80, "protocol": "Http"}},
		"httpListeners": []any{in{
			"name": "http", "protocol": "Http", "frontendIPConfiguration": part("frontendIPConfigurations/public"), "frontendPort": part("frontendPorts/http"),
		}},
		"requestRoutingRules": []any{in{
			"name": "http", "priority": 100, "ruleType": "Basic", "httpListener": part("httpListeners/http"),
			"backendAddressPool": part("backendAddressPools/nodes"), "backendHttpSettings": part("backendHttpSettingsCollection/http"),
		}},
	})
}

// clusterIn are the inputs of a private cluster behind a firewall.
func clusterIn(nodes, api, who, zone res) in {
	return named("resourceName", "aks", in{
		"dnsPrefix": "aks", "kubernetesVersion": "1.33",
		"identity":      in{"type": "UserAssigned", "userAssignedIdentities": []any{who.id}},
		"fqdnSubdomain": "prod",
		"agentPoolProfiles": []any{in{
			"name": "system", "mode": "System", "count": 3, "maxPods": 110, "vmSize": "Standard_D4s_v5", "vnetSubnetID": nodes.id,
		}},
		"apiServerAccessProfile": in{
			"enablePrivateCluster": true, "privateDNSZone": zone.id, "enableVnetIntegration": true, "subnetId": api.id,
		},
		"networkProfile": in{
			"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.244.0.0/16", "serviceCidr": "172.16.0.0/16",
			"dnsServiceIP": "172.16.0.10", "outboundType": "userDefinedRouting",
		},
		"oidcIssuerProfile": in{"enabled": true},
	})
}

// landing is a landing zone in small: everything that the components emit,
// once, in the order in which a program makes it.
type landing struct {
	all    []res
	byType map[string]res
}

func (l *landing) add(i *instance, typ string, inputs in) res {
	i.t.Helper()
	r := i.create(typ, inputs)
	l.all = append(l.all, r)
	l.byType[typ] = r
	return r
}

func (i *instance) deploy() landing {
	i.t.Helper()
	l := landing{byType: map[string]res{}}
	l.add(i, rgType, in{"resourceGroupName": "rg", "location": "westeurope", "tags": in{"env": "dev"}})
	watchers := i.create(rgType, in{"resourceGroupName": "NetworkWatcherRG", "location": "westeurope"})
	l.all = append(l.all, watchers)

	ddos := l.add(i, ddosType, named("ddosProtectionPlanName", "ddos", nil))
	vnet := l.add(i, vnetType, with(with(vnetIn("vnet", "10.0.0.0/16"), "ddosProtectionPlan", id(ddos)), "enableDdosProtection", true))
	hub := l.add(i, vnetType, vnetIn("hub", "10.1.0.0/16"))

	nsg := l.add(i, nsgType, named("networkSecurityGroupName", "nsg", in{"securityRules": []any{allowManager}}))
	l.add(i, ruleType, named("securityRuleName", "https", in{
		"networkSecurityGroupName": "nsg", "access": "Allow", "direction": "Inbound", "priority": 110, "protocol": "Tcp",
		"sourceAddressPrefix": "VirtualNetwork", "sourcePortRange": "*", "destinationAddressPrefix": "VirtualNetwork", "destinationPortRange": "443",
	}))
	table := l.add(i, tableType, named("routeTableName", "rt", in{"disableBgpRoutePropagation": true}))
	l.add(i, routeType, named("routeName", "default", in{
		"routeTableName": "rt", "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.1.0.4",
	}))
	prefix := l.add(i, prefixType, named("publicIpPrefixName", "prefix", in{"prefixLength": 30, "sku": in{"name": "Standard"}}))
	natPip := l.add(i, pipType, with(pipIn("nat"), "publicIPPrefix", id(prefix)))
	nat := l.add(i, natType, named("natGatewayName", "nat", in{
		"sku": in{"name": "Standard"}, "publicIpAddresses": []any{id(natPip)}, "zones": []any{"1"},
	}))

	subnet := func(of res, name, cidr string, more in) res {
		return l.add(i, subnetType, subnetIn(of, name, cidr, more))
	}
	nodes := subnet(vnet, "nodes", "10.0.0.0/24", in{
		"networkSecurityGroup": id(nsg), "routeTable": id(table), "defaultOutboundAccess": false,
	})
	endpoints := subnet(vnet, "endpoints", "10.0.1.0/26", nil)
	api := subnet(vnet, "api", "10.0.2.0/28", delegated("Microsoft.ContainerService/managedClusters"))
	gateway := subnet(vnet, "gateway", "10.0.4.0/24", in{"networkSecurityGroup": id(nsg)})
	out := subnet(vnet, "out", "10.0.5.0/24", in{"natGateway": id(nat)})
	fwSubnet := subnet(hub, "AzureFirewallSubnet", "10.1.0.0/26", nil)
	bastionSubnet := subnet(hub, "AzureBastionSubnet", "10.1.0.64/26", nil)
	inSubnet := subnet(hub, "in", "10.1.1.0/28", delegated("Microsoft.Network/dnsResolvers"))
	outSubnet := subnet(hub, "out", "10.1.1.16/28", delegated("Microsoft.Network/dnsResolvers"))

	l.add(i, peeringType, named("virtualNetworkPeeringName", "hub", in{"virtualNetworkName": "vnet", "remoteVirtualNetwork": id(hub), "allowForwardedTraffic": true}))
	l.add(i, peeringType, named("virtualNetworkPeeringName", "spoke", in{"virtualNetworkName": "hub", "remoteVirtualNetwork": id(vnet)}))

	policy := l.add(i, policyType, named("firewallPolicyName", "policy", in{"sku": in{"tier": "Standard"}, "dnsSettings": in{"enableProxy": true}}))
	l.add(i, rcgType, named("ruleCollectionGroupName", "aks", in{"firewallPolicyName": "policy", "priority": 200, "ruleCollections": []any{filter}}))
	fwPip := l.add(i, pipType, pipIn("firewall"))
	l.add(i, firewallType, named("azureFirewallName", "fw", in{
		"sku": in{"name": "AZFW_VNet", "tier": "Standard"}, "firewallPolicy": id(policy),
		"ipConfigurations": []any{in{"name": "it", "subnet": id(fwSubnet), "publicIPAddress": id(fwPip)}},
	}))
	bastionPip := l.add(i, pipType, pipIn("bastion"))
	l.add(i, bastionType, named("bastionHostName", "bastion", in{
		"sku": in{"name": "Standard"}, "ipConfigurations": []any{in{"name": "it", "subnet": id(bastionSubnet), "publicIPAddress": id(bastionPip)}},
	}))
	l.add(i, resolverType, named("dnsResolverName", "resolver", in{"virtualNetwork": id(hub)}))
	l.add(i, inboundType, named("inboundEndpointName", "in", in{"dnsResolverName": "resolver", "ipConfigurations": []any{in{"subnet": id(inSubnet)}}}))
	outbound := l.add(i, outboundType, named("outboundEndpointName", "out", in{"dnsResolverName": "resolver", "subnet": id(outSubnet)}))
	l.add(i, rulesetType, named("dnsForwardingRulesetName", "rules", in{"dnsResolverOutboundEndpoints": []any{id(outbound)}}))
	l.add(i, forwardType, named("forwardingRuleName", "corp", in{
		"dnsForwardingRulesetName": "rules", "domainName": "corp.example.", "targetDnsServers": []any{in{"ipAddress": "192.168.0.53", "port": 53}},
	}))
	l.add(i, rsLinkType, named("virtualNetworkLinkName", "spoke", in{"dnsForwardingRulesetName": "rules", "virtualNetwork": id(vnet)}))

	global := func(property, name string, more in) in {
		return with(named(property, name, more), "location", "Global")
	}
	vaultZone := l.add(i, zoneType, global("privateZoneName", "privatelink.vaultcore.azure.net", nil))
	l.add(i, linkType, global("virtualNetworkLinkName", "spoke", in{
		"privateZoneName": "privatelink.vaultcore.azure.net", "virtualNetwork": id(vnet), "registrationEnabled": false,
	}))
	l.add(i, recordType, named("relativeRecordSetName", "old", in{
		"privateZoneName": "privatelink.vaultcore.azure.net", "recordType": "A", "ttl": 300, "aRecords": []any{in{"ipv4Address": "10.0.1.60"}},
	}))
	pe := l.add(i, peType, named("privateEndpointName", "vault", in{
		"subnet":                        id(endpoints),
		"privateLinkServiceConnections": []any{in{"name": "vault", "privateLinkServiceId": vaultID, "groupIds": []any{"vault"}}},
	}))
	l.add(i, pegType, named("privateDnsZoneGroupName", "default", in{
		"privateEndpointName": pe.name(), "privateDnsZoneConfigs": []any{in{"name": "vault", "privateDnsZoneId": vaultZone.id}},
	}))
	l.add(i, nicType, named("networkInterfaceName", "nic", in{"ipConfigurations": []any{in{"name": "it", "subnet": id(out)}}}))
	l.add(i, lbType, named("loadBalancerName", "lb", in{
		"sku": in{"name": "Standard"}, "frontendIPConfigurations": []any{in{"name": "in", "subnet": id(out), "privateIPAddress": "10.0.5.100"}},
	}))

	agwPip := l.add(i, pipType, with(pipIn("agw"), "dnsSettings", in{"domainNameLabel": "apps"}))
	waf := l.add(i, wafType, named("policyName", "waf", in{"managedRules": managedRules, "policySettings": in{"mode": "Prevention", "state": "Enabled"}}))
	l.add(i, gatewayType, gatewayIn(gateway, agwPip, waf))

	who := l.add(i, identityType, named("resourceName", "aks", nil))
	l.add(i, ficType, named("federatedIdentityCredentialResourceName", "pods", in{
		"resourceName": "aks", "issuer": "https://example.com/", "subject": "system:serviceaccount:a:b", "audiences": []any{"api://AzureADTokenExchange"},
	}))
	aksZone := l.add(i, zoneType, global("privateZoneName", "privatelink.westeurope.azmk8s.io", nil))
	for scope, role := range map[string]string{vnet.id: networkContributor, aksZone.id: zoneContributor} {
		r, err := i.assign(who, role, scope)
		require.NoError(i.t, err)
		l.all, l.byType[roleType] = append(l.all, r), r
	}
	l.add(i, clusterType, clusterIn(nodes, api, who, aksZone))
	l.add(i, poolType, named("agentPoolName", "more", in{"resourceName": "aks", "mode": "User", "vmSize": "Standard_D4ds_v5", "vnetSubnetID": nodes.id}))
	l.add(i, flowLogType, in{
		"resourceGroupName": "NetworkWatcherRG", "networkWatcherName": "NetworkWatcher_westeurope", "flowLogName": "vnet", "location": "westeurope",
		"targetResourceId": vnet.id, "storageId": storageID, "enabled": true,
	})
	return l
}

// TestLanding deploys everything once, looks at what Azure would have chosen,
// and takes it down again.
func TestLanding(t *testing.T) {
	cloud, i := newCloud(t, azure.Options{})
	l := i.deploy()
	assert.ElementsMatch(t, cloud.Tokens(), slices.Collect(maps.Keys(l.byType)), "every type is there")
	assert.Empty(t, cloud.Dangling())

	rg := subscription + "/resourceGroups/rg"
	for typ, want := range map[string]string{
		rgType:       rg,
		subnetType:   rg + "/providers/Microsoft.Network/virtualNetworks/hub/subnets/out",
		routeType:    rg + "/providers/Microsoft.Network/routeTables/rt/routes/default",
		natType:      rg + "/providers/Microsoft.Network/natGateways/nat",
		linkType:     rg + "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/virtualNetworkLinks/spoke",
		recordType:   rg + "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/A/old",
		pegType:      rg + "/providers/Microsoft.Network/privateEndpoints/vault/privateDnsZoneGroups/default",
		rcgType:      rg + "/providers/Microsoft.Network/firewallPolicies/policy/ruleCollectionGroups/aks",
		outboundType: rg + "/providers/Microsoft.Network/dnsResolvers/resolver/outboundEndpoints/out",
		ficType:      rg + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks/federatedIdentityCredentials/pods",
		clusterType:  rg + "/providers/Microsoft.ContainerService/managedClusters/aks",
		flowLogType: subscription + "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/" +
			"NetworkWatcher_westeurope/flowLogs/vnet",
	} {
		assert.Equal(t, want, l.byType[typ].id)
	}
	for typ, r := range l.byType {
		if typ == pegType {
			continue // The SDK has no type for it.
		}
		assert.NotEmpty(t, r.str("name"), typ)
		assert.NotEmpty(t, r.str("type"), typ)
	}
	assert.Equal(t, "Microsoft.Network/virtualNetworks/subnets", l.byType[subnetType].str("type"))

	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`)
	// Azure keeps the first four addresses of a subnet, so a firewall is at .4.
	assert.Equal(t, "10.1.0.4", l.byType[firewallType].at("ipConfigurations", 0, "privateIPAddress").StringValue())
	assert.Equal(t, "10.1.1.4", l.byType[inboundType].at("ipConfigurations", 0, "privateIpAddress").StringValue())
	assert.Equal(t, "10.0.1.4", l.byType[peType].at("customDnsConfigs", 0, "ipAddresses", 0).StringValue())
	assert.Equal(t, "10.0.5.4", l.byType[nicType].at("ipConfigurations", 0, "privateIPAddress").StringValue())
	assert.Equal(t, "10.0.5.100", l.byType[lbType].at("frontendIPConfigurations", 0, "privateIPAddress").StringValue())
	assert.Equal(t, "Approved", l.byType[peType].at("privateLinkServiceConnections", 0, "privateLinkServiceConnectionState", "status").StringValue())
	assert.Equal(t, "apps.westeurope.cloudapp.azure.com", l.byType[pipType].at("dnsSettings", "fqdn").StringValue())
	assert.Equal(t, "198.51.100.2", l.byType[pipType].str("ipAddress"), "the third that is not from a prefix")
	assert.Equal(t, "203.0.113.0/30", l.byType[prefixType].str("ipPrefix"))
	assert.Equal(t, "Connected", l.byType[peeringType].str("peeringState"))
	assert.Equal(t, "Connected", i.read(l.all[slices.IndexFunc(l.all, func(r res) bool { return r.typ == peeringType })]).str("peeringState"))
	assert.Equal(t, "westeurope", l.byType[tableType].str("location"), "the resource group's")
	assert.Regexp(t, uuid, l.byType[identityType].str("principalId"))
	assert.Regexp(t, uuid, l.byType[identityType].str("clientId"))
	assert.Equal(t, "old.privatelink.vaultcore.azure.net.", l.byType[recordType].str("fqdn"))
	cluster := l.byType[clusterType]
	assert.Regexp(t, `^aks-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io$`, cluster.str("fqdn"))
	assert.Equal(t, "prod.privatelink.westeurope.azmk8s.io", cluster.str("privateFQDN"))
	assert.Equal(t, "MC_rg_aks_westeurope", cluster.str("nodeResourceGroup"))
	assert.Equal(t, "2025-09-01", cluster.str("azureApiVersion"))
	assert.Regexp(t, `^https://westeurope\.oic\.prod-aks\.azure\.com/`, cluster.at("oidcIssuerProfile", "issuerURL").StringValue())
	principals := cluster.at("identity", "userAssignedIdentities").ObjectValue()
	assert.Equal(t, l.byType[identityType].out["principalId"], principals[resource.PropertyKey(l.byType[identityType].id)].ObjectValue()["principalId"])
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, l.byType[roleType].name())

	// What is read is what was made, and leaves no difference.
	for _, r := range l.all {
		if r.typ == peeringType {
			continue // The first changed when the second came.
		}
		now := i.read(r)
		assert.Equal(t, r.out, now.out, r.id)
		delete(r.in, "__defaults")
		delete(now.in, "__defaults")
		assert.Equal(t, r.in, now.in, "%s: a refresh leaves the inputs", r.id)
	}

	for _, r := range slices.Backward(l.all) {
		require.NoError(t, i.remove(r), r.id)
		assert.False(t, i.exists(r))
	}
	assert.Empty(t, cloud.Objects())
}

// TestDeleteOrder refuses to delete what others hold on to, whatever it is.
func TestDeleteOrder(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	l := i.deploy()
	for typ, want := range map[string]string{
		subnetType:   "InUseSubnetCannotBeDeleted",
		nsgType:      "InUseNetworkSecurityGroupCannotBeDeleted",
		tableType:    "InUseRouteTableCannotBeDeleted",
		pipType:      "PublicIPAddressCannotBeDeleted",
		natType:      "InUseNatGatewayCannotBeDeleted",
		vnetType:     "InUse",
		ddosType:     "InUseDdosProtectionPlanCannotBeDeleted",
		policyType:   "InUseFirewallPolicyCannotBeDeleted",
		prefixType:   "InUsePublicIpPrefixCannotBeDeleted",
		outboundType: "OutboundEndpointInUse",
		resolverType: "CannotDeleteResource",
		rulesetType:  "CannotDeleteResource",
		wafType:      "InUseWebApplicationFirewallPolicyCannotBeDeleted",
		rgType:       "ResourceGroupNotEmpty",
	} {
		require.ErrorContains(t, i.remove(l.byType[typ]), want, typ)
	}
	zone := l.all[slices.IndexFunc(l.all, func(r res) bool { return r.typ == zoneType })]
	require.ErrorContains(t, i.remove(zone), "CannotDeleteResource")
}

// TestReplace looks at which changes replace and which update.
func TestReplace(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	l := i.deploy()
	give := func(r res) in {
		out := in{}
		for k, v := range r.in.Mappable() {
			if k != "__defaults" {
				out[k] = v
			}
		}
		return out
	}
	for _, c := range []struct {
		typ, property string
		value         any
		replaces      bool
	}{
		{rgType, "location", "northeurope", true},
		{rgType, "tags", in{"env": "prod"}, false},
		{vnetType, "virtualNetworkName", "other", true},
		{vnetType, "resourceGroupName", "other", true},
		{vnetType, "location", "northeurope", true},
		{vnetType, "addressSpace", in{"addressPrefixes": []any{"10.1.0.0/16", "10.2.0.0/16"}}, false},
		{subnetType, "addressPrefix", "10.1.1.32/28", false},
		{subnetType, "virtualNetworkName", "vnet", true},
		{routeType, "nextHopIpAddress", "10.1.0.5", false},
		{routeType, "routeTableName", "other", true},
		{pipType, "sku", in{"name": "Basic"}, true},
		{pipType, "idleTimeoutInMinutes", 10, false},
		{peType, "subnet", in{"id": l.byType[subnetType].id}, true},
		{peType, "tags", in{"a": "b"}, false},
		{roleType, "principalId", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", true},
		{identityType, "location", "northeurope", true},
		{clusterType, "networkProfile", in{"networkPlugin": "azure"}, true},
		{clusterType, "kubernetesVersion", "1.34", false},
		{clusterType, "dnsPrefix", "other", true},
		{poolType, "vmSize", "Standard_D8ds_v5", true},
		{poolType, "maxCount", 5, false},
	} {
		r := l.byType[c.typ]
		d := i.diff(r, with(give(r), c.property, c.value))
		assert.Equal(t, []string{c.property}, d.GetDiffs(), c.typ)
		assert.Equal(t, c.replaces, len(d.GetReplaces()) > 0, "%s.%s", c.typ, c.property)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, i.diff(r, give(r)).GetChanges(), "%s: the same inputs are no difference", c.typ)
	}
}

// TestWholeObject gives up what a PUT leaves out, and keeps what the provider
// keeps.
func TestWholeObject(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	vnet, _ := i.network()
	nsg := i.create(nsgType, named("networkSecurityGroupName", "nsg", nil))
	inputs := subnetIn(vnet, "pods", "10.0.1.0/24", in{"networkSecurityGroup": id(nsg)})
	pods := i.create(subnetType, inputs)
	require.ErrorContains(t, i.remove(nsg), "InUseNetworkSecurityGroupCannotBeDeleted")

	// Without its security group, a subnet loses it.
	pods, err := i.update(pods, with(inputs, "networkSecurityGroup", nil))
	require.NoError(t, err)
	assert.NotContains(t, pods.out, resource.PropertyKey("networkSecurityGroup"))
	require.NoError(t, i.remove(nsg))

	// A virtual network that does not speak of subnets keeps them.
	vnet, err = i.update(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "tags", in{"a": "b"}))
	require.NoError(t, err)
	require.True(t, i.exists(pods))
	// An empty list is none of that, so it is a difference.
	assert.Empty(t, i.diff(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "tags", in{"a": "b"})).GetDiffs())
	assert.Equal(t, []string{"subnets"}, i.diff(vnet, with(with(vnetIn("vnet", "10.0.0.0/16"), "tags", in{"a": "b"}), "subnets", []any{})).GetDiffs())
	// One that lists some drops the others,
	vnet, err = i.update(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "subnets", []any{in{"name": "nodes", "addressPrefix": "10.0.0.0/24"}}))
	require.NoError(t, err)
	assert.False(t, i.exists(pods))
	// unless something is in them.
	pods = i.create(subnetType, with(inputs, "networkSecurityGroup", nil))
	i.create(nicType, named("networkInterfaceName", "nic", in{"ipConfigurations": []any{in{"name": "it", "subnet": id(pods)}}}))
	_, err = i.update(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "subnets", []any{}))
	require.ErrorContains(t, err, "InUseSubnetCannotBeDeleted")
}

// TestInlineChildren wipes what stands beside a list.
func TestInlineChildren(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	i.group()
	table := i.create(tableType, named("routeTableName", "rt", nil))
	route := func(name, prefix string) in {
		return in{"name": name, "addressPrefix": prefix, "nextHopType": "None"}
	}
	own := named("routeName", "own", in{"routeTableName": "rt", "addressPrefix": "10.0.0.0/8", "nextHopType": "None"})
	standalone := i.create(routeType, own)
	_, err := i.update(table, named("routeTableName", "rt", in{"tags": in{"a": "b"}}))
	require.NoError(t, err)
	assert.True(t, i.exists(standalone))
	_, err = i.update(table, named("routeTableName", "rt", in{"routes": []any{route("a", "0.0.0.0/0")}}))
	require.NoError(t, err)
	assert.False(t, i.exists(standalone))

	nsg := i.create(nsgType, named("networkSecurityGroupName", "nsg", nil))
	standing := i.create(ruleType, named("securityRuleName", "manager", with(with(allowManager, "name", nil), "networkSecurityGroupName", "nsg")))
	_, err = i.update(nsg, named("networkSecurityGroupName", "nsg", in{"securityRules": []any{allowManager}}))
	require.NoError(t, err)
	assert.False(t, i.exists(standing))
}

// TestNetworkGone tells the others that a virtual network is no more.
func TestNetworkGone(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	vnet, _ := i.network()
	hub := i.vnet("hub", "10.1.0.0/16")
	there, back := i.create(peeringType, peeringIn(vnet, hub)), i.create(peeringType, peeringIn(hub, vnet))
	i.create(zoneType, zoneIn("a.example.com"))
	link := i.create(linkType, linkIn("a.example.com", "it", vnet))
	require.NoError(t, i.remove(vnet))
	assert.False(t, i.exists(there))
	assert.Equal(t, "Disconnected", i.read(back).str("peeringState"))
	assert.False(t, i.exists(link), "links go with the network")
}

// TestForget takes away what cannot exist without what is forgotten.
func TestForget(t *testing.T) {
	cloud, i := newCloud(t, azure.Options{})
	l := i.deploy()
	require.NoError(t, cloud.Forget(l.byType[tableType].id))
	assert.Empty(t, cloud.Dangling())
	assert.False(t, i.exists(l.byType[routeType]))
	assert.False(t, i.exists(l.byType[clusterType]), "its nodes were in the subnet of the table")
	require.NoError(t, i.remove(l.byType[routeType]), "what is gone already is as it should be")
	require.ErrorContains(t, cloud.Forget("/nothing"), "nothing has the id /nothing")
	require.NoError(t, cloud.Forget(l.byType[rgType].id))
	assert.Empty(t, cloud.Dangling())
}
