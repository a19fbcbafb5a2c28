package overlay

import (
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/statefulc/statefulc/manifest"
)

// ordered gives the tree of a value of type t the order of its Go type, in
// which people write manifests: a container's name, image, command, args. It
// also tells quantities from strings, which look alike in a tree: cpu: 2.
func ordered(v any, t reflect.Type) any {
	t = manifest.Deref(t)
	if t == reflect.TypeFor[unstructured.Unstructured]() {
		t = reflect.TypeFor[custom]()
	}
	switch v := v.(type) {
	case tree:
		m := make(mapping, 0, len(v))
		for _, k := range keyOrder(v, t) {
			m = append(m, entry{k, ordered(v[k], below(t, k))})
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = ordered(e, below(t, ""))
		}
		return list
	case string:
		if isBare(v, t) {
			return bare(v)
		}
	}
	return v
}

// custom is what is known of a custom resource: its head.
type custom struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
}

// keyOrder lists the keys of a tree as t declares its fields, but directives
// of a patch and apiVersion before all; what t does not declare is sorted.
func keyOrder(v tree, t reflect.Type) []string {
	var declared []string
	take := func(k string) {
		if _, has := v[k]; has && !slices.Contains(declared, k) {
			declared = append(declared, k)
		}
	}
	take("$patch")
	take("apiVersion")
	if t.Kind() == reflect.Struct {
		for _, f := range manifest.Fields(t) {
			take(f.Name)
		}
	}
	if len(declared) == len(v) {
		return declared
	}
	rest := slices.Sorted(maps.Keys(v))
	return append(declared, slices.DeleteFunc(rest, func(k string) bool { return slices.Contains(declared, k) })...)
}

// below is the type of what a value of type t holds under a field's name, a
// key or a position.
func below(t reflect.Type, step string) reflect.Type {
	switch t = manifest.Deref(t); t.Kind() {
	case reflect.Struct:
		return manifest.FieldType(t, step)
	case reflect.Map, reflect.Slice:
		return t.Elem()
	}
	return reflect.TypeFor[any]()
}

// isBare reports whether a text of type t is written as a number.
func isBare(v string, t reflect.Type) bool {
	return manifest.Deref(t) == reflect.TypeFor[resource.Quantity]() && isInteger(v)
}

// isInteger reports whether a quantity without a unit reads back the same as a
// number. Exponents do not, 1e3 comes back as 1000; and numbers of more than
// 18 digits are rounded.
func isInteger(quantity string) bool {
	digits, unit := measure(quantity)
	if digits == 0 || digits > 18 || unit != "" {
		return false
	}
	return digits == 1 || quantity[0] != '0'
}
