package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/spec"
)

// scratch adds the directories that live as long as their pod.
func scratch(c *Context) {
	c.each(func(c *Container) { byKey(c.Scratch, c.directory) })
}

func (c *Container) directory(path string, s spec.Scratch) {
	dir := new(corev1.EmptyDirVolumeSource)
	if s.Memory != "" {
		dir.Medium = corev1.StorageMediumMemory
		dir.SizeLimit = new(resource.MustParse(s.Memory))
	}
	name := c.scratchName(path)
	c.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: dir}}, "scratch", path)
	if s.Memory != "" {
		c.object.From(fmt.Sprintf("%s.spec.volumes[%s].emptyDir", c.Pod.field, name), c.path.Join("scratch", path, "memory"))
	}
	c.mount(corev1.VolumeMount{Name: name, MountPath: path}, "scratch", path)
	if s.FromImage {
		c.seed(name, path)
	}
}

func (c *Container) scratchName(path string) string { return c.volumeName("scratch", path) }

// seed copies what the image has at path into the directory, by an init
// container of the same image.
//
// Not with cp -a: the directory belongs to root, so GNU cp fails on keeping its
// times for any other user. -f: after a restart of the node the copies of
// files that are read-only are there already.
func (c *Container) seed(volume, path string) {
	const target = "/scratch"
	c.prepare(c.volumeName("seed", path), c.path.Join("scratch", path, "fromImage"), corev1.Container{
		Command:      []string{"cp", "-Rf", path + "/.", target},
		VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: target}},
	})
}

// prepare adds an init container of c's image and resources that prepares a
// directory of c.
func (c *Container) prepare(name string, from spec.Path, k corev1.Container) {
	k.Name, k.Image, k.Resources = name, c.Image, c.resources()
	c.addInit(k, from)
	c.object.From(fmt.Sprintf("%s.spec.initContainers[%s].image", c.Pod.field, name), c.path.Join("image"))
	c.linkResources(name)
}
