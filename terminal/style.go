package terminal

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// Style marks texts by what they mean. Its zero value leaves them as they are;
// so no meaning may rest on a colour alone. The colours are the sixteen that
// every terminal's own theme defines. A text is one line without tabs.
type Style struct {
	renderer *lipgloss.Renderer
	width    int // of the terminal, in columns
}

// For returns the style of a writer: plain unless it is a terminal with colours.
func For(w io.Writer) Style {
	if !isTerminal(w) {
		return Style{}
	}
	renderer := lipgloss.NewRenderer(w)
	if renderer.ColorProfile() == termenv.Ascii {
		return Style{}
	}
	if _, err := termenv.EnableVirtualTerminalProcessing(renderer.Output()); err != nil {
		return Style{}
	}
	width, _ := size(w.(*os.File))
	return Style{renderer, width}
}

// isTerminal reports whether a person looks at a writer, and it is one that
// understands control sequences.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}

// Heading is for what a reader looks for first.
func (s Style) Heading(text string) string { return s.render(text, lipgloss.Style.Bold, "") }

// Good is for what is proven, made or in order.
func (s Style) Good(text string) string { return s.render(text, nil, "2") }

// Bad is for what is refuted, failed or gone.
func (s Style) Bad(text string) string { return s.render(text, lipgloss.Style.Bold, "1") }

// Unsure is for what is not known, or needs a look.
func (s Style) Unsure(text string) string { return s.render(text, nil, "3") }

// Place is for where something is: a key of the configuration, a file, a command.
func (s Style) Place(text string) string { return s.render(text, nil, "6") }

// Faint is for what matters least.
func (s Style) Faint(text string) string { return s.render(text, lipgloss.Style.Faint, "") }

// Hang returns a text that begins in a column of its line and goes on in that column
// below, where the terminal is not wide enough. A plain style leaves it in one line,
// and so does a terminal that has no room to speak of.
func (s Style) Hang(text string, column int) string {
	const room = 30
	if s.width-column < room {
		return text
	}
	return strings.Join(Wrap(text, s.width-column), "\n"+strings.Repeat(" ", column))
}

// Wrap breaks a text at spaces into lines of at most width columns. A word that is
// longer stays whole, so that it can be copied.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for i, word := range strings.Split(text, " ") {
		if i > 0 && ansi.StringWidth(line)+1+ansi.StringWidth(word) > width {
			lines, line = append(lines, strings.TrimRight(line, " ")), word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func (s Style) render(text string, attribute func(lipgloss.Style, bool) lipgloss.Style, colour lipgloss.Color) string {
	if s.renderer == nil || text == "" {
		return text
	}
	style := s.renderer.NewStyle()
	if attribute != nil {
		style = attribute(style, true)
	}
	if colour != "" {
		style = style.Foreground(colour)
	}
	return style.Render(text)
}
