package compiler

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// network lets in whom the ports are for and nobody else. Where pods may
// connect to is not limited.
func network(c *Context) {
	for _, g := range c.Groups {
		policy := &networkingv1.NetworkPolicy{
			TypeMeta:   kind("networking.k8s.io/v1 NetworkPolicy"),
			ObjectMeta: g.named(g.Name),
			Spec: networkingv1.NetworkPolicySpec{
				PodSelector: metav1.LabelSelector{MatchLabels: g.selector()},
				PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			},
		}
		o := g.add(policy)
		o.From("spec.podSelector.matchLabels["+labelApp+"]", spec.Path{"name"})
		g.allow(o, policy, c.applicationPods(), "peer", "client", "metrics")
		g.allow(o, policy, c.clientPods(), "client")
		g.allow(o, policy, g.clusterPods(), "metrics")
	}
}

// source is who may connect, and where the spec says so.
type source struct {
	peer networkingv1.NetworkPolicyPeer
	path spec.Path
}

// allow adds a rule, unless nobody or no port is left for it: a rule that
// names none of them allows all.
func (g *Group) allow(o *manifest.Object, policy *networkingv1.NetworkPolicy, sources []source, audiences ...string) {
	ports := g.ports(audiences...)
	if len(ports) == 0 || len(sources) == 0 {
		return
	}
	var rule networkingv1.NetworkPolicyIngressRule
	field := fmt.Sprintf("spec.ingress[%d]", len(policy.Spec.Ingress))
	for i, s := range sources {
		rule.From = append(rule.From, s.peer)
		o.From(fmt.Sprintf("%s.from[%d]", field, i), s.path)
	}
	for i, p := range ports {
		rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Protocol: &p.protocol, Port: new(intstr.FromInt32(p.number))})
		o.From(fmt.Sprintf("%s.ports[%d]", field, i), g.path.Join("ports", p.audience, p.name))
	}
	policy.Spec.Ingress = append(policy.Spec.Ingress, rule)
}

// applicationPods are all of the application's own, in any group.
func (c *Context) applicationPods() []source {
	own := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{labelApp: c.App.Name}}}
	return []source{{own, spec.Path{"name"}}}
}

// clientPods are those who the spec says may connect.
func (c *Context) clientPods() []source {
	var out []source
	for i, client := range c.App.Clients {
		out = append(out, source{peer(client), spec.Path{"clients", fmt.Sprint(i)}})
	}
	return out
}

// clusterPods are any of the cluster: where Prometheus runs is not said.
func (g *Group) clusterPods() []source {
	any := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}}
	return []source{{any, g.path.Join("ports", "metrics")}}
}

// peer is one client. An application is in the namespace of its name, as ours
// is, unless another is stated.
func peer(client spec.Client) networkingv1.NetworkPolicyPeer {
	if client.CIDR != "" {
		return networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: client.CIDR}}
	}
	out := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: cmp.Or(client.Namespace, client.App)},
	}}
	if client.App != "" {
		out.PodSelector = &metav1.LabelSelector{MatchLabels: map[string]string{labelApp: client.App}}
	}
	return out
}
