package source

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// unread says what is wrong with a file that CUE cannot read: its syntax, what
// it imports, or a name that nothing has.
func (l *directory) unread(d *diag.Diagnostic, e errors.Error) {
	d.Message, d.Path = text(e), ""
	switch {
	case d.Message == "import failed":
		l.unimported(d, e)
	case builtin.MatchString(d.Message):
		name := builtin.FindStringSubmatch(d.Message)[1]
		d.Message = fmt.Sprintf("import failed: CUE's standard library has no package %q", name)
		d.Fix = cmp.Or(l.packageLike(name), fmt.Sprintf("Import %q, packages of CUE's standard library or of the same module, by its whole path.", schema.ImportPath))
	case d.Message == circular:
		d.Fix = "One of them must not refer to the other: state its value."
	case twiceSaid.MatchString(d.Message):
		d.Message = twiceSaid.FindStringSubmatch(d.Message)[1] + " is imported twice"
		d.Fix = "Delete one of the two, or give it another name: `import other \"…\"`."
	case badQuotes.MatchString(d.Message):
		d.Fix = fmt.Sprintf("Write %q.", badQuotes.FindStringSubmatch(d.Message)[1])
		d.Message = "the path of an import stands in double quotes"
	case idle.MatchString(d.Message):
		if !l.typeSelected(d, e, unusedName(d.Message)) {
			d.Fix = "Delete the import."
		}
	case unused.MatchString(d.Message):
		d.Fix = fmt.Sprintf("Use it, or leave out %s.", unused.FindStringSubmatch(d.Message)[1])
		l.aliased(d, e)
	case unfound.MatchString(d.Message):
		l.unknown(d, e, unfound.FindStringSubmatch(d.Message)[1])
	default:
		l.ungrammatical(d)
	}
}

// aliased is an alias of a value that was meant as a field: `env: NAME = value`.
func (l *directory) aliased(d *diag.Diagnostic, e errors.Error) {
	files, file := l.packageAt(e.Position())
	if file == nil || len(files) == 0 {
		return
	}
	if a := aliasAt(file, e.Position().Offset()); a != nil && isSpaced(a) {
		d.Message = fmt.Sprintf("%s is given a value by =", a.Ident.Name)
		d.Fix = fmt.Sprintf("Put a colon between a name and its value: `%s: …`.", a.Ident.Name)
	}
}

// aliasAt is the alias of a value that stands at a place of a file.
func aliasAt(file *ast.File, offset int) (found *ast.Alias) {
	ast.Walk(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.Alias); ok && a.Pos().Offset() == offset {
			found = a
		}
		return found == nil
	}, nil)
	return found
}

// isSpaced reports whether blanks stand around the sign, as nobody writes aliases.
func isSpaced(a *ast.Alias) bool { return a.Equal.Offset() > a.Ident.End().Offset() }

// circular is said of let clauses that refer to each other.
const circular = "cyclic references in let clause or alias"

// isOfText reports whether an error is of the text, and not of a value.
func isOfText(text string) bool {
	return text == circular || slices.ContainsFunc([]*regexp.Regexp{unfound, idle, unused, builtin, twiceSaid}, func(r *regexp.Regexp) bool { return r.MatchString(text) })
}

// ofText are the errors of the text among some; nil if there are none.
func ofText(err error) error {
	var out errors.Error
	for _, e := range errors.Errors(err) {
		if isOfText(text(e)) {
			out = errors.Append(out, e)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

var (
	unfound   = regexp.MustCompile(`^reference "(.+)" not found$`)
	undefined = regexp.MustCompile(`^undefined field: (.+)$`)
	idle      = regexp.MustCompile(`^imported and not used: "(.+?)"(?: as (\S+))?`)
	unused    = regexp.MustCompile(`^unreferenced alias or let clause (.+)$`)
)

// twoTexts is a field with two values.
var twoTexts = regexp.MustCompile(`^\s*(?:[\w$"-]+:\s+)+"[^"]*"\s+"[^"]*"\s*$`)

const colonFix = "Put a colon between a name and its value: `name: value`."

// slips of the pen and of other languages, by what a line looks like.
var slips = []struct {
	line *regexp.Regexp
	fix  string
}{
	{regexp.MustCompile(`^\s*#($|[^A-Za-z_"]|\w+:?\s+[A-Za-z]+\s+[A-Za-z]|\w+\s+[A-Za-z]+($|\s))`), "Comments begin with //."},
	{regexp.MustCompile(`^\s*[A-Za-z_]\w*\s*=[^~=]`), colonFix},
	{regexp.MustCompile(`^\s*(.*: )?[A-Za-z0-9_]+-[-A-Za-z0-9_.]*:(\s|$)`), "Names with a dash or a dot stand in quotes: `\"my-name\": value`."},
	{regexp.MustCompile(`^\s*(.*: )?[A-Za-z0-9_]+[./][-A-Za-z0-9_./]*:(\s|$)`), "Names with a dash or a dot stand in quotes: `\"my-name\": value`."},
	{regexp.MustCompile(`^\s*let\s+\w+\s*(:|$)`), "A let clause states its value with =: `let name = value`."},
	{regexp.MustCompile(`[“”„‘’]`), "Write straight quotes: \"…\"."},
	{regexp.MustCompile(`^\s*- `), "Lists stand in brackets: `[a, b]`."},
	{regexp.MustCompile(`^package .*[^\w ]`), "The name of a package has letters, digits and underscores: `package app`."},
	{regexp.MustCompile(`^[^"]*[:\[,] *\*?(/[\w./-]+)`), "Write it in quotes: \"$1\"."},
	{regexp.MustCompile(`^[^"]*[:\[,] *\*?(v?\d+\.\d+\.\d[\w./-]*)`), "Write it in quotes: \"$1\"."},
	{regexp.MustCompile(`:\s*([0-9*][0-9*/,-]*( [0-9*][0-9*/,-]*){4})\s*$`), "Write it in quotes: \"$1\"."},
	{regexp.MustCompile(`^[^"]*(?:"[^"]*"[^"]*)*?/\*.*\*/`), "Comments begin with //, and end with the line."},
	{twoTexts, "Make one text of the two, or leave one out."},
	{regexp.MustCompile(`,\s*,`), "One comma is enough."},
	{regexp.MustCompile(`^(?:[^"]|"(?:[^"\\]|\\.)*")*?;`), "Leave out the semicolon: fields stand on lines of their own, or with a comma between them."},
	{regexp.MustCompile(`\\\([^()"\[]*"`), "Close what is put into the text with a parenthesis: `\"\\(name)-x\"`."},
	{regexp.MustCompile(`\{\{.*\}\}`), "There are no templates here: CUE computes values itself, `\"\\(name)-x\"`."},
}

// errors of CUE's parser and what to do about them.
var grammar = []struct{ message, fix string }{
	{"non-matching whitespace", "Indent each line of the text as the last one, or deeper."},
	{"before newline in list literal", "Close the list with ], or put a comma behind the element above."},
	{"missing ','", commaFix},
	{"import path", fmt.Sprintf("The path of a package has no blanks or signs: `import %q`.", schema.ImportPath)},
	{"not terminated", "Close the text with a quote."},
	{"expected 'EOF', found", "It closes nothing: leave it out, or open above what it closes."},
	{"found 'EOF'", "Close what is open: a brace is missing above."},
	{"expected 'STRING'", "Write the path of an import in quotes: `import \"strings\"`."},
	{"expected label or ':'", colonFix},
	{"illegal character", "Write it in quotes, or leave it out."},
}

// ungrammatical finds the line that was written wrong: CUE complains about it,
// or about the one below.
func (l *directory) ungrammatical(d *diag.Diagnostic) {
	lines := l.lines(d.Pos.File)
	if at := d.Pos.Line - 1; at >= 0 && at < len(lines) && lateImport.MatchString(lines[at]) && strings.HasPrefix(d.Message, "expected label or ':'") {
		d.Fix = "Imports stand at the top of a file, below the package clause."
		return
	}
	if l.ofAssigned(d) {
		return
	}
	above := 1
	if strings.HasPrefix(d.Message, "illegal character") || strings.HasSuffix(d.Message, "not terminated") {
		above = 0 // that is here
	}
	for n := d.Pos.Line; n > 0 && n >= d.Pos.Line-above && n <= len(lines); n-- {
		if fix := slipIn(lines[n-1]); fix != "" {
			if n != d.Pos.Line {
				d.Pos.Line, d.Pos.Col = n, 1+len(lines[n-1])-len(strings.TrimLeft(lines[n-1], " \t"))
			}
			d.Fix = fix
			return
		}
	}
	if d.Pos.Line > 0 && d.Pos.Line <= len(lines) && hasOpenText(lines[d.Pos.Line-1]) {
		d.Fix = "Close the text with a quote."
		return
	}
	if text := l.unquoted(d); text != "" {
		d.Fix = fmt.Sprintf("Write it in quotes: %q.", text)
		return
	}
	d.Fix = "A field is `name: value`: something is missing here, or too much."
	for _, g := range grammar {
		if strings.Contains(d.Message, g.message) {
			d.Fix = g.fix
			return
		}
	}
}

// unquoted is the value of a line that CUE cannot read, if it seems to be a text.
func (l *directory) unquoted(d *diag.Diagnostic) string {
	lines := l.lines(d.Pos.File)
	if d.Pos.Line < 1 || d.Pos.Line > len(lines) {
		return ""
	}
	return bareText(lines[d.Pos.Line-1], d.Message)
}

// bareText is the value of a line of which CUE says so, if it seems to be a text.
func bareText(line, said string) string {
	if !aboutValues.MatchString(said) {
		return ""
	}
	line, _, _ = strings.Cut(line, " //")
	m := bareValue.FindStringSubmatch(line)
	if m == nil || innerField.MatchString(m[2]) {
		return ""
	}
	text := strings.TrimRight(m[2], ", \t\r")
	if like := diag.Quantities(text, m[1]); len(like) > 0 && slices.Contains(measured, m[1]) {
		return like[0]
	}
	return text
}

var (
	aboutValues = regexp.MustCompile(`^missing ',' in struct literal|^expected operand, found|^illegal character`)
	bareValue   = regexp.MustCompile(`^\s*(?:[\w$"-]+:\s+)*"?([\w$-]+)"?:\s+((?:\$[({])?[\w$%@</][^"'{}\[\]]*[})]?[^"'{}\[\]]*)$`)
	innerField  = regexp.MustCompile(`\w:\s`)
)

// inWords are findings that say what CUE's parser expects in words of its users.
func inWords(found diag.List) diag.List {
	for i, d := range found {
		if strings.HasPrefix(d.Message, "missing ',' in struct literal") {
			d.Message = commaInWords(d.Fix)
		}
		for _, w := range parserWords {
			d.Message = w.said.ReplaceAllString(d.Message, w.words)
		}
		found[i].Message = d.Message
	}
	return found
}

// commaInWords is what is wrong where CUE misses a comma between fields, as the
// remedy has it.
func commaInWords(fix string) string {
	switch {
	case strings.HasPrefix(fix, "Write it in quotes"):
		return "a text has no quotes"
	case strings.Contains(fix, "stand in quotes"):
		return "a name has no quotes"
	case strings.HasPrefix(fix, "Make one text"):
		return "a field has two values"
	case fix == commaFix:
		return "a comma is missing between two fields"
	}
	return "expected a comma or a new line"
}

// parserWords are the words of CUE's parser, and what they mean.
var parserWords = []struct {
	said  *regexp.Regexp
	words string
}{
	{regexp.MustCompile(`^(expected .*), found '(?:IDENT|INT|FLOAT|STRING|INTERPOLATION)' (.+)$`), "$1, found $2"},
	{regexp.MustCompile(`^(expected .*), found 'EOF'$`), "$1, found the end of the file"},
	{regexp.MustCompile(`^(expected .*), found newline$`), "$1, found the end of the line"},
	{regexp.MustCompile(`^(expected .*), found 'ATTRIBUTE'$`), "$1, found an attribute"},
	{regexp.MustCompile(`^expected label or ':'`), "expected a name or a colon"},
	{regexp.MustCompile(`^expected (?:'IDENT'|selector|identifier)`), "expected a name"},
	{regexp.MustCompile(`^expected 'STRING'`), "expected a text in quotes"},
	{regexp.MustCompile(`^expected 'EOF'`), "expected the end of the file"},
	{regexp.MustCompile(`^expected (?:operand|expression)`), "expected a value"},
	{regexp.MustCompile(`^missing ',' before newline in list literal`), "a comma or a ] is missing in a list"},
	{regexp.MustCompile(`^missing ',' in list literal`), "a comma is missing between two elements of a list"},
	{regexp.MustCompile(`^missing ',' in (?:argument list|call).*`), "a comma is missing between two arguments"},
	{regexp.MustCompile(`^(?:import failed: )?(?:invalid|malformed) import path:? ("[^"]*").*`), "no package has the path $1"},
	{regexp.MustCompile(`^preference mark not allowed at this position`), "a * marks the default of several values, and there is one"},
}

// ofAssigned finds the line that gives a field a value by =: CUE complains
// where the value ends, or about the line below.
func (l *directory) ofAssigned(d *diag.Diagnostic) bool {
	lines := l.lines(d.Pos.File)
	if !strings.HasPrefix(d.Message, "expected label or ':'") || d.Pos.Line < 1 || d.Pos.Line > len(lines) {
		return false
	}
	n := d.Pos.Line
	if begins := 1 + len(lines[n-1]) - len(strings.TrimLeft(lines[n-1], " \t")); d.Pos.Col <= begins {
		n--
	}
	for ; n > 0 && strings.TrimSpace(lines[n-1]) == ""; n-- {
	}
	if n == 0 {
		return false
	}
	if code := strings.TrimSpace(lines[n-1]); strings.ContainsAny(code[:min(1, len(code))], ")]}") {
		indent := lines[n-1][:len(lines[n-1])-len(strings.TrimLeft(lines[n-1], " \t"))]
		for n--; n > 0 && (strings.TrimSpace(lines[n-1]) == "" || strings.HasPrefix(lines[n-1], indent+" ") || strings.HasPrefix(lines[n-1], indent+"\t")); n-- {
		}
	}
	if n == 0 || !assigned.MatchString(lines[n-1]) {
		return false
	}
	if n != d.Pos.Line {
		d.Pos.Line, d.Pos.Col = n, 1+len(lines[n-1])-len(strings.TrimLeft(lines[n-1], " \t"))
	}
	d.Fix = colonFix
	return true
}

var lateImport = regexp.MustCompile(`^\s*import\b`)

// slipIn is the remedy for a line that was written wrong; "" if it looks right.
func slipIn(line string) string {
	line, _, _ = strings.Cut(line, " //")
	if m := numbered.FindStringSubmatch(line); m != nil && !numbers.MatchString(m[2]) {
		text := m[2]
		if like := diag.Quantities(text, m[1]); len(like) > 0 && slices.Contains(measured, m[1]) {
			text = like[0]
		}
		return fmt.Sprintf("Write it in quotes: %q.", text)
	}
	for _, s := range slips {
		if at := s.line.FindStringSubmatchIndex(line); at != nil {
			return string(s.line.ExpandString(nil, s.fix, line, at))
		}
	}
	return ""
}

var (
	numbered = regexp.MustCompile(`^(?:[^"]|"[^"]*")*?"?(\w+)"?:\s*\*?([0-9][0-9.]*[A-Za-z][\w.]*)`) // a letter behind digits, which is no number of CUE's
	numbers  = regexp.MustCompile(`^([0-9.]+([KMGTPE]i?|[eE][0-9]+)|0[xob].*)$`)
	measured = []string{"cpu", "cpuLimit", "memory", "size", "capacity"} // in quantities
)

// lines are those of a file that a position names.
func (l *directory) lines(display string) []string {
	text, err := l.textOf(l.fileOf(diag.Pos{File: display}))
	if err != nil {
		return nil // CUE has read it, and complains about it: the remedy is a general one
	}
	return strings.Split(string(text), "\n")
}

// fileOf is the whole name of a file that a position names.
func (l *directory) fileOf(p diag.Pos) string {
	if rel, err := filepath.Rel(l.dir, p.File); err == nil {
		return filepath.Join(l.abs, rel)
	}
	return p.File
}

// isGrammatical reports whether a finding is about what CUE's parser cannot read.
func isGrammatical(d diag.Diagnostic) bool {
	return !unfound.MatchString(d.Message) && !strings.HasPrefix(d.Message, "import") && !unused.MatchString(d.Message)
}

// isInSlip reports whether a line that CUE cannot read has a name.
func (l *directory) isInSlip(d diag.Diagnostic, name string, found diag.List) bool {
	lines := l.lines(d.Pos.File)
	return slices.ContainsFunc(found, func(o diag.Diagnostic) bool {
		return o.Pos.File == d.Pos.File && isGrammatical(o) && o.Pos.Line > 0 && o.Pos.Line <= len(lines) && strings.Contains(lines[o.Pos.Line-1], name)
	})
}

// firstSlips leaves out what CUE says of a file after a slip: where it finds
// its way again is a guess. A line that looks wrong itself is told too.
func (l *directory) firstSlips(found diag.List) diag.List {
	found, signs := l.withSigns(found)
	found, brackets := l.withBrackets(found)
	found = found.Sorted()
	slipped := map[string]int{} // the line of the last slip by file
	var out diag.List
	for _, d := range found {
		grammatical := isGrammatical(d)
		last, isLater := slipped[d.Pos.File]
		if len(out) > 0 && d.Pos == out[len(out)-1].Pos {
			continue // one import, in two ways
		}
		if name := unusedName(d.Message); name != "" && l.isInSlip(d, name, found) {
			continue
		}
		if grammatical && isLater && (d.Pos.Line <= last || d.Pos.Line == last+1 && !l.isAssigned(d.Pos) || !l.looksWrong(d)) {
			continue
		}
		if grammatical {
			slipped[d.Pos.File] = d.Pos.Line
		}
		out = append(out, d)
	}
	return slices.Concat(out, signs, brackets)
}

// isAssigned reports whether a line gives its field a value by =: there may be
// one below the other.
func (l *directory) isAssigned(p diag.Pos) bool {
	lines := l.lines(p.File)
	return p.Line > 0 && p.Line <= len(lines) && assigned.MatchString(lines[p.Line-1])
}

// looksWrong reports whether a line shows a slip of its own: one that is known,
// or a quote that has no other.
func (l *directory) looksWrong(d diag.Diagnostic) bool {
	lines := l.lines(d.Pos.File)
	if d.Pos.Line < 1 || d.Pos.Line > len(lines) {
		return false
	}
	line := lines[d.Pos.Line-1]
	return slipIn(line) != "" || l.unquoted(&d) != "" || strings.Contains(d.Message, "not terminated") && hasOpenText(line)
}

// hasOpenText reports whether a quote of a line has no other.
func hasOpenText(line string) bool {
	line, _, _ = strings.Cut(line, " //")
	return (strings.Count(line, `"`)-strings.Count(line, `\"`))%2 == 1 && !strings.Contains(line, `"""`)
}

// defined is the remedy for a field that is not in the struct where it is
// looked for.
func (l *directory) defined(v cue.Value, c *complaint, name string) string {
	return l.another(name, selected(lookup(v, c.path), name))
}

// another is the remedy for a name that is none of those that are known.
func (l *directory) another(name string, known []string) string {
	if best := diag.DidYouMean(name, known); best != "" || len(known) == 0 {
		return best
	}
	return l.list(slices.Sorted(slices.Values(known)), nil)
}

// selected are the fields of the struct that an expression selects a name from.
func selected(v cue.Value, name string) []string {
	op, args := v.Expr()
	if op == cue.SelectorOp && len(args) == 2 {
		if s, err := args[1].String(); err == nil && s == name {
			return labels(args[0])
		}
	}
	for _, arg := range args {
		if op != cue.NoOp {
			if found := selected(arg, name); found != nil {
				return found
			}
		}
	}
	return nil
}
