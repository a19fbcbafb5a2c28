package validate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var clientServiceNotReady = Rule{
	Rule: diag.Rule{
		ID:       "client-service-not-ready",
		Severity: diag.Warning,
		What:     "A Service that clients are balanced by, and that sends them to pods that are not ready.",
		Why: `publishNotReadyAddresses is for members that look for each other before they are ready. With an address of its own, or
behind an Ingress, a Service is for clients, and these get a member that is still joining, or that is being stopped. The
Service of a single pod is not meant: there is no other to send them to.`,
		Source: "kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1 (publishNotReadyAddresses)",
		Fix:    "Give members a headless Service of their own, and leave publishNotReadyAddresses out here.",
		Reads:  diag.Reads{App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for o, s := range objectsOf[*corev1.Service](p.Set) {
			_, single := s.Spec.Selector["statefulset.kubernetes.io/pod-name"]
			_, numbered := s.Spec.Selector["apps.kubernetes.io/pod-index"]
			if !s.Spec.PublishNotReadyAddresses || single || numbered {
				continue
			}
			why := ""
			if s.Spec.ClusterIP != corev1.ClusterIPNone {
				why = "has an address of its own"
			} else if ingress := p.ingressTo(s); ingress != nil {
				why = fmt.Sprintf("is behind %v", ingress.Ref())
			}
			if why != "" {
				p.On(o, manifest.ParseField("spec.publishNotReadyAddresses"), "it "+why+", and sends clients to pods that are not ready", "Leave it out, and give members a headless Service of their own.")
			}
		}
	},
}

// ingressTo is an Ingress that leads to a Service.
func (p *ObjectsPass) ingressTo(s *corev1.Service) *manifest.Object {
	for o, in := range objectsOf[*networkingv1.Ingress](p.Set) {
		backends := []*networkingv1.IngressBackend{in.Spec.DefaultBackend}
		for _, r := range in.Spec.Rules {
			if r.HTTP == nil {
				continue
			}
			for i := range r.HTTP.Paths {
				backends = append(backends, &r.HTTP.Paths[i].Backend)
			}
		}
		for _, b := range backends {
			if b != nil && b.Service != nil && b.Service.Name == s.Name && in.Namespace == s.Namespace {
				return o
			}
		}
	}
	return nil
}
