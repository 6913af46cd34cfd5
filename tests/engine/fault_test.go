package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

// requireFailed asserts that an operation failed at urn alone and said why.
func requireFailed(t framework.TB, r result, urn resource.URN) {
	t.Helper()
	require.Error(t, r.err)
	require.Equal(t, []resource.URN{urn}, r.failed, r.text())
	require.Contains(t, r.text(), errInjected.Error())
}

// TestCreateOrDeleteFails fails the create of each resource of dev in turn. The
// next up completes the stack: it creates what is missing, and the cloud is
// that of a deployment without a failure. Then it fails the delete of the same
// resource, and the next destroy leaves an empty cloud.
func TestCreateOrDeleteFails(t *testing.T) {
	t.Parallel()
	p := environment(t, "dev")
	w := newWorld(t)
	up := w.Up(t, p)
	requireClean(t, up)
	want := w.contents(t)

	created := inAws(up.urns("create"))
	require.Len(t, created, 64)
	for _, urn := range created {
		t.Run(title(urn), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.failOnce("create", urn)
			requireFailed(t, w.Up(t, p), urn)
			w.requireInStep(t)

			again := w.Up(t, p)
			requireClean(t, again)
			requireOnly(t, again, "create")
			require.Contains(t, again.urns("create"), urn)
			w.requireInStep(t)
			requireContents(t, want, w.contents(t))

			w.failOnce("delete", urn)
			requireFailed(t, w.Destroy(t, p), urn)
			w.requireInStep(t)
			requireClean(t, w.Destroy(t, p))
			require.Empty(t, w.aws.Objects())
			require.Empty(t, w.State(p.stack).Resources)
		})
	}
}

func title(urn resource.URN) string { return urn.Name() + " " + string(urn.Type().Name()) }

// step is one change of one resource.
type step struct {
	op  display.StepOp
	urn resource.URN
}

// steps returns what an operation changed in the cloud.
func (r result) changes() []step {
	var steps []step
	for _, op := range []display.StepOp{"create", "update", "delete"} {
		for _, urn := range inAws(r.urns(op)) {
			steps = append(steps, step{op, urn})
		}
	}
	return steps
}

// TestChangeFails fails each step of a change of mode, there and back. The next
// up completes the change as if nothing had failed.
func TestChangeFails(t *testing.T) {
	t.Parallel()
	for _, c := range changes() {
		if !c.faults {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ends := []program{environment(t, "dev", c.to...), environment(t, "dev", c.from...)}
			w := newWorld(t)
			requireClean(t, w.Up(t, ends[1]))
			var todo [2][]step
			var want [2]map[string][]string
			for i, p := range ends {
				up := w.Up(t, p)
				requireClean(t, up)
				todo[i], want[i] = up.changes(), w.contents(t)
			}
			for i := range max(len(todo[0]), len(todo[1])) {
				for way, p := range ends {
					// The shorter way is taken with its last step again.
					step := todo[way][min(i, len(todo[way])-1)]
					what := fmt.Sprintf("%s of %s", step.op, title(step.urn))
					w.failOnce(string(step.op), step.urn)
					failed := w.Up(t, p)
					require.Equal(t, []resource.URN{step.urn}, failed.failed, what)
					requireFailed(t, failed, step.urn)
					w.requireInStep(t)

					requireClean(t, w.Up(t, p))
					w.requireInStep(t)
					requireContents(t, want[way], w.contents(t), what)
				}
			}
			requireSame(t, w.Up(t, ends[1]))
		})
	}
}

// TestVanished makes each object of dev vanish behind Pulumi's back, with what
// cannot exist without it. A refresh notices exactly that, and the next up
// creates exactly that anew: the rest stays, but for what named the old ids.
func TestVanished(t *testing.T) {
	t.Parallel()
	p := environment(t, "dev", flowLogs)
	w := newWorld(t)
	up := w.Up(t, p)
	requireClean(t, up)
	want := w.contents(t)

	for _, urn := range inAws(up.urns("create")) {
		ids := w.ids(p.stack)
		before := w.aws.Objects()
		require.NoError(t, w.aws.Forget(ids[urn]), urn)
		var vanished []resource.URN
		left := map[string]bool{}
		for _, object := range w.aws.Objects() {
			left[object.Type+object.ID] = true
		}
		for other, id := range ids {
			if !left[string(other.Type())+id] {
				vanished = append(vanished, other)
			}
		}
		slices.Sort(vanished)
		require.Contains(t, vanished, urn)
		require.Less(t, len(left), len(before))

		requireClean(t, w.Refresh(t, p))
		remaining := w.ids(p.stack)
		for other := range ids {
			_, remains := remaining[other]
			require.Equal(t, !slices.Contains(vanished, other), remains, "%s after %s vanished", other, urn)
		}

		again := w.Up(t, p)
		requireClean(t, again)
		require.Equal(t, vanished, inAws(again.urns("create")), "after %s vanished", urn)
		require.Empty(t, again.urns("delete"))
		w.requireInStep(t)
		requireContents(t, want, w.contents(t), "after %s vanished", urn)
		requireSame(t, w.Up(t, p))
	}
}

// ids returns the ids of a stack's AWS resources.
func (w *world) ids(stack string) map[resource.URN]string {
	ids := map[resource.URN]string{}
	for _, state := range w.State(stack).Resources {
		if state.Custom && state.URN.Type().Package() == "aws" {
			ids[state.URN] = string(state.ID)
		}
	}
	return ids
}
