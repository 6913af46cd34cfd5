package tests

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// block is a fenced block of a page.
type block struct {
	language, text string
	// generated is a block that a test writes.
	generated bool
}

func blocks(t testing.TB, page string) []block {
	t.Helper()
	text := readPage(t, page)
	generated := regexp.MustCompile(`(?s)<!-- (\S+): generated from the code -->.*?<!-- end of (\S+) -->`).FindAllStringIndex(text, -1)
	var blocks []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatchIndex(text, -1) {
		b := block{language: text[m[2]:m[3]], text: text[m[4]:m[5]]}
		for _, part := range generated {
			b.generated = b.generated || part[0] < m[0] && m[1] < part[1]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// CI runs the README's test command.
func TestCIRunsTheReadmesTestCommand(t *testing.T) {
	ci, err := os.ReadFile("../.ci/run")
	require.NoError(t, err)
	blocks := blocks(t, "../README.md")
	require.Contains(t, blocks[1].text, "go test")
	assert.Contains(t, string(ci), "\n"+blocks[1].text)
}

// step is a command of a page, with what the page shows of its output. A line "…"
// there stands for any lines.
type step struct {
	line  string
	shown []string
}

// steps returns the commands of a page in their order: those of sh blocks, which
// succeed, and those of console blocks that need nothing but the repository, whose
// output is shown.
func steps(t testing.TB, page string) []step {
	t.Helper()
	var all []step
	for _, b := range blocks(t, page) {
		lines := strings.Split(strings.TrimSpace(b.text), "\n")
		switch {
		case b.language == "sh" && !strings.Contains(b.text, "go test"):
			for _, line := range lines {
				all = append(all, step{line: line})
			}
		case b.language == "console" && strings.HasPrefix(b.text, "$ go run "):
			for _, line := range lines {
				if command, is := strings.CutPrefix(line, "$ "); is {
					all = append(all, step{line: command, shown: []string{}})
					continue
				}
				last := &all[len(all)-1]
				last.shown = append(last.shown, line)
			}
		}
	}
	return all
}

// fits reports whether the lines are those shown.
func fits(shown, lines []string) bool {
	if len(shown) == 0 {
		return len(lines) == 0
	}
	if shown[0] == "…" {
		return fits(shown[1:], lines) || len(lines) > 0 && fits(shown, lines[1:])
	}
	return len(lines) > 0 && strings.TrimRight(lines[0], " ") == shown[0] && fits(shown[1:], lines[1:])
}

// Every command of the pages but the tests themselves, and of the workflow that
// verify.md shows, runs as it is written, and prints what the page shows of it. A
// page runs from its first command to its last in a copy of the repository, as its
// reader would; pages run beside each other.
func TestCommands(t *testing.T) {
	t.Parallel()
	path := commands(t)
	of := map[string][]step{"workflow": workflow(t)}
	for _, page := range pages(t) {
		of[page] = steps(t, page)
	}
	// Stacks that the commands of a page leave deployed.
	left := map[string][]string{"../README.md": {"dev"}}
	for page, steps := range of {
		if len(steps) == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			for _, s := range steps {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", s.line)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
				output, err := cmd.CombinedOutput()
				if s.shown == nil {
					require.NoError(t, err, "%s\n%s", s.line, output)
					continue
				}
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					output = fmt.Appendf(output, "%s\n", exit) // as go run does
				} else {
					require.NoError(t, err, s.line)
				}
				assert.True(t, fits(s.shown, strings.Split(strings.TrimRight(string(output), "\n"), "\n")),
					"%s: %s prints\n%s", page, s.line, output)
			}
			states, err := filepath.Glob(filepath.Join(dir, ".underlay", "sandbox", ".pulumi", "stacks", "underlay", "*.json"))
			require.NoError(t, err)
			var deployed []string
			for _, state := range states {
				deployed = append(deployed, strings.TrimSuffix(filepath.Base(state), ".json"))
			}
			assert.Equal(t, left[page], deployed)
		})
	}
}

// commands returns a folder with the commands that the pages use. There "go run
// ./cmd/underlay" runs the program as it is built once, from this checkout: to
// link it for each command, and compile it anew in each copy, takes most of the
// time that a reader waits. Any other use of go is go's.
func commands(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "underlay")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/underlay").CombinedOutput()
	require.NoError(t, err, "%s", output)
	compiler, err := exec.LookPath("go")
	require.NoError(t, err)
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1 $2\" = 'run ./cmd/underlay' ]; then shift 2; exec '%s' \"$@\"; fi\nexec '%s' \"$@\"\n", program, compiler)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go"), []byte(script), 0o755))
	return folder
}

// workflow returns the commands of the workflow for continuous integration, for
// each stack of its matrix.
func workflow(t *testing.T) []step {
	t.Helper()
	data, err := os.ReadFile("../examples/verify/github-actions.yml")
	require.NoError(t, err)
	var file struct {
		Jobs map[string]struct {
			Strategy struct{ Matrix map[string][]string }
			Steps    []struct{ Run string }
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &file))
	job := file.Jobs["verify"]
	var steps []step
	for _, stack := range job.Strategy.Matrix["stack"] {
		for _, run := range job.Steps {
			if run.Run != "" {
				steps = append(steps, step{line: strings.ReplaceAll(run.Run, "${{ matrix.stack }}", stack)})
			}
		}
	}
	require.Len(t, steps, 2)
	return steps
}

// The requirements and the workflow that the page on verifying shows are the
// examples.
func TestVerifyPageShowsTheExamples(t *testing.T) {
	text := readPage(t, "../docs/verify.md")
	for _, example := range []string{"requirements.yaml", "github-actions.yml"} {
		data, err := os.ReadFile("../examples/verify/" + example)
		require.NoError(t, err)
		assert.Contains(t, text, "```yaml\n"+string(data)+"```\n", example)
	}
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
