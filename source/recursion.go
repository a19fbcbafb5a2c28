package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// This file tells of values that are made of themselves, as CUE finds them.
// What it says of all others beside is not to be trusted, and neither is what
// there is of them: fields that are there are not, or are unknown.

// isRecursion reports whether CUE found a value that is made of itself.
func isRecursion(e errors.Error) bool {
	t := text(e)
	return strings.Contains(t, "structural cycle") || t == "cycle error" || strings.HasSuffix(t, grown)
}

const grown = "not allowed as field set was already referenced"

// recursions are the findings of values that are made of themselves; nil if
// none is.
func (l *directory) recursions(v cue.Value, err error) (out diag.List) {
	said := map[string]bool{}
	all := errors.Errors(err)
	for _, e := range append(all, l.unresolved(v, all)...) {
		if !isRecursion(e) {
			continue
		}
		in, _ := application(unquoted(e.Path()))
		d := diag.Diagnostic{Rule: rule, Path: in.String(), Pos: l.recursive(e)}
		if strings.HasSuffix(text(e), grown) {
			d.Message = fmt.Sprintf("%s is made of its own fields, and would grow while it is read", in)
			d.Fix = "Read them from somewhere else: from a hidden field (_name) that both are made of."
		} else {
			d.Message = "it would be in itself (structural cycle)"
			d.Fix = "Refer to a part of it, in which the reference does not stand."
		}
		if key := fmt.Sprint(d.Pos.File, d.Pos.Line); !said[key] {
			said[key] = true
			out = append(out, d)
		}
	}
	if anywhere := slices.DeleteFunc(slices.Clone(out), func(d diag.Diagnostic) bool { return !d.Pos.IsValid() }); len(anywhere) > 0 {
		return anywhere
	}
	for i := range out {
		out[i].Pos.File = l.dir
	}
	return out
}

// recursive is where the reference stands that makes a value of itself, or the
// field that has it.
func (l *directory) recursive(e errors.Error) diag.Pos {
	path := unquoted(e.Path())
	in, _ := application(path)
	if len(in) > 2 && in[0] == "groups" && (in[2] == "dns" || in[2] == "name") {
		if pos := l.madeOf(in); pos.IsValid() {
			return pos
		}
	}
	if pos := l.growing(); strings.Contains(text(e), "structural cycle") && pos.IsValid() {
		return pos
	}
	for _, p := range l.users(e) {
		if l.isPackages(p) {
			return p
		}
	}
	var best ast.Node
	depth := 0
	for _, file := range l.files {
		if node, n := deepest(&ast.StructLit{Elts: file.Decls}, path, 0); n > depth {
			best, depth = node, n
		}
	}
	if best == nil {
		return first(l.users(e))
	}
	return l.position(best.Pos())
}

// growing is the source of a comprehension that states something in what it
// goes through.
func (l *directory) growing() (pos diag.Pos) {
	for _, file := range l.files {
		var source ast.Expr
		var of []target
		end := 0
		l.walk(file, func(n ast.Node, in *scope) {
			switch n := n.(type) {
			case *ast.Comprehension:
				for _, clause := range n.Clauses {
					if clause, ok := clause.(*ast.ForClause); ok {
						source, of, end = clause.Source, resolve(clause.Source, in, hops), n.End().Offset()
					}
				}
			case *ast.Field:
				at, _ := application(append(in.path[:len(in.path):len(in.path)], fieldName(n)))
				for _, t := range of {
					through, _ := application(t.path)
					if sortOf(t.path) == envs {
						through = nil
					}
					if t.held && !pos.IsValid() && n.Pos().Offset() > source.Pos().Offset() && n.End().Offset() <= end && len(through) < len(at) && slices.Equal(through, at[:len(through)]) {
						pos = l.position(source.Pos())
					}
				}
			}
		})
	}
	return pos
}

// madeOf is the reference to names of pods in what they are computed from.
func (l *directory) madeOf(in spec.Path) (pos diag.Pos) {
	for _, file := range l.files {
		l.walk(file, func(n ast.Node, scope *scope) {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok || pos.IsValid() {
				return
			}
			for _, t := range resolve(selector, scope, hops) {
				to, _ := application(t.path)
				if t.held && len(to) >= 3 && to[0] == "groups" && to[1] == in[1] && (to[2] == "dns" || to[2] == "name") && l.computes(file, selector) {
					pos = l.position(selector.Pos())
				}
			}
		})
	}
	return pos
}

// computes reports whether an expression stands in a field that the names of
// pods are made of.
func (l *directory) computes(file *ast.File, e ast.Expr) (found bool) {
	ast.Walk(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if ok && slices.Contains([]string{"replicas", "racks", "first", "name"}, fieldName(field)) &&
			field.Value.Pos().Offset() <= e.Pos().Offset() && e.End().Offset() <= field.Value.End().Offset() {
			found = true
		}
		return !found
	}, nil)
	return found
}

// deepest is what is written at a path, or at the longest part of it.
func deepest(e ast.Expr, path []string, depth int) (node ast.Node, n int) {
	if depth > 0 {
		node, n = e, depth
	}
	better := func(e ast.Expr, at int) {
		if other, m := deepest(e, path, at); m > n {
			node, n = other, m
		}
	}
	switch e := e.(type) {
	case *ast.StructLit:
		for _, decl := range e.Elts {
			switch decl := decl.(type) {
			case *ast.Field:
				if name := fieldName(decl); len(path) > depth && (name == path[depth] || name == anyLabel) {
					better(decl.Value, depth+1)
				}
			case *ast.EmbedDecl:
				better(decl.Expr, depth)
			}
		}
	case *ast.ListLit:
		if len(path) > depth {
			if i, err := strconv.Atoi(path[depth]); err == nil && i < len(e.Elts) {
				better(e.Elts[i], depth+1)
			}
		}
	case *ast.BinaryExpr:
		better(e.X, depth)
		better(e.Y, depth)
	case *ast.ParenExpr:
		better(e.X, depth)
	case *ast.Alias:
		better(e.Expr, depth)
	}
	return node, n
}
