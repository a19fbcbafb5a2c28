package compiler

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// annotationWave orders objects for Argo CD: it waits until a wave is healthy
// before it applies the next.
const annotationWave = "argocd.argoproj.io/sync-wave"

// annotationTurn tells who reads the manifest what it takes for racks to take
// turns.
const (
	annotationTurn = "statefulc.dev/rollout"
	turn           = "racks take turns where sync waves are waited for (Argo CD); applied at once, they roll together"
)

// rollout says how a new version comes to the pods, and what becomes of their
// claims.
func rollout(c *Context) {
	wave, waves := 0, map[string]int{}
	for _, g := range c.Groups {
		for _, o := range c.set.Objects {
			switch w := o.Value.(type) {
			case *appsv1.StatefulSet:
				if w.Spec.ServiceName == g.DNS.Headless {
					g.rollSet(o, w)
					if len(g.Racks) > 0 {
						g.inTurn(o, w, wave)
						waves[w.Name] = wave
						wave++
					}
				}
			case *appsv1.Deployment:
				if w.Name == g.Name {
					w.Spec.MinReadySeconds = int32(g.Settle.Seconds())
					o.From("spec.minReadySeconds", g.path.Join("settle"))
				}
			}
		}
	}
	if wave > 1 {
		c.follow(waves, wave-1)
	}
}

// follow puts what waits for racks into the wave of what it waits for. Argo CD
// would wait for it first: a claim that is bound by its first pod comes with
// its set (argoproj/argo-cd#12840), and what runs to its end, which may need
// all of the pods, comes with the last rack.
func (c *Context) follow(waves map[string]int, last int) {
	for _, o := range c.set.Objects {
		switch o.Value.(type) {
		case *batchv1.Job, *batchv1.CronJob:
			c.inWave(o, last)
		case *corev1.PersistentVolumeClaim:
			wave, ok := waves[setOfClaim(o.Value.GetName(), waves)]
			if !ok {
				wave = last // a job's
			}
			c.inWave(o, wave)
		}
	}
}

// setOfClaim is the set that a claim has the name for: data-db-a-0 is of db-a,
// and not of a.
func setOfClaim(claim string, sets map[string]int) string {
	pod, found := claim[:max(0, strings.LastIndex(claim, "-"))], ""
	for set := range sets {
		if strings.HasSuffix(pod, "-"+set) && len(set) > len(found) {
			found = set
		}
	}
	return found
}

func (c *Context) inWave(o *manifest.Object, wave int) {
	annotations := o.Value.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationWave] = fmt.Sprint(wave)
	o.Value.SetAnnotations(annotations)
	o.From("metadata.annotations["+annotationWave+"]", spec.Path{"groups"})
}

func (g *Group) rollSet(o *manifest.Object, sts *appsv1.StatefulSet) {
	sts.Spec.UpdateStrategy = g.updateStrategy(*sts.Spec.Replicas)
	sts.Spec.MinReadySeconds = int32(g.Settle.Seconds())
	// Stated although it is Kubernetes' own default: what becomes of the data
	// is for reviewers to see.
	sts.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: retention(g.Claims.OnDelete),
		WhenScaled:  retention(g.Claims.OnScaleDown),
	}
	o.From("spec.updateStrategy", g.path.Join("update"))
	o.From("spec.updateStrategy.rollingUpdate", g.path.Join("update"))
	o.From("spec.updateStrategy.rollingUpdate", g.path.Join("replicas"))
	o.From("spec.minReadySeconds", g.path.Join("settle"))
	o.From("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", g.path.Join("claims", "onDelete"))
	o.From("spec.persistentVolumeClaimRetentionPolicy.whenScaled", g.path.Join("claims", "onScaleDown"))
}

// updateStrategy is of a set with so many pods. A partition counts from the
// first pod: those behind it get the new version.
func (g *Group) updateStrategy(replicas int32) appsv1.StatefulSetUpdateStrategy {
	switch g.Update.Strategy {
	case "manual":
		return appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	case "canary":
		if len(g.Racks) > 0 {
			g.report("canary-racks", g.path.Join("update"), "a canary is the last pods of one set, and the racks are several", "Leave out racks, or roll manually.")
		}
		if g.Autoscale != nil {
			g.report("canary-autoscale", g.path.Join("update"), "a canary is the last pods of a number that autoscale changes", "State one of update and autoscale.")
		}
		return appsv1.StatefulSetUpdateStrategy{
			Type:          appsv1.RollingUpdateStatefulSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(max(0, replicas-g.Update.Canary))},
		}
	}
	return appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType}
}

func retention(word string) appsv1.PersistentVolumeClaimRetentionPolicyType {
	if word == "delete" {
		return appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	}
	return appsv1.RetainPersistentVolumeClaimRetentionPolicyType
}

// inTurn keeps racks, of all groups, from rolling together: a rolling update asks no budget,
// so one pod in each rack would be down at once
// (docs/decisions/0010-racks-in-turn.md).
func (g *Group) inTurn(o *manifest.Object, sts *appsv1.StatefulSet, wave int) {
	sts.Annotations = map[string]string{annotationWave: fmt.Sprint(wave), annotationTurn: turn}
	o.From("metadata.annotations["+annotationTurn+"]", g.path.Join("racks"))
	o.From("metadata.annotations["+annotationWave+"]", g.path.Join("racks"))
	o.From("metadata.annotations["+annotationWave+"]", spec.Path{"groups"}) // others' racks come first
}
