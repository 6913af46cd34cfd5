package azure

import "fmt"

// armError is the refusal of the Resource Manager or of a service behind it,
// with their code and words. It reads as azure-native passes it on.
type armError struct {
	status  int // HTTP
	code    string
	message string
}

func (e *armError) Error() string {
	return fmt.Sprintf("Status=%d Code=%q Message=%q", e.status, e.code, e.message)
}

// statuses are the HTTP statuses of codes that are not 400.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
var statuses = map[string]int{
	"ResourceNotFound": 404, "ResourceGroupNotFound": 404, "ParentResourceNotFound": 404,
	"AnotherOperationInProgress": 429, "ReferencedResourceNotProvisioned": 429,
	"FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting": 409,
	"RoleAssignmentExists":                                 409, "CannotDeleteResource": 409, "InvalidResourceLocation": 409,
	"LinkedAuthorizationFailed": 403,
}

// refuse returns a refusal.
func refuse(code, format string, args ...any) error {
	status := statuses[code]
	if status == 0 {
		status = 400
	}
	return &armError{status, code, fmt.Sprintf(format, args...)}
}
