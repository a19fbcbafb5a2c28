package compiler

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// custom is an object of a kind that Kubernetes itself does not have. Its spec
// is judged by the project's own definition, like an object of the user's.
func custom(of string, meta metav1.ObjectMeta, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	typed := kind(of)
	u.SetAPIVersion(typed.APIVersion)
	u.SetKind(typed.Kind)
	u.SetName(meta.Name)
	u.SetNamespace(meta.Namespace)
	return u
}
