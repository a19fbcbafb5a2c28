package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var claimKnown = Rule{
	Rule: diag.Rule{
		ID:       "claim-known",
		Severity: diag.Warning,
		What:     "A claim by a name that is nearly, but not, that of a pod's claim or of another one here.",
		Why: `The claim of a pod is named template-set-ordinal. A pod that names one which is not there stays pending, without an error
anywhere. Claims may be made elsewhere, so only those are told whose names are like one that there is, or that count
further than the set has pods.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_utils.go (getPersistentVolumeClaimName)",
		Fix:    "Name the claim as its pod does: template, set and ordinal.",
		Reads:  diag.Reads{Own: "claims", App: objectsThere + " name namespace groups.*.racks"},
	},
	Objects: func(p *ObjectsPass) {
		known := p.claimNames()
		for _, w := range workloads(p.Set) {
			for _, v := range w.template.Spec.Volumes {
				if v.PersistentVolumeClaim == nil {
					continue
				}
				name := v.PersistentVolumeClaim.ClaimName
				n := known[w.Value.GetNamespace()]
				if message, fix := n.miss(name); message != "" {
					p.On(w.Object, w.field("spec.volumes[%s].persistentVolumeClaim.claimName", v.Name), message, fix)
					if set := n.sets[template(name)]; set != nil {
						p.by(set, "replicas first autoscale")
					}
				}
			}
		}
	},
}

// claimNames are those that a namespace has.
type claimNames struct {
	alone []string       // claims that stand alone
	pods  []string       // template-set, of those of pods
	least map[string]int // the first ordinal of these
	count map[string]int // how many there are; 0 if that is not known
	sets  map[string]*manifest.Object
}

func (p *ObjectsPass) claimNames() map[string]claimNames {
	out := map[string]claimNames{}
	for _, c := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
		n := out[c.Namespace]
		n.alone = append(n.alone, c.Name)
		out[c.Namespace] = n
	}
	for _, w := range workloads(p.Set) {
		if w.set == nil {
			continue
		}
		set := w.set
		n := out[set.Namespace]
		for _, t := range set.Spec.VolumeClaimTemplates {
			if n.least == nil {
				n.least, n.count, n.sets = map[string]int{}, map[string]int{}, map[string]*manifest.Object{}
			}
			name := t.Name + "-" + set.Name
			n.pods, n.sets[name] = append(n.pods, name), w.Object
			if set.Spec.Ordinals != nil {
				n.least[name] = int(set.Spec.Ordinals.Start)
			}
			if set.Spec.Replicas != nil && autoscaler(p.Set, w) == nil {
				n.count[name] = int(*set.Spec.Replicas)
			}
		}
		out[set.Namespace] = n
	}
	return out
}

var ordinal = regexp.MustCompile(`-[0-9]+$`)

// template is the name of a pod's claim without the ordinal of the pod:
// template-set.
func template(claim string) string { return ordinal.ReplaceAllString(claim, "") }

// miss says what is wrong with a name; nothing if it is that of a claim, or
// like none.
func (n claimNames) miss(name string) (message, fix string) {
	of, which := template(name), 0
	if of != name {
		which, _ = strconv.Atoi(name[len(of)+1:])
	}
	least, count := n.least[of], n.count[of]
	switch isPods := slices.Contains(n.pods, of); {
	case slices.Contains(n.alone, name):
		return "", ""
	case isPods && of == name:
		return fmt.Sprintf("no claim is called %s", name), fmt.Sprintf("Add the ordinal of a pod: %s-%d.", name, least)
	case isPods && count > 0 && (which < least || which >= least+count):
		return fmt.Sprintf("no pod has the claim %s: the last one is %s-%d", name, of, least+count-1), "Name the claim of a pod that there is, or add pods."
	case isPods:
		return "", ""
	}
	like := slices.Clone(n.alone)
	if of != name {
		for _, pods := range n.pods {
			like = append(like, fmt.Sprintf("%s-%d", pods, which))
		}
	}
	if fix := diag.DidYouMean(name, like); fix != "" {
		return fmt.Sprintf("no claim is called %s", name), fix
	}
	return "", ""
}
