package azure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

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

// lockState keeps other clouds, in this process or another, from the file.
func lockState(file string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("sandbox: making the folder of the state: %w", err)
	}
	l := flock.New(file + ".lock")
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("sandbox: locking the state: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("sandbox: the state %s is in use by another process", file)
	}
	return l, nil
}

// loadState reads a state file; one that does not exist is an empty cloud.
func loadState(file string, kinds map[string]*kind) (state, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(), nil
	}
	if err != nil {
		return state{}, fmt.Errorf("sandbox: reading the state: %w", err)
	}
	// The version comes first: a newer format may have keys unknown here.
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return state{}, corrupt(file, err)
	}
	if head.Version > stateVersion {
		return state{}, fmt.Errorf("sandbox: the state %s has format %d, written by a newer version; this one reads up to %d",
			file, head.Version, stateVersion)
	}
	var f stateFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return state{}, corrupt(file, err)
	}
	if f.Version < 1 {
		return state{}, corrupt(file, errors.New("it has no version"))
	}
	s := newState()
	s.counter = f.Counter
	for i, o := range f.Objects {
		switch {
		case o == nil || o.ID == "" || o.Subscription == "":
			return state{}, corrupt(file, fmt.Errorf("object %d has no id or subscription", i))
		case kinds[o.Type] == nil:
			return state{}, corrupt(file, fmt.Errorf("object %s has the unknown type %q", o.ID, o.Type))
		case s.objects[key(o.ID)] != nil:
			return state{}, corrupt(file, fmt.Errorf("object %s is there twice", o.ID))
		}
		s.objects[key(o.ID)] = o
	}
	return s, nil
}

func corrupt(file string, err error) error {
	return fmt.Errorf("sandbox: the state %s is not readable: %w; remove it to start with an empty cloud", file, err)
}

// save writes the state so that a reader finds the old one or the new one,
// never a part.
func (s state) save(file string) error {
	f := stateFile{Version: stateVersion, Counter: s.counter, Objects: slices.Collect(maps.Values(s.objects))}
	slices.SortFunc(f.Objects, func(a, b *Object) int { return strings.Compare(key(a.ID), key(b.ID)) })
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("sandbox: writing the state: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("sandbox: writing the state: %w", err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("sandbox: writing the state: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}
