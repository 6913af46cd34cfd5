package requirements_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// From the text of an export to every verdict.
func BenchmarkVerify(b *testing.B) {
	for _, stack := range []string{"dev", "staging", "aoscloud-cluster", "dedicated-dev", "aks-dev"} {
		b.Run(stack, func(b *testing.B) {
			recorded, model := record(b, stack)
			var export bytes.Buffer
			require.NoError(b, recorded.Export(&export))
			b.ReportMetric(float64(len(recorded.Resources)), "resources")
			b.ReportAllocs()
			for b.Loop() {
				g, err := graph.Load(bytes.NewReader(export.Bytes()))
				require.NoError(b, err)
				_, err = requirements.Verify(requirements.Input{Graph: g, Model: model})
				require.NoError(b, err)
			}
		})
	}
}

// The same graph gives the same bytes.
func TestVerdictsAreTheSameEachTime(t *testing.T) {
	for _, stack := range []string{"staging", "aoscloud-cluster", "dedicated-dev", "azure-staging", "aks-dev"} {
		g, model := record(t, stack)
		var first []byte
		for range 4 {
			results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
			require.NoError(t, err)
			text, err := json.Marshal(results)
			require.NoError(t, err)
			if first == nil {
				first = text
			}
			require.Equal(t, string(first), string(text), stack)
		}
	}
}
