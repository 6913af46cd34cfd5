package azureaccess

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/components/internal/azurerole"
	"github.com/underlay-iac/underlay/problem"
)

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Scope is the id of the subscription or resource group.
	Scope string
	// Grants are the group's roles.
	Grants []Grant
	// Warnings say what works, but is more than is needed.
	Warnings []string
}

// Grant is a role that the group gets at the scope.
type Grant struct {
	// Key names the grant among the others.
	Key  string
	Role azurerole.Role
	// Reason says what the role is for.
	Reason string
	// Condition limits the role, as Azure writes it; empty for nothing beyond it.
	Condition string
}

// AssignableRoles returns the built-in roles that an installer may give, by
// name: what the identities of a data plane's cluster, gateway and pods need
// of networks, private zones, registries, key vaults, storage and each other.
// Each is the narrowest that does; none of them can give roles.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
func AssignableRoles() map[string]azurerole.Role {
	return map[string]azurerole.Role{
		"AcrPull":                       azurerole.AcrPull,
		"Key Vault Secrets User":        azurerole.KeyVaultSecretsUser,
		"Managed Identity Operator":     azurerole.ManagedIdentityOperator,
		"Network Contributor":           azurerole.NetworkContributor,
		"Private DNS Zone Contributor":  azurerole.PrivateDNSZoneContributor,
		"Storage Blob Data Contributor": azurerole.StorageBlobDataContributor,
	}
}

var (
	guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// groupPattern is the name of a resource group.
	// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
	groupPattern = regexp.MustCompile(`^[\w.()-]{0,89}[\w()-]$`)
)

// NewPlan validates a spec and plans its grants. The error is a problem.List
// with every problem of the spec, each at its field's path.
func NewPlan(spec Spec) (*Plan, error) {
	spec = spec.withDefaults()
	var problems problem.List
	guid := func(path, value, fix string) {
		switch {
		case value == "":
			problems.Addf(path, "", fix, "is missing")
		case !guidPattern.MatchString(value):
			problems.Addf(path, value, fix, "is not a GUID")
		}
	}
	guid("subscriptionId", spec.SubscriptionID, "give the id of the data plane's subscription")
	guid("groupObjectId", spec.GroupObjectID, "give the object id of the Entra group that the vendor's team is let into")
	if spec.ResourceGroup != "" && !groupPattern.MatchString(spec.ResourceGroup) {
		problems.Addf("resourceGroup", spec.ResourceGroup, "give its name alone, not its id", "is not the name of a resource group")
	}
	problem.OneOf(&problems, "access", spec.Access, Installer, Owner)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	scope := "/subscriptions/" + strings.ToLower(spec.SubscriptionID)
	if spec.ResourceGroup != "" {
		scope += "/resourceGroups/" + spec.ResourceGroup
	}
	plan := &Plan{Spec: spec, Scope: scope, Grants: grants(spec.Access)}
	if spec.Access == Owner {
		plan.Warnings = append(plan.Warnings, "access owner lets the vendor's group give anybody any role at "+scope+": installer is enough for a data plane")
	}
	return plan, nil
}

func grants(access Access) []Grant {
	if access == Owner {
		return []Grant{{Key: "owner", Role: azurerole.Owner, Reason: "The vendor's team owns the data plane"}}
	}
	return []Grant{
		{Key: "contributor", Role: azurerole.Contributor, Reason: "The vendor's team installs and changes the data plane"},
		{
			Key: "role-assignments", Role: azurerole.RoleBasedAccessControlAdmin, Condition: condition(),
			Reason: "The vendor's team gives the data plane's identities their roles",
		},
	}
}

// condition lets its holder make and delete assignments of AssignableRoles to
// service principals, and no others.
// https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
func condition() string {
	var ids []string
	for _, role := range AssignableRoles() {
		ids = append(ids, string(role))
	}
	slices.Sort(ids)
	clause := func(action, source string) string {
		const assignments = "Microsoft.Authorization/roleAssignments"
		return fmt.Sprintf("((!(ActionMatches{'%[1]s/%[2]s'})) OR "+
			"(@%[3]s[%[1]s:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {%[4]s} AND "+
			"@%[3]s[%[1]s:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'%[5]s'}))",
			assignments, action, source, strings.Join(ids, ", "), azurerole.ServicePrincipal)
	}
	return clause("write", "Request") + " AND " + clause("delete", "Resource")
}
