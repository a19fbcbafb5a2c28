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
		What:     "An even number of members, where a majority of them has to be up.",
		Why: `Four members tolerate the loss of one, just as three do, and are one more that can be lost; two tolerate none. It is a
warning, since what grows member by member has an even number on its way. It is told of groups that state quorum, and of
programs whose members are known to vote, all of them: etcd, ZooKeeper, Consul, MongoDB, Galera.`,
		Source: "etcd.io/docs FAQ: why an odd number of cluster members; zookeeperAdmin, Clustered Setup",
		Fix:    "Use 3, 5 or 7 pods.",
		Reads:  diag.Reads{Own: "quorum replicas", App: "objects patches"},
	},
	Spec: func(p *SpecPass) {
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			g := p.App.Groups[key]
			if g.Quorum && g.Replicas > 0 && g.Replicas%2 == 0 {
				p.At(spec.Path{"groups", key, "replicas"},
					survive(int(g.Replicas)), quorumSizeFix)
			}
		}
	},
	Objects: evenVoters,
}

const quorumSizeFix = "Use an odd number: a quorum gains nothing by an even one."

func survive(n int) string {
	return fmt.Sprintf("%d members survive the loss of %d, as %d do", n, (n-1)/2, n-1)
}

var quorumBudget = Rule{
	Rule: diag.Rule{
		ID:   "quorum-budget",
		What: "A disruption budget that lets a drain take a majority which has to be up.",
		Why: `A disruption budget that lets more than (n-1)/2 of n members go at once lets a drain of nodes stop the cluster. A
percentage is rounded up by the disruption controller. Where a group states quorum it is an error; of a program that is only
known by its image (etcd, ZooKeeper, Consul, MongoDB, Galera) a warning.`,
		Source: "kubernetes pkg/controller/disruption/disruption.go",
		Fix:    "Leave disruption out, its default is one; in a budget, state maxUnavailable: 1.",
		Reads:  diag.Reads{Own: "quorum replicas disruption", App: "objects patches"},
	},
	Spec: func(p *SpecPass) {
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			g := p.App.Groups[key]
			allowed, err := intstr.GetScaledValueFromIntOrPercent(&g.Disruption, int(g.Replicas), true)
			if err == nil && g.Quorum && takesMajority(allowed, int(g.Replicas)) {
				p.At(spec.Path{"groups", key, "disruption"}, drains(allowed, int(g.Replicas)), "Lower disruption, or leave it out.")
			}
		}
	},
	Objects: budgetsOfVoters,
}

// takesMajority reports whether n members without those taken are too few. Of
// two none can go, which quorum-size says.
func takesMajority(taken, n int) bool { return n > 2 && taken > (n-1)/2 }

func drains(taken, n int) string {
	return fmt.Sprintf("a drain may take %d of %d members, and a majority survives the loss of %d", taken, n, (n-1)/2)
}
