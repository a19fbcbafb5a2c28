package source

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// index finds where the values of an environment were written, when it is
// asked: finding all of them takes as long as evaluating them does.
// What an environment states itself comes first, but for structs: what lacks
// in a group that the base has is to be stated there, not in each overlay that
// names the group.
func (l *directory) index(base, environment cue.Value) *spec.Index {
	return &spec.Index{IsOverlays: l.isOverlays, Locate: func(path spec.Path) diag.Pos {
		v := lookup(environment, path)
		own := first(l.inTexts(l.written(v)))
		if v.IncompleteKind() != cue.StructKind {
			return own
		}
		return cmp.Or(first(l.inTexts(l.written(lookup(base, path)))), own)
	}}
}

// inTexts are those of some positions that the user sees: not of what stands for
// something that is cut.
func (l *directory) inTexts(positions []diag.Pos) []diag.Pos {
	return slices.DeleteFunc(positions, l.isBelowText)
}

// isBelowText reports whether a position is behind the end of what the user wrote.
func (l *directory) isBelowText(p diag.Pos) bool {
	f := l.cut.files[l.fileOf(p)]
	return f != nil && p.Line > f.lines
}

// written are the user's own declarations of v. The environment's come before
// those of the base that it refines: v is a conjunction in that order, and
// each part stands where its field does. [cue.Value.Pos] alone may be the
// schema's, unless there is one field only.
func (l *directory) written(v cue.Value) []diag.Pos {
	if !v.Exists() {
		return nil
	}
	parts := []cue.Value{v}
	if _, isOne := v.Source().(*ast.Field); !isOne {
		if op, operands := v.Expr(); op == cue.AndOp {
			parts = operands
		}
	}
	var out []diag.Pos
	for _, part := range parts {
		if pos := part.Pos(); l.isUsers(pos) {
			out = append(out, l.position(pos))
		}
	}
	return out
}

// isUsers reports whether pos is in a file that the user wrote.
func (l *directory) isUsers(pos token.Pos) bool {
	return pos.Filename() != "" && pos.Filename() != bundleFile && !strings.HasPrefix(pos.Filename(), schemaDir)
}

// position is pos as the user would type it: beginning with the directory that
// was asked for. A place in the schema is named by the import path.
func (l *directory) position(pos token.Pos) diag.Pos {
	if pos.Filename() == "" {
		return diag.Pos{}
	}
	file := l.display(pos.Filename())
	if name, ok := strings.CutPrefix(pos.Filename(), schemaDir); ok {
		file = schema.ImportPath + "/" + name
	}
	return diag.Pos{File: file, Line: pos.Line(), Col: pos.Column()}
}

// IsSchema reports whether a position is one of the schema's, and of no file.
func IsSchema(p diag.Pos) bool { return strings.HasPrefix(p.File, schema.ImportPath+"/") }

func (l *directory) display(file string) string {
	if rel, err := filepath.Rel(l.abs, file); err == nil {
		return filepath.Join(l.dir, rel)
	}
	return file
}

// places are where to look first and what else took part. The first is what
// the user wrote at the path, the environment's own before the base's; else
// what CUE names; else the nearest thing that was written above.
func (l *directory) places(v cue.Value, c *complaint) (diag.Pos, []diag.Related) {
	var users, schemas []diag.Pos
	givesWay := map[diag.Pos]bool{} // to any other value
	for _, e := range c.errors {
		for _, pos := range append(e.InputPositions(), e.Position()) {
			switch p := l.position(pos); {
			case !p.IsValid():
			case l.isUsers(pos):
				users = append(users, p)
				givesWay[p] = l.textAt(pos).isDefault()
			default:
				schemas = append(schemas, p)
			}
		}
	}
	written := l.written(lookup(v, c.path))
	primary := cmp.Or(onLine(users, first(written)), first(written), first(users))
	if at := slices.IndexFunc(users, l.isOverlays); at >= 0 && c.overlay && !l.isOverlays(primary) {
		primary = users[at] // of a list's element, only what the base has is written
	}
	for n := len(c.path) - 1; !primary.IsValid() && n >= 0; n-- {
		primary = first(l.written(lookup(v, c.path[:n])))
	}
	switch {
	case primary.IsValid():
	case l.single.Exists():
		primary = diag.Pos{File: l.display(l.files[0].Filename), Line: 1, Col: 1}
	default:
		primary.File = l.dir
	}
	for _, p := range written {
		if other := onLine(users, p); other.IsValid() && other.Line != primary.Line && !givesWay[other] {
			return primary, []diag.Related{{Pos: other, Message: "also stated here"}}
		}
	}
	if other := slices.IndexFunc(users, func(p diag.Pos) bool { return p.Line != primary.Line }); other >= 0 && len(written) == 1 && !c.overlay && len(schemas) == 0 && isInList(c.path) {
		return primary, []diag.Related{{Pos: users[other], Message: "also stated here"}} // of an element only one is written
	}
	if base := slices.IndexFunc(users, func(p diag.Pos) bool { return !l.isOverlays(p) }); c.overlay && base >= 0 && l.isOverlays(primary) && len(schemas) == 0 {
		return primary, []diag.Related{{Pos: users[base], Message: "also stated here"}}
	}
	if len(schemas) > 0 {
		return primary, []diag.Related{{Pos: schemas[0], Message: "the schema asks for it here"}}
	}
	return primary, nil
}

// isOverlays reports whether a place is in the overlays that a file states.
func (l *directory) isOverlays(p diag.Pos) bool {
	return slices.ContainsFunc(l.files, func(file *ast.File) bool {
		return l.display(file.Filename) == p.File && slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
			field, ok := decl.(*ast.Field)
			return ok && fieldName(field) == "overlays" && field.Pos().Line() <= p.Line && p.Line <= field.End().Line()
		})
	})
}

// isInList reports whether a path leads to an element, or into one.
func isInList(path []string) bool {
	return slices.ContainsFunc(path, func(name string) bool {
		_, err := strconv.Atoi(name)
		return err == nil
	})
}

// onLine is the first of some positions that is on the line of p: a value
// beside its field.
func onLine(positions []diag.Pos, p diag.Pos) diag.Pos {
	for _, other := range positions {
		if other.File == p.File && other.Line == p.Line {
			return other
		}
	}
	return diag.Pos{}
}

// around is the text before a place, and from there on.
type around struct{ before, after string }

// isAlternative reports whether one of two values stands there as a default, or
// with others that there may be.
func (a around) isAlternative(c clash) bool {
	before := strings.TrimSpace(a.before)
	for _, value := range []string{c.value, c.wanted} {
		if after, ok := strings.CutPrefix(a.after, value); ok && strings.HasPrefix(strings.TrimSpace(after), "|") {
			return true
		}
	}
	return strings.HasSuffix(before, "*") || strings.HasSuffix(before, "|")
}

// isDefault reports whether what stands there gives way to any other value.
func (a around) isDefault() bool {
	line, _, _ := strings.Cut(a.after, "\n")
	return strings.HasSuffix(strings.TrimSpace(a.before), "*") && anyOther.MatchString(line)
}

var anyOther = regexp.MustCompile(`\|\s*_\s*([,})/]|$)`)

// begins reports whether one of two values stands there.
func (a around) begins(c clash) bool {
	return strings.HasPrefix(a.after, c.value) || strings.HasPrefix(a.after, c.wanted)
}

// textAt reads what CUE reads at a place; nothing of a file that cannot be read.
func (l *directory) textAt(pos token.Pos) around {
	var text []byte
	if name, ok := strings.CutPrefix(pos.Filename(), schemaDir); ok {
		text = schema.Files()[strings.TrimPrefix(name, "/")]
	} else if pos.Filename() != "" {
		text, _ = l.textOf(pos.Filename()) // what is not there is not compared
	}
	if !pos.HasAbsPos() || pos.Offset() > len(text) {
		return around{}
	}
	return around{string(text[:pos.Offset()]), string(text[pos.Offset():])}
}
