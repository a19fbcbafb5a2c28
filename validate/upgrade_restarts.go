package validate

import (
	"fmt"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

var upgradeRestarts = Rule{
	Rule: diag.Rule{
		ID:       "upgrade-restarts",
		Severity: diag.Info,
		What:     "Kubernetes 1.34.0 or 1.34.1, which restarts the pods of every StatefulSet once when the cluster comes to it.",
		Why: `These two write a pod template down without an empty creationTimestamp, find that it differs from what 1.33 wrote, and roll
every set out, whether anything in it changed or not. Later ones compare what it means. It is told where the patch release is
stated: that is when a cluster is moved, and can still be moved to another. A set whose pods are replaced by hand waits.`,
		Source: "kubernetes#134773; fixed by kubernetes#135017, in 1.34.2 (kubernetes#135087)",
		Fix:    "Upgrade from 1.33 straight to 1.34.2 or later.",
		Reads:  diag.Reads{App: "kubernetes groups.*.stable groups.*.storage.* groups.*.update"},
	},
	Spec: func(p *SpecPass) {
		if !apiserver.IsEarly(p.App.Kubernetes, "1.34.1") {
			return
		}
		for _, g := range p.App.Groups {
			if g.IsStable() && g.Update.Strategy != "manual" {
				p.At(spec.Path{"kubernetes"}, fmt.Sprintf("the upgrade to Kubernetes %s restarts the pods of every StatefulSet once", p.App.Kubernetes),
					`Upgrade straight to 1.34.2 or later; where it is over, state "1.34", or waive it.`)
				return
			}
		}
	},
}
