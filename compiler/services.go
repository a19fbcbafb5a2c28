package compiler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// services makes the headless Service that gives every pod a name, the Service
// of the clients if there is a port for them, one for each pod if that is
// asked for, and those that the application states.
func services(c *Context) {
	for _, g := range c.Groups {
		if g.IsStable() || g.Metrics != nil || len(g.ports("peer", "metrics")) > 0 {
			g.peers()
		}
		if ports := g.ports("client"); len(ports) > 0 {
			g.clients(ports)
		} else {
			g.refuseService()
		}
		if g.PerPod != nil && g.IsStable() {
			g.perPod()
		}
	}
	byKey(c.App.Services, c.appService)
}

// peers publishes pods that are not ready: seeds must have a name before they
// can become ready (kubernetes/website#10091).
func (g *Group) peers() {
	o, service := g.service(g.DNS.Headless, g.ports("peer", "client", "metrics"))
	service.Spec.ClusterIP = corev1.ClusterIPNone
	service.Spec.PublishNotReadyAddresses = true
	if g.Metrics != nil {
		service.Labels[labelPeers] = "true"
		o.From("metadata.labels["+labelPeers+"]", g.path.Join("metrics"))
	}
}

func (g *Group) clients(ports []port) {
	o, service := g.service(g.Name, ports)
	if g.Service.Type != string(corev1.ServiceTypeClusterIP) {
		service.Spec.Type = corev1.ServiceType(g.Service.Type)
	}
	o.From("spec.type", g.path.Join("service", "type"))
	annotate(o, service, g.Service.Annotations, g.path.Join("service", "annotations"))
}

// refuseService reports what is said of a client Service that is not made.
func (g *Group) refuseService() {
	for _, field := range []string{"service", "perPod"} {
		if g.isWritten(field) {
			g.report("no-client-port", g.path.Join(field), field+" is for client ports, and the group has none", "State one under ports: client.")
		}
	}
}

func annotate(o *manifest.Object, service *corev1.Service, annotations map[string]string, from spec.Path) {
	service.Annotations = maps.Clone(annotations)
	byKey(annotations, func(key, _ string) { o.From("metadata.annotations["+key+"]", from.Join(key)) })
}

// service is one that leads to the group's pods.
func (g *Group) service(name string, ports []port) (*manifest.Object, *corev1.Service) {
	s := &corev1.Service{
		TypeMeta:   kind("v1 Service"),
		ObjectMeta: g.named(name),
		Spec:       corev1.ServiceSpec{Selector: g.selector()},
	}
	o := g.add(s)
	for _, p := range ports {
		s.Spec.Ports = append(s.Spec.Ports, servicePort(p.name, p.protocol, p.number))
		o.From("spec.ports["+p.name+"]", p.path)
	}
	o.From("spec.selector["+labelApp+"]", spec.Path{"name"})
	return o, s
}

func servicePort(name string, protocol corev1.Protocol, number int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Protocol: protocol, Port: number, TargetPort: intstr.FromString(name)}
}

// perPod makes a Service for each pod, for clients that must reach a given
// one.
func (g *Group) perPod() {
	at := g.path.Join("perPod")
	var ports []port
	for i, name := range g.PerPod.Ports {
		if p := g.portNamed(name, at.Join("ports", fmt.Sprint(i)), "client"); p != nil {
			ports = append(ports, *p)
		} else {
			g.by(g.path.Join("stable")) // of others nobody looks for it
		}
	}
	if len(ports) == 0 { // none stated, or none that there is
		ports = g.ports("client")
	}
	if g.Autoscale != nil {
		g.report("perpod-autoscale", at, "one Service for each pod, and autoscale changes how many there are", "State one of perPod and autoscale.")
	}
	for _, host := range g.DNS.Hosts {
		pod, _, _ := strings.Cut(host, ".")
		o, service := g.service(pod, ports)
		service.Spec.Type = corev1.ServiceType(g.PerPod.Type)
		// A client that asked for this pod is sent to its node at once.
		service.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
		service.Spec.Selector["statefulset.kubernetes.io/pod-name"] = pod
		service.Spec.PublishNotReadyAddresses = true
		expanded := map[string]string{}
		for key, value := range g.PerPod.Annotations {
			expanded[key] = strings.ReplaceAll(value, "$(POD_NAME)", pod)
		}
		annotate(o, service, expanded, at.Join("annotations"))
		o.From("spec", at)
		o.From("spec.type", at.Join("type"))
	}
}

// appService is one that the application states, over pods of several groups.
func (c *Context) appService(name string, s spec.Service) {
	at := spec.Path{"services", name}
	service := &corev1.Service{TypeMeta: kind("v1 Service"), ObjectMeta: c.named(name)}
	if ref := (manifest.Ref{Kind: "Service", Namespace: c.App.Namespace, Name: name}); c.set.Find(ref) != nil {
		c.report("service-name", at, fmt.Sprintf("a group has the Service %q", name), "Give this one another name.")
		return
	}
	o := c.add(service, at, c.ofApp())
	service.Spec.Selector = c.selectorOf(s, at)
	byKey(s.Select, func(key, _ string) { o.From("spec.selector["+key+"]", at.Join("select", key)) })
	o.From("spec.selector["+labelApp+"]", spec.Path{"name"})
	o.From("spec.selector["+labelGroup+"]", at.Join("groups"))
	byKey(s.Ports, func(port string, p spec.Port) {
		c.checkServicePort(port, s, at)
		service.Spec.Ports = append(service.Spec.Ports, servicePort(port, corev1.Protocol(p.Protocol), p.Number))
		o.From("spec.ports["+port+"]", at.Join("ports", port))
	})
	switch s.Type {
	case "Headless":
		service.Spec.ClusterIP = corev1.ClusterIPNone
	case "ClusterIP":
	default:
		service.Spec.Type = corev1.ServiceType(s.Type)
	}
	o.From("spec.type", at.Join("type"))
	o.From("spec.clusterIP", at.Join("type"))
	annotate(o, service, s.Annotations, at.Join("annotations"))
}

// selectorOf selects the pods of one group, or all of the application's: a
// selector of a Service knows no "or".
func (c *Context) selectorOf(s spec.Service, at spec.Path) map[string]string {
	selector := map[string]string{}
	byKey(s.Select, func(key, value string) {
		if key == labelApp || key == labelGroup {
			c.report("select-reserved", at.Join("select", key), "the label "+key+" is selected by groups", "State groups, and select labels that the program sets.")
		}
		selector[key] = value
	})
	selector[labelApp] = c.App.Name
	known := slices.Sorted(maps.Keys(c.App.Groups))
	for i, group := range s.Groups {
		if !slices.Contains(known, group) {
			c.report("group-known", at.Join("groups", fmt.Sprint(i)), fmt.Sprintf("there is no group %q", group), diag.OneOf(group, known, "Name a group of the application."))
		}
	}
	switch {
	case len(s.Groups) == 1:
		selector[labelGroup] = s.Groups[0]
	case len(s.Groups) < len(known) && len(s.Select) == 0:
		c.report("service-groups", at.Join("groups"), "a Service selects the pods of one group, or of all", "State one group or all, or `select` a label that just these pods have.")
	}
	return selector
}

// checkServicePort reports a port that none of the groups has.
func (c *Context) checkServicePort(name string, s spec.Service, at spec.Path) {
	var known []string
	if slices.ContainsFunc(s.Groups, func(g string) bool { return c.App.Groups[g] == nil }) {
		return // that is said; which ports it has nobody knows
	}
	for _, g := range c.Groups {
		if !slices.Contains(s.Groups, g.key) {
			continue
		}
		for _, p := range g.ports(spec.Audiences...) {
			if p.name == name {
				return
			}
			known = append(known, p.name)
		}
	}
	c.unknownPort(name, at.Join("ports", name), slices.Compact(slices.Sorted(slices.Values(known))))
	for _, g := range s.Groups {
		c.by(spec.Path{"groups", g, "ports", "*", "*"})
	}
}
