package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var unknownKind = Rule{
	Rule: diag.Rule{
		ID:       "unknown-kind",
		Severity: diag.Warning,
		What:     "An object of a kind, or of a version of it, that its API group does not have.",
		Why: `The cluster says "no matches for kind" and the sync stops. Of Kubernetes' own groups all kinds are known, so it is an error
there. Of other projects' groups those that are judged are known; another kind or version may exist in the cluster, and then
nothing but the cluster judges it.`,
		Source: "k8s.io/client-go v0.37, kubernetes/scheme; the definitions in apiserver/crds",
		Fix:    "Write apiVersion and kind as the cluster has them (kubectl api-resources).",
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			p.kindIsKnown(o, o.Value.GetObjectKind().GroupVersionKind())
		}
	},
}

func (p *ObjectsPass) kindIsKnown(o *manifest.Object, gvk schema.GroupVersionKind) {
	known, all := apiserver.InGroup(gvk.Group)
	if len(known) == 0 {
		if hint := diag.DidYouMean(gvk.Group, apiserver.Groups()); hint != "" {
			p.as(diag.Warning, o, manifest.ParseField("apiVersion"), fmt.Sprintf("the group %q is not known", gvk.Group), hint)
		}
		return
	}
	if slices.Contains(known, gvk) {
		return
	}
	severity := diag.Warning
	if all {
		severity = diag.Error
	}
	kinds, versions := namesIn(known, gvk.Kind)
	if len(versions) > 0 {
		p.as(severity, o, manifest.ParseField("apiVersion"), fmt.Sprintf("%s is not known in %s", gvk.Kind, gvk.GroupVersion()),
			"Known here: "+strings.Join(versions, ", ")+".")
		return
	}
	p.as(severity, o, manifest.ParseField("kind"), fmt.Sprintf("%s has no %s that is known", gvk.GroupVersion(), gvk.Kind),
		cmp.Or(diag.DidYouMean(gvk.Kind, kinds), p.rule.Fix))
}

// namesIn are the kinds of a group, and the versions that have one of them.
func namesIn(known []schema.GroupVersionKind, kind string) (kinds, versions []string) {
	for _, gvk := range known {
		if kinds = append(kinds, gvk.Kind); gvk.Kind == kind {
			versions = append(versions, gvk.GroupVersion().String())
		}
	}
	slices.Sort(kinds)
	slices.Sort(versions)
	return kinds, versions
}
