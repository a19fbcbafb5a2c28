package plain

import (
	"maps"
	"slices"
	"strconv"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// value is a piece of YAML and where it was written: a map, a list or a scalar.
// The place of a map or a list that is an entry of a map is its key's, since
// the rest begins in the next line.
type value struct {
	pos     diag.Pos
	entries map[string]*value // of a map, else nil
	list    []*value
	isList  bool
	scalar  any               // string, bool, int64, float64, nil: as a YAML 1.1 parser reads it
	text    string            // of a scalar, as it was written
	byKey   map[string]*value // of a list, once it was searched
	block   int               // columns before the lines of a literal (|), which begin below pos; 0 for all else
	last    int               // the last line of a literal or a folded text; 0 for all else
}

func (v *value) isMap() bool { return v != nil && v.entries != nil }

// keys are those of a map, in order.
func (v *value) keys() []string {
	if v == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(v.entries))
}

// get is what a map has at the end of a path; nil if it is not there.
func (v *value) get(path ...string) *value {
	for _, key := range path {
		if v == nil {
			return nil
		}
		v = v.entries[key]
	}
	return v
}

// str is a scalar that is a string; "" if v is not.
func (v *value) str() string {
	if v == nil {
		return ""
	}
	s, _ := v.scalar.(string)
	return s
}

// elems are the elements of a list; none if v is no list.
func (v *value) elems() []*value {
	if v == nil {
		return nil
	}
	return v.list
}

// tree is v as maps, lists and scalars.
func (v *value) tree() any {
	switch {
	case v.isMap():
		out := make(map[string]any, len(v.entries))
		for key, below := range v.entries {
			out[key] = below.tree()
		}
		return out
	case v.isList:
		out := make([]any, len(v.list))
		for i, below := range v.list {
			out[i] = below.tree()
		}
		return out
	}
	return v.scalar
}

// shallow is a tree of v that has what [manifest.ElemKey] looks at.
func (v *value) shallow() any {
	if !v.isMap() {
		return nil
	}
	out := map[string]any{}
	for key, below := range v.entries {
		out[key] = below.scalar
	}
	if meta := v.get("metadata"); meta.isMap() {
		out["metadata"] = meta.tree()
	}
	return out
}

// elem is the step to the i-th element of a list.
func (v *value) elem(i int) manifest.Elem {
	return manifest.Elem{Name: manifest.ElemKey(v.list[i].shallow(), i), Key: true}
}

// find follows a field as far as v has it, and says how far that is.
func (v *value) find(f manifest.Field) (found *value, depth int) {
	for depth < len(f) {
		next := v.step(f[depth])
		if next == nil {
			break
		}
		v, depth = next, depth+1
	}
	return v, depth
}

// step is an entry of a map, or the first element of a list with a key. Values
// that are searched do not change any more.
func (v *value) step(e manifest.Elem) *value {
	if !v.isList {
		return v.entries[e.Name]
	}
	if v.byKey == nil {
		v.byKey = map[string]*value{}
		for i := len(v.list) - 1; i >= 0; i-- {
			v.byKey[v.elem(i).Name] = v.list[i]
		}
	}
	return v.byKey[e.Name]
}

// link tells an object where its fields come from: each from the path to where
// it was written. Of two elements with one key the later comes first, for that
// is the one which is wrong.
func (v *value) link(o *manifest.Object, f manifest.Field, at spec.Path) {
	o.FromField(f, at)
	for _, key := range v.keys() {
		v.entries[key].link(o, f.Join(manifest.Elem{Name: key}), at.Join(key))
	}
	for i := len(v.list) - 1; i >= 0; i-- {
		v.list[i].link(o, f.Join(v.elem(i)), at.Join(strconv.Itoa(i)))
	}
}

// locate is the place of the value at a path of link's; nowhere if there is
// none.
func (v *value) locate(path spec.Path) diag.Pos {
	if v = v.at(path); v == nil {
		return diag.Pos{}
	}
	return v.pos
}

// at is the value at a path of link's; nil if there is none.
func (v *value) at(path spec.Path) *value {
	for _, step := range path {
		if i, err := strconv.Atoi(step); err == nil && v.isList && i < len(v.list) {
			v = v.list[i]
		} else {
			v = v.entries[step]
		}
		if v == nil {
			return nil
		}
	}
	return v
}

// written is the text of the scalar at a path.
func (v *value) written(path spec.Path) string { return v.at(path).text }

// mend takes a misfit out, or puts in what was meant.
func (v *value) mend(m manifest.Misfit) {
	if m.Meant != nil {
		v.at(m.Path).scalar = m.Meant
		return
	}
	last := len(m.Path) - 1
	above := v.at(m.Path[:last])
	if i, err := strconv.Atoi(m.Path[last]); err == nil && above.isList {
		above.list = slices.Delete(slices.Clone(above.list), i, i+1)
		return
	}
	delete(above.entries, m.Path[last])
}

// valueOf is a tree whose places somebody knows.
func valueOf(tree any, f manifest.Field, where func(manifest.Field, any) diag.Pos) *value {
	v := &value{pos: where(f, tree)}
	switch tree := tree.(type) {
	case map[string]any:
		v.entries = make(map[string]*value, len(tree))
		for key, below := range tree {
			v.entries[key] = valueOf(below, f.Join(manifest.Elem{Name: key}), where)
		}
	case []any:
		v.isList = true
		for i, below := range tree {
			v.list = append(v.list, valueOf(below, f.Join(manifest.Elem{Name: manifest.ElemKey(below, i), Key: true}), where))
		}
	default:
		v.scalar, v.text = tree, print(tree)
	}
	return v
}
