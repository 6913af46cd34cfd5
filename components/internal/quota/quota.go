// Package quota answers which limits an account has.
package quota

import (
	"maps"
	"slices"
	"strconv"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Limits are an account's limits: its own where they are known, else the
// defaults of the catalogue.
type Limits struct {
	facts *catalog.Catalog
	own   map[string]int
}

// New returns the limits of an account whose own limits, by the catalogue's
// names, differ from the defaults. Unknown names and limits below 1 are added
// to problems at "quotas.<name>".
func New(facts *catalog.Catalog, own map[string]int, problems *problem.List) Limits {
	for _, name := range slices.Sorted(maps.Keys(own)) {
		path, value := "quotas."+name, strconv.Itoa(own[name])
		if _, known := facts.Quota(name); !known {
			problems.Addf(path, value, problem.DidYouMean(name, names(facts)), "is not a quota of the catalogue")
		} else if own[name] < 1 {
			problems.Addf(path, value, "give the account's limit, 1 or more", "is not a limit")
		}
	}
	return Limits{facts: facts, own: own}
}

// Of returns the limit of the named quota of the catalogue.
func (l Limits) Of(name string) int {
	if limit, ok := l.own[name]; ok {
		return limit
	}
	quota, _ := l.facts.Quota(name)
	return quota.Default
}

func names(facts *catalog.Catalog) []string {
	var names []string
	for _, quota := range facts.Quotas() {
		names = append(names, quota.Name)
	}
	return names
}
