package validate

import (
	"cmp"

	"github.com/statefulc/statefulc/apiserver"
)

var kubernetesVersion = Rule{
	ID: "kubernetes-version",
	Doc: `What the environment's version of Kubernetes lacks, drops without a word, or does nothing with.

A spec says by kubernetes which version its clusters have, the newest that this statefulc knows if it says nothing. What an
older one would refuse or ignore is told at the line that asks for it: the zone of a pod before 1.35, say, is an empty
variable. So is an apiVersion under objects that these clusters serve no more, or not yet. Raise the version with the cluster,
or do without.`,
	Objects: func(p *Pass) {
		version := cmp.Or(p.Env.App.Kubernetes, apiserver.Newest)
		for _, o := range p.Objects.Objects {
			for _, v := range apiserver.Unserved(version, o.Value) {
				p.verdict(o, v)
			}
			if !apiserver.Knows(o.Value.GetObjectKind().GroupVersionKind()) {
				continue
			}
			for _, v := range apiserver.Lacking(version, o.Value) {
				p.verdict(o, v)
			}
		}
	},
}
