package e2e

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/disruption"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/kubernetes/pkg/controller/volume/persistentvolume"
	"k8s.io/kubernetes/pkg/controller/volume/pvcprotection"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// cluster is the API server with nodes and with everything that acts on
// StatefulSets. There is one in the process: nodes have no namespace, and two
// schedulers would fight.
type cluster struct {
	client  kubernetes.Interface
	kubelet *kubelet
}

// zones has each node's zone: two nodes in each of three.
var zones = map[string]string{
	"n0": "eu-west-1a", "n1": "eu-west-1b", "n2": "eu-west-1c",
	"n3": "eu-west-1a", "n4": "eu-west-1b", "n5": "eu-west-1c",
}

// shunned are nodes that the scheduler takes last. Left to itself it would put
// everything on n0, n1 and n3: two nodes of one zone, and none in the third.
var shunned = map[string]bool{"n2": true, "n4": true, "n5": true}

// theCluster starts with the first test that needs it, and ends with the process.
var theCluster = sync.OnceValue(func() *cluster { return startCluster(control) })

func startCluster(t testing.TB) *cluster {
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	config := server(t)
	client := kubernetes.NewForConfigOrDie(config)

	addNodes(ctx, t, client)
	addStandardClass(ctx, t, client)

	shared := informers.NewSharedInformerFactory(client, 0)
	c := &cluster{client: client, kubelet: newKubelet(client, shared)}
	loops := append(controllers(ctx, t, client, shared),
		c.kubelet.run,
		newProvisioner(client, shared).run,
	)
	shared.Start(ctx.Done())
	shared.WaitForCacheSync(ctx.Done())
	for _, run := range loops {
		go run(ctx)
	}
	startScheduler(ctx, t, client, config)
	return c
}

func addNodes(ctx context.Context, t testing.TB, client kubernetes.Interface) {
	for name, zone := range zones {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname:       name,
			corev1.LabelTopologyZone:   zone,
			corev1.LabelTopologyRegion: "eu-west-1",
		}}}
		node, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// Admission (TaintNodesByCondition) marks a new node as not ready; the node
		// lifecycle controller, which would take the mark off, is not here.
		node.Spec.Taints = nil
		if shunned[name] {
			node.Spec.Taints = []corev1.Taint{{Key: "e2e", Value: "shunned", Effect: corev1.TaintEffectPreferNoSchedule}}
		}
		node, err = client.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		node.Status.Capacity = corev1.ResourceList{
			corev1.ResourceCPU:              resource.MustParse("16"),
			corev1.ResourceMemory:           resource.MustParse("64Gi"),
			corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
			corev1.ResourcePods:             resource.MustParse("110"),
		}
		node.Status.Allocatable = node.Status.Capacity
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		if _, err := client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// addStandardClass adds the class that the cluster has of its own. It is not
// the default one: a claim gets it by asking for it.
func addStandardClass(ctx context.Context, t testing.TB, client kubernetes.Interface) {
	wait := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: "standard"},
		Provisioner:       "hostpath.csi.k8s.io",
		VolumeBindingMode: &wait,
	}
	if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// controllers are those of kube-controller-manager that act on what we emit,
// with its own parameters but for the pace.
func controllers(ctx context.Context, t testing.TB, client kubernetes.Interface, shared informers.SharedInformerFactory) []func(context.Context) {
	core, apps := shared.Core().V1(), shared.Apps().V1()
	sets := statefulset.NewStatefulSetController(ctx,
		core.Pods(), apps.StatefulSets(), core.PersistentVolumeClaims(), apps.ControllerRevisions(), client)
	volumes, err := persistentvolume.NewController(ctx, persistentvolume.ControllerParameters{
		KubeClient:                client,
		SyncPeriod:                time.Second,
		VolumeInformer:            core.PersistentVolumes(),
		ClaimInformer:             core.PersistentVolumeClaims(),
		ClassInformer:             shared.Storage().V1().StorageClasses(),
		PodInformer:               core.Pods(),
		NodeInformer:              core.Nodes(),
		EnableDynamicProvisioning: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	// Takes the finalizer off claims, without which they could not be deleted.
	protection, err := pvcprotection.NewPVCProtectionController(klog.FromContext(ctx),
		core.PersistentVolumeClaims(), core.Pods(), client)
	if err != nil {
		t.Fatal(err)
	}
	slices := endpointslice.NewController(ctx,
		core.Pods(), core.Services(), core.Nodes(), shared.Discovery().V1().EndpointSlices(),
		100 /* endpoints in a slice, as by default */, client, 0)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	budgets := disruption.NewDisruptionController(ctx,
		core.Pods(), shared.Policy().V1().PodDisruptionBudgets(), core.ReplicationControllers(),
		apps.ReplicaSets(), apps.Deployments(), apps.StatefulSets(), client, mapper,
		scale.New(client.AppsV1().RESTClient(), mapper, dynamic.LegacyAPIPathResolverFunc,
			scale.NewDiscoveryScaleKindResolver(client.Discovery())),
		client.Discovery())
	return []func(context.Context){
		func(ctx context.Context) { sets.Run(ctx, 2) },
		func(ctx context.Context) { volumes.Run(ctx) },
		func(ctx context.Context) { protection.Run(ctx, 1) },
		func(ctx context.Context) { slices.Run(ctx, 1) },
		func(ctx context.Context) { budgets.Run(ctx, 1) },
	}
}

func startScheduler(ctx context.Context, t testing.TB, client kubernetes.Interface, config *rest.Config) {
	shared := scheduler.NewInformerFactory(client, 0, nil)
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := scheduler.New(ctx, client, shared, nil, profile.NewRecorderFactory(broadcaster),
		scheduler.WithKubeConfig(config),
		// Seconds of back-off would be most of what these tests take.
		scheduler.WithPodInitialBackoffSeconds(0),
		scheduler.WithPodMaxBackoffSeconds(0))
	if err != nil {
		t.Fatal(err)
	}
	shared.Start(ctx.Done())
	shared.WaitForCacheSync(ctx.Done())
	if err := s.WaitForHandlersSync(ctx); err != nil {
		t.Fatal(err)
	}
	go s.Run(ctx)
}

// every runs do in short intervals, on what the informers know by then. A write
// that comes too late fails, and is made again with the next.
func every(ctx context.Context, do func()) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// mishaps are the failures of the loops that no second try mends; a test that
// fails prints them.
var mishaps sync.Map

// note keeps err, unless it only says that something else was faster.
func note(err error) {
	if err == nil || apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) || errors.Is(err, context.Canceled) {
		return
	}
	mishaps.Store(err.Error(), true)
}
