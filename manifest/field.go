package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Elem is one step into an object: a field's name, or the key by which an
// element of a list or of a map of strings is found. Key is for the reader, it
// puts the step in brackets; two steps are the same when their names are.
type Elem struct {
	Name string
	Key  bool
}

// Field leads to a value of an object. Lists are entered by the key that
// their elements have in Kubernetes (a container's name, a mount's path), by
// position only where there is none.
type Field []Elem

// ParseField reads a field as the API server and kubectl print it, with keys
// in brackets: spec.template.spec.containers[cassandra].image. A key may hold
// dots. It panics on an unclosed bracket: fields stand in our own source.
func ParseField(s string) Field {
	f := make(Field, 0, strings.Count(s, ".")+strings.Count(s, "[")+1)
	for s != "" {
		if s[0] == '[' {
			end := closing(s)
			if end < 0 {
				panic(fmt.Sprintf("manifest: field %q: unclosed bracket", s))
			}
			f = append(f, Elem{Name: s[1:end], Key: true})
			s = strings.TrimPrefix(s[end+1:], ".")
			continue
		}
		end := 0
		for end < len(s) && s[end] != '.' && s[end] != '[' { // every field of every object comes through here
			end++
		}
		f = append(f, Elem{Name: s[:end]})
		s = strings.TrimPrefix(s[end:], ".")
	}
	return f
}

// closing finds the bracket that ends a key: the first that is followed by
// the next step or by nothing.
func closing(s string) int {
	for i := range s {
		if s[i] == ']' && (i+1 == len(s) || s[i+1] == '.' || s[i+1] == '[') {
			return i
		}
	}
	return -1
}

func (f Field) String() string {
	var b strings.Builder
	for i, e := range f {
		switch {
		case e.Key:
			b.WriteString("[" + e.Name + "]")
		case i > 0:
			b.WriteString("." + e.Name)
		default:
			b.WriteString(e.Name)
		}
	}
	return b.String()
}

// Covers reports whether f is g or an ancestor of it.
func (f Field) Covers(g Field) bool {
	return len(f) <= len(g) && slices.EqualFunc(f, g[:len(f)], func(a, b Elem) bool { return a.Name == b.Name })
}

// Join returns f extended by elems; f itself is never written to.
func (f Field) Join(elems ...Elem) Field {
	return append(f[:len(f):len(f)], elems...)
}

// elemKeys are the fields that tell the elements of a list apart, the first
// that an element has. A mount has a name too, but several mounts share it.
var elemKeys = []string{"mountPath", "devicePath", "name", "topologyKey"}

// ElemKey is the key of the i-th element of a list.
func ElemKey(elem any, i int) string {
	m, ok := elem.(map[string]any)
	if !ok {
		return strconv.Itoa(i)
	}
	for _, k := range elemKeys {
		if s, ok := m[k].(string); ok {
			return s
		}
	}
	if meta, ok := m["metadata"].(map[string]any); ok {
		if s, ok := meta["name"].(string); ok {
			return s
		}
	}
	return strconv.Itoa(i)
}

// Leaves calls visit for every scalar of a tree and for every empty map or
// list, in a fixed order.
func Leaves(tree map[string]any, visit func(Field, any)) {
	walkMap(nil, tree, visit)
}

func walk(f Field, v any, visit func(Field, any)) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			visit(f, v)
			return
		}
		walkMap(f, v, visit)
	case []any:
		if len(v) == 0 {
			visit(f, v)
			return
		}
		for i, e := range v {
			walk(f.Join(Elem{Name: ElemKey(e, i), Key: true}), e, visit)
		}
	default:
		visit(f, v)
	}
}

func walkMap(f Field, m map[string]any, visit func(Field, any)) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		walk(f.Join(mapElem(k)), m[k], visit)
	}
}

// mapElem is the step to an entry of a map: a field's name, or a key of the
// user's choice where it cannot be a name.
func mapElem(k string) Elem {
	return Elem{Name: k, Key: strings.ContainsAny(k, "./[]")}
}

// Locate turns a field as the API server prints it, with positions in lists,
// into one with keys. Steps that the tree does not have are kept as they are,
// so that a field which is missing still has an address.
func Locate(tree map[string]any, printed string) Field {
	var f Field
	var at any = tree
	for _, e := range ParseField(printed) {
		switch v := at.(type) {
		case []any:
			i, err := strconv.Atoi(e.Name)
			if err != nil || i < 0 || i >= len(v) {
				at = nil
				break
			}
			e.Name = ElemKey(v[i], i)
			at = v[i]
		case map[string]any:
			e = mapElem(e.Name)
			at = v[e.Name]
		default:
			at = nil
		}
		f = append(f, e)
	}
	return f
}
