package compiler

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// begin adds what every pod has, and the pod to the context.
func (p *Pod) begin() {
	// A Service named like the program would put its address into the
	// program's own variables: KAFKA_PORT=tcp://…
	// (confluentinc/cp-docker-images#779).
	p.spec().EnableServiceLinks = new(false)
	for i, name := range p.App.PullSecrets {
		p.spec().ImagePullSecrets = append(p.spec().ImagePullSecrets, corev1.LocalObjectReference{Name: name})
		p.object.From(fmt.Sprintf("%s.spec.imagePullSecrets[%s]", p.field, name), spec.Path{"pullSecrets", fmt.Sprint(i)})
	}
	p.linkLabels(p.object, p.field+".metadata.labels")
	p.Pods = append(p.Pods, p)
}

// addContainer adds a container to the pod and to the pod's spec.
func (p *Pod) addContainer(c *Container) {
	p.containers = append(p.containers, c)
	k := corev1.Container{Name: c.name}
	if c.list == "containers" {
		p.spec().Containers = append(p.spec().Containers, k)
	} else {
		p.spec().InitContainers = append(p.spec().InitContainers, k)
	}
	p.object.From(fmt.Sprintf("%s.spec.%s[%s]", p.field, c.list, c.name), c.path)
}

// helpers adds the group's sidecars and init containers. Sidecars that outlive
// the main container start first: init containers may need them.
func (g *Group) helpers(p *Pod) {
	taken := map[string]spec.Path{g.key: g.path}
	add := func(c *Container) {
		if other, ok := taken[c.name]; ok {
			g.Context.report("container-name", c.path, fmt.Sprintf("the container %q of %v has the same name", c.name, other), "Give it another name.")
			return
		}
		taken[c.name] = c.path
		p.addContainer(c)
	}
	for _, outlives := range []bool{true, false} {
		byKey(g.Sidecars, func(name string, s spec.Sidecar) {
			if s.Outlives != outlives {
				return
			}
			c := &Container{Pod: p, Container: &s.Container, mounts: &s.Mounts, name: name, path: g.path.Join("sidecars", name), list: "containers", role: isSidecar}
			if s.Outlives {
				c.list = "initContainers"
			}
			add(c)
			if s.Outlives && c.isIn(p) {
				c.target().RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				c.from("restartPolicy", "outlives")
			}
		})
	}
	for _, name := range g.initOrder() {
		init := g.Init[name]
		add(&Container{Pod: p, Container: &init.Container, mounts: &init.Mounts, name: name, path: g.path.Join("init", name), list: "initContainers", role: isInit})
	}
}

func (c *Container) isIn(p *Pod) bool { return slices.Contains(p.containers, c) }

// initOrder are the init containers by order, then by name.
func (g *Group) initOrder() []string {
	return slices.SortedFunc(maps.Keys(g.Init), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.Init[a].Order, g.Init[b].Order), cmp.Compare(a, b))
	})
}

// mounts gives helpers what they are to see of the main container's
// directories. It runs when the main container has them all.
func mounts(c *Context) {
	for _, p := range c.Pods {
		for _, helper := range p.containers {
			if helper.mounts != nil {
				helper.see(p.main())
			}
			helper.refuseNested()
		}
	}
}

// refuseNested reports what would be mounted inside of a directory that is a
// ConfigMap's or a Secret's: nothing can be made in there.
func (c *Container) refuseNested() {
	closed := map[string][]string{}
	for file, f := range c.Files {
		if f.Reload {
			closed[path.Dir(file)] = []string{"files", file, "reload"}
		}
	}
	for dir := range c.SecretFiles {
		closed[dir] = []string{"secretFiles", dir}
	}
	for dir := range c.TLS {
		closed[dir] = []string{"tls", dir}
	}
	byKey(closed, func(dir string, at []string) {
		for _, m := range c.target().VolumeMounts {
			if strings.HasPrefix(m.MountPath, dir+"/") {
				c.report("mount-nested", at, fmt.Sprintf("%s cannot be in %s, which holds nothing else", m.MountPath, dir), "Use a directory of its own.")
			}
		}
	})
}

func (c *Container) see(main *Container) {
	for _, m := range main.target().VolumeMounts {
		if c.mounts.Same && !c.hasMount(m.MountPath) {
			c.mountOf(main, m, m.MountPath, "mounts")
		}
	}
	for _, device := range main.target().VolumeDevices {
		if c.mounts.Same {
			k := c.target()
			k.VolumeDevices = append(k.VolumeDevices, device)
			c.from("volumeDevices["+device.DevicePath+"]", "mounts")
		}
	}
	byKey(c.mounts.At, func(what, at string) {
		found := false
		for _, m := range main.target().VolumeMounts {
			if m.MountPath == what || m.Name == what && !found {
				found = true
				c.mountOf(main, m, at, "mounts", what)
			}
		}
		if !found {
			c.report("mount-known", []string{"mounts", what}, fmt.Sprintf("the main container has no directory %q", what), diag.OneOf(what, keysOf(main.Storage), "State the name of a storage of the group, or a path that is mounted there."))
		}
	})
}

// mountOf mounts what the main container has, and links it to where that came
// from too.
func (c *Container) mountOf(main *Container, m corev1.VolumeMount, to string, at ...string) {
	field := fmt.Sprintf("%s.spec.%%s[%%s].volumeMounts[%%s]", c.Pod.field)
	from := c.object.Trace(manifest.ParseField(fmt.Sprintf(field, main.list, main.name, m.MountPath)))
	m.MountPath = to
	c.mount(m, at...)
	for _, origin := range from {
		c.object.From(fmt.Sprintf(field, c.list, c.name, to), origin)
	}
}

func (c *Container) hasMount(path string) bool {
	return slices.ContainsFunc(c.target().VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == path })
}
