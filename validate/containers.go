package validate

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
)

// podContainer is a container of a workload's pods.
type podContainer struct {
	workload
	*corev1.Container
	list string // containers or initContainers
}

// stays reports whether it runs as long as its pod: not so one that runs before
// the others, or one of a job.
func (c podContainer) stays() bool {
	ends := c.list == "initContainers" && (c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways)
	return !ends && c.selector != nil
}

// in is a field of the container: env[A].value.
func (c podContainer) in(format string, args ...any) manifest.Field {
	return c.field("spec.%s[%s]", c.list, c.Name).Join(manifest.ParseField(fmt.Sprintf(format, args...))...)
}

// containers are all containers of the workload's pods, in the order in which
// they start.
func (w workload) containers() []podContainer {
	var out []podContainer
	for i := range w.template.Spec.InitContainers {
		out = append(out, podContainer{w, &w.template.Spec.InitContainers[i], "initContainers"})
	}
	for i := range w.template.Spec.Containers {
		out = append(out, podContainer{w, &w.template.Spec.Containers[i], "containers"})
	}
	return out
}

// image is the name of an image without registry and project, and its tag; ""
// where it has none. A digest alone is no tag.
func image(s string) (name, tag string) {
	s, _, _ = strings.Cut(s, "@")
	name = s[strings.LastIndex(s, "/")+1:]
	name, tag, _ = strings.Cut(name, ":")
	return name, tag
}

// claim is what a pod's volume leads to.
type claim struct {
	object   *manifest.Object
	at       string // the field that the claim's spec is at
	name     string // of the template, or of the claim
	template bool
	spec     *corev1.PersistentVolumeClaimSpec
}

// claims are all claims and templates of claims of the set.
func (p *ObjectsPass) claims() []claim {
	var out []claim
	for _, w := range workloads(p.Set) {
		if w.set == nil {
			continue
		}
		for i := range w.set.Spec.VolumeClaimTemplates {
			t := &w.set.Spec.VolumeClaimTemplates[i]
			out = append(out, claim{w.Object, "spec.volumeClaimTemplates[" + t.Name + "]", t.Name, true, &t.Spec})
		}
	}
	for o, c := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
		out = append(out, claim{o, "", c.Name, false, &c.Spec})
	}
	return out
}

// field is a field of the claim: spec.storageClassName.
func (c claim) field(s string) manifest.Field {
	return manifest.ParseField(strings.TrimPrefix(c.at+"."+s, "."))
}

// claimNamed is the claim of that name that stands alone, or nil.
func (p *ObjectsPass) claimNamed(namespace, name string) *corev1.PersistentVolumeClaim {
	for _, c := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
		if c.Namespace == namespace && c.Name == name {
			return c
		}
	}
	return nil
}

// serviceNamed is the Service of that name, or nil.
func (p *ObjectsPass) serviceNamed(namespace, name string) *corev1.Service {
	for _, s := range objectsOf[*corev1.Service](p.Set) {
		if s.Namespace == namespace && s.Name == name {
			return s
		}
	}
	return nil
}
