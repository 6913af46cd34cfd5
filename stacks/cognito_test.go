package stacks_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// cognitoName is the seed's pattern, <identifier>.auth.<aws-region>.amazoncognito.com.
const cognitoName = "acme-conveyor.auth.eu-west-1.amazoncognito.com"

// By default the names are told and nothing is built.
func TestCognitoNames(t *testing.T) {
	env, err := stacks.Parse([]byte(strings.Replace(base, "tags:", "cognito: {identifiers: [acme-conveyor]}\n    tags:", 1)))
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, "acme", nil, env.Program())
	require.NoError(t, err)
	page, err := stacks.ReadHandover(g.Resources[0].Outputs.Mappable())
	require.NoError(t, err)
	assert.Equal(t, []string{cognitoName}, page.RequiredNames)
	for _, r := range g.Resources {
		assert.True(t, !r.Custom || !strings.HasPrefix(r.Name, "cognito"), r.URN)
	}
}

// DNS Firewall answers for the pool's name, the names of the VPC's endpoints
// and no others. The endpoints' names are those that AWS lists.
// https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
func TestCognitoDNSFirewall(t *testing.T) {
	text := strings.Replace(isolated, "tags:", "cognito: {identifiers: [acme-conveyor], enforcement: dnsFirewall, extraNames: [\"*.eu-west-1.compute.internal\"]}\n    tags:", 1)
	env, err := stacks.Parse([]byte(strings.Replace(text, "preset: aws-data-plane", "preset: none\n      add: [sts, ecr.dkr]", 1)))
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, "acme", nil, env.Program())
	require.NoError(t, err)
	var allowed []string
	for _, list := range g.ByType("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList") {
		if strings.HasSuffix(list.Name, "allowed") {
			for _, name := range list.Inputs["domains"].ArrayValue() {
				allowed = append(allowed, strings.TrimSuffix(name.StringValue(), "."))
			}
		}
	}
	for _, name := range []string{
		cognitoName, "*.eu-west-1.compute.internal", "sts.eu-west-1.amazonaws.com", "*.dkr.ecr.eu-west-1.amazonaws.com",
		"s3.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com",
	} {
		assert.Contains(t, allowed, name)
	}
	assert.NotContains(t, allowed, "sqs.eu-west-1.amazonaws.com")
}

// The subnets of the way out are in the address plan, and what is free is free
// of them.
func TestCognitoAddresses(t *testing.T) {
	env, err := stacks.Load("../tests/testdata/vendor/config.yaml")
	require.NoError(t, err)
	ranges, err := env.Addresses()
	require.NoError(t, err)
	for _, want := range []stacks.AddressSubnet{
		{Tier: "cognito-firewall", Zone: "eu-west-1b", Prefix: netip.MustParsePrefix("10.21.248.16/28"), Usable: 11},
		{Tier: "cognito-public", Zone: "eu-west-1a", Prefix: netip.MustParsePrefix("10.21.216.0/28"), Usable: 11},
	} {
		assert.Contains(t, ranges[0].Subnets, want)
		for _, free := range ranges[0].Free {
			assert.False(t, free.Overlaps(want.Prefix), "%s is not free", want.Prefix)
		}
	}
}
