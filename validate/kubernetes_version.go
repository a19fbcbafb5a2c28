package validate

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var kubernetesVersion = Rule{
	Rule: diag.Rule{
		ID:    "kubernetes-version",
		Final: true,
		What:  "What the environment's version of Kubernetes lacks, drops without a word, or does nothing with.",
		Why: `A spec says by kubernetes which version its clusters have, the newest that this statefulc knows if it says nothing. What an
older one would refuse or ignore is told at the line that asks for it: the zone of a pod before 1.35, say, is an empty
variable. An apiVersion under objects that these clusters serve no more, or not yet, is an error.`,
		Source: "feature gates and types of Kubernetes 1.31 to 1.37; 1.34 to 1.36 are compared with servers that emulate them",
		Fix:    "Raise the version with the cluster, or do without.",
		Reads:  diag.Reads{Own: ".", App: "kubernetes"},
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			for _, v := range apiserver.Unserved(p.Kubernetes, o.Value) {
				p.as(diag.Error, o, manifest.ParseField(v.Field), v.Message, p.otherVersion(o))
			}
			if !apiserver.Knows(o.Value.GetObjectKind().GroupVersionKind()) {
				continue
			}
			for _, v := range apiserver.Lacking(p.Kubernetes, o.Value) {
				p.verdict(o, v)
			}
		}
	},
}

// otherVersion names one of the kind that the cluster serves; none that is off
// unless somebody turns it on.
func (p *ObjectsPass) otherVersion(o *manifest.Object) string {
	kind := o.Value.GetObjectKind().GroupVersionKind().Kind
	for _, version := range apiserver.VersionsOf(kind) {
		typed, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(version, kind))
		if err != nil || strings.Contains(version, "alpha") || strings.Contains(version, "beta") {
			continue
		}
		if r, ok := typed.(manifest.Resource); ok && len(apiserver.Unserved(p.Kubernetes, r)) == 0 {
			return "Use " + version + "."
		}
	}
	return p.rule.Fix
}
