package source

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
)

// This file cuts slips of syntax out of a text: the fewest lines that have all
// brackets closed and without which CUE can read on, so that the structs around
// are what the user sees.

// lines are some that follow each other, from 0; the last is not among them.
type lines struct{ from, to int }

// cutSlips cuts what CUE's parser stumbles over at the places that are found in
// a file; false if nobody knows what is wrong with it.
func (l *directory) cutSlips(f *mendedFile, name string, found diag.List) bool {
	isMeant, cut := false, []lines(nil)
	if all := l.bracketsIn(f.text[:f.size]); all != nil && !f.isCut {
		text := changed(f.text, all)
		f.size += len(text) - len(f.text)
		f.text, isMeant = text, true
		for _, m := range all {
			if m.isUnsure {
				cut = append(cut, lines{m.row - 1, m.row})
			}
		}
	}
	if text := l.colons(f.text); !bytes.Equal(text, f.text) {
		f.text, isMeant = text, true
	}
	if isMeant && len(cut) == 0 {
		return l.nameSlips(f) // what is still wrong is told then
	}
	rows := bytes.SplitAfter(f.text, []byte("\n"))
	text := f.text
	for _, region := range cut {
		text = region.blanked(text)
	}
	for _, d := range found.Sorted() {
		if d.Pos.File != name || d.Pos.Line < 1 || d.Pos.Line > len(rows) {
			continue
		}
		if first := slipLine(text); first == 0 || first < d.Pos.Line {
			break // what is above is not told yet
		}
		if len(cut) > 0 && assigned.Match(rows[d.Pos.Line-1]) {
			break // its = becomes a colon when CUE reads as far
		}
		if region, ok := l.slipAt(text, d.Pos.Line-1); ok {
			region.to = endOfText(rows, region)
			cut, text = append(cut, region), region.blanked(text)
		}
	}
	region, closing := unclosed(text)
	for n := 0; n < mendings && region.to > 0 && slipLine(text) > 0; n++ {
		cut, text = append(cut, region), region.blanked(text)
		region, closing = unclosed(text)
	}
	f.isCut = f.isCut || len(cut) > 0
	for _, region := range cut {
		from, to := region.offsets(f.text)
		if !l.isPackagesOwn(l.fileOf(diag.Pos{File: name})) && aClause.Match(f.text[from:to]) {
			return false // the name of what is imported is lost
		}
		f.slips = append(f.slips, slip{from, string(f.text[from:to])})
		l.blank(f, from, to)
	}
	isClosed := closing != "" && slipLine(text) > 0 && f.write(closing)
	return l.nameSlips(f) && (len(cut) > 0 || isClosed || isMeant)
}

// nameSlips writes errors in place of what was cut, when CUE can read all else;
// false if it is not known whose that is.
func (l *directory) nameSlips(f *mendedFile) bool {
	syntax, err := parser.ParseFile("", f.text, asDeclared)
	if err != nil {
		return true
	}
	for _, s := range f.slips {
		if !l.nameSlip(f, syntax, s) {
			return false
		}
	}
	f.slips = nil
	return true
}

// colons puts a colon where a line gives its field a value by =, if CUE can read
// more then.
func (l *directory) colons(text []byte) []byte {
	for n := 0; n < mostUnread; n++ {
		before, isChanged := slipLine(text), false
		if before == 0 {
			break
		}
		for _, at := range assigned.FindAllSubmatchIndex(text, -1) {
			other := slices.Clone(text)
			other[at[3]-1] = ':'
			if line := 1 + bytes.Count(text[:at[2]], []byte("\n")); line > before {
				break
			}
			if l.cut.parsed += len(text); l.cut.parsed > mostParsed+mostOften*len(text) {
				return text
			}
			if isReadOn(other, text) {
				text, isChanged = other, true
				break
			}
		}
		if !isChanged {
			break
		}
	}
	return text
}

// assigned is a line that gives its field a value as other languages do.
var assigned = regexp.MustCompile(`(?m)^[ \t]*(?:"[^"\n]*"|#?[A-Za-z_][\w-]*)([ \t]*=)(?:[^=~\n]|$)`)

var aClause = regexp.MustCompile(`(?m)^package\b`)

// slipLine is the line of the first thing, from 1, that CUE cannot read; 0 if
// it can read all.
func slipLine(text []byte) int {
	_, err := parser.ParseFile("", text, asDeclared)
	first := 0
	for _, e := range errors.Errors(err) {
		if line := e.Position().Line(); first == 0 || line < first {
			first = max(line, 1)
		}
	}
	return first
}

// What is looked for in a text may take parsing it many times.
const (
	mostParsed = 1 << 20 // bytes of a package, in all, and for a long file
	mostOften  = 128     // times its own
	mostLines  = 50      // of one slip
)

// slipAt is the smallest part of a text around a line without which CUE reads
// on behind it.
func (l *directory) slipAt(text []byte, line int) (lines, bool) {
	rows := bytes.SplitAfter(text, []byte("\n"))
	before := slipLine(text)
	for size := 1; size <= mostLines; size++ {
		for from := line; from > line-size; from-- {
			region := lines{from, from + size}
			if from < 0 || region.to > len(rows) || !areClosed(rows[region.from:region.to]) {
				continue
			}
			if l.cut.parsed += len(text); l.cut.parsed > mostParsed+mostOften*len(text) {
				return lines{}, false
			}
			if after := slipLine(region.blanked(text)); after == 0 || after > max(before, region.to) && after < len(rows)-1 {
				return region, true
			}
		}
	}
	return lines{}, false
}

// endOfText is where some lines end that begin a text of several lines and do not
// end it: what follows is of the text, as far as it looks like nothing else.
func endOfText(rows [][]byte, region lines) int {
	quotes := 0
	for _, row := range rows[region.from:region.to] {
		code, _, _ := bytes.Cut(row, []byte(" //"))
		quotes += bytes.Count(code, []byte(`"""`))
	}
	if quotes%2 == 0 {
		return region.to
	}
	to := region.to
	for to < len(rows) && !beginsCode.Match(rows[to]) {
		to++
	}
	return to
}

// beginsCode is a line that has a field, or closes something.
var beginsCode = regexp.MustCompile(`^\s*(?:[])}]|(?:"[^"]*"|[\w#$]+)\s*:)`)

func (r lines) offsets(text []byte) (from, to int) {
	rows := bytes.SplitAfter(text, []byte("\n"))
	from = len(bytes.Join(rows[:r.from], nil))
	return from, from + len(bytes.Join(rows[r.from:r.to], nil))
}

func (r lines) blanked(text []byte) []byte {
	from, to := r.offsets(text)
	return blanked(text, from, to)
}

// areClosed reports whether all brackets of some lines have another.
func areClosed(rows [][]byte) bool {
	var open []rune
	for _, row := range rows {
		for _, c := range withoutTexts(string(row)) {
			switch {
			case strings.ContainsRune(openers, c):
				open = append(open, closers[c])
			case !strings.ContainsRune(")]}", c):
			case len(open) == 0 || open[len(open)-1] != c:
				return false
			default:
				open = open[:len(open)-1]
			}
		}
	}
	return len(open) == 0
}

// quoted is what has no brackets in a line: a text, also one that does not end, and a comment.
var quoted = regexp.MustCompile(`(?m)"(?:[^"\\\n]|\\.)*(?:"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)|//.*`)

// withoutTexts is code without what it quotes and comments.
func withoutTexts(code string) string { return quoted.ReplaceAllString(code, "") }

// unclosed is what is open where a line stands no deeper than the one that
// opened it, or closes another bracket: there one is missing. What is open at the end of the text
// needs these closed.
func unclosed(text []byte) (region lines, closing string) {
	type opened struct {
		row, indent int
		with        rune
	}
	var open []opened
	rows := bytes.Split(text, []byte("\n"))
	for i, row := range rows {
		code := strings.TrimSpace(withoutTexts(string(row)))
		indent := len(row) - len(bytes.TrimLeft(row, " \t"))
		if top := len(open) - 1; code != "" && top >= 0 && indent <= open[top].indent && !strings.ContainsAny(code[:1], ")]}") {
			return lines{open[top].row, i}, ""
		}
		for _, c := range code {
			switch {
			case strings.ContainsRune(openers, c):
				open = append(open, opened{i, indent, c})
			case !strings.ContainsRune(")]}", c) || len(open) == 0:
			case closers[open[len(open)-1].with] == c:
				open = open[:len(open)-1]
			default:
				return lines{open[len(open)-1].row, max(i, open[len(open)-1].row+1)}, ""
			}
		}
	}
	for _, o := range slices.Backward(open) {
		closing += string(closers[o.with])
	}
	return lines{}, closing
}

// openers are the keys of closers, always in the same order.
const openers = "([{"

var closers = map[rune]rune{'(': ')', '[': ']', '{': '}'}

// slip is what was cut, and where.
type slip struct {
	offset int
	text   string
}

// nameSlip writes an error in place of each field that was cut; false if it is
// not known whose they are.
func (l *directory) nameSlip(f *mendedFile, file *ast.File, s slip) bool {
	at := whereIn(file, s.offset)
	if at.let != nil {
		l.blank(f, at.let.Pos().Offset(), at.let.End().Offset())
		l.cut.gaps = append(l.cut.gaps, gap{any: true})
		return true
	}
	words := aWord.FindAllString(s.text, -1)
	for _, names := range fieldsOf(s.text) {
		if names == nil || !at.isPlain {
			if len(at.path) == 0 && l.single.Exists() {
				l.cut.gaps = append(l.cut.gaps, gap{any: true})
				continue
			}
			if len(at.path) == 0 {
				return false
			}
			names = []string{lost}
		}
		in := slices.Concat(at.path, names)
		if in[len(in)-1] == lost {
			in = in[:len(in)-1]
		}
		if isOfBundle(in) {
			in, _ = application(in)
		} else {
			in = nil // it is a part of whatever refers to it
		}
		l.cut.gaps = append(l.cut.gaps, gap{in: in, any: true})
		words = slices.DeleteFunc(words, func(w string) bool { return w == names[0] })
		var line strings.Builder
		for _, name := range slices.Concat(at.path, names) {
			if !isApart(name) {
				name = strconv.Quote(name)
			}
			line.WriteString(name + ": ")
		}
		all := slices.Concat(at.path, names)
		if all[len(all)-1] == lost && slices.ContainsFunc(all, isDefinition) {
			f.write(strings.TrimSuffix(line.String(), strconv.Quote(lost)+": ") + fmt.Sprintf("{%q: %s, ...}", lost, refusal)) // it has other fields
			continue
		}
		f.write(line.String() + refusal)
	}
	if isOfBundle(at.path) {
		in, _ := application(at.path)
		l.cut.gaps = append(l.cut.gaps, gap{in: in, words: words})
	}
	return true
}

func isDefinition(name string) bool { return strings.HasPrefix(name, "#") }

// whereabouts are what a place of a file is in.
type whereabouts struct {
	let     *ast.LetClause
	path    []string // of the struct, as far as it is known
	isPlain bool     // that is all there is: no pattern, nothing computed
}

func whereIn(file *ast.File, offset int) (at whereabouts) {
	at.isPlain = true
	ast.Walk(file, func(n ast.Node) bool {
		if n != ast.Node(file) && (n.Pos().Offset() > offset || n.End().Offset() < offset) {
			return false
		}
		switch n := n.(type) {
		case *ast.LetClause:
			at.let, at.isPlain = n, false
		case *ast.Comprehension, *ast.CallExpr:
			at.isPlain = false
		case *ast.Field:
			if at.isPlain = at.isPlain && fieldName(n) != anyLabel; at.isPlain && n.Value.Pos().Offset() <= offset {
				at.path = append(at.path, fieldName(n))
			}
		}
		return at.let == nil
	}, nil)
	return at
}

// fieldsOf are the names of the fields in some lines, each with those below it
// that stand before the value; nil for a line of which nobody knows what it is.
func fieldsOf(cut string) (out [][]string) {
	if cut == "" {
		return [][]string{nil}
	}
	indent := -1
	for row := range strings.SplitSeq(cut, "\n") {
		trimmed := strings.TrimLeft(row, " \t")
		if trimmed == "" || foreignComment.MatchString(trimmed) || strings.HasPrefix(trimmed, "//") {
			continue
		}
		if indent < 0 {
			indent = len(row) - len(trimmed)
		}
		if len(row)-len(trimmed) > indent || strings.ContainsAny(trimmed[:1], ")]}") {
			continue
		}
		if header.MatchString(trimmed) {
			continue
		}
		names := namesIn(trimmed)
		if names != nil && strings.HasSuffix(strings.TrimSpace(withoutTexts(trimmed)), "{") {
			names = append(names, lost)
		}
		out = append(out, names)
	}
	return out
}

// namesIn are the names that a line begins with.
func namesIn(row string) (out []string) {
	for {
		m := labelled.FindStringSubmatch(row)
		if m == nil || m[2] != ":" && len(out) > 0 {
			return out
		}
		name, err := strconv.Unquote(m[1])
		if err != nil {
			name = m[1]
		}
		if out = append(out, name); m[2] != ":" {
			return out
		}
		row = row[len(m[0]):]
	}
}

var (
	labelled       = regexp.MustCompile(`^("(?:[^"\\\n]|\\.)*"|[\w#$][\w$./-]*)\s*(:|=(?:[^=~]|$))\s*`)
	foreignComment = regexp.MustCompile(`^#($|[^\w"])`)
	header         = regexp.MustCompile(`^(package|import|let)\b`)
)
