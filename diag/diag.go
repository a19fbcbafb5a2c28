// Package diag is the one form in which statefulc complains: a finding has an
// address, says what clashes and what to do about it.
//
// A [List] is for the user; a Go error is for us (a bug, a disk that is full).
// The package does not decide what is wrong and does not read files: rules and
// loaders make findings, a command prints them in one of the [Formats].
package diag

import (
	"fmt"
	"path/filepath"
	"regexp"
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

	// By are paths of what it is judged by, beside what its rule reads: with * for
	// any name, see [Reads].
	By [][]string
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

// Local is the list without the directories of this machine in its messages, and
// without tabs: what tools say is told as they say it, and is to be the same in
// every checkout. The directory is where statefulc runs.
func (l List) Local(dir string) List {
	out := slices.Clone(l)
	for i := range out {
		out[i].Message = Local(untabbed.Replace(out[i].Message), dir)
	}
	return out
}

var untabbed = strings.NewReplacer("\n\t", "; ", "\t", " ")

// Local is a text whose absolute paths of specs are from dir, as far as they
// have directories in common with it. Paths of other files may be what the
// finding is about, /data/db.yaml in a container.
func Local(text, dir string) string {
	return specFile.ReplaceAllStringFunc(text, func(file string) string {
		rel, err := filepath.Rel(dir, file)
		if err != nil || strings.Count(rel, "../") == strings.Count(dir, "/") { // nothing in common but the root
			return file
		}
		return filepath.ToSlash(rel)
	})
}

var specFile = regexp.MustCompile(`/[^\s:'"]*\.cue\b`)
