package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const applications = `
-- plain/app.cue --
package plain

import "statefulc.dev/v1"

base: v1.#App & {name: "plain"}
-- plain/second/app.cue --
// Not in a module, so that no parent is a part of it.
package plain

base: v1.#App
-- quoted/app.cue --
package quoted

"base": name: "quoted"
-- later/app.cue --
package later

_x: "\(base.name)"
base: name: "later"
-- typo/app.cue --
package typo

Base: name: "typo"
overlays: prod: {}
-- embedded/app.cue --
package embedded

{base: name: "embedded"}
-- template/app.cue --
package template

import "example.com/template"

template.#App & {x: 1}
-- condition/app.cue --
package condition

if true {base: 1}
-- nopackage/app.cue --
base: name: "nopackage"
-- broken/app.cue --
package broken

x: {
-- worse/app.cue --
"
-- library/lib.cue --
package library

#base: 1
_base: 2
base?: 3
base!: 3
x: base: 4
y: {base: 5}
z: [base]: 6
overlays!: {}
-- library/base.yaml --
base: 1
-- library/ignored.cue --
@ignore()

package library

base: 1
-- library/_x.cue --
package library

base: 1
-- library/x_tool.cue --
package library

base: 1
-- library/x_test.cue --
package library

base: 1
-- library/cue.mod/pkg/x/x.cue --
package x

base: 1
-- .hidden/app.cue --
package hidden

base: 1
-- _drafts/app.cue --
package drafts

base: 1
-- skipped/app.cue --
package skipped

base: 1
-- other/statefulc.cue --
-- other/app/app.cue --
package app

base: 1
-- module/cue.mod/module.cue --
module: "example.com/m@v0"
language: version: "v0.14.0"
-- module/shared.cue --
package apps

base: 1
-- module/statefulc/statefulc.md --
-- module/one/app.cue --
package apps

overlays: prod: {}
-- module/two/team.cue --
package apps
-- module/two/deep/app.cue --
package apps

x: 1
-- module/three/app.cue --
package three

x: 1
-- module/inner/cue.mod/module.cue --
module: "example.com/inner@v0"
language: version: "v0.14.0"
-- module/inner/app.cue --
package apps

x: 1
`

func unpack(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestApplications(t *testing.T) {
	dir := unpack(t, applications)
	for below, want := range map[string][]string{
		".": {
			"broken", "condition", "embedded", "later", "module/one", "module/two/deep", "nopackage", "plain", "plain/second", "quoted", "template", "typo", "worse",
		},
		"plain/second":    {"plain/second"},
		"module":          {"module/one", "module/two/deep"},
		"module/two":      {"module/two/deep"},
		"module/two/deep": {"module/two/deep"},
		"module/inner":    nil,
		"other":           {"other/app"},
		"library":         nil,
	} {
		var asked []string
		found, err := Applications(filepath.Join(dir, below), func(dir string, entries []fs.DirEntry) bool {
			asked = append(asked, dir)
			return filepath.Base(dir) == "skipped"
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, app := range found {
			rel, err := filepath.Rel(dir, app)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(rel))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("below %s: -want +got\n%s", below, diff)
		}
		if all := len(asked); len(slices.Compact(slices.Sorted(slices.Values(asked)))) != all {
			t.Errorf("below %s: a directory was asked about twice: %v", below, asked)
		}
	}
}

// The loader has the same opinion: what is found is a package with a base, or
// has an error to tell; what is not found has none.
func TestApplicationsAreWhatLoads(t *testing.T) {
	dir := unpack(t, applications)
	found, err := Applications(dir, func(string, []fs.DirEntry) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	loader := new(Loader)
	for _, library := range []string{"library", "module/three", "module/inner"} {
		if slices.Contains(found, filepath.Join(dir, library)) {
			t.Errorf("%s is found", library)
		}
		_, refused, err := loader.Load(filepath.Join(dir, library))
		if err != nil || len(refused) == 0 || !strings.Contains(fmt.Sprint(refused), "base") && !strings.Contains(fmt.Sprint(refused), "unknown field") {
			t.Errorf("%s: %v %v", library, refused, err)
		}
	}
}

// A thousand applications are found in a fraction of the time that one command
// takes to start; the tokens up to the base are read, no more.
func BenchmarkApplications(b *testing.B) {
	example, err := os.ReadFile("../examples/cassandra/cassandra.cue")
	if err != nil {
		b.Fatal(err)
	}
	var archive strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&archive, "-- apps/team%d/app%d/app.cue --\n%s-- apps/team%d/app%d/deploy/statefulc.sum --\n", i%20, i, example, i%20, i)
	}
	dir := unpack(b, archive.String())
	for b.Loop() {
		found, err := Applications(dir, func(string, []fs.DirEntry) bool { return false })
		if err != nil || len(found) != 1000 {
			b.Fatal(len(found), err)
		}
	}
}

func TestFindRepository(t *testing.T) {
	dir := unpack(t, "-- statefulc.cue --\npackage any\n\noutput: \"out/put\"\n-- a/b/x --\n-- inner/statefulc.cue --\n-- inner/a/x --\n")
	for at, want := range map[string]struct{ root, output string }{
		".": {".", "out/put"}, "a/b": {".", "out/put"}, "a/b/x": {".", "out/put"}, "gone/away": {".", "out/put"}, "inner/a": {"inner", ""},
	} {
		r, found, err := FindRepository(filepath.Join(dir, at))
		if err != nil || found != nil || r == nil || r.Root != filepath.Join(dir, want.root) || r.Output != want.output {
			t.Errorf("%s: %+v %v %v", at, r, found, err)
		}
	}
	if r, found, err := FindRepository(t.TempDir()); r != nil || found != nil || err != nil {
		t.Errorf("nowhere: %+v %v %v", r, found, err)
	}
}

// What is wrong in statefulc.cue is told where it is written.
func TestRepositoryErrors(t *testing.T) {
	for text, want := range map[string]string{
		`output: "gitops/all"`:         "[]",
		`output: "."`:                  `1:9 "." does not fit`,
		`output: "../x"`:               `1:9 "../x" does not fit`,
		`output: "a/../x"`:             `1:9 "a/../x" does not fit`,
		`output: "a/"`:                 `1:9 "a/" does not fit`,
		`output: ""`:                   `1:9 "" does not fit`,
		`output: 1`:                    `1:9 1 is no`,
		"\noutput: string":             `2:1 output has no value`,
		"\n\noutptu: 1":                `3:1 unknown field "outptu"`,
		"output: {":                    `1:10 a } is missing`,
		"output: x":                    `1:9 reference "x" not found`,
		`import "strings"`:             `1:8 imported and not used`,
		"output: \"a\"\noutput: \"b\"": `1:9 conflicting values`,
	} {
		dir := unpack(t, "-- statefulc.cue --\n"+text+"\n")
		r, found, err := FindRepository(dir)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		got := "[]"
		if len(found) > 0 {
			got = fmt.Sprintf("%d:%d %s", found[0].Pos.Line, found[0].Pos.Col, found[0].Message)
			if found[0].Pos.File != filepath.Join(dir, RepositoryFile) || found[0].Fix == "" {
				t.Errorf("%s: %+v", text, found[0])
			}
		}
		if !strings.Contains(got, want) || r == nil || len(found) > 0 && r.Output != "" {
			t.Errorf("%s: want %s, got %s", text, want, got)
		}
	}
}
