package sqsbridge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:sqsbridge:SqsBridge"

// secondsPerDay converts the spec's days to SQS's seconds.
const secondsPerDay = 24 * 60 * 60

// SqsBridgeArgs are the arguments of a SqsBridge: the plain Spec that decides
// its structure, and values that other resources or secrets give.
type SqsBridgeArgs struct {
	Spec
	// ExternalID must be presented by whoever assumes PeerRole from the peer's
	// account, at least 16 characters that the two parties agreed on. It is
	// kept as a secret. Required with trustedArns of PeerRole.
	ExternalID pulumi.StringInput
	// SourceVpceIDs are more endpoints like the spec's, made elsewhere in the
	// program.
	SourceVpceIDs []pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// SqsBridge is the queues of a bridge, with the trust of the account that they
// are in. The package comment shows both sides.
//
// Resources are named after the component and a stable key: the queues
// "<name>-to-data-plane" and "<name>-from-data-plane" with "-dead-letter" for
// theirs, roles and policies "<name>-<role>".
type SqsBridge struct {
	pulumi.ResourceState

	// QueueURLs are the queues' URLs: "toDataPlane", "fromDataPlane". Programs
	// use them as they are, since nobody is given sqs:GetQueueUrl.
	QueueURLs pulumi.StringMapOutput `pulumi:"queueUrls"`
	// QueueArns are the queues' ARNs, by the same keys.
	QueueArns pulumi.StringMapOutput `pulumi:"queueArns"`
	// DeadLetterArns are the ARNs of the queues' dead-letter queues, by the
	// same keys.
	DeadLetterArns pulumi.StringMapOutput `pulumi:"deadLetterArns"`
	// RoleArns are the ARNs of the roles made here by the plane that they are
	// for: "dataPlane", "controlPlane". Empty when none is made.
	RoleArns pulumi.StringMapOutput `pulumi:"roleArns"`
	// PeerPolicyJSON is the policy that the peer's roles need in their own
	// account, for whoever administers it. SqsBridgePeer attaches the same.
	PeerPolicyJSON pulumi.StringOutput `pulumi:"peerPolicyJson"`
	// KeyPolicyJSON holds the statements that the policy of the
	// customer-managed key must have; empty when it needs none.
	KeyPolicyJSON pulumi.StringOutput `pulumi:"keyPolicyJson"`

	plan *Plan
}

// Plan returns the plan that the bridge was built from.
func (b *SqsBridge) Plan() *Plan { return b.plan }

// NewSqsBridge builds the bridge that args describe, with a provider of the
// local account. Every problem of args is reported at once, before anything is
// registered: the error then holds a problem.List. An external id that is not
// known before deployment is checked then.
func NewSqsBridge(ctx *pulumi.Context, name string, args *SqsBridgeArgs, opts ...pulumi.ResourceOption) (*SqsBridge, error) {
	if args == nil {
		args = &SqsBridgeArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("SQS bridge %q: %w", name, err)
	}
	bridge := &SqsBridge{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, bridge, opts...); err != nil {
		return nil, fmt.Errorf("SQS bridge %q: %w", name, err)
	}
	b := &builder{
		roles: roles{ctx: ctx, name: name, parent: bridge, tags: args.Tags},
		args:  args, plan: plan, bridge: bridge,
		urls: pulumi.StringMap{}, arns: pulumi.StringMap{}, deadLetters: pulumi.StringMap{}, roleArns: pulumi.StringMap{},
	}
	for _, build := range []func() error{b.queues, b.policies, b.localSide, b.peerSide, b.outputs} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("SQS bridge %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(bridge, pulumi.Map{
		"queueUrls":      bridge.QueueURLs,
		"queueArns":      bridge.QueueArns,
		"deadLetterArns": bridge.DeadLetterArns,
		"roleArns":       bridge.RoleArns,
		"peerPolicyJson": bridge.PeerPolicyJSON,
		"keyPolicyJson":  bridge.KeyPolicyJSON,
	})
	if err != nil {
		return nil, fmt.Errorf("SQS bridge %q: %w", name, err)
	}
	return bridge, nil
}

// plan plans the spec and checks the values given beside it.
func (a *SqsBridgeArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if plan != nil {
		plan.checkName(&problems, name)
		if len(a.SourceVpceIDs) > 0 {
			problems = append(problems, plan.sizes(len(a.SourceVpceIDs)+len(a.Spec.SourceVpceIDs))...)
		}
	}
	assumed := a.PeerRole != nil && a.PeerRole.WebIdentity == nil
	switch {
	case assumed && a.ExternalID == nil:
		problems.Addf("externalId", "", "give the id that both parties agreed on: without it anyone who may use the trusted principals can be talked into it",
			"is missing")
	case !assumed && a.ExternalID != nil:
		problems.Addf("externalId", "", "remove it, or give peerRole with trustedArns", "is set, but no role is assumed from another account")
	case assumed:
		if known, ok := a.ExternalID.(pulumi.String); ok {
			problems.Add("externalId", identity.ExternalID(string(known)))
		}
	}
	if a.PeerRole != nil && a.PeerRole.WebIdentity != nil && len(a.PeerRoleArns) == 0 && len(a.SourceVpceIDs) > 0 {
		problems.Addf("sourceVpceIds", "", "remove them", "are set, but a peer with a web identity does not come through an endpoint")
	}
	return plan, problems.Err()
}

// builder registers the resources of one bridge.
type builder struct {
	roles
	args   *SqsBridgeArgs
	plan   *Plan
	bridge *SqsBridge

	urls, arns, deadLetters, roleArns pulumi.StringMap
	built                             []builtQueue
}

// builtQueue is one queue with its dead-letter queue.
type builtQueue struct {
	Queue
	queue, deadLetter *sqs.Queue
}

// queues creates each queue and its dead-letter queue, and ties them together.
func (b *builder) queues() error {
	for _, planned := range b.plan.Queues {
		key := b.name + "-" + planned.Key
		queue, err := b.queue(key, planned.Name, b.plan.Spec.RetentionDays)
		if err != nil {
			return err
		}
		// A message moves with its age, so the dead-letter queue keeps it
		// for as long as AWS allows.
		deadLetter, err := b.queue(key+deadLetterSuffix, planned.DeadLetterName, longestRetentionDays)
		if err != nil {
			return err
		}
		allow, err := sqs.NewRedriveAllowPolicy(b.ctx, key+deadLetterSuffix, &sqs.RedriveAllowPolicyArgs{
			QueueUrl:           deadLetter.Url,
			RedriveAllowPolicy: queue.Arn.ApplyT(redriveAllowPolicy).(pulumi.StringOutput),
		}, b.child()...)
		if err != nil {
			return err
		}
		maxReceive := b.plan.Spec.MaxReceive
		_, err = sqs.NewRedrivePolicy(b.ctx, key, &sqs.RedrivePolicyArgs{
			QueueUrl: queue.Url,
			RedrivePolicy: deadLetter.Arn.ApplyT(func(arn string) (string, error) {
				return redrivePolicy(arn, maxReceive)
			}).(pulumi.StringOutput),
		}, b.child(allow)...) // until then any queue of the account could use it
		if err != nil {
			return err
		}
		b.built = append(b.built, builtQueue{planned, queue, deadLetter})
		b.urls[string(planned.Direction)] = queue.Url
		b.arns[string(planned.Direction)] = queue.Arn
		b.deadLetters[string(planned.Direction)] = deadLetter.Arn
	}
	return nil
}

func (b *builder) queue(key, name string, retentionDays int) (*sqs.Queue, error) {
	args := &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(retentionDays * secondsPerDay),
		Tags:                    tags.Merge(b.args.Tags, key, nil),
	}
	if name != "" {
		args.Name = pulumi.String(name)
	}
	if b.plan.Spec.Fifo {
		args.FifoQueue = pulumi.Bool(true)
	}
	if b.plan.Spec.Encryption == EncryptionCMK {
		args.KmsMasterKeyId = pulumi.String(b.plan.Spec.KmsKeyArn)
	} else {
		args.SqsManagedSseEnabled = pulumi.Bool(true)
	}
	return sqs.NewQueue(b.ctx, key, args, b.child()...)
}

// policies puts a policy on every queue.
func (b *builder) policies() error {
	for _, q := range b.built {
		key := b.name + "-" + q.Key
		text := pulumi.All(q.queue.Arn, b.endpoints()).ApplyT(func(known []any) (string, error) {
			return b.plan.QueuePolicy(q.Direction, known[0].(string), known[1].([]string))
		}).(pulumi.StringOutput)
		_, err := sqs.NewQueuePolicy(b.ctx, key, &sqs.QueuePolicyArgs{QueueUrl: q.queue.Url, Policy: text}, b.child()...)
		if err != nil {
			return err
		}
		_, err = sqs.NewQueuePolicy(b.ctx, key+deadLetterSuffix, &sqs.QueuePolicyArgs{
			QueueUrl: q.deadLetter.Url,
			Policy:   q.deadLetter.Arn.ApplyT(deadLetterPolicy).(pulumi.StringOutput),
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	return nil
}

// endpoints are the endpoints that the peer is held to, the spec's first.
func (b *builder) endpoints() pulumi.StringArrayOutput {
	ids := pulumi.ToStringArray(b.plan.Spec.SourceVpceIDs)
	ids = append(ids, b.args.SourceVpceIDs...)
	return ids.ToStringArrayOutput()
}

// rolePolicy is the policy of a plane's roles.
func (b *builder) rolePolicy(plane Plane) pulumi.StringOutput {
	return pulumi.All(b.arns[string(ToDataPlane)], b.arns[string(FromDataPlane)], b.endpoints()).ApplyT(func(known []any) (string, error) {
		return b.plan.RolePolicy(plane, known[0].(string), known[1].(string), known[2].([]string))
	}).(pulumi.StringOutput)
}

// localSide lets the local plane's roles use the queues.
func (b *builder) localSide() error {
	local := b.plan.Spec.LocalPlane
	text := b.rolePolicy(local)
	for _, role := range b.plan.localRoles {
		if err := b.permit(role, pulumi.String(role), text); err != nil {
			return err
		}
	}
	return b.makeRole(b.plan.Spec.LocalRole, local, nil, text)
}

// peerSide makes the role that the peer assumes, if there is one. Its roles
// elsewhere are admitted by the queues' policies.
func (b *builder) peerSide() error {
	peer := b.plan.Spec.LocalPlane.other()
	return b.makeRole(b.plan.Spec.PeerRole, peer, b.args.ExternalID, b.rolePolicy(peer))
}

func (b *builder) makeRole(role *Role, plane Plane, externalID pulumi.StringInput, text pulumi.StringInput) error {
	if role == nil {
		return nil
	}
	made, err := b.create(role, "Uses the queues "+b.name+" for the "+plane.words(), externalID)
	if err != nil {
		return err
	}
	b.roleArns[string(plane)] = made.Arn
	return b.permit(role.Name, made.Name, text)
}

// outputs fills in the component's outputs.
func (b *builder) outputs() error {
	keyPolicy, err := b.plan.KeyPolicy()
	if err != nil {
		return err
	}
	bridge := b.bridge
	bridge.QueueURLs = b.urls.ToStringMapOutput()
	bridge.QueueArns = b.arns.ToStringMapOutput()
	bridge.DeadLetterArns = b.deadLetters.ToStringMapOutput()
	bridge.RoleArns = b.roleArns.ToStringMapOutput()
	bridge.PeerPolicyJSON = b.rolePolicy(b.plan.Spec.LocalPlane.other())
	bridge.KeyPolicyJSON = pulumi.String(keyPolicy).ToStringOutput()
	return nil
}

// PeerType is the type token of the other side.
const PeerType = "underlay:sqsbridge:SqsBridgePeer"

// SqsBridgePeerArgs are the arguments of a SqsBridgePeer: the same Spec that
// the bridge was built from, and the queues.
type SqsBridgePeerArgs struct {
	Spec
	// ToDataPlaneArn and FromDataPlaneArn are the bridge's queues, outputs
	// queueArns of SqsBridge, directly or by a stack reference. Required.
	ToDataPlaneArn, FromDataPlaneArn pulumi.StringInput
	// SourceVpceIDs are more endpoints like the spec's, as in SqsBridgeArgs.
	SourceVpceIDs []pulumi.StringInput
	// Role is the one of the spec's PeerRoleArns to make here; the others
	// exist. Default none: all exist. Trusted principals and OpenID Connect
	// providers are those of the peer's account.
	Role *Role
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// SqsBridgePeer is the other account's side of a bridge: what lets the peer's
// roles use the queues.
type SqsBridgePeer struct {
	pulumi.ResourceState

	// RoleArns are the ARNs of the peer's roles, in the spec's order.
	RoleArns pulumi.StringArrayOutput `pulumi:"roleArns"`
}

// NewSqsBridgePeer gives the roles of the spec's PeerRoleArns their policies,
// with a provider of the peer's account. Every problem of args is reported at
// once, before anything is registered.
func NewSqsBridgePeer(ctx *pulumi.Context, name string, args *SqsBridgePeerArgs, opts ...pulumi.ResourceOption) (*SqsBridgePeer, error) {
	if args == nil {
		args = &SqsBridgePeerArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("SQS bridge peer %q: %w", name, err)
	}
	peer := &SqsBridgePeer{}
	if err := ctx.RegisterComponentResource(PeerType, name, peer, opts...); err != nil {
		return nil, fmt.Errorf("SQS bridge peer %q: %w", name, err)
	}
	if err := args.build(plan, &roles{ctx: ctx, name: name, parent: peer, tags: args.Tags}); err != nil {
		return nil, fmt.Errorf("SQS bridge peer %q: %w", name, err)
	}
	peer.RoleArns = pulumi.ToStringArray(plan.Spec.PeerRoleArns).ToStringArrayOutput()
	if err := ctx.RegisterResourceOutputs(peer, pulumi.Map{"roleArns": peer.RoleArns}); err != nil {
		return nil, fmt.Errorf("SQS bridge peer %q: %w", name, err)
	}
	return peer, nil
}

// plan plans the spec and checks the values given beside it.
func (a *SqsBridgePeerArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if len(a.PeerRoleArns) == 0 && a.PeerRole != nil {
		problems.Addf("peerRoleArns", "", "name them, or build the bridge alone: peerRole is made there", "is missing")
	}
	if a.ToDataPlaneArn == nil {
		problems.Addf("toDataPlaneArn", "", "give the queue's ARN", "is missing")
	}
	if a.FromDataPlaneArn == nil {
		problems.Addf("fromDataPlaneArn", "", "give the queue's ARN", "is missing")
	}
	if role := a.Role.withDefaults(); role != nil && plan != nil {
		before := len(problems)
		checkRole(&problems, plan, "role", role, plan.Spec.PeerAccountID, plan.Spec.PeerAccountID)
		if arn := roleArn(plan.Spec.PeerAccountID, role.Name); len(problems) == before && !slices.Contains(plan.Spec.PeerRoleArns, arn) {
			problems.Addf("role.name", role.Name, "add "+arn, "is not a role of peerRoleArns")
		}
		if role.WebIdentity == nil && len(problems) == before {
			problems = append(problems, plan.trustSize("role", role)...)
		}
	}
	return plan, problems.Err()
}

// build registers the peer's side.
func (a *SqsBridgePeerArgs) build(plan *Plan, r *roles) error {
	ids := append(pulumi.ToStringArray(plan.Spec.SourceVpceIDs), a.SourceVpceIDs...)
	peer := plan.Spec.LocalPlane.other()
	text := pulumi.All(a.ToDataPlaneArn, a.FromDataPlaneArn, ids.ToStringArrayOutput()).ApplyT(func(known []any) (string, error) {
		to, isTo := known[0].(string)
		from, isFrom := known[1].(string)
		if !isTo || !isFrom {
			return "", errors.New("the queues' ARNs are not text")
		}
		return plan.RolePolicy(peer, to, from, known[2].([]string))
	}).(pulumi.StringOutput)
	role := a.Role.withDefaults()
	for i, name := range plan.peerRoles {
		var existing pulumi.StringInput = pulumi.String(name)
		if role != nil && plan.Spec.PeerRoleArns[i] == roleArn(plan.Spec.PeerAccountID, role.Name) {
			made, err := r.create(role, "Uses the queues "+r.name+" for the "+peer.words(), nil)
			if err != nil {
				return err
			}
			existing = made.Name
		}
		if err := r.permit(name, existing, text); err != nil {
			return err
		}
	}
	return nil
}
