package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
)

// kustomizeRelease is the program that users run, as released.
const kustomizeRelease = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"

// What the released kustomize builds from the committed files is what the
// compiler made of the spec, object by object.
func TestReleasedKustomizeBuildsWhatWasCompiled(t *testing.T) {
	kustomize := install(t, kustomizeRelease)
	specs, err := filepath.Glob(examples + "/*/*.cue")
	if err != nil || len(specs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, spec := range specs {
		dir := filepath.Dir(spec)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			compiled, err := pipeline.Vet(dir, pipeline.Options{})
			if err != nil || compiled.Found.HasErrors() {
				t.Fatalf("%v %v", err, compiled)
			}
			for i, env := range compiled.Environments {
				tree := filepath.Join(dir, "deploy", "overlays", env.Name)
				if i == 0 {
					tree = filepath.Join(dir, "deploy", "base")
				}
				built, err := exec.Command(kustomize, "build", tree).Output()
				if err != nil {
					t.Fatalf("kustomize build %s: %v", tree, err)
				}
				compareBuild(t, tree, string(built), env.Objects)
			}
		})
	}
}

// install builds a program of the Go module proxy.
func install(t *testing.T, module string) string {
	t.Helper()
	bin := t.TempDir()
	cmd := exec.Command("go", "install", module)
	cmd.Dir = bin // outside of any module
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go install %s: %v\n%s", module, err, out)
	}
	return filepath.Join(bin, "kustomize")
}

func compareBuild(t *testing.T, tree, built string, set *manifest.Set) {
	t.Helper()
	documents := strings.Split(built, "\n---\n")
	if len(documents) != len(set.Objects) {
		t.Errorf("%s: kustomize builds %d objects, compiled are %d", tree, len(documents), len(set.Objects))
	}
	for _, o := range set.Objects {
		if !hasDocument(t, documents, o) {
			t.Errorf("%s: kustomize does not build %v as it was compiled", tree, o.Ref())
		}
	}
}

// hasDocument looks for an object among documents. They are read into the
// object's own type, since kustomize prints cpu: 2 as it found it.
func hasDocument(t *testing.T, documents []string, o *manifest.Object) bool {
	t.Helper()
	for _, document := range documents {
		read := reflect.New(reflect.TypeOf(o.Value).Elem()).Interface().(manifest.Resource)
		if err := yaml.UnmarshalStrict([]byte(document), read); err != nil {
			continue // of another kind
		}
		if (&manifest.Object{Value: read}).Ref() != o.Ref() {
			continue
		}
		if diff := cmp.Diff(o.Tree(), manifest.Tree(read)); diff != "" {
			t.Errorf("%v: -compiled +built\n%s", o.Ref(), diff)
		}
		return true
	}
	return false
}
