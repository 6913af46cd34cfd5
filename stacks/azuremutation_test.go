package stacks_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
)

// variants returns a document with each of its values taken out, or another put
// in its place, one at a time. What differs comes with it.
func variants(document any, values []any) map[string]any {
	all := map[string]any{}
	visit := func(key string, inner any, with func(any) any) {
		for where, variant := range variants(inner, values) {
			all[key+where] = with(variant)
		}
	}
	switch d := document.(type) {
	case map[string]any:
		for key, inner := range d {
			without := maps.Clone(d)
			delete(without, key)
			all["."+key+" missing"] = without
			visit("."+key, inner, func(variant any) any {
				changed := maps.Clone(d)
				changed[key] = variant
				return changed
			})
		}
	case []any:
		for i, inner := range d {
			all[fmt.Sprintf("[%d] missing", i)] = slices.Delete(slices.Clone(d), i, i+1)
			visit(fmt.Sprintf("[%d]", i), inner, func(variant any) any {
				changed := slices.Clone(d)
				changed[i] = variant
				return changed
			})
		}
	default:
		for _, value := range values {
			all[fmt.Sprintf(" is %v", value)] = value
		}
	}
	return all
}

// Whatever is missing or wrong, a configuration is either refused, with problems
// that have a path and a rule, or deployed: no plan is half a plan.
func TestAzureConfigurationsAreRefusedOrWhole(t *testing.T) {
	values := []any{"x", "10.40.0.0/24", 300, []any{}}
	for _, file := range []string{
		"../Pulumi.azure-staging.yaml", "../Pulumi.aks-dev.yaml", "../tests/testdata/azure-cluster/config.yaml",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var document any
			require.NoError(t, yaml.Unmarshal(text, &document))
			refused, whole := 0, 0
			for where, variant := range variants(document, values) {
				data, err := yaml.Marshal(variant)
				require.NoError(t, err)
				env, err := stacks.Parse(data)
				if err != nil {
					var problems problem.List
					require.True(t, errors.As(err, &problems), "%s: %v", where, err)
					for _, p := range problems {
						require.NotEmpty(t, p.Path, "%s: %v", where, p)
						require.NotEmpty(t, p.Rule, "%s: %v", where, p)
					}
					refused++
					continue
				}
				_, err = env.Warnings()
				require.NoError(t, err, where)
				_, err = graph.Record(t.Context(), stacks.Project, "test", nil, env.Program())
				require.NoError(t, err, where)
				whole++
			}
			require.Greater(t, refused, 100)
			require.Greater(t, whole, 10)
		})
	}
}
