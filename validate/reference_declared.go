package validate

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var referenceDeclared = Rule{
	Rule: diag.Rule{
		ID:   "reference-declared",
		What: "A ConfigMap that is not among the objects, and a key that a ConfigMap or a Secret among them does not have.",
		Why: `The kubelet does not start a container with a missing reference (CreateContainerConfigError, or a volume that is never
mounted), and a rolling update stops at the first pod of it; a subPath that is no key becomes an empty directory. A missing
key is an error. A missing ConfigMap is a warning, since it may be made elsewhere; of Secrets that is the rule, so a missing
one is not told. What External Secrets and cert-manager will make counts.`,
		Source: "kubernetes pkg/kubelet/kuberuntime, pkg/volume/configmap, pkg/volumeutil/subpath",
		Fix:    "Add the key or the ConfigMap, or mark the reference optional.",
		Reads:  diag.Reads{Own: ".", App: objectsThere + " secrets groups.*.tls jobs.*.tls"},
	},
	Objects: func(p *ObjectsPass) {
		s := sources{of: p, maps: map[string]keys{}, secrets: map[string]keys{}}
		s.read(p.Set)
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				s.environment(c)
			}
			for _, v := range w.template.Spec.Volumes {
				s.volume(w, v)
			}
		}
	},
}

// keys are those of a ConfigMap or a Secret. An empty one is filled by a
// program later, so none means that they are not known.
type keys []string

func (k keys) lack(key string) bool { return len(k) > 0 && !slices.Contains(k, key) }

// sources are the ConfigMaps and Secrets of a set, by namespace/name.
type sources struct {
	of            *ObjectsPass
	maps, secrets map[string]keys
}

func (s sources) read(set *manifest.Set) {
	for _, m := range objectsOf[*corev1.ConfigMap](set) {
		s.maps[m.Namespace+"/"+m.Name] = slices.Concat(slices.Collect(maps.Keys(m.Data)), slices.Collect(maps.Keys(m.BinaryData)))
	}
	for _, m := range objectsOf[*corev1.Secret](set) {
		s.secrets[m.Namespace+"/"+m.Name] = slices.Concat(slices.Collect(maps.Keys(m.StringData)), slices.Collect(maps.Keys(m.Data)))
	}
	for _, u := range objectsOf[*unstructured.Unstructured](set) {
		switch u.GetKind() {
		case "ExternalSecret":
			s.external(u)
		case "Certificate":
			s.certificate(u)
		}
	}
}

// external is what an ExternalSecret makes: one key for each of data, and
// unknown ones if it takes all that it finds, or has a template.
func (s sources) external(u *unstructured.Unstructured) {
	name, found, _ := unstructured.NestedString(u.Object, "spec", "target", "name")
	if !found {
		name = u.GetName()
	}
	data, _, _ := unstructured.NestedSlice(u.Object, "spec", "data")
	_, all, _ := unstructured.NestedSlice(u.Object, "spec", "dataFrom")
	_, made, _ := unstructured.NestedMap(u.Object, "spec", "target", "template")
	if all || made {
		return
	}
	var known keys
	for _, d := range data {
		if m, ok := d.(map[string]any); ok {
			key, _ := m["secretKey"].(string)
			known = append(known, key)
		}
	}
	s.secrets[u.GetNamespace()+"/"+name] = known
}

// certificate is what cert-manager makes of one; keystores and other formats
// only if they are asked for.
func (s sources) certificate(u *unstructured.Unstructured) {
	name, _, _ := unstructured.NestedString(u.Object, "spec", "secretName")
	known := keys{"tls.crt", "tls.key", "ca.crt"}
	for format, files := range map[string]keys{"jks": {"keystore.jks", "truststore.jks"}, "pkcs12": {"keystore.p12", "truststore.p12"}} {
		if _, asked, _ := unstructured.NestedMap(u.Object, "spec", "keystores", format); asked {
			known = append(known, files...)
		}
	}
	if _, asked, _ := unstructured.NestedSlice(u.Object, "spec", "additionalOutputFormats"); asked {
		known = append(known, "tls-combined.pem", "key.der")
	}
	s.secrets[u.GetNamespace()+"/"+name] = known
}

func (s sources) environment(c podContainer) {
	for _, e := range c.Env {
		switch from := e.ValueFrom; {
		case from == nil:
		case from.ConfigMapKeyRef != nil:
			s.configMap(c.workload, c.in("env[%s].valueFrom.configMapKeyRef", e.Name), from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Optional, from.ConfigMapKeyRef.Key)
		case from.SecretKeyRef != nil:
			s.secret(c.workload, c.in("env[%s].valueFrom.secretKeyRef", e.Name), from.SecretKeyRef.Name, from.SecretKeyRef.Optional, from.SecretKeyRef.Key)
		}
	}
	for i, e := range c.EnvFrom {
		if e.ConfigMapRef != nil {
			s.configMap(c.workload, c.in("envFrom[%d].configMapRef", i), e.ConfigMapRef.Name, e.ConfigMapRef.Optional)
		}
	}
	for _, m := range c.VolumeMounts {
		s.subPath(c, m)
	}
}

func (s sources) volume(w workload, v corev1.Volume) {
	at := w.field("spec.volumes[%s]", v.Name)
	switch {
	case v.ConfigMap != nil:
		s.configMap(w, at, v.ConfigMap.Name, v.ConfigMap.Optional, keysOf(v.ConfigMap.Items)...)
	case v.Secret != nil:
		s.secret(w, at, v.Secret.SecretName, v.Secret.Optional, keysOf(v.Secret.Items)...)
	case v.Projected != nil:
		for _, p := range v.Projected.Sources {
			switch {
			case p.ConfigMap != nil:
				s.configMap(w, at, p.ConfigMap.Name, p.ConfigMap.Optional, keysOf(p.ConfigMap.Items)...)
			case p.Secret != nil:
				s.secret(w, at, p.Secret.Name, p.Secret.Optional, keysOf(p.Secret.Items)...)
			}
		}
	}
}

func keysOf(items []corev1.KeyToPath) (out []string) {
	for _, i := range items {
		out = append(out, i.Key)
	}
	return out
}

// configMap reports one that the set does not have, but for the one that
// Kubernetes puts into every namespace.
func (s sources) configMap(w workload, at manifest.Field, name string, optional *bool, wanted ...string) {
	known, ok := s.maps[w.Value.GetNamespace()+"/"+name]
	if optional != nil && *optional || name == "kube-root-ca.crt" || name == "" {
		return
	}
	if !ok {
		s.of.as(diag.Warning, w.Object, at, fmt.Sprintf("there is no ConfigMap %q here", name), "Add it, or correct the name.")
		return
	}
	s.missing(w, at, fmt.Sprintf("the ConfigMap %q", name), known, wanted)
}

// secret reports keys that one of the set does not have.
func (s sources) secret(w workload, at manifest.Field, name string, optional *bool, wanted ...string) {
	known := s.secrets[w.Value.GetNamespace()+"/"+name]
	if optional == nil || !*optional {
		s.missing(w, at, fmt.Sprintf("the Secret %q", name), known, wanted)
	}
}

func (s sources) missing(w workload, at manifest.Field, what string, known keys, wanted []string) {
	for _, key := range wanted {
		if known.lack(key) {
			s.of.On(w.Object, at, fmt.Sprintf("%s has no key %q", what, key), "Add the key, or correct the name.")
		}
	}
}

// subPath reports a mount of a single key that a ConfigMap does not have.
func (s sources) subPath(c podContainer, m corev1.VolumeMount) {
	v := volumeNamed(c.template.Spec.Volumes, m.Name)
	if m.SubPath == "" || v == nil || v.ConfigMap == nil || len(v.ConfigMap.Items) > 0 {
		return
	}
	if known := s.maps[c.Value.GetNamespace()+"/"+v.ConfigMap.Name]; known.lack(m.SubPath) {
		s.of.On(c.Object, c.in("volumeMounts[%s].subPath", m.MountPath), fmt.Sprintf("the ConfigMap %q has no key %q, so there is an empty directory", v.ConfigMap.Name, m.SubPath), "Add the key, or correct the name.")
	}
}
