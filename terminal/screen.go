package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Screen keeps lines at the end of a terminal's output and redraws them in place.
// One goroutine at a time uses it.
type Screen struct {
	file  *os.File
	lines []string // that are drawn, cut to the width they were drawn with
	// hidden says that the cursor is: it would flicker.
	hidden bool
}

// NewScreen returns the screen of a writer, nil unless it is a terminal.
func NewScreen(w io.Writer) *Screen {
	if !isTerminal(w) {
		return nil
	}
	return &Screen{file: w.(*os.File)}
}

// Size returns how many columns and lines the terminal has now.
func (s *Screen) Size() (width, height int) { return size(s.file) }

func size(file *os.File) (width, height int) {
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24 // a terminal that does not say
	}
	return width, height
}

// Draw puts lines in the place of those that were drawn last. Those must fit the
// terminal's height less one, or they cannot be replaced later.
func (s *Screen) Draw(lines []string) { s.replace("", lines) }

// Print writes text for good, above the lines that are redrawn.
func (s *Screen) Print(text string) {
	s.replace(ansi.EraseScreenBelow+text+"\n", s.lines)
}

// End erases the lines and gives the cursor back.
func (s *Screen) End() {
	if s.hidden {
		s.replace("", nil)
		fmt.Fprint(s.file, ansi.ShowCursor)
		s.hidden = false
	}
}

// replace writes text and lines over the lines that are drawn, in one go: nothing
// is blank in between.
func (s *Screen) replace(text string, lines []string) {
	width, _ := s.Size()
	var out strings.Builder
	if !s.hidden {
		out.WriteString(ansi.HideCursor)
		s.hidden = true
	}
	out.WriteString("\r")
	if rows := s.rows(width); rows > 0 {
		out.WriteString(ansi.CursorUp(rows))
	}
	out.WriteString(text)
	s.lines = make([]string, len(lines))
	for i, line := range lines {
		// A line that fills the last column leaves the cursor on it.
		s.lines[i] = ansi.Truncate(line, width-1, "…")
		out.WriteString(s.lines[i] + ansi.EraseLineRight + "\n")
	}
	out.WriteString(ansi.EraseScreenBelow)
	fmt.Fprint(s.file, out.String())
}

// rows are the terminal's lines that the drawn ones take, which are more when it
// has become narrower since.
func (s *Screen) rows(width int) int {
	rows := 0
	for _, line := range s.lines {
		rows += max(1, (ansi.StringWidth(line)+width-1)/width)
	}
	return rows
}
