package validate

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

var quorumPlacement = Rule{
	Rule: diag.Rule{
		ID:       "quorum-placement",
		Severity: diag.Warning,
		What:     "A group that must keep a majority, and may have it all on one node.",
		Why:      "With placement: any nothing keeps members apart. The budget counts pods, not nodes: a node that fails takes with it all that it has.",
		Fix:      "State placement: strict, or spread where there may be fewer nodes than members.",
		Reads:    diag.Reads{Own: "quorum placement replicas"},
	},
	Spec: func(p *SpecPass) {
		for _, key := range slices.Sorted(maps.Keys(p.App.Groups)) {
			g := p.App.Groups[key]
			if g.Quorum && g.Replicas > 1 && g.Placement == "any" {
				p.At(spec.Path{"groups", key, "placement"}, fmt.Sprintf("a majority of %d members may be on one node", g.Replicas),
					"State placement: strict, or spread where there may be fewer nodes than members.")
			}
		}
	},
}

var spreadMissing = Rule{
	Rule: diag.Rule{
		ID:       "spread-missing",
		Severity: diag.Warning,
		What:     "Pods with volumes of their own that nothing keeps apart.",
		Why: `Several of them may be on one node, and their volumes keep local and zonal ones there for good: a node or a zone that fails
takes all copies. By default the scheduler only prefers to spread, and tolerates three more on one node than on another. Of
a compiled group the placement that the spec states is taken for meant.`,
		Source: "kubernetes pkg/scheduler/framework/plugins/podtopologyspread/plugin.go, systemDefaultConstraints",
		Fix:    "Add anti-affinity or a topology spread constraint over kubernetes.io/hostname.",
		Reads:  diag.Reads{Pod: setsThere + " placement replicas autoscale", App: "objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			n, _ := fewest(p.Set, w)
			at := w.field("spec.affinity")
			if w.set == nil || n < 2 || len(w.set.Spec.VolumeClaimTemplates) == 0 || isApart(w.template.Spec) || p.groupStates(w.Object, at, "placement") {
				continue
			}
			p.On(w.Object, at, fmt.Sprintf("%d pods with volumes of their own may all run on one node", n),
				inWords(w.Object, `State placement: "strict", or "spread" where there may be fewer nodes than pods.`, "Add anti-affinity or a topology spread constraint over kubernetes.io/hostname."))
		}
	},
}

// isApart reports whether something keeps pods from sharing a node: whether it
// matches the right ones is told by anti-affinity-self.
func isApart(pod corev1.PodSpec) bool {
	if len(pod.TopologySpreadConstraints) > 0 || pod.HostNetwork {
		return true
	}
	for _, c := range pod.Containers {
		if slices.ContainsFunc(c.Ports, func(port corev1.ContainerPort) bool { return port.HostPort > 0 }) {
			return true // a node has each port once
		}
	}
	if pod.Affinity == nil || pod.Affinity.PodAntiAffinity == nil {
		return false
	}
	apart := pod.Affinity.PodAntiAffinity
	return len(apart.RequiredDuringSchedulingIgnoredDuringExecution)+len(apart.PreferredDuringSchedulingIgnoredDuringExecution) > 0
}
