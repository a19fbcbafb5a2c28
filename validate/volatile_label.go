package validate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var volatileLabel = Rule{
	Rule: diag.Rule{
		ID:       "volatile-label",
		Severity: diag.Warning,
		What:     "A label that changes with each release, where a label can never change: in a selector, or on a claim template.",
		Why: `The API server refuses every later change of spec.selector and spec.volumeClaimTemplates, labels included, and so the next
release is refused. Engines that are told to force it delete the set and make it anew.`,
		Source: "kubernetes pkg/apis/apps/validation/validation.go (ValidateStatefulSetUpdate, ValidateDeploymentUpdate)",
		Fix:    "Keep the label on the object and on the pods, and leave it out there.",
		Reads:  diag.Reads{Pod: "image", App: "labels"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.selector != nil {
				p.volatile(w, "spec.selector.matchLabels", w.selector.MatchLabels)
			}
			if w.set == nil {
				continue
			}
			for _, t := range w.set.Spec.VolumeClaimTemplates {
				p.volatile(w, fmt.Sprintf("spec.volumeClaimTemplates[%s].metadata.labels", t.Name), t.Labels)
				p.volatile(w, fmt.Sprintf("spec.volumeClaimTemplates[%s].metadata.annotations", t.Name), t.Annotations)
			}
		}
	},
}

func (p *ObjectsPass) volatile(w workload, at string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if w.isVolatile(key, labels[key]) {
			p.On(w.Object, manifest.ParseField(at+"["+key+"]"), fmt.Sprintf("%s: %s changes with a release, and this can never change", key, labels[key]), "Leave it out here; the object and its pods may have it.")
		}
	}
}

// volatileKeys are what charts and pipelines stamp on all they make.
var volatileKeys = []string{
	"app.kubernetes.io/version", "helm.sh/chart", "chart", "chart-version", "revision", "release-version", "build",
	"build-id", "buildnumber", "commit", "commit-sha", "git-commit", "git-sha", "gitsha", "git-revision", "sha",
	"image-tag", "timestamp", "deployed-at", "controller-revision-hash", "pod-template-hash",
}

var gitSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

// isVolatile also knows a value that is the tag of one of the images. version
// is the key by which a mesh tells two Deployments of a Service apart, so that
// alone it says nothing of a Deployment; and what is in the workload's own name
// makes another one with each release.
func (w workload) isVolatile(key, value string) bool {
	key = strings.ToLower(key)
	if value != "" && strings.Contains(w.Value.GetName(), value) {
		return false
	}
	if slices.Contains(volatileKeys, key) || gitSHA.MatchString(value) {
		return true
	}
	if _, deployed := w.Value.(*appsv1.Deployment); key == "version" && !deployed {
		return true
	}
	return strings.ContainsAny(value, ".") && slices.ContainsFunc(w.containers(), func(c podContainer) bool {
		_, tag := image(c.Image)
		return tag == value
	})
}
