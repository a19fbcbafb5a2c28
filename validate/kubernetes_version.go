package validate

import (
	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
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
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			for _, v := range apiserver.Unserved(p.Kubernetes, o.Value) {
				p.verdict(o, v)
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
