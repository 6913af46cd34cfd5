package problem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// OneOf adds a problem unless value is one of the allowed ones.
func OneOf[T ~string](l *List, path string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	l.Addf(path, string(value), "use "+enumerate(names), "is not a choice")
}

// Unique adds a problem for each value that an earlier one repeats.
func Unique[T comparable](l *List, path string, values []T) {
	for i, value := range values {
		if first := slices.Index(values, value); first < i {
			l.Addf(fmt.Sprintf("%s[%d]", path, i), fmt.Sprint(value), "remove one",
				"is named already at %s[%d]", path, first)
		}
	}
}

// DidYouMean returns the way out of a mistyped name: the nearest known name, or
// all of them when none is close.
func DidYouMean(name string, known []string) string {
	if nearest := Nearest(name, known); nearest != "" {
		return fmt.Sprintf("did you mean %q?", nearest)
	}
	return "use " + enumerate(known)
}

// Nearest returns the known name with the smallest edit distance to name, the
// first of equals; "" when none is within a third of the name's length.
func Nearest(name string, known []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, candidate := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// enumerate returns "a", "a or b", "a, b or c".
func enumerate(names []string) string {
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
