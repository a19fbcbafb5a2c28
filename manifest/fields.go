package manifest

import (
	"reflect"
	"strings"
	"sync"
)

// JSONField is a field of a struct as JSON has it.
type JSONField struct {
	Name string
	Type reflect.Type
}

var fieldsOf sync.Map // reflect.Type → []JSONField

// Fields lists the fields of a struct in the order in which it declares them,
// those of inlined structs in their place. For types of k8s.io/api that is
// the order in which people write manifests: name, image, command, args.
func Fields(t reflect.Type) []JSONField {
	if known, ok := fieldsOf.Load(t); ok {
		return known.([]JSONField)
	}
	var out []JSONField
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			out = append(out, Fields(Deref(f.Type))...)
		case name != "":
			out = append(out, JSONField{Name: name, Type: f.Type})
		}
	}
	fieldsOf.Store(t, out)
	return out
}
