package reach

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws the same networks every time, so that a run of CI says
// something about the change that it tests; -rapid.seed draws others.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.seed"); f != nil && f.Value.String() == "0" {
		_ = flag.Set("rapid.seed", "20261125")
	}
	os.Exit(m.Run())
}
