package validate

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// What is to be done depends on why an object is refused.
func TestRemedies(t *testing.T) {
	budget := &policyv1beta1.PodDisruptionBudget{}
	budget.APIVersion, budget.Kind, budget.Name = "policy/v1beta1", "PodDisruptionBudget", "db"
	class := &storagev1.VolumeAttributesClass{} // a beta, before
	class.APIVersion, class.Kind, class.Name = "storage.k8s.io/v1", "VolumeAttributesClass", "fast"
	service := &corev1.Service{}
	service.APIVersion, service.Kind, service.Name, service.Namespace = "v1", "Service", "db", "db"
	service.Spec.Type = "Cluster"
	service.Spec.Ports = []corev1.ServicePort{{Port: 1}, {Name: "a", Port: -1}}
	for _, c := range []struct {
		of            manifest.Resource
		message, want string
	}{
		{budget, "does not serve it", "Use policy/v1."},
		{class, "does not serve it", kubernetesVersion.Fix},
		{service, "Unsupported value", "Use one of these."},
		{service, "Required value", "State it."},
		{service, "Invalid value", "Change it, or what it is made of: the API server would refuse the object."},
	} {
		found := Objects(&manifest.Set{Objects: []*manifest.Object{{Value: c.of}}}, &spec.Index{}, "1.33", new(Verdicts))
		said := false
		for _, d := range found {
			if strings.Contains(d.Message, c.message) {
				said = true
				if d.Fix != c.want {
					t.Errorf("%s\ngot  %s\nwant %s", d.Message, d.Fix, c.want)
				}
			}
		}
		if !said {
			t.Errorf("nothing is said that contains %q: %v", c.message, found)
		}
	}
}
