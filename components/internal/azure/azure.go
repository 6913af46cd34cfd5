// Package azure reads the ids of Azure Resource Manager.
//
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
package azure

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// ID is the id of a resource that lies in a resource group and in no other
// resource.
type ID struct {
	Subscription  string
	ResourceGroup string
	// Type is the provider's and the resource's: "Microsoft.Network/virtualNetworks".
	Type string
	Name string
}

var idPattern = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/([^/]+/[^/]+)/([^/]+)$`)

// ParseID reads the id of a resource of that type. The error is a
// *problem.Problem with id as its value.
func ParseID(id, resourceType string) (ID, error) {
	fix := fmt.Sprintf("give /subscriptions/<id>/resourceGroups/<name>/providers/%s/<name>", resourceType)
	if id == "" {
		return ID{}, problem.New("", "is missing", fix)
	}
	m := idPattern.FindStringSubmatch(id)
	if m == nil || !strings.EqualFold(m[3], resourceType) {
		return ID{}, problem.New(id, "is not the id of a "+resourceType, fix)
	}
	return ID{Subscription: m[1], ResourceGroup: m[2], Type: m[3], Name: m[4]}, nil
}

// Check adds a problem at path unless id is that of a resource of the type, or
// is empty.
func Check(l *problem.List, path, id, resourceType string) {
	if id != "" {
		_, err := ParseID(id, resourceType)
		l.Add(path, err)
	}
}
