package sqsbridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/components/internal/policy"
)

// What each end may do with a queue, and nothing else.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
var (
	sendActions    = []string{"sqs:SendMessage"}
	receiveActions = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
)

// What each end needs of the customer-managed key: a producer encrypts, a
// consumer decrypts.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
var (
	sendKeyActions    = []string{"kms:GenerateDataKey", "kms:Decrypt"}
	receiveKeyActions = []string{"kms:Decrypt"}
)

// Direction is one of the two queues.
type Direction string

const (
	// ToDataPlane is the queue that the control plane sends to.
	ToDataPlane Direction = "toDataPlane"
	// FromDataPlane is the queue that the data plane sends to.
	FromDataPlane Direction = "fromDataPlane"
)

// key is the direction's part of a name.
func (d Direction) key() string {
	if d == ToDataPlane {
		return "to-data-plane"
	}
	return "from-data-plane"
}

// sender is the plane that sends to the queue.
func (d Direction) sender() Plane {
	if d == ToDataPlane {
		return ControlPlane
	}
	return DataPlane
}

// actions are what a plane may do with the queue.
func (d Direction) actions(plane Plane) []string {
	if d.sender() == plane {
		return sendActions
	}
	return receiveActions
}

// conditions is the Condition of a statement: operator, key, values.
type conditions = map[string]map[string][]string

// QueuePolicy returns the policy of a queue of the bridge: the peer's roles may
// do what their plane does with it, and nobody may do anything without TLS.
// The peer reaches the queue through the given endpoints only; none means from
// anywhere.
func (p *Plan) QueuePolicy(d Direction, queueArn string, sourceVpceIDs []string) (string, error) {
	statements := []policy.Statement{denyInsecure(queueArn)}
	if len(p.Spec.PeerRoleArns) > 0 {
		statements = append(statements, policy.Statement{
			Sid:       "Peer",
			Effect:    policy.Allow,
			Principal: accountPrincipal(p.Spec.PeerAccountID),
			Action:    d.actions(p.Spec.LocalPlane.other()),
			Resource:  []string{queueArn},
			Condition: throughEndpoints(conditions{
				"ArnEquals": {"aws:PrincipalArn": p.Spec.PeerRoleArns},
			}, sourceVpceIDs),
		})
	}
	return policy.Document(statements...)
}

// deadLetterPolicy returns the policy of a dead-letter queue: nobody without
// TLS. What SQS itself moves there needs no permission.
func deadLetterPolicy(queueArn string) (string, error) {
	return policy.Document(denyInsecure(queueArn))
}

// denyInsecure refuses requests without TLS, whoever makes them: a Deny of "*"
// leaves no one out.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
func denyInsecure(queueArn string) policy.Statement {
	return policy.Statement{
		Sid:       "DenyInsecureTransport",
		Effect:    policy.Deny,
		Principal: map[string][]string{"AWS": {"*"}},
		Action:    []string{"sqs:*"},
		Resource:  []string{queueArn},
		Condition: conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}
}

// accountPrincipal names an account. With a condition on aws:PrincipalArn it
// keeps working when a role is deleted and made anew, where the role itself as
// principal would turn into the id of the deleted one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func accountPrincipal(account string) map[string][]string {
	return map[string][]string{"AWS": {"arn:aws:iam::" + account + ":root"}}
}

// throughEndpoints adds to conditions that the request comes through one of the
// endpoints, if there are any.
func throughEndpoints(c conditions, vpceIDs []string) conditions {
	if len(vpceIDs) > 0 {
		if c == nil {
			c = conditions{}
		}
		c["StringEquals"] = map[string][]string{"aws:SourceVpce": vpceIDs}
	}
	return c
}

// RolePolicy returns the policy of a plane's roles: what the plane does with
// each queue, and with the customer-managed key when there is one. The peer is
// held to the given endpoints.
func (p *Plan) RolePolicy(plane Plane, toDataPlaneArn, fromDataPlaneArn string, sourceVpceIDs []string) (string, error) {
	var endpoints conditions
	if plane != p.Spec.LocalPlane {
		endpoints = throughEndpoints(nil, sourceVpceIDs)
	}
	send, receive := toDataPlaneArn, fromDataPlaneArn
	if plane == DataPlane {
		send, receive = receive, send
	}
	statements := []policy.Statement{
		{Sid: "Send", Effect: policy.Allow, Action: sendActions, Resource: []string{send}, Condition: endpoints},
		{Sid: "Receive", Effect: policy.Allow, Action: receiveActions, Resource: []string{receive}, Condition: endpoints},
	}
	if p.Spec.Encryption == EncryptionCMK {
		statements = append(statements, policy.Statement{
			Sid: "Key", Effect: policy.Allow, Action: keyActions(), Resource: []string{p.Spec.KmsKeyArn},
			Condition: p.viaSQS(nil),
		})
	}
	return policy.Document(statements...)
}

// keyActions are what a plane needs of the key: each sends and receives.
func keyActions() []string {
	actions := append(slices.Clone(sendKeyActions), receiveKeyActions...)
	slices.Sort(actions)
	return slices.Compact(actions)
}

// viaSQS adds to conditions that SQS makes the request to KMS on behalf of the
// caller.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func (p *Plan) viaSQS(c conditions) conditions {
	if c == nil {
		c = conditions{}
	}
	c["StringEquals"] = map[string][]string{"kms:ViaService": {"sqs." + p.Spec.Region + ".amazonaws.com"}}
	return c
}

// KeyPolicy returns the statements that the policy of the customer-managed key
// must have beside its own: they admit the roles of each account that is not
// the key's. It is empty when there are none. The roles made in the local
// account are among them when the key is elsewhere.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
func (p *Plan) KeyPolicy() (string, error) {
	spec := p.Spec
	if spec.Encryption != EncryptionCMK {
		return "", nil
	}
	local := slices.Clone(spec.LocalRoleArns)
	for _, role := range []*Role{spec.LocalRole, spec.PeerRole} {
		if role != nil {
			local = append(local, roleArn(spec.LocalAccountID, role.Name))
		}
	}
	var statements []policy.Statement
	for _, side := range []struct {
		sid, account string
		roles        []string
	}{{"LocalRoles", spec.LocalAccountID, local}, {"PeerRoles", spec.PeerAccountID, spec.PeerRoleArns}} {
		if len(side.roles) == 0 || side.account == accountOf(spec.KmsKeyArn) {
			continue
		}
		statements = append(statements, policy.Statement{
			Sid:       side.sid,
			Effect:    policy.Allow,
			Principal: accountPrincipal(side.account),
			Action:    keyActions(),
			Resource:  []string{"*"}, // in a key's policy: this key
			Condition: p.viaSQS(conditions{"ArnEquals": {"aws:PrincipalArn": side.roles}}),
		})
	}
	if len(statements) == 0 {
		return "", nil
	}
	return policy.Document(statements...)
}

// trust returns the trust policy of a role. providerArn is that of its OpenID
// Connect provider; externalID is empty when none is asked for.
func (r *Role) trust(providerArn, externalID string) (string, error) {
	if r.WebIdentity != nil {
		_, issuer, found := strings.Cut(providerArn, ":oidc-provider/")
		if !found {
			return "", fmt.Errorf("%q is not the ARN of an OpenID Connect provider", providerArn)
		}
		return policy.Document(policy.Statement{
			Effect:    policy.Allow,
			Principal: map[string][]string{"Federated": {providerArn}},
			Action:    []string{"sts:AssumeRoleWithWebIdentity"},
			Condition: conditions{"StringEquals": {
				issuer + ":aud": {r.WebIdentity.Audience},
				issuer + ":sub": {r.WebIdentity.Subject},
			}},
		})
	}
	statement := policy.Statement{
		Effect:    policy.Allow,
		Principal: map[string][]string{"AWS": r.TrustedArns},
		Action:    []string{"sts:AssumeRole"},
	}
	if externalID != "" {
		statement.Condition = conditions{"StringEquals": {"sts:ExternalId": {externalID}}}
	}
	return policy.Document(statement)
}

// redrivePolicy sends messages that keep failing to the dead-letter queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func redrivePolicy(deadLetterArn string, maxReceive int) (string, error) {
	text, err := json.Marshal(struct {
		DeadLetterTargetArn string `json:"deadLetterTargetArn"`
		MaxReceiveCount     int    `json:"maxReceiveCount"`
	}{deadLetterArn, maxReceive})
	return string(text), err
}

// redriveAllowPolicy lets one queue alone use a dead-letter queue.
func redriveAllowPolicy(sourceArn string) (string, error) {
	text, err := json.Marshal(struct {
		RedrivePermission string   `json:"redrivePermission"`
		SourceQueueArns   []string `json:"sourceQueueArns"`
	}{"byQueue", []string{sourceArn}})
	return string(text), err
}

func roleArn(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// accountOf returns the account in an ARN.
func accountOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 5 {
		return ""
	}
	return parts[4]
}
