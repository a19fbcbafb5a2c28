package source

import (
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/spec"
)

// app is #App of the schema.
func (l *directory) app() cue.Value {
	return l.definitions.LookupPath(cue.MakePath(cue.Def("#App")))
}

// schemaAt is what the schema says of a path of the application; the zero
// Value where it knows none.
func (l *directory) schemaAt(path spec.Path) cue.Value {
	at := l.app()
	for _, name := range path {
		if at, _ = step(at, name); !at.Exists() {
			return cue.Value{}
		}
	}
	return at
}

// comment is what the schema says of a path of the application. The values of
// a map are spoken of where the map is.
func (l *directory) comment(path spec.Path) string {
	if len(path) == 0 {
		return ""
	}
	if own := doc(l.schemaAt(path)); own != "" {
		return own
	}
	return doc(l.schemaAt(path[:len(path)-1]))
}

// step goes from a definition to one of its fields, to the elements of a list,
// or by a key to the values of a map. Where there is no such thing it returns
// the names that there are: none for a map.
func step(at cue.Value, name string) (cue.Value, []string) {
	if elem := at.LookupPath(cue.MakePath(cue.AnyIndex)); elem.Exists() {
		return elem, nil
	}
	var known []string
	fields, err := at.Fields(cue.Optional(true))
	for err == nil && fields.Next() {
		field := strings.TrimRight(fields.Selector().String(), "?!")
		if field == name {
			return fields.Value(), nil
		}
		known = append(known, field)
	}
	slices.Sort(known)
	open := at.IncompleteKind() == cue.StructKind && at.Allows(cue.Str(name))
	if !open && (len(known) > 0 || !at.Allows(cue.Str(name))) {
		return cue.Value{}, known
	}
	key := cue.MakePath(cue.Str(name))
	return at.FillPath(key, at.Context().CompileString("_")).LookupPath(key), nil
}

// doc is the schema's comment on a field, as one line.
func doc(v cue.Value) string {
	for _, comment := range v.Doc() {
		return strings.Join(strings.Fields(comment.Text()), " ")
	}
	return ""
}

// sentence joins an advice and a comment that may be missing.
func sentence(advice, comment string) string {
	if comment == "" {
		return ""
	}
	return advice + ": " + comment
}
