package apiserver

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	servicewarnings "k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

// coreStrategy does for T what the strategy in pkg/registry/core does. Those
// import the storage layer, etcd and grpc, which would double the size of the
// binary and triple the time to build it. The rules themselves are the
// server's; only what a strategy puts around them is repeated here.
type coreStrategy[T runtime.Object] struct {
	common
	prepare  func(T) // removes what clients may not set; nil if there is no such field
	validate func(T) field.ErrorList
	warn     func(T) []string // nil if there are no warnings
}

// common is what the strategies of the core group share: the rules that are
// generated from tags in the API types, and names for those without one.
type common struct {
	rest.DeclarativeValidation
	names.NameGenerator
}

var shared = common{rest.DeclarativeValidation{Scheme: legacyscheme.Scheme}, names.SimpleNameGenerator}

// NamespaceScoped is true for the kinds below.
func (coreStrategy[T]) NamespaceScoped() bool { return true }

func (s coreStrategy[T]) PrepareForCreate(_ context.Context, o runtime.Object) {
	if s.prepare != nil {
		s.prepare(o.(T))
	}
}

func (s coreStrategy[T]) Validate(_ context.Context, o runtime.Object) field.ErrorList {
	return s.validate(o.(T))
}

func (s coreStrategy[T]) WarningsOnCreate(_ context.Context, o runtime.Object) []string {
	if s.warn == nil {
		return nil
	}
	return s.warn(o.(T))
}

// Canonicalize changes nothing in the core group.
func (coreStrategy[T]) Canonicalize(runtime.Object) {}

// See pkg/registry/core/configmap/strategy.go.
var configMap = coreStrategy[*core.ConfigMap]{
	common:   shared,
	validate: validation.ValidateConfigMap,
}

// See pkg/registry/core/serviceaccount/strategy.go.
var serviceAccount = coreStrategy[*core.ServiceAccount]{
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
var service = coreStrategy[*core.Service]{
	common:   shared,
	prepare:  func(s *core.Service) { s.Status = core.ServiceStatus{} },
	validate: validation.ValidateServiceCreate,
	warn:     func(s *core.Service) []string { return servicewarnings.GetWarningsForService(s, nil) },
}

// beginService does the part of the storage's work that needs no cluster:
// clusterIP is copied to clusterIPs, which validation reads, and faults in the
// two are answered alone. See normalizeClusterIPs and initIPFamilyFields in
// pkg/registry/core/service/storage.
func beginService(o runtime.Object) error {
	s := o.(*core.Service)
	if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
	errs := validation.ValidateServiceClusterIPsRelatedFields(s, nil)
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(core.Kind("Service"), s.Name, errs)
}
