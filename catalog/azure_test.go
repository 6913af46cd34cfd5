package catalog_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The figures are those of the pages that the data names, retyped.
func TestAzureVnetRules(t *testing.T) {
	c := load(t)
	rules := c.AzureVnetRules()
	assert.Equal(t, 29, rules.SmallestSubnetBits)
	sizes := map[string]int{}
	for _, r := range append(rules.ReservedSubnets, rules.Delegations...) {
		assertFact(t, r.Purpose, r.Source, r.AsOf)
		sizes[r.Name] = r.Bits
	}
	assert.Equal(t, map[string]int{
		"AzureBastionSubnet": 26, "AzureFirewallManagementSubnet": 26, "AzureFirewallSubnet": 26,
		"GatewaySubnet": 27, "RouteServerSubnet": 27,
		"Microsoft.ContainerService/managedClusters": 28, "Microsoft.DBforPostgreSQL/flexibleServers": 28,
		"Microsoft.Network/dnsResolvers": 28,
	}, sizes)

	gateway, ok := c.AzureReservedSubnet("GatewaySubnet")
	require.True(t, ok)
	assert.Equal(t, 27, gateway.Bits)
	_, ok = c.AzureReservedSubnet("gatewaysubnet")
	assert.False(t, ok, "the name is exact")
	_, ok = c.AzureDelegation("Microsoft.Web/serverFarms")
	assert.False(t, ok)

	rules.Refused[0].Purpose, rules.ReservedSubnets[0].Name = "changed", "changed"
	assert.NotEqual(t, rules, c.AzureVnetRules(), "what is returned is the caller's own")
}

func TestCheckAzureBlock(t *testing.T) {
	const fix = "; use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
	for block, want := range map[string]string{
		"10.0.0.0/16":      "",
		"10.0.0.0/29":      "",
		"52.0.0.0/16":      "", // Azure takes it; whether it is wise is another question
		"10.0.0.9/30":      "10.0.0.9/30: is smaller than /29, Azure's smallest subnet; the nearest is 10.0.0.8/29",
		"0.0.0.0/1":        "0.0.0.0/1: Azure refuses 127.0.0.0/8, which is for loopback" + fix,
		"169.254.10.0/24":  "169.254.10.0/24: Azure refuses 169.254.0.0/16, which is for link-local addresses" + fix,
		"168.63.129.0/24":  "168.63.129.0/24: Azure refuses 168.63.129.16/32, which is for Azure's own DNS and health probes" + fix,
		"224.0.0.0/8":      "224.0.0.0/8: Azure refuses 224.0.0.0/4, which is for multicast" + fix,
		"255.255.255.0/24": "255.255.255.0/24: Azure refuses 255.255.255.255/32, which is for broadcast" + fix,
	} {
		err := load(t).CheckAzureBlock(netip.MustParsePrefix(block))
		if want == "" {
			assert.NoError(t, err, block)
			continue
		}
		assert.EqualError(t, err, want, block)
	}
}

func TestAzurePrivate(t *testing.T) {
	for block, want := range map[string]bool{
		"10.0.0.0/8": true, "10.9.0.0/16": true, "100.64.0.0/10": true, "172.31.0.0/16": true, "192.168.3.0/24": true,
		"172.0.0.0/8": false, "172.32.0.0/16": false, "100.0.0.0/9": false, "52.0.0.0/16": false,
	} {
		assert.Equal(t, want, load(t).AzurePrivate(netip.MustParsePrefix(block)), block)
	}
}
