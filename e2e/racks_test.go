package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Racks are StatefulSets of their own, and each has its turn: Argo CD applies a
// wave, waits until what it holds is healthy by its own code, and only then
// applies the next. So a new version takes one pod of the whole group at a time.
func TestRacksRollOneAfterTheOtherInSyncWaves(t *testing.T) {
	_, line := stage(t)
	m := build(t, examples+"/cassandra-racks/deploy/overlays/prod")
	racked := rackPods()
	applyInWaves(t, m)
	line.await(t, racked...)
	old := line.now("pod", created, gone)
	if len(old) != len(racked) {
		t.Fatalf("%d pods, want %d", len(old), len(racked))
	}

	change := lastRevision(line)
	m.setImages(t, "cassandra:5.0.9")
	applyInWaves(t, m)
	line.awaitReplaced(t, old)

	want := []string{"cassandra-a-1", "cassandra-a-0", "cassandra-b-1", "cassandra-b-0", "cassandra-c-1", "cassandra-c-0"}
	if got := names(line.since(change), "pod"); !slices.Equal(got, want) {
		t.Errorf("pods replaced: %q, want %q", got, want)
	}
	if missing := line.missing(change); len(missing) != 1 {
		t.Errorf("not ready at the same time: %q, want never more than one", missing)
	}
}

// What has no waves applies all racks together. They do roll together then:
// README and docs/decisions/0010 say so, and this is why.
func TestRacksRollTogetherWithoutWaves(t *testing.T) {
	_, line := stage(t)
	m := build(t, examples+"/cassandra-racks/deploy/overlays/prod")
	applyInWaves(t, m)
	line.await(t, rackPods()...)
	old := line.now("pod", created, gone)

	change := lastRevision(line)
	m.setImages(t, "cassandra:5.0.9")
	apply(t, m)
	line.awaitReplaced(t, old)
	if missing := line.missing(change); len(missing) < 2 {
		t.Errorf("never more than %q were down: the racks take turns by themselves, so the waves and the warnings can go", missing)
	}
}

func rackPods() []string {
	var out []string
	for _, rack := range []string{"a", "b", "c"} {
		out = append(out, numbered("cassandra-"+rack, 2)...)
	}
	return out
}

// lastRevision is that of the last thing recorded.
func lastRevision(line *timeline) uint64 {
	all := line.all()
	return all[len(all)-1].revision
}

// applyInWaves applies m as Argo CD does: by sync wave, each after the one
// before is healthy.
func applyInWaves(t *testing.T, m manifests) {
	t.Helper()
	waves := map[int]manifests{}
	for _, object := range m {
		wave, err := strconv.Atoi(object.GetAnnotations()["argocd.argoproj.io/sync-wave"])
		if err != nil {
			wave = 0 // no annotation
		}
		waves[wave] = append(waves[wave], object)
	}
	for wave := range len(waves) {
		apply(t, waves[wave])
		for _, object := range waves[wave] {
			eventually(t, fmt.Sprintf("%s of wave %d is healthy", title(object), wave), func() error {
				return isHealthy(t, object)
			})
		}
	}
}

// isHealthy asks Argo CD's own code.
func isHealthy(t *testing.T, object *unstructured.Unstructured) error {
	door := newDoor(t, &warnings{})
	resource, err := door.to(object)
	if err != nil {
		return err
	}
	live, err := resource.Get(t.Context(), object.GetName(), metav1.GetOptions{})
	if err != nil {
		return err
	}
	status, err := health.GetResourceHealth(live, nil)
	if err != nil || status == nil || status.Status == health.HealthStatusHealthy {
		return err // no status: a kind that is as it is
	}
	return fmt.Errorf("it is %s: %s", status.Status, status.Message)
}
