package validate

import (
	"fmt"
	"slices"

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
		Reads:  diag.Reads{Own: "."},
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			p.kindIsKnown(o, o.Value.GetObjectKind().GroupVersionKind())
		}
	},
}

func (p *ObjectsPass) kindIsKnown(o *manifest.Object, gvk schema.GroupVersionKind) {
	known, all := apiserver.InGroup(gvk.Group)
	if slices.Contains(known, gvk) {
		return
	}
	severity := diag.Warning
	if all {
		severity = diag.Error
	}
	version, kind := manifest.ParseField("apiVersion"), manifest.ParseField("kind")
	switch versions := apiserver.VersionsOf(gvk.Kind); {
	case len(known) == 0:
		if hint := diag.DidYouMean(gvk.Group, apiserver.Groups()); hint != "" {
			p.as(severity, o, version, fmt.Sprintf("the group %q is not known", gvk.Group), hint)
		}
	case len(versions) > 0:
		p.as(severity, o, version, fmt.Sprintf("%s has no kind %s", gvk.GroupVersion(), gvk.Kind), "Use "+versions[0]+".")
	default:
		p.as(severity, o, kind, fmt.Sprintf("%s has no kind %s", gvk.GroupVersion(), gvk.Kind), diag.OneOf(gvk.Kind, kindsOf(known), p.rule.Fix))
	}
}

func kindsOf(known []schema.GroupVersionKind) []string {
	var out []string
	for _, gvk := range known {
		out = append(out, gvk.Kind)
	}
	slices.Sort(out)
	return out
}
