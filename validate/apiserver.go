package validate

import (
	"fmt"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var apiServer = Rule{
	Rule: diag.Rule{
		ID:    "api-server",
		Final: true,
		What:  "What the API server of Kubernetes would refuse, warn about, or drop without a word.",
		Why: `It is the server's own code (defaulting and validation of a create request), asked for every object before anything is
written. The message is the server's; the position is the line of the spec that the field came from.

Custom resources of cert-manager (Certificate, Issuer, ClusterIssuer), external-secrets (ExternalSecret, SecretStore,
ClusterSecretStore), prometheus-operator (ServiceMonitor, PodMonitor, PrometheusRule) and the snapshot controller
(VolumeSnapshot, -Class, -Content) are judged by their projects' own definitions; apiserver/crds has them, and the releases
that they are from. Of the kinds of Kubernetes it is those that the compiler makes, and Namespace, LimitRange, ResourceQuota,
Ingress, DaemonSet, ClusterRole and ClusterRoleBinding; objects of others are decoded strictly, and no more. Those of kinds
that the compiler does not know, or in another version, are taken as they are.`,
		Source: "k8s.io/kubernetes v1.37, pkg/registry and pkg/apis",
		Fix:    "Change what the field is made of.",
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			if !apiserver.Knows(o.Value.GetObjectKind().GroupVersionKind()) {
				continue // of a project that we do not know, or one that the compiler does not make
			}
			for _, v := range apiserver.Create(o.Value) {
				p.verdict(o, v)
			}
		}
	},
}

func (p *ObjectsPass) verdict(o *manifest.Object, v apiserver.Verdict) {
	severity, message, fix := diag.Error, v.Message, "Change what the field is made of: the API server would refuse the object."
	switch v.Kind {
	case apiserver.Warned:
		severity, fix = diag.Warning, "The API server takes the object and warns; see whether it is meant."
	case apiserver.Dropped:
		message = fmt.Sprintf("dropped without a word: %s", v.Message)
		fix = "Leave out what it is made of: the cluster would run without it."
	}
	p.as(severity, o, manifest.Locate(o.Tree(), v.Field), message, fix)
}
