package requirements_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// record records one of the repository's environments.
func record(t *testing.T, stack string) (*graph.Graph, string) {
	t.Helper()
	file := "../../Pulumi." + stack + ".yaml"
	if _, err := os.Stat(file); err != nil {
		file = "../../tests/testdata/" + stack + "/config.yaml"
	}
	env, err := stacks.Load(file)
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.Program())
	require.NoError(t, err)
	return g, env.Spec.Model()
}

func TestShow(t *testing.T) {
	for _, stack := range []string{"dev", "staging", "aoscloud-dev", "aoscloud-staging", "dedicated-dev", "connector-internet", "connector-privatelink", "aoscloud-cluster"} {
		g, model := record(t, stack)
		results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
		require.NoError(t, err)
		t.Logf("=== %s %s %+v", stack, model, requirements.Summarize(results))
		for _, r := range results {
			if r.Verdict != requirements.Proven {
				t.Logf("%-14s %s %s | %s", r.Verdict, r.ID, r.Reason, r.Title)
				for _, u := range r.Unknowns {
					t.Logf("       ? %s %s", u.URN, u.Property)
				}
				if r.BlockedBy != nil {
					t.Logf("       × %s %s", r.BlockedBy.URN, r.BlockedBy.Property)
				}
			}
		}
	}
}
