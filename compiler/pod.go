package compiler

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// Pod is a pod template on its way, in a StatefulSet, a Deployment or a job.
type Pod struct {
	*Context

	name   string    // of the object that has it
	path   spec.Path // of the group or job
	group  *Group    // nil for a job
	rack   string    // "" without racks
	first  int32     // ordinal
	object *manifest.Object
	field  string // of the template, in the object

	template *corev1.PodTemplateSpec
	claims   *[]corev1.PersistentVolumeClaim // claim templates; nil where there are none

	containers []*Container // the main one first
	ours       int          // init containers that no spec names
}

// Container is one of a pod's containers: the main one, an init container or a
// sidecar.
type Container struct {
	*Pod
	*spec.Container

	name string
	path spec.Path
	list string // "containers" or "initContainers"
	role role

	mounts   *spec.Mounts       // what a helper sees of the main container; else nil
	contents map[string]content // of its files, by path
}

type role int

const (
	isMain role = iota
	isInit
	isSidecar
)

// spec is the pod's.
func (p *Pod) spec() *corev1.PodSpec { return &p.template.Spec }

// each calls do for every container of every pod.
func (c *Context) each(do func(*Container)) {
	for _, p := range c.Pods {
		for _, container := range p.containers {
			do(container)
		}
	}
}

// main is the container that the pod is about.
func (p *Pod) main() *Container { return p.containers[0] }

// from links a field of the pod template to a path of the group or job.
func (p *Pod) from(field string, path ...string) {
	p.object.From(p.field+"."+field, p.path.Join(path...))
}

// target is the Kubernetes container that c becomes. It moves when another one
// is added, so nobody keeps it.
func (c *Container) target() *corev1.Container {
	list := c.spec().Containers
	if c.list == "initContainers" {
		list = c.spec().InitContainers
	}
	at := slices.IndexFunc(list, func(k corev1.Container) bool { return k.Name == c.name })
	return &list[at]
}

// from links a field of the container to a path below its own.
func (c *Container) from(field string, path ...string) {
	c.object.From(fmt.Sprintf("%s.spec.%s[%s].%s", c.Pod.field, c.list, c.name, field), c.path.Join(path...))
}

// report is a mistake of the user below the container's path.
func (c *Container) report(rule string, path []string, message, fix string) {
	c.Context.report(rule, c.path.Join(path...), message, fix)
}

// own makes a name that is the container's alone in its pod: the main one's
// things are called by themselves.
func (c *Container) own(name string) string {
	if c.role == isMain {
		return name
	}
	return c.name + "-" + name
}

// volumeName names what a path needs: a volume, or the init container that
// fills it. Long names end in a hash, for there is room for 63 characters.
func (c *Container) volumeName(kind, path string) string {
	name := kind + "-" + c.own(nameOf(path))
	if len(name) <= 63 {
		return name
	}
	return name[:54] + "-" + fingerprint(map[string]string{"": name})[:8]
}

// addInit puts an init container of ours behind the others of ours and before
// those of the user, and links it.
func (p *Pod) addInit(k corev1.Container, from spec.Path) {
	p.spec().InitContainers = slices.Insert(p.spec().InitContainers, p.ours, k)
	p.ours++
	p.object.From(fmt.Sprintf("%s.spec.initContainers[%s]", p.field, k.Name), from)
}

// mount adds a mount to the container, parents before what is mounted inside
// of them.
func (c *Container) mount(m corev1.VolumeMount, path ...string) {
	k := c.target()
	k.VolumeMounts = append(k.VolumeMounts, m)
	slices.SortStableFunc(k.VolumeMounts, func(a, b corev1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) })
	c.from("volumeMounts["+m.MountPath+"]", path...)
}

// volume adds a volume of the pod. A claim template of the same name would
// silently take its place (K:pkg/controller/statefulset updateStorage).
func (c *Container) volume(v corev1.Volume, path ...string) {
	if c.hasVolume(v.Name) {
		c.report("volume-name", path, fmt.Sprintf("two volumes would be named %q", v.Name), "Change one of the paths: names are made of their letters and digits.")
		return
	}
	if c.hasClaim(v.Name) {
		c.report("volume-name", path, fmt.Sprintf("the name %q is taken by a storage", v.Name), "Give the storage another name.")
		return
	}
	c.spec().Volumes = append(c.spec().Volumes, v)
	c.object.From(fmt.Sprintf("%s.spec.volumes[%s]", c.Pod.field, v.Name), c.path.Join(path...))
}

func (p *Pod) hasVolume(name string) bool {
	return slices.ContainsFunc(p.spec().Volumes, func(v corev1.Volume) bool { return v.Name == name })
}

func (p *Pod) hasClaim(name string) bool {
	return p.claims != nil && slices.ContainsFunc(*p.claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == name })
}
