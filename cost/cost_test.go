package cost_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/graph"
)

// list is a price list by "item region".
type list map[string]string

func (l list) Price(item, region string) (catalog.Price, bool) {
	text, known := l[item+" "+region]
	if !known {
		return catalog.Price{}, false
	}
	amount, per, _ := strings.Cut(text, " / ")
	price, err := catalog.ParseUSD(amount)
	if err != nil {
		panic(err)
	}
	return catalog.Price{Item: item, Region: region, Per: per, Amount: price, Source: "https://example.com/" + item, AsOf: "2026-11-25"}, true
}

// virginia are list prices of us-east-1, retyped from the pricing pages of
// Amazon VPC, PrivateLink, Transit Gateway, Network Firewall, Elastic Load
// Balancing and Route 53.
var virginia = list{
	"aws-nat-gateway us-east-1": "0.045 / hour", "aws-nat-gateway-gb us-east-1": "0.045 / GB",
	"aws-interface-endpoint us-east-1": "0.01 / hour", "aws-interface-endpoint-gb us-east-1": "0.01 / GB",
	"aws-public-ipv4 us-east-1": "0.005 / hour",
	"aws-nlb us-east-1":         "0.0225 / hour", "aws-nlb-nlcu us-east-1": "0.006 / NLCU-hour",
	"aws-alb us-east-1":                        "0.0225 / hour",
	"aws-transit-gateway-attachment us-east-1": "0.05 / hour", "aws-transit-gateway-attachment-gb us-east-1": "0.02 / GB",
	"aws-vpn-connection us-east-1":            "0.05 / hour",
	"aws-network-firewall-endpoint us-east-1": "0.395 / hour", "aws-network-firewall-endpoint-gb us-east-1": "0.065 / GB",
	"aws-hosted-zone us-east-1":        "0.50 / month",
	"aws-route53-profile us-east-1":    "0.75 / hour",
	"aws-resolver-interface us-east-1": "0.125 / hour", "aws-resolver-queries us-east-1": "0.40 / million queries",
}

// eastus2 are list prices of East US 2, retyped from the pricing pages of Azure
// Firewall, Bastion, VPN Gateway, Application Gateway, DNS, NAT Gateway, Private Link, Load
// Balancer, DDoS Protection and Kubernetes Service.
var eastus2 = list{
	"azure-nat-gateway eastus2": "0.045 / hour", "azure-public-ip eastus2": "0.005 / hour", "azure-public-ip-prefix eastus2": "0.006 / hour",
	"azure-load-balancer eastus2": "0.025 / hour", "azure-load-balancer-rule eastus2": "0.01 / hour",
	"azure-private-endpoint eastus2": "0.01 / hour", "azure-private-dns-zone ": "0.50 / month",
	"azure-dns-resolver-endpoint eastus2": "180 / month", "azure-dns-forwarding-ruleset eastus2": "2.50 / month",
	"azure-firewall-standard eastus2": "1.25 / hour", "azure-firewall-premium eastus2": "1.75 / hour",
	"azure-bastion-basic eastus2": "0.19 / hour", "azure-vpn-gateway-vpngw1az eastus2": "0.21 / hour",
	"azure-application-gateway-waf-v2 eastus2": "0.36 / hour", "azure-application-gateway-waf-v2-cu eastus2": "0.0144 / CU-hour",
	"azure-aks-standard eastus2": "0.10 / hour", "azure-ddos-plan eastus2": "4.032258 / hour",
}

type props map[string]any

const provider = "urn:pulumi:s::p::pulumi:providers:aws::aws"

// res is a resource of the graph, in the provider's region of AWS.
func res(token, name string, inputs props) graph.Resource {
	r := graph.Resource{
		URN: "urn:pulumi:s::p::" + token + "::" + name, Type: token, Name: name, Custom: true, ID: name,
		Inputs: resource.NewPropertyMapFromMap(inputs), Outputs: resource.PropertyMap{},
		PropertyDependencies: map[string][]string{},
	}
	if strings.HasPrefix(token, "aws:") {
		r.Provider = provider + "::id"
	}
	return r
}

// in is a graph with a provider of a region before the resources.
func in(region string, resources ...graph.Resource) *graph.Graph {
	p := res("pulumi:providers:aws", "aws", props{"region": region})
	p.URN = provider
	return &graph.Graph{Project: "p", Stack: "s", Resources: append([]graph.Resource{p}, resources...)}
}

// unknown is a value that is not there yet.
func unknown() any { return resource.Computed{Element: resource.NewProperty("")} }

// lines writes the lines of an estimate: "1 NAT gateway 32.85".
func lines(e cost.Estimate) []string {
	out := []string{}
	for _, l := range e.Lines {
		sum := "unknown: " + l.Unknown
		if l.Monthly != nil {
			sum = l.Monthly.String()
		}
		out = append(out, fmt.Sprintf("%d %s %s", l.Quantity, l.What, sum))
	}
	return out
}

// The sums are the unit price times 730, worked out by hand.
func TestAws(t *testing.T) {
	subnets := []any{"subnet-1", "subnet-2", "subnet-3"}
	for name, c := range map[string]struct {
		resource graph.Resource
		want     []string
	}{
		"NAT gateway": {res("aws:ec2/natGateway:NatGateway", "n", props{}), []string{"1 NAT gateway 32.85"}},
		"regional NAT gateway": {
			res("aws:ec2/natGateway:NatGateway", "n", props{"availabilityMode": "regional"}),
			[]string{"0 regional NAT gateway in a zone unknown: the catalogue has no price for us-east-1"},
		},
		"interface endpoint in three zones": {
			res("aws:ec2/vpcEndpoint:VpcEndpoint", "e", props{"vpcEndpointType": "Interface", "subnetIds": subnets}),
			[]string{"3 interface endpoint in a zone 21.9"},
		},
		"interface endpoint, its subnets by associations": {
			res("aws:ec2/vpcEndpoint:VpcEndpoint", "e", props{"vpcEndpointType": "Interface"}), []string{},
		},
		"association of an interface endpoint": {
			res("aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "e", props{}),
			[]string{"1 interface endpoint in a zone 7.3"},
		},
		"interface endpoint, nobody knows where": {
			res("aws:ec2/vpcEndpoint:VpcEndpoint", "e", props{"vpcEndpointType": "Interface", "subnetIds": unknown()}),
			[]string{"0 interface endpoint in a zone unknown: how many there are is decided by subnetIds, which is not known yet"},
		},
		"gateway endpoint":                  {res("aws:ec2/vpcEndpoint:VpcEndpoint", "e", props{"vpcEndpointType": "Gateway"}), []string{}},
		"endpoint without a type":           {res("aws:ec2/vpcEndpoint:VpcEndpoint", "e", props{}), []string{}},
		"Elastic IP":                        {res("aws:ec2/eip:Eip", "a", props{}), []string{"1 public IPv4 address 3.65"}},
		"internal network load balancer":    {res("aws:lb/loadBalancer:LoadBalancer", "l", props{"loadBalancerType": "network", "internal": true, "subnets": subnets}), []string{"1 network load balancer 16.425"}},
		"network load balancer, public":     {res("aws:lb/loadBalancer:LoadBalancer", "l", props{"loadBalancerType": "network", "subnets": subnets}), []string{"1 network load balancer 16.425", "3 public IPv4 address 10.95"}},
		"network load balancer, older name": {res("aws:elasticloadbalancingv2/loadBalancer:LoadBalancer", "l", props{"loadBalancerType": "network", "internal": true}), []string{"1 network load balancer 16.425"}},
		"network load balancer with Elastic IPs": {
			res("aws:lb/loadBalancer:LoadBalancer", "l", props{"loadBalancerType": "network", "subnetMappings": []any{
				map[string]any{"subnetId": "subnet-1", "allocationId": "eipalloc-1"}, map[string]any{"subnetId": "subnet-2"},
			}}),
			[]string{"1 network load balancer 16.425", "1 public IPv4 address 3.65"},
		},
		"application load balancer": {res("aws:lb/loadBalancer:LoadBalancer", "l", props{"internal": true}), []string{"1 application load balancer 16.425"}},
		"Network Firewall": {
			res("aws:networkfirewall/firewall:Firewall", "f", props{"subnetMappings": []any{map[string]any{"subnetId": "a"}, map[string]any{"subnetId": "b"}}}),
			[]string{"2 Network Firewall endpoint in a zone 576.7"},
		},
		"transit gateway":            {res("aws:ec2transitgateway/transitGateway:TransitGateway", "t", props{}), []string{}},
		"transit gateway attachment": {res("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "t", props{}), []string{"1 transit gateway attachment 36.5"}},
		"accepted attachment":        {res("aws:ec2transitgateway/vpcAttachmentAccepter:VpcAttachmentAccepter", "t", props{}), []string{}},
		"VPN to a virtual private gateway": {
			res("aws:ec2/vpnConnection:VpnConnection", "v", props{"vpnGatewayId": "vgw-1"}),
			[]string{"1 Site-to-Site VPN connection 36.5", "2 public IPv4 address 7.3"},
		},
		"VPN to a transit gateway": {
			res("aws:ec2/vpnConnection:VpnConnection", "v", props{"transitGatewayId": "tgw-1"}),
			[]string{"1 Site-to-Site VPN connection 36.5", "2 public IPv4 address 7.3", "1 transit gateway attachment 36.5"},
		},
		"hosted zone":       {res("aws:route53/zone:Zone", "z", props{}), []string{"1 hosted zone 0.5"}},
		"Resolver endpoint": {res("aws:route53/resolverEndpoint:ResolverEndpoint", "r", props{"ipAddresses": []any{map[string]any{}, map[string]any{}}}), []string{"2 Resolver endpoint address 182.5"}},
		"Route 53 Profile":  {res("aws:route53/profilesProfile:ProfilesProfile", "p", props{}), []string{"1 Route 53 Profiles of an account 547.5"}},
		"VPC":               {res("aws:ec2/vpc:Vpc", "v", props{}), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, lines(cost.Of(in("us-east-1", c.resource), virginia)))
		})
	}
}

// The sums are those of Azure's pages and of the published estimate that the
// catalogue's prices of East US 2 come from: 912.50, 180, 2,943.55 and so on.
func TestAzure(t *testing.T) {
	const network = "azure-native:network/v20240501:"
	rules := func(n int) []any { return make([]any, n) }
	for name, c := range map[string]struct {
		resource graph.Resource
		want     []string
	}{
		"NAT gateway":           {res(network+"NatGateway", "n", props{}), []string{"1 NAT gateway 32.85"}},
		"public address":        {res(network+"PublicIPAddress", "p", props{"sku": map[string]any{"name": "Standard"}}), []string{"1 public IPv4 address 3.65"}},
		"address of a prefix":   {res(network+"PublicIPAddress", "p", props{"publicIPPrefix": map[string]any{"id": "x"}}), []string{}},
		"prefix of 4 addresses": {res(network+"PublicIPPrefix", "p", props{"prefixLength": 30, "sku": map[string]any{"name": "Standard"}}), []string{"4 public IPv4 address of a prefix 17.52"}},
		"IPv6 address":          {res(network+"PublicIPAddress", "p", props{"publicIPAddressVersion": "IPv6"}), []string{"0 public IPv4 address unknown: the catalogue has no price of IPv6 addresses"}},
		"firewall":              {res(network+"AzureFirewall", "f", props{"sku": map[string]any{"tier": "Standard"}}), []string{"1 Azure Firewall Standard 912.5"}},
		"firewall, premium":     {res(network+"AzureFirewall", "f", props{"sku": map[string]any{"tier": "Premium"}}), []string{"1 Azure Firewall Premium 1277.5"}},
		"firewall, basic":       {res(network+"AzureFirewall", "f", props{"sku": map[string]any{"tier": "Basic"}}), []string{"1 Azure Firewall Basic unknown: the catalogue has no price for eastus2"}},
		"Bastion":               {res("azure-native:network:BastionHost", "b", props{}), []string{"1 Azure Bastion Basic 138.7"}},
		"Bastion, developer":    {res(network+"BastionHost", "b", props{"sku": map[string]any{"name": "Developer"}}), []string{}},
		"application gateway, two instances kept": {
			res(network+"ApplicationGateway", "a", props{"sku": map[string]any{"tier": "WAF_v2"}, "autoscaleConfiguration": map[string]any{"minCapacity": 2}}),
			[]string{"1 application gateway WAF_v2 262.8", "20 capacity unit of an application gateway 210.24"},
		},
		"application gateway, one instance": {
			res(network+"ApplicationGateway", "a", props{"sku": map[string]any{"tier": "WAF_v2", "capacity": 1}}),
			[]string{"1 application gateway WAF_v2 262.8", "10 capacity unit of an application gateway 105.12"},
		},
		"VPN gateway": {res(network+"VirtualNetworkGateway", "v", props{"gatewayType": "Vpn", "sku": map[string]any{"name": "VpnGw1AZ"}}), []string{"1 VPN gateway VpnGw1AZ 153.3"}},
		"load balancer, five rules": {
			res(network+"LoadBalancer", "l", props{"sku": map[string]any{"name": "Standard"}, "loadBalancingRules": rules(4), "outboundRules": rules(1)}),
			[]string{"1 Standard load balancer 18.25"},
		},
		"load balancer, seven rules": {
			res(network+"LoadBalancer", "l", props{"sku": map[string]any{"name": "Standard"}, "loadBalancingRules": rules(7)}),
			[]string{"1 Standard load balancer 18.25", "2 load balancer rule beyond five 14.6"},
		},
		"load balancer without a rule": {res(network+"LoadBalancer", "l", props{"sku": map[string]any{"name": "Standard"}}), []string{}},
		"private endpoint":             {res(network+"PrivateEndpoint", "p", props{}), []string{"1 private endpoint 7.3"}},
		"resolver endpoint":            {res("azure-native:dnsresolver:OutboundEndpoint", "r", props{}), []string{"1 DNS resolver endpoint 180"}},
		"forwarding ruleset":           {res(network+"DnsForwardingRuleset", "r", props{}), []string{"1 DNS forwarding ruleset 2.5"}},
		"DDoS protection plan":         {res(network+"DdosProtectionPlan", "d", props{}), []string{"1 DDoS protection plan 2943.54834"}},
		"AKS, free tier":               {res("azure-native:containerservice:ManagedCluster", "a", props{"sku": map[string]any{"tier": "Free"}}), []string{}},
		"AKS, standard tier":           {res("azure-native:containerservice/v20250101:ManagedCluster", "a", props{"sku": map[string]any{"tier": "Standard"}}), []string{"1 AKS uptime SLA, Standard tier 73"}},
		"VNet":                         {res(network+"VirtualNetwork", "v", props{}), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.resource.Inputs["location"] = resource.NewProperty("East US 2")
			assert.Equal(t, c.want, lines(cost.Of(in("", c.resource), eastus2)))
		})
	}
	zone := res("azure-native:privatedns:PrivateZone", "z", props{"location": "Global"})
	assert.Equal(t, []string{"1 private DNS zone 0.5"}, lines(cost.Of(in("", zone), eastus2)))
}

// The fixed price of an application gateway covers its public address, and a
// resource without a location is where its group is.
func TestAzurePlaces(t *testing.T) {
	ip := res("azure-native:network:PublicIPAddress", "ip", props{"resourceGroupName": "Data"})
	other := res("azure-native:network:PublicIPAddress", "other", props{"resourceGroupName": "data"})
	gateway := res("azure-native:network:ApplicationGateway", "gw", props{
		"sku": map[string]any{"tier": "WAF_v2"}, "resourceGroupName": "data",
		"frontendIPConfigurations": []any{map[string]any{"publicIPAddress": map[string]any{"id": "ip"}}},
	})
	group := res("azure-native:resources:ResourceGroup", "group", props{"resourceGroupName": "data", "location": "eastus2"})
	want := []string{"1 public IPv4 address 3.65", "1 application gateway WAF_v2 262.8"}
	assert.Equal(t, want, lines(cost.Of(in("", group, ip, other, gateway), eastus2)))

	gateway.Inputs["frontendIPConfigurations"] = resource.NewProperty([]resource.PropertyValue{})
	gateway.PropertyDependencies["frontendIPConfigurations"] = []string{ip.URN}
	assert.Equal(t, want, lines(cost.Of(in("", group, ip, other, gateway), eastus2)), "as in a preview, where it has no id")
}

// Profiles are charged once for an account, that of their provider.
func TestProfiles(t *testing.T) {
	profile := func(name, provider string) graph.Resource {
		r := res("aws:route53/profilesProfile:ProfilesProfile", name, props{})
		r.Provider = provider
		return r
	}
	const other = "urn:pulumi:s::p::pulumi:providers:aws::other"
	g := in("us-east-1", profile("a", provider+"::id"), profile("b", provider+"::id"))
	assert.Equal(t, []string{"1 Route 53 Profiles of an account 547.5"}, lines(cost.Of(g, virginia)))

	g.Resources = append(g.Resources, profile("c", other+"::id"))
	assert.Len(t, cost.Of(g, virginia).Lines, 2)
}

// What another program owns is not charged here, and a price that is not known
// makes the total the least it can be.
func TestTotal(t *testing.T) {
	nat := res("aws:ec2/natGateway:NatGateway", "n", props{})
	read := res("aws:ec2/natGateway:NatGateway", "read", props{})
	read.External = true
	e := cost.Of(in("us-east-1", nat, read), virginia)
	assert.Equal(t, "32.85", e.Total.String())
	assert.False(t, e.AtLeast)

	e = cost.Of(in("us-east-1", nat, res("aws:elb/loadBalancer:LoadBalancer", "l", props{})), virginia)
	assert.Equal(t, "32.85", e.Total.String())
	assert.True(t, e.AtLeast)

	e = cost.Of(in("eu-south-2", nat), virginia)
	assert.Equal(t, []string{"1 NAT gateway unknown: the catalogue has no price for eu-south-2"}, lines(e))
	require.Len(t, e.Lines[0].Rates, 1)
	assert.Equal(t, "GB", e.Lines[0].Rates[0].Per)
	assert.Nil(t, e.Lines[0].Rates[0].Price)

	nat.Provider = ""
	e = cost.Of(in("us-east-1", nat), virginia)
	assert.Equal(t, []string{"1 NAT gateway unknown: the region is not known, and with it the price"}, lines(e))
	nat.Outputs["arn"] = resource.NewProperty("arn:aws:ec2:us-east-1:111122223333:natgateway/nat-1")
	assert.Equal(t, []string{"1 NAT gateway 32.85"}, lines(cost.Of(in("eu-west-1", nat), virginia)))

	empty := cost.Of(&graph.Graph{}, virginia)
	assert.Equal(t, cost.Estimate{Lines: []cost.Line{}, Usage: []cost.Usage{}, Comparisons: []cost.Comparison{}}, empty)
}

// What passes is a rate, never an amount.
func TestRatesAndUsage(t *testing.T) {
	e := cost.Of(in("us-east-1",
		res("aws:ec2/natGateway:NatGateway", "n", props{}),
		res("aws:ec2/flowLog:FlowLog", "f", props{"logDestinationType": "s3"}),
		res("aws:ec2/flowLog:FlowLog", "g", props{}),
		res("aws:ec2/internetGateway:InternetGateway", "i", props{}),
	), virginia)
	require.Len(t, e.Lines[0].Rates, 1)
	rate := e.Lines[0].Rates[0]
	assert.Equal(t, "0.045 GB https://example.com/aws-nat-gateway-gb 2026-11-25", fmt.Sprint(rate.Price, " ", rate.Per, " ", rate.Source, " ", rate.AsOf))
	var usage []string
	for _, u := range e.Usage {
		usage = append(usage, u.What+": "+u.By)
	}
	assert.Equal(t, []string{
		"flow log to S3: GB delivered and stored", "flow log to CloudWatch Logs: GB delivered and stored",
		"internet gateway: GB out to the internet",
	}, usage)
	assert.Equal(t, "32.85", e.Total.String())
}

// network is a VPC with three zones of subnets.
func network(more ...graph.Resource) *graph.Graph {
	resources := []graph.Resource{res("aws:ec2/vpc:Vpc", "vpc-1", props{})}
	for _, zone := range []string{"a", "b", "c"} {
		resources = append(resources, res("aws:ec2/subnet:Subnet", "subnet-"+zone, props{"vpcId": "vpc-1", "availabilityZone": "us-east-1" + zone}))
	}
	return in("us-east-1", append(resources, more...)...)
}

// rows writes the rows of a comparison.
func rows(c cost.Comparison) []string {
	var out []string
	for _, row := range c.Rows {
		text := row.Label
		for _, amount := range row.Monthly {
			if amount == nil {
				text += " unknown"
			} else {
				text += " " + amount.String()
			}
		}
		if row.Here {
			text += " here"
		}
		out = append(out, text)
	}
	return out
}

// A gateway with its address is 0.050 an hour, 36.50 a month.
func TestCompareNat(t *testing.T) {
	nat := func(zone string) graph.Resource {
		return res("aws:ec2/natGateway:NatGateway", "nat-"+zone, props{"subnetId": "subnet-" + zone})
	}
	for name, c := range map[string]struct {
		gateways []graph.Resource
		want     []string
	}{
		"one":   {[]graph.Resource{nat("a")}, []string{"one 36.5 here", "one in each of 3 zones 109.5"}},
		"two":   {[]graph.Resource{nat("a"), nat("b")}, []string{"one 36.5", "2 73 here", "one in each of 3 zones 109.5"}},
		"three": {[]graph.Resource{nat("a"), nat("b"), nat("c")}, []string{"one 36.5", "one in each of 3 zones 109.5 here"}},
	} {
		e := cost.Of(network(c.gateways...), virginia)
		require.Len(t, e.Comparisons, 1, name)
		assert.Equal(t, c.want, rows(e.Comparisons[0]), name)
	}
	private := nat("a")
	private.Inputs["connectivityType"] = resource.NewProperty("private")
	assert.Empty(t, cost.Of(network(private), virginia).Comparisons)
}

// Two endpoints in three zones are six times 0.01 an hour, 43.80 a month. In a
// central VPC two zones of 0.50 come with them, and attachments of 36.50 for each
// VPC and the central one.
func TestCompareEndpoints(t *testing.T) {
	endpoint := func(service string) graph.Resource {
		return res("aws:ec2/vpcEndpoint:VpcEndpoint", service, props{
			"vpcEndpointType": "Interface", "serviceName": service, "vpcId": "vpc-1",
			"subnetIds": []any{"subnet-a", "subnet-b", "subnet-c"},
		})
	}
	g := network(endpoint("com.amazonaws.us-east-1.sts"), endpoint("com.amazonaws.us-east-1.sqs"), endpoint("com.amazonaws.vpce.us-east-1.vpce-svc-1"))
	e := cost.Of(g, virginia)
	require.Len(t, e.Comparisons, 1)
	assert.Equal(t, "2 interface endpoints, 6 in zones together, in us-east-1", e.Comparisons[0].Title)
	assert.Contains(t, e.Comparisons[0].Note, "With a Route 53 Profile, which hands the zones to the VPCs, add 0.75 an hour for the account.")
	assert.Equal(t, []string{
		"1 VPC 43.8 44.8 117.8",
		"2 VPCs 87.6 44.8 154.3",
		"3 VPCs 131.4 44.8 190.8",
		"5 VPCs 219 44.8 263.8",
		"10 VPCs 438 44.8 446.3",
	}, rows(e.Comparisons[0]))

	prices := list{"aws-interface-endpoint us-east-1": "0.01 / hour"}
	without := cost.Of(g, prices).Comparisons[0]
	assert.Equal(t, "1 VPC 43.8 unknown unknown", rows(without)[0])
	assert.NotContains(t, without.Note, "Profile")
}

// The total is the sum of what is known, whatever there is.
func TestTotalIsTheSum(t *testing.T) {
	tokens := []string{
		"aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip", "aws:route53/zone:Zone", "aws:elb/loadBalancer:LoadBalancer",
		"aws:lb/loadBalancer:LoadBalancer", "aws:ec2/vpnConnection:VpnConnection", "azure-native:network:NatGateway",
	}
	rapid.Check(t, func(t *rapid.T) {
		var resources []graph.Resource
		for i, token := range rapid.SliceOf(rapid.SampledFrom(tokens)).Draw(t, "tokens") {
			resources = append(resources, res(token, fmt.Sprint(i), props{"location": "eastus2"}))
		}
		region := rapid.SampledFrom([]string{"us-east-1", "eu-north-1"}).Draw(t, "region")
		e := cost.Of(in(region, resources...), virginia)
		var sum catalog.USD
		known := true
		for _, l := range e.Lines {
			if l.Monthly == nil {
				known = false
				continue
			}
			sum += *l.Monthly
		}
		if e.Total != sum || e.AtLeast == known {
			t.Fatalf("total %s, lines %s, at least %v", e.Total, sum, e.AtLeast)
		}
	})
}
