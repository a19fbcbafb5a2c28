package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

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
		Fix:    "Change the field, or what it is made of.",
		Reads:  diag.Reads{Own: ".", Pod: "replicas autoscale", App: "labels"},
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			if !apiserver.Knows(o.Value.GetObjectKind().GroupVersionKind()) {
				continue // of a project that we do not know, or one that the compiler does not make
			}
			verdicts := p.Verdicts.of(o)
			for _, v := range verdicts {
				if !isOfPort(v, verdicts) {
					p.verdict(o, v)
				}
			}
		}
	},
}

// isOfPort reports whether a verdict is on the targetPort that a port of a
// Service has by default, and says what is said of the port.
func isOfPort(v apiserver.Verdict, all []apiserver.Verdict) bool {
	port, isTarget := strings.CutSuffix(v.Field, ".targetPort")
	return isTarget && slices.Contains(all, apiserver.Verdict{Kind: v.Kind, Field: port + ".port", Message: v.Message})
}

// verdict reports what the server says. It calls the storage that a claim
// requests by a field that there is not.
func (p *ObjectsPass) verdict(o *manifest.Object, v apiserver.Verdict) {
	severity, message, fix := diag.Error, plainly(v.Message), remedy(v.Message)
	switch v.Kind {
	case apiserver.Warned:
		severity, fix = diag.Warning, "The API server takes the object and warns; see whether it is meant."
	case apiserver.Dropped:
		message = fmt.Sprintf("dropped without a word: %s", v.Message)
		fix = "Leave it out: the cluster would run without it."
	}
	p.as(severity, o, manifest.Locate(o.Tree(), strings.Replace(v.Field, "resources[storage]", "resources.requests.storage", 1)), message, fix)
	d := &p.found[len(p.found)-1]
	if fix == change && p.index.Title == nil && len(d.Scope) > 0 && len(d.Scope[len(d.Scope)-1]) > 2 {
		d.Fix = fmt.Sprintf("Change %s: the API server would refuse the object.", d.Path)
	}
	if isTwice.MatchString(message) && len(d.Scope) > 0 {
		d.By = append(d.By, d.Scope[0]) // the other may be anywhere in it
	}
}

// change is the remedy where nobody knows which field of the spec it is, but for
// a whole group.
const change = "Change it, or what it is made of: the API server would refuse the object."

// printed is a port as Go prints it; the others of its fields say nothing.
var printed = regexp.MustCompile(`\{"Name":[^}]*"Protocol":"(\w+)"[^}]*"Port":(\d+)[^}]*\}`)

// plainly is a message of the server for those who do not write Go.
func plainly(message string) string { return printed.ReplaceAllString(message, "$2/$1") }

// isTwice matches what the server says of two things that clash.
var isTwice = regexp.MustCompile(`(?i)duplicate|must be unique`)

// remedies are by the words with which the messages of field.Error begin.
var remedies = []struct {
	kind field.ErrorType
	fix  string
}{
	{field.ErrorTypeRequired, "State it."},
	{field.ErrorTypeDuplicate, "Keep one of them."},
	{field.ErrorTypeNotSupported, "Use one of these."},
}

// remedy is what to do about a refusal. Not every value that is not supported
// comes with a list of those that are.
func remedy(message string) string {
	for _, r := range remedies {
		if !strings.HasPrefix(message, r.kind.String()) || r.kind == field.ErrorTypeNotSupported && !strings.Contains(message, "supported values: ") {
			continue
		}
		return r.fix
	}
	return change
}
