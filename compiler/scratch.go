package compiler

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/spec"
)

// scratch adds the directories that live as long as their pod.
func scratch(c *Context) {
	for _, g := range c.Groups {
		byKey(g.Scratch, g.directory)
	}
}

func (g *Group) directory(path string, s spec.Scratch) {
	at := []string{"scratch", path}
	dir := new(corev1.EmptyDirVolumeSource)
	if s.Memory != "" {
		dir.Medium = corev1.StorageMediumMemory
		dir.SizeLimit = new(resource.MustParse(s.Memory))
	}
	name := "scratch-" + nameOf(path)
	g.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: dir}}, at...)
	if s.Memory != "" {
		g.from(fmt.Sprintf("spec.template.spec.volumes[%s].emptyDir", name), append(at, "memory")...)
	}
	g.mount(corev1.VolumeMount{Name: name, MountPath: path}, at...)
	if s.FromImage {
		g.seed(name, path)
	}
}

// seed copies what the image has at path into the directory, by an init
// container of the same image.
//
// Not with cp -a: the directory belongs to root, so GNU cp fails on keeping its
// times for any other user. -f: after a restart of the node the copies of
// files that are read-only are there already.
func (g *Group) seed(volume, path string) {
	const target = "/scratch"
	name := "seed-" + nameOf(path)
	pod := g.pod()
	pod.InitContainers = append(pod.InitContainers, corev1.Container{
		Name:         name,
		Image:        g.Image,
		Command:      []string{"cp", "-Rf", path + "/.", target},
		Resources:    g.resources(),
		VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: target}},
	})
	field := fmt.Sprintf("spec.template.spec.initContainers[%s]", name)
	g.from(field, "scratch", path, "fromImage")
	g.from(field+".image", "image")
	g.linkResources(field + ".resources")
}

// nameOf makes a path part of a name: /etc/cassandra is etc-cassandra. Other
// paths may give the same name; whoever uses it has to look.
func nameOf(path string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(path)), "-")
}
