package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var portDeclared = Rule{
	Rule: diag.Rule{
		ID:   "port-declared",
		What: "A port by a name, in a Service, a policy or a probe, that no container has.",
		Why: `The API server does not look. A Service leaves a pod without the port out of its endpoints, a policy lets nobody in, and a
probe fails for ever. Of a number that no container declares nobody knows whether the program listens there: where the pods
declare others it is a warning, since that is how a port that was moved in one place only looks. So is it for a headless
Service, whose names work all the same.`,
		Source: "kubernetes pkg/api/v1/pod/util.go (FindPort), pkg/kubelet/prober",
		Fix:    "Name a port of the container, with its protocol.",
		Reads:  diag.Reads{Own: ".exec .http .tcp .grpc .port ports", Pod: "ports", App: objectsThere + " groups.*.ports"},
	},
	Objects: func(p *ObjectsPass) {
		all := workloads(p.Set)
		for o, s := range objectsOf[*corev1.Service](p.Set) {
			p.servicePorts(o, s, all)
		}
		for o, n := range objectsOf[*networkingv1.NetworkPolicy](p.Set) {
			p.policyPorts(o, n, all)
		}
		for _, w := range all {
			for _, c := range w.containers() {
				p.probePort(c, "startupProbe", c.StartupProbe)
				p.probePort(c, "livenessProbe", c.LivenessProbe)
				p.probePort(c, "readinessProbe", c.ReadinessProbe)
			}
		}
	},
}

// portsOf are the ports that the containers of workloads declare.
func portsOf(all []workload) (out []corev1.ContainerPort) {
	for _, w := range all {
		for _, c := range w.containers() {
			out = append(out, c.Ports...)
		}
	}
	return out
}

// isPort reports whether a container's port is meant by a name or a number.
func isPort(target intstr.IntOrString, protocol corev1.Protocol) func(corev1.ContainerPort) bool {
	return func(p corev1.ContainerPort) bool {
		if protocolOf(p.Protocol) != protocolOf(protocol) {
			return false
		}
		if target.Type == intstr.String {
			return p.Name == target.StrVal
		}
		return p.ContainerPort == target.IntVal
	}
}

func protocolOf(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// selectedBy are the workloads whose pods a Service selects; each of a set's
// pods has a label more.
func selectedBy(s *corev1.Service, all []workload) (out []workload) {
	selector := map[string]string{}
	for k, v := range s.Spec.Selector {
		if k != "statefulset.kubernetes.io/pod-name" && k != "apps.kubernetes.io/pod-index" {
			selector[k] = v
		}
	}
	for _, w := range all {
		if w.isSelected(s.Namespace, selector) {
			out = append(out, w)
		}
	}
	return out
}

func (p *ObjectsPass) servicePorts(o *manifest.Object, s *corev1.Service, all []workload) {
	selected := selectedBy(s, all)
	known := portsOf(selected)
	if len(selected) == 0 {
		return
	}
	for i, port := range s.Spec.Ports {
		target, at := port.TargetPort, fmt.Sprintf("spec.ports[%s]", cmp.Or(port.Name, strconv.Itoa(i)))
		if target == (intstr.IntOrString{}) {
			target = intstr.FromInt32(port.Port)
		}
		number := target.IntVal
		if slices.ContainsFunc(known, isPort(target, port.Protocol)) || target.Type == intstr.Int && (len(known) == 0 || number < 1 || number > 65535) {
			continue // what is no port is told by the API server
		}
		severity := diag.Warning
		if target.Type == intstr.String && s.Spec.ClusterIP != corev1.ClusterIPNone {
			severity = diag.Error
		}
		p.as(severity, o, manifest.ParseField(at), fmt.Sprintf("the pods that it selects have no port %s", portWords(target, port.Protocol)), oneOfPorts(target, known))
	}
}

func (p *ObjectsPass) policyPorts(o *manifest.Object, n *networkingv1.NetworkPolicy, all []workload) {
	selected := slices.DeleteFunc(slices.Clone(all), func(w workload) bool {
		return w.Value.GetNamespace() != n.Namespace || !takes(&n.Spec.PodSelector, w.template.Labels)
	})
	known := portsOf(selected)
	for i, rule := range n.Spec.Ingress {
		for j, port := range rule.Ports {
			if len(selected) == 0 || port.Port == nil || port.Port.Type == intstr.Int {
				continue
			}
			protocol := corev1.ProtocolTCP
			if port.Protocol != nil {
				protocol = *port.Protocol
			}
			if !slices.ContainsFunc(known, isPort(*port.Port, protocol)) {
				p.On(o, manifest.ParseField(fmt.Sprintf("spec.ingress[%d].ports[%d].port", i, j)), fmt.Sprintf("the pods that it selects have no port %s", portWords(*port.Port, protocol)), oneOfPorts(*port.Port, known))
			}
		}
	}
}

// probePort looks in the probe's own container only, as the kubelet does.
func (p *ObjectsPass) probePort(c podContainer, field string, probe *corev1.Probe) {
	if probe == nil {
		return
	}
	for _, a := range []struct {
		action string
		port   intstr.IntOrString
	}{{"httpGet", portOfHTTP(probe)}, {"tcpSocket", portOfTCP(probe)}} {
		if a.port.Type == intstr.String && !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == a.port.StrVal }) {
			p.On(c.Object, c.in("%s.%s.port", field, a.action), fmt.Sprintf("the container has no port %q", a.port.StrVal), oneOfPorts(a.port, c.Ports))
		}
	}
}

func portOfHTTP(probe *corev1.Probe) (port intstr.IntOrString) {
	if probe.HTTPGet != nil {
		return probe.HTTPGet.Port
	}
	return port
}

func portOfTCP(probe *corev1.Probe) (port intstr.IntOrString) {
	if probe.TCPSocket != nil {
		return probe.TCPSocket.Port
	}
	return port
}

func portWords(port intstr.IntOrString, protocol corev1.Protocol) string {
	words := fmt.Sprintf("%q", port.String())
	if port.Type == intstr.Int {
		words = port.String()
	}
	if protocolOf(protocol) != corev1.ProtocolTCP {
		words += "/" + string(protocol)
	}
	return words
}

func oneOfPorts(port intstr.IntOrString, known []corev1.ContainerPort) string {
	var out []string
	for _, p := range known {
		words := fmt.Sprint(p.ContainerPort)
		if p.Name != "" {
			words = p.Name
		}
		if protocolOf(p.Protocol) != corev1.ProtocolTCP {
			words += "/" + string(p.Protocol)
		}
		if !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return diag.OneOf(port.String(), out, "Declare the port under ports of the container.")
}
