package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Put makes the files under dir, by slash-separated path, and returns how
// many of them differed. They are first written whole under other names, then
// all of them are renamed: after an error all files are as they were, and no
// directory is left behind.
func Put(dir string, files map[string][]byte) (written int, err error) {
	var s batch
	defer func() {
		if err != nil {
			s.undo()
		}
	}()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(dir, filepath.FromSlash(path))
		old, err := read(target)
		if err != nil {
			return 0, err
		}
		if old != nil && bytes.Equal(old, files[path]) {
			continue
		}
		if err := s.add(target, files[path], old); err != nil {
			return 0, err
		}
	}
	return len(s.files), s.commit()
}

// read returns what is in a file; nil if there is none. Something else in its
// place is an error: a directory, a device.
func read(target string) ([]byte, error) {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is in the way: it is no regular file", target)
	}
	text, err := os.ReadFile(target)
	return append([]byte{}, text...), err
}

// batch holds files that are written but not yet in their places.
type batch struct {
	files []staged
	dirs  []string // made on the way, parents first
}

// staged is a file under another name, its place, and what was there: nil if
// there was none.
type staged struct {
	temporary, target string
	old               []byte
}

func (s *batch) add(target string, text, old []byte) error {
	if err := s.mkdir(filepath.Dir(target)); err != nil {
		return err
	}
	temporary, err := writeTemporary(target, text)
	if temporary != "" {
		s.files = append(s.files, staged{temporary, target, old})
	}
	return err
}

// writeTemporary writes a file beside its place.
func writeTemporary(target string, text []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(target), ".statefulc-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return f.Name(), errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
}

// mkdir makes a directory and remembers those that were not there.
func (s *batch) mkdir(dir string) error {
	_, err := os.Stat(dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	s.dirs = append(s.dirs, dir)
	return nil
}

// commit puts all files in their places. If one cannot be, those before it are
// put back.
func (s *batch) commit() error {
	for i, f := range s.files {
		if err := os.Rename(f.temporary, f.target); err != nil {
			return errors.Join(err, restore(s.files[:i]))
		}
	}
	return nil
}

// restore puts back what was there.
func restore(files []staged) error {
	var failed []error
	for _, f := range files {
		if f.old == nil {
			failed = append(failed, os.Remove(f.target))
			continue
		}
		temporary, err := writeTemporary(f.target, f.old)
		if err == nil {
			err = os.Rename(temporary, f.target)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// undo removes what add made. Errors change nothing: the first is on its way
// to the user already.
func (s *batch) undo() {
	for _, f := range s.files {
		os.Remove(f.temporary)
	}
	for _, dir := range slices.Backward(s.dirs) {
		os.Remove(dir)
	}
}
