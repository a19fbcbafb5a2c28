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
	"sync"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// stated are accepted specs, and what their fields are.
type stated struct {
	byRule map[string][]*statedSpec // by what is found in them
	values map[string][]any         // by field: Storage.size
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

var readStated struct {
	sync.Once
	*stated
}

// allStated are those of the tests and the examples, read once.
func allStated(t *testing.T) *stated {
	t.Helper()
	readStated.Do(func() { readStated.stated = newStated(t) })
	return readStated.stated
}

func newStated(t *testing.T) *stated {
	t.Helper()
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
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, tree := range environments(string(text)) {
		plain, _ := printTree(tree)
		result := vet(t, dir, plain)
		if len(result.Environments) == 0 || slices.ContainsFunc(result.Found, func(d diag.Diagnostic) bool { return d.Rule == "cue" }) {
			continue
		}
		one := &statedSpec{name: name, tree: tree, found: result.Found, env: result.Environments[0]}
		s.visit(one, reflect.TypeFor[spec.App](), use{value: tree})
		seen := map[string]bool{}
		for _, d := range result.Found {
			if !seen[d.Rule] {
				seen[d.Rule] = true
				s.byRule[d.Rule] = append(s.byRule[d.Rule], one)
			}
		}
	}
}

// environments are the base and the overlays of a spec, as data; none of one
// that CUE refuses.
func environments(text string) (out []tree) {
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

// unwaived is a value without waivers, and what is empty.
func unwaived(v any) any {
	switch v := v.(type) {
	case tree:
		delete(v, "waive")
		for key, below := range v {
			v[key] = unwaived(below)
			list, isList := below.([]any)
			if isList && len(list) == 0 || slices.Contains(ofNames, key) && reflect.DeepEqual(v[key], tree{}) {
				delete(v, key) // it is there though nobody states it
			}
		}
	case []any:
		for i := range v {
			v[i] = unwaived(v[i])
		}
	}
	return v
}

// ofNames are maps that are there if nobody states them.
var ofNames = []string{"labels", "services", "storageClasses", "secrets", "jobs", "objects", "patches", "env", "ports", "storage", "scratch", "files", "secretFiles", "tls", "nodes", "init", "sidecars", "account", "annotations", "hugepages", "sysctls", "nodeSysctls", "select", "parameters"}

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

// note remembers a value of a field.
func (s *stated) note(u use) {
	if u.value != nil && !slices.ContainsFunc(s.values[u.field], func(v any) bool { return reflect.DeepEqual(v, u.value) }) {
		s.values[u.field] = append(s.values[u.field], u.value)
	}
}

// draw changes a spec in which a rule finds something, at a place where something
// is stated if that is asked for.
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
		at.isStated = valueAt(of.tree, at.path) != nil
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

// valueAt is a value of a tree; nil if there is none.
func valueAt(v any, path spec.Path) any {
	for _, name := range path {
		switch above := v.(type) {
		case tree:
			v = above[name]
		case []any:
			v = child(above, name)
		default:
			return nil
		}
	}
	return v
}
