package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/statefulc/statefulc/pipeline"
)

// What vet accepts of generated specs, the API server takes: a sample of those
// that the compiler's own tests are run with.
func TestGeneratedSpecsAreAccepted(t *testing.T) {
	kept := t.TempDir()
	generate := exec.Command("go", "test", "./pipeline", "-run", "TestGeneratedSpecs", "-count=1", "-rapid.checks=60", "-rapid.seed=4")
	generate.Dir = ".."
	generate.Env = append(os.Environ(), "STATEFULC_KEEP="+kept)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	specs, err := filepath.Glob(kept + "/*")
	if err != nil || len(specs) < 20 {
		t.Fatalf("%d specs: %v", len(specs), err)
	}
	objects := 0
	for _, spec := range specs {
		result, err := pipeline.Vet(spec, pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range result.Environments {
			var m manifests
			for _, o := range env.Objects.Objects {
				m = append(m, &unstructured.Unstructured{Object: o.Tree()})
			}
			addNamespaces(t, m)
			objects += tryAll(t, spec, m)
		}
	}
	t.Logf("%d objects of %d specs", objects, len(specs))
}

// tryAll asks the API server for each object without making it, and returns how
// many there were. Kinds that it does not serve come from a spec's objects.
func tryAll(t *testing.T, spec string, m manifests) (tried int) {
	t.Helper()
	door := newDoor(t, &warnings{})
	for _, object := range m {
		resource, err := door.to(object)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err == nil {
			var text []byte
			if text, err = object.MarshalJSON(); err == nil {
				_, err = resource.Patch(t.Context(), object.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{
					FieldManager: "statefulc", Force: new(true), FieldValidation: metav1.FieldValidationStrict, DryRun: []string{metav1.DryRunAll},
				})
			}
		}
		if err != nil {
			text, readErr := os.ReadFile(filepath.Join(spec, "app.cue"))
			t.Errorf("the API server refuses %s: %v\nof this spec: %v\n%s", title(object), err, readErr, text)
		}
		tried++
	}
	return tried
}
