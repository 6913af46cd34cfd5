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

// Nearest returns the known name with the fewest edits from name, the first of
// equals; a known name that name begins wins over those. Case does not count.
// It returns "" when nothing is close: more than a third would have to change.
func Nearest(name string, known []string) string {
	best, fewest := "", -1
	for _, candidate := range known {
		a, b := strings.ToLower(name), strings.ToLower(candidate)
		if len(a) > 3 && strings.HasPrefix(b, a) {
			return candidate
		}
		edits := levenshtein.Distance(a, b, nil)
		if edits <= max(1, max(len(a), len(b))/3) && (fewest < 0 || edits < fewest) {
			best, fewest = candidate, edits
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
