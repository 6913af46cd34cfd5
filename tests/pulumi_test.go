package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// pulumiCLI runs the plain Pulumi command line in a checkout, as a user would who
// has Pulumi, with the simulated cloud in place of an account.
type pulumiCLI struct {
	t    *testing.T
	path string
	dir  string
	env  []string
}

func newPulumi(t *testing.T, cloud *aws.Cloud) *pulumiCLI {
	t.Helper()
	options := engine.Options{Tools: "../tools", Progress: func(line string) { t.Log(line) }}
	host, err := engine.LanguageHost(t.Context(), options)
	require.NoError(t, err)
	port, err := cloud.Serve(t.Context())
	require.NoError(t, err)
	return &pulumiCLI{t: t, path: filepath.Join(host, "pulumi"), dir: checkout(t), env: append(os.Environ(),
		"PATH="+host+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"PULUMI_HOME="+t.TempDir(),
		"PULUMI_BACKEND_URL=file://"+t.TempDir(),
		"PULUMI_CONFIG_PASSPHRASE=test",
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		fmt.Sprintf("PULUMI_DEBUG_PROVIDERS=aws:%d", port),
	)}
}

// run runs one command and returns what it prints.
func (p *pulumiCLI) run(args ...string) (string, error) {
	cmd := exec.CommandContext(p.t.Context(), p.path, append(args, "--non-interactive", "--color=never")...)
	cmd.Dir, cmd.Env = p.dir, p.env
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func (p *pulumiCLI) must(args ...string) string {
	p.t.Helper()
	output, err := p.run(args...)
	require.NoError(p.t, err, "pulumi %s\n%s", strings.Join(args, " "), output)
	return output
}

// deployed returns the graph that `pulumi stack export` shows.
func (p *pulumiCLI) deployed(stack string) *graph.Graph {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "export.json")
	p.must("stack", "export", "-s", stack, "--file", file)
	data, err := os.Open(file)
	require.NoError(p.t, err)
	defer data.Close()
	g, err := graph.Load(data)
	require.NoError(p.t, err)
	return g
}

// A user with Pulumi and a backend of their own gets from `pulumi up -s dev` what
// the preview in this process shows.
func TestPlainPulumiUp(t *testing.T) {
	t.Parallel()
	cloud, err := aws.New(aws.Options{})
	require.NoError(t, err)
	p := newPulumi(t, cloud)
	p.must("stack", "init", "dev")
	p.must("up", "-s", "dev", "--yes", "--skip-preview")
	again := p.must("up", "-s", "dev", "--yes", "--expect-no-changes")
	assert.Contains(t, again, "unchanged")

	assert.ElementsMatch(t, planned(record(t, "dev", "../Pulumi.dev.yaml")), planned(p.deployed("dev")))

	// The external id of a support role is a secret of the stack: the role has
	// it, and the state has no plain text of it.
	const externalID = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"
	file := filepath.Join(p.dir, "Pulumi.dev.yaml")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	role := `    supportRole: {name: support, trustedPrincipalArns: ["arn:aws:iam::444455556666:role/engineers"]}` + "\n"
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(data), "    connector:\n", role+"    connector:\n", 1)), 0o644))
	p.must("config", "set", "--secret", "-s", "dev", "underlay:supportExternalId", externalID)
	p.must("up", "-s", "dev", "--yes", "--skip-preview")
	p.must("up", "-s", "dev", "--yes", "--expect-no-changes")
	assert.NotContains(t, p.must("stack", "export", "-s", "dev"), externalID)
	trusts := 0
	for _, object := range cloud.Objects() {
		if policy, ok := object.Properties["assumeRolePolicy"].(string); ok && strings.Contains(policy, externalID) {
			trusts++
		}
	}
	assert.Equal(t, 1, trusts)

	p.must("destroy", "-s", "dev", "--yes", "--skip-preview")
	assert.Empty(t, cloud.Objects(), "nothing is left")
}

// planned lists the resources with the inputs that hold no id of the cloud's.
func planned(g *graph.Graph) []string {
	var list []string
	for _, r := range g.Resources {
		if r.Type == "pulumi:providers:pulumi" {
			continue // the engine's own, for the look at what is deployed
		}
		line := r.Type + " " + r.Name
		for _, key := range []string{"cidrBlock", "availabilityZone", "destinationCidrBlock", "serviceName", "region"} {
			if v, ok := r.Inputs[resource.PropertyKey(key)]; ok && v.IsString() {
				line += " " + key + "=" + v.StringValue()
			}
		}
		for _, dependency := range slices.Sorted(slices.Values(r.Dependencies)) {
			line += " → " + dependency
		}
		list = append(list, line)
	}
	return list
}

// A bad configuration is refused by plain Pulumi too: every problem, no stack
// trace, nothing registered.
func TestPlainPulumiUpRefusesABadConfiguration(t *testing.T) {
	t.Parallel()
	cloud, err := aws.New(aws.Options{})
	require.NoError(t, err)
	p := newPulumi(t, cloud)
	file := filepath.Join(p.dir, "Pulumi.dev.yaml")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	bad := strings.NewReplacer("10.20.0.0/16", "10.20.0.1/16", "eu-west-1c", "eu-central-1c").Replace(string(data))
	require.NoError(t, os.WriteFile(file, []byte(bad), 0o644))

	p.must("stack", "init", "dev")
	output, err := p.run("up", "-s", "dev", "--yes", "--skip-preview")
	require.Error(t, err)
	assert.Contains(t, output, "underlay:spec.dataPlane.vpcCidr: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16")
	assert.Contains(t, output, "underlay:spec.dataPlane.zones[2]: eu-central-1c: is not an availability zone of eu-west-1")
	assert.NotContains(t, output, "goroutine")
	assert.Empty(t, cloud.Objects())
}
