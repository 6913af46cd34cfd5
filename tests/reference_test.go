package tests

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// reference is the page of a deployment model, docs/<model>.md.
type reference struct {
	spec reflect.Type
	// providers are the settings that the page has of the clouds' providers, by
	// their prefix.
	providers map[string]reflect.Type
	// differs are the defaults that a key has in this model alone, by path.
	differs map[string]string
}

// refused says in place of a default that the model does not take the key.
const refused = "refused"

// references are the pages by model.
func references() map[string]reference {
	return map[string]reference{
		"shared-aws": {
			spec:      reflect.TypeFor[stacks.SharedAws](),
			providers: map[string]reflect.Type{"aws": reflect.TypeFor[stacks.Aws]()},
		},
		"aoscloud": {
			spec:    reflect.TypeFor[stacks.AosCloud](),
			differs: map[string]string{"vpc.endpoints.preset": "`aoscloud`"},
		},
		"dedicated-aws": {
			spec: reflect.TypeFor[stacks.DedicatedAws](),
			differs: map[string]string{
				"dataPlane.egress":                           "`isolated`",
				"dataPlane.connectivity":                     "`privatelink`",
				"dataPlane.nat":                              refused,
				"controlPlaneEndpoints.preset":               "`aws-control-plane`",
				"dataPlaneEndpoints.preset":                  "`aws-data-plane`",
				"bridge.peerAccountId":                       "the only one of the control plane's `allowedAccountIds`",
				"bridge.peerRole":                            refused,
				"bridge.peerRoleArns":                        required,
				"controlPlane.zoneIds":                       "required with `service`",
				"dataPlane.zoneIds":                          "required with `service`",
				"controlPlane.account.allowedAccountIds":     "any; one with `centralEndpoints`",
				"centralEndpoints.account.allowedAccountIds": required,
				"cognito.dedicatedControlPlane":              "`true`",
				"cognito.networkFirewall":                    refused,
			},
		},
		"shared-azure": {
			spec:      reflect.TypeFor[stacks.SharedAzure](),
			providers: map[string]reflect.Type{"azure-native": reflect.TypeFor[stacks.Azure]()},
			differs: map[string]string{
				"cluster.egress":         refused,
				"cluster.egressIps":      refused,
				"cluster.reachableCidrs": refused,
				"cluster.model":          "`podSubnet` where there is a subnet `pods`, else `overlay`",
			},
		},
		"aks-landing-zone": {
			spec: reflect.TypeFor[stacks.AksLandingZone](),
			differs: map[string]string{
				"hub.aks":                       refused,
				"spoke.egress":                  "`customerFirewall`",
				"spoke.publicAddresses":         refused,
				"spoke.firewall":                "the hub's",
				"spoke.firewall.privateIp":      refused,
				"spoke.firewall.controlPlaneIp": refused,
				"spoke.firewall.egressIps":      refused,
				"cluster.egress":                refused,
				"cluster.egressIps":             refused,
				"cluster.reachableCidrs":        refused,
				"cluster.model":                 "`podSubnet` where there is a subnet `pods`, else `overlay`",
				"cluster.api.access":            "`privateOwnZone`",
				"cluster.pools[].vmSize":        required,
				"privateEndpoints.services":     "required, with `aks` among them for the API server's zone",
				"cluster.api.privateZone":       "`privatelink.<location>.azmk8s.io` with `privateOwnZone`",
			},
		},
	}
}

// settings are the model's settings as they are there.
func (r reference) settings(t testing.TB) []setting {
	t.Helper()
	all := settings(t, r.spec)
	for path, fallback := range r.differs {
		i := slices.IndexFunc(all, func(s setting) bool { return s.path == path })
		require.GreaterOrEqual(t, i, 0, path)
		all[i].fallback = fallback
	}
	return slices.DeleteFunc(all, func(s setting) bool {
		for path, fallback := range r.differs {
			if below, is := strings.CutPrefix(s.path, path); is && fallback == refused && below != "" && strings.ContainsAny(below[:1], ".[") {
				return true
			}
		}
		return false
	})
}

// The parts of the models' pages that stand between two comments are what the
// code says: the settings, and the requirements with the verdicts on the
// repository's environments.
func TestReferencePages(t *testing.T) {
	for model, r := range references() {
		t.Run(model, func(t *testing.T) {
			page := filepath.Join("..", "docs", model+".md")
			data, err := os.ReadFile(page)
			require.NoError(t, err)
			text := string(data)
			for prefix, of := range r.providers {
				text = generated(t, text, prefix, providerTable(prefix, settings(t, of)))
			}
			text = generated(t, text, "settings", settingsTables(r.settings(t)))
			text = generated(t, text, "requirements", requirementsTable(t, model))
			if model == "shared-aws" {
				text = generated(t, text, "presets", presetsTable(t))
			}
			assertCurrent(t, page, string(data), text)
		})
	}
}

// assertCurrent asserts that a page is what it should be, or makes it so.
func assertCurrent(t *testing.T, page, is, should string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(should), 0o644))
		return
	}
	assert.True(t, is == should, "%s differs from the code; `go test ./tests -update` rewrites it", page)
}

// generated puts a text between the comments that name it.
func generated(t testing.TB, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- "+name+": generated from the code -->\n", "<!-- end of "+name+" -->\n"
	before, rest, found := strings.Cut(page, begin)
	require.True(t, found, "the page lacks the comment %q", begin)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, "the page lacks the comment %q", end)
	return before + begin + "\n" + text + "\n" + end + after
}

// providerTable has the settings of a cloud's provider.
func providerTable(prefix string, all []setting) string {
	var out strings.Builder
	out.WriteString("| key | type | meaning | default |\n| --- | --- | --- | --- |\n")
	for _, s := range all {
		fmt.Fprintf(&out, "| `%s:%s` | %s | %s | %s |\n", prefix, s.path, s.kind, s.meaning, s.fallback)
	}
	return out.String()
}

// settingsTables have the settings of a model: a table of the keys at the top of
// its spec, and one for each of these that has keys of its own.
func settingsTables(all []setting) string {
	var out strings.Builder
	table := func(rows []setting, under string) {
		out.WriteString("| key | type | meaning | default |\n| --- | --- | --- | --- |\n")
		var not []string
		for _, s := range rows {
			name := "`" + strings.TrimPrefix(s.path, under) + "`"
			if s.fallback == refused {
				not = append(not, name)
				continue
			}
			if under == "" && s.object {
				name = fmt.Sprintf("[%s](#%s)", name, strings.ToLower(s.path))
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", name, s.kind, s.meaning, s.fallback)
		}
		if len(not) > 0 {
			fmt.Fprintf(&out, "\nRefused in this model: %s.\n", strings.Join(not, ", "))
		}
	}
	var top []setting
	below := map[string][]setting{}
	for _, s := range all {
		if first, _, deeper := strings.Cut(s.path, "."); deeper {
			below[first] = append(below[first], s)
		} else {
			top = append(top, s)
		}
	}
	table(top, "")
	for _, s := range top {
		if len(below[s.path]) > 0 {
			fmt.Fprintf(&out, "\n### %s\n\n", s.path)
			table(below[s.path], s.path+".")
		}
	}
	return out.String()
}

// presetsTable has the services of each preset of interface endpoints.
func presetsTable(t testing.TB) string {
	t.Helper()
	facts, err := catalog.Load()
	require.NoError(t, err)
	var out strings.Builder
	out.WriteString("| preset | services |\n| --- | --- |\n")
	for _, preset := range facts.EndpointPresets() {
		fmt.Fprintf(&out, "| `%s` | %d: %s |\n", preset.Name, len(preset.Services), strings.Join(preset.Services, ", "))
	}
	return out.String()
}

// repository are the environments of the repository by model, each by its stack.
func repository(t testing.TB) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("../Pulumi.*.yaml")
	require.NoError(t, err)
	byModel := map[string]map[string]string{}
	for _, file := range files {
		env, err := stacks.Load(file)
		require.NoError(t, err)
		model := env.Spec.Model()
		if byModel[model] == nil {
			byModel[model] = map[string]string{}
		}
		byModel[model][strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")] = file
	}
	return byModel
}

// requirementsTable has the requirements of a model, with the verdicts on the
// repository's environments.
func requirementsTable(t testing.TB, model string) string {
	t.Helper()
	environments := repository(t)[model]
	graphs := map[string]*graph.Graph{}
	for stack, file := range environments {
		graphs[stack] = record(t, stack, file)
	}
	stacks := slices.Sorted(maps.Keys(environments))
	results := map[string]map[string]requirements.Result{} // by id, then stack
	for _, stack := range stacks {
		in := requirements.Input{Graph: graphs[stack], Model: model}
		for _, other := range stacks {
			if other != stack {
				in.Siblings = append(in.Siblings, graphs[other])
			}
		}
		found, err := requirements.Verify(in)
		require.NoError(t, err)
		for _, result := range found {
			if results[result.ID] == nil {
				results[result.ID] = map[string]requirements.Result{}
			}
			results[result.ID][stack] = result
		}
	}
	words := map[requirements.Verdict]string{
		requirements.Proven: "proven", requirements.Unknown: "unknown", requirements.NotApplicable: "–",
	}
	var out strings.Builder
	var open []string // reasons, in order
	ids, in := map[string][]string{}, map[string][]string{}
	fmt.Fprintf(&out, "| id | requirement | asked for by | `%s` |\n", strings.Join(stacks, "` | `"))
	out.WriteString("| --- | --- | --- |" + strings.Repeat(" --- |", len(stacks)) + "\n")
	for _, r := range requirements.All() {
		if !slices.Contains(r.Models, model) {
			continue
		}
		fmt.Fprintf(&out, "| %s | %s | %s |", r.ID, r.Title, strings.Join(sections(r), "; "))
		for _, stack := range stacks {
			result := results[r.ID][stack]
			word, known := words[result.Verdict]
			require.True(t, known, "%s of %s is %s", r.ID, stack, result.Verdict)
			fmt.Fprintf(&out, " %s |", word)
			if result.Verdict == requirements.Unknown {
				open = append(open, result.Reason)
				ids[result.Reason] = append(ids[result.Reason], r.ID)
				in[result.Reason] = append(in[result.Reason], "`"+stack+"`")
			}
		}
		out.WriteString("\n")
	}
	if len(open) > 0 {
		out.WriteString("\nWhat is unknown, and why:\n\n")
	}
	for i, reason := range open {
		if slices.Index(open, reason) == i {
			list := func(all []string) string {
				return strings.Join(slices.Compact(slices.Sorted(slices.Values(all))), ", ")
			}
			fmt.Fprintf(&out, "- %s in %s: %s.\n", list(ids[reason]), list(in[reason]), strings.TrimSuffix(reason, "."))
		}
	}
	return out.String()
}

// sections are the sections of the documents that ask for a requirement.
func sections(r requirements.Requirement) []string {
	var all []string
	last := ""
	for _, source := range r.Sources {
		if source.Document == last {
			all[len(all)-1] += "; " + source.Section
			continue
		}
		all = append(all, source.String())
		last = source.Document
	}
	return all
}

// configuration is the content of an environment's file, for a test to change.
type configuration map[string]any

func readConfiguration(t testing.TB, file string) configuration {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var content struct{ Config map[string]any }
	require.NoError(t, yaml.Unmarshal(data, &content))
	return content.Config
}

// at returns the mapping for the last key of a setting's path, that key, and the
// path as messages have it: of several entries the first. What is missing on the
// way is made.
func (c configuration) at(path string) (object map[string]any, key, place string) {
	place = "underlay:spec"
	object = c[place].(map[string]any)
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		name, isList := strings.CutSuffix(part, "[]")
		if name == "*" {
			name = "nodes" // a role, and for what has names of its own a name
			if len(object) > 0 {
				name = slices.Sorted(maps.Keys(object))[0]
			}
		}
		place += "." + name
		if isList {
			place += "[0]"
			list, _ := object[name].([]any)
			if len(list) == 0 {
				list = []any{map[string]any{}}
				object[name] = list
			}
			object = list[0].(map[string]any)
			continue
		}
		below, _ := object[name].(map[string]any)
		if below == nil {
			below = map[string]any{}
			object[name] = below
		}
		object = below
	}
	key = parts[len(parts)-1]
	return object, key, place + "." + key
}

// parsed returns the environment, or what is wrong with it.
func (c configuration) parsed(t testing.TB) (*stacks.Environment, problem.List) {
	t.Helper()
	data, err := yaml.Marshal(map[string]any{"config": map[string]any(c)})
	require.NoError(t, err)
	env, err := stacks.Parse(data)
	var problems problem.List
	if !errors.As(err, &problems) {
		require.NoError(t, err)
	}
	return env, problems
}

// built returns what the configuration builds, or what is wrong with it.
func (c configuration) built(t testing.TB) (string, problem.List) {
	t.Helper()
	env, problems := c.parsed(t)
	if len(problems) > 0 {
		return "", problems
	}
	g, err := graph.Record(t.Context(), stacks.Project, "settings", nil, env.WithStandIns().Program())
	require.NoError(t, err)
	return render(g), nil
}

// What the pages say of the keys holds: a default builds what leaving the key out
// builds, a required key is missed, and a refused one is refused.
func TestSettingsAreWhatTheCodeDoes(t *testing.T) {
	t.Parallel()
	files := map[string][]string{}
	more, err := filepath.Glob("testdata/settings/*.yaml")
	require.NoError(t, err)
	for _, file := range append(slices.Sorted(maps.Values(environments(t))), more...) {
		env, err := stacks.Load(file)
		require.NoError(t, err, file)
		files[env.Spec.Model()] = append(files[env.Spec.Model()], file)
	}
	for model, r := range references() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			for _, s := range r.settings(t) {
				literal, isLiteral := s.literal()
				switch {
				case s.fallback == required:
					assertMissed(t, files[model], s)
				case s.fallback == refused:
					assertRefused(t, files[model], s)
				case isLiteral:
					assertDefault(t, files[model], s, literal)
				case strings.HasPrefix(s.fallback, required):
					// It depends, on what the words say.
				default:
					assertOptional(t, files[model], s)
				}
			}
		})
	}
}

// assertMissed asserts that some configuration without the key has a problem there.
func assertMissed(t *testing.T, files []string, s setting) {
	t.Helper()
	for _, file := range files {
		c := readConfiguration(t, file)
		object, key, place := c.at(s.path)
		delete(object, key)
		_, problems := c.parsed(t)
		for _, p := range problems {
			if p.Path == place || s.object && strings.HasPrefix(p.Path, place+".") {
				return
			}
		}
	}
	assert.Fail(t, "is not required", s.path)
}

// assertOptional asserts that some configuration without the key has no problem
// there.
func assertOptional(t *testing.T, files []string, s setting) {
	t.Helper()
	for _, file := range files {
		c := readConfiguration(t, file)
		object, key, place := c.at(s.path)
		delete(object, key)
		_, problems := c.parsed(t)
		if !slices.ContainsFunc(problems, func(p *problem.Problem) bool { return p.Path == place }) {
			return
		}
	}
	assert.Fail(t, "is required", s.path)
}

// assertRefused asserts that every configuration with the key has a problem there.
func assertRefused(t *testing.T, files []string, s setting) {
	t.Helper()
	value := map[string]any{
		kindText: "10.10.0.4", kindObject: map[string]any{}, "list of text": []any{"192.0.2.1"},
	}[s.kind]
	require.NotNil(t, value, s.kind)
	tried := false
	for _, file := range files {
		c := readConfiguration(t, file)
		object, key, place := c.at(s.path)
		if _, problems := c.parsed(t); len(problems) > 0 {
			continue
		}
		tried = true
		object[key] = value
		_, problems := c.parsed(t)
		assert.True(t, slices.ContainsFunc(problems, func(p *problem.Problem) bool {
			return p.Path == place || strings.HasPrefix(p.Path, place+"[")
		}), "%s is not refused in %s: %v", s.path, file, problems)
	}
	assert.True(t, tried, "no configuration has %s", s.path)
}

// assertDefault asserts that the value builds what leaving the key out builds, in
// each configuration that can do without.
func assertDefault(t *testing.T, files []string, s setting, value any) {
	t.Helper()
	tried := false
	for _, file := range files {
		c := readConfiguration(t, file)
		object, key, place := c.at(s.path)
		delete(object, key)
		without, problems := c.built(t)
		if len(problems) > 0 {
			continue
		}
		object[key] = value
		with, problems := c.built(t)
		if slices.ContainsFunc(problems, func(p *problem.Problem) bool { return p.Path == place }) {
			continue // the key goes with another choice than this configuration's
		}
		tried = true
		assert.Empty(t, problems, "%s in %s", s.path, file)
		assert.True(t, with == without, "%s: %v is not the default in %s", s.path, value, file)
	}
	assert.True(t, tried, "no configuration is without %s", s.path)
}
