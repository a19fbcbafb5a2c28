package e2e

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
)

// What every kustomize builds from the committed files is what the compiler
// made of the spec, object by object. So far all of them print the same bytes;
// that is told, not asked for.
func TestEveryKustomizeBuildsWhatWasCompiled(t *testing.T) {
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
			compareBuilds(t, filepath.Join(dir, "deploy"), compiled.Environments)
		})
	}
}

// images and replicas in all that they can say: a registry with a port, a
// digest, another name, no pods, and an image of which one container keeps the
// old one, so that it is patched.
const fieldsSpec = `package app

import "statefulc.dev/v1"

overlays: [_]: base
base: v1.#App & {
	name: "db"
	groups: db: G={
		image:     *"registry.example.org:5000/db:1.9" | _
		replicas:  *3 | _
		placement: "any"
		storage: data: {mount: "/data", size: "1Gi"}
		init: turn: {image: G.image, command: ["turn"]}
		sidecars: log: {image: *"log:1" | _, command: ["log"]}
	}
	groups: web: {image: "web:1", replicas: *2 | _, placement: "any"}
	jobs: dump: {schedule: "0 3 * * *", image: *groups.db.image | _, command: ["dump"]}
}
overlays: prod: groups: db: {image: "registry.example.org:5000/db:1.10", replicas: 5}
overlays: digest: groups: db: {image: "registry.example.org:5000/db:1.9@sha256:aa5b6ef9a3d5e1a7d2b7d0ab5f5b6e1c2d3e4f50617283940a1b2c3d4e5f6071", sidecars: log: image: "log@sha256:bb5b6ef9a3d5e1a7d2b7d0ab5f5b6e1c2d3e4f50617283940a1b2c3d4e5f6071"}
overlays: mirror: groups: {db: image: "mirror.example.org/db:1.9", web: replicas: 0}
overlays: partly: jobs: dump: image: "registry.example.org:5000/db:1.10"
`

func TestEveryKustomizeKnowsImagesAndReplicas(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "app.cue"), fieldsSpec)
	built, err := pipeline.Build(dir, pipeline.Options{})
	if err != nil || built.Found.HasErrors() {
		t.Fatalf("%v %+v", err, built.Found)
	}
	said := map[string]string{}
	for _, f := range built.Files {
		writeFile(t, filepath.Join(dir, "deploy", filepath.FromSlash(f.Path)), string(f.Data))
		said[f.Path] = string(f.Data)
	}
	for env, fields := range map[string][]string{
		"prod":   {"- name: registry.example.org:5000/db\n  newTag: \"1.10\"\n", "- name: db\n  count: 5\n"},
		"digest": {"- name: log\n  digest: sha256:bb", "  newTag: \"1.9\"\n  digest: sha256:aa"},
		"mirror": {"  newName: mirror.example.org/db\n", "- name: db-web\n  count: 0\n"},
		"partly": {"- path: patch-cronjob-db-dump.yaml\n"},
	} {
		for _, field := range fields {
			if text := said["overlays/"+env+"/kustomization.yaml"]; !strings.Contains(text, field) {
				t.Errorf("%s: no %q in\n%s", env, field, text)
			}
		}
	}
	compareBuilds(t, filepath.Join(dir, "deploy"), built.Environments)
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// compareBuilds builds base and overlays in a directory with every program.
func compareBuilds(t *testing.T, deploy string, environments []pipeline.Environment) {
	t.Helper()
	for i, env := range environments {
		tree := filepath.Join(deploy, "overlays", env.Name)
		if i == 0 {
			tree = filepath.Join(deploy, "base")
		}
		first := ""
		for _, b := range builders {
			built := b.build(t, tree)
			compareBuild(t, b.name+" "+tree, built, env.Objects)
			if first == "" {
				first = built
			}
			if built != first {
				t.Logf("%s prints other bytes than %s for %s", b.name, builders[0].name, tree)
			}
		}
	}
}

func compareBuild(t *testing.T, tree, built string, set *manifest.Set) {
	t.Helper()
	documents := strings.Split(built, "\n---\n")
	if len(documents) != len(set.Objects) {
		t.Errorf("%s: it builds %d objects, compiled are %d", tree, len(documents), len(set.Objects))
	}
	for _, o := range set.Objects {
		if !hasDocument(t, documents, o) {
			t.Errorf("%s: it does not build %v as it was compiled", tree, o.Ref())
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
