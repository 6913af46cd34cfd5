package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// The service deploys to the simulated cloud with the real engine.
func TestDeploy(t *testing.T) {
	cli, err := engine.Find(t.Context(), engine.Options{Tools: "../../tools", Progress: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	cloud, err := aws.New(aws.Options{})
	require.NoError(t, err)
	port, err := cloud.Serve(t.Context())
	require.NoError(t, err)

	var done int
	result, err := deploy(t.Context(), "customer-a", automation.Options{
		Pulumi:          cli,
		Backend:         "file://" + t.TempDir(),
		SecretsProvider: "passphrase",
		Env:             map[string]string{"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_HOME": t.TempDir()},
		Providers:       map[string]int{"aws": port},
		OnEvent: func(e automation.Event) {
			if e.Status == automation.StatusDone {
				done++
			}
		},
	})
	require.NoError(t, err)
	assert.Equal(t, result.Changes.Create, done-1, "an event for each resource; the stack is done twice")
	assert.Contains(t, result.Outputs["vpcId"], "vpc-")
	assert.Len(t, result.Outputs["endpointIds"], 16)
	assert.NotEmpty(t, cloud.Objects())
}
