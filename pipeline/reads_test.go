package pipeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"
	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// What a rule reads is what its findings are judged by: whatever else has
// another value, is stated or is not, they are the same, in the same words. The
// specs are those of the tests; a field gets values that it has in others.
//
//	go test ./pipeline -run TestRulesRead -timeout 0 -rapid.checks=100000
func TestRulesRead(t *testing.T) {
	s := readStated(t)
	few(t, "400")
	total, compared := 0, 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		c := s.draw(false, func(n int, of string) int { return rapid.IntRange(0, n-1).Draw(rt, of) })
		total++
		wrong, ok := c.judge(t, dir)
		if ok {
			compared++
		}
		for _, w := range wrong {
			rt.Errorf("%s: %v is %s: %s", c.of.name, c.path, asData(c.value), w)
		}
	})
	t.Logf("%d changes, %d of them accepted", total, compared)
}

// While CUE refuses something, all is told that is known without it: what is
// found in the spec where that is right, whatever it is, and nothing else. A
// value is refused for its type, or a field for its name.
func TestToldBeside(t *testing.T) {
	s := readStated(t)
	few(t, "150")
	total, compared := 0, 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		intn := func(n int, of string) int { return rapid.IntRange(0, n-1).Draw(rt, of) }
		c := s.draw(true, intn)
		wrong, ok := c.beside(t, dir, intn(len(refusals), "refused"))
		total++
		if ok {
			compared++
		}
		for _, w := range wrong {
			rt.Errorf("%s: %v is refused, or %s: %s", c.of.name, c.path, asData(c.value), w)
		}
	})
	t.Logf("%d changes, %d of them refused", total, compared)
}

// refusals are what makes CUE refuse a value, or a field by its name.
var refusals = []func(v any, path spec.Path) any{
	func(v any, path spec.Path) any { return replace(v, path, "?! ") },
	func(v any, path spec.Path) any { return replace(v, path, -1) },
	func(v any, path spec.Path) any { return replace(v, path, tree{}) },
	misspelt,
	func(v any, path spec.Path) any { return replace(v, path.Join("refused"), -1) },
}

// misspelt is a copy of a tree with a letter more in the last name of a path.
func misspelt(v any, path spec.Path) any {
	name := path[len(path)-1]
	value := child2(v, path)
	return replace(replaced(v, path, nil), path[:len(path)-1].Join(name[:1]+"_"+name[1:]), value)
}

// beside compares what is told while the place is refused with what is found if
// it is not, as it was and as it is changed. Not ok if it is not refused.
func (c changed) beside(t *testing.T, dir string, how int) (wrong []string, ok bool) {
	value := child2(c.of.tree, c.path)
	if _, isMap := value.(tree); value == nil || isMap && how < 3 || !isMap && how == 4 {
		return nil, false // what is in it would be gone too
	}
	refused, _ := printTree(refusals[how](c.of.tree, c.path))
	while := vet(t, dir, refused)
	if !slices.ContainsFunc(while.Found, func(d diag.Diagnostic) bool { return d.Rule == "cue" }) || len(while.Environments) == 0 {
		return nil, false
	}
	env := while.Environments[0].Environment
	got := inFull(while.Found)
	before := told(env, c.of.env, c.of.found)
	if c.isMended() {
		got = slices.DeleteFunc(got, func(s string) bool { return !slices.Contains(before, s) })
	}
	if !isThere(env, c.path) { // it is refused by its name, and nobody knows what is lacking
		before = slices.DeleteFunc(before, func(s string) bool { return !slices.Contains(got, s) })
	}
	wrong = different(before, got)
	hasStandIn := slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return p.String() == c.path.String() })
	if result, ok := c.vet(t, dir); ok && !(hasStandIn && c.value == nil) && how < 4 {
		after := told(env, result.Environments[0], result.Found)
		if c.isMended() || !isThere(env, c.path) {
			after = slices.DeleteFunc(after, func(s string) bool { return !slices.Contains(got, s) })
		}
		for _, w := range different(after, got) {
			wrong = append(wrong, "if it is changed: "+w)
		}
	}
	return wrong, true
}

// isThere reports whether it is known of a place that it is refused, or has a
// stand-in.
func isThere(env spec.Environment, path spec.Path) bool {
	return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool {
		n := min(len(p), len(path))
		return slices.Equal(p[:n], path[:n])
	})
}

// stated are accepted specs, and what their fields are.
type stated struct {
	specs  []*statedSpec
	byRule map[string][]*statedSpec
	values map[string][]any // by field: Storage.size
	keys   map[string][]string
	words  *language
}

// statedSpec is a base or an overlay as plain data, without waivers.
type statedSpec struct {
	name   string
	tree   tree
	found  diag.List
	env    pipeline.Environment
	places []spot
}

// spot is where a spec states something, or could.
type spot struct {
	use
	isStated bool
}

// changed is a spec with another value at one place; nil: without any.
type changed struct {
	of       *statedSpec
	path     spec.Path
	value    any
	isStated bool // before and after
	isEntry  bool // of a map, by a key of the user's
}

func readStated(t *testing.T) *stated {
	s := &stated{byRule: map[string][]*statedSpec{}, values: map[string][]any{}, keys: map[string][]string{}, words: readLanguage(t)}
	for _, pattern := range []string{"validate/*/*.cue", "report/*.cue", "fields/*.cue", "generated/*.cue", "mistakes/*.cue", "schema/*.cue", "../examples/*/*.cue"} {
		files, err := filepath.Glob("../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			s.read(t, strings.TrimPrefix(strings.TrimSuffix(file, ".cue"), "../testdata/"), file)
		}
	}
	for _, all := range s.keys {
		slices.Sort(all)
	}
	return s
}

// read takes the environments of a file that CUE accepts.
func (s *stated) read(t *testing.T, name, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, tree := range environments(t, string(text)) {
		plain, _ := printTree(tree)
		result := vet(t, dir, plain)
		if len(result.Environments) == 0 || slices.ContainsFunc(result.Found, func(d diag.Diagnostic) bool { return d.Rule == "cue" }) {
			continue
		}
		one := &statedSpec{name: name, tree: tree, found: result.Found, env: result.Environments[0]}
		s.visit(one, reflect.TypeFor[spec.App](), use{value: tree})
		s.specs = append(s.specs, one)
		seen := map[string]bool{}
		for _, d := range result.Found {
			if !seen[d.Rule] {
				seen[d.Rule] = true
				s.byRule[d.Rule] = append(s.byRule[d.Rule], one)
			}
		}
		_ = i
	}
}

// environments are the base and the overlays of a spec, as data; none of one
// that CUE refuses.
func environments(t *testing.T, text string) (out []tree) {
	dir := "/app"
	overlay := map[string]load.Source{filepath.Join(dir, "cue.mod/module.cue"): load.FromString(schema.ModuleFile), filepath.Join(dir, "app.cue"): load.FromString(text)}
	for name, text := range schema.Files() {
		overlay[filepath.Join(dir, schema.VendorDir, name)] = load.FromBytes(text)
	}
	v := cuecontext.New().BuildInstance(load.Instances([]string{"."}, &load.Config{Dir: dir, ModuleRoot: dir, Overlay: overlay, Env: []string{"CUE_REGISTRY=none"}})[0])
	take := func(v cue.Value) {
		var one spec.Tree
		if data, err := v.MarshalJSON(); err == nil && json.Unmarshal(data, &one) == nil {
			out = append(out, plainly(tree(one)))
		}
	}
	take(v.LookupPath(cue.ParsePath("base")))
	overlays, err := v.LookupPath(cue.ParsePath("overlays")).Fields()
	for err == nil && overlays.Next() {
		take(overlays.Value())
	}
	return out
}

// plainly is what a user would write: without what is computed, and waivers.
func plainly(app tree) tree {
	groups, _ := app["groups"].(tree)
	for _, g := range groups {
		if g, ok := g.(tree); ok {
			delete(g, "name")
			delete(g, "dns")
		}
	}
	return unwaived(app).(tree)
}

func unwaived(v any) any {
	switch v := v.(type) {
	case tree:
		delete(v, "waive")
		for key, below := range v {
			v[key] = unwaived(below)
			if list, ok := below.([]any); ok && len(list) == 0 || slices.Contains(maps_, key) && reflect.DeepEqual(v[key], tree{}) {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = unwaived(v[i])
		}
	}
	return v
}

// maps_ are there though nobody states them.
var maps_ = []string{"labels", "services", "storageClasses", "secrets", "jobs", "objects", "patches", "env", "ports", "storage", "scratch", "files", "secretFiles", "tls", "nodes", "init", "sidecars", "account", "annotations", "hugepages", "sysctls", "nodeSysctls", "select", "parameters"}

// visit lists the places at a value and below, and what fields have there.
func (s *stated) visit(of *statedSpec, t reflect.Type, u use) {
	if len(u.path) > 0 {
		of.places = append(of.places, spot{u, u.value != nil})
		s.note(u)
	}
	fields, isMap := u.value.(tree)
	t = shape(t, isMap)
	if isMap && t.Kind() == reflect.Struct {
		for _, f := range manifest.Fields(t) {
			if f.Name != "waive" && f.Name != "dns" && !(f.Name == "name" && t.Name() == "Group") {
				s.visit(of, f.Type, use{t.Name() + "." + f.Name, u.path.Join(f.Name), fields[f.Name], false})
			}
		}
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		elem := t
		if t.Kind() == reflect.Map {
			elem = t.Elem()
		}
		s.visit(of, elem, use{u.field + ".*", u.path.Join(key), fields[key], true})
		if !slices.Contains(s.keys[u.field+".*"], key) {
			s.keys[u.field+".*"] = append(s.keys[u.field+".*"], key)
		}
	}
	list, _ := u.value.([]any)
	for i, below := range list {
		elem := t
		if t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		s.visit(of, elem, use{u.field + ".*", u.path.Join(fmt.Sprint(i)), below, false})
	}
	if t.Kind() == reflect.Map && (isMap || u.value == nil) {
		of.places = append(of.places, spot{use{u.field + ".*", u.path.Join(""), nil, true}, false})
	}
}

func (s *stated) note(u use) {
	if u.value != nil && !slices.ContainsFunc(s.values[u.field], func(v any) bool { return reflect.DeepEqual(v, u.value) }) {
		s.values[u.field] = append(s.values[u.field], u.value)
	}
}

// draw changes a spec in which a rule finds something.
func (s *stated) draw(isStated bool, intn func(n int, of string) int) changed {
	rules := slices.Sorted(maps.Keys(s.byRule))
	specs := s.byRule[rules[intn(len(rules), "rule")]]
	of := specs[intn(len(specs), "spec")]
	at := of.places[intn(len(of.places), "place")]
	for range 20 {
		if at.isStated || !isStated {
			break
		}
		at = of.places[intn(len(of.places), "another place")]
	}
	if at.isEntry && !at.isStated {
		keys := s.keys[at.field]
		if len(keys) == 0 {
			keys = []string{"x"}
		}
		at.path = at.path[:len(at.path)-1].Join(keys[intn(len(keys), "key")])
		at.isStated = child2(of.tree, at.path) != nil
	}
	values := s.values[at.field]
	if at.isStated {
		values = append(slices.Clone(values), s.words.seconds(at.use)...)
		values = append(values, nil)
	}
	c := changed{of: of, path: at.path, isEntry: at.isEntry}
	if len(values) > 0 {
		c.value = values[intn(len(values), "value")]
	}
	c.isStated = at.isStated && c.value != nil
	return c
}

func child2(v any, path spec.Path) any {
	for _, name := range path {
		fields, ok := v.(tree)
		if !ok {
			return nil
		}
		v = fields[name]
	}
	return v
}

// judge says what is told otherwise of the changed spec, though it is certain
// while the place is refused. Not ok if CUE refuses what it was changed to.
func (c changed) judge(t *testing.T, dir string) (wrong []string, ok bool) {
	result, ok := c.vet(t, dir)
	if !ok {
		return nil, false
	}
	app := *c.of.env.App
	app.Patches = maps.Clone(app.Patches)
	if c.path[0] == "patches" && (len(c.path) == 2 || len(c.path) > 2 && c.path[2] == "target") {
		delete(app.Patches, c.path[1]) // nobody knows what it is for
	}
	refused := spec.Environment{App: &app, Refused: []spec.Path{c.path}}
	if c.isStated {
		refused.Refused, refused.Unsure = nil, refused.Refused
	}
	before, after := told(refused, c.of.env, c.of.found), told(refused, result.Environments[0], result.Found)
	if c.isMended() {
		after = slices.DeleteFunc(after, func(s string) bool { return !slices.Contains(before, s) })
	}
	return different(before, after), true
}

// vet judges what a spec was changed to. Not ok if it is refused: what is wrong
// with it leaves out what else is found.
func (c changed) vet(t *testing.T, dir string) (*pipeline.Result, bool) {
	other, _ := printTree(replaced(c.of.tree, c.path, c.value))
	result := vet(t, dir, other)
	ok := len(result.Environments) > 0 && len(without(errorsOf(result.Found), errorsOf(c.of.found))) == 0
	return result, ok
}

// isMended reports whether there is something wrong with the place before it is
// changed, which may leave out what is found then.
func (c changed) isMended() bool {
	return slices.ContainsFunc(c.of.found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && (d.Path == c.path.String() || strings.HasPrefix(d.Path, c.path.String()+"."))
	})
}

// told is what would be told of an environment if something were refused.
func told(refused spec.Environment, env pipeline.Environment, found diag.List) (out []string) {
	app := *env.App
	app.Patches = refused.App.Patches
	env.App, env.Refused, env.Unsure = &app, refused.Refused, refused.Unsure
	return inFull(env.Told(slices.Clone(found)))
}

func inFull(found diag.List) (out []string) {
	for _, d := range found {
		if d.Rule != "cue" {
			out = append(out, strings.Join([]string{d.Rule, d.Path, d.Message}, " | "))
		}
	}
	return out
}

// different is what is in one list alone.
func different(before, after []string) (out []string) {
	for _, s := range without(before, after) {
		out = append(out, "- "+s)
	}
	for _, s := range without(after, before) {
		out = append(out, "+ "+s)
	}
	return out
}

func errorsOf(found diag.List) (out []string) {
	for _, d := range found {
		if d.Severity == diag.Error {
			out = append(out, d.Rule+d.Path)
		}
	}
	return out
}

// replaced is a copy of a tree with another value at a path; nil: without any.
func replaced(v any, path spec.Path, value any) any {
	if value != nil {
		return replace(v, path, value)
	}
	above := child2(v, path[:len(path)-1])
	if fields, ok := above.(tree); ok {
		fields = maps.Clone(fields)
		delete(fields, path[len(path)-1])
		return replace(v, path[:len(path)-1], fields)
	}
	return v
}

func asData(v any) string {
	if v == nil {
		return "left out"
	}
	text, _ := json.Marshal(v)
	return string(text)
}
