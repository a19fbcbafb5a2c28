package compiler

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// workload makes the StatefulSet and its main container; the passes after it
// fill them.
func workload(c *Context) {
	for _, g := range c.Groups {
		g.statefulSet()
		g.container()
	}
}

func (g *Group) statefulSet() {
	g.sts = &appsv1.StatefulSet{
		TypeMeta:   kind("apps/v1 StatefulSet"),
		ObjectMeta: g.named(g.Name),
		Spec: appsv1.StatefulSetSpec{
			Replicas:            &g.Replicas,
			Selector:            &metav1.LabelSelector{MatchLabels: g.selector()},
			ServiceName:         g.DNS.Headless,
			PodManagementPolicy: map[string]appsv1.PodManagementPolicyType{"ordered": appsv1.OrderedReadyPodManagement, "parallel": appsv1.ParallelPodManagement}[g.Start],
			UpdateStrategy:      appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
			// Stated although it is Kubernetes' own default: what becomes of
			// the data is for reviewers to see.
			PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
				WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
				WhenScaled:  appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
			},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: g.labels(g.selector())},
				Spec: corev1.PodSpec{
					Containers:         []corev1.Container{{Name: g.key}},
					ServiceAccountName: g.Name,
					// A Service named like the program would put its address
					// into the program's own variables: KAFKA_PORT=tcp://…
					// (confluentinc/cp-docker-images#779).
					EnableServiceLinks:            new(false),
					TerminationGracePeriodSeconds: new(g.Grace.Seconds()),
				},
			},
		},
	}
	if g.First != 0 {
		g.sts.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: g.First}
	}
	g.object = g.add(g.sts)
	g.from("spec.replicas", "replicas")
	g.from("spec.ordinals", "first")
	g.from("spec.podManagementPolicy", "start")
	g.from("spec.template.spec.terminationGracePeriodSeconds", "grace")
	g.object.From("spec.selector.matchLabels["+labelApp+"]", spec.Path{"name"})
	g.linkLabels(g.object, "spec.template.metadata.labels")
}

func (g *Group) container() {
	main := g.main()
	main.Image, main.Command, main.Args = g.Image, g.Command, g.Args
	main.Resources = g.resources()
	g.from(g.inMain("image"), "image")
	g.from(g.inMain("command"), "command")
	g.from(g.inMain("args"), "args")
	g.linkResources(g.inMain("resources"))
	for _, p := range g.ports(spec.Audiences...) {
		main.Ports = append(main.Ports, corev1.ContainerPort{Name: p.name, ContainerPort: p.number, Protocol: p.protocol})
		g.from(g.inMain("ports["+p.name+"]"), "ports", p.audience, p.name)
	}
}

// resources are those of each of the group's containers: what helps it to
// start may take no more than the container itself, so the pod's sum stays.
func (g *Group) resources() corev1.ResourceRequirements {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	quantity(requests, corev1.ResourceCPU, g.CPU)
	quantity(requests, corev1.ResourceMemory, g.Memory)
	quantity(limits, corev1.ResourceCPU, g.CPULimit)
	quantity(limits, corev1.ResourceMemory, g.Memory)
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

// quantity sets an amount that was stated. The schema lets only through what
// Kubernetes can read.
func quantity(list corev1.ResourceList, name corev1.ResourceName, amount string) {
	if amount != "" {
		list[name] = resource.MustParse(amount)
	}
}

func (g *Group) linkResources(field string) {
	g.from(field+".requests.cpu", "cpu")
	g.from(field+".requests.memory", "memory")
	g.from(field+".limits.cpu", "cpuLimit")
	g.from(field+".limits.memory", "memory")
}

// byKey calls do for each entry of a map, in order.
func byKey[V any](m map[string]V, do func(string, V)) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		do(key, m[key])
	}
}
