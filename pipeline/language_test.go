package pipeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// language is the schema, for those who make values that it takes.
type language struct{ definitions cue.Value }

func readLanguage(t *testing.T) *language {
	t.Helper()
	dir := t.TempDir()
	overlay := map[string]load.Source{filepath.Join(dir, "cue.mod/module.cue"): load.FromString(schema.ModuleFile)}
	for name, text := range schema.Files() {
		overlay[filepath.Join(dir, schema.VendorDir, name)] = load.FromBytes(text)
	}
	config := &load.Config{Dir: dir, ModuleRoot: dir, Overlay: overlay}
	v := cuecontext.New().BuildInstance(load.Instances([]string{schema.ImportPath}, config)[0])
	if v.Err() != nil {
		t.Fatal(v.Err())
	}
	return &language{v}
}

// fields are all of the language, by the type of package spec that mirrors the
// definition. Those of a container are apart in each of its roles: Group.image,
// Init.image, Sidecar.image, Job.image.
func (l *language) fields() []string {
	out := map[string]bool{}
	var visit func(reflect.Type)
	visit = func(t reflect.Type) {
		switch t = shape(t, true); t.Kind() {
		case reflect.Map, reflect.Slice:
			visit(t.Elem())
		case reflect.Struct:
			for _, f := range manifest.Fields(t) {
				if name := t.Name() + "." + f.Name; !out[name] {
					out[name] = true
					visit(f.Type)
				}
			}
		}
	}
	visit(reflect.TypeFor[spec.App]())
	return slices.Sorted(maps.Keys(out))
}

// shape is the type that says what is below a value: none for a type that
// reads several forms, but a reference to a secret for a variable that is one.
func shape(t reflect.Type, isMap bool) reflect.Type {
	t = manifest.Deref(t)
	if isMap && t == reflect.TypeFor[spec.Value]() {
		return reflect.TypeFor[spec.KeyRef]()
	}
	if _, own := reflect.New(t).Interface().(json.Unmarshaler); own {
		return reflect.TypeFor[string]()
	}
	return t
}

// words are those that a field may be, if the schema lists them.
func (l *language) words(field string) []any {
	definition, name, _ := strings.Cut(field, ".")
	fields, err := l.definitions.LookupPath(cue.MakePath(cue.Def("#" + definition))).Fields(cue.Optional(true))
	for err == nil && fields.Next() {
		if strings.TrimRight(fields.Selector().String(), "?!") == name {
			return literals(fields.Value())
		}
	}
	return nil
}

func literals(v cue.Value) (out []any) {
	if op, args := v.Expr(); op == cue.OrOp {
		for _, arg := range args {
			out = append(out, literals(arg)...)
		}
	} else if s, err := v.String(); err == nil {
		out = append(out, s)
	}
	return out
}

var amount = regexp.MustCompile(`^[0-9]+`)

// seconds are other values that might fit where a value stands, the most
// likely first: another of the field's words, another number, a longer text.
func (l *language) seconds(u use) []any {
	switch v := u.value.(type) {
	case bool:
		return []any{!v}
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return []any{n + 1, n - 1}
		}
	case nil:
		return []any{true}
	case string:
		var out []any
		for _, word := range l.words(u.field) {
			if word != v {
				out = append(out, word)
			}
		}
		if number := amount.FindString(v); number != "" {
			n, _ := strconv.Atoi(number)
			out = append(out, fmt.Sprint(n+1)+v[len(number):])
		}
		return append(out, v+"x", v+"/x")
	}
	return nil
}

// tree is a struct of a spec.
type tree = map[string]any

func isLeaf(v any) bool {
	_, isMap := v.(tree)
	_, isList := v.([]any)
	return !isMap && !isList
}

// fieldSpec is a spec of testdata/fields: plain data, without expressions.
type fieldSpec struct {
	name    string
	tree    tree // the base
	uses    []use
	objects []string
	warned  map[string]bool // the rules that warn of the spec as it is
}

// use is a value of a spec and the field that it is, or is a part of.
type use struct {
	field   string // Storage.size
	path    spec.Path
	value   any
	isEntry bool // of a map, by a key of the user's
}

func fieldSpecs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/fields/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no specs: %v", err)
	}
	return files
}

// readSpec reads a spec, which may be warned about, and no more.
func readSpec(t *testing.T, file string) *fieldSpec {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := cuecontext.New().CompileBytes(text).LookupPath(cue.ParsePath("base")).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var base spec.Tree
	if err := json.Unmarshal(data, &base); err != nil {
		t.Fatal(err)
	}
	s := &fieldSpec{name: strings.TrimSuffix(filepath.Base(file), ".cue"), tree: tree(base)}
	plain, _ := printTree(s.tree)
	result := vet(t, t.TempDir(), plain)
	if result.Found.HasErrors() {
		t.Fatalf("%s: %v", file, reported(result.Found))
	}
	s.warned = map[string]bool{}
	for _, d := range result.Found {
		s.warned[d.Rule] = true
	}
	s.objects = printed(result)
	s.use(reflect.TypeFor[spec.App](), use{value: s.tree})
	return s
}

func (s *fieldSpec) key(u use) string { return s.name + " " + u.path.String() }

// use lists a value and what is below it.
func (s *fieldSpec) use(t reflect.Type, u use) {
	if len(u.path) > 0 {
		s.uses = append(s.uses, u)
	}
	fields, isMap := u.value.(tree)
	t = shape(t, isMap)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		at := u.path.Join(key)
		switch t.Kind() {
		case reflect.Struct:
			known := manifest.Fields(t)
			i := slices.IndexFunc(known, func(f manifest.JSONField) bool { return f.Name == key })
			s.use(known[i].Type, use{t.Name() + "." + key, at, fields[key], false})
		case reflect.Map:
			s.use(t.Elem(), use{u.field, at, fields[key], true})
		default:
			s.use(t, use{u.field, at, fields[key], false})
		}
	}
	list, _ := u.value.([]any)
	for i, below := range list {
		elem := t
		if t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		s.use(elem, use{u.field, u.path.Join(fmt.Sprint(i)), below, false})
	}
}

// replace is a copy of a tree with another value at a path.
func replace(v any, path spec.Path, value any) any {
	if len(path) == 0 {
		return value
	}
	if list, ok := v.([]any); ok {
		i, _ := strconv.Atoi(path[0])
		out := slices.Clone(list)
		out[i] = replace(list[i], path[1:], value)
		return out
	}
	out := tree{}
	if fields, ok := v.(tree); ok {
		maps.Copy(out, fields)
	}
	out[path[0]] = replace(out[path[0]], path[1:], value)
	return out
}

// rename is a copy of a tree with another key for the last of a path.
func rename(v any, path spec.Path) any {
	if len(path) > 1 {
		return replace(v, path[:1], rename(child(v, path[0]), path[1:]))
	}
	out := maps.Clone(v.(tree))
	out[otherKey(path[0])] = out[path[0]]
	delete(out, path[0])
	return out
}

func child(v any, name string) any {
	if list, ok := v.([]any); ok {
		i, _ := strconv.Atoi(name)
		return list[i]
	}
	return v.(tree)[name]
}

// otherKey is one that the schema takes where it takes the first.
func otherKey(key string) string {
	for _, pair := range [][2]string{{"peer", "local"}, {"client", "peer"}, {"metrics", "local"}, {"local", "peer"}, {"2Mi", "1Gi"}} {
		if key == pair[0] {
			return pair[1]
		}
	}
	return key + "x"
}

// span is some lines of a text.
type span struct{ first, last int }

func (s span) has(line int) bool { return s.first <= line && line <= s.last }

// printTree writes a spec with each value on a line of its own, and returns
// the lines of each path.
func printTree(tree any) (string, map[string]span) {
	p := &treePrinter{lines: map[string]span{}}
	p.WriteString("package fields\n\nbase: ")
	p.print(tree, nil)
	return p.String(), p.lines
}

type treePrinter struct {
	strings.Builder
	lines map[string]span
}

func (p *treePrinter) line() int { return 1 + strings.Count(p.String(), "\n") }

// print writes a value; a struct without others in it on one line, as users do.
func (p *treePrinter) print(v any, at spec.Path) {
	first := p.line()
	open, sep, end := "{\n", "\n", "}"
	if isFlat(v) {
		open, sep = "{", ", "
	}
	switch v := v.(type) {
	case tree:
		p.WriteString(open)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			p.WriteString(quote(key) + ": ")
			p.print(v[key], at.Join(key))
			p.WriteString(sep)
		}
		p.WriteString(end)
	case []any:
		p.WriteString("[\n")
		for i, e := range v {
			p.print(e, at.Join(fmt.Sprint(i)))
			p.WriteString(",\n")
		}
		p.WriteString("]")
	default:
		p.WriteString(print(v))
	}
	p.lines[at.String()] = span{first, p.line()}
}

func isFlat(v any) bool {
	fields, ok := v.(tree)
	for _, below := range fields {
		ok = ok && isLeaf(below)
	}
	return ok
}

// vet checks a spec of one file.
func vet(t *testing.T, dir, text string) *pipeline.Result {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := carried(dir, (*pipeline.Pipeline).Vet)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
