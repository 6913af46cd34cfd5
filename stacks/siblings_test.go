package stacks_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/stacks"
)

// Environments of one project get blocks of their own, so that they can be
// peered: the document gives staging a second octet that is one higher (AosCloud
// Networking Prerequisites v1.1, CIDR Planning Guidance). The pods' block is not
// routed beyond its VPC, so that every environment may have the same.
func TestOverlaps(t *testing.T) {
	shared := func(vpc string) string {
		return fmt.Sprintf(`{underlay:model: shared-aws, aws:region: eu-west-1, underlay:spec: {dataPlane:
			{vpcCidr: %s, podCidr: 100.64.0.0/16, zones: [eu-west-1a, eu-west-1b]}}}`, vpc)
	}
	aos := func(vpc, more string) string {
		return fmt.Sprintf(`{underlay:model: aoscloud, aws:region: eu-west-1, underlay:spec: {vpc:
			{baseCidr: %s, zones: [eu-west-1a, eu-west-1b, eu-west-1c], endpointZones: [eu-west-1a]%s}}}`, vpc, more)
	}
	azure := func(space string) string {
		return fmt.Sprintf(`{underlay:model: shared-azure, azure-native:location: westeurope,
			azure-native:subscriptionId: 11111111-2222-4333-8444-555555555555,
			underlay:spec: {resourceGroup: rg, dataPlane: {addressSpace: [%s], egress: natGateway, controlPlaneCidrs: [203.0.113.0/24]}, cluster: {pools: [{name: system, maxCount: 1, maxPods: 30}]}}}`, space)
	}
	for _, test := range []struct {
		name, own, other string
		want             []string
	}{
		{"blocks of their own", shared("10.20.0.0/16"), shared("10.21.0.0/16"), nil},
		{"the same block", shared("10.20.0.0/16"), shared("10.20.0.0/16"), []string{"VPC 10.20.0.0/16 10.20.0.0/16"}},
		{"a part of it", shared("10.20.64.0/20"), shared("10.20.0.0/16"), []string{"VPC 10.20.64.0/20 10.20.0.0/16"}},
		{"the document's offset", aos("10.231.0.0/16", ""), aos("10.231.0.0/16", ", staging: true"), nil},
		{"without the offset", aos("10.231.0.0/16", ""), aos("10.231.0.0/16", ""), []string{"VPC 10.231.0.0/16 10.231.0.0/16"}},
		{"one of two blocks", azure("10.40.0.0/20, 10.44.0.0/24"), azure("10.44.0.0/20"), []string{"VNet 10.44.0.0/24 10.44.0.0/20"}},
		{"another model", shared("10.231.0.0/16"), aos("10.231.0.0/16", ""), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			parse := func(text string) *stacks.Environment {
				env, err := stacks.Parse([]byte("config: " + strings.ReplaceAll(text, "\t", " ")))
				require.NoError(t, err)
				return env
			}
			overlaps, err := parse(test.own).Overlaps([]stacks.Sibling{{Name: "other", Environment: parse(test.other)}})
			require.NoError(t, err)
			var got []string
			for _, o := range overlaps {
				assert.Equal(t, "other", o.Of)
				got = append(got, fmt.Sprintf("%s %s %s", o.Range, o.Prefix, o.With))
			}
			assert.Equal(t, test.want, got)
		})
	}
	one := stacks.Overlap{Range: "VPC", Prefix: netip.MustParsePrefix("10.20.0.0/16"), With: netip.MustParsePrefix("10.20.0.0/17"), Of: "dev"}
	assert.Equal(t, "10.20.0.0/16 of the VPC overlaps 10.20.0.0/17 of the environment dev: networks that share addresses can never be peered", one.String())
}
