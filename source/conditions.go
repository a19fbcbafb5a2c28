package source

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// condition is a field with a question mark and a value: what the field is to
// be, if anybody states it.
type condition struct {
	field *ast.Field
	in    spec.Path // of the application
}

// conditions are those that nobody meets: CUE takes them, and leaves them out.
// A condition of types, or on whatever a map has, is meant to be one.
func (l *directory) conditions(bundle cue.Value) (out []condition) {
	if !bundle.Exists() {
		return nil
	}
	for _, file := range l.files {
		l.walk(file, func(n ast.Node, in *scope) {
			field, ok := n.(*ast.Field)
			if !ok || field.Constraint != token.OPTION || !isOfBundle(in.path) || !isConcrete(field.Value) {
				return
			}
			at, _ := application(in.path)
			at = at.Join(fieldName(field))
			isStated := slices.ContainsFunc(at, isApart) || !whereIn(file, field.Pos().Offset()).isPlain
			for _, v := range l.variants(bundle) {
				isStated = isStated || lookup(v, at).Exists()
			}
			if !isStated {
				out = append(out, condition{field, at})
			}
		})
	}
	return out
}

// unmet tells of conditions that were meant to be values, and not of what is
// missing because of them.
func (l *directory) unmet(all []condition, found diag.List) diag.List {
	for _, c := range all {
		found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
			return d.Path == c.in.String() && strings.HasSuffix(d.Message, " is missing")
		})
		name := c.in[len(c.in)-1]
		found = append(found, diag.Diagnostic{
			Rule:    rule,
			Pos:     l.position(c.field.Pos()),
			Path:    c.in.String(),
			Message: fmt.Sprintf("%s? states no value: it is what %s has to be if it is stated, and nobody states it", name, name),
			Fix:     "Leave out the question mark.",
		})
	}
	return found
}

// without are environments that lack what conditions were meant to state.
func without(all []condition, environments []spec.Environment) []spec.Environment {
	for i := range environments {
		env := &environments[i]
		for _, c := range all {
			env.Refused = append(env.Refused, c.in)
		}
	}
	return environments
}

// isConcrete reports whether an expression is a value that is written out.
func isConcrete(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.ListLit:
		return !slices.ContainsFunc(e.Elts, func(element ast.Expr) bool { return !isConcrete(element) })
	case *ast.StructLit:
		return len(e.Elts) > 0 && !slices.ContainsFunc(e.Elts, func(d ast.Decl) bool {
			field, ok := d.(*ast.Field)
			return !ok || field.Constraint != token.ILLEGAL || fieldName(field) == anyLabel || !isConcrete(field.Value)
		})
	}
	return false
}
