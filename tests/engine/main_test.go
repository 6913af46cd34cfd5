package engine

import (
	"flag"
	"os"
	"testing"
)

// TestMain chooses how much the property tests draw: each case is four
// deployments. -rapid.checks on the command line overrides it.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "30", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
