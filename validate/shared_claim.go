package validate

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/statefulc/statefulc/diag"
)

var sharedClaim = Rule{
	Rule: diag.Rule{
		ID:       "shared-claim",
		Severity: diag.Warning,
		What:     "One claim that several pods mount, and that only one node can.",
		Why: `All pods of a workload mount the claim that its template names. Those on other nodes wait for the volume for ever
(Multi-Attach), those on the same node write over each other's files. Only a claim template gives each pod its own.`,
		Source: "kubernetes pkg/controller/volume/attachdetach/reconciler; kubernetes.io/docs/concepts/storage/persistent-volumes (access modes)",
		Fix:    "Use a claim template, or a volume with ReadWriteMany.",
		Reads:  diag.Reads{Pod: setsThere + " replicas", App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.selector == nil || w.replicas < 2 {
				continue
			}
			p.claimsOfOneNode(w, func(volume, claim string, mode corev1.PersistentVolumeAccessMode) {
				p.On(w.Object, w.field("spec.volumes[%s]", volume), fmt.Sprintf("%d pods mount the claim %q, which is %s", w.replicas, claim, mode), "Use a claim template, or ReadWriteMany.")
			})
		}
	},
}

var deploymentClaim = Rule{
	Rule: diag.Rule{
		ID:       "deployment-claim",
		Severity: diag.Warning,
		What:     "A Deployment that starts a new pod before the old one is gone, with a claim that only one node can mount.",
		Why: `A rolling update makes one pod more than replicas, which waits for the volume of the old one, which waits for the new one
to be ready: on another node the update never ends, and on the same one both write to it.`,
		Source: "kubernetes pkg/apis/apps/v1/defaults.go (maxSurge 25%); kubernetes.io/docs/tasks/run-application/run-single-instance-stateful-application",
		Fix:    "Set strategy Recreate, or use a StatefulSet.",
		Reads:  diag.Reads{Pod: setsThere + " replicas", App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			d, ok := w.Value.(*appsv1.Deployment)
			if !ok || w.replicas != 1 || !surges(d) { // of more pods, shared-claim speaks
				continue
			}
			p.claimsOfOneNode(w, func(volume, claim string, mode corev1.PersistentVolumeAccessMode) {
				p.On(w.Object, w.field("spec.volumes[%s]", volume), fmt.Sprintf("a rolling update needs the claim %q twice, and it is %s", claim, mode), "Set strategy Recreate, or use a StatefulSet.")
			})
		}
	},
}

// surges reports whether an update makes one pod more than there should be.
func surges(d *appsv1.Deployment) bool {
	s := d.Spec.Strategy
	if s.Type == appsv1.RecreateDeploymentStrategyType || s.RollingUpdate == nil || s.RollingUpdate.MaxSurge == nil {
		return s.Type != appsv1.RecreateDeploymentStrategyType
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(s.RollingUpdate.MaxSurge, 1, true)
	return err == nil && n > 0
}

// claimsOfOneNode calls found for the volumes of a workload that are claims of
// the set, to be mounted on one node or by one pod.
func (p *ObjectsPass) claimsOfOneNode(w workload, found func(volume, claim string, mode corev1.PersistentVolumeAccessMode)) {
	for _, v := range w.template.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		c := p.claimNamed(w.Value.GetNamespace(), v.PersistentVolumeClaim.ClaimName)
		if c == nil || len(c.Spec.AccessModes) == 0 || slices.ContainsFunc(c.Spec.AccessModes, isMany) {
			continue
		}
		found(v.Name, c.Name, c.Spec.AccessModes[0])
	}
}

func isMany(m corev1.PersistentVolumeAccessMode) bool {
	return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
}
