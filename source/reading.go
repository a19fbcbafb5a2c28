package source

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// What a spec may be. People write some thousand lines; what is larger is no
// spec, and CUE would take minutes for it.
const (
	largestFile = 1 << 20
	largestSpec = 8 << 20 // all files together, imported packages of the module too
)

// reader looks at files before CUE does, which would wait for a pipe, and take
// whatever size and bytes a file has.
type reader struct {
	*directory
	module  string          // the module's path
	seen    map[string]bool // directories, also those that are not there
	files   map[string][sha256.Size]byte
	marked  []string // files that mark a repository, and are of no package
	clauses clauses  // of the directory's own files
	embeds  bool     // some file may embed others, of any kind
	size    int64
	found   diag.List
}

// readable reads the files of the package, and of those of the module that it
// imports, evaluates nothing, and reports what is no spec.
func (l *directory) readable() (diag.List, error) {
	r, err := l.read()
	l.size, l.apart, l.clauses = r.size, r.marked, r.clauses
	return append(l.staleVendored(), r.found...), err
}

// read looks at all files that CUE would read.
func (l *directory) read() (*reader, error) {
	r := &reader{directory: l, seen: map[string]bool{}, files: map[string][sha256.Size]byte{}, clauses: clauses{}}
	if file := filepath.Join(l.root, moduleFile); l.inside {
		text, err := r.read(file)
		if err != nil || r.found != nil {
			return r, err
		}
		r.module = l.disk.moduleOf(text, file).path
	}
	return r, r.lookUp(l.abs)
}

// lookUp looks at a directory and at its parents up to the module's root: CUE
// takes their files of the same package too.
func (r *reader) lookUp(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		if err := r.look(dir); err != nil {
			return err
		}
		if dir == r.root || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// look reads the CUE files of a directory, and those that they import.
func (r *reader) look(dir string) error {
	if r.seen[dir] {
		return nil
	}
	r.seen[dir] = true
	listed, err := r.disk.list(dir)
	if err != nil {
		return err
	}
	if listed.marked {
		r.marked = append(r.marked, filepath.Join(dir, RepositoryFile))
	}
	for _, name := range listed.names {
		file := filepath.Join(dir, name)
		text, err := r.read(file)
		if err != nil {
			return err
		}
		if f := r.cut.files[file]; f != nil {
			text = f.text
		}
		if err := r.follow(file, text); err != nil {
			return err
		}
	}
	return nil
}

// read is a file's text; nil after a report.
func (r *reader) read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		r.report(file, 0, 0, fmt.Sprintf("%s is no file but a %s", filepath.Base(file), special(info.Mode())), "Move it, or give it another name than *.cue.")
		return nil, nil
	}
	before := r.size
	switch r.size += info.Size(); {
	case info.Size() > largestFile:
		r.report(file, 0, 0, fmt.Sprintf("the file has %d KiB, and %d are the most", info.Size()>>10, largestFile>>10), "Leave out what the spec does not need.")
		return nil, nil
	case before > largestSpec:
		return nil, nil // that is said
	case r.size > largestSpec:
		r.report(file, 0, 0, fmt.Sprintf("with this file the spec has more than %d KiB", largestSpec>>10), "Leave out what the spec does not need.")
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largestFile))
	if err == nil {
		r.checkText(file, text)
		r.embeds = r.embeds || bytes.Contains(text, []byte("@extern("))
		r.files[file] = sha256.Sum256(text)
	}
	return text, err
}

func special(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&os.ModeNamedPipe != 0:
		return "pipe"
	case mode&os.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// checkText reports the first byte that is no text: CUE would read U+FFFD
// instead, and that would go into the objects.
func (r *reader) checkText(file string, text []byte) {
	for line, rest := range strings.Split(string(text), "\n") {
		if utf8.ValidString(rest) {
			continue
		}
		at := strings.IndexFunc(rest, func(c rune) bool { return c == utf8.RuneError })
		for !isInvalid(rest[at:]) {
			at += len("\uFFFD") + strings.IndexFunc(rest[at+len("\uFFFD"):], func(c rune) bool { return c == utf8.RuneError })
		}
		r.report(file, line+1, at+1, "a byte that is no UTF-8: "+strconv.QuoteToASCII(rest[at:at+1]), "Save the file as UTF-8; write bytes of a value as \\x.. in single quotes.")
		return
	}
}

// isInvalid tells a byte that is no text from a U+FFFD that someone wrote.
func isInvalid(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func (r *reader) report(file string, line, col int, message, fix string) {
	r.found = append(r.found, diag.Diagnostic{Rule: rule, Pos: diag.Pos{File: r.display(file), Line: line, Col: col}, Message: message, Fix: fix})
}

// follow looks at the packages that a file imports, but for those of CUE's own
// library: where the module has them, or where it has copies of others'.
func (r *reader) follow(file string, text []byte) error {
	syntax, err := parser.ParseFile(file, text, parser.ImportsOnly)
	if filepath.Dir(file) == r.abs && !isTooling(file) {
		r.clauses[file] = clauseOf(syntax, err, text)
	}
	if err != nil {
		return nil // CUE says what is wrong with the file
	}
	for imported := range syntax.ImportSpecs() {
		path, _ := strconv.Unquote(imported.Path.Value)
		path, _, _ = strings.Cut(path, ":")
		path, _, _ = strings.Cut(path, "@")
		for _, dir := range r.placesOf(path) {
			if err := r.lookUp(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // CUE says what is not there
				return err
			}
		}
	}
	return nil
}

// isTooling reports whether a file is one that CUE reads for other commands.
func isTooling(file string) bool {
	return strings.HasSuffix(file, "_tool.cue") || strings.HasSuffix(file, "_test.cue")
}

// placesOf are the directories where CUE looks for a package.
func (r *reader) placesOf(path string) (dirs []string) {
	if below, ok := strings.CutPrefix(path, r.module+"/"); ok && r.module != "" {
		dirs = append(dirs, filepath.Join(r.root, filepath.FromSlash(below)))
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") || path == schema.ImportPath {
		return dirs
	}
	for _, sub := range []string{"gen", "pkg", "usr"} {
		dirs = append(dirs, filepath.Join(r.root, "cue.mod", sub, filepath.FromSlash(path)))
	}
	return dirs
}
