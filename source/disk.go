package source

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"cuelang.org/go/mod/modfile"

	"github.com/statefulc/statefulc/schema"
)

// disk is what a loader has seen of the disk that many directories have in
// common: a thousand applications have one module, and one parent of a thousand
// entries. The zero value is ready.
type disk struct {
	bare    map[string]bool // directories without CUE files
	modules map[string]module
	stale   map[string]bool // vendored schemas
}

// cueFiles are the names of the files in a directory that CUE reads.
func (d *disk) cueFiles(dir string) ([]string, error) {
	if d.bare[dir] {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == ".cue" && !strings.ContainsAny(name[:1], "._") && !e.IsDir() && name != RepositoryFile {
			names = append(names, name)
		}
	}
	if names == nil {
		note(&d.bare, dir, true)
	}
	return names, nil
}

// module is what a module file says.
type module struct {
	path  string // without its version; "" if CUE cannot read the file, and says why
	alone []byte // the file without its dependencies
}

// moduleOf reads the text of a module file, once.
func (d *disk) moduleOf(text []byte, file string) module {
	if known, ok := d.modules[string(text)]; ok {
		return known
	}
	m := module{alone: text}
	if parsed, err := modfile.ParseNonStrict(text, file); err == nil {
		m.path, _, _ = strings.Cut(parsed.Module, "@")
		parsed.Deps = nil
		if short, err := modfile.Format(parsed); err == nil {
			m.alone = short
		}
	}
	note(&d.modules, string(text), m)
	return m
}

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
