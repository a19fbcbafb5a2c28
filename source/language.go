package source

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/schema"
)

// Definition is one of the schema, as a user knows it: Group is #Group.
type Definition struct {
	Name   string
	Doc    string   // its comment, as one line
	Type   string   // as CUE, of one that has no fields: a Quantity
	Parts  []string // definitions whose fields it has too: a Group those of Container
	Fields []Field
}

// Field is a field of a definition. Nested ones, without a definition of their
// own, follow theirs: dns.zone.
type Field struct {
	Name     string
	Doc      string // its comment, as one line
	Type     string // as CUE: [#Label]: #Storage
	Required bool
	Computed bool   // by the schema: nobody states it
	Of       string // the definition of its value, or of what its maps and lists hold: Storage
	Depth    int    // the keys and numbers between it and them
}

// Language is the schema as it is written, [schema.Files], in the order of its
// text. An error is a bug of ours.
func Language() ([]Definition, error) {
	l := &language{exprs: map[string]ast.Expr{}, docs: map[string]string{}}
	files := schema.Files()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, err := parser.ParseFile(name, files[name], parser.ParseComments)
		if err != nil {
			return nil, err
		}
		l.collect(file.Decls)
	}
	var out []Definition
	for _, name := range l.names {
		out = append(out, l.definition(name))
	}
	return out, nil
}

// language is the text of all definitions by their names, without #.
type language struct {
	names []string
	exprs map[string]ast.Expr
	docs  map[string]string
}

func (l *language) collect(decls []ast.Decl) {
	for _, decl := range decls {
		if f, ok := decl.(*ast.Field); ok {
			name := strings.TrimPrefix(labelOf(f), "#")
			l.names, l.exprs[name], l.docs[name] = append(l.names, name), f.Value, comment(f)
		}
	}
}

func (l *language) definition(name string) Definition {
	d := Definition{Name: name, Doc: l.docs[name]}
	if fields, isStruct := l.exprs[name].(*ast.StructLit); isStruct {
		l.addFields(&d, "", fields)
		return d
	}
	d.Type = typeText(l.exprs[name])
	return d
}

func (l *language) addFields(d *Definition, prefix string, fields *ast.StructLit) {
	for _, decl := range fields.Elts {
		switch decl := decl.(type) {
		case *ast.EmbedDecl:
			if part, ok := decl.Expr.(*ast.Ident); ok {
				d.Parts = append(d.Parts, definitionName(part))
			}
		case *ast.Field:
			doc := comment(decl)
			if doc == "" {
				continue // of a struct that its field's comment speaks of
			}
			f := Field{Name: prefix + labelOf(decl), Doc: doc, Type: typeText(decl.Value), Required: decl.Constraint == token.NOT}
			f.Of, f.Depth = l.target(decl.Value)
			f.Computed = prefix != "" || strings.HasSuffix(doc, "Computed.")
			d.Fields = append(d.Fields, f)
			if nested, ok := decl.Value.(*ast.StructLit); ok && key(nested) == nil {
				l.addFields(d, f.Name+".", nested)
			}
		}
	}
}

// target is the definition with fields that a value is of, or that what its
// maps and lists hold is of, and how many keys lead to it.
func (l *language) target(e ast.Expr) (of string, depth int) {
	switch e := e.(type) {
	case *ast.Ident:
		name := definitionName(e)
		if _, isStruct := l.exprs[name].(*ast.StructLit); isStruct {
			return name, 0
		}
		if below, ok := l.exprs[name]; ok {
			return l.target(below)
		}
	case *ast.StructLit:
		if pattern := key(e); pattern != nil {
			of, depth = l.target(pattern.Value)
		}
		return of, depth + 1
	case *ast.ListLit:
		for _, elem := range e.Elts {
			if rest, ok := elem.(*ast.Ellipsis); ok && rest.Type != nil {
				of, depth = l.target(rest.Type)
			}
		}
		return of, depth + 1
	case *ast.BinaryExpr:
		of, depth = l.target(e.X)
		if other, below := l.target(e.Y); of == "" {
			return other, max(depth, below)
		}
	}
	return of, depth
}

// definitionName is that of a reference: #Group is Group.
func definitionName(i *ast.Ident) string {
	return strings.TrimPrefix(i.Name, "#")
}

// key is the pattern of a map, [#Label]: #Group; nil for another struct.
func key(s *ast.StructLit) *ast.Field {
	if len(s.Elts) != 1 {
		return nil
	}
	f, ok := s.Elts[0].(*ast.Field)
	if !ok {
		return nil
	}
	if _, pattern := f.Label.(*ast.ListLit); !pattern {
		return nil
	}
	return f
}

// typeText is a type as a reader wants it: without what the schema computes
// there, and on one line.
func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StructLit:
		if pattern := key(e); pattern != nil {
			return fmt.Sprintf("%s: %s", keyText(pattern.Label.(*ast.ListLit)), typeText(pattern.Value))
		}
		return structText(e)
	case *ast.BinaryExpr:
		if _, computes := e.Y.(*ast.StructLit); computes && e.Op == token.AND {
			return typeText(e.X)
		}
	}
	return cueText(e)
}

// keyText is the pattern of a map without the name that the schema gives it.
func keyText(pattern *ast.ListLit) string {
	if alias, ok := pattern.Elts[0].(*ast.Alias); ok {
		return "[" + cueText(alias.Expr) + "]"
	}
	return cueText(pattern)
}

func structText(s *ast.StructLit) string {
	var parts []string
	for _, decl := range s.Elts {
		switch decl := decl.(type) {
		case *ast.Field:
			if comment(decl) != "" {
				return "{…}" // its fields are explained one by one
			}
			parts = append(parts, labelOf(decl)+marks[decl.Constraint]+": "+typeText(decl.Value))
		case *ast.Ellipsis:
			parts = append(parts, "...")
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// marks are what stands behind the name of a field.
var marks = map[token.Token]string{token.NOT: "!", token.OPTION: "?"}

// cueText is CUE as it is written.
func cueText(n ast.Node) string {
	b, err := format.Node(n)
	if err != nil {
		panic(err) // it was parsed a moment ago
	}
	return string(b)
}

func labelOf(f *ast.Field) string {
	name, _, err := ast.LabelName(f.Label)
	if err != nil {
		return ""
	}
	return name
}

// comment is what stands above a field, as one line.
func comment(f *ast.Field) string {
	for _, group := range ast.Comments(f) {
		if group.Doc {
			return strings.Join(strings.Fields(group.Text()), " ")
		}
	}
	return ""
}
