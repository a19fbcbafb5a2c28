package plain

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// fitting compares a value with a Go type as the strict decoder of the API
// server does. The decoder stops at the first value of a wrong type, and does
// not say in which element of a list it is; this reports all.
//
// What does not fit is taken out, or replaced by what was meant where that is
// plain: the rest can be decoded, and judged.
type fitting struct {
	rule   string
	object string // whose fields they are: StatefulSet/db
	secret bool   // values are not for logs
	found  diag.List
}

func (f *fitting) report(at manifest.Field, pos diag.Pos, message, fix string) {
	d := diag.Diagnostic{Rule: f.rule, Pos: pos, Object: f.object, Field: at.String(), Message: message, Fix: fix}
	if f.object != "" {
		d.Message = fmt.Sprintf("%s: %v: %s", f.object, at, message)
	}
	f.found = append(f.found, d)
}

// fit reports whether v, after it was mended, can be decoded into t.
func (f *fitting) fit(at manifest.Field, v *value, t reflect.Type) bool {
	t = manifest.Deref(t)
	switch {
	case !v.isMap() && !v.isList && v.scalar == nil:
		return true // null is the zero value of everything
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return f.own(at, v, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return f.isOf(at, v, v.isMap(), "a map") && f.fields(at, v, t)
	case reflect.Map:
		return f.isOf(at, v, v.isMap(), "a map") && f.entries(at, v, t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return f.bytes(at, v)
		}
		return f.isOf(at, v, v.isList, "a list") && f.elements(at, v, t.Elem())
	case reflect.String:
		return f.string(at, v)
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return f.scalar(at, v, t)
	}
	return true
}

func (f *fitting) isOf(at manifest.Field, v *value, ok bool, wanted string) bool {
	if !ok {
		f.report(at, v.pos, fmt.Sprintf("%s, and %s is asked for", v.is(), wanted), "Write "+wanted+".")
	}
	return ok
}

// is says what a value is.
func (v *value) is() string {
	switch s := v.scalar.(type) {
	case string:
		return fmt.Sprintf("%q is a string", s)
	case bool:
		return v.readAs("boolean")
	case int64, float64:
		return v.readAs("number")
	}
	if v.isList {
		return "it is a list"
	}
	return "it is a map"
}

func (v *value) readAs(kind string) string {
	if value := print(v.scalar); v.text != value {
		return fmt.Sprintf("%s is read as the %s %s", v.text, kind, value)
	}
	return fmt.Sprintf("%s is a %s", v.text, kind)
}

func (f *fitting) fields(at manifest.Field, v *value, t reflect.Type) bool {
	var known []string
	for _, field := range manifest.Fields(t) {
		known = append(known, field.Name)
	}
	for _, key := range v.keys() {
		below, step := v.entries[key], at.Join(manifest.Elem{Name: key})
		if !slices.Contains(known, key) {
			f.report(step, below.pos, fmt.Sprintf("unknown field %q", key), cmp.Or(diag.DidYouMean(key, known), among(known)))
			delete(v.entries, key)
			continue
		}
		if !f.fit(step, below, manifest.FieldType(t, key)) {
			delete(v.entries, key)
		}
	}
	return true
}

// among lists what is known if that is not long.
func among(known []string) string {
	if len(known) > 8 {
		return "Leave it out, or put it where it belongs."
	}
	return "Known here: " + strings.Join(known, ", ") + "."
}

func (f *fitting) entries(at manifest.Field, v *value, elem reflect.Type) bool {
	for _, key := range v.keys() {
		if !f.fit(at.Join(manifest.Elem{Name: key, Key: strings.ContainsAny(key, "./[]")}), v.entries[key], elem) {
			delete(v.entries, key)
		}
	}
	return true
}

func (f *fitting) elements(at manifest.Field, v *value, elem reflect.Type) bool {
	var fit []*value
	for i, below := range v.list {
		if f.fit(at.Join(v.elem(i)), below, elem) {
			fit = append(fit, below)
		}
	}
	v.list = fit
	return true
}

// string takes a number or a boolean for what was written: 012, no.
func (f *fitting) string(at manifest.Field, v *value) bool {
	if _, ok := v.scalar.(string); ok || v.isMap() || v.isList {
		return f.isOf(at, v, ok, "a string")
	}
	message, fix := v.is(), fmt.Sprintf("Quote it: %q.", v.text)
	if f.secret {
		message, fix = "it is none", "Quote it."
	}
	f.report(at, v.pos, message+", and a string is asked for", fix)
	v.scalar = v.text
	return true
}

func (f *fitting) bytes(at manifest.Field, v *value) bool {
	if !f.string(at, v) {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(v.str())
	if err != nil {
		f.report(at, v.pos, "it is no base64", "Encode it, or put it under stringData.")
	}
	return err == nil
}

// scalar takes a string for the boolean or the number that it holds.
func (f *fitting) scalar(at manifest.Field, v *value, t reflect.Type) bool {
	wanted := "a number"
	if t.Kind() == reflect.Bool {
		wanted = "true or false"
	}
	if fits(v.scalar, t) {
		return true
	}
	if n, ok := v.scalar.(float64); ok && n != math.Trunc(n) {
		wanted = "a whole number"
	}
	f.report(at, v.pos, fmt.Sprintf("%s, and %s is asked for", v.is(), wanted), unquoted(v, t, wanted))
	if meant := meaning(v.str()); fits(meant, t) {
		v.scalar = meant
		return true
	}
	return false
}

func unquoted(v *value, t reflect.Type, wanted string) string {
	if fits(meaning(v.str()), t) {
		return "Leave out the quotes."
	}
	return "Write " + wanted + "."
}

// meaning is the scalar that a string would be without quotes.
func meaning(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if b, err := strconv.ParseBool(s); err == nil {
		return b
	}
	return s
}

// fits reports whether the decoder takes a scalar for a type.
func fits(scalar any, t reflect.Type) bool {
	switch scalar.(type) {
	case bool, int64, float64:
	default:
		return false
	}
	text, err := json.Marshal(scalar)
	return err == nil && json.Unmarshal(text, reflect.New(t).Interface()) == nil
}

// own asks a type that reads itself: a quantity, a time, a number or a name.
func (f *fitting) own(at manifest.Field, v *value, t reflect.Type) bool {
	text, err := json.Marshal(v.tree())
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err == nil {
		return true
	}
	what := v.is()
	if s := v.str(); s != "" {
		what = strconv.Quote(s)
	}
	word := words[t.Name()]
	f.report(at, v.pos, fmt.Sprintf("%s is no %s", strings.TrimSuffix(what, " is a string"), cmp.Or(word.is, t.Name())), cmp.Or(word.fix, "Write it as the API server reads it."))
	return false
}

// words are types that read themselves, in words.
var words = map[string]struct{ is, fix string }{
	"Quantity":    {"quantity", "Write a number with a unit, such as 500m, 2, 512Mi or 10Gi."},
	"IntOrString": {"number, name or percentage", "Write a number, or a string."},
	"Time":        {"time", "Write it as 2006-01-02T15:04:05Z."},
	"MicroTime":   {"time", "Write it as 2006-01-02T15:04:05.000000Z."},
	"Duration":    {"duration", "Write a number with a unit, such as 90s or 10m."},
}
