package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/problem"
)

func TestAccount(t *testing.T) {
	cases := map[string]string{
		"111122223333":  "",
		"":              "account: is missing; give it",
		"11112222333":   "account: 11112222333: is not an account id; an account id is 12 digits, in quotes where YAML would read a number",
		"1111-2222-333": "account: 1111-2222-333: is not an account id; an account id is 12 digits, in quotes where YAML would read a number",
	}
	for id, want := range cases {
		var l problem.List
		assert.Equal(t, want == "", identity.Account(&l, "account", id, "give it"), id)
		assert.Equal(t, want, l.Error(), id)
	}
}

// The forms are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
func TestRole(t *testing.T) {
	const account = "111122223333"
	const form = "; write arn:aws:iam::111122223333:role/NAME"
	cases := []struct{ arn, name, want string }{
		{"arn:aws:iam::111122223333:role/workers", "workers", ""},
		{"arn:aws:iam::111122223333:role/platform/eu/workers", "workers", ""},
		{"", "", "role: is empty" + form},
		{"workers", "", "role: workers: is not the ARN of a role" + form},
		{"arn:aws:iam::111122223333:user/ann", "", "role: arn:aws:iam::111122223333:user/ann: is not the ARN of a role" + form},
		{"arn:aws:sts::111122223333:assumed-role/workers/x", "", "role: arn:aws:sts::111122223333:assumed-role/workers/x: is not the ARN of a role" + form},
		{"arn:aws-cn:iam::111122223333:role/workers", "", "role: arn:aws-cn:iam::111122223333:role/workers: is not the ARN of a role" + form},
		{"arn:aws:iam::111122223333:role/", "", "role: arn:aws:iam::111122223333:role/: is not the ARN of a role" + form},
		{"arn:aws:iam::aws:role/workers", "", "role: arn:aws:iam::aws:role/workers: is not the ARN of a role" + form},
		{"arn:aws:iam::444455556666:role/workers", "", "role: arn:aws:iam::444455556666:role/workers: belongs to account 444455556666; name one of account 111122223333"},
		{"arn:aws:iam::111122223333:root", "", "role: arn:aws:iam::111122223333:root: is a whole account; name the role"},
		{"arn:aws:iam::111122223333:role/*", "", "role: arn:aws:iam::111122223333:role/*: is not exact; name each one; a wildcard would admit others"},
		{"arn:aws:iam::111122223333:role/worker?", "", "role: arn:aws:iam::111122223333:role/worker?: is not exact; name each one; a wildcard would admit others"},
		{"arn:aws:iam::111122223333:role/${aws:username}", "", "role: arn:aws:iam::111122223333:role/${aws:username}: is not exact; name each one; a wildcard would admit others"},
	}
	for _, c := range cases {
		var l problem.List
		assert.Equal(t, c.name, identity.Role(&l, "role", c.arn, account), c.arn)
		assert.Equal(t, c.want, l.Error(), c.arn)
	}
}

func TestPrincipal(t *testing.T) {
	cases := map[string]string{
		"arn:aws:iam::111122223333:role/ops":     "",
		"arn:aws:iam::111122223333:user/dir/ann": "",
		"arn:aws:iam::111122223333:group/ops":    "who: arn:aws:iam::111122223333:group/ops: is not the ARN of a role or a user; write arn:aws:iam::123456789012:role/NAME",
		"*":                                      "who: *: is not exact; name each one; a wildcard would admit others",
	}
	for arn, want := range cases {
		var l problem.List
		identity.Principal(&l, "who", arn, "")
		assert.Equal(t, want, l.Error(), arn)
	}
}

func TestPolicy(t *testing.T) {
	cases := []struct{ arn, name, want string }{
		{"arn:aws:iam::aws:policy/ReadOnlyAccess", "ReadOnlyAccess", ""},
		{"arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "ViewOnlyAccess", ""},
		{"arn:aws:iam::111122223333:policy/support/eks", "eks", ""},
		{"arn:aws:iam::444455556666:policy/eks", "", "p: arn:aws:iam::444455556666:policy/eks: belongs to account 444455556666; name one of account 111122223333"},
		{"arn:aws:iam::111122223333:role/eks", "", "p: arn:aws:iam::111122223333:role/eks: is not the ARN of a policy; write arn:aws:iam::111122223333:policy/NAME"},
		{"arn:aws:iam::aws:policy/", "", "p: arn:aws:iam::aws:policy/: is not the ARN of a policy; write arn:aws:iam::111122223333:policy/NAME"},
	}
	for _, c := range cases {
		var l problem.List
		assert.Equal(t, c.name, identity.Policy(&l, "p", c.arn, "111122223333"), c.arn)
		assert.Equal(t, c.want, l.Error(), c.arn)
	}
}

// The alphabet and the longest id are AWS's; the shortest is this
// repository's. The id itself is in no message.
func TestExternalID(t *testing.T) {
	cases := map[string]string{
		"3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42":   "",
		"acme+eu=1,prod.x@y:z/w_q":               "",
		strings.Repeat("x", 1224):                "",
		"":                                       "is missing; give the id that the other party issued for you",
		"acme":                                   "has 4 characters; use at least 16, unique to you",
		strings.Repeat("x", 1225):                "has 1225 characters; use at most 1224",
		"an id with blanks in it":                "is not an external id; use letters, digits and +=,.@:/_-",
		"sixteen-and-more*":                      "is not an external id; use letters, digits and +=,.@:/_-",
		"3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42\n": "is not an external id; use letters, digits and +=,.@:/_-",
	}
	for id, want := range cases {
		err := identity.ExternalID(id)
		if want == "" {
			assert.NoError(t, err, id)
			continue
		}
		assert.EqualError(t, err, want, id)
	}
}

func TestRoleNameAndSession(t *testing.T) {
	var l problem.List
	identity.RoleName(&l, "ok", "conveyor-support", 64)
	identity.RoleName(&l, "missing", "", 64)
	identity.RoleName(&l, "blank", "a role", 64)
	identity.RoleName(&l, "long", strings.Repeat("r", 65), 64)
	identity.SessionHours(&l, "one", 1)
	identity.SessionHours(&l, "twelve", 12)
	identity.SessionHours(&l, "none", 0)
	identity.SessionHours(&l, "day", 24)
	assert.Equal(t, []string{
		"missing: is missing; name the role, so that policies can name it exactly",
		"blank: a role: is not a role's name; use letters, digits and +=,.@_-",
		"long: " + strings.Repeat("r", 65) + ": has 65 characters; use at most 64",
		"none: 0: is not how many hours a session may last; use 1 to 12",
		"day: 24: is not how many hours a session may last; use 1 to 12",
	}, strings.Split(l.Error(), "\n"))
}
