package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
		var verdicts validate.Verdicts
		for n, env := range specs[i] {
			validate.Spec(env)
			validate.Objects(sets[i][n], env.Index, env.App.Kubernetes, &verdicts)
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

// A repository of generated specs with three environments each, as one process
// on one core goes through it. Heap is the most that was live at once: it grows
// with the largest spec and with what a CUE context keeps of a hundred, not
// with the number of specs. `make profile` takes the thousand of the issue.
func BenchmarkRepository(b *testing.B) {
	overlay.Warm()
	dirs := generated(b, 1000)
	carry := func(name string, n int, do func(*pipeline.Pipeline, string) (*pipeline.Result, error)) {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			for b.Loop() {
				p, most := new(pipeline.Pipeline), uint64(0)
				for i, dir := range dirs[:n] {
					if result, err := do(p, dir); err != nil || result.Found.HasErrors() {
						b.Fatal(dir, err)
					}
					if i%25 == 0 {
						most = max(most, live())
					}
				}
				b.ReportMetric(float64(most)/(1<<20), "heap-MB")
			}
		})
	}
	for _, n := range []int{100, len(dirs)} {
		carry("vet", n, (*pipeline.Pipeline).Vet)
		carry("build", n, (*pipeline.Pipeline).Build)
	}
}

// live is the heap that is in use.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// generated are directories of specs that build.
func generated(b *testing.B, n int) (dirs []string) {
	b.Helper()
	p, root, specs := new(pipeline.Pipeline), b.TempDir(), rapid.Custom(drawSpec)
	for seed := 0; len(dirs) < n; seed++ {
		dir := filepath.Join(root, strconv.Itoa(seed))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(specs.Example(seed)), 0o644); err != nil {
			b.Fatal(err)
		}
		if result, err := p.Vet(dir); err == nil && !result.Found.HasErrors() {
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
