package azureprivateendpoints_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/components/azureprivateendpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

type Args = azureprivateendpoints.AzurePrivateEndpointsArgs

const (
	group   = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers/"
	account = group + "Microsoft.Storage/storageAccounts/lake"
	central = group + "Microsoft.Network/privateDnsZones/"
	vnet    = group + "Microsoft.Network/virtualNetworks/spoke"
	hub     = group + "Microsoft.Network/virtualNetworks/hub"
	subnet  = vnet + "/subnets/endpoints"
)

// args are those of a storage account's two endpoints and a vault's.
func args(change func(*Args)) *Args {
	a := &Args{
		Spec: azureprivateendpoints.Spec{
			Location:   "westeurope",
			SubnetCidr: "10.50.8.0/26",
			Endpoints: map[string]azureprivateendpoints.Endpoint{
				"lake":      {Service: "blob", ResourceID: account},
				"lake-dfs":  {Service: "dfs", ResourceID: account},
				"passwords": {Service: "vault", ResourceID: group + "Microsoft.KeyVault/vaults/passwords"},
			},
		},
		ResourceGroupName: pulumi.String("network"),
		VnetID:            pulumi.String(vnet),
		SubnetID:          pulumi.String(subnet),
	}
	if change != nil {
		change(a)
	}
	return a
}

func program(a *Args, into **azureprivateendpoints.AzurePrivateEndpoints) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		built, err := azureprivateendpoints.NewAzurePrivateEndpoints(ctx, "private", a)
		if into != nil {
			*into = built
		}
		return err
	}
}

func record(t testing.TB, a *Args) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, program(a, nil))
	require.NoError(t, err)
	return g
}

// of returns the resources whose type ends in kind, in any API version.
func of(g *graph.Graph, kind string) []*graph.Resource {
	var found []*graph.Resource
	for i := range g.Resources {
		if strings.HasPrefix(g.Resources[i].Type, "azure-native:") && strings.HasSuffix(g.Resources[i].Type, ":"+kind) {
			found = append(found, &g.Resources[i])
		}
	}
	return found
}

func names(resources []*graph.Resource) []string {
	var all []string
	for _, r := range resources {
		all = append(all, r.Name)
	}
	slices.Sort(all)
	return all
}

func named(t testing.TB, resources []*graph.Resource, name string) *graph.Resource {
	t.Helper()
	for _, r := range resources {
		if r.Name == name {
			return r
		}
	}
	require.Failf(t, "no such resource", "%s of %v", name, names(resources))
	return nil
}

// text returns the input at a path such as "virtualNetwork.id".
func text(t testing.TB, r *graph.Resource, path string) any {
	t.Helper()
	var value any = r.Inputs.Mappable()
	for _, key := range strings.Split(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			_, err := fmt.Sscan(key, &i)
			require.NoError(t, err)
			value = v[i]
		default:
			require.Failf(t, "no such input", "%s of %s", path, r.Name)
		}
	}
	return value
}

// "By default we always use private endpoints to connect to Azure services from
// within the Vnet … we create private dns zones." (Network configuration for
// Conveyor, Private endpoints.) The names are those of
// https://learn.microsoft.com/azure/private-link/private-endpoint-dns.
func TestEveryEndpointHasItsZone(t *testing.T) {
	g := record(t, args(nil))
	assert.Equal(t, []string{
		"private-privatelink.blob.core.windows.net",
		"private-privatelink.dfs.core.windows.net",
		"private-privatelink.vaultcore.azure.net",
	}, names(of(g, "PrivateZone")))
	assert.Empty(t, of(g, "PrivateRecordSet"), "records are the zone groups' business")
	for _, c := range []struct{ endpoint, groupID, resource, zone string }{
		{"lake", "blob", account, "privatelink.blob.core.windows.net"},
		{"lake-dfs", "dfs", account, "privatelink.dfs.core.windows.net"},
		{"passwords", "vault", group + "Microsoft.KeyVault/vaults/passwords", "privatelink.vaultcore.azure.net"},
	} {
		endpoint := named(t, of(g, "PrivateEndpoint"), "private-"+c.endpoint)
		assert.Equal(t, subnet, text(t, endpoint, "subnet.id"))
		assert.Equal(t, c.resource, text(t, endpoint, "privateLinkServiceConnections.0.privateLinkServiceId"))
		assert.Equal(t, []any{c.groupID}, text(t, endpoint, "privateLinkServiceConnections.0.groupIds"))
		assert.NotContains(t, endpoint.Inputs.Mappable(), "ipConfigurations", "Azure chooses the address")
		assert.NotContains(t, endpoint.Inputs.Mappable(), "manualPrivateLinkServiceConnections")

		zone := named(t, of(g, "PrivateZone"), "private-"+c.zone)
		assert.Equal(t, c.zone, text(t, zone, "privateZoneName"))
		assert.Equal(t, "global", text(t, zone, "location"))
		zoneGroup := named(t, of(g, "PrivateDnsZoneGroup"), "private-"+c.endpoint)
		assert.Equal(t, "default", text(t, zoneGroup, "privateDnsZoneGroupName"))
		require.Len(t, text(t, zoneGroup, "privateDnsZoneConfigs"), 1)
		assert.Equal(t, zone.ID, text(t, zoneGroup, "privateDnsZoneConfigs.0.privateDnsZoneId"))
		assert.Contains(t, zoneGroup.Dependencies, endpoint.URN)
		assert.Contains(t, zoneGroup.Dependencies, named(t, of(g, "VirtualNetworkLink"), "private-"+c.zone+"-spoke").URN,
			"a name resolves as soon as its record exists")
	}
	assert.Len(t, of(g, "PrivateDnsZoneGroup"), 3, "one for each endpoint")
}

func TestZonesAreLinkedToSpokeAndHubs(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Endpoints = nil
		a.Services = []string{"registry"}
		a.HubVnetIDs = pulumi.StringMap{"hub": pulumi.String(hub)}
	}))
	links := of(g, "VirtualNetworkLink")
	assert.Equal(t, []string{"private-privatelink.azurecr.io-hub", "private-privatelink.azurecr.io-spoke"}, names(links))
	for name, id := range map[string]string{"hub": hub, "spoke": vnet} {
		link := named(t, links, "private-privatelink.azurecr.io-"+name)
		assert.Equal(t, id, text(t, link, "virtualNetwork.id"))
		assert.Equal(t, "privatelink.azurecr.io", text(t, link, "privateZoneName"))
		assert.Equal(t, false, text(t, link, "registrationEnabled"), "machines do not register in it")
		assert.Equal(t, "Default", text(t, link, "resolutionPolicy"))
		assert.Equal(t, "global", text(t, link, "location"))
	}
	assert.Empty(t, of(g, "PrivateEndpoint"))
}

// A zone that two services share exists once: Azure merges nothing.
func TestSharedZonesAreCreatedOnce(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Endpoints = map[string]azureprivateendpoints.Endpoint{
			"lake":    {Service: "blob", ResourceID: account},
			"watch":   {Service: "monitor", ResourceID: group + "Microsoft.Insights/privateLinkScopes/watch"},
			"events":  {Service: "eventhubs", ResourceID: group + "Microsoft.EventHub/namespaces/events"},
			"queries": {Service: "prometheus", ResourceID: group + "Microsoft.Monitor/accounts/metrics"},
		}
		a.Services = []string{"servicebus", "aks"}
	}))
	assert.Equal(t, []string{
		"private-privatelink.agentsvc.azure-automation.net",
		"private-privatelink.blob.core.windows.net",
		"private-privatelink.monitor.azure.com",
		"private-privatelink.ods.opinsights.azure.com",
		"private-privatelink.oms.opinsights.azure.com",
		"private-privatelink.servicebus.windows.net",
		"private-privatelink.westeurope.azmk8s.io",
		"private-privatelink.westeurope.prometheus.monitor.azure.com",
	}, names(of(g, "PrivateZone")))
	monitor := named(t, of(g, "PrivateDnsZoneGroup"), "private-watch")
	assert.Len(t, text(t, monitor, "privateDnsZoneConfigs"), 5, "exactly what a zone group may hold")
	blob := named(t, of(g, "PrivateZone"), "private-privatelink.blob.core.windows.net").ID
	assert.Equal(t, blob, text(t, monitor, "privateDnsZoneConfigs.4.privateDnsZoneId"))
	assert.Equal(t, blob, text(t, named(t, of(g, "PrivateDnsZoneGroup"), "private-lake"), "privateDnsZoneConfigs.0.privateDnsZoneId"))
}

func TestCentralZones(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.DNSServers = []string{"10.40.0.4"}
		a.ExistingZones = map[string]string{"privatelink.blob.core.windows.net": central + "privatelink.blob.core.windows.net"}
		a.ExistingZoneIDs = pulumi.StringMap{"privatelink.dfs.core.windows.net": pulumi.String(central + "privatelink.dfs.core.windows.net")}
	}))
	assert.Equal(t, []string{"private-privatelink.vaultcore.azure.net"}, names(of(g, "PrivateZone")))
	assert.Equal(t, []string{"private-privatelink.vaultcore.azure.net-spoke"}, names(of(g, "VirtualNetworkLink")))
	groups := of(g, "PrivateDnsZoneGroup")
	assert.Equal(t, central+"privatelink.blob.core.windows.net", text(t, named(t, groups, "private-lake"), "privateDnsZoneConfigs.0.privateDnsZoneId"))
	assert.Equal(t, central+"privatelink.dfs.core.windows.net", text(t, named(t, groups, "private-lake-dfs"), "privateDnsZoneConfigs.0.privateDnsZoneId"))
}

func TestResourceIDsFromElsewhereAndStaticAddress(t *testing.T) {
	g := record(t, args(func(a *Args) {
		a.Endpoints = map[string]azureprivateendpoints.Endpoint{"passwords": {Service: "vault", StaticIP: "10.50.8.62"}}
		a.ResourceIDs = pulumi.StringMap{"passwords": pulumi.String(group + "Microsoft.KeyVault/vaults/passwords")}
	}))
	endpoint := named(t, of(g, "PrivateEndpoint"), "private-passwords")
	assert.Equal(t, group+"Microsoft.KeyVault/vaults/passwords", text(t, endpoint, "privateLinkServiceConnections.0.privateLinkServiceId"))
	// The values of Azure's own template, avm/res/key-vault/vault/tests.
	assert.Equal(t, []any{map[string]any{"name": "default", "groupId": "vault", "memberName": "default", "privateIPAddress": "10.50.8.62"}},
		text(t, endpoint, "ipConfigurations"))
}

// Azure refuses two changes of one storage account at a time,
// StorageAccountOperationInProgress.
func TestEndpointsOfOneKindAreCreatedInTurn(t *testing.T) {
	g := record(t, args(nil))
	endpoints := of(g, "PrivateEndpoint")
	first := named(t, of(g, "PrivateDnsZoneGroup"), "private-lake")
	assert.Contains(t, first.Dependencies, named(t, endpoints, "private-lake").URN)
	assert.Contains(t, named(t, endpoints, "private-lake-dfs").Dependencies, first.URN)
	assert.Empty(t, named(t, endpoints, "private-passwords").Dependencies, "another kind waits for none")
}

func TestPostgresInjection(t *testing.T) {
	var built *azureprivateendpoints.AzurePrivateEndpoints
	g, err := graph.Record(t.Context(), "underlay", "test", nil, program(args(func(a *Args) {
		a.Endpoints = nil
		a.ResolutionPolicy = azureprivateendpoints.ResolveNxDomainRedirect
		a.Services = []string{"postgres"}
		a.Postgres = &azureprivateendpoints.PostgresInjection{
			Zone: "orders.private.postgres.database.azure.com", Servers: []string{"orders-db"},
		}
	}), &built))
	require.NoError(t, err)
	assert.Equal(t, []string{"private-orders.private.postgres.database.azure.com", "private-privatelink.postgres.database.azure.com"},
		names(of(g, "PrivateZone")))
	links := of(g, "VirtualNetworkLink")
	// https://learn.microsoft.com/azure/dns/private-dns-fallback: for Private Link zones only.
	assert.Equal(t, "NxDomainRedirect", text(t, named(t, links, "private-privatelink.postgres.database.azure.com-spoke"), "resolutionPolicy"))
	assert.NotContains(t, named(t, links, "private-orders.private.postgres.database.azure.com-spoke").Inputs.Mappable(), "resolutionPolicy")
	component := g.ByType("underlay:azureprivateendpoints:AzurePrivateEndpoints")[0]
	zone := named(t, of(g, "PrivateZone"), "private-orders.private.postgres.database.azure.com")
	assert.Equal(t, zone.ID, component.Outputs["postgresZoneId"].StringValue())
	assert.Equal(t, []string{"postgres.database.azure.com"}, built.Plan().ForwardedSuffixes)
}

// "If you have custom dns servers, you should create conditional forwarding for
// these private zones yourself": of the public suffixes.
func TestConditionalForwarders(t *testing.T) {
	cases := map[string]struct {
		change func(*Args)
		want   string
	}{
		"in the VNet":         {func(a *Args) { a.DNSServers = []string{"10.50.9.4"} }, "168.63.129.16"},
		"plain address":       {func(a *Args) { a.Spec.ForwardTo = "10.40.1.4" }, "10.40.1.4"},
		"a resolver's output": {func(a *Args) { a.ForwardTo = pulumi.String("10.40.1.5").ToStringOutput() }, "10.40.1.5"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := record(t, args(c.change))
			out := g.ByType("underlay:azureprivateendpoints:AzurePrivateEndpoints")[0].Outputs.Mappable()
			assert.Equal(t, map[string]any{
				"blob.core.windows.net": c.want, "dfs.core.windows.net": c.want,
				"vault.azure.net": c.want, "vaultcore.azure.net": c.want,
			}, out["conditionalForwarders"])
			assert.Equal(t, []string{"lake", "lake-dfs", "passwords"}, slices.Sorted(maps.Keys(out["endpointIds"].(map[string]any))))
			assert.Equal(t, "", out["postgresZoneId"])
			assert.Len(t, out["zoneIds"], 3)
		})
	}
}

func TestWarnings(t *testing.T) {
	plan := func(change func(*Args)) []string {
		var built *azureprivateendpoints.AzurePrivateEndpoints
		_, err := graph.Record(t.Context(), "underlay", "test", nil, program(args(change), &built))
		require.NoError(t, err)
		return built.Plan().Warnings
	}
	assert.Empty(t, plan(nil))
	assert.Equal(t, []string{
		"the VNet asks Azure's DNS, which answers from a central zone only once the zone is linked to the VNet; have privatelink.blob.core.windows.net linked",
	}, plan(func(a *Args) {
		a.ExistingZones = map[string]string{"privatelink.blob.core.windows.net": central + "privatelink.blob.core.windows.net"}
	}))
	assert.Equal(t, []string{
		"the DNS servers 10.40.0.4 must be in the VNet itself, where the zones are linked; give the VNet they are in as a hub otherwise",
	}, plan(func(a *Args) { a.DNSServers = []string{"10.40.0.4"} }))
	assert.Empty(t, plan(func(a *Args) {
		a.DNSServers = []string{"10.40.0.4"}
		a.HubVnetIDs = pulumi.StringMap{"hub": pulumi.String(hub)}
	}))
}

func TestTagsAndParents(t *testing.T) {
	g := record(t, args(func(a *Args) { a.Tags = pulumi.StringMap{"team": pulumi.String("data")} }))
	component := g.ByType("underlay:azureprivateendpoints:AzurePrivateEndpoints")[0]
	for _, kind := range []string{"PrivateZone", "VirtualNetworkLink", "PrivateEndpoint", "PrivateDnsZoneGroup"} {
		require.NotEmpty(t, of(g, kind))
		for _, r := range of(g, kind) {
			assert.Equal(t, component.URN, r.Parent)
			assert.Equal(t, "network", text(t, r, "resourceGroupName"))
			if kind != "PrivateDnsZoneGroup" {
				assert.Equal(t, map[string]any{"team": "data"}, text(t, r, "tags"))
			}
		}
	}
}

func TestBadArguments(t *testing.T) {
	const notIP = "is not an IPv4 address; give one such as 10.0.0.4"
	cases := []struct {
		name   string
		change func(*Args)
		want   []string
	}{
		{"nothing given", func(a *Args) { *a = Args{} }, []string{
			"location: is missing; give an Azure region in its short form, for example westeurope",
			"services: is missing; there is nothing to build; name a service, an endpoint or postgres",
			"resourceGroupName: is missing; give the resource group's name",
			"vnetId: is missing; give the spoke's id",
		}},
		{"an AWS region", func(a *Args) { a.Location = "eu-west-1" }, []string{
			"location: eu-west-1: is not an Azure region that the catalogue knows; give an Azure region in its short form, for example westeurope",
		}},
		{"mistyped service", func(a *Args) { a.Services = []string{"valt", "blob", "blob"} }, []string{
			`services[0]: valt: is not a service that the catalogue knows; did you mean "vault"?`,
			"services[2]: blob: is named already at services[1]; remove one",
		}},
		{"endpoint without service and id", func(a *Args) { a.Endpoints["x"] = azureprivateendpoints.Endpoint{} }, []string{
			"endpoints.x.service: is missing; name a service, for example blob",
			"endpoints.x.resourceId: is missing; give the resource's id",
		}},
		{"endpoint's name", func(a *Args) {
			a.Endpoints = map[string]azureprivateendpoints.Endpoint{"Lake_1": {Service: "blob", ResourceID: account}}
		}, []string{
			"endpoints.Lake_1: Lake_1: is not a name; use lower-case letters, digits and inner hyphens",
		}},
		{"resource of another type", func(a *Args) {
			a.Endpoints = map[string]azureprivateendpoints.Endpoint{"x": {Service: "vault", ResourceID: account}, "y": {Service: "blob", ResourceID: "lake"}}
		}, []string{
			"endpoints.x.resourceId: " + account + ": is not the id of a Microsoft.KeyVault/vaults; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>",
			"endpoints.y.resourceId: lake: is not the id of a Microsoft.Storage/storageAccounts; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Storage/storageAccounts/<name>",
		}},
		{"resource id twice, and of no endpoint", func(a *Args) {
			a.ResourceIDs = pulumi.StringMap{"lake": pulumi.String(account), "pond": pulumi.String(account)}
		}, []string{
			"endpoints.lake.resourceId: " + account + ": is given twice: in the spec and as an input; give one of them",
			"resourceIds.pond: is the id of no endpoint; add the endpoint, or remove the id",
		}},
		{"static addresses", func(a *Args) {
			for name, ip := range map[string]string{"a": "10.50.9.4", "b": "10.50.8.3", "c": "10.50.8.63", "d": "ten", "e": "10.50.8.10", "f": "10.50.8.10"} {
				a.Endpoints[name] = azureprivateendpoints.Endpoint{Service: "blob", ResourceID: account, StaticIP: ip}
			}
			a.Endpoints["g"] = azureprivateendpoints.Endpoint{Service: "registry", ResourceID: group + "Microsoft.ContainerRegistry/registries/r", StaticIP: "10.50.8.11"}
		}, []string{
			"endpoints.a.staticIp: 10.50.9.4: is outside the subnet 10.50.8.0/26; give one of that block",
			"endpoints.b.staticIp: 10.50.8.3: is kept by Azure in the subnet 10.50.8.0/26; leave the first four and the last",
			"endpoints.c.staticIp: 10.50.8.63: is kept by Azure in the subnet 10.50.8.0/26; leave the first four and the last",
			"endpoints.d.staticIp: ten: " + notIP,
			"endpoints.f.staticIp: 10.50.8.10: is taken already by endpoints.e.staticIp; give another",
			"endpoints.g.staticIp: 10.50.8.11: cannot be had: an endpoint of registry may take several addresses; remove it",
		}},
		{"static address without a subnet", func(a *Args) {
			a.SubnetCidr = ""
			a.Endpoints = map[string]azureprivateendpoints.Endpoint{"lake": {Service: "blob", ResourceID: account, StaticIP: "10.50.8.10"}}
		}, []string{
			"subnetCidr: is missing; endpoints.lake.staticIp asks for an address in it; give the block of the endpoints' subnet",
		}},
		{"subnet with host bits", func(a *Args) { a.SubnetCidr = "10.50.8.1/26" }, []string{
			"subnetCidr: 10.50.8.1/26: has host bits set; the network is 10.50.8.0/26",
		}},
		// A /29 has 8 addresses, of which Azure keeps 5.
		{"subnet that is too small", func(a *Args) {
			a.SubnetCidr = "10.50.8.0/29"
			a.Endpoints["more"] = azureprivateendpoints.Endpoint{Service: "queue", ResourceID: account}
		}, []string{
			"subnetCidr: 10.50.8.0/29: has 3 addresses, and each of the 4 endpoints takes one or more; use a larger subnet",
		}},
		{"endpoints without a subnet's id", func(a *Args) { a.SubnetID = nil }, []string{
			"subnetId: is missing; give the id of the endpoints' subnet",
		}},
		{"central zones", func(a *Args) {
			a.ExistingZones = map[string]string{
				"privatelink.blob.core.windows.net": central + "privatelink.dfs.core.windows.net",
				"privatelink.dfs.core.windows.net":  vnet,
				"privatelink.vaultcore.azure.com":   central + "privatelink.vaultcore.azure.com",
			}
		}, []string{
			"existingZones.privatelink.blob.core.windows.net: " + central + "privatelink.dfs.core.windows.net: " +
				"is the zone privatelink.dfs.core.windows.net; give the id of privatelink.blob.core.windows.net",
			"existingZones.privatelink.dfs.core.windows.net: " + vnet + ": is not the id of a Microsoft.Network/privateDnsZones; " +
				"give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/privateDnsZones/<name>",
			"existingZones.privatelink.vaultcore.azure.com: " + central + "privatelink.vaultcore.azure.com: " +
				`is a zone that no service here uses; did you mean "privatelink.vaultcore.azure.net"?`,
		}},
		{"central zones as inputs", func(a *Args) {
			id := pulumi.String(central + "privatelink.blob.core.windows.net")
			a.ExistingZones = map[string]string{"privatelink.blob.core.windows.net": string(id)}
			a.ExistingZoneIDs = pulumi.StringMap{"privatelink.blob.core.windows.net": id, "privatelink.azurecr.io": id}
		}, []string{
			`existingZoneIds.privatelink.azurecr.io: is a zone that no service here uses; use privatelink.blob.core.windows.net, privatelink.dfs.core.windows.net or privatelink.vaultcore.azure.net`,
			"existingZoneIds.privatelink.blob.core.windows.net: " + central + "privatelink.blob.core.windows.net: is given twice: in the spec and as an input; give one of them",
		}},
		// PrivateDnsZoneNameNotValid, https://github.com/hashicorp/terraform-provider-azurerm/issues/24549
		{"Postgres zone named as the server", func(a *Args) {
			a.Postgres = &azureprivateendpoints.PostgresInjection{
				Zone: "orders.postgres.database.azure.com", Servers: []string{"orders", "bills", "bills", "Up"},
			}
		}, []string{
			"postgres.zone: orders.postgres.database.azure.com: begins with the name of the server orders, which Azure refuses; give the zone another first label",
			"postgres.servers[3]: Up: is not the name of a server; use 3 to 63 lower-case letters, digits and inner hyphens",
			"postgres.servers[2]: bills: is named already at postgres.servers[1]; remove one",
		}},
		{"Postgres zone of endpoints", func(a *Args) {
			a.Postgres = &azureprivateendpoints.PostgresInjection{Zone: "privatelink.postgres.database.azure.com"}
		}, []string{
			"postgres.zone: privatelink.postgres.database.azure.com: is the zone of private endpoints, which an injected server cannot use; " +
				"give a name such as orders.private.postgres.database.azure.com",
		}},
		{"Postgres zone elsewhere", func(a *Args) { a.Postgres = &azureprivateendpoints.PostgresInjection{Zone: "orders.internal"} }, []string{
			"postgres.zone: orders.internal: does not end in .postgres.database.azure.com; give a name such as orders.private.postgres.database.azure.com",
		}},
		{"Postgres zone too deep", func(a *Args) {
			a.Postgres = &azureprivateendpoints.PostgresInjection{Zone: "a.b.c.postgres.database.azure.com"}
		}, []string{
			"postgres.zone: a.b.c.postgres.database.azure.com: is not one or two labels in lower case before .postgres.database.azure.com; " +
				"give a name such as orders.private.postgres.database.azure.com",
		}},
		{"Postgres without zone", func(a *Args) { a.Postgres = &azureprivateendpoints.PostgresInjection{} }, []string{
			"postgres.zone: is missing; give a name such as orders.private.postgres.database.azure.com",
		}},
		{"policy", func(a *Args) { a.ResolutionPolicy = "Redirect" }, []string{
			"resolutionPolicy: Redirect: is not a choice; use Default or NxDomainRedirect",
		}},
		{"DNS servers", func(a *Args) { a.DNSServers = []string{"dns.corp", "8.8.8.8", "10.40.0.4", "10.40.0.4"} }, []string{
			"dnsServers[0]: dns.corp: " + notIP,
			"dnsServers[1]: 8.8.8.8: is a public address, which knows no private zone; give a private address, or 168.63.129.16",
			"dnsServers[3]: 10.40.0.4: is named already at dnsServers[2]; remove one",
		}},
		{"forwarding in a circle", func(a *Args) { a.DNSServers, a.Spec.ForwardTo = []string{"10.40.0.4"}, "10.40.0.4" }, []string{
			"forwardTo: 10.40.0.4: is one of the DNS servers, which would forward to itself; give 168.63.129.16 or a resolver's inbound address",
		}},
		{"forwarding given twice", func(a *Args) { a.Spec.ForwardTo, a.ForwardTo = "10.40.1.4", pulumi.String("10.40.1.4") }, []string{
			"forwardTo: 10.40.1.4: is given twice: in the spec and as an input; give one of them",
		}},
		{"hub's name", func(a *Args) {
			a.HubVnetIDs = pulumi.StringMap{"spoke": pulumi.String(hub), "Hub 1": pulumi.String(hub)}
		}, []string{
			"hubVnetIds.Hub 1: Hub 1: is not a hub's name; use lower-case letters, digits and inner hyphens, and not spoke",
			"hubVnetIds.spoke: spoke: is not a hub's name; use lower-case letters, digits and inner hyphens, and not spoke",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := azureprivateendpoints.NewAzurePrivateEndpoints(ctx, "private", args(c.change))
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				var got []string
				for _, p := range problems {
					got = append(got, p.Error())
				}
				assert.Equal(t, c.want, got)
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, g.Resources, 1, "nothing but the stack is registered")
		})
	}
}

// Whatever is asked for, no zone is there twice and no group is over Azure's
// limit of 5.
func TestAnyServices(t *testing.T) {
	all := []string{"aks", "blob", "dfs", "eventhubs", "file", "monitor", "postgres", "prometheus", "queue", "registry", "servicebus", "table", "vault"}
	rapid.Check(t, func(t *rapid.T) {
		spec := azureprivateendpoints.Spec{Location: "northeurope", Services: rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[string]).Draw(t, "services")}
		spec.Endpoints = map[string]azureprivateendpoints.Endpoint{}
		for i, service := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 10).Draw(t, "endpoints") {
			spec.Endpoints[fmt.Sprintf("e%d", i)] = azureprivateendpoints.Endpoint{Service: service}
		}
		plan, err := azureprivateendpoints.NewPlan(spec)
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, zone := range plan.Zones {
			assert.False(t, seen[zone.Name], "%s is there twice", zone.Name)
			seen[zone.Name] = true
		}
		for _, endpoint := range plan.Endpoints {
			assert.True(t, len(endpoint.Zones) >= 1 && len(endpoint.Zones) <= 5)
			for _, zone := range endpoint.Zones {
				assert.True(t, seen[zone], "%s", zone)
			}
		}
	})
}
