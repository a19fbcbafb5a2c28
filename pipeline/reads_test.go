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
		c := s.draw(func(n int, of string) int { return rapid.IntRange(0, n-1).Draw(rt, of) })
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
			if v[key] = unwaived(below); reflect.DeepEqual(v[key], tree{}) && key != "scratch" {
				if len(below.(tree)) == 0 && slices.Contains([]string{"labels", "services", "storageClasses", "secrets", "jobs", "objects", "patches", "env", "ports", "storage", "scratch", "files", "secretFiles", "tls", "nodes", "init", "sidecars", "account", "annotations", "hugepages", "sysctls", "nodeSysctls", "select", "parameters", "claims"}, key) {
					delete(v, key)
				}
			}
		}
	case []any:
		for i := range v {
			v[i] = unwaived(v[i])
		}
	}
	return v
}

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
func (s *stated) draw(intn func(n int, of string) int) changed {
	rules := slices.Sorted(maps.Keys(s.byRule))
	specs := s.byRule[rules[intn(len(rules), "rule")]]
	of := specs[intn(len(specs), "spec")]
	at := of.places[intn(len(of.places), "place")]
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
	c := changed{of: of, path: at.path}
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
	other := replaced(c.of.tree, c.path, c.value)
	plain, _ := printTree(other)
	result := vet(t, dir, plain)
	if len(result.Environments) == 0 || slices.ContainsFunc(result.Found, func(d diag.Diagnostic) bool { return d.Rule == "cue" }) {
		return nil, false
	}
	if errs := without(errorsOf(result.Found), errorsOf(c.of.found)); len(errs) > 0 {
		return nil, false // what is wrong with it leaves out what else is found
	}
	before, after := c.told(c.of.env, c.of.found), c.told(result.Environments[0], result.Found)
	for _, s := range without(before, after) {
		wrong = append(wrong, "- "+s)
	}
	mended := slices.ContainsFunc(c.of.found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && (d.Path == c.path.String() || strings.HasPrefix(d.Path, c.path.String()+"."))
	})
	for _, s := range without(after, before) {
		if mended {
			break
		}
		wrong = append(wrong, "+ "+s)
	}
	return wrong, true
}

func errorsOf(found diag.List) (out []string) {
	for _, d := range found {
		if d.Severity == diag.Error {
			out = append(out, d.Rule+d.Path)
		}
	}
	return out
}

// told is what would be told while the place is refused.
func (c changed) told(env pipeline.Environment, found diag.List) (out []string) {
	env.Refused, env.Unsure = nil, nil
	app := *env.App
	app.Patches = maps.Clone(c.of.env.App.Patches)
	if env.App = &app; c.path[0] == "patches" && (len(c.path) == 2 || len(c.path) > 2 && c.path[2] == "target") {
		delete(app.Patches, c.path[1]) // nobody knows what it is for
	}
	if c.isStated {
		env.Unsure = []spec.Path{c.path}
	} else {
		env.Refused = []spec.Path{c.path}
	}
	for _, d := range env.Told(slices.Clone(found)) {
		out = append(out, strings.Join([]string{d.Rule, d.Path, d.Message, d.Fix}, " | "))
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
