// Package quiet keeps the program from asking the terminal for its colours as it
// starts.
//
// Bubble Tea, which Pulumi's SDK imports, asks in an init function whether the
// terminal's background is dark (tea_init.go of its version 1). It then swallows
// what was typed meanwhile, and waits for five seconds where no answer comes. Only
// the environment can stop it, and not once that function runs: it does not ask where
// TERM is dumb. So that is what TERM is until main begins.
//
// Go initialises, of the packages whose imports are initialised, the first by import
// path (https://go.dev/ref/spec#Program_initialization). This one imports syscall alone,
// and its path is before "os", which imports syscall too and which Bubble Tea needs;
// so it comes before both. Another import here could end that, and the tests that run
// the program on a terminal would tell.
package quiet

import "syscall"

var term, found = hide()

func hide() (term string, found bool) {
	term, found = syscall.Getenv("TERM")
	_ = syscall.Setenv("TERM", "dumb")
	return term, found
}

// Restore sets TERM to what it was. It is the first thing that main does.
func Restore() {
	if found {
		_ = syscall.Setenv("TERM", term)
	} else {
		_ = syscall.Unsetenv("TERM")
	}
}
