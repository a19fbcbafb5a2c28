package compiler

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// secrets mounts secrets as directories, and asks the External Secrets Operator
// for those that come from a store. Their values are nobody's but the
// cluster's.
func secrets(c *Context) {
	c.each(func(c *Container) {
		byKey(c.SecretFiles, func(path, secret string) {
			s, _ := c.declared(secret, c.path.Join("secretFiles", path))
			var items []corev1.KeyToPath
			for _, key := range s.Keys {
				items = append(items, corev1.KeyToPath{Key: key, Path: key})
			}
			name := c.volumeName("secret", path)
			c.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				Secret: &corev1.SecretVolumeSource{SecretName: secret, Items: items, DefaultMode: new(modeSecret)},
			}}, "secretFiles", path)
			for i := range items {
				c.object.From(fmt.Sprintf("%s.spec.volumes[%s].secret.items[%d]", c.Pod.field, name, i), spec.Path{"secrets", secret, "keys", fmt.Sprint(i)})
			}
			c.mount(corev1.VolumeMount{Name: name, MountPath: path, ReadOnly: true}, "secretFiles", path)
		})
	})
	byKey(c.App.Secrets, func(name string, s spec.Secret) {
		if s.From != nil {
			c.externalSecret(name, s)
		}
	})
}

// modeSecret lets the owner and the pod's group read, and nobody else: some
// programs refuse keys that others can read.
const modeSecret int32 = 0o440

// declared reports a secret that the application does not declare.
func (c *Context) declared(secret string, at spec.Path) (spec.Secret, bool) {
	s, ok := c.App.Secrets[secret]
	if !ok {
		c.report("secret-declared", at, fmt.Sprintf("the secret %q is not declared", secret), diag.OneOf(secret, slices.Sorted(maps.Keys(c.App.Secrets)), "Declare it under secrets, with its keys."))
	}
	return s, ok
}

// secretKey refers to a key of a secret, which both have to be declared.
func (c *Context) secretKey(ref spec.KeyRef, at spec.Path) *corev1.SecretKeySelector {
	if s, ok := c.declared(ref.Secret, at); ok && !slices.Contains(s.Keys, ref.Key) {
		c.report("secret-declared", at, fmt.Sprintf("the secret %q has no key %q", ref.Secret, ref.Key), diag.OneOf(ref.Key, s.Keys, "Name a key that it has, or declare this one."))
		c.by(spec.Path{"secrets", ref.Secret, "keys"})
	}
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: ref.Secret}, Key: ref.Key}
}

// externalSecret fetches each key of a secret from a store, as the property of
// that name.
func (c *Context) externalSecret(name string, s spec.Secret) {
	storeKind := "SecretStore"
	if *s.From.Cluster {
		storeKind = "ClusterSecretStore"
	}
	var data []any
	for _, key := range s.Keys {
		data = append(data, map[string]any{
			"secretKey": key,
			"remoteRef": map[string]any{"key": s.From.Path, "property": key},
		})
	}
	at := spec.Path{"secrets", name}
	o := c.add(custom("external-secrets.io/v1 ExternalSecret", c.named(name), map[string]any{
		"secretStoreRef": map[string]any{"name": s.From.Store, "kind": storeKind},
		"target":         map[string]any{"name": name},
		"data":           data,
	}), at, c.ofApp())
	o.From("spec.secretStoreRef.name", at.Join("from", "store"))
	o.From("spec.secretStoreRef.kind", at.Join("from", "cluster"))
	for i := range s.Keys {
		o.From(fmt.Sprintf("spec.data[%d]", i), at.Join("keys", fmt.Sprint(i)))
		o.From(fmt.Sprintf("spec.data[%d].remoteRef.key", i), at.Join("from", "path"))
	}
}
