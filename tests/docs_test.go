package tests

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/stacks"
)

// keys returns every configuration key of a type, also of the types in it.
func keys(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return keys(t.Elem())
	case reflect.Struct:
		var all []string
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if t.Field(i).Anonymous {
				all = append(all, keys(t.Field(i).Type)...)
			}
			if name != "" && name != "-" {
				all = append(append(all, name), keys(t.Field(i).Type)...)
			}
		}
		return all
	}
	return nil
}

func TestTheDocsNameEveryKeyOfTheConfiguration(t *testing.T) {
	for page, models := range map[string][]reflect.Type{
		"shared-aws.md":       {reflect.TypeFor[stacks.SharedAws](), reflect.TypeFor[stacks.Aws]()},
		"aoscloud.md":         {reflect.TypeFor[stacks.AosCloud]()},
		"dedicated-aws.md":    {reflect.TypeFor[stacks.DedicatedAws]()},
		"shared-azure.md":     {reflect.TypeFor[stacks.SharedAzure](), reflect.TypeFor[stacks.Azure]()},
		"aks-landing-zone.md": {reflect.TypeFor[stacks.AksLandingZone]()},
	} {
		data, err := os.ReadFile("../docs/" + page)
		require.NoError(t, err)
		for _, model := range models {
			for _, key := range keys(model) {
				assert.Regexp(t, "`(aws:|azure-native:)?"+key+"[`:]|### (.*, )?"+key, string(data), "docs/%s says nothing of %s", page, key)
			}
		}
	}
}

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
