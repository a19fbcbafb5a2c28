// Package e2e proves on a real Kubernetes 1.37 control plane what the compiler
// promises: that the API server takes every committed example as it is, and
// that the controllers then do what the spec says.
//
// One process holds all of it: etcd, the API server with its usual admission,
// the StatefulSet, volume, disruption and endpoint slice controllers and the
// scheduler, each the original code. Only what needs a machine is imitated:
// six nodes in three zones, a kubelet that runs nothing, and the provisioner
// of a storage driver. So the tests see names, order, placement, zones, budgets
// and published host names as they will be; they do not see Cassandra.
//
// It is a module of its own, since the control plane is large: the first build
// takes minutes and gigabytes, later ones seconds.
//
//	cd e2e && go test ./...
//
// The released kustomizes and kubectl's are installed by the Go module proxy
// into statefulc-e2e in the user's cache directory, once for each version.
//
// A test that fails prints what happened to its pods and claims, in order.
// E2E_LOG=file keeps the log of the control plane, which is discarded otherwise.
package e2e
