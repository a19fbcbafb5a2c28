package source

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// This file finds signs that are missing or another's: a comma, a colon, an &.
// Each is told and written into the copy of the text, mostly in place of a blank,
// so that all else keeps its place and nothing is cut.

// sign is what is wrong with a line.
type sign struct {
	line    *regexp.Regexp // its group "at" is what to change
	by      string         // what to write there
	message string
	fix     string
	isMeant func(at signAt) bool
}

// signAt is where a line looks so.
type signAt struct {
	text     []byte // all of it
	above    []byte // the code above, without what texts and comments say
	row      []byte // the line, so
	next     string // the code below
	name     string // the group of that name
	from, to int    // of what to change, in the line
	slip     int    // where CUE stumbles in the line; -1 if that is below
}

const (
	commaFix    = "Put a comma between the two, or each on a line of its own."
	fieldColon  = "Put a colon between a name and its value: `$name: …`."
	begins      = `(?:^|[{,])\s*`
	aLabel      = `(?:[A-Za-z_$#][\w$]*|"x*")`
	commentSign = "Comments begin with //."
)

// surely are signs that nothing else looks like.
var surely = []sign{
	{line: regexp.MustCompile(`^(?P<at>(?P<name>[a-z]+) *)["(]`), by: "import", message: "$name is no clause of CUE", fix: "Did you mean \"import\"?",
		isMeant: func(at signAt) bool { return at.name != "import" && diag.DidYouMean(at.name, []string{"import"}) != "" }},
	{line: regexp.MustCompile(`\S(?P<at>\s#)(?:[\s]|$)`), by: "//", message: "a comment begins with #", fix: commentSign},
	{line: regexp.MustCompile(`(?:^|\s)(?P<at>/\*).*\*/\s*$`), by: "//", message: "a comment begins with /*", fix: commentSign},
	{line: regexp.MustCompile(`\bfor\s+\w+(?P<at>\s+)\w+\s+in\b`), by: ",", message: "a comma is missing between two names", fix: "Put a comma between the names of the key and of the value: `for key, value in …`."},
	{line: regexp.MustCompile(`\bif\s[^{]*?[^=!<>{](?P<at>\s?=)[^=~]`), by: "==", message: "a condition has a single =", fix: "Compare with ==."},
	{line: regexp.MustCompile(`[^\s|&+:,({\[]\s*(?P<at>(?P<name>[|&+]))\s*$`), by: " ", message: "nothing follows the $name", fix: "Leave out the $name, or state what follows it.",
		isMeant: func(at signAt) bool { return at.next == "" || closesOrNames.MatchString(at.next) }},
	{line: regexp.MustCompile(`(?P<at>\[)\s*` + aLabel + `\s*:[^{}\[\]]*\}`), by: "[{", message: "a { is missing", fix: "Write { before the field."},
}

// probably are signs that are missing where a value could be a text without quotes as well.
var probably = []sign{
	{line: regexp.MustCompile(`[:&|]\s*(?P<name>[\w$#]+(?:\.[\w$#]+)*)(?P<at>\s+)\{`), by: "&", message: "an & is missing between two values", fix: "Write & between them: `$name & {…}`.",
		isMeant: func(at signAt) bool { return strings.ContainsAny(at.name, ".#") || at.isDefined() }},
	{line: regexp.MustCompile(begins + `(?P<name>` + aLabel + `)(?P<at>\s+)(?:` + aLabel + `\s*:|\{)`), by: ":", message: "a colon is missing behind $name", fix: fieldColon, isMeant: signAt.isNoWord},
	{line: regexp.MustCompile(`:\s*(?P<name>` + aLabel + `)(?P<at>\s+)(?:` + aLabel + `\s*:|\{)`), by: ":", message: "a colon is missing behind $name", fix: fieldColon,
		isMeant: func(at signAt) bool { return at.isNoWord() && (at.row[at.from-1] != '"' || at.row[at.to] == '{') }},
	{line: givesValue, by: ":", message: "a colon is missing behind $name", fix: fieldColon, isMeant: signAt.isKnown},
	{line: regexp.MustCompile(`(?:^|[{,:])\s*(?P<name>[A-Za-z_]\w*)(?P<at>\s+)["'\[0-9]`), by: ":", message: "a colon is missing behind $name", fix: fieldColon, isMeant: signAt.isNoWord},
	{line: regexp.MustCompile(`["'\w\])}](?P<at>\s+)` + aLabel + `\s*:(?:\s|$)`), by: ",", message: "a comma is missing between two fields", fix: commaFix},
	{line: regexp.MustCompile(`["'\w\])}](?P<at>\s+)["'\w{\[]`), by: ",", message: "a comma is missing between two elements of a list", fix: commaFix,
		isMeant: func(at signAt) bool { return at.slip == at.to && at.isInList() }},
	{line: regexp.MustCompile(`["\])}](?P<at>\s+)[a-z]\w*\s+["{\[]`), by: ",", message: "a comma is missing between two fields", fix: commaFix,
		isMeant: func(at signAt) bool { return at.slip == at.to }},
	{line: regexp.MustCompile(`["'\w\])}](?P<at>)\s*$`), by: ",", message: "a comma is missing behind an element of a list", fix: "Put a comma behind it.",
		isMeant: func(at signAt) bool {
			return at.next != "" && at.isInList() && strings.ContainsAny(at.next[:1], `"'{[`) && !closesOrNames.MatchString(at.next)
		}},
}

// silently are signs that CUE reads in another way, and refuses later.
var silently = []sign{
	{line: givesValue, by: ":", message: "a colon is missing behind $name", fix: fieldColon,
		isMeant: func(at signAt) bool { return at.isKnown() && !at.isLet() }},
	{line: regexp.MustCompile(`:\s*\*[^,:{}\[\]()]+(?P<at>,)\s*(?:_|u?int|string|number|bool)\s*(?:[,}]|$)`), by: "|", message: "a comma stands between two values of a field", fix: "Write | between them: `*value | _`."},
	{line: regexp.MustCompile(`:\s*(?P<name>[A-Z]\w*)(?P<at>\s*:)\s*\{`), by: "=", message: "$name is no field", fix: "An alias of what follows has = behind it: `$name={…}`.",
		isMeant: func(at signAt) bool { return at.isAlias() }},
}

var (
	givesValue    = regexp.MustCompile(begins + `(?P<name>[a-z]\w*)(?P<at>\s*,?\s+)(?:\[|\*\S|["'0-9]|[<>]=?[\d"]|(?:true|false|null|_)\s*(?:[|&,}]|$))`)
	closesOrNames = regexp.MustCompile(`^(?:[)\]}]|` + aLabel + `[?!]?\s*:)`)
	keywords      = []string{"let", "for", "if", "in", "import", "package"}
)

// isNoWord reports whether a name is none of CUE's words.
func (at signAt) isNoWord() bool { return !slices.Contains(keywords, at.name) }

// isKnown reports whether the schema has a field of a name anywhere.
func (at signAt) isKnown() bool { return at.isNoWord() && schemaFields()[at.name] }

// isDefined reports whether a text gives a name a value that others refer to.
func (at signAt) isDefined() bool {
	is := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(at.name) + `\s*[:=]`)
	return strings.HasPrefix(at.name, "_") || at.isLet() || is.Match(codeOf(at.text))
}

// isLet reports whether a text has a let clause of a name.
func (at signAt) isLet() bool {
	return regexp.MustCompile(`\blet\s+` + regexp.QuoteMeta(at.name) + `\s*=`).Match(codeOf(at.text))
}

// isAlias reports whether a text selects something of a name, which nothing else has.
func (at signAt) isAlias() bool {
	name := regexp.QuoteMeta(at.name)
	return regexp.MustCompile(`\b`+name+`\.\w`).Match(at.text) && len(regexp.MustCompile(`\b`+name+`\s*[:=]`).FindAll(codeOf(at.text), 2)) == 1
}

// isInList reports whether what is open at a place of a line is a list.
func (at signAt) isInList() bool {
	depth := 0
	for _, c := range slices.Backward(slices.Concat(at.above, at.row[:at.from])) {
		switch c {
		case ']', '}', ')':
			depth++
		case '[', '{', '(':
			if depth--; depth < 0 {
				return c == '['
			}
		}
	}
	return false
}

// schemaFields are those that the schema has anywhere.
var schemaFields = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for name, text := range schema.Files() {
		file, err := parser.ParseFile(name, text)
		if err != nil {
			panic(fmt.Sprintf("source: the schema: %v", err)) // it is part of the binary and tested
		}
		ast.Walk(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok {
				out[fieldName(field)] = true
			}
			return true
		}, nil)
	}
	return out
})

// mostSigns is how many signs are put right in a text: with more, it is of
// another language.
const mostSigns = 16

// signsOf is a text with the signs that are meant.
type signsOf struct {
	in, text string
	found    []misplaced
}

// signsIn are the signs that are wrong in a file, if CUE reads on with the right ones.
func (l *directory) signsIn(file string) signsOf {
	text := []byte(strings.Join(l.lines(file), "\n"))
	if s, ok := l.signs[file]; ok && s.in == string(text) {
		return s
	}
	out := signsOf{in: string(text), text: string(text)}
	before := [][]byte{text}
	for len(text) <= largestMended && len(out.found) < mostSigns {
		m, better := l.nextSign(text)
		if better == nil {
			break
		}
		text = better
		before, out.found = append(before, text), append(out.found, m)
	}
	for n := len(out.found); n > 0 && slipLine(before[n]) == out.found[n-1].row; n-- {
		out.found = out.found[:n-1] // it is something else
	}
	if out.text = string(before[len(out.found)]); len(out.found) > 0 && l.mending(l.fileOf(diag.Pos{File: file})) == nil {
		out.found = nil
	}
	if l.signs == nil {
		l.signs = map[string]signsOf{}
	}
	l.signs[file] = out
	return out
}

// nextSign is what is wrong where CUE stumbles first, or with what it reads in
// another way, and the text without it; nil if there is no such thing.
func (l *directory) nextSign(text []byte) (misplaced, []byte) {
	rows, codes := bytes.SplitAfter(text, []byte("\n")), bytes.SplitAfter(codeOf(text), []byte("\n"))
	slip := firstSlip(text)
	if slip.line == 0 {
		for i := range codes {
			if m, better := l.signOf(text, codes, i, slip, silently); better != nil {
				return m, better
			}
		}
		return misplaced{}, nil
	}
	at := []int{min(slip.line, len(rows)) - 1}
	for i := at[0] - 1; i >= 0; i-- {
		if len(bytes.TrimSpace(codes[i])) > 0 {
			at = append(at, i)
			break
		}
	}
	for _, i := range at {
		if m, better := l.signOf(text, codes, i, slip, surely); better != nil {
			return m, better
		}
	}
	for _, i := range at {
		if row := string(rows[i]); slipIn(row) != "" || bareText(row, slip.message) != "" {
			continue
		}
		if m, better := l.signOf(text, codes, i, slip, probably); better != nil {
			return m, better
		}
	}
	return misplaced{}, nil
}

// signOf is the first sign of some that is wrong in a line, and the text with the right one.
func (l *directory) signOf(text []byte, codes [][]byte, i int, slip stumble, signs []sign) (misplaced, []byte) {
	row := bytes.TrimRight(codes[i], "\r\n")
	at := signAt{text: text, row: row, slip: -1}
	if slip.line == i+1 {
		at.slip = slip.col - 1
	}
	for _, next := range codes[i+1:] {
		if at.next = string(bytes.TrimSpace(next)); at.next != "" {
			break
		}
	}
	for _, s := range signs {
		for _, m := range s.line.FindAllSubmatchIndex(row, -1) {
			if at.above == nil {
				at.above = bytes.Join(codes[:i], nil)
			}
			start := len(at.above)
			group, name := 2*s.line.SubexpIndex("at"), 2*s.line.SubexpIndex("name")
			at.from, at.to, at.name = m[group], m[group+1], ""
			if name > 0 {
				at.name = string(text[start+m[name] : start+m[name+1]])
			}
			if s.isMeant != nil && !s.isMeant(at) {
				continue
			}
			by := s.by + strings.Repeat(" ", max(0, at.to-at.from-len(s.by)))
			better := slices.Concat(text[:start+at.from], []byte(by), text[start+at.to:])
			if l.cut.parsed += len(text); l.cut.parsed > mostParsed+mostOften*len(text) {
				return misplaced{}, nil
			}
			if after := firstSlip(better); after.line != 0 && (slip.line == 0 || !after.isBehind(slip, len(better)-len(text))) {
				continue
			}
			shown := at.from + len(row[at.from:at.to]) - len(bytes.TrimLeft(row[at.from:at.to], " \t"))
			if name > 0 && s.by != "&" {
				shown = m[name]
			}
			words := strings.NewReplacer("$name", at.name)
			return misplaced{row: i + 1, col: shown + 1, message: words.Replace(s.message), fix: words.Replace(s.fix)}, better
		}
	}
	return misplaced{}, nil
}

// codeOf is a text without what its texts and comments say; all keeps its place.
func codeOf(text []byte) []byte {
	return longTexts.ReplaceAllFunc(text, func(t []byte) []byte {
		out := bytes.Clone(t)
		for i := range out {
			switch {
			case out[i] == '\n' || out[i] == '\r':
			case t[0] == '/':
				out[i] = ' '
			case i > 0 && i < len(out)-1:
				out[i] = 'x'
			}
		}
		return out
	})
}

// stumble is the first thing of a text that CUE cannot read; the line is 0 if it reads all.
type stumble struct {
	line, col int
	message   string
	all       int // things that it cannot read
}

// asDeclared is CUE's language as modules declare it: a later one takes more.
var asDeclared = parser.Version(schema.LanguageVersion)

func firstSlip(text []byte) (first stumble) {
	_, err := parser.ParseFile("", text, asDeclared)
	for _, e := range errors.Errors(err) {
		line, col := max(e.Position().Line(), 1), e.Position().Column()
		if first.line == 0 || line < first.line || line == first.line && col < first.col {
			first = stumble{line: line, col: col, message: e.Error()}
		}
	}
	first.all = len(errors.Errors(err))
	return first
}

// isBehind reports whether one stands behind another, which had so many bytes
// less before it in its line.
func (s stumble) isBehind(other stumble, more int) bool {
	return cmp.Or(cmp.Compare(s.line, other.line), cmp.Compare(s.col, other.col+more)) > 0
}

// withSigns puts the signs that are wrong in place of what CUE says of a file.
func (l *directory) withSigns(found diag.List) (out, signs diag.List) {
	asked := map[string]bool{}
	for _, d := range found {
		if d.Pos.Line == 0 || !isGrammatical(d) {
			out = append(out, d)
			continue
		}
		if !asked[d.Pos.File] {
			asked[d.Pos.File] = true
			signs = append(signs, l.signsTold(d.Pos.File)...)
		}
		if len(l.signsIn(d.Pos.File).found) == 0 {
			out = append(out, d)
		}
	}
	return out, signs
}

// readOtherwise finds signs that CUE has read in another way, and refuses.
func (l *directory) readOtherwise() (found diag.List) {
	for _, f := range l.files {
		found = append(found, l.signsTold(l.display(f.Filename))...)
	}
	return found
}

// signsTold are the signs of a file that are wrong, as they are told.
func (l *directory) signsTold(file string) (out diag.List) {
	for _, m := range l.signsIn(file).found {
		out = append(out, diag.Diagnostic{Rule: rule, Pos: diag.Pos{File: file, Line: m.row, Col: m.col}, Message: m.message, Fix: m.fix})
	}
	return out
}

// writeSigns writes the signs that were told into the copies of the files; not ok
// if it is not known whose what was cut before is.
func (l *directory) writeSigns() (isWritten, ok bool) {
	ok = true
	for file, s := range l.signs {
		f := l.mending(l.fileOf(diag.Pos{File: file}))
		if f == nil || len(s.found) == 0 || string(f.text) != s.in {
			continue
		}
		f.size += len(s.text) - len(f.text)
		f.text, isWritten = []byte(s.text), true
		ok = l.nameSlips(f) && ok
	}
	return isWritten, ok
}
