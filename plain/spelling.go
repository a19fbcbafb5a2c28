package plain

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// spelling tells what an object states in another way than the API server
// stores it, and what it states of nothing. A tree is how statefulc would write
// it.
func (u *unit) spelling(object string, at manifest.Field, v *value, tree any) {
	told := func(at manifest.Field, pos diag.Pos, message, fix string) {
		u.Found = append(u.Found, diag.Diagnostic{
			Rule: spelled, Severity: diag.Info, Pos: pos, Object: object, Field: at.String(),
			Message: fmt.Sprintf("%s: %v: %s", object, at, message), Fix: fix,
		})
	}
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range v.keys() {
			below, in := v.entries[key], at.Join(manifest.Elem{Name: key})
			part, stated := tree[key]
			switch {
			case stated:
				u.spelling(object, in, below, part)
			case len(at) == 0 && key == "status": // has a rule of its own
			case !below.isMap() && !below.isList && below.scalar == nil:
				told(in, below.pos, "null says nothing", "Leave it out.")
			case below.isMap() && len(below.entries) == 0 && slices.Contains(idle, key):
				told(in, below.pos, "an empty "+key+" says nothing", "Leave it out.")
			}
		}
	case []any:
		for i, elem := range v.elems() {
			if i < len(tree) {
				u.spelling(object, at.Join(manifest.Elem{Name: manifest.ElemKey(tree[i], i), Key: true}), elem, tree[i])
			}
		}
	case string:
		if written := v.text; written != tree && isAmount(written, tree) {
			told(at, v.pos, fmt.Sprintf("%s is stored as %s", written, tree), "Write "+tree+".")
		}
	}
}

// idle are structs that say nothing if they are empty. An empty selector says
// all, and who writes that should leave it.
var idle = []string{"resources", "strategy", "updateStrategy"}

// isAmount reports whether two texts are one quantity.
func isAmount(written, stored string) bool {
	a, errA := resource.ParseQuantity(written)
	b, errB := resource.ParseQuantity(stored)
	return errA == nil && errB == nil && a.Cmp(b) == 0
}
