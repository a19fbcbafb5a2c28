package overlay

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
)

// withFields says by kustomize's own fields images and replicas what can be
// said so, and leaves the rest of each difference to patches. They are what
// people look for in an overlay, and what they edit there.
//
// Both fields reach further than the object that one has in mind: images into
// all containers with an image of that name, replicas into all objects of that
// name. They are used only where that is right for all of them.
func (p plan) withFields() plan {
	p.images, p.replicas = p.changedImages(), p.changedReplicas()
	p.kept = slices.Clone(p.kept)
	for i, pair := range p.kept {
		p.kept[i].want = p.unpatched(pair)
	}
	return p
}

// unpatched is the object that patches have to make of the base's: what fields
// change is as in the base.
func (p plan) unpatched(of pair) *object {
	o := *of.want
	o.tree = runtime.DeepCopyJSON(o.tree)
	before := map[string]string{}
	of.base.eachImage(func(at string, container tree) { before[at] = container["image"].(string) })
	o.eachImage(func(at string, container tree) {
		container["image"] = replaced{before[at], container["image"].(string)}.unpatched(p.images)
	})
	if slices.Contains(scaled, o.Kind) && slices.ContainsFunc(p.replicas, func(c count) bool { return c.name == o.Name }) {
		o.setReplicas(of.base.replicas())
	}
	return &o
}

func (o *object) setReplicas(n any) {
	spec := o.tree["spec"].(tree)
	if spec["replicas"] = n; n == nil {
		delete(spec, "replicas")
	}
}

// finish leaves no image in a merge that a field is about to change: a
// container that is shown whole is shown as it will be.
func (p plan) finish(o *object, merge tree) {
	patch := object{Ref: o.Ref, tree: merge}
	patch.eachImage(func(_ string, container tree) {
		container["image"] = applyAll(p.images, container["image"].(string))
	})
}
