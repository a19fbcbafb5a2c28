package overlay

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
)

// image is an entry of kustomize's field images: what becomes of all images of
// a name, in whatever container of whatever object.
//
// How kustomize applies it is the same code in 5.4.3 and 5.8.1
// (api/filters/imagetag): it looks into lists called containers and
// initContainers at any depth, so into CronJobs and custom resources too. The
// newer one looks into image volumes as well, so what they refer to must not
// depend on it.
type image struct{ name, newName, newTag, digest string }

// reference takes an image apart: its name with the registry and its port, its
// tag, its digest.
var reference = regexp.MustCompile(`^((?:[\w.-]+(?::\d+)?/)?[\w./-]+)(?::([\w.-]+))?(?:@(sha256:\w+))?$`)

// parseImage leaves name empty for what is no reference.
func parseImage(s string) (name, tag, digest string) {
	if m := reference.FindStringSubmatch(s); m != nil {
		return m[1], m[2], m[3]
	}
	return "", "", ""
}

// version is what kustomize takes for the rest of an image, behind its name.
var version = regexp.MustCompile(`^(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`)

// matches is IsImageMatched of kustomize, which takes a name for a regular
// expression: a dot in it is any character.
func (i image) matches(s string) bool {
	if len(s) < len(i.name) {
		return false
	}
	for n := range len(i.name) {
		if i.name[n] != s[n] && i.name[n] != '.' {
			return false
		}
	}
	return version.MatchString(s[len(i.name):])
}

// apply is what kustomize makes of an image.
func (i image) apply(s string) string {
	if !i.matches(s) {
		return s
	}
	name, tag, digest := parseImage(s)
	if i.newTag != "" || i.digest != "" {
		tag, digest = i.newTag, i.digest
	}
	return joinImage(cmp.Or(i.newName, name), tag, digest)
}

func applyAll(images []image, s string) string {
	for _, i := range images {
		s = i.apply(s)
	}
	return s
}

func joinImage(name, tag, digest string) string {
	if tag != "" {
		name += ":" + tag
	}
	if digest != "" {
		name += "@" + digest
	}
	return name
}

func (i image) document() mapping {
	doc := mapping{{"name", i.name}}
	for _, e := range []entry{{"newName", i.newName}, {"newTag", i.newTag}, {"digest", i.digest}} {
		if e.value != "" {
			doc = append(doc, e)
		}
	}
	return doc
}

// replaced is an image of an environment and what the base has in its place:
// "" if there is no such place.
type replaced struct{ was, want string }

// changedImages finds the entries that make the environment's images of the
// base's. An image that they would not get right stays in a patch.
func (p plan) changedImages() []image {
	images := candidates(imagesOf(slices.DeleteFunc(slices.Clone(p.kept), pair.isOne)))
	if len(images) == 0 {
		return nil
	}
	all := append(imagesOf(p.kept), p.otherImages()...)
	for {
		var wrong []image
		for _, r := range all {
			if r.misses(images) {
				wrong = append(wrong, r.met(images)...)
			}
		}
		if len(wrong) == 0 {
			return images
		}
		images = slices.DeleteFunc(images, func(i image) bool { return slices.Contains(wrong, i) })
	}
}

// imagesOf are those of containers of objects that the base has too. Their
// order does not matter.
func imagesOf(kept []pair) []replaced {
	var all []replaced
	for _, pair := range kept {
		pair.want.eachImage(pair.base, func(container tree, was string) {
			all = append(all, replaced{was, container["image"].(string)})
		})
	}
	return all
}

// otherImages have nothing in their place in the base, or nothing that every
// kustomize looks into.
func (p plan) otherImages() []replaced {
	var all []replaced
	for _, o := range p.added {
		o.eachImage(&object{}, func(container tree, _ string) {
			all = append(all, replaced{"", container["image"].(string)})
		})
	}
	for _, o := range p.wanted() {
		all = append(all, imageVolumes(o.tree)...)
	}
	return all
}

// candidates has an entry for each image of which all that change, change to
// the same.
func candidates(all []replaced) []image {
	byName := map[string][]replaced{}
	for _, r := range all {
		if name, _, _ := parseImage(r.was); name != "" && r.was != r.want {
			byName[name] = append(byName[name], r)
		}
	}
	var images []image
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if i, ok := candidate(name, byName[name]); ok {
			images = append(images, i)
		}
	}
	return images
}

func candidate(name string, all []replaced) (image, bool) {
	newName, tag, digest := parseImage(all[0].want)
	moved, set := image{name: name, newName: newName}, image{name, newName, tag, digest}
	if newName == name {
		set.newName = ""
	}
	for _, i := range []image{moved, set} {
		if newName != "" && !slices.ContainsFunc(all, func(r replaced) bool { return i.apply(r.was) != r.want }) {
			return i, true
		}
	}
	return image{}, false
}

// unpatched is what the container has when patches are done: what the base
// has, if an entry is there for it.
func (r replaced) unpatched(images []image) string {
	name, _, _ := parseImage(r.was)
	if slices.ContainsFunc(images, func(i image) bool { return i.name == name }) {
		return r.was
	}
	return r.want
}

// misses reports whether entries make something else of an image than is
// wanted, also where it has been patched before them.
func (r replaced) misses(images []image) bool {
	return applyAll(images, r.unpatched(images)) != r.want || applyAll(images, r.want) != r.want
}

// met are the entries that have to do with what becomes of an image.
func (r replaced) met(images []image) []image {
	var met []image
	for _, s := range []string{r.unpatched(images), r.want} {
		for _, i := range images {
			if i.matches(s) {
				met = append(met, i)
			}
			s = i.apply(s)
		}
	}
	return met
}

// eachImage visits the containers that kustomize looks into, and what image
// the base has there: "" if it has none.
func (o *object) eachImage(base *object, visit func(container tree, was string)) {
	if o.Kind != "CustomResourceDefinition" {
		eachContainer(o.tree, base.tree, visit)
	}
}

func eachContainer(v, base any, visit func(container tree, was string)) {
	switch v := v.(type) {
	case tree:
		before, _ := base.(tree)
		for k, e := range v {
			eachContainer(e, before[k], visit)
			if list, ok := e.([]any); ok && (k == "containers" || k == "initContainers") {
				eachWithImage(list, before[k], visit)
			}
		}
	case []any:
		for i, e := range v {
			eachContainer(e, counterpart(base, e, i), visit)
		}
	}
}

func eachWithImage(list []any, base any, visit func(container tree, was string)) {
	for i, e := range list {
		container, _ := e.(tree)
		if _, ok := container["image"].(string); !ok {
			continue
		}
		before, _ := counterpart(base, e, i).(tree)
		was, _ := before["image"].(string)
		visit(container, was)
	}
}

// counterpart is the element of a list in the base that has the name of e; the
// i-th, if e has none.
func counterpart(base, e any, i int) any {
	list, _ := base.([]any)
	m, _ := e.(tree)
	if name, ok := m["name"].(string); ok {
		i = slices.IndexFunc(list, func(b any) bool { m, _ := b.(tree); return m["name"] == name })
	}
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

// imageVolumes are the images that volumes of a pod refer to, at any depth.
func imageVolumes(v any) []replaced {
	var all []replaced
	switch v := v.(type) {
	case tree:
		if image, ok := v["image"].(tree); ok {
			if s, ok := image["reference"].(string); ok {
				all = append(all, replaced{"", s})
			}
		}
		for _, e := range v {
			all = append(all, imageVolumes(e)...)
		}
	case []any:
		for _, e := range v {
			all = append(all, imageVolumes(e)...)
		}
	}
	return all
}
