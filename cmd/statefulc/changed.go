package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/source"
)

// changes are what a range of commits touches, in full.
type changes struct {
	files map[string]bool
	specs map[string]bool // directories of CUE files among them
	above map[string]bool // all directories that these files are below
}

// changedSince asks git what differs between the files as they are and the
// commit where the branch left rev.
func changedSince(rev string) (*changes, error) {
	if strings.Contains(rev, "..") {
		return nil, fmt.Errorf("--changed-since %s: name the commit that the range begins after; it ends with the files as they are", rev)
	}
	below, err := git(".", "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	top := absolute(".")
	for range strings.Count(string(below), "/") {
		top = filepath.Dir(top)
	}
	// Both sides of a file that was moved count.
	committed, err := git(top, "diff", "--name-only", "--no-renames", "-z", "--merge-base", "--end-of-options", rev, "--")
	if err != nil {
		return nil, err
	}
	untracked, err := git(top, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	out := &changes{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for path := range strings.SplitSeq(string(committed)+string(untracked), "\x00") {
		if path != "" {
			out.add(filepath.Join(top, filepath.FromSlash(path)))
		}
	}
	return out, nil
}

// add takes a file by the name that it really has too: an application may use
// it by way of a link.
func (c *changes) add(file string) {
	c.files[file] = true
	if real, err := filepath.EvalSymlinks(file); err == nil {
		c.files[real] = true
	}
	if filepath.Ext(file) == ".cue" {
		c.specs[filepath.Dir(file)] = true
	}
	for dir := filepath.Dir(file); !c.above[dir]; dir = filepath.Dir(dir) {
		c.above[dir] = true
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
		return nil, fmt.Errorf("git %s: %s", args[0], first)
	}
	return out, err
}

// isTouched reports whether an application may come out differently for a
// change, or its output was changed. One of which nobody knows what it is made
// of may.
func (s *selection) isTouched(t target, c *changes) bool {
	in, err := s.loader.Inputs(t.dir)
	r := s.repositories[absolute(t.dir)]
	return err != nil ||
		c.above[absolute(t.tree)] ||
		r != nil && c.files[filepath.Join(r.Root, source.RepositoryFile)] ||
		slices.ContainsFunc(in.Dirs, func(dir string) bool { return c.specs[dir] }) ||
		slices.ContainsFunc(in.Files, func(file string) bool {
			real, err := filepath.EvalSymlinks(file)
			return err != nil || c.files[real]
		})
}
