package apiserver

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// eachField visits the fields that are set in an object, and those below them
// where visit asks for it. It names a field by its Go type and its name in
// JSON, Container.resizePolicy: a type occurs in many places, its fields mean
// the same in all of them. Hence reflection, where paths would need a list of
// the places.
func eachField(o runtime.Object, visit func(at *field.Path, name string, value any) (below bool)) {
	fieldsOf(nil, reflect.ValueOf(o), visit)
}

func fieldsOf(at *field.Path, v reflect.Value, visit func(*field.Path, string, any) bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fieldsOf(at, v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fieldsOf(at.Index(i), v.Index(i), visit)
		}
	case reflect.Struct:
		for f, value := range v.Fields() {
			fieldOf(at, v.Type().Name(), f, value, visit)
		}
	}
}

// fieldOf visits one field of a struct; the fields of one that is inlined
// stand in the struct itself.
func fieldOf(at *field.Path, of string, f reflect.StructField, v reflect.Value, visit func(*field.Path, string, any) bool) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case !f.IsExported() || name == "-" || v.IsZero():
		return
	case name == "":
		fieldsOf(at, v, visit)
		return
	}
	at = step(at, name)
	if visit(at, of+"."+name, reflect.Indirect(v).Interface()) {
		fieldsOf(at, v, visit)
	}
}
