package validate

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var claimCollision = Rule{
	Rule: diag.Rule{
		ID:   "claim-collision",
		What: "Pods that would get one claim, and a claim that is not what its pod asks for.",
		Why: `The claim of a pod is named template-set-ordinal, and one that is there is taken as it is: nobody looks whose it is, how
large or of which class. So the template data-db of a set 0 and the template data of a set db-0 share their volumes, and so
do two templates of one name. A claim that was made ahead may be larger; another class or access mode is a warning.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_pod_control.go; measured with 1.36",
		Fix:    "Rename the set or the template.",
		Reads:  diag.Reads{Pod: "storage", App: objectsThere + " groups.*.storage"},
	},
	Objects: func(p *ObjectsPass) {
		of := map[string]string{} // namespace and prefix of claims → set
		for o, set := range objectsOf[*appsv1.StatefulSet](p.Set) {
			for _, t := range set.Spec.VolumeClaimTemplates {
				at := manifest.ParseField(fmt.Sprintf("spec.volumeClaimTemplates[%s]", t.Name))
				prefix := t.Name + "-" + set.Name + "-"
				key := set.Namespace + "/" + prefix
				switch other, taken := of[key]; {
				case taken && other == set.Name:
					p.On(o, at, fmt.Sprintf("two templates %q give each pod one claim", t.Name), "Rename one of them.")
				case taken:
					p.On(o, at, fmt.Sprintf("its claims %s0, … are those of the StatefulSet %q too", prefix, other), "Rename the set or the template.")
				}
				of[key] = set.Name
				p.madeAhead(set.Namespace, prefix, &t.Spec)
			}
		}
	},
}

// madeAhead compares the claims that stand alone with the template that they
// stand for.
func (p *ObjectsPass) madeAhead(namespace, prefix string, template *corev1.PersistentVolumeClaimSpec) {
	for o, c := range objectsOf[*corev1.PersistentVolumeClaim](p.Set) {
		ordinal, ok := strings.CutPrefix(c.Name, prefix)
		if !ok || c.Namespace != namespace || strings.Trim(ordinal, "0123456789") != "" {
			continue
		}
		for _, d := range []struct{ field, own, asked string }{
			{"spec.storageClassName", classOf(&c.Spec), classOf(template)},
			{"spec.accessModes", fmt.Sprint(c.Spec.AccessModes), fmt.Sprint(template.AccessModes)},
			{"spec.volumeMode", volumeMode(&c.Spec), volumeMode(template)},
		} {
			if d.own != d.asked {
				p.as(diag.Warning, o, manifest.ParseField(d.field), fmt.Sprintf("the pod gets this claim with %s, and its template asks for %s", d.own, d.asked), "Make both say the same.")
			}
		}
	}
}

func classOf(c *corev1.PersistentVolumeClaimSpec) string {
	if c.StorageClassName == nil {
		return "the cluster's default class"
	}
	return fmt.Sprintf("the class %q", *c.StorageClassName)
}

func volumeMode(c *corev1.PersistentVolumeClaimSpec) string {
	if c.VolumeMode == nil {
		return string(corev1.PersistentVolumeFilesystem)
	}
	return string(*c.VolumeMode)
}
