package apiserver

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Groups are the API groups that have a kind which is known here: those of
// Kubernetes, and those of projects whose definitions are part of the package.
func Groups() []string {
	groups := map[string]bool{}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		groups[gvk.Group] = true
	}
	for _, gvk := range Kinds() {
		groups[gvk.Group] = true
	}
	return slices.Sorted(maps.Keys(groups))
}

// InGroup are the known kinds of a group, and whether there are no others: a
// project may have more kinds than those whose definitions we have, Kubernetes
// has not.
func InGroup(group string) (known []schema.GroupVersionKind, all bool) {
	for gvk := range scheme.Scheme.AllKnownTypes() {
		if gvk.Group == group {
			known = append(known, gvk)
		}
	}
	if all = len(known) > 0; all {
		return known, all
	}
	return slices.DeleteFunc(Kinds(), func(gvk schema.GroupVersionKind) bool { return gvk.Group != group }), false
}

// VersionsOf are the API versions of any group that have a kind, stable ones
// first.
func VersionsOf(kind string) []string {
	var out []string
	for _, version := range scheme.Scheme.PrioritizedVersionsAllGroups() {
		if scheme.Scheme.Recognizes(version.WithKind(kind)) {
			out = append(out, version.String())
		}
	}
	for _, gvk := range Kinds() {
		if version := gvk.GroupVersion().String(); gvk.Kind == kind && !slices.Contains(out, version) {
			out = append(out, version)
		}
	}
	return out
}
