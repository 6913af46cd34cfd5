package tests

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages are the README and the pages of docs.
func pages(t testing.TB) []string {
	t.Helper()
	all := []string{"../README.md", "../CONTRIBUTING.md", "../docs/decisions/README.md"}
	found, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	return append(all, found...)
}

func readPage(t testing.TB, page string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	return string(data)
}

var (
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	// notInAnchor is what GitHub leaves out of a heading's anchor.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors are the names by which links lead to the headings of a page.
func anchors(text string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// Every link between the repository's pages leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		text := readPage(t, page)
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if strings.HasPrefix(m[1], "https://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := page
			if file != "" {
				to = filepath.Join(filepath.Dir(page), file)
			}
			_, err := os.Stat(to)
			if assert.NoError(t, err, "%s: %s", page, m[1]) && anchor != "" {
				assert.Contains(t, anchors(readPage(t, to)), anchor, "%s: %s", page, m[1])
			}
		}
	}
}

// The contents name every page, and each page leads to the one after it there.
func TestPagesLeadToEachOther(t *testing.T) {
	contents, _, _ := strings.Cut(readPage(t, "../docs/README.md"), "\nNext: ")
	order := []string{"README.md"}
	for _, m := range link.FindAllStringSubmatch(contents, -1) {
		order = append(order, m[1])
	}
	all := []string{"decisions/README.md"}
	found, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, page := range found {
		all = append(all, filepath.Base(page))
	}
	assert.ElementsMatch(t, all, order, "the contents")
	for i, page := range order {
		_, last, leads := strings.Cut(readPage(t, "../docs/"+page), "\nNext: ")
		require.Equal(t, i < len(order)-1, leads, page)
		if leads {
			m := link.FindStringSubmatch(last)
			require.NotNil(t, m, page)
			assert.Equal(t, order[i+1], m[1], "after %s", page)
			title, _, _ := strings.Cut(last, "]")
			assert.Contains(t, readPage(t, "../docs/"+m[1]), "# "+strings.TrimPrefix(title, "[")+"\n", page)
		}
	}
}

// Each model's page has a picture of each of its environments that the tool drew.
func TestModelsHavePictures(t *testing.T) {
	for model := range references() {
		text := readPage(t, "../docs/"+model+".md")
		drawn := 0
		for stack := range repository(t)[model] {
			if strings.Contains(text, "](pictures/"+stack+".svg)") {
				drawn++
			}
		}
		assert.Positive(t, drawn, model)
	}
}

// The Go code of the pages stands in an example, which is compiled and run. Its
// indentation there is another.
func TestPagesShowCodeOfTheExamples(t *testing.T) {
	flush := func(text string) string {
		return regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "")
	}
	var examples strings.Builder
	for _, pattern := range []string{"../examples/*/main.go", "../automation/example_test.go", "../components/*/example_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			examples.WriteString(flush(readPage(t, file)))
		}
	}
	shown := 0
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			if b.language == "go" && !b.generated {
				shown++
				assert.True(t, strings.Contains(examples.String(), flush(b.text)), "%s: in no example:\n%s", page, b.text)
			}
		}
	}
	assert.Equal(t, 3, shown, "a component, a service and its errors")
}

// The chapter on components has each of them, with the call of its example.
func TestComponentsPage(t *testing.T) {
	const page = "../docs/components.md"
	packages, err := filepath.Glob("../components/*/doc.go")
	require.NoError(t, err)
	var out strings.Builder
	for i, file := range packages {
		if i > 0 {
			out.WriteString("\n")
		}
		writeComponent(t, &out, filepath.Dir(file))
	}
	text := readPage(t, page)
	assertCurrent(t, page, text, generated(t, text, "components", out.String()))
}

// writeComponent writes the part of a component's package: its synopsis, and the
// call of its constructor in the package's example.
func writeComponent(t *testing.T, out *strings.Builder, folder string) {
	t.Helper()
	files := token.NewFileSet()
	comment, err := parser.ParseFile(files, filepath.Join(folder, "doc.go"), nil, parser.ParseComments)
	require.NoError(t, err)
	name := comment.Name.Name
	synopsis, ours := strings.CutPrefix(new(doc.Package).Synopsis(comment.Doc.Text()), "Package "+name+" ")
	require.True(t, ours, folder)

	path := filepath.Join(folder, "example_test.go")
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	example, err := parser.ParseFile(files, path, source, parser.ParseComments)
	require.NoError(t, err)
	var calls [][]byte
	for _, e := range doc.Examples(example) {
		ast.Inspect(e.Code, func(n ast.Node) bool {
			statement, is := n.(*ast.AssignStmt)
			if !is || len(statement.Rhs) != 1 || !constructs(statement.Rhs[0], name) {
				return true
			}
			require.NotEmpty(t, e.Output, "an example of %s is not run", folder)
			from, to := files.Position(statement.Pos()).Offset, files.Position(statement.End()).Offset
			from = bytes.LastIndexByte(source[:from], '\n') + 1
			calls = append(calls, outdent(source[from:to]))
			return false
		})
	}
	require.NotEmpty(t, calls, "the example of %s calls no constructor", folder)
	fmt.Fprintf(out, "### %s\n\n[`components/%s`](../components/%s/doc.go) %s Its [example](../components/%s/example_test.go):\n\n```go\n",
		name, name, name, synopsis, name)
	fmt.Fprintf(out, "%s\n```\n", bytes.Join(calls, []byte("\n\n")))
}

// constructs reports whether an expression calls a component's constructor:
// package.NewX(ctx, name, args, …).
func constructs(e ast.Expr, name string) bool {
	call, is := e.(*ast.CallExpr)
	if !is || len(call.Args) < 3 {
		return false
	}
	function, is := call.Fun.(*ast.SelectorExpr)
	if !is || !strings.HasPrefix(function.Sel.Name, "New") {
		return false
	}
	of, is := function.X.(*ast.Ident)
	return is && of.Name == name
}

// outdent moves lines of code to the left as far as the first can go.
func outdent(code []byte) []byte {
	indentation := len(code) - len(bytes.TrimLeft(code, "\t"))
	return regexp.MustCompile(fmt.Sprintf(`(?m)^\t{%d}`, indentation)).ReplaceAll(code, nil)
}

// The outputs that an environment has are named on its model's page.
func TestPagesNameTheOutputs(t *testing.T) {
	for model, environments := range repository(t) {
		_, outputs, found := strings.Cut(readPage(t, "../docs/"+model+".md"), "\n## Outputs\n")
		require.True(t, found, model)
		for stack, file := range environments {
			for key := range record(t, stack, file).Resources[0].Outputs {
				assert.Contains(t, outputs, "`"+string(key)+"`", "%s of %s", key, stack)
			}
		}
	}
}
