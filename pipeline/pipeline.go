// Package pipeline is the story of statefulc in one page: a spec is loaded,
// checked, compiled, checked again, and emitted as files.
//
// Every stage reports all that it sees, of a spec that CUE refuses on what it
// does not, and files are made only if there is no error. Nothing is written
// here: that is the command's work.
package pipeline

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/statefulc/statefulc/compiler"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/plain"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
	"github.com/statefulc/statefulc/tree"
	"github.com/statefulc/statefulc/validate"
)

// Environment is the base or an overlay: what was said and what it becomes.
type Environment struct {
	spec.Environment
	Objects *manifest.Set // nil if the spec has errors
}

// Result is what became of one directory.
type Result struct {
	Environments []Environment // the base first; what CUE refuses is left out
	Files        []overlay.File
	Found        diag.List // sorted; nothing may be written if it has errors
	Until        string    // the last day, from Options.Today, on which the same is found; "": any day
}

// Options are what a run is told beside the directory.
type Options struct {
	Today  string         // 2026-11-23: waivers until an earlier day are over; "": none is
	Layout overlay.Layout // which files are made

	// Unchecked leaves out the rules on objects, the API server's among them, and
	// the proof. It is for measuring what they cost: what comes out of it is of no use.
	Unchecked bool

	// Cache remembers results without errors, if there is one and a day. What is
	// remembered has no objects, and is of one Version of the program only.
	Cache   *cache.Cache
	Version string

	Patience time.Duration // how long CUE may take for a directory; 0: as [source.Loader] has it
}

// Pipeline carries applications through the stages, one after the other, and
// keeps what they share. The zero value is ready; goroutines need one each.
type Pipeline struct {
	Options
	loader source.Loader
}

// Build is [Pipeline.Build] for a single application.
func Build(dir string, o Options) (*Result, error) { return (&Pipeline{Options: o}).Build(dir) }

// Vet is [Pipeline.Vet] for a single application.
func Vet(dir string, o Options) (*Result, error) { return (&Pipeline{Options: o}).Vet(dir) }

// Build carries the application in dir through all stages, unless it is
// remembered what became of it. The error is for what could not be read, beside
// what was found until then, and for bugs of ours.
func (p *Pipeline) Build(dir string) (*Result, error) {
	return p.remembered(dir, p.Layout, p.build)
}

// Vet carries it as far as the checks go, without emitting files.
func (p *Pipeline) Vet(dir string) (*Result, error) {
	return p.remembered(dir, checks, p.vet)
}

func (p *Pipeline) build(dir string) (*Result, error) {
	go overlay.Warm()
	r, err := p.vet(dir)
	if err != nil || r.Found.HasErrors() {
		return r, err
	}
	overlays := map[string]*manifest.Set{}
	for _, env := range r.Environments[1:] {
		overlays[env.Name] = env.Objects
	}
	if p.Unchecked {
		r.Files = overlay.Draft(r.Environments[0].Objects, overlays)
	} else if r.Files, err = overlay.Emit(r.Environments[0].Objects, overlays); err != nil {
		return nil, fmt.Errorf("internal error, a bug of statefulc: %w", err)
	}
	if p.Layout == overlay.Rendered {
		for _, env := range r.Environments {
			r.Files = append(r.Files, overlay.Render(env.Name, env.Objects)...)
		}
	}
	return r, nil
}

func (p *Pipeline) vet(dir string) (*Result, error) {
	p.loader.Patience = p.Patience
	environments, found, err := p.loader.Load(dir)
	r := &Result{Found: found}
	if err != nil {
		return r, err
	}
	for _, env := range environments {
		r.Environments = append(r.Environments, Environment{Environment: env})
	}
	// What the compiler reports leaves something out of the objects; the rest is
	// judged all the same, so that one run tells all.
	waivers, whole := validate.Waivers{Rules: Rules(), Today: p.Today}, !found.HasErrors()
	var verdicts validate.Verdicts
	for i := range r.Environments {
		env := &r.Environments[i]
		objects, refused := compiler.Compile(env.Environment)
		env.Objects, whole = objects, whole && !refused.HasErrors()
		found := slices.Concat(validate.Spec(env.Environment), refused)
		if !p.Unchecked {
			judged := validate.Objects(objects, env.Index, env.App.Kubernetes, &verdicts).Except(refused)
			found = append(found, unread(blame(*env, judged, &verdicts), refused)...)
		}
		r.Found = append(r.Found, waivers.Judge(env.Environment, env.unnamed(certain(found, env.Environment).Sorted()))...)
	}
	if whole && !p.Unchecked {
		r.Found = append(r.Found, waivers.Unused()...)
	}
	r.Found, r.Until = r.Found.Sorted(), waivers.Until
	return r, nil
}

// Rules are all kinds of findings, by the stage that makes them. Nobody may
// change the list.
var Rules = sync.OnceValue(func() []diag.Rule {
	rules := slices.Clone(source.Rules)
	for _, r := range compiler.Reports {
		r.Final = true // what it refuses is not in the objects, waived or not
		rules = append(rules, r)
	}
	for _, r := range validate.Rules {
		rules = append(rules, r.Rule)
	}
	return slices.Concat(rules, validate.WaiverRules, plain.Rules, tree.Rules)
})
