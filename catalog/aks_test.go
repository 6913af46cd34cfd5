package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/catalog"
)

func TestAKSModels(t *testing.T) {
	models := load(t).AKSLimits().Models
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.Name
		t.Run(m.Name, func(t *testing.T) {
			assertFact(t, m.Purpose, m.Source, m.AsOf)
			assert.LessOrEqual(t, m.DefaultPods, m.MaxPods)
			assert.Positive(t, m.MaxNodes)
			assert.False(t, m.Batch > 0 && m.BlockBits > 0, "pods are in a subnet or in blocks, not both")
			assert.Equal(t, m.Batch > 0, m.MaxPodAddresses > 0)
			if m.Retirement != "" {
				_, err := time.Parse(time.DateOnly, m.Retirement)
				assert.NoError(t, err)
			}
			found, ok := load(t).AKSModel(m.Name)
			assert.True(t, ok)
			assert.Equal(t, m, found)
		})
	}
	assert.Equal(t, []string{"azureCni", "kubenet", "overlay", "podSubnet", "podSubnetStatic"}, names)
	_, ok := load(t).AKSModel("cni")
	assert.False(t, ok)
}

// The figures are those of the pages that the data names, retyped.
func TestAKSLimits(t *testing.T) {
	l := load(t).AKSLimits()
	for _, want := range []struct {
		model                                    string
		defaultPods, maxPods, maxNodes, podSpace int
	}{
		{"kubenet", 110, 250, 400, 0},
		{"azureCni", 30, 250, 5000, 0},
		{"podSubnet", 110, 250, 5000, 65536},
		{"podSubnetStatic", 111, 250, 5000, 1000000},
		{"overlay", 250, 250, 5000, 0},
	} {
		m, ok := load(t).AKSModel(want.model)
		assert.True(t, ok, want.model)
		assert.Equal(t, want.defaultPods, m.DefaultPods, want.model)
		assert.Equal(t, want.maxPods, m.MaxPods, want.model)
		assert.Equal(t, want.maxNodes, m.MaxNodes, want.model)
		assert.Equal(t, want.podSpace, m.MaxPodAddresses, want.model)
	}
	kubenet, _ := load(t).AKSModel("kubenet")
	assert.Equal(t, "2028-03-31", kubenet.Retirement)
	assert.Equal(t, "2028-09-30", l.AzureNetworkPolicyRetirement)
	assert.Equal(t, 10, l.MinPods)
	assert.Equal(t, 30, l.MinPoolPods)
	assert.Equal(t, 1000, l.MaxPoolNodes)
	assert.Equal(t, 12, l.LargestServiceBits)
	assert.Equal(t, 63, l.OverlayNameCharacters)
	var reserved []string
	for _, p := range l.Reserved {
		reserved = append(reserved, p.String())
	}
	assert.Equal(t, []string{"169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"}, reserved)
	assertFact(t, "API server", l.APIServer.Source, l.APIServer.AsOf)
	assert.Equal(t, 28, l.APIServer.SubnetBits)
	assert.Equal(t, 9, l.APIServer.Addresses)
	assert.Equal(t, 200, l.APIServer.AuthorizedRanges)
	assert.Equal(t, 2000, l.APIServer.AuthorizedRangesIntegrated)
	assert.Equal(t, 32, l.APIServer.SubdomainCharacters)
}

func TestAKSLimitsAreTheCallersCopy(t *testing.T) {
	c := load(t)
	c.AKSLimits().Models[0] = catalog.AKSModel{}
	assert.Equal(t, "azureCni", c.AKSLimits().Models[0].Name)
}
