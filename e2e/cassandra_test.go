package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/pipeline"
)

// ns is the namespace of the example. It stands inside of names such as the
// seeds, so the example is tested where it is meant to run.
const ns = "cassandra"

// cassandra is an environment of the example.
func cassandra(t testing.TB, environment string) manifests {
	t.Helper()
	return build(t, examples+"/cassandra/deploy/"+environment)
}

// stage is the cluster with an empty namespace for the example, and the record
// of what will happen there.
func stage(t testing.TB) (*cluster, *timeline) {
	t.Helper()
	base := cassandra(t, "base")
	t.Cleanup(func() { remove(t, base) })
	c := theCluster()
	return c, record(t, c.client, ns)
}

// pods are the names of the first n pods, claims those of their claims.
func pods(n int) []string   { return numbered("cassandra", n) }
func claims(n int) []string { return numbered("data-cassandra", n) }

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", prefix, i)
	}
	return names
}

func TestProdFromNothing(t *testing.T) {
	c, line := stage(t)
	apply(t, cassandra(t, "overlays/prod"))
	line.await(t, pods(6)...)

	t.Run("pods and claims have the predicted names, in order", func(t *testing.T) {
		if got := names(line.all(), "pod"); !slices.Equal(got, pods(6)) {
			t.Errorf("pods created: %q, want %q", got, pods(6))
		}
		if got := names(line.all(), "claim"); !slices.Equal(got, claims(6)) {
			t.Errorf("claims created: %q, want %q", got, claims(6))
		}
	})
	t.Run("a pod is created after its claim and once the pod before is ready", func(t *testing.T) {
		for i, pod := range pods(6) {
			start := line.first(t, "pod", pod, created)
			if line.first(t, "claim", claims(6)[i], created) > start {
				t.Errorf("%s was created before its claim", pod)
			}
			if i > 0 && line.first(t, "pod", pods(6)[i-1], ready) > start {
				t.Errorf("%s was created before %s was ready", pod, pods(6)[i-1])
			}
		}
	})
	t.Run("each pod is on a node of its own", func(t *testing.T) {
		on := map[string]string{}
		for _, name := range pods(6) {
			node := c.pod(t, name).Spec.NodeName
			if on[node] != "" {
				t.Errorf("%s and %s are both on %s", on[node], name, node)
			}
			on[node] = name
		}
	})
	t.Run("the first three pods are in three zones, and so are the next three", func(t *testing.T) {
		for _, three := range [][]string{pods(6)[:3], pods(6)[3:]} {
			in := map[string]string{}
			for _, name := range three {
				zone := zones[c.pod(t, name).Spec.NodeName]
				if in[zone] != "" {
					t.Errorf("%s and %s are both in %s", in[zone], name, zone)
				}
				in[zone] = name
			}
		}
	})
	t.Run("a pod has its own claim, with 1Ti in the zone of its node", func(t *testing.T) {
		for i, name := range pods(6) {
			pod := c.pod(t, name)
			if got := claimsOf(pod); !slices.Equal(got, claims(6)[i:i+1]) {
				t.Errorf("%s uses the claims %q, want %q", name, got, claims(6)[i])
			}
			volume := c.volume(t, claims(6)[i])
			if diff := cmp.Diff(inZone(zones[pod.Spec.NodeName]), volume.Spec.NodeAffinity.Required); diff != "" {
				t.Errorf("the volume of %s is elsewhere (-pod +volume):\n%s", name, diff)
			}
			if size := volume.Spec.Capacity.Storage().String(); size != "1Ti" {
				t.Errorf("the volume of %s has %s, want 1Ti", name, size)
			}
		}
	})
	t.Run("a pod's rack is the zone of its node", func(t *testing.T) { c.checkEnvironment(t, pods(6)) })
}

func TestScalingUpAddsTheNewPodsAndRestartsNone(t *testing.T) {
	c, line := stage(t)
	three := cassandra(t, "overlays/prod")
	three.setReplicas(t, 3)
	apply(t, three)
	line.await(t, pods(3)...)
	before := line.now("pod", created, gone)

	six := apply(t, cassandra(t, "overlays/prod"))
	change := revision(six.statefulSet(t))
	line.await(t, pods(6)...)
	c.awaitSettled(t)

	if got := names(line.since(change), "pod"); !slices.Equal(got, pods(6)[3:]) {
		t.Errorf("pods created by the change: %q, want %q", got, pods(6)[3:])
	}
	if got := names(line.since(change), "claim"); !slices.Equal(got, claims(6)[3:]) {
		t.Errorf("claims created by the change: %q, want %q", got, claims(6)[3:])
	}
	now := line.now("pod", created, gone)
	for name, uid := range before {
		if now[name] != uid {
			t.Errorf("%s was restarted", name)
		}
	}
}

func TestAnotherImageRollsFromTheLastPodToTheFirstOneAtATime(t *testing.T) {
	_, line := stage(t)
	m := cassandra(t, "overlays/prod")
	apply(t, m)
	line.await(t, pods(6)...)
	old := line.now("pod", created, gone)

	m.setImages(t, "cassandra:5.0.9")
	stored := apply(t, m)
	change := revision(stored.statefulSet(t))
	line.awaitReplaced(t, old)

	last := slices.Clone(pods(6))
	slices.Reverse(last)
	if got := names(line.since(change), "pod"); !slices.Equal(got, last) {
		t.Errorf("pods replaced: %q, want %q", got, last)
	}
	if missing := line.missing(change); len(missing) != 1 {
		t.Errorf("not ready at the same time: %q, want never more than one", missing)
	}
	if got := names(line.since(change), "claim"); got != nil {
		t.Errorf("a pod lost its claim: %q are new", got)
	}
}

func TestNoSecondPodIsEvictedBeforeTheFirstIsBack(t *testing.T) {
	c, line := stage(t)
	apply(t, cassandra(t, "base"))
	line.await(t, pods(3)...)
	c.awaitBudget(t, 1)

	c.kubelet.hold(t, ns, "cassandra-1")
	old := line.now("pod", created, gone)["cassandra-1"]
	if err := c.evict(t, "cassandra-1"); err != nil {
		t.Fatalf("with all pods ready, the first eviction is refused: %v", err)
	}
	c.mustRefuse(t, "cassandra-2", "right after the eviction of cassandra-1")
	line.awaitReplacement(t, "cassandra-1", old)
	c.awaitBudget(t, 0)
	c.mustRefuse(t, "cassandra-2", "while the new cassandra-1 is not ready")

	c.kubelet.release(ns, "cassandra-1")
	line.await(t, pods(3)...)
	c.awaitBudget(t, 1)
	if err := c.evict(t, "cassandra-2"); err != nil {
		t.Errorf("with all pods ready again, an eviction is refused: %v", err)
	}
}

// A node finds the others by the seeds' names, and does so before it is ready:
// the first seed asks for itself.
func TestSeedsAreNamesThatTheClusterPublishesBeforePodsAreReady(t *testing.T) {
	c, line := stage(t)
	c.kubelet.hold(t, ns, pods(3)...)
	stored := apply(t, cassandra(t, "base"))
	seeds := specSeeds(t)
	if given := strings.Split(stored.variable(t, "cassandra", "CASSANDRA_SEEDS"), ","); !slices.Equal(given, seeds) {
		t.Errorf("the pods are given %q, the spec has %q", given, seeds)
	}
	if len(seeds) != 3 {
		t.Errorf("the seeds are %q, want three", seeds)
	}
	for i, name := range pods(3) {
		pod := c.awaitRunning(t, name)
		seed := name + "." + pod.Spec.Subdomain + "." + ns + ".svc.cluster.local"
		if !slices.Contains(seeds, seed) {
			t.Errorf("%s is known as %s, which is none of the seeds %q", name, seed, seeds)
		}
		if pod.Spec.Hostname != name {
			t.Errorf("%s takes itself for %q", name, pod.Spec.Hostname)
		}
		eventually(t, seed+" is published before its pod is ready", func() error {
			return c.isPublished(t, seed, pod)
		})
		eventually(t, "clients are not sent to "+name+" before it is ready", func() error {
			return c.isWithheld(t, "cassandra", pod)
		})
		if isReady(c.pod(t, name)) {
			t.Fatalf("%s is ready, so this has shown nothing", name)
		}
		c.kubelet.release(ns, name)
		line.await(t, pods(i+1)...)
	}
	c.checkEnvironment(t, pods(3))
}

func TestDevIsOnePodWithTheClustersOwnClassAndNoBudget(t *testing.T) {
	c, line := stage(t)
	apply(t, cassandra(t, "overlays/dev"))
	line.await(t, pods(1)...)

	if got := names(line.all(), "pod"); !slices.Equal(got, pods(1)) {
		t.Errorf("pods created: %q, want %q", got, pods(1))
	}
	if class := c.volume(t, "data-cassandra-0").Spec.StorageClassName; class != "standard" {
		t.Errorf("the volume is of class %q, want standard", class)
	}
	budgets, err := c.client.PolicyV1().PodDisruptionBudgets(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(budgets.Items) > 0 {
		t.Errorf("there is a budget %s: it would not let the only pod go", budgets.Items[0].Name)
	}
	c.checkEnvironment(t, pods(1))
}

// names are the names of a kind's objects in the order of their creation.
func names(moments []moment, kind string) []string {
	var names []string
	for _, m := range moments {
		if m.kind == kind && m.what == created {
			names = append(names, m.name)
		}
	}
	return names
}

// specSeeds are the seeds that the spec computes for its base.
func specSeeds(t *testing.T) []string {
	t.Helper()
	result, err := pipeline.Vet(examples+"/cassandra", pipeline.Options{})
	if err != nil || result.Found.HasErrors() {
		t.Fatalf("%v %v", err, result)
	}
	return result.Environments[0].App.Groups["cassandra"].DNS.Seeds
}
