package validate

import (
	"fmt"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var selectorOverlap = Rule{
	Rule: diag.Rule{
		ID:       "selector-overlap",
		Severity: diag.Warning,
		What:     "A controller whose selector takes the pods of another workload.",
		Why: `Pods that somebody else owns are not stolen, but a pod that lost its owner is adopted by whoever is first, an autoscaler
counts the load of both, and disruption budgets and kubectl take them for one. A selector cannot be changed later. Services
and policies may well select the pods of several workloads; controllers may not.`,
		Source: "kubernetes.io/docs/concepts/workloads/controllers/deployment (selector); pkg/controller/controller_ref_manager.go",
		Fix:    "Give each workload a label of its own, and select by it.",
		Reads:  diag.Reads{App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		all := workloads(p.Set)
		for i, a := range all {
			for _, b := range all[i+1:] {
				switch {
				case a.selects(b):
					p.overlap(a, b)
				case b.selects(a):
					p.overlap(b, a)
				}
			}
		}
	},
}

// selects reports whether a controller's selector takes the pods of another.
func (w workload) selects(other workload) bool {
	return w.selector != nil && other.isMatched(w.Value.GetNamespace(), w.selector)
}

func (p *ObjectsPass) overlap(a, b workload) {
	p.On(a.Object, manifest.ParseField("spec.selector"), fmt.Sprintf("it selects the pods of %v too", b.Ref()), "Give each a label of its own, and select by it.")
}
