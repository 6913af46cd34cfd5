package engine

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/stacks"
)

// An edit changes a loaded environment before it is deployed.
type edit func(*stacks.Environment, *stacks.SharedAws)

// environment returns the program of one of the repository's environments, as
// a stack of that name, with edits made to its configuration. The program is
// the one that main.go runs, and reads the configuration from the engine.
func environment(t framework.TB, name string, edits ...edit) program {
	t.Helper()
	env, err := stacks.Load("../../Pulumi." + name + ".yaml")
	require.NoError(t, err)
	spec, ok := env.Spec.(*stacks.SharedAws)
	require.True(t, ok)
	for _, edit := range edits {
		edit(env, spec)
	}
	return programOf(t, name, env)
}

// programOf returns the program of an environment that need not be valid.
func programOf(t framework.TB, stack string, env *stacks.Environment) program {
	t.Helper()
	values, err := env.Config()
	require.NoError(t, err)
	settings := config.Map{}
	for key, value := range values {
		parsed, err := config.ParseKey(key)
		require.NoError(t, err)
		settings[parsed] = config.NewValue(value)
	}
	return program{project: stacks.Project, stack: stack, config: settings, run: stacks.Run}
}

// inAws returns the URNs of AWS resources: those that are in the cloud, not
// only in the state.
func inAws(urns []resource.URN) []resource.URN {
	return slices.DeleteFunc(slices.Clone(urns), func(urn resource.URN) bool {
		return urn.Type().Package() != "aws"
	})
}

// requireClean asserts that the stack was deployed without a word.
func requireClean(t framework.TB, r result) {
	t.Helper()
	require.NoError(t, r.err, r.text())
	require.Empty(t, r.failed)
	require.Empty(t, r.diags)
}

// requireSame asserts that an operation succeeded and changed nothing.
func requireSame(t framework.TB, r result) {
	t.Helper()
	requireClean(t, r)
	for urn, ops := range r.steps {
		for _, op := range ops {
			require.Contains(t, []string{"same", "refresh"}, string(op), "%s", urn)
		}
	}
}

// requireOnly asserts that an operation did nothing but the given steps, and
// left the rest the same.
func requireOnly(t framework.TB, r result, ops ...string) {
	t.Helper()
	for urn, done := range r.steps {
		for _, op := range done {
			require.Contains(t, append(ops, "same"), string(op), "%s", urn)
		}
	}
}

// volatile is what differs between two clouds by the order of creation or by
// chance: ids that AWS chooses, single addresses (a block has a slash and
// stays), names made of them, and the random end of names that Pulumi chooses.
var volatile = regexp.MustCompile(strings.Join([]string{
	`\b[a-z]+(-[a-z]+)*-0[0-9a-f]{16}\b`,
	`"(\d+\.){3}\d+"`,
	`\bec2(-\d+){4}\b`,
	`\bZ[0-9A-F]{10,}\b`,
	`\bAROA[0-9A-Z]+\b`,
	`\b[0-9a-f]{16}\b`,
	`-[0-9a-f]{7,8}\b`,
}, "|"))

// contents returns what exists in the cloud in a form in which two clouds can
// be compared: each object by the URN that holds it, or by its id when no
// stack knows it, with every id replaced by the name of what it belongs to.
//
// With stacks named, it holds only their objects.
func (w *world) contents(t framework.TB, stacks ...string) map[string][]string {
	t.Helper()
	names := map[string]string{}
	w.mu.Lock()
	for stack, snapshot := range w.snapshots {
		if len(stacks) > 0 && !slices.Contains(stacks, stack) {
			continue
		}
		for _, state := range snapshot.Resources {
			if state.Custom && state.URN.Type().Package() == "aws" {
				names[string(state.ID)] = string(state.URN.Type().Name()) + " " + state.URN.Name()
			}
		}
	}
	w.mu.Unlock()
	ids := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, id := range ids {
		pairs = append(pairs, id, "<"+names[id]+">")
	}
	replacer := strings.NewReplacer(pairs...)
	plain := func(text string) string { return volatile.ReplaceAllString(replacer.Replace(text), "<>") }
	objects := w.aws.Objects()
	with := map[string]string{}
	for _, object := range objects {
		if object.With != "" {
			with[object.ID] = object.With
		}
	}
	contents := map[string][]string{}
	for _, object := range objects {
		owner, key := object.ID, ""
		for ; with[owner] != ""; owner = with[owner] {
			key = " " + object.Type
		}
		if len(stacks) > 0 && names[owner] == "" {
			continue
		}
		key = plain(owner) + key
		properties, err := json.MarshalIndent(object.Properties, "", " ")
		require.NoError(t, err)
		contents[key] = append(contents[key], plain(string(properties)))
		slices.Sort(contents[key])
	}
	return contents
}

// requireContents asserts that two clouds hold the same, and shows only what
// differs.
func requireContents(t framework.TB, want, got map[string][]string, about ...any) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), about...)
	for key := range want {
		require.Equal(t, key+strings.Join(want[key], "\n"), key+strings.Join(got[key], "\n"), about...)
	}
}

// requireInStep asserts that state and cloud tell of the same objects: nothing
// in the cloud is orphaned, nothing in the state is missing.
func (w *world) requireInStep(t framework.TB) {
	t.Helper()
	exist := map[string]bool{}
	for _, object := range w.aws.Objects() {
		if object.With == "" {
			exist[object.Type+" "+object.ID] = true // a queue's policies have its id
		}
	}
	for _, object := range w.azure.Objects() {
		if object.With == "" {
			exist[object.Type+" "+object.ID] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, snapshot := range w.snapshots {
		for _, state := range snapshot.Resources {
			inCloud := slices.Contains([]string{"aws", "azure-native"}, string(state.URN.Type().Package()))
			if !state.Custom || !inCloud || state.PendingReplacement {
				continue
			}
			key := string(state.Type) + " " + string(state.ID)
			require.True(t, exist[key], "%s is in the state, but %s is not in the cloud", state.URN, state.ID)
			delete(exist, key)
		}
	}
	require.Empty(t, slices.Sorted(maps.Keys(exist)), "in the cloud, but in no state")
}

// cidrs returns the blocks of the deployed subnets by name.
func (w *world) cidrs(stack string) map[string]string {
	blocks := map[string]string{}
	for _, state := range w.State(stack).Resources {
		if state.Type == "aws:ec2/subnet:Subnet" {
			blocks[state.URN.Name()] = state.Outputs["cidrBlock"].StringValue()
		}
	}
	return blocks
}
