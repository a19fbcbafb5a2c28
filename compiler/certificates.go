package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// certificates asks cert-manager for certificates in the names of the pods and
// their Services, and mounts their files.
func certificates(c *Context) {
	c.each(func(c *Container) {
		byKey(c.TLS, func(path string, t spec.Certificate) {
			name := c.Pod.owner() + "-" + c.own(nameOf(path))
			c.once(c.path.Join("tls", path), "certificate", func() *manifest.Object { return c.certificate(name, path, t) })
			c.mountCertificate(name, path, t)
		})
	})
}

func (c *Container) certificate(name, path string, t spec.Certificate) *manifest.Object {
	issuerKind := "Issuer"
	if *t.ClusterIssuer {
		issuerKind = "ClusterIssuer"
	}
	names := []any{"localhost"}
	if g := c.group; g != nil {
		names = []any{"*." + g.DNS.Peers, "*." + g.DNS.Headless, g.DNS.Service, g.Name, "localhost"}
	}
	computed := len(names)
	for _, own := range t.Names {
		names = append(names, own)
	}
	body := map[string]any{
		"secretName": name,
		"dnsNames":   names,
		"issuerRef":  map[string]any{"group": "cert-manager.io", "kind": issuerKind, "name": t.Issuer},
		"usages":     []any{"digital signature", "key encipherment", "server auth", "client auth"},
		// A certificate is renewed with a new key: the old one may be known.
		"privateKey": map[string]any{"rotationPolicy": "Always"},
	}
	if t.CommonName != "" {
		body["commonName"] = t.CommonName
	}
	switch {
	case t.Keystore != "":
		body["keystores"] = c.keystore(path, t)
	case t.Password != nil:
		c.report("keystore-password", []string{"tls", path, "password"}, "a password is for a keystore, and none is asked for", "State keystore, or leave the password out.")
	}
	labels := c.ofApp()
	if c.group != nil {
		labels = c.group.selector()
	}
	o := c.add(custom("cert-manager.io/v1 Certificate", c.named(name), body), c.path.Join("tls", path), labels)
	at := c.path.Join("tls", path)
	for _, from := range []spec.Path{at, {"name"}, {"namespace"}, {"domain"}} {
		o.From("spec.dnsNames", from)
	}
	for i := range t.Names {
		o.From(fmt.Sprintf("spec.dnsNames[%d]", computed+i), at.Join("names", fmt.Sprint(i)))
	}
	o.From("spec.issuerRef.name", at.Join("issuer"))
	o.From("spec.issuerRef.kind", at.Join("clusterIssuer"))
	o.From("spec.commonName", at.Join("commonName"))
	o.From("spec.keystores", at.Join("keystore"))
	if t.Password != nil {
		o.From(fmt.Sprintf("spec.keystores.%s.passwordSecretRef", t.Keystore), at.Join("password"))
	}
	return o
}

func (c *Container) keystore(path string, t spec.Certificate) map[string]any {
	store := map[string]any{"create": true}
	if t.Password == nil {
		c.report("keystore-password", []string{"tls", path, "keystore"}, "a keystore has a password, and none is stated", "State `password: {secret: …, key: …}`.")
		return map[string]any{t.Keystore: store}
	}
	ref := c.secretKey(*t.Password, c.path.Join("tls", path, "password"))
	store["passwordSecretRef"] = map[string]any{"name": ref.Name, "key": ref.Key}
	return map[string]any{t.Keystore: store}
}

func (c *Container) mountCertificate(secret, path string, t spec.Certificate) {
	items := []corev1.KeyToPath{{Key: "tls.crt", Path: t.Cert}, {Key: "tls.key", Path: t.Key}, {Key: "ca.crt", Path: "ca.crt"}}
	switch t.Keystore {
	case "jks":
		items = append(items, corev1.KeyToPath{Key: "keystore.jks", Path: "keystore.jks"}, corev1.KeyToPath{Key: "truststore.jks", Path: "truststore.jks"})
	case "pkcs12":
		items = append(items, corev1.KeyToPath{Key: "keystore.p12", Path: "keystore.p12"}, corev1.KeyToPath{Key: "truststore.p12", Path: "truststore.p12"})
	}
	name := c.volumeName("tls", path)
	c.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		Secret: &corev1.SecretVolumeSource{SecretName: secret, Items: items, DefaultMode: new(modeSecret)},
	}}, "tls", path)
	field := fmt.Sprintf("%s.spec.volumes[%s].secret.items", c.Pod.field, name)
	c.object.From(field+"[0].path", c.path.Join("tls", path, "cert"))
	c.object.From(field+"[1].path", c.path.Join("tls", path, "key"))
	for i := 3; i < len(items); i++ {
		c.object.From(fmt.Sprintf("%s[%d]", field, i), c.path.Join("tls", path, "keystore"))
	}
	c.mount(corev1.VolumeMount{Name: name, MountPath: path, ReadOnly: true}, "tls", path)
}
