package manifest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// Misfit is a value of a tree that the Go type of its object does not take.
type Misfit struct {
	Field   Field     // where it is, with the keys of lists
	Path    spec.Path // the same, with positions in lists
	Message string
	Fix     string
	Meant   any // what to take for it; nil: it is of no use
}

// Text is a scalar of a tree as it was written, where that is known: 012 is
// read as the number 10.
type Text func(spec.Path) string

// Misfits compares an object with the Go type of its kind as the strict decoder
// of the API server does. The decoder stops at the first value of a wrong type,
// and does not say in which element of a list it is; this finds all. Of a kind
// that is not of Kubernetes itself, the metadata are known.
func Misfits(tree map[string]any, text Text) []Misfit {
	f := &fitting{text: text, secret: tree["kind"] == "Secret"}
	gvk := (&unstructured.Unstructured{Object: tree}).GroupVersionKind()
	if t, known := scheme.Scheme.AllKnownTypes()[gvk]; known {
		f.fit(place{}, tree, t)
	} else {
		f.fit(place{}.entry("metadata"), tree["metadata"], reflect.TypeFor[metav1.ObjectMeta]())
	}
	return f.found
}

// MisfitsOf compares a tree with any Go type.
func MisfitsOf(t reflect.Type, tree any, text Text) []Misfit {
	f := &fitting{text: text}
	f.fit(place{}, tree, t)
	return f.found
}

// Mend puts in what was meant, and takes out what is of no use: the rest can be
// decoded, and judged. Elements of lists are not taken out, since the ones
// behind would be in other places; it reports whether it could do all.
func Mend(tree map[string]any, misfits []Misfit) bool {
	for _, m := range misfits {
		if len(m.Path) == 0 || !m.mend(tree) {
			return false
		}
	}
	return true
}

func (m Misfit) mend(at any) bool {
	last := len(m.Path) - 1
	for _, step := range m.Path[:last] {
		at = below(at, step)
	}
	switch v := at.(type) {
	case map[string]any:
		v[m.Path[last]] = m.Meant
		if m.Meant == nil {
			delete(v, m.Path[last])
		}
		return true
	case []any:
		i, err := strconv.Atoi(m.Path[last])
		if err != nil || m.Meant == nil {
			return false
		}
		v[i] = m.Meant
		return true
	}
	return false
}

// below is an entry of a map, or an element of a list by its position.
func below(at any, step string) any {
	switch v := at.(type) {
	case map[string]any:
		return v[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && 0 <= i && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// place is where a value is, in both ways.
type place struct {
	field Field
	path  spec.Path
}

func (p place) entry(key string) place { return place{p.field.Join(mapElem(key)), p.path.Join(key)} }

func (p place) elem(i int, v any) place {
	return place{p.field.Join(Elem{Name: ElemKey(v, i), Key: true}), p.path.Join(strconv.Itoa(i))}
}

// fitting is a comparison.
type fitting struct {
	text   Text
	secret bool // values are not for logs
	found  []Misfit
}

func (f *fitting) report(at place, meant any, message, fix string) {
	f.found = append(f.found, Misfit{Field: at.field, Path: at.path, Message: message, Fix: fix, Meant: meant})
}

func (f *fitting) fit(at place, v any, t reflect.Type) {
	t = Deref(t)
	switch {
	case v == nil: // the zero value of everything
		return
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		f.own(at, v, t)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		f.fields(at, v, t)
	case reflect.Map:
		f.entries(at, v, t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			f.bytes(at, v)
			return
		}
		f.elements(at, v, t.Elem())
	case reflect.String:
		f.string(at, v)
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		f.scalar(at, v, t)
	}
}

// wants reports that something else is asked for.
func (f *fitting) wants(at place, v any, wanted string) {
	f.report(at, nil, fmt.Sprintf("%s, and %s is asked for", f.is(at, v), wanted), "Write "+wanted+".")
}

// is says what a value is.
func (f *fitting) is(at place, v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "it is a map"
	case []any:
		return "it is a list"
	case string:
		if f.secret {
			return "it is a string"
		}
		return fmt.Sprintf("%q is a string", v)
	case bool:
		return f.readAs(at, v, "boolean")
	}
	return f.readAs(at, v, "number")
}

func (f *fitting) readAs(at place, v any, kind string) string {
	written, value := f.written(at, v), fmt.Sprint(v)
	switch {
	case f.secret:
		return "it is a " + kind
	case written != value:
		return fmt.Sprintf("%s is read as the %s %s", written, kind, value)
	}
	return fmt.Sprintf("%s is a %s", written, kind)
}

func (f *fitting) written(at place, v any) string {
	if f.text == nil {
		return fmt.Sprint(v)
	}
	return f.text(at.path)
}

func (f *fitting) fields(at place, v any, t reflect.Type) {
	m, ok := v.(map[string]any)
	if !ok {
		f.wants(at, v, "a map")
		return
	}
	var known []string
	for _, field := range Fields(t) {
		known = append(known, field.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, key) {
			f.report(at.entry(key), nil, fmt.Sprintf("unknown field %q", key), diag.OneOf(key, known, "Leave it out, or put it where it belongs."))
			continue
		}
		f.fit(at.entry(key), m[key], FieldType(t, key))
	}
}

func (f *fitting) entries(at place, v any, elem reflect.Type) {
	m, ok := v.(map[string]any)
	if !ok {
		f.wants(at, v, "a map")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		f.fit(at.entry(key), m[key], elem)
	}
}

func (f *fitting) elements(at place, v any, elem reflect.Type) {
	list, ok := v.([]any)
	if !ok {
		f.wants(at, v, "a list")
		return
	}
	for i, below := range list {
		f.fit(at.elem(i, below), below, elem)
	}
}

// string takes a number or a boolean for what was written: 012, no. It reports
// whether there is a string.
func (f *fitting) string(at place, v any) bool {
	switch v.(type) {
	case string:
		return true
	case map[string]any, []any:
		f.wants(at, v, "a string")
		return false
	}
	text := f.written(at, v)
	message, fix := f.is(at, v), fmt.Sprintf("Quote it: %q.", text)
	if f.secret {
		fix = "Quote it."
	}
	f.report(at, text, message+", and a string is asked for", fix)
	return false
}

func (f *fitting) bytes(at place, v any) {
	text, isString := v.(string)
	if !f.string(at, v) {
		text = f.written(at, v)
	}
	_, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err == nil:
	case isString:
		f.report(at, nil, "it is no base64", "Encode it, or put it under stringData.")
	default:
		f.found[len(f.found)-1].Meant = nil // in quotes it is no base64 either
	}
}

// scalar takes a string for the boolean or the number that it holds.
func (f *fitting) scalar(at place, v any, t reflect.Type) {
	if fits(v, t) {
		return
	}
	wanted := asked(v, t)
	message := fmt.Sprintf("%s, and %s is asked for", f.is(at, v), wanted)
	s, _ := v.(string)
	if meant := meaning(s); fits(meant, t) {
		f.report(at, meant, message, "Leave out the quotes.")
		return
	}
	f.report(at, nil, message, "Write "+wanted+".")
}

// asked is what a type wants instead of v, in words.
func asked(v any, t reflect.Type) string {
	_, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	switch _, isString := v.(string); {
	case t.Kind() == reflect.Bool:
		return "true or false"
	case isString || !isScalar(v) || t.Kind() == reflect.Float64 || v == true || v == false:
		return "a number"
	case err == nil:
		return fmt.Sprintf("a number of %d bits", t.Bits())
	}
	return "a whole number"
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

// isScalar reports whether v is a boolean or a number.
func isScalar(v any) bool {
	switch v.(type) {
	case bool, int64, float64, json.Number:
		return true
	}
	return false
}

// fits reports whether the decoder takes a scalar for a type.
func fits(v any, t reflect.Type) bool {
	if !isScalar(v) {
		return false
	}
	text, err := json.Marshal(v)
	return err == nil && json.Unmarshal(text, reflect.New(t).Interface()) == nil
}

// own asks a type that reads itself: a quantity, a time, a number or a name.
func (f *fitting) own(at place, v any, t reflect.Type) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err == nil {
		return
	}
	word, known := words[t.Name()]
	if !known {
		word.is = t.Name()
	}
	fix := cmp.Or(word.fix, "Write it as the API server reads it.")
	switch s, isString := v.(string); {
	case !isString:
		f.report(at, nil, fmt.Sprintf("%s, and a %s is asked for", f.is(at, v), word.is), fix)
	case f.secret:
		f.report(at, nil, "it is no "+word.is, fix)
	default:
		f.report(at, nil, fmt.Sprintf("%q is no %s", s, word.is), cmp.Or(f.meant(at, s, t), fix))
	}
}

// meant is the quantity that a text was to be: 8GB, 8 gib and 10kb are none.
func (f *fitting) meant(at place, s string, t reflect.Type) string {
	if t != reflect.TypeFor[resource.Quantity]() || !strings.ContainsFunc(s, unicode.IsLetter) {
		return ""
	}
	for _, other := range diag.Quantities(s, at.path[len(at.path)-1]) {
		if _, err := resource.ParseQuantity(other); err == nil {
			return fmt.Sprintf("Did you mean %q?", other)
		}
	}
	return ""
}

// words are types that read themselves, in words.
var words = map[string]struct{ is, fix string }{
	"Quantity":    {"quantity", "Write a number with a unit, such as 500m, 2, 512Mi or 10Gi."},
	"IntOrString": {"number, a name or a percentage", "Write a number, or a string."},
	"Time":        {"time", "Write it as 2006-01-02T15:04:05Z."},
	"MicroTime":   {"time", "Write it as 2006-01-02T15:04:05.000000Z."},
	"Duration":    {"duration", "Write a number with a unit, such as 90s or 10m."},
}
