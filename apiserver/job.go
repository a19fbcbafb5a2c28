package apiserver

import (
	"cmp"
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	jobs "k8s.io/kubernetes/pkg/api/job"
	"k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/features"
)

// See pkg/registry/batch/job/strategy.go.
var job = adapter[*batch.Job]{
	common:   shared,
	prepare:  prepareJob,
	validate: validateJob,
	warn:     warnOfJob,
	gates: func() map[string]bool {
		return map[string]bool{string(features.WorkloadWithJob): utilfeature.DefaultFeatureGate.Enabled(features.WorkloadWithJob)}
	},
}

func prepareJob(j *batch.Job) {
	if !*j.Spec.ManualSelector {
		selectPods(j)
	}
	j.Status = batch.JobStatus{}
	j.Generation = 1
	if !utilfeature.DefaultFeatureGate.Enabled(features.JobManagedBy) {
		j.Spec.ManagedBy = nil
	}
	jobs.DropDisabledFields(&j.Spec, nil)
	pod.DropDisabledTemplateFields(&j.Spec.Template, nil)
}

// selectPods makes the selector of a job, and the labels of its pods, from its
// name and uid. Values that a user wrote stay: validation refuses them.
func selectPods(j *batch.Job) {
	template := &j.Spec.Template
	template.Labels = filled(template.Labels, map[string]string{
		batch.LegacyJobNameLabel:       j.Name,
		batch.JobNameLabel:             j.Name,
		batch.LegacyControllerUidLabel: string(j.UID),
		batch.ControllerUidLabel:       string(j.UID),
	})
	j.Spec.Selector = cmp.Or(j.Spec.Selector, &metav1.LabelSelector{})
	j.Spec.Selector.MatchLabels = filled(j.Spec.Selector.MatchLabels, map[string]string{
		batch.ControllerUidLabel: string(j.UID),
	})
}

// filled adds to labels what they do not have.
func filled(labels, added map[string]string) map[string]string {
	if labels == nil {
		labels = map[string]string{}
	}
	for k, v := range added {
		if _, ok := labels[k]; !ok {
			labels[k] = v
		}
	}
	return labels
}

func validateJob(j *batch.Job) field.ErrorList {
	return batchvalidation.ValidateJobCreate(j, batchvalidation.JobValidationOptions{
		PodValidationOptions:  pod.GetValidationOptionsFromPodTemplate(&j.Spec.Template, nil),
		RequirePrefixedLabels: true,
	})
}

func warnOfJob(j *batch.Job) []string {
	var texts []string
	if faults := validation.IsDNS1123Label(j.Name); len(faults) > 0 {
		texts = append(texts, fmt.Sprintf("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: %v", faults))
	}
	return append(texts, jobs.WarningsForJobSpec(context.Background(), field.NewPath("spec"), &j.Spec, nil)...)
}
