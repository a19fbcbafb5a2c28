package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// containers sets what each container runs, with which ports and resources.
func containers(c *Context) {
	c.each(func(c *Container) {
		k := c.target()
		k.Image, k.Command, k.Args = c.Image, c.Command, c.Args
		k.Resources = c.resources()
		c.from("image", "image")
		c.from("command", "command")
		c.from("args", "args")
		c.linkResources(c.name)
		if c.role == isInit || c.group == nil {
			c.refuseAudience()
		}
		ports := portsOf(c.Container, c.path, spec.Audiences...)
		for i, p := range ports {
			if i > 0 && p.number == ports[i-1].number && p.protocol == ports[i-1].protocol {
				c.sharedNumber(p, ports[i-1])
			}
			k.Ports = append(k.Ports, corev1.ContainerPort{Name: p.name, ContainerPort: p.number, Protocol: p.protocol})
			c.object.From(fmt.Sprintf("%s.spec.%s[%s].ports[%s]", c.Pod.field, c.list, c.name, p.name), p.path)
		}
	})
}

// sharedNumber reports two ports of one number. Either may be wrong.
func (c *Container) sharedNumber(p, other port) {
	c.Context.report("port-number", p.path, fmt.Sprintf("the ports %s and %s are both %d", p.name, other.name, p.number), "Give one of them another number.")
	c.found[len(c.found)-1].Related = []diag.Related{{Pos: c.index.Find(other.path).Pos, Message: "the other one"}}
}

// refuseAudience reports ports that somebody would connect to, of a container
// that runs to its end.
func (c *Container) refuseAudience() {
	for _, p := range portsOf(c.Container, c.path, "peer", "client", "metrics") {
		c.Context.report("port-audience", p.path, "nobody connects to what runs to its end", "State it under ports: local.")
	}
}

// resources are those of the container and of what prepares its directories,
// which may take no more than it does: so the pod's sum stays.
func (c *Container) resources() corev1.ResourceRequirements {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	quantity(requests, corev1.ResourceCPU, c.CPU)
	quantity(requests, corev1.ResourceMemory, c.Memory)
	quantity(limits, corev1.ResourceCPU, c.CPULimit)
	quantity(limits, corev1.ResourceMemory, c.Memory)
	if c.role == isMain && c.group != nil {
		byKey(c.group.Hugepages, func(size, amount string) {
			name := corev1.ResourceName(corev1.ResourceHugePagesPrefix + size)
			quantity(requests, name, amount)
			quantity(limits, name, amount)
		})
	}
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

// quantity sets an amount that was stated. The schema lets only through what
// Kubernetes can read.
func quantity(list corev1.ResourceList, name corev1.ResourceName, amount string) {
	if amount != "" {
		list[name] = resource.MustParse(amount)
	}
}

// linkResources links those of a container that has c's resources.
func (c *Container) linkResources(name string) {
	list := c.list
	if name != c.name {
		list = "initContainers"
	}
	for _, l := range []struct{ field, path string }{
		{"requests", "cpuLimit"}, // what is compared with a limit is told there
		{"requests.cpu", "cpu"},
		{"requests.memory", "memory"},
		{"limits.cpu", "cpuLimit"},
		{"limits.memory", "memory"},
	} {
		c.object.From(fmt.Sprintf("%s.spec.%s[%s].resources.%s", c.Pod.field, list, name, l.field), c.path.Join(l.path))
	}
	if c.role != isMain || c.group == nil {
		return
	}
	for size := range c.group.Hugepages {
		for _, kind := range []string{"requests", "limits"} {
			c.object.From(fmt.Sprintf("%s.spec.%s[%s].resources.%s.%s%s", c.Pod.field, list, name, kind, corev1.ResourceHugePagesPrefix, size), c.path.Join("hugepages", size))
		}
	}
}
