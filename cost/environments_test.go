package cost_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// Each environment of the repository is estimated the same from the recorded
// graph and from its export, and the totals are those worked out by hand with
// the catalogue's prices of eu-west-1 and Azure.
func TestEnvironments(t *testing.T) {
	prices, err := catalog.Load()
	require.NoError(t, err)
	totals := map[string]string{
		// NAT gateway 35.04, network load balancer 18.396, four addresses 14.60
		"dev": "68.036",
		// 16 endpoints in 3 zones at 8.03, network load balancer 18.396
		"staging": "403.836",
		// five private DNS zones, one address
		"azure-dev": "6.15",
		// five private DNS zones
		"azure-staging": "2.5",
		// firewall 912.50, application gateway 341.64 and 20 units 210.24, AKS 73,
		// an address 3.65, four private DNS zones; the resolver's price is unknown
		"aks-dev": "1543.03",
	}
	files, err := filepath.Glob("../Pulumi.*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		stack := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
		t.Run(stack, func(t *testing.T) {
			env, err := stacks.Load(file)
			require.NoError(t, err)
			recorded, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.WithStandIns().Program())
			require.NoError(t, err)
			e := cost.Of(recorded, prices)
			require.NotEmpty(t, e.Lines)
			for _, line := range e.Lines {
				assert.NotEmpty(t, line.Region, line.URN)
				assert.Equal(t, line.Monthly == nil, line.Source == "", "a known price has a source: %s", line.URN)
			}

			var export bytes.Buffer
			require.NoError(t, recorded.Export(&export))
			loaded, err := graph.Load(&export)
			require.NoError(t, err)
			assert.Equal(t, e, cost.Of(loaded, prices))

			if want, given := totals[stack]; given {
				assert.Equal(t, want, e.Total.String())
				assert.Equal(t, stack == "aks-dev", e.AtLeast)
				delete(totals, stack)
			}
		})
	}
	assert.Empty(t, totals, "environments that are not there")
}
