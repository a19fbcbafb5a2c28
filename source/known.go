package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// app is #App of the schema, or the definition of a file that is looked at alone.
func (l *directory) app() cue.Value {
	if l.single.Exists() {
		return l.single
	}
	return l.application
}

// schemaAt is what the schema says of a path of the application; the zero
// Value where it knows none.
func (l *directory) schemaAt(path spec.Path) cue.Value {
	at := l.app()
	for _, name := range path {
		if at, _ = l.step(at, name); !at.Exists() {
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

// commentAbove is that of a path, or of the nearest above it that has one.
func (l *directory) commentAbove(path spec.Path) string {
	for n := len(path); n > 0; n-- {
		if own := l.comment(path[:n]); own != "" {
			return own
		}
	}
	return ""
}

// step is [step], remembered: it looks through all fields of a definition.
func (l *shared) step(at cue.Value, name string) (cue.Value, []string) {
	from := stepFrom{at, name}
	to, ok := l.steps[from]
	if !ok {
		to.value, to.known = step(at, name)
		note(&l.steps, from, to)
	}
	return to.value, slices.Clone(to.known)
}

type (
	stepFrom struct {
		at   cue.Value
		name string
	}
	stepTo struct {
		value cue.Value
		known []string
	}
)

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

// keyOf says what can be a key of a map: the text that is spelled almost as
// this one, the words that there are, or what its name means.
func (l *directory) keyOf(at cue.Value, name string) string {
	for _, key := range patterns(at) {
		if words := literals(key); len(words) > 0 {
			return cmp.Or(meant(name, words), diag.Known(words, ""))
		}
		if below := l.below(at, key, name); below != "" {
			return below
		}
		if other := l.correctKey(key, name); other != "" {
			return fmt.Sprintf("Did you mean %q?", other)
		}
		if d, ok := l.definitionOf(key); ok {
			return "State another: " + d.sentence()
		}
	}
	return ""
}

// correctKey is another spelling of a name that a key takes; "" if there is none.
func (l *directory) correctKey(key cue.Value, name string) string {
	for _, other := range corrected(name) {
		if other != name && key.Unify(l.ctx.Encode(other)).Validate(cue.Concrete(true)) == nil {
			return other
		}
	}
	return ""
}

// below is the remedy for a field that stands where the name of its struct is
// asked for: `tls: issuer: …`, and not `tls: "/path": issuer: …`.
func (l *directory) below(at, key cue.Value, name string) string {
	for _, example := range []string{"/path", "name", "my-name"} {
		if key.Unify(l.ctx.Encode(example)).Validate(cue.Concrete(true)) != nil {
			continue
		}
		value, _ := l.step(at, example)
		if !value.Exists() {
			return ""
		}
		known := labels(value)
		if slices.Contains(known, name) {
			return fmt.Sprintf("A name stands above it: `%q: %s: …`.", example, name)
		}
		if name == "enabled" && len(known) > 0 {
			return "Leave it out: what is stated is enabled, by its name. " + diag.Known(known, "")
		}
		return ""
	}
	return ""
}

// patterns are what keys of a map have to fit.
func patterns(at cue.Value) (out []cue.Value) {
	fields, err := at.Fields(cue.Patterns(true))
	for err == nil && fields.Next() {
		if fields.Selector().ConstraintType() == cue.PatternConstraint {
			out = append(out, fields.Selector().Pattern())
		}
	}
	return out
}

// literals are the texts of a choice between texts.
func literals(v cue.Value) (out []string) {
	op, args := v.Expr()
	if s, err := v.String(); err == nil && op != cue.OrOp {
		return []string{s}
	}
	for _, arg := range args {
		if op == cue.OrOp {
			out = append(out, literals(arg)...)
		}
	}
	return out
}

// definitionOf is the definition that a constraint, or a part of it, stands in.
func (l *shared) definitionOf(v cue.Value) (definition, bool) {
	if d, ok := l.definitionAt(v.Pos()); ok && d.isWord() {
		return d, true
	}
	op, args := v.Expr()
	for _, arg := range args {
		if op != cue.AndOp {
			break
		}
		if d, ok := l.definitionAt(arg.Pos()); ok && d.isWord() {
			return d, true
		}
	}
	return definition{}, false
}

// list names the fields that are known in a struct, or where they are explained.
func (l *directory) list(known []string, in spec.Path) string {
	command := "statefulc explain"
	if of := l.fieldAt(in); len(of) > 0 {
		command += " " + strings.Join(of, ".")
	}
	return diag.Known(known, fmt.Sprintf("`%s` lists what is known here.", command))
}

// fieldAt is a path without the keys of maps.
func (l *directory) fieldAt(in spec.Path) (out []string) {
	at := l.app()
	for _, name := range in {
		if !at.Exists() {
			break
		}
		if slices.Contains(labels(at), name) {
			out = append(out, name)
		}
		at, _ = l.step(at, name)
	}
	return out
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
