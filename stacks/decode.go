package stacks

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/underlay-iac/underlay/problem"
)

// decode fills into, a pointer to a struct with json tags, from a value of a
// YAML or JSON document. It is strict: an unknown key and a value of another
// type are problems, each at its path, and all of them are reported. (The
// decoders of the libraries stop at the first, or know no paths.)
func decode(value any, into any) problem.List {
	d := decoder{}
	d.decode("", value, reflect.ValueOf(into).Elem())
	return d.problems
}

type decoder struct {
	problems problem.List
}

func (d *decoder) decode(path string, value any, into reflect.Value) {
	if value == nil {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.decode(path, value, into.Elem())
	case reflect.Struct:
		if object, ok := value.(map[string]any); ok {
			d.decodeStruct(path, object, into)
			return
		}
		d.mismatch(path, value, "a mapping")
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			d.mismatch(path, value, "a mapping")
			return
		}
		into.Set(reflect.MakeMap(into.Type()))
		for _, key := range slices.Sorted(maps.Keys(object)) {
			element := reflect.New(into.Type().Elem()).Elem()
			d.decode(join(path, key), object[key], element)
			into.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), element)
		}
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			d.mismatch(path, value, "a list")
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, item := range list {
			d.decode(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
		}
	case reflect.String:
		if text, ok := value.(string); ok {
			into.SetString(text)
			return
		}
		d.mismatch(path, value, "text")
	case reflect.Bool:
		if yes, ok := value.(bool); ok {
			into.SetBool(yes)
			return
		}
		d.mismatch(path, value, "true or false")
	case reflect.Int:
		if number, ok := integer(value); ok {
			into.SetInt(number)
			return
		}
		d.mismatch(path, value, "a whole number")
	default:
		d.problems.Addf(path, "", "", "has the type %s, which no configuration can hold", into.Type())
	}
}

func (d *decoder) decodeStruct(path string, object map[string]any, into reflect.Value) {
	fields := map[string]reflect.Value{}
	// The fields of an embedded struct are the struct's own, as in JSON.
	for _, field := range reflect.VisibleFields(into.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = into.FieldByIndex(field.Index)
		}
	}
	known := slices.Sorted(maps.Keys(fields))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if field, ok := fields[key]; ok {
			d.decode(join(path, key), object[key], field)
			continue
		}
		d.problems.Addf(join(path, key), "", problem.DidYouMean(key, known), "unknown key")
		// What was meant is checked too, so that its problems come at once
		// and it is not reported as missing.
		meant := problem.Nearest(key, known)
		if _, given := object[meant]; meant != "" && !given {
			d.decode(join(path, meant), object[key], fields[meant])
		}
	}
}

func (d *decoder) mismatch(path string, value any, want string) {
	fix := ""
	text := fmt.Sprint(value)
	if want == "text" && len(text) < 40 {
		if date, ok := value.(time.Time); ok {
			text = date.Format(time.DateOnly)
		}
		fix = fmt.Sprintf("put it in quotes: %q", text)
	}
	switch value.(type) {
	case map[string]any, []any:
		text, fix = "", ""
	}
	d.problems.Addf(path, text, fix, "is %s; it must be %s", kind(value), want)
}

// kind names the type of a document's value.
func kind(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "text"
	case bool:
		return "true or false"
	case int, int64, uint64, float64:
		return "a number"
	case time.Time:
		return "a date"
	}
	return fmt.Sprintf("of type %T", value)
}

// integer returns a whole number; JSON has only floats.
func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case int:
		return int64(n), true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n), true
		}
	}
	return 0, false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
