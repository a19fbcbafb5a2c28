package validate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var headlessService = Rule{
	Rule: diag.Rule{
		ID:       "headless-service",
		Severity: diag.Warning,
		What:     "A StatefulSet without the headless Service that gives its pods their names.",
		Why: `The name pod.service.namespace.svc exists only if the set's serviceName is a Service of its namespace that is headless and
selects its pods. The API server does not look: the set runs, and its members do not find each other. It is an error where
the Service is there and is another kind, a warning where it may be elsewhere, and nothing for a set of one pod.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_utils.go (hostname and subdomain); measured with 1.36",
		Fix:    "Add a Service with clusterIP None and the labels of the pods as its selector, and name it by serviceName.",
		Reads:  diag.Reads{Pod: setsThere + " replicas", App: objectsThere + " services.*"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.set != nil && w.replicas > 1 { // nobody looks for one pod: many a controller is such a set
				p.headless(w)
			}
		}
	},
}

func (p *ObjectsPass) headless(w workload) {
	name, at := w.set.Spec.ServiceName, manifest.ParseField("spec.serviceName")
	s := p.serviceNamed(w.set.Namespace, name)
	switch {
	case name == "":
		p.On(w.Object, at, "no serviceName, so the pods have no names in DNS", "Name a headless Service of these pods.")
	case s == nil:
		p.On(w.Object, at, fmt.Sprintf("there is no Service %q here, so the pods have no names in DNS", name), "Add the headless Service, or correct the name.")
	case s.Spec.ClusterIP != corev1.ClusterIPNone:
		p.as(diag.Error, w.Object, at, fmt.Sprintf("the Service %q has an address of its own, and only a headless one names pods", name), "Name a Service with clusterIP None.")
	case len(s.Spec.Selector) > 0 && !w.isSelected(s.Namespace, s.Spec.Selector):
		p.as(diag.Error, w.Object, at, fmt.Sprintf("the Service %q does not select these pods, so they have no names in DNS", name), "Make its selector match the labels of the pods.")
	}
}
