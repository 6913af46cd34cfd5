package topology

import "slices"

// Ref is where something stands in the resource graph: a resource, and the
// property of it that says so.
type Ref struct {
	// URN of the resource.
	URN string `json:"urn"`
	// Property is the path of the property, "ingress[2].cidrBlocks"; empty for
	// the resource as a whole.
	Property string `json:"property,omitempty"`
}

// At returns the ref to a property of the same resource.
func (r Ref) At(property string) Ref { return Ref{URN: r.URN, Property: property} }

// Val is one fact of the topology: known, one of several, or unknown until an
// output is. The zero Val is unknown, so that what a front end forgets is never
// taken as safe.
type Val[T any] struct {
	options []T
	unknown bool // beside the options, or instead of them, it may be anything
	known   bool
	ref     Ref
}

// Known is a fact that the graph tells at ref.
func Known[T any](value T, ref Ref) Val[T] {
	return Val[T]{options: []T{value}, known: true, ref: ref}
}

// Unknown is a fact that the output at ref will decide.
func Unknown[T any](ref Ref) Val[T] { return Val[T]{unknown: true, ref: ref} }

// OneOf is a fact that is one of the values; the output at ref decides which.
// One value makes it known, none makes it unknown.
func OneOf[T any](ref Ref, values ...T) Val[T] {
	switch len(values) {
	case 0:
		return Unknown[T](ref)
	case 1:
		return Known(values[0], ref)
	}
	return Val[T]{options: values, ref: ref}
}

// AtLeast is a list that the output at ref will decide, and that holds at the
// least the given elements.
func AtLeast[T any](ref Ref, least []T) Val[[]T] {
	return Val[[]T]{options: [][]T{least}, unknown: true, ref: ref}
}

// Get returns the value when it is known.
func (v Val[T]) Get() (T, bool) {
	if v.known {
		return v.options[0], true
	}
	var zero T
	return zero, false
}

// Or returns the value when it is known, and otherwise the given one.
func (v Val[T]) Or(otherwise T) T {
	if value, ok := v.Get(); ok {
		return value
	}
	return otherwise
}

// Options returns what the fact may be. complete is false when it may also be
// something else.
func (v Val[T]) Options() (values []T, complete bool) {
	return v.options, len(v.options) > 0 && !v.unknown
}

// IsKnown reports whether the graph tells the fact.
func (v Val[T]) IsKnown() bool { return v.known }

// Ref is where the fact stands or, when it is not known, the output that
// decides it.
func (v Val[T]) Ref() Ref { return v.ref }

// convert applies f to what the fact is or may be.
func convert[A, B any](v Val[A], f func(A) B) Val[B] {
	converted := Val[B]{unknown: v.unknown, known: v.known, ref: v.ref}
	for _, option := range v.options {
		converted.options = append(converted.options, f(option))
	}
	return converted
}

// mapVal does the same; options that become equal are one, which is then known.
func mapVal[A any, B comparable](v Val[A], f func(A) B) Val[B] {
	result := convert(v, f)
	var options []B
	for _, option := range result.options {
		if !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	result.options, result.known = options, len(options) == 1 && !v.unknown
	result.unknown = v.unknown || len(options) == 0
	return result
}
