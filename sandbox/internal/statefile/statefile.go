// Package statefile keeps the state of a simulated cloud in a file: one process
// at a time, a reader finding the old state or the new one and never a part.
package statefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Lock keeps other clouds, in this process or another, from the file.
func Lock(file string) (*flock.Flock, error) {
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

// Read decodes the file, strictly, into a pointer to a struct with a "version".
// newest is the newest version that the caller reads. found is false when there
// is no file.
func Read(file string, newest int, into any) (found bool, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox: reading the state: %w", err)
	}
	// The version comes first: a newer format may have keys unknown here.
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return false, Corrupt(file, err)
	}
	if head.Version > newest {
		return false, fmt.Errorf("sandbox: the state %s has format %d, written by a newer version; this one reads up to %d",
			file, head.Version, newest)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return false, Corrupt(file, err)
	}
	if head.Version < 1 {
		return false, Corrupt(file, errors.New("it has no version"))
	}
	return true, nil
}

// Corrupt is the error of a file whose content makes no sense.
func Corrupt(file string, err error) error {
	return fmt.Errorf("sandbox: the state %s is not readable: %w; remove it to start with an empty cloud", file, err)
}

// Write writes the file.
func Write(file string, value any) error {
	data, err := json.MarshalIndent(value, "", " ")
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
