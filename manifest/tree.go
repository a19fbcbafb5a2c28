package manifest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Tree converts a typed object to maps with string keys, lists, strings,
// bools, int64 and float64. Quantities are in canonical form.
//
// It drops what the API server reads as absent: a status, nulls, and empty
// maps that stand for a struct by value (resources: {}). An empty map behind a
// pointer (emptyDir: {}) means something and stays. Marshalled as they are,
// the types of k8s.io/api print all of these. Of a custom resource, whose type
// is not known, only the status is dropped.
//
// That is what the converter of apimachinery makes ([runtime.DefaultUnstructuredConverter]),
// by the same knowledge of types, without what would be dropped again: to make that
// and to look for it was a tenth of the time of a build that checks nothing.
func Tree(r Resource) map[string]any {
	tree := map[string]any{}
	if custom, ok := r.(runtime.Unstructured); ok {
		tree = maps.Clone(custom.UnstructuredContent())
	} else {
		fields(tree, reflect.ValueOf(r).Elem())
	}
	delete(tree, "status")
	return tree
}

// fields puts those of a struct that say something into a tree.
func fields(tree map[string]any, v reflect.Value) {
	for _, f := range value.TypeReflectEntryOf(v.Type()).OrderedFields() {
		x := f.GetFrom(v)
		if f.CanOmit(x) {
			continue
		}
		part := treeOf(x)
		if m, isMap := part.(map[string]any); part != nil && !(isMap && len(m) == 0 && x.Kind() != reflect.Pointer) {
			tree[f.JsonName] = part
		}
	}
}

// treeOf is the part of a tree that a value is; nil for nothing.
func treeOf(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil
		}
	}
	if own := value.TypeReflectEntryOf(v.Type()); own.CanConvertToUnstructured() {
		part, err := own.ToUnstructured(v)
		if err != nil {
			panic(fmt.Sprintf("manifest: %v does not convert: %v", v.Type(), err)) // no type of k8s.io/api does
		}
		return part
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int64(v.Uint())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Pointer, reflect.Interface:
		return treeOf(v.Elem())
	case reflect.Map:
		tree := make(map[string]any, v.Len())
		for key, x := range v.Seq2() {
			tree[key.String()] = treeOf(x)
		}
		return tree
	case reflect.Slice:
		return list(v)
	case reflect.Struct:
		tree := map[string]any{}
		fields(tree, v)
		return tree
	}
	panic(fmt.Sprintf("manifest: %v does not convert", v.Type()))
}

// list is a list, or the text of some bytes. A whole object in a list, such as a
// claim template, has a status of its own.
func list(v reflect.Value) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
	out := make([]any, v.Len())
	for i := range out {
		out[i] = treeOf(v.Index(i))
		if m, ok := out[i].(map[string]any); ok && isObject(v.Type().Elem()) {
			delete(m, "status")
		}
	}
	return out
}

func isObject(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	_, ok := t.FieldByName("ObjectMeta")
	return ok
}
