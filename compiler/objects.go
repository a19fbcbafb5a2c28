package compiler

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// objects adds the objects that the spec has as they would stand in a file. One
// of a kind of Kubernetes is decoded strictly; a custom resource is taken as it
// is, and judged later where its definition is known.
func objects(c *Context) {
	byKey(c.App.Objects, func(key string, tree spec.Tree) {
		at := spec.Path{"objects", key}
		object, err := manifest.Decode(tree)
		if err != nil {
			c.refuseObject(tree, err, at)
			return
		}
		c.addForeign(object, tree, at)
	})
}

// refuseObject says of each field that it is not known, at the field, or what
// else is wrong with an object.
func (c *Context) refuseObject(tree spec.Tree, err error, at spec.Path) {
	const fix = "Write the object as the API server takes it."
	like, _ := scheme.Scheme.New((&unstructured.Unstructured{Object: tree}).GroupVersionKind()) // nil: nothing is known of its fields
	fields := unknownFields(like, err)
	for _, f := range fields {
		c.report("object-invalid", append(at[:len(at):len(at)], f.path...), fmt.Sprintf("unknown field %q", f.name), cmp.Or(f.fix, fix))
	}
	if len(fields) == 0 {
		c.report("object-invalid", at, err.Error(), fix)
	}
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
	o.From("metadata.namespace", spec.Path{"namespace"})
	linkTree(o, nil, map[string]any(tree), at)
}

// linkTree links each field to the same path of the spec, maps and lists too:
// what is said of a field that is missing in one has to stand there.
func linkTree(o *manifest.Object, field manifest.Field, v any, at spec.Path) {
	o.Links = append(o.Links, manifest.Link{Field: field, From: at})
	switch v := v.(type) {
	case map[string]any:
		byKey(v, func(key string, below any) {
			linkTree(o, field.Join(manifest.Elem{Name: key}), below, at.Join(key))
		})
	case []any:
		for i, below := range v {
			linkTree(o, field.Join(manifest.Elem{Name: manifest.ElemKey(below, i), Key: true}), below, at.Join(fmt.Sprint(i)))
		}
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
