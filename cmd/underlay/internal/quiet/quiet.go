// Package quiet keeps the program from asking the terminal for its colours as it
// starts.
//
// Bubble Tea, which Pulumi's SDK imports, asks in an init function whether the
// terminal's background is dark (tea_init.go of its version 1). It then swallows
// what was typed meanwhile, and waits for five seconds where no answer comes. It
// does not ask where TERM is dumb; so that is what TERM is until main begins.
//
// Go initialises the first package by import path whose imports are initialised.
// This one imports syscall alone, so it comes before package os and everything
// that needs it, which Bubble Tea does. Another import would end that.
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
