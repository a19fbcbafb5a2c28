// Package diag is the one form in which statefulc complains: a finding has an
// address, says what clashes and what to do about it.
//
// A [List] is for the user; a Go error is for us (a bug, a disk that is full).
// The package does not decide what is wrong and does not read files: rules and
// loaders make findings, a command prints them in one of the [Formats].
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file that the user can open. Lines and columns count
// from 1, columns in bytes; the zero Pos is "nowhere".
type Pos struct {
	File      string
	Line, Col int
}

// IsValid reports whether p names a place.
func (p Pos) IsValid() bool { return p.File != "" }

// String is file:line:col as editors and terminals link it, "-" for nowhere,
// and the file alone where no line is known.
func (p Pos) String() string {
	switch {
	case !p.IsValid():
		return "-"
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Severity is what a finding does to a run.
type Severity int

const (
	Error   Severity = iota // nothing is written
	Warning                 // the output is written; someone should look
	Info                    // worth knowing
)

func (s Severity) String() string { return [...]string{"error", "warning", "info"}[s] }

// Related is the other side of a clash: a second declaration, an old value.
type Related struct {
	Pos     Pos
	Message string
}

// Diagnostic is one finding.
type Diagnostic struct {
	Rule     string // in words: "label-reserved", or "cue" where CUE itself refused
	Severity Severity
	Pos      Pos       // where the user should look
	Path     string    // in the spec: groups.cassandra.storage.data.size
	Object   string    // StatefulSet/cassandra
	Field    string    // spec.replicas
	Message  string    // lower case, the two values that clash, no period
	Related  []Related // the other side
	Fix      string    // one sentence, an action

	// Scope are paths of the spec as slices: where it is, and what the object is
	// made of. A waiver at one of them, or above, is for this finding.
	Scope [][]string
}

// List is what a run has to say, in any order until [List.Sorted].
type List []Diagnostic

// HasErrors reports whether a finding of l stops the run.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// HasWarnings reports whether a finding of l is a warning.
func (l List) HasWarnings() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Warning })
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
