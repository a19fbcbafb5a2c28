package apiserver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install" // install fills the scheme with types, defaults and conversions
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
)

// kind is how the server treats the objects of one kind.
type kind struct {
	strategy rest.RESTCreateStrategy
	begin    func(runtime.Object) error // what the kind's storage does before the strategy sees the object; mostly nothing
}

// kinds are the kinds whose rules we know, in the version that we write: those
// that the compiler makes, and those that users often put beside them. Most of
// the server's own strategies are light enough to import; for a job and for
// most of the core group there are adapters.
var kinds = map[schema.GroupVersionKind]kind{
	corev1.SchemeGroupVersion.WithKind("ConfigMap"):                      {strategy: configMap},
	corev1.SchemeGroupVersion.WithKind("LimitRange"):                     {strategy: limitrange.Strategy},
	corev1.SchemeGroupVersion.WithKind("Namespace"):                      {strategy: namespace},
	corev1.SchemeGroupVersion.WithKind("PersistentVolume"):               {strategy: persistentVolume},
	corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"):          {strategy: persistentVolumeClaim},
	corev1.SchemeGroupVersion.WithKind("ResourceQuota"):                  {strategy: resourcequota.Strategy},
	corev1.SchemeGroupVersion.WithKind("Service"):                        {strategy: service, begin: beginService},
	corev1.SchemeGroupVersion.WithKind("ServiceAccount"):                 {strategy: serviceAccount},
	appsv1.SchemeGroupVersion.WithKind("DaemonSet"):                      {strategy: daemonset.Strategy},
	appsv1.SchemeGroupVersion.WithKind("Deployment"):                     {strategy: deployment.Strategy},
	appsv1.SchemeGroupVersion.WithKind("StatefulSet"):                    {strategy: statefulset.Strategy},
	autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"): {strategy: horizontalpodautoscaler.Strategy},
	batchv1.SchemeGroupVersion.WithKind("CronJob"):                       {strategy: cronjob.Strategy},
	batchv1.SchemeGroupVersion.WithKind("Job"):                           {strategy: job},
	networkingv1.SchemeGroupVersion.WithKind("Ingress"):                  {strategy: ingress.Strategy},
	networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"):            {strategy: networkpolicy.Strategy},
	policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"):          {strategy: poddisruptionbudget.Strategy},
	rbacv1.SchemeGroupVersion.WithKind("ClusterRole"):                    {strategy: clusterrole.Strategy},
	rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"):             {strategy: clusterrolebinding.Strategy},
	rbacv1.SchemeGroupVersion.WithKind("Role"):                           {strategy: role.Strategy},
	rbacv1.SchemeGroupVersion.WithKind("RoleBinding"):                    {strategy: rolebinding.Strategy},
	storagev1.SchemeGroupVersion.WithKind("StorageClass"):                {strategy: storageclass.Strategy},

	// Of other projects, each by the name of its definition.
	certManager.WithKind("Certificate"):            {strategy: defined("certificates.cert-manager.io")},
	certManager.WithKind("ClusterIssuer"):          {strategy: defined("clusterissuers.cert-manager.io")},
	certManager.WithKind("Issuer"):                 {strategy: defined("issuers.cert-manager.io")},
	externalSecrets.WithKind("ClusterSecretStore"): {strategy: defined("clustersecretstores.external-secrets.io")},
	externalSecrets.WithKind("ExternalSecret"):     {strategy: defined("externalsecrets.external-secrets.io")},
	externalSecrets.WithKind("SecretStore"):        {strategy: defined("secretstores.external-secrets.io")},
	monitoring.WithKind("PodMonitor"):              {strategy: defined("podmonitors.monitoring.coreos.com")},
	monitoring.WithKind("PrometheusRule"):          {strategy: defined("prometheusrules.monitoring.coreos.com")},
	monitoring.WithKind("ServiceMonitor"):          {strategy: defined("servicemonitors.monitoring.coreos.com")},
	snapshots.WithKind("VolumeSnapshot"):           {strategy: defined("volumesnapshots.snapshot.storage.k8s.io")},
	snapshots.WithKind("VolumeSnapshotClass"):      {strategy: defined("volumesnapshotclasses.snapshot.storage.k8s.io")},
	snapshots.WithKind("VolumeSnapshotContent"):    {strategy: defined("volumesnapshotcontents.snapshot.storage.k8s.io")},
}

// The projects whose definitions we have, by the only version that each
// serves.
var (
	certManager     = schema.GroupVersion{Group: "cert-manager.io", Version: "v1"}
	externalSecrets = schema.GroupVersion{Group: "external-secrets.io", Version: "v1"}
	monitoring      = schema.GroupVersion{Group: "monitoring.coreos.com", Version: "v1"}
	snapshots       = schema.GroupVersion{Group: "snapshot.storage.k8s.io", Version: "v1"}
)

// custom is the strategy of a custom resource, nil for a kind of Kubernetes.
func (k kind) custom() *customResource {
	c, _ := k.strategy.(*customResource)
	return c
}

// Kinds lists what [Create] can judge, in a fixed order.
func Kinds() []schema.GroupVersionKind {
	return slices.SortedFunc(maps.Keys(kinds), func(a, b schema.GroupVersionKind) int {
		return cmp.Compare(a.String(), b.String())
	})
}

// Knows reports whether [Create] can judge objects of a kind, which it can for
// those of [Kinds]. Of others, as most custom resources are, it can say nothing.
func Knows(gvk schema.GroupVersionKind) bool { return known(gvk) == nil }

// kindOf names the version and kind of a typed object by its Go type. It errs
// on a kind that we have no strategy for.
func kindOf(o runtime.Object) (schema.GroupVersionKind, error) {
	gvks, _, err := legacyscheme.Scheme.ObjectKinds(o)
	if err != nil {
		return schema.GroupVersionKind{}, err
	}
	return gvks[0], known(gvks[0])
}

// known errs on a kind that we have no strategy for.
func known(gvk schema.GroupVersionKind) error {
	if _, ok := kinds[gvk]; !ok {
		return fmt.Errorf("apiserver: the rules for %v are not known", gvk)
	}
	return nil
}
