// Package identity checks who a policy names: account ids, ARNs of roles,
// users and policies, external ids, and the names of roles.
//
// A policy of this repository names principals exactly, in the partition aws.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
package identity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// ExternalIDShortest is the shortest external id that is accepted. AWS takes 2
// characters; the id is to be unique to one customer, as a UUID is, and what is
// shorter than this can be guessed.
const ExternalIDShortest = 16

// externalIDLongest is AWS's limit.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const externalIDLongest = 1224

// The hours that a role's sessions may be allowed to last.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
const (
	sessionShortest = 1
	sessionLongest  = 12
)

var (
	accountPattern  = regexp.MustCompile(`^\d{12}$`)
	arnPattern      = regexp.MustCompile(`^arn:aws:iam::(\d{12}|aws):([a-z-]+)(/.*)$`)
	pathPattern     = regexp.MustCompile(`^/(?:[\w+=,.@-]+/)*([\w+=,.@-]+)$`)
	namePattern     = regexp.MustCompile(`^[\w+=,.@-]+$`)
	externalPattern = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

// Account adds a problem unless id is that of an account: 12 digits. It
// reports whether it is.
func Account(l *problem.List, path, id, fix string) bool {
	switch {
	case id == "":
		l.Addf(path, "", fix, "is missing")
	case !accountPattern.MatchString(id):
		l.Addf(path, id, "an account id is 12 digits, in quotes where YAML would read a number", "is not an account id")
	default:
		return true
	}
	return false
}

// Role adds a problem unless arn is that of one role of the account. It returns
// the role's name, or "" with the problem. An empty account is any.
func Role(l *problem.List, path, arn, account string) string {
	return entity(l, path, arn, account, "role")
}

// Principal adds a problem unless arn is that of one role or user of the
// account; an empty account is any. The account itself ("…:root") is no such
// principal: it stands for everyone there.
func Principal(l *problem.List, path, arn, account string) {
	entity(l, path, arn, account, "role", "user")
}

// Policy adds a problem unless arn is that of a managed policy, AWS's or the
// account's. It returns the policy's name, or "" with the problem. An empty
// account is any.
func Policy(l *problem.List, path, arn, account string) string {
	if name := strings.TrimPrefix(arn, "arn:aws:iam::aws:policy/"); name != arn && pathPattern.MatchString("/"+name) {
		return name[strings.LastIndex(name, "/")+1:]
	}
	return entity(l, path, arn, account, "policy")
}

// entity checks an ARN of one of the kinds and returns the name at its end.
func entity(l *problem.List, path, arn, account string, kinds ...string) string {
	kind := strings.Join(kinds, " or a ")
	form := fmt.Sprintf("write arn:aws:iam::%s:%s/NAME", orElse(account, "123456789012"), kinds[0])
	switch {
	case arn == "":
		l.Addf(path, "", form, "is empty")
		return ""
	case strings.ContainsAny(arn, "*?$"):
		l.Addf(path, arn, "name each one; a wildcard would admit others", "is not exact")
		return ""
	case strings.HasSuffix(arn, ":root"):
		l.Addf(path, arn, "name the role", "is a whole account")
		return ""
	}
	m := arnPattern.FindStringSubmatch(arn)
	var name []string
	for _, k := range kinds {
		if m != nil && m[2] == k && m[1] != "aws" {
			name = pathPattern.FindStringSubmatch(m[3])
		}
	}
	switch {
	case name == nil:
		l.Addf(path, arn, form, "is not the ARN of a %s", kind)
	case account != "" && m[1] != account:
		l.Addf(path, arn, "name one of account "+account, "belongs to account %s", m[1])
	default:
		return name[1]
	}
	return ""
}

// RoleName adds a problem unless name can be a role's.
func RoleName(l *problem.List, path, name string, longest int) {
	switch {
	case name == "":
		l.Addf(path, "", "name the role, so that policies can name it exactly", "is missing")
	case !namePattern.MatchString(name):
		l.Addf(path, name, "use letters, digits and +=,.@_-", "is not a role's name")
	case len(name) > longest:
		l.Addf(path, name, fmt.Sprintf("use at most %d", longest), "has %d characters", len(name))
	}
}

// SessionHours adds a problem unless a role's sessions may last that long.
func SessionHours(l *problem.List, path string, hours int) {
	if hours < sessionShortest || hours > sessionLongest {
		l.Addf(path, strconv.Itoa(hours), fmt.Sprintf("use %d to %d", sessionShortest, sessionLongest),
			"is not how many hours a session may last")
	}
}

// ExternalID returns what is wrong with an external id, as a *problem.Problem
// that does not show the id.
func ExternalID(id string) error {
	switch {
	case id == "":
		return problem.New("", "is missing", "give the id that the other party issued for you")
	case len(id) < ExternalIDShortest:
		return problem.New("", fmt.Sprintf("has %d characters", len(id)), fmt.Sprintf("use at least %d, unique to you", ExternalIDShortest))
	case len(id) > externalIDLongest:
		return problem.New("", fmt.Sprintf("has %d characters", len(id)), fmt.Sprintf("use at most %d", externalIDLongest))
	case !externalPattern.MatchString(id):
		return problem.New("", "is not an external id", "use letters, digits and +=,.@:/_-")
	}
	return nil
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
