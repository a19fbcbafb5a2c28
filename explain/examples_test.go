package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"

	"github.com/statefulc/statefulc/schema"
)

// use is a value of a spec, with the path to it, as CUE.
type use struct {
	text string
	real bool // of an example, not of a test
}

// long is an example that is worse than an artificial one.
const long = 200

// examplesOf are the shortest uses of all fields: of examples/ where they are
// short enough, else of testdata/fields. A computed field is shown as it is used,
// or with its value.
func examplesOf(t *testing.T, b *Book) map[string]string {
	t.Helper()
	uses := map[string][]use{}
	for _, file := range glob(t, "../examples/*/*.cue") {
		b.collect(uses, true, readBase(t, filepath.Dir(file)))
	}
	for _, file := range glob(t, "../testdata/fields/*.cue") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		with := strings.Replace(string(text), "\nbase: {", "\nimport \"statefulc.dev/v1\"\n\nbase: v1.#App & {", 1)
		if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(with), 0o644); err != nil {
			t.Fatal(err)
		}
		b.collect(uses, false, readBase(t, dir))
	}
	out := map[string]string{ // a base shows neither
		"Bundle.base":       `base: v1.#App & {name: "db", …}`,
		"Repository.output": `output: "gitops"`,
		"Repository.layout": `layout: "rendered"`,
		"Bundle.overlays":   `overlays: prod: groups: db: replicas: 5`,
	}
	for key, of := range uses {
		out[key] = slices.MinFunc(of, func(a, b use) int {
			return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(len(a.text), len(b.text)), cmp.Compare(a.text, b.text))
		}).text
	}
	for _, p := range b.places() {
		if out[p.key()] == "" && p.Of == "Waiver" {
			out[p.key()] = `waive: "the-rule": reason: "why it is meant"` // which rule is about what changes
		}
		if line := lineWith(t, p.Name); p.Computed && line != "" && len(line) < 100 {
			out[p.key()] = line
		} else if p.Computed {
			out[p.key()] = "// " + out[p.key()]
		}
	}
	return out
}

// rank puts what is real and short before the rest.
func (u use) rank() int {
	if u.real && len(u.text) <= long {
		return 0
	}
	return 1
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: nothing, %v", pattern, err)
	}
	return files
}

// lineWith is the shortest line of the examples that uses a computed field of a
// group; "" if none does.
func lineWith(t *testing.T, field string) string {
	t.Helper()
	used := regexp.MustCompile(`\b(G|groups\.\w+)\.` + regexp.QuoteMeta(field) + `\b`)
	var lines []string
	for _, file := range glob(t, "../examples/*/*.cue") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if used.MatchString(line) && !strings.Contains(line, "//") {
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return slices.MinFunc(lines, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

// readBase evaluates the base of a spec, without the defaults of package spec.
func readBase(t *testing.T, dir string) map[string]any {
	t.Helper()
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]load.Source{filepath.Join(abs, "cue.mod/module.cue"): load.FromString(schema.ModuleFile)}
	for name, text := range schema.Files() {
		overlay[filepath.Join(abs, schema.VendorDir, name)] = load.FromBytes(text)
	}
	config := &load.Config{Dir: abs, ModuleRoot: abs, Overlay: overlay}
	v := cuecontext.New().BuildInstance(load.Instances([]string{"."}, config)[0])
	data, err := v.LookupPath(cue.ParsePath("base")).MarshalJSON()
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	var base map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&base); err != nil {
		t.Fatal(err)
	}
	return base
}

// frame puts a value where it stands.
type frame func(any) any

func at(outer frame, key string) frame {
	return func(v any) any { return outer(map[string]any{key: v}) }
}

func in(outer frame) frame {
	return func(v any) any { return outer([]any{v}) }
}

// collect finds the uses of all fields in a spec.
func (b *Book) collect(uses map[string][]use, real bool, base map[string]any) {
	var visit func(definition string, v map[string]any, f frame)
	visit = func(definition string, v map[string]any, f frame) {
		for _, name := range slices.Sorted(maps.Keys(v)) {
			b.visitField(uses, real, definition, name, v[name], at(f, name), visit)
		}
	}
	visit("App", base, func(v any) any { return v })
}

func (b *Book) visitField(uses map[string][]use, real bool, definition, name string, v any, f frame, visit func(string, map[string]any, frame)) {
	p, ok := b.fieldOf(definition, name)
	if !ok || isEmpty(p, v) {
		return // below what a user states freely, or nothing
	}
	parts(v, p, p.Depth, f, func(value any, f frame) {
		uses[p.key()] = append(uses[p.key()], use{printed(f(b.stated(p.Of, value))), real})
		if fields, ok := value.(map[string]any); ok && p.Of != "" {
			visit(p.Of, fields, f)
		}
	})
	nested, _ := v.(map[string]any)
	for _, below := range slices.Sorted(maps.Keys(nested)) {
		if _, ok := b.fieldOf(definition, name+"."+below); ok {
			b.visitField(uses, real, definition, name+"."+below, nested[below], at(f, below), visit)
		}
	}
}

// parts are what the maps and lists of a field hold, one at a time. Where that
// is no definition, an entry of a map is one.
func parts(v any, p place, depth int, f frame, visit func(any, frame)) {
	fields, isMap := v.(map[string]any)
	list, isList := v.([]any)
	switch {
	case isMap && depth > 0 && (p.Of != "" || depth == p.Depth):
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			parts(fields[key], p, depth-1, at(f, key), visit)
		}
	case isList && depth > 0 && p.Of != "":
		for _, elem := range list {
			parts(elem, p, depth-1, in(f), visit)
		}
	default:
		visit(v, f)
	}
}

// stated is a value of a definition without what the schema makes of it: empty
// maps and lists, and what is computed.
func (b *Book) stated(definition string, v any) any {
	fields, ok := v.(map[string]any)
	if !ok || definition == "" {
		return v
	}
	out := map[string]any{}
	for name, value := range fields {
		p, known := b.fieldOf(definition, name)
		if known && (p.Computed || isEmpty(p, value)) {
			continue
		}
		out[name] = b.statedBelow(p, p.Depth, value)
	}
	return out
}

func (b *Book) statedBelow(p place, depth int, v any) any {
	if depth == 0 || p.Of == "" {
		return b.stated(p.Of, v)
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = b.statedBelow(p, depth-1, value)
		}
		return out
	case []any:
		var out []any
		for _, elem := range v {
			out = append(out, b.statedBelow(p, depth-1, elem))
		}
		return out
	}
	return v
}

func isEmpty(p place, v any) bool {
	fields, isMap := v.(map[string]any)
	list, isList := v.([]any)
	return p.Depth > 0 && (isMap && len(fields) == 0 || isList && len(list) == 0)
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// printed is a value as a user would write it, without the outermost braces.
func printed(v any) string {
	if fields := v.(map[string]any); len(fields) == 1 {
		return printLines(v, "")
	}
	return printLine(v)
}

// printLines breaks what is too long for a line.
func printLines(v any, indent string) string {
	if line := printLine(v); len(indent)+len(line) <= 76 {
		return line
	}
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 1 {
			return label(keys[0]) + ": " + printLines(v[keys[0]], indent)
		}
		var out strings.Builder
		for _, key := range keys {
			fmt.Fprintf(&out, "\n%s\t%s: %s", indent, label(key), printLines(v[key], indent+"\t"))
		}
		return "{" + out.String() + "\n" + indent + "}"
	case []any:
		var out strings.Builder
		for _, elem := range v {
			fmt.Fprintf(&out, "\n%s\t%s,", indent, inBraces(elem, printLines(elem, indent+"\t")))
		}
		return "[" + out.String() + "\n" + indent + "]"
	}
	return printLine(v)
}

func printLine(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, label(key)+": "+printLine(v[key]))
		}
		if len(fields) == 1 {
			return fields[0]
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		var elems []string
		for _, elem := range v {
			elems = append(elems, inBraces(elem, printLine(elem)))
		}
		return "[" + strings.Join(elems, ", ") + "]"
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // it was decoded a moment ago
	}
	return strings.TrimSpace(out.String())
}

// inBraces is a struct in a list, which cannot do without them.
func inBraces(v any, text string) string {
	if fields, ok := v.(map[string]any); ok && len(fields) == 1 {
		return "{" + text + "}"
	}
	return text
}

func label(key string) string {
	if identifier.MatchString(key) {
		return key
	}
	return fmt.Sprintf("%q", key)
}

// tableOf is examples.go.
func tableOf(examples map[string]string) string {
	var out strings.Builder
	out.WriteString("// Code generated by UPDATE=1 go test ./explain; DO NOT EDIT.\n\npackage explain\n\n// examples are the shortest uses of all fields in examples/ and testdata/fields.\nvar examples = map[string]string{\n")
	for _, key := range slices.Sorted(maps.Keys(examples)) {
		fmt.Fprintf(&out, "\t%q: `%s`,\n", key, examples[key])
	}
	out.WriteString("}\n")
	return out.String()
}
