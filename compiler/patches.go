package compiler

import (
	"encoding/json"
	"fmt"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// patches changes compiled objects as the spec says. The result is decoded as
// strictly as an object of the user's: a patch cannot make what the API server
// does not know.
func patches(c *Context) {
	byKey(c.App.Patches, func(key string, p spec.Patch) {
		at := spec.Path{"patches", key}
		o := c.target(p.Target, at)
		if o == nil {
			return
		}
		if err := c.patch(o, p, at); err != nil {
			c.report("patch-invalid", at, fmt.Sprintf("%v: %v", o.Ref(), err), "See what the object is without the patch: statefulc build -o -.")
		}
	})
}

// target is the object that a patch is for.
func (c *Context) target(t spec.Target, at spec.Path) *manifest.Object {
	var known []string
	for _, o := range c.set.Objects {
		if ref := o.Ref(); ref.Kind == t.Kind {
			if ref.Name == t.Name {
				return o
			}
			known = append(known, ref.Name)
		}
	}
	c.report("patch-target", at.Join("target"), fmt.Sprintf("there is no %s %q", t.Kind, t.Name), oneOf(known, "There is none of that kind."))
	return nil
}

func (c *Context) patch(o *manifest.Object, p spec.Patch, at spec.Path) error {
	before := o.Tree()
	text, err := json.Marshal(before)
	if err != nil {
		return err
	}
	if text, err = apply(text, p); err != nil {
		return err
	}
	var tree spec.Tree
	if err := json.Unmarshal(text, &tree); err != nil {
		return err
	}
	value, err := decode(tree)
	if err != nil {
		return err
	}
	ref := o.Ref()
	if o.Value = value; o.Ref() != ref {
		return fmt.Errorf("it would become %v", o.Ref())
	}
	linkChanges(o, before, at)
	return nil
}

func apply(text []byte, p spec.Patch) ([]byte, error) {
	if p.Merge != nil {
		merge, err := json.Marshal(p.Merge)
		if err != nil {
			return nil, err
		}
		return jsonpatch.MergePatch(text, merge)
	}
	operations, err := json.Marshal(p.Operations)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		return nil, err
	}
	return patch.Apply(text)
}

// linkChanges links what a patch has changed to the patch.
func linkChanges(o *manifest.Object, before map[string]any, at spec.Path) {
	was := map[string]any{}
	manifest.Leaves(before, func(f manifest.Field, v any) { was[f.String()] = v })
	manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
		if old, ok := was[f.String()]; !ok || fmt.Sprint(old) != fmt.Sprint(v) {
			o.Links = slices.DeleteFunc(o.Links, func(l manifest.Link) bool { return l.Field.Covers(f) && f.Covers(l.Field) })
			o.Links = append(o.Links, manifest.Link{Field: f, From: at})
		}
	})
}
