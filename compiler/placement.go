package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// placement says where pods may run: never two on a node and evenly over the
// zones (strict), the same if it can be helped (spread), or anywhere.
func placement(c *Context) {
	for _, g := range c.Groups {
		pod := g.pod()
		pod.NodeSelector = g.Nodes
		byKey(g.Nodes, func(label, _ string) {
			g.from("spec.template.spec.nodeSelector["+label+"]", "nodes", label)
		})
		for i, t := range g.Tolerate {
			pod.Tolerations = append(pod.Tolerations, toleration(t))
			g.from(fmt.Sprintf("spec.template.spec.tolerations[%d]", i), "tolerate", fmt.Sprint(i))
		}
		g.from("spec.template.spec.affinity", "placement")
		g.from("spec.template.spec.topologySpreadConstraints", "placement")
		switch g.Placement {
		case "strict":
			g.apart()
			g.overZones(corev1.DoNotSchedule)
		case "spread":
			g.preferApart()
			g.overZones(corev1.ScheduleAnyway)
		}
	}
}

func (g *Group) apart() {
	g.antiAffinity().RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{g.sameNode()}
}

func (g *Group) preferApart() {
	g.antiAffinity().PreferredDuringSchedulingIgnoredDuringExecution = []corev1.WeightedPodAffinityTerm{
		{Weight: 100, PodAffinityTerm: g.sameNode()},
	}
}

func (g *Group) antiAffinity() *corev1.PodAntiAffinity {
	apart := new(corev1.PodAntiAffinity)
	g.pod().Affinity = &corev1.Affinity{PodAntiAffinity: apart}
	return apart
}

// sameNode is any pod of the group on the same node.
func (g *Group) sameNode() corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{
		LabelSelector: &metav1.LabelSelector{MatchLabels: g.selector()},
		TopologyKey:   corev1.LabelHostname,
	}
}

// overZones keeps the numbers of pods in any two zones at most one apart.
func (g *Group) overZones(otherwise corev1.UnsatisfiableConstraintAction) {
	g.pod().TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew:           1,
		TopologyKey:       corev1.LabelTopologyZone,
		WhenUnsatisfiable: otherwise,
		LabelSelector:     &metav1.LabelSelector{MatchLabels: g.selector()},
	}}
}

// toleration is of one value, or of any.
func toleration(t spec.Toleration) corev1.Toleration {
	out := corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffect(t.Effect)}
	if t.Value != nil {
		out.Operator, out.Value = corev1.TolerationOpEqual, *t.Value
	}
	return out
}
