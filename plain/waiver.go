package plain

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/statefulc/statefulc/diag"
)

// A finding is accepted by a comment at the line of the thing it is about, or
// above that line, as linters have it:
//
//	# statefulc:waive quorum-size grows member by member, until 2026-12-31
//
// It is for the thing and all within, as a waiver in a spec is: for a container,
// a list, and before or beside the first line of a document for all of it.
var (
	directive = regexp.MustCompile(`(?:^|\s)(#\s*statefulc:)(\s*waive\b|[\w-]+)(.*)$`)
	lastDay   = regexp.MustCompile(`^(.*?)[\s,]*\buntil\s+(\d[\d-]*)$`)
)

// waive reads the comments of a document that has these values.
func (t *text) waive(values []*value) {
	if t.only.IsValid() {
		return
	}
	var ends map[int]int
	for i, line := range t.lines {
		if !bytes.Contains(line, []byte("statefulc:")) {
			continue
		}
		line = bytes.TrimRight(line, "\r\n")
		m := directive.FindSubmatchIndex(line)
		if m == nil || t.literals[t.line+i+1] {
			continue
		}
		w := diag.Waiver{Pos: diag.Pos{File: t.file, Line: t.line + i + 1, Col: t.indent + m[2] + 1}}
		if t.reads(&w, strings.TrimSpace(string(line[m[4]:m[5]])), string(line[m[6]:m[7]])) {
			if ends == nil {
				ends = map[int]int{}
				for _, v := range values {
					v.ends(ends)
				}
			}
			t.aim(&w, i, bytes.TrimSpace(line[:m[2]]), ends)
			t.waivers = append(t.waivers, w)
		}
	}
}

// reads fills in what a comment says, or reports what it does not.
func (t *text) reads(w *diag.Waiver, word, rest string) bool {
	rest, _, _ = strings.Cut(rest, " #") // another comment
	rule, reason, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(rest, ":")), " ")
	w.Rule, w.Reason = strings.TrimSuffix(rule, ":"), strings.TrimSpace(reason)
	if m := lastDay.FindStringSubmatch(w.Reason); m != nil {
		w.Reason, w.Until = m[1], m[2]
	}
	_, err := time.Parse(time.DateOnly, w.Until)
	var wrong string
	switch {
	case word != "waive":
		wrong = fmt.Sprintf("statefulc knows no comment %q", word)
	case w.Rule == "":
		wrong = "a waiver without a rule"
	case w.Reason == "":
		wrong = fmt.Sprintf("a waiver of %s without a reason", w.Rule)
	case w.Until != "" && err != nil:
		wrong = w.Until + " is no day"
	default:
		return true
	}
	t.found = append(t.found, diag.Diagnostic{Rule: badWaiver, Pos: w.Pos, Message: wrong, Fix: ruleOf(badWaiver).Fix})
	return false
}

// aim finds the lines of what a comment in the i-th line is about: of all that
// begins where it stands, or in the next line that is none.
func (t *text) aim(w *diag.Waiver, i int, before []byte, ends map[int]int) {
	for isNothing(before) {
		if i++; i >= len(t.lines) {
			return
		}
		before = bytes.TrimSpace(t.lines[i])
	}
	w.First = t.line + i + 1
	w.Last = max(w.First, ends[w.First])
}

// isNothing reports whether a line, without white space, holds no value.
func isNothing(line []byte) bool {
	return len(line) == 0 || line[0] == '#' || line[0] == '%' || isSeparator(line)
}

// ends finds the last line of what begins in each: where something of it
// begins, or a literal ends. It returns that of v.
func (v *value) ends(in map[int]int) int {
	last := max(v.pos.Line, v.last)
	for _, below := range v.entries {
		last = max(last, below.ends(in))
	}
	for _, below := range v.list {
		last = max(last, below.ends(in))
	}
	in[v.pos.Line] = max(in[v.pos.Line], last)
	return last
}
