package planner

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
)

// The names of what is no setting.
const (
	modelField = "model"
	shownField = "shown" // the model whose fields the page has
	stackField = "stack"
	moreField  = "more"
)

// The keys of a configuration file.
const (
	modelKey = stacks.Project + ":model"
	specKey  = stacks.Project + ":spec"
)

// field is a setting of a model.
type field struct {
	// Path is the setting's, as problems name it.
	Path  string
	Label string
	Help  string
	// List says that it is several values, with commas between them.
	List bool
	// Choices are the values that there are; nil is any text. An empty one
	// leaves the setting out.
	Choices []string
	Default string
	// When names the field on which it depends, and Is the values of that with
	// which it is there.
	When string
	Is   []string
}

// fields are those of a model and a heading.
type group struct {
	Title  string
	Fields []field
}

// form is what a person has filled in.
type form struct {
	Model model
	Stack string
	// More is the YAML of underlay:spec that no field has.
	More   string
	values map[string]string
}

// readForm reads the values of a request. Those of another model than the one
// that is asked for are left out.
func readForm(values url.Values) form {
	all := models()
	f := form{Model: all[0], Stack: "plan", values: map[string]string{}}
	for _, m := range all {
		if m.Name == values.Get(modelField) {
			f.Model = m
		}
	}
	kept := values.Get(shownField) == f.Model.Name
	if values.Has(stackField) {
		f.Stack = strings.TrimSpace(values.Get(stackField))
	}
	f.More = f.Model.More
	if kept {
		f.More = strings.ReplaceAll(values.Get(moreField), "\r\n", "\n")
	}
	for _, field := range f.Model.fields() {
		f.values[field.Path] = field.Default
		if kept {
			f.values[field.Path] = strings.TrimSpace(values.Get(field.Path))
		}
	}
	return f
}

// Value is what a field has.
func (f form) Value(path string) string { return f.values[path] }

// Shows reports whether a field is there.
func (f form) Shows(field field) bool {
	return field.When == "" || slices.Contains(field.Is, f.values[field.When])
}

// A form has no more than a network may have, so that checking it takes no time.
const (
	maxList  = 64   // values in a field
	maxNodes = 2000 // values and keys in what is written by hand
)

// stackName is what Pulumi allows in the name of a stack.
var stackName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// config returns the text of the configuration file, and what is wrong with the
// form before the configuration is looked at.
func (f form) config() ([]byte, problem.List) {
	var problems problem.List
	if !stackName.MatchString(f.Stack) {
		problems.Addf(stackField, f.Stack, "use letters, digits, - _ and ., at most 100", "is not a name that Pulumi gives a stack")
	}
	settings, spec := mapping(), mapping()
	put(settings, []string{modelKey}, scalar(f.Model.Name))
	put(settings, []string{specKey}, spec)
	for _, field := range f.Model.fields() {
		value := f.values[field.Path]
		if value == "" || !f.Shows(field) {
			continue
		}
		node := field.node(value)
		if len(node.Content) > maxList {
			problems.Addf(field.Path, "", fmt.Sprintf("give at most %d", maxList), "has %d values", len(node.Content))
			continue
		}
		put(settings, strings.Split(field.Path, "."), node)
	}
	problems = append(problems, f.addMore(spec)...)
	// Place and account first, as people write it.
	settings.Content = append(settings.Content[4:], settings.Content[:4]...)
	file := mapping()
	put(file, []string{"config"}, settings)
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		problems.Addf(moreField, "", "", "cannot be written as YAML: %v", err)
	}
	return []byte(text.String()), problems
}

// node is a field's value as YAML.
func (field field) node(value string) *yaml.Node {
	if !field.List {
		return scalar(value)
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, item := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		list.Content = append(list.Content, scalar(item))
	}
	return list
}

// addMore adds the YAML that was written by hand to the spec.
func (f form) addMore(spec *yaml.Node) problem.List {
	var problems problem.List
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(f.More), &document); err != nil {
		problems.Addf(moreField, "", "", "is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return problems
	}
	if len(document.Content) == 0 {
		return nil
	}
	if document.Content[0].Kind != yaml.MappingNode {
		problems.Addf(moreField, "", "write keys of underlay:spec, for example tags: {team: network}", "is not a mapping")
		return problems
	}
	if n := nodes(&document); n > maxNodes {
		problems.Addf(moreField, "", "write each out, and at most 2,000 values", "has too many values, or aliases")
		return problems
	}
	merge(spec, document.Content[0], "", &problems)
	return problems
}

// nodes counts keys and values; an alias, which may stand for any number, is too
// many.
func nodes(of *yaml.Node) int {
	if of.Kind == yaml.AliasNode {
		return maxNodes + 1
	}
	n := 1
	for _, inner := range of.Content {
		n += nodes(inner)
	}
	return n
}

// merge adds the members of a mapping to another.
func merge(into, from *yaml.Node, path string, problems *problem.List) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		old := member(into, key.Value)
		switch {
		case old == nil:
			into.Content = append(into.Content, key, value)
		case old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			merge(old, value, at, problems)
		default:
			problems.Addf(moreField, at, "remove it here, or empty the field", "is in the form as well")
		}
	}
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

// scalar is text, quoted where YAML would take it for something else; true and
// false are themselves.
func scalar(value string) *yaml.Node {
	node := &yaml.Node{}
	if value == "true" || value == "false" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: value}
	}
	node.SetString(value)
	return node
}

// member is the value of a key in a mapping; nil when it is not there.
func member(object *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(object.Content); i += 2 {
		if object.Content[i].Value == key {
			return object.Content[i+1]
		}
	}
	return nil
}

// put sets the value at a path, making the mappings on the way.
func put(object *yaml.Node, path []string, value *yaml.Node) {
	if len(path) == 1 {
		object.Content = append(object.Content, scalar(path[0]), value)
		return
	}
	inner := member(object, path[0])
	if inner == nil {
		inner = mapping()
		object.Content = append(object.Content, scalar(path[0]), inner)
	}
	put(inner, path[1:], value)
}

// shownProblems bounds how many problems of one field a page shows.
const shownProblems = 12

// place puts problems at the fields of the form: at the one that has the value,
// or one inside what has it, or, for what no field has, where YAML is written.
func (f form) place(problems problem.List) map[string]problem.List {
	placed := map[string]problem.List{}
	for _, p := range problems {
		at := f.fieldOf(p.Path)
		if len(placed[at]) < shownProblems {
			placed[at] = append(placed[at], p)
		} else if len(placed[at]) == shownProblems {
			placed[at] = append(placed[at], problem.New("", "there are more problems like these", ""))
		}
	}
	return placed
}

func (f form) fieldOf(path string) string {
	best, inside := "", ""
	for _, field := range f.Model.fields() {
		if !f.Shows(field) {
			continue
		}
		switch {
		case below(path, field.Path) && len(field.Path) > len(best):
			best = field.Path
		case below(field.Path, path) && inside == "":
			inside = field.Path
		}
	}
	switch path {
	case stackField:
		return path
	case modelKey:
		return modelField
	}
	return cmp.Or(best, inside, moreField)
}

// below reports whether a path is another, or within it.
func below(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// fileName is the name of the configuration file.
func (f form) fileName() string { return fmt.Sprintf("Pulumi.%s.yaml", f.Stack) }
