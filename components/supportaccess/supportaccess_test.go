package supportaccess_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/supportaccess"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	customer   = "111122223333"
	vendor     = "arn:aws:iam::444455556666:role/support-engineers"
	externalID = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"
	component  = "urn:pulumi:test::underlay::" + supportaccess.Type + "::support"

	role       = "aws:iam/role:Role"
	rolePolicy = "aws:iam/rolePolicy:RolePolicy"
	attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
)

// spec is a support role with the defaults.
func spec(changes ...func(*supportaccess.Spec)) supportaccess.Spec {
	s := supportaccess.Spec{AccountID: customer, Name: "conveyor-support", TrustedPrincipalArns: []string{vendor}}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// record returns the graph of a program with one role "support".
func record(t *testing.T, args supportaccess.SupportRoleArgs) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
			Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String(customer)},
		})
		if err != nil {
			return err
		}
		_, err = supportaccess.NewSupportRole(ctx, "support", &args, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

// one returns the only resource of a type.
func one(t *testing.T, g *graph.Graph, token string) *graph.Resource {
	t.Helper()
	found := g.ByType(token)
	require.Len(t, found, 1, token)
	return found[0]
}

// "Access to AWS accounts owned by third parties": the vendor's exact principal,
// and the external id as a condition. An hour is AWS's shortest maximum.
func TestTrust(t *testing.T) {
	g := record(t, supportaccess.SupportRoleArgs{Spec: spec(), ExternalID: pulumi.String(externalID), Tags: pulumi.StringMap{"team": pulumi.String("data")}})
	made := one(t, g, role)
	in := made.Inputs.Mappable()
	assert.Equal(t, "conveyor-support", in["name"])
	assert.EqualValues(t, 3600, in["maxSessionDuration"])
	assert.Equal(t, map[string]any{"Name": "support", "team": "data"}, in["tags"])
	assert.NotContains(t, in, "permissionsBoundary")
	require.True(t, made.Inputs["assumeRolePolicy"].IsSecret())
	assert.JSONEq(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [%q]},
		"Action": ["sts:AssumeRole"], "Condition": {"StringEquals": {"sts:ExternalId": [%q]}}}]}`, vendor, externalID),
		made.Inputs["assumeRolePolicy"].SecretValue().Element.StringValue())

	support, ok := g.Find(component)
	require.True(t, ok)
	assert.Equal(t, "arn:aws:iam::111122223333:role/conveyor-support", support.Outputs["roleArn"].StringValue())
	assert.Equal(t, "conveyor-support", support.Outputs["roleName"].StringValue())
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			assert.Equal(t, component, r.Parent, r.URN)
			assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::aws", r.ProviderURN(), r.URN)
		}
		if r.Type != role {
			assert.NotContains(t, fmt.Sprint(r.Inputs, r.Outputs), externalID, r.URN)
		}
	}
}

// Nothing of the default policy changes anything, or returns what is stored in
// a service: its actions begin with Describe, Get or List and are not among
// those that AWS's "Service Authorization Reference" has for content.
func TestReadOnlyByDefault(t *testing.T) {
	g := record(t, supportaccess.SupportRoleArgs{Spec: spec(), ExternalID: pulumi.String(externalID)})
	assert.Empty(t, g.ByType(attachment), "no managed policy")
	policy := one(t, g, rolePolicy)
	assert.Equal(t, "read-only", policy.Inputs["name"].StringValue())
	assert.Equal(t, "conveyor-support", policy.Inputs["role"].StringValue())
	var document struct {
		Statement []struct {
			Effect   string
			Action   []string
			Resource []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(policy.Inputs["policy"].StringValue()), &document))
	require.Len(t, document.Statement, 1)
	assert.Equal(t, "Allow", document.Statement[0].Effect)
	actions := document.Statement[0].Action
	assert.True(t, slices.IsSorted(actions))
	for _, action := range actions {
		assert.Regexp(t, `^[a-z0-9]+:(Describe|Get|List)[A-Za-z]+$`, action)
	}
	for _, content := range []string{
		"s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "logs:GetLogEvents", "logs:FilterLogEvents", "sqs:ReceiveMessage",
		"dynamodb:GetItem", "ec2:DescribeInstanceAttribute", "ec2:GetConsoleOutput", "ec2:GetPasswordData", "ecr:GetAuthorizationToken",
		"eks:GetToken", "sts:GetSessionToken", "iam:GetRolePolicy",
	} {
		assert.NotContains(t, actions, content)
	}
	// What "a network that the vendor helps with" needs at the least.
	for _, needed := range []string{
		"ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroupRules", "eks:DescribeCluster",
		"elasticloadbalancing:DescribeTargetHealth", "sqs:GetQueueAttributes",
	} {
		assert.Contains(t, actions, needed)
	}
}

const repair = `{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "eks:UpdateNodegroupConfig", "Resource": "arn:aws:eks:eu-west-1:111122223333:nodegroup/platform/*"}
}`

func TestExplicitPermissions(t *testing.T) {
	no := false
	g := record(t, supportaccess.SupportRoleArgs{
		Spec: spec(func(s *supportaccess.Spec) {
			s.ReadOnly, s.MaxSessionHours = &no, 12
			s.PolicyArns = []string{"arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "arn:aws:iam::111122223333:policy/ViewOnlyAccess"}
			s.InlinePolicies = map[string]string{"repair": repair}
			s.PermissionsBoundaryArn = "arn:aws:iam::111122223333:policy/boundary"
		}),
		ExternalID: pulumi.String(externalID),
	})
	made := one(t, g, role)
	assert.Equal(t, "arn:aws:iam::111122223333:policy/boundary", made.Inputs["permissionsBoundary"].StringValue())
	assert.EqualValues(t, 43200, made.Inputs["maxSessionDuration"].NumberValue())
	policy := one(t, g, rolePolicy)
	assert.Equal(t, "support-repair", policy.Name)
	assert.Equal(t, repair, policy.Inputs["policy"].StringValue())
	attached := map[string]string{}
	for _, r := range g.ByType(attachment) {
		attached[r.Name] = r.Inputs["policyArn"].StringValue()
		assert.Contains(t, r.Dependencies, made.URN)
	}
	assert.Equal(t, map[string]string{
		"support-ViewOnlyAccess":     "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
		"support-own-ViewOnlyAccess": "arn:aws:iam::111122223333:policy/ViewOnlyAccess",
	}, attached)
}

func TestAdministratorInSoManyWords(t *testing.T) {
	g := record(t, supportaccess.SupportRoleArgs{
		Spec: spec(func(s *supportaccess.Spec) {
			s.AllowAdministratorAccess = true
			s.PolicyArns = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
		}),
		ExternalID: pulumi.String(externalID),
	})
	assert.Equal(t, "arn:aws:iam::aws:policy/AdministratorAccess", one(t, g, attachment).Inputs["policyArn"].StringValue())
}

// statement is a policy of one statement.
func statement(text string) string { return `{"Version": "2012-10-17", "Statement": [` + text + `]}` }

// Each spec is wrong in what its change says, and gives exactly these messages.
func TestBadSpecs(t *testing.T) {
	const fix = "; grant what the task needs, or set allowAdministratorAccess: true"
	inline := func(text string) func(*supportaccess.Spec) {
		return func(s *supportaccess.Spec) { s.InlinePolicies = map[string]string{"extra": text} }
	}
	cases := []struct {
		name   string
		change func(*supportaccess.Spec)
		want   []string
	}{
		{"nothing", func(s *supportaccess.Spec) { *s = supportaccess.Spec{} }, []string{
			"name: is missing; name the role, so that policies can name it exactly",
			"trustedPrincipalArns: is missing; name the vendor's roles that may assume it"}},
		{"account", func(s *supportaccess.Spec) { s.AccountID = "1111" }, []string{
			"accountId: 1111: is not an account id; an account id is 12 digits, in quotes where YAML would read a number"}},
		{"name", func(s *supportaccess.Spec) { s.Name = "conveyor support" }, []string{
			"name: conveyor support: is not a role's name; use letters, digits and +=,.@_-"}},
		{"anyone", func(s *supportaccess.Spec) { s.TrustedPrincipalArns = []string{"*"} }, []string{
			"trustedPrincipalArns[0]: *: is not exact; name each one; a wildcard would admit others"}},
		{"the vendor's account", func(s *supportaccess.Spec) { s.TrustedPrincipalArns = []string{"arn:aws:iam::444455556666:root"} }, []string{
			"trustedPrincipalArns[0]: arn:aws:iam::444455556666:root: is a whole account; name the role"}},
		{"an account's number", func(s *supportaccess.Spec) { s.TrustedPrincipalArns = []string{"444455556666"} }, []string{
			"trustedPrincipalArns[0]: 444455556666: is not the ARN of a role or a user; write arn:aws:iam::123456789012:role/NAME"}},
		{"one of ours", func(s *supportaccess.Spec) { s.TrustedPrincipalArns = []string{"arn:aws:iam::111122223333:role/ops"} }, []string{
			"trustedPrincipalArns[0]: arn:aws:iam::111122223333:role/ops: is one of this account, not of the vendor's; name the vendor's principal"}},
		{"twice", func(s *supportaccess.Spec) { s.TrustedPrincipalArns = []string{vendor, vendor} }, []string{
			"trustedPrincipalArns[1]: " + vendor + ": is named already at trustedPrincipalArns[0]; remove one"}},
		{"a day", func(s *supportaccess.Spec) { s.MaxSessionHours = 13 }, []string{
			"maxSessionHours: 13: is not how many hours a session may last; use 1 to 12"}},
		{"no time", func(s *supportaccess.Spec) { s.MaxSessionHours = -1 }, []string{
			"maxSessionHours: -1: is not how many hours a session may last; use 1 to 12"}},
		{"boundary of another account", func(s *supportaccess.Spec) { s.PermissionsBoundaryArn = "arn:aws:iam::444455556666:policy/b" }, []string{
			"permissionsBoundaryArn: arn:aws:iam::444455556666:policy/b: belongs to account 444455556666; name one of account 111122223333"}},
		{"no permissions", func(s *supportaccess.Spec) { s.ReadOnly = new(bool) }, []string{
			"readOnly: false: leaves the role without any permission; set it to true, or grant something"}},

		// Managed policies.
		{"administrator", func(s *supportaccess.Spec) { s.PolicyArns = []string{"arn:aws:iam::aws:policy/AdministratorAccess"} }, []string{
			"policyArns[0]: arn:aws:iam::aws:policy/AdministratorAccess: makes the vendor an administrator" + fix}},
		{"administrator of IAM", func(s *supportaccess.Spec) { s.PolicyArns = []string{"arn:aws:iam::aws:policy/IAMFullAccess"} }, []string{
			"policyArns[0]: arn:aws:iam::aws:policy/IAMFullAccess: makes the vendor an administrator" + fix}},
		{"a policy's name", func(s *supportaccess.Spec) { s.PolicyArns = []string{"ReadOnlyAccess"} }, []string{
			"policyArns[0]: ReadOnlyAccess: is not the ARN of a policy; write arn:aws:iam::111122223333:policy/NAME"}},
		{"a policy twice", func(s *supportaccess.Spec) {
			s.PolicyArns = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"}
		}, []string{"policyArns[1]: arn:aws:iam::aws:policy/ReadOnlyAccess: is named already at policyArns[0]; remove one"}},
		{"two policies of a name", func(s *supportaccess.Spec) {
			s.PolicyArns = []string{"arn:aws:iam::111122223333:policy/a/eks", "arn:aws:iam::111122223333:policy/b/eks"}
		}, []string{"policyArns[1]: arn:aws:iam::111122223333:policy/b/eks: has the name of another policy of the list, " +
			"arn:aws:iam::111122223333:policy/a/eks; attach one of them"}},
		{"11 policies", func(s *supportaccess.Spec) {
			for i := range 11 {
				s.PolicyArns = append(s.PolicyArns, fmt.Sprintf("arn:aws:iam::aws:policy/p%d", i))
			}
		}, []string{"policyArns: is 11 policies; a role has at most 10; attach fewer, or have the quota raised and set quotas.managed-policies-per-role"}},

		// Inline policies.
		{"no document", inline(""), []string{"inlinePolicies.extra: is empty; give the policy as a JSON document"}},
		{"YAML", inline("Version: 1"), []string{
			"inlinePolicies.extra: is not a JSON document: invalid character 'V' looking for beginning of value"}},
		{"no statement", inline(`{"Version": "2012-10-17"}`), []string{"inlinePolicies.extra: has no statement; give it a Statement"}},
		{"an empty list", inline(statement("")), []string{"inlinePolicies.extra: has no statement; give it a Statement"}},
		{"no effect", inline(statement(`{"Effect": "Permit", "Action": "eks:*", "Resource": "*"}`)), []string{
			`inlinePolicies.extra: Statement[0] has the effect "Permit", which is neither Allow nor Deny`}},
		{"no action", inline(statement(`{"Effect": "Allow", "Resource": "*"}`)), []string{"inlinePolicies.extra: Statement[0] has no Action"}},
		{"no resource", inline(statement(`{"Effect": "Allow", "Action": "eks:*"}`)), []string{"inlinePolicies.extra: Statement[0] has no Resource"}},
		{"a principal", inline(statement(`{"Effect": "Allow", "Action": "eks:*", "Resource": "*", "Principal": "*"}`)), []string{
			"inlinePolicies.extra: Statement[0] names a principal, which a role's policy does not"}},
		{"everything", inline(statement(`{"Effect": "Allow", "Action": "*", "Resource": "*"}`)), []string{
			"inlinePolicies.extra: makes the vendor an administrator" + fix}},
		{"all of IAM", inline(statement(`{"Effect": "Allow", "Action": ["eks:*", "IAM:*"], "Resource": "*"}`)), []string{
			"inlinePolicies.extra: makes the vendor an administrator" + fix}},
		{"everything else", inline(statement(`{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}`)), []string{
			"inlinePolicies.extra: makes the vendor an administrator" + fix}},
		{"the default's name", func(s *supportaccess.Spec) { s.InlinePolicies = map[string]string{"read-only": repair} }, []string{
			"inlinePolicies.read-only: read-only: is the name of the default policy; use another name, or set readOnly: false"}},
		{"a policy's bad name", func(s *supportaccess.Spec) { s.InlinePolicies = map[string]string{"re pair": repair} }, []string{
			"inlinePolicies.re pair: re pair: is not a policy's name; use letters, digits and +=,.@_-"}},
		{"unknown quota", func(s *supportaccess.Spec) { s.Quotas = map[string]int{"managed-policies-per-rol": 20} }, []string{
			`quotas.managed-policies-per-rol: 20: is not a quota of the catalogue; did you mean "managed-policies-per-role"?`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := supportaccess.NewPlan(spec(c.change))
			assert.ElementsMatch(t, c.want, lines(t, err))
		})
	}
	_, err := supportaccess.NewPlan(spec())
	require.NoError(t, err, "the base of the bad specs is valid")
	_, err = supportaccess.NewPlan(spec(inline(statement(`{"Effect": "Deny", "Action": "*", "Resource": "*"}`))))
	require.NoError(t, err, "a denial of everything grants nothing")
}

// lines returns the problems of an error.
func lines(t *testing.T, err error) []string {
	t.Helper()
	var problems problem.List
	require.ErrorAs(t, err, &problems)
	var found []string
	for _, p := range problems {
		found = append(found, p.Error())
	}
	return found
}

// All inline policies of a role are 10,240 characters together, white space not
// counted: "IAM and AWS STS quotas".
func TestPolicySize(t *testing.T) {
	no := false
	sized := func(n int, blanks string) error {
		text := statement(`{"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*", "Sid": "` + strings.Repeat("s", n) + `"}`)
		_, err := supportaccess.NewPlan(spec(func(s *supportaccess.Spec) {
			s.ReadOnly, s.InlinePolicies = &no, map[string]string{"extra": text + blanks}
		}))
		return err
	}
	// {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:ListClusters","Resource":"*","Sid":""}]}
	const rest = 109
	require.NoError(t, sized(10240-rest, strings.Repeat(" \n", 500)))
	require.ErrorContains(t, sized(10241-rest, ""), "inlinePolicies: is 10241 characters, the default policy included; a role has at most 10240")
}

func TestExternalIDs(t *testing.T) {
	many := make([]string, 0, 18)
	for i := range 18 {
		many = append(many, fmt.Sprintf("arn:aws:iam::444455556666:role/%s-%02d", strings.Repeat("r", 61), i))
	}
	cases := []struct {
		name string
		spec supportaccess.Spec
		id   pulumi.StringInput
		want []string
	}{
		{"none", spec(), nil, []string{"externalId: is missing; give the id that the other party issued for you"}},
		{"empty", spec(), pulumi.String(""), []string{"externalId: is missing; give the id that the other party issued for you"}},
		{"short", spec(), pulumi.String("acme-prod"), []string{"externalId: has 9 characters; use at least 16, unique to you"}},
		{"blanks", spec(), pulumi.String("an id with blanks"), []string{"externalId: is not an external id; use letters, digits and +=,.@:/_-"}},
		{"with a bad spec", spec(func(s *supportaccess.Spec) { s.MaxSessionHours = 13 }), nil, []string{
			"maxSessionHours: 13: is not how many hours a session may last; use 1 to 12",
			"externalId: is missing; give the id that the other party issued for you"}},
		// 18 ARNs of 98 characters with quotes and comma (the last has none),
		// the id's 300, and 161 of the document without them.
		{"too long for the trust policy", spec(func(s *supportaccess.Spec) { s.TrustedPrincipalArns = many }), pulumi.String(strings.Repeat("x", 300)), []string{
			"trustedPrincipalArns: is 18 principals, which make a trust policy of 2224 characters; IAM takes 2048; " +
				"name fewer, or have the quota raised and set quotas.role-trust-policy-characters"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := supportaccess.NewSupportRole(ctx, "support", &supportaccess.SupportRoleArgs{Spec: c.spec, ExternalID: c.id})
				require.ErrorContains(t, err, `support role "support"`)
				assert.ElementsMatch(t, c.want, lines(t, err))
				return nil
			})
			require.NoError(t, err)
			require.Len(t, g.Resources, 1, "the stack alone")
		})
	}
}

// An id from secret configuration is known to the deployment only: it is checked
// there, and the message does not tell it.
func TestSecretExternalID(t *testing.T) {
	try := func(id string) (*graph.Graph, error) {
		return graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
			_, err := supportaccess.NewSupportRole(ctx, "support", &supportaccess.SupportRoleArgs{
				Spec: spec(), ExternalID: pulumi.ToSecret(pulumi.String(id)).(pulumi.StringOutput),
			})
			return err
		})
	}
	g, err := try(externalID)
	require.NoError(t, err)
	assert.True(t, one(t, g, role).Inputs["assumeRolePolicy"].IsSecret())
	_, err = try("guess-me")
	require.ErrorContains(t, err, "externalId: has 8 characters; use at least 16, unique to you")
	assert.NotContains(t, err.Error(), "guess-me")
}

// unknowns are mocks that know nothing of what they make.
type unknowns struct{}

func (unknowns) NewResource(pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return "", resource.PropertyMap{}, nil
}

func (unknowns) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("%s is not called", args.Token)
}

func TestPreview(t *testing.T) {
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := supportaccess.NewSupportRole(ctx, "support", &supportaccess.SupportRoleArgs{Spec: spec(), ExternalID: pulumi.String(externalID)})
		return err
	}, pulumi.WithMocks("underlay", "test", unknowns{}), func(i *pulumi.RunInfo) { i.DryRun = true }))
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := supportaccess.NewSupportRole(ctx, "support", nil)
		return err
	})
	require.ErrorContains(t, err, "externalId: is missing")
}
