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
// they are for; "" is the newest. Comments waive findings, until their last day.
func VetManifests(path, kubernetes, today string) (diag.List, error) {
	if kubernetes != "" && !apiserver.IsKnown(kubernetes) {
		return nil, fmt.Errorf("Kubernetes %s is not known; there are %s to %s, and their patch releases", kubernetes, apiserver.Oldest, apiserver.Newest)
	}
	read, err := plain.Load(path)
	if err != nil {
		return nil, err
	}
	found := read.Found
	for _, u := range read.Units {
		judged := validate.Objects(u.Objects, u.Index, kubernetes, new(validate.Verdicts))
		for i := range judged {
			judged[i].Path, judged[i].Scope = "", nil // which are for specs
		}
		found = slices.Concat(found, u.Found, judged.Except(u.Found))
	}
	waivers := validate.Waivers{Rules: Rules(), Today: today}
	isShared := func(file string) bool { return !read.Has(file) }
	found = waivers.JudgeFiles(read.Waivers, isShared, found)
	if read.IsWhole() {
		found = append(found, waivers.Unused()...)
	}
	return found.Sorted(), nil
}
