package pipeline

import (
	"fmt"
	"slices"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/plain"
	"github.com/statefulc/statefulc/validate"
)

// VetManifests checks objects that nobody compiled, in YAML files and
// kustomize directories, by the same rules. The version is that of the cluster
// they are for; "" is the newest.
func VetManifests(path, kubernetes string) (diag.List, error) {
	if versions := apiserver.Versions(); kubernetes != "" && !slices.Contains(versions, kubernetes) {
		return nil, fmt.Errorf("Kubernetes %s is not known; there are %s to %s", kubernetes, apiserver.Oldest, apiserver.Newest)
	}
	units, found, err := plain.Load(path)
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		found = append(found, u.Found...)
		for _, d := range validate.Objects(u.Objects, u.Index, kubernetes, new(validate.Verdicts)) {
			d.Path, d.Scope = "", nil // which are for specs
			if !isSaid(u.Found, d) {
				found = append(found, d)
			}
		}
	}
	return found.Sorted(), nil
}

// isSaid reports whether a field was reported as it was read: what did not fit
// was taken out of the object, and is not missing.
func isSaid(found diag.List, d diag.Diagnostic) bool {
	return d.Field != "" && slices.ContainsFunc(found, func(f diag.Diagnostic) bool { return f.Object == d.Object && f.Field == d.Field })
}
