package compiler

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// unknownField is one that a strict decoder refused, and the remedy.
type unknownField struct {
	name string // as the decoder prints it: spec.rules[0].host
	path spec.Path
	fix  string
}

// unknown is a text of the decoder, sigs.k8s.io/json.
var unknown = regexp.MustCompile(`^unknown field "(.+)"$`)

var fieldNames = regexp.MustCompile(`[^.\[\]]+`)

// unknownFields are those that an error of the strict decoder lists; none if
// it says anything else. In an object of Go's types the fields that there are
// are known.
func unknownFields(object runtime.Object, err error) []unknownField {
	strict, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		return nil
	}
	var out []unknownField
	for _, fault := range strict.Errors() {
		m := unknown.FindStringSubmatch(fault.Error())
		if m == nil {
			return nil
		}
		path := fieldNames.FindAllString(m[1], -1)
		names := namesAt(reflect.TypeOf(object), path[:len(path)-1])
		fix := diag.DidYouMean(path[len(path)-1], names)
		if fix == "" && len(names) > 0 {
			fix = "Known here: " + strings.Join(names, ", ") + "."
		}
		out = append(out, unknownField{m[1], path, fix})
	}
	return out
}

// namesAt are the fields of the struct at a path of a type.
func namesAt(t reflect.Type, path []string) []string {
	for t = manifest.Deref(t); len(path) > 0; t, path = manifest.Deref(t), path[1:] {
		switch t.Kind() {
		case reflect.Map, reflect.Slice:
			t = t.Elem()
		case reflect.Struct:
			fields := manifest.Fields(t)
			i := slices.IndexFunc(fields, func(f manifest.JSONField) bool { return f.Name == path[0] })
			if i < 0 {
				return nil
			}
			t = fields[i].Type
		default:
			return nil
		}
	}
	var names []string
	if t.Kind() == reflect.Struct {
		for _, f := range manifest.Fields(t) {
			names = append(names, f.Name)
		}
	}
	return slices.Sorted(slices.Values(names))
}
