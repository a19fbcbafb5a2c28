// Package tree keeps what statefulc writes apart from what others do, in a
// directory that both may use: it knows which files are ours, says how they
// differ from what they are to be, and replaces them.
//
// What is ours is listed with its hash in a file of the tree, [Inventory]. A
// file that is not listed is never touched, and one that was edited only on
// demand. A tree is replaced as a whole or not at all, however the process
// ends.
//
// The package does not know what the files are; package overlay makes them.
package tree

import (
	"fmt"
	"os"
	"path/filepath"
)

// Tree is what an application is to have in a directory.
type Tree struct {
	Dir    string            // as the user would write it
	Of     string            // the application's directory, from Dir; "" of a tree that stands apart, by -o
	Header string            // the first line of all files
	Files  map[string][]byte // by slash-separated path; none if the application is gone
}

// Written is what became of a tree.
type Written struct {
	Files   int // there are
	Written int
	Pruned  int
	Adopted int // were there as they are to be, and not listed
	Changed bool
}

// String is what there is to say of it, after the tree's name.
func (w Written) String() string {
	if w.Files == 0 {
		return fmt.Sprintf("gone, %d pruned", w.Pruned)
	}
	out := fmt.Sprintf("%d files, %d written", w.Files, w.Written)
	if w.Pruned > 0 {
		out += fmt.Sprintf(", %d pruned", w.Pruned)
	}
	if w.Adopted > 0 {
		out += fmt.Sprintf(", %d adopted", w.Adopted)
	}
	if w.Changed && w.Written+w.Pruned+w.Adopted == 0 {
		out += ", " + Inventory + " renewed"
	}
	return out
}

// Build makes the tree what it is to be, if nothing of it was edited and
// nothing else is in the way: all that is, is returned, and nothing is written
// then. With force, files that were edited or are in the way are replaced.
//
// After an error the tree is as it was, or as it is to be; the error says which.
func (t *Tree) Build(force bool) (Written, []Change, error) {
	at, err := t.Compare()
	if err != nil {
		return Written{}, nil, fmt.Errorf("nothing was written: %w", err)
	}
	if at.clean() && !t.isBeingWritten() {
		return at.written(), nil, nil
	}
	if bad := at.refused(force); len(bad) > 0 {
		return Written{}, bad, nil
	}
	return t.replace(force)
}

// replace compares again: another build may have been faster.
func (t *Tree) replace(force bool) (Written, []Change, error) {
	s, err := t.lock()
	if err != nil {
		return Written{}, nil, fmt.Errorf("nothing was written: %w", err)
	}
	defer s.unlock()
	at, err := t.Compare()
	if err != nil {
		return Written{}, nil, fmt.Errorf("nothing was written: %w", err)
	}
	if bad := at.refused(force); at.clean() || len(bad) > 0 {
		return at.written(), bad, nil
	}
	if err := s.stage(at); err != nil {
		return Written{}, nil, fmt.Errorf("nothing was written: %w", err)
	}
	if err := s.commit(at); err != nil {
		return Written{}, nil, err
	}
	return at.written(), nil, nil
}

// isBeingWritten reports whether another build is at work, or was killed.
func (t *Tree) isBeingWritten() bool {
	place, err := place(t.Dir)
	if err != nil {
		return false
	}
	_, err = os.Lstat(stagingOf(place))
	return err == nil
}

// place is the directory itself where dir is a link to it.
func place(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if os.IsNotExist(err) {
		if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink != 0 { // else another build has just made it
			return "", fmt.Errorf("%s is a link to what is not there", dir)
		}
		return filepath.Abs(dir)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	return filepath.Abs(real)
}
