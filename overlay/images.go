package overlay

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// image is an entry of kustomize's field images: what becomes of all images of
// a name, in whatever container of whatever object.
//
// How kustomize applies it is the same code from 5.4.3 to 5.8.1
// (api/filters/imagetag): it looks into lists called containers and
// initContainers at any depth, so into CronJobs and custom resources too. Only
// 5.8 looks into image volumes, so what they refer to must not depend on it.
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

// matches is IsImageMatched of kustomize, which takes a name for a regular
// expression: a dot in it is any character.
func (i image) matches(s string) bool {
	pattern := regexp.MustCompile("^" + i.name + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$")
	return pattern.MatchString(s)
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
	all := p.replacedImages()
	images := candidates(all)
	for {
		wrong := slices.IndexFunc(all, func(r replaced) bool { return r.misses(images) })
		if wrong < 0 {
			return images
		}
		images = slices.DeleteFunc(images, func(i image) bool { return all[wrong].meets(i, images) })
	}
}

// replacedImages are the images of all objects of the environment.
func (p plan) replacedImages() []replaced {
	var all []replaced
	for _, pair := range p.kept {
		before := map[string]string{}
		pair.base.eachImage(func(at string, container tree) { before[at] = container["image"].(string) })
		pair.want.eachImage(func(at string, container tree) {
			all = append(all, replaced{before[at], container["image"].(string)})
		})
		all = append(all, imageVolumes(pair.want.tree)...)
	}
	for _, o := range p.added {
		o.eachImage(func(_ string, container tree) { all = append(all, replaced{"", container["image"].(string)}) })
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

// meets reports whether an entry has to do with what becomes of an image.
func (r replaced) meets(i image, images []image) bool {
	for _, s := range []string{r.unpatched(images), r.want} {
		for _, step := range images {
			if step == i && i.matches(s) {
				return true
			}
			s = step.apply(s)
		}
	}
	return false
}

// eachImage visits the containers that kustomize looks into.
func (o *object) eachImage(visit func(at string, container tree)) {
	if o.Kind != "CustomResourceDefinition" {
		eachContainer(o.tree, "", visit)
	}
}

func eachContainer(v any, at string, visit func(at string, container tree)) {
	switch v := v.(type) {
	case tree:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			eachContainer(v[k], at+"/"+k, visit)
			if k == "containers" || k == "initContainers" {
				eachWithImage(v[k], at+"/"+k, visit)
			}
		}
	case []any:
		for i, e := range v {
			eachContainer(e, at+"/"+elementName(e, i), visit)
		}
	}
}

func eachWithImage(v any, at string, visit func(at string, container tree)) {
	list, _ := v.([]any)
	for i, e := range list {
		container, _ := e.(tree)
		if _, ok := container["image"].(string); ok {
			visit(at+"/"+elementName(e, i), container)
		}
	}
}

func elementName(e any, i int) string {
	if m, ok := e.(tree); ok {
		if name, ok := m["name"].(string); ok {
			return name
		}
	}
	return strconv.Itoa(i)
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
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(all, imageVolumes(v[k])...)
		}
	case []any:
		for _, e := range v {
			all = append(all, imageVolumes(e)...)
		}
	}
	return all
}
