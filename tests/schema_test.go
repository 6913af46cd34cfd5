package tests

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/stacks"
)

const schemaFile = "../docs/underlay.schema.json"

// The schema by which editors complete and check an environment's file is what the
// code says.
func TestSchema(t *testing.T) {
	text, err := json.MarshalIndent(schema(t), "", " ")
	require.NoError(t, err)
	is, err := os.ReadFile(schemaFile)
	if !*update {
		require.NoError(t, err)
	}
	assertCurrent(t, schemaFile, string(is), string(text)+"\n")
}

// schema is the JSON schema of an environment's file, of the draft that editors
// know best.
func schema(t testing.TB) map[string]any {
	t.Helper()
	config := map[string]any{}
	for prefix, of := range map[string]reflect.Type{"aws": reflect.TypeFor[stacks.Aws](), "azure-native": reflect.TypeFor[stacks.Azure]()} {
		s := schemaOf{settings: byPath(settings(t, of))}
		for key, value := range s.object(of, "")["properties"].(map[string]any) {
			config[prefix+":"+key] = value
		}
	}
	models := slices.Sorted(maps.Keys(references()))
	config["underlay:model"] = map[string]any{"enum": models, "default": stacks.SharedAwsModel}
	config["underlay:allowReplacement"] = map[string]any{"type": "boolean"}
	var each []any
	for _, model := range models {
		r := references()[model]
		condition := map[string]any{"properties": map[string]any{"underlay:model": map[string]any{"const": model}}}
		if model != stacks.SharedAwsModel {
			condition["required"] = []string{"underlay:model"}
		}
		s := schemaOf{settings: byPath(r.settings(t))}
		each = append(each, map[string]any{
			"if":   condition,
			"then": map[string]any{"properties": map[string]any{"underlay:spec": s.object(r.spec, "")}},
		})
	}
	return map[string]any{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"title":   "An environment of Underlay: Pulumi.<stack>.yaml",
		"type":    "object",
		"properties": map[string]any{
			"config": map[string]any{"type": "object", "required": []string{"underlay:spec"}, "properties": config, "allOf": each},
		},
	}
}

func byPath(all []setting) map[string]setting {
	found := map[string]setting{}
	for _, s := range all {
		found[s.path] = s
	}
	return found
}

// schemaOf makes schemas of types, with what is said of the settings.
type schemaOf struct{ settings map[string]setting }

// object is the schema of a struct whose keys' paths begin so. A key that no
// setting has is refused by the model.
func (s schemaOf) object(of reflect.Type, prefix string) map[string]any {
	properties := map[string]any{}
	needed := []string{}
	for _, field := range fields(of) {
		path := prefix + field.key
		setting, known := s.settings[path]
		if !known || setting.fallback == refused {
			continue
		}
		property := s.value(field.Type, path, setting.values)
		property["description"] = setting.meaning + " Default: " + setting.fallback + "."
		if setting.fallback == required {
			property["description"] = setting.meaning + " Required."
			needed = append(needed, field.key)
		}
		properties[field.key] = property
	}
	object := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(needed) > 0 {
		object["required"] = needed
	}
	return object
}

// value is the schema of the setting at a path, or of its entries.
func (s schemaOf) value(of reflect.Type, path string, values []string) map[string]any {
	switch of.Kind() {
	case reflect.Pointer:
		return s.value(of.Elem(), path, values)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.value(of.Elem(), path+"[]", values)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(of.Elem(), path+".*", values)}
	case reflect.Struct:
		return s.object(of, path+".")
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	}
	if len(values) > 0 {
		return map[string]any{"type": "string", "enum": values}
	}
	return map[string]any{"type": "string"}
}

// Every environment is valid by the schema, and the usual mistakes are not.
func TestSchemaTellsRightFromWrong(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("underlay.json", document))
	compiled, err := compiler.Compile("underlay.json")
	require.NoError(t, err)
	validate := func(text string) error {
		var content any
		require.NoError(t, yaml.Unmarshal([]byte(text), &content))
		return compiled.Validate(content)
	}
	files := slices.Sorted(maps.Values(environments(t)))
	more, err := filepath.Glob("testdata/settings/*.yaml")
	require.NoError(t, err)
	for _, file := range append(files, more...) {
		assert.NoError(t, validate(readPage(t, file)), file)
	}
	dev := readPage(t, "../Pulumi.dev.yaml")
	for name, change := range map[string][2]string{
		"an unknown key":          {"egress: nat", "egres: nat"},
		"a value that is none":    {"egress: nat", "egress: nats"},
		"a number for text":       {"vpcCidr: 10.20.0.0/16", "vpcCidr: 10"},
		"a required key missing":  {"      zones: [eu-west-1a, eu-west-1b, eu-west-1c]\n", ""},
		"a model that is none":    {"underlay:model: shared-aws", "underlay:model: shared"},
		"another model's setting": {"underlay:model: shared-aws", "underlay:model: aoscloud"},
		"a list for a mapping":    {"nat: {strategy: single}", "nat: [single]"},
	} {
		changed := strings.Replace(dev, change[0], change[1], 1)
		require.NotEqual(t, dev, changed, name)
		assert.Error(t, validate(changed), name)
	}
}
