package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var certificateNames = Rule{
	Rule: diag.Rule{
		ID:       "certificate-names",
		Severity: diag.Warning,
		What:     "A certificate that the pods of a StatefulSet serve with, and that does not have their names.",
		Why: `Members reach each other by pod.service.namespace.svc, where service is the set's serviceName: under any other name the
connection is refused. A wildcard stands for one label, so the pods want *.service.namespace.svc. It is what is forgotten
when a set or its Service is renamed or moved to another namespace.`,
		Source: "RFC 6125, 6.4.3; kubernetes pkg/controller/statefulset/stateful_set_utils.go",
		Fix:    "Add *.<serviceName>.<namespace>.svc.<domain> to dnsNames.",
		Reads:  diag.Reads{App: objectsThere + " name namespace domain groups.*.replicas groups.*.autoscale"},
	},
	Objects: func(p *ObjectsPass) {
		for o, u := range objectsOf[*unstructured.Unstructured](p.Set) {
			if u.GetKind() != "Certificate" || !strings.HasPrefix(u.GetAPIVersion(), "cert-manager.io/") || !serves(u) {
				continue
			}
			names, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "dnsNames")
			for _, w := range workloads(p.Set) {
				if w.set == nil || w.set.Spec.ServiceName == "" || w.replicas < 2 || len(names) == 0 || !mountsSecretOf(w, u) || namesPods(w, names) {
					continue
				}
				pods := fmt.Sprintf("*.%s.%s.svc", w.set.Spec.ServiceName, cmp.Or(w.set.Namespace, "<namespace>"))
				p.On(o, manifest.ParseField("spec.dnsNames"), fmt.Sprintf("the pods of %v serve with it, and no name in it is theirs: %s", w.Ref(), pods), "Add "+pods+", and with the cluster's domain.")
			}
		}
	},
}

// serves reports whether a certificate is for a server: not for clients alone,
// nor for an issuer.
func serves(u *unstructured.Unstructured) bool {
	isCA, _, _ := unstructured.NestedBool(u.Object, "spec", "isCA")
	usages, stated, _ := unstructured.NestedStringSlice(u.Object, "spec", "usages")
	return !isCA && (!stated || slices.Contains(usages, "server auth"))
}

// mountsSecretOf reports whether the pods see the certificate's Secret.
func mountsSecretOf(w workload, u *unstructured.Unstructured) bool {
	secret, _, _ := unstructured.NestedString(u.Object, "spec", "secretName")
	if secret == "" || u.GetNamespace() != w.Value.GetNamespace() {
		return false
	}
	for _, v := range w.template.Spec.Volumes {
		if v.Secret != nil && v.Secret.SecretName == secret {
			return true
		}
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.Secret != nil && s.Secret.Name == secret {
				return true
			}
		}
	}
	return false
}

// namesPods reports whether a name covers the pods in any of the forms that
// resolve, or the first pod, as one of all, is listed. Where the namespace is
// not stated, any will do.
func namesPods(w workload, names []string) bool {
	service, namespace := w.set.Spec.ServiceName, w.set.Namespace
	first := fmt.Sprintf("%s-%d", w.set.Name, w.first())
	for _, form := range []string{service, service + "." + namespace, service + "." + namespace + ".svc"} {
		if slices.Contains(names, "*."+form) || slices.Contains(names, first+"."+form) {
			return true
		}
	}
	full := "." + service + "." + namespace + ".svc."
	if namespace == "" {
		full = "." + service + "."
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(name, "*"+full) || strings.HasPrefix(name, first+full)
	})
}

// first is the ordinal of a set's first pod.
func (w workload) first() int32 {
	if w.set.Spec.Ordinals == nil {
		return 0
	}
	return w.set.Spec.Ordinals.Start
}
