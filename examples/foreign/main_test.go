package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

var update = flag.Bool("update", false, "rewrite network.json")

// network.json is what `pulumi stack export` writes of the deployed program.
func TestExport(t *testing.T) {
	cli, err := engine.Find(t.Context(), engine.Options{Tools: "../../tools", Progress: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	cloud, err := aws.New(aws.Options{})
	require.NoError(t, err)
	port, err := cloud.Serve(t.Context())
	require.NoError(t, err)
	backend := "file://" + t.TempDir()
	env := map[string]string{"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_HOME": t.TempDir()}
	_, err = automation.Up(t.Context(), automation.Stack{Project: "acme", Name: "production", Program: program}, automation.Options{
		Pulumi: cli, Backend: backend, SecretsProvider: "passphrase", Env: env, Providers: map[string]int{"aws": port},
	})
	require.NoError(t, err)

	vars := []string{"PULUMI_BACKEND_URL=" + backend}
	for key, value := range env {
		vars = append(vars, key+"="+value)
	}
	exported, stderr, _, err := cli.Run(t.Context(), t.TempDir(), nil, nil, nil, vars, "stack", "export", "--stack", "organization/acme/production")
	require.NoError(t, err, stderr)
	exported = everywhere(t, exported)
	if *update {
		require.NoError(t, os.WriteFile("network.json", []byte(exported), 0o644))
	}
	kept, err := os.ReadFile("network.json")
	require.NoError(t, err)
	assert.ElementsMatch(t, resources(t, exported), resources(t, string(kept)), "it differs; `go test ./examples/foreign -update` rewrites it")
}

// everywhere leaves out of an export what is of a machine and an hour.
func everywhere(t *testing.T, export string) string {
	t.Helper()
	var whole struct {
		Version    int `json:"version"`
		Deployment struct {
			Manifest  map[string]any   `json:"manifest"`
			Resources []map[string]any `json:"resources"`
		} `json:"deployment"`
	}
	require.NoError(t, json.Unmarshal([]byte(export), &whole))
	delete(whole.Deployment.Manifest, "time")
	for _, r := range whole.Deployment.Resources {
		for _, key := range []string{"created", "modified", "sourcePosition", "stackTrace"} {
			delete(r, key)
		}
	}
	text, err := json.MarshalIndent(whole, "", " ")
	require.NoError(t, err)
	return string(text) + "\n"
}

// resources lists an export's resources with their blocks.
func resources(t *testing.T, export string) []string {
	t.Helper()
	g, err := graph.Load(strings.NewReader(export))
	require.NoError(t, err)
	var all []string
	for _, r := range g.Resources {
		all = append(all, fmt.Sprint(r.URN, " ", r.Inputs["cidrBlock"], r.Inputs["routes"], r.Inputs["ingress"]))
	}
	return all
}
