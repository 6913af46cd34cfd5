package catalog_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/catalog"
)

// Prices of the clouds' lists, retyped by hand.
func TestPrices(t *testing.T) {
	c := load(t)
	for _, want := range []struct{ item, region, amount, per string }{
		// https://aws.amazon.com/vpc/pricing/ and /privatelink/pricing/
		{catalog.PriceAwsNatGateway, "us-east-1", "0.045", "hour"},
		{catalog.PriceAwsNatGatewayGB, "us-east-1", "0.045", "GB"},
		{catalog.PriceAwsNatGateway, "eu-west-1", "0.048", "hour"},
		{catalog.PriceAwsNatGateway, "eu-central-1", "0.052", "hour"},
		{catalog.PriceAwsInterfaceEndpoint, "us-east-1", "0.01", "hour"},
		{catalog.PriceAwsInterfaceEndpoint, "eu-west-1", "0.011", "hour"},
		{catalog.PriceAwsInterfaceEndpoint, "eu-central-1", "0.012", "hour"},
		{catalog.PriceAwsPublicIPv4, "eu-north-1", "0.005", "hour"},
		// https://aws.amazon.com/elasticloadbalancing/pricing/
		{catalog.PriceAwsNlb, "us-east-1", "0.0225", "hour"},
		{catalog.PriceAwsNlb, "eu-west-2", "0.02646", "hour"},
		{catalog.PriceAwsNlbCapacity, "eu-west-1", "0.006", "NLCU-hour"},
		// https://aws.amazon.com/transit-gateway/pricing/, /network-firewall/pricing/
		{catalog.PriceAwsTransitAttachment, "us-east-1", "0.05", "hour"},
		{catalog.PriceAwsTransitAttachment, "us-east-2", "0.05", "hour"},
		{catalog.PriceAwsFirewallEndpoint, "us-east-1", "0.395", "hour"},
		// https://aws.amazon.com/route53/pricing/
		{catalog.PriceAwsHostedZone, "eu-west-1", "0.5", "month"},
		{catalog.PriceAwsResolverInterface, "eu-west-1", "0.125", "hour"},
		{catalog.PriceAwsDNSProfile, "eu-west-1", "0.75", "hour"},
		// https://azure.microsoft.com/pricing/details/: azure-nat-gateway,
		// private-link, ip-addresses, kubernetes-service, dns, ddos-protection
		{catalog.PriceAzureNatGateway, "norwayeast", "0.045", "hour"},
		{catalog.PriceAzurePrivateEndpoint, "norwayeast", "0.01", "hour"},
		{catalog.PriceAzurePublicIP, "westeurope", "0.005", "hour"},
		{catalog.PriceAzureAksStandard, "westeurope", "0.1", "hour"},
		{catalog.PriceAzurePrivateZone, "", "0.5", "month"},
		// application-gateway, azure-firewall, vpn-gateway
		{catalog.PriceAzureAppGatewayWAF, "westeurope", "0.468", "hour"},
		{catalog.PriceAzureAppGatewayUnit, "westeurope", "0.008", "CU-hour"},
		{catalog.PriceAzureFirewallStandard, "westeurope", "1.25", "hour"},
		{catalog.PriceAzureFirewallPremium, "swedencentral", "1.75", "hour"},
		{catalog.PriceAzureFirewallGB, "westeurope", "0.016", "GB"},
		{catalog.PriceAzureVpnGateway + "vpngw2az", "westeurope", "0.54", "hour"},
		{catalog.PriceAzureDdosPlan, "eastus2", "4.032258", "hour"},
	} {
		price, ok := c.Price(want.item, want.region)
		require.True(t, ok, "%s in %s", want.item, want.region)
		assert.Equal(t, want.amount, price.Amount.String(), "%s in %s", want.item, want.region)
		assert.Equal(t, want.per, price.Per, want.item)
	}

	// What is not known is not taken from elsewhere.
	for item, region := range map[string]string{
		catalog.PriceAwsNatGateway: "eu-north-1", catalog.PriceAzureFirewallStandard: "norwayeast",
		catalog.PriceAwsTransitAttachment: "eu-west-1", catalog.PriceAwsVpn: "eu-west-1",
		catalog.PriceAwsRegionalNatGateway: "us-east-1", "aws-moon": "us-east-1", catalog.PriceAwsNlb: "",
	} {
		_, ok := c.Price(item, region)
		assert.False(t, ok, "%s in %s", item, region)
	}
}

// Every price has a source, a day and a unit, and AWS's are of its regions.
func TestPricesAreFacts(t *testing.T) {
	c := load(t)
	prices := c.Prices()
	require.NotEmpty(t, prices)
	for _, p := range prices {
		assertFact(t, p.Item, p.Source, p.AsOf)
		assert.NotContains(t, p.Source, "{region}")
		assert.Positive(t, p.Amount, p.Item)
		byUse := strings.HasSuffix(p.Item, "-gb") || strings.HasSuffix(p.Item, "-queries") || strings.HasSuffix(p.Item, "cu")
		assert.Equal(t, !byUse, p.Per == "hour" || p.Per == "month", "%s is per %s", p.Item, p.Per)
		if cloud, _, _ := strings.Cut(p.Item, "-"); cloud == "aws" && p.Region != catalog.AllRegions {
			assert.NoError(t, c.CheckRegion(p.Region), p.Item)
		} else {
			assert.Contains(t, []string{"aws", "azure"}, cloud)
		}
	}
}

func TestUSD(t *testing.T) {
	for text, want := range map[string]string{
		"0.048": "0.048", "180": "180", "4.032258": "4.032258", "0.50": "0.5", "2.": "2", "0": "0", "0.000001": "0.000001",
	} {
		amount, err := catalog.ParseUSD(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, amount.String())
		written, err := json.Marshal(amount)
		require.NoError(t, err)
		assert.Equal(t, want, string(written))
		var read catalog.USD
		require.NoError(t, yaml.Unmarshal([]byte(text), &read))
		assert.Equal(t, amount, read)
	}
	for _, text := range []string{"", ".", ".5", "-1", "+1", "1e3", "1,000", "0.0000001", "1_0", "0x1", "99999999999999999999"} {
		_, err := catalog.ParseUSD(text)
		assert.Error(t, err, "%q", text)
	}
	assert.Equal(t, "-1.5", catalog.USD(-1_500_000).String())
	rapid.Check(t, func(t *rapid.T) {
		amount := catalog.USD(rapid.Int64Min(0).Draw(t, "amount"))
		again, err := catalog.ParseUSD(amount.String())
		if err != nil || again != amount {
			t.Fatalf("%s is read as %s, %v", amount, again, err)
		}
	})
}
