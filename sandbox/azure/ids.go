package azure

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

var (
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// idPattern is the id of a resource or of a resource group.
	idPattern = regexp.MustCompile(`(?i)^/subscriptions/[^/]+(/resourceGroups/[^/]+)?(/providers/[^/]+(/[^/]+/[^/]+)+)*$`)
)

// groupType is the type of resource groups in the Resource Manager.
const groupType = "Microsoft.Resources/resourceGroups"

// typeOf returns the type that an id speaks of, "Microsoft.Network/routeTables"
// or "Microsoft.Network/routeTables/routes", and "" for what is no id.
func typeOf(id string) string {
	if !idPattern.MatchString(id) {
		return ""
	}
	at := strings.LastIndex(strings.ToLower(id), "/providers/")
	if at < 0 {
		if strings.Contains(strings.ToLower(id), "/resourcegroups/") {
			return groupType
		}
		return "Microsoft.Resources/subscriptions"
	}
	parts := strings.Split(id[at+len("/providers/"):], "/")
	out := parts[0]
	for i := 1; i < len(parts); i += 2 {
		out += "/" + parts[i]
	}
	return out
}

// nameOf returns the name at the end of an id.
func nameOf(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// parentOf returns the id without its last type and name.
func parentOf(id string) string {
	for range 2 {
		if at := strings.LastIndex(id, "/"); at >= 0 {
			id = id[:at]
		}
	}
	return id
}

// subscriptionOf returns the subscription in an id.
func subscriptionOf(id string) string {
	if parts := strings.Split(id, "/"); len(parts) > 2 {
		return parts[2]
	}
	return ""
}

// groupID returns the id of a resource group.
func groupID(subscription, name string) string {
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s", subscription, name)
}

// hash returns n hexadecimal digits, at most 64, that are the same for the
// same words.
func hash(n int, words ...string) string {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s;", len(w), w)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:n]
}

// uuid returns a UUID that is the same for the same words.
func uuid(words ...string) string {
	h := hash(32, words...)
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

// sameLocation reports whether two locations are one: "West Europe" is
// "westeurope".
func sameLocation(a, b string) bool { return location(a) == location(b) }

func location(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }
