package azurerole_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/components/internal/azurerole"
)

const (
	subscription = "/subscriptions/11111111-1111-1111-1111-111111111111"
	vnet         = subscription + "/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/spoke"
	principal    = "22222222-2222-2222-2222-222222222222"
)

// The ids are those of
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
func TestDefinition(t *testing.T) {
	const roles = "/providers/Microsoft.Authorization/roleDefinitions/"
	assert.Equal(t, subscription+roles+"4d97b98b-1d4f-4787-a291-c67834d212e7", azurerole.NetworkContributor.Definition(vnet))
	assert.Equal(t, subscription+roles+"b12aa53e-6015-4669-85d0-8515ebb3ae7f", azurerole.PrivateDNSZoneContributor.Definition(subscription))
	assert.Equal(t, roles+"8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
		azurerole.Owner.Definition("/providers/Microsoft.Management/managementGroups/data"))
}

func TestAssignmentName(t *testing.T) {
	name := azurerole.NetworkContributor.AssignmentName(vnet, principal)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, name)
	assert.Equal(t, name, azurerole.NetworkContributor.AssignmentName(vnet, principal))
	assert.Equal(t, name, azurerole.NetworkContributor.AssignmentName("/SUBSCRIPTIONS"+vnet[len("/subscriptions"):], principal),
		"an id means the same in any case")
	for _, other := range []string{
		azurerole.Owner.AssignmentName(vnet, principal),
		azurerole.NetworkContributor.AssignmentName(vnet+"/subnets/nodes", principal),
		azurerole.NetworkContributor.AssignmentName(vnet, "33333333-3333-3333-3333-333333333333"),
	} {
		assert.NotEqual(t, name, other)
	}
}
