package validate

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
)

// text is what a container is told, and the field that it stands in: a
// variable, its command line, or a file that it sees.
type text struct {
	*manifest.Object
	at    manifest.Field
	name  string // of the variable, or the file's path; "" for the command line
	value string
}

// texts are those of a container that the set has: variables first, then the
// command line, then files.
func (p *ObjectsPass) texts(c podContainer) []text {
	var out []text
	for _, e := range c.Env {
		switch {
		case e.ValueFrom == nil:
			out = append(out, text{c.Object, c.in("env[%s].value", e.Name), e.Name, e.Value})
		case e.ValueFrom.ConfigMapKeyRef != nil:
			ref := e.ValueFrom.ConfigMapKeyRef
			out = append(out, p.ofConfigMap(c.Value.GetNamespace(), ref.Name, e.Name, ref.Key)...)
		}
	}
	for _, e := range c.EnvFrom {
		if e.ConfigMapRef != nil {
			out = append(out, p.ofConfigMap(c.Value.GetNamespace(), e.ConfigMapRef.Name, "", "")...)
		}
	}
	if line := commandLine(c.Container); line != "" {
		at := "args"
		if len(c.Args) == 0 {
			at = "command"
		}
		out = append(out, text{Object: c.Object, at: c.in("%s", at), value: line})
	}
	return append(out, p.files(c)...)
}

var patterns sync.Map // string → *regexp.Regexp

// compiled is a pattern of a table, compiled when it is first needed: most
// specs need few of them.
func compiled(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	known, _ := patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	return known.(*regexp.Regexp)
}

func commandLine(c *corev1.Container) string {
	return strings.Join(append(c.Command[:len(c.Command):len(c.Command)], c.Args...), " ")
}

// files are the keys of ConfigMaps that the container sees as files.
func (p *ObjectsPass) files(c podContainer) []text {
	var out []text
	for _, m := range c.VolumeMounts {
		v := volumeNamed(c.template.Spec.Volumes, m.Name)
		if v == nil || v.ConfigMap == nil {
			continue
		}
		for _, f := range p.ofConfigMap(c.Value.GetNamespace(), v.ConfigMap.Name, "", "") {
			if file, ok := seen(m, v.ConfigMap.Items, f.name); ok {
				f.name = file
				out = append(out, f)
			}
		}
	}
	return out
}

// seen is the path at which a mount shows a key, if it does.
func seen(m corev1.VolumeMount, items []corev1.KeyToPath, key string) (string, bool) {
	file := key
	for i, item := range items {
		if item.Key == key {
			file = item.Path
			break
		}
		if i == len(items)-1 {
			return "", false
		}
	}
	if m.SubPath != "" {
		return m.MountPath, m.SubPath == file
	}
	return path.Join(m.MountPath, file), true
}

func volumeNamed(volumes []corev1.Volume, name string) *corev1.Volume {
	for i := range volumes {
		if volumes[i].Name == name {
			return &volumes[i]
		}
	}
	return nil
}

// ofConfigMap is a key of a ConfigMap of the set, under another name; or all,
// if key is "".
func (p *ObjectsPass) ofConfigMap(namespace, configMap, name, key string) []text {
	var out []text
	for o, m := range objectsOf[*corev1.ConfigMap](p.Set) {
		if m.Namespace != namespace || m.Name != configMap {
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(m.Data)) {
			if key == "" || key == k {
				out = append(out, text{o, manifest.ParseField("data[" + k + "]"), cmp.Or(name, k), m.Data[k]})
			}
		}
	}
	return out
}
