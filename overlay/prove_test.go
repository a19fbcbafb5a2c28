package overlay

import (
	"bytes"
	"strings"
	"testing"

	"github.com/statefulc/statefulc/manifest"
)

// forgets is a merge with a bug: it loses the pod template.
func forgets(base, want *object) change {
	c := strategic(base, want)
	if spec, ok := c.merge["spec"].(tree); ok {
		delete(spec, "template")
	}
	return c
}

// misses is a merge that no build survives: it tests for another claim.
func misses(base, _ *object) change {
	path := pointer{"spec", "volumeClaimTemplates", "0", "metadata", "name"}
	return change{edits: []edit{{"volumeClaimTemplates", []op{{"test", path, base.Name}}}}}
}

func TestBrokenMergeIsReplacedByEdits(t *testing.T) {
	base, envs := shop(t)
	for name, broken := range map[string]patcher{"forgets": forgets, "misses": misses} {
		files, err := emitter{fields: plan.withFields, merge: broken, edit: operations}.emit(base, envs)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := Prove(files, base, envs); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		patch := listing(under(files, "overlays/prod"))
		if !strings.Contains(patch, "path: /spec/replicas\n  value: 5\n") {
			t.Errorf("%s: the replicas are not edited in\n%s", name, patch)
		}
	}
}

// If edits were wrong as well, nothing would be written, and the error would
// say where to look.
func TestProofCatchesABrokenEmitter(t *testing.T) {
	base, envs := shop(t)
	delete(envs, "dev")
	for want, broken := range map[string]patcher{
		`overlays/prod: StatefulSet/db: spec.template.spec.containers[db].args[1]: kustomize builds "b", compiled is "-c"`: forgets,
		"overlays/prod: kustomize can not build it: ": misses,
	} {
		files, err := emitter{fields: plan.withFields, merge: broken, edit: broken}.emit(base, envs)
		if files != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %d files and %v, want %s", len(files), err, want)
		}
	}
}

// Whatever somebody does to the files, Prove names it.
func TestProveNamesTheDifference(t *testing.T) {
	base, envs := shop(t)
	files, err := Emit(base, envs)
	if err != nil {
		t.Fatal(err)
	}
	if err := Prove(files, base, envs); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, old, new, want string }{
		{"base/service-db.yaml", "clusterIP: None", "clusterIP: 10.0.0.1", `base: Service/db: spec.clusterIP: kustomize builds "10.0.0.1", compiled is "None"`},
		{"base/service-db.yaml", "  clusterIP: None\n", "", `base: Service/db: spec.clusterIP: kustomize builds nothing, compiled is "None"`},
		{"base/service-db.yaml", "clusterIP: None", "clusterIP: None\n  type: ClusterIP", `base: Service/db: spec.type: kustomize builds "ClusterIP", nothing was compiled`},
		{"base/service-db.yaml", "clusterIP:", "clusterip:", `base: Service/db: kustomize builds what does not decode: unknown field "spec.clusterip"`},
		{"base/kustomization.yaml", "- service-db.yaml\n", "", `base: Service/db: kustomize does not build it`},
		{"overlays/prod/kustomization.yaml", "newTag: \"2\"", "newTag: \"3\"", `overlays/prod: StatefulSet/db: spec.template.spec.containers[db].image: kustomize builds "db:3", compiled is "db:2"`},
		{"overlays/prod/kustomization.yaml", "count: 5", "count: 4", `overlays/prod: StatefulSet/db: spec.replicas: kustomize builds 4, compiled is 5`},
		{"overlays/dev/kustomization.yaml", "- path: delete-poddisruptionbudget-db.yaml\n", "", `overlays/dev: PodDisruptionBudget/db: kustomize builds it, but it was not compiled`},
	} {
		err := Prove(tampered(t, files, c.path, c.old, c.new), base, envs)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q for %q\n got %v\nwant %s", c.path, c.new, c.old, err, c.want)
		}
	}
}

func TestProveWantsAnOverlayForEachEnvironment(t *testing.T) {
	base := setOf(t, bases["svc"])
	files, err := Emit(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Prove(files, base, map[string]*manifest.Set{"prod": base}); err == nil {
		t.Error("there is no overlay for prod")
	}
}

func tampered(t *testing.T, files []File, path, old, new string) []File {
	t.Helper()
	var out []File
	found := false
	for _, f := range files {
		if f.Path == path && bytes.Contains(f.Data, []byte(old)) {
			f.Data, found = bytes.Replace(f.Data, []byte(old), []byte(new), 1), true
		}
		out = append(out, f)
	}
	if !found {
		t.Fatalf("%s has no %q", path, old)
	}
	return out
}
