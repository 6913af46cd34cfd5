package aws

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// checks collects what is wrong with the forms of inputs. Its methods pass
// over inputs that are absent or unknown.
type checks struct {
	cloud    *Cloud
	session  session
	in       wire.Props
	failures []wire.Failure
}

func (c *checks) fail(property, format string, args ...any) {
	c.failures = append(c.failures, wire.Failure{Property: property, Reason: fmt.Sprintf(format, args...)})
}

// given reports whether an input is there, known or not.
func (c *checks) given(property string) bool {
	_, ok := c.in[property]
	return ok
}

// cidr4 checks an IPv4 network whose prefix length is between the bounds.
func (c *checks) cidr4(property string, largest, smallest int) {
	if !c.in.Has(property) {
		return
	}
	text := c.in.Str(property)
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !p.Addr().Is4():
		c.fail(property, "%q is not a valid IPv4 CIDR block", text)
	case p.Masked().String() != text:
		c.fail(property, "%q is not a valid IPv4 CIDR block: the network is %q", text, p.Masked())
	case p.Bits() < largest || p.Bits() > smallest:
		c.fail(property, "%q must have a prefix length from %d to %d", text, largest, smallest)
	}
}

// cidr6 checks an IPv6 network.
func (c *checks) cidr6(property string) {
	if !c.in.Has(property) {
		return
	}
	text := c.in.Str(property)
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !p.Addr().Is6() || p.Addr().Is4In6():
		c.fail(property, "%q is not a valid IPv6 CIDR block", text)
	case p.Masked() != p:
		c.fail(property, "%q is not a valid IPv6 CIDR block: the network is %q", text, p.Masked())
	}
}

// oneOf checks a value against the ones there are.
func (c *checks) oneOf(property string, values ...string) {
	if v := c.in.Str(property); c.in.Has(property) && !slices.Contains(values, v) {
		c.fail(property, "must be one of %s, not %q", strings.Join(values, ", "), v)
	}
}

// intOf checks a number against the ones there are.
func (c *checks) intOf(property string, values ...int) {
	v, ok := c.in.Int(property)
	if !ok || slices.Contains(values, v) {
		return
	}
	words := make([]string, len(values))
	for i, n := range values {
		words[i] = strconv.Itoa(n)
	}
	c.fail(property, "must be one of %s, not %d", strings.Join(words, ", "), v)
}

// between checks a number against bounds that are allowed.
func (c *checks) between(property string, low, high int) {
	if v, ok := c.in.Int(property); ok && (v < low || v > high) {
		c.fail(property, "must be from %d to %d, not %d", low, high, v)
	}
}

// match checks a text against a pattern and a length in characters.
func (c *checks) match(property string, pattern *regexp.Regexp, most int) {
	v := c.in.Str(property)
	if !c.in.Has(property) {
		return
	}
	if n := len([]rune(v)); n > most {
		c.fail(property, "must have at most %d characters, not %d", most, n)
	}
	if !pattern.MatchString(v) {
		c.fail(property, "%q must match %s", v, pattern)
	}
}

// exactlyOne checks that one of several inputs is given.
func (c *checks) exactlyOne(properties ...string) {
	var given []string
	for _, p := range properties {
		if c.given(p) {
			given = append(given, p)
		}
	}
	if len(given) != 1 {
		c.fail(properties[0], "exactly one of %s must be given, not %d", strings.Join(properties, ", "), len(given))
	}
}

// conflict checks that not both inputs are given.
func (c *checks) conflict(a, b string) {
	if c.given(a) && c.given(b) {
		c.fail(a, "conflicts with %s", b)
	}
}

// zone checks that an Availability Zone is one of the region, by name or by
// id.
func (c *checks) zone(property string, byID bool) {
	if !c.in.Has(property) {
		return
	}
	v := c.in.Str(property)
	var names []string
	for _, z := range c.cloud.zones(c.session) {
		name := z.Name
		if byID {
			name = z.ID
		}
		if name == v {
			return
		}
		names = append(names, name)
	}
	c.fail(property, "%q is not an Availability Zone of %s; those are %s", v, c.session.region, strings.Join(names, ", "))
}

var arnPattern = regexp.MustCompile(`^arn:aws:([a-z0-9-]+):([a-z0-9-]*):(\d{12}|aws)?:(.+)$`)

// arn checks an ARN of the aws partition that belongs to a service.
func (c *checks) arn(property, service string) {
	if !c.in.Has(property) {
		return
	}
	v := c.in.Str(property)
	m := arnPattern.FindStringSubmatch(v)
	switch {
	case m == nil:
		c.fail(property, "%q is not a valid ARN", v)
	case service != "" && m[1] != service:
		c.fail(property, "%q is not an ARN of %s", v, service)
	}
}

// policy checks that an input is a JSON object in a string.
func (c *checks) policy(property string) {
	if !c.in.Has(property) {
		return
	}
	text, ok := c.in[property].(string)
	if !ok {
		c.fail(property, "must be a JSON document in a string")
		return
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		c.fail(property, "contains an invalid JSON policy: %v", err)
	}
}
