package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block is a fenced block of a page.
type block struct{ language, text string }

func readme(t *testing.T) []block { return blocks(t, "../README.md") }

func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	var blocks []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		blocks = append(blocks, block{language: m[1], text: m[2]})
	}
	require.NotEmpty(t, blocks)
	return blocks
}

// The Go code of the README stands in an example, which its own test runs.
func TestReadmeShowsCodeOfTheExamples(t *testing.T) {
	var examples []string
	for _, file := range []string{"../examples/component/main.go", "../examples/service/main.go"} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		examples = append(examples, string(data))
	}
	shown := 0
	for _, b := range readme(t) {
		if b.language != "go" {
			continue
		}
		shown++
		assert.True(t, strings.Contains(strings.Join(examples, "\x00"), b.text), "in no example:\n%s", b.text)
	}
	assert.Equal(t, 2, shown)
}

// CI runs the README's test command.
func TestCIRunsTheReadmesTestCommand(t *testing.T) {
	ci, err := os.ReadFile("../.ci/run")
	require.NoError(t, err)
	blocks := readme(t)
	require.Contains(t, blocks[1].text, "go test")
	assert.Contains(t, string(ci), "\n"+blocks[1].text)
}

// Every command of the README and of the models' pages but the tests themselves
// runs as it is written, in a copy of the repository.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	all := readme(t)
	pages, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		all = append(all, blocks(t, page)...)
	}
	for _, b := range all {
		if b.language != "sh" || strings.Contains(b.text, "go test") {
			continue
		}
		for line := range strings.Lines(b.text) {
			line = strings.TrimSpace(line)
			t.Run(line, func(t *testing.T) {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
				cmd.Dir = dir
				output, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", output)
			})
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".underlay", "sandbox", ".pulumi", "stacks", "underlay", "*.json"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, ".underlay", "sandbox", ".pulumi", "stacks", "underlay", "dev.json")}, left,
		"dev is up; staging was destroyed")
}

// checkout copies what the repository holds to a new folder.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	list, err := exec.Command("git", "-C", "..", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	for file := range strings.Lines(string(list)) {
		file = strings.TrimSpace(file)
		data, err := os.ReadFile(filepath.Join("..", file))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		to := filepath.Join(dir, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, data, 0o644))
	}
	return dir
}
