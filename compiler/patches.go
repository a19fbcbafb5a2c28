package compiler

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// patches changes compiled objects as the spec says. The result is decoded as
// strictly as an object of the user's: a patch cannot make what the API server
// does not know.
func patches(c *Context) {
	byKey(c.App.Patches, func(key string, p spec.Patch) {
		at := spec.Path{"patches", key}
		isOne := c.oneOf(at, option{"merge", p.Merge != nil}, option{"operations", p.Operations != nil})
		areKnown := c.areOperations(p.Operations, at)
		o := c.target(p.Target, at)
		switch {
		case o == nil:
		case isOne && areKnown:
			c.patch(o, steps(p, at))
		case !isOne: // neither is taken, and each is judged as if it were
			c.patch(copyOf(o), steps(spec.Patch{Merge: p.Merge}, at))
			if areKnown {
				c.patch(copyOf(o), steps(spec.Patch{Operations: p.Operations}, at))
			}
		}
	})
}

func copyOf(o *manifest.Object) *manifest.Object {
	other := *o
	other.Links = slices.Clone(o.Links)
	return &other
}

// patch changes an object by steps, up to one that fails.
func (c *Context) patch(o *manifest.Object, steps []step) {
	for _, step := range steps {
		if err := c.apply(o, step); err != nil {
			c.report("patch-invalid", step.at, fmt.Sprintf("%v: %v", o.Ref(), err), "See what the object is without the patch: statefulc build -o -.")
			c.by(o.Trace(nil)[0])
			return
		}
	}
}

// operations are those of RFC 6902, and what each has beside op and path.
var operations = map[string]string{"add": "value", "copy": "from", "move": "from", "remove": "", "replace": "value", "test": "value"}

// areOperations reports whether operations are whole, whatever object they are
// for, and says otherwise what they lack.
func (c *Context) areOperations(all []spec.Tree, at spec.Path) bool {
	before := len(c.found)
	for i, operation := range all {
		at := at.Join("operations", fmt.Sprint(i))
		op, isText := operation["op"].(string)
		with, isKnown := operations[op]
		switch {
		case operation["op"] == nil:
			c.report("patch-invalid", at, "the operation has no op", diag.Known(keysOf(operations), ""))
		case !isText:
			c.report("patch-invalid", at.Join("op"), fmt.Sprintf("%v is no operation", operation["op"]), diag.Known(keysOf(operations), ""))
		case !isKnown:
			c.report("patch-invalid", at.Join("op"), fmt.Sprintf("there is no operation %q", op), diag.OneOf(op, keysOf(operations), ""))
		}
		for _, field := range []string{"path", with} {
			_, isPointer := operation[field].(string)
			_, isThere := operation[field]
			switch {
			case field == "":
			case !isThere:
				c.report("patch-invalid", at, fmt.Sprintf("the operation has no %s", field), "State "+field+": "+pointed[field])
			case field != "value" && !isPointer:
				c.report("patch-invalid", at.Join(field), fmt.Sprintf("%s is no text", field), "State "+pointed[field])
			}
		}
	}
	return len(c.found) == before
}

// pointed says what the fields of an operation are.
var pointed = map[string]string{
	"path":  "a place in the object, \"/spec/replicas\".",
	"from":  "the place in the object that it takes the value from, \"/spec/replicas\".",
	"value": "what is to be there; null is stated too.",
}

// step is a part of a patch that is applied alone, so that one that fails has
// an address.
type step struct {
	at    spec.Path
	value spec.Path // where it states what is to be
	into  spec.Path // at this place of the object
	apply func(text []byte) ([]byte, error)
}

// path is the place of a field in the patch; that of all of it for what it does
// not state.
func (s step) path(field spec.Path) spec.Path {
	if s.value == nil || len(field) < len(s.into) || !slices.Equal(field[:len(s.into)], s.into) {
		return s.at
	}
	return s.value.Join(field[len(s.into):]...)
}

func steps(p spec.Patch, at spec.Path) []step {
	if p.Merge != nil {
		return []step{{at.Join("merge"), at.Join("merge"), nil, func(text []byte) ([]byte, error) { return applyMerge(text, p.Merge) }}}
	}
	var out []step
	for i, operation := range p.Operations {
		s := step{at: at.Join("operations", fmt.Sprint(i)), apply: func(text []byte) ([]byte, error) { return applyOperation(text, operation) }}
		if path, ok := operation["path"].(string); ok && operation["value"] != nil {
			s.value, s.into = s.at.Join("value"), pointer(path)
		}
		out = append(out, s)
	}
	return out
}

var unescaped = strings.NewReplacer("~1", "/", "~0", "~")

// pointer reads a path of RFC 6902.
func pointer(path string) spec.Path {
	var out spec.Path
	for _, step := range strings.Split(path, "/")[1:] {
		out = append(out, unescaped.Replace(step))
	}
	return out
}

// target is the object that a patch is for.
func (c *Context) target(t spec.Target, at spec.Path) *manifest.Object {
	var names, kinds []string
	for _, o := range c.set.Objects {
		switch ref := o.Ref(); {
		case ref.Kind == t.Kind && ref.Name == t.Name:
			return o
		case ref.Kind == t.Kind:
			names = append(names, ref.Name)
		case ref.Name == t.Name:
			kinds = append(kinds, ref.Kind)
		}
	}
	if t.Kind == "PersistentVolume" && c.lacksVolumes {
		return nil
	}
	fix := diag.OneOf(t.Name, names, diag.OneOf(t.Kind, kinds, "See what there is: statefulc build -o -."))
	c.report("patch-target", at.Join("target"), fmt.Sprintf("there is no %s %q", t.Kind, t.Name), fix)
	if t.Kind == "PersistentVolume" {
		c.by(spec.Path{"namespace"}) // which is in its name
	}
	return nil
}

func (c *Context) apply(o *manifest.Object, s step) error {
	before := o.Tree()
	text, err := json.Marshal(before)
	if err != nil {
		return err
	}
	if text, err = s.apply(text); err != nil {
		return err
	}
	var tree spec.Tree
	if err := json.Unmarshal(text, &tree); err != nil {
		return err
	}
	ref := o.Ref()
	misfits := manifest.Misfits(tree, nil)
	for _, m := range misfits {
		c.refuse("patch-invalid", s.path(m.Path), ref.String(), m)
	}
	if !manifest.Mend(tree, misfits) {
		return nil
	}
	value, err := manifest.Decode(tree)
	if err != nil {
		return err
	}
	if after := (&manifest.Object{Value: value}).Ref(); after != ref {
		return fmt.Errorf("it would become %v", after)
	}
	o.Value = value
	linkChanges(o, before, s.at)
	linkMisfits(o, misfits, s.path)
	return nil
}

func applyMerge(text []byte, merge spec.Tree) ([]byte, error) {
	patch, err := json.Marshal(merge)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(text, patch)
}

func applyOperation(text []byte, operation spec.Tree) ([]byte, error) {
	operations, err := json.Marshal([]spec.Tree{operation})
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		return nil, err
	}
	return patch.Apply(text)
}

// linkChanges links what a patch has changed, added or taken away to the patch.
func linkChanges(o *manifest.Object, before map[string]any, at spec.Path) {
	was, holders := map[string]any{}, map[string]bool{}
	gone := map[string]manifest.Field{}
	manifest.Leaves(before, func(f manifest.Field, v any) {
		was[f.String()], gone[f.String()] = v, f
		for n := range f {
			holders[f[:n].String()] = true
		}
	})
	manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
		delete(gone, f.String())
		if old, ok := was[f.String()]; ok && fmt.Sprint(old) == fmt.Sprint(v) {
			return
		}
		relink(o, f, at)
		for n := len(f) - 1; n > 0 && !holders[f[:n].String()]; n-- {
			relink(o, f[:n], at) // what holds it is new too
		}
	})
	byKey(gone, func(_ string, f manifest.Field) { relink(o, f, at) })
}

// relink makes a path the only one that a field came from.
func relink(o *manifest.Object, f manifest.Field, at spec.Path) {
	o.Links = slices.DeleteFunc(o.Links, func(l manifest.Link) bool { return l.Field().Covers(f) && f.Covers(l.Field()) })
	o.FromField(f, at)
}
