// Package overlay writes compiled objects as a kustomize tree: base/ with one
// object a file, and for each environment overlays/<env>/ with the patches
// that turn the base into it.
//
// Overlays are computed, not written: every environment is compiled whole, and
// what differs from the base becomes the smallest patch that a reviewer can
// read, or an entry of images and replicas where these fields of kustomize do
// just that. A patch is a strategic merge wherever kustomize's own schema merges
// the way we need, which is not the way the API server does. Lists that
// kustomize would replace, claim templates before all, are edited by JSON 6902
// with tests that make the build fail if the base is not the one we compiled.
//
// Nothing is taken on trust: [Emit] builds each overlay in process with
// kustomize and compares it with the compiled objects before it returns.
//
// The package refuses to put labels or names on objects by kustomize's
// transformers: they reach into selectors and claim templates, which nobody
// can change later. It writes no disk, and it is the only package that knows
// kustomize.
package overlay

import (
	"cmp"
	"maps"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/statefulc/statefulc/manifest"
)

// File is one file of the tree. Path is slash-separated and relative to the
// output directory.
type File struct {
	Path string
	Data []byte
}

// Emit returns the files of base/ and of overlays/<env>/ for each environment,
// sorted by path. They are proved: kustomize builds them to just the objects
// of base and envs, so callers need no [Prove] of their own.
//
// An error is a bug of ours. It names the environment, the object and the
// field in which the build differs, and there are no files then.
func Emit(base *manifest.Set, envs map[string]*manifest.Set) ([]File, error) {
	return emitter{fields: plan.withFields, merge: strategic, edit: operations}.emit(base, envs)
}

// Draft returns the files that [Emit] would try first, without their proof: to
// measure what it costs, and not to be applied.
func Draft(base *manifest.Set, envs map[string]*manifest.Set) []File {
	from := objects(base)
	all := baseFiles(from)
	for _, env := range slices.Sorted(maps.Keys(envs)) {
		all = append(all, compare(from, objectsBeside(envs[env], from)).withFields().files(overlayDir(env), strategic)...)
	}
	return sorted(all)
}

// Warm makes kustomize parse its OpenAPI document, which takes 110 ms, once.
// Run it in a goroutine beside loading; everything works without it, later.
func Warm() {
	openapi.SchemaForResourceType(kyaml.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"})
}

// Print writes the objects of a set as one YAML stream, for a person or for
// kubectl: in the order in which kustomize would have them applied, storage
// classes and configuration first.
func Print(set *manifest.Set) []byte {
	objs := objects(set)
	slices.SortStableFunc(objs, applyOrder)
	var out []byte
	for i, o := range objs {
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, encode(ordered(o.tree, o.typ))...)
	}
	return out
}

func applyOrder(a, b *object) int {
	switch {
	case a.gvk().IsLessThan(b.gvk()):
		return -1
	case b.gvk().IsLessThan(a.gvk()):
		return 1
	}
	return 0
}

// patcher makes the patch that turns one object into another of its name.
type patcher func(base, want *object) change

// emitter holds the ways to write a difference. Emit has one emitter; tests
// break another on purpose, to see that the proof catches it.
type emitter struct {
	fields func(plan) plan // what kustomize has words for
	merge  patcher         // how a person would write the rest
	edit   patcher         // how a machine would: always right, less readable
}

func (e emitter) emit(base *manifest.Set, envs map[string]*manifest.Set) ([]File, error) {
	from := objects(base)
	files := baseFiles(from)
	if err := asError(check(files, baseDir, from)); err != nil {
		return nil, err
	}
	all := slices.Clone(files)
	for _, env := range slices.Sorted(maps.Keys(envs)) {
		own, err := e.overlay(files, overlayDir(env), from, objectsBeside(envs[env], from))
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return sorted(all), nil
}

func sorted(files []File) []File {
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files
}

// overlay writes fields and merges first and then looks what kustomize makes of
// them. If anything comes out wrong there are no fields, and objects that come
// out wrong then are edited instead; the rest stays readable.
func (e emitter) overlay(baseFiles []File, dir string, base, want []*object) ([]File, error) {
	p := compare(base, want)
	write := func(p plan, patch patcher) ([]File, []mismatch) {
		files := p.files(dir, patch)
		return files, check(slices.Concat(baseFiles, files), dir, want)
	}
	files, wrong := write(e.fields(p), e.merge)
	if len(wrong) == 0 {
		return files, nil
	}
	if files, wrong = write(p, e.merge); len(wrong) == 0 {
		return files, nil
	}
	files, wrong = write(p, func(base, want *object) change {
		if suspect(wrong, want.Ref) {
			return e.edit(base, want)
		}
		return e.merge(base, want)
	})
	if len(wrong) > 0 {
		return nil, asError(wrong)
	}
	return files, nil
}
