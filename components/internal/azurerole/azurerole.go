// Package azurerole assigns Azure's built-in roles.
//
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
package azurerole

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Role is the id of a built-in role's definition, the same in every tenant.
type Role string

// The built-in roles that are assigned.
const (
	AcrPull                     Role = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
	Contributor                 Role = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	KeyVaultSecretsUser         Role = "4633458b-17de-408a-b874-0445c86b69e6"
	ManagedIdentityOperator     Role = "f1a07417-d97a-45cb-824c-7a7467783830"
	NetworkContributor          Role = "4d97b98b-1d4f-4787-a291-c67834d212e7"
	Owner                       Role = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	PrivateDNSZoneContributor   Role = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
	RoleBasedAccessControlAdmin Role = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
	StorageBlobDataContributor  Role = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
)

const (
	rolePath            = "/providers/Microsoft.Authorization/roleDefinitions/"
	conditionVersion    = "2.0"
	assignmentNamespace = "https://github.com/underlay-iac/underlay/role-assignment"
)

// The kinds of principal that a role is assigned to.
const (
	// ServicePrincipal is also what a managed identity is. Naming the kind
	// spares Azure the look-up that fails while a new identity is not known
	// everywhere yet.
	ServicePrincipal = "ServicePrincipal"
	Group            = "Group"
)

// subscriptionPattern is the part of an id that names the subscription.
var subscriptionPattern = regexp.MustCompile(`^/subscriptions/[^/]+`)

// Definition returns the id of the role's definition, as an assignment at scope
// names it. A scope outside every subscription gets the tenant's own form.
func (r Role) Definition(scope string) string {
	return subscriptionPattern.FindString(scope) + rolePath + string(r)
}

// AssignmentName returns the GUID that names an assignment: the same for the
// same scope, principal and role, and another for every other. Azure refuses to
// change an assignment's principal, so a principal that is made anew needs it.
func (r Role) AssignmentName(scope, principal string) string {
	key := strings.Join([]string{strings.ToLower(scope), strings.ToLower(principal), string(r)}, "|")
	namespace := uuid.NewSHA1(uuid.NameSpaceURL, []byte(assignmentNamespace))
	return uuid.NewSHA1(namespace, []byte(key)).String()
}

// Assignment is a role for a principal at a scope.
type Assignment struct {
	Role Role
	// Scope is the id of what the role is for.
	Scope pulumi.StringInput
	// PrincipalID is the principal's object id, PrincipalType its kind.
	PrincipalID   pulumi.StringInput
	PrincipalType string
	// Description says what the assignment is for.
	Description string
	// Condition limits what the role allows; empty for nothing beyond it.
	Condition string
}

// Assign registers an assignment.
func Assign(ctx *pulumi.Context, name string, a Assignment, opts ...pulumi.ResourceOption) (*authorization.RoleAssignment, error) {
	scope := a.Scope.ToStringOutput()
	args := &authorization.RoleAssignmentArgs{
		PrincipalId:   a.PrincipalID,
		PrincipalType: pulumi.String(a.PrincipalType),
		RoleAssignmentName: pulumi.All(scope, a.PrincipalID).ApplyT(func(of []any) string {
			return a.Role.AssignmentName(of[0].(string), of[1].(string))
		}).(pulumi.StringOutput),
		RoleDefinitionId: scope.ApplyT(a.Role.Definition).(pulumi.StringOutput),
		Scope:            scope,
		Description:      pulumi.String(a.Description),
	}
	if a.Condition != "" {
		args.Condition, args.ConditionVersion = pulumi.String(a.Condition), pulumi.String(conditionVersion)
	}
	return authorization.NewRoleAssignment(ctx, name, args, opts...)
}
