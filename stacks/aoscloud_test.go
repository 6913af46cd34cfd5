package stacks_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
)

// aosBase is a valid AosCloud environment; each case changes one part of it.
const aosBase = `config:
  aws:region: eu-west-1
  underlay:model: aoscloud
  underlay:spec:
    vpc:
      baseCidr: 10.231.0.0/16
      zones: [eu-west-1a, eu-west-1b, eu-west-1c]
      publicLbIngress: [{from: 443, cidr: 0.0.0.0/0}]
    tags: {environment: dev}
`

// The component's own tests have a case for each rule; these show where the
// problems are put, and the strict keys.
func TestBadAosCloudConfigurations(t *testing.T) {
	require.NoError(t, check(aosBase))
	cases := []struct {
		name     string
		old, new string
		want     []string
	}{
		{"unknown key of the spec", "vpc:", "vpcs:", []string{`underlay:spec.vpcs: unknown key; did you mean "vpc"?`}},
		{"unknown key of the VPC", "baseCidr:", "basCidr:", []string{
			`underlay:spec.vpc.basCidr: unknown key; did you mean "baseCidr"?`}},
		{"unknown key of a rule", "from: 443", "port: 443", []string{
			`underlay:spec.vpc.publicLbIngress[0].from: is missing; give the lowest port, and in to the highest`,
			`underlay:spec.vpc.publicLbIngress[0].port: unknown key; use cidr, from, protocol or to`}},
		{"number for text", "from: 443", "from: https", []string{
			`underlay:spec.vpc.publicLbIngress[0].from: https: is text; it must be a whole number`}},
		{"unknown region", "eu-west-1\n", "eu-west-11\n", []string{
			`aws:region: eu-west-11: is not an AWS region that the catalogue knows; did you mean "eu-west-1"?`}},
		{"no zones", "[eu-west-1a, eu-west-1b, eu-west-1c]", "[]", []string{
			`underlay:spec.vpc.zones: is missing; name three availability zones`}},
		{"staging overflow", "10.231.0.0/16", "10.255.0.0/16\n      staging: true", []string{
			`underlay:spec.vpc.baseCidr: 10.255.0.0/16: has no staging block: 11.0.0.0/16 is outside 10.0.0.0/8; ` +
				`use 10.0.0.0/16 to 10.254.0.0/16, or 172.16.0.0/16 to 172.30.0.0/16`}},
		{"endpoints", "tags:", "  endpoints: {add: [kmss]}\n    tags:", []string{
			`underlay:spec.vpc.endpoints.add[0]: kmss: is not an endpoint service; did you mean "kms"?`}},
		{"quota", "tags:", "quotas: {rules-per-security-groups: 9}\n    tags:", []string{
			`underlay:spec.quotas.rules-per-security-groups: 9: is not a quota of the catalogue; did you mean "rules-per-security-group"?`}},
		{"tag", "{environment: dev}", "{Name: aos}", []string{
			`underlay:spec.tags.Name: aos: is a tag that underlay sets itself; use another name`}},
		{"three at once", "10.231.0.0/16\n      zones: [eu-west-1a, ", "10.231.0.1/16\n      efsFileSystemId: files\n      zones: [", []string{
			`underlay:spec.vpc.baseCidr: 10.231.0.1/16: has host bits set; the network is 10.231.0.0/16`,
			`underlay:spec.vpc.efsFileSystemId: files: is not an id of the form fs-…; give an id such as fs-0123456789abcdef0`,
			`underlay:spec.vpc.zones: eu-west-1b, eu-west-1c: is 2 of the three zones of an AosCloud VPC; name three`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(aosBase, c.old, c.new, 1)
			require.NotEqual(t, aosBase, text, "the case changes nothing")
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

// The ranges are those of the vendor's table for 10.231.0.0/16, one higher in
// the second octet for staging; what is left is counted by hand: 65,536 less
// 3×4,096, 3×1,024, 256 and 9×16.
func TestAosCloudAddresses(t *testing.T) {
	for octet, text := range map[string]string{"10.231": aosBase, "10.232": strings.Replace(aosBase, "zones:", "staging: true\n      zones:", 1)} {
		env, err := stacks.Parse([]byte(text))
		require.NoError(t, err)
		ranges, err := env.Addresses()
		require.NoError(t, err)
		require.Len(t, ranges, 1)
		vpc := ranges[0]
		assert.Equal(t, octet+".0.0/16", vpc.Prefix.String())
		assert.Equal(t, 3, vpc.Slots)
		require.Len(t, vpc.Subnets, 16)
		first, last := vpc.Subnets[0], vpc.Subnets[15]
		assert.Equal(t, stacks.AddressSubnet{
			Tier: "eks-public", Zone: "eu-west-1a", Prefix: netip.MustParsePrefix(octet + ".48.0/22"), Usable: 1019,
		}, first)
		assert.Equal(t, stacks.AddressSubnet{
			Tier: "elasticache", Zone: "eu-west-1c", Prefix: netip.MustParsePrefix(octet + ".255.96/28"), Usable: 11,
		}, last)
		free := 0
		for _, p := range vpc.Free {
			free += 1 << (32 - p.Bits())
		}
		assert.Equal(t, 65536-3*4096-3*1024-256-9*16, free)
		assert.Contains(t, vpc.Free, netip.MustParsePrefix(octet+".60.0/22"), "the rest of the first /18")
	}
}
