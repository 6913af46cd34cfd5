package aws

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// session is a configured provider instance: whose account it works in, where,
// and with which tags.
type session struct {
	account string
	region  string
	// caller is the ARN of who calls.
	caller string

	defaultTags map[string]string
	// ignoreKeys and ignorePrefixes are the tags that are not managed.
	ignoreKeys, ignorePrefixes []string
}

var rolePattern = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/(?:[\x21-\x7e]+/)?([\w+=,.@-]+)$`)

// CheckConfig checks the inputs of a provider instance.
func (c *Cloud) CheckConfig(config wire.Props) []wire.Failure {
	if config.IsUnknown("region") {
		return nil
	}
	region := config.Str("region")
	if region == "" {
		return []wire.Failure{{Property: "region", Reason: "is required: the sandbox reads no profile and no environment"}}
	}
	if _, ok := c.catalog.Region(region); ok {
		return nil
	}
	reason := fmt.Sprintf("invalid AWS Region: %s", region)
	if near := problem.Nearest(region, c.regionNames()); near != "" {
		reason += "; did you mean " + near + "?"
	}
	return []wire.Failure{{Property: "region", Reason: reason}}
}

func (c *Cloud) regionNames() []string {
	var names []string
	for _, r := range c.catalog.Regions() {
		names = append(names, r.Name)
	}
	return names
}

// Configure makes the session of a provider instance. Credentials and profiles
// are not looked at.
func (c *Cloud) Configure(config wire.Props) (session, error) {
	for _, f := range c.CheckConfig(config) {
		return session{}, errors.New(f.Reason)
	}
	s := session{
		account:        c.options.Account,
		region:         config.Str("region"),
		caller:         fmt.Sprintf("arn:aws:iam::%s:user/sandbox", c.options.Account),
		defaultTags:    config.Object("defaultTags").StrMap("tags"),
		ignoreKeys:     config.Object("ignoreTags").Strs("keys"),
		ignorePrefixes: config.Object("ignoreTags").Strs("keyPrefixes"),
	}
	if role := config.Object("assumeRole").Str("roleArn"); role != "" {
		m := rolePattern.FindStringSubmatch(role)
		if m == nil {
			return session{}, fmt.Errorf("cannot assume IAM Role: %q is not the ARN of a role", role)
		}
		s.account = m[1]
		name := config.Object("assumeRole").Str("sessionName")
		if name == "" {
			name = "sandbox"
		}
		s.caller = fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", m[1], m[2], name)
	}
	allowed, forbidden := config.Strs("allowedAccountIds"), config.Strs("forbiddenAccountIds")
	if len(allowed) > 0 && !slices.Contains(allowed, s.account) || slices.Contains(forbidden, s.account) {
		return session{}, fmt.Errorf("AWS account ID not allowed: %s", s.account)
	}
	return s, nil
}

// allTags returns the provider's default tags with the resource's over them,
// or Unknown when the latter are.
func (s session) allTags(tags any) any {
	own, _ := tags.(map[string]any)
	if (wire.Props{"tags": tags}).IsUnknown("tags") {
		return wire.Unknown{}
	}
	all := map[string]any{}
	for k, v := range s.defaultTags {
		all[k] = v
	}
	maps.Copy(all, own)
	maps.DeleteFunc(all, func(k string, _ any) bool {
		return slices.Contains(s.ignoreKeys, k) ||
			slices.ContainsFunc(s.ignorePrefixes, func(p string) bool { return strings.HasPrefix(k, p) })
	})
	return all
}

// zones returns the Availability Zones of the session's region.
func (c *Cloud) zones(s session) []catalog.Zone {
	r, _ := c.catalog.Region(s.region)
	return r.Zones
}

// checkTags refuses tags as AWS does.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
func (t *tx) checkTags(o *Object) error {
	tags := o.props().StrMap("tagsAll")
	if n := t.quota(catalog.QuotaTagsPerResource); len(tags) > n {
		return t.refuse("TagLimitExceeded", "More than %d tags specified", n)
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case k == "" || len([]rune(k)) > t.quota(catalog.QuotaTagKeyCharacters):
			return t.refuse("InvalidParameterValue", "Tag keys must be between 1 and %d characters in length",
				t.quota(catalog.QuotaTagKeyCharacters))
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return t.refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case len([]rune(tags[k])) > t.quota(catalog.QuotaTagValueCharacters):
			return t.refuse("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters",
				t.quota(catalog.QuotaTagValueCharacters))
		}
	}
	return nil
}
