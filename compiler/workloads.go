package compiler

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// workloads makes what keeps the pods of a group running: a StatefulSet, one
// for each of its racks, or a Deployment. The passes after it fill the pods.
func workloads(c *Context) {
	for _, g := range c.Groups {
		switch {
		case !g.IsStable():
			g.deployment()
		case len(g.Racks) == 0:
			g.statefulSet(part{name: g.Name, replicas: g.Replicas, first: g.First, replicasPath: g.path.Join("replicas"), firstPath: g.path.Join("first")})
		default:
			for _, p := range g.dealt() {
				g.statefulSet(p)
			}
		}
	}
}

// part is the pods of a group in one StatefulSet.
type part struct {
	name, rack              string
	replicas, first         int32
	replicasPath, firstPath spec.Path
}

// dealt deals the group's pods out to its racks, in turn by name as the dns of
// the schema does. A rack that gets none keeps its StatefulSet: were it pruned,
// claims that are deleted with their set would go when the group is scaled.
func (g *Group) dealt() []part {
	var out []part
	i := int32(0)
	byKey(g.Racks, func(name string, rack spec.Rack) {
		p := part{name: g.Name + "-" + name, rack: name, first: g.First, replicasPath: g.path.Join("replicas"), firstPath: g.path.Join("first")}
		if rack.First != nil {
			p.first, p.firstPath = *rack.First, g.path.Join("racks", name, "first")
		}
		n := int32(len(g.Racks))
		p.replicas = g.Replicas / n
		if i < g.Replicas%n {
			p.replicas++
		}
		out = append(out, p)
		i++
	})
	return out
}

// maxSetName is the longest name of a StatefulSet whose pods can be made: they
// carry it and a hash in a label (kubernetes#64023).
const maxSetName = 52

func (g *Group) statefulSet(p part) {
	if len(p.name) > maxSetName {
		g.report("name-length", g.path.Join("racks", p.rack), fmt.Sprintf("the StatefulSet's name %s has %d characters, %d is the most", p.name, len(p.name), maxSetName), "Shorten the name of the rack, the group or the application.")
		return
	}
	labels := g.selector()
	if p.rack != "" {
		labels[labelRack] = p.rack
	}
	sts := &appsv1.StatefulSet{
		TypeMeta:   kind("apps/v1 StatefulSet"),
		ObjectMeta: g.named(p.name),
		Spec: appsv1.StatefulSetSpec{
			Replicas:            &p.replicas,
			Selector:            &metav1.LabelSelector{MatchLabels: labels},
			ServiceName:         g.DNS.Headless,
			PodManagementPolicy: appsv1.OrderedReadyPodManagement,
		},
	}
	if g.Start == "parallel" {
		sts.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
	}
	if p.first != 0 {
		sts.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: p.first}
	}
	o := g.Context.add(sts, g.path, labels)
	o.From("spec.replicas", p.replicasPath)
	o.From("spec.ordinals", p.firstPath)
	o.From("spec.podManagementPolicy", g.path.Join("start"))
	if p.rack != "" {
		o.From("metadata.name", g.path.Join("racks", p.rack))
	}
	pod := g.pod(p.name, o, &sts.Spec.Template, labels)
	pod.rack, pod.first, pod.claims = p.rack, p.first, &sts.Spec.VolumeClaimTemplates
}

func (g *Group) deployment() {
	g.refuseStable()
	deployment := &appsv1.Deployment{
		TypeMeta:   kind("apps/v1 Deployment"),
		ObjectMeta: g.named(g.Name),
		Spec: appsv1.DeploymentSpec{
			Replicas: &g.Replicas,
			Selector: &metav1.LabelSelector{MatchLabels: g.selector()},
		},
	}
	o := g.add(deployment)
	o.From("spec.replicas", g.path.Join("replicas"))
	g.pod(g.Name, o, &deployment.Spec.Template, g.selector())
}

// refuseStable reports what only pods with names of their own can have.
func (g *Group) refuseStable() {
	for _, field := range []string{"first", "racks", "start", "update", "claims", "perPod", "snapshots", "quorum"} {
		if g.isWritten(field) {
			g.Context.report("not-stable", g.path.Join(field), fmt.Sprintf("%s is for pods with names of their own, and these are a Deployment's", field), "State `stable: true`, or storage, or leave it out.")
		}
	}
}

// refuseStorage reports the storage of a Deployment's container.
func (c *Container) refuseStorage(name string) {
	c.report("not-stable", []string{"storage", name}, "storage is for pods with names of their own, and these are a Deployment's", "State no `stable: false`, or use scratch.")
}

// isWritten reports whether the user states a field of the group.
func (g *Group) isWritten(field string) bool {
	return g.index.Locate(g.path.Join(field)).IsValid()
}

// pod begins a pod template of the group with its main container, its helpers
// and what else concerns the pod as a whole.
func (g *Group) pod(name string, o *manifest.Object, template *corev1.PodTemplateSpec, labels map[string]string) *Pod {
	template.Labels = g.labels(labels)
	template.Annotations = g.Annotations
	template.Spec = corev1.PodSpec{
		ServiceAccountName:            g.Name,
		TerminationGracePeriodSeconds: new(g.Grace.Seconds()),
		PriorityClassName:             g.Priority,
		HostNetwork:                   g.HostNetwork,
	}
	if g.HostNetwork {
		// Else pods on the node's network cannot find each other by name.
		template.Spec.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	}
	if g.ShareProcess {
		template.Spec.ShareProcessNamespace = new(true)
	}
	p := &Pod{Context: g.Context, name: name, path: g.path, group: g, object: o, field: "spec.template", template: template}
	p.begin()
	p.from("spec.terminationGracePeriodSeconds", "grace")
	p.from("spec.priorityClassName", "priority")
	p.from("spec.hostNetwork", "hostNetwork")
	p.from("spec.dnsPolicy", "hostNetwork")
	p.from("spec.shareProcessNamespace", "shareProcess")
	byKey(g.Annotations, func(key, _ string) { p.from("metadata.annotations["+key+"]", "annotations", key) })
	p.addContainer(&Container{Pod: p, Container: &g.Container, name: g.key, path: g.path, list: "containers"})
	g.helpers(p)
	return p
}
