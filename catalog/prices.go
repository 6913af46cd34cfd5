package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// USD is an amount of money in millionths of a US dollar: list prices have up
// to six decimals, and sums of them are exact.
type USD int64

const dollar = 1_000_000

// ParseUSD reads a decimal number of dollars, "0.048", with at most six
// decimals.
func ParseUSD(text string) (USD, error) {
	whole, decimals, _ := strings.Cut(text, ".")
	if len(decimals) > 6 || strings.ContainsAny(text, "+-eE_") {
		return 0, fmt.Errorf("%q is not an amount of dollars with at most six decimals", text)
	}
	amount, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", 6-len(decimals)), 10, 64)
	if err != nil || whole == "" {
		return 0, fmt.Errorf("%q is not an amount of dollars with at most six decimals", text)
	}
	return USD(amount), nil
}

// String returns the amount as a decimal number without a sign of the
// currency, whole: "0.048", "35.04", "180".
func (m USD) String() string {
	sign, amount := "", uint64(m)
	if m < 0 {
		sign, amount = "-", -uint64(m)
	}
	text := fmt.Sprintf("%s%d.%06d", sign, amount/dollar, amount%dollar)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes the amount as a number, whole.
func (m USD) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalYAML reads the number as it is written, not as a float.
func (m *USD) UnmarshalYAML(node *yaml.Node) (err error) {
	*m, err = ParseUSD(node.Value)
	return err
}

// Price is the list price of one thing that a network is charged for: on
// demand, without tax, discounts, commitments or free allowances.
type Price struct {
	// Item is the key: one of the Price constants.
	Item string
	// Region is the region of the cloud that the price is for; AllRegions when
	// the cloud has one price for all of them.
	Region string
	// Per is what the amount pays: an "hour", a "month", or what passes, "GB".
	Per    string
	Amount USD
	Note   string // what the amount covers, where tiers begin; often empty
	// Source is the https address of the price list, AsOf the day
	// ("2006-01-02") that it had the price.
	Source string
	AsOf   string
}

// AllRegions is the region of a price that is the same in every region of the
// cloud's public partition.
const AllRegions = "*"

// The items that have a price. One that ends in a unit is charged by what
// passes. A region that is not listed for an item has a price that the catalog
// does not know; so have, everywhere, the items of the last group.
const (
	PriceAwsNatGateway          = "aws-nat-gateway"
	PriceAwsNatGatewayGB        = "aws-nat-gateway-gb"
	PriceAwsInterfaceEndpoint   = "aws-interface-endpoint" // for each zone
	PriceAwsInterfaceEndpointGB = "aws-interface-endpoint-gb"
	PriceAwsPublicIPv4          = "aws-public-ipv4"
	PriceAwsNlb                 = "aws-nlb"
	PriceAwsNlbCapacity         = "aws-nlb-nlcu"
	PriceAwsAlb                 = "aws-alb"
	PriceAwsAlbCapacity         = "aws-alb-lcu"
	PriceAwsTransitAttachment   = "aws-transit-gateway-attachment"
	PriceAwsTransitAttachmentGB = "aws-transit-gateway-attachment-gb"
	PriceAwsVpn                 = "aws-vpn-connection"
	PriceAwsFirewallEndpoint    = "aws-network-firewall-endpoint" // for each zone
	PriceAwsFirewallEndpointGB  = "aws-network-firewall-endpoint-gb"
	PriceAwsHostedZone          = "aws-hosted-zone"
	PriceAwsResolverInterface   = "aws-resolver-interface" // for each address
	PriceAwsResolverQueries     = "aws-resolver-queries"
	PriceAwsDNSFirewallQueries  = "aws-dns-firewall-queries"
	PriceAwsDNSProfile          = "aws-route53-profile" // once for all of an account

	PriceAzureNatGateway        = "azure-nat-gateway"
	PriceAzureNatGatewayGB      = "azure-nat-gateway-gb"
	PriceAzurePublicIP          = "azure-public-ip"
	PriceAzurePublicIPPrefix    = "azure-public-ip-prefix"   // for each address
	PriceAzureLoadBalancer      = "azure-load-balancer"      // with up to five rules
	PriceAzureLoadBalancerRule  = "azure-load-balancer-rule" // for each beyond five
	PriceAzureLoadBalancerGB    = "azure-load-balancer-gb"
	PriceAzurePrivateEndpoint   = "azure-private-endpoint"
	PriceAzurePrivateEndpointGB = "azure-private-endpoint-gb"
	PriceAzurePrivateZone       = "azure-private-dns-zone"
	PriceAzureResolverEndpoint  = "azure-dns-resolver-endpoint"
	PriceAzureResolverRuleset   = "azure-dns-forwarding-ruleset"
	PriceAzureFirewallBasic     = "azure-firewall-basic"
	PriceAzureFirewallStandard  = "azure-firewall-standard"
	PriceAzureFirewallPremium   = "azure-firewall-premium"
	PriceAzureFirewallGB        = "azure-firewall-gb"
	PriceAzureFirewallBasicGB   = "azure-firewall-basic-gb"
	PriceAzureBastionBasic      = "azure-bastion-basic"
	PriceAzureAppGateway        = "azure-application-gateway-v2"
	PriceAzureAppGatewayUnit    = "azure-application-gateway-v2-cu"
	PriceAzureAppGatewayWAF     = "azure-application-gateway-waf-v2"
	PriceAzureAppGatewayWAFUnit = "azure-application-gateway-waf-v2-cu"
	PriceAzureAksStandard       = "azure-aks-standard"
	PriceAzureAksPremium        = "azure-aks-premium"
	PriceAzureDdosPlan          = "azure-ddos-plan"
	// PriceAzureVpnGateway begins the items of VPN gateways, which end in the
	// SKU's name in lower case.
	PriceAzureVpnGateway = "azure-vpn-gateway-"

	PriceAwsGatewayEndpoint    = "aws-gateway-load-balancer-endpoint"
	PriceAwsGatewayBalancer    = "aws-gateway-load-balancer"
	PriceAwsClassicBalancer    = "aws-classic-load-balancer"
	PriceAwsRegionalNatGateway = "aws-regional-nat-gateway" // for each zone that it is active in
	PriceAzureBastionStandard  = "azure-bastion-standard"
	PriceAzureBastionPremium   = "azure-bastion-premium"
	PriceAzureExpressGateway   = "azure-expressroute-gateway"
	PriceAzurePeeringGB        = "azure-peering-gb"
)

// priceFiles hold the prices, a file for each cloud.
var priceFiles = []string{"prices-aws.yaml", "prices-azure.yaml"}

func (c *Catalog) readPrices() error {
	c.prices = map[priceKey]Price{}
	for _, name := range priceFiles {
		var file struct {
			provenance `yaml:",inline"`
			Prices     []struct {
				Item    string         `yaml:"item"`
				Per     string         `yaml:"per"`
				Regions map[string]USD `yaml:"regions"`
				Note    string         `yaml:"note"`
				Source  string         `yaml:"source"` // may have {region} in it
				AsOf    string         `yaml:"asOf"`
			} `yaml:"prices"`
		}
		if err := decode(name, &file); err != nil {
			return err
		}
		for _, e := range file.Prices {
			file.fill(&e.Source, &e.AsOf)
			for region, amount := range e.Regions {
				key := priceKey{e.Item, region}
				if _, twice := c.prices[key]; twice {
					return fmt.Errorf("%s: %s in %s is there twice", name, e.Item, region)
				}
				c.prices[key] = Price{
					Item: e.Item, Region: region, Per: e.Per, Amount: amount, Note: e.Note,
					Source: strings.ReplaceAll(e.Source, "{region}", region), AsOf: e.AsOf,
				}
			}
		}
	}
	return nil
}

type priceKey struct{ item, region string }

// Price returns the price of an item, one of the Price constants, in a region,
// or the one that the item has in all regions.
func (c *Catalog) Price(item, region string) (Price, bool) {
	price, ok := c.prices[priceKey{item, region}]
	if !ok {
		price, ok = c.prices[priceKey{item, AllRegions}]
	}
	return price, ok
}

// Prices returns every price, sorted by item and region.
func (c *Catalog) Prices() []Price {
	return slices.SortedFunc(maps.Values(c.prices), func(a, b Price) int {
		return strings.Compare(a.Item+" "+a.Region, b.Item+" "+b.Region)
	})
}
