package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What docs/cost.md shows is what the commands print.
func TestCostDocs(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/cost.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```console\n\\$ underlay (.*?)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 2)
	for _, b := range blocks {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitDone, run(t.Context(), strings.Fields(b[1]), &stdout, &stderr))
		assert.Empty(t, stderr.String())
		assert.Equal(t, b[2], stdout.String(), "underlay %s", b[1])
	}
}
