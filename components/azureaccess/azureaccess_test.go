package azureaccess_test

import (
	"errors"
	"testing"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/azureaccess"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	assignment   = "azure-native:authorization/v20220401:RoleAssignment"
	subscription = "11111111-1111-1111-1111-111111111111"
	team         = "22222222-2222-2222-2222-222222222222"
	definitions  = "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/"
)

func spec(changes ...func(*azureaccess.Spec)) azureaccess.Spec {
	s := azureaccess.Spec{SubscriptionID: subscription, GroupObjectID: team}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func built(t *testing.T, changes ...func(*azureaccess.Spec)) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{SubscriptionId: pulumi.String(subscription)})
		if err != nil {
			return err
		}
		_, err = azureaccess.NewVendorAccess(ctx, "vendor", &azureaccess.VendorAccessArgs{Spec: spec(changes...)}, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

// condition is that of
// https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples,
// "Constrain roles and principal types", with the roles AcrPull, Key Vault
// Secrets User, Managed Identity Operator, Network Contributor, Private DNS Zone
// Contributor and Storage Blob Data Contributor.
const condition = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
	"(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + assignable + "} AND " +
	"@Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'})) AND " +
	"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR " +
	"(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + assignable + "} AND " +
	"@Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"

const assignable = "4633458b-17de-408a-b874-0445c86b69e6, 4d97b98b-1d4f-4787-a291-c67834d212e7, 7f951dda-4ed3-4680-a7ca-43fe172d538d, " +
	"b12aa53e-6015-4669-85d0-8515ebb3ae7f, ba92f5b4-2d11-453d-a403-e96b0029c9fe, f1a07417-d97a-45cb-824c-7a7467783830"

// "Deployment models of Conveyor", section "Shared AWS control plane and Azure
// data plane": the vendor's team has the access that an installation needs, in a
// subscription that holds nothing else, and no more than that.
func TestInstaller(t *testing.T) {
	g := built(t)
	assigned := map[string]map[string]any{}
	for _, r := range g.ByType(assignment) {
		in := r.Inputs.Mappable()
		assert.Equal(t, "/subscriptions/"+subscription, in["scope"])
		assert.Equal(t, team, in["principalId"])
		assert.Equal(t, "Group", in["principalType"])
		assert.Regexp(t, `^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`, in["roleAssignmentName"])
		assigned[r.Name] = in
	}
	require.Len(t, assigned, 2)
	contributor, roles := assigned["vendor-contributor"], assigned["vendor-role-assignments"]
	assert.Equal(t, definitions+"b24988ac-6180-42a0-ab88-20f7382dd24c", contributor["roleDefinitionId"], "Contributor")
	assert.NotContains(t, contributor, "condition")
	assert.Equal(t, definitions+"f58310d9-a9f6-439a-9e8d-f62e7b41a168", roles["roleDefinitionId"], "Role Based Access Control Administrator")
	assert.Equal(t, condition, roles["condition"])
	assert.Equal(t, "2.0", roles["conditionVersion"])
	assert.NotEqual(t, contributor["roleAssignmentName"], roles["roleAssignmentName"])

	component := g.ByType(azureaccess.Type)[0].Outputs.Mappable()
	assert.Equal(t, "/subscriptions/"+subscription, component["scope"])
	assert.Len(t, component["assignmentIds"], 2)
}

func TestInstallerInAGroup(t *testing.T) {
	g := built(t, func(s *azureaccess.Spec) { s.ResourceGroup = "data-plane_(eu)" })
	require.Len(t, g.ByType(assignment), 2)
	for _, r := range g.ByType(assignment) {
		assert.Equal(t, "/subscriptions/"+subscription+"/resourceGroups/data-plane_(eu)", r.Inputs["scope"].StringValue())
		assert.Contains(t, r.Inputs["roleDefinitionId"].StringValue(), definitions, "a role is defined in the subscription")
	}
}

// None of the roles that may be given can give roles itself; these are the
// built-in ones that can.
func TestAssignableRolesGiveNone(t *testing.T) {
	for name, role := range azureaccess.AssignableRoles() {
		assert.NotContains(t, []string{
			"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner
			"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", // User Access Administrator
			"f58310d9-a9f6-439a-9e8d-f62e7b41a168", // Role Based Access Control Administrator
		}, string(role), name)
	}
	azureaccess.AssignableRoles()["Owner"] = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	assert.NotContains(t, azureaccess.AssignableRoles(), "Owner", "the caller's own copy")
}

// The document's own advice, in so many words.
func TestOwner(t *testing.T) {
	g := built(t, func(s *azureaccess.Spec) { s.Access = azureaccess.Owner })
	require.Len(t, g.ByType(assignment), 1)
	in := g.ByType(assignment)[0].Inputs.Mappable()
	assert.Equal(t, definitions+"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", in["roleDefinitionId"])
	plan, err := azureaccess.NewPlan(spec(func(s *azureaccess.Spec) { s.Access = azureaccess.Owner }))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"access owner lets the vendor's group give anybody any role at /subscriptions/" + subscription + ": installer is enough for a data plane",
	}, plan.Warnings)
}

func TestBadInput(t *testing.T) {
	cases := []struct {
		name string
		spec azureaccess.Spec
		want []string
	}{
		{"nothing", azureaccess.Spec{}, []string{
			"subscriptionId: is missing; give the id of the data plane's subscription",
			"groupObjectId: is missing; give the object id of the Entra group that the vendor's team is let into",
		}},
		{"a subscription's path", spec(func(s *azureaccess.Spec) { s.SubscriptionID = "/subscriptions/" + subscription }), []string{
			"subscriptionId: /subscriptions/" + subscription + ": is not a GUID; give the id of the data plane's subscription",
		}},
		{"a group's name", spec(func(s *azureaccess.Spec) { s.GroupObjectID = "vendor-installers" }), []string{
			"groupObjectId: vendor-installers: is not a GUID; give the object id of the Entra group that the vendor's team is let into",
		}},
		{"a resource group's id", spec(func(s *azureaccess.Spec) { s.ResourceGroup = "/subscriptions/" + subscription + "/resourceGroups/data" }), []string{
			"resourceGroup: /subscriptions/" + subscription + "/resourceGroups/data: is not the name of a resource group; give its name alone, not its id",
		}},
		{"a name that ends in a period", spec(func(s *azureaccess.Spec) { s.ResourceGroup = "data." }), []string{
			"resourceGroup: data.: is not the name of a resource group; give its name alone, not its id",
		}},
		{"another access", spec(func(s *azureaccess.Spec) { s.Access = "Contributor" }), []string{
			"access: Contributor: is not a choice; use installer or owner",
		}},
		{"everything", azureaccess.Spec{SubscriptionID: "prod", ResourceGroup: "a b", GroupObjectID: "team", Access: "admin"}, []string{
			"subscriptionId: prod: is not a GUID; give the id of the data plane's subscription",
			"groupObjectId: team: is not a GUID; give the object id of the Entra group that the vendor's team is let into",
			"resourceGroup: a b: is not the name of a resource group; give its name alone, not its id",
			"access: admin: is not a choice; use installer or owner",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := azureaccess.NewVendorAccess(ctx, "vendor", &azureaccess.VendorAccessArgs{Spec: c.spec})
				return err
			})
			var list problem.List
			require.True(t, errors.As(err, &list), "%v", err)
			var got []string
			for _, p := range list {
				got = append(got, p.Error())
			}
			assert.Equal(t, c.want, got)
		})
	}
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := azureaccess.NewVendorAccess(ctx, "vendor", nil)
		return err
	})
	assert.ErrorContains(t, err, `vendor access "vendor"`)
}
