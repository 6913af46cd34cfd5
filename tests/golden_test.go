package tests

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

var update = flag.Bool("update", false, "rewrite the golden graphs")

// environments returns the configuration files of the repository by stack, and
// those of testdata by folder.
func environments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob("../Pulumi.*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		found[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")] = file
	}
	require.NotEmpty(t, found)
	files, err = filepath.Glob("testdata/*/config.yaml")
	require.NoError(t, err)
	for _, file := range files {
		found[filepath.Base(filepath.Dir(file))] = file
	}
	return found
}

// record records the environment of a stack.
func record(t testing.TB, stack, file string) *graph.Graph {
	t.Helper()
	env, err := stacks.Load(file)
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.WithStandIns().Program())
	require.NoError(t, err)
	return g
}

// The graph of each environment is what was read and approved.
func TestGoldenGraphs(t *testing.T) {
	for stack, file := range environments(t) {
		t.Run(stack, func(t *testing.T) {
			got := render(record(t, stack, file))
			golden := filepath.Join("testdata", stack, "graph.golden")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got, "the graph differs; `go test ./tests -update` rewrites it")
		})
	}
}

// render writes a graph for people: each resource with its inputs, references
// as "→ type name".
func render(g *graph.Graph) string {
	names := map[string]string{}
	for _, r := range g.Resources {
		names[r.URN] = r.Type[strings.LastIndex(r.Type, ":")+1:] + " " + r.Name
	}
	var out strings.Builder
	for _, r := range g.Resources {
		fmt.Fprintf(&out, "%s %s\n", r.Type, r.Name)
		for _, line := range []struct{ key, urn string }{{"parent", r.Parent}, {"provider", r.ProviderURN()}} {
			if line.urn != "" {
				fmt.Fprintf(&out, "    %s → %s\n", line.key, names[line.urn])
			}
		}
		if extra := dependsOn(r); len(extra) > 0 {
			var refs []string
			for _, urn := range extra {
				refs = append(refs, names[urn])
			}
			fmt.Fprintf(&out, "    dependsOn → %s\n", strings.Join(refs, ", "))
		}
		properties := r.Inputs.Mappable()
		if !r.Custom {
			properties = r.Outputs.Mappable()
		}
		renderMap(&out, "    ", properties, names)
	}
	return out.String()
}

// dependsOn returns the dependencies that no property has.
func dependsOn(r graph.Resource) []string {
	return slices.DeleteFunc(slices.Clone(r.Dependencies), func(urn string) bool {
		for _, of := range r.PropertyDependencies {
			if slices.Contains(of, urn) {
				return true
			}
		}
		return false
	})
}

func renderMap(out *strings.Builder, indent string, properties map[string]any, names map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		switch value := properties[key].(type) {
		case map[string]any:
			fmt.Fprintf(out, "%s%s:\n", indent, key)
			renderMap(out, indent+"    ", value, names)
		case []any:
			var items []string
			for _, item := range value {
				items = append(items, renderValue(item, names))
			}
			fmt.Fprintf(out, "%s%s: [%s]\n", indent, key, strings.Join(items, ", "))
		default:
			fmt.Fprintf(out, "%s%s: %s\n", indent, key, renderValue(value, names))
		}
	}
}

func renderValue(value any, names map[string]string) string {
	if secret, ok := value.(*resource.Secret); ok {
		return "secret " + renderValue(secret.Element.Mappable(), names)
	}
	text := fmt.Sprint(value)
	if number, ok := value.(float64); ok {
		text = strconv.FormatFloat(number, 'f', -1, 64)
	}
	if name, ok := names[text]; ok {
		return "→ " + name
	}
	return text
}
