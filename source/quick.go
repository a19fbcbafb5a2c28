package source

import (
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// schemas are what the specs of a loader are evaluated with.
type schemas struct {
	whole   func() *shared
	outline *shared // nil until a second spec is loaded: for one it is not worth it
	judge   *judge
}

// quick evaluates the files with the outline of the schema, and judges what
// comes out. It says nothing of what is wrong: what it does not take is
// evaluated with the whole schema.
func (l *directory) quick() ([]spec.Environment, bool) {
	if l.outline == nil {
		return nil, false
	}
	l.shared = l.outline
	if instance, found, err := l.instance(); err == nil && found == nil && isPlain(instance) {
		if bundle, ok := l.accepted(instance); ok {
			if environments, err := l.environments(bundle); err == nil {
				return environments, true
			}
		}
	}
	return nil, false
}

// isPlain reports whether a package comes out the same with the outline, if what
// comes out fits the schema: it does not ask what the schema refuses, or has
// although nobody states it, and states nothing of the schema's that does not
// come out, so that nobody would judge it.
func isPlain(p *build.Instance) bool {
	for _, file := range p.Files {
		for _, field := range fieldsIn(file.Decls) {
			if isApart(fieldName(field)) && slices.ContainsFunc(computedWith(field.Value), func(name string) bool { return name == BaseName || name == schemaIn(file) }) {
				return false
			}
		}
		if !isPlainFile(file) || !all(file, func(n ast.Node) bool { return !isConstraint(n) }) {
			return false
		}
	}
	return !slices.ContainsFunc(p.Imports, func(imported *build.Instance) bool { return !isPlainLibrary(imported) })
}

// isPlainLibrary reports the same of a package that a plain one imports. What is
// hidden there nobody looks at, whatever it is evaluated with.
func isPlainLibrary(p *build.Instance) bool {
	return p.ImportPath == schema.ImportPath ||
		!slices.ContainsFunc(p.Files, func(file *ast.File) bool { return !isPlainFile(file) }) &&
			!slices.ContainsFunc(p.Imports, func(imported *build.Instance) bool { return !isPlainLibrary(imported) })
}

func isPlainFile(file *ast.File) bool {
	if slices.ContainsFunc(computedWith(file), func(name string) bool { return slices.Contains(outlined().unstated, name) }) {
		return false
	}
	lets := map[string][]ast.Expr{}
	ast.Walk(file, func(n ast.Node) bool {
		if let, ok := n.(*ast.LetClause); ok {
			lets[let.Ident.Name] = append(lets[let.Ident.Name], let.Expr)
		}
		return true
	}, nil)
	for _, decl := range file.Decls {
		isPlain := all(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BottomLit, *ast.Attribute: // a question whether something is refused; an experiment, or another file
				return false
			case *ast.BasicLit: // bytes come out as texts
				return n.Kind != token.STRING || !strings.HasPrefix(strings.TrimLeft(n.Value, "#"), "'")
			case *ast.ImportSpec:
				path := strings.Trim(n.Path.Value, `"`)
				first, _, _ := strings.Cut(path, "/")
				return strings.Contains(first, ".") || slices.Contains(plainImports, path)
			case *ast.ForClause:
				return isOfMany(n.Source, lets, hops)
			case *ast.CallExpr: // CUE's own functions may count fields, those of its library do not
				name, isOwn := n.Fun.(*ast.Ident)
				return !isOwn || name.Name == "len" && len(n.Args) == 1 && isOfMany(n.Args[0], lets, hops) || slices.Contains(arithmetic, name.Name)
			case *ast.Field: // what is hidden does not come out
				return n == decl || !isApart(fieldName(n)) || !slices.ContainsFunc(computedWith(n.Value), func(name string) bool { return !slices.Contains(types, name) })
			}
			return true
		})
		if !isPlain {
			return false
		}
	}
	return true
}

// plainImports are packages of CUE's library that make texts, numbers and lists
// of what they are given, and do not see which fields a struct has.
var plainImports = []string{"list", "math", "net", "path", "regexp", "strconv", "strings", "time"}

var arithmetic = []string{"div", "mod", "quo", "rem"}

// types are the names that CUE knows without import.
var types = []string{"_", "bool", "bytes", "float", "int", "null", "number", "string"}

// isOfMany reports whether what is counted is a list, or a map that is stated,
// and not a struct of the schema's, of which the outline has fewer fields.
func isOfMany(e ast.Expr, lets map[string][]ast.Expr, steps int) bool {
	switch e := e.(type) {
	case *ast.ListLit:
		return true
	case *ast.CallExpr:
		_, isOwn := e.Fun.(*ast.Ident)
		return !isOwn
	case *ast.SelectorExpr:
		name, _, err := ast.LabelName(e.Sel)
		return err == nil && slices.Contains(many, name)
	case *ast.Ident:
		exprs, isLet := lets[e.Name]
		return slices.Contains(many, e.Name) ||
			isLet && steps > 0 && !slices.ContainsFunc(exprs, func(e ast.Expr) bool { return !isOfMany(e, lets, steps-1) })
	}
	return false
}

// many are lists and maps that the outline has, by name.
var many = []string{"groups", "hosts", "racks", "seeds"}

// isConstraint reports whether something is a field that states no value, but
// what it is to be if somebody states it: `grace?:`.
func isConstraint(n ast.Node) bool {
	field, ok := n.(*ast.Field)
	return ok && field.Constraint != token.ILLEGAL
}

// all reports whether all of a text is as it has to be.
func all(text ast.Node, is func(ast.Node) bool) bool {
	ok := true
	ast.Walk(text, func(n ast.Node) bool {
		ok = ok && is(n)
		return ok
	}, nil)
	return ok
}
