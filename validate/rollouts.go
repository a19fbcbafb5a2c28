package validate

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// countsUnavailable reports whether the cluster keeps a set's maxUnavailable,
// whose default is one (KEP-961): since Kubernetes 1.37, and from 1.35.0 to
// 1.35.3.
func (p *ObjectsPass) countsUnavailable() bool {
	return p.Kubernetes >= "1.37" || apiserver.IsEarly(p.Kubernetes, lastStuck)
}

// lastStuck is the last release of 1.35 that counts pods, and is stuck when a
// broken version is reverted (kubernetes#137409, #137926).
const lastStuck = "1.35.3"

var parallelRollout = Rule{
	Rule: diag.Rule{
		ID:       "parallel-rollout",
		Severity: diag.Warning,
		What:     "Members of a quorum that start in parallel, on a Kubernetes that does not count them when it rolls.",
		Why: `Before 1.37 the rollout of a parallel set waits only for pods with higher numbers: with the first pod down it takes the last
one all the same, and two of three members are gone. 1.35.0 to 1.35.3 do count, but there a rollout that broke stays broken
after it is reverted (kubernetes#137409).`,
		Source: "kubernetes 1.36 pkg/controller/statefulset/stateful_set_control.go, measured; kubernetes#137904",
		Fix:    "See that all members are ready before a new version is merged, roll by hand (update: manual), or raise kubernetes with the cluster.",
		Reads:  diag.Reads{Pod: setsThere + " start quorum image replicas update autoscale", App: "kubernetes objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		if p.countsUnavailable() {
			return
		}
		for _, w := range workloads(p.Set) {
			if n, _ := fewest(p.Set, w); n > 1 && isParallel(w) && rolls(w) && p.isQuorum(w) {
				p.On(w.Object, manifest.ParseField("spec.podManagementPolicy"), fmt.Sprintf("a rollout in Kubernetes %s does not wait for members with lower numbers: with one of %d down it takes another", p.Kubernetes, n),
					"See that all are ready before a new version is merged, or roll by hand.")
			}
		}
	},
}

var parallelStuck = Rule{
	Rule: diag.Rule{
		ID:       "parallel-stuck",
		Severity: diag.Info,
		What:     "A parallel set on Kubernetes 1.35.0 to 1.35.3, which do not recover from a broken rollout, or on a 1.35 that may be one of them.",
		Why: `From 1.35.0 to 1.35.3 pods that are not ready count against maxUnavailable whatever their version is, so that the reverted
version never comes to the broken pod. It has to be deleted by hand. Where kubernetes is "1.35" it may be one of them; with the
patch release, "1.35.4", nothing is said.`,
		Source: "kubernetes#137409; measured with the gate MaxUnavailableStatefulSet on; off again since 1.35.4 (kubernetes#137926)",
		Fix:    "Run 1.35.4 or later, and state it.",
		Reads:  diag.Reads{Pod: setsThere + " start quorum image replicas update autoscale", App: "kubernetes objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		known := apiserver.IsEarly(p.Kubernetes, lastStuck)
		if !known && p.Kubernetes != "1.35" {
			return
		}
		message, fix := "before Kubernetes 1.35.4 a broken rollout of a parallel set stays broken after it is reverted", `Run 1.35.4 or later, and say so: kubernetes "1.35.4".`
		if known {
			message, fix = fmt.Sprintf("in Kubernetes %s a broken rollout of a parallel set stays broken after it is reverted", p.Kubernetes), "Run 1.35.4 or later; until then delete the broken pods by hand."
		}
		for _, w := range workloads(p.Set) {
			// If pods are not counted, parallel-rollout says more of a quorum.
			if n, _ := fewest(p.Set, w); n > 0 && isParallel(w) && rolls(w) && (known || !p.isQuorum(w)) {
				p.On(w.Object, manifest.ParseField("spec.podManagementPolicy"), message, fix)
			}
		}
	},
}

var rolloutMajority = Rule{
	Rule: diag.Rule{
		ID:       "rollout-majority",
		Severity: diag.Warning,
		What:     "A rolling update that takes a majority of the members, or all pods of a set with volumes, at once.",
		Why:      "maxUnavailable of a set is how many pods a new version stops together; no disruption budget is asked.",
		Source:   "KEP-961; kubernetes pkg/controller/statefulset/stateful_set_utils.go, getStatefulSetMaxUnavailable",
		Fix:      "Leave out maxUnavailable: one pod after the other.",
		Reads:    diag.Reads{Pod: setsThere + " replicas quorum image autoscale", App: "kubernetes objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		if !p.countsUnavailable() {
			return // it is dropped there, which kubernetes-version says
		}
		for _, w := range workloads(p.Set) {
			n, known := fewest(p.Set, w)
			taken := takenAtOnce(w, n)
			if !known || n < 2 || taken < 2 {
				continue
			}
			if quorum := p.isQuorum(w); taken >= n || quorum && taken > (n-1)/2 {
				p.On(w.Object, manifest.ParseField("spec.updateStrategy.rollingUpdate.maxUnavailable"), fmt.Sprintf("a new version stops %d of %d pods at once", taken, n),
					"Leave out maxUnavailable: one pod after the other.")
			}
		}
	},
}

func isParallel(w workload) bool {
	return w.set != nil && w.set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement
}

// rolls reports whether a new version comes to the pods by itself.
func rolls(w workload) bool {
	return cmp.Or(w.set.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType) == appsv1.RollingUpdateStatefulSetStrategyType
}

// takenAtOnce is how many of n pods of a set a rolling update stops together.
// A share is rounded down, to one at the least.
func takenAtOnce(w workload, n int32) int32 {
	if w.set == nil || w.set.Spec.UpdateStrategy.RollingUpdate == nil {
		return 1
	}
	most, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(w.set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1)), int(n), false)
	if err != nil {
		return 1 // the API server refuses it
	}
	return int32(max(1, most))
}
