package compiler

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/spec"
)

// probes sets the probes and the commands around a container's life.
func probes(c *Context) {
	for _, g := range c.Groups {
		for _, p := range g.probes() {
			*p.target = g.probe(p.name, p.probe)
			g.linkProbe(g.inMain(p.field), p.name)
		}
		g.lifecycle()
	}
}

// namedProbe is a probe that the group states, its name in the spec and its
// field in the container.
type namedProbe struct {
	name, field string
	probe       *spec.Probe
	target      **corev1.Probe
}

// probes are those that the group states. There are targets only once the
// workload pass has run.
func (g *Group) probes() []namedProbe {
	main := g.main()
	var out []namedProbe
	for _, p := range []namedProbe{
		{"startup", "startupProbe", g.Startup, &main.StartupProbe},
		{"ready", "readinessProbe", g.Ready, &main.ReadinessProbe},
		{"live", "livenessProbe", g.Live, &main.LivenessProbe},
	} {
		if p.probe != nil {
			out = append(out, p)
		}
	}
	return out
}

func (g *Group) probe(name string, p *spec.Probe) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        g.handler(name, p),
		InitialDelaySeconds: int32(p.Delay.Seconds()),
		PeriodSeconds:       int32(p.Every.Seconds()),
		TimeoutSeconds:      int32(p.Timeout.Seconds()),
		FailureThreshold:    p.Fails,
	}
}

func (g *Group) handler(name string, p *spec.Probe) corev1.ProbeHandler {
	switch {
	case len(p.Exec) > 0:
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: p.Exec}}
	case p.HTTP != "":
		g.portNumber(p.Port, name, "port")
		get := &corev1.HTTPGetAction{Path: p.HTTP, Port: intstr.FromString(p.Port)}
		if p.TLS {
			get.Scheme = corev1.URISchemeHTTPS
		}
		return corev1.ProbeHandler{HTTPGet: get}
	case p.TCP != "":
		g.portNumber(p.TCP, name, "tcp")
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(p.TCP)}}
	}
	return corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: g.portNumber(p.GRPC, name, "grpc")}}
}

// portNumber is the number of one of the group's ports. The API server takes any
// name; the kubelet would then never find it.
func (g *Group) portNumber(name string, path ...string) int32 {
	var known []string
	for _, p := range g.ports(spec.Audiences...) {
		if p.name == name {
			return p.number
		}
		known = append(known, p.name)
	}
	fix := "State it under ports."
	if len(known) > 0 {
		fix = "The group has: " + strings.Join(known, ", ") + "."
	}
	g.report("port-name", path, fmt.Sprintf("the group has no port %q", name), fix)
	return 0
}

func (g *Group) linkProbe(field, name string) {
	g.from(field, name)
	for _, l := range []struct{ field, path string }{
		{"exec", "exec"},
		{"httpGet.path", "http"},
		{"httpGet.port", "port"},
		{"httpGet.scheme", "tls"},
		{"tcpSocket", "tcp"},
		{"grpc", "grpc"},
		{"initialDelaySeconds", "delay"},
		{"periodSeconds", "every"},
		{"timeoutSeconds", "timeout"},
		{"failureThreshold", "fails"},
	} {
		g.from(field+"."+l.field, name, l.path)
	}
}

// lifecycle sets the commands that run after the start and before the stop.
func (g *Group) lifecycle() {
	if len(g.OnStart)+len(g.OnStop) == 0 {
		return
	}
	g.main().Lifecycle = &corev1.Lifecycle{PostStart: hook(g.OnStart), PreStop: hook(g.OnStop)}
	g.from(g.inMain("lifecycle.postStart"), "onStart")
	g.from(g.inMain("lifecycle.preStop"), "onStop")
}

func hook(command []string) *corev1.LifecycleHandler {
	if len(command) == 0 {
		return nil
	}
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
}
