package source

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// clash is a value and what was asked for instead, as CUE prints them.
type clash struct {
	value, wanted string
	isType        bool // they are of different types
	isBound       bool // the value is out of a range
}

// clashOf reads what CUE says of two values; ok is false if it says something
// else.
func clashOf(text string) (c clash, ok bool) {
	if m := outside.FindStringSubmatch(text); m != nil {
		return clash{value: m[1], wanted: m[3], isBound: bound.MatchString(m[3])}, true
	}
	m := conflict.FindStringSubmatch(text)
	if m == nil {
		return clash{}, false
	}
	c = clash{value: m[2], wanted: m[1]}
	if typed := mismatch.FindStringSubmatch(text); typed != nil {
		c = clash{value: typed[1], wanted: typed[2], isType: true}
		if literal.MatchString(c.wanted) && !literal.MatchString(c.value) || isSchemaText(c.value) && !pattern.MatchString(c.wanted) {
			c.value, c.wanted = c.wanted, c.value
		}
	}
	return c, true
}

// isSchemaText reports whether CUE printed a constraint: values of the user's
// have no definitions, patterns and dots in them.
func isSchemaText(s string) bool {
	return pattern.MatchString(s) || (s[0] == '{' || s[0] == '[') && strings.Contains(s, "#") || strings.HasPrefix(s, "[...")
}

var (
	bound   = regexp.MustCompile(`^[<>]`)
	pattern = regexp.MustCompile(`^(=~|!~|strings\.|time\.|net\.)`)
)

// kind is how a message calls what is too long to print.
func kind(s string) string {
	switch s[0] {
	case '{':
		return "struct"
	case '[':
		return "list"
	}
	return s
}

// aKind is a value as a message has it: of a struct or a list, what it is.
func aKind(s string) string {
	if k := kind(s); k != s {
		return "a " + k
	}
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}

// longest is how much of a value a message has: it is on the line that is told.
const longest = 80

// unfit says that a value is not what stands there, and what to write.
func (l *directory) unfit(c *complaint, best errors.Error, alternatives []string) (message, fix string) {
	clash, ok := clashOf(text(best))
	if !ok {
		return text(best), ""
	}
	if wants := l.schemaAt(c.in).IncompleteKind(); clash.isType && (wants == cue.StructKind && clash.value[0] == '{' || wants == cue.ListKind && clash.value[0] == '[') {
		clash.value, clash.wanted = clash.wanted, clash.value // the schema takes any struct, and CUE prints it as one
	}
	word, isKnown := l.word(c)
	isWord := isKnown && word.isWord() && !clash.isBound && (pattern.MatchString(clash.wanted) || clash.wanted == "null" && pattern.MatchString(clash.value))
	switch {
	case len(alternatives) > 1:
		message = fmt.Sprintf("%s is none of %s", aKind(clash.value), strings.Join(alternatives, ", "))
	case isWord:
		message = fmt.Sprintf("%s is no %s", aKind(clash.value), word.words())
	case clash.isType:
		message = clash.mistyped()
	default:
		message = plainly(text(best))
	}
	fix = cmp.Or(l.spelling(c.in, clash, word, alternatives), l.unquotedText(c, clash, isWord))
	if fix == "" && clash.isType && clash.value != "null" && kind(clash.wanted) == "struct" {
		fix = l.structFor(c.in, clash.value)
	}
	if isWord || isKnown && word.isChoice && len(alternatives) > 1 {
		return message, remind(cmp.Or(fix, l.retype(c, clash, word)), word)
	}
	return message, join(cmp.Or(fix, l.retype(c, clash, word)), l.comment(c.in))
}

// plainly says a clash in words, and all else as CUE does.
func plainly(text string) string {
	clash, ok := clashOf(text)
	switch {
	case ok && clash.isType:
		return clash.mistyped()
	case ok && outside.MatchString(text):
		return fmt.Sprintf("%s does not fit %s", aKind(clash.value), clash.wanted)
	}
	return text
}

func (c clash) mistyped() string { return fmt.Sprintf("%s is no %s", aKind(c.value), kind(c.wanted)) }

// remind puts what a word may be behind a remedy.
func remind(fix string, word definition) string {
	if fix == "" {
		return "State another: " + word.sentence()
	}
	sentence := word.sentence()
	return fix + " " + strings.ToUpper(sentence[:1]) + sentence[1:]
}

// join puts the schema's comment on a field behind a remedy.
func join(fix, comment string) string {
	if fix == "" || comment == "" {
		return fix
	}
	return fix + " " + comment
}

// word is the definition of the schema that refused a value.
func (l *directory) word(c *complaint) (definition, bool) {
	for _, e := range c.errors {
		for _, pos := range append(e.InputPositions(), e.Position()) {
			if d, ok := l.definitionAt(pos); ok && (d.isWord() || d.isChoice) {
				return d, true
			}
		}
	}
	return definition{}, false
}

// spelling is the text that fits and is spelled almost as what was written.
func (l *directory) spelling(in spec.Path, c clash, word definition, alternatives []string) string {
	value, err := strconv.Unquote(c.value)
	if err != nil || value == "" || c.value[0] != '"' {
		return ""
	}
	var words []string
	for _, a := range alternatives {
		if word, err := strconv.Unquote(a); err == nil {
			words = append(words, word)
		}
	}
	if foreign.MatchString(value) {
		return fmt.Sprintf("CUE puts values into a text with \\(name): \"%s\".", foreign.ReplaceAllString(value, `\($1)`))
	}
	at := l.schemaAt(in)
	fits := func(text string) bool {
		return at.Exists() && at.Unify(l.ctx.Encode(text)).Validate(cue.Concrete(true)) == nil
	}
	switch {
	case fits(value) && len(words) < 2:
		return "" // the schema has nothing against it
	case fits(value):
		return meant(value, words)
	}
	others := corrected(value)
	switch word.name {
	case "Quantity":
		others = diag.Quantities(value, name(in))
	case "KnownVersion":
		others = slices.Concat(released.FindStringSubmatch(value), others, []string{"1." + value})
	}
	for _, other := range others {
		if other != value && fits(other) {
			return fmt.Sprintf("Did you mean %q?", other)
		}
	}
	return meant(value, words)
}

// retype says how a value of another type is written, if it fits then.
func (l *directory) retype(of *complaint, c clash, word definition) string {
	isNumber := numeral.MatchString(c.value)
	wantsText := c.wanted == "string" || pattern.MatchString(c.wanted) || c.wanted != "" && c.wanted[0] == '"'
	quoted, err := strconv.Unquote(c.value)
	isText := err == nil && c.value[0] == '"'
	switch {
	case c.value == "null":
		return "Leave the field out, or state a value."
	case c.value[0] == '\'':
		return "Write it in double quotes: " + strconv.Quote(strings.Trim(c.value, "'")) + "."
	case isNumber && wantsText && (word.name == "Duration" || word.name == "Period"):
		for _, value := range []string{c.value + "s", strings.TrimPrefix(c.value, "-") + "s"} {
			if l.takesLiteral(of.in, token.STRING, strconv.Quote(value)) {
				return fmt.Sprintf("Write it in quotes, with its unit: %q.", value)
			}
		}
		return ""
	case isNumber && wantsText && word.name == "PortName":
		return "State the name of the port, as it stands under ports."
	case isNumber && wantsText && word.name == "Quantity":
		return quantity(c.value, l.numberOf(of), name(of.in))
	case (isNumber || c.value == "true" || c.value == "false") && wantsText && l.takesLiteral(of.in, token.STRING, strconv.Quote(c.value)):
		return "Write it in quotes: " + strconv.Quote(c.value) + "."
	case isText && c.wanted == "bool":
		return "Write true or false, without quotes."
	case isText && numeral.MatchString(quoted) && !c.isBound && l.takesLiteral(of.in, token.FLOAT, quoted):
		return "Write it without quotes: " + quoted + "."
	case c.isType && kind(c.wanted) == "struct":
		return ""
	case isText && kind(c.wanted) == "list" && strings.Contains(strings.TrimSpace(quoted), " "):
		return "Write a list of its words: [" + words(quoted) + "]."
	case c.isType && kind(c.wanted) == "list" && c.value[0] == '{':
		return "Write a list, in brackets: […]."
	case c.isType && kind(c.wanted) == "list":
		return "Write a list: [" + c.value + "]."
	}
	return ""
}

// takesLiteral reports whether the schema takes a literal at a path, or has
// nothing there that would know.
func (l *directory) takesLiteral(in spec.Path, kind token.Token, value string) bool {
	if kind == token.FLOAT && !strings.Contains(value, ".") {
		kind = token.INT
	}
	return l.refusal(in, &ast.BasicLit{Kind: kind, Value: value}) == nil
}

// quantity is the remedy for one without quotes: CUE reads 4Gi as a number.
func quantity(value, written, field string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	like := diag.Quantities(cmp.Or(written, value), field)
	switch {
	case len(like) == 0:
		return ""
	case multiplied.MatchString(written) && !diag.IsCPU(field):
		like[0] = strings.Replace(strings.ReplaceAll(written, "_", ""), "K", "k", strings.Count(written, "K")-strings.Count(written, "Ki"))
	case err == nil && n >= 1<<20 && !diag.IsCPU(field): // a number of bytes
		like[0] = inBytes(n)
	case len(like) == 2: // and of bytes nobody has a few
		return fmt.Sprintf("Write it in quotes, with its unit: %q or %q.", like[1], like[0])
	}
	return fmt.Sprintf("Write it in quotes: %q.", like[0])
}

var multiplied = regexp.MustCompile(`^[0-9._]+[KMGTPE]i?$`)

// inBytes writes a number of bytes with the largest unit that it is a multiple of.
func inBytes(n int64) string {
	units, i := []string{"", "Ki", "Mi", "Gi", "Ti", "Pi"}, 0
	for i < len(units)-1 && n%1024 == 0 {
		n, i = n/1024, i+1
	}
	return fmt.Sprint(n) + units[i]
}

// structFor is the remedy for a value where a struct stands: the field of it
// that the value may have been meant for.
func (l *directory) structFor(in spec.Path, value string) string {
	at := l.schemaAt(in)
	if !at.Exists() {
		return "Write {name: value}."
	}
	text, err := strconv.Unquote(value)
	fields, failed := at.Fields(cue.Optional(true))
	var known []string
	var best string
	for failed == nil && fields.Next() {
		name := strings.TrimRight(fields.Selector().String(), "?!")
		known = append(known, name)
		fits := err == nil && fields.Value().IncompleteKind()&cue.StringKind != 0 && fields.Value().Unify(l.ctx.Encode(text)).Validate(cue.Concrete(true)) == nil
		if fits && (best == "" || fields.Selector().ConstraintType() == cue.RequiredConstraint) {
			best = name
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("Write {%s: %s}.", best, value)
	case len(known) > 0:
		return strings.TrimSpace("Write a struct, {…}. " + diag.Known(known, ""))
	}
	return "Write {name: value}."
}

// unquotedText is the remedy for a text without quotes that has a colon, which
// CUE reads as a struct: mariadb:11.
func (l *directory) unquotedText(c *complaint, clash clash, isText bool) (fix string) {
	if !isText && clash.wanted != "string" || clash.value[0] != '{' {
		return ""
	}
	for _, e := range c.errors {
		for _, p := range l.users(e) {
			for _, file := range l.files {
				ast.Walk(file, func(n ast.Node) bool {
					if s, ok := n.(*ast.StructLit); ok && !s.Lbrace.IsValid() && len(s.Elts) == 1 && l.position(s.Pos()) == p {
						fix = fmt.Sprintf("Write it in quotes: %q.", strings.ReplaceAll(cueText(s.Elts[0].(*ast.Field)), ": ", ":"))
					}
					return fix == ""
				}, nil)
			}
		}
	}
	return fix
}

// numberOf is the number that a complaint is about, as the user wrote it; "" if
// it was computed.
func (l *directory) numberOf(c *complaint) (written string) {
	for _, e := range c.errors {
		for _, pos := range append(e.InputPositions(), e.Position()) {
			if lit, ok := l.literalAt(pos); ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT) {
				return lit.Value
			}
		}
	}
	return ""
}

// literalAt is the literal at a place of the user's.
func (l *directory) literalAt(pos token.Pos) (found *ast.BasicLit, ok bool) {
	if !l.isUsers(pos) {
		return nil, false
	}
	_, file := l.packageAt(pos)
	if file == nil {
		return nil, false
	}
	ast.Walk(file, func(n ast.Node) bool {
		if lit, is := n.(*ast.BasicLit); is && lit.Pos().Offset() == pos.Offset() {
			found, ok = lit, true
		}
		return true
	}, nil)
	return found, ok
}

// words are those of a text, as elements of a list.
func words(text string) string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		out = append(out, strconv.Quote(word))
	}
	return strings.Join(out, ", ")
}

// released is a version of Kubernetes in what clusters and people call it, with
// its patch release or without: v1.34.1-eks-d96d92f, 1.34.x, k8s 1.34.
var released = regexp.MustCompile(`^\D*(1[.][0-9]+(?:[.][0-9]+)?)`)

// foreign is how other tools put a value into a text.
var foreign = regexp.MustCompile(`\$?\{\{?\s*[.$]?([A-Za-z_][\w.]*)\s*\}?\}`)

var numeral = regexp.MustCompile(`^-?[0-9][0-9_]*([.][0-9]+)?$`)
