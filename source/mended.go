package source

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// This file is what becomes of texts that are mended, and what is not told of
// them since it may follow from that.

// lost is the name of what was cut when nobody knows its name.
const lost = "…"

// refusal is what stands for a value that was cut.
const refusal = "0 & 1"

// mended are the texts of files without what was cut.
type mended struct {
	files map[string]*mendedFile // by their whole names
	names map[string]bool        // of fields that were cut
	gaps  []gap

	parsed int // bytes, to find slips

	unsure []spec.Path // what has a stand-in that all names are made of
}

// gap is a struct of the application that lacks something: fields of these
// names, or nobody knows what.
type gap struct {
	in    spec.Path
	words []string
	any   bool
}

// may reports whether a part of the application may be missing for the gap.
func (g gap) may(path string) bool {
	below, isIn := path, true
	if len(g.in) > 0 {
		below, isIn = strings.CutPrefix(path+".", g.in.String()+".")
	}
	name, _, _ := strings.Cut(below, ".")
	return isIn && (g.any || slices.Contains(g.words, name))
}

type mendedFile struct {
	text  []byte
	size  int  // of what the user wrote
	lines int  // of it
	isCut bool // lines of it are
	below map[string]bool
	uses  map[string]bool // words that were cut
	names map[string]bool // of imports and let clauses, which no other file sees

	foreign map[string]bool // names of packages that are not CUE's

	selected map[string][]string // from names, as the user wrote them
	slips    []slip              // whose place is not known yet
}

// sources are the mended files as CUE reads them.
func (m mended) sources(into map[string]load.Source) {
	for name, file := range m.files {
		into[name] = load.FromBytes(file.text)
	}
}

// textOf is what a file says as CUE reads it.
func (l *directory) textOf(file string) ([]byte, error) {
	if f := l.cut.files[file]; f != nil {
		return f.text, nil
	}
	return os.ReadFile(file)
}

// isPackagesOwn reports whether a file may be of the package that is loaded, and
// not of one that it imports.
func (l *directory) isPackagesOwn(file string) bool {
	below, err := filepath.Rel(filepath.Dir(file), l.abs)
	return err == nil && !strings.HasPrefix(below, "..")
}

// mending is the copy of a file that things are cut from; nil if it is none of
// the package's or of the module's, or too large.
func (l *directory) mending(file string) *mendedFile {
	if f := l.cut.files[file]; f != nil {
		return f
	}
	if below, err := filepath.Rel(l.root, file); !l.isPackagesOwn(file) && (!l.inside || err != nil || strings.HasPrefix(below, "..") || strings.HasPrefix(below, "cue.mod")) {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil || len(text) > largestMended {
		return nil
	}
	if l.cut.files == nil {
		l.cut = mended{files: map[string]*mendedFile{}, names: map[string]bool{}}
	}
	f := &mendedFile{text: text, size: len(text), lines: 1 + bytes.Count(text, []byte("\n")), below: map[string]bool{}, uses: map[string]bool{}, names: map[string]bool{}, foreign: map[string]bool{}}
	l.cut.files[file] = f
	return f
}

// write puts a line below what the user wrote; false if it is there.
func (f *mendedFile) write(line string) bool {
	if f.below[line] {
		return false
	}
	f.below[line] = true
	f.text = fmt.Appendf(f.text, "\n%s\n", line)
	return true
}

// without takes back a line.
func (f *mendedFile) without(line string) {
	if f.below[line] {
		f.text = bytes.Replace(f.text, []byte("\n"+line+"\n"), []byte("\n"+strings.Repeat(" ", len(line))+"\n"), 1)
	}
}

// blank cuts a part of a file.
func (l *directory) blank(f *mendedFile, from, to int) {
	cut := string(f.text[from:to])
	for _, word := range aWord.FindAllString(cut, -1) {
		f.uses[word] = true
		f.names[word] = f.names[word] || strings.Contains(cut, "import")
	}
	for _, m := range aName.FindAllStringSubmatch(withoutTexts(cut), -1) {
		l.cut.names[m[1]] = true
	}
	f.text = blanked(f.text, from, to)
}

var (
	aWord = regexp.MustCompile(`[\w$]+`)
	aName = regexp.MustCompile(`([\w$]+)\s*[:=]`)
)

// leaveOpen cuts a value, and leaves open what it is.
func (f *mendedFile) leaveOpen(from, to int) {
	for _, word := range aWord.FindAllString(string(f.text[from:to]), -1) {
		f.uses[word] = true
	}
	f.text = blanked(f.text, from, to)
	f.text[from] = '_'
}

// blanked is a text with blanks in place of a part of it.
func blanked(text []byte, from, to int) []byte {
	out := slices.Clone(text)
	for i := from; i < to; i++ {
		if out[i] != '\n' && out[i] != '\r' {
			out[i] = ' '
		}
	}
	return out
}

// isOfCut reports whether an error is of what stands for something that is cut.
func (l *directory) isOfCut(e errors.Error) bool {
	if l.cut.files == nil {
		return false
	}
	return nothingCalled.MatchString(text(e)) || slices.ContainsFunc(append(e.InputPositions(), e.Position()), func(p token.Pos) bool {
		f := l.cut.files[p.Filename()]
		return f != nil && p.HasAbsPos() && p.Offset() >= f.size
	})
}

// nothingCalled is said of a function of what is an error itself.
var nothingCalled = regexp.MustCompile(`^cannot call non-function .* \(type _\|_\)`)

// followsFromCut reports whether a finding may be there because something is
// cut: it is at what stands for that, or a name is looked for which that had.
func (l *directory) followsFromCut(d diag.Diagnostic) bool {
	if l.isBelowText(d.Pos) {
		return true
	}
	f := l.cut.files[l.fileOf(d.Pos)]
	if f != nil && f.isCut && strings.HasPrefix(d.Message, "expected 'EOF', found") {
		return true // what it closes is
	}
	for _, m := range []*regexp.Regexp{unfound, undefined} {
		if m := m.FindStringSubmatch(d.Message); m != nil {
			return l.cut.names[strings.TrimLeft(m[1], "#")] || f != nil && f.names[m[1]]
		}
	}
	if name := unusedName(d.Message); name != "" {
		return f != nil && slices.ContainsFunc(slices.Collect(maps.Keys(f.uses)), func(word string) bool { return strings.HasPrefix(word, name) })
	}
	if !lacking.MatchString(d.Message) {
		return false
	}
	return slices.ContainsFunc(l.cut.gaps, func(g gap) bool { return d.Path == "" || g.may(d.Path) })
}

var lacking = regexp.MustCompile(` (is missing|is not stated|has no value.*)$|^the package has no base$`)

// repeats reports whether a finding is what was told before, or what CUE makes
// of a line about which that was.
func repeats(d, told diag.Diagnostic) bool {
	if d.Pos == told.Pos && d.Message == told.Message {
		return true
	}
	return d.Pos.File == told.Pos.File && d.Pos.Line == told.Pos.Line && (valueless.MatchString(d.Message) ||
		slices.ContainsFunc(follows, func(f string) bool { return strings.HasPrefix(d.Message, f) }))
}

var valueless = regexp.MustCompile(` has (no value|\d+ defaults)`)
