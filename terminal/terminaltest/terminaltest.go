// Package terminaltest shows what a person would see of what a program writes to
// a terminal: a small emulator, and on Linux a pseudo-terminal to run one on.
package terminaltest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Emulator is a terminal. It knows the control sequences that underlay writes and
// remembers the first that it does not know. Every character is one column wide.
type Emulator struct {
	width, height int
	// lines are those that were scrolled out and those of the screen.
	lines  [][]cell
	top    int // the screen's first line in lines
	x, y   int // the cursor, from the top of the screen
	sgr    string
	hidden bool
	rest   []byte // of a sequence that is not whole yet
	err    error
}

type cell struct {
	char rune
	sgr  string
}

// New returns an empty terminal.
func New(width, height int) *Emulator {
	return &Emulator{width: width, height: height, lines: [][]cell{nil}}
}

// Resize changes the size, and leaves the lines as they are.
func (e *Emulator) Resize(width, height int) { e.width, e.height = width, height }

// Err returns the first control sequence that the terminal does not know.
func (e *Emulator) Err() error { return e.err }

// CursorHidden reports whether the cursor is hidden.
func (e *Emulator) CursorHidden() bool { return e.hidden }

// Text returns all lines from the first on, those that were scrolled out too,
// without the blanks at their ends.
func (e *Emulator) Text() string { return text(e.lines) }

// Screen returns the lines that can be seen.
func (e *Emulator) Screen() string { return text(e.lines[e.top:]) }

func text(lines [][]cell) string {
	var b strings.Builder
	for _, line := range lines {
		var chars []rune
		for _, c := range line {
			chars = append(chars, c.char)
		}
		b.WriteString(strings.TrimRight(string(chars), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// Attributes returns the parameters of the graphic rendition that text has where
// it stands first: "1;31" is bold and red, "" plain. It is "none" where there is
// no such text.
func (e *Emulator) Attributes(text string) string {
	for _, line := range e.lines {
		var b strings.Builder
		for _, c := range line {
			b.WriteRune(c.char)
		}
		if i := strings.Index(b.String(), text); i >= 0 {
			return line[utf8.RuneCountInString(b.String()[:i])].sgr
		}
	}
	return "none"
}

// Write takes what a program writes.
func (e *Emulator) Write(p []byte) (int, error) {
	data := append(e.rest, p...)
	for len(data) > 0 {
		n := e.take(data)
		if n == 0 {
			break
		}
		data = data[n:]
	}
	e.rest = bytes.Clone(data)
	return len(p), nil
}

// take takes one character or sequence and returns its length, 0 if it is not
// whole yet.
func (e *Emulator) take(data []byte) int {
	switch data[0] {
	case '\r':
		e.x = 0
		return 1
	case '\n':
		e.down()
		return 1
	case '\x1b':
		return e.sequence(data)
	}
	if !utf8.FullRune(data) {
		return 0
	}
	char, n := utf8.DecodeRune(data)
	if e.x == e.width {
		e.x = 0
		e.down()
	}
	line := e.top + e.y
	for len(e.lines[line]) <= e.x {
		e.lines[line] = append(e.lines[line], cell{char: ' '})
	}
	e.lines[line][e.x] = cell{char, e.sgr}
	e.x++
	return n
}

// down moves the cursor a line down and scrolls at the bottom.
func (e *Emulator) down() {
	e.y++
	if e.top+e.y == len(e.lines) {
		e.lines = append(e.lines, nil)
	}
	if e.y == e.height {
		e.y--
		e.top++
	}
}

func (e *Emulator) sequence(data []byte) int {
	if len(data) < 2 {
		return 0
	}
	end := bytes.IndexFunc(data[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	if data[1] != '[' || end < 0 {
		if data[1] != '[' {
			e.unknown(data[:2])
			return 2
		}
		return 0
	}
	n := end + 3
	parameters := string(data[2 : n-1])
	line := e.top + e.y
	switch final := data[n-1]; {
	case final == 'm':
		e.sgr = strings.Trim(parameters, "0")
	case final == 'A':
		up, err := strconv.Atoi("0" + parameters)
		if err != nil {
			e.unknown(data[:n])
		}
		e.y = max(0, e.y-max(1, up))
	case final == 'K' && parameters == "":
		e.eraseRight(line)
	case final == 'J' && parameters == "":
		e.eraseRight(line)
		e.lines = e.lines[:line+1]
	case final == 'l' && parameters == "?25":
		e.hidden = true
	case final == 'h' && parameters == "?25":
		e.hidden = false
	default:
		e.unknown(data[:n])
	}
	return n
}

// eraseRight erases from the cursor, which stays on the last column after a
// character there.
func (e *Emulator) eraseRight(line int) {
	e.lines[line] = e.lines[line][:min(e.x, e.width-1, len(e.lines[line]))]
}

func (e *Emulator) unknown(sequence []byte) {
	if e.err == nil {
		e.err = fmt.Errorf("the sequence %q is not known", sequence)
	}
}
