package validate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/statefulc/statefulc/diag"
)

var antiAffinitySelf = Rule{
	Rule: diag.Rule{
		ID:       "anti-affinity-self",
		Severity: diag.Warning,
		What:     "Anti-affinity, or a spread over nodes or zones, that does not match its own pods.",
		Why: `Kubernetes takes it without a word, and all pods may run on one node. It is a label that was renamed in one place only: the
ZooKeeper tutorial of kubernetes.io asks for app in (zk) of pods that are labelled app.kubernetes.io/name: zk. A term that
matches another workload is taken for meant.`,
		Source: "kubernetes.io/docs/tutorials/stateful-application/zookeeper; pkg/scheduler/framework/plugins/interpodaffinity",
		Fix:    "Select the labels that the pods have.",
		Reads:  diag.Reads{Pod: setsThere + " replicas placement", App: "objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		all := workloads(p.Set)
		for _, w := range all {
			if w.selector == nil || w.replicas < 2 {
				continue
			}
			p.antiAffinity(w, all)
			for _, c := range w.template.Spec.TopologySpreadConstraints {
				if s := c.LabelSelector; s != nil && !takes(s, w.template.Labels) {
					p.On(w.Object, w.field("spec.topologySpreadConstraints[%s].labelSelector", c.TopologyKey), fmt.Sprintf("%s does not match the pods themselves, which are not spread", words(s)), "Select the labels that the pods have.")
				}
			}
		}
	},
}

func (p *ObjectsPass) antiAffinity(w workload, all []workload) {
	a := w.template.Spec.Affinity
	if a == nil || a.PodAntiAffinity == nil {
		return
	}
	for _, t := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		p.term(w, all, "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution["+t.TopologyKey+"].labelSelector", t)
	}
	for i, t := range a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		p.term(w, all, fmt.Sprintf("spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[%d].podAffinityTerm.labelSelector", i), t.PodAffinityTerm)
	}
}

// term reports one that matches neither its own pods nor those of another
// workload. What it may match in another namespace is not known.
func (p *ObjectsPass) term(w workload, all []workload, at string, t corev1.PodAffinityTerm) {
	elsewhere := t.NamespaceSelector != nil || len(t.Namespaces) > 0 && !slices.Contains(t.Namespaces, w.Value.GetNamespace())
	if t.LabelSelector == nil || elsewhere { // the API server warns of a selector that is missing
		return
	}
	if !slices.ContainsFunc(all, func(other workload) bool { return takes(t.LabelSelector, other.template.Labels) }) {
		p.On(w.Object, w.field("%s", at), fmt.Sprintf("%s does not match the pods themselves, so they may share a node", words(t.LabelSelector)), "Select the labels that the pods have.")
	}
}

// takes is whether a selector matches labels; an empty one matches all.
func takes(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}

func words(selector *metav1.LabelSelector) string { return metav1.FormatLabelSelector(selector) }
