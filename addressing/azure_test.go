package addressing_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// Worked out by hand. A /20 is 16 third octets: its halves begin at .0 and .8,
// its quarters at .0 and .4, its sixteenths are third octets, and its
// sixty-fourths /26 blocks, number 24 the first of the third octet 6, number 28
// that of 7. A /16 is 256 third octets: the second half begins at .128, the
// second quarter's sixteenths at .64, and a sixty-fourth is 4 third octets, so
// 24 is .96, 25 .100, 28 .112 and 29 .116. Usable is 2^(32-bits) less 5.
func TestAzureVnetSubnet(t *testing.T) {
	cases := []struct {
		role      addressing.AzureRole
		small     string // of 10.40.0.0/20
		large     string // of 10.20.0.0/16
		usable    int
		smallSlot string
	}{
		{addressing.AzureNodes, "10.40.0.0/24", "10.20.0.0/24", 251, "10.40.0.0/22"},
		{addressing.AzurePods, "10.40.8.0/21", "10.20.128.0/21", 2043, "10.40.8.0/21"},
		{addressing.AzureAppGateway, "10.40.4.0/24", "10.20.64.0/24", 251, "10.40.4.0/24"},
		{addressing.AzurePrivateEndpoints, "10.40.6.0/26", "10.20.96.0/26", 59, "10.40.6.0/26"},
		{addressing.AzureInternalLB, "10.40.6.64/27", "10.20.100.0/27", 27, "10.40.6.64/26"},
		{addressing.AzureAPIServer, "10.40.7.0/28", "10.20.112.0/28", 11, "10.40.7.0/26"},
		{addressing.AzureDatabase, "10.40.7.64/28", "10.20.116.0/28", 11, "10.40.7.64/26"},
	}
	require.Len(t, cases, len(addressing.AzureRoles()))
	small := addressing.AzureVnet{Base: prefix("10.40.0.0/20")}
	large := addressing.AzureVnet{Base: prefix("10.20.0.0/16")}
	for _, c := range cases {
		got, err := small.Subnet(c.role, 0)
		require.NoError(t, err)
		assert.Equal(t, c.small, got.String(), c.role)
		assert.Equal(t, c.usable, addressing.Usable(got), c.role)
		got, err = large.Subnet(c.role, 0)
		require.NoError(t, err)
		assert.Equal(t, c.large, got.String(), c.role)
		slot, err := small.Slot(c.role)
		require.NoError(t, err)
		assert.Equal(t, c.smallSlot, slot.String(), c.role)
	}
}

// The needs of "Network configuration", section Azure Vnets: 10 addresses for
// the database, 2000 for pods, 256 for nodes. 251 is what a /24 has left of 256.
func TestAzureVnetNeeds(t *testing.T) {
	vnet := addressing.AzureVnet{Base: prefix("10.40.0.0/20")}
	for _, c := range []struct {
		role   addressing.AzureRole
		usable int
		want   string
	}{
		{addressing.AzureDatabase, 10, "10.40.7.64/28"},
		{addressing.AzureDatabase, 12, "10.40.7.64/27"},
		{addressing.AzurePods, 2000, "10.40.8.0/21"},
		{addressing.AzureNodes, 251, "10.40.0.0/24"},
		{addressing.AzureNodes, 252, "10.40.0.0/23"},
		{addressing.AzureNodes, 256, "10.40.0.0/23"},
		{addressing.AzureNodes, 3, "10.40.0.0/29"},
	} {
		got, err := vnet.Subnet(c.role, c.usable)
		require.NoError(t, err)
		assert.Equal(t, c.want, got.String(), "%s %d", c.role, c.usable)
	}
	_, err := vnet.Subnet(addressing.AzureNodes, 1020)
	assert.EqualError(t, err, "1020: needs a /21; the slot of nodes is 10.40.0.0/22 with 1019 usable addresses; "+
		"use a larger address space, or place the subnet by hand")
}

func TestAzureBits(t *testing.T) {
	for usable, want := range map[int]int{
		-1: 29, 0: 29, 1: 29, 3: 29, 4: 28, 11: 28, 12: 27, 27: 27, 28: 26, 59: 26, 251: 24, 252: 23, 2043: 21, 2044: 20,
	} {
		assert.Equal(t, want, addressing.AzureBits(usable), usable)
	}
}

func TestAzureVnetCheck(t *testing.T) {
	cases := []struct {
		base netip.Prefix
		want *problem.Problem
	}{
		{prefix("10.0.0.0/20"), nil},
		{prefix("10.0.0.0/8"), nil},
		{netip.Prefix{}, problem.New("", "is missing", "write a network such as 10.21.0.0/16")},
		{prefix("10.0.16.0/21"), problem.New("10.0.16.0/21",
			"is smaller than /20: its slots would not hold every role's subnet",
			"the nearest is 10.0.16.0/20, or place each subnet by hand")},
		{prefix("10.0.1.0/16"), problem.New("10.0.1.0/16", "has host bits set", "the network is 10.0.0.0/16")},
		{prefix("fd00::/48"), problem.New("fd00::/48", "is an IPv6 network", "write an IPv4 network such as 10.21.0.0/16")},
	}
	for _, c := range cases {
		t.Run(c.base.String(), func(t *testing.T) {
			err := addressing.AzureVnet{Base: c.base}.Check()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			var got *problem.Problem
			require.ErrorAs(t, err, &got)
			assert.Equal(t, c.want, got)
			_, err = addressing.AzureVnet{Base: c.base}.Subnet(addressing.AzureNodes, 0)
			assert.Error(t, err)
		})
	}
	_, err := addressing.AzureVnet{Base: prefix("10.0.0.0/16")}.Slot("public")
	assert.EqualError(t, err, "public: is not a role; the roles are nodes, pods, database, privateEndpoints, apiServer, "+
		"internalLoadBalancer, applicationGateway")
}

// anyAzureVnet draws a VNet and how many addresses each role needs, within its
// slot; 0 asks for the usual size.
func anyAzureVnet(t *rapid.T) (addressing.AzureVnet, map[addressing.AzureRole]int) {
	bits := rapid.IntRange(8, 20).Draw(t, "bits")
	octets := [4]byte{10, rapid.Byte().Draw(t, "second"), rapid.Byte().Draw(t, "third"), 0}
	vnet := addressing.AzureVnet{Base: netip.PrefixFrom(netip.AddrFrom4(octets), bits).Masked()}
	needs := map[addressing.AzureRole]int{}
	for _, role := range addressing.AzureRoles() {
		slot, err := vnet.Slot(role)
		require.NoError(t, err)
		needs[role] = rapid.IntRange(0, addressing.Usable(slot)).Draw(t, string(role))
	}
	return vnet, needs
}

// Whatever the sizes, subnets lie in the VNet, apart from each other, and hold
// what was asked for; Azure's smallest is a /29.
func TestAzureVnetSubnetsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vnet, needs := anyAzureVnet(t)
		var blocks []addressing.Named
		for _, role := range addressing.AzureRoles() {
			block, err := vnet.Subnet(role, needs[role])
			require.NoError(t, err)
			assert.True(t, vnet.Base.Contains(block.Addr()) && block.Bits() > vnet.Base.Bits(), "%s lies in %s", block, vnet.Base)
			assert.LessOrEqual(t, block.Bits(), 29)
			assert.GreaterOrEqual(t, addressing.Usable(block), needs[role], role)
			if need := needs[role]; need > 3 {
				half := netip.PrefixFrom(block.Addr(), block.Bits()+1)
				assert.Less(t, addressing.Usable(half), need, "%s is no larger than needed", block)
			}
			blocks = append(blocks, addressing.Named{Path: string(role), Prefix: block})
		}
		assert.Empty(t, addressing.Overlaps(blocks))
	})
}

// A role that grows keeps its first address and moves no other: what another
// role gets does not depend on it at all, since Subnet is not told of it.
func TestAzureVnetGrowthMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vnet, needs := anyAzureVnet(t)
		role := rapid.SampledFrom(addressing.AzureRoles()).Draw(t, "grows")
		before, err := vnet.Subnet(role, needs[role])
		require.NoError(t, err)
		slot, err := vnet.Slot(role)
		require.NoError(t, err)
		after, err := vnet.Subnet(role, rapid.IntRange(max(needs[role], 1), addressing.Usable(slot)).Draw(t, "to"))
		require.NoError(t, err)
		assert.Equal(t, before.Addr(), after.Addr())
		for _, other := range addressing.AzureRoles() {
			if other != role {
				block, err := vnet.Slot(other)
				require.NoError(t, err)
				assert.False(t, block.Overlaps(after), "%s of %s is clear of %s", other, block, after)
			}
		}
	})
}

func ExampleAzureVnet() {
	vnet := addressing.AzureVnet{Base: netip.MustParsePrefix("10.40.0.0/20")}
	nodes, _ := vnet.Subnet(addressing.AzureNodes, 256)
	pods, _ := vnet.Subnet(addressing.AzurePods, 0)
	fmt.Println(nodes, addressing.Usable(nodes))
	fmt.Println(pods, addressing.Usable(pods))
	// Output:
	// 10.40.0.0/23 507
	// 10.40.8.0/21 2043
}
