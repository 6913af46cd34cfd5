package azure

import (
	"slices"
	"strings"

	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	identityType            = "azure-native:managedidentity/v20230131:UserAssignedIdentity"
	federatedCredentialType = "azure-native:managedidentity/v20230131:FederatedIdentityCredential"
	roleAssignmentType      = "azure-native:authorization/v20220401:RoleAssignment"

	armIdentity = "Microsoft.ManagedIdentity/userAssignedIdentities"
)

func identityKind() *kind {
	return &kind{
		token: identityType, args: managedidentity.UserAssignedIdentityArgs{}, outputs: managedidentity.UserAssignedIdentity{},
		arm: armIdentity, path: []string{"resourceName"},
		Resource: wire.Resource{
			Replace: []string{"location"},
			Name:    random("resourceName"),
		},
		put: func(t *tx, old, o *Object) error {
			if old == nil {
				n := t.next()
				o.Properties["principalId"], o.Properties["clientId"] = uuid(o.ID, "principal", n), uuid(o.ID, "client", n)
				o.Properties["tenantId"] = t.session.tenant
				return nil
			}
			for _, name := range []string{"principalId", "clientId", "tenantId"} {
				o.Properties[name] = old.Properties[name]
			}
			return nil
		},
	}
}

func federatedCredentialKind() *kind {
	return &kind{
		token: federatedCredentialType, args: managedidentity.FederatedIdentityCredentialArgs{}, outputs: managedidentity.FederatedIdentityCredential{},
		arm:   "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
		path:  []string{"resourceName", "federatedIdentityCredentialResourceName"},
		holds: func(id string) []string { return []string{parentOf(id)} },
		busy: refusal{"ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
			"Too many Federated Identity Credentials are written concurrently for the managed identity %s. " +
				"Concurrent Federated Identity Credentials writes under the same managed identity are not supported."},
		Resource: wire.Resource{
			Required: []string{"audiences"},
			Name:     copied("federatedIdentityCredentialResourceName"),
		},
		// Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
		put: func(t *tx, _, o *Object) error {
			p := o.props()
			if len(p.Strs("audiences")) != 1 {
				return refuse("InvalidFederatedIdentityCredential", "Federated identity credential %s must have one audience.", o.ID)
			}
			if !strings.HasPrefix(p.Str("issuer"), "https://") || p.Str("subject") == "" {
				return refuse("InvalidFederatedIdentityCredential", "Federated identity credential %s must have an https issuer and a subject.", o.ID)
			}
			n := 0
			for other := range t.under(parentOf(o.ID), federatedCredentialType) {
				if key(other.ID) == key(o.ID) {
					continue
				}
				n++
				if other.props().Str("issuer") == p.Str("issuer") && other.props().Str("subject") == p.Str("subject") {
					return refuse("FederatedIdentityCredentialConflict",
						"Issuer and subject combination of %s already exists for this managed identity, in %s.", o.ID, other.ID)
				}
			}
			if n >= 20 {
				return refuse("FederatedIdentityCredentialLimitReached", "Managed identity %s cannot have more than 20 credentials.", parentOf(o.ID))
			}
			return nil
		},
	}
}

func roleAssignmentKind() *kind {
	return &kind{
		token: roleAssignmentType, args: authorization.RoleAssignmentArgs{}, outputs: authorization.RoleAssignment{},
		arm: "Microsoft.Authorization/roleAssignments", path: []string{"scope", "roleAssignmentName"},
		id: func(_ session, in wire.Props) string {
			return strings.TrimSuffix(in.Str("scope"), "/") + "/providers/Microsoft.Authorization/roleAssignments/" + in.Str("roleAssignmentName")
		},
		refs: []ref{{path: "scope", weak: true, anywhere: true}},
		Resource: wire.Resource{
			Unmodelled: []string{"delegatedManagedIdentityResourceId"},
			Replace:    []string{"principalId"},
			Name:       &wire.AutoName{Property: "roleAssignmentName", Form: wire.UUIDName},
		},
		put: putRoleAssignment,
	}
}

// putRoleAssignment refuses as the service does.
// Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
func putRoleAssignment(t *tx, old, o *Object) error {
	p := o.props()
	if !uuidPattern.MatchString(nameOf(o.ID)) {
		return refuse("InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", nameOf(o.ID))
	}
	principal, role := p.Str("principalId"), roleOf(o)
	if !uuidPattern.MatchString(principal) {
		return refuse("InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
	}
	if !uuidPattern.MatchString(role) || !strings.Contains(key(p.Str("roleDefinitionId")), "/providers/microsoft.authorization/roledefinitions/") {
		return refuse("RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", p.Str("roleDefinitionId"))
	}
	kind := p.Str("principalType")
	if err := oneOf(o, "principalType", kind, "User", "Group", "ServicePrincipal", "ForeignGroup", "Device"); err != nil {
		return err
	}
	if t.isIdentity(principal) && !strings.EqualFold(kind, "ServicePrincipal") && kind != "" {
		return refuse("UnmatchedPrincipalType", "The PrincipalId '%s' has type 'ServicePrincipal' , which is different from specified "+
			"PrinciaplType '%s'.", strings.ReplaceAll(principal, "-", ""), kind)
	}
	// A condition limits what no rule here asks about; it must only be one that is read.
	// https://learn.microsoft.com/azure/role-based-access-control/conditions-format
	if p.Str("condition") != "" && p.Str("conditionVersion") != "2.0" {
		return refuse("InvalidConditionVersion", "The condition of role assignment %s needs the version 2.0.", o.ID)
	}
	if old != nil && (old.props().Str("principalId") != principal || roleOf(old) != role) {
		return refuse("RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
	}
	for other := range t.all(roleAssignmentType) {
		q := other.props()
		if key(other.ID) != key(o.ID) && strings.EqualFold(q.Str("principalId"), principal) && strings.EqualFold(roleOf(other), role) &&
			strings.EqualFold(q.Str("scope"), p.Str("scope")) {
			return refuse("RoleAssignmentExists", "The role assignment already exists.")
		}
	}
	return nil
}

// roleOf returns the GUID of the role that is assigned.
func roleOf(assignment *Object) string { return nameOf(assignment.props().Str("roleDefinitionId")) }

// isIdentity reports whether a principal is a managed identity of the cloud.
func (t *tx) isIdentity(principal string) bool {
	is := func(o *Object) bool {
		return strings.EqualFold(o.props().Str("principalId"), principal) && o.Type == identityType ||
			strings.EqualFold(o.props().Object("identity").Str("principalId"), principal)
	}
	return first(t.sorted(is)) != nil
}

// Roles that are built in.
// Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
const (
	roleOwner              = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	roleContributor        = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	roleNetworkContributor = "4d97b98b-1d4f-4787-a291-c67834d212e7"
	rolePrivateZone        = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
)

// hasRole reports whether a principal has one of the roles on something, or on
// what that is in.
func (t *tx) hasRole(principal, id string, roles ...string) bool {
	is := func(o *Object) bool {
		return o.Type == roleAssignmentType && strings.EqualFold(o.props().Str("principalId"), principal) &&
			within(id, o.props().Str("scope")) && slices.Contains(roles, strings.ToLower(roleOf(o)))
	}
	return first(t.sorted(is)) != nil
}
