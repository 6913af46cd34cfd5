package stacks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/problem"
)

// azureBase and zoneBase are valid environments; each case changes one part.
const azureBase = `config:
  azure-native:location: westeurope
  azure-native:subscriptionId: 11111111-2222-4333-8444-555555555555
  underlay:model: shared-azure
  underlay:spec:
    resourceGroup: data-plane
    dataPlane:
      addressSpace: [10.40.0.0/20]
      egress: customerFirewall
      firewall: {privateIp: 10.10.0.4}
      peerings:
        hub: {remoteVnetId: /subscriptions/a/resourceGroups/b/providers/Microsoft.Network/virtualNetworks/hub, addressSpace: [10.10.0.0/22]}
    privateEndpoints: {services: [blob]}
    cluster: {pools: [{name: system, maxCount: 3, maxPods: 50}]}
    vendorAccess: {groupObjectId: 99999999-8888-4777-8666-555555555555}
`

const zoneBase = `config:
  azure-native:location: westeurope
  azure-native:subscriptionId: 11111111-2222-4333-8444-555555555555
  underlay:model: aks-landing-zone
  underlay:spec:
    resourceGroups: {hub: hub, spoke: spoke}
    hub: {vnetCidr: 10.50.0.0/22}
    spoke: {addressSpace: [10.50.16.0/20]}
    cluster: {pools: [{name: system, vmSize: Standard_D4ds_v5, maxCount: 3, maxPods: 50}]}
`

// bridged is azureBase with queues in AWS.
var bridged = strings.Replace(azureBase, "    vendorAccess:", `    bridge:
      localAccountId: "111122223333"
      localRole: {name: data-plane, webIdentity: {providerUrl: "https://sts.windows.net/t/", audience: a, subject: s}}
      peerAccountId: "444455556666"
      peerRoleArns: ["arn:aws:iam::444455556666:role/control-plane"]
    vendorAccess:`, 1)

// bridgedIn is bridged with the setting that it needs.
var bridgedIn = strings.Replace(bridged, "config:\n", "config:\n  aws:region: eu-west-1\n", 1)

func TestTheBasesOfTheBadAzureConfigurationsAreValid(t *testing.T) {
	for _, text := range []string{azureBase, zoneBase, bridgedIn} {
		require.NoError(t, check(text))
	}
}

// Each configuration is wrong in what new says, and gives exactly the messages
// in want.
func TestBadAzureConfigurations(t *testing.T) {
	const ds, cs = "underlay:spec.dataPlane.", "underlay:spec.cluster."
	for _, c := range []struct {
		name, from string
		old, new   string
		want       []string
	}{
		// The settings.
		{"no location", azureBase, "  azure-native:location: westeurope\n", "", []string{
			"azure-native:location: is missing; give an Azure region in its short form, for example westeurope"}},
		{"a location's long name", azureBase, "westeurope", "West Europe", []string{
			"azure-native:location: West Europe: is not a region's short form; write westeurope"}},
		{"an AWS region", azureBase, "westeurope", "eu-west-1", []string{
			"azure-native:location: eu-west-1: is not an Azure region that the catalogue knows; give an Azure region in its short form, for example westeurope"}},
		{"no such location", azureBase, "westeurope", "atlantis", []string{
			"azure-native:location: atlantis: is not an Azure region that the catalogue knows; give an Azure region in its short form, for example westeurope"}},
		{"a location mistyped", zoneBase, "westeurope", "westeuorpe", []string{
			`azure-native:location: westeuorpe: is not an Azure region that the catalogue knows; did you mean "westeurope"?`}},
		{"a location of another cloud", zoneBase, "westeurope", "usgovvirginia", []string{
			"azure-native:location: usgovvirginia: is a region of another cloud than Azure's public one; " +
				"give an Azure region in its short form, for example westeurope"}},
		{"zones where there are none", strings.NewReplacer("egress: customerFirewall", "egress: natGateway", "firewall: {privateIp: 10.10.0.4}",
			`publicAddresses: {zones: ["1"], inbound: none}`, "{name: system, ", `{name: system, zones: ["1", "2"], `).Replace(azureBase), "westeurope", "westus", []string{
			ds + "publicAddresses.zones: 1: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus",
			cs + "pools[0].zones: 1, 2: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus"}},
		{"a firewall's zones where there are none", strings.Replace(zoneBase, "10.50.0.0/22}", `10.50.0.0/22, firewall: {zones: ["1"]}}`, 1), "westeurope", "koreasouth", []string{
			"underlay:spec.hub.firewall.zones: 1: is set, but koreasouth has no availability zones; remove it, or use a region with zones, for example koreacentral"}},
		{"an ingress's zones where there are none", strings.Replace(zoneBase, "    cluster:", "    ingress: {zones: [\"3\"], keyVaultId: "+
			"/subscriptions/a/resourceGroups/b/providers/Microsoft.KeyVault/vaults/aks, frontends: [public], sites: [{name: a, "+
			"certificateSecretId: https://aks.vault.azure.net/secrets/a, backends: [a.example.com]}]}\n    cluster:", 1), "westeurope", "ukwest", []string{
			"underlay:spec.ingress.zones: 3: is set, but ukwest has no availability zones; remove it, or use a region with zones, for example uksouth"}},
		{"no subscription", azureBase, "  azure-native:subscriptionId: 11111111-2222-4333-8444-555555555555\n", "", []string{
			"azure-native:subscriptionId: is missing; give the id of the subscription to deploy to"}},
		{"a subscription's name", azureBase, "11111111-2222-4333-8444-555555555555", "prod", []string{
			"azure-native:subscriptionId: prod: is not a GUID; give the id, not a name"}},
		{"a tenant's domain", azureBase, "config:\n", "config:\n  azure-native:tenantId: example.com\n", []string{
			"azure-native:tenantId: example.com: is not a GUID; give the id, not a name"}},
		{"two ways to sign in", azureBase, "config:\n", "config:\n  azure-native:useMsi: true\n  azure-native:useOidc: true\n", []string{
			"azure-native:useMsi: true: is set, and useOidc too; set one of them"}},
		{"a setting of Pulumi's that is not passed on", azureBase, "config:\n", "config:\n  azure-native:clientSecret: {secure: v1:abc}\n", []string{
			"azure-native:clientSecret: is encrypted; of underlay's settings only underlay:bridgeExternalId and underlay:supportExternalId are secrets; " +
				"set it with `pulumi config set` without --secret"}},
		{"an unknown setting", azureBase, "azure-native:location", "azure-native:locaton", []string{
			"azure-native:locaton: is not a setting that underlay gives its Azure provider; did you mean \"azure-native:location\"?",
			"azure-native:location: is missing; give an Azure region in its short form, for example westeurope"}},
		{"a setting of another type", azureBase, "config:\n", "config:\n  azure-native:useOidc: maybe\n", []string{
			"azure-native:useOidc: maybe: is text; it must be true or false"}},
		{"a setting of a cloud that is not used", azureBase, "config:\n", "config:\n  aws:region: eu-west-1\n", []string{
			"aws:region: is set, but nothing of the environment is in AWS; remove it"}},
		{"Azure's settings in AWS", base, "config:\n", "config:\n  azure-native:location: westeurope\n", []string{
			"azure-native:location: is set, but nothing of the environment is in Azure; remove it"}},
		{"queues without a region", bridged, "", "", []string{
			"aws:region: is missing; give an AWS region, for example eu-west-1"}},

		// shared-azure.
		{"no resource group", azureBase, "    resourceGroup: data-plane\n", "", []string{
			"underlay:spec.resourceGroup: is missing; name the resource group to make"}},
		{"a resource group's id", azureBase, "data-plane\n", "/subscriptions/a/resourceGroups/b\n", []string{
			"underlay:spec.resourceGroup: /subscriptions/a/resourceGroups/b: is not a resource group's name; use 1 to 90 letters, digits and ._()-, the last no dot"}},
		{"no egress", azureBase, "egress: customerFirewall\n      firewall: {privateIp: 10.10.0.4}", "dns: {}", []string{
			ds + "egress: is missing; there is no safe default; say customerFirewall, loadBalancer, natGateway or none"}},
		{"a firewall in the nodes' own subnet", azureBase, "10.10.0.4", "10.40.0.4", []string{
			ds + "firewall.privateIp: 10.40.0.4: is in the subnet nodes, whose own traffic it would be sent; " +
				"place the firewall in a peered VNet, or in an extra subnet of its own"}},
		{"a peering without its VNet", azureBase, "remoteVnetId: /subscriptions/a/resourceGroups/b/providers/Microsoft.Network/virtualNetworks/hub, ", "", []string{
			ds + "peerings.hub.remoteVnetId: is missing; give the other VNet's id"}},
		{"flow logs to nowhere", azureBase, "egress: customerFirewall", "egress: customerFirewall\n      flowLogs: {}", []string{
			ds + "flowLogs.storageAccountId: is missing; give the storage account's id"}},
		{"a VNet too small", azureBase, "10.40.0.0/20", "10.40.0.0/22", []string{
			ds + "addressSpace[0]: 10.40.0.0/22: is smaller than /20: its slots would not hold every role's subnet; " +
				"the nearest is 10.40.0.0/20, or place each subnet by hand"}},
		{"what follows from the VNet", azureBase, "cluster: {", "cluster: {egress: loadBalancer, egressIps: [198.51.100.1], reachableCidrs: [10.0.0.0/8], ", []string{
			cs + "egress: is set, but follows from dataPlane.egress; remove it",
			cs + "egressIps: is set, but follows from dataPlane.firewall.egressIps; remove it",
			cs + "reachableCidrs: is set, but follows from dataPlane.peerings and dataPlane.onPremises; remove it"}},
		// 16 addresses at a time, and 8 free: a node of 110 pods takes 128 of the 2043.
		{"more pods than addresses", azureBase, "maxCount: 3, maxPods: 50", "maxCount: 20", []string{
			cs + "pools[0]: system: is 22 nodes with surge and needs 2816 addresses of the pod subnet 10.40.8.0/21, which has 2043; " +
				"the smallest that holds all pools is a /20; or use fewer nodes or fewer pods a node"}},
		{"no subnet for the API server", azureBase, "egress: customerFirewall", "egress: customerFirewall\n      roles: [nodes, pods]", []string{
			ds + "roles: has no apiServer; the access vnetIntegrationPrivate needs it; add apiServer"}},
		{"no subnet for pods", strings.Replace(azureBase, "cluster: {", "cluster: {model: podSubnet, api: {access: privateNoZone}, ", 1),
			"egress: customerFirewall", "egress: customerFirewall\n      roles: [nodes]", []string{
				ds + "roles: has no pods; the model podSubnet needs it; add pods"}},
		{"an overlay that is a peer's too", azureBase, "cluster: {", "cluster: {model: overlay, podCidr: 10.10.0.0/16, ", []string{
			cs + "podCidr: 10.10.0.0/16: overlaps 10.10.0.0/22 (reachableCidrs[0]); use a block outside 10.10.0.0/22"}},
		{"an unknown feature", azureBase, "cluster: {", "cluster: {features: [monitoring], ", []string{
			cs + "features[0]: monitoring: is not a choice; use monitor, policy, defender, gitops, os-updates or ntp"}},
		{"kubenet without a route table", strings.NewReplacer("egress: customerFirewall", "egress: none", "      firewall: {privateIp: 10.10.0.4}\n", "").Replace(azureBase),
			"cluster: {", "cluster: {model: kubenet, ", []string{
				cs + "model: kubenet: needs a route table on the node subnet, which the VNet has only with a firewall; " +
					"use another model, or egress customerFirewall",
				ds + "egress: none: does not work with kubenet; use the model overlay"}},
		{"machines of a cluster that is made", azureBase, "cluster: {", "cluster: {create: true, ", []string{
			cs + "pools[0].vmSize: is missing; give one, for example Standard_D4ds_v5"}},
		{"a zone that is not made", azureBase, "maxPods: 50}]}", "maxPods: 50, vmSize: Standard_D4ds_v5}], create: true, " +
			"api: {access: privateOwnZone, privateZone: privatelink.westeurope.azmk8s.io}}", []string{
			cs + "api.privateZone: privatelink.westeurope.azmk8s.io: is not among the zones of privateEndpoints; " +
				"name it privatelink.westeurope.azmk8s.io, and add aks to privateEndpoints.services"}},
		{"an endpoint of nothing", azureBase, "{services: [blob]}", "{endpoints: {lake: {service: blob}}}", []string{
			"underlay:spec.privateEndpoints.endpoints.lake.resourceId: is missing; give the resource's id"}},
		{"endpoints without a subnet", strings.Replace(azureBase, "egress: customerFirewall", "egress: customerFirewall\n      roles: [nodes, pods, apiServer]", 1),
			"{services: [blob]}", "{endpoints: {lake: {service: blob, resourceId: " +
				"/subscriptions/a/resourceGroups/b/providers/Microsoft.Storage/storageAccounts/lake}}}", []string{
				ds + "roles: has no subnet for the private endpoints; add privateEndpoints"}},
		{"an unknown service", azureBase, "[blob]", "[blobs]", []string{
			`underlay:spec.privateEndpoints.services[0]: blobs: is not a service that the catalogue knows; did you mean "blob"?`}},
		{"zones linked to no peer", azureBase, "{services: [blob]}", "{services: [blob], linkPeerings: [hubb]}", []string{
			`underlay:spec.privateEndpoints.linkPeerings[0]: hubb: is not one of dataPlane.peerings; did you mean "hub"?`}},
		{"a vendor without a group", azureBase, "{groupObjectId: 99999999-8888-4777-8666-555555555555}", "{access: admin, scope: tenant}", []string{
			"underlay:spec.vendorAccess.groupObjectId: is missing; give the object id of the Entra group that the vendor's team is let into",
			"underlay:spec.vendorAccess.access: admin: is not a choice; use installer or owner",
			"underlay:spec.vendorAccess.scope: tenant: is not a choice; use resourceGroup or subscription"}},
		{"queues for nobody in Azure", bridgedIn, `localRole: {name: data-plane, webIdentity: {providerUrl: "https://sts.windows.net/t/", audience: a, subject: s}}`,
			`localRoleArns: ["arn:aws:iam::111122223333:role/data-plane"]`, []string{
				"underlay:spec.bridge.localRole.webIdentity: is missing; a workload in Azure has no other way into AWS; " +
					"give a role that the data plane's workload assumes with a token of Entra ID or of its cluster"}},
		{"a tag with a sign", azureBase, "    vendorAccess:", "    tags: {a/b: c}\n    vendorAccess:", []string{
			`underlay:spec.tags.a/b: c: has a sign in its name that Azure does not take; leave out <>%&\?/`}},
		{"a tag in two letter cases", azureBase, "    vendorAccess:", "    tags: {Env: a, env: b}\n    vendorAccess:", []string{
			"underlay:spec.tags.env: b: is the tag Env too: Azure does not tell letter cases apart; remove one"}},
		{"a tag too long", azureBase, "    vendorAccess:", "    tags: {owner: " + strings.Repeat("x", 257) + "}\n    vendorAccess:", []string{
			"underlay:spec.tags.owner: xxxxxxxxxxxxxxxxxxxx…: has a value of 257 characters; use at most 256"}},
		{"unknown key", azureBase, "privateEndpoints:", "privateEndpoint:", []string{
			`underlay:spec.privateEndpoint: unknown key; did you mean "privateEndpoints"?`}},
		{"a role of another name", azureBase, "egress: customerFirewall", "egress: customerFirewall\n      roles: [node, nodes, apiServer]", []string{
			ds + `roles[0]: node: is not a role; did you mean "nodes"?`}},

		// aks-landing-zone.
		{"no groups", zoneBase, "    resourceGroups: {hub: hub, spoke: spoke}\n", "", []string{
			"underlay:spec.resourceGroups.hub: is missing; name the resource group to make",
			"underlay:spec.resourceGroups.spoke: is missing; name the resource group to make"}},
		{"one group for both", zoneBase, "spoke: spoke}", "spoke: HUB}", []string{
			"underlay:spec.resourceGroups.spoke: HUB: is the hub's group; use another name"}},
		{"hub and spoke in one block", zoneBase, "10.50.16.0/20", "10.50.0.0/20", []string{
			"underlay:spec.spoke.addressSpace[0]: 10.50.0.0/20: overlaps 10.50.0.0/22 (vnetCidr); use a block outside 10.50.0.0/22"}},
		{"no hub", zoneBase, "hub: {vnetCidr: 10.50.0.0/22}", "hub: {}", []string{
			"underlay:spec.hub.vnetCidr: is missing; write a network such as 10.40.0.0/22"}},
		{"no spoke", zoneBase, "spoke: {addressSpace: [10.50.16.0/20]}", "spoke: {}", []string{
			"underlay:spec.spoke.addressSpace: is missing; give the VNet's blocks, for example [10.40.0.0/16]"}},
		{"another way out than the hub", zoneBase, "spoke: {", "spoke: {egress: natGateway, ", []string{
			"underlay:spec.spoke.egress: natGateway: is not customerFirewall, the only one of this model; remove it"}},
		{"what the model fills in", zoneBase, "hub: {vnetCidr: 10.50.0.0/22}\n    spoke: {",
			"hub: {vnetCidr: 10.50.0.0/22, aks: {}, spokes: {spoke: {}}}\n    spoke: {peerings: {hub: {}}, " +
				"firewall: {privateIp: 10.50.0.4, controlPlaneIp: 198.51.100.1, egressIps: [198.51.100.1]}, ", []string{
				"underlay:spec.hub.aks: is set, but follows from the cluster; remove it",
				"underlay:spec.hub.spokes.spoke: is set, but follows from the spoke; remove it",
				"underlay:spec.spoke.firewall.controlPlaneIp: is set, but follows from the hub; remove it",
				"underlay:spec.spoke.firewall.egressIps: is set, but follows from the hub; remove it",
				"underlay:spec.spoke.firewall.privateIp: is set, but follows from the hub; remove it",
				"underlay:spec.spoke.peerings.hub: is set, but follows from the hub; remove it"}},
		{"another spoke without its VNet", zoneBase, "10.50.0.0/22}", "10.50.0.0/22, spokes: {other: {cidrs: [10.60.0.0/16]}}}", []string{
			"underlay:spec.hub.spokes.other.vnetId: is missing; give the VNet's id"}},
		{"machines", zoneBase, "vmSize: Standard_D4ds_v5, ", "", []string{
			cs + "pools[0].vmSize: is missing; give one, for example Standard_D4ds_v5"}},
		{"another region's zone", zoneBase, "cluster: {", "cluster: {api: {privateZone: privatelink.northeurope.azmk8s.io}, ", []string{
			cs + "api.privateZone: privatelink.northeurope.azmk8s.io: is the zone of northeurope, not of westeurope; use privatelink.westeurope.azmk8s.io"}},
		{"a feature that needs the proxy", strings.Replace(zoneBase, "cluster: {", "cluster: {features: [ntp], ", 1),
			"hub: {vnetCidr: 10.50.0.0/22}", "hub: {vnetCidr: 10.50.0.0/22, firewall: {tier: Basic}}", []string{
				cs + "features: ntp: has the name ntp.ubuntu.com in a network rule, which needs the DNS proxy; set firewall.dnsProxy, or leave the feature out"}},
		{"an ingress without anything", zoneBase, "    cluster:", "    ingress: {}\n    cluster:", []string{
			"underlay:spec.ingress.frontends: are missing; list public, private or both",
			"underlay:spec.ingress.keyVaultId: is missing; give the id of the vault with the certificates",
			"underlay:spec.ingress.sites: are missing; give a site: its name, host names, certificate and backends"}},
		{"an ingress without a subnet", zoneBase, "spoke: {", "ingress: {keyVaultId: certs, frontends: [public], sites: [{name: a, " +
			"certificateSecretId: https://aks.vault.azure.net/secrets/a, backends: [a.example.com]}]}\n    spoke: {roles: [nodes, pods], ", []string{
			"underlay:spec.ingress.keyVaultId: certs: is not the id of a key vault; " +
				"give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>",
			"underlay:spec.spoke.roles: has no subnet for the application gateway; add applicationGateway"}},
		{"everything at once", zoneBase, "10.50.0.0/22}\n    spoke: {addressSpace: [10.50.16.0/20]}", "10.50.0.1/22}\n    spoke: {addressSpace: [10.50.16.0], subnet: {nodes: {addresses: -1}}}", []string{
			"underlay:spec.hub.vnetCidr: 10.50.0.1/22: has host bits set; the network is 10.50.0.0/22",
			"underlay:spec.spoke.addressSpace[0]: 10.50.16.0: has no prefix length; write 10.50.16.0/20",
			"underlay:spec.spoke.subnets.nodes.addresses: -1: is below zero; give how many the subnet needs",
			`underlay:spec.spoke.subnet: unknown key; did you mean "subnets"?`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(c.from, c.old, c.new, 1)
			if c.old != "" {
				require.NotEqual(t, c.from, text, "the case changes nothing")
			}
			var problems problem.List
			require.True(t, errors.As(check(text), &problems), "%v", check(text))
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			assert.ElementsMatch(t, c.want, got)
		})
	}
}
