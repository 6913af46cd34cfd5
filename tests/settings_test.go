package tests

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setting is a key of the configuration, as a page of the documentation has it.
type setting struct {
	// path leads to the key within the model's spec; "[]" stands for each entry
	// of a list and ".*" for each name of a mapping: "vpc.subnets.*.*".
	path string
	// kind is the type in the words of the messages about one that is wrong.
	kind string
	// meaning and fallback, what counts without the key, are Markdown.
	meaning, fallback string
	// object says that keys of its own stand below the key.
	object bool
	// values are those that there are, when they are few.
	values []string
}

// literal returns what a fallback says that counts without the key, and whether
// it says a single value.
func (s setting) literal() (value any, ok bool) {
	text, quoted := strings.CutPrefix(s.fallback, "`")
	text, ended := strings.CutSuffix(text, "`")
	if !quoted || !ended || strings.Contains(text, "`") {
		return nil, false
	}
	switch s.kind {
	case kindNumber:
		number, err := strconv.Atoi(text)
		return number, err == nil
	case kindBool:
		return text == "true", true
	case kindText:
		return text, true
	}
	return nil, false
}

// The types that a value has in a configuration file.
const (
	kindText   = "text"
	kindNumber = "number"
	kindBool   = "true or false"
	kindObject = "mapping"
)

// required is the fallback of a key that must be there.
const required = "required"

// comments are what packages say of the fields of their structs and of the values
// of their types.
type comments struct {
	fields map[string]string     // by "package/path.Type.Field"
	values map[string][]constant // by "package/path.Type", in their order
	read   map[string]bool       // packages
}

// constant is a value that a setting may have.
type constant struct{ name, value, comment string }

// readPackage reads the package of a type, once.
func (c *comments) readPackage(t testing.TB, path string) {
	t.Helper()
	if c.read[path] {
		return
	}
	c.read[path] = true
	folder, ours := strings.CutPrefix(path, "github.com/underlay-iac/underlay/")
	if !ours {
		return
	}
	files, err := filepath.Glob("../" + folder + "/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files, path)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			if general, is := declaration.(*ast.GenDecl); is {
				for _, spec := range general.Specs {
					c.readSpec(path, general, spec)
				}
			}
		}
	}
}

func (c *comments) readSpec(path string, general *ast.GenDecl, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		name := path + "." + spec.Name.Name
		if object, is := spec.Type.(*ast.StructType); is {
			for _, field := range object.Fields.List {
				for _, ident := range field.Names {
					c.fields[name+"."+ident.Name] = field.Doc.Text()
				}
			}
		}
	case *ast.ValueSpec:
		of, named := spec.Type.(*ast.Ident)
		if general.Tok != token.CONST || !named || len(spec.Values) != 1 {
			return
		}
		if literal, is := spec.Values[0].(*ast.BasicLit); is {
			value, err := strconv.Unquote(literal.Value)
			if err == nil && spec.Names[0].IsExported() {
				key := path + "." + of.Name
				c.values[key] = append(c.values[key], constant{spec.Names[0].Name, value, cmp.Or(spec.Doc.Text(), spec.Comment.Text())})
			}
		}
	}
}

// settingsReader goes through the fields of a struct and of those in it.
type settingsReader struct {
	testing.TB
	comments *comments
	// names are the keys of the fields by their names in Go.
	names map[string]string
	// words are the keys and the values.
	words map[string]bool
	found []setting
}

// settings returns the settings of a type, in the order of its fields.
func settings(t testing.TB, of reflect.Type) []setting {
	t.Helper()
	r := &settingsReader{
		TB:       t,
		comments: &comments{fields: map[string]string{}, values: map[string][]constant{}, read: map[string]bool{}},
		words:    map[string]bool{},
		names: map[string]string{
			"SupportExternalID": "underlay:supportExternalId", "BridgeExternalID": "underlay:bridgeExternalId",
		},
	}
	r.collect(of)
	r.walk("", of)
	// Comments say some keys and values as they are.
	for _, key := range r.names {
		r.words[key] = true
	}
	for i := range r.found {
		r.found[i].meaning, r.found[i].fallback = r.mark(r.found[i].meaning), r.mark(r.found[i].fallback)
	}
	return r.found
}

// mark marks the keys and values that no English word looks like.
func (r *settingsReader) mark(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = goWord.ReplaceAllStringFunc(parts[i], func(word string) string {
				if r.words[word] && camel.MatchString(word) {
					return "`" + word + "`"
				}
				return word
			})
		}
	}
	return strings.Join(parts, "`")
}

// keyField is a field that a key sets.
type keyField struct {
	reflect.StructField
	key string
	// owner is the struct that declares it.
	owner reflect.Type
}

// fields are the fields of a struct that are keys. Those of embedded structs are
// among them, but for what an outer field hides.
func fields(of reflect.Type) []keyField {
	var all []keyField
	for _, field := range reflect.VisibleFields(of) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if visible, _ := of.FieldByName(field.Name); key == "" || key == "-" || !slices.Equal(visible.Index, field.Index) {
			continue
		}
		owner := of
		for _, i := range field.Index[:len(field.Index)-1] {
			owner = owner.Field(i).Type
		}
		all = append(all, keyField{field, key, owner})
	}
	return all
}

// collect notes the keys of all fields.
func (r *settingsReader) collect(of reflect.Type) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		r.collect(of.Elem())
	case reflect.Struct:
		for _, field := range fields(of) {
			r.names[field.Name] = field.key
			r.collect(field.Type)
		}
	}
}

func (r *settingsReader) walk(prefix string, of reflect.Type) {
	all := fields(of)
	siblings := map[string]string{}
	for _, field := range all {
		siblings[field.Name] = field.key
	}
	for _, field := range all {
		r.comments.readPackage(r, field.owner.PkgPath())
		comment := r.comments.fields[field.owner.PkgPath()+"."+field.owner.Name()+"."+field.Name]
		assert.NotEmpty(r, comment, "%s.%s says nothing of itself", field.owner, field.Name)
		s := setting{path: prefix + field.key}
		below, suffix := entries(field.Type)
		s.object = below.Kind() == reflect.Struct
		s.kind = kindOf(r, below)
		switch {
		case strings.HasPrefix(suffix, "[]"):
			s.kind = "list of " + map[string]string{kindText: "text", kindNumber: "numbers", kindObject: "mappings"}[s.kind]
		case suffix != "":
			s.kind = kindObject
		}
		var values []constant
		if below.PkgPath() != "" && below.Kind() == reflect.String {
			r.comments.readPackage(r, below.PkgPath())
			values = r.comments.values[below.PkgPath()+"."+below.Name()]
			for _, value := range values {
				r.words[value.value] = true
			}
		}
		s.meaning, s.fallback = describe(comment, field.Name, siblings, r.names)
		s.explain(values, r.names)
		if s.fallback == "" {
			said := s.kind == kindNumber || s.kind == kindBool && field.Type.Kind() == reflect.Pointer
			assert.False(r, said, "%s.%s has no default", field.owner, field.Name)
			s.fallback = "none"
			if s.kind == kindBool {
				s.fallback = "`false`"
			}
		}
		assert.NotEmpty(r, s.meaning, "%s.%s has no meaning", field.owner, field.Name)
		r.found = append(r.found, s)
		if s.object {
			r.walk(s.path+suffix+".", below)
		}
	}
}

// entries returns the type of what a setting holds in the end, and how the path
// goes on to it.
func entries(of reflect.Type) (reflect.Type, string) {
	steps := map[reflect.Kind]string{reflect.Pointer: "", reflect.Slice: "[]", reflect.Map: ".*"}
	suffix := ""
	for {
		step, holds := steps[of.Kind()]
		if !holds {
			return of, suffix
		}
		of, suffix = of.Elem(), suffix+step
	}
}

// kindOf names the type of a value that is no list and no mapping by name.
func kindOf(t testing.TB, of reflect.Type) string {
	switch of.Kind() {
	case reflect.String:
		return kindText
	case reflect.Int:
		return kindNumber
	case reflect.Bool:
		return kindBool
	case reflect.Struct:
		return kindObject
	}
	require.Fail(t, "no setting can have the type "+of.String())
	return ""
}

// explain adds what the values of a setting mean.
func (s *setting) explain(values []constant, names map[string]string) {
	for _, value := range values {
		s.values = append(s.values, value.value)
		var kept []string
		for _, sentence := range sentences(strings.SplitN(value.comment, "\n\n", 2)[0]) {
			if defaults.MatchString(sentence) || strings.HasPrefix(sentence, "https://") {
				continue
			}
			kept = append(kept, sentence)
		}
		said, named := strings.CutPrefix(strings.Join(kept, " "), value.name+" ")
		if !named && said != "" {
			said = "is for " + said
		}
		if said != "" {
			s.meaning += " `" + value.value + "` " + strings.TrimSuffix(markdown(keyed(said, nil, names)), ".") + "."
		}
	}
	s.meaning = strings.TrimSpace(s.meaning)
}

var (
	quoted = regexp.MustCompile(`"([^"]*)"`)
	// defaults is a sentence about a value that is the default somewhere.
	defaults = regexp.MustCompile(`^The ([a-z ]+'s? )?default\b`)
	camel    = regexp.MustCompile(`[a-z]+.*[A-Z]|[A-Z]{2,}.*[a-z]`)
	number   = regexp.MustCompile(`^(true|false|[0-9]+(?:,[0-9]{3})*)($|[,;: ])`)
	goWord   = regexp.MustCompile(`\b[A-Za-z0-9]+\b`)
	// afterWord is text up to a word that may be a name: one that begins small, and
	// no sentence's end.
	afterWord = regexp.MustCompile(`(^| )[a-z][^ .]* $`)
	goName    = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*\b`)
)

// describe turns the comment of a field into what a reader of the configuration
// needs: its first paragraph, with the keys in place of Go's names. What follows
// is for callers in Go.
func describe(comment, name string, siblings, names map[string]string) (meaning, fallback string) {
	paragraph := strings.SplitN(strings.TrimSpace(comment), "\n\n", 2)[0]
	var kept []string
	for _, sentence := range sentences(paragraph) {
		switch {
		case strings.HasPrefix(sentence, "https://"):
			kept = append(kept, "([source]("+sentence+"))")
		case strings.HasPrefix(sentence, "Required"):
			fallback = lower(strings.TrimSuffix(sentence, "."))
		case strings.HasPrefix(sentence, "Default"):
			fallback = strings.TrimSuffix(strings.TrimLeft(strings.TrimPrefix(sentence, "Default"), ": "), ".")
		default:
			kept = append(kept, sentence)
		}
	}
	meaning = keyed(subject(strings.Join(kept, " "), name), siblings, names)
	fallback = number.ReplaceAllString(keyed(fallback, siblings, names), "`$1`$2")
	return markdown(meaning), markdown(fallback)
}

// subject drops the field's name, and "is", from the beginning of what is said
// about it. "Name of the role" stays.
func subject(text, name string) string {
	said, named := strings.CutPrefix(text, name+" ")
	verb, after, _ := strings.Cut(said, " ")
	switch {
	case !named || slices.Contains([]string{"of", "with", "for", "to"}, verb):
		return text
	case verb == "is" || verb == "are":
		return upper(after)
	}
	return upper(said)
}

// keyed puts the keys in place of Go's names. A single word may be a word of the
// sentence: it counts when a field beside it has that name, and nothing before it
// is capitalised.
func keyed(text string, siblings, names map[string]string) string {
	var out strings.Builder
	end := 0
	for _, at := range goName.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		key, known := names[word]
		single := !camel.MatchString(word)
		if single {
			key, known = siblings[word]
			known = known && word != strings.ToUpper(word)
			whole := at[0] == 0 && at[1] == len(text) // of a default
			known = known && (whole || afterWord.MatchString(text[:at[0]]))
		}
		if !known || strings.Count(text[:at[0]], `"`)%2 == 1 {
			continue
		}
		out.WriteString(text[end:at[0]] + "`" + key + "`")
		end = at[1]
	}
	return out.String() + text[end:]
}

// markdown marks values, and what a table would take for its own.
func markdown(text string) string {
	text = quoted.ReplaceAllString(text, "`$1`")
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = strings.ReplaceAll(parts[i], "<", "&lt;")
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "`"), "|", `\|`)
}

// sentences splits a paragraph.
func sentences(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var all []string
	start := 0
	for i := range text {
		rest := text[i:]
		ends := strings.HasPrefix(rest, ". ") && (i+2 < len(text)) &&
			(unicode.IsUpper(rune(text[i+2])) || text[i+2] == '"' || strings.HasPrefix(text[i+2:], "https://"))
		if ends {
			all = append(all, text[start:i+1])
			start = i + 2
		}
	}
	return append(all, text[start:])
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }
