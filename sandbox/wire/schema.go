package wire

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// Kind is the kind of value a Schema admits.
type Kind int

// The kinds of value. Any admits every value.
const (
	Any Kind = iota
	String
	Number
	Integer
	Bool
	List
	Map
	Object
)

func (k Kind) String() string {
	return [...]string{"any value", "a string", "a number", "a whole number", "a boolean", "a list", "a map", "an object"}[k]
}

// Schema describes the values that a property may have.
type Schema struct {
	Kind   Kind
	Elem   *Schema          // of List and Map
	Fields map[string]Field // of Object
}

// Field is one property of an object.
type Field struct {
	Schema
	// Required says that the property must be given or, for an output, is
	// always there.
	Required bool
}

// Failure is one input that the provider does not accept.
type Failure struct {
	Property string // "subnetIds[1]"; empty when no single property is at fault
	Reason   string
}

// elementTyped is what the Input structs of a Pulumi SDK for Go implement: the
// type returned has plain fields, with pointers for what is optional.
type elementTyped interface{ ElementType() reflect.Type }

// InputsOf returns the schema of a resource's inputs from the SDK's args
// struct: InputsOf(ec2.VpcArgs{}). The SDK is generated from the provider's own
// schema, so what it says is independent of the programs it checks. A list or
// a map is always optional there; a type that needs one says so by itself.
func InputsOf(args any) (Schema, error) {
	e, ok := args.(elementTyped)
	if !ok {
		return Schema{}, fmt.Errorf("%T has no ElementType: it is not the args struct of a resource", args)
	}
	return StructOf(e.ElementType())
}

// StructOf returns the schema of a plain SDK struct, such as the args and the
// result of a function: StructOf(reflect.TypeFor[aws.GetRegionArgs]()).
func StructOf(t reflect.Type) (Schema, error) {
	if t.Kind() != reflect.Struct {
		return Schema{}, fmt.Errorf("%s is not a struct", t)
	}
	return newReflector(func(t reflect.Type) reflect.Type { return t }).schema(t)
}

// OutputsOf returns the schema of a resource's outputs from the SDK's resource
// struct: OutputsOf(ec2.Vpc{}).
func OutputsOf(res any) (Schema, error) {
	t := reflect.TypeOf(res)
	if t == nil || t.Kind() != reflect.Struct {
		return Schema{}, fmt.Errorf("%T is not the struct of a resource", res)
	}
	return newReflector(func(t reflect.Type) reflect.Type {
		if e, ok := reflect.Zero(t).Interface().(elementTyped); ok {
			return e.ElementType()
		}
		return t
	}).schema(t)
}

// reflector makes schemas of types.
type reflector struct {
	// plain turns the type of a field into that of its value.
	plain func(reflect.Type) reflect.Type
	// seen are the structs met already. Types may contain themselves, and then
	// so do their schemas.
	seen map[reflect.Type]Schema
}

func newReflector(plain func(reflect.Type) reflect.Type) reflector {
	return reflector{plain, map[reflect.Type]Schema{}}
}

func (r reflector) schema(t reflect.Type) (Schema, error) {
	switch t.Kind() {
	case reflect.Pointer:
		return r.schema(t.Elem())
	case reflect.Interface:
		return Schema{Kind: Any}, nil
	case reflect.String:
		return Schema{Kind: String}, nil
	case reflect.Bool:
		return Schema{Kind: Bool}, nil
	case reflect.Int:
		return Schema{Kind: Integer}, nil
	case reflect.Float64:
		return Schema{Kind: Number}, nil
	case reflect.Slice, reflect.Map:
		elem, err := r.schema(t.Elem())
		kind := List
		if t.Kind() == reflect.Map {
			kind = Map
		}
		return Schema{Kind: kind, Elem: &elem}, err
	case reflect.Struct:
		if s, ok := r.seen[t]; ok {
			return s, nil
		}
		s := Schema{Kind: Object, Fields: map[string]Field{}}
		r.seen[t] = s
		for i := range t.NumField() {
			f := t.Field(i)
			name := f.Tag.Get("pulumi")
			if name == "" {
				continue
			}
			ft := r.plain(f.Type)
			fs, err := r.schema(ft)
			if err != nil {
				return Schema{}, fmt.Errorf("%s.%s: %w", t, f.Name, err)
			}
			optional := ft.Kind() == reflect.Pointer || ft.Kind() == reflect.Slice || ft.Kind() == reflect.Map
			s.Fields[name] = Field{Schema: fs, Required: !optional}
		}
		return s, nil
	}
	return Schema{}, fmt.Errorf("no property has type %s", t)
}

// require marks fields as required that Go's types cannot tell from optional
// ones.
func (s *Schema) require(names []string) error {
	for _, name := range names {
		f, ok := s.Fields[name]
		if !ok {
			return fmt.Errorf("there is no property %s", name)
		}
		f.Required = true
		s.Fields[name] = f
	}
	return nil
}

// check returns what is wrong with v at path.
func (s Schema) check(path string, v any) []Failure {
	wrong := func() []Failure {
		return []Failure{{path, fmt.Sprintf("must be %s, not %s", s.Kind, describe(v))}}
	}
	if _, unknown := v.(Unknown); unknown {
		return nil
	}
	switch s.Kind {
	case Any:
		return nil
	case String:
		if _, ok := v.(string); !ok {
			return wrong()
		}
	case Bool:
		if _, ok := v.(bool); !ok {
			return wrong()
		}
	case Number, Integer:
		f, ok := v.(float64)
		if !ok || s.Kind == Integer && f != float64(int64(f)) {
			return wrong()
		}
	case List:
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		var all []Failure
		for i, e := range list {
			all = append(all, s.Elem.check(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
		return all
	case Map:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		var all []Failure
		for _, k := range slices.Sorted(maps.Keys(m)) {
			all = append(all, s.Elem.check(join(path, k), m[k])...)
		}
		return all
	case Object:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return s.checkFields(path, m)
	}
	return nil
}

// checkFields returns the unknown, the mistyped and the missing properties of
// an object.
func (s Schema) checkFields(path string, m Props) []Failure {
	var all []Failure
	names := slices.Sorted(maps.Keys(s.Fields))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if internal(k) {
			continue
		}
		f, ok := s.Fields[k]
		if !ok {
			reason := "is not a property of this type"
			if near := problem.Nearest(k, names); near != "" {
				reason += "; did you mean " + near + "?"
			}
			all = append(all, Failure{join(path, k), reason})
			continue
		}
		all = append(all, f.check(join(path, k), m[k])...)
	}
	for _, k := range names {
		if _, ok := m[k]; !ok && s.Fields[k].Required {
			all = append(all, Failure{join(path, k), "is required"})
		}
	}
	return all
}

// join appends a name to a property path, in brackets where the name is no
// plain word.
func join(path, name string) string {
	switch {
	case strings.ContainsAny(name, `.[]"`):
		return fmt.Sprintf("%s[%q]", path, name)
	case path == "":
		return name
	}
	return path + "." + name
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %q", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprintf("%v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("%T", v)
}

// zero returns the empty value of a kind, nil for Any.
func (s Schema) zero() any {
	switch s.Kind {
	case String:
		return ""
	case Bool:
		return false
	case Number, Integer:
		return float64(0)
	case List:
		return []any{}
	case Map, Object:
		return map[string]any{}
	}
	return nil
}
