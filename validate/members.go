package validate

import (
	policyv1 "k8s.io/api/policy/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// evenVoters are the sets that quorum-size reports where no spec states quorum.
func evenVoters(p *ObjectsPass) {
	for _, w := range workloads(p.Set) {
		n, known := fewest(p.Set, w)
		if known && n > 0 && n%2 == 0 && p.votes(w) {
			p.On(w.Object, manifest.ParseField("spec.replicas"), survive(int(n)), quorumSizeFix)
			p.by(w.Object, setsThere+" image autoscale")
		}
	}
}

// budgetsOfVoters are the budgets that quorum-budget reports where no spec
// states quorum. What only an image's name tells is no more than a warning.
func budgetsOfVoters(p *ObjectsPass) {
	for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
		c := covered(p.Set, b)
		field, taken := drained(b, c.number)
		if c.known && takesMajority(taken, int(c.number)) && p.isForVoters(b) {
			p.as(diag.Warning, o, manifest.ParseField(field), drains(taken, int(c.number)), "State maxUnavailable: 1.")
			for _, w := range workloads(p.Set) {
				if isFor(b, w) {
					p.by(w.Object, setsThere+" image autoscale replicas")
				}
			}
		}
	}
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
