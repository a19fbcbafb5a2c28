package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// examples is the directory of the committed examples, each with its output
// in deploy/.
var examples = "../examples"

// manifests are an environment's objects, in the order in which they are applied.
type manifests []*unstructured.Unstructured

// build makes the manifests of a kustomize directory, as a GitOps engine would.
func build(t testing.TB, dir string) manifests {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatalf("kustomize build %s: %v", dir, err)
	}
	var m manifests
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		m = append(m, object)
	}
	return m
}

// statefulSet is the only StatefulSet of m; a change to it is one to m.
func (m manifests) statefulSet(t testing.TB) *unstructured.Unstructured {
	t.Helper()
	sets := slices.DeleteFunc(slices.Clone(m), func(o *unstructured.Unstructured) bool { return o.GetKind() != "StatefulSet" })
	if len(sets) != 1 {
		t.Fatalf("the manifests have %d StatefulSets, not one", len(sets))
	}
	return sets[0]
}

// setReplicas changes the number of pods, as an edit in Git would.
func (m manifests) setReplicas(t testing.TB, n int64) {
	t.Helper()
	if err := unstructured.SetNestedField(m.statefulSet(t).Object, n, "spec", "replicas"); err != nil {
		t.Fatal(err)
	}
}

// setImages gives all containers of all StatefulSets another image, as an edit
// in Git would.
func (m manifests) setImages(t testing.TB, image string) {
	t.Helper()
	for _, set := range m {
		if set.GetKind() != "StatefulSet" {
			continue
		}
		for _, list := range []string{"initContainers", "containers"} {
			path := []string{"spec", "template", "spec", list}
			containers, _, err := unstructured.NestedSlice(set.Object, path...)
			if err != nil {
				t.Fatal(err)
			}
			for _, container := range containers {
				container.(map[string]any)["image"] = image
			}
			if err := unstructured.SetNestedSlice(set.Object, containers, path...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// variable is the value of an environment variable in the pod template.
func (m manifests) variable(t testing.TB, container, name string) string {
	t.Helper()
	set := &appsv1.StatefulSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m.statefulSet(t).Object, set); err != nil {
		t.Fatal(err)
	}
	for _, c := range set.Spec.Template.Spec.Containers {
		for _, v := range c.Env {
			if c.Name == container && v.Name == name {
				return v.Value
			}
		}
	}
	t.Fatalf("container %s has no variable %s", container, name)
	return ""
}

// apply applies m as a GitOps engine does, and fails if the API server refuses
// an object or warns of one. It returns the objects as they are stored.
func apply(t testing.TB, m manifests) manifests {
	t.Helper()
	warnings := &warnings{}
	door := newDoor(t, warnings)
	addNamespaces(t, m)
	var stored manifests
	for _, object := range m {
		after, err := door.apply(t.Context(), object)
		if err != nil {
			t.Fatalf("the API server refuses %s: %v", title(object), err)
		}
		for _, w := range warnings.take() {
			t.Errorf("the API server warns of %s: %s", title(object), w)
		}
		stored = append(stored, after)
	}
	return stored
}

func title(o *unstructured.Unstructured) string { return o.GetKind() + " " + o.GetName() }

// door is where objects of any kind go in and out.
type door struct {
	client dynamic.Interface
	kinds  meta.RESTMapper
}

func newDoor(t testing.TB, handler rest.WarningHandler) *door {
	t.Helper()
	config := server(t)
	config.WarningHandler = handler
	return &door{client: dynamic.NewForConfigOrDie(config), kinds: kinds()}
}

// kinds maps kinds to resources. We emit none that a controller would bring
// later, so that one discovery is enough.
var kinds = sync.OnceValue(func() meta.RESTMapper {
	client := discovery.NewDiscoveryClientForConfigOrDie(server(control))
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
})

// to is the resource that the object is, or will be, one of.
func (d *door) to(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := d.kinds.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return d.client.Resource(mapping.Resource), nil
	}
	return d.client.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
}

// apply is server-side apply, with unknown and duplicate fields refused.
func (d *door) apply(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	resource, err := d.to(object)
	if err != nil {
		return nil, err
	}
	text, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	force := true
	return resource.Patch(ctx, object.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{
		FieldManager: "statefulc", Force: &force, FieldValidation: metav1.FieldValidationStrict,
	})
}

// applyAgain applies an object that is there, and returns it as it was right
// before and as it is after: naming the resource version makes the API server
// refuse when a controller has written in between, and then we look again.
func (d *door) applyAgain(ctx context.Context, object *unstructured.Unstructured) (before, after *unstructured.Unstructured, err error) {
	resource, err := d.to(object)
	if err != nil {
		return nil, nil, err
	}
	for {
		before, err = resource.Get(ctx, object.GetName(), metav1.GetOptions{})
		if err != nil {
			return nil, nil, err
		}
		pinned := object.DeepCopy()
		pinned.SetResourceVersion(before.GetResourceVersion())
		after, err = d.apply(ctx, pinned)
		if !apierrors.IsConflict(err) {
			return before, after, err
		}
	}
}

// warnings are those of the API server since the last look.
type warnings struct{ texts []string }

func (w *warnings) HandleWarningHeader(_ int, _, text string) { w.texts = append(w.texts, text) }

func (w *warnings) take() []string {
	texts := w.texts
	w.texts = nil
	return texts
}

// addNamespaces makes the namespaces that m takes for granted. They hold pods
// to the strictest of the Pod Security Standards, and warn of sets whose pods
// would not meet it; unless the application says that it needs more.
func addNamespaces(t testing.TB, m manifests) {
	t.Helper()
	client := kubernetes.NewForConfigOrDie(server(t))
	for _, name := range m.namespaces() {
		_, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
				api.EnforceLevelLabel: string(m.securityLevel()),
				api.WarnLevelLabel:    string(m.securityLevel()),
			}},
		}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
}

// securityLevel is the strictest that the pods meet: a setting of the node is
// made by a privileged container.
func (m manifests) securityLevel() api.Level {
	for _, object := range m {
		text, err := object.MarshalJSON()
		if err == nil && strings.Contains(string(text), `"privileged":true`) {
			return api.LevelPrivileged
		}
	}
	return api.LevelRestricted
}

func (m manifests) namespaces() []string {
	var names []string
	for _, object := range m {
		if ns := object.GetNamespace(); ns != "" && !slices.Contains(names, ns) {
			names = append(names, ns)
		}
	}
	return names
}

// remove deletes the objects of m, and whatever has come of them in their
// namespaces.
func remove(t testing.TB, m manifests) {
	door := newDoor(t, rest.NoWarnings{})
	for _, object := range m {
		if object.GetNamespace() != "" {
			continue
		}
		resource, err := door.to(object)
		if err == nil {
			err = resource.Delete(context.Background(), object.GetName(), metav1.DeleteOptions{})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("delete %s: %v", title(object), err)
		}
	}
	for _, name := range m.namespaces() {
		empty(t, name)
	}
}

// empty deletes everything in the namespace, as its deletion would: the
// namespace controller waits for the grace period of pods, and the garbage
// collector would have to know all kinds, so neither is here.
func empty(t testing.TB, namespace string) {
	client := dynamic.NewForConfigOrDie(server(t))
	eventually(t, "namespace "+namespace+" is empty", func() error {
		var left error
		for _, resource := range deletable() {
			left = errors.Join(left, sweep(client.Resource(resource).Namespace(namespace), resource.Resource))
		}
		return left
	})
}

// sweep returns an error if there was something to delete.
func sweep(collection dynamic.ResourceInterface, name string) error {
	ctx := context.Background() // a test's own is over when its cleanup runs
	list, err := collection.List(ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) == 0 {
		return err
	}
	options := *metav1.NewDeleteOptions(0)
	// Jobs leave their pods behind unless told, and wait for a collector that
	// does not run here.
	options.PropagationPolicy = new(metav1.DeletePropagationBackground)
	err = collection.DeleteCollection(ctx, options, metav1.ListOptions{})
	return errors.Join(err, fmt.Errorf("%d %s", len(list.Items), name))
}

// deletable are the resources that a namespace may hold. Events are left: they
// are only a record, and keep coming.
var deletable = sync.OnceValue(func() []schema.GroupVersionResource {
	lists, err := discovery.NewDiscoveryClientForConfigOrDie(server(control)).ServerPreferredNamespacedResources()
	if err != nil {
		control.Fatal(err)
	}
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "deletecollection"}}, lists)
	found, err := discovery.GroupVersionResources(lists)
	if err != nil {
		control.Fatal(err)
	}
	maps.DeleteFunc(found, func(r schema.GroupVersionResource, _ struct{}) bool { return r.Resource == "events" })
	return slices.Collect(maps.Keys(found))
})
