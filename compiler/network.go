package compiler

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// network lets in whom the ports are for and nobody else, and out to where the
// application says; anywhere, if it says nothing.
func network(c *Context) {
	if len(c.App.Clients) > 0 && !slices.ContainsFunc(c.Groups, func(g *Group) bool { return len(g.ports("client")) > 0 }) {
		c.report("clients-port", spec.Path{"clients"}, "clients may connect to client ports, and no group has one", "State one under ports: client.")
	}
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
		g.allowPorts(o, policy, g.clusterPods(), g.scraped())
		if c.App.Egress != nil {
			g.restrictEgress(o, policy)
		}
	}
}

// sender is who may connect, and where the spec says so.
type sender struct {
	peer networkingv1.NetworkPolicyPeer
	path spec.Path
}

// allow adds a rule, unless nobody or no port is left for it: a rule that
// names none of them allows all.
func (g *Group) allow(o *manifest.Object, policy *networkingv1.NetworkPolicy, sources []sender, audiences ...string) {
	g.allowPorts(o, policy, sources, g.ports(audiences...))
}

// scraped are the ports that Prometheus may read: those for metrics, and the
// one that metrics names, whoever else it is for.
func (g *Group) scraped() []port {
	out := g.ports("metrics")
	for _, p := range g.ports("peer", "client") {
		if g.Metrics != nil && p.name == g.Metrics.Port {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, comparePorts)
	return out
}

func (g *Group) allowPorts(o *manifest.Object, policy *networkingv1.NetworkPolicy, sources []sender, ports []port) {
	if len(ports) == 0 || len(sources) == 0 {
		return
	}
	var rule networkingv1.NetworkPolicyIngressRule
	field := fmt.Sprintf("spec.ingress[%d]", len(policy.Spec.Ingress))
	for i, s := range sources {
		rule.From = append(rule.From, s.peer)
		o.From(fmt.Sprintf("%s.from[%d]", field, i), s.path)
	}
	for _, p := range ports {
		o.From(field, p.path) // without one there would be no such rule
	}
	for i, p := range ports {
		rule.Ports = append(rule.Ports, policyPort(p.protocol, p.number))
		at := fmt.Sprintf("%s.ports[%d]", field, i)
		o.From(at, p.path)
		for _, s := range sources {
			o.From(at, s.path) // without them there would be no such rule
		}
	}
	policy.Spec.Ingress = append(policy.Spec.Ingress, rule)
}

// restrictEgress lets pods connect to each other, to the cluster's DNS and to
// what is stated.
func (g *Group) restrictEgress(o *manifest.Object, policy *networkingv1.NetworkPolicy) {
	policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	own := networkingv1.NetworkPolicyEgressRule{}
	for _, s := range g.applicationPods() {
		own.To = append(own.To, s.peer)
	}
	dns := networkingv1.NetworkPolicyEgressRule{Ports: []networkingv1.NetworkPolicyPort{
		policyPort(corev1.ProtocolUDP, 53), policyPort(corev1.ProtocolTCP, 53),
	}}
	policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{own, dns}
	o.From("spec.egress", spec.Path{"egress"})
	o.From("spec.egress[0]", spec.Path{"name"})
	o.From("spec.policyTypes", spec.Path{"egress"})
	for i, e := range g.App.Egress {
		at := spec.Path{"egress", fmt.Sprint(i)}
		if !g.isOnePeer(at, e.Client) {
			continue
		}
		rule := networkingv1.NetworkPolicyEgressRule{To: []networkingv1.NetworkPolicyPeer{peer(e.Client)}}
		for _, p := range e.Ports {
			rule.Ports = append(rule.Ports, policyPort(corev1.Protocol(p.Protocol), p.Number))
		}
		o.From(fmt.Sprintf("spec.egress[%d]", len(policy.Spec.Egress)), at)
		policy.Spec.Egress = append(policy.Spec.Egress, rule)
	}
}

func policyPort(protocol corev1.Protocol, number int32) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(number))}
}

// applicationPods are all of the application's own, in any group.
func (c *Context) applicationPods() []sender {
	own := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{labelApp: c.App.Name}}}
	return []sender{{own, spec.Path{"name"}}}
}

// clientPods are those who the spec says may connect.
func (c *Context) clientPods() []sender {
	var out []sender
	for i, client := range c.App.Clients {
		if at := (spec.Path{"clients", fmt.Sprint(i)}); c.isOnePeer(at, client) {
			out = append(out, sender{peer(client), at})
		}
	}
	return out
}

// clusterPods are any of the cluster: where Prometheus runs is not said.
func (g *Group) clusterPods() []sender {
	any := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}}
	if g.Metrics != nil {
		return []sender{{any, g.path.Join("metrics")}}
	}
	return []sender{{any, g.path.Join("ports", "metrics")}}
}

// isOnePeer reports whether it is said who is at the other end, and says
// otherwise why not. The namespace may be that of the application.
func (c *Context) isOnePeer(at spec.Path, who spec.Client) bool {
	return c.oneOf(at, option{"app", who.App != ""}, option{"namespace", who.Namespace != "" && who.App == ""}, option{"cidr", who.CIDR != ""})
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
