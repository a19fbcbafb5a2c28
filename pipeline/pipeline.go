// Package pipeline is the story of statefulc in one page: a spec is loaded,
// checked, compiled, checked again, and emitted as files.
//
// A spec that CUE refuses goes no further. After that every stage reports all
// that it sees, and files are made only if there is no error. Nothing is
// written here: that is the command's work.
package pipeline

import (
	"fmt"
	"slices"

	"github.com/statefulc/statefulc/compiler"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/plain"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
	"github.com/statefulc/statefulc/validate"
)

// Environment is the base or an overlay: what was said and what it becomes.
type Environment struct {
	spec.Environment
	Objects *manifest.Set // nil if the spec has errors
}

// Result is what became of one directory.
type Result struct {
	Environments []Environment // the base first; none if CUE refuses the spec
	Files        []overlay.File
	Found        diag.List // sorted; nothing may be written if it has errors
}

// Build carries the application in dir through all stages. The error is for
// what could not be read, and for bugs of ours.
func Build(dir string) (*Result, error) {
	go overlay.Warm()
	r, err := Vet(dir)
	if err != nil || r.Found.HasErrors() {
		return r, err
	}
	overlays := map[string]*manifest.Set{}
	for _, env := range r.Environments[1:] {
		overlays[env.Name] = env.Objects
	}
	if r.Files, err = overlay.Emit(r.Environments[0].Objects, overlays); err != nil {
		return nil, fmt.Errorf("internal error, a bug of statefulc: %w", err)
	}
	return r, nil
}

// Vet carries it as far as the checks go, without emitting files.
func Vet(dir string) (*Result, error) {
	environments, found, err := source.Load(dir)
	if err != nil {
		return nil, err
	}
	r := &Result{Found: found}
	for _, env := range environments {
		r.Environments = append(r.Environments, Environment{Environment: env})
	}
	// What the compiler reports leaves something out of the objects; the rest is
	// judged all the same, so that one run tells all.
	for i := range r.Environments {
		env := &r.Environments[i]
		r.Found = append(r.Found, validate.Spec(env.Environment)...)
		objects, found := compiler.Compile(env.Environment)
		env.Objects, r.Found = objects, append(r.Found, found...)
		r.Found = append(r.Found, validate.Objects(objects, env.Index, env.App.Kubernetes)...)
	}
	r.Found = r.Found.Sorted()
	return r, nil
}

// Rules are all kinds of findings, by the stage that makes them.
func Rules() []diag.Rule {
	rules := slices.Concat(source.Rules, compiler.Reports)
	for _, r := range validate.Rules {
		rules = append(rules, r.Rule)
	}
	return append(rules, plain.Rules...)
}
