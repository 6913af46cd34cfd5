package azure

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// namePattern is what Microsoft.Network takes as a name.
var namePattern = regexp.MustCompile(`^\w([\w.-]{0,78}\w)?$`)

// objects returns the objects of a list.
func objects(v any) []wire.Props {
	list, _ := v.([]any)
	var out []wire.Props
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// prefixOf parses an IPv4 prefix as Azure does.
func prefixOf(owner, text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !p.Addr().Is4():
		return netip.Prefix{}, refuse("InvalidAddressPrefixFormat", "Address prefix %s of resource %s has invalid format.", text, owner)
	case p.Masked() != p:
		return netip.Prefix{}, refuse("InvalidCIDRNotation", "The address prefix %s in resource %s has an invalid CIDR notation. "+
			"For the given prefix length, the address prefix should be %s.", text, owner, p.Masked())
	}
	return p, nil
}

// oneOf refuses a value that is none of the ones there are; an absent one is
// fine.
func oneOf(o *Object, property, value string, values ...string) error {
	if value == "" || slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) }) {
		return nil
	}
	return refuse("InvalidRequestFormat", "Cannot parse the request: %s of %s must be one of %s, not '%s'.",
		property, o.ID, strings.Join(values, ", "), value)
}
