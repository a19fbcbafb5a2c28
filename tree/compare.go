package tree

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is how a file differs from what it is to be.
type Kind int

const (
	Missing Kind = iota // it is not there
	Stale               // it is as it was written, and the spec says something else now
	Edited              // it is not as it was written
	Orphan              // it is as it was written, and no longer made
	Foreign             // it was not written by statefulc, and is in the way
)

// Change is a file that differs.
type Change struct {
	Kind Kind
	Path string      // below the tree, slash-separated
	Is   fs.FileMode // what is in the way, if it is no file
	Lost bool        // the inventory, so that nobody knows whether it was edited

	Old, New []byte // nil: there is none
}

// Comparison is a tree as it is beside what it is to be.
type Comparison struct {
	tree    *Tree
	place   string
	exists  bool
	entries map[string]*entry
	ours    inventory
	noted   []byte // the inventory as it is; nil if there is none

	Changes []Change // by path; the inventory itself only if nothing else differs
	adopted int
}

// entry is what is in the tree: a file with its text if it may be ours, a
// directory, something else.
type entry struct {
	mode fs.FileMode
	text []byte
}

// most is how many files of others a tree may have: each is linked anew when it
// is replaced. A directory with more was not meant.
const most = 1000

// Compare reads the tree, and writes nothing. If another build replaces it
// meanwhile, it is read again: a half of each would seem edited.
func (t *Tree) Compare() (*Comparison, error) {
	place, err := place(t.Dir)
	if err != nil {
		return nil, err
	}
	for {
		before, _ := os.Stat(place)
		at, err := t.compare(place)
		if after, _ := os.Stat(place); isSame(before, after) {
			return at, err
		}
	}
}

// isSame reports whether both are the same directory, or none.
func isSame(a, b fs.FileInfo) bool {
	return a == nil && b == nil || a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime())
}

func (t *Tree) compare(place string) (*Comparison, error) {
	at := &Comparison{tree: t, place: place, entries: map[string]*entry{}}
	if err := at.readInventory(); err != nil {
		return nil, err
	}
	if err := at.read(); err != nil {
		return nil, err
	}
	at.compare()
	return at, nil
}

func (at *Comparison) readInventory() (err error) {
	file := filepath.Join(at.place, Inventory)
	if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is in the way: it is no regular file", at.tree.shown(Inventory))
	}
	at.noted, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || isNoDirectory(err) {
		at.ours, err = inventory{}, nil
		return err
	}
	if err != nil {
		return err
	}
	if at.ours, err = parse(at.noted); err != nil {
		return fmt.Errorf("%s: %w; with the file deleted, `statefulc build` makes it anew", at.tree.shown(Inventory), err)
	}
	return nil
}

// isNoDirectory is of a path through a file; the walk says so.
func isNoDirectory(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok && strings.HasSuffix(err.Error(), "not a directory")
}

// read walks the tree, and reads the files that are or may be ours.
func (at *Comparison) read() error {
	info, err := os.Stat(at.place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is in the way: it is no directory", at.tree.Dir)
	}
	at.exists = true
	others := 0
	return filepath.WalkDir(at.place, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(at.place, file)
		if err != nil || rel == "." || rel == Inventory {
			return err
		}
		e := &entry{mode: d.Type()}
		at.entries[filepath.ToSlash(rel)] = e
		if err := at.isTree(d, rel); err != nil || d.IsDir() {
			return err
		}
		if !at.mayBeOurs(filepath.ToSlash(rel), d) {
			if others++; others > most {
				return fmt.Errorf("%s has more than %d files that statefulc did not write; give the tree a directory of its own", at.tree.Dir, most)
			}
			return nil
		}
		e.text, err = os.ReadFile(file)
		e.text = append([]byte{}, e.text...) // of an empty file it is not nil
		return err
	})
}

// isTree refuses what must not be replaced as a part of this tree.
func (at *Comparison) isTree(d fs.DirEntry, rel string) error {
	switch d.Name() {
	case ".git":
		return fmt.Errorf("%s is a git repository; give the tree a directory of its own", at.tree.shown(filepath.Dir(rel)))
	case Inventory:
		return fmt.Errorf("%s is another tree inside of %s; give each a directory of its own", at.tree.shown(filepath.Dir(rel)), at.tree.Dir)
	}
	return nil
}

// mayBeOurs reports whether a file has to be read. Without an inventory, files
// where statefulc has always written them may be of an older one.
func (at *Comparison) mayBeOurs(path string, d fs.DirEntry) bool {
	if !d.Type().IsRegular() {
		return false
	}
	_, wanted := at.tree.Files[path]
	return wanted || at.ours[path] != nil || at.noted == nil && isLegacy(path)
}

func isLegacy(file string) bool {
	base, _ := path.Match("base/*.yaml", file)
	overlay, _ := path.Match("overlays/*/*.yaml", file)
	return base || overlay
}

// compare finds what differs.
func (at *Comparison) compare() {
	at.takeLegacy()
	for file, text := range at.tree.Files {
		at.compareWanted(file, text)
	}
	for file := range at.ours {
		if _, wanted := at.tree.Files[file]; !wanted {
			at.compareUnwanted(file)
		}
	}
	slices.SortFunc(at.Changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	at.Changes = slices.CompactFunc(at.Changes, func(a, b Change) bool { return a.Path == b.Path }) // in the way of two
	want := at.tree.Inventory()
	switch {
	case len(at.Changes) > 0 || bytes.Equal(lf(at.noted), want):
	case at.noted == nil:
		at.Changes = []Change{{Kind: Missing, Path: Inventory, New: want}}
	case want == nil:
		at.Changes = []Change{{Kind: Orphan, Path: Inventory, Old: at.noted}}
	default:
		at.Changes = []Change{{Kind: Stale, Path: Inventory, Old: at.noted, New: want}}
	}
}

// takeLegacy lists what an older statefulc wrote, without knowing its hashes. A
// tree of nothing has no older one.
func (at *Comparison) takeLegacy() {
	if at.noted != nil || len(at.tree.Files) == 0 {
		return
	}
	for file, e := range at.entries {
		if e.text != nil && isLegacy(file) && bytes.HasPrefix(lf(e.text), []byte(at.tree.Header)) {
			at.ours[file] = []string{""}
		}
	}
}

func (at *Comparison) compareWanted(file string, want []byte) {
	if above, is := at.blocked(file); above != "" {
		at.add(Change{Kind: Foreign, Path: above, Is: is})
		return
	}
	hashes, ours := at.ours[file]
	e := at.entries[file]
	switch {
	case e == nil:
		at.add(Change{Kind: Missing, Path: file, New: want})
	case e.mode.IsDir() && at.goes(file):
		at.add(Change{Kind: Missing, Path: file, New: want})
	case !e.mode.IsRegular():
		at.add(Change{Kind: Foreign, Path: file, Is: e.mode})
	case bytes.Equal(lf(e.text), want):
		if !ours || hashes[0] == "" {
			at.adopted++
		}
	case !ours:
		at.add(Change{Kind: Foreign, Path: file, Old: e.text, New: want})
	case at.isUntouched(file):
		at.add(Change{Kind: Stale, Path: file, Old: e.text, New: want})
	default:
		at.add(Change{Kind: Edited, Path: file, Lost: hashes[0] == "", Old: e.text, New: want})
	}
}

func (at *Comparison) compareUnwanted(file string) {
	e := at.entries[file]
	switch {
	case e == nil || !e.mode.IsRegular(): // whatever is there now is not ours
	case at.isUntouched(file):
		at.add(Change{Kind: Orphan, Path: file, Old: e.text})
	default:
		at.add(Change{Kind: Edited, Path: file, Lost: at.ours[file][0] == "", Old: e.text})
	}
}

func (at *Comparison) add(c Change) { at.Changes = append(at.Changes, c) }

// isUntouched reports whether a file is as it was written.
func (at *Comparison) isUntouched(file string) bool {
	e := at.entries[file]
	return e != nil && e.mode.IsRegular() && slices.Contains(at.ours[file], hash(lf(e.text)))
}

// blocked finds what is in the place of a directory above a file, unless it is
// to be pruned: a link is not followed, wherever it leads.
func (at *Comparison) blocked(file string) (above string, is fs.FileMode) {
	for i, r := range file {
		if r != '/' {
			continue
		}
		e := at.entries[file[:i]]
		if e == nil || e.mode.IsDir() {
			continue
		}
		if _, wanted := at.tree.Files[file[:i]]; wanted || !at.isUntouched(file[:i]) {
			return file[:i], e.mode
		}
	}
	return "", 0
}

// goes reports whether a directory will be empty: all that is in it is to be
// pruned.
func (at *Comparison) goes(dir string) bool {
	some := false
	for file, e := range at.entries {
		if !strings.HasPrefix(file, dir+"/") {
			continue
		}
		_, wanted := at.tree.Files[file]
		if e.mode.IsDir() && at.isParent(file) {
			continue
		}
		if wanted || !at.isUntouched(file) {
			return false
		}
		some = true
	}
	return some
}

// isParent reports whether there is something in a directory.
func (at *Comparison) isParent(dir string) bool {
	for file := range at.entries {
		if strings.HasPrefix(file, dir+"/") {
			return true
		}
	}
	return false
}

// clean reports whether there is nothing to do.
func (at *Comparison) clean() bool { return len(at.Changes) == 0 }

// refused are the changes that must not be made; force makes those that
// replace files.
func (at *Comparison) refused(force bool) []Change {
	var out []Change
	for _, c := range at.Changes {
		if c.Kind == Foreign && c.Old == nil || !force && (c.Kind == Edited || c.Kind == Foreign) {
			out = append(out, c)
		}
	}
	return out
}

// written is what making the changes comes to.
func (at *Comparison) written() Written {
	w := Written{Files: len(at.tree.Files), Adopted: at.adopted, Changed: !at.clean()}
	for _, c := range at.Changes {
		switch {
		case c.Path == Inventory:
		case c.New == nil:
			w.Pruned++
		default:
			w.Written++
		}
	}
	return w
}
