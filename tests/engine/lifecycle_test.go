package engine

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/stretchr/testify/require"
)

func TestLifecycle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment string
		create      int
	}{
		{"dev", 56},
		{"staging", 60},
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
