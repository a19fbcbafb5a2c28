package overlay

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/resid"

	"github.com/statefulc/statefulc/manifest"
)

// tree is an object or a part of one, as [manifest.Tree] makes it.
type tree = map[string]any

// object is a compiled object in the form in which it is compared and written.
type object struct {
	manifest.Ref
	tree tree
	typ  reflect.Type // the struct of k8s.io/api that tree was made from
}

// objects converts a set, sorted by Ref whatever order it came in.
func objects(set *manifest.Set) []*object {
	var out []*object
	for _, o := range set.Objects {
		out = append(out, &object{Ref: o.Ref(), tree: o.Tree(), typ: reflect.TypeOf(o.Value).Elem()})
	}
	slices.SortFunc(out, func(a, b *object) int { return a.Ref.Compare(b.Ref) })
	return out
}

func (o *object) apiVersion() string { return o.tree["apiVersion"].(string) }

func (o *object) gvk() resid.Gvk {
	group, version := resid.ParseGroupVersion(o.apiVersion())
	return resid.Gvk{Group: group, Version: version, Kind: o.Kind}
}

// stem is how files about o are named.
func (o *object) stem() string { return strings.ToLower(o.Kind) + "-" + o.Name }

// head is what every patch of o begins with, for kustomize to find o by.
func (o *object) head() tree {
	meta := tree{"name": o.Name}
	if o.Namespace != "" {
		meta["namespace"] = o.Namespace
	}
	return tree{"apiVersion": o.apiVersion(), "kind": o.Kind, "metadata": meta}
}

// settled is o as it would be in the namespace of another object; its Ref
// stays, for that is how the built object will be called.
func (o *object) settled(in *object) *object {
	if o.Namespace == in.Namespace {
		return o
	}
	moved := *o
	meta := maps.Clone(o.tree["metadata"].(tree))
	moved.tree = maps.Clone(o.tree)
	moved.tree["metadata"] = meta
	meta["namespace"] = in.Namespace
	if in.Namespace == "" {
		delete(meta, "namespace")
	}
	return &moved
}
