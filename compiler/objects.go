package compiler

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/runtime"

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
			c.undecodable(err, at)
			return
		}
		c.addForeign(object, tree, at)
	})
}

// undecodable reports each unknown field where it stands, and what else is
// wrong with an object at the object: the decoder does not say where in a list
// a value of the wrong type is.
func (c *Context) undecodable(err error, at spec.Path) {
	faults := []error{err}
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		faults = strict.Errors()
	}
	for _, fault := range faults {
		where := at
		if m := unknownField.FindStringSubmatch(fault.Error()); m != nil {
			for _, e := range manifest.ParseField(m[1]) {
				where = where.Join(e.Name)
			}
		}
		c.report("object-invalid", where, fault.Error(), "Write the object as the API server takes it.")
	}
}

// unknownField is a text of the decoder, sigs.k8s.io/json.
var unknownField = regexp.MustCompile(`^unknown field "(.+)"$`)

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
