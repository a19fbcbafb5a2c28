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
	ID:       "quorum-size",
	Severity: diag.Warning,
	Doc: `A group that must keep a majority has an even number of pods.

Four members tolerate the loss of one, just as three do, and are one more that can be lost. Use 3, 5 or 7. It is a warning,
since a group that grows member by member has an even number on its way.`,
	Spec: func(p *Pass) {
		for _, key := range slices.Sorted(maps.Keys(p.Env.App.Groups)) {
			g := p.Env.App.Groups[key]
			if g.Quorum && g.Replicas%2 == 0 {
				p.At(spec.Path{"groups", key, "replicas"},
					fmt.Sprintf("%d members survive the loss of %d, as %d do", g.Replicas, max(0, (g.Replicas-1)/2), max(1, g.Replicas-1)),
					"Use an odd number: a quorum gains nothing by an even one.")
			}
		}
	},
}

var quorumBudget = Rule{
	ID: "quorum-budget",
	Doc: `A group that must keep a majority allows a drain to take it away.

A disruption budget that lets more than (n-1)/2 of n members go at once lets a drain of nodes stop the cluster. A
percentage is rounded up by the disruption controller. Leave disruption out: the default is one.`,
	Spec: func(p *Pass) {
		for _, key := range slices.Sorted(maps.Keys(p.Env.App.Groups)) {
			g := p.Env.App.Groups[key]
			allowed, err := intstr.GetScaledValueFromIntOrPercent(&g.Disruption, int(g.Replicas), true)
			most := (int(g.Replicas) - 1) / 2
			if err == nil && g.Quorum && g.Replicas > 1 && allowed > most {
				p.At(spec.Path{"groups", key, "disruption"},
					fmt.Sprintf("a drain may take %d of %d members, and a majority survives the loss of %d", allowed, g.Replicas, most),
					"Lower disruption, or leave it out.")
			}
		}
	},
}
