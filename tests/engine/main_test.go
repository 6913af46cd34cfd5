package engine

import (
	"flag"
	"os"
	"runtime/debug"
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
	// The engine makes much short-lived garbage: collecting it less often
	// saves a quarter of the time, for some 100 MB.
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
