package pipeline_test

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
)

// What kubectl reads in rendered/<env> is what kustomize builds of the overlay:
// no object more, none less, none different. And all other files are those of
// the layout kustomize.
func TestRenderedIsWhatKustomizeBuilds(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			o := options
			o.Layout = overlay.Rendered
			result, err := pipeline.Build(dir, o)
			if err != nil || result.Found.HasErrors() {
				t.Fatalf("%v %v", err, result)
			}
			rest := texts(result.Files)
			sets := map[string]*manifest.Set{}
			for _, env := range result.Environments {
				sets[env.Name] = readRendered(t, rest, env)
			}
			base := sets["base"]
			delete(sets, "base")
			if err := overlay.Prove(result.Files, base, sets); err != nil {
				t.Error(err)
			}
			texts := map[string]string{}
			for _, file := range committed(t, filepath.Join(dir, "deploy")) {
				text, err := os.ReadFile(filepath.Join(dir, "deploy", file))
				if err != nil {
					t.Fatal(err)
				}
				texts[file] = string(text)
			}
			if diff := cmp.Diff(texts, rest); diff != "" {
				t.Errorf("other files in base/ and overlays/ than of the layout kustomize: -committed +built\n%s", diff)
			}
		})
	}
}

// readRendered takes the files of an environment out of all, and reads each as
// kubectl does.
func readRendered(t *testing.T, files map[string]string, env pipeline.Environment) *manifest.Set {
	t.Helper()
	set := &manifest.Set{}
	for file, text := range files {
		if path.Dir(file) != "rendered/"+env.Name {
			continue
		}
		delete(files, file)
		var head struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
		}
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatal(err)
		}
		var like *manifest.Object
		for _, o := range env.Objects.Objects {
			if r := o.Ref(); r.Kind == head.Kind && r.Name == head.Metadata.Name && r.Namespace == head.Metadata.Namespace {
				like = o
			}
		}
		if like == nil {
			t.Fatalf("%s was not compiled", file)
		}
		value := reflect.New(reflect.TypeOf(like.Value).Elem()).Interface().(manifest.Resource)
		if err := yaml.UnmarshalStrict([]byte(text), value); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		set.Add(value)
	}
	return set
}
