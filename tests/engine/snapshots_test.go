package engine

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/stretchr/testify/require"
)

// TestSnapshots runs a small stack through the engine's own test framework,
// which validates the state after every single step and not only at the end:
// whenever the process dies, what it leaves is a state that the next can read.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	two := zones("eu-west-1a", "eu-west-1b")
	w := newWorld(t)
	for _, step := range []struct {
		op framework.TestOp
		p  program
	}{
		{engine.Update, environment(t, "dev", two)},
		{engine.Update, environment(t, "dev", two, nat("perZone"))},
		{engine.Refresh, environment(t, "dev", two, nat("perZone"))},
		{engine.Update, environment(t, "dev", two, isolated)},
		{engine.Destroy, environment(t, "dev", two, isolated)},
	} {
		lines := &connections{}
		silent := &deploytest.NoopSink{}
		snapshot, err := step.op.Run(step.p.workspace(), step.p.target(w.State("dev")), framework.TestUpdateOptions{
			T:                t,
			HostF:            func() plugin.Host { return w.host(step.p, lines, silent, silent) },
			UpdateOptions:    engine.UpdateOptions{Parallel: 8},
			SkipDisplayTests: true,
		}, false, w.backend(), nil)
		lines.close()
		require.NoError(t, err)
		w.keep("dev", snapshot)
	}
	require.Empty(t, w.aws.Objects())
}
