package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation/engine"
)

// built builds the command line and returns a function that runs it in a folder
// with the repository's Pulumi files.
func built(b *testing.B) func(args ...string) {
	b.Helper()
	_, err := engine.Find(b.Context(), engine.Options{Tools: "../../tools"})
	require.NoError(b, err)
	dir := b.TempDir()
	binary := filepath.Join(dir, "underlay")
	output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(b, err, "%s", output)
	files, err := filepath.Glob("../../Pulumi*.yaml")
	require.NoError(b, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o644))
	}
	return func(args ...string) {
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", output)
	}
}

// BenchmarkPreview is `underlay preview dev` as a process.
func BenchmarkPreview(b *testing.B) {
	underlay := built(b)
	for b.Loop() {
		underlay("preview", "dev")
	}
}

// BenchmarkUp is `underlay up dev --sandbox` of a new environment.
func BenchmarkUp(b *testing.B) {
	underlay := built(b)
	for b.Loop() {
		underlay("up", "dev", "--sandbox")
		b.StopTimer()
		underlay("destroy", "dev", "--sandbox")
		b.StartTimer()
	}
}

// BenchmarkUpWithoutChanges is `underlay up dev --sandbox` with nothing to do.
func BenchmarkUpWithoutChanges(b *testing.B) {
	underlay := built(b)
	underlay("up", "dev", "--sandbox")
	for b.Loop() {
		underlay("up", "dev", "--sandbox")
	}
}
