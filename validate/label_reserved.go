package validate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/statefulc/statefulc/spec"
)

var labelReserved = Rule{
	ID: "label-reserved",
	Doc: `A label of the user's that the compiler sets itself.

The compiler's labels select pods. A selector cannot be changed once it is in a cluster, so they are not the user's to
choose. Use another key.`,
	Spec: func(p *Pass) {
		reserved := []string{"app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/managed-by"}
		for _, key := range slices.Sorted(maps.Keys(p.Env.App.Labels)) {
			if slices.Contains(reserved, key) {
				p.At(spec.Path{"labels", key}, fmt.Sprintf("the label %s is set by statefulc", key), "Use another key, such as app.kubernetes.io/part-of.")
			}
		}
	},
}
