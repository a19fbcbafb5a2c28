package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/schema"
)

// This file makes the outline of the schema: the same definitions with the same
// names of fields, without what only refuses. That is most of it: a constraint
// such as `cpu?: #Quantity` leaves a value as it is, or refuses it. What is
// computed stays. So CUE makes the same of a spec with both, if it is one that
// the schema takes, but for maps and lists that nobody states: the schema has
// them empty, and the outline has none. With the outline it takes half the time.

// form is what the outline leaves open of a definition.
type form struct {
	loose    []string          // fields that take anything
	ofOne    map[string]string // fields of another definition, which is outlined too
	ofMany   map[string]string // maps whose values are
	embedded []string          // definitions whose fields it has too
}

// outlined makes the outline.
var outlined = sync.OnceValue(func() outliner {
	o := outliner{definitions: map[string]ast.Expr{}, adding: map[string]bool{}, files: map[string][]byte{}, forms: map[string]form{}}
	files := map[string]*ast.File{}
	for name, text := range schema.Files() {
		file, err := parser.ParseFile(name, text)
		if err != nil {
			panic(fmt.Sprintf("source: the schema: %v", err)) // it is part of the binary and tested
		}
		files[name] = file
		for _, field := range fieldsIn(file.Decls) {
			o.definitions[fieldName(field)] = field.Value
		}
	}
	for name, value := range o.definitions { // before any of them is changed
		o.adding[name] = o.adds(value)
	}
	for name, file := range files {
		for _, field := range fieldsIn(file.Decls) {
			o.loosen(fieldName(field))
		}
		err := astutil.Sanitize(file) // what nothing uses any more is not imported
		if err == nil {
			o.files[name], err = format.Node(file)
		}
		if err != nil {
			panic(fmt.Sprintf("source: the outline of the schema: %v", err))
		}
	}
	return o
})

type outliner struct {
	definitions map[string]ast.Expr // of the schema
	adding      map[string]bool     // those of them that do not only refuse
	files       map[string][]byte   // as [schema.Files] has the schema's
	forms       map[string]form     // by definition
	unstated    []string            // maps and lists that the schema has though nobody states them
}

// loosen takes out of a definition what only refuses. The names of optional
// fields stay, in one pattern: each costs CUE as much as a field that is stated.
func (o *outliner) loosen(definition string) {
	body, ok := o.definitions[definition].(*ast.StructLit)
	if !ok || definition == "#Bundle" || !o.adding[definition] {
		return
	}
	f := form{ofOne: map[string]string{}, ofMany: map[string]string{}}
	computing := computedWith(body)
	var optional []string
	var kept []ast.Decl
	for _, decl := range body.Elts {
		if embedded, ok := decl.(*ast.EmbedDecl); ok {
			f.embedded = append(f.embedded, o.definitionIn(embedded.Expr))
		}
		field, ok := decl.(*ast.Field)
		if !ok {
			kept = append(kept, decl)
			continue
		}
		name := fieldName(field)
		switch {
		case slices.Contains(computing, name) || o.adds(field.Value):
			if of := o.definitionIn(field.Value); of != "" {
				f.ofOne[name] = of
			} else if each := eachOf(field.Value); each != nil {
				f.ofMany[name] = o.definitionIn(each)
			}
		case field.Constraint == token.NOT:
			f.loose, field.Value = append(f.loose, name), ast.NewIdent("_")
		default:
			f.loose, optional = append(f.loose, name), append(optional, regexp.QuoteMeta(name))
			if field.Constraint == token.ILLEGAL {
				o.unstated = append(o.unstated, name)
			}
			continue
		}
		kept = append(kept, field)
	}
	if len(optional) > 0 {
		names := &ast.UnaryExpr{Op: token.MAT, X: ast.NewString("^(" + strings.Join(optional, "|") + ")$")}
		kept = append(kept, &ast.Field{Label: &ast.ListLit{Elts: []ast.Expr{names}}, Value: ast.NewIdent("_")})
	}
	body.Elts = kept
	o.forms[definition] = f
}

// adds reports whether a constraint does more than to refuse values: there is a
// field in it that is there although nobody states it. Defaults, which would do
// so too, are nowhere in the schema (decision 0001).
func (o *outliner) adds(constraint ast.Expr) bool {
	return !all(constraint, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return n.Constraint != token.ILLEGAL || fieldName(n) == anyLabel
		case *ast.Ident:
			if adds, known := o.adding[n.Name]; known {
				return !adds
			}
			return o.definitions[n.Name] == nil || !o.adds(o.definitions[n.Name])
		}
		return true
	})
}

// definitionIn is the struct that an expression names, also with more that it is
// unified with; "" if it names none.
func (o *outliner) definitionIn(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if _, isStruct := o.definitions[e.Name].(*ast.StructLit); isStruct {
			return e.Name
		}
	case *ast.BinaryExpr:
		return o.definitionIn(e.X)
	}
	return ""
}

// fieldsIn are the fields among some declarations.
func fieldsIn(decls []ast.Decl) (out []*ast.Field) {
	for _, decl := range decls {
		if field, ok := decl.(*ast.Field); ok {
			out = append(out, field)
		}
	}
	return out
}

// eachOf is what the values of a map are, `[#Label]: …`; nil if it is no map.
func eachOf(e ast.Expr) ast.Expr {
	if body, ok := e.(*ast.StructLit); ok && len(body.Elts) == 1 {
		if each, ok := body.Elts[0].(*ast.Field); ok && fieldName(each) == anyLabel {
			return each.Value
		}
	}
	return nil
}

// computedWith are the names that the values in some text are computed with.
func computedWith(text ast.Node) (names []string) {
	var visit func(ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if pattern, ok := n.Label.(*ast.ListLit); ok {
				ast.Walk(pattern, visit, nil)
			}
			ast.Walk(n.Value, visit, nil)
			return false
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	}
	ast.Walk(text, visit, nil)
	return names
}
