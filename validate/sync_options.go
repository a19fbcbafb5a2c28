package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// What the engines read on an object.
const (
	argoOptions = "argocd.argoproj.io/sync-options"
	argoWave    = "argocd.argoproj.io/sync-wave"
	fluxForce   = "kustomize.toolkit.fluxcd.io/force"
)

var forcedSync = Rule{
	Rule: diag.Rule{
		ID:   "forced-sync",
		What: "Data that Argo CD or Flux is told to delete and make again when a change is refused.",
		Why: `Any refused field is enough: of a set all pods are deleted at once, and with onDelete: delete their claims; of a claim the
data. There is no option that leaves the pods alone. Replace=true writes the whole object: a claim without the name of its
volume is refused, and a set without replicas goes to one pod.`,
		Source: "fluxcd/pkg ssa/manager_apply.go and errors/immutable.go; kubectl cmd/apply/patcher.go and cmd/replace/replace.go; flux2#4392",
		Fix:    "Leave the option out, and make the change by hand where it is refused.",
		Reads:  diag.Reads{Own: ".", App: "labels"},
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			if !holdsData(o) {
				continue
			}
			if strings.EqualFold(o.Value.GetAnnotations()[fluxForce], "enabled") {
				p.On(o, annotation(fluxForce), "Flux deletes the object and what hangs on it when a change is refused", "Leave the annotation out, and make the change by hand where it is refused.")
			}
			p.argoForces(o)
		}
	},
}

var claimWave = Rule{
	Rule: diag.Rule{
		ID:       "claim-wave",
		Severity: diag.Warning,
		What:     "A claim that a sync of Argo CD waits for, while the claim waits for a pod of a later wave.",
		Why: `With WaitForFirstConsumer a claim is bound once a pod uses it. Argo CD does not go on to the next wave before all of this one
is healthy, and a claim that is not bound is not: the pod is never made. The pod of a CronJob comes with its schedule.`,
		Source: "argoproj/argo-cd#12840, #29201; gitops-engine/pkg/health/health_pvc.go",
		Fix:    "Give the claim the wave of what uses it.",
		Reads:  diag.Reads{App: objectsThere + " storageClasses groups.*.storage groups.*.first groups.*.replicas jobs.*.storage"},
	},
	Objects: func(p *ObjectsPass) {
		for o, c := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
			if !p.waitsForPod(c) || wave(o) >= p.lastWave() {
				continue
			}
			if user, later := p.firstUser(o, c); later {
				p.On(o, annotation(argoWave), fmt.Sprintf("the waves after %d wait for the claim, which waits for a pod of %s", wave(o), user), "Give the claim the wave of what uses it.")
			}
		}
	},
}

func annotation(key string) manifest.Field {
	return manifest.ParseField("metadata.annotations[" + key + "]")
}

// holdsData reports whether data goes with an object.
func holdsData(o *manifest.Object) bool {
	switch o.Value.(type) {
	case *appsv1.StatefulSet, *corev1.PersistentVolumeClaim, *corev1.PersistentVolume, *corev1.Namespace:
		return true
	}
	return false
}

func (p *ObjectsPass) argoForces(o *manifest.Object) {
	options := o.Value.GetAnnotations()[argoOptions]
	severity, message := diag.Error, ""
	switch _, isClaim := o.Value.(*corev1.PersistentVolumeClaim); {
	case hasOption(options, "Force=true"):
		message = "Force=true deletes the object and what hangs on it when a change is refused"
	case hasOption(options, "Replace=true") && isClaim:
		message = "Replace=true writes the claim as a whole, and without the name of its volume it is refused"
	case hasOption(options, "Replace=true"):
		severity, message = diag.Warning, "Replace=true writes over what others set, such as the number of pods"
	default:
		return
	}
	p.as(severity, o, annotation(argoOptions), message, "Leave the option out, and make the change by hand where it is refused.")
}

// hasOption looks for one of a list such as "Prune=false, Force=true".
func hasOption(options, option string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if strings.TrimSpace(o) == option {
			return true
		}
	}
	return false
}

// wave is when Argo CD applies an object; 0 if nobody says.
func wave(o *manifest.Object) int {
	n, err := strconv.Atoi(o.Value.GetAnnotations()[argoWave])
	if err != nil {
		return 0 // as gitops-engine does
	}
	return n
}

func (p *ObjectsPass) lastWave() int {
	last := 0
	for _, o := range p.Set.Objects {
		last = max(last, wave(o))
	}
	return last
}

// waitsForPod reports whether a claim is bound only once a pod uses it, as far
// as the class is known here.
func (p *ObjectsPass) waitsForPod(c *corev1.PersistentVolumeClaim) bool {
	for _, class := range objectsOf[*storagev1.StorageClass](p.Set) {
		if c.Spec.StorageClassName != nil && *c.Spec.StorageClassName == class.Name {
			return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer && c.Spec.VolumeName == ""
		}
	}
	return false
}

// firstUser is what first makes a pod that uses a claim, and whether that is
// later than Argo CD waits for it.
func (p *ObjectsPass) firstUser(o *manifest.Object, c *corev1.PersistentVolumeClaim) (user string, later bool) {
	for _, w := range workloads(p.Set) {
		if w.Value.GetNamespace() != c.Namespace || !w.uses(c.Name) {
			continue
		}
		_, scheduled := w.Value.(*batchv1.CronJob)
		if !scheduled && wave(w.Object) <= wave(o) {
			return "", false
		}
		user, later = w.Ref().String(), true
	}
	return user, later
}

// uses reports whether pods of the workload use a claim, by its name or as the
// one that a template would have made.
func (w workload) uses(claim string) bool {
	if slices.ContainsFunc(w.template.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim
	}) {
		return true
	}
	if w.set == nil {
		return false
	}
	for i := range w.replicas {
		for _, t := range w.set.Spec.VolumeClaimTemplates {
			if claim == fmt.Sprintf("%s-%s-%d", t.Name, w.set.Name, firstOrdinal(w.set)+i) {
				return true
			}
		}
	}
	return false
}

// firstOrdinal is that of a set's first pod.
func firstOrdinal(set *appsv1.StatefulSet) int32 {
	if set.Spec.Ordinals == nil {
		return 0
	}
	return set.Spec.Ordinals.Start
}
