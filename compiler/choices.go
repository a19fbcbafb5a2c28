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
// (docs/decisions/0002-choices-in-go.md). Of two that are stated the later one
// is told: an overlay's.
func (c *Context) oneOf(at spec.Path, options ...option) bool {
	var names []string
	var stated []spec.Origin
	for _, o := range options {
		names = append(names, o.name)
		if path := at.Join(o.name); o.stated {
			stated = append(stated, spec.Origin{Path: path, Pos: c.index.Find(path).Pos})
		}
	}
	if len(stated) == 0 {
		c.report("one-of", at, "none of "+enumerated(names)+" is stated", "State one of them.")
	}
	if len(stated) < 2 {
		return len(stated) == 1
	}
	slices.SortStableFunc(stated, func(a, b spec.Origin) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	var both []string
	for _, s := range stated {
		both = append(both, s.Path[len(at)])
	}
	first, last := stated[0], stated[len(stated)-1]
	fix := "Leave out all but one."
	if first.Pos.Line != last.Pos.Line {
		fix += " An overlay cannot take back what the base states."
	}
	c.report("one-of", last.Path, enumerated(both)+" are stated, and it is one of them", fix)
	if first.Pos.Line != last.Pos.Line {
		c.found[len(c.found)-1].Related = []diag.Related{{Pos: first.Pos, Message: "also stated here"}}
	}
	return false
}

// enumerated is a list as a sentence has it: a, b and c.
func enumerated(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
