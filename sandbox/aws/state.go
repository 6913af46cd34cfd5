package aws

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/sandbox/internal/statefile"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// stateVersion is the format of the state file that this package writes and
// the newest it reads.
const stateVersion = 1

// key identifies an object. Ids are unique only within these: a log group may
// have the name of a role.
type key struct{ account, region, token, id string }

func compareKeys(a, b key) int {
	return cmp.Or(
		strings.Compare(a.account, b.account), strings.Compare(a.region, b.region),
		strings.Compare(a.token, b.token), strings.Compare(a.id, b.id),
	)
}

func (o *Object) key() key { return key{o.Account, o.Region, o.Type, o.ID} }

func (o *Object) clone() *Object {
	c := *o
	c.Properties = wire.Props(o.Properties).Clone()
	return &c
}

// props returns the properties with their getters.
func (o *Object) props() wire.Props { return o.Properties }

// state is everything that persists. Objects in it are never changed, only
// replaced, so a copy of the map is a copy of the state.
type state struct {
	objects map[key]*Object
	// counters count the ids handed out, by account, region and prefix. They
	// never go back, so an id is never used twice.
	counters map[string]int
}

func newState() state {
	return state{objects: map[key]*Object{}, counters: map[string]int{}}
}

func (s state) clone() state {
	return state{objects: maps.Clone(s.objects), counters: maps.Clone(s.counters)}
}

// stateFile is the form of the state in a file. Objects are sorted, so equal
// clouds have equal files.
type stateFile struct {
	Version  int            `json:"version"`
	Counters map[string]int `json:"counters"`
	Objects  []*Object      `json:"objects"`
}

// loadState reads a state file; one that does not exist is an empty cloud.
func loadState(file string, kinds map[string]*kind) (state, error) {
	var f stateFile
	if found, err := statefile.Read(file, stateVersion, &f); err != nil || !found {
		return newState(), err
	}
	s := newState()
	maps.Copy(s.counters, f.Counters)
	for i, o := range f.Objects {
		switch {
		case o == nil || o.ID == "" || o.Account == "":
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %d has no id or account", i))
		case kinds[o.Type] == nil && !implicit[o.Type]:
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %s has the unknown type %q", o.ID, o.Type))
		case s.objects[o.key()] != nil:
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %s is there twice", o.ID))
		}
		s.objects[o.key()] = o
	}
	return s, nil
}

// save writes the state.
func (s state) save(file string) error {
	f := stateFile{Version: stateVersion, Counters: s.counters, Objects: slices.Collect(maps.Values(s.objects))}
	slices.SortFunc(f.Objects, func(a, b *Object) int { return compareKeys(a.key(), b.key()) })
	return statefile.Write(file, f)
}
