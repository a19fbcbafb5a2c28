package diag

import (
	"cmp"
	"slices"
	"strings"
)

// What is said twice is left out here, and in two ways. [List.Except] is for
// stages: one is silent where another has spoken, whatever either of them says.
// [List.Sorted] is for findings that are the same.

// Except leaves out what is found at a place that said is about: what was
// refused there, or taken out, is told once, by whoever saw it first.
func (l List) Except(said List) List {
	return slices.DeleteFunc(slices.Clone(l), func(d Diagnostic) bool {
		return slices.ContainsFunc(said, d.isAt)
	})
}

// isAt reports whether two findings are about one path of the spec; where
// objects are of no spec, about one field of an object.
func (d Diagnostic) isAt(other Diagnostic) bool {
	if d.Path != "" || other.Path != "" {
		return d.Path == other.Path
	}
	return d.Field != "" && d.Object == other.Object && d.Field == other.Field
}

// Sorted returns the findings by file, line and column, each once: what base
// and two overlays have in common is said where it was written, one time, and
// so is a mistake that several fields or objects are made of.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Rule, b.Rule),
		)
	})
	said := map[mistake]bool{}
	return slices.DeleteFunc(out, func(d Diagnostic) bool {
		known := said[d.mistake()]
		said[d.mistake()] = true
		return known
	})
}

// mistake is what two findings have in common that are about the same one.
type mistake struct {
	pos                         Pos
	rule, path, object, message string
}

// mistake leaves out which object and field the finding is about, where what
// they are made of is known. In a file of objects two of them are two mistakes.
// What is missing is told by its field alone.
func (d Diagnostic) mistake() mistake {
	m := mistake{pos: d.Pos, rule: d.Rule, message: d.Message}
	what, isOf := strings.CutPrefix(d.Message, d.Object+": "+d.Field+": ")
	if d.Pos.Line == 0 || d.Object == "" || !isOf || strings.HasPrefix(what, "Required value") {
		return m
	}
	m.path, m.message = d.Path, what
	if d.Path == "" {
		m.object = d.Object
	}
	return m
}
