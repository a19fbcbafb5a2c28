package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"cuelang.org/go/mod/modfile"

	"github.com/statefulc/statefulc/schema"
)

// disk is what a loader has seen of the disk that many directories have in
// common: a thousand applications have one module, and one parent of a thousand
// entries. The zero value is ready.
type disk struct {
	bare    map[string]listing // directories without CUE files
	modules map[string]module
	stale   map[string]bool // vendored schemas
}

// listing is what CUE may read in a directory.
type listing struct {
	names  []string
	marked bool // there is a file that marks a repository, which is none of them
}

// list finds what CUE reads in a directory: what is hidden it leaves out.
func (d *disk) list(dir string) (listing, error) {
	if known, ok := d.bare[dir]; ok {
		return known, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return listing{}, err
	}
	var l listing
	for _, e := range entries {
		switch name := e.Name(); {
		case name == RepositoryFile:
			l.marked = true
		case filepath.Ext(name) == ".cue" && !strings.ContainsAny(name[:1], "._") && !e.IsDir():
			l.names = append(l.names, name)
		}
	}
	if l.names == nil {
		note(&d.bare, dir, l)
	}
	return l, nil
}

// module is what a module file says.
type module struct {
	path    string // without its version; "" if nobody knows it
	alone   []byte // the file without its dependencies
	refused error  // what CUE has against the file: another one stands for it
}

// moduleOf reads the text of a module file, once.
func (d *disk) moduleOf(text []byte, file string) module {
	if known, ok := d.modules[string(text)]; ok {
		return known
	}
	var m module
	parsed, err := modfile.ParseNonStrict(text, file)
	if m.refused = err; err != nil {
		parsed = d.standIn(text)
	}
	m.path, _, _ = strings.Cut(parsed.Module, "@")
	parsed.Deps = nil
	if m.alone, err = modfile.Format(parsed); err != nil {
		m.alone = []byte(schema.ModuleFile)
	}
	note(&d.modules, string(text), m)
	return m
}

// standIn is a module file of the path that another one states, if CUE takes that.
func (d *disk) standIn(text []byte) *modfile.File {
	stated := statedPath.FindSubmatch(text)
	if stated == nil {
		return new(modfile.File)
	}
	parsed, err := modfile.ParseNonStrict(fmt.Appendf(nil, "module: %q\nlanguage: version: %q\n", stated[1], schema.LanguageVersion), "")
	if err != nil {
		return new(modfile.File)
	}
	return parsed
}

// statedPath is the path of a module, also where its name is misspelt.
var statedPath = regexp.MustCompile(`(?m)^\s*"?modu?\w*"?\s*[:=]?\s*"([^"\n]*)`)

// isStale reports whether a directory has another schema than the binary.
func (d *disk) isStale(dir string) bool {
	if known, ok := d.stale[dir]; ok {
		return known
	}
	stale := isThere(dir) && isOther(dir)
	note(&d.stale, dir, stale)
	return stale
}

func isOther(dir string) bool {
	for name, text := range schema.Files() {
		vendored, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(vendored, text) {
			return true
		}
	}
	return false
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func note[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}
