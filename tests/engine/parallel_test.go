package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/stacks"
)

// TestParallelStacks deploys eight stacks into one account at the same time,
// two in each of four regions, and takes them down again.
func TestParallelStacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var stackNames []string
	t.Run("up", func(t *testing.T) {
		for i, region := range []string{"eu-west-1", "eu-central-1", "us-east-1", "us-west-2"} {
			for j, name := range []string{"dev", "staging"} {
				p := environment(t, name, func(e *stacks.Environment, s *stacks.SharedAws) {
					e.Aws.Region = region
					s.DataPlane.Zones = []string{region + "a", region + "b", region + "c"}
					s.DataPlane.VpcCidr = fmt.Sprintf("10.%d.0.0/16", 100+2*i+j)
				})
				p.stack = name + "-" + region
				stackNames = append(stackNames, p.stack)
				t.Run(p.stack, func(t *testing.T) {
					t.Parallel()
					requireClean(t, w.Up(t, p))
					requireSame(t, w.Up(t, p))
					requireSame(t, w.Refresh(t, p))
					requireContents(t, fresh(t, p), w.contents(t, p.stack))
				})
			}
		}
	})
	w.requireInStep(t)
	t.Run("destroy", func(t *testing.T) {
		for _, name := range stackNames {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				requireClean(t, w.Destroy(t, program{project: stacks.Project, stack: name}))
				require.Empty(t, w.State(name).Resources)
			})
		}
	})
	require.Empty(t, w.aws.Objects())
}
