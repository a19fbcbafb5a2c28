package pipeline

import (
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// lookups are reports of a name that nothing has, and the fields of a group in
// which it is looked for. No other field has to do with them.
var lookups = map[string][]string{
	"secret-declared": nil,
	"port-name":       {"ports", "sidecars", "init"},
	"storage-known":   {"storage"},
}

// byName are rules that look for things by the names that are made of the
// application's, or for groups. They know nothing while those are refused.
var byName = []string{
	"autoscaler-target", "certificate-names", "claim-collision", "claim-known", "client-service-not-ready", "group-known",
	"headless-service", "host-known", "name-length", "no-groups", "object-name", "ordered-bootstrap", "patch-invalid", "patch-target", "peer-list-restarts",
	"peers-unpublished", "policy-dns", "policy-peers", "port-declared", "readiness-address", "reference-declared", "selector-overlap",
	"service-groups", "service-name", "set-name", "shared-claim",
}

// isNamed reports whether all names are certain.
func isNamed(env spec.Environment) bool {
	return !slices.ContainsFunc(env.Unsure, func(p spec.Path) bool {
		return len(p) == 1 && slices.Contains([]string{"name", "namespace", "domain", "groups"}, p[0])
	})
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

// certain leaves out what may follow from what CUE refuses: what is found at or
// below it, of the group or job that it is in, and of what is judged by it.
func certain(found diag.List, env spec.Environment) diag.List {
	named := isNamed(env)
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		if mayBeWaived(d, env) || !named && (slices.Contains(byName, d.Rule) || isIn(d, spec.Path{"patches"}) || isIn(d, spec.Path{"objects"})) {
			return true
		}
		fields, isLookup := lookups[d.Rule]
		if !isLookup {
			return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool { return isIn(d, p) || holds(d, p) })
		}
		return slices.ContainsFunc(env.Refused, func(p spec.Path) bool {
			return isIn(d, p) || isIn(d, p[:min(2, len(p))]) && slices.ContainsFunc(p, func(name string) bool { return slices.Contains(fields, name) })
		}) || slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return len(p) == 1 && isIn(d, p) })
	})
}

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
