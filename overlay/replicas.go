package overlay

import (
	"maps"
	"slices"
)

// scaled are the kinds whose spec.replicas kustomize's field replicas sets, in
// whatever group (api/internal/konfig/builtinpluginconsts/replicas.go).
var scaled = []string{"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"}

// count is an entry of replicas: how many pods all objects of a name have, of
// all of these kinds and in all namespaces, also those that say nothing.
type count struct {
	name     string
	replicas int64
}

func (c count) document() mapping { return mapping{{"name", c.name}, {"count", c.replicas}} }

// changedReplicas are the names whose number of pods differs from the base's
// and is the same for all objects that have it.
func (p plan) changedReplicas() []count {
	wanted := map[string][]any{}
	for _, o := range p.wanted() {
		if slices.Contains(scaled, o.Kind) {
			wanted[o.Name] = append(wanted[o.Name], o.replicas())
		}
	}
	differ := map[string]bool{}
	for _, pair := range p.kept {
		if pair.base.replicas() != pair.want.replicas() {
			differ[pair.want.Name] = true
		}
	}
	var out []count
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		all := wanted[name]
		n, ok := all[0].(int64)
		if ok && differ[name] && !slices.ContainsFunc(all, func(v any) bool { return v != n }) {
			out = append(out, count{name, n})
		}
	}
	return out
}

// replicas is nil for an object that does not say how many.
func (o *object) replicas() any {
	spec, _ := o.tree["spec"].(tree)
	n, ok := spec["replicas"].(int64)
	if !ok {
		return nil
	}
	return n
}
