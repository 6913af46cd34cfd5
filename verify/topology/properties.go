package topology

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// property is a property of a resource, or a value inside one. It is absent,
// unknown, or has a value. The methods that read a Val give an unknown one for
// what is absent, unknown, or of a type that does not belong there.
type property struct {
	node  *node
	path  string // "ingress[2].cidrBlocks"
	state state
	value resource.PropertyValue // opened: no secret, no output
}

type state int

const (
	// absent: the resource does not say; what that means is the cloud's
	// default or, for what the cloud computes, unknown.
	absent state = iota
	// unknown: it says, but the value is not there yet, or nobody may read it.
	unknown
	present
)

// get returns a top-level property: what a provider has read back when there is
// such a thing, otherwise the input. Computed outputs of a recorded graph are
// made up, and those of a preview are not there yet: they are absent. An empty
// string is absent: that is how providers write what is not set.
func (n *node) get(key string) property {
	k := resource.PropertyKey(key)
	input, output := n.Inputs[k], n.Outputs[k]
	if !n.index.recorded && !output.ContainsUnknowns() && !isEmpty(output) {
		return newProperty(n, key, output)
	}
	p := newProperty(n, key, input)
	if p.state == absent && n.External {
		p.state = unknown // the defaults are those of what the program creates
	}
	return p
}

// newProperty opens the value.
func newProperty(n *node, path string, value resource.PropertyValue) property {
	p := property{node: n, path: path}
	value, known := opened(value)
	switch {
	case !known:
		p.state = unknown
	case !isEmpty(value):
		p.state, p.value = present, value
	}
	return p
}

// opened takes a value out of secrets and outputs; known is false when it is
// not there yet. A null is known.
func opened(v resource.PropertyValue) (value resource.PropertyValue, known bool) {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput():
			if !v.OutputValue().Known {
				return v, false
			}
			v = v.OutputValue().Element
		default:
			return v, !v.IsComputed()
		}
	}
}

func isEmpty(v resource.PropertyValue) bool {
	return v.IsNull() || v.IsString() && v.StringValue() == ""
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// ref is where the property stands.
func (p property) ref() Ref { return p.node.ref(p.path) }

// cause is where the value comes from: the property itself or, when its value
// is not there yet and can come from one resource only, that resource.
func (p property) cause() Ref {
	if urns := p.dependencies(); p.state == unknown && len(urns) == 1 {
		return Ref{URN: urns[0]}
	}
	return p.ref()
}

// dependencies are the URNs that the top-level property gets its value from.
func (p property) dependencies() []string {
	end := strings.IndexAny(p.path, ".[")
	if end < 0 {
		end = len(p.path)
	}
	return p.node.PropertyDependencies[p.path[:end]]
}

// get returns a member of an object. A member of what is unknown is unknown.
func (p property) get(key string) property {
	path := under(p.path, key)
	switch {
	case p.state == present && p.value.IsObject():
		return newProperty(p.node, path, p.value.ObjectValue()[resource.PropertyKey(key)])
	case p.state == absent:
		return property{node: p.node, path: path}
	}
	return property{node: p.node, path: path, state: unknown}
}

// list returns the elements of a list; an absent list has none, and an object
// stands for a list of one, as some providers write blocks. complete is false
// when it is not known how many there are.
func (p property) list() (elements []property, complete bool) {
	switch {
	case p.state == absent:
		return nil, true
	case p.state == present && p.value.IsArray():
		for i, v := range p.value.ArrayValue() {
			elements = append(elements, newProperty(p.node, at(p.path, i), v))
		}
		return elements, true
	case p.state == present && p.value.IsObject():
		return []property{p}, true
	}
	return nil, false
}

// block returns the object in a list of at most one, or the object itself.
func (p property) block() property {
	elements, complete := p.list()
	switch {
	case len(elements) > 0:
		return elements[0]
	case complete:
		return property{node: p.node, path: p.path}
	}
	return property{node: p.node, path: p.path, state: unknown}
}

// text reads a string.
func (p property) text() Val[string] {
	if p.state == present && p.value.IsString() {
		return Known(p.value.StringValue(), p.ref())
	}
	return Unknown[string](p.cause())
}

// boolean reads true or false.
func (p property) boolean() Val[bool] {
	switch {
	case p.state != present:
	case p.value.IsBool():
		return Known(p.value.BoolValue(), p.ref())
	case p.value.IsString():
		if b, err := strconv.ParseBool(p.value.StringValue()); err == nil {
			return Known(b, p.ref())
		}
	}
	return Unknown[bool](p.cause())
}

// number reads an integer.
func (p property) number() Val[int] {
	switch {
	case p.state != present:
	case p.value.IsNumber():
		if f := p.value.NumberValue(); f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32 {
			return Known(int(f), p.ref())
		}
	case p.value.IsString():
		if i, err := strconv.Atoi(p.value.StringValue()); err == nil {
			return Known(i, p.ref())
		}
	}
	return Unknown[int](p.cause())
}

// port reads a port.
func (p property) port() Val[uint16] {
	if n, ok := p.number().Get(); ok && n >= 0 && n <= math.MaxUint16 {
		return Known(uint16(n), p.ref())
	}
	return Unknown[uint16](p.cause())
}

// prefix reads an address range, or an address as the range of itself. Host
// bits are cut off, as the clouds do.
func (p property) prefix() Val[netip.Prefix] {
	text, _ := p.text().Get()
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return Known(prefix.Masked(), p.ref())
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return Known(netip.PrefixFrom(addr, addr.BitLen()), p.ref())
	}
	return Unknown[netip.Prefix](p.cause())
}

// address reads an address.
func (p property) address() Val[netip.Addr] {
	text, _ := p.text().Get()
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return Known(addr.Unmap(), p.ref())
	}
	return Unknown[netip.Addr](p.cause())
}

// orDefault reads a property that has the value when the resource does not say.
func orDefault[T any](p property, read func(property) Val[T], value T) Val[T] {
	if p.state == absent {
		return Known(value, p.ref())
	}
	return read(p)
}

// all reads a list as one fact: it is known when every element is.
func all[T any](p property, read func(property) Val[T]) Val[[]T] {
	elements, complete := p.list()
	if !complete {
		return Unknown[[]T](p.cause())
	}
	values := make([]T, 0, len(elements))
	for _, element := range elements {
		v := read(element)
		value, ok := v.Get()
		if !ok {
			return Unknown[[]T](v.Ref())
		}
		values = append(values, value)
	}
	return Known(values, p.ref())
}

// tags reads the tags that are known.
func (p property) tags() map[string]string {
	if p.state != present || !p.value.IsObject() {
		return nil
	}
	tags := map[string]string{}
	for key := range p.value.ObjectValue() {
		if text, ok := p.get(string(key)).text().Get(); ok {
			tags[string(key)] = text
		}
	}
	return tags
}

// target reads a reference to something of the kinds (see index.find). A known
// target without a node is not in the graph, or not of these kinds. A value that
// is not there yet can come from each of the property's dependencies that is of
// one of the kinds; it is unknown when there is none, or when it is absent.
func (p property) target(kinds ...string) Val[target] {
	switch {
	case p.state == present && p.value.IsString():
		id := p.value.StringValue()
		if found := p.node.index.find(id, kinds...); len(found) > 0 {
			return OneOf(p.ref(), found...)
		}
		return Known(target{id: id}, p.ref())
	case p.state == present && p.value.IsResourceReference():
		if n := p.node.index.byURN[string(p.value.ResourceReferenceValue().URN)]; n != nil && (target{node: n}).isOf(kinds) {
			return Known(target{node: n}, p.ref())
		}
		return Known(target{id: string(p.value.ResourceReferenceValue().URN)}, p.ref())
	case p.state == unknown:
		return OneOf(p.cause(), p.candidates(kinds)...)
	}
	return Unknown[target](p.cause())
}

// candidates are the dependencies of the property that are of the kinds.
func (p property) candidates(kinds []string) []target {
	var found []target
	for _, urn := range p.dependencies() {
		n := p.node.index.byURN[urn]
		if n == nil {
			continue
		}
		for _, kind := range kinds {
			token, part, _ := strings.Cut(kind, "#")
			if t := (target{node: n, part: part}); token == n.kind && !slices.Contains(found, t) {
				found = append(found, t)
			}
		}
	}
	return found
}

// targets reads a list of references in which order means nothing. As many
// values that are not there yet as there are dependencies to take them from are
// these dependencies. complete is false when there may be others.
func (p property) targets(kinds ...string) (references []Val[target], complete bool) {
	elements, complete := p.list()
	if !complete {
		if candidates := p.candidates(kinds); len(candidates) > 0 {
			return []Val[target]{OneOf(p.cause(), candidates...)}, false
		}
		return nil, false
	}
	return p.settle(elements, kinds), true
}

// members does the same with a list of objects, of which each has a reference.
func (p property) members(key string, kinds ...string) (references []Val[target], complete bool) {
	elements, complete := p.list()
	for i := range elements {
		elements[i] = elements[i].get(key)
	}
	return p.settle(elements, kinds), complete
}

// settle resolves references whose order means nothing.
func (p property) settle(elements []property, kinds []string) []Val[target] {
	var references []Val[target]
	var pending int
	for _, element := range elements {
		references = append(references, element.target(kinds...))
		if element.state == unknown {
			pending++
		}
	}
	// Those that a known element names already are taken.
	candidates := slices.DeleteFunc(p.candidates(kinds), func(c target) bool {
		return slices.ContainsFunc(references, func(v Val[target]) bool {
			t, known := v.Get()
			return known && t.id != "" && t.node == c.node
		})
	})
	if pending != len(candidates) {
		return references
	}
	for i, element := range elements {
		if element.state == unknown {
			references[i] = Known(candidates[0], element.ref())
			candidates = candidates[1:]
		}
	}
	return references
}

// madeUp returns the resource and the output that a text of a recorded graph
// comes from, if it comes from one.
func (p property) madeUp() (from *node, output Ref, made bool) {
	text, known := p.text().Get()
	if !p.node.index.recorded || !known {
		return nil, Ref{}, false
	}
	for _, urn := range p.dependencies() {
		n := p.node.index.byURN[urn]
		if n == nil || !n.Custom {
			continue
		}
		given := map[string]string{}
		eachText(resource.NewProperty(n.Inputs), "", func(path, value string) { given[path] = value })
		eachText(resource.NewProperty(n.Outputs), "", func(path, value string) {
			if !made && value == text && given[path] != value {
				from, output, made = n, n.ref(path), true
			}
		})
	}
	return from, output, made
}
