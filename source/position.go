package source

import (
	"path/filepath"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// index records where v and all below it were written.
func (l *loader) index(x *spec.Index, path spec.Path, v cue.Value) {
	if written := l.written(v); len(written) > 0 {
		x.Add(spec.Origin{Path: path, Pos: written[0]})
	}
	switch v.IncompleteKind() {
	case cue.StructKind:
		fields, err := v.Fields()
		for err == nil && fields.Next() {
			l.index(x, path.Join(fields.Selector().Unquoted()), fields.Value())
		}
	case cue.ListKind:
		list, err := v.List()
		for i := 0; err == nil && list.Next(); i++ {
			l.index(x, path.Join(strconv.Itoa(i)), list.Value())
		}
	}
}

// written are the user's own declarations of v. The environment's come before
// those of the base that it refines: v is a conjunction in that order, and
// each part stands where its field does. [cue.Value.Pos] alone may be the
// schema's.
func (l *loader) written(v cue.Value) []diag.Pos {
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
func (l *loader) isUsers(pos token.Pos) bool {
	return pos.Filename() != "" && !strings.HasPrefix(pos.Filename(), l.schemaDir())
}

func (l *loader) schemaDir() string {
	return filepath.Join(l.root, filepath.FromSlash(schema.VendorDir)) + string(filepath.Separator)
}

// position is pos as the user would type it: beginning with the directory that
// was asked for. A place in the schema is named by the import path.
func (l *loader) position(pos token.Pos) diag.Pos {
	if pos.Filename() == "" {
		return diag.Pos{}
	}
	file := l.display(pos.Filename())
	if name, ok := strings.CutPrefix(pos.Filename(), l.schemaDir()); ok {
		file = schema.ImportPath + "/" + name
	}
	return diag.Pos{File: file, Line: pos.Line(), Col: pos.Column()}
}

// isSchemas reports whether a position is one of the schema's.
func isSchemas(p diag.Pos) bool { return strings.HasPrefix(p.File, schema.ImportPath+"/") }

func (l *loader) display(file string) string {
	if rel, err := filepath.Rel(l.abs, file); err == nil {
		return filepath.Join(l.dir, rel)
	}
	return file
}
