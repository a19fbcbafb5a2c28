package validate

import (
	"fmt"
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var budgetAllowsNothing = Rule{
	Rule: diag.Rule{
		ID:   "budget-allows-nothing",
		What: "A disruption budget that lets no pod go.",
		Why: `The drain of a node waits for ever, and with it every upgrade of the cluster, until someone deletes the budget or the pod by
hand. Percentages are rounded up: 90 % of 3 pods are all of them. A budget that states neither number allows nothing.`,
		Source: "kubernetes pkg/controller/disruption/disruption.go, getExpectedPodCount and updatePdbStatus",
		Fix:    "State maxUnavailable: 1, and no budget for a single pod.",
		Reads:  diag.Reads{Pod: setsThere + " replicas disruption autoscale", App: objectsThere + " groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
			if field, message := allowsNothing(p.Set, b); message != "" {
				p.On(o, manifest.ParseField(field), message, "State maxUnavailable: 1, and no budget for a single pod.")
			}
		}
	},
}

var budgetTwice = Rule{
	Rule: diag.Rule{
		ID:     "budget-twice",
		What:   "Pods that two disruption budgets select.",
		Why:    "Such a pod can never be evicted, whatever the budgets allow: the request fails, and the drain of its node with it.",
		Source: "kubernetes pkg/registry/core/pod/storage/eviction.go: This pod has more than one PodDisruptionBudget",
		Fix:    "Keep one of the budgets, or select other pods by it.",
		Reads:  diag.Reads{App: objectsThere + " groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		said := map[*manifest.Object]bool{}
		for _, w := range workloads(p.Set) {
			var first *manifest.Object
			for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
				switch {
				case !isFor(b, w) || said[o]:
				case first == nil:
					first = o
				default:
					if isCompiled(o) && !isCompiled(first) {
						first, o = o, first // the user's own is the one to look at
					}
					said[o] = true
					p.On(o, manifest.ParseField("spec.selector"), fmt.Sprintf("%v selects pods of %v too, and a pod under two budgets cannot be evicted", first.Ref(), w.Ref()),
						"Keep one of the budgets, or select other pods by it.")
				}
			}
		}
	},
}

var budgetRounding = Rule{
	Rule: diag.Rule{
		ID:       "budget-rounding",
		Severity: diag.Warning,
		What:     "A disruption budget of at most half of the pods that is rounded up to more than half.",
		Why:      "maxUnavailable as a percentage is rounded up: 34 % of 3 pods are 2 of them.",
		Source:   "kubernetes pkg/controller/disruption/disruption.go, getExpectedPodCount",
		Fix:      "State a number of pods.",
		Reads:    diag.Reads{Pod: setsThere + " disruption quorum image", App: objectsThere + " groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		at := manifest.ParseField("spec.maxUnavailable")
		for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
			most := b.Spec.MaxUnavailable
			if most == nil || most.Type != intstr.String || p.groupStates(o, at, "quorum") || p.isForVoters(b) {
				continue // of a quorum, quorum-budget says more
			}
			c := covered(p.Set, b)
			if n := scaled(most, c.number); c.ofSet && c.known && c.number > 1 && scaled(most, 100) <= 50 && 2*n > int(c.number) {
				p.On(o, at, fmt.Sprintf("%s of %d pods is rounded up to %d of them", most, c.number, n), "State a number of pods.")
			}
		}
	},
}

var budgetUnhealthy = Rule{
	Rule: diag.Rule{
		ID:       "budget-unhealthy",
		Severity: diag.Info,
		What:     "A disruption budget that protects pods which are broken already.",
		Why: `Unless it says unhealthyPodEvictionPolicy: AlwaysAllow, a pod that is not ready can be evicted only while enough others are.
A set that is down as a whole then blocks the drain of every node that it is on, also where the drain would help it.`,
		Source: "KEP-3017, stable since Kubernetes 1.31; kubernetes pkg/registry/core/pod/storage/eviction.go",
		Fix:    "State unhealthyPodEvictionPolicy: AlwaysAllow.",
		Reads:  diag.Reads{App: objectsThere + " groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
			if covered(p.Set, b).ofSet && b.Spec.UnhealthyPodEvictionPolicy == nil {
				p.On(o, manifest.ParseField("spec.unhealthyPodEvictionPolicy"), "pods that are not ready block the drain of their node, for nothing is said of them",
					"State unhealthyPodEvictionPolicy: AlwaysAllow.")
			}
		}
	},
}

var budgetRacks = Rule{
	Rule: diag.Rule{
		ID:       "budget-racks",
		Severity: diag.Warning,
		What:     "Sets of one cluster, such as racks, with a disruption budget for each.",
		Why: `Each budget lets a pod of its own set go, so drains of several nodes may take one in each rack at once: with copies dealt out
over three racks, that is all of them. One budget over all sets counts their pods together.`,
		Source: "kubernetes pkg/controller/disruption/disruption.go, getExpectedScale; cass-operator has one for a datacenter",
		Fix:    "State one budget that selects the pods of all the sets.",
		Reads:  diag.Reads{App: objectsThere + " groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		first := map[string]*manifest.Object{} // by the Service that the sets share
		for _, w := range workloads(p.Set) {
			if w.set == nil || w.set.Spec.ServiceName == "" {
				continue
			}
			for o, b := range objectsOf[*policyv1.PodDisruptionBudget](p.Set) {
				peers := w.set.Namespace + "/" + w.set.Spec.ServiceName
				switch other := first[peers]; {
				case !isFor(b, w) || other == o:
				case other == nil:
					first[peers] = o
				case !p.share(other, b):
					p.On(o, manifest.ParseField("spec.selector"), fmt.Sprintf("%v is for other members of %s, so a drain may take one of each at once", other.Ref(), w.set.Spec.ServiceName), "State one budget that selects the pods of all the sets.")
				}
			}
		}
	},
}

// share reports whether two budgets select pods of one workload, which is
// another mistake.
func (p *ObjectsPass) share(o *manifest.Object, b *policyv1.PodDisruptionBudget) bool {
	return slices.ContainsFunc(workloads(p.Set), func(w workload) bool {
		return isFor(o.Value.(*policyv1.PodDisruptionBudget), w) && isFor(b, w)
	})
}

// isFor reports whether a budget is for the pods of a workload. One with an
// empty selector is for all pods of the namespace.
func isFor(b *policyv1.PodDisruptionBudget, w workload) bool {
	return b.Namespace == w.Value.GetNamespace() && takes(b.Spec.Selector, w.template.Labels)
}

// pods are those that a budget is for.
type pods struct {
	number int32 // the fewest that there are
	known  bool  // whether that is known: somebody says how many
	ofSet  bool  // whether some are a StatefulSet's
}

// covered are the pods that the controller counts for a budget: those of all
// workloads together (getExpectedScale).
func covered(set *manifest.Set, b *policyv1.PodDisruptionBudget) pods {
	var out pods
	unknown := false
	for _, w := range workloads(set) {
		if !isFor(b, w) {
			continue
		}
		n, known := fewest(set, w)
		unknown = unknown || !known
		out.known = !unknown
		out.number += n
		out.ofSet = out.ofSet || w.set != nil
	}
	return out
}

// allowsNothing says why a budget lets no pod go, and by which field; "" if it
// does, or if nobody says how many pods there are.
func allowsNothing(set *manifest.Set, b *policyv1.PodDisruptionBudget) (field, message string) {
	c := covered(set, b)
	least, most := b.Spec.MinAvailable, b.Spec.MaxUnavailable
	switch {
	case c.known && c.number == 0:
		return "", "" // there is nothing to let go
	case most != nil && scaled(most, 100) == 0:
		return "spec.maxUnavailable", fmt.Sprintf("maxUnavailable %s never lets a pod go", most)
	case most != nil:
		return "", ""
	case least == nil:
		return "spec", "it states neither maxUnavailable nor minAvailable, which allows nothing"
	case least.Type == intstr.String && scaled(least, 100) >= 100:
		return "spec.minAvailable", fmt.Sprintf("minAvailable %s never lets a pod go", least)
	case c.known && scaled(least, c.number) >= int(c.number):
		return "spec.minAvailable", fmt.Sprintf("minAvailable %s of %d pods never lets one go", least, c.number)
	}
	return "", ""
}

// scaled is a number of pods, or a share of so many as the disruption
// controller reckons it; -1 if it is neither.
func scaled(v *intstr.IntOrString, of int32) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(v, int(of), true)
	if err != nil {
		return -1
	}
	return n
}
