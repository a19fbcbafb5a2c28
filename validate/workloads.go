package validate

import (
	"fmt"
	"iter"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/statefulc/statefulc/manifest"
)

// objectsOf are the objects of one Go type, each with its value. Nothing is
// defaulted: what nobody wrote is nil or empty.
func objectsOf[T manifest.Resource](set *manifest.Set) iter.Seq2[*manifest.Object, T] {
	return func(yield func(*manifest.Object, T) bool) {
		for _, o := range set.Objects {
			if v, ok := o.Value.(T); ok && !yield(o, v) {
				return
			}
		}
	}
}

// workload is what keeps pods running, or runs them to an end.
type workload struct {
	*manifest.Object
	at       string // the field of its pod template: spec.template
	template *corev1.PodTemplateSpec
	replicas int32                 // how many pods; 1 for a job and where nobody says
	selector *metav1.LabelSelector // nil for jobs
	set      *appsv1.StatefulSet   // nil if it is none
}

// workloads are all objects with a pod template.
func workloads(set *manifest.Set) []workload {
	var out []workload
	for _, o := range set.Objects {
		w := workload{Object: o, at: "spec.template", replicas: 1}
		switch v := o.Value.(type) {
		case *appsv1.StatefulSet:
			w.template, w.selector, w.set = &v.Spec.Template, v.Spec.Selector, v
			w.scale(v.Spec.Replicas)
		case *appsv1.Deployment:
			w.template, w.selector = &v.Spec.Template, v.Spec.Selector
			w.scale(v.Spec.Replicas)
		case *appsv1.DaemonSet:
			w.template, w.selector = &v.Spec.Template, v.Spec.Selector
		case *batchv1.Job:
			w.template = &v.Spec.Template
		case *batchv1.CronJob:
			w.template, w.at = &v.Spec.JobTemplate.Spec.Template, "spec.jobTemplate.spec.template"
		default:
			continue
		}
		out = append(out, w)
	}
	return out
}

func (w *workload) scale(replicas *int32) {
	if replicas != nil {
		w.replicas = *replicas
	}
}

// field is a field of the workload's pod template: spec.containers[db].image.
func (w workload) field(format string, args ...any) manifest.Field {
	return manifest.ParseField(w.at + "." + fmt.Sprintf(format, args...))
}

// isSelected reports whether a selector takes the workload's pods, in the same
// namespace. A selector that is nil or empty takes none.
func (w workload) isSelected(namespace string, selector map[string]string) bool {
	return namespace == w.Value.GetNamespace() && len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(w.template.Labels))
}

// isMatched is isSelected for a selector with expressions.
func (w workload) isMatched(namespace string, selector *metav1.LabelSelector) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && !s.Empty() && namespace == w.Value.GetNamespace() && s.Matches(labels.Set(w.template.Labels))
}
