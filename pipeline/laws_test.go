package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/spec"
	owned "github.com/statefulc/statefulc/tree"
)

// fataler is what laws need of a test: rapid has its own.
type fataler interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// checkLaws builds the application in dir twice and holds it to what is true
// of every application.
func checkLaws(t fataler, dir string) *pipeline.Result {
	t.Helper()
	once := checkOnce(t, dir)
	again, err := pipeline.Build(dir, options)
	if err != nil {
		t.Fatalf("second build: %v", err)
	}
	if diff := cmp.Diff(texts(once.Files), texts(again.Files)); diff != "" {
		t.Errorf("other bytes the second time:\n%s", diff)
	}
	if diff := cmp.Diff(once.Found, again.Found); diff != "" {
		t.Errorf("other findings the second time:\n%s", diff)
	}
	return once
}

// checkOnce holds the application to the laws of one build. That kustomize
// builds the files back to the compiled objects is proved by the build itself.
func checkOnce(t fataler, dir string) *pipeline.Result {
	t.Helper()
	once, err := carried(dir, (*pipeline.Pipeline).Build)
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	for _, d := range once.Found {
		if d.Pos.Line == 0 || d.Fix == "" {
			t.Errorf("a finding without an address or a remedy: %+v", d)
		}
	}
	if once.Found.HasErrors() {
		if len(once.Files) > 0 {
			t.Errorf("%d files in spite of errors", len(once.Files))
		}
		return once
	}
	base := once.Environments[0]
	for _, env := range once.Environments {
		originsExist(t, env)
		linksPoint(t, env)
		changesAreBlamed(t, base, env)
	}
	return once
}

// Every leaf of every object came from somewhere, and where it came from was
// written by the user.
func originsExist(t fataler, env pipeline.Environment) {
	t.Helper()
	for _, o := range env.Objects.Objects {
		manifest.Leaves(o.Tree(), func(f manifest.Field, _ any) {
			from := o.Trace(f)
			if len(from) == 0 {
				t.Errorf("%s: %v: %v comes from nowhere", env.Name, o.Ref(), f)
			}
			for _, path := range from {
				// What is left out is told at the nearest thing above it; only
				// namespace and domain have nothing above but the application.
				origin := env.Index.Find(path)
				if !origin.Pos.IsValid() || len(origin.Path) == 0 && path[0] != "namespace" && path[0] != "domain" {
					t.Errorf("%s: %v: %v comes from %v, which nobody wrote", env.Name, o.Ref(), f, path)
				}
			}
		})
	}
}

// Every link leads from the spec: its path is one that the spec's types have.
func linksPoint(t fataler, env pipeline.Environment) {
	t.Helper()
	for _, o := range env.Objects.Objects {
		for _, l := range o.Links {
			if !exists(reflect.TypeOf(env.App), l.From) {
				t.Errorf("%s: %v: %v is linked to %v, which no spec has", env.Name, o.Ref(), l.Field(), l.From)
			}
		}
	}
}

// exists reports whether a value of type t can have something at path.
func exists(t reflect.Type, path spec.Path) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, own := reflect.New(t).Interface().(json.Unmarshaler); own || len(path) == 0 {
		return true // a type that reads several forms knows its paths itself
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return exists(t.Elem(), path[1:])
	case reflect.Struct:
		for _, f := range manifest.Fields(t) {
			if f.Name == path[0] {
				return exists(f.Type, path[1:])
			}
		}
	}
	return false
}

// What differs between the base and an overlay came from a part of the spec
// that differs too, and from a narrower one than the group as a whole.
func changesAreBlamed(t fataler, base, env pipeline.Environment) {
	t.Helper()
	for _, o := range env.Objects.Objects {
		old := ofName(base.Objects, o.Ref())
		if old == nil {
			continue
		}
		was, anywhere := leaves(old), elements(old)
		manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
			if before, ok := was[f.String()]; ok && reflect.DeepEqual(before, v) || anywhere[element(f, v)] {
				return
			}
			if _, ok := was[f.String()]; !ok && isOfNew(t, base, env, o, f) {
				return
			}
			if slices.ContainsFunc(o.Trace(f), func(path spec.Path) bool { return differs(t, base, env, path) }) {
				return
			}
			t.Errorf("%s: %v: %v changed to %v, and is blamed on %v", env.Name, o.Ref(), f, v, o.Trace(f))
		})
	}
}

// ofName finds an object in whatever namespace it is.
func ofName(set *manifest.Set, ref manifest.Ref) *manifest.Object {
	for _, o := range set.Objects {
		other := o.Ref()
		if other.Namespace = ref.Namespace; other == ref {
			return o
		}
	}
	return nil
}

// isOfNew reports whether a field is part of something that came from what
// differs: a container that is new, with the image of one that is not.
func isOfNew(t fataler, base, env pipeline.Environment, o *manifest.Object, f manifest.Field) bool {
	for n := range f {
		for _, path := range o.Trace(f[:n]) {
			if differs(t, base, env, path) {
				return true
			}
		}
	}
	return false
}

// differs reports whether a path narrower than a group differs from the base.
func differs(t fataler, base, env pipeline.Environment, path spec.Path) bool {
	return !reflect.DeepEqual(at(t, base.App, path), at(t, env.App, path)) && (len(path) != 2 || path[0] != "groups")
}

// elements are the values of an object in lists whose elements have no names:
// where one is added, those behind it move and are the same.
func elements(o *manifest.Object) map[string]bool {
	out := map[string]bool{}
	manifest.Leaves(o.Tree(), func(f manifest.Field, v any) { out[element(f, v)] = true })
	delete(out, "")
	return out
}

var position = regexp.MustCompile(`\[[0-9]+\]`)

// element is a value and its field without positions; "" if it has none.
func element(f manifest.Field, v any) string {
	if field := position.ReplaceAllString(f.String(), "[]"); field != f.String() {
		return fmt.Sprint(field, v)
	}
	return ""
}

func leaves(o *manifest.Object) map[string]any {
	out := map[string]any{}
	manifest.Leaves(o.Tree(), func(f manifest.Field, v any) { out[f.String()] = v })
	return out
}

// at is the value of a spec at a path; nil where there is none.
func at(t fataler, app *spec.App, path spec.Path) any {
	t.Helper()
	text, err := json.Marshal(app)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v", err)
	}
	for _, name := range path {
		switch below := v.(type) {
		case map[string]any:
			v = below[name]
		case []any:
			return below // lists are compared whole: an element has no name
		default:
			return nil
		}
	}
	return v
}

func texts(files []overlay.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		out[f.Path] = string(f.Data)
	}
	return out
}

// The examples keep the laws, have nothing to complain about, and are
// committed as they are built.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			result := checkLaws(t, dir)
			for _, d := range result.Found {
				t.Errorf("%v: %s", d.Pos, d.Message)
			}
			deploy := &owned.Tree{Dir: filepath.Join(dir, "deploy"), Of: "..", Header: overlay.Header, Files: map[string][]byte{}}
			for _, f := range result.Files {
				deploy.Files[f.Path] = f.Data
			}
			if os.Getenv("UPDATE") != "" {
				if _, bad, err := deploy.Build(true); err != nil || len(bad) > 0 {
					t.Fatal(bad, err)
				}
			}
			at, err := deploy.Compare()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range deploy.Findings(at.Changes) {
				t.Errorf("UPDATE=1 go test ./... renews it: %v: %s", d.Pos, d.Message)
			}
			if t.Failed() {
				t.Logf("-committed +built\n%s", deploy.Diff(at.Changes))
			}
			if diff := cmp.Diff(committed(t, deploy.Dir), slices.Sorted(maps.Keys(deploy.Files))); diff != "" {
				t.Errorf("-committed +built\n%s", diff)
			}
		})
	}
}

// committed are the files of a tree: there are no others.
func committed(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, file); err == nil && !d.IsDir() && rel != owned.Inventory {
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The schema takes the versions that the API server's rules know, and their
// patch releases; no newer or older one.
func TestSchemaKnowsTheVersions(t *testing.T) {
	dir := t.TempDir()
	for _, version := range append(apiserver.Versions(), "1.30", "1.31.0", "1.37.99", "1.38", "1.4", "2.31", "1.35.007", "1.351", "1.35.") {
		result := vet(t, dir, fmt.Sprintf(`package app

import "statefulc.dev/v1"

base: v1.#App & {name: "db", kubernetes: %q, groups: db: {image: "db:1", replicas: 1, placement: "any"}}
`, version))
		if takes := !result.Found.HasErrors(); takes != apiserver.IsKnown(version) {
			t.Errorf("%q: the schema takes it: %v", version, takes)
		}
	}
}
