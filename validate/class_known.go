package validate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

var classKnown = Rule{
	Rule: diag.Rule{
		ID:       "class-known",
		Severity: diag.Warning,
		What:     "A storage class whose name is almost that of a class which the application brings along.",
		Why: `A class that is not stated under storageClasses is the cluster's, so any name is taken. If there is none of that name, the
claims wait for ever, and the pods with them.`,
		Fix:   "Write the name of the class, or state the other one under storageClasses.",
		Reads: diag.Reads{Own: ".class", App: "storageClasses.*"},
	},
	Spec: func(p *SpecPass) {
		known := slices.Sorted(maps.Keys(p.App.StorageClasses))
		eachStorage(p.App, func(at spec.Path, s spec.Storage) {
			if s.Class == nil || slices.Contains(known, *s.Class) {
				return
			}
			if hint := diag.DidYouMean(*s.Class, known); hint != "" {
				p.At(at.Join("class"), fmt.Sprintf("the class %q is none of the application's", *s.Class), hint)
			}
		})
	},
}

// eachStorage calls do for the storage of every container and job.
func eachStorage(app *spec.App, do func(spec.Path, spec.Storage)) {
	of := func(c spec.Container, at ...string) {
		for _, name := range slices.Sorted(maps.Keys(c.Storage)) {
			do(append(spec.Path{}, append(at, "storage", name)...), c.Storage[name])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(app.Groups)) {
		g := app.Groups[key]
		of(g.Container, "groups", key)
		for _, name := range slices.Sorted(maps.Keys(g.Init)) {
			of(g.Init[name].Container, "groups", key, "init", name)
		}
		for _, name := range slices.Sorted(maps.Keys(g.Sidecars)) {
			of(g.Sidecars[name].Container, "groups", key, "sidecars", name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(app.Jobs)) {
		of(app.Jobs[key].Container, "jobs", key)
	}
}
