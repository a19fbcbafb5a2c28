// Package apiserver says what the API server of Kubernetes 1.37 would answer
// to a request that creates an object: its errors, its warnings, and the
// fields that it would drop without a word.
//
// It runs the server's own code (defaulting, conversion, validation) in
// process, so nothing is imitated and no cluster is asked. Custom resources of
// four projects are judged by the definitions in crds. It refuses to do
// what only a cluster can: admission plugins and webhooks, quota, names that
// are taken, addresses and node ports to allocate. It judges one object at a
// time; whether two objects fit together is not the API server's business.
//
// Feature gates are at their defaults. Upstream keeps them, and the
// permission to run privileged containers, in process-wide variables; this
// package sets the latter to "allowed" when it is first used.
package apiserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/capabilities"

	"github.com/statefulc/statefulc/manifest"
)

// Kind is what the API server does with an object because of a field.
type Kind int

const (
	Refused Kind = iota // it does not take the object
	Warned              // it takes the object and warns the client
	Dropped             // it takes the object, but not this field, and says nothing
)

func (k Kind) String() string { return [...]string{"refused", "warned", "dropped"}[k] }

// Verdict is one thing that the API server has to say about an object.
type Verdict struct {
	Kind    Kind
	Field   string // as the server prints it, spec.template.spec.containers[0].image; "" is the object as a whole
	Message string // in the server's words, without the field
}

func (v Verdict) String() string {
	if v.Field == "" {
		return fmt.Sprintf("%v: %s", v.Kind, v.Message)
	}
	return fmt.Sprintf("%v: %s: %s", v.Kind, v.Field, v.Message)
}

// Create is what the API server says when it is asked to create r, each thing
// once, in a fixed order; nothing if it takes r as it is. An object that
// cannot be applied server-side, as GitOps tools do, is refused too, although
// a plain create is possible.
//
// r is not changed, and Create may run in many goroutines. An object of a kind
// that the package does not know is a bug of the caller, so it panics: ask
// [Knows] before.
func Create(r manifest.Resource) []Verdict {
	gvk, err := kindOf(r)
	if err != nil {
		panic(err)
	}
	if u, ok := r.(*unstructured.Unstructured); ok {
		return createUntyped(u)
	}
	return create(r.DeepCopyObject().(manifest.Resource), gvk)
}

// createUntyped is [Create] for an object that was not read into its Go type;
// fields that the type does not have are refused.
func createUntyped(u *unstructured.Unstructured) []Verdict {
	text, err := u.MarshalJSON()
	if err != nil {
		panic(err) // maps, lists and scalars
	}
	verdicts, err := createText(strictJSON, text)
	if err != nil {
		panic(err) // one object, of a kind that is known
	}
	return verdicts
}

// create is [Create] for an object that it may change.
func create(r manifest.Resource, gvk schema.GroupVersionKind) []Verdict {
	written := tree(r)
	unapplied := append(nameless(r), nulls(written, kinds[gvk])...)
	stored, texts, err := store(r, gvk)
	if err != nil {
		return sorted(append(refused(err), unapplied...))
	}
	unapplied = append(unapplied, duplicates(stored, kinds[gvk])...)
	return sorted(slices.Concat(
		unapplied,
		except(warned(texts), unapplied),
		dropped(nil, written, stored),
	))
}

// store does what the server does with the object of a request, up to the
// first byte in etcd: defaults, the version that the server works on, the
// strategy of the kind, and back.
func store(r manifest.Resource, gvk schema.GroupVersionKind) (stored map[string]any, w warnings, err error) {
	if u, ok := r.(*unstructured.Unstructured); ok {
		return storeCustom(u, gvk)
	}
	legacyscheme.Scheme.Default(r)
	hub, err := legacyscheme.Scheme.ConvertToVersion(r, schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return nil, nil, err
	}
	if err := admit(hub.(manifest.Resource), gvk, &w); err != nil {
		return nil, nil, err
	}
	external, err := legacyscheme.Scheme.ConvertToVersion(hub, gvk.GroupVersion())
	if err != nil {
		return nil, nil, err
	}
	return tree(external), w, nil
}

// uid is that of every object: the rules for jobs print it, and we say the
// same each time.
const uid = "00000000-0000-0000-0000-000000000000"

// admit validates an object and removes what may not be stored. The order is
// that of Store.create in k8s.io/apiserver/pkg/registry/generic/registry.
func admit(hub manifest.Resource, gvk schema.GroupVersionKind, w *warnings) error {
	// The server's flag --allow-privileged is on wherever a network or storage
	// driver runs. Only the first call in a process has an effect.
	capabilities.Setup(true, 0)

	k := kinds[gvk]
	rest.WipeObjectMetaSystemFields(hub)
	rest.FillObjectMetaSystemFields(hub)
	hub.SetUID(uid)
	if k.begin != nil {
		if err := k.begin(hub); err != nil {
			return err
		}
	}
	return rest.BeforeCreate(k.strategy, requestContext(hub, gvk, k.strategy, w), hub)
}

// requestContext is that of the request which would carry the object: rules
// that are generated from tags read the version from it, strategies warn
// through it.
func requestContext(o metav1.Object, gvk schema.GroupVersionKind, s rest.RESTCreateStrategy, w *warnings) context.Context {
	namespace := ""
	if s.NamespaceScoped() {
		namespace = cmp.Or(o.GetNamespace(), metav1.NamespaceDefault)
	}
	ctx := request.WithNamespace(context.Background(), namespace)
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{Verb: "create", APIGroup: gvk.Group, APIVersion: gvk.Version})
	return warning.WithWarningRecorder(ctx, w)
}

// warnings are what strategies warn of; the first argument of AddWarning
// names the component that warns, and is always empty here.
type warnings []string

func (w *warnings) AddWarning(_, text string) { *w = append(*w, text) }

// warned reads warnings, most of which begin with a field.
func warned(texts []string) []Verdict {
	var out []Verdict
	for _, text := range texts {
		v := Verdict{Kind: Warned, Message: text}
		if field, message, ok := strings.Cut(text, ": "); ok && !strings.Contains(field, " ") {
			v.Field, v.Message = field, message
		}
		out = append(out, v)
	}
	return out
}

// refused reads an answer of the server. Validation gives a cause for each
// field, everything else is about the object as a whole.
func refused(err error) []Verdict {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || status.ErrStatus.Details == nil || len(status.ErrStatus.Details.Causes) == 0 {
		return []Verdict{{Refused, "", err.Error()}}
	}
	var out []Verdict
	for _, c := range status.ErrStatus.Details.Causes {
		out = append(out, Verdict{Refused, printed(c.Field), c.Message})
	}
	return out
}

// printed is a field of a cause. The object as a whole has the empty path if
// it is a ConfigMap that is too large, of which the server prints the brackets
// only, and no path at all if it is a custom resource.
func printed(field string) string {
	if field == "[]" || field == "<nil>" {
		return ""
	}
	return field
}

// except removes verdicts on fields at or below which others speak already:
// the server warns of a duplicate that server-side apply refuses.
func except(vs, others []Verdict) []Verdict {
	return slices.DeleteFunc(vs, func(v Verdict) bool {
		return slices.ContainsFunc(others, func(o Verdict) bool { return strings.HasPrefix(v.Field, o.Field) })
	})
}

// sorted returns the verdicts in order and each once. Validation walks maps,
// and finds some faults twice.
func sorted(vs []Verdict) []Verdict {
	slices.SortFunc(vs, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(vs)
}
