package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/statefulc/statefulc/compiler"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
	"github.com/statefulc/statefulc/validate"
)

// blame tells what a patch brought about at the patch. What it replaces or takes
// away has consequences in fields that it does not state, and in other objects:
// their own lines are right, and to change them would do harm. A consequence is
// what is not found in the objects without the patch. Objects of the user's own
// are written to fit it, so what is found in them stays there.
func blame(env Environment, found diag.List, verdicts *validate.Verdicts) diag.List {
	if len(env.App.Patches) == 0 || len(found) == 0 {
		return found
	}
	keys := slices.Sorted(maps.Keys(env.App.Patches))
	before := foundWithout(env, verdicts, keys...)
	without := map[string]map[string]bool{} // one of them
	out := slices.Clone(found)
	for i, d := range out {
		switch {
		case strings.HasPrefix(d.Path, "patches."):
			out[i] = env.narrowed(d)
		case !before[likeness(d)] && !strings.HasPrefix(d.Path, "objects."):
			out[i] = env.blamed(d, cause(keys, func(key string) bool {
				if without[key] == nil {
					without[key] = foundWithout(env, verdicts, key)
				}
				return without[key][likeness(d)]
			}))
		}
	}
	return out
}

// cause is the patch without which something is not found; if that takes
// several, the last of those.
func cause(keys []string, isFoundWithout func(string) bool) string {
	for _, key := range keys[:len(keys)-1] {
		if !isFoundWithout(key) {
			return key
		}
	}
	return keys[len(keys)-1]
}

// foundWithout is what is found if there were no patches of these names.
func foundWithout(env Environment, verdicts *validate.Verdicts, keys ...string) map[string]bool {
	app := *env.App
	app.Patches = maps.Clone(app.Patches)
	for _, key := range keys {
		delete(app.Patches, key)
	}
	objects, _ := compiler.Compile(spec.Environment{Name: env.Name, App: &app, Index: env.Index})
	out := map[string]bool{}
	for _, d := range validate.Objects(objects, env.Index, app.Kubernetes, verdicts) {
		out[likeness(d)] = true
	}
	return out
}

// likeness is what a finding has in common with itself in other objects: a Job
// is named after what it does, and a message may count what a patch changed.
func likeness(d diag.Diagnostic) string {
	kind, _, _ := strings.Cut(d.Object, "/")
	return strings.Join([]string{d.Rule, kind, d.Field, d.Path}, "\x00")
}

// blamed is a finding at the part of a patch that is nearest to it.
func (env Environment) blamed(d diag.Diagnostic, key string) diag.Diagnostic {
	origin := env.Index.Find(env.place(d, key))
	if d.Pos.IsValid() && d.Pos != origin.Pos {
		d.Related = slices.Insert(slices.Clone(d.Related), 0, diag.Related{Pos: d.Pos, Message: d.Path + " is part of it"})
	}
	d.Related = slices.DeleteFunc(d.Related, func(r diag.Related) bool { return r.Pos == origin.Pos })
	d.Fix = "It follows from the patch: change what the patch states, or leave it out."
	d.Pos, d.Path, d.Scope = origin.Pos, origin.Path.String(), append(d.Scope, origin.Path)
	return d
}

// narrowed is a finding on what a merge itself states: it is linked as a whole.
func (env Environment) narrowed(d diag.Diagnostic) diag.Diagnostic {
	of := d.Scope[len(d.Scope)-1]
	if p := env.App.Patches[of[1]]; p.Merge != nil {
		origin := env.Index.Find(env.place(d, of[1]))
		d.Fix = strings.Replace(d.Fix, "Change "+d.Path+":", "Change "+origin.Path.String()+":", 1)
		d.Pos, d.Path = origin.Pos, origin.Path.String()
	}
	return d
}

// place is the part of a patch that is about a field, or all of it.
func (env Environment) place(d diag.Diagnostic, key string) spec.Path {
	p, at := env.App.Patches[key], spec.Path{"patches", key}
	var field manifest.Field
	if isTarget := d.Object == p.Target.Kind+"/"+p.Target.Name; isTarget {
		field = manifest.ParseField(d.Field)
	}
	if p.Merge != nil {
		at = at.Join("merge")
		for _, e := range field {
			at = at.Join(e.Name)
		}
		return at
	}
	at = at.Join("operations")
	for i, operation := range p.Operations {
		path, _ := operation["path"].(string)
		if operation["op"] != "test" && (len(p.Operations) == 1 || field != nil && isAlong(path, field)) {
			return at.Join(fmt.Sprint(i))
		}
	}
	return at
}

// isAlong reports whether a path of RFC 6902 leads to a field, to what holds
// it, or into it.
func isAlong(path string, field manifest.Field) bool {
	for i, step := range strings.Split(path, "/")[1:] {
		if i == len(field) {
			return true
		}
		_, err := strconv.Atoi(step)
		if step = unescaped.Replace(step); step != field[i].Name && !(field[i].Key && (err == nil || step == "-")) {
			return false
		}
	}
	return true
}

var unescaped = strings.NewReplacer("~1", "/", "~0", "~")
