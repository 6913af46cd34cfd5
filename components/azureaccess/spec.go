package azureaccess

import "cmp"

// Access is what the vendor's group may do.
type Access string

const (
	// Installer makes and changes everything within the scope, and gives the few
	// roles of a data plane (AssignableRoles) to service principals. The default.
	Installer Access = "installer"
	// Owner does everything, and gives anybody any role, as the vendor's
	// document advises; a plan with it has a warning.
	Owner Access = "owner"
)

// Spec is the plain part of the vendor's access. It holds no Pulumi values.
type Spec struct {
	// SubscriptionID is the data plane's subscription, a GUID. Required.
	SubscriptionID string `json:"subscriptionId,omitzero"`
	// ResourceGroup limits the access to one group of the subscription, which
	// exists. Default none: the whole subscription.
	ResourceGroup string `json:"resourceGroup,omitzero"`
	// GroupObjectID is the object id of the Entra group that the vendor's team
	// is let into, a GUID, in the subscription's tenant. Required.
	GroupObjectID string `json:"groupObjectId,omitzero"`
	// Access is what the vendor's group may do. Default "installer".
	Access Access `json:"access,omitzero"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	s.Access = cmp.Or(s.Access, Installer)
	return s
}
