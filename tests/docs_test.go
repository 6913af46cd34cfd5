package tests

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/stacks"
)

// Pulumi.yaml declares each setting with a type and a description.
func TestPulumiYamlDeclaresTheSettings(t *testing.T) {
	data, err := os.ReadFile("../Pulumi.yaml")
	require.NoError(t, err)
	var project struct {
		Name   string
		Config map[string]struct {
			Type, Description string
			Default           any
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &project))
	assert.Equal(t, stacks.Project, project.Name)
	declared := map[string]any{}
	for key, setting := range project.Config {
		assert.NotEmpty(t, setting.Description, key)
		declared[key+" "+setting.Type] = setting.Default
	}
	assert.Equal(t, map[string]any{
		"underlay:model string":             "shared-aws",
		"underlay:spec object":              nil,
		"underlay:allowReplacement boolean": false,
	}, declared)
}
