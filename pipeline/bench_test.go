package pipeline_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/compiler"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
	"github.com/statefulc/statefulc/validate"
)

func BenchmarkBuild(b *testing.B) {
	overlay.Warm()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pipeline.Build("../examples/cassandra", pipeline.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// The stages of 100 generated specs with three environments each. One
// operation is one spec.
func BenchmarkStages(b *testing.B) {
	overlay.Warm()
	dirs := generated(b, 100)
	specs := make([][]spec.Environment, len(dirs))
	sets := make([][]*manifest.Set, len(dirs))
	stage := func(name string, run func(i int) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := run(i % len(dirs)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for i, dir := range dirs {
		specs[i], sets[i] = compiled(b, dir)
	}
	loader := new(source.Loader)
	stage("load", func(i int) error {
		_, _, err := loader.Load(dirs[i])
		return err
	})
	stage("compile", func(i int) error {
		for _, env := range specs[i] {
			compiler.Compile(env)
		}
		return nil
	})
	stage("validate", func(i int) error {
		for n, env := range specs[i] {
			validate.Spec(env)
			validate.Objects(sets[i][n], env.Index, env.App.Kubernetes)
		}
		return nil
	})
	stage("draft", func(i int) error {
		overlay.Draft(sets[i][0], map[string]*manifest.Set{specs[i][1].Name: sets[i][1], specs[i][2].Name: sets[i][2]})
		return nil
	})
	stage("emit and prove", func(i int) error {
		_, err := overlay.Emit(sets[i][0], map[string]*manifest.Set{specs[i][1].Name: sets[i][1], specs[i][2].Name: sets[i][2]})
		return err
	})
}

// generated are directories of specs that build.
func generated(b *testing.B, n int) (dirs []string) {
	b.Helper()
	root, specs := b.TempDir(), rapid.Custom(drawSpec)
	for seed := 0; len(dirs) < n; seed++ {
		dir := filepath.Join(root, strconv.Itoa(seed))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(specs.Example(seed)), 0o644); err != nil {
			b.Fatal(err)
		}
		if result, err := pipeline.Build(dir, pipeline.Options{}); err == nil && !result.Found.HasErrors() {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func compiled(b *testing.B, dir string) ([]spec.Environment, []*manifest.Set) {
	b.Helper()
	environments, _, err := source.Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	var sets []*manifest.Set
	for _, env := range environments {
		set, _ := compiler.Compile(env)
		sets = append(sets, set)
	}
	return environments, sets
}
