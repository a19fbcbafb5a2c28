package source

import (
	"encoding/json"
	"slices"
	"strconv"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/spec"
)

// judge says whether values fit what the outline leaves open, and remembers it:
// a thousand applications have few texts that no other one has. CUE judges each
// of them with the schema's own constraint; its context does not grow with them.
// What does not fit is evaluated again with the whole schema, which says why.
type judge struct {
	schema     *shared
	known      map[string]*constraint // by definition and field
	remembered int                    // bytes
}

// constraint is the schema's for a field.
type constraint struct {
	value cue.Value
	isMap bool            // and nothing but a map
	fits  map[string]bool // texts that do, of a map those of single entries
}

// memory is how many bytes a judge remembers before it begins anew.
const memory = 8 << 20

func newJudge(schema *shared) *judge { return &judge{schema: schema, known: map[string]*constraint{}} }

// fitsAt reports whether what an application has at a path fits, as JSON: at a
// field of it, or of a group.
func (j *judge) fitsAt(at spec.Path, text []byte) bool {
	if len(at) == 3 {
		return j.fitsIn("#Group", at[2], text)
	}
	return j.fitsIn("#App", at[0], text)
}

// fitsIn reports whether the value of a field of a definition fits, as JSON.
// What the outline has of the field CUE has judged already.
func (j *judge) fitsIn(definition, field string, text []byte) bool {
	f := outlined().forms[definition]
	switch {
	case slices.Contains(f.loose, field):
		return j.isTaken(definition, field, text)
	case f.ofOne[field] != "":
		return j.fits(f.ofOne[field], text)
	case f.ofMany[field] != "":
		return eachIn(text, func(_ string, entry []byte) bool { return j.fits(f.ofMany[field], entry) })
	}
	return !slices.ContainsFunc(f.embedded, func(of string) bool { return !j.fitsIn(of, field, text) })
}

// fits reports whether all fields of a value of a definition do.
func (j *judge) fits(definition string, text []byte) bool {
	return eachIn(text, func(field string, value []byte) bool { return j.fitsIn(definition, field, value) })
}

// isTaken reports whether the schema's constraint for a field takes a text. A
// map is taken if its entries are: most of them are those of other maps.
func (j *judge) isTaken(definition, field string, text []byte) bool {
	c := j.constraint(definition, field)
	if !c.isMap {
		return c.fits[string(text)] || j.ask(c, text)
	}
	return eachIn(text, func(key string, value []byte) bool {
		entry := slices.Concat([]byte("{"+strconv.Quote(key)+":"), value, []byte("}"))
		return c.fits[string(entry)] || j.ask(c, entry)
	})
}

// ask has CUE judge a text.
func (j *judge) ask(c *constraint, text []byte) bool {
	value, err := parser.ParseExpr("", text)
	if err != nil || c.value.Unify(c.value.Context().BuildExpr(value)).Validate(cue.Concrete(true)) != nil {
		return false
	}
	if j.remembered += len(text); j.remembered > memory {
		j.remembered = 0
		for _, other := range j.known {
			clear(other.fits)
		}
	}
	c.fits[string(text)] = true
	return true
}

func (j *judge) constraint(definition, field string) *constraint {
	at := definition + "." + field
	if j.known[at] == nil {
		v, _ := step(j.schema.definitions.LookupPath(cue.ParsePath(definition)), field)
		isMap := v.IncompleteKind() == cue.StructKind && len(patterns(v)) > 0 && len(labels(v)) == 0
		j.known[at] = &constraint{value: v, isMap: isMap, fits: map[string]bool{}}
	}
	return j.known[at]
}

// eachIn reports whether all entries of a JSON object are as they have to be; no
// other text is.
func eachIn(text []byte, is func(key string, value []byte) bool) bool {
	if string(text) == "{}" {
		return true // most maps that nobody states
	}
	var entries map[string]json.RawMessage
	if json.Unmarshal(text, &entries) != nil {
		return false
	}
	for key, value := range entries {
		if !is(key, value) {
			return false
		}
	}
	return true
}
