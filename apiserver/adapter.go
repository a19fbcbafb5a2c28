package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// adapter does for T what the server's strategy does, where that imports the
// storage layer, etcd and grpc: they would double the size of the binary and
// triple the time to build it. The rules themselves are the server's; only
// what a strategy puts around them is repeated.
type adapter[T runtime.Object] struct {
	common
	cluster  bool    // objects of the kind are in no namespace
	prepare  func(T) // removes what clients may not set; nil if there is no such field
	validate func(T) field.ErrorList
	warn     func(T) []string       // nil if there are no warnings
	gates    func() map[string]bool // that rules generated from tags ask for; nil if they ask for none
}

// common is what these strategies share: the rules that are generated from
// tags in the API types, and names for those without one.
type common struct {
	rest.DeclarativeValidation
	names.NameGenerator
}

var shared = common{rest.DeclarativeValidation{Scheme: legacyscheme.Scheme}, names.SimpleNameGenerator}

func (s adapter[T]) NamespaceScoped() bool { return !s.cluster }

func (s adapter[T]) PrepareForCreate(_ context.Context, o runtime.Object) {
	if s.prepare != nil {
		s.prepare(o.(T))
	}
}

func (s adapter[T]) Validate(_ context.Context, o runtime.Object) field.ErrorList {
	return s.validate(o.(T))
}

// DeclarativeValidationConfig is the default where no gate is asked for.
func (s adapter[T]) DeclarativeValidationConfig(context.Context, runtime.Object, runtime.Object) rest.DeclarativeValidationConfig {
	if s.gates == nil {
		return rest.DeclarativeValidationConfig{}
	}
	return rest.DeclarativeValidationConfig{Options: s.gates()}
}

func (s adapter[T]) WarningsOnCreate(_ context.Context, o runtime.Object) []string {
	if s.warn == nil {
		return nil
	}
	return s.warn(o.(T))
}

// Canonicalize changes nothing in any of these kinds.
func (adapter[T]) Canonicalize(runtime.Object) {}
