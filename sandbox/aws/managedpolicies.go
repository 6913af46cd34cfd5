package aws

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	managedPolicyType    = "aws:iam/policy:Policy"
	policyAttachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	oidcProviderType     = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
)

// managedPolicyCharacters is the size of a managed policy.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const managedPolicyCharacters = 6144

// clientIDs is how many audiences an OpenID Connect provider has.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const clientIDs = 100

// policyARN is the ARN of a managed policy: AWS's, or an account's.
var policyARN = regexp.MustCompile(`^arn:aws:iam::(aws|\d{12}):policy/(?:[\x21-\x7e]+/)?[\w+=,.@-]+$`)

// managedPolicyKind is a managed policy of the account.
func managedPolicyKind() *kind {
	return &kind{
		token: managedPolicyType, args: iam.PolicyArgs{}, outputs: iam.Policy{},
		noun:   "IAM Policy",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"IAM", "CreatePolicy", "CreatePolicyVersion", "DeletePolicy"},
		global: true,
		id:     func(in wire.Props) string { return in.Str("name") }, // until create knows the ARN
		Resource: wire.Resource{
			Unmodelled: []string{"namePrefix"},
			Defaults:   wire.Props{"path": "/"},
			Name:       &wire.AutoName{Property: "name", Max: 128, Separator: "-"},
			Replace:    []string{"description", "name", "namePrefix", "path"},
			Computed:   []string{"namePrefix"},
			JSON:       []string{"policy"},
		},
		check: func(c *checks) {
			c.match("name", iamName, policyNameCharacters)
			c.match("path", iamPath, 512)
			c.policy("policy")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			for other := range t.all(managedPolicyType) {
				if strings.EqualFold(other.props().Str("name"), p.Str("name")) {
					return t.refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", p.Str("name"))
				}
			}
			o.ID = fmt.Sprintf("arn:aws:iam::%s:policy%s%s", t.session.account, p.Str("path"), p.Str("name"))
			p["arn"] = o.ID
			p["policyId"] = "ANPA" + strings.ToUpper(hash(17, t.session.account, o.ID, fmt.Sprint(t.next("policy"))))
			p["attachmentCount"] = float64(0)
			return t.checkManagedPolicy(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkManagedPolicy(o) },
		remove: func(t *tx, o *Object) error {
			if first(t.where(policyAttachmentType, "policyArn", o.ID)) != nil || first(t.where(roleType, "permissionsBoundary", o.ID)) != nil {
				return t.refuse("DeleteConflict", "Cannot delete a policy attached to entities.")
			}
			return nil
		},
	}
}

// checkManagedPolicy refuses a managed policy that IAM refuses.
func (t *tx) checkManagedPolicy(o *Object) error {
	text := o.props().Str("policy")
	if len(strings.Join(strings.Fields(text), "")) > managedPolicyCharacters {
		return t.refuse("LimitExceeded", "Cannot exceed quota for PolicySize: %d", managedPolicyCharacters)
	}
	return t.checkIdentityPolicy(text)
}

// checkAttachable refuses a managed policy that does not exist. AWS's own are
// not known one by one.
func (t *tx) checkAttachable(arn, format string) error {
	m := policyARN.FindStringSubmatch(arn)
	if m != nil && (m[1] == "aws" || t.find(managedPolicyType, arn) != nil) {
		return nil
	}
	return t.refuse("NoSuchEntity", format, arn)
}

// policyAttachmentKind attaches a managed policy to a role.
func policyAttachmentKind() *kind {
	id := func(in wire.Props) string {
		return in.Str("role") + "-" + hash(26, in.Str("role"), in.Str("policyArn"))
	}
	return &kind{
		token: policyAttachmentType, args: iam.RolePolicyAttachmentArgs{}, outputs: iam.RolePolicyAttachment{},
		noun:   "IAM Role Policy Attachment",
		label:  func(in wire.Props) string { return in.Str("role") },
		api:    api{"IAM", "AttachRolePolicy", "AttachRolePolicy", "DetachRolePolicy"},
		global: true,
		id:     id,
		refs:   []ref{{property: "role", token: roleType}},
		Resource: wire.Resource{
			Replace: []string{"policyArn", "role"},
		},
		check: func(c *checks) {
			c.arn("policyArn", "iam")
			if c.in.Has("role") && c.in.Str("role") == "" {
				c.fail("role", "must be the name of a role")
			}
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			if err := t.checkAttachable(p.Str("policyArn"), "Policy %s does not exist or is not attachable."); err != nil {
				return err
			}
			if most := t.quota(catalog.QuotaManagedPoliciesPerRole); count(t.where(policyAttachmentType, "role", p.Str("role"))) >= most {
				return t.refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", most)
			}
			return nil
		},
	}
}

// oidcProviderKind is an identity provider of the account.
func oidcProviderKind() *kind {
	return &kind{
		token: oidcProviderType, args: iam.OpenIdConnectProviderArgs{}, outputs: iam.OpenIdConnectProvider{},
		noun:   "IAM OIDC Provider",
		label:  func(wire.Props) string { return "" },
		api:    api{"IAM", "CreateOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider", "DeleteOpenIDConnectProvider"},
		global: true,
		id:     func(in wire.Props) string { return strings.TrimPrefix(in.Str("url"), "https://") }, // until create knows the ARN
		Resource: wire.Resource{
			Required: []string{"clientIdLists"},
			Replace:  []string{"url"},
			Computed: []string{"thumbprintLists"},
			Sets:     []string{"clientIdLists"},
		},
		check: func(c *checks) {
			if !c.in.Has("url") {
				return
			}
			u, err := url.Parse(c.in.Str("url"))
			if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
				c.fail("url", "%q has an invalid URL: it must begin with https:// and have no query", c.in.Str("url"))
			}
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			o.ID = fmt.Sprintf("arn:aws:iam::%s:oidc-provider/%s", t.session.account, o.ID)
			if t.find(oidcProviderType, o.ID) != nil {
				return t.refuse("EntityAlreadyExists", "Provider with url %s already exists.", p.Str("url"))
			}
			p["arn"] = o.ID
			if len(p.Strs("thumbprintLists")) == 0 {
				p["thumbprintLists"] = wire.Strings(hash(40, p.Str("url")))
			}
			return t.checkClientIDs(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkClientIDs(o) },
	}
}

func (t *tx) checkClientIDs(o *Object) error {
	ids := o.props().Strs("clientIdLists")
	if len(ids) > clientIDs {
		return t.refuse("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", clientIDs)
	}
	if slices.ContainsFunc(ids, func(id string) bool { return id == "" || len(id) > 255 }) {
		return t.refuse("InvalidInput", "A client id has 1 to 255 characters.")
	}
	return nil
}
