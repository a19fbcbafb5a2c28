package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// GitOps engines apply an environment again and again. The API server takes all
// of it as it was committed, with nothing to warn of, and the second time finds
// nothing to change.
func TestEnvironmentsAreAcceptedAndThenChangeNothing(t *testing.T) {
	for _, dir := range environments(t) {
		t.Run(strings.TrimPrefix(dir, examples+"/"), func(t *testing.T) {
			m := build(t, dir)
			t.Cleanup(func() { remove(t, m) })
			theCluster() // controllers write to the objects too
			apply(t, m)
			warnings := &warnings{}
			door := newDoor(t, warnings)
			for _, object := range m {
				before, after, err := door.applyAgain(t.Context(), object)
				if err != nil {
					t.Fatalf("the second time the API server refuses %s: %v", title(object), err)
				}
				if diff := cmp.Diff(content(before), content(after)); diff != "" {
					t.Errorf("the second time changes %s (-before +after):\n%s", title(object), diff)
				}
			}
			if w := warnings.take(); len(w) > 0 {
				t.Errorf("the second time the API server warns: %q", w)
			}
		})
	}
}

// environments are the kustomize directories of all examples: bases and overlays.
func environments(t testing.TB) []string {
	t.Helper()
	bases, err := filepath.Glob(examples + "/*/deploy/base")
	if err != nil {
		t.Fatal(err)
	}
	overlays, err := filepath.Glob(examples + "/*/deploy/overlays/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(bases) == 0 || len(overlays) == 0 {
		t.Fatalf("no example in %s has its output committed in deploy/", examples)
	}
	return append(bases, overlays...)
}

// content is an object without the books that the API server keeps of it: for
// claims and Jobs it writes them anew once (measured with 1.37.2), and changes
// nothing else.
func content(o *unstructured.Unstructured) map[string]any {
	out := o.DeepCopy()
	out.SetResourceVersion("")
	out.SetManagedFields(nil)
	return out.Object
}
