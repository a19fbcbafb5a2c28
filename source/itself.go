package source

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// This file finds specs that are in themselves: `base: overlays`, where every
// overlay is a base, or `base` embedded in one of its groups. CUE finds few of
// them; of most it makes structs in structs until there is no memory, or no
// stack, and cannot be stopped. So the text is looked at before CUE is asked.
//
// All that was found to grow so puts a thing where another sort of thing
// stands, the groups where a group does. What is of the sort that stands there
// can be referred to as people like: `overlays: dr: overlays.prod`.

// sort is what stands at a path, of those things that hold one another.
type sort int

const (
	unheld  sort = iota // what holds none of the others, or is free: below a field
	bundle              // base and overlays
	envs                // overlays
	app                 // base, overlays.prod
	groups              // base.groups
	group               // base.groups.db
	another             // any other field of a bundle, an application or a group
)

var sorts = map[sort]struct{ name, fix string }{
	bundle:  {"whole spec", "Delete it: a spec states base and overlays, each by its name."},
	envs:    {"map of overlays", "Name an overlay: `overlays: prod: …`."},
	app:     {"application", "Refer to base, to one overlay (overlays.prod), or to a hidden field (_name) with what both share."},
	groups:  {"map of groups", "Name a group, `groups: db: …`, or refer to all of another application, base.groups."},
	group:   {"group", "Refer to one group, base.groups.db, or to a hidden field (_name) with what both share."},
	another: {"value for this field", "Refer to a field of it, such as base.name."},
}

// holds reports whether a thing holds others that can hold it.
func (s sort) holds() bool { return s != unheld && s != another }

// isOfBundle reports whether a path is one of the base or the overlays, and not
// of another field, which nobody knows.
func isOfBundle(path []string) bool {
	return len(path) == 0 || path[0] == BaseName || path[0] == "overlays"
}

// anyLabel stands for a name that is not known: of a pattern, or computed.
const anyLabel = "*"

func sortOf(path []string) sort {
	switch {
	case len(path) == 0:
		return bundle
	case path[0] == BaseName:
		return sortInApp(path[1:])
	case path[0] == "overlays" && len(path) == 1:
		return envs
	case path[0] == "overlays":
		return sortInApp(path[2:])
	case path[0] == anyLabel && len(path) == 1:
		return another
	}
	return unheld
}

func sortInApp(path []string) sort {
	isGroups := len(path) > 0 && (path[0] == "groups" || path[0] == anyLabel)
	switch {
	case len(path) == 0:
		return app
	case len(path) == 1 && path[0] == "groups":
		return groups
	case isGroups && len(path) == 2:
		return group
	case len(path) == 1, isGroups && len(path) == 3:
		return another
	}
	return unheld
}

// inItself reports references of a package that put a thing in itself.
func (l *directory) inItself(files []*ast.File) diag.List {
	s := &selfSearch{directory: l, seen: map[visit]bool{}, schema: map[string]bool{}}
	for _, file := range files {
		s.schema[schemaIn(file)] = true
	}
	top := topOf(files)
	s.declared(top.decls, top, nil)
	if s.refused != nil {
		l.unreadable = s.refused
	}
	return s.found.Sorted()
}

// isSorted reports whether a target is one of those that hold one another.
func (t target) isSorted() bool { return t.held && sortOf(t.path) != unheld }

type selfSearch struct {
	*directory
	seen   map[visit]bool
	schema map[string]bool // its names
	found  diag.List

	refused errors.Error // as CUE would say it
}

// visit is an expression as what stands somewhere: once is enough.
type visit struct {
	expr ast.Expr
	as   sort
}

// stands looks at what stands at a path: all that is unified there.
func (s *selfSearch) stands(e ast.Expr, in *scope, at []string) {
	v := visit{e, sortOf(at)}
	if s.seen[v] {
		return
	}
	s.seen[v] = true
	switch e := e.(type) {
	case *ast.StructLit:
		s.declared(e.Elts, &scope{up: in, decls: e.Elts, path: at, held: true}, at)
	case *ast.BinaryExpr:
		if e.Op == token.AND || e.Op == token.OR {
			s.stands(e.X, in, at)
			s.stands(e.Y, in, at)
		}
	case *ast.UnaryExpr:
		if e.Op == token.MUL {
			s.stands(e.X, in, at)
		}
	case *ast.ParenExpr:
		s.stands(e.X, in, at)
	case *ast.Alias:
		s.stands(e.Expr, in.binding(e.Ident, target{path: at, held: true}), at)
	case *ast.CallExpr:
		s.called(e, in, at)
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		s.defined(e, at)
		for _, t := range resolve(e, in, hops) {
			if t.held {
				s.judge(e, t.path, at)
			}
			if !t.isSorted() && t.expr != nil {
				s.stands(t.expr, t.in, at)
			}
		}
	}
}

// defined looks at a definition of the schema: that of one sort in the place of
// another has as many fields in fields as what is in itself.
func (s *selfSearch) defined(e ast.Expr, at []string) {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return
	}
	x, isIdent := selector.X.(*ast.Ident)
	name, _, err := ast.LabelName(selector.Sel)
	if !isIdent || err != nil || !s.schema[x.Name] {
		return
	}
	here := sortOf(at)
	if there, isSort := definitions[name]; isSort && here != unheld && here != bundle && here != there {
		fix := sorts[here].fix
		for other, of := range definitions {
			if of == here {
				fix = fmt.Sprintf("Write %s.%s.", x.Name, other)
			}
		}
		s.report(e, fmt.Sprintf("%s is no %s", cueText(e), sorts[here].name), fix)
	}
}

// definitions are the schema's of those things.
var definitions = map[string]sort{"#Bundle": bundle, "#App": app, "#Group": group}

// called looks at a call whose value is made of its arguments.
func (s *selfSearch) called(e *ast.CallExpr, in *scope, at []string) {
	fun, ok := e.Fun.(*ast.Ident)
	if !ok || !slices.Contains([]string{"close", "and", "or"}, fun.Name) {
		return
	}
	for _, arg := range e.Args {
		s.stands(arg, in, at)
		if list, ok := arg.(*ast.ListLit); ok && fun.Name != "close" {
			for _, elem := range list.Elts {
				s.stands(elem, in, at)
			}
		}
	}
}

func (s *selfSearch) declared(decls []ast.Decl, in *scope, at []string) {
	for _, decl := range decls {
		switch decl := decl.(type) {
		case *ast.EmbedDecl:
			s.stands(decl.Expr, in, at)
		case *ast.Field:
			if name := fieldName(decl); !isApart(name) {
				below := append(at[:len(at):len(at)], name)
				s.stands(decl.Value, in, below)
			}
		case *ast.Comprehension:
			inner := in
			for _, clause := range decl.Clauses {
				inner = bind(clause, inner)
			}
			s.stands(decl.Value, inner, at)
			if decl.Fallback != nil {
				s.stands(decl.Fallback.Body, in, at)
			}
		}
	}
}

// judge reports a reference to a thing of another sort than stands there, and
// one to something that it stands in itself.
func (s *selfSearch) judge(ref ast.Expr, path, at []string) {
	there, here := sortOf(path), sortOf(at)
	switch {
	case here.holds() && there != here && isOfBundle(path), here == another && there.holds():
		message := fmt.Sprintf("%s is no %s", cueText(ref), sorts[here].name)
		if there.holds() {
			message += ", and would be in itself"
		}
		s.report(ref, message, sorts[here].fix)
	case holds(path, at) && !slices.Contains(path, anyLabel):
		place := strings.ReplaceAll(spec.Path(at).String(), `"`+anyLabel+`"`, "[_]")
		s.report(ref, fmt.Sprintf("%s stands in %s, and would be in itself", place, cueText(ref)), "Refer to a part of it, in which the reference does not stand.")
	}
}

// holds reports whether what is at a path has another in it. An overlay has all
// that the base has.
func holds(path, at []string) bool {
	if len(at) > 0 && at[0] == BaseName && len(path) > 0 && path[0] == "overlays" {
		path = append([]string{BaseName}, path[min(2, len(path)):]...)
	}
	return len(path) < len(at) && slices.Equal(path, at[:len(path)])
}

func (s *selfSearch) report(at ast.Expr, message, fix string) {
	d := diag.Diagnostic{Rule: rule, Pos: s.position(at.Pos()), Message: message, Fix: fix}
	if !slices.ContainsFunc(s.found, func(o diag.Diagnostic) bool { return o.Pos == d.Pos }) {
		s.found = append(s.found, d)
		s.refused = errors.Append(s.refused, errors.Newf(at.Pos(), inItself))
	}
}

// inItself is what CUE would have to say of a reference that it does not end with.
const inItself = "structural cycle"
