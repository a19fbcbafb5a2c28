package validate

import (
	"slices"
	"strings"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// groupStates reports whether a field came from a group of a spec, and someone
// wrote a field of that name there. Then the spec's own words are judged.
func (p *ObjectsPass) groupStates(o *manifest.Object, f manifest.Field, name string) bool {
	return slices.ContainsFunc(o.Trace(f), func(from spec.Path) bool {
		if len(from) < 2 || from[0] != "groups" {
			return false
		}
		path := spec.Path{"groups", from[1], name}
		return slices.Equal(p.index.Find(path).Path, path)
	})
}

// inWords is what to do about an object, in the words of what it was made of: a
// spec, or itself.
func inWords(o *manifest.Object, ofSpec, ofObject string) string {
	if isCompiled(o) {
		return ofSpec
	}
	return ofObject
}

// isCompiled reports whether an object was made of a spec, not written by a
// user as it is. What is from a file has its own name there: StatefulSet/db.
func isCompiled(o *manifest.Object) bool {
	from := o.Trace(nil)
	return len(from) > 0 && from[0][0] != "objects" && !strings.Contains(from[0][0], "/")
}
