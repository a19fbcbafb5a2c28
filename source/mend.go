package source

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// This file leaves out what CUE cannot read, or what all else is computed from
// and is refused, so that one run tells what is wrong with the rest. What is cut
// becomes blanks, and what stands for it is written below the user's text: all
// else keeps its place. A value that was cut is an error there, and what takes
// part of it is refused like what the user has wrong, but not told.

// mendings is how often a package is evaluated without what is cut: each time CUE
// may see more.
const mendings = 8

// largestMended is the size of a file that is mended. People write no such one,
// and to find out what to cut takes parsing it many times.
const largestMended = 128 << 10

// mostUnread is how much that CUE cannot read is cut, and explained: whoever has
// more has another file in mind than this one.
const mostUnread = 40

// mend cuts what CUE cannot read, or what has names that are refused; false if
// there is no such thing, or nobody knows what to cut.
func (l *directory) mend(found diag.List) bool {
	if isWritten, ok := l.writeSigns(); isWritten {
		l.unreadable = nil
		return ok && l.isReadAgain()
	}
	all := errors.Errors(l.unreadable)
	if len(all) == 0 {
		return l.rename() || l.mendNames()
	}
	if l.unreadable = nil; len(all) > mostUnread {
		return false
	}
	r := &round{directory: l, found: found, read: map[string]*ast.File{}, imports: map[string]bool{}}
	for _, e := range all {
		if r.ofImported(e) || r.cutFor(e) || !l.isPackagesOwn(e.Position().Filename()) {
			continue
		}
		return false
	}
	if !r.isMended {
		return false
	}
	return l.isReadAgain()
}

// isReadAgain reads the files again: one may import more now.
func (l *directory) isReadAgain() bool {
	again, err := l.read()
	return err == nil && !again.found.HasErrors()
}

// round is what is cut at a time.
type round struct {
	*directory
	found    diag.List
	read     map[string]*ast.File // nil for those that CUE cannot read
	isMended bool

	imports map[string]bool // paths that are read as others from now on
}

// ofImported cuts what makes an import fail: the package is the module's.
func (r *round) ofImported(e errors.Error) (isMended bool) {
	if text(e) != "import failed" {
		return false
	}
	for _, inner := range errors.Errors(errors.Unwrap(e)) {
		if r.ofImported(inner) || inner.Position().Filename() != e.Position().Filename() && r.cutFor(inner) {
			isMended = true
		}
	}
	return isMended
}

// cutFor cuts what an error is about; false if nobody knows what to cut.
func (r *round) cutFor(e errors.Error) bool {
	name := e.Position().Filename()
	f := r.mending(name)
	if f == nil {
		return false
	}
	if _, isRead := r.read[name]; !isRead {
		syntax, err := parser.ParseFile(name, f.text, asDeclared)
		if r.read[name] = syntax; err != nil {
			if r.read[name] = nil; !r.cutSlips(f, r.display(name), r.found) {
				return false
			}
			r.isMended = true
		}
	}
	file := r.read[name]
	switch at, said := e.Position().Offset(), text(e); {
	case file == nil:
	case said == inItself:
		if !r.cutReference(f, file, at) {
			return false
		}
		r.isMended = true
	case unfound.MatchString(said):
		missing := unfound.FindStringSubmatch(said)[1]
		if r.names.means(missing) {
			r.isMended = r.rename() || r.isMended
		} else if imported := r.packageNamed(f, missing, file); imported != "" {
			r.names.add(name, missing, imported)
			r.isMended = true
		} else if !r.hasImport(f, name, missing) { // else its package is mended
			r.isMended = f.define(r.standIn(f, missing, file), at) || r.isMended
			if isInClause(file, at) {
				r.cut.gaps = append(r.cut.gaps, gap{any: true}) // nobody knows what there would be
			}
		}
	default:
		if a := aliasAt(file, at); a != nil && unused.MatchString(said) {
			r.isMended = f.unalias(a) || r.isMended
			break
		}
		r.isMended = r.importMeant(file, at) || r.cutClause(f, file, at) || r.isMended
	}
	return true
}

// unalias leaves out an alias that nothing uses, or makes it a field if it was
// meant as one.
func (f *mendedFile) unalias(a *ast.Alias) bool {
	from, to := a.Ident.Pos().Offset(), a.Equal.Offset()
	if to >= f.size || f.text[to] != '=' {
		return false
	}
	f.text = slices.Clone(f.text)
	if f.text[to] = ':'; !isSpaced(a) {
		f.text = blanked(f.text, from, to+1)
	}
	return true
}

// hasImport reports whether a file still imports what it calls by a name.
func (l *directory) hasImport(f *mendedFile, file, name string) bool {
	syntax, err := parser.ParseFile(file, f.text, parser.ImportsOnly)
	if err != nil {
		return false
	}
	l.renamed(syntax)
	return imports(syntax)[name] != ""
}

// packageNamed is the path of the package that a name is of which a file does not
// import: it has all that is selected from it. "" if there is none.
func (l *directory) packageNamed(f *mendedFile, name string, file *ast.File) string {
	if f.selected == nil {
		f.selected = selectedFromNames(file)
	}
	has := func(known []string) bool {
		return len(f.selected[name]) > 0 && !slices.ContainsFunc(f.selected[name], func(s string) bool { return !slices.Contains(known, s) })
	}
	switch v, ok := l.packageValue(library[name]); {
	case l.hasImport(f, file.Filename, name):
		return ""
	case has(labels(l.definitions)):
		return schema.ImportPath
	case ok && has(labels(v)):
		return library[name]
	}
	return ""
}

// importMeant reads the path of an import that is not there as the one that is
// meant, if there is one, and the file uses it by its name.
func (r *round) importMeant(file *ast.File, at int) bool {
	for spec := range file.ImportSpecs() {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || spec.Path.Pos().Offset() != at {
			continue
		}
		if r.names.imports[imported] != "" {
			return r.imports[imported] // else that did not help
		}
		meant := r.importedAs(imported)
		if meant == "" || spec.Name == nil && len(selectedFromNames(file)[path.Base(meant)]) == 0 {
			return false
		}
		if r.names.imports == nil {
			r.names.imports = map[string]string{}
		}
		r.names.imports[imported], r.imports[imported] = meant, true
		return true
	}
	return false
}

// cutClause cuts the import or let clause at a place of a file.
func (l *directory) cutClause(f *mendedFile, file *ast.File, at int) bool {
	from, to := clauseAt(file, at)
	if rest := bytes.TrimLeft(f.text[to:], " \t"); from < to && bytes.HasPrefix(f.text[from:], []byte(`"`)) && bytes.HasPrefix(rest, []byte(",")) {
		to = len(f.text) - len(rest) + 1 // of imports in a line
	}
	isForeign := aModules.Match(f.text[from:to])
	for _, word := range aWord.FindAllString(string(f.text[from:to]), -1) {
		f.names[word], f.foreign[word] = true, f.foreign[word] || isForeign
	}
	l.blank(f, from, to)
	return from < to
}

// aModules is the path of a package that is not CUE's.
var aModules = regexp.MustCompile(`"[\w-]+(\.[\w-]+)+/`)

// namesOf are what the schema makes names of, and what stands for it.
var namesOf = []struct{ field, standIn string }{{"name", "app"}, {"namespace", "app"}, {"domain", "cluster.local"}}

// refusedNames are those of them that some environment has not.
func (l *directory) refusedNames(bundle cue.Value) (out []string) {
	if !bundle.Exists() {
		return nil
	}
	for _, v := range l.variants(bundle) {
		for _, n := range namesOf {
			at := lookup(v, []string{n.field})
			if (at.Exists() || n.field == "name") && at.Validate(cue.Concrete(true)) != nil {
				out = append(out, n.field)
			}
		}
	}
	return out
}

// mendNames puts other names in place of those that are refused: the schema
// makes the names of all objects of them.
func (l *directory) mendNames() (isMended bool) {
	for _, n := range namesOf {
		path := spec.Path{n.field}
		if !slices.Contains(l.unnamable, n.field) || slices.ContainsFunc(l.cut.unsure, func(p spec.Path) bool { return slices.Equal(p, path) }) {
			continue
		}
		standIn, ok := l.openName(path, n.standIn)
		f := l.mending(l.files[0].Filename)
		if !ok || f == nil {
			return false
		}
		for _, other := range l.cut.files {
			other.without(fmt.Sprintf("%q: %q: %s", BaseName, n.field, refusal))
		}
		f.write(fmt.Sprintf("%s: %s: %q", BaseName, n.field, standIn))
		l.cut.unsure = append(l.cut.unsure, path)
		isMended = true
	}
	return isMended
}

// openName leaves a name of the application to what stands for it: one that is
// like what was stated, if there is one. Not ok if it cannot be left.
func (l *directory) openName(path spec.Path, standIn string) (_ string, ok bool) {
	for _, field := range l.fieldsWritten(nil) {
		f := l.mending(field.Pos().Filename())
		if fieldName(field) != path[0] {
			continue
		}
		if f == nil {
			return "", false
		}
		if lit, ok := field.Value.(*ast.BasicLit); ok && !l.isOverlays(l.position(field.Pos())) {
			standIn = l.like(path, lit, standIn)
		}
		from := field.Value.Pos().Offset()
		if from >= f.size {
			continue
		}
		f.leaveOpen(from, field.Value.End().Offset())
	}
	return standIn, true
}

// like is a name that is accepted: the one that is stated, or one that is like it.
func (l *directory) like(path spec.Path, stated *ast.BasicLit, otherwise string) string {
	name, err := strconv.Unquote(stated.Value)
	for _, other := range append([]string{name}, corrected(name)...) {
		if err == nil && l.schemaAt(path).Unify(l.ctx.Encode(other)).Validate(cue.Concrete(true)) == nil {
			return other
		}
	}
	return otherwise
}

// clause is what stands for a name that nothing has.
type clause struct{ name, value string }

func (c clause) String() string { return fmt.Sprintf("let %s = %s", c.name, c.value) }

// standIn is a clause for a name that nothing has: an error, for whatever
// refers to it. The schema by another name has its definitions, so that an
// application is none the less one.
func (l *directory) standIn(f *mendedFile, name string, file *ast.File) clause {
	if f.selected == nil {
		f.selected = selectedFromNames(file)
	}
	definitions := labels(l.definitions)
	isDefinition := func(name string) bool { return slices.Contains(definitions, name) }
	switch {
	case slices.ContainsFunc(f.selected[name], isDefinition):
		return clause{name, "{" + strings.Join(definitions, ": {...}, ") + ": {...}}"}
	case isDefinition("#" + strings.TrimLeft(name, "#")):
		return clause{name, "{...}"}
	}
	for _, selected := range f.selected[name] {
		f.names[selected] = true
	}
	if f.foreign[name] {
		l.cut.gaps = append(l.cut.gaps, gap{any: true}) // nobody knows what it gives
	}
	return clause{name, refusal}
}

// define writes a clause below what the user wrote. CUE takes none with the name
// of a field, wherever that is: then the reference gets a name that nothing has.
func (f *mendedFile) define(c clause, reference int) bool {
	if f.below[c.String()] {
		return false
	}
	if f.accepts(c) {
		return f.write(c.String())
	}
	for name := range strings.SplitSeq(shortNames, "") {
		own := clause{name, c.value}
		if end := reference + len(c.name); end <= f.size && string(f.text[reference:end]) == c.name && (f.below[own.String()] || !f.hasWord(name)) {
			f.write(own.String())
			f.text = blanked(f.text, reference, end)
			f.text[reference] = name[0]
			return true
		}
	}
	return false
}

// shortNames are shorter than no other, each a byte.
const shortNames = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA"

// accepts reports whether CUE reads a file with a clause more.
func (f *mendedFile) accepts(c clause) bool {
	_, err := parser.ParseFile("", fmt.Sprintf("%s\n%s\n", f.text, c), asDeclared)
	return err == nil
}

// hasWord reports whether a word stands anywhere in a file.
func (f *mendedFile) hasWord(word string) bool {
	return slices.Contains(aWord.FindAllString(string(f.text), -1), word)
}

// selectedFromNames are the fields that a file selects from each name.
func selectedFromNames(file *ast.File) map[string][]string {
	out := map[string][]string{}
	ast.Walk(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, isIdent := s.X.(*ast.Ident)
			if name, _, err := ast.LabelName(s.Sel); isIdent && err == nil {
				out[x.Name] = append(out[x.Name], name)
			}
		}
		return true
	}, nil)
	return out
}

// clauseAt is where the import or let clause is that stands at a place of a file.
func clauseAt(file *ast.File, offset int) (from, to int) {
	ast.Walk(file, func(n ast.Node) bool {
		clause := n
		if d, ok := n.(*ast.ImportDecl); ok && len(d.Specs) > 1 || n.End().Offset() <= offset || n.Pos().Offset() > offset {
			return ok || n == file
		}
		switch n.(type) {
		case *ast.ImportDecl, *ast.ImportSpec, *ast.LetClause:
			from, to = clause.Pos().Offset(), clause.End().Offset()
			return false
		}
		return true
	}, nil)
	return from, to
}

// cutReference leaves out a reference that stands in a part of the bundle; false
// if it stands anywhere else, where what is made of it is not known.
func (l *directory) cutReference(f *mendedFile, file *ast.File, at int) bool {
	from, to := referenceAt(file, at)
	if p := whereIn(file, at); from == to || !p.isPlain || !isOfBundle(p.path) || !l.nameSlip(f, file, slip{offset: from}) {
		return false
	}
	f.leaveOpen(from, to)
	return true
}

// isInClause reports whether a place is in what a comprehension goes over, or in
// its condition.
func isInClause(file *ast.File, offset int) (found bool) {
	ast.Walk(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.Comprehension); ok {
			found = found || slices.ContainsFunc(c.Clauses, func(c ast.Clause) bool { return c.Pos().Offset() <= offset && offset < c.End().Offset() })
		}
		return !found
	}, nil)
	return found
}

// referenceAt is the reference, to a name or a part of what it is, that begins at
// a place of a file.
func referenceAt(file *ast.File, offset int) (from, to int) {
	ast.Walk(file, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
			if n.Pos().Offset() == offset && to == 0 {
				from, to = offset, n.End().Offset()
			}
		}
		return to == 0
	}, nil)
	return from, to
}
