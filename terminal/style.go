package terminal

import (
	"io"
	"os"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// Style marks texts by what they mean. Its zero value leaves them as they are;
// so no meaning may rest on a colour alone. The colours are the sixteen that
// every terminal's own theme defines. A text is one line without tabs.
type Style struct {
	renderer *lipgloss.Renderer
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
	return Style{renderer}
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
