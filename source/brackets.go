package source

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

// This file finds brackets that are too many, missing, or of another kind by how
// lines are indented: CUE notices them many lines below. What is found are changes
// after which every bracket closes one of its kind, a line that begins with one is
// as deep as the line that opened it, and all lines between are deeper, and as deep
// as each other.

// bracketed is a line of code as far as brackets go.
type bracketed struct {
	indent   int
	start    int // of the line, in the text
	end      int // of its code
	brackets []bracket
	isBare   bool // it begins with what closes something
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
	shown        int    // where it is told, in the text
	at, length   int    // what to change in the text
	by           string // what to write there
	isUnsure     bool   // there is another change that may be meant
}

// mostMisplaced is how many brackets may be wrong: with more, lines are not
// indented as they are meant.
const mostMisplaced = 8

// misplacedIn finds the brackets that are wrong, in their order; none if all are
// right, or nobody knows.
func misplacedIn(text []byte) []misplaced {
	p := &pairing{text: text, rows: bracketsOf(text)}
	if agree(p.rows, true) {
		return nil
	}
	for i := range p.rows {
		p.pair(i)
	}
	p.closeAbove(len(p.rows), 0)
	slices.SortStableFunc(p.found, func(a, b misplaced) int { return a.at - b.at })
	rows := bracketsOf(changed(text, p.found))
	if len(p.found) > mostMisplaced || !agree(rows, true) && (len(p.found) > 1 || !agree(rows, false)) {
		return nil
	}
	for i, m := range p.found {
		p.found[i].row, p.found[i].col = p.row(m.shown), m.shown-bytes.LastIndexByte(text[:m.shown], '\n')
	}
	return p.found
}

// changed is a text with the brackets that are right.
func changed(text []byte, all []misplaced) []byte {
	for _, m := range slices.Backward(all) {
		text = slices.Concat(text[:m.at], []byte(m.by), text[m.at+m.length:])
	}
	return text
}

// pairing is a text on the way from its first line to the last.
type pairing struct {
	text  []byte
	rows  []bracketed
	open  []opened
	found []misplaced
}

// row is the line of a place, from 1.
func (p *pairing) row(at int) int { return 1 + bytes.Count(p.text[:at], []byte("\n")) }

// opened is a bracket that is not closed yet.
type opened struct {
	bracket
	line    int  // of the rows
	isGuess bool // it is missing, and what closes it says its kind
}

// pair finds what the brackets of a line close.
func (p *pairing) pair(i int) {
	row := p.rows[i]
	if row.isBare {
		p.closeAbove(i, row.indent+1)
	} else {
		p.closeAbove(i, row.indent)
	}
	if p.isBegun(i) {
		p.open = append(p.open, opened{bracket{'{', p.rows[i-1].end}, i - 1, true})
	}
	above := len(p.open) // what lines above opened
	for n, b := range row.brackets {
		if closers[b.is] != 0 {
			p.open = append(p.open, opened{b, i, false})
			continue
		}
		top := len(p.open) - 1
		isFirst := row.isBare && b.at == row.brackets[0].at+n
		if top < 0 || top < above && !p.endsWith(i, isFirst) {
			p.found = append(p.found, surplus(row, b))
			continue
		}
		switch o := p.open[top]; {
		case o.isGuess:
			p.found = append(p.found, p.missingOpener(o, b.is))
		case closers[o.is] == b.is:
		case top > above && closers[p.open[top-1].is] == b.is:
			p.close(b.at, i)
			top--
		default:
			p.found = append(p.found, p.mistaken(o, b))
		}
		p.open = p.open[:top]
		above = min(above, top)
	}
}

// isBegun reports whether a line is in what the one above it had to open, and a
// line below closes.
func (p *pairing) isBegun(i int) bool {
	row := p.rows[i]
	if i == 0 || row.isBare || row.indent <= p.rows[i-1].indent || !continues.MatchString(p.rows[i-1].code) {
		return false
	}
	if top := len(p.open) - 1; top >= 0 && p.open[top].line == i-1 {
		return false
	}
	for _, next := range p.rows[i:] {
		if next.indent <= p.rows[i-1].indent {
			return next.isBare && next.indent == p.rows[i-1].indent
		}
	}
	return false
}

// continues is a line that goes on below.
var continues = regexp.MustCompile(`[:=&|+]$`)

// endsWith reports whether a line may close what lines above opened: it begins
// with the bracket and is as deep, or the next line is no deeper and closes something else.
func (p *pairing) endsWith(i int, isFirst bool) bool {
	indent := p.rows[p.open[len(p.open)-1].line].indent
	if isFirst {
		return indent == p.rows[i].indent
	}
	if i+1 == len(p.rows) {
		return true
	}
	next := p.rows[i+1]
	return next.indent < indent || next.indent == indent && !next.isBare
}

// closeAbove closes what is open that deep, or deeper: a line is there that
// cannot be in it.
func (p *pairing) closeAbove(i, indent int) {
	for len(p.open) > 0 && p.rows[p.open[len(p.open)-1].line].indent >= indent {
		p.close(p.rows[i-1].end, i-1)
		p.open = p.open[:len(p.open)-1]
	}
}

// close finds that what was opened last is to be closed at a place of a line.
func (p *pairing) close(at, line int) {
	top := len(p.open) - 1
	o, closer := p.open[top], closers[p.open[top].is]
	m := misplaced{shown: o.at, at: at, by: " " + string(closer),
		message: fmt.Sprintf("a %c is not closed", o.is), fix: fmt.Sprintf("Close it: a %c is missing below line %d.", closer, p.row(at))}
	if o.line == line {
		m.shown, m.message = at, fmt.Sprintf("a %c is missing", closer)
		if m.fix = fmt.Sprintf("Write %c at the end of the line.", closer); at < p.rows[line].end {
			m.fix = fmt.Sprintf("Write %c before the %c.", closer, p.text[at])
		}
	}
	if top > 0 && p.open[top-1].is == '[' {
		m.by += "," // the next line may be an element
	}
	p.found = append(p.found, m)
}

// missingOpener is a bracket that was to be opened, as something closes it.
func (p *pairing) missingOpener(o opened, closer rune) misplaced {
	return misplaced{shown: o.at, at: o.at, by: string(opener(closer)),
		message: fmt.Sprintf("a %c is missing", opener(closer)), fix: fmt.Sprintf("Write %c at the end of the line.", opener(closer))}
}

func opener(closer rune) rune {
	for is, by := range closers {
		if by == closer {
			return is
		}
	}
	return closer
}

// mistaken is a bracket that another kind closes: what is between says which of
// the two is wrong.
func (p *pairing) mistaken(o opened, b bracket) misplaced {
	right := opener(b.is)
	m := misplaced{shown: b.at, at: b.at, length: 1, by: string(closers[o.is]), fix: fmt.Sprintf("Write %c.", closers[o.is])}
	hasFields := beginsField.Match(p.text[o.at+1 : b.at])
	if right == '{' && hasFields || right == '[' && !hasFields {
		m.shown, m.at, m.by, m.fix = o.at, o.at, string(right), fmt.Sprintf("Write %c.", right)
	}
	m.message = fmt.Sprintf("a %c is closed by a %c", o.is, b.is)
	return m
}

// beginsField is what stands in a struct.
var beginsField = regexp.MustCompile(`^\s*(//.*\s*)*("[^"\n]*"|[\w#$]+)[?!]?\s*:`)

// surplus is a bracket that closes nothing. If its line opens none of its kind it
// may as well be the opening one that is missing.
func surplus(row bracketed, b bracket) misplaced {
	m := misplaced{shown: b.at, at: b.at, length: 1, by: " ", message: fmt.Sprintf("a %c closes nothing", b.is), fix: "Leave it out."}
	isOpener := func(o bracket) bool { return closers[o.is] == b.is }
	if !row.isBare && !slices.ContainsFunc(row.brackets, isOpener) {
		m.isUnsure, m.fix = true, "Leave it out, or open what it closes."
	}
	return m
}

// bracketsOf are the lines of a text that have code. A text of several lines is in one.
func bracketsOf(text []byte) (out []bracketed) {
	code := longTexts.ReplaceAllFunc(text, func(t []byte) []byte {
		if bytes.HasPrefix(t, []byte("//")) {
			return bytes.Repeat([]byte(" "), len(t))
		}
		return bytes.Repeat([]byte("x"), len(t))
	})
	start, rows := 0, strings.SplitAfter(string(code), "\n")
	step := stepOf(rows)
	for _, row := range rows {
		trimmed := strings.TrimSpace(row)
		b := bracketed{indent: (width(row) + step/2) / step, start: start, code: trimmed}
		b.end = start + len(strings.TrimRight(row, " \t\r\n"))
		for i, c := range row {
			if strings.ContainsRune("([{)]}", c) {
				b.brackets = append(b.brackets, bracket{c, start + i})
			}
		}
		b.isBare = trimmed != "" && strings.ContainsAny(trimmed[:1], ")]}")
		if start += len(row); trimmed != "" {
			out = append(out, b)
		}
	}
	return out
}

// stepOf is how many blanks each line is deeper than the one that it is in: one
// that is off by less is as deep as others.
func stepOf(rows []string) int {
	odd, all := 0, 0
	for _, row := range rows {
		if n := width(row); n > 0 {
			all++
			odd += n % tab / (tab / 2)
		}
	}
	if 8*odd < all {
		return tab
	}
	return tab / 2
}

// width is how deep a line is, in blanks.
func width(row string) int {
	blanks := row[:len(row)-len(strings.TrimLeft(row, " \t"))]
	return len(blanks) + (tab-1)*strings.Count(blanks, "\t")
}

// tab is how many blanks one is.
const tab = 4

// longTexts is what has no brackets: texts, also of several lines, and comments.
var longTexts = regexp.MustCompile(`(?s:""".*?""")|(?s:'''.*?''')|` + quoted.String())

// agree reports whether brackets and indentation say the same; what is between two
// is deeper, and if it is even, all of it is as deep.
func agree(rows []bracketed, isEven bool) bool {
	type opened struct {
		is     rune
		indent int
		inner  int // of the lines in it; -1: there was none yet
	}
	var open []opened
	outer := 0
	for i, row := range rows {
		if top := len(open) - 1; !row.isBare {
			inner := &outer
			if top >= 0 {
				if inner = &open[top].inner; *inner < 0 && row.indent > open[top].indent {
					*inner = row.indent
				}
			}
			if !isEven && (top < 0 || row.indent > open[top].indent) {
				*inner = row.indent
			}
			if row.indent != *inner && (i == 0 || row.indent < *inner || !continues.MatchString(rows[i-1].code)) {
				return false
			}
		}
		depth := len(open) // of what lines above opened
		for n, b := range row.brackets {
			top := len(open) - 1
			switch {
			case closers[b.is] != 0:
				open = append(open, opened{b.is, row.indent, -1})
				continue
			case top < 0 || closers[open[top].is] != b.is:
				return false
			case top < depth && row.isBare && b.at == row.brackets[0].at+n && open[top].indent != row.indent:
				return false
			}
			open = open[:top]
			depth = min(depth, top)
		}
	}
	return len(open) == 0
}

// aboutBrackets is what CUE says of a bracket that it does not expect, or misses.
var aboutBrackets = regexp.MustCompile(`^expected .*, found '[])}]'|^expected '(EOF|\)|\]|\})'|^missing ',' (?:before newline )?in |found 'EOF'$`)

// soughtBrackets is what was found in a text, which several findings may ask for.
type soughtBrackets struct {
	in    string
	found []misplaced
}

// bracketsIn are those that are wrong in a text, if CUE reads on with the right ones.
func (l *directory) bracketsIn(text []byte) []misplaced {
	if l.brackets.in != string(text) {
		l.brackets = soughtBrackets{string(text), misplacedIn(text)}
		if all := l.brackets.found; all != nil && !isReadOn(changed(text, all), text) && !stumblesLess(changed(text, all), text) {
			l.brackets.found = nil
		}
	}
	return l.brackets.found
}

// isReadOn reports whether CUE reads one text farther than another.
func isReadOn(text, before []byte) bool {
	after := firstSlip(text)
	return after.line == 0 || after.isBehind(firstSlip(before), 0)
}

// stumblesLess reports whether CUE stumbles over the same first, and over less below.
func stumblesLess(text, before []byte) bool {
	after, first := firstSlip(text), firstSlip(before)
	return after.line == first.line && after.col == first.col && after.all < first.all
}

// withBrackets puts the brackets that are wrong in place of what CUE says of
// them, and of what is below.
func (l *directory) withBrackets(found diag.List) (out, brackets diag.List) {
	asked := map[string]int{} // the line of the first that is wrong by file
	for _, d := range found {
		if f := l.cut.files[l.fileOf(d.Pos)]; f != nil && f.isCut || !aboutBrackets.MatchString(d.Message) {
			continue // it may be that which was cut
		}
		if _, isAsked := asked[d.Pos.File]; isAsked {
			continue
		}
		asked[d.Pos.File] = 0
		for _, m := range l.bracketsIn([]byte(strings.Join(l.lines(d.Pos.File), "\n"))) {
			brackets = append(brackets, diag.Diagnostic{Rule: rule, Pos: diag.Pos{File: d.Pos.File, Line: m.row, Col: m.col}, Message: m.message, Fix: m.fix})
			if first := asked[d.Pos.File]; first == 0 || m.row < first {
				asked[d.Pos.File] = m.row
			}
		}
	}
	for _, d := range found {
		if first := asked[d.Pos.File]; first == 0 || d.Pos.Line < first || !aboutBrackets.MatchString(d.Message) && l.looksWrong(d) {
			out = append(out, d)
		}
	}
	return out, brackets
}
