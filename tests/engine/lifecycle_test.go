package engine

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/stretchr/testify/require"
)

// TestLifecycle takes both environments through all there is. The counts: dev
// has 64 AWS resources (a VPC and its pod block, an internet gateway, 12
// subnets with as many associations, 6 route tables, an address, a NAT gateway,
// 4 default routes, 2 gateway endpoints on 6 tables each: 53; and a load
// balancer, its group with a rule for the control plane's block and one for each
// of 6 node and pod subnets, a target group, a listener: 11), staging 68 (a VPC
// and its pod block, 9 subnets with as many associations, 5 tables, 2 gateway
// endpoints on 5 tables each, 16 interface endpoints, their security group and
// its 2 rules: 56; and a load balancer, its group with 6 rules, a target group,
// a listener, an endpoint service, a principal: 12). Beside them are the stack,
// the provider and two components, in staging three.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment string
		create      int
	}{
		{"dev", 68},
		{"staging", 73},
	} {
		t.Run(test.environment, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := environment(t, test.environment)

			preview := w.Preview(t, p)
			requireClean(t, preview)
			require.Empty(t, w.aws.Objects())

			up := w.Up(t, p)
			requireClean(t, up)
			require.Equal(t, map[display.StepOp]int{"create": test.create}, up.counts())
			require.Equal(t, preview.counts(), up.counts())
			w.requireInStep(t)
			w.requireExplicitProviders(t, test.environment)

			before := w.contents(t)
			requireSame(t, w.Preview(t, p))
			requireSame(t, w.Up(t, p))
			requireSame(t, w.Refresh(t, p))
			requireSame(t, w.Up(t, p))
			requireContents(t, before, w.contents(t))

			requireClean(t, w.Destroy(t, p))
			require.Empty(t, w.aws.Objects())
			require.Empty(t, w.State(p.stack).Resources)
		})
	}
}

// requireExplicitProviders asserts that no resource uses a provider that the
// engine made up from the stack's configuration.
func (w *world) requireExplicitProviders(t framework.TB, stack string) {
	t.Helper()
	for _, state := range w.State(stack).Resources {
		if state.Custom && state.URN.Type().Package() == "aws" {
			require.Contains(t, state.Provider, "pulumi:providers:aws::aws::", state.URN)
		}
	}
}
