package plain

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

// scaled are the kinds whose replicas a kustomization sets
// (api/internal/konfig/builtinpluginconsts/replicas.go).
var scaled = []string{"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"}

// unscaled reports replicas of objects that are not there, which stop the
// build, and where these stand.
func (t *tracer) unscaled(u *unit) map[diag.Pos]bool {
	out := map[diag.Pos]bool{}
	if t.isPartial() || slices.ContainsFunc(t.within, t.isBroken) || t.have("configurations") {
		return out
	}
	var known []string
	for kind, names := range t.names() {
		if slices.Contains(scaled, kind) {
			known = append(known, names...)
		}
	}
	slices.Sort(known)
	renamed := t.have("namePrefix") || t.have("nameSuffix")
	for _, k := range t.within {
		for _, r := range k.get("replicas").elems() {
			name := r.get("name").str()
			isIt := func(own string) bool { return own == name || renamed && strings.Contains(name, own) }
			if name == "" || slices.ContainsFunc(known, isIt) {
				continue
			}
			out[realPos(r.pos)] = true
			u.report(unbuilt, diag.Error, r.get("name").pos, "there is no StatefulSet, Deployment or ReplicaSet "+name+" to scale",
				diag.OneOf(name, known, "Name an object that the kustomization has."))
		}
	}
	return out
}

// realPos is a place by the file's own path, as kustomize calls it.
func realPos(pos diag.Pos) diag.Pos {
	if abs, err := filepath.Abs(pos.File); err == nil {
		pos.File = abs
	}
	if path, err := filepath.EvalSymlinks(pos.File); err == nil {
		pos.File = path
	}
	return pos
}

// unpulled reports images that nothing has. kustomize passes over them.
func (t *tracer) unpulled(u *unit) {
	if t.isPartial() || slices.ContainsFunc(t.within, t.isBroken) || t.have("configurations") || t.have("transformers") {
		return
	}
	var known []string
	for _, k := range t.within {
		for _, file := range t.filesOf(k) {
			for _, v := range t.read(file).documents {
				known = v.images(known)
			}
		}
		for _, image := range k.get("images").elems() {
			known = append(known, image.get("newName").str())
		}
	}
	for _, p := range t.patches {
		known = p.value.images(known)
	}
	for _, k := range t.within {
		for _, image := range k.get("images").elems() {
			name := image.get("name")
			if name.str() == "" || isPulled(name.str(), known) {
				continue
			}
			u.report(idlePatch, diag.Warning, name.pos, "there is no image "+name.str()+" to change", "Name an image as the containers have it, without its tag.")
		}
	}
}

// images are all strings that may be the images of containers: of patches too,
// where they are values of operations.
func (v *value) images(known []string) []string {
	for _, key := range v.keys() {
		if s := v.entries[key].str(); s != "" && (key == "image" || key == "value") {
			known = append(known, s)
		}
		known = v.entries[key].images(known)
	}
	for _, below := range v.elems() {
		known = below.images(known)
	}
	return known
}

// isPulled compares as kustomize does, by a regular expression before the tag
// and the digest (api/internal/image.IsImageMatched).
func isPulled(name string, known []string) bool {
	re, err := regexp.Compile("^" + name + "(:[^/]*)?(@.*)?$")
	return err != nil || slices.ContainsFunc(known, re.MatchString)
}

// have reports whether a kustomization has a field.
func (t *tracer) have(field string) bool {
	return slices.ContainsFunc(t.within, func(k *kustomization) bool { return k.get(field) != nil })
}
