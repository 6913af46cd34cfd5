// Package policy writes IAM policy documents.
package policy

import "encoding/json"

// Statement is one statement of a policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type Statement struct {
	Sid       string                         `json:",omitempty"`
	Effect    Effect                         // Allow or Deny
	Principal map[string][]string            `json:",omitempty"` // "AWS", "Service", "Federated"
	Action    []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"` // operator, then key
}

// Effect is what a statement does.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document returns the policy of the statements as JSON.
func Document(statements ...Statement) (string, error) {
	text, err := json.Marshal(struct {
		Version   string
		Statement []Statement
	}{"2012-10-17", statements})
	return string(text), err
}
