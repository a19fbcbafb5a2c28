package source

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

// This file finds a bracket that is too many, missing, or of another kind by how
// lines are indented: CUE notices it many lines below. It is the one change after
// which every bracket closes one of its kind, at the beginning of a line as deep
// as the line that opened it, and all lines between are deeper, and as deep as
// each other.

// bracketed is a line as far as brackets go.
type bracketed struct {
	indent   int
	start    int // of the line, in the text
	end      int // of its code
	brackets []bracket
	isBare   bool // nothing stands before the first bracket
	code     string
}

type bracket struct {
	is rune
	at int // in the text
}

// misplaced is a bracket that is wrong.
type misplaced struct {
	row, col     int // from 1
	message, fix string
	at           int // what to change in the text
	by           byte
	isMissing    bool // it is put there, before what is there
	isUnsure     bool // there is another change that may be meant
}

// mostTried is how much work it may be to find one, in lines and brackets.
const mostTried = 1 << 20

// misplacedIn finds the bracket; false if all are right, or nobody knows.
func misplacedIn(text []byte) (found misplaced, ok bool) {
	rows := bracketsOf(text)
	if agree(rows) {
		return misplaced{}, false
	}
	tried, each := 0, len(rows)
	for _, row := range rows {
		each += len(row.brackets)
	}
	try := func(row int, brackets []bracket, m misplaced) bool {
		before := rows[row].brackets
		rows[row].brackets = brackets
		isRight := agree(rows)
		rows[row].brackets = before
		if tried += each; !isRight || tried > mostTried {
			return tried <= mostTried
		}
		if ok && found.row != row+1 {
			tried = mostTried + 1 // there are several
			return false
		}
		m.row, m.col = row+1, 1+m.col-rows[row].start
		found, ok = m, true
		return true
	}
	for i, row := range rows {
		for n, b := range row.brackets {
			others := append(append([]bracket(nil), row.brackets[:n]...), row.brackets[n+1:]...)
			if closers[b.is] == 0 && !try(i, others, surplus(row, b)) {
				return misplaced{}, false
			}
			for _, opener := range openers {
				other := append([]bracket(nil), row.brackets...)
				other[n].is = opener
				if b.is != opener && closers[b.is] != 0 && !try(i, other, misplaced{col: b.at, at: b.at, by: byte(opener),
					message: fmt.Sprintf("a %c is closed by a %c", b.is, closers[opener]), fix: fmt.Sprintf("Write %c.", opener)}) {
					return misplaced{}, false
				}
			}
		}
		next := i + 1
		if next == len(rows) || rows[next].indent == 0 {
			continue
		}
		for _, opener := range openers {
			is := opener
			if !strings.HasSuffix(row.code, ":") && !strings.HasSuffix(row.code, "=") && !strings.HasSuffix(row.code, "&") {
				is = closers[opener]
			}
			if !try(i, append(append([]bracket(nil), row.brackets...), bracket{is, row.end}), misplaced{col: row.end, at: row.end, by: byte(is), isMissing: true,
				message: fmt.Sprintf("a %c is missing", is), fix: fmt.Sprintf("Write %c at the end of the line.", is)}) {
				return misplaced{}, false
			}
		}
	}
	return found, ok && tried <= mostTried
}

// surplus is a bracket that closes nothing. If its line opens none of its kind it
// may as well be the opening one that is missing.
func surplus(row bracketed, b bracket) misplaced {
	m := misplaced{col: b.at, at: b.at, by: ' ', message: fmt.Sprintf("a %c closes nothing", b.is), fix: "Leave it out."}
	isOpener := func(o bracket) bool { return closers[o.is] == b.is }
	if !row.isBare && !slices.ContainsFunc(row.brackets, isOpener) {
		m.isUnsure, m.fix = true, "Leave it out, or open what it closes."
	}
	return m
}

// bracketsOf are the lines of a text that have code.
func bracketsOf(text []byte) (out []bracketed) {
	code := longTexts.ReplaceAllFunc(text, func(t []byte) []byte {
		switch {
		case bytes.HasPrefix(t, []byte("//")):
			return blanked(t, 0, len(t))
		case bytes.Contains(t, []byte("\n")):
			return append([]byte("x"), blanked(t[1:], 0, len(t)-1)...)
		}
		return bytes.Repeat([]byte("x"), len(t))
	})
	start := 0
	for _, row := range bytes.SplitAfter(code, []byte("\n")) {
		trimmed := strings.TrimSpace(string(row))
		b := bracketed{indent: len(row) - len(bytes.TrimLeft(row, " \t")), start: start, code: trimmed}
		b.end = start + len(strings.TrimRight(string(row), " \t\r\n"))
		for i, c := range string(row) {
			if strings.ContainsRune("([{)]}", c) {
				b.brackets = append(b.brackets, bracket{c, start + i})
			}
		}
		b.isBare = trimmed != "" && strings.ContainsAny(trimmed[:1], ")]}")
		start += len(row)
		out = append(out, b)
	}
	return out
}

// longTexts is what has no brackets: texts, also of several lines, and comments.
var longTexts = regexp.MustCompile(`(?s:""".*?""")|(?s:'''.*?''')|` + quoted.String())

// agree reports whether brackets and indentation say the same.
func agree(rows []bracketed) bool {
	type opened struct {
		is     rune
		indent int
		inner  int // of the lines in it; -1: there was none yet
	}
	var open []opened
	outer := 0
	for _, row := range rows {
		if row.code == "" || row.isBare && len(row.brackets) == 0 {
			continue
		}
		isBare := row.isBare && len(row.brackets) > 0 && closers[row.brackets[0].is] == 0
		if top := len(open) - 1; !isBare {
			inner := &outer
			if top >= 0 {
				if inner = &open[top].inner; *inner < 0 && row.indent > open[top].indent {
					*inner = row.indent
				}
			}
			if row.indent != *inner {
				return false
			}
		}
		depth := len(open) // of what lines above opened
		for _, b := range row.brackets {
			top := len(open) - 1
			switch {
			case closers[b.is] != 0:
				open = append(open, opened{b.is, row.indent, -1})
				continue
			case top < 0 || closers[open[top].is] != b.is:
				return false
			case top < depth && (!isBare || open[top].indent != row.indent):
				return false
			}
			open = open[:top]
			depth = min(depth, top)
		}
	}
	return len(open) == 0
}

// changed is a text with the bracket that is right.
func (m misplaced) changed(text []byte) []byte {
	if m.isMissing && closers[rune(m.by)] == 0 {
		return slices.Insert(slices.Clone(text), m.at, m.by, ',') // the next line may be an element
	}
	if m.isMissing {
		return slices.Insert(slices.Clone(text), m.at, m.by)
	}
	text = slices.Clone(text)
	text[m.at] = m.by
	return text
}

// aboutBrackets is what CUE says of a bracket that it does not expect.
var aboutBrackets = regexp.MustCompile(`^expected .*, found '[])}]'|^expected ['](EOF|\)|\])'|^missing ',' in `)

// soughtBracket is what was found in a text, which several findings may ask for.
type soughtBracket struct {
	in    string
	found misplaced
	ok    bool
}

// ofBracket finds the bracket that a finding is about.
func (l *directory) ofBracket(d *diag.Diagnostic) bool {
	if !aboutBrackets.MatchString(d.Message) {
		return false
	}
	text := strings.Join(l.lines(d.Pos.File), "\n")
	if l.lastBracket.in != text {
		l.lastBracket.in = text
		l.lastBracket.found, l.lastBracket.ok = misplacedIn([]byte(text))
	}
	m, ok := l.lastBracket.found, l.lastBracket.ok
	if f := l.cut.files[l.fileOf(d.Pos)]; f != nil && f.isCut {
		return false // it may be that which was cut
	}
	if !ok || m.row > d.Pos.Line || strings.HasPrefix(d.Message, "missing") && m.row < d.Pos.Line-1 {
		return false
	}
	d.Pos.Line, d.Pos.Col, d.Message, d.Fix = m.row, m.col, m.message, m.fix
	return true
}
