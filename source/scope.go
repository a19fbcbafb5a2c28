package source

import (
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
)

// This file finds what a name refers to in the text, as CUE does when it
// evaluates: nothing is evaluated here.

// scope is a struct and those around it: where a name is looked for.
type scope struct {
	up    *scope
	decls []ast.Decl
	bound map[string]target // aliases, and variables of comprehensions
	path  []string          // of the struct, if it is held
	held  bool              // it is a part of the bundle; not in a definition that somebody may use
}

// topOf is the scope of a package.
func topOf(files []*ast.File) *scope {
	top := &scope{held: true}
	for _, file := range files {
		top.decls = append(top.decls, file.Decls...)
	}
	return top
}

// target is what a reference refers to: a path of the bundle, an expression
// as of a definition, a hidden field or a let clause, or both.
type target struct {
	path []string
	held bool // there is a path
	expr ast.Expr
	in   *scope
}

// bind is the scope with what a clause of a comprehension binds.
func bind(clause ast.Clause, in *scope) *scope {
	switch clause := clause.(type) {
	case *ast.LetClause:
		return in.binding(clause.Ident, target{expr: clause.Expr, in: in})
	case *ast.ForClause:
		inner := in.binding(clause.Key, target{})
		for _, t := range resolve(clause.Source, in, hops) {
			if t.held {
				return inner.binding(clause.Value, t.element())
			}
		}
		return inner.binding(clause.Value, target{})
	}
	return in
}

// binding is a scope with one name more.
func (s *scope) binding(name *ast.Ident, to target) *scope {
	if name == nil {
		return s
	}
	return &scope{up: s, bound: map[string]target{name.Name: to}}
}

// hops is how many references in a row are followed: there may be a circle.
const hops = 16

// resolve finds what a reference refers to, by a number of steps at the most.
func resolve(e ast.Expr, in *scope, steps int) []target {
	if steps == 0 {
		return nil
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return resolve(e.X, in, steps)
	case *ast.Ident:
		return in.lookup(e.Name)
	case *ast.StructLit:
		return []target{{expr: e, in: in}}
	case *ast.SelectorExpr:
		name, _, err := ast.LabelName(e.Sel)
		if err != nil {
			return nil
		}
		return selectedFrom(resolve(e.X, in, steps-1), name, steps)
	case *ast.IndexExpr:
		if list, ok := e.X.(*ast.ListLit); ok {
			return elements(list, in, steps)
		}
		name := anyLabel
		if lit, ok := e.Index.(*ast.BasicLit); ok {
			name, _ = strconv.Unquote(lit.Value)
		}
		return selectedFrom(resolve(e.X, in, steps-1), name, steps)
	}
	return nil
}

// elements are what those of a list refer to.
func elements(list *ast.ListLit, in *scope, steps int) (out []target) {
	for _, elem := range list.Elts {
		out = append(out, resolve(elem, in, steps-1)...)
	}
	return out
}

// selectedFrom are fields of what was referred to.
func selectedFrom(from []target, name string, steps int) (out []target) {
	for _, t := range from {
		if t.held {
			out = append(out, target{path: append(t.path[:len(t.path):len(t.path)], name), held: true})
		}
		if !t.isSorted() {
			out = append(out, within(t.expr, t.in, name, steps-1)...)
		}
	}
	return out
}

// within are the fields of that name in what an expression is.
func within(e ast.Expr, in *scope, name string, steps int) []target {
	if steps <= 0 {
		return nil
	}
	switch e := e.(type) {
	case *ast.StructLit:
		inner := &scope{up: in, decls: e.Elts}
		return inner.fields(name)
	case *ast.BinaryExpr:
		return append(within(e.X, in, name, steps-1), within(e.Y, in, name, steps-1)...)
	case *ast.ParenExpr:
		return within(e.X, in, name, steps)
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		return selectedFrom(resolve(e, in, steps-1), name, steps-1)
	}
	return nil
}

// lookup is what a name refers to: in the innermost scope that has it.
func (s *scope) lookup(name string) []target {
	for ; s != nil; s = s.up {
		if t, ok := s.bound[name]; ok {
			if t.expr == nil && !t.held {
				return nil // a key, or what nobody knows
			}
			return []target{t}
		}
		if found := s.fields(name); found != nil {
			return found
		}
	}
	return nil
}

// fields are the declarations of a name in a struct.
func (s *scope) fields(name string) (out []target) {
	for _, decl := range s.decls {
		switch decl := decl.(type) {
		case *ast.LetClause:
			if decl.Ident.Name == name {
				out = append(out, target{expr: decl.Expr, in: s})
			}
		case *ast.Field:
			label := fieldName(decl)
			if label == name || aliasOf(decl) == name {
				path := append(s.path[:len(s.path):len(s.path)], label)
				out = append(out, target{path: path, held: s.held && !isApart(label), expr: decl.Value, in: s})
			}
		}
	}
	return out
}

// element is what a map holds.
func (t target) element() target {
	return target{path: append(t.path[:len(t.path):len(t.path)], anyLabel), held: t.held}
}

// fieldName is a field's label, or anyLabel.
func fieldName(f *ast.Field) string {
	label := ast.Node(f.Label)
	if alias, ok := f.Label.(*ast.Alias); ok {
		label = alias.Expr
	}
	name, _, err := ast.LabelName(label.(ast.Label))
	if err != nil {
		return anyLabel
	}
	return name
}

// aliasOf is the name that a field has in its struct beside its label.
func aliasOf(f *ast.Field) string {
	if alias, ok := f.Label.(*ast.Alias); ok {
		return alias.Ident.Name
	}
	if f.Alias != nil {
		return f.Alias.Field.Name
	}
	return ""
}

// isApart reports whether a field is none of the bundle's: a definition, or hidden.
func isApart(name string) bool { return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "#") }
