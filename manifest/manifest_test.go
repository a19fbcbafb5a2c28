package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

func set() *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: "shop"},
		Spec: appsv1.StatefulSetSpec{
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{
					Name:         "db",
					VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "data", MountPath: "/data/log"}},
				}},
				Volumes: []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
			}},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Name: "data"},
				Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{
					Requests: corev1.ResourceList{"storage": resource.MustParse("1024Mi")},
				}},
			}},
		},
	}
}

// What the API server reads as absent is left out; what means something stays,
// and quantities are written as the API server stores them.
func TestTreeIsWhatAPersonWouldWrite(t *testing.T) {
	mount := func(path string) any { return map[string]any{"name": "data", "mountPath": path} }
	want := map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "StatefulSet",
		"metadata":   map[string]any{"name": "db", "namespace": "shop"},
		"spec": map[string]any{
			"serviceName": "",
			"template": map[string]any{"spec": map[string]any{
				"containers": []any{map[string]any{"name": "db", "volumeMounts": []any{mount("/data"), mount("/data/log")}}},
				"volumes":    []any{map[string]any{"name": "tmp", "emptyDir": map[string]any{}}},
			}},
			"volumeClaimTemplates": []any{map[string]any{
				"metadata": map[string]any{"name": "data"},
				"spec":     map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}}},
			}},
		},
	}
	if diff := cmp.Diff(want, manifest.Tree(set())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The tree of a custom resource leaves out its status, and the object as it
// was: what is asked of it later has to see all of it.
func TestTreeLeavesTheObjectAsItWas(t *testing.T) {
	u := &unstructured.Unstructured{Object: map[string]any{"kind": "Certificate", "status": map[string]any{"revision": int64(1)}}}
	before := u.DeepCopy()
	if diff := cmp.Diff(map[string]any{"kind": "Certificate"}, manifest.Tree(u)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(before, u); diff != "" {
		t.Errorf("the object changed: -before +after\n%s", diff)
	}
}

func TestLocateFindsKeysBehindPositions(t *testing.T) {
	tree := manifest.Tree(set())
	for printed, want := range map[string]string{
		"spec.template.spec.containers[0].volumeMounts[1].mountPath":      "spec.template.spec.containers[db].volumeMounts[/data/log].mountPath",
		"spec.volumeClaimTemplates[0].spec.resources[storage]":            "spec.volumeClaimTemplates[data].spec.resources.storage",
		"spec.template.spec.containers[3].image":                          "spec.template.spec.containers[3].image",
		"metadata.labels[app.kubernetes.io/name]":                         "metadata.labels[app.kubernetes.io/name]",
		"spec.template.spec.containers[0].volumeMounts[1].mountPath.more": "spec.template.spec.containers[db].volumeMounts[/data/log].mountPath.more",
	} {
		if got := manifest.Locate(tree, printed).String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", printed, got, want)
		}
	}
}

// Every field that Leaves visits is read back by ParseField: the two agree on
// how a field is written.
func TestLeavesParseBack(t *testing.T) {
	n := 0
	manifest.Leaves(manifest.Tree(set()), func(f manifest.Field, _ any) {
		n++
		if got := manifest.ParseField(f.String()); !f.Covers(got) || !got.Covers(f) {
			t.Errorf("%v reads back as %v", f, got)
		}
	})
	if n == 0 {
		t.Error("no leaf was visited")
	}
}

func TestTraceTakesTheClosestLink(t *testing.T) {
	o := &manifest.Object{Value: set()}
	o.From("spec", spec.Path{"groups", "db"})
	o.From("spec.template.spec.containers[db].volumeMounts[/data]", spec.Path{"groups", "db", "storage", "data"})
	o.From("spec.template.spec.containers[db].volumeMounts[/data]", spec.Path{"groups", "db", "scratch"})
	for field, want := range map[string][]spec.Path{
		"spec.replicas": {{"groups", "db"}},
		"spec.template.spec.containers[db].volumeMounts[/data].name": {{"groups", "db", "storage", "data"}, {"groups", "db", "scratch"}},
		"metadata.name": nil,
	} {
		if diff := cmp.Diff(want, o.Trace(manifest.ParseField(field))); diff != "" {
			t.Errorf("%s: -want +got\n%s", field, diff)
		}
	}
}
