package validate

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var membersEven = Rule{
	Rule: diag.Rule{
		ID:       "members-even",
		Severity: diag.Warning,
		What:     "An even number of members, of a program that is known to need a majority of them.",
		Why: `Four members tolerate the loss of one, just as three do, and are one more that can be lost; two tolerate none. It is told of
programs whose members all vote (etcd, ZooKeeper, Consul, MongoDB, Galera) where no spec states quorum: then quorum-size is
the rule.`,
		Source: "etcd.io/docs FAQ: why an odd number of cluster members; zookeeperAdmin, Clustered Setup",
		Fix:    "Use 3, 5 or 7 pods.",
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			n, known := fewest(p.Set, w)
			if known && n > 0 && n%2 == 0 && p.votes(w) {
				p.On(w.Object, manifest.ParseField("spec.replicas"), fmt.Sprintf("%d members survive the loss of %d, as %d do", n, (n-1)/2, n-1), "Use an odd number: a quorum gains nothing by an even one.")
			}
		}
	},
}

var membersBudget = Rule{
	Rule: diag.Rule{
		ID:       "members-budget",
		Severity: diag.Warning,
		What:     "A disruption budget that lets a drain take the majority, of a program that is known to need it.",
		Why: `A budget that lets more than (n-1)/2 of n members go at once lets a drain of nodes stop the cluster. Where a spec states
quorum, quorum-budget is the rule.`,
		Source: "kubernetes pkg/controller/disruption/disruption.go",
		Fix:    "State maxUnavailable: 1.",
	},
	Objects: func(p *ObjectsPass) {
		for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
			c := covered(p.Set, b)
			field, taken := drained(b, c.number)
			most := (int(c.number) - 1) / 2
			if c.known && most > 0 && taken > most && p.isForVoters(b) {
				p.On(o, manifest.ParseField(field), fmt.Sprintf("a drain may take %d of %d members, and a majority survives the loss of %d", taken, c.number, most), "State maxUnavailable: 1.")
			}
		}
	},
}

// votes reports whether the workload's pods are known to need a majority, and
// the spec does not say so: then it is judged by the spec.
func (p *ObjectsPass) votes(w workload) bool {
	_, known := w.member()
	return w.set != nil && known.votes && !p.groupStates(w.Object, manifest.ParseField("spec.template"), "quorum")
}

func (p *ObjectsPass) isForVoters(b *policyv1.PodDisruptionBudget) bool {
	voters := false
	for _, w := range workloads(p.Set) {
		if isFor(b, w) {
			if voters = p.votes(w); !voters {
				return false // the number is of others too
			}
		}
	}
	return voters
}

// drained is how many of n pods a budget lets go at once, and the field that
// says so.
func drained(b *policyv1.PodDisruptionBudget, n int32) (field string, pods int) {
	switch {
	case b.Spec.MaxUnavailable != nil:
		return "spec.maxUnavailable", min(int(n), scaled(b.Spec.MaxUnavailable, n))
	case b.Spec.MinAvailable != nil && scaled(b.Spec.MinAvailable, n) >= 0:
		return "spec.minAvailable", int(n) - scaled(b.Spec.MinAvailable, n)
	}
	return "spec", 0
}
