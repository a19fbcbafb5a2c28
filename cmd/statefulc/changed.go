package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/source"
)

// changes are what a range of commits touches, by real paths in full: the
// directories that lead to it are no links.
type changes struct {
	files map[string]bool // and links, and submodules as a whole
	specs map[string]bool // directories of CUE files among them
	above map[string]bool // all directories that these files are below
	known map[string]string
}

// changedSince asks git what differs between the files as they are and the
// commit where the branch left rev: the first of these, if two branches were
// merged into each other.
func changedSince(rev string) (*changes, error) {
	if strings.Contains(rev, "..") {
		return nil, fmt.Errorf("--changed-since %s: name the commit that the range begins after; it ends with the files as they are", rev)
	}
	top, err := git(".", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	root := strings.TrimSuffix(string(top), "\n")
	if _, err := git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}"); err != nil {
		return nil, fmt.Errorf("--changed-since: there is no commit %s here; fetch it, in CI with the whole history (fetch-depth: 0)", rev)
	}
	base, err := git(root, "merge-base", "--end-of-options", rev, "HEAD")
	if err != nil {
		return nil, fmt.Errorf("--changed-since: %s and HEAD have no commit in common here; fetch the history down to it (fetch-depth: 0)", rev)
	}
	out := &changes{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]string{}}
	for _, ask := range [][]string{
		{"diff", "--name-only", "--no-renames", "-z", strings.TrimSpace(string(base)), "--"}, // both sides of a file that was moved
		{"ls-files", "--others", "--exclude-standard", "-z"},
		{"ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", "*.cue"}, // is a part of the spec all the same
	} {
		paths, err := git(root, ask...)
		if err != nil {
			return nil, err
		}
		for path := range strings.SplitSeq(string(paths), "\x00") {
			if path != "" {
				out.add(filepath.Join(root, filepath.FromSlash(path)))
			}
		}
	}
	return out, nil
}

func (c *changes) add(file string) {
	file = filepath.Join(c.real(filepath.Dir(file)), filepath.Base(file))
	c.files[file] = true
	if filepath.Ext(file) == ".cue" {
		c.specs[filepath.Dir(file)] = true
	}
	for dir := filepath.Dir(file); !c.above[dir]; dir = filepath.Dir(dir) {
		c.above[dir] = true
	}
}

// real is a path without links; of one that is not there, the directory that
// is nearest to it.
func (c *changes) real(path string) string {
	known, ok := c.known[path]
	if ok || path == filepath.Dir(path) {
		return cmp.Or(known, path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = filepath.Join(c.real(filepath.Dir(path)), filepath.Base(path))
	}
	c.known[path] = real
	return real
}

// touch reports whether a file is changed, or something that it is in: a link
// that leads to it, a submodule.
func (c *changes) touch(path string) bool {
	for _, at := range []string{path, c.real(path)} {
		for ; at != filepath.Dir(at); at = filepath.Dir(at) {
			if c.files[at] {
				return true
			}
		}
	}
	return false
}

// isTouched reports whether an application may come out differently for a
// change, or its output was changed. One of which nobody knows what it is made
// of may.
func (c *changes) isTouched(t target, loader *source.Loader) bool {
	root, _, err := source.ModuleRoot(t.dir)
	if err != nil {
		return true
	}
	// What leads to the module may be a link; in it, parents are CUE's.
	below, err := filepath.Rel(root, absolute(t.dir))
	if err != nil {
		return true
	}
	dir := filepath.Join(c.real(root), below)
	in, err := loader.Inputs(dir)
	return err != nil || c.isMarked(dir) ||
		c.above[c.real(absolute(t.tree))] || c.touch(absolute(t.tree)) ||
		slices.ContainsFunc(in.Files, c.touch) ||
		slices.ContainsFunc(in.Dirs, func(dir string) bool { return c.specs[c.real(dir)] || c.touch(dir) })
}

// isMarked reports whether the module or the repository of a directory may be
// another one than it was.
func (c *changes) isMarked(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if c.files[filepath.Join(dir, source.RepositoryFile)] || c.specs[filepath.Join(dir, "cue.mod")] {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// git runs it in a directory. Its error is the first thing that it said.
func git(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("--changed-since asks git: %s", first)
	}
	if err != nil {
		return nil, fmt.Errorf("--changed-since asks git: %w", err)
	}
	return out, nil
}
