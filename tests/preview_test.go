package tests

import (
	"slices"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// previewMocks answers as the engine does in a preview: ids and computed
// outputs are unknown.
type previewMocks struct {
	mu         sync.Mutex
	registered []string
}

func (m *previewMocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.registered = append(m.registered, args.TypeToken+" "+args.Name)
	return "", args.Inputs, nil
}

func (m *previewMocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{"outputs": resource.NewProperty(resource.PropertyMap{})}, nil
}

// A preview, in which nothing that the cloud computes is known, registers the
// same resources as an update: no structure hangs on an output.
func TestPreviewRegistersWhatAnUpdateDoes(t *testing.T) {
	for stack, file := range environments(t) {
		t.Run(stack, func(t *testing.T) {
			env, err := stacks.Load(file)
			require.NoError(t, err)
			mocks := &previewMocks{}
			require.NoError(t, pulumi.RunErr(env.WithStandIns().Program(), pulumi.WithMocks(stacks.Project, stack, mocks),
				func(info *pulumi.RunInfo) { info.DryRun = true }))

			var want []string
			for _, r := range record(t, stack, file).Resources[1:] {
				want = append(want, r.Type+" "+r.Name)
			}
			assert.ElementsMatch(t, want, mocks.registered)
		})
	}
}

// The program reads its environment from the stack's configuration just as the
// command line reads the file. (An encrypted secret takes an engine: tests/engine
// has the one environment with such.)
func TestRunReadsTheStacksConfiguration(t *testing.T) {
	read := environments(t)
	delete(read, "vendor")
	for stack, file := range read {
		t.Run(stack, func(t *testing.T) {
			env, err := stacks.Load(file)
			require.NoError(t, err)
			config, err := env.Config()
			require.NoError(t, err)
			g, err := graph.Record(t.Context(), stacks.Project, stack, config, stacks.Run)
			require.NoError(t, err)
			assert.Equal(t, render(record(t, stack, file)), render(g))
		})
	}
}

func TestRunReportsEveryProblemOfTheConfiguration(t *testing.T) {
	_, err := graph.Record(t.Context(), stacks.Project, "bad", map[string]string{
		"underlay:model": "shared-aws",
		"underlay:spec":  `{"dataPlane": {"vpcCidr": "10.20.0.1/16", "zonez": []}}`,
	}, stacks.Run)
	require.Error(t, err)
	for _, part := range []string{
		"aws:region: is missing; give an AWS region, for example eu-west-1",
		"underlay:spec.dataPlane.vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16",
		`underlay:spec.dataPlane.zonez: unknown key; did you mean "zones"?`,
	} {
		assert.ErrorContains(t, err, part)
	}
}

// BenchmarkRecord is the time and memory of recording an environment.
func BenchmarkRecord(b *testing.B) {
	for _, stack := range []string{"dev", "staging"} {
		b.Run(stack, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g := record(b, stack, "../Pulumi."+stack+".yaml")
				if len(g.Resources) < 50 {
					b.Fatalf("recorded %d resources", len(g.Resources))
				}
			}
		})
	}
}

// Every byte of the graph is the same each time.
func TestRecordingIsDeterministic(t *testing.T) {
	var renders []string
	for range 10 {
		renders = append(renders, render(record(t, "dev", "../Pulumi.dev.yaml")))
	}
	assert.Len(t, slices.Compact(renders), 1)
}
