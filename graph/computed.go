package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// computed is a resource whose outputs are being made up.
type computed struct {
	*Resource
	known   func(urn string) *Resource // a resource recorded before, or nil
	outputs map[string]reflect.Type    // the outputs that the SDK's type has
}

// computed prepares a resource. The recorder is locked.
func (r *recorder) computed(res *Resource) computed {
	return computed{
		Resource: res,
		known:    func(urn string) *Resource { return r.resources[urn] },
		outputs:  outputTypes(r.types[res.Type]),
	}
}

// outputTypes returns the fields of a resource's Go type by pulumi tag.
func outputTypes(t reflect.Type) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return types
	}
	for i := range t.Elem().NumField() {
		if name := t.Elem().Field(i).Tag.Get("pulumi"); name != "" {
			types[name] = t.Elem().Field(i).Type
		}
	}
	return types
}

// set sets an output that the program did not give itself.
func (c *computed) set(key string, value any) {
	if _, given := c.Outputs[resource.PropertyKey(key)]; !given {
		c.Outputs[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
	}
}

// preset sets a default of the cloud or of its provider. What is only read may
// have been given something else.
func (c *computed) preset(key string, value any) {
	if !c.External {
		c.set(key, value)
	}
}

// text returns an output that is a known string, otherwise "".
func (c *computed) text(key string) string {
	if v := c.Outputs[resource.PropertyKey(key)]; v.IsString() {
		return v.StringValue()
	}
	return ""
}

func (c *computed) list(key string) []resource.PropertyValue {
	if v := c.Outputs[resource.PropertyKey(key)]; v.IsArray() {
		return v.ArrayValue()
	}
	return nil
}

// digits returns 64 hexadecimal digits that the URN and the seed decide.
func (c *computed) digits(seed ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(seed, c.URN), " ")))
	return hex.EncodeToString(sum[:])
}

// documentationIP picks an address of TEST-NET-2 and TEST-NET-3 (RFC 5737) by
// seed. Two seeds may get the same one: there are 508.
func documentationIP(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	n := binary.BigEndian.Uint32(sum[:]) % 508
	if n < 254 {
		return netip.AddrFrom4([4]byte{203, 0, 113, byte(n + 1)}).String()
	}
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(n - 253)}).String()
}
