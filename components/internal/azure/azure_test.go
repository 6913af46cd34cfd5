package azure_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/components/internal/azure"
	"github.com/underlay-iac/underlay/problem"
)

// The form is that of
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules;
// case does not count in it.
func TestParseID(t *testing.T) {
	const vnets = "Microsoft.Network/virtualNetworks"
	const fix = "; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/virtualNetworks/<name>"
	const group = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/hub-rg"
	for _, c := range []struct {
		id, name, want string
	}{
		{group + "/providers/Microsoft.Network/virtualNetworks/hub", "hub", ""},
		{"/subscriptions/s/resourcegroups/hub-rg/providers/microsoft.network/virtualnetworks/hub", "hub", ""},
		{"", "", "is missing" + fix},
		{"hub", "", "hub: is not the id of a " + vnets + fix},
		{group + "/providers/Microsoft.Network/routeTables/hub", "", group + "/providers/Microsoft.Network/routeTables/hub: is not the id of a " + vnets + fix},
		{group + "/providers/Microsoft.Network/virtualNetworks/hub/subnets/a", "", group + "/providers/Microsoft.Network/virtualNetworks/hub/subnets/a: is not the id of a " + vnets + fix},
		{group, "", group + ": is not the id of a " + vnets + fix},
	} {
		got, err := azure.ParseID(c.id, vnets)
		assert.Equal(t, c.name, got.Name, c.id)
		if c.want == "" {
			assert.NoError(t, err)
			assert.Equal(t, "hub-rg", got.ResourceGroup)
			continue
		}
		assert.EqualError(t, err, c.want)
	}
}

func TestCheck(t *testing.T) {
	var l problem.List
	azure.Check(&l, "ddosPlanId", "", "Microsoft.Network/ddosProtectionPlans")
	assert.Empty(t, l)
	azure.Check(&l, "ddosPlanId", "plan", "Microsoft.Network/ddosProtectionPlans")
	assert.Len(t, l, 1)
	assert.Equal(t, "ddosPlanId", l[0].Path)
}
