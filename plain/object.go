package plain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// unit is a [Unit] in the making.
type unit struct {
	Unit
	places map[manifest.Ref]diag.Pos
	roots  map[string]*value // the objects, by the first step of paths in the index
}

func newUnit(name string) *unit {
	u := &unit{places: map[manifest.Ref]diag.Pos{}, roots: map[string]*value{}}
	u.Unit = Unit{Name: name, Objects: new(manifest.Set), Index: &spec.Index{Locate: u.locate, Title: title}}
	return u
}

// locate is what the index knows.
func (u *unit) locate(path spec.Path) diag.Pos {
	if len(path) == 0 || u.roots[path[0]] == nil {
		return diag.Pos{}
	}
	return u.roots[path[0]].locate(path[1:])
}

// title is a path of link's as object and field.
func title(path spec.Path) string {
	if len(path) == 0 {
		return ""
	}
	var f manifest.Field
	for _, step := range path[1:] {
		_, err := strconv.Atoi(step)
		f = f.Join(manifest.Elem{Name: step, Key: err == nil || strings.ContainsAny(step, "./[]")})
	}
	if len(f) == 0 {
		return path[0]
	}
	return path[0] + ": " + f.String()
}

func (u *unit) report(id string, severity diag.Severity, pos diag.Pos, message, fix string, related ...diag.Related) {
	u.Found = append(u.Found, diag.Diagnostic{Rule: id, Severity: severity, Pos: pos, Message: message, Fix: fix, Related: related})
}

// add takes what a document holds: an object, a list of them, or nothing that
// is Kubernetes'.
func (u *unit) add(v *value) {
	kind, version := v.get("kind").str(), v.get("apiVersion").str()
	switch {
	case kind == "" && version == "":
	case kind == "" || version == "":
		if v.get("metadata", "name") != nil {
			u.report(invalid, diag.Error, v.pos, "an object needs both apiVersion and kind", "State the other one.")
		}
	case isListKind(kind) && v.get("items") != nil:
		for _, item := range v.get("items").elems() {
			u.stray(item, "an item")
			u.add(item)
		}
	case isObject(v):
		u.object(v)
	}
}

// stray reports what stands where an object should, and can be none.
func (u *unit) stray(v *value, what string) {
	is := ""
	switch v.scalar.(type) {
	case string:
		is = "text"
	case bool:
		is = "a boolean"
	case int64, float64:
		is = "a number"
	}
	if v.isList {
		is = "a list"
	}
	if is != "" {
		u.report(invalid, diag.Error, v.pos, what+" that is "+is+", and no object", "Leave it out, or write an object.")
	}
}

// isListKind reports whether a kind is a list of objects: List, ServiceList.
func isListKind(kind string) bool { return len(kind) >= 4 && kind[len(kind)-4:] == "List" }

// isObject tells an object from a file of settings, as programs read: these
// have a kind too, but no metadata.
func isObject(v *value) bool {
	return v.get("metadata") != nil || scheme.Scheme.Recognizes(kindOf(v))
}

func kindOf(v *value) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(v.get("apiVersion").str(), v.get("kind").str())
}

// object decodes one object, and remembers where its fields were written.
func (u *unit) object(v *value) {
	gvk, name := kindOf(v), v.get("metadata", "name")
	if name == nil || name.scalar == nil || name.scalar == "" {
		if v.get("metadata", "generateName").str() == "" {
			u.report(invalid, diag.Error, v.pos, "a "+gvk.Kind+" without a name", "Give it a metadata.name.")
		}
		return // one with generateName is made, never applied
	}
	object := gvk.Kind + "/" + print(name.scalar)
	u.fit(object, v)
	if written := v.get("status"); written != nil && scheme.Scheme.Recognizes(gvk) {
		u.report(status, diag.Warning, written.pos, object+": the status is for controllers to write", "Leave it out.")
	}
	resource, err := manifest.Decode(v.tree().(map[string]any))
	if err != nil {
		u.report(invalid, diag.Error, v.pos, object+": "+err.Error(), "Write the object as the API server takes it.")
		return
	}
	if scheme.Scheme.Recognizes(gvk) {
		u.spelling(object, nil, v, manifest.Tree(resource))
	}
	u.put(resource, v)
}

// fit reports what does not fit into an object's kind, and mends it.
func (u *unit) fit(object string, v *value) {
	misfits := manifest.Misfits(v.tree().(map[string]any), v.written)
	for _, m := range misfits {
		u.Found = append(u.Found, diag.Diagnostic{
			Rule: invalid, Pos: v.locate(m.Path), Object: object, Field: m.Field.String(),
			Message: fmt.Sprintf("%s: %v: %s", object, m.Field, m.Message), Fix: m.Fix,
		})
	}
	for _, m := range slices.Backward(misfits) { // from the end of each list
		v.mend(m)
	}
}

// put adds an object unless there is one of its name.
func (u *unit) put(resource manifest.Resource, v *value) {
	o := &manifest.Object{Value: resource}
	ref := o.Ref()
	if first, twice := u.places[ref]; twice {
		u.report(twiceStated, diag.Error, v.pos, fmt.Sprintf("%v is there twice", ref),
			"Remove one of them, or check the directories of different clusters one by one.", diag.Related{Pos: first, Message: "the first one"})
		return
	}
	u.places[ref] = v.pos
	u.Objects.Objects = append(u.Objects.Objects, o)
	v.link(o, nil, spec.Path{u.root(ref, v)})
}

// root is where the paths of an object begin: its kind and name, and more where
// two namespaces have the same.
func (u *unit) root(ref manifest.Ref, v *value) string {
	root := ref.String()
	if u.roots[root] != nil {
		root = fmt.Sprintf("%s.%s/%s/%s", ref.Kind, ref.Group, ref.Namespace, ref.Name)
	}
	u.roots[root] = v
	return root
}
