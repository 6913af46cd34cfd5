package catalog

import (
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the candidate with the fewest edits from want, for "did you
// mean". Case does not count. It returns "" when nothing is close: more than a
// third of the longer word would have to change. The first of equals wins.
func Nearest(want string, candidates []string) string {
	best, fewest := "", -1
	for _, c := range candidates {
		edits := levenshtein.Distance(strings.ToLower(want), strings.ToLower(c), nil)
		if edits > max(1, max(len(want), len(c))/3) {
			continue
		}
		if fewest < 0 || edits < fewest {
			best, fewest = c, edits
		}
	}
	return best
}
