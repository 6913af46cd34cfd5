package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	roleType       = "aws:iam/role:Role"
	rolePolicyType = "aws:iam/rolePolicy:RolePolicy"
)

// Limits of IAM that cannot be raised.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	trustPolicyCharacters  = 2048  // of a role's trust policy; adjustable to 4096
	inlinePolicyCharacters = 10240 // of all inline policies of a role
	policyNameCharacters   = 128
)

// birthday is when everything in the sandbox was made: a clock would make
// every run different.
const birthday = "2020-01-01T00:00:00Z"

var (
	iamName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPath = regexp.MustCompile(`^/(?:[\x21-\x7e]+/)?$`)
)

func roleKind() *kind {
	return &kind{
		token: roleType, args: iam.RoleArgs{}, outputs: iam.Role{},
		noun:   "IAM Role",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"IAM", "CreateRole", "UpdateRole", "DeleteRole"},
		global: true,
		id:     func(in wire.Props) string { return in.Str("name") },
		Resource: wire.Resource{
			Unmodelled: []string{"inlinePolicies", "managedPolicyArns", "namePrefix"},
			Defaults:   wire.Props{"forceDetachPolicies": false, "maxSessionDuration": float64(3600), "path": "/"},
			Name:       &wire.AutoName{Property: "name", Max: 64, Separator: "-"},
			Replace:    []string{"name", "namePrefix", "path"},
			Computed:   []string{"inlinePolicies", "managedPolicyArns", "namePrefix"},
			JSON:       []string{"assumeRolePolicy"},
		},
		check: func(c *checks) {
			c.match("name", iamName, 64)
			c.match("path", iamPath, 512)
			c.between("maxSessionDuration", 3600, 43200)
			c.policy("assumeRolePolicy")
			c.arn("permissionsBoundary", "iam")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			for other := range t.all(roleType) {
				if strings.EqualFold(other.ID, o.ID) {
					return t.refuse("EntityAlreadyExists", "Role with name %s already exists.", o.ID)
				}
			}
			if err := t.checkTrust(p.Str("assumeRolePolicy")); err != nil {
				return err
			}
			if err := t.checkBoundary(o); err != nil {
				return err
			}
			p["arn"] = fmt.Sprintf("arn:aws:iam::%s:role%s%s", t.session.account, p.Str("path"), o.ID)
			p["createDate"] = birthday
			p["uniqueId"] = "AROA" + strings.ToUpper(hash(17, t.session.account, o.ID, fmt.Sprint(t.next("role"))))
			return nil
		},
		update: func(t *tx, _, o *Object) error {
			if err := t.checkBoundary(o); err != nil {
				return err
			}
			return t.checkTrust(o.props().Str("assumeRolePolicy"))
		},
		remove: func(t *tx, o *Object) error {
			switch {
			case o.props().Bool("forceDetachPolicies"):
			case first(t.where(policyAttachmentType, "role", o.ID)) != nil:
				return t.refuse("DeleteConflict", "Cannot delete entity, must detach all policies first.")
			case first(t.where(rolePolicyType, "role", o.ID)) != nil:
				return t.refuse("DeleteConflict", "Cannot delete entity, must delete policies first.")
			}
			t.forget(o)
			return nil
		},
	}
}

// givenTrust is the trust policy of a role that nobody here made.
const givenTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// giveRoles adds the roles that were there before anything is deployed, unless
// the cloud has them.
func (c *Cloud) giveRoles() error {
	for _, arn := range c.options.Roles {
		m := rolePattern.FindStringSubmatch(arn)
		if m == nil {
			return fmt.Errorf("sandbox: %q is not the ARN of a role", arn)
		}
		account, name := m[1], m[2]
		t := c.begin(session{account: account}, c.kinds[roleType])
		if t.find(roleType, name) != nil {
			continue
		}
		_, path, _ := strings.Cut(strings.TrimSuffix(arn, name), ":role")
		o := t.newObject(roleType, name, maps.Clone(t.kind.Defaults))
		maps.Copy(o.Properties, wire.Props{"name": name, "path": path, "assumeRolePolicy": givenTrust})
		o.Given = true
		if err := t.kind.create(t, o); err != nil {
			return fmt.Errorf("sandbox: the role %s: %w", arn, err)
		}
		t.add(o)
		c.state = t.state
	}
	return nil
}

func rolePolicyKind() *kind {
	return &kind{
		token: rolePolicyType, args: iam.RolePolicyArgs{}, outputs: iam.RolePolicy{},
		noun:   "IAM Role Policy",
		label:  rolePolicyID,
		api:    api{"IAM", "PutRolePolicy", "PutRolePolicy", "DeleteRolePolicy"},
		global: true,
		id:     rolePolicyID,
		refs:   []ref{{property: "role", token: roleType}},
		Resource: wire.Resource{
			Unmodelled: []string{"namePrefix"},
			Name:       &wire.AutoName{Property: "name", Max: policyNameCharacters, Separator: "-"},
			Replace:    []string{"name", "namePrefix", "role"},
			Computed:   []string{"namePrefix"},
			JSON:       []string{"policy"},
		},
		check: func(c *checks) {
			c.match("name", iamName, policyNameCharacters)
			c.policy("policy")
			if c.in.Has("role") && c.in.Str("role") == "" {
				c.fail("role", "must be the name of a role")
			}
		},
		create: func(t *tx, o *Object) error { return t.checkRolePolicy(o) },
		update: func(t *tx, _, o *Object) error { return t.checkRolePolicy(o) },
	}
}

func rolePolicyID(in wire.Props) string { return in.Str("role") + ":" + in.Str("name") }

// policyDocument is the part of an IAM policy that is looked at.
type policyDocument struct {
	Version   string
	Statement []statement
}

// statement is one statement of a policy. NotAction and the like count as
// their counterparts.
type statement struct {
	Effect    string
	Action    oneOrMany
	Resource  oneOrMany
	Principal json.RawMessage
}

// oneOrMany is a string or a list of strings.
type oneOrMany []string

func (m *oneOrMany) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(m))
}

func (s *statement) UnmarshalJSON(data []byte) error {
	type plain statement
	var v struct {
		plain
		NotAction, NotResource oneOrMany
		NotPrincipal           json.RawMessage
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*s = statement(v.plain)
	s.Action, s.Resource = append(s.Action, v.NotAction...), append(s.Resource, v.NotResource...)
	if s.Principal == nil {
		s.Principal = v.NotPrincipal
	}
	return nil
}

// parsePolicy reads a policy; a single statement may stand without a list.
func parsePolicy(text string) (policyDocument, error) {
	var raw struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return policyDocument{}, err
	}
	document := policyDocument{Version: raw.Version}
	if json.Unmarshal(raw.Statement, &document.Statement) != nil {
		var one statement
		if err := json.Unmarshal(raw.Statement, &one); err != nil {
			return policyDocument{}, err
		}
		document.Statement = []statement{one}
	}
	if len(document.Statement) == 0 {
		return policyDocument{}, errors.New("there is no statement")
	}
	return document, nil
}

// parse reads a policy and refuses what no policy may have.
func (t *tx) parse(text string) (policyDocument, error) {
	document, err := parsePolicy(text)
	if err != nil {
		return document, t.refuse("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	for _, s := range document.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return document, t.refuse("MalformedPolicyDocument", "Invalid effect: %s", s.Effect)
		case len(s.Action) == 0:
			return document, t.refuse("MalformedPolicyDocument", "Policy statement must contain actions.")
		}
	}
	return document, nil
}

// checkTrust refuses a trust policy that IAM refuses. Principals of the
// session's own account must exist; those of others are not known.
func (t *tx) checkTrust(text string) error {
	if len(text) > trustPolicyCharacters {
		return t.refuse("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: %d", trustPolicyCharacters)
	}
	document, err := t.parse(text)
	if err != nil {
		return err
	}
	for _, s := range document.Statement {
		switch {
		case len(s.Resource) > 0:
			return t.refuse("MalformedPolicyDocument", "Has prohibited field Resource")
		case s.Principal == nil:
			return t.refuse("MalformedPolicyDocument", "AssumeRolepolicy must contain a principal")
		}
		var principal struct{ AWS oneOrMany }
		if json.Unmarshal(s.Principal, &principal) != nil {
			continue
		}
		for _, arn := range principal.AWS {
			if !t.principalExists(arn) {
				return t.refuse("MalformedPolicyDocument", "Invalid principal in policy: %q:%q", "AWS", arn)
			}
		}
	}
	return nil
}

// checkBoundary refuses a permissions boundary that does not exist.
func (t *tx) checkBoundary(o *Object) error {
	arn := o.props().Str("permissionsBoundary")
	if arn == "" {
		return nil
	}
	return t.checkAttachable(arn, "Scope ARN: %s does not exist or is not attachable.")
}

// checkIdentityPolicy refuses a policy that says what an identity may do but
// not as IAM wants it.
func (t *tx) checkIdentityPolicy(text string) error {
	document, err := t.parse(text)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(document.Statement, func(s statement) bool { return s.Principal != nil }) {
		return t.refuse("MalformedPolicyDocument", "Policy document should not specify a principal.")
	}
	if slices.ContainsFunc(document.Statement, func(s statement) bool { return len(s.Resource) == 0 }) {
		return t.refuse("MalformedPolicyDocument", "Policy statement must contain resources.")
	}
	return nil
}

// checkRolePolicy refuses an inline policy that IAM refuses. One of the same
// name is overwritten.
func (t *tx) checkRolePolicy(o *Object) error {
	p := o.props()
	if err := t.checkIdentityPolicy(p.Str("policy")); err != nil {
		return err
	}
	size := len(p.Str("policy"))
	for other := range t.where(rolePolicyType, "role", p.Str("role")) {
		if other.ID != o.ID {
			size += len(other.props().Str("policy"))
		}
	}
	if size > inlinePolicyCharacters {
		return t.refuse("LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", inlinePolicyCharacters, p.Str("role"))
	}
	return nil
}
