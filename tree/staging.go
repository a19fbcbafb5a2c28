package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// staging is a directory beside the tree, in which the new one is made before
// both change places. Only its holder writes the tree. One that was left by a
// killed build is taken over.
type staging struct {
	dir    string // in full: .deploy.statefulc beside deploy
	place  string // of the tree
	held   *lockedfile.File
	made   []string // directories above it that were not there, parents first
	exists bool     // the tree does
}

// stagingSuffix ends the name of a directory that is there while a tree is
// written, or after a build was killed.
const stagingSuffix = ".statefulc"

func stagingOf(place string) string {
	return filepath.Join(filepath.Dir(place), "."+filepath.Base(place)+stagingSuffix)
}

// What is in the staging directory.
func (s *staging) lockFile() string { return filepath.Join(s.dir, "lock") }
func (s *staging) next() string     { return filepath.Join(s.dir, "new") } // and the old one after they changed places
func (s *staging) away() string     { return filepath.Join(s.dir, "old") } // while there is no tree, see takeTurns
func (s *staging) gone() string     { return filepath.Join(s.dir, "gone") }

// lock takes the staging directory, and waits for who has it.
func (t *Tree) lock() (*staging, error) {
	place, err := place(t.Dir)
	if err != nil {
		return nil, err
	}
	s := &staging{dir: stagingOf(place), place: place}
	if err := s.isElsewhere(); err != nil {
		return nil, err
	}
	if err := s.hold(); err != nil {
		s.removeMade()
		return nil, err
	}
	if err := s.recover(); err != nil {
		s.unlock()
		return nil, err
	}
	_, err = os.Lstat(place)
	s.exists = err == nil
	return s, nil
}

// isElsewhere refuses to replace the directory that the process, and with it
// the user's shell, is in.
func (s *staging) isElsewhere() error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return err
	}
	if rel, err := filepath.Rel(s.place, here); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%s is replaced as a whole, and the current directory is in it: run statefulc from elsewhere", s.place)
	}
	return nil
}

// tries is how often another build may remove a directory just before it is used.
const tries = 100

// hold locks a file of the staging directory. Who waited may hold one that is
// not there any more: who had it removes it, and directories that are empty then.
func (s *staging) hold() (err error) {
	for range tries {
		var f *lockedfile.File
		if err = s.mkdir(s.dir); err == nil {
			f, err = lockedfile.OpenFile(s.lockFile(), os.O_RDWR|os.O_CREATE, 0o666)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case s.isCurrent(f):
			s.held = f
			return nil
		default:
			f.Close()
			err = fs.ErrNotExist
		}
	}
	return fmt.Errorf("%s cannot be locked: %w", s.dir, err)
}

// isCurrent reports whether a file is the one that others would lock now.
func (s *staging) isCurrent(f *lockedfile.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(s.lockFile())
	return err == nil && os.SameFile(ours, there)
}

// mkdir makes a directory and remembers those above it that were not there.
func (s *staging) mkdir(dir string) error {
	_, err := os.Stat(dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	err = os.Mkdir(dir, 0o777)
	if err == nil && dir != s.dir {
		s.made = append(s.made, dir)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// recover puts a tree back that was away when its build was killed, and
// removes what else was left.
func (s *staging) recover() error {
	if _, err := os.Lstat(s.place); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(s.away(), s.place); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(os.RemoveAll(s.next()), os.RemoveAll(s.away()), os.RemoveAll(s.gone()))
}

// unlock removes the staging directory, then lets the next one at it. An error
// changes nothing: what is left, the next build removes.
func (s *staging) unlock() {
	os.RemoveAll(s.next())
	os.Remove(s.lockFile())
	os.Remove(s.dir)
	s.held.Close()
	s.removeMade()
}

// removeMade removes the directories that were made, if the tree is not there.
func (s *staging) removeMade() {
	for _, dir := range slices.Backward(s.made) {
		os.Remove(dir) // unless there is something in it
	}
}

// stage makes the new tree: what stays is linked, what differs is written. Nothing
// is synced: a process that is killed loses nothing that way, and 24 files of
// each of a thousand applications would take longer than all else together.
// What a crash of the machine breaks, --check finds by its hash.
func (s *staging) stage(at *Comparison) error {
	if len(at.tree.Files) == 0 && len(at.others()) == 0 {
		return nil
	}
	if err := os.Mkdir(s.next(), s.mode(".")); err != nil {
		return err
	}
	for _, file := range at.others() {
		if err := s.keep(file, at.entries[file].mode); err != nil {
			return err
		}
	}
	changed := map[string]bool{}
	for _, c := range at.Changes {
		changed[c.Path] = true
	}
	for _, file := range slices.Sorted(maps.Keys(at.tree.Files)) {
		err := s.keepOr(!changed[file], file, at.tree.Files[file])
		if err != nil {
			return err
		}
	}
	if text := at.tree.Inventory(); text != nil {
		return s.write(Inventory, text)
	}
	return nil
}

func (s *staging) keepOr(keep bool, file string, text []byte) error {
	if keep {
		return s.keep(file, 0)
	}
	return s.write(file, text)
}

// others is what is not ours, and stays: files, links, directories that hold
// them or are empty.
func (at *Comparison) others() []string {
	var out []string
	for file, e := range at.entries {
		_, wanted := at.tree.Files[file]
		_, ours := at.ours[file]
		switch {
		case wanted, ours && e.mode.IsRegular():
		case e.mode.IsDir() && at.isParent(file): // made with what is in it
		default:
			out = append(out, file)
		}
	}
	slices.Sort(out)
	return out
}

// keep puts what is in the tree into the new one: a link to the same file, so
// that it stays the same for whoever has it open; a copy where the file system
// has no links.
func (s *staging) keep(file string, mode fs.FileMode) error {
	from, to := filepath.Join(s.place, filepath.FromSlash(file)), filepath.Join(s.next(), filepath.FromSlash(file))
	if mode.IsDir() {
		return s.mkdirs(file)
	}
	if err := s.mkdirs(path.Dir(file)); err != nil {
		return err
	}
	if mode&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		return cmp.Or(err, os.Symlink(target, to))
	}
	if os.Link(from, to) == nil {
		return nil
	}
	return duplicate(from, to)
}

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: neither linked nor copied: it is no regular file", from)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

func (s *staging) write(file string, text []byte) error {
	if err := s.mkdirs(path.Dir(file)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.next(), filepath.FromSlash(file)), text, 0o644)
}

// mkdirs makes a directory of the new tree, and those above it, as they are in
// the old one.
func (s *staging) mkdirs(dir string) error {
	target := filepath.Join(s.next(), filepath.FromSlash(dir))
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	if err := s.mkdirs(path.Dir(dir)); err != nil {
		return err
	}
	return os.Mkdir(target, s.mode(dir))
}

// mode is that of a directory of the old tree.
func (s *staging) mode(dir string) fs.FileMode {
	info, err := os.Lstat(filepath.Join(s.place, filepath.FromSlash(dir)))
	if err != nil || !info.IsDir() {
		return 0o777
	}
	return info.Mode().Perm() | 0o700
}

// commit puts the new tree in the place of the old one, in one step, and
// removes that.
func (s *staging) commit(at *Comparison) error {
	_, err := os.Lstat(s.next())
	old := s.next()
	switch {
	case err != nil: // nothing stays
		old = s.gone()
		err = os.Rename(s.place, old)
	case s.exists:
		old, err = s.exchange()
	default:
		err = os.Rename(s.next(), s.place)
	}
	if err != nil {
		return fmt.Errorf("nothing was written: %s cannot be replaced: %w", at.tree.Dir, err)
	}
	if !s.exists {
		return nil
	}
	return errors.Join(s.rescue(at, old), os.RemoveAll(old))
}

// exchange lets the trees change places, and returns where the old one is. Not
// every system and file system can do it in one step.
func (s *staging) exchange() (old string, err error) {
	err = exchange(s.next(), s.place)
	if errors.Is(err, errors.ErrUnsupported) {
		return s.away(), s.takeTurns()
	}
	return s.next(), err
}

// takeTurns is exchange in two steps. After a kill between them there is no
// tree; the next build puts it back.
func (s *staging) takeTurns() error {
	if err := os.Rename(s.place, s.away()); err != nil {
		return err
	}
	if err := os.Rename(s.next(), s.place); err != nil {
		return errors.Join(err, os.Rename(s.away(), s.place))
	}
	return nil
}

// rescue moves what others put into the old tree after it was read.
func (s *staging) rescue(at *Comparison, old string) error {
	others := at.others()
	return filepath.WalkDir(old, func(file string, d fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(old, file)
		if err != nil || rerr != nil || d.IsDir() || rel == Inventory {
			return errors.Join(err, rerr)
		}
		known := at.entries[filepath.ToSlash(rel)] != nil
		_, kept := slices.BinarySearch(others, filepath.ToSlash(rel))
		target := filepath.Join(s.place, rel)
		if known && !(kept && isLater(file, target)) {
			return nil
		}
		return cmp.Or(os.MkdirAll(filepath.Dir(target), 0o777), os.Rename(file, target))
	})
}

// isLater reports whether a file of others was replaced while the tree was
// written: it is neither the file that was kept, nor as old as its copy.
func isLater(file, kept string) bool {
	a, err := os.Lstat(file)
	if err != nil || !a.Mode().IsRegular() {
		return false
	}
	b, err := os.Lstat(kept)
	return err == nil && !os.SameFile(a, b) && !a.ModTime().Equal(b.ModTime())
}

// Clean removes the staging directory of a build that was killed, of a tree
// that is not built any more, and waits for one that is at work.
func Clean(dir string) error {
	name := filepath.Base(dir)
	t := &Tree{Dir: filepath.Join(filepath.Dir(dir), strings.TrimSuffix(name[1:], stagingSuffix))}
	s, err := t.lock()
	if err != nil {
		return err
	}
	s.unlock()
	return nil
}

// IsStaging reports whether a name is that of a staging directory.
func IsStaging(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, stagingSuffix) && len(name) > len(stagingSuffix)+1
}
