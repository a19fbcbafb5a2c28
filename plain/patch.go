package plain

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// patch is a part of a kustomization that changes objects: fields to merge, or
// a list of operations (RFC 6902).
type patch struct {
	*value
	target *value // nil: the object that the fields name
}

// patches are those of kustomizations, the last applied first.
func (l *loader) patches(within []*kustomization) []patch {
	var out []patch
	for _, k := range within {
		for _, field := range []string{"patchesJson6902", "patches", "patchesStrategicMerge"} {
			for _, v := range slices.Backward(k.get(field).elems()) {
				out = append(out, l.patch(k, v)...)
			}
		}
	}
	return out
}

// patch reads an entry of patches; in older lists it is a file's name, or the
// patch itself.
func (l *loader) patch(k *kustomization, v *value) []patch {
	name, inline := v.get("path").str(), v.get("patch")
	if !v.isMap() {
		name, inline = v.str(), v
	}
	var documents []*value
	switch r := k.reference(&value{scalar: name}, false); {
	case inline != nil && (name == "" || strings.Contains(name, "\n")):
		var read *text
		documents, read = parseIn(inline)
		l.heed(read)
	case name != "" && r.missing() == nil:
		documents = l.read(r.path).documents
	}
	var out []patch
	for _, d := range documents {
		out = append(out, patch{d, v.get("target")})
	}
	return out
}

// isOf reports whether p is for the object of a kind with one of the names.
func (p patch) isOf(kind string, names ...string) bool {
	wantKind, wantName := p.aim()
	return matches(wantKind, kind) && slices.ContainsFunc(names, func(name string) bool { return matches(wantName, name) })
}

// aim is the kind and the name of what p is for; nil for any.
func (p patch) aim() (kind, name *value) {
	if p.target != nil {
		return p.target.get("kind"), p.target.get("name")
	}
	return p.get("kind"), p.get("metadata", "name")
}

// matches compares as selectors do: by a regular expression for all of it.
func matches(want *value, s string) bool {
	if want.str() == "" {
		return want == nil
	}
	re, err := regexp.Compile("^(?:" + want.str() + ")$")
	return err == nil && re.MatchString(s)
}

// find is the place where p states a field of an object.
func (p patch) find(f manifest.Field, tree map[string]any) (diag.Pos, bool) {
	if !p.isList {
		v, depth := p.value.find(f)
		return v.pos, depth == len(f) && len(f) > 0
	}
	for _, op := range slices.Backward(p.list) {
		at := pointer(op.get("path").str(), tree)
		if op.get("value") == nil || !at.Covers(f) {
			continue
		}
		if v, depth := op.get("value").find(f[len(at):]); depth == len(f)-len(at) {
			return v.pos, true
		}
	}
	return diag.Pos{}, false
}

// replaced is the place of a field, or of the nearest thing above it, in what p
// states as a whole: a list that is not merged, what has the directive to be
// replaced, the value of an operation.
func (p patch) replaced(f manifest.Field, tree map[string]any, schema *openapi.ResourceSchema) (diag.Pos, bool) {
	if !p.isList {
		return p.value.replaced(f, schema)
	}
	for _, op := range slices.Backward(p.list) {
		at := pointer(op.get("path").str(), tree)
		if op.get("value") != nil && at.Covers(f) {
			v, _ := op.get("value").find(f[len(at):])
			return v.pos, true
		}
	}
	return diag.Pos{}, false
}

// replaced goes down a merge, as kustomize does with the schema of a kind.
func (v *value) replaced(f manifest.Field, schema *openapi.ResourceSchema) (diag.Pos, bool) {
	for i, e := range f {
		if v.isReplacing(schema) {
			below, _ := v.find(f[i:])
			return below.pos, true
		}
		isElem := v.isList
		if v = v.step(e); v == nil {
			return diag.Pos{}, false
		}
		switch {
		case schema != nil && isElem:
			schema = schema.Elements()
		case schema != nil:
			schema = schema.Field(e.Name)
		}
	}
	return v.pos, v.isReplacing(schema)
}

// isReplacing reports whether kustomize takes v for all that was there. A list
// of a kind that it does not know is never merged.
func (v *value) isReplacing(schema *openapi.ResourceSchema) bool {
	if v.get("$patch").str() == "replace" {
		return true
	}
	if !v.isList {
		return false
	}
	strategy := ""
	if schema != nil {
		strategy, _ = schema.PatchStrategyAndKeyList()
	}
	return !strings.Contains(strategy, "merge") || slices.ContainsFunc(v.list, func(e *value) bool { return e.get("$patch").str() == "replace" })
}

var unescaped = strings.NewReplacer("~1", "/", "~0", "~")

// pointer reads a path of RFC 6902 as a field of the object that it led to.
func pointer(path string, tree map[string]any) manifest.Field {
	var f manifest.Field
	var at any = tree
	for _, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		step = unescaped.Replace(step)
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
			f = append(f, manifest.Elem{Name: step})
		case []any:
			i, err := strconv.Atoi(step)
			if step == "-" {
				i, err = len(v)-1, nil
			}
			if err != nil || i < 0 || i >= len(v) {
				return append(f, manifest.Elem{Name: step, Key: true})
			}
			at = v[i]
			f = append(f, manifest.Elem{Name: manifest.ElemKey(at, i), Key: true})
		default:
			return append(f, manifest.Elem{Name: step})
		}
	}
	return f
}

// claims reports merge patches that leave out claims, or parts of them. What makes
// the object invalid is put back, unless the loss is meant: what follows from it
// is not to be told at what needs it.
func (u *unit) claims(b *built) {
	if b.origin.get("kind").str() != "StatefulSet" {
		return
	}
	before := b.origin.get("spec", "volumeClaimTemplates")
	for _, p := range b.patches {
		after := p.get("spec", "volumeClaimTemplates")
		if after == nil || p.isList {
			continue
		}
		if lost := lost(before, after); len(lost) > 0 {
			u.report(claimPatch, severityOf(claimPatch), after.pos,
				fmt.Sprintf("StatefulSet/%s: a merge replaces all claims: %s would be gone", b.origin.get("metadata", "name").str(), strings.Join(lost, ", ")),
				"Use a JSON patch (op: replace) for the field, guarded by a test of the claim's name.",
				diag.Related{Pos: before.pos, Message: "the claims that are there"})
			told := u.Found[len(u.Found)-1]
			if !slices.ContainsFunc(b.waivers, func(w diag.Waiver) bool { return w.Rule == claimPatch && w.Covers(told) }) {
				b.value.get("spec", "volumeClaimTemplates").restore(before)
			}
		}
	}
}

// restore adds the claims that a list lacks of another, and what no claim can
// be without.
func (v *value) restore(before *value) {
	for i, claim := range before.elems() {
		own := v.step(before.elem(i))
		if own == nil {
			v.list, v.byKey = append(slices.Clone(v.list), claim), nil
			continue
		}
		spec := own.get("spec")
		if spec == nil && own.isMap() {
			own.entries["spec"] = claim.get("spec")
		}
		for _, key := range []string{"accessModes", "resources"} {
			if needed := claim.get("spec", key); spec.isMap() && spec.get(key) == nil && needed != nil {
				spec.entries[key] = needed
			}
		}
	}
}

// lost is what a list of claims has and another one lacks.
func lost(before, after *value) []string {
	var out []string
	for i, claim := range before.elems() {
		other := after.step(before.elem(i))
		if other == nil {
			out = append(out, before.elem(i).Name)
			continue
		}
		for _, key := range claim.get("spec").keys() {
			if other.get("spec", key) == nil {
				out = append(out, before.elem(i).Name+"."+key)
			}
		}
	}
	return out
}

// podSpecs are where objects have the fields of a pod.
var podSpecs = [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}, {"spec"}}

// containers reports containers that merge patches add by a name which is wrong:
// they have no image, or the object has one of nearly that name. Those without
// an image are taken out, since nothing else is to be said of them.
func (u *unit) containers(b *built) {
	if b.origin == nil {
		return
	}
	object := b.value.get("kind").str() + "/" + b.value.get("metadata", "name").str()
	for _, list := range []string{"initContainers", "containers"} {
		for _, at := range podSpecs {
			path := append(slices.Clone(at), list)
			known := b.containers(path)
			for _, p := range b.patches {
				for _, c := range p.get(path...).elems() {
					name := c.get("name")
					added := b.value.get(path...).named(name.str())
					if name.str() == "" || slices.Contains(known, name.str()) || added == nil {
						continue
					}
					message, severity := fmt.Sprintf("%s: there is no container %s, so the patch adds one", object, name.str()), severityOf(addedByName)
					like := diag.DidYouMean(name.str(), known)
					switch {
					case added.get("image") == nil:
						message, severity = message+" without an image", diag.Error
						all := b.value.get(path...)
						all.list, all.byKey = slices.DeleteFunc(slices.Clone(all.list), func(v *value) bool { return v == added }), nil
					case like == "":
						continue
					}
					u.report(addedByName, severity, name.pos, message, cmp.Or(like, diag.Known(known, "Name a container of the object.")))
				}
			}
		}
	}
}

// containers are the names of those that the object had before the patches.
func (b *built) containers(path []string) (names []string) {
	for _, c := range b.origin.get(path...).elems() {
		names = append(names, c.get("name").str())
	}
	return names
}

// named is the element of a list with a name; nil if there is none.
func (v *value) named(name string) *value {
	for _, e := range v.elems() {
		if e.get("name").str() == name {
			return e
		}
	}
	return nil
}

// rewrites are fields of a kustomization that change what is fixed once a
// StatefulSet is in a cluster. Beside the StatefulSet itself, labels do it when
// they change; the others are what they were from the beginning.
var rewrites = []struct {
	field, what string
	beside      bool
}{
	{"commonLabels", "the selector and the claim templates", true},
	{"commonAnnotations", "the pods and the claim templates", false},
	{"namePrefix", "the name, and so the claims", false},
	{"nameSuffix", "the name, and so the claims", false},
}

// selectors reports these in kustomizations with a StatefulSet, or over one.
func (u *unit) selectors(t *tracer) {
	for _, k := range t.within {
		own, below := t.sets(k)
		if k.isComponent() {
			own, below = t.sets(t.within[0])
			below = append(below, own...)
		}
		all := slices.Concat(below, own)
		for _, r := range rewrites {
			if v := k.get(r.field); v != nil && (len(below) > 0 || r.beside && len(all) > 0) {
				u.rewritten(v, all[0], r.field, r.what)
			}
		}
		for _, labels := range k.get("labels").elems() {
			if v := labels.get("includeSelectors"); len(all) > 0 && v != nil && v.scalar == true {
				u.rewritten(v, all[0], "includeSelectors", "the selector and the claim templates")
			}
			if v := labels.get("includeTemplates"); len(all) > 0 && v != nil && v.scalar == true {
				u.rewritten(v, all[0], "includeTemplates", "the pods, and with some versions of kustomize the claim templates")
			}
		}
	}
}

func (u *unit) rewritten(v, set *value, field, what string) {
	u.report(selectors, severityOf(selectors), v.pos,
		fmt.Sprintf("%s changes %s of StatefulSet/%s", field, what, set.get("metadata", "name").str()),
		"Use labels without includeSelectors and includeTemplates, and patches.",
		diag.Related{Pos: set.pos, Message: "the StatefulSet"})
}

// sets are the StatefulSets in k's own files, and those in what it refers to.
func (t *tracer) sets(k *kustomization) (own, below []*value) {
	for i, in := range t.loader.within(k) {
		for _, file := range t.filesOf(in) {
			for _, v := range flat(t.read(file).documents) {
				switch {
				case v.get("kind").str() != "StatefulSet":
				case i == 0:
					own = append(own, v)
				default:
					below = append(below, v)
				}
			}
		}
	}
	return own, below
}
