package tests

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// The page shows the example's requirements, and every command of the example's
// workflow runs as it is written, for each stack of its matrix, in a copy of the
// repository.
func TestVerifyDocs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/verify.md")
	require.NoError(t, err)
	dir := checkout(t)
	// The requirements that the page shows are those of the example.
	example, err := os.ReadFile("../examples/verify/requirements.yaml")
	require.NoError(t, err)
	assert.Contains(t, string(data), "```yaml\n"+string(example)+"```\n")

	data, err = os.ReadFile("../examples/verify/github-actions.yml")
	require.NoError(t, err)
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct{ Matrix map[string][]string }
			Steps    []struct{ Run string }
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &workflow))
	ran := 0
	job := workflow.Jobs["verify"]
	for _, stack := range job.Strategy.Matrix["stack"] {
		for _, step := range job.Steps {
			if step.Run != "" {
				ran++
				run(t, dir, strings.ReplaceAll(step.Run, "${{ matrix.stack }}", stack))
			}
		}
	}
	assert.Equal(t, 2, ran)
}

// run runs a command of a document.
func run(t *testing.T, dir, line string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", line, output)
}
