package overlay

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
)

// withFields says by kustomize's own fields images and replicas what can be
// said so, and leaves the rest of each difference to patches. They are where a
// reviewer looks for the version and the number of pods.
//
// Both fields reach further than the object that one has in mind: images into
// all containers with an image of that name, replicas into all objects of that
// name. They are used only where that is right for all of them.
func (p plan) withFields() plan {
	p.images, p.replicas = p.changedImages(), p.changedReplicas()
	if len(p.images) == 0 && len(p.replicas) == 0 {
		return p
	}
	p.kept = slices.Clone(p.kept)
	for i, of := range p.kept {
		if p.changes(of) {
			p.kept[i].want = p.unpatched(of)
		}
	}
	return p
}

// changes reports whether fields change something that the base has.
func (p plan) changes(of pair) bool {
	changes := p.counts(of.want)
	if len(p.images) == 0 {
		return changes
	}
	of.want.eachImage(of.base, func(container tree, was string) {
		r := replaced{was, container["image"].(string)}
		changes = changes || r.unpatched(p.images) != r.want
	})
	return changes
}

// counts reports whether replicas has an entry for an object.
func (p plan) counts(o *object) bool {
	return slices.Contains(scaled, o.Kind) && slices.ContainsFunc(p.replicas, func(c count) bool { return c.name == o.Name })
}

// unpatched is the object that patches have to make of the base's: what fields
// change is as in the base.
func (p plan) unpatched(of pair) *object {
	o := *of.want
	if len(p.images) > 0 {
		o.tree = runtime.DeepCopyJSON(o.tree)
		o.eachImage(of.base, func(container tree, was string) {
			container["image"] = replaced{was, container["image"].(string)}.unpatched(p.images)
		})
	}
	if p.counts(&o) {
		o.setReplicas(of.base.replicas())
	}
	return &o
}

// setReplicas states the number of pods, or none, in a tree of its own.
func (o *object) setReplicas(n any) {
	spec := maps.Clone(o.tree["spec"].(tree))
	if spec["replicas"] = n; n == nil {
		delete(spec, "replicas")
	}
	o.tree = maps.Clone(o.tree)
	o.tree["spec"] = spec
}

// finish leaves no image in a merge that a field is about to change: a
// container that is shown whole is shown as it will be.
func (p plan) finish(o *object, merge tree) {
	if len(p.images) == 0 {
		return
	}
	patch := object{Ref: o.Ref, tree: merge}
	patch.eachImage(&object{}, func(container tree, _ string) {
		container["image"] = applyAll(p.images, container["image"].(string))
	})
}
