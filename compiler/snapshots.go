package compiler

import (
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/diag"
)

// snapshots makes a CronJob that takes VolumeSnapshots of every pod's volumes
// and deletes the oldest, with the rights to do just that.
func snapshots(c *Context) {
	for _, g := range c.Groups {
		if g.Snapshots != nil && g.IsStable() {
			g.snapshot()
		}
	}
}

// snapshotScript is called with the class, the number to keep, the group and
// then the claims. Snapshots of one run have its time in their names.
const snapshotScript = `set -eu
class=$1 keep=$2 group=$3; shift 3
now=$(date -u +%Y%m%d-%H%M%S)
for claim; do
  kubectl create -f - <<END
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata:
  name: $claim-$now
  labels: {statefulc.dev/snapshots-of: "$group", statefulc.dev/claim: "$claim"}
spec:
  ${class:+volumeSnapshotClassName: $class}
  source: {persistentVolumeClaimName: $claim}
END
done
for claim; do
  kubectl get volumesnapshot -l "statefulc.dev/claim=$claim" --sort-by=.metadata.creationTimestamp -o name | head -n "-$keep" | while read -r old; do kubectl delete "$old"; done
done
`

func (g *Group) snapshot() {
	s, at, name := g.Snapshots, g.path.Join("snapshots"), g.Name+"-snapshots"
	var claims []string
	for i, volume := range s.Volumes {
		if _, ok := g.Storage[volume]; !ok {
			g.report("storage-known", at.Join("volumes", fmt.Sprint(i)), fmt.Sprintf("the group has no storage %q", volume), diag.OneOf(volume, keysOf(g.Storage), "State one under storage."))
		}
	}
	for _, host := range g.DNS.Hosts {
		for _, volume := range s.Volumes {
			pod, _, _ := strings.Cut(host, ".")
			claims = append(claims, volume+"-"+pod)
		}
	}
	g.snapshotAccount(name)
	job := &batchv1.CronJob{
		TypeMeta:   kind("batch/v1 CronJob"),
		ObjectMeta: g.named(name),
		Spec: batchv1.CronJobSpec{
			Schedule:          s.Schedule,
			ConcurrencyPolicy: batchv1.ForbidConcurrent,
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{
				BackoffLimit:          new(int32(0)), // the next run is another try
				ActiveDeadlineSeconds: new(int64(600)),
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: g.labels(map[string]string{labelApp: g.App.Name, labelJob: g.key + "-snapshots"})},
					Spec: corev1.PodSpec{
						RestartPolicy:      corev1.RestartPolicyNever,
						ServiceAccountName: name,
						EnableServiceLinks: new(false),
						SecurityContext: &corev1.PodSecurityContext{
							RunAsUser: new(int64(65534)), RunAsNonRoot: new(true),
							SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
						},
						Containers: []corev1.Container{{
							Name:            "snapshots",
							Image:           s.Image,
							Command:         append([]string{"sh", "-c", snapshotScript, "snapshots", s.Class, fmt.Sprint(s.Keep), g.Name}, claims...),
							SecurityContext: restricted(),
						}},
					},
				},
			}},
		},
	}
	o := g.Context.add(job, at, g.selector())
	o.From("spec.schedule", at.Join("schedule"))
	container := "spec.jobTemplate.spec.template.spec.containers[snapshots]"
	o.From(container+".image", at.Join("image"))
	o.From(container+".command[4]", at.Join("class"))
	o.From(container+".command[5]", at.Join("keep"))
	for i := range claims {
		field := fmt.Sprintf("%s.command[%d]", container, 7+i)
		o.From(field, at.Join("volumes"))
		for _, path := range []string{"replicas", "first", "racks"} {
			o.From(field, g.path.Join(path))
		}
	}
	g.linkLabels(o, "spec.jobTemplate.spec.template.metadata.labels")
}

// snapshotAccount may take, see and delete snapshots, and nothing else.
func (g *Group) snapshotAccount(name string) {
	at, labels := g.path.Join("snapshots"), g.selector()
	g.Context.add(&corev1.ServiceAccount{TypeMeta: kind("v1 ServiceAccount"), ObjectMeta: g.named(name)}, at, labels)
	g.Context.add(&rbacv1.Role{
		TypeMeta:   kind("rbac.authorization.k8s.io/v1 Role"),
		ObjectMeta: g.named(name),
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{groupSnapshots}, Resources: []string{"volumesnapshots"}, Verbs: []string{"create", "get", "list", "delete"},
		}},
	}, at, labels)
	g.bind(name, name, at, labels)
}
