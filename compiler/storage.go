package compiler

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// storage makes the claim templates and mounts them.
func storage(c *Context) {
	for _, g := range c.Groups {
		byKey(g.Storage, g.claim)
	}
}

// claim adds a claim template. It has no labels or annotations, since it can
// never be changed, but its apiVersion and kind: without these Argo CD sees a
// difference for ever under server-side apply (argoproj/argo-cd#11143).
func (g *Group) claim(name string, s spec.Storage) {
	requests := corev1.ResourceList{}
	quantity(requests, corev1.ResourceStorage, s.Size)
	g.sts.Spec.VolumeClaimTemplates = append(g.sts.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{
		TypeMeta:   kind("v1 PersistentVolumeClaim"),
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.PersistentVolumeAccessMode(s.Mode)},
			Resources:        corev1.VolumeResourceRequirements{Requests: requests},
			StorageClassName: s.Class,
		},
	})
	field := fmt.Sprintf("spec.volumeClaimTemplates[%s]", name)
	g.from(field, "storage", name)
	g.from(field+".spec.accessModes", "storage", name, "mode")
	g.from(field+".spec.resources", "storage", name, "size")
	g.from(field+".spec.storageClassName", "storage", name, "class")
	byKey(s.Mount, func(path, sub string) {
		g.mount(corev1.VolumeMount{Name: name, MountPath: path, SubPath: sub}, "storage", name, "mount")
	})
}

// mount adds a mount to the main container, parents before what is mounted
// inside of them.
func (g *Group) mount(m corev1.VolumeMount, path ...string) {
	main := g.main()
	main.VolumeMounts = append(main.VolumeMounts, m)
	slices.SortStableFunc(main.VolumeMounts, func(a, b corev1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) })
	g.from(g.inMain("volumeMounts["+m.MountPath+"]"), path...)
}

// volume adds a volume of the pod. A claim template of the same name would
// silently take its place (K:pkg/controller/statefulset updateStorage).
func (g *Group) volume(v corev1.Volume, path ...string) {
	for _, other := range g.pod().Volumes {
		if other.Name == v.Name {
			g.report("volume-name", path, fmt.Sprintf("two volumes would be named %q", v.Name), "Change one of the paths: names are made of their letters and digits.")
			return
		}
	}
	if _, taken := g.Storage[v.Name]; taken {
		g.report("volume-name", []string{"storage", v.Name}, fmt.Sprintf("the name %q is taken by a volume of %s", v.Name, spec.Path(path)), "Give the storage another name.")
		return
	}
	g.pod().Volumes = append(g.pod().Volumes, v)
	g.from(fmt.Sprintf("spec.template.spec.volumes[%s]", v.Name), path...)
}
