package source

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// What the outline takes the schema takes, and both make the same of it, from
// the same places: of every example, of every text that tests something else,
// most of them wrong, and of what asks what the outline does not know.
func TestOutline(t *testing.T) {
	quick := schemas{outline: newShared(outlined().files), judge: newJudge(newShared(schema.Files()))}
	whole, taken := newShared(schema.Files()), map[string]int{}
	for i, dir := range specs(t) {
		if i%100 == 99 { // contexts grow
			quick.outline, whole = newShared(outlined().files), newShared(schema.Files())
		}
		outline, err := newDirectory(dir, nil, new(disk))
		if err != nil {
			t.Fatal(err)
		}
		outline.schemas = quick
		got, ok := outline.quick()
		if !ok {
			continue
		}
		kind := filepath.Base(filepath.Dir(dir))
		taken[kind]++
		all, err := newDirectory(dir, whole, new(disk))
		if err != nil {
			t.Fatal(err)
		}
		want := all.look()
		if want.err != nil || len(want.found) > 0 {
			t.Errorf("%s: the outline takes what the schema does not: %v %v", dir, want.err, want.found)
			continue
		}
		if diff := cmp.Diff(want.environments, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(spec.Environment{}, "Index")); diff != "" {
			t.Errorf("%s: -schema +outline\n%s", dir, diff)
		}
		if kind == "specs" {
			continue // of their places, rules' fixtures say what they have to be
		}
		for i, env := range got {
			for path := range pathsOf(t, env.App) {
				if want, got := want.environments[i].Index.Find(path), env.Index.Find(path); !cmp.Equal(want, got) {
					t.Errorf("%s: %s: %v: the schema has it from %v, the outline from %v", dir, env.Name, path, want, got)
				}
			}
		}
	}
	t.Log(taken)
	if taken["examples"] < 16 || taken["specs"] < 100 || taken["asking"] < 3 || taken["0"] != 1 {
		t.Errorf("the outline takes too few: %v", taken)
	}
}

// specs are directories with one spec each: the examples, and a copy of each
// file of testdata.
func specs(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("../examples/*")
	if err != nil {
		t.Fatal(err)
	}
	copies := filepath.Join(t.TempDir(), "specs")
	for _, pattern := range []string{"mistakes/*.cue", "schema/*.cue", "fields/*.cue", "generated/*.cue", "report/*.cue", "validate/*/*.cue"} {
		files, err := filepath.Glob("../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(copies, strconv.Itoa(len(dirs)))
			write(t, dir, map[string]string{"a.cue": string(text)})
			dirs = append(dirs, dir)
		}
	}
	for i, rest := range asking {
		dir := filepath.Join(copies, "asking", strconv.Itoa(i))
		write(t, dir, map[string]string{"a.cue": "package a\n" + rest})
		dirs = append(dirs, dir)
	}
	for i, library := range libraries {
		root := filepath.Join(copies, "library", strconv.Itoa(i))
		write(t, root, map[string]string{
			"cue.mod/module.cue": "module: \"example.com/shop@v0\"\nlanguage: version: \"" + schema.LanguageVersion + "\"\n",
			"lib/lib.cue":        library,
			"app/app.cue": `package app
import "example.com/shop/lib"
overlays: [_]: base
base: lib.#App & {name: "a", groups: db: replicas: *3 | _}
overlays: dev: groups: db: replicas: 1
`})
		dirs = append(dirs, filepath.Join(root, "app"))
	}
	return dirs
}

// libraries are packages that specs are made of: one that the outline takes, one
// that asks what it does not know, and one with a mistake.
var libraries = []string{
	`package lib
import "statefulc.dev/v1"
#App: v1.#App & {groups: [_]: {image: "a:1", placement: "any", cpu: *"1" | _}}
`,
	`package lib
import "statefulc.dev/v1"
#App: v1.#App & {name: _, labels: [if name != _|_ {a: "b"}, {}][0], groups: [_]: {image: "a:1", placement: "any"}}
`,
	`package lib
import "statefulc.dev/v1"
#App: v1.#App & {groups: [_]: {image: "a:1", placement: "any", cpu: *"1 core" | _}}
`,
}

const plainApp = `
import "statefulc.dev/v1"
overlays: [_]: base
base: v1.#App & {name: "a", groups: db: {image: "a:1", replicas: *3 | _, placement: "any", cpu: *"1" | _}}
overlays: dev: groups: db: replicas: 1
`

// asking are specs that come out differently without all that the schema has or
// refuses, or differ in what nobody sees.
var asking = []string{
	plainApp + `base: groups: db: args: [for k, _ in base.groups.db if k != "args" && k != "dns" {k}]`,
	plainApp + `base: {let X = groups.db, groups: db: command: [for k, _ in X if k != "command" && k != "dns" {k}]}`,
	plainApp + `base: groups: db: command: [for x in [base.groups.db] for k, _ in x if k != "command" && k != "dns" {k}]`,
	plainApp + `base: groups: db: command: ["\(len(base))"]`,
	plainApp + `base: groups: db: env: {if base.groups.db.labels == _|_ {A: "none"}, if base.labels != _|_ {B: "some"}}`,
	plainApp + `base: groups: db: env: {if (base.groups.db & {nothing: 1}) != _|_ {A: "open"}}`,
	plainApp + `base: groups: db: env: {if (base.groups.db & {cpu: "1 core"}) != _|_ {A: "any"}}`,
	plainApp + `base: groups: db: env: *base.groups.db.sysctls | {A: "b"}`,
	plainApp + `base: groups: db: args: ['YQ==']`,
	plainApp + `base: groups: db: args: ["YQ=="]`,
	plainApp + `_copy: base & {groups: db: cpu: "1 core"}`,
	plainApp + `_copy: v1.#Group & {cpu: "1 core"}`,
	plainApp + `base: _copy: base.groups & {db: cpu: "1 core"}`,
	plainApp + `base: groups: db: #size: *"small" | "large"`,
	plainApp + `base: groups: db: cpu: "1 core"`,
	plainApp + `base: groups: db: cpu: *"1 core" | "2"`,
	plainApp + `base: groups: db: cpu: null`,
	plainApp + `base: groups: db: user: 999.0`,
	plainApp + `base: groups: db: grace?: "10m"`,
	plainApp + `base: groups: db: nothing: 1`,
	plainApp + `base: groups: db: storage: Data: {mount: "/a", size: "1Gi"}`,
	plainApp + `base: groups: db: storage: data: {mount: "/a"}`,
	plainApp + `base: groups: db: storage: data: {mount: "/a", size: "1Gi", nothing: 1}`,
	plainApp + `base: groups: db: ready: {exec: ["a"], nothing: 1}`,
	plainApp + `base: groups: db: env: "a b": "c"`,
	plainApp + `base: groups: db: env: A: {secret: "s"}`,
	plainApp + `base: groups: db: init: a: {order: 1}`,
	plainApp + `base: groups: db: init: a: {image: "a:1", order: "1"}`,
	plainApp + `base: jobs: a: {image: "a:1", schedule: "now"}`,
	plainApp + `base: groups: db: #f: text: base.name`,
	plainApp + `base: groups: db: files: "/x": {#f, reload: true}, #f: text: "a"`,
	plainApp + `base: groups: db: {ready: {
	#live, delay: "1s"}, live: #live}, #live: exec: ["a"]`,
	plainApp + `base: groups: db: matchN(1, [{labels: {...}}, {user: int}])`,
}

// pathsOf are the paths of what an application states, as deep as findings
// mostly are: groups.db.ready.exec.
func pathsOf(t *testing.T, app *spec.App) func(func(spec.Path) bool) {
	t.Helper()
	text, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	var below func(in spec.Path, v any, yield func(spec.Path) bool) bool
	below = func(in spec.Path, v any, yield func(spec.Path) bool) bool {
		if !yield(in) {
			return false
		}
		if len(in) == 4 {
			return true
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if !below(in.Join(name), v[name], yield) {
					return false
				}
			}
		case []any:
			for i, e := range v {
				if !below(in.Join(strconv.Itoa(i)), e, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(spec.Path) bool) { below(nil, parsed(t, text), yield) }
}
