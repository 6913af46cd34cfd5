package azure

import (
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

// key identifies an object: the Resource Manager's ids are the same in any
// case.
func key(id string) string { return strings.ToLower(id) }

func (o *Object) clone() *Object {
	c := *o
	c.Properties = wire.Props(o.Properties).Clone()
	c.Addresses = slices.Clone(o.Addresses)
	return &c
}

// props returns the properties with their getters.
func (o *Object) props() wire.Props { return o.Properties }

// state is everything that persists. Objects in it are never changed, only
// replaced, so a copy of the map is a copy of the state.
type state struct {
	objects map[string]*Object
	// counter counts changes. It never goes back, so that no etag, GUID or
	// principal comes twice.
	counter int
}

func newState() state { return state{objects: map[string]*Object{}} }

func (s state) clone() state { return state{maps.Clone(s.objects), s.counter} }

// stateFile is the form of the state in a file. Objects are sorted, so equal
// clouds have equal files.
type stateFile struct {
	Version int       `json:"version"`
	Counter int       `json:"counter"`
	Objects []*Object `json:"objects"`
}

// loadState reads a state file; one that does not exist is an empty cloud.
func loadState(file string, kinds map[string]*kind) (state, error) {
	var f stateFile
	if found, err := statefile.Read(file, stateVersion, &f); err != nil || !found {
		return newState(), err
	}
	s := newState()
	s.counter = f.Counter
	for i, o := range f.Objects {
		switch {
		case o == nil || o.ID == "" || o.Subscription == "":
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %d has no id or subscription", i))
		case kinds[o.Type] == nil:
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %s has the unknown type %q", o.ID, o.Type))
		case s.objects[key(o.ID)] != nil:
			return state{}, statefile.Corrupt(file, fmt.Errorf("object %s is there twice", o.ID))
		}
		s.objects[key(o.ID)] = o
	}
	return s, nil
}

// save writes the state.
func (s state) save(file string) error {
	f := stateFile{Version: stateVersion, Counter: s.counter, Objects: slices.Collect(maps.Values(s.objects))}
	slices.SortFunc(f.Objects, func(a, b *Object) int { return strings.Compare(key(a.ID), key(b.ID)) })
	return statefile.Write(file, f)
}
