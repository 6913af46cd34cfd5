package azure_test

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// TestRandom makes and removes things in no order. Whatever Azure says to each
// call, nothing in the cloud ever refers to what is not there, what Azure
// guarantees of a network holds, the file has all of it, and all of it can be
// taken away again.
func TestRandom(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		options := azure.Options{StateFile: filepath.Join(dir, fmt.Sprint(run), "azure.json")}
		cloud, i := newCloud(t, options)
		made := []res{i.group()}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			if rapid.IntRange(0, 4).Draw(t, "remove") == 0 {
				n := rapid.IntRange(0, len(made)-1).Draw(t, "which")
				if i.remove(made[n]) == nil {
					made = slices.DeleteFunc(made, func(r res) bool { return !i.exists(r) })
				}
				if len(made) == 0 {
					made = append(made, i.group())
				}
			} else if r, err := i.draw(t, made); err == nil {
				made = append(made, r)
			}
			require.Empty(t, cloud.Dangling())
			checkNetwork(t, cloud)
		}

		before := cloud.Objects()
		cloud, i = reopen(t, cloud, options)
		require.Equal(t, before, cloud.Objects())
		for len(made) > 0 {
			left := slices.DeleteFunc(slices.Clone(made), func(r res) bool { return i.remove(r) == nil })
			require.Less(t, len(left), len(made), "something can always be deleted: %v", left)
			made = left
		}
		require.Empty(t, cloud.Objects())
	})
}

// draw makes something that may or may not fit what is there.
func (i *instance) draw(t *rapid.T, made []res) (res, error) {
	// Mostly the draw picks what is there, so that most calls succeed.
	pick := func(typ string) res {
		options := []res{{id: subscription + "/resourceGroups/rg/providers/Microsoft.Network/things/none"}}
		for _, r := range made {
			if r.typ == typ {
				options = append(options, r, r, r)
			}
		}
		return options[rapid.IntRange(0, len(options)-1).Draw(t, typ)]
	}
	name := rapid.SampledFrom([]string{"a", "b", "c", "AzureFirewallSubnet", "AzureBastionSubnet"}).Draw(t, "name")
	block := rapid.SampledFrom([]string{
		"10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/24", "10.0.1.0/26", "10.0.1.64/28", "10.1.0.0/24", "10.1.1.0/26", "10.0.0.0/29",
	}).Draw(t, "block")
	more := in{}
	switch rapid.IntRange(0, 5).Draw(t, "more") {
	case 0:
		more = delegated("Microsoft.Network/dnsResolvers")
	case 1:
		more = in{"networkSecurityGroup": id(pick(nsgType))}
	case 2:
		more = in{"routeTable": id(pick(tableType)), "natGateway": id(pick(natType))}
	}
	zone := name + ".example.com"
	inputs := map[string]in{
		vnetType:     vnetIn(name, block),
		subnetType:   subnetIn(pick(vnetType), name, block, more),
		peeringType:  peeringIn(pick(vnetType), pick(vnetType)),
		nsgType:      nsgIn(name),
		ruleType:     named("securityRuleName", name, with(with(rule(name, "Inbound", 100), "name", nil), "networkSecurityGroupName", pick(nsgType).name())),
		tableType:    named("routeTableName", name, nil),
		routeType:    with(routeIn(name, block, "None", ""), "routeTableName", pick(tableType).name()),
		pipType:      pipIn(name),
		natType:      named("natGatewayName", name, in{"sku": in{"name": "Standard"}, "publicIpAddresses": []any{id(pick(pipType))}}),
		nicType:      nicIn(name, pick(subnetType)),
		peType:       peIn(name, pick(subnetType)),
		pegType:      named("privateDnsZoneGroupName", name, in{"privateEndpointName": pick(peType).name()}),
		zoneType:     zoneIn(zone),
		linkType:     linkIn(pick(zoneType).name(), name, pick(vnetType)),
		policyType:   named("firewallPolicyName", name, nil),
		rcgType:      named("ruleCollectionGroupName", name, in{"firewallPolicyName": pick(policyType).name(), "priority": 200}),
		firewallType: firewallIn(pick(subnetType), pick(pipType), in{"azureFirewallName": name, "firewallPolicy": id(pick(policyType))}),
		bastionType: named("bastionHostName", name, in{
			"ipConfigurations": []any{in{"name": "it", "subnet": id(pick(subnetType)), "publicIPAddress": id(pick(pipType))}},
		}),
		resolverType: named("dnsResolverName", name, in{"virtualNetwork": id(pick(vnetType))}),
		outboundType: named("outboundEndpointName", name, in{"dnsResolverName": pick(resolverType).name(), "subnet": id(pick(subnetType))}),
		rulesetType:  named("dnsForwardingRulesetName", name, in{"dnsResolverOutboundEndpoints": []any{id(pick(outboundType))}}),
		rsLinkType:   named("virtualNetworkLinkName", name, in{"dnsForwardingRulesetName": pick(rulesetType).name(), "virtualNetwork": id(pick(vnetType))}),
		identityType: named("resourceName", name, nil),
		roleType: {
			"principalId": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "roleDefinitionId": networkContributor, "scope": pick(vnetType).id,
		},
	}
	types := append(slices.Sorted(maps.Keys(inputs)), vnetType, subnetType, subnetType, pipType)
	typ := rapid.SampledFrom(types).Draw(t, "type")
	return i.try(typ, inputs[typ])
}

// checkNetwork checks what Azure guarantees.
func checkNetwork(t *rapid.T, cloud *azure.Cloud) {
	space, subnets, addresses := map[string][]netip.Prefix{}, map[string][]netip.Prefix{}, map[string]string{}
	for _, o := range cloud.Objects() {
		parent := o.ID[:max(0, strings.LastIndex(o.ID, "/subnets/"))]
		switch o.Type {
		case vnetType:
			for _, p := range o.Properties["addressSpace"].(map[string]any)["addressPrefixes"].([]any) {
				space[o.ID] = append(space[o.ID], netip.MustParsePrefix(p.(string)))
			}
		case subnetType:
			subnets[parent] = append(subnets[parent], netip.MustParsePrefix(o.Properties["addressPrefix"].(string)))
		}
		for _, a := range o.Addresses {
			at := a.Subnet + " " + a.IP
			require.Empty(t, addresses[at], "%s is of one", at)
			addresses[at] = o.ID
		}
	}
	for vnet, list := range subnets {
		for n, s := range list {
			inside := slices.ContainsFunc(space[vnet], func(b netip.Prefix) bool { return b.Bits() <= s.Bits() && b.Overlaps(s) })
			require.True(t, inside, "%s is in %s", s, vnet)
			require.False(t, slices.ContainsFunc(list[:n], s.Overlaps), "%s is alone", s)
		}
	}
}
