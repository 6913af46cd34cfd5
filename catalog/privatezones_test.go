package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
)

// Retyped from the table of "Azure Private Endpoint private DNS zone values":
// subresource, zones, public DNS zone forwarders.
// https://learn.microsoft.com/azure/private-link/private-endpoint-dns
func TestPrivateServices(t *testing.T) {
	want := []struct{ name, group, zones, suffixes string }{
		{"aks", "management", "privatelink.westeurope.azmk8s.io", "westeurope.azmk8s.io"},
		{"blob", "blob", "privatelink.blob.core.windows.net", "blob.core.windows.net"},
		{"dfs", "dfs", "privatelink.dfs.core.windows.net", "dfs.core.windows.net"},
		{"eventhubs", "namespace", "privatelink.servicebus.windows.net", "servicebus.windows.net"},
		{"file", "file", "privatelink.file.core.windows.net", "file.core.windows.net"},
		{"monitor", "azuremonitor",
			"privatelink.monitor.azure.com privatelink.oms.opinsights.azure.com privatelink.ods.opinsights.azure.com " +
				"privatelink.agentsvc.azure-automation.net privatelink.blob.core.windows.net",
			"monitor.azure.com oms.opinsights.azure.com ods.opinsights.azure.com agentsvc.azure-automation.net blob.core.windows.net"},
		{"postgres", "postgresqlServer", "privatelink.postgres.database.azure.com", "postgres.database.azure.com"},
		{"prometheus", "prometheusMetrics", "privatelink.westeurope.prometheus.monitor.azure.com", "westeurope.prometheus.monitor.azure.com"},
		{"queue", "queue", "privatelink.queue.core.windows.net", "queue.core.windows.net"},
		{"registry", "registry", "privatelink.azurecr.io", "azurecr.io"},
		{"servicebus", "namespace", "privatelink.servicebus.windows.net", "servicebus.windows.net"},
		{"table", "table", "privatelink.table.core.windows.net", "table.core.windows.net"},
		{"vault", "vault", "privatelink.vaultcore.azure.net", "vault.azure.net vaultcore.azure.net"},
	}
	c := load(t)
	services := c.PrivateServices()
	require.Len(t, services, len(want))
	for i, w := range want {
		s := services[i]
		t.Run(w.name, func(t *testing.T) {
			assert.Equal(t, w.name, s.Name)
			assert.Equal(t, w.group, s.GroupID)
			assert.Equal(t, w.zones, strings.Join(s.ZoneNames("westeurope"), " "))
			assert.Equal(t, w.suffixes, strings.Join(s.PublicSuffixes("westeurope"), " "))
			assert.Regexp(t, `^Microsoft\.[A-Za-z]+/[A-Za-z]+$`, s.ResourceType)
			assertFact(t, s.Purpose, s.Source, s.AsOf)
			assert.LessOrEqual(t, len(s.Zones), c.PrivateDNSLimits().ZonesPerGroup, "one group holds them")
			got, ok := c.PrivateService(s.Name)
			assert.True(t, ok)
			assert.Equal(t, s, got)
		})
	}
	for _, name := range []string{"", "Blob", "storage"} {
		s, ok := c.PrivateService(name)
		assert.False(t, ok, name)
		assert.Zero(t, s)
	}
}

// The names that Azure's own templates ask for a static address by:
// https://github.com/Azure/bicep-registry-modules, the tests of avm/res/key-vault/vault,
// avm/res/storage/storage-account and avm/res/service-bus/namespace.
func TestMembers(t *testing.T) {
	want := map[string]string{"vault": "default", "postgres": "postgresqlServer", "servicebus": "namespace", "eventhubs": "namespace",
		"blob": "blob", "dfs": "dfs", "file": "file", "queue": "queue", "table": "table"}
	for _, s := range load(t).PrivateServices() {
		assert.Equal(t, want[s.Name], s.Member, s.Name)
	}
}

// https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration
// for the zone group, and "Azure subscription and service limits", section "DNS
// Private Resolver", for the rest.
func TestPrivateDNSLimits(t *testing.T) {
	assert.Equal(t, catalog.PrivateDNSLimits{
		ZonesPerGroup: 5, GroupsPerEndpoint: 1, RulesPerRuleset: 1000, LinksPerRuleset: 500, ServersPerRule: 6,
	}, load(t).PrivateDNSLimits())
}

func TestPostgresInjection(t *testing.T) {
	injection := load(t).PostgresInjection()
	assert.Equal(t, "postgres.database.azure.com", injection.Suffix)
	assertFact(t, injection.Suffix, injection.Source, injection.AsOf)
}

func TestReturnedPrivateServicesAreCopies(t *testing.T) {
	c := load(t)
	before := slices.Clone(c.PrivateServices())
	blob, _ := c.PrivateService("blob")
	blob.Zones[0], blob.Suffixes[0] = "mine", "mine"
	c.PrivateServices()[0].Zones[0] = "mine"
	assert.Equal(t, before, c.PrivateServices())
}
