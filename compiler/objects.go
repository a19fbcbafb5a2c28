package compiler

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// objects adds the objects that the spec has as they would stand in a file. One
// of a kind of Kubernetes is decoded strictly; others are taken as they are.
func objects(c *Context) {
	byKey(c.App.Objects, func(key string, tree spec.Tree) {
		at := spec.Path{"objects", key}
		if c.refuseKind(tree, at) {
			return
		}
		object, err := decode(tree)
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
		c.report("object-invalid", append(at[:len(at):len(at)], f.path...), fmt.Sprintf("unknown field %q", f.path.String()), cmp.Or(f.fix, fix))
	}
	if len(fields) == 0 {
		c.report("object-invalid", at, err.Error(), fix)
	}
}

// refuseKind reports a kind that a group of Kubernetes does not have; of other
// groups nobody knows the kinds.
func (c *Context) refuseKind(tree spec.Tree, at spec.Path) bool {
	gvk := (&unstructured.Unstructured{Object: tree}).GroupVersionKind()
	if !scheme.Scheme.IsGroupRegistered(gvk.Group) || scheme.Scheme.Recognizes(gvk) {
		return false
	}
	if !scheme.Scheme.IsVersionRegistered(gvk.GroupVersion()) {
		var known []string
		for _, version := range scheme.Scheme.PrioritizedVersionsForGroup(gvk.Group) {
			known = append(known, version.String())
		}
		c.report("object-invalid", at.Join("apiVersion"), fmt.Sprintf("there is no version %q", gvk.GroupVersion()), oneOf(gvk.GroupVersion().String(), known, ""))
		return true
	}
	known := slices.Sorted(maps.Keys(scheme.Scheme.KnownTypes(gvk.GroupVersion())))
	fix := cmp.Or(diag.DidYouMean(gvk.Kind, known), "Write apiVersion and kind as the API server takes them.")
	c.report("object-invalid", at.Join("kind"), fmt.Sprintf("%s has no kind %q", gvk.GroupVersion(), gvk.Kind), fix)
	return true
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

// decode reads a tree into the Go type of its kind, and refuses fields that
// the type does not have.
func decode(tree spec.Tree) (manifest.Resource, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	u := new(unstructured.Unstructured)
	if err := u.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	if !scheme.Scheme.Recognizes(u.GroupVersionKind()) {
		return u, nil
	}
	strict := kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, kjson.SerializerOptions{Strict: true})
	object, _, err := serializer.WithoutConversionCodecFactory{CodecFactory: serializer.NewCodecFactory(scheme.Scheme)}.DecoderToVersion(strict, nil).Decode(text, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "strict decoding error: "))
	}
	object.GetObjectKind().SetGroupVersionKind(u.GroupVersionKind())
	return object.(manifest.Resource), nil
}
