package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// jobs makes a Job, or a CronJob on a schedule, for what runs to its end.
func jobs(c *Context) {
	byKey(c.App.Jobs, func(key string, job *spec.Job) {
		name, at := c.App.Name+"-"+key, spec.Path{"jobs", key}
		body := batchv1.JobSpec{
			BackoffLimit:          job.Retries,
			ActiveDeadlineSeconds: new(job.Deadline.Seconds()),
		}
		if job.Schedule == "" {
			o := &batchv1.Job{TypeMeta: kind("batch/v1 Job"), ObjectMeta: c.named(name), Spec: body}
			c.jobPod(name, at, job, c.add(o, at, c.ofApp()), "spec", &o.Spec)
			return
		}
		o := &batchv1.CronJob{
			TypeMeta:   kind("batch/v1 CronJob"),
			ObjectMeta: c.named(name),
			Spec: batchv1.CronJobSpec{
				Schedule: job.Schedule,
				// Two backups at once are none.
				ConcurrencyPolicy: batchv1.ForbidConcurrent,
				JobTemplate:       batchv1.JobTemplateSpec{Spec: body},
			},
		}
		object := c.add(o, at, c.ofApp())
		object.From("spec.schedule", at.Join("schedule"))
		c.jobPod(name, at, job, object, "spec.jobTemplate.spec", &o.Spec.JobTemplate.Spec)
	})
}

// jobPod begins the pod template of a job.
func (c *Context) jobPod(name string, at spec.Path, job *spec.Job, o *manifest.Object, field string, body *batchv1.JobSpec) {
	o.From(field+".backoffLimit", at.Join("retries"))
	o.From(field+".activeDeadlineSeconds", at.Join("deadline"))
	p := &Pod{Context: c, name: name, path: at, object: o, field: field + ".template", template: &body.Template}
	p.template.ObjectMeta = metav1.ObjectMeta{Labels: c.labels(map[string]string{labelApp: c.App.Name, labelJob: at[1]})}
	p.template.Spec = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever,
		// It uses the default account of the namespace, but not its token.
		AutomountServiceAccountToken: new(false),
	}
	p.begin()
	main := &Container{Pod: p, Container: &job.Container, name: at[1], path: at, list: "containers"}
	p.addContainer(main)
	byKey(job.Claims, func(path, claim string) {
		name := main.volumeName("claim", claim)
		if !main.hasVolume(name) {
			main.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
			}}, "claims", path)
		}
		main.mount(corev1.VolumeMount{Name: name, MountPath: path}, "claims", path)
	})
}

// labelJob is on the pods of a job; no group's selector has it.
const labelJob = "statefulc.dev/job"

// once names each Job that runs once after what it does: a Job cannot be
// changed, so another one takes its place.
func once(c *Context) {
	for _, o := range c.set.Objects {
		job, ok := o.Value.(*batchv1.Job)
		if !ok {
			continue
		}
		text, err := json.Marshal(job.Spec)
		if err != nil {
			panic(fmt.Sprintf("compiler: a Job does not marshal: %v", err))
		}
		sum := sha256.Sum256(text)
		job.Name += "-" + hex.EncodeToString(sum[:])[:8]
		for _, p := range c.Pods {
			if p.object == o {
				o.From("metadata.name", p.path)
			}
		}
	}
}
