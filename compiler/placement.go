package compiler

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// placement says where pods may run: never two on a node and evenly over the
// zones (strict), the same if it can be helped (spread), or anywhere. A rack is
// in its own place, unless pods may run anywhere.
func placement(c *Context) {
	for _, p := range c.Pods {
		if p.group == nil {
			continue
		}
		p.onNodes()
		for i, t := range p.group.Tolerate {
			p.spec().Tolerations = append(p.spec().Tolerations, toleration(t))
			p.from(fmt.Sprintf("spec.tolerations[%d]", i), "tolerate", fmt.Sprint(i))
		}
		p.from("spec.affinity", "placement")
		p.from("spec.topologySpreadConstraints", "placement")
		switch p.group.Placement {
		case "strict":
			p.apart()
			p.overZones(corev1.DoNotSchedule)
		case "spread":
			p.preferApart()
			p.overZones(corev1.ScheduleAnyway)
		}
	}
}

// onNodes sets the labels that nodes must have.
func (p *Pod) onNodes() {
	nodes := maps.Clone(p.group.Nodes)
	if nodes == nil {
		nodes = map[string]string{}
	}
	byKey(p.group.Nodes, func(label, _ string) { p.from("spec.nodeSelector["+label+"]", "nodes", label) })
	rack := p.group.Racks[p.rack]
	byKey(rack.Nodes, func(label, value string) {
		nodes[label] = value
		p.from("spec.nodeSelector["+label+"]", "racks", p.rack, "nodes", label)
	})
	if rack.Zone != "" && p.group.Placement != "any" {
		nodes[corev1.LabelTopologyZone] = rack.Zone
		p.from("spec.nodeSelector["+corev1.LabelTopologyZone+"]", "racks", p.rack, "zone")
		p.from("spec.nodeSelector["+corev1.LabelTopologyZone+"]", "placement")
	}
	p.spec().NodeSelector = nodes
}

func (p *Pod) apart() {
	p.antiAffinity().RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{p.sameNode()}
}

func (p *Pod) preferApart() {
	p.antiAffinity().PreferredDuringSchedulingIgnoredDuringExecution = []corev1.WeightedPodAffinityTerm{
		{Weight: 100, PodAffinityTerm: p.sameNode()},
	}
}

func (p *Pod) antiAffinity() *corev1.PodAntiAffinity {
	apart := new(corev1.PodAntiAffinity)
	p.spec().Affinity = &corev1.Affinity{PodAntiAffinity: apart}
	return apart
}

// sameNode is any pod of the group, of any rack, on the same node.
func (p *Pod) sameNode() corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{
		LabelSelector: &metav1.LabelSelector{MatchLabels: p.group.selector()},
		TopologyKey:   corev1.LabelHostname,
	}
}

// overZones keeps the numbers of pods in any two zones at most one apart. The
// racks' zones do so by themselves.
func (p *Pod) overZones(otherwise corev1.UnsatisfiableConstraintAction) {
	if p.rack != "" {
		return
	}
	p.spec().TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew:           1,
		TopologyKey:       corev1.LabelTopologyZone,
		WhenUnsatisfiable: otherwise,
		LabelSelector:     &metav1.LabelSelector{MatchLabels: p.group.selector()},
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
