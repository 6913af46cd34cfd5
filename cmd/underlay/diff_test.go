package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What docs/diff.md shows is what the script has compared with the command.
func TestDiffDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/diff.md")
	require.NoError(t, err)
	script, err := os.ReadFile("testdata/diff.txtar")
	require.NoError(t, err)
	shown := regexp.MustCompile("(?ms)^```text\n(.*?)^```$").FindAllSubmatch(page, -1)
	require.Len(t, shown, 1)
	assert.Contains(t, string(script), "-- want-text --\n"+string(shown[0][1]))
}
