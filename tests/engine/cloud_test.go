package engine

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/dataplane"
	sandbox "github.com/underlay-iac/underlay/sandbox/aws"
	"github.com/underlay-iac/underlay/stacks"
)

// landing is a stack of somebody else's: a VPC with an internet gateway, and an
// address.
func landing(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
	if err != nil {
		return err
	}
	vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{
		CidrBlock: pulumi.String("10.20.0.0/16"), EnableDnsSupport: pulumi.Bool(true), EnableDnsHostnames: pulumi.Bool(true),
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	if _, err := ec2.NewInternetGateway(ctx, "igw", &ec2.InternetGatewayArgs{VpcId: vpc.ID()}, pulumi.Provider(provider)); err != nil {
		return err
	}
	_, err = ec2.NewEip(ctx, "eip", &ec2.EipArgs{Domain: pulumi.String("vpc")}, pulumi.Provider(provider))
	return err
}

// TestExistingVpc builds into a VPC, behind an internet gateway and with an
// address that another stack owns, and leaves all three as they were.
func TestExistingVpc(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, program{project: "landing", stack: "landing", run: landing}))
	ids := map[string]string{}
	for urn, id := range w.ids("landing") {
		ids[urn.Name()] = id
	}
	before := w.contents(t, "landing")

	p := environment(t, "dev", func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.DataPlane.Existing = &dataplane.ExistingVpc{
			VpcID: ids["vpc"], InternetGatewayID: ids["igw"], Cidrs: []string{"10.20.0.0/16"},
		}
		s.DataPlane.Nat.ElasticIPAllocationIDs = []string{ids["eip"]}
	})
	up := w.Up(t, p)
	requireClean(t, up)
	require.Len(t, inAws(up.urns("create")), 64-3, "neither a VPC, nor an internet gateway, nor an address")
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	w.requireInStep(t)
	requireClean(t, w.Destroy(t, p))
	requireContents(t, before, w.contents(t))
}

// TestQuota deploys two stacks with a NAT gateway in each zone: six addresses
// where the account may have five. The error is AWS's own; with the first stack
// gone, the second completes.
func TestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := environment(t, "dev", nat("perZone")), environment(t, "dev", nat("perZone"), vpcCidr("10.30.0.0/16"))
	second.stack = "second"
	requireClean(t, w.Up(t, first))
	refused := w.Up(t, second)
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "AddressLimitExceeded")
	w.requireInStep(t)

	requireClean(t, w.Destroy(t, first))
	requireClean(t, w.Up(t, second))
	requireContents(t, fresh(t, second), w.contents(t))
}

// TestInterrupted cancels a deployment of dev, as Ctrl-C does, when so many
// objects exist. What was begun is finished and kept; the next up completes the
// stack.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	p := environment(t, "dev")
	want := fresh(t, p)
	for _, after := range []int32{1, 5, 20, 45} {
		w := newWorld(t)
		interrupted := w.upUntil(t, p, after)
		require.Error(t, interrupted.err, "after %d", after)
		require.Less(t, len(w.ids(p.stack)), 64, "after %d", after)
		w.requireInStep(t)

		again := w.Up(t, p)
		requireClean(t, again)
		requireOnly(t, again, "create")
		requireContents(t, want, w.contents(t))
	}
}

// upUntil deploys p and cancels the deployment at the given create.
func (w *world) upUntil(t framework.TB, p program, creates int32) result {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var calls atomic.Int32
	fault := func(sandbox.Call) error {
		if calls.Add(1) == creates {
			cancel()
		}
		return nil
	}
	w.fault.Store(&fault)
	defer w.fault.Store(nil)
	return w.operate(ctx, t, engine.Update, p, false)
}
