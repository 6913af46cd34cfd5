// Package terminal is what the command line knows of the terminal it may write
// to: its colours, its size, and how to redraw lines in place.
//
// A writer that is no terminal gets plain text: a [Style] adds nothing, and there
// is no [Screen]. Each writer is judged by itself, so that standard error may be
// a terminal while standard output goes to a file. NO_COLOR (https://no-color.org)
// turns colours off, TERM=dumb and CI turn everything off.
package terminal
