package source

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/spec"
)

// texts prints the environments of an application as JSON, the base first. What
// an overlay has of the base is printed once: most of an environment, and to
// print all takes a fifth of the time of a load, since CUE finds for each struct
// the order in which its fields were written.
type texts struct {
	judge *judge             // of what the outline leaves open; nil if the schema has judged all
	base  map[string]printed // by path
	out   bytes.Buffer
}

// errUnfit says that a value does not fit the schema.
var errUnfit = errors.New("refused by the schema")

// printed is a value and its text.
type printed struct {
	value cue.Value
	text  []byte
}

// of is the text of an application, until the next one is printed.
func (t *texts) of(app cue.Value) ([]byte, error) {
	t.out.Reset()
	err := t.fields(nil, app)
	return t.out.Bytes(), err
}

// fields prints a struct, its fields one by one. Their names need no escapes.
func (t *texts) fields(in spec.Path, v cue.Value) error {
	all, err := v.Fields()
	if err != nil {
		return err
	}
	var before byte = '{'
	for all.Next() {
		name := all.Selector().Unquoted()
		t.out.WriteByte(before)
		t.out.WriteString(strconv.Quote(name))
		t.out.WriteByte(':')
		if err := t.value(in.Join(name), all.Value()); err != nil {
			return err
		}
		before = ','
	}
	if before == '{' {
		t.out.WriteByte('{')
	}
	t.out.WriteByte('}')
	return nil
}

// value prints what is at a path: the groups and what is in them field by field,
// the rest as a whole.
func (t *texts) value(at spec.Path, v cue.Value) error {
	if at[0] == "groups" && len(at) < 3 {
		return t.fields(at, v)
	}
	key := strings.Join(at, "\x00")
	known, isKnown := t.base[key]
	isStruct := v.IncompleteKind() == cue.StructKind // to compare others costs more than to print them
	if isKnown && isStruct && known.value.Equals(v) {
		t.out.Write(known.text)
		return nil
	}
	text, err := v.MarshalJSON()
	if isStruct && !isKnown {
		t.base[key] = printed{v, text}
	}
	if t.judge != nil && err == nil && !t.judge.fitsAt(at, text) {
		err = errUnfit
	}
	t.out.Write(text)
	return err
}
