package sqsbridge

import (
	"cmp"
	"slices"
	"strings"
)

// Plane is one of the two ends of a bridge.
type Plane string

const (
	// ControlPlane sends to the queue to-data-plane and receives from the
	// queue from-data-plane.
	ControlPlane Plane = "controlPlane"
	// DataPlane sends to from-data-plane and receives from to-data-plane.
	DataPlane Plane = "dataPlane"
)

// other returns the opposite plane.
func (p Plane) other() Plane {
	if p == DataPlane {
		return ControlPlane
	}
	return DataPlane
}

// words are how messages call a plane.
func (p Plane) words() string {
	if p == ControlPlane {
		return "control plane"
	}
	return "data plane"
}

// Encryption is who owns the key that messages are encrypted with at rest.
type Encryption string

const (
	// EncryptionSQS uses keys that SQS owns, at no cost. The default.
	EncryptionSQS Encryption = "sse-sqs"
	// EncryptionCMK uses a customer-managed KMS key, KmsKeyArn, whose policy
	// must admit both sides.
	//
	// The output keyPolicyJson has what it must say.
	EncryptionCMK Encryption = "cmk"
)

// Spec is the plain part of a bridge: both sides are built from the same one.
// It holds no Pulumi values.
type Spec struct {
	// Region of the queues, for example "eu-west-1". Required.
	Region string `json:"-"`
	// LocalPlane is whose account has the queues; the other plane is the peer.
	// Default "dataPlane".
	LocalPlane Plane `json:"localPlane,omitzero"`
	// LocalAccountID is the account with the queues, 12 digits. Required.
	LocalAccountID string `json:"localAccountId,omitzero"`
	// PeerAccountID is the other plane's account. Required when its roles are
	// named (PeerRoleArns, or TrustedArns of PeerRole).
	PeerAccountID string `json:"peerAccountId,omitzero"`
	// SameAccount says that both planes are meant to be in one account, which
	// is an error otherwise. Default false.
	SameAccount bool `json:"sameAccount,omitzero"`
	// LocalRoleArns are existing roles of the local account that use the
	// queues; each gets an inline policy. Required without LocalRole.
	LocalRoleArns []string `json:"localRoleArns,omitzero"`
	// PeerRoleArns are the peer's roles that the queues admit, exactly these.
	// They need not exist yet. Required without PeerRole.
	PeerRoleArns []string `json:"peerRoleArns,omitzero"`
	// LocalRole is a role to make in the local account for the local plane.
	LocalRole *Role `json:"localRole,omitzero"`
	// PeerRole is a role to make in the local account for the peer to assume:
	// with a web identity when the peer is not in AWS, else from the peer's
	// account with an external id.
	PeerRole *Role `json:"peerRole,omitzero"`
	// QueueName begins the queues' names: "acme" gives acme-to-data-plane and
	// so on. Default: names that Pulumi chooses, so that two stacks in an
	// account never meet.
	QueueName string `json:"queueName,omitzero"`
	// Fifo makes all queues FIFO queues, their names ending in ".fifo". Senders
	// then give each message a group and a deduplication id. Changing it makes
	// new queues. Default false.
	Fifo bool `json:"fifo,omitzero"`
	// MaxReceive is how often a message is received without being deleted
	// before it moves to the dead-letter queue, 1 to 1,000. Default 5.
	MaxReceive int `json:"maxReceive,omitzero"`
	// RetentionDays is how long an unreceived message is kept, in days, 1 to 14.
	// Default 14. Dead-letter queues always keep 14 days, AWS's longest: the
	// age of a message counts on when it moves there.
	RetentionDays int `json:"retentionDays,omitzero"`
	// Encryption says whose key messages are encrypted with at rest. Default
	// "sse-sqs".
	Encryption Encryption `json:"encryption,omitzero"`
	// KmsKeyArn is the customer-managed key, with encryption "cmk": a key of
	// the region, of any account, not an alias.
	KmsKeyArn string `json:"kmsKeyArn,omitzero"`
	// SourceVpceIDs are the SQS interface endpoints through which alone the
	// peer may use the queues ("vpce-…"). Default none: from anywhere, with
	// the right credentials.
	SourceVpceIDs []string `json:"sourceVpceIds,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("role-trust-policy-characters").
	Quotas map[string]int `json:"-"`
}

// ExistingRoles are the ARNs of the roles that have to be there before the
// bridge is: those of the local account that get a policy, and those that roles
// made here trust.
func (s Spec) ExistingRoles() []string {
	roles := slices.Clone(s.LocalRoleArns)
	for _, role := range []*Role{s.LocalRole, s.PeerRole} {
		if role != nil {
			roles = append(roles, role.TrustedArns...)
		}
	}
	return slices.DeleteFunc(roles, func(arn string) bool { return !strings.Contains(arn, ":role/") }) // users
}

// Role is a role to make. Exactly one of TrustedArns and WebIdentity says who
// assumes it.
type Role struct {
	// Name of the role, at most 64 characters, by which the other side's policies
	// name it. Required.
	Name string `json:"name,omitzero"`
	// TrustedArns are the roles and users that may assume it, exactly these: of
	// the role's own account, in peerRole of the peer's. They must exist: IAM
	// refuses a trust policy that names others. Required without WebIdentity.
	TrustedArns []string `json:"trustedArns,omitzero"`
	// WebIdentity is a workload that assumes it with a token of an OpenID
	// Connect provider: of AKS or Entra ID, or of an EKS cluster. Required
	// without TrustedArns.
	WebIdentity *WebIdentity `json:"webIdentity,omitzero"`
	// MaxSessionHours is how long a session may last, in hours, 1 to 12.
	// Default 1.
	MaxSessionHours int `json:"maxSessionHours,omitzero"`
}

// WebIdentity is one workload of an OpenID Connect provider. Both Audience and
// Subject are compared exactly (StringEquals): a pattern on the subject would
// let in every workload of the cluster that fits it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
type WebIdentity struct {
	// ProviderArn is an IAM OpenID Connect provider that exists in the account
	// of the role. Required without ProviderURL.
	ProviderArn string `json:"providerArn,omitzero"`
	// ProviderURL is the issuer for which a provider is made, exactly as the
	// tokens' iss claim has it, a final "/" included (AKS and Entra ID have
	// one). An account can have one provider for an issuer. Required without
	// ProviderArn.
	ProviderURL string `json:"providerUrl,omitzero"`
	// Audience is the tokens' aud claim, "sts.amazonaws.com" or what the
	// workload asks for. Required.
	Audience string `json:"audience,omitzero"`
	// Subject is the tokens' sub claim, for a pod
	// "system:serviceaccount:<namespace>:<name>". Required.
	Subject string `json:"subject,omitzero"`
}

// withDefaults returns the spec with every default filled in.
func (s Spec) withDefaults() Spec {
	s.LocalPlane = cmp.Or(s.LocalPlane, DataPlane)
	s.MaxReceive = cmp.Or(s.MaxReceive, 5)
	s.RetentionDays = cmp.Or(s.RetentionDays, 14)
	s.Encryption = cmp.Or(s.Encryption, EncryptionSQS)
	s.LocalRole = s.LocalRole.withDefaults()
	s.PeerRole = s.PeerRole.withDefaults()
	return s
}

// withDefaults returns a copy with every default filled in, or nil of nil.
func (r *Role) withDefaults() *Role {
	if r == nil {
		return nil
	}
	role := *r
	role.MaxSessionHours = cmp.Or(role.MaxSessionHours, 1)
	return &role
}
