package compiler

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// services makes the headless Service that gives every pod a name, and the
// Service of the clients if there is a port for them.
func services(c *Context) {
	for _, g := range c.Groups {
		g.peers()
		if len(g.Ports["client"]) > 0 {
			g.clients()
		}
	}
}

// peers publishes pods that are not ready: seeds must have a name before they
// can become ready (kubernetes/website#10091).
func (g *Group) peers() {
	ports := g.ports("peer", "client", "metrics")
	service := g.service(g.DNS.Headless, ports)
	service.Spec.ClusterIP = corev1.ClusterIPNone
	service.Spec.PublishNotReadyAddresses = true
	g.addService(service, ports)
}

func (g *Group) clients() {
	ports := g.ports("client")
	g.addService(g.service(g.Name, ports), ports)
}

func (g *Group) service(name string, ports []port) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   kind("v1 Service"),
		ObjectMeta: g.named(name),
		Spec:       corev1.ServiceSpec{Selector: g.selector()},
	}
	for _, p := range ports {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
			Name:       p.name,
			Protocol:   p.protocol,
			Port:       p.number,
			TargetPort: intstr.FromString(p.name),
		})
	}
	return s
}

func (g *Group) addService(s *corev1.Service, ports []port) {
	o := g.add(s)
	for _, p := range ports {
		o.From("spec.ports["+p.name+"]", g.path.Join("ports", p.audience, p.name))
	}
}

// port is one of a group's, with who connects to it.
type port struct {
	name, audience string
	number         int32
	protocol       corev1.Protocol
}

// ports are the group's for some audiences, by number.
func (g *Group) ports(audiences ...string) []port {
	var out []port
	for _, audience := range audiences {
		for name, p := range g.Ports[audience] {
			out = append(out, port{name, audience, p.Number, corev1.Protocol(p.Protocol)})
		}
	}
	slices.SortFunc(out, func(a, b port) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.name, b.name))
	})
	return out
}
