package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/tree"
)

// target is an application and the tree that it is built to.
type target struct {
	dir  string // as the user would write it
	tree string
	of   string // dir from tree

	layout overlay.Layout // that the repository states
}

// selection is what a command works on.
type selection struct {
	targets []target
	others  []target // of other shards
	many    bool     // they were searched for
	gone    []target // trees in their places whose applications are not there any more
	stale   []string // what killed builds left for trees that are not built any more
	found   diag.List

	trees        map[string]string             // the applications, by their trees
	repositories map[string]*source.Repository // by directory
}

// selecting is which of the applications a command works on, beside what its
// arguments say.
type selecting struct{ shard shardFlag }

func (o *selecting) addFlag(cmd *cobra.Command) {
	cmd.Flags().Var(&o.shard, "shard", "work on one of several parts of the applications, such as 1/4, for as many machines")
}

// choose finds what the arguments mean, and takes the shard of it.
func (o *selecting) choose(args []string) (*selection, error) {
	s, err := choose(args)
	if err != nil || !o.shard.divides() {
		return s, err
	}
	all := s.targets
	s.targets, s.others = nil, nil
	for _, t := range all {
		if o.shard.has(s.place(t.dir)) {
			s.targets = append(s.targets, t)
		} else {
			s.others = append(s.others, t)
		}
	}
	s.gone = slices.DeleteFunc(s.gone, func(t target) bool { return !o.shard.has(s.place(t.dir)) })
	s.stale = slices.DeleteFunc(s.stale, func(dir string) bool { return !o.shard.has(s.place(dir)) })
	return s, nil
}

// place is a directory as it is called on every machine: from the root of the
// repository, or outside of one from the current directory.
func (s *selection) place(dir string) string {
	root := absolute(".")
	if r, err := s.repository(dir); err == nil && r != nil {
		root = r.Root
	}
	rel, err := filepath.Rel(root, absolute(dir))
	if err != nil {
		return dir
	}
	return filepath.ToSlash(rel)
}

// choose finds what the arguments mean: directories, patterns as of Go and CUE,
// or without any, all of the repository; outside of one, the current directory.
func choose(args []string) (*selection, error) {
	s := &selection{trees: map[string]string{}, repositories: map[string]*source.Repository{}}
	if len(args) == 0 {
		r, err := s.repository(".")
		if err != nil {
			return s, err
		}
		if r == nil {
			return s, s.add(".")
		}
		return s, s.search(shown(".", r.Root), "this repository")
	}
	for _, arg := range args {
		if err := s.argument(arg); err != nil {
			return nil, err
		}
	}
	return s, s.apart()
}

func (s *selection) argument(arg string) error {
	dir, last := filepath.Split(filepath.FromSlash(arg))
	if last == "..." {
		return s.search(filepath.Clean(dir), arg)
	}
	if strings.Contains(arg, "...") {
		return fmt.Errorf("%s: a pattern is a directory and /..., for all applications below it", arg)
	}
	return s.add(arg)
}

// search adds the applications below dir, and the trees of those that are gone.
func (s *selection) search(dir, pattern string) error {
	r, err := s.repository(dir)
	if err != nil {
		return err
	}
	s.many = true
	var trees []string
	dirs, err := source.Applications(dir, func(dir string, entries []fs.DirEntry) bool {
		isTree := s.notice(&trees, dir, entries)
		return isTree || r != nil && r.Output != "" && isAt(dir, output(r, r.Root))
	})
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := s.add(dir); err != nil {
			return err
		}
	}
	if r != nil && r.Output != "" {
		if err := s.noticeBelow(&trees, shown(dir, output(r, absolute(dir)))); err != nil {
			return err
		}
	}
	for _, t := range trees {
		if err := s.addGone(t); err != nil {
			return err
		}
	}
	if len(dirs) == 0 && len(s.gone) == 0 && len(s.found) == 0 {
		return fmt.Errorf("%s: no applications; one is a CUE package with a base", pattern)
	}
	return s.apart()
}

// notice takes note of a tree, and of what is left of a killed build.
func (s *selection) notice(trees *[]string, dir string, entries []fs.DirEntry) (isTree bool) {
	for _, e := range entries {
		switch {
		case e.Name() == tree.Inventory:
			isTree = true
		case tree.IsStaging(e.Name()) && e.IsDir():
			s.stale = append(s.stale, filepath.Join(dir, e.Name()))
		}
	}
	if isTree {
		*trees = append(*trees, dir)
	}
	return isTree
}

// noticeBelow does so everywhere below the output's directory.
func (s *selection) noticeBelow(trees *[]string, dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil || s.notice(trees, dir, entries) {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && !tree.IsStaging(e.Name()) {
			if err := s.noticeBelow(trees, filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes an application, once.
func (s *selection) add(dir string) error {
	t, err := s.target(dir)
	if err != nil {
		return err
	}
	if _, known := s.trees[absolute(t.tree)]; !known {
		s.targets = append(s.targets, t)
		s.trees[absolute(t.tree)] = t.dir
	}
	return nil
}

// target is an application with its tree in its place.
func (s *selection) target(dir string) (target, error) {
	r, err := s.repository(dir)
	t := target{dir: dir, tree: beside(dir)}
	if r != nil && r.Output != "" {
		t.tree = shown(dir, output(r, absolute(dir)))
	}
	if r != nil {
		t.layout = overlay.Layout(r.Layout)
	}
	if rel, err := filepath.Rel(absolute(t.tree), absolute(dir)); err == nil {
		t.of = filepath.ToSlash(rel)
	}
	return t, err
}

func beside(dir string) string { return filepath.Join(dir, "deploy") }

// divert sends the only application's output to a directory that stands apart,
// unless it is its own. Nothing else is touched then.
func (s *selection) divert(dir string) {
	if t := &s.targets[0]; !isAt(dir, absolute(t.tree)) {
		t.tree, t.of = dir, ""
	}
	s.gone, s.stale = nil, nil
}

// addGone takes a tree that no application is built to, if it is where its own
// would be. A copy is somebody's own, and so is what -o made.
func (s *selection) addGone(dir string) error {
	of := tree.Of(dir)
	if _, known := s.trees[absolute(dir)]; known || of == "" {
		return nil
	}
	gone, err := s.target(filepath.Join(dir, filepath.FromSlash(of)))
	if err != nil {
		return err
	}
	if isAt(gone.tree, absolute(dir)) || isAt(beside(gone.dir), absolute(dir)) {
		gone.tree = dir
		s.gone = append(s.gone, gone)
		s.trees[absolute(dir)] = gone.dir
	}
	return nil
}

// isApplication reports whether a directory is one that was found: its tree has
// another place now.
func (s *selection) isApplication(dir string) bool {
	return slices.ContainsFunc(slices.Concat(s.targets, s.others), func(t target) bool { return isAt(t.dir, absolute(dir)) })
}

// apart refuses trees inside of each other: each is replaced as a whole.
func (s *selection) apart() error {
	for _, t := range s.targets {
		for above := filepath.Dir(absolute(t.tree)); above != filepath.Dir(above); above = filepath.Dir(above) {
			if dir, ok := s.trees[above]; ok {
				return fmt.Errorf("%s is an application, and so is %s: the output of one would be inside of the other's", dir, t.dir)
			}
		}
	}
	return nil
}

// repository is that of a directory; nil if it is in none. What is wrong with
// its file is noted, once.
func (s *selection) repository(dir string) (*source.Repository, error) {
	abs := absolute(dir)
	at := abs
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		if r, ok := s.repositories[at]; ok {
			s.repositories[abs] = r
			return r, nil
		}
		if _, err := os.Stat(filepath.Join(at, source.RepositoryFile)); err == nil {
			break
		}
	}
	r, found, err := source.FindRepository(dir)
	s.found = append(s.found, found...)
	s.repositories[at], s.repositories[abs] = r, r
	return r, err
}

// removeEmpty removes the directories that lead to a tree that is gone, below
// the output's own, as far as nothing is in them.
func (s *selection) removeEmpty(dir string) {
	r, err := s.repository(dir)
	if err != nil || r == nil || r.Output == "" {
		return
	}
	for top := output(r, r.Root); strings.HasPrefix(absolute(dir), top+string(filepath.Separator)); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			return // there is something in it
		}
	}
}

// output is where the output of a directory of a repository is, in full.
func output(r *source.Repository, abs string) string {
	rel, err := filepath.Rel(r.Root, abs)
	if err != nil {
		return abs
	}
	return filepath.Join(r.Root, filepath.FromSlash(r.Output), rel)
}

func isAt(dir, abs string) bool { return absolute(dir) == abs }

// absolute is a path in full; as it is, where the current directory is not known.
func absolute(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	return abs
}
