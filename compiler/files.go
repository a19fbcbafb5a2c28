package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// annotationFiles changes with a pod's files, so that they restart it. The
// ConfigMap keeps its name: under a name with a hash the old one is pruned
// while pods of the old revision may still have to start
// (docs/decisions/0005-files.md).
const annotationFiles = "statefulc.dev/files"

// files makes ConfigMaps and mounts each file at its path. Files that the
// program rereads are apart: they restart nothing.
func files(c *Context) {
	for _, p := range c.Pods {
		restart := &fileSet{Pod: p, name: p.owner() + "-files", volume: "files"}
		reload := &fileSet{Pod: p, name: p.owner() + "-reload", volume: "reload"}
		for _, c := range p.containers {
			byKey(c.Files, func(path string, f spec.File) {
				c.tellOneFile(path, f) // the file is there all the same, with what is first
				switch {
				case f.Reload && f.Writable:
					c.report("file-writable", []string{"files", path, "writable"}, "a file that the program edits cannot be reloaded from Git", "State one of reload and writable.")
				case f.Reload:
					reload.addDirectory(c, path)
				case f.Writable:
					restart.addCopy(c, path)
				default:
					restart.addFile(c, path)
				}
			})
		}
		restart.fingerprint()
	}
}

// tellOneFile says that a file is not stated in one way.
func (c *Container) tellOneFile(path string, f spec.File) {
	c.oneOf(c.path.Join("files", path),
		option{"text", f.Text != nil}, option{"yaml", f.YAML != nil}, option{"json", f.JSON != nil}, option{"properties", f.Properties != nil}, option{"ini", f.INI != nil})
}

// owner is what the pod's ConfigMaps are named after: racks share them.
func (p *Pod) owner() string {
	if p.group != nil {
		return p.group.Name
	}
	return p.name
}

// fileSet is files in one ConfigMap.
type fileSet struct {
	*Pod
	name, volume string

	texts  map[string]string
	object *manifest.Object
}

// add puts a file into the ConfigMap and returns its key.
func (s *fileSet) add(c *Container, path string) (key string, ok bool) {
	if s.texts == nil {
		s.begin()
	}
	key = c.own(strings.ReplaceAll(strings.Trim(path, "/"), "/", "_"))
	if _, taken := s.texts[key]; taken {
		c.report("file-key", []string{"files", path}, fmt.Sprintf("two files would be %q in the ConfigMap", key), "Change one of the paths: slashes become underscores.")
		return "", false
	}
	is := c.content(path)
	s.texts[key] = is.text
	s.object.From("data["+key+"]", c.path.Join("files", path, is.field))
	return key, true
}

// begin makes the ConfigMap, which the racks of a group share.
func (s *fileSet) begin() {
	s.texts = map[string]string{}
	s.object = s.once(s.path, s.volume, func() *manifest.Object {
		labels := s.ofApp()
		if s.group != nil {
			labels = s.group.selector()
		}
		return s.Context.add(&corev1.ConfigMap{TypeMeta: kind("v1 ConfigMap"), ObjectMeta: s.named(s.name)}, s.path, labels)
	})
	s.object.Value.(*corev1.ConfigMap).Data = s.texts
}

func (s *fileSet) source(items ...corev1.KeyToPath) corev1.VolumeSource {
	return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: s.name},
		Items:                items,
	}}
}

// needVolume adds the volume with all files, once.
func (s *fileSet) needVolume(c *Container) {
	if !s.hasVolume(s.volume) {
		c.volume(corev1.Volume{Name: s.volume, VolumeSource: s.source()}, "files")
	}
}

// addFile mounts a file alone. Such a mount is never updated in a running
// container, which is why it restarts.
func (s *fileSet) addFile(c *Container, path string) {
	if key, ok := s.add(c, path); ok {
		s.needVolume(c)
		c.mount(corev1.VolumeMount{Name: s.volume, MountPath: path, SubPath: key, ReadOnly: true}, "files", path)
	}
}

// addCopy copies a file into the scratch directory that it is in.
func (s *fileSet) addCopy(c *Container, file string) {
	dir := file
	for dir != "/" {
		dir = path.Dir(dir)
		if _, ok := c.Scratch[dir]; ok {
			break
		}
	}
	if dir == "/" {
		c.report("file-writable", []string{"files", file, "writable"}, "the file is in no scratch directory, so its copy has no place", "State a scratch directory above it.")
		return
	}
	key, ok := s.add(c, file)
	if !ok {
		return
	}
	s.needVolume(c)
	target := "/scratch" + strings.TrimPrefix(file, dir)
	command := []string{"cp", "-f", "/files/" + key, target}
	if path.Dir(target) != "/scratch" {
		command = []string{"sh", "-c", `mkdir -p "$(dirname "$2")" && cp -f "$1" "$2"`, "copy", "/files/" + key, target}
	}
	c.prepare(c.volumeName("copy", file), c.path.Join("files", file, "writable"), corev1.Container{
		Command: command,
		VolumeMounts: []corev1.VolumeMount{
			{Name: s.volume, MountPath: "/files", ReadOnly: true},
			{Name: c.scratchName(dir), MountPath: "/scratch"},
		},
	})
}

// addDirectory mounts the directory of a file: only whole directories follow
// their ConfigMap while the container runs.
func (s *fileSet) addDirectory(c *Container, file string) {
	key, ok := s.add(c, file)
	if !ok {
		return
	}
	dir, item := path.Dir(file), corev1.KeyToPath{Key: key, Path: path.Base(file)}
	name := c.volumeName(s.volume, dir)
	for i, v := range s.spec().Volumes {
		if v.Name == name {
			s.Pod.object.From(fmt.Sprintf("%s.spec.volumes[%s].configMap.items[%d]", s.field, name, len(v.ConfigMap.Items)), c.path.Join("files", file))
			s.spec().Volumes[i].ConfigMap.Items = append(v.ConfigMap.Items, item)
			return
		}
	}
	c.volume(corev1.Volume{Name: name, VolumeSource: s.source(item)}, "files", file)
	c.mount(corev1.VolumeMount{Name: name, MountPath: dir, ReadOnly: true}, "files", file)
}

// fingerprint marks the pod with what is in its files.
func (s *fileSet) fingerprint() {
	if len(s.texts) == 0 {
		return
	}
	annotations := maps.Clone(s.template.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationFiles] = fingerprint(s.texts)
	s.template.Annotations = annotations
	for _, c := range s.containers {
		if len(c.Files) > 0 {
			s.Pod.object.From(s.field+".metadata.annotations["+annotationFiles+"]", c.path.Join("files"))
		}
	}
}

// fingerprint is short, and another one for other texts.
func fingerprint(texts map[string]string) string {
	h := sha256.New()
	byKey(texts, func(key, text string) { fmt.Fprintf(h, "%q %q\n", key, text) })
	return hex.EncodeToString(h.Sum(nil))[:16]
}
