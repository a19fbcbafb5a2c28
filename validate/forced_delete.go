package validate

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var forcedDelete = Rule{
	Rule: diag.Rule{
		ID:   "forced-delete",
		What: "Data that Argo CD or Flux is told to delete where it cannot change something.",
		Why: `Force makes the engine delete an object that the API server refuses to change, and create it again; with Replace Argo CD
does so at every sync. A claim takes its volume with it. So does a StatefulSet whose whenDeleted is Delete, which says that
the claims go when the set does: and every change of a claim template is refused.`,
		Source: "fluxcd/pkg ssa/manager_apply.go and errors/immutable.go; kubectl pkg/cmd/apply/patcher.go; fluxcd/flux2#4392",
		Fix:    "Leave Force out, and recreate by hand: kubectl delete --cascade=orphan.",
	},
	Objects: func(p *ObjectsPass) {
		for o, set := range objectsOf[*appsv1.StatefulSet](p.Set) {
			keep := set.Spec.PersistentVolumeClaimRetentionPolicy
			if keep != nil && keep.WhenDeleted == appsv1.DeletePersistentVolumeClaimRetentionPolicyType && len(set.Spec.VolumeClaimTemplates) > 0 {
				p.forced(o, "the set and, by whenDeleted, its claims are deleted when a change is refused")
			}
		}
		for o := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
			p.forced(o, "the claim and its data are deleted when a change is refused")
		}
	},
}

const (
	argoOptions = "argocd.argoproj.io/sync-options"
	fluxForce   = "kustomize.toolkit.fluxcd.io/force"
)

func (p *ObjectsPass) forced(o *manifest.Object, what string) {
	annotations := o.Value.GetAnnotations()
	options := strings.ReplaceAll(annotations[argoOptions], " ", "")
	for _, a := range []struct {
		key    string
		forces bool
	}{
		{argoOptions, slices.Contains(strings.Split(options, ","), "Force=true")},
		{fluxForce, strings.EqualFold(annotations[fluxForce], "enabled")},
	} {
		if a.forces {
			p.On(o, manifest.ParseField("metadata.annotations["+a.key+"]"), fmt.Sprintf("%s: %s", annotations[a.key], what), "Leave it out; what cannot be changed is recreated by hand, with kubectl delete --cascade=orphan.")
		}
	}
}
