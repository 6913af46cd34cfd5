package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/terminal"
)

// commands are those that do something, by their path: "underlay preview".
func commands() []*cobra.Command {
	return slices.DeleteFunc(newRoot(terminal.Style{}).Commands(), func(cmd *cobra.Command) bool { return !cmd.Runnable() })
}

// Every command says what it does, in a sentence and in a paragraph, and shows how.
func TestHelp(t *testing.T) {
	assert.Len(t, commands(), 15)
	for _, cmd := range append(commands(), newRoot(terminal.Style{})) {
		assert.Regexp(t, `^[A-Z].*[^.]$`, cmd.Short, cmd.Name())
		assert.Regexp(t, `^[A-Z][^\n]+\n`, cmd.Long, cmd.Name())
		assert.NotEmpty(t, cmd.Example, cmd.Name())
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if strings.Contains(line, "urn:") {
				continue
			}
			assert.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), 100, "%s: %s", cmd.Name(), line)
		}
	}
}

// examples are the command lines of a command's help.
func examples(cmd *cobra.Command) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(cmd.Example, "\\\n", "")) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// The examples of the help run as they stand, but for those that want a cloud
// account or a browser.
func TestExamples(t *testing.T) {
	buildEngine(t)
	folder := t.TempDir()
	require.NoError(t, copyProject(folder))
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
	}
	dev, err := os.ReadFile("../../Pulumi.dev.yaml")
	require.NoError(t, err)
	write("customers/Pulumi.acme.yaml", string(dev), 0o644)
	write("proposal.yaml", string(dev), 0o644)
	write("ours.yaml", "requirements:\n  - {id: ACME-1, from: nodes, to: internet, packet: tcp/443, expect: only-via, via: nat}\n", 0o644)
	shell(t, folder, "underlay preview dev --export graph.json && cp graph.json before.json && cp graph.json after.json", 0)
	shell(t, folder, "underlay up dev --sandbox", 0)
	// A Pulumi that has deployed dev.
	write("bin/pulumi", "#!/bin/sh\ncat graph.json\n", 0o755)

	var ran, not []string
	for _, cmd := range append(commands(), newRoot(terminal.Style{})) {
		for _, line := range examples(cmd) {
			words := strings.Fields(line)
			deploys := slices.Contains([]string{"up", "refresh", "destroy", "handover"}, words[1]) && !slices.Contains(words, "--sandbox")
			if deploys || words[1] == "serve" {
				not = append(not, line)
				continue
			}
			ran = append(ran, line)
			t.Run(line, func(t *testing.T) {
				dir := t.TempDir()
				require.NoError(t, os.CopyFS(dir, os.DirFS(folder)))
				// 1 and 3 are answers, too.
				shell(t, dir, line, 0, 1, 3)
			})
		}
	}
	assert.Greater(t, len(ran), 25)
	assert.Equal(t, []string{
		"underlay destroy staging",
		"underlay handover staging --json > for-the-vendor.json",
		"underlay refresh staging",
		"underlay serve",
		"underlay serve --addr 127.0.0.1:9000",
		"underlay up staging",
		"underlay up acme --config-file customers/Pulumi.acme.yaml --json",
	}, not)
}

// shell runs a line in a folder and checks its exit code.
func shell(t *testing.T, dir, line string, codes ...int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	if line == "underlay init acme" {
		cmd.Stdin = strings.NewReader("\neu-west-1\n") // the rest is as proposed
	}
	out, err := cmd.CombinedOutput()
	require.NotNil(t, cmd.ProcessState, err)
	assert.Contains(t, codes, cmd.ProcessState.ExitCode(), "%s\n%s", line, out)
}

// The topic on JSON has the fields of every document, in their order.
func TestJSONTopic(t *testing.T) {
	t.Chdir("../..")
	topic := newJSONTopic().Long
	// A command's lines, up to the next name in the same column.
	entry := func(name string) string {
		match := regexp.MustCompile(`(?m)^  ` + name + `\s+((?:.*\n)(?:            .*\n)*)`).FindStringSubmatch(topic)
		require.NotNil(t, match, name)
		return strings.Join(strings.Fields(match[1]), " ")
	}
	for _, c := range []struct {
		line, name string
		code       int
	}{
		{"preview dev", "preview", exitDone},
		{"verify --stack dev", "verify", exitDone},
		{"reach --stack dev --from internet --to 10.20.0.0/18", "reach", exitFailed},
		{"cost dev", "cost", exitDone},
		{"diff dev staging", "diff", exitFailed},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), append(strings.Fields(c.line), "--json"), &stdout, &stderr), c.line)
		assert.Empty(t, stderr.String())
		assert.True(t, strings.HasPrefix(entry(c.name), strings.Join(keys(t, stdout.Bytes()), ", ")), "%s: %s", c.name, keys(t, stdout.Bytes()))
	}
	for name, document := range map[string]any{"init": initResult{}, "doctor": doctorResult{}} {
		data, err := json.Marshal(document)
		require.NoError(t, err)
		assert.Equal(t, strings.Join(keys(t, data), ", "), entry(name))
	}
	assert.Equal(t, "operation, stack, changes, outputs, seconds", entry("up, refresh, destroy"))
	for _, cmd := range commands() {
		if cmd.Flags().Lookup("json") != nil {
			assert.Contains(t, topic, cmd.Name())
		} else {
			assert.Contains(t, topic[strings.Index(topic, "diagram, report and serve"):], cmd.Name())
		}
	}
}

// keys are the keys of a JSON object in their order.
func keys(t *testing.T, data []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	_, err := decoder.Token()
	require.NoError(t, err)
	var keys []string
	for decoder.More() {
		key, err := decoder.Token()
		require.NoError(t, err)
		keys = append(keys, key.(string))
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
	}
	return keys
}
