package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

var labelReserved = Rule{
	Rule: diag.Rule{
		ID:    "label-reserved",
		Final: true,
		What:  "A label or an annotation of the user's that the compiler sets itself.",
		Why: `The compiler's labels select pods. A selector cannot be changed once it is in a cluster, so they are not the user's to
choose, and neither is what begins with statefulc.dev.`,
		Fix:   "Use another key, such as app.kubernetes.io/part-of.",
		Reads: diag.Reads{Own: "."},
	},
	Spec: func(p *SpecPass) {
		p.reserved(p.App.Labels, spec.Path{"labels"})
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			p.reserved(p.App.Groups[key].Annotations, spec.Path{"groups", key, "annotations"})
		}
	},
}

func (p *SpecPass) reserved(keys map[string]string, at spec.Path) {
	ours := []string{"app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/managed-by"}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(ours, key) || strings.HasPrefix(key, "statefulc.dev/") {
			p.At(at.Join(key), fmt.Sprintf("%s is set by statefulc", key), "Use another key, such as app.kubernetes.io/part-of.")
		}
	}
}
