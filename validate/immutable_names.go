package validate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var claimTemplateKind = Rule{
	Rule: diag.Rule{
		ID:       "claim-template-kind",
		Severity: diag.Warning,
		What:     "A claim template without its apiVersion and kind.",
		Why: `The API server adds them to what it stores, and claim templates are compared as a whole: with server-side apply Argo CD sees a
difference for ever, and the application is never in sync.`,
		Source: "argoproj/argo-cd#11143, kamaji-etcd#86, openbao#69; measured with Argo CD 3.6",
		Fix:    "State apiVersion: v1 and kind: PersistentVolumeClaim in the template.",
		Reads:  diag.Reads{Own: ".", Pod: setsThere},
	},
	Objects: func(p *ObjectsPass) {
		for o, set := range objectsOf[*appsv1.StatefulSet](p.Set) {
			for _, t := range set.Spec.VolumeClaimTemplates {
				if t.APIVersion == "" || t.Kind == "" {
					p.On(o, manifest.ParseField("spec.volumeClaimTemplates["+t.Name+"].kind"), "the template does not say apiVersion and kind, so Argo CD may see a difference for ever", "State apiVersion: v1 and kind: PersistentVolumeClaim in it.")
				}
			}
		}
	},
}

// trackingKey is the label by which Argo CD may know what is its own.
const trackingKey = "app.kubernetes.io/instance"

var trackingLabel = Rule{
	Rule: diag.Rule{
		ID:       "tracking-label",
		Severity: diag.Warning,
		What:     "Claims that carry the label by which Argo CD may know its own objects.",
		Why: `The claims of a set get the labels of its selector and of the template. With label tracking (Argo CD's default before 3.0,
still an option) they count as the application's, and are in Git nowhere: once the set is renamed or removed, a sync with
pruning deletes them, and the data. Neither selector nor template can be changed later.`,
		Source: "argoproj/argo-cd#3050, #13503; argo-cd gitops-engine/pkg/cache/references.go and cluster.go",
		Fix:    "Leave the label out of selectors and claim templates: app.kubernetes.io/name and component tell sets apart.",
		Reads:  diag.Reads{Pod: setsThere, App: "labels"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.set == nil || len(w.set.Spec.VolumeClaimTemplates) == 0 {
				continue
			}
			for _, at := range w.tracked() {
				p.On(w.Object, at, "the claims get the label by which Argo CD may take them for its own, and prune them", "Leave the label out of selectors and claim templates.")
			}
		}
	},
}

// tracked are the places where claims get the label from.
func (w workload) tracked() []manifest.Field {
	var out []manifest.Field
	if w.selector != nil && w.selector.MatchLabels[trackingKey] != "" {
		out = append(out, manifest.ParseField("spec.selector.matchLabels["+trackingKey+"]"))
	}
	for _, t := range w.set.Spec.VolumeClaimTemplates {
		if t.Labels[trackingKey] != "" {
			out = append(out, manifest.ParseField("spec.volumeClaimTemplates["+t.Name+"].metadata.labels["+trackingKey+"]"))
		}
	}
	return out
}

var hashedName = Rule{
	Rule: diag.Rule{
		ID:       "hashed-name",
		Severity: diag.Warning,
		What:     "A name that kustomize ends with a hash, where it can never be changed again.",
		Why: `The hash of a generated ConfigMap or Secret changes with what it holds. In a selector, in serviceName or in a claim template
the next change of it is refused, and the set has to be deleted and made again.`,
		Source: "kustomize api/hasher; kubernetes pkg/apis/apps/validation (immutable fields of a StatefulSet)",
		Fix:    "Use a name without a hash there: disableNameSuffixHash, or an object that is not generated.",
		Reads:  diag.Reads{App: "name labels"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.set == nil {
				continue
			}
			for _, f := range w.forever() {
				if hashed.MatchString(f.value) {
					p.On(w.Object, f.at, fmt.Sprintf("%s ends with a hash of kustomize's, and the field cannot be changed", f.value), "Use a name without a hash there.")
				}
			}
		}
	},
}

// hashed is the alphabet of kustomize's hashes, which has no vowels.
var hashed = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

type fieldValue struct {
	at    manifest.Field
	value string
}

// forever are fields of a set that can never be changed.
func (w workload) forever() []fieldValue {
	out := []fieldValue{{manifest.ParseField("spec.serviceName"), w.set.Spec.ServiceName}}
	if w.selector != nil {
		out = append(out, entries("spec.selector.matchLabels", w.selector.MatchLabels)...)
	}
	for _, t := range w.set.Spec.VolumeClaimTemplates {
		at := "spec.volumeClaimTemplates[" + t.Name + "]"
		out = append(out, entries(at+".metadata.labels", t.Labels)...)
		out = append(out, entries(at+".metadata.annotations", t.Annotations)...)
	}
	return out
}

func entries(at string, of map[string]string) []fieldValue {
	var out []fieldValue
	for _, key := range slices.Sorted(maps.Keys(of)) {
		out = append(out, fieldValue{manifest.ParseField(at + "[" + key + "]"), of[key]})
	}
	return out
}
