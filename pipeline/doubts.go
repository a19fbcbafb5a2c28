package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// lookups are reports that are judged by little: of a name that nothing has, by
// the fields of a group in which it is looked for; of a thing, by itself. No
// other field has to do with them.
var lookups = map[string][]string{
	"group-known":     nil,
	"one-of":          nil,
	"port-name":       {"ports", "sidecars", "init"},
	"probe-http":      nil,
	"secret-declared": nil,
	"secret-literal":  nil,
	"storage-known":   {"storage"},
	"volume-node":     nil,
}

// countings are reports of things that are looked for in all groups, and the
// fields of these by which they are judged.
var countings = map[string][]string{
	"claim-known": {"replicas", "racks", "first", "storage", "stable", "autoscale", "dns"},
}

// readings are reports of what no file of a container states.
var readings = []string{"data-outside-claims"}

// byName are rules that look for things by the names that are made of the
// application's, or for groups. They know nothing while those are refused.
var byName = []string{
	"autoscaler-target", "certificate-names", "claim-collision", "claim-known", "client-service-not-ready", "group-known",
	"headless-service", "host-known", "name-length", "no-groups", "object-name", "ordered-bootstrap", "patch-invalid", "patch-target", "peer-list-restarts",
	"peers-unpublished", "policy-dns", "policy-peers", "port-declared", "readiness-address", "reference-declared", "selector-overlap",
	"service-groups", "service-name", "set-name", "shared-claim",
}

// isNamed reports whether the names are certain by which a finding is judged.
// But for volumes, none of an object has the namespace or the domain in it.
func isNamed(d diag.Diagnostic, env spec.Environment) bool {
	isByName := slices.Contains(byName, d.Rule) || isIn(d, spec.Path{"objects"})
	if !isByName && !isIn(d, spec.Path{"patches"}) {
		return true
	}
	names := []string{"name", "namespace", "domain", "groups"}
	if isOfPatch(d, env) {
		names = []string{"name", "groups"}
	}
	return !slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return len(p) == 1 && slices.Contains(names, p[0]) })
}

// isOfPatch reports whether a finding is of a patch whose target is known by the
// name of the application alone.
func isOfPatch(d diag.Diagnostic, env spec.Environment) bool {
	for key, p := range env.App.Patches {
		if isIn(d, spec.Path{"patches", key}) {
			return p.Target.Kind != "PersistentVolume"
		}
	}
	return false
}

// mayBeWaived reports whether a waiver of a finding may be among those that are
// refused, of the thing or of one around it.
func mayBeWaived(d diag.Diagnostic, env spec.Environment) bool {
	return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool {
		at := slices.Index(p, "waive")
		if at < 0 || at%2 != 0 { // a group may be called so
			return false
		}
		isOfRule := at+1 == len(p) || p[at+1] == d.Rule
		return isOfRule && (at == 0 || isIn(d, p[:at])) && !isFinal(d.Rule)
	})
}

func isFinal(id string) bool {
	return slices.ContainsFunc(Rules(), func(r diag.Rule) bool { return r.ID == id && r.Final })
}

// unnamed says in the user's words what objects are made of whose names nobody
// has stated.
func (env Environment) unnamed(found diag.List) diag.List {
	isRefused := func(name string) bool {
		return slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return len(p) == 1 && p[0] == name })
	}
	words := map[string]string{}
	for _, o := range env.Objects.Objects {
		of := o.Trace(nil)
		isOfName := isRefused("name") || isRefused("namespace") && o.Ref().Kind == "PersistentVolume"
		if isOfName && len(of) > 0 && len(of[0]) > 1 && of[0][0] != "objects" {
			words[o.Ref().String()] = of[0].String()
		}
	}
	if len(words) == 0 {
		return found
	}
	var pairs []string
	for _, ref := range slices.Backward(slices.Sorted(maps.Keys(words))) { // the longer ones first
		pairs = append(pairs, ref, words[ref])
	}
	inWords := strings.NewReplacer(pairs...)
	for i := range found {
		d := &found[i]
		d.Message, d.Fix = inWords.Replace(d.Message), inWords.Replace(d.Fix)
		if _, isUnnamed := words[d.Object]; isUnnamed {
			d.Object = ""
		}
	}
	return found
}

// certain leaves out what may follow from what CUE refuses: what is found at or
// below it, of the group or job that it is in, and of what is judged by it.
func certain(found diag.List, env spec.Environment) diag.List {
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		if mayBeWaived(d, env) || !isNamed(d, env) {
			return true
		}
		if slices.ContainsFunc(env.Refused, func(p spec.Path) bool { return countsBy(d, p) }) {
			return true
		}
		fields, isLookup := lookups[d.Rule]
		if !isLookup {
			return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool {
				return (isIn(d, p) || holds(d, p)) && !(isOperations(p) && isOfKind(d))
			})
		}
		return slices.ContainsFunc(env.Refused, func(p spec.Path) bool {
			return isIn(d, p) || holds(d, p) || isIn(d, p[:min(2, len(p))]) && slices.ContainsFunc(p, func(name string) bool { return slices.Contains(fields, name) })
		}) || fields != nil && slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return len(p) == 1 && isIn(d, p) })
	})
}

// countsBy reports whether a finding is judged by a field of any group that has
// the path.
func countsBy(d diag.Diagnostic, path spec.Path) bool {
	return len(path) > 2 && path[0] == "groups" && slices.Contains(countings[d.Rule], path[2])
}

// unread leaves out what a file may state that the compiler refuses.
func unread(found, refused diag.List) diag.List {
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		return slices.Contains(readings, d.Rule) && slices.ContainsFunc(refused, func(r diag.Diagnostic) bool {
			of, _, isFile := strings.Cut(r.Path, ".files.")
			return r.Rule == "one-of" && isFile && strings.HasPrefix(d.Path, of+".")
		})
	})
}

// isOperations reports whether a path is that of a patch's operations, which may
// be about what is left out of an object.
func isOperations(path spec.Path) bool {
	return len(path) == 3 && path[0] == "patches" && path[2] == "operations"
}

// isOfKind reports whether a finding is about what no object of the kind has,
// with whatever else.
func isOfKind(d diag.Diagnostic) bool { return d.Rule == "patch-invalid" && d.Field != "" }

// isIn reports whether something is found at a path, or below.
func isIn(d diag.Diagnostic, path spec.Path) bool {
	return d.Path == path.String() || strings.HasPrefix(d.Path, path.String()+".")
}

// holds reports whether it is found of a part of the application that has the path.
func holds(d diag.Diagnostic, path spec.Path) bool {
	for n := 2; n < len(path); n++ {
		if d.Path == path[:n].String() {
			return true
		}
	}
	return false
}
