package source

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// misreference is a reference that has no value, or one that cannot stand in a
// text: CUE says of most that there is an invalid interpolation, and where.
type misreference struct {
	pos          token.Pos
	message, fix string
}

// misreferenceIn finds the reference that a complaint is about.
func (l *directory) misreferenceIn(v cue.Value, c *complaint) (misreference, bool) {
	if m, ok := l.stray(c); ok {
		return m, true
	}
	for _, e := range c.errors {
		for _, pos := range append(e.InputPositions(), e.Position()) {
			if !l.isUsers(pos) {
				continue
			}
			if m, ok := l.misreferenceAt(v, pos); ok {
				return m, true
			}
		}
		if t := text(e); strings.HasPrefix(t, "incomplete value") || strings.HasPrefix(t, "cannot reference optional field") || strings.HasPrefix(t, "unresolved disjunction") || rank(e) == followed {
			if m, ok := l.unstated(v, c); ok {
				return m, true
			}
		}
		if m, ok := l.miscalled(e, l.fieldPos(c.in)); ok {
			return m, true
		}
	}
	return misreference{}, false
}

// misreferenceAt looks at what stands at a place of the text.
func (l *directory) misreferenceAt(v cue.Value, pos token.Pos) (misreference, bool) {
	at := slices.IndexFunc(l.files, func(f *ast.File) bool { return f.Filename == pos.Filename() })
	if at < 0 {
		return misreference{}, false
	}
	found, in := l.expressionAt(l.files[at], pos)
	switch e := found.(type) {
	case *ast.SelectorExpr:
		return l.undefined(v, e, in)
	case *ast.IndexExpr:
		return outOfRange(v, e, in)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok {
			return l.undefined(v, f, in)
		}
	case *ast.Interpolation:
		return notInText(v, e, in)
	}
	return misreference{}, false
}

// undefined is a reference to a field that is not there, `G.dns.sevice`.
func (l *directory) undefined(v cue.Value, e *ast.SelectorExpr, in *scope) (misreference, bool) {
	name, _, err := ast.LabelName(e.Sel)
	if err != nil {
		return misreference{}, false
	}
	var known []string // wherever it is stated
	for _, t := range resolve(e.X, in, hops) {
		if path, _ := application(t.path); t.held && isOfBundle(t.path) && len(path) > 0 && !l.schemaAt(path).Exists() {
			continue // it is refused, and has not what the schema computes
		}
		own := t.fields(v)
		if len(own) == 0 && t.expr != nil {
			known = nil // nobody knows what it has
			break
		}
		known = append(known, own...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if len(known) > 0 && !slices.Contains(known, name) {
		return misreference{e.Sel.Pos(), "undefined field: " + name, l.another(name, known)}, true
	}
	if x, ok := l.importedBy(e.X, in); ok && !strings.HasPrefix(name, "_") {
		if known := labels(x); len(known) > 0 && !slices.Contains(known, name) {
			return misreference{e.Sel.Pos(), "undefined field: " + name, l.another(name, known)}, true
		}
	}
	return misreference{}, false
}

// undefinedAnywhere are references to fields that are not there, wherever the
// package has them: of one into a struct with an error CUE tells that error
// only. Left out is what may be there or not, `if x.y != _|_`, and what stands
// in a definition or a pattern, which may have no use.
func (l *directory) undefinedAnywhere(v cue.Value) (out diag.List) {
	for _, file := range l.files {
		var at spec.Path
		maybe := 0 // up to where it may be there or not
		l.walk(file, func(n ast.Node, in *scope) {
			if maybe > n.Pos().Offset() {
				return
			}
			switch n := n.(type) {
			case *ast.Field:
				at, _ = application(append(in.path[:len(in.path):len(in.path)], fieldName(n)))
			case *ast.BinaryExpr:
				if n.Op != token.ADD && n.Op != token.AND {
					maybe = n.End().Offset()
				}
			case *ast.Comprehension:
				if slices.ContainsFunc(n.Clauses, func(c ast.Clause) bool { _, is := c.(*ast.IfClause); return is }) {
					maybe = n.End().Offset()
				}
			case *ast.SelectorExpr:
				m, ok := l.undefined(v, n, in)
				if !ok {
					m, ok = l.absent(v, n, in)
				}
				if ok && !slices.ContainsFunc(at, func(name string) bool { return isApart(name) || name == anyLabel }) {
					out = append(out, diag.Diagnostic{Rule: rule, Path: at.String(), Pos: l.position(m.pos), Message: m.message, Fix: m.fix})
				}
			}
		})
	}
	return out
}

// fields are the names in the struct that is referred to; none if it is not
// known, or has others that are not written there.
func (t target) fields(v cue.Value) (known []string) {
	if t.held {
		if known = labels(lookup(v, t.path)); len(known) > 0 {
			return known
		}
	}
	literal, ok := t.expr.(*ast.StructLit)
	for i := 0; ok && i < len(literal.Elts); i++ {
		field, isField := literal.Elts[i].(*ast.Field)
		if !isField || fieldName(field) == anyLabel {
			return nil
		}
		known = append(known, fieldName(field))
	}
	return known
}

// outOfRange is a reference to an element that a list does not have.
func outOfRange(v cue.Value, e *ast.IndexExpr, in *scope) (misreference, bool) {
	for _, t := range resolve(e.X, in, hops) {
		list := lookup(v, t.path)
		length, err := list.Len().Int64()
		index, isNumber := e.Index.(*ast.BasicLit)
		if !t.held || err != nil || !isNumber || list.IncompleteKind() != cue.ListKind {
			continue
		}
		if n, err := strconv.ParseInt(index.Value, 0, 64); err == nil && n >= length {
			message := fmt.Sprintf("index out of range [%d] with length %d", n, length)
			return misreference{e.Index.Pos(), message, lastOf(cueText(e.X), length)}, true
		}
	}
	return misreference{}, false
}

// lastOf is the remedy for an index that is too large.
func lastOf(list string, length int64) string {
	if length == 0 {
		return "The list is empty."
	}
	return fmt.Sprintf("Elements are counted from 0: the last one is %s[%d].", list, length-1)
}

// notInText is a list or a struct in an interpolation.
func notInText(v cue.Value, e *ast.Interpolation, in *scope) (misreference, bool) {
	for _, part := range e.Elts {
		for _, t := range resolve(part, in, hops) {
			at := lookup(v, t.path)
			switch text := cueText(part); {
			case !t.held:
			case at.IncompleteKind() == cue.ListKind:
				return misreference{part.Pos(), text + " is a list, and cannot stand in a text", fmt.Sprintf("Join it, with import \"strings\": \\(strings.Join(%s, \",\")).", text)}, true
			case at.IncompleteKind() == cue.StructKind:
				return misreference{part.Pos(), text + " is a struct, and cannot stand in a text", "Name one of its fields. " + diag.Known(labels(at), "")}, true
			}
		}
	}
	return misreference{}, false
}

// unstated is a reference, in what stands at a path, to a field of the schema
// that nobody states.
func (l *directory) unstated(v cue.Value, c *complaint) (m misreference, ok bool) {
	for _, p := range l.written(lookup(v, c.path)) {
		for _, file := range l.files {
			var field *ast.Field
			l.walk(file, func(n ast.Node, in *scope) {
				if f, is := n.(*ast.Field); is && (l.position(f.Pos()) == p || l.position(f.Value.Pos()) == p) {
					field = f
				}
				e, is := n.(ast.Expr)
				if !is || ok || field == nil || n.Pos().Offset() < field.Value.Pos().Offset() || n.End().Offset() > field.End().Offset() {
					return
				}
				if m, ok = l.absent(v, e, in); ok {
					return
				}
				if both, is := n.(*ast.BinaryExpr); is && both.Op == token.AND {
					m, ok = l.unknownIn(v, both, in)
				}
				if selected, is := n.(*ast.SelectorExpr); is && !ok {
					m, ok = l.undefined(v, selected, in) // of a default, which CUE drops
				}
			})
		}
	}
	return m, ok
}

// stray is a field that no struct has which may stand at a path beside texts:
// of several alternatives CUE tells only that they are none of the value's type.
func (l *directory) stray(c *complaint) (misreference, bool) {
	at := l.schemaAt(c.in)
	isStruct := slices.ContainsFunc(c.errors, func(e errors.Error) bool {
		clash, ok := clashOf(text(e))
		return ok && (strings.HasPrefix(clash.value, "{") || strings.HasPrefix(clash.wanted, "{"))
	})
	if !isStruct || !at.Exists() || at.IncompleteKind() == cue.StructKind || at.IncompleteKind()&cue.StructKind == 0 {
		return misreference{}, false
	}
	known := l.alternative(at)
	stated := l.fieldsWritten(c.in)
	isMeant := slices.ContainsFunc(stated, func(f *ast.Field) bool { return slices.Contains(known, fieldName(f)) })
	for _, field := range stated {
		name := fieldName(field)
		if best := meant(name, known); !slices.Contains(known, name) && (best != "" || isMeant) {
			return misreference{field.Pos(), fmt.Sprintf("unknown field %q", name), cmp.Or(best, diag.Known(known, ""))}, true
		}
	}
	return misreference{}, false
}

// alternative are the fields of the struct among some alternatives.
func (l *directory) alternative(at cue.Value) (known []string) {
	if at.IncompleteKind() == cue.StructKind {
		return labels(at)
	}
	at = cue.Dereference(at)
	op, args := at.Expr()
	for _, arg := range args {
		if (op == cue.OrOp || op == cue.AndOp) && arg.IncompleteKind()&cue.StructKind != 0 {
			known = append(known, l.alternative(arg)...)
		}
	}
	return known
}

// fieldsWritten are those of the structs at a path, as the files have them.
func (l *directory) fieldsWritten(path spec.Path) (out []*ast.Field) {
	for _, file := range l.files {
		l.walk(file, func(n ast.Node, in *scope) {
			field, ok := n.(*ast.Field)
			if at, _ := application(in.path); ok && in.held && slices.Equal(at, path) {
				out = append(out, field)
			}
		})
	}
	return out
}

// fieldPos is where a path's value is stated first.
func (l *directory) fieldPos(in spec.Path) token.Pos {
	for _, field := range l.fieldsWritten(in[:max(len(in)-1, 0)]) {
		if len(in) > 0 && fieldName(field) == in[len(in)-1] {
			return field.Pos()
		}
	}
	return token.NoPos
}

// unknownIn is a field that a definition does not have which it is unified
// with: `#Node & {hep: 1}`.
func (l *directory) unknownIn(v cue.Value, both *ast.BinaryExpr, in *scope) (misreference, bool) {
	for _, side := range [][2]ast.Expr{{both.X, both.Y}, {both.Y, both.X}} {
		literal, ok := side[1].(*ast.StructLit)
		known := l.definedIn(v, side[0], in)
		for i := 0; ok && len(known) > 0 && i < len(literal.Elts); i++ {
			field, isField := literal.Elts[i].(*ast.Field)
			if !isField || isApart(fieldName(field)) || fieldName(field) == anyLabel || slices.Contains(known, fieldName(field)) {
				continue
			}
			name := fieldName(field)
			return misreference{field.Pos(), fmt.Sprintf("unknown field %q", name), cmp.Or(meant(name, known), diag.Known(known, "Leave it out."))}, true
		}
	}
	return misreference{}, false
}

// definedIn are the fields of a definition that a reference names.
func (l *directory) definedIn(v cue.Value, e ast.Expr, in *scope) []string {
	name := cueText(e)
	if !strings.HasPrefix(name[strings.LastIndex(name, ".")+1:], "#") {
		return nil // others are open
	}
	if x, ok := l.importedBy(e, in); ok {
		return labels(x)
	}
	for _, t := range resolve(e, in, hops) {
		if known := t.fields(v); len(known) > 0 {
			return known
		}
	}
	return nil
}

var (
	arguments  = regexp.MustCompile(`^(?:not enough|too many) arguments in call to (\S+) \(have \d+, want (\d+)\)`)
	failedCall = regexp.MustCompile(`^error in call to (\S+)$`)
	argument   = regexp.MustCompile(`^cannot use .+ as (\w+) in argument (\d+) to (\S+)`)
)

// miscalled is a call of one of CUE's functions with other arguments than it takes.
func (l *directory) miscalled(e errors.Error, field token.Pos) (m misreference, ok bool) {
	said := text(e)
	places := append(e.InputPositions(), e.Position(), field)
	at := slices.IndexFunc(places, l.isUsers)
	if at < 0 {
		return m, false
	}
	m.pos, m.message = places[at], said
	if a := arguments.FindStringSubmatch(said); a != nil {
		m.fix = fmt.Sprintf("State as many as %s takes: %s.", a[1], a[2])
		return m, true
	}
	if a := failedCall.FindStringSubmatch(said); a != nil {
		if reason := innermost(e); reason != said {
			m.message += ": " + reason
		}
		m.fix = fmt.Sprintf("Look at what %s is given: it has no value, or one that %[1]s does not take.", path.Base(a[1]))
		return m, true
	}
	if a := argument.FindStringSubmatch(said); a != nil {
		m.fix = fmt.Sprintf("State a %s as argument %s of %s; %s.", a[1], a[2], a[3], "they may have changed places")
		return m, true
	}
	return m, false
}

// absent is a reference to a field of the schema that nobody states.
func (l *directory) absent(v cue.Value, e ast.Expr, in *scope) (misreference, bool) {
	for _, t := range resolve(e, in, hops) {
		if path, _ := application(t.path); t.held && len(path) > 0 && lookup(v, t.path[:len(t.path)-1]).Exists() && !lookup(v, t.path).Exists() && l.schemaAt(path).Exists() {
			return misreference{e.Pos(), path.String() + " is not stated", "State it, or leave it out where it may be absent: " + cueText(e) + " has no value of its own."}, true
		}
	}
	return misreference{}, false
}

// expressionAt is what CUE means by a place of a file: the selector with its
// name there, the index, or the text that begins there; and the scope that its
// first name is looked for in.
func (l *directory) expressionAt(file *ast.File, pos token.Pos) (found ast.Expr, in *scope) {
	l.walk(file, func(n ast.Node, inner *scope) {
		at := token.NoPos
		switch n := n.(type) {
		case *ast.SelectorExpr:
			at = n.Sel.Pos()
		case *ast.IndexExpr:
			at = n.Index.Pos()
		case *ast.Interpolation, *ast.CallExpr:
			at = n.Pos()
		}
		if at.HasAbsPos() && at.Offset() == pos.Offset() {
			found, in = n.(ast.Expr), inner
		}
	})
	return found, in
}

// walk goes through a file, with the scope that the names in each node are
// looked for in.
func (l *directory) walk(file *ast.File, visit func(n ast.Node, in *scope)) {
	walkIn(l.files, file, visit)
}

// walkIn is that for a file of any package.
func walkIn(files []*ast.File, file *ast.File, visit func(n ast.Node, in *scope)) {
	scopes, path := []*scope{topOf(files)}, []string{}
	ast.Walk(file, func(n ast.Node) bool {
		inner := scopes[len(scopes)-1]
		visit(n, inner)
		switch n := n.(type) {
		case *ast.Field:
			path = append(path[:len(path):len(path)], fieldName(n))
			if alias, ok := n.Value.(*ast.Alias); ok {
				inner = inner.binding(alias.Ident, target{path: path, held: true})
			}
		case *ast.StructLit:
			inner = &scope{up: inner, decls: n.Elts, path: path, held: true}
		case *ast.Comprehension:
			for _, clause := range n.Clauses {
				inner = bind(clause, inner)
			}
		}
		scopes = append(scopes, inner)
		return true
	}, func(n ast.Node) {
		scopes = scopes[:len(scopes)-1]
		if _, ok := n.(*ast.Field); ok {
			path = path[:len(path)-1]
		}
	})
}

// mendApp reports a base that is made of a definition that the schema has not,
// `base: v1.#Ap & {…}`, and puts #App in its place: CUE would tell nothing else
// of that base.
func (l *directory) mendApp(files []*ast.File) (out diag.List) {
	known := labels(l.definitions)
	for _, file := range files {
		imported := schemaIn(file)
		for _, decl := range file.Decls {
			if field, ok := decl.(*ast.Field); ok && fieldName(field) == BaseName && imported != "" {
				for _, ref := range conjuncts(field.Value) {
					x, isIdent := ref.X.(*ast.Ident)
					name, _, err := ast.LabelName(ref.Sel)
					if !isIdent || x.Name != imported || err != nil || slices.Contains(known, name) {
						continue
					}
					out = append(out, diag.Diagnostic{Rule: rule, Pos: l.position(ref.Sel.Pos()), Message: "undefined field: " + name, Fix: l.another(name, known)})
					ref.Sel = ast.NewIdent("#App")
				}
			}
		}
	}
	return out
}

// mendDefinitions reports what is selected from a package of the module that has no
// such definition, and puts the one that is meant in its place, if no other is as
// like it: what is made of it lacks nothing.
func (l *directory) mendDefinitions(files []*ast.File) (out diag.List) {
	for _, file := range files {
		named := imports(file)
		ast.Walk(file, func(n ast.Node) bool {
			ref, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, isIdent := ref.X.(*ast.Ident)
			name, _, err := ast.LabelName(ref.Sel)
			if !isIdent || err != nil || !strings.HasPrefix(name, "#") {
				return true
			}
			for _, other := range l.imported {
				known := declaredNames(other.Files)
				meant, isAlone := diag.Nearest(name, known)
				if other.ImportPath == named[x.Name] && other.ImportPath != schema.ImportPath && !slices.Contains(known, name) && isAlone {
					out = append(out, diag.Diagnostic{Rule: rule, Pos: l.position(ref.Sel.Pos()), Message: "undefined field: " + name, Fix: l.another(name, known)})
					ref.Sel = &ast.Ident{NamePos: ref.Sel.Pos(), Name: meant}
				}
			}
			return true
		}, nil)
	}
	return out
}

// selectedOf is the remedy for a field that is not there: what is selected from
// a package that is imported has the names of that package.
func (l *directory) selectedOf(v cue.Value, c *complaint, e errors.Error, name string) string {
	for _, pos := range append(e.InputPositions(), e.Position()) {
		m := fromPackage.FindStringSubmatch(l.textAt(pos).before)
		if m == nil || !strings.HasPrefix(l.textAt(pos).after, name) {
			continue
		}
		for _, other := range l.imported {
			if other.PkgName == m[1] && other.ImportPath != schema.ImportPath {
				return diag.OneOf(name, declaredNames(other.Files), "See what the package has.")
			}
		}
	}
	return l.defined(v, c, name)
}

var fromPackage = regexp.MustCompile(`([A-Za-z_]\w*)\.$`)

// declaredNames are those of a package.
func declaredNames(files []*ast.File) (out []string) {
	for _, file := range files {
		for _, decl := range file.Decls {
			if field, ok := decl.(*ast.Field); ok && fieldName(field) != anyLabel {
				out = append(out, fieldName(field))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// schemaIn is the name that a file has for the schema; "" without one.
func schemaIn(file *ast.File) string {
	for spec := range file.ImportSpecs() {
		switch {
		case strings.Trim(spec.Path.Value, `"`) != schema.ImportPath:
		case spec.Name != nil:
			return spec.Name.Name
		default:
			return path.Base(schema.ImportPath)
		}
	}
	return ""
}

// conjuncts are the references to fields that a value is made of.
func conjuncts(e ast.Expr) []*ast.SelectorExpr {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return []*ast.SelectorExpr{e}
	case *ast.BinaryExpr:
		if e.Op == token.AND {
			return append(conjuncts(e.X), conjuncts(e.Y)...)
		}
	case *ast.Alias:
		return conjuncts(e.Expr)
	}
	return nil
}
