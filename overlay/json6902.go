package overlay

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// op is an operation of JSON Patch, RFC 6902.
type op struct {
	op    string
	path  pointer
	value any // nil for remove
}

// pointer is a JSON pointer, RFC 6901.
type pointer []string

func (p pointer) join(steps ...string) pointer { return append(p[:len(p):len(p)], steps...) }

func (p pointer) at(i int) pointer { return p.join(strconv.Itoa(i)) }

func (p pointer) last() string { return p[len(p)-1] }

func (p pointer) String() string {
	var b strings.Builder
	for _, step := range p {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// operations edits a whole object, where a strategic merge is not faithful.
func operations(base, want *object) change {
	return change{edits: []edit{{ops: editTrees(base.tree, want.tree, nil)}}}
}

// document is a patch as a file has it. The values are written as in the
// object, for a test compares what kustomize has read of both.
func document(ops []op, t reflect.Type) []any {
	var doc []any
	for _, o := range ops {
		m := mapping{{"op", o.op}, {"path", o.path.String()}}
		if o.op != "remove" {
			m = append(m, entry{"value", ordered(o.value, o.path.in(t))})
		}
		doc = append(doc, m)
	}
	return doc
}

// in is the type of what p leads to in a value of type t.
func (p pointer) in(t reflect.Type) reflect.Type {
	for _, step := range p {
		t = below(t, step)
	}
	return t
}

func editValues(old, want any, at pointer) []op {
	if equal(old, want) {
		return nil
	}
	if a, b, ok := both[tree](old, want); ok {
		return editTrees(a, b, at)
	}
	if a, b, ok := both[[]any](old, want); ok {
		return editLists(a, b, at)
	}
	return []op{{"replace", at, want}}
}

func editTrees(old, want tree, at pointer) []op {
	var ops []op
	for _, k := range keysOf(old, want) {
		a, had := old[k]
		b, has := want[k]
		switch {
		case !has:
			ops = append(ops, op{"remove", at.join(k), nil})
		case !had:
			ops = append(ops, op{"add", at.join(k), b})
		default:
			ops = append(ops, editValues(a, b, at.join(k))...)
		}
	}
	return ops
}

// editLists edits the elements that differ and tests each before it touches
// it, so that a base in another order stops the build instead of having the
// wrong element changed.
func editLists(old, want []any, at pointer) []op {
	if !areTrees(old) || !areTrees(want) {
		return []op{{"replace", at, want}}
	}
	name, before, after := elementNames(old, want)
	if name == nil || !sameOrder(before, after) {
		return editByPosition(old, want, at)
	}
	return slices.Concat(
		editNamed(old, want, name, before, after, at),
		removeNamed(name, before, after, at),
		addNamed(want, name, before, after, at),
	)
}

// editNamed changes elements in place, while positions are those of the base.
func editNamed(old, want []any, name pointer, before, after []string, at pointer) []op {
	var ops []op
	for i, id := range before {
		j := slices.Index(after, id)
		if j < 0 {
			continue
		}
		if inner := editValues(old[i], want[j], at.at(i)); len(inner) > 0 {
			ops = append(ops, op{"test", at.at(i).join(name...), id})
			ops = append(ops, inner...)
		}
	}
	return ops
}

// removeNamed goes from the end, so that the positions before stay valid.
func removeNamed(name pointer, before, after []string, at pointer) []op {
	var ops []op
	for i, id := range slices.Backward(before) {
		if !slices.Contains(after, id) {
			ops = append(ops, op{"test", at.at(i).join(name...), id}, op{"remove", at.at(i), nil})
		}
	}
	return ops
}

// addNamed goes from the front: where an element is added, all before it are
// as wanted. The one that makes room for it is tested.
func addNamed(want []any, name pointer, before, after []string, at pointer) []op {
	var ops []op
	for j, id := range after {
		if slices.Contains(before, id) {
			continue
		}
		next := slices.IndexFunc(after[j:], func(id string) bool { return slices.Contains(before, id) })
		if next < 0 {
			ops = append(ops, op{"add", at.join("-"), want[j]})
			continue
		}
		ops = append(ops, op{"test", at.at(j).join(name...), after[j+next]}, op{"add", at.at(j), want[j]})
	}
	return ops
}

// editByPosition edits what lies between a common beginning and a common end.
// Its elements have no name, so the tests compare them whole.
func editByPosition(old, want []any, at pointer) []op {
	head := common(old, want, func(list []any, i int) any { return list[i] })
	tail := common(old[head:], want[head:], func(list []any, i int) any { return list[len(list)-1-i] })
	a, b := old[head:len(old)-tail], want[head:len(want)-tail]
	var ops []op
	for i := range min(len(a), len(b)) {
		ops = append(ops, op{"test", at.at(head + i), a[i]}, op{"replace", at.at(head + i), b[i]})
	}
	for i := len(a) - 1; i >= len(b); i-- {
		ops = append(ops, op{"test", at.at(head + i), a[i]}, op{"remove", at.at(head + i), nil})
	}
	for i := len(a); i < len(b); i++ {
		if tail == 0 {
			ops = append(ops, op{"add", at.join("-"), b[i]})
			continue
		}
		ops = append(ops, op{"test", at.at(head + i), old[len(old)-tail]}, op{"add", at.at(head + i), b[i]})
	}
	return ops
}

// common counts how far two lists are equal, by a way to walk through them.
func common(a, b []any, elem func([]any, int) any) int {
	n := 0
	for n < min(len(a), len(b)) && equal(elem(a, n), elem(b, n)) {
		n++
	}
	return n
}

// nameFields are the fields that may name the elements of a list. A mount's
// name is that of its volume, which others may mount too.
var nameFields = []pointer{{"metadata", "name"}, {"mountPath"}, {"devicePath"}, {"name"}, {"topologyKey"}}

// elementNames finds the field that names the elements of both lists, and
// their names in it; there is none if two elements share a name.
func elementNames(old, want []any) (name pointer, before, after []string) {
	for _, name := range nameFields {
		before, after := valuesOf(old, name), valuesOf(want, name)
		if before != nil && after != nil {
			return name, before, after
		}
	}
	return nil, nil, nil
}

// valuesOf is the string that each element has in a field, or nil unless all
// have a different one.
func valuesOf(list []any, field pointer) []string {
	values := []string{}
	for _, v := range list {
		for _, step := range field {
			m, _ := v.(tree)
			v = m[step]
		}
		s, ok := v.(string)
		if !ok || slices.Contains(values, s) {
			return nil
		}
		values = append(values, s)
	}
	return values
}

// sameOrder reports whether what both lists have is in one order in them.
func sameOrder(a, b []string) bool {
	without := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
	}
	return slices.Equal(without(a, b), without(b, a))
}

// both asserts two values to one type.
func both[T any](a, b any) (x, y T, ok bool) {
	x, okX := a.(T)
	y, okY := b.(T)
	return x, y, okX && okY
}

func areTrees(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(tree); return !ok })
}

// keysOf lists the keys of two trees, sorted.
func keysOf(a, b tree) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
