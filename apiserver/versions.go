package apiserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/statefulc/statefulc/manifest"
)

// Newest is the version whose rules [Create] has, that of the pinned
// k8s.io/api. Oldest is the first that [Lacking] knows.
const (
	Newest = "1.37"
	Oldest = "1.31"
)

// Versions are those from Oldest to Newest.
func Versions() []string {
	var out []string
	for m := minor(Oldest); m <= minor(Newest); m++ {
		out = append(out, fmt.Sprintf("1.%d", m))
	}
	return out
}

// IsKnown reports whether a version is one of [Versions], or a patch release of
// one: 1.35.4.
func IsKnown(version string) bool {
	first, patch := release(version)
	return slices.Contains(Versions(), first) && (first == version || patch >= 0)
}

// IsEarly reports whether a version is a patch release of the same minor version
// as last, and not after it: 1.35.2 is, of 1.35.3. Of 1.35 nobody knows.
func IsEarly(version, last string) bool {
	is, patch := release(version)
	of, most := release(last)
	return is == of && patch >= 0 && patch <= most
}

// release splits a version into the minor one and the number of the patch
// release, which is -1 if none is stated.
func release(version string) (minor string, patch int) {
	at := strings.LastIndex(version, ".")
	if strings.Count(version, ".") < 2 {
		return version, -1
	}
	patch, err := strconv.Atoi(version[at+1:])
	if err != nil || strconv.Itoa(patch) != version[at+1:] {
		return version, -1
	}
	return version[:at], patch
}

// Lacking says what a cluster of an older version makes of an object that
// Newest takes as it is: fields and values that it refuses, and those that it
// drops or ignores without a word. It adds to what [Create] says, and has
// nothing to say of Newest.
//
// Feature gates are at the defaults of the version's last patch release, and
// where some had other ones, at those of the patch release that is stated. What
// is only stricter in Newest is not reported: Create is, of every version.
//
// As for Create, r is not changed, and is of a kind that the package [Knows].
// Lacking panics on a version that [IsKnown] does not know.
func Lacking(version string, r manifest.Resource) []Verdict {
	target := minor(version)
	if target < minor(Oldest) || target > minor(Newest) {
		panic(fmt.Sprintf("apiserver: Kubernetes %s is not among %v", version, Versions()))
	}
	o, err := typed(r)
	if err != nil || target == minor(Newest) {
		return nil // Create has said it all
	}
	var out []Verdict
	eachField(o, func(at *field.Path, name string, value any) (below bool) {
		n, ok := novelties[name]
		if !ok || target >= minor(n.works) || IsEarly(version, n.early) || n.when != nil && !n.when(at.String(), value) {
			return true
		}
		out = append(out, n.verdict(part(at, n.below).String(), version))
		return false
	})
	return sorted(out)
}

// Unserved refuses an object whose apiVersion a cluster of this version serves
// no more, or not yet: apps/v1beta1, which only the Go types still know. The
// server goes by the same numbers, which are generated into k8s.io/api (see
// pkg/server/deleted_kinds.go in k8s.io/apiserver). That alpha and most beta
// versions are off unless somebody turns them on, they do not say.
//
// r is of any kind, and in its Go type; of another object it says nothing.
// Unserved panics on a version that [IsKnown] does not know.
func Unserved(version string, r manifest.Resource) []Verdict {
	now := minor(version)
	if o, ok := r.(interface{ APILifecycleRemoved() (int, int) }); ok {
		if _, gone := o.APILifecycleRemoved(); now >= gone {
			return []Verdict{{Refused, "apiVersion", fmt.Sprintf("Kubernetes %s does not serve it: 1.%d was the last", version, gone-1)}}
		}
	}
	if o, ok := r.(interface{ APILifecycleIntroduced() (int, int) }); ok {
		if _, first := o.APILifecycleIntroduced(); now < first {
			return []Verdict{{Refused, "apiVersion", fmt.Sprintf("Kubernetes %s does not serve it: 1.%d is the first", version, first)}}
		}
	}
	return nil
}

// Since is the first of [Versions] whose types have a field, which is named by
// its Go type in k8s.io/api and its name in JSON: PodSpec.hostnameOverride. It
// is Oldest for all but the newer ones.
func Since(name string) string {
	n := novelties[name]
	if n.unknown != "" {
		return Oldest // the field is older than the values that the row is about
	}
	return cmp.Or(n.known, Oldest)
}

// part is what is below a field.
func part(at *field.Path, below string) *field.Path {
	if below == "" {
		return at
	}
	return at.Child(below)
}

// novelty is a field, or values of it, that a version came to take.
type novelty struct {
	when    func(at string, value any) bool // the values it is about; nil is all of them
	below   string                          // the part of the field that it is about; "" is all of it
	known   string                          // the first version with the field in its types; "" is every one
	works   string                          // the first version with its feature gate on
	early   string                          // the last patch release of an older version that had it on too; "" is none
	refusal string                          // what the rules say of it before that, once it is known; "" is nothing, it is dropped
	unknown string                          // what is said of it before it is known; "" is that there is no such field
	source  string                          // the enhancement and its feature gate
}

func (n novelty) verdict(at, version string) Verdict {
	kind, message := Dropped, "not stored, or ignored"
	switch {
	case minor(version) < minor(n.known) && n.unknown == "":
		kind, message = Refused, "unknown field"
	case minor(version) < minor(n.known):
		kind, message = Refused, n.unknown
	case n.refusal != "":
		kind, message = Refused, n.refusal
	}
	return Verdict{kind, at, fmt.Sprintf("%s in Kubernetes %s: it works since %s (%s)", message, version, n.works, n.source)}
}

// minor is 31 of 1.31, and of 1.31.14. The empty version is before all others.
func minor(version string) int {
	if version == "" {
		return 0
	}
	first, _ := release(version)
	n, err := strconv.Atoi(strings.TrimPrefix(first, "1."))
	if err != nil {
		panic(fmt.Sprintf("apiserver: Kubernetes %q is not among %v", version, Versions()))
	}
	return n
}

// typed is r in its Go type.
func typed(r manifest.Resource) (runtime.Object, error) {
	u, ok := r.(runtime.Unstructured)
	if !ok {
		return r, nil
	}
	text, err := json.Marshal(u.UnstructuredContent())
	if err != nil {
		return nil, err
	}
	o, _, err := strictJSON.Decode(text, nil, nil)
	return o, err
}
