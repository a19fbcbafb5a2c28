package source

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// This file finds the package of a spec whose files do not agree about it, or do
// not say it. It is given to CUE beside the text, where all keeps its place.

// clauses are files of a directory by the package that they say they are of; ""
// for those that say none, or what CUE cannot read.
type clauses map[string]string

// clauseOf is the package that a file says it is of.
func clauseOf(imports *ast.File, err error, text []byte) string {
	if err != nil { // of an import perhaps
		imports, err = parser.ParseFile("", text, parser.PackageClauseOnly)
	}
	if err != nil {
		return ""
	}
	return imports.PackageName()
}

// clauseLine is the first line of code of a file.
var clauseLine = regexp.MustCompile(`(?m)\A(?:[ \t]*(?://.*|@.*)?\r?\n)*[ \t]*([^\s/@].*?)[ \t\r]*(?://.*)?$`)

// aClauseLike is a line that is meant as a package clause.
var aClauseLike = regexp.MustCompile(`^(\w+)(\b.*)$`)

// meantClause is the name in a line that is meant as a package clause; not ok if it is
// something else.
func meantClause(line string) (name string, ok bool) {
	m := aClauseLike.FindStringSubmatch(line)
	if m == nil || m[1] != "package" && (strings.HasPrefix(strings.TrimSpace(m[2]), ":") || diag.DidYouMean(strings.ToLower(m[1]), []string{"package"}) == "") {
		return "", false
	}
	words := strings.Fields(strings.TrimLeft(m[2], ": "))
	if len(words) == 0 {
		return "", true
	}
	return asPackage(words[0]), true
}

// asPackage makes a name of a package of another one; "" if it is none, as a word
// of CUE's own.
func asPackage(name string) string {
	name = strings.TrimLeft(noWord.ReplaceAllString(strings.Trim(name, `"';:,#`), "_"), "0123456789_")
	if _, err := parser.ParseFile("", "package "+name, parser.PackageClauseOnly); err != nil {
		return ""
	}
	return name
}

var noWord = regexp.MustCompile(`[^A-Za-z0-9_]`)

// disagreeing tells of files that are not of the spec's package, and makes them
// be of it as far as they are meant to be.
func (l *directory) disagreeing() (out diag.List) {
	names := slices.Compact(slices.Sorted(maps.Values(l.clauses)))
	if len(names) == 1 && names[0] != "" && names[0] != "_" {
		return nil
	}
	pkg, of := l.packageMeant()
	for _, file := range slices.Sorted(maps.Keys(l.clauses)) {
		text, err := os.ReadFile(file)
		at := clauseLine.FindSubmatchIndex(text)
		if err != nil || at == nil || isExcluded(text) {
			continue
		}
		d := diag.Diagnostic{Rule: rule, Pos: diag.Pos{File: l.display(file), Line: 1, Col: 1}}
		own, line := l.clauses[file], string(text[at[2]:at[3]])
		_, isMeant := meantClause(line)
		_, states := packageIn(file, text)
		switch {
		case own == pkg:
			continue
		case own != "" && own != "_":
			d.Message = fmt.Sprintf("two packages in a directory: %s is of %s, %s of %s", filepath.Base(of), pkg, filepath.Base(file), own)
			d.Fix = "A spec is one package; move the other, or give both one package clause."
			if diag.DidYouMean(own, []string{pkg}) == "" && (!states || bytes.Contains(text, []byte(schema.ImportPath))) {
				l.apart = append(l.apart, file)
			}
		case isMeant:
			d.Message, d.Fix = fmt.Sprintf("`%s` is no package clause", line), fmt.Sprintf("Write `package %s`: its name has letters, digits and underscores.", pkg)
		case states:
			d.Message, d.Fix = clauseless(file, pkg)
		default:
			continue // CUE leaves it out, and it may be something else
		}
		if own != "" || isMeant {
			f := l.mending(file)
			if f == nil {
				continue
			}
			d.Pos.Line, d.Pos.Col = 1+bytes.Count(text[:at[2]], []byte("\n")), 1+at[2]-bytes.LastIndexByte(text[:at[2]], '\n')-1
			f.text = blanked(f.text, at[2], at[3])
		}
		l.clauses[file] = pkg
		out = append(out, d)
	}
	return out
}

// packageMeant is what the spec's package is called, and a file that says so: what
// most files say, or else what their clauses seem to mean.
func (l *directory) packageMeant() (name, file string) {
	count := map[string]int{}
	for _, pkg := range l.clauses {
		count[pkg]++
	}
	best := 0
	for _, other := range slices.Sorted(maps.Keys(l.clauses)) {
		pkg := l.clauses[other]
		if n := 2*count[pkg] + isTrue(pkg == filepath.Base(l.abs)); pkg != "" && pkg != "_" && n > best {
			name, file, best = pkg, other, n
		}
	}
	if name != "" {
		return name, file
	}
	for _, other := range slices.Sorted(maps.Keys(l.clauses)) {
		text, err := os.ReadFile(other)
		if line := clauseLine.FindSubmatch(text); err == nil && line != nil && name == "" {
			name, _ = meantClause(string(line[1]))
		}
	}
	return cmp.Or(name, asPackage(filepath.Base(l.abs)), "app"), ""
}

func isTrue(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isExcluded reports whether a file says that CUE may leave it out.
func isExcluded(text []byte) bool {
	return bytes.Contains(text, []byte("@ignore(")) || bytes.Contains(text, []byte("@if("))
}

// clauseless says that a file is of no package, and what to do.
func clauseless(file, name string) (message, fix string) {
	return filepath.Base(file) + " has no package clause", fmt.Sprintf("Write `package %s` on its first line.", name)
}

// parse reads a file for CUE, with the package clause that it lacks, and the names
// that are meant.
func (l *directory) parse(file string, text any, c parser.Config) (*ast.File, error) {
	if !l.inside { // there is no module file that would say so
		c = c.Apply(parser.Version(schema.LanguageVersion))
	}
	syntax, err := parser.ParseFile(file, text, c)
	if pkg := l.clauses[file]; err == nil && pkg != "" && syntax.PackageName() == "" && len(syntax.Decls) > 0 {
		pos := syntax.Decls[0].Pos()
		syntax.Decls = append([]ast.Decl{&ast.Package{PackagePos: pos, Name: &ast.Ident{NamePos: pos, Name: pkg}}}, syntax.Decls...)
	}
	if err == nil {
		l.renamed(syntax)
	}
	return syntax, err
}
