// Package explain says what a rule or a field of the language is, from the one
// text that there is of each: in a terminal for `statefulc explain`, and as the
// pages docs/rules.md and docs/spec.md.
//
// It knows no rule and no field by itself: rules are given to it, fields are
// the schema's.
package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
)

// Book is all that can be explained.
type Book struct {
	Rules       []diag.Rule
	Definitions []source.Definition
	Examples    map[string]string // by field: Storage.size
}

// New is a book of rules and of the language.
func New(rules []diag.Rule) (*Book, error) {
	definitions, err := source.Language()
	return &Book{Rules: rules, Definitions: definitions, Examples: examples}, err
}

// Contents lists the rules, the fields of an application, and the definitions.
func (b *Book) Contents() string {
	var rules, fields, definitions [][]string
	for _, r := range b.Rules {
		rules = append(rules, []string{r.ID, r.Severity.String(), firstSentence(r.What)})
	}
	for _, f := range b.definition("App").Fields {
		fields = append(fields, []string{f.Name + marks(f), firstSentence(f.Doc)})
	}
	for _, d := range b.Definitions {
		definitions = append(definitions, []string{"#" + d.Name, firstSentence(d.Doc)})
	}
	return heading("Rules") + table(rules) + "\n" +
		heading("Fields of an application") + table(fields) + "\n" +
		heading("Definitions") + table(definitions)
}

// rule is the document of a rule.
func rule(r diag.Rule) string {
	out := fmt.Sprintf("%s: %s, %s\n\n%s", r.ID, r.Severity, waivable(r), paragraph(r.What))
	if r.Why != "" {
		out += "\n" + heading("Why") + paragraph(r.Why)
	}
	if r.Source != "" {
		out += "\n" + heading("Known from") + paragraph(r.Source)
	}
	out += "\n" + heading("What to do") + paragraph(r.Fix)
	if !r.Final {
		out += "\n" + heading("Or, beside the thing") + indented(fmt.Sprintf("waive: %q: reason: \"…\"", r.ID))
	}
	return out
}

func waivable(r diag.Rule) string {
	if r.Final {
		return "cannot be waived"
	}
	return "can be waived"
}

// field is what there is to say of a field.
func (b *Book) field(p place) string {
	out := fmt.Sprintf("%s: %s\n\n%s", p.key(), strings.Join(b.properties(p), ", "), paragraph(p.Doc))
	if words := b.words(p.Type); !p.Computed && len(words) > 0 {
		out += "\n" + heading("Where")
		for _, d := range words {
			out += paragraph(d.Doc)
		}
	}
	if d, ok := defaultOf(p); ok {
		out += "\n" + heading("Default") + paragraph(d.Value+": "+d.Why)
	}
	out += "\n" + heading("Example") + indented(b.Examples[p.key()])
	if p.Of != "" {
		out += "\n" + b.fieldsOf(p.Of)
	}
	return out
}

// properties are a field's type, and whether it has to be stated.
func (b *Book) properties(p place) []string {
	switch {
	case p.Computed:
		return []string{"computed"}
	case p.Required:
		return []string{p.Type, "required"}
	}
	return []string{p.Type}
}

// describe is a definition with its fields, or its type.
func (b *Book) describe(d source.Definition) string {
	out := fmt.Sprintf("#%s\n\n%s", d.Name, paragraph(d.Doc))
	if d.Type != "" {
		return out + "\n" + heading("Type") + indented(d.Type)
	}
	return out + "\n" + b.fieldsOf(d.Name)
}

// fieldsOf lists the fields of a definition, those of its parts last.
func (b *Book) fieldsOf(name string) string {
	d := b.definition(name)
	var rows [][]string
	for _, f := range d.Fields {
		rows = append(rows, []string{f.Name + marks(f), firstSentence(f.Doc)})
	}
	out := heading("Fields of #"+name) + table(rows)
	for _, part := range d.Parts {
		out += "\n" + b.fieldsOf(part)
	}
	return out
}

// marks are those of CUE: ! for a field that is required.
func marks(f source.Field) string {
	if f.Required {
		return "!"
	}
	return ""
}

func (b *Book) definition(name string) source.Definition {
	for _, d := range b.Definitions {
		if d.Name == name {
			return d
		}
	}
	return source.Definition{}
}

var reference = regexp.MustCompile(`#([A-Za-z]+)`)

// words are the definitions that a type refers to and that have no fields: a
// Quantity.
func (b *Book) words(typ string) []source.Definition {
	var out []source.Definition
	for _, m := range reference.FindAllStringSubmatch(typ, -1) {
		known := slices.ContainsFunc(out, func(d source.Definition) bool { return d.Name == m[1] })
		if d := b.definition(m[1]); d.Type != "" && !known {
			out = append(out, d)
		}
	}
	return out
}

// defaultOf is the row of the table for a field, if it has one.
func defaultOf(p place) (spec.Default, bool) {
	at := slices.IndexFunc(spec.Defaults, func(d spec.Default) bool { return d.Type == p.Definition && d.Field == p.Name })
	if at < 0 {
		return spec.Default{}, false
	}
	return spec.Defaults[at], true
}

// choice is a comment that explains one word after the other: a sentence each.
var choice = regexp.MustCompile(`^[a-z]+: `)

// firstSentence is enough of a comment for a line of a list.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if choice.MatchString(text) {
		return text
	}
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

func heading(text string) string { return text + "\n" }

const (
	indent = "    "
	width  = 84
)

// paragraph is a text, indented, in lines that fit a terminal.
func paragraph(text string) string {
	var out strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && len(line)+len(word) > width {
			out.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	return out.String() + strings.TrimRight(line, " ") + "\n"
}

// indented keeps the lines as they are.
func indented(text string) string {
	return indent + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+indent) + "\n"
}

func table(rows [][]string) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, indent+strings.Join(row, "\t"))
	}
	w.Flush()
	return out.String()
}
