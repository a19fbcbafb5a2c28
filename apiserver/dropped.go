package apiserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// dropped compares what was written with what would be stored, and reports
// the topmost field that is gone and every value that has become another. What
// the server adds is not looked at. Strategies remove fields whose feature
// gate is off in PrepareForCreate, and say nothing.
func dropped(at *field.Path, written, stored any) []Verdict {
	switch written := written.(type) {
	case map[string]any:
		stored, _ := stored.(map[string]any)
		return droppedEntries(at, written, stored)
	case []any:
		stored, _ := stored.([]any)
		return droppedElements(at, written, stored)
	}
	if written == stored || isZero(written) {
		return nil
	}
	if v := lost(at); v.Message == serverSets {
		return []Verdict{v}
	}
	return []Verdict{{Dropped, at.String(), fmt.Sprintf("stored as %v", stored)}}
}

// isZero reports whether a scalar is what Go puts into a field that nobody
// set; where the server has another value, it is the default.
func isZero(v any) bool {
	return v == nil || v == "" || v == false || v == int64(0) || v == float64(0)
}

const (
	serverSets = "not stored, the API server sets this field itself"
	gateIsOff  = "not stored, the feature gate of this field is off by default in 1.37, or clients may not set it"
)

// lost says why a field is not stored, as far as its place tells.
func lost(at *field.Path) Verdict {
	v := Verdict{Dropped, at.String(), gateIsOff}
	if root := at.Root().String(); root == "metadata" || root == "status" {
		v.Message = serverSets
	}
	return v
}

func droppedEntries(at *field.Path, written, stored map[string]any) []Verdict {
	var out []Verdict
	for _, k := range slices.Sorted(maps.Keys(written)) {
		switch kept, ok := stored[k]; {
		case ok:
			out = append(out, dropped(step(at, k), written[k], kept)...)
		case written[k] != nil:
			out = append(out, lost(step(at, k)))
		}
	}
	return out
}

func droppedElements(at *field.Path, written, stored []any) []Verdict {
	var out []Verdict
	for i, w := range written {
		if i >= len(stored) {
			out = append(out, lost(at.Index(i)))
			continue
		}
		out = append(out, dropped(at.Index(i), w, stored[i])...)
	}
	return out
}

// step leads to an entry of a map: a field's name, or a key in brackets where
// it cannot be a name. A nil path is the object.
func step(at *field.Path, k string) *field.Path {
	switch {
	case at == nil:
		return field.NewPath(k)
	case strings.ContainsAny(k, "./[]"):
		return at.Key(k)
	}
	return at.Child(k)
}

// tree returns an object as maps, lists and scalars, zero values and all.
func tree(o runtime.Object) map[string]any {
	t, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		panic(fmt.Sprintf("apiserver: %T does not convert: %v", o, err)) // no type of k8s.io/api does
	}
	return t
}
