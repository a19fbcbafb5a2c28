package compiler

import (
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// budget limits how many pods of a group a node drain may take at once: one
// budget over all racks, since a pod under two cannot be evicted. A single pod
// has none: its budget would block every drain.
func budget(c *Context) {
	for _, g := range c.Groups {
		if g.Replicas < 2 {
			continue
		}
		o := g.add(&policyv1.PodDisruptionBudget{
			TypeMeta:   kind("policy/v1 PodDisruptionBudget"),
			ObjectMeta: g.named(g.Name),
			Spec: policyv1.PodDisruptionBudgetSpec{
				MaxUnavailable: &g.Disruption,
				Selector:       &metav1.LabelSelector{MatchLabels: g.selector()},
				// A pod that is not ready serves nobody; without this it
				// blocks the drain of its node.
				UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
			},
		})
		o.From("spec.maxUnavailable", g.path.Join("disruption"))
		o.From("spec.selector.matchLabels["+labelApp+"]", spec.Path{"name"})
	}
}
