package compiler

import (
	"cmp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// option is one of several fields of which just one has to be stated.
type option struct {
	name   string
	stated bool
}

// oneOf reports whether just one of the options of what is at a path is
// stated, and says what is wrong otherwise. The schema does not ask for it
// (docs/decisions/0002-choices-in-go.md).
func (c *Context) oneOf(at spec.Path, options ...option) bool {
	var names, stated []string
	for _, o := range options {
		names = append(names, o.name)
		if o.stated {
			stated = append(stated, o.name)
		}
	}
	switch len(stated) {
	case 1:
		return true
	case 0:
		c.report("one-of", at, "none of "+enumerated(names)+" is stated", "State one of them.")
	default:
		c.reportBoth(at, stated)
	}
	return false
}

// reportBoth tells of several things where one is taken, at the last of them:
// an overlay's, if it states one. It is about what states them.
func (c *Context) reportBoth(at spec.Path, stated []string) {
	var places []spec.Origin
	for _, name := range stated {
		places = append(places, spec.Origin{Path: at.Join(name), Pos: c.index.Find(at.Join(name)).Pos})
	}
	slices.SortStableFunc(places, func(a, b spec.Origin) int {
		return cmp.Or(c.layer(a.Pos)-c.layer(b.Pos), cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	first, last := places[0], places[len(places)-1]
	fix := "Leave out all but one."
	if c.layer(first.Pos) < c.layer(last.Pos) {
		fix += " An overlay cannot take back what the base states."
	}
	c.report("one-of", at, enumerated(stated)+" are stated, and it is one of them", fix)
	told := &c.found[len(c.found)-1]
	told.Pos = last.Pos
	if first.Pos.File != last.Pos.File || first.Pos.Line != last.Pos.Line {
		told.Related = []diag.Related{{Pos: first.Pos, Message: "also stated here"}}
	}
}

// layer is where something is written: 0 in the base, 1 in an overlay.
func (c *Context) layer(p diag.Pos) int {
	if c.index.IsOverlays != nil && c.index.IsOverlays(p) {
		return 1
	}
	return 0
}

// enumerated is a list as a sentence has it: a, b and c.
func enumerated(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
