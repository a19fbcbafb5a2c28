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

// certain leaves out what may follow from what CUE refuses: what is found at or
// below it, of the group or job that it is in, and of what is judged by it.
func certain(found diag.List, env spec.Environment) diag.List {
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
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
