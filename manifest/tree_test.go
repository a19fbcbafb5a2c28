package manifest_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"math/rand"

	"github.com/statefulc/statefulc/manifest"
)

// A tree is what the converter of Kubernetes makes of an object, without what
// says nothing, whatever the object has.
func TestTreeIsTheConverters(t *testing.T) {
	seeded := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), serializer.NewCodecFactory(runtime.NewScheme()))
	for _, kind := range []manifest.Resource{
		&appsv1.StatefulSet{}, &appsv1.Deployment{}, &appsv1.DaemonSet{}, &batchv1.Job{}, &batchv1.CronJob{}, &corev1.Service{},
		&corev1.ConfigMap{}, &corev1.Secret{}, &corev1.PersistentVolume{}, &corev1.PersistentVolumeClaim{}, &corev1.ServiceAccount{},
		&networkingv1.NetworkPolicy{}, &policyv1.PodDisruptionBudget{}, &autoscalingv2.HorizontalPodAutoscaler{}, &rbacv1.Role{}, &storagev1.StorageClass{},
	} {
		for range 50 {
			o := kind.DeepCopyObject().(manifest.Resource)
			seeded.Fill(o)
			want, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
			if err != nil {
				t.Fatal(err)
			}
			delete(want, "status")
			prune(want, reflect.TypeOf(o).Elem())
			if diff := cmp.Diff(want, manifest.Tree(o)); diff != "" {
				t.Fatalf("%T: -converter +tree\n%s", o, diff)
			}
		}
	}
}

// prune removes empty values from the tree of a struct of type t.
func prune(tree map[string]any, t reflect.Type) {
	for k, v := range tree {
		field := manifest.FieldType(t, k)
		switch v := v.(type) {
		case nil:
			delete(tree, k)
		case map[string]any:
			elem := manifest.Deref(field)
			if elem.Kind() == reflect.Struct {
				prune(v, elem)
			}
			if elem.Kind() == reflect.Map && manifest.Deref(elem.Elem()).Kind() == reflect.Struct {
				pruneEach(v, manifest.Deref(elem.Elem()))
			}
			if len(v) == 0 && field.Kind() != reflect.Pointer {
				delete(tree, k)
			}
		case []any:
			if list := manifest.Deref(field); list.Kind() == reflect.Slice {
				pruneList(v, manifest.Deref(list.Elem()))
			}
		}
	}
}

func pruneEach(tree map[string]any, elem reflect.Type) {
	for _, v := range tree {
		if m, ok := v.(map[string]any); ok {
			prune(m, elem)
		}
	}
}

// pruneList prunes the elements of a list. A whole object in a list, such as
// a claim template, has a status of its own.
func pruneList(list []any, elem reflect.Type) {
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok || elem.Kind() != reflect.Struct {
			continue
		}
		if _, ok := elem.FieldByName("ObjectMeta"); ok {
			delete(m, "status")
		}
		prune(m, elem)
	}
}
