package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation/engine"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"underlay": main, "broken": broken})
}

// broken copies an exported graph and adds a route by which pods reach the
// internet: broken FROM TO.
func broken() {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	data, err := os.ReadFile(os.Args[1])
	must(err)
	var document map[string]any
	must(json.Unmarshal(data, &document))
	deployment := document["deployment"].(map[string]any)
	resources := deployment["resources"].([]any)
	find := func(name string) map[string]any {
		for _, r := range resources {
			if r := r.(map[string]any); strings.HasSuffix(r["urn"].(string), name) {
				return r
			}
		}
		log.Fatalf("no resource %s", name)
		return nil
	}
	inputs := map[string]any{
		"routeTableId": find("RouteTable::net-pods")["id"], "destinationCidrBlock": "0.0.0.0/0",
		"gatewayId": find("InternetGateway::net-igw")["id"],
	}
	urn := "urn:pulumi:dev::underlay::aws:ec2/route:Route::way-out"
	deployment["resources"] = append(resources, map[string]any{
		"urn": urn, "id": urn, "type": "aws:ec2/route:Route", "custom": true, "inputs": inputs, "outputs": inputs,
		"provider": find("RouteTable::net-pods")["provider"],
	})
	data, err = json.Marshal(document)
	must(err)
	must(os.WriteFile(os.Args[2], data, 0o644))
}

// The scripts of testdata read as documentation of the command line: each runs
// in a folder with the repository's own Pulumi files.
func TestScripts(t *testing.T) {
	cache := buildEngine(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			return copyProject(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"field": field,
		},
	})
}

// buildEngine builds the engine if need be, and returns the cache it is in.
func buildEngine(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	_, err = engine.Find(t.Context(), engine.Options{Tools: "../../tools", Progress: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	return cache
}

// copyProject copies the repository's own Pulumi files to a folder.
func copyProject(to string) error {
	files, err := filepath.Glob("../../Pulumi*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// exits runs a command and checks its exit code: exits 2 underlay preview bad.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil && !errors.Is(err, context.Canceled) {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// field checks fields of the JSON object on standard output:
// field changes.create 56.
func field(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for _, key := range filepath.SplitList(args[0]) {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	text, err := json.Marshal(value)
	ts.Check(err)
	if (string(text) == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], text)
	}
}

// Each environment of the repository comes up whole on simulated clouds, has nothing to
// do after that, and goes without a trace.
func TestLives(t *testing.T) {
	buildEngine(t)
	dir := t.TempDir()
	require.NoError(t, copyProject(dir))
	stacks := stackNames(dir)
	require.GreaterOrEqual(t, len(stacks), 8)
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			before := 0
			for _, step := range []struct{ operation, kind string }{{"up", "create"}, {"up", "same"}, {"destroy", "delete"}} {
				cmd := exec.CommandContext(t.Context(), "underlay", step.operation, stack, "--sandbox", "--json")
				cmd.Dir = dir
				stdout, err := cmd.Output()
				require.NoError(t, err, "%s: %s", step.operation, stdout)
				var result struct{ Changes map[string]int }
				require.NoError(t, json.Unmarshal(stdout, &result))
				n := result.Changes[step.kind]
				for kind, others := range result.Changes {
					assert.True(t, kind == step.kind || others == 0, "%s: %v", step.operation, result.Changes)
				}
				assert.True(t, n > 0 && (n == before || before == 0), "%s: %v after %d", step.operation, result.Changes, before)
				before = n
			}
			left, err := filepath.Glob(filepath.Join(dir, ".underlay", "sandbox", stack+".*"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}
