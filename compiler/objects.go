package compiler

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// objects adds the objects that the spec has as they would stand in a file. One
// of a kind of Kubernetes has to fit into it; a custom resource is taken as it
// is, and judged later where its definition is known.
func objects(c *Context) {
	byKey(c.App.Objects, func(key string, tree spec.Tree) {
		at := spec.Path{"objects", key}
		mended := runtime.DeepCopyJSON(tree)
		misfits := manifest.Misfits(mended, nil)
		path := func(below spec.Path) spec.Path { return at.Join(below...) }
		for _, m := range misfits {
			c.refuse("object-invalid", path(m.Path), titleOf(tree), m)
		}
		if !manifest.Mend(mended, misfits) {
			return
		}
		object, err := manifest.Decode(mended)
		if err != nil {
			c.report("object-invalid", at, err.Error(), "Write the object as the API server takes it.")
			return
		}
		if o := c.addForeign(object, mended, at); o != nil {
			linkMisfits(o, misfits, path)
		}
	})
}

// titleOf is Kind/name, as the user wrote them.
func titleOf(tree spec.Tree) string {
	meta, _ := tree["metadata"].(map[string]any)
	return fmt.Sprintf("%v/%v", tree["kind"], meta["name"])
}

// refuse says what does not fit into an object.
func (c *Context) refuse(rule string, at spec.Path, object string, m manifest.Misfit) {
	c.report(rule, at, fmt.Sprintf("%s: %v: %s", object, m.Field, m.Message), m.Fix)
	told := &c.found[len(c.found)-1]
	told.Object, told.Field = object, m.Field.String()
}

// linkMisfits links what was taken out to where it was: that it is missing is
// no news there.
func linkMisfits(o *manifest.Object, misfits []manifest.Misfit, path func(spec.Path) spec.Path) {
	for _, m := range misfits {
		o.FromField(m.Field, path(m.Path))
	}
}

// addForeign adds an object of the user's. It gets the namespace of the
// application unless it has one or is no namespaced kind that we know. It is nil
// if there is one of its name.
func (c *Context) addForeign(object manifest.Resource, tree map[string]any, at spec.Path) *manifest.Object {
	if object.GetNamespace() == "" && !clusterScoped[object.GetObjectKind().GroupVersionKind().Kind] {
		object.SetNamespace(c.App.Namespace)
	}
	o := &manifest.Object{Value: object}
	if c.set.Find(o.Ref()) != nil {
		c.report("object-name", at, fmt.Sprintf("%v is made by the compiler already", o.Ref()), "Give it another name, or change the compiled one by a patch.")
		return nil
	}
	o = c.set.Add(object)
	o.From("metadata.namespace", spec.Path{"namespace"})
	linkTree(o, nil, tree, at)
	return o
}

// linkTree links each field to the same path of the spec, maps and lists too:
// what is said of a field that is missing in one has to stand there.
func linkTree(o *manifest.Object, field manifest.Field, v any, at spec.Path) {
	o.FromField(field, at)
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
