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
		judged := validate.Objects(u.Objects, u.Index, kubernetes)
		for i := range judged {
			judged[i].Path, judged[i].Scope = "", nil // which are for specs
		}
		found = slices.Concat(found, u.Found, judged.Except(u.Found))
	}
	return found.Sorted(), nil
}
