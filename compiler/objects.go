package compiler

import (
	"fmt"
	"strings"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// objects adds the objects that the spec has as they would stand in a file. One
// of a kind of Kubernetes is decoded strictly; others are taken as they are.
func objects(c *Context) {
	byKey(c.App.Objects, func(key string, tree spec.Tree) {
		at := spec.Path{"objects", key}
		object, err := manifest.Decode(tree)
		if err != nil {
			c.report("object-invalid", at, strings.TrimPrefix(err.Error(), "strict decoding error: "), "Write the object as the API server takes it.")
			return
		}
		c.addForeign(object, tree, at)
	})
}

// addForeign adds an object of the user's. It gets the namespace of the
// application unless it has one or is no namespaced kind that we know.
func (c *Context) addForeign(object manifest.Resource, tree spec.Tree, at spec.Path) {
	if object.GetNamespace() == "" && !clusterScoped[object.GetObjectKind().GroupVersionKind().Kind] {
		object.SetNamespace(c.App.Namespace)
	}
	o := &manifest.Object{Value: object}
	if c.set.Find(o.Ref()) != nil {
		c.report("object-name", at, fmt.Sprintf("%v is made by the compiler already", o.Ref()), "Give it another name, or change the compiled one by a patch.")
		return
	}
	o = c.set.Add(object)
	o.From("", at)
	o.From("metadata.namespace", spec.Path{"namespace"})
	linkTree(o, nil, map[string]any(tree), at)
}

// linkTree links each field to the same path of the spec.
func linkTree(o *manifest.Object, field manifest.Field, v any, at spec.Path) {
	switch v := v.(type) {
	case map[string]any:
		byKey(v, func(key string, below any) {
			linkTree(o, field.Join(manifest.Elem{Name: key}), below, at.Join(key))
		})
	case []any:
		for i, below := range v {
			linkTree(o, field.Join(manifest.Elem{Name: manifest.ElemKey(below, i), Key: true}), below, at.Join(fmt.Sprint(i)))
		}
	default:
		o.Links = append(o.Links, manifest.Link{Field: field, From: at})
	}
}

// clusterScoped are the kinds of k8s.io/api without a namespace.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true, "StorageClass": true, "VolumeAttributesClass": true,
	"CSIDriver": true, "ClusterRole": true, "ClusterRoleBinding": true, "PriorityClass": true, "RuntimeClass": true,
	"IngressClass": true, "CustomResourceDefinition": true, "APIService": true, "ClusterIssuer": true,
	"ClusterSecretStore": true, "VolumeSnapshotClass": true, "VolumeSnapshotContent": true,
	"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
}
