package pipeline

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// mayBeWaived reports whether a waiver of a finding may be among those that are
// refused, of the thing or of one around it.
func mayBeWaived(d diag.Diagnostic, env spec.Environment) bool {
	return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool {
		at := slices.Index(p, "waive")
		if at < 0 || at%2 != 0 { // a group may be called so
			return false
		}
		isOfRule := at+1 == len(p) || p[at+1] == d.Rule
		return isOfRule && (at == 0 || isIn(d, p[:at])) && !ruleOf(d).Final
	})
}

// unnamed says in the user's words what objects are made of whose names nobody
// has stated, or that are named after what CUE refuses.
func (env Environment) unnamed(found diag.List) diag.List {
	words := map[string]string{}
	for _, o := range env.Objects.Objects {
		of := o.Trace(nil)
		if len(of) > 0 && len(of[0]) > 1 && of[0][0] != "objects" && env.isUnnamed(o.Ref(), of[0]) {
			words[o.Ref().String()] = of[0].String()
		}
	}
	if len(words) == 0 {
		return found
	}
	inWords := func(text string) string {
		return reference.ReplaceAllStringFunc(text, func(ref string) string { return cmp.Or(words[ref], ref) })
	}
	for i := range found {
		d := &found[i]
		d.Message, d.Fix = inWords(d.Message), inWords(d.Fix)
		if words[d.Object] != "" {
			d.Object = ""
		}
	}
	return found
}

// reference is how a message names an object.
var reference = regexp.MustCompile(`\b[A-Z][A-Za-z]+/[a-z0-9]([-.a-z0-9]*[a-z0-9])?`)

// isUnnamed reports whether the name of an object is not known, or its kind: all
// have the application's name in theirs, workloads their rack, volumes the
// namespace, and a Job what it does.
func (env Environment) isUnnamed(ref manifest.Ref, of spec.Path) bool {
	isOf := func(isThere bool) func(spec.Path) bool {
		return func(p spec.Path) bool {
			field, isHelper := ofPod(p)
			switch p[0] {
			case "name":
				return true
			case "namespace":
				return ref.Kind == "PersistentVolume"
			case "labels", "pullSecrets":
				return ref.Kind == "Job"
			}
			isWorkload := ref.Kind == "StatefulSet" || ref.Kind == "Deployment"
			return isBelow(p, of) && (ref.Kind == "Job" || isWorkload && isOne(field[2:], "stable racks.* storage.*", isThere || isHelper))
		}
	}
	return slices.ContainsFunc(env.Refused, isOf(false)) || slices.ContainsFunc(env.Unsure, isOf(true))
}

// certain leaves out what may follow from what CUE refuses: what is found in
// it, and what is judged by it.
func certain(found diag.List, env spec.Environment) diag.List {
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		j := judgement{d, ruleOf(d).Reads}
		mayFollow := func(isThere bool) func(spec.Path) bool {
			return func(p spec.Path) bool {
				return j.isBy(p, isThere) || j.comparesNames(p, env) || d.Object != "" && isOfObject(d, p, isThere, env)
			}
		}
		return mayBeWaived(d, env) || slices.ContainsFunc(env.Refused, mayFollow(false)) || slices.ContainsFunc(env.Unsure, mayFollow(true))
	})
}

// ruleOf is the rule of a finding.
func ruleOf(d diag.Diagnostic) diag.Rule {
	rules := Rules()
	if i := slices.IndexFunc(rules, func(r diag.Rule) bool { return r.ID == d.Rule }); i >= 0 {
		return rules[i]
	}
	return diag.Rule{}
}

// comparesNames reports whether a finding is judged by objects of the user's
// own, which name compiled ones as they are called.
func (j judgement) comparesNames(path spec.Path, env spec.Environment) bool {
	return path[0] == "name" && len(env.App.Objects) > 0 && isOne(spec.Path{"objects"}, j.App, true)
}

// isOfObject reports whether something has to do with the object that a finding
// is about: with its kind or its name, or as a patch of it.
func isOfObject(d diag.Diagnostic, path spec.Path, isThere bool, env spec.Environment) bool {
	kind, _, _ := strings.Cut(d.Object, "/")
	switch {
	case path[0] == "name":
		for _, p := range env.App.Patches {
			if p.Target.Kind == kind {
				return true // it may be its
			}
		}
		return false
	case path[0] != "patches":
		return judgement{d, diag.Reads{Pod: "schedule"}}.isBy(path, isThere) // it is a CronJob or a Job
	case len(path) == 1:
		return true
	}
	target := env.App.Patches[path[1]].Target
	return target.Name == "" || target.Kind == "" || d.Object == target.Kind+"/"+target.Name
}

// unread leaves out what a file may state that the compiler refuses.
func unread(found, refused diag.List) diag.List {
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		return d.Rule == "data-outside-claims" && slices.ContainsFunc(refused, func(r diag.Diagnostic) bool {
			of, _, isFile := strings.Cut(r.Path, ".files.")
			return r.Rule == "one-of" && isFile && strings.HasPrefix(d.Path, of+".")
		})
	})
}

// isIn reports whether something is found at a path, or below.
func isIn(d diag.Diagnostic, path spec.Path) bool {
	return d.Path == path.String() || strings.HasPrefix(d.Path, path.String()+".")
}
