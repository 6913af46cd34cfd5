package supportaccess

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/policy"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// ReadOnlyPolicyName is the name of the default policy in the role.
const ReadOnlyPolicyName = "read-only"

// longestPolicyName is IAM's limit.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
const longestPolicyName = 128

var policyNamePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

// administrator are AWS's managed policies that grant everything, or let who
// has them grant it to themselves.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
var administrator = []string{"AdministratorAccess", "IAMFullAccess"}

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// InlinePolicies are the role's policies by name, the default one included.
	InlinePolicies map[string]string
	// PolicyArns are the managed policies to attach, by the name that their
	// attachment is known by.
	PolicyArns map[string]string

	limits quota.Limits
}

// NewPlan validates a spec and plans its role. The error is a problem.List with
// every problem of the spec, each at its field's path ("policyArns[1]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{plan: Plan{Spec: spec.withDefaults(), InlinePolicies: map[string]string{}, PolicyArns: map[string]string{}}}
	p.plan.limits = quota.New(facts, spec.Quotas, &p.problems)
	p.checkRole()
	p.checkManaged()
	if err := p.planInline(); err != nil {
		return nil, err
	}
	if len(p.problems) == 0 {
		p.problems = append(p.problems, p.plan.trustSize(identity.ExternalIDShortest)...)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	plan     Plan
	problems problem.List
}

func (p *planner) checkRole() {
	spec := p.plan.Spec
	if spec.AccountID != "" {
		identity.Account(&p.problems, "accountId", spec.AccountID, "")
	}
	identity.RoleName(&p.problems, "name", spec.Name, p.plan.limits.Of(catalog.QuotaRoleNameCharacters))
	if len(spec.TrustedPrincipalArns) == 0 {
		p.problems.Addf("trustedPrincipalArns", "", "name the vendor's roles that may assume it", "is missing")
	}
	for i, arn := range spec.TrustedPrincipalArns {
		path := fmt.Sprintf("trustedPrincipalArns[%d]", i)
		identity.Principal(&p.problems, path, arn, "")
		if spec.AccountID != "" && strings.HasPrefix(arn, "arn:aws:iam::"+spec.AccountID+":") {
			p.problems.Addf(path, arn, "name the vendor's principal", "is one of this account, not of the vendor's")
		}
	}
	problem.Unique(&p.problems, "trustedPrincipalArns", spec.TrustedPrincipalArns)
	identity.SessionHours(&p.problems, "maxSessionHours", spec.MaxSessionHours)
	if arn := spec.PermissionsBoundaryArn; arn != "" {
		identity.Policy(&p.problems, "permissionsBoundaryArn", arn, spec.AccountID)
	}
}

func (p *planner) checkManaged() {
	spec := p.plan.Spec
	for i, arn := range spec.PolicyArns {
		path := fmt.Sprintf("policyArns[%d]", i)
		name := identity.Policy(&p.problems, path, arn, spec.AccountID)
		if name == "" {
			continue
		}
		if slices.Contains(administrator, name) && !spec.AllowAdministratorAccess {
			p.problems.Addf(path, arn, administratorFix, "makes the vendor an administrator")
		}
		key := name
		if !strings.HasPrefix(arn, "arn:aws:iam::aws:") {
			key = "own-" + name // may have the name of one of AWS's
		}
		if _, taken := p.plan.PolicyArns[key]; taken && !slices.Contains(spec.PolicyArns[:i], arn) {
			p.problems.Addf(path, arn, "attach one of them", "has the name of another policy of the list, %s", p.plan.PolicyArns[key])
		}
		p.plan.PolicyArns[key] = arn
	}
	problem.Unique(&p.problems, "policyArns", spec.PolicyArns)
	if most := p.plan.limits.Of(catalog.QuotaManagedPoliciesPerRole); len(spec.PolicyArns) > most {
		p.problems.Addf("policyArns", "", "attach fewer, or have the quota raised and set quotas."+catalog.QuotaManagedPoliciesPerRole,
			"is %d policies; a role has at most %d", len(spec.PolicyArns), most)
	}
}

const administratorFix = "grant what the task needs, or set allowAdministratorAccess: true"

func (p *planner) planInline() error {
	spec := p.plan.Spec
	for _, name := range slices.Sorted(maps.Keys(spec.InlinePolicies)) {
		path := "inlinePolicies." + name
		switch {
		case !policyNamePattern.MatchString(name):
			p.problems.Addf(path, name, "use letters, digits and +=,.@_-", "is not a policy's name")
		case len(name) > longestPolicyName:
			p.problems.Addf(path, name, fmt.Sprintf("use at most %d", longestPolicyName), "has %d characters", len(name))
		case name == ReadOnlyPolicyName && *spec.ReadOnly:
			p.problems.Addf(path, name, "use another name, or set readOnly: false", "is the name of the default policy")
		}
		text := spec.InlinePolicies[name]
		grants, err := checkDocument(text)
		p.problems.Add(path, err)
		if grants && !spec.AllowAdministratorAccess {
			p.problems.Addf(path, "", administratorFix, "makes the vendor an administrator")
		}
		p.plan.InlinePolicies[name] = text
	}
	if *spec.ReadOnly {
		text, err := policy.Document(policy.Statement{
			Sid: "Describe", Effect: policy.Allow, Action: ReadOnlyActions(),
			// Most of these actions cannot be narrowed to a resource.
			Resource: []string{"*"},
		})
		if err != nil {
			return err
		}
		p.plan.InlinePolicies[ReadOnlyPolicyName] = text
	}
	if len(p.plan.InlinePolicies) == 0 && len(spec.PolicyArns) == 0 {
		p.problems.Addf("readOnly", "false", "set it to true, or grant something", "leaves the role without any permission")
	}
	size := 0
	for _, text := range p.plan.InlinePolicies {
		size += characters(text)
	}
	if most := p.plan.limits.Of(catalog.QuotaRolePoliciesCharacters); size > most {
		p.problems.Addf("inlinePolicies", "", "grant less, or make a managed policy of it and name it in policyArns",
			"is %d characters, the default policy included; a role has at most %d", size, most)
	}
	return nil
}

// characters counts a policy's as IAM does: without white space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func characters(text string) int {
	n := 0
	for _, r := range text {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}

// checkDocument returns what is wrong with a policy of a role, and whether it
// allows everything there is, or everything but a list.
func checkDocument(text string) (administrator bool, err error) {
	var document struct {
		Statement json.RawMessage
	}
	if text == "" {
		return false, problem.New("", "is empty", "give the policy as a JSON document")
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return false, problem.New("", "is not a JSON document: "+err.Error(), "")
	}
	var statements []statement
	if json.Unmarshal(document.Statement, &statements) != nil {
		var one statement
		if err := json.Unmarshal(document.Statement, &one); err != nil {
			return false, problem.New("", "has no statement", "give it a Statement")
		}
		statements = []statement{one}
	}
	if len(statements) == 0 {
		return false, problem.New("", "has no statement", "give it a Statement")
	}
	for i, s := range statements {
		if err := s.check(); err != nil {
			return administrator, problem.New("", fmt.Sprintf("Statement[%d] %v", i, err), "")
		}
		administrator = administrator || s.everything()
	}
	return administrator, nil
}

// statement is the part of a policy's statement that is looked at.
type statement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource oneOrMany
	Principal, NotPrincipal                  json.RawMessage
}

func (s statement) check() error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("has the effect %q, which is neither Allow nor Deny", s.Effect)
	case s.Principal != nil || s.NotPrincipal != nil:
		return errors.New("names a principal, which a role's policy does not")
	case len(s.Action)+len(s.NotAction) == 0:
		return errors.New("has no Action")
	case len(s.Resource)+len(s.NotResource) == 0:
		return errors.New("has no Resource")
	}
	return nil
}

// everything reports whether the statement allows all actions, or all of IAM's,
// or all but some.
func (s statement) everything() bool {
	return s.Effect == "Allow" && (len(s.NotAction) > 0 ||
		slices.ContainsFunc(s.Action, func(action string) bool {
			return slices.Contains([]string{"*", "*:*", "iam:*"}, strings.ToLower(action))
		}))
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

// CheckExternalID returns what is wrong with an external id, as a
// *problem.Problem that does not show the id.
func CheckExternalID(id string) error { return identity.ExternalID(id) }

// Trust returns the role's trust policy.
func (p *Plan) Trust(externalID string) (string, error) {
	return policy.Document(policy.Statement{
		Effect:    policy.Allow,
		Principal: map[string][]string{"AWS": p.Spec.TrustedPrincipalArns},
		Action:    []string{"sts:AssumeRole"},
		Condition: map[string]map[string][]string{"StringEquals": {"sts:ExternalId": {externalID}}},
	})
}

// trustSize checks the trust policy with an external id of that length.
func (p *Plan) trustSize(externalID int) problem.List {
	var problems problem.List
	text, err := p.Trust(strings.Repeat("x", externalID))
	problems.Add("", err)
	if most := p.limits.Of(catalog.QuotaTrustPolicyCharacters); len(text) > most {
		problems.Addf("trustedPrincipalArns", "", "name fewer, or have the quota raised and set quotas."+catalog.QuotaTrustPolicyCharacters,
			"is %d principals, which make a trust policy of %d characters; IAM takes %d", len(p.Spec.TrustedPrincipalArns), len(text), most)
	}
	return problems
}
