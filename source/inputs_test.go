package source

import (
	"errors"
	"github.com/statefulc/statefulc/schema"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue/build"
)

// ofMany is an application made of all that CUE knows to make a package of.
const ofMany = `
-- cue.mod/module.cue --
module: "example.com/apps@v0"
language: version: "v0.15.0"
-- cue.mod/pkg/other.com/sizes/sizes.cue --
package sizes

data: "1Gi"
-- cue.mod/gen/other.com/sizes/more.cue --
package sizes

log: "2Gi"
-- cue.mod/usr/other.com/sizes/own.cue --
package sizes

data: "1Gi"
-- statefulc.cue --
output: "out"
-- apps/parent.cue --
package shop

import "statefulc.dev/v1"

base: v1.#App & {name: "shop"}
-- apps/other.txt --
nothing
-- apps/shop/shop.cue --
package shop

import "example.com/apps/parts/db"

base: groups: main: db.#DB
-- apps/neighbour/n.cue --
package neighbour

base: {}
-- parts/defaults.cue --
package db

import "other.com/sizes"

#DB: {replicas: 1, placement: "any", storage: data: {mount: "/data", size: sizes.data, class: "fast"}}
-- parts/statefulc.cue --
package db

#DB: wrong: "this is no part of the package"
-- parts/db/db.cue --
package db

import "statefulc.dev/v1@v0"

#DB: v1.#Group & {image: "db:1"}
`

func writeFile(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, text, 0o666)); err != nil {
		t.Fatal(err)
	}
}

func inputs(t *testing.T, dir string) Inputs {
	t.Helper()
	in, err := new(Loader).Inputs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// Each file that CUE builds a package of is among the inputs, for all examples
// and specs of tests. CUE says itself which they are.
func TestInputsAreAllThatCUEReads(t *testing.T) {
	dirs := []string{filepath.Join(unpack(t, ofMany), "apps", "shop")}
	for _, root := range []string{"../examples", "../testdata"} {
		found, err := Applications(root, func(string, []fs.DirEntry) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, found...)
	}
	read := 0
	for _, dir := range dirs {
		d, err := newDirectory(dir, newShared(schema.Files()), new(disk))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.readable(); err != nil {
			t.Fatal(err)
		}
		in, err := new(Loader).Inputs(dir)
		instance, _, loadErr := d.instance()
		if err != nil || loadErr != nil || instance == nil {
			continue // it is no spec
		}
		eachFile(instance, func(file string) {
			read++
			if !slices.Contains(in.Files, file) {
				t.Errorf("%s: CUE reads %s", dir, file)
			}
		})
	}
	if read < 100 {
		t.Errorf("CUE read %d files only", read)
	}
}

// eachFile visits the files of a package and of those that it imports, but for
// the schema's.
func eachFile(in *build.Instance, visit func(string)) {
	for _, f := range in.BuildFiles {
		if !strings.HasPrefix(f.Filename, schemaDir) && filepath.Base(f.Filename) != RepositoryFile { // which is empty then
			visit(f.Filename)
		}
	}
	for _, imported := range in.Imports {
		eachFile(imported, visit)
	}
}

// A change of any input changes the sum, and nothing else does.
func TestSumOfInputs(t *testing.T) {
	dir := unpack(t, ofMany)
	app := filepath.Join(dir, "apps", "shop")
	if _, found, err := Load(app); err != nil || len(found) > 0 {
		t.Fatal(found, err) // or it would not be known to be read
	}
	before := inputs(t, app)
	counts := func(file, text string, want bool) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(file))
		old, err := os.ReadFile(path)
		writeFile(t, path, []byte(text))
		if got := inputs(t, app).Sum != before.Sum; got != want {
			t.Errorf("%s counts: %v", file, got)
		}
		if err == nil {
			writeFile(t, path, old)
		} else if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range before.Files {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		counts(rel, string(text)+"\n// a comment moves what is below it\n", true)
	}
	counts("apps/new.cue", "package shop\n", true)
	counts("new.cue", "package shop\n", true)
	counts("cue.mod/pkg/other.com/sizes/new.cue", "package sizes\n", true)
	counts("cue.mod/pkg/statefulc.dev/v1/app.cue", "package v1\n", true) // is another schema: a warning
	if err := os.RemoveAll(filepath.Join(dir, "cue.mod", "pkg", "statefulc.dev")); err != nil {
		t.Fatal(err)
	}

	counts("apps/other.txt", "something", false)
	counts("apps/neighbour/n.cue", "package neighbour\n", false)
	counts("statefulc.cue", "output: \"elsewhere\"\n", false)
	counts("parts/statefulc.cue", "package db\n", false)
	counts("apps/shop/deploy/base/x.yaml", "kind: Service\n", false)
	counts("apps/shop/.hidden.cue", "package shop\n", false)

	elsewhere := unpack(t, ofMany)
	if inputs(t, filepath.Join(elsewhere, "apps", "shop")).Sum != before.Sum {
		t.Error("where the module is counts")
	}
	t.Setenv("CUE_EXPERIMENT", "x")
	if inputs(t, app).Sum == before.Sum {
		t.Error("CUE_EXPERIMENT does not count")
	}
}

// Where imports may lead anywhere, or a file is none, nobody knows the inputs.
func TestUnknownInputs(t *testing.T) {
	for file, text := range map[string]string{
		"cue.mod/local-module.cue": "deps: {}",
		"apps/shop/bytes.cue":      "package shop // \xff",
		"parts/embeds.cue":         "@extern(embed)\npackage db\n_x: _ @embed(file=\"x.json\")\n",
	} {
		dir := unpack(t, ofMany)
		writeFile(t, filepath.Join(dir, file), []byte(text))
		if _, err := new(Loader).Inputs(filepath.Join(dir, "apps", "shop")); !errors.Is(err, ErrUnknownInputs) {
			t.Errorf("with %s: %v", file, err)
		}
	}
}
