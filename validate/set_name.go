package validate

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var setName = Rule{
	Rule: diag.Rule{
		ID:   "set-name",
		What: "A StatefulSet whose name is too long for the labels of its pods.",
		Why: `Each pod carries the label controller-revision-hash: the name of its set, a dash and a hash of up to ten digits, and a
label has 63 characters. The API server takes a longer name without a word, and then no pod is ever made. With 53
characters it depends on the hash, so that any change of the pods may stop them.`,
		Source: "kubernetes/kubernetes#64023; measured with 1.36",
		Fix:    "Shorten the name to 52 characters.",
		Reads:  diag.Reads{App: "name"},
	},
	Objects: func(p *ObjectsPass) {
		for o, set := range objectsOf[*appsv1.StatefulSet](p.Set) {
			n := len(set.Name)
			if n <= 52 || n > 63 { // more than that is refused
				continue
			}
			severity, message := diag.Error, fmt.Sprintf("a name of %d characters leaves no room for a hash in the pods' labels, 52 does", n)
			if n == 53 {
				severity, message = diag.Warning, "a name of 53 characters leaves room for short hashes only in the pods' labels, 52 for all"
			}
			p.as(severity, o, manifest.ParseField("metadata.name"), message, "Shorten the name to 52 characters.")
		}
	},
}
