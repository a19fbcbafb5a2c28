package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/spec"
)

// annotationFiles changes with the group's files, so that they restart the
// pods. The ConfigMap keeps its name: under a name with a hash the old one is
// pruned while pods of the old revision may still have to start
// (docs/decisions/0005-files.md).
const annotationFiles = "statefulc.dev/files"

// files makes the group's ConfigMap and mounts each file at its path.
func files(c *Context) {
	for _, g := range c.Groups {
		if len(g.Files) > 0 {
			g.configMap()
		}
	}
}

func (g *Group) configMap() {
	const volume = "files"
	texts := map[string]string{}
	cm := g.add(&corev1.ConfigMap{
		TypeMeta:   kind("v1 ConfigMap"),
		ObjectMeta: g.named(g.Name + "-files"),
		Data:       texts,
	})
	byKey(g.Files, func(path string, file spec.File) {
		key := keyOf(path)
		if _, taken := texts[key]; taken {
			g.report("file-key", []string{"files", path}, fmt.Sprintf("two files would be %q in the ConfigMap", key), "Change one of the paths: slashes become underscores.")
			return
		}
		texts[key] = file.Text
		cm.From("data["+key+"]", g.path.Join("files", path, "text"))
		g.mount(corev1.VolumeMount{Name: volume, MountPath: path, SubPath: key, ReadOnly: true}, "files", path)
	})
	g.volume(corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: cm.Value.GetName()}},
	}}, "files")
	g.sts.Spec.Template.Annotations = map[string]string{annotationFiles: fingerprint(texts)}
	g.from("spec.template.metadata.annotations["+annotationFiles+"]", "files")
}

// keyOf is a file's key in the ConfigMap: /etc/db/db.conf is etc_db_db.conf.
func keyOf(path string) string { return strings.ReplaceAll(strings.Trim(path, "/"), "/", "_") }

// fingerprint is short, and another one for other texts.
func fingerprint(texts map[string]string) string {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(h, "%q %q\n", key, texts[key])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
