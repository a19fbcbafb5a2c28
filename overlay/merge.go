package overlay

import (
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// change is what patches do to an object: edits of lists that kustomize does
// not merge, at their place in the base, and after them a strategic merge.
type change struct {
	edits []edit
	merge tree
	stubs bool // merge names elements that it does not change
}

// edit is a JSON 6902 patch with a purpose: the list that it edits, or "" for
// the whole object.
type edit struct {
	list string
	ops  []op
}

// strategic makes a strategic merge for kustomize, not for the API server.
//
// The two differ: kustomize's schema is that of Kubernetes 1.21, it knows
// neither $setElementOrder nor $retainKeys (they end up in the object), and it
// puts the elements that a patch names before all others
// (kubernetes-sigs/kustomize#5904). What can not be said so is left to edits
// or replaced whole.
func strategic(base, want *object) change {
	s := openapi.SchemaForResourceType(kyaml.TypeMeta{APIVersion: base.apiVersion(), Kind: base.Kind})
	stubs := false
	c := mergeTrees(base.tree, want.tree, place{schema: s, stubs: &stubs})
	c.stubs = stubs
	return c
}

// place is where in the base a merge is: the path to it, tests that hold the
// positions in that path, and what kustomize knows of the field. Somebody wants
// to know whether the merge has stubs.
type place struct {
	path   pointer
	guards []op
	schema *openapi.ResourceSchema
	stubs  *bool
}

func (p place) field(name string) place {
	p.path = p.path.join(name)
	if p.schema != nil {
		p.schema = p.schema.Field(name)
	}
	return p
}

// element is the i-th element of a list, which has the value id in its key.
func (p place) element(i int, key string, id any) place {
	p.path = p.path.at(i)
	p.guards = append(slices.Clone(p.guards), op{"test", p.path.join(key), id})
	p.schema = p.schema.Elements()
	return p
}

// merges reports whether kustomize merges a list, and the fields by which it
// finds the elements then: none if they are scalars, as finalizers are.
// Volumes merge with "merge,retainKeys".
func (p place) merges() (keys []string, ok bool) {
	if p.schema == nil {
		return nil, false
	}
	strategy, keys := p.schema.PatchStrategyAndKeyList()
	return keys, strings.Contains(strategy, "merge")
}

func mergeTrees(old, want tree, at place) change {
	c := change{merge: tree{}}
	for _, k := range keysOf(old, want) {
		a, had := old[k]
		b, has := want[k]
		switch {
		case !has:
			c.merge[k] = nil
		case !had:
			c.merge[k] = b
		case !equal(a, b):
			patch, edits := mergeValues(a, b, at, k)
			c.edits = append(c.edits, edits...)
			if patch != nil {
				c.merge[k] = patch
			}
		}
	}
	return c
}

// equal is [reflect.DeepEqual] for parts of trees, in a third of its time and
// without garbage: whatever is compared is compared again a level deeper.
func equal(a, b any) bool {
	if a, b, ok := both[tree](a, b); ok {
		return len(a) == len(b) && (isOne(a, b) || !differ(a, b))
	}
	if a, b, ok := both[[]any](a, b); ok {
		return slices.EqualFunc(a, b, equal)
	}
	return reflect.DeepEqual(a, b)
}

// isOne reports whether two maps are one: of an object that an environment does
// not change.
func isOne(a, b tree) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// differ reports whether one of two maps of one length has what the other has
// not.
func differ(a, b tree) bool {
	for k, v := range a {
		if w, has := b[k]; !has || !equal(v, w) {
			return true
		}
	}
	return false
}

// mergeValues returns what a merge has to say of a field that both objects
// have, or nil if edits say it all. The merge is at what has the field.
func mergeValues(old, want any, at place, field string) (any, []edit) {
	if a, b, ok := both[tree](old, want); ok {
		return mergeFields(a, b, at.field(field))
	}
	if a, b, ok := both[[]any](old, want); ok {
		return mergeLists(a, b, at.field(field))
	}
	return want, nil
}

func mergeFields(old, want tree, at place) (any, []edit) {
	if len(want) == 0 {
		return tree{"$patch": "replace"}, nil // {} alone would change nothing
	}
	c := mergeTrees(old, want, at)
	if len(c.merge) == 0 {
		return nil, c.edits
	}
	return c.merge, c.edits
}
