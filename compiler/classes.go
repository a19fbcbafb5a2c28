package compiler

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/spec"
)

// classes makes the StorageClasses that some volume of the environment names.
// A development cluster must not get the ones of production.
func classes(c *Context) {
	used := map[string]bool{}
	c.each(func(c *Container) {
		for _, s := range c.Storage {
			if s.Class != nil {
				used[*s.Class] = true
			}
		}
	})
	byKey(c.App.StorageClasses, func(name string, class spec.StorageClass) {
		if used[name] {
			c.class(name, class)
		}
	})
}

func (c *Context) class(name string, class spec.StorageClass) {
	reclaim := corev1.PersistentVolumeReclaimPolicy(class.Reclaim)
	binding := storagev1.VolumeBindingMode(class.Binding)
	o := c.add(&storagev1.StorageClass{
		TypeMeta:             kind("storage.k8s.io/v1 StorageClass"),
		ObjectMeta:           metav1.ObjectMeta{Name: name},
		Provisioner:          class.Provisioner,
		Parameters:           class.Parameters,
		ReclaimPolicy:        &reclaim,
		MountOptions:         class.MountOptions,
		AllowVolumeExpansion: class.Expand,
		VolumeBindingMode:    &binding,
	}, spec.Path{"storageClasses", name}, map[string]string{labelApp: c.App.Name})
	for _, l := range []struct{ field, path string }{
		{"provisioner", "provisioner"},
		{"parameters", "parameters"},
		{"reclaimPolicy", "reclaim"},
		{"mountOptions", "mountOptions"},
		{"allowVolumeExpansion", "expand"},
		{"volumeBindingMode", "binding"},
	} {
		o.From(l.field, spec.Path{"storageClasses", name, l.path})
	}
	byKey(class.Parameters, func(key, _ string) {
		o.From("parameters["+key+"]", spec.Path{"storageClasses", name, "parameters", key})
	})
}
