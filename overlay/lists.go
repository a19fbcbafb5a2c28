package overlay

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mergeLists returns the elements that a patch has to name. Lists of objects
// that kustomize would replace are left to edits: claim templates, tolerations
// (kustomize#819, #6000). A list of scalars is shown whole, since that is what
// one wants to read of a command; but finalizers can only be edited, kustomize
// merges them and forgets none.
func mergeLists(old, want []any, at place) (any, []edit) {
	keys, merges := at.merges()
	if len(keys) == 0 && (merges || areTrees(old) && areTrees(want)) {
		return nil, []edit{{at.path.last(), slices.Concat(at.guards, editLists(old, want, at.path))}}
	}
	if !merges {
		return want, nil
	}
	m := listMerge{keys: keys, old: old, want: want, before: identify(old, keys), after: identify(want, keys)}
	if !m.inReach() {
		return append([]any{tree{"$patch": "replace"}}, want...), nil
	}
	list, edits := m.elements(at)
	list = append(list, m.deletions()...)
	if len(list) == 0 {
		return nil, edits
	}
	return list, edits
}

// listMerge is a merge of two lists whose elements have keys.
type listMerge struct {
	keys          []string
	old, want     []any
	before, after []string // what kustomize tells the elements apart by
}

// inReach reports whether kustomize can make the wanted list of the old one by
// naming elements. It can not change their order, and it loses that of new
// ones in a list with two keys.
func (m listMerge) inReach() bool {
	if m.before == nil || m.after == nil || !sameOrder(m.before, m.after) {
		return false
	}
	for j, id := range m.after {
		i := slices.Index(m.before, id)
		if i < 0 && len(m.keys) > 1 {
			return false
		}
		if i >= 0 && !mergeable(m.old[i].(tree), m.want[j].(tree), m.keys) {
			return false
		}
	}
	return true
}

// mergeable reports whether kustomize can make one element of another. It can
// neither remove an empty map in a list, as that of a volume which is no
// emptyDir any more, nor write or leave out a default that is a key.
func mergeable(old, want tree, keys []string) bool {
	for k, v := range old {
		if m, ok := v.(tree); ok && len(m) == 0 && want[k] == nil {
			return false
		}
	}
	return !slices.ContainsFunc(keys, func(k string) bool { return !equal(old[k], want[k]) })
}

// elements names what is new or changed. Named elements come first in the
// result, so all that stand before the last change are named too, by their
// keys alone.
func (m listMerge) elements(at place) (list []any, edits []edit) {
	last, stub := 0, len(m.after)
	for j, id := range m.after {
		elem := m.want[j].(tree)
		i := slices.Index(m.before, id)
		if i < 0 {
			list = append(list, elem)
			last = len(list)
			continue
		}
		was := m.old[i].(tree)
		c := change{merge: tree{}}
		if !equal(was, elem) {
			c = mergeTrees(was, elem, at.element(i, m.keys[0], was[m.keys[0]]))
		}
		edits = append(edits, c.edits...)
		list = append(list, c.merge)
		if len(c.merge) > 0 {
			last = len(list)
		} else {
			stub = min(stub, len(list)-1)
		}
		maps.Copy(c.merge, named(was, m.keys))
	}
	*at.stubs = *at.stubs || stub < last
	return list[:last], edits
}

func (m listMerge) deletions() []any {
	var list []any
	for i, id := range m.before {
		if !slices.Contains(m.after, id) {
			gone := named(m.old[i].(tree), m.keys)
			gone["$patch"] = "delete"
			list = append(list, gone)
		}
	}
	return list
}

// named is an element reduced to its keys.
func named(elem tree, keys []string) tree {
	stub := tree{}
	for _, k := range keys {
		if v, ok := elem[k]; ok {
			stub[k] = v
		}
	}
	return stub
}

// identify returns what kustomize tells the elements of a list apart by, or
// nil if it can not. A second key is a port's protocol or the action of a
// spread constraint; two elements that differ in it alone are more than
// kustomize can merge.
func identify(list []any, keys []string) []string {
	ids := []string{}
	seen := map[string]bool{}
	for _, e := range list {
		elem, ok := e.(tree)
		if !ok || elem[keys[0]] == nil {
			return nil
		}
		first := fmt.Sprint(elem[keys[0]])
		if seen[first] {
			return nil
		}
		seen[first] = true
		ids = append(ids, identity(elem, keys))
	}
	return ids
}

// identity joins the keys of an element. A port without a protocol is a TCP
// port for kustomize.
func identity(elem tree, keys []string) string {
	var b strings.Builder
	for _, k := range keys {
		v := elem[k]
		if v == nil && k == "protocol" {
			v = "TCP"
		}
		fmt.Fprintf(&b, "%v\x00", v)
	}
	return b.String()
}
