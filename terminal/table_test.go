package terminal

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A table of plain cells is what text/tabwriter writes; styles change no place.
func TestTableIsTabwriters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.StringMatching(`[a-c→é ]{0,5}`), 1, 5), 0, 6).Draw(t, "rows")
		gap := rapid.IntRange(0, 3).Draw(t, "gap")
		plain, styled := Table{Gap: gap}, Table{Gap: gap}
		var want strings.Builder
		writer := tabwriter.NewWriter(&want, 0, 0, gap, ' ', 0)
		for i, row := range rows {
			plain.Row(row...)
			marked := make([]string, len(row))
			for j, cell := range row {
				marked[j] = cell
				if (i+j)%2 == 0 {
					marked[j] = "\x1b[1;31m" + cell + "\x1b[0m"
				}
			}
			styled.Row(marked...)
			fmt.Fprintln(writer, strings.Join(row, "\t"))
		}
		if err := writer.Flush(); err != nil {
			t.Fatal(err)
		}
		var got, marked strings.Builder
		if err := plain.Write(&got); err != nil {
			t.Fatal(err)
		}
		if err := styled.Write(&marked); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() || ansi.Strip(marked.String()) != want.String() {
			t.Fatalf("got\n%s\nstyled\n%s\nwant\n%s", got.String(), ansi.Strip(marked.String()), want.String())
		}
	})
}

func TestTable(t *testing.T) {
	table := Table{Gap: 2}
	table.Row("tier", "zone", "usable")
	table.Row("nodes", "", "16,379")
	var out strings.Builder
	require.NoError(t, table.Write(&out))
	assert.Equal(t, "tier   zone  usable\nnodes        16,379\n", out.String())
}

// A text goes on in its column where the terminal ends; long words stay whole.
func TestHang(t *testing.T) {
	text := "no route leads out of net-vpc: https://a-name-that-is-longer-than-the-room.example.com is \x1b[2moutside\x1b[0m"
	assert.Equal(t, "no route leads out of net-vpc:\n"+
		"    https://a-name-that-is-longer-than-the-room.example.com\n"+
		"    is \x1b[2moutside\x1b[0m", Style{width: 36}.Hang(text, 4))
	assert.Equal(t, text, Style{width: 33}.Hang(text, 4), "no room to speak of")
	assert.Equal(t, text, Style{}.Hang(text, 4))
	assert.Equal(t, []string{"a   b", "c"}, Wrap("a   b c", 5), "spaces within a line stay")
	assert.Equal(t, []string{""}, Wrap("", 5))
}
