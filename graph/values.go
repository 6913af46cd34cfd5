package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// How a property is written in a deployment is the engine's own business
// (SerializePropertyValue in github.com/pulumi/pulumi/pkg/v3/resource/stack,
// which the SDK does not have). It differs from the wire format of
// sdk/go/common/resource/plugin in secrets, unknowns and references.

// blinded is what a preview shows in the place of a secret.
const blinded = "[secret]"

// unknown is a value that nobody knows.
func unknown() resource.PropertyValue {
	return resource.MakeComputed(resource.NewProperty(""))
}

// decoder turns the JSON of a deployment or a preview into property values.
type decoder struct {
	blinds bool // secrets are blinded: it is a preview
}

func (d decoder) properties(raw map[string]any) (resource.PropertyMap, error) {
	props := make(resource.PropertyMap, len(raw))
	for key, value := range raw {
		v, err := d.value(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		props[resource.PropertyKey(key)] = v
	}
	return props, nil
}

// value converts what encoding/json made of one value.
func (d decoder) value(raw any) (resource.PropertyValue, error) {
	switch v := raw.(type) {
	case nil:
		return resource.NewNullProperty(), nil
	case bool:
		return resource.NewProperty(v), nil
	case float64:
		return resource.NewProperty(v), nil
	case string:
		switch {
		case v == plugin.UnknownStringValue:
			return unknown(), nil
		case v == blinded && d.blinds:
			return resource.MakeSecret(unknown()), nil
		}
		return resource.NewProperty(v), nil
	case []any:
		list := make([]resource.PropertyValue, len(v))
		for i, element := range v {
			e, err := d.value(element)
			if err != nil {
				return resource.PropertyValue{}, fmt.Errorf("[%d]: %w", i, err)
			}
			list[i] = e
		}
		return resource.NewProperty(list), nil
	case map[string]any:
		if signature, special := v[resource.SigKey]; special {
			return d.special(signature, v)
		}
		props, err := d.properties(v)
		if err != nil {
			return resource.PropertyValue{}, err
		}
		return resource.NewProperty(props), nil
	}
	return resource.PropertyValue{}, fmt.Errorf("a JSON value of Go type %T", raw)
}

// special converts an object that a signature marks as something else.
func (d decoder) special(signature any, v map[string]any) (resource.PropertyValue, error) {
	switch signature {
	case resource.SecretSig:
		return d.secret(v), nil
	case resource.ResourceReferenceSig:
		return reference(v)
	case resource.ByteStringSig:
		text, _ := v["value"].(string)
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return resource.PropertyValue{}, fmt.Errorf("a byte string: %w", err)
		}
		return resource.NewProperty(string(bytes)), nil
	case asset.AssetSig:
		a, _, err := asset.Deserialize(v)
		if err != nil {
			return resource.PropertyValue{}, fmt.Errorf("an asset: %w", err)
		}
		return resource.NewProperty(a), nil
	case archive.ArchiveSig:
		a, _, err := archive.Deserialize(v)
		if err != nil {
			return resource.PropertyValue{}, fmt.Errorf("an archive: %w", err)
		}
		return resource.NewProperty(a), nil
	}
	// A kind of value that a later Pulumi has.
	return unknown(), nil
}

// secret converts a secret. Without the stack's key an encrypted one cannot be
// read; `--show-secrets` writes its JSON instead.
func (d decoder) secret(v map[string]any) resource.PropertyValue {
	plaintext, ok := v["plaintext"].(string)
	var raw any
	if !ok || json.Unmarshal([]byte(plaintext), &raw) != nil {
		return resource.MakeSecret(unknown())
	}
	value, err := d.value(raw)
	if err != nil {
		return resource.MakeSecret(unknown())
	}
	return resource.MakeSecret(value)
}

func reference(v map[string]any) (resource.PropertyValue, error) {
	urn, ok := v["urn"].(string)
	if !ok {
		return resource.PropertyValue{}, fmt.Errorf("a reference to a resource without its URN")
	}
	version, _ := v["packageVersion"].(string)
	id, custom := v["id"]
	if !custom {
		return resource.MakeComponentResourceReference(resource.URN(urn), version), nil
	}
	// An id that is no string stands for one that is not known.
	text, _ := id.(string)
	return resource.MakeCustomResourceReference(resource.URN(urn), resource.ID(text), version), nil
}

// encode turns a property value into what encoding/json writes as the engine
// does, but for secrets: their value is never written.
func encode(v resource.PropertyValue) any {
	switch {
	case v.IsNull():
		return nil
	case v.IsComputed():
		return plugin.UnknownStringValue
	case v.IsOutput():
		out := v.OutputValue()
		switch {
		case out.Secret:
			return hidden()
		case !out.Known:
			return plugin.UnknownStringValue
		}
		return encode(out.Element)
	case v.IsSecret():
		return hidden()
	case v.IsString() && !utf8.ValidString(v.StringValue()):
		text := base64.StdEncoding.EncodeToString([]byte(v.StringValue()))
		return map[string]any{resource.SigKey: resource.ByteStringSig, "value": text}
	case v.IsArray():
		list := make([]any, len(v.ArrayValue()))
		for i, element := range v.ArrayValue() {
			list[i] = encode(element)
		}
		return list
	case v.IsObject():
		return encodeProperties(v.ObjectValue())
	case v.IsAsset():
		return v.AssetValue().Serialize()
	case v.IsArchive():
		return v.ArchiveValue().Serialize()
	case v.IsResourceReference():
		ref := v.ResourceReferenceValue()
		raw := map[string]any{
			resource.SigKey:  resource.ResourceReferenceSig,
			"urn":            string(ref.URN),
			"packageVersion": ref.PackageVersion,
		}
		if id, custom := ref.IDString(); custom {
			raw["id"] = id
		}
		return raw
	}
	return v.V // a bool, a number, a string
}

func encodeProperties(props resource.PropertyMap) map[string]any {
	raw := make(map[string]any, len(props))
	for key, value := range props {
		raw[string(key)] = encode(value)
	}
	return raw
}

// hidden is a secret that nobody can decrypt.
func hidden() map[string]any {
	return map[string]any{resource.SigKey: resource.SecretSig, "ciphertext": blinded}
}
