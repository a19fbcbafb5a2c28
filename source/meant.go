package source

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
)

// This file reads a field that is misspelt as the one that is meant, if no other
// is as like it: what stands below it is judged in the same run. The text stays as
// it is; only CUE is given the other name.

// renaming is which names of fields CUE reads as others, by where they stand.
type renaming struct {
	next, now map[diag.Pos]string

	imports map[string]string            // paths of packages
	added   map[string]map[string]string // and those of what files name and do not import
}

// misspelt takes note of a field of the bundle that nobody knows, if it is like one
// that is not stated, and nothing refers to it.
func (r *renaming) misspelt(at []diag.Pos, meant string) {
	if r.next == nil {
		r.next = map[diag.Pos]string{}
	}
	for _, p := range at {
		r.next[p] = meant
	}
}

// add takes note of the package that a file names, and does not import.
func (r *renaming) add(file, name, imported string) {
	if r.added == nil {
		r.added = map[string]map[string]string{}
	}
	if r.added[file] == nil {
		r.added[file] = map[string]string{}
	}
	r.added[file][name] = imported
}

// means reports whether some field is meant to have a name.
func (r *renaming) means(name string) bool {
	return slices.Contains(slices.Collect(maps.Values(r.next)), name)
}

// guess takes note of what a field is meant to be that is not known at a path.
func (l *directory) guess(v cue.Value, path []string, known []string) {
	name := path[len(path)-1]
	if meant, isAlone := diag.Nearest(name, known); isAlone && habits[name] == nil {
		l.readAs(v, path, meant)
	}
}

// readAs takes note of what a field is meant to be, if that is not stated and
// nothing refers to the field.
func (l *directory) readAs(v cue.Value, path []string, meant string) {
	name := path[len(path)-1]
	isStated := func(p diag.Pos) bool { return path[0] != "overlays" || l.isOverlays(p) } // there, and not only in the base
	other := l.written(lookup(v, append(path[:len(path)-1:len(path)-1], meant)))
	if meant == "" || slices.ContainsFunc(other, isStated) || l.isReferredTo(name) {
		return
	}
	l.names.misspelt(l.written(lookup(v, path)), meant)
}

// isReferredTo reports whether something refers to a name, or to a field of it.
func (l *directory) isReferredTo(name string) (found bool) {
	for _, file := range l.files {
		labels := map[ast.Node]bool{}
		ast.Walk(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				labels[n.Label] = true
				if alias, ok := n.Label.(*ast.Alias); ok {
					labels[alias.Expr] = true
				}
			case *ast.Ident:
				found = found || n.Name == name && !labels[n]
			case *ast.SelectorExpr:
				selected, _, err := ast.LabelName(n.Sel)
				found = found || err == nil && selected == name
			case *ast.IndexExpr:
				index, ok := n.Index.(*ast.BasicLit)
				found = found || ok && index.Value == strconv.Quote(name)
			}
			return !found
		}, nil)
	}
	return found
}

// rename makes CUE read what is meant; false if there is nothing new.
func (l *directory) rename() bool {
	before := len(l.names.now)
	if l.names.now == nil {
		l.names.now = map[diag.Pos]string{}
	}
	for p, meant := range l.names.next {
		if !l.isDefined(meant) {
			l.names.now[p] = meant
		}
	}
	return len(l.names.now) > before
}

// isDefined reports whether a clause of that name stands for what was not found:
// CUE takes none beside a field.
func (l *directory) isDefined(name string) bool {
	for _, f := range l.cut.files {
		for line := range f.below {
			if strings.HasPrefix(line, "let "+name+" ") {
				return true
			}
		}
	}
	return false
}

// renamed gives the fields of a file the names that are meant.
func (l *directory) renamed(file *ast.File) {
	added := l.names.added[file.Filename]
	if len(l.names.now) == 0 && len(l.names.imports) == 0 && len(added) == 0 {
		return
	}
	for spec := range file.ImportSpecs() {
		imported, err := strconv.Unquote(spec.Path.Value)
		if meant := l.names.imports[imported]; err == nil && meant != "" {
			spec.Path.Value = strconv.Quote(meant)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(added)) {
		decl := &ast.ImportDecl{Specs: []*ast.ImportSpec{ast.NewImport(ast.NewIdent(name), added[name])}}
		at := slices.IndexFunc(file.Decls, func(d ast.Decl) bool { _, is := d.(*ast.Package); return is }) + 1
		file.Decls = slices.Insert(file.Decls, at, ast.Decl(decl))
	}
	ast.Walk(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		if meant := l.names.now[l.position(field.Pos())]; meant != "" && !slices.Contains([]string{anyLabel, meant}, fieldName(field)) {
			at := field.Label.Pos()
			var label ast.Label = &ast.BasicLit{ValuePos: at, Kind: token.STRING, Value: strconv.Quote(meant)}
			if ast.IsValidIdent(meant) { // others may refer to it
				label = &ast.Ident{NamePos: at, Name: meant}
			}
			if alias, ok := field.Label.(*ast.Alias); ok {
				alias.Expr = label.(ast.Expr)
			} else {
				field.Label = label
			}
		}
		return true
	}, nil)
	file.Unresolved = nil
	astutil.Resolve(file, func(token.Pos, string, ...any) {}) // that was said when it was parsed
}
