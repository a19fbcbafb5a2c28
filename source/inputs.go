package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Inputs are all that the environments of a directory are made of, beside the
// binary.
type Inputs struct {
	Sum   [sha256.Size]byte // of all files that CUE reads, and where they are in the module
	Files []string          // in full, sorted
	Dirs  []string          // in full, sorted: where these files are, and where others would be looked for
}

// ErrUnknownInputs says that nobody knows what a directory is made of without
// loading it, since its files embed others or its imports are led elsewhere, or
// that it is no spec: [Loader.Load] says why.
var ErrUnknownInputs = errors.New("what the spec is made of is not known")

// Inputs finds them without evaluating anything: the files in the directory, in its parents up to the root
// of the module, in the packages that these import, and so on. Files of other
// packages beside them count too. The schema is the binary's; of a vendored one
// it counts whether it is the same.
func (l *Loader) Inputs(dir string) (Inputs, error) {
	if l.disk == nil {
		l.disk = new(disk)
	}
	d, err := newDirectory(dir, nil, l.disk)
	if err != nil {
		return Inputs{}, err
	}
	r, err := d.read()
	switch {
	case err != nil:
		return Inputs{}, err
	case r.found.HasErrors(), r.embeds, isThere(filepath.Join(d.root, "cue.mod", "local-module.cue")): // which leads imports anywhere
		return Inputs{}, fmt.Errorf("%s: %w", dir, ErrUnknownInputs)
	}
	return r.inputs(), nil
}

func (r *reader) inputs() Inputs {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %v\n", r.fromRoot(r.abs), r.disk.isStale(r.vendored()))
	for _, name := range []string{"CUE_DEBUG", "CUE_EXPERIMENT"} { // change how CUE evaluates
		fmt.Fprintf(sum, "%q\n", os.Getenv(name))
	}
	out := Inputs{Files: slices.Sorted(maps.Keys(r.files)), Dirs: slices.Collect(maps.Keys(r.seen))}
	for _, file := range out.Files {
		fmt.Fprintf(sum, "%x %q\n", r.files[file], r.fromRoot(file))
	}
	if r.inside {
		out.Dirs = append(out.Dirs, filepath.Join(r.root, filepath.Dir(moduleFile)), r.vendored())
	}
	slices.Sort(out.Dirs)
	sum.Sum(out.Sum[:0])
	return out
}

// fromRoot is a path from the module's root: a repository may be anywhere.
func (r *reader) fromRoot(path string) string {
	rel, err := filepath.Rel(r.root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}
