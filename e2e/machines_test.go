package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/component-helpers/storage/volume"
)

// What needs machines and disks is imitated here, by the protocol that the
// originals follow at the API.

// kubelet is that of all nodes. Its pods run at once, and are ready at once
// unless held. A pod to be stopped takes a moment for it: the disruption
// controller knows pods by name, and if it misses that an evicted one is gone it
// holds its successor for the evicted one, for two minutes
// (pkg/controller/disruption/disruption.go, buildDisruptedPodMap).
type kubelet struct {
	client kubernetes.Interface
	pods   corelisters.PodLister

	mu   sync.Mutex
	held map[string]bool // by namespace/name

	stopping map[types.UID]time.Time // since when
	ips      int                     // given out so far
}

const stopTime = 200 * time.Millisecond

func newKubelet(client kubernetes.Interface, shared informers.SharedInformerFactory) *kubelet {
	return &kubelet{client: client, pods: shared.Core().V1().Pods().Lister(), held: map[string]bool{}, stopping: map[types.UID]time.Time{}}
}

// hold keeps pods of these names from becoming ready, until they are released
// or the test is over; one that is ready stays so.
func (k *kubelet) hold(t testing.TB, namespace string, names ...string) {
	k.setHeld(true, namespace, names)
	t.Cleanup(func() { k.release(namespace, names...) })
}

// release lets the pods become ready.
func (k *kubelet) release(namespace string, names ...string) {
	k.setHeld(false, namespace, names)
}

func (k *kubelet) setHeld(held bool, namespace string, names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range names {
		k.held[namespace+"/"+name] = held
	}
}

func (k *kubelet) isHeld(pod *corev1.Pod) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[pod.Namespace+"/"+pod.Name]
}

func (k *kubelet) run(ctx context.Context) {
	every(ctx, func() {
		pods, err := k.pods.List(labels.Everything())
		note(err)
		for _, pod := range pods {
			if pod.Spec.NodeName != "" {
				note(k.sync(ctx, pod))
			}
		}
	})
}

func (k *kubelet) sync(ctx context.Context, pod *corev1.Pod) error {
	switch {
	case pod.DeletionTimestamp != nil:
		return k.stop(ctx, pod)
	case pod.Status.Phase != corev1.PodRunning:
		return k.setStatus(ctx, pod, false)
	case !isReady(pod) && !k.isHeld(pod):
		return k.setStatus(ctx, pod, true)
	}
	return nil
}

func (k *kubelet) stop(ctx context.Context, pod *corev1.Pod) error {
	since, known := k.stopping[pod.UID]
	if !known {
		k.stopping[pod.UID] = time.Now()
	}
	if !known || time.Since(since) < stopTime {
		return nil
	}
	now := metav1.NewDeleteOptions(0)
	now.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	return k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *now)
}

func (k *kubelet) setStatus(ctx context.Context, pod *corev1.Pod, ready bool) error {
	pod = pod.DeepCopy()
	pod.Status.Phase = corev1.PodRunning
	if pod.Status.PodIP == "" {
		k.ips++
		pod.Status.PodIP = fmt.Sprintf("10.244.%d.%d", k.ips/250, k.ips%250+1)
		pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	}
	setCondition(pod, corev1.PodInitialized, true)
	setCondition(pod, corev1.ContainersReady, ready)
	setCondition(pod, corev1.PodReady, ready)
	_, err := k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

func setCondition(pod *corev1.Pod, kind corev1.PodConditionType, holds bool) {
	condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, LastTransitionTime: metav1.Now()}
	if holds {
		condition.Status = corev1.ConditionTrue
	}
	conditions := slices.DeleteFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	pod.Status.Conditions = append(conditions, condition)
}

// isReady reports whether the pod serves: ready, and not on its way out.
func isReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// provisioner makes volumes as the external-provisioner beside a CSI driver
// does: the volume controller marks a claim with the driver's name, the
// scheduler with the node it chose, and the volume is made where that node is,
// already tied to the claim.
type provisioner struct {
	client  kubernetes.Interface
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	nodes   corelisters.NodeLister
	classes storagelisters.StorageClassLister
}

func newProvisioner(client kubernetes.Interface, shared informers.SharedInformerFactory) *provisioner {
	core := shared.Core().V1()
	return &provisioner{
		client:  client,
		claims:  core.PersistentVolumeClaims().Lister(),
		volumes: core.PersistentVolumes().Lister(),
		nodes:   core.Nodes().Lister(),
		classes: shared.Storage().V1().StorageClasses().Lister(),
	}
}

func (p *provisioner) run(ctx context.Context) {
	every(ctx, func() {
		claims, err := p.claims.List(labels.Everything())
		note(err)
		for _, claim := range claims {
			if p.isAsked(claim) {
				note(p.provision(ctx, claim))
			}
		}
	})
}

func (p *provisioner) isAsked(claim *corev1.PersistentVolumeClaim) bool {
	_, missing := p.volumes.Get(volumeName(claim))
	return claim.Spec.VolumeName == "" && missing != nil &&
		claim.Annotations[volume.AnnSelectedNode] != "" &&
		claim.Annotations[volume.AnnStorageProvisioner] != ""
}

func volumeName(claim *corev1.PersistentVolumeClaim) string { return "pvc-" + string(claim.UID) }

func (p *provisioner) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	node, err := p.nodes.Get(claim.Annotations[volume.AnnSelectedNode])
	if err != nil {
		return err
	}
	class, err := p.classes.Get(volume.GetPersistentVolumeClaimClass(claim))
	if err != nil {
		return err
	}
	driver := claim.Annotations[volume.AnnStorageProvisioner]
	pv := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        volumeName(claim),
			Annotations: map[string]string{volume.AnnDynamicallyProvisioned: driver},
		},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: *class.ReclaimPolicy,
			Capacity:                      claim.Spec.Resources.Requests,
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{
				Driver: driver, VolumeHandle: string(claim.UID),
			}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: inZone(node.Labels[corev1.LabelTopologyZone])},
		},
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, pv, metav1.CreateOptions{})
	return err
}

func inZone(zone string) *corev1.NodeSelector {
	return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone},
		}},
	}}}
}
