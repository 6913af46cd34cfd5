package terminal

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Table aligns cells in columns as text/tabwriter does, but by what a terminal
// shows of them: styles have no width. A column is cells below one another; a row
// that ends before it begins a new one, and a row's last cell has no width.
type Table struct {
	// Gap is how many spaces stand between columns.
	Gap  int
	rows [][]string
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Write writes the rows, a line for each.
func (t *Table) Write(w io.Writer) error {
	widths := make([][]int, len(t.rows))
	for i, row := range t.rows {
		widths[i] = make([]int, max(0, len(row)-1))
	}
	for i, row := range widths {
		for column := range row {
			if row[column] > 0 {
				continue // an earlier row of the column has set it
			}
			end, widest := i, 0
			for ; end < len(t.rows) && column < len(widths[end]); end++ {
				widest = max(widest, ansi.StringWidth(t.rows[end][column]))
			}
			for ; end > i; end-- {
				widths[end-1][column] = widest + t.Gap
			}
		}
	}
	var text strings.Builder
	for i, row := range t.rows {
		for column, cell := range row {
			text.WriteString(cell)
			if column < len(widths[i]) {
				text.WriteString(strings.Repeat(" ", widths[i][column]-ansi.StringWidth(cell)))
			}
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}
