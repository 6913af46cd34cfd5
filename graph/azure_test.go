package graph

import (
	"regexp"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	roles "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"
	resolver "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20220701"
	azurenet "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	privatedns "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240601"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	subscription = "11111111-1111-1111-1111-111111111111"
	tenant       = "22222222-2222-2222-2222-222222222222"
)

// seen collects texts that a program was given to see.
type seen struct {
	mu    sync.Mutex
	texts map[string]string
}

func (s *seen) note(name string, value pulumi.StringInput) {
	value.ToStringOutput().ApplyT(func(v string) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.texts == nil {
			s.texts = map[string]string{}
		}
		s.texts[name] = v
		return v
	})
}

// azureNetwork registers a provider and, with it, a resource group and one of
// each resource whose outputs Azure computes.
func azureNetwork(s *seen) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{
			SubscriptionId: pulumi.String(subscription), TenantId: pulumi.String(tenant), Location: pulumi.String("northeurope"),
		})
		if err != nil {
			return err
		}
		with := pulumi.Provider(provider)
		group, err := resources.NewResourceGroup(ctx, "rg", &resources.ResourceGroupArgs{Location: pulumi.String("westeurope")}, with)
		if err != nil {
			return err
		}
		vnet, err := azurenet.NewVirtualNetwork(ctx, "vnet", &azurenet.VirtualNetworkArgs{
			ResourceGroupName:  group.Name,
			VirtualNetworkName: pulumi.String("spoke"),
			AddressSpace:       &azurenet.AddressSpaceArgs{AddressPrefixes: pulumi.StringArray{pulumi.String("10.0.0.0/16")}},
		}, with)
		if err != nil {
			return err
		}
		subnet, err := azurenet.NewSubnet(ctx, "firewall", &azurenet.SubnetArgs{
			ResourceGroupName: group.Name, VirtualNetworkName: vnet.Name, AddressPrefix: pulumi.String("10.0.1.0/26"),
		}, with)
		if err != nil {
			return err
		}
		ip, err := azurenet.NewPublicIPAddress(ctx, "ip", &azurenet.PublicIPAddressArgs{ResourceGroupName: group.Name}, with)
		if err != nil {
			return err
		}
		firewall, err := azurenet.NewAzureFirewall(ctx, "fw", &azurenet.AzureFirewallArgs{
			ResourceGroupName: group.Name,
			IpConfigurations: azurenet.AzureFirewallIPConfigurationArray{azurenet.AzureFirewallIPConfigurationArgs{
				Name: pulumi.String("ip"), Subnet: azurenet.SubResourceArgs{Id: subnet.ID()},
				PublicIPAddress: azurenet.SubResourceArgs{Id: ip.ID()},
			}},
		}, with)
		if err != nil {
			return err
		}
		endpoint, err := azurenet.NewPrivateEndpoint(ctx, "vault", &azurenet.PrivateEndpointArgs{
			ResourceGroupName: group.Name, Subnet: azurenet.SubnetTypeArgs{Id: subnet.ID()},
			PrivateLinkServiceConnections: azurenet.PrivateLinkServiceConnectionArray{azurenet.PrivateLinkServiceConnectionArgs{
				Name: pulumi.String("vault"), GroupIds: pulumi.StringArray{pulumi.String("vault")},
				PrivateLinkServiceId: pulumi.String("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/KV1"),
			}},
		}, with)
		if err != nil {
			return err
		}
		route, err := azurenet.NewRoute(ctx, "default", &azurenet.RouteArgs{
			ResourceGroupName: group.Name, RouteTableName: pulumi.String("table"), RouteName: pulumi.String("to-firewall"),
			AddressPrefix: pulumi.String("0.0.0.0/0"), NextHopType: pulumi.String("VirtualAppliance"),
		}, with)
		if err != nil {
			return err
		}
		bastion, err := azurenet.NewBastionHost(ctx, "bastion", &azurenet.BastionHostArgs{ResourceGroupName: group.Name}, with)
		if err != nil {
			return err
		}
		zone, err := privatedns.NewPrivateZone(ctx, "zone", &privatedns.PrivateZoneArgs{
			ResourceGroupName: group.Name, PrivateZoneName: pulumi.String("privatelink.vaultcore.azure.net"), Location: pulumi.String("Global"),
		}, with)
		if err != nil {
			return err
		}
		link, err := privatedns.NewVirtualNetworkLink(ctx, "spoke", &privatedns.VirtualNetworkLinkArgs{
			ResourceGroupName: group.Name, PrivateZoneName: zone.Name, Location: pulumi.String("Global"),
		}, with)
		if err != nil {
			return err
		}
		inbound, err := resolver.NewInboundEndpoint(ctx, "in", &resolver.InboundEndpointArgs{
			ResourceGroupName: group.Name, DnsResolverName: pulumi.String("resolver"),
			IpConfigurations: resolver.InboundEndpointIPConfigurationArray{resolver.InboundEndpointIPConfigurationArgs{
				Subnet: resolver.SubResourceArgs{Id: pulumi.String("/subscriptions/s/elsewhere")},
			}},
		}, with)
		if err != nil {
			return err
		}
		identity, err := managedidentity.NewUserAssignedIdentity(ctx, "aks", &managedidentity.UserAssignedIdentityArgs{
			ResourceGroupName: group.Name,
		}, with)
		if err != nil {
			return err
		}
		role, err := roles.NewRoleAssignment(ctx, "join", &roles.RoleAssignmentArgs{
			PrincipalId: identity.PrincipalId, RoleDefinitionId: pulumi.String("r"), Scope: vnet.ID(),
		}, with)
		if err != nil {
			return err
		}
		for name, value := range map[string]pulumi.StringInput{
			"group.name": group.Name, "group.location": group.Location, "group.type": group.Type,
			"vnet.id": vnet.ID().ToStringOutput(), "vnet.name": vnet.Name, "vnet.location": vnet.Location.Elem(),
			"vnet.type": vnet.Type, "vnet.guid": vnet.ResourceGuid, "vnet.state": vnet.ProvisioningState,
			"subnet.name": subnet.Name.Elem(), "subnet.type": subnet.Type.Elem(),
			"ip.name": ip.Name, "ip.address": ip.IpAddress.Elem(),
			"firewall.address": firewall.IpConfigurations.Index(pulumi.Int(0)).PrivateIPAddress(),
			"firewall.etag":    firewall.Etag,
			"endpoint.fqdn":    endpoint.CustomDnsConfigs.Index(pulumi.Int(0)).Fqdn().Elem(),
			"endpoint.address": endpoint.CustomDnsConfigs.Index(pulumi.Int(0)).IpAddresses().Index(pulumi.Int(0)),
			"endpoint.nic":     endpoint.NetworkInterfaces.Index(pulumi.Int(0)).Id().Elem(),
			"endpoint.name":    endpoint.Name,
			"route.name":       route.Name.Elem(),
			"bastion.dns":      bastion.DnsName.Elem(),
			"zone.location":    zone.Location.Elem(),
			"link.state":       link.VirtualNetworkLinkState,
			"inbound.address":  inbound.IpConfigurations.Index(pulumi.Int(0)).PrivateIpAddress().Elem(),
			"identity.client":  identity.ClientId,
			"identity.tenant":  identity.TenantId,
			"identity.object":  identity.PrincipalId,
			"role.name":        role.Name,
			"role.principal":   role.PrincipalId,
		} {
			s.note(name, value)
		}
		return nil
	}
}

func TestRecordMakesUpAzureOutputs(t *testing.T) {
	s := &seen{}
	g := record(t, azureNetwork(s))
	guid := `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`
	for name, pattern := range map[string]string{
		"group.name": `rg[0-9a-f]{8}`, "group.location": "westeurope", "group.type": "Microsoft.Resources/resourceGroups",
		"vnet.id":   regexp.QuoteMeta("urn:pulumi:dev::proj::azure-native:network/v20240501:VirtualNetwork::vnet"),
		"vnet.name": "spoke", "vnet.location": "westeurope", "vnet.type": "Microsoft.Network/virtualNetworks",
		"vnet.guid": guid, "vnet.state": "Succeeded",
		"subnet.name": "firewall", "subnet.type": "Microsoft.Network/virtualNetworks/subnets",
		"ip.name": `ip[0-9a-f]{8}`, "ip.address": `(203\.0\.113|198\.51\.100)\.\d+`,
		// Azure keeps .0 to .3: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
		"firewall.address": `10\.0\.1\.4`,
		"firewall.etag":    `W/"` + guid + `"`,
		"endpoint.fqdn":    `kv1\.vault\.azure\.net`,
		"endpoint.address": `10\.0\.1\.([4-9]|[1-5][0-9]|6[0-2])`,
		"endpoint.nic": "/subscriptions/" + subscription + "/resourceGroups/rg[0-9a-f]{8}/providers/Microsoft.Network/networkInterfaces/" +
			s.texts["endpoint.name"] + `\.nic\.` + guid,
		"route.name": "to-firewall", "bastion.dns": `bst-` + guid + `\.bastion\.azure\.com`,
		"zone.location": "Global", "link.state": "Completed", "inbound.address": `192\.0\.2\.4`,
		"identity.client": guid, "identity.object": guid, "identity.tenant": tenant,
		"role.name": guid, "role.principal": s.texts["identity.object"],
	} {
		value, there := s.texts[name]
		assert.True(t, there, "%s never came", name)
		assert.Regexp(t, "^"+pattern+"$", value, name)
	}
	assert.NotEqual(t, s.texts["identity.client"], s.texts["identity.object"])

	firewall := find(t, g, "urn:pulumi:dev::proj::azure-native:network/v20240501:AzureFirewall::fw")
	assert.NotContains(t, firewall.Inputs["ipConfigurations"].ArrayValue()[0].ObjectValue(),
		resource.PropertyKey("privateIPAddress"), "inputs are the program's alone")
	zone := find(t, g, "urn:pulumi:dev::proj::azure-native:network/v20240601:PrivateZone::zone")
	assert.NotContains(t, zone.Outputs, resource.PropertyKey("resourceGuid"), "the type has none")

	again := &seen{}
	assert.Equal(t, g, record(t, azureNetwork(again)))
	assert.Equal(t, s.texts, again.texts)
}

// The SDK of clusters compiles for minutes, so its resource is one of this test.
type managedCluster struct {
	pulumi.CustomResourceState

	Name        pulumi.StringOutput `pulumi:"name"`
	Location    pulumi.StringOutput `pulumi:"location"`
	Fqdn        pulumi.StringOutput `pulumi:"fqdn"`
	PrivateFQDN pulumi.StringOutput `pulumi:"privateFQDN"`
}

func TestRecordNamesClusters(t *testing.T) {
	guid := `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`
	// The names of learn.microsoft.com/azure/aks/private-clusters.
	for name, c := range map[string]struct {
		access        pulumi.Map
		fqdn, private string
	}{
		"public": {pulumi.Map{}, `aks-dns-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io`, ""},
		"system zone": {
			pulumi.Map{"enablePrivateCluster": pulumi.Bool(true), "enablePrivateClusterPublicFQDN": pulumi.Bool(false)},
			"", `aks-dns-[0-9a-f]{8}\.` + guid + `\.privatelink\.westeurope\.azmk8s\.io`,
		},
		"no zone": {
			pulumi.Map{"enablePrivateCluster": pulumi.Bool(true), "privateDNSZone": pulumi.String("none")},
			`aks-dns-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io`, `aks-dns-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io`,
		},
		"own zone": {
			pulumi.Map{
				"enablePrivateCluster": pulumi.Bool(true), "enablePrivateClusterPublicFQDN": pulumi.Bool(false),
				"privateDNSZone": pulumi.String("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io"),
			},
			"", `aks-dns-[0-9a-f]{8}\.privatelink\.westeurope\.azmk8s\.io`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := record(t, func(ctx *pulumi.Context) error {
				cluster := &managedCluster{}
				return ctx.RegisterResource("azure-native:containerservice:ManagedCluster", "aks", pulumi.Map{
					"location": pulumi.String("westeurope"), "resourceName": pulumi.String("aks"),
					"resourceGroupName": pulumi.String("rg"), "apiServerAccessProfile": c.access,
				}, cluster)
			})
			text := (&computed{Resource: find(t, g, "urn:pulumi:dev::proj::azure-native:containerservice:ManagedCluster::aks")}).text
			assert.Regexp(t, "^"+c.fqdn+"$", text("fqdn"))
			assert.Regexp(t, "^"+c.private+"$", text("privateFQDN"))
			assert.Equal(t, "MC_rg_aks_westeurope", text("nodeResourceGroup"))
		})
	}
}

func TestRecordAnswersAzureClientConfig(t *testing.T) {
	program := func(with bool, got *authorization.GetClientConfigResult) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			var opts []pulumi.InvokeOption
			if with {
				provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{SubscriptionId: pulumi.String(subscription)})
				if err != nil {
					return err
				}
				opts = append(opts, pulumi.Provider(provider))
			}
			result, err := authorization.GetClientConfig(ctx, opts...)
			if err == nil {
				*got = *result
			}
			return err
		}
	}
	config := map[string]string{"azure-native:tenantId": tenant}
	var got authorization.GetClientConfigResult
	_, err := Record(t.Context(), "proj", "dev", config, program(true, &got))
	require.NoError(t, err)
	assert.Equal(t, subscription, got.SubscriptionId)
	assert.Equal(t, tenant, got.TenantId)
	_, err = Record(t.Context(), "proj", "dev", nil, program(false, &got))
	require.NoError(t, err)
	assert.Equal(t, "00000000-0000-0000-0000-000000000000", got.SubscriptionId)
}
