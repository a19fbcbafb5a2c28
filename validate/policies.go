package validate

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var policyPeers = Rule{
	Rule: diag.Rule{
		ID:       "policy-peers",
		Severity: diag.Warning,
		What:     "Network policies that keep the members of a StatefulSet from each other.",
		Why: `As soon as one policy selects a pod, nobody gets in but who is let in, other pods of its set included: a policy that is
written for the clients stops the cluster. What the members need are the ports of the set's headless Service.`,
		Source: "kubernetes.io/docs/concepts/services-networking/network-policies (isolation)",
		Fix:    "Let the set's own pods in to these ports, and out.",
		Reads:  diag.Reads{Pod: setsThere + " ports replicas", App: objectsThere + " clients"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.set == nil || w.replicas < 2 {
				continue
			}
			if s := p.serviceNamed(w.set.Namespace, w.set.Spec.ServiceName); s != nil && s.Spec.ClusterIP == corev1.ClusterIPNone {
				p.peersLetIn(w, s, networkingv1.PolicyTypeIngress, "in to")
				p.peersLetIn(w, s, networkingv1.PolicyTypeEgress, "out to")
			}
		}
	},
}

var policyDNS = Rule{
	Rule: diag.Rule{
		ID:       "policy-dns",
		Severity: diag.Warning,
		What:     "Network policies that let pods out to some places, and not to DNS.",
		Why: `Members know each other, and clients their Service, by names. A policy with egress rules stops questions for names too,
unless a rule lets them out to port 53: then nothing finds anything, and what is seen are timeouts.`,
		Source: "kubernetes.io/docs/concepts/services-networking/network-policies (isolation)",
		Fix:    "Let the pods out to port 53, UDP and TCP.",
		Reads:  diag.Reads{App: objectsThere + " egress"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			first, rules := p.rulesFor(w, networkingv1.PolicyTypeEgress)
			asks := func(r rule) bool { return r.isForDNS(w) && r.hasPort(w, intstr.FromInt32(53), corev1.ProtocolUDP) }
			if first == nil || len(rules) == 0 || slices.ContainsFunc(rules, asks) { // without a rule all is shut, and that may be meant
				continue
			}
			p.On(first, manifest.ParseField("spec.egress"), fmt.Sprintf("the pods of %v may not ask DNS for names", w.Ref()), "Let them out to port 53, UDP and TCP.")
		}
	},
}

// rule is an ingress or an egress rule.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

// rulesFor are the rules of all policies that shut the pods of a workload off
// in one direction, and the first of these policies; nil if there is none.
func (p *ObjectsPass) rulesFor(w workload, direction networkingv1.PolicyType) (first *manifest.Object, rules []rule) {
	for o, n := range objectsOf[*networkingv1.NetworkPolicy](p.Set) {
		if n.Namespace != w.Value.GetNamespace() || !takes(&n.Spec.PodSelector, w.template.Labels) || !isShut(n, direction) {
			continue
		}
		if first == nil {
			first = o
		}
		if direction == networkingv1.PolicyTypeIngress {
			for _, r := range n.Spec.Ingress {
				rules = append(rules, rule{r.From, r.Ports})
			}
			continue
		}
		for _, r := range n.Spec.Egress {
			rules = append(rules, rule{r.To, r.Ports})
		}
	}
	return first, rules
}

// isShut reports whether a policy is about a direction: ingress, and egress if
// there is a rule for it, unless it says which.
func isShut(n *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	if len(n.Spec.PolicyTypes) > 0 {
		return slices.Contains(n.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(n.Spec.Egress) > 0
}

func (p *ObjectsPass) peersLetIn(w workload, s *corev1.Service, direction networkingv1.PolicyType, way string) {
	first, rules := p.rulesFor(w, direction)
	if first == nil {
		return
	}
	var shut []string
	for _, port := range s.Spec.Ports {
		target := port.TargetPort
		if target == (intstr.IntOrString{}) {
			target = intstr.FromInt32(port.Port)
		}
		isOpen := func(r rule) bool { return r.isOfPeers(w) && r.hasPort(w, target, port.Protocol) }
		if !slices.ContainsFunc(rules, isOpen) {
			shut = append(shut, portWords(target, port.Protocol))
		}
	}
	if len(shut) > 0 {
		p.On(first, manifest.ParseField("spec."+strings.ToLower(string(direction))), fmt.Sprintf("the pods of %v are not let %s each other's port %s", w.Ref(), way, strings.Join(shut, ", ")), "Add a rule for the set's own pods and these ports.")
	}
}

// isOfPeers reports whether a rule may be about the workload's own pods. What
// labels their namespace has, and which addresses they get, is not known.
func (r rule) isOfPeers(w workload) bool {
	return len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(peer networkingv1.NetworkPolicyPeer) bool {
		return peer.IPBlock != nil || peer.PodSelector == nil || takes(peer.PodSelector, w.template.Labels)
	})
}

// isForDNS reports whether a rule may be about the cluster's DNS. Without ports
// it is not if it is about pods of the namespace alone, such as the set's own.
func (r rule) isForDNS(w workload) bool {
	if len(r.peers) == 0 || len(r.ports) > 0 || w.Value.GetNamespace() == "kube-system" {
		return true
	}
	return slices.ContainsFunc(r.peers, func(peer networkingv1.NetworkPolicyPeer) bool {
		return peer.IPBlock != nil || peer.NamespaceSelector != nil
	})
}

// hasPort reports whether a rule is about a port of the workload.
func (r rule) hasPort(w workload, target intstr.IntOrString, protocol corev1.Protocol) bool {
	number := w.portNumber(target, protocol)
	return len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(port networkingv1.NetworkPolicyPort) bool {
		if port.Protocol != nil && protocolOf(*port.Protocol) != protocolOf(protocol) || port.Protocol == nil && protocolOf(protocol) != corev1.ProtocolTCP {
			return false
		}
		if port.Port == nil {
			return true
		}
		from := w.portNumber(*port.Port, protocol)
		return from == number || port.EndPort != nil && from <= number && number <= *port.EndPort
	})
}

// portNumber is the number of a port that may be given by its name; 0 if no
// container has it.
func (w workload) portNumber(port intstr.IntOrString, protocol corev1.Protocol) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, p := range portsOf([]workload{w}) {
		if isPort(port, protocol)(p) {
			return p.ContainerPort
		}
	}
	return 0
}
