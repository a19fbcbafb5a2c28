package compiler

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// port is one of a container's, with who connects to it.
type port struct {
	name     string
	number   int32
	protocol corev1.Protocol
	path     spec.Path
}

// portsOf are a container's for some audiences, by number.
func portsOf(c *spec.Container, at spec.Path, audiences ...string) []port {
	var out []port
	for _, audience := range audiences {
		for name, p := range c.Ports[audience] {
			out = append(out, port{name, p.Number, corev1.Protocol(p.Protocol), at.Join("ports", audience, name)})
		}
	}
	slices.SortFunc(out, comparePorts)
	return out
}

func comparePorts(a, b port) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.name, b.name))
}

// ports are the group's: those of the main container and of the sidecars.
func (g *Group) ports(audiences ...string) []port {
	out := portsOf(&g.Container, g.path, audiences...)
	byKey(g.Sidecars, func(name string, s spec.Sidecar) {
		out = append(out, portsOf(&s.Container, g.path.Join("sidecars", name), audiences...)...)
	})
	slices.SortFunc(out, comparePorts)
	return out
}

// portNamed is one of the group's ports; nil after a report if there is none.
func (g *Group) portNamed(name string, at spec.Path, audiences ...string) *port {
	var known []string
	for _, p := range g.ports(audiences...) {
		if p.name == name {
			return &p
		}
		known = append(known, p.name)
	}
	g.unknownPort(name, at, known)
	return nil
}

func (c *Context) unknownPort(name string, at spec.Path, known []string) {
	c.report("port-name", at, "there is no port "+quoted(name), diag.OneOf(name, known, "State it under ports."))
}
