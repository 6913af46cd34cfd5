package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"
)

// Props are the properties of a resource as plain values: string, float64,
// bool, []any, map[string]any and, during a preview, Unknown. A property that
// is null is left out. The getters return the zero value for a property that
// is absent, unknown or of another type: the Schema has spoken about types
// before any rule asks.
type Props map[string]any

// Unknown stands for a value that only the deployment will know.
type Unknown struct{}

// defaultsKey lists the inputs that the provider filled in. Terraform-based
// providers keep such a list in the inputs under this name, and the engine
// treats names with two leading underscores as internal.
const defaultsKey = "__defaults"

// Has reports whether name has a known value.
func (p Props) Has(name string) bool {
	v, ok := p[name]
	return ok && !hasUnknown(v)
}

// IsUnknown reports whether name is, or holds, an unknown value.
func (p Props) IsUnknown(name string) bool { return hasUnknown(p[name]) }

// Str returns a string.
func (p Props) Str(name string) string {
	s, _ := p[name].(string)
	return s
}

// Bool returns a boolean.
func (p Props) Bool(name string) bool {
	b, _ := p[name].(bool)
	return b
}

// Int returns a whole number and whether there is one.
func (p Props) Int(name string) (int, bool) {
	f, ok := p[name].(float64)
	return int(f), ok
}

// Strs returns the known strings of a list, in order.
func (p Props) Strs(name string) []string {
	list, _ := p[name].([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// StrMap returns the known strings of a map.
func (p Props) StrMap(name string) map[string]string {
	m, _ := p[name].(map[string]any)
	out := make(map[string]string, len(m))
	for k, v := range m {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// Object returns the properties of an object.
func (p Props) Object(name string) Props {
	m, _ := p[name].(map[string]any)
	return m
}

// Defaults returns the names of the inputs that the provider filled in.
func (p Props) Defaults() []string { return p.Strs(defaultsKey) }

// Clone returns a copy that shares nothing with p.
func (p Props) Clone() Props {
	out := make(Props, len(p))
	for k, v := range p {
		out[k] = clone(v)
	}
	return out
}

// Without returns a copy of p that lacks the internal properties, those with
// two leading underscores.
func (p Props) Without() Props {
	out := p.Clone()
	maps.DeleteFunc(out, func(k string, _ any) bool { return internal(k) })
	return out
}

// Strings makes a property value, a list, of strings.
func Strings(items ...string) []any {
	out := make([]any, len(items))
	for i, s := range items {
		out[i] = s
	}
	return out
}

func internal(name string) bool { return strings.HasPrefix(name, "__") }

func clone(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	case map[string]any:
		return map[string]any(Props(v).Clone())
	}
	return v
}

func hasUnknown(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case []any:
		return slices.ContainsFunc(v, hasUnknown)
	case map[string]any:
		for _, e := range v {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return false
}

// secrets names the top-level properties that hold a secret. A cloud knows
// nothing of secrets, so the whole property becomes one when it goes back.
type secrets = map[string]bool

// unmarshal reads properties from the wire. A nil struct gives empty
// properties.
func unmarshal(s *structpb.Struct) (Props, secrets, error) {
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true, RejectAssets: true, SkipNulls: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading properties: %w", err)
	}
	props, hidden := Props{}, secrets{}
	for k, v := range m {
		plain, secret, err := fromValue(v)
		if err != nil {
			return nil, nil, fmt.Errorf("property %s: %w", k, err)
		}
		if plain == nil {
			continue
		}
		props[string(k)] = plain
		if secret {
			hidden[string(k)] = true
		}
	}
	return props, hidden, nil
}

// fromValue returns the plain value and whether a secret is in it. Null gives
// nil; a reference to a resource gives the resource's id.
func fromValue(v resource.PropertyValue) (plain any, secret bool, err error) {
	switch {
	case v.IsSecret():
		plain, _, err = fromValue(v.SecretValue().Element)
		return plain, true, err
	case v.IsOutput():
		out := v.OutputValue()
		if !out.Known {
			return Unknown{}, out.Secret, nil
		}
		plain, secret, err = fromValue(out.Element)
		return plain, secret || out.Secret, err
	case v.IsComputed():
		return Unknown{}, false, nil
	case v.IsNull():
		return nil, false, nil
	case v.IsBool():
		return v.BoolValue(), false, nil
	case v.IsNumber():
		return v.NumberValue(), false, nil
	case v.IsString():
		return v.StringValue(), false, nil
	case v.IsResourceReference():
		id, known := v.ResourceReferenceValue().IDString()
		if !known {
			return Unknown{}, false, nil
		}
		return id, false, nil
	case v.IsArray():
		list := make([]any, 0, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			plain, hidden, err := fromValue(e)
			if err != nil {
				return nil, false, fmt.Errorf("[%d]: %w", i, err)
			}
			list = append(list, plain)
			secret = secret || hidden
		}
		return list, secret, nil
	case v.IsObject():
		object := make(map[string]any, len(v.ObjectValue()))
		for k, e := range v.ObjectValue() {
			plain, hidden, err := fromValue(e)
			if err != nil {
				return nil, false, fmt.Errorf("%s: %w", k, err)
			}
			if plain != nil {
				object[string(k)] = plain
			}
			secret = secret || hidden
		}
		return object, secret, nil
	}
	return nil, false, fmt.Errorf("a value of type %s is not supported", v.TypeString())
}

// marshal writes properties to the wire, the hidden ones as secrets.
func marshal(p Props, hidden secrets) (*structpb.Struct, error) {
	m := resource.PropertyMap{}
	for k, v := range p {
		value := toValue(v)
		if hidden[k] {
			value = resource.MakeSecret(value)
		}
		m[resource.PropertyKey(k)] = value
	}
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	if err != nil {
		return nil, fmt.Errorf("writing properties: %w", err)
	}
	return s, nil
}

func toValue(v any) resource.PropertyValue {
	switch v := v.(type) {
	case Unknown:
		return resource.MakeComputed(resource.NewStringProperty(""))
	case []any:
		list := make([]resource.PropertyValue, len(v))
		for i, e := range v {
			list[i] = toValue(e)
		}
		return resource.NewArrayProperty(list)
	case map[string]any:
		object := make(resource.PropertyMap, len(v))
		for k, e := range v {
			object[resource.PropertyKey(k)] = toValue(e)
		}
		return resource.NewObjectProperty(object)
	case int:
		return resource.NewNumberProperty(float64(v))
	}
	return resource.NewPropertyValue(v)
}
