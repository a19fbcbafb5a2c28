// Package manifest holds what a spec becomes: typed Kubernetes objects, the
// paths to their fields, and for each field the places of the spec that it
// came from. It tells what of a tree does not fit into the type of its kind.
//
// It does not know how objects are made, checked or written as files, and it
// keeps no text: objects are values of k8s.io/api until overlay prints them.
package manifest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/statefulc/statefulc/spec"
)

// Ref names an object in a cluster.
type Ref struct{ Group, Kind, Namespace, Name string }

// String is Kind/name, as kubectl prints it.
func (r Ref) String() string { return r.Kind + "/" + r.Name }

// Compare orders by kind, then by name, namespace and group.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(
		cmp.Compare(r.Kind, o.Kind),
		cmp.Compare(r.Name, o.Name),
		cmp.Compare(r.Namespace, o.Namespace),
		cmp.Compare(r.Group, o.Group),
	)
}

// Resource is a Kubernetes object of k8s.io/api with its apiVersion and kind
// filled in.
type Resource interface {
	runtime.Object
	metav1.Object
}

// Link says that a field, and all below it, came from a path of the spec.
type Link struct {
	From spec.Path

	field Field
	text  string // of the field, until somebody asks for it: of most objects nobody does
}

// Field is where the link leads to.
func (l *Link) Field() Field {
	if l.text != "" {
		l.field, l.text = ParseField(l.text), ""
	}
	return l.field
}

// Object is one object of an environment and where its fields came from.
type Object struct {
	Value Resource
	Links []Link
}

// Ref names o.
func (o *Object) Ref() Ref {
	gvk := o.Value.GetObjectKind().GroupVersionKind()
	return Ref{Group: gvk.Group, Kind: gvk.Kind, Namespace: o.Value.GetNamespace(), Name: o.Value.GetName()}
}

// From records that a field, written as [ParseField] reads it, came from a
// path of the spec. A field may have come from several.
func (o *Object) From(field string, path spec.Path) {
	o.Links = append(o.Links, Link{From: path, text: field})
}

// FromField is From for a field that is read already.
func (o *Object) FromField(field Field, path spec.Path) {
	o.Links = append(o.Links, Link{From: path, field: field})
}

// Trace returns the paths of the spec that a field came from: those of the
// closest link at or above it, in the order they were recorded.
func (o *Object) Trace(f Field) []spec.Path {
	var from []spec.Path
	depth := -1
	for i := range o.Links {
		l := &o.Links[i]
		field := l.Field()
		if !field.Covers(f) || len(field) < depth {
			continue
		}
		if len(field) > depth {
			from, depth = nil, len(field)
		}
		from = append(from, l.From)
	}
	return from
}

// Tree returns o as a tree of maps, lists and scalars: what a careful person
// would write. Status, nulls and structs that say nothing are left out; see
// [Tree].
func (o *Object) Tree() map[string]any { return Tree(o.Value) }

// Set is all objects of one environment.
type Set struct{ Objects []*Object }

// Add puts an object into the set. Two objects of one name are a bug of the
// compiler, so it panics.
func (s *Set) Add(r Resource) *Object {
	if r.GetObjectKind().GroupVersionKind().Kind == "" {
		panic(fmt.Sprintf("manifest: %T %q has no kind", r, r.GetName()))
	}
	o := &Object{Value: r}
	if s.Find(o.Ref()) != nil {
		panic(fmt.Sprintf("manifest: two objects %v", o.Ref()))
	}
	s.Objects = append(s.Objects, o)
	return o
}

// Find returns the object of that name, or nil.
func (s *Set) Find(r Ref) *Object {
	for _, o := range s.Objects {
		if o.Ref() == r {
			return o
		}
	}
	return nil
}

// Sort orders the objects by [Ref.Compare].
func (s *Set) Sort() {
	slices.SortFunc(s.Objects, func(a, b *Object) int { return a.Ref().Compare(b.Ref()) })
}

// FieldType is the Go type of the field that a struct of type t calls name in
// JSON; for other types, and names that t does not have, it is the type any.
func FieldType(t reflect.Type, name string) reflect.Type {
	if t.Kind() == reflect.Struct {
		for _, f := range Fields(t) {
			if f.Name == name {
				return f.Type
			}
		}
	}
	return reflect.TypeFor[any]()
}

// Deref is the type behind any pointers.
func Deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
