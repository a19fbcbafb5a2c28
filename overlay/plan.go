package overlay

import (
	"slices"

	"github.com/statefulc/statefulc/manifest"
)

// plan is what an environment does to the base.
type plan struct {
	namespace string // where it moves all objects to, or ""
	added     []*object
	removed   []*object
	kept      []pair

	images   []image // kept is without what these two change
	replicas []count
}

// wanted are all objects of the environment.
func (p plan) wanted() []*object {
	all := slices.Clone(p.added)
	for _, pair := range p.kept {
		all = append(all, pair.want)
	}
	return all
}

// pair is an object of the base and what the environment makes of it, seen in
// the base's namespace.
type pair struct{ base, want *object }

// isOne reports whether the environment changes nothing of the object, and it
// was not made twice.
func (p pair) isOne() bool { return isOne(p.base.tree, p.want.tree) }

// compare finds for each object of the base the one that it becomes. Objects
// go by kind and name. The namespace counts too, unless each side has a single
// one: then the environment has moved, and kustomize moves the objects.
func compare(base, want []*object) plan {
	from, to := namespaces(base), namespaces(want)
	moves := len(from) <= 1 && len(to) == 1 && !hasNamespace(base) && !hasNamespace(want)
	key := func(o *object) manifest.Ref {
		ref := o.Ref
		if moves {
			ref.Namespace = ""
		}
		return ref
	}
	wanted := map[manifest.Ref]*object{}
	for _, o := range want {
		wanted[key(o)] = o
	}
	var p plan
	for _, b := range base {
		w, ok := wanted[key(b)]
		if !ok || w.typ != b.typ {
			p.removed = append(p.removed, b)
			continue
		}
		delete(wanted, key(b))
		if w.Namespace != b.Namespace {
			p.namespace = w.Namespace
		}
		p.kept = append(p.kept, pair{b, w.settled(b)})
	}
	for _, o := range want {
		if wanted[key(o)] == o {
			p.added = append(p.added, o)
		}
	}
	return p
}

// hasNamespace reports whether a Namespace is among the objects: kustomize's
// namespace field would rename it.
func hasNamespace(objs []*object) bool {
	return slices.ContainsFunc(objs, func(o *object) bool { return o.Group == "" && o.Kind == "Namespace" })
}

// namespaces lists those of namespaced objects, each once.
func namespaces(objs []*object) []string {
	var out []string
	for _, o := range objs {
		if o.Namespace != "" && !slices.Contains(out, o.Namespace) {
			out = append(out, o.Namespace)
		}
	}
	return out
}
