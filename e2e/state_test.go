package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// What the tests of the example ask the cluster, and ask of it.

func (c *cluster) pod(t testing.TB, name string) *corev1.Pod {
	t.Helper()
	pod, err := c.client.CoreV1().Pods(ns).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// volume is the one that the claim is bound to.
func (c *cluster) volume(t testing.TB, claim string) *corev1.PersistentVolume {
	t.Helper()
	pvc, err := c.client.CoreV1().PersistentVolumeClaims(ns).Get(t.Context(), claim, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pv, err := c.client.CoreV1().PersistentVolumes().Get(t.Context(), pvc.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pv
}

// claimsOf are the claims that the pod mounts.
func claimsOf(pod *corev1.Pod) []string {
	var names []string
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			names = append(names, v.PersistentVolumeClaim.ClaimName)
		}
	}
	return names
}

// checkEnvironment looks at what the containers of the pods see: the zone of
// their node as their rack, and no reference that nobody has resolved.
func (c *cluster) checkEnvironment(t *testing.T, pods []string) {
	t.Helper()
	for _, name := range pods {
		pod := c.pod(t, name)
		for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			env, err := environment(pod, &container)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for k, v := range env {
				if strings.Contains(v, "$(") {
					t.Errorf("%s, container %s: %s is %q", name, container.Name, k, v)
				}
			}
			if rack, zone := env["CASSANDRA_RACK"], zones[pod.Spec.NodeName]; container.Name == "cassandra" && rack != zone {
				t.Errorf("the rack of %s is %q, its node is in %s", name, rack, zone)
			}
		}
	}
}

// awaitRunning waits until the pod has started.
func (c *cluster) awaitRunning(t testing.TB, name string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, name+" is running", func() (err error) {
		pod, err = c.client.CoreV1().Pods(ns).Get(t.Context(), name, metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("it is %s", pod.Status.Phase)
		}
		return err
	})
	return pod
}

// awaitSettled waits until the StatefulSet controller has nothing left to do: a
// restart that a change asks for would come only after the new pods are ready.
func (c *cluster) awaitSettled(t testing.TB) {
	t.Helper()
	eventually(t, "the StatefulSet is settled", func() error {
		set, err := c.client.AppsV1().StatefulSets(ns).Get(t.Context(), "cassandra", metav1.GetOptions{})
		if err != nil {
			return err
		}
		want, s := *set.Spec.Replicas, set.Status
		if s.ObservedGeneration != set.Generation || s.CurrentRevision != s.UpdateRevision ||
			s.Replicas != want || s.ReadyReplicas != want || s.UpdatedReplicas != want {
			return fmt.Errorf("its status is %+v", s)
		}
		return nil
	})
}

// awaitBudget waits until the disruption controller has seen the pods as they
// are, and would let so many of them go.
func (c *cluster) awaitBudget(t testing.TB, allowed int32) {
	t.Helper()
	eventually(t, fmt.Sprintf("the budget allows %d", allowed), func() error {
		budget, err := c.client.PolicyV1().PodDisruptionBudgets(ns).Get(t.Context(), "cassandra", metav1.GetOptions{})
		if err != nil {
			return err
		}
		// A pod just evicted is listed until the controller has seen it go.
		if s := budget.Status; s.ObservedGeneration != budget.Generation || s.DisruptionsAllowed != allowed || len(s.DisruptedPods) > 0 {
			return fmt.Errorf("its status is %+v", s)
		}
		return nil
	})
}

// evict asks for a pod to go, as a node drain does.
func (c *cluster) evict(t testing.TB, name string) error {
	return c.client.PolicyV1().Evictions(ns).Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
	})
}

func (c *cluster) mustRefuse(t testing.TB, name, when string) {
	t.Helper()
	if err := c.evict(t, name); !apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) {
		t.Errorf("%s the eviction of %s should be refused by the budget, got: %v", when, name, err)
	}
}

// isPublished returns an error unless the cluster's DNS has the name for the
// pod: that of a headless Service has one for each ready endpoint with a host
// name (https://github.com/kubernetes/dns/blob/master/docs/specification.md,
// 2.4.1), where publishNotReadyAddresses makes all endpoints count as ready.
func (c *cluster) isPublished(t testing.TB, name string, pod *corev1.Pod) error {
	host, rest, _ := strings.Cut(name, ".")
	service, _, _ := strings.Cut(rest, ".")
	svc, err := c.client.CoreV1().Services(ns).Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if svc.Spec.ClusterIP != corev1.ClusterIPNone {
		return fmt.Errorf("Service %s is not headless", service)
	}
	endpoint, err := c.endpoint(t, service, pod)
	if err != nil {
		return err
	}
	if ptr.Deref(endpoint.Hostname, "") != host || !*endpoint.Conditions.Ready {
		return fmt.Errorf("Service %s has the pod as %q, ready %v", service, ptr.Deref(endpoint.Hostname, ""), *endpoint.Conditions.Ready)
	}
	return nil
}

// isWithheld returns an error if the Service sends clients to the pod.
func (c *cluster) isWithheld(t testing.TB, service string, pod *corev1.Pod) error {
	endpoint, err := c.endpoint(t, service, pod)
	if err == nil && *endpoint.Conditions.Ready {
		err = fmt.Errorf("Service %s has it as ready", service)
	}
	return err
}

// endpoint is the pod's in the slices of a Service.
func (c *cluster) endpoint(t testing.TB, service string, pod *corev1.Pod) (discoveryv1.Endpoint, error) {
	list, err := c.client.DiscoveryV1().EndpointSlices(ns).List(t.Context(), metav1.ListOptions{
		LabelSelector: discoveryv1.LabelServiceName + "=" + service,
	})
	if err != nil {
		return discoveryv1.Endpoint{}, err
	}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if slices.Equal(e.Addresses, []string{pod.Status.PodIP}) {
				return e, nil
			}
		}
	}
	return discoveryv1.Endpoint{}, fmt.Errorf("Service %s has no endpoint %s", service, pod.Status.PodIP)
}
