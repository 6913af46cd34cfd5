package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/problem"
)

// Project is the Pulumi project's name, and so the namespace of its settings.
const Project = "underlay"

// The project's settings.
const (
	modelKey            = Project + ":model"
	specKey             = Project + ":spec"
	allowReplacementKey = Project + ":allowReplacement"
	// These hold secrets.
	supportExternalIDKey = Project + ":supportExternalId"
	bridgeExternalIDKey  = Project + ":bridgeExternalId"
)

// secretKeys are the settings that hold secrets.
func secretKeys() []string { return []string{bridgeExternalIDKey, supportExternalIDKey} }

// What the settings of the providers begin with.
const (
	awsPrefix   = "aws:"
	azurePrefix = "azure-native:"
)

// provider is a cloud whose provider takes settings.
type provider struct {
	prefix string // of its settings' keys
	name   string
	// settings is a pointer to the struct that holds them.
	settings any
}

// providers are those that the environment's settings are of.
func (e *Environment) providers() []provider {
	return []provider{{awsPrefix, "AWS", &e.Aws}, {azurePrefix, "Azure", &e.Azure}}
}

// fields are the types of the settings by key.
func (p provider) fields() map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	of := reflect.TypeOf(p.settings).Elem()
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		fields[p.prefix+name] = of.Field(i).Type
	}
	return fields
}

// given are the settings that are set, by key.
func (p provider) given() (map[string]any, error) {
	text, err := json.Marshal(p.settings)
	if err != nil {
		return nil, err
	}
	var byName map[string]any
	if err := json.Unmarshal(text, &byName); err != nil {
		return nil, err
	}
	byKey := map[string]any{}
	for name, value := range byName {
		byKey[p.prefix+name] = value
	}
	return byKey, nil
}

// providerFields are the types of all providers' settings by key.
func providerFields() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for _, p := range (&Environment{}).providers() {
		maps.Copy(all, p.fields())
	}
	return all
}

// Load reads an environment from a Pulumi.<stack>.yaml file, as Parse does. A
// file that cannot be read gives an error that wraps the operating system's.
func Load(path string) (*Environment, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(data)
}

// Parse reads and validates the text of a Pulumi.<stack>.yaml file. The error is
// a problem.List with everything that is wrong, sorted by path.
//
// The values of underlay's secret settings are encrypted there; the
// environment's program asks the engine for them. Without an engine, see
// WithStandIns.
func Parse(data []byte) (*Environment, error) {
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, problem.List{{Rule: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	var problems problem.List
	for key, value := range file.Config {
		if ours(key) && !slices.Contains(secretKeys(), key) && encrypted(value) {
			problems.Addf(key, "", "set it with `pulumi config set` without --secret",
				"is encrypted; of underlay's settings only %s are secrets", strings.Join(secretKeys(), " and "))
			delete(file.Config, key)
		}
	}
	return newEnvironment(file.Config, problems)
}

// ours reports whether a setting is one that this project reads.
func ours(key string) bool {
	return slices.ContainsFunc([]string{Project + ":", awsPrefix, azurePrefix}, func(prefix string) bool {
		return strings.HasPrefix(key, prefix)
	})
}

// encrypted reports whether a setting is a secret of Pulumi's.
func encrypted(value any) bool {
	object, _ := value.(map[string]any)
	_, secure := object["secure"]
	return secure && len(object) == 1
}

// Run is the Pulumi program of this project: it reads the environment from the
// stack's configuration and deploys it.
func Run(ctx *pulumi.Context) error {
	env, err := fromContext(ctx)
	if err != nil {
		return err
	}
	return env.Program()(ctx)
}

// fromContext reads the environment from a running program's configuration,
// where every value is text.
func fromContext(ctx *pulumi.Context) (*Environment, error) {
	values := map[string]any{}
	for _, key := range append(slices.Sorted(maps.Keys(providerFields())), modelKey, specKey, allowReplacementKey) {
		if text, err := config.Try(ctx, key); err == nil {
			values[key] = text
		} else if !errors.Is(err, config.ErrMissingVar) {
			return nil, err
		}
	}
	for _, key := range secretKeys() {
		if text, ok := ctx.GetConfig(key); ok {
			values[key] = text
		}
		if ctx.IsConfigSecret(key) {
			values[key] = map[string]any{"secure": ""} // Program reads it
		}
	}
	return newEnvironment(values, nil)
}

// newEnvironment decodes and validates settings by key. The error is a
// problem.List with the given problems and all others.
func newEnvironment(values map[string]any, problems problem.List) (*Environment, error) {
	env, undecoded := decodeEnvironment(values)
	problems = append(problems, undecoded...)
	var invalid problem.List
	if env.Spec == nil {
		return nil, problems
	}
	if err := env.Validate(); err != nil && !errors.As(err, &invalid) {
		return nil, err
	}
	for _, p := range invalid {
		// A value that could not be decoded is not missing.
		covered := func(q *problem.Problem) bool { return q.Path == p.Path || strings.HasPrefix(p.Path, q.Path+".") }
		if !slices.ContainsFunc(problems, covered) {
			problems = append(problems, p)
		}
	}
	slices.SortStableFunc(problems, func(a, b *problem.Problem) int { return strings.Compare(a.Path, b.Path) })
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return env, nil
}

// structured returns a setting that is more than text as what it stands for:
// `pulumi config set` writes true, lists and objects as JSON text.
func structured(key string, value any) any {
	text, isText := value.(string)
	var meant any
	field := providerFields()[key]
	isName := key == modelKey || field != nil && field.Kind() == reflect.String
	if !isText || isName || json.Unmarshal([]byte(text), &meant) != nil {
		return value
	}
	return meant
}

// decode fills in the provider's settings from those by key.
func (p provider) decode(values map[string]any) problem.List {
	var problems problem.List
	own := map[string]any{}
	known := slices.Sorted(maps.Keys(p.fields()))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		switch name, is := strings.CutPrefix(key, p.prefix); {
		case is && !slices.Contains(known, key):
			problems.Addf(key, "", problem.DidYouMean(key, known), "is not a setting that underlay gives its %s provider", p.name)
		case is:
			own[name] = values[key]
		}
	}
	for _, q := range decode(own, p.settings) {
		q.Path = p.prefix + q.Path
		problems = append(problems, q)
	}
	return problems
}

// decodeEnvironment decodes settings by key. Settings of other namespaces are
// not ours to judge.
func decodeEnvironment(given map[string]any) (*Environment, problem.List) {
	var problems problem.List
	env := &Environment{}
	values := map[string]any{}
	for key, value := range given {
		values[key] = structured(key, value)
	}
	own := append(secretKeys(), modelKey, specKey, allowReplacementKey)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		switch {
		case slices.Contains(secretKeys(), key) && encrypted(values[key]):
			env.encrypted = append(env.encrypted, key)
		case slices.Contains(secretKeys(), key):
			env.encrypted = append(env.encrypted, key) // so that it is not missing as well
			problems.Addf(key, "", "set it with `pulumi config set --secret "+key+"`", "is a secret in plain text")
		case strings.HasPrefix(key, Project+":") && !slices.Contains(own, key):
			problems.Addf(key, "", problem.DidYouMean(key, own), "unknown key")
		}
	}
	for _, p := range env.providers() {
		problems = append(problems, p.decode(values)...)
	}
	var settings struct {
		Model            string `json:"model"`
		AllowReplacement bool   `json:"allowReplacement"`
	}
	for _, p := range decode(map[string]any{
		"model": values[modelKey], "allowReplacement": values[allowReplacementKey],
	}, &settings) {
		p.Path = Project + ":" + p.Path
		problems = append(problems, p)
	}
	env.AllowReplacement = settings.AllowReplacement

	known := models()
	spec, ok := known[settings.Model]
	switch {
	case settings.Model == "" && values[modelKey] == nil:
		spec = known[SharedAwsModel]
	case !ok && settings.Model != "":
		problems.Addf(modelKey, settings.Model, problem.DidYouMean(settings.Model, slices.Sorted(maps.Keys(known))),
			"is not a deployment model")
	}
	if spec == nil {
		return env, problems
	}
	env.Spec = spec
	return env, append(problems, decode(values[specKey], spec).Under(specKey)...)
}
