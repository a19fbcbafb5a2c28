// Package plain reads Kubernetes objects from YAML files and kustomize
// directories, and remembers where each field was written.
//
// It reports what cannot be read or decoded, and what a kustomization does
// behind the reader's back; it does not judge objects, and writes nothing. It
// uses no network: what stands in other repositories is named and left out.
package plain

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// Manifests are what was read, and what the user has to mend in it that is of no
// unit.
type Manifests struct {
	Units   []Unit
	Waivers []diag.Waiver
	Found   diag.List
}

// IsWhole reports whether all could be read: what could not is missing from the
// units, which have fewer findings then.
func (m *Manifests) IsWhole() bool {
	isLost := func(d diag.Diagnostic) bool {
		return slices.Contains([]string{badYAML, invalid, twiceStated, unbuilt, remote}, d.Rule)
	}
	return !slices.ContainsFunc(m.Found, isLost) && !slices.ContainsFunc(m.Units, func(u Unit) bool { return slices.ContainsFunc(u.Found, isLost) })
}

// Has reports whether a file belongs to a unit itself, and is not only what it
// is made of, as the base of an overlay is.
func (m *Manifests) Has(file string) bool {
	return slices.ContainsFunc(m.Units, func(u Unit) bool {
		below, err := filepath.Rel(u.Name, file)
		return err == nil && filepath.IsLocal(below)
	})
}

// Unit is what is applied together: what a kustomization builds, or the plain
// files of a directory and those below. The objects are linked to paths of the
// index, which is about the files here, not about a spec.
type Unit struct {
	Name    string // its directory
	Objects *manifest.Set
	Index   *spec.Index
	Found   diag.List // what was reported of its objects as they were read
}

// ErrNoObjects says that there is nothing to check.
var ErrNoObjects = errors.New("no Kubernetes objects, in YAML files or a kustomization")

// Load reads a file, a kustomization's directory, or a directory with any
// number of both below it. There, a kustomization is built unless another one
// refers to it, and files are read by themselves unless one does. Hidden
// directories and links to directories are not entered.
//
// The error is for what could not be read at all, and [ErrNoObjects].
func Load(path string) (*Manifests, error) {
	l := &loader{files: map[string]*file{}, kustomizations: map[string]*kustomization{}, built: map[*kustomization]bool{}}
	if err := l.load(path); err != nil {
		return nil, err
	}
	out := &Manifests{Found: l.found}
	for _, w := range l.waivers { // an inner patch is read by all that build it
		if !slices.Contains(out.Waivers, w) {
			out.Waivers = append(out.Waivers, w)
		}
	}
	empty := len(l.found) == 0
	for _, u := range l.units {
		out.Units = append(out.Units, u.Unit)
		empty = empty && len(u.Objects.Objects) == 0 && len(u.Found) == 0
	}
	if empty {
		return nil, fmt.Errorf("%s: %w", path, ErrNoObjects)
	}
	return out, nil
}

// loader remembers what it has read.
type loader struct {
	files          map[string]*file
	kustomizations map[string]*kustomization // by directory; nil where there is none
	built          map[*kustomization]bool   // those that were built, or are part of one
	units          []*unit
	found          diag.List
	waivers        []diag.Waiver
}

// file is what a file holds.
type file struct{ documents []*value }

func (l *loader) load(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.Mode().IsRegular() && slices.Contains(kustomizationNames, filepath.Base(path)):
		l.build(filepath.Dir(path))
		return nil
	case info.Mode().IsRegular():
		l.plain(path, []string{path})
		return nil
	case !info.IsDir():
		return &fs.PathError{Op: "read", Path: path, Err: errors.New("neither a file nor a directory")}
	case l.kustomization(path) != nil:
		l.build(path)
		return nil
	}
	return l.walk(path)
}

// walk looks for kustomizations and files below a directory that is no
// kustomization itself.
func (l *loader) walk(root string) error {
	var files, dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case entry.IsDir() && l.kustomization(path) != nil:
			dirs = append(dirs, path)
		case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	referred := map[string]bool{}
	for _, dir := range dirs {
		for _, r := range l.kustomizations[dir].references() {
			referred[r.path] = true
		}
	}
	for _, dir := range dirs {
		if k := l.kustomizations[dir]; !referred[dir] && !k.isComponent() {
			l.build(dir)
		}
	}
	for _, dir := range dirs { // those that refer to each other in a circle
		if k := l.kustomizations[dir]; !l.built[k] && !k.isComponent() {
			l.build(dir)
		}
	}
	l.plain(root, slices.DeleteFunc(files, func(path string) bool {
		return referred[path] || slices.Contains(kustomizationNames, filepath.Base(path)) || !mayHoldObjects(path)
	}))
	return nil
}

// plain makes a unit of files.
func (l *loader) plain(name string, files []string) {
	u := newUnit(name)
	for _, path := range files {
		documents := l.read(path).documents
		holds := slices.ContainsFunc(documents, isObject)
		for _, v := range documents {
			if holds {
				u.stray(v, "a document")
			}
			u.add(v)
		}
	}
	l.units = append(l.units, u)
}

// mayHoldObjects tells objects from the other YAML of a repository, which may
// be of any kind, and is not ours to complain about. What is too large to read
// is reported by read.
func mayHoldObjects(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if info.Size() > maxFile {
		return true
	}
	data, err := os.ReadFile(path)
	return err == nil && bytes.Contains(data, []byte("apiVersion")) && bytes.Contains(data, []byte("kind"))
}

// read reads a file, once, and reports what is wrong with it.
func (l *loader) read(path string) *file {
	if f, ok := l.files[path]; ok {
		return f
	}
	f := new(file)
	l.files[path] = f
	data, err := readRegular(path)
	if err != nil {
		l.report(badYAML, diag.Pos{File: path, Line: 1, Col: 1}, err.Error(), "Give a file that can be read.")
		return f
	}
	documents, read := parse(path, data)
	f.documents = documents
	l.heed(read)
	return f
}

// heed takes over what was read beside values.
func (l *loader) heed(read *text) {
	l.found, l.waivers = append(l.found, read.found...), append(l.waivers, read.waivers...)
}

func (l *loader) report(id string, pos diag.Pos, message, fix string) {
	l.found = append(l.found, diag.Diagnostic{Rule: id, Severity: severityOf(id), Pos: pos, Message: message, Fix: fix})
}

func severityOf(id string) diag.Severity { return ruleOf(id).Severity }

func ruleOf(id string) diag.Rule {
	return Rules[slices.IndexFunc(Rules, func(r diag.Rule) bool { return r.ID == id })]
}

// readRegular reads a file that is one: a pipe would never end.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read: %w", errors.Unwrap(err))
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("the file has %d MB, more than the %d that are read", info.Size()>>20, maxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", errors.Unwrap(err))
	}
	return data, nil
}
