package compiler

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/spec"
)

// probes sets the probes and the commands around a container's life.
func probes(c *Context) {
	c.each(func(c *Container) {
		for _, p := range c.probes() {
			if c.isWhole(p.name, p.probe) {
				*p.target(c.target()) = c.probe(p.name, p.probe)
			}
			c.linkProbe(p.field, p.name) // if it is left out too: that it is missing is no news there
		}
		c.lifecycle()
	})
}

// namedProbe is a probe that is stated, its name in the spec and its field in
// the container.
type namedProbe struct {
	name, field string
	probe       *spec.Probe
	target      func(*corev1.Container) **corev1.Probe
}

// probes are those that the container states.
func (c *Container) probes() []namedProbe {
	return slices.DeleteFunc([]namedProbe{
		{"startup", probeField["startup"], c.Startup, func(k *corev1.Container) **corev1.Probe { return &k.StartupProbe }},
		{"ready", probeField["ready"], c.Ready, func(k *corev1.Container) **corev1.Probe { return &k.ReadinessProbe }},
		{"live", probeField["live"], c.Live, func(k *corev1.Container) **corev1.Probe { return &k.LivenessProbe }},
	}, func(p namedProbe) bool { return p.probe == nil })
}

// isWhole reports whether a probe asks in one way, and says otherwise why not.
func (c *Container) isWhole(name string, p *spec.Probe) bool {
	switch {
	case !c.oneOf(c.path.Join(name), option{"exec", len(p.Exec) > 0}, option{"http", p.HTTP != ""}, option{"tcp", p.TCP != ""}, option{"grpc", p.GRPC != ""}):
		return false
	case p.HTTP != "" && p.Port == "":
		c.report("probe-http", []string{name}, "http asks at a port, and none is stated", "State port: the name of one under ports.")
		return false
	case p.HTTP == "" && (p.Port != "" || p.TLS):
		c.report("probe-http", []string{name}, "port and tls are of http, and the probe asks otherwise", "State http, or leave them out.")
	}
	return true
}

func (c *Container) probe(name string, p *spec.Probe) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        c.handler(name, p),
		InitialDelaySeconds: int32(p.Delay.Seconds()),
		PeriodSeconds:       int32(p.Every.Seconds()),
		TimeoutSeconds:      int32(p.Timeout.Seconds()),
		FailureThreshold:    p.Fails,
	}
}

func (c *Container) handler(name string, p *spec.Probe) corev1.ProbeHandler {
	switch {
	case len(p.Exec) > 0:
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: p.Exec}}
	case p.HTTP != "":
		c.portNumber(p.Port, name, "port")
		get := &corev1.HTTPGetAction{Path: p.HTTP, Port: intstr.FromString(p.Port)}
		if p.TLS {
			get.Scheme = corev1.URISchemeHTTPS
		}
		return corev1.ProbeHandler{HTTPGet: get}
	case p.TCP != "":
		c.portNumber(p.TCP, name, "tcp")
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(p.TCP)}}
	}
	for _, port := range portsOf(c.Container, c.path, spec.Audiences...) {
		if port.name == p.GRPC {
			c.object.From(fmt.Sprintf("%s.spec.%s[%s].%s.grpc.port", c.Pod.field, c.list, c.name, probeField[name]), port.path)
		}
	}
	return corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: c.portNumber(p.GRPC, name, "grpc")}}
}

// probeField is what a container calls a probe of the spec.
var probeField = map[string]string{"startup": "startupProbe", "ready": "readinessProbe", "live": "livenessProbe"}

// portNumber is the number of one of the container's ports. The API server
// takes any name; the kubelet would then never find it.
func (c *Container) portNumber(name string, path ...string) int32 {
	var known []string
	for _, p := range portsOf(c.Container, c.path, spec.Audiences...) {
		if p.name == name {
			if p.protocol != corev1.ProtocolTCP {
				c.report("port-protocol", path, fmt.Sprintf("the port %q is %s, and a probe asks by TCP", name, p.protocol), "Name a TCP port, or ask by exec.")
			}
			return p.number
		}
		known = append(known, p.name)
	}
	c.unknownPort(name, c.path.Join(path...), known)
	return 0
}

func (c *Container) linkProbe(field, name string) {
	c.from(field, name)
	for _, l := range []struct{ field, path string }{
		{"exec", "exec"},
		{"httpGet.path", "http"},
		{"httpGet.port", "port"},
		{"httpGet.scheme", "tls"},
		{"tcpSocket", "tcp"},
		{"grpc", "grpc"},
		{"grpc.port", "grpc"},
		{"initialDelaySeconds", "delay"},
		{"periodSeconds", "every"},
		{"timeoutSeconds", "timeout"},
		{"failureThreshold", "fails"},
	} {
		c.from(field+"."+l.field, name, l.path)
	}
}

// lifecycle sets the commands that run after the start and before the stop.
func (c *Container) lifecycle() {
	if len(c.OnStart)+len(c.OnStop) == 0 {
		return
	}
	c.target().Lifecycle = &corev1.Lifecycle{PostStart: hook(c.OnStart), PreStop: hook(c.OnStop)}
	if len(c.OnStart) > 0 {
		c.from("lifecycle", "onStart")
	}
	if len(c.OnStop) > 0 {
		c.from("lifecycle", "onStop")
	}
	c.from("lifecycle.postStart", "onStart")
	c.from("lifecycle.preStop", "onStop")
}

func hook(command []string) *corev1.LifecycleHandler {
	if len(command) == 0 {
		return nil
	}
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
}
