package source

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/schema"
)

// definition is one of the schema's, by the lines where it stands: CUE names
// the place where a value was refused, and people know the name that is there.
type definition struct {
	file        string
	first, last int
	name        string // Quantity
	isChoice    bool   // between values that have no name of their own
	says        string // is a size or an amount, …
}

// readDefinitions finds all of them. The schema is part of the binary and
// parses, or newShared has panicked.
var readDefinitions = sync.OnceValue(func() []definition {
	var out []definition
	for file, text := range schema.Files() {
		syntax, err := parser.ParseFile(file, text, parser.ParseComments)
		if err != nil {
			panic(err)
		}
		for _, decl := range syntax.Decls {
			field, ok := decl.(*ast.Field)
			if !ok {
				continue
			}
			label := field.Label.(*ast.Ident).Name
			out = append(out, definition{
				file: file, first: field.Pos().Line(), last: field.End().Line(),
				name:     strings.TrimPrefix(label, "#"),
				isChoice: isChoice(field.Value),
				says:     strings.TrimSpace(strings.TrimPrefix(comment(field), label)),
			})
		}
	}
	return out
})

func isChoice(x ast.Expr) bool {
	binary, ok := x.(*ast.BinaryExpr)
	return ok && binary.Op == token.OR
}

// definitionAt is the definition that a place in the schema is in.
func (l *shared) definitionAt(pos token.Pos) (definition, bool) {
	file, line := path.Base(strings.ReplaceAll(pos.Filename(), `\`, "/")), pos.Line()
	at := slices.IndexFunc(l.all, func(d definition) bool { return d.file == file && d.first <= line && line <= d.last })
	if at < 0 || !strings.HasPrefix(pos.Filename(), schemaDir) {
		return definition{}, false
	}
	return l.all[at], true
}

// isWord reports whether d is what a text may be: those have a file of their
// own. A number is a number, whatever it counts.
func (d definition) isWord() bool { return d.file == "words.cue" && d.name != "Natural" }

// words is the name as people say it: port name.
func (d definition) words() string {
	return strings.ToLower(strings.TrimSpace(capital.ReplaceAllString(d.name, " $1")))
}

var capital = regexp.MustCompile(`([A-Z])`)

// sentence says what d is: a port name has …
func (d definition) sentence() string {
	article := "a "
	if strings.ContainsAny(d.words()[:1], "aeiou") {
		article = "an "
	}
	return article + d.words() + " " + strings.TrimSuffix(d.says, ".") + "."
}
