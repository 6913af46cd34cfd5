package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/terminal/terminaltest"
)

// open returns a terminal to write to, and a function that returns what a person
// sees of what was written.
func open(t *testing.T, width, height int) (tty *os.File, seen func() *terminaltest.Emulator) {
	t.Setenv("TERM", "xterm-256color")
	for _, name := range []string{"CI", "NO_COLOR", "CLICOLOR", "COLORTERM"} {
		t.Setenv(name, "")
	}
	control, tty := terminaltest.OpenPty(t, width, height)
	emulator := terminaltest.New(width, height)
	return tty, func() *terminaltest.Emulator {
		const mark = "\x00"
		_, err := tty.WriteString(mark)
		require.NoError(t, err)
		buffer := make([]byte, 4096)
		for {
			n, err := control.Read(buffer)
			require.NoError(t, err)
			text, ended := strings.CutSuffix(string(buffer[:n]), mark)
			_, _ = io.WriteString(emulator, text)
			if ended {
				require.NoError(t, emulator.Err())
				return emulator
			}
		}
	}
}

func TestStyle(t *testing.T) {
	tty, seen := open(t, 80, 24)
	style := For(tty)
	fmt.Fprintln(tty, style.Heading("heading"), style.Good("good"), style.Bad("bad"), style.Unsure("unsure"),
		style.Place("place"), style.Faint("faint"), "plain")
	screen := seen()
	assert.Equal(t, "heading good bad unsure place faint plain\n", screen.Text())
	// ECMA-48, select graphic rendition: 1 bold, 2 faint, 31 red, 32 green, 33
	// yellow, 36 cyan.
	for text, want := range map[string]string{
		"heading": "1", "good": "32", "bad": "1;31", "unsure": "33", "place": "36", "faint": "2", "plain": "",
	} {
		assert.Equal(t, want, screen.Attributes(text), text)
	}
	assert.Empty(t, style.Bad(""))
}

// Whoever asks for no colours gets none, and a file never has any.
func TestStyleIsPlain(t *testing.T) {
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb", "CI": "true", "CLICOLOR": "0"} {
		t.Run(name, func(t *testing.T) {
			tty, _ := open(t, 80, 24)
			t.Setenv(name, value)
			assert.Equal(t, Style{}, For(tty))
		})
	}
	open(t, 80, 24)
	t.Setenv("CLICOLOR_FORCE", "1")
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	defer file.Close()
	assert.Equal(t, Style{}, For(file))
	assert.Equal(t, Style{}, For(io.Discard))
	assert.Equal(t, "text", Style{}.Bad("text"))
	assert.Nil(t, NewScreen(file))
	assert.Nil(t, NewScreen(io.Discard))
}

// Lines are redrawn in their place, what is printed stands above them.
func TestScreen(t *testing.T) {
	tty, seen := open(t, 20, 6)
	fmt.Fprintln(tty, "before")
	screen := NewScreen(tty)
	screen.End()
	assert.Equal(t, "before\n", seen().Screen())
	screen.Draw([]string{"one", "two", "three"})
	assert.Equal(t, "before\none\ntwo\nthree\n", seen().Screen())
	assert.True(t, seen().CursorHidden())
	screen.Draw([]string{"1", "2"})
	assert.Equal(t, "before\n1\n2\n", seen().Screen())
	screen.Print("a note\nof two lines")
	assert.Equal(t, "before\na note\nof two lines\n1\n2\n", seen().Screen())
	for i := range 5 {
		screen.Print(fmt.Sprintf("note %d", i))
	}
	assert.Equal(t, "note 2\nnote 3\nnote 4\n1\n2\n", seen().Screen())
	screen.End()
	fmt.Fprintln(tty, "after")
	assert.Equal(t, "before\na note\nof two lines\nnote 0\nnote 1\nnote 2\nnote 3\nnote 4\nafter\n", seen().Text())
	assert.False(t, seen().CursorHidden())
}

// A line is cut to the terminal's width, styled or not.
func TestScreenCutsLines(t *testing.T) {
	tty, seen := open(t, 10, 5)
	screen := NewScreen(tty)
	for range 3 {
		screen.Draw([]string{"0123456789", "012345678", For(tty).Good("0123456789"), ""})
	}
	assert.Equal(t, "01234567…\n012345678\n01234567…\n", seen().Text())
}

// What is printed is not cut: a line that just fits is whole, a longer one goes on
// below, and nothing is left of what was drawn there.
func TestScreenPrintsWholeLines(t *testing.T) {
	tty, seen := open(t, 10, 8)
	screen := NewScreen(tty)
	screen.Draw([]string{"xxxxxxxxx", "yyyyyyyyy"})
	screen.Print("0123456789\n0123456789ab")
	assert.Equal(t, "0123456789\n0123456789\nab\nxxxxxxxxx\nyyyyyyyyy\n", seen().Text())
}

// A terminal that becomes narrower wraps what is drawn, which is replaced whole.
func TestScreenOfAnotherWidth(t *testing.T) {
	control, tty := terminaltest.OpenPty(t, 20, 10)
	screen := &Screen{file: tty}
	screen.lines = []string{strings.Repeat("x", 19), "y"}
	assert.Equal(t, 2, screen.rows(20))
	assert.Equal(t, 3, screen.rows(10))
	terminaltest.SetSize(t, control, 33, 7)
	width, height := screen.Size()
	assert.Equal(t, []int{33, 7}, []int{width, height})
	terminaltest.SetSize(t, control, 0, 0)
	width, height = screen.Size()
	assert.Equal(t, []int{80, 24}, []int{width, height})
}
