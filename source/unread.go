package source

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
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
		d.Message = importFailed(e)
		d.Fix = fmt.Sprintf("Import %q, packages of CUE's standard library or of the same module; nothing is fetched.", schema.ImportPath)
	case strings.HasPrefix(d.Message, "imported and not used"):
		d.Fix = "Delete the import."
	case unused.MatchString(d.Message):
		d.Fix = fmt.Sprintf("Use it, or leave out %s.", unused.FindStringSubmatch(d.Message)[1])
	case unfound.MatchString(d.Message):
		d.Fix = stated(unfound.FindStringSubmatch(d.Message)[1])
	default:
		l.ungrammatical(d)
	}
}

func importFailed(failed errors.Error) string {
	for _, e := range errors.Errors(errors.Unwrap(failed)) {
		if t := text(e); t != "" {
			t, _, _ = strings.Cut(t, ": cannot find module providing") // says the same again
			return "import failed: " + t
		}
	}
	return "import failed"
}

var (
	unfound   = regexp.MustCompile(`^reference "(.+)" not found$`)
	undefined = regexp.MustCompile(`^undefined field: (.+)$`)
	unused    = regexp.MustCompile(`^unreferenced alias or let clause (.+)$`)
)

// library are packages of CUE's standard library, by the names that specs use them by.
var library = map[string]string{
	"base64": "encoding/base64", "hex": "encoding/hex", "json": "encoding/json", "list": "list", "math": "math", "net": "net",
	"path": "path", "regexp": "regexp", "sha256": "crypto/sha256", "strconv": "strconv", "strings": "strings", "struct": "struct",
	"template": "text/template", "time": "time", "v1": schema.ImportPath, "yaml": "encoding/yaml",
}

// stated is the remedy for a name that nothing has.
func stated(name string) string {
	if path, ok := library[name]; ok {
		return fmt.Sprintf("Add `import %q` below the package clause.", path)
	}
	return fmt.Sprintf("Write it in quotes if it is a text, %q; else define it.", name)
}

// slips of the pen and of other languages, by what a line looks like.
var slips = []struct {
	line *regexp.Regexp
	fix  string
}{
	{regexp.MustCompile(`^\s*#($|[^A-Za-z_"]|.*[^:]$)`), "Comments begin with //."},
	{regexp.MustCompile(`^\s*[A-Za-z_]\w*\s*=[^~=]`), "Put a colon between a name and its value: `name: value`."},
	{regexp.MustCompile(`^\s*(.*: )?[A-Za-z0-9_]+-[-A-Za-z0-9_.]*:`), "Names with a dash or a dot stand in quotes: `\"my-name\": value`."},
	{regexp.MustCompile(`^\s*(.*: )?[A-Za-z0-9_]+[./][-A-Za-z0-9_./]*:`), "Names with a dash or a dot stand in quotes: `\"my-name\": value`."},
	{regexp.MustCompile(`^\s*- `), "Lists stand in brackets: `[a, b]`."},
	{regexp.MustCompile(`\{\{.*\}\}`), "There are no templates here: CUE computes values itself, `\"\\(name)-x\"`."},
}

// errors of CUE's parser and what to do about them.
var grammar = []struct{ message, fix string }{
	{"missing ','", "Put a comma between the two, or each on a line of its own."},
	{"not terminated", "Close the text with a quote."},
	{"found 'EOF'", "Close what is open: a brace is missing above."},
	{"illegal character", "Write it in quotes, or leave it out."},
}

// ungrammatical finds the line that was written wrong: CUE complains about it,
// or about the one below.
func (l *directory) ungrammatical(d *diag.Diagnostic) {
	lines := l.lines(d.Pos.File)
	for n := d.Pos.Line; n > 0 && n > d.Pos.Line-2 && n <= len(lines); n-- {
		for _, s := range slips {
			if s.line.MatchString(lines[n-1]) {
				if n != d.Pos.Line {
					d.Pos.Line, d.Pos.Col = n, 1+len(lines[n-1])-len(strings.TrimLeft(lines[n-1], " \t"))
				}
				d.Fix = s.fix
				return
			}
		}
	}
	d.Fix = "CUE cannot read the file; see the line."
	for _, g := range grammar {
		if strings.Contains(d.Message, g.message) {
			d.Fix = g.fix
			return
		}
	}
}

// lines are those of a file that a position names.
func (l *directory) lines(display string) []string {
	file := display
	if rel, err := filepath.Rel(l.dir, display); err == nil {
		file = filepath.Join(l.abs, rel)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil // CUE has read it, and complains about it: the remedy is a general one
	}
	return strings.Split(string(text), "\n")
}

// firstSlips leaves out what CUE says of the lines after a slip: where it finds
// its way again is a guess, and often the end of the file.
func firstSlips(found diag.List) diag.List {
	found = found.Sorted()
	var out diag.List
	for i, d := range found {
		grammatical := unfound.MatchString(d.Message) || strings.HasPrefix(d.Message, "import")
		if i > 0 && !grammatical && d.Pos.File == found[i-1].Pos.File && (d.Pos.Line <= found[i-1].Pos.Line+1 || strings.Contains(d.Message, "'EOF'")) {
			continue
		}
		out = append(out, d)
	}
	return out
}

// defined is the remedy for a field that is not in the struct where it is
// looked for.
func (l *directory) defined(v cue.Value, c *complaint, name string) string {
	return l.another(name, selected(lookup(v, c.path), name))
}

// another is the remedy for a name that is none of those that are known.
func (l *directory) another(name string, known []string) string {
	if strings.HasPrefix(name, "#") {
		known = append(known, labels(l.definitions)...)
	}
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
