package validate

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var autoscalerReplicas = Rule{
	Rule: diag.Rule{
		ID:       "autoscaler-replicas",
		Severity: diag.Warning,
		What:     "A number of pods in Git that an autoscaler changes.",
		Why: `Each sync sets the number back, and the autoscaler changes it again. Take it out of Git only once the autoscaler has
written it: without either of them the number is one.`,
		Source: "argoproj/argo-cd#1603; kubernetes pkg/apis/apps/v1/defaults.go",
		Fix:    "Leave out replicas, after the autoscaler has taken it over, or the autoscaler.",
		Reads:  diag.Reads{Pod: setsThere + " replicas autoscale", App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if by := autoscaler(p.Set, w); by != nil && isStated(w) {
				p.On(w.Object, manifest.ParseField("spec.replicas"), fmt.Sprintf("%v changes the %d pods that are stated", by.Ref(), w.replicas),
					"Leave out replicas, after the autoscaler has taken it over, or the autoscaler.")
			}
		}
	},
}

var autoscalerTarget = Rule{
	Rule: diag.Rule{
		ID:       "autoscaler-target",
		Severity: diag.Warning,
		What:     "An autoscaler of a StatefulSet or a Deployment that is not among the objects, where others are.",
		Why: `The API server does not look. The autoscaler says FailedGetScale in its status, and the number of pods stays what it is. It
is a warning, since what it scales may be made elsewhere.`,
		Source: "kubernetes pkg/controller/podautoscaler/horizontal.go",
		Fix:    "Name the workload that it is for.",
		Reads:  diag.Reads{App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for o, h := range objectsOf[*autoscalingv2.HorizontalPodAutoscaler](p.Set) {
			p.target(o, h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name)
		}
		for o, h := range objectsOf[*autoscalingv1.HorizontalPodAutoscaler](p.Set) {
			p.target(o, h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name)
		}
	},
}

// target reports one that there is not, where there are others of its kind.
func (p *ObjectsPass) target(o *manifest.Object, kind, name string) {
	var known []string
	for _, w := range workloads(p.Set) {
		if ref := w.Ref(); ref.Namespace == o.Value.GetNamespace() && ref.Kind == kind {
			known = append(known, ref.Name)
		}
	}
	if len(known) > 0 && !slices.Contains(known, name) {
		p.On(o, manifest.ParseField("spec.scaleTargetRef.name"), fmt.Sprintf("there is no %s %q here", kind, name), diag.OneOf(name, known, "Name a workload that there is."))
	}
}

var autoscalerQuorum = Rule{
	Rule: diag.Rule{
		ID:       "autoscaler-quorum",
		Severity: diag.Warning,
		What:     "An autoscaler of members that must keep a majority.",
		Why: `A pod that goes is not a member that has left: the others still count it, so a few steps down take the majority away, and
an even number on the way survives no more than the odd one below it. More members make a quorum slower, not faster.`,
		Fix:   "State a number of pods, and change it member by member.",
		Reads: diag.Reads{Pod: "autoscale quorum image", App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if by := autoscaler(p.Set, w); by != nil && p.isQuorum(w) {
				p.On(by.Object, manifest.ParseField("spec.maxReplicas"), fmt.Sprintf("%v needs a majority of its members, and their number would go up to %d and down again with the load", w.Ref(), by.most),
					"State a number of pods, and change it member by member.")
			}
		}
	},
}

// isQuorum reports whether the workload's pods must keep a majority: the spec
// says so, or the program is known for it.
func (p *ObjectsPass) isQuorum(w workload) bool {
	if w.set == nil {
		return false
	}
	_, known := w.member()
	return known.quorum || p.groupStates(w.Object, manifest.ParseField("spec.template"), "quorum")
}

// scaler is what changes a workload's number of pods.
type scaler struct {
	*manifest.Object
	least *int32 // nil: one
	most  int32
}

// autoscaler is the workload's scaler, or nil.
func autoscaler(set *manifest.Set, w workload) *scaler {
	ref := w.Ref()
	for o, v := range objectsOf[*autoscalingv2.HorizontalPodAutoscaler](set) {
		if to := v.Spec.ScaleTargetRef; to.Kind == ref.Kind && to.Name == ref.Name && v.Namespace == ref.Namespace {
			return &scaler{o, v.Spec.MinReplicas, v.Spec.MaxReplicas}
		}
	}
	for o, v := range objectsOf[*autoscalingv1.HorizontalPodAutoscaler](set) {
		if to := v.Spec.ScaleTargetRef; to.Kind == ref.Kind && to.Name == ref.Name && v.Namespace == ref.Namespace {
			return &scaler{o, v.Spec.MinReplicas, v.Spec.MaxReplicas}
		}
	}
	return nil
}

// isStated reports whether somebody says how many pods a workload has.
func isStated(w workload) bool {
	switch v := w.Value.(type) {
	case *appsv1.StatefulSet:
		return v.Spec.Replicas != nil
	case *appsv1.Deployment:
		return v.Spec.Replicas != nil
	}
	return false
}

// fewest is the least number of pods that a workload has, if anybody says:
// itself, or its autoscaler.
func fewest(set *manifest.Set, w workload) (pods int32, known bool) {
	if by := autoscaler(set, w); by != nil && by.least != nil {
		return *by.least, true
	}
	return w.replicas, isStated(w)
}
