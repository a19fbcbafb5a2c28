package validate

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// A group's waiver is for its objects, also for fields whose values came from
// elsewhere: the application's labels. A label with dots is one step.
func TestWaiversCoverObjects(t *testing.T) {
	service := &corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: metav1.ObjectMeta{Name: "db"}}
	o := new(manifest.Set).Add(service)
	o.From("", spec.Path{"groups", "db"})
	o.From("metadata.labels", spec.Path{"labels", "a.b/c"})
	p := &ObjectsPass{pass: pass{rule: diag.Rule{ID: "some-rule"}, index: &spec.Index{Locate: func(spec.Path) diag.Pos { return diag.Pos{} }}}}
	p.On(o, manifest.ParseField("metadata.labels"), "is wrong", "Mend it.")

	for _, beside := range []struct {
		path spec.Path
		want bool
	}{
		{nil, true},
		{spec.Path{"groups", "db"}, true},
		{spec.Path{"labels"}, true},
		{spec.Path{"labels", "a.b/c"}, true},
		{spec.Path{"groups", "log"}, false},
		{spec.Path{"groups", "db", "storage"}, false},
		{spec.Path{"labels", "a"}, false},
	} {
		if got := covering("some-rule", beside.path)(p.found[0]); got != beside.want {
			t.Errorf("beside %v: %v", beside.path, got)
		}
	}
	if covering("other-rule", nil)(p.found[0]) {
		t.Error("another rule's waiver covers it")
	}
}
