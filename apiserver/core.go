package apiserver

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/persistentvolume"
	claims "k8s.io/kubernetes/pkg/api/persistentvolumeclaim"
	servicewarnings "k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	volumevalidation "k8s.io/kubernetes/pkg/volume/validation"
)

// See pkg/registry/core/configmap/strategy.go.
var configMap = adapter[*core.ConfigMap]{
	common:   shared,
	validate: validation.ValidateConfigMap,
}

// See pkg/registry/core/namespace/strategy.go. Without generated names the
// label of the name is set by the defaults.
var namespace = adapter[*core.Namespace]{
	common:   shared,
	cluster:  true,
	prepare:  prepareNamespace,
	validate: validation.ValidateNamespace,
}

func prepareNamespace(ns *core.Namespace) {
	ns.Status = core.NamespaceStatus{Phase: core.NamespaceActive}
	if !slices.Contains(ns.Spec.Finalizers, core.FinalizerKubernetes) {
		ns.Spec.Finalizers = append(ns.Spec.Finalizers, core.FinalizerKubernetes)
	}
}

// See pkg/registry/core/serviceaccount/strategy.go.
var serviceAccount = adapter[*core.ServiceAccount]{
	common:   shared,
	prepare:  keepNamesOfSecrets,
	validate: validation.ValidateServiceAccount,
	warn:     warnOfMountableSecrets,
}

func keepNamesOfSecrets(sa *core.ServiceAccount) {
	for i, s := range sa.Secrets {
		sa.Secrets[i] = core.ObjectReference{Name: s.Name}
	}
}

func warnOfMountableSecrets(sa *core.ServiceAccount) []string {
	const annotation = "kubernetes.io/enforce-mountable-secrets"
	if _, ok := sa.Annotations[annotation]; !ok {
		return nil
	}
	return []string{fmt.Sprintf("metadata.annotations[%s]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets", annotation)}
}

// See pkg/registry/core/service/strategy.go.
var service = adapter[*core.Service]{
	common:   shared,
	prepare:  func(s *core.Service) { s.Status = core.ServiceStatus{} },
	validate: validation.ValidateServiceCreate,
	warn:     func(s *core.Service) []string { return servicewarnings.GetWarningsForService(s, nil) },
}

// anyNodePort stands for the one that the server would allocate.
const anyNodePort = 30000

// beginService does the part of the storage's work that needs no cluster, or
// no certain one: a node port for health checks is allocated,
// clusterIP is copied to clusterIPs, which validation reads, and faults in the
// two are answered alone. See normalizeClusterIPs and initIPFamilyFields in
// pkg/registry/core/service/storage.
func beginService(o runtime.Object) error {
	s := o.(*core.Service)
	if servicewarnings.NeedsHealthCheck(s) && s.Spec.HealthCheckNodePort == 0 {
		s.Spec.HealthCheckNodePort = anyNodePort
	}
	if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
	errs := validation.ValidateServiceClusterIPsRelatedFields(s, nil)
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(core.Kind("Service"), s.Name, errs)
}

// See pkg/registry/core/persistentvolume/strategy.go.
var persistentVolume = adapter[*core.PersistentVolume]{
	common:   shared,
	cluster:  true,
	prepare:  prepareVolume,
	validate: validateVolume,
	warn:     persistentvolume.GetWarningsForPersistentVolume,
}

// prepareVolume leaves out the time of the first phase, which is in the status.
func prepareVolume(pv *core.PersistentVolume) {
	pv.Status = core.PersistentVolumeStatus{Phase: core.VolumePending}
	persistentvolume.DropDisabledSpecFields(&pv.Spec, nil)
}

func validateVolume(pv *core.PersistentVolume) field.ErrorList {
	errs := validation.ValidatePersistentVolume(pv, validation.ValidationOptionsForPersistentVolume(pv, nil))
	return append(errs, volumevalidation.ValidatePersistentVolume(pv)...)
}

// See pkg/registry/core/persistentvolumeclaim/strategy.go.
var persistentVolumeClaim = adapter[*core.PersistentVolumeClaim]{
	common:   shared,
	prepare:  prepareClaim,
	validate: validateClaim,
	warn:     claims.GetWarningsForPersistentVolumeClaim,
}

// prepareClaim drops a data source of an unknown kind, and copies the two
// fields for data sources into each other.
func prepareClaim(c *core.PersistentVolumeClaim) {
	c.Status = core.PersistentVolumeClaimStatus{}
	claims.DropDisabledFields(&c.Spec, nil)
	claims.EnforceDataSourceBackwardsCompatibility(&c.Spec, nil)
	claims.NormalizeDataSources(&c.Spec)
}

func validateClaim(c *core.PersistentVolumeClaim) field.ErrorList {
	return validation.ValidatePersistentVolumeClaim(c, validation.ValidationOptionsForPersistentVolumeClaim(c, nil))
}
