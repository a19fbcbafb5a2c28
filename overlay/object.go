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
	of   manifest.Resource
}

// objects converts a set, sorted by Ref whatever order it came in.
func objects(set *manifest.Set) []*object { return objectsBeside(set, nil) }

// objectsBeside is objects where those of the base are converted already: what
// an environment does not change is one tree, which is made once and compared
// in no time.
func objectsBeside(set *manifest.Set, base []*object) []*object {
	var out []*object
	for _, o := range set.Objects {
		own := &object{Ref: o.Ref(), typ: reflect.TypeOf(o.Value).Elem(), of: o.Value}
		at, found := slices.BinarySearchFunc(base, own.Ref, func(b *object, ref manifest.Ref) int { return b.Ref.Compare(ref) })
		if found && reflect.DeepEqual(base[at].of, own.of) {
			own.tree = base[at].tree
		} else {
			own.tree = o.Tree()
		}
		out = append(out, own)
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
