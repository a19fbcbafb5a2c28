package validate

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

var quorumSize = Rule{
	Rule: diag.Rule{
		ID:       "quorum-size",
		Severity: diag.Warning,
		What:     "A group that must keep a majority has an even number of pods.",
		Why: `Four members tolerate the loss of one, just as three do, and are one more that can be lost. It is a warning, since a
group that grows member by member has an even number on its way.`,
		Fix: "Use 3, 5 or 7 pods.",
	},
	Spec: func(p *SpecPass) {
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			g := p.App.Groups[key]
			if g.Quorum && g.Replicas > 0 && g.Replicas%2 == 0 {
				p.At(spec.Path{"groups", key, "replicas"},
					fmt.Sprintf("%d members survive the loss of %d, as %d do", g.Replicas, max(0, (g.Replicas-1)/2), max(1, g.Replicas-1)),
					"Use an odd number: a quorum gains nothing by an even one.")
			}
		}
	},
}

var quorumBudget = Rule{
	Rule: diag.Rule{
		ID:   "quorum-budget",
		What: "A group that must keep a majority allows a drain to take it away.",
		Why: `A disruption budget that lets more than (n-1)/2 of n members go at once lets a drain of nodes stop the cluster. A
percentage is rounded up by the disruption controller.`,
		Source: "kubernetes pkg/controller/disruption/disruption.go",
		Fix:    "Leave disruption out: the default is one.",
	},
	Spec: func(p *SpecPass) {
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			g := p.App.Groups[key]
			allowed, err := intstr.GetScaledValueFromIntOrPercent(&g.Disruption, int(g.Replicas), true)
			most := (int(g.Replicas) - 1) / 2
			if err == nil && g.Quorum && most > 0 && allowed > most { // of two, quorum-size says that none can go
				p.At(spec.Path{"groups", key, "disruption"},
					fmt.Sprintf("a drain may take %d of %d members, and a majority survives the loss of %d", allowed, g.Replicas, most),
					"Lower disruption, or leave it out.")
			}
		}
	},
}
