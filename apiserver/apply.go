package apiserver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ByApply begins the message of a verdict that concerns server-side apply
// only: a plain create takes the object, sometimes with a warning.
const ByApply = "server-side apply: "

// mergeKeys are the fields that tell apart the elements of a list which
// server-side apply merges; where there are none the element itself does. A
// list is found by its own name and its parent's, or by its name alone. The
// original are the extensions x-kubernetes-list-type and -map-keys in the
// server's OpenAPI document; e2e compares.
//
// We do not use the original here: it is a megabyte of schema, 50 ms at every
// start and 13 MB in the binary.
var mergeKeys = map[string][]string{
	"bindMountOptions":          {},
	"claims":                    {"name"},
	"conditions":                {"type"},
	"containers":                {"name"},
	"containers.ports":          {"containerPort", "protocol"},
	"env":                       {"name"},
	"ephemeralContainers":       {"name"},
	"ephemeralContainers.ports": {"containerPort", "protocol"},
	"evictionResponders":        {"name"},
	"exitCodes.values":          {},
	"healthConditions":          {"status", "reason"},
	"hostAliases":               {"ip"},
	"initContainers":            {"name"},
	"initContainers.ports":      {"containerPort", "protocol"},
	"metadata.finalizers":       {}, // those in the spec of a namespace are replaced as a whole
	"onExitCodes.values":        {},
	"ownerReferences":           {"uid"},
	"resourceClaims":            {"name"},
	"schedulingGates":           {"name"},
	"secrets":                   {"name"},
	"spec.imagePullSecrets":     {"name"}, // those of a service account are replaced as a whole
	"spec.ports":                {"port", "protocol"},
	"topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
	"volumeDevices":             {"devicePath"},
	"volumeMounts":              {"mountPath"},
	"volumes":                   {"name"},
}

// MergeKeys returns the fields by which server-side apply tells the elements
// of a list apart, none if that is the whole element. The list is given by the
// names that lead to it: spec, template, spec, containers. ok is false for a
// list that is replaced as a whole, and for one in the status of the object,
// which nobody applies: those are not in the table.
func MergeKeys(list ...string) (keys []string, ok bool) {
	if len(list) == 0 || list[0] == "status" {
		return nil, false
	}
	if keys, ok = mergeKeys[strings.Join(list[max(0, len(list)-2):], ".")]; ok {
		return keys, true
	}
	keys, ok = mergeKeys[list[len(list)-1]]
	return keys, ok
}

// duplicates reports elements of one key in the lists that server-side apply
// merges. Validation refuses many of these, so that only a few lists are
// left: environment variables, container ports, finalizers.
//
// The lists of a custom resource are not those of the table, and their
// duplicates are refused by its definition; its metadata is like any other.
func duplicates(object map[string]any, k kind) []Verdict {
	if k.custom() != nil {
		object = map[string]any{"metadata": object["metadata"]}
	}
	var out []Verdict
	eachList(nil, nil, object, func(at *field.Path, names []string, list []any) {
		keys, ok := MergeKeys(names...)
		if !ok {
			return
		}
		seen := map[string]bool{}
		for i, elem := range list {
			key := mergeKey(elem, keys)
			if seen[key] {
				out = append(out, Verdict{Refused, at.Index(i).String(), ByApply + "duplicate entries for key " + key})
			}
			seen[key] = true
		}
	})
	return out
}

// eachList visits all lists of a tree, with the path as the server prints it
// and the names on it.
func eachList(at *field.Path, names []string, v any, visit func(at *field.Path, names []string, list []any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			eachList(step(at, k), append(slices.Clip(names), k), v[k], visit)
		}
	case []any:
		visit(at, names, v)
		for i, elem := range v {
			eachList(at.Index(i), names, elem, visit)
		}
	}
}

// mergeKey prints the key of an element as structured-merge-diff does.
func mergeKey(elem any, keys []string) string {
	if len(keys) == 0 {
		return fmt.Sprintf("[=%s]", quoted(elem))
	}
	m, _ := elem.(map[string]any)
	var parts []string
	for _, k := range keys {
		parts = append(parts, k+"="+quoted(m[k]))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func quoted(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

// nameless refuses an object whose name the server would have to make up, and
// gives it one of the length that the server would choose, so that the rest
// of it can be judged.
func nameless(o metav1.Object) []Verdict {
	if o.GetName() != "" || o.GetGenerateName() == "" {
		return nil
	}
	o.SetName(o.GetGenerateName() + "xxxxx")
	return []Verdict{{Refused, "metadata.generateName", ByApply + "name must be provided"}}
}

// nulls refuses those in a custom resource, but where its definition wants
// them: create leaves them out, apply takes them for values.
func nulls(object map[string]any, k kind) []Verdict {
	if k.custom() == nil || !hasNull(object) {
		return nil
	}
	var out []Verdict
	for _, err := range validation.ValidateCustomResource(nil, object, k.custom().definition().schema) {
		if err.Type == field.ErrorTypeTypeInvalid && err.BadValue == "null" {
			out = append(out, Verdict{Refused, err.Field, ByApply + err.ErrorBody()})
		}
	}
	return out
}

// hasNull saves the time of a validation.
func hasNull(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasNull)
	case []any:
		return slices.ContainsFunc(v, hasNull)
	}
	return v == nil
}
