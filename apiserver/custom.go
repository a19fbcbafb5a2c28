package apiserver

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/operation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage/names"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// crds are the CustomResourceDefinitions of the kinds, as their projects
// publish them, without descriptions and versions that are not served. A test
// in e2e holds them against the projects' modules, and writes them.
//
//go:embed crds
var crds embed.FS

// customResource is how the server treats the objects of a definition: the
// strategy of pkg/registry/customresource in k8s.io/apiextensions-apiserver.
// That package brings etcd and grpc, 550 packages; what it calls is the
// server's own here too.
type customResource struct {
	names.NameGenerator
	definition func() definition // read when the first object of the kind comes
}

// definition is what the server makes of a CustomResourceDefinition.
type definition struct {
	namespaced bool
	status     bool // is a subresource, so that create drops it
	structure  *structural.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator // nil if the definition has none
}

// defined is the strategy for the kind of the definition with this name.
func defined(name string) *customResource {
	return &customResource{names.SimpleNameGenerator, sync.OnceValue(func() definition { return read(name) })}
}

// read panics on what no definition in the package is: the server would not
// serve it.
func read(name string) definition {
	var crd apiextensionsv1.CustomResourceDefinition
	text, err := crds.ReadFile("crds/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &crd)
	}
	if err != nil || len(crd.Spec.Versions) != 1 {
		panic(fmt.Sprintf("apiserver: the definition %s has %d versions: %v", name, len(crd.Spec.Versions), err))
	}
	d, err := define(crd.Spec.Versions[0])
	if err != nil {
		panic(fmt.Sprintf("apiserver: the definition %s: %v", name, err))
	}
	d.namespaced = crd.Spec.Scope == apiextensionsv1.NamespaceScoped
	return d
}

// define follows crdHandler.getOrCreateServingInfoFor in pkg/apiserver of
// k8s.io/apiextensions-apiserver.
func define(v apiextensionsv1.CustomResourceDefinitionVersion) (d definition, err error) {
	var internal apiextensions.CustomResourceValidation
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, &internal, nil); err != nil {
		return d, err
	}
	if d.structure, err = structural.NewStructural(internal.OpenAPIV3Schema); err != nil {
		return d, err
	}
	d.structure = d.structure.DeepCopy() // the defaults in it are not ours yet
	if err := defaulting.PruneDefaults(d.structure); err != nil {
		return d, err
	}
	d.status = v.Subresources != nil && v.Subresources.Status != nil
	d.rules = cel.NewValidator(d.structure, true, celconfig.PerCallLimit)
	d.schema, _, err = validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	return d, err
}

// coerce does to an object what decoding does where there is a Go type:
// fields that the definition does not have are removed, and returned. See
// unstructuredSchemaCoercer.apply in pkg/apiserver.
func (d definition) coerce(u *unstructured.Unstructured) (unknown []string, err error) {
	gvk := u.GroupVersionKind()
	metadata, found, inMeta, err := objectmeta.GetObjectMetaWithOptions(u.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	pruned := pruning.PruneWithOptions(u.Object, d.structure, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	fault, embedded := objectmeta.CoerceWithOptions(nil, u.Object, d.structure, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fault != nil {
		return nil, fault
	}
	u.SetGroupVersionKind(gvk)
	if found {
		err = objectmeta.SetObjectMeta(u.Object, metadata)
	}
	return append(append(inMeta, pruned...), embedded...), err
}

// storeCustom is store for a custom resource, which has one version and no Go
// type: what was written is the object itself, so that a copy is stored.
func storeCustom(u *unstructured.Unstructured, gvk schema.GroupVersionKind) (stored map[string]any, w warnings, err error) {
	u = u.DeepCopy()
	structure := kinds[gvk].custom().definition().structure
	defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, structure)
	defaulting.Default(u.Object, structure)
	if err := admit(u, gvk, &w); err != nil {
		return nil, nil, err
	}
	return u.Object, w, nil
}

func (c *customResource) NamespaceScoped() bool { return c.definition().namespaced }

// ObjectKinds and Recognizes are for objects that say themselves what they are.
func (*customResource) ObjectKinds(o runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return legacyscheme.Scheme.ObjectKinds(o)
}

func (*customResource) Recognizes(schema.GroupVersionKind) bool { return true }

func (c *customResource) PrepareForCreate(_ context.Context, o runtime.Object) {
	u := o.(*unstructured.Unstructured)
	if c.definition().status {
		delete(u.Object, "status")
	}
	u.SetGeneration(1)
}

func (c *customResource) Validate(ctx context.Context, o runtime.Object) field.ErrorList {
	u, d := o.(*unstructured.Unstructured), c.definition()
	errs := d.validateMeta(ctx, u)
	errs = append(errs, validation.ValidateCustomResource(nil, u.Object, d.schema)...)
	errs = append(errs, objectmeta.Validate(ctx, nil, u.Object, d.structure, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, d.structure, u.Object)...)
	switch {
	case d.rules == nil:
		return errs
	case blocked(errs):
		return append(errs, field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"))
	}
	broken, _ := d.rules.Validate(ctx, nil, d.structure, u.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, broken...)
}

func (d definition) validateMeta(ctx context.Context, u *unstructured.Unstructured) field.ErrorList {
	at, metadata := field.NewPath("metadata"), &metav1.ObjectMeta{}
	written, _ := u.Object["metadata"].(map[string]any)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(written, metadata); err != nil {
		return field.ErrorList{field.Invalid(at, written, err.Error())}
	}
	beta := utilfeature.DefaultFeatureGate.Enabled(features.DeclarativeValidationBeta)
	return metavalidation.ValidateObjectMetaDeclaratively(ctx, operation.Create, metadata, nil, d.namespaced, metavalidation.NameIsDNSSubdomain, at, beta)
}

// blocked reports whether rules would be asked about an object that is not
// what they expect.
func blocked(errs field.ErrorList) bool {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// WarningsOnCreate warns of finalizers without the domain of their owner.
func (*customResource) WarningsOnCreate(_ context.Context, o runtime.Object) []string {
	var texts []string
	for _, f := range o.(*unstructured.Unstructured).GetFinalizers() {
		for _, fault := range utilvalidation.IsQualifiedName(f) {
			texts = append(texts, fmt.Sprintf("metadata.finalizers: %q: %s", f, fault))
		}
		switch {
		case strings.Contains(f, "/"), f == metav1.FinalizerOrphanDependents, f == metav1.FinalizerDeleteDependents, f == string(corev1.FinalizerKubernetes):
		case strings.Contains(f, "."):
			texts = append(texts, fmt.Sprintf("metadata.finalizers: %q: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers", f))
		default:
			texts = append(texts, fmt.Sprintf("metadata.finalizers: %q: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers", f))
		}
	}
	return texts
}

func (*customResource) Canonicalize(runtime.Object) {}
