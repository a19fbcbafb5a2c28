package source

import (
	"cmp"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue"
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
	return &spec.Index{Locate: func(path spec.Path) diag.Pos {
		v := lookup(environment, path)
		own := first(l.written(v))
		if v.IncompleteKind() != cue.StructKind {
			return own
		}
		return cmp.Or(first(l.written(lookup(base, path))), own)
	}}
}

// written are the user's own declarations of v. The environment's come before
// those of the base that it refines: v is a conjunction in that order, and
// each part stands where its field does. [cue.Value.Pos] alone may be the
// schema's.
func (l *directory) written(v cue.Value) []diag.Pos {
	if !v.Exists() {
		return nil
	}
	parts := []cue.Value{v}
	if op, operands := v.Expr(); op == cue.AndOp {
		parts = operands
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
