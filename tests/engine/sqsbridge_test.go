package engine

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/components/supportaccess"
)

// The two accounts of a bridge.
const (
	customer = "111122223333"
	vendor   = "444455556666"
)

// inAccount returns a provider that works in an account.
func inAccount(ctx *pulumi.Context, name, id string) (*aws.Provider, error) {
	return aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region:            pulumi.String("eu-west-1"),
		AssumeRole:        &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::" + id + ":role/deploy")},
		AllowedAccountIds: pulumi.StringArray{pulumi.String(id)},
	})
}

// workloads is a stack of somebody else's: the roles that use a bridge.
var workloads = program{project: "workloads", stack: "workloads", run: func(ctx *pulumi.Context) error {
	for account, names := range map[string][]string{customer: {"worker"}, vendor: {"relay", "service"}} {
		provider, err := inAccount(ctx, "in-"+account, account)
		if err != nil {
			return err
		}
		for _, name := range names {
			_, err := iam.NewRole(ctx, name, &iam.RoleArgs{
				Name: pulumi.String(name),
				AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
					"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}`),
			}, pulumi.Provider(provider))
			if err != nil {
				return err
			}
		}
	}
	return nil
}}

// bridge is a stack with both sides of a bridge: the queues in the customer's
// account, the roles of the control plane in the vendor's.
func bridge(changes ...func(*sqsbridge.Spec)) program {
	spec := sqsbridge.Spec{
		Region: "eu-west-1", LocalAccountID: customer, PeerAccountID: vendor,
		LocalRoleArns: []string{"arn:aws:iam::111122223333:role/worker"},
		PeerRoleArns:  []string{"arn:aws:iam::444455556666:role/control-plane", "arn:aws:iam::444455556666:role/relay"},
	}
	for _, change := range changes {
		change(&spec)
	}
	return program{project: "bridge", stack: "bridge", run: func(ctx *pulumi.Context) error {
		local, err := inAccount(ctx, "customer", customer)
		if err != nil {
			return err
		}
		peer, err := inAccount(ctx, "vendor", vendor)
		if err != nil {
			return err
		}
		queues, err := sqsbridge.NewSqsBridge(ctx, "bridge", &sqsbridge.SqsBridgeArgs{Spec: spec}, pulumi.Provider(local))
		if err != nil {
			return err
		}
		_, err = sqsbridge.NewSqsBridgePeer(ctx, "peer", &sqsbridge.SqsBridgePeerArgs{
			Spec:             spec,
			ToDataPlaneArn:   queues.QueueArns.MapIndex(pulumi.String("toDataPlane")),
			FromDataPlaneArn: queues.QueueArns.MapIndex(pulumi.String("fromDataPlane")),
			Role:             &sqsbridge.Role{Name: "control-plane", TrustedArns: []string{"arn:aws:iam::444455556666:role/service"}},
		}, pulumi.Provider(peer))
		return err
	}}
}

// withKey encrypts the queues with the customer's key.
func withKey(s *sqsbridge.Spec) {
	s.Encryption = sqsbridge.EncryptionCMK
	s.KmsKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}

// queueIDs returns the URLs of a stack's queues by their names in the program.
func (w *world) queueIDs(stack string) map[string]string {
	urls := map[string]string{}
	for _, state := range w.State(stack).Resources {
		if state.Type == "aws:sqs/queue:Queue" {
			urls[state.URN.Name()] = string(state.ID)
		}
	}
	return urls
}

// requireAccounts asserts that everything of the bridge is in its own account,
// by an explicit provider.
func (w *world) requireAccounts(t framework.TB) {
	t.Helper()
	account := map[string]string{}
	for _, object := range w.aws.Objects() {
		account[object.Type+" "+object.ID] = object.Account
	}
	for _, state := range w.State("bridge").Resources {
		if !state.Custom || state.URN.Type().Package() != "aws" {
			continue
		}
		want, provider := customer, "pulumi:providers:aws::customer::"
		if strings.HasPrefix(state.URN.Name(), "peer-") {
			want, provider = vendor, "pulumi:providers:aws::vendor::"
		}
		require.Equal(t, want, account[string(state.Type)+" "+string(state.ID)], state.URN)
		require.Contains(t, state.Provider, provider, state.URN)
	}
}

// TestBridge takes both sides of a bridge through all there is. In the
// customer's account are 4 queues with a policy each, 2 redrive policies, 2
// redrive allow policies and the policy of a role; in the vendor's a role and
// the policies of two. Beside those 16 are the stack, 2 providers and 2
// components.
func TestBridge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, workloads))
	before := w.aws.Objects()

	p := bridge()
	preview := w.Preview(t, p)
	requireClean(t, preview)
	require.Equal(t, before, w.aws.Objects())
	up := w.Up(t, p)
	requireClean(t, up)
	require.Equal(t, map[display.StepOp]int{"create": 21}, up.counts())
	require.Equal(t, preview.counts(), up.counts())
	w.requireInStep(t)
	w.requireAccounts(t)
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	requireSame(t, w.Up(t, p))

	// Retention, encryption and receives change in place: with a key the
	// policies of the three roles and the four queues; back again the same.
	queues := w.queueIDs(p.stack)
	require.Len(t, queues, 4)
	for _, step := range []struct {
		name    string
		to      program
		updates int
	}{
		{"retention of the two queues", bridge(func(s *sqsbridge.Spec) { s.RetentionDays = 4 }), 2},
		{"a key, and retention again", bridge(withKey), 4 + 3},
		{"SQS's keys again", bridge(), 4 + 3},
		{"fewer receives", bridge(func(s *sqsbridge.Spec) { s.MaxReceive = 2 }), 2},
		{"an endpoint of the peer's", bridge(func(s *sqsbridge.Spec) { s.SourceVpceIDs = []string{"vpce-0123456789abcdef0"} }), 2 + 2 + 2},
		{"from anywhere again", bridge(), 2 + 2},
	} {
		changed := w.Up(t, step.to)
		requireClean(t, changed)
		requireOnly(t, changed, "update")
		require.Len(t, inAws(changed.urns("update")), step.updates, step.name)
		require.Equal(t, queues, w.queueIDs(p.stack), step.name)
		w.requireAccounts(t)
		requireSame(t, w.Up(t, step.to))
		requireSame(t, w.Refresh(t, step.to))
	}

	// A peer's role leaves: its policy goes, and the queues admit it no more.
	fewer := bridge(func(s *sqsbridge.Spec) { s.PeerRoleArns = s.PeerRoleArns[:1] })
	left := w.Up(t, fewer)
	requireClean(t, left)
	require.Len(t, left.urns("delete"), 1)
	require.Equal(t, "peer-relay", left.urns("delete")[0].Name())
	for _, object := range w.aws.Objects() {
		if object.Type == "aws:sqs/queuePolicy:QueuePolicy" {
			require.NotContains(t, object.Properties["policy"], "role/relay")
		}
	}

	requireClean(t, w.Destroy(t, fewer))
	require.Equal(t, before, w.aws.Objects(), "the roles of others are as they were")
	requireClean(t, w.Destroy(t, workloads))
	require.Empty(t, w.aws.Objects())
}

// TestBridgeBecomesFIFO makes new queues, as documented, before the old ones go.
func TestBridgeBecomesFIFO(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, workloads))
	for _, test := range []struct {
		name string
		base func(*sqsbridge.Spec)
	}{
		{"names that Pulumi chooses", func(*sqsbridge.Spec) {}},
		{"names of the spec", func(s *sqsbridge.Spec) { s.QueueName = "acme" }},
	} {
		requireClean(t, w.Up(t, bridge(test.base)))
		fifo := bridge(test.base, func(s *sqsbridge.Spec) { s.Fifo = true })
		up := w.Up(t, fifo)
		requireClean(t, up)
		for name, url := range w.queueIDs(fifo.stack) {
			require.True(t, strings.HasSuffix(url, ".fifo"), "%s: %s is %s", test.name, name, url)
		}
		require.Len(t, w.queueIDs(fifo.stack), 4)
		w.requireInStep(t)
		requireSame(t, w.Up(t, fifo))
		requireClean(t, w.Destroy(t, fifo))
	}
}

// TestBridgeInterrupted fails at a queue's policy; the next up completes the
// bridge.
func TestBridgeInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, workloads))
	p := bridge()
	w.failOnce("create", resource.URN("urn:pulumi:bridge::bridge::"+sqsbridge.Type+"$aws:sqs/queuePolicy:QueuePolicy::bridge-to-data-plane"))
	failed := w.Up(t, p)
	require.Error(t, failed.err)
	w.requireInStep(t)
	again := w.Up(t, p)
	requireClean(t, again)
	requireOnly(t, again, "create")
	w.requireInStep(t)
	requireClean(t, w.Destroy(t, p))
	requireClean(t, w.Destroy(t, workloads))
	require.Empty(t, w.aws.Objects())
}

// TestAzureBridge builds the bridge of a data plane in Azure, whose pod assumes a
// role of the vendor's account.
func TestAzureBridge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, workloads))
	before := w.aws.Objects()
	azure := func(subject string) program {
		return program{project: "azure", stack: "azure", run: func(ctx *pulumi.Context) error {
			local, err := inAccount(ctx, "vendor", vendor)
			if err != nil {
				return err
			}
			_, err = sqsbridge.NewSqsBridge(ctx, "bridge", &sqsbridge.SqsBridgeArgs{Spec: sqsbridge.Spec{
				Region: "eu-west-1", LocalPlane: sqsbridge.ControlPlane, LocalAccountID: vendor,
				LocalRoleArns: []string{"arn:aws:iam::444455556666:role/relay"},
				PeerRole: &sqsbridge.Role{Name: "azure-data-plane", WebIdentity: &sqsbridge.WebIdentity{
					ProviderURL: "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/", Audience: "sts.amazonaws.com", Subject: subject,
				}},
			}}, pulumi.Provider(local))
			return err
		}}
	}
	p := azure("system:serviceaccount:platform:agent")
	requireClean(t, w.Up(t, p))
	w.requireInStep(t)
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))

	moved := azure("system:serviceaccount:platform:worker")
	up := w.Up(t, moved)
	requireClean(t, up)
	requireOnly(t, up, "update")
	require.Len(t, inAws(up.urns("update")), 1, "the role's trust policy")
	requireClean(t, w.Destroy(t, moved))
	require.Equal(t, before, w.aws.Objects())
}

// TestSupportRole gives and takes permissions of the vendor's role, and keeps
// the external id a secret throughout.
func TestSupportRole(t *testing.T) {
	t.Parallel()
	const externalID = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"
	const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:UpdateNodegroupConfig","Resource":"*"}]}`
	w := newWorld(t)
	owned := program{project: "owned", stack: "owned", run: func(ctx *pulumi.Context) error {
		provider, err := inAccount(ctx, "customer", customer)
		if err != nil {
			return err
		}
		_, err = iam.NewPolicy(ctx, "boundary", &iam.PolicyArgs{Name: pulumi.String("boundary"), Policy: pulumi.String(allow)}, pulumi.Provider(provider))
		return err
	}}
	requireClean(t, w.Up(t, owned))
	before := w.aws.Objects()
	support := func(change func(*supportaccess.Spec)) program {
		spec := supportaccess.Spec{
			AccountID: customer, Name: "conveyor-support", TrustedPrincipalArns: []string{"arn:aws:iam::444455556666:role/support-engineers"},
		}
		change(&spec)
		return program{project: "support", stack: "support", run: func(ctx *pulumi.Context) error {
			provider, err := inAccount(ctx, "customer", customer)
			if err != nil {
				return err
			}
			_, err = supportaccess.NewSupportRole(ctx, "support", &supportaccess.SupportRoleArgs{Spec: spec, ExternalID: pulumi.String(externalID)},
				pulumi.Provider(provider))
			return err
		}}
	}
	first := support(func(*supportaccess.Spec) {})
	requireClean(t, w.Up(t, first))
	requireSame(t, w.Up(t, first))
	requireSame(t, w.Refresh(t, first))
	require.Equal(t, 2, len(w.aws.Objects())-len(before), "the role and its read-only policy")
	for _, state := range w.State("support").Resources {
		if state.Type == "aws:iam/role:Role" {
			require.True(t, state.Inputs["assumeRolePolicy"].IsSecret())
			require.True(t, state.Outputs["assumeRolePolicy"].IsSecret())
		}
	}

	wider := support(func(s *supportaccess.Spec) {
		s.MaxSessionHours = 2
		s.PolicyArns = []string{"arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}
		s.InlinePolicies = map[string]string{"repair": allow}
		s.PermissionsBoundaryArn = "arn:aws:iam::111122223333:policy/boundary"
	})
	up := w.Up(t, wider)
	requireClean(t, up)
	requireOnly(t, up, "update", "create")
	require.Len(t, inAws(up.urns("create")), 2)
	require.Len(t, inAws(up.urns("update")), 1)
	require.Contains(t, w.Destroy(t, owned).text(), "DeleteConflict", "the boundary is in use")
	requireSame(t, w.Up(t, wider))
	requireSame(t, w.Refresh(t, wider))

	narrower := w.Up(t, first)
	requireClean(t, narrower)
	require.Len(t, narrower.urns("delete"), 2)
	requireClean(t, w.Destroy(t, first))
	require.Equal(t, before, w.aws.Objects())
}
